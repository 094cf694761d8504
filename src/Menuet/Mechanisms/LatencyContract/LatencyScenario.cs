using System.Collections.Immutable;
using Menuet.Documents;
using Menuet.Screening;

namespace Menuet.Mechanisms.LatencyContract;

/// <summary>How latency contracts are learned: what is drawn, what a policy sees, how its action becomes a menu, what that earns.</summary>
/// <remarks>
/// Source: Ye et al., Eq. (28) and Algorithm 1. Deviates: the printed parameters leave nothing to decide or cost a fortune (the defaults rescale cycles
/// and costs); speeds have bounds, around what any optimum of the draws asks for; the printed constant penalty is kept as <see cref="PaperPenalty"/>.
/// </remarks>
public sealed record LatencyScenario : IScenario<LatencyMarket, LatencyOutcome>
{
    private const int MostTypes = 16;

    /// <summary>J, how many types; 1 to 16.</summary>
    public int Types { get; init; } = 2;

    /// <summary>How actions become menus.</summary>
    public MenuAction Action { get; init; }

    /// <summary>What payments of penalised actions are shares of.</summary>
    public PaymentBox PaymentBox { get; init; }

    /// <summary>w, what a unit of violation costs, both measured in what the deadline is worth to the highest type; ≥ 0.</summary>
    public double PenaltyWeight { get; init; } = 10;

    /// <summary>Whether each violated constraint costs 200 money as printed, instead of w × violation.</summary>
    public bool PaperPenalty { get; init; }

    /// <summary>What a row observes.</summary>
    public MenuFeatures Features { get; init; }

    /// <summary>Share of θ_J t_max that a constraint may be violated by; null: 0 for projected actions, 1e-3 for penalised ones.</summary>
    public double? FeasibilityTolerance { get; init; }

    /// <summary>ζ(l, s).</summary>
    public SuccessModel SuccessModel { get; init; } = new() { Rho = [9.7417, 0.0978, 0.7647, 0.5158, 3497.8463, 0.0307], QualityThreshold = 5, QualitySpread = 0.106 };

    /// <summary>What is drawn.</summary>
    public LatencyRanges Ranges { get; init; } = new();

    /// <summary>
    /// The ranges that observations and speeds are scaled by; null: <see cref="Ranges"/>. To judge a policy on other draws, give the ranges of its
    /// training here.
    /// </summary>
    public LatencyRanges? Scales { get; init; }

    /// <summary>The tolerance that holds.</summary>
    internal double Tolerance => FeasibilityTolerance ?? (Action == MenuAction.Projected ? 0 : 1e-3);

    internal static Shape<LatencyScenario> Shape { get; } = new Shape<LatencyScenario>("Learning of latency contracts: draws, observations, actions, rewards (Ye et al., Eq. 28 and Algorithm 1).")
        .Whole("types", "J, how many types", t => t.Types, (ref t, v) => t = t with { Types = v }, 1, MostTypes)
        .Choice("action", "penalised: two CPU frequencies, rate and payment per type; projected: a latency reduction per type, put in order, delivered at least cost and paid for so that all constraints hold", t => t.Action, (ref t, v) => t = t with { Action = v })
        .Choice("paymentBox", "of penalised actions. deadline: payments of a type from 0 to what delivery without delay is worth to it; delivery: from 0 to 5/4 of what its own item is worth to it, so that participation bounds a number alone", t => t.PaymentBox, (ref t, v) => t = t with { PaymentBox = v })
        .Number("penaltyWeight", "cost of a unit of violation, both in what the deadline is worth to the highest type", t => t.PenaltyWeight, (ref t, v) => t = t with { PenaltyWeight = v }, Interval.NonNegative)
        .Flag("paperPenalty", "whether each violated constraint costs 200 money as printed, instead of penaltyWeight × violation", t => t.PaperPenalty, (ref t, v) => t = t with { PaperPenalty = v })
        .Choice("features", "raw: the paper's state; logarithms: of all that is positive but probabilities and users", t => t.Features, (ref t, v) => t = t with { Features = v })
        .OptionalNumber("feasibilityTolerance", "share of the deadline's worth to the highest type by which a constraint may be violated; null: 0 with projected actions, else 0.001", t => t.FeasibilityTolerance, (ref t, v) => t = t with { FeasibilityTolerance = v }, Interval.Share)
        .Nested("successModel", "success probability as a function of quality", t => t.SuccessModel, (ref t, v) => t = t with { SuccessModel = v ?? new() }, SuccessModel.Shape)
        .Nested("ranges", "what is drawn", t => t.Ranges, (ref t, v) => t = t with { Ranges = v ?? new() }, LatencyRanges.Shape)
        .Nested("scales", "the ranges that observations and speeds are scaled by, when they are not those of the draws", t => t.Scales, (ref t, v) => t = t with { Scales = v }, LatencyRanges.Shape);

