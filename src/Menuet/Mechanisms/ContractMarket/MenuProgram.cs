namespace Menuet.Mechanisms.ContractMarket;

/// <summary>
/// The best nondecreasing latencies of one menu, min Σ_n κ_n L_n + g d_n p_n(L_n), by dynamic programming over a grid and refinement of it around the best path.
/// </summary>
/// <remarks>
/// V_n(x) = min_{L ≤ x} V_{n−1}(L) + κ_n L + g d_n p_n(L). The first pass has 1024 equal cells and finds the right basin of every type; each later pass lays
/// 32 cells over four of the former around the path, with the ends of the permitted range kept, until cells are below 1e-12 of the range. Exact up to basins
/// narrower than a cell of the first pass. O(N × 1024), for single menus rather than inner loops.
/// </remarks>
internal sealed class MenuProgram
{
    private const int FirstCells = 1024;
    private const int LaterCells = 32;

    private readonly MarketArrays market;
    private readonly LatencyTails tails;
    private readonly double[] point;     // [n, i]
    private readonly double[] value;     // [n, i]: best of types 0..n with type n at point i or below
    private readonly int[] from;         // [n, i]: the point of type n chosen there
    private readonly double[] path;
    private readonly double[] reach;     // half-width of the window around the path

    internal MenuProgram(MarketArrays market, LatencyTails tails)
    {
        this.market = market;
        this.tails = tails;
        point = new double[market.Types * (FirstCells + 1)];
        value = new double[point.Length];
        from = new int[point.Length];
        path = new double[market.Types];
        reach = new double[market.Types];
    }

    /// <summary>Solves for operator m.</summary>
    /// <param name="m">The operator.</param>
    /// <param name="kappa">κ, length at least N.</param>
    /// <param name="stake">g d, length at least N.</param>
    /// <param name="latencies">Filled, length N.</param>
    internal void Solve(int m, ReadOnlySpan<double> kappa, ReadOnlySpan<double> stake, Span<double> latencies)
    {
        var (shortest, longest) = (market.MinLatency, market.MaxLatency);
        var width = (longest - shortest) / FirstCells;
        Pass(m, kappa, stake, FirstCells, first: true);
        while (width > 1e-13 * longest)
        {
            for (var n = 0; n < path.Length; n++)
            {
                reach[n] = 2 * width;
            }

            Pass(m, kappa, stake, LaterCells, first: false);
            width *= 4.0 / LaterCells;
        }

        path.CopyTo(latencies);
    }

    private void Pass(int m, ReadOnlySpan<double> kappa, ReadOnlySpan<double> stake, int cells, bool first)
    {
        var (shortest, longest) = (market.MinLatency, market.MaxLatency);
        var row = m * tails.Stride;
        var count = cells + 1;
        for (var n = 0; n < path.Length; n++)
        {
            var low = first ? shortest : Math.Max(shortest, path[n] - reach[n]);
            var high = first ? longest : Math.Min(longest, path[n] + reach[n]);
            var isStable = tails.IsStable(row + n) && stake[n] != 0;
            var before = -1;   // last point of the type before that is not above
            for (var i = 0; i < count; i++)
            {
                var at = i == cells ? high : low + ((high - low) * i / cells);
                var own = (kappa[n] * at) + (isStable ? stake[n] * tails.Probability(row + n, at) : stake[n]);
                if (n > 0)
                {
                    while (before + 1 < count && point[((n - 1) * count) + before + 1] <= at)
                    {
                        before++;
                    }

                    own += before < 0 ? double.PositiveInfinity : value[((n - 1) * count) + before];
                }

                var here = (n * count) + i;
                point[here] = at;
                var keeps = i > 0 && value[here - 1] <= own;
                value[here] = keeps ? value[here - 1] : own;
                from[here] = keeps ? from[here - 1] : i;
            }
        }

        var limit = double.PositiveInfinity;
        for (var n = path.Length - 1; n >= 0; n--)
        {
            var i = cells;
            while (i > 0 && point[(n * count) + i] > limit)
            {
                i--;
            }

            limit = path[n] = point[(n * count) + from[(n * count) + i]];
        }
    }
}
