using System.Collections.Immutable;
using Menuet.Figures;
using Menuet.Fitting;
using Menuet.Mechanisms.LatencyContract;
using Menuet.Mechanisms.QualityContract;
using Menuet.Mechanisms.TwoStageContract;

namespace Menuet.Experiments.Papers;

/// <summary>Ye et al., first stage: the quality curve, the menu, and what prompt optimisation adds to both.</summary>
internal static class YeQuality
{
    private const int Levels = 8;
    private const int MostSteps = 20;

    /// <summary>Of one point of Fig. 2(a): 100 images whose scores deviate by 0.5 each. Ours; the paper gives no spread.</summary>
    private const double Noise = 0.05;

    private static readonly ImmutableArray<int> ShownInFit = [0, 2, 7], ShownInProbability = [0, 1, 2, 4, 7];

    private static readonly ImmutableArray<string> QualityMarkets = ["ye/quality-contract", "ye/fig9-exact", "ye/quality-exclusion"];
    private static readonly ImmutableArray<string> LatencyMarkets = ["ye/latency-contract-group-1", "ye/latency-contract-group-2"];

    private static readonly Axis Steps = new("Number of diffusion denoising steps"), Level = new("Level of prompt optimization");
    private static readonly Axis QualityAxis = new("Quality of image generation", "points");

    internal static Findings Fit(Conditions conditions)
    {
        ImmutableArray<double> steps = [.. Enumerable.Range(1, MostSteps)], levels = [.. Enumerable.Range(0, Levels)];
        var curves = Enumerable.Range(0, conditions.Seeds).Select(seed => CurveFit.Fit(CurveModel.LogLinear, Sample(seed))).ToArray();
        var deviations = curves.Select(curve => Grid().Max(point => Math.Abs(curve.Evaluate(point.Level, point.Steps) - YeMarkets.A(point.Level, point.Steps)))).ToArray();
        var (rows, printed) = (ImmutableArray.CreateBuilder<ImmutableArray<object?>>(), YeMarkets.Quality.QualityModel.Rho);
        for (var k = 0; k < printed.Length; k++)
        {
            var estimate = Quantity.Mean(curves[0].Parameters[k].Name, "", "", [.. curves.Select(curve => curve.Parameters[k].Value)]);
            rows.Add([curves[0].Parameters[k].Name, printed[k], estimate.Value, estimate.Low, estimate.High, curves[0].Parameters[k].StandardError]);
        }

        var lines = ImmutableArray.CreateBuilder<Series>();
        foreach (var level in ShownInFit)
        {
            ImmutableArray<double> errors = [.. steps.Select(s => 1.96 * curves[0].StandardErrorAt(level, s))], values = [.. steps.Select(s => curves[0].Evaluate(level, s))];
            lines.Add(new LineSeries($"fit, level {level}", steps, values)
            {
                Low = [.. values.Zip(errors, (value, error) => value - error)],
                High = [.. values.Zip(errors, (value, error) => value + error)],
            });
            lines.Add(new LineSeries($"published curve, level {level}", steps, [.. steps.Select(s => YeMarkets.A(level, s))]) { Dashed = true });
        }

        return new()
        {
            Figures =
            [
                new(
                    "Data drawn about the published curve", Steps, Level, [new HeatMapSeries("", steps, levels, [.. curves[0].Points.Select(point => point.Quality)], QualityAxis)],
                    "Seed 0; the paper's own measurements are not public."),
                new("The curve fitted to them", Steps, Level, [new HeatMapSeries("", steps, levels, [.. curves[0].Fitted], QualityAxis)]),
                new("The fit finds the published curve again", Steps, QualityAxis, lines.ToImmutable(), "Seed 0; bands are 95 % intervals of the curve."),
            ],
            Tables =
            [
                new(
                    "Parameters of Eq. (35)",
                    [new("parameter"), new("printed"), new("fitted, mean over seeds"), new("low"), new("high"), new("standard error of one fit")], rows.ToImmutable()),
            ],
            Quantities =
            [
                Quantity.Mean("yeFitDeviation", "largest distance of the fitted from the published curve", "points", deviations),
                Quantity.Exact("yeStepsRaise", "share of one-step increases within 4 to 20 steps that raise the printed curve", "", RaisedSteps(YeMarkets.A)),
                Quantity.Exact("yeLevelRaises", "share of one-level increases from 0 to 7 that raise the printed curve", "", Share(Enumerable.Range(0, Levels - 1), l => YeMarkets.A(l + 1, 10) > YeMarkets.A(l, 10))),
                Quantity.Exact("yeLevelHurts", "least level at which the printed curve is below that without prompt optimisation", "", Enumerable.Range(1, Levels).First(l => YeMarkets.A(l, 10) < YeMarkets.A(0, 10))),
                Quantity.Exact(
                    "yeThreeStepsBelow", "share of items with 1 to 3 steps and levels 0 to 7 below quality 5.0", "",
                    Share(Enumerable.Range(0, 3 * Levels), i => YeMarkets.A(i / 3, 1 + (i % 3)) < YeMarkets.Threshold)),
                Quantity.Exact(
                    "yeExamplesBelow", "share of the items (5, 3) and (5, 2) below 4.5 and (7, 1) below 5.0", "",
                    Share([(5, 3, 4.5), (5, 2, 4.5), (7, 1, 5.0)], item => YeMarkets.A(item.Item1, item.Item2) < item.Item3)),
            ],
            Remark = "Not the paper's data: 160 points (levels 0 to 7, 1 to 20 steps) of the published curve with normal noise of deviation 0.05. "
                + "The curve is found again to a few hundredths of a point, ρ1 to ρ3 are not: over eight levels they compensate one another. "
                + "Your own measurements: menuet fit.",
        };
    }

