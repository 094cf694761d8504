using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using F = System.Runtime.Intrinsics.Vector512<float>;

namespace Menuet.Learning.Autodiff;

/// <summary>A function of one number and its derivative, sixteen at a time; s and t are its constants.</summary>
internal interface IUnary
{
    static abstract F Apply(F x, F s, F t);

    /// <param name="x">The argument.</param>
    /// <param name="y">The result.</param>
    /// <param name="s">First constant.</param>
    /// <param name="t">Second constant.</param>
    static abstract F Slope(F x, F y, F s, F t);
}

/// <summary>A function of two numbers and its derivatives.</summary>
internal interface IBinary
{
    static abstract F Apply(F x, F y);
    static abstract (F X, F Y) Slopes(F x, F y);
}

/// <summary>Elementwise operations, forward beside backward; one loop for each arity.</summary>
internal static unsafe class Elementwise
{
    internal static Value Unary<T>(Value x, float s, float t) where T : struct, IUnary
    {
        var tape = x.Tape;
        var value = tape.Create(x.Rows, x.Columns, tape.At(x.Node).NeedsGradient);
        ref var node = ref tape.At(value.Node);
        (node.A, node.S, node.T) = (x.Node, s, t);
        node.Backward = &UnaryBackward<T>;
        float* from = x.Start, to = node.Value;
        F vs = Vector512.Create(s), vt = Vector512.Create(t);
        var i = 0;
        for (; i + 16 <= node.Length; i += 16)
            T.Apply(Vector512.Load(from + i), vs, vt).Store(to + i);
        if (i < node.Length)
            Simd.StorePart(T.Apply(Simd.LoadPart(from + i, node.Length - i), vs, vt), to + i, node.Length - i);
        return value;
    }

    private static void UnaryBackward<T>(Tape tape, ref Node node) where T : struct, IUnary
    {
        var target = tape.Target(node.A, out var fresh);
        float* x = tape.At(node.A).Value, y = node.Value, g = node.Gradient;
        F s = Vector512.Create(node.S), t = Vector512.Create(node.T);
        var i = 0;
        for (; i + 16 <= node.Length; i += 16)
        {
            var d = Vector512.Load(g + i) * T.Slope(Vector512.Load(x + i), Vector512.Load(y + i), s, t);
            (fresh ? d : d + Vector512.Load(target + i)).Store(target + i);
        }
        var rest = node.Length - i;
        if (rest > 0)
        {
            var d = Simd.LoadPart(g + i, rest) * T.Slope(Simd.LoadPart(x + i, rest), Simd.LoadPart(y + i, rest), s, t);
            Simd.StorePart(fresh ? d : d + Simd.LoadPart(target + i, rest), target + i, rest);
        }
    }

    internal static Value Binary<T>(Value x, Value y) where T : struct, IBinary
    {
        if (x.Rows != y.Rows || x.Columns != y.Columns)
            throw new ArgumentException($"{x.Rows} × {x.Columns} and {y.Rows} × {y.Columns} do not match");
        var tape = x.Tape;
        var value = tape.Create(x.Rows, x.Columns, tape.At(x.Node).NeedsGradient || tape.At(y.Node).NeedsGradient);
        ref var node = ref tape.At(value.Node);
        (node.A, node.B) = (x.Node, y.Node);
        node.Backward = &BinaryBackward<T>;
        float* a = x.Start, b = y.Start, to = node.Value;
        var i = 0;
        for (; i + 16 <= node.Length; i += 16)
            T.Apply(Vector512.Load(a + i), Vector512.Load(b + i)).Store(to + i);
        var rest = node.Length - i;
        if (rest > 0)
            Simd.StorePart(T.Apply(Simd.LoadPart(a + i, rest), Simd.LoadPart(b + i, rest, 1f)), to + i, rest);
        return value;
    }

    private static void BinaryBackward<T>(Tape tape, ref Node node) where T : struct, IBinary
    {
        float* x = tape.At(node.A).Value, y = tape.At(node.B).Value, g = node.Gradient;
        bool freshX = false, freshY = false;
        var toX = tape.At(node.A).NeedsGradient ? tape.Target(node.A, out freshX) : null;
        var toY = tape.At(node.B).NeedsGradient ? tape.Target(node.B, out freshY) : null;   // not fresh when both are one value: x goes first below
        var i = 0;
        for (; i + 16 <= node.Length; i += 16)
        {
            var gradient = Vector512.Load(g + i);
            var (dx, dy) = T.Slopes(Vector512.Load(x + i), Vector512.Load(y + i));
            if (toX != null)
                (freshX ? gradient * dx : Vector512.FusedMultiplyAdd(gradient, dx, Vector512.Load(toX + i))).Store(toX + i);
            if (toY != null)
                (freshY ? gradient * dy : Vector512.FusedMultiplyAdd(gradient, dy, Vector512.Load(toY + i))).Store(toY + i);
        }
        var rest = node.Length - i;
        if (rest > 0)
        {
            var gradient = Simd.LoadPart(g + i, rest);
            var (dx, dy) = T.Slopes(Simd.LoadPart(x + i, rest), Simd.LoadPart(y + i, rest, 1f));
            if (toX != null)
                Simd.StorePart(freshX ? gradient * dx : Vector512.FusedMultiplyAdd(gradient, dx, Simd.LoadPart(toX + i, rest)), toX + i, rest);
            if (toY != null)
                Simd.StorePart(freshY ? gradient * dy : Vector512.FusedMultiplyAdd(gradient, dy, Simd.LoadPart(toY + i, rest)), toY + i, rest);
        }
    }
}

