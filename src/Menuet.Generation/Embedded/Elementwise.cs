using System.Numerics;
using System.Runtime.CompilerServices;

namespace Menuet.Generation.Embedded;

/// <summary>What happens between convolutions. Channels are a multiple of 16 and lie side by side; sums go pixel by pixel, so that no bit depends on register width.</summary>
internal static unsafe class Elementwise
{
    /// <summary>How much is added to variances: PyTorch's default.</summary>
    private const double Epsilon = 1e-5;

    private const int Groups = 4;

    /// <summary>
    /// Group normalisation over 4 groups with gains and shifts, perhaps modulated, as one multiplication and one addition for each channel:
    /// y = x × factor + offset.
    /// </summary>
    /// <param name="x">[pixels, channels].</param>
    /// <param name="width">Pixels are width × width.</param>
    /// <param name="gain">[channels].</param>
    /// <param name="shift">[channels].</param>
    /// <param name="modulation">Null, or scales [channels] and then shifts [channels]: y becomes y (1 + scale) + shift.</param>
    /// <param name="factor">Result, [channels].</param>
    /// <param name="offset">Result, [channels].</param>
    internal static void Normalise(float* x, int width, float[] gain, float[] shift, float* modulation, Span<float> factor, Span<float> offset)
    {
        var channels = gain.Length;
        Span<double> sums = stackalloc double[channels], squares = stackalloc double[channels];
        sums.Clear();
        squares.Clear();
        Span<float> sum = stackalloc float[channels], square = stackalloc float[channels];
        for (var y = 0; y < width; y++)
        {
            // A row at a time in single precision, the rows in double: as exact as needed and quick.
            for (var c = 0; c < channels; c += Vector<float>.Count)
            {
                var (s, q) = (Vector<float>.Zero, Vector<float>.Zero);
                var from = x + (y * width * channels) + c;
                for (var p = 0; p < width; p++)
                {
                    var v = Vector.Load(from + (p * channels));
                    s += v;
                    q = Vector.FusedMultiplyAdd(v, v, q);
                }

                s.CopyTo(sum[c..]);
                q.CopyTo(square[c..]);
            }

            for (var c = 0; c < channels; c++)
            {
                sums[c] += sum[c];
                squares[c] += square[c];
            }
        }

        var size = channels / Groups;
        var count = (double)size * width * width;
        for (var group = 0; group < channels; group += size)
        {
            double total = 0, totalSquares = 0;
            for (var c = group; c < group + size; c++)
            {
                total += sums[c];
                totalSquares += squares[c];
            }

            var mean = total / count;
            var inverse = 1 / Math.Sqrt(Math.Max(0, (totalSquares / count) - (mean * mean)) + Epsilon);
            for (var c = group; c < group + size; c++)
            {
                var (scale, addition) = (gain[c] * inverse, shift[c] - (gain[c] * inverse * mean));
                if (modulation is not null)
                {
                    var more = 1 + (double)modulation[c];
                    (scale, addition) = (scale * more, (addition * more) + modulation[channels + c]);
                }

                factor[c] = (float)scale;
                offset[c] = (float)addition;
            }
        }
    }

    /// <summary>Writes silu(x × factor + offset) into the middle of an image with an edge of one pixel, whose edge stays as it is.</summary>
    internal static void ActivateInto(float* x, int width, ReadOnlySpan<float> factor, ReadOnlySpan<float> offset, float* padded)
    {
        var channels = factor.Length;
        for (var y = 0; y < width; y++)
        {
            var from = x + (y * width * channels);
            var to = padded + ((((y + 1) * (width + 2)) + 1) * channels);
            for (var c = 0; c < channels; c += Vector<float>.Count)
            {
                var (scale, addition) = (new Vector<float>(factor[c..]), new Vector<float>(offset[c..]));
                for (var p = c; p < width * channels; p += channels)
                    Silu(Vector.FusedMultiplyAdd(Vector.Load(from + p), scale, addition)).Store(to + p);
            }
        }
    }

    /// <summary>x / (1 + e^−x) for each entry; the length is a multiple of 16.</summary>
    internal static void Silu(Span<float> values)
    {
        for (var i = 0; i < values.Length; i += Vector<float>.Count)
            Silu(new Vector<float>(values[i..])).CopyTo(values[i..]);
    }

