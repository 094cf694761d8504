using Menuet.Experiments.Papers;

namespace Menuet.Experiments.Tests.Papers;

public sealed class Wen2025Tests
{
    private static readonly Lazy<QuickRun> Run = new(() => new("wen2025"));

    [Fact]
    public void QuickRun_MakesEveryExhibit_AndJudgesEveryClaim()
    {
        Assert.Empty(Run.Value.Summary.Failures);
        Assert.Equal(Run.Value.Summary.Exhibits, Run.Value.Summary.Finished);
        Assert.True(Run.Value.Verdicts.Count >= 10);
        Assert.Equal(Wen2025Learning.Claims.Select(claim => claim.Id).Order(), Run.Value.Verdicts.Where(pair => pair.Value == "untested").Select(pair => pair.Key).Order());
    }

    [Theory]
    [InlineData("wenContract", 22.11)]
    [InlineData("wenContractDeviation", 16.96)]
    [InlineData("wenComplete", 34.16)]
    [InlineData("wenUniform", 34.99)]
    [InlineData("wenPooled", 34.29)]
    [InlineData("wenAverage", 3.40)]
    [InlineData("wenRandom", 0.46)]
    [InlineData("wenRandomFeasible", 0.015)]
    [InlineData("wenRaw", -10.35)]
    [InlineData("wenFeasibleShare", 0.655)]
    [InlineData("wenFallingShare", 0.345)]
    [InlineData("wenFeasibleContract", 33.76)]
    [InlineData("wenFeasibleComplete", 33.90)]
    public void Mean_AgreesWithAnIndependentSimulation(string name, double expected) => Run.Value.AssertMean(expected, name);

    [Fact]
    public void ReferenceCase_IsTheKnownNumber() => Assert.Equal(35.94336, Run.Value.Value("wenReference"), 1e-5);

    [Fact]
    public void RandomScheme_StaysAboveItsBound() => Assert.True(Run.Value.Quantities["wenRandomLeast"].High < Run.Value.Quantities["wenRandom"].Low);

    [Theory]
    [InlineData("wen-beats-random", "holds")]
    [InlineData("wen-beats-average", "holds")]
    [InlineData("wen-beats-identical", "not supported")]
    [InlineData("wen-complete-better", "holds")]
    [InlineData("wen-complete-by-knowledge", "not supported")]
    [InlineData("wen-average-zero", "partly")]
    [InlineData("wen-random-negative", "cannot hold")]
    [InlineData("wen-test-reward", "holds")]
    [InlineData("wen-final-reward", "cannot hold")]
    [InlineData("wen-traditional-fails", "not supported")]
    [InlineData("wen-not-monotone", "cannot hold")]
    [InlineData("wen-lowest-participates", "holds")]
    [InlineData("wen-probabilities-symmetric", "holds")]
    [InlineData("wen-redesign", "partly")]
    public void Verdict_FollowsFromTheData(string claim, string verdict) => Assert.Equal(verdict, Run.Value.Verdicts[claim]);

    /// <summary>Claims about learners are judged by their rules alone: a quick run trains too little to judge.</summary>
    [Theory]
    [InlineData("wen-moe-highest-test", Verdict.Holds, new double[] { 6, 5, 4, 3, 2, 1 })]
    [InlineData("wen-moe-highest-test", Verdict.Partly, new double[] { 4.5, 5, 4, 3, 2, 1 })]
    [InlineData("wen-moe-highest-test", Verdict.NotSupported, new double[] { 0.5, 5, 4, 3, 2, 1 })]
    [InlineData("wen-moe-near-optimal", Verdict.Holds, new double[] { 0.98 })]
    [InlineData("wen-moe-near-optimal", Verdict.NotSupported, new double[] { 0.7 })]
    [InlineData("wen-off-policy-behind", Verdict.Holds, new double[] { 20, 1, 5 })]
    [InlineData("wen-off-policy-behind", Verdict.Partly, new double[] { 20, 1, 15 })]
    [InlineData("wen-off-policy-behind", Verdict.NotSupported, new double[] { 20, 19, 15 })]
    [InlineData("wen-tiny-fails", Verdict.NotSupported, new double[] { 20, 19 })]
    [InlineData("wen-tiny-fails", Verdict.Holds, new double[] { -1, -2 })]
    [InlineData("wen-five-experts", Verdict.Holds, new double[] { 0.1, 0.9, 0.8, 0.9 })]
    [InlineData("wen-five-experts", Verdict.NotSupported, new double[] { 0.9, 0.8, 0.8, 0.8 })]
    [InlineData("wen-dense-slower", Verdict.NotSupported, new double[] { 100, 200, 200, 200 })]
    public void LearnersData_GiveTheVerdict(string claim, Verdict expected, double[] values) =>
        Assert.Equal(expected, Wen2025Learning.Claims.Single(found => found.Id == claim).Judge([.. values.Select(value => Quantity.Exact("", "", "", value))]));

    [Theory]
    [InlineData("wen-random-negative", Verdict.Holds, -10.3, -11.0, double.NaN)]
    [InlineData("wen-random-negative", Verdict.NotSupported, 0.4, -11.0, double.NaN)]
    [InlineData("wen-final-reward", Verdict.Holds, 29.0, double.NaN, double.NaN)]
    [InlineData("wen-test-reward", Verdict.CannotHold, 20.0, 16.0, double.NaN)]
    [InlineData("wen-test-reward", Verdict.NotSupported, 30.0, 16.0, double.NaN)]
    [InlineData("wen-average-zero", Verdict.NotSupported, 3.0, 1.0, double.NaN)]
    [InlineData("wen-not-monotone", Verdict.Holds, 0.1, 0.3, double.NaN)]
    [InlineData("wen-redesign", Verdict.NotSupported, 0.0, 0.0, double.NaN)]
    public void OtherData_GiveAnotherVerdict(string claim, Verdict expected, double first, double second, double third) =>
        Assert.Equal(expected, Wen2025.Paper.Claims.Single(found => found.Id == claim).Judge([.. new[] { first, second, third }.Where(value => !double.IsNaN(value)).Select(value => Quantity.Exact("", "", "", value))]));
}
