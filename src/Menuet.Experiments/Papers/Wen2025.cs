using System.Collections.Immutable;
using Menuet.Figures;
using Menuet.Mechanisms.RewardContract;

namespace Menuet.Experiments.Papers;

/// <summary>Wen et al. 2025: rewards for content whose quality a large multimodal model judges.</summary>
internal static class Wen2025
{
    private const string States = "Random states of Section 5.1.2, ratings and η calibrated.";

    private static readonly Axis Reward = new("Test reward", "money");

    internal static Paper Paper { get; } = new(
        "wen2025",
        "Wen et al. 2025: LMM-Incentive: Large Multimodal Model-based Incentive Design for User-Generated Content in Web 3.0",
        """
        @misc{wen2025,
          author = {Wen, Jinbo and Kang, Jiawen and Zhang, Linfeng and Tang, Xiaoying and Tang, Jianhang and Zhang, Yang and Yang, Zhaohui and Niyato, Dusit},
          title  = {{LMM-Incentive}: Large Multimodal Model-based Incentive Design for User-Generated Content in {Web} 3.0},
          year   = {2025}
        }
        """,
        [
            new("fig4", "Probabilities of two types over the shape β", "With α = 1 the probability of the low type rises with β and that of the high type falls.", Probabilities),
            new("fig5a", "Schemes compared", "Complete information is best, then the contract, then random and average.", Schemes) { Trainings = [Wen2025Learning.Learners[0].Training] },
            .. Wen2025Learning.Exhibits,
            new("table2", "Schemes in numbers (Table 2, upper rows)", "Test rewards: Random −10.32 ± 5.81, Average 0, MoE-PPO 21.75 ± 16.30.", Numbers),
            new("table2-learners", "Learners in numbers (Table 2, lower rows)", "Test rewards: MoE-PPO 21.75 ± 16.30, PPO 20.63 ± 16.16, transformer-PPO 18.56 ± 15.07, GDM 4.64 ± 2.46, SAC −0.95 ± 1.95, tiny-PPO −1.38 ± 1.65.", Wen2025Learning.Numbers) { Trainings = Wen2025Learning.All },
            new("x-feasible", "What private reputations cost where a contract exists", "", WhereFeasible),
            new("x-random", "The random scheme over its largest reward", "", RandomRange),
            new("x-environment", "What the contract depends on", "", Dependence),
        ],
        [
            new(
                "wen-beats-random", "The contract earns more than random rewards.", "Section 5.2, Fig. 5(a)", States + " Mean of the exact contract and of rewards uniform on [0, 6].", ["wenContract", "wenRandom"], Rules.Descending),
            new(
                "wen-beats-average", "The contract earns more than the average scheme.", "Section 5.2, Fig. 5(a)", States + " Mean of the exact contract and of one reward for different qualities.", ["wenContract", "wenAverage"], Rules.Descending,
                "The average scheme breaks truth-telling unless ratings are equal, and counts as 0 there."),
            new(
                "wen-beats-identical", "The contract earns more than identical contracts for all users.", "Section 5.1.4 and 5.2", States + " Mean of the exact contract and of one item (mean quality, one reward) for all.", ["wenContract", "wenUniform"], Rules.Descending,
                "An identical item is always incentive compatible; the contract does not exist where quality falls with reputation. The single item also changes the qualities."),
            new(
                "wen-complete-better", "Complete information earns significantly more than the contract.", "Section 5.2, Fig. 5(a)", States + " Mean of the paired difference.", ["wenCompleteLead"], Rules.Above(0)),
            new(
                "wen-complete-by-knowledge", "It does so because the platform can give each type its best item.", "Section 5.2", States + " Share of the difference that arises where a contract exists, that is, from information rents.",
                ["wenRentShare"], Rules.Above(0.5), "Nearly all of it comes from states without any incentive compatible rewards, which count as 0 for the contract only."),
            new(
                "wen-average-zero", "The average scheme earns 0.", "Table 2", States + " Mean with whole ratings, and with ratings uniform on the same ranges.", ["wenAverage", "wenAverageContinuous"],
                quantities => Contains(quantities[0], 0) ? Verdict.Holds : Contains(quantities[1], 0) ? Verdict.Partly : Verdict.NotSupported,
                "0 follows if equal ratings never occur; with whole ratings they occur in a tenth of the states."),
            new(
                "wen-random-negative", "Random rewards earn −10.32.", "Table 2", States + " Mean reward by Eq. (14), and a lower bound on it for rewards uniform on [0, Rmax] whatever Rmax.", ["wenRandom", "wenRandomLeast"],
                quantities => quantities[1].Low > -10.32 * (1 - 0.05) ? Verdict.CannotHold : Rules.Equals(-10.32, 0.05)(quantities),
                "Eq. (14) gives 0 to infeasible rewards, and feasible pairs fill a strip of width w, so the mean is at least −w/2. Utility that ignores the constraints reaches −10.3 with Rmax = 91.6."),
            new(
                "wen-test-reward", "MoE-PPO's test reward is 21.75 ± 16.30, near the optimum.", "Table 2", States + " Mean of the exact optimum, an upper bound on any policy, and its deviation over states.", ["wenContract", "wenContractDeviation"],
                quantities => quantities[0].High < 21.75 ? Verdict.CannotHold
                    : Rules.Equals(21.75, 0.05)(quantities) == Verdict.Holds && Rules.Equals(16.30, 0.05)([quantities[1]]) == Verdict.Holds ? Verdict.Holds : Verdict.NotSupported,
                "η and the ratings are calibrated to it, so the agreement shows that the number is possible, not that it was reached."),
            new(
                "wen-final-reward", "MoE-PPO's final reward is 28.93.", "Table 2", States + " Mean of the exact optimum, an upper bound on any policy over these states.", ["wenContract"],
                quantities => quantities[0].High < 28.93 * 0.95 ? Verdict.CannotHold : Rules.Equals(28.93, 0.05)(quantities), "No stationary distribution of states gives both 21.75 in the test and 28.93 at the end; how the final reward is averaged is not said."),
            new(
                "wen-traditional-fails", "Traditional optimisation gives no effective solution of Problem 3.", "Section 3.2.3", States + " Share of states that the closed form settles with proof, the first 500 of each seed audited.", ["wenCertifiedShare"],
                quantities => quantities[0].Value >= 1 ? Verdict.NotSupported : Verdict.Holds, "K additions: R1 = κ Q1 / (f φ1), then R rises by κ (Q_k − Q_k−1) / (f φ_k)."),
            new(
                "wen-not-monotone", "Incentive compatible rewards exist although quality does not rise with reputation.", "Section 3.2.3, Eq. (9)", States + " Share of states with falling quality that leave any rewards truthful.", ["wenFallingFeasible", "wenFallingShare"],
                quantities => quantities[0].Value > 0 ? Verdict.Holds : Verdict.CannotHold, "Adding the two truth-telling constraints gives (φ_k − φ_j)(Q_k − Q_j) ≥ 0."),
            new(
                "wen-lowest-participates", "If the lowest type takes part, truth-telling keeps all others in.", "Eq. (7) and (8)", States + " Share of random truthful rewards acceptable to the low type that are acceptable to the high type.", ["wenHighTypeStays"], Rules.Always),
            new(
                "wen-probabilities-symmetric", "The type probabilities over α with β = 1 mirror those over β with α = 1.", "Fig. 4", "Largest distance between the low type's probability at (α, 1) and the high type's at (1, α).", ["wenAsymmetry"], Rules.Below(1e-12)),
            new(
                "wen-redesign", "A change of η or κ calls for a new contract.", "Section 3.2.3", "Relative change of the exact rewards when κ rises by a tenth, and when η becomes tenfold.", ["wenChangeByCost", "wenChangeByValue"],
                quantities => quantities.All(change => change.Value > 1e-12) ? Verdict.Holds : quantities.Any(change => change.Value > 1e-12) ? Verdict.Partly : Verdict.NotSupported,
                "Given the qualities, the best rewards do not depend on η at all, and are proportional to κ."),
            .. Wen2025Learning.Claims,
        ]);

