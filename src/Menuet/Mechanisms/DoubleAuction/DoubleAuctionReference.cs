using System.Collections.Immutable;
using System.Globalization;

namespace Menuet.Mechanisms.DoubleAuction;

/// <summary>
/// Clears small markets by counting and enumeration: ranks by counting who is better, K by trying every k, VCG payments by clearing again without
/// each participant, the least latency by dynamic programming over subsets. Shares no code with the other solvers.
/// </summary>
internal sealed class DoubleAuctionReference : ISolver<DoubleAuctionMarket, DoubleAuctionOutcome>
{
    private const int LargestSide = 500;
    private const int MostMatched = 15;

    public string Name => "reference";

    public string Summary => "The document's rule by counting and enumeration; small markets only, shares no code with the other solvers.";

    public ImmutableArray<Claim> Promises(DoubleAuctionMarket market) => DoubleAuctionMechanism.Door.SolverList[0].Promises(market);

    public Solution<DoubleAuctionOutcome> Solve(DoubleAuctionMarket market, SolveOptions options, CancellationToken cancellation)
    {
        var locals = market.HasSeveral ? market.Markets : [new LocalMarket { Buyers = market.Buyers, Sellers = market.Sellers, RatesMegabitsPerSecond = market.RatesMegabitsPerSecond }];
        var clearings = ImmutableArray.CreateBuilder<Clearing>();
        double welfare = 0, balance = 0, latency = 0;
        for (var i = 0; i < locals.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var local = locals[i];
            var bids = Units(local.Buyers, static buyer => buyer.Bid, static buyer => buyer.Units);
            var asks = Units(local.Sellers, static seller => seller.Ask, static seller => seller.Units);
            if (bids.Length > LargestSide || asks.Length > LargestSide)
            {
                var path = market.HasSeveral ? string.Create(CultureInfo.InvariantCulture, $"$.markets[{i}]") : "$.buyers";
                throw new InvalidRequestException(
                    [new(path, string.Create(CultureInfo.InvariantCulture, $"has {bids.Length} units bid and {asks.Length} asked; solver 'reference' takes at most {LargestSide} a side: use solver 'mechanism'"))]);
            }

            var (clearing, score) = Clear(market, local, bids, asks);
            clearings.Add(clearing);
            welfare += score.Welfare;
            balance += score.Balance;
            latency += score.Latency;
        }

        var reward = welfare - (market.Reward.BudgetCoefficient * balance * balance) - (market.Reward.LatencyWeightPerSecond * latency);
        return new(
            market.Mechanism == AuctionMechanism.SequentialSecondPrice ? Termination.Candidate : Termination.Optimal,
            new(market.Mechanism, clearings.ToImmutable()), reward, locals.Length);
    }

