using Menuet.Documents;

namespace Menuet.Mechanisms.StackelbergPricing;

/// <summary>A provider who posts a price per diffusion step.</summary>
public sealed record Leader
{
    /// <summary>A name, among several leaders; null: <c>asp1</c>, <c>asp2</c>, … by position.</summary>
    public string? Id { get; init; }

    /// <summary>c, money per step.</summary>
    public double UnitCost { get; init; } = 1;

    /// <summary>pmax, money per step; at least <see cref="UnitCost"/>.</summary>
    public double MaxPrice { get; init; } = 20;

    /// <summary>R, most steps the leader can sell; null: no limit.</summary>
    public double? CapacitySteps { get; init; }

    /// <summary>Among several leaders, a quality curve of its own; null: the follower's or the market's.</summary>
    public QualityCurve? Quality { get; init; }

    /// <summary>The one leader of a market.</summary>
    internal static Shape<Leader> Shape { get; } = Terms(new Shape<Leader>("The provider who posts a price per step."));

    /// <summary>One of several leaders.</summary>
    internal static Shape<Leader> RivalShape { get; } = Terms(new Shape<Leader>("One of several providers, each with its own price per step.")
            .Text("id", "name, unique among the leaders; default asp1, asp2, …", l => l.Id, (ref l, v) => l = l with { Id = v }))
        .Nested("quality", "a quality curve of its own, for every follower; null: the follower's or the market's", l => l.Quality, (ref l, v) => l = l with { Quality = v }, QualityCurve.Shape);

    private static Shape<Leader> Terms(Shape<Leader> shape) => shape
        .Number("unitCost", "c, what a step costs the leader; at most maxPrice", l => l.UnitCost, (ref l, v) => l = l with { UnitCost = v }, Interval.NonNegative, "money per step", required: true)
        .Number("maxPrice", "pmax, the highest price permitted", l => l.MaxPrice, (ref l, v) => l = l with { MaxPrice = v }, Interval.NonNegative, "money per step", required: true)
        .OptionalNumber("capacitySteps", "R, most steps that can be sold; null: no limit", l => l.CapacitySteps, (ref l, v) => l = l with { CapacitySteps = v }, Interval.NonNegative, "steps");
}
