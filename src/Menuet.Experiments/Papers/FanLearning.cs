using System.Collections.Immutable;
using Menuet.Figures;
using Menuet.Learning.Training;
using Menuet.Mechanisms.DoubleAuction;

namespace Menuet.Experiments.Papers;

/// <summary>Fan et al., what is learned: bids of agents who share eq. (6), and of agents who are paid their own utility.</summary>
internal sealed class FanLearning
{
    /// <summary>One common reward, as published.</summary>
    internal static readonly Training Team = new("fan/auction-mappo");

    private static readonly Training Own = new("fan/auction-ippo");

    private const string Episodes = "The policies trained with 40 vehicles, on the same traffic as the others, default preset; 95 % intervals over seeds.";

    private const string Announced = "The agents see the asks of their unit and bid at one of them, which goes beyond eq. (5): docs/reproduction-fan.md.";

    // As an evaluation names what FanTraffic measures.
    private static readonly ImmutableArray<(string Measure, string Evaluated)> Measures =
    [
        ("gains", "socialWelfare"), ("paperSum", "paperWelfare"), ("balance", "budgetBalance"), ("latency", "latency"), ("trades", "trades"), ("imbalance", "absBudget"),
    ];

    // [vehicles][seed][episode]
    private readonly Evaluation[][][] played;

    private FanLearning(Evaluation[][][] played) => this.played = played;

    internal static ImmutableArray<Exhibit> Exhibits { get; } =
    [
        new("x-learning", "Training of bids, for a common reward and for the own utility", "", Training) { Trainings = [Team, Own] },
    ];

    internal static ImmutableArray<Claim> Claims { get; } =
    [
        new(
            "fan-learned-beats-double-auction", "Learned bids outperform the double auction.", "Section IV, Fig. 2", "Reward of MAPPO over that of truthful bids into McAfee's rule, less 1, 40 vehicles, 100 episodes that training did not see; 95 % interval over seeds.",
            ["fanLearnedGainTrained"], quantities => quantities[0].Low > 0 ? Verdict.Holds : Verdict.NotSupported, Announced),
        new(
            "fan-learned-welfare-as-random", "The learning mechanism and random bids have comparable social welfare.", "Section IV, Fig. 3", "Largest distance of MAPPO's gains from trade from those of random bids, as a share of these, over numbers of vehicles. " + Episodes + " Comparable: within a tenth.",
            ["fanLearnedWelfareDistance"], quantities => quantities[0].High < 0.1 ? Verdict.Holds : Verdict.NotSupported),
        new(
            "fan-random-lower-budget", "Random bids have a lower budget cost than learned ones.", "Section IV, Fig. 4", "Least difference of the unsigned balance over numbers of vehicles, MAPPO less random bids. " + Episodes, ["fanLearnedBudgetOverRandom"],
            quantities => quantities[0].Low > 0 ? Verdict.Holds : Verdict.NotSupported),
        new(
            "fan-learned-latency-below-random", "In contrast to random bids, learned ones reduce the transmission latency.", "Section IV, Fig. 5", "Largest difference of latency over numbers of vehicles, MAPPO less random bids; and of latency per trade. " + Episodes,
            ["fanLearnedLatencyOverRandom", "fanLearnedTradeLatencyOverRandom"], quantities => quantities.Count(difference => difference.High < 0) switch { 2 => Verdict.Holds, 1 => Verdict.Partly, _ => Verdict.NotSupported }),
        new(
            "fan-learned-rational", "The learning mechanism is individually rational.", "Section III-B", "Share of slots in which a buyer pays more than her value, MAPPO, 40 vehicles; never: holds, in less than one of a hundred: in part.", ["fanLearnedViolatedSlots"],
            quantities => quantities[0].High <= 0 ? Verdict.Holds : quantities[0].High < 0.01 ? Verdict.Partly : Verdict.NotSupported, "The rule is rational for who bids her value; agents with a common reward may bid more."),
        new(
            "fan-learned-truthful", "Learned bids are truthful.", "Section III-B", "Mean distance of bids from values: MAPPO's less that of IPPO, whose agents want their own utility; 95 % interval over seeds.", ["fanTeamLessOwnDistance"],
            quantities => quantities[0].Low > 0 ? Verdict.NotSupported : Verdict.Holds, "Agents who are paid their own utility come close to the truth; those who share eq. (6) are trained away from it."),
    ];

    /// <summary>Plays the policies of every seed on the traffic of <see cref="FanTraffic"/>, for every number of vehicles: what a vehicle observes does not depend on how many there are.</summary>
    internal static FanLearning Play(Conditions conditions)
    {
        var runs = conditions.Trained(Team);
        var episodes = FanTraffic.EpisodesOf(conditions);
        return new(
            [
                .. FanTraffic.Vehicles.Select(vehicles => runs.Select(run =>
                {
                    var scenario = (DoubleAuctionScenario)run.Experiment.Scenario with { Vehicles = (int)vehicles, Preset = AuctionPreset.Default, Score = null };
                    var policy = run.Policy();
                    return Enumerable.Range(0, episodes).Select(episode => scenario.Evaluate(policy, 1, (ulong)episode, conditions.Cancellation)).ToArray();
                }).ToArray()),
            ]);
    }

