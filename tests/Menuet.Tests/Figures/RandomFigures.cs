using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using Menuet.Figures;

namespace Menuet.Tests.Figures;

/// <summary>Figures of every kind with ordinary, huge, tiny, constant, missing and infinite values and awkward texts.</summary>
internal static class RandomFigures
{
    private static readonly Gen<double> Ordinary = Gen.Choose(-1000, 1000).Select(i => i / 7.0);

    private static readonly Gen<double> Values = Gen.Frequency(
        (12, Ordinary),
        (1, Gen.Elements(0.0, -0.0, double.NaN, double.PositiveInfinity, double.NegativeInfinity)),
        (1, Gen.Elements(1e-300, 5e-324, 1e-9, 1e6, 1e15, 1e300, double.MaxValue, double.MinValue)));

    private static readonly Gen<string> Texts = Gen.Frequency(
        (3, Gen.Elements("quality", "level 3", "a, b", "x < y & \"z\"", "Größe", "日本語の題", "", "line\nbreak", "\u0001\ud800", "]]>")),
        (1, ArbMap.Default.GeneratorFor<string>().Select(s => s ?? "")));

    private static readonly Gen<double[]> Columns = Gen.Frequency(
        (8, Gen.Choose(0, 12).SelectMany(n => Values.ArrayOf(n))),
        (2, Gen.Choose(1, 6).SelectMany(n => Values.Select(v => Enumerable.Repeat(v, n).ToArray()))),
        (1, Ordinary.Select(v => new[] { v, Math.BitIncrement(v) })));

    internal static Arbitrary<Figure> Any { get; } = Arb.From(
        from title in Texts
        from caption in Texts
        from horizontal in Axes
        from vertical in Axes
        from width in Gen.Choose(240, 1000)
        from height in Gen.Choose(80, 500)
        from series in Gen.Frequency((5, Curves), (2, Bars), (2, Maps))
        select Positive(new Figure(title, horizontal, vertical, series, caption) { Width = width, PlotHeight = height }));

    /// <summary>The same with one or both ends of the axes fixed, among the data or far from them.</summary>
    internal static Arbitrary<Figure> Cut { get; } = Arb.From(
        from figure in Any.Generator
        from horizontal in Ends(figure.XAxis)
        from vertical in Ends(figure.YAxis)
        select figure with { XAxis = horizontal, YAxis = vertical });

    private static Gen<Axis> Ends(Axis axis) =>
        from low in Values
        from high in Values
        from which in Gen.Choose(0, 3)
        let positive = axis.Scale == AxisScale.Logarithmic
        let usable = double.IsFinite(low) && double.IsFinite(high) && Scale.Apart(Math.Min(low, high), Math.Max(low, high)) && (!positive || Math.Min(low, high) > 0)
        select !usable ? axis : axis with
        {
            Minimum = which is 0 or 2 ? Math.Min(low, high) : null,
            Maximum = which is 1 or 2 ? Math.Max(low, high) : null,
        };

    private static Gen<Axis> Axes =>
        from label in Texts
        from unit in Gen.Elements("", "s", "money", "Hz", "%")
        from scale in Gen.Elements(AxisScale.Linear, AxisScale.Linear, AxisScale.Logarithmic)
        select new Axis(label, unit, scale);

    private static Gen<Series> Curve =>
        from name in Texts
        from x in Columns
        from y in Values.ArrayOf(x.Length)
        from low in Values.ArrayOf(x.Length)
        from high in Values.ArrayOf(x.Length)
        from banded in ArbMap.Default.GeneratorFor<bool>()
        from flag in ArbMap.Default.GeneratorFor<bool>()
        from kind in Gen.Choose(0, 4)
        select Make(kind, name, x, y, banded ? [.. low] : default, banded ? [.. high] : default, flag);

    private static Gen<ImmutableArray<Series>> Curves => Gen.Choose(0, 9).SelectMany(n => Curve.ArrayOf(n)).Select(s => s.ToImmutableArray());

    private static Gen<ImmutableArray<Series>> Bars =>
        from categories in Gen.Choose(0, 15).SelectMany(n => Texts.ArrayOf(n))
        from count in Gen.Choose(1, 8)
        from values in Values.ArrayOf(categories.Length).ArrayOf(count)
        select values.Select(Series (v, i) => new BarSeries($"bars {i}", [.. categories], [.. v])).ToImmutableArray();

    private static Gen<ImmutableArray<Series>> Maps =>
        from x in Grid
        from y in Grid
        from values in Values.ArrayOf(x.Length * y.Length)
        from axis in Axes
        from top in Curve
        select ImmutableArray.Create<Series>(new HeatMapSeries("map", x, y, [.. values], axis), top);

    private static Gen<ImmutableArray<double>> Grid =>
        Gen.Choose(1, 8).SelectMany(n => Values.ArrayOf(n)).Select(v => v.Where(double.IsFinite).Append(1).Distinct().Order().ToImmutableArray());

    private static Series Make(int kind, string name, double[] x, double[] y, ImmutableArray<double> low, ImmutableArray<double> high, bool flag) => kind switch
    {
        0 => new LineSeries(name, [.. x], [.. y]) { Low = low, High = high, Markers = flag },
        1 => new ScatterSeries(name, [.. x], [.. y]) { Low = low, High = high },
        2 => new StepSeries(name, [.. x.Where(v => !double.IsNaN(v)).Order()], [.. y.Take(x.Count(v => !double.IsNaN(v)))]) { Before = flag ? 0 : null },
        3 => new ReferenceLine(name, flag ? ReferenceDirection.Vertical : ReferenceDirection.Horizontal, x.FirstOrDefault(double.IsFinite)),
        _ => new LineSeries(name, [.. x.Order()], [.. y]) { Dashed = flag },
    };

    /// <summary>A heat map on a logarithmic axis needs a positive grid; such axes are made linear.</summary>
    private static Figure Positive(Figure figure) => figure.Series.OfType<HeatMapSeries>().FirstOrDefault() is not { } map ? figure : figure with
    {
        XAxis = map.X[0] > 0 ? figure.XAxis : figure.XAxis with { Scale = AxisScale.Linear },
        YAxis = map.Y[0] > 0 ? figure.YAxis : figure.YAxis with { Scale = AxisScale.Linear },
    };
}
