using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Menuet;

/// <summary>
/// The random numbers of everything here: draw number i of stream s under seed k is a function of (k, s, i) alone,
/// the word i mod 4 of Philox4x64-10 with key (k, s) and counter (⌊i/4⌋, 0, 0, 0).
/// </summary>
/// <remarks>
/// <para>A seed means the same everywhere and for ever: only integer arithmetic and the basic operations of IEEE 754 are used (no library
/// logarithm or exponential), so every method returns the same bits on every platform, and no later version may change them. Streams
/// never overlap: two of them differ in the key. The period of a stream is 2⁶⁴ draws.</para>
/// <para>The struct is its own position, so copies go on independently from where they were taken; pass it by <c>ref</c>
/// to share one. The default value is the stream (0, 0) at its beginning.</para>
/// <para>Not for secrets: the key can be guessed.</para>
/// <para>Source: Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3" (Philox4x64-10).</para>
/// </remarks>
public struct Rng
{
    internal const int Rounds = 10;
    internal const ulong KeyStep0 = 0x9E3779B97F4A7C15;
    internal const ulong KeyStep1 = 0xBB67AE8584CAA73B;
    internal const ulong Multiplier0 = 0xD2E7470EE14C6C93;
    internal const ulong Multiplier1 = 0xCA5A826395121157;

    private readonly ulong _seed;
    private readonly ulong _stream;
    private ulong _index;
    private Words _words;

    private Rng(ulong seed, ulong stream, ulong index)
    {
        _seed = seed;
        _stream = stream;
        _index = index;
        if ((index & 7) != 0)
            Refill(seed, stream, index >> 3, out _words);
    }

    /// <summary>The position: how many 64-bit words of the stream are spent. Integers and uniforms spend one a call, other laws one or more.</summary>
    public readonly ulong Index => _index;

    /// <summary>A stream of draws, independent of every stream with another seed or another number.</summary>
    /// <param name="seed">What the user chose.</param>
    /// <param name="stream">What the draws are for: an agent, an episode, a replication.</param>
    /// <param name="index">Where to begin; any point is reached at once.</param>
    public static Rng Stream(ulong seed, ulong stream, ulong index = 0) => new(seed, stream, index);

    /// <summary>64 independent bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong NextUInt64()
    {
        var word = (int)_index & 7;
        if (word == 0)
            Refill(_seed, _stream, _index >> 3, out _words);
        _index++;
        return _words[word];
    }

    /// <summary>Uniform on the multiples of 2⁻⁵³ in [0, 1).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public double NextDouble() => Closed(NextUInt64());

    /// <summary>Uniform on the odd multiples of 2⁻⁵³ in (0, 1): never an end, symmetric about 1/2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public double NextDoubleOpen() => Open(NextUInt64());

    /// <summary>The number of <see cref="NextDouble"/> that a word stands for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static double Closed(ulong word) => (long)(word >> 11) * (1.0 / (1UL << 53));

    /// <summary>The number of <see cref="NextDoubleOpen"/> that a word stands for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static double Open(ulong word) => ((long)(word >> 12) + 0.5) * (1.0 / (1UL << 52));

    /// <summary>Uniform on {0, …, <paramref name="bound"/> − 1}, without bias.</summary>
    /// <param name="bound">How many values there are; ≥ 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bound"/> is not positive.</exception>
    /// <remarks>Source: Lemire 2019, "Fast random integer generation in an interval", Algorithm 5, with 64-bit words.</remarks>
    public int NextInt(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        var range = (ulong)bound;
        var high = Math.BigMul(NextUInt64(), range, out var low);
        if (low < range)
        {
            var surplus = (0 - range) % range;   // 2⁶⁴ mod bound: that many words belong to no value
            while (low < surplus)
                high = Math.BigMul(NextUInt64(), range, out low);
        }
        return (int)high;
    }

    /// <summary>Exponential with mean 1; ≥ 0.</summary>
    /// <remarks>Source: Marsaglia and Tsang 2000, "The ziggurat method", 256 layers; the layer, and the place in it, use different bits.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public double NextExponential()
    {
        var word = NextUInt64();
        var layer = (int)(word & 255);
        var x = (long)(word >> 11) * Ziggurat.ExponentialScale[layer];
        return x < Ziggurat.ExponentialEdge[layer + 1] ? x : FinishExponential(layer, x);
    }

