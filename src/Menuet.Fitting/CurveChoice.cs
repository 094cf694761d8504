using System.Collections.Immutable;

namespace Menuet.Fitting;

/// <summary>All families of curves fitted to the same observations, ranked by Akaike's criterion corrected for small samples.</summary>
/// <remarks>Source: Hurvich and Tsai 1989; Burnham and Anderson 2002, Sec. 2.4: differences above 10 leave the worse curve no support.</remarks>
/// <param name="Ranked">Best first; at least one. Of curves with equal criteria the one with fewer parameters stands first.</param>
/// <param name="LeftOut">Families that the observations cannot determine, and why.</param>
public sealed record CurveChoice(ImmutableArray<FittedCurve> Ranked, ImmutableArray<(CurveModel Model, ImmutableArray<Problem> Problems)> LeftOut)
{
    /// <summary>The curve of the least criterion.</summary>
    public FittedCurve Best => Ranked[0];

    /// <summary>The next; null when only one family could be fitted.</summary>
    public FittedCurve? RunnerUp => Ranked.Length > 1 ? Ranked[1] : null;

    /// <summary>How far a curve's criterion is above the best; ≥ 0, 0 for the best.</summary>
    public double Behind(FittedCurve curve)
    {
        ArgumentNullException.ThrowIfNull(curve);
        return curve.CorrectedAkaike == Best.CorrectedAkaike ? 0 : curve.CorrectedAkaike - Best.CorrectedAkaike;
    }

    /// <summary>Fits every family that the observations can determine.</summary>
    /// <param name="csv">As <see cref="QualityCsv.Read"/> takes it.</param>
    /// <param name="weighted">As there.</param>
    /// <exception cref="InvalidRequestException">The file is malformed, or has too few observations for any family.</exception>
    public static CurveChoice Of(string csv, bool weighted = true)
    {
        var fitted = new List<FittedCurve>();
        var leftOut = ImmutableArray.CreateBuilder<(CurveModel, ImmutableArray<Problem>)>();
        foreach (var model in Enum.GetValues<CurveModel>())
        {
            try
            {
                using var reader = new StringReader(csv);
                var curve = CurveFit.Fit(model, QualityCsv.Read(reader, model, weighted));
                if (double.IsPositiveInfinity(curve.CorrectedAkaike))
                    leftOut.Add((model, [new("points", $"the {CurveModels.Name(model)} curve has {curve.DegreesOfFreedom} degrees of freedom left; its criterion needs 3")]));
                else
                    fitted.Add(curve);
            }
            catch (InvalidRequestException error)
            {
                leftOut.Add((model, error.Problems));
            }
        }
        // What one family lacks another may not need; what all of them lack is the file's fault.
        return fitted.Count > 0
            ? new([.. fitted.OrderBy(curve => curve.CorrectedAkaike).ThenBy(curve => curve.Parameters.Length)], leftOut.ToImmutable())
            : throw new InvalidRequestException([.. leftOut.SelectMany(one => one.Item2).Distinct()]);
    }
}
