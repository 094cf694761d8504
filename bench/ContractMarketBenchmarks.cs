using BenchmarkDotNet.Attributes;
using Menuet.Mechanisms.ContractMarket;
using Menuet.Queueing;

namespace Menuet.Benchmarks;

/// <summary>The laws of latency of one operator, op3 of the calibrated market at 1,000 tasks/s. Baseline: six exponentials, the least an exact tail needs.</summary>
public class TailBenchmarks
{
    private const int Evaluations = 240;   // what a scan of one menu item takes
    private static readonly ServiceStage[] Stages = [new(28, 200), new(12, 115), new(115, 200)];
    private readonly double[] times = new double[Evaluations];
    private SojournLaw law;
    private PriorityLaw priority = new(Stages, 600, 400);
    private StageLaw[] stageLaws = [];

    [GlobalSetup]
    public void Setup()
    {
        for (var i = 0; i < times.Length; i++)
        {
            times[i] = 0.01 + (0.29 * i / times.Length);
        }

        law = new(Stages, 1000);
        priority = new(Stages, 600, 400);
        stageLaws = [.. Stages.Select(stage => new StageLaw(stage, 1000))];
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Evaluations)]
    public double SixExponentials()
    {
        var sum = 0.0;
        foreach (var time in times)
        {
            sum += Math.Exp(-200 * time) + Math.Exp(-115 * time) + Math.Exp(-380 * time) + Math.Exp(-4600 * time) + Math.Exp(-22000 * time) + Math.Exp(-201 * time);
        }

        return sum;
    }

    /// <summary>The law is made anew from the stages, Erlang C included, and then evaluated over a menu item's scan.</summary>
    [Benchmark(OperationsPerInvoke = Evaluations)]
    public double ExactTail()
    {
        var made = new SojournLaw(Stages, 1000);
        var sum = 0.0;
        foreach (var time in times)
        {
            sum += made.Tail(time);
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Evaluations)]
    public double ExactTailAndDensity()
    {
        var sum = 0.0;
        foreach (var time in times)
        {
            law.Evaluate(time, out var tail, out var density);
            sum += tail + density;
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Evaluations)]
    public double OptimalChernoff()
    {
        var sum = 0.0;
        foreach (var time in times)
        {
            sum += ChernoffBound.Optimal(stageLaws, time).Value(time);
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Evaluations)]
    public double PriorityTail()
    {
        var sum = 0.0;
        foreach (var time in times)
        {
            sum += priority.Tail(time);
        }

        return sum;
    }
}

/// <summary>Three stages, three classes, a million task events. Baseline: one draw of an exponential for each event. Goal: 5 million events per second.</summary>
public class QueueSimulationBenchmarks
{
    private const int Tasks = 1_000_000 / 6;   // an arrival and a completion at each of three stages
    private readonly ulong seed = 1;
    private readonly QueueSimulation simulation = new([new(28, 200), new(12, 115), new(115, 200)], [300, 300, 400], [0.02, 0.05]);

    [Benchmark(Baseline = true, OperationsPerInvoke = 6 * Tasks)]
    public double Exponentials()
    {
        var rng = Rng.Stream(seed, 0);
        var sum = 0.0;
        for (var i = 0; i < 6 * Tasks; i++)
        {
            sum -= Math.Log(rng.NextDoubleOpen());
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = 6 * Tasks)]
    public object Simulate() => simulation.Run(seed, Tasks, 0);
}

/// <summary>
/// The methods on the calibrated market of 3 operators and 8 types. Baseline: Erlang C alone, for every operator, stage, type and iteration.
/// Goal: msmc within 1 ms.
/// </summary>
public class MatchingBenchmarks
{
    private readonly OperatorMarket market = ContractMarketMechanism.Door.Read(Catalog.Market("zhan/contract-market")!);
    private readonly double[] loads = new double[8];
    private readonly double[] waiting = new double[8];
    private readonly double[] spare = new double[8];

    [Params(LatencyTail.ChernoffPrinted, LatencyTail.ChernoffOptimal, LatencyTail.Exact)]
    public LatencyTail Tail { get; set; }

    [Benchmark(Baseline = true)]
    public double ErlangAlone()
    {
        var arrays = new MarketArrays(market);
        for (var n = 0; n < loads.Length; n++)
        {
            loads[n] = 150 * (n + 1);
        }

        for (var k = 0; k < 51; k++)
        {
            foreach (var stage in arrays.Stages)
            {
                ErlangRow.Fill(stage, loads, waiting, spare);
            }
        }

        return waiting[0];
    }

    [Benchmark]
    public object Msmc() => new MixedStableMatching().Solve(With(Tail), new(), default);

    [Benchmark]
    public object Quota() => new QuotaMatching().Solve(With(Tail), new(), default);

    private OperatorMarket With(LatencyTail tail) => market with { Algorithm = market.Algorithm with { Tail = tail } };
}

/// <summary>1,000 operators and 1,000 types, 50 iterations. Baseline: Erlang C alone. Goals: 5 s with the printed bound, 15 s with the optimal one.</summary>
public class LargeMatchingBenchmarks
{
    private readonly OperatorMarket market = ContractMarketDraw.Draw(1000, 1000, 10, 1);

    [Params(LatencyTail.ChernoffPrinted, LatencyTail.ChernoffOptimal)]
    public LatencyTail Tail { get; set; }

    [Benchmark(Baseline = true)]
    public double ErlangAlone()
    {
        var arrays = new MarketArrays(market);
        var (loads, waiting, spare) = (new double[1000], new double[1000], new double[1000]);
        for (var n = 0; n < loads.Length; n++)
        {
            loads[n] = 1.2 * (n + 1);
        }

        for (var k = 0; k < 51; k++)
        {
            foreach (var stage in arrays.Stages)
            {
                ErlangRow.Fill(stage, loads, waiting, spare);
            }
        }

        return waiting[0];
    }

    [Benchmark]
    public object Msmc() => new MixedStableMatching().Solve(market with { Algorithm = market.Algorithm with { Tail = Tail } }, new(), default);
}