    internal static Findings Probability(Conditions conditions)
    {
        ImmutableArray<double> steps = [.. Enumerable.Range(1, MostSteps)], levels = [0, 1, 2, 3, 4, 5, 6, 7];
        var value = new Axis("Probability that quality exceeds 5.0");
        return new()
        {
            Figures =
            [
                new(
                    "Success is likely only after a few steps", Steps, Level,
                    [new HeatMapSeries("", steps, levels, [.. levels.SelectMany(l => steps.Select(s => YeMarkets.Success((int)l, (int)s)))], value)]),
                new(
                    "Two levels of prompt optimisation lift the probability most, seven lower it", Steps, value,
                    [.. ShownInProbability.Select(l => new LineSeries($"level {l}", steps, [.. steps.Select(s => YeMarkets.Success(l, (int)s))]))]),
            ],
            Quantities =
            [
                Quantity.Exact(
                    "yeProbabilityRaises", "share of one-step and one-level increases within levels 0 to 3 and 4 to 20 steps that raise the probability", "",
                    ((4 * 16 * RaisedSteps((l, s) => YeMarkets.Success((int)l, (int)s)))
                        + (3 * 17 * Share(Enumerable.Range(0, 3), l => YeMarkets.Success(l + 1, 10) > YeMarkets.Success(l, 10)))) / ((4 * 16) + (3 * 17))),
                Quantity.Exact("yeSuccessRatio", "probability at (2, 17) over that at (0, 17), less 1", "", (YeMarkets.Success(2, 17) / YeMarkets.Success(0, 17)) - 1),
            ],
            Remark = "The paper plots frequencies and prints no formula. Ours: 1 / (1 + exp(−(A − 5) / 0.106)), the spread chosen so that Fig. 12's gain of 22 % comes out.",
        };
    }

    internal static Findings Utilities(Conditions conditions)
    {
        var answer = conditions.Solve(YeMarkets.Quality);
        var menu = answer.Menu;
        return new()
        {
            Figures =
            [
                new(
                    "Nobody gains by the other type's item", new("Quality contract item"), new("Utility of user", "money"),
                    [
                        .. YeMarkets.Quality.Types.Select((type, i) => new BarSeries(
                            $"user of {YeMarkets.Types[i]}", [.. YeMarkets.Types.Select(name => $"for {name}")], [.. menu.Select(item => YeMarkets.Clean((type.Gain * item.Quality!.Value) - item.Payment))])),
                    ],
                    "Exact menu of the catalogue's market ye/quality-contract. The upper type is indifferent: otherwise it could be charged more."),
            ],
            Quantities =
            [
                Quantity.Exact("yeOptimum", "exact optimum of the default market", "money", answer.Objective!.Value),
                Quantity.Exact("yeRent", "utility of the upper type", "money", menu[1].UserUtility!.Value),
                Quantity.Exact("yeOwnItemMargin", "least loss of a user who takes the other type's item", "money", answer.IcSlackMin!.Value),
            ],
        };
    }