    private static Findings Probabilities(Conditions conditions)
    {
        var count = conditions.Of(21, 101);
        ImmutableArray<double> shapes = [.. Enumerable.Range(0, count).Select(i => 1 + ((double)i / (count - 1)))];
        var over = shapes.Select(beta => Shares(1, beta)).ToArray();
        var mirrored = shapes.Select(alpha => Shares(alpha, 1)).ToArray();
        return new()
        {
            Figures =
            [
                new(
                    "The higher β, the more creators have low reputation", new("Shape parameter β"), new("Probability"),
                    [
                        new LineSeries("low type", shapes, [.. over.Select(share => share.Low)]),
                        new LineSeries("high type", shapes, [.. over.Select(share => share.High)]),
                    ],
                    "α = 1; no chance enters."),
            ],
            Quantities = [Quantity.Exact("wenAsymmetry", "largest distance from the mirror image", "", over.Zip(mirrored, (a, b) => Math.Max(Math.Abs(a.Low - b.High), Math.Abs(a.High - b.Low))).Max())],
            Remark = "The beta distribution is on reputations rescaled to [0, 1]; as printed, Eq. (6) has no density on them.",
        };

        (double Low, double High) Shares(double alpha, double beta)
        {
            var market = Default with { TypeModel = Default.TypeModel! with { Alpha = alpha, Beta = beta } };
            var menu = conditions.Solve(market).Menu;
            return (menu[0].Probability!.Value, menu[1].Probability!.Value);
        }
    }

