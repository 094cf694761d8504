using System.Collections.Immutable;
using Menuet.Figures;
using Menuet.Mechanisms.ContractMarket;

namespace Menuet.Experiments.Papers;

/// <summary>The figures and the table of Zhan et al.</summary>
internal static class ZhanExhibits
{
    private const string Ours = "msmc";
    private static readonly ImmutableArray<Method> Printed = ZhanMarkets.Methods[..4];

    internal static Findings Menus(Conditions conditions)
    {
        var market = ZhanMarkets.Calibrated;
        var answers = ZhanMarkets.Methods.Select(method => conditions.Solve(market, method)).ToArray();
        var types = Range(1, market.Types.Length);
        var menus = answers[0].Latencies;
        return new()
        {
            Figures =
            [
                .. Enumerable.Range(0, market.Operators.Length).Select(m => new Figure(
                    FormattableString.Invariant($"Fig. 3{(char)('a' + m)}: menu of operator {m + 1}"), new("AI user type"), new("Latency agreement", "s"),
                    [.. ZhanMarkets.Methods.Select((method, i) => new LineSeries(method.Name, types, answers[i].Latencies[m]) { Markers = true })],
                    "Composition of Table I; no chance enters. Type 1 is the most sensitive.")),
            ],
            Quantities =
            [
                Quantity.Exact(
                    "zhanLeastMenuStep", "smallest step in agreed latency from a type to the next, all operators, msmc, CT, MC, GSMC", "s",
                    answers.Take(Printed.Length).Min(answer => answer.Latencies.Min(row => row.Zip(row.Skip(1), (one, next) => next - one).Min()))),
                Quantity.Exact(
                    "zhanOperator1Shortest", "share of types to which operator 1 promises a shorter latency than operators 2 and 3, msmc", "",
                    Enumerable.Range(0, types.Length).Average(n => menus[0][n] < Math.Min(menus[1][n], menus[2][n]) ? 1.0 : 0)),
            ],
            Remark = "With the local menus that reproduce Table I type 1 is promised the shortest latency, which no operator keeps; the best menus promise what can be kept.",
        };
    }

    internal static Findings Matching(Conditions conditions)
    {
        var market = ZhanMarkets.Calibrated;
        var answers = Printed.Select(method => conditions.Solve(market, method)).ToArray();
        var mixed = answers[0];
        var audit = conditions.InUse(ContractMarketMechanism.Door).Audit(market, mixed, new());
        var gain = -audit.Certificates.Single(one => one.Claim == Menuet.Claim.LeaderBestResponse).Worst.Value;
        return new()
        {
            Tables =
            [
                new(
                    "Table I: shares of msmc with operators 1, 2, 3, and the operator of each type",
                    [new("type"), new("op1"), new("op2"), new("op3"), new("op1, printed"), new("op2, printed"), new("op3, printed"), new("CT"), new("CT, printed"), new("MC"), new("MC, printed"), new("GSMC"), new("GSMC, printed")],
                    [
                        .. Enumerable.Range(0, 8).Select(n => (ImmutableArray<object?>)
                        [
                            n + 1, mixed.Matching[0][n], mixed.Matching[1][n], mixed.Matching[2][n], TableI[n][0], TableI[n][1], TableI[n][2],
                            (int)answers[1].Assignment[n], Ct[n], (int)answers[2].Assignment[n], Mc[n], (int)answers[3].Assignment[n], Gsmc[n],
                        ]),
                    ]),
            ],
            Quantities =
            [
                Quantity.Exact(
                    "zhanTable1Error", "largest difference to the 24 printed shares", "",
                    Enumerable.Range(0, 8).Max(n => Enumerable.Range(0, 3).Max(m => Math.Abs(mixed.Matching[m][n] - TableI[n][m])))),
                Quantity.Exact("zhanTable1Ct", "share of types with the printed operator, CT", "", Same(answers[1], Ct)),
                Quantity.Exact("zhanTable1Mc", "share of types with the printed operator, MC", "", Same(answers[2], Mc)),
                Quantity.Exact("zhanTable1Gsmc", "share of types with the printed operator, GSMC", "", Same(answers[3], Gsmc)),
                Quantity.Exact("zhanType1OptOut", "share of type 1 without operator, msmc", "", mixed.OptOut[0]),
                Quantity.Exact(
                    "zhanFirstFiveSpread", "largest difference between operators in the share of a type, types 1 to 5, msmc", "",
                    Enumerable.Range(0, 5).Max(n => mixed.Matching.Max(row => row[n]) - mixed.Matching.Min(row => row[n]))),
                Quantity.Exact("zhanDeviationGain", "largest gain of an operator by other prices that the audit finds at msmc's outcome", "USD/s", gain),
            ],
            Remark = "The composition, data rates and bounds that the publication does not print are fitted to this table, so its first three columns test the fit, not a prediction.",
        };

        static double Same(OperatorMarketAnswer answer, ImmutableArray<int> printed) => printed.Select((m, n) => (int)answer.Assignment[n] == m ? 1.0 : 0).Average();
    }

