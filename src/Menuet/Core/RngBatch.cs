using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Menuet;

/// <summary>Eight neighbouring streams of <see cref="Rng"/> read from one index on: the same numbers, made together, one register for all where it is wide enough.</summary>
internal sealed class RngBatch
{
    /// <summary>How many streams.</summary>
    internal const int Streams = 8;

    private const int Block = 4;

    private ulong seed, firstStream, index;

    // Word by word, the streams side by side.
    private ulong[] made = new ulong[4 * Block * Streams];
    private int count;

    /// <summary>Turns to other streams, or to another place.</summary>
    /// <param name="seed">Of all streams.</param>
    /// <param name="firstStream">The first of the eight.</param>
    /// <param name="index">Where to begin; a multiple of 8.</param>
    internal void Begin(ulong seed, ulong firstStream, ulong index) => (this.seed, this.firstStream, this.index, count) = (seed, firstStream, index, 0);

    /// <summary>One of the streams, at its beginning; good until the next <see cref="Begin"/>.</summary>
    internal Reader Stream(int number) => new(this, number);

    /// <summary>Makes the next two blocks of every stream.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void More()
    {
        if (count == made.Length)
        {
            Array.Resize(ref made, 2 * count);
        }

        var target = made.AsSpan(count, 2 * Block * Streams);
        var next = index + (ulong)(count / Streams);
        count += target.Length;
        if (Avx512F.IsSupported)
        {
            Make(next / Block, target);
            return;
        }

        for (var stream = 0; stream < Streams; stream++)
        {
            Rng.Refill(seed, firstStream + (ulong)stream, next / (2 * Block), out var words);
            for (var i = 0; i < 2 * Block; i++)
            {
                target[(i * Streams) + stream] = words[i];
            }
        }
    }

    /// <summary>Philox of two blocks, interleaved as one alone waits on its multiplications.</summary>
    private void Make(ulong block, Span<ulong> target)
    {
        Vector512<ulong> a0 = Vector512.Create(block), a1 = default, a2 = default, a3 = default;
        Vector512<ulong> b0 = Vector512.Create(block + 1), b1 = default, b2 = default, b3 = default;
        var (key0, key1) = (Vector512.Create(seed), Vector512.Create(firstStream) + Vector512<ulong>.Indices);
        for (var round = 0; round < Rng.Rounds; round++)
        {
            Mix(ref a0, ref a1, ref a2, ref a3, key0, key1);
            Mix(ref b0, ref b1, ref b2, ref b3, key0, key1);
            key0 += Vector512.Create(Rng.KeyStep0);
            key1 += Vector512.Create(Rng.KeyStep1);
        }

        a0.CopyTo(target);
        a1.CopyTo(target[Streams..]);
        a2.CopyTo(target[(2 * Streams)..]);
        a3.CopyTo(target[(3 * Streams)..]);
        b0.CopyTo(target[(4 * Streams)..]);
        b1.CopyTo(target[(5 * Streams)..]);
        b2.CopyTo(target[(6 * Streams)..]);
        b3.CopyTo(target[(7 * Streams)..]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Mix(
        ref Vector512<ulong> c0, ref Vector512<ulong> c1, ref Vector512<ulong> c2, ref Vector512<ulong> c3, Vector512<ulong> key0, Vector512<ulong> key1)
    {
        var ((high0, low0), (high1, low1)) = (Multiply(c0, Rng.Multiplier0), Multiply(c2, Rng.Multiplier1));
        (c0, c1, c2, c3) = (high1 ^ c1 ^ key0, low1, high0 ^ c3 ^ key1, low0);
    }

    /// <summary>Both halves of products of 64-bit words, by halves of words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<ulong> High, Vector512<ulong> Low) Multiply(Vector512<ulong> words, ulong factor)
    {
        var mask = Vector512.Create((ulong)uint.MaxValue);
        var (lower, upper) = (words.AsUInt32(), (words >> 32).AsUInt32());
        var (factorLower, factorUpper) = (Vector512.Create(factor & uint.MaxValue).AsUInt32(), Vector512.Create(factor >> 32).AsUInt32());
        var last = Avx512F.Multiply(lower, factorLower);
        var middle = Avx512F.Multiply(upper, factorLower) + (last >> 32);
        var other = Avx512F.Multiply(lower, factorUpper) + (middle & mask);
        return (Avx512F.Multiply(upper, factorUpper) + (middle >> 32) + (other >> 32), (other << 32) | (last & mask));
    }

    /// <summary>A stream's own position; it draws as <see cref="Rng"/> does.</summary>
    internal struct Reader(RngBatch batch, int stream)
    {
        private int at = stream;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal ulong NextUInt64()
        {
            if (at >= batch.count)
            {
                batch.More();
            }

            var word = batch.made[at];
            at += Streams;
            return word;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal double NextDouble() => Rng.Closed(NextUInt64());

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal double NextDoubleOpen() => Rng.Open(NextUInt64());

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal int NextInt(int bound)
        {
            var high = Math.BigMul(NextUInt64(), (ulong)bound, out var low);
            return low < (ulong)bound ? Again(bound) : (int)high;
        }

        /// <summary>The whole number of <see cref="NextInt"/> from the last word on, should that belong to no value, which is rare.</summary>
        internal int Again(int bound)
        {
            at -= Streams;
            var start = batch.index + (ulong)(at / Streams);
            var rng = Rng.Stream(batch.seed, batch.firstStream + (ulong)(at % Streams), start);
            var drawn = rng.NextInt(bound);
            at += Streams * (int)(rng.Index - start);
            return drawn;
        }
    }
}
