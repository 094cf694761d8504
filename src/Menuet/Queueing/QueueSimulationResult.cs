using System.Collections.Immutable;

namespace Menuet.Queueing;

/// <summary>A quantity estimated by simulation.</summary>
/// <param name="Value">The estimate; NaN where no task of the class was seen.</param>
/// <param name="HalfWidth">Half of the 95 % confidence interval around it.</param>
public readonly record struct SimulatedEstimate(double Value, double HalfWidth);

/// <summary>What a simulation of a priority network saw. Estimates with intervals, never exact values.</summary>
public sealed record QueueSimulationResult
{
    /// <summary>Finished tasks counted.</summary>
    public required long SimulatedTasks { get; init; }

    /// <summary>Arrivals and completions of service, of all stages, in the time counted.</summary>
    public required long SimulatedEvents { get; init; }

    /// <summary>The network's time counted, seconds.</summary>
    public required double SimulatedSeconds { get; init; }

    /// <summary>The t of the tails, seconds.</summary>
    public required ImmutableArray<double> Times { get; init; }

    /// <summary>[class]: E[T], seconds.</summary>
    public required ImmutableArray<SimulatedEstimate> ClassMeans { get; init; }

    /// <summary>[class][time]: P(T &gt; t).</summary>
    public required ImmutableArray<ImmutableArray<SimulatedEstimate>> ClassTails { get; init; }

    /// <summary>[class]: E[T] over the tasks of this class and all higher ones.</summary>
    public required ImmutableArray<SimulatedEstimate> AggregateMeans { get; init; }

    /// <summary>[class][time]: P(T &gt; t) over the tasks of this class and all higher ones.</summary>
    public required ImmutableArray<ImmutableArray<SimulatedEstimate>> AggregateTails { get; init; }
}
