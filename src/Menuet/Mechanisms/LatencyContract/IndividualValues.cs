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
    private readonly int[] chain;
    private readonly double[] surpluses;
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
        chain = [.. Enumerable.Range(0, count)];
        surpluses = new double[count];
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

            var group = chain.AsSpan(start, end - start);
            if (group.Length > 1)
            {
                var reductions = new double[group.Length];
                for (var i = 0; i < reductions.Length; i++)
                {
                    reductions[i] = deliveries[group[i]].Reduction(deliveries[group[i]].PaceFor(gains[start]));
                }

                reductions.AsSpan().Sort(group);
            }

            var rent = end < gains.Length ? above.Value * (gains[end] - gains[start]) : 0;
            for (var i = start; i < end; i++)
            {
                surpluses[i] = (probabilities[chain[i]] * gains[start]) - (i == end - 1 ? rent : 0);
                above.Add(probabilities[chain[i]]);
            }

            if (allowExclusion)
            {
                foreach (var part in Parts(group.ToArray()))
                {
                    Consider(PushPart(stack, part, rent));
                }

                for (var i = end - 1; i >= start; i--)
                {
                    stack = Push(stack, Single(i));
                }

                Consider(stack);
            }

            end = start;
        }

        return Serve(allowExclusion ? best : Pool(0, chain.Length), menu);

        // Ties go to the smaller set of types.
        void Consider(Block? candidate)
        {
            if (candidate!.Total > bestTotal)
            {
                (best, bestTotal) = (candidate, candidate.Total);
            }
        }
    }

    /// <summary>The blocks of a stretch of the chain: those of its halves, joined, so that long pools are gone over a logarithmic number of times.</summary>
    private Block Pool(int start, int end)
    {
        if (end - start == 1)
        {
            return Single(start);
        }

        cancellation.ThrowIfCancellationRequested();
        var middle = (start + end) / 2;
        var stack = Pool(middle, end);
        var lower = new List<Block>();
        for (Block? block = Pool(start, middle); block is not null; block = block.Above)
        {
            lower.Add(block);
        }

        for (var i = lower.Count - 1; i >= 0; i--)
        {
            stack = Push(stack, lower[i]);
        }

        return stack;
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
                payment += gains[j] * (block.Reduction - below);
                below = block.Reduction;
                menu.Serve(original, j, j + 1, deliveries[j].Speeds(pace), payment);
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

    private Block? PushPart(Block? stack, int[] part, double rent)
    {
        for (var i = part.Length - 1; i >= 0; i--)
        {
            var revenue = probabilities[part[i]] * gains[part[i]];
            stack = Push(stack, Single(part[i], i == part.Length - 1 ? revenue - rent : revenue));
        }

        return stack;
    }

    private Block Single(int position) => Single(chain[position], surpluses[position]);

    /// <summary>One type alone: C′(E) = N/q in closed form.</summary>
    private Block Single(int j, double surplus)
    {
        var ceiling = deliveries[j].Ceiling;
        var gap = ceiling;
        if (probabilities[j] > 0)
        {
            var pace = deliveries[j].PaceFor(surplus / probabilities[j]);
            gap = pace > deliveries[j].LeastPace ? Math.Min(deliveries[j].Gap(pace), ceiling) : ceiling;
        }

        return new([j], surplus, ceiling, gap, unattained: false);
    }

    /// <summary>Puts a block below a stack of others and pools what then falls.</summary>
    private Block Push(Block? stack, Block block)
    {
        while (stack is not null && stack.Reduction < block.Reduction)
        {
            int[] members = block.Members;
            var surplus = block.Surplus;
            var ceiling = block.Ceiling;
            double least;

            // Where the pool wants more than the next block above has, that block joins before any root is sought.
            do
            {
                least = stack.Reduction;
                members = [.. members, .. stack.Members];
                surplus += stack.Surplus;
                ceiling = Math.Min(ceiling, stack.Ceiling);
                stack = stack.Above;
            }
            while (stack is not null && stack.Reduction < Math.Min(ceiling, block.Reduction)
                && Marginal(members, ceiling, ceiling - stack.Reduction).Value < surplus);

            var (gap, unattained) = Root(members, surplus, ceiling, least, block.Reduction);
            block = new(members, surplus, ceiling, gap, unattained);
        }

        block.Above = stack;
        if (allowExclusion)
        {
            block.Total = Profit(block) + (stack?.Total ?? 0);
        }

        return block;
    }

    /// <summary>How far below the ceiling a pool's best reduction lies; unattained when only the ceiling itself would do.</summary>
    /// <param name="members">The pool.</param>
    /// <param name="surplus">Σ N.</param>
    /// <param name="ceiling">min z D.</param>
    /// <param name="least">A reduction below or at the best.</param>
    /// <param name="most">A reduction above or at the best, but for the ceiling.</param>
    private (double Gap, bool Unattained) Root(int[] members, double surplus, double ceiling, double least, double most)
    {
        // At no reduction the next second already costs more than it is worth, or nobody here weighs anything.
        if (least <= 0 && !(surplus > 0 && Marginal(members, ceiling, ceiling).Value < surplus))
        {
            return (ceiling, false);
        }

        // Close to the ceiling the gap is known better than the reduction, so the bracket allows for the latter's rounding.
        var rounding = 1e-15 * ceiling;
        double low = ceiling - most - rounding, high = Math.Min(ceiling, ceiling - least + rounding);
        if (low <= 0)
        {
            foreach (var j in members)
            {
                if (probabilities[j] > 0)
                {
                    // Alone, this member would already cost the whole surplus at the margin.
                    low = Math.Max(low, deliveries[j].Gap(deliveries[j].PaceFor(surplus / probabilities[j])) - (deliveries[j].Ceiling - ceiling));
                }
            }
        }

        if (low <= 0)
        {
            if (Marginal(members, ceiling, 0).Value < surplus)
            {
                return (0, true);
            }

            low = 1e-30 * ceiling;
        }

        if (!(low < high))
        {
            return (Math.Min(low, ceiling), false);
        }

        // A pool stays near its larger part, most often the upper one.
        var gap = high;
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

    private double Profit(Block block)
    {
        var profit = block.Surplus * block.Reduction;
        foreach (var j in block.Members)
        {
            if (probabilities[j] > 0)
            {
                profit -= probabilities[j] * deliveries[j].Cost(Pace(j, block.Ceiling, block.Gap));
            }
        }

        return profit;
    }

    private double Pace(int j, double ceiling, double gap) =>
        gap >= ceiling ? deliveries[j].LeastPace : deliveries[j].PaceAtGap(deliveries[j].Ceiling - ceiling + gap);

    /// <summary>Types that get one reduction, and the blocks above them.</summary>
    private sealed class Block(int[] members, double surplus, double ceiling, double gap, bool unattained)
    {
        internal int[] Members { get; } = members;

        /// <summary>Σ N.</summary>
        internal double Surplus { get; } = surplus;

        /// <summary>min z D.</summary>
        internal double Ceiling { get; } = ceiling;

        /// <summary>How far the reduction lies below the ceiling.</summary>
        internal double Gap { get; } = gap;

        internal double Reduction => Ceiling - Gap;

        internal bool Unattained { get; } = unattained;

        internal Block? Above { get; set; }

        /// <summary>Profit from here up; known under exclusion only.</summary>
        internal double Total { get; set; }
    }
}
