using System.Collections.Immutable;

namespace Menuet.Figures;

/// <summary>How values are laid along an axis.</summary>
public enum AxisScale
{
    /// <summary>Equal differences, equal lengths.</summary>
    Linear,
    /// <summary>Equal ratios, equal lengths; values that are not positive cannot be drawn.</summary>
    Logarithmic,
}

/// <summary>What one axis (or colour bar) measures.</summary>
/// <param name="Label">The quantity: "Denoising steps".</param>
/// <param name="Unit">Its unit, empty for a pure number. Units that take a prefix (s, Hz, J, W, bit/s ...) get one where it helps.</param>
/// <param name="Scale">Linear or logarithmic.</param>
public sealed record Axis(string Label, string Unit = "", AxisScale Scale = AxisScale.Linear)
{
    /// <summary>Lower end, finite; null: from the data.</summary>
    public double? Minimum { get; init; }

    /// <summary>Upper end, finite and above <see cref="Minimum"/>; null: from the data. Data beyond a given end are cut off.</summary>
    public double? Maximum { get; init; }
}

/// <summary>A figure as data: what is shown, not how it looks.</summary>
/// <param name="Title">One line of plain text that says what is seen.</param>
/// <param name="XAxis">Horizontal axis; for bars its label names the categories.</param>
/// <param name="YAxis">Vertical axis.</param>
/// <param name="Series">Drawn in this order; may be empty. Bars share a figure with horizontal reference lines only; at most one heat map.</param>
/// <param name="Caption">Plain text below the figure: source, seeds, meaning of bands. May be empty.</param>
public sealed record Figure(string Title, Axis XAxis, Axis YAxis, ImmutableArray<Series> Series, string Caption = "")
{
    /// <summary>Width of the whole figure in pixels, in [240, 4000].</summary>
    public int Width { get; init; } = 720;

    /// <summary>Height of the plot area alone in pixels, in [80, 4000]; text adds what it needs.</summary>
    public int PlotHeight { get; init; } = 320;

    /// <exception cref="ArgumentException">The figure contradicts itself; the message says how.</exception>
    internal void Check()
    {
        Require(Width is >= 240 and <= 4000, $"width {Width} is outside [240, 4000]");
        Require(PlotHeight is >= 80 and <= 4000, $"plot height {PlotHeight} is outside [80, 4000]");
        Require(!Series.IsDefault, "the series are not set");
        CheckAxis(XAxis, "x");
        CheckAxis(YAxis, "y");
        foreach (var series in Series)
            series.Check();
        var bars = Series.OfType<BarSeries>().ToArray();
        var maps = Series.OfType<HeatMapSeries>().ToArray();
        Require(maps.Length <= 1, "a figure holds one heat map at most");
        foreach (var map in maps)
        {
            CheckAxis(map.ValueAxis, "value");
            Require(XAxis.Scale == AxisScale.Linear || map.X[0] > 0, "a logarithmic x axis needs a positive x grid");
            Require(YAxis.Scale == AxisScale.Linear || map.Y[0] > 0, "a logarithmic y axis needs a positive y grid");
        }
        if (bars.Length > 0)
        {
            Require(bars.All(b => b.Categories.AsSpan().SequenceEqual(bars[0].Categories.AsSpan())),
                "bar series of one figure have the same categories in the same order");
            Require(Series.All(s => s is BarSeries or ReferenceLine { Direction: ReferenceDirection.Horizontal }),
                "bars share a figure with horizontal reference lines only");
        }
    }

    internal static void Require(bool condition, string message)
    {
        if (!condition)
            throw new ArgumentException(message);
    }

    private static void CheckAxis(Axis axis, string name)
    {
        var (low, high) = (axis.Minimum ?? 0, axis.Maximum ?? 0);
        Require(double.IsFinite(low) && double.IsFinite(high), $"the ends of the {name} axis are not finite");
        Require(axis.Minimum is null || axis.Maximum is null || low < high, $"the {name} axis ends at {high} before it begins at {low}");
        Require(axis.Minimum is null || axis.Maximum is null || Scale.Apart(low, high),
            $"the ends {low} and {high} of the {name} axis are too close");
        Require(axis.Scale == AxisScale.Linear || ((axis.Minimum is null || low > 0) && (axis.Maximum is null || high > 0)),
            $"the ends of the logarithmic {name} axis are not positive");
    }
}
