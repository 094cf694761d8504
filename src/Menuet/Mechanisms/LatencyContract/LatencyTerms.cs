using System.Collections.Immutable;
using Menuet.Documents;
using Menuet.Numerics;
using Menuet.Screening;

namespace Menuet.Mechanisms.LatencyContract;

/// <summary>A latency contract's terms, whatever was bought before: success, deadline, work, costs, types.</summary>
/// <remarks>
/// Source: Ye et al., Sec. III and Table I. Deviates: δ and η are CPU cycles per level and per step (Table I prints frequencies);
/// κ_1 and κ_2 are the capacitances of prompt optimisation and of denoising; the deadline and the costs may differ by type.
/// </remarks>
public sealed record LatencyTerms
{
    /// <summary>g, the attempt whose expected latency reduction is sold (Eq. 3); ≥ 1.</summary>
    public int Attempt { get; init; } = 1;

    /// <summary>Whether one attempt is sold, or as many as it takes.</summary>
    public Attempts Attempts { get; init; }

    /// <summary>ζ as a function of quality; null when <see cref="SuccessProbability"/> is given.</summary>
    public SuccessModel? SuccessModel { get; init; }

    /// <summary>ζ, probability that an attempt succeeds; null when <see cref="SuccessModel"/> gives it.</summary>
    public double? SuccessProbability { get; init; }

    /// <summary>t_max, seconds.</summary>
    public double MaxLatencySeconds { get; init; }

    /// <summary>δ, CPU cycles per level.</summary>
    public double CyclesPerLevel { get; init; }

    /// <summary>η, CPU cycles per denoising step.</summary>
    public double CyclesPerStep { get; init; }

    /// <summary>d, size of the result, bit.</summary>
    public double ResultBits { get; init; }

    /// <summary>h, channel status.</summary>
    public double ChannelStatus { get; init; }

    /// <summary>κ_1, J s²/cycle³.</summary>
    public double CapacitancePrompt { get; init; }

    /// <summary>κ_2, J s²/cycle³.</summary>
    public double CapacitanceDenoise { get; init; }

    /// <summary>b_1, money per joule.</summary>
    public double CostPrompt { get; init; }

    /// <summary>b_2, money per joule.</summary>
    public double CostDenoise { get; init; }

    /// <summary>b_3, money s/bit² times the square of the channel status.</summary>
    public double CostCommunication { get; init; }

    /// <summary>Whether types may be left without a contract.</summary>
    public bool AllowExclusion { get; init; }

    /// <summary>At least one.</summary>
    public ImmutableArray<LatencyType> Types { get; init; }

    internal static Shape<LatencyTerms> Shape { get; } =
        new Shape<LatencyTerms>("A latency contract's terms, whatever was bought before.")
            .Whole("attempt", "g, the attempt whose expected latency reduction is sold", m => m.Attempt, (ref m, v) => m = m with { Attempt = v }, 1, 1_000_000)
            .Choice("attempts", "given: the one that attempt names; untilSuccess: as many as it takes", m => m.Attempts, (ref m, v) => m = m with { Attempts = v })
            .Nested("successModel", "success probability as a function of quality; either this or successProbability", m => m.SuccessModel, (ref m, v) => m = m with { SuccessModel = v }, SuccessModel.Shape)
            .OptionalNumber("successProbability", "ζ, probability that an attempt succeeds; either this or successModel", m => m.SuccessProbability, (ref m, v) => m = m with { SuccessProbability = v }, LatencyOverrides.Probability)
            .Number("maxLatencySeconds", "t_max, deadline", m => m.MaxLatencySeconds, (ref m, v) => m = m with { MaxLatencySeconds = v }, Interval.Positive, "s", required: true)
            .Number("cyclesPerLevel", "δ, CPU cycles per prompt optimisation level", m => m.CyclesPerLevel, (ref m, v) => m = m with { CyclesPerLevel = v }, Interval.NonNegative, "cycles", required: true)
            .Number("cyclesPerStep", "η, CPU cycles per denoising step", m => m.CyclesPerStep, (ref m, v) => m = m with { CyclesPerStep = v }, Interval.NonNegative, "cycles", required: true)
            .Number("resultBits", "d, size of the result", m => m.ResultBits, (ref m, v) => m = m with { ResultBits = v }, Interval.Positive, "bit", required: true)
            .Number("channelStatus", "h, channel status", m => m.ChannelStatus, (ref m, v) => m = m with { ChannelStatus = v }, Interval.Positive, required: true)
            .Number("capacitancePrompt", "κ_1, effective capacitance for prompt optimisation", m => m.CapacitancePrompt, (ref m, v) => m = m with { CapacitancePrompt = v }, Interval.Positive, "J s²/cycle³", required: true)
            .Number("capacitanceDenoise", "κ_2, effective capacitance for denoising", m => m.CapacitanceDenoise, (ref m, v) => m = m with { CapacitanceDenoise = v }, Interval.Positive, "J s²/cycle³", required: true)
            .Number("costPrompt", "b_1, cost of energy for prompt optimisation", m => m.CostPrompt, (ref m, v) => m = m with { CostPrompt = v }, Interval.Positive, "money/J", required: true)
            .Number("costDenoise", "b_2, cost of energy for denoising", m => m.CostDenoise, (ref m, v) => m = m with { CostDenoise = v }, Interval.Positive, "money/J", required: true)
            .Number("costCommunication", "b_3, cost of communication, multiplied by the square of the channel status", m => m.CostCommunication, (ref m, v) => m = m with { CostCommunication = v }, Interval.Positive, "money s/bit²", required: true)
            .Flag("allowExclusion", "whether types may be left without a contract", m => m.AllowExclusion, (ref m, v) => m = m with { AllowExclusion = v })
            .List("types", "the types of users, in any order", m => m.Types, (ref m, v) => m = m with { Types = v }, LatencyType.Shape, required: true, minCount: 1);

