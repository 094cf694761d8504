using System.Collections.Immutable;
using Menuet.Documents;

namespace Menuet.Mechanisms.DoubleAuction;

/// <summary>The public answer: trades, prices and scores of every market, and their totals.</summary>
public sealed record DoubleAuctionAnswer : IAnswer
{
    /// <summary><c>cleared</c>, also when nothing trades.</summary>
    public string Status { get; init; } = "";

    /// <summary>The reward, eq. (6), money; null when the answer does not say.</summary>
    public double? Objective { get; init; }

    /// <summary>The rule that cleared the markets; null: the one that the market names.</summary>
    public AuctionMechanism? Mechanism { get; init; }

    /// <summary>The only market; null when there are several.</summary>
    public ClearedMarket? Market { get; init; }

    /// <summary>Several markets, in the document's order; <c>default</c> when there is one.</summary>
    public ImmutableArray<ClearedMarket> Markets { get; init; }

    /// <summary>Sums over all markets; null when the answer does not say.</summary>
    public AuctionTotals? Totals { get; init; }

    internal static Shape<DoubleAuctionAnswer> Shape { get; } = new Shape<DoubleAuctionAnswer>("Who trades at which price.")
        .Text("status", "cleared, also when nothing trades", a => a.Status, (ref a, v) => a = a with { Status = v ?? "" })
        .OptionalNumber(
            "objective", "the reward, eq. (6)", a => a.Objective, (ref a, v) => a = a with { Objective = v }, ClearedMarket.AnyFinite, "money", Absent.Omitted)
        .OptionalChoice("mechanism", "the rule that cleared the markets", a => a.Mechanism, (ref a, v) => a = a with { Mechanism = v })
        .IncludeOptional(a => a.Market, (ref a, v) => a = a with { Market = v }, ClearedMarket.Shape)
        .List("markets", "one per market, in the document's order", a => a.Markets, (ref a, v) => a = a with { Markets = v }, ClearedMarket.Shape)
        .Nested("totals", "sums over all markets", a => a.Totals, (ref a, v) => a = a with { Totals = v }, AuctionTotals.Shape);
}

/// <summary>One market's trades, prices and scores.</summary>
public sealed record ClearedMarket
{
    /// <summary>The market's name; null when there is one market.</summary>
    public string? Id { get; init; }

    /// <summary>K, by bids and asks; null when the answer does not say.</summary>
    public int? EfficientTrades { get; init; }

    /// <summary>How many units change hands; null when the answer does not say.</summary>
    public int? Trades { get; init; }

    /// <summary>How the prices came about; null when the answer does not say.</summary>
    public PricingRule? PricingRule { get; init; }

    /// <summary>What each winning unit pays, money; null when nothing trades or payments differ.</summary>
    public double? BuyerPrice { get; init; }

    /// <summary>What each winning unit receives, money; null when nothing trades or receipts differ.</summary>
    public double? SellerPrice { get; init; }

    /// <summary>Those who buy, highest bid first; <c>default</c> when participants list units.</summary>
    public ImmutableArray<string> WinningBuyers { get; init; }

    /// <summary>Those who sell, lowest ask first; <c>default</c> when participants list units.</summary>
    public ImmutableArray<string> WinningSellers { get; init; }

    /// <summary>What every buyer gets, in the market's order; <c>default</c> when everybody trades one unit.</summary>
    public ImmutableArray<BuyerShare> Buyers { get; init; }

    /// <summary>What every seller gives, in the market's order; <c>default</c> when everybody trades one unit.</summary>
    public ImmutableArray<SellerShare> Sellers { get; init; }

    /// <summary>Who serves whom, one entry per traded unit; <c>default</c>: by rank.</summary>
    public ImmutableArray<TradedPair> Pairs { get; init; }

    /// <summary>The bids that were played, one per unit, where they are not the market's; <c>default</c> otherwise.</summary>
    public ImmutableArray<double> PlayedBids { get; init; }

    /// <summary>The asks that were played, one per unit, where they are not the market's; <c>default</c> otherwise.</summary>
    public ImmutableArray<double> PlayedAsks { get; init; }

    /// <summary>Σ (u_v − u_m) by the true values, money.</summary>
    public double? GainsFromTrade { get; init; }

    /// <summary>The largest gains that any trades could make, by the true values, money.</summary>
    public double? OptimalGainsFromTrade { get; init; }

    /// <summary>Σ (u_v + u_m): eq. (1) as printed, money.</summary>
    public double? PaperWelfare { get; init; }

    /// <summary>Values less payments, money.</summary>
    public double? BuyersSurplus { get; init; }

