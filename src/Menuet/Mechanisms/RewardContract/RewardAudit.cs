using System.Collections.Immutable;
using Menuet.Screening;

namespace Menuet.Mechanisms.RewardContract;

/// <summary>Judges rewards from the market and the menu's qualities and rewards alone.</summary>
internal static class RewardAudit
{
    private const string Source = "Wen et al. 2025, Problem 3";

    internal static IEnumerable<Problem> AnswerProblems(RewardMarket market, RewardAnswer answer)
    {
        var count = market.ResolvedTypes().Length;
        if (answer.Menu.IsDefault || answer.Menu.Length != count)
        {
            yield return new("$.menu", FormattableString.Invariant($"must have {count} items, one per type of the market, in its order"), answer.Menu.IsDefault ? null : "[…]");
            yield break;
        }

        for (var k = 0; k < count && market.QualityMode == QualityMode.Designed; k++)
        {
            if (answer.Menu[k].Quality is null)
            {
                yield return new($"$.menu[{k}].quality", "is required: in designed mode the quality is part of the contract");
            }
        }
    }

    internal static Audit Check(RewardMarket market, RewardAnswer answer, SolveOptions options)
    {
        var types = market.ResolvedTypes();
        var count = types.Length;
        var weights = new double[count];
        var qualities = new double[count];
        var rewards = new double[count];
        var costs = new double[count];
        var scale = 1.0;
        for (var k = 0; k < count; k++)
        {
            var item = answer.Menu[k];
            weights[k] = market.RewardWeight * types[k].Reputation;
            qualities[k] = item.Quality ?? types[k].Quality ?? double.NaN;
            rewards[k] = item.Reward;
            costs[k] = market.UnitCost * qualities[k];
            scale = Math.Max(scale, Math.Max(Math.Abs(rewards[k]), Math.Max(Math.Abs(weights[k] * rewards[k]), Math.Abs(costs[k]))));
        }

        var tolerance = options.Tolerance * (1 + scale);
        var participation = new Inspection(Claim.IndividualRationality, tolerance, "Wen et al. 2025, Eq. (3)");
        for (var k = 0; k < count; k++)
        {
            participation.Check((weights[k] * rewards[k]) - costs[k], k, k, static (i, _) => $"IR({i + 1})");
        }

        var truth = new Inspection(Claim.IncentiveCompatibility, tolerance, "Wen et al. 2025, Eq. (4)");
        Incentives.CheckAllPairs(truth, weights, rewards, costs, static (i, k) => $"IC({i + 1}→{k + 1})");
        return new(
        [
            participation.Conclude(),
            truth.Conclude(),
            Monotonicity(types, qualities, rewards, options.Tolerance * (1 + scale)),
            Feasibility(market, types, qualities, options.Tolerance),
            Consistency(market, answer, types, qualities, participation.Conclude().Worst.Value, truth.Conclude().Worst.Value, options.Tolerance),
        ]);
    }

    private static Certificate Monotonicity(
        ImmutableArray<RewardType> types, double[] qualities, double[] rewards, double tolerance)
    {
        var inspection = new Inspection(Claim.Monotonicity, tolerance, Source + ": implied by incentive compatibility");
        var reputations = new double[types.Length];
        var byReputation = new int[types.Length];
        var rising = true;
        for (var k = 0; k < types.Length; k++)
        {
            (reputations[k], byReputation[k]) = (types[k].Reputation, k);
            rising &= k == 0 || reputations[k] >= reputations[k - 1];
        }

        if (!rising)
        {
            Array.Sort(reputations, byReputation);
        }

        var (bestQuality, bestReward, best) = (double.NegativeInfinity, double.NegativeInfinity, -1);
        for (var start = 0; start < byReputation.Length;)
        {
            var end = start;
            for (; end < byReputation.Length && reputations[end] == reputations[start]; end++)
            {
                var k = byReputation[end];
                if (best >= 0)
                {
                    inspection.Check(Math.Min(qualities[k] - bestQuality, rewards[k] - bestReward), best, k, static (i, j) => $"item {i + 1} ≤ item {j + 1}");
                }
            }

            for (; start < end; start++)
            {
                var k = byReputation[start];
                (bestQuality, bestReward, best) = (Math.Max(bestQuality, qualities[k]), Math.Max(bestReward, rewards[k]), k);
            }
        }

        return inspection.Conclude();
    }

