namespace Menuet.Mechanisms.QualityContract;

/// <summary>
/// Each type's own best item for its virtual gain, prompt level and steps apart, as the fitted curve is a sum. When these items
/// happen to rise, can be sold and are worth the smallest payment, they are the optimum: that of a problem with fewer constraints.
/// O(I (L + S)).
/// </summary>
internal static class Pointwise
{
    /// <summary>The optimum; null when the items found break a constraint, or equal gains with different costs ask for more.</summary>
    internal static Allocation? TrySolve(QualityMarket market, TypeChain chain)
    {
        if (market.QualityModel.Rho.IsDefault || chain.Members != chain.Groups)
        {
            return null;
        }

        var levelParts = Parts(market.LevelMin, market.LevelMax, market.QualityModel.LevelPart);
        var stepsParts = Parts(market.StepsMin, market.StepsMax, market.QualityModel.StepsPart);
        var allocation = new Allocation(chain.Members);
        var reached = 0.0;
        for (var group = 0; group < chain.Groups; group++)
        {
            var index = chain.CommonCosts ? 0 : group;
            var probability = chain.Probability[group];
            var step = group + 1 < chain.Groups ? chain.Gain[group + 1] - chain.Gain[group] : 0;
            var weight = (probability * chain.Gain[group]) - (chain.Above[group] * step);
            var level = Best(levelParts, market.LevelMin, weight, probability * chain.CostPerLevel[index], out var levelValue);
            var steps = Best(stepsParts, market.StepsMin, weight, probability * chain.CostPerStep[index], out var stepsValue);
            if (market.AllowExclusion && levelValue + stepsValue <= 0)
            {
                if (reached > 0)
                {
                    return null;
                }

                continue;
            }

            var quality = levelParts[level - market.LevelMin] + stepsParts[steps - market.StepsMin];
            var sold = market.AllowExclusion ? quality > 0 : quality >= 0;
            if (!sold || quality < reached || (reached == 0 && chain.Gain[group] * quality < market.PaymentMin))
            {
                return null;
            }

            reached = quality;
            allocation.Set(group, level, steps, quality);
        }

        return allocation;
    }

    private static double[] Parts(int min, int max, Func<int, double> part)
    {
        var parts = new double[max - min + 1];
        for (var i = 0; i < parts.Length; i++)
        {
            parts[i] = part(min + i);
        }

        return parts;
    }

    private static int Best(double[] parts, int min, double weight, double unitCost, out double value)
    {
        var best = 0;
        value = double.NegativeInfinity;
        for (var i = 0; i < parts.Length; i++)
        {
            var candidate = (weight * parts[i]) - (unitCost * (min + (double)i));
            if (candidate > value)
            {
                (best, value) = (i, candidate);
            }
        }

        return min + best;
    }
}
