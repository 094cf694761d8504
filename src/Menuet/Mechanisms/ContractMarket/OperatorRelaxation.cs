using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Menuet.Mechanisms.ContractMarket;

/// <summary>
/// An upper bound of what one operator can earn of any demand when each task of type n costs it μ_n besides, max_d π_m(d) − Σ μ_n d_n, by dynamic programming over
/// cumulative loads on a grid.
/// </summary>
/// <remarks>
/// <para>For latencies and probabilities of lateness held fixed, the profit is linear in the cumulative loads Λ_n = Σ_{j≤n} d_j; the best profit over nondecreasing latencies is
/// then convex in them. Let p be held at the lower end of the cell that each Λ_n lies in, where it is least: over the cell, cut by d_n ≥ 0 and by ranges of d_n and
/// Λ_N whose ends lie on the grid, the convex bound is largest at a vertex, and every vertex has all Λ_n on the grid, because differences of the Λ_n make a totally
/// unimodular system. So the best path over grid points with p one step below its load bounds every demand there is.</para>
/// <para>A path serves some types and skips others. L is free at each type that is served (that they need to rise is dropped) and the same at the types skipped after it,
/// the least that a nondecreasing menu permits: κ = β_n d_n + (β_n − β_q) D_q, q the next type served, D_q the load from there on. With the total Λ_N as an
/// outer parameter, D_q = Λ_N − Λ_n, and the profit is a sum over types of terms in (Λ_n, d_n, q).</para>
/// <para>The bound falls to the best relaxed menu as the grid is refined; its error is the rise of p over one step.</para>
/// </remarks>
internal sealed class OperatorRelaxation
{
    private readonly MarketArrays market;
    private readonly int m;
    private readonly double step;
    private readonly int types;
    private readonly int lowestTotal;
    private readonly int highestTotal;
    private readonly int[] least;       // of d_n, in steps
    private readonly int[] most;
    private readonly int[] reach;       // the last type that may be served next after n; types: none need be
    private readonly long[][] start;    // [n][i]: where the rows of load i begin, for any total
    private readonly double[][] gains;  // [total − lowest]: rows (n, i, q, k), then rows (n, k) that end at the total
    private readonly double[][] value;  // [n][k]: best with load k before type n is served, the next one
    private readonly double[][] ahead;  // [n][k]: best from there to the end
    private readonly double[] priced;

    /// <summary>Tabulates the terms.</summary>
    /// <param name="market">The market; g = C̄ − R̄ &gt; 0.</param>
    /// <param name="m">The operator.</param>
    /// <param name="step">The grid, tasks per second.</param>
    /// <param name="box">Where the demand lies, in steps.</param>
    internal OperatorRelaxation(MarketArrays market, int m, double step, LoadBox box)
    {
        this.market = market;
        this.m = m;
        this.step = step;
        types = market.Types;
        (lowestTotal, highestTotal) = (box.LowestTotal, box.HighestTotal);
        (least, most) = (box.Least, box.Most);
        reach = Reach(least);
        start = Layout(least, most, reach, highestTotal);
        value = new double[types + 1][];
        ahead = new double[types + 1][];
        for (var n = 0; n <= types; n++)
        {
            value[n] = new double[highestTotal + 1];
            ahead[n] = new double[highestTotal + 1];
        }

        priced = new double[highestTotal + 1];
        gains = new double[highestTotal - lowestTotal + 1][];
        Fill();
    }

    /// <summary>How many terms the tables of an operator would have; a measure of time and memory.</summary>
    internal static double Size(MarketArrays market, LoadBox box)
    {
        var reach = Reach(box.Least);
        var sum = 0.0;
        for (var n = 0; n < market.Types; n++)
        {
            double span = box.Most[n] - Math.Max(1, box.Least[n]) + 1;
            var (low, high) = ((double)box.LowestTotal, (double)box.HighestTotal);
            sum += span > 0 ? span * (Math.Min(market.Types - 1, reach[n]) - n + (2 / Math.Max(2, high))) * (high - low + 1) * (low + high) / 2 : 0;
        }

        return sum;
    }

