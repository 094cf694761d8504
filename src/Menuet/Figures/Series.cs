using System.Collections.Immutable;

namespace Menuet.Figures;

/// <summary>One set of data in a figure. NaN and infinity are gaps: they are not drawn, and the figure says how many there were.</summary>
public abstract record Series
{
    private protected Series(string name) => Name = name;

    /// <summary>
    /// The name in the legend and the data file; empty keeps it out of the legend. Curves and points of one name share colour and legend entry,
    /// as observations and their fit do.
    /// </summary>
    public string Name { get; init; }

    internal abstract void Check();

    private protected void CheckPoints(ImmutableArray<double> x, ImmutableArray<double> y, ImmutableArray<double> low, ImmutableArray<double> high)
    {
        Figure.Require(!x.IsDefault && !y.IsDefault && x.Length == y.Length, $"series '{Name}': x and y differ in length");
        CheckInterval(low, high, y.Length);
    }

    private protected void CheckInterval(ImmutableArray<double> low, ImmutableArray<double> high, int length)
    {
        Figure.Require(low.IsDefaultOrEmpty == high.IsDefaultOrEmpty, $"series '{Name}': a low needs a high");
        Figure.Require(low.IsDefaultOrEmpty || (low.Length == length && high.Length == length),
            $"series '{Name}': low or high differ in length from y");
    }
}

/// <summary>A curve through points in the given order.</summary>
/// <param name="Name">Name in legend and data file; empty keeps it out of the legend.</param>
/// <param name="X">Abscissae, length n.</param>
/// <param name="Y">Ordinates, length n.</param>
public sealed record LineSeries(string Name, ImmutableArray<double> X, ImmutableArray<double> Y) : Series(Name)
{
    /// <summary>Lower edge of the band, length n; unset for none.</summary>
    public ImmutableArray<double> Low { get; init; }

    /// <summary>Upper edge of the band, length n; unset for none.</summary>
    public ImmutableArray<double> High { get; init; }

    /// <summary>Whether points are marked.</summary>
    public bool Markers { get; init; }

    /// <summary>Whether the line is dashed.</summary>
    public bool Dashed { get; init; }

    internal override void Check() => CheckPoints(X, Y, Low, High);
}

/// <summary>Points, with error bars where Low and High are given.</summary>
/// <param name="Name">Name in legend and data file; empty keeps it out of the legend.</param>
/// <param name="X">Abscissae, length n.</param>
/// <param name="Y">Ordinates, length n.</param>
public sealed record ScatterSeries(string Name, ImmutableArray<double> X, ImmutableArray<double> Y) : Series(Name)
{
    /// <summary>Lower ends of the error bars, length n; unset for none.</summary>
    public ImmutableArray<double> Low { get; init; }

    /// <summary>Upper ends of the error bars, length n; unset for none.</summary>
    public ImmutableArray<double> High { get; init; }

    internal override void Check() => CheckPoints(X, Y, Low, High);
}

/// <summary>A right-continuous step function: each y holds from its x to the next.</summary>
/// <param name="Name">Name in legend and data file; empty keeps it out of the legend.</param>
/// <param name="X">Abscissae, increasing, length n.</param>
/// <param name="Y">Ordinates, length n.</param>
public sealed record StepSeries(string Name, ImmutableArray<double> X, ImmutableArray<double> Y) : Series(Name)
{
    /// <summary>The value before the first x. When set, the function is drawn over the whole axis, as a distribution function is.</summary>
    public double? Before { get; init; }

    /// <summary>The empirical distribution function of a sample: F(x) = share of values at or below x.</summary>
    /// <param name="name">Name of the series.</param>
    /// <param name="sample">Finite values in any order, at least one.</param>
    /// <exception cref="ArgumentException">The sample is empty or holds NaN or infinity.</exception>
    public static StepSeries Ecdf(string name, IEnumerable<double> sample)
    {
        var sorted = sample.Order().ToArray();
        Figure.Require(sorted.Length > 0, "an empirical distribution needs at least one value");
        Figure.Require(sorted.All(double.IsFinite), "an empirical distribution needs finite values");
        var x = ImmutableArray.CreateBuilder<double>();
        var y = ImmutableArray.CreateBuilder<double>();
        for (var i = 0; i < sorted.Length; i++)
        {
            if (i + 1 < sorted.Length && sorted[i + 1] == sorted[i])
                continue;
            x.Add(sorted[i]);
            y.Add((i + 1.0) / sorted.Length);
        }
        return new StepSeries(name, x.ToImmutable(), y.ToImmutable()) { Before = 0 };
    }

