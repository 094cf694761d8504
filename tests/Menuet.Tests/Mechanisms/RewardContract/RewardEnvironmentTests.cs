using System.Text;
using Menuet.Mechanisms.RewardContract;
using Menuet.Numerics;
using Menuet.Screening;

namespace Menuet.Tests.Mechanisms.RewardContract;

/// <summary>Reward contracts at play, and how they are judged.</summary>
public sealed class RewardEnvironmentTests
{
    /// <summary>The paper's action on its default draws.</summary>
    public sealed class Paper : EnvironmentConformance
    {
        protected override IEnvironment Start(int environments) => new RewardScenario().Start(environments);
    }

    /// <summary>Five types, every quantity drawn, ratios seen, premiums decided.</summary>
    public sealed class ProjectedRatios : EnvironmentConformance
    {
        protected override IEnvironment Start(int environments) =>
            (Wide with { Types = 5, Action = RewardAction.Projected, Features = RewardFeatures.Ratios }).Start(environments);
    }

    /// <summary>A grid, shaped, logarithms, shapes too far apart for a polynomial.</summary>
    public sealed class ShapedGrid : EnvironmentConformance
    {
        protected override IEnvironment Start(int environments) => (new RewardScenario
        {
            Types = 3,
            Action = RewardAction.Discrete,
            Shaped = true,
            Features = RewardFeatures.Logarithms,
            Ranges = new() { Alpha = new(0.05, 900), Beta = new(0.05, 900), WholeQualities = false },
        }).Start(environments);
    }

    private static RewardScenario Wide => new()
    {
        Ranges = new() { UtilityCoefficient = new(10, 30), RewardWeight = new(0.5, 2), QualityThreshold = new(0, 2), WholeQualities = false },
    };

