namespace Menuet.Mechanisms.DoubleAuction;

/// <summary>Looks for profitable misreports, one participant at a time while the others report what they played; for the audit.</summary>
/// <remarks>
/// <para>One unit each: with the others fixed, the outcome is constant and what it costs is affine in a participant's report between the
/// others' reports and the prices p0 that can arise without her. So the best misreport is the limit at one of these points, and trying each of
/// them with its two neighbours among the doubles covers every report: exhaustive for markets up to <see cref="ExhaustiveSize"/>
/// participants, else for a seeded sample of participants and of points, the margin always included.</para>
/// <para>Several units: a seeded sample of misreports that hide, shade or inflate units at others' reports.</para>
/// </remarks>
internal static class Deviations
{
    internal const int ExhaustiveSize = 240;
    private const int ExhaustiveSequentialSize = 40;
    private const int SampledParticipants = 100;
    private const int SampledPoints = 40;
    private const int Margin = 3;

    internal static Certificate Check(AuditedMarket[] markets, AuctionMechanism mechanism, double tolerance, ulong seed)
    {
        var evidence = markets.All(one => IsExhaustive(one, mechanism)) ? Evidence.Exhaustive : Evidence.Sampled;
        var inspection = new Inspection(
            Claim.Truthfulness, tolerance, "McAfee 1992; unilateral deviations", evidence);
        for (var m = 0; m < markets.Length; m++)
        {
            var random = Rng.Stream(seed, (ulong)m);
            if (markets[m].HasUnits)
            {
                UnitDeviations.Check(inspection, markets[m], mechanism, ref random);
            }
            else
            {
                Single(inspection, markets[m], mechanism, ref random);
            }
        }

        return inspection.Conclude();
    }

    private static bool IsExhaustive(AuditedMarket one, AuctionMechanism mechanism) => !one.HasUnits && one.BuyerCount + one.SellerCount
        <= (mechanism == AuctionMechanism.SequentialSecondPrice ? ExhaustiveSequentialSize : ExhaustiveSize);

    private static void Single(Inspection inspection, AuditedMarket one, AuctionMechanism mechanism, ref Rng random)
    {
        var bids = Array.ConvertAll(one.ByBid, unit => one.Bids[unit]);
        var asks = Array.ConvertAll(one.ByAsk, unit => one.Asks[unit]);
        var play = new Play(one, mechanism, bids, asks);
        if (IsExhaustive(one, mechanism))
        {
            foreach (var isBuyer in new[] { true, false })
            {
                for (var rank = 0; rank < (isBuyer ? bids : asks).Length; rank++)
                {
                    play.Check(inspection, isBuyer, rank, play.AllPoints(isBuyer, rank));
                }
            }

            return;
        }

        var margin = AuditedRule.Of(one.Market, mechanism, false, new(bids), new(asks)).Efficient;
        foreach (var isBuyer in new[] { true, false })
        {
            var own = isBuyer ? bids : asks;
            var budget = mechanism == AuctionMechanism.SequentialSecondPrice ? 2_000_000 / (bids.Length + asks.Length) / SampledPoints : SampledParticipants;
            for (var n = -Margin; n < budget && own.Length > 0; n++)
            {
                var rank = n < Margin ? Math.Clamp(margin + n, 0, own.Length - 1) : random.NextInt(own.Length);
                play.Check(inspection, isBuyer, rank, play.SomePoints(isBuyer, rank, margin, ref random));
            }
        }
    }

    /// <summary>Replays a market of single units with one report changed.</summary>
    private sealed class Play(AuditedMarket one, AuctionMechanism mechanism, double[] bids, double[] asks)
    {
        internal void Check(Inspection inspection, bool isBuyer, int rank, List<double> points)
        {
            var who = isBuyer ? one.ByBid[rank] : one.ByAsk[rank];
            var truth = isBuyer ? one.Values[who] : one.Costs[who];
            var bounds = one.Market.MissingSide == MissingSide.Bounds ? one.Market.ValueBounds : null;
            if (bounds is not null && !(truth >= bounds.Min && truth <= bounds.Max))
            {
                return; // The truth cannot be reported.
            }

            var played = isBuyer ? bids[rank] : asks[rank];
            var honest = played != truth ? Utility(isBuyer, rank, truth, truth)
                : isBuyer ? (one.Bought[who] * truth) - one.Payments[who]
                : one.Receipts[who] - (one.Sold[who] * truth);
            var (best, report) = (double.NegativeInfinity, truth);
            long tried = 0;
            foreach (var point in points)
            {
                foreach (var candidate in (ReadOnlySpan<double>)[Math.BitDecrement(point), point, Math.BitIncrement(point)])
                {
                    if (bounds is not null && !(candidate >= bounds.Min && candidate <= bounds.Max))
                    {
                        continue;
                    }

                    tried++;
                    var utility = Utility(isBuyer, rank, truth, candidate);
                    (best, report) = utility > best ? (utility, candidate) : (best, report);
                }
            }

            if (tried > 0)
            {
                inspection.Check(
                    honest - best, who, 0,
                    (i, _) => FormattableString.Invariant($"{(isBuyer ? one.Buyer(i) : one.Seller(i))} reports {report:R} instead of {truth:R}"), tried);
            }
        }

