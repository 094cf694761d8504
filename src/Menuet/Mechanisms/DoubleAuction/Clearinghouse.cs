namespace Menuet.Mechanisms.DoubleAuction;

/// <summary>Clears one market by a rule: who trades, at which price.</summary>
internal static class Clearinghouse
{
    /// <summary>Trades and prices, winners matched by rank.</summary>
    /// <param name="market">Gives the rule's parameters.</param>
    /// <param name="mechanism">The rule.</param>
    /// <param name="book">The bids and asks.</param>
    /// <remarks>
    /// <para>Expected time O(V + M) for all rules on units, but for VCG with several units and for the sequential baseline, which sort.</para>
    /// <para>Source: McAfee 1992, "A dominant strategy double auction"; Fan et al. 2023, Section III.A. Deviates: the paper's counting
    /// condition (K bids at or above p0, K asks at or below) is stated as s_K ≤ p0 ≤ b_K, which is the same since b_{K+1} ≤ p0 ≤ s_{K+1};
    /// its prices with mixed indices are read as b_K and s_K.</para>
    /// </remarks>
    internal static Clearing Clear(DoubleAuctionMarket market, AuctionMechanism mechanism, Book book)
    {
        var margin = Margin.Find(book.Bids, book.Asks);
        var clearing = new Clearing { EfficientTrades = margin.Trades };
        if (margin.Trades == 0)
        {
            return clearing;
        }

        var (bid, ask) = (margin.Bid, margin.Ask);
        var (lowest, highest) = (Math.Max(ask, OrElse(margin.NextBid, ask)), Math.Min(bid, OrElse(margin.NextAsk, bid)));
        switch (mechanism)
        {
            case AuctionMechanism.Mcafee when AveragePrice(market, margin) is var price && price >= ask && price <= bid:
                return Trade(clearing, PricingRule.AveragePrice, book, margin, margin.Trades, price, price);
            case AuctionMechanism.Mcafee or AuctionMechanism.TradeReduction:
                return margin.Trades == 1
                    ? clearing
                    : Trade(clearing, PricingRule.TradeReduction, book, margin, margin.Trades - 1, bid, ask);
            case AuctionMechanism.Vcg when book.BuyerOf is not null:
                return ClarkePayments.Clear(clearing, book);
            case AuctionMechanism.Vcg:
                return Trade(clearing, PricingRule.Vcg, book, margin, margin.Trades, lowest, highest);
            case AuctionMechanism.KDouble:
                var between = Math.Min(highest, lowest + (market.Kappa * (highest - lowest)));
                return Trade(clearing, PricingRule.KDouble, book, margin, margin.Trades, between, between);
            case AuctionMechanism.Average:
                return Trade(clearing, PricingRule.Average, book, margin, margin.Trades, (bid + ask) / 2, (bid + ask) / 2);
            default:
                return SequentialSecondPrice.Clear(clearing, book);
        }
    }

    /// <summary>p0, the middle of the pair after the margin; NaN where the rule for missing sides asks for trade reduction.</summary>
    private static double AveragePrice(DoubleAuctionMarket market, in Margin margin)
    {
        var (bid, ask) = (margin.NextBid, margin.NextAsk);
        switch (market.MissingSide)
        {
            case MissingSide.Bounds:
                (bid, ask) = (OrElse(bid, market.ValueBounds!.Min), OrElse(ask, market.ValueBounds!.Max));
                break;
            case MissingSide.OneSided:
                (bid, ask) = (OrElse(bid, ask), OrElse(ask, bid));
                break;
            default:
                break;
        }

        return (bid + ask) / 2;
    }

    private static double OrElse(double value, double other) => double.IsNaN(value) ? other : value;

    private static Clearing Trade(
        Clearing clearing, PricingRule rule, Book book, in Margin margin, int trades, double buyerPrice, double sellerPrice) => clearing with
        {
            Rule = rule,
            BuyerPrice = buyerPrice,
            SellerPrice = sellerPrice,
            Buyers = Ranking.First(book.Bids, margin.Bid, trades, descending: true),
            Sellers = Ranking.First(book.Asks, margin.Ask, trades, descending: false),
        };
}
