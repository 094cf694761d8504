using System.Runtime.Intrinsics;

namespace Menuet.Learning.Autodiff;

/// <summary>How parameters descend their gradient.</summary>
/// <param name="LearningRate">Step size; &gt; 0.</param>
/// <param name="MaxNorm">Gradients with a larger Euclidean norm are scaled down to it; infinity switches clipping off.</param>
/// <param name="WeightDecay">Decoupled: every step first multiplies the weights by 1 − LearningRate × WeightDecay; ≥ 0.</param>
/// <param name="Epsilon">Added to the root of the second moment.</param>
/// <param name="Beta1">Decay of the first moment, in [0, 1).</param>
/// <param name="Beta2">Decay of the second moment, in [0, 1).</param>
/// <remarks>Source: Kingma and Ba 2015, Algorithm 1; decoupled decay: Loshchilov and Hutter 2019, Algorithm 2.</remarks>
public readonly record struct AdamOptions(
    float LearningRate, float MaxNorm = float.PositiveInfinity, float WeightDecay = 0f, float Epsilon = 1e-5f, float Beta1 = 0.9f, float Beta2 = 0.999f);

/// <summary>
/// Every parameter of a model in one flat block, with gradients and Adam's moments beside it: optimiser, norm, averaging, saving and comparing are
/// single loops.
/// </summary>
/// <remarks>
/// <para>Each matrix begins on a multiple of 16 floats. What lies between two matrices is zero and stays zero, so flat sums are right.</para>
/// <para>No denormals: gradients and weights below 1e-18, first moments below 1e-20 and second moments below 1e-36 are set to zero.</para>
/// </remarks>
public sealed unsafe class Parameters
{
    private const uint Magic = 0x314D504Du;   // "MPM1"
    private Memory _values, _gradients, _first, _second;
    private double _beta1Power = 1, _beta2Power = 1;

    /// <summary>Floats in the block, with the gaps.</summary>
    public int Length { get; private set; }

    /// <summary>Numbers that are learned.</summary>
    public int Count { get; private set; }

    /// <summary>Steps taken.</summary>
    public long Steps { get; private set; }

    /// <summary>All values, flat.</summary>
    public Span<float> Values => _values.Span[..Length];

    /// <summary>All gradients, flat.</summary>
    public Span<float> Gradients => _gradients.Span[..Length];

    internal float* ValueStart => _values.Start;

    internal float* GradientStart => _gradients.Start;

    internal Span<float> FirstMoments => _first.Span[..Length];

    internal Span<float> SecondMoments => _second.Span[..Length];

    /// <summary>A new matrix of zeros. Only while a model is built: a tape that already used this block would point to the old one.</summary>
    /// <param name="rows">≥ 1.</param>
    /// <param name="columns">≥ 1.</param>
    public Matrix Add(int rows, int columns)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        var offset = Length;
        Length += (checked(rows * columns) + 15) & ~15;
        Count += rows * columns;
        if (_values.Length < Length)
        {
            var capacity = Math.Max(2 * _values.Length, (Length + 1023) & ~1023);
            Grow(ref _values, capacity);
            Grow(ref _gradients, capacity);
            Grow(ref _first, capacity);
            Grow(ref _second, capacity);
        }
        return new(this, offset, rows, columns);

