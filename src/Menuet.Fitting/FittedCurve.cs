using System.Collections.Immutable;

namespace Menuet.Fitting;

/// <summary>One parameter of a fitted curve.</summary>
/// <param name="Name">Its name in the model's equation: rho1, curvature, k.</param>
/// <param name="Unit">In terms of quality, level and step.</param>
/// <param name="Value">Least squares estimate.</param>
/// <param name="StandardError">Root of the diagonal of the covariance; infinite when the data do not determine the parameter.</param>
public sealed record FittedParameter(string Name, string Unit, double Value, double StandardError);

/// <summary>A quality curve fitted by weighted least squares, and how far it can be trusted.</summary>
/// <remarks>With n points, p parameters, weights w scaled to mean 1, residuals e = observed − fitted and S = Σ w e².</remarks>
public sealed record FittedCurve
{
    internal FittedCurve()
    {
    }

    /// <summary>The form that was fitted.</summary>
    public required CurveModel Model { get; init; }

    /// <summary>The observations, in input order; length n.</summary>
    public required ImmutableArray<QualityPoint> Points { get; init; }

    /// <summary>The estimates, in the order of the model's equation; length p.</summary>
    public required ImmutableArray<FittedParameter> Parameters { get; init; }

    /// <summary>σ² (J' W J)⁻¹, p × p; infinite variances and NaN covariances for parameters that the data do not determine.</summary>
    public required ImmutableArray<ImmutableArray<double>> Covariance { get; init; }

    /// <summary>Values of the curve at the points; length n.</summary>
    public required ImmutableArray<double> Fitted { get; init; }

    /// <summary>Observed less fitted; length n.</summary>
    public required ImmutableArray<double> Residuals { get; init; }

    /// <summary>n − p, positive.</summary>
    public required int DegreesOfFreedom { get; init; }

    /// <summary>σ = √(S / (n − p)), the standard deviation of an observation of weight 1.</summary>
    public required double ResidualStandardError { get; init; }

    /// <summary>√(S / n).</summary>
    public required double RootMeanSquareError { get; init; }

    /// <summary>1 − S / Σ w (q − q̄)², q̄ the weighted mean.</summary>
    public required double RSquared { get; init; }

    /// <summary>1 − (1 − R²) (n − 1) / (n − p).</summary>
    public required double AdjustedRSquared { get; init; }

    /// <summary>Akaike's criterion −2 ln L + 2 (p + 1), normal errors, σ counted; minus infinity for an exact fit.</summary>
    public required double Akaike { get; init; }

    /// <summary>
    /// Akaike's criterion corrected for small samples, AIC + 2 k (k + 1) / (n − k − 1) with k = p + 1; infinite when n ≤ k + 1, minus infinity for an
    /// exact fit of more points. Compares curves through the same points with the same weights.
    /// </summary>
    /// <remarks>Source: Hurvich and Tsai 1989.</remarks>
    public double CorrectedAkaike
    {
        get
        {
            var (k, spare) = (Parameters.Length + 1.0, DegreesOfFreedom - 2);
            return spare <= 0 ? double.PositiveInfinity : Akaike + (2 * k * (k + 1) / spare);
        }
    }

    /// <summary>Schwarz's criterion −2 ln L + (p + 1) ln n; minus infinity for an exact fit.</summary>
    public required double Bayesian { get; init; }

    /// <summary>Condition of the Jacobian with columns of length one; 1 is best, infinite when some parameter is not determined.</summary>
    public required double Condition { get; init; }

    /// <summary>Optimal for a linear model; Converged, LimitReached or NumericalTrouble for the others.</summary>
    public required Termination Termination { get; init; }

    /// <summary>Why the search stopped, in words.</summary>
    public required string Reason { get; init; }

    /// <summary>Iterations of the Levenberg-Marquardt search that gave the answer; 0 for a linear model.</summary>
    public required int Iterations { get; init; }

    /// <summary>What to know before using the curve: parameters hardly determined, signs that a market refuses. Empty when all is well.</summary>
    public required ImmutableArray<string> Warnings { get; init; }

    internal SeparableCurve Form { get; init; } = null!;

    /// <summary>F with covariance F'F over the determined directions; keeps digits that the covariance has lost.</summary>
    internal ImmutableArray<ImmutableArray<double>> Root { get; init; } = [];

    /// <summary>The curve's value.</summary>
    /// <param name="level">Prompt level, >= 0; ignored by curves over steps alone.</param>
    /// <param name="steps">Denoising steps, >= 0.</param>
    public double Evaluate(double level, double steps) => Form.Value(level, steps, Values());

    /// <summary>Standard error of the curve's value (not of a new observation), to first order: √(g' Cov g), g = ∂q/∂parameters.</summary>
    /// <param name="level">Prompt level, >= 0.</param>
    /// <param name="steps">Denoising steps, >= 0.</param>
    public double StandardErrorAt(double level, double steps)
    {
        var gradient = new double[Parameters.Length];
        Form.Gradient(level, steps, Values(), gradient);
        var sum = 0.0;
        foreach (var row in Root)
        {
            var product = row.Zip(gradient).Sum(p => p.First * p.Second);
            sum += product * product;
        }
        return Math.Sqrt(sum);
    }

    private double[] Values() => [.. Parameters.Select(p => p.Value)];
}
