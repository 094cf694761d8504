using System.Collections.Immutable;
using Menuet.Documents;
using Menuet.Queueing;

namespace Menuet.Mechanisms.QueueTail;

/// <summary>A tandem of M/M/c stages whose latency law is asked for at some times.</summary>
/// <remarks>Source: Zhan et al., Sec. III-B.</remarks>
public sealed record QueueTailMarket : IMarket
{
    /// <summary>One to three stages, in the order of travel.</summary>
    public ImmutableArray<TandemStage> Stages { get; init; } = [];

    /// <summary>λ, tasks per second of the one stream; null where classes are given.</summary>
    public double? ArrivalRate { get; init; }

    /// <summary>Streams under pre-emptive priority, highest first; <c>default</c> where there is one stream.</summary>
    public ImmutableArray<PriorityClass> Classes { get; init; }

    /// <summary>ζ of the printed exponent, in (0, 1).</summary>
    public double Zeta { get; init; } = 0.9;

    /// <summary>t, seconds; at least one, ascending.</summary>
    public ImmutableArray<double> Times { get; init; } = [];

    /// <summary>Tasks to simulate where there are classes; 0: none.</summary>
    public int SimulatedTasks { get; init; } = 200_000;

    internal static Shape<QueueTailMarket> Shape { get; } = new Shape<QueueTailMarket>("The law of latency of a tandem of M/M/c stages, by every formula side by side (Zhan et al.).")
        .List("stages", "one to three stages in the order of travel", m => m.Stages, (ref m, v) => m = m with { Stages = v }, TandemStage.Shape, required: true, minCount: 1)
        .OptionalNumber("arrivalRatePerSecond", "λ of one stream, first come, first served", m => m.ArrivalRate, (ref m, v) => m = m with { ArrivalRate = v }, Interval.NonNegative, "1/s")
        .List("classes", "streams under pre-emptive priority, highest first, instead of arrivalRatePerSecond", m => m.Classes, (ref m, v) => m = m with { Classes = v }, PriorityClass.Shape)
        .Number("zeta", "ζ, the printed exponent's share of its limit", m => m.Zeta, (ref m, v) => m = m with { Zeta = v }, new(0, Math.BitDecrement(1), ExcludesMin: true))
        .Numbers("timesSeconds", "t of P(T > t), ascending", m => m.Times, (ref m, v) => m = m with { Times = v }, Interval.NonNegative, "s", required: true, minCount: 1)
        .Whole("simulatedTasks", "with classes: tasks to simulate beside the formulas; 0: none", m => m.SimulatedTasks, (ref m, v) => m = m with { SimulatedTasks = v }, 0, 1_000_000_000);

    /// <inheritdoc/>
    public IEnumerable<Problem> Problems()
    {
        if (Stages.Length > SojournLaw.MaxStages)
        {
            yield return new("$.stages", FormattableString.Invariant($"must have 1 to {SojournLaw.MaxStages} entries, has {Stages.Length}"), "[…]");
        }

        if (Classes.IsDefault == ArrivalRate is null)
        {
            yield return new("$.arrivalRatePerSecond", "give either arrivalRatePerSecond or classes, not both and not neither");
        }
        else if (!Classes.IsDefault && Classes.IsEmpty)
        {
            yield return new("$.classes", "must have at least one class", "[]");
        }

        if (SimulatedTasks is > 0 and < QueueSimulation.Batches)
        {
            yield return Problem.With("$.simulatedTasks", SimulatedTasks, FormattableString.Invariant($"must be 0 or at least {QueueSimulation.Batches}"));
        }

        for (var i = 1; i < Times.Length; i++)
        {
            if (!(Times[i] > Times[i - 1]))
            {
                yield return Problem.With($"$.timesSeconds[{i}]", Times[i], $"must be above the one before it, {DocumentText.Number(Times[i - 1])}");
            }
        }
    }

    /// <summary>λ of everybody.</summary>
    internal double TotalRate => ArrivalRate ?? Classes.Sum(one => one.ArrivalRate);

    internal ServiceStage[] ServiceStages() => [.. Stages.Select(stage => new ServiceStage(stage.Servers, stage.ServiceRate))];

    internal StageLaw[] Laws(double rate) => [.. Stages.Select(stage => new StageLaw(new(stage.Servers, stage.ServiceRate), rate))];
}

/// <summary>One stage.</summary>
public readonly record struct TandemStage
{
    /// <summary>c, servers; 1 to 100,000.</summary>
    public int Servers { get; init; }

    /// <summary>μ, tasks per second of one server; &gt; 0.</summary>
    public double ServiceRate { get; init; }

    internal static Shape<TandemStage> Shape { get; } = new Shape<TandemStage>("One stage.")
        .Whole("servers", "c, servers", s => s.Servers, (ref s, v) => s = s with { Servers = v }, 1, 100_000, required: true)
        .Number("serviceRatePerSecond", "μ of one server", s => s.ServiceRate, (ref s, v) => s = s with { ServiceRate = v }, Interval.Positive, "1/s", required: true);
}

/// <summary>One stream.</summary>
public readonly record struct PriorityClass
{
    /// <summary>λ, tasks per second; ≥ 0.</summary>
    public double ArrivalRate { get; init; }

    internal static Shape<PriorityClass> Shape { get; } = new Shape<PriorityClass>("One stream.")
        .Number("arrivalRatePerSecond", "λ of the class", s => s.ArrivalRate, (ref s, v) => s = s with { ArrivalRate = v }, Interval.NonNegative, "1/s", required: true);
}
