using System.Collections.Immutable;
using Menuet.Figures;
using Menuet.Fitting;
using Menuet.Mechanisms.StackelbergPricing;

namespace Menuet.Experiments.Papers;

/// <summary>Lai et al. 2025: Stackelberg pricing of diffusion steps.</summary>
internal static class Lai2025
{
    /// <summary>Deviation of the mean of ten samples. Ours; the paper gives none.</summary>
    private const double Noise = 0.01;

    /// <summary>With the printed α and β, the γ that leads from about 0 to 1 over the printed 120 to 160 steps.</summary>
    private const double Intercept = -6.55;

    private const double PrintedIntercept = 4891.89;

    private static readonly StackelbergPricingMarket Default = Market("lai2025/stackelberg-pricing");

    internal static Paper Paper { get; } = new(
        "lai2025",
        "Lai et al. 2025: Optimizing AIGC Services Using Learning-Based Stackelberg Game in Vehicular Metaverses",
        """
        @article{lai2025,
          author  = {Lai, Bingkun and Luo, Xiaofeng and Kang, Jiawen and Gao, Xiaozheng and Yang, Zuyuan and Niyato, Dusit and Mao, Shiwen},
          title   = {Optimizing {AIGC} Services Using Learning-Based {Stackelberg} Game in Vehicular Metaverses},
          journal = {IEEE Transactions on Vehicular Technology},
          year    = {2025},
          doi     = {10.1109/TVT.2025.3544227}
        }
        """,
        [
            new("fig1", "Similarity against diffusion steps: data and fit", "A quadratic fitted to the mean SSIM of ten images from 120 to 160 steps.", Similarity),
            new("fig2a", "Training", "Transformer-PPO converges faster and higher than PPO, greedy and random prices.", Lai2025Learning.Convergence) { Trainings = Lai2025Learning.Fixed },
            new("fig2b", "Price against the unit cost of a step", "The price rises with the cost; learned prices lie close to the equilibrium.", PriceOverCost) { Trainings = Lai2025Learning.AtCosts },
            new("fig2c", "Provider's utility against the number of users", "Utility rises with the number of users.", UtilityOverUsers) { Trainings = Lai2025Learning.AllUsers },
            new("fig2d", "Provider's utility against the unit cost of a step", "Utility falls as the cost rises.", UtilityOverCost) { Trainings = Lai2025Learning.AtCosts },
            .. Lai2025Learning.Exhibits,
            new("x-capacity", "What a limited capacity changes", "", Capacity),
            new("x-opt-out", "Users who may stay away", "", OptOut),
            new("x-oligopoly", "Competing providers", "", Oligopoly),
        ],
        [
            new(
                "lai-price-rises-with-cost", "The equilibrium price rises with the unit cost.", "Section VI, Fig. 2(b)", "Least slope of the exact price between neighbouring costs from 1 to 5.",
                ["laiLeastPriceSlope"], Rules.Above(0), "Exactly one half wherever no bound is active."),
            new(
                "lai-utility-falls-with-cost", "The provider's utility falls as the unit cost rises.", "Section VI, Fig. 2(d)", "Largest slope of the exact utility between neighbouring costs from 1 to 5.",
                ["laiLargestUtilitySlope"], Rules.Below(0)),
            new(
                "lai-utility-rises-with-users", "The provider's utility rises with the number of users.", "Section VI, Fig. 2(c)", "Least gain of the exact utility by one more user, from 2 to 6 users.",
                ["laiLeastGainByUser"], Rules.Above(0), "Exactly linear while capacity does not bind: the price does not depend on how many users there are."),
            new(
                "lai-unique-equilibrium", "The Stackelberg equilibrium is unique.", "Theorem 2", "Number of best prices in the catalogue's market lai2025/two-optima, which satisfies the theorem's assumptions on the users.",
                ["laiBestPrices"], quantities => quantities[0].Value > 1 ? Verdict.CannotHold : Verdict.Holds,
                "Users who buy nothing at high prices make the provider's utility lose its concavity; two prices can be equally good."),
            new(
                "lai-fit-is-similarity", "The fitted parameters give the SSIM over 120 to 160 steps.", "Section VI.A, Eq. (2)", "Least value of the printed curve over 120 to 160 steps, and its range there whatever γ; an SSIM is at most 1.",
                ["laiPrintedSimilarity", "laiSimilarityRange"], quantities => quantities[0].Low > 1 ? Verdict.CannotHold : quantities[1].High > 1 ? Verdict.NotSupported : Verdict.Holds,
                "The printed γ = 4891.89 contradicts the text, by which γ is negative; with it the curve lies near 4900, and no γ keeps it within an SSIM's [0, 1] from 120 to 160 steps."),
            new(
                "lai-steps-in-range", "Users buy between 120 and 160 steps.", "Section VI.A", "Steps of a user at the exact equilibrium, at costs of 1 and 5.", ["laiStepsAtCost1", "laiStepsAtCost5"],
                quantities => quantities.Count(steps => steps.Value is >= 120 and <= 160) switch { 2 => Verdict.Holds, 1 => Verdict.Partly, _ => Verdict.CannotHold },
                "The whole equilibrium lies outside the steps that the curve was fitted to."),
            .. Lai2025Learning.Claims,
        ]);