    internal static Findings Users(Conditions conditions)
    {
        var sweep = ZhanSweep.Run(conditions, conditions.Of<ImmutableArray<double>>([30, 60, 90, 120, 150], [30, 45, 60, 75, 90, 105, 120, 135, 150]), (users, seed) => ZhanMarkets.Composed(seed, users));
        return new()
        {
            Figures = sweep.Figures(
                ("Fig. 4a", "Fig. 4b"), new("Number of AI users"), "market size", ZhanMarkets.WithUsers, [(30, 0.322, 0.334)], conditions),
            Tables = [sweep.Table("All methods over market size", new("users"))],
            Quantities =
            [
                Quantity.Mean("zhanLead30", "msmc's utility over CT's, less 1, 30 users", "", Ratio(sweep.Utility(Ours, 30), sweep.Utility("CT", 30))),
                sweep.Share("zhanBehind60", "share of compositions in which CT or MC is ahead of msmc, 60 users", [60], (p, d) => sweep.Best(p)[d] > sweep.Utility(Ours, p)[d]),
                Quantity.Mean("zhanLead60", "msmc's utility over the better one of CT and MC, less 1, 60 users", "", Ratio(sweep.Utility(Ours, 60), sweep.Best(60))),
                sweep.Share("zhanBy568At90", "share of compositions in which msmc is at least 56.8 % above CT and MC, 90 users", [90], (p, d) => ZhanSweep.Beats(sweep.Utility(Ours, p)[d], sweep.Best(p)[d], 0.568)),
                sweep.Share("zhanClose120", "share of compositions in which msmc is above MC by at most 4 %, 120 users", [120], (p, d) => sweep.Utility(Ours, p)[d] >= sweep.Utility("MC", p)[d] && !ZhanSweep.Beats(sweep.Utility(Ours, p)[d], sweep.Utility("MC", p)[d], 0.04)),
                sweep.Share("zhanAheadOfOneShot", "share of compositions in which msmc is ahead of CT and MC, 90, 120, 150 users", [90, 120, 150], (p, d) => sweep.Utility(Ours, p)[d] > sweep.Best(p)[d]),
                sweep.Share("zhanAheadOfAll", "the same of CT, MC and GSMC", [90, 120, 150], (p, d) => sweep.Utility(Ours, p)[d] > BestOfAll(sweep, p, d)),
                sweep.Share("zhanExcluded568", "share of compositions in which the proven bound is less than 56.8 % above the best of CT, MC and GSMC, 90 users", [90], (p, d) => sweep.Most(p)[d] < 1.568 * BestOfAll(sweep, p, d)),
                sweep.Share("zhanBy568OfAll", "share of compositions in which msmc is at least 56.8 % above all three, 90 users", [90], (p, d) => ZhanSweep.Beats(sweep.Utility(Ours, p)[d], BestOfAll(sweep, p, d), 0.568)),
                Quantity.Mean("zhanShareOfBound150", "msmc's utility as a share of the bound, 150 users", "", [.. sweep.Utility(Ours, 150).Zip(sweep.Most(150), (mine, most) => mine / most)]),
            ],
            Remark = "The publication shows one composition, which it does not print; the levels at 30 users are those of a composition with many insensitive users.",
        };
    }

