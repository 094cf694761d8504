using System.Text;
using System.Text.Json.Nodes;
using Menuet.Mechanisms.QualityContract;
using Menuet.Mechanisms.TwoStageContract;
using Menuet.Tests.Core;
using Menuet.Tests.Mechanisms.LatencyContract;

namespace Menuet.Tests.Mechanisms.TwoStageContract;

public sealed class TwoStageContractTests
{
    private static readonly string Default = Solving.CatalogMarket("ye/two-stage-contract");

    [Fact]
    public void DefaultMarket_IsTheFirstExampleOfItsKind() => Assert.Equal(
        "ye/two-stage-contract", Catalog.Markets.First(name => Catalog.Find(Catalog.Market(name)!).Kind == "two-stage-contract"));

    [Fact]
    public void DefaultMarket_HasThePublishedNumbers()
    {
        var report = Solving.Solve(Default);
        Assert.Equal(0, report.ExitCode);
        var answer = Solving.Json(report);
        Assert.Equal(20817.5736, (double)answer["quality"]!["objective"]!, 5e-5);
        Assert.Equal(151.7307, (double)answer["latency"]![0]!["objective"]!, 5e-5);

        // Type 2 buys (2, 15), not the (2, 17) of the published second group: its number is the reference solver's.
        Assert.Equal((2, 15), ((int)answer["quality"]!["menu"]![1]!["level"]!, (int)answer["quality"]!["menu"]![1]!["steps"]!));
        Assert.Equal(295.51673, (double)answer["latency"]![1]!["objective"]!, 5e-6);
        Assert.Equal(21264.82099, report.Objective!.Value, 5e-6);
        Assert.Equal(Solving.Solve(Default, "reference").Objective!.Value, report.Objective.Value, 1e-9 * report.Objective.Value);
    }

    [Theory]
    [InlineData("ye/two-stage-contract-fig9-exact", 20951.2318, 2, 17, 247.084291)]
    [InlineData("ye/two-stage-contract-fig9-nearest", 18685.762491, 2, 16, 135.726152)]
    public void Fig9_HasItsItems(string name, double first, int level, int steps, double second)
    {
        var answer = Solving.Json(Solving.Solve(Solving.CatalogMarket(name)));
        Assert.Equal(first, (double)answer["quality"]!["objective"]!, 5e-5);
        Assert.Equal((1, 13), ((int)answer["quality"]!["menu"]![0]!["level"]!, (int)answer["quality"]!["menu"]![0]!["steps"]!));
        Assert.Equal((level, steps), ((int)answer["quality"]!["menu"]![1]!["level"]!, (int)answer["quality"]!["menu"]![1]!["steps"]!));
        Assert.Equal(second, (double)answer["latency"]![1]!["objective"]!, 5e-6);
    }

    [Fact]
    public void Pairs_HoldBothItemsAndTheTotalUtility()
    {
        var answer = Solving.Json(Solving.Solve(Default));
        var pairs = answer["pairs"]!.AsArray();
        Assert.Equal(4, pairs.Count);
        foreach (var pair in pairs)
        {
            var bought = answer["quality"]!["menu"]![(int)pair!["qualityType"]! - 1]!;
            var speed = answer["latency"]![(int)pair["qualityType"]! - 1]!["menu"]![(int)pair["latencyType"]! - 1]!;
            Assert.Equal((double)bought["userUtility"]! + (double)speed["userUtility"]!, (double)pair["totalUtility"]!, 1e-12);
            Assert.Equal((double)speed["payment"]!, (double)pair["latencyPayment"]!);
        }

        Assert.Equal(1, pairs.Sum(pair => (double)pair!["probability"]!), 1e-12);
    }

    [Fact]
    public void ExcludedType_HasNoSecondStage()
    {
        var report = Solving.Solve(Solving.CatalogMarket("ye/two-stage-contract-exclusion"));
        Assert.Equal(0, report.ExitCode);
        var answer = Solving.Json(report);
        Assert.True((bool)answer["quality"]!["menu"]![0]!["excluded"]!);
        Assert.Null(answer["latency"]![0]);
        Assert.NotNull(answer["latency"]![1]);
        Assert.DoesNotContain(answer["pairs"]!.AsArray(), pair => (int)pair!["qualityType"]! == 1);
        Assert.Equal(0, Solving.Judge(Solving.CatalogMarket("ye/two-stage-contract-exclusion"), answer).ExitCode);
    }