    private static Findings PriceOverCost(Conditions conditions)
    {
        var costs = Grid(1, 5, conditions.Of(17, 81));
        var prices = costs.Select(cost => conditions.Solve(WithCost(cost)).Price!.Value).ToImmutableArray();
        var learned = Lai2025Learning.OverCosts(conditions, WithCost, RandomUtility);
        return new()
        {
            Figures =
            [
                new(
                    "The exact price rises by half of the cost", new("Unit cost of a diffusion step", "money"), new("Price of a diffusion step", "money"),
                    [
                        new LineSeries("Stackelberg equilibrium (exact)", costs, prices) { Dashed = true }, .. learned.Prices,
                        new LineSeries("random, mean", [1, 5], [(1 + Default.Leader!.MaxPrice) / 2, (5 + Default.Leader.MaxPrice) / 2]),
                    ],
                    "Catalogue market lai2025/stackelberg-pricing with other costs. One policy for all costs, which are drawn in training and seen; means over seeds with 95 % intervals."),
            ],
            Quantities =
            [
                Quantity.Exact("laiLeastPriceSlope", "least slope of the exact price over the cost", "", Slopes(costs, prices).Min()),
                Quantity.Exact("laiStepsAtCost1", "steps of a user at the equilibrium, cost 1", "steps", conditions.Solve(WithCost(1)).Followers[0].Steps),
                Quantity.Exact("laiStepsAtCost5", "steps of a user at the equilibrium, cost 5", "steps", conditions.Solve(WithCost(5)).Followers[0].Steps),
                .. learned.OfPrices,
            ],
        };
    }

    private static Findings UtilityOverCost(Conditions conditions)
    {
        var costs = Grid(1, 5, conditions.Of(17, 81));
        var utilities = costs.Select(cost => conditions.Solve(WithCost(cost)).LeaderUtility!.Value).ToImmutableArray();
        var learned = Lai2025Learning.OverCosts(conditions, WithCost, RandomUtility);
        return new()
        {
            Figures =
            [
                new(
                    "The exact utility falls as the cost rises", new("Unit cost of a diffusion step", "money"), new("Provider's utility", "money"),
                    [
                        new LineSeries("Stackelberg equilibrium (exact)", costs, utilities) { Dashed = true }, .. learned.Utilities, new LineSeries("random, mean", costs, [.. costs.Select(RandomUtility)]),
                    ],
                    "Catalogue market lai2025/stackelberg-pricing with other costs. One policy for all costs, which are drawn in training and seen; means over seeds with 95 % intervals."),
            ],
            Quantities = [Quantity.Exact("laiLargestUtilitySlope", "largest slope of the exact utility over the cost", "", Slopes(costs, utilities).Max()), .. learned.OfUtilities],
        };
    }

    private static Findings UtilityOverUsers(Conditions conditions)
    {
        var (users, learned) = (Lai2025Learning.Users, Lai2025Learning.OverUsers(conditions));
        var utilities = users.Select(count => conditions.Solve(WithUsers((int)count)).LeaderUtility!.Value).ToImmutableArray();
        var bounded = users.Select(count => conditions.Solve(WithUsers((int)count) with { Leader = Default.Leader! with { CapacitySteps = 300 } }).LeaderUtility!.Value).ToImmutableArray();
        return new()
        {
            Figures =
            [
                new(
                    "Utility grows linearly until capacity binds", new("Number of users"), new("Provider's utility", "money"),
                    [
                        new LineSeries("Stackelberg equilibrium (exact)", users, utilities) { Markers = true, Dashed = true }, .. learned.Utilities,
                        new LineSeries("the same with a capacity of 300 steps (exact)", users, bounded) { Markers = true, Dashed = true },
                    ],
                    "All users with satisfaction 200; the capacity line is ours. What is observed depends on the number of users, so a policy was trained for each; means over seeds with 95 % intervals."),
            ],
            Quantities = [Quantity.Exact("laiLeastGainByUser", "least gain of the exact utility by one more user", "money", Slopes(users, utilities).Min()), .. learned.Quantities],
        };
    }

