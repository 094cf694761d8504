namespace Menuet.Tests.Core;

public sealed class RngTests
{
    [Theory]   // The known answers distributed with Random123 for philox4x64-10.
    [InlineData(0UL, 0UL, 0UL, 0UL, 0UL, 0UL, 0x16554d9eca36314cUL, 0xdb20fe9d672d0fdcUL, 0xd7e772cee186176bUL, 0x7e68b68aec7ba23bUL)]
    [InlineData(ulong.MaxValue, ulong.MaxValue, ulong.MaxValue, ulong.MaxValue, ulong.MaxValue, ulong.MaxValue,
        0x87b092c3013fe90bUL, 0x438c3c67be8d0224UL, 0x9cc7d7c69cd777b6UL, 0xa09caebf594f0ba0UL)]
    [InlineData(0x452821e638d01377UL, 0xbe5466cf34e90c6cUL, 0x243f6a8885a308d3UL, 0x13198a2e03707344UL, 0xa4093822299f31d0UL, 0x082efa98ec4e6c89UL,
        0xa528f45403e61d95UL, 0x38c72dbd566e9788UL, 0xa5a1610e72fd18b5UL, 0x57bd43b5e52b7fe6UL)]
    public void Philox_GivesPublishedAnswers(
        ulong key0, ulong key1, ulong c0, ulong c1, ulong c2, ulong c3, ulong w0, ulong w1, ulong w2, ulong w3)
    {
        Rng.Philox(key0, key1, ref c0, ref c1, ref c2, ref c3);
        Assert.Equal([w0, w1, w2, w3], new[] { c0, c1, c2, c3 });
    }

    [Fact]
    public void Stream_StartsWithThePublishedBlock()
    {
        var rng = Rng.Stream(0, 0);
        Assert.Equal(0x16554d9eca36314cUL, rng.NextUInt64());
        Assert.Equal(0xdb20fe9d672d0fdcUL, rng.NextUInt64());
        var untouched = default(Rng);
        Assert.Equal(0x16554d9eca36314cUL, untouched.NextUInt64());
    }

    [Theory]
    [InlineData(0UL, 0UL)]
    [InlineData(42UL, 7UL)]
    [InlineData(ulong.MaxValue, 1UL << 63)]
    public void Draw_DependsOnSeedStreamAndIndexAlone(ulong seed, ulong stream)
    {
        var rng = Rng.Stream(seed, stream);
        for (var i = 0UL; i < 40; i++)
        {
            Assert.Equal(i, rng.Index);
            ulong c0 = i / 4, c1 = 0, c2 = 0, c3 = 0;
            Rng.Philox(seed, stream, ref c0, ref c1, ref c2, ref c3);
            var jumped = Rng.Stream(seed, stream, i);
            var drawn = rng.NextUInt64();
            Assert.Equal(new[] { c0, c1, c2, c3 }[i % 4], drawn);
            Assert.Equal(drawn, jumped.NextUInt64());
        }
    }

    [Fact]
    public void Copy_GoesOnFromWhereItWasTaken()
    {
        var rng = Rng.Stream(3, 9);
        rng.NextUInt64();
        var copy = rng;
        for (var i = 0; i < 9; i++)
            Assert.Equal(rng.NextUInt64(), copy.NextUInt64());
    }

    [Fact]
    public void NeighbouringSeedsAndStreams_AreUncorrelated()
    {
        const int count = 20_000;
        Rng a = Rng.Stream(1, 1), b = Rng.Stream(1, 2), c = Rng.Stream(2, 1);
        double ab = 0, ac = 0, bc = 0;
        for (var i = 0; i < count; i++)
        {
            double x = a.NextDouble() - 0.5, y = b.NextDouble() - 0.5, z = c.NextDouble() - 0.5;
            (ab, ac, bc) = (ab + x * y, ac + x * z, bc + y * z);
        }
        var deviation = Math.Sqrt(count) / 12;
        Assert.All([ab, ac, bc], sum => Assert.InRange(sum, -4.5 * deviation, 4.5 * deviation));
    }

    [Fact]
    public void Uniforms_StayInTheirIntervalsAndOnTheirGrids()
    {
        var rng = Rng.Stream(11, 0);
        for (var i = 0; i < 10_000; i++)
        {
            var closed = rng.NextDouble();
            Assert.InRange(closed, 0, Math.BitDecrement(1.0));
            Assert.Equal(0, Math.IEEERemainder(closed * (1UL << 53), 1));
            var open = rng.NextDoubleOpen();
            Assert.InRange(open, double.Epsilon, Math.BitDecrement(1.0));
            Assert.Equal(1, Math.Abs(Math.IEEERemainder(open * (1UL << 53), 2)));
        }
    }

    [Fact]
    public void Uniform_HasItsLaw() => AssertLaw(rng => rng.NextDouble, x => x, 0.5, 1.0 / 12);

    [Fact]
    public void OpenUniform_HasItsLaw() => AssertLaw(rng => rng.NextDoubleOpen, x => x, 0.5, 1.0 / 12);

    [Fact]
    public void Exponential_HasItsLaw() => AssertLaw(rng => rng.NextExponential, x => -Math.Exp(-x) + 1, 1, 1);

    [Fact]
    public void Normal_HasItsLaw() => AssertLaw(rng => rng.NextNormal, NormalDistribution, 0, 1);

