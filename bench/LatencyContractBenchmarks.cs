using BenchmarkDotNet.Attributes;
using Menuet.Mechanisms.LatencyContract;

namespace Menuet.Benchmarks;

/// <summary>Group 2 of Ye et al. with other types.</summary>
internal static class LatencyBenchmarkMarkets
{
    internal static LatencyMarket Draw(int count) =>
        Of([.. Enumerable.Range(0, count).Select(j => new LatencyType { Gain = 30 + (20.0 * j / count), Probability = 1.0 / count })]);

    internal static LatencyMarket Of(LatencyType[] types) => new()
    {
        Users = 10,
        Level = 2,
        Steps = 17,
        Terms = new()
        {
            SuccessProbability = 0.967,
            MaxLatencySeconds = 4,
            CyclesPerLevel = 3.2e7,
            CyclesPerStep = 6.5536e7,
            ResultBits = 6.5e5,
            ChannelStatus = 4e6,
            CapacitancePrompt = 2.5e-28,
            CapacitanceDenoise = 2.5e-28,
            CostPrompt = 90,
            CostDenoise = 90,
            CostCommunication = 40,
            Types = [.. types],
        },
    };
}

/// <summary>The isotonic solver against the roots that it cannot do without: the baseline takes one cube and one square root per type.</summary>
public class LatencyContractBenchmarks
{
    private readonly Isotonic solver = new();
    private LatencyMarket inOrder = new();
    private LatencyMarket shuffled = new();
    private LatencyMarket pooled = new();
    private LatencyMarket excluding = new();
    private LatencyMarket own = new();
    private double[] values = [];

    [Params(1_000, 100_000)]
    public int Types { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var rng = Rng.Stream(1, 0);
        values = new double[Types];
        var types = new LatencyType[Types];
        for (var j = 0; j < Types; j++)
        {
            types[j] = new() { Gain = 30 + (20.0 * j / Types) + (rng.NextDouble() / Types), Probability = 1.0 / Types };
            values[j] = types[j].Gain;
        }

        inOrder = With(types);
        excluding = inOrder with { Terms = inOrder.Terms with { AllowExclusion = true } };
        own = With([.. types.Select(t => t with { Overrides = new() { CostDenoise = 80 + (20 * rng.NextDouble()) } })]);

        // Probabilities that vary a hundredfold make virtual values fall and rise, so that blocks form.
        var weights = types.Select(_ => Math.Pow(100, rng.NextDouble())).ToArray();
        var total = weights.Sum();
        pooled = With([.. types.Select((t, j) => t with { Probability = weights[j] / total })]);
        for (var j = Types - 1; j > 0; j--)
        {
            var other = rng.NextInt(j + 1);
            (types[j], types[other]) = (types[other], types[j]);
        }

        shuffled = With(types);

        static LatencyMarket With(LatencyType[] given) => LatencyBenchmarkMarkets.Of(given);
    }

    [Benchmark(Baseline = true, Description = "a cube and a square root per type")]
    public double Roots()
    {
        var sum = 0.0;
        foreach (var value in values)
        {
            sum += Math.Sqrt(Math.Cbrt(value));
        }

        return sum;
    }

    [Benchmark(Description = "types in order, every one its own block")]
    public object InOrder() => solver.Solve(inOrder, new(), default);

    [Benchmark(Description = "types shuffled")]
    public object Shuffled() => solver.Solve(shuffled, new(), default);

    [Benchmark(Description = "types in order, pooled")]
    public object Pooled() => solver.Solve(pooled, new(), default);

    [Benchmark(Description = "types in order, with exclusion")]
    public object Excluding() => solver.Solve(excluding, new(), default);

    [Benchmark(Description = "a cost of its own for every type")]
    public object OwnValues() => solver.Solve(own, new(), default);
}