    private static Findings Capacity(Conditions conditions)
    {
        var capacities = Grid(40, 240, conditions.Of(21, 101));
        var answers = capacities.Select(capacity => conditions.Solve(Default with { Leader = Default.Leader! with { CapacitySteps = capacity } })).ToArray();
        var two = conditions.Solve(Market("lai2025/two-optima"));
        return new()
        {
            Figures =
            [
                new(
                    "The price is what sells exactly the capacity, until capacity no longer binds", new("Capacity", "steps"), new("Price of a diffusion step", "money"),
                    [new LineSeries("exact price", capacities, [.. answers.Select(answer => answer.Price!.Value)])]),
                new(
                    "Utility lost to scarcity", new("Capacity", "steps"), new("Provider's utility", "money"),
                    [
                        new LineSeries("exact utility", capacities, [.. answers.Select(answer => answer.LeaderUtility!.Value)]),
                        new ReferenceLine("without a limit", ReferenceDirection.Horizontal, conditions.Solve(Default).LeaderUtility!.Value),
                    ]),
            ],
            Quantities = [Quantity.Exact("laiBestPrices", "number of best prices in lai2025/two-optima", "", two.OptimalPrices.Length)],
            Remark = "The publication gives no capacity; these are ours.",
        };
    }

    private static Findings OptOut(Conditions conditions)
    {
        var market = Market("lai2025/opt-out");
        var intercepts = Grid(-8, -5, conditions.Of(16, 61));
        var (free, bound) = (intercepts.Select(gamma => conditions.Solve(With(gamma))).ToArray(), conditions.Solve(market with { Participation = Participation.Mandatory }));
        return new()
        {
            Figures =
            [
                new(
                    "Users who may stay away hold the price down", new("Intercept γ of the quality curve"), new("Price of a diffusion step", "money"),
                    [
                        new LineSeries("may stay away (exact)", intercepts, [.. free.Select(answer => answer.Price!.Value)]), new ReferenceLine("must buy 120 steps (exact)", ReferenceDirection.Horizontal, bound.Price!.Value),
                        new ReferenceLine("γ that puts SSIM between 0 and 1", ReferenceDirection.Vertical, Intercept),
                    ]),
                new(
                    "and leave the provider what they gain", new("Intercept γ of the quality curve"), new("Provider's utility", "money"),
                    [new LineSeries("may stay away (exact)", intercepts, [.. free.Select(answer => answer.LeaderUtility!.Value)]), new ReferenceLine("must buy 120 steps (exact)", ReferenceDirection.Horizontal, bound.LeaderUtility!.Value)]),
            ],
            Remark = "Catalogue market lai2025/opt-out: steps between 120 and 160 as printed. Without a right to stay away users must buy 120 steps at any price, and the highest price is best.",
        };

        StackelbergPricingMarket With(double intercept) => market with { Quality = market.Quality! with { Intercept = intercept } };
    }

    private static Findings Similarity(Conditions conditions)
    {
        ImmutableArray<double> steps = [.. Enumerable.Range(0, 41).Select(i => 120.0 + i)], shown = [.. Enumerable.Range(0, 10).Select(i => 120 + (40.0 * i / 9))];
        var curve = Default.Quality ?? new();
        var samples = Enumerable.Range(0, conditions.Seeds).Select(Sample).ToArray();
        var fits = samples.Select(sample => CurveFit.Fit(CurveModel.Quadratic, sample)).ToArray();
        ImmutableArray<double> values = [.. steps.Select(s => fits[0].Evaluate(0, s))], errors = [.. steps.Select(s => 1.96 * fits[0].StandardErrorAt(0, s))];
        var rows = fits[0].Parameters.Select((parameter, k) => (parameter, Mean: Quantity.Mean("", "", "", [.. fits.Select(fit => fit.Parameters[k].Value)])));
        var measured = Measured();
        return new()
        {
            Figures =
            [
                new(
                    "A quadratic through data drawn about the published curve", new("Diffusion steps"), new("SSIM"),
                    [
                        new ScatterSeries("data, ten points", shown, [.. samples[0].Select(point => point.Quality)]),
                        new LineSeries("fit", steps, values) { Low = [.. values.Zip(errors, (value, error) => value - error)], High = [.. values.Zip(errors, (value, error) => value + error)] },
                        new LineSeries("published curve, γ = −6.55", steps, [.. steps.Select(At)]) { Dashed = true },
                    ],
                    "Seed 0; not the paper's data, which are not public. The band is the 95 % interval of the curve."),
                new(
                    "Measured on the embedded generator: two steps, and no rise after", new("Diffusion steps"), new("SSIM"),
                    [
                        .. measured.GroupBy(point => point.Level).Select(level => new LineSeries(
                            FormattableString.Invariant($"level {level.Key}"), [.. level.Select(point => point.Steps)], [.. level.Select(point => point.Quality)])
                        { Markers = true }),
                    ],
                    "Inpainting with one resampling, 100 images a point: docs/measured/inpaint-ssim.csv, made by menuet measure."),
            ],
            Tables =
            [
                new(
                    "Parameters of Eq. (2)", [new("parameter"), new("printed"), new("drawn about"), new("fitted, mean over seeds"), new("low"), new("high")],
                    [
                        .. rows.Select((row, k) => (ImmutableArray<object?>)
                        [
                            row.parameter.Name, new[] { curve.Curvature, curve.Slope, PrintedIntercept }[k], new[] { curve.Curvature, curve.Slope, Intercept }[k], row.Mean.Value,
                            double.IsFinite(row.Mean.Low) ? row.Mean.Low : null, double.IsFinite(row.Mean.High) ? row.Mean.High : null,
                        ]),
                    ]),
            ],
            Quantities =
            [
                Quantity.Exact("laiPrintedSimilarity", "least value of the printed curve over 120 to 160 steps", "", steps.Min(At) - Intercept + PrintedIntercept),
                Quantity.Exact("laiSimilarityRange", "range of the printed curve over 120 to 160 steps", "", steps.Max(At) - steps.Min(At)),
            ],
            Remark = "Ten points of the published curve with normal noise of deviation 0.01 (ours). Ten points over a range this short hardly determine a parabola: its parameters compensate one another.",
        };

        double At(double s) => (curve.Curvature * s * s) + (curve.Slope * s) + Intercept;

        ImmutableArray<QualityPoint> Sample(int seed)
        {
            var rng = Rng.Stream((ulong)seed, 1);
            return [.. shown.Select(s => new QualityPoint(0, s, At(s) + (Noise * rng.NextNormal())))];
        }
    }

