using System.Collections.Immutable;
using Menuet.Documents;
using Menuet.Numerics;

namespace Menuet.Mechanisms.DoubleAuction;

/// <summary>Judges trades and prices from the market and the answer's decisions alone.</summary>
internal static class DoubleAuctionAudit
{
    // Slacks of the last four are relative, to one plus the largest payment or the magnitudes that are summed.
    private const string McAfee = "McAfee 1992; Fan et al. 2023, III.A";

    internal static IEnumerable<Problem> AnswerProblems(DoubleAuctionMarket market, DoubleAuctionAnswer answer)
    {
        if (!market.HasSeveral)
        {
            return answer.Market is { } only
                ? Problems(market.Locals[0], only, "$")
                : [new("$.winningBuyers", "is required, as all decisions of the only market; markets stand only in answers to several")];
        }

        if (answer.Markets.IsDefault || answer.Markets.Length != market.Markets.Length)
        {
            return [new("$.markets", FormattableString.Invariant($"must have {market.Markets.Length} entries, one per market, in its order"), answer.Markets.IsDefault ? null : "[…]")];
        }

        return market.Markets.SelectMany((local, i) =>
        {
            var path = FormattableString.Invariant($"$.markets[{i}]");
            var id = answer.Markets[i].Id;
            return id is null || id == local.NameOf(i)
                ? Problems(local, answer.Markets[i], path)
                : [new Problem(path + ".id", $"must be \"{local.NameOf(i)}\": results stand in the order of the markets", $"\"{id}\"")];
        });
    }

    internal static Audit Check(DoubleAuctionMarket market, DoubleAuctionAnswer answer, SolveOptions options)
    {
        var mechanism = answer.Mechanism ?? market.Mechanism;
        var markets = market.HasSeveral
            ? market.Markets.Select((local, i) => new AuditedMarket(market, local, answer.Markets[i], " in " + local.NameOf(i))).ToArray()
            : [new AuditedMarket(market, market.Locals[0], answer.Market!, "")];
        var largest = 0.0;
        foreach (var amount in markets.SelectMany(one => one.Payments.Concat(one.Receipts)))
        {
            largest = Math.Max(largest, Math.Abs(amount));
        }

        var tolerance = options.Tolerance * (1 + largest);
        var participation = new Inspection(Claim.IndividualRationality, tolerance, "Fan et al. 2023, II.B, by bids");
        var truth = new Inspection(Claim.ExPostRationality, tolerance, "Fan et al. 2023, II.B, by true values");
        var balance = new Inspection(Claim.BudgetBalance, tolerance, "Fan et al. 2023, Eq. (4)");
        var feasibility = new Inspection(Claim.Feasibility, options.Tolerance, McAfee);
        var efficiency = new Inspection(Claim.Efficiency, options.Tolerance, McAfee);
        var matching = new Inspection(Claim.Matching, options.Tolerance, "Fan et al. 2023, III.A and Eq. (2)");
        var consistency = new Inspection(Claim.Consistency, options.Tolerance, "Fan et al. 2023, Eqs. (1), (2), (4), (6)");
        var derived = new List<Derived>();
        foreach (var one in markets)
        {
            Participation(participation, one, one.Bids, one.Asks);
            Participation(truth, one, one.Values, one.Costs);
            var rule = AuditedRule.Of(
                market, mechanism, one.HasUnits, new(Array.ConvertAll(one.ByBid, unit => one.Bids[unit])), new(Array.ConvertAll(one.ByAsk, unit => one.Asks[unit])));
            var expected = Expected.Of(one, rule);
            Feasibility(feasibility, one, expected, largest);
            Efficiency(efficiency, one, rule, mechanism);
            Matching(matching, one, expected);
            derived.Add(Consistency(consistency, one, rule, expected));
            balance.Check(Sum(one.Payments) - Sum(one.Receipts), $"payments ≥ receipts{one.Suffix}");
        }

        Totals(consistency, market, answer, derived);
        ImmutableArray<Certificate> certificates =
        [
            participation.Conclude(), balance.Conclude(), feasibility.Conclude(), efficiency.Conclude(),
            Deviations.Check(markets, mechanism, tolerance, options.Seed), matching.Conclude(), consistency.Conclude(),
        ];
        var played = markets.Any(one => !one.Bids.AsSpan().SequenceEqual(one.Values) || !one.Asks.AsSpan().SequenceEqual(one.Costs));
        return new(played ? certificates.Insert(1, truth.Conclude()) : certificates);
    }

