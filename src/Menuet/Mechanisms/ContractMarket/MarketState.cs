namespace Menuet.Mechanisms.ContractMarket;

/// <summary>
/// Shares, loads, menus and utilities of one market, [m × N + n] each, in buffers that are written in place: set some, call what computes the others.
/// Nothing allocates after construction. One state per thread.
/// </summary>
/// <remarks>Source: Zhan et al., Eqs. (13), (25), (27), (34), (38).</remarks>
internal sealed class MarketState
{
    private readonly MenuDesigner designer;
    private readonly double[] mass;

    internal MarketState(MarketArrays market)
    {
        Market = market;
        Tails = new(market);
        designer = new(market, Tails);
        mass = new double[market.Types];
        var cells = market.Operators * market.Types;
        Shares = new double[cells];
        Loads = new double[cells];
        Latencies = new double[cells];
        Prices = new double[cells];
        Probabilities = new double[cells];
        Utilities = new double[cells];
    }

    internal MarketArrays Market { get; }

    /// <summary>The laws at the loads of the last <see cref="Load()"/>.</summary>
    internal LatencyTails Tails { get; }

    /// <summary>z, the share of type n with operator m.</summary>
    internal double[] Shares { get; }

    /// <summary>λ, cumulative, tasks per second.</summary>
    internal double[] Loads { get; }

    /// <summary>L, seconds.</summary>
    internal double[] Latencies { get; }

    /// <summary>R, USD per task.</summary>
    internal double[] Prices { get; }

    /// <summary>p at the loads.</summary>
    internal double[] Probabilities { get; }

    /// <summary>u, USD per task.</summary>
    internal double[] Utilities { get; }

    /// <summary>Loads and laws of every operator from the shares.</summary>
    internal void Load()
    {
        for (var m = 0; m < Market.Operators; m++)
        {
            Load(m);
        }
    }

    /// <summary>Loads and laws of one operator from its shares.</summary>
    internal void Load(int m)
    {
        Market.Accumulate(Row(Shares, m), Row(Loads, m));
        Tails.Load(m, Row(Loads, m));
    }

    /// <summary>Loads and laws as if every operator had the same share of every type.</summary>
    internal void LoadEvenly(double share)
    {
        Shares.AsSpan().Fill(share);
        Load();
    }

    /// <summary>Every operator's latencies at the loads for the demand |I| δ ((1 − floor) z + floor) of Eq. (37).</summary>
    internal void Design(double floor, MenuSolver method)
    {
        for (var m = 0; m < Market.Operators; m++)
        {
            Design(m, floor, method);
        }
    }

    /// <summary>One operator's latencies.</summary>
    internal void Design(int m, double floor, MenuSolver method)
    {
        var shares = Row(Shares, m);
        for (var n = 0; n < mass.Length; n++)
        {
            mass[n] = Market.Demand[n] * (((1 - floor) * shares[n]) + floor);
        }

        designer.Design(m, mass, method, Row(Latencies, m));
    }

    /// <summary>The most that operator m could earn of users who are already its own, if latencies need not rise: no menu at these loads earns more.</summary>
    internal double RelaxedProfit(int m)
    {
        var shares = Row(Shares, m);
        var total = 0.0;
        for (var n = 0; n < mass.Length; n++)
        {
            total += mass[n] = Market.Demand[n] * shares[n];
        }

        return ((Market.Worth[m] - Market.Cost[m]) * total) - designer.RelaxedLoss(m, mass);
    }

    /// <summary>Utilities at the loads the menus are designed for; needs neither prices nor probabilities.</summary>
    internal void Rents()
    {
        for (var m = 0; m < Market.Operators; m++)
        {
            designer.Rents(Row(Latencies, m), Row(Utilities, m));
        }
    }

    /// <summary>p and the prices of Eq. (25) from the latencies at the loads.</summary>
    internal void Post()
    {
        for (var m = 0; m < Market.Operators; m++)
        {
            Post(m);
        }
    }

    /// <summary>One operator's p and prices.</summary>
    internal void Post(int m)
    {
        Evaluate(m);
        designer.NetPrices(m, Row(Latencies, m), Row(Prices, m));
        var prices = Row(Prices, m);
        var probabilities = Row(Probabilities, m);
        for (var n = 0; n < prices.Length; n++)
        {
            prices[n] += Market.Refund * probabilities[n];
        }
    }

    /// <summary>p from the latencies at the loads, prices left alone.</summary>
    internal void Evaluate()
    {
        for (var m = 0; m < Market.Operators; m++)
        {
            Evaluate(m);
        }
    }

    /// <summary>u of Eq. (27) from latencies, prices and p.</summary>
    internal void Value()
    {
        for (var m = 0; m < Market.Operators; m++)
        {
            Value(m);
        }
    }

    /// <summary>u of one operator's users.</summary>
    internal void Value(int m)
    {
        for (var n = 0; n < Market.Types; n++)
        {
            var cell = (m * Market.Types) + n;
            Utilities[cell] = Market.Worth[m] - (Market.Sensitivity[n] * Latencies[cell]) - Prices[cell] + (Market.Refund * Probabilities[cell]);
        }
    }

    /// <summary>π_m = Σ_n |I_n| z_{m,n} δ (R − C̄ p − cost), USD per second (Eqs. 13 and 14).</summary>
    internal double OperatorUtility(int m)
    {
        var sum = 0.0;
        for (var n = 0; n < Market.Types; n++)
        {
            var cell = (m * Market.Types) + n;
            sum += Market.Demand[n] * Shares[cell] * (Prices[cell] - (Market.ViolationCost * Probabilities[cell]) - Market.Cost[m]);
        }

        return sum;
    }

    /// <summary>Σ_m π_m, USD per second.</summary>
    internal double OperatorUtility()
    {
        var sum = 0.0;
        for (var m = 0; m < Market.Operators; m++)
        {
            sum += OperatorUtility(m);
        }

        return sum;
    }

    /// <summary>Σ_{m,n} |I_n| z δ u, USD per second.</summary>
    internal double UserUtility()
    {
        var sum = 0.0;
        for (var m = 0; m < Market.Operators; m++)
        {
            for (var n = 0; n < Market.Types; n++)
            {
                sum += Market.Demand[n] * Shares[(m * Market.Types) + n] * Utilities[(m * Market.Types) + n];
            }
        }

        return sum;
    }

    private void Evaluate(int m)
    {
        for (var n = 0; n < Market.Types; n++)
        {
            Probabilities[(m * Market.Types) + n] = Tails.Probability((m * Tails.Stride) + n, Latencies[(m * Market.Types) + n]);
        }
    }

    private Span<double> Row(double[] values, int m) => values.AsSpan(m * Market.Types, Market.Types);
}