    internal override void Check()
    {
        CheckPoints(X, Y, default, default);
        Figure.Require(Before is null || double.IsFinite(Before.Value), $"series '{Name}': the value before the first x is not finite");
        var last = double.NegativeInfinity;
        foreach (var x in X.Where(x => !double.IsNaN(x)))
        {
            Figure.Require(x >= last, $"series '{Name}': x decreases from {last} to {x}");
            last = x;
        }
    }
}

/// <summary>One bar per category; several bar series stand side by side.</summary>
/// <param name="Name">Name in legend and data file; empty keeps it out of the legend.</param>
/// <param name="Categories">Category names, length n, shared by all bar series of the figure.</param>
/// <param name="Values">Heights, length n.</param>
public sealed record BarSeries(string Name, ImmutableArray<string> Categories, ImmutableArray<double> Values) : Series(Name)
{
    /// <summary>Lower ends of the error bars, length n; unset for none.</summary>
    public ImmutableArray<double> Low { get; init; }

    /// <summary>Upper ends of the error bars, length n; unset for none.</summary>
    public ImmutableArray<double> High { get; init; }

    internal override void Check()
    {
        Figure.Require(!Categories.IsDefault && !Values.IsDefault && Categories.Length == Values.Length,
            $"series '{Name}': categories and values differ in number");
        CheckInterval(Low, High, Values.Length);
    }
}

/// <summary>Values over a grid, shown as colours with a colour bar. Curves and points of the same figure are drawn on top.</summary>
/// <param name="Name">Name in legend and data file; empty keeps it out of the legend.</param>
/// <param name="X">Centres of the columns, finite and strictly increasing, length n >= 1.</param>
/// <param name="Y">Centres of the rows, finite and strictly increasing, length m >= 1.</param>
/// <param name="Values">Row-major, row = y: the value at (X[j], Y[i]) is Values[i n + j]; length n m. NaN: hatched.</param>
/// <param name="ValueAxis">What the colours measure.</param>
public sealed record HeatMapSeries(
    string Name, ImmutableArray<double> X, ImmutableArray<double> Y, ImmutableArray<double> Values, Axis ValueAxis) : Series(Name)
{
    internal override void Check()
    {
        Figure.Require(Increasing(X) && Increasing(Y), $"heat map '{Name}': grids are non-empty, finite and strictly increasing");
        Figure.Require(!Values.IsDefault && Values.Length == X.Length * Y.Length,
            $"heat map '{Name}': needs {X.Length} x {Y.Length} values");
    }

    private static bool Increasing(ImmutableArray<double> grid) =>
        !grid.IsDefaultOrEmpty && grid.All(double.IsFinite) && grid.Zip(grid.Skip(1)).All(p => p.First < p.Second);
}

/// <summary>Which way a reference line runs.</summary>
public enum ReferenceDirection
{
    /// <summary>At a constant y.</summary>
    Horizontal,
    /// <summary>At a constant x.</summary>
    Vertical,
}

/// <summary>A dashed line across the plot at one value: an exact optimum, a threshold, a published number.</summary>
/// <param name="Name">Name in legend and data file; empty keeps it out of the legend.</param>
/// <param name="Direction">Horizontal (a y value) or vertical (an x value).</param>
/// <param name="Value">Where it stands; finite.</param>
public sealed record ReferenceLine(string Name, ReferenceDirection Direction, double Value) : Series(Name)
{
    internal override void Check() => Figure.Require(double.IsFinite(Value), $"reference line '{Name}': {Value} is not finite");
}