    /// <summary>max_d π − μ·d, and a demand on the grid where the bound is attained.</summary>
    /// <param name="prices">μ, USD per task, length N.</param>
    /// <param name="demand">Filled with d, tasks per second.</param>
    internal double Solve(ReadOnlySpan<double> prices, Span<double> demand)
    {
        var (best, total) = (double.NegativeInfinity, -1);
        for (var t = lowestTotal; t <= highestTotal; t++)
        {
            var here = Forward(prices, t);
            if (here > best)
            {
                (best, total) = (here, t);
            }
        }

        demand.Clear();
        if (total > 0)
        {
            Forward(prices, total);
            Trace(prices, total, demand);
        }

        return best;
    }

    /// <summary>The smallest box that holds every demand whose bound reaches a threshold; null when none does.</summary>
    internal LoadBox? Tighten(ReadOnlySpan<double> prices, double threshold)
    {
        var (low, high) = (int.MaxValue, -1);
        var lows = new int[types];
        var highs = new int[types];
        Array.Fill(lows, int.MaxValue);
        Array.Fill(highs, -1);
        for (var t = lowestTotal; t <= highestTotal; t++)
        {
            if (Forward(prices, t) < threshold)
            {
                continue;
            }

            (low, high) = (Math.Min(low, t), t);
            Backward(prices, t, threshold, lows, highs);
        }

        if (high < 0)
        {
            return null;
        }

        // A cell stays when one of its two ends does.
        for (var n = 0; n < types; n++)
        {
            lows[n] = Math.Max(least[n], lows[n] - 1);
            highs[n] = Math.Min(most[n], highs[n] + 1);
        }

        return new(Math.Max(lowestTotal, low - 1), Math.Min(highestTotal, high + 1), lows, highs);
    }

    private static int[] Reach(int[] least)
    {
        var reach = new int[least.Length];
        var next = least.Length;
        for (var n = least.Length - 1; n >= 0; n--)
        {
            reach[n] = next;
            next = least[n] > 0 ? n : next;
        }

        return reach;
    }

    private static long[][] Layout(int[] least, int[] most, int[] reach, int highest)
    {
        var start = new long[least.Length][];
        for (var n = 0; n < start.Length; n++)
        {
            start[n] = new long[highest + 2];
            var followers = Math.Min(least.Length - 1, reach[n]) - n;
            for (var i = 0; i <= highest; i++)
            {
                start[n][i + 1] = start[n][i] + (long)(Width(least[n], most[n], i) * followers);
            }
        }

        return start;
    }

    private static int Width(int least, int most, int load) => Math.Max(0, Math.Min(most, load) - Math.Max(1, least) + 1);

    /// <summary>The load before type n when it is Λ after it: from the first of the row on.</summary>
    private int RowBegin(int n, int load) => load - Math.Min(most[n], load);

    private void Fill()
    {
        var lowest = double.MaxValue;
        for (var n = 0; n < types; n++)
        {
            lowest = market.Sensitivity[n] > 0 ? Math.Min(lowest, market.Sensitivity[n] / market.Spread) : lowest;
        }

        lowest = double.IsNormal(lowest) && lowest < 1e300 ? lowest : 1e-3;
        var lateness = new OptimisticLateness[highestTotal + 1];
        for (var i = 0; i <= highestTotal; i++)
        {
            lateness[i] = new(market, m, step * Math.Max(0, i - 1), lowest);
        }

        var margin = (market.Worth[m] - market.Cost[m]) * step;
        var stake = market.Spread * step;
        for (var t = lowestTotal; t <= highestTotal; t++)
        {
            var table = new double[Ends(t, types)];
            gains[t - lowestTotal] = table;
            for (var n = 0; n < types; n++)
            {
                var (own, followers) = (market.Sensitivity[n] * step, Math.Min(types - 1, reach[n]) - n);
                for (var i = 1; i < t; i++)
                {
                    var width = Width(least[n], most[n], i);
                    for (var f = 0; f < followers; f++)
                    {
                        var rent = (market.Sensitivity[n] - market.Sensitivity[n + 1 + f]) * step * (t - i);
                        Row(table.AsSpan((int)(Base(t, n) + start[n][i] + ((long)f * width)), width), Math.Min(most[n], i), own, rent, i);
                    }
                }

                if (reach[n] == types)
                {
                    Row(table.AsSpan((int)Ends(t, n), Width(least[n], most[n], t)), Math.Min(most[n], t), own, 0, t);
                }
            }
        }

        void Row(Span<double> row, int longest, double own, double rent, int load)
        {
            for (var k = 0; k < row.Length; k++)
            {
                var amount = longest - k;
                row[k] = (margin * amount) - lateness[load].Least((own * amount) + rent, stake * amount);
            }
        }
    }

