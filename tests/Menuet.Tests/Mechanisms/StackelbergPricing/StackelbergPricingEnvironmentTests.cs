using Menuet.Mechanisms.StackelbergPricing;

namespace Menuet.Tests.Mechanisms.StackelbergPricing;

public sealed class FixedPricingEnvironmentTests : EnvironmentConformance
{
    protected override IEnvironment Start(int environments) => new StackelbergPricingScenario { Rounds = 4 }.Start(environments);
}

public sealed class RandomPricingEnvironmentTests : EnvironmentConformance
{
    protected override IEnvironment Start(int environments) =>
        new StackelbergPricingScenario { Variant = FollowerVariant.RandomDelta, MaxUnitCost = 5, Followers = 3, Rounds = 3, History = 2 }.Start(environments);
}

public sealed class DriftingPricingEnvironmentTests : EnvironmentConformance
{
    protected override IEnvironment Start(int environments) =>
        new StackelbergPricingScenario { Variant = FollowerVariant.Drift, CapacitySteps = 120, Rounds = 5 }.Start(environments);
}

public sealed class StackelbergPricingEnvironmentTests
{
    private const ulong Seed = 21;

    [Fact]
    public void Sizes_AreThePublishedOnes()
    {
        var scenario = new StackelbergPricingScenario();
        Assert.Equal(1408.05, scenario.ReferenceUtility, 0.005);
        Assert.Equal(704.02, (scenario with { Followers = 1 }).ReferenceUtility, 0.005);
        Assert.Equal(215.517, scenario.MostSteps, 0.0005);
        var environment = scenario.Start(64);
        Assert.Equal((64, 1, 12, 1, 0), (environment.Rows, environment.Agents, environment.ObservationSize, environment.ActionSize, environment.StateSize));
        Assert.Equal(16, (scenario with { MaxUnitCost = 5 }).Start(1).ObservationSize);
    }

    [Theory]
    [InlineData(FollowerVariant.Fixed, null, null)]
    [InlineData(FollowerVariant.RandomDelta, null, null)]
    [InlineData(FollowerVariant.RandomDelta, 5.0, 150.0)]
    [InlineData(FollowerVariant.Drift, 4.0, 250.0)]
    [InlineData(FollowerVariant.Drift, null, null)]
    public void Rewards_AreTheLeadersUtility(FollowerVariant variant, double? maxUnitCost, double? capacity)
    {
        const int rows = 40;
        var scenario = new StackelbergPricingScenario { Variant = variant, MaxUnitCost = maxUnitCost, CapacitySteps = capacity, Rounds = 20, Followers = 3 };
        var environment = scenario.Begin(rows);
        environment.Reset(Seed);
        var random = Rng.Stream(4, 0);
        var (actions, rewards, statuses) = (new float[rows], new float[rows], new Status[rows]);
        var rationed = 0;
        for (var round = 0; round < 20; round++)
        {
            var satisfactions = Enumerable.Range(0, rows).Select(row => Enumerable.Range(0, 3).Select(k => environment.SatisfactionOf(row, k)).ToArray()).ToArray();
            for (var row = 0; row < rows; row++)
            {
                actions[row] = (float)(3 * random.NextDouble() - 1.5);
            }

            environment.Advance(actions, rewards, statuses);
            for (var row = 0; row < rows; row++)
            {
                var cost = environment.Costs[row];
                var price = cost + (20 - cost) * (Math.Clamp(actions[row], -1f, 1f) + 1.0) / 2;
                Assert.Equal(price, environment.Prices[row], 1e-12);

                // What the audit says a follower buys, and what sells when the capacity is shared in proportion.
                var market = new StackelbergPricingMarket
                {
                    Quality = new(),
                    Leader = new() { UnitCost = cost, MaxPrice = 20 },
                    Followers = [.. satisfactions[row].Select(delta => new Follower { Satisfaction = delta })],
                };
                var wanted = Enumerable.Range(0, 3).Select(k => BestSteps(market, k, price)).ToArray();
                var sold = Math.Min(wanted.Sum(), capacity ?? double.PositiveInfinity);
                rationed += sold < wanted.Sum() ? 1 : 0;
                Assert.Equal((price - cost) * sold, environment.Utilities[row], 1e-6);
                Assert.Equal((price - cost) * sold / scenario.ReferenceUtility, rewards[row], 1e-6);
                for (var k = 0; k < 3; k++)
                {
                    var steps = wanted[k] * sold / Math.Max(wanted.Sum(), 1e-300);
                    Assert.Equal(steps, environment.StepsOf(row)[k], 1e-6);
                }

                Assert.Equal(
                    Enumerable.Range(0, 3).Sum(k => new FollowerTerms(market, k).Utility(environment.StepsOf(row)[k], price)), environment.FollowerUtilities[row], 1e-6);
                Assert.Equal(round == 19 ? Status.Truncated : Status.Running, statuses[row]);
            }
        }

        Assert.Equal(capacity is not null, rationed > 0);
    }

