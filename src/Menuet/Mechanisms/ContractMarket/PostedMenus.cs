using System.Collections.Immutable;

namespace Menuet.Mechanisms.ContractMarket;

/// <summary>What the paper's three benchmarks share: menus posted for an assumed load, and every type whole with one operator.</summary>
/// <remarks>Source: Zhan et al., Sec. VI-A, whose rules are a sentence each. Deviates: the resolution of every open question is stated at each method.</remarks>
internal static class PostedMenus
{
    /// <summary>Utilities closer than this count as equal: the lower operator is chosen, and any rather than none. IR binds, so that such ties are the rule.</summary>
    internal const double Tie = 1e-12;

    /// <summary>Menus as if every operator had the same share of every type, with utilities at those loads.</summary>
    internal static void Post(MarketState state, double share, MenuSolver method)
    {
        state.LoadEvenly(share);
        state.Design(0, method);
        state.Post();
        state.Value();
    }

    /// <summary>The best operator of every type; −1 where staying away is better.</summary>
    internal static int[] Choose(MarketState state)
    {
        var chosen = new int[state.Market.Types];
        for (var n = 0; n < chosen.Length; n++)
        {
            var best = 0;
            for (var m = 1; m < state.Market.Operators; m++)
            {
                if (Utility(state, m, n) > Utility(state, best, n) + Tie)
                {
                    best = m;
                }
            }

            chosen[n] = Utility(state, best, n) < state.Market.Outside - Tie ? -1 : best;
        }

        return chosen;
    }

    /// <summary>Shares of one and nothing, and the loads they make.</summary>
    internal static void Assign(MarketState state, int[] assignment)
    {
        Array.Clear(state.Shares);
        for (var n = 0; n < assignment.Length; n++)
        {
            if (assignment[n] >= 0)
            {
                state.Shares[(assignment[n] * state.Market.Types) + n] = 1;
            }
        }

        state.Load();
    }

    internal static double Utility(MarketState state, int m, int n) => state.Utilities[(m * state.Market.Types) + n];
}

/// <summary>Contract theory alone: menus for an equal share of everybody, kept when users have chosen.</summary>
/// <remarks>
/// Promises neither IR nor IC: these hold at the loads the menus were designed for, not where users went. Reproduces the column CT of the paper's
/// Table I. Source: Zhan et al., Sec. VI-A, benchmark 1; the assumed load 1/M is ours.
/// </remarks>
internal sealed class ContractTheory : ISolver<OperatorMarket, MarketOutcome>
{
    public string Name => "ct";

    public string Summary => "Benchmark CT: menus for equal shares, kept after users choose. Promises no IR or IC at the loads that result.";

    public ImmutableArray<Claim> Promises(OperatorMarket market) => [Claim.Monotonicity, Claim.Feasibility, Claim.Consistency];

    public Solution<MarketOutcome> Solve(OperatorMarket market, SolveOptions options, CancellationToken cancellation)
    {
        var state = new MarketState(new(market));
        PostedMenus.Post(state, 1.0 / state.Market.Operators, market.Algorithm.MenuSolver);
        var design = state.Loads.ToArray();
        var assignment = PostedMenus.Choose(state);
        PostedMenus.Assign(state, assignment);
        return MarketOutcome.From(state, Name, Termination.Candidate, 1, design, assignment);
    }
}

/// <summary>Static matching with contracts: users choose among menus designed without competition, then every operator redesigns once.</summary>
/// <remarks>Source: Zhan et al., Sec. VI-A, benchmark 2; the first menus are those for all users (share 1).</remarks>
internal sealed class StaticMatching : ISolver<OperatorMarket, MarketOutcome>
{
    public string Name => "mc";

    public string Summary => "Benchmark MC: users choose among menus designed for everybody, each operator redesigns once. Promises no IR or IC.";

    public ImmutableArray<Claim> Promises(OperatorMarket market) => [Claim.Monotonicity, Claim.Feasibility, Claim.Consistency];

    public Solution<MarketOutcome> Solve(OperatorMarket market, SolveOptions options, CancellationToken cancellation)
    {
        var state = new MarketState(new(market));
        PostedMenus.Post(state, 1, market.Algorithm.MenuSolver);
        var assignment = PostedMenus.Choose(state);
        PostedMenus.Assign(state, assignment);
        state.Design(0, market.Algorithm.MenuSolver);
        state.Post();
        return MarketOutcome.From(state, Name, Termination.Candidate, 1, assignment: assignment);
    }
}
