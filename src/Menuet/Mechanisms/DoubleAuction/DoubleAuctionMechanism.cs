using System.Collections.Immutable;

namespace Menuet.Mechanisms.DoubleAuction;

/// <summary>Double auctions between vehicles and virtual machines. Source: Fan et al. 2023, Section III; McAfee 1992.</summary>
public static class DoubleAuctionMechanism
{
    /// <summary>The door.</summary>
    public static Mechanism<DoubleAuctionMarket, DoubleAuctionOutcome, DoubleAuctionAnswer> Door { get; } = new()
    {
        Kind = "double-auction",
        Title = "Double auction for generated content",
        Source = "Fan et al. 2023",
        MarketShape = DoubleAuctionMarket.Shape,
        AnswerShape = DoubleAuctionAnswer.Shape,
        SolverList =
        [
            new DoubleAuctionSolver("mechanism", "The rule that the document names, cleared exactly in expected linear time.", null),
            new DoubleAuctionSolver("mcafee", "McAfee's rule: truthful, individually rational, no deficit, loses at most the least valuable trade.", AuctionMechanism.Mcafee),
            new DoubleAuctionSolver("trade-reduction", "The pair at the margin always gives way: truthful and never a deficit.", AuctionMechanism.TradeReduction),
            new DoubleAuctionSolver("vcg", "Everybody pays her externality: truthful and efficient, at a deficit.", AuctionMechanism.Vcg),
            new DoubleAuctionSolver("k-double", "One price a share κ of the way between the clearing prices: efficient and balanced, not truthful.", AuctionMechanism.KDouble),
            new DoubleAuctionSolver("average", "One price in the middle of the pair at the margin: efficient and balanced, not truthful.", AuctionMechanism.Average),
            new DoubleAuctionSolver(
                "sequential-second-price", "Baseline: sellers in input order, each to the highest remaining bid at the second highest; no guarantee but individual rationality.",
                AuctionMechanism.SequentialSecondPrice),
            PlayedBids.Truthful,
            PlayedBids.Random,
            new DoubleAuctionReference(),
        ],
        Describe = Description.Of,
        Audit = DoubleAuctionAudit.Check,
        Graded = GivenAnswer.Graded,
        AnswerProblems = DoubleAuctionAudit.AnswerProblems,
        Tables = Tables,
        Schemes = DoubleAuctionSchemes.Compare,
        Environment = new EnvironmentDoor<DoubleAuctionScenario>(
            "vehicles see how busy the roadside units are, their own rates and request, and bid; all earn eq. (6), or each her own utility",
            DoubleAuctionScenario.Shape),
    };

    private static ImmutableArray<Table> Tables(DoubleAuctionMarket market, DoubleAuctionAnswer answer)
    {
        var tables = ImmutableArray.CreateBuilder<Table>();
        ImmutableArray<ClearedMarket> cleared = market.HasSeveral ? answer.Markets : [answer.Market!];
        tables.Add(ClearedMarket.Shape.Tabulate(
            market.HasSeveral ? "Markets" : "Clearing",
            market.HasSeveral ? cleared.Select((one, i) => one with { Id = one.Id ?? market.Markets[i].NameOf(i) }) : cleared,
            [
                .. market.HasSeveral ? new[] { "id" } : [],
                "efficientTrades", "trades", "pricingRule", "buyerPrice", "sellerPrice", "gainsFromTrade", "optimalGainsFromTrade", "budgetBalance",
                "totalLatencySeconds",
            ]));
        if (market.HasSeveral && answer.Totals is { } totals)
        {
            tables.Add(AuctionTotals.Shape.Tabulate("Totals", [totals], "socialWelfare", "budgetBalance", "totalLatencySeconds", "reward"));
        }

        for (var i = 0; i < cleared.Length; i++)
        {
            AddTrades(tables, cleared[i], market.HasSeveral ? $" in {market.Markets[i].NameOf(i)}" : "");
        }

        return tables.ToImmutable();
    }

    private static void AddTrades(ImmutableArray<Table>.Builder tables, ClearedMarket cleared, string where)
    {
        if (!cleared.Buyers.IsDefault)
        {
            tables.Add(BuyerShare.Shape.Tabulate("Buyers" + where, cleared.Buyers, "id", "quantity", "payment"));
        }

        if (!cleared.Sellers.IsDefault)
        {
            tables.Add(SellerShare.Shape.Tabulate("Sellers" + where, cleared.Sellers, "id", "quantity", "revenue"));
        }

        if (!cleared.Pairs.IsDefaultOrEmpty)
        {
            var differ = cleared.Pairs.Any(pair => pair.Payment is not null);
            var knowsLatency = cleared.Pairs.Any(pair => pair.LatencySeconds is not null);
            tables.Add(TradedPair.Shape.Tabulate(
                "Trades" + where, cleared.Pairs,
                ["buyer", "seller", .. differ ? new[] { "payment", "revenue" } : [], .. knowsLatency ? new[] { "latencySeconds" } : []]));
        }
    }
}
