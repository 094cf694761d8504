using System.Collections.Immutable;
using Menuet.Documents;

namespace Menuet.Mechanisms.QueueTail;

/// <summary>The public answer, which is also what solvers return: there is nothing to decide, only to compute.</summary>
public sealed record QueueTailAnswer : IAnswer
{
    /// <summary><c>computed</c>, or <c>numericalTrouble</c>.</summary>
    public string Status { get; init; } = "";

    /// <summary>The exact probability at the first time: a number to follow in sweeps; nobody maximises it.</summary>
    public double? Objective { get; init; }

    /// <summary>Whether every stage has spare rate under all streams.</summary>
    public bool Stable { get; init; }

    /// <summary>C of every stage under all streams; 1 where unstable.</summary>
    public ImmutableArray<double> ErlangC { get; init; }

    /// <summary>E[T], seconds; null when unstable.</summary>
    public double? Mean { get; init; }

    /// <summary>With classes: <c>exact</c> for one stage, <c>approximation</c> for a tandem (independent sojourns); null otherwise.</summary>
    public string? PriorityLaw { get; init; }

    /// <summary>Finished tasks counted in the simulation; null when there was none.</summary>
    public double? SimulatedTasks { get; init; }

    /// <summary>One per time.</summary>
    public ImmutableArray<QueueTailRow> Rows { get; init; }

    internal static Shape<QueueTailAnswer> Shape { get; } = new Shape<QueueTailAnswer>("The law of latency, by every formula side by side.")
        .Text("status", "computed or numericalTrouble", a => a.Status, (ref a, v) => a = a with { Status = v ?? "" })
        .OptionalNumber("objective", "the exact probability at the first time; nobody maximises it", a => a.Objective, (ref a, v) => a = a with { Objective = v }, absent: Absent.Omitted)
        .Flag("stable", "whether every stage has spare rate", a => a.Stable, (ref a, v) => a = a with { Stable = v }, required: true)
        .Numbers("erlangC", "the probability that a task waits, per stage", a => a.ErlangC, (ref a, v) => a = a with { ErlangC = v })
        .OptionalNumber("meanSeconds", "E[T]", a => a.Mean, (ref a, v) => a = a with { Mean = v }, unit: "s", absent: Absent.Omitted)
        .Text("priorityLaw", "with classes: exact for one stage, approximation for a tandem", a => a.PriorityLaw, (ref a, v) => a = a with { PriorityLaw = v })
        .OptionalNumber("simulatedTasks", "finished tasks that the simulation counted", a => a.SimulatedTasks, (ref a, v) => a = a with { SimulatedTasks = v }, absent: Absent.Omitted)
        .List("rows", "one per time", a => a.Rows, (ref a, v) => a = a with { Rows = v }, QueueTailRow.Shape, required: true);
}

/// <summary>P(T &gt; t) at one time.</summary>
public readonly record struct QueueTailRow
{
    /// <summary>t, seconds.</summary>
    public double Time { get; init; }

    /// <summary>P(T &gt; t), first come, first served over all streams.</summary>
    public double? Exact { get; init; }

    /// <summary>Chernoff's bound with the paper's exponent.</summary>
    public double? ChernoffPrinted { get; init; }

    /// <summary>Its logarithm before it is cut at 0.</summary>
    public double? LogChernoffPrinted { get; init; }

    /// <summary>The paper's exponent, per second; 0 when unstable.</summary>
    public double? EtaPrinted { get; init; }

    /// <summary>Chernoff's bound with the best exponent.</summary>
    public double? ChernoffOptimal { get; init; }

    /// <summary>The best exponent at this time, per second; 0 where the bound is 1.</summary>
    public double? EtaOptimal { get; init; }

    /// <summary>Per class: its own law under pre-emptive resume priority.</summary>
    public ImmutableArray<double> Priority { get; init; }

    /// <summary>Per class: the law of this and all higher classes together when served first come, first served, which the paper uses for the class; under priorities only its mean is that of their tasks.</summary>
    public ImmutableArray<double> Aggregate { get; init; }

    /// <summary>Per class: the simulated share of its tasks that were later.</summary>
    public ImmutableArray<double> Simulated { get; init; }

    /// <summary>Per class: half of the simulation's 95 % interval.</summary>
    public ImmutableArray<double> SimulatedHalfWidth { get; init; }

    internal static Shape<QueueTailRow> Shape { get; } = new Shape<QueueTailRow>("P(T > t) at one time.")
        .Number("timeSeconds", "t", r => r.Time, (ref r, v) => r = r with { Time = v }, unit: "s", required: true)
        .OptionalNumber("exact", "P(T > t), first come, first served over all streams", r => r.Exact, (ref r, v) => r = r with { Exact = v }, absent: Absent.Omitted)
        .OptionalNumber("chernoffPrinted", "the bound with the paper's exponent", r => r.ChernoffPrinted, (ref r, v) => r = r with { ChernoffPrinted = v }, absent: Absent.Omitted)
        .OptionalNumber("lnChernoffPrintedUnclamped", "its logarithm before it is cut at 0", r => r.LogChernoffPrinted, (ref r, v) => r = r with { LogChernoffPrinted = v }, absent: Absent.Omitted)
        .OptionalNumber("etaPrinted", "the paper's exponent", r => r.EtaPrinted, (ref r, v) => r = r with { EtaPrinted = v }, unit: "1/s", absent: Absent.Omitted)
        .OptionalNumber("chernoffOptimal", "the bound with the best exponent", r => r.ChernoffOptimal, (ref r, v) => r = r with { ChernoffOptimal = v }, absent: Absent.Omitted)
        .OptionalNumber("etaOptimal", "the best exponent at this time", r => r.EtaOptimal, (ref r, v) => r = r with { EtaOptimal = v }, unit: "1/s", absent: Absent.Omitted)
        .Numbers("priorityClass", "per class: its own law under pre-emptive resume priority", r => r.Priority, (ref r, v) => r = r with { Priority = v })
        .Numbers("aggregate", "per class: the law of this and all higher classes together when served first come, first served, which the paper uses for the class", r => r.Aggregate, (ref r, v) => r = r with { Aggregate = v })
        .Numbers("simulated", "per class: share of simulated tasks that were later", r => r.Simulated, (ref r, v) => r = r with { Simulated = v })
        .Numbers("simulatedHalfWidth", "per class: half of the simulation's 95 % interval", r => r.SimulatedHalfWidth, (ref r, v) => r = r with { SimulatedHalfWidth = v });
}
