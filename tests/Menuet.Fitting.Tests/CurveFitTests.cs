using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;

namespace Menuet.Fitting.Tests;

public class CurveFitTests
{
    [Theory]
    [InlineData(10, 1, 20)]
    [InlineData(10, 4, 20)]
    [InlineData(3, 4, 20)]
    public void LogLinear_PublishedCurveWithoutNoise_IsRecovered(int levels, int first, int last)
    {
        var fit = CurveFit.Fit(CurveModel.LogLinear, Observations.Grid((l, s) => Observations.LogLinear(Observations.Ye, l, s), levels, first, last));
        Assert.Equal(Termination.Converged, fit.Termination);
        for (var i = 0; i < 6; i++)
            Assert.Equal(1, fit.Parameters[i].Value / Observations.Ye[i], 1e-6);
        Assert.Equal(Observations.Ye[3] * Math.Log(Observations.Ye[4]), fit.Parameters[3].Value * Math.Log(fit.Parameters[4].Value), 1e-6);
        Assert.True(fit.RootMeanSquareError < 1e-12, $"{fit.RootMeanSquareError}");
        Assert.Equal(1, fit.RSquared, 1e-12);
    }

    [Fact]
    public void LogLinear_AnyCurveWithoutNoise_IsFittedToRounding() => Check.One(Config.QuickThrowOnFailure.WithMaxTest(20), Prop.ForAll(
        Arb.From(
            from rho in Gen.Choose(1, 1000).ArrayOf(6)
            from power in Gen.Choose(-2, 3)
            from money in Gen.Choose(-6, 6)
            select (Rho: rho.Select((v, i) => v * (i is 1 or 4 ? Math.Pow(10, power - 2) : 0.001)).ToArray(), Unit: Math.Pow(10, money))),
        c =>
        {
            var fit = CurveFit.Fit(CurveModel.LogLinear, Observations.Grid((l, s) => c.Unit * Observations.LogLinear(c.Rho, l, s), 6, 1, 12));
            var size = fit.Points.Max(p => Math.Abs(p.Quality));
            Assert.True(fit.RootMeanSquareError < 1e-7 * size, $"{fit.RootMeanSquareError} of {size}: {fit.Reason}");
        }));

    [Fact]
    public void LogLinear_NoisyPublishedCurve_IsWithinThreeStandardErrors()
    {
        const int runs = 60;
        var (parameters, curve, within) = (0, 0, 0);
        for (var seed = 1; seed <= runs; seed++)
        {
            var fit = CurveFit.Fit(CurveModel.LogLinear, Observations.Grid((l, s) => Observations.LogLinear(Observations.Ye, l, s), 10, 4, 20, 0.003, seed));
            var truth = Observations.Ye;
            parameters += Enumerable.Range(0, 6).All(i => Math.Abs(fit.Parameters[i].Value - truth[i]) <= 3 * fit.Parameters[i].StandardError) ? 1 : 0;
            curve += fit.Points.All(p => Math.Abs(fit.Evaluate(p.Level, p.Steps) - Observations.LogLinear(truth, p.Level, p.Steps)) <= 3 * fit.StandardErrorAt(p.Level, p.Steps)) ? 1 : 0;
            within += Math.Abs(fit.ResidualStandardError / 0.003 - 1) < 0.2 ? 1 : 0;
        }
        Assert.InRange(parameters, 0.95 * runs, runs);
        Assert.InRange(curve, 0.95 * runs, runs);
        Assert.Equal(runs, within);
    }

    [Fact]
    public void StandardErrors_MatchTheScatterOfManyFits()
    {
        const int runs = 120;
        var estimates = Enumerable.Range(1, runs).Select(seed =>
            CurveFit.Fit(CurveModel.Exponential, Observations.Line(s => 5.4 - (2 * Math.Exp(-0.3 * s)), Observations.Range(1, 20), 0.01, seed))).ToArray();
        for (var j = 0; j < 3; j++)
        {
            var values = estimates.Select(f => f.Parameters[j].Value).ToArray();
            var deviation = Math.Sqrt(values.Sum(v => (v - values.Average()) * (v - values.Average())) / (runs - 1));
            Assert.InRange(estimates.Average(f => f.Parameters[j].StandardError) / deviation, 0.8, 1.25);
        }
    }

