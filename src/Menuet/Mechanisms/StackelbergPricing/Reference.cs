using System.Collections.Immutable;
using Menuet.Documents;

namespace Menuet.Mechanisms.StackelbergPricing;

/// <summary>
/// The slow way, for checking the fast one: followers by bisecting their marginal utility, one leader by a dense grid with golden-section
/// search in every cell, several leaders by simultaneous, damped best responses on such grids. Shares no code with the other solver.
/// </summary>
internal sealed class Reference : ISolver<StackelbergPricingMarket, StackelbergPricingOutcome>
{
    private const int MostFollowers = 200;
    private const int MostPairs = 400;
    private const int Cells = 256;
    private const double Near = 1e-12;
    private const double Damping = 0.7;
    private const double SettledChange = 1e-9;

    public string Name => "reference";

    public string Summary =>
        "small markets only: a dense grid of prices with golden-section search, followers by bisection; several leaders by damped simultaneous best responses";

    public ImmutableArray<Claim> Promises(StackelbergPricingMarket market) =>
        market.HasRivals ? [Claim.Feasibility, Claim.Capacity, Claim.Consistency]
            : [Claim.FollowerBestResponse, Claim.Feasibility, Claim.Capacity, Claim.Consistency];

    public Solution<StackelbergPricingOutcome> Solve(
        StackelbergPricingMarket market, SolveOptions options, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(market);
        ArgumentNullException.ThrowIfNull(options);
        var work = market.HasRivals ? market.Followers.Length * market.Leaders.Length : market.Followers.Length;
        var most = market.HasRivals ? MostPairs : MostFollowers;
        if (work > most)
        {
            throw new InvalidRequestException(
                [Problem.With("$.followers", work, $"the solver 'reference' takes at most {DocumentText.Number(most)} followers (times leaders); use 'backward-induction'")],
                StackelbergPricingMechanism.Kind);
        }

        return market.HasRivals ? Compete(market, options, cancellation) : Price(market, cancellation);
    }

    private static Solution<StackelbergPricingOutcome> Price(StackelbergPricingMarket market, CancellationToken cancellation)
    {
        var leader = market.Leader!;
        var points = new SortedSet<double> { leader.UnitCost, leader.MaxPrice };
        for (var i = 1; i < Cells; i++)
        {
            points.Add(leader.UnitCost + (leader.MaxPrice - leader.UnitCost) * i / Cells);
        }

        foreach (var follower in market.Followers)
        {
            var buyer = new Buyer(market, follower, follower.Quality ?? market.Quality!);
            foreach (var price in new[] { buyer.Slope(buyer.Min), buyer.Slope(buyer.Max), buyer.HighestPrice(leader.MaxPrice) })
            {
                if (price > leader.UnitCost && price < leader.MaxPrice)
                {
                    points.Add(price);
                }
            }
        }

        var best = (Price: double.NaN, Profit: double.NegativeInfinity, Away: false);
        var last = double.NaN;
        foreach (var point in points)
        {
            cancellation.ThrowIfCancellationRequested();
            if (!double.IsNaN(last))
            {
                Consider(Golden(last, point, p => Profit(market, p, away: false)), false);
                if (Profit(market, last, false) == double.NegativeInfinity && Profit(market, point, false) > double.NegativeInfinity)
                {
                    Consider(FirstFeasible(market, last, point), false);
                }
            }

            Consider(point, false);
            Consider(point, true);
            last = point;
        }

        if (double.IsNegativeInfinity(best.Profit))
        {
            return new(Termination.Infeasible, null, Reason: "demand-exceeds-capacity");
        }

        return new(Termination.Candidate, Respond(market, best.Price, best.Away));

        void Consider(double price, bool away)
        {
            var profit = Profit(market, price, away);
            if (profit > best.Profit)
            {
                best = (price, profit, away);
            }
        }
    }

    private static double FirstFeasible(StackelbergPricingMarket market, double low, double high)
    {
        for (var i = 0; i < 200; i++)
        {
            var middle = low + (high - low) / 2;
            (low, high) = Profit(market, middle, false) == double.NegativeInfinity ? (middle, high) : (low, middle);
        }

        return high;
    }