    private static Certificate Feasibility(RewardMarket market, ImmutableArray<RewardType> types, double[] qualities, double tolerance)
    {
        var scale = 1 + market.QualityThreshold;
        foreach (var quality in qualities)
        {
            scale = Math.Max(scale, Math.Abs(quality));
        }

        var inspection = new Inspection(Claim.Feasibility, tolerance * scale, "Wen et al. 2025, Eq. (5)");
        var mayPool = market.OnNonMonotone == NonMonotone.Pool && FallsSomewhere(types);
        double required = 0, delivered = 0;
        for (var k = 0; k < types.Length; k++)
        {
            inspection.Check(qualities[k] - market.QualityThreshold, k, k, static (i, _) => $"Q({i + 1}) ≥ I");
            if (market.QualityMode == QualityMode.Designed)
            {
                if (market.QualityMax is { } max)
                {
                    inspection.Check(max - qualities[k], k, k, static (i, _) => $"Q({i + 1}) ≤ qualityMax");
                }
            }
            else if (!mayPool)
            {
                inspection.Check(-Math.Abs(qualities[k] - types[k].Quality!.Value), k, k, static (i, _) => $"Q({i + 1}) as judged");
            }
            else
            {
                required += types[k].Probability * types[k].Quality!.Value;
                delivered += types[k].Probability * qualities[k];
            }
        }

        if (mayPool)
        {
            inspection.Check(-Math.Abs(delivered - required), "pooling keeps the mean quality");
        }

        return inspection.Conclude();
    }

    private static bool FallsSomewhere(ImmutableArray<RewardType> types)
    {
        var points = new (double Reputation, double Quality)[types.Length];
        for (var k = 0; k < types.Length; k++)
        {
            points[k] = (types[k].Reputation, types[k].Quality ?? 0);
        }

        Array.Sort(points);
        for (var k = 1; k < points.Length; k++)
        {
            if (points[k].Quality < points[k - 1].Quality)
            {
                return true;
            }
        }

        return false;
    }

    private static Certificate Consistency(
        RewardMarket market, RewardAnswer answer, ImmutableArray<RewardType> types, double[] qualities, double worstIr, double worstIc, double tolerance)
    {
        // Reported numbers are compared relative to their own size, so tolerance here has no unit.
        var inspection = new Inspection(Claim.Consistency, tolerance * 10, "reported numbers follow from qualities and rewards");
        double expected = 0, size = 0;
        for (var k = 0; k < types.Length; k++)
        {
            var item = answer.Menu[k];
            var gain = market.RewardWeight * types[k].Reputation * item.Reward;
            var cost = market.UnitCost * qualities[k];
            var platform = (market.UtilityCoefficient * double.LogP1(qualities[k] - market.QualityThreshold)) - item.Reward;
            expected += types[k].Probability * platform;
            size += types[k].Probability * (Math.Abs(platform) + Math.Abs(item.Reward));
            Agree(inspection, item.UserUtility, gain - cost, Math.Abs(gain) + Math.Abs(cost), k, static (i, _) => $"userUtility({i + 1})");
            Agree(inspection, item.PlatformUtility, platform, Math.Abs(platform) + Math.Abs(item.Reward), k, static (i, _) => $"platformUtility({i + 1})");
            Agree(inspection, item.Reputation, types[k].Reputation, types[k].Reputation, k, static (i, _) => $"reputation({i + 1})");
            Agree(inspection, item.Probability, types[k].Probability, 1, k, static (i, _) => $"probability({i + 1})");
            if (item.Type != 0)
            {
                inspection.Check(item.Type == k + 1 ? 0 : -1, k, k, static (i, _) => $"type({i + 1})");
            }
        }

        Agree(inspection, answer.Objective, expected, size, 0, static (_, _) => "objective");
        Agree(inspection, answer.IrSlackMin, worstIr, SlackScale(market, types, answer), 0, static (_, _) => "irSlackMin");
        if (types.Length is > 1 and <= Incentives.PairByPair)
        {
            Agree(inspection, answer.IcSlackMin, worstIc, SlackScale(market, types, answer), 0, static (_, _) => "icSlackMin");
        }

        return inspection.Conclude();
    }

    private static double SlackScale(RewardMarket market, ImmutableArray<RewardType> types, RewardAnswer answer)
    {
        var scale = 0.0;
        for (var k = 0; k < types.Length; k++)
        {
            scale = Math.Max(scale, Math.Abs(market.RewardWeight * types[k].Reputation * answer.Menu[k].Reward));
        }

        return scale;
    }

    private static void Agree(Inspection inspection, double? reported, double derived, double size, int index, Func<int, int, string> name)
    {
        if (reported is { } value)
        {
            inspection.Check(-Math.Abs(value - derived) / Math.Max(1, size), index, index, name);
        }
    }
}
