using System.Text.Json.Nodes;
using Menuet.Mechanisms.RewardContract;
using Menuet.Tests.Core;

namespace Menuet.Tests.Mechanisms.RewardContract;

public sealed class RewardContractTests
{
    private const string TwoTypes = """
        { "kind": "reward-contract", "unitCost": 2, "utilityCoefficient": 20,
          "types": [ { "reputation": 7.5, "probability": 0.5, "quality": 5 }, { "reputation": 10, "probability": 0.5, "quality": 6 } ] }
        """;

    [Fact]
    public void ReferenceCase_HasThePublishedNumbers()
    {
        var answer = Solving.Json(Solving.Solve(Solving.CatalogMarket("wen2025/reward-contract")));
        Assert.Equal(35.94336, (double)answer["objective"]!, 5);
        Assert.Equal(4.0 / 3, (double)answer["menu"]![0]!["reward"]!, 12);
        Assert.Equal(1.0 + (8.0 / 15), (double)answer["menu"]![1]!["reward"]!, 12);
        var comparison = RewardContractMechanism.Door.Compare(
            System.Text.Encoding.UTF8.GetBytes(Solving.CatalogMarket("wen2025/reward-contract")), new(), CancellationToken.None);
        Assert.Equal(36.11003, comparison.Schemes.Single(s => s.Name == "completeInformation").Objective!.Value, 5);
    }

    [Fact]
    public void RandomMarkets_AgreeWithTheReference()
    {
        var (exact, reference) = (new ClosedForm(), new RewardReference());
        for (ulong seed = 0; seed < 3000; seed++)
        {
            var market = RewardMarkets.Draw(seed);
            Assert.Empty(market.Problems());
            var (mine, theirs) = (exact.Solve(market, new(), default), reference.Solve(market, new(), default));
            Assert.Equal(theirs.Reason, mine.Reason);
            if (theirs.Outcome is null)
            {
                Assert.Null(mine.Outcome);
                continue;
            }

            Assert.Equal(theirs.Outcome.Pooled, mine.Outcome!.Pooled);
            Close(theirs.Bound, mine.Bound, 1e-9, seed);
            for (var k = 0; k < theirs.Outcome.Rewards.Length; k++)
            {
                // A designed quality that nobody's probability weighs is not unique, and a grid finds the top of a flat hill
                // only to the root of its resolution.
                if (market.QualityMode == QualityMode.Given || market.Types[k].Probability > 0)
                {
                    var tolerance = market.QualityMode == QualityMode.Given ? 1e-12 : 1e-5;
                    Close(theirs.Outcome.Qualities[k], mine.Outcome.Qualities[k], tolerance, seed);
                    Close(theirs.Outcome.Rewards[k], mine.Outcome.Rewards[k], tolerance, seed);
                }
            }
        }
    }

    [Fact]
    public void RandomMarkets_KeepEveryPromise()
    {
        var door = RewardContractMechanism.Door;
        for (ulong seed = 0; seed < 1000; seed++)
        {
            var market = RewardMarkets.Draw(seed);
            var solution = door.SolverList[0].Solve(market, new(), default);
            var answer = door.Describe(market, solution);
            if (answer.Objective is not null)
            {
                var audit = door.Audit(market, answer, new());
                Assert.True(audit.Holds, $"seed {seed}: {string.Join("; ", audit.Certificates.Where(c => !c.Holds).Select(c => $"{c.Claim} {c.Worst}"))}");
            }
        }
    }

    [Fact]
    public void ManyTypes_AreAuditedOverAllPairs()
    {
        var report = Solving.Solve("""
            { "kind": "reward-contract", "unitCost": 2, "utilityCoefficient": 20, "qualityMode": "designed",
              "typeModel": { "reputationMin": 5, "reputationMax": 15, "count": 5000, "alpha": 2, "beta": 3 } }
            """);
        var certificate = Solving.Certificate(report, Claim.IncentiveCompatibility);
        Assert.True(certificate.Holds);
        Assert.Equal(5000L * 4999, certificate.Checked);
    }

