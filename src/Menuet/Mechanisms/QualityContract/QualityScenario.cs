using System.Collections.Immutable;
using Menuet.Documents;
using Menuet.Screening;

namespace Menuet.Mechanisms.QualityContract;

/// <summary>How quality contracts are learned: what is drawn, what a policy sees, how its action becomes a menu, what that earns.</summary>
/// <remarks>
/// Source: Ye et al., Eq. (14), Algorithm 1 and Sec. VI. Deviates: the ranges of levels and steps are printed the wrong way round; the printed
/// penalty is a constant, under which breaking everything pays (kept as <see cref="PaperPenalty"/>); payments are bounded by what the best item is
/// worth to the highest type, without which the printed reward has no maximum.
/// </remarks>
public sealed record QualityScenario : IScenario<QualityMarket, QualityOutcome>
{
    private const int MostTypes = 16;

    /// <summary>I, how many types; 1 to 16.</summary>
    public int Types { get; init; } = 2;

    /// <summary>How actions become menus.</summary>
    public MenuAction Action { get; init; }

    /// <summary>w, what a unit of violation costs, both measured in what the best item is worth to the highest type; ≥ 0.</summary>
    public double PenaltyWeight { get; init; } = 10;

    /// <summary>Whether each violated constraint costs 300 money as printed, instead of w × violation.</summary>
    public bool PaperPenalty { get; init; }

    /// <summary>What a row observes.</summary>
    public MenuFeatures Features { get; init; }

    /// <summary>Share of θ_I max A that a constraint may be violated by; null: 0 for projected actions, 1e-3 for penalised ones.</summary>
    public double? FeasibilityTolerance { get; init; }

    /// <summary>A(l, s).</summary>
    public QualityModel QualityModel { get; init; } = new() { Rho = [9.7417, 0.0978, 0.7647, 0.5158, 3497.8463, 0.0307] };

    /// <summary>Smallest prompt level.</summary>
    public int LevelMin { get; init; }

    /// <summary>Largest prompt level.</summary>
    public int LevelMax { get; init; } = 3;

    /// <summary>Smallest number of denoising steps.</summary>
    public int StepsMin { get; init; } = 4;

    /// <summary>Largest number of denoising steps.</summary>
    public int StepsMax { get; init; } = 20;

    /// <summary>What is drawn.</summary>
    public QualityRanges Ranges { get; init; } = new();

    /// <summary>The ranges that observations are scaled by; null: <see cref="Ranges"/>. To judge a policy on other draws, give the ranges of its training here.</summary>
    public QualityRanges? Scales { get; init; }

    /// <summary>The tolerance that holds.</summary>
    internal double Tolerance => FeasibilityTolerance ?? (Action == MenuAction.Projected ? 0 : 1e-3);

    internal static Shape<QualityScenario> Shape { get; } = new Shape<QualityScenario>("Learning of quality contracts: draws, observations, actions, rewards (Ye et al., Eq. 14 and Algorithm 1).")
        .Whole("types", "I, how many types", t => t.Types, (ref t, v) => t = t with { Types = v }, 1, MostTypes)
        .Choice("action", "penalised: level, steps and payment per type; projected: level and steps per type, put in order and paid for so that all constraints hold", t => t.Action, (ref t, v) => t = t with { Action = v })
        .Number("penaltyWeight", "cost of a unit of violation, both in what the best item is worth to the highest type", t => t.PenaltyWeight, (ref t, v) => t = t with { PenaltyWeight = v }, Interval.NonNegative)
        .Flag("paperPenalty", "whether each violated constraint costs 300 money as printed, instead of penaltyWeight × violation", t => t.PaperPenalty, (ref t, v) => t = t with { PaperPenalty = v })
        .Choice("features", "raw: the paper's state; logarithms: of gains and costs", t => t.Features, (ref t, v) => t = t with { Features = v })
        .OptionalNumber("feasibilityTolerance", "share of the best item's worth to the highest type by which a constraint may be violated; null: 0 with projected actions, else 0.001", t => t.FeasibilityTolerance, (ref t, v) => t = t with { FeasibilityTolerance = v }, Interval.Share)
        .Nested("qualityModel", "A(l, s), quality of every item: rho or table", t => t.QualityModel, (ref t, v) => t = t with { QualityModel = v ?? new() }, QualityModel.Shape)
        .Whole("levelMin", "smallest prompt level l", t => t.LevelMin, (ref t, v) => t = t with { LevelMin = v }, 0, 1_000_000)
        .Whole("levelMax", "largest prompt level l", t => t.LevelMax, (ref t, v) => t = t with { LevelMax = v }, 0, 1_000_000)
        .Whole("stepsMin", "smallest number of denoising steps s", t => t.StepsMin, (ref t, v) => t = t with { StepsMin = v }, 0, 1_000_000)
        .Whole("stepsMax", "largest number of denoising steps s", t => t.StepsMax, (ref t, v) => t = t with { StepsMax = v }, 0, 1_000_000)
        .Nested("ranges", "what is drawn", t => t.Ranges, (ref t, v) => t = t with { Ranges = v ?? new() }, QualityRanges.Shape)
        .Nested("scales", "the ranges that observations are scaled by, when they are not those of the draws", t => t.Scales, (ref t, v) => t = t with { Scales = v }, QualityRanges.Shape);