    private static IEnumerable<Problem> Problems(LocalMarket local, ClearedMarket answer, string path)
    {
        var buyers = Enumerable.Range(0, local.Buyers.Length).Select(local.BuyerId).ToHashSet(StringComparer.Ordinal);
        var sellers = Enumerable.Range(0, local.Sellers.Length).Select(local.SellerId).ToHashSet(StringComparer.Ordinal);
        var hasUnits = local.Buyers.Any(buyer => !buyer.Units.IsDefault) || local.Sellers.Any(seller => !seller.Units.IsDefault);
        var problems = hasUnits
            ? Shares(path + ".buyers", answer.Buyers.IsDefault ? default : [.. answer.Buyers.Select(share => share.Id)], buyers)
                .Concat(Shares(path + ".sellers", answer.Sellers.IsDefault ? default : [.. answer.Sellers.Select(share => share.Id)], sellers))
            : Names(path + ".winningBuyers", answer.WinningBuyers, buyers).Concat(Names(path + ".winningSellers", answer.WinningSellers, sellers));
        if (!answer.Pairs.IsDefault)
        {
            problems = problems
                .Concat(Unknown(answer.Pairs.Select(pair => pair.Buyer), buyers, i => FormattableString.Invariant($"{path}.pairs[{i}].buyer")))
                .Concat(Unknown(answer.Pairs.Select(pair => pair.Seller), sellers, i => FormattableString.Invariant($"{path}.pairs[{i}].seller")));
        }

        return problems
            .Concat(Played(path + ".playedBids", answer.PlayedBids, local.Buyers.Sum(buyer => buyer.Units.IsDefault ? 1 : buyer.Units.Length)))
            .Concat(Played(path + ".playedAsks", answer.PlayedAsks, local.Sellers.Sum(seller => seller.Units.IsDefault ? 1 : seller.Units.Length)));
    }

    private static IEnumerable<Problem> Names(string path, ImmutableArray<string> names, HashSet<string> known) => names.IsDefault
        ? [new(path, "is required: the winners' ids")]
        : Unknown(names, known, i => FormattableString.Invariant($"{path}[{i}]"));

    private static IEnumerable<Problem> Shares(string path, ImmutableArray<string> names, HashSet<string> known)
    {
        if (names.IsDefault)
        {
            yield return new(path, "is required: what each participant trades, since participants list units");
            yield break;
        }

        foreach (var problem in Unknown(names, known, i => FormattableString.Invariant($"{path}[{i}].id")))
        {
            yield return problem;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < names.Length; i++)
        {
            if (!seen.Add(names[i]))
            {
                yield return new(FormattableString.Invariant($"{path}[{i}].id"), "appears more than once", $"\"{names[i]}\"");
            }
        }
    }

    private static IEnumerable<Problem> Unknown(IEnumerable<string> names, HashSet<string> known, Func<int, string> path) =>
        names.Select((name, i) => (name, i)).Where(entry => !known.Contains(entry.name)).Select(entry =>
            new Problem(path(entry.i), DocumentText.Nearest(entry.name, known) is { } nearest ? $"nobody has this id; did you mean '{nearest}'?" : "nobody in the market has this id", $"\"{entry.name}\""));

