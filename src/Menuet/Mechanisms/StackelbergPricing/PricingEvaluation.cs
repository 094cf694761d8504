using System.Collections.Immutable;
using System.Diagnostics;

namespace Menuet.Mechanisms.StackelbergPricing;

/// <summary>Plays a policy and the baselines on the same episodes, with the exact solver beside them.</summary>
internal sealed class PricingEvaluation
{
    private const int GridSize = 1024;
    private const double Exploration = 0.1;

    private readonly StackelbergPricingScenario scenario;
    private readonly StackelbergPricingEnvironment environment;
    private readonly int draws;
    private readonly ulong seed;
    private readonly CancellationToken cancellation;
    private readonly double[] meanSales = new double[GridSize + 1];

    internal PricingEvaluation(StackelbergPricingScenario scenario, int draws, ulong seed, CancellationToken cancellation)
    {
        (this.scenario, this.draws, this.seed, this.cancellation) = (scenario, draws, seed, cancellation);
        environment = scenario.Begin(draws);
    }

    internal Evaluation Of(IPolicy policy)
    {
        var (optimum, optimalPrice) = (new double[draws], new double[draws]);
        var exact = Optima(optimum, optimalPrice);

        var acting = 0L;
        var observations = new float[draws * environment.ObservationSize];
        var (price, rationed, followers) = (new double[draws], new double[draws], new double[draws]);
        var worst = 0.0;
        var reward = Play(
            (actions, _) =>
            {
                environment.Observe(observations);
                var start = Stopwatch.GetTimestamp();
                policy.Act(observations, actions, draws);
                acting += Stopwatch.GetTimestamp() - start;
            },
            () =>
            {
                for (var row = 0; row < draws; row++)
                {
                    price[row] += environment.Prices[row] / scenario.Rounds;
                    var share = environment.Served[row];
                    rationed[row] += (share < 1 ? 1.0 : 0) / scenario.Rounds;
                    worst = Math.Max(worst, 1 - share);
                    followers[row] += environment.FollowerUtilities[row] / scenario.Rounds;
                }
            });

        var (meanReward, deviation) = Moments(reward);
        var meanOptimum = Moments(optimum).Mean;
        var share = meanOptimum > 0 ? meanReward / meanOptimum : 1;   // nothing to earn: all of it
        var measures = ImmutableArray.CreateBuilder<Measure>();
        Add("price", "mean price posted", "money per step", price);
        Add("optimalPrice", "mean best price of the round, all satisfactions known", "money per step", optimalPrice);
        Add("regret", "what the best price would have earned more, a round", "money", [.. optimum.Zip(reward, (best, got) => best - got)]);
        Add("rationedShare", "share of rounds in which demand exceeded capacity", "", rationed);
        Add("followerUtility", "utility of all followers together, a round", "money", followers);
        var blind = Play(Blindly, null);
        Add("blindReward", "the price that earns most without looking at the history, in hindsight on these draws", "money", blind);
        var meanBlind = Moments(blind).Mean;
        if (scenario.Variant != FollowerVariant.Fixed && meanOptimum > meanBlind)
        {
            measures.Add(new("historyGain", "share of the way from blindReward to the optimum", "", (meanReward - meanBlind) / (meanOptimum - meanBlind), 0));
        }

        Add("greedyReward", "the best price seen so far, one in ten drawn evenly from [c, pmax]", "money", Greedy());
        Add("randomReward", "prices drawn evenly from [c, pmax]", "money", AtRandom());
        Add("monopolyReward", "the monopoly price for the mean follower, (c + β δ)/2", "money", Play(
            (actions, _) => Post(actions, row => (environment.Costs[row] + scenario.Quality.Slope * scenario.Satisfaction) / 2), null));
        return new()
        {
            Draws = draws,
            Seed = seed,
            Unit = "money per round",
            OptimumReward = meanOptimum,
            Tolerances = [new(0, meanReward, deviation, 1 - Moments(rationed).Mean, meanOptimum, share, share)],
            FeasibilityTolerance = 0,
            WorstViolation = worst,
            Measures = measures.ToImmutable(),
            InferenceTime = Stopwatch.GetElapsedTime(0, acting) / draws,
            ExactTime = exact / draws,
        };

        void Add(string name, string meaning, string unit, double[] values)
        {
            var (mean, spread) = Moments(values);
            measures.Add(new(name, meaning, unit, mean, spread));
        }
    }

