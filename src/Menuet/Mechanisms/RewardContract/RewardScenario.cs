using System.Collections.Immutable;
using Menuet.Documents;
using Menuet.Screening;

namespace Menuet.Mechanisms.RewardContract;

/// <summary>How reward contracts are learned: what is drawn, what a policy sees, how its action becomes rewards, what that earns.</summary>
/// <remarks>
/// Source: Wen et al. 2025, Eq. (12) to (14). Deviates: the paper gives no distribution of qualities, no η and no range of rewards; the defaults
/// here are calibrated so that the exact optimum has the mean and the spread of its Table 2.
/// </remarks>
public sealed record RewardScenario : IScenario<RewardMarket, RewardOutcome>
{
    private const int MostTypes = 16;

    /// <summary>K, how many types; 1 to 16.</summary>
    public int Types { get; init; } = 2;

    /// <summary>How actions become rewards.</summary>
    public RewardAction Action { get; init; }

    /// <summary>R_max, money: actions reach from 0 to here.</summary>
    public double RewardMax { get; init; } = 6;

    /// <summary>Points of the grid in <see cref="RewardAction.Discrete"/>; ≥ 2.</summary>
    public int GridSize { get; init; } = 61;

    /// <summary>Whether infeasible rewards earn −w × violation in training, instead of 0. Never in evaluation.</summary>
    public bool Shaped { get; init; }

    /// <summary>w, what a unit of violation costs in training when <see cref="Shaped"/>; ≥ 0.</summary>
    public double ShapingWeight { get; init; } = 10;

    /// <summary>What a row observes.</summary>
    public RewardFeatures Features { get; init; }

    /// <summary>Share of <see cref="RewardMax"/> that a constraint may be violated by; null: 0 for projected actions, 1e-3 for others.</summary>
    public double? FeasibilityTolerance { get; init; }

    /// <summary>What is drawn.</summary>
    public RewardRanges Ranges { get; init; } = new();

    /// <summary>The ranges that observations are scaled by; null: <see cref="Ranges"/>. To judge a policy on other draws, give the ranges of its training here.</summary>
    public RewardRanges? Scales { get; init; }

    /// <summary>The tolerance that holds.</summary>
    internal double Tolerance => FeasibilityTolerance ?? (Action == RewardAction.Projected ? 0 : 1e-3);

    internal static Shape<RewardScenario> Shape { get; } = new Shape<RewardScenario>("Learning of reward contracts: draws, observations, actions, rewards (Wen et al. 2025, Eq. 12 to 14).")
        .Whole("types", "K, how many types", t => t.Types, (ref t, v) => t = t with { Types = v }, 1, MostTypes)
        .Choice("action", "paper: a reward per type in [0, rewardMax]; discrete: the same on a grid; projected: a premium over the least incentive compatible rewards", t => t.Action, (ref t, v) => t = t with { Action = v })
        .Number("rewardMax", "the largest reward of an action", t => t.RewardMax, (ref t, v) => t = t with { RewardMax = v }, Interval.Positive, "money")
        .Whole("gridSize", "points of the grid with discrete actions", t => t.GridSize, (ref t, v) => t = t with { GridSize = v }, 2, 1_000_000)
        .Flag("shaped", "whether infeasible rewards earn −shapingWeight × violation in training, instead of 0", t => t.Shaped, (ref t, v) => t = t with { Shaped = v })
        .Number("shapingWeight", "cost of a unit of violation when shaped", t => t.ShapingWeight, (ref t, v) => t = t with { ShapingWeight = v }, Interval.NonNegative)
        .Choice("features", "raw: the paper's state; logarithms: of κ, Q, φ and f; ratios: raw, and κ Q_j / (f φ_k) for all j, k", t => t.Features, (ref t, v) => t = t with { Features = v })
        .OptionalNumber("feasibilityTolerance", "share of rewardMax by which a constraint may be violated; null: 0 with projected actions, else 0.001", t => t.FeasibilityTolerance, (ref t, v) => t = t with { FeasibilityTolerance = v }, Interval.Share)
        .Nested("ranges", "what is drawn", t => t.Ranges, (ref t, v) => t = t with { Ranges = v ?? new() }, RewardRanges.Shape)
        .Nested("scales", "the ranges that observations are scaled by, when they are not those of the draws", t => t.Scales, (ref t, v) => t = t with { Scales = v }, RewardRanges.Shape);

