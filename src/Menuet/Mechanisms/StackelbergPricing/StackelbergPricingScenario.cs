using System.Collections.Immutable;
using Menuet.Documents;

namespace Menuet.Mechanisms.StackelbergPricing;

/// <summary>Whether followers change while a policy plays.</summary>
public enum FollowerVariant
{
    /// <summary>All have the same satisfaction for ever: the best policy is one price.</summary>
    Fixed,

    /// <summary>Each episode draws every follower's satisfaction: only the history tells it.</summary>
    RandomDelta,

    /// <summary>Satisfactions drift from round to round.</summary>
    Drift,
}

/// <summary>
/// A leader who does not know its followers posts a price every round, sees the steps that they buy, and earns U_p = (p − c) Σ S_k: what a policy
/// of this room is trained on and judged by.
/// </summary>
/// <remarks>Source: Lai et al. 2025, Section IV. Deviates: what the paper leaves open is filled as docs/environments/stackelberg-pricing.md says.</remarks>
public sealed record StackelbergPricingScenario : IScenario<StackelbergPricingMarket, StackelbergPricingOutcome>
{
    /// <summary>Whether followers change.</summary>
    public FollowerVariant Variant { get; init; }

    /// <summary>K, how many followers there are.</summary>
    public int Followers { get; init; } = 2;

    /// <summary>The quality curve of all followers.</summary>
    public QualityCurve Quality { get; init; } = new();

    /// <summary>δ, mean satisfaction of a follower, money per unit of quality.</summary>
    public double Satisfaction { get; init; } = 200;

    /// <summary>Deviation over mean of δ, where it is drawn for an episode.</summary>
    public double SatisfactionVariation { get; init; } = 0.3;

    /// <summary>What ln δ keeps of its distance from its mean in a round, where it drifts; below 1.</summary>
    public double DriftPersistence { get; init; } = 0.99;

    /// <summary>Standard deviation of what ln δ gains in a round, where it drifts.</summary>
    public double DriftDeviation { get; init; } = 0.02;

    /// <summary>c, money per step; the lowest where it is drawn.</summary>
    public double UnitCost { get; init; } = 1;

    /// <summary>The highest c: each episode draws it evenly between the two, and it is observed; null: c is <see cref="UnitCost"/>.</summary>
    public double? MaxUnitCost { get; init; }

    /// <summary>pmax, money per step.</summary>
    public double MaxPrice { get; init; } = 20;

    /// <summary>R: demand above it is cut in proportion; null: no limit.</summary>
    public double? CapacitySteps { get; init; }

    /// <summary>n, rounds that are remembered.</summary>
    public int History { get; init; } = 4;

    /// <summary>T, rounds of an episode.</summary>
    public int Rounds { get; init; } = 100;

    internal static Shape<StackelbergPricingScenario> Shape { get; } = new Shape<StackelbergPricingScenario>("What a pricing policy is trained on.")
        .Choice("variant", "fixed: followers never change; randomDelta: δ is drawn for each episode; drift: δ moves from round to round", s => s.Variant, (ref s, v) => s = s with { Variant = v })
        .Whole("followers", "K", s => s.Followers, (ref s, v) => s = s with { Followers = v }, 1, 1000)
        .Nested("quality", "the quality curve of all followers; default curvature -0.000174, slope 0.075", s => s.Quality, (ref s, v) => s = s with { Quality = v ?? new() }, QualityCurve.Shape)
        .Number("satisfaction", "δ, mean satisfaction of a follower", s => s.Satisfaction, (ref s, v) => s = s with { Satisfaction = v }, Interval.Positive, "money per quality")
        .Number("satisfactionVariation", "deviation over mean of δ, with randomDelta", s => s.SatisfactionVariation, (ref s, v) => s = s with { SatisfactionVariation = v }, new(0, 2))
        .Number("driftPersistence", "what ln δ keeps of its distance from its mean in a round, with drift", s => s.DriftPersistence, (ref s, v) => s = s with { DriftPersistence = v }, new(0, 0.9999))
        .Number("driftDeviation", "standard deviation of the change of ln δ in a round, with drift", s => s.DriftDeviation, (ref s, v) => s = s with { DriftDeviation = v }, new(0, 0.1))
        .Number("unitCost", "c, what a step costs the leader; the lowest when maxUnitCost is given", s => s.UnitCost, (ref s, v) => s = s with { UnitCost = v }, Interval.NonNegative, "money per step")
        .OptionalNumber("maxUnitCost", "the highest c, drawn for each episode and observed; null: c is unitCost", s => s.MaxUnitCost, (ref s, v) => s = s with { MaxUnitCost = v }, Interval.NonNegative, "money per step")
        .Number("maxPrice", "pmax", s => s.MaxPrice, (ref s, v) => s = s with { MaxPrice = v }, Interval.Positive, "money per step")
        .OptionalNumber("capacitySteps", "R, demand above it is cut in proportion; null: no limit", s => s.CapacitySteps, (ref s, v) => s = s with { CapacitySteps = v }, Interval.NonNegative, "steps")
        .Whole("history", "n, rounds that are remembered", s => s.History, (ref s, v) => s = s with { History = v }, 1, 64)
        .Whole("rounds", "T, rounds of an episode", s => s.Rounds, (ref s, v) => s = s with { Rounds = v }, 1, 100_000);

