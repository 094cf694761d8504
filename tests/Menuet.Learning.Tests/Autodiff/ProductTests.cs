using System.Runtime.InteropServices;
using Menuet.Learning.Autodiff;

namespace Menuet.Learning.Tests.Autodiff;

public sealed unsafe class ProductTests
{
    public static TheoryData<int, int, int> Shapes
    {
        get
        {
            var data = new TheoryData<int, int, int>();
            foreach (var (m, k, n) in new[]
            {
                (1, 1, 1), (8, 4, 32), (9, 7, 33), (17, 9, 64), (64, 300, 48), (65, 513, 31), (5, 600, 17), (50, 33, 2), (3, 40, 1),
                (100, 2, 96), (33, 16, 4), (2, 19, 5), (128, 65, 70), (24, 300, 64), (24, 40, 16), (13, 256, 30),
            })
                data.Add(m, k, n);
            return data;
        }
    }

    private static float[] Draw(int length, ulong stream)
    {
        var rng = Rng.Stream(5, stream);
        var numbers = new float[length];
        for (var i = 0; i < length; i++)
            numbers[i] = (float)rng.NextNormal();
        return numbers;
    }

    /// <summary>Every form of a product, against a plain triple loop in double precision; returns all results.</summary>
    private static float[] Check(int m, int k, int n)
    {
        float[] a = Draw(m * k, 1), b = Draw(k * n, 2), start = Draw(m * n, 3), bias = Draw(n, 4);
        var all = new List<float>();
        for (var form = 0; form < 4; form++)
        {
            var turnedA = (form & 1) != 0;
            var turnedB = (form & 2) != 0;
            foreach (var kind in new[] { "set", "bias", "add" })
            {
                var c = (float[])start.Clone();
                fixed (float* pa = a, pb = b, pc = c, pBias = bias)
                {
                    var x = turnedA ? View.Rows(pa, m).Transposed : View.Rows(pa, k);
                    var y = turnedB ? View.Rows(pb, k).Transposed : View.Rows(pb, n);
                    if (kind == "set")
                        Product.Set(x, y, pc, m, k, n);
                    else if (kind == "bias")
                        Product.SetWithBias(x, y, pBias, pc, m, k, n);
                    else
                        Product.Add(x, y, pc, m, k, n);
                }
                for (var i = 0; i < m; i++)
                    for (var j = 0; j < n; j++)
                    {
                        var truth = kind == "set" ? 0.0 : kind == "bias" ? bias[j] : start[i * n + j];
                        var size = Math.Abs(truth);
                        for (var p = 0; p < k; p++)
                        {
                            var product = (double)(turnedA ? a[p * m + i] : a[i * k + p]) * (turnedB ? b[j * k + p] : b[p * n + j]);
                            truth += product;
                            size += Math.Abs(product);
                        }
                        Assert.InRange(c[i * n + j] - truth, -1e-6 * size, 1e-6 * size);
                    }
                all.AddRange(c);
            }
        }
        return [.. all];
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void EveryForm_MatchesAPlainLoop_WithTheSameBitsAtEveryWidth(int m, int k, int n)
    {
        var native = Product.Width;
        try
        {
            var results = new List<float[]>();
            foreach (var width in new[] { 4, 8, 16 })
            {
                Product.Width = width;
                results.Add(Check(m, k, n));
            }
            Assert.Equal(Bits(results[0]), Bits(results[1]));
            Assert.Equal(Bits(results[0]), Bits(results[2]));
        }
        finally
        {
            Product.Width = native;
        }
    }

    [Fact]
    public void RandomShapes_MatchAPlainLoop()
    {
        var rng = Rng.Stream(21, 1);
        for (var i = 0; i < 60; i++)
            Check(1 + rng.NextInt(40), 1 + rng.NextInt(50), 1 + rng.NextInt(80));
    }

    [Fact]
    public void NothingIsWrittenBeyondTheResult()
    {
        var memory = (float*)NativeMemory.AlignedAlloc(4096, 64);
        new Span<float>(memory, 1024).Fill(7f);
        float[] a = Draw(5 * 3, 1), b = Draw(3 * 5, 2);
        fixed (float* pa = a, pb = b)
            Product.Set(View.Rows(pa, 3), View.Rows(pb, 5), memory + 64, 5, 3, 5);
        Assert.All(new Span<float>(memory, 64).ToArray(), x => Assert.Equal(7f, x));
        Assert.All(new Span<float>(memory + 64 + 25, 64).ToArray(), x => Assert.Equal(7f, x));
        NativeMemory.AlignedFree(memory);
    }

    private static int[] Bits(float[] numbers) => Array.ConvertAll(numbers, BitConverter.SingleToInt32Bits);
}
