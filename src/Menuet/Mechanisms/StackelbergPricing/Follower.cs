using Menuet.Documents;

namespace Menuet.Mechanisms.StackelbergPricing;

/// <summary>A user who buys diffusion steps; or a mass of users who are all alike.</summary>
public readonly record struct Follower
{
    /// <summary>One follower with the defaults.</summary>
    public Follower()
    {
    }

    /// <summary>A name; null: <c>vmu1</c>, <c>vmu2</c>, … by position.</summary>
    public string? Id { get; init; }

    /// <summary>δ, money per unit of quality; above 0.</summary>
    public double Satisfaction { get; init; } = 1;

    /// <summary>n, how many there are; any mass above 0.</summary>
    public double Count { get; init; } = 1;

    /// <summary>Fewest steps; null: the market's.</summary>
    public double? MinSteps { get; init; }

    /// <summary>Most steps; null: the market's.</summary>
    public double? MaxSteps { get; init; }

    /// <summary>A quality curve of her own; null: the market's.</summary>
    public QualityCurve? Quality { get; init; }

    internal static Shape<Follower> Shape { get; } = new Shape<Follower>("A user, or a mass of users who are all alike.")
        .Text("id", "name, unique among the followers; default vmu1, vmu2, …", f => f.Id, (ref f, v) => f = f with { Id = v })
        .Number("satisfaction", "δ, what a unit of quality is worth", f => f.Satisfaction, (ref f, v) => f = f with { Satisfaction = v }, Interval.Positive, "money per quality", required: true)
        .Number("count", "n, how many there are; any mass", f => f.Count, (ref f, v) => f = f with { Count = v }, Interval.Positive)
        .OptionalNumber("minSteps", "fewest steps; null: the market's", f => f.MinSteps, (ref f, v) => f = f with { MinSteps = v }, Interval.NonNegative, "steps")
        .OptionalNumber("maxSteps", "most steps; null: the market's", f => f.MaxSteps, (ref f, v) => f = f with { MaxSteps = v }, Interval.NonNegative, "steps")
        .Nested("quality", "a quality curve of her own; null: the market's", f => f.Quality, (ref f, v) => f = f with { Quality = v }, QualityCurve.Shape);
}
