namespace Menuet.Mechanisms.DoubleAuction;

/// <summary>Seeded misreports of participants with several units; for the audit.</summary>
internal static class UnitDeviations
{
    private const int MostTried = 400;
    private const int LeastTried = 30;
    private const double Work = 1e7;

    internal static void Check(Inspection inspection, AuditedMarket one, AuctionMechanism mechanism, ref Rng random)
    {
        if (mechanism == AuctionMechanism.SequentialSecondPrice)
        {
            return; // A baseline of which nobody claims truthfulness; with several units it is not even defined by its source.
        }

        var participants = one.BuyerCount + one.SellerCount;
        var units = one.Bids.Length + one.Asks.Length;
        if (participants == 0 || units == 0)
        {
            return;
        }

        double[] pool = [.. one.Bids, .. one.Asks];
        var tries = (int)Math.Clamp(Work / (units * (1 + Math.Log2(units))), LeastTried, MostTried);
        var honest = new Dictionary<int, double>();
        for (var n = 0; n < tries; n++)
        {
            // Everybody in turn, so that each is tried before anybody is tried twice.
            var who = n < participants && participants <= tries ? n : random.NextInt(participants);
            var (isBuyer, index) = who < one.BuyerCount ? (true, who) : (false, who - one.BuyerCount);
            var (all, owners, truths) = isBuyer ? (one.Bids, one.BuyerOf, one.Values) : (one.Asks, one.SellerOf, one.Costs);
            var first = Array.IndexOf(owners, index);
            if (first < 0)
            {
                continue;
            }

            var count = 1;
            while (first + count < owners.Length && owners[first + count] == index)
            {
                count++;
            }

            var truth = truths.AsSpan(first, count).ToArray();
            var report = Misreport(truth, isBuyer, pool[random.NextInt(pool.Length)], random.NextInt(count), random.NextInt(4));
            if (one.Market.MissingSide == MissingSide.Bounds && one.Market.ValueBounds is { } bounds)
            {
                report = Array.ConvertAll(report, value => Math.Clamp(value, bounds.Min, bounds.Max));
            }

            if (!honest.TryGetValue(who, out var utility))
            {
                utility = !all.AsSpan(first, count).SequenceEqual(truth) ? Utility(one, mechanism, isBuyer, index, first, truth, truth)
                    : isBuyer ? AuditedMarket.Worth(truths, owners, first, one.Bought[index]) - one.Payments[index]
                    : one.Receipts[index] - AuditedMarket.Worth(truths, owners, first, one.Sold[index]);
                honest[who] = utility;
            }

            var gain = Utility(one, mechanism, isBuyer, index, first, truth, report) - utility;
            inspection.Check(-gain, index, 0, (i, _) => $"{(isBuyer ? one.Buyer(i) : one.Seller(i))} reports [{string.Join(", ", report.Select(Documents.DocumentText.Number))}]");
        }
    }

    /// <summary>Hides units from one on, shades them to a level, inflates those before it, or shifts all: monotone as reports must be.</summary>
    private static double[] Misreport(double[] truth, bool isBuyer, double level, int from, int kind) => kind switch
    {
        0 => Array.ConvertAll(truth, value => isBuyer ? Math.Min(value, level) : Math.Max(value, level)),
        1 => [.. truth.Select((value, k) => k < from ? value : isBuyer ? Math.Min(value, Math.BitDecrement(level)) : Math.Max(value, Math.BitIncrement(level)))],
        2 => [.. truth.Select((value, k) => k > from ? value : isBuyer ? Math.Max(value, level) : Math.Min(value, level))],
        _ => Array.ConvertAll(truth, value => (0.5 * value) + (0.5 * level)),
    };

    /// <summary>The true utility of a participant who reports something else: the whole market again, from sorting on.</summary>
    private static double Utility(AuditedMarket one, AuctionMechanism mechanism, bool isBuyer, int index, int first, double[] truth, double[] report)
    {
        var (bids, asks) = ((double[])one.Bids.Clone(), (double[])one.Asks.Clone());
        report.CopyTo(isBuyer ? bids : asks, first);
        var (byBid, byAsk) = (AuditedMarket.Order(bids, highestFirst: true), AuditedMarket.Order(asks, highestFirst: false));
        var rule = AuditedRule.Of(
            one.Market, mechanism, hasUnits: true, new(Array.ConvertAll(byBid, unit => bids[unit])), new(Array.ConvertAll(byAsk, unit => asks[unit])));
        var (order, owners) = isBuyer ? (byBid, one.BuyerOf) : (byAsk, one.SellerOf);
        long won = 0;
        for (var k = 0; k < rule.Trades; k++)
        {
            won += owners[order[k]] == index ? 1 : 0;
        }

        if (won == 0)
        {
            return 0;
        }

        var worth = truth.Take((int)won).Sum();
        if (rule.Rule != PricingRule.Vcg)
        {
            return isBuyer ? worth - (won * rule.BuyerPrice) : (won * rule.SellerPrice) - worth;
        }

        return isBuyer
            ? worth - Expected.Clarke(bids, byBid, owners, index, asks, byAsk, won, rule.Trades, 1)
            : Expected.Clarke(asks, byAsk, owners, index, bids, byBid, won, rule.Trades, -1) - worth;
    }
}
