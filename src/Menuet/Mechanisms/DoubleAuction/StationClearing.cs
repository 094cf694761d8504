namespace Menuet.Mechanisms.DoubleAuction;

/// <summary>McAfee's rule for one roadside unit with truthful asks, without allocation: <see cref="MissingSide.Reduce"/>, winners matched by rank.</summary>
/// <remarks>
/// Only the M highest bids can matter, so they are kept sorted while all are looked at: O(V) and few moves. Bids that are equal stand in the order of the
/// buyers. Source: McAfee 1992; Fan et al. 2023, Section III.A.
/// </remarks>
/// <param name="sellers">M.</param>
internal sealed class StationClearing(int sellers)
{
    private readonly double[] bids = new double[sellers];
    private readonly int[] buyers = new int[sellers];
    private int kept;

    /// <summary>K, by the bids.</summary>
    internal int EfficientTrades { get; private set; }

    /// <summary>How many trade.</summary>
    internal int Trades { get; private set; }

    /// <summary>What each winning buyer pays; 0 without trades.</summary>
    internal double BuyerPrice { get; private set; }

    /// <summary>What each winning seller receives; 0 without trades.</summary>
    internal double SellerPrice { get; private set; }

    /// <summary>The winning buyers, highest bid first: the i-th is served by the i-th cheapest seller.</summary>
    internal ReadOnlySpan<int> Winners => buyers.AsSpan(0, Trades);

    /// <summary>Clears.</summary>
    /// <param name="members">Buyers, rising.</param>
    /// <param name="bidOf">Everybody's bid; who bids nothing stays out.</param>
    /// <param name="costs">Rising.</param>
    internal void Clear(ReadOnlySpan<int> members, ReadOnlySpan<double> bidOf, ReadOnlySpan<double> costs)
    {
        Keep(members, bidOf);
        var k = 0;
        while (k < kept && bids[k] >= costs[k])
        {
            k++;
        }

        EfficientTrades = k;
        (Trades, BuyerPrice, SellerPrice) = (0, 0, 0);
        if (k == 0)
        {
            return;
        }

        var (bid, ask) = (bids[k - 1], costs[k - 1]);
        if (k < kept)
        {
            var price = (bids[k] + costs[k]) / 2;
            if (price >= ask && price <= bid)
            {
                (Trades, BuyerPrice, SellerPrice) = (k, price, price);
                return;
            }
        }

        if (k > 1)
        {
            (Trades, BuyerPrice, SellerPrice) = (k - 1, bid, ask);
        }
    }

    private void Keep(ReadOnlySpan<int> members, ReadOnlySpan<double> bidOf)
    {
        kept = 0;
        var lowest = 0.0;   // of those kept once the list is full; nobody below it can matter
        foreach (var buyer in members)
        {
            var bid = bidOf[buyer];
            if (!(bid > lowest))
            {
                continue;
            }

            var place = kept < sellers ? kept++ : sellers - 1;
            for (; place > 0 && bids[place - 1] < bid; place--)
            {
                (bids[place], buyers[place]) = (bids[place - 1], buyers[place - 1]);
            }

            (bids[place], buyers[place]) = (bid, buyer);
            lowest = kept < sellers ? 0 : bids[sellers - 1];
        }
    }
}
