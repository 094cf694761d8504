using System.Text.Json.Nodes;
using Menuet.Tests.Core;

namespace Menuet.Tests.Mechanisms.DoubleAuction;

/// <summary>Each answer is broken in one named way, which the audit must name.</summary>
public sealed class DoubleAuctionAuditTests
{
    [Fact]
    public void AHigherBuyerPrice_BreaksParticipationAndThePriceRule()
    {
        var report = Judge("fan/mcafee-surplus", answer => answer["buyerPrice"] = 0.65);
        Broken(report, Claim.IndividualRationality, "IR(b2)");
        Broken(report, Claim.Feasibility, "what b1 pays");
        Assert.Equal(4, report.ExitCode);
    }

    [Fact]
    public void ALowerSellerPrice_BreaksParticipationOfSellers() =>
        Broken(Judge("fan/mcafee-surplus", answer => answer["sellerPrice"] = 0.25), Claim.IndividualRationality, "IR(s2)");

    [Fact]
    public void SellersPaidMoreThanBuyersPay_BreakTheBalance() =>
        Broken(Judge("fan/mcafee-surplus", answer => answer["sellerPrice"] = 0.5), Claim.BudgetBalance, "payments ≥ receipts");

    [Fact]
    public void AnAnswerThatIgnoresTiesByPosition_IsNotFeasible()
    {
        const string Tied = """{"kind":"double-auction","mechanism":"average","buyers":[{"bid":0.5},{"bid":0.5}],"sellers":[{"ask":0.2}]}""";
        var answer = Solving.Json(Solving.Solve(Tied));
        answer["winningBuyers"]![0] = "b2";
        answer["pairs"]![0]!["buyer"] = "b2";
        var report = Solving.Judge(Tied, answer);
        Broken(report, Claim.Feasibility, "what b1 gets");
        Assert.True(Solving.Certificate(report, Claim.Efficiency).Holds);
    }

    [Fact]
    public void AWinnerNamedTwice_IsNotFeasible() =>
        Broken(Judge("fan/average-price", answer => answer["winningBuyers"]![1] = "sedan"), Claim.Feasibility, "what sedan gets");

    [Fact]
    public void AMissingTrade_BreaksFeasibilityAndEfficiency()
    {
        var report = Judge("fan/vcg-deficit", answer =>
        {
            foreach (var key in new[] { "winningBuyers", "winningSellers", "pairs" })
            {
                answer[key]!.AsArray().RemoveAt(0);
            }
        });
        Broken(report, Claim.Feasibility, "what b1 gets");
        Broken(report, Claim.Efficiency, "gains ≥ 1 × efficient gains");
    }

    [Fact]
    public void APriceWithoutTrade_IsNotFeasible()
    {
        const string Apart = """{"kind":"double-auction","buyers":[{"bid":0.1}],"sellers":[{"ask":0.2}]}""";
        var answer = Solving.Json(Solving.Solve(Apart));
        Assert.Null(answer["buyerPrice"]);
        answer["buyerPrice"] = 0.15;
        Broken(Solving.Judge(Apart, answer), Claim.Feasibility, "buyer price");
    }

    [Fact]
    public void ATradeWithoutPrice_IsNotFeasible() =>
        Broken(Judge("fan/average-price", answer => answer["sellerPrice"] = null), Claim.Feasibility, "seller price");

    [Fact]
    public void PricesSetByTheirOwnPayers_AreNotTruthful()
    {
        // The middle of the pair at the margin, sold as McAfee's rule: the third buyer would bid lower.
        var average = Solving.Json(Solving.Solve(Solving.CatalogMarket("fan/vcg-deficit"), "average"));
        var report = Solving.Judge(Solving.CatalogMarket("fan/vcg-deficit"), average);
        var certificate = Solving.Certificate(report, Claim.Truthfulness);
        Assert.False(certificate.Holds);
        Assert.Equal(Evidence.Exhaustive, certificate.Evidence);
        Assert.Equal(4, report.ExitCode);
    }

    [Fact]
    public void AnOverchargedWinner_WouldHaveBidLess()
    {
        var report = Judge("fan/vcg-deficit", answer => answer["buyerPrice"] = 0.44);
        Assert.Contains(Solving.Certificate(report, Claim.Truthfulness).Violations, slack => slack.Constraint.StartsWith("b1 reports", StringComparison.Ordinal));
    }

    [Fact]
    public void SwappedPartners_BreakRankMatching() => Broken(
        Judge("fan/average-price", answer =>
        {
            var pairs = answer["pairs"]!;
            (pairs[0]!["seller"], pairs[1]!["seller"]) = ((string)pairs[1]!["seller"]!, (string)pairs[0]!["seller"]!);
        }),
        Claim.Matching, "sedan served by vm2");

    [Fact]
    public void RankMatching_IsNotTheLeastLatency()
    {
        var market = Solving.CatalogMarket("fan/minimum-latency");
        var byRank = Solving.Json(Solving.Solve(market.Replace("\"minLatency\"", "\"rank\"", StringComparison.Ordinal)));
        var report = Solving.Judge(market, byRank);
        Broken(report, Claim.Matching, "total latency ≤ the least");
        Assert.True(Solving.Certificate(report, Claim.Consistency).Holds);
    }

