using System.Runtime.Intrinsics;
using Menuet.Learning.Autodiff;

namespace Menuet.Learning.Tests.Autodiff;

public sealed class SimdTests
{
    /// <summary>Largest error in units in the last place of the exact result, over a dense grid of arguments.</summary>
    private static double WorstUlp(
        Func<Vector512<float>, Vector512<float>> function, Func<double, double> exact, IEnumerable<float> arguments)
    {
        var worst = 0.0;
        foreach (var x in arguments)
        {
            var y = function(Vector512.Create(x))[7];
            var truth = exact(x);
            var ulp = MathF.BitIncrement(MathF.Abs((float)truth)) - (double)MathF.Abs((float)truth);
            worst = Math.Max(worst, Math.Abs(y - truth) / ulp);
        }
        return worst;
    }

    private static IEnumerable<float> Grid(double low, double high, int count = 40_001)
    {
        for (var i = 0; i < count; i++)
            yield return (float)(low + (high - low) * i / (count - 1));
    }

    private static IEnumerable<float> Magnitudes(double low, double high)
    {
        for (var e = Math.Log10(low); e <= Math.Log10(high); e += 0.001)
        {
            yield return (float)Math.Pow(10, e);
            yield return -(float)Math.Pow(10, e);
        }
    }

    private static double ExactSoftplus(double x) => x > 30 ? x : x < -10 ? Math.Exp(x) - Math.Exp(2 * x) / 2 + Math.Exp(3 * x) / 3 : Math.Log(1 + Math.Exp(x));

    private static double ExactMish(double x) => x * Math.Tanh(ExactSoftplus(x));

    private static double ExactMishSlope(double x)
    {
        var s = 1 / (1 + Math.Exp(-x));
        var t = Math.Tanh(ExactSoftplus(x));
        return t + x * s * (1 - t * t);
    }

    [Fact]
    public void Exp_IsWithinOneUnit() => Assert.InRange(WorstUlp(Simd.Exp, Math.Exp, Grid(-86.9, 87.9)), 0, 1.1);

    [Fact]
    public void Tanh_IsWithinThreeUnits_AlsoNearZero()
    {
        Assert.InRange(WorstUlp(Simd.Tanh, Math.Tanh, Grid(-12, 12)), 0, 3);
        Assert.InRange(WorstUlp(Simd.Tanh, Math.Tanh, Magnitudes(1e-12, 1)), 0, 3);
    }

    [Fact]
    public void Sigmoid_IsWithinThreeUnits() => Assert.InRange(WorstUlp(Simd.Sigmoid, x => 1 / (1 + Math.Exp(-x)), Grid(-39.9, 39.9)), 0, 3);

    [Fact]
    public void Log_IsWithinTwoUnits()
    {
        Assert.InRange(WorstUlp(Simd.Log, Math.Log, Grid(0.001, 100)), 0, 2);
        Assert.InRange(WorstUlp(Simd.Log, Math.Log, Magnitudes(1e-37, 1e37).Where(x => x > 0)), 0, 2);
    }

    [Fact]
    public void Softplus_IsWithinFourUnits() => Assert.InRange(WorstUlp(Simd.Softplus, ExactSoftplus, Grid(-39, 60)), 0, 4);

    [Fact]
    public void Mish_IsWithinFiveUnits()
    {
        Assert.InRange(WorstUlp(Simd.Mish, ExactMish, Grid(-30, 60)), 0, 5);
        Assert.InRange(WorstUlp(x => Simd.Mish(x, out _), ExactMish, Grid(-30, 60)), 0, 5);
    }

    [Fact]
    public void MishSlope_IsExactToRounding()
    {
        foreach (var x in Grid(-30, 60))
        {
            Simd.Mish(Vector512.Create(x), out var slope);
            Assert.InRange(slope[3] - ExactMishSlope(x), -5e-7, 5e-7);
        }
    }

    [Fact]
    public void EveryFunction_KeepsNaN()
    {
        var nan = Vector512.Create(float.NaN);
        Assert.All(
            new[]
            {
                Simd.Exp(nan), Simd.ExpOfWeight(nan), Simd.Tanh(nan), Simd.Sigmoid(nan), Simd.Mish(nan), Simd.Log(nan), Simd.Softplus(nan),
                Simd.Clamp(nan, -1, 1), Simd.Flush(nan),
            },
            result => Assert.True(float.IsNaN(result[5])));
        Assert.True(float.IsNaN(Simd.Max(nan)));
    }

    [Fact]
    public void Extremes_AreNormalNumbers()
    {
        foreach (var x in new[] { -1e30f, -1000f, -88f, -41f, 0f, 41f, 89f, 1e30f })
        {
            var v = Vector512.Create(x);
            Assert.True(float.IsNormal(Simd.Exp(v)[0]));
            Assert.InRange(Simd.ExpOfWeight(v)[0], 4e-18f, float.MaxValue);
            Assert.InRange(Simd.Sigmoid(v)[0], 4e-18f, 1f);
            Assert.True(x == 0 || float.IsNormal(Simd.Tanh(v)[0]));
        }
        Assert.Equal(1f, Simd.Tanh(Vector512.Create(20f))[0]);
        Assert.Equal(0f, Simd.Flush(Vector512.Create(-9e-19f))[0]);
        Assert.Equal(-2e-18f, Simd.Flush(Vector512.Create(-2e-18f))[0]);
    }

    [Fact]
    public void Sum_IsTheNamedTree()
    {
        var rng = Rng.Stream(1, 1);
        var x = new float[16];
        for (var i = 0; i < 16; i++)
            x[i] = (float)rng.NextNormal() * MathF.Pow(10, i % 5);
        var eight = new float[8];
        for (var i = 0; i < 8; i++)
            eight[i] = x[i] + x[i + 8];
        var four = new float[4];
        for (var i = 0; i < 4; i++)
            four[i] = eight[i] + eight[i + 4];
        Assert.Equal(four[0] + four[2] + (four[1] + four[3]), Simd.Sum(Vector512.Create(x)));
    }
}
