using System.Collections.Immutable;
using Menuet.Numerics;

namespace Menuet.Mechanisms.DoubleAuction;

/// <summary>One market and what an answer decides in it, laid out for the audit; shares no code with the solvers.</summary>
internal sealed class AuditedMarket
{
    private readonly LocalMarket local;

    internal AuditedMarket(DoubleAuctionMarket market, LocalMarket local, ClearedMarket answer, string suffix)
    {
        this.local = local;
        Market = market;
        Answer = answer;
        Suffix = suffix;
        HasUnits = local.Buyers.Any(buyer => !buyer.Units.IsDefault) || local.Sellers.Any(seller => !seller.Units.IsDefault);
        (BuyerOf, Values) = Truth(local.Buyers, static buyer => buyer.Units, static buyer => buyer.Value ?? buyer.Bid ?? double.NaN);
        (SellerOf, Costs) = Truth(local.Sellers, static seller => seller.Units, static seller => seller.Cost ?? seller.Ask ?? double.NaN);
        (_, var bids) = Truth(local.Buyers, static buyer => buyer.Units, static buyer => buyer.Bid ?? double.NaN);
        (_, var asks) = Truth(local.Sellers, static seller => seller.Units, static seller => seller.Ask ?? double.NaN);
        Bids = answer.PlayedBids.IsDefault ? bids : [.. answer.PlayedBids];
        Asks = answer.PlayedAsks.IsDefault ? asks : [.. answer.PlayedAsks];
        ByBid = Order(Bids, highestFirst: true);
        ByAsk = Order(Asks, highestFirst: false);
        BuyerIndex = Index(local.Buyers.Length, local.BuyerId);
        SellerIndex = Index(local.Sellers.Length, local.SellerId);
        Bought = new long[local.Buyers.Length];
        Sold = new long[local.Sellers.Length];
        Payments = new double[local.Buyers.Length];
        Receipts = new double[local.Sellers.Length];
        Decisions();
        Pairs = PairsOf(answer);
    }

    internal DoubleAuctionMarket Market { get; }

    internal ClearedMarket Answer { get; }

    /// <summary>" in market2" where there are several markets.</summary>
    internal string Suffix { get; }

    internal bool HasUnits { get; }

    internal int[] BuyerOf { get; }

    internal int[] SellerOf { get; }

    /// <summary>As played, one per unit.</summary>
    internal double[] Bids { get; }

    /// <summary>As played, one per unit.</summary>
    internal double[] Asks { get; }

    /// <summary>True, one per unit.</summary>
    internal double[] Values { get; }

    /// <summary>True, one per unit.</summary>
    internal double[] Costs { get; }

    /// <summary>Units on the buyers' side, highest bid first, ties by position.</summary>
    internal int[] ByBid { get; }

    /// <summary>Units on the sellers' side, lowest ask first, ties by position.</summary>
    internal int[] ByAsk { get; }

    internal Dictionary<string, int> BuyerIndex { get; }

    internal Dictionary<string, int> SellerIndex { get; }

    /// <summary>Units that the answer gives to each buyer.</summary>
    internal long[] Bought { get; }

    /// <summary>Units that the answer takes from each seller.</summary>
    internal long[] Sold { get; }

    /// <summary>What the answer makes each buyer pay.</summary>
    internal double[] Payments { get; }

    /// <summary>What the answer gives each seller.</summary>
    internal double[] Receipts { get; }

    /// <summary>Who serves whom, by participants.</summary>
    internal (int Buyer, int Seller)[] Pairs { get; }

    internal int BuyerCount => local.Buyers.Length;

    internal int SellerCount => local.Sellers.Length;

    internal string Buyer(int buyer) => local.BuyerId(buyer) + Suffix;

    internal string Seller(int seller) => local.SellerId(seller) + Suffix;

    /// <summary>Eq. (2); NaN when unknown.</summary>
    internal double Latency(int buyer, int seller) => local.RatesMegabitsPerSecond.IsDefault || local.Buyers[buyer].ContentKilobytes is not { } kilobytes
        ? double.NaN
        : kilobytes * 8_000 / (1_000_000 * local.RatesMegabitsPerSecond[buyer][seller]);

    /// <summary>Sum of the first <paramref name="quantity"/> units of one participant; all of them when she has fewer.</summary>
    internal static double Worth(double[] units, int[] ownerOf, int first, long quantity)
    {
        var sum = 0.0;
        for (var unit = first; unit >= 0 && unit < units.Length && ownerOf[unit] == ownerOf[first] && unit - first < quantity; unit++)
        {
            sum += units[unit];
        }

        return sum;
    }

