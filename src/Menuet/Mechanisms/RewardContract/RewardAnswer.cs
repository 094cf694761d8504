using System.Collections.Immutable;
using Menuet.Documents;

namespace Menuet.Mechanisms.RewardContract;

/// <summary>What solvers decide: a quality and a reward for every type, in the market's order.</summary>
/// <param name="Qualities">Q, as given, pooled or designed.</param>
/// <param name="Rewards">R, money.</param>
/// <param name="Pooled">True when given qualities were replaced by their monotone regression.</param>
public sealed record RewardOutcome(ImmutableArray<double> Qualities, ImmutableArray<double> Rewards, bool Pooled);

/// <summary>The public answer.</summary>
public sealed record RewardAnswer : IAnswer
{
    /// <summary><c>optimal</c>, <c>pooled</c>, <c>infeasible</c> or <c>numericalTrouble</c>.</summary>
    public string Status { get; init; } = "";

    /// <summary>The platform's expected utility per creator, money; null when there is no outcome.</summary>
    public double? Objective { get; init; }

    /// <summary>One item per type, in the market's order; <c>default</c> when there is no outcome.</summary>
    public ImmutableArray<RewardItem> Menu { get; init; }

    /// <summary>The smallest participation slack over all types, money; null when unknown.</summary>
    public double? IrSlackMin { get; init; }

    /// <summary>The smallest truth-telling slack over all ordered pairs, money; 0 when there is one type; null when unknown.</summary>
    public double? IcSlackMin { get; init; }

    /// <summary>Why there is no outcome; null otherwise.</summary>
    public string? Reason { get; init; }

    /// <summary>The paper's training reward of a state without feasible contract, 0; null when there is an outcome.</summary>
    public double? DrlReward { get; init; }

    internal static Shape<RewardAnswer> Shape { get; } = new Shape<RewardAnswer>("Rewards by reputation.")
        .Text("status", "optimal, pooled, candidate (a policy's), infeasible or numericalTrouble", a => a.Status, (ref a, v) => a = a with { Status = v ?? "" })
        .OptionalNumber("objective", "the platform's expected utility per creator", a => a.Objective, (ref a, v) => a = a with { Objective = v }, unit: "money", absent: Absent.Omitted)
        .List("menu", "one item per type, in the market's order", a => a.Menu, (ref a, v) => a = a with { Menu = v }, RewardItem.Shape)
        .OptionalNumber("irSlackMin", "the smallest participation slack", a => a.IrSlackMin, (ref a, v) => a = a with { IrSlackMin = v }, unit: "money", absent: Absent.Omitted)
        .OptionalNumber("icSlackMin", "the smallest truth-telling slack", a => a.IcSlackMin, (ref a, v) => a = a with { IcSlackMin = v }, unit: "money", absent: Absent.Omitted)
        .Text("reason", "why there is no outcome", a => a.Reason, (ref a, v) => a = a with { Reason = v })
        .OptionalNumber("drlReward", "the paper's training reward of such a state", a => a.DrlReward, (ref a, v) => a = a with { DrlReward = v }, absent: Absent.Omitted);
}

/// <summary>What one type delivers and gets.</summary>
public readonly record struct RewardItem
{
    /// <summary>The type, 1-based, in the market's order.</summary>
    public int Type { get; init; }

    /// <summary>φ; null when the answer does not say.</summary>
    public double? Reputation { get; init; }

    /// <summary>δ; null when the answer does not say.</summary>
    public double? Probability { get; init; }

    /// <summary>Q to be delivered; null when the answer leaves it at the market's.</summary>
    public double? Quality { get; init; }

    /// <summary>R, money.</summary>
    public double Reward { get; init; }

    /// <summary>f φ R − κ Q, money; null when unknown.</summary>
    public double? UserUtility { get; init; }

    /// <summary>η ln(Q − I + 1) − R, money; null when unknown.</summary>
    public double? PlatformUtility { get; init; }

    internal static Shape<RewardItem> Shape { get; } = new Shape<RewardItem>("What one type delivers and gets.")
        .Whole("type", "the type, counted from 1 in the market's order", t => t.Type, (ref t, v) => t = t with { Type = v }, 0, int.MaxValue)
        .OptionalNumber("reputation", "φ, reputation", t => t.Reputation, (ref t, v) => t = t with { Reputation = v })
        .OptionalNumber("probability", "δ, probability of the type", t => t.Probability, (ref t, v) => t = t with { Probability = v })
        .OptionalNumber("quality", "Q, quality to be delivered", t => t.Quality, (ref t, v) => t = t with { Quality = v }, unit: "quality points")
        .Number("reward", "R, reward", t => t.Reward, (ref t, v) => t = t with { Reward = v }, unit: "money", required: true)
        .OptionalNumber("userUtility", "f φ R − κ Q", t => t.UserUtility, (ref t, v) => t = t with { UserUtility = v }, unit: "money")
        .OptionalNumber("platformUtility", "η ln(Q − I + 1) − R", t => t.PlatformUtility, (ref t, v) => t = t with { PlatformUtility = v }, unit: "money");
}
