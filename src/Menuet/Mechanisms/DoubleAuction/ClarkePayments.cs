using System.Collections.Immutable;

namespace Menuet.Mechanisms.DoubleAuction;

/// <summary>VCG with several units: everybody pays what her presence costs the others.</summary>
internal static class ClarkePayments
{
    /// <summary>
    /// All K efficient trades. A buyer pays G(−i) − (G − own value), a seller receives (G + own cost) − G(−j), where G is the largest sum of
    /// gains and G(−i) the same without i.
    /// </summary>
    /// <remarks>
    /// <para>Without buyer i, who wins q units, the others' winning bids keep the K − q lowest asks, and her q highest asks stay: the t-th of
    /// them goes to the t-th highest losing bid of the others as long as that reaches it. So she pays Σ_{t ≤ T} l_t for what she takes from
    /// other buyers and Σ_{t > T} s_{K−q+t} for what would not be made. Sellers mirror this. After sorting, all payments together cost O(units).</para>
    /// <para>Source: Clarke 1971; Groves 1973. The unit-demand prices max(s_K, b_{K+1}) and min(b_K, s_{K+1}) are the case q = 1.</para>
    /// </remarks>
    internal static Clearing Clear(Clearing clearing, Book book)
    {
        var trades = clearing.EfficientTrades;
        var bids = Ranking.OfAll(book.Bids, descending: true);
        var asks = Ranking.OfAll(book.Asks, descending: false);
        return clearing with
        {
            Rule = PricingRule.Vcg,
            Buyers = [.. bids.AsSpan(0, trades).ToArray().Order()],
            Sellers = [.. asks.AsSpan(0, trades).ToArray().Order()],
            Payments = Externalities(book.Bids, bids, book.BuyerOf!, book.BuyerCount, book.Asks, asks, trades, sign: 1),
            Receipts = Externalities(book.Asks, asks, book.SellerOf!, book.SellerCount, book.Bids, bids, trades, sign: -1),
        };
    }

    /// <param name="own">Values of the side that pays.</param>
    /// <param name="ownOrder">Its units by rank.</param>
    /// <param name="ownerOf">The participant of each of its units.</param>
    /// <param name="owners">How many participants it has.</param>
    /// <param name="other">Values of the other side.</param>
    /// <param name="otherOrder">Its units by rank.</param>
    /// <param name="trades">K.</param>
    /// <param name="sign">1 for buyers; −1 for sellers, for whom lower is better.</param>
    private static ImmutableArray<double> Externalities(
        double[] own, int[] ownOrder, int[] ownerOf, int owners, double[] other, int[] otherOrder, int trades, double sign)
    {
        var won = new int[owners];
        foreach (var unit in ownOrder.AsSpan(0, trades))
        {
            won[ownerOf[unit]]++;
        }

        var amounts = new double[owners];
        for (var i = 0; i < owners; i++)
        {
            var loser = trades;
            var sum = 0.0;
            for (var t = 0; t < won[i]; t++)
            {
                var freed = other[otherOrder[trades - won[i] + t]];
                while (loser < ownOrder.Length && ownerOf[ownOrder[loser]] == i)
                {
                    loser++;
                }

                var taken = loser < ownOrder.Length && own[ownOrder[loser]] * sign >= freed * sign;
                sum += taken ? own[ownOrder[loser++]] : freed;
            }

            amounts[i] = sum;
        }

        return [.. amounts];
    }
}
