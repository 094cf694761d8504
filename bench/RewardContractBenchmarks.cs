using System.Collections.Immutable;
using BenchmarkDotNet.Attributes;
using Menuet.Mechanisms.RewardContract;

namespace Menuet.Benchmarks;

/// <summary>Closed-form rewards against the bandwidth of memory: the baseline reads the same types and writes as many numbers.</summary>
public class RewardContractBenchmarks
{
    private readonly ClosedForm solver = new();
    private RewardMarket market = new();
    private RewardMarket designed = new();
    private RewardMarket shuffled = new();

    [Params(1_000, 100_000, 1_000_000)]
    public int Types { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var rng = Rng.Stream(1, 0);
        var types = ImmutableArray.CreateBuilder<RewardType>(Types);
        var (reputation, quality) = (5.0, 1.0);
        for (var k = 0; k < Types; k++)
        {
            reputation += rng.NextDouble() / Types;
            quality += rng.NextDouble() / Types;
            types.Add(new RewardType { Reputation = reputation, Probability = 1.0 / Types, Quality = quality });
        }

        market = new() { UnitCost = 2, UtilityCoefficient = 20, Types = types.ToImmutable() };
        designed = market with { QualityMode = QualityMode.Designed, QualityMax = 10 };
        var array = types.ToArray();
        for (var k = array.Length - 1; k > 0; k--)
        {
            var other = rng.NextInt(k + 1);
            (array[k], array[other]) = (array[other], array[k]);
        }

        shuffled = market with { Types = [.. array] };
    }

    [Benchmark(Baseline = true, Description = "read the types, write qualities and rewards")]
    public (double[] Qualities, double[] Rewards) OnePass()
    {
        var types = market.Types.AsSpan();
        var (qualities, rewards) = (new double[types.Length], new double[types.Length]);
        for (var k = 0; k < types.Length; k++)
        {
            qualities[k] = types[k].Quality.GetValueOrDefault();
            rewards[k] = types[k].Reputation;
        }

        return (qualities, rewards);
    }

    [Benchmark(Description = "given qualities, types in order")]
    public object InOrder() => solver.Solve(market, new(), default);

    [Benchmark(Description = "given qualities, types shuffled")]
    public object Shuffled() => solver.Solve(shuffled, new(), default);

    [Benchmark(Description = "designed qualities, types in order")]
    public object Designed() => solver.Solve(designed, new(), default);
}
