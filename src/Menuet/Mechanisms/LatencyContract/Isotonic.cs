using System.Collections.Immutable;
using Menuet.Numerics;

namespace Menuet.Mechanisms.LatencyContract;

/// <summary>
/// Exact: after substituting the payments, Σ N_j E_j − q_j C_j(E_j) over 0 ≤ E_1 ≤ … ≤ E_J with
/// N_j = q_j θ_j − Q_{&gt;j} (θ_{j+1} − θ_j) is a convex isotonic regression; pooling adjacent violators solves it.
/// </summary>
/// <remarks>
/// Guarantee: optimal. Incentive compatibility makes E nondecreasing in θ; for such E the largest payments are
/// p_j = p_{j−1} + θ_j (E_j − E_{j−1}), which bind IR(1) and every IC(j, j−1), and substituting them gives the sum above. Its terms
/// are concave, so pooling is exact, and clamping a pooled block at E = 0 commutes with it.
/// Exclusion: serving E = 0 costs something and earns nothing, and whoever is above a served type is served, so the served types are
/// a top set; its N_j do not depend on the rest. Pooling from the top down passes through every such set.
/// Time: O(J) with common values, after a sort where the types do not come in order; with a type's own values one root search per
/// block, O(J) when few types pool, O(J²) at worst.
/// Source: Ye et al., Problem 2. Deviates: θ_i stands on both sides of IC (the printed Eq. 26 compares different users' own
/// utilities, which would force them all equal).
/// </remarks>
internal sealed class Isotonic : ISolver<LatencyMarket, LatencyOutcome>
{
    public string Name => "isotonic";

    public string Summary => "Isotonic regression of virtual values by pooling adjacent violators; a closed form where values are common; proven optimal.";

    public ImmutableArray<Claim> Promises(LatencyMarket market) =>
        [Claim.IndividualRationality, Claim.IncentiveCompatibility, Claim.Monotonicity, Claim.Feasibility, Claim.Consistency];

    public Solution<LatencyOutcome> Solve(LatencyMarket market, SolveOptions options, CancellationToken cancellation)
    {
        var types = market.Terms.Types.AsSpan();
        var own = false;
        for (var j = 0; j < types.Length && !own; j++)
        {
            own = types[j].HasOverrides;
        }

        cancellation.ThrowIfCancellationRequested();
        var menu = new MenuBuilder(types.Length);
        var order = ByGain(types);
        var (profit, unattained) = own
            ? new IndividualValues(market, order, cancellation).Solve(menu)
            : (CommonValues.Solve(market, order, menu), false);
        if (unattained)
        {
            return new(
                Termination.Infeasible, null, Reason: "supremum-not-attained",
                Note: "a type of probability 0 has the nearest deadline and its cost weighs nothing: every contract can be bettered");
        }

        var objective = market.Users * profit;
        return double.IsFinite(objective) && menu.IsFinite
            ? new(Termination.Optimal, menu.Outcome(), objective, types.Length)
            : new(Termination.NumericalTrouble, null, Note: "a speed or a cost overflows", Reason: "overflow");
    }

    /// <summary>Types in order of θ, stable; null when they already stand so.</summary>
    private static int[]? ByGain(ReadOnlySpan<LatencyType> types)
    {
        var sorted = true;
        for (var j = 1; j < types.Length && sorted; j++)
        {
            sorted = types[j].Gain >= types[j - 1].Gain;
        }

        if (sorted)
        {
            return null;
        }

        var gains = new double[types.Length];
        for (var j = 0; j < gains.Length; j++)
        {
            gains[j] = types[j].Gain;
        }

        return PositiveOrder.Of(gains);
    }
}
