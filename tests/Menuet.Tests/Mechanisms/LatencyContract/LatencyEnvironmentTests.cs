using System.Text;
using Menuet.Mechanisms.LatencyContract;
using Menuet.Screening;

namespace Menuet.Tests.Mechanisms.LatencyContract;

/// <summary>Latency contracts at play, and how they are judged.</summary>
public sealed class LatencyEnvironmentTests
{
    /// <summary>The paper's action on its default draws.</summary>
    public sealed class Penalised : EnvironmentConformance
    {
        protected override IEnvironment Start(int environments) => new LatencyScenario().Start(environments);
    }

    /// <summary>Four types of overlapping gains, users drawn, reductions alone decided.</summary>
    public sealed class Projected : EnvironmentConformance
    {
        protected override IEnvironment Start(int environments) => (Overlapping with { Action = MenuAction.Projected }).Start(environments);
    }

    /// <summary>Printed penalties, logarithms.</summary>
    public sealed class Printed : EnvironmentConformance
    {
        protected override IEnvironment Start(int environments) =>
            (new LatencyScenario { PaperPenalty = true, Features = MenuFeatures.Logarithms, Types = 3 }).Start(environments);
    }

    /// <summary>Payments as shares of what each item is worth.</summary>
    public sealed class OfDelivery : EnvironmentConformance
    {
        protected override IEnvironment Start(int environments) => (new LatencyScenario { PaymentBox = PaymentBox.Delivery }).Start(environments);
    }

    private static LatencyScenario Overlapping => new()
    {
        Types = 4,
        Ranges = new() { Gains = [new(5, 60), new(5, 40), new(20, 70), new(8, 50)], Users = new(5, 50), MaxLatencySeconds = new(1, 6), Level = new(1, 2) },
    };

    public static TheoryData<MenuAction, bool, bool, PaymentBox> Variants => new()
    {
        { MenuAction.Penalised, false, false, PaymentBox.Deadline }, { MenuAction.Penalised, true, true, PaymentBox.Deadline },
        { MenuAction.Penalised, false, true, PaymentBox.Deadline }, { MenuAction.Penalised, false, false, PaymentBox.Delivery },
        { MenuAction.Penalised, true, true, PaymentBox.Delivery }, { MenuAction.Penalised, false, true, PaymentBox.Delivery },
        { MenuAction.Projected, false, false, PaymentBox.Deadline }, { MenuAction.Projected, false, true, PaymentBox.Deadline },
    };