    internal static Findings Items(Conditions conditions)
    {
        var menu = conditions.Solve(YeMarkets.Quality).Menu;
        var near = conditions.Solve(YeMarkets.QualityMarket("ye/fig9-nearest")).Menu;
        var exact = conditions.Solve(YeMarkets.QualityMarket("ye/fig9-exact")).Menu;
        var top = YeMarkets.Quality with { Types = [new() { Gain = 400, Probability = 1, CostPerLevel = 1, CostPerStep = 1 }] };
        return new()
        {
            Figures =
            [
                Chart("Steps", "Number of diffusion denoising steps", "", item => item.Steps),
                Chart("Levels", "Level of prompt optimization", "", item => item.Level),
                Chart("Payments", "Reward for ASP", "money", item => item.Payment),
            ],
            Tables =
            [
                new(
                    "Menus", [new("market"), new("type"), new("level"), new("steps"), new("quality", "points"), new("payment", "money")],
                    [.. Rows("ye/quality-contract", menu), .. Rows("ye/fig9-nearest", near), .. Rows("ye/fig9-exact", exact)]),
            ],
            Quantities = [Quantity.Exact("yeStepsBound", "most steps that any type within the printed ranges is sold: gain 400, cost 1 per step", "", conditions.Solve(top).Menu[0].Steps)],
            Remark = "The paper's state is unknown; gains 200 and 290 give its first item, (1, 13). Steps rise with a type's virtual value, at most its gain, and fall with its cost, "
                + "so the largest gain and least cost bound them. (2, 17) of Fig. 9 needs a cost of 0.15 per step, below the printed [1, 10]: ye/fig9-exact.",
        };

        Figure Chart(string what, string label, string unit, Func<QualityItem, double> value) => new(
            $"{what} by type", new("Type of gain per quality"), new(label, unit),
            [new BarSeries("exact menu", YeMarkets.Types, [.. menu.Select(value)])]);

        static IEnumerable<ImmutableArray<object?>> Rows(string market, ImmutableArray<QualityItem> menu) =>
            menu.Select(item => (ImmutableArray<object?>)[market, item.Type, item.Level, item.Steps, item.Quality, item.Payment]);
    }

    internal static Findings Prompt(Conditions conditions)
    {
        var (with, without) = (conditions.Solve(YeMarkets.Quality), conditions.Solve(YeMarkets.WithoutPrompt(YeMarkets.Quality)));
        var (better, plain) = (with.Menu, without.Menu);
        var users = YeMarkets.Quality.Users;
        return new()
        {
            Figures =
            [
                Chart("The provider earns more", "ASP utility", "money", Profit),
                Chart("The upper type keeps more; the lower keeps nothing", "Users' utility", "money", item => YeMarkets.Clean(item.UserUtility!.Value)),
                Chart("Quality rises", "Quality of the diffusion denoising result", "points", item => item.Quality!.Value),
            ],
            Quantities =
            [
                Quantity.Exact("yeAspGain", "exact optimum with less without prompt optimisation", "money", with.Objective!.Value - without.Objective!.Value),
                Quantity.Exact("yeAspGainShare", "the same as a share", "", (with.Objective.Value / without.Objective.Value) - 1),
                Quantity.Exact("yeUserGain1", "utility gained by a user of type 1", "money", better[0].UserUtility!.Value - plain[0].UserUtility!.Value),
                Quantity.Exact("yeUserGain2", "utility gained by a user of type 2", "money", better[1].UserUtility!.Value - plain[1].UserUtility!.Value),
                Quantity.Exact("yeQualityGain1", "share by which type 1's quality rises", "", (better[0].Quality!.Value / plain[0].Quality!.Value) - 1),
                Quantity.Exact("yeQualityGain2", "share by which type 2's quality rises", "", (better[1].Quality!.Value / plain[1].Quality!.Value) - 1),
                Quantity.Exact("yeQualityGainBound", "largest gain by prompts at any equal number of steps from 4 to 20", "", Enumerable.Range(4, 17).Max(s => (Enumerable.Range(0, 4).Max(l => YeMarkets.A(l, s)) / YeMarkets.A(0, s)) - 1)),
                Quantity.Exact("yeGainAtSeventeen", "least gain of (2, 17) over any item without prompts", "", (YeMarkets.A(2, 17) / Enumerable.Range(4, 17).Max(s => YeMarkets.A(0, s))) - 1),
                Quantity.Exact(
                    "yeHigherTypeMore", "share of ASP utility, user utility and quality that rise with the type", "",
                    Share([Profit(better[1]) > Profit(better[0]), better[1].UserUtility > better[0].UserUtility + 1e-9, better[1].Quality > better[0].Quality], rises => rises)),
            ],
            Remark = "The curve is a sum of a part in l and a part in s, so the best s does not depend on l and the gain in quality is that of l alone: at most 4.42 % from 4 steps on.",
        };

        double Profit(QualityItem item) => users * item.Probability!.Value * (item.Payment - item.ProviderCost!.Value);

        Figure Chart(string title, string label, string unit, Func<QualityItem, double> value) => new(
            title, new("Type of gain per quality"), new(label, unit),
            [
                new BarSeries("without prompt optimisation (exact)", YeMarkets.Types, [.. plain.Select(value)]),
                new BarSeries("with prompt optimisation (exact)", YeMarkets.Types, [.. better.Select(value)]),
            ]);
    }

