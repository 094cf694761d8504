using System.Numerics;

namespace Menuet.Mechanisms.QualityContract;

/// <summary>
/// A group of equal gains with different costs: its members choose freely between the group's lowest and highest quality.
/// Finds the best lowest quality for every highest one.
/// </summary>
/// <remarks>
/// With <c>f_i(a) = q_i (θ a − c_i(a))</c> and M_i the maximum of f_i over an interval,
/// <c>F(t', t) = V(t') + Σ_i M_i(t', t)</c>. For a ≤ a', b ≤ b', <c>M(a, b) + M(a', b') ≥ M(a, b') + M(a', b)</c>: the larger of
/// the two on the right is one of those on the left, the smaller bounded by the other. So the best t' rises with t, and halving the
/// range of t finds all of them with O(N log N) looks per member (Aggarwal et al. 1987).
/// </remarks>
internal sealed class IntervalMaxima
{
    private const int CachedMembers = 16;

    private readonly TypeChain chain;
    private readonly ItemGrid grid;
    private readonly int count;
    private readonly int depth;
    private readonly double[] tables;
    private readonly double[] scores;
    private readonly int[] offsets;

    internal IntervalMaxima(TypeChain chain, ItemGrid grid)
    {
        (this.chain, this.grid) = (chain, grid);
        count = grid.Count;
        depth = BitOperations.Log2((uint)count) + 1;
        var most = 1;
        for (var group = 0; group < chain.Groups; group++)
        {
            most = Math.Max(most, chain.FirstMember[group + 1] - chain.FirstMember[group]);
        }

        tables = new double[(long)Math.Min(most, CachedMembers) * depth * count];
        scores = new double[2 * count];
        offsets = new int[count];
    }

    /// <summary>results[t] = max over t' ≤ t of starts[t'] + Σ_i M_i(t', t); origin[t] is the t' that reaches it.</summary>
    internal void Fill(int group, ReadOnlySpan<double> starts, Span<double> results, Span<int> origin)
    {
        var (first, end) = (chain.FirstMember[group], chain.FirstMember[group + 1]);
        var cached = end - first <= CachedMembers;
        for (var member = first; cached && member < end; member++)
        {
            Tabulate(group, member, Table(member - first));
        }

        // Positions half − 1, half − 1 + 2 half, …; their neighbours at distance half were done before and bracket their origins.
        for (var half = 1 << BitOperations.Log2((uint)count); half > 0; half >>= 1)
        {
            var length = Lay(half, origin);
            scores.AsSpan(0, length).Clear();
            for (var member = first; member < end; member++)
            {
                var table = Table(cached ? member - first : 0);
                if (!cached)
                {
                    Tabulate(group, member, table);
                }

                Score(half, table, origin);
            }

            Choose(half, starts, results, origin);
        }
    }

    /// <summary>results[t] = Σ_i M_i(low, t) for t ≥ low.</summary>
    internal void FillFrom(int group, int low, Span<double> results)
    {
        results.Clear();
        for (var member = chain.FirstMember[group]; member < chain.FirstMember[group + 1]; member++)
        {
            var best = double.NegativeInfinity;
            for (var t = low; t < count; t++)
            {
                best = Math.Max(best, Value(group, member, t));
                results[t] += best;
            }
        }
    }

    /// <summary>results[t] = Σ_i max(free_i, max of f_i over [first, t]): each member left out or served, at utility 0 either way.</summary>
    internal void FillFromNothing(int group, int first, ReadOnlySpan<double> free, Span<double> results)
    {
        results.Clear();
        var start = chain.FirstMember[group];
        for (var member = start; member < chain.FirstMember[group + 1]; member++)
        {
            var best = free[member - start];
            for (var t = first; t < count; t++)
            {
                best = Math.Max(best, Value(group, member, t));
                results[t] += best;
            }
        }
    }

    /// <summary>The best quality of a member between two, both included; the larger on ties.</summary>
    internal int Between(int group, int member, int low, int high, out double value)
    {
        var best = low;
        value = double.NegativeInfinity;
        for (var t = low; t <= high; t++)
        {
            var candidate = Value(group, member, t);
            if (candidate >= value)
            {
                (best, value) = (t, candidate);
            }
        }

        return best;
    }

    private Span<double> Table(int slot) => tables.AsSpan(slot * depth * count, depth * count);

    private double Value(int group, int member, int t)
    {
        var item = grid.Cheapest(chain, t, member);
        return chain.MemberProbability[member] * ((chain.Gain[group] * grid.Quality[t]) - chain.Cost(member, grid.Levels[item], grid.Steps[item]));
    }

    /// <summary>Row k holds the maxima over 2^k neighbours.</summary>
    private void Tabulate(int group, int member, Span<double> table)
    {
        for (var t = 0; t < count; t++)
        {
            table[t] = Value(group, member, t);
        }

        for (var k = 1; k < depth; k++)
        {
            var below = table.Slice((k - 1) * count, count);
            var row = table.Slice(k * count, count);
            var reach = 1 << (k - 1);
            for (var t = 0; t + (2 * reach) <= count; t++)
            {
                row[t] = Math.Max(below[t], below[t + reach]);
            }
        }
    }

    private double Maximum(ReadOnlySpan<double> table, int low, int high)
    {
        var k = BitOperations.Log2((uint)(high - low + 1));
        var row = table.Slice(k * count, count);
        return Math.Max(row[low], row[high - (1 << k) + 1]);
    }

    private (int Low, int High) Bracket(int t, int half, ReadOnlySpan<int> origin) =>
        (t - half >= 0 ? origin[t - half] : 0, t + half < count ? Math.Min(t, origin[t + half]) : t);

    private int Lay(int half, ReadOnlySpan<int> origin)
    {
        var length = 0;
        for (var t = half - 1; t < count; t += 2 * half)
        {
            var (low, high) = Bracket(t, half, origin);
            offsets[t] = length;
            length += high - low + 1;
        }

        return length;
    }

    private void Score(int half, ReadOnlySpan<double> table, ReadOnlySpan<int> origin)
    {
        for (var t = half - 1; t < count; t += 2 * half)
        {
            var (low, high) = Bracket(t, half, origin);
            var score = scores.AsSpan(offsets[t], high - low + 1);
            var best = Maximum(table, high, t);
            score[^1] += best;
            for (var from = high - 1; from >= low; from--)
            {
                best = Math.Max(best, table[from]);
                score[from - low] += best;
            }
        }
    }

    private void Choose(int half, ReadOnlySpan<double> starts, Span<double> results, Span<int> origin)
    {
        for (var t = half - 1; t < count; t += 2 * half)
        {
            var (low, high) = Bracket(t, half, origin);
            var score = scores.AsSpan(offsets[t]);
            var best = high;
            for (var from = high - 1; from >= low; from--)
            {
                if (starts[from] + score[from - low] > starts[best] + score[best - low])
                {
                    best = from;
                }
            }

            origin[t] = best;
            results[t] = starts[best] + score[best - low];
        }
    }
}
