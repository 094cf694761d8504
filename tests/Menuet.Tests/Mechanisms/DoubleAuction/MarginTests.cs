using Menuet.Mechanisms.DoubleAuction;
using Menuet.Numerics;

namespace Menuet.Tests.Mechanisms.DoubleAuction;

public sealed class MarginTests
{
    [Fact]
    public void SmallMarkets_HaveTheMarginOfSortedLists()
    {
        for (ulong seed = 0; seed < 20_000; seed++)
        {
            var random = Rng.Stream(seed, 3);
            Check(Draw(ref random, random.NextInt(14), random.NextInt(3)), Draw(ref random, random.NextInt(14), random.NextInt(3)), $"seed {seed}");
        }
    }

    [Theory]
    [InlineData(5_000, 5_000)]
    [InlineData(50_001, 333)]
    [InlineData(333, 50_002)]
    [InlineData(40_000, 70_003)]
    public void LargeMarkets_HaveTheMarginOfSortedLists(int buyers, int sellers)
    {
        for (var kind = 0; kind < 7; kind++)
        {
            var random = Rng.Stream((ulong)kind, 4);
            Check(Draw(ref random, buyers, kind), Draw(ref random, sellers, kind), $"kind {kind}");
        }
    }

    [Fact]
    public void OrderStatistic_IsThatOfTheSortedList_ForEveryShape()
    {
        for (ulong seed = 0; seed < 120; seed++)
        {
            var random = Rng.Stream(seed, 5);
            var (first, second) = (Draw(ref random, 1 + random.NextInt(6000), (int)seed % 7), Draw(ref random, random.NextInt(6000), (int)seed % 5));
            double[] all = [.. first.Concat(second).Order()];
            foreach (var rank in new[] { 0, all.Length - 1, all.Length / 2, random.NextInt(all.Length), random.NextInt(all.Length) })
            {
                Assert.Equal(all[rank], OrderStatistic.Smallest(first, second, rank));
            }
        }
    }

    /// <summary>Uniform, few values, all equal, mostly one value, increasing, negative and positive over many scales, one outlier per stride.</summary>
    private static double[] Draw(ref Rng random, int count, int kind)
    {
        var values = new double[count];
        for (var i = 0; i < count; i++)
        {
            values[i] = kind switch
            {
                0 => random.NextDouble(),
                1 => random.NextInt(5),
                2 => 3,
                3 => random.NextInt(10) == 0 ? random.NextDouble() : 0.5,
                4 => i,
                5 => (random.NextDouble() - 0.5) * Math.Pow(10, random.NextInt(60) - 30),
                _ => i % 37 == 0 ? random.NextDouble() : 10 + random.NextDouble(),
            };
        }

        return values;
    }

    private static void Check(double[] bids, double[] asks, string what)
    {
        double[] b = [.. bids.OrderDescending()];
        double[] s = [.. asks.Order()];
        var k = 0;
        while (k < Math.Min(b.Length, s.Length) && b[k] >= s[k])
        {
            k++;
        }

        var expected = new Margin(
            k, k == 0 ? double.NaN : b[k - 1], k == 0 ? double.NaN : s[k - 1], k < b.Length ? b[k] : double.NaN, k < s.Length ? s[k] : double.NaN);
        Assert.True(expected == Margin.Find(bids, asks), $"{what}: {expected} expected, {Margin.Find(bids, asks)} found");
    }
}
