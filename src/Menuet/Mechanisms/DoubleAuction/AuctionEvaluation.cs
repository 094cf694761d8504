using System.Diagnostics;

namespace Menuet.Mechanisms.DoubleAuction;

/// <summary>Plays a policy, with the other ways to bid, to clear and to plan beside it on the same traffic, slot by slot.</summary>
internal sealed class AuctionEvaluation(DoubleAuctionScenario scenario, int draws, ulong seed, CancellationToken cancellation)
{
    private readonly DoubleAuctionEnvironment environment = scenario.Begin(draws);
    private readonly List<Tally> tallies = [];
    private long acting;
    private long planning;
    private double worst;

    internal Evaluation Of(IPolicy policy)
    {
        var rows = environment.Rows;
        var observations = new float[rows * environment.ObservationSize];
        var (actions, rewards, statuses) = (new float[rows], new float[rows], new Status[rows]);
        environment.Reset(seed);
        for (var slot = 0; slot < scenario.Slots; slot++)
        {
            environment.Observe(observations);
            var start = Stopwatch.GetTimestamp();
            policy.Act(observations, actions, rows);
            acting += Stopwatch.GetTimestamp() - start;
            environment.Play(actions, rewards);
            for (var e = 0; e < draws; e++)
            {
                cancellation.ThrowIfCancellationRequested();
                Judge(e, slot);
            }

            environment.MoveOn(statuses);
        }

        var (reward, deviation) = Moments("reward");
        var optimum = Moments("teamOptimum").Mean;
        var truthful = Moments("truthfulReward").Mean;
        var share = optimum > 0 ? reward / optimum : reward >= 0 ? 1 : 0;   // nothing to earn: all of it, unless something is lost
        var relations = new List<Measure>();
        if (truthful > 0)
        {
            relations.Add(new("gainOverTruthful", "reward over that of truthful bids, less 1", "", reward / truthful - 1, 0));
        }

        if (optimum > truthful)
        {
            relations.Add(new("relativeScore", "share of the way from truthful bids to the team optimum", "", (reward - truthful) / (optimum - truthful), 0));
        }

        return new()
        {
            Draws = draws,
            Seed = seed,
            Unit = "money per slot",
            OptimumReward = optimum,
            Tolerances = [new(0, reward, deviation, 1 - Moments("violatedSlots").Mean, optimum, share, share)],
            FeasibilityTolerance = 0,
            WorstViolation = worst,
            Measures = [.. relations, .. tallies.Where(tally => tally.Name != "reward").Select(tally => tally.Measured())],
            InferenceTime = Stopwatch.GetElapsedTime(0, acting) / draws,
            ExactTime = Stopwatch.GetElapsedTime(0, planning) / draws,
        };
    }

    private (double Mean, double Deviation) Moments(string name)
    {
        var measure = tallies.First(tally => tally.Name == name).Measured();
        return (measure.Mean, measure.StandardDeviation);
    }

