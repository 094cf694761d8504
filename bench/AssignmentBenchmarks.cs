using BenchmarkDotNet.Attributes;
using Menuet.Mechanisms.DoubleAuction;
using Menuet.Numerics;

namespace Menuet.Benchmarks;

/// <summary>The least-latency matching of n winners. Baseline: the textbook Hungarian method, as the audit has it.</summary>
public class AssignmentBenchmarks
{
    private double[][] costs = [];

    /// <summary>Rows and columns.</summary>
    [Params(100, 500, 1000)]
    public int Count { get; set; }

    /// <summary>Size over rate, as in Fan et al. 2023, Eq. (2).</summary>
    [GlobalSetup]
    public void Draw()
    {
        var random = Rng.Stream(1, 0);
        costs = new double[Count][];
        for (var i = 0; i < Count; i++)
        {
            var size = Math.Exp(5.616 + (0.6526 * random.NextNormal()));
            costs[i] = new double[Count];
            for (var j = 0; j < Count; j++)
            {
                costs[i][j] = size * 8e-3 / (20 + (80 * random.NextDouble()));
            }
        }
    }

    /// <summary>O(n³), one column a step, with branches.</summary>
    [Benchmark(Baseline = true)]
    public double Textbook() => LeastTotal.Bound(Count, (i, j) => costs[i][j]);

    /// <summary>Shortest augmenting paths, four columns a step.</summary>
    [Benchmark]
    public double ShortestPaths()
    {
        var assignment = new Assignment(Count, Count);
        foreach (var row in costs)
        {
            assignment.Add(row);
        }

        return assignment.Bound;
    }
}