    private static ImmutableArray<QualityPoint> Measured()
    {
        using var reader = new StreamReader(typeof(Lai2025).Assembly.GetManifestResourceStream("measured/inpaint-ssim.csv")!);
        return QualityCsv.Read(reader, CurveModel.LogLinear);
    }

    /// <summary>Mean utility of a price drawn evenly between cost and highest price, by the midpoint rule.</summary>
    private static double RandomUtility(double cost)
    {
        const int Points = 2000;
        var (curve, highest) = (Default.Quality ?? new(), Default.Leader!.MaxPrice);
        return Enumerable.Range(0, Points).Select(i => cost + ((highest - cost) * (i + 0.5) / Points)).Average(price =>
            (price - cost) * Default.Followers.Sum(follower => follower.Count * Math.Max(0, ((price / follower.Satisfaction) - curve.Slope) / (2 * curve.Curvature))));
    }

    private static Findings Oligopoly(Conditions conditions)
    {
        int[] counts = [1, 2, 3, 5, 8];
        var rows = counts.Select(count =>
        {
            var answer = conditions.Solve(Market($"lai2025/oligopoly-{count}"));
            return (Count: count, Price: answer.Leaders.Average(leader => leader.Price), Utility: answer.Leaders.Sum(leader => leader.Utility ?? double.NaN), Epsilon: answer.EpsilonNash);
        }).ToArray();
        return new()
        {
            Figures =
            [
                new(
                    "Competition lowers the price towards cost", new("Number of providers"), new("Mean price of a diffusion step", "money"),
                    [new LineSeries("logit-Bertrand equilibrium", [.. rows.Select(row => (double)row.Count)], [.. rows.Select(row => row.Price)]) { Markers = true }]),
            ],
            Tables =
            [
                new(
                    "Equilibria of competing providers", [new("providers"), new("mean price", "money"), new("utility of all providers", "money"), new("largest gain by deviating", "money")],
                    [.. rows.Select(row => (ImmutableArray<object?>)[row.Count, row.Price, row.Utility, row.Epsilon])]),
            ],
            Remark = "Several providers are the extension that the publication leaves to future work.",
        };
    }

    private static StackelbergPricingMarket WithCost(double cost) => Default with { Leader = Default.Leader! with { UnitCost = cost } };

    private static StackelbergPricingMarket WithUsers(int count) => Default with { Followers = [.. Enumerable.Repeat(Default.Followers[0], count)] };

    internal static StackelbergPricingAnswer Solve(this Conditions conditions, StackelbergPricingMarket market) => conditions.InUse(StackelbergPricingMechanism.Door).Answer(market, new(), CancellationToken.None);

    private static StackelbergPricingMarket Market(string name) => StackelbergPricingMechanism.Door.Read(Catalog.Market(name));

    private static ImmutableArray<double> Grid(double from, double to, int count) => [.. Enumerable.Range(0, count).Select(i => from + ((to - from) * i / (count - 1)))];

    private static IEnumerable<double> Slopes(ImmutableArray<double> x, ImmutableArray<double> y) => Enumerable.Range(1, x.Length - 1).Select(i => (y[i] - y[i - 1]) / (x[i] - x[i - 1]));
}
