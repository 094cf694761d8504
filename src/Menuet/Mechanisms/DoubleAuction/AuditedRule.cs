namespace Menuet.Mechanisms.DoubleAuction;

/// <summary>One side of a market by rank, with or without one participant's report changed; for the audit.</summary>
/// <param name="sorted">Reports by rank.</param>
/// <param name="without">The rank that is taken out; beyond the end: none.</param>
/// <param name="at">The rank at which the new report stands; beyond the end: none.</param>
/// <param name="report">The new report.</param>
internal readonly struct Line(double[] sorted, int without = int.MaxValue, int at = int.MaxValue, double report = double.NaN)
{
    internal int Count => sorted.Length;

    /// <summary>The report of a rank from 0; NaN beyond the end.</summary>
    internal double this[int rank] => rank == at ? report : Other(rank > at ? rank - 1 : rank);

    /// <summary>The others' report of a rank from 0, without the changed one; NaN beyond the end.</summary>
    internal double Other(int rank)
    {
        var index = rank < without ? rank : rank + 1;
        return index < sorted.Length ? sorted[index] : double.NaN;
    }
}

/// <summary>Trades and unit prices that a rule prescribes, derived for the audit by counting along both sides.</summary>
/// <param name="Efficient">K.</param>
/// <param name="Trades">How many pairs trade.</param>
/// <param name="Rule">How the prices come about.</param>
/// <param name="BuyerPrice">Per unit; NaN where nothing trades or payments differ.</param>
/// <param name="SellerPrice">Per unit; NaN where nothing trades or receipts differ.</param>
internal readonly record struct AuditedRule(int Efficient, int Trades, PricingRule Rule, double BuyerPrice, double SellerPrice)
{
    internal static AuditedRule Of(DoubleAuctionMarket market, AuctionMechanism mechanism, bool hasUnits, in Line bids, in Line asks)
    {
        var (reached, missed) = (0, Math.Min(bids.Count, asks.Count) + 1);
        while (missed - reached > 1)
        {
            var k = (reached + missed) / 2;
            (reached, missed) = bids[k - 1] >= asks[k - 1] ? (k, missed) : (reached, k);
        }

        if (reached == 0)
        {
            return new(0, 0, PricingRule.None, double.NaN, double.NaN);
        }

        var (bid, ask, nextBid, nextAsk) = (bids[reached - 1], asks[reached - 1], bids[reached], asks[reached]);
        switch (mechanism)
        {
            case AuctionMechanism.Vcg when hasUnits:
                return new(reached, reached, PricingRule.Vcg, double.NaN, double.NaN);
            case AuctionMechanism.Vcg:
                return new(reached, reached, PricingRule.Vcg, nextBid > ask ? nextBid : ask, nextAsk < bid ? nextAsk : bid);
            case AuctionMechanism.KDouble:
                var (low, high) = (nextBid > ask ? nextBid : ask, nextAsk < bid ? nextAsk : bid);
                var share = Math.Clamp(low + (market.Kappa * (high - low)), low, high);
                return new(reached, reached, PricingRule.KDouble, share, share);
            case AuctionMechanism.Average:
                return new(reached, reached, PricingRule.Average, 0.5 * (bid + ask), 0.5 * (bid + ask));
            case AuctionMechanism.SequentialSecondPrice:
                return new(reached, -1, PricingRule.SequentialSecondPrice, double.NaN, double.NaN);
            case AuctionMechanism.Mcafee:
                var price = market.MissingSide switch
                {
                    MissingSide.Bounds => (double.IsNaN(nextBid) ? market.ValueBounds!.Min : nextBid) + (double.IsNaN(nextAsk) ? market.ValueBounds!.Max : nextAsk),
                    MissingSide.OneSided when double.IsNaN(nextBid) => 2 * nextAsk,
                    MissingSide.OneSided when double.IsNaN(nextAsk) => 2 * nextBid,
                    _ => nextBid + nextAsk,
                } * 0.5;
                if (ask <= price && price <= bid)
                {
                    return new(reached, reached, PricingRule.AveragePrice, price, price);
                }

                break;
            default:
                break;
        }

        return reached == 1
            ? new(1, 0, PricingRule.None, double.NaN, double.NaN)
            : new(reached, reached - 1, PricingRule.TradeReduction, bid, ask);
    }
}
