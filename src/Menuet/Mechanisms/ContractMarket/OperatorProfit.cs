namespace Menuet.Mechanisms.ContractMarket;

/// <summary>
/// What an operator earns of given demand under the best menu for the loads that this demand makes: π_m(d) = (α₁q − cost) D₁ − min_L Σ_n κ_n L_n + g d_n p_n(L_n).
/// </summary>
/// <remarks>
/// <para>Its derivative in d_n holds the menu fixed, by the envelope theorem: α₁q − cost − β_n L_n − Σ_{j&lt;n} (β_j − β_{j+1}) L_j − g p_n − g Σ_{j≥n} d_j ∂p_j/∂λ_j.
/// The last is the congestion a task causes in its own class and those below; ∂p/∂λ is a central difference, the same for every law of latency.</para>
/// <para>Holds scratch space: one per thread. Evaluating allocates nothing.</para>
/// <para>Source: Zhan et al., Eqs. (25), (34), (38); the derivative is ours.</para>
/// </remarks>
internal sealed class OperatorProfit
{
    private const double Step = 1e-6;   // of the total demand: balances rounding and curvature

    private readonly MarketArrays market;
    private readonly MenuSolver method;
    private readonly LatencyTails tails;
    private readonly LatencyTails beside;
    private readonly MenuDesigner designer;
    private readonly double[] loads;
    private readonly double[] shifted;
    private readonly double[] above;
    private readonly double step;

    internal OperatorProfit(MarketArrays market, MenuSolver method)
    {
        this.market = market;
        this.method = method;
        tails = new(market);
        beside = new(market);
        designer = new(market, tails);
        loads = new double[market.Types];
        shifted = new double[market.Types];
        above = new double[market.Types];
        Latencies = new double[market.Types];
        step = Step * market.Demand.Sum();
    }

    /// <summary>The menu of the last evaluation.</summary>
    internal double[] Latencies { get; }

    /// <summary>π_m(d), USD per second.</summary>
    /// <param name="m">The operator.</param>
    /// <param name="demand">d_n ≥ 0, tasks per second, length N.</param>
    internal double Value(int m, ReadOnlySpan<double> demand)
    {
        var total = 0.0;
        for (var n = 0; n < loads.Length; n++)
        {
            loads[n] = total += demand[n];
        }

        tails.Load(m, loads);
        designer.Design(m, demand, method, Latencies);
        return ((market.Worth[m] - market.Cost[m]) * total) - designer.Loss(m, demand, Latencies);
    }

    /// <summary>π_m(d) and its derivative in every d_n.</summary>
    internal double Value(int m, ReadOnlySpan<double> demand, Span<double> gradient)
    {
        var value = Value(m, demand);
        Evaluate(m, step, above);
        Evaluate(m, -step, shifted);
        var row = m * tails.Stride;
        var congestion = 0.0;
        for (var n = loads.Length - 1; n >= 0; n--)
        {
            var width = step + Math.Min(step, loads[n]);
            congestion += demand[n] * (above[n] - shifted[n]) / width;
            gradient[n] = -market.Spread * (tails.Probability(row + n, Latencies[n]) + congestion);
        }

        var rent = 0.0;
        for (var n = 0; n < loads.Length; n++)
        {
            gradient[n] += market.Worth[m] - market.Cost[m] - (market.Sensitivity[n] * Latencies[n]) - rent;
            rent += (market.Sensitivity[n] - (n + 1 < loads.Length ? market.Sensitivity[n + 1] : 0)) * Latencies[n];
        }

        return value;
    }

    private void Evaluate(int m, double shift, double[] probabilities)
    {
        for (var n = 0; n < loads.Length; n++)
        {
            probabilities[n] = Math.Max(0, loads[n] + shift);
        }

        beside.Load(m, probabilities);
        for (var n = 0; n < loads.Length; n++)
        {
            probabilities[n] = beside.Probability((m * beside.Stride) + n, Latencies[n]);
        }
    }
}
