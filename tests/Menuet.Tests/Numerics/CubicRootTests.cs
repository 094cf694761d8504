using System.Numerics;
using Menuet.Numerics;

namespace Menuet.Tests.Numerics;

public sealed class CubicRootTests
{
    [Theory]
    [InlineData(-3, 3)]
    [InlineData(-110, 110)]
    public void Root_SolvesItsEquation(double least, double most)
    {
        var rng = Rng.Stream(5, 0);
        for (var i = 0; i < 20_000; i++)
        {
            // From u and the share of u³ that the linear term has, p and q follow without cancellation.
            var root = Math.Exp(least + ((most - least) * rng.NextDouble()));
            var odds = Math.Exp(40 * (rng.NextDouble() - 0.5));
            var (linear, constant) = (root * root * (odds / (1 + odds)), root * root * root / (1 + odds));
            Assert.Equal(1, Of(linear, constant) / root, 2e-15);
        }
    }

    [Fact]
    public void Root_OfNoLinearTerm_IsACubeRoot()
    {
        for (var exponent = -320; exponent <= 320; exponent++)
        {
            var x = Math.ScaleB(1 + ((exponent & 15) / 16.0), exponent);
            Assert.Equal(1, Of(0, x) / Math.Cbrt(x), 1e-15);
        }

        Assert.Equal(2, Of(0, 8));
    }

    [Fact]
    public void Root_OfAnEquation_DependsOnNoOther()
    {
        var rng = Rng.Stream(6, 0);
        for (var i = 0; i < 1000; i++)
        {
            var (linear, constant) = (rng.NextDouble(), rng.NextDoubleOpen());
            var mixed = new double[Vector<double>.Count];
            Array.Fill(mixed, double.NaN);
            mixed[i % mixed.Length] = constant;
            Assert.Equal(Of(linear, constant), CubicRoot.Of(new(linear), new(mixed))[i % mixed.Length]);
        }
    }

    private static double Of(double linear, double constant) => CubicRoot.Of(new(linear), new(constant))[0];
}
