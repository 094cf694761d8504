using System.Collections.Immutable;
using Menuet.Numerics;

namespace Menuet.Mechanisms.StackelbergPricing;

/// <summary>Other ways to price on the same market, beside the equilibrium.</summary>
internal static class StackelbergSchemes
{
    private const int Rounds = 100;
    private const double Exploration = 0.1;
    private const int Draws = 2000;
    private const int Sweeps = 40;
    private const string Rationed = "demand above capacity is cut in proportion";

    /// <summary>All schemes; the equilibrium is the reference.</summary>
    internal static Comparison Compare(StackelbergPricingMarket market, SolveOptions options, CancellationToken cancellation) =>
        market.HasRivals ? CompareRivals(market, options, cancellation) : CompareOne(market, options, cancellation);

    private static Comparison CompareOne(StackelbergPricingMarket market, SolveOptions options, CancellationToken cancellation)
    {
        var demands = new Demands(market);
        var leader = market.Leader!;
        var solution = new BackwardInduction().Solve(market, options, cancellation);
        var schemes = ImmutableArray.CreateBuilder<Scheme>();
        schemes.Add(solution.Outcome is { } outcome
            ? demands.At("equilibrium", "the leader's best price, followers respond", outcome.Prices[0], outcome)
            : new("equilibrium", "the leader's best price, followers respond", null, [null, null, null, null], "no price makes demand fit the capacity"));
        if (demands.SharedCurve is { } curve)
        {
            schemes.Add(demands.At(
                "closedFormUnclamped", "p = (c + β H)/2 with the harmonic mean H of δ, as if nobody met a bound (Lai et al. 2025, Eq. (13) set to 0)",
                Math.Clamp((leader.UnitCost + curve.Slope * demands.HarmonicMean) / 2, leader.UnitCost, leader.MaxPrice)));
            schemes.Add(demands.At(
                "meanFollower", "the monopoly price for the arithmetic mean of δ, p = (c + β δ̄)/2",
                Math.Clamp((leader.UnitCost + curve.Slope * demands.Mean) / 2, leader.UnitCost, leader.MaxPrice)));
        }

        schemes.Add(Greedy(market, demands, options));
        schemes.Add(new(
            "randomPrice", "a price drawn evenly from [c, pmax]; the exact expectation", demands.MeanProfit(), [(leader.UnitCost + leader.MaxPrice) / 2, null, null, null],
            leader.CapacitySteps is null ? "" : Rationed));
        schemes.Add(demands.At("marginalCost", "p = c, the price that followers like best and that is efficient without capacity", leader.UnitCost));
        schemes.Add(demands.FirstDegree());
        return new(
            "equilibrium", [new("price", "money per step"), new("total steps", "steps"), new("followers' utility", "money"), new("welfare", "money")],
            schemes.ToImmutable());
    }

    /// <remarks>Source: the baseline of Lai et al. 2025, Section VI, which they do not define: the best price seen so far, with 10 % exploration.</remarks>
    private static Scheme Greedy(StackelbergPricingMarket market, Demands demands, SolveOptions options)
    {
        var (low, high) = (market.Leader!.UnitCost, market.Leader.MaxPrice);
        var random = Rng.Stream(options.Seed, 0);
        var (best, bestProfit, sum) = (low, double.NegativeInfinity, default(CompensatedSum));
        for (var t = 0; t < Rounds; t++)
        {
            var explores = t == 0 || random.NextDouble() < Exploration;
            var price = explores ? low + (high - low) * random.NextDouble() : best;
            var profit = demands.Profit(price);
            sum.Add(profit);
            if (profit > bestProfit)
            {
                (best, bestProfit) = (price, profit);
            }
        }

        return new(
            "greedySimulated", FormattableString.Invariant($"the best price seen so far, one in ten prices drawn evenly; mean of {Rounds} rounds, seed {options.Seed}"),
            sum.Value / Rounds, [best, null, null, null], "simulated; the price is the best one seen" + (market.Leader.CapacitySteps is null ? "" : "; " + Rationed));
    }

    /// <summary>All followers' demand at any price, demand above capacity cut in proportion.</summary>
    private sealed class Demands
    {
        private readonly StackelbergPricingMarket market;
        private readonly Demand[] demands;
        private readonly double cost;
        private readonly double maxPrice;
        private readonly double capacity;