    /// <summary>The numbers that hold for a type at the level and steps bought.</summary>
    internal LatencyParameters For(in LatencyType type, int level, int steps)
    {
        var own = type.Overrides;
        var given = own?.SuccessProbability ?? SuccessProbability;
        var (success, failure) = given is { } probability ? (probability, 1 - probability) : SuccessModel!.At(level, steps);
        return new(
            success,
            failure,
            own?.MaxLatencySeconds ?? MaxLatencySeconds,
            (own?.CyclesPerLevel ?? CyclesPerLevel) * level,
            (own?.CyclesPerStep ?? CyclesPerStep) * steps,
            own?.ResultBits ?? ResultBits,
            own?.ChannelStatus ?? ChannelStatus,
            own?.CapacitancePrompt ?? CapacitancePrompt,
            own?.CapacitanceDenoise ?? CapacitanceDenoise,
            own?.CostPrompt ?? CostPrompt,
            own?.CostDenoise ?? CostDenoise,
            own?.CostCommunication ?? CostCommunication);
    }

    /// <summary>What the shape cannot say.</summary>
    /// <param name="path">Where the terms stand.</param>
    /// <param name="levelMax">The largest level that may have been bought.</param>
    /// <param name="stepsMax">The largest number of steps that may have been bought.</param>
    internal IEnumerable<Problem> Problems(string path, int levelMax, int stepsMax)
    {
        if (SuccessModel is null == SuccessProbability is null)
        {
            yield return new($"{path}.successProbability", "give either successProbability or successModel, not both and not neither");
        }

        if (SuccessModel is { } model && !new QualityCurve(model.Rho).IsDefinedUpTo(levelMax, stepsMax))
        {
            yield return new($"{path}.successModel.rho", "rho[1] * level + 1 and rho[4] * steps + 1 must be positive: their logarithms are taken", "[…]");
        }

        if (Attempts == Attempts.UntilSuccess && Attempt != 1)
        {
            yield return Problem.With($"{path}.attempt", Attempt, "goes with one given attempt; leave it out, or leave attempts out");
        }

        if (Types.IsDefaultOrEmpty)
        {
            yield return new($"{path}.types", "must have at least one type", "[]");
            yield break;
        }

        var sum = new CompensatedSum();
        for (var i = 0; i < Types.Length; i++)
        {
            sum.Add(Types[i].Probability);
            if (Types[i].Probability == 0 && Types[i].HasOverrides)
            {
                yield return Problem.With(
                    FormattableString.Invariant($"{path}.types[{i}].probability"),
                    0,
                    "must be positive for a type with values of its own: with its own deadline no best contract need exist");
            }
        }

        if (!(Math.Abs(sum.Value - 1) <= 1e-9))
        {
            yield return Problem.With($"{path}.types", sum.Value, "the probabilities must sum to 1 (to 1e-9); their sum is given as value");
        }
    }
}