    internal static Findings Types(Conditions conditions)
    {
        var sweep = ZhanSweep.Run(conditions, conditions.Of<ImmutableArray<double>>([8, 10, 12], [4, 6, 8, 10, 12, 14]), (types, seed) => ZhanMarkets.Composed(seed, types: (int)types));
        return new()
        {
            Figures = sweep.Figures(("Fig. 4c", "Fig. 4d"), new("Number of AI user types"), "the number of types", null, [], conditions),
            Tables = [sweep.Table("All methods over the number of types", new("types"))],
            Quantities =
            [
                sweep.Share("zhanBy896", "share of compositions in which msmc is at least 89.6 % above CT and MC, 8 and 12 types", [8, 12], (p, d) => ZhanSweep.Beats(sweep.Utility(Ours, p)[d], sweep.Best(p)[d], 0.896)),
                sweep.Share("zhanLoss10", "share of compositions in which CT and MC lose and msmc does not, 10 types", [10], (p, d) => sweep.Best(p)[d] < 0 && sweep.Utility(Ours, p)[d] > 0),
                Quantity.Mean("zhanUtility10", "msmc's utility, 10 types", "USD/s", sweep.Utility(Ours, 10)),
            ],
            Remark = "Sensitivities of N types are taken evenly from 8e-4 to 1e-4; the publication does not say.",
        };
    }

    internal static Findings Refund(Conditions conditions)
    {
        ImmutableArray<double> points = conditions.Of<ImmutableArray<double>>([0.5, 1, 1.5], [0.5, 0.75, 1, 1.25, 1.5]);
        var sweep = ZhanSweep.Run(conditions, points, (factor, seed) => ZhanMarkets.WithRefund(ZhanMarkets.Composed(seed), factor));
        var exact = points.Select(factor => conditions.Solve(ZhanMarkets.WithRefund(ZhanMarkets.Calibrated, factor), ZhanMarkets.Methods[0])).ToArray();
        return new()
        {
            Figures = sweep.Figures(
                ("Fig. 5a", "Fig. 5b"), new("Refund scaling factor"), "the refund", factor => ZhanMarkets.WithRefund(ZhanMarkets.Calibrated, factor),
                [(0.5, 2.036, 2.126), (1.5, 2.062, 2.150)], conditions),
            Tables = [sweep.Table("All methods over the refund", new("factor"))],
            Quantities =
            [
                Quantity.Exact("zhanRefundUtilityLow", "msmc's utility at half of the refund, composition of Table I", "USD/s", exact[0].TotalOperatorUtility!.Value),
                Quantity.Exact("zhanRefundUtilityHigh", "msmc's utility at one and a half of the refund, composition of Table I", "USD/s", exact[^1].TotalOperatorUtility!.Value),
                Quantity.Exact("zhanRefundWelfareRise", "smallest gain in welfare between neighbouring refunds, composition of Table I", "USD/s", exact.Zip(exact.Skip(1), (one, next) => next.SocialWelfare!.Value - one.SocialWelfare!.Value).Min()),
                sweep.Share("zhanRefundAhead", "share of compositions and refunds in which msmc has more utility and welfare than CT and MC", points.AsSpan(), (p, d) => Ahead(sweep, p, d)),
                sweep.Share("zhanRefundAheadOfAll", "the same of CT, MC and GSMC", points.AsSpan(), (p, d) => AheadOfAll(sweep, p, d)),
            ],
        };
    }

    internal static Findings ViolationCost(Conditions conditions)
    {
        ImmutableArray<double> points = conditions.Of<ImmutableArray<double>>([0.5, 1, 1.5], [0.5, 0.75, 1, 1.25, 1.5]);
        var sweep = ZhanSweep.Run(conditions, points, (factor, seed) => ZhanMarkets.WithViolationCost(ZhanMarkets.Composed(seed), factor));
        var dear = ZhanMarkets.WithViolationCost(ZhanMarkets.Calibrated, 1.5);
        var exact = Printed.Select(method => conditions.Solve(dear, method)).ToArray();
        return new()
        {
            Figures = sweep.Figures(
                ("Fig. 5c", "Fig. 5d"), new("Violation cost scaling factor"), "the violation cost", factor => ZhanMarkets.WithViolationCost(ZhanMarkets.Calibrated, factor),
                [(1.5, 1.922, 2.017)], conditions),
            Tables =
            [
                sweep.Table("All methods over the violation cost", new("factor")),
                new(
                    "At one and a half of the cost, composition of Table I", [new("method"), new("utility", "USD/s"), new("welfare", "USD/s")],
                    [.. exact.Select((answer, i) => (ImmutableArray<object?>)[Printed[i].Name, answer.TotalOperatorUtility, answer.SocialWelfare])]),
            ],
            Quantities =
            [
                Quantity.Exact("zhanDearUtility", "msmc's utility at one and a half of the violation cost, composition of Table I", "USD/s", exact[0].TotalOperatorUtility!.Value),
                Quantity.Exact("zhanDearWelfare", "msmc's welfare there", "USD/s", exact[0].SocialWelfare!.Value),
                Quantity.Exact("zhanDearNegative", "share of CT, MC and GSMC with negative welfare there", "", exact.Skip(1).Average(answer => answer.SocialWelfare < 0 ? 1.0 : 0)),
                sweep.Share("zhanDearNegativeDraws", "share of compositions in which all three have negative welfare there", [1.5], (p, d) => Printed.Skip(1).All(method => sweep.Welfare(method.Name, p)[d] < 0)),
            ],
        };
    }

