using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Menuet.Learning.Autodiff;

namespace Menuet.Benchmarks;

/// <summary>Rates of the learning engine on one thread, each beside the machine's own limit measured in the same run.</summary>
/// <remarks><c>dotnet run -c Release --project bench -- learning [part]</c>.</remarks>
internal static unsafe class LearningThroughput
{
    internal static int Run(string part)
    {
        if (part is "" or "products")
            Products();
        return 0;
    }

    /// <summary>FMA peak of one core in GFLOP/s: 24 independent chains, the fastest of many slices.</summary>
    private static double Peak()
    {
        var best = 0.0;
        for (var slice = 0; slice < 40; slice++)
        {
            var start = Stopwatch.GetTimestamp();
            Chains(20_000);
            best = Math.Max(best, 20_000 * 24.0 * 16 * 2 / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e9);
        }
        return best;
    }

    private static float Chains(int rounds)
    {
        Vector512<float> x = Vector512.Create(0.999f), y = Vector512.Create(1e-3f);
        Vector512<float> a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x,
            m = x, n = x, o = x, p = x, q = x, r = x, s = x, t = x, u = x, v = x, w = x, z = x;
        for (; rounds > 0; rounds--)
        {
            a = Vector512.FusedMultiplyAdd(a, x, y); b = Vector512.FusedMultiplyAdd(b, x, y); c = Vector512.FusedMultiplyAdd(c, x, y);
            d = Vector512.FusedMultiplyAdd(d, x, y); e = Vector512.FusedMultiplyAdd(e, x, y); f = Vector512.FusedMultiplyAdd(f, x, y);
            g = Vector512.FusedMultiplyAdd(g, x, y); h = Vector512.FusedMultiplyAdd(h, x, y); i = Vector512.FusedMultiplyAdd(i, x, y);
            j = Vector512.FusedMultiplyAdd(j, x, y); k = Vector512.FusedMultiplyAdd(k, x, y); l = Vector512.FusedMultiplyAdd(l, x, y);
            m = Vector512.FusedMultiplyAdd(m, x, y); n = Vector512.FusedMultiplyAdd(n, x, y); o = Vector512.FusedMultiplyAdd(o, x, y);
            p = Vector512.FusedMultiplyAdd(p, x, y); q = Vector512.FusedMultiplyAdd(q, x, y); r = Vector512.FusedMultiplyAdd(r, x, y);
            s = Vector512.FusedMultiplyAdd(s, x, y); t = Vector512.FusedMultiplyAdd(t, x, y); u = Vector512.FusedMultiplyAdd(u, x, y);
            v = Vector512.FusedMultiplyAdd(v, x, y); w = Vector512.FusedMultiplyAdd(w, x, y); z = Vector512.FusedMultiplyAdd(z, x, y);
        }
        return Vector512.Sum(a + b + c + d + e + f + g + h + i + j + k + l + m + n + o + p + q + r + s + t + u + v + w + z);
    }

    private static void Products()
    {
        var memory = (float*)NativeMemory.AlignedAlloc(16_000_000, 64);
        new Span<float>(memory, 4_000_000).Fill(0.5f);
        float* a = memory, b = memory + 1_200_000, c = memory + 2_400_000;
        (string Name, int M, int K, int N, int Form)[] shapes =
        [
            ("forward", 512, 256, 256, 0), ("dX", 512, 256, 256, 1), ("dW", 256, 512, 256, 2), ("forward, slice", 128, 256, 256, 0),
            ("dX, slice", 128, 256, 256, 1), ("dW, slice", 256, 128, 256, 2), ("forward, slice 256", 256, 256, 256, 0), ("dW, slice 256", 256, 256, 256, 2),
            ("forward, deep", 4096, 256, 256, 0), ("first layer", 512, 9, 256, 0),
            ("dW, first layer", 9, 512, 256, 2), ("head", 512, 256, 2, 0), ("dX, head", 512, 2, 256, 1), ("dW, head", 256, 512, 2, 2),
            ("acting", 16, 256, 256, 0), ("small batch", 64, 256, 256, 0), ("width 64", 512, 64, 64, 0), ("one row", 1, 256, 256, 0),
        ];
        Console.WriteLine($"peak {Peak():F0} GFLOP/s, width {Product.Width}");
        foreach (var (name, m, k, n, form) in shapes)
        {
            var x = form == 2 ? View.Rows(a, m).Transposed : View.Rows(a, k);
            var y = form == 1 ? View.Rows(b, k).Transposed : View.Rows(b, n);
            var calls = Math.Max(1, (int)(8e6 / ((double)m * k * n)));
            double best = 0, peak = 0;
            for (var slice = 0; slice < 60; slice++)
            {
                var start = Stopwatch.GetTimestamp();
                for (var call = 0; call < calls; call++)
                    Product.Set(x, y, c, m, k, n);
                best = Math.Max(best, calls * 2.0 * m * k * n / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e9);
                if (slice % 10 == 0)
                {
                    start = Stopwatch.GetTimestamp();
                    Chains(20_000);
                    peak = Math.Max(peak, 20_000 * 24.0 * 16 * 2 / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e9);
                }
            }
            Console.WriteLine($"{name,-20} {m}x{k}x{n}  {best,7:F1} GFLOP/s  {best / peak,6:P0} of {peak:F0}");
        }
        NativeMemory.AlignedFree(memory);
    }
}