    /// <inheritdoc/>
    public IEnumerable<Problem> Problems() =>
        Ranges.Problems("$.ranges", this).Concat(Scales is null ? [] : Scales.Problems("$.scales", this));

    /// <inheritdoc/>
    public IEnvironment Start(int environments) => new RewardEnvironment(this, environments, ContractEnvironment.Training);

    /// <inheritdoc/>
    public Evaluation Evaluate(IPolicy policy, int draws, ulong seed, CancellationToken cancellation) => ContractEvaluation.Run(
        (rows, stream) => new RewardExaminer(this, new(this, rows, stream)), policy, draws, seed, Tolerance, cancellation);

    /// <inheritdoc/>
    public Solution<RewardOutcome> Answer(RewardMarket market, IPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(market);
        var types = market.ResolvedTypes();
        Require(market, types);
        var order = Enumerable.Range(0, types.Length).OrderBy(k => types[k].Reputation).ThenBy(k => types[k].Quality).ToArray();
        var environment = new RewardEnvironment(this, 1, ContractEnvironment.Training);
        ContractEvaluation.Require(policy, environment);
        var outside = environment.Show(market, [.. order.Select(k => types[k])]);
        var observation = new float[environment.ObservationSize];
        var action = new float[environment.ActionSize];
        environment.Observe(observation);
        if (!observation.All(float.IsFinite))
        {
            return new(Termination.NumericalTrouble, null, Note: "a quotient of the market's numbers overflows", Reason: "overflow");
        }

        policy.Act(observation, action, 1);
        var sorted = new double[types.Length];
        environment.Decode(0, action, sorted);
        var rewards = new double[types.Length];
        for (var k = 0; k < order.Length; k++)
        {
            rewards[order[k]] = sorted[k];
        }

        return rewards.All(double.IsFinite)
            ? new(Termination.Candidate, new([.. types.Select(type => type.Quality!.Value)], [.. rewards], Pooled: false), Note: ContractAnswer.Note(outside))
            : new(Termination.NumericalTrouble, null, Note: "a reward overflows", Reason: "overflow");
    }

    /// <summary>What is fixed here must be so in the market.</summary>
    private void Require(RewardMarket market, ImmutableArray<RewardType> types)
    {
        var problems = new List<Problem>();
        if (types.Length != Types)
        {
            problems.Add(ContractAnswer.WrongTypes(types.Length, Types));
        }

        if (market.QualityMode != QualityMode.Given)
        {
            problems.Add(new("$.qualityMode", "must be given: the policy pays for judged qualities and chooses none", "\"designed\""));
        }

        if (market.OnNonMonotone != NonMonotone.Infeasible)
        {
            problems.Add(new("$.onNonMonotone", "must be infeasible: the policy does not replace qualities", "\"pool\""));
        }

        if (problems.Count > 0)
        {
            throw new InvalidRequestException([.. problems]);
        }
    }
}

/// <summary>How actions become rewards.</summary>
public enum RewardAction
{
    /// <summary>K rewards, each from [0, R_max] (Eq. 13).</summary>
    Paper,

    /// <summary>The same, rounded to a grid.</summary>
    Discrete,

    /// <summary>K premiums over the least incentive compatible rewards; feasible wherever anything is.</summary>
    Projected,
}

/// <summary>What a row observes.</summary>
public enum RewardFeatures
{
    /// <summary>The paper's state (Eq. 12), each number scaled by its range.</summary>
    Raw,

    /// <summary>The same with logarithms of κ, Q, φ and f.</summary>
    Logarithms,

    /// <summary>The paper's state and κ Q_j/(f φ_k), what quality j is worth in rewards to type k.</summary>
    Ratios,
}

/// <summary>What is drawn, each number uniformly and independently.</summary>
/// <remarks>Source: Wen et al. 2025, Sec. 5. Deviates: its ranges of the smallest and largest reputation are printed the wrong way round.</remarks>
public sealed record RewardRanges
{
    /// <summary>κ.</summary>
    public UniformRange UnitCost { get; init; } = new(1, 3);

    /// <summary>Lowest reputation.</summary>
    public UniformRange ReputationMin { get; init; } = new(5, 10);

    /// <summary>End of the range of reputations.</summary>
    public UniformRange ReputationMax { get; init; } = new(10, 15);

    /// <summary>First shape of the beta distribution.</summary>
    public UniformRange Alpha { get; init; } = new(1, 2);

