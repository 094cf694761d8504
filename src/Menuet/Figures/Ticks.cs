using System.Collections.Immutable;
using System.Globalization;

namespace Menuet.Figures;

/// <summary>Where an axis is marked and what the marks say.</summary>
/// <param name="Major">Labelled positions, increasing, within the scale.</param>
/// <param name="Labels">One per major position.</param>
/// <param name="Minor">Unlabelled positions of the fine grid.</param>
/// <param name="Exponent">Labels are in units of ten to this power.</param>
internal sealed record Ticks(ImmutableArray<double> Major, ImmutableArray<string> Labels, ImmutableArray<double> Minor, int Exponent)
{
    private const string Superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹";
    private static readonly string[] Prefixes = ["y", "z", "a", "f", "p", "n", "µ", "m", "", "k", "M", "G", "T", "P", "E", "Z", "Y"];
    private static readonly string[] PrefixUnits =
        ["s", "Hz", "J", "W", "B", "bit", "bit/s", "B/s", "m", "V", "A", "cycle", "cycle/s", "FLOP", "FLOP/s"];

    /// <param name="scale">The interval to mark.</param>
    /// <param name="count">About how many labels there is room for, at least two.</param>
    /// <param name="unit">Decides from which size on a prefix or power of ten is split off.</param>
    internal static Ticks Of(Scale scale, int count, string unit)
    {
        if (scale.Kind == AxisScale.Logarithmic)
        {
            var decades = Math.Log10(scale.High) - Math.Log10(scale.Low);
            if (decades >= 0.7)
                return Decades(scale, count, decades);
        }
        return Linear(scale, count, unit);
    }

    /// <summary>The axis title: label and unit, the latter carrying the power of ten that the tick labels leave out.</summary>
    internal string Title(Axis axis)
    {
        var unit = axis.Unit;
        if (Exponent != 0 && unit.Length == 0)
            return $"{axis.Label} (×{Power(Exponent)})";
        if (Exponent != 0)
        {
            var prefixed = Array.IndexOf(PrefixUnits, unit) >= 0 && Math.Abs(Exponent) <= 24;
            unit = prefixed ? Prefixes[(Exponent / 3) + 8] + unit : $"{Power(Exponent)} {unit}";
        }
        return unit.Length == 0 ? axis.Label : $"{axis.Label} [{unit}]".TrimStart();
    }

    internal static string Power(int exponent)
    {
        var digits = string.Concat(Math.Abs(exponent).ToString(CultureInfo.InvariantCulture).Select(d => Superscripts[d - '0']));
        return exponent < 0 ? $"10⁻{digits}" : $"10{digits}";
    }

    private static Ticks Linear(Scale scale, int count, string unit)
    {
        var (digit, power) = Interval(scale, Math.Max(count, 2));
        var major = Multiples(scale, digit, power);
        for (var finer = 0; finer < 3 && major.Length < 2; finer++)
        {
            (digit, power) = digit switch { 5 => (2, power), 2 => (1, power), _ => (5, power - 1) };
            major = Multiples(scale, digit, power);
        }
        var minor = digit == 2 ? Multiples(scale, 5, power - 1) : Multiples(scale, digit == 1 ? 2 : 1, digit == 1 ? power - 1 : power);
        var exponent = CommonExponent(major, Array.IndexOf(PrefixUnits, unit) >= 0);
        var decimals = Math.Clamp(exponent - power, 0, 15);
        var labels = major.Select(v => Number(Shift(v, -exponent), decimals)).ToImmutableArray();
        return new Ticks(major, labels, [.. minor.Except(major)], exponent);
    }

    /// <summary>The smallest of 1, 2, 5 times a power of ten that gives no more than the wanted number of intervals.</summary>
    private static (int Digit, int Power) Interval(Scale scale, int count)
    {
        var raw = ((scale.High / 2) - (scale.Low / 2)) / (count / 2.0);
        var power = (int)Math.Floor(Math.Log10(raw));
        var share = raw / Math.Pow(10, power);
        return share <= 1 + 1e-9 ? (1, power) : share <= 2 + 1e-9 ? (2, power) : share <= 5 + 1e-9 ? (5, power) : (1, power + 1);
    }

    private static ImmutableArray<double> Multiples(Scale scale, int digit, int power)
    {
        var width = Shift(digit, power);
        var slack = 1e-9 * ((scale.High / 2) - (scale.Low / 2)) / width;
        var (first, last) = (Math.Ceiling((scale.Low / width) - slack), Math.Floor((scale.High / width) + slack));
        var values = ImmutableArray.CreateBuilder<double>();
        for (var i = first; i <= last && values.Count < 1000; i++)
            values.Add(Math.Clamp(Shift(i * digit, power), scale.Low, scale.High));
        return values.ToImmutable();
    }

    /// <summary>Multiplies by a power of ten so that decimal values come out correctly rounded wherever possible.</summary>
    private static double Shift(double value, int power) => power >= 0 ? value * Math.Pow(10, power)
        : power >= -300 ? value / Math.Pow(10, -power)
        : value / 1e300 / Math.Pow(10, -power - 300);

    private static int CommonExponent(ImmutableArray<double> values, bool prefix)
    {
        var largest = values.Max(Math.Abs);
        if (largest == 0 || (largest < (prefix ? 1e4 : 1e6) && largest >= (prefix ? 0.1 : 0.01)))
            return 0;
        return 3 * (int)Math.Floor((Math.Log10(largest) + 1e-9) / 3);
    }

    private static Ticks Decades(Scale scale, int count, double decades)
    {
        var (first, last) = ((int)Math.Ceiling(Math.Log10(scale.Low) - 1e-9), (int)Math.Floor(Math.Log10(scale.High) + 1e-9));
        var plain = first >= -3 && last <= 5;
        var stride = Math.Max(1, (int)Math.Ceiling(decades / Math.Max(count, 2)));
        var digits = decades * 3 <= count ? new[] { 1, 2, 5 } : decades < 2 ? [1, 3] : [1];
        var major = ImmutableArray.CreateBuilder<double>();
        var labels = ImmutableArray.CreateBuilder<string>();
        var minor = ImmutableArray.CreateBuilder<double>();
        for (var power = first - 1; power <= last; power++)
        {
            for (var digit = 1; digit < 10; digit++)
            {
                var value = Shift(digit, power);
                if (!(value > 0 && value >= scale.Low * (1 - 1e-9) && value <= scale.High * (1 + 1e-9)))
                    continue;
                value = Math.Clamp(value, scale.Low, scale.High);
                if (power % stride == 0 && Array.IndexOf(digits, digit) >= 0)
                {
                    major.Add(value);
                    labels.Add(plain ? Number(Shift(digit, power), Math.Max(0, -power))
                        : digit == 1 ? Power(power) : $"{digit}×{Power(power)}");
                }
                else if (stride == 1 || digit == 1)
                {
                    minor.Add(value);
                }
            }
        }
        return new Ticks(major.ToImmutable(), labels.ToImmutable(), minor.ToImmutable(), 0);
    }

    private static string Number(double value, int decimals)
    {
        var text = value.ToString("N" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        return value < 0 && text.AsSpan().ContainsAnyInRange('1', '9') ? "−" + text[1..] : text.TrimStart('-');
    }
}