/// <summary>How many attempts are sold.</summary>
public enum Attempts
{
    /// <summary>One, named by its number: E = ζ (1 − ζ)^(g−1) (t_max − g τ) at g times the cost of one (Eq. 3).</summary>
    Given,

    /// <summary>As many as it takes: E = t_max − τ/ζ at the expected cost of all, C/ζ. Beyond Ye et al.</summary>
    UntilSuccess,
}

/// <summary>Success probability of an attempt: ζ = 1 / (1 + exp(−(A(l, s) − threshold) / spread)).</summary>
/// <remarks>Source: Ye et al., Fig. 3. Deviates: the paper only plots ζ; the logistic form and its constants are fitted to the plot.</remarks>
public sealed record SuccessModel
{
    /// <summary>ρ of the quality curve A.</summary>
    public ImmutableArray<double> Rho { get; init; } = [0, 0, 0, 0, 0, 0];

    /// <summary>The quality at which half of all attempts succeed.</summary>
    public double QualityThreshold { get; init; }

    /// <summary>How sharply success rises with quality; &gt; 0.</summary>
    public double QualitySpread { get; init; }

    internal static Shape<SuccessModel> Shape { get; } = new Shape<SuccessModel>("Success probability ζ = 1 / (1 + exp(−(A(l, s) − threshold) / spread)).")
        .Numbers("rho", "ρ1 … ρ6 of A(l, s) = ρ1 ln(ρ2 l + 1) − ρ3 l + ρ4 ln(ρ5 s + 1) − ρ6 s", m => m.Rho, (ref m, v) => m = m with { Rho = v }, required: true, minCount: QualityCurve.Parameters, maxCount: QualityCurve.Parameters)
        .Number("qualityThreshold", "the quality at which half of all attempts succeed", m => m.QualityThreshold, (ref m, v) => m = m with { QualityThreshold = v }, unit: "quality points", required: true)
        .Number("qualitySpread", "how sharply success rises with quality", m => m.QualitySpread, (ref m, v) => m = m with { QualitySpread = v }, Interval.Positive, "quality points", required: true);

    /// <summary>ζ and 1 − ζ, both without cancellation.</summary>
    internal (double Success, double Failure) At(int level, int steps)
    {
        var excess = (new QualityCurve(Rho).At(level, steps) - QualityThreshold) / QualitySpread;
        return (1 / (1 + Math.Exp(-excess)), 1 / (1 + Math.Exp(excess)));
    }
}

/// <summary>One type of user.</summary>
public readonly record struct LatencyType
{
    /// <summary>θ, money per second; &gt; 0.</summary>
    public double Gain { get; init; }

    /// <summary>q, probability; in [0, 1].</summary>
    public double Probability { get; init; }

    /// <summary>Values that differ from the common ones; null: none.</summary>
    public LatencyOverrides? Overrides { get; init; }

    /// <summary>True when at least one value differs.</summary>
    internal bool HasOverrides => Overrides is not null && Overrides != LatencyOverrides.None;

    internal static Shape<LatencyType> Shape { get; } = new Shape<LatencyType>("One type of user.")
        .Number("gain", "θ, gain from latency reduction", t => t.Gain, (ref t, v) => t = t with { Gain = v }, Interval.Positive, "money/s", required: true)
        .Number("probability", "q, probability of the type", t => t.Probability, (ref t, v) => t = t with { Probability = v }, Interval.Share, required: true)
        .Include(t => t.Overrides ?? LatencyOverrides.None, (ref t, v) => t = t with { Overrides = v }, LatencyOverrides.Shape);
}

/// <summary>A type's own values; null where the common one holds.</summary>
public sealed record LatencyOverrides
{
    /// <summary>ζ.</summary>
    public double? SuccessProbability { get; init; }

    /// <summary>t_max, seconds.</summary>
    public double? MaxLatencySeconds { get; init; }

    /// <summary>δ, CPU cycles per level.</summary>
    public double? CyclesPerLevel { get; init; }

    /// <summary>η, CPU cycles per denoising step.</summary>
    public double? CyclesPerStep { get; init; }

    /// <summary>d, bit.</summary>
    public double? ResultBits { get; init; }

    /// <summary>h.</summary>
    public double? ChannelStatus { get; init; }

