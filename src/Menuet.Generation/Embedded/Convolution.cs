using System.Runtime.Intrinsics;
using Menuet.Numerics;

namespace Menuet.Generation.Embedded;

/// <summary>
/// Convolutions of images whose channels lie side by side. Every output is one chain of fused multiply-adds in a fixed order, whatever the
/// width of the registers: the same bits everywhere.
/// </summary>
internal static unsafe class Convolution
{
    /// <summary>output[y, x, o] = bias[o] + Σ weights[dy, dx, i, o] input[y + dy, x + dx, i] over a kernel of taps x taps.</summary>
    /// <param name="input">Rows of (width + taps − 1) pixels of <paramref name="inputs"/> channels: the edge included.</param>
    /// <param name="inputs">Channels in.</param>
    /// <param name="width">Of the output and its height: both a multiple of 7.</param>
    /// <param name="taps">1 or 3.</param>
    /// <param name="weights">[taps, taps, inputs, outputs].</param>
    /// <param name="bias">[outputs].</param>
    /// <param name="output">[width, width, outputs].</param>
    /// <param name="outputs">Channels out: 1, or a multiple of 16; of 48 where the width is odd.</param>
    internal static void Run(float* input, int inputs, int width, int taps, float[] weights, float[] bias, float* output, int outputs)
    {
        fixed (float* w = weights, b = bias)
        {
            if (outputs == 1)
                Single(input, inputs, width, taps, w, b[0], output);
            else if (Vector512.IsHardwareAccelerated)
                Run<Lanes16>(input, inputs, width, taps, w, b, output, outputs);
            else if (Vector256.IsHardwareAccelerated)
                Run<Lanes8>(input, inputs, width, taps, w, b, output, outputs);
            else
                Run<Lanes4>(input, inputs, width, taps, w, b, output, outputs);
        }
    }

    /// <summary>As <see cref="Run(float*, int, int, int, float[], float[], float*, int)"/>, in registers of one width.</summary>
    internal static void Run<T>(float* input, int inputs, int width, int taps, float* weights, float* bias, float* output, int outputs)
        where T : struct, ILanes<T>
    {
        var pitch = (width + taps - 1) * inputs;
        for (var y = 0; y < width; y++)
        {
            var line = input + (y * pitch);
            var to = output + (y * width * outputs);
            if (width % 14 == 0)
            {
                for (var x = 0; x < width; x += 14)
                {
                    for (var o = 0; o < outputs; o += T.Count)
                        Fourteen<T>(line + (x * inputs), inputs, pitch, taps, weights + o, outputs, bias + o, to + (x * outputs) + o);
                }
            }
            else
            {
                for (var x = 0; x < width; x += 7)
                {
                    for (var o = 0; o < outputs; o += 3 * T.Count)
                        Seven<T>(line + (x * inputs), inputs, pitch, taps, weights + o, outputs, bias + o, to + (x * outputs) + o);
                }
            }
        }
    }

    /// <summary>Fourteen pixels in a row, one register of output channels.</summary>
    private static void Fourteen<T>(float* input, int inputs, int pitch, int taps, float* weights, int outputs, float* bias, float* output)
        where T : struct, ILanes<T>
    {
        var start = T.Load(bias);
        T s0 = start, s1 = start, s2 = start, s3 = start, s4 = start, s5 = start, s6 = start;
        T s7 = start, s8 = start, s9 = start, s10 = start, s11 = start, s12 = start, s13 = start;
        nint step = inputs, length = taps * inputs;
        for (var row = 0; row < taps; row++)
        {
            var first = input + (row * pitch);
            var middle = first + (7 * step);
            for (nint k = 0; k < length; k++)
            {
                var w = T.Load(weights);
                weights += outputs;
                s0 = T.Fma(T.Broadcast(first[k]), w, s0);
                s1 = T.Fma(T.Broadcast(first[k + step]), w, s1);
                s2 = T.Fma(T.Broadcast(first[k + (2 * step)]), w, s2);
                s3 = T.Fma(T.Broadcast(first[k + (3 * step)]), w, s3);
                s4 = T.Fma(T.Broadcast(first[k + (4 * step)]), w, s4);
                s5 = T.Fma(T.Broadcast(first[k + (5 * step)]), w, s5);
                s6 = T.Fma(T.Broadcast(first[k + (6 * step)]), w, s6);
                s7 = T.Fma(T.Broadcast(middle[k]), w, s7);
                s8 = T.Fma(T.Broadcast(middle[k + step]), w, s8);
                s9 = T.Fma(T.Broadcast(middle[k + (2 * step)]), w, s9);
                s10 = T.Fma(T.Broadcast(middle[k + (3 * step)]), w, s10);
                s11 = T.Fma(T.Broadcast(middle[k + (4 * step)]), w, s11);
                s12 = T.Fma(T.Broadcast(middle[k + (5 * step)]), w, s12);
                s13 = T.Fma(T.Broadcast(middle[k + (6 * step)]), w, s13);
            }
        }

        s0.Store(output);
        s1.Store(output + outputs);
        s2.Store(output + (2 * outputs));
        s3.Store(output + (3 * outputs));
        s4.Store(output + (4 * outputs));
        s5.Store(output + (5 * outputs));
        s6.Store(output + (6 * outputs));
        s7.Store(output + (7 * outputs));
        s8.Store(output + (8 * outputs));
        s9.Store(output + (9 * outputs));
        s10.Store(output + (10 * outputs));
        s11.Store(output + (11 * outputs));
        s12.Store(output + (12 * outputs));
        s13.Store(output + (13 * outputs));
    }

