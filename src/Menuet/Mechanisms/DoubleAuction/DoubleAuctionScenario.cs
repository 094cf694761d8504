using Menuet.Documents;

namespace Menuet.Mechanisms.DoubleAuction;

/// <summary>Named settings of Fan et al.</summary>
public enum AuctionPreset
{
    /// <summary>Sound definitions: gains from trade, a budget coefficient of 1.</summary>
    Default,

    /// <summary>What reproduces the paper's figures: eq. (1) as printed, a budget coefficient of 5.</summary>
    PaperFigures,
}

/// <summary>How an action becomes a bid.</summary>
public enum BidAction
{
    /// <summary>b = bidMax (a + 1)/2: any bid.</summary>
    Bid,

    /// <summary>b = u_v (a + 1)/2: never above the value, hence individually rational by construction.</summary>
    Shade,

    /// <summary>
    /// The bid meets one of the asks of the own unit: a is rounded to the number j = M (a + 1)/2, and b is the j-th lowest ask; none for j = 0. Bids matter
    /// only by where they stand among the asks, and a price at which both sides meet leaves no surplus. It is above the ask by a millionth of it for each unit of
    /// value, so that of those who meet the same ask the highest value comes first.
    /// </summary>
    Meet,
}

/// <summary>What a vehicle sees.</summary>
public enum AuctionView
{
    /// <summary>The paper's view and what bidding needs: own value, size, roadside unit, time.</summary>
    Full,

    /// <summary>The same and the asks of the own unit, lowest first, as if they were announced before bids are due.</summary>
    Asks,

    /// <summary>Eq. (5) as printed: counts, the last price, the own rate to each seller.</summary>
    PaperExact,
}

/// <summary>What a vehicle is paid for.</summary>
public enum AgentReward
{
    /// <summary>All get eq. (6).</summary>
    Team,

    /// <summary>Each gets her own utility, u_v − p when she trades.</summary>
    Own,
}

/// <summary>
/// Vehicles drive on a grid of roads and bid, slot after slot, for virtual machines at the nearest of four roadside units, which clear by McAfee's rule:
/// what a policy of this room is trained on and judged by.
/// </summary>
/// <remarks>Source: Fan et al. 2023, Sections III and IV. Deviates: what the paper leaves open is filled as docs/environments/double-auction.md says.</remarks>
public sealed record DoubleAuctionScenario : IScenario<DoubleAuctionMarket, DoubleAuctionOutcome>
{
    /// <summary>What a bid that meets an ask is above it, as a share of it and for each unit of value.</summary>
    private const double Hair = 1e-6;

    /// <summary>Where <see cref="Score"/> comes from when it is not given.</summary>
    public AuctionPreset Preset { get; init; }

    /// <summary>V, vehicles.</summary>
    public int Vehicles { get; init; } = 40;

    /// <summary>M, virtual machines of each roadside unit.</summary>
    public int SellersPerStation { get; init; } = 10;

    /// <summary>Probability that a vehicle has a request in a slot.</summary>
    public double RequestProbability { get; init; } = 1;

    /// <summary>T, slots of an episode, one second each.</summary>
    public int Slots { get; init; } = 50;

    /// <summary>How an action becomes a bid.</summary>
    public BidAction Action { get; init; }

    /// <summary>The highest bid; above every ask (asks are at most 1).</summary>
    public double BidMax { get; init; } = 1.25;

    /// <summary>What a vehicle sees.</summary>
    public AuctionView Observation { get; init; }

    /// <summary>What a vehicle is paid for.</summary>
    public AgentReward Reward { get; init; }

    /// <summary>Eq. (6); null: the preset's.</summary>
    public AuctionReward? Score { get; init; }

    /// <summary>Factor on the rewards that learners see.</summary>
    public double RewardScale { get; init; } = 0.25;

    /// <summary>Mean of the logarithm of a request's size in kB; sizes are clipped to [33, 1989].</summary>
    public double ContentLogMean { get; init; } = 5.616;

    /// <summary>Standard deviation of the same.</summary>
    public double ContentLogDeviation { get; init; } = 0.6526;

    /// <summary>Standard deviation of the shadowing, dB.</summary>
    public double ShadowingDecibels { get; init; } = 8;

