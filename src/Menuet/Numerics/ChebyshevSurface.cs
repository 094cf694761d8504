using System.Numerics;

namespace Menuet.Numerics;

/// <summary>
/// A smooth function of two numbers on a rectangle, as a polynomial through Chebyshev points: a function that takes a microsecond to compute
/// becomes a few nanoseconds, many points at once.
/// </summary>
/// <remarks>
/// The degree is raised until the polynomial agrees with the function between its points. Monomial coefficients lose about a digit for every
/// two degrees, which is why the degree ends where it does. Source: Trefethen 2013, "Approximation Theory and Approximation Practice", ch. 3, 8.
/// </remarks>
internal sealed class ChebyshevSurface
{
    private const int HighestDegree = 20;
    private readonly double[] coefficients;
    private readonly int columns;
    private readonly double xMiddle, xScale, yMiddle, yScale;

    private ChebyshevSurface(double[] coefficients, int columns, double xMiddle, double xScale, double yMiddle, double yScale) =>
        (this.coefficients, this.columns, this.xMiddle, this.xScale, this.yMiddle, this.yScale) = (coefficients, columns, xMiddle, xScale, yMiddle, yScale);

    /// <summary>The polynomial; null when none of a permitted degree is as near as asked.</summary>
    /// <param name="function">Of x and y.</param>
    /// <param name="xMin">Lower end of x.</param>
    /// <param name="xMax">Upper end of x.</param>
    /// <param name="yMin">Lower end of y.</param>
    /// <param name="yMax">Upper end of y.</param>
    /// <param name="error">Largest absolute error permitted.</param>
    internal static ChebyshevSurface? Fit(Func<double, double, double> function, double xMin, double xMax, double yMin, double yMax, double error)
    {
        var (xMiddle, xHalf, yMiddle, yHalf) = ((xMin + xMax) / 2, (xMax - xMin) / 2, (yMin + yMax) / 2, (yMax - yMin) / 2);
        for (var degree = 6; degree <= HighestDegree; degree += 2)
        {
            var (rows, columns) = (xHalf > 0 ? degree + 1 : 1, yHalf > 0 ? degree + 1 : 1);
            var values = new double[rows * columns];
            for (var i = 0; i < rows; i++)
            {
                for (var j = 0; j < columns; j++)
                {
                    values[(i * columns) + j] = function(xMiddle + (xHalf * Point(i, rows)), yMiddle + (yHalf * Point(j, columns)));
                }
            }

            var surface = new ChebyshevSurface(
                Monomials(values, rows, columns), columns, xMiddle, xHalf > 0 ? 1 / xHalf : 0, yMiddle, yHalf > 0 ? 1 / yHalf : 0);
            if (surface.Error(function, xMiddle, xHalf, yMiddle, yHalf) <= error)
            {
                return surface;
            }
        }

        return null;
    }

    /// <summary>The function at many points; all spans of one length, a multiple of <see cref="Vector{T}.Count"/>.</summary>
    internal void At(ReadOnlySpan<double> x, ReadOnlySpan<double> y, Span<double> results)
    {
        var rows = coefficients.Length / columns;
        var count = Math.Max(rows, columns);
        for (var start = 0; start < results.Length; start += Vector<double>.Count)
        {
            var u = (new Vector<double>(x[start..]) - new Vector<double>(xMiddle)) * xScale;
            var v = (new Vector<double>(y[start..]) - new Vector<double>(yMiddle)) * yScale;
            var outer = Vector<double>.Zero;
            for (var i = rows - 1; i >= 0; i--)
            {
                var inner = Vector<double>.Zero;
                for (var j = Math.Min(columns, count - i) - 1; j >= 0; j--)
                {
                    inner = Vector.FusedMultiplyAdd(inner, v, new Vector<double>(coefficients[(i * columns) + j]));
                }

                outer = Vector.FusedMultiplyAdd(outer, u, inner);
            }

            outer.CopyTo(results[start..]);
        }
    }

    private double Error(Func<double, double, double> function, double xMiddle, double xHalf, double yMiddle, double yHalf)
    {
        const int Probes = 17;
        var (x, y, found) = (new double[Vector<double>.Count], new double[Vector<double>.Count], new double[Vector<double>.Count]);
        var worst = 0.0;
        for (var i = 0; i <= Probes; i++)
        {
            for (var j = 0; j <= Probes; j++)
            {
                x[0] = xMiddle + (xHalf * ((2.0 * i / Probes) - 1));
                y[0] = yMiddle + (yHalf * ((2.0 * j / Probes) - 1));
                At(x, y, found);
                worst = Math.Max(worst, Math.Abs(found[0] - function(x[0], y[0])));
            }
        }

        return worst;
    }

    /// <summary>Chebyshev points of the first kind.</summary>
    private static double Point(int index, int count) => count == 1 ? 0 : Math.Cos(Math.PI * (index + 0.5) / count);

    /// <summary>Coefficients of x^a y^b from values at Chebyshev points; terms of a total degree beyond that of one side are left out.</summary>
    private static double[] Monomials(double[] values, int rows, int columns)
    {
        var chebyshev = Product(Cosines(rows), values, Cosines(columns), rows, columns);
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < columns; j++)
            {
                chebyshev[(i * columns) + j] = i + j < Math.Max(rows, columns) ? chebyshev[(i * columns) + j] : 0;
            }
        }

        return Product(Powers(rows), chebyshev, Powers(columns), rows, columns);
    }

    /// <summary>L M Rᵀ.</summary>
    private static double[] Product(double[,] left, double[] middle, double[,] right, int rows, int columns)
    {
        var result = new double[middle.Length];
        for (var a = 0; a < rows; a++)
        {
            for (var b = 0; b < columns; b++)
            {
                for (var i = 0; i < rows; i++)
                {
                    for (var j = 0; j < columns; j++)
                    {
                        result[(a * columns) + b] += left[a, i] * middle[(i * columns) + j] * right[b, j];
                    }
                }
            }
        }

        return result;
    }

    /// <summary>From values at Chebyshev points to coefficients of Chebyshev polynomials.</summary>
    private static double[,] Cosines(int count)
    {
        var result = new double[count, count];
        for (var k = 0; k < count; k++)
        {
            for (var j = 0; j < count; j++)
            {
                result[k, j] = (k == 0 ? 1.0 : 2.0) / count * Math.Cos(k * Math.PI * (j + 0.5) / count);
            }
        }

        return result;
    }

    /// <summary>From coefficients of Chebyshev polynomials to those of powers, by the recurrence T_k = 2 x T_{k−1} − T_{k−2}.</summary>
    private static double[,] Powers(int count)
    {
        var result = new double[count, count];
        result[0, 0] = 1;
        if (count > 1)
        {
            result[1, 1] = 1;
        }

        for (var k = 2; k < count; k++)
        {
            for (var a = 0; a < count; a++)
            {
                result[a, k] = (a > 0 ? 2 * result[a - 1, k - 1] : 0) - result[a, k - 2];
            }
        }

        return result;
    }
}