    private static Findings Schemes(Conditions conditions)
    {
        var draws = Wen2025Draws.Of(conditions);
        var (schemes, exact) = Means(draws, "fig5a");
        var names = schemes.Insert(2, "MoE-PPO");
        var means = exact.Insert(2, Learned.Mean("fig5aLearned", "test reward of MoE-PPO", "money", conditions.Trained(Wen2025Learning.Learners[0].Training), run => run.Evaluation.Score.MeanReward));
        return new()
        {
            Figures =
            [
                new(
                    "The order of the paper, and one item for all above the contract", new("Scheme"), Reward,
                    [Learned.Bars("mean, 0 where infeasible", names, means), new ReferenceLine("printed, MoE-PPO", ReferenceDirection.Horizontal, 21.75)],
                    "Means over random states with 95 % intervals, of MoE-PPO over seeds; the others are exact. One item and nearest monotone qualities are ours: they change the qualities."),
            ],
            Remark = "The paper draws curves over training; these are the values that exact solutions of the same schemes have, and a trained policy on its own 10,000 test states.",
        };
    }

    private static Findings Numbers(Conditions conditions)
    {
        var draws = Wen2025Draws.Of(conditions);
        var (names, means) = Means(draws, "wen");
        string[] printed = ["", "", "−10.32 ± 5.81", "0", "", ""];
        Func<Wen2025Draws.State, double>[] values = [s => s.Complete, s => s.Contract, s => s.Random, s => s.Average, s => s.Uniform, s => s.Pooled];
        Func<Wen2025Draws.State, bool>[] feasible = [_ => true, s => s.Feasible, s => s.RandomFeasible, s => s.Average != 0, _ => true, _ => true];
        return new()
        {
            Tables =
            [
                new(
                    "Schemes over random states",
                    [
                        new("scheme"), new("test reward", "money"), new("low", "money"), new("high", "money"), new("standard deviation over states", "money"), new("share of the contract"), new("feasible share"),
                        new("printed test reward"),
                    ],
                    [
                        .. names.Select((name, i) => (ImmutableArray<object?>)
                            [
                                name, means[i].Value, means[i].Low, means[i].High, Wen2025Draws.Deviation(draws.States.Select(values[i])), means[i].Value / means[1].Value,
                                draws.States.Average(state => feasible[i](state) ? 1.0 : 0.0), printed[i],
                            ]),
                    ]),
            ],
            Quantities =
            [
                .. means,
                draws.BySeed("wenContractDeviation", "standard deviation of the exact contract over states", "money", states => Wen2025Draws.Deviation(states.Select(state => state.Contract))),
                draws.Mean("wenCompleteLead", "complete information less the contract", "money", state => state.Complete - state.Contract),
                draws.BySeed("wenRentShare", "share of that lead from states with a contract", "", states => states.Where(state => state.Feasible).Sum(state => state.Complete - state.Contract) / states.Sum(state => state.Complete - state.Contract)),
                draws.Mean("wenRandomLeast", "lower bound on the random scheme, any range of rewards", "money", LeastRandom),
                draws.Mean("wenRaw", "random rewards up to 91.6, constraints ignored", "money", state => state.Raw),
                draws.Mean("wenFeasibleShare", "share of states with a contract", "", state => state.Feasible ? 1 : 0),
                draws.Mean("wenRandomFeasible", "share of random rewards that are feasible", "", state => state.RandomFeasible ? 1 : 0),
                draws.Mean("wenFallingShare", "share of states in which quality falls", "", state => state.Terms.Falls ? 1 : 0),
                Exact("wenFallingFeasible", "share of those with truthful rewards", draws.States.Where(state => state.Terms.Falls).Average(state => state.Terms.Most >= state.Terms.Least || state.Feasible ? 1.0 : 0.0)),
                Exact("wenHighTypeStays", "share of truthful rewards that keep the high type", draws.States.Average(state => state.HighTypeStays ? 1.0 : 0.0)),
                Exact("wenCertifiedShare", "share of states settled with proof", draws.States.Average(state => state.Certified ? 1.0 : 0.0)),
                Quantity.Mean("wenAverageContinuous", "the average scheme with continuous ratings", "money", AverageOfContinuous(conditions)),
            ],
            Remark = "η = 20 and whole ratings 1 to 9 and 2 to 10 are ours, chosen so that mean and deviation resemble the printed test rewards.",
        };

        Quantity Exact(string name, string meaning, double value) => new(name, meaning, "", value, value, value, draws.States.Length);
    }

