using System.Collections.Immutable;
using Menuet.Documents;
using Menuet.Numerics;

namespace Menuet.Mechanisms.RewardContract;

/// <summary>A platform (principal) pays creators (agents, whose type is their reputation) for content of judged quality.</summary>
/// <remarks>
/// Source: Wen et al. 2025, Sec. 3. Deviates: reputations enter the beta distribution rescaled to [0, 1], without which its
/// density is undefined on them.
/// </remarks>
public sealed record RewardMarket : IMarket
{
    /// <summary>f, weight of a reward in a creator's utility; &gt; 0 (Eq. 1).</summary>
    public double RewardWeight { get; init; } = 1;

    /// <summary>κ, money per unit of quality; &gt; 0 (Eq. 1).</summary>
    public double UnitCost { get; init; }

    /// <summary>η, money: what the logarithm of quality is worth to the platform; &gt; 0 (Eq. 2).</summary>
    public double UtilityCoefficient { get; init; }

    /// <summary>I, the least quality accepted; ≥ 0 (Eq. 5).</summary>
    public double QualityThreshold { get; init; }

    /// <summary>Whether qualities are data or decisions.</summary>
    public QualityMode QualityMode { get; init; }

    /// <summary>The largest quality that may be designed; null: none. Read in designed mode only.</summary>
    public double? QualityMax { get; init; }

    /// <summary>What to do where no reward vector can be incentive compatible.</summary>
    public NonMonotone OnNonMonotone { get; init; }

    /// <summary>The types one by one; <c>default</c> when <see cref="TypeModel"/> makes them.</summary>
    public ImmutableArray<RewardType> Types { get; init; }

    /// <summary>A distribution of reputations to make the types from; null when <see cref="Types"/> lists them.</summary>
    public ReputationModel? TypeModel { get; init; }

    /// <summary>The qualities of modelled types in given mode, one per type; <c>default</c> otherwise.</summary>
    public ImmutableArray<double> Qualities { get; init; }

    internal static Shape<RewardMarket> Shape { get; } =
        new Shape<RewardMarket>("A platform pays creators of hidden reputation for content of judged quality (Wen et al. 2025).")
            .Number("rewardWeight", "f, weight of a reward in a creator's utility", m => m.RewardWeight, (ref m, v) => m = m with { RewardWeight = v }, Interval.Positive)
            .Number("unitCost", "κ, a creator's cost of a unit of quality", m => m.UnitCost, (ref m, v) => m = m with { UnitCost = v }, Interval.Positive, "money per quality point", required: true)
            .Number("utilityCoefficient", "η, the platform's value of the logarithm of quality", m => m.UtilityCoefficient, (ref m, v) => m = m with { UtilityCoefficient = v }, Interval.Positive, "money", required: true)
            .Number("qualityThreshold", "I, the least quality accepted", m => m.QualityThreshold, (ref m, v) => m = m with { QualityThreshold = v }, Interval.NonNegative, "quality points")
            .Choice("qualityMode", "given: qualities are data; designed: the contract chooses them", m => m.QualityMode, (ref m, v) => m = m with { QualityMode = v })
            .OptionalNumber("qualityMax", "the largest quality that may be designed; null: none", m => m.QualityMax, (ref m, v) => m = m with { QualityMax = v }, Interval.NonNegative, "quality points")
            .Choice("onNonMonotone", "what to do when a higher reputation comes with lower quality: no reward is incentive compatible then", m => m.OnNonMonotone, (ref m, v) => m = m with { OnNonMonotone = v })
            .List("types", "the types one by one", m => m.Types, (ref m, v) => m = m with { Types = v }, RewardType.Shape)
            .Nested("typeModel", "types from a beta distribution of reputations, instead of types", m => m.TypeModel, (ref m, v) => m = m with { TypeModel = v }, ReputationModel.Shape)
            .Numbers("qualities", "given mode with typeModel: the judged quality of each type", m => m.Qualities, (ref m, v) => m = m with { Qualities = v }, unit: "quality points");

    /// <inheritdoc/>
    public IEnumerable<Problem> Problems()
    {
        if (Types.IsDefault == TypeModel is null)
        {
            yield return new("$.types", "give either types or typeModel, not both and not neither");
            yield break;
        }

        if (QualityMax is { } max && max < QualityThreshold)
        {
            yield return Problem.With("$.qualityMax", max, $"must be at least qualityThreshold, {DocumentText.Number(QualityThreshold)}");
        }

        foreach (var problem in TypeModel is null ? TypeProblems() : ModelProblems(TypeModel))
        {
            yield return problem;
        }
    }

    /// <summary>The types as the solvers see them, in the document's order.</summary>
    internal ImmutableArray<RewardType> ResolvedTypes()
    {
        if (TypeModel is not { } model)
        {
            return Types;
        }

        var types = ImmutableArray.CreateBuilder<RewardType>(model.Count);
        var below = 0.0;
        for (var k = 1; k <= model.Count; k++)
        {
            var upTo = k == model.Count ? 1 : BetaDistribution.Cumulative((double)k / model.Count, model.Alpha, model.Beta);
            types.Add(new RewardType
            {
                Reputation = model.ReputationMin + ((double)(k - 1) / model.Count * (model.ReputationMax - model.ReputationMin)),
                Probability = Math.Max(0, upTo - below),
                Quality = Qualities.IsDefault ? null : Qualities[k - 1],
            });
            below = upTo;
        }

        return types.MoveToImmutable();
    }

