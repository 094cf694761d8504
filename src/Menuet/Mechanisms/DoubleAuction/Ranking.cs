using System.Buffers;
using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Menuet.Mechanisms.DoubleAuction;

/// <summary>Order among units: bids from the highest, asks from the lowest, ties by position.</summary>
internal static class Ranking
{
    /// <summary>Units by rank.</summary>
    /// <param name="values">One per unit of the side.</param>
    /// <param name="units">The units to order, rising.</param>
    /// <param name="descending">True for bids.</param>
    internal static int[] Of(double[] values, ReadOnlySpan<int> units, bool descending)
    {
        var (keys, order) = (new double[units.Length], units.ToArray());
        for (var i = 0; i < keys.Length; i++)
        {
            keys[i] = descending ? -values[order[i]] : values[order[i]];
        }

        Array.Sort(keys, order);
        for (var start = 0; start < keys.Length;)
        {
            var end = start + 1;
            while (end < keys.Length && keys[end] == keys[start])
            {
                end++;
            }

            Array.Sort(order, start, end - start);
            start = end;
        }

        return order;
    }

    /// <summary>All units of a side by rank.</summary>
    internal static int[] OfAll(double[] values, bool descending)
    {
        var units = new int[values.Length];
        for (var i = 0; i < units.Length; i++)
        {
            units[i] = i;
        }

        return Of(values, units, descending);
    }

    /// <summary>The units of the first <paramref name="count"/> ranks, rising, in one pass and without sorting.</summary>
    /// <param name="values">One per unit of the side.</param>
    /// <param name="last">The value of rank K ≥ <paramref name="count"/>.</param>
    /// <param name="count">How many are wanted.</param>
    /// <param name="descending">True for bids.</param>
    internal static ImmutableArray<int> First(double[] values, double last, int count, bool descending)
    {
        if (count == 0)
        {
            return [];
        }

        var reaching = Reaching(values, last, descending);
        // Whoever is too many stands at the end of the order: the last positions among those tied at the last value.
        var surplus = reaching.Length - count;
        if (surplus > 0)
        {
            var kept = new int[count];
            var next = count;
            for (var i = reaching.Length - 1; i >= 0; i--)
            {
                if (surplus > 0 && values[reaching[i]] == last)
                {
                    surplus--;
                }
                else
                {
                    kept[--next] = reaching[i];
                }
            }

            reaching = kept;
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(reaching);
    }

    private static int[] Reaching(double[] values, double last, bool descending)
    {
        var sign = descending ? 1.0 : -1.0;
        var limit = last * sign;
        var buffer = ArrayPool<int>.Shared.Rent(values.Length);
        var found = 0;
        for (var i = 0; i < values.Length; i++)
        {
            // Without a branch on the value, which no predictor could guess.
            buffer[found] = i;
            found += values[i] * sign >= limit ? 1 : 0;
        }

        var reaching = buffer.AsSpan(0, found).ToArray();
        ArrayPool<int>.Shared.Return(buffer);
        return reaching;
    }
}
