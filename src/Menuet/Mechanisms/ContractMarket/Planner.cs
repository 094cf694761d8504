using System.Collections.Immutable;
using System.Diagnostics;

namespace Menuet.Mechanisms.ContractMarket;

/// <summary>
/// The assignment of divisible types to operators with the largest total operator utility under screening menus, by local search from many starts, with a proven upper
/// bound.
/// </summary>
/// <remarks>
/// <para>Starts: the shares of msmc and quota-matching, demands at the dual prices of the bound (<see cref="ProfitBound"/>), whole types at random, and changes of the
/// best plan so far. From each, <see cref="LoadPlan"/> climbs; the last plan is climbed to more digits and gets the better of ironed and programmed menus.</para>
/// <para>Guarantee: IR and IC at the loads it returns, and Bound ≥ every total that any assignment earns under individually rational and incentive-compatible menus. Optimal when the two meet to
/// 1e-9, else Converged when all starts are done; LimitReached when time, iterations or the effort allowed for large markets ended it.
/// The same seed gives the same plan unless time ends it.</para>
/// <para>A benchmark for what coordination could reach: users may prefer another operator than the one they are assigned to.</para>
/// <para>Source: ours, beyond Zhan et al.</para>
/// </remarks>
internal sealed class Planner : ISolver<OperatorMarket, MarketOutcome>
{
    private const int Starts = 32;
    private const int DualStarts = 6;
    private const int RoundsPerLevel = 8;       // MaxIterations limits climbs, and an eighth of it refinements of the bound
    private const int WholeStarts = 200;
    private const double Effort = 3e7;        // types of menus designed
    private const double Coarse = 1e-6;
    private const double Fine = 1e-11;
    private const int LargestProgram = 2000;  // operators × types

    public string Name => "planner";

    public string Summary => "The best assignment of loads under screening menus, by multistart local search, with a certified upper bound on what any assignment earns.";

    public ImmutableArray<Claim> Promises(OperatorMarket market) =>
        [Claim.IndividualRationality, Claim.IncentiveCompatibility, Claim.Monotonicity, Claim.Feasibility, Claim.Consistency];

    public Solution<MarketOutcome> Solve(OperatorMarket market, SolveOptions options, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var begin = Stopwatch.GetTimestamp();
        var arrays = new MarketArrays(market);
        var oracle = new OperatorProfit(arrays, MenuSolver.Global);
        var search = new Search(arrays, new LoadPlan(arrays, oracle), Math.Min(Starts, options.MaxIterations), Stop);
        var nobody = new double[arrays.Operators * arrays.Types];
        search.Consider(nobody);
        var mixed = MixedStableMatching.Run(arrays, Name, options, null, cancellation).Outcome;
        var matched = new QuotaMatching().Solve(market, options, cancellation).Outcome;
        search.Consider(mixed is null ? nobody : mixed.Shares.AsSpan());
        search.Consider(matched is null ? nobody : matched.Shares.AsSpan());
        search.From(search.Best.ToArray());
        search.From(mixed is null ? nobody : mixed.Shares.AsSpan());

        var bound = new ProfitBound(arrays);
        var candidates = new DualCandidates(arrays, DualStarts);
        var refines = bound.Refine(search.Total, Stop, candidates.Add);
        foreach (var shares in candidates.Shares())
        {
            search.From(shares);
        }

        search.Explore(Rng.Stream(options.Seed, 0));
        for (var level = 0; refines && level < options.MaxIterations / RoundsPerLevel; level++)
        {
            refines = bound.Refine(search.Total, Stop);
        }

        search.Finish(Fine);
        return Conclude(arrays, search, bound);

        bool Stop() => cancellation.IsCancellationRequested || (options.TimeLimit is { } limit && Stopwatch.GetElapsedTime(begin) > limit);
    }

    private static Solution<MarketOutcome> Conclude(MarketArrays arrays, Search search, ProfitBound bound)
    {
        var state = new MarketState(arrays);
        search.Best.CopyTo(state.Shares, 0);
        state.Load();
        state.Design(0, MenuSolver.Global);
        state.Post();
        if (arrays.Operators * arrays.Types <= LargestProgram)
        {
            for (var m = 0; m < arrays.Operators; m++)
            {
                var ironed = state.OperatorUtility(m);
                state.Design(m, 0, MenuSolver.Exact);
                state.Post(m);
                if (!(state.OperatorUtility(m) > ironed))
                {
                    state.Design(m, 0, MenuSolver.Global);
                    state.Post(m);
                }
            }
        }

        var total = state.OperatorUtility();
        var gap = bound.Bound - total;
        var termination = search.Stopped ? Termination.LimitReached
            : gap <= 1e-9 * Math.Abs(bound.Bound) ? Termination.Optimal : Termination.Converged;
        var solution = MarketOutcome.From(state, "planner", termination, search.Climbs);
        return solution.Outcome is null ? solution : solution with
        {
            Bound = Math.Max(bound.Bound, total),
            Note = FormattableString.Invariant(
                $"no assignment under individually rational and incentive-compatible menus earns more than {bound.Bound:g7} USD/s, {100 * Math.Max(0, gap) / Math.Max(Math.Abs(total), double.Epsilon):g2} % above this one ({(bound.Step > 0 ? FormattableString.Invariant($"dual bound on a grid of {bound.Step:g3} tasks/s") : "bound of empty queues")})"),
        };
    }