    /// <summary>Seven pixels in a row, three registers of output channels.</summary>
    private static void Seven<T>(float* input, int inputs, int pitch, int taps, float* weights, int outputs, float* bias, float* output)
        where T : struct, ILanes<T>
    {
        T startA = T.Load(bias), startB = T.Load(bias + T.Count), startC = T.Load(bias + (2 * T.Count));
        T a0 = startA, a1 = startA, a2 = startA, a3 = startA, a4 = startA, a5 = startA, a6 = startA;
        T b0 = startB, b1 = startB, b2 = startB, b3 = startB, b4 = startB, b5 = startB, b6 = startB;
        T c0 = startC, c1 = startC, c2 = startC, c3 = startC, c4 = startC, c5 = startC, c6 = startC;
        nint step = inputs, length = taps * inputs;
        for (var row = 0; row < taps; row++)
        {
            var first = input + (row * pitch);
            for (nint k = 0; k < length; k++)
            {
                T a = T.Load(weights), b = T.Load(weights + T.Count), c = T.Load(weights + (2 * T.Count));
                weights += outputs;
                var x = T.Broadcast(first[k]);
                a0 = T.Fma(x, a, a0);
                b0 = T.Fma(x, b, b0);
                c0 = T.Fma(x, c, c0);
                x = T.Broadcast(first[k + step]);
                a1 = T.Fma(x, a, a1);
                b1 = T.Fma(x, b, b1);
                c1 = T.Fma(x, c, c1);
                x = T.Broadcast(first[k + (2 * step)]);
                a2 = T.Fma(x, a, a2);
                b2 = T.Fma(x, b, b2);
                c2 = T.Fma(x, c, c2);
                x = T.Broadcast(first[k + (3 * step)]);
                a3 = T.Fma(x, a, a3);
                b3 = T.Fma(x, b, b3);
                c3 = T.Fma(x, c, c3);
                x = T.Broadcast(first[k + (4 * step)]);
                a4 = T.Fma(x, a, a4);
                b4 = T.Fma(x, b, b4);
                c4 = T.Fma(x, c, c4);
                x = T.Broadcast(first[k + (5 * step)]);
                a5 = T.Fma(x, a, a5);
                b5 = T.Fma(x, b, b5);
                c5 = T.Fma(x, c, c5);
                x = T.Broadcast(first[k + (6 * step)]);
                a6 = T.Fma(x, a, a6);
                b6 = T.Fma(x, b, b6);
                c6 = T.Fma(x, c, c6);
            }
        }

        Store(output, a0, b0, c0);
        Store(output + outputs, a1, b1, c1);
        Store(output + (2 * outputs), a2, b2, c2);
        Store(output + (3 * outputs), a3, b3, c3);
        Store(output + (4 * outputs), a4, b4, c4);
        Store(output + (5 * outputs), a5, b5, c5);
        Store(output + (6 * outputs), a6, b6, c6);
    }

    private static void Store<T>(float* to, T a, T b, T c) where T : struct, ILanes<T>
    {
        a.Store(to);
        b.Store(to + T.Count);
        c.Store(to + (2 * T.Count));
    }

    /// <summary>One output channel: sixteen partial sums a pixel, added in a fixed order. The inputs must be a multiple of 16.</summary>
    private static void Single(float* input, int inputs, int width, int taps, float* weights, float bias, float* output)
    {
        var (pitch, length) = ((width + taps - 1) * inputs, taps * inputs);
        for (var y = 0; y < width; y++)
        {
            for (var x = 0; x < width; x++)
            {
                var sum = Vector512<float>.Zero;
                for (var row = 0; row < taps; row++)
                {
                    var from = input + ((y + row) * pitch) + (x * inputs);
                    for (var k = 0; k < length; k += 16)
                        sum = Vector512.FusedMultiplyAdd(Vector512.Load(from + k), Vector512.Load(weights + (row * length) + k), sum);
                }

                var eight = sum.GetLower() + sum.GetUpper();
                var four = eight.GetLower() + eight.GetUpper();
                output[(y * width) + x] = bias + (four[0] + four[2] + (four[1] + four[3]));
            }
        }
    }
}