    private long Base(int total, int n)
    {
        var sum = 0L;
        for (var j = 0; j < n; j++)
        {
            sum += start[j][total];
        }

        return sum;
    }

    private long Ends(int total, int n)
    {
        var sum = Base(total, types);
        for (var j = 0; j < n; j++)
        {
            sum += reach[j] == types ? Width(least[j], most[j], total) : 0;
        }

        return sum;
    }

    private double Forward(ReadOnlySpan<double> prices, int total)
    {
        var table = gains[total - lowestTotal];
        var open = true;   // whether every type before may be skipped
        for (var n = 0; n <= types; n++)
        {
            Array.Fill(value[n], double.NegativeInfinity, 0, total + 1);
            value[n][0] = !open ? double.NegativeInfinity : n < types ? Skipped(n, total) : total == 0 ? 0 : double.NegativeInfinity;
            open = open && n < types && least[n] == 0;
        }

        var (position, end) = (0L, Base(total, types));
        for (var n = 0; n < types; n++)
        {
            var price = prices[n] * step;
            Price(value[n], price, total);
            var followers = Math.Min(types - 1, reach[n]) - n;
            for (var i = 1; i < total; i++)
            {
                var width = Width(least[n], most[n], i);
                if (width == 0)
                {
                    continue;
                }

                var from = priced.AsSpan(RowBegin(n, i), width);
                for (var f = 0; f < followers; f++)
                {
                    var best = Largest(from, table.AsSpan((int)(position + start[n][i] + ((long)f * width)), width)) - (price * i);
                    var next = value[n + 1 + f];
                    next[i] = Math.Max(next[i], best);
                }
            }

            position += start[n][total];
            if (reach[n] == types)
            {
                var width = Width(least[n], most[n], total);
                if (width > 0)
                {
                    var best = Largest(priced.AsSpan(RowBegin(n, total), width), table.AsSpan((int)end, width)) - (price * total);
                    value[types][total] = Math.Max(value[types][total], best);
                }

                end += width;
            }
        }

        return value[types][total];
    }

    /// <summary>What it costs that types before the first one served have L_min.</summary>
    private double Skipped(int n, int total) => -(market.Sensitivity[0] - market.Sensitivity[n]) * total * step * market.MinLatency;

    private void Price(double[] values, double price, int total)
    {
        for (var k = 0; k <= total; k++)
        {
            priced[k] = values[k] + (price * k);
        }
    }

    private static double Largest(ReadOnlySpan<double> from, ReadOnlySpan<double> gain)
    {
        var best = double.NegativeInfinity;
        var k = 0;
        if (from.Length >= 8)
        {
            ref var left = ref MemoryMarshal.GetReference(from);
            ref var right = ref MemoryMarshal.GetReference(gain);
            var top = Vector512.Create(double.NegativeInfinity);
            for (; k + 8 <= from.Length; k += 8)
            {
                top = Vector512.Max(top, Vector512.LoadUnsafe(ref left, (nuint)k) + Vector512.LoadUnsafe(ref right, (nuint)k));
            }

            k = from.Length - 8;
            top = Vector512.Max(top, Vector512.LoadUnsafe(ref left, (nuint)k) + Vector512.LoadUnsafe(ref right, (nuint)k));
            for (var lane = 0; lane < 8; lane++)
            {
                best = Math.Max(best, top[lane]);
            }

            return best;
        }

        for (; k < from.Length; k++)
        {
            best = Math.Max(best, from[k] + gain[k]);
        }

        return best;
    }

