using System.Collections.Immutable;
using Menuet.Documents;
using Menuet.Mechanisms.LatencyContract;
using Menuet.Mechanisms.QualityContract;

namespace Menuet.Mechanisms.TwoStageContract;

/// <summary>What solvers decide.</summary>
/// <param name="Quality">Stage 1.</param>
/// <param name="Latency">Stage 2 of every quality type, in the market's order; null for a type that stage 1 leaves out.</param>
public sealed record TwoStageOutcome(Solution<QualityOutcome> Quality, ImmutableArray<Solution<LatencyOutcome>?> Latency);

/// <summary>The public answer.</summary>
public sealed record TwoStageAnswer : IAnswer
{
    /// <summary><c>optimal</c>, <c>feasible</c>, <c>infeasible</c> or <c>numericalTrouble</c>.</summary>
    public string Status { get; init; } = "";

    /// <summary>The provider's expected profit from both stages, money; null when there is no outcome.</summary>
    public double? Objective { get; init; }

    /// <summary>Stage 1; null when there is no outcome.</summary>
    public QualityAnswer? Quality { get; init; }

    /// <summary>Stage 2 of every quality type, in the market's order; null for a type that stage 1 leaves out; <c>default</c> when there is no outcome.</summary>
    public ImmutableArray<LatencyAnswer?> Latency { get; init; }

    /// <summary>What every pair of a quality type and a latency type ends up with; <c>default</c> when unknown.</summary>
    public ImmutableArray<TwoStagePair> Pairs { get; init; }

    /// <summary>Why there is no outcome; null otherwise.</summary>
    public string? Reason { get; init; }

    internal static Shape<TwoStageAnswer> Shape { get; } = new Shape<TwoStageAnswer>("A menu of qualities, and for the buyers of each item a menu of speeds.")
        .Text("status", "optimal, feasible, infeasible or numericalTrouble", a => a.Status, (ref a, v) => a = a with { Status = v ?? "" })
        .OptionalNumber("objective", "the provider's expected profit from both stages", a => a.Objective, (ref a, v) => a = a with { Objective = v }, LatencyItem.Finite, "money", Absent.Omitted)
        .Nested("quality", "stage 1: a quality-contract answer", a => a.Quality, (ref a, v) => a = a with { Quality = v }, QualityAnswer.Shape)
        .ListOfOptional("latency", "stage 2: a latency-contract answer per quality type, null for a type that stage 1 leaves out", a => a.Latency, (ref a, v) => a = a with { Latency = v }, LatencyAnswer.Shape)
        .List("pairs", "what every pair of types ends up with", a => a.Pairs, (ref a, v) => a = a with { Pairs = v }, TwoStagePair.Shape)
        .Text("reason", "why there is no outcome", a => a.Reason, (ref a, v) => a = a with { Reason = v });
}

/// <summary>What users of one quality type and one latency type end up with.</summary>
public readonly record struct TwoStagePair
{
    /// <summary>The quality type, 1-based.</summary>
    public int QualityType { get; init; }

    /// <summary>The latency type, 1-based.</summary>
    public int LatencyType { get; init; }

    /// <summary>q_i q_{i,j}.</summary>
    public double Probability { get; init; }

    /// <summary>l.</summary>
    public int Level { get; init; }

    /// <summary>s.</summary>
    public int Steps { get; init; }

    /// <summary>True when the pair gets no latency contract.</summary>
    public bool LatencyExcluded { get; init; }

    /// <summary>x, Hz.</summary>
    public double CpuPromptHz { get; init; }

    /// <summary>y, Hz.</summary>
    public double CpuDenoiseHz { get; init; }

    /// <summary>r, bit/s.</summary>
    public double RateBitPerSecond { get; init; }

    /// <summary>E, seconds.</summary>
    public double ExpectedLatencyReductionSeconds { get; init; }

    /// <summary>p of stage 1, money.</summary>
    public double QualityPayment { get; init; }

    /// <summary>p of stage 2, money.</summary>
    public double LatencyPayment { get; init; }

    /// <summary>The user's utility from both stages, money.</summary>
    public double TotalUtility { get; init; }

    internal static Shape<TwoStagePair> Shape { get; } = new Shape<TwoStagePair>("What users of one quality type and one latency type end up with.")
        .Whole("qualityType", "the quality type, counted from 1", p => p.QualityType, (ref p, v) => p = p with { QualityType = v }, 1, int.MaxValue, required: true)
        .Whole("latencyType", "the latency type, counted from 1", p => p.LatencyType, (ref p, v) => p = p with { LatencyType = v }, 1, int.MaxValue, required: true)
        .Number("probability", "probability of the pair", p => p.Probability, (ref p, v) => p = p with { Probability = v }, LatencyItem.Finite, required: true)
        .Whole("level", "l, prompt level", p => p.Level, (ref p, v) => p = p with { Level = v }, int.MinValue, int.MaxValue, required: true)
        .Whole("steps", "s, denoising steps", p => p.Steps, (ref p, v) => p = p with { Steps = v }, int.MinValue, int.MaxValue, required: true)
        .Flag("latencyExcluded", "true when the pair gets no latency contract", p => p.LatencyExcluded, (ref p, v) => p = p with { LatencyExcluded = v })
        .Number("cpuPromptHz", "x, CPU frequency for prompt optimisation", p => p.CpuPromptHz, (ref p, v) => p = p with { CpuPromptHz = v }, LatencyItem.Finite, "Hz", required: true)
        .Number("cpuDenoiseHz", "y, CPU frequency for denoising", p => p.CpuDenoiseHz, (ref p, v) => p = p with { CpuDenoiseHz = v }, LatencyItem.Finite, "Hz", required: true)
        .Number("rateBitPerSecond", "r, transmission rate", p => p.RateBitPerSecond, (ref p, v) => p = p with { RateBitPerSecond = v }, LatencyItem.Finite, "bit/s", required: true)
        .Number("expectedLatencyReductionSeconds", "E, expected latency reduction", p => p.ExpectedLatencyReductionSeconds, (ref p, v) => p = p with { ExpectedLatencyReductionSeconds = v }, LatencyItem.Finite, "s", required: true)
        .Number("qualityPayment", "payment in stage 1", p => p.QualityPayment, (ref p, v) => p = p with { QualityPayment = v }, LatencyItem.Finite, "money", required: true)
        .Number("latencyPayment", "payment in stage 2", p => p.LatencyPayment, (ref p, v) => p = p with { LatencyPayment = v }, LatencyItem.Finite, "money", required: true)
        .Number("totalUtility", "the user's utility from both stages", p => p.TotalUtility, (ref p, v) => p = p with { TotalUtility = v }, LatencyItem.Finite, "money", required: true);
}
