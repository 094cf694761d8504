using System.Collections.Immutable;

namespace Menuet.Mechanisms.ContractMarket;

/// <summary>
/// Types propose to operators under posted menus, operators hold the best of them within a quota of load; then menus are redesigned for who is held.
/// </summary>
/// <remarks>
/// <para>Posted: menus for equal shares 1/M. A type proposes down its list of utilities; an operator ranks types by margin R − C̄p − cost (ties: lower type) and goes
/// down its list, holding what still fits within λ̄ = χ min cμ, and always its first. A type that everybody refuses goes to the operator with most capacity left;
/// a type that prefers to stay away stays. Proposals come in order of type.</para>
/// <para>Source: Gale and Shapley 1962; Zhan et al., Sec. VI-A, benchmark 3. Deviates: the paper does not say who ranks by what nor what a quota is; its Table I
/// overloads operator 3, so its rule cannot have been this one.</para>
/// </remarks>
internal sealed class DeferredAcceptance(string name, MenuSolver? menus, string summary, ImmutableArray<Claim> promises) : ISolver<OperatorMarket, MarketOutcome>
{
    /// <summary>The paper's benchmark, with the market's own way to design menus.</summary>
    internal static DeferredAcceptance Benchmark { get; } = new(
        "gsmc", null, "Benchmark GSMC: deferred acceptance within load quotas on posted menus, then one redesign. Promises no IR or IC.",
        [Claim.Monotonicity, Claim.Feasibility, Claim.Consistency]);

    public string Name => name;

    public string Summary => summary;

    public ImmutableArray<Claim> Promises(OperatorMarket market) => promises;

    public Solution<MarketOutcome> Solve(OperatorMarket market, SolveOptions options, CancellationToken cancellation)
    {
        var state = new MarketState(new(market));
        var method = menus ?? market.Algorithm.MenuSolver;
        PostedMenus.Post(state, 1.0 / state.Market.Operators, method);
        var assignment = Match(state);
        PostedMenus.Assign(state, assignment);
        state.Design(0, method);
        state.Post();
        return MarketOutcome.From(state, Name, Termination.Candidate, 1, assignment: assignment);
    }

    private static int[] Match(MarketState state)
    {
        var market = state.Market;
        var held = Enumerable.Range(0, market.Operators).Select(_ => new List<int>()).ToArray();
        var assignment = new int[market.Types];
        Array.Fill(assignment, -1);
        var lists = new int[market.Types][];
        var next = new int[market.Types];
        var free = new PriorityQueue<int, int>();
        for (var n = 0; n < market.Types; n++)
        {
            lists[n] = [.. Enumerable.Range(0, market.Operators).OrderByDescending(m => Math.Round(PostedMenus.Utility(state, m, n) / PostedMenus.Tie))];
            if (PostedMenus.Utility(state, lists[n][0], n) >= market.Outside - PostedMenus.Tie)
            {
                free.Enqueue(n, n);
            }
        }

        var refused = new List<int>();
        while (free.TryDequeue(out var type, out _))
        {
            if (next[type] == market.Operators)
            {
                refused.Add(type);
                continue;
            }

            var m = lists[type][next[type]++];
            var candidates = held[m];
            candidates.Add(type);
            candidates.Sort((a, b) => Margin(m, a) != Margin(m, b) ? Margin(m, b).CompareTo(Margin(m, a)) : a.CompareTo(b));
            var kept = new List<int>();
            var load = 0.0;
            foreach (var n in candidates)
            {
                if (kept.Count == 0 || load + market.Demand[n] <= market.Capacity[m])
                {
                    kept.Add(n);
                    load += market.Demand[n];
                }
                else
                {
                    free.Enqueue(n, n);
                }
            }

            held[m] = kept;
        }

        var residual = new double[market.Operators];
        for (var m = 0; m < market.Operators; m++)
        {
            residual[m] = market.Capacity[m] - held[m].Sum(n => market.Demand[n]);
            held[m].ForEach(n => assignment[n] = m);
        }

        foreach (var n in refused)
        {
            var m = Array.IndexOf(residual, residual.Max());
            assignment[n] = m;
            residual[m] -= market.Demand[n];
        }

        return assignment;

        double Margin(int m, int n)
        {
            var cell = (m * market.Types) + n;
            return state.Prices[cell] - (market.ViolationCost * state.Probabilities[cell]) - market.Cost[m];
        }
    }
}