    internal static Findings Draws(Conditions conditions)
    {
        var each = conditions.Of(150, 4000);
        var door = conditions.InUse(QualityContractMechanism.Door);
        var reference = door.SolverList.Single(solver => solver.Name == "reference");
        string[] schemes = ["contract", "completeInformation", "uniform", "noPromptOptimisation"];
        var found = new List<Draw>();
        for (var seed = 0; seed < conditions.Seeds; seed++)
        {
            var rng = Rng.Stream((ulong)seed, 2);
            for (var i = 0; i < each; i++)
            {
                conditions.Cancellation.ThrowIfCancellationRequested();
                var market = YeMarkets.DrawQuality(ref rng);
                var solution = door.SolverList[0].Solve(market, new(), conditions.Cancellation);
                var answer = door.Describe(market, solution);
                var plain = conditions.Solve(YeMarkets.WithoutPrompt(market)).Menu;
                var excluding = conditions.Solve(market with { AllowExclusion = true });
                var compared = door.Schemes(market, new(), conditions.Cancellation);
                var scale = 1e-9 * (1 + Math.Abs(answer.Objective!.Value));
                found.Add(new(
                    [.. schemes.Select(name => compared.Schemes.Single(scheme => scheme.Name == name).Objective!.Value), excluding.Objective!.Value],
                    answer.Menu,
                    [.. answer.Menu.Zip(plain, (better, item) => (better.Quality!.Value / item.Quality!.Value) - 1)],
                    excluding.Menu[0].Excluded,
                    door.Audit(market, answer, new()).Holds,
                    solution.Termination == Termination.Optimal && Math.Abs(solution.Bound - answer.Objective.Value) <= scale
                        && (i >= 20 || Math.Abs(door.Describe(market, reference.Solve(market, new(), conditions.Cancellation)).Objective!.Value - answer.Objective.Value) <= scale)));
            }

            conditions.Progress((seed + 1.0) / conditions.Seeds);
        }

        Quantity Mean(string name, string meaning, string unit, Func<Draw, double> value) => Quantity.Mean(name, meaning, unit, [.. found.Select(value)]);
        ImmutableArray<Quantity> means =
        [
            Mean("yeMeanContract", "mean exact optimum, everybody served", "money", draw => draw.Values[0]),
            Mean("yeMeanComplete", "mean optimum when types are known", "money", draw => draw.Values[1]),
            Mean("yeMeanUniform", "mean optimum of one item for all", "money", draw => draw.Values[2]),
            Mean("yeMeanNoPrompt", "mean exact optimum without prompt optimisation", "money", draw => draw.Values[3]),
            Mean("yeMeanExclusion", "mean exact optimum when types may be left out", "money", draw => draw.Values[4]),
        ];
        ImmutableArray<string> names = ["contract", "types known", "one item for all", "no prompts", "with exclusion"];
        return new()
        {
            Figures =
            [
                new(
                    "Leaving low types out is worth more than the whole rest of the design", new("Scheme"), new("ASP utility, mean over states", "money"),
                    [new BarSeries("exact", names, [.. means.Select(mean => mean.Value)]) { Low = [.. means.Select(mean => mean.Low)], High = [.. means.Select(mean => mean.High)] }]),
                new(
                    "Neither 8 % nor 2 %: what prompts add to quality", new("Share by which quality rises"), new("Share of states"),
                    [
                        StepSeries.Ecdf("type 1", found.Select(draw => draw.Gains[0])), StepSeries.Ecdf("type 2", found.Select(draw => draw.Gains[1])),
                        new ReferenceLine("claimed for type 1", ReferenceDirection.Vertical, 0.08), new ReferenceLine("claimed for type 2", ReferenceDirection.Vertical, 0.02),
                    ]),
            ],
            Tables =
            [
                new("Schemes over random states", [new("scheme"), new("mean", "money"), new("low", "money"), new("high", "money"), new("share of the contract")],
                    [.. means.Select((mean, i) => (ImmutableArray<object?>)[names[i], mean.Value, mean.Low, mean.High, mean.Value / means[0].Value])]),
            ],
            Quantities =
            [
                .. means,
                Mean("yeExclusionGain", "mean gain by permission to leave types out", "money", draw => draw.Values[4] - draw.Values[0]),
                Mean("yeExcludedShare", "share of states in which type 1 is left out", "", draw => draw.Excluded ? 1 : 0),
                Mean("yePromptGain", "mean gain by prompt optimisation", "money", draw => draw.Values[0] - draw.Values[3]),
                Mean("yeMeanQualityGain1", "mean share by which type 1's quality rises", "", draw => draw.Gains[0]),
                Mean("yeMeanQualityGain2", "mean share by which type 2's quality rises", "", draw => draw.Gains[1]),
                Exact("yeLargestQualityGain", "largest share by which a quality rises in any state", found.Max(draw => draw.Gains.Max())),
                Exact("yeMostSteps", "most steps sold in any state", found.Max(draw => draw.Menu.Max(item => item.Steps))),
                Exact("yeAuditShare", "share of states whose menu passes every check", Share(found, draw => draw.Audited)),
                Exact("yeSolvedShare", "share of states solved to the proven optimum, 20 a seed checked by enumeration", Share(found, draw => draw.Proven)),
                Exact("yePaymentsRise", "share of states in which the higher type pays no less", Share(found, draw => draw.Menu[1].Payment >= draw.Menu[0].Payment - 1e-9)),
                Exact("yeItemsRise", "share of states in which the higher type gets no fewer steps and no lower level", Share(found, draw => draw.Menu[1].Steps >= draw.Menu[0].Steps && draw.Menu[1].Level >= draw.Menu[0].Level)),
            ],
            Remark = "States from Section VI.C with levels 0 to 3 and 4 to 20 steps (the two printed ranges are swapped) and normalised probabilities.",
        };

        Quantity Exact(string name, string meaning, double value) => new(name, meaning, "", value, value, value, found.Count);
    }

