using BenchmarkDotNet.Attributes;
using Menuet.Mechanisms.DoubleAuction;

namespace Menuet.Benchmarks;

/// <summary>McAfee clearing of n bids and n asks. Baseline: sorting both with <see cref="Array.Sort{T}(T[])"/>.</summary>
public class AuctionClearingBenchmarks
{
    private double[] bids = [];
    private double[] asks = [];
    private double[] copy = [];
    private Book book = null!;
    private DoubleAuctionMarket market = null!;
    private readonly DoubleAuctionSolver solver = new("mechanism", "", null);

    /// <summary>Bids, and as many asks.</summary>
    [Params(1_000, 100_000, 1_000_000)]
    public int Count { get; set; }

    /// <summary>Uniform on [0, 1).</summary>
    [GlobalSetup]
    public void Draw()
    {
        var random = Rng.Stream(1, 0);
        bids = new double[Count];
        asks = new double[Count];
        copy = new double[Count];
        for (var i = 0; i < Count; i++)
        {
            (bids[i], asks[i]) = (random.NextDouble(), random.NextDouble());
        }

        market = new DoubleAuctionMarket
        {
            Buyers = [.. bids.Select(bid => new AuctionBuyer { Bid = bid })],
            Sellers = [.. asks.Select(ask => new AuctionSeller { Ask = ask })],
        };
        book = Book.Of(market.Locals[0]);
    }

    /// <summary>What every textbook clearing starts with; copying included, as sorting destroys its input.</summary>
    [Benchmark(Baseline = true)]
    public double SortBothSides()
    {
        bids.CopyTo(copy, 0);
        Array.Sort(copy);
        var first = copy[0];
        asks.CopyTo(copy, 0);
        Array.Sort(copy);
        return first + copy[0];
    }

    /// <summary>One pass over all values that does nothing but add them: the limit set by memory.</summary>
    [Benchmark]
    public double ReadOnce()
    {
        var sum = System.Runtime.Intrinsics.Vector256<double>.Zero;
        foreach (var side in new[] { bids, asks })
        {
            foreach (ref readonly var vector in System.Runtime.InteropServices.MemoryMarshal.Cast<double, System.Runtime.Intrinsics.Vector256<double>>(side.AsSpan()))
            {
                sum += vector;
            }
        }

        return System.Runtime.Intrinsics.Vector256.Sum(sum);
    }

    /// <summary>K and the prices around it.</summary>
    [Benchmark]
    public int FindMargin() => Margin.Find(bids, asks).Trades;

    /// <summary>Prices and the list of winners.</summary>
    [Benchmark]
    public int Clear() => Clearinghouse.Clear(market, AuctionMechanism.Mcafee, book).Buyers.Length;

    /// <summary>The whole solver on the market as it was read: flattening, clearing, scoring.</summary>
    [Benchmark]
    public double Solve() => solver.Solve(market, new(), CancellationToken.None).Bound;
}
