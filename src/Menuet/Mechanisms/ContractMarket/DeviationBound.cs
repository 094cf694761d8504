namespace Menuet.Mechanisms.ContractMarket;

/// <summary>What one operator cannot earn more than by any menu, whatever its prices and latencies, while the others keep what they promise.</summary>
/// <remarks>
/// <para>Incentive compatibility and individual rationality are dropped: every type n gets its own v_n, so its own demand d_n = |I_n| δ z(v_n), and its own latency. The profit is
/// Σ f_n(d_n) − d_n h_n(Λ_n), f_n(d) = d (α₁q − cost − v_n(d)) concave, h_n(Λ) = min_L β_n L + g p̲(Λ, L), at every higher load as well.</para>
/// <para>Dynamic programming over the cell [jw, (j+1)w] that each cumulative load Λ_n lies in: with Λ_{n−1} in cell i and Λ_n in cell j, d_n is within
/// [(j−i−1)w, (j−i+1)w] and h_n at least h_n(jw), so the best d_n of that range for this h_n bounds the term. Cells through which no path reaches what the operator
/// already has are dropped, the rest divided, until bound and profit meet to 1e-6 or the effort allowed is spent.</para>
/// <para>Rounding: raised by 1e-9 of the sum of the absolute values that enter. Source: ours.</para>
/// </remarks>
internal static class DeviationBound
{
    private const double Margin = 1e-9;
    private const double Goal = 1e-6;
    private const double Effort = 3e7;   // pairs of cells, all levels together
    private const double CellEffort = 300; // a cell, with its law, in pairs
    private const int FirstCells = 512;
    private const int Division = 4;
    private const int Levels = 10;   // 512 × 4⁹ cells are still counted by an int

    /// <summary>An upper bound of π_m over all menus, USD per second; +∞ unless g = C̄ − R̄ &gt; 0.</summary>
    /// <param name="market">The market.</param>
    /// <param name="m">The operator.</param>
    /// <param name="rivals">ln Σ e^{v/τ} of the others and staying away, per type.</param>
    /// <param name="temperature">τ.</param>
    /// <param name="attained">What the operator has.</param>
    internal static double Of(MarketArrays market, int m, ReadOnlySpan<double> rivals, double temperature, double attained)
    {
        var types = Enumerable.Range(0, market.Types).Where(n => market.Demand[n] > 0).ToArray();
        var all = market.Demand.Sum();
        if (!(market.Spread > 0) || !double.IsFinite(all))
        {
            return double.PositiveInfinity;
        }

        if (types.Length == 0)
        {
            return 0;
        }

        var gain = market.Worth[m] - market.Cost[m];
        var sold = new SoldAt[types.Length];
        var safety = Margin * Math.Abs(attained);
        for (var n = 0; n < sold.Length; n++)
        {
            sold[n] = new(market.Demand[types[n]], gain, rivals[types[n]], temperature);
            safety += Margin * market.Demand[types[n]]
                * (Math.Abs(gain) + (temperature * (2 + Math.Abs(rivals[types[n]]))) + market.Spread + (market.Sensitivity[types[n]] * market.MaxLatency));
        }

        var width = all / FirstCells;
        var cells = types.Select(_ => new CellRange(0, FirstCells - 1)).ToArray();
        var (bound, effort) = (double.PositiveInfinity, 0.0);
        for (var level = 0; level < Levels; level++)
        {
            var program = new Level(market, m, types, sold, width, cells);
            bound = Math.Min(bound, Math.Max(attained, program.Bound + safety));
            if (bound - attained <= Goal * Math.Abs(bound))
            {
                break;
            }

            cells = program.Kept(attained - safety);
            if (cells.Length == 0)
            {
                return bound;
            }

            for (var n = 0; n < cells.Length; n++)
            {
                cells[n] = new(cells[n].First * Division, (cells[n].Last * Division) + Division - 1);
            }

            width /= Division;
            effort += CellEffort * LatencyTails.Expense(market.Algorithm.Tail) * cells[0].Count;
            for (var n = 1; n < cells.Length; n++)
            {
                effort += ((double)cells[n - 1].Count + (CellEffort * LatencyTails.Expense(market.Algorithm.Tail))) * cells[n].Count;
            }

            if (effort > Effort)
            {
                break;
            }
        }

        return bound;
    }

    /// <summary>Cells in a row.</summary>
    private readonly record struct CellRange(int First, int Last)
    {
        internal int Count => Last - First + 1;
    }

    /// <summary>The programme on one grid.</summary>
    private sealed class Level
    {
        private readonly CellRange[] cells;
        private readonly double[][] value;   // [n][cell]: best of types up to n with Λ_n there
        private readonly Term[] terms;

