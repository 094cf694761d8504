using System.Collections.Immutable;

namespace Menuet.Mechanisms.StackelbergPricing;

/// <summary>What the leaders and followers decide; everything else follows from it.</summary>
public sealed record StackelbergPricingOutcome
{
    /// <summary>One price per leader, money per step.</summary>
    public required ImmutableArray<double> Prices { get; init; }

    /// <summary>One leader: the steps each follower receives, per unit of count. Several: default.</summary>
    public ImmutableArray<double> Steps { get; init; }

    /// <summary>One leader: whether each follower takes part. Several: default.</summary>
    public ImmutableArray<bool> Participates { get; init; }

    /// <summary>One leader: a best price per peak of the profit that comes within the tolerance of the highest, ascending. Default when nobody looked for them.</summary>
    public ImmutableArray<double> OptimalPrices { get; init; }

    /// <summary>One leader: whether no other price earns as much.</summary>
    public bool PriceIsUnique { get; init; }

    /// <summary>Several leaders: where best responses from the highest prices end. One: default.</summary>
    public ImmutableArray<double> HighestPrices { get; init; }

    /// <summary>Several leaders: whether best responses from cost settled.</summary>
    public bool RoseToRest { get; init; }

    /// <summary>Several leaders: whether best responses from the highest prices settled.</summary>
    public bool FellToRest { get; init; }

    /// <summary>Several leaders: rounds of best responses, both runs together.</summary>
    public long Rounds { get; init; }
}
