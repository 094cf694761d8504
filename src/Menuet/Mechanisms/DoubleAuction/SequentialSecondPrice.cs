using System.Collections.Immutable;

namespace Menuet.Mechanisms.DoubleAuction;

/// <summary>A reconstruction of the "second-price auction" of Fan et al. 2023, Figures 2 to 4; for comparison only.</summary>
internal static class SequentialSecondPrice
{
    /// <summary>
    /// Sellers in input order. The highest remaining bid that reaches the ask wins and pays the larger of the ask and the second highest
    /// remaining bid; the seller receives the next higher ask of the market, or her own where there is none.
    /// </summary>
    /// <remarks>
    /// Individually rational; runs a surplus or a deficit; truthful on neither side. Deviates: the paper defines no second-price
    /// auction for two sides; this one shows the behaviour of its figures. Every unit counts as a bidder of its own.
    /// </remarks>
    internal static Clearing Clear(Clearing clearing, Book book)
    {
        var bids = Ranking.OfAll(book.Bids, descending: true);
        var sorted = book.Asks.AsSpan().ToArray();
        Array.Sort(sorted);
        var (payments, receipts) = (new double[book.BuyerCount], new double[book.SellerCount]);
        var sales = new List<(int Buyer, int Seller)>();
        for (var seller = 0; seller < book.Asks.Length && sales.Count < bids.Length; seller++)
        {
            var ask = book.Asks[seller];
            var buyer = bids[sales.Count];
            if (book.Bids[buyer] < ask)
            {
                continue;
            }

            var second = sales.Count + 1 < bids.Length ? book.Bids[bids[sales.Count + 1]] : ask;
            payments[book.Buyer(buyer)] += Math.Max(ask, second);
            receipts[book.Seller(seller)] += NextHigher(sorted, ask);
            sales.Add((buyer, seller));
        }

        sales.Sort();
        return clearing with
        {
            Rule = sales.Count == 0 ? PricingRule.None : PricingRule.SequentialSecondPrice,
            Buyers = [.. sales.Select(sale => sale.Buyer)],
            Sellers = [.. sales.Select(sale => sale.Seller).Order()],
            Partners = [.. sales.Select(sale => sale.Seller)],
            Payments = ImmutableArray.Create(payments),
            Receipts = ImmutableArray.Create(receipts),
        };
    }

    private static double NextHigher(double[] sorted, double ask)
    {
        var (low, high) = (0, sorted.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = sorted[middle] <= ask ? (middle + 1, high) : (low, middle);
        }

        return low < sorted.Length ? sorted[low] : ask;
    }
}