    /// <summary>Receipts less costs, money.</summary>
    public double? SellersSurplus { get; init; }

    /// <summary>Payments less receipts, eq. (4), money; positive is a surplus.</summary>
    public double? BudgetBalance { get; init; }

    /// <summary>Sum over the pairs, eq. (2), seconds; null when unknown.</summary>
    public double? TotalLatencySeconds { get; init; }

    internal static Shape<ClearedMarket> Shape { get; } = new Shape<ClearedMarket>("one market's trades, prices and scores")
        .Text("id", "the market's name", m => m.Id, (ref m, v) => m = m with { Id = v })
        .OptionalWhole("efficientTrades", "K, by bids and asks", m => m.EfficientTrades, (ref m, v) => m = m with { EfficientTrades = v }, 0, int.MaxValue)
        .OptionalWhole("trades", "units that change hands", m => m.Trades, (ref m, v) => m = m with { Trades = v }, 0, int.MaxValue)
        .OptionalChoice("pricingRule", "how the prices came about", m => m.PricingRule, (ref m, v) => m = m with { PricingRule = v })
        .OptionalNumber("buyerPrice", "what each winning unit pays", m => m.BuyerPrice, (ref m, v) => m = m with { BuyerPrice = v }, unit: "money")
        .OptionalNumber("sellerPrice", "what each winning unit receives", m => m.SellerPrice, (ref m, v) => m = m with { SellerPrice = v }, unit: "money")
        .Texts("winningBuyers", "those who buy, highest bid first", m => m.WinningBuyers, (ref m, v) => m = m with { WinningBuyers = v })
        .Texts("winningSellers", "those who sell, lowest ask first", m => m.WinningSellers, (ref m, v) => m = m with { WinningSellers = v })
        .List("buyers", "what every buyer gets", m => m.Buyers, (ref m, v) => m = m with { Buyers = v }, BuyerShare.Shape)
        .List("sellers", "what every seller gives", m => m.Sellers, (ref m, v) => m = m with { Sellers = v }, SellerShare.Shape)
        .List("pairs", "who serves whom, one entry per traded unit", m => m.Pairs, (ref m, v) => m = m with { Pairs = v }, TradedPair.Shape)
        .Numbers(
            "playedBids", "the bids that were played, one per unit, where they are not the market's", m => m.PlayedBids,
            (ref m, v) => m = m with { PlayedBids = v }, unit: "money")
        .Numbers(
            "playedAsks", "the asks that were played, one per unit, where they are not the market's", m => m.PlayedAsks,
            (ref m, v) => m = m with { PlayedAsks = v }, unit: "money")
        .OptionalNumber("gainsFromTrade", "Σ (u_v − u_m)", m => m.GainsFromTrade, (ref m, v) => m = m with { GainsFromTrade = v }, AnyFinite, "money")
        .OptionalNumber(
            "optimalGainsFromTrade", "the largest possible Σ (u_v − u_m)", m => m.OptimalGainsFromTrade,
            (ref m, v) => m = m with { OptimalGainsFromTrade = v }, AnyFinite, "money")
        .OptionalNumber("paperWelfare", "Σ (u_v + u_m), eq. (1) as printed", m => m.PaperWelfare, (ref m, v) => m = m with { PaperWelfare = v }, AnyFinite, "money")
        .OptionalNumber("buyersSurplus", "values less payments", m => m.BuyersSurplus, (ref m, v) => m = m with { BuyersSurplus = v }, AnyFinite, "money")
        .OptionalNumber("sellersSurplus", "receipts less costs", m => m.SellersSurplus, (ref m, v) => m = m with { SellersSurplus = v }, AnyFinite, "money")
        .OptionalNumber(
            "budgetBalance", "payments less receipts, eq. (4); positive is a surplus", m => m.BudgetBalance,
            (ref m, v) => m = m with { BudgetBalance = v }, AnyFinite, "money")
        .OptionalNumber(
            "totalLatencySeconds", "sum over the pairs, eq. (2); null when unknown", m => m.TotalLatencySeconds,
            (ref m, v) => m = m with { TotalLatencySeconds = v }, AnyFinite, "s");

    /// <summary>Latencies of extreme markets are larger than any number that a document may give.</summary>
    internal static Interval AnyFinite => new(-double.MaxValue, double.MaxValue);
}