    private static Findings WhereFeasible(Conditions conditions)
    {
        var draws = Wen2025Draws.Of(conditions);
        ImmutableArray<string> names = ["complete information", "contract", "one item for all"];
        ImmutableArray<Quantity> means =
        [
            draws.FeasibleMean("wenFeasibleComplete", "complete information where a contract exists", state => state.Complete),
            draws.FeasibleMean("wenFeasibleContract", "the contract where it exists", state => state.Contract),
            draws.FeasibleMean("wenFeasibleUniform", "one item for all where a contract exists", state => state.Uniform),
        ];
        return new()
        {
            Figures =
            [
                new(
                    "Where a contract exists, private reputations cost almost nothing", new("Scheme"), Reward,
                    [new BarSeries("exact", names, [.. means.Select(mean => mean.Value)]) { Low = [.. means.Select(mean => mean.Low)], High = [.. means.Select(mean => mean.High)] }]),
            ],
            Quantities = means,
            Remark = "Only states in which quality does not fall with reputation.",
        };
    }

    private static Findings RandomRange(Conditions conditions)
    {
        ImmutableArray<double> largest = [1, 2, 3, 4, 6, 8, 12, 20, 40, Wen2025Draws.PrintedReward];
        var draws = Wen2025Draws.Of(conditions);
        var rng = Rng.Stream(0, 2);
        var (rewards, raw) = (new List<Quantity>(), new List<Quantity>());
        foreach (var most in largest)
        {
            conditions.Cancellation.ThrowIfCancellationRequested();
            var (counted, ignored) = (new double[draws.States.Length], new double[draws.States.Length]);
            for (var i = 0; i < counted.Length; i++)
            {
                var (first, second) = (most * rng.NextDouble(), most * rng.NextDouble());
                ignored[i] = draws.States[i].Terms.Utility(first, second);
                counted[i] = draws.States[i].Terms.Accepts(first, second) ? ignored[i] : 0;
            }

            rewards.Add(Quantity.Mean("", "", "money", counted));
            raw.Add(Quantity.Mean("", "", "money", ignored));
        }

        var bound = draws.States.Average(LeastRandom);
        return new()
        {
            Figures =
            [
                new(
                    "By Eq. (14) random rewards cannot earn much less than nothing", new("Largest random reward", "money", AxisScale.Logarithmic), Reward,
                    [
                        new LineSeries("Eq. (14): 0 where infeasible", largest, [.. rewards.Select(mean => mean.Value)]) { Low = [.. rewards.Select(mean => mean.Low)], High = [.. rewards.Select(mean => mean.High)], Markers = true },
                        new ReferenceLine("lower bound, any range", ReferenceDirection.Horizontal, bound),
                    ]),
                new(
                    "Utility that ignores the constraints reaches the printed −10.32", new("Largest random reward", "money", AxisScale.Logarithmic), new("Mean utility, constraints ignored", "money"),
                    [
                        new LineSeries("constraints ignored", largest, [.. raw.Select(mean => mean.Value)]) { Low = [.. raw.Select(mean => mean.Low)], High = [.. raw.Select(mean => mean.High)], Markers = true },
                        new ReferenceLine("printed, Random", ReferenceDirection.Horizontal, -10.32),
                    ]),
            ],
            Remark = "A feasible pair lies in a strip of width w = κ (Q2 − Q1) (1/φ1 − 1/φ2) below R1, R2 ≤ Rmax, in which the platform loses at most R2: the mean is at least −w/2.",
        };
    }

    /// <summary>No range of uniform rewards averages less by Eq. (14) in this state.</summary>
    private static double LeastRandom(Wen2025Draws.State state) => -Math.Max(0, state.Terms.Most - state.Terms.Least) / 2;