    [Fact]
    public void LogLinear_WeaklyDeterminedParameters_AreReportedAndTheCurveIsGood()
    {
        // Four levels hardly bend the level part, and noise of 0.1 hides how the intercept rho4 ln rho5 divides.
        var fit = CurveFit.Fit(CurveModel.LogLinear, Observations.Grid((l, s) => Observations.LogLinear(Observations.Ye, l, s), 3, 4, 20, 0.1, 4));
        foreach (var (j, name) in new[] { (0, "rho1"), (4, "rho5") })
        {
            Assert.True(fit.Parameters[j].StandardError > fit.Parameters[j].Value / 2);
            Assert.Contains(fit.Warnings, w => w.StartsWith($"{name} = ", StringComparison.Ordinal));
        }
        Assert.InRange(fit.Condition, 100, 1e5);
        Assert.All(fit.Points, p => Assert.InRange(fit.StandardErrorAt(p.Level, p.Steps), 0, 0.06));
        Assert.All(fit.Points, p => Assert.Equal(Observations.LogLinear(Observations.Ye, p.Level, p.Steps), fit.Evaluate(p.Level, p.Steps), 0.18));
    }

    [Fact]
    public void LogLinear_Compensation_IsWarnedOf()
    {
        var fit = CurveFit.Fit(CurveModel.LogLinear, Observations.Grid((l, s) => Observations.LogLinear(Observations.Ye, l, s), 3, 4, 20, 0.005, 3));
        Assert.True(fit.Condition > 1e5);
        Assert.Contains(fit.Warnings, w => w.StartsWith("the parameters compensate", StringComparison.Ordinal));
    }

    [Fact]
    public void LogLinear_TwoLevels_FitsAndSaysWhatIsNotDetermined()
    {
        var fit = CurveFit.Fit(CurveModel.LogLinear, Observations.Grid((l, s) => Observations.LogLinear(Observations.Ye, l, s), 1, 4, 20));
        Assert.True(fit.RootMeanSquareError < 1e-9);
        Assert.True(double.IsPositiveInfinity(fit.Condition));
        Assert.Equal(double.PositiveInfinity, fit.Parameters[0].StandardError);
        Assert.True(double.IsFinite(fit.Parameters[3].StandardError));
        Assert.Contains("the data do not determine rho1", fit.Warnings);
    }

    [Theory]
    [InlineData(5.4, 2, 0.3, 1, 20)]
    [InlineData(5.4, -1, 0.05, 0, 30)]
    [InlineData(1e6, 2e5, 0.01, 100, 400)]
    [InlineData(0.002, 0.5, 2, 1, 9)]
    [InlineData(5e-200, 2e-200, 0.3, 1, 20)]
    [InlineData(5e59, 2e59, 0.3, 1, 20)]
    public void Exponential_WithoutNoise_IsRecovered(double c, double a, double k, int first, int last)
    {
        var fit = CurveFit.Fit(CurveModel.Exponential, Observations.Line(s => c - (a * Math.Exp(-k * s)), Observations.Range(first, last)));
        Assert.Equal([c, a, k], fit.Parameters.Select(p => p.Value), (x, y) => Math.Abs(x / y - 1) < 1e-6);
        Assert.Equal(a < 0, fit.Warnings.Any(w => w.StartsWith("a = ", StringComparison.Ordinal)));
    }

    [Fact]
    public void Exponential_StraightLine_SaysThatThereIsNoBend()
    {
        var fit = CurveFit.Fit(CurveModel.Exponential, Observations.Line(s => 1 + (0.2 * s), Observations.Range(1, 20)));
        Assert.Contains(fit.Warnings, w => w.StartsWith("k fell", StringComparison.Ordinal));
        Assert.True(fit.Parameters[2].Value > 0);
        Assert.True(fit.RootMeanSquareError < 1e-3);
    }

