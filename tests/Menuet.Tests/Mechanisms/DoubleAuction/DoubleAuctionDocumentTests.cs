using Menuet.Tests.Core;

namespace Menuet.Tests.Mechanisms.DoubleAuction;

public sealed class DoubleAuctionDocumentTests
{
    private const string Sides = "\"buyers\":[{\"bid\":0.5}],\"sellers\":[{\"ask\":0.2}]";

    [Theory]
    [InlineData("", "$.buyers", "$.sellers")]
    [InlineData("\"buyers\":[]", "$.sellers")]
    [InlineData("\"markets\":[]", "$.markets")]
    [InlineData(Sides + ",\"markets\":[]", "$.markets")]
    [InlineData("\"markets\":[{\"buyers\":[]}]", "$.markets[0].sellers")]
    [InlineData("\"markets\":[{\"id\":\"a\",\"buyers\":[],\"sellers\":[]},{\"id\":\"a\",\"buyers\":[],\"sellers\":[]}]", "$.markets[1].id")]
    [InlineData(Sides + ",\"mechanism\":\"mcaffee\"", "$.mechanism")]
    [InlineData(Sides + ",\"missingSide\":\"bounds\"", "$.valueBounds")]
    [InlineData(Sides + ",\"missingSide\":\"bounds\",\"valueBounds\":{\"min\":0.3,\"max\":0.4}", "$.buyers[0].bid", "$.sellers[0].ask")]
    [InlineData(Sides + ",\"valueBounds\":{\"min\":1,\"max\":0}", "$.valueBounds.max")]
    [InlineData(Sides + ",\"valueBounds\":{\"min\":1}", "$.valueBounds.max")]
    [InlineData(Sides + ",\"kappa\":1.5", "$.kappa")]
    [InlineData(Sides + ",\"reward\":{\"budgetCoefficient\":-1}", "$.reward.budgetCoefficient")]
    [InlineData(Sides + ",\"matching\":\"minLatency\"", "$.buyers[0].contentKilobytes", "$.ratesMegabitsPerSecond")]
    [InlineData(Sides + ",\"ratesMegabitsPerSecond\":[[1],[2]]", "$.ratesMegabitsPerSecond")]
    [InlineData(Sides + ",\"ratesMegabitsPerSecond\":[[1,2]]", "$.ratesMegabitsPerSecond[0]")]
    [InlineData(Sides + ",\"ratesMegabitsPerSecond\":[[0]]", "$.ratesMegabitsPerSecond[0][0]")]
    [InlineData("\"buyers\":[{\"bid\":1,\"contentKilobytes\":0}],\"sellers\":[]", "$.buyers[0].contentKilobytes")]
    [InlineData("\"buyers\":[{\"bid\":1,\"contentKilobytes\":5},{\"bid\":1}],\"sellers\":[],\"ratesMegabitsPerSecond\":[[],[]]", "$.buyers[1].contentKilobytes")]
    [InlineData("\"buyers\":[{\"id\":\"x\",\"bid\":1},{\"id\":\"x\",\"bid\":1}],\"sellers\":[]", "$.buyers[1].id")]
    [InlineData("\"buyers\":[{\"bid\":1},{\"id\":\"b1\",\"bid\":1}],\"sellers\":[]", "$.buyers[1].id")]
    [InlineData("\"buyers\":[{}],\"sellers\":[{}]", "$.buyers[0].bid", "$.sellers[0].ask")]
    [InlineData("\"buyers\":[{\"units\":[1]}],\"sellers\":[{\"ask\":1}]", "$.sellers[0].units")]
    [InlineData("\"buyers\":[{\"units\":[1],\"bid\":1,\"value\":2}],\"sellers\":[]", "$.buyers[0].bid", "$.buyers[0].value")]
    [InlineData("\"buyers\":[{\"units\":[1,2]}],\"sellers\":[{\"units\":[2,1]}]", "$.buyers[0].units[1]", "$.sellers[0].units[1]")]
    [InlineData("\"buyers\":[{\"bid\":\"1\"}],\"sellers\":[{\"ask\":1e308}]", "$.buyers[0].bid", "$.sellers[0].ask")]
    [InlineData("\"buyers\":[{\"bidd\":1}],\"sellers\":[]", "$.buyers[0].bidd")]
    public void MalformedMarkets_AreRefusedWithEveryPath(string body, params string[] paths)
    {
        var problems = Solving.Problems($$"""{"kind":"double-auction"{{(body.Length == 0 ? "" : ",")}}{{body}}}""");
        foreach (var path in paths)
        {
            Assert.Contains(problems, problem => problem.StartsWith(path + ": ", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("\"buyers\":[],\"sellers\":[]")]
    [InlineData("\"buyers\":[{\"bid\":1}],\"sellers\":[]")]
    [InlineData("\"buyers\":[],\"sellers\":[{\"ask\":1}],\"matching\":\"minLatency\"")]
    [InlineData("\"buyers\":[{\"units\":[]}],\"sellers\":[{\"units\":[1]}],\"mechanism\":\"vcg\"")]
    [InlineData("\"markets\":[{\"buyers\":[],\"sellers\":[]}],\"mechanism\":\"sequentialSecondPrice\"")]
    [InlineData("\"buyers\":[{\"bid\":1}],\"sellers\":[{\"ask\":2}],\"mechanism\":\"kDouble\"")]
    public void MarketsWithoutTrade_AreAnswers(string body)
    {
        var report = Solving.Solve($$"""{"kind":"double-auction",{{body}}}""");
        var answer = Solving.Json(report);
        Assert.Equal(0, report.ExitCode);
        Assert.Equal("cleared", report.Status);
        Assert.Equal(0.0, report.Objective);
        var cleared = answer["markets"]?[0] ?? answer;
        Assert.Equal(0, (int)cleared["trades"]!);
        Assert.Equal("none", (string)cleared["pricingRule"]!);
        Assert.Null(cleared["buyerPrice"]);
        Assert.True(cleared.AsObject().ContainsKey("sellerPrice"));
    }

    [Fact]
    public void TheDocumentedExample_HasTheDocumentedAnswer()
    {
        // One efficient pair and nobody after it: trade reduction gives it up.
        const string Example = """
            { "schemaVersion": 1, "kind": "double-auction", "mechanism": "mcafee", "missingSide": "reduce", "valueBounds": {"min": 0.0, "max": 1.0},
              "kappa": 0.5, "matching": "rank", "reward": {"welfare": "gainsFromTrade", "budgetCoefficient": 1.0, "latencyWeightPerSecond": 1.0},
              "buyers": [{"id": "b1", "bid": 0.5, "value": 0.6, "contentKilobytes": 341.0}], "sellers": [{"id": "s1", "ask": 0.2, "cost": 0.2}],
              "ratesMegabitsPerSecond": [[65.0]] }
            """;
        Assert.Equal(0, (int)Solving.Json(Solving.Solve(Example))["trades"]!);
        var average = Solving.Json(Solving.Solve(Example, "average"));
        Assert.Equal(0.35, (double)average["buyerPrice"]!, 1e-12);
        Assert.Equal(0.4, (double)average["gainsFromTrade"]!, 1e-12);
        Assert.Equal(0.8, (double)average["paperWelfare"]!, 1e-12);
        Assert.Equal(341 * 8e3 / 65e6, (double)average["pairs"]![0]!["latencySeconds"]!, 1e-12);
        Assert.Equal(0.4 - (341 * 8e3 / 65e6), (double)average["totals"]!["reward"]!, 1e-12);
    }

    [Fact]
    public void TotalsOfSeveralMarkets_LetBalancesCancel()
    {
        const string Two = """
            {"kind":"double-auction","mechanism":"tradeReduction","reward":{"budgetCoefficient":2},"markets":[
             {"buyers":[{"bid":8},{"bid":6}],"sellers":[{"ask":1},{"ask":2}]},
             {"id":"other","buyers":[{"bid":5},{"bid":4}],"sellers":[{"ask":3},{"ask":3.5}]}]}
            """;
        var answer = Solving.Json(Solving.Solve(Two));
        Assert.Equal("market1", (string)answer["markets"]![0]!["id"]!);
        Assert.Equal("other", (string)answer["markets"]![1]!["id"]!);
        Assert.Equal(4.5, (double)answer["totals"]!["budgetBalance"]!, 1e-12);
        Assert.Equal(9 - (2 * 4.5 * 4.5), (double)answer["objective"]!, 1e-12);
        var vcg = Solving.Json(Solving.Solve(Two, "vcg"));
        Assert.Equal((2 * (2 - 6)) + (2 * (3.5 - 4)), (double)vcg["totals"]!["budgetBalance"]!, 1e-12);
        Assert.False(answer.ContainsKey("trades"));
    }

    [Fact]
    public void ExtremeNumbers_NeitherOverflowNorLie()
    {
        const string Extreme = """
            {"kind":"double-auction","mechanism":"vcg","matching":"minLatency","reward":{"budgetCoefficient":1e30,"latencyWeightPerSecond":1e30},
             "buyers":[{"bid":1e30,"contentKilobytes":1e30},{"bid":1e-40,"contentKilobytes":1e-40}],"sellers":[{"ask":-1e30},{"ask":0}],
             "ratesMegabitsPerSecond":[[1e-40,1e30],[1e30,1e-40]]}
            """;
        foreach (var solver in new[] { "mechanism", "reference", "random", "sequential-second-price" })
        {
            var report = Solving.Solve(Extreme, solver);
            Assert.True(report.PromisesHold, solver);
            Assert.True(double.IsFinite(report.Objective!.Value), solver);
        }
    }

    [Fact]
    public void TheReference_RefusesLargeMarkets()
    {
        var large = $$"""{"kind":"double-auction","buyers":[{{string.Join(',', Enumerable.Repeat("{\"bid\":1}", 501))}}],"sellers":[]}""";
        var error = Assert.Throws<InvalidRequestException>(() => Solving.Solve(large, "reference"));
        Assert.Contains("at most 500", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RandomBids_RepeatFromTheirSeed_AndAreShown()
    {
        var market = Solving.CatalogMarket("fan/double-auction");
        var (once, again, other) = (Bids(1), Bids(1), Bids(2));
        Assert.Equal(once, again);
        Assert.NotEqual(once, other);

        string Bids(ulong seed) => Solving.Json(Solving.Solve(market, "random", new(Seed: seed)))["markets"]![0]!["playedBids"]!.ToJsonString();
    }

    [Theory]
    [InlineData("fan/average-price", 3, "averagePrice", 0.4, 0.4, 1.5)]
    [InlineData("fan/mcafee-surplus", 2, "tradeReduction", 0.45, 0.35, 0.9)]
    [InlineData("fan/missing-ask", 2, "averagePrice", 0.5, 0.5, 1.4)]
    [InlineData("fan/missing-both-bounds", 2, "averagePrice", 0.5, 0.5, 0.75)]
    [InlineData("fan/vcg-deficit", 3, "vcg", 0.35, 0.45, 1)]
    [InlineData("fan/true-values", 4, "kDouble", 0.4, 0.4, 1.4)]
    public void CatalogueMarkets_ShowWhatTheySay(string market, int trades, string rule, double buyerPrice, double sellerPrice, double gains)
    {
        var answer = Solving.Json(Solving.Solve(Solving.CatalogMarket(market)));
        Assert.Equal(trades, (int)answer["trades"]!);
        Assert.Equal(rule, (string)answer["pricingRule"]!);
        Assert.Equal(buyerPrice, (double)answer["buyerPrice"]!, 1e-12);
        Assert.Equal(sellerPrice, (double)answer["sellerPrice"]!, 1e-12);
        Assert.Equal(gains, (double)answer["gainsFromTrade"]!, 1e-12);
    }

    [Fact]
    public void ClarkePayments_AreThoseComputedByHand()
    {
        // Bids 0.9 0.8 0.7 0.55 | 0.4 0.3, asks 0.1 0.2 0.25 0.5 | 0.6 0.65: four trades. Without the fleet's two, 0.25 and 0.5 stay for 0.3.
        var answer = Solving.Json(Solving.Solve(Solving.CatalogMarket("fan/multi-unit")));
        Assert.Equal(4, (int)answer["trades"]!);
        Assert.Equal(0.3 + 0.5, (double)answer["buyers"]![0]!["payment"]!, 1e-12);
        Assert.Equal(0.5, (double)answer["buyers"]![1]!["payment"]!, 1e-12);
        Assert.Equal(0.5, (double)answer["buyers"]![2]!["payment"]!, 1e-12);
        Assert.Equal(0.65 + 0.55, (double)answer["sellers"]![0]!["revenue"]!, 1e-12);
        Assert.Equal(0.55 + 0.6, (double)answer["sellers"]![1]!["revenue"]!, 1e-12);
        Assert.Null(answer["buyerPrice"]);
    }
}
