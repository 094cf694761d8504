using System.Text;
using Menuet.Mechanisms.QualityContract;
using Menuet.Screening;

namespace Menuet.Tests.Mechanisms.QualityContract;

/// <summary>Quality contracts at play, and how they are judged.</summary>
public sealed class QualityEnvironmentTests
{
    /// <summary>The paper's action on its default draws.</summary>
    public sealed class Penalised : EnvironmentConformance
    {
        protected override IEnvironment Start(int environments) => new QualityScenario().Start(environments);
    }

    /// <summary>Four types of overlapping gains, users drawn, items alone decided.</summary>
    public sealed class Projected : EnvironmentConformance
    {
        protected override IEnvironment Start(int environments) => (Overlapping with { Action = MenuAction.Projected }).Start(environments);
    }

    /// <summary>Printed penalties, logarithms.</summary>
    public sealed class Printed : EnvironmentConformance
    {
        protected override IEnvironment Start(int environments) =>
            (new QualityScenario { PaperPenalty = true, Features = MenuFeatures.Logarithms, Types = 3 }).Start(environments);
    }

    private static QualityScenario Overlapping => new()
    {
        Types = 4,
        LevelMax = 2,
        StepsMin = 6,
        Ranges = new() { Gains = [new(10, 300), new(10, 300), new(50, 400), new(1, 350)], Users = new(5, 50) },
    };

    public static TheoryData<MenuAction, bool, bool> Variants => new()
    {
        { MenuAction.Penalised, false, false }, { MenuAction.Penalised, true, true }, { MenuAction.Penalised, false, true },
        { MenuAction.Projected, false, false }, { MenuAction.Projected, false, true },
    };