    [Fact]
    public void Exponential_HasItsTail()
    {
        var rng = Rng.Stream(5, 5);
        int beyond4 = 0, beyond9 = 0;
        const int count = 1_000_000;
        for (var i = 0; i < count; i++)
        {
            var x = rng.NextExponential();
            Assert.True(x >= 0);
            beyond4 += x > 4 ? 1 : 0;
            beyond9 += x > 9 ? 1 : 0;   // beyond the last edge of the layers, 7.697
        }
        AssertCount(beyond4, count, Math.Exp(-4));
        AssertCount(beyond9, count, Math.Exp(-9));
    }

    [Fact]
    public void Normal_HasItsTails()
    {
        var rng = Rng.Stream(6, 6);
        int above = 0, below = 0, far = 0;
        const int count = 1_000_000;
        for (var i = 0; i < count; i++)
        {
            var x = rng.NextNormal();
            above += x > 2.5 ? 1 : 0;
            below += x < -2.5 ? 1 : 0;
            far += Math.Abs(x) > 3.8 ? 1 : 0;   // beyond the last edge of the layers, 3.654
        }
        AssertCount(above, count, 0.0062096653257761);
        AssertCount(below, count, 0.0062096653257761);
        AssertCount(far, count, 2 * 7.234804392511999e-5);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(10)]
    [InlineData(1000)]
    [InlineData(int.MaxValue)]
    public void Integers_AreUniform(int bound)
    {
        var rng = Rng.Stream(8, (ulong)bound);
        var bins = Math.Min(bound, 10);
        var counts = new int[bins];
        const int count = 100_000;
        for (var i = 0; i < count; i++)
        {
            var value = rng.NextInt(bound);
            Assert.InRange(value, 0, bound - 1);
            counts[(int)((long)value * bins / bound)]++;
        }
        foreach (var seen in counts)
            AssertCount(seen, count, 1.0 / bins);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    public void Integers_RefuseAnEmptyRange(int bound)
    {
        var rng = Rng.Stream(0, 0);
        Assert.Throws<ArgumentOutOfRangeException>(() => rng.NextInt(bound));
    }

    [Fact]
    public void Ziggurats_Close()
    {
        // The last rectangle must end at height 1: then all 256 areas are equal.
        Assert.Equal(1, Ziggurat.ExponentialHeight[255] + 0.003949659822581557219977572 / Ziggurat.ExponentialEdge[255], 1e-12);
        Assert.Equal(1, Ziggurat.NormalHeight[255] + 0.004928673233974655347361775 / Ziggurat.NormalEdge[255], 1e-12);
        Assert.Equal(0, Ziggurat.ExponentialEdge[256]);
        Assert.Equal(1, Ziggurat.NormalHeight[256]);
    }

    [Fact]
    public void PortableFunctions_AreAccurate()
    {
        var rng = Rng.Stream(1, 4);
        for (var i = 0; i < 10_000; i++)
        {
            var x = 60 * (rng.NextDouble() - 0.5);
            var e = PortableMath.Exp(x);
            Assert.Equal(1, e / Math.Exp(x), 1e-15);
            Assert.Equal(x, PortableMath.Log(e), 1e-15 * Math.Max(1, Math.Abs(x)));
        }
    }

    [Fact]
    public void Draws_NeverChange()
    {
        var rng = Rng.Stream(2026, 1);
        var hash = 14695981039346656037UL;
        for (var i = 0; i < 20_000; i++)
        {
            Mix(BitConverter.DoubleToUInt64Bits(rng.NextExponential()));
            Mix(BitConverter.DoubleToUInt64Bits(rng.NextNormal()));
            Mix(BitConverter.DoubleToUInt64Bits(rng.NextDouble()));
            Mix((ulong)rng.NextInt(1 + i));
        }
        Assert.Equal(7667378369423331499UL, hash);

        void Mix(ulong bits) => hash = (hash ^ bits) * 1099511628211UL;
    }

    private static void AssertLaw(Func<Box, Func<double>> method, Func<double, double> distribution, double mean, double variance)
    {
        const int count = 100_000;
        var draw = method(new Box { Rng = Rng.Stream(77, 3) });
        var values = new double[count];
        for (var i = 0; i < count; i++)
            values[i] = draw();
        var average = values.Average();
        Assert.Equal(mean, average, 4.5 * Math.Sqrt(variance / count));
        Assert.Equal(variance, values.Average(x => (x - mean) * (x - mean)), 0.03);

        Array.Sort(values);
        var distance = 0.0;   // Kolmogorov and Smirnov; exceeded with probability 1e-5
        for (var i = 0; i < count; i++)
        {
            var exact = distribution(values[i]);
            distance = Math.Max(distance, Math.Max(Math.Abs(exact - (double)i / count), Math.Abs((i + 1.0) / count - exact)));
        }
        Assert.InRange(distance, 0, 2.47 / Math.Sqrt(count));
    }

    private static void AssertCount(int seen, int count, double probability) =>
        Assert.Equal(count * probability, seen, 4.5 * Math.Sqrt(count * probability * (1 - probability)) + 1e-9);

    /// <summary>By the alternating series; only |x| ≤ 5 matters here.</summary>
    private static double NormalDistribution(double x)
    {
        if (Math.Abs(x) > 6)
            return x > 0 ? 1 : 0;
        double sum = x, term = x;
        for (var n = 3; n < 200; n += 2)
        {
            term *= x * x / n;
            sum += term;
        }
        return 0.5 + sum * Math.Exp(-0.5 * x * x) / Math.Sqrt(2 * Math.PI);
    }

    private sealed class Box
    {
        public Rng Rng;
        public double NextDouble() => Rng.NextDouble();
        public double NextDoubleOpen() => Rng.NextDoubleOpen();
        public double NextExponential() => Rng.NextExponential();
        public double NextNormal() => Rng.NextNormal();
    }
}