internal readonly struct Sum : IBinary
{
    public static F Apply(F x, F y) => x + y;
    public static (F X, F Y) Slopes(F x, F y) => (F.One, F.One);
}

internal readonly struct Difference : IBinary
{
    public static F Apply(F x, F y) => x - y;
    public static (F X, F Y) Slopes(F x, F y) => (F.One, -F.One);
}

internal readonly struct Multiplication : IBinary
{
    public static F Apply(F x, F y) => x * y;
    public static (F X, F Y) Slopes(F x, F y) => (y, x);
}

internal readonly struct Quotient : IBinary
{
    public static F Apply(F x, F y) => x / y;
    public static (F X, F Y) Slopes(F x, F y) => (F.One / y, -(x / y) / y);
}

internal readonly struct Minimum : IBinary
{
    /// <remarks>A comparison with NaN is false, so NaN is looked for in both.</remarks>
    public static F Apply(F x, F y) => Vector512.ConditionalSelect(Vector512.LessThanOrEqual(x, y) | ~Vector512.Equals(x, x), x, y);

    public static (F X, F Y) Slopes(F x, F y)
    {
        var first = Vector512.LessThanOrEqual(x, y);
        return (first & F.One, Vector512.AndNot(F.One, first));
    }
}

internal readonly struct Maximum : IBinary
{
    public static F Apply(F x, F y) => Vector512.ConditionalSelect(Vector512.GreaterThanOrEqual(x, y) | ~Vector512.Equals(x, x), x, y);

    public static (F X, F Y) Slopes(F x, F y)
    {
        var first = Vector512.GreaterThanOrEqual(x, y);
        return (first & F.One, Vector512.AndNot(F.One, first));
    }
}

internal readonly struct Affine : IUnary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Apply(F x, F s, F t) => Vector512.FusedMultiplyAdd(x, s, t);

    public static F Slope(F x, F y, F s, F t) => s;
}

internal readonly struct Clamped : IUnary
{
    public static F Apply(F x, F s, F t)
    {
        var raised = Vector512.ConditionalSelect(Vector512.LessThan(x, s), s, x);
        return Vector512.ConditionalSelect(Vector512.GreaterThan(raised, t), t, raised);
    }

    public static F Slope(F x, F y, F s, F t) => Vector512.GreaterThanOrEqual(x, s) & Vector512.LessThanOrEqual(x, t) & F.One;
}

internal readonly struct Exponential : IUnary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Apply(F x, F s, F t) => Simd.Exp(x);

    public static F Slope(F x, F y, F s, F t) => y;
}

internal readonly struct Logarithm : IUnary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Apply(F x, F s, F t) => Simd.Log(x);

    public static F Slope(F x, F y, F s, F t) => F.One / Simd.AtLeast(x, 1.17549435e-38f);
}

internal readonly struct HyperbolicTangent : IUnary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Apply(F x, F s, F t) => Simd.Tanh(x);

    public static F Slope(F x, F y, F s, F t) => Vector512.FusedMultiplyAdd(-y, y, F.One);
}

internal readonly struct Rectifier : IUnary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Apply(F x, F s, F t) => Simd.AtLeast(x, 0f);

    public static F Slope(F x, F y, F s, F t) => Vector512.GreaterThan(x, F.Zero) & F.One;
}

internal readonly struct MishFunction : IUnary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Apply(F x, F s, F t) => Simd.Mish(x);

    public static F Slope(F x, F y, F s, F t)
    {
        Simd.Mish(x, out var slope);
        return slope;
    }
}

internal readonly struct Logistic : IUnary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Apply(F x, F s, F t) => Simd.Sigmoid(x);

    public static F Slope(F x, F y, F s, F t) => y * (F.One - y);
}

internal readonly struct SoftRectifier : IUnary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Apply(F x, F s, F t) => Simd.Softplus(x);

    public static F Slope(F x, F y, F s, F t) => Simd.Sigmoid(x);
}

internal readonly struct SquareFunction : IUnary
{
    public static F Apply(F x, F s, F t) => x * x;
    public static F Slope(F x, F y, F s, F t) => x + x;
}
