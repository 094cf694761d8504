using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Menuet.Mechanisms.ContractMarket;
using Menuet.Tests.Core;

namespace Menuet.Tests.Mechanisms.ContractMarket;

public sealed class OperatorMarketAuditTests
{
    [Fact]
    public void RandomMarkets_EveryMethod_KeepsItsPromises()
    {
        var door = ContractMarketMechanism.Door;
        for (ulong seed = 0; seed < 8; seed++)
        {
            var market = OperatorMarkets.Draw(seed);
            Assert.Empty(market.Problems());
            // The two solvers that search for seconds take one market of the eight.
            var searches = seed == 0;
            foreach (var solver in door.SolverList.Where(s =>
                (s.Name != "menu" || market.Operators.Length == 1) && (searches || s.Name is not ("planner" or "equilibrium"))))
            {
                var solution = solver.Solve(market, new(), default);
                var answer = door.Describe(market, solution);
                Assert.NotNull(answer.Objective);
                Assert.Empty(door.AnswerProblems(market, answer));
                var broken = door.Audit(market, answer, new()).Certificates.Where(c => !c.Holds && solver.Promises(market).Contains(c.Claim));
                Assert.True(!broken.Any(), $"seed {seed} {solver.Name}: {string.Join("; ", broken.Select(c => $"{c.Claim} {c.Worst} {c.Source}"))}");
                if (solver.Name is "msmc" or "quota-matching")
                {
                    Assert.True(answer.SocialWelfare <= answer.Certificate!.WelfareUpperBound * (1 + 1e-9) + 1e-300);
                }
            }
        }
    }

    public static TheoryData<Claim, string> Sabotage() => new()
    {
        { Claim.IndividualRationality, "dearer" },
        { Claim.IncentiveCompatibility, "one item cheaper" },
        { Claim.Monotonicity, "one latency longer" },
        { Claim.Feasibility, "users twice" },
        { Claim.Feasibility, "latency out of bounds" },
        { Claim.Feasibility, "share below zero" },
        { Claim.QueueStability, "everybody at the smallest" },
        { Claim.SelectionEquilibrium, "users moved" },
        { Claim.Consistency, "objective" },
        { Claim.Consistency, "priceless utilities" },
        { Claim.Consistency, "probability" },
        { Claim.Consistency, "load" },
        { Claim.Consistency, "regret" },
        { Claim.Consistency, "bound" },
        { Claim.Consistency, "slack" },
        { Claim.Consistency, "stable" },
    };

    [Theory]
    [MemberData(nameof(Sabotage))]
    public void Sabotage_IsNamed(Claim claim, string how)
    {
        var market = OperatorMarkets.Default();
        var sound = OperatorMarkets.Solve(market, "quota-matching").Answer;
        var door = ContractMarketMechanism.Door;
        var before = Worst(sound);
        var answer = how switch
        {
            "dearer" => sound with { Prices = Change(sound.Prices, 0, 0, x => x + 1e-6) },
            "one item cheaper" => sound with { Prices = Change(sound.Prices, 1, 5, x => x - 1e-5) },
            "one latency longer" => sound with { Latencies = Change(sound.Latencies, 0, 2, _ => 0.29) },
            "users twice" => sound with { Matching = Change(sound.Matching, 0, 0, _ => 1.5) },
            "latency out of bounds" => sound with { Latencies = Change(sound.Latencies, 2, 7, _ => 0.31) },
            "share below zero" => sound with { Matching = Change(sound.Matching, 2, 0, _ => -0.1) },
            "everybody at the smallest" => sound with { Matching = [Row(0), Row(0), Row(1)] },
            "users moved" => sound with { Matching = [Row(0), Row(0), Row(0)] },
            "objective" => sound with { Objective = sound.Objective + 1e-6 },
            "priceless utilities" => sound with { OperatorUtility = sound.OperatorUtility.SetItem(1, sound.OperatorUtility[1] * 1.001) },
            "probability" => sound with { ViolationProbability = Change(sound.ViolationProbability, 0, 3, x => x + 1e-6) },
            "load" => sound with { CumulativeLoad = Change(sound.CumulativeLoad, 2, 7, x => x * 1.0001) },
            "regret" => sound with { Certificate = sound.Certificate! with { UserRegret = sound.Certificate!.UserRegret.SetItem(4, 0) } },
            "bound" => sound with { Certificate = sound.Certificate! with { WelfareUpperBound = 2 } },
            "slack" => sound with { MinIcSlack = 1e-5 },
            "stable" => sound with { Stable = sound.Stable.SetItem(0, sound.Stable[0].SetItem(0, false)) },
            _ => throw new ArgumentException(how),
        };
        Assert.True(claim == Claim.SelectionEquilibrium || before >= -1e-9, $"sound before: {before}");
        Assert.Empty(door.AnswerProblems(market, answer));
        Assert.True(Worst(answer) < before - 1e-9, $"{how} was not seen: {Worst(answer)} against {before}");
        Assert.Contains(door.Audit(market, answer, new()).Certificates, c => c.Claim == claim && !c.Holds);

        double Worst(OperatorMarketAnswer one) => door.Audit(market, one, new()).Certificates.Where(c => c.Claim == claim).Min(c => c.Worst.Value);

        static ImmutableArray<double> Row(double share) => [.. Enumerable.Repeat(share, 8)];
    }