    [Fact]
    public void NonMonotoneQuality_IsInfeasible_OrPooled()
    {
        const string Falling = """
            { "kind": "reward-contract", "unitCost": 2, "utilityCoefficient": 20, "onNonMonotone": "{0}",
              "types": [ { "reputation": 7.5, "probability": 0.25, "quality": 6 }, { "reputation": 10, "probability": 0.75, "quality": 2 } ] }
            """;
        var refused = Solving.Solve(Falling.Replace("{0}", "infeasible", StringComparison.Ordinal));
        Assert.Equal(3, refused.ExitCode);
        var answer = Solving.Json(refused);
        Assert.Equal("quality-not-monotone", (string)answer["reason"]!);
        Assert.Equal(0, (double)answer["drlReward"]!);
        Assert.False(answer.ContainsKey("objective"));

        var pooled = Solving.Json(Solving.Solve(Falling.Replace("{0}", "pool", StringComparison.Ordinal)));
        Assert.Equal("pooled", (string)pooled["status"]!);
        Assert.Equal(3, (double)pooled["menu"]![0]!["quality"]!, 12);
        Assert.Equal(3, (double)pooled["menu"]![1]!["quality"]!, 12);
    }

    [Fact]
    public void QualityBelowTheThreshold_IsInfeasible()
    {
        var answer = Solving.Json(Solving.Solve(TwoTypes.Replace("\"types\"", "\"qualityThreshold\": 5.5, \"types\"", StringComparison.Ordinal)));
        Assert.Equal("quality-below-threshold", (string)answer["reason"]!);
    }

    [Theory]
    [InlineData(Claim.IndividualRationality, 0, "reward", -0.01)]
    [InlineData(Claim.IncentiveCompatibility, 1, "reward", 0.5)]
    [InlineData(Claim.Feasibility, 1, "quality", 1.0)]
    [InlineData(Claim.Consistency, 0, "userUtility", 0.1)]
    [InlineData(Claim.Consistency, 1, "platformUtility", -0.1)]
    public void SabotagedAnswer_IsCaught(Claim claim, int item, string key, double change)
    {
        var answer = Solving.Json(Solving.Solve(TwoTypes));
        Assert.Equal(0, Solving.Judge(TwoTypes, answer).ExitCode);
        var entry = answer["menu"]![item]!;
        entry[key] = (double)entry[key]! + change;
        var judged = Solving.Judge(TwoTypes, answer);
        Assert.False(Solving.Certificate(judged, claim).Holds);
        Assert.Equal(4, judged.ExitCode);
    }

    [Fact]
    public void SwappedItems_BreakMonotonicity()
    {
        var answer = Solving.Json(Solving.Solve(TwoTypes));
        (answer["menu"]![0]!["reward"], answer["menu"]![1]!["reward"]) = (1.6, 1.4);
        Assert.False(Solving.Certificate(Solving.Judge(TwoTypes, answer), Claim.Monotonicity).Holds);
    }

    [Fact]
    public void WrongObjective_IsCaught()
    {
        var answer = Solving.Json(Solving.Solve(TwoTypes));
        answer["objective"] = (double)answer["objective"]! + 0.01;
        Assert.False(Solving.Certificate(Solving.Judge(TwoTypes, answer), Claim.Consistency).Holds);
    }

    [Fact]
    public void BareAnswerFromElsewhere_IsJudged()
    {
        var report = Solving.Judge(TwoTypes, JsonNode.Parse("""{ "menu": [ { "reward": 1.4 }, { "reward": 1.6 } ] }""")!);
        Assert.Equal(0, report.ExitCode);
        Assert.Equal((0.5 * ((20 * Math.Log(6)) - 1.4)) + (0.5 * ((20 * Math.Log(7)) - 1.6)), report.Objective!.Value, 10);
    }

