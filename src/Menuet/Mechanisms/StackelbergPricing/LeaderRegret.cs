using Menuet.Numerics;

namespace Menuet.Mechanisms.StackelbergPricing;

/// <summary>
/// A proven upper bound on what one leader can earn, for the audit. The range of prices is cut in halves; a cell is settled when
/// (upper end − c) times demand at its lower end, which bounds its profit because demand never rises with the price, cannot beat what was
/// found, or when no follower's demand changes its form inside, so that the profit there is one parabola.
/// </summary>
/// <remarks>
/// Shares nothing with the solver: it neither sorts kinks nor keeps running sums, but carries into each cell only the followers whose
/// kinks lie inside, and the rest as demand at the cell's two ends.
/// </remarks>
internal sealed class LeaderRegret
{
    private const double SameNumber = 1e-13;
    private const double FitTolerance = 1e-12;
    private const double ReportedFitTolerance = 1e-9;
    private const double Goal = 1e-12;
    private const int MostKinks = 3;

    private readonly StackelbergPricingMarket market;
    private readonly double cost;
    private readonly double maxPrice;
    private readonly double capacity;
    private readonly bool rations;
    private double reached;

    internal LeaderRegret(StackelbergPricingMarket market)
    {
        this.market = market;
        cost = market.Leader!.UnitCost;
        maxPrice = market.Leader.MaxPrice;
        capacity = market.Leader.CapacitySteps ?? double.PositiveInfinity;
        rations = market.CapacityRule == CapacityRule.Ration;
    }

    /// <summary>The profit at a price, by the followers' own maximisers; null when the price does not make demand fit.</summary>
    internal double? ProfitAt(double price)
    {
        var (all, others) = (default(CompensatedSum), default(CompensatedSum));
        for (var k = 0; k < market.Followers.Length; k++)
        {
            // Whoever is indifferent, but for rounding, may buy or stay away.
            var terms = new FollowerTerms(market, k);
            var wanted = market.Followers[k].Count * terms.Best(price);
            all.Add(price * (1 - SameNumber) <= terms.HighestAcceptable ? wanted : 0);
            others.Add(price * (1 + SameNumber) < terms.HighestAcceptable ? wanted : 0);
        }

        var most = capacity * (1 + ReportedFitTolerance);
        return rations || all.Value <= most ? (price - cost) * Math.Min(all.Value, capacity)
            : others.Value <= most ? (price - cost) * others.Value
            : null;
    }

    /// <summary>Cells looked at.</summary>
    internal long Cells { get; private set; }

    /// <summary>No permitted price earns more than this, up to rounding.</summary>
    /// <param name="claimed">The profit that is said to be the highest.</param>
    internal double HighestProfit(double claimed)
    {
        if (maxPrice == cost)
        {
            return 0;
        }

        reached = claimed;
        var highest = double.NegativeInfinity;
        var active = new List<int>(market.Followers.Length);
        var (atLow, atHigh) = (default(CompensatedSum), default(CompensatedSum));
        Divide(Enumerable.Range(0, market.Followers.Length), cost, maxPrice, active, ref atLow, ref atHigh);
        var cells = new Stack<Cell>();
        cells.Push(new(cost, maxPrice, [.. active], atLow, atHigh));
        while (cells.TryPop(out var cell))
        {
            Cells++;
            highest = Math.Max(highest, Settle(cell, cells));
        }

        // No cell looks beyond pmax, where those who are indifferent may stay away.
        return Math.Max(highest, ProfitAt(maxPrice) ?? double.NegativeInfinity);
    }

    /// <param name="Low">Lower end.</param>
    /// <param name="High">Upper end.</param>
    /// <param name="Active">Followers whose demand changes its form inside.</param>
    /// <param name="AtLow">Demand of all others just above the lower end.</param>
    /// <param name="AtHigh">Demand of all others at the upper end.</param>
    private readonly record struct Cell(double Low, double High, int[] Active, CompensatedSum AtLow, CompensatedSum AtHigh);

