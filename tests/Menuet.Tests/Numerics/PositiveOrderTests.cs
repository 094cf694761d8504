using Menuet.Numerics;

namespace Menuet.Tests.Numerics;

public sealed class PositiveOrderTests
{
    [Fact]
    public void RandomNumbers_ComeInRisingOrder_EqualOnesInTheirOwn()
    {
        for (ulong seed = 0; seed < 300; seed++)
        {
            var rng = Rng.Stream(seed, 0);
            var width = new[] { 0, 1, 30, 300 }[rng.NextInt(4)];
            var values = new double[rng.NextInt(200)];
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = i > 0 && rng.NextInt(3) == 0 ? values[rng.NextInt(i)] : Math.Pow(10, width * ((2 * rng.NextDouble()) - 1));
            }

            Assert.Equal(Enumerable.Range(0, values.Length).OrderBy(i => values[i]), PositiveOrder.Of(values));
        }
    }

    [Fact]
    public void SmallestAndLargest_AreNumbersLikeAnyOther() =>
        Assert.Equal([2, 1, 4, 0, 3], PositiveOrder.Of([1, double.Epsilon, 0, double.MaxValue, 1e-300]));
}