    private static IEnumerable<Problem> Played(string path, ImmutableArray<double> played, int count) => played.IsDefault || played.Length == count
        ? []
        : [new(path, FormattableString.Invariant($"must have {count} entries, one per unit, has {played.Length}"))];

    private static void Participation(Inspection inspection, AuditedMarket one, double[] worths, double[] costs)
    {
        Func<int, int, string> nameOfBuyer = (buyer, _) => $"IR({one.Buyer(buyer)})";
        Func<int, int, string> nameOfSeller = (seller, _) => $"IR({one.Seller(seller)})";
        var firstUnit = AuditedMarket.FirstUnits(one.BuyerOf, one.BuyerCount);
        for (var i = 0; i < one.BuyerCount; i++)
        {
            inspection.Check(AuditedMarket.Worth(worths, one.BuyerOf, firstUnit[i], one.Bought[i]) - one.Payments[i], i, 0, nameOfBuyer);
        }

        firstUnit = AuditedMarket.FirstUnits(one.SellerOf, one.SellerCount);
        for (var j = 0; j < one.SellerCount; j++)
        {
            inspection.Check(one.Receipts[j] - AuditedMarket.Worth(costs, one.SellerOf, firstUnit[j], one.Sold[j]), j, 0, nameOfSeller);
        }
    }

    private static void Feasibility(Inspection inspection, AuditedMarket one, Expected expected, double largest)
    {
        var answer = one.Answer;
        Func<int, int, string> gets = (buyer, _) => $"what {one.Buyer(buyer)} gets";
        Func<int, int, string> pays = (buyer, _) => $"what {one.Buyer(buyer)} pays";
        for (var i = 0; i < one.BuyerCount; i++)
        {
            inspection.Check(-Math.Abs((double)one.Bought[i] - expected.Bought[i]), i, 0, gets);
            inspection.Check(-Math.Abs(one.Payments[i] - expected.Payments[i]) / (1 + largest), i, 0, pays);
        }

        Func<int, int, string> gives = (seller, _) => $"what {one.Seller(seller)} gives";
        Func<int, int, string> receives = (seller, _) => $"what {one.Seller(seller)} receives";
        for (var j = 0; j < one.SellerCount; j++)
        {
            inspection.Check(-Math.Abs((double)one.Sold[j] - expected.Sold[j]), j, 0, gives);
            inspection.Check(-Math.Abs(one.Receipts[j] - expected.Receipts[j]) / (1 + largest), j, 0, receives);
        }

        Price(answer.BuyerPrice, expected.Rule.BuyerPrice, "buyer price");
        Price(answer.SellerPrice, expected.Rule.SellerPrice, "seller price");

        void Price(double? reported, double right, string what)
        {
            var slack = reported is { } price && !double.IsNaN(right) ? -Math.Abs(price - right) / (1 + largest)
                : reported is null && (double.IsNaN(right) || one.HasUnits) ? 0 : -1;
            inspection.Check(slack, what + one.Suffix);
        }
    }

    /// <summary>McAfee's rule and trade reduction lose at most the least valuable of K trades; the others lose none.</summary>
    private static void Efficiency(Inspection inspection, AuditedMarket one, AuditedRule rule, AuctionMechanism mechanism)
    {
        var gains = new CompensatedSum();
        var firstBid = AuditedMarket.FirstUnits(one.BuyerOf, one.BuyerCount);
        for (var i = 0; i < one.BuyerCount; i++)
        {
            gains.Add(AuditedMarket.Worth(one.Bids, one.BuyerOf, firstBid[i], one.Bought[i]));
        }

        var firstAsk = AuditedMarket.FirstUnits(one.SellerOf, one.SellerCount);
        for (var j = 0; j < one.SellerCount; j++)
        {
            gains.Add(-AuditedMarket.Worth(one.Asks, one.SellerOf, firstAsk[j], one.Sold[j]));
        }

        var best = AuditedMarket.LargestGains(one.Bids, one.Asks);
        var share = mechanism is AuctionMechanism.Mcafee or AuctionMechanism.TradeReduction && rule.Efficient > 0 ? 1 - (1.0 / rule.Efficient) : 1;
        inspection.Check((gains.Value - (share * best)) / (1 + best), FormattableString.Invariant($"gains ≥ {share:0.###} × efficient gains{one.Suffix}"));
    }

