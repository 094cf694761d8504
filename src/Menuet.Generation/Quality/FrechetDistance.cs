namespace Menuet.Generation.Quality;

/// <summary>The distance of two normal laws, as which the features of two sets of images are seen.</summary>
internal static class FrechetDistance
{
    private const int MostSweeps = 60;

    /// <summary>|m − n|² + tr(C + D − 2 (C^½ D C^½)^½), at least 0.</summary>
    /// <param name="mean">m, [size].</param>
    /// <param name="covariance">C, [size, size], symmetric without negative eigenvalues.</param>
    /// <param name="otherMean">n.</param>
    /// <param name="otherCovariance">D.</param>
    /// <remarks>Source: Fréchet 1957; Dowson and Landau 1982; Heusel et al. 2017, Eq. (6).</remarks>
    internal static double Of(double[] mean, double[,] covariance, double[] otherMean, double[,] otherCovariance)
    {
        var size = mean.Length;
        var distance = 0.0;
        for (var i = 0; i < size; i++)
            distance += ((mean[i] - otherMean[i]) * (mean[i] - otherMean[i])) + covariance[i, i] + otherCovariance[i, i];
        var (values, vectors) = Eigen(covariance);
        var root = new double[size, size];
        for (var i = 0; i < size; i++)
        {
            for (var j = 0; j < size; j++)
            {
                for (var k = 0; k < size; k++)
                    root[i, j] += vectors[i, k] * Math.Sqrt(Math.Max(0, values[k])) * vectors[j, k];
            }
        }

        foreach (var value in Eigen(Product(Product(root, otherCovariance), root)).Values)
            distance -= 2 * Math.Sqrt(Math.Max(0, value));
        return Math.Max(0, distance);
    }

    /// <summary>Eigenvalues and, in columns, eigenvectors of a symmetric matrix, by cyclic Jacobi rotations.</summary>
    /// <remarks>Source: Golub and Van Loan, Matrix Computations, Sec. 8.5.</remarks>
    internal static (double[] Values, double[,] Vectors) Eigen(double[,] matrix)
    {
        var size = matrix.GetLength(0);
        var (a, vectors) = ((double[,])matrix.Clone(), new double[size, size]);
        for (var i = 0; i < size; i++)
            vectors[i, i] = 1;
        for (var sweep = 0; sweep < MostSweeps; sweep++)
        {
            double beside = 0, all = 0;
            for (var i = 0; i < size; i++)
            {
                for (var j = 0; j < size; j++)
                {
                    all += a[i, j] * a[i, j];
                    beside += i == j ? 0 : a[i, j] * a[i, j];
                }
            }

            if (beside <= 1e-30 * all)
            {
                break;
            }

            for (var p = 0; p < size; p++)
            {
                for (var q = p + 1; q < size; q++)
                    Rotate(a, vectors, p, q);
            }
        }

        return ([.. Enumerable.Range(0, size).Select(i => a[i, i])], vectors);
    }

    private static void Rotate(double[,] a, double[,] vectors, int p, int q)
    {
        if (a[p, q] == 0)
        {
            return;
        }

        var half = (a[q, q] - a[p, p]) / (2 * a[p, q]);
        var tangent = (half < 0 ? -1 : 1) / (Math.Abs(half) + Math.Sqrt((half * half) + 1));
        var cosine = 1 / Math.Sqrt((tangent * tangent) + 1);
        var sine = tangent * cosine;
        for (var k = 0; k < a.GetLength(0); k++)
        {
            (a[k, p], a[k, q]) = ((cosine * a[k, p]) - (sine * a[k, q]), (sine * a[k, p]) + (cosine * a[k, q]));
            (vectors[k, p], vectors[k, q]) = ((cosine * vectors[k, p]) - (sine * vectors[k, q]), (sine * vectors[k, p]) + (cosine * vectors[k, q]));
        }

        for (var k = 0; k < a.GetLength(0); k++)
            (a[p, k], a[q, k]) = ((cosine * a[p, k]) - (sine * a[q, k]), (sine * a[p, k]) + (cosine * a[q, k]));
    }

    private static double[,] Product(double[,] x, double[,] y)
    {
        var size = x.GetLength(0);
        var product = new double[size, size];
        for (var i = 0; i < size; i++)
        {
            for (var k = 0; k < size; k++)
            {
                for (var j = 0; j < size; j++)
                    product[i, j] += x[i, k] * y[k, j];
            }
        }

        return product;
    }
}
