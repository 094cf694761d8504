using System.Collections.Immutable;
using Menuet.Figures;

namespace Menuet.Tests.Figures;

/// <summary>One figure of each sort, as the goldens show them.</summary>
internal static class SampleFigures
{
    internal static readonly ImmutableArray<(string Name, Figure Figure)> All =
    [
        ("lines", Lines()), ("learning", Learning()), ("scatter", Scatter()), ("bars", Bars()), ("bars-slanted", SlantedBars()),
        ("heat-map", HeatMap()), ("ecdf", Ecdf()), ("many", Many()), ("one-point", OnePoint()), ("constant", Constant()), ("empty", Empty()),
        ("gaps", Gaps()), ("fixed-ends", FixedEnds()), ("narrow", Narrow()),
    ];

    private static double Quality(double level, double steps) =>
        (9.7417 * Math.Log((0.0978 * level) + 1)) - (0.7647 * level) + (0.5158 * Math.Log((3497.8463 * steps) + 1)) - (0.0307 * steps);

    private static ImmutableArray<double> Range(double from, double to, int count) =>
        [.. Enumerable.Range(0, count).Select(i => from + ((to - from) * i / Math.Max(1, count - 1)))];

    private static ImmutableArray<double> Of(ImmutableArray<double> x, Func<double, double> f) => [.. x.Select(f)];

    private static Figure Lines()
    {
        var steps = Range(4, 20, 17);
        var series = Enumerable.Range(0, 4).Select(Series (l) => new LineSeries($"level {l}", steps, Of(steps, s => Quality(l, s))) { Markers = true });
        return new Figure("Quality rises with steps and falls beyond its peak", new Axis("Denoising steps"), new Axis("Quality", "NIMA points"),
            [.. series, new ReferenceLine("threshold", ReferenceDirection.Horizontal, 5)], "Ye et al., Eq. (35) with the printed coefficients.");
    }

    private static Figure Learning()
    {
        var updates = Range(0, 2_000_000, 81);
        LineSeries Curve(string name, double rate, double top) => new(name, updates, Of(updates, u => top * (1 - Math.Exp(-rate * u / 1e5))))
        {
            Low = Of(updates, u => top * (1 - Math.Exp(-rate * u / 1e5)) - 1500 * Math.Exp(-u / 6e5) - 200),
            High = Of(updates, u => top * (1 - Math.Exp(-rate * u / 1e5)) + 1500 * Math.Exp(-u / 6e5) + 200),
        };
        return new Figure("The policy closes on the exact optimum", new Axis("Environment steps"), new Axis("Profit", "money"),
            [Curve("diffusion actor", 0.45, 20700), Curve("Gaussian actor", 0.25, 20100), new ReferenceLine("exact optimum", ReferenceDirection.Horizontal, 20817.5736)],
            "Mean of 10 seeds; the band is one standard deviation. Exact optimum by dynamic programming.");
    }

    private static Figure Scatter()
    {
        var x = Of(Range(0, 6, 40), e => Math.Pow(10, e));
        return new Figure("Time grows linearly with the number of types", new Axis("Types", "", AxisScale.Logarithmic), new Axis("Time", "s", AxisScale.Logarithmic),
            [
                new ScatterSeries("ironing", x, Of(x, n => 2e-8 * n * (1 + 0.4 * Math.Sin(7 * Math.Log(n + 1))) + 1e-7)),
                new ScatterSeries("dynamic programme", x, Of(x, n => 9e-7 * n * (1 + 0.3 * Math.Cos(5 * Math.Log(n + 1))))),
                new LineSeries("one sort", x, Of(x, n => 7e-9 * n * Math.Log(n + 2) + 5e-8)) { Dashed = true },
            ]);
    }

    private static Figure Bars()
    {
        ImmutableArray<string> schemes = ["contract", "complete information", "uniform", "no prompt optimisation"];
        return new Figure("What each scheme earns", new Axis("Scheme"), new Axis("Profit", "money"),
            [
                new BarSeries("low types", schemes, [8200, 10100, 8150, 7900]) { Low = [7900, 9800, 7900, 7600], High = [8500, 10400, 8400, 8200] },
                new BarSeries("high types", schemes, [12617.57, 15525.3, 12655, -1200]) { Low = [12000, 15000, 12000, -1600], High = [13000, 16000, 13100, -800] },
            ]);
    }