        internal Demands(StackelbergPricingMarket market)
        {
            this.market = market;
            cost = market.Leader!.UnitCost;
            maxPrice = market.Leader.MaxPrice;
            capacity = market.Leader.CapacitySteps ?? double.PositiveInfinity;
            demands = new Demand[market.Followers.Length];
            var (mass, weighted, inverse) = (default(CompensatedSum), default(CompensatedSum), default(CompensatedSum));
            for (var k = 0; k < demands.Length; k++)
            {
                var follower = market.Followers[k];
                demands[k] = new(
                    follower.Satisfaction, market.CurveOf(follower), market.MinStepsOf(follower), market.MaxStepsOf(follower), market.Participation);
                mass.Add(follower.Count);
                weighted.Add(follower.Count * follower.Satisfaction);
                inverse.Add(follower.Count / follower.Satisfaction);
            }

            (Mean, HarmonicMean) = (weighted.Value / mass.Value, mass.Value / inverse.Value);
            var first = demands.Length == 0 ? null : market.CurveOf(market.Followers[0]);
            SharedCurve = first is not null && market.Followers.All(follower => market.CurveOf(follower) == first) ? first : null;
        }

        internal double Mean { get; }

        internal double HarmonicMean { get; }

        /// <summary>The curve of all followers, when they share one.</summary>
        internal QualityCurve? SharedCurve { get; }

        internal double Profit(double price) => (price - cost) * Math.Min(capacity, Wanted(price));

        internal Scheme At(string name, string meaning, double price)
        {
            var wanted = Wanted(price);
            var factor = wanted > capacity ? capacity / wanted : 1;
            var (steps, utility) = (default(CompensatedSum), default(CompensatedSum));
            for (var k = 0; k < demands.Length; k++)
            {
                if (demands[k].Reservation >= price)
                {
                    var received = demands[k].StepsAt(price) * factor;
                    steps.Add(market.Followers[k].Count * received);
                    utility.Add(market.Followers[k].Count * demands[k].UtilityOf(received, price));
                }
            }

            var profit = (price - cost) * steps.Value;
            return new(name, meaning, profit, [price, steps.Value, utility.Value, profit + utility.Value], factor < 1 ? Rationed : "");
        }

        internal Scheme At(string name, string meaning, double price, StackelbergPricingOutcome outcome)
        {
            var utility = default(CompensatedSum);
            for (var k = 0; k < demands.Length; k++)
            {
                utility.Add(outcome.Participates[k] ? market.Followers[k].Count * demands[k].UtilityOf(outcome.Steps[k], price) : 0);
            }

            var profit = LeaderProfit.Of(market, outcome);
            return new(name, meaning, profit, [price, LeaderProfit.TotalSteps(market, outcome.Steps.AsSpan()), utility.Value, profit + utility.Value]);
        }

        /// <summary>Mean profit of a price drawn evenly from [c, pmax]: each follower's part integrates in closed form.</summary>
        internal double MeanProfit()
        {
            if (maxPrice == cost)
            {
                return 0;
            }

            // Below `fits` all capacity is sold; demand never rises with the price.
            var fits = cost;
            if (Wanted(cost) > capacity)
            {
                fits = maxPrice;
                for (var low = cost; low + (fits - low) / 2 is var middle && middle > low && middle < fits;)
                {
                    (low, fits) = Wanted(middle) > capacity ? (middle, fits) : (low, middle);
                }
            }

            var sum = default(CompensatedSum);
            if (fits > cost)
            {
                sum.Add((fits - cost) * (fits - cost) / 2 * capacity);
            }

            for (var k = 0; k < demands.Length; k++)
            {
                var last = Math.Min(maxPrice, demands[k].Reservation);
                var (first, second) = (Math.Clamp(demands[k].MaxUntil, fits, Math.Max(fits, last)), Math.Clamp(demands[k].MinFrom, fits, Math.Max(fits, last)));
                var size = market.Followers[k].Count;
                sum.Add(size * (Part(k, fits, first) + Part(k, first, Math.Max(first, second)) + Part(k, Math.Max(first, second), last)));
            }

            return sum.Value / (maxPrice - cost);
        }

        /// <summary>What the leader earns who knows everybody and charges each her whole utility at the efficient steps.</summary>
        internal Scheme FirstDegree()
        {
            const string name = "firstDegree";
            const string meaning = "complete information: each follower gets the efficient steps and pays a fee that leaves her nothing";
            var shadow = cost;
            if (Wanted(cost) > capacity)
            {
                var high = Math.Max(1, 2 * cost);
                while (Wanted(high) > capacity && high < Documents.Interval.Largest * Documents.Interval.Largest)
                {
                    high *= 2;
                }

                if (Wanted(high) > capacity)
                {
                    return new(name, meaning, null, [null, null, null, null], "the fewest steps of all followers exceed the capacity");
                }

                for (var low = cost; low + (high - low) / 2 is var middle && middle > low && middle < high;)
                {
                    (low, high) = Wanted(middle) > capacity ? (middle, high) : (low, middle);
                }

                shadow = high;
            }

            var (worth, steps) = (default(CompensatedSum), default(CompensatedSum));
            for (var k = 0; k < demands.Length; k++)
            {
                if (demands[k].Reservation >= shadow)
                {
                    var wanted = demands[k].StepsAt(shadow);
                    steps.Add(market.Followers[k].Count * wanted);
                    worth.Add(market.Followers[k].Count * demands[k].UtilityOf(wanted, cost));
                }
            }

            return new(
                name, meaning, worth.Value, [null, steps.Value, 0, worth.Value],
                shadow > cost && market.Participation == Participation.Optional ? "capacity binds: steps are rationed by one shadow price, which need not be the best set of followers" : "");
        }

