using System.Collections.Immutable;

namespace Menuet.Mechanisms.RewardContract;

/// <summary>
/// For tests and small markets: rewards as longest paths through every participation and truth-telling constraint, one by one;
/// designed qualities by dynamic programming over a grid that closes in on the optimum.
/// </summary>
/// <remarks>
/// Shares no code with <see cref="ClosedForm"/> and uses none of its theorems: all K² constraints are relaxed until nothing moves,
/// and a cycle that never settles proves that no reward vector exists. Designed mode: each round refines the grid around the best
/// monotone path; the problem is concave, so the refinement loses nothing. O(K³), hence at most <see cref="Limit"/> types.
/// </remarks>
internal sealed class RewardReference : ISolver<RewardMarket, RewardOutcome>
{
    internal const int Limit = 200;
    private const int Cells = 64;

    public string Name => "reference";

    public string Summary => "Longest paths over all constraints, and a grid for designed qualities; at most 200 types.";

    public ImmutableArray<Claim> Promises(RewardMarket market) =>
        [Claim.IndividualRationality, Claim.IncentiveCompatibility, Claim.Feasibility, Claim.Consistency];

    public Solution<RewardOutcome> Solve(RewardMarket market, SolveOptions options, CancellationToken cancellation)
    {
        var types = market.ResolvedTypes();
        if (types.Length > Limit)
        {
            throw new InvalidRequestException(
                [Problem.With("$.types", types.Length, FormattableString.Invariant($"the reference solver takes at most {Limit} types; use --solver closed-form"))]);
        }

        var given = market.QualityMode == QualityMode.Given;
        double[] qualities = given ? [.. types.Select(t => t.Quality!.Value)] : Design(market, types);
        if (LongestPaths(market, types, qualities) is { } rewards)
        {
            return qualities.Any(q => q < market.QualityThreshold)
                ? new(Termination.Infeasible, null, Reason: "quality-below-threshold")
                : Finish(market, types, qualities, rewards, pooled: false);
        }

        if (market.OnNonMonotone == NonMonotone.Infeasible)
        {
            return new(Termination.Infeasible, null, Reason: "quality-not-monotone");
        }

        qualities = MinMax(types);
        return qualities.Any(q => q < market.QualityThreshold)
            ? new(Termination.Infeasible, null, Reason: "quality-below-threshold")
            : Finish(market, types, qualities, LongestPaths(market, types, qualities)!, pooled: true);
    }

    private static Solution<RewardOutcome> Finish(
        RewardMarket market, ImmutableArray<RewardType> types, double[] qualities, double[] rewards, bool pooled)
    {
        var objective = 0.0;
        for (var k = 0; k < types.Length; k++)
        {
            objective += types[k].Probability * ((market.UtilityCoefficient * Math.Log(qualities[k] - market.QualityThreshold + 1)) - rewards[k]);
        }

        return new(Termination.Optimal, new([.. qualities], [.. rewards], pooled), objective, types.Length);
    }

    /// <summary>The smallest rewards above all constraints; null when raising them never ends.</summary>
    private static double[]? LongestPaths(RewardMarket market, ImmutableArray<RewardType> types, double[] qualities)
    {
        var count = types.Length;
        var rewards = new double[count];
        for (var k = 0; k < count; k++)
        {
            rewards[k] = market.UnitCost * qualities[k] / (market.RewardWeight * types[k].Reputation);
        }

        var slack = 1e-13 * (1e-300 + rewards.Max(Math.Abs));
        for (var round = 0; round <= count + 1; round++)
        {
            var moved = false;
            for (var k = 0; k < count; k++)
            {
                for (var j = 0; j < count; j++)
                {
                    var least = rewards[j] + (market.UnitCost * (qualities[k] - qualities[j]) / (market.RewardWeight * types[k].Reputation));
                    if (least > rewards[k] + slack)
                    {
                        rewards[k] = least;
                        moved = true;
                    }
                }
            }

            if (!moved)
            {
                return rewards;
            }
        }

        return null;
    }

