using System.Runtime.Intrinsics;

namespace Menuet.Learning.Autodiff;

/// <summary>Scaled dot-product attention over short sequences: softmax(Q Kᵀ/√d) V for each sequence and head.</summary>
/// <remarks>Source: Vaswani et al. 2017, Eq. (1). Rows of a value are tokens, the tokens of a sequence one after the other; at most 64 keys.</remarks>
internal static unsafe class Attention
{
    internal const int MostKeys = 64;

    /// <param name="queries">Rows × anything; the queries are <paramref name="width"/> columns from <paramref name="queryColumn"/>.</param>
    /// <param name="queryColumn">First column of the queries.</param>
    /// <param name="source">Keys from <paramref name="keyColumn"/>, values from <paramref name="valueColumn"/>; may be the same value as the queries.</param>
    /// <param name="keyColumn">First column of the keys.</param>
    /// <param name="valueColumn">First column of the values.</param>
    /// <param name="width">Columns of queries, keys and values, a multiple of the heads.</param>
    /// <param name="heads">≥ 1.</param>
    /// <param name="queryTokens">Tokens a sequence of queries.</param>
    /// <param name="keyTokens">Tokens a sequence of keys, ≤ 64.</param>
    /// <param name="causal">Token i sees the tokens up to i only.</param>
    internal static Value Attend(
        Value queries, int queryColumn, Value source, int keyColumn, int valueColumn, int width, int heads, int queryTokens, int keyTokens, bool causal)
    {
        if (width % heads != 0 || queries.Rows % queryTokens != 0 || source.Rows % keyTokens != 0
            || queries.Rows / queryTokens != source.Rows / keyTokens || keyTokens > MostKeys || (causal && queryTokens != keyTokens))
            throw new ArgumentException(
                $"attention of width {width} and {heads} heads over {queries.Rows}/{queryTokens} and {source.Rows}/{keyTokens} tokens does not fit");
        var tape = queries.Tape;
        var value = tape.Create(queries.Rows, width, tape.At(queries.Node).NeedsGradient || tape.At(source.Node).NeedsGradient);
        ref var node = ref tape.At(value.Node);
        (node.A, node.B, node.Inner, node.I, node.J) = (queries.Node, source.Node, heads, queryTokens, keyTokens);
        (node.C, node.S) = (queryColumn, causal ? 1 : 0);
        (node.K, node.L) = (keyColumn, valueColumn);
        node.Backward = &Backward;
        node.SavedLength = queries.Rows * heads * keyTokens;
        node.Saved = tape.Rent(node.SavedLength);
        new Span<float>(node.Value, node.Length).Clear();
        var depth = width / heads;
        var scale = 1f / MathF.Sqrt(depth);
        var p = node.Saved;
        for (var row = 0; row < queries.Rows; row++)
        {
            var first = row / queryTokens * keyTokens;
            var seen = causal ? row % queryTokens + 1 : keyTokens;
            for (var head = 0; head < heads; head++, p += keyTokens)
            {
                var q = queries.Start + (nint)row * queries.Columns + queryColumn + head * depth;
                var keys = source.Start + (nint)first * source.Columns + keyColumn + head * depth;
                var max = float.NegativeInfinity;
                for (var j = 0; j < seen; j++)
                {
                    p[j] = scale * Operations.DotOf(q, keys + (nint)j * source.Columns, depth);
                    max = MathF.Max(max, p[j]);
                }
                Weigh(p, seen, keyTokens, max);
                var values = source.Start + (nint)first * source.Columns + valueColumn + head * depth;
                var to = node.Value + (nint)row * width + head * depth;
                for (var j = 0; j < seen; j++)
                    Operations.AddScaled(values + (nint)j * source.Columns, p[j], to, depth);
            }
        }
        return value;
    }

    private static void Weigh(float* p, int seen, int keys, float max)
    {
        var sum = 0f;
        for (var j = 0; j < seen; j += 16)
        {
            var count = Math.Min(16, seen - j);
            Simd.StorePart(Simd.ExpOfWeight(Simd.LoadPart(p + j, count) - Vector512.Create(max)), p + j, count);
            for (var i = 0; i < count; i++)
                sum += p[j + i];
        }
        for (var j = 0; j < seen; j++)
            p[j] /= sum;
        for (var j = seen; j < keys; j++)
            p[j] = 0;
    }

    private static void Backward(Tape tape, ref Node node)
    {
        ref var queries = ref tape.At(node.A);
        ref var source = ref tape.At(node.B);
        int width = node.Columns, heads = node.Inner, queryTokens = node.I, keyTokens = node.J;
        int queryColumn = node.C, keyColumn = node.K, valueColumn = node.L;
        var toQueries = queries.NeedsGradient ? tape.Sum(node.A) : null;
        var toSource = source.NeedsGradient ? tape.Sum(node.B) : null;
        var depth = width / heads;
        var scale = 1f / MathF.Sqrt(depth);
        var ds = stackalloc float[MostKeys];
        var p = node.Saved;
        for (var row = 0; row < node.Rows; row++)
        {
            var first = row / queryTokens * keyTokens;
            var seen = node.S != 0 ? row % queryTokens + 1 : keyTokens;
            for (var head = 0; head < heads; head++, p += keyTokens)
            {
                var g = node.Gradient + (nint)row * width + head * depth;
                var at = (nint)first * source.Columns + head * depth;
                var mean = 0f;
                for (var j = 0; j < seen; j++)
                {
                    ds[j] = Operations.DotOf(g, source.Value + at + (nint)j * source.Columns + valueColumn, depth);
                    mean = MathF.FusedMultiplyAdd(p[j], ds[j], mean);
                }
                var query = (nint)row * queries.Columns + queryColumn + head * depth;
                for (var j = 0; j < seen; j++)
                {
                    var d = p[j] * (ds[j] - mean) * scale;
                    if (MathF.Abs(d) < Simd.Smallest)
                        d = 0;
                    if (toSource != null)
                    {
                        Operations.AddScaled(g, p[j], toSource + at + (nint)j * source.Columns + valueColumn, depth);
                        Operations.AddScaled(queries.Value + query, d, toSource + at + (nint)j * source.Columns + keyColumn, depth);
                    }
                    if (toQueries != null)
                        Operations.AddScaled(source.Value + at + (nint)j * source.Columns + keyColumn, d, toQueries + query, depth);
                }
            }
        }
    }
}
