using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Menuet.Numerics;

/// <summary>Selects by rank without sorting.</summary>
/// <remarks>
/// A sorted sample of n^(2/3) entries brackets the wanted rank; one vectorised pass counts what lies below the bracket and gathers what
/// lies within, a few per cent; the same again on what was gathered. Expected time O(n), reading the lists once. When the bracket misses,
/// or too many entries fall inside, everything is sorted: the answer never depends on luck, and the worst case is O(n log n).
/// Source: Floyd and Rivest 1975, "Expected time bounds for selection".
/// </remarks>
internal static class OrderStatistic
{
    private const int SmallEnoughToSort = 1024;

    /// <summary>The entry of the given rank in two lists taken together, counted from 0 at the smallest.</summary>
    /// <param name="first">Any finite numbers.</param>
    /// <param name="second">Any finite numbers.</param>
    /// <param name="rank">In [0, number of entries).</param>
    internal static double Smallest(ReadOnlySpan<double> first, ReadOnlySpan<double> second, int rank)
    {
        var count = first.Length + second.Length;
        ArgumentOutOfRangeException.ThrowIfNegative(rank);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(rank, count);
        if (count <= SmallEnoughToSort)
        {
            return BySorting(first, second, rank);
        }

        var (lower, upper) = Bracket(first, second, rank);
        var buffer = ArrayPool<double>.Shared.Rent((count / 8) + Vector256<double>.Count);
        try
        {
            var tally = new Tally(lower, upper, buffer);
            if (!tally.Add(first) || !tally.Add(second))
            {
                return BySorting(first, second, rank);
            }

            var within = rank - tally.Below - tally.AtLower;
            var inside = tally.Inside;
            return rank < tally.Below ? BySorting(first, second, rank)
                : within < 0 ? lower
                : within < inside ? Smallest(buffer.AsSpan(0, inside), [], within)
                : within < inside + tally.AtUpper ? upper
                : BySorting(first, second, rank);
        }
        finally
        {
            ArrayPool<double>.Shared.Return(buffer);
        }
    }

    /// <summary>Two entries between which the wanted one lies, but for bad luck.</summary>
    private static (double Lower, double Upper) Bracket(ReadOnlySpan<double> first, ReadOnlySpan<double> second, int rank)
    {
        var count = first.Length + second.Length;
        var size = (int)Math.Pow(Math.Cbrt(count), 2);
        var sample = ArrayPool<double>.Shared.Rent(size);
        for (var i = 0; i < size; i++)
        {
            var position = (int)((long)i * count / size);
            sample[i] = position < first.Length ? first[position] : second[position - first.Length];
        }

        Array.Sort(sample, 0, size);
        var expected = (double)rank / count * size;
        var spread = 5 * Math.Sqrt(expected * (1 - (double)rank / count)) + 8;
        var low = (int)(expected - spread);
        var high = (int)(expected + spread);
        var bracket = (low < 0 ? double.NegativeInfinity : sample[low], high >= size ? double.PositiveInfinity : sample[high]);
        ArrayPool<double>.Shared.Return(sample);
        return bracket;
    }

    private static double BySorting(ReadOnlySpan<double> first, ReadOnlySpan<double> second, int rank)
    {
        var count = first.Length + second.Length;
        var all = ArrayPool<double>.Shared.Rent(count);
        first.CopyTo(all);
        second.CopyTo(all.AsSpan(first.Length));
        Array.Sort(all, 0, count);
        var found = all[rank];
        ArrayPool<double>.Shared.Return(all);
        return found;
    }

    /// <summary>Counts entries against a bracket and keeps those strictly inside.</summary>
    private ref struct Tally(double lower, double upper, Span<double> buffer)
    {
        private readonly Span<double> buffer = buffer;

        internal int Below { get; private set; }

        internal int AtLower { get; private set; }

        internal int AtUpper { get; private set; }

        internal int Inside { get; private set; }

        /// <summary>False when the buffer is full.</summary>
        internal bool Add(ReadOnlySpan<double> values)
        {
            var vectors = MemoryMarshal.Cast<double, Vector256<double>>(values);
            var (lowers, uppers) = (Vector256.Create(lower), Vector256.Create(upper));
            var below = Vector256<long>.Zero;
            var atLower = Vector256<long>.Zero;
            var atUpper = Vector256<long>.Zero;
            var inside = Inside;
            foreach (ref readonly var vector in vectors)
            {
                below -= Vector256.LessThan(vector, lowers).AsInt64();
                atLower -= Vector256.Equals(vector, lowers).AsInt64();
                atUpper -= Vector256.Equals(vector, uppers).AsInt64();
                var mask = Vector256.BitwiseAnd(Vector256.GreaterThan(vector, lowers), Vector256.LessThan(vector, uppers))
                    .ExtractMostSignificantBits();
                if (mask == 0)
                {
                    continue;
                }

                if (inside + Vector256<double>.Count > buffer.Length)
                {
                    return false;
                }

                for (; mask != 0; mask &= mask - 1)
                {
                    buffer[inside++] = vector[BitOperations.TrailingZeroCount(mask)];
                }
            }

            Below += (int)Vector256.Sum(below);
            AtLower += (int)Vector256.Sum(atLower);
            AtUpper += lower == upper ? 0 : (int)Vector256.Sum(atUpper);
            foreach (var value in values[(vectors.Length * Vector256<double>.Count)..])
            {
                Below += value < lower ? 1 : 0;
                AtLower += value == lower ? 1 : 0;
                AtUpper += value == upper && lower != upper ? 1 : 0;
                if (value > lower && value < upper)
                {
                    if (inside == buffer.Length)
                    {
                        return false;
                    }

                    buffer[inside++] = value;
                }
            }

            Inside = inside;
            return true;
        }
    }
}