    /// <summary>Normal with mean 0 and variance 1.</summary>
    /// <remarks>Source: Marsaglia and Tsang 2000, "The ziggurat method", 256 layers; layer, sign and place use different bits.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public double NextNormal()
    {
        var word = NextUInt64();
        var layer = (int)(word & 255);
        var x = (long)(word >> 11) * Ziggurat.NormalScale[layer];
        if (x >= Ziggurat.NormalEdge[layer + 1])
            x = FinishNormal(layer, x);
        return BitConverter.UInt64BitsToDouble(BitConverter.DoubleToUInt64Bits(x) ^ (word & 256) << 55);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private double FinishExponential(int layer, double x)
    {
        var beyond = 0.0;
        while (true)
        {
            if (layer == 0)
                beyond += Ziggurat.ExponentialEdge[1];   // without memory: the tail is the law itself, moved
            else
            {
                var low = Ziggurat.ExponentialHeight[layer];
                var high = Ziggurat.ExponentialHeight[layer + 1];
                if (low + NextDouble() * (high - low) < PortableMath.Exp(-x))
                    return beyond + x;
            }
            var word = NextUInt64();
            layer = (int)(word & 255);
            x = (long)(word >> 11) * Ziggurat.ExponentialScale[layer];
            if (x < Ziggurat.ExponentialEdge[layer + 1])
                return beyond + x;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private double FinishNormal(int layer, double x)
    {
        while (true)
        {
            if (layer == 0)
            {
                double excess;
                do
                    excess = NextExponential() / Ziggurat.NormalEdge[1];
                while (2 * NextExponential() <= excess * excess);
                return Ziggurat.NormalEdge[1] + excess;
            }
            var low = Ziggurat.NormalHeight[layer];
            var high = Ziggurat.NormalHeight[layer + 1];
            if (low + NextDouble() * (high - low) < PortableMath.Exp(-0.5 * x * x))
                return x;
            var word = NextUInt64();
            layer = (int)(word & 255);
            x = (long)(word >> 11) * Ziggurat.NormalScale[layer];
            if (x < Ziggurat.NormalEdge[layer + 1])
                return x;
        }
    }

    /// <summary>Blocks 2<paramref name="pair"/> and 2<paramref name="pair"/> + 1 of the stream, interleaved: one alone waits on its multiplications.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Refill(ulong seed, ulong stream, ulong pair, out Words words)
    {
        ulong a0 = 2 * pair, a1 = 0, a2 = 0, a3 = 0;
        ulong b0 = a0 + 1, b1 = 0, b2 = 0, b3 = 0;
        for (var round = 0; round < Rounds; round++)
        {
            Mix(ref a0, ref a1, ref a2, ref a3, seed, stream);
            Mix(ref b0, ref b1, ref b2, ref b3, seed, stream);
            seed += KeyStep0;
            stream += KeyStep1;
        }
        words = default;
        (words[0], words[1], words[2], words[3]) = (a0, a1, a2, a3);
        (words[4], words[5], words[6], words[7]) = (b0, b1, b2, b3);
    }

    /// <summary>Philox4x64-10 for any key and counter: the counter becomes the block.</summary>
    internal static void Philox(ulong key0, ulong key1, ref ulong c0, ref ulong c1, ref ulong c2, ref ulong c3)
    {
        for (var round = 0; round < Rounds; round++)
        {
            Mix(ref c0, ref c1, ref c2, ref c3, key0, key1);
            key0 += KeyStep0;
            key1 += KeyStep1;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Mix(ref ulong c0, ref ulong c1, ref ulong c2, ref ulong c3, ulong key0, ulong key1)
    {
        var (low0, low1) = (Multiplier0 * c0, Multiplier1 * c2);
        (c0, c2) = (High(Multiplier1, c2) ^ c1 ^ key0, High(Multiplier0, c0) ^ c3 ^ key1);
        (c1, c3) = (low1, low0);
    }

    /// <summary>The upper half of a product. (BigMul would send the lower half through memory.)</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong High(ulong a, ulong b) => Bmi2.X64.IsSupported ? Bmi2.X64.MultiplyNoFlags(a, b) : Math.BigMul(a, b, out _);

    /// <summary>Two blocks of the generator.</summary>
    [InlineArray(8)]
    internal struct Words
    {
        private ulong _first;
    }
}
