using Menuet.Experiments.Papers;
using Menuet.Mechanisms.DoubleAuction;

namespace Menuet.Experiments.Tests;

public sealed class FanTests(FanTests.Run run) : IClassFixture<FanTests.Run>
{
    [Fact]
    public void QuickRun_MakesEveryExhibit_AndJudgesEveryClaim()
    {
        Assert.Empty(run.Made.Summary.Failures);
        Assert.Equal(run.Made.Summary.Exhibits, run.Made.Summary.Finished);
        Assert.True(Fan.Paper.Claims.Length >= 10);
        Assert.Equal(FanLearning.Claims.Select(claim => claim.Id).Append("fan-ten-percent").Order(), Fan.Paper.Claims.Select(claim => claim.Id).Where(id => run.Made.VerdictOf(id) == "untested").Order());
    }

    /// <summary>Against values computed elsewhere on other draws, whose standard errors are 1 to 3 %.</summary>
    [Theory]
    [InlineData("fanSurplus20", 0.21)]
    [InlineData("fanSurplus40", 0.34)]
    [InlineData("fanSurplus60", 0.43)]
    [InlineData("fanSurplus80", 0.51)]
    [InlineData("fanLargestCeiling", 0.18)]
    public void Numbers_AreTheKnownOnes(string name, double known) => Assert.InRange(run.Made.Quantities[name], 0.88 * known, 1.12 * known);

    [Theory]
    [InlineData("fan-second-price-best-at-20", "partly")]
    [InlineData("fan-second-price-declines", "partly")]
    [InlineData("fan-random-declines", "not supported")]
    [InlineData("fan-double-auction-stable", "holds")]
    [InlineData("fan-second-price-welfare", "partly")]
    [InlineData("fan-double-auction-fluctuates", "not supported")]
    [InlineData("fan-eq1-is-welfare", "cannot hold")]
    [InlineData("fan-zero-budget", "cannot hold")]
    [InlineData("fan-second-price-budget-grows", "partly")]
    [InlineData("fan-lowest-budget", "partly")]
    [InlineData("fan-lowest-latency", "partly")]
    [InlineData("fan-fewer-trades", "partly")]
    [InlineData("fan-truthful-learning", "partly")]
    public void Verdicts_FollowFromTheData(string id, string verdict) => Assert.Equal(verdict, run.Made.VerdictOf(id));

    /// <summary>Other data, another verdict: no verdict is typed in.</summary>
    [Theory]
    [InlineData("fan-second-price-best-at-20", "holds", new double[] { 1, 1 })]
    [InlineData("fan-second-price-best-at-20", "not supported", new double[] { -1, -1 })]
    [InlineData("fan-second-price-declines", "holds", new double[] { -1, -1 })]
    [InlineData("fan-ten-percent", "cannot hold", new double[] { 0.05, 0.05 })]
    [InlineData("fan-ten-percent", "holds", new double[] { 0.1, 0.2 })]
    [InlineData("fan-ten-percent", "partly", new double[] { 0.05, 0.2 })]
    [InlineData("fan-ten-percent", "not supported", new double[] { -0.05, 0.2 })]
    [InlineData("fan-learned-beats-double-auction", "not supported", new double[] { -0.01 })]
    [InlineData("fan-learned-welfare-as-random", "not supported", new double[] { 0.5 })]
    [InlineData("fan-random-lower-budget", "holds", new double[] { 0.1 })]
    [InlineData("fan-learned-latency-below-random", "partly", new double[] { 10, -1 })]
    [InlineData("fan-learned-rational", "holds", new double[] { 0 })]
    [InlineData("fan-learned-rational", "partly", new double[] { 0.005 })]
    [InlineData("fan-learned-truthful", "not supported", new double[] { 0.1 })]
    [InlineData("fan-second-price-welfare", "holds", new double[] { 1, 1, 1 })]
    [InlineData("fan-eq1-is-welfare", "holds", new double[] { 0 })]
    [InlineData("fan-zero-budget", "holds", new double[] { 0, 0, 0, 0 })]
    [InlineData("fan-second-price-budget-grows", "holds", new double[] { 1, 1 })]
    [InlineData("fan-lowest-latency", "holds", new double[] { 1, 1, 1 })]
    [InlineData("fan-fewer-trades", "not supported", new double[] { -1, -1, -1 })]
    [InlineData("fan-truthful-learning", "not supported", new double[] { 0.1, 0.2 })]
    [InlineData("fan-truthful-learning", "holds", new double[] { 0, 0 })]
    public void OtherData_TurnTheVerdict(string id, string verdict, double[] values) => Assert.Equal(verdict, PaperRun.Judge(Fan.Paper, id, values));

    [Fact]
    public void Markets_AreTheTrafficThatPoliciesMeet()
    {
        var scenario = new DoubleAuctionScenario { Vehicles = 12, Slots = 5 };
        var policy = new Silent(15);
        var evaluation = scenario.Evaluate(policy, 1, 3, default);
        var schemes = scenario.Markets(3).Select(market => DoubleAuctionMechanism.Door.Schemes(market, new(), default)).ToArray();
        Assert.Equal(5, schemes.Length);
        foreach (var (measure, scheme) in new[] { ("truthfulReward", "truthful"), ("teamOptimum", "teamOptimum"), ("vcgReward", "vcg") })
        {
            Assert.Equal(
                evaluation.Measures.Single(one => one.Name == measure).Mean,
                schemes.Average(comparison => comparison.Schemes.Single(one => one.Name == scheme).Objective!.Value), 12);
        }
    }

    /// <summary>The measure behind fan-truthful-learning sees a misreport that pays.</summary>
    [Fact]
    public void Audit_FindsAGain_WhereTheRuleIsNotTruthful()
    {
        var market = new DoubleAuctionScenario { Vehicles = 40 }.Markets(0).First() with { Mechanism = AuctionMechanism.Average };
        var answer = DoubleAuctionMechanism.Door.Describe(market, DoubleAuctionMechanism.Door.SolverList.Single(one => one.Name == "average").Solve(market, new(), default));
        var certificate = DoubleAuctionMechanism.Door.Audit(market, answer, new()).Certificates.Single(one => one.Claim == Menuet.Claim.Truthfulness);
        Assert.True(certificate.Worst.Value < -1e-3);
    }

    public sealed class Run : IDisposable
    {
        internal PaperRun Made { get; } = new(Fan.Paper);

        public void Dispose() => Made.Dispose();
    }

    private sealed class Silent(int observations) : IPolicy
    {
        public int ObservationSize => observations;

        public int ActionSize => 1;

        public void Act(ReadOnlySpan<float> observations, Span<float> actions, int rows) => actions.Fill(-1);
    }
}
