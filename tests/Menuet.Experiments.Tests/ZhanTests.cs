using Menuet.Experiments.Papers;

namespace Menuet.Experiments.Tests;

public sealed class ZhanTests(ZhanTests.Run run) : IClassFixture<ZhanTests.Run>
{
    [Fact]
    public void QuickRun_MakesEveryExhibit_AndJudgesEveryClaim()
    {
        Assert.Empty(run.Made.Summary.Failures);
        Assert.Equal(run.Made.Summary.Exhibits, run.Made.Summary.Finished);
        Assert.True(Zhan.Paper.Claims.Length >= 12);
        Assert.DoesNotContain("untested", run.Made.Verdicts);
    }

    [Theory]
    [InlineData("zhanTable1Error", 0, 0.004)]
    [InlineData("zhanTable1Ct", 1, 1)]
    [InlineData("zhanType1OptOut", 0.249, 0.251)]
    [InlineData("zhanUtilityGlobal", 2.1755, 2.1765)]
    [InlineData("zhanUtilityQuota", 2.39, 2.42)]
    [InlineData("zhanUtilityPlanner", 2.417, 2.435)]
    [InlineData("zhanUtilityBound", 2.43, 2.5125)]
    [InlineData("zhanUtilityEquilibrium", 0.1101, 0.1111)]
    [InlineData("zhanWelfareEquilibrium", 2.4885, 2.4905)]
    [InlineData("zhanRefundUtilityLow", 2.0425, 2.0435)]
    [InlineData("zhanRefundUtilityHigh", 2.0635, 2.0645)]
    [InlineData("zhanDearUtility", 1.9285, 1.9295)]
    [InlineData("zhanDearWelfare", 2.0195, 2.0205)]
    [InlineData("zhanLastMove", 0.0145, 0.0155)]
    [InlineData("zhanLastMoveConstant", 0, 1e-12)]
    [InlineData("zhanDeviationGain", 0.65, 0.8)]
    [InlineData("zhanBehind60", 0.9, 1)]
    [InlineData("zhanBy568At90", 0, 0.3)]
    [InlineData("zhanAheadOfAll", 0, 0.3)]
    [InlineData("zhanAllLose", 0, 0.35)]
    public void Numbers_AreTheKnownOnes(string name, double low, double high) => Assert.InRange(run.Made.Quantities[name], low, high);

    [Theory]
    [InlineData("zhan-menus-monotone", "holds")]
    [InlineData("zhan-operator1-sensitive", "partly")]
    [InlineData("zhan-table1-shares", "holds")]
    [InlineData("zhan-table1-first-five", "holds")]
    [InlineData("zhan-table1-opt-out", "holds")]
    [InlineData("zhan-table1-ct", "holds")]
    [InlineData("zhan-table1-mc", "not supported")]
    [InlineData("zhan-table1-gsmc", "not supported")]
    [InlineData("zhan-90-users", "not supported")]
    [InlineData("zhan-90-users-all", "cannot hold")]
    [InlineData("zhan-120-users", "not supported")]
    [InlineData("zhan-refund-level", "holds")]
    [InlineData("zhan-cost-level", "holds")]
    [InlineData("zhan-cost-benchmarks", "not supported")]
    [InlineData("zhan-alpha-tenth", "not supported")]
    [InlineData("zhan-converges", "not supported")]
    [InlineData("zhan-nash", "cannot hold")]
    public void Verdicts_FollowFromTheData(string id, string verdict) => Assert.Equal(verdict, run.Made.VerdictOf(id));

    /// <summary>Other data, another verdict: no verdict is typed in.</summary>
    [Theory]
    [InlineData("zhan-menus-monotone", "not supported", new double[] { -0.01 })]
    [InlineData("zhan-table1-shares", "not supported", new double[] { 0.01 })]
    [InlineData("zhan-60-users", "partly", new double[] { 1, -0.3 })]
    [InlineData("zhan-90-users", "holds", new double[] { 1 })]
    [InlineData("zhan-90-users-all", "holds", new double[] { 0, 1 })]
    [InlineData("zhan-ahead-when-congested", "holds", new double[] { 1, 1 })]
    [InlineData("zhan-ahead-when-congested", "not supported", new double[] { 0.1, 0.4 })]
    [InlineData("zhan-types-10", "holds", new double[] { 1, 2.1 })]
    [InlineData("zhan-refund-level", "not supported", new double[] { 2.036, 2.2 })]
    [InlineData("zhan-cost-level", "not supported", new double[] { 1.922, 1.9 })]
    [InlineData("zhan-converges", "holds", new double[] { 1e-6 })]
    [InlineData("zhan-nash", "partly", new double[] { 0 })]
    public void OtherData_TurnTheVerdict(string id, string verdict, double[] values) => Assert.Equal(verdict, PaperRun.Judge(Zhan.Paper, id, values));

    [Fact]
    public void Compositions_DifferByTheirSeedAlone()
    {
        var market = ZhanMarkets.Composed(3, users: 90);
        Assert.Equal(ZhanMarkets.Composed(3).Population!.Shares.ToArray(), market.Population!.Shares.ToArray());
        Assert.NotEqual(ZhanMarkets.Composed(4).Population!.Shares.ToArray(), market.Population.Shares.ToArray());
        Assert.Equal(90, market.Population.Total * market.Population.Shares.Sum(), 9);
        Assert.Equal(ZhanMarkets.Calibrated.Types.Select(type => type.LatencySensitivity), market.Types.Select(type => type.LatencySensitivity), (one, other) => Math.Abs(one - other) < 1e-18);
    }

    public sealed class Run : IDisposable
    {
        internal PaperRun Made { get; } = new(Zhan.Paper);

        public void Dispose() => Made.Dispose();
    }
}
