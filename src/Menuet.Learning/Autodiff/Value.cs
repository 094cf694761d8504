namespace Menuet.Learning.Autodiff;

/// <summary>A matrix on a tape; the language in which networks and losses are written. Shapes are checked when an operation is recorded.</summary>
/// <remarks>Valid until the tape is reset. Elementwise operations ask for equal shapes: there is no broadcasting, only the two <c>Expand</c> methods.</remarks>
public readonly unsafe struct Value
{
    internal Value(Tape tape, int node, int rows, int columns) => (Tape, Node, Rows, Columns) = (tape, node, rows, columns);

    /// <summary>The tape it is recorded on.</summary>
    public Tape Tape { get; }

    /// <summary>Rows.</summary>
    public int Rows { get; }

    /// <summary>Columns.</summary>
    public int Columns { get; }

    /// <summary>The numbers, row-major.</summary>
    public ReadOnlySpan<float> Data => new(Start, Length);

    /// <summary>The number of a 1 × 1 value.</summary>
    public float Item => Length == 1 ? *Start : throw new InvalidOperationException($"a {Rows} × {Columns} value is not one number");

    internal int Node { get; }

    internal int Length => Rows * Columns;

    internal float* Start => Tape.At(Node).Value;

    internal ReadOnlySpan<float> Gradient => new(Tape.At(Node).Gradient, Length);

    /// <summary>x + y.</summary>
    public static Value operator +(Value x, Value y) => Elementwise.Binary<Sum>(x, y);

    /// <summary>x − y.</summary>
    public static Value operator -(Value x, Value y) => Elementwise.Binary<Difference>(x, y);

    /// <summary>x y, elementwise.</summary>
    public static Value operator *(Value x, Value y) => Elementwise.Binary<Multiplication>(x, y);

    /// <summary>x / y, elementwise.</summary>
    public static Value operator /(Value x, Value y) => Elementwise.Binary<Quotient>(x, y);

    /// <summary>s x.</summary>
    public static Value operator *(float scale, Value x) => x.Affine(scale, 0f);

    /// <summary>x + t.</summary>
    public static Value operator +(Value x, float offset) => x.Affine(1f, offset);

    /// <summary>x − t.</summary>
    public static Value operator -(Value x, float offset) => x.Affine(1f, -offset);

    /// <summary>t − x.</summary>
    public static Value operator -(float offset, Value x) => x.Affine(-1f, offset);

    /// <summary>−x.</summary>
    public static Value operator -(Value x) => x.Affine(-1f, 0f);

    /// <summary>s x + t.</summary>
    public Value Affine(float scale, float offset) => Elementwise.Unary<Affine>(this, scale, offset);

    /// <summary>The smaller of two; on a tie the gradient goes to this one.</summary>
    public Value Minimum(Value other) => Elementwise.Binary<Minimum>(this, other);

    /// <summary>The larger of two; on a tie the gradient goes to this one.</summary>
    public Value Maximum(Value other) => Elementwise.Binary<Maximum>(this, other);

    /// <summary>x held within [low, high]; no gradient outside.</summary>
    public Value Clamp(float low, float high) => Elementwise.Unary<Clamped>(this, low, high);

    /// <summary>e^x, x held within [−87, 88].</summary>
    public Value Exp() => Elementwise.Unary<Exponential>(this, 0, 0);

    /// <summary>ln x, x raised to at least 1.2e-38.</summary>
    public Value Log() => Elementwise.Unary<Logarithm>(this, 0, 0);

    /// <summary>tanh x.</summary>
    public Value Tanh() => Elementwise.Unary<HyperbolicTangent>(this, 0, 0);

    /// <summary>max(x, 0).</summary>
    public Value Relu() => Elementwise.Unary<Rectifier>(this, 0, 0);

    /// <summary>x tanh(ln(1 + e^x)).</summary>
    public Value Mish() => Elementwise.Unary<MishFunction>(this, 0, 0);

    /// <summary>1/(1 + e^−x).</summary>
    public Value Sigmoid() => Elementwise.Unary<Logistic>(this, 0, 0);

    /// <summary>ln(1 + e^x).</summary>
    public Value Softplus() => Elementwise.Unary<SoftRectifier>(this, 0, 0);

    /// <summary>x².</summary>
    public Value Square() => Elementwise.Unary<SquareFunction>(this, 0, 0);

    /// <summary>act(x W + b), fused.</summary>
    /// <param name="weight">[Columns, outputs].</param>
    /// <param name="bias">[1, outputs].</param>
    /// <param name="activation">Applied to every element.</param>
    public Value Dense(Value weight, Value bias, Activation activation = Activation.None) => Operations.Dense(this, weight, bias, activation);

    /// <summary>The mean of all elements, 1 × 1.</summary>
    public Value Mean() => Operations.Total(this, 1f / Length);

    /// <summary>The sum of all elements, 1 × 1.</summary>
    public Value Total() => Operations.Total(this, 1f);

    /// <summary>The sum of each row, Rows × 1.</summary>
    public Value RowSums() => Operations.RowSums(this);

    /// <summary>The mean of each column, 1 × Columns.</summary>
    public Value ColumnMeans() => Operations.GroupMeans(this, Rows);

    /// <summary>The mean of every <paramref name="count"/> consecutive rows, Rows/count × Columns.</summary>
    public Value GroupMeans(int count) => Operations.GroupMeans(this, count);

    /// <summary>Row r of every <paramref name="count"/> consecutive rows, Rows/count × Columns.</summary>
    public Value GroupRow(int count, int row) => Operations.GroupRow(this, count, row);

    /// <summary>A 1 × Columns value repeated to many rows.</summary>
    public Value ExpandRows(int rows) => Operations.Repeat(this, 1, rows);

    /// <summary>A k × Columns value repeated to many rows, cyclically; rows a multiple of k.</summary>
    public Value Cycle(int rows) => Operations.Repeat(this, Rows, rows);

    /// <summary>A Rows × 1 value repeated to many columns.</summary>
    public Value ExpandColumns(int columns) => Operations.ExpandColumns(this, columns);

    /// <summary>[x, y], side by side.</summary>
    public Value Beside(Value other) => Operations.Beside(this, other);

    /// <summary>Some consecutive columns.</summary>
    public Value Part(int first, int count) => Operations.Part(this, first, count);

    /// <summary>The same numbers in another shape; free.</summary>
    public Value Reshape(int rows, int columns)
    {
        if (rows * columns != Length)
            throw new ArgumentException($"{Rows} × {Columns} cannot become {rows} × {columns}");
        return new(Tape, Node, rows, columns);
    }

    /// <summary>The same numbers as a constant: no gradient flows back.</summary>
    public Value Detach() => Operations.Detach(this);

    /// <summary>Softmax of each row; no probability falls below e^−40 of the largest.</summary>
    public Value Softmax() => Operations.Softmax(this);

    /// <summary>Logarithm of the softmax of each row.</summary>
    public Value LogSoftmax() => Operations.LogSoftmax(this);

    /// <summary>Element index(i) of row i, Rows × 1.</summary>
    /// <param name="indices">Rows × 1, whole numbers in [0, Columns).</param>
    public Value Pick(Value indices) => Operations.Pick(this, indices);

    /// <summary>Keeps the largest <paramref name="count"/> of each row of positive weights, scaled to sum to 1; ties go to the lower index.</summary>
    public Value Largest(int count) => Operations.Largest(this, count);

    /// <summary>Σ_e w_e x_e for each row: w is this (Rows × E), x is Rows × (E c), output Rows × c.</summary>
    public Value Mix(Value parts) => Operations.Mix(this, parts);

    /// <summary>(x − mean)/deviation of each row, times a gain, plus a bias.</summary>
    /// <param name="gain">[1, Columns].</param>
    /// <param name="bias">[1, Columns].</param>
    /// <remarks>Source: Ba, Kiros and Hinton 2016, Eq. (4), with 1e-5 added to the variance.</remarks>
    public Value LayerNorm(Value gain, Value bias) => Operations.LayerNorm(this, gain, bias);
}

/// <summary>The function a dense layer applies to its sums.</summary>
public enum Activation
{
    /// <summary>x.</summary>
    None,

    /// <summary>tanh x.</summary>
    Tanh,

    /// <summary>max(x, 0).</summary>
    Relu,

    /// <summary>x tanh(ln(1 + e^x)). Source: Misra 2020.</summary>
    Mish,
}
