namespace Menuet.Mechanisms.QualityContract;

/// <summary>
/// The items that can be sold, by quality: distinct qualities ascending, each with the items (level, steps) that have it and
/// could be some type's cheapest.
/// </summary>
/// <remarks>
/// Users care for quality alone, so two items of one quality differ only in cost. Items of negative quality cannot be sold:
/// participation would ask for a negative payment. Nor can items that nobody would pay the smallest payment for: without
/// exclusion the lowest type pays θ_1 A_1 at most, with exclusion the highest type bounds every first payment.
/// </remarks>
internal sealed class ItemGrid
{
    private ItemGrid(double[] quality, int[] firstItem, double[] levels, double[] steps, (int Level, int Steps)[] free)
    {
        Quality = quality;
        FirstItem = firstItem;
        Levels = levels;
        Steps = steps;
        Free = free;
    }

    /// <summary>Distinct qualities, ascending; all ≥ 0.</summary>
    internal double[] Quality { get; }

    /// <summary>Items of quality k: from <c>FirstItem[k]</c> to before <c>FirstItem[k + 1]</c>.</summary>
    internal int[] FirstItem { get; }

    /// <summary>Prompt level of each item.</summary>
    internal double[] Levels { get; }

    /// <summary>Denoising steps of each item.</summary>
    internal double[] Steps { get; }

    /// <summary>With exclusion and no smallest payment: items of quality 0, which go with the unserved at payment 0.</summary>
    internal (int Level, int Steps)[] Free { get; }

    /// <summary>Number of distinct qualities.</summary>
    internal int Count => Quality.Length;

    /// <summary>True when every quality has one item.</summary>
    internal bool OneItemEach => Levels.Length == Quality.Length;

    internal static ItemGrid Of(QualityMarket market, TypeChain chain)
    {
        var columns = market.StepsMax - market.StepsMin + 1;
        var all = new double[(market.LevelMax - market.LevelMin + 1) * columns];
        var index = new int[all.Length];
        var kept = 0;
        var free = new List<(int, int)>();
        var payer = market.AllowExclusion ? chain.Gain[chain.Groups - 1] : chain.Gain[0];
        var stepsPart = StepsParts(market);
        for (var level = market.LevelMin; level <= market.LevelMax; level++)
        {
            var levelPart = stepsPart.Length > 0 ? market.QualityModel.LevelPart(level) : 0;
            for (var column = 0; column < columns; column++)
            {
                var quality = stepsPart.Length > 0 ? levelPart + stepsPart[column] : market.Quality(level, market.StepsMin + column);
                if (quality == 0 && market is { AllowExclusion: true, PaymentMin: 0 })
                {
                    free.Add((level, market.StepsMin + column));
                }
                else if (quality >= 0 && payer * quality >= market.PaymentMin)
                {
                    all[kept] = quality == 0 ? 0 : quality;
                    index[kept++] = ((level - market.LevelMin) * columns) + column;
                }
            }

            if (level == market.LevelMax)
            {
                break;
            }
        }

        Array.Sort(all, index, 0, kept);
        return Collapse(market, chain, all.AsSpan(0, kept), index.AsSpan(0, kept), columns, [.. free]);
    }

    /// <summary>The cheapest item of a quality for a member; the first among equals.</summary>
    internal int Cheapest(TypeChain chain, int quality, int member)
    {
        var best = FirstItem[quality];
        var bestCost = chain.Cost(member, Levels[best], Steps[best]);
        for (var item = best + 1; item < FirstItem[quality + 1]; item++)
        {
            var cost = chain.Cost(member, Levels[item], Steps[item]);
            if (cost < bestCost)
            {
                (best, bestCost) = (item, cost);
            }
        }

        return best;
    }

    /// <summary>The free item worth having instead of no item, for a member; null when none has a negative cost.</summary>
    internal (int Level, int Steps)? FreeItem(TypeChain chain, int member)
    {
        (int, int)? best = null;
        var bestCost = 0.0;
        foreach (var (level, steps) in Free)
        {
            var cost = chain.Cost(member, level, steps);
            if (cost < bestCost)
            {
                (best, bestCost) = ((level, steps), cost);
            }
        }

        return best;
    }

    /// <summary>What an unserved member brings, its probability included: a free item of negative cost, if there is one.</summary>
    internal double FreeWorth(TypeChain chain, int member) => FreeItem(chain, member) is { } item
        ? -chain.MemberProbability[member] * chain.Cost(member, item.Level, item.Steps)
        : 0;

    private static double[] StepsParts(QualityMarket market)
    {
        if (!market.QualityModel.Table.IsDefault)
        {
            return [];
        }

        var parts = new double[market.StepsMax - market.StepsMin + 1];
        for (var column = 0; column < parts.Length; column++)
        {
            parts[column] = market.QualityModel.StepsPart(market.StepsMin + column);
        }

        return parts;
    }

    private static ItemGrid Collapse(
        QualityMarket market, TypeChain chain, ReadOnlySpan<double> sorted, Span<int> index, int columns, (int, int)[] free)
    {
        var quality = new List<double>(sorted.Length);
        var firstItem = new List<int>(sorted.Length + 1);
        var levels = new List<double>(sorted.Length);
        var steps = new List<double>(sorted.Length);
        for (var start = 0; start < sorted.Length;)
        {
            var end = start + 1;
            while (end < sorted.Length && sorted[end] == sorted[start])
            {
                end++;
            }

            quality.Add(sorted[start]);
            firstItem.Add(levels.Count);
            var equal = index[start..end];
            equal.Sort();
            var fewestSteps = int.MaxValue;
            foreach (var item in equal)
            {
                // Items come by rising level: with costs of at least 0, one that saves no steps over an earlier one is never cheaper.
                var column = item % columns;
                if (column < fewestSteps || !chain.CostsNonNegative)
                {
                    levels.Add(market.LevelMin + (item / columns));
                    steps.Add(market.StepsMin + column);
                    fewestSteps = Math.Min(fewestSteps, column);
                }
            }

            start = end;
        }

        firstItem.Add(levels.Count);
        return new([.. quality], [.. firstItem], [.. levels], [.. steps], free);
    }
}
