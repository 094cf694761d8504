namespace Menuet.Mechanisms.QualityContract;

/// <summary>The best menu of one item and one payment. O(items) when all must be served, else O(items × groups).</summary>
internal static class SingleItem
{
    /// <summary>
    /// The best single item at what the lowest served type would pay, the cap at most: for all types, or with exclusion for those
    /// from any gain up. Where its lowest types are indifferent only those that bring a profit take it.
    /// </summary>
    /// <returns>The allocation; null when nobody can, or should, be sold one.</returns>
    internal static Allocation? Best(QualityMarket market, TypeChain chain, CancellationToken cancellation)
    {
        var (perLevel, perStep) = CostsAtLeast(chain);
        var cap = market.PaymentMax ?? double.PositiveInfinity;
        var best = market.AllowExclusion ? 0 : double.NegativeInfinity;
        (int Level, int Steps, double Quality, int Group)? chosen = null;
        for (var row = 0; row <= market.LevelMax - market.LevelMin; row++)
        {
            cancellation.ThrowIfCancellationRequested();
            for (var column = 0; column <= market.StepsMax - market.StepsMin; column++)
            {
                var (level, steps) = (market.LevelMin + row, market.StepsMin + column);
                var quality = market.Quality(level, steps);
                if (!(quality >= 0))
                {
                    continue;
                }

                for (var group = 0; group < chain.Groups; group++)
                {
                    var worth = chain.Gain[group] * quality;
                    var payment = Math.Min(worth, cap);
                    if (payment >= market.PaymentMin)
                    {
                        var profit = (chain.AtLeast(group) * payment) - (perLevel[group] * level) - (perStep[group] * steps)
                            + Unwanted(market, chain, group, worth, payment, level, steps);
                        (best, chosen) = profit > best ? (profit, (level, steps, quality, group)) : (best, chosen);
                    }

                    if (!market.AllowExclusion || worth > cap)
                    {
                        break;
                    }
                }
            }
        }

        return chosen is { } item ? Serve(market, chain, cap, item.Level, item.Steps, item.Quality, item.Group) : null;
    }

    private static Allocation Serve(QualityMarket market, TypeChain chain, double cap, int level, int steps, double quality, int group)
    {
        var allocation = new Allocation(chain.Members);
        var worth = chain.Gain[group] * quality;
        var payment = Math.Min(worth, cap);
        for (var member = chain.FirstMember[group]; member < chain.Members; member++)
        {
            if (!(member < chain.FirstMember[group + 1] && MayLeave(market, worth, payment) && payment <= chain.Cost(member, level, steps)))
            {
                allocation.Set(member, level, steps, quality);
            }
        }

        return allocation;
    }

    /// <summary>What leaving out the members of an indifferent group that bring a loss saves.</summary>
    private static double Unwanted(QualityMarket market, TypeChain chain, int group, double worth, double payment, int level, int steps)
    {
        var saved = 0.0;
        if (MayLeave(market, worth, payment))
        {
            for (var member = chain.FirstMember[group]; member < chain.FirstMember[group + 1]; member++)
            {
                saved += chain.MemberProbability[member] * Math.Max(0, chain.Cost(member, level, steps) - payment);
            }
        }

        return saved;
    }

    private static bool MayLeave(QualityMarket market, double worth, double payment) => market.AllowExclusion && payment == worth;

    /// <summary>Σ q σ_1 and Σ q σ_2 over each group and all above it.</summary>
    private static (double[] PerLevel, double[] PerStep) CostsAtLeast(TypeChain chain)
    {
        var (perLevel, perStep) = (new double[chain.Groups + 1], new double[chain.Groups + 1]);
        for (var group = chain.Groups - 1; group >= 0; group--)
        {
            (perLevel[group], perStep[group]) = (perLevel[group + 1], perStep[group + 1]);
            for (var member = chain.FirstMember[group]; member < chain.FirstMember[group + 1]; member++)
            {
                perLevel[group] += chain.MemberProbability[member] * chain.Cost(member, 1, 0);
                perStep[group] += chain.MemberProbability[member] * chain.Cost(member, 0, 1);
            }
        }

        return (perLevel, perStep);
    }
}
