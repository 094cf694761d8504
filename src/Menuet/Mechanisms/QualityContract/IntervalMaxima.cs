using System.Numerics;
using System.Runtime.Intrinsics;

namespace Menuet.Mechanisms.QualityContract;

/// <summary>
/// A group of equal gains with different costs: its members choose freely between the group's lowest and highest quality.
/// Finds the best lowest quality for every highest one.
/// </summary>
/// <remarks>
/// With <c>f_i(a) = q_i (θ a − c_i(a))</c> and M_i the maximum of f_i over an interval,
/// <c>F(t', t) = V(t') + Σ_i M_i(t', t)</c>. For a ≤ a', b ≤ b', <c>M(a, b) + M(a', b') ≥ M(a, b') + M(a', b)</c>: the larger of
/// the two on the right is one of those on the left, the smaller bounded by the other. So the best t' rises with t, and halving the
/// range of t finds all of them with O(N log N) looks per member (Aggarwal et al. 1987). Eight members are looked at at once.
/// </remarks>
internal sealed class IntervalMaxima
{
    private const int Lanes = 8;

    /// <summary>Tables of a group are kept over all levels of halving when they have at most so many vectors: 32 MB.</summary>
    private const int CachedVectors = 1 << 19;

    private readonly TypeChain chain;
    private readonly ItemGrid grid;
    private readonly int count;
    private readonly int depth;
    private readonly Vector512<double>[] tables;
    private readonly Vector512<double>[] scores;
    private readonly int[] offsets;

    internal IntervalMaxima(TypeChain chain, ItemGrid grid)
    {
        (this.chain, this.grid) = (chain, grid);
        count = grid.Count;
        depth = BitOperations.Log2((uint)count) + 1;
        var slots = 1;
        for (var group = 0; group < chain.Groups; group++)
        {
            slots = IsCached(Batches(group)) ? Math.Max(slots, Batches(group)) : slots;
        }

        tables = new Vector512<double>[(long)slots * depth * count];
        scores = new Vector512<double>[2 * count];
        offsets = new int[count];
    }

    /// <summary>results[t] = max over t' ≤ t of starts[t'] + Σ_i M_i(t', t); origin[t] is the t' that reaches it.</summary>
    internal void Fill(int group, ReadOnlySpan<double> starts, Span<double> results, Span<int> origin)
    {
        var batches = Batches(group);
        var cached = IsCached(batches);
        for (var batch = 0; cached && batch < batches; batch++)
        {
            Tabulate(group, batch, Table(batch));
        }

        // Positions half − 1, half − 1 + 2 half, …; their neighbours at distance half were done before and bracket their origins.
        for (var half = 1 << BitOperations.Log2((uint)count); half > 0; half >>= 1)
        {
            scores.AsSpan(0, Lay(half, origin)).Clear();
            for (var batch = 0; batch < batches; batch++)
            {
                var table = Table(cached ? batch : 0);
                if (!cached)
                {
                    Tabulate(group, batch, table);
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
    internal void FillFromNothing(int group, int first, Span<double> results)
    {
        results.Clear();
        for (var member = chain.FirstMember[group]; member < chain.FirstMember[group + 1]; member++)
        {
            var best = grid.FreeWorth(chain, member);
            for (var t = first; t < count; t++)
            {
                best = Math.Max(best, Value(group, member, t));
                results[t] += best;
            }
        }
    }

    /// <summary>
    /// The members' own choices between two qualities, the larger on ties; from −1: each from <paramref name="first"/> up, or none.
    /// </summary>
    internal void Divide(int group, int low, int high, int first, Span<int> choice)
    {
        for (var i = 0; i < choice.Length; i++)
        {
            var member = chain.FirstMember[group] + i;
            var best = low < 0 ? grid.FreeWorth(chain, member) : double.NegativeInfinity;
            choice[i] = -1;
            for (var t = low < 0 ? first : low; t <= high; t++)
            {
                var value = Value(group, member, t);
                if (value > best || (value == best && choice[i] >= 0))
                {
                    (choice[i], best) = (t, value);
                }
            }
        }
    }

    private bool IsCached(int batches) => (long)batches * depth * count <= CachedVectors;

    private int Batches(int group) => (chain.FirstMember[group + 1] - chain.FirstMember[group] + Lanes - 1) / Lanes;

    private Span<Vector512<double>> Table(int slot) => tables.AsSpan(slot * depth * count, depth * count);

    private double Value(int group, int member, int t)
    {
        var item = grid.OneItemEach ? t : grid.Cheapest(chain, t, member);
        return chain.MemberProbability[member] * ((chain.Gain[group] * grid.Quality[t]) - chain.Cost(member, grid.Levels[item], grid.Steps[item]));
    }

    /// <summary>Row k holds the maxima over 2^k neighbours, of eight members; absent members are worth 0.</summary>
    private void Tabulate(int group, int batch, Span<Vector512<double>> table)
    {
        Span<double> gains = stackalloc double[Lanes];
        Span<double> perLevel = stackalloc double[Lanes];
        Span<double> perStep = stackalloc double[Lanes];
        gains.Clear();
        perLevel.Clear();
        perStep.Clear();
        var first = chain.FirstMember[group] + (batch * Lanes);
        for (var member = first; member < Math.Min(first + Lanes, chain.FirstMember[group + 1]); member++)
        {
            var probability = chain.MemberProbability[member];
            gains[member - first] = probability * chain.Gain[group];
            perLevel[member - first] = probability * chain.CostPerLevel[member];
            perStep[member - first] = probability * chain.CostPerStep[member];
        }

        var (gain, level, step) = (Vector512.Create<double>(gains), Vector512.Create<double>(perLevel), Vector512.Create<double>(perStep));
        for (var t = 0; t < count; t++)
        {
            var best = Vector512.Create(double.NegativeInfinity);
            for (var item = grid.FirstItem[t]; item < grid.FirstItem[t + 1]; item++)
            {
                var cost = (level * grid.Levels[item]) + (step * grid.Steps[item]);
                best = Vector512.MaxNative(best, (gain * grid.Quality[t]) - cost);
            }

            table[t] = best;
        }

        for (var k = 1; k < depth; k++)
        {
            var below = table.Slice((k - 1) * count, count);
            var row = table.Slice(k * count, count);
            var reach = 1 << (k - 1);
            for (var t = 0; t + (2 * reach) <= count; t++)
            {
                row[t] = Vector512.MaxNative(below[t], below[t + reach]);
            }
        }
    }

    private Vector512<double> Maximum(ReadOnlySpan<Vector512<double>> table, int low, int high)
    {
        var k = BitOperations.Log2((uint)(high - low + 1));
        var row = table.Slice(k * count, count);
        return Vector512.MaxNative(row[low], row[high - (1 << k) + 1]);
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

    private void Score(int half, ReadOnlySpan<Vector512<double>> table, ReadOnlySpan<int> origin)
    {
        for (var t = half - 1; t < count; t += 2 * half)
        {
            var (low, high) = Bracket(t, half, origin);
            var score = scores.AsSpan(offsets[t], high - low + 1);
            var best = Maximum(table, high, t);
            score[^1] += best;
            for (var from = high - 1; from >= low; from--)
            {
                best = Vector512.MaxNative(best, table[from]);
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
            var (best, most) = (high, starts[high] + Vector512.Sum(score[high - low]));
            for (var from = high - 1; from >= low; from--)
            {
                var value = starts[from] + Vector512.Sum(score[from - low]);
                (best, most) = value > most ? (from, value) : (best, most);
            }

            origin[t] = best;
            results[t] = most;
        }
    }
}