    [Fact]
    public void AnOmittedPair_BreaksTheMatching() =>
        Broken(Judge("fan/minimum-latency", answer => answer["pairs"]!.AsArray().RemoveAt(0)), Claim.Matching, "every trade has one pair");

    [Fact]
    public void AWrongClarkePayment_IsNotFeasible() =>
        Broken(Judge("fan/multi-unit", answer => answer["buyers"]![0]!["payment"] = 0.9), Claim.Feasibility, "what fleet pays");

    [Fact]
    public void AWrongQuantity_IsNotFeasible() =>
        Broken(Judge("fan/multi-unit", answer => answer["sellers"]![0]!["quantity"] = 7), Claim.Feasibility, "what edge gives");

    [Theory]
    [InlineData("efficientTrades", 2)]
    [InlineData("trades", 3)]
    [InlineData("pricingRule", "averagePrice")]
    [InlineData("gainsFromTrade", 0.8)]
    [InlineData("optimalGainsFromTrade", 1.1)]
    [InlineData("paperWelfare", 1.8)]
    [InlineData("buyersSurplus", 0.6)]
    [InlineData("sellersSurplus", 0.1)]
    [InlineData("budgetBalance", 0.1)]
    [InlineData("totalLatencySeconds", 1)]
    [InlineData("objective", 0.9)]
    public void AWrongReport_IsInconsistent(string key, object value) =>
        Broken(Judge("fan/mcafee-surplus", answer => answer[key] = JsonValue.Create(value)), Claim.Consistency, key);

    [Theory]
    [InlineData("socialWelfare")]
    [InlineData("budgetBalance")]
    [InlineData("totalLatencySeconds")]
    [InlineData("reward")]
    public void AWrongTotal_IsInconsistent(string key) => Broken(
        Judge("fan/double-auction", answer => answer["totals"]![key] = (double)answer["totals"]![key]! + 0.01), Claim.Consistency, "totals." + key);

    [Fact]
    public void AnOverbidder_LosesByHerTrueValue()
    {
        var report = Solving.Solve(Solving.CatalogMarket("fan/true-values"));
        Broken(report, Claim.ExPostRationality, "IR(b4)");
        Assert.True(report.PromisesHold);
    }

    [Fact]
    public void AnswersInTheBareForm_AreJudgedAndGraded()
    {
        var bare = """{"winningBuyers":["b1","b2"],"winningSellers":["s1","s2"],"buyerPrice":0.45,"sellerPrice":0.35}""";
        var report = Solving.Judge(Solving.CatalogMarket("fan/mcafee-surplus"), JsonNode.Parse(bare)!);
        Assert.Equal(0, report.ExitCode);
        Assert.Equal(0.86, report.Objective!.Value, 1e-12);
        var several = Solving.Json(Solving.Solve(Solving.CatalogMarket("fan/double-auction")));
        foreach (var market in several["markets"]!.AsArray())
        {
            market!.AsObject().Remove("pairs");
        }

        Assert.Equal(0, Solving.Judge(Solving.CatalogMarket("fan/double-auction"), several).ExitCode);
    }

    [Theory]
    [InlineData("""{"winningSellers":[],"winningBuyers":["nobody"]}""", "answer $.winningBuyers[0]")]
    [InlineData("""{"winningSellers":["s1"]}""", "answer $.winningBuyers")]
    [InlineData("""{}""", "answer $.winningBuyers")]
    [InlineData("""{"winningBuyers":[],"winningSellers":[],"pairs":[{"buyer":"b1","seller":"b1"}]}""", "answer $.pairs[0].seller")]
    [InlineData("""{"winningBuyers":[],"winningSellers":[],"playedBids":[1]}""", "answer $.playedBids")]
    [InlineData("""{"markets":[]}""", "answer $.winningBuyers")]
    public void AnswersThatDoNotFit_AreRefusedWithTheirPath(string answer, string path)
    {
        var error = Assert.Throws<InvalidRequestException>(() => Solving.Judge(Solving.CatalogMarket("fan/mcafee-surplus"), JsonNode.Parse(answer)!));
        Assert.Contains(error.Problems, problem => problem.Path == path);
    }

    [Theory]
    [InlineData("""{"winningBuyers":["b1","b1","b1"],"winningSellers":[],"buyerPrice":1e30,"sellerPrice":-1e30}""")]
    [InlineData("""{"winningBuyers":["b4","b1"],"winningSellers":["s4"],"pairs":[]}""")]
    [InlineData("""{"winningBuyers":["b1"],"winningSellers":["s1"],"pairs":[{"buyer":"b1","seller":"s1","payment":1e30,"revenue":-1e30}],"playedBids":[1e30,-1e30,0,0]}""")]
    public void AbsurdAnswers_FailButAreJudged(string answer) =>
        Assert.Equal(4, Solving.Judge(Solving.CatalogMarket("fan/mcafee-surplus"), JsonNode.Parse(answer)!).ExitCode);

    private static Report Judge(string market, Action<JsonObject> breakIt)
    {
        var text = Solving.CatalogMarket(market);
        var answer = Solving.Json(Solving.Solve(text));
        breakIt(answer);
        return Solving.Judge(text, answer);
    }

    private static void Broken(Report report, Claim claim, string constraint) =>
        Assert.Contains(Solving.Certificate(report, claim).Violations, slack => slack.Constraint.StartsWith(constraint, StringComparison.Ordinal));
}
