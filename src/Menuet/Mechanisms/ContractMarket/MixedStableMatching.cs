using System.Collections.Immutable;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Menuet.Mechanisms.ContractMarket;

/// <summary>
/// The paper's algorithm: operators redesign their menus for the present shares, users move towards the logit response to them under falling temperature,
/// operators near capacity carry a shadow price.
/// </summary>
/// <remarks>
/// <para>Guarantee: individual rationality and incentive compatibility at the loads it returns, because the last menus are designed for them. No
/// equilibrium: users keep the logit's regret, and operators do not foresee that prices move shares.</para>
/// <para>Ends after K iterations, or when no share moves by the tolerance (Converged). Time: O(M N c) an iteration.</para>
/// <para>Source: Zhan et al., Algorithm 1, Eqs. (31) to (38). Deviates: menus are global optima unless the market asks for the paper's local ones; (37) means z;
/// demand, not cumulative load, weighs the profit (29).</para>
/// </remarks>
internal sealed class MixedStableMatching : ISolver<OperatorMarket, MarketOutcome>
{
    public string Name => "msmc";

    public string Summary => "Mixed stable matching with contracts: the paper's annealed fixed point of menus and shares. IR and IC at its own loads; not an equilibrium.";

    public ImmutableArray<Claim> Promises(OperatorMarket market) =>
        [Claim.IndividualRationality, Claim.IncentiveCompatibility, Claim.Monotonicity, Claim.Feasibility, Claim.Consistency];

    public Solution<MarketOutcome> Solve(OperatorMarket market, SolveOptions options, CancellationToken cancellation) =>
        Run(new MarketArrays(market), Name, options, null, cancellation);

    /// <summary>Runs the iteration; <paramref name="watch"/> sees the state after every step, with the menus that led to it.</summary>
    internal static Solution<MarketOutcome> Run(
        MarketArrays market, string name, SolveOptions options, Action<MixedStep>? watch, CancellationToken cancellation)
    {
        var algorithm = market.Algorithm;
        var state = new MarketState(market);
        var response = new MixedResponse(market);
        state.Shares.AsSpan().Fill(1.0 / (market.Operators + 1));
        var begin = Stopwatch.GetTimestamp();
        var (iterations, converged, limited) = (0, false, false);
        for (var k = 1; k <= algorithm.MaxIterations && !converged; k++)
        {
            if (cancellation.IsCancellationRequested || (options.TimeLimit is { } limit && Stopwatch.GetElapsedTime(begin) > limit))
            {
                limited = true;
                break;
            }

            var temperature = Temperature(algorithm, k);
            state.Load();
            state.Design(algorithm.DemandFloor, algorithm.MenuSolver);
            state.Rents();
            var move = response.Advance(state, temperature);
            iterations = k;
            converged = move < algorithm.ConvergenceTolerance;
            watch?.Invoke(new(k, temperature, move, state, response.ShadowPrices));
        }

        if (limited && iterations == 0)
        {
            cancellation.ThrowIfCancellationRequested();
        }

        state.Load();
        state.Design(algorithm.DemandFloor, algorithm.MenuSolver);
        state.Post();
        var termination = limited ? Termination.LimitReached : converged ? Termination.Converged : Termination.Candidate;
        return MarketOutcome.From(state, name, termination, iterations) with { Note = converged || limited ? "" : "all iterations done; the annealed fixed point need not have settled" };
    }

    /// <summary>τ0 (τK/τ0)^((k−1)/(K−1)).</summary>
    private static double Temperature(MarketAlgorithm algorithm, int k) => k == algorithm.MaxIterations
        ? algorithm.FinalTemperature
        : algorithm.InitialTemperature * Math.Pow(algorithm.FinalTemperature / algorithm.InitialTemperature, (k - 1.0) / (algorithm.MaxIterations - 1));
}

/// <summary>What one iteration of <see cref="MixedStableMatching"/> left behind.</summary>
/// <param name="Iteration">k, from 1.</param>
/// <param name="Temperature">τ.</param>
/// <param name="Move">The largest change of a share.</param>
/// <param name="State">Shares after the step; loads and latencies before it. Read only.</param>
/// <param name="ShadowPrices">ω after the step.</param>
internal readonly record struct MixedStep(int Iteration, double Temperature, double Move, MarketState State, double[] ShadowPrices);