    private static void Matching(Inspection inspection, AuditedMarket one, Expected expected)
    {
        if (one.Market.Matching == WinnerMatching.Rank || expected.Rule.Rule == PricingRule.SequentialSecondPrice)
        {
            var (actual, right) = (Sorted(one.Pairs), Sorted(expected.Pairs));
            inspection.Check(-Math.Abs((double)actual.Length - right.Length), $"number of pairs{one.Suffix}");
            Func<int, int, string> name = (buyer, seller) => $"{one.Buyer(buyer)} served by {one.Seller(seller)}";
            for (var k = 0; k < Math.Min(actual.Length, right.Length); k++)
            {
                inspection.Check(actual[k] == right[k] ? 0 : -1, (int)(actual[k] >> 32), (int)actual[k], name);
            }

            return;
        }

        var (bought, sold) = (new long[one.BuyerCount], new long[one.SellerCount]);
        var total = 0.0;
        foreach (var (buyer, seller) in one.Pairs)
        {
            bought[buyer]++;
            sold[seller]++;
            total += one.Latency(buyer, seller);
        }

        var complete = bought.AsSpan().SequenceEqual(one.Bought) && sold.AsSpan().SequenceEqual(one.Sold);
        inspection.Check(complete ? 0 : -1, $"every trade has one pair{one.Suffix}");
        if (complete)
        {
            var least = LeastTotal.Bound(one.Pairs.Length, (i, j) => one.Latency(one.Pairs[i].Buyer, one.Pairs[j].Seller));
            inspection.Check((least - total) / (1 + total), $"total latency ≤ the least{one.Suffix}");
        }
    }

    private static long[] Sorted((int Buyer, int Seller)[] pairs)
    {
        var keys = Array.ConvertAll(pairs, pair => ((long)pair.Buyer << 32) | (uint)pair.Seller);
        Array.Sort(keys);
        return keys;
    }

    /// <summary>What follows from one market's decisions, for the totals.</summary>
    private readonly record struct Derived(double Gains, double Paper, double Worth, double Balance, double Moved, double Latency);

