namespace Menuet.Mechanisms.ContractMarket;

/// <summary>
/// What operators earn of utilities they promise to users, when users choose among operators by logit: the game between operators, with every menu that is
/// incentive compatible as a strategy.
/// </summary>
/// <remarks>
/// <para>A menu is what it gives, v_1 and v_{n+1} = v_n + (β_n − β_{n+1}) s_n with L_min ≤ s_1 ≤ … ≤ s_{N−1} ≤ L_max, and latencies between:
/// s_{n−1} ≤ L_n ≤ s_n. That is incentive compatibility, written out: type n has s_n ≥ L_n from what n + 1 would lose, s_n ≤ L_{n+1} from what n would.
/// v may be below u_0: prices may be as high as an operator likes, and users who get nothing stay away.</para>
/// <para>Operators keep what users get net of refunds, W_n = R_n − R̄p_n = α₁q − β_n L_n − v_n, when others move; the price R follows p. So utilities do not depend on loads, users
/// re-equilibrate to z_{m,n} = e^{v_{m,n}/τ} / (e^{u_0/τ} + Σ_k e^{v_{k,n}/τ}) at once and in one way only, and only the others' v matters to an operator. (With R fixed
/// instead, congestion attracts users by its refunds, and there need not be one user equilibrium.)</para>
/// <para>π_m = Σ_n d_n (α₁q − cost − v_n − min_L [β_n L + g p_n(L)]) over the L permitted, at the loads that d = |I| δ z makes. O(N c) an evaluation, without allocation.</para>
/// <para>Source: Zhan et al., Eqs. (15), (27), (30), which claim but do not define this equilibrium; Rochet and Stole 2002 for menus under random choice.</para>
/// </remarks>
internal sealed class OperatorGame
{
    private readonly MarketArrays market;
    private readonly LatencyTails tails;
    private readonly double[] loads;
    private readonly double[] shares;

    internal OperatorGame(MarketArrays market)
    {
        this.market = market;
        tails = new(market);
        Temperature = market.Algorithm.FinalTemperature;
        loads = new double[market.Types];
        shares = new double[market.Types];
        Latencies = new double[market.Types];
        Utilities = new double[market.Types];
    }

    /// <summary>τ, USD: how much better an operator must be to be chosen e times as often; &gt; 0.</summary>
    internal double Temperature { get; set; }

    /// <summary>L of the last evaluation.</summary>
    internal double[] Latencies { get; }

    /// <summary>v of the last evaluation.</summary>
    internal double[] Utilities { get; }

    /// <summary>z of the last evaluation.</summary>
    internal double Share(int n) => shares[n];

    /// <summary>The least v_1 worth considering: what a user would lose who paid everything for nothing.</summary>
    internal double Floor => market.Outside - market.Worth.Max() - (market.Sensitivity[0] * market.MaxLatency);

    /// <summary>v from v_1 and s.</summary>
    internal void Promise(ReadOnlySpan<double> menu, Span<double> utilities)
    {
        utilities[0] = menu[0];
        for (var n = 1; n < utilities.Length; n++)
        {
            utilities[n] = utilities[n - 1] + ((market.Sensitivity[n - 1] - market.Sensitivity[n]) * menu[n]);
        }
    }

    /// <summary>π_m, USD per second.</summary>
    /// <param name="m">The operator.</param>
    /// <param name="menu">v_1, s_1, …, s_{N−1}.</param>
    /// <param name="rivals">ln of what the others and staying away weigh together, Σ e^{v/τ}, per type.</param>
    internal double Profit(int m, ReadOnlySpan<double> menu, ReadOnlySpan<double> rivals)
    {
        Promise(menu, Utilities);
        var load = 0.0;
        for (var n = 0; n < loads.Length; n++)
        {
            shares[n] = 1 / (1 + Math.Exp(rivals[n] - (Utilities[n] / Temperature)));
            loads[n] = load += market.Demand[n] * shares[n];
        }

        tails.Load(m, loads);
        var row = m * tails.Stride;
        var (profit, low) = (0.0, market.MinLatency);
        for (var n = 0; n < loads.Length; n++)
        {
            var high = n + 1 < loads.Length ? menu[n + 1] : market.MaxLatency;
            var cost = Best(row + n, market.Sensitivity[n], low, high, out Latencies[n]);
            profit += market.Demand[n] * shares[n] * (market.Worth[m] - market.Cost[m] - Utilities[n] - cost);
            low = high;
        }

        return profit;
    }

    /// <summary>ln (e^{u_0/τ} + Σ_{k≠m} e^{v_k/τ}) per type.</summary>
    /// <param name="m">The operator left out.</param>
    /// <param name="utilities">v, [m × N + n].</param>
    /// <param name="rivals">Filled.</param>
    internal void Rivals(int m, ReadOnlySpan<double> utilities, Span<double> rivals)
    {
        var temperature = Temperature;
        for (var n = 0; n < rivals.Length; n++)
        {
            var top = market.Outside;
            for (var k = 0; k < market.Operators; k++)
            {
                top = k == m ? top : Math.Max(top, utilities[(k * rivals.Length) + n]);
            }

            var sum = Math.Exp((market.Outside - top) / temperature);
            for (var k = 0; k < market.Operators; k++)
            {
                sum += k == m ? 0 : Math.Exp((utilities[(k * rivals.Length) + n] - top) / temperature);
            }

            rivals[n] = (top / temperature) + Math.Log(sum);
        }
    }

    /// <summary>min_L βL + g p(L) over [low, high]: at an end, or where p's falling slope equals β/g.</summary>
    private double Best(int cell, double beta, double low, double high, out double latency)
    {
        latency = low;
        var least = Cost(low);
        if (!(market.Spread > 0) || !tails.IsStable(cell))
        {
            return least;
        }

        var inside = beta > 0 ? tails.Stationary(cell, beta / market.Spread) : double.PositiveInfinity;
        if (inside > low && Math.Min(inside, high) is var candidate && Cost(candidate) is var cost && cost < least)
        {
            (latency, least) = (candidate, cost);
        }

        return least;

        double Cost(double at) => (beta * at) + (market.Spread * tails.Probability(cell, at));
    }
}