    /// <inheritdoc/>
    public IEnumerable<Problem> Problems()
    {
        foreach (var problem in Ranges.Problems("$.ranges", Types).Concat(Scales is null ? [] : Scales.Problems("$.scales", Types)))
        {
            yield return problem;
        }

        var (levels, steps) = ((int)Ranges.Level.Max, (int)Ranges.Steps.Max);
        if (!new QualityCurve(SuccessModel.Rho).IsDefinedUpTo(levels, steps))
        {
            yield return new("$.successModel.rho", "rho[1] * level + 1 and rho[4] * steps + 1 must be positive: their logarithms are taken", "[…]");
        }
    }

    /// <inheritdoc/>
    public IEnvironment Start(int environments) => new LatencyEnvironment(this, environments, ContractEnvironment.Training);

    /// <inheritdoc/>
    public Evaluation Evaluate(IPolicy policy, int draws, ulong seed, CancellationToken cancellation) => ContractEvaluation.Run(
        (rows, stream) => new LatencyExaminer(this, new(this, rows, stream)), policy, draws, seed, Tolerance, cancellation);

    /// <inheritdoc/>
    public Solution<LatencyOutcome> Answer(LatencyMarket market, IPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(market);
        Require(market);
        var types = market.Terms.Types;
        var order = Enumerable.Range(0, types.Length).OrderBy(j => types[j].Gain).ToArray();
        var environment = new LatencyEnvironment(this, 1, ContractEnvironment.Training);
        ContractEvaluation.Require(policy, environment);
        var outside = environment.Show(market with { Terms = market.Terms with { Types = [.. order.Select(j => types[j])] } });
        var observation = new float[environment.ObservationSize];
        var action = new float[environment.ActionSize];
        environment.Observe(observation);
        policy.Act(observation, action, 1);
        var menu = environment.Menu(0, action);
        var back = new int[order.Length];
        for (var j = 0; j < order.Length; j++)
        {
            back[order[j]] = j;
        }

        var outcome = new LatencyOutcome(
            [.. back.Select(j => menu.CpuPromptHz[j])], [.. back.Select(j => menu.CpuDenoiseHz[j])], [.. back.Select(j => menu.RateBitPerSecond[j])],
            [.. back.Select(j => menu.Payments[j])], menu.Excluded);
        return double.IsFinite(LatencyContractMechanism.Objective(market, outcome))
            ? new(Termination.Candidate, outcome, Note: ContractAnswer.Note(outside))
            : new(Termination.NumericalTrouble, null, Note: "a speed or a cost overflows", Reason: "overflow");
    }

