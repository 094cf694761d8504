namespace Menuet.Figures;

/// <summary>An interval of values on an axis and where its ends lie on the page.</summary>
/// <remarks>Halved values keep differences finite up to the largest double.</remarks>
internal readonly record struct Scale(AxisScale Kind, double Low, double High, double From = 0, double To = 1)
{
    private const double Largest = double.MaxValue;
    private const double Tiny = 1e-290;

    /// <summary>Whether a value has a place on an axis of this kind.</summary>
    internal static bool Drawable(AxisScale kind, double value) => double.IsFinite(value) && (kind == AxisScale.Linear || value > 0);

    /// <summary>Whether two ends are far enough apart for marks between them to be told apart.</summary>
    internal static bool Apart(double low, double high) =>
        Math.Max(Math.Abs(low), Math.Abs(high)) is var size && size >= Tiny && (high / 2) - (low / 2) > size * 1e-10;

    /// <summary>The position in [From, To], or beyond it by at most ten thousand pixels; NaN for what cannot be drawn.</summary>
    internal double Map(double value)
    {
        if (!Drawable(Kind, value))
            return double.NaN;
        var share = Kind == AxisScale.Logarithmic
            ? (Math.Log10(value) - Math.Log10(Low)) / (Math.Log10(High) - Math.Log10(Low))
            : ((value / 2) - (Low / 2)) / ((High / 2) - (Low / 2));
        return Math.Clamp(From + (share * (To - From)), Math.Min(From, To) - 1e4, Math.Max(From, To) + 1e4);
    }

    /// <summary>An interval that shows all drawable values, with some room, never degenerate.</summary>
    /// <param name="values">Data; what cannot be drawn is passed over.</param>
    /// <param name="axis">Kind and, optionally, fixed ends.</param>
    /// <param name="room">Share of the range left free at either end.</param>
    /// <param name="fromZero">Whether zero must be shown (bars), which then needs no room of its own.</param>
    /// <param name="nearZero">Whether zero is shown when the data come near it.</param>
    internal static Scale Fit(IEnumerable<double> values, Axis axis, double room, bool fromZero = false, bool nearZero = false)
    {
        var logarithmic = axis.Scale == AxisScale.Logarithmic;
        var (low, high) = (double.PositiveInfinity, double.NegativeInfinity);
        foreach (var value in values)
        {
            if (!Drawable(axis.Scale, value))
                continue;
            low = Math.Min(low, value);
            high = Math.Max(high, value);
        }
        if (low > high)
            (low, high) = logarithmic ? (1, 10) : (0, 1);
        (low, high) = logarithmic ? Logarithmic(low, high, room) : Linear(low, high, room, fromZero, nearZero);
        if (axis.Minimum is { } minimum)
            (low, high) = (minimum, Apart(minimum, high) ? high : Above(minimum, logarithmic));
        if (axis.Maximum is { } maximum)
            (low, high) = (Apart(low, maximum) ? low : Below(maximum, logarithmic), maximum);
        return new Scale(axis.Scale, low, high);
    }

    private static (double Low, double High) Linear(double low, double high, double room, bool fromZero, bool nearZero)
    {
        if (fromZero)
            (low, high) = (Math.Min(low, 0), Math.Max(high, 0));
        var size = Math.Max(Math.Abs(low), Math.Abs(high));
        if (size < Tiny)
            return fromZero ? (0, 1) : (-1, 1);
        if (!Apart(low, high))
        {
            // A constant: centred, with a tenth of its size to either side, however it was rounded.
            var middle = (low / 2) + (high / 2);
            return (Math.Max(middle - (0.1 * size), -Largest), Math.Min(middle + (0.1 * size), Largest));
        }
        if (nearZero && low > 0 && low < 0.25 * high)
            low = 0;
        if (nearZero && high < 0 && high > 0.25 * low)
            high = 0;
        var half = room * ((high / 2) - (low / 2));
        var below = low == 0 ? 0 : Math.Max(low - half - half, -Largest);
        var above = high == 0 ? 0 : Math.Min(high + half + half, Largest);
        return (low > 0 ? Math.Max(below, 0) : below, high < 0 ? Math.Min(above, 0) : above);
    }

    private static (double Low, double High) Logarithmic(double low, double high, double room)
    {
        if (high < Tiny)
            return (double.Epsilon, Tiny);
        var (bottom, top) = (Math.Log10(low), Math.Log10(high));
        if (top - bottom < 1e-10)
            return (low / 2, Math.Min(high, Largest / 2) * 2);
        var pad = room * (top - bottom);
        return (Math.Max(Math.Pow(10, bottom - pad), double.Epsilon), Math.Min(Math.Pow(10, top + pad), Largest));
    }

    private static double Above(double end, bool logarithmic) => logarithmic ? end * 10 : end + Math.Max(1, 0.1 * Math.Abs(end));

    private static double Below(double end, bool logarithmic) => logarithmic ? end / 10 : end - Math.Max(1, 0.1 * Math.Abs(end));
}