    /// <summary>Second shape of the beta distribution.</summary>
    public UniformRange Beta { get; init; } = new(1, 2);

    /// <summary>Q, one range per type; <c>default</c>: type k of K from [k, 10 − K + k].</summary>
    public ImmutableArray<UniformRange> Qualities { get; init; }

    /// <summary>Whether qualities are whole numbers, ends included.</summary>
    public bool WholeQualities { get; init; } = true;

    /// <summary>I.</summary>
    public UniformRange QualityThreshold { get; init; }

    /// <summary>η.</summary>
    public UniformRange UtilityCoefficient { get; init; } = new(20, 20);

    /// <summary>f.</summary>
    public UniformRange RewardWeight { get; init; } = new(1, 1);

    internal static Shape<RewardRanges> Shape { get; } = new Shape<RewardRanges>("Ranges of draws.")
        .Range("unitCost", "κ", t => t.UnitCost, (ref t, v) => t = t with { UnitCost = v }, Interval.Positive, "money per quality point")
        .Range("reputationMin", "lowest reputation", t => t.ReputationMin, (ref t, v) => t = t with { ReputationMin = v }, Interval.Positive)
        .Range("reputationMax", "end of the range of reputations", t => t.ReputationMax, (ref t, v) => t = t with { ReputationMax = v }, Interval.Positive)
        .Range("alpha", "first shape of the beta distribution", t => t.Alpha, (ref t, v) => t = t with { Alpha = v }, new(0.01, 1e4))
        .Range("beta", "second shape of the beta distribution", t => t.Beta, (ref t, v) => t = t with { Beta = v }, new(0.01, 1e4))
        .Matrix("qualities", "Q, one [min, max] per type; absent: type k of K from [k, 10 − K + k]", t => UniformRangeShape.Pairs(t.Qualities), (ref t, v) => t = t with { Qualities = UniformRangeShape.Ranges(v) }, Interval.NonNegative, "quality points")
        .Flag("wholeQualities", "whether qualities are whole numbers, ends included", t => t.WholeQualities, (ref t, v) => t = t with { WholeQualities = v })
        .Range("qualityThreshold", "I", t => t.QualityThreshold, (ref t, v) => t = t with { QualityThreshold = v }, Interval.NonNegative, "quality points")
        .Range("utilityCoefficient", "η", t => t.UtilityCoefficient, (ref t, v) => t = t with { UtilityCoefficient = v }, Interval.Positive, "money")
        .Range("rewardWeight", "f", t => t.RewardWeight, (ref t, v) => t = t with { RewardWeight = v }, Interval.Positive);

    /// <summary>The range of a type's quality.</summary>
    internal UniformRange Quality(int type, int types) =>
        Qualities.IsDefault ? new(type + 1, Math.Max(type + 1, 10 - types + type + 1)) : Qualities[type];

    internal IEnumerable<Problem> Problems(string path, RewardScenario scenario)
    {
        var problems = UnitCost.Problems($"{path}.unitCost")
            .Concat(ReputationMin.Problems($"{path}.reputationMin"))
            .Concat(ReputationMax.Problems($"{path}.reputationMax"))
            .Concat(Alpha.Problems($"{path}.alpha"))
            .Concat(Beta.Problems($"{path}.beta"))
            .Concat(QualityThreshold.Problems($"{path}.qualityThreshold"))
            .Concat(UtilityCoefficient.Problems($"{path}.utilityCoefficient"))
            .Concat(RewardWeight.Problems($"{path}.rewardWeight"))
            .Concat(Qualities.IsDefault ? [] : UniformRangeShape.Problems(Qualities, $"{path}.qualities", scenario.Types, WholeQualities));
        foreach (var problem in problems)
        {
            yield return problem;
        }

        if (ReputationMin.Max > ReputationMax.Min)
        {
            yield return Problem.With($"{path}.reputationMax", ReputationMax.Min, FormattableString.Invariant($"must not begin below where reputationMin ends, {ReputationMin.Max}"));
        }

        else if (!(ReputationMax.Max > ReputationMin.Min))
        {
            yield return Problem.With($"{path}.reputationMax", ReputationMax.Max, "must leave room above reputationMin: types of one reputation are one type");
        }

        if (scenario.Features == RewardFeatures.Logarithms && !Qualities.IsDefault && Qualities.Any(range => !(range.Min > 0)))
        {
            yield return new($"{path}.qualities", "must be positive when observed as logarithms; use features raw or ratios");
        }
    }
}