    /// <summary>Local search from given shares and from changes of the best, with what was best so far.</summary>
    private sealed class Search(MarketArrays market, LoadPlan plan, int limit, Func<bool> stop)
    {
        private bool exhausted;

        internal double Total { get; private set; } = double.NegativeInfinity;

        /// <summary>Shares, [m × N + n].</summary>
        internal double[] Best { get; } = new double[market.Operators * market.Types];

        internal int Climbs { get; private set; }

        internal bool Stopped => exhausted;

        /// <summary>Takes shares as they are, if they are better.</summary>
        internal void Consider(ReadOnlySpan<double> shares)
        {
            plan.Start(shares);
            Take();
        }

        internal void From(ReadOnlySpan<double> shares)
        {
            if (!Done())
            {
                plan.Start(shares);
                Climb(Coarse);
            }
        }

        /// <summary>Assignments of whole types that no single move improves, best first; then the best plan with a few of its types moved.</summary>
        internal void Explore(Rng rng)
        {
            var found = new List<(double Total, double[] Shares)>();
            for (var i = 0; i < WholeStarts && !Done(); i++)
            {
                var shares = new double[Best.Length];
                for (var n = 0; n < market.Types; n++)
                {
                    shares[(rng.NextInt(market.Operators) * market.Types) + n] = 1;
                }

                plan.Start(shares);
                plan.Climb(Coarse, true, Exhausted);
                if (found.TrueForAll(other => other.Total != plan.Total))
                {
                    found.Add((plan.Total, plan.Shares()));
                }
            }

            foreach (var (_, shares) in found.OrderByDescending(one => one.Total).Take((limit - Climbs) / 2))
            {
                From(shares);
            }

            while (!Done())
            {
                var shares = Best.ToArray();
                for (var i = 1 + rng.NextInt(3); i > 0; i--)
                {
                    var (n, to) = (rng.NextInt(market.Types), rng.NextInt(market.Operators + 1));
                    for (var m = 0; m < market.Operators; m++)
                    {
                        shares[(m * market.Types) + n] = m == to ? 1 : 0;
                    }
                }

                From(shares);
            }
        }

        internal void Finish(double precision)
        {
            plan.Start(Best);
            Climb(precision);
        }

        private bool Done()
        {
            exhausted |= Climbs < limit && Exhausted();
            return Climbs >= limit || exhausted;
        }

        private bool Exhausted() => plan.Evaluations * market.Types * LatencyTails.Expense(market.Algorithm.Tail) > Effort || stop();

        private void Climb(double precision)
        {
            plan.Climb(precision, false, Exhausted);
            Climbs++;
            Take();
        }

        private void Take()
        {
            if (plan.Total > Total)
            {
                Total = plan.Total;
                plan.Shares().CopyTo(Best, 0);
            }
        }
    }

    /// <summary>Demands at dual prices, as starts: the latest rounds, which are nearest to what there is.</summary>
    private sealed class DualCandidates(MarketArrays market, int count)
    {
        private readonly List<(double Excess, double[] Shares)> kept = [];

        internal void Add(double[] demand)
        {
            var shares = new double[demand.Length];
            var excess = 0.0;
            for (var n = 0; n < market.Types; n++)
            {
                var sum = 0.0;
                for (var m = 0; m < market.Operators; m++)
                {
                    var cell = (m * market.Types) + n;
                    shares[cell] = market.Demand[n] > 0 ? demand[cell] / market.Demand[n] : 0;
                    sum += demand[cell];
                }

                excess += Math.Abs(sum - market.Demand[n]);
            }

            if (kept.TrueForAll(other => !other.Shares.AsSpan().SequenceEqual(shares)))
            {
                kept.Add((excess, shares));
            }
        }

        /// <summary>Those that are nearest to serving everybody once.</summary>
        internal IEnumerable<double[]> Shares() => kept.OrderBy(one => one.Excess).Take(count).Select(one => one.Shares);
    }
}