    [Fact]
    public void Quadratic_RandomData_AgreesWithTheNormalEquations() => Check.One(Config.QuickThrowOnFailure.WithMaxTest(100), Prop.ForAll(
        Arb.From(
            from n in Gen.Choose(4, 30)
            from steps in Gen.Choose(0, 50).ArrayOf(n)
            from quality in Gen.Choose(-1000, 1000).ArrayOf(n)
            from weights in Gen.Choose(1, 9).ArrayOf(n)
            where steps.Distinct().Count() >= 3 && quality.Distinct().Count() >= 2
            select steps.Zip(quality, weights).Select(t => new QualityPoint(0, t.First, t.Second / 8.0, t.Third)).ToImmutableArray()),
        points =>
        {
            var fit = CurveFit.Fit(CurveModel.Quadratic, points);
            var (n, meanWeight) = (points.Length, points.Average(p => p.Weight));
            // X'WX by exact sums, inverted by Cramer's rule.
            double Moment(int power) => points.Sum(p => p.Weight / meanWeight * Math.Pow(p.Steps, power));
            double Mixed(int power) => points.Sum(p => p.Weight / meanWeight * Math.Pow(p.Steps, power) * p.Quality);
            var m = new[,] { { Moment(4), Moment(3), Moment(2) }, { Moment(3), Moment(2), Moment(1) }, { Moment(2), Moment(1), n } };
            var inverse = Inverse(m);
            double[] right = [Mixed(2), Mixed(1), Mixed(0)];
            var beta = Enumerable.Range(0, 3).Select(i => Enumerable.Range(0, 3).Sum(j => inverse[i, j] * right[j])).ToArray();
            var rest = points.Sum(p => p.Weight / meanWeight * Math.Pow(p.Quality - (beta[0] * p.Steps * p.Steps) - (beta[1] * p.Steps) - beta[2], 2));
            var size = points.Max(p => Math.Abs(p.Quality)) + 1;
            Assert.Equal(Termination.Optimal, fit.Termination);
            for (var i = 0; i < 3; i++)
            {
                Assert.Equal(beta[i], fit.Parameters[i].Value, 1e-6 * size);
                Assert.Equal(Math.Sqrt(rest / (n - 3) * inverse[i, i]), fit.Parameters[i].StandardError, 1e-5 * (1 + fit.Parameters[i].StandardError));
                for (var j = 0; j < 3; j++)
                    Assert.Equal(rest / (n - 3) * inverse[i, j], fit.Covariance[i][j], 1e-5 * (1 + Math.Abs(fit.Covariance[i][j])));
            }
            Assert.Equal(n - 3, fit.DegreesOfFreedom);
            Assert.Equal(Math.Sqrt(rest / n), fit.RootMeanSquareError, 1e-6 * size);
            Assert.Equal(fit.Parameters[0].Value >= 0, fit.Warnings.Any(w => w.StartsWith("the curvature", StringComparison.Ordinal)));
        }));

    [Fact]
    public void Quadratic_FourPoints_HasTheTextbookStatistics()
    {
        // q = (0, 1, 1, 0) + (0, 0, 0.4, 0) at s = 0..3: worked by hand with orthogonal polynomials.
        // mean 0.6; linear (-3, -1, 1, 3)/20: 0.02 per unit of contrast; quadratic (1, -1, -1, 1)/4: -0.6; cubic (-1, 3, -3, 1)/20: -0.06.
        var fit = CurveFit.Fit(CurveModel.Quadratic, [new(0, 0, 0), new(0, 1, 1), new(0, 2, 1.4), new(0, 3, 0)]);
        Assert.Equal([-0.6, 1.84, -0.06], fit.Parameters.Select(p => p.Value), (x, y) => Math.Abs(x - y) < 1e-12);
        Assert.Equal(20 * 0.06 * 0.06, fit.DegreesOfFreedom * fit.ResidualStandardError * fit.ResidualStandardError, 1e-12);
        var total = (0.36 + 0.16 + 0.64 + 0.36);
        Assert.Equal(1 - (0.072 / total), fit.RSquared, 1e-12);
        Assert.Equal(1 - (0.072 / total * 3), fit.AdjustedRSquared, 1e-12);
        var deviance = 4 * (Math.Log(2 * Math.PI * 0.072 / 4) + 1);
        Assert.Equal(deviance + 8, fit.Akaike, 1e-9);
        Assert.Equal(deviance + (4 * Math.Log(4)), fit.Bayesian, 1e-9);
        // The quadratic contrast has length 4, so the curvature has standard error sigma / 2.
        Assert.Equal(Math.Sqrt(0.072) / 2, fit.Parameters[0].StandardError, 1e-12);
    }

