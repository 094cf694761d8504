using Menuet.Queueing;

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

    /// <summary>One task in the empty queues of an operator.</summary>
    private readonly struct LoneTask
    {
        private readonly MarketArrays market;
        private readonly double margin;
        private readonly CumulantTransform transform;
        private readonly SojournLaw law;
        private readonly double limit;       // largest exponent
        private readonly double amplitude;   // e^K there

        internal LoneTask(MarketArrays market, int m, double margin)
        {
            this.market = market;
            this.margin = margin;
            var stages = market.StagesOf(m);
            var (a, b, c) = (stages[0].ServiceRate, stages[1].ServiceRate, stages[2].ServiceRate);
            transform = new(a, 0, a, b, 0, b, c, 0, c);
            limit = market.Algorithm.Zeta * Math.Min(a, Math.Min(b, c));
            amplitude = a / (a - limit) * (b / (b - limit)) * (c / (c - limit));
            if (market.Algorithm.Tail == LatencyTail.Exact)
            {
                law = new(stages, 0);
            }
        }

        /// <summary>max_L α₁q − cost − βL − g p⁰(L).</summary>
        internal double Surplus(double beta)
        {
            if (!(market.Spread > 0))
            {
                return margin - (beta * market.MinLatency) - market.Spread;
            }

            var least = Math.Min(Cost(beta, market.MinLatency), Cost(beta, market.MaxLatency));
            var rate = beta / market.Spread;
            if (rate > 0)
            {
                // The slope of p⁰ rises once and falls once, so one of these is the interior minimum where there is one.
                least = Math.Min(least, Cost(beta, Stationary(rate)));
                if (market.Algorithm.Tail == LatencyTail.ChernoffPrinted)
                {
                    least = Math.Min(least, Cost(beta, Math.Log(limit * amplitude / rate) / limit));
                }
            }

            return margin - least;
        }

        private double Stationary(double rate)
        {
            if (market.Algorithm.Tail == LatencyTail.Exact)
            {
                return LatencyTails.Stationary(law, Math.Log(rate));
            }

            var exponent = 0.0;
            return transform.Stationary(Math.Log(rate), ref exponent);
        }

        private double Cost(double beta, double latency)
        {
            if (double.IsNaN(latency))
            {
                return double.PositiveInfinity;
            }

            var at = Math.Clamp(latency, market.MinLatency, market.MaxLatency);
            return (beta * at) + (market.Spread * Probability(at));
        }

        private double Probability(double latency)
        {
            if (market.Algorithm.Tail == LatencyTail.Exact)
            {
                return law.Tail(latency);
            }

            var value = transform.Value(latency, out var exponent);
            return market.Algorithm.Tail == LatencyTail.ChernoffPrinted && exponent > limit
                ? Math.Min(1, amplitude * Math.Exp(-limit * latency))
                : value;
        }
    }
}
