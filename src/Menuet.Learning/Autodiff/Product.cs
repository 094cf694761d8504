using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Menuet.Numerics;

namespace Menuet.Learning.Autodiff;

/// <summary>A matrix somewhere in memory: element (i, j) at <c>Start[i·Row + j·Column]</c>. Transposing swaps the strides.</summary>
internal readonly unsafe struct View(float* start, nint row, nint column)
{
    internal readonly float* Start = start;
    internal readonly nint Row = row, Column = column;

    internal View Transposed => new(Start, Column, Row);

    internal static View Rows(float* start, int columns) => new(start, columns, 1);
}

/// <summary>Products of float matrices, C = from + A B.</summary>
/// <remarks>
/// <para>Every element of C is one chain of fused multiply-adds in the order of k, whatever the register width, the tile or the block, so all
/// machines with fused arithmetic give the same bits. Products with few columns are dot products over 16 lanes and one fixed tree,
/// again at every width.</para>
/// <para>Tiles: 8 × (2 × 16) with 512-bit registers, 6 × (2 × 8) with 256, 4 × (2 × 4) otherwise; k in blocks of 256, the block of B packed when it is far apart and
/// reused, so that it stays in the first-level cache.</para>
/// </remarks>
internal static unsafe partial class Product
{
    private const int Block = 256;          // of k: a packed panel of B is 32 columns × 256 = 32 KiB
    private const int Narrow = 4;           // columns up to which dot products win
    private const int PackingRows = 48;     // rows of A from which copying B pays
    private const int NearRow = 64;         // floats from row to row up to which a block lies in the first-level cache as it is

    /// <summary>Floats a register holds: 16, 8 or 4. The bits of every result are the same for all three.</summary>
    internal static int Width { get; set; } = Vector512.IsHardwareAccelerated ? 16 : Vector256.IsHardwareAccelerated ? 8 : 4;

    [ThreadStatic]
    private static Memory _scratch;

    private static readonly float* Zeros = (float*)NativeMemory.AlignedAlloc(128, 64);

    static Product() => NativeMemory.Clear(Zeros, 128);

    /// <summary>C = A B.</summary>
    internal static void Set(View a, View b, float* c, int m, int k, int n) => Multiply(a, b, c, m, k, n, Zeros, 0, 0);

    /// <summary>C = 1 biasᵀ + A B.</summary>
    internal static void SetWithBias(View a, View b, float* bias, float* c, int m, int k, int n) => Multiply(a, b, c, m, k, n, bias, 0, 1);

    /// <summary>C += A B.</summary>
    internal static void Add(View a, View b, float* c, int m, int k, int n) => Multiply(a, b, c, m, k, n, c, n, 1);

    /// <summary>Element (i, j) starts from <c>from[i·fromRow + j·fromColumn]</c>; C is dense, n to a row.</summary>
    private static void Multiply(View a, View b, float* c, int m, int k, int n, float* from, nint fromRow, nint fromColumn)
    {
        if (m == 0 || n == 0)
            return;
        if (n <= Narrow && a.Column == 1)   // however many rows: a row's bits must not depend on its batch
            Dots(a, b, c, m, k, n, from, fromRow, fromColumn);
        else if (n <= Narrow && m > n)
            Turned(a, b, c, m, k, n, from, fromRow, fromColumn);
        else if (Width == 16)
            Panels<Lanes16>(8, a, b, c, m, k, n, from, fromRow, fromColumn);
        else if (Width == 8)
            Panels<Lanes8>(6, a, b, c, m, k, n, from, fromRow, fromColumn);
        else
            Panels<Lanes4>(4, a, b, c, m, k, n, from, fromRow, fromColumn);
    }

