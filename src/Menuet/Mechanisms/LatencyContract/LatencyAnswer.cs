using System.Collections.Immutable;
using Menuet.Documents;

namespace Menuet.Mechanisms.LatencyContract;

/// <summary>What solvers decide for every type, in the market's order; all zeros for a type left without a contract.</summary>
/// <param name="CpuPromptHz">x, cycles per second.</param>
/// <param name="CpuDenoiseHz">y, cycles per second.</param>
/// <param name="RateBitPerSecond">r, bit per second.</param>
/// <param name="Payments">p, money.</param>
/// <param name="Excluded">True for a type without a contract.</param>
public sealed record LatencyOutcome(
    ImmutableArray<double> CpuPromptHz, ImmutableArray<double> CpuDenoiseHz, ImmutableArray<double> RateBitPerSecond,
    ImmutableArray<double> Payments, ImmutableArray<bool> Excluded);

/// <summary>The public answer.</summary>
public sealed record LatencyAnswer : IAnswer
{
    /// <summary><c>optimal</c>, <c>feasible</c>, <c>infeasible</c> or <c>numericalTrouble</c>.</summary>
    public string Status { get; init; } = "";

    /// <summary>The provider's expected profit from the whole group, money; null when there is no outcome.</summary>
    public double? Objective { get; init; }

    /// <summary>A proven bound above the objective where the answer is only <c>feasible</c>; null otherwise.</summary>
    public double? ObjectiveUpperBound { get; init; }

    /// <summary>The objective per user, money; null when unknown.</summary>
    public double? PrincipalUtilityPerUser { get; init; }

    /// <summary>One item per type, in the market's order; <c>default</c> when there is no outcome.</summary>
    public ImmutableArray<LatencyItem> Menu { get; init; }

    /// <summary>The smallest participation slack over all types, money; null when unknown.</summary>
    public double? IrSlackMin { get; init; }

    /// <summary>The smallest truth-telling slack over all ordered pairs, money; 0 when there is one type; null when unknown.</summary>
    public double? IcSlackMin { get; init; }

    /// <summary>Why there is no outcome; null otherwise.</summary>
    public string? Reason { get; init; }

    internal static Shape<LatencyAnswer> Shape { get; } = new Shape<LatencyAnswer>("Latency reductions for sale.")
        .Text("status", "optimal, feasible, infeasible or numericalTrouble", a => a.Status, (ref a, v) => a = a with { Status = v ?? "" })
        .OptionalNumber("objective", "the provider's expected profit from the whole group", a => a.Objective, (ref a, v) => a = a with { Objective = v }, LatencyItem.Finite, "money", Absent.Omitted)
        .OptionalNumber("objectiveUpperBound", "a proven bound above the objective", a => a.ObjectiveUpperBound, (ref a, v) => a = a with { ObjectiveUpperBound = v }, LatencyItem.Finite, "money", Absent.Omitted)
        .OptionalNumber("principalUtilityPerUser", "the objective per user", a => a.PrincipalUtilityPerUser, (ref a, v) => a = a with { PrincipalUtilityPerUser = v }, LatencyItem.Finite, "money", Absent.Omitted)
        .List("menu", "one item per type, in the market's order", a => a.Menu, (ref a, v) => a = a with { Menu = v }, LatencyItem.Shape)
        .OptionalNumber("irSlackMin", "the smallest participation slack", a => a.IrSlackMin, (ref a, v) => a = a with { IrSlackMin = v }, LatencyItem.Finite, "money", Absent.Omitted)
        .OptionalNumber("icSlackMin", "the smallest truth-telling slack over all ordered pairs", a => a.IcSlackMin, (ref a, v) => a = a with { IcSlackMin = v }, LatencyItem.Finite, "money", Absent.Omitted)
        .Text("reason", "why there is no outcome", a => a.Reason, (ref a, v) => a = a with { Reason = v });
}

/// <summary>What one type buys, and what follows from it.</summary>
public readonly record struct LatencyItem
{
    /// <summary>The type, 1-based, in the market's order; 0 when the answer does not say.</summary>
    public int Type { get; init; }

    /// <summary>θ; null when the answer does not say.</summary>
    public double? Gain { get; init; }

    /// <summary>q; null when the answer does not say.</summary>
    public double? Probability { get; init; }

    /// <summary>True when the type gets no contract; everything else is 0 then.</summary>
    public bool Excluded { get; init; }

    /// <summary>x, cycles per second; 0 where there is no prompt to optimise.</summary>
    public double CpuPromptHz { get; init; }

    /// <summary>y, cycles per second; 0 where there is nothing to denoise.</summary>
    public double CpuDenoiseHz { get; init; }

    /// <summary>r, bit per second.</summary>
    public double RateBitPerSecond { get; init; }

    /// <summary>τ, latency of one attempt, seconds; null when unknown.</summary>
    public double? LatencySeconds { get; init; }

    /// <summary>E, seconds; null when unknown.</summary>
    public double? ExpectedLatencyReductionSeconds { get; init; }

    /// <summary>p, money.</summary>
    public double Payment { get; init; }

    /// <summary>C, money; null when unknown.</summary>
    public double? ProviderCost { get; init; }

    /// <summary>θ E − p, money; null when unknown.</summary>
    public double? UserUtility { get; init; }

    /// <summary>Answers may hold any finite number: products of a document's numbers leave its range.</summary>
    internal static Interval Finite { get; } = new(-double.MaxValue, double.MaxValue);

    internal static Shape<LatencyItem> Shape { get; } = new Shape<LatencyItem>("What one type buys.")
        .Whole("type", "the type, counted from 1 in the market's order", t => t.Type, (ref t, v) => t = t with { Type = v }, 0, int.MaxValue)
        .OptionalNumber("gain", "θ, gain from latency reduction", t => t.Gain, (ref t, v) => t = t with { Gain = v }, Finite, "money/s")
        .OptionalNumber("probability", "q, probability of the type", t => t.Probability, (ref t, v) => t = t with { Probability = v }, Finite)
        .Flag("excluded", "true when the type gets no contract", t => t.Excluded, (ref t, v) => t = t with { Excluded = v })
        .Number("cpuPromptHz", "x, CPU frequency for prompt optimisation", t => t.CpuPromptHz, (ref t, v) => t = t with { CpuPromptHz = v }, Finite, "Hz", required: true)
        .Number("cpuDenoiseHz", "y, CPU frequency for denoising", t => t.CpuDenoiseHz, (ref t, v) => t = t with { CpuDenoiseHz = v }, Finite, "Hz", required: true)
        .Number("rateBitPerSecond", "r, transmission rate", t => t.RateBitPerSecond, (ref t, v) => t = t with { RateBitPerSecond = v }, Finite, "bit/s", required: true)
        .OptionalNumber("latencySeconds", "τ, latency of one attempt", t => t.LatencySeconds, (ref t, v) => t = t with { LatencySeconds = v }, Finite, "s")
        .OptionalNumber("expectedLatencyReductionSeconds", "E, expected latency reduction", t => t.ExpectedLatencyReductionSeconds, (ref t, v) => t = t with { ExpectedLatencyReductionSeconds = v }, Finite, "s")
        .Number("payment", "p, payment", t => t.Payment, (ref t, v) => t = t with { Payment = v }, Finite, "money", required: true)
        .OptionalNumber("providerCost", "C, the provider's cost", t => t.ProviderCost, (ref t, v) => t = t with { ProviderCost = v }, Finite, "money")
        .OptionalNumber("userUtility", "θ E − p", t => t.UserUtility, (ref t, v) => t = t with { UserUtility = v }, Finite, "money");
}
