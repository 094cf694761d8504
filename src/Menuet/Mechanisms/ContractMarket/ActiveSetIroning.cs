namespace Menuet.Mechanisms.ContractMarket;

/// <summary>
/// Nondecreasing latencies for a menu with many types: blocks of equal latency, all moved by Newton's method at once, merged where they cross and divided where their parts
/// pull apart.
/// </summary>
/// <remarks>
/// <para>Right of its kink every loss κL + s p(L) is convex. There blocks x with Σ_block (κ − s|p′|(x)) = 0, rising from block to block, are optimal exactly when in every block
/// no leading part has a positive sum of slopes, since it would rather be lower and the rest higher. First blocks come from pooling adjacent violators
/// with one exponential for every type.</para>
/// <para>Then the leading types that together lose less at L_min are put there, and the others are solved again.</para>
/// <para>O(N) a round and few rounds, where pooling with exact minimisers takes O(N × length of blocks). Gives up, and says so, after too many rounds or where a block
/// lies left of a member's kink; the caller then pools one by one.</para>
/// </remarks>
internal sealed class ActiveSetIroning
{
    private const int MostRounds = 40;
    private const int MostSteps = 60;

    private readonly MarketArrays market;
    private readonly LatencyTails tails;
    private readonly double[] kappa;
    private readonly double[] stake;
    private readonly double[] at;          // latency of every type, padded
    private readonly double[] late;        // p there
    private readonly double[] slope;       // −p′ there
    private readonly double[] curvature;   // p″ there
    private readonly double[] least;       // L_min throughout
    private readonly double[] lateAtLeast; // p there
    private readonly double[] unused;
    private readonly int[] start;          // of every block
    private readonly double[] value;       // of every block
    private readonly double[] pull;        // Σ s|p′| at the reference point
    private readonly double[] decay;       // Σ s p″ there
    private readonly double[] weight;      // Σ κ

    /// <param name="market">The market.</param>
    /// <param name="tails">The laws, loaded before each call.</param>
    /// <param name="kappa">κ, padded, filled before each call.</param>
    /// <param name="stake">g d, padded, filled before each call.</param>
    internal ActiveSetIroning(MarketArrays market, LatencyTails tails, double[] kappa, double[] stake)
    {
        this.market = market;
        this.tails = tails;
        this.kappa = kappa;
        this.stake = stake;
        at = new double[tails.Stride];
        late = new double[tails.Stride];
        slope = new double[tails.Stride];
        curvature = new double[tails.Stride];
        least = new double[tails.Stride];
        least.AsSpan().Fill(market.MinLatency);
        lateAtLeast = new double[tails.Stride];
        unused = new double[tails.Stride];
        start = new int[tails.Stride + 1];
        value = new double[tails.Stride];
        pull = new double[tails.Stride];
        decay = new double[tails.Stride];
        weight = new double[tails.Stride];
    }

    /// <summary>Solves for operator m.</summary>
    /// <param name="m">The operator.</param>
    /// <param name="latencies">Filled, length N, when it succeeds.</param>
    internal bool Solve(int m, Span<double> latencies)
    {
        var types = market.Types;
        for (var first = 0; ;)
        {
            var blocks = Settle(m, first);
            if (blocks < 0)
            {
                return false;
            }

            // The leading types that together lose less at L_min.
            var shortest = market.MinLatency;
            var (gain, most, lead) = (0.0, 0.0, first);
            tails.Slopes(m, least, lateAtLeast, unused, unused);
            for (var n = first; n < types; n++)
            {
                gain += (kappa[n] * (at[n] - shortest)) + (stake[n] * (late[n] - lateAtLeast[n]));
                if (gain > most)
                {
                    (most, lead) = (gain, n + 1);
                }
            }

            if (lead == first)
            {
                break;
            }

            // Blocks do not depend on each other: only one that was cut leaves something to solve.
            var whole = lead == types || Array.BinarySearch(start, 0, blocks, lead) >= 0;
            at.AsSpan(first, lead - first).Fill(shortest);
            first = lead;
            if (whole)
            {
                break;
            }
        }

        for (var n = 0; n < types; n++)
        {
            // Left of the kink p is 1, or its slope none of the convex branch.
            if (stake[n] > 0 && at[n] > market.MinLatency && tails.IsLeftOfKink((m * tails.Stride) + n, at[n], curvature[n]))
            {
                return false;
            }
        }

        at.AsSpan(0, types).CopyTo(latencies);
        return true;
    }

    /// <summary>The best nondecreasing latencies of the types from <paramref name="first"/> on, in <see cref="at"/>.</summary>
    /// <returns>How many blocks they form; −1: given up.</returns>
    private int Settle(int m, int first)
    {
        var blocks = Guess(m, first);
        for (var round = 0; round < MostRounds; round++)
        {
            Descend(m, blocks);
            var merged = Merge(blocks);
            if (merged < blocks)
            {
                blocks = merged;
                continue;
            }

            var divided = Divide(blocks);
            if (divided == blocks)
            {
                return blocks;
            }

            blocks = divided;
        }

        return -1;
    }

