using BenchmarkDotNet.Attributes;
using Menuet.Mechanisms.DoubleAuction;
using Menuet.Mechanisms.StackelbergPricing;

namespace Menuet.Benchmarks;

/// <summary>
/// One slot of the auction's environment: four markets cleared, all vehicles moved, observed and rewarded. Baseline: the random numbers and elementary
/// functions that a slot cannot do without.
/// </summary>
public class AuctionEnvironmentBenchmarks
{
    private const int Environments = 16;

    private IEnvironment environment = null!;
    private float[] observations = [];
    private float[] states = [];
    private float[] actions = [];
    private float[] rewards = [];
    private Status[] statuses = [];
    private Rng random;

    /// <summary>V.</summary>
    [Params(20, 80)]
    public int Vehicles { get; set; }

    /// <summary>Bids anywhere.</summary>
    [GlobalSetup]
    public void Setup()
    {
        environment = new DoubleAuctionScenario { Vehicles = Vehicles }.Start(Environments);
        environment.Reset(1);
        observations = new float[environment.Rows * environment.ObservationSize];
        states = new float[Environments * environment.StateSize];
        actions = new float[environment.Rows];
        rewards = new float[environment.Rows];
        statuses = new Status[environment.Rows];
        random = Rng.Stream(1, 0);
        for (var i = 0; i < actions.Length; i++)
        {
            actions[i] = (float)((1.6 * random.NextDouble()) - 0.8);
        }
    }

    /// <summary>For each vehicle: shadowing and size drawn, one exponential and one logarithm for the size and its value, the same for the channel, three for rates; ten powers a unit.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Environments)]
    public double DrawsAndFunctionsAlone()
    {
        var sum = 0.0;
        for (var row = 0; row < environment.Rows; row++)
        {
            var (shadow, size) = (random.NextNormal(), Math.Exp(random.NextNormal()));
            var ratio = Math.Exp(shadow - (1.88 * Math.Log(1 + size)));
            sum += Math.Log(1 + size) + Math.Log2(1 + ratio) + Math.Log2(2 + ratio) + Math.Log2(3 + ratio);
        }

        for (var i = 0; i < Environments * 40; i++)
        {
            sum += random.NextDouble();
        }

        return sum;
    }

    /// <summary>What a learner with an independent critic asks for.</summary>
    [Benchmark(OperationsPerInvoke = Environments)]
    public float Slot()
    {
        environment.Observe(observations);
        environment.Advance(actions, rewards, statuses);
        environment.Restart();
        return rewards[0];
    }

    /// <summary>With the description of the whole environment for a centralised critic.</summary>
    [Benchmark(OperationsPerInvoke = Environments)]
    public float SlotWithState()
    {
        environment.Describe(states);
        return Slot();
    }
}

/// <summary>One round of pricing in one row: a price posted, followers respond, the history moves on. Baseline: copying the observations.</summary>
public class PricingEnvironmentBenchmarks
{
    private const int Environments = 64;

    private readonly float[] actions = new float[Environments];
    private readonly float[] rewards = new float[Environments];
    private readonly Status[] statuses = new Status[Environments];
    private IEnvironment environment = null!;
    private float[] observations = [];

    /// <summary>Whether followers change.</summary>
    [Params(FollowerVariant.Fixed, FollowerVariant.RandomDelta, FollowerVariant.Drift)]
    public FollowerVariant Variant { get; set; }

    /// <summary>Prices anywhere.</summary>
    [GlobalSetup]
    public void Setup()
    {
        environment = new StackelbergPricingScenario { Variant = Variant }.Start(Environments);
        environment.Reset(1);
        observations = new float[environment.Rows * environment.ObservationSize];
        for (var i = 0; i < actions.Length; i++)
        {
            actions[i] = (2f * i / actions.Length) - 1;
        }
    }

    /// <summary>What any environment has to do.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Environments)]
    public void ObserveAlone() => environment.Observe(observations);

    /// <summary>A whole round.</summary>
    [Benchmark(OperationsPerInvoke = Environments)]
    public float Round()
    {
        environment.Observe(observations);
        environment.Advance(actions, rewards, statuses);
        environment.Restart();
        return rewards[0];
    }
}
