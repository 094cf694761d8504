using System.Globalization;
using System.Text;

namespace Menuet.Fitting.Tests;

public sealed class CurveChoiceTests
{
    [Theory]
    [InlineData(CurveModel.Quadratic)]
    [InlineData(CurveModel.Exponential)]
    [InlineData(CurveModel.LogLinear)]
    public void TheFamilyThatMadeTheData_IsChosen(CurveModel model)
    {
        var choice = CurveChoice.Of(Data(model, noise: 0.004));
        Assert.Equal(model, choice.Best.Model);
        Assert.NotNull(choice.RunnerUp);
        Assert.True(choice.Behind(choice.RunnerUp) > 2, $"{choice.Behind(choice.RunnerUp)}");
        Assert.Equal(0, choice.Behind(choice.Best));
    }

    [Fact]
    public void TheCriterion_IsAkaikesWithItsCorrection()
    {
        var curve = CurveChoice.Of(Data(CurveModel.Quadratic, noise: 0.01)).Ranked.Single(c => c.Model == CurveModel.Quadratic);
        var (n, k) = (curve.Points.Length, 4);
        Assert.Equal(curve.Akaike + (2.0 * k * (k + 1) / (n - k - 1)), curve.CorrectedAkaike, 9);
    }

    [Fact]
    public void FamiliesThatTheDataCannotDetermine_AreLeftOutWithTheReason()
    {
        var choice = CurveChoice.Of("steps,quality\n0,1\n1,1.4\n2,1.7\n3,1.8\n4,1.82\n5,1.7\n6,1.5\n");
        var (model, problems) = Assert.Single(choice.LeftOut);
        Assert.Equal(CurveModel.LogLinear, model);
        Assert.Contains(problems, problem => problem.Message.Contains("level", StringComparison.Ordinal));
        Assert.Equal(CurveModel.Quadratic, choice.Best.Model);
    }

    [Fact]
    public void BrokenFiles_AreRefusedOnce()
    {
        var error = Assert.Throws<InvalidRequestException>(() => CurveChoice.Of("steps,quality\n1,x\n"));
        Assert.Single(error.Problems, problem => problem.Path == "line 2");
    }

    private static string Data(CurveModel model, double noise)
    {
        var random = new Random(5);
        var text = new StringBuilder("level,steps,quality\n");
        for (var level = 0; level < 3; level++)
        {
            for (var steps = 1; steps <= 12; steps++)
            {
                var value = model switch
                {
                    CurveModel.Quadratic => 1 + (0.3 * steps) - (0.02 * steps * steps),
                    CurveModel.Exponential => 2 - (1.5 * Math.Exp(-0.9 * steps)),
                    _ => (0.9 * Math.Log((0.8 * level) + 1)) - (0.1 * level) + (0.6 * Math.Log((2.0 * steps) + 1)) - (0.02 * steps),
                };
                text.Append(CultureInfo.InvariantCulture, $"{level},{steps},{value + (noise * ((2 * random.NextDouble()) - 1))}\n");
            }
        }

        return text.ToString();
    }
}
