namespace Menuet.Mechanisms.ContractMarket;

/// <summary>
/// What an operator earns of given demand under the best menu for the loads that this demand makes: π_m(d) = (α₁q − cost) D₁ − min_L Σ_n κ_n L_n + g d_n p_n(L_n).
/// </summary>
/// <remarks>
/// <para>Holds scratch space: one per thread. Evaluating allocates nothing.</para>
/// <para>Source: Zhan et al., Eqs. (25), (34), (38).</para>
/// </remarks>
internal sealed class OperatorProfit
{
    private readonly MarketArrays market;
    private readonly MenuSolver method;
    private readonly LatencyTails tails;
    private readonly MenuDesigner designer;
    private readonly double[] loads;

    internal OperatorProfit(MarketArrays market, MenuSolver method)
    {
        this.market = market;
        this.method = method;
        tails = new(market);
        designer = new(market, tails);
        loads = new double[market.Types];
        Latencies = new double[market.Types];
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
}
