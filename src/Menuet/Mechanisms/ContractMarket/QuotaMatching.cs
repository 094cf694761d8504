using System.Collections.Immutable;
using System.Diagnostics;

namespace Menuet.Mechanisms.ContractMarket;

/// <summary>
/// Deferred acceptance of divisible types within quotas of load that are never exceeded, under globally optimal menus, which are redesigned at the end for
/// who is held; the quotas are the best of several.
/// </summary>
/// <remarks>
/// <para>Posted: global menus for equal shares 1/M. Every type sends its free users down its list of utilities; an operator keeps the users worth most to it, by margin
/// R − C̄p − cost (ties: lower type), up to its quota, and refuses the rest, also in part of a type. Users whom everybody refuses, and those who prefer to stay
/// away, have no operator. An operator that has refused some of a type is full of users it prefers from then on, so no type needs to ask it again.</para>
/// <para>Quotas are f λ̄_m, λ̄ = χ min cμ, for 32 fractions f from the least at which everybody can be served up to 1: full operators are late more often, and emptier
/// ones do not take the users who want them. The fraction whose menus earn operators most is kept.</para>
/// <para>Guarantee: no queue exceeds its quota; under the posted menus no users and operator would both rather have each other (a stable allocation); IR and IC at the loads
/// it returns.</para>
/// <para>Source: Gale and Shapley 1962; Baïou and Balinski 2002, for divisible quantities. Beyond Zhan et al.</para>
/// </remarks>
internal sealed class QuotaMatching : ISolver<OperatorMarket, MarketOutcome>
{
    private const int Fractions = 32;

    public string Name => "quota-matching";

    public string Summary => "Deferred acceptance of divisible types within load quotas, with globally optimal menus. IR and IC at its own loads; quotas hold.";

    public ImmutableArray<Claim> Promises(OperatorMarket market)
    {
        ImmutableArray<Claim> promises =
            [Claim.IndividualRationality, Claim.IncentiveCompatibility, Claim.Monotonicity, Claim.Feasibility, Claim.Consistency];
        return market.Algorithm.CapacityFactor < 1 ? promises.Add(Claim.QueueStability) : promises;
    }

    public Solution<MarketOutcome> Solve(OperatorMarket market, SolveOptions options, CancellationToken cancellation)
    {
        var begin = Stopwatch.GetTimestamp();
        var state = new MarketState(new(market));
        var method = market.Algorithm.MenuSolver == MenuSolver.PaperLocal ? MenuSolver.Global : market.Algorithm.MenuSolver;
        PostedMenus.Post(state, 1.0 / state.Market.Operators, method);
        var matching = new StableAllocation(state);
        var least = Math.Min(1, state.Market.Demand.Sum() / state.Market.Capacity.Sum());
        var best = (Objective: double.NegativeInfinity, Shares: Array.Empty<double>());
        var rounds = 0;
        for (var i = 0; i < Fractions; i++)
        {
            var fraction = 1 - ((1 - least) * i / (Fractions - 1));
            matching.Run(fraction, state.Shares);
            state.Load();
            state.Design(0, method);
            state.Post();
            rounds++;
            var objective = state.OperatorUtility();
            if (objective > best.Objective)
            {
                best = (objective, state.Shares.ToArray());
            }

            if (least == 1 || cancellation.IsCancellationRequested || (options.TimeLimit is { } limit && Stopwatch.GetElapsedTime(begin) > limit))
            {
                break;
            }
        }

        if (best.Shares.Length > 0)
        {
            best.Shares.CopyTo(state.Shares, 0);
            state.Load();
            state.Design(0, method);
            state.Post();
        }

        return MarketOutcome.From(state, Name, rounds == Fractions || least == 1 ? Termination.Converged : Termination.LimitReached, rounds);
    }
}

/// <summary>The allocation of divisible types to operators with quotas that no pair would leave, types proposing.</summary>
/// <remarks>
/// Refused users can push others around a circle, a little at a time (Dean and Munshi 2010), so a part of a type below a millionth of all demand that has been refused once is
/// left without operator.
/// </remarks>
internal sealed class StableAllocation
{
    private readonly MarketArrays market;
    private readonly int[][] wishes;   // [type]: operators worth having, best first
    private readonly int[][] ranks;    // [operator]: types by margin, best first

    /// <summary>Preferences from a state's posted menus.</summary>
    internal StableAllocation(MarketState state)
    {
        market = state.Market;
        ranks = new int[market.Operators][];
        for (var m = 0; m < ranks.Length; m++)
        {
            ranks[m] = [.. Enumerable.Range(0, market.Types).OrderByDescending(n => Margin(m, n))];
        }

        wishes = new int[market.Types][];
        for (var n = 0; n < wishes.Length; n++)
        {
            wishes[n] =
            [
                .. Enumerable.Range(0, market.Operators).Where(m => PostedMenus.Utility(state, m, n) >= market.Outside - PostedMenus.Tie)
                    .OrderByDescending(m => Math.Round(PostedMenus.Utility(state, m, n) / PostedMenus.Tie)),
            ];
        }

        double Margin(int m, int n)
        {
            var cell = (m * market.Types) + n;
            return state.Prices[cell] - (market.ViolationCost * state.Probabilities[cell]) - market.Cost[m];
        }
    }

    /// <summary>Finds it.</summary>
    /// <param name="fraction">Quotas are this part of λ̄.</param>
    /// <param name="shares">Filled, [m × N + n].</param>
    internal void Run(double fraction, double[] shares)
    {
        var types = market.Types;
        var held = new double[shares.Length];
        var load = new double[market.Operators];
        var lowest = new int[market.Operators];   // no type beyond this place is held
        Array.Fill(lowest, -1);
        var next = new int[types];
        var free = market.Demand.ToArray();
        var quantum = 1e-6 * free.Sum();
        var waiting = new Stack<int>(Enumerable.Range(0, types).Reverse());
        var places = new int[market.Operators][];
        for (var m = 0; m < places.Length; m++)
        {
            places[m] = new int[types];
            for (var place = 0; place < types; place++)
            {
                places[m][ranks[m][place]] = place;
            }
        }

        while (waiting.TryPop(out var type))
        {
            if (next[type] == wishes[type].Length || free[type] == 0 || (free[type] < quantum && next[type] > 0))
            {
                continue;
            }

            var m = wishes[type][next[type]];
            var quota = fraction * market.Capacity[m];
            held[(m * types) + type] += free[type];
            load[m] += free[type];
            free[type] = 0;
            lowest[m] = Math.Max(lowest[m], places[m][type]);
            while (load[m] > quota)
            {
                var last = ranks[m][lowest[m]];
                var cell = (m * types) + last;
                var excess = load[m] - quota;
                if (held[cell] <= excess)
                {
                    lowest[m]--;
                    load[m] = lowest[m] < 0 ? 0 : load[m] - held[cell];
                    if (held[cell] == 0)
                    {
                        continue;
                    }

                    free[last] += held[cell];
                    held[cell] = 0;
                }
                else
                {
                    held[cell] -= excess;
                    free[last] += excess;
                    load[m] = quota;
                }

                if (next[last] < wishes[last].Length && wishes[last][next[last]] == m)
                {
                    next[last]++;
                }

                waiting.Push(last);
            }
        }

        for (var cell = 0; cell < held.Length; cell++)
        {
            var demand = market.Demand[cell % types];
            shares[cell] = demand > 0 ? Math.Min(1, held[cell] / demand) : 0;
        }
    }
}