    [Theory]
    [MemberData(nameof(Variants))]
    public void Reward_IsThatOfTheDecodedMenu(MenuAction action, bool paperPenalty, bool overlapping)
    {
        var scenario = (overlapping ? Overlapping : new()) with { Action = action, PaperPenalty = paperPenalty, PenaltyWeight = 7 };
        const int Rows = 2000;
        var environment = new QualityEnvironment(scenario, Rows, 0);
        environment.Reset(3);
        var rng = Rng.Stream(8, 0);
        var actions = new float[Rows * environment.ActionSize];
        foreach (ref var entry in actions.AsSpan())
        {
            entry = (float)((2.2 * rng.NextDouble()) - 1.1);
        }

        var rewards = new float[Rows];
        environment.Advance(actions, rewards, new Status[Rows]);
        for (var row = 0; row < Rows; row++)
        {
            var (market, menu) = (environment.Market(row), environment.Menu(row, actions.AsSpan(row * environment.ActionSize, environment.ActionSize)));
            Assert.Empty(market.Problems());
            var (objective, sum, broken) = Slow(market, menu);
            var top = market.Types.Max(type => type.Gain) * Enumerable.Range(scenario.LevelMin, scenario.LevelMax - scenario.LevelMin + 1)
                .Max(level => Enumerable.Range(scenario.StepsMin, scenario.StepsMax - scenario.StepsMin + 1).Max(steps => market.Quality(level, steps)));
            var expected = paperPenalty ? (objective - (300 * broken)) / (market.Users * top) : (objective / (market.Users * top)) - (7 * sum / top);
            Assert.Equal(expected, rewards[row], 1e-5 * (1 + Math.Abs(expected)));
            Assert.InRange(rewards[row], float.NegativeInfinity, 1);
            if (action == MenuAction.Projected)
            {
                Assert.True(sum < 1e-9 * top, $"row {row} breaks constraints by {sum}");
                Assert.True(Audited(market, menu), $"row {row} fails its audit");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void ExactAnswer_EncodedAsAction_EarnsTheOptimum(MenuAction action, bool paperPenalty, bool overlapping)
    {
        _ = paperPenalty;   // rounding of payments to floats breaks what binds, at 300 a constraint
        var scenario = (overlapping ? Overlapping : new()) with { Action = action };
        const int Rows = 300;
        var environment = new QualityEnvironment(scenario, Rows, 0);
        environment.Reset(1);
        var actions = new float[Rows * environment.ActionSize];
        var optima = new double[Rows];
        for (var row = 0; row < Rows; row++)
        {
            optima[row] = Encode(scenario, environment, row, actions.AsSpan(row * environment.ActionSize, environment.ActionSize));
        }

        var rewards = new float[Rows];
        environment.Advance(actions, rewards, new Status[Rows]);
        for (var row = 0; row < Rows; row++)
        {
            Assert.Equal(optima[row] / environment.Market(row).Users / environment.Scale(row), rewards[row], 1e-5);
        }
    }

    [Fact]
    public void DefaultDraws_HaveThePublishedMoments()
    {
        var evaluation = new QualityScenario().Evaluate(new ConstantPolicy(10, 6, 0), 6000, 11, default);
        Assert.Equal(10_422, evaluation.OptimumReward, 4 * 5670 * (1 / Math.Sqrt(6000) + 1 / Math.Sqrt(3000)) / Math.Sqrt(2));
        Assert.Equal(9668, Mean(evaluation, "uniform"), 400.0);
        Assert.Equal(20_157, Mean(evaluation, "completeInformation"), 400.0);
        Assert.Equal(evaluation.OptimumReward, evaluation.Tolerances[0].ReachableReward, 1e-6);
        Assert.True(evaluation.ExactTime < TimeSpan.FromMilliseconds(1));
    }

    [Theory]
    [InlineData(MenuAction.Penalised)]
    [InlineData(MenuAction.Projected)]
    public void ExactAnswers_ScoreOne(MenuAction action)
    {
        var scenario = new QualityScenario { Action = action };
        var evaluation = scenario.Evaluate(Exact(scenario, 500, 4, (_, _) => { }), 500, 4, default);
        Assert.Equal(1, evaluation.Score.ShareOfOptimum, 1e-5);
        Assert.Equal(1, evaluation.Score.ShareOfReachable, 1e-5);
        Assert.Equal(1, evaluation.Score.FeasibleShare);
        Assert.InRange(evaluation.WorstViolation, 0, 1e-6);
    }

    [Fact]
    public void ViolatedIncentives_ScoreNothing()
    {
        // The highest type pays 2 % of θ_I max A too much: it would rather stand in for the other.
        var scenario = new QualityScenario();
        var evaluation = scenario.Evaluate(Exact(scenario, 500, 4, static (_, action) => action[5] += 0.04f), 500, 4, default);
        Assert.All(evaluation.Tolerances, score => Assert.Equal(0, score.MeanReward));
        Assert.InRange(Mean(evaluation, "worstIncentiveCompatibility"), 0.0199, 0.021);

        // The lowest pays more than it is worth, by half a per cent: that passes at one per cent alone.
        evaluation = scenario.Evaluate(Exact(scenario, 500, 4, static (_, action) => action[2] += 0.01f), 500, 4, default);
        Assert.Equal([0, 0, 1.0], evaluation.Tolerances.Select(score => score.FeasibleShare));
        Assert.InRange(Mean(evaluation, "worstIndividualRationality"), 0.0049, 0.0051);
    }

    [Fact]
    public void ProjectedActions_AreAlwaysFeasible()
    {
        var scenario = Overlapping with { Action = MenuAction.Projected };
        var evaluation = scenario.Evaluate(new LinearPolicy(18, 8), 1000, 3, default);
        Assert.Equal(0, evaluation.FeasibilityTolerance);
        Assert.Equal(1, evaluation.Score.FeasibleShare);
        Assert.InRange(evaluation.WorstViolation, 0, 1e-12);
        Assert.True(evaluation.Score.ShareOfOptimum < 1);
    }

    [Fact]
    public void Answer_IsThatOfTheEvaluation()
    {
        foreach (var scenario in new[] { new(), Overlapping with { Action = MenuAction.Projected, Features = MenuFeatures.Logarithms } })
        {
            var environment = new QualityEnvironment(scenario, 50, ContractEnvironment.Unseen);
            var policy = new LinearPolicy(environment.ObservationSize, environment.ActionSize);
            environment.Reset(9);
            var observations = new float[50 * environment.ObservationSize];
            var actions = new float[50 * environment.ActionSize];
            environment.Observe(observations);
            policy.Act(observations, actions, 50);
            for (var row = 0; row < 50; row++)
            {
                var menu = environment.Menu(row, actions.AsSpan(row * environment.ActionSize, environment.ActionSize));
                var market = environment.Market(row);
                var solution = scenario.Answer(market with { Types = [.. market.Types.Reverse()] }, policy);
                Assert.Equal(Termination.Candidate, solution.Termination);
                Assert.Equal("", solution.Note);
                Assert.Equal(menu.Levels, solution.Outcome!.Levels.Reverse());
                Assert.Equal(menu.Steps, solution.Outcome.Steps.Reverse());
                Assert.Equal(menu.Payments, solution.Outcome.Payments.Reverse());
            }
        }
    }

    [Fact]
    public void Answer_SaysWhatDoesNotFit()
    {
        var scenario = new QualityScenario();
        var environment = new QualityEnvironment(scenario, 1, 0);
        environment.Reset(0);
        var market = environment.Market(0);
        var policy = new ConstantPolicy(10, 6, 0);
        var rich = market with { Types = market.Types.SetItem(1, market.Types[1] with { Gain = 900 }), Users = 3 };
        Assert.Equal("outside the range of training: users 3 (trained on 20 to 20), gain of type 2 900 (trained on 200 to 400)", scenario.Answer(rich, policy).Note);
        var other = market with
        {
            Types = market.Types.RemoveAt(0),
            LevelMax = 4,
            StepsMin = 5,
            PaymentMin = 1,
            PaymentMax = 1e6,
            AllowExclusion = true,
        };
        Assert.Equal(
            ["$.types", "$.levelMax", "$.stepsMin", "$.paymentMin", "$.paymentMax", "$.allowExclusion"],
            Assert.Throws<InvalidRequestException>(() => scenario.Answer(other, policy)).Problems.Select(problem => problem.Path));
        var bent = market with { QualityModel = market.QualityModel with { Rho = market.QualityModel.Rho.SetItem(0, 9) } };
        Assert.Equal(["$.qualityModel"], Assert.Throws<InvalidRequestException>(() => scenario.Answer(bent, policy)).Problems.Select(problem => problem.Path));
        Assert.Throws<InvalidRequestException>(() => scenario.Evaluate(new ConstantPolicy(10, 4, 0), 10, 0, default));
    }

    [Fact]
    public void Policies_AreJudgedOnOtherRanges_WithTheScalesOfTheirTraining()
    {
        var trained = new QualityScenario();
        var wider = trained with { Ranges = new() { Gains = [new(1, 250), new(300, 600)] }, Scales = trained.Ranges };
        var (narrow, wide) = (new QualityEnvironment(trained, 1, 0), new QualityEnvironment(wider, 200, 0));
        wide.Reset(3);
        var (expected, observations) = (new float[10], new float[2000]);
        wide.Observe(observations);
        for (var row = 0; row < 200; row++)
        {
            var market = wide.Market(row);
            narrow.Show(market.Users, market.Types);
            narrow.Observe(expected);
            Assert.Equal(expected, observations[(10 * row)..(10 * (row + 1))]);
        }

        Assert.True(observations.Max() > 2);
    }

    [Fact]
    public void Document_IsReadStrictlyAndWrittenBack()
    {
        var door = QualityContractMechanism.Door.Environment!;
        var scenario = (QualityScenario)door.Read("""{"types": 3, "action": "projected", "ranges": {"gains": [[1, 2], [2, 3], [3, 4]], "users": [5, 9]}}"""u8);
        Assert.Equal(new UniformRange(2, 3), scenario.Ranges.Gain(1, 3));
        Assert.Equal(door.Write(scenario), door.Write(door.Read(door.Write(scenario))));
        Assert.Contains("\"stepsMax\":20", Encoding.UTF8.GetString(door.Write(scenario)), StringComparison.Ordinal);
        string[] Paths(string text) => [.. Assert.Throws<InvalidRequestException>(() => door.Read(Encoding.UTF8.GetBytes(text))).Problems.Select(problem => problem.Path)];
        Assert.Equal(["$.ranges.users", "$.ranges.gains"], Paths("""{"ranges": {"gains": [[1, 2]], "users": [9, 5]}}"""));
        Assert.Equal(["$.levelMax"], Paths("""{"levelMin": 4}"""));
        Assert.Equal(["$.qualityModel"], Paths("""{"stepsMin": 0, "stepsMax": 3}"""));
        Assert.Equal(["$.paperpenalty"], Paths("""{"paperpenalty": true}"""));
    }

    private static double Mean(Evaluation evaluation, string name) => evaluation.Measures.Single(measure => measure.Name == name).Mean;

    /// <summary>Objective, sum of violations and their number from the definition.</summary>
    private static (double Objective, double Sum, int Broken) Slow(QualityMarket market, QualityOutcome menu)
    {
        double Utility(int i, int k) => (market.Types[i].Gain * market.Quality(menu.Levels[k], menu.Steps[k])) - menu.Payments[k];
        var types = Enumerable.Range(0, market.Types.Length).ToArray();
        double[] violations =
        [
            .. types.Select(i => -Utility(i, i)), .. types.SelectMany(i => types.Where(k => k != i).Select(k => Utility(i, k) - Utility(i, i))),
        ];
        return (
            market.Users * types.Sum(i => market.Types[i].Probability * (menu.Payments[i] - (market.Types[i].CostPerLevel * menu.Levels[i]) - (market.Types[i].CostPerStep * menu.Steps[i]))),
            violations.Sum(violation => Math.Max(0, violation)), violations.Count(violation => violation > 0));
    }

    private static bool Audited(QualityMarket market, QualityOutcome menu)
    {
        var answer = QualityContractMechanism.Door.Describe(market, new(Termination.Candidate, menu));
        return QualityContractMechanism.Door.Audit(market, answer, new()).Holds;
    }

    /// <summary>The exact answer as an action; returns the optimum.</summary>
    private static double Encode(QualityScenario scenario, QualityEnvironment environment, int row, Span<float> action)
    {
        var market = environment.Market(row);
        var solution = QualityContractMechanism.Door.SolverList[0].Solve(market, new(), default);
        var perType = action.Length / market.Types.Length;
        for (var i = 0; i < market.Types.Length; i++)
        {
            action[perType * i] = (float)((2.0 * (solution.Outcome!.Levels[i] - scenario.LevelMin) / (scenario.LevelMax - scenario.LevelMin)) - 1);
            action[(perType * i) + 1] = (float)((2.0 * (solution.Outcome.Steps[i] - scenario.StepsMin) / (scenario.StepsMax - scenario.StepsMin)) - 1);
            if (perType == 3)
            {
                action[(3 * i) + 2] = (float)((2 * solution.Outcome.Payments[i] / environment.Scale(row)) - 1);
            }
        }

        return solution.Bound;
    }

    /// <summary>Plays the exact answers of the draws that an evaluation plays, bent a little.</summary>
    private static PreparedPolicy Exact(QualityScenario scenario, int draws, ulong seed, Action<int, float[]> bend)
    {
        var environment = new QualityEnvironment(scenario, draws, ContractEnvironment.Unseen);
        environment.Reset(seed);
        var observations = new float[draws * environment.ObservationSize];
        environment.Observe(observations);
        var prepared = new Dictionary<string, float[]>();
        for (var row = 0; row < draws; row++)
        {
            var action = new float[environment.ActionSize];
            Encode(scenario, environment, row, action);
            bend(row, action);
            prepared[PreparedPolicy.Key(observations.AsSpan(row * environment.ObservationSize, environment.ObservationSize))] = action;
        }

        return new(environment.ObservationSize, environment.ActionSize, prepared);
    }
}
