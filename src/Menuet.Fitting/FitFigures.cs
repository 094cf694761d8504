using System.Collections.Immutable;
using System.Globalization;
using MathNet.Numerics.Distributions;
using Menuet.Figures;

namespace Menuet.Fitting;

/// <summary>Pictures of a fitted curve.</summary>
public static class FitFigures
{
    private const int MostLevels = 6;
    private const int Resolution = 121;

    /// <summary>The observations and the curve over steps, with the pointwise 95 % confidence band of the curve.</summary>
    /// <param name="curve">With more than six levels, six spread over them are shown.</param>
    public static Figure Curve(FittedCurve curve)
    {
        ArgumentNullException.ThrowIfNull(curve);
        var quantile = StudentT.InvCDF(0, 1, curve.DegreesOfFreedom, 0.975);
        var (first, last) = (curve.Points.Min(p => p.Steps), curve.Points.Max(p => p.Steps));
        ImmutableArray<double> steps = [.. Enumerable.Range(0, Resolution).Select(i => first + ((last - first) * i / (Resolution - 1)))];
        var levels = curve.Model == CurveModel.LogLinear ? Shown(curve) : [0];
        var series = ImmutableArray.CreateBuilder<Series>();
        foreach (var level in levels)
        {
            var name = curve.Model == CurveModel.LogLinear ? Named(level) : "";
            ImmutableArray<double> values = [.. steps.Select(s => curve.Evaluate(level, s))];
            ImmutableArray<double> margin = [.. steps.Select(s => quantile * curve.StandardErrorAt(level, s))];
            var observed = curve.Points.Where(p => curve.Model != CurveModel.LogLinear || p.Level == level).ToArray();
            series.Add(new LineSeries(name.Length > 0 ? name : "fit", steps, values)
            {
                Low = [.. values.Zip(margin, (v, m) => v - m)],
                High = [.. values.Zip(margin, (v, m) => v + m)],
            });
            series.Add(new ScatterSeries(name.Length > 0 ? name : "data", [.. observed.Select(p => p.Steps)], [.. observed.Select(p => p.Quality)]));
        }
        var share = curve.RSquared.ToString("F4", CultureInfo.InvariantCulture);
        return new Figure($"Quality: {CurveModels.Name(curve.Model)} fit", new Axis("Steps"), new Axis("Quality"), series.ToImmutable(),
            $"R² = {share}, {curve.Points.Length} observations. The band is the pointwise 95 % confidence interval of the curve.");
    }

    /// <summary>Residuals over steps: a bend or a funnel says that the model or the weights are wrong.</summary>
    public static Figure ResidualsOverSteps(FittedCurve curve)
    {
        ArgumentNullException.ThrowIfNull(curve);
        return Residuals(curve, "steps", new Axis("Steps"), [.. curve.Points.Select(p => p.Steps)]);
    }

    /// <summary>Residuals over fitted values.</summary>
    public static Figure ResidualsOverFitted(FittedCurve curve)
    {
        ArgumentNullException.ThrowIfNull(curve);
        return Residuals(curve, "fitted values", new Axis("Fitted quality"), curve.Fitted);
    }

    private static Figure Residuals(FittedCurve curve, string over, Axis axis, ImmutableArray<double> at)
    {
        var byLevel = curve.Points.Select((p, i) => (p.Level, i)).GroupBy(p => p.Level, p => p.i).OrderBy(g => g.Key).ToArray();
        if (curve.Model != CurveModel.LogLinear || byLevel.Length > MostLevels)
            byLevel = [.. Enumerable.Range(0, at.Length).GroupBy(_ => 0.0)];
        var series = byLevel.Select(Series (g) => new ScatterSeries(
            byLevel.Length > 1 ? Named(g.Key) : "", [.. g.Select(i => at[i])], [.. g.Select(i => curve.Residuals[i])]));
        var error = curve.ResidualStandardError.ToString("G4", CultureInfo.InvariantCulture);
        return new Figure($"Residuals of the {CurveModels.Name(curve.Model)} fit over {over}", axis, new Axis("Observed less fitted quality"),
            [new ReferenceLine("", ReferenceDirection.Horizontal, 0), .. series],
            $"Residual standard error {error} on {curve.DegreesOfFreedom} degrees of freedom.");
    }

    private static double[] Shown(FittedCurve curve)
    {
        double[] levels = [.. curve.Points.Select(p => p.Level).Distinct().Order()];
        var count = Math.Min(MostLevels, levels.Length);
        return [.. Enumerable.Range(0, count).Select(i => levels[(int)Math.Round((double)i * (levels.Length - 1) / (count - 1))])];
    }

    private static string Named(double level) => string.Create(CultureInfo.InvariantCulture, $"level {level:G6}");
}
