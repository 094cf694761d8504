using Menuet.Figures;

namespace Menuet.Fitting.Tests;

public class FitFiguresTests
{
    private static readonly FittedCurve Fit =
        CurveFit.Fit(CurveModel.LogLinear, Observations.Grid((l, s) => Observations.LogLinear(Observations.Ye, l, s), 9, 4, 20, 0.02, 1));

    [Fact]
    public void Curve_ShowsDataAndFitOfSixLevels()
    {
        var figure = FitFigures.Curve(Fit);
        var (lines, points) = (figure.Series.OfType<LineSeries>().ToArray(), figure.Series.OfType<ScatterSeries>().ToArray());
        Assert.Equal(["level 0", "level 2", "level 4", "level 5", "level 7", "level 9"], lines.Select(l => l.Name));
        Assert.Equal(lines.Select(l => l.Name), points.Select(p => p.Name));
        Assert.All(lines, l => Assert.All(l.Y.Zip(l.Low, l.High), t => Assert.True(t.Second < t.First && t.First < t.Third)));
        Assert.All(points, p => Assert.Equal(17, p.X.Length));
        Assert.Contains("<svg", Svg.Render(figure), StringComparison.Ordinal);
    }

    [Fact]
    public void Residuals_AreThoseOfTheFit()
    {
        Assert.Equal(Fit.Residuals.AsEnumerable(), FitFigures.ResidualsOverSteps(Fit).Series.OfType<ScatterSeries>().Single().Y);
        var other = FitFigures.ResidualsOverFitted(Fit).Series.OfType<ScatterSeries>().Single();
        Assert.Equal(Fit.Fitted.AsEnumerable(), other.X);
        Assert.All(other.X.Zip(other.Y, Fit.Points), t => Assert.Equal(t.Third.Quality, t.First + t.Second, 1e-12));
    }
}