    private static Derived Consistency(Inspection inspection, AuditedMarket one, AuditedRule rule, Expected expected)
    {
        var answer = one.Answer;
        var (values, costs) = (new CompensatedSum(), new CompensatedSum());
        double magnitude = 0;
        var firstUnit = AuditedMarket.FirstUnits(one.BuyerOf, one.BuyerCount);
        for (var i = 0; i < one.BuyerCount; i++)
        {
            var worth = AuditedMarket.Worth(one.Values, one.BuyerOf, firstUnit[i], one.Bought[i]);
            values.Add(worth);
            magnitude += Math.Abs(worth);
        }

        firstUnit = AuditedMarket.FirstUnits(one.SellerOf, one.SellerCount);
        for (var j = 0; j < one.SellerCount; j++)
        {
            var cost = AuditedMarket.Worth(one.Costs, one.SellerOf, firstUnit[j], one.Sold[j]);
            costs.Add(cost);
            magnitude += Math.Abs(cost);
        }

        var (payments, receipts) = (Sum(one.Payments), Sum(one.Receipts));
        var moved = one.Payments.Sum(Math.Abs) + one.Receipts.Sum(Math.Abs);
        var trades = one.Bought.Sum();
        Compare(inspection, answer.EfficientTrades, rule.Efficient, 0, $"efficientTrades{one.Suffix}");
        Compare(inspection, answer.Trades, trades, 0, $"trades{one.Suffix}");
        inspection.Check(answer.PricingRule is null || answer.PricingRule == expected.Rule.Rule ? 0 : -1, $"pricingRule{one.Suffix}");
        Compare(inspection, answer.GainsFromTrade, values.Value - costs.Value, magnitude, $"gainsFromTrade{one.Suffix}");
        var best = AuditedMarket.LargestGains(one.Values, one.Costs);
        Compare(inspection, answer.OptimalGainsFromTrade, best, Math.Abs(best) + magnitude, $"optimalGainsFromTrade{one.Suffix}");
        Compare(inspection, answer.PaperWelfare, values.Value + costs.Value, magnitude, $"paperWelfare{one.Suffix}");
        Compare(inspection, answer.BuyersSurplus, values.Value - payments, magnitude + moved, $"buyersSurplus{one.Suffix}");
        Compare(inspection, answer.SellersSurplus, receipts - costs.Value, magnitude + moved, $"sellersSurplus{one.Suffix}");
        Compare(inspection, answer.BudgetBalance, payments - receipts, moved, $"budgetBalance{one.Suffix}");
        var latency = new CompensatedSum();
        for (var k = 0; k < one.Pairs.Length; k++)
        {
            var seconds = one.Latency(one.Pairs[k].Buyer, one.Pairs[k].Seller);
            latency.Add(seconds);
            if (!answer.Pairs.IsDefault)
            {
                Compare(inspection, answer.Pairs[k].LatencySeconds, seconds, seconds, $"latencySeconds of pair {k + 1}{one.Suffix}");
            }
        }

        Compare(inspection, answer.TotalLatencySeconds, latency.Value, latency.Value, $"totalLatencySeconds{one.Suffix}");
        return new(
            values.Value - costs.Value, values.Value + costs.Value, magnitude, payments - receipts, moved, double.IsNaN(latency.Value) ? 0 : latency.Value);
    }

    private static void Totals(Inspection inspection, DoubleAuctionMarket market, DoubleAuctionAnswer answer, List<Derived> derived)
    {
        var (welfare, balance, latency) = (new CompensatedSum(), new CompensatedSum(), new CompensatedSum());
        double worth = 0, moved = 0;
        foreach (var one in derived)
        {
            welfare.Add(market.Reward.Welfare == AuctionWelfare.PaperSum ? one.Paper : one.Gains);
            balance.Add(one.Balance);
            latency.Add(one.Latency);
            worth += one.Worth;
            moved += one.Moved;
        }

        var imbalance = market.Reward.BudgetCoefficient * balance.Value * balance.Value;
        var delay = market.Reward.LatencyWeightPerSecond * latency.Value;
        var reward = welfare.Value - imbalance - delay;
        // An error of ε (1 + moved) in the balance moves its square by twice that times the balance.
        var magnitude = worth + imbalance + delay + (2 * market.Reward.BudgetCoefficient * Math.Abs(balance.Value) * moved);
        Compare(inspection, answer.Totals?.SocialWelfare, welfare.Value, worth, "totals.socialWelfare");
        Compare(inspection, answer.Totals?.BudgetBalance, balance.Value, moved, "totals.budgetBalance");
        Compare(inspection, answer.Totals?.TotalLatencySeconds, latency.Value, latency.Value, "totals.totalLatencySeconds");
        Compare(inspection, answer.Totals?.Reward, reward, magnitude, "totals.reward");
        Compare(inspection, answer.Objective, reward, magnitude, "objective");
    }

    /// <summary>What is not reported is not compared; what is reported of something unknown is wrong.</summary>
    private static void Compare(Inspection inspection, double? reported, double derived, double magnitude, string label)
    {
        if (reported is { } value)
        {
            inspection.Check(-Math.Abs(value - derived) / (1 + magnitude), label);
        }
    }

    private static double Sum(double[] amounts)
    {
        var sum = new CompensatedSum();
        foreach (var amount in amounts)
        {
            sum.Add(amount);
        }

        return sum.Value;
    }
}
