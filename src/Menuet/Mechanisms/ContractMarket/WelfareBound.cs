namespace Menuet.Mechanisms.ContractMarket;

/// <summary>
/// What welfare cannot exceed, whoever serves whom and at what price: every task at the operator, and with the latency, that is best for it in empty queues.
/// </summary>
/// <remarks>
/// <para>W ≤ Σ_n |I_n| δ max(0, max_{m, L} α₁q_m − cost_m − β_n L − g p⁰_m(L)), p⁰ ≤ p at every load: prices and refunds cancel in operator plus user. Where users have
/// at least nothing it bounds the operators' total too.</para>
/// <para>p⁰: the exact tail, and the best Chernoff bound, only rise with load, so those of the empty operator serve. The printed bound need not rise, because its exponent
/// falls with load and may have been beyond the best one; but K only rises and the exponent stays within [0, ζ min μ], so the best exponent of that range at no
/// load is below it.</para>
/// <para>Source: ours.</para>
/// </remarks>
internal static class WelfareBound
{
    /// <summary>USD per second; at least 0.</summary>
    internal static double Of(MarketArrays market)
    {
        // Operators that differ in their numbers of servers alone are the same to a lone task.
        var kinds = Enumerable.Range(0, market.Operators)
            .GroupBy(m => (market.Stages[3 * m].ServiceRate, market.Stages[(3 * m) + 1].ServiceRate, market.Stages[(3 * m) + 2].ServiceRate))
            .Select(group => new LoneTask(market, group.First(), group.Max(m => market.Worth[m] - market.Cost[m])))
            .ToArray();
        var sum = 0.0;
        var before = double.NaN;
        var best = 0.0;
        for (var n = 0; n < market.Types; n++)
        {
            if (market.Demand[n] == 0)
            {
                continue;
            }

            if (market.Sensitivity[n] != before)
            {
                before = market.Sensitivity[n];
                best = 0;
                foreach (var kind in kinds)
                {
                    best = Math.Max(best, kind.Surplus(before));
                }
            }

            sum += market.Demand[n] * best;
        }

        return sum * (1 + 1e-12);   // what rounding may take away
    }

    /// <summary>What one task earns at most in the empty queues of an operator: margin − min_L βL + g p⁰(L).</summary>
    private readonly struct LoneTask(MarketArrays market, int m, double margin)
    {
        private readonly OptimisticTail empty = new(market, m, load: 0);

        internal double Surplus(double beta) =>
            margin - (market.Spread > 0 ? market.Spread * empty.Least(beta / market.Spread) : (beta * market.MinLatency) + market.Spread);
    }
}
