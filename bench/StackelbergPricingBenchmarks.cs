using System.Collections.Immutable;
using BenchmarkDotNet.Attributes;
using Menuet.Mechanisms.StackelbergPricing;

namespace Menuet.Benchmarks;

/// <summary>One leader's best price against sorting as many doubles, which is the baseline.</summary>
[MemoryDiagnoser]
public class StackelbergPricingBenchmarks
{
    private readonly BackwardInduction solver = new();
    private StackelbergPricingMarket common = new();
    private StackelbergPricingMarket ranged = new();
    private double[] unsorted = [];
    private double[] scratch = [];

    /// <summary>Followers.</summary>
    [Params(1_000, 100_000, 1_000_000)]
    public int Followers { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        var random = Rng.Stream(1, 0);
        var followers = ImmutableArray.CreateBuilder<Follower>(Followers);
        unsorted = new double[Followers];
        for (var k = 0; k < Followers; k++)
        {
            unsorted[k] = 200 * Math.Exp(0.3 * random.NextNormal());
            followers.Add(new() { Satisfaction = unsorted[k] });
        }

        scratch = new double[Followers];
        common = new() { Quality = new(), Leader = new(), Followers = followers.MoveToImmutable() };
        ranged = common with
        {
            Quality = new() { Intercept = -3 },
            MinSteps = 20,
            MaxSteps = 120,
            Participation = Participation.Optional,
            Leader = new() { UnitCost = 1, MaxPrice = 40, CapacitySteps = 60.0 * Followers },
        };
    }

    [Benchmark(Baseline = true)]
    public double Sort()
    {
        unsorted.CopyTo(scratch, 0);
        Array.Sort(scratch);
        return scratch[0];
    }

    [Benchmark]
    public double Unbounded() => solver.Solve(common, new(), default).Bound;

    [Benchmark]
    public double BoundsOptOutCapacity() => solver.Solve(ranged, new(), default).Bound;
}
