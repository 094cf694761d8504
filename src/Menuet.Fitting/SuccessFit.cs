using System.Collections.Immutable;

namespace Menuet.Fitting;

/// <summary>Success probability of an attempt as a function of quality: ζ(A) = 1 / (1 + exp(−(A − threshold) / spread)).</summary>
/// <param name="Threshold">Where half of all attempts succeed, quality points.</param>
/// <param name="Spread">How sharply success rises, quality points; &gt; 0.</param>
public sealed record SuccessFit(double Threshold, double Spread)
{
    private const int MostIterations = 200;

    /// <summary>ζ at a quality; in [0, 1].</summary>
    public double At(double quality) => 1 / (1 + Math.Exp(-(quality - Threshold) / Spread));

    /// <summary>The logistic curve of largest likelihood, half a success and half a failure added to each cell so that it always exists.</summary>
    /// <param name="cells">Quality by the fitted curve, share of successes in [0, 1] and number of attempts; at least two different qualities.</param>
    /// <remarks>Source: McCullagh and Nelder 1989, Ch. 4 (Newton's method on the likelihood); Haldane 1956 and Anscombe 1956 (the halves).</remarks>
    /// <exception cref="InvalidRequestException">Success does not rise with quality.</exception>
    public static SuccessFit Of(ImmutableArray<(double Quality, double Share, double Count)> cells)
    {
        if (cells.Any(cell => !double.IsFinite(cell.Quality) || !(cell.Share is >= 0 and <= 1) || !(cell.Count >= 1)) || cells.Select(cell => cell.Quality).Distinct().Count() < 2)
            throw new InvalidRequestException([new Problem("success", "needs finite qualities, at least two different ones, and shares of successes in [0, 1]")]);
        var mean = cells.Average(cell => cell.Quality);
        var unit = Math.Sqrt(cells.Average(cell => (cell.Quality - mean) * (cell.Quality - mean)));
        var (a, b) = (0.0, 0.0);
        var best = Likelihood(a, b);
        for (var i = 0; i < MostIterations; i++)
        {
            double g0 = 0, g1 = 0, h00 = 0, h01 = 0, h11 = 0;
            foreach (var (quality, share, count) in cells)
            {
                var x = (quality - mean) / unit;
                var p = 1 / (1 + Math.Exp(-(a + (b * x))));
                var (rest, weight) = ((share * count) + 0.5 - ((count + 1) * p), (count + 1) * p * (1 - p));
                (g0, g1, h00, h01, h11) = (g0 + rest, g1 + (rest * x), h00 + weight, h01 + (weight * x), h11 + (weight * x * x));
            }
            var determinant = (h00 * h11) - (h01 * h01);
            if (!(determinant > 0))
                break;
            var (da, db) = (((h11 * g0) - (h01 * g1)) / determinant, ((h00 * g1) - (h01 * g0)) / determinant);
            var step = 1.0;
            while (step > 1e-12 && !(Likelihood(a + (step * da), b + (step * db)) >= best))
                step /= 2;
            (a, b) = (a + (step * da), b + (step * db));
            best = Likelihood(a, b);
            if (Math.Abs(step * da) + Math.Abs(step * db) < 1e-13 * (1 + Math.Abs(a) + Math.Abs(b)))
                break;
        }
        return b > 0 ? new(mean - (a / b * unit), unit / b)
            : throw new InvalidRequestException([new Problem("success", "does not rise with quality; no success model of this form exists")]);

        double Likelihood(double intercept, double slope) => cells.Sum(cell =>
        {
            var eta = intercept + (slope * (cell.Quality - mean) / unit);
            return -(((cell.Share * cell.Count) + 0.5) * Softplus(-eta)) - ((((1 - cell.Share) * cell.Count) + 0.5) * Softplus(eta));
        });
    }

    private static double Softplus(double x) => x > 0 ? x + Math.Log(1 + Math.Exp(-x)) : Math.Log(1 + Math.Exp(x));
}