    [Theory]
    [MemberData(nameof(Variants))]
    public void Reward_IsThatOfTheDecodedMenu(MenuAction action, bool paperPenalty, bool overlapping, PaymentBox paymentBox)
    {
        var scenario = (overlapping ? Overlapping : new()) with { Action = action, PaperPenalty = paperPenalty, PenaltyWeight = 7, PaymentBox = paymentBox };
        const int Rows = 2000;
        var environment = new LatencyEnvironment(scenario, Rows, 0);
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
            var top = market.Terms.Types.Max(type => type.Gain) * market.Terms.MaxLatencySeconds;
            var expected = paperPenalty ? (objective - (200 * broken)) / (market.Users * top) : (objective / (market.Users * top)) - (7 * sum / top);
            Assert.Equal(expected, rewards[row], 1e-5 * (1 + Math.Abs(expected)));
            Assert.InRange(rewards[row], float.NegativeInfinity, 1);
            if (action == MenuAction.Projected)
            {
                Assert.True(sum < 1e-9 * top, $"row {row} breaks constraints by {sum}");
                var answer = LatencyContractMechanism.Describe(market, new(Termination.Candidate, menu));
                Assert.True(LatencyContractMechanism.Door.Audit(market, answer, new()).Holds, $"row {row} fails its audit");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void ExactAnswer_EncodedAsAction_EarnsTheOptimum(MenuAction action, bool paperPenalty, bool overlapping, PaymentBox paymentBox)
    {
        _ = paperPenalty;   // rounding of payments to floats breaks what binds, at 200 a constraint
        var scenario = (overlapping ? Overlapping : new()) with { Action = action, PaymentBox = paymentBox };
        const int Rows = 300;
        var environment = new LatencyEnvironment(scenario, Rows, 0);
        environment.Reset(1);
        var actions = new float[Rows * environment.ActionSize];
        var optima = new double[Rows];
        for (var row = 0; row < Rows; row++)
        {
            optima[row] = Encode(environment, row, actions.AsSpan(row * environment.ActionSize, environment.ActionSize));
        }

        var rewards = new float[Rows];
        environment.Advance(actions, rewards, new Status[Rows]);
        for (var row = 0; row < Rows; row++)
        {
            Assert.Equal(optima[row] / environment.Market(row).Users / environment.Scale(row), rewards[row], 2e-5);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ProjectedMenu_IsThatOfTheScalarDelivery(bool overlapping)
    {
        var scenario = (overlapping ? Overlapping : new()) with { Action = MenuAction.Projected };
        const int Rows = 501;
        var environment = new LatencyEnvironment(scenario, Rows, 0);
        environment.Reset(12);
        var rng = Rng.Stream(9, 0);
        var action = new float[environment.ActionSize];
        for (var row = 0; row < Rows; row++)
        {
            foreach (ref var entry in action.AsSpan())
            {
                entry = (float)Math.Clamp((2.4 * rng.NextDouble()) - 1.2, -1, 1);
            }

            var (market, menu) = (environment.Market(row), environment.Menu(row, action));
            var types = market.Terms.Types;
            var delivery = new Delivery(market.Terms.For(types[0], market.Level, market.Steps), 1, Attempts.Given);
            var largest = Math.Max(0, delivery.Reduction(delivery.PaceFor(types[^1].Gain)));
            double payment = 0, below = 0;
            foreach (var (j, entry) in action.Order().Index())
            {
                var reduction = (entry + 1.0) / 2 * largest;
                payment += types[j].Gain * (reduction - below);
                below = reduction;
                var speeds = delivery.Speeds(delivery.PaceAtGap(delivery.Ceiling - reduction));
                Assert.Equal(0, menu.Payments[j] - payment, 1e-13 * environment.Scale(row));
                Assert.Equal(1, menu.RateBitPerSecond[j] / speeds.Rate, 1e-13);
                Assert.Equal(speeds.Prompt, menu.CpuPromptHz[j], 1e-13 * speeds.Prompt);
                Assert.Equal(speeds.Denoise, menu.CpuDenoiseHz[j], 1e-13 * speeds.Denoise);
                Assert.True(LatencyContractMechanism.Deliver(market, menu, j).Reduction >= 0);
            }
        }
    }

    [Fact]
    public void DefaultDraws_LoseMoneyAsOftenAsPublished()
    {
        var environment = new LatencyEnvironment(new LatencyScenario(), 8000, 0);
        environment.Reset(6);
        var solver = new Isotonic();
        var losses = Enumerable.Range(0, 8000).Average(row => solver.Solve(environment.Market(row), new(), default).Bound < 0 ? 1.0 : 0);
        Assert.InRange(losses, 0.1, 0.22);   // 16 %, a mean over both groups' items
    }

    [Theory]
    [InlineData(MenuAction.Penalised, PaymentBox.Deadline)]
    [InlineData(MenuAction.Penalised, PaymentBox.Delivery)]
    [InlineData(MenuAction.Projected, PaymentBox.Deadline)]
    public void ExactAnswers_ScoreOne(MenuAction action, PaymentBox paymentBox)
    {
        var scenario = new LatencyScenario { Action = action, PaymentBox = paymentBox };
        var evaluation = scenario.Evaluate(Exact(scenario, 500, 4), 500, 4, default);
        Assert.Equal(1, evaluation.Score.ShareOfOptimum, 1e-4);
        Assert.Equal(1, evaluation.Score.ShareOfReachable, 1e-4);
        Assert.Equal(1, evaluation.Score.FeasibleShare);
        Assert.InRange(evaluation.WorstViolation, 0, 1e-5);
        Assert.True(Mean(evaluation, "uniform") < evaluation.OptimumReward && evaluation.OptimumReward < Mean(evaluation, "completeInformation"));
        Assert.True(evaluation.ExactTime < TimeSpan.FromMilliseconds(1));
    }

    [Fact]
    public void PaymentsOfADelivery_ReachAQuarterBeyondItsWorth_AndNothingWhenLate()
    {
        const int Rows = 200;
        var environment = new LatencyEnvironment(new LatencyScenario { PaymentBox = PaymentBox.Delivery }, Rows, 0);
        environment.Reset(2);
        var late = 0;
        for (var row = 0; row < Rows; row++)
        {
            var market = environment.Market(row);
            var menu = environment.Menu(row, [-1, -1, -1, 1, 0.2f, 0.2f, 0.2f, 1]);   // the slowest item, and one of moderate speed
            for (var j = 0; j < 2; j++)
            {
                var reduction = LatencyContractMechanism.Deliver(market, menu, j).Reduction;
                Assert.Equal(Math.Max(0, 1.25 * market.Terms.Types[j].Gain * reduction), menu.Payments[j], 1e-9);
                late += reduction < 0 ? 1 : 0;
            }
        }

        Assert.InRange(late, 1, (2 * Rows) - 1);   // both kinds are seen
    }

    [Fact]
    public void ViolatedIncentives_ScoreNothing()
    {
        // The highest type pays 2 % of θ_J t_max too much: it would rather stand in for the other.
        var scenario = new LatencyScenario();
        var evaluation = scenario.Evaluate(Exact(scenario, 500, 4, type: 1, more: 0.02), 500, 4, default);
        Assert.All(evaluation.Tolerances, score => Assert.Equal(0, score.MeanReward));
        Assert.InRange(Mean(evaluation, "worstIncentiveCompatibility"), 0.0199, 0.021);

        // The lowest pays more than it is worth, by half a per cent: that passes at one per cent alone.
        evaluation = scenario.Evaluate(Exact(scenario, 500, 4, type: 0, more: 0.005), 500, 4, default);
        Assert.Equal([0, 0, 1.0], evaluation.Tolerances.Select(score => score.FeasibleShare));
        Assert.InRange(Mean(evaluation, "worstIndividualRationality"), 0.0049, 0.0051);
    }

    [Fact]
    public void ProjectedActions_AreAlwaysFeasible()
    {
        var scenario = Overlapping with { Action = MenuAction.Projected };
        var evaluation = scenario.Evaluate(new LinearPolicy(22, 4), 1000, 3, default);
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
            var environment = new LatencyEnvironment(scenario, 50, ContractEnvironment.Unseen);
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
                var reversed = market with { Terms = market.Terms with { Types = [.. market.Terms.Types.Reverse()] } };
                var solution = scenario.Answer(reversed, policy);
                Assert.Equal(Termination.Candidate, solution.Termination);
                Assert.Equal("", solution.Note);
                Assert.Equal(menu.CpuPromptHz, solution.Outcome!.CpuPromptHz.Reverse());
                Assert.Equal(menu.CpuDenoiseHz, solution.Outcome.CpuDenoiseHz.Reverse());
                Assert.Equal(menu.RateBitPerSecond, solution.Outcome.RateBitPerSecond.Reverse());
                Assert.Equal(menu.Payments, solution.Outcome.Payments.Reverse());
            }
        }
    }

    [Fact]
    public void Answer_SaysWhatDoesNotFit()
    {
        var scenario = new LatencyScenario();
        var environment = new LatencyEnvironment(scenario, 1, 0);
        environment.Reset(0);
        var market = environment.Market(0);
        var policy = new ConstantPolicy(18, 8, 0);
        var other = market with { Terms = market.Terms with { Types = market.Terms.Types.SetItem(1, new() { Gain = 70, Probability = 0.5 }) }, Steps = 25 };
        Assert.Equal("outside the range of training: gain of type 2 70 (trained on 25 to 50), steps 25 (trained on 4 to 20)", scenario.Answer(other, policy).Note);
        other = market with
        {
            Terms = market.Terms with
            {
                Types = [new() { Gain = 20, Probability = 1, Overrides = new() { ResultBits = 1 } }],
                SuccessModel = null,
                SuccessProbability = 0.5,
                Attempt = 2,
                AllowExclusion = true,
            },
        };
        Assert.Equal(
            ["$.types", "$.successModel", "$.attempt", "$.allowExclusion", "$.types[0]"],
            Assert.Throws<InvalidRequestException>(() => scenario.Answer(other, policy)).Problems.Select(problem => problem.Path));
        Assert.Throws<InvalidRequestException>(() => scenario.Evaluate(new ConstantPolicy(18, 2, 0), 10, 0, default));
    }

    [Fact]
    public void Policies_AreJudgedOnOtherRanges_WithTheScalesAndSpeedsOfTheirTraining()
    {
        var trained = new LatencyScenario();
        var wider = trained with { Ranges = new() { MaxLatencySeconds = new(5, 8), CostPrompt = new(50, 200) }, Scales = trained.Ranges };
        var (narrow, wide) = (new LatencyEnvironment(trained, 1, 0), new LatencyEnvironment(wider, 100, 0));
        wide.Reset(3);
        var (expected, observations) = (new float[18], new float[1800]);
        wide.Observe(observations);
        var action = new[] { 0.1f, 0.2f, -0.3f, 0.4f, 0.5f, 0.1f, 0.3f, 0.6f };
        for (var row = 0; row < 100; row++)
        {
            narrow.Show(wide.Market(row));
            narrow.Observe(expected);
            Assert.Equal(expected, observations[(18 * row)..(18 * (row + 1))]);
            Assert.Equal(narrow.Menu(0, action).CpuPromptHz.ToArray(), wide.Menu(row, action).CpuPromptHz.ToArray());
        }
    }

    [Fact]
    public void Document_IsReadStrictlyAndWrittenBack()
    {
        var door = LatencyContractMechanism.Door.Environment!;
        var scenario = (LatencyScenario)door.Read("""{"action": "projected", "paymentBox": "delivery", "ranges": {"level": [2, 2], "users": [5, 9]}}"""u8);
        Assert.Equal(PaymentBox.Delivery, scenario.PaymentBox);
        Assert.Equal(new UniformRange(2, 2), scenario.Ranges.Level);
        Assert.Equal(door.Write(scenario), door.Write(door.Read(door.Write(scenario))));
        string[] Paths(string text) => [.. Assert.Throws<InvalidRequestException>(() => door.Read(Encoding.UTF8.GetBytes(text))).Problems.Select(problem => problem.Path)];
        Assert.Equal(["$.ranges.steps", "$.ranges.users"], Paths("""{"ranges": {"steps": [1.5, 3], "users": [9, 5]}}"""));
        Assert.Equal(["$.successModel.rho"], Paths("""{"successModel": {"rho": [1, -1, 1, 1, 1, 1], "qualityThreshold": 5, "qualitySpread": 1}}"""));
    }

    private static double Mean(Evaluation evaluation, string name) => evaluation.Measures.Single(measure => measure.Name == name).Mean;

    /// <summary>Objective, sum of violations and their number from the definition.</summary>
    private static (double Objective, double Sum, int Broken) Slow(LatencyMarket market, LatencyOutcome menu)
    {
        var terms = market.Terms;
        var types = Enumerable.Range(0, terms.Types.Length).ToArray();
        var success = terms.SuccessModel!.At(market.Level, market.Steps).Success;
        double Delay(double work, double speed) => work == 0 ? 0 : work / speed;
        double Reduction(int k) => success * (terms.MaxLatencySeconds - Delay(terms.CyclesPerLevel * market.Level, menu.CpuPromptHz[k])
            - Delay(terms.CyclesPerStep * market.Steps, menu.CpuDenoiseHz[k]) - (terms.ResultBits / menu.RateBitPerSecond[k]));
        double Utility(int j, int k) => (terms.Types[j].Gain * Reduction(k)) - menu.Payments[k];
        double Cost(int k) => (terms.CostPrompt * terms.CapacitancePrompt * terms.CyclesPerLevel * market.Level * Math.Pow(menu.CpuPromptHz[k], 2))
            + (terms.CostDenoise * terms.CapacitanceDenoise * terms.CyclesPerStep * market.Steps * Math.Pow(menu.CpuDenoiseHz[k], 2))
            + (terms.CostCommunication * terms.ResultBits * menu.RateBitPerSecond[k] / Math.Pow(terms.ChannelStatus, 2));
        double[] violations =
        [
            .. types.Select(j => -Utility(j, j)), .. types.SelectMany(j => types.Where(k => k != j).Select(k => Utility(j, k) - Utility(j, j))),
        ];
        return (
            market.Users * types.Sum(j => terms.Types[j].Probability * (menu.Payments[j] - Cost(j))),
            violations.Sum(violation => Math.Max(0, violation)), violations.Count(violation => violation > 0));
    }

    /// <summary>The exact answer as an action, by searching each number's own effect; returns the optimum.</summary>
    private static double Encode(LatencyEnvironment environment, int row, Span<float> action)
    {
        var market = environment.Market(row);
        var solution = new Isotonic().Solve(market, new(), default);
        var (outcome, probe) = (solution.Outcome!, new float[action.Length]);
        var count = market.Terms.Types.Length;
        if (action.Length == count)
        {
            // Reductions follow shares: the least share whose speeds reach those of the optimum.
            for (var j = 0; j < count; j++)
            {
                var (low, high) = (-1f, 1f);
                for (var i = 0; i < 40; i++)
                {
                    Array.Fill(probe, (low + high) / 2);
                    (low, high) = environment.Menu(row, probe).RateBitPerSecond[j] < outcome.RateBitPerSecond[j] ? ((low + high) / 2, high) : (low, (low + high) / 2);
                }

                action[j] = high;
            }

            return solution.Bound;
        }

        Array.Fill(probe, -1);
        var least = environment.Menu(row, probe);
        Array.Fill(probe, 1);
        var most = environment.Menu(row, probe);
        for (var j = 0; j < count; j++)
        {
            action[4 * j] = Place(outcome.CpuPromptHz[j], least.CpuPromptHz[j], most.CpuPromptHz[j]);
            action[(4 * j) + 1] = Place(outcome.CpuDenoiseHz[j], least.CpuDenoiseHz[j], most.CpuDenoiseHz[j]);
            action[(4 * j) + 2] = Place(outcome.RateBitPerSecond[j], least.RateBitPerSecond[j], most.RateBitPerSecond[j]);
            var dearest = Dearest(environment, row, action, j);
            action[(4 * j) + 3] = dearest > 0 ? (float)((2 * outcome.Payments[j] / dearest) - 1) : -1;
        }

        return solution.Bound;

        static float Place(double value, double low, double high)
        {
            var place = high > 0 ? (2 * Math.Log(value / low) / Math.Log(high / low)) - 1 : 0;
            Assert.InRange(place, -1.0000001, 1.0000001);   // the box holds every optimum
            return (float)place;
        }
    }

    /// <summary>The largest payment that a type's number can name beside its speeds; these matter where the box is that of the delivery.</summary>
    private static double Dearest(LatencyEnvironment environment, int row, ReadOnlySpan<float> action, int type)
    {
        var full = action.ToArray();
        full[(4 * type) + 3] = 1;
        return environment.Menu(row, full).Payments[type];
    }

    /// <summary>Plays the exact answers of the draws that an evaluation plays, with one type's payment raised by a share of θ_J t_max.</summary>
    private static PreparedPolicy Exact(LatencyScenario scenario, int draws, ulong seed, int type = 0, double more = 0)
    {
        var environment = new LatencyEnvironment(scenario, draws, ContractEnvironment.Unseen);
        environment.Reset(seed);
        var observations = new float[draws * environment.ObservationSize];
        environment.Observe(observations);
        var prepared = new Dictionary<string, float[]>();
        for (var row = 0; row < draws; row++)
        {
            var action = new float[environment.ActionSize];
            Encode(environment, row, action);
            if (more > 0)
            {
                action[(4 * type) + 3] += (float)(2 * more * environment.Scale(row) / Dearest(environment, row, action, type));
            }

            prepared[PreparedPolicy.Key(observations.AsSpan(row * environment.ObservationSize, environment.ObservationSize))] = action;
        }

        return new(environment.ObservationSize, environment.ActionSize, prepared);
    }
}