    [Fact]
    public void Fit_AwkwardPoints_GivesNumbersOrReasons() => Check.One(Config.QuickThrowOnFailure.WithMaxTest(100), Prop.ForAll(
        Arb.From(
            from model in Gen.Elements(CurveModel.LogLinear, CurveModel.Quadratic, CurveModel.Exponential)
            from n in Gen.Choose(1, 25)
            from levels in Gen.Elements(0, 0.0, 1, 2, 3, 7.5, 1e-9, 1e9).ArrayOf(n)
            from steps in Gen.Elements(0, 1, 2, 3, 4, 10, 50, 0.001, 1e9, 1e9 - 1, 1e-12).ArrayOf(n)
            from quality in Gen.Elements(0, 1, -1, 5.3, 5.4, 1e-60, 1e60, -1e60, 1e-300).ArrayOf(n)
            from weights in Gen.Elements(1, 1, 1, 2, 1e-60, 1e60).ArrayOf(n)
            select (Model: model, Points: Enumerable.Range(0, n).Select(i => new QualityPoint(levels[i], steps[i], quality[i], weights[i])).ToImmutableArray())),
        c =>
        {
            FittedCurve fit;
            try
            {
                fit = CurveFit.Fit(c.Model, c.Points);
            }
            catch (InvalidRequestException)
            {
                Assert.NotEmpty(CurveFit.Problems(c.Model, c.Points));
                return;
            }
            Assert.Empty(CurveFit.Problems(c.Model, c.Points));
            Assert.All(fit.Parameters, p => Assert.True(double.IsFinite(p.Value) && p.StandardError >= 0, $"{p}"));
            Assert.All(fit.Fitted, v => Assert.True(double.IsFinite(v)));
            Assert.InRange(fit.RSquared, double.MinValue, 1);
            Assert.False(double.IsNaN(fit.Akaike) || double.IsNaN(fit.Bayesian) || double.IsNaN(fit.RootMeanSquareError) || double.IsNaN(fit.Condition));
        }));

    [Fact]
    public void Fit_Weights_MatterOnlyByTheirRatios()
    {
        ImmutableArray<QualityPoint> points = [.. Observations.Range(1, 12).Select(s => new QualityPoint(0, s, 5 - (2 * Math.Exp(-0.4 * s)) + (0.1 * Math.Sin(9 * s)), s))];
        var (one, other) = (CurveFit.Fit(CurveModel.Exponential, points), CurveFit.Fit(CurveModel.Exponential, [.. points.Select(p => p with { Weight = 1e7 * p.Weight })]));
        var plain = CurveFit.Fit(CurveModel.Exponential, [.. points.Select(p => p with { Weight = 1 })]);
        Assert.Equal(one.Parameters.Select(p => p.Value), other.Parameters.Select(p => p.Value), (x, y) => Math.Abs(x / y - 1) < 1e-9);
        Assert.Equal(one.Parameters.Select(p => p.StandardError), other.Parameters.Select(p => p.StandardError), (x, y) => Math.Abs(x / y - 1) < 1e-9);
        Assert.True(Math.Abs(one.Parameters[0].Value / plain.Parameters[0].Value - 1) > 1e-4);
    }

    [Theory]
    [InlineData(CurveModel.LogLinear)]
    [InlineData(CurveModel.Exponential)]
    [InlineData(CurveModel.Quadratic)]
    public void Fit_NoisePerturbedParameters_AreNoBetter(CurveModel model)
    {
        var points = Observations.Grid((l, s) => Observations.LogLinear(Observations.Ye, l, s), 5, 1, 20, 0.05, 3);
        var fit = CurveFit.Fit(model, points);
        var curve = SeparableCurve.Of(model, points);
        double Sum(double[] p) => points.Sum(o => Math.Pow(o.Quality - curve.Value(o.Level, o.Steps, p), 2));
        var best = fit.Parameters.Select(p => p.Value).ToArray();
        var least = Sum(best);
        for (var j = 0; j < best.Length; j++)
        {
            foreach (var factor in new[] { 0.9, 0.999, 1.001, 1.1 })
                Assert.True(Sum([.. best.Select((v, i) => i == j ? v * factor : v)]) >= least, $"{fit.Parameters[j].Name} times {factor}");
        }
    }