    /// <summary>The leader's profit, −∞ when demand must fit and does not; <paramref name="away"/>: the indifferent stay away.</summary>
    private static double Profit(StackelbergPricingMarket market, double price, bool away)
    {
        var leader = market.Leader!;
        var demand = 0.0;
        foreach (var follower in market.Followers)
        {
            demand += follower.Count * new Buyer(market, follower, follower.Quality ?? market.Quality!).Buys(price, away, leader.MaxPrice);
        }

        var capacity = leader.CapacitySteps ?? double.PositiveInfinity;
        return market.CapacityRule == CapacityRule.Ration ? (away ? double.NegativeInfinity : (price - leader.UnitCost) * Math.Min(demand, capacity))
            : demand <= capacity * (1 + Near) ? (price - leader.UnitCost) * demand
            : double.NegativeInfinity;
    }

    private static StackelbergPricingOutcome Respond(StackelbergPricingMarket market, double price, bool away)
    {
        var leader = market.Leader!;
        var buyers = market.Followers.Select(f => new Buyer(market, f, f.Quality ?? market.Quality!)).ToArray();
        var steps = buyers.Select(buyer => buyer.Buys(price, away, leader.MaxPrice)).ToArray();
        var demand = steps.Zip(market.Followers, (s, f) => s * f.Count).Sum();
        var capacity = leader.CapacitySteps ?? double.PositiveInfinity;
        var factor = market.CapacityRule == CapacityRule.Ration && demand > capacity ? capacity / demand : 1;
        return new()
        {
            Prices = [price],
            Steps = [.. steps.Select(s => s * factor)],
            Participates = [.. buyers.Select(buyer => buyer.Accepts(price, away, leader.MaxPrice))],
            OptimalPrices = [price],
        };
    }

    private static double Golden(double low, double high, Func<double, double> value)
    {
        var ratio = (Math.Sqrt(5) - 1) / 2;
        var (a, b) = (high - ratio * (high - low), low + ratio * (high - low));
        var (fa, fb) = (value(a), value(b));
        for (var i = 0; i < 80 && b > a; i++)
        {
            if (fa >= fb && !double.IsNegativeInfinity(fa))
            {
                (high, b, fb) = (b, a, fa);
                a = high - ratio * (high - low);
                fa = value(a);
            }
            else
            {
                (low, a, fa) = (a, b, fb);
                b = low + ratio * (high - low);
                fb = value(b);
            }
        }

        return fa >= fb ? a : b;
    }

    private static Solution<StackelbergPricingOutcome> Compete(
        StackelbergPricingMarket market, SolveOptions options, CancellationToken cancellation)
    {
        var (lowest, rose, up) = Iterate(market, [.. market.Leaders.Select(l => l.UnitCost)], options, cancellation);
        var (highest, fell, down) = Iterate(market, [.. market.Leaders.Select(l => l.MaxPrice)], options, cancellation);
        return new(
            rose ? Termination.Candidate : Termination.LimitReached,
            new() { Prices = [.. lowest], HighestPrices = [.. highest], RoseToRest = rose, FellToRest = fell, Rounds = up + down },
            Iterations: up + down);
    }

    private static (double[] Prices, bool Settled, int Rounds) Iterate(
        StackelbergPricingMarket market, double[] prices, SolveOptions options, CancellationToken cancellation)
    {
        for (var round = 1; round <= options.MaxIterations; round++)
        {
            cancellation.ThrowIfCancellationRequested();
            var answers = prices.Select((_, j) => Answer(market, prices, j)).ToArray();
            var change = 0.0;
            for (var j = 0; j < prices.Length; j++)
            {
                var next = prices[j] + Damping * (answers[j] - prices[j]);
                change = Math.Max(change, Math.Abs(next - prices[j]) / (1 + next));
                prices[j] = next;
            }

            if (change <= SettledChange)
            {
                return (prices, true, round);
            }
        }

        return (prices, false, options.MaxIterations);
    }