    /// <summary>What is fixed here must be so in the market.</summary>
    private void Require(LatencyMarket market)
    {
        var terms = market.Terms;
        var problems = new List<Problem>();
        if (terms.Types.Length != Types)
        {
            problems.Add(ContractAnswer.WrongTypes(terms.Types.Length, Types));
        }

        if (terms.SuccessModel is not { } model || !(model with { Rho = SuccessModel.Rho }).Equals(SuccessModel) || !model.Rho.SequenceEqual(SuccessModel.Rho))
        {
            problems.Add(new("$.successModel", "must be the one that the policy was trained with: it sees level and steps, not the probability of success"));
        }

        ContractAnswer.Require(problems, "$.attempt", terms.Attempt, 1);
        if (terms.Attempts != Attempts.Given)
        {
            problems.Add(new("$.attempts", "must be given: the policy was trained to sell the first attempt", "\"untilSuccess\""));
        }

        if (terms.AllowExclusion)
        {
            problems.Add(new("$.allowExclusion", "must be false: the policy was trained to serve every type", "true"));
        }

        for (var j = 0; j < terms.Types.Length; j++)
        {
            if (terms.Types[j].HasOverrides)
            {
                problems.Add(new(FormattableString.Invariant($"$.types[{j}]"), "must have no values of its own: the policy sees common ones"));
            }
        }

        if (problems.Count > 0)
        {
            throw new InvalidRequestException([.. problems]);
        }
    }
}

/// <summary>What payments of penalised actions are shares of; the papers leave it open.</summary>
public enum PaymentBox
{
    /// <summary>p_j in [0, θ_j ζ t_max], what delivery without delay is worth to the type.</summary>
    Deadline,

    /// <summary>
    /// p_j in [0, 5/4 θ_j ζ (t_max − τ_j)], up to a quarter more than what the type's own item is worth to it (0 where that comes too late):
    /// participation then is a bound of one number instead of a relation among four, and only truth-telling has to be hit by all numbers together.
    /// </summary>
    Delivery,
}

/// <summary>What is drawn, each number uniformly and independently; probabilities are uniform numbers divided by their sum.</summary>
/// <remarks>Source: Ye et al., Sec. VI. Deviates: cycles per level and step are the printed cycles per bit times the bits of a prompt and of a latent image.</remarks>
public sealed record LatencyRanges
{
    private const double LargestWork = 1000;

    /// <summary>θ, one range per type; <c>default</c>: J equal parts of [0, 50], the first from 10 on. Draws are put in order.</summary>
    public ImmutableArray<UniformRange> Gains { get; init; }

    /// <summary>t_max, seconds.</summary>
    public UniformRange MaxLatencySeconds { get; init; } = new(2, 4);

    /// <summary>b_1, money per joule.</summary>
    public UniformRange CostPrompt { get; init; } = new(80, 100);

    /// <summary>b_2, money per joule.</summary>
    public UniformRange CostDenoise { get; init; } = new(80, 100);

    /// <summary>b_3.</summary>
    public UniformRange CostCommunication { get; init; } = new(30, 50);

    /// <summary>δ, cycles.</summary>
    public UniformRange CyclesPerLevel { get; init; } = new(3000 * 8000.0, 5000 * 8000.0);

    /// <summary>η, cycles.</summary>
    public UniformRange CyclesPerStep { get; init; } = new(3000 * 16384.0, 5000 * 16384.0);

    /// <summary>d, bit.</summary>
    public UniformRange ResultBits { get; init; } = new(5e5, 8e5);

    /// <summary>h.</summary>
    public UniformRange ChannelStatus { get; init; } = new(3e6, 5e6);

    /// <summary>κ_1, J s²/cycle³.</summary>
    public UniformRange CapacitancePrompt { get; init; } = new(1e-28, 4e-28);

    /// <summary>κ_2, J s²/cycle³.</summary>
    public UniformRange CapacitanceDenoise { get; init; } = new(1e-28, 4e-28);

    /// <summary>l; whole, ends included.</summary>
    public UniformRange Level { get; init; } = new(0, 3);

    /// <summary>s; whole, ends included.</summary>
    public UniformRange Steps { get; init; } = new(4, 20);

    /// <summary>M.</summary>
    public UniformRange Users { get; init; } = new(10, 10);