    internal static Findings Composition(Conditions conditions)
    {
        var sweep = ZhanSweep.Run(conditions, conditions.Of<ImmutableArray<double>>([0.1, 1, 100], [0.1, 0.3, 1, 3, 10, 30, 100]), (alpha, seed) => ZhanMarkets.Composed(seed, concentration: alpha));
        return new()
        {
            Figures = sweep.Figures(
                ("Fig. 6a", "Fig. 6b"), new("Dirichlet parameter α", "", AxisScale.Logarithmic), "the composition of users", null, [], conditions),
            Tables = [sweep.Table("All methods over α", new("α"))],
            Quantities =
            [
                sweep.Share("zhanAllLose", "share of compositions in which all four methods have negative utility and welfare, α = 0.1", [0.1], (p, d) => Printed.All(method => sweep.Utility(method.Name, p)[d] < 0 && sweep.Welfare(method.Name, p)[d] < 0)),
                Quantity.Mean("zhanUtilityAlpha100", "msmc's utility, α = 100", "USD/s", sweep.Utility(Ours, 100)),
                Quantity.Mean("zhanUtilityAlpha1", "msmc's utility, α = 1", "USD/s", sweep.Utility(Ours, 1)),
                Quantity.Mean("zhanUtilityAlphaTenth", "msmc's utility, α = 0.1", "USD/s", sweep.Utility(Ours, 0.1)),
                sweep.Share("zhanBy964", "share of compositions in which msmc is at least 96.4 % above CT and MC, α = 1 and 100", [1, 100], (p, d) => ZhanSweep.Beats(sweep.Utility(Ours, p)[d], sweep.Best(p)[d], 0.964)),
                Quantity.Mean("zhanQuotaUtilityAlphaTenth", "utility of quota-matching, α = 0.1", "USD/s", sweep.Utility("quota-matching (ours)", 0.1)),
            ],
            Remark = "α is read as the sum of the law's parameters, under which the printed numbers are plausible; if each parameter were α, 100 draws put the text's numbers into the outer percent.",
        };
    }

    internal static Findings Zeta(Conditions conditions)
    {
        ImmutableArray<double> points = conditions.Of<ImmutableArray<double>>([0.7, 0.85, 0.95], [0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95]);
        var sweep = ZhanSweep.Run(conditions, points, (zeta, seed) => ZhanMarkets.WithZeta(ZhanMarkets.Composed(seed), zeta));
        return new()
        {
            Figures = sweep.Figures(
                ("Fig. 6c", "Fig. 6d"), new("Chernoff parameter ζ"), "the Chernoff parameter", zeta => ZhanMarkets.WithZeta(ZhanMarkets.Calibrated, zeta), [], conditions),
            Tables = [sweep.Table("All methods over ζ", new("ζ"))],
            Quantities =
            [
                sweep.Share("zhanZetaAhead", "share of compositions and ζ in which msmc has more utility and welfare than CT and MC", points.AsSpan(), (p, d) => Ahead(sweep, p, d)),
                sweep.Share("zhanZetaAheadOfAll", "the same of CT, MC and GSMC", points.AsSpan(), (p, d) => AheadOfAll(sweep, p, d)),
                sweep.Share("zhanBy2087", "share of compositions in which msmc is at least 208.7 % above CT and MC, ζ = 0.7 and 0.85", [0.7, 0.85], (p, d) => ZhanSweep.Beats(sweep.Utility(Ours, p)[d], sweep.Best(p)[d], 2.087)),
            ],
        };
    }