    private IEnumerable<Problem> TypeProblems()
    {
        if (Types.IsEmpty)
        {
            yield return new("$.types", "must have at least one type", "[]");
            yield break;
        }

        if (!Qualities.IsDefault)
        {
            yield return new("$.qualities", "goes with typeModel; with types, give each type its quality");
        }

        var sum = new CompensatedSum();
        for (var i = 0; i < Types.Length; i++)
        {
            sum.Add(Types[i].Probability);
            if (QualityMode == QualityMode.Given && Types[i].Quality is null)
            {
                yield return new($"$.types[{i}].quality", "is required when qualityMode is given: a number, the judged quality");
            }
        }

        if (!(Math.Abs(sum.Value - 1) <= 1e-9))
        {
            yield return Problem.With("$.types", sum.Value, "the probabilities must sum to 1 (to 1e-9); their sum is given as value");
        }
    }

    private IEnumerable<Problem> ModelProblems(ReputationModel model)
    {
        if (model.ReputationMax < model.ReputationMin)
        {
            yield return Problem.With(
                "$.typeModel.reputationMax", model.ReputationMax, $"must be at least reputationMin, {DocumentText.Number(model.ReputationMin)}");
        }

        if (QualityMode == QualityMode.Designed && !Qualities.IsDefault)
        {
            yield return new("$.qualities", "qualityMode designed chooses the qualities; leave the key out", "[…]");
        }

        if (QualityMode == QualityMode.Given && (Qualities.IsDefault ? 0 : Qualities.Length) != model.Count)
        {
            yield return new(
                "$.qualities", FormattableString.Invariant($"must have {model.Count} entries, one per type of typeModel"), Qualities.IsDefault ? null : "[…]");
        }
    }
}

/// <summary>Whether qualities are data or decisions.</summary>
public enum QualityMode
{
    /// <summary>The evaluator gives each type's quality.</summary>
    Given,

    /// <summary>The contract chooses qualities and rewards together.</summary>
    Designed,
}

/// <summary>What to do when quality falls while reputation rises.</summary>
public enum NonMonotone
{
    /// <summary>Say that there is no incentive compatible reward.</summary>
    Infeasible,

    /// <summary>Pay by the nearest monotone qualities (weighted least squares).</summary>
    Pool,
}

/// <summary>One type of creator.</summary>
public readonly record struct RewardType
{
    /// <summary>φ, reputation; &gt; 0.</summary>
    public double Reputation { get; init; }

    /// <summary>δ, probability; in [0, 1].</summary>
    public double Probability { get; init; }

    /// <summary>Q, judged quality; null in designed mode, where it is not read.</summary>
    public double? Quality { get; init; }

    internal static Shape<RewardType> Shape { get; } = new Shape<RewardType>("One type of creator.")
        .Number("reputation", "φ, reputation", t => t.Reputation, (ref t, v) => t = t with { Reputation = v }, Interval.Positive, required: true)
        .Number("probability", "δ, probability of the type", t => t.Probability, (ref t, v) => t = t with { Probability = v }, Interval.Share, required: true)
        .OptionalNumber("quality", "Q, judged quality; required in given mode, not read in designed mode", t => t.Quality, (ref t, v) => t = t with { Quality = v }, unit: "quality points");
}

/// <summary>Types from a beta distribution of reputations.</summary>
/// <remarks>Source: Wen et al. 2025, Eq. (6), (10). Kept as printed: the top reputation is never a type.</remarks>
public sealed record ReputationModel
{
    /// <summary>The lowest reputation; &gt; 0.</summary>
    public double ReputationMin { get; init; }

    /// <summary>The end of the range; at least <see cref="ReputationMin"/>.</summary>
    public double ReputationMax { get; init; }

    /// <summary>K, how many types.</summary>
    public int Count { get; init; } = 2;

    /// <summary>The beta distribution's first shape.</summary>
    public double Alpha { get; init; }

    /// <summary>The beta distribution's second shape.</summary>
    public double Beta { get; init; }

    internal static Shape<ReputationModel> Shape { get; } = new Shape<ReputationModel>("Types from a beta distribution: φ_k = min + (k−1)/K (max − min), δ_k = B(k/K) − B((k−1)/K).")
        .Number("reputationMin", "the lowest reputation", t => t.ReputationMin, (ref t, v) => t = t with { ReputationMin = v }, Interval.Positive, required: true)
        .Number("reputationMax", "the end of the range of reputations", t => t.ReputationMax, (ref t, v) => t = t with { ReputationMax = v }, Interval.Positive, required: true)
        .Whole("count", "K, how many types", t => t.Count, (ref t, v) => t = t with { Count = v }, 1, 1_000_000, required: true)
        .Number("alpha", "first shape of the beta distribution", t => t.Alpha, (ref t, v) => t = t with { Alpha = v }, new(0, 1e6, ExcludesMin: true), required: true)
        .Number("beta", "second shape of the beta distribution", t => t.Beta, (ref t, v) => t = t with { Beta = v }, new(0, 1e6, ExcludesMin: true), required: true);
}
