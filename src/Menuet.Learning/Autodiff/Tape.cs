using System.Runtime.CompilerServices;

namespace Menuet.Learning.Autodiff;

/// <summary>One recorded operation: where its result lies, and the static method that carries its gradient back.</summary>
internal unsafe struct Node
{
    internal delegate*<Tape, ref Node, void> Backward;
    internal float* Value;
    internal float* Gradient;
    internal float* Saved;
    internal int Length, SavedLength;
    internal int A, B, C;
    internal int Rows, Inner, Columns;
    internal int I, J, K, L;
    internal float S, T;
    internal bool NeedsGradient;
    internal bool Leaf;       // a parameter or a variable: its gradient outlives the pass
    internal bool Disposable; // a hidden layer: its memory is used again once its gradient has passed
}

/// <summary>
/// Records operations as they are computed and then runs their gradients backwards. Reset it for every update: from the second one on it allocates
/// nothing.
/// </summary>
/// <remarks>
/// <para>Nodes are structs in one array, methods are pointers to static functions, numbers lie in an arena that is used from its start again after
/// <see cref="Reset"/>; within a pass the memory of gradients that have been used is handed on, so that it stays in cache.</para>
/// <para>Constants have no gradient: what depends on no parameter or variable records nothing. Inside <see cref="Freeze"/> parameters count as constants
/// (target networks; a critic inside the loss of an actor; acting).</para>
/// <para>Not for use by several threads at once.</para>
/// </remarks>
public sealed unsafe class Tape
{
    private const int BlockLength = 1 << 18;
    private readonly List<Memory> _blocks = [];
    private readonly List<Parameters> _owners = [];
    private Node[] _nodes = new Node[256];
    private (nint Start, int Length)[] _free = new (nint, int)[64];
    private int _count, _freeCount, _block, _used, _frozen;
    private Value _auxiliary;

    /// <summary>Forgets everything recorded; every <see cref="Value"/> of this tape becomes invalid.</summary>
    public void Reset()
    {
        _count = _freeCount = _block = _used = 0;
        _owners.Clear();
        _auxiliary = default;
    }

    /// <summary>A constant to be filled by the caller.</summary>
    /// <param name="rows">≥ 1.</param>
    /// <param name="columns">≥ 1.</param>
    /// <param name="data">Row-major; its content is undefined until it is written.</param>
    public Value Input(int rows, int columns, out Span<float> data)
    {
        var value = Create(rows, columns, false);
        data = new(At(value.Node).Value, rows * columns);
        return value;
    }

    /// <summary>A constant, copied.</summary>
    public Value Input(ReadOnlySpan<float> data, int rows, int columns)
    {
        if (data.Length != rows * columns)
            throw new ArgumentException($"{data.Length} numbers are not a {rows} × {columns} matrix", nameof(data));
        var value = Input(rows, columns, out var span);
        data.CopyTo(span);
        return value;
    }

    /// <summary>A constant matrix of one number.</summary>
    public Value Constant(float number, int rows = 1, int columns = 1)
    {
        var value = Input(rows, columns, out var span);
        span.Fill(number);
        return value;
    }

    /// <summary>Gaussian noise of mean 0 and variance 1, constant for the gradient.</summary>
    public Value Noise(int rows, int columns, ref Rng rng)
    {
        var value = Input(rows, columns, out var span);
        for (var i = 0; i < span.Length; i++)
            span[i] = (float)rng.NextNormal();
        return value;
    }

