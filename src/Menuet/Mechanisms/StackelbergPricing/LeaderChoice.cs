using Menuet.Documents;

namespace Menuet.Mechanisms.StackelbergPricing;

/// <summary>How a follower chooses among several leaders.</summary>
public enum ChoiceModel
{
    /// <summary>share_j = exp(V_j/μ) / (outside + Σ_i exp(V_i/μ)).</summary>
    Logit,
}

/// <summary>The followers' choice among several leaders: V_j is the best utility that leader j offers, μ the scale of taste.</summary>
/// <remarks>
/// Source: Anderson, de Palma and Thisse 1992, logit oligopoly. Deviates from Lai et al. 2025, who leave several leaders to future work;
/// plain cheapest-choice would be ill posed (price equals cost for equal leaders, no pure equilibrium under capacities).
/// </remarks>
public sealed record LeaderChoice
{
    /// <summary>The model.</summary>
    public ChoiceModel Model { get; init; }

    /// <summary>μ, money; above 0. Small: followers chase the best offer.</summary>
    public double Scale { get; init; } = 100;

    /// <summary>True: a follower may buy from nobody.</summary>
    public bool OutsideOption { get; init; } = true;

    /// <summary>u0, money, the utility of buying from nobody.</summary>
    public double OutsideUtility { get; init; }

    internal static Shape<LeaderChoice> Shape { get; } = new Shape<LeaderChoice>("How a follower chooses among several leaders.")
        .Choice("model", "the choice model", c => c.Model, (ref c, v) => c = c with { Model = v })
        .Number("scale", "μ, the scale of taste", c => c.Scale, (ref c, v) => c = c with { Scale = v }, Interval.Positive, "money", required: true)
        .Flag("outsideOption", "whether a follower may buy from nobody", c => c.OutsideOption, (ref c, v) => c = c with { OutsideOption = v })
        .Number("outsideUtility", "u0, the utility of buying from nobody", c => c.OutsideUtility, (ref c, v) => c = c with { OutsideUtility = v }, unit: "money");
}
