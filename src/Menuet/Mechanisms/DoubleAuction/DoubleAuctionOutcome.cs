using System.Collections.Immutable;

namespace Menuet.Mechanisms.DoubleAuction;

/// <summary>What solvers decide.</summary>
/// <param name="Mechanism">The rule that cleared the markets.</param>
/// <param name="Markets">One per market, in the document's order.</param>
public sealed record DoubleAuctionOutcome(AuctionMechanism Mechanism, ImmutableArray<Clearing> Markets);

/// <summary>Who trades at which price in one market.</summary>
/// <remarks>
/// Units are numbered from 0 through the participants in their order, and through each one's units; with one unit each a unit is a
/// participant. Ties in bids and asks go to the lower number.
/// </remarks>
public sealed record Clearing
{
    /// <summary>K, by the bids and asks.</summary>
    public int EfficientTrades { get; init; }

    /// <summary>How the price came about.</summary>
    public PricingRule Rule { get; init; } = PricingRule.None;

    /// <summary>What each winning unit pays; NaN when nothing trades or <see cref="Payments"/> differ.</summary>
    public double BuyerPrice { get; init; } = double.NaN;

    /// <summary>What each winning unit receives; NaN when nothing trades or <see cref="Receipts"/> differ.</summary>
    public double SellerPrice { get; init; } = double.NaN;

    /// <summary>The winning units on the buyers' side, rising.</summary>
    public ImmutableArray<int> Buyers { get; init; } = [];

    /// <summary>The winning units on the sellers' side, rising; as many as <see cref="Buyers"/>.</summary>
    public ImmutableArray<int> Sellers { get; init; } = [];

    /// <summary>Entry i is the seller's unit that serves <c>Buyers[i]</c>; <c>default</c>: by rank.</summary>
    public ImmutableArray<int> Partners { get; init; }

    /// <summary>What each buyer pays in all, one per buyer; <c>default</c>: the uniform price.</summary>
    public ImmutableArray<double> Payments { get; init; }

    /// <summary>What each seller receives in all, one per seller; <c>default</c>: the uniform price.</summary>
    public ImmutableArray<double> Receipts { get; init; }

    /// <summary>The bids that were played, one per unit; <c>default</c>: the market's.</summary>
    public ImmutableArray<double> PlayedBids { get; init; }

    /// <summary>The asks that were played, one per unit; <c>default</c>: the market's.</summary>
    public ImmutableArray<double> PlayedAsks { get; init; }
}

/// <summary>How a market's prices came about.</summary>
public enum PricingRule
{
    /// <summary>Nothing trades, so there is no price.</summary>
    None,

    /// <summary>McAfee's p0, one price for all K trades.</summary>
    AveragePrice,

    /// <summary>b_K for buyers and s_K for sellers; the pair at the margin gives way.</summary>
    TradeReduction,

    /// <summary>Everybody pays or receives her externality.</summary>
    Vcg,

    /// <summary>A stated way between the lowest and the highest clearing price.</summary>
    KDouble,

    /// <summary>The middle of the pair at the margin.</summary>
    Average,

    /// <summary>Sellers one after another, each to the highest remaining bid at its own price.</summary>
    SequentialSecondPrice,
}
