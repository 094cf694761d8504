using Menuet.Experiments.Papers;

namespace Menuet.Experiments.Tests.Papers;

public sealed class YeTests
{
    private static readonly Lazy<QuickRun> Run = new(() => new("ye"));

    [Fact]
    public void QuickRun_MakesEveryExhibit_AndJudgesEveryClaim()
    {
        Assert.Empty(Run.Value.Summary.Failures);
        Assert.Equal(Run.Value.Summary.Exhibits, Run.Value.Summary.Finished);
        Assert.True(Run.Value.Verdicts.Count >= 12);
        Assert.Equal(YeLearning.Claims.Select(claim => claim.Id).Order(), Run.Value.Verdicts.Where(pair => pair.Value == "untested").Select(pair => pair.Key).Order());
    }

    [Theory]
    [InlineData("yeOptimum", 20817.5736, 1e-4)]
    [InlineData("yeRent", 474.94, 5e-3)]
    [InlineData("yeAspGain", 20817.5736 - 20287.1489, 2e-4)]
    [InlineData("yeUserGain2", 474.94 - 461.95, 1e-2)]
    [InlineData("yeQualityGain1", 0.0281, 5e-5)]
    [InlineData("yeQualityGain2", 0.0410, 5e-5)]
    [InlineData("yeQualityGainBound", 0.0442, 5e-5)]
    [InlineData("yeGainAtSeventeen", 0.0409, 1e-4)]
    [InlineData("yeStepsBound", 16, 0)]
    [InlineData("yeLevelHurts", 6, 0)]
    [InlineData("yeLatencyOptimum1", 151.7307, 5e-5)]
    [InlineData("yeLatencyOptimum2", 247.0843, 5e-5)]
    [InlineData("yeLatencyRent1", 10.893, 1e-3)]
    [InlineData("yeLatencyRent2", 16.474, 1e-3)]
    [InlineData("yeReductionGain2", 0.2199, 5e-5)]
    [InlineData("yeReductionGain1", 0.239, 5e-4)]
    [InlineData("yeLatencyAspGainShare", 0.265, 5e-4)]
    [InlineData("yeSuccessRatio", 0.206, 5e-4)]
    [InlineData("yeUniformShareQuality", 20805.0033 / 20817.5736, 1e-8)]
    [InlineData("yeUniformShareLatency", 138.817079 / 151.730656, 1e-8)]
    public void Quantity_IsTheKnownNumber(string name, double expected, double tolerance) =>
        Assert.InRange(Run.Value.Value(name), expected - tolerance, expected + tolerance);

    [Theory]
    [InlineData("yeMeanContract", 10422)]
    [InlineData("yeMeanExclusion", 17088)]
    [InlineData("yeMeanUniform", 9668)]
    [InlineData("yeMeanNoPrompt", 9857)]
    [InlineData("yeMeanComplete", 20157)]
    [InlineData("yeExcludedShare", 0.68)]
    public void Mean_AgreesWithAnIndependentSimulation(string name, double expected) => Run.Value.AssertMean(expected, name);

    [Theory]
    [InlineData("ye-quality-menu-holds", "holds")]
    [InlineData("ye-latency-menu-holds", "holds")]
    [InlineData("ye-own-item-only", "cannot hold")]
    [InlineData("ye-higher-types-pay-more", "holds")]
    [InlineData("ye-seventeen-steps", "cannot hold")]
    [InlineData("ye-prompt-asp", "holds")]
    [InlineData("ye-prompt-users", "partly")]
    [InlineData("ye-prompt-quality", "holds")]
    [InlineData("ye-quality-gain-8", "cannot hold")]
    [InlineData("ye-quality-gain-2", "cannot hold")]
    [InlineData("ye-low-type-gains-more", "not supported")]
    [InlineData("ye-latency-gain-22", "holds")]
    [InlineData("ye-quality-problem-hard", "not supported")]
    [InlineData("ye-latency-problem-not-concave", "not supported")]
    [InlineData("ye-quality-rises-with-level", "not supported")]
    [InlineData("ye-quality-rises-with-steps", "partly")]
    public void Verdict_FollowsFromTheData(string claim, string verdict) => Assert.Equal(verdict, Run.Value.Verdicts[claim]);

    /// <summary>Claims about learners are judged by their rules alone: a quick run trains too little to judge.</summary>
    [Theory]
    [InlineData("ye-diffusion-better-quality", Verdict.Holds, 0.9, 0.8)]
    [InlineData("ye-diffusion-better-latency", Verdict.NotSupported, 0.8, 0.9)]
    [InlineData("ye-diffusion-feasible", Verdict.Partly, 0.5, 0.99)]
    [InlineData("ye-diffusion-feasible", Verdict.NotSupported, 0.5, 0.9)]
    [InlineData("ye-printed-rates", Verdict.NotSupported, 0, 0.1)]
    [InlineData("ye-printed-rates", Verdict.Partly, 0, 0.7)]
    public void LearnersData_GiveTheVerdict(string claim, Verdict expected, double first, double second) =>
        Assert.Equal(expected, YeLearning.Claims.Single(found => found.Id == claim).Judge([Quantity.Exact("", "", "", first), Quantity.Exact("", "", "", second)]));

    [Theory]
    [InlineData("ye-quality-gain-8", Verdict.NotSupported, 0.0281, 0.1, 0.05)]
    [InlineData("ye-quality-gain-8", Verdict.Holds, 0.08, 0.1, 0.05)]
    [InlineData("ye-quality-gain-8", Verdict.NotSupported, 0.0281, 0.0442, 0.06)]
    [InlineData("ye-seventeen-steps", Verdict.Holds, 17.0, 17.0, double.NaN)]
    [InlineData("ye-own-item-only", Verdict.Holds, 0.5, double.NaN, double.NaN)]
    [InlineData("ye-prompt-users", Verdict.NotSupported, 3.0, -1.0, double.NaN)]
    [InlineData("ye-quality-problem-hard", Verdict.Partly, 0.9, double.NaN, double.NaN)]
    public void OtherData_GiveAnotherVerdict(string claim, Verdict expected, double first, double second, double third) =>
        Assert.Equal(expected, Ye.Paper.Claims.Single(found => found.Id == claim).Judge(
            [.. new[] { first, second, third }.Where(value => !double.IsNaN(value)).Select(value => Quantity.Exact("", "", "", value))]));
}