    [Fact]
    public void RandomMarkets_AgreeWithTheReferenceAndKeepEveryPromise()
    {
        var door = TwoStageContractMechanism.Door;
        for (ulong seed = 0; seed < 200; seed++)
        {
            var market = Draw(seed);
            Assert.Empty(market.Problems());
            var (mine, theirs) = (door.SolverList[0].Solve(market, new(), default), door.SolverList[1].Solve(market, new(), default));
            var (answer, expected) = (door.Describe(market, mine), door.Describe(market, theirs));
            Assert.Equal(expected.Objective is null, answer.Objective is null);
            if (answer.Objective is null)
            {
                Assert.Equal((Termination.Infeasible, Termination.Infeasible), (mine.Termination, theirs.Termination));
                continue;
            }

            IsotonicTests.Holds(door.Audit(market, answer, new()), seed);
            var size = Math.Abs(answer.Quality!.Objective!.Value)
                + market.Quality.Users * answer.Latency.Sum(stage => stage?.Menu.Sum(item => item.Payment + item.ProviderCost!.Value) ?? 0);
            Assert.True(Math.Abs(expected.Objective!.Value - answer.Objective.Value) <= 1e-9 * size, $"seed {seed}: {answer.Objective:R} instead of {expected.Objective:R}");
        }
    }

    [Fact]
    public void OneLatencyEntry_ServesEveryType()
    {
        var market = JsonNode.Parse(Default)!;
        market["latency"]!.AsArray().RemoveAt(1);
        var one = Solving.Json(Solving.Solve(market.ToJsonString()));
        market["latency"]!.AsArray().Add(market["latency"]![0]!.DeepClone());
        var two = Solving.Json(Solving.Solve(market.ToJsonString()));
        Assert.Equal((double)two["objective"]!, (double)one["objective"]!);
        Assert.Equal(2, one["latency"]!.AsArray().Count);
    }

    [Fact]
    public void TypeWithoutProbability_HasASecondStageWorthNothing()
    {
        var market = Default.Replace("\"gain\": 200, \"probability\": 0.5", "\"gain\": 200, \"probability\": 0", StringComparison.Ordinal)
            .Replace("\"gain\": 290, \"probability\": 0.5", "\"gain\": 290, \"probability\": 1", StringComparison.Ordinal);
        var report = Solving.Solve(market);
        Assert.Equal(0, report.ExitCode);
        Assert.Equal(0, (double)Solving.Json(report)["latency"]![0]!["objective"]!);
        Assert.True((double)Solving.Json(report)["latency"]![0]!["principalUtilityPerUser"]! > 0);
    }

    [Fact]
    public void NothingSold_HasNoOutcome_AndSaysInWhichStage()
    {
        var infeasible = Solving.Solve(Default.Replace("\"levelMin\"", "\"paymentMin\": 1e6, \"levelMin\"", StringComparison.Ordinal));
        Assert.Equal(3, infeasible.ExitCode);
        Assert.Equal("infeasible", infeasible.Status);
        Assert.StartsWith("quality: ", (string)Solving.Json(infeasible)["reason"]!, StringComparison.Ordinal);

        // Success underflows to nothing, so delivering until success would cost more than any number.
        var hopeless = Solving.Solve(Default.Replace("\"qualityThreshold\": 5.0", "\"qualityThreshold\": 5000", StringComparison.Ordinal)
            .Replace("\"maxLatencySeconds\": 3.0", "\"maxLatencySeconds\": 3.0, \"attempts\": \"untilSuccess\"", StringComparison.Ordinal));
        Assert.Equal(3, hopeless.ExitCode);
        Assert.Equal("numericalTrouble", hopeless.Status);
        Assert.Contains("stage 2 of type 1", hopeless.Solver.Note, StringComparison.Ordinal);
    }

    [Fact]
    public void LowSuccess_WithoutPromptOrSteps_IsStillAnswered()
    {
        // Everybody buys (0, 0), where an attempt succeeds once in 1e21: the second stage serves at the deadline, or nobody.
        var market = Default.Replace("\"levelMax\": 3", "\"levelMax\": 0", StringComparison.Ordinal)
            .Replace("\"stepsMin\": 4", "\"stepsMin\": 0", StringComparison.Ordinal)
            .Replace("\"stepsMax\": 20", "\"stepsMax\": 0", StringComparison.Ordinal);
        var forced = Solving.Json(Solving.Solve(market));
        Assert.Equal("optimal", (string)forced["status"]!);
        Assert.Equal(3, (double)forced["latency"]![0]!["menu"]![0]!["latencySeconds"]!, 1e-9);
        Assert.True((double)forced["objective"]! < 0);
        var free = Solving.Json(Solving.Solve(market.Replace("\"maxLatencySeconds\"", "\"allowExclusion\": true, \"maxLatencySeconds\"", StringComparison.Ordinal)));
        Assert.Equal(0, (double)free["objective"]!);
        Assert.All(free["latency"]!.AsArray(), stage => Assert.All(stage!["menu"]!.AsArray(), item => Assert.True((bool)item!["excluded"]!)));
    }