    /// <summary>Each episode's best profit a round and the mean best price; and, on a grid of prices, what is sold on average.</summary>
    private TimeSpan Optima(double[] optimum, double[] optimalPrice)
    {
        var solving = 0L;
        var solver = new BackwardInduction();
        var changes = scenario.Variant == FollowerVariant.Drift;
        var rounds = changes ? scenario.Rounds : 1;
        var (actions, rewards, statuses) = (new float[draws], new float[draws], new Status[draws]);
        environment.Reset(seed);
        for (var round = 0; round < rounds; round++)
        {
            cancellation.ThrowIfCancellationRequested();
            for (var row = 0; row < draws; row++)
            {
                var market = MarketOf(row);
                var start = Stopwatch.GetTimestamp();
                var solution = solver.Solve(market, new(), cancellation);
                solving += Stopwatch.GetTimestamp() - start;
                optimum[row] += LeaderProfit.Of(market, solution.Outcome!) / rounds;
                optimalPrice[row] += solution.Outcome!.Prices[0] / rounds;
                Sell(row, 1.0 / (rounds * draws));
            }

            if (changes)
            {
                environment.Advance(actions, rewards, statuses);
            }
        }

        return Stopwatch.GetElapsedTime(0, solving);
    }

    /// <summary>What a row's leader faces in the coming round, as a document.</summary>
    private StackelbergPricingMarket MarketOf(int row) => new()
    {
        Quality = scenario.Quality,
        Leader = new() { UnitCost = environment.Costs[row], MaxPrice = scenario.MaxPrice, CapacitySteps = scenario.CapacitySteps },
        CapacityRule = CapacityRule.Ration,
        Followers = [.. Enumerable.Range(0, scenario.Followers).Select(k => new Follower { Satisfaction = environment.SatisfactionOf(row, k) })],
    };

    private void Sell(int row, double weight)
    {
        var demands = environment.DemandsOf(row);
        var capacity = scenario.CapacitySteps ?? double.PositiveInfinity;
        for (var i = 0; i <= GridSize; i++)
        {
            var price = GridPrice(i);
            var wanted = 0.0;
            foreach (ref readonly var demand in demands)
            {
                wanted += demand.StepsAt(price);
            }

            meanSales[i] += weight * Math.Min(wanted, capacity);
        }
    }

    private double GridPrice(int i) => scenario.UnitCost + (scenario.MaxPrice - scenario.UnitCost) * i / GridSize;

    /// <summary>The grid price with the largest mean profit at each row's cost; its distance from the best price costs less than 1e-5 of the profit.</summary>
    private void Blindly(Span<float> actions, int round)
    {
        if (round > 0)
        {
            return;   // the same price again
        }

        Post(actions, row =>
        {
            var cost = environment.Costs[row];
            var best = 0;
            for (var i = 1; i <= GridSize; i++)
            {
                best = (GridPrice(i) - cost) * meanSales[i] > (GridPrice(best) - cost) * meanSales[best] ? i : best;
            }

            return GridPrice(best);
        });
    }

    private double[] Greedy()
    {
        var random = Baseline();
        var (best, most) = (new double[draws], new double[draws]);
        return Play(
            (actions, round) => Post(actions, row => round == 0 || random[row].NextDouble() < Exploration ? Anywhere(random, row) : best[row]),
            () =>
            {
                for (var row = 0; row < draws; row++)
                {
                    if (environment.Utilities[row] > most[row] || best[row] == 0)
                    {
                        (best[row], most[row]) = (environment.Prices[row], environment.Utilities[row]);
                    }
                }
            });
    }

    private double[] AtRandom()
    {
        var random = Baseline();
        return Play((actions, _) => Post(actions, row => Anywhere(random, row)), null);
    }

    private Rng[] Baseline() => [.. Enumerable.Range(0, draws).Select(row => Rng.Stream(seed, PlayStream.Of(PlayStream.Baseline, row, 0)))];

    private double Anywhere(Rng[] random, int row) => environment.Costs[row] + (scenario.MaxPrice - environment.Costs[row]) * random[row].NextDouble();

    private void Post(Span<float> actions, Func<int, double> price)
    {
        for (var row = 0; row < draws; row++)
        {
            actions[row] = (float)(2 * (price(row) - environment.Costs[row]) / (scenario.MaxPrice - environment.Costs[row]) - 1);
        }
    }

    private delegate void Decision(Span<float> actions, int round);

    /// <summary>One episode in every row.</summary>
    /// <returns>Each row's mean profit a round, money.</returns>
    private double[] Play(Decision decide, Action? watch)
    {
        var (actions, rewards, statuses) = (new float[draws], new float[draws], new Status[draws]);
        var mean = new double[draws];
        environment.Reset(seed);
        for (var round = 0; round < scenario.Rounds; round++)
        {
            cancellation.ThrowIfCancellationRequested();
            decide(actions, round);
            environment.Advance(actions, rewards, statuses);
            for (var row = 0; row < draws; row++)
            {
                mean[row] += environment.Utilities[row] / scenario.Rounds;
            }

            watch?.Invoke();
        }

        return mean;
    }

    private static (double Mean, double Deviation) Moments(double[] values)
    {
        var mean = values.Average();
        return (mean, values.Length < 2 ? 0 : Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Length - 1)));
    }
}