    private static Figure SlantedBars()
    {
        ImmutableArray<string> names = [.. Enumerable.Range(1, 18).Select(i => $"mechanism number {i} of many")];
        return new Figure("Welfare by mechanism", new Axis(""), new Axis("Share of the optimum", "%"),
            [new BarSeries("welfare", names, [.. Enumerable.Range(1, 18).Select(i => 100 - (2.5 * i))])]);
    }

    private static Figure HeatMap()
    {
        var (x, y) = (Range(1, 20, 20), Range(0, 10, 11));
        var values = y.SelectMany(l => x.Select(s => Quality(l, s) < 3.8 ? double.NaN : Quality(l, s))).ToImmutableArray();
        return new Figure("Quality over prompt level and steps", new Axis("Denoising steps"), new Axis("Prompt level"),
            [
                new HeatMapSeries("quality", x, y, values, new Axis("Quality", "NIMA points")),
                new ScatterSeries("integer optimum", [17], [3]),
                new LineSeries("best level", Range(1, 20, 20), [.. Enumerable.Repeat(2.51, 20)]) { Dashed = true },
            ]);
    }

    private static Figure Ecdf() => new("Regret against the exact optimum", new Axis("Regret", "money"), new Axis("Share of markets"),
        [
            StepSeries.Ecdf("diffusion", Range(0, 1, 40).Select(u => -30 * Math.Log(1 - (0.97 * u)))),
            StepSeries.Ecdf("Gaussian", Range(0, 1, 40).Select(u => -55 * Math.Log(1 - (0.97 * u)))),
        ], "Empirical distribution over 40 markets.");

    private static Figure Many()
    {
        var x = Range(0, 0.004, 30);
        var series = Enumerable.Range(1, 14).Select(Series (k) => new LineSeries($"operator {k}", x, Of(x, t => 1e9 * k * t / (t + (0.0003 * k)))) { Markers = k % 2 == 0 });
        return new Figure("A title so long that it does not fit on a single line of the figure and therefore continues on a second one", new Axis("Latency agreement", "s"),
            new Axis("Service rate", "bit/s"), [.. series]);
    }

    private static Figure OnePoint() => new("One point", new Axis("Steps"), new Axis("Quality"), [new LineSeries("a", [7], [5.3605])]);

    private static Figure Constant() =>
        new("A constant", new Axis("Steps"), new Axis("Probability"), [new LineSeries("a", Range(1, 9, 9), [.. Enumerable.Repeat(0.1 + 0.2, 9)])]);

    private static Figure Empty() => new("Nothing <to> \"see\" & \u0001more", new Axis("x"), new Axis("y"), []);

    private static Figure Gaps()
    {
        var x = Range(1, 12, 12);
        return new Figure("Infeasible markets leave gaps", new Axis("Deadline", "s"), new Axis("Profit", "money", AxisScale.Logarithmic),
            [
                new LineSeries("profit", x, [double.NaN, 3, 4, double.NaN, 9, double.NaN, double.PositiveInfinity, 30, 45, 60, -1, 100])
                {
                    Low = [1, 2, 3, 3, 7, double.NaN, 9, 20, 30, 40, 50, 60], High = [2, 4, 6, 9, 12, double.NaN, 20, 50, 60, 90, 95, 150],
                },
                new StepSeries("rounded", x, [2, 2, 2, double.NaN, 8, 8, 8, 8, 50, 50, 50, 100]),
            ]);
    }

    private static Figure FixedEnds()
    {
        var x = Range(-3, 3, 61);
        return new Figure("Tangent, cut off at the axis", new Axis("Angle") { Minimum = -2, Maximum = 2 }, new Axis("Tangent") { Minimum = -4, Maximum = 4 },
            [new LineSeries("tangent", x, Of(x, Math.Tan))]);
    }

    private static Figure Narrow()
    {
        var x = Range(0, 100, 21);
        return new Figure("A figure for one column", new Axis("Load", "%"), new Axis("Violation probability"),
            [new LineSeries("exact", x, Of(x, r => 1e-6 * Math.Exp(0.05 * r))), new LineSeries("bound", x, Of(x, r => 2e-6 * Math.Exp(0.05 * r)))])
        { Width = 340, PlotHeight = 200 };
    }
}
