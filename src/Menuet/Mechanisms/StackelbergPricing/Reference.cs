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
    private const int Cells = 64;
    private const int RivalCells = 256;
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
        var buyers = market.Followers.Select(f => new Buyer(market, f, f.Quality ?? market.Quality!, leader.MaxPrice)).ToArray();
        var points = new SortedSet<double> { leader.UnitCost, leader.MaxPrice };
        for (var i = 1; i < Cells; i++)
        {
            points.Add(leader.UnitCost + (leader.MaxPrice - leader.UnitCost) * i / Cells);
        }

        foreach (var price in buyers.SelectMany(buyer => new[] { buyer.Slope(buyer.Min), buyer.Slope(buyer.Max), buyer.HighestPrice }))
        {
            if (price > leader.UnitCost && price < leader.MaxPrice)
            {
                points.Add(price);
            }
        }

        var best = (Price: double.NaN, Profit: double.NegativeInfinity, Away: false);
        foreach (var point in points)
        {
            Consider(point, false);
            Consider(point, true);
        }

        foreach (var (low, high) in points.Zip(points.Skip(1)))
        {
            cancellation.ThrowIfCancellationRequested();
            var from = low;
            if (!Fits(low) && Fits(high))
            {
                from = FirstThatFits(low, high);
                Consider(from, false);
            }

            // Demand never rises with the price, so this cell may be hopeless.
            if (Fits(from) && (high - leader.UnitCost) * Demand(buyers, low, true) >= best.Profit)
            {
                Consider(Golden(from, high, price => Profit(price, false)), false);
            }
        }

        return double.IsNegativeInfinity(best.Profit)
            ? new(Termination.Infeasible, null, Reason: "demand-exceeds-capacity")
            : new(Termination.Candidate, Respond(market, buyers, best.Price, best.Away));

        void Consider(double price, bool away)
        {
            var profit = Profit(price, away);
            if (profit > best.Profit)
            {
                best = (price, profit, away);
            }
        }

        bool Fits(double price) => !double.IsNegativeInfinity(Profit(price, false));

        // Minus infinity when demand must fit and does not. Away: those who are indifferent stay away, which rationing never asks for.
        double Profit(double price, bool away)
        {
            var demand = Demand(buyers, price, away);
            var capacity = leader.CapacitySteps ?? double.PositiveInfinity;
            return market.CapacityRule == CapacityRule.Ration ? (away ? double.NegativeInfinity : (price - leader.UnitCost) * Math.Min(demand, capacity))
                : demand <= capacity * (1 + Near) ? (price - leader.UnitCost) * demand
                : double.NegativeInfinity;
        }

        double FirstThatFits(double low, double high)
        {
            for (var middle = low + (high - low) / 2; middle > low && middle < high; middle = low + (high - low) / 2)
            {
                (low, high) = Fits(middle) ? (low, middle) : (middle, high);
            }

            return high;
        }
    }

    private static double Demand(Buyer[] buyers, double price, bool away) => buyers.Sum(buyer => buyer.Size * buyer.Buys(price, away));

    private static StackelbergPricingOutcome Respond(StackelbergPricingMarket market, Buyer[] buyers, double price, bool away)
    {
        var demand = Demand(buyers, price, away);
        var capacity = market.Leader!.CapacitySteps ?? double.PositiveInfinity;
        var factor = market.CapacityRule == CapacityRule.Ration && demand > capacity ? capacity / demand : 1;
        return new()
        {
            Prices = [price],
            Steps = [.. buyers.Select(buyer => buyer.Buys(price, away) * factor)],
            Participates = [.. buyers.Select(buyer => buyer.Accepts(price, away))],
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
            .Select((l, i) => new Buyer(market, f, l.Quality ?? f.Quality ?? market.Quality!, l.MaxPrice).BestUtility(prices[i]) / choice.Scale)
            .Where((_, i) => i != j)
            .Concat(choice.OutsideOption ? [choice.OutsideUtility / choice.Scale] : [])
            .ToArray()).ToArray();
        var own = market.Followers.Select(f => new Buyer(market, f, leader.Quality ?? f.Quality ?? market.Quality!, leader.MaxPrice)).ToArray();
        var grid = Enumerable.Range(0, RivalCells + 1).Select(i => leader.UnitCost + (leader.MaxPrice - leader.UnitCost) * Math.Pow((double)i / RivalCells, 3)).ToArray();
        var values = grid.Select(Earned).ToArray();
        var top = Array.IndexOf(values, values.Max());
        return Golden(grid[Math.Max(0, top - 1)], grid[Math.Min(RivalCells, top + 1)], Earned);

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
    private sealed class Buyer
    {
        private readonly Follower follower;
        private readonly QualityCurve curve;

        internal Buyer(StackelbergPricingMarket market, Follower follower, QualityCurve curve, double limit)
        {
            this.follower = follower;
            this.curve = curve;
            Min = follower.MinSteps ?? market.MinSteps;
            Max = follower.MaxSteps ?? market.MaxSteps ?? double.PositiveInfinity;
            HighestPrice = market.Participation == Participation.Mandatory ? double.PositiveInfinity : Accepted(limit);
        }

        internal double Size => follower.Count;

        internal double Min { get; }

        internal double Max { get; }

        /// <summary>The highest price that she accepts; +∞ when she accepts every permitted one.</summary>
        internal double HighestPrice { get; }

        internal double Slope(double steps) => follower.Satisfaction * (2 * curve.Curvature * steps + curve.Slope);

        internal double Wants(double price)
        {
            if (Slope(Min) <= price)
            {
                return Min;
            }

            var (low, high) = (Min, Math.Min(Max, Math.Max(Min, 1)));
            while (high < Max && Slope(high) > price)
            {
                high = Math.Min(Max, 2 * high);
            }

            for (var middle = low + (high - low) / 2; middle > low && middle < high; middle = low + (high - low) / 2)
            {
                (low, high) = Slope(middle) > price ? (middle, high) : (low, middle);
            }

            return Slope(high) >= price ? high : low;
        }

        internal double BestUtility(double price)
        {
            var steps = Wants(price);
            return follower.Satisfaction * (curve.Curvature * steps * steps + curve.Slope * steps + curve.Intercept) - price * steps;
        }

        internal bool Accepts(double price, bool away) => away ? price < HighestPrice * (1 - Near) : price <= HighestPrice * (1 + Near);

        internal double Buys(double price, bool away) => Accepts(price, away) ? Wants(price) : 0;

        private double Accepted(double limit)
        {
            // Beyond the limit by more than rounding, so that a price at the limit is still found.
            var (low, high) = (0.0, 2 * limit + 1);
            if (BestUtility(high) >= 0)
            {
                return double.PositiveInfinity;
            }

            if (BestUtility(0) < 0)
            {
                return double.NegativeInfinity;
            }

            for (var middle = low + (high - low) / 2; middle > low && middle < high; middle = low + (high - low) / 2)
            {
                (low, high) = BestUtility(middle) >= 0 ? (middle, high) : (low, middle);
            }

            return low;
        }
    }
}
