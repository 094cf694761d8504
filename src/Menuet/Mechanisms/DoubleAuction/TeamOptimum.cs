using Menuet.Numerics;

namespace Menuet.Mechanisms.DoubleAuction;

/// <summary>The best reward that buyers can bring about together by their bids.</summary>
internal static class TeamOptimum
{
    /// <summary>
    /// max over j ≤ min(V, M) − 1 of the maximum-weight assignment between all buyers and the j lowest asks, each of which trades: under
    /// McAfee's rule with <see cref="MissingSide.Reduce"/>, rank matching and free bids above all asks, exactly these outcomes are reachable, at a
    /// zero balance (the bid of rank j + 1 equals the ask of rank j + 1).
    /// </summary>
    /// <returns>Null when the table of pairs is too large.</returns>
    /// <remarks>
    /// One run for all j: shortest augmenting paths add one seller after another and are optimal after each. O(M² V). The outcome may break
    /// individual rationality: for a team bids are only words.
    /// </remarks>
    internal static Clearing? Clear(AuctionReward reward, Book book, CancellationToken cancellation)
    {
        var (buyers, sellers) = (book.Bids.Length, book.Asks.Length);
        var most = Math.Max(0, Math.Min(buyers, sellers) - 1);
        var byAsk = Ranking.OfAll(book.Asks, descending: false);
        if (!book.Market.KnowsLatency || reward.LatencyWeightPerSecond == 0)
        {
            return WithoutLatency(reward, book, byAsk, most);
        }

        if ((long)most * buyers > FirstBest.LargestTable)
        {
            return null;
        }

        var assignment = new Assignment(most, buyers);
        var row = new double[buyers];
        var (best, bestColumns) = (0.0, Array.Empty<int>());
        for (var j = 0; j < most; j++)
        {
            cancellation.ThrowIfCancellationRequested();
            for (var i = 0; i < buyers; i++)
            {
                row[i] = -FirstBest.Weight(reward, book, i, byAsk[j]);
            }

            assignment.Add(row);
            if (-assignment.Cost > best)
            {
                (best, bestColumns) = (-assignment.Cost, assignment.ColumnOf.ToArray());
            }
        }

        return FirstBest.Of([.. bestColumns.Select((buyer, j) => (buyer, byAsk[j]))]);
    }

    private static Clearing WithoutLatency(AuctionReward reward, Book book, int[] byAsk, int most)
    {
        var byValue = Ranking.OfAll(book.Values, descending: true);
        var sign = reward.Welfare == AuctionWelfare.GainsFromTrade ? -1 : 1;
        var sum = new CompensatedSum();
        var (best, trades) = (0.0, 0);
        for (var j = 0; j < most; j++)
        {
            sum.Add(book.Values[byValue[j]]);
            sum.Add(sign * book.Costs[byAsk[j]]);
            (best, trades) = sum.Value > best ? (sum.Value, j + 1) : (best, trades);
        }

        return FirstBest.Of([.. Enumerable.Range(0, trades).Select(j => (byValue[j], byAsk[j]))]);
    }
}
