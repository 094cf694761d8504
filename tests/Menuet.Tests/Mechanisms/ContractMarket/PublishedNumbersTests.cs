using Menuet.Mechanisms.ContractMarket;

namespace Menuet.Tests.Mechanisms.ContractMarket;

/// <summary>Zhan et al., Sec. VI, and what is known to be better.</summary>
public sealed class PublishedNumbersTests
{
    [Fact]
    public void TableI_TwentyFourProbabilities_Within0004()
    {
        double[][] published =
        [
            [0.25, 0.25, 0.25], [0.256, 0.256, 0.256], [0.29, 0.29, 0.29], [0.306, 0.312, 0.317], [0.315, 0.323, 0.335], [0.294, 0.325, 0.368],
            [0.252, 0.311, 0.432], [0.164, 0.247, 0.589],
        ];
        var answer = OperatorMarkets.Solve(OperatorMarkets.Default(menus: MenuSolver.PaperLocal)).Answer;
        for (var n = 0; n < 8; n++)
        {
            for (var m = 0; m < 3; m++)
            {
                Assert.InRange(answer.Matching[m][n] - published[n][m], -0.004, 0.004);
            }
        }
    }

    [Fact]
    public void TableI_ColumnCt_IsTheSame() =>
        Assert.Equal([1, 1, 3, 3, 3, 3, 3, 3], OperatorMarkets.Solve(OperatorMarkets.Default(menus: MenuSolver.PaperLocal), "ct").Answer.Assignment.ToArray());

    [Theory]
    [InlineData("zhan/table-1", "msmc", 2.054, 2.138)]
    [InlineData("zhan/contract-market", "msmc", 2.176, 2.283)]
    [InlineData("zhan/table-1", "gsmc", 2.251, 2.296)]
    [InlineData("zhan/contract-market", "gsmc", 2.391, 2.442)]
    [InlineData("zhan/refund-half", "msmc", 2.043, 2.128)]
    [InlineData("zhan/violation-cost", "msmc", 1.929, 2.020)]
    [InlineData("zhan/users-30", "ct", 0.456, null)]
    [InlineData("zhan/users-30", "msmc", 0.421, null)]
    public void Totals_AreThoseOfTheCalibration(string name, string solver, double operators, double? welfare)
    {
        var market = ContractMarketMechanism.Door.ReadMarket(Catalog.Market(name)!).Market;
        var answer = OperatorMarkets.Solve(market, solver).Answer;
        Assert.InRange(answer.Objective!.Value, operators - 0.0006, operators + 0.0006);
        if (welfare is { } both)
        {
            Assert.InRange(answer.SocialWelfare!.Value, both - 0.0006, both + 0.0006);
        }
    }

    [Theory]
    [InlineData(LatencyTail.ChernoffOptimal, 2.47, 2.51)]
    [InlineData(LatencyTail.Exact, 2.52, 2.55)]
    public void OtherTails_LeaveMoreToEarn(LatencyTail tail, double operators, double welfare)
    {
        var answer = OperatorMarkets.Solve(OperatorMarkets.Default(tail), "gsmc").Answer;
        Assert.InRange(answer.Objective!.Value, operators - 0.006, operators + 0.006);
        Assert.InRange(answer.SocialWelfare!.Value, welfare - 0.006, welfare + 0.006);
    }

    [Fact]
    public void QuotaMatching_Earns239_WithinItsQuotas()
    {
        var market = OperatorMarkets.Default();
        var answer = OperatorMarkets.Solve(market, "quota-matching").Answer;
        Assert.InRange(answer.Objective!.Value, 2.39, 2.42);
        var arrays = new MarketArrays(market);
        Assert.All(Enumerable.Range(0, 3), m => Assert.True(answer.CumulativeLoad[m][^1] <= arrays.Capacity[m] * (1 + 1e-12)));
    }

    [Fact]
    public void WelfareBound_Is2513_AndAboveEveryMethod()
    {
        foreach (var tail in Enum.GetValues<LatencyTail>())
        {
            var market = OperatorMarkets.Default(tail);
            var bound = WelfareBound.Of(new(market));
            Assert.All(ContractMarketMechanism.Door.SolverList.Where(s => s.Name != "menu"), s =>
                Assert.True(OperatorMarkets.Solve(market, s.Name).Answer.SocialWelfare <= bound));
        }

        Assert.InRange(WelfareBound.Of(new(OperatorMarkets.Default())), 2.5125, 2.5135);
    }

    [Fact]
    public void MoreIterationsAtOneTemperature_Converge()
    {
        var market = OperatorMarkets.Default(menus: MenuSolver.PaperLocal);
        market = market with
        {
            Algorithm = market.Algorithm with { InitialTemperature = 1e-5, MaxIterations = 400, ConvergenceTolerance = 1e-12 },
        };
        var (solution, answer) = OperatorMarkets.Solve(market);
        Assert.Equal(Termination.Converged, solution.Termination);
        Assert.True(answer.Converged);
        Assert.InRange(answer.Objective!.Value, 2.0495, 2.0505);
        Assert.InRange(answer.SocialWelfare!.Value, 2.1355, 2.1365);
    }

    [Fact]
    public void Trace_EndsWhereTheMethodDoes()
    {
        var trace = ContractMarketMechanism.Trace(Catalog.Market("zhan/contract-market"), new(), default);
        Assert.Equal(50, trace.Table.Rows.Length);
        Assert.Equal(OperatorMarkets.Solve(OperatorMarkets.Default()).Answer.Objective!.Value, (double)trace.Table.Rows[^1][3]!, 12);
        Assert.Equal(3, trace.Figures.Length);
    }
}
