using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using F = System.Runtime.Intrinsics.Vector512<float>;

namespace Menuet.Learning.Autodiff;

/// <summary>The other operations, each forward beside its backward pass.</summary>
internal static unsafe class Operations
{
    internal static Value Dense(Value x, Value weight, Value bias, Activation activation)
    {
        if (weight.Rows != x.Columns || bias.Rows != 1 || bias.Columns != weight.Columns)
            throw new ArgumentException($"{x.Rows} × {x.Columns} times {weight.Rows} × {weight.Columns} plus {bias.Rows} × {bias.Columns} do not match");
        var tape = x.Tape;
        var needs = tape.At(x.Node).NeedsGradient || tape.At(weight.Node).NeedsGradient || tape.At(bias.Node).NeedsGradient;
        var value = tape.Create(x.Rows, weight.Columns, needs);
        ref var node = ref tape.At(value.Node);
        (node.A, node.B, node.C, node.Inner, node.I) = (x.Node, weight.Node, bias.Node, x.Columns, (int)activation);
        node.Backward = &DenseBackward;
        Product.SetWithBias(
            View.Rows(x.Start, x.Columns), View.Rows(weight.Start, weight.Columns), bias.Start, node.Value, x.Rows, x.Columns, weight.Columns);
        if (activation == Activation.None)
            return value;
        node.Disposable = true;
        if (activation == Activation.Mish && needs)
        {
            node.SavedLength = node.Length;
            node.Saved = tape.Rent(node.Length);
        }
        Activate(activation, node.Value, node.Saved, node.Length);
        return value;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Activate(Activation activation, float* y, float* slopes, int length)
    {
        var whole = length & ~15;
        var rest = length - whole;
        if (activation == Activation.Tanh)
        {
            for (var i = 0; i < whole; i += 16)
                Simd.Flush(Simd.Tanh(Vector512.Load(y + i))).Store(y + i);
            if (rest > 0)
                Simd.StorePart(Simd.Flush(Simd.Tanh(Simd.LoadPart(y + whole, rest))), y + whole, rest);
        }
        else if (activation == Activation.Relu)
        {
            for (var i = 0; i < whole; i += 16)
                Simd.Flush(Simd.AtLeast(Vector512.Load(y + i), 0f)).Store(y + i);
            if (rest > 0)
                Simd.StorePart(Simd.Flush(Simd.AtLeast(Simd.LoadPart(y + whole, rest), 0f)), y + whole, rest);
        }
        else if (slopes == null)
        {
            for (var i = 0; i < whole; i += 16)
                Simd.Flush(Simd.Mish(Vector512.Load(y + i))).Store(y + i);
            if (rest > 0)
                Simd.StorePart(Simd.Flush(Simd.Mish(Simd.LoadPart(y + whole, rest))), y + whole, rest);
        }
        else
        {
            for (var i = 0; i < whole; i += 16)
            {
                Simd.Flush(Simd.Mish(Vector512.Load(y + i), out var slope)).Store(y + i);
                slope.Store(slopes + i);
            }
            if (rest > 0)
            {
                Simd.StorePart(Simd.Flush(Simd.Mish(Simd.LoadPart(y + whole, rest), out var slope)), y + whole, rest);
                Simd.StorePart(slope, slopes + whole, rest);
            }
        }
    }

    private static void DenseBackward(Tape tape, ref Node node)
    {
        ref var x = ref tape.At(node.A);
        ref var weight = ref tape.At(node.B);
        ref var bias = ref tape.At(node.C);
        int m = node.Rows, k = node.Inner, n = node.Columns;
        var g = node.Gradient;   // becomes the gradient of the sums, in place
        Deactivate((Activation)node.I, g, node.Value, node.Saved, node.Length);
        if (bias.NeedsGradient)
            AddColumnSums(g, m, n, tape.Sum(node.C));
        if (weight.NeedsGradient)
            Product.Add(View.Rows(x.Value, k).Transposed, View.Rows(g, n), tape.Sum(node.B), k, m, n);
        if (x.NeedsGradient)
        {
            var target = tape.Target(node.A, out var fresh);
            if (fresh)
                Product.Set(View.Rows(g, n), View.Rows(weight.Value, n).Transposed, target, m, n, k);
            else
                Product.Add(View.Rows(g, n), View.Rows(weight.Value, n).Transposed, target, m, n, k);
        }
    }

    /// <remarks>A buffer is a multiple of 16 long: the lanes beyond the length are the buffer's own and nobody reads them.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Deactivate(Activation activation, float* g, float* y, float* slopes, int length)
    {
        if (activation == Activation.Tanh)
            for (var i = 0; i < length; i += 16)
            {
                var output = Vector512.Load(y + i);
                Simd.Flush(Vector512.Load(g + i) * Vector512.FusedMultiplyAdd(-output, output, F.One)).Store(g + i);
            }
        else if (activation == Activation.Relu)
            for (var i = 0; i < length; i += 16)
                Simd.Flush(Vector512.Load(g + i) & Vector512.GreaterThan(Vector512.Load(y + i), F.Zero)).Store(g + i);
        else if (activation == Activation.Mish)
            for (var i = 0; i < length; i += 16)
                Simd.Flush(Vector512.Load(g + i) * Vector512.Load(slopes + i)).Store(g + i);
        else
            for (var i = 0; i < length; i += 16)
                Simd.Flush(Vector512.Load(g + i)).Store(g + i);
    }

    /// <summary>to += the sum of the rows, each column one chain in the order of the rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddColumnSums(float* from, int rows, int columns, float* to)
    {
        var j = 0;
        for (; j + 64 <= columns; j += 64)
        {
            F a = Vector512.Load(to + j), b = Vector512.Load(to + j + 16), c = Vector512.Load(to + j + 32), d = Vector512.Load(to + j + 48);
            var row = from + j;
            for (var i = 0; i < rows; i++, row += columns)
            {
                a += Vector512.Load(row);
                b += Vector512.Load(row + 16);
                c += Vector512.Load(row + 32);
                d += Vector512.Load(row + 48);
            }
            a.Store(to + j);
            b.Store(to + j + 16);
            c.Store(to + j + 32);
            d.Store(to + j + 48);
        }
        for (; j + 16 <= columns; j += 16)
        {
            var a = Vector512.Load(to + j);
            var row = from + j;
            for (var i = 0; i < rows; i++, row += columns)
                a += Vector512.Load(row);
            a.Store(to + j);
        }
        for (; j < columns; j++)
        {
            var sum = to[j];
            for (var i = 0; i < rows; i++)
                sum += from[(nint)i * columns + j];
            to[j] = sum;
        }
    }

    /// <summary>scale Σ x: 16 lanes, one tree.</summary>
    internal static Value Total(Value x, float scale)
    {
        var value = Like(x, 1, 1, &TotalBackward);
        ref var node = ref x.Tape.At(value.Node);
        node.S = scale;
        *node.Value = scale * SumOf(x.Start, x.Length);
        return value;
    }

    private static void TotalBackward(Tape tape, ref Node node)
    {
        var length = tape.At(node.A).Length;
        var to = tape.Sum(node.A);
        var g = *node.Gradient * node.S;
        for (var i = 0; i < length; i++)
            to[i] += g;
    }

    private static float SumOf(float* x, int length)
    {
        if (length == 2)   // an action of two numbers, row by row; the same bits as below
            return 0f + x[0] + x[1];
        var sum = F.Zero;
        var i = 0;
        for (; i + 16 <= length; i += 16)
            sum += Vector512.Load(x + i);
        if (i < length)
            sum += Simd.LoadPart(x + i, length - i);
        return Simd.Sum(sum);
    }

    internal static Value RowSums(Value x)
    {
        var value = Like(x, x.Rows, 1, &RowSumsBackward);
        ref var node = ref x.Tape.At(value.Node);
        node.Inner = x.Columns;
        for (var i = 0; i < x.Rows; i++)
            node.Value[i] = SumOf(x.Start + (nint)i * x.Columns, x.Columns);
        return value;
    }

    private static void RowSumsBackward(Tape tape, ref Node node)
    {
        var to = tape.Sum(node.A);
        for (var i = 0; i < node.Rows; i++)
            for (var j = 0; j < node.Inner; j++)
                to[(nint)i * node.Inner + j] += node.Gradient[i];
    }

    internal static Value GroupMeans(Value x, int count)
    {
        RequireGroups(x, count);
        var value = Like(x, x.Rows / count, x.Columns, &GroupMeansBackward);
        ref var node = ref x.Tape.At(value.Node);
        node.I = count;
        new Span<float>(node.Value, node.Length).Clear();
        for (var i = 0; i < node.Rows; i++)
        {
            var to = node.Value + (nint)i * x.Columns;
            AddColumnSums(x.Start + (nint)i * count * x.Columns, count, x.Columns, to);
            for (var j = 0; j < x.Columns; j++)
                to[j] /= count;
        }
        return value;
    }

    private static void GroupMeansBackward(Tape tape, ref Node node)
    {
        var to = tape.Sum(node.A);
        var share = 1f / node.I;
        for (var i = 0; i < node.Rows; i++)
            for (var r = 0; r < node.I; r++, to += node.Columns)
                AddScaled(node.Gradient + (nint)i * node.Columns, share, to, node.Columns);
    }

    internal static Value GroupRow(Value x, int count, int row)
    {
        RequireGroups(x, count);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)count);
        var value = Like(x, x.Rows / count, x.Columns, &GroupRowBackward);
        ref var node = ref x.Tape.At(value.Node);
        (node.I, node.J) = (count, row);
        for (var i = 0; i < node.Rows; i++)
            Buffer.MemoryCopy(
                x.Start + ((nint)i * count + row) * x.Columns, node.Value + (nint)i * x.Columns, x.Columns * sizeof(float), x.Columns * sizeof(float));
        return value;
    }

    private static void GroupRowBackward(Tape tape, ref Node node)
    {
        var to = tape.Sum(node.A);
        for (var i = 0; i < node.Rows; i++)
            AddScaled(node.Gradient + (nint)i * node.Columns, 1f, to + ((nint)i * node.I + node.J) * node.Columns, node.Columns);
    }

    /// <summary>Repeats the rows of x cyclically.</summary>
    internal static Value Repeat(Value x, int cycle, int rows)
    {
        if (x.Rows != cycle || rows % cycle != 0)
            throw new ArgumentException($"{x.Rows} rows cannot be repeated to {rows}");
        var value = Like(x, rows, x.Columns, &RepeatBackward);
        ref var node = ref x.Tape.At(value.Node);
        node.I = x.Length;
        for (var i = 0; i < node.Length; i += x.Length)
            Buffer.MemoryCopy(x.Start, node.Value + i, x.Length * sizeof(float), x.Length * sizeof(float));
        return value;
    }

    private static void RepeatBackward(Tape tape, ref Node node) => AddColumnSums(node.Gradient, node.Length / node.I, node.I, tape.Sum(node.A));

    internal static Value ExpandColumns(Value x, int columns)
    {
        if (x.Columns != 1)
            throw new ArgumentException($"a {x.Rows} × {x.Columns} value has more than one column");
        var value = Like(x, x.Rows, columns, &ExpandColumnsBackward);
        ref var node = ref x.Tape.At(value.Node);
        for (var i = 0; i < x.Rows; i++)
            new Span<float>(node.Value + (nint)i * columns, columns).Fill(x.Start[i]);
        return value;
    }

    private static void ExpandColumnsBackward(Tape tape, ref Node node)
    {
        var to = tape.Sum(node.A);
        for (var i = 0; i < node.Rows; i++)
            to[i] += SumOf(node.Gradient + (nint)i * node.Columns, node.Columns);
    }

    internal static Value Beside(Value x, Value y)
    {
        if (x.Rows != y.Rows)
            throw new ArgumentException($"{x.Rows} and {y.Rows} rows do not match");
        var tape = x.Tape;
        var value = tape.Create(x.Rows, x.Columns + y.Columns, tape.At(x.Node).NeedsGradient || tape.At(y.Node).NeedsGradient);
        ref var node = ref tape.At(value.Node);
        (node.A, node.B, node.I, node.J) = (x.Node, y.Node, x.Columns, y.Columns);
        node.Backward = &BesideBackward;
        Lay(x.Start, x.Columns, node.Value, node.Columns, x.Rows);
        Lay(y.Start, y.Columns, node.Value + x.Columns, node.Columns, x.Rows);
        return value;

        static void Lay(float* from, int columns, float* to, int stride, int rows)
        {
            for (var i = 0; i < rows; i++, from += columns, to += stride)
                for (var j = 0; j < columns; j++)
                    to[j] = from[j];
        }
    }

    private static void BesideBackward(Tape tape, ref Node node)
    {
        AddPart(tape, node.A, node.Gradient, node.I, node.Columns, node.Rows);
        AddPart(tape, node.B, node.Gradient + node.I, node.J, node.Columns, node.Rows);

        static void AddPart(Tape tape, int index, float* from, int columns, int stride, int rows)
        {
            if (!tape.At(index).NeedsGradient)
                return;
            var to = tape.Sum(index);
            for (var i = 0; i < rows; i++, from += stride, to += columns)
                AddScaled(from, 1f, to, columns);
        }
    }

    internal static Value Part(Value x, int first, int count)
    {
        if (first < 0 || count < 1 || first + count > x.Columns)
            throw new ArgumentOutOfRangeException(nameof(first), $"columns {first} to {first + count} of {x.Columns}");
        var value = Like(x, x.Rows, count, &PartBackward);
        ref var node = ref x.Tape.At(value.Node);
        (node.I, node.Inner) = (first, x.Columns);
        for (var i = 0; i < x.Rows; i++)
            for (var j = 0; j < count; j++)
                node.Value[(nint)i * count + j] = x.Start[(nint)i * x.Columns + first + j];
        return value;
    }

    private static void PartBackward(Tape tape, ref Node node)
    {
        var to = tape.Sum(node.A) + node.I;
        for (var i = 0; i < node.Rows; i++, to += node.Inner)
            AddScaled(node.Gradient + (nint)i * node.Columns, 1f, to, node.Columns);
    }

    internal static Value Detach(Value x) => x.Tape.Append(x.Rows, x.Columns, x.Start);

    internal static Value Softmax(Value x)
    {
        var value = Like(x, x.Rows, x.Columns, &SoftmaxBackward);
        var node = x.Tape.At(value.Node);
        for (var i = 0; i < x.Rows; i++)
            SoftmaxOf(x.Start + (nint)i * x.Columns, node.Value + (nint)i * x.Columns, x.Columns);
        return value;
    }

    /// <summary>p = e^(x − max)/Σ; returns max + ln Σ in the lanes of a register.</summary>
    private static F SoftmaxOf(float* x, float* p, int columns)
    {
        var top = F.Zero + Vector512.Create(float.NegativeInfinity);
        for (var j = 0; j < columns; j += 16)
            top = Vector512.Max(top, columns - j >= 16 ? Vector512.Load(x + j) : Simd.LoadPart(x + j, columns - j, float.NegativeInfinity));
        var max = Vector512.Create(Simd.Max(top));
        var sum = F.Zero;
        for (var j = 0; j < columns; j += 16)
        {
            var count = columns - j;
            if (count >= 16)
            {
                var e = Simd.ExpOfWeight(Vector512.Load(x + j) - max);
                e.Store(p + j);
                sum += e;
            }
            else
            {
                Simd.StorePart(Simd.ExpOfWeight(Simd.LoadPart(x + j, count) - max), p + j, count);
                sum += Simd.LoadPart(p + j, count);
            }
        }
        var total = Simd.Sum(sum);
        for (var j = 0; j < columns; j++)
            p[j] /= total;
        return max + Simd.Log(Vector512.Create(total));
    }

    private static void SoftmaxBackward(Tape tape, ref Node node)
    {
        var to = tape.Sum(node.A);
        for (var i = 0; i < node.Rows; i++)
        {
            float* p = node.Value + (nint)i * node.Columns, g = node.Gradient + (nint)i * node.Columns, d = to + (nint)i * node.Columns;
            var dot = DotOf(p, g, node.Columns);
            for (var j = 0; j < node.Columns; j++)
                d[j] += p[j] * (g[j] - dot);
        }
    }

    internal static Value LogSoftmax(Value x)
    {
        var value = Like(x, x.Rows, x.Columns, &LogSoftmaxBackward);
        ref var node = ref x.Tape.At(value.Node);
        node.SavedLength = node.Length;
        node.Saved = x.Tape.Rent(node.Length);
        for (var i = 0; i < x.Rows; i++)
        {
            var at = (nint)i * x.Columns;
            var level = SoftmaxOf(x.Start + at, node.Saved + at, x.Columns)[0];
            for (var j = 0; j < x.Columns; j++)
                node.Value[at + j] = x.Start[at + j] - level;
        }
        return value;
    }

    private static void LogSoftmaxBackward(Tape tape, ref Node node)
    {
        var to = tape.Sum(node.A);
        for (var i = 0; i < node.Rows; i++)
        {
            var at = (nint)i * node.Columns;
            var total = SumOf(node.Gradient + at, node.Columns);
            for (var j = 0; j < node.Columns; j++)
                to[at + j] += node.Gradient[at + j] - node.Saved[at + j] * total;
        }
    }

    internal static Value Pick(Value x, Value indices)
    {
        if (indices.Rows != x.Rows || indices.Columns != 1)
            throw new ArgumentException($"{indices.Rows} × {indices.Columns} indices for {x.Rows} rows");
        var value = Like(x, x.Rows, 1, &PickBackward);
        ref var node = ref x.Tape.At(value.Node);
        (node.B, node.Inner) = (indices.Node, x.Columns);
        for (var i = 0; i < x.Rows; i++)
        {
            var index = indices.Start[i];
            if (!(index >= 0 && index < x.Columns))
                throw new ArgumentOutOfRangeException(nameof(indices), index, $"row {i} asks for a column outside [0, {x.Columns})");
            node.Value[i] = x.Start[(nint)i * x.Columns + (int)index];
        }
        return value;
    }

    private static void PickBackward(Tape tape, ref Node node)
    {
        var to = tape.Sum(node.A);
        var indices = tape.At(node.B).Value;
        for (var i = 0; i < node.Rows; i++)
            to[(nint)i * node.Inner + (int)indices[i]] += node.Gradient[i];
    }

    internal static Value Largest(Value x, int count)
    {
        if (count < 1 || count > x.Columns)
            throw new ArgumentOutOfRangeException(nameof(count), count, $"{x.Columns} weights to choose from");
        var value = Like(x, x.Rows, x.Columns, &LargestBackward);
        ref var node = ref x.Tape.At(value.Node);
        node.SavedLength = x.Rows;
        node.Saved = x.Tape.Rent(x.Rows);
        new Span<float>(node.Value, node.Length).Clear();
        for (var i = 0; i < x.Rows; i++)
        {
            float* p = x.Start + (nint)i * x.Columns, w = node.Value + (nint)i * x.Columns;
            var sum = 0f;
            for (var chosen = 0; chosen < count; chosen++)
            {
                var best = -1;
                for (var j = 0; j < x.Columns; j++)
                    if (w[j] == 0 && (best < 0 || p[j] > p[best]))
                        best = j;
                w[best] = p[best];
                sum += p[best];
            }
            node.Saved[i] = sum;
            for (var j = 0; j < x.Columns; j++)
                w[j] /= sum;
        }
        return value;
    }

    private static void LargestBackward(Tape tape, ref Node node)
    {
        var to = tape.Sum(node.A);
        for (var i = 0; i < node.Rows; i++)
        {
            var at = (nint)i * node.Columns;
            var dot = DotOf(node.Value + at, node.Gradient + at, node.Columns);
            for (var j = 0; j < node.Columns; j++)
                if (node.Value[at + j] != 0)
                    to[at + j] += (node.Gradient[at + j] - dot) / node.Saved[i];
        }
    }

    internal static Value Mix(Value weights, Value parts)
    {
        if (weights.Rows != parts.Rows || parts.Columns % weights.Columns != 0)
            throw new ArgumentException($"{weights.Rows} × {weights.Columns} weights for {parts.Rows} × {parts.Columns} parts");
        var tape = weights.Tape;
        var columns = parts.Columns / weights.Columns;
        var value = tape.Create(weights.Rows, columns, tape.At(weights.Node).NeedsGradient || tape.At(parts.Node).NeedsGradient);
        ref var node = ref tape.At(value.Node);
        (node.A, node.B, node.Inner) = (weights.Node, parts.Node, weights.Columns);
        node.Backward = &MixBackward;
        new Span<float>(node.Value, node.Length).Clear();
        float* w = weights.Start, x = parts.Start, y = node.Value;
        for (var i = 0; i < node.Rows; i++, y += columns)
            for (var e = 0; e < node.Inner; e++, w++, x += columns)
                if (*w != 0)
                    AddScaled(x, *w, y, columns);
        return value;
    }

    private static void MixBackward(Tape tape, ref Node node)
    {
        float* w = tape.At(node.A).Value, x = tape.At(node.B).Value, g = node.Gradient;
        var toW = tape.At(node.A).NeedsGradient ? tape.Sum(node.A) : null;
        var toX = tape.At(node.B).NeedsGradient ? tape.Sum(node.B) : null;
        for (var i = 0; i < node.Rows; i++, g += node.Columns)
            for (var e = 0; e < node.Inner; e++)
            {
                var at = (nint)i * node.Inner + e;
                if (toW != null)
                    toW[at] += DotOf(g, x + at * node.Columns, node.Columns);
                if (toX != null && w[at] != 0)
                    AddScaled(g, w[at], toX + at * node.Columns, node.Columns);
            }
    }

    internal static Value LayerNorm(Value x, Value gain, Value bias)
    {
        if (gain.Rows != 1 || bias.Rows != 1 || gain.Columns != x.Columns || bias.Columns != x.Columns)
            throw new ArgumentException($"gain and bias must be 1 × {x.Columns}");
        var tape = x.Tape;
        var value = tape.Create(
            x.Rows, x.Columns, tape.At(x.Node).NeedsGradient || tape.At(gain.Node).NeedsGradient || tape.At(bias.Node).NeedsGradient);
        ref var node = ref tape.At(value.Node);
        (node.A, node.B, node.C) = (x.Node, gain.Node, bias.Node);
        node.Backward = &LayerNormBackward;
        node.SavedLength = 2 * x.Rows;
        node.Saved = tape.Rent(node.SavedLength);
        var n = x.Columns;
        float* g = gain.Start, b = bias.Start;
        for (var i = 0; i < x.Rows; i++)
        {
            float* row = x.Start + (nint)i * n, to = node.Value + (nint)i * n;
            var mean = SumOf(row, n) / n;
            var squares = F.Zero;
            var centre = Vector512.Create(mean);
            var j = 0;
            for (; j + 16 <= n; j += 16)
            {
                var d = Vector512.Load(row + j) - centre;
                squares = Vector512.FusedMultiplyAdd(d, d, squares);
            }
            if (j < n)
            {
                var d = Simd.LoadPart(row + j, n - j, mean) - centre;
                squares = Vector512.FusedMultiplyAdd(d, d, squares);
            }
            var inverse = 1f / MathF.Sqrt(Simd.Sum(squares) / n + 1e-5f);
            (node.Saved[2 * i], node.Saved[2 * i + 1]) = (mean, inverse);
            var scale = Vector512.Create(inverse);
            for (j = 0; j + 16 <= n; j += 16)
                Vector512.FusedMultiplyAdd((Vector512.Load(row + j) - centre) * scale, Vector512.Load(g + j), Vector512.Load(b + j)).Store(to + j);
            for (; j < n; j++)
                to[j] = MathF.FusedMultiplyAdd((row[j] - mean) * inverse, g[j], b[j]);
        }
        return value;
    }

    private static void LayerNormBackward(Tape tape, ref Node node)
    {
        var n = node.Columns;
        float* x = tape.At(node.A).Value, gain = tape.At(node.B).Value;
        var toX = tape.At(node.A).NeedsGradient ? tape.Sum(node.A) : null;
        var toGain = tape.At(node.B).NeedsGradient ? tape.Sum(node.B) : null;
        var toBias = tape.At(node.C).NeedsGradient ? tape.Sum(node.C) : null;
        if (toBias != null)
            AddColumnSums(node.Gradient, node.Rows, n, toBias);
        for (var i = 0; i < node.Rows; i++)
        {
            float* row = x + (nint)i * n, g = node.Gradient + (nint)i * n;
            float mean = node.Saved[2 * i], inverse = node.Saved[2 * i + 1];
            F centre = Vector512.Create(mean), scale = Vector512.Create(inverse), sum = F.Zero, dot = F.Zero;
            for (var j = 0; j < n; j += 16)
            {
                var count = n - j;
                var whole = count >= 16;
                var hat = (whole ? Vector512.Load(row + j) : Simd.LoadPart(row + j, count, mean)) - centre;
                hat *= scale;
                var gradient = whole ? Vector512.Load(g + j) : Simd.LoadPart(g + j, count);
                if (toGain != null)
                {
                    var old = whole ? Vector512.Load(toGain + j) : Simd.LoadPart(toGain + j, count);
                    Keep(Vector512.FusedMultiplyAdd(gradient, hat, old), toGain + j, count);
                }
                gradient *= whole ? Vector512.Load(gain + j) : Simd.LoadPart(gain + j, count);
                sum += gradient;
                dot = Vector512.FusedMultiplyAdd(gradient, hat, dot);
            }
            if (toX == null)
                continue;
            F meanGradient = Vector512.Create(Simd.Sum(sum) / n), meanDot = Vector512.Create(Simd.Sum(dot) / n);
            var to = toX + (nint)i * n;
            for (var j = 0; j < n; j += 16)
            {
                var count = n - j;
                var whole = count >= 16;
                var hat = ((whole ? Vector512.Load(row + j) : Simd.LoadPart(row + j, count, mean)) - centre) * scale;
                var gradient = whole ? Vector512.Load(g + j) * Vector512.Load(gain + j) : Simd.LoadPart(g + j, count) * Simd.LoadPart(gain + j, count);
                var d = Vector512.FusedMultiplyAdd(-hat, meanDot, gradient - meanGradient);
                Keep(Vector512.FusedMultiplyAdd(scale, d, whole ? Vector512.Load(to + j) : Simd.LoadPart(to + j, count)), to + j, count);
            }
        }

        static void Keep(F lanes, float* to, int count)
        {
            if (count >= 16)
                lanes.Store(to);
            else
                Simd.StorePart(lanes, to, count);
        }
    }

    /// <summary>to += s from.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void AddScaled(float* from, float s, float* to, int count)
    {
        var scale = Vector512.Create(s);
        var j = 0;
        for (; j + 16 <= count; j += 16)
            Vector512.FusedMultiplyAdd(scale, Vector512.Load(from + j), Vector512.Load(to + j)).Store(to + j);
        for (; j < count; j++)
            to[j] = MathF.FusedMultiplyAdd(s, from[j], to[j]);
    }

    /// <summary>Σ x y: 16 lanes, one tree.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float DotOf(float* x, float* y, int count)
    {
        var sum = F.Zero;
        var j = 0;
        for (; j + 16 <= count; j += 16)
            sum = Vector512.FusedMultiplyAdd(Vector512.Load(x + j), Vector512.Load(y + j), sum);
        if (j < count)
            sum = Vector512.FusedMultiplyAdd(Simd.LoadPart(x + j, count - j), Simd.LoadPart(y + j, count - j), sum);
        return Simd.Sum(sum);
    }

    private static Value Like(Value x, int rows, int columns, delegate*<Tape, ref Node, void> backward)
    {
        var value = x.Tape.Create(rows, columns, x.Tape.At(x.Node).NeedsGradient);
        ref var node = ref x.Tape.At(value.Node);
        node.A = x.Node;
        node.Backward = backward;
        return value;
    }

    private static void RequireGroups(Value x, int count)
    {
        if (count < 1 || x.Rows % count != 0)
            throw new ArgumentException($"{x.Rows} rows are not groups of {count}");
    }
}