    [Fact]
    public void Ct_BreaksIncentives_OnlyAtTheLoadsThatResult()
    {
        var report = Solving.Solve(Solving.CatalogMarket("zhan/contract-market"), "ct");
        Assert.Equal(0, report.ExitCode);
        var truth = report.Audit!.Certificates.Where(c => c.Claim == Claim.IncentiveCompatibility).ToArray();
        Assert.True(truth[0].Holds);
        Assert.InRange(truth[1].Worst.Value, -1.2e-4, -1e-4);
        Assert.NotEqual(truth[0].Source, truth[1].Source);
        Assert.False(Solving.Certificate(report, Claim.QueueStability).Holds);
    }

    [Fact]
    public void Msmc_IsNoEquilibrium_AndTheAuditFindsIt()
    {
        var certificate = Solving.Certificate(Solving.Solve(Solving.CatalogMarket("zhan/table-1")), Claim.LeaderBestResponse);
        Assert.False(certificate.Holds);
        Assert.Equal(Evidence.Sampled, certificate.Evidence);
        Assert.InRange(certificate.Worst.Value, -2, -0.3);   // operator 1 at least half as much again
    }

    [Fact]
    public void AnEmptyMarket_IsStillAnAnswer()
    {
        var market = OperatorMarkets.Default();
        market = market with { Types = [.. market.Types.Select(type => type with { Users = 0 })] };
        foreach (var solver in ContractMarketMechanism.Door.SolverList.Where(s => s.Name != "menu"))
        {
            Assert.Equal(0, OperatorMarkets.Solve(market, solver.Name).Answer.Objective);
        }
    }

    [Fact]
    public void AnswersOfTheWrongSize_AreRefusedWithTheirPaths()
    {
        var text = Solving.CatalogMarket("zhan/contract-market");
        var answer = Solving.Json(Solving.Solve(text));
        answer["matching"]!.AsArray().RemoveAt(0);
        answer["priceUsd"]![1]!.AsArray().RemoveAt(0);
        answer.Remove("latencySeconds");
        answer["optOut"] = new JsonArray(1.0);
        var error = Assert.Throws<InvalidRequestException>(() => Solving.Judge(text, answer));
        Assert.Equal(
            ["answer $.matching", "answer $.latencySeconds", "answer $.priceUsd[1]", "answer $.optOut"], error.Problems.Select(problem => problem.Path));
    }

    [Theory]
    [InlineData("\"users\": 33", "\"users\": -1", "$.types[2].users")]
    [InlineData("\"latencySensitivityUsdPerSecond\": 0.0007", "\"latencySensitivityUsdPerSecond\": 0.0009", "$.types[1].latencySensitivityUsdPerSecond")]
    [InlineData("\"zeta\": 0.9", "\"zeta\": 1", "$.algorithm.zeta")]
    [InlineData("\"tail\": \"chernoff-printed\"", "\"tail\": \"chernoff\"", "$.algorithm.tail")]
    [InlineData("\"maxSeconds\": 0.3", "\"maxSeconds\": 0.01", "$.latency.maxSeconds")]
    [InlineData("\"finalTemperatureUsd\": 1e-5", "\"finalTemperatureUsd\": 1e-3", "$.algorithm.finalTemperatureUsd")]
    [InlineData("\"gpuInstances\": 24", "\"gpuInstances\": 0", "$.operators[0].gpuInstances")]
    public void MalformedMarkets_AreRefusedWithTheirPath(string old, string replacement, string path)
    {
        var text = Solving.CatalogMarket("zhan/contract-market");
        Assert.Contains(old, text, StringComparison.Ordinal);
        Assert.StartsWith(path, Assert.Single(Solving.Problems(text.Replace(old, replacement, StringComparison.Ordinal))), StringComparison.Ordinal);
    }

    private static ImmutableArray<ImmutableArray<double>> Change(ImmutableArray<ImmutableArray<double>> rows, int m, int n, Func<double, double> change) =>
        rows.SetItem(m, rows[m].SetItem(n, change(rows[m][n])));
}