        internal Level(MarketArrays market, int m, int[] types, SoldAt[] sold, double width, CellRange[] cells)
        {
            this.cells = cells;
            value = new double[types.Length][];
            terms = new Term[types.Length];
            for (var n = 0; n < types.Length; n++)
            {
                var before = n == 0 ? new CellRange(0, 0) : cells[n - 1];
                terms[n] = new(market, m, types[n], sold[n], width, before, cells[n]);
                value[n] = new double[cells[n].Count];
                for (var j = 0; j < value[n].Length; j++)
                {
                    // Λ_0 = 0 is a point: the same as the lower end of cell 0, and the range of d_1 is no smaller.
                    var best = n == 0 ? terms[n].Best(before.First, cells[n].First + j) : double.NegativeInfinity;
                    for (var i = 0; n > 0 && i < before.Count && before.First + i <= cells[n].First + j; i++)
                    {
                        best = Math.Max(best, value[n - 1][i] + terms[n].Best(before.First + i, cells[n].First + j));
                    }

                    value[n][j] = best;
                }
            }

            Bound = value[^1].Max();
        }

        internal double Bound { get; }

        /// <summary>The cells that lie on paths of at least a value; empty when there is none.</summary>
        internal CellRange[] Kept(double threshold)
        {
            var kept = new CellRange[cells.Length];
            var ahead = new double[cells[^1].Count];
            for (var n = cells.Length - 1; n >= 0; n--)
            {
                var (first, last) = (int.MaxValue, -1);
                for (var j = 0; j < ahead.Length; j++)
                {
                    if (value[n][j] + ahead[j] >= threshold)
                    {
                        (first, last) = (Math.Min(first, cells[n].First + j), cells[n].First + j);
                    }
                }

                if (last < 0)
                {
                    return [];
                }

                kept[n] = new(first, last);
                if (n > 0)
                {
                    var next = new double[cells[n - 1].Count];
                    for (var i = 0; i < next.Length; i++)
                    {
                        var best = double.NegativeInfinity;
                        for (var j = Math.Max(0, cells[n - 1].First + i - cells[n].First); j < ahead.Length; j++)
                        {
                            best = Math.Max(best, ahead[j] + terms[n].Best(cells[n - 1].First + i, cells[n].First + j));
                        }

                        next[i] = best;
                    }

                    ahead = next;
                }
            }

            return kept;
        }
    }

    /// <summary>The bound of f_n(d) − d h_n for one type and every pair of cells.</summary>
    private sealed class Term
    {
        private readonly double width;
        private readonly double all;
        private readonly int first;        // first cell of Λ_n
        private readonly int lowest;       // smallest multiple of the width that is needed
        private readonly double[] earned;  // f_n there
        private readonly double[] cost;    // h_n per cell
        private readonly double[] ideal;   // the best d
        private readonly double[] top;     // and what it brings

        internal Term(MarketArrays market, int m, int n, SoldAt sold, double width, CellRange before, CellRange cells)
        {
            this.width = width;
            all = market.Demand[n];
            first = cells.First;
            lowest = Math.Max(0, cells.First - before.Last - 1);
            earned = new double[Math.Max(0, Math.Min(cells.Last - before.First + 1, (int)(all / width) + 2) - lowest) + 1];
            for (var k = 0; k < earned.Length; k++)
            {
                earned[k] = sold.Earned(Math.Min(all, width * (lowest + k)));
            }

            cost = new double[cells.Count];
            ideal = new double[cells.Count];
            top = new double[cells.Count];
            for (var j = 0; j < cost.Length; j++)
            {
                cost[j] = market.Spread * new OptimisticTail(market, m, width * (first + j)).Least(market.Sensitivity[n] / market.Spread);
                ideal[j] = sold.Best(cost[j]);
                top[j] = sold.Earned(ideal[j]) - (cost[j] * ideal[j]);
            }
        }

        internal double Best(int from, int to)
        {
            var (low, high) = (Math.Max(0, to - from - 1), to - from + 1);
            var (least, j) = (width * low, to - first);
            if (least > all)
            {
                return double.NegativeInfinity;
            }

            return ideal[j] < least ? earned[low - lowest] - (cost[j] * least)
                : ideal[j] > width * high ? earned[high - lowest] - (cost[j] * width * high) : top[j];
        }
    }

    /// <summary>f(d) = d (margin − v(d)), v(d) = τ (rivals + ln d/(D − d)), which sells d of D.</summary>
    private readonly struct SoldAt(double all, double margin, double rivals, double temperature)
    {
        internal double Earned(double demand)
        {
            if (demand <= 0)
            {
                return 0;
            }

            return demand >= all ? double.NegativeInfinity : demand * (margin - (temperature * (rivals + Math.Log(demand / (all - demand)))));
        }

        /// <summary>The d in (0, D) where f′ equals a cost: margin − cost − v(d) = τ D/(D − d), by the odds x = d/(D − d): x + ln x = A, A = (margin − cost)/τ − rivals − 1.</summary>
        internal double Best(double cost)
        {
            var target = ((margin - cost) / temperature) - rivals - 1;
            if (target < -700)
            {
                return 0;
            }

            var x = target > 1 ? target : Math.Exp(target - Math.Min(1, Math.Exp(target)));
            for (var i = 0; i < 60; i++)
            {
                var change = (x + Math.Log(x) - target) / (1 + (1 / x));
                x = Math.Max(0.1 * x, x - change);
                if (Math.Abs(change) <= 1e-15 * x)
                {
                    break;
                }
            }

            return all * (x / (1 + x));
        }
    }
}