    /// <summary>y += x.</summary>
    internal static void Add(float* x, float* y, int length)
    {
        for (var i = 0; i < length; i += Vector<float>.Count)
            (Vector.Load(y + i) + Vector.Load(x + i)).Store(y + i);
    }

    /// <summary>Means of 2 x 2 pixels.</summary>
    internal static void Halve(float* x, int width, int channels, float* half)
    {
        var quarter = new Vector<float>(0.25f);
        for (var y = 0; y < width; y += 2)
        {
            for (var p = 0; p < width; p += 2)
            {
                var from = x + (((y * width) + p) * channels);
                var below = from + (width * channels);
                for (var c = 0; c < channels; c += Vector<float>.Count, half += Vector<float>.Count)
                    ((Vector.Load(from + c) + Vector.Load(from + channels + c) + (Vector.Load(below + c) + Vector.Load(below + channels + c))) * quarter).Store(half);
            }
        }
    }

    /// <summary>Each pixel of the small image four times, with the channels of another image of the large size behind its own.</summary>
    internal static void DoubleAndJoin(float* small, int width, int channels, float* other, int otherChannels, float* joined)
    {
        for (var y = 0; y < 2 * width; y++)
        {
            for (var x = 0; x < 2 * width; x++)
            {
                new ReadOnlySpan<float>(small + ((((y / 2) * width) + (x / 2)) * channels), channels).CopyTo(new(joined, channels));
                joined += channels;
                new ReadOnlySpan<float>(other, otherChannels).CopyTo(new(joined, otherChannels));
                joined += otherChannels;
                other += otherChannels;
            }
        }
    }

    /// <summary>result = bias + x · matrix, with the outputs of the matrix [inputs, outputs] side by side; outputs a multiple of 2.</summary>
    internal static void Multiply(ReadOnlySpan<float> x, float[] matrix, float[] bias, Span<float> result)
    {
        bias.CopyTo(result);
        var outputs = bias.Length;
        for (var i = 0; i < x.Length; i++)
        {
            if (x[i] == 0)
            {
                continue;
            }

            var (row, value, o) = (i * outputs, new Vector<float>(x[i]), 0);
            for (; o <= outputs - Vector<float>.Count; o += Vector<float>.Count)
                Vector.FusedMultiplyAdd(value, new Vector<float>(matrix, row + o), new Vector<float>(result[o..])).CopyTo(result[o..]);
            for (; o < outputs; o++)
                result[o] = MathF.FusedMultiplyAdd(x[i], matrix[row + o], result[o]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> Silu(Vector<float> x) => x / (Vector<float>.One + Exp(-x));

    /// <summary>e^x within two units in the last place, from basic operations: x = k ln 2 + r, the series of e^r, times 2^k.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> Exp(Vector<float> x)
    {
        // Adding and taking away 1.5 · 2²³ rounds to the nearest whole number.
        var magic = new Vector<float>(12582912f);
        x = Vector.Min(Vector.Max(x, new(-87f)), new(87f));
        var k = Vector.FusedMultiplyAdd(x, new Vector<float>(1.44269504f), magic) - magic;
        var r = Vector.FusedMultiplyAdd(k, new Vector<float>(-0.693359375f), x);
        r = Vector.FusedMultiplyAdd(k, new Vector<float>(2.12194440e-4f), r);
        var sum = new Vector<float>(1f / 720);
        sum = Vector.FusedMultiplyAdd(sum, r, new Vector<float>(1f / 120));
        sum = Vector.FusedMultiplyAdd(sum, r, new Vector<float>(1f / 24));
        sum = Vector.FusedMultiplyAdd(sum, r, new Vector<float>(1f / 6));
        sum = Vector.FusedMultiplyAdd(sum, r, new Vector<float>(0.5f));
        sum = Vector.FusedMultiplyAdd(sum, r, Vector<float>.One);
        sum = Vector.FusedMultiplyAdd(sum, r, Vector<float>.One);
        return sum * Vector.AsVectorSingle(Vector.ShiftLeft(Vector.ConvertToInt32(k) + new Vector<int>(127), 23));
    }
}
