using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Menuet.Learning;
using Menuet.Learning.Algorithms;
using Menuet.Learning.Autodiff;
using Menuet.Learning.Networks;
using Architecture = Menuet.Learning.Networks.Architecture;

namespace Menuet.Benchmarks;

/// <summary>Rates of the learning engine on one thread, each beside the machine's own limit measured in the same run.</summary>
/// <remarks><c>dotnet run -c Release --project bench -- learning [part]</c>.</remarks>
internal static unsafe class LearningThroughput
{
    internal static int Run(string part)
    {
        if (part is "" or "products")
            Products();
        if (part is "" or "functions")
            Functions();
        foreach (var (name, make) in Updates)
            if (part is "" or "updates" || part == name)
                Report(name, make(), name.EndsWith("-loop", StringComparison.Ordinal) ? 80 : 1);
        return 0;
    }

    private static readonly MlpArchitecture Mish = new() { Activation = Activation.Mish };

    /// <summary>One update each: state 9, action 2, batch 512, hidden layers 2 × 256 unless the name says otherwise; a loop is a whole round of PPO.</summary>
    private static readonly (string Name, Func<Action> Make)[] Updates =
    [
        ("ppo-mlp", () => PpoUpdate(new MlpArchitecture(), 512)),
        ("ppo-mlp-loop", () => Loop(new MlpArchitecture())),
        ("ppo-moe-loop", () => Loop(new MixtureArchitecture())),
        ("ppo-trans3-loop", () => Loop(new TransformerArchitecture { Tokens = 3 })),
        ("ppo-mlp-64", () => PpoUpdate(new MlpArchitecture(), 64)),
        ("ppo-mlp-4096", () => PpoUpdate(new MlpArchitecture(), 4096)),
        ("ppo-moe", () => PpoUpdate(new MixtureArchitecture(), 512)),
        ("ppo-trans3", () => PpoUpdate(new TransformerArchitecture { Tokens = 3 }, 512)),
        ("ppo-trans9", () => PpoUpdate(new TransformerArchitecture { Tokens = 9 }, 512)),
        ("sac", () => Round(new Sac(new Draws(512), new() { Batch = 512, Warmup = 512, StepsPerRound = 0, Discount = 0.99f }))),
        ("diff-3", () => DiffusionUpdate(3, 0)),
        ("diff-5", () => DiffusionUpdate(5, 0)),
        ("diff-5-target", () => DiffusionUpdate(5, 0.95f)),
        ("act-16", Acting),
    ];

    private static Action PpoUpdate(Architecture actor, int batch)
    {
        var ppo = new Ppo(new Draws(512), new() { Actor = actor, Minibatch = batch, Epochs = 1, ValueClip = 0.2f, Horizon = 8 });
        ppo.Iterate();
        var samples = Enumerable.Range(0, batch).ToArray();
        return () => ppo.Update(samples);
    }

    /// <summary>A round: 512 rows × 8 steps of play, then 10 epochs of 8 minibatches.</summary>
    private static Action Loop(Architecture actor)
    {
        var ppo = new Ppo(new Draws(512), new() { Actor = actor, ValueClip = 0.2f });
        return () => ppo.Iterate();
    }

    private static Action DiffusionUpdate(int steps, float discount) => Round(
        new DiffusionQ(new Draws(512), new()
        {
            Actor = new DiffusionArchitecture { DenoisingSteps = steps, Activation = Activation.Mish, Prediction = Prediction.Noise },
            Critic = Mish,
            Batch = 512,
            Warmup = 512,
            StepsPerRound = 0,
            Discount = discount,
            WeightDecay = 1e-4f,
        }));

    /// <summary>A learner whose replay is filled first and whose rounds are one update.</summary>
    private static Action Round(ILearner learner)
    {
        var fill = learner switch
        {
            Sac sac => (Action)sac.Play,
            DiffusionQ diffusion => diffusion.Play,
            _ => throw new ArgumentException("no replay", nameof(learner)),
        };
        for (var i = 0; i < 20; i++)
            fill();
        return () => learner.Iterate();
    }

    private static Action Acting()
    {
        var ppo = new Ppo(new Draws(16), new() { Minibatch = 64 });
        var (observations, actions) = (new float[16 * 9], new float[16 * 2]);
        return () => ppo.Policy.Act(observations, actions, 16);
    }