    internal static Shape<DoubleAuctionScenario> Shape { get; } = new Shape<DoubleAuctionScenario>("What a bidding policy is trained on.")
        .Choice("preset", "default, or paperFigures: eq. (1) as printed and a budget coefficient of 5, unless score is given", s => s.Preset, (ref s, v) => s = s with { Preset = v })
        .Whole("vehicles", "V", s => s.Vehicles, (ref s, v) => s = s with { Vehicles = v }, 1, 10_000)
        .Whole("sellersPerStation", "M, virtual machines of each of the four roadside units", s => s.SellersPerStation, (ref s, v) => s = s with { SellersPerStation = v }, 1, 1000)
        .Number("requestProbability", "that a vehicle has a request in a slot", s => s.RequestProbability, (ref s, v) => s = s with { RequestProbability = v }, Interval.Share)
        .Whole("slots", "T, slots of an episode, one second each", s => s.Slots, (ref s, v) => s = s with { Slots = v }, 1, 100_000)
        .Choice("action", "bid: b = bidMax (a + 1)/2; shade: b = u_v (a + 1)/2; meet: b is the ask of rank M (a + 1)/2, rounded, or nothing for 0", s => s.Action, (ref s, v) => s = s with { Action = v })
        .Number("bidMax", "the highest bid; asks are at most 1", s => s.BidMax, (ref s, v) => s = s with { BidMax = v }, new(1, 10), "money")
        .Choice("observation", "full; asks: full and the asks of the own roadside unit; paperExact: eq. (5) as printed", s => s.Observation, (ref s, v) => s = s with { Observation = v })
        .Choice("reward", "team: all get eq. (6); own: each her own utility", s => s.Reward, (ref s, v) => s = s with { Reward = v })
        .Nested("score", "eq. (6), which outcomes are judged by; null: the preset's", s => s.Score, (ref s, v) => s = s with { Score = v }, AuctionReward.Shape)
        .Number("rewardScale", "factor on the rewards that learners see", s => s.RewardScale, (ref s, v) => s = s with { RewardScale = v }, new(0, 1000, ExcludesMin: true))
        .Number("contentLogMean", "mean of the logarithm of a request's size in kB; sizes are clipped to [33, 1989]", s => s.ContentLogMean, (ref s, v) => s = s with { ContentLogMean = v }, new(0, 10))
        .Number("contentLogDeviation", "standard deviation of the same", s => s.ContentLogDeviation, (ref s, v) => s = s with { ContentLogDeviation = v }, new(0, 3))
        .Number("shadowingDecibels", "standard deviation of the shadowing", s => s.ShadowingDecibels, (ref s, v) => s = s with { ShadowingDecibels = v }, new(0, 16), "dB");

    /// <summary>Eq. (6) with the coefficients that hold.</summary>
    internal AuctionReward Judged => Score
        ?? (Preset == AuctionPreset.PaperFigures ? new() { Welfare = AuctionWelfare.PaperSum, BudgetCoefficient = 5 } : new());

    /// <summary>What a vehicle observes: counts of the units, the last price, and then rates with the rest, or a rate a seller.</summary>
    internal int ObservationSize => Station.Count + 1
        + (Observation == AuctionView.PaperExact ? 0 : 3 + 2 + Station.Count + 1)
        + (Observation == AuctionView.Full ? 0 : SellersPerStation);

    /// <inheritdoc/>
    public IEnvironment Start(int environments) => Begin(environments);

    /// <inheritdoc/>
    public Evaluation Evaluate(IPolicy policy, int draws, ulong seed, CancellationToken cancellation)
    {
        CheckSizes(policy);
        ArgumentOutOfRangeException.ThrowIfLessThan(draws, 1);
        return new AuctionEvaluation(this, draws, seed, cancellation).Of(policy);
    }

    /// <remarks>
    /// One slot, as an episode's first: four markets are the four roadside units; every buyer observes what a vehicle would, from her value, size and rates,
    /// and bids; asks stand; the document's own rule clears.
    /// </remarks>
    /// <inheritdoc/>
    public Solution<DoubleAuctionOutcome> Answer(DoubleAuctionMarket market, IPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(market);
        CheckSizes(policy);
        return AuctionPlay.Answer(this, market, policy);
    }

    /// <summary>The bid that an action stands for; 0 means staying out.</summary>
    /// <param name="action">Clamped to [-1, 1].</param>
    /// <param name="value">u_v.</param>
    /// <param name="asks">Of the own unit, rising.</param>
    internal double BidOf(float action, double value, ReadOnlySpan<double> asks)
    {
        var share = (Math.Clamp(action, -1f, 1f) + 1.0) / 2;
        switch (Action)
        {
            case BidAction.Bid:
                return BidMax * share;
            case BidAction.Shade:
                return value * share;
            default:
                var rank = (int)(share * asks.Length + 0.5);
                return rank == 0 ? 0 : asks[rank - 1] * (1 + Hair * value);
        }
    }

    internal DoubleAuctionEnvironment Begin(int environments)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(environments, 1);
        return new(this, environments);
    }

    private void CheckSizes(IPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        if (policy.ObservationSize != ObservationSize || policy.ActionSize != 1)
        {
            throw new ArgumentException(
                FormattableString.Invariant($"a policy of {policy.ObservationSize} observations and {policy.ActionSize} actions in a scenario of {ObservationSize} and 1"),
                nameof(policy));
        }
    }
}
