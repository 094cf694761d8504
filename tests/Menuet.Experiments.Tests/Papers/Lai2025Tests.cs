using Menuet.Experiments.Papers;

namespace Menuet.Experiments.Tests.Papers;

public sealed class Lai2025Tests
{
    private static readonly Lazy<QuickRun> Run = new(() => new("lai2025"));

    [Fact]
    public void QuickRun_MakesEveryExhibit_AndJudgesEveryClaim()
    {
        Assert.Empty(Run.Value.Summary.Failures);
        Assert.Equal(Run.Value.Summary.Exhibits, Run.Value.Summary.Finished);
        Assert.Equal(Lai2025Learning.Claims.Select(claim => claim.Id).Order(), Run.Value.Verdicts.Where(pair => pair.Value == "untested").Select(pair => pair.Key).Order());
    }

    /// <summary>With the default market's equilibria, computed elsewhere; random prices earn 691.7 a round.</summary>
    [Theory]
    [InlineData("laiLeastPriceSlope", 0.5, 1e-9)]
    [InlineData("laiLeastGainByUser", 704.02, 5e-3)]
    [InlineData("laiStepsAtCost1", 100.57, 5e-3)]
    [InlineData("laiStepsAtCost5", 71.84, 5e-3)]
    [InlineData("laiBestPrices", 2, 0)]
    [InlineData("laiSimilarityRange", 1.0512, 1e-9)]
    [InlineData("laiRandomUtility", 691.7, 20)]
    public void Number_IsTheKnownOne(string name, double known, double tolerance) => Assert.Equal(known, Run.Value.Value(name), tolerance);

    [Theory]
    [InlineData("lai-price-rises-with-cost", "holds")]
    [InlineData("lai-utility-falls-with-cost", "holds")]
    [InlineData("lai-utility-rises-with-users", "holds")]
    [InlineData("lai-unique-equilibrium", "cannot hold")]
    [InlineData("lai-fit-is-similarity", "cannot hold")]
    [InlineData("lai-steps-in-range", "cannot hold")]
    public void Verdict_FollowsFromTheData(string claim, string verdict) => Assert.Equal(verdict, Run.Value.Verdicts[claim]);

    /// <summary>Claims about learners are judged by their rules alone: a quick run trains too little to judge.</summary>
    [Theory]
    [InlineData("lai-learned-equilibrium", Verdict.Holds, new double[] { 0.999 })]
    [InlineData("lai-learned-equilibrium", Verdict.Partly, new double[] { 0.97 })]
    [InlineData("lai-transformer-highest", Verdict.Holds, new double[] { 1400, 1300, 1200, 700 })]
    [InlineData("lai-transformer-highest", Verdict.Partly, new double[] { 1400, 1400, 1200, 700 })]
    [InlineData("lai-transformer-faster", Verdict.NotSupported, new double[] { 200, 100 })]
    [InlineData("lai-starts-below-greedy", Verdict.Holds, new double[] { -1 })]
    [InlineData("lai-both-beat-baselines", Verdict.Partly, new double[] { 1, 1, -1, 1 })]
    [InlineData("lai-learned-prices-near", Verdict.Partly, new double[] { 0.1, 0.01 })]
    [InlineData("lai-learned-users", Verdict.NotSupported, new double[] { 0.9 })]
    [InlineData("lai-transformer-sequence", Verdict.NotSupported, new double[] { 0.9, 0.95 })]
    public void LearnersData_GiveTheVerdict(string claim, Verdict expected, double[] values) =>
        Assert.Equal(expected, Lai2025Learning.Claims.Single(found => found.Id == claim).Judge([.. values.Select(value => Quantity.Exact("", "", "", value))]));
}