    private void Judge(int e, int slot)
    {
        var (played, row) = (environment.Played[e], e * scenario.Vehicles);
        var market = environment.MarketOf(e);
        double utility = 0, regret = 0, most = 0, distance = 0, largest = 0, requests = 0;
        for (var v = 0; v < scenario.Vehicles; v++)
        {
            var (value, now) = (environment.Values[row + v], environment.Utilities[row + v]);
            if (environment.Sizes[row + v] == 0)
            {
                continue;
            }

            var missed = environment.UtilityOf(row + v, value) - now;
            (utility, regret, most) = (utility + now, regret + missed, Math.Max(most, missed));
            (distance, largest, requests) = (distance + Math.Abs(environment.Bids[row + v] - value), Math.Max(largest, value), requests + 1);
        }

        requests = Math.Max(requests, 1);
        if (played.WorstLoss > 0)
        {
            worst = Math.Max(worst, played.WorstLoss / largest);
        }

        var next = 0;
        Add("reward", "eq. (6)", "money", played.Reward);
        Add("socialWelfare", "gains from trade, Σ (u_v − u_m)", "money", played.Gains);
        Add("paperWelfare", "eq. (1) as printed, Σ (u_v + u_m)", "money", played.PaperWelfare);
        Add("budgetBalance", "payments less receipts", "money", played.BudgetBalance);
        Add("absBudget", "the same without its sign", "money", Math.Abs(played.BudgetBalance));
        Add("latency", "of all trades together", "ms", 1000 * played.LatencySeconds);
        Add("trades", "how many trade", "", played.Trades);
        Add("efficientTrades", "pairs with a bid that reaches the ask", "", played.EfficientTrades);
        Add("utility", "mean of u_v − p over vehicles with a request", "money", utility / requests);
        Add("regret", "mean over vehicles of what bidding u_v alone would have gained her", "money", regret / requests);
        Add("largestRegret", "the largest of the slot", "money", most);
        Add("distanceFromTruth", "mean of |b_v − u_v|", "money", distance / requests);
        Add("rationalityViolations", "buyers who pay more than their value", "", played.Losses);
        Add("violatedSlots", "slots with such a buyer", "", played.Losses > 0 ? 1 : 0);
        Add("truthfulReward", "everybody bids u_v", "money", Cleared(market, AuctionMechanism.Mcafee));
        var start = Stopwatch.GetTimestamp();
        var optimum = Planned(market, TeamOptimum.Clear);
        planning += Stopwatch.GetTimestamp() - start;
        Add("teamOptimum", "the most that buyers can bring about together", "money", optimum);
        Add("firstBest", "the most that any trades bring about", "money", Planned(market, FirstBest.Clear));
        Add("vcgReward", "truthful bids, cleared by VCG", "money", Cleared(market, AuctionMechanism.Vcg));
        Add("sequentialSecondPriceReward", "truthful bids, the reconstructed baseline of the paper", "money", Cleared(market, AuctionMechanism.SequentialSecondPrice));
        Add("randomReward", "bids uniform in [0, u_v]", "money", AtRandom(market, e, slot));

        void Add(string name, string meaning, string unit, double value)
        {
            if (next == tallies.Count)
            {
                tallies.Add(new(name, meaning, unit, draws));
            }

            tallies[next++].Add(e, value / scenario.Slots);
        }
    }

    private double Cleared(DoubleAuctionMarket market, AuctionMechanism mechanism) =>
        Score(market, book => DoubleAuctionSolver.Clear(market, mechanism, book, cancellation).Clearing);

    private double Planned(DoubleAuctionMarket market, Func<AuctionReward, Book, CancellationToken, Clearing?> plan) =>
        Score(market, book => plan(market.Reward, book, cancellation)! with { BuyerPrice = 0, SellerPrice = 0 });

    private double AtRandom(DoubleAuctionMarket market, int e, int slot)
    {
        var outcome = PlayedBids.Random.Solve(market, new(Seed: Rng.Stream(seed, PlayStream.Of(PlayStream.Baseline, e, (uint)slot)).NextUInt64()), cancellation).Outcome!;
        var next = 0;
        return Score(market, _ => outcome.Markets[next++]);
    }

    private static double Score(DoubleAuctionMarket market, Func<Book, Clearing> clear)
    {
        var scores = new Scores[market.Markets.Length];
        for (var i = 0; i < scores.Length; i++)
        {
            var book = Book.Of(market.Markets[i]);
            scores[i] = Scores.Of(clear(book), book);
        }

        return Scores.Objective(market, scores);
    }

    /// <summary>Means over slots, episode by episode.</summary>
    private sealed class Tally(string name, string meaning, string unit, int draws)
    {
        private readonly double[] episodes = new double[draws];

        internal string Name => name;

        internal void Add(int episode, double part) => episodes[episode] += part;

        internal Measure Measured()
        {
            var mean = episodes.Average();
            var spread = draws < 2 ? 0 : Math.Sqrt(episodes.Sum(value => (value - mean) * (value - mean)) / (draws - 1));
            return new(name, meaning, unit, mean, spread);
        }
    }
}
