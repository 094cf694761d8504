using System.Numerics;
using Menuet.Numerics;

namespace Menuet.Tests.Numerics;

public sealed class ChebyshevSurfaceTests
{
    [Theory]
    [InlineData(1, 2, 1, 2)]
    [InlineData(1.5, 1.5, 1, 4)]
    [InlineData(2, 3, 2.5, 2.5)]
    [InlineData(2, 2, 3, 3)]
    public void Fit_IsAsNearAsAsked_AlsoBetweenItsPoints(double xMin, double xMax, double yMin, double yMax)
    {
        static double Function(double x, double y) => BetaDistribution.Cumulative(0.3, x, y);
        var surface = ChebyshevSurface.Fit(Function, xMin, xMax, yMin, yMax, 1e-10)!;
        var rng = Rng.Stream(4, 0);
        var (x, y, found) = (new double[64 * Vector<double>.Count], new double[64 * Vector<double>.Count], new double[64 * Vector<double>.Count]);
        for (var i = 0; i < x.Length; i++)
        {
            (x[i], y[i]) = (xMin + ((xMax - xMin) * rng.NextDouble()), yMin + ((yMax - yMin) * rng.NextDouble()));
        }

        surface.At(x, y, found);
        for (var i = 0; i < x.Length; i++)
        {
            Assert.Equal(Function(x[i], y[i]), found[i], 2e-10);
        }
    }

    [Fact]
    public void Fit_IsNothing_WhereNoPolynomialIsNear()
    {
        Assert.Null(ChebyshevSurface.Fit((x, y) => Math.Abs(x - y), -1, 1, -1, 1, 1e-6));
        Assert.Null(ChebyshevSurface.Fit((x, _) => 1 / ((25 * x * x) + 1), -1, 1, 0, 0, 1e-12));
    }
}
