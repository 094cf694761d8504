using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Menuet.Learning.Autodiff;

/// <summary>Elementary functions of sixteen floats at a time, all from one exponential and one logarithm.</summary>
/// <remarks>
/// <para>Same bits everywhere: lane-wise IEEE operations with every fused product written out; where 512-bit registers are missing the
/// runtime does the same operations on halves or quarters. Sums take one fixed tree.</para>
/// <para>Denormals are kept out by design, for a product of denormals runs up to 270 times slower: exponents are clamped where the result is
/// used as a weight (<see cref="Smallest"/> is the scale below which values are set to zero), so no product of two results is denormal.</para>
/// <para>NaN goes through every function: bounds are applied with the operand order that keeps it.</para>
/// </remarks>
internal static class Simd
{
    /// <summary>What is smaller in magnitude is set to zero: the square is still far above the smallest normal number, 1.2e-38.</summary>
    internal const float Smallest = 1e-18f;

    /// <summary>Exponents of gates and weights stop here: e^−40 = 4e-18.</summary>
    internal const float LowestExponent = -40f;

    internal const int Lanes = 16;

    private const float Log2E = 1.44269504f;
    private const float Ln2High = 0.693145752f, Ln2Low = 1.42860677e-6f;
    private const float Rounder = 12582912f;   // 1.5·2²³: adding it leaves the nearest integer in the low bits

