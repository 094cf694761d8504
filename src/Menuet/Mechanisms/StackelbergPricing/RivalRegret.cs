using Menuet.Numerics;

namespace Menuet.Mechanisms.StackelbergPricing;

/// <summary>
/// A proven upper bound on what each of several leaders can earn against the others' prices, for the audit. The range of prices is cut
/// where the profit can still be higher; in each cell the slope of the profit is enclosed from demand, steps and shares at the two ends,
/// all of which fall with the price, and the two end values with those slopes bound everything between them.
/// </summary>
/// <remarks>
/// Source: Piyavskii 1972, with one-sided slopes per cell instead of one Lipschitz constant for all; that makes the bound second order near a
/// peak, so that 1e-12 of the profit takes some hundred cells. Shares nothing with the solver.
/// </remarks>
internal sealed class RivalRegret
{
    private const double Goal = 1e-12;
    private const long MostTerms = 20_000_000;
    private const int FewestCells = 300;
    private const int MostCells = 100_000;

    private readonly StackelbergPricingMarket market;
    private readonly double scale;
    private readonly (FollowerTerms[] ByLeader, double Size)[] groups;
    private readonly double[] prices;

    internal RivalRegret(StackelbergPricingMarket market, IEnumerable<double> prices)
    {
        this.market = market;
        this.prices = [.. prices];
        scale = market.Choice!.Scale;
        groups =
        [
            .. market.Followers
                .GroupBy(f => (f.Satisfaction, f.MinSteps, f.MaxSteps, f.Quality))
                .Select(group => (
                    market.Leaders.Select(leader => new FollowerTerms(market, group.First(), leader.Quality ?? group.Key.Quality ?? market.Quality!)).ToArray(),
                    group.Sum(f => f.Count))),
        ];
    }

    /// <summary>What a leader earns, and what is proven of what it could.</summary>
    /// <param name="Demand">D_j.</param>
    /// <param name="Sold">min(D_j, R_j).</param>
    /// <param name="Profit">(p_j − c_j) min(D_j, R_j).</param>
    /// <param name="Share">Mass that chooses this leader.</param>
    /// <param name="Reached">The highest profit seen at any price.</param>
    /// <param name="Highest">No price earns more.</param>
    /// <param name="Cells">Cells looked at.</param>
    internal readonly record struct Finding(double Demand, double Sold, double Profit, double Share, double Reached, double Highest, long Cells);

    /// <summary>The total mass of followers.</summary>
    internal double Mass => groups.Sum(group => group.Size);

    internal Finding Of(int j)
    {
        var leader = market.Leaders[j];
        var (cost, maxPrice, capacity) = (leader.UnitCost, leader.MaxPrice, leader.CapacitySteps ?? double.PositiveInfinity);
        var rest = groups.Select(group => Rest(group.ByLeader, j)).ToArray();
        var here = End(j, prices[j], rest);
        var sold = Math.Min(here.Demand, capacity);
        var profit = (prices[j] - cost) * sold;
        var reached = profit;
        var from = cost;
        var highest = 0.0;
        if (End(j, cost, rest).Demand > capacity)
        {
            from = WhereDemandFits(j, cost, maxPrice, capacity, rest);
            highest = (from - cost) * capacity;
            reached = Math.Max(reached, (from - cost) * Math.Min(capacity, End(j, from, rest).Demand));
        }

        var cells = new PriorityQueue<(Point Low, Point High), double>();
        long looked = 0;
        var most = Math.Clamp(MostTerms / Math.Max(1, groups.Length * market.Leaders.Length), FewestCells, MostCells);
        if (from < maxPrice)
        {
            Enqueue(End(j, from, rest), End(j, maxPrice, rest));
        }

        while (cells.TryPeek(out var cell, out var minusBound) && -minusBound > reached * (1 + Goal) && looked < most)
        {
            cells.Dequeue();
            var price = cell.Low.Price + (cell.High.Price - cell.Low.Price) / 2;
            if (price <= cell.Low.Price || price >= cell.High.Price)
            {
                // Nothing lies between the ends, so they are all there is.
                highest = Math.Max(highest, Math.Max(cell.Low.Profit(cost), cell.High.Profit(cost)));
                continue;
            }

            var middle = End(j, price, rest);
            Enqueue(cell.Low, middle);
            Enqueue(middle, cell.High);
        }

        highest = Math.Max(highest, cells.TryPeek(out _, out var left) ? -left : reached);
        return new(here.Demand, sold, profit, here.Mass, reached, Math.Max(highest, reached), looked);

        void Enqueue(in Point low, in Point high)
        {
            looked++;
            reached = Math.Max(reached, Math.Max(Math.Min(low.Demand, capacity) * (low.Price - cost), Math.Min(high.Demand, capacity) * (high.Price - cost)));
            var bound = Bound(j, low, high, cost, rest);
            if (!(bound <= reached))
            {
                cells.Enqueue((low, high), -bound);
            }
        }
    }