        /// <summary>Every report at which the outcome can change.</summary>
        internal List<double> AllPoints(bool isBuyer, int rank)
        {
            var points = new List<double>();
            points.AddRange(isBuyer ? asks : bids);
            var own = isBuyer ? bids : asks;
            for (var k = 0; k < own.Length; k++)
            {
                if (k != rank)
                {
                    points.Add(own[k]);
                }
            }

            AddPrices(points, isBuyer, rank, 0, Math.Max(bids.Length, asks.Length));
            AddEnds(points);
            return points;
        }

        /// <summary>The reports at the margin, and some others.</summary>
        internal List<double> SomePoints(bool isBuyer, int rank, int margin, ref Rng random)
        {
            var points = new List<double>();
            for (var k = Math.Max(0, margin - Margin); k < margin + Margin; k++)
            {
                points.AddRange(new[] { k < bids.Length ? bids[k] : double.NaN, k < asks.Length ? asks[k] : double.NaN }.Where(double.IsFinite));
            }

            while (points.Count < SampledPoints)
            {
                var drawn = random.NextInt(bids.Length + asks.Length);
                points.Add(drawn < bids.Length ? bids[drawn] : asks[drawn - bids.Length]);
            }

            AddPrices(points, isBuyer, rank, Math.Max(0, margin - Margin), margin + Margin);
            AddEnds(points);
            return points;
        }

        /// <summary>The p0 that arise when the report is the last that trades: the middle of the others' next and the other side's next.</summary>
        private void AddPrices(List<double> points, bool isBuyer, int rank, int from, int to)
        {
            var own = new Line(isBuyer ? bids : asks, without: rank);
            var other = new Line(isBuyer ? asks : bids);
            var bounds = one.Market.ValueBounds;
            for (var k = from; k < to; k++)
            {
                var (next, facing) = (k == 0 ? double.NaN : own.Other(k - 1), other[k]);
                if (bounds is not null)
                {
                    next = double.IsNaN(next) ? isBuyer ? bounds.Min : bounds.Max : next;
                    facing = double.IsNaN(facing) ? isBuyer ? bounds.Max : bounds.Min : facing;
                }

                if (double.IsFinite(next + facing))
                {
                    points.Add((next + facing) * 0.5);
                }
            }
        }

        private void AddEnds(List<double> points)
        {
            if (one.Market.MissingSide == MissingSide.Bounds && one.Market.ValueBounds is { } bounds)
            {
                points.AddRange([bounds.Min, bounds.Max]);
            }
        }

        private double Utility(bool isBuyer, int rank, double truth, double report)
        {
            if (mechanism == AuctionMechanism.SequentialSecondPrice)
            {
                return Sequential(isBuyer, isBuyer ? one.ByBid[rank] : one.ByAsk[rank], truth, report);
            }

            var place = Place(isBuyer, rank, report);
            var own = new Line(isBuyer ? bids : asks, rank, place, report);
            var rule = AuditedRule.Of(one.Market, mechanism, false, isBuyer ? own : new(bids), isBuyer ? new(asks) : own);
            return place >= rule.Trades ? 0 : isBuyer ? truth - rule.BuyerPrice : rule.SellerPrice - truth;
        }

        /// <summary>How many of the others stand before the report: better, or equal and earlier.</summary>
        private int Place(bool isBuyer, int rank, double report)
        {
            var (sorted, order) = isBuyer ? (bids, one.ByBid) : (asks, one.ByAsk);
            var (low, high) = (0, sorted.Length);
            while (low < high)
            {
                var middle = (low + high) / 2;
                var precedes = sorted[middle] == report ? order[middle] < order[rank] : isBuyer ? sorted[middle] > report : sorted[middle] < report;
                (low, high) = precedes ? (middle + 1, high) : (low, middle);
            }

            return low > rank ? low - 1 : low;
        }

        private double Sequential(bool isBuyer, int who, double truth, double report)
        {
            var remaining = new List<(double Bid, int Buyer)>(one.BuyerCount);
            for (var i = 0; i < one.BuyerCount; i++)
            {
                remaining.Add((isBuyer && i == who ? report : one.Bids[i], i));
            }

            remaining.Sort((a, b) => a.Bid != b.Bid ? b.Bid.CompareTo(a.Bid) : a.Buyer.CompareTo(b.Buyer));
            var next = 0;
            for (var seller = 0; seller < one.SellerCount && next < remaining.Count; seller++)
            {
                var ask = !isBuyer && seller == who ? report : one.Asks[seller];
                if (remaining[next].Bid < ask)
                {
                    continue;
                }

                var winner = remaining[next++].Buyer;
                if (isBuyer && winner == who)
                {
                    return truth - (next < remaining.Count ? Math.Max(ask, remaining[next].Bid) : ask);
                }

                if (!isBuyer && seller == who)
                {
                    return NextHigher(ask, who) - truth;
                }
            }

            return 0;
        }

        private double NextHigher(double ask, int who)
        {
            var higher = double.PositiveInfinity;
            for (var j = 0; j < one.SellerCount; j++)
            {
                higher = j != who && one.Asks[j] > ask ? Math.Min(higher, one.Asks[j]) : higher;
            }

            return double.IsInfinity(higher) ? ask : higher;
        }
    }
}
