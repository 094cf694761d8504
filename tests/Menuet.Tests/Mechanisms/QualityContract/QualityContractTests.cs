using System.Text;
using System.Text.Json.Nodes;
using Menuet.Documents;
using Menuet.Mechanisms.QualityContract;
using Menuet.Tests.Core;

namespace Menuet.Tests.Mechanisms.QualityContract;

public sealed class QualityContractTests
{
    private const string Default = "ye/quality-contract";

    [Theory]
    [InlineData("exact")]
    [InlineData("dynamic-programme")]
    [InlineData("ironing")]
    [InlineData("reference")]
    public void Default_HasThePublishedOptimum(string solver)
    {
        var report = Solving.Solve(Solving.CatalogMarket(Default), solver);
        var answer = Solving.Json(report);
        Assert.Equal(20817.5736, (double)answer["objective"]!, 4);
        Assert.Equal((1, 13), Item(answer, 0));
        Assert.Equal((2, 15), Item(answer, 1));
        Assert.Equal(1055.414, (double)answer["menu"]![0]!["payment"]!, 3);
        Assert.Equal(1078.343, (double)answer["menu"]![1]!["payment"]!, 3);
        Assert.Equal(0, report.ExitCode);
    }

    [Theory]
    [InlineData("ye/quality-contract", 20817.5736, 25625.2979, 20805.0033, 20287.1489)]
    [InlineData("ye/fig9-exact", 20951.2318, 25758.9561, 20932.0466, 20420.8071)]
    public void Schemes_HaveThePublishedValues(string market, double contract, double complete, double uniform, double unoptimised)
    {
        var comparison = Compare(Solving.CatalogMarket(market));
        Assert.Equal(contract, Value(comparison, "contract"), 4);
        Assert.Equal(complete, Value(comparison, "completeInformation"), 4);
        Assert.Equal(uniform, Value(comparison, "uniform"), 4);
        Assert.Equal(unoptimised, Value(comparison, "noPromptOptimisation"), 4);
    }

    [Theory]
    [InlineData("ye/fig9-exact", 2, 17)]
    [InlineData("ye/fig9-nearest", 2, 16)]
    public void Fig9_HasItsItems(string market, int level, int steps)
    {
        var answer = Solving.Json(Solving.Solve(Solving.CatalogMarket(market)));
        Assert.Equal((1, 13), Item(answer, 0));
        Assert.Equal((level, steps), Item(answer, 1));
    }

    [Fact]
    public void Exclusion_LeavesTheLowTypeOut_AndPays()
    {
        var text = Solving.CatalogMarket("ye/quality-exclusion");
        var answer = Solving.Json(Solving.Solve(text));
        Assert.True((bool)answer["menu"]![0]!["excluded"]!);
        Assert.Equal(0, (double)answer["menu"]![0]!["payment"]!);
        var forced = Solving.Json(Solving.Solve(text.Replace("\"allowExclusion\": true", "\"allowExclusion\": false", StringComparison.Ordinal)));
        Assert.True((double)answer["objective"]! > (double)forced["objective"]!);
    }

    [Fact]
    public void Cap_PoolsTheUpperTypesBelowIt_ProvenOptimal()
    {
        var answer = Solving.Json(Solving.Solve(Solving.CatalogMarket("ye/quality-capped")));
        Assert.Equal("optimal", (string)answer["status"]!);
        Assert.Equal(799.0748, (double)answer["menu"]![2]!["payment"]!, 4);
        Assert.Equal(15141.5086, (double)answer["objective"]!, 4);
        Assert.Contains("binds", (string)answer["solver"]!["note"]!, StringComparison.Ordinal);
        Assert.False(answer.ContainsKey("objectiveUpperBound"));
    }

