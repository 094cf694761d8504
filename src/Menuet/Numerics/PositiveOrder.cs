using System.Buffers;

namespace Menuet.Numerics;

/// <summary>Sorts positive numbers by counting the digits of their bits, which rise with the numbers.</summary>
internal static class PositiveOrder
{
    private const int DigitBits = 11;
    private const int Digits = 6;
    private const int Buckets = 1 << DigitBits;

    /// <summary>The positions of the numbers in rising order; equal numbers keep their order. O(n).</summary>
    /// <param name="values">Each ≥ 0 and finite.</param>
    internal static int[] Of(ReadOnlySpan<double> values)
    {
        var count = values.Length;
        var counts = new int[Digits * Buckets];
        foreach (var value in values)
        {
            var bits = BitConverter.DoubleToUInt64Bits(value);
            for (var digit = 0; digit < Digits; digit++)
            {
                counts[(digit * Buckets) + Digit(bits, digit)]++;
            }
        }

        var entries = ArrayPool<(ulong Bits, int Position)>.Shared.Rent(2 * count);
        var from = entries.AsSpan(0, count);
        var to = entries.AsSpan(count, count);
        for (var i = 0; i < count; i++)
        {
            from[i] = (BitConverter.DoubleToUInt64Bits(values[i]), i);
        }

        for (var digit = 0; digit < Digits; digit++)
        {
            var starts = counts.AsSpan(digit * Buckets, Buckets);
            if (count > 0 && starts[Digit(from[0].Bits, digit)] == count)
            {
                continue;
            }

            var start = 0;
            foreach (ref var bucket in starts)
            {
                (bucket, start) = (start, start + bucket);
            }

            foreach (ref readonly var entry in from)
            {
                to[starts[Digit(entry.Bits, digit)]++] = entry;
            }

            var swap = from;
            from = to;
            to = swap;
        }

        var order = new int[count];
        for (var i = 0; i < count; i++)
        {
            order[i] = from[i].Position;
        }

        ArrayPool<(ulong Bits, int Position)>.Shared.Return(entries);
        return order;
    }

    private static int Digit(ulong bits, int digit) => (int)(bits >> (digit * DigitBits)) & (Buckets - 1);
}
