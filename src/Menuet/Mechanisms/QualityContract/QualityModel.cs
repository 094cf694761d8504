using System.Collections.Immutable;
using Menuet.Documents;

namespace Menuet.Mechanisms.QualityContract;

/// <summary>Quality by prompt level and denoising steps: a fitted curve or a table, exactly one of them.</summary>
/// <remarks>Source: Ye et al., Eq. (1) and (35).</remarks>
public sealed record QualityModel
{
    private const int Parameters = 6;

    /// <summary>ρ of <c>A(l, s) = ρ1 ln(ρ2 l + 1) − ρ3 l + ρ4 ln(ρ5 s + 1) − ρ6 s</c>; six numbers; <c>default</c> when a table is given.</summary>
    public ImmutableArray<double> Rho { get; init; }

    /// <summary>A(l, s), quality points: one row per level from levelMin, one column per step from stepsMin; <c>default</c> when ρ is given.</summary>
    public ImmutableArray<ImmutableArray<double>> Table { get; init; }

    internal static Shape<QualityModel> Shape { get; } = new Shape<QualityModel>("Quality by prompt level and denoising steps: either rho or table.")
        .Numbers("rho", "ρ of A(l, s) = ρ1 ln(ρ2 l + 1) − ρ3 l + ρ4 ln(ρ5 s + 1) − ρ6 s", m => m.Rho, (ref m, v) => m = m with { Rho = v }, minCount: Parameters, maxCount: Parameters)
        .Matrix("table", "A(l, s): rows are levels from levelMin, columns are steps from stepsMin", m => m.Table, (ref m, v) => m = m with { Table = v }, unit: "quality points");

    /// <summary>What the prompt level adds to the fitted curve, quality points.</summary>
    internal double LevelPart(int level) => (Rho[0] * Math.Log((Rho[1] * level) + 1)) - (Rho[2] * level);

    /// <summary>What the denoising steps add to the fitted curve, quality points.</summary>
    internal double StepsPart(int steps) => (Rho[3] * Math.Log((Rho[4] * steps) + 1)) - (Rho[5] * steps);

    internal IEnumerable<Problem> Problems(QualityMarket market)
    {
        if (Rho.IsDefault == Table.IsDefault)
        {
            yield return new("$.qualityModel", Rho.IsDefault ? "needs rho (six numbers) or table" : "has both rho and table; keep one");
            yield break;
        }

        if (Table.IsDefault)
        {
            // The arguments are linear, so positive at both ends means positive between them.
            foreach (var level in new[] { market.LevelMin, market.LevelMax }.Distinct().Where(level => !((Rho[1] * level) + 1 > 0)))
            {
                yield return Problem.With("$.qualityModel.rho[1]", Rho[1], FormattableString.Invariant($"ln(rho2 l + 1) does not exist at level {level}"));
            }

            foreach (var steps in new[] { market.StepsMin, market.StepsMax }.Distinct().Where(steps => !((Rho[4] * steps) + 1 > 0)))
            {
                yield return Problem.With("$.qualityModel.rho[4]", Rho[4], FormattableString.Invariant($"ln(rho5 s + 1) does not exist at {steps} steps"));
            }

            yield break;
        }

        var rows = market.LevelMax - market.LevelMin + 1;
        var columns = market.StepsMax - market.StepsMin + 1;
        if (Table.Length != rows)
        {
            yield return Problem.With("$.qualityModel.table", Table.Length, FormattableString.Invariant($"must have {rows} rows, one per level from {market.LevelMin} to {market.LevelMax}; this is how many it has"));
        }

        for (var row = 0; row < Table.Length; row++)
        {
            if (Table[row].Length != columns)
            {
                yield return Problem.With($"$.qualityModel.table[{row}]", Table[row].Length, FormattableString.Invariant($"must have {columns} numbers, one per step from {market.StepsMin} to {market.StepsMax}; this is how many it has"));
            }
        }
    }
}