        private double Wanted(double price)
        {
            var sum = default(CompensatedSum);
            for (var k = 0; k < demands.Length; k++)
            {
                sum.Add(demands[k].Reservation >= price ? market.Followers[k].Count * demands[k].StepsAt(price) : 0);
            }

            return sum.Value;
        }

        /// <summary>∫ (p − c) S(p) dp over prices between which S is a line; Simpson's rule is exact for the parabola.</summary>
        private double Part(int k, double from, double to)
        {
            if (!(to > from))
            {
                return 0;
            }

            var middle = from + (to - from) / 2;
            return (to - from) / 6 * (At(from) + 4 * At(middle) + At(to));

            double At(double price) => (price - cost) * demands[k].StepsAt(price);
        }
    }

    private static Comparison CompareRivals(StackelbergPricingMarket market, SolveOptions options, CancellationToken cancellation)
    {
        var competition = new PriceCompetition(market);
        var solution = competition.Settle(options, cancellation);
        var schemes = ImmutableArray.CreateBuilder<Scheme>();
        var start = new double[market.Leaders.Length];
        if (solution.Outcome is { } outcome)
        {
            start = [.. outcome.Prices];
            schemes.Add(At("equilibrium", "the lowest price equilibrium", start, outcome.RoseToRest ? "" : solution.Note));
            schemes.Add(At("highestEquilibrium", "the highest price equilibrium", [.. outcome.HighestPrices], outcome.FellToRest ? "" : solution.Note));
        }
        else
        {
            schemes.Add(new("equilibrium", "the lowest price equilibrium", null, [null, null, null], solution.Note));
        }

        schemes.Add(At("collusion", "prices that raise the sum of profits, one price at a time from the equilibrium", Collude(market, competition, start, cancellation), "a local optimum; not proven best"));
        schemes.Add(At("marginalCost", "every leader posts its cost", [.. market.Leaders.Select(leader => leader.UnitCost)], ""));
        schemes.Add(Random(market, competition, options));
        return new("equilibrium", [new("mean price", "money per step"), new("total steps", "steps"), new("outside share")], schemes.ToImmutable());

        Scheme At(string name, string meaning, double[] prices, string note)
        {
            var result = competition.Evaluate(prices);
            return new(name, meaning, result.Utility.Sum(), [prices.Average(), result.Sold.Sum(), result.OutsideShare], note);
        }
    }

    private static double[] Collude(StackelbergPricingMarket market, PriceCompetition competition, double[] start, CancellationToken cancellation)
    {
        var prices = start.ToArray();
        for (var sweep = 0; sweep < Sweeps; sweep++)
        {
            for (var j = 0; j < prices.Length; j++)
            {
                cancellation.ThrowIfCancellationRequested();
                var (low, high) = (market.Leaders[j].UnitCost, market.Leaders[j].MaxPrice);
                var (step, best) = ((high - low) / 4, Sum(prices[j]));
                for (; step > 1e-6 * (high - low); step /= 2)
                {
                    foreach (var price in (ReadOnlySpan<double>)[Math.Max(low, prices[j] - step), Math.Min(high, prices[j] + step)])
                    {
                        if (Sum(price) is var sum && sum > best)
                        {
                            (prices[j], best) = (price, sum);
                        }
                    }
                }

                double Sum(double price)
                {
                    var tried = prices.ToArray();
                    tried[j] = price;
                    return competition.Evaluate(tried).Utility.Sum();
                }
            }
        }

        return prices;
    }

    private static Scheme Random(StackelbergPricingMarket market, PriceCompetition competition, SolveOptions options)
    {
        var random = Rng.Stream(options.Seed, 1);
        var (sum, steps, prices) = (default(CompensatedSum), default(CompensatedSum), new double[market.Leaders.Length]);
        for (var draw = 0; draw < Draws; draw++)
        {
            for (var j = 0; j < prices.Length; j++)
            {
                prices[j] = market.Leaders[j].UnitCost + (market.Leaders[j].MaxPrice - market.Leaders[j].UnitCost) * random.NextDouble();
            }

            var result = competition.Evaluate(prices);
            sum.Add(result.Utility.Sum());
            steps.Add(result.Sold.Sum());
        }

        return new(
            "randomPricesSimulated", FormattableString.Invariant($"every leader draws evenly from [c, pmax]; mean of {Draws} draws, seed {options.Seed}"),
            sum.Value / Draws, [market.Leaders.Average(leader => (leader.UnitCost + leader.MaxPrice) / 2), steps.Value / Draws, null], "simulated");
    }
}