    /// <inheritdoc/>
    public IEnumerable<Problem> Problems()
    {
        var problems = Ranges.Problems("$.ranges", Types).Concat(Scales is null ? [] : Scales.Problems("$.scales", Types)).ToList();

        // The rest of the document is that of a market with one type.
        var items = Market([new() { Gain = 1, Probability = 1 }], 1);
        var ofItems = items.Problems().ToArray();
        problems.AddRange(ofItems);
        if (ofItems.Length == 0 && Qualities(items).Any(quality => !(quality > 0)))
        {
            problems.Add(new("$.qualityModel", "must give every level and steps a quality above 0: an item of negative quality cannot be sold; narrow levels or steps"));
        }

        return problems;
    }

    /// <inheritdoc/>
    public IEnvironment Start(int environments) => new QualityEnvironment(this, environments, ContractEnvironment.Training);

    /// <inheritdoc/>
    public Evaluation Evaluate(IPolicy policy, int draws, ulong seed, CancellationToken cancellation) => ContractEvaluation.Run(
        (rows, stream) => new QualityExaminer(this, new(this, rows, stream)), policy, draws, seed, Tolerance, cancellation);

    /// <inheritdoc/>
    public Solution<QualityOutcome> Answer(QualityMarket market, IPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(market);
        Require(market);
        var order = Enumerable.Range(0, market.Types.Length).OrderBy(i => market.Types[i].Gain).ToArray();
        var environment = new QualityEnvironment(this, 1, ContractEnvironment.Training);
        ContractEvaluation.Require(policy, environment);
        var outside = environment.Show(market.Users, [.. order.Select(i => market.Types[i])]);
        var observation = new float[environment.ObservationSize];
        var action = new float[environment.ActionSize];
        environment.Observe(observation);
        policy.Act(observation, action, 1);
        var menu = environment.Menu(0, action);
        var back = new int[order.Length];
        for (var i = 0; i < order.Length; i++)
        {
            back[order[i]] = i;
        }

        var outcome = new QualityOutcome(
            [.. back.Select(i => menu.Levels[i])], [.. back.Select(i => menu.Steps[i])], [.. back.Select(i => menu.Payments[i])], menu.Excluded);
        return double.IsFinite(QualityContractMechanism.Objective(market, outcome))
            ? new(Termination.Candidate, outcome, Note: ContractAnswer.Note(outside))
            : new(Termination.NumericalTrouble, null, Note: "the objective is not finite; rescale the market", Reason: "not-finite");
    }

    /// <summary>A market of this scenario's items.</summary>
    internal QualityMarket Market(ImmutableArray<QualityType> types, double users) => new()
    {
        Users = users,
        QualityModel = QualityModel,
        LevelMin = LevelMin,
        LevelMax = LevelMax,
        StepsMin = StepsMin,
        StepsMax = StepsMax,
        Types = types,
    };

