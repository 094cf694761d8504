using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Menuet.Mechanisms.QualityContract;

/// <summary>
/// The best qualities that do not fall from group to group, for any costs: a dynamic programme over groups and distinct qualities,
/// <c>V_g(t) = h_g(t) + max_{t' ≤ t} V_{g−1}(t')</c>. O(I N) for groups of one member.
/// </summary>
/// <remarks>
/// <para>
/// Of each stage only one bit a state is kept: whether the running maximum starts anew there. The way back reads the nearest such
/// bit below. When even the bits are too many, stages are kept in segments and computed twice.
/// </para>
/// <para>
/// A group of equal gains with different costs takes a lowest and a highest quality, between which its members choose freely:
/// <c>F(t', t) = V(t') + Σ_i max_{a ∈ [t', t]} f_i(a)</c>. Maxima over intervals satisfy
/// <c>M(a, b) + M(a', b') ≥ M(a, b') + M(a', b)</c> for a ≤ a', b ≤ b', so the best t' rises with t and halving finds all of them
/// in O(N log N) per member instead of O(N²).
/// </para>
/// <para>
/// Exclusion adds one state, nobody served so far; the first served quality must be worth the smallest payment. In the first
/// served group members may be left out one by one.
/// </para>
/// Source: Ye et al., Problem 1, after substituting payments; interval Monge property and monotone maxima after Aggarwal et al. 1987.
/// </remarks>
internal sealed class MonotoneProgramme
{
    private const int WordBits = 64;
    private const long SegmentBytes = 256L << 20;

    private readonly TypeChain chain;
    private readonly ItemGrid grid;
    private readonly bool exclusion;
    private readonly int count;
    private readonly int padded;
    private readonly int rowBytes;
    private readonly double[] quality;
    private readonly double[] levels;
    private readonly double[] steps;
    private readonly double[] values;
    private readonly double[] worth;
    private readonly double[] itemCosts;
    private readonly int[] firstPayable;
    private readonly bool[] entersHere;
    private readonly IntervalMaxima? maxima;
    private readonly int[] segmentStarts;
    private readonly byte[] records;
    private readonly int[] origins;
    private readonly double[] fromNothing;
    private double nobody;

    /// <param name="chain">The types.</param>
    /// <param name="grid">The items; at least one.</param>
    /// <param name="exclusion">True: no item is permitted as well.</param>
    /// <param name="paymentMin">The smallest payment of the first served type, money; without exclusion the grid sees to it.</param>
    internal MonotoneProgramme(TypeChain chain, ItemGrid grid, bool exclusion, double paymentMin)
    {
        (this.chain, this.grid, this.exclusion) = (chain, grid, exclusion);
        count = grid.Count;
        padded = (count + WordBits - 1) / WordBits * WordBits;
        rowBytes = padded / 8;
        quality = Padded(grid.Quality, padded);
        var items = (grid.Levels.Length + WordBits - 1) / WordBits * WordBits;
        levels = Padded(grid.Levels, items);
        steps = Padded(grid.Steps, items);
        values = new double[padded];
        worth = new double[padded];
        itemCosts = grid.OneItemEach ? [] : new double[items];
        firstPayable = exclusion ? FirstPayable(chain, grid, paymentMin) : [];
        entersHere = new bool[exclusion ? chain.Groups : 0];
        fromNothing = new double[exclusion ? count : 0];
        maxima = chain.Members > chain.Groups ? new(chain, grid) : null;
        segmentStarts = Segments();
        var longest = 0;
        var mostOrigins = 0;
        for (var segment = 0; segment + 1 < segmentStarts.Length; segment++)
        {
            longest = Math.Max(longest, segmentStarts[segment + 1] - segmentStarts[segment]);
            mostOrigins = Math.Max(mostOrigins, OriginRow(segmentStarts[segment + 1], segmentStarts[segment]));
        }

        records = new byte[(long)longest * rowBytes];
        origins = new int[(long)mostOrigins * count];
    }