    internal static Shape<LatencyRanges> Shape { get; } = new Shape<LatencyRanges>("Ranges of draws.")
        .Matrix("gains", "θ, one [min, max] per type; absent: equal parts of [0, 50], the first from 10 on", t => UniformRangeShape.Pairs(t.Gains), (ref t, v) => t = t with { Gains = UniformRangeShape.Ranges(v) }, Interval.Positive, "money/s")
        .Range("maxLatencySeconds", "t_max", t => t.MaxLatencySeconds, (ref t, v) => t = t with { MaxLatencySeconds = v }, Interval.Positive, "s")
        .Range("costPrompt", "b_1", t => t.CostPrompt, (ref t, v) => t = t with { CostPrompt = v }, Interval.Positive, "money/J")
        .Range("costDenoise", "b_2", t => t.CostDenoise, (ref t, v) => t = t with { CostDenoise = v }, Interval.Positive, "money/J")
        .Range("costCommunication", "b_3", t => t.CostCommunication, (ref t, v) => t = t with { CostCommunication = v }, Interval.Positive, "money s/bit²")
        .Range("cyclesPerLevel", "δ", t => t.CyclesPerLevel, (ref t, v) => t = t with { CyclesPerLevel = v }, Interval.Positive, "cycles")
        .Range("cyclesPerStep", "η", t => t.CyclesPerStep, (ref t, v) => t = t with { CyclesPerStep = v }, Interval.Positive, "cycles")
        .Range("resultBits", "d", t => t.ResultBits, (ref t, v) => t = t with { ResultBits = v }, Interval.Positive, "bit")
        .Range("channelStatus", "h", t => t.ChannelStatus, (ref t, v) => t = t with { ChannelStatus = v }, Interval.Positive)
        .Range("capacitancePrompt", "κ_1", t => t.CapacitancePrompt, (ref t, v) => t = t with { CapacitancePrompt = v }, Interval.Positive, "J s²/cycle³")
        .Range("capacitanceDenoise", "κ_2", t => t.CapacitanceDenoise, (ref t, v) => t = t with { CapacitanceDenoise = v }, Interval.Positive, "J s²/cycle³")
        .Range("level", "l, whole, ends included", t => t.Level, (ref t, v) => t = t with { Level = v }, new(0, LargestWork))
        .Range("steps", "s, whole, ends included", t => t.Steps, (ref t, v) => t = t with { Steps = v }, new(0, LargestWork))
        .Range("users", "M", t => t.Users, (ref t, v) => t = t with { Users = v }, Interval.Positive);

    /// <summary>The range of a type's gain.</summary>
    internal UniformRange Gain(int type, int types) => UniformRangeShape.Part(Gains, type, types, 10, 50);

    /// <summary>Where the gains lie once they are in order.</summary>
    internal UniformRange[] GainsInOrder(int types) => UniformRangeShape.InOrder([.. Enumerable.Range(0, types).Select(type => Gain(type, types))]);

    internal IEnumerable<Problem> Problems(string path, int types) =>
        MaxLatencySeconds.Problems($"{path}.maxLatencySeconds")
            .Concat(CostPrompt.Problems($"{path}.costPrompt"))
            .Concat(CostDenoise.Problems($"{path}.costDenoise"))
            .Concat(CostCommunication.Problems($"{path}.costCommunication"))
            .Concat(CyclesPerLevel.Problems($"{path}.cyclesPerLevel"))
            .Concat(CyclesPerStep.Problems($"{path}.cyclesPerStep"))
            .Concat(ResultBits.Problems($"{path}.resultBits"))
            .Concat(ChannelStatus.Problems($"{path}.channelStatus"))
            .Concat(CapacitancePrompt.Problems($"{path}.capacitancePrompt"))
            .Concat(CapacitanceDenoise.Problems($"{path}.capacitanceDenoise"))
            .Concat(Level.Problems($"{path}.level", whole: true))
            .Concat(Steps.Problems($"{path}.steps", whole: true))
            .Concat(Users.Problems($"{path}.users"))
            .Concat(Gains.IsDefault ? [] : UniformRangeShape.Problems(Gains, $"{path}.gains", types));
}