    private static double Answer(StackelbergPricingMarket market, double[] prices, int j)
    {
        var leader = market.Leaders[j];
        var choice = market.Choice!;
        var rivals = market.Followers.Select(f => market.Leaders
            .Select((l, i) => new Buyer(market, f, l.Quality ?? f.Quality ?? market.Quality!).BestUtility(prices[i]) / choice.Scale)
            .Where((_, i) => i != j)
            .Concat(choice.OutsideOption ? [choice.OutsideUtility / choice.Scale] : [])
            .ToArray()).ToArray();
        var own = market.Followers.Select(f => new Buyer(market, f, leader.Quality ?? f.Quality ?? market.Quality!)).ToArray();
        var grid = Enumerable.Range(0, Cells + 1).Select(i => leader.UnitCost + (leader.MaxPrice - leader.UnitCost) * Math.Pow((double)i / Cells, 3)).ToArray();
        var values = grid.Select(Earned).ToArray();
        var top = Array.IndexOf(values, values.Max());
        return Golden(grid[Math.Max(0, top - 1)], grid[Math.Min(Cells, top + 1)], Earned);

        double Earned(double price)
        {
            var demand = 0.0;
            for (var k = 0; k < own.Length; k++)
            {
                var value = own[k].BestUtility(price) / choice.Scale;
                var shift = rivals[k].Append(value).Max();
                demand += market.Followers[k].Count * own[k].Wants(price) * Math.Exp(value - shift)
                    / (Math.Exp(value - shift) + rivals[k].Sum(rival => Math.Exp(rival - shift)));
            }

            return (price - leader.UnitCost) * Math.Min(demand, leader.CapacitySteps ?? double.PositiveInfinity);
        }
    }

    /// <summary>A follower known only by her utility and its slope.</summary>
    private readonly struct Buyer(StackelbergPricingMarket market, Follower follower, QualityCurve curve)
    {
        internal double Min { get; } = follower.MinSteps ?? market.MinSteps;

        internal double Max { get; } = follower.MaxSteps ?? market.MaxSteps ?? double.PositiveInfinity;

        internal double Slope(double steps) => follower.Satisfaction * (2 * curve.Curvature * steps + curve.Slope);

        internal double Wants(double price)
        {
            var (low, high) = (Min, Math.Min(Max, Math.Max(Min, 1)));
            while (high < Max && Slope(high) > price)
            {
                high = Math.Min(Max, 2 * high);
            }

            for (var i = 0; i < 200 && high > low; i++)
            {
                var middle = low + (high - low) / 2;
                if (middle <= low || middle >= high)
                {
                    break;
                }

                (low, high) = Slope(middle) > price ? (middle, high) : (low, middle);
            }

            return Slope(high) >= price ? high : low;
        }

        internal double BestUtility(double price)
        {
            var steps = Wants(price);
            return follower.Satisfaction * (curve.Curvature * steps * steps + curve.Slope * steps + curve.Intercept) - price * steps;
        }

        /// <summary>The highest price up to a limit that she accepts, by bisection; beyond the limit when she accepts it, too.</summary>
        internal double HighestPrice(double limit)
        {
            if (market.Participation == Participation.Mandatory || BestUtility(limit) > 0)
            {
                return double.PositiveInfinity;
            }

            if (BestUtility(0) < 0)
            {
                return double.NegativeInfinity;
            }

            var (low, high) = (0.0, limit);
            for (var i = 0; i < 200; i++)
            {
                var middle = low + (high - low) / 2;
                (low, high) = BestUtility(middle) >= 0 ? (middle, high) : (low, middle);
            }

            return BestUtility(high) >= 0 ? high : low;
        }

        internal bool Accepts(double price, bool away, double limit)
        {
            var highest = HighestPrice(limit);
            return away ? price < highest * (1 - Near) : price <= highest * (1 + Near);
        }

        internal double Buys(double price, bool away, double limit) => Accepts(price, away, limit) ? Wants(price) : 0;
    }
}
