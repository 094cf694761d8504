using System.Collections.Immutable;

namespace Menuet.Screening;

/// <summary>
/// Quality of content over prompt optimisation level l and denoising steps s:
/// A(l, s) = ρ1 ln(ρ2 l + 1) − ρ3 l + ρ4 ln(ρ5 s + 1) − ρ6 s, in NIMA points.
/// </summary>
/// <param name="Rho">ρ1 … ρ6.</param>
/// <remarks>
/// Source: Ye et al., Eq. (1), (35). Deviates: the paper calls A increasing; its own fit peaks at l = 2.51, s = 16.80, so nothing
/// here assumes monotonicity or sign.
/// </remarks>
public readonly record struct QualityCurve(ImmutableArray<double> Rho)
{
    /// <summary>How many parameters the curve has.</summary>
    public const int Parameters = 6;

    /// <summary>A(l, s); NaN or −∞ where a logarithm is undefined.</summary>
    /// <param name="level">l ≥ 0.</param>
    /// <param name="steps">s ≥ 0.</param>
    public double At(int level, int steps) =>
        (Rho[0] * Math.Log((Rho[1] * level) + 1)) - (Rho[2] * level) + (Rho[3] * Math.Log((Rho[4] * steps) + 1)) - (Rho[5] * steps);

    /// <summary>True when both logarithms exist for every level up to <paramref name="levelMax"/> and every number of steps up to <paramref name="stepsMax"/>.</summary>
    public bool IsDefinedUpTo(int levelMax, int stepsMax) => (Rho[1] * levelMax) + 1 > 0 && (Rho[4] * stepsMax) + 1 > 0;
}
