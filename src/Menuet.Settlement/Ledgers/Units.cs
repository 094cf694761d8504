using System.Globalization;
using System.Numerics;

namespace Menuet.Settlement.Ledgers;

/// <summary>The one place where model money, a double, becomes owed money, whole units. Models use doubles; settlement never does.</summary>
public static class Units
{
    // No amount needs more, and reading more takes longer than linear time.
    private const int LongestText = 400;

    /// <summary>value × 10^<paramref name="decimals"/>, rounded half to even.</summary>
    /// <param name="value">Finite. What is rounded is the decimal number that a document shows for it: the shortest that reads back to the same double.</param>
    /// <param name="decimals">0 to 18.</param>
    /// <exception cref="ArgumentException">The value is not finite.</exception>
    /// <exception cref="OverflowException">The result is beyond 128 bits.</exception>
    public static Int128 Of(double value, int decimals)
    {
        if (!double.IsFinite(value))
        {
            throw new ArgumentException("must be finite", nameof(value));
        }

        return Of(value.ToString("R", CultureInfo.InvariantCulture), decimals);
    }

    /// <summary>The same of a decimal text, such as <c>12.5</c> or <c>1e-3</c>.</summary>
    /// <exception cref="FormatException">The text is no finite decimal number, or longer than 400 characters.</exception>
    /// <exception cref="OverflowException">The result is beyond 128 bits.</exception>
    public static Int128 Of(string text, int decimals)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentOutOfRangeException.ThrowIfNegative(decimals);
        if (text.Length > LongestText)
        {
            throw new FormatException("is too long");
        }

        var exponentAt = text.AsSpan().IndexOfAny('e', 'E');
        var exponent = exponentAt < 0 ? 0 : int.Parse(text.AsSpan(exponentAt + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var mantissa = exponentAt < 0 ? text : text[..exponentAt];
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        var digits = BigInteger.Parse(
            point < 0 ? mantissa : mantissa.Remove(point, 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var power = (long)exponent + decimals - (point < 0 ? 0 : mantissa.Length - point - 1);
        if (digits.IsZero || power < -400)
        {
            return 0;
        }

        if (power > 400)
        {
            throw new OverflowException();
        }

        if (power >= 0)
        {
            return checked((Int128)(digits * BigInteger.Pow(10, (int)power)));
        }

        var divisor = BigInteger.Pow(10, (int)-power);
        var quotient = BigInteger.DivRem(BigInteger.Abs(digits), divisor, out var rest);
        var comparison = (2 * rest).CompareTo(divisor);
        if (comparison > 0 || (comparison == 0 && !quotient.IsEven))
        {
            quotient++;
        }

        return checked((Int128)(quotient * digits.Sign));
    }

    /// <summary>Units as decimal money, exactly: 1234 with 2 decimals is 12.34.</summary>
    public static string Show(Int128 units, int decimals)
    {
        var digits = BigInteger.Abs(units).ToString(CultureInfo.InvariantCulture).PadLeft(decimals + 1, '0');
        var sign = units < 0 ? "-" : "";
        return decimals == 0 ? sign + digits : $"{sign}{digits[..^decimals]}.{digits[^decimals..]}";
    }
}
