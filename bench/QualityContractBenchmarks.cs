using System.Numerics;
using BenchmarkDotNet.Attributes;
using Menuet.Mechanisms.QualityContract;

namespace Menuet.Benchmarks;

/// <summary>Random markets on the fitted curve of Ye et al., 20 levels and 50 steps, gains in [1, 400].</summary>
internal static class QualityBenchmarkMarkets
{
    internal static QualityMarket Draw(int count, bool commonCosts, bool wholeGains = false, int levels = 20, int steps = 50)
    {
        var rng = Rng.Stream(1, 0);
        var types = new QualityType[count];
        var sum = 0.0;
        for (var i = 0; i < count; i++)
        {
            var gain = 1 + (399 * rng.NextDouble());
            types[i] = new()
            {
                Gain = wholeGains ? Math.Ceiling(gain) : gain,
                Probability = rng.NextDoubleOpen(),
                CostPerLevel = commonCosts ? 8 : 1 + (9 * rng.NextDouble()),
                CostPerStep = commonCosts ? 1 : 1 + (9 * rng.NextDouble()),
            };
            sum += types[i].Probability;
        }

        return new()
        {
            Users = 20,
            QualityModel = new() { Rho = [9.7417, 0.0978, 0.7647, 0.5158, 3497.8463, 0.0307] },
            LevelMin = 0,
            LevelMax = levels - 1,
            StepsMin = 1,
            StepsMax = steps,
            Types = [.. types.Select(type => type with { Probability = type.Probability / sum })],
        };
    }
}

/// <summary>Common costs, 100,000 types, 1,000 items. Baseline: sorting the types by gain and one pass over them. Goal: 3x.</summary>
public class QualityCommonCostsBenchmarks
{
    private static readonly ExactSolver Exact = new("exact", "", QualityMethod.Automatic);
    private QualityMarket market = new();

    [GlobalSetup]
    public void Setup() => market = QualityBenchmarkMarkets.Draw(100_000, commonCosts: true);

    [Benchmark(Baseline = true)]
    public double SortAndPass()
    {
        var gains = new double[market.Types.Length];
        var order = new int[gains.Length];
        for (var i = 0; i < gains.Length; i++)
        {
            (gains[i], order[i]) = (market.Types[i].Gain, i);
        }

        Array.Sort(gains, order);
        var sum = 0.0;
        foreach (var i in order)
        {
            sum += market.Types[i].Probability * market.Types[i].Gain;
        }

        return sum;
    }

    [Benchmark]
    public object Solve() => Exact.Solve(market, new(), default);
}

/// <summary>Costs that differ by type, 100,000 types, 1,000 items. Baseline: reading 10^8 doubles once. Goal: 5x.</summary>
public class QualityOwnCostsBenchmarks
{
    private static readonly ExactSolver Exact = new("exact", "", QualityMethod.Automatic);
    private double[] table = [];
    private QualityMarket market = new();
    private QualityMarket excluding = new();
    private QualityMarket wholeGains = new();

    [GlobalSetup]
    public void Setup()
    {
        table = new double[100_000_000];
        Array.Fill(table, 1);
        market = QualityBenchmarkMarkets.Draw(100_000, commonCosts: false);
        excluding = market with { AllowExclusion = true };
        wholeGains = QualityBenchmarkMarkets.Draw(100_000, commonCosts: false, wholeGains: true);
    }

    [Benchmark(Baseline = true)]
    public double ReadOnce()
    {
        var (even, odd) = (Vector<double>.Zero, Vector<double>.Zero);
        for (var i = 0; i < table.Length; i += 2 * Vector<double>.Count)
        {
            even += new Vector<double>(table, i);
            odd += new Vector<double>(table, i + Vector<double>.Count);
        }

        return Vector.Sum(even + odd);
    }

    [Benchmark]
    public object Solve() => Exact.Solve(market, new(), default);

    [Benchmark]
    public object SolveWithExclusion() => Exact.Solve(excluding, new(), default);

    [Benchmark]
    public object SolveWholeGains() => Exact.Solve(wholeGains, new(), default);
}

/// <summary>A largest payment at nine tenths of the unbounded top payment. Baseline: the same market without it.</summary>
public class QualityCappedBenchmarks
{
    private static readonly ExactSolver Exact = new("exact", "", QualityMethod.Automatic);
    private QualityMarket market = new();
    private QualityMarket capped = new();

    [Params(2, 8, 24, 200)]
    public int Types { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        market = QualityBenchmarkMarkets.Draw(Types, commonCosts: false, levels: 4, steps: 17);
        capped = market with { PaymentMax = 0.9 * Exact.Solve(market, new(), default).Outcome!.Payments.Max() };
    }

    [Benchmark(Baseline = true)]
    public object Unbounded() => Exact.Solve(market, new(), default);

    [Benchmark]
    public object Capped() => Exact.Solve(capped, new(), default);
}
