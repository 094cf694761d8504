namespace Menuet.Fitting;

/// <summary>The form of a quality curve.</summary>
public enum CurveModel
{
    /// <summary>A(l, s) = ρ1 ln(ρ2 l + 1) − ρ3 l + ρ4 ln(ρ5 s + 1) − ρ6 s over prompt level l and denoising steps s (Ye et al., Eq. 35).</summary>
    LogLinear,
    /// <summary>q(s) = curvature s² + slope s + intercept over denoising steps s (Lai et al. 2025, Eq. 2).</summary>
    Quadratic,
    /// <summary>q(s) = c − a exp(−k s), k > 0: saturation over denoising steps s.</summary>
    Exponential,
}

/// <summary>The names of the models on the command line and in reports.</summary>
public static class CurveModels
{
    /// <summary>All names, in the order of <see cref="CurveModel"/>.</summary>
    public static IReadOnlyList<string> Names { get; } = ["log-linear", "quadratic", "exponential"];

    /// <summary>The name of a model: log-linear, quadratic or exponential.</summary>
    public static string Name(CurveModel model) => Names[(int)model];

    /// <summary>The model of a name; false when there is none.</summary>
    public static bool TryParse(string name, out CurveModel model)
    {
        var index = Array.IndexOf([.. Names], name);
        model = (CurveModel)Math.Max(0, index);
        return index >= 0;
    }
}

/// <summary>One observation of quality.</summary>
/// <param name="Level">Prompt-optimisation level l, in [0, 1e9]; zero where it does not matter.</param>
/// <param name="Steps">Denoising steps s, in [0, 1e9].</param>
/// <param name="Quality">Observed quality, at most 1e60 in size.</param>
/// <param name="Weight">Positive; inversely proportional to the variance of the observation. Only ratios matter.</param>
public readonly record struct QualityPoint(double Level, double Steps, double Quality, double Weight = 1);
