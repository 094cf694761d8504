using System.Collections.Immutable;

namespace Menuet.Fitting.Tests;

/// <summary>Observations of the published curves, with and without noise.</summary>
internal static class Observations
{
    /// <summary>ρ1 to ρ6 as printed by Ye et al.</summary>
    internal static readonly double[] Ye = [9.7417, 0.0978, 0.7647, 0.5158, 3497.8463, 0.0307];

    internal static double LogLinear(double[] rho, double l, double s) =>
        (rho[0] * Math.Log((rho[1] * l) + 1)) - (rho[2] * l) + (rho[3] * Math.Log((rho[4] * s) + 1)) - (rho[5] * s);

    internal static ImmutableArray<QualityPoint> Grid(Func<double, double, double> f, int levels, int first, int last, double noise = 0, int seed = 0)
    {
        var random = new Random(seed);
        var points = ImmutableArray.CreateBuilder<QualityPoint>();
        for (var l = 0; l <= levels; l++)
        {
            for (var s = first; s <= last; s++)
                points.Add(new QualityPoint(l, s, f(l, s) + (noise * Normal(random))));
        }
        return points.ToImmutable();
    }

    internal static ImmutableArray<QualityPoint> Line(Func<double, double> f, IEnumerable<double> steps, double noise = 0, int seed = 0)
    {
        var random = new Random(seed);
        return [.. steps.Select(s => new QualityPoint(0, s, f(s) + (noise * Normal(random))))];
    }

    internal static IEnumerable<double> Range(int first, int last) => Enumerable.Range(first, last - first + 1).Select(i => (double)i);

    /// <summary>A standard normal value by Box and Muller.</summary>
    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