    /// <summary>A of every item.</summary>
    private static IEnumerable<double> Qualities(QualityMarket market) =>
        Enumerable.Range(market.LevelMin, market.LevelMax - market.LevelMin + 1)
            .SelectMany(level => Enumerable.Range(market.StepsMin, market.StepsMax - market.StepsMin + 1).Select(steps => market.Quality(level, steps)));

    /// <summary>What is fixed here must be so in the market.</summary>
    private void Require(QualityMarket market)
    {
        var problems = new List<Problem>();
        if (market.Types.Length != Types)
        {
            problems.Add(ContractAnswer.WrongTypes(market.Types.Length, Types));
        }

        ContractAnswer.Require(problems, "$.levelMin", market.LevelMin, LevelMin);
        ContractAnswer.Require(problems, "$.levelMax", market.LevelMax, LevelMax);
        ContractAnswer.Require(problems, "$.stepsMin", market.StepsMin, StepsMin);
        ContractAnswer.Require(problems, "$.stepsMax", market.StepsMax, StepsMax);
        ContractAnswer.Require(problems, "$.paymentMin", market.PaymentMin, 0);
        if (market.PaymentMax is { } cap)
        {
            problems.Add(Problem.With("$.paymentMax", cap, "must be absent: the policy was trained without a largest payment"));
        }

        if (market.AllowExclusion)
        {
            problems.Add(new("$.allowExclusion", "must be false: the policy was trained to serve every type", "true"));
        }

        if (problems.Count == 0 && !Qualities(market).SequenceEqual(Qualities(Market(market.Types, 1))))
        {
            problems.Add(new("$.qualityModel", "must give every item the quality that the policy was trained with"));
        }

        if (problems.Count > 0)
        {
            throw new InvalidRequestException([.. problems]);
        }
    }
}

/// <summary>What is drawn, each number uniformly and independently; probabilities are uniform numbers divided by their sum.</summary>
/// <remarks>Source: Ye et al., Sec. VI.</remarks>
public sealed record QualityRanges
{
    /// <summary>θ, one range per type; <c>default</c>: I equal parts of [0, 400], the first from 1 on. Draws are put in order.</summary>
    public ImmutableArray<UniformRange> Gains { get; init; }

    /// <summary>σ_1.</summary>
    public UniformRange CostPerLevel { get; init; } = new(1, 10);

    /// <summary>σ_2.</summary>
    public UniformRange CostPerStep { get; init; } = new(1, 10);

    /// <summary>M.</summary>
    public UniformRange Users { get; init; } = new(20, 20);

    internal static Shape<QualityRanges> Shape { get; } = new Shape<QualityRanges>("Ranges of draws.")
        .Matrix("gains", "θ, one [min, max] per type; absent: equal parts of [0, 400], the first from 1 on", t => UniformRangeShape.Pairs(t.Gains), (ref t, v) => t = t with { Gains = UniformRangeShape.Ranges(v) }, Interval.Positive, "money/point")
        .Range("costPerLevel", "σ_1", t => t.CostPerLevel, (ref t, v) => t = t with { CostPerLevel = v }, Interval.Positive, "money")
        .Range("costPerStep", "σ_2", t => t.CostPerStep, (ref t, v) => t = t with { CostPerStep = v }, Interval.Positive, "money")
        .Range("users", "M", t => t.Users, (ref t, v) => t = t with { Users = v }, Interval.Positive);

    /// <summary>The range of a type's gain.</summary>
    internal UniformRange Gain(int type, int types) => UniformRangeShape.Part(Gains, type, types, 1, 400);

    /// <summary>Where the gains lie once they are in order.</summary>
    internal UniformRange[] GainsInOrder(int types) => UniformRangeShape.InOrder([.. Enumerable.Range(0, types).Select(type => Gain(type, types))]);

    internal IEnumerable<Problem> Problems(string path, int types) =>
        CostPerLevel.Problems($"{path}.costPerLevel").Concat(CostPerStep.Problems($"{path}.costPerStep")).Concat(Users.Problems($"{path}.users"))
            .Concat(Gains.IsDefault ? [] : UniformRangeShape.Problems(Gains, $"{path}.gains", types));
}