    [Fact]
    public void TightCap_IsPaidByTheTop()
    {
        var text = Solving.CatalogMarket("ye/quality-capped").Replace("\"paymentMax\": 800", "\"paymentMax\": 600", StringComparison.Ordinal);
        var answer = Solving.Json(Solving.Solve(text));
        Assert.Equal(600, (double)answer["menu"]![2]!["payment"]!, 9);
        Assert.Equal((double)Solving.Json(Solving.Solve(text, "reference"))["objective"]!, (double)answer["objective"]!, 6);
    }

    [Fact]
    public void SchemesOnRandomMarkets_KeepTheirOrder()
    {
        for (ulong seed = 0; seed < 500; seed++)
        {
            var market = seed % 2 == 0 ? QualityMarkets.Draw(seed) : QualityMarkets.DrawCapped(seed);
            var comparison = QualityContractMechanism.Door.Schemes(market, new(), default);
            if (comparison.Schemes[0].Objective is not { } contract)
            {
                Assert.Null(comparison.Schemes.Single(s => s.Name == "uniform").Objective);
                continue;
            }

            var slack = 1e-9 * Math.Abs(Value(comparison, "completeInformation"));
            Assert.True(contract <= Value(comparison, "completeInformation") + slack, $"seed {seed}");
            Assert.True(Value(comparison, "uniform") <= contract + slack, $"seed {seed}");
        }
    }

    [Fact]
    public void UniformWithExclusion_MatchesAllThresholdsTriedOneByOne()
    {
        for (ulong seed = 0; seed < 300; seed++)
        {
            var market = QualityMarkets.Draw(seed) with { AllowExclusion = true };
            var best = 0.0;
            foreach (var level in Enumerable.Range(market.LevelMin, market.LevelMax - market.LevelMin + 1))
            {
                foreach (var steps in Enumerable.Range(market.StepsMin, market.StepsMax - market.StepsMin + 1))
                {
                    var quality = market.Quality(level, steps);
                    foreach (var payment in market.Types.Select(t => t.Gain * quality).Where(p => p >= market.PaymentMin && quality > 0))
                    {
                        best = Math.Max(best, market.Types.Sum(t => t.Gain * quality > payment ? t.Probability * Profit(t)
                            : t.Gain * quality == payment ? t.Probability * Math.Max(0, Profit(t)) : 0));
                        double Profit(QualityType t) => payment - (t.CostPerLevel * level) - (t.CostPerStep * steps);
                    }
                }
            }

            var found = Value(QualityContractMechanism.Door.Schemes(market, new(), default), "uniform") / market.Users;
            Assert.True(found >= best - (1e-9 * Math.Abs(best)) && (found <= best + (1e-9 * Math.Abs(best)) || market.Types.Any(t => t.CostPerLevel < 0 || t.CostPerStep < 0)), $"seed {seed}: {found} for {best}");
        }
    }

    [Theory]
    [InlineData("individualRationality", 0, "payment", 1.01)]
    [InlineData("incentiveCompatibility", 1, "payment", 1.01)]
    [InlineData("consistency", 0, "userUtility", 7.0)]
    [InlineData("consistency", 1, "quality", 1.001)]
    [InlineData("consistency", 1, "providerCost", 2.0)]
    [InlineData("consistency", 1, "gain", 1.5)]
    public void BrokenItem_FailsItsClaim(string claim, int item, string key, double value)
    {
        var answer = Answer();
        var target = answer["menu"]![item]!.AsObject();
        target[key] = (double)target[key]! == 0 ? value : (double)target[key]! * value;
        Assert.Contains(claim, Failing(answer));
    }

    [Theory]
    [InlineData("objective")]
    [InlineData("principalUtilityPerUser")]
    public void BrokenTotal_FailsConsistency(string key)
    {
        var answer = Answer();
        answer[key] = (double)answer[key]! * 1.0001;
        Assert.Equal(["consistency"], Failing(answer));
    }

    [Theory]
    [InlineData("irSlackMin")]
    [InlineData("icSlackMin")]
    public void BrokenSlack_FailsConsistency(string key)
    {
        var answer = Answer();
        answer[key] = 1;
        Assert.Equal(["consistency"], Failing(answer));
    }

