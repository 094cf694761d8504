using System.Collections.Immutable;
using Menuet.Documents;
using Menuet.Numerics;

namespace Menuet.Mechanisms.QualityContract;

/// <summary>
/// A service provider sells image quality to users whose gain per quality point is private: every type gets an item of prompt
/// level, denoising steps and payment.
/// </summary>
/// <remarks>Source: Ye et al., Problem 1. Deviates: truth-telling compares with the user's own gain on both sides, not as printed in Eq. (8).</remarks>
public sealed record QualityMarket : IMarket
{
    /// <summary>The largest number of items (level, steps) that a market may offer.</summary>
    public const int MostItems = 10_000_000;

    private const double ProbabilityTolerance = 1e-9;

    /// <summary>M, the number of users; &gt; 0; default 1. The objective is multiplied by it.</summary>
    public double Users { get; init; } = 1;

    /// <summary>A(l, s), quality points of every item.</summary>
    public QualityModel QualityModel { get; init; } = new();

    /// <summary>Smallest prompt level.</summary>
    public int LevelMin { get; init; }

    /// <summary>Largest prompt level.</summary>
    public int LevelMax { get; init; }

    /// <summary>Smallest number of denoising steps.</summary>
    public int StepsMin { get; init; }

    /// <summary>Largest number of denoising steps.</summary>
    public int StepsMax { get; init; }

    /// <summary>Smallest payment of a served type, money; ≥ 0; default 0.</summary>
    public double PaymentMin { get; init; }

    /// <summary>Largest payment, money; null: none.</summary>
    public double? PaymentMax { get; init; }

    /// <summary>True: a type may be left unserved, at utility 0. Default false, as in the paper.</summary>
    public bool AllowExclusion { get; init; }

    /// <summary>The types, in any order; at least one; gains may repeat.</summary>
    public ImmutableArray<QualityType> Types { get; init; } = [];

    internal static Shape<QualityMarket> Shape { get; } = new Shape<QualityMarket>("Image quality sold to users with private gains per quality point.")
        .Number("users", "M, number of users", m => m.Users, (ref m, v) => m = m with { Users = v }, Interval.Positive)
        .Nested("qualityModel", "A(l, s), quality of every item: rho or table", m => m.QualityModel, (ref m, v) => m = m with { QualityModel = v ?? new() }, QualityModel.Shape, required: true)
        .Whole("levelMin", "smallest prompt level l", m => m.LevelMin, (ref m, v) => m = m with { LevelMin = v }, 0, int.MaxValue, required: true)
        .Whole("levelMax", "largest prompt level l", m => m.LevelMax, (ref m, v) => m = m with { LevelMax = v }, 0, int.MaxValue, required: true)
        .Whole("stepsMin", "smallest number of denoising steps s", m => m.StepsMin, (ref m, v) => m = m with { StepsMin = v }, 0, int.MaxValue, required: true)
        .Whole("stepsMax", "largest number of denoising steps s", m => m.StepsMax, (ref m, v) => m = m with { StepsMax = v }, 0, int.MaxValue, required: true)
        .Number("paymentMin", "smallest payment of a served type", m => m.PaymentMin, (ref m, v) => m = m with { PaymentMin = v }, Interval.NonNegative, "money")
        .OptionalNumber("paymentMax", "largest payment; null: none", m => m.PaymentMax, (ref m, v) => m = m with { PaymentMax = v }, Interval.NonNegative, "money")
        .Flag("allowExclusion", "true: types may be left unserved", m => m.AllowExclusion, (ref m, v) => m = m with { AllowExclusion = v })
        .List("types", "the types of users", m => m.Types, (ref m, v) => m = m with { Types = v }, QualityType.Shape, required: true, minCount: 1);

    /// <summary>A(l, s) of an item within the bounds, quality points.</summary>
    public double Quality(int level, int steps) => QualityModel.Table.IsDefault
        ? QualityModel.LevelPart(level) + QualityModel.StepsPart(steps)
        : QualityModel.Table[level - LevelMin][steps - StepsMin];

    /// <inheritdoc/>
    public IEnumerable<Problem> Problems()
    {
        if (LevelMax < LevelMin)
        {
            yield return Problem.With("$.levelMax", LevelMax, FormattableString.Invariant($"must be at least levelMin, {LevelMin}"));
        }

        if (StepsMax < StepsMin)
        {
            yield return Problem.With("$.stepsMax", StepsMax, FormattableString.Invariant($"must be at least stepsMin, {StepsMin}"));
        }

        if (PaymentMax < PaymentMin)
        {
            yield return Problem.With("$.paymentMax", PaymentMax.Value, FormattableString.Invariant($"must be at least paymentMin, {PaymentMin}"));
        }

        var items = ((double)LevelMax - LevelMin + 1) * ((double)StepsMax - StepsMin + 1);
        if (LevelMax >= LevelMin && StepsMax >= StepsMin)
        {
            if (items > MostItems)
            {
                yield return Problem.With("$.stepsMax", StepsMax, FormattableString.Invariant($"the bounds span {items} items; at most {MostItems} are permitted; narrow levels or steps"));
            }
            else
            {
                foreach (var problem in QualityModel.Problems(this))
                {
                    yield return problem;
                }
            }
        }

        var sum = new CompensatedSum();
        foreach (var type in Types)
        {
            sum.Add(type.Probability);
        }

        if (!(Math.Abs(sum.Value - 1) <= ProbabilityTolerance))
        {
            yield return Problem.With("$.types", sum.Value, "the probabilities must sum to 1 within 1e-9; this is their sum");
        }
    }
}

/// <summary>One type of users.</summary>
public readonly record struct QualityType
{
    /// <summary>θ, money per quality point; &gt; 0.</summary>
    public double Gain { get; init; }

    /// <summary>q, probability of the type; in [0, 1]. A type of probability 0 still binds participation and truth-telling.</summary>
    public double Probability { get; init; }

    /// <summary>σ_1, the provider's cost per prompt level for this type, money.</summary>
    public double CostPerLevel { get; init; }

    /// <summary>σ_2, the provider's cost per denoising step for this type, money.</summary>
    public double CostPerStep { get; init; }

    internal static Shape<QualityType> Shape { get; } = new Shape<QualityType>("One type of users.")
        .Number("gain", "θ, gain per quality point", t => t.Gain, (ref t, v) => t = t with { Gain = v }, Interval.Positive, "money/point", required: true)
        .Number("probability", "q, probability of the type", t => t.Probability, (ref t, v) => t = t with { Probability = v }, Interval.Share, required: true)
        .Number("costPerLevel", "σ_1, the provider's cost per prompt level", t => t.CostPerLevel, (ref t, v) => t = t with { CostPerLevel = v }, unit: "money", required: true)
        .Number("costPerStep", "σ_2, the provider's cost per denoising step", t => t.CostPerStep, (ref t, v) => t = t with { CostPerStep = v }, unit: "money", required: true);
}
