using System.Runtime.CompilerServices;
using Menuet.Numerics;

namespace Menuet.Learning.Autodiff;

/// <summary>
/// Register tiles: to = from + a b for a few rows and one or two registers of columns. Each element is one chain of fused products in the order of k,
/// so the bits do not depend on the shape of the tile. A tile is a leaf and its accumulators are named locals: else they are spilled.
/// </summary>
/// <remarks>A row stride of 0 in <c>from</c> adds a bias row; <c>from = to</c> accumulates; a row of zeros overwrites.</remarks>
internal static unsafe partial class Product
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile8x2<T>(int k, float* a, nint aRow, nint aColumn, float* b, nint bRow, float* from, nint fromRow, float* to, nint toRow)
        where T : struct, ILanes<T>
    {
        var c00 = T.Load(from);
        var c01 = T.Load(from + T.Count);
        var c10 = T.Load(from + fromRow);
        var c11 = T.Load(from + fromRow + T.Count);
        var c20 = T.Load(from + 2 * fromRow);
        var c21 = T.Load(from + 2 * fromRow + T.Count);
        var c30 = T.Load(from + 3 * fromRow);
        var c31 = T.Load(from + 3 * fromRow + T.Count);
        var c40 = T.Load(from + 4 * fromRow);
        var c41 = T.Load(from + 4 * fromRow + T.Count);
        var c50 = T.Load(from + 5 * fromRow);
        var c51 = T.Load(from + 5 * fromRow + T.Count);
        var c60 = T.Load(from + 6 * fromRow);
        var c61 = T.Load(from + 6 * fromRow + T.Count);
        var c70 = T.Load(from + 7 * fromRow);
        var c71 = T.Load(from + 7 * fromRow + T.Count);
        nint a1 = aRow, a2 = 2 * aRow, a3 = 3 * aRow, a4 = 4 * aRow, a5 = 5 * aRow, a6 = 6 * aRow, a7 = 7 * aRow;
        for (; k > 0; k--)
        {
            var b0 = T.Load(b);
            var b1 = T.Load(b + T.Count);
            var x = T.Broadcast(a[0]);
            c00 = T.Fma(x, b0, c00);
            c01 = T.Fma(x, b1, c01);
            x = T.Broadcast(a[a1]);
            c10 = T.Fma(x, b0, c10);
            c11 = T.Fma(x, b1, c11);
            x = T.Broadcast(a[a2]);
            c20 = T.Fma(x, b0, c20);
            c21 = T.Fma(x, b1, c21);
            x = T.Broadcast(a[a3]);
            c30 = T.Fma(x, b0, c30);
            c31 = T.Fma(x, b1, c31);
            x = T.Broadcast(a[a4]);
            c40 = T.Fma(x, b0, c40);
            c41 = T.Fma(x, b1, c41);
            x = T.Broadcast(a[a5]);
            c50 = T.Fma(x, b0, c50);
            c51 = T.Fma(x, b1, c51);
            x = T.Broadcast(a[a6]);
            c60 = T.Fma(x, b0, c60);
            c61 = T.Fma(x, b1, c61);
            x = T.Broadcast(a[a7]);
            c70 = T.Fma(x, b0, c70);
            c71 = T.Fma(x, b1, c71);
            a += aColumn;
            b += bRow;
        }
        c00.Store(to);
        c01.Store(to + T.Count);
        c10.Store(to + toRow);
        c11.Store(to + toRow + T.Count);
        c20.Store(to + 2 * toRow);
        c21.Store(to + 2 * toRow + T.Count);
        c30.Store(to + 3 * toRow);
        c31.Store(to + 3 * toRow + T.Count);
        c40.Store(to + 4 * toRow);
        c41.Store(to + 4 * toRow + T.Count);
        c50.Store(to + 5 * toRow);
        c51.Store(to + 5 * toRow + T.Count);
        c60.Store(to + 6 * toRow);
        c61.Store(to + 6 * toRow + T.Count);
        c70.Store(to + 7 * toRow);
        c71.Store(to + 7 * toRow + T.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile6x2<T>(int k, float* a, nint aRow, nint aColumn, float* b, nint bRow, float* from, nint fromRow, float* to, nint toRow)
        where T : struct, ILanes<T>
    {
        var c00 = T.Load(from);
        var c01 = T.Load(from + T.Count);
        var c10 = T.Load(from + fromRow);
        var c11 = T.Load(from + fromRow + T.Count);
        var c20 = T.Load(from + 2 * fromRow);
        var c21 = T.Load(from + 2 * fromRow + T.Count);
        var c30 = T.Load(from + 3 * fromRow);
        var c31 = T.Load(from + 3 * fromRow + T.Count);
        var c40 = T.Load(from + 4 * fromRow);
        var c41 = T.Load(from + 4 * fromRow + T.Count);
        var c50 = T.Load(from + 5 * fromRow);
        var c51 = T.Load(from + 5 * fromRow + T.Count);
        nint a1 = aRow, a2 = 2 * aRow, a3 = 3 * aRow, a4 = 4 * aRow, a5 = 5 * aRow;
        for (; k > 0; k--)
        {
            var b0 = T.Load(b);
            var b1 = T.Load(b + T.Count);
            var x = T.Broadcast(a[0]);
            c00 = T.Fma(x, b0, c00);
            c01 = T.Fma(x, b1, c01);
            x = T.Broadcast(a[a1]);
            c10 = T.Fma(x, b0, c10);
            c11 = T.Fma(x, b1, c11);
            x = T.Broadcast(a[a2]);
            c20 = T.Fma(x, b0, c20);
            c21 = T.Fma(x, b1, c21);
            x = T.Broadcast(a[a3]);
            c30 = T.Fma(x, b0, c30);
            c31 = T.Fma(x, b1, c31);
            x = T.Broadcast(a[a4]);
            c40 = T.Fma(x, b0, c40);
            c41 = T.Fma(x, b1, c41);
            x = T.Broadcast(a[a5]);
            c50 = T.Fma(x, b0, c50);
            c51 = T.Fma(x, b1, c51);
            a += aColumn;
            b += bRow;
        }
        c00.Store(to);
        c01.Store(to + T.Count);
        c10.Store(to + toRow);
        c11.Store(to + toRow + T.Count);
        c20.Store(to + 2 * toRow);
        c21.Store(to + 2 * toRow + T.Count);
        c30.Store(to + 3 * toRow);
        c31.Store(to + 3 * toRow + T.Count);
        c40.Store(to + 4 * toRow);
        c41.Store(to + 4 * toRow + T.Count);
        c50.Store(to + 5 * toRow);
        c51.Store(to + 5 * toRow + T.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile4x2<T>(int k, float* a, nint aRow, nint aColumn, float* b, nint bRow, float* from, nint fromRow, float* to, nint toRow)
        where T : struct, ILanes<T>
    {
        var c00 = T.Load(from);
        var c01 = T.Load(from + T.Count);
        var c10 = T.Load(from + fromRow);
        var c11 = T.Load(from + fromRow + T.Count);
        var c20 = T.Load(from + 2 * fromRow);
        var c21 = T.Load(from + 2 * fromRow + T.Count);
        var c30 = T.Load(from + 3 * fromRow);
        var c31 = T.Load(from + 3 * fromRow + T.Count);
        nint a1 = aRow, a2 = 2 * aRow, a3 = 3 * aRow;
        for (; k > 0; k--)
        {
            var b0 = T.Load(b);
            var b1 = T.Load(b + T.Count);
            var x = T.Broadcast(a[0]);
            c00 = T.Fma(x, b0, c00);
            c01 = T.Fma(x, b1, c01);
            x = T.Broadcast(a[a1]);
            c10 = T.Fma(x, b0, c10);
            c11 = T.Fma(x, b1, c11);
            x = T.Broadcast(a[a2]);
            c20 = T.Fma(x, b0, c20);
            c21 = T.Fma(x, b1, c21);
            x = T.Broadcast(a[a3]);
            c30 = T.Fma(x, b0, c30);
            c31 = T.Fma(x, b1, c31);
            a += aColumn;
            b += bRow;
        }
        c00.Store(to);
        c01.Store(to + T.Count);
        c10.Store(to + toRow);
        c11.Store(to + toRow + T.Count);
        c20.Store(to + 2 * toRow);
        c21.Store(to + 2 * toRow + T.Count);
        c30.Store(to + 3 * toRow);
        c31.Store(to + 3 * toRow + T.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1x2<T>(int k, float* a, nint aRow, nint aColumn, float* b, nint bRow, float* from, nint fromRow, float* to, nint toRow)
        where T : struct, ILanes<T>
    {
        var c00 = T.Load(from);
        var c01 = T.Load(from + T.Count);
        for (; k > 0; k--)
        {
            var b0 = T.Load(b);
            var b1 = T.Load(b + T.Count);
            var x = T.Broadcast(a[0]);
            c00 = T.Fma(x, b0, c00);
            c01 = T.Fma(x, b1, c01);
            a += aColumn;
            b += bRow;
        }
        c00.Store(to);
        c01.Store(to + T.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile8x1<T>(int k, float* a, nint aRow, nint aColumn, float* b, nint bRow, float* from, nint fromRow, float* to, nint toRow)
        where T : struct, ILanes<T>
    {
        var c00 = T.Load(from);
        var c10 = T.Load(from + fromRow);
        var c20 = T.Load(from + 2 * fromRow);
        var c30 = T.Load(from + 3 * fromRow);
        var c40 = T.Load(from + 4 * fromRow);
        var c50 = T.Load(from + 5 * fromRow);
        var c60 = T.Load(from + 6 * fromRow);
        var c70 = T.Load(from + 7 * fromRow);
        nint a1 = aRow, a2 = 2 * aRow, a3 = 3 * aRow, a4 = 4 * aRow, a5 = 5 * aRow, a6 = 6 * aRow, a7 = 7 * aRow;
        for (; k > 0; k--)
        {
            var b0 = T.Load(b);
            var x = T.Broadcast(a[0]);
            c00 = T.Fma(x, b0, c00);
            x = T.Broadcast(a[a1]);
            c10 = T.Fma(x, b0, c10);
            x = T.Broadcast(a[a2]);
            c20 = T.Fma(x, b0, c20);
            x = T.Broadcast(a[a3]);
            c30 = T.Fma(x, b0, c30);
            x = T.Broadcast(a[a4]);
            c40 = T.Fma(x, b0, c40);
            x = T.Broadcast(a[a5]);
            c50 = T.Fma(x, b0, c50);
            x = T.Broadcast(a[a6]);
            c60 = T.Fma(x, b0, c60);
            x = T.Broadcast(a[a7]);
            c70 = T.Fma(x, b0, c70);
            a += aColumn;
            b += bRow;
        }
        c00.Store(to);
        c10.Store(to + toRow);
        c20.Store(to + 2 * toRow);
        c30.Store(to + 3 * toRow);
        c40.Store(to + 4 * toRow);
        c50.Store(to + 5 * toRow);
        c60.Store(to + 6 * toRow);
        c70.Store(to + 7 * toRow);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1x1<T>(int k, float* a, nint aRow, nint aColumn, float* b, nint bRow, float* from, nint fromRow, float* to, nint toRow)
        where T : struct, ILanes<T>
    {
        var c00 = T.Load(from);
        for (; k > 0; k--)
        {
            var b0 = T.Load(b);
            var x = T.Broadcast(a[0]);
            c00 = T.Fma(x, b0, c00);
            a += aColumn;
            b += bRow;
        }
        c00.Store(to);
    }
}
