using Menuet.Generation.Quality;

namespace Menuet.Generation.Tests.Quality;

public sealed class FrechetDistanceTests
{
    [Fact]
    public void CommutingLaws_HaveTheClosedForm()
    {
        // Diagonal covariances: |m - n|² + Σ (√c - √d)².
        double[,] c = { { 4, 0, 0 }, { 0, 9, 0 }, { 0, 0, 0 } }, d = { { 1, 0, 0 }, { 0, 25, 0 }, { 0, 0, 16 } };
        Assert.Equal(14 + 1 + 4 + 16, FrechetDistance.Of([1, 2, 3], c, [0, 0, 0], d), 11);
        Assert.Equal(0, FrechetDistance.Of([1, 2, 3], c, [1, 2, 3], c), 11);
    }

    [Fact]
    public void TheDistance_DoesNotTurnWithTheAxes_AndIsSymmetric()
    {
        var random = Rng.Stream(4, 4);
        double[,] Drawn()
        {
            var (a, product) = (new double[4, 4], new double[4, 4]);
            for (var i = 0; i < 16; i++)
                a[i / 4, i % 4] = random.NextNormal();
            for (var i = 0; i < 64; i++)
                product[i / 16, i / 4 % 4] += a[i / 16, i % 4] * a[i / 4 % 4, i % 4];
            return product;
        }

        var (c, d) = (Drawn(), Drawn());
        var (values, vectors) = FrechetDistance.Eigen(c);
        for (var i = 0; i < 4; i++)
        {
            for (var j = 0; j < 4; j++)
                Assert.Equal(c[i, j], Enumerable.Range(0, 4).Sum(k => vectors[i, k] * values[k] * vectors[j, k]), 11);
        }

        double[,] Turned(double[,] matrix)
        {
            var turned = new double[4, 4];
            for (var i = 0; i < 256; i++)
                turned[i / 64, i / 16 % 4] += vectors[i / 4 % 4, i / 64] * matrix[i / 4 % 4, i % 4] * vectors[i % 4, i / 16 % 4];
            return turned;
        }

        var zero = new double[4];
        var distance = FrechetDistance.Of(zero, c, zero, d);
        Assert.True(distance > 0.01);
        Assert.Equal(distance, FrechetDistance.Of(zero, d, zero, c), 9);
        Assert.Equal(distance, FrechetDistance.Of(zero, Turned(c), zero, Turned(d)), 9);
    }
}