    internal static Findings Convergence(Conditions conditions)
    {
        int[] limits = conditions.Of<int[]>([10, 25, 50, 100], [5, 10, 15, 25, 35, 50, 75, 100, 150, 200, 400]);
        double[] dampings = conditions.Of<double[]>([0.1, 0.35, 1], [0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.85, 1]);
        var printed = ZhanMarkets.Moves(50, ZhanMarkets.Calibrated.Algorithm.InitialTemperature, conditions.Cancellation);
        var constant = ZhanMarkets.Moves(80, ZhanMarkets.Calibrated.Algorithm.FinalTemperature, conditions.Cancellation);
        var byLimit = limits.Select(limit => Run(ZhanMarkets.Calibrated.Algorithm with { MaxIterations = limit })).ToArray();
        var byDamping = dampings.Select(damping => Run(ZhanMarkets.Calibrated.Algorithm with { Damping = damping })).ToArray();
        ImmutableArray<double> x = [.. limits.Select(limit => (double)limit)];
        return new()
        {
            Figures =
            [
                new(
                    "How far shares still move", new("Iteration"), new("Largest move of a share", "", AxisScale.Logarithmic),
                    [
                        new LineSeries("annealed over K = 50, as published", Range(1, printed.Length), printed),
                        new LineSeries("constant final temperature", Range(1, constant.Length), constant) { Dashed = true },
                    ],
                    "Composition of Table I; no chance enters."),
                new(
                    "What msmc comes to by the number of iterations", new("Iterations K"), new("Utility", "USD/s"),
                    [
                        new LineSeries("total operator utility", x, [.. byLimit.Select(answer => answer.TotalOperatorUtility!.Value)]) { Markers = true },
                        new LineSeries("social welfare", x, [.. byLimit.Select(answer => answer.SocialWelfare!.Value)]) { Markers = true },
                    ]),
                new(
                    "What msmc comes to by the damping", new("Matching damping coefficient"), new("Utility", "USD/s"),
                    [
                        new LineSeries("total operator utility", [.. dampings], [.. byDamping.Select(answer => answer.TotalOperatorUtility!.Value)]) { Markers = true },
                        new LineSeries("social welfare", [.. dampings], [.. byDamping.Select(answer => answer.SocialWelfare!.Value)]) { Markers = true },
                    ]),
            ],
            Quantities =
            [
                Quantity.Exact("zhanLastMove", "largest move of a share in iteration 50, as published", "", printed[^1]),
                Quantity.Exact("zhanLastMoveConstant", "the same in iteration 80 at constant temperature", "", constant[^1]),
            ],
            Remark = "As long as the temperature falls the shares follow it, so the published schedule never settles; at a constant temperature the map converges.",
        };

        OperatorMarketAnswer Run(MarketAlgorithm algorithm) => conditions.Solve(ZhanMarkets.Calibrated with { Algorithm = algorithm }, "msmc", new()).Answer;
    }