    public static TheoryData<RewardAction, bool, RewardFeatures, int> Variants
    {
        get
        {
            var data = new TheoryData<RewardAction, bool, RewardFeatures, int>();
            foreach (var action in Enum.GetValues<RewardAction>())
            {
                data.Add(action, false, RewardFeatures.Raw, 2);
                data.Add(action, true, RewardFeatures.Logarithms, 3);
                data.Add(action, false, RewardFeatures.Ratios, 4);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void Reward_IsThatOfTheDecodedMenu(RewardAction action, bool shaped, RewardFeatures features, int types)
    {
        foreach (var basis in new[] { new RewardScenario { RewardMax = 3, GridSize = 7 }, Wide })
        {
            var scenario = basis with { Action = action, Shaped = shaped, Features = features, Types = types, FeasibilityTolerance = 0.02 };
            const int Rows = 3000;
            var environment = new RewardEnvironment(scenario, Rows, 0);
            environment.Reset(3);
            var actions = Actions(Rows * types, 5);
            for (var row = 0; row < Rows / 2; row++)
            {
                // Half of the rows play near the optimum, where constraints bind.
                Encode(scenario, environment.Market(row), actions.AsSpan(row * types, types));
                actions[(row * types) + (row % types)] += (row % 5 - 2) * 0.005f;
            }

            var rewards = new float[Rows];
            environment.Advance(actions, rewards, new Status[Rows]);
            var (feasible, broken) = (0, 0);
            for (var row = 0; row < Rows; row++)
            {
                var expected = Expected(scenario, environment.Market(row), actions.AsSpan(row * types, types), out var near);
                if (!near)
                {
                    Assert.Equal(expected, rewards[row], 1e-4 * (1 + Math.Abs(expected)));
                }

                feasible += expected > 0 ? 1 : 0;
                broken += expected <= 0 ? 1 : 0;
            }

            Assert.True(feasible > 5 && broken > 20, $"{feasible} feasible, {broken} not");
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void ExactAnswer_EncodedAsAction_EarnsTheOptimum(RewardAction action, bool shaped, RewardFeatures features, int types)
    {
        var scenario = new RewardScenario { Action = action, Shaped = shaped, Features = features, Types = types, GridSize = 1_000_000 };
        const int Rows = 500;
        var environment = new RewardEnvironment(scenario, Rows, 0);
        environment.Reset(1);
        var actions = new float[Rows * types];
        var optima = new double[Rows];
        for (var row = 0; row < Rows; row++)
        {
            optima[row] = Encode(scenario, environment.Market(row), actions.AsSpan(row * types, types));
        }

        var rewards = new float[Rows];
        environment.Advance(actions, rewards, new Status[Rows]);
        Assert.Contains(optima, optimum => optimum > 0);
        for (var row = 0; row < Rows; row++)
        {
            Assert.Equal(optima[row], rewards[row], 1e-4);
        }
    }

    [Fact]
    public void DefaultDraws_HaveThePublishedMoments()
    {
        var evaluation = new RewardScenario().Evaluate(new ConstantPolicy(9, 2, 0), 40_000, 11, default);
        double Of(string name) => evaluation.Measures.Single(measure => measure.Name == name).Mean;
        Assert.Equal(22.11, evaluation.OptimumReward, 4 * 16.96 / Math.Sqrt(40_000));
        Assert.Equal(16.96, evaluation.Measures.Single(measure => measure.Name == "optimum").StandardDeviation, 0.1);
        Assert.Equal(0.655, Of("solvableShare"), 0.01);
        Assert.Equal(34.16, Of("completeInformation"), 0.13);
        Assert.Equal(34.99, Of("uniform"), 0.12);
        Assert.Equal(3.40, Of("averagePaper"), 0.25);
        Assert.Equal(0.46, Of("random"), 0.08);
        Assert.Equal(0.015, Of("randomFeasibleShare"), 0.003);

        // Equal qualities, 9.9 % of draws, leave no room at tolerance 0.
        Assert.Equal(22.11 - 3.40, evaluation.Tolerances[0].ReachableReward, 0.35);
        Assert.Equal(evaluation.OptimumReward, evaluation.Tolerances[1].ReachableReward, 1e-9);
    }

    [Fact]
    public void EqualQualities_AreAsFrequentAsTheirLaw()
    {
        const int Rows = 50_000;
        var environment = new RewardEnvironment(new RewardScenario(), Rows, 0);
        environment.Reset(2);
        var markets = Enumerable.Range(0, Rows).Select(environment.Market).ToArray();
        Assert.Equal(8 / 81.0, markets.Average(market => market.Types[0].Quality == market.Types[1].Quality ? 1.0 : 0), 0.006);
        Assert.Equal(28 / 81.0, markets.Average(market => market.Types[0].Quality > market.Types[1].Quality ? 1.0 : 0), 0.01);
        foreach (var market in markets.Take(200))
        {
            Assert.Empty(market.Problems());
        }
    }

    [Fact]
    public void Probabilities_AreThoseOfTheBetaDistribution()
    {
        var environment = new RewardEnvironment(new RewardScenario { Types = 4 }, 64, 0);
        environment.Reset(2);
        for (var row = 0; row < 64; row++)
        {
            // The draw's shapes are not kept in the market; they are words 3 and 4 of the row's stream.
            var rng = Rng.Stream(2, (ulong)row, 3);
            var (alpha, beta) = (1 + rng.NextDouble(), 1 + rng.NextDouble());
            var types = environment.Market(row).Types;
            for (var k = 0; k < 4; k++)
            {
                var mass = BetaDistribution.Cumulative((k + 1) / 4.0, alpha, beta) - BetaDistribution.Cumulative(k / 4.0, alpha, beta);
                Assert.Equal(mass, types[k].Probability, 3e-10);
            }
        }
    }

    [Fact]
    public void TheLeastPremium_IsTheOptimum()
    {
        var scenario = new RewardScenario { Action = RewardAction.Projected };
        var evaluation = scenario.Evaluate(new ConstantPolicy(9, 2, -1), 2000, 1, default);
        Assert.Equal(0, evaluation.FeasibilityTolerance);
        Assert.Equal(1, evaluation.Score.ShareOfOptimum, 1e-12);
        Assert.Equal(1, evaluation.Score.ShareOfReachable, 1e-12);
        Assert.Equal(evaluation.Measures.Single(measure => measure.Name == "solvableShare").Mean, evaluation.Score.FeasibleShare);
    }

    [Fact]
    public void DrawsWithoutAFeasibleMenu_AreNoViolations()
    {
        var evaluation = new RewardScenario { Action = RewardAction.Projected }.Evaluate(new ConstantPolicy(9, 2, -1), 2000, 1, default);
        Assert.InRange(Of("solvableShare"), 0.6, 0.7);
        Assert.InRange(evaluation.WorstViolation, 0, Judgement.Rounding);
        Assert.All(
            ["worstIndividualRationality", "worstIncentiveCompatibility", "individualRationality", "incentiveCompatibility"],
            name => Assert.InRange(Of(name), 0, Judgement.Rounding));

        // Quality falls while reputation rises: no menu is feasible in any draw.
        var hopeless = new RewardScenario { Ranges = new() { Qualities = [new(9, 9), new(5, 5)] } }.Evaluate(new ConstantPolicy(9, 2, 0), 50, 1, default);
        Assert.Equal((0, 0), (hopeless.Score.FeasibleShare, hopeless.WorstViolation));

        double Of(string name) => evaluation.Measures.Single(measure => measure.Name == name).Mean;
    }

    [Fact]
    public void AnyPremium_IsFeasibleWhereAnythingIs()
    {
        var scenario = new RewardScenario { Action = RewardAction.Projected, Types = 5 };
        var evaluation = scenario.Evaluate(new ConstantPolicy(18, 5, 0.3f), 2000, 1, default);
        Assert.Equal(evaluation.Measures.Single(measure => measure.Name == "solvableShare").Mean, evaluation.Score.FeasibleShare);
        Assert.InRange(evaluation.Score.ShareOfOptimum, 0.2, 0.99);
    }

    [Fact]
    public void ViolatedIncentives_ScoreNothing()
    {
        // Type 2 is paid too little by 0.05 of R_max: it would rather stand in for type 1.
        var fair = new Exact(new RewardScenario(), 0);
        var unfair = new Exact(new RewardScenario(), -0.1f);
        Assert.Equal(1, new RewardScenario().Evaluate(fair, 1000, 4, default).Tolerances[1].ShareOfOptimum, 1e-5);
        var evaluation = new RewardScenario().Evaluate(unfair, 1000, 4, default);
        Assert.All(evaluation.Tolerances, score => Assert.Equal(0, score.MeanReward));
        Assert.True(evaluation.Measures.Single(measure => measure.Name == "worstIncentiveCompatibility").Mean >= 0.049);
    }

    [Fact]
    public void Evaluation_DependsOnItsSeedAlone_AndNotOnThePolicy()
    {
        var scenario = new RewardScenario();
        var (one, two, other) = (
            scenario.Evaluate(new ConstantPolicy(9, 2, 0), 3000, 5, default), scenario.Evaluate(new ConstantPolicy(9, 2, 0.5f), 3000, 5, default),
            scenario.Evaluate(new ConstantPolicy(9, 2, 0), 3000, 6, default));
        Assert.Equal(one.OptimumReward, two.OptimumReward);
        Assert.NotEqual(one.OptimumReward, other.OptimumReward);

        // Draws of training with the same seed are others.
        var training = scenario.Start(3000);
        training.Reset(5);
        var unseen = new RewardEnvironment(scenario, 3000, ContractEnvironment.Unseen);
        unseen.Reset(5);
        var (seen, fresh) = (new float[27_000], new float[27_000]);
        training.Observe(seen);
        unseen.Observe(fresh);
        Assert.False(Rows(seen).Overlaps(Rows(fresh)));
        static HashSet<string> Rows(float[] values) => [.. values.Chunk(9).Select(row => string.Join(' ', row))];
    }

    [Fact]
    public void Answer_IsThatOfTheEvaluation()
    {
        foreach (var scenario in new[] { new RewardScenario(), new RewardScenario { Action = RewardAction.Projected, Types = 3, Features = RewardFeatures.Ratios } })
        {
            var environment = new RewardEnvironment(scenario, 50, ContractEnvironment.Unseen);
            var policy = new LinearPolicy(environment.ObservationSize, environment.ActionSize);
            environment.Reset(9);
            var observations = new float[50 * environment.ObservationSize];
            var actions = new float[50 * environment.ActionSize];
            environment.Observe(observations);
            policy.Act(observations, actions, 50);
            var expected = new double[scenario.Types];
            for (var row = 0; row < 50; row++)
            {
                environment.Decode(row, actions.AsSpan(row * scenario.Types, scenario.Types), expected);

                // The same market with its types in another order.
                var market = environment.Market(row);
                var solution = scenario.Answer(market with { Types = [.. market.Types.Reverse()] }, policy);
                Assert.Equal(Termination.Candidate, solution.Termination);
                Assert.Equal("", solution.Note);
                Assert.Equal(expected, solution.Outcome!.Rewards.Reverse(), (a, b) => Math.Abs(a - b) < 1e-6);
            }
        }
    }

    [Fact]
    public void Answer_SaysWhatDoesNotFit()
    {
        var scenario = new RewardScenario();
        var market = new RewardMarket
        {
            UnitCost = 9,
            UtilityCoefficient = 20,
            Types = [new() { Reputation = 7, Probability = 0.5, Quality = 3 }, new() { Reputation = 9, Probability = 0.5, Quality = 4 }],
        };
        Assert.Contains("unitCost 9 (trained on 1 to 3)", scenario.Answer(market, new ConstantPolicy(9, 2, 0)).Note, StringComparison.Ordinal);
        Assert.Equal(["$.types", "$.qualityMode"], Paths(() => scenario.Answer(market with { Types = market.Types.RemoveAt(0), QualityMode = QualityMode.Designed }, new ConstantPolicy(9, 2, 0))));
        Assert.Equal(["--solver"], Paths(() => scenario.Answer(market, new ConstantPolicy(8, 2, 0))));
        Assert.Equal(["--solver"], Paths(() => scenario.Evaluate(new ConstantPolicy(9, 3, 0), 10, 0, default)));
        static IEnumerable<string> Paths(Action act) => Assert.Throws<InvalidRequestException>(act).Problems.Select(problem => problem.Path);
    }

    [Fact]
    public void Document_IsReadStrictlyAndWrittenBack()
    {
        var door = RewardContractMechanism.Door.Environment!;
        var text = """{"types": 3, "action": "projected", "ranges": {"unitCost": [2, 2], "qualities": [[1, 4], [2, 5], [3, 6]]}, "features": "ratios"}""";
        var scenario = (RewardScenario)door.Read(Encoding.UTF8.GetBytes(text));
        Assert.Equal(3, scenario.Types);
        Assert.Equal(new UniformRange(2, 2), scenario.Ranges.UnitCost);
        Assert.Equal(new UniformRange(3, 6), scenario.Ranges.Quality(2, 3));
        Assert.Equal(door.Write(scenario), door.Write(door.Read(door.Write(scenario))));
        var error = Assert.Throws<InvalidRequestException>(() => door.Read("""
            {"ranges": {"unitCost": [3, 1], "qualities": [[1, 2.5], [1]], "reputationMin": [5, 11]}}
            """u8));
        Assert.Equal(["$.ranges.unitCost", "$.ranges.qualities[0]", "$.ranges.qualities[1]", "$.ranges.reputationMax"], error.Problems.Select(problem => problem.Path));
        Assert.NotNull(door.Schema()["properties"]!["ranges"]);
    }

    /// <summary>Eq. (14) from the market, type by type, in constraints as printed.</summary>
    private static double Expected(RewardScenario scenario, RewardMarket market, ReadOnlySpan<float> action, out bool near)
    {
        var count = market.Types.Length;
        var rewards = new double[count];
        double Ask(int k, int j) => market.UnitCost * market.Types[j].Quality!.Value / market.RewardWeight / market.Types[k].Reputation;
        for (var k = 0; k < count; k++)
        {
            var share = (Math.Clamp((double)action[k], -1, 1) + 1) / 2;
            rewards[k] = scenario.Action switch
            {
                RewardAction.Paper => share * scenario.RewardMax,
                RewardAction.Discrete => Math.Round(share * (scenario.GridSize - 1)) * scenario.RewardMax / (scenario.GridSize - 1),
                _ when k == 0 => Ask(0, 0) + (share * scenario.RewardMax),
                _ => rewards[k - 1] + ((1 - share) * (Ask(k, k) - Ask(k, k - 1))) + (share * (Ask(k - 1, k) - Ask(k - 1, k - 1))),
            };
        }

        double largest = 0, sum = 0;
        for (var k = 0; k < count; k++)
        {
            var utility = rewards[k] - Ask(k, k);
            foreach (var violation in Enumerable.Range(0, count).Where(j => j != k).Select(j => rewards[j] - Ask(k, j) - utility).Append(-utility))
            {
                largest = Math.Max(largest, violation);
                sum += Math.Max(0, violation);
            }
        }

        near = Math.Abs(largest - (scenario.Tolerance * scenario.RewardMax)) < 1e-6;
        if (new ClosedForm().Solve(market, new(), default).Outcome is null)
        {
            near = false;
            return 0;
        }

        return scenario.Action == RewardAction.Projected || largest <= scenario.Tolerance * scenario.RewardMax
            ? Enumerable.Range(0, count).Sum(k => market.Types[k].Probability * ((market.UtilityCoefficient * Math.Log(market.Types[k].Quality!.Value - market.QualityThreshold + 1)) - rewards[k]))
            : scenario.Shaped ? -scenario.ShapingWeight * sum : 0;
    }

    /// <summary>The exact answer as an action; returns the optimum, 0 where there is none.</summary>
    private static double Encode(RewardScenario scenario, RewardMarket market, Span<float> action)
    {
        var solution = new ClosedForm().Solve(market, new(), default);
        for (var k = 0; k < action.Length; k++)
        {
            action[k] = scenario.Action == RewardAction.Projected || solution.Outcome is null ? -1 : (float)((2 * solution.Outcome.Rewards[k] / scenario.RewardMax) - 1);
        }

        return solution.Outcome is null ? 0 : solution.Bound;
    }

    private static float[] Actions(int count, ulong seed)
    {
        var rng = Rng.Stream(seed, 0);
        var actions = new float[count];
        foreach (ref var action in actions.AsSpan())
        {
            action = (float)((2.2 * rng.NextDouble()) - 1.1);
        }

        return actions;
    }

    /// <summary>Two types: the closed form, from the paper's state; the second reward off by some of the action's range.</summary>
    private sealed class Exact(RewardScenario scenario, float off) : IPolicy
    {
        public int ObservationSize => 9;

        public int ActionSize => 2;

        public void Act(ReadOnlySpan<float> observations, Span<float> actions, int rows)
        {
            for (var row = 0; row < rows; row++)
            {
                var o = observations.Slice(row * 9, 9);
                var (q1, q2, cost) = (5 + (4 * o[0]), 6 + (4 * o[1]), 2 + o[3]);
                var (phi1, phi2) = (7.5 + (2.5 * o[7]), 10 + (2.5 * o[8]));
                var first = cost * q1 / phi1;
                actions[2 * row] = (float)((2 * first / scenario.RewardMax) - 1);
                actions[(2 * row) + 1] = (float)((2 * (first + (cost * (q2 - q1) / phi2)) / scenario.RewardMax) - 1) + off;
            }
        }
    }
}
