using System.Collections.Immutable;
using Menuet.Documents;

namespace Menuet.Mechanisms.DoubleAuction;

/// <summary>Sealed bids of vehicles (buyers) and asks of virtual machines (sellers), cleared by a named mechanism. Fan et al.</summary>
/// <remarks>
/// One market (<see cref="Buyers"/>, <see cref="Sellers"/>) or several (<see cref="Markets"/>), which share the mechanism and the
/// reward. Everybody trades one unit, or everybody lists units.
/// </remarks>
public sealed record DoubleAuctionMarket : IMarket
{
    /// <summary>The rule that clears each market.</summary>
    public AuctionMechanism Mechanism { get; init; } = AuctionMechanism.Mcafee;

    /// <summary>What McAfee's rule does where the pair after the margin is not complete.</summary>
    public MissingSide MissingSide { get; init; } = MissingSide.Reduce;

    /// <summary>The range of all bids and asks; needed for <see cref="MissingSide.Bounds"/>.</summary>
    public ValueBounds? ValueBounds { get; init; }

    /// <summary>κ in [0, 1]: where the k-double price stands between its lowest and highest.</summary>
    public double Kappa { get; init; } = 0.5;

    /// <summary>Who serves whom among the winners.</summary>
    public WinnerMatching Matching { get; init; } = WinnerMatching.Rank;

    /// <summary>The platform's reward, eq. (6).</summary>
    public AuctionReward Reward { get; init; } = new();

    /// <summary>The buyers of the only market; <c>default</c> when there are <see cref="Markets"/>.</summary>
    public ImmutableArray<AuctionBuyer> Buyers { get; init; }

    /// <summary>The sellers of the only market; <c>default</c> when there are <see cref="Markets"/>.</summary>
    public ImmutableArray<AuctionSeller> Sellers { get; init; }

    /// <summary>Transmission rates of the only market: a row per buyer, a column per seller, Mbit/s; <c>default</c> when unknown.</summary>
    public ImmutableArray<ImmutableArray<double>> RatesMegabitsPerSecond { get; init; }

    /// <summary>Several markets, such as one per roadside unit; <c>default</c> when there is one.</summary>
    public ImmutableArray<LocalMarket> Markets { get; init; }

    internal static Shape<DoubleAuctionMarket> Shape { get; } =
        new Shape<DoubleAuctionMarket>("a double auction: sealed bids and asks, and the rule that clears them")
            .Choice("mechanism", "the clearing rule", m => m.Mechanism, (ref m, v) => m = m with { Mechanism = v })
            .Choice("missingSide", "what McAfee's rule does when the next bid or ask is missing", m => m.MissingSide, (ref m, v) => m = m with { MissingSide = v })
            .Nested("valueBounds", "range of all bids and asks, for missingSide bounds", m => m.ValueBounds, (ref m, v) => m = m with { ValueBounds = v }, ValueBounds.Shape)
            .Number("kappa", "κ, share of the way from the lowest to the highest k-double price", m => m.Kappa, (ref m, v) => m = m with { Kappa = v }, Interval.Share)
            .Choice("matching", "who serves whom among the winners", m => m.Matching, (ref m, v) => m = m with { Matching = v })
            .Nested("reward", "the platform's reward, eq. (6)", m => m.Reward, (ref m, v) => m = m with { Reward = v ?? new() }, AuctionReward.Shape)
            .List("buyers", "those who bid", m => m.Buyers, (ref m, v) => m = m with { Buyers = v }, AuctionBuyer.Shape)
            .List("sellers", "those who ask", m => m.Sellers, (ref m, v) => m = m with { Sellers = v }, AuctionSeller.Shape)
            .Matrix(
                "ratesMegabitsPerSecond", "R, transmission rates: a row per buyer, a column per seller", m => m.RatesMegabitsPerSecond,
                (ref m, v) => m = m with { RatesMegabitsPerSecond = v }, Interval.Positive, "Mbit/s")
            .List("markets", "several markets instead of buyers and sellers", m => m.Markets, (ref m, v) => m = m with { Markets = v }, LocalMarket.Shape);