    /// <summary>Solves with weights on the ends of every group.</summary>
    /// <param name="entry">Value of a unit of the group's lowest quality beyond its members' own; one per group; 0 without a cap.</param>
    /// <param name="exit">Price of a unit of the group's highest quality, the rent it leaves to the groups above.</param>
    /// <param name="choice">Filled: the quality of every member, an index into the grid, −1 for none.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <returns>The value, per user.</returns>
    internal double Solve(ReadOnlySpan<double> entry, ReadOnlySpan<double> exit, Span<int> choice, CancellationToken cancellation)
    {
        var segments = segmentStarts.Length - 1;
        var checkpoints = new double[segments > 1 ? segments : 0][];
        var nobodyAt = new double[segments];
        nobody = exclusion ? 0 : double.NegativeInfinity;
        values.AsSpan().Fill(exclusion ? double.NegativeInfinity : 0);
        for (var segment = 0; segment < segments; segment++)
        {
            if (segments > 1)
            {
                checkpoints[segment] = [.. values];
                nobodyAt[segment] = nobody;
            }

            Run(segment, entry, exit, cancellation);
        }

        var state = Best(out var value);
        for (var segment = segments - 1; segment >= 0; segment--)
        {
            if (segment < segments - 1)
            {
                checkpoints[segment].CopyTo(values, 0);
                nobody = nobodyAt[segment];
                Run(segment, entry, exit, cancellation);
            }

            state = WalkBack(segment, state, choice);
        }

        return value;
    }

    private static double[] Padded(double[] source, int length)
    {
        var result = new double[length];
        source.CopyTo(result, 0);
        return result;
    }

    /// <summary>For every group the first quality worth the smallest payment; falls as gains rise.</summary>
    private static int[] FirstPayable(TypeChain chain, ItemGrid grid, double paymentMin)
    {
        var result = new int[chain.Groups];
        var first = grid.Count;
        for (var group = 0; group < chain.Groups; group++)
        {
            while (first > 0 && chain.Gain[group] * grid.Quality[first - 1] >= paymentMin)
            {
                first--;
            }

            result[group] = first;
        }

        return result;
    }

    /// <summary>Where segments of stages start, such that the traces of one segment fit; the number of groups at the end.</summary>
    private int[] Segments()
    {
        var starts = new List<int> { 0 };
        long bytes = 0;
        for (var group = 0; group < chain.Groups; group++)
        {
            var needed = rowBytes + (IsSingle(group) ? 0L : sizeof(int) * (long)count);
            if (bytes > 0 && bytes + needed > SegmentBytes)
            {
                starts.Add(group);
                bytes = 0;
            }

            bytes += needed;
        }

        starts.Add(chain.Groups);
        return [.. starts];
    }

    private bool IsSingle(int group) => chain.FirstMember[group + 1] - chain.FirstMember[group] == 1;

    /// <summary>How many groups of several members lie in [start, group).</summary>
    private int OriginRow(int group, int start)
    {
        var row = 0;
        for (var g = start; g < group; g++)
        {
            row += IsSingle(g) ? 0 : 1;
        }

        return row;
    }

    private void Run(int segment, ReadOnlySpan<double> entry, ReadOnlySpan<double> exit, CancellationToken cancellation)
    {
        var (start, end) = (segmentStarts[segment], segmentStarts[segment + 1]);
        var originRow = 0;
        for (var group = start; group < end; group++)
        {
            if ((group & 1023) == 0)
            {
                cancellation.ThrowIfCancellationRequested();
            }

            var member = chain.FirstMember[group];
            var record = records.AsSpan((group - start) * rowBytes, rowBytes);
            var single = IsSingle(group);
            var nobodyBefore = nobody;
            if (exclusion)
            {
                EnterAt(group);
            }

            if (single && grid.OneItemEach)
            {
                var probability = chain.MemberProbability[member];
                var index = chain.CommonCosts ? 0 : member;
                Advance(
                    quality, (probability * chain.Gain[group]) + entry[group] - exit[group],
                    probability * chain.CostPerLevel[index], probability * chain.CostPerStep[index], record);
            }
            else if (single)
            {
                Worth(member, (chain.MemberProbability[member] * chain.Gain[group]) + entry[group] - exit[group]);
                Advance(worth, 1, 0, 0, record);
            }
            else
            {
                Advance(quality, entry[group], 0, 0, record);
            }

            if (exclusion)
            {
                for (var i = member; i < chain.FirstMember[group + 1]; i++)
                {
                    nobody += grid.FreeWorth(chain, i);
                }
            }

            if (!single)
            {
                ChooseFreely(group, exit[group], nobodyBefore, origins.AsSpan(originRow * count, count));
                originRow++;
            }
        }
    }