        static void Grow(ref Memory memory, int capacity)
        {
            var larger = new Memory(capacity);
            memory.Span.CopyTo(larger.Span);
            memory = larger;
        }
    }

    /// <summary>Sets every gradient to zero; done once before the backward passes of an update, which add to it.</summary>
    public void ClearGradients() => Gradients.Clear();

    /// <summary>The Euclidean norm of the gradient; not finite when a gradient is not, or above 1.8e19.</summary>
    public float GradientNorm()
    {
        Vector512<float> a = default, b = default;
        var g = _gradients.Start;
        var i = 0;
        for (; i + 32 <= Length; i += 32)
        {
            var x = Vector512.Load(g + i);
            var y = Vector512.Load(g + i + 16);
            a = Vector512.FusedMultiplyAdd(x, x, a);
            b = Vector512.FusedMultiplyAdd(y, y, b);
        }
        if (i < Length)
        {
            var x = Vector512.Load(g + i);
            a = Vector512.FusedMultiplyAdd(x, x, a);
        }
        return MathF.Sqrt(Simd.Sum(a + b));
    }

    /// <summary>One step of Adam on the gradient, clipped by its norm.</summary>
    /// <returns>The norm before clipping.</returns>
    /// <exception cref="DivergenceException">The norm is not finite; nothing was changed.</exception>
    public float Descend(AdamOptions options)
    {
        var norm = GradientNorm();
        if (!float.IsFinite(norm))
            throw new DivergenceException($"the gradient of step {Steps + 1} is not finite (norm {norm}): lower the learning rate or scale the rewards");
        Steps++;
        _beta1Power *= options.Beta1;
        _beta2Power *= options.Beta2;
        var scale = Vector512.Create(norm > options.MaxNorm ? options.MaxNorm / norm : 1f);
        var keep = Vector512.Create(1f - options.LearningRate * options.WeightDecay);
        var step = Vector512.Create((float)(-options.LearningRate / (1 - _beta1Power)));
        var root = Vector512.Create((float)(1 / Math.Sqrt(1 - _beta2Power)));
        var epsilon = Vector512.Create(options.Epsilon);
        Vector512<float> beta1 = Vector512.Create(options.Beta1), rest1 = Vector512.Create(1f - options.Beta1);
        Vector512<float> beta2 = Vector512.Create(options.Beta2), rest2 = Vector512.Create(1f - options.Beta2);
        float* w = _values.Start, g = _gradients.Start, m = _first.Start, v = _second.Start;
        for (var i = 0; i < Length; i += 16)
        {
            var gradient = Simd.Flush(Vector512.Load(g + i) * scale);
            var first = Simd.Flush(Vector512.FusedMultiplyAdd(beta1, Vector512.Load(m + i), rest1 * gradient), 1e-20f);
            var second = Simd.Flush(Vector512.FusedMultiplyAdd(beta2, Vector512.Load(v + i), rest2 * gradient * gradient), 1e-36f);
            first.Store(m + i);
            second.Store(v + i);
            var divisor = Vector512.FusedMultiplyAdd(Vector512.Sqrt(second), root, epsilon);
            Simd.Flush(Vector512.FusedMultiplyAdd(step, first / divisor, Vector512.Load(w + i) * keep)).Store(w + i);
        }
        return norm;
    }

    /// <summary>Moves a share of the way to another block: w ← w + share (w' − w) (Polyak averaging of a target network).</summary>
    /// <param name="online">A block of the same layout.</param>
    /// <param name="share">In (0, 1].</param>
    public void Follow(Parameters online, float share)
    {
        RequireLayout(online);
        var part = Vector512.Create(share);
        float* w = _values.Start, from = online._values.Start;
        for (var i = 0; i < Length; i += 16)
        {
            var own = Vector512.Load(w + i);
            Simd.Flush(Vector512.FusedMultiplyAdd(part, Vector512.Load(from + i) - own, own)).Store(w + i);
        }
    }

    /// <summary>Takes the values of another block of the same layout.</summary>
    public void CopyFrom(Parameters other)
    {
        RequireLayout(other);
        other.Values.CopyTo(Values);
    }

    /// <summary>Writes values, and with <paramref name="moments"/> the state of the optimiser.</summary>
    public void Write(BinaryWriter writer, bool moments = true)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Write(Magic);
        writer.Write(Length);
        writer.Write(Count);
        Stored.Write(writer, Values);
        writer.Write(moments);
        if (!moments)
            return;
        writer.Write(Steps);
        writer.Write(_beta1Power);
        writer.Write(_beta2Power);
        Stored.Write(writer, FirstMoments);
        Stored.Write(writer, SecondMoments);
    }

    /// <summary>Reads what <see cref="Write"/> wrote into a block of the same layout.</summary>
    /// <exception cref="InvalidDataException">Another layout, or not a parameter block.</exception>
    public void Read(BinaryReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        if (reader.ReadUInt32() != Magic)
            throw new InvalidDataException("not a block of parameters");
        var (length, count) = (reader.ReadInt32(), reader.ReadInt32());
        if (length != Length || count != Count)
            throw new InvalidDataException($"the block holds {count} parameters, this model has {Count}: build it with the architecture it was saved with");
        Stored.Read(reader, Values);
        ClearGradients();
        if (!reader.ReadBoolean())
            return;
        Steps = reader.ReadInt64();
        _beta1Power = reader.ReadDouble();
        _beta2Power = reader.ReadDouble();
        Stored.Read(reader, FirstMoments);
        Stored.Read(reader, SecondMoments);
    }

    private void RequireLayout(Parameters other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Length != Length || other.Count != Count)
            throw new ArgumentException($"the other block has {other.Count} parameters, this one {Count}", nameof(other));
    }
}