    /// <summary>Whether there are several markets, and the answer lists them.</summary>
    internal bool HasSeveral => !Markets.IsDefault;

    /// <summary>The markets, one or several.</summary>
    internal ImmutableArray<LocalMarket> Locals => HasSeveral ? Markets
        : [new LocalMarket { Buyers = Buyers, Sellers = Sellers, RatesMegabitsPerSecond = RatesMegabitsPerSecond }];

    /// <summary>Whether participants list units instead of one bid or ask.</summary>
    internal bool HasUnits => Locals.Any(local => local.HasUnits);

    /// <inheritdoc/>
    public IEnumerable<Problem> Problems()
    {
        if (HasSeveral && !(Buyers.IsDefault && Sellers.IsDefault && RatesMegabitsPerSecond.IsDefault))
        {
            yield return new("$.markets", "gives several markets; remove buyers, sellers and ratesMegabitsPerSecond beside it, or it");
            yield break;
        }

        if (HasSeveral && Markets.IsEmpty)
        {
            yield return new("$.markets", "must have at least 1 entry, has 0");
        }

        if (!HasSeveral)
        {
            if (Buyers.IsDefault)
            {
                yield return new("$.buyers", "is required: an array of objects, those who bid (or give markets)");
            }

            if (Sellers.IsDefault)
            {
                yield return new("$.sellers", "is required: an array of objects, those who ask (or give markets)");
            }

            if (Buyers.IsDefault || Sellers.IsDefault)
            {
                yield break;
            }
        }

        if (MissingSide == MissingSide.Bounds && ValueBounds is null)
        {
            yield return new("$.valueBounds", "is required with missingSide \"bounds\": the range of all bids and asks");
        }

        if (ValueBounds is { } bounds && bounds.Min > bounds.Max)
        {
            yield return Problem.With("$.valueBounds.max", bounds.Max, $"must be >= min = {DocumentText.Number(bounds.Min)}");
        }

        foreach (var problem in LocalProblems())
        {
            yield return problem;
        }
    }

    private IEnumerable<Problem> LocalProblems()
    {
        var locals = Locals;
        var hasUnits = locals.Any(local => local.MentionsUnits);
        var inBounds = MissingSide == MissingSide.Bounds && ValueBounds is { } bounds && bounds.Min <= bounds.Max ? ValueBounds : null;
        for (var i = 0; i < locals.Length; i++)
        {
            var path = HasSeveral ? FormattableString.Invariant($"$.markets[{i}]") : "$";
            foreach (var problem in locals[i].Problems(path, hasUnits, inBounds, Matching))
            {
                yield return problem;
            }
        }

        if (!HasSeveral)
        {
            yield break;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < locals.Length; i++)
        {
            var id = locals[i].NameOf(i);
            if (!seen.Add(id))
            {
                yield return new(FormattableString.Invariant($"$.markets[{i}].id"), "must be unique among the markets", $"\"{id}\"");
            }
        }
    }
}

/// <summary>How bids and asks become trades and prices. K is the number of efficient trades.</summary>
public enum AuctionMechanism
{
    /// <summary>McAfee 1992: K trades at p0 = (b_{K+1} + s_{K+1})/2 where s_K ≤ p0 ≤ b_K; otherwise trade reduction. Truthful, no deficit.</summary>
    Mcafee,

    /// <summary>K − 1 trades: buyers pay b_K, sellers receive s_K. Truthful, no deficit.</summary>
    TradeReduction,

    /// <summary>K trades: buyers pay max(s_K, b_{K+1}), sellers receive min(b_K, s_{K+1}). Truthful and efficient, at a deficit.</summary>
    Vcg,

    /// <summary>K trades at lo + κ (hi − lo), between the two VCG prices. Efficient and balanced, not truthful.</summary>
    KDouble,

    /// <summary>K trades at (b_K + s_K)/2. Efficient and balanced, not truthful.</summary>
    Average,

