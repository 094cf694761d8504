namespace Menuet.Numerics;

/// <summary>The beta distribution on [0, 1].</summary>
internal static class BetaDistribution
{
    /// <summary>B(x; α, β), the regularised incomplete beta function; absolute error below 1e-12 for shapes up to 1e4 and below 1e-11 up to 1e6.</summary>
    /// <param name="x">In [0, 1].</param>
    /// <param name="alpha">First shape; &gt; 0.</param>
    /// <param name="beta">Second shape; &gt; 0.</param>
    /// <remarks>Continued fraction by the modified Lentz method, from the side where it converges fast (DLMF 8.17.22).</remarks>
    internal static double Cumulative(double x, double alpha, double beta)
    {
        if (x <= 0 || x >= 1)
        {
            return x <= 0 ? 0 : 1;
        }

        var logFront = (alpha * Math.Log(x)) + (beta * double.LogP1(-x)) - LogBeta(alpha, beta);
        return x < (alpha + 1) / (alpha + beta + 2)
            ? Math.Exp(logFront) * Fraction(x, alpha, beta) / alpha
            : 1 - (Math.Exp(logFront) * Fraction(1 - x, beta, alpha) / beta);
    }

    private static double Fraction(double x, double a, double b)
    {
        const double Tiny = 1e-300;
        var c = 1.0;
        var d = 1 - ((a + b) * x / (a + 1));
        d = 1 / (Math.Abs(d) < Tiny ? Tiny : d);
        var h = d;
        for (var m = 1; m < 100_000; m++)
        {
            var even = m * (b - m) * x / ((a + (2 * m) - 1) * (a + (2 * m)));
            d = Inverse(1 + (even * d));
            c = 1 + (even / c);
            h *= d * c;
            var odd = -(a + m) * (a + b + m) * x / ((a + (2 * m)) * (a + (2 * m) + 1));
            d = Inverse(1 + (odd * d));
            c = 1 + (odd / c);
            var step = d * c;
            h *= step;
            if (Math.Abs(step - 1) < 1e-16)
            {
                break;
            }
        }

        return h;

        static double Inverse(double value) => 1 / (Math.Abs(value) < Tiny ? Tiny : value);
    }

    /// <summary>ln B(α, β).</summary>
    private static double LogBeta(double a, double b)
    {
        // Stirling's remainders subtracted apart: the difference of three large logarithms of gamma would lose its digits.
        var (small, large) = a < b ? (a, b) : (b, a);
        if (small >= 10)
        {
            return (-0.5 * Math.Log(large)) + 0.91893853320467274178 + Remainder(small) + (Remainder(large) - Remainder(small + large))
                + ((small - 0.5) * Math.Log(small / (small + large))) - (large * double.LogP1(small / large));
        }

        if (large >= 10)
        {
            return LogGamma(small) + (Remainder(large) - Remainder(small + large)) + small - (small * Math.Log(small + large))
                + ((large - 0.5) * Math.Log(large / (small + large)));
        }

        return LogGamma(small) + LogGamma(large) - LogGamma(small + large);
    }

    /// <summary>ln Γ(x) for 0 &lt; x: shifted to x ≥ 10, then Stirling's series.</summary>
    private static double LogGamma(double x)
    {
        var product = 1.0;
        while (x < 10)
        {
            product *= x;
            x++;
        }

        return ((x - 0.5) * Math.Log(x)) - x + 0.91893853320467274178 + Remainder(x) - Math.Log(product);
    }

    /// <summary>What Stirling's formula leaves out, for x ≥ 10.</summary>
    private static double Remainder(double x)
    {
        var z = 1 / (x * x);
        return ((((((((-3617.0 / 122400 * z) + (1.0 / 156)) * z) - (691.0 / 360360)) * z) + (1.0 / 1188)) * z) - (1.0 / 1680)) * z * z * z / x
            + ((((1.0 / 1260) * z) - (1.0 / 360)) * z / x) + (1.0 / 12 / x);
    }
}