    /// <summary>The bound of a settled cell; −∞ when the cell was cut in two instead.</summary>
    private double Settle(in Cell cell, Stack<Cell> cells)
    {
        var (low, high) = (cell.Low, cell.High);
        var (atLow, atHigh) = (cell.AtLow, cell.AtHigh);
        foreach (var k in cell.Active)
        {
            var size = market.Followers[k].Count;
            atLow.Add(size * StepsJustAbove(k, low));
            atHigh.Add(size * StepsAt(k, high));
        }

        var (first, last) = (Math.Max(0, atLow.Value), Math.Max(0, atHigh.Value));
        if (!rations && last > capacity * (1 + FitTolerance))
        {
            return double.NegativeInfinity;
        }

        if (cell.Active.Length == 0)
        {
            var peak = Parabola(low, high, first, last);
            reached = Math.Max(reached, peak);
            return peak;
        }

        var bound = (high - cost) * Math.Min(first, capacity);
        if (bound <= reached * (1 + Goal))
        {
            return bound;
        }

        if (high - low <= SameNumber * high)
        {
            // All that happens within a rounding happens at one price, and if the indifferent do not fit then none of them buys.
            return rations || first <= capacity * (1 + FitTolerance) ? bound : (high - cost) * last;
        }

        var middle = low + (high - low) / 2;
        Push(cells, cell, low, middle);
        Push(cells, cell, middle, high);
        return double.NegativeInfinity;
    }

    private void Push(Stack<Cell> cells, in Cell parent, double low, double high)
    {
        // A line's value between its ends is a mixture of them, without any difference of large numbers.
        var (atLow, atHigh) = (default(CompensatedSum), default(CompensatedSum));
        var (from, to) = ((low - parent.Low) / (parent.High - parent.Low), (high - parent.Low) / (parent.High - parent.Low));
        atLow.Add((1 - from) * parent.AtLow.Value);
        atLow.Add(from * parent.AtHigh.Value);
        atHigh.Add((1 - to) * parent.AtLow.Value);
        atHigh.Add(to * parent.AtHigh.Value);
        var active = new List<int>();
        Divide(parent.Active, low, high, active, ref atLow, ref atHigh);
        cells.Push(new(low, high, [.. active], atLow, atHigh));
    }

    /// <summary>Splits followers into those with a kink inside (low, high), and the rest, whose demand is added up at both ends.</summary>
    private void Divide(
        IEnumerable<int> candidates, double low, double high, List<int> active, ref CompensatedSum atLow, ref CompensatedSum atHigh)
    {
        Span<double> kinks = stackalloc double[MostKinks];
        foreach (var k in candidates)
        {
            FindKinks(k, kinks);
            var inside = false;
            foreach (var kink in kinks)
            {
                inside |= kink > low && kink < high;
            }

            if (inside)
            {
                active.Add(k);
                continue;
            }

            atLow.Add(market.Followers[k].Count * StepsJustAbove(k, low));
            atHigh.Add(market.Followers[k].Count * StepsAt(k, high));
        }
    }

    /// <summary>The highest profit of a cell in which demand is a line.</summary>
    private double Parabola(double low, double high, double atLow, double atHigh)
    {
        var highest = Earned(1);
        if (rations || atLow <= capacity * (1 + FitTolerance))
        {
            highest = Math.Max(highest, Earned(0));
        }

        var fall = atLow - atHigh;
        if (fall > 0)
        {
            var fits = Math.Clamp((atLow - capacity) / fall, 0, 1);
            var vertex = atLow / (2 * fall) - (low - cost) / (2 * (high - low));
            highest = Math.Max(highest, Math.Max(Earned(fits), Earned(Math.Clamp(vertex, fits, 1))));
        }

        return highest;

        double Earned(double along) =>
            ((1 - along) * (low - cost) + along * (high - cost)) * Math.Min(capacity, (1 - along) * atLow + along * atHigh);
    }

    /// <summary>Every price at which this follower's demand may change its form.</summary>
    private void FindKinks(int k, Span<double> kinks)
    {
        var terms = new FollowerTerms(market, k);
        kinks[0] = terms.MarginalValue(terms.Max);
        kinks[1] = terms.MarginalValue(terms.Min);
        kinks[2] = terms.HighestAcceptable;
    }

    private double StepsAt(int k, double price)
    {
        var terms = new FollowerTerms(market, k);
        return price <= terms.HighestAcceptable ? terms.Best(price) : 0;
    }

    private double StepsJustAbove(int k, double price)
    {
        var terms = new FollowerTerms(market, k);
        return price < terms.HighestAcceptable ? terms.Best(price) : 0;
    }
}