    /// <summary>
    /// Calls per second of this process's own processor time, which leaves out being preempted: the fastest and the median of 24 slices, with the FMA
    /// peak measured between them in the same way.
    /// </summary>
    private static void Report(string name, Action update, int updates)
    {
        for (var i = 0; i < 10; i++)
            update();
        var before = GC.GetAllocatedBytesForCurrentThread();
        update();
        var bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        var rates = new double[24];
        var peak = 0.0;
        var calls = 1;
        for (var i = 0; i < rates.Length; i++)
        {
            var start = Environment.CpuUsage.TotalTime;
            for (var call = 0; call < calls; call++)
                update();
            var spent = (Environment.CpuUsage.TotalTime - start).TotalSeconds;
            rates[i] = calls / spent;
            calls = Math.Max(1, (int)(0.06 * rates[i]));
            start = Environment.CpuUsage.TotalTime;
            Chains(60_000);
            peak = Math.Max(peak, 60_000 * 24.0 * 16 * 2 / (Environment.CpuUsage.TotalTime - start).TotalSeconds / 1e9);
        }
        Array.Sort(rates);
        Console.WriteLine($"{name,-15} fastest {updates * rates[^1],10:F1}, median {updates * rates[rates.Length / 2],10:F1} updates/s; {bytes} bytes; peak {peak:F0} GFLOP/s");
    }

    private static void Functions()
    {
        const int count = 131_072;
        var memory = (float*)NativeMemory.AlignedAlloc(4 * count, 64);
        (string Name, Action Run)[] all =
        [
            ("exp", () => Each<ExpOf>(memory, count)), ("tanh", () => Each<TanhOf>(memory, count)), ("mish", () => Each<MishOf>(memory, count)),
            ("mish and slope", () => Each<MishSlopeOf>(memory, count)), ("log", () => Each<LogOf>(memory, count)),
        ];
        foreach (var (name, run) in all)
        {
            var best = double.PositiveInfinity;
            for (var i = 0; i < 60; i++)
            {
                new Span<float>(memory, count).Fill(0.7f);
                var start = Stopwatch.GetTimestamp();
                run();
                best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
            }
            Console.WriteLine($"{name,-14} {count / best / 1e9:F2} Gelem/s");
        }
        NativeMemory.AlignedFree(memory);
    }

    private interface IFunction
    {
        static abstract Vector512<float> Of(Vector512<float> x);
    }

    private readonly struct ExpOf : IFunction
    {
        public static Vector512<float> Of(Vector512<float> x) => Simd.Exp(x);
    }

    private readonly struct TanhOf : IFunction
    {
        public static Vector512<float> Of(Vector512<float> x) => Simd.Tanh(x);
    }

    private readonly struct MishOf : IFunction
    {
        public static Vector512<float> Of(Vector512<float> x) => Simd.Mish(x);
    }

    private readonly struct MishSlopeOf : IFunction
    {
        public static Vector512<float> Of(Vector512<float> x)
        {
            var y = Simd.Mish(x, out var slope);
            return y + slope;
        }
    }

    private readonly struct LogOf : IFunction
    {
        public static Vector512<float> Of(Vector512<float> x) => Simd.Log(x);
    }

    private static void Each<T>(float* x, int count) where T : struct, IFunction
    {
        for (var i = 0; i < count; i += 16)
            T.Of(Vector512.Load(x + i)).Store(x + i);
    }

    /// <summary>Draws of nine numbers, a reward that is a smooth function of two actions; one step.</summary>
    private sealed class Draws(int rows) : IEnvironment
    {
        private readonly float[] _state = new float[rows * 9];
        private Rng _rng = Rng.Stream(1, 9);

        public int Rows => rows;

        public int Agents => 1;

        public int ObservationSize => 9;

        public int ActionSize => 2;

        public int StateSize => 0;

        public void Reset(ulong seed) => Restart();

        public void Observe(Span<float> observations) => _state.CopyTo(observations);

        public void Describe(Span<float> states) => states.Clear();

        public void Advance(ReadOnlySpan<float> actions, Span<float> rewards, Span<Status> statuses)
        {
            for (var i = 0; i < rows; i++)
                rewards[i] = 1 - (actions[2 * i] - _state[9 * i]) * (actions[2 * i] - _state[9 * i]) - actions[2 * i + 1] * actions[2 * i + 1];
            statuses.Fill(Status.Terminated);
        }

        public void Restart()
        {
            foreach (ref var x in _state.AsSpan())
                x = (float)_rng.NextDouble();
        }

        public void Write(BinaryWriter writer) => throw new NotSupportedException();

        public void Read(BinaryReader reader) => throw new NotSupportedException();
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