    [Theory]
    [InlineData("level", 4)]
    [InlineData("level", -1)]
    [InlineData("steps", 21)]
    [InlineData("steps", 3)]
    [InlineData("steps", int.MaxValue)]
    public void ItemOutsideItsBounds_FailsFeasibility(string key, int value)
    {
        var answer = Answer();
        answer["menu"]![1]![key] = value;
        Assert.Contains("feasibility", Failing(answer));
    }

    [Fact]
    public void PaymentOutsideItsBounds_FailsFeasibility()
    {
        var market = Solving.CatalogMarket("ye/quality-capped");
        var answer = Solving.Json(Solving.Solve(market));
        answer["menu"]![2]!["payment"] = 800.001;
        Assert.Contains("feasibility", Failing(market, answer));
        answer["menu"]![2]!["payment"] = -1;
        Assert.Contains("feasibility", Failing(market, answer));
    }

    [Fact]
    public void ExclusionThatIsNotAllowed_FailsFeasibility()
    {
        var answer = Answer();
        foreach (var (key, value) in new (string, JsonNode)[] { ("excluded", true), ("level", 0), ("steps", 0), ("payment", 0) })
        {
            answer["menu"]![0]![key] = value;
        }

        Assert.Contains("feasibility", Failing(answer));
    }

    [Fact]
    public void FallingQualities_FailMonotonicity()
    {
        var answer = Answer();
        foreach (var key in new[] { "level", "steps" })
        {
            var first = (int)answer["menu"]![0]![key]!;
            answer["menu"]![0]![key] = (int)answer["menu"]![1]![key]!;
            answer["menu"]![1]![key] = first;
        }

        Assert.Contains("monotonicity", Failing(answer));
    }

    [Fact]
    public void ItemOutsideATable_IsJudgedWithoutACrash()
    {
        var market = Solving.CatalogMarket("ye/quality-table");
        var answer = Solving.Json(Solving.Solve(market));
        answer["menu"]![0]!["level"] = int.MaxValue;
        Assert.Contains("feasibility", Failing(market, answer));
        Assert.Contains("individualRationality", Failing(market, answer));
    }

    [Fact]
    public void MenuOfTheWrongLength_IsRefusedWithAPath()
    {
        var answer = Answer();
        answer["menu"]!.AsArray().RemoveAt(1);
        var error = Assert.Throws<InvalidRequestException>(() => Solving.Judge(Solving.CatalogMarket(Default), answer));
        Assert.Equal("answer $.menu", error.Problems[0].Path);
    }

    [Fact]
    public void AnswerOfDecisionsAlone_IsJudged()
    {
        var answer = Answer();
        var bare = new JsonObject
        {
            ["objective"] = (double)answer["objective"]!,
            ["menu"] = new JsonArray([.. answer["menu"]!.AsArray().Select(item => new JsonObject
            {
                ["level"] = (int)item!["level"]!,
                ["steps"] = (int)item["steps"]!,
                ["payment"] = (double)item["payment"]!,
            })]),
        };
        Assert.Equal(0, Solving.Judge(Solving.CatalogMarket(Default), bare).ExitCode);
    }