    /// <summary>2^n and e^r − 1 with x = n ln 2 + r, |r| ≤ 0.35: everything else is built of these two.</summary>
    /// <remarks>The polynomial is a minimax fit of (e^r − 1 − r)/r², relative error of e^r − 1 1.6e-8 before rounding.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Split(Vector512<float> x, out Vector512<float> power)
    {
        var shifted = Vector512.FusedMultiplyAdd(x, Vector512.Create(Log2E), Vector512.Create(Rounder));
        var n = shifted - Vector512.Create(Rounder);
        var r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-Ln2High), x);
        r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-Ln2Low), r);
        power = (Vector512.ShiftLeft(shifted.AsInt32(), 23) + Vector512.Create(127 << 23)).AsSingle();
        var q = Vector512.FusedMultiplyAdd(r, Vector512.Create(0.0013946042163297534f), Vector512.Create(0.008366374298930168f));
        q = Vector512.FusedMultiplyAdd(q, r, Vector512.Create(0.041666291654109955f));
        q = Vector512.FusedMultiplyAdd(q, r, Vector512.Create(0.1666654497385025f));
        q = Vector512.FusedMultiplyAdd(q, r, Vector512.Create(0.5f));
        return Vector512.FusedMultiplyAdd(q * r, r, r);
    }

    /// <summary>min(max(x, low), high), NaN kept.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Clamp(Vector512<float> x, float low, float high) => AtMost(AtLeast(x, low), high);

    /// <summary>max(x, low), NaN kept.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> AtLeast(Vector512<float> x, float low) => Avx512F.IsSupported
        ? Avx512F.Max(Vector512.Create(low), x)   // the second operand wins when one is NaN
        : Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512.Create(low)), Vector512.Create(low), x);

    /// <summary>min(x, high), NaN kept.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> AtMost(Vector512<float> x, float high) => Avx512F.IsSupported
        ? Avx512F.Min(Vector512.Create(high), x)
        : Vector512.ConditionalSelect(Vector512.GreaterThan(x, Vector512.Create(high)), Vector512.Create(high), x);

    /// <summary>x, or 0 where |x| is below a bound; NaN kept.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Flush(Vector512<float> x, float bound = Smallest) =>
        Vector512.AndNot(x, Vector512.LessThan(Vector512.Abs(x), Vector512.Create(bound)));

    /// <summary>e^x, x held within [−87, 88]: always a normal number; NaN kept.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Exp(Vector512<float> x)
    {
        var rest = Split(Clamp(x, -87f, 88f), out var power);
        return Vector512.FusedMultiplyAdd(rest, power, power);
    }

    /// <summary>e^x, x held within [−40, 88]: for weights, whose products must not become denormal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> ExpOfWeight(Vector512<float> x)
    {
        var rest = Split(Clamp(x, LowestExponent, 88f), out var power);
        return Vector512.FusedMultiplyAdd(rest, power, power);
    }

    /// <summary>tanh x = e/(e + 2), e = e^2x − 1: full relative accuracy near 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Tanh(Vector512<float> x)
    {
        var rest = Split(Clamp(x + x, -18.1f, 18.1f), out var power);
        var e = Vector512.FusedMultiplyAdd(rest, power, power - Vector512<float>.One);
        return e / (e + Vector512.Create(2f));
    }

    /// <summary>1/(1 + e^−x), x held within ±40.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Sigmoid(Vector512<float> x)
    {
        var rest = Split(Clamp(-x, LowestExponent, -LowestExponent), out var power);
        return Vector512<float>.One / (Vector512<float>.One + Vector512.FusedMultiplyAdd(rest, power, power));
    }

    /// <summary>x tanh(ln(1 + e^x)) = x t/(t + 2), t = e² + 2e, e = e^x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Mish(Vector512<float> x)
    {
        var rest = Split(Clamp(x, LowestExponent, 20f), out var power);
        var e = Vector512.FusedMultiplyAdd(rest, power, power);
        var t = e * (e + Vector512.Create(2f));
        return x * (t / (t + Vector512.Create(2f)));
    }

    /// <summary>mish x, and its derivative t/d + 4x e(1 + e)/d², d = t + 2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Mish(Vector512<float> x, out Vector512<float> derivative)
    {
        var rest = Split(Clamp(x, LowestExponent, 20f), out var power);
        var e = Vector512.FusedMultiplyAdd(rest, power, power);
        var t = e * (e + Vector512.Create(2f));
        var inverse = Vector512<float>.One / (t + Vector512.Create(2f));
        var ratio = t * inverse;
        var slope = Vector512.Create(4f) * e * (Vector512<float>.One + e) * inverse * inverse;
        // Above 20 the slope is 1 and the second term must not grow with x.
        derivative = Vector512.FusedMultiplyAdd(AtMost(x, 20f), slope, ratio);
        return x * ratio;
    }

    /// <summary>ln x for x ≥ 1.2e-38, which smaller arguments are raised to; NaN kept.</summary>
    /// <remarks>x = 2^k m, √½ ≤ m &lt; √2; the polynomial in ((m − 1)/(m + 1))² is that of the fdlibm family.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Log(Vector512<float> x)
    {
        const int one = 0x3f800000, root = 0x3f3504f3;
        var raised = AtLeast(x, 1.17549435e-38f);
        var bits = raised.AsInt32() + Vector512.Create(one - root);
        var k = Vector512.ConvertToSingle(Vector512.ShiftRightArithmetic(bits, 23) - Vector512.Create(127));
        var m = ((bits & Vector512.Create(0x007fffff)) + Vector512.Create(root)).AsSingle();
        var f = m - Vector512<float>.One;
        var s = f / (f + Vector512.Create(2f));
        var z = s * s;
        var w = z * z;
        var even = w * Vector512.FusedMultiplyAdd(w, Vector512.Create(0.24279078841f), Vector512.Create(0.40000972152f));
        var odd = z * Vector512.FusedMultiplyAdd(w, Vector512.Create(0.28498786688f), Vector512.Create(0.66666662693f));
        var half = Vector512.Create(0.5f) * f * f;
        var low = Vector512.FusedMultiplyAdd(k, Vector512.Create(9.0580006145e-06f), s * (half + even + odd));
        var result = Vector512.FusedMultiplyAdd(k, Vector512.Create(6.9313812256e-01f), low - half + f);
        return Vector512.ConditionalSelect(Vector512.Equals(x, x), result, x);
    }

    /// <summary>ln(1 + e^x) = max(x, 0) + ln(1 + e^−|x|).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Softplus(Vector512<float> x)
    {
        var e = ExpOfWeight(-Vector512.Abs(x));
        var u = Vector512<float>.One + e;
        return AtLeast(x, 0f) + (Log(u) + (e - (u - Vector512<float>.One)) / u);
    }

    /// <summary>The sum of sixteen lanes: i and i + 8, then i + 4, i + 2, i + 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float Sum(Vector512<float> x)
    {
        var eight = x.GetLower() + x.GetUpper();
        var four = eight.GetLower() + eight.GetUpper();
        var two = four + Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1));
        return two[0] + two[1];
    }

    /// <summary>The largest of sixteen lanes; NaN when one is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float Max(Vector512<float> x)
    {
        var eight = Vector256.Max(x.GetLower(), x.GetUpper());
        var four = Vector128.Max(eight.GetLower(), eight.GetUpper());
        var two = Vector128.Max(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        return MathF.Max(two[0], two[1]);
    }

    /// <summary>Reads fewer than sixteen floats; the lanes beyond hold <paramref name="fill"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static unsafe Vector512<float> LoadPart(float* from, int count, float fill = 0f)
    {
        var lanes = Vector512.Create(fill);
        var buffer = (float*)&lanes;
        for (var i = 0; i < count; i++)
            buffer[i] = from[i];
        return lanes;
    }

    /// <summary>Writes the first <paramref name="count"/> lanes and nothing beyond: padding never carries values into a reduction.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static unsafe void StorePart(Vector512<float> lanes, float* to, int count)
    {
        var buffer = (float*)&lanes;
        for (var i = 0; i < count; i++)
            to[i] = buffer[i];
    }
}