    [Fact]
    public void History_RevealsSatisfactionExactly()
    {
        const int rows = 300;
        var scenario = new StackelbergPricingScenario { Variant = FollowerVariant.RandomDelta };
        var environment = scenario.Begin(rows);
        environment.Reset(Seed);
        var seen = new float[rows * 12];
        environment.Observe(seen);
        var revealed = 0;
        for (var row = 0; row < rows; row++)
        {
            for (var k = 0; k < 2; k++)
            {
                for (var round = 0; round < 4; round++)
                {
                    var token = seen.AsSpan(row * 12 + round * 3, 3);
                    var (price, steps) = (1 + 19 * (double)token[0], scenario.MostSteps * token[1 + k]);
                    if (steps <= 0)
                    {
                        Assert.True(price >= environment.SatisfactionOf(row, k) * 0.075 * (1 - 1e-6));
                        continue;
                    }

                    // δ = p/(2αS + β), as well as single precision tells it.
                    Assert.Equal(1, price / (2 * -0.000174 * steps + 0.075) / environment.SatisfactionOf(row, k), 2e-5);
                    revealed++;
                }
            }
        }

        Assert.True(revealed > rows * 4);
    }

    [Fact]
    public void Draws_FollowTheirLaws()
    {
        const int rows = 20_000;
        var random = new StackelbergPricingScenario { Variant = FollowerVariant.RandomDelta, MaxUnitCost = 5, Followers = 1 }.Begin(rows);
        random.Reset(Seed);
        var satisfactions = Enumerable.Range(0, rows).Select(row => random.SatisfactionOf(row, 0)).ToArray();
        Assert.Equal(200, satisfactions.Average(), 1.5);
        Assert.Equal(60, Math.Sqrt(satisfactions.Average(value => (value - 200) * (value - 200))), 1.5);
        Assert.Equal(3, random.Costs.ToArray().Average(), 0.03);
        Assert.InRange(random.Costs.ToArray().Min(), 1, 1.01);
        Assert.InRange(random.Costs.ToArray().Max(), 4.99, 5);

        var drift = new StackelbergPricingScenario { Variant = FollowerVariant.Drift, Followers = 1 }.Begin(rows);
        drift.Reset(Seed);
        var before = Enumerable.Range(0, rows).Select(row => Math.Log(drift.SatisfactionOf(row, 0))).ToArray();
        drift.Advance(new float[rows], new float[rows], new Status[rows]);
        var after = Enumerable.Range(0, rows).Select(row => Math.Log(drift.SatisfactionOf(row, 0))).ToArray();
        var deviation = 0.02 / Math.Sqrt(1 - 0.99 * 0.99);
        Assert.Equal(200, before.Average(Math.Exp), 1.0);
        Assert.Equal(deviation, Deviation(before), 0.003);
        Assert.Equal(deviation, Deviation(after), 0.003);
        var (mean, next) = (before.Average(), after.Average());
        var covariance = before.Zip(after, (a, b) => (a - mean) * (b - next)).Average();
        Assert.Equal(0.99, covariance / (Deviation(before) * Deviation(after)), 0.001);

        static double Deviation(double[] values)
        {
            var mean = values.Average();
            return Math.Sqrt(values.Average(value => (value - mean) * (value - mean)));
        }
    }

    [Fact]
    public void Equilibrium_EarnsAllOfTheOptimum()
    {
        var scenario = new StackelbergPricingScenario();
        var evaluation = scenario.Evaluate(new Pricer(12, _ => (float)(2 * 7.0 / 19 - 1)), 40, Seed, default);
        Assert.Equal(1, evaluation.Score.ShareOfOptimum, 1e-12);
        Assert.Equal(1408.05, evaluation.OptimumReward, 0.005);
        Assert.Equal(8, Mean(evaluation, "optimalPrice"), 1e-9);
        Assert.Equal(8, Mean(evaluation, "price"), 1e-6);
        Assert.Equal(1408.05, Mean(evaluation, "blindReward"), 0.02);
        Assert.Equal(1408.05, Mean(evaluation, "monopolyReward"), 0.005);
        Assert.Equal(691.7, Mean(evaluation, "randomReward"), 25.0);   // uniform pricing, published in expectation
        Assert.InRange(Mean(evaluation, "greedyReward"), 1050, 1350);
        Assert.Equal((1, 0, 0), (evaluation.Score.FeasibleShare, evaluation.WorstViolation, Mean(evaluation, "rationedShare")));
        Assert.DoesNotContain(evaluation.Measures, measure => measure.Name == "historyGain");
    }

