using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Menuet.Numerics;

/// <summary>
/// The cheapest assignment of rows to distinct columns, kept optimal while rows are added one by one: min Σ_i c[i, σ(i)].
/// </summary>
/// <remarks>
/// <para>After every <see cref="Add"/> the assignment of the rows so far is optimal, and the potentials prove it:
/// u_i + v_j ≤ c[i, j] for all pairs with equality on the assigned ones, v_j ≤ 0, and v_j = 0 for free columns, so that
/// <see cref="Bound"/> = Σ u_i + Σ v_j is a lower bound on every assignment and equals the cost of this one.</para>
/// <para>Adding row k costs O(k · columns) at worst, so n rows and m ≥ n columns cost O(n² m).</para>
/// <para>Source: shortest augmenting paths, Tomizawa 1971, Edmonds and Karp 1972; Jonker and Volgenant 1987.</para>
/// </remarks>
internal sealed class Assignment
{
    private const int Free = -1;

    private readonly int columns;
    private readonly int stride;
    private readonly int capacity;
    private readonly double[] costs;
    private readonly double[] rowPotentials;
    private readonly double[] columnPotentials;
    private readonly double[] shortest;
    private readonly double[] predecessors;
    private readonly double[] blocked;
    private readonly int[] columnOf;
    private readonly int[] rowOf;
    private readonly int[] reached;

    /// <param name="rows">How many rows may be added; at most <paramref name="columns"/>.</param>
    /// <param name="columns">How many columns there are.</param>
    internal Assignment(int rows, int columns)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, columns);
        this.columns = columns;
        capacity = rows;
        stride = (columns + Vector256<double>.Count - 1) / Vector256<double>.Count * Vector256<double>.Count;
        costs = new double[(long)rows * stride];
        rowPotentials = new double[rows];
        columnPotentials = new double[stride];
        shortest = new double[stride];
        predecessors = new double[stride];
        blocked = new double[stride];
        columnOf = new int[rows];
        rowOf = new int[columns];
        reached = new int[columns];
        rowOf.AsSpan().Fill(Free);
    }

    /// <summary>How many rows there are so far.</summary>
    internal int Rows { get; private set; }

    /// <summary>The column of each row so far.</summary>
    internal ReadOnlySpan<int> ColumnOf => columnOf.AsSpan(0, Rows);

    /// <summary>The cost of the current assignment, summed from its entries.</summary>
    internal double Cost
    {
        get
        {
            var sum = new CompensatedSum();
            for (var i = 0; i < Rows; i++)
            {
                sum.Add(costs[((long)i * stride) + columnOf[i]]);
            }

            return sum.Value;
        }
    }

    /// <summary>Σ u_i + Σ v_j: no assignment of these rows costs less, up to rounding.</summary>
    internal double Bound
    {
        get
        {
            var sum = new CompensatedSum();
            for (var i = 0; i < Rows; i++)
            {
                sum.Add(rowPotentials[i]);
            }

            for (var j = 0; j < columns; j++)
            {
                sum.Add(columnPotentials[j]);
            }

            return sum.Value;
        }
    }

    /// <summary>Adds a row and restores optimality by one shortest augmenting path.</summary>
    /// <param name="row">Finite costs, one per column.</param>
    internal void Add(ReadOnlySpan<double> row)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(row.Length, columns);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(Rows, capacity);
        var added = Rows++;
        row.CopyTo(Costs(added));
        shortest.AsSpan().Fill(double.PositiveInfinity);
        blocked.AsSpan(0, columns).Clear();
        blocked.AsSpan(columns).Fill(double.PositiveInfinity);

        var scanned = 0;
        var distance = 0.0;
        var current = added;
        int column;
        while (true)
        {
            column = Relax(current, distance);
            distance = shortest[column];
            blocked[column] = double.PositiveInfinity;
            if (rowOf[column] == Free)
            {
                break;
            }

            reached[scanned++] = column;
            current = rowOf[column];
        }

        rowPotentials[added] += distance;
        foreach (var j in reached.AsSpan(0, scanned))
        {
            rowPotentials[rowOf[j]] += distance - shortest[j];
            columnPotentials[j] -= distance - shortest[j];
        }

        for (var i = Free; i != added;)
        {
            i = (int)predecessors[column];
            rowOf[column] = i;
            (columnOf[i], column) = (column, i == added ? Free : columnOf[i]);
        }
    }

    private Span<double> Costs(int row) => MemoryMarshal.CreateSpan(ref costs[(long)row * stride], columns);

    /// <summary>Shortens the paths that lead on from a row, and finds the open column that is nearest now.</summary>
    /// <remarks>A scanned column has +∞ in <see cref="blocked"/>, which keeps it from being shortened or found.</remarks>
    private int Relax(int row, double distance)
    {
        var lanes = Vector256<double>.Count;
        var shift = Vector256.Create(distance - rowPotentials[row]);
        var from = Vector256.Create((double)row);
        var nearest = Vector256.Create(double.PositiveInfinity);
        var where = Vector256<double>.Zero;
        var index = Vector256.Create(0.0, 1, 2, 3);
        ref var cost = ref costs[(long)row * stride];
        for (var j = 0; j < stride; j += lanes)
        {
            var known = Vector256.LoadUnsafe(ref shortest[0], (nuint)j);
            var closed = Vector256.LoadUnsafe(ref blocked[0], (nuint)j);
            var reduced = Vector256.LoadUnsafe(ref cost, (nuint)j) - Vector256.LoadUnsafe(ref columnPotentials[0], (nuint)j) + shift + closed;
            var shorter = Vector256.LessThan(reduced, known);
            var updated = Vector256.ConditionalSelect(shorter, reduced, known);
            updated.StoreUnsafe(ref shortest[0], (nuint)j);
            Vector256.ConditionalSelect(shorter, from, Vector256.LoadUnsafe(ref predecessors[0], (nuint)j)).StoreUnsafe(ref predecessors[0], (nuint)j);
            var open = updated + closed;
            var closer = Vector256.LessThan(open, nearest);
            nearest = Vector256.ConditionalSelect(closer, open, nearest);
            where = Vector256.ConditionalSelect(closer, index, where);
            index += Vector256.Create((double)lanes);
        }

        var best = 0;
        for (var lane = 1; lane < lanes; lane++)
        {
            best = nearest[lane] < nearest[best] || (nearest[lane] == nearest[best] && where[lane] < where[best]) ? lane : best;
        }

        return (int)where[best];
    }
}