    [Theory]
    [InlineData("\"users\": 20", "\"users\": 0", "$.users")]
    [InlineData("\"levelMin\": 0", "\"levelMin\": 4", "$.levelMax")]
    [InlineData("\"stepsMin\": 4", "\"stepsMin\": 21", "$.stepsMax")]
    [InlineData("\"stepsMin\": 4", "\"stepsMin\": -1", "$.stepsMin")]
    [InlineData("\"stepsMin\": 4", "\"stepsMin\": 4.5", "$.stepsMin")]
    [InlineData("\"stepsMax\": 20", "\"stepsMax\": 2000000000", "$.stepsMax")]
    [InlineData("\"stepsMax\": 20", "\"stepsMax\": 20, \"paymentMin\": 5, \"paymentMax\": 4", "$.paymentMax")]
    [InlineData("\"stepsMax\": 20", "\"stepsMax\": 20, \"paymentMin\": -1", "$.paymentMin")]
    [InlineData("\"probability\": 0.5", "\"probability\": 0.4", "$.types")]
    [InlineData("\"probability\": 0.5", "\"probability\": -0.5", "$.types[0].probability")]
    [InlineData("\"gain\": 290", "\"gain\": 0", "$.types[1].gain")]
    [InlineData("\"gain\": 290", "\"gain\": 1e308", "$.types[1].gain")]
    [InlineData("\"gain\": 290", "\"gains\": 290", "$.types[1].gains")]
    [InlineData("\"gain\": 290, ", "", "$.types[1].gain")]
    [InlineData("0.0307]", "0.0307, 1]", "$.qualityModel.rho")]
    [InlineData("3497.8463", "-1", "$.qualityModel.rho[4]")]
    [InlineData("0.0978", "-1", "$.qualityModel.rho[1]")]
    [InlineData("\"rho\": [", "\"table\": [[1]], \"rho\": [", "$.qualityModel")]
    [InlineData("\"rho\": [9.7417, 0.0978, 0.7647, 0.5158, 3497.8463, 0.0307]", "\"table\": [[1, 2]]", "$.qualityModel.table")]
    [InlineData("\"rho\": [9.7417, 0.0978, 0.7647, 0.5158, 3497.8463, 0.0307]", "\"table\": [[1, 2]]", "$.qualityModel.table[0]")]
    [InlineData("\"rho\": [9.7417, 0.0978, 0.7647, 0.5158, 3497.8463, 0.0307]", "", "$.qualityModel")]
    public void MalformedMarket_IsRefusedWithItsPath(string part, string replacement, string path)
    {
        var text = Solving.CatalogMarket(Default);
        Assert.Contains(part, text, StringComparison.Ordinal);
        Assert.Contains(Solving.Problems(text.Replace(part, replacement, StringComparison.Ordinal)), problem => problem.StartsWith(path + ":", StringComparison.Ordinal));
    }

    [Fact]
    public void MarketWithoutTypes_IsRefused()
    {
        var text = Solving.CatalogMarket(Default);
        text = text[..text.IndexOf("\"types\"", StringComparison.Ordinal)] + "\"types\": [] }";
        Assert.Contains(Solving.Problems(text), problem => problem.StartsWith("$.types", StringComparison.Ordinal));
    }

    [Fact]
    public void EveryCatalogMarket_IsSolvedAndHolds()
    {
        var markets = Catalog.Markets.Where(name => Solving.CatalogMarket(name).Contains("\"kind\": \"quality-contract\"", StringComparison.Ordinal)).ToArray();
        Assert.True(markets.Length >= 6);
        foreach (var name in markets)
        {
            var report = Solving.Solve(Solving.CatalogMarket(name));
            Assert.Equal("optimal", report.Status);
            Assert.True(report.Audit!.Holds, name);
            var reference = Solving.Solve(Solving.CatalogMarket(name), "reference");
            Assert.Equal(1, report.Objective!.Value / reference.Objective!.Value, 1e-9);
        }
    }

    private static (int Level, int Steps) Item(JsonObject answer, int type) =>
        ((int)answer["menu"]![type]!["level"]!, (int)answer["menu"]![type]!["steps"]!);

    private static double Value(Comparison comparison, string scheme) => comparison.Schemes.Single(s => s.Name == scheme).Objective!.Value;

    private static Comparison Compare(string market) => QualityContractMechanism.Door.Compare(Encoding.UTF8.GetBytes(market), new(), default);

    private static JsonObject Answer() => Solving.Json(Solving.Solve(Solving.CatalogMarket(Default)));

    private static string[] Failing(JsonObject answer) => Failing(Solving.CatalogMarket(Default), answer);

    private static string[] Failing(string market, JsonObject answer) =>
        [.. Solving.Judge(market, answer).Audit!.Certificates.Where(c => !c.Holds).Select(c => DocumentText.CamelCase(c.Claim.ToString()))];
}
