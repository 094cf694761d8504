using Menuet.Numerics;

namespace Menuet.Tests.Numerics;

public sealed class BetaDistributionTests
{
    // Values to 40 digits from an arbitrary-precision implementation of the regularised incomplete beta function.
    [Theory]
    [InlineData(0.5, 1.5, 1.5, 0.5)]
    [InlineData(0.25, 1.5, 1.5, 0.19550110947788532)]
    [InlineData(0.1, 2.0, 3.0, 0.052300000000000005)]
    [InlineData(0.9, 0.5, 0.5, 0.79516723530086657)]
    [InlineData(0.01, 0.001, 5.0, 0.99744106908711243)]
    [InlineData(0.999, 30.0, 0.2, 0.46389281018655006)]
    [InlineData(0.5, 10.0, 10.0, 0.5)]
    [InlineData(0.3, 100.0, 200.0, 0.10884306564490976)]
    [InlineData(0.66, 2000.0, 1000.0, 0.21878490883935917)]
    [InlineData(0.2, 9.5, 40.0, 0.58565402011601394)]
    [InlineData(1e-06, 0.3, 0.7, 0.01360462412032932)]
    [InlineData(0.5, 1000000.0, 1000000.0, 0.5)]
    public void Cumulative_AgreesWithManyDigits(double x, double alpha, double beta, double expected) =>
        Assert.Equal(expected, BetaDistribution.Cumulative(x, alpha, beta), alpha > 1e4 ? 1e-11 : 1e-12);

    [Fact]
    public void Cumulative_IsExactAtTheEnds_AndRises()
    {
        Assert.Equal(0, BetaDistribution.Cumulative(0, 2, 3));
        Assert.Equal(1, BetaDistribution.Cumulative(1, 2, 3));
        var below = 0.0;
        for (var k = 1; k < 100; k++)
        {
            var here = BetaDistribution.Cumulative(k / 100.0, 1.3, 1.8);
            Assert.True(here > below);
            below = here;
        }
    }
}