    private readonly record struct Point(double Price, double Demand, double Mass)
    {
        internal double Profit(double cost) => (Price - cost) * Demand;
    }

    /// <summary>Demand and chosen mass at a price.</summary>
    private Point End(int j, double price, double[] rest)
    {
        var (demand, mass) = (default(CompensatedSum), default(CompensatedSum));
        for (var g = 0; g < groups.Length; g++)
        {
            var (steps, share, _) = Choose(groups[g].ByLeader[j], price, rest[g]);
            demand.Add(groups[g].Size * share * steps);
            mass.Add(groups[g].Size * share);
        }

        return new(price, demand.Value, mass.Value);
    }

    /// <summary>A bound on (p − c) D(p) between two prices.</summary>
    private double Bound(int j, in Point low, in Point high, double cost, double[] rest)
    {
        // D′ = −Σ n [share b + share (1 − share) S²/μ], each factor between its values at the two ends.
        var (gentlest, steepest) = (0.0, 0.0);
        for (var g = 0; g < groups.Length; g++)
        {
            var terms = groups[g].ByLeader[j];
            var (most, largest, smallestOther) = Choose(terms, low.Price, rest[g]);
            var (fewest, smallest, largestOther) = Choose(terms, high.Price, rest[g]);
            var (flatUntil, flatFrom) = (terms.MarginalValue(terms.Max), terms.MarginalValue(terms.Min));
            var touches = flatUntil < high.Price && flatFrom > low.Price;
            var within = flatUntil <= low.Price && flatFrom >= high.Price;
            var spreadLow = Math.Min(largest * smallestOther, smallest * largestOther);
            var spreadHigh = smallest <= 0.5 && largest >= 0.5 ? 0.25 : Math.Max(largest * smallestOther, smallest * largestOther);
            gentlest += groups[g].Size * ((within ? smallest * terms.StepsPerPrice : 0) + spreadLow * fewest * (fewest / scale));
            steepest += groups[g].Size * ((touches ? largest * terms.StepsPerPrice : 0) + spreadHigh * most * (most / scale));
        }

        var rise = low.Demand - (low.Price - cost) * gentlest;
        var fall = (high.Price - cost) * steepest - high.Demand;
        var (atLow, atHigh) = (low.Profit(cost), high.Profit(cost));
        var plain = (high.Price - cost) * low.Demand;
        if (rise <= 0 || fall <= 0)
        {
            return Math.Min(plain, rise <= 0 ? atLow : atHigh);
        }

        // Up from the lower end no faster than `rise`, down to the upper end no faster than `fall`.
        var width = high.Price - low.Price;
        var along = Math.Clamp((atHigh - atLow + fall * width) / (rise + fall), 0, width);
        return Math.Max(Math.Max(atLow, atHigh), Math.Min(plain, Math.Max(atLow + rise * along, atHigh)));
    }

    /// <summary>Steps, share, and the share of everything else, of one group at a price.</summary>
    private (double Steps, double Share, double Other) Choose(in FollowerTerms terms, double price, double rest)
    {
        var steps = terms.Best(price);
        var ahead = terms.Utility(steps, price) / scale - rest;
        return (steps, 1 / (1 + Math.Exp(-ahead)), 1 / (1 + Math.Exp(ahead)));
    }

    /// <summary>log of the weight of everything but leader j.</summary>
    private double Rest(FollowerTerms[] byLeader, int j)
    {
        var weights = byLeader.Select((terms, i) => i == j ? double.NegativeInfinity : terms.BestUtility(prices[i]) / scale);
        if (market.Choice!.OutsideOption)
        {
            weights = weights.Append(market.Choice.OutsideUtility / scale);
        }

        var list = weights.ToArray();
        var largest = list.Max();
        return double.IsNegativeInfinity(largest) ? largest : largest + Math.Log(list.Sum(weight => Math.Exp(weight - largest)));
    }

    /// <summary>The lowest price, to the last bit, at which demand is at most the capacity; pmax when there is none.</summary>
    private double WhereDemandFits(int j, double low, double high, double capacity, double[] rest)
    {
        for (var price = low + (high - low) / 2; price > low && price < high; price = low + (high - low) / 2)
        {
            (low, high) = End(j, price, rest).Demand > capacity ? (price, high) : (low, price);
        }

        return high;
    }
}
