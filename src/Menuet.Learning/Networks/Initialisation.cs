using Menuet.Learning.Autodiff;

namespace Menuet.Learning.Networks;

/// <summary>How weights begin.</summary>
public enum Initialisation
{
    /// <summary>Orthonormal rows or columns times a gain. Source: Saxe, McClelland and Ganguli 2014.</summary>
    Orthogonal,

    /// <summary>Uniform within ±gain √(6/(inputs + outputs)). Source: Glorot and Bengio 2010, Eq. (16).</summary>
    Xavier,
}

internal static class Weights
{
    internal static void Fill(Matrix weight, Initialisation initialisation, float gain, ref Rng rng)
    {
        if (initialisation == Initialisation.Orthogonal)
            Orthogonal(weight, gain, ref rng);
        else
            Xavier(weight, gain, ref rng);
    }

    private static void Xavier(Matrix weight, float gain, ref Rng rng)
    {
        var bound = gain * Math.Sqrt(6.0 / (weight.Rows + weight.Columns));
        foreach (ref var w in weight.Values)
            w = (float)(bound * (2 * rng.NextDouble() - 1));
    }

    /// <summary>Gram and Schmidt, twice, in double precision, on Gaussian vectors along the longer side.</summary>
    private static void Orthogonal(Matrix weight, float gain, ref Rng rng)
    {
        int count = Math.Min(weight.Rows, weight.Columns), length = Math.Max(weight.Rows, weight.Columns);
        var vectors = new double[count][];
        for (var i = 0; i < count; i++)
        {
            var v = vectors[i] = new double[length];
            for (var j = 0; j < length; j++)
                v[j] = rng.NextNormal();
            for (var pass = 0; pass < 2; pass++)
                for (var other = 0; other < i; other++)
                    Add(v, vectors[other], -Dot(v, vectors[other]));
            var norm = Math.Sqrt(Dot(v, v));
            for (var j = 0; j < length; j++)
                v[j] /= norm;
        }
        var values = weight.Values;
        for (var row = 0; row < weight.Rows; row++)
            for (var column = 0; column < weight.Columns; column++)
                values[row * weight.Columns + column] = (float)(gain * (weight.Rows <= weight.Columns ? vectors[row][column] : vectors[column][row]));
    }

    private static double Dot(double[] x, double[] y)
    {
        var sum = 0.0;
        for (var i = 0; i < x.Length; i++)
            sum += x[i] * y[i];
        return sum;
    }

    private static void Add(double[] x, double[] y, double scale)
    {
        for (var i = 0; i < x.Length; i++)
            x[i] += scale * y[i];
    }
}