    private static (Clearing Clearing, (double Welfare, double Balance, double Latency) Score) Clear(
        DoubleAuctionMarket market, LocalMarket local, (double Value, int Owner)[] bids, (double Value, int Owner)[] asks)
    {
        var byBid = ByRank(bids, -1);
        var byAsk = ByRank(asks, 1);
        double Bid(int k) => k <= bids.Length ? bids[byBid[k - 1]].Value : double.NaN;
        double Ask(int k) => k <= asks.Length ? asks[byAsk[k - 1]].Value : double.NaN;

        var efficient = 0;
        for (var k = 1; k <= Math.Min(bids.Length, asks.Length); k++)
        {
            efficient = Bid(k) >= Ask(k) ? k : efficient;
        }

        var several = local.Buyers.Any(buyer => !buyer.Units.IsDefault) || local.Sellers.Any(seller => !seller.Units.IsDefault);
        var (trades, rule, buyerPrice, sellerPrice) = efficient == 0
            ? (0, PricingRule.None, double.NaN, double.NaN)
            : Price(market, efficient, several, Bid, Ask);
        var pairs = Enumerable.Range(0, trades).Select(k => (Buyer: byBid[k], Seller: byAsk[k])).ToList();
        double[]? payments = null;
        double[]? receipts = null;
        if (rule == PricingRule.Vcg && several)
        {
            payments = [.. Enumerable.Range(0, local.Buyers.Length).Select(i =>
                Gains([.. bids.Where(bid => bid.Owner != i)], asks) - Gains(bids, asks) + byBid.Take(trades).Where(u => bids[u].Owner == i).Sum(u => bids[u].Value))];
            receipts = [.. Enumerable.Range(0, local.Sellers.Length).Select(j =>
                Gains(bids, asks) - Gains(bids, [.. asks.Where(ask => ask.Owner != j)]) + byAsk.Take(trades).Where(u => asks[u].Owner == j).Sum(u => asks[u].Value))];
        }
        else if (rule == PricingRule.SequentialSecondPrice)
        {
            (payments, receipts, pairs) = Sequential(local, bids, asks);
        }

        var knowsLatency = !local.RatesMegabitsPerSecond.IsDefault && local.Buyers.All(buyer => buyer.ContentKilobytes is not null);
        double Seconds(int buyer, int seller) => 8e3 / 1e6 * local.Buyers[bids[buyer].Owner].ContentKilobytes!.Value
            / local.RatesMegabitsPerSecond[bids[buyer].Owner][asks[seller].Owner];
        var latency = knowsLatency ? pairs.Sum(pair => Seconds(pair.Buyer, pair.Seller)) : 0;
        if (market.Matching == WinnerMatching.MinLatency && rule != PricingRule.SequentialSecondPrice && pairs.Count > 0)
        {
            (pairs, latency) = LeastLatency(pairs, Seconds);
        }

        pairs.Sort();
        var clearing = new Clearing
        {
            EfficientTrades = efficient,
            Rule = pairs.Count == 0 ? PricingRule.None : rule,
            BuyerPrice = buyerPrice,
            SellerPrice = sellerPrice,
            Buyers = [.. pairs.Select(pair => pair.Buyer)],
            Sellers = [.. pairs.Select(pair => pair.Seller).Order()],
            Partners = [.. pairs.Select(pair => pair.Seller)],
            Payments = payments is null ? default : [.. payments],
            Receipts = receipts is null ? default : [.. receipts],
        };
        double Value(int unit) => several ? bids[unit].Value : local.Buyers[unit].Value ?? bids[unit].Value;
        double Cost(int unit) => several ? asks[unit].Value : local.Sellers[unit].Cost ?? asks[unit].Value;
        var sign = market.Reward.Welfare == AuctionWelfare.GainsFromTrade ? -1 : 1;
        var welfare = pairs.Sum(pair => Value(pair.Buyer) + (sign * Cost(pair.Seller)));
        var balance = payments is not null ? payments.Sum() - receipts!.Sum() : pairs.Sum(_ => buyerPrice - sellerPrice);
        return (clearing, (welfare, balance, latency));
    }

    private static (int Trades, PricingRule Rule, double Buyer, double Seller) Price(
        DoubleAuctionMarket market, int k, bool several, Func<int, double> bid, Func<int, double> ask)
    {
        var (nextBid, nextAsk) = (bid(k + 1), ask(k + 1));
        var low = nextBid > ask(k) ? nextBid : ask(k);
        var high = nextAsk < bid(k) ? nextAsk : bid(k);
        switch (market.Mechanism)
        {
            case AuctionMechanism.Vcg:
                return several ? (k, PricingRule.Vcg, double.NaN, double.NaN) : (k, PricingRule.Vcg, low, high);
            case AuctionMechanism.KDouble:
                return (k, PricingRule.KDouble, low + (market.Kappa * (high - low)), low + (market.Kappa * (high - low)));
            case AuctionMechanism.Average:
                return (k, PricingRule.Average, (bid(k) + ask(k)) / 2, (bid(k) + ask(k)) / 2);
            case AuctionMechanism.SequentialSecondPrice:
                return (0, PricingRule.SequentialSecondPrice, double.NaN, double.NaN);
            case AuctionMechanism.Mcafee when market.MissingSide == MissingSide.Bounds:
                nextBid = double.IsNaN(nextBid) ? market.ValueBounds!.Min : nextBid;
                nextAsk = double.IsNaN(nextAsk) ? market.ValueBounds!.Max : nextAsk;
                break;
            case AuctionMechanism.Mcafee when market.MissingSide == MissingSide.OneSided && double.IsNaN(nextBid) != double.IsNaN(nextAsk):
                nextBid = double.IsNaN(nextBid) ? nextAsk : nextBid;
                nextAsk = double.IsNaN(nextAsk) ? nextBid : nextAsk;
                break;
            default:
                break;
        }

        var middle = (nextBid + nextAsk) / 2;
        return market.Mechanism == AuctionMechanism.Mcafee && ask(k) <= middle && middle <= bid(k)
            ? (k, PricingRule.AveragePrice, middle, middle)
            : k == 1 ? (0, PricingRule.None, double.NaN, double.NaN)
            : (k - 1, PricingRule.TradeReduction, bid(k), ask(k));
    }

