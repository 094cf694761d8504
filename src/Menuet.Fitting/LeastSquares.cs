using MathNet.Numerics.LinearAlgebra;

namespace Menuet.Fitting;

/// <summary>A linear least squares problem min ‖A c − b‖ with few columns: QR of the scaled matrix, then singular values of R where needed.</summary>
/// <remarks>Columns are scaled to length one, so that rank and condition do not depend on units.</remarks>
internal sealed class LeastSquares
{
    // Below this share of the largest singular value a direction is lost in rounding.
    private const double Negligible = 1e-13;

    private readonly double[] lengths;
    private readonly double[][] q;
    private readonly double[,] r;
    private readonly Lazy<(Vector<double> Singular, Matrix<double> Left, Matrix<double> RightTransposed)> values;

    /// <param name="columns">The columns of A, at least as long as there are columns; overwritten.</param>
    internal LeastSquares(double[][] columns)
    {
        var count = columns.Length;
        (lengths, q, r) = (new double[count], columns, new double[count, count]);
        for (var j = 0; j < count; j++)
        {
            lengths[j] = Normalise(q[j]) is > 0 and var length ? length : 1;
            // Gram and Schmidt twice: once leaves the rounding of large projections behind.
            for (var pass = 0; pass < 2; pass++)
            {
                for (var i = 0; i < j; i++)
                    r[i, j] += Remove(q[i], q[j]);
            }
            r[j, j] = Normalise(q[j]);
        }
        values = new(() => Matrix<double>.Build.DenseOfArray(r).Svd() is var svd ? (svd.S, svd.U, svd.VT) : default);
    }

    /// <summary>Largest over smallest singular value of the scaled matrix; infinite when columns depend on one another.</summary>
    internal double Condition => Kept(lengths.Length - 1) ? values.Value.Singular[0] / values.Value.Singular[^1] : double.PositiveInfinity;

    /// <summary>The coefficients; among equally good ones the shortest in scaled columns.</summary>
    internal double[] Solve(double[] b)
    {
        var (singular, left, rightTransposed) = values.Value;
        var rotated = left.TransposeThisAndMultiply(Vector<double>.Build.Dense(lengths.Length, j => Dot(q[j], b)));
        for (var i = 0; i < rotated.Count; i++)
            rotated[i] = Kept(i) ? rotated[i] / singular[i] : 0;
        var scaled = rightTransposed.TransposeThisAndMultiply(rotated);
        return [.. scaled.Select((v, j) => v / lengths[j])];
    }

    /// <summary>b less its projection onto the columns.</summary>
    internal double[] Reject(double[] b)
    {
        double[] rest = [.. b];
        var basis = WellConditioned() ? q : KeptBasis();
        for (var pass = 0; pass < 2; pass++)
        {
            foreach (var direction in basis)
                Remove(direction, rest);
        }
        return rest;
    }

    /// <summary>F with (A'A)⁻¹ = F'F over the determined directions.</summary>
    internal double[][] InverseRoot()
    {
        var (singular, _, rightTransposed) = values.Value;
        return [.. Enumerable.Range(0, lengths.Length).Where(Kept)
            .Select(i => lengths.Select((length, j) => rightTransposed[i, j] / singular[i] / length).ToArray())];
    }

    /// <summary>Whether the data determine coefficient j at all.</summary>
    internal bool Determined(int j) =>
        Enumerable.Range(0, lengths.Length).All(i => Kept(i) || Math.Abs(values.Value.RightTransposed[i, j]) < 1e-6);

    internal static double Dot(double[] a, double[] b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++)
            sum += a[i] * b[i];
        return sum;
    }

    private bool Kept(int i) => values.Value.Singular[i] > Negligible * values.Value.Singular[0];

    /// <summary>Whether the diagonal of R alone shows that every direction counts.</summary>
    private bool WellConditioned() => Enumerable.Range(0, lengths.Length).All(j => r[j, j] > 1e-8);

    private double[][] KeptBasis()
    {
        var left = values.Value.Left;
        return [.. Enumerable.Range(0, lengths.Length).Where(Kept)
            .Select(k => Enumerable.Range(0, q[0].Length).Select(i => q.Select((column, j) => column[i] * left[j, k]).Sum()).ToArray())];
    }

    /// <summary>Takes the part of b along a unit vector away, and returns its length.</summary>
    private static double Remove(double[] unit, double[] b)
    {
        var along = Dot(unit, b);
        for (var i = 0; i < b.Length; i++)
            b[i] -= along * unit[i];
        return along;
    }

    /// <summary>Scales to length one, without overflow, and returns the length it had; a zero vector stays.</summary>
    private static double Normalise(double[] vector)
    {
        var largest = 0.0;
        foreach (var value in vector)
            largest = Math.Max(largest, Math.Abs(value));
        if (largest == 0)
            return 0;
        var sum = 0.0;
        foreach (var value in vector)
            sum += value / largest * (value / largest);
        var root = Math.Sqrt(sum);
        for (var i = 0; i < vector.Length; i++)
            vector[i] = vector[i] / largest / root;
        return largest * root;
    }
}
