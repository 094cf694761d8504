using Menuet.Numerics;

namespace Menuet.Mechanisms.StackelbergPricing;

/// <summary>Judges an answer by its prices and steps alone, and then what it says of them.</summary>
internal static class StackelbergAudit
{
    private const string Followers = "Lai et al. 2025, Eqs. (5), (8)";
    private const string Leader = "Lai et al. 2025, Eqs. (7), (8)";
    private const int MostPricesChecked = 64;

    /// <summary>Why an answer does not fit the market.</summary>
    internal static IEnumerable<Problem> Problems(StackelbergPricingMarket market, StackelbergPricingAnswer answer)
    {
        if (market.HasRivals)
        {
            return Lengths("leaders", answer.Leaders.IsDefault ? null : answer.Leaders.Length, market.Leaders.Length, true)
                .Concat(Lengths("highestPrices", answer.HighestPrices.IsDefault ? null : answer.HighestPrices.Length, market.Leaders.Length, false));
        }

        var problems = Lengths("followers", answer.Followers.IsDefault ? null : answer.Followers.Length, market.Followers.Length, true);
        return answer.Price is null ? problems.Prepend(new("$.price", "is required: the price per step")) : problems;
    }

    internal static Audit Check(StackelbergPricingMarket market, StackelbergPricingAnswer answer, SolveOptions options) =>
        market.HasRivals ? CheckRivals(market, answer, options) : CheckOne(market, answer, options);

    private static IEnumerable<Problem> Lengths(string key, int? found, int wanted, bool required)
    {
        if (found is null && required)
        {
            yield return new($"$.{key}", FormattableString.Invariant($"is required: {wanted} entries, in the market's order"));
        }
        else if (found is { } count && count != wanted)
        {
            yield return new($"$.{key}", FormattableString.Invariant($"must have {wanted} entries, one per entry of the market, has {count}"), "[…]");
        }
    }

    private static Audit CheckOne(StackelbergPricingMarket market, StackelbergPricingAnswer answer, SolveOptions options)
    {
        var (price, leader) = (answer.Price!.Value, market.Leader!);
        var capacity = leader.CapacitySteps ?? double.PositiveInfinity;
        var (total, wanted, largest) = (default(CompensatedSum), default(CompensatedSum), 0.0);
        for (var k = 0; k < market.Followers.Length; k++)
        {
            var terms = new FollowerTerms(market, k);
            var size = market.Followers[k].Count;
            total.Add(size * answer.Followers[k].Steps);
            wanted.Add(size * (TakesPart(market, answer, k) ? terms.Best(price) : 0));
            largest = Math.Max(largest, Math.Abs(price * answer.Followers[k].Steps));
        }

        var rations = market.CapacityRule == CapacityRule.Ration;
        var factor = rations && wanted.Value > capacity ? capacity / wanted.Value : 1;
        var profit = (price - leader.UnitCost) * total.Value;
        var regret = new LeaderRegret(market);
        var highest = regret.HighestProfit(profit);

        var best = new Inspection(Claim.LeaderBestResponse, options.Tolerance * (1 + Math.Abs(price * total.Value)), Leader);
        // What counts is what followers would buy at this price, whatever steps the answer claims: Definition 1 with S*(p), not S*.
        best.Check(Math.Min(profit, regret.ProfitAt(price) ?? profit) - highest, -1, -1, (_, _) => "no other price", regret.Cells);
        var fits = new Inspection(Claim.Capacity, options.Tolerance, Leader);
        if (double.IsFinite(capacity))
        {
            fits.Check((capacity - total.Value) / (1 + capacity), "Σ n S ≤ R, relative to 1 + R");
        }

        return new(
        [
            CheckResponses(market, answer, options.Tolerance * (1 + largest), factor),
            best.Conclude(),
            fits.Conclude(),
            CheckFeasibility(market, answer, options, factor),
            CheckReports(market, answer, options, new(total.Value, factor, profit, highest, regret)),
        ]);
    }

    private static bool TakesPart(StackelbergPricingMarket market, StackelbergPricingAnswer answer, int k) =>
        answer.Followers[k].Participates ?? (market.Participation == Participation.Mandatory || answer.Followers[k].Steps > 0);

