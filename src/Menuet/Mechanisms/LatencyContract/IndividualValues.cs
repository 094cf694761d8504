using Menuet.Numerics;

namespace Menuet.Mechanisms.LatencyContract;

/// <summary>
/// Types with deadlines, work or costs of their own: a block's reduction is the root of Σ q_j C_j′(E) = Σ N_j on [0, min z_j D_j),
/// or 0 where the left side already starts above.
/// </summary>
/// <remarks>
/// Equal θ: incentive compatibility asks only for equal utilities, and the group's largest reduction t alone leaves a rent to the
/// types above. Each member takes its own rent-free optimum as far as t and the group below allow, so in order of these optima the
/// group is a chain whose last member carries the rent.
/// Exclusion inside a group: only the lowest served group can be served in part, because its members have utility 0. At a given t a
/// member is worth serving exactly when t reaches its break-even reduction, so the sets to try are nested, not 2^m.
/// Roots are sought in the gap below the ceiling min z_j D_j, where a reduction close to it still has all its digits.
/// </remarks>
internal sealed class IndividualValues
{
    private readonly double[] gains;
    private readonly double[] probabilities;
    private readonly Delivery[] deliveries;
    private readonly int[] original;
    private readonly bool allowExclusion;
    private readonly CancellationToken cancellation;

    /// <param name="market">θ, q and all values.</param>
    /// <param name="order">Types by θ; null: they stand in order.</param>
    /// <param name="cancellation">Ends the solve early.</param>
    internal IndividualValues(LatencyMarket market, int[]? order, CancellationToken cancellation)
    {
        var terms = market.Terms;
        var count = terms.Types.Length;
        this.cancellation = cancellation;
        allowExclusion = terms.AllowExclusion;
        gains = new double[count];
        probabilities = new double[count];
        deliveries = new Delivery[count];
        original = order ?? [.. Enumerable.Range(0, count)];
        var common = new Delivery(terms.For(new LatencyType(), market.Level, market.Steps), terms.Attempt, terms.Attempts);
        for (var j = 0; j < count; j++)
        {
            ref readonly var type = ref terms.Types.ItemRef(original[j]);
            (gains[j], probabilities[j]) = (type.Gain, type.Probability);
            deliveries[j] = type.HasOverrides
                ? new(terms.For(type, market.Level, market.Steps), terms.Attempt, terms.Attempts)
                : common;
        }
    }

    /// <summary>The expected profit per user, and whether no best contract exists; the menu receives the decisions.</summary>
    internal (double Profit, bool Unattained) Solve(MenuBuilder menu)
    {
        Block? stack = null;
        Block? best = null;
        double bestTotal = 0;
        var above = new CompensatedSum();
        for (var end = gains.Length; end > 0;)
        {
            cancellation.ThrowIfCancellationRequested();
            var start = end - 1;
            for (; start > 0 && gains[start - 1] == gains[end - 1]; start--)
            {
            }

            var rent = end < gains.Length ? above.Value * (gains[end] - gains[start]) : 0;
            var group = Enumerable.Range(start, end - start).ToArray();
            if (group.Length > 1)
            {
                Array.Sort([.. group.Select(RentFreeReduction)], group);
            }

            if (allowExclusion)
            {
                foreach (var part in Parts(group))
                {
                    Consider(PushGroup(stack, part, rent));
                }
            }

            stack = PushGroup(stack, group, rent);
            Consider(stack);
            foreach (var j in group)
            {
                above.Add(probabilities[j]);
            }

            end = start;
        }

        return Serve(allowExclusion ? best : stack, menu);

        // Ties go to the smaller set of types.
        void Consider(Block? candidate)
        {
            if (candidate!.Total > bestTotal)
            {
                (best, bestTotal) = (candidate, candidate.Total);
            }
        }
    }

    private (double Profit, bool Unattained) Serve(Block? lowest, MenuBuilder menu)
    {
        double profit = 0, payment = 0, below = 0;
        for (var block = lowest; block is not null; block = block.Above)
        {
            if (block.Unattained)
            {
                return (double.NaN, true);
            }

            foreach (var j in block.Members)
            {
                var pace = Pace(j, block.Ceiling, block.Gap);
                var speeds = deliveries[j].Speeds(pace);
                payment += gains[j] * (block.Reduction - below);
                below = block.Reduction;
                menu.Check(speeds);
                menu.Serve(original[j], speeds, payment);
                profit += probabilities[j] > 0 ? probabilities[j] * (payment - deliveries[j].Cost(pace)) : 0;
            }
        }

        return (profit, false);
    }

    /// <summary>The sets of members worth trying as the lowest served group, the whole group excepted, each in the group's order.</summary>
    private IEnumerable<int[]> Parts(int[] group)
    {
        if (group.Length == 1)
        {
            yield break;
        }

        var reductions = group.Select(BreakEven).ToArray();
        foreach (var reach in reductions.Where(double.IsFinite).Distinct().Order())
        {
            var part = group.Where((_, i) => reductions[i] <= reach).ToArray();
            if (part.Length < group.Length)
            {
                yield return part;
            }
        }
    }

    private double RentFreeReduction(int j) => deliveries[j].Reduction(deliveries[j].PaceFor(gains[j]));

