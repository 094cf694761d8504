using System.Globalization;
using System.Text.Json.Nodes;

namespace Menuet.Fitting.Tests;

public class MarketFragmentTests
{
    [Fact]
    public void LogLinear_GivesRho()
    {
        var fit = CurveFit.Fit(CurveModel.LogLinear, Observations.Grid((l, s) => Observations.LogLinear(Observations.Ye, l, s), 10, 1, 20));
        var rho = MarketFragment.Of(fit).Members["qualityModel"]!["rho"]!.AsArray().Select(v => v!.GetValue<double>());
        Assert.Equal(fit.Parameters.Select(p => p.Value), rho);
    }

    [Fact]
    public void Quadratic_GivesTheThreeCoefficients()
    {
        var fit = CurveFit.Fit(CurveModel.Quadratic, Observations.Line(s => (-0.000174 * s * s) + (0.075 * s) + 1, Observations.Range(1, 300)));
        var text = MarketFragment.Of(fit).ToPaste();
        var quality = JsonNode.Parse($"{{{text}}}")!["quality"]!;
        Assert.Equal(-0.000174, quality["curvature"]!.GetValue<double>(), 1e-12);
        Assert.Equal(0.075, quality["slope"]!.GetValue<double>(), 1e-10);
        Assert.Equal(1, quality["intercept"]!.GetValue<double>(), 1e-9);
        Assert.DoesNotContain("refuses", MarketFragment.Of(fit).Where, StringComparison.Ordinal);
    }

    [Fact]
    public void Quadratic_Convex_IsSaidToBeRefused()
    {
        var fit = CurveFit.Fit(CurveModel.Quadratic, Observations.Line(s => s * s, Observations.Range(1, 9)));
        Assert.Contains("refuses", MarketFragment.Of(fit).Where, StringComparison.Ordinal);
    }

    [Fact]
    public void Exponential_GivesATableOverTheWholeStepsOfTheData()
    {
        var fit = CurveFit.Fit(CurveModel.Exponential, Observations.Line(s => 5 - (2 * Math.Exp(-0.2 * s)), [3.5, 5, 6.5, 9, 12.9]));
        var members = MarketFragment.Of(fit).Members;
        var table = members["qualityModel"]!["table"]!.AsArray();
        var row = Assert.Single(table)!.AsArray().Select(v => v!.GetValue<double>()).ToArray();
        Assert.Equal([0, 0, 4, 12], new[] { "levelMin", "levelMax", "stepsMin", "stepsMax" }.Select(k => members[k]!.GetValue<long>()));
        Assert.Equal(9, row.Length);
        for (var i = 0; i < row.Length; i++)
            Assert.Equal(5 - (2 * Math.Exp(-0.2 * (4 + i))), row[i], 1e-9);
    }

    [Fact]
    public void Exponential_NoWholeStep_SaysSo()
    {
        var fit = CurveFit.Fit(CurveModel.Exponential, Observations.Line(s => 5 - (2 * Math.Exp(-2 * s)), [0.1, 0.2, 0.5, 0.9]));
        Assert.Empty(MarketFragment.Of(fit).Members);
        Assert.Contains("no whole number", MarketFragment.Of(fit).Where, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("log-linear", CurveModel.LogLinear)]
    [InlineData("quadratic", CurveModel.Quadratic)]
    [InlineData("exponential", CurveModel.Exponential)]
    public void Names_RoundTrip(string name, CurveModel model)
    {
        Assert.True(CurveModels.TryParse(name, out var parsed));
        Assert.Equal(model, parsed);
        Assert.Equal(name, CurveModels.Name(model));
        Assert.False(CurveModels.TryParse(name.ToUpper(CultureInfo.InvariantCulture), out _));
    }
}