    internal static Findings Beyond(Conditions conditions)
    {
        double[] sizes = conditions.Of<double[]>([150], [30, 60, 90, 120, 150]);
        var rows = ImmutableArray.CreateBuilder<ImmutableArray<object?>>();
        var quantities = ImmutableArray.CreateBuilder<Quantity>();
        var (planned, bounds, settled) = (new List<double>(), new List<double>(), new List<double>());
        foreach (var (users, at) in sizes.Select((users, i) => (users, i)))
        {
            var market = ZhanMarkets.WithMenus(ZhanMarkets.WithUsers(users), MenuSolver.Global);
            var answers = ZhanMarkets.Methods.Select(method => (method.Name, Answer: conditions.Solve(market, method))).ToList();
            var options = conditions.Of<SolveOptions>(new(MaxIterations: 8), new());
            var (plan, plannerAnswer) = conditions.Solve(market, "planner", options);
            answers.Add(("planner (ours)", plannerAnswer));
            planned.Add(plannerAnswer.TotalOperatorUtility!.Value);
            bounds.Add(plan.Bound);
            var (_, equilibrium) = conditions.Solve(market, "equilibrium", new());
            answers.Add(("equilibrium (ours)", equilibrium));
            settled.Add(equilibrium.TotalOperatorUtility!.Value);
            foreach (var (name, answer) in answers)
            {
                var all = market.Types.Sum(type => type.Users!.Value);
                rows.Add(
                [
                    users, name, answer.TotalOperatorUtility, answer.UserUtility, answer.SocialWelfare,
                    answer.OptOut.Select((share, n) => share * market.Types[n].Users!.Value).Sum() / all, answer.TotalOperatorUtility / plan.Bound, answer.MinIrSlack, answer.MinIcSlack,
                ]);
            }

            if (users == 150)
            {
                quantities.Add(Quantity.Exact("zhanUtilityGlobal", "msmc's utility with the best menus, 150 users", "USD/s", answers[4].Answer.TotalOperatorUtility!.Value));
                quantities.Add(Quantity.Exact("zhanUtilityQuota", "utility of quota-matching, 150 users", "USD/s", answers[5].Answer.TotalOperatorUtility!.Value));
                quantities.Add(Quantity.Exact("zhanUtilityPlanner", "utility of the best plan found, 150 users", "USD/s", plannerAnswer.TotalOperatorUtility!.Value));
                quantities.Add(Quantity.Exact("zhanUtilityBound", "what no assignment earns more than, 150 users", "USD/s", plan.Bound));
                quantities.Add(Quantity.Exact("zhanUtilityEquilibrium", "operators' utility in equilibrium, 150 users", "USD/s", equilibrium.TotalOperatorUtility!.Value));
                quantities.Add(Quantity.Exact("zhanWelfareEquilibrium", "welfare in equilibrium, 150 users", "USD/s", equilibrium.SocialWelfare!.Value));
                quantities.Add(Quantity.Exact(
                    "zhanCeiling150", "what no assignment earns more than, over GSMC's utility with best menus, less 1, 150 users", "",
                    (plan.Bound / conditions.Solve(market, new("", "gsmc", MenuSolver.Global)).TotalOperatorUtility!.Value) - 1));
            }

            conditions.Progress((at + 1.0) / sizes.Length);
        }

        ImmutableArray<double> x = [.. sizes];
        return new()
        {
            Figures = sizes.Length == 1
                ? []
                :
                [
                    new(
                        "Operators together: planned, bounded, competing", new("Number of AI users"), new("Total operator utility", "USD/s"),
                        [
                            new LineSeries("planner", x, [.. planned]) { Markers = true }, new LineSeries("proven bound", x, [.. bounds]) { Dashed = true },
                            new LineSeries("equilibrium", x, [.. settled]) { Markers = true },
                        ],
                        "Composition of Table I, best menus."),
                ],
            Tables =
            [
                new(
                    "All methods, composition of Table I",
                    [
                        new("users"), new("method"), new("operators", "USD/s"), new("users' utility", "USD/s"), new("welfare", "USD/s"), new("opted out"), new("share of the bound"),
                        new("worst IR slack", "USD"), new("worst IC slack", "USD"),
                    ],
                    rows.ToImmutable()),
            ],
            Quantities = quantities.ToImmutable(),
            Remark = "The planner assigns users, so it is a benchmark of coordination; in equilibrium no operator gains by another menu when users choose again.",
        };
    }

    private static bool Ahead(ZhanSweep sweep, double point, int draw) =>
        sweep.Utility(Ours, point)[draw] > sweep.Best(point)[draw] && sweep.Welfare(Ours, point)[draw] > ZhanSweep.Best(sweep.Welfare, point)[draw];

    private static bool AheadOfAll(ZhanSweep sweep, double point, int draw) =>
        Ahead(sweep, point, draw) && sweep.Utility(Ours, point)[draw] > sweep.Utility("GSMC", point)[draw] && sweep.Welfare(Ours, point)[draw] > sweep.Welfare("GSMC", point)[draw];

    private static double BestOfAll(ZhanSweep sweep, double point, int draw) => Math.Max(sweep.Best(point)[draw], sweep.Utility("GSMC", point)[draw]);

    private static double[] Ratio(double[] numbers, double[] others) => [.. numbers.Zip(others, (one, other) => (one / other) - 1)];

    private static ImmutableArray<double> Range(int from, int count) => [.. Enumerable.Range(from, count).Select(i => (double)i)];

    /// <summary>As printed: shares with operators 1, 2, 3.</summary>
    private static readonly ImmutableArray<ImmutableArray<double>> TableI =
    [
        [0.25, 0.25, 0.25], [0.256, 0.256, 0.256], [0.29, 0.29, 0.29], [0.306, 0.312, 0.317], [0.315, 0.323, 0.335], [0.294, 0.325, 0.368], [0.252, 0.311, 0.432],
        [0.164, 0.247, 0.589],
    ];

    private static readonly ImmutableArray<int> Ct = [1, 1, 3, 3, 3, 3, 3, 3];
    private static readonly ImmutableArray<int> Mc = [1, 1, 1, 1, 1, 1, 1, 1];
    private static readonly ImmutableArray<int> Gsmc = [1, 2, 1, 1, 3, 3, 3, 3];
}