    private static void Panels<T>(
        int tall, View a, View b, float* c, int m, int k, int n, float* from, nint fromRow, nint fromColumn) where T : struct, ILanes<T>
    {
        var wide = 2 * T.Count;
        var blocks = Math.Max(1, (k + Block - 1) / Block);
        var depth = Math.Min(k, Block);
        // Scratch: a panel of B; the whole block of A when it is transposed, unless its rows lie side by side and few panels of B would read it; one tile of C.
        var packA = a.Column != 1 && m > 1 && (a.Row != 1 || n > 2 * wide || m % tall != 0);
        var paddedRows = (m + tall - 1) / tall * tall;
        var scratch = Scratch(depth * wide + (packA ? paddedRows * depth : 0) + 2 * tall * wide);
        var panelB = scratch;
        var tile = panelB + depth * wide;
        var packedA = tile + 2 * tall * wide;
        for (var block = 0; block < blocks; block++)
        {
            var first = block * Block;
            var count = Math.Min(Block, k - first);
            if (packA)
                PackRows(a, m, first, count, tall, packedA);
            for (var j = 0; j < n; j += wide)
            {
                var columns = Math.Min(wide, n - j);
                var thin = columns <= T.Count;
                var width = thin ? T.Count : wide;
                var bStart = b.Start + first * b.Row + j * b.Column;
                var bRow = b.Row;
                if (b.Column != 1 || columns < width || (m >= PackingRows && b.Row > NearRow))
                {
                    PackColumns(new(bStart, b.Row, b.Column), count, columns, width, panelB);
                    bStart = panelB;
                    bRow = width;
                }
                for (var i = 0; i < m;)
                {
                    var left = m - i;
                    var padded = packA && left > 1 && left < tall && !thin;
                    var rows = left >= tall || padded ? tall : left >= 4 && !thin ? 4 : 1;
                    var kept = padded ? left : rows;
                    var aStart = packA ? packedA + (nint)(i / tall) * tall * count + i % tall : a.Start + i * a.Row + first * a.Column;
                    nint aRow = packA ? 1 : a.Row, aColumn = packA ? tall : a.Column;
                    var cStart = c + (nint)i * n + j;
                    var start = block > 0 ? cStart : from + i * fromRow + j * fromColumn;
                    var startRow = block > 0 ? n : fromRow;
                    if (kept == rows && columns == width && (block > 0 || fromColumn == 1 || from == Zeros))
                        Tile<T>(rows, thin, count, aStart, aRow, aColumn, bStart, bRow, start, startRow, cStart, n);
                    else
                    {
                        var startColumn = block > 0 ? 1 : fromColumn;
                        for (var row = 0; row < kept; row++)
                            for (var column = 0; column < columns; column++)
                                tile[row * width + column] = start[row * startRow + column * startColumn];
                        Tile<T>(rows, thin, count, aStart, aRow, aColumn, bStart, bRow, tile, width, tile, width);
                        for (var row = 0; row < kept; row++)
                            for (var column = 0; column < columns; column++)
                                cStart[(nint)row * n + column] = tile[row * width + column];
                    }
                    i += kept;
                }
            }
        }
    }

    private static void Tile<T>(
        int rows, bool thin, int k, float* a, nint aRow, nint aColumn, float* b, nint bRow, float* from, nint fromRow, float* to, nint toRow)
        where T : struct, ILanes<T>
    {
        if (thin)
        {
            for (; rows >= 8; rows -= 8, a += 8 * aRow, from += 8 * fromRow, to += 8 * toRow)
                Tile8x1<T>(k, a, aRow, aColumn, b, bRow, from, fromRow, to, toRow);
            for (; rows > 0; rows--, a += aRow, from += fromRow, to += toRow)
                Tile1x1<T>(k, a, aRow, aColumn, b, bRow, from, fromRow, to, toRow);
        }
        else if (rows == 8)
            Tile8x2<T>(k, a, aRow, aColumn, b, bRow, from, fromRow, to, toRow);
        else if (rows == 6)
            Tile6x2<T>(k, a, aRow, aColumn, b, bRow, from, fromRow, to, toRow);
        else if (rows == 4)
            Tile4x2<T>(k, a, aRow, aColumn, b, bRow, from, fromRow, to, toRow);
        else
            Tile1x2<T>(k, a, aRow, aColumn, b, bRow, from, fromRow, to, toRow);
    }

    /// <summary>Columns of B side by side, count rows of width, zeros beyond the last column.</summary>
    private static void PackColumns(View b, int count, int columns, int width, float* to)
    {
        if (b.Column == 1 && columns == width)
        {
            for (var p = 0; p < count; p++)
                Copy(b.Start + p * b.Row, to + p * width, width);
            return;
        }
        if (columns < width)
            new Span<float>(to, count * width).Clear();
        if (b.Column == 1)
        {
            for (var p = 0; p < count; p++)
                for (var j = 0; j < columns; j++)
                    to[p * width + j] = b.Start[p * b.Row + j];
            return;
        }
        var whole = b.Row == 1 ? columns & ~7 : 0;
        for (var j = 0; j < whole; j += 8)
        {
            var p = 0;
            for (; p + 8 <= count; p += 8)
                Transpose8(b.Start + j * b.Column + p, b.Column, to + p * width + j, width);
            for (; p < count; p++)
                for (var i = 0; i < 8; i++)
                    to[p * width + j + i] = b.Start[p + (j + i) * b.Column];
        }
        for (var j = whole; j < columns; j++)
            for (var p = 0; p < count; p++)
                to[p * width + j] = b.Start[p * b.Row + j * b.Column];
    }