    /// <summary>A policy that inverts its history needs nothing else: it earns the full-information optimum, and a blind price does not.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData(5.0)]
    public void HistoryAwarePrice_ReachesTheFullInformationOptimum(double? maxUnitCost)
    {
        var scenario = new StackelbergPricingScenario { Variant = FollowerVariant.RandomDelta, MaxUnitCost = maxUnitCost, Rounds = 10, Followers = 1 };
        var token = scenario.TokenSize;
        var evaluation = scenario.Evaluate(
            new Pricer(4 * token, seen =>
            {
                var cost = maxUnitCost is null ? 1 : 1 + 4.0 * seen[^1];
                for (var round = 3; round >= 0; round--)
                {
                    var (price, steps) = (cost + (20 - cost) * seen[round * token], scenario.MostSteps * seen[round * token + 1]);
                    if (steps > 0)
                    {
                        var best = (cost + 0.075 * price / (2 * -0.000174 * steps + 0.075)) / 2;
                        return (float)(2 * (best - cost) / (20 - cost) - 1);
                    }
                }

                return -0.8f;
            }),
            200, Seed, default);
        Assert.InRange(evaluation.Score.ShareOfOptimum, 0.999, 1 + 1e-9);
        Assert.True(Mean(evaluation, "blindReward") < 0.98 * evaluation.OptimumReward);
        Assert.InRange(Mean(evaluation, "historyGain"), 0.97, 1 + 1e-9);
        Assert.True(Mean(evaluation, "regret") >= 0);
    }

    [Theory]
    [InlineData(FollowerVariant.RandomDelta, null, null)]
    [InlineData(FollowerVariant.Drift, null, null)]
    [InlineData(FollowerVariant.RandomDelta, 5.0, 150.0)]
    public void BlindPrice_EarnsMoreThanAnyOtherConstantAndLessThanTheOptimum(FollowerVariant variant, double? maxUnitCost, double? capacity)
    {
        var scenario = new StackelbergPricingScenario { Variant = variant, MaxUnitCost = maxUnitCost, CapacitySteps = capacity, Rounds = 8 };
        var best = double.NaN;
        for (var i = 0; i < 14; i++)
        {
            var price = 4 + 0.6 * i;
            var evaluation = scenario.Evaluate(new Pricer(4 * scenario.TokenSize, _ => (float)(2 * (price - 1) / 19 - 1)), 40, Seed, default);
            best = Mean(evaluation, "blindReward");
            Assert.True(best <= evaluation.OptimumReward * (1 + 1e-9));
            if (maxUnitCost is null)
            {
                Assert.True(evaluation.Score.MeanReward <= best * (1 + 1e-5), $"price {price} earns {evaluation.Score.MeanReward}, the blind price {best}");
            }
        }

        Assert.True(best > 0);
    }

    [Fact]
    public void Capacity_IsRationedAndReported()
    {
        // K = 2, R = 120: the equilibrium sells just the capacity at 10.824; a lower price is rationed.
        var scenario = new StackelbergPricingScenario { CapacitySteps = 120, Rounds = 5 };
        var evaluation = scenario.Evaluate(new Pricer(12, _ => (float)(2 * 7.0 / 19 - 1)), 3, Seed, default);
        Assert.Equal(10.824, Mean(evaluation, "optimalPrice"), 0.0005);
        Assert.Equal((8 - 1) * 120, evaluation.Score.MeanReward, 1e-3);
        Assert.Equal((0, 1.0), (evaluation.Score.FeasibleShare, Mean(evaluation, "rationedShare")));
        Assert.Equal(1 - 120 / 201.149, evaluation.WorstViolation, 1e-5);
    }

    [Fact]
    public void NothingToSell_EarnsAllThereIs()
    {
        var evaluation = new StackelbergPricingScenario { CapacitySteps = 0, Rounds = 3, Variant = FollowerVariant.Drift }.Evaluate(new Pricer(12, _ => 0), 3, Seed, default);
        Assert.Equal((0, 1, 1), (evaluation.OptimumReward, evaluation.Score.ShareOfOptimum, evaluation.WorstViolation));
        Assert.All(evaluation.Measures, measure => Assert.True(double.IsFinite(measure.Mean) && double.IsFinite(measure.StandardDeviation), measure.Name));
    }