    /// <summary>sRef = β/(2|α|): nobody ever buys more steps; they are observed in this unit.</summary>
    internal double MostSteps => MostStepsOf(Quality);

    /// <summary>uRef = K (δβ − c)²/(8δ|α|), the equilibrium profit of a round for the nominal δ and c: the unit of the reward.</summary>
    internal double ReferenceUtility
    {
        get
        {
            var margin = Satisfaction * Quality.Slope - UnitCost;
            return Followers * margin * margin / (8 * Satisfaction * -Quality.Curvature);
        }
    }

    /// <summary>Numbers of one remembered round: its price, everybody's steps, and the cost where it is drawn.</summary>
    internal int TokenSize => Followers + 1 + (MaxUnitCost is null ? 0 : 1);

    /// <inheritdoc/>
    public IEnvironment Start(int environments) => Begin(environments);

    /// <inheritdoc/>
    public IEnumerable<Problem> Problems()
    {
        var highest = MaxUnitCost ?? UnitCost;
        if (highest < UnitCost)
        {
            yield return Problem.With("$.maxUnitCost", highest, $"must be at least unitCost, which is {DocumentText.Number(UnitCost)}");
        }

        if (highest >= MaxPrice)
        {
            yield return Problem.With("$.maxPrice", MaxPrice, $"must be above the highest cost, which is {DocumentText.Number(highest)}: there is no price to choose");
        }

        if (UnitCost >= Satisfaction * Quality.Slope)
        {
            yield return Problem.With(
                "$.unitCost", UnitCost,
                $"must be below satisfaction × slope, which is {DocumentText.Number(Satisfaction * Quality.Slope)}: nobody buys at cost, so there is no profit to measure rewards by");
        }
    }

    /// <inheritdoc/>
    public Evaluation Evaluate(IPolicy policy, int draws, ulong seed, CancellationToken cancellation)
    {
        CheckSizes(policy);
        ArgumentOutOfRangeException.ThrowIfLessThan(draws, 1);
        return new PricingEvaluation(this, draws, seed, cancellation).Of(policy);
    }

    /// <remarks>
    /// Plays the market's own followers, cost and prices, from n prices drawn evenly, until the price settles or T rounds are over, and posts the last
    /// price. Demand above capacity is cut while it plays; the answer follows the market's own rule.
    /// </remarks>
    /// <inheritdoc/>
    public Solution<StackelbergPricingOutcome> Answer(StackelbergPricingMarket market, IPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(market);
        CheckSizes(policy);
        return PricingPlay.Answer(this, market, policy);
    }

    internal static double MostStepsOf(QualityCurve curve) => curve.Slope / (2 * -curve.Curvature);

    internal StackelbergPricingEnvironment Begin(int environments)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(environments, 1);
        var problems = Problems().ToImmutableArray();
        return problems.IsEmpty ? new(this, environments) : throw new InvalidRequestException(problems);
    }

    private void CheckSizes(IPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        if (policy.ObservationSize != History * TokenSize || policy.ActionSize != 1)
        {
            throw new ArgumentException(
                FormattableString.Invariant($"a policy of {policy.ObservationSize} observations and {policy.ActionSize} actions in a scenario of {History * TokenSize} and 1"),
                nameof(policy));
        }
    }
}