    /// <summary>The smallest reduction at which θ E covers the cost; +∞ when none does.</summary>
    private double BreakEven(int j)
    {
        ref readonly var delivery = ref deliveries[j];
        var low = delivery.LeastPace;
        var high = delivery.PaceFor(gains[j]);
        if (!(Margin(high) >= 0))
        {
            return double.PositiveInfinity;
        }

        // Up to the rent-free pace the margin rises with the pace.
        for (var i = 0; i < 200; i++)
        {
            var middle = Math.Sqrt(low) * Math.Sqrt(high);
            if (!(middle > low && middle < high))
            {
                break;
            }

            (low, high) = Margin(middle) < 0 ? (middle, high) : (low, middle);
        }

        return delivery.Reduction(high);

        double Margin(double pace) => (gains[j] * deliveries[j].Reduction(pace)) - deliveries[j].Cost(pace);
    }

    private Block? PushGroup(Block? stack, int[] group, double rent)
    {
        for (var i = group.Length - 1; i >= 0; i--)
        {
            var revenue = probabilities[group[i]] * gains[group[i]];
            stack = Push(stack, group[i], i == group.Length - 1 ? revenue - rent : revenue);
        }

        return stack;
    }

    /// <summary>Puts one more type below a stack of blocks and pools what then falls.</summary>
    private Block Push(Block? stack, int type, double surplus)
    {
        int[] members = [type];
        var ceiling = deliveries[type].Ceiling;
        var (gap, unattained) = Root(members, surplus, ceiling);
        while (stack is not null && stack.Reduction < ceiling - gap)
        {
            // Where the pool wants more than the next block above has, that block joins before any root is sought.
            do
            {
                members = [.. members, .. stack.Members];
                surplus += stack.Surplus;
                ceiling = Math.Min(ceiling, stack.Ceiling);
                stack = stack.Above;
            }
            while (stack is not null && stack.Reduction < ceiling && Marginal(members, ceiling, ceiling - stack.Reduction).Value < surplus);

            (gap, unattained) = Root(members, surplus, ceiling);
        }

        return new(members, surplus, ceiling, gap, Profit(members, surplus, ceiling, gap), unattained, stack);
    }

    /// <summary>How far below the ceiling a block's best reduction lies; unattained when only the ceiling itself would do.</summary>
    private (double Gap, bool Unattained) Root(int[] members, double surplus, double ceiling)
    {
        if (!(surplus > 0) || !(Marginal(members, ceiling, ceiling).Value < surplus))
        {
            return (ceiling, false);
        }

        double low = 0, mass = 0;
        foreach (var j in members)
        {
            if (probabilities[j] > 0)
            {
                // Alone, this member would already cost the whole surplus at the margin.
                mass += probabilities[j];
                low = Math.Max(low, deliveries[j].Gap(deliveries[j].PaceFor(surplus / probabilities[j])) - (deliveries[j].Ceiling - ceiling));
            }
        }

        if (mass == 0)
        {
            return (ceiling, false);
        }

        if (members.Length == 1)
        {
            return (Math.Min(low, ceiling), false);
        }

        if (low <= 0)
        {
            if (Marginal(members, ceiling, 0).Value < surplus)
            {
                return (0, true);
            }

            low = 1e-30 * ceiling;
        }

        var high = ceiling;
        var gap = low;
        for (var i = 0; i < 300; i++)
        {
            var (value, fall) = Marginal(members, ceiling, gap);
            (low, high) = value > surplus ? (gap, high) : (low, gap);

            // Newton in logarithms, where a power law is a straight line.
            var step = Math.Log(value / surplus) * value / (gap * fall);
            if (Math.Abs(step) < 1e-9)
            {
                return (Math.Min(gap * (1 + step), ceiling), false);
            }

            var next = gap * Math.Exp(step);
            gap = next > low && next < high ? next : Math.Sqrt(low) * Math.Sqrt(high);
        }

        return (gap, false);
    }

    /// <summary>Σ q C′ at a gap below a ceiling, and how fast it falls as the gap widens.</summary>
    private (double Value, double Fall) Marginal(int[] members, double ceiling, double gap)
    {
        double value = 0, fall = 0;
        foreach (var j in members)
        {
            if (probabilities[j] > 0)
            {
                var marginal = deliveries[j].MarginalCost(Pace(j, ceiling, gap));
                value += probabilities[j] * marginal.Value;
                fall += probabilities[j] * marginal.Fall;
            }
        }

        return (value, fall);
    }

    private double Profit(int[] members, double surplus, double ceiling, double gap)
    {
        var profit = surplus * (ceiling - gap);
        foreach (var j in members)
        {
            if (probabilities[j] > 0)
            {
                profit -= probabilities[j] * deliveries[j].Cost(Pace(j, ceiling, gap));
            }
        }

        return profit;
    }

    private double Pace(int j, double ceiling, double gap) =>
        gap >= ceiling ? deliveries[j].LeastPace : deliveries[j].PaceAtGap(deliveries[j].Ceiling - ceiling + gap);

    /// <summary>Types that get one reduction, and the blocks above them.</summary>
    private sealed class Block(int[] members, double surplus, double ceiling, double gap, double profit, bool unattained, Block? above)
    {
        internal int[] Members { get; } = members;

        /// <summary>Σ N.</summary>
        internal double Surplus { get; } = surplus;

        /// <summary>min z D.</summary>
        internal double Ceiling { get; } = ceiling;

        /// <summary>How far the reduction lies below the ceiling.</summary>
        internal double Gap { get; } = gap;

        internal bool Unattained { get; } = unattained;

        internal Block? Above { get; } = above;

        /// <summary>Profit from here up.</summary>
        internal double Total { get; } = profit + (above?.Total ?? 0);

        internal double Reduction => Ceiling - Gap;
    }
}
