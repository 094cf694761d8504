using System.Collections.Immutable;
using Menuet.Documents;

namespace Menuet.Mechanisms.QualityContract;

/// <summary>What solvers decide: an item for every type, in the market's order.</summary>
/// <param name="Levels">l, prompt level; 0 for excluded types.</param>
/// <param name="Steps">s, denoising steps; 0 for excluded types.</param>
/// <param name="Payments">p, money; 0 for excluded types.</param>
/// <param name="Excluded">True for types that are not served.</param>
public sealed record QualityOutcome(
    ImmutableArray<int> Levels, ImmutableArray<int> Steps, ImmutableArray<double> Payments, ImmutableArray<bool> Excluded);

/// <summary>The public answer.</summary>
public sealed record QualityAnswer : IAnswer
{
    /// <summary><c>optimal</c>, <c>feasible</c>, <c>infeasible</c>, <c>candidate</c> or <c>numericalTrouble</c>.</summary>
    public string Status { get; init; } = "";

    /// <summary>The provider's expected utility over all users, money; null when there is no outcome.</summary>
    public double? Objective { get; init; }

    /// <summary>Proven upper bound on the objective, money; only with status <c>feasible</c>.</summary>
    public double? ObjectiveUpperBound { get; init; }

    /// <summary>The objective over the number of users, money; null when unknown.</summary>
    public double? PrincipalUtilityPerUser { get; init; }

    /// <summary>One item per type, in the market's order; <c>default</c> when there is no outcome.</summary>
    public ImmutableArray<QualityItem> Menu { get; init; }

    /// <summary>The smallest participation slack over all types, money; null when unknown.</summary>
    public double? IrSlackMin { get; init; }

    /// <summary>The smallest truth-telling slack over all ordered pairs, money; 0 when there is one type; null when unknown.</summary>
    public double? IcSlackMin { get; init; }

    /// <summary>Why there is no outcome; null otherwise.</summary>
    public string? Reason { get; init; }

    internal static Shape<QualityAnswer> Shape { get; } = new Shape<QualityAnswer>("A menu of prompt levels, denoising steps and payments.")
        .Text("status", "optimal, feasible, infeasible, candidate or numericalTrouble", a => a.Status, (ref a, v) => a = a with { Status = v ?? "" })
        .OptionalNumber("objective", "the provider's expected utility over all users", a => a.Objective, (ref a, v) => a = a with { Objective = v }, unit: "money", absent: Absent.Omitted)
        .OptionalNumber("objectiveUpperBound", "proven bound, when the menu is not proven optimal", a => a.ObjectiveUpperBound, (ref a, v) => a = a with { ObjectiveUpperBound = v }, unit: "money", absent: Absent.Omitted)
        .OptionalNumber("principalUtilityPerUser", "the objective per user", a => a.PrincipalUtilityPerUser, (ref a, v) => a = a with { PrincipalUtilityPerUser = v }, unit: "money", absent: Absent.Omitted)
        .List("menu", "one item per type, in the market's order", a => a.Menu, (ref a, v) => a = a with { Menu = v }, QualityItem.Shape)
        .OptionalNumber("irSlackMin", "the smallest participation slack", a => a.IrSlackMin, (ref a, v) => a = a with { IrSlackMin = v }, unit: "money", absent: Absent.Omitted)
        .OptionalNumber("icSlackMin", "the smallest truth-telling slack over all ordered pairs", a => a.IcSlackMin, (ref a, v) => a = a with { IcSlackMin = v }, unit: "money", absent: Absent.Omitted)
        .Text("reason", "why there is no outcome", a => a.Reason, (ref a, v) => a = a with { Reason = v });
}

/// <summary>What one type gets and pays.</summary>
public readonly record struct QualityItem
{
    /// <summary>The type, 1-based, in the market's order; 0 when the answer does not say.</summary>
    public int Type { get; init; }

    /// <summary>θ, money per quality point; null when the answer does not say.</summary>
    public double? Gain { get; init; }

    /// <summary>q; null when the answer does not say.</summary>
    public double? Probability { get; init; }

    /// <summary>True when the type is not served.</summary>
    public bool Excluded { get; init; }

    /// <summary>l, prompt level.</summary>
    public int Level { get; init; }

    /// <summary>s, denoising steps.</summary>
    public int Steps { get; init; }

    /// <summary>A(l, s), quality points; null when unknown.</summary>
    public double? Quality { get; init; }

    /// <summary>p, money.</summary>
    public double Payment { get; init; }

    /// <summary>σ_1 l + σ_2 s, money; null when unknown.</summary>
    public double? ProviderCost { get; init; }

    /// <summary>θ A − p, money; null when unknown.</summary>
    public double? UserUtility { get; init; }

    internal static Shape<QualityItem> Shape { get; } = new Shape<QualityItem>("What one type gets and pays.")
        .Whole("type", "the type, counted from 1 in the market's order", t => t.Type, (ref t, v) => t = t with { Type = v }, 0, int.MaxValue)
        .OptionalNumber("gain", "θ, gain per quality point", t => t.Gain, (ref t, v) => t = t with { Gain = v }, unit: "money/point")
        .OptionalNumber("probability", "q, probability of the type", t => t.Probability, (ref t, v) => t = t with { Probability = v })
        .Flag("excluded", "true when the type is not served", t => t.Excluded, (ref t, v) => t = t with { Excluded = v })
        .Whole("level", "l, prompt level", t => t.Level, (ref t, v) => t = t with { Level = v }, int.MinValue, int.MaxValue, required: true)
        .Whole("steps", "s, denoising steps", t => t.Steps, (ref t, v) => t = t with { Steps = v }, int.MinValue, int.MaxValue, required: true)
        .OptionalNumber("quality", "A(l, s)", t => t.Quality, (ref t, v) => t = t with { Quality = v }, unit: "points")
        .Number("payment", "p, payment", t => t.Payment, (ref t, v) => t = t with { Payment = v }, unit: "money", required: true)
        .OptionalNumber("providerCost", "σ_1 l + σ_2 s", t => t.ProviderCost, (ref t, v) => t = t with { ProviderCost = v }, unit: "money")
        .OptionalNumber("userUtility", "θ A − p", t => t.UserUtility, (ref t, v) => t = t with { UserUtility = v }, unit: "money");
}
