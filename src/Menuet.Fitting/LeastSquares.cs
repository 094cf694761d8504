using MathNet.Numerics.LinearAlgebra;

namespace Menuet.Fitting;

/// <summary>A linear least squares problem min ‖A c − b‖ by QR of the column-scaled matrix and a singular value decomposition of R.</summary>
/// <remarks>Columns are scaled to length one, so that rank and condition do not depend on units.</remarks>
internal sealed class LeastSquares
{
    // Below this share of the largest singular value a direction is lost in rounding.
    private const double Negligible = 1e-13;

    private readonly Matrix<double> q;
    private readonly double[] lengths;
    private readonly Vector<double> singular;
    private readonly Matrix<double> left;
    private readonly Matrix<double> rightTransposed;

    /// <param name="matrix">A, with at least as many rows as columns; overwritten.</param>
    internal LeastSquares(Matrix<double> matrix)
    {
        lengths = new double[matrix.ColumnCount];
        for (var j = 0; j < lengths.Length; j++)
        {
            var column = matrix.Column(j);
            var largest = column.InfinityNorm();
            lengths[j] = largest > 0 ? largest * (column / largest).L2Norm() : 1;
            matrix.SetColumn(j, column / lengths[j]);
        }
        var factors = matrix.QR(MathNet.Numerics.LinearAlgebra.Factorization.QRMethod.Thin);
        q = factors.Q;
        var svd = factors.R.Svd();
        (singular, left, rightTransposed) = (svd.S, svd.U, svd.VT);
    }

    /// <summary>Largest over smallest singular value of the scaled matrix; infinite when columns depend on one another.</summary>
    internal double Condition => singular[^1] > Negligible * singular[0] ? singular[0] / singular[^1] : double.PositiveInfinity;

    /// <summary>The coefficients; among equally good ones the shortest in scaled columns.</summary>
    internal double[] Solve(Vector<double> b)
    {
        var rotated = left.TransposeThisAndMultiply(q.TransposeThisAndMultiply(b));
        for (var i = 0; i < rotated.Count; i++)
            rotated[i] = Kept(i) ? rotated[i] / singular[i] : 0;
        var scaled = rightTransposed.TransposeThisAndMultiply(rotated);
        return [.. scaled.Select((v, j) => v / lengths[j])];
    }

    /// <summary>b less its projection onto the columns.</summary>
    internal Vector<double> Reject(Vector<double> b)
    {
        // Twice, since once leaves the rounding of large projections behind.
        var rest = b;
        for (var pass = 0; pass < 2; pass++)
        {
            var along = left.TransposeThisAndMultiply(q.TransposeThisAndMultiply(rest));
            for (var i = 0; i < along.Count; i++)
                along[i] = Kept(i) ? along[i] : 0;
            rest -= q * (left * along);
        }
        return rest;
    }

    /// <summary>F with (A'A)⁻¹ = F'F over the determined directions.</summary>
    internal double[][] InverseRoot()
    {
        var rows = new List<double[]>();
        for (var i = 0; i < singular.Count; i++)
        {
            if (Kept(i))
                rows.Add([.. Enumerable.Range(0, lengths.Length).Select(j => rightTransposed[i, j] / singular[i] / lengths[j])]);
        }
        return [.. rows];
    }

    /// <summary>Whether the data determine coefficient j at all.</summary>
    internal bool Determined(int j) => Enumerable.Range(0, singular.Count).All(i => Kept(i) || Math.Abs(rightTransposed[i, j]) < 1e-6);

    private bool Kept(int i) => singular[i] > Negligible * singular[0];
}
