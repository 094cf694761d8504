using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Menuet.Mechanisms.RewardContract;

/// <summary>
/// Exact: the componentwise smallest incentive compatible rewards, R_1 = κ Q_1 / (f φ_1) and
/// R_k = R_{k−1} + κ (Q_k − Q_{k−1}) / (f φ_k), over types in order of (φ, Q).
/// </summary>
/// <remarks>
/// Guarantee: optimal. IC(k, k−1) bounds each step of R from below by the step taken; with φ_{k−1} ≤ φ_k the opposite constraint
/// leaves room, adjacent constraints imply all pairs, and the objective falls in every R. Quality that falls between different
/// reputations admits no reward at all: the sum of IC(k, j) and IC(j, k) is κ (φ_k − φ_j)(Q_k − Q_j) ≥ 0 up to a positive factor.
/// In designed mode the same rewards are substituted and the remaining problem, Σ δ_k η ln(Q_k − I + 1) − m_k Q_k over
/// nondecreasing Q, is concave and separable: pooling adjacent violators, then clamping, is exact.
/// Time: O(K), after a sort where the types do not come in order.
/// Source: Wen et al. 2025, Problem 3.
/// </remarks>
internal sealed class ClosedForm : ISolver<RewardMarket, RewardOutcome>
{
    public string Name => "closed-form";

    public string Summary => "The smallest incentive compatible rewards, one addition per type; proven optimal.";

    public ImmutableArray<Claim> Promises(RewardMarket market) =>
        [Claim.IndividualRationality, Claim.IncentiveCompatibility, Claim.Monotonicity, Claim.Feasibility, Claim.Consistency];

    public Solution<RewardOutcome> Solve(RewardMarket market, SolveOptions options, CancellationToken cancellation)
    {
        var types = market.ResolvedTypes();
        var given = market.QualityMode == QualityMode.Given;
        var qualities = given ? new double[types.Length] : null;
        var order = InOrder(types.AsSpan(), qualities);
        qualities ??= RewardQualities.Designed(market, types.AsSpan(), order);
        var pooled = false;
        if (given && !Rises(types.AsSpan(), qualities, order))
        {
            if (market.OnNonMonotone == NonMonotone.Infeasible)
            {
                return new(Termination.Infeasible, null, Note: "quality falls while reputation rises: no reward is incentive compatible", Reason: "quality-not-monotone");
            }

            RewardQualities.Pool(types.AsSpan(), order, qualities);
            pooled = true;
        }

        foreach (var quality in qualities)
        {
            if (quality < market.QualityThreshold)
            {
                return new(Termination.Infeasible, null, Note: "a quality lies below the threshold", Reason: "quality-below-threshold");
            }
        }

        var rewards = Rewards(market, types.AsSpan(), qualities, order);
        var outcome = new RewardOutcome(ImmutableCollectionsMarshal.AsImmutableArray(qualities), ImmutableCollectionsMarshal.AsImmutableArray(rewards), pooled);
        var objective = RewardContractMechanism.Objective(market, types, outcome.Qualities, outcome.Rewards);
        return double.IsFinite(objective)
            ? new(Termination.Optimal, outcome, objective, types.Length)
            : new(Termination.NumericalTrouble, null, Note: "the objective overflows", Reason: "overflow");
    }

    /// <summary>R over all types, in the market's order.</summary>
    /// <param name="market">f and κ.</param>
    /// <param name="types">φ.</param>
    /// <param name="qualities">Q; nondecreasing along <paramref name="order"/>.</param>
    /// <param name="order">Types by (φ, Q); null: they stand in order.</param>
    internal static double[] Rewards(RewardMarket market, ReadOnlySpan<RewardType> types, ReadOnlySpan<double> qualities, int[]? order)
    {
        var rewards = new double[types.Length];
        var perReputation = market.UnitCost / market.RewardWeight;
        var reward = 0.0;
        var below = 0.0;
        if (order is null)
        {
            for (var k = 0; k < rewards.Length; k++)
            {
                var quality = qualities[k];
                reward += perReputation * (quality - below) / types[k].Reputation;
                below = quality;
                rewards[k] = reward;
            }

            return rewards;
        }

        foreach (var k in order)
        {
            reward += perReputation * (qualities[k] - below) / types[k].Reputation;
            below = qualities[k];
            rewards[k] = reward;
        }

        return rewards;
    }

    /// <summary>Types by (φ, Q, position); null when they already stand so.</summary>
    /// <param name="types">The types.</param>
    /// <param name="qualities">Receives the given qualities, in the same pass; null in designed mode, where quality does not order.</param>
    private static int[]? InOrder(ReadOnlySpan<RewardType> types, double[]? qualities)
    {
        var sorted = true;
        var (lastReputation, lastQuality) = (0.0, double.NegativeInfinity);
        for (var k = 0; k < types.Length; k++)
        {
            var reputation = types[k].Reputation;
            var quality = 0.0;
            if (qualities is not null)
            {
                qualities[k] = quality = types[k].Quality.GetValueOrDefault();
            }

            sorted &= reputation > lastReputation || (reputation == lastReputation && quality >= lastQuality);
            (lastReputation, lastQuality) = (reputation, quality);
        }

        if (sorted)
        {
            return null;
        }

        var keys = new double[types.Length];
        var order = new int[types.Length];
        for (var k = 0; k < keys.Length; k++)
        {
            keys[k] = types[k].Reputation;
            order[k] = k;
        }

        Array.Sort(keys, order);
        for (var start = 0; start < keys.Length;)
        {
            var end = start + 1;
            while (end < keys.Length && keys[end] == keys[start])
            {
                end++;
            }

            order.AsSpan(start, end - start).Sort((a, b) =>
                qualities is null || qualities[a] == qualities[b] ? a.CompareTo(b) : qualities[a].CompareTo(qualities[b]));
            start = end;
        }

        return order;
    }

    /// <summary>Within equal reputations the order is by quality, so one pass over neighbours sees every violation.</summary>
    private static bool Rises(ReadOnlySpan<RewardType> types, double[] qualities, int[]? order)
    {
        for (var k = 1; k < types.Length; k++)
        {
            var here = order is null ? k : order[k];
            var below = order is null ? k - 1 : order[k - 1];
            if (qualities[here] < qualities[below])
            {
                return false;
            }
        }

        return true;
    }
}