    [Fact]
    public void Answer_PlaysTheDocumentsMarketUntilThePriceSettles()
    {
        var scenario = new StackelbergPricingScenario();
        var target = (float)(2 * 7.0 / 19 - 1);
        var door = StackelbergPricingMechanism.Door;
        var report = door.Solve(Catalog.Market("lai2025/stackelberg-pricing")!, scenario, new Pricer(12, _ => target), "policy:constant", new());
        Assert.Equal("candidate", report.Status);
        Assert.Equal(1408.05, report.Objective!.Value, 0.005);
        var market = new StackelbergPricingMarket
        {
            Quality = new(),
            Leader = new() { UnitCost = 2, MaxPrice = 12 },
            Followers = [new() { Satisfaction = 150 }, new() { Satisfaction = 300, Count = 2 }],
        };

        // A policy that moves half the way to 0 each round settles there: the middle of [2, 12].
        var solution = scenario.Answer(market, new Pricer(12, seen => (2 * seen[9] - 1) / 2));
        Assert.Equal(Termination.Candidate, solution.Termination);
        Assert.Equal(7, solution.Outcome!.Prices[0], 1e-4);
        Assert.InRange(solution.Iterations, 10, 60);
        Assert.Equal(BestSteps(market, 1, solution.Outcome.Prices[0]), solution.Outcome.Steps[1], 1e-9);
        var never = scenario.Answer(market, new Pricer(12, seen => seen[9] > 0.5 ? -0.5f : 0.5f));
        Assert.Equal(100, never.Iterations);
    }

    [Fact]
    public void Answer_AuditsItsRegret()
    {
        var scenario = new StackelbergPricingScenario();
        var report = StackelbergPricingMechanism.Door.Solve(Default(), scenario, new Pricer(12, _ => 0), "policy:middle", new());
        Assert.True(report.Audit!.Certificates.First(certificate => certificate.Claim == Claim.FollowerBestResponse).Holds);
        Assert.True(report.Audit.Certificates.First(certificate => certificate.Claim == Claim.Consistency).Holds);
        Assert.False(report.Audit.Certificates.First(certificate => certificate.Claim == Claim.LeaderBestResponse).Holds);
    }

    [Fact]
    public void Answer_SaysWhatThePolicyCannotSee()
    {
        var scenario = new StackelbergPricingScenario { Followers = 3 };
        var policy = new Pricer(16, _ => 0);
        var market = new StackelbergPricingMarket { Quality = new(), Leader = new(), Followers = [new(), new()] };
        var problem = Assert.Single(Assert.Throws<InvalidRequestException>(() => scenario.Answer(market, policy)).Problems);
        Assert.Equal("$.followers", problem.Path);
        var rivals = new StackelbergPricingMarket { Quality = new(), Leaders = [new(), new()], Choice = new(), Followers = [new(), new(), new()] };
        Assert.Equal("$.leaders", Assert.Throws<InvalidRequestException>(() => scenario.Answer(rivals, policy)).Problems.Single().Path);
    }

    [Fact]
    public void Document_HasAllDefaultsAndSaysWhatIsWrong()
    {
        var door = StackelbergPricingMechanism.Door.Environment!;
        var scenario = (StackelbergPricingScenario)door.Read("{}"u8);
        Assert.Equal(new StackelbergPricingScenario(), scenario);
        Assert.Equal(scenario, door.Read(door.Write(scenario)));
        Assert.Equal(FollowerVariant.RandomDelta, ((StackelbergPricingScenario)door.Read("{\"variant\": \"randomDelta\"}"u8)).Variant);
        Assert.Equal(["$.rounds", "$.unknown"], Problems("{\"rounds\": 0, \"unknown\": 1}"u8));
        Assert.Equal(["$.maxUnitCost"], Problems("{\"unitCost\": 3, \"maxUnitCost\": 2}"u8));
        Assert.Equal(["$.maxPrice"], Problems("{\"maxPrice\": 1}"u8));
        Assert.Equal(["$.unitCost"], Problems("{\"unitCost\": 15}"u8));
        Assert.Throws<InvalidRequestException>(() => new StackelbergPricingScenario { UnitCost = 16 }.Start(1));

        string[] Problems(ReadOnlySpan<byte> text)
        {
            try
            {
                door.Read(text);
                return [];
            }
            catch (InvalidRequestException exception)
            {
                return [.. exception.Problems.Select(problem => problem.Path)];
            }
        }
    }

    private static byte[] Default() => """
        {"kind": "stackelberg-pricing", "quality": {"curvature": -0.000174, "slope": 0.075}, "leader": {"unitCost": 1, "maxPrice": 20},
         "followers": [{"satisfaction": 200}, {"satisfaction": 200}]}
        """u8.ToArray();

    /// <summary>A follower's best response as the audit finds it.</summary>
    private static double BestSteps(StackelbergPricingMarket market, int follower, double price) => new FollowerTerms(market, follower).Best(price);

    private static double Mean(Evaluation evaluation, string name) => evaluation.Measures.First(measure => measure.Name == name).Mean;

    private sealed class Pricer(int observationSize, Func<float[], float> decide) : IPolicy
    {
        public int ObservationSize => observationSize;

        public int ActionSize => 1;

        public void Act(ReadOnlySpan<float> observations, Span<float> actions, int rows)
        {
            for (var row = 0; row < rows; row++)
            {
                actions[row] = decide(observations.Slice(row * observationSize, observationSize).ToArray());
            }
        }
    }
}
