using System.Collections.Immutable;

namespace Menuet.Fitting.Tests;

public sealed class SuccessFitTests
{
    [Theory]
    [InlineData(0.6, 0.05, 1.0)]
    [InlineData(-3.0, 2.0, 1.0)]
    [InlineData(500.0, 40.0, 100.0)]
    public void AKnownCurve_IsFoundAgain(double threshold, double spread, double width)
    {
        var truth = new SuccessFit(threshold, spread);
        ImmutableArray<(double, double, double)> cells =
            [.. Enumerable.Range(-20, 41).Select(i => threshold + (i * spread / 8)).Select(q => (q, truth.At(q), 1e7))];
        var found = SuccessFit.Of(cells);
        Assert.Equal(threshold, found.Threshold, 1e-4 * width);
        Assert.Equal(1, found.Spread / spread, 1e-4);
        Assert.Equal(0.5, found.At(found.Threshold), 12);
    }

    [Fact]
    public void TheLikelihood_CannotBeBettered()
    {
        ImmutableArray<(double Quality, double Share, double Count)> cells = [(0.1, 0.1, 20), (0.3, 0.35, 20), (0.5, 0.3, 20), (0.7, 0.9, 20)];
        var found = SuccessFit.Of(cells);
        double Likelihood(SuccessFit fit) => cells.Sum(c => (((c.Share * c.Count) + 0.5) * Math.Log(fit.At(c.Quality))) + ((((1 - c.Share) * c.Count) + 0.5) * Math.Log(1 - fit.At(c.Quality))));
        foreach (var other in new[] { found with { Threshold = found.Threshold + 0.01 }, found with { Threshold = found.Threshold - 0.01 }, found with { Spread = found.Spread * 1.05 }, found with { Spread = found.Spread / 1.05 } })
            Assert.True(Likelihood(found) > Likelihood(other));
    }

    [Fact]
    public void PerfectSeparation_StillHasACurve() =>
        Assert.InRange(SuccessFit.Of([(0.0, 0.0, 50), (1.0, 1.0, 50)]).Threshold, 0.499, 0.501);

    [Fact]
    public void SuccessThatFalls_OrOneQuality_IsRefused()
    {
        Assert.Throws<InvalidRequestException>(() => SuccessFit.Of([(0.0, 0.9, 50), (1.0, 0.2, 50)]));
        Assert.Throws<InvalidRequestException>(() => SuccessFit.Of([(0.5, 0.9, 50), (0.5, 0.2, 50)]));
        Assert.Throws<InvalidRequestException>(() => SuccessFit.Of([(0.5, double.NaN, 50), (0.7, 0.2, 50)]));
    }
}
