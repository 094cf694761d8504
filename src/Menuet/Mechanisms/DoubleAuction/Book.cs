using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Menuet.Mechanisms.DoubleAuction;

/// <summary>One market as flat lists of units: participants in their order, each one's units in theirs.</summary>
/// <param name="Bids">What is bid, one per unit.</param>
/// <param name="Asks">What is asked, one per unit.</param>
/// <param name="Values">True values, one per unit.</param>
/// <param name="Costs">True costs, one per unit.</param>
/// <param name="BuyerOf">The buyer of each unit; null: unit i is buyer i's.</param>
/// <param name="SellerOf">The seller of each unit; null: unit i is seller i's.</param>
/// <param name="Market">Where it comes from.</param>
internal sealed record Book(double[] Bids, double[] Asks, double[] Values, double[] Costs, int[]? BuyerOf, int[]? SellerOf, LocalMarket Market)
{
    private const double BitsPerKilobyte = 8e3;
    private const double BitsPerMegabit = 1e6;

    internal int BuyerCount => Market.Buyers.Length;

    internal int SellerCount => Market.Sellers.Length;

    internal static Book Of(LocalMarket market)
    {
        var buyers = market.Buyers.AsSpan();
        var sellers = market.Sellers.AsSpan();
        if (market.HasUnits)
        {
            var (bids, buyerOf) = Flatten([.. market.Buyers.Select(buyer => buyer.Units)]);
            var (asks, sellerOf) = Flatten([.. market.Sellers.Select(seller => seller.Units)]);
            return new(bids, asks, bids, asks, buyerOf, sellerOf, market);
        }

        var single = new Book(new double[buyers.Length], new double[sellers.Length], new double[buyers.Length], new double[sellers.Length], null, null, market);
        for (var i = 0; i < buyers.Length; i++)
        {
            ref readonly var buyer = ref buyers[i];
            single.Bids[i] = buyer.Bid.GetValueOrDefault();
            single.Values[i] = buyer.Value ?? single.Bids[i];
        }

        for (var j = 0; j < sellers.Length; j++)
        {
            ref readonly var seller = ref sellers[j];
            single.Asks[j] = seller.Ask.GetValueOrDefault();
            single.Costs[j] = seller.Cost ?? single.Asks[j];
        }

        return single;
    }

    /// <summary>The book in which a clearing was made: with the bids and asks that it played.</summary>
    internal Book As(Clearing clearing) => clearing.PlayedBids.IsDefault && clearing.PlayedAsks.IsDefault ? this : this with
    {
        Bids = clearing.PlayedBids.IsDefault ? Bids : ImmutableCollectionsMarshal.AsArray(clearing.PlayedBids)!,
        Asks = clearing.PlayedAsks.IsDefault ? Asks : ImmutableCollectionsMarshal.AsArray(clearing.PlayedAsks)!,
    };

    internal int Buyer(int unit) => BuyerOf is null ? unit : BuyerOf[unit];

    internal int Seller(int unit) => SellerOf is null ? unit : SellerOf[unit];

    /// <summary>L = c_v / R_{m,v} in seconds; Fan et al. 2023, Eq. (2), with the size that belongs to the buyer's request.</summary>
    /// <remarks>Rates and sizes must be known.</remarks>
    internal double LatencySeconds(int buyer, int seller) =>
        Market.Buyers[buyer].ContentKilobytes!.Value * BitsPerKilobyte / (Market.RatesMegabitsPerSecond[buyer][seller] * BitsPerMegabit);

    private static (double[] Values, int[] Owners) Flatten(ImmutableArray<double>[] units)
    {
        var count = units.Sum(list => list.Length);
        var (values, owners) = (new double[count], new int[count]);
        var next = 0;
        for (var i = 0; i < units.Length; i++)
        {
            foreach (var value in units[i])
            {
                (values[next], owners[next++]) = (value, i);
            }
        }

        return (values, owners);
    }
}
