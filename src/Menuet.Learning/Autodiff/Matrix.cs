namespace Menuet.Learning.Autodiff;

/// <summary>A parameter: a dense matrix inside a <see cref="Parameters"/> block.</summary>
public sealed class Matrix
{
    internal Matrix(Parameters owner, int offset, int rows, int columns) =>
        (Owner, Offset, Rows, Columns) = (owner, offset, rows, columns);

    /// <summary>The block that holds it.</summary>
    public Parameters Owner { get; }

    /// <summary>Rows; for a weight, its inputs.</summary>
    public int Rows { get; }

    /// <summary>Columns; for a weight, its outputs.</summary>
    public int Columns { get; }

    /// <summary>Row-major, length Rows × Columns.</summary>
    public Span<float> Values => Owner.Values.Slice(Offset, Rows * Columns);

    /// <summary>The gradient since the last clearing, laid out as the values.</summary>
    public Span<float> Gradients => Owner.Gradients.Slice(Offset, Rows * Columns);

    internal int Offset { get; }
}