    internal static Findings Schemes(Conditions conditions)
    {
        (string Name, Comparison Comparison)[] compared =
        [
            .. QualityMarkets.Select(name => (name, conditions.InUse(QualityContractMechanism.Door).Schemes(YeMarkets.QualityMarket(name), new(), conditions.Cancellation))),
            .. LatencyMarkets.Select(name => (name, conditions.InUse(LatencyContractMechanism.Door).Schemes(YeMarkets.LatencyMarket(name), new(), conditions.Cancellation))),
            ("ye/two-stage-contract", conditions.InUse(TwoStageContractMechanism.Door).Schemes(TwoStageContractMechanism.Door.Read(Catalog.Market("ye/two-stage-contract")), new(), conditions.Cancellation)),
        ];
        ImmutableArray<string> schemes = ["completeInformation", "uniform", "noPromptOptimisation"];
        ImmutableArray<string> markets = [.. compared.Select(item => item.Name)];
        Scheme Of(Comparison comparison, string name) => comparison.Schemes.Single(scheme => scheme.Name == name);
        return new()
        {
            Figures =
            [
                new(
                    "One price for all is nearly optimal for quality, not for latency", new("Market"), new("Share of the exact contract"),
                    [
                        .. schemes.Select(name => new BarSeries(name, markets, [.. compared.Select(item => item.Comparison.ShareOf(Of(item.Comparison, name)))])),
                        new ReferenceLine("exact contract", ReferenceDirection.Horizontal, 1),
                    ]),
            ],
            Tables =
            [
                new(
                    "Objectives", [new("market"), new("contract", "money"), .. schemes.Select(name => new Column(name, "money"))],
                    [.. compared.Select(item => (ImmutableArray<object?>)[item.Name, Of(item.Comparison, "contract").Objective, .. schemes.Select(name => (object?)Of(item.Comparison, name).Objective)])]),
            ],
            Quantities =
            [
                Quantity.Exact("yeUniformShareQuality", "one item for all as a share of the exact quality contract", "", compared[0].Comparison.ShareOf(Of(compared[0].Comparison, "uniform"))),
                Quantity.Exact("yeUniformShareLatency", "one item for all as a share of the exact latency contract, group 1", "", compared[3].Comparison.ShareOf(Of(compared[3].Comparison, "uniform"))),
            ],
            Remark = "Catalogue markets. The paper compares learners only, with no exact optimum and no simple scheme.",
        };
    }