    /// <summary>The first unit of every participant; −1 for one without units.</summary>
    internal static int[] FirstUnits(int[] ownerOf, int owners)
    {
        var first = new int[owners];
        Array.Fill(first, -1);
        for (var unit = ownerOf.Length - 1; unit >= 0; unit--)
        {
            first[ownerOf[unit]] = unit;
        }

        return first;
    }

    /// <summary>Units by value, ties by position.</summary>
    internal static int[] Order(double[] values, bool highestFirst)
    {
        var keys = Array.ConvertAll(values, value => highestFirst ? -value : value);
        var order = Enumerable.Range(0, values.Length).ToArray();
        Array.Sort(keys, order);
        var from = 0;
        for (var i = 1; i <= keys.Length; i++)
        {
            if (i == keys.Length || keys[i] != keys[from])
            {
                order.AsSpan(from, i - from).Sort();
                from = i;
            }
        }

        return order;
    }

    /// <summary>The largest gains by true values: pairs in order as long as they gain.</summary>
    internal static double LargestGains(double[] values, double[] costs)
    {
        var (sortedValues, sortedCosts) = ((double[])values.Clone(), (double[])costs.Clone());
        Array.Sort(sortedValues);
        Array.Sort(sortedCosts);
        var sum = new CompensatedSum();
        for (var k = 0; k < Math.Min(values.Length, costs.Length) && sortedValues[^(k + 1)] > sortedCosts[k]; k++)
        {
            sum.Add(sortedValues[^(k + 1)]);
            sum.Add(-sortedCosts[k]);
        }

        return sum.Value;
    }

    private static (int[] Owners, double[] Values) Truth<T>(ImmutableArray<T> side, Func<T, ImmutableArray<double>> units, Func<T, double> single)
    {
        var (owners, values) = (new List<int>(side.Length), new List<double>(side.Length));
        for (var i = 0; i < side.Length; i++)
        {
            if (units(side[i]) is { IsDefault: false } list)
            {
                owners.AddRange(Enumerable.Repeat(i, list.Length));
                values.AddRange(list);
            }
            else
            {
                owners.Add(i);
                values.Add(single(side[i]));
            }
        }

        return ([.. owners], [.. values]);
    }

    private static Dictionary<string, int> Index(int count, Func<int, string> name)
    {
        var index = new Dictionary<string, int>(count, StringComparer.Ordinal);
        for (var i = 0; i < count; i++)
        {
            index[name(i)] = i;
        }

        return index;
    }

    private void Decisions()
    {
        if (HasUnits)
        {
            foreach (var share in Answer.Buyers)
            {
                var i = BuyerIndex[share.Id];
                (Bought[i], Payments[i]) = (share.Quantity, share.Payment);
            }

            foreach (var share in Answer.Sellers)
            {
                var j = SellerIndex[share.Id];
                (Sold[j], Receipts[j]) = (share.Quantity, share.Revenue);
            }

            return;
        }

        foreach (var id in Answer.WinningBuyers)
        {
            Bought[BuyerIndex[id]]++;
            Payments[BuyerIndex[id]] += Answer.BuyerPrice ?? 0;
        }

        foreach (var id in Answer.WinningSellers)
        {
            Sold[SellerIndex[id]]++;
            Receipts[SellerIndex[id]] += Answer.SellerPrice ?? 0;
        }

        foreach (var pair in Answer.Pairs.IsDefault ? [] : Answer.Pairs)
        {
            Payments[BuyerIndex[pair.Buyer]] += pair.Payment ?? 0;
            Receipts[SellerIndex[pair.Seller]] += pair.Revenue ?? 0;
        }
    }

    private (int Buyer, int Seller)[] PairsOf(ClearedMarket answer)
    {
        if (!answer.Pairs.IsDefault)
        {
            return [.. answer.Pairs.Select(pair => (BuyerIndex[pair.Buyer], SellerIndex[pair.Seller]))];
        }

        var (firstBid, firstAsk) = (FirstUnits(BuyerOf, BuyerCount), FirstUnits(SellerOf, SellerCount));
        var buyers = ByBid.Where(unit => unit - firstBid[BuyerOf[unit]] < Bought[BuyerOf[unit]]).Select(unit => BuyerOf[unit]);
        var sellers = ByAsk.Where(unit => unit - firstAsk[SellerOf[unit]] < Sold[SellerOf[unit]]).Select(unit => SellerOf[unit]);
        return [.. buyers.Zip(sellers)];
    }
}