    /// <summary>A measure of each seed's policy, mean over episodes.</summary>
    internal double[] Of(string measure, int v) => [.. played[v].Select(seed => seed.Average(evaluation => Value(evaluation, measure)))];

    /// <summary>Its line over the numbers of vehicles.</summary>
    internal LineSeries Line(string measure) => Learned.Line(
        "MAPPO, learned bids", FanTraffic.Vehicles, [.. FanTraffic.Vehicles.Select((_, v) => Learned.Mean("", "", "", Of(measure, v)))]);

    /// <summary>Of a number for each count of vehicles and seed, the mean over seeds where it is largest.</summary>
    internal static Quantity Largest(string name, string meaning, string unit, Func<int, IEnumerable<double>> bySeed) =>
        Enumerable.Range(0, FanTraffic.Vehicles.Length).Select(v => Learned.Mean(name, meaning, unit, bySeed(v))).MaxBy(quantity => quantity.Value)!;

    /// <summary>Of a number for each count of vehicles and seed, the mean over seeds where it is smallest.</summary>
    internal static Quantity Least(string name, string meaning, string unit, Func<int, IEnumerable<double>> bySeed) =>
        Enumerable.Range(0, FanTraffic.Vehicles.Length).Select(v => Learned.Mean(name, meaning, unit, bySeed(v))).MinBy(quantity => quantity.Value)!;

    private static double Value(Evaluation evaluation, string measure) => measure == "reward"
        ? evaluation.Score.MeanReward
        : evaluation.Measures.Single(one => one.Name == Measures.Single(pair => pair.Measure == measure).Evaluated).Mean;

    private static Findings Training(Conditions conditions)
    {
        (string Name, ImmutableArray<FinishedTraining> Runs)[] lines = [("MAPPO, common reward", conditions.Trained(Team)), ("IPPO, own utility", conditions.Trained(Own))];
        var first = lines[0].Runs[0];
        (string Measure, string Name, string Unit)[] shown =
        [
            ("gainOverTruthful", "gain over truthful bids", ""), ("relativeScore", "share of the way to the team optimum", ""), ("socialWelfare", "gains from trade", "money per slot"), ("absBudget", "budget balance without sign", "money per slot"),
            ("latency", "latency", "ms"), ("trades", "trades", ""), ("distanceFromTruth", "distance of bids from values", "money"), ("regret", "gain by bidding the truth alone", "money"), ("violatedSlots", "slots in which a buyer loses", ""),
        ];
        return new()
        {
            Figures =
            [
                new(
                    "Reward of eq. (6) over training, 40 vehicles", Learned.Steps, new("Reward", "money per slot"),
                    [
                        .. lines.Select(line => Learned.Curve(line.Name, line.Runs, point => point.TestReward)), new ReferenceLine("team optimum (exact)", ReferenceDirection.Horizontal, first.Evaluation.OptimumReward),
                        new ReferenceLine("McAfee, truthful bids", ReferenceDirection.Horizontal, Learned.Measured(first, "truthfulReward")), new ReferenceLine("random bids in [0, value]", ReferenceDirection.Horizontal, Learned.Measured(first, "randomReward")),
                    ],
                    FormattableString.Invariant($"Evaluations on traffic that no training saw; means over {conditions.Seeds} seeds with 95 % intervals. A step is one vehicle's in one slot.")),
            ],
            Tables =
            [
                Learned.Table("At the end", "money per slot", lines),
                new(
                    "Measures at the end, 100 episodes", [new("learner"), .. shown.Select(measure => new Column(measure.Name, measure.Unit))],
                    [.. lines.Select(line => (ImmutableArray<object?>)[line.Name, .. shown.Select(measure => (object?)line.Runs.Average(run => Learned.Measured(run, measure.Measure)))])]),
            ],
            Quantities =
            [
                Learned.Mean("fanLearnedGainTrained", "reward of MAPPO over truthful McAfee, less 1, 40 vehicles", "", lines[0].Runs, run => Learned.Measured(run, "gainOverTruthful")),
                Learned.Mean("fanLearnedRelativeScore", "share of the way from truthful bids to the team optimum, MAPPO, 40 vehicles", "", lines[0].Runs, run => Learned.Measured(run, "relativeScore")),
                Learned.Mean("fanLearnedViolatedSlots", "share of slots in which a buyer pays more than her value, MAPPO", "", lines[0].Runs, run => Learned.Measured(run, "violatedSlots")),
                Learned.Mean(
                    "fanTeamLessOwnDistance", "distance of bids from values, MAPPO less IPPO", "money",
                    lines[0].Runs.Zip(lines[1].Runs, (team, own) => Learned.Measured(team, "distanceFromTruth") - Learned.Measured(own, "distanceFromTruth"))),
            ],
            Remark = "IPPO is ours: it shows what the same agents learn when each wants her own utility, by which McAfee's rule makes the truth the best bid. " + Announced,
        };
    }
}