    /// <summary>Lets the first served type be of this group: nobody served so far continues at the first payable quality.</summary>
    private void EnterAt(int group)
    {
        var first = firstPayable[group];
        entersHere[group] = first < count && nobody > values[first];
        if (entersHere[group])
        {
            values[first] = nobody;
        }
    }

    /// <summary>Fills <see cref="worth"/> for a member when some quality has several items, of which it takes the cheapest.</summary>
    private void Worth(int member, double weight)
    {
        var probability = chain.MemberProbability[member];
        var index = chain.CommonCosts ? 0 : member;
        var (perLevel, perStep) = (probability * chain.CostPerLevel[index], probability * chain.CostPerStep[index]);
        var (levelCosts, stepCosts) = (new Vector<double>(perLevel), new Vector<double>(perStep));
        for (var item = 0; item < itemCosts.Length; item += Vector<double>.Count)
        {
            ((levelCosts * new Vector<double>(levels, item)) + (stepCosts * new Vector<double>(steps, item))).CopyTo(itemCosts, item);
        }

        for (var t = 0; t < count; t++)
        {
            var cheapest = itemCosts[grid.FirstItem[t]];
            for (var item = grid.FirstItem[t] + 1; item < grid.FirstItem[t + 1]; item++)
            {
                cheapest = Math.Min(cheapest, itemCosts[item]);
            }

            worth[t] = (weight * quality[t]) - cheapest;
        }
    }

    /// <summary>
    /// values[t] = max of values[0..t] + weight amounts[t] − (perLevel levels[t] + perStep steps[t]); a record's bit says that the
    /// maximum is at t itself.
    /// </summary>
    private void Advance(double[] amounts, double weight, double perLevel, double perStep, Span<byte> records)
    {
        ref var value = ref MemoryMarshal.GetArrayDataReference(values);
        ref var amount = ref MemoryMarshal.GetArrayDataReference(amounts);
        ref var level = ref MemoryMarshal.GetArrayDataReference(levels);
        ref var step = ref MemoryMarshal.GetArrayDataReference(steps);
        ref var bits = ref MemoryMarshal.GetReference(records);
        if (Vector512.IsHardwareAccelerated)
        {
            var carry = Vector512.Create(double.NegativeInfinity);
            var (weights, levelCosts, stepCosts) = (Vector512.Create(weight), Vector512.Create(-perLevel), Vector512.Create(-perStep));
            for (nuint t = 0; t < (nuint)padded; t += 8)
            {
                var own = Vector512.LoadUnsafe(ref value, t);
                var most = Vector512.MaxNative(own, Vector512.Shuffle(own, Vector512.Create(0L, 0, 1, 2, 3, 4, 5, 6)));
                most = Vector512.MaxNative(most, Vector512.Shuffle(most, Vector512.Create(0L, 1, 0, 1, 2, 3, 4, 5)));
                most = Vector512.MaxNative(most, Vector512.Shuffle(most, Vector512.Create(0L, 1, 2, 3, 0, 1, 2, 3)));
                var last = Vector512.Shuffle(most, Vector512.Create(7L, 7, 7, 7, 7, 7, 7, 7));
                most = Vector512.MaxNative(most, carry);
                carry = Vector512.MaxNative(carry, last);
                Unsafe.Add(ref bits, t >> 3) = (byte)Vector512.Equals(own, most).ExtractMostSignificantBits();
                var add = Vector512.FusedMultiplyAdd(levelCosts, Vector512.LoadUnsafe(ref level, t), stepCosts * Vector512.LoadUnsafe(ref step, t));
                add = Vector512.FusedMultiplyAdd(weights, Vector512.LoadUnsafe(ref amount, t), add);
                (most + add).StoreUnsafe(ref value, t);
            }

            return;
        }

        var carried = Vector256.Create(double.NegativeInfinity);
        for (nuint t = 0; t < (nuint)padded; t += 4)
        {
            var own = Vector256.LoadUnsafe(ref value, t);
            var most = Vector256.MaxNative(own, Vector256.Shuffle(own, Vector256.Create(0L, 0, 1, 2)));
            most = Vector256.MaxNative(most, Vector256.Shuffle(most, Vector256.Create(0L, 1, 0, 1)));
            var last = Vector256.Shuffle(most, Vector256.Create(3L, 3, 3, 3));
            most = Vector256.MaxNative(most, carried);
            carried = Vector256.MaxNative(carried, last);
            var mask = Vector256.Equals(own, most).ExtractMostSignificantBits();
            ref var octet = ref Unsafe.Add(ref bits, t >> 3);
            octet = (byte)((t & 4) == 0 ? mask : octet | (mask << 4));
            var add = Vector256.FusedMultiplyAdd(
                Vector256.Create(-perLevel), Vector256.LoadUnsafe(ref level, t), Vector256.Create(-perStep) * Vector256.LoadUnsafe(ref step, t));
            add = Vector256.FusedMultiplyAdd(Vector256.Create(weight), Vector256.LoadUnsafe(ref amount, t), add);
            (most + add).StoreUnsafe(ref value, t);
        }
    }