    /// <summary>Isotonic regression by its min-max formula, distinct reputations only.</summary>
    private static double[] MinMax(ImmutableArray<RewardType> types)
    {
        var groups = types.GroupBy(t => t.Reputation).OrderBy(g => g.Key)
            .Select(g => (g.Key, Weight: g.Sum(t => t.Probability), Sum: g.Sum(t => t.Probability * t.Quality!.Value)))
            .ToArray();
        var carrying = groups.Where(g => g.Weight > 0).ToArray();
        var fitted = new double[carrying.Length];
        for (var k = 0; k < carrying.Length; k++)
        {
            var best = double.NegativeInfinity;
            for (var low = 0; low <= k; low++)
            {
                var least = double.PositiveInfinity;
                for (var high = k; high < carrying.Length; high++)
                {
                    var part = carrying[low..(high + 1)];
                    least = Math.Min(least, part.Sum(g => g.Sum) / part.Sum(g => g.Weight));
                }

                best = Math.Max(best, least);
            }

            fitted[k] = best;
        }

        return [.. types.Select(type =>
        {
            var below = Array.FindLastIndex(carrying, g => g.Key <= type.Reputation);
            return fitted[Math.Max(below, 0)];
        })];
    }

    private static double[] Design(RewardMarket market, ImmutableArray<RewardType> types)
    {
        var phis = types.Select(t => t.Reputation).Distinct().Order().ToArray();
        var masses = phis.Select(phi => types.Where(t => t.Reputation == phi).Sum(t => t.Probability)).ToArray();
        var count = phis.Length;
        var marginal = new double[count];
        for (var k = 0; k < count; k++)
        {
            // What one more unit of quality at k costs in expected rewards: k's own step, and everybody's above, less their smaller steps.
            marginal[k] = market.UnitCost / market.RewardWeight
                * ((masses[k..].Sum() / phis[k]) - (k + 1 < count ? masses[(k + 1)..].Sum() / phis[k + 1] : 0));
        }

        var bottom = market.QualityThreshold;
        var top = market.QualityMax
            ?? Math.Max(bottom, bottom - 1 + (market.UtilityCoefficient * market.RewardWeight * phis[^1] / market.UnitCost));
        var low = Enumerable.Repeat(bottom, count).ToArray();
        var high = Enumerable.Repeat(top, count).ToArray();
        for (var round = 0; round < 60; round++)
        {
            var path = BestPath(market, masses, marginal, low, high);
            for (var k = 0; k < count; k++)
            {
                var width = (high[k] - low[k]) / 4;
                (low[k], high[k]) = (Math.Max(bottom, path[k] - width), Math.Min(top, path[k] + width));
            }
        }

        return [.. types.Select(t => 0.5 * (low[Array.IndexOf(phis, t.Reputation)] + high[Array.IndexOf(phis, t.Reputation)]))];
    }

    private static double[] BestPath(RewardMarket market, double[] masses, double[] marginal, double[] low, double[] high)
    {
        var count = masses.Length;
        var points = new double[count, Cells + 1];
        var value = new double[count, Cells + 1];
        var from = new int[count, Cells + 1];
        for (var k = 0; k < count; k++)
        {
            for (var c = 0; c <= Cells; c++)
            {
                var q = low[k] + ((high[k] - low[k]) * c / Cells);
                points[k, c] = q;
                value[k, c] = (masses[k] * market.UtilityCoefficient * Math.Log(q - market.QualityThreshold + 1)) - (marginal[k] * q);
                if (k == 0)
                {
                    continue;
                }

                var best = double.NegativeInfinity;
                for (var b = 0; b <= Cells; b++)
                {
                    if (points[k - 1, b] <= q && value[k - 1, b] > best)
                    {
                        (best, from[k, c]) = (value[k - 1, b], b);
                    }
                }

                value[k, c] += best;
            }
        }

        var path = new double[count];
        var at = 0;
        for (var c = 1; c <= Cells; c++)
        {
            at = value[count - 1, c] > value[count - 1, at] ? c : at;
        }

        for (var k = count - 1; k >= 0; k--)
        {
            path[k] = points[k, at];
            at = from[k, at];
        }

        return path;
    }
}
