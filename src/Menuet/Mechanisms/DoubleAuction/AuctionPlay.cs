using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Menuet.Mechanisms.DoubleAuction;

/// <summary>A bidding policy plays one given slot.</summary>
internal static class AuctionPlay
{
    internal static Solution<DoubleAuctionOutcome> Answer(DoubleAuctionScenario scenario, DoubleAuctionMarket market, IPolicy policy)
    {
        CheckVisible(scenario, market);
        var bids = Bids(scenario, market, policy);
        var clearings = ImmutableArray.CreateBuilder<Clearing>(market.Markets.Length);
        for (var i = 0; i < market.Markets.Length; i++)
        {
            var book = Book.Of(market.Markets[i]);
            var (clearing, _) = DoubleAuctionSolver.Clear(market, market.Mechanism, book with { Bids = bids[i] }, default);
            clearings.Add(clearing with { PlayedBids = ImmutableCollectionsMarshal.AsImmutableArray(bids[i]), PlayedAsks = [.. book.Asks] });
        }

        return new(Termination.Candidate, new(market.Mechanism, clearings.MoveToImmutable()), Iterations: 1, Note: "bids by the policy; asks as they stand");
    }

    private static double[][] Bids(DoubleAuctionScenario scenario, DoubleAuctionMarket market, IPolicy policy)
    {
        var locals = market.Markets;
        var buyers = locals.Sum(local => local.Buyers.Length);
        var everybody = buyers + locals.Sum(local => local.Sellers.Length);
        var bids = Array.ConvertAll([.. locals], local => new double[local.Buyers.Length]);
        if (buyers == 0)
        {
            return bids;
        }

        var observations = new float[buyers * scenario.ObservationSize];
        var actions = new float[buyers];
        var row = 0;
        for (var n = 0; n < locals.Length; n++)
        {
            for (var v = 0; v < locals[n].Buyers.Length; v++, row++)
            {
                var seen = observations.AsSpan(row * scenario.ObservationSize, scenario.ObservationSize);
                for (var i = 0; i < locals.Length; i++)
                {
                    seen[i] = (float)(locals[i].Buyers.Length + locals[i].Sellers.Length) / everybody;
                }

                seen[Station.Count] = (float)DoubleAuctionEnvironment.FirstPrice;
                SeeOwn(scenario, locals[n], n, v, seen[(Station.Count + 1)..]);
            }
        }

        policy.Act(observations, actions, buyers);
        row = 0;
        for (var n = 0; n < locals.Length; n++)
        {
            var asks = Asks(locals[n]);
            for (var v = 0; v < bids[n].Length; v++, row++)
            {
                bids[n][v] = scenario.BidOf(actions[row], ValueOf(locals[n].Buyers[v]), asks);
            }
        }

        return bids;
    }

    private static void SeeOwn(DoubleAuctionScenario scenario, LocalMarket local, int station, int v, Span<float> seen)
    {
        var rates = local.RatesMegabitsPerSecond[v];
        if (scenario.Observation == AuctionView.PaperExact)
        {
            for (var m = 0; m < rates.Length; m++)
            {
                seen[m] = (float)(rates[m] / DoubleAuctionEnvironment.RateUnit);
            }

            return;
        }

        var buyer = local.Buyers[v];
        var (lowest, mean, highest) = rates.IsEmpty ? (0, 0, 0) : (rates.Min(), rates.Average(), rates.Max());
        DoubleAuctionEnvironment.SeeOwn(seen, lowest, mean, highest, ValueOf(buyer), buyer.ContentKilobytes!.Value, station, 0);
        if (scenario.Observation == AuctionView.Asks)
        {
            DoubleAuctionEnvironment.SeeAsks(seen, Asks(local));
        }
    }

    private static double[] Asks(LocalMarket local) => [.. local.Sellers.Select(seller => seller.Ask!.Value).Order()];

    private static double ValueOf(in AuctionBuyer buyer) => buyer.Value ?? buyer.Bid!.Value;

    private static void CheckVisible(DoubleAuctionScenario scenario, DoubleAuctionMarket market)
    {
        var problems = ImmutableArray.CreateBuilder<Problem>();
        if (!market.HasSeveral || market.Markets.Length != Station.Count)
        {
            problems.Add(new(
                "$.markets",
                FormattableString.Invariant($"must be four markets, one for each roadside unit: the policy sees how busy each of the four is; has {(market.HasSeveral ? market.Markets.Length : 1)}")));
        }

        if (market.HasUnits)
        {
            problems.Add(new("$", "lists units: the policy bids for one unit each"));
        }

        var locals = market.Locals;
        for (var i = 0; i < locals.Length && problems.Count == 0; i++)
        {
            var path = FormattableString.Invariant($"$.markets[{i}]");
            if (!locals[i].Buyers.IsEmpty && locals[i].RatesMegabitsPerSecond.IsDefault)
            {
                problems.Add(new(path + ".ratesMegabitsPerSecond", "is missing: the policy sees its rates, one row per buyer, one column per seller [Mbit/s]"));
            }
            else if (scenario.Observation != AuctionView.PaperExact && !locals[i].KnowsLatency && !locals[i].Buyers.IsEmpty)
            {
                problems.Add(new(path + ".buyers", "lack contentKilobytes: the policy sees the size of its request"));
            }

            if (scenario.Observation != AuctionView.Full && locals[i].Sellers.Length != scenario.SellersPerStation)
            {
                problems.Add(new(
                    path + ".sellers", FormattableString.Invariant($"must be {scenario.SellersPerStation}: the policy sees each of them; has {locals[i].Sellers.Length}")));
            }
        }

        if (problems.Count > 0)
        {
            throw new InvalidRequestException(problems.ToImmutable(), DoubleAuctionMechanism.Door.Kind);
        }
    }
}
