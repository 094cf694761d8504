using System.Collections.Immutable;
using Menuet.Documents;

namespace Menuet.Mechanisms.StackelbergPricing;

/// <summary>The public answer: for one leader a price and everybody's steps, for several a price each.</summary>
public sealed record StackelbergPricingAnswer : IAnswer
{
    /// <inheritdoc/>
    public string Status { get; init; } = "";

    /// <summary>Why there is no outcome; null when there is one.</summary>
    public string? Reason { get; init; }

    /// <summary>The leader's utility, or the sum of the leaders', money; null when there is no outcome.</summary>
    public double? Objective { get; init; }

    /// <summary>One leader: p, money per step.</summary>
    public double? Price { get; init; }

    /// <summary>One leader: (p − c) Σ n_k S_k.</summary>
    public double? LeaderUtility { get; init; }

    /// <summary>One leader: Σ n_k S_k.</summary>
    public double? TotalSteps { get; init; }

    /// <summary>One leader: whether demand reaches the capacity.</summary>
    public bool? CapacityBinding { get; init; }

    /// <summary>One leader: the share of her steps that a follower receives, in [0, 1].</summary>
    public double? RationingFactor { get; init; }

    /// <summary>One leader: whether no other price earns as much.</summary>
    public bool? PriceIsUnique { get; init; }

    /// <summary>One leader: a best price per peak of the profit, ascending.</summary>
    public ImmutableArray<double> OptimalPrices { get; init; }

    /// <summary>One leader: each follower's part.</summary>
    public ImmutableArray<FollowerAnswer> Followers { get; init; }

    /// <summary>Several leaders: each leader's part.</summary>
    public ImmutableArray<LeaderAnswer> Leaders { get; init; }

    /// <summary>Several leaders: the share of followers who buy from nobody.</summary>
    public double? OutsideShare { get; init; }

    /// <summary>Several leaders: no leader gains more than this by another price; proven, up to rounding.</summary>
    public double? EpsilonNash { get; init; }

    /// <summary>Several leaders: largest difference of the highest and the lowest equilibrium in one price.</summary>
    public double? ExtremalPriceGap { get; init; }

    /// <summary>Several leaders: true or false when it is proven, null when it is not known.</summary>
    public bool? EquilibriumIsUnique { get; init; }

    /// <summary>Several leaders: the highest equilibrium.</summary>
    public ImmutableArray<double> HighestPrices { get; init; }

    /// <summary>Several leaders: rounds of best responses.</summary>
    public double? Iterations { get; init; }

    internal static Shape<StackelbergPricingAnswer> Shape { get; } = new Shape<StackelbergPricingAnswer>("The posted price and what followers make of it; or the prices of several leaders.")
        .Text("status", "optimal, candidate (a policy's), noTrade or infeasible; several leaders: equilibrium or notConverged", a => a.Status, (ref a, v) => a = a with { Status = v ?? "" })
        .Text("reason", "why there is no outcome", a => a.Reason, (ref a, v) => a = a with { Reason = v })
        .OptionalNumber("objective", "the leader's utility, or the sum of the leaders'", a => a.Objective, (ref a, v) => a = a with { Objective = v }, unit: "money", permitted: Wide)
        .OptionalNumber("price", "p", a => a.Price, (ref a, v) => a = a with { Price = v }, unit: "money per step", absent: Absent.Omitted)
        .OptionalNumber("leaderUtility", "(p − c) Σ n S", a => a.LeaderUtility, (ref a, v) => a = a with { LeaderUtility = v }, unit: "money", absent: Absent.Omitted, permitted: Wide)
        .OptionalNumber("totalSteps", "Σ n S", a => a.TotalSteps, (ref a, v) => a = a with { TotalSteps = v }, unit: "steps", absent: Absent.Omitted, permitted: Wide)
        .OptionalFlag("capacityBinding", "whether demand reaches the capacity", a => a.CapacityBinding, (ref a, v) => a = a with { CapacityBinding = v }, Absent.Omitted)
        .OptionalNumber("rationingFactor", "the share of her steps that a follower receives", a => a.RationingFactor, (ref a, v) => a = a with { RationingFactor = v }, absent: Absent.Omitted)
        .OptionalFlag("priceIsUnique", "whether no other price earns as much", a => a.PriceIsUnique, (ref a, v) => a = a with { PriceIsUnique = v }, Absent.Omitted)
        .Numbers("optimalPrices", "one best price per peak of the profit, ascending", a => a.OptimalPrices, (ref a, v) => a = a with { OptimalPrices = v }, unit: "money per step")
        .List("followers", "each follower's part, per unit of count", a => a.Followers, (ref a, v) => a = a with { Followers = v }, FollowerAnswer.Shape)
        .List("leaders", "each leader's part", a => a.Leaders, (ref a, v) => a = a with { Leaders = v }, LeaderAnswer.Shape)
        .OptionalNumber("outsideShare", "share of followers who buy from nobody", a => a.OutsideShare, (ref a, v) => a = a with { OutsideShare = v }, absent: Absent.Omitted)
        .OptionalNumber("epsilonNash", "no leader gains more than this by another price", a => a.EpsilonNash, (ref a, v) => a = a with { EpsilonNash = v }, unit: "money", absent: Absent.Omitted, permitted: Wide)
        .OptionalNumber("extremalPriceGap", "largest difference of highest and lowest equilibrium in one price", a => a.ExtremalPriceGap, (ref a, v) => a = a with { ExtremalPriceGap = v }, unit: "money per step", absent: Absent.Omitted)
        .OptionalFlag("equilibriumIsUnique", "proven true or false; null or absent: not known", a => a.EquilibriumIsUnique, (ref a, v) => a = a with { EquilibriumIsUnique = v }, Absent.Omitted)
        .Numbers("highestPrices", "the highest equilibrium", a => a.HighestPrices, (ref a, v) => a = a with { HighestPrices = v }, unit: "money per step")
        .OptionalNumber("iterations", "rounds of best responses", a => a.Iterations, (ref a, v) => a = a with { Iterations = v }, absent: Absent.Omitted);

