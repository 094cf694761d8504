namespace Menuet.Mechanisms.ContractMarket;

/// <summary>What welfare cannot exceed with queues as they fill, whoever serves whom at what price: tighter than <see cref="WelfareBound"/>.</summary>
/// <remarks>
/// <para>Weak duality over who serves whom (<see cref="TaskPrices"/>). Of one operator, Σ_n d_n (α₁q − cost − β_n L_n − g p_n(Λ_n, L_n)) with every p at the lower end of its cell is linear
/// in the cumulative loads for fixed latencies, hence convex when these are best, and largest at grid points, as in <see cref="OperatorRelaxation"/>; there are no rents,
/// so that the total is no parameter. O(N G²) a round.</para>
/// <para>Rounding: raised by 1e-9 of the sum of the absolute values that enter. Source: ours.</para>
/// </remarks>
internal sealed class WelfareRelaxation
{
    private const int Cells = 600;
    private const int Rounds = 120;
    private const double Effort = 2e9;   // cells times steps, all rounds
    private const double Margin = 1e-9;

    private readonly MarketArrays market;
    private readonly double step;
    private readonly int[] most;
    private readonly double[][] worth;   // [m][n × (G + 1) + i]: of a task of type n with Λ_n at i
    private readonly double[][] value;   // [n][i]
    private readonly int[] taken;        // [n × (G + 1) + i]

    private WelfareRelaxation(MarketArrays market)
    {
        this.market = market;
        step = market.Demand.Sum() / Cells;
        most = [.. market.Demand.Select(demand => Math.Min(Cells, (int)Math.Ceiling((demand / step) - 1e-12)))];
        worth = new double[market.Operators][];
        for (var m = 0; m < worth.Length; m++)
        {
            worth[m] = new double[market.Types * (Cells + 1)];
            for (var i = 0; i <= Cells; i++)
            {
                var tail = new OptimisticTail(market, m, step * Math.Max(0, i - 1));
                for (var n = 0; n < market.Types; n++)
                {
                    worth[m][(n * (Cells + 1)) + i] = n > 0 && market.Sensitivity[n] == market.Sensitivity[n - 1]
                        ? worth[m][((n - 1) * (Cells + 1)) + i]
                        : market.Worth[m] - market.Cost[m] - (market.Spread * tail.Least(market.Sensitivity[n] / market.Spread));
                }
            }
        }

        value = new double[market.Types + 1][];
        for (var n = 0; n < value.Length; n++)
        {
            value[n] = new double[Cells + 1];
        }

        taken = new int[market.Types * (Cells + 1)];
    }

    /// <summary>USD per second; the bound of empty queues where the market is too large, or g = C̄ − R̄ is not positive.</summary>
    /// <param name="market">The market.</param>
    /// <param name="attained">A welfare that is attained.</param>
    /// <param name="stop">Asked between rounds.</param>
    internal static double Of(MarketArrays market, double attained, Func<bool> stop)
    {
        var empty = WelfareBound.Of(market);
        var all = market.Demand.Sum();
        var effort = (double)Rounds * market.Operators * Cells * Cells * LatencyTails.Expense(market.Algorithm.Tail);
        if (!(market.Spread > 0) || !(all > 0) || !double.IsFinite(all) || !double.IsFinite(empty) || !(empty > 0)
            || effort + ((double)market.Operators * market.Types * Cells * 1000) > Effort || stop())
        {
            return empty;
        }

        var relaxation = new WelfareRelaxation(market);
        var prices = new TaskPrices(market, 0.8 * empty / all);
        prices.Lower(relaxation.Solve, attained, Rounds, stop);
        var weight = prices.Values.Sum(Math.Abs) + Math.Abs(attained);
        for (var n = 0; n < market.Types; n++)
        {
            weight += market.Demand[n] * (prices.Best[n] + market.Worth.Max() + market.Cost.Max() + market.Spread + (market.Sensitivity[n] * market.MaxLatency));
        }

        var bound = Math.Max(attained, prices.Bound + (Margin * weight));
        return double.IsFinite(bound) ? Math.Min(empty, bound) : empty;
    }

    private double Solve(int m, ReadOnlySpan<double> prices, Span<double> demand)
    {
        value[0].AsSpan().Fill(double.NegativeInfinity);
        value[0][0] = 0;
        for (var n = 0; n < market.Types; n++)
        {
            for (var i = 0; i <= Cells; i++)
            {
                var each = step * (worth[m][(n * (Cells + 1)) + i] - prices[n]);
                var (best, amount) = (value[n][i], 0);
                for (var j = 1; j <= Math.Min(i, most[n]); j++)
                {
                    var here = value[n][i - j] + (each * j);
                    if (here > best)
                    {
                        (best, amount) = (here, j);
                    }
                }

                value[n + 1][i] = best;
                taken[(n * (Cells + 1)) + i] = amount;
            }
        }

        var last = value[market.Types];
        var load = Array.IndexOf(last, last.Max());
        var result = last[load];
        for (var n = market.Types - 1; n >= 0; n--)
        {
            var amount = taken[(n * (Cells + 1)) + load];
            demand[n] = step * amount;
            load -= amount;
        }

        return result;
    }
}