/// <summary>One traded unit.</summary>
public readonly record struct TradedPair
{
    /// <summary>Who buys it.</summary>
    public string Buyer { get; init; }

    /// <summary>Who sells it.</summary>
    public string Seller { get; init; }

    /// <summary>L, seconds; null when unknown.</summary>
    public double? LatencySeconds { get; init; }

    /// <summary>What the buyer pays, money, where prices differ between pairs; null otherwise.</summary>
    public double? Payment { get; init; }

    /// <summary>What the seller receives, money, where prices differ between pairs; null otherwise.</summary>
    public double? Revenue { get; init; }

    internal static Shape<TradedPair> Shape { get; } = new Shape<TradedPair>("one traded unit")
        .Text("buyer", "who buys it", p => p.Buyer, (ref p, v) => p = p with { Buyer = v ?? "" }, required: true)
        .Text("seller", "who sells it", p => p.Seller, (ref p, v) => p = p with { Seller = v ?? "" }, required: true)
        .OptionalNumber(
            "latencySeconds", "L, eq. (2); null when unknown", p => p.LatencySeconds, (ref p, v) => p = p with { LatencySeconds = v },
            ClearedMarket.AnyFinite, "s")
        .OptionalNumber(
            "payment", "what the buyer pays, where prices differ between pairs", p => p.Payment, (ref p, v) => p = p with { Payment = v },
            unit: "money", absent: Absent.Omitted)
        .OptionalNumber(
            "revenue", "what the seller receives, where prices differ between pairs", p => p.Revenue, (ref p, v) => p = p with { Revenue = v },
            unit: "money", absent: Absent.Omitted);
}

/// <summary>What one buyer gets where participants list units.</summary>
public readonly record struct BuyerShare
{
    /// <summary>Her name.</summary>
    public string Id { get; init; }

    /// <summary>How many units she gets.</summary>
    public int Quantity { get; init; }

    /// <summary>What she pays in all, money.</summary>
    public double Payment { get; init; }

    internal static Shape<BuyerShare> Shape { get; } = new Shape<BuyerShare>("what one buyer gets")
        .Text("id", "her name", b => b.Id, (ref b, v) => b = b with { Id = v ?? "" }, required: true)
        .Whole("quantity", "units that she gets", b => b.Quantity, (ref b, v) => b = b with { Quantity = v }, 0, int.MaxValue, required: true)
        .Number("payment", "what she pays in all", b => b.Payment, (ref b, v) => b = b with { Payment = v }, ClearedMarket.AnyFinite, "money", required: true);
}

/// <summary>What one seller gives where participants list units.</summary>
public readonly record struct SellerShare
{
    /// <summary>Her name.</summary>
    public string Id { get; init; }

    /// <summary>How many units she gives.</summary>
    public int Quantity { get; init; }

    /// <summary>What she receives in all, money.</summary>
    public double Revenue { get; init; }

    internal static Shape<SellerShare> Shape { get; } = new Shape<SellerShare>("what one seller gives")
        .Text("id", "her name", s => s.Id, (ref s, v) => s = s with { Id = v ?? "" }, required: true)
        .Whole("quantity", "units that she gives", s => s.Quantity, (ref s, v) => s = s with { Quantity = v }, 0, int.MaxValue, required: true)
        .Number("revenue", "what she receives in all", s => s.Revenue, (ref s, v) => s = s with { Revenue = v }, ClearedMarket.AnyFinite, "money", required: true);
}

/// <summary>Sums over all markets.</summary>
public sealed record AuctionTotals
{
    /// <summary>The welfare of the reward: gains from trade, or eq. (1) as printed; money.</summary>
    public double? SocialWelfare { get; init; }

    /// <summary>Payments less receipts, money; markets may cancel.</summary>
    public double? BudgetBalance { get; init; }

    /// <summary>Known latencies, seconds; unknown ones count as 0.</summary>
    public double? TotalLatencySeconds { get; init; }

    /// <summary>Eq. (6), money.</summary>
    public double? Reward { get; init; }

    internal static Shape<AuctionTotals> Shape { get; } = new Shape<AuctionTotals>("sums over all markets")
        .OptionalNumber(
            "socialWelfare", "the welfare of the reward", t => t.SocialWelfare, (ref t, v) => t = t with { SocialWelfare = v },
            ClearedMarket.AnyFinite, "money")
        .OptionalNumber(
            "budgetBalance", "payments less receipts, eq. (4)", t => t.BudgetBalance, (ref t, v) => t = t with { BudgetBalance = v },
            ClearedMarket.AnyFinite, "money")
        .OptionalNumber(
            "totalLatencySeconds", "eq. (2); unknown latencies count as 0", t => t.TotalLatencySeconds, (ref t, v) => t = t with { TotalLatencySeconds = v },
            ClearedMarket.AnyFinite, "s")
        .OptionalNumber("reward", "eq. (6)", t => t.Reward, (ref t, v) => t = t with { Reward = v }, ClearedMarket.AnyFinite, "money");
}