    /// <summary>Derived quantities are products of inputs and may exceed them.</summary>
    internal static Interval Wide => new(-double.MaxValue, double.MaxValue);
}

/// <summary>One follower's part of an answer, per unit of count.</summary>
public readonly record struct FollowerAnswer
{
    /// <summary>One follower.</summary>
    public FollowerAnswer()
    {
    }

    /// <summary>The follower's name.</summary>
    public string? Id { get; init; }

    /// <summary>S, the steps she receives.</summary>
    public double Steps { get; init; }

    /// <summary>δ q(S) − p S; 0 when she stays away. Null when an answer from elsewhere does not say.</summary>
    public double? Utility { get; init; }

    /// <summary>Whether she takes part, be it with 0 steps. Null when an answer from elsewhere does not say.</summary>
    public bool? Participates { get; init; }

    internal static Shape<FollowerAnswer> Shape { get; } = new Shape<FollowerAnswer>("One follower's part, per unit of count.")
        .Text("id", "the follower", f => f.Id, (ref f, v) => f = f with { Id = v })
        .Number("steps", "S, the steps she receives", f => f.Steps, (ref f, v) => f = f with { Steps = v }, StackelbergPricingAnswer.Wide, "steps", required: true)
        .OptionalNumber("utility", "δ q(S) − p S, or 0 when she stays away", f => f.Utility, (ref f, v) => f = f with { Utility = v }, StackelbergPricingAnswer.Wide, "money")
        .OptionalFlag("participates", "whether she takes part, be it with 0 steps", f => f.Participates, (ref f, v) => f = f with { Participates = v });
}

/// <summary>One of several leaders' part of an answer.</summary>
public sealed record LeaderAnswer
{
    /// <summary>The leader's name.</summary>
    public string? Id { get; init; }

    /// <summary>p_j, money per step.</summary>
    public double Price { get; init; }

    /// <summary>(p_j − c_j) min(D_j, R_j). Null when an answer from elsewhere does not say.</summary>
    public double? Utility { get; init; }

    /// <summary>D_j, the steps that followers want.</summary>
    public double? DemandSteps { get; init; }

    /// <summary>min(D_j, R_j).</summary>
    public double? SoldSteps { get; init; }

    /// <summary>The share of followers who choose this leader; null without followers.</summary>
    public double? MarketShare { get; init; }

    internal static Shape<LeaderAnswer> Shape { get; } = new Shape<LeaderAnswer>("One leader's part.")
        .Text("id", "the leader", l => l.Id, (ref l, v) => l = l with { Id = v })
        .Number("price", "p_j", l => l.Price, (ref l, v) => l = l with { Price = v }, unit: "money per step", required: true)
        .OptionalNumber("utility", "(p_j − c_j) min(D_j, R_j)", l => l.Utility, (ref l, v) => l = l with { Utility = v }, StackelbergPricingAnswer.Wide, "money")
        .OptionalNumber("demandSteps", "D_j, the steps that followers want", l => l.DemandSteps, (ref l, v) => l = l with { DemandSteps = v }, StackelbergPricingAnswer.Wide, "steps")
        .OptionalNumber("soldSteps", "min(D_j, R_j)", l => l.SoldSteps, (ref l, v) => l = l with { SoldSteps = v }, StackelbergPricingAnswer.Wide, "steps")
        .OptionalNumber("marketShare", "share of followers who choose this leader", l => l.MarketShare, (ref l, v) => l = l with { MarketShare = v });
}
