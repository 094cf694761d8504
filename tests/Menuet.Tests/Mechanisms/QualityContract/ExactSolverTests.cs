using Menuet.Mechanisms.QualityContract;

namespace Menuet.Tests.Mechanisms.QualityContract;

public sealed class ExactSolverTests
{
    private const int Markets = 3000;

    [Fact]
    public void RandomMarkets_AgreeWithTheReference()
    {
        var reference = new QualityReference();
        ExactSolver[] solvers = [new("exact", "", QualityMethod.Automatic), new("dynamic-programme", "", QualityMethod.DynamicProgramme)];
        var infeasible = 0;
        for (ulong seed = 0; seed < Markets; seed++)
        {
            var market = QualityMarkets.Draw(seed);
            Assert.Empty(market.Problems());
            var expected = reference.Solve(market, new(), default);
            foreach (var solver in solvers)
            {
                var found = solver.Solve(market, new(), default);
                Assert.True(expected.Termination == found.Termination, $"seed {seed}, {solver.Name}: {found.Termination} for {expected.Termination}");
                Close(expected, found, market, $"seed {seed}, {solver.Name}");
            }

            infeasible += expected.Outcome is null ? 1 : 0;
        }

        Assert.InRange(infeasible, Markets / 100, Markets / 3);
    }

    [Fact]
    public void RandomMarketsUnderACap_AgreeWithTheReference()
    {
        var (exact, reference) = (new ExactSolver("exact", "", QualityMethod.Automatic), new QualityReference());
        var binding = 0;
        for (ulong seed = 0; seed < Markets; seed++)
        {
            var market = QualityMarkets.DrawCapped(seed);
            Assert.Empty(market.Problems());
            var (expected, found) = (reference.Solve(market, new(), default), exact.Solve(market, new(), default));
            Assert.True(expected.Termination == found.Termination, $"seed {seed}: {found.Termination} for {expected.Termination}");
            Close(expected, found, market, $"seed {seed}");
            binding += found.Note.Contains("binds", StringComparison.Ordinal) ? 1 : 0;
        }

        Assert.InRange(binding, Markets / 3, Markets);
    }

    private static void Close(Solution<QualityOutcome> expected, Solution<QualityOutcome> found, QualityMarket market, string where)
    {
        if (expected.Outcome is null)
        {
            Assert.Null(found.Outcome);
            return;
        }

        var (theirs, mine) = (QualityContractMechanism.Objective(market, expected.Outcome), QualityContractMechanism.Objective(market, found.Outcome!));
        var size = market.Users * market.Types.Select((type, i) => type.Probability * Math.Abs(expected.Outcome.Payments[i])).Sum();
        Assert.True(Math.Abs(theirs - mine) <= 1e-9 * Math.Max(Math.Abs(theirs), 1e-3 * size), $"{where}: {mine} for {theirs}");
    }
}
