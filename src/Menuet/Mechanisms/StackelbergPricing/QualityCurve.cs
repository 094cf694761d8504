using Menuet.Documents;

namespace Menuet.Mechanisms.StackelbergPricing;

/// <summary>Quality of content after S diffusion steps: q(S) = α S² + β S + γ.</summary>
/// <remarks>
/// Source: Lai et al. 2025, Eq. (2). Deviates: the fitted γ of the paper contradicts its own text, so γ = 0 unless given; it moves
/// an equilibrium only when followers may stay away.
/// </remarks>
public sealed record QualityCurve
{
    /// <summary>α, per step²; below 0.</summary>
    public double Curvature { get; init; } = -0.000174;

    /// <summary>β, per step; above 0.</summary>
    public double Slope { get; init; } = 0.075;

    /// <summary>γ, the quality of no steps at all.</summary>
    public double Intercept { get; init; }

    internal static Shape<QualityCurve> Shape { get; } = new Shape<QualityCurve>("Quality of content after S diffusion steps: curvature S² + slope S + intercept.")
        .Number("curvature", "α of q(S) = α S² + β S + γ", c => c.Curvature, (ref c, v) => c = c with { Curvature = v }, Interval.Negative, "per step²", required: true)
        .Number("slope", "β", c => c.Slope, (ref c, v) => c = c with { Slope = v }, Interval.Positive, "per step", required: true)
        .Number("intercept", "γ, the quality of no steps", c => c.Intercept, (ref c, v) => c = c with { Intercept = v });
}