    /// <summary>Rows of a transposed A, in panels of <paramref name="tall"/>, so that a tile reads them one after the other.</summary>
    private static void PackRows(View a, int m, int first, int count, int tall, float* to)
    {
        for (var i = 0; i < m; i += tall, to += tall * count)
        {
            var rows = Math.Min(tall, m - i);
            var from = a.Start + i * a.Row + first * a.Column;
            if (a.Row == 1 && rows == 8 && tall == 8)
            {
                for (var p = 0; p < count; p++)
                    Vector256.Load(from + p * a.Column).Store(to + p * 8);
                continue;
            }
            if (rows < tall)
                new Span<float>(to, tall * count).Clear();
            for (var p = 0; p < count; p++)
                for (var row = 0; row < rows; row++)
                    to[p * tall + row] = from[row * a.Row + p * a.Column];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy(float* from, float* to, int count)
    {
        for (var i = 0; i < count; i += 4)
            Vector128.Load(from + i).Store(to + i);
    }

    /// <summary>to[i][j] = from[j][i] for 8 × 8.</summary>
    private static void Transpose8(float* from, nint fromRow, float* to, nint toRow)
    {
        Transpose4(from, fromRow, to, toRow);
        Transpose4(from + 4, fromRow, to + 4 * toRow, toRow);
        Transpose4(from + 4 * fromRow, fromRow, to + 4, toRow);
        Transpose4(from + 4 * fromRow + 4, fromRow, to + 4 * toRow + 4, toRow);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose4(float* from, nint fromRow, float* to, nint toRow)
    {
        if (!Sse.IsSupported)
        {
            for (var i = 0; i < 4; i++)
                for (var j = 0; j < 4; j++)
                    to[i * toRow + j] = from[j * fromRow + i];
            return;
        }
        var r0 = Vector128.Load(from);
        var r1 = Vector128.Load(from + fromRow);
        var r2 = Vector128.Load(from + 2 * fromRow);
        var r3 = Vector128.Load(from + 3 * fromRow);
        var (low01, high01, low23, high23) = (Sse.UnpackLow(r0, r1), Sse.UnpackHigh(r0, r1), Sse.UnpackLow(r2, r3), Sse.UnpackHigh(r2, r3));
        Sse.MoveLowToHigh(low01, low23).Store(to);
        Sse.MoveHighToLow(low23, low01).Store(to + toRow);
        Sse.MoveLowToHigh(high01, high23).Store(to + 2 * toRow);
        Sse.MoveHighToLow(high23, high01).Store(to + 3 * toRow);
    }

    /// <summary>Few columns, rows of A contiguous: dot products over 16 lanes.</summary>
    private static void Dots(View a, View b, float* c, int m, int k, int n, float* from, nint fromRow, nint fromColumn)
    {
        var padded = (k + 15) & ~15;
        var columns = Scratch(padded * n);
        for (var j = 0; j < n; j++)
            for (var p = 0; p < padded; p++)
                columns[j * padded + p] = p < k ? b.Start[p * b.Row + j * b.Column] : 0f;
        var whole = k & ~15;
        for (var i = 0; i < m; i++)
        {
            var row = a.Start + i * a.Row;
            for (var j = 0; j < n; j++)
            {
                var sum = Vector512<float>.Zero;
                var column = columns + j * padded;
                for (var p = 0; p < whole; p += 16)
                    sum = Vector512.FusedMultiplyAdd(Vector512.Load(row + p), Vector512.Load(column + p), sum);
                if (whole < k)
                    sum = Vector512.FusedMultiplyAdd(Simd.LoadPart(row + whole, k - whole), Vector512.Load(column + whole), sum);
                c[(nint)i * n + j] = from[i * fromRow + j * fromColumn] + Simd.Sum(sum);
            }
        }
    }

    /// <summary>Few columns, A transposed (a weight gradient): the transposed product, then turned.</summary>
    private static void Turned(View a, View b, float* c, int m, int k, int n, float* from, nint fromRow, nint fromColumn)
    {
        // The panels inside use the scratch from its start, so this lies behind what they can need.
        const int reserve = Block * 32 + 2 * 8 * 32 + 8 * Block;
        var turned = Scratch(reserve + n * m) + reserve;
        if (Width == 16)
            Panels<Lanes16>(8, b.Transposed, a.Transposed, turned, n, k, m, Zeros, 0, 0);
        else if (Width == 8)
            Panels<Lanes8>(6, b.Transposed, a.Transposed, turned, n, k, m, Zeros, 0, 0);
        else
            Panels<Lanes4>(4, b.Transposed, a.Transposed, turned, n, k, m, Zeros, 0, 0);
        for (var i = 0; i < m; i++)
            for (var j = 0; j < n; j++)
                c[(nint)i * n + j] = from[i * fromRow + j * fromColumn] + turned[(nint)j * m + i];
    }

    private static float* Scratch(int length)
    {
        if (_scratch.Length < length)
            _scratch = new(length + length / 2);
        return _scratch.Start;
    }
}