    internal static Findings Exclusion(Conditions conditions)
    {
        var count = conditions.Of(25, 200);
        ImmutableArray<double> gains = [.. Enumerable.Range(0, count).Select(i => 1 + (199.0 * i / (count - 1)))];
        QualityMarket Of(double gain, bool exclude) => YeMarkets.Quality with { AllowExclusion = exclude, Types = [YeMarkets.Quality.Types[0] with { Gain = gain }, YeMarkets.Quality.Types[1]] };
        ImmutableArray<double> served = [.. gains.Select(gain => conditions.Solve(Of(gain, false)).Objective!.Value)];
        ImmutableArray<double> choice = [.. gains.Select(gain => conditions.Solve(Of(gain, true)).Objective!.Value)];
        return new()
        {
            Figures =
            [
                new(
                    "Below some gain, serving type 1 costs more in rent than it brings", new("Gain per quality of type 1", "money/point"), new("ASP utility", "money"),
                    [new LineSeries("everybody served (exact)", gains, served), new LineSeries("types may be left out (exact)", gains, choice) { Dashed = true }],
                    "ye/quality-contract with other gains of type 1; type 2 has 290."),
            ],
            Quantities = [Quantity.Exact("yeExclusionUpTo", "largest gain of type 1 on the grid at which it is left out", "money/point", gains.Where((_, i) => choice[i] > served[i] + 1e-6).DefaultIfEmpty(0).Max())],
            Remark = "The paper serves every type.",
        };
    }

    /// <summary>160 points of the published curve with noise, row by row of levels.</summary>
    private static ImmutableArray<QualityPoint> Sample(int seed)
    {
        var rng = Rng.Stream((ulong)seed, 1);
        return [.. Grid().Select(point => new QualityPoint(point.Level, point.Steps, YeMarkets.A(point.Level, point.Steps) + (Noise * rng.NextNormal())))];
    }

    private static IEnumerable<(int Level, int Steps)> Grid() => Enumerable.Range(0, Levels).SelectMany(l => Enumerable.Range(1, MostSteps).Select(s => (l, s)));

    private static double RaisedSteps(Func<double, double, double> curve) => Share(Enumerable.Range(4, 16), s => curve(1, s + 1) > curve(1, s));

    private static double Share<T>(IEnumerable<T> cases, Func<T, bool> holds) => cases.Average(item => holds(item) ? 1.0 : 0.0);

    private sealed record Draw(ImmutableArray<double> Values, ImmutableArray<QualityItem> Menu, ImmutableArray<double> Gains, bool Excluded, bool Audited, bool Proven);
}