    private static Certificate CheckResponses(
        StackelbergPricingMarket market, StackelbergPricingAnswer answer, double tolerance, double factor)
    {
        var price = answer.Price!.Value;
        var responses = new Inspection(Claim.FollowerBestResponse, tolerance, Followers);
        for (var k = 0; k < market.Followers.Length; k++)
        {
            var terms = new FollowerTerms(market, k);
            var mayGo = market.Participation == Participation.Optional;
            var (offer, rounding) = (terms.BestUtility(price), terms.RoundingAt(Math.Abs(price)));

            // Followers ask for steps before anybody is cut; with no capacity at all nobody can tell what they asked for.
            var steps = answer.Followers[k].Steps;
            var loss = !TakesPart(market, answer, k) ? Math.Max(0, offer - rounding)
                : factor > 0 ? terms.Loss(steps / factor, price) + (mayGo ? Math.Max(0, -offer - rounding) : 0)
                : steps == 0 ? 0 : double.PositiveInfinity;
            responses.Check(-loss, k, -1, (i, _) => $"follower {StackelbergPricingMarket.FollowerId(market.Followers[i], i)}");
        }

        return responses.Conclude();
    }

    private static Certificate CheckFeasibility(
        StackelbergPricingMarket market, StackelbergPricingAnswer answer, SolveOptions options, double factor)
    {
        var (price, leader) = (answer.Price!.Value, market.Leader!);
        var bounds = new Inspection(Claim.Feasibility, options.Tolerance, Leader);
        bounds.Check((price - leader.UnitCost) / (1 + leader.UnitCost), "p ≥ c");
        bounds.Check((leader.MaxPrice - price) / (1 + leader.MaxPrice), "p ≤ pmax");
        for (var k = 0; k < market.Followers.Length; k++)
        {
            var terms = new FollowerTerms(market, k);
            var steps = answer.Followers[k].Steps;
            if (!TakesPart(market, answer, k))
            {
                bounds.Check(
                    market.Participation == Participation.Mandatory ? double.NegativeInfinity : -Math.Abs(steps), k, -1,
                    (i, _) => $"staying away of follower {StackelbergPricingMarket.FollowerId(market.Followers[i], i)}");
                continue;
            }

            var fewest = factor * terms.Min;
            bounds.Check((steps - fewest) / (1 + fewest), k, -1, (i, _) => $"Smin of follower {StackelbergPricingMarket.FollowerId(market.Followers[i], i)}");
            if (double.IsFinite(terms.Max))
            {
                bounds.Check((terms.Max - steps) / (1 + terms.Max), k, -1, (i, _) => $"Smax of follower {StackelbergPricingMarket.FollowerId(market.Followers[i], i)}");
            }
        }

        return bounds.Conclude();
    }

    private readonly record struct Derived(double Total, double Factor, double Profit, double Highest, LeaderRegret Regret);

    private static Certificate CheckReports(
        StackelbergPricingMarket market, StackelbergPricingAnswer answer, SolveOptions options, in Derived derived)
    {
        var price = answer.Price!.Value;
        var reports = new Inspection(Claim.Consistency, options.Tolerance, "the answer's own decisions");
        Agree(reports, "objective", answer.Objective, derived.Profit);
        Agree(reports, "leaderUtility", answer.LeaderUtility, derived.Profit);
        Agree(reports, "totalSteps", answer.TotalSteps, derived.Total);
        Agree(reports, "rationingFactor", answer.RationingFactor, derived.Factor);
        var capacity = market.Leader!.CapacitySteps ?? double.PositiveInfinity;
        if (answer.CapacityBinding is { } binding)
        {
            // Near the edge either word will do.
            var agrees = binding ? derived.Total >= capacity * (1 - 1e-6) : derived.Total < capacity * (1 - 1e-10);
            reports.Check(agrees ? 0 : -1, "capacityBinding");
        }

        for (var k = 0; k < market.Followers.Length; k++)
        {
            var follower = answer.Followers[k];
            var utility = TakesPart(market, answer, k) ? new FollowerTerms(market, k).Utility(follower.Steps, price) : 0;
            var payment = Math.Abs(price * follower.Steps);
            if (follower.Utility is { } reported)
            {
                reports.Check(-Math.Abs(reported - utility) / (1 + Math.Abs(utility) + payment), k, -1,
                    (i, _) => $"utility of follower {StackelbergPricingMarket.FollowerId(market.Followers[i], i)}");
            }
        }

        CheckStatus(reports, answer, derived);
        if (!answer.OptimalPrices.IsDefault)
        {
            reports.Check(answer.OptimalPrices.IsEmpty ? double.NaN : -Math.Abs(answer.OptimalPrices.Min() - price) / (1 + price), "lowest of optimalPrices");
            foreach (var listed in answer.OptimalPrices.Take(MostPricesChecked))
            {
                var permitted = listed >= market.Leader.UnitCost && listed <= market.Leader.MaxPrice;
                var earned = permitted ? derived.Regret.ProfitAt(listed) ?? double.NegativeInfinity : double.NegativeInfinity;
                reports.Check((earned - derived.Highest) / (1 + Math.Abs(derived.Highest)), FormattableString.Invariant($"optimal price {listed}"));
            }

            if (answer.PriceIsUnique == true)
            {
                reports.Check(1 - answer.OptimalPrices.Length, "priceIsUnique");
            }
        }

        return reports.Conclude();
    }