    /// <summary>Entry r is the unit that exactly r others precede.</summary>
    private static int[] ByRank((double Value, int Owner)[] units, int sign)
    {
        var order = new int[units.Length];
        for (var i = 0; i < units.Length; i++)
        {
            var rank = 0;
            for (var j = 0; j < units.Length; j++)
            {
                var difference = sign * units[j].Value.CompareTo(units[i].Value);
                rank += difference < 0 || (difference == 0 && j < i) ? 1 : 0;
            }

            order[rank] = i;
        }

        return order;
    }

    /// <summary>The best of all numbers of trades between the best units of both sides.</summary>
    private static double Gains((double Value, int Owner)[] bids, (double Value, int Owner)[] asks)
    {
        var (byBid, byAsk) = (ByRank(bids, -1), ByRank(asks, 1));
        double best = 0, sum = 0;
        for (var k = 0; k < Math.Min(bids.Length, asks.Length); k++)
        {
            sum += bids[byBid[k]].Value - asks[byAsk[k]].Value;
            best = Math.Max(best, sum);
        }

        return best;
    }

    private static (double[] Payments, double[] Receipts, List<(int Buyer, int Seller)> Pairs) Sequential(
        LocalMarket local, (double Value, int Owner)[] bids, (double Value, int Owner)[] asks)
    {
        var (payments, receipts) = (new double[local.Buyers.Length], new double[local.Sellers.Length]);
        var pairs = new List<(int Buyer, int Seller)>();
        var remaining = Enumerable.Range(0, bids.Length).ToList();
        for (var seller = 0; seller < asks.Length && remaining.Count > 0; seller++)
        {
            var best = remaining.MaxBy(unit => bids[unit].Value);
            if (bids[best].Value < asks[seller].Value)
            {
                continue;
            }

            remaining.Remove(best);
            payments[bids[best].Owner] += remaining.Select(unit => bids[unit].Value).Append(asks[seller].Value).Max();
            receipts[asks[seller].Owner] += asks.Select(ask => ask.Value).Where(ask => ask > asks[seller].Value).DefaultIfEmpty(asks[seller].Value).Min();
            pairs.Add((best, seller));
        }

        return (payments, receipts, pairs);
    }

    /// <summary>least[S] = the least latency of the first |S| buyers served by the sellers in S.</summary>
    private static (List<(int Buyer, int Seller)> Pairs, double Seconds) LeastLatency(List<(int Buyer, int Seller)> winners, Func<int, int, double> seconds)
    {
        var count = winners.Count;
        if (count > MostMatched)
        {
            throw new InvalidRequestException(
                [new("$.matching", string.Create(CultureInfo.InvariantCulture, $"\"minLatency\" among {count} winners; solver 'reference' matches at most {MostMatched}: use solver 'mechanism'"))]);
        }

        var least = new double[1 << count];
        var last = new int[1 << count];
        for (var set = 1; set < least.Length; set++)
        {
            least[set] = double.PositiveInfinity;
            var buyer = winners[int.PopCount(set) - 1].Buyer;
            for (var s = 0; s < count; s++)
            {
                if ((set >> s & 1) != 0 && least[set & ~(1 << s)] + seconds(buyer, winners[s].Seller) is var total && total < least[set])
                {
                    (least[set], last[set]) = (total, s);
                }
            }
        }

        var pairs = new List<(int Buyer, int Seller)>();
        for (var set = least.Length - 1; set != 0; set &= ~(1 << last[set]))
        {
            pairs.Add((winners[int.PopCount(set) - 1].Buyer, winners[last[set]].Seller));
        }

        return (pairs, least[^1]);
    }

    private static (double Value, int Owner)[] Units<T>(ImmutableArray<T> side, Func<T, double?> one, Func<T, ImmutableArray<double>> units) =>
        [.. side.SelectMany((participant, owner) => one(participant) is { } value
            ? [(value, owner)]
            : units(participant).Select(unit => (unit, owner)))];
}