    private static Findings Dependence(Conditions conditions)
    {
        var rewards = Rewards(conditions, Default);
        var count = conditions.Of(21, 81);
        ImmutableArray<double> costs = [.. Enumerable.Range(0, count).Select(i => 1 + (2.0 * i / (count - 1)))];
        var designed = new[] { 2.0, 4, 6, 8, 10 }.Select(most =>
        {
            var answer = conditions.Solve(Default with { QualityMode = QualityMode.Designed, QualityMax = most, Qualities = default });
            return (ImmutableArray<object?>)[most, answer.Menu[0].Quality, answer.Menu[1].Quality, answer.Objective];
        });
        var given = conditions.Solve(Default);
        return new()
        {
            Figures =
            [
                new(
                    "Rewards are proportional to the unit cost", new("Unit cost κ", "money per quality point"), new("Reward", "money"),
                    [
                        new LineSeries("low type (exact)", costs, [.. costs.Select(cost => Rewards(conditions, Default with { UnitCost = cost })[0])]),
                        new LineSeries("high type (exact)", costs, [.. costs.Select(cost => Rewards(conditions, Default with { UnitCost = cost })[1])]),
                    ]),
            ],
            Tables =
            [
                new(
                    "If the contract chose the qualities too", [new("largest quality", "points"), new("quality, low type", "points"), new("quality, high type", "points"), new("objective", "money")],
                    [.. designed]),
            ],
            Quantities =
            [
                Quantity.Exact("wenReference", "exact objective of the reference case", "money", given.Objective!.Value),
                Quantity.Exact("wenChangeByCost", "relative change of rewards when κ rises by a tenth", "", Change(Rewards(conditions, Default with { UnitCost = Default.UnitCost * 1.1 }))),
                Quantity.Exact("wenChangeByValue", "relative change of rewards when η becomes tenfold", "", Change(Rewards(conditions, Default with { UtilityCoefficient = Default.UtilityCoefficient * 10 }))),
            ],
            Remark = "Catalogue market wen2025/reward-contract. The last table maximises over qualities and rewards, as Problem 3 is written, while the paper's method takes qualities as given.",
        };

        double Change(ImmutableArray<double> other) => rewards.Zip(other, (a, b) => Math.Abs((b / a) - 1)).Max();
    }

    private static RewardMarket Default { get; } = RewardContractMechanism.Door.Read(Catalog.Market("wen2025/reward-contract"));

    private static RewardAnswer Solve(this Conditions conditions, RewardMarket market) => conditions.InUse(RewardContractMechanism.Door).Answer(market, new(), CancellationToken.None);

    private static ImmutableArray<double> Rewards(Conditions conditions, RewardMarket market) => [.. conditions.Solve(market).Menu.Select(item => item.Reward)];

    private static (ImmutableArray<string> Names, ImmutableArray<Quantity> Means) Means(Wen2025Draws draws, string prefix) =>
    (
        ["complete information", "contract", "random", "average", "one item for all", "nearest monotone qualities"],
        [
            draws.Mean(prefix + "Complete", "complete information, mean", "money", state => state.Complete),
            draws.Mean(prefix + "Contract", "exact contract, mean", "money", state => state.Contract),
            draws.Mean(prefix + "Random", "random rewards up to 6, mean", "money", state => state.Random),
            draws.Mean(prefix + "Average", "average scheme, mean", "money", state => state.Average),
            draws.Mean(prefix + "Uniform", "one item for all, mean", "money", state => state.Uniform),
            draws.Mean(prefix + "Pooled", "contract for the nearest monotone qualities, mean", "money", state => state.Pooled),
        ]);

    /// <summary>One reward is truthful only for equal qualities, which continuous ratings do not have.</summary>
    private static double[] AverageOfContinuous(Conditions conditions)
    {
        var rewards = new List<double>();
        for (var seed = 0; seed < conditions.Seeds; seed++)
        {
            var rng = Rng.Stream((ulong)seed, 3);
            for (var i = 0; i < 1000; i++)
            {
                var (first, second) = (Wen2025Draws.Uniform(ref rng, 1, 9), Wen2025Draws.Uniform(ref rng, 2, 10));
                rewards.Add(first == second ? 20 * Math.Log(first + 1) : 0);
            }
        }

        return [.. rewards];
    }

    private static bool Contains(Quantity quantity, double number) => quantity.Low <= number && quantity.High >= number;
}