    /// <summary>
    /// A reconstruction of the paper's baseline: sellers in input order; the highest remaining bid ≥ the ask wins and pays the larger of the ask
    /// and the second highest remaining bid; the seller receives the next higher ask of the market, or her own. For comparison only.
    /// </summary>
    SequentialSecondPrice,
}

/// <summary>What McAfee's rule does where the bid or the ask after the margin is missing.</summary>
public enum MissingSide
{
    /// <summary>Trade reduction; needs no prior knowledge.</summary>
    Reduce,

    /// <summary>A missing bid counts as the lowest possible value, a missing ask as the highest (McAfee 1992).</summary>
    Bounds,

    /// <summary>Exactly one missing: p0 is the one that exists. Both missing: trade reduction.</summary>
    OneSided,
}

/// <summary>Who serves whom among the winners.</summary>
public enum WinnerMatching
{
    /// <summary>The i-th highest winning bid with the i-th lowest winning ask.</summary>
    Rank,

    /// <summary>The pairs with the least total transmission latency.</summary>
    MinLatency,
}

/// <summary>Which welfare enters the reward.</summary>
public enum AuctionWelfare
{
    /// <summary>Σ (u_v − u_m): what trade adds.</summary>
    GainsFromTrade,

    /// <summary>Σ (u_v + u_m): eq. (1) as printed, which rewards using expensive sellers.</summary>
    PaperSum,
}

/// <summary>The range of all bids and asks.</summary>
public sealed record ValueBounds
{
    /// <summary>The lowest possible bid or ask.</summary>
    public double Min { get; init; }

    /// <summary>The highest possible bid or ask.</summary>
    public double Max { get; init; } = 1;

    internal static Shape<ValueBounds> Shape { get; } = new Shape<ValueBounds>("the range of all bids and asks")
        .Number("min", "the lowest possible bid or ask", b => b.Min, (ref b, v) => b = b with { Min = v }, unit: "money", required: true)
        .Number("max", "the highest possible bid or ask", b => b.Max, (ref b, v) => b = b with { Max = v }, unit: "money", required: true);
}

/// <summary>The platform's reward: welfare − coefficient · balance² − weight · latency, Fan et al. 2023, Eq. (6).</summary>
public sealed record AuctionReward
{
    /// <summary>Which welfare.</summary>
    public AuctionWelfare Welfare { get; init; } = AuctionWelfare.GainsFromTrade;

    /// <summary>α ≥ 0: price of a squared unit of imbalance.</summary>
    public double BudgetCoefficient { get; init; } = 1;

    /// <summary>Price of a second of latency; ≥ 0.</summary>
    public double LatencyWeightPerSecond { get; init; } = 1;

    internal static Shape<AuctionReward> Shape { get; } = new Shape<AuctionReward>("reward = welfare − coefficient · balance² − weight · latency")
        .Choice("welfare", "gains from trade, or eq. (1) as printed", r => r.Welfare, (ref r, v) => r = r with { Welfare = v })
        .Number(
            "budgetCoefficient", "α, price of the squared budget balance", r => r.BudgetCoefficient,
            (ref r, v) => r = r with { BudgetCoefficient = v }, Interval.NonNegative, "1/money")
        .Number(
            "latencyWeightPerSecond", "price of latency", r => r.LatencyWeightPerSecond,
            (ref r, v) => r = r with { LatencyWeightPerSecond = v }, Interval.NonNegative, "money/s");

    /// <summary>Eq. (6), the objective of this room.</summary>
    /// <param name="welfare">In the chosen meaning, over all markets.</param>
    /// <param name="budgetBalance">Payments less receipts, over all markets.</param>
    /// <param name="latencySeconds">Over all markets.</param>
    internal double Of(double welfare, double budgetBalance, double latencySeconds) =>
        welfare - (BudgetCoefficient * budgetBalance * budgetBalance) - (LatencyWeightPerSecond * latencySeconds);
}