    [Fact]
    public void ShortMenu_IsRefusedWithItsPath()
    {
        var error = Assert.Throws<InvalidRequestException>(() =>
            Solving.Judge(TwoTypes, JsonNode.Parse("""{ "objective": 1, "menu": [ { "reward": 1.4 } ] }""")!));
        Assert.Equal("answer $.menu", error.Problems.Single().Path);
    }

    [Theory]
    [InlineData("\"unitCost\": 2", "\"unitCost\": -2", "$.unitCost")]
    [InlineData("\"unitCost\": 2", "\"unitCost\": 0", "$.unitCost")]
    [InlineData("\"unitCost\": 2", "\"unitCost\": 1e308", "$.unitCost")]
    [InlineData("\"unitCost\": 2,", "", "$.unitCost")]
    [InlineData("\"unitCost\": 2", "\"unitCost\": 2, \"unitCost\": 3", "$.unitCost")]
    [InlineData("\"quality\": 5", "\"quality\": \"5\"", "$.types[0].quality")]
    [InlineData("\"quality\": 5", "\"quality\": NaN", "$.types[0].quality")]
    [InlineData(", \"quality\": 5", "", "$.types[0].quality")]
    [InlineData("\"probability\": 0.5, \"quality\": 5", "\"probability\": 0.4, \"quality\": 5", "$.types")]
    [InlineData("\"reputation\": 7.5", "\"reputaton\": 7.5", "$.types[0].reputaton")]
    [InlineData("\"unitCost\": 2", "\"unitCost\": 2, \"qualityThreshold\": 5, \"qualityMax\": 4", "$.qualityMax")]
    [InlineData("\"unitCost\": 2", "\"unitCost\": 2, \"typeModel\": { \"reputationMin\": 1, \"reputationMax\": 2, \"count\": 2, \"alpha\": 1, \"beta\": 1 }", "$.types")]
    public void MalformedMarket_NamesThePath(string original, string replacement, string path)
    {
        Assert.Contains(original, TwoTypes, StringComparison.Ordinal);
        var problems = Solving.Problems(TwoTypes.Replace(original, replacement, StringComparison.Ordinal));
        Assert.Contains(problems, problem => problem.StartsWith(path + ":", StringComparison.Ordinal));
    }

    [Fact]
    public void DefaultDraws_HaveThePublishedMeans()
    {
        // Wen et al. 2025 defaults; the calibrated means are 22.11 (0 where infeasible), 33.76 where feasible, 65.5 % feasible.
        var rng = Rng.Stream(7, 0);
        const int Draws = 40_000;
        double sum = 0;
        var feasible = 0;
        for (var draw = 0; draw < Draws; draw++)
        {
            var market = new RewardMarket
            {
                UnitCost = 1 + (2 * rng.NextDouble()),
                UtilityCoefficient = 20,
                TypeModel = new()
                {
                    ReputationMin = 5 + (5 * rng.NextDouble()),
                    ReputationMax = 10 + (5 * rng.NextDouble()),
                    Count = 2,
                    Alpha = 1 + rng.NextDouble(),
                    Beta = 1 + rng.NextDouble(),
                },
                Qualities = [1 + rng.NextInt(9), 2 + rng.NextInt(9)],
            };
            var solution = new ClosedForm().Solve(market, new(), default);
            if (solution.Outcome is not null)
            {
                feasible++;
                sum += solution.Bound;
            }
        }

        Assert.InRange(sum / Draws, 22.11 - 0.4, 22.11 + 0.4);
        Assert.InRange(sum / feasible, 33.76 - 0.2, 33.76 + 0.2);
        Assert.InRange((double)feasible / Draws, 0.645, 0.665);
    }

    private static void Close(double expected, double actual, double tolerance, ulong seed) =>
        Assert.True(Math.Abs(expected - actual) <= tolerance * (1 + Math.Abs(expected)), $"seed {seed}: {actual:R} instead of {expected:R}");
}
