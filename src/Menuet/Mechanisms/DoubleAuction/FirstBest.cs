using System.Collections.Immutable;
using Menuet.Numerics;

namespace Menuet.Mechanisms.DoubleAuction;

/// <summary>What a planner could reach who knows every value, cost and rate.</summary>
internal static class FirstBest
{
    /// <summary>The largest assignment that is solved for, in entries; beyond it a scheme is left out.</summary>
    internal const long LargestTable = 25_000_000;

    /// <summary>The largest gains from trade of any trades, by the true values and costs.</summary>
    internal static double Gains(Book book) => Welfare(AuctionWelfare.GainsFromTrade, book);

    /// <summary>The largest welfare of any trades, latency left out; a bound on every clearing's reward.</summary>
    /// <remarks>Eq. (1) as printed adds costs, so there the dearest sellers count as the best.</remarks>
    internal static double Welfare(AuctionWelfare welfare, Book book)
    {
        var (buyers, sellers, costs) = Trades(welfare, book);
        return Scores.Total(book.Values, buyers) - Scores.Total(costs, sellers);
    }

    /// <summary>The trades with the largest welfare less weighted latency, without prices.</summary>
    /// <returns>Null when the table of pairs is too large.</returns>
    /// <remarks>
    /// With a price of latency: a maximum-weight matching, found as an assignment of the shorter side where pairs that would lose count 0 and are
    /// then dropped. Without: the efficient trades.
    /// </remarks>
    internal static Clearing? Clear(AuctionReward reward, Book book, CancellationToken cancellation)
    {
        if (!book.Market.KnowsLatency || reward.LatencyWeightPerSecond == 0)
        {
            var (buyers, sellers, _) = Trades(reward.Welfare, book);
            return new() { EfficientTrades = buyers.Length, Buyers = buyers, Sellers = sellers };
        }

        var byBuyer = book.Bids.Length <= book.Asks.Length;
        var (rows, columns) = byBuyer ? (book.Bids.Length, book.Asks.Length) : (book.Asks.Length, book.Bids.Length);
        if ((long)rows * columns > LargestTable)
        {
            return null;
        }

        var assignment = new Assignment(rows, columns);
        var row = new double[columns];
        for (var i = 0; i < rows; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            for (var j = 0; j < columns; j++)
            {
                row[j] = -Math.Max(0, byBuyer ? Weight(reward, book, i, j) : Weight(reward, book, j, i));
            }

            assignment.Add(row);
        }

        var pairs = new List<(int Buyer, int Seller)>();
        for (var i = 0; i < rows; i++)
        {
            var (buyer, seller) = byBuyer ? (i, assignment.ColumnOf[i]) : (assignment.ColumnOf[i], i);
            if (Weight(reward, book, buyer, seller) > 0)
            {
                pairs.Add((buyer, seller));
            }
        }

        return Of(pairs);
    }

    /// <summary>A clearing at no price, with given pairs of units.</summary>
    internal static Clearing Of(List<(int Buyer, int Seller)> pairs)
    {
        pairs.Sort();
        return new()
        {
            EfficientTrades = pairs.Count,
            Buyers = [.. pairs.Select(pair => pair.Buyer)],
            Sellers = [.. pairs.Select(pair => pair.Seller).Order()],
            Partners = [.. pairs.Select(pair => pair.Seller)],
        };
    }

    /// <summary>What a pair adds to the reward.</summary>
    internal static double Weight(AuctionReward reward, Book book, int buyer, int seller)
    {
        var cost = reward.Welfare == AuctionWelfare.GainsFromTrade ? book.Costs[seller] : -book.Costs[seller];
        var latency = book.Market.KnowsLatency ? book.LatencySeconds(book.Buyer(buyer), book.Seller(seller)) : 0;
        return book.Values[buyer] - cost - (reward.LatencyWeightPerSecond * latency);
    }

    private static (ImmutableArray<int> Buyers, ImmutableArray<int> Sellers, double[] Costs) Trades(AuctionWelfare welfare, Book book)
    {
        var costs = welfare == AuctionWelfare.GainsFromTrade ? book.Costs : Array.ConvertAll(book.Costs, static cost => -cost);
        var margin = Margin.Find(book.Values, costs);
        return (
            Ranking.First(book.Values, margin.Bid, margin.Trades, descending: true),
            Ranking.First(costs, margin.Ask, margin.Trades, descending: false), costs);
    }
}
