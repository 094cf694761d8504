namespace Menuet;

/// <summary>
/// Exponential and logarithm from the basic operations of IEEE 754 alone, within two units in the last place: the same bits on every platform,
/// which a library function does not promise.
/// </summary>
internal static class PortableMath
{
    private const double Log2High = 6.93147180369123816490e-01;   // ln 2 to 33 bits, so that k·Log2High is exact
    private const double Log2Low = 1.90821492927058770002e-10;

    /// <summary>e^x for −700 ≤ x ≤ 700: x = k ln 2 + r, |r| ≤ 0.35, the series of e^r, times 2^k.</summary>
    internal static double Exp(double x)
    {
        var k = Math.Round(x * 1.44269504088896338700);
        var r = x - k * Log2High - k * Log2Low;
        var sum = 1.0;
        for (var n = 14; n >= 1; n--)
            sum = 1 + r * sum / n;
        return sum * BitConverter.Int64BitsToDouble((long)(1023 + k) << 52);
    }

    /// <summary>ln x for 1e-300 ≤ x ≤ 1e300, by Halley's iteration on e^y = x.</summary>
    internal static double Log(double x)
    {
        var y = (((BitConverter.DoubleToInt64Bits(x) >> 52) & 2047) - 1023) * 0.693;
        for (var i = 0; i < 6; i++)
        {
            var e = Exp(y);
            y += 2 * (x - e) / (x + e);
        }
        return y;
    }
}