    /// <summary>Pools adjacent violators with every type's pull taken as one exponential through its value at a common reference.</summary>
    private int Guess(int m, int first)
    {
        var types = market.Types;
        var reference = tails.Reference(m);
        at.AsSpan(first).Fill(reference);
        tails.Slopes(m, at, late, slope, curvature);
        var blocks = 0;
        for (var n = first; n < types; n++)
        {
            var s = Math.Max(0, stake[n]);
            var (begin, p, d, w) = (n, s * slope[n], s * Math.Max(0, curvature[n]), kappa[n]);
            var x = Point(p, d, w, reference);
            while (blocks > 0 && value[blocks - 1] >= x)
            {
                blocks--;
                begin = start[blocks];
                p += pull[blocks];
                d += decay[blocks];
                w += weight[blocks];
                x = Point(p, d, w, reference);
            }

            (start[blocks], value[blocks], pull[blocks], decay[blocks], weight[blocks]) = (begin, x, p, d, w);
            blocks++;
        }

        start[blocks] = types;
        for (var b = 0; b < blocks; b++)
        {
            value[b] = Math.Clamp(value[b], market.MinLatency, market.MaxLatency);
        }

        return blocks;
    }

    private static double Point(double pull, double decay, double weight, double reference) =>
        pull == 0 ? double.NegativeInfinity : weight == 0 ? double.PositiveInfinity : reference + (Math.Log(pull / weight) * pull / decay);

    /// <summary>Newton's method on ln Σ s|p′| = ln Σ κ for every block at once; ends with p and its slope where the blocks stand.</summary>
    private void Descend(int m, int blocks)
    {
        for (var step = 0; step < MostSteps; step++)
        {
            for (var b = 0; b < blocks; b++)
            {
                at.AsSpan(start[b], start[b + 1] - start[b]).Fill(value[b]);
            }

            tails.Slopes(m, at, late, slope, curvature);
            var moving = false;
            for (var b = 0; b < blocks; b++)
            {
                var (p, d, w) = (0.0, 0.0, 0.0);
                for (var n = start[b]; n < start[b + 1]; n++)
                {
                    var s = Math.Max(0, stake[n]);
                    p += s * slope[n];
                    d += s * curvature[n];
                    w += kappa[n];
                }

                var next = p == 0 ? market.MinLatency
                    : w == 0 ? market.MaxLatency
                    : Math.Clamp(value[b] + (Math.Log(p / w) * p / (d > 0 ? d : double.Epsilon)), market.MinLatency, market.MaxLatency);
                moving |= !(Math.Abs(next - value[b]) <= 1e-7 * market.MaxLatency);
                value[b] = next;
            }

            if (!moving)
            {
                break;
            }
        }

        // The last step was so short that a line carries the numbers along: what is neglected is its square.
        for (var b = 0; b < blocks; b++)
        {
            for (var n = start[b]; n < start[b + 1]; n++)
            {
                var moved = value[b] - at[n];
                at[n] = value[b];
                late[n] -= slope[n] * moved;
                slope[n] -= curvature[n] * moved;
            }
        }
    }

    /// <summary>Blocks that do not rise become one, in between.</summary>
    private int Merge(int blocks)
    {
        var count = 0;
        for (var b = 0; b < blocks; b++)
        {
            var (begin, x, length) = (start[b], value[b], start[b + 1] - start[b]);
            while (count > 0 && value[count - 1] > x)
            {
                count--;
                var before = begin - start[count];
                x = ((value[count] * before) + (x * length)) / (before + length);
                length += before;
                begin = start[count];
            }

            (start[count], value[count]) = (begin, x);
            count++;
        }

        start[count] = market.Types;
        return count;
    }

    /// <summary>Cuts every block where a leading part would rather be lower and the rest higher.</summary>
    private int Divide(int blocks)
    {
        var cuts = 0;
        for (var b = 0; b < blocks; b++)
        {
            var (sum, scale) = (0.0, 0.0);
            for (var n = start[b]; n < start[b + 1]; n++)
            {
                sum += kappa[n] - (Math.Max(0, stake[n]) * slope[n]);
                scale += kappa[n];
            }

            var limit = Math.Max(0, sum) + (1e-9 * scale);
            var (lead, most, cut) = (0.0, limit, -1);
            for (var n = start[b]; n + 1 < start[b + 1]; n++)
            {
                lead += kappa[n] - (Math.Max(0, stake[n]) * slope[n]);
                if (lead > most)
                {
                    (most, cut) = (lead, n + 1);
                }
            }

            weight[b] = cut;
            cuts += cut < 0 ? 0 : 1;
        }

        if (cuts == 0)
        {
            return blocks;
        }

        // From the end, so that what is still to be read stays in place.
        var total = blocks + cuts;
        start[total] = market.Types;
        for (var (b, to) = (blocks - 1, total - 1); b >= 0; b--)
        {
            var (begin, x, cut) = (start[b], value[b], (int)weight[b]);
            if (cut >= 0)
            {
                (start[to], value[to]) = (cut, x);
                to--;
            }

            (start[to], value[to]) = (begin, x);
            to--;
        }

        return total;
    }
}