    /// <summary>κ_1, J s²/cycle³.</summary>
    public double? CapacitancePrompt { get; init; }

    /// <summary>κ_2, J s²/cycle³.</summary>
    public double? CapacitanceDenoise { get; init; }

    /// <summary>b_1, money per joule.</summary>
    public double? CostPrompt { get; init; }

    /// <summary>b_2, money per joule.</summary>
    public double? CostDenoise { get; init; }

    /// <summary>b_3, money s/bit² times the square of the channel status.</summary>
    public double? CostCommunication { get; init; }

    internal static LatencyOverrides None { get; } = new();

    internal static Interval Probability { get; } = new(0, 1, ExcludesMin: true);

    internal static Shape<LatencyOverrides> Shape { get; } = new Shape<LatencyOverrides>("A type's own values.")
        .OptionalNumber("successProbability", "ζ of this type", t => t.SuccessProbability, (ref t, v) => t = t with { SuccessProbability = v }, Probability, absent: Absent.Omitted)
        .OptionalNumber("maxLatencySeconds", "t_max of this type", t => t.MaxLatencySeconds, (ref t, v) => t = t with { MaxLatencySeconds = v }, Interval.Positive, "s", Absent.Omitted)
        .OptionalNumber("cyclesPerLevel", "δ of this type", t => t.CyclesPerLevel, (ref t, v) => t = t with { CyclesPerLevel = v }, Interval.NonNegative, "cycles", Absent.Omitted)
        .OptionalNumber("cyclesPerStep", "η of this type", t => t.CyclesPerStep, (ref t, v) => t = t with { CyclesPerStep = v }, Interval.NonNegative, "cycles", Absent.Omitted)
        .OptionalNumber("resultBits", "d of this type", t => t.ResultBits, (ref t, v) => t = t with { ResultBits = v }, Interval.Positive, "bit", Absent.Omitted)
        .OptionalNumber("channelStatus", "h of this type", t => t.ChannelStatus, (ref t, v) => t = t with { ChannelStatus = v }, Interval.Positive, absent: Absent.Omitted)
        .OptionalNumber("capacitancePrompt", "κ_1 of this type", t => t.CapacitancePrompt, (ref t, v) => t = t with { CapacitancePrompt = v }, Interval.Positive, "J s²/cycle³", Absent.Omitted)
        .OptionalNumber("capacitanceDenoise", "κ_2 of this type", t => t.CapacitanceDenoise, (ref t, v) => t = t with { CapacitanceDenoise = v }, Interval.Positive, "J s²/cycle³", Absent.Omitted)
        .OptionalNumber("costPrompt", "b_1 of this type", t => t.CostPrompt, (ref t, v) => t = t with { CostPrompt = v }, Interval.Positive, "money/J", Absent.Omitted)
        .OptionalNumber("costDenoise", "b_2 of this type", t => t.CostDenoise, (ref t, v) => t = t with { CostDenoise = v }, Interval.Positive, "money/J", Absent.Omitted)
        .OptionalNumber("costCommunication", "b_3 of this type", t => t.CostCommunication, (ref t, v) => t = t with { CostCommunication = v }, Interval.Positive, "money s/bit²", Absent.Omitted);
}

/// <summary>The numbers that hold for one type at the level and steps bought.</summary>
/// <param name="Success">ζ.</param>
/// <param name="Failure">1 − ζ.</param>
/// <param name="MaxLatencySeconds">t_max, seconds.</param>
/// <param name="PromptCycles">δ l, cycles.</param>
/// <param name="DenoiseCycles">η s, cycles.</param>
/// <param name="ResultBits">d, bit.</param>
/// <param name="ChannelStatus">h.</param>
/// <param name="CapacitancePrompt">κ_1, J s²/cycle³.</param>
/// <param name="CapacitanceDenoise">κ_2, J s²/cycle³.</param>
/// <param name="CostPrompt">b_1, money per joule.</param>
/// <param name="CostDenoise">b_2, money per joule.</param>
/// <param name="CostCommunication">b_3.</param>
internal readonly record struct LatencyParameters(
    double Success, double Failure, double MaxLatencySeconds, double PromptCycles, double DenoiseCycles, double ResultBits, double ChannelStatus,
    double CapacitancePrompt, double CapacitanceDenoise, double CostPrompt, double CostDenoise, double CostCommunication);
