namespace Menuet.Mechanisms.ContractMarket;

/// <summary>
/// Prices μ_n ≥ 0 of a task of each type that make Σ_n μ_n |I_n| δ + Σ_m max_d [value_m(d) − μ·d] small: an upper bound of Σ_m value_m(d_m) over Σ_m d_m ≤ |I| δ at any μ
/// (weak duality), so that an end of the search at any time leaves a valid bound.
/// </summary>
/// <remarks>
/// Subgradient steps of Polyak's length towards a target below the best bound so far; the distance of the target halves whenever the bound rests.
/// Source: Polyak 1969; Goffin and Kiwiel 1999 for the target.
/// </remarks>
internal sealed class TaskPrices
{
    private const int Patience = 8;

    private readonly MarketArrays market;
    private readonly double[] trial;
    private readonly double[] slope;
    private readonly double[] direction;
    private readonly double[] demand;
    private readonly double[] trialValues;
    private double distance;

    /// <summary>Begins at the same price for all.</summary>
    /// <param name="market">The market.</param>
    /// <param name="price">μ, USD per task.</param>
    internal TaskPrices(MarketArrays market, double price)
    {
        this.market = market;
        Best = new double[market.Types];
        trial = new double[market.Types];
        slope = new double[market.Types];
        direction = new double[market.Types];
        demand = new double[market.Operators * market.Types];
        Values = new double[market.Operators];
        trialValues = new double[market.Operators];
        Best.AsSpan().Fill(Math.Max(0, price));
    }

    /// <summary>The prices with the least bound.</summary>
    internal double[] Best { get; }

    /// <summary>max_d [value_m(d) − μ·d] at those prices.</summary>
    internal double[] Values { get; }

    /// <summary>The least bound, USD per second.</summary>
    internal double Bound { get; private set; }

    /// <summary>Largest demands of one operator at prices; returns max_d [value_m(d) − μ·d].</summary>
    internal delegate double Response(int m, ReadOnlySpan<double> prices, Span<double> demand);

    /// <summary>Lowers the bound; the bound of an earlier call is forgotten, its prices are kept.</summary>
    /// <param name="response">Of each operator.</param>
    /// <param name="incumbent">A value that is attained: the bound cannot fall below.</param>
    /// <param name="rounds">Evaluations at most; ≥ 1.</param>
    /// <param name="stop">Asked between rounds; the first is always done.</param>
    /// <param name="seen">Sees the demands of every round, [m × N + n]; they may exceed what there is.</param>
    internal void Lower(Response response, double incumbent, int rounds, Func<bool> stop, Action<double[]>? seen = null)
    {
        Bound = double.PositiveInfinity;
        Best.CopyTo(trial, 0);
        direction.AsSpan().Clear();
        var resting = 0;
        for (var round = 0; round < rounds && (round == 0 || !stop()); round++)
        {
            var bound = Evaluate(response);
            seen?.Invoke(demand);
            if (round == 0)
            {
                distance = distance > 0 ? Math.Min(distance, bound - incumbent) : 0.5 * (bound - incumbent);
            }

            if (bound < Bound)
            {
                resting = bound < Bound - (0.05 * distance) ? 0 : resting + 1;
                Bound = bound;
                trial.CopyTo(Best, 0);
                trialValues.CopyTo(Values, 0);
            }
            else
            {
                resting++;
            }

            if (resting > Patience)
            {
                resting = 0;
                distance *= 0.5;
                bound = Bound;
                Best.CopyTo(trial, 0);
                direction.AsSpan().Clear();
                Evaluate(response);
            }

            var norm = 0.0;
            for (var n = 0; n < trial.Length; n++)
            {
                direction[n] = (0.7 * slope[n]) + (0.3 * direction[n]);
                norm += direction[n] * direction[n];
            }

            if (!(norm > 0) || !(distance > 1e-6 * Math.Abs(Bound)))
            {
                return;
            }

            var length = (bound - Bound + distance) / norm;
            for (var n = 0; n < trial.Length; n++)
            {
                trial[n] = Math.Max(0, trial[n] - (length * direction[n]));
            }
        }
    }

    private double Evaluate(Response response)
    {
        var bound = 0.0;
        for (var n = 0; n < trial.Length; n++)
        {
            bound += trial[n] * market.Demand[n];
            slope[n] = market.Demand[n];
        }

        for (var m = 0; m < market.Operators; m++)
        {
            var own = demand.AsSpan(m * trial.Length, trial.Length);
            bound += trialValues[m] = response(m, trial, own);
            for (var n = 0; n < trial.Length; n++)
            {
                slope[n] -= own[n];
            }
        }

        return bound;
    }
}
