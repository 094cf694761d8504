namespace Menuet.Mechanisms.RewardContract;

/// <summary>Monotone qualities: pooled from given ones, or designed. Both pool adjacent violators over distinct reputations.</summary>
internal static class RewardQualities
{
    /// <summary>
    /// Replaces qualities by their δ-weighted isotonic least-squares regression over distinct reputations. A reputation without
    /// weight takes the value of the pool below it, or of the first pool when there is none below.
    /// </summary>
    internal static void Pool(ReadOnlySpan<RewardType> types, int[]? order, double[] qualities)
    {
        var blocks = new Blocks(types.Length);
        for (var k = 0; k < types.Length;)
        {
            var reputation = types[At(order, k)].Reputation;
            double weighted = 0, weight = 0;
            var end = k;
            for (; end < types.Length && types[At(order, end)].Reputation == reputation; end++)
            {
                var index = At(order, end);
                weighted += types[index].Probability * qualities[index];
                weight += types[index].Probability;
            }

            blocks.Add(weighted, weight, end);
            k = end;
        }

        blocks.Spread(order, qualities, ratio => ratio);
    }

    /// <summary>The best qualities when the contract chooses them: per block I − 1 + η Σδ / Σm, within [I, qualityMax].</summary>
    /// <remarks>
    /// m_k = (κ/f) [δ_k/φ_k + D_{k+1} (φ_{k+1} − φ_k)/(φ_k φ_{k+1})] with D_{k+1} the probability above k: the marginal cost of
    /// quality k, information rent of all higher types included, in a form without cancellation.
    /// </remarks>
    internal static double[] Designed(RewardMarket market, ReadOnlySpan<RewardType> types, int[]? order)
    {
        var above = new double[types.Length + 1];
        for (var k = types.Length - 1; k >= 0; k--)
        {
            above[k] = above[k + 1] + types[At(order, k)].Probability;
        }

        var blocks = new Blocks(types.Length);
        var perReputation = market.UnitCost / market.RewardWeight;
        for (var k = 0; k < types.Length;)
        {
            var reputation = types[At(order, k)].Reputation;
            var end = k;
            double probability = 0;
            for (; end < types.Length && types[At(order, end)].Reputation == reputation; end++)
            {
                probability += types[At(order, end)].Probability;
            }

            var rent = end == types.Length ? 0 : above[end] * (types[At(order, end)].Reputation - reputation) / reputation / types[At(order, end)].Reputation;
            blocks.Add(market.UtilityCoefficient * probability, perReputation * ((probability / reputation) + rent), end);
            k = end;
        }

        var qualities = new double[types.Length];
        var highest = market.QualityMax ?? double.PositiveInfinity;
        blocks.Spread(order, qualities, ratio => Math.Min(Math.Max(market.QualityThreshold - 1 + ratio, market.QualityThreshold), highest));
        return qualities;
    }

    private static int At(int[]? order, int k) => order is null ? k : order[k];

    /// <summary>A stack of blocks with nondecreasing ratios numerator/denominator; numerators and denominators are kept apart.</summary>
    private sealed class Blocks(int capacity)
    {
        private readonly (double Numerator, double Denominator, int End)[] stack = new (double, double, int)[capacity];
        private int count;

        internal void Add(double numerator, double denominator, int end)
        {
            if (denominator == 0 && count > 0)
            {
                stack[count - 1].End = end;
                return;
            }

            stack[count++] = (numerator, denominator, end);
            while (count > 1 && Merges(stack[count - 2], stack[count - 1]))
            {
                var (n, d, _) = stack[count - 2];
                stack[count - 2] = (n + stack[count - 1].Numerator, d + stack[count - 1].Denominator, stack[count - 1].End);
                count--;
            }
        }

        internal void Spread(int[]? order, double[] values, Func<double, double> value)
        {
            var start = 0;
            for (var block = 0; block < count; block++)
            {
                var (numerator, denominator, end) = stack[block];
                var level = value(numerator / denominator);
                for (var k = start; k < end; k++)
                {
                    values[At(order, k)] = level;
                }

                start = end;
            }
        }

        // A block without weight can only be the first: it gives way to the one above it.
        private static bool Merges((double Numerator, double Denominator, int End) below, (double Numerator, double Denominator, int End) above) =>
            below.Denominator == 0 || below.Numerator / below.Denominator > above.Numerator / above.Denominator;
    }
}
