using System.Collections.Immutable;

namespace Menuet.Mechanisms.ContractMarket;

/// <summary>What the methods decide, [m × N + n] each.</summary>
public sealed record MarketOutcome
{
    /// <summary>The method's name.</summary>
    public required string Method { get; init; }

    /// <summary>z, the share of type n with operator m.</summary>
    public required ImmutableArray<double> Shares { get; init; }

    /// <summary>L, seconds.</summary>
    public required ImmutableArray<double> Latencies { get; init; }

    /// <summary>R, USD per task.</summary>
    public required ImmutableArray<double> Prices { get; init; }

    /// <summary>λ the menus were designed for, tasks per second; <c>default</c> where these are the loads that the shares make.</summary>
    public ImmutableArray<double> DesignLoads { get; init; }

    /// <summary>The operator of every type, 0-based, −1: none; <c>default</c> where types are divided.</summary>
    public ImmutableArray<int> Assignment { get; init; }

    /// <summary>Per operator: the most that another menu was found to gain, USD per second; <c>default</c> where the method looked for none.</summary>
    public ImmutableArray<double> DeviationGains { get; init; }

    /// <summary>The method's own count.</summary>
    public required int Iterations { get; init; }

    /// <summary>Whether its stopping rule was met.</summary>
    public required bool Converged { get; init; }

    /// <summary>The outcome in a state whose prices are posted, or why there is none.</summary>
    internal static Solution<MarketOutcome> From(
        MarketState state, string method, Termination termination, int iterations, double[]? designLoads = null, int[]? assignment = null)
    {
        if (!Finite(state.Shares) || !Finite(state.Latencies) || !Finite(state.Prices) || !Finite(state.Loads))
        {
            return new(Termination.NumericalTrouble, null, Iterations: iterations, Note: "the numbers of this market overflow", Reason: "overflow");
        }

        var outcome = new MarketOutcome
        {
            Method = method,
            Shares = [.. state.Shares],
            Latencies = [.. state.Latencies],
            Prices = [.. state.Prices],
            DesignLoads = designLoads is null ? default : [.. designLoads],
            Assignment = assignment is null ? default : [.. assignment],
            Iterations = iterations,
            Converged = termination is Termination.Converged or Termination.Optimal,
        };
        return new(termination, outcome, WelfareBound.Of(state.Market), iterations);
    }

    private static bool Finite(double[] values)
    {
        foreach (var value in values)
        {
            if (!double.IsFinite(value))
            {
                return false;
            }
        }

        return true;
    }
}