    private void Trace(ReadOnlySpan<double> prices, int total, Span<double> demand)
    {
        var table = gains[total - lowestTotal];
        var (q, load) = (types, total);
        while (load > 0)
        {
            var (best, type, before) = (double.NegativeInfinity, -1, -1);
            for (var n = 0; n < q; n++)
            {
                if (q > reach[n])
                {
                    continue;
                }

                var width = Width(least[n], most[n], load);
                var offset = q == types ? Ends(total, n) : Base(total, n) + start[n][load] + ((long)(q - n - 1) * width);
                var begin = RowBegin(n, load);
                for (var k = 0; k < width; k++)
                {
                    var here = value[n][begin + k] + (prices[n] * step * (begin + k)) + table[offset + k] - (prices[n] * step * load);
                    if (here > best)
                    {
                        (best, type, before) = (here, n, begin + k);
                    }
                }
            }

            if (type < 0)
            {
                return;
            }

            demand[type] = step * (load - before);
            (q, load) = (type, before);
        }
    }

    /// <summary>Widens the ranges by every d_n on a path through this total that reaches the threshold.</summary>
    private void Backward(ReadOnlySpan<double> prices, int total, double threshold, int[] lows, int[] highs)
    {
        var table = gains[total - lowestTotal];
        for (var n = 0; n <= types; n++)
        {
            Array.Fill(ahead[n], double.NegativeInfinity, 0, total + 1);
        }

        ahead[types][total] = 0;
        for (var n = 0; n < types && value[n][0] + 0 > double.NegativeInfinity && total == 0; n++)
        {
            (lows[n], highs[n]) = (0, Math.Max(highs[n], 0));
        }

        for (var n = types - 1; n >= 0; n--)
        {
            var price = prices[n] * step;
            for (var q = n + 1; q <= Math.Min(types, reach[n]); q++)
            {
                for (var i = q == types ? total : 1; i < (q == types ? total + 1 : total); i++)
                {
                    var rest = ahead[q][i];
                    if (double.IsNegativeInfinity(rest))
                    {
                        continue;
                    }

                    var width = Width(least[n], most[n], i);
                    var offset = q == types ? Ends(total, n) : Base(total, n) + start[n][i] + ((long)(q - n - 1) * width);
                    var begin = RowBegin(n, i);
                    for (var k = 0; k < width; k++)
                    {
                        var amount = i - begin - k;
                        var tail = table[offset + k] - (price * amount) + rest;
                        ahead[n][begin + k] = Math.Max(ahead[n][begin + k], tail);
                        if (value[n][begin + k] + tail >= threshold)
                        {
                            (lows[n], highs[n]) = (Math.Min(lows[n], amount), Math.Max(highs[n], amount));
                            for (var skipped = n + 1; skipped < q; skipped++)
                            {
                                (lows[skipped], highs[skipped]) = (0, Math.Max(highs[skipped], 0));
                            }
                        }
                    }
                }
            }

            if (value[n][0] + ahead[n][0] >= threshold)
            {
                for (var skipped = 0; skipped < n; skipped++)
                {
                    (lows[skipped], highs[skipped]) = (0, Math.Max(highs[skipped], 0));
                }
            }
        }
    }
}

/// <summary>Ranges of an operator's total load and of its demand of every type, in steps of a grid.</summary>
internal sealed record LoadBox(int LowestTotal, int HighestTotal, int[] Least, int[] Most)
{
    /// <summary>The same box on a grid twice as fine.</summary>
    internal LoadBox Halved() => new(2 * LowestTotal, 2 * HighestTotal, [.. Least.Select(x => 2 * x)], [.. Most.Select(x => 2 * x)]);
}