    private static void CheckStatus(Inspection reports, StackelbergPricingAnswer answer, in Derived derived)
    {
        var slack = answer.Status switch
        {
            "optimal" or "candidate" => derived.Profit > 0 ? 0 : -1,
            "noTrade" => derived.Profit <= 0 ? 0 : -derived.Profit,
            "" => 0,
            _ => double.NaN,
        };
        reports.Check(slack, $"status {answer.Status}");
    }

    private static void Agree(Inspection reports, string key, double? reported, double derived)
    {
        if (reported is { } value)
        {
            reports.Check(-Math.Abs(value - derived) / (1 + Math.Abs(derived)), key);
        }
    }

    private static Audit CheckRivals(StackelbergPricingMarket market, StackelbergPricingAnswer answer, SolveOptions options)
    {
        var regret = new RivalRegret(market, answer.Leaders.Select(leader => leader.Price));
        var findings = new RivalRegret.Finding[market.Leaders.Length];
        var revenue = 0.0;
        for (var j = 0; j < findings.Length; j++)
        {
            findings[j] = regret.Of(j);
            revenue = Math.Max(revenue, Math.Abs(answer.Leaders[j].Price * findings[j].Sold));
        }

        var best = new Inspection(Claim.LeaderBestResponse, options.Tolerance * (1 + revenue), "Nash equilibrium in prices");
        var fits = new Inspection(Claim.Capacity, options.Tolerance, "sales cap of each leader");
        var bounds = new Inspection(Claim.Feasibility, options.Tolerance, Leader);
        var reports = new Inspection(Claim.Consistency, options.Tolerance, "the answer's own decisions");
        var (mass, chosen, gain, sum) = (regret.Mass, 0.0, 0.0, default(CompensatedSum));
        for (var j = 0; j < findings.Length; j++)
        {
            var (leader, reported, found) = (market.Leaders[j], answer.Leaders[j], findings[j]);
            var name = StackelbergPricingMarket.LeaderId(leader, j);
            best.Check(found.Profit - found.Highest, j, -1, (_, _) => $"no other price of leader {name}", found.Cells);
            if (leader.CapacitySteps is { } capacity)
            {
                fits.Check((capacity - (reported.SoldSteps ?? found.Sold)) / (1 + capacity), $"capacity of leader {name}");
            }

            bounds.Check((reported.Price - leader.UnitCost) / (1 + leader.UnitCost), $"p ≥ c of leader {name}");
            bounds.Check((leader.MaxPrice - reported.Price) / (1 + leader.MaxPrice), $"p ≤ pmax of leader {name}");
            Agree(reports, $"utility of leader {name}", reported.Utility, found.Profit);
            Agree(reports, $"demandSteps of leader {name}", reported.DemandSteps, found.Demand);
            Agree(reports, $"soldSteps of leader {name}", reported.SoldSteps, found.Sold);
            Agree(reports, $"marketShare of leader {name}", reported.MarketShare, mass > 0 ? found.Share / mass : 0);
            chosen += found.Share;
            gain = Math.Max(gain, found.Reached - found.Profit);
            sum.Add(found.Profit);
        }

        Agree(reports, "objective", answer.Objective, sum.Value);
        Agree(reports, "outsideShare", answer.OutsideShare, mass > 0 ? 1 - chosen / mass : 0);
        if (answer.EpsilonNash is { } epsilon)
        {
            reports.Check((epsilon - gain) / (1 + revenue), "epsilonNash against the best deviation found");
        }

        CheckExtremes(reports, market, answer);
        reports.Check(answer.Status is "equilibrium" or "notConverged" or "" ? 0 : double.NaN, $"status {answer.Status}");
        return new([best.Conclude(), fits.Conclude(), bounds.Conclude(), reports.Conclude()]);
    }

    private static void CheckExtremes(Inspection reports, StackelbergPricingMarket market, StackelbergPricingAnswer answer)
    {
        if (answer.HighestPrices.IsDefault)
        {
            return;
        }

        var gap = 0.0;
        for (var j = 0; j < answer.HighestPrices.Length; j++)
        {
            gap = Math.Max(gap, Math.Abs(answer.HighestPrices[j] - answer.Leaders[j].Price));
            reports.Check((market.Leaders[j].MaxPrice - answer.HighestPrices[j]) / (1 + market.Leaders[j].MaxPrice), "highestPrices ≤ pmax");
        }

        Agree(reports, "extremalPriceGap", answer.ExtremalPriceGap, gap);
        if (answer.EquilibriumIsUnique == true)
        {
            reports.Check(1e-6 - gap / (1 + answer.HighestPrices.Max()), "equilibriumIsUnique");
        }
    }
}