    [Theory]
    [InlineData(CurveModel.LogLinear)]
    [InlineData(CurveModel.Exponential)]
    [InlineData(CurveModel.Quadratic)]
    public void Gradient_AgreesWithDifferences(CurveModel model)
    {
        var points = Observations.Grid((l, s) => Observations.LogLinear(Observations.Ye, l, s), 3, 1, 9, 0.01, 5);
        var curve = SeparableCurve.Of(model, points);
        double[] parameters = model == CurveModel.LogLinear ? [1.2, 0.3, 0.1, 0.5, 2, 0.03] : model == CurveModel.Quadratic ? [-0.02, 0.3, 4] : [5, 2, 0.3];
        var gradient = new double[parameters.Length];
        curve.Gradient(2, 7, parameters, gradient);
        for (var j = 0; j < parameters.Length; j++)
        {
            double At(double shift) => curve.Value(2, 7, [.. parameters.Select((v, i) => i == j ? v + shift : v)]);
            Assert.Equal((At(1e-5) - At(-1e-5)) / 2e-5, gradient[j], 1e-7);
        }
        double[] theta = [.. curve.Limits.Select(l => (0.4 * l.Low) + (0.6 * l.High))];
        for (var k = 0; k < theta.Length; k++)
        {
            double[] Basis(double shift)
            {
                var basis = new double[curve.Linear];
                curve.Basis(2, 7, [.. theta.Select((v, i) => i == k ? v + shift : v)], basis);
                return basis;
            }
            var slope = new double[curve.Linear];
            curve.BasisSlope(2, 7, theta, k, slope);
            Assert.Equal(Basis(1e-5).Zip(Basis(-1e-5), (a, b) => (a - b) / 2e-5), slope, (a, b) => Math.Abs(a - b) < 1e-6 * (1 + Math.Abs(a)));
        }
    }

    public static TheoryData<CurveModel, QualityPoint[], string[]> Unfit => new()
    {
        { CurveModel.Quadratic, [new(0, 1, 1), new(0, 2, 2), new(0, 3, 4)], ["at least 4 points"] },
        { CurveModel.Quadratic, [new(0, 1, 1), new(0, 2, 2), new(0, 2, 4), new(0, 1, 3)], ["different values of steps"] },
        { CurveModel.Exponential, [new(0, 1, 1), new(0, 2, 1), new(0, 3, 1), new(0, 4, 1)], ["different values of quality"] },
        { CurveModel.LogLinear, [.. Enumerable.Range(1, 9).Select(s => new QualityPoint(2, s, s * s))], ["different values of level"] },
        { CurveModel.LogLinear, [new(0, 1, 1)], ["at least 7 points", "values of steps", "values of level", "values of quality"] },
        { CurveModel.Quadratic, [new(0, double.NaN, 1), new(-1, 2, double.PositiveInfinity), new(0, 3, 4, 0)], ["points[0].steps", "points[1].level", "points[1].quality", "points[2].weight"] },
    };

    [Theory]
    [MemberData(nameof(Unfit))]
    public void Fit_UnfitPoints_AreRefusedWithEveryReason(CurveModel model, QualityPoint[] points, string[] reasons)
    {
        var error = Assert.Throws<InvalidRequestException>(() => CurveFit.Fit(model, [.. points]));
        Assert.Equal(reasons.Length, error.Problems.Length);
        Assert.All(reasons.Zip(error.Problems), p => Assert.Contains(p.First, $"{p.Second.Path} {p.Second.Message}", StringComparison.Ordinal));
    }

    private static double[,] Inverse(double[,] m)
    {
        double Minor(int i, int j)
        {
            var (r, c) = (new[] { 0, 1, 2 }.Where(k => k != i).ToArray(), new[] { 0, 1, 2 }.Where(k => k != j).ToArray());
            return (m[r[0], c[0]] * m[r[1], c[1]]) - (m[r[0], c[1]] * m[r[1], c[0]]);
        }
        var determinant = (m[0, 0] * Minor(0, 0)) - (m[0, 1] * Minor(0, 1)) + (m[0, 2] * Minor(0, 2));
        var inverse = new double[3, 3];
        for (var i = 0; i < 3; i++)
        {
            for (var j = 0; j < 3; j++)
                inverse[i, j] = ((i + j) % 2 == 0 ? 1 : -1) * Minor(j, i) / determinant;
        }
        return inverse;
    }
}