    /// <summary>A parameter; constant inside <see cref="Freeze"/>.</summary>
    public Value Use(Matrix matrix)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        if (!_owners.Contains(matrix.Owner))
            _owners.Add(matrix.Owner);   // keeps the memory alive while nodes point into it
        var value = Append(matrix.Rows, matrix.Columns, matrix.Owner.ValueStart + matrix.Offset);
        ref var node = ref At(value.Node);
        node.Leaf = true;
        node.NeedsGradient = _frozen == 0;
        node.Gradient = node.NeedsGradient ? matrix.Owner.GradientStart + matrix.Offset : null;
        return value;
    }

    /// <summary>Until the scope is disposed of, parameters are used without gradient.</summary>
    public Frozen Freeze() => new(this);

    /// <summary>Adds a term that a network wants in the loss besides the algorithm's own, such as the balance of a mixture's gate.</summary>
    public void AddAuxiliary(Value term) => _auxiliary = _auxiliary.Tape is null ? term : _auxiliary + term;

    /// <summary>The sum of the terms added since the last reset, if there is one.</summary>
    public bool TryAuxiliary(out Value term)
    {
        term = _auxiliary;
        return term.Tape is not null;
    }

    /// <summary>Adds the gradient of a 1 × 1 value to the gradients of all parameters that it depends on. Once for each recording.</summary>
    public void Backward(Value loss)
    {
        if (loss.Tape != this || loss.Length != 1)
            throw new ArgumentException("the loss must be one number of this tape", nameof(loss));
        ref var last = ref At(loss.Node);
        if (!last.NeedsGradient)
            throw new InvalidOperationException("the loss depends on no parameter");
        *Target(loss.Node, out _) = 1f;
        for (var i = loss.Node; i >= 0; i--)
        {
            ref var node = ref _nodes[i];
            if (node.Gradient == null || node.Leaf)
                continue;
            node.Backward(this, ref node);
            Hand(node.Gradient, node.Length);
            node.Gradient = null;
            if (node.Disposable)
                Hand(node.Value, node.Length);
            if (node.Saved != null)
                Hand(node.Saved, node.SavedLength);
        }
    }

    /// <summary>A constant with a gradient, for tests.</summary>
    internal Value Variable(ReadOnlySpan<float> data, int rows, int columns)
    {
        var value = Input(data, rows, columns);
        ref var node = ref At(value.Node);
        node.Leaf = true;
        node.NeedsGradient = true;
        node.Gradient = Rent(node.Length);
        new Span<float>(node.Gradient, node.Length).Clear();
        return value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ref Node At(int node) => ref _nodes[node];

    /// <summary>A new node with memory for its result.</summary>
    internal Value Create(int rows, int columns, bool needsGradient)
    {
        if (rows < 1 || columns < 1)
            throw new ArgumentException($"a value cannot be {rows} × {columns}");
        var value = Append(rows, columns, Rent(rows * columns));
        At(value.Node).NeedsGradient = needsGradient;
        return value;
    }

    /// <summary>A new node whose result lies elsewhere.</summary>
    internal Value Append(int rows, int columns, float* data)
    {
        if (_count == _nodes.Length)
            Array.Resize(ref _nodes, 2 * _count);
        _nodes[_count] = default;
        _nodes[_count].Value = data;
        _nodes[_count].Length = rows * columns;
        (_nodes[_count].Rows, _nodes[_count].Columns) = (rows, columns);
        return new(this, _count++, rows, columns);
    }

    /// <summary>Where to put a gradient: <paramref name="fresh"/> asks to overwrite, otherwise to add.</summary>
    internal float* Target(int index, out bool fresh)
    {
        ref var node = ref _nodes[index];
        fresh = node.Gradient == null;
        if (fresh)
            node.Gradient = Rent(node.Length);
        return node.Gradient;
    }

    /// <summary>Where to add a gradient.</summary>
    internal float* Sum(int index)
    {
        var target = Target(index, out var fresh);
        if (fresh)
            new Span<float>(target, _nodes[index].Length).Clear();
        return target;
    }

    /// <summary>Memory on a cache line, content undefined: a buffer of this size handed back in this pass, or the next of the arena.</summary>
    internal float* Rent(int length)
    {
        var padded = (length + 15) & ~15;
        for (var i = _freeCount - 1; i >= 0; i--)
        {
            if (_free[i].Length != padded)
                continue;
            var start = (float*)_free[i].Start;
            _free[i] = _free[--_freeCount];
            return start;
        }
        while (_block < _blocks.Count && _used + padded > _blocks[_block].Length)
            (_block, _used) = (_block + 1, 0);
        if (_block == _blocks.Count)
            _blocks.Add(new(Math.Max(BlockLength, padded)));
        var next = _blocks[_block].Start + _used;
        _used += padded;
        return next;
    }

    private void Hand(float* start, int length)
    {
        if (_freeCount == _free.Length)
            Array.Resize(ref _free, 2 * _freeCount);
        _free[_freeCount++] = ((nint)start, (length + 15) & ~15);
    }

    /// <summary>While it lives, parameters are used as constants; scopes nest.</summary>
    public readonly ref struct Frozen
    {
        private readonly Tape _tape;

        internal Frozen(Tape tape)
        {
            _tape = tape;
            tape._frozen++;
        }

        /// <summary>Ends the scope.</summary>
        public void Dispose() => _tape._frozen--;
    }
}