/// <summary>Users' damped logit response to utilities, and the shadow prices of capacity (Eqs. 32, 33, 35, 36).</summary>
/// <remarks>Holds scratch space; advancing allocates nothing.</remarks>
internal sealed class MixedResponse(MarketArrays market)
{
    private readonly double[] best = new double[market.Types];
    private readonly double[] sum = new double[market.Types];

    /// <summary>ω_m, USD per unit of relative load.</summary>
    internal double[] ShadowPrices { get; } = new double[market.Operators];

    /// <summary>z ← (1−ϑ) z + ϑ softmax((u − ω|I|δ/λ̄)/τ), the outside option included; then ω. Overwrites the utilities.</summary>
    /// <returns>The largest change of a share; NaN when arithmetic failed.</returns>
    internal double Advance(MarketState state, double temperature)
    {
        var types = market.Types;
        var damping = market.Algorithm.Damping;
        best.AsSpan().Fill(market.Outside);
        for (var m = 0; m < market.Operators; m++)
        {
            Charge(state.Utilities.AsSpan(m * types, types), ShadowPrices[m] / market.Capacity[m]);
        }

        Exponentials(best, market.Outside, temperature, sum);
        for (var m = 0; m < market.Operators; m++)
        {
            Exponentials(state.Utilities.AsSpan(m * types, types), temperature);
        }

        for (var n = 0; n < types; n++)
        {
            sum[n] = damping / sum[n];
        }

        var largest = 0.0;
        for (var m = 0; m < market.Operators; m++)
        {
            var load = Move(state.Shares.AsSpan(m * types, types), state.Utilities.AsSpan(m * types, types), 1 - damping, ref largest);
            var capacity = market.Capacity[m];
            ShadowPrices[m] = Math.Max(0, ShadowPrices[m] + (market.Algorithm.ShadowPriceStep * (load - capacity) / capacity));
        }

        return largest;
    }

    private void Charge(Span<double> utilities, double price)
    {
        for (var n = 0; n < utilities.Length; n++)
        {
            var utility = utilities[n] - (price * market.Demand[n]);
            utilities[n] = utility;
            best[n] = Math.Max(best[n], utility);
        }
    }

    private static void Exponentials(double[] best, double outside, double temperature, double[] sum)
    {
        for (var n = 0; n < sum.Length; n++)
        {
            sum[n] = Math.Exp((outside - best[n]) / temperature);
        }
    }

    private void Exponentials(Span<double> utilities, double temperature)
    {
        ref var value = ref MemoryMarshal.GetReference(utilities);
        ref var top = ref MemoryMarshal.GetArrayDataReference(best);
        ref var total = ref MemoryMarshal.GetArrayDataReference(sum);
        var n = 0;
        for (; n + 8 <= utilities.Length; n += 8)
        {
            var e = Vector512.Exp((Vector512.LoadUnsafe(ref value, (nuint)n) - Vector512.LoadUnsafe(ref top, (nuint)n)) / Vector512.Create(temperature));
            e.StoreUnsafe(ref value, (nuint)n);
            (Vector512.LoadUnsafe(ref total, (nuint)n) + e).StoreUnsafe(ref total, (nuint)n);
        }

        for (; n < utilities.Length; n++)
        {
            utilities[n] = Math.Exp((utilities[n] - best[n]) / temperature);
            sum[n] += utilities[n];
        }
    }

    private double Move(Span<double> shares, ReadOnlySpan<double> weights, double keep, ref double largest)
    {
        var load = 0.0;
        for (var n = 0; n < shares.Length; n++)
        {
            var next = (keep * shares[n]) + (sum[n] * weights[n]);
            var move = Math.Abs(next - shares[n]);
            largest = move <= largest ? largest : move;
            shares[n] = next;
            load += market.Demand[n] * next;
        }

        return load;
    }
}