    [Theory]
    [InlineData(Claim.IndividualRationality, "quality", 0, "payment", 1.0)]
    [InlineData(Claim.IncentiveCompatibility, "quality", 1, "payment", 1.0)]
    [InlineData(Claim.IndividualRationality, "latency", 0, "payment", 0.01)]
    [InlineData(Claim.IncentiveCompatibility, "latency", 1, "payment", 0.01)]
    [InlineData(Claim.Monotonicity, "latency", 1, "cpuDenoiseHz", -5e8)]
    [InlineData(Claim.Feasibility, "latency", 0, "rateBitPerSecond", -1.7e6)]
    [InlineData(Claim.Consistency, "latency", 0, "latencySeconds", 0.01)]
    [InlineData(Claim.Consistency, "quality", 0, "userUtility", 0.01)]
    public void SabotagedStage_IsCaughtAndNamed(Claim claim, string stage, int type, string key, double change)
    {
        var answer = Solving.Json(Solving.Solve(Default));
        Assert.Equal(0, Solving.Judge(Default, answer).ExitCode);
        var item = (stage == "quality" ? answer["quality"]! : answer["latency"]![1]!)["menu"]![type]!;
        item[key] = (double)item[key]! + change;
        var certificate = Solving.Certificate(Solving.Judge(Default, answer), claim);
        Assert.False(certificate.Holds);
        var label = stage == "quality" ? "stage 1: " : "stage 2, type 2: ";
        Assert.Contains(certificate.Violations, slack => slack.Constraint.StartsWith(label, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("objective")]
    [InlineData("totalUtility")]
    [InlineData("latencyPayment")]
    [InlineData("probability")]
    [InlineData("expectedLatencyReductionSeconds")]
    [InlineData("latencyType")]
    public void SabotagedSum_IsCaught(string key)
    {
        var answer = Solving.Json(Solving.Solve(Default));
        JsonNode place = key == "objective" ? answer : answer["pairs"]![3]!;
        place[key] = (double)place[key]! + 1;
        Assert.False(Solving.Certificate(Solving.Judge(Default, answer), Claim.Consistency).Holds);
    }

    [Fact]
    public void AnotherItemInStage1_MakesStage2AnotherMarket()
    {
        // Fewer steps leave more time, so what stage 2 reports no longer follows from its speeds.
        var answer = Solving.Json(Solving.Solve(Default));
        answer["quality"]!["menu"]![1]!["steps"] = 4;
        var judged = Solving.Judge(Default, answer);
        Assert.Contains(Solving.Certificate(judged, Claim.Consistency).Violations, slack => slack.Constraint.StartsWith("stage 2, type 2: latencySeconds", StringComparison.Ordinal));
    }

    [Fact]
    public void MissingSecondStage_IsCaught()
    {
        var answer = Solving.Json(Solving.Solve(Default));
        answer["latency"]![1] = null;
        var certificate = Solving.Certificate(Solving.Judge(Default, answer), Claim.Feasibility);
        Assert.False(certificate.Holds);
        Assert.Contains("type 2 has a second stage", certificate.Worst.Constraint, StringComparison.Ordinal);
    }

    [Fact]
    public void BareAnswer_IsJudgedByItsDecisions()
    {
        var answer = Solving.Json(Solving.Solve(Default));
        string[] decisions = ["level", "steps", "payment", "excluded", "cpuPromptHz", "cpuDenoiseHz", "rateBitPerSecond"];
        foreach (var menu in answer["latency"]!.AsArray().Append(answer["quality"]).Select(stage => stage!["menu"]!.AsArray()))
        {
            foreach (var item in menu)
            {
                foreach (var key in item!.AsObject().Select(pair => pair.Key).Except(decisions).ToArray())
                {
                    item.AsObject().Remove(key);
                }
            }
        }

        var latency = answer["latency"]!.AsArray().Select(stage => (JsonNode)new JsonObject { ["menu"] = stage!["menu"]!.DeepClone() }).ToArray();
        var bare = new JsonObject { ["quality"] = new JsonObject { ["menu"] = answer["quality"]!["menu"]!.DeepClone() }, ["latency"] = new JsonArray(latency) };
        var judged = Solving.Judge(Default, bare);
        Assert.Equal(0, judged.ExitCode);
        Assert.Equal(21264.82099, judged.Objective!.Value, 5e-6);
    }

    [Theory]
    [InlineData("{ }", "answer $.quality")]
    [InlineData("{ \"quality\": { \"menu\": [] }, \"latency\": [] }", "answer $.quality.menu")]
    [InlineData("{ \"quality\": { \"menu\": [] }, \"latency\": [] }", "answer $.latency")]
    public void AnswerThatDoesNotFit_NamesThePath(string answer, string path)
    {
        var error = Assert.Throws<InvalidRequestException>(() => Solving.Judge(Default, JsonNode.Parse(answer)!));
        Assert.Contains(error.Problems, problem => problem.Path == path);
    }

    [Theory]
    [InlineData("\"users\": 20", "\"users\": -20", "$.quality.users")]
    [InlineData("\"stepsMax\": 20", "\"stepsMax\": 3", "$.quality.stepsMax")]
    [InlineData("\"gain\": 200, \"probability\": 0.5", "\"gain\": 200, \"probability\": 0.6", "$.quality.types")]
    [InlineData("\"maxLatencySeconds\": 3.0", "\"maxLatencySeconds\": \"3\"", "$.latency[0].maxLatencySeconds")]
    [InlineData("\"maxLatencySeconds\": 4.0", "\"maxLatencySeconds\": 4.0, \"users\": 10", "$.latency[1].users")]
    [InlineData("\"maxLatencySeconds\": 4.0", "\"maxLatencySeconds\": 4.0, \"successProbability\": 0.5", "$.latency[1].successProbability")]
    [InlineData("{ \"gain\": 20, \"probability\": 0.5 }", "{ \"gain\": 20, \"probability\": 0.4 }", "$.latency[0].types")]
    [InlineData("\"latency\": [", "\"latency\": [ {},", "$.latency[0].maxLatencySeconds")]
    [InlineData("\"latency\": [", "\"latencies\": [", "$.latency")]
    public void MalformedMarket_NamesThePath(string original, string replacement, string path)
    {
        Assert.Contains(original, Default, StringComparison.Ordinal);
        var problems = Solving.Problems(Default.Replace(original, replacement, StringComparison.Ordinal));
        Assert.Contains(problems, problem => problem.StartsWith(path + ":", StringComparison.Ordinal));
    }

    [Fact]
    public void WrongNumberOfSecondStages_IsRefused()
    {
        var market = JsonNode.Parse(Default)!;
        market["latency"]!.AsArray().Add(market["latency"]![0]!.DeepClone());
        Assert.Contains(Solving.Problems(market.ToJsonString()), problem => problem.StartsWith("$.latency:", StringComparison.Ordinal));
    }

    [Fact]
    public void Comparison_AddsTheStagesOfEveryScheme()
    {
        var schemes = TwoStageContractMechanism.Door.Compare(Encoding.UTF8.GetBytes(Default), new(), default).Schemes;
        Assert.Equal(["contract", "completeInformation", "uniform", "noPromptOptimisation"], schemes.Select(s => s.Name));
        double[] first = [20817.5736, 25625.2979, 20805.0033, 20287.1489];
        for (var k = 0; k < first.Length; k++)
        {
            Assert.Equal(first[k], schemes[k].Values[0]!.Value, 5e-5);
            Assert.Equal(schemes[k].Objective!.Value, schemes[k].Values[0]!.Value + schemes[k].Values[1]!.Value, 1e-9);
        }
    }

    private static TwoStageMarket Draw(ulong seed)
    {
        var rng = Rng.Stream(seed, 4);
        var count = 1 + rng.NextInt(2);
        var first = rng.NextDoubleOpen();
        var latency = LatencyMarkets.Draw(seed).Terms;
        return new()
        {
            Quality = new()
            {
                Users = 20,
                QualityModel = new() { Rho = [9.7417, 0.0978, 0.7647, 0.5158, 3497.8463, 0.0307] },
                LevelMax = rng.NextInt(3),
                StepsMin = 4,
                StepsMax = 4 + rng.NextInt(12),
                PaymentMin = rng.NextInt(5) == 0 ? 1200 : 0,
                AllowExclusion = rng.NextInt(2) == 0,
                Types = [.. Enumerable.Range(0, count).Select(i => new QualityType
                {
                    Gain = 50 + (250 * rng.NextDouble()),
                    Probability = count == 1 ? 1 : i == 0 ? first : 1 - first,
                    CostPerLevel = 1 + (9 * rng.NextDouble()),
                    CostPerStep = 1 + (9 * rng.NextDouble()),
                })],
            },
            Latency = rng.NextInt(2) == 0 ? [latency] : [.. Enumerable.Repeat(latency, count)],
        };
    }
}