    /// <summary>From the lowest quality of a group to its highest, members choosing between them; or as the first served group.</summary>
    private void ChooseFreely(int group, double exit, double nobodyBefore, Span<int> origin)
    {
        maxima!.Fill(group, values, worth, origin);
        if (exclusion && firstPayable[group] < count)
        {
            maxima.FillFromNothing(group, firstPayable[group], fromNothing);
            for (var t = firstPayable[group]; t < count; t++)
            {
                if (nobodyBefore + fromNothing[t] > worth[t])
                {
                    worth[t] = nobodyBefore + fromNothing[t];
                    origin[t] = -1;
                }
            }
        }

        for (var t = 0; t < count; t++)
        {
            values[t] = worth[t] - (exit * quality[t]);
        }
    }

    /// <summary>The best last state: a quality, the larger on ties, or −1 for nobody served.</summary>
    private int Best(out double value)
    {
        var best = -1;
        value = nobody;
        for (var t = 0; t < count; t++)
        {
            if (values[t] >= value && values[t] > double.NegativeInfinity)
            {
                (best, value) = (t, values[t]);
            }
        }

        return best;
    }

    /// <summary>Reads the choices of a segment's groups off its records, from its last state; returns the state before it.</summary>
    private int WalkBack(int segment, int state, Span<int> choice)
    {
        var (start, end) = (segmentStarts[segment], segmentStarts[segment + 1]);
        var originRow = OriginRow(end, start);
        for (var group = end - 1; group >= start; group--)
        {
            var (first, after) = (chain.FirstMember[group], chain.FirstMember[group + 1]);
            originRow -= after - first > 1 ? 1 : 0;
            if (state < 0)
            {
                choice[first..after].Fill(-1);
                continue;
            }

            if (after - first == 1)
            {
                choice[first] = state;
            }
            else
            {
                var low = origins[(originRow * count) + state];
                maxima!.Divide(group, low, state, exclusion ? firstPayable[group] : 0, choice[first..after]);
                state = low;
            }

            if (state >= 0)
            {
                state = RecordAtOrBelow(records.AsSpan((group - start) * rowBytes, rowBytes), state);
                state = exclusion && entersHere[group] && state == firstPayable[group] ? -1 : state;
            }
        }

        return state;
    }

    private static int RecordAtOrBelow(ReadOnlySpan<byte> records, int t)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(records);
        var word = t / WordBits;
        var bits = words[word] & (ulong.MaxValue >> (WordBits - 1 - (t % WordBits)));
        while (bits == 0)
        {
            bits = words[--word];
        }

        return (word * WordBits) + WordBits - 1 - BitOperations.LeadingZeroCount(bits);
    }
}
