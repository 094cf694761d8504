using System.Collections.Immutable;

namespace Menuet.Mechanisms.ContractMarket;

/// <summary>The menu of one operator whom all users are with.</summary>
/// <remarks>
/// <para>Menus by the market's menu solver and by dynamic programming; the better is kept. The bound is the operator's profit if its latencies did not have to rise in n,
/// so that the gap is 0 wherever nothing has to be pooled; the termination is then Optimal.</para>
/// <para>Source: Zhan et al., Problem (26) and Proposition 2.</para>
/// </remarks>
internal sealed class OneOperatorMenu : ISolver<OperatorMarket, MarketOutcome>
{
    public string Name => "menu";

    public string Summary => "One operator with all users: the menu of greatest profit, with its gap to the bound without monotonicity.";

    public ImmutableArray<Claim> Promises(OperatorMarket market) =>
        [Claim.IndividualRationality, Claim.IncentiveCompatibility, Claim.Monotonicity, Claim.Feasibility, Claim.Consistency];

    public Solution<MarketOutcome> Solve(OperatorMarket market, SolveOptions options, CancellationToken cancellation)
    {
        if (market.Operators.Length != 1)
        {
            throw new InvalidRequestException(
            [
                new("$.operators", FormattableString.Invariant($"solver menu designs the menu of one operator, this market has {market.Operators.Length}; use msmc or quota-matching, or leave one operator"), "[…]"),
            ], "contract-market");
        }

        var state = new MarketState(new(market));
        state.LoadEvenly(1);
        var bound = state.RelaxedProfit(0);
        state.Design(0, 0, market.Algorithm.MenuSolver);
        state.Post();
        if (market.Algorithm.MenuSolver == MenuSolver.Global && state.OperatorUtility() < bound - (1e-12 * Math.Abs(bound)))
        {
            var (profit, latencies) = (state.OperatorUtility(), state.Latencies.ToArray());
            state.Design(0, 0, MenuSolver.Exact);
            state.Post();
            if (!(state.OperatorUtility() > profit))
            {
                latencies.CopyTo(state.Latencies, 0);
                state.Post();
            }
        }

        var reached = state.OperatorUtility();
        var solution = MarketOutcome.From(
            state, Name, reached >= bound - (1e-10 * (1e-12 + Math.Abs(bound))) ? Termination.Optimal : Termination.Candidate, 1, assignment: new int[market.Types.Length]);
        return solution.Outcome is null ? solution : solution with { Bound = Math.Max(bound, reached) };
    }
}
