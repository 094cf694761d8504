using System.Collections.Immutable;
using Menuet.Mechanisms.StackelbergPricing;
using Menuet.Tests.Core;

namespace Menuet.Tests.Mechanisms.StackelbergPricing;

public sealed class LeaderOptimumTests
{
    private static readonly BackwardInduction Exact = new();
    private static readonly Reference Slow = new();

    [Theory]
    [InlineData(1, 8.0, 100.5747126, 1408.0459770)]
    [InlineData(2, 8.5, 93.3908046, 1214.0804598)]
    [InlineData(3, 9.0, 86.2068966, 1034.4827586)]
    [InlineData(4, 9.5, 79.0229885057, 869.2528736)]
    [InlineData(5, 10.0, 71.8390805, 718.3908046)]
    public void CostSweep_HasThePublishedNumbers(double cost, double price, double steps, double utility)
    {
        var outcome = Solve(Market(cost, 200, 200));
        Assert.Equal(price, outcome.Prices[0], 12);
        Assert.Equal(steps, outcome.Steps[1], 1e-6);
        Assert.Equal(utility, LeaderProfit.Of(Market(cost, 200, 200), outcome), 1e-6);
        Assert.True(outcome.PriceIsUnique);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(6)]
    public void Profit_IsLinearInTheNumberOfFollowers(int count)
    {
        var market = Market(1, [.. Enumerable.Repeat(200.0, count)]);
        var outcome = Solve(market);
        Assert.Equal(8, outcome.Prices[0], 12);
        Assert.Equal(704.0229885 * count, LeaderProfit.Of(market, outcome), 5);
    }

    [Fact]
    public void TwoOptima_AreBothListed_AndTheLowerIsPosted()
    {
        var report = Solving.Json(Solving.Solve(Solving.CatalogMarket("lai2025/two-optima")));
        Assert.Equal(4.8133, (double)report["price"]!, 4);
        Assert.Equal(2, report["optimalPrices"]!.AsArray().Count);
        Assert.Equal(23, (double)report["optimalPrices"]![1]!, 9);
        Assert.Equal(2318.0077, (double)report["objective"]!, 4);
        Assert.False((bool)report["priceIsUnique"]!);
    }

    [Theory]
    [InlineData("binding-capacity", 10.824)]
    [InlineData("opt-out", 1.2445)]
    [InlineData("printed-range", 20)]
    [InlineData("heterogeneous", 7.53125)]
    public void Catalogue_HasThePublishedPrices(string name, double price) =>
        Assert.Equal(price, (double)Solving.Json(Solving.Solve(Solving.CatalogMarket($"lai2025/{name}")))["price"]!, 9);

    [Fact]
    public void ForcedDemandAboveCapacity_IsInfeasible_UnlessRationed()
    {
        var market = Market(1, 200, 200) with { MinSteps = 80, Leader = new() { UnitCost = 1, MaxPrice = 20, CapacitySteps = 120 } };
        var solution = Exact.Solve(market, new(), default);
        Assert.Equal(Termination.Infeasible, solution.Termination);
        Assert.Equal("demand-exceeds-capacity", solution.Reason);
        Assert.Equal(60, Solve(market with { CapacityRule = CapacityRule.Ration }).Steps[0], 9);
    }

    [Fact]
    public void IndifferentFollowers_AllBuy_OrNone()
    {
        // Both accept exactly one step up to the price 0.074826 δ: one of them would fit, two do not, and a third is eager.
        var both = Market(0, 100, 100) with { MinSteps = 1, MaxSteps = 1, Participation = Participation.Optional, Leader = new() { UnitCost = 0, MaxPrice = 100, CapacitySteps = 1.5 } };
        var nobody = Exact.Solve(both, new(), default).Outcome!;
        Assert.Equal(0, LeaderProfit.Of(both, nobody));
        Assert.Equal(new[] { false, false }, nobody.Participates.ToArray());
        Assert.Equal(7.4826, nobody.Prices[0], 9);

        var eager = both with { Followers = both.Followers.Add(new() { Satisfaction = 50 }).Add(new() { Satisfaction = 300, Count = 0.5 }) };
        var one = Exact.Solve(eager, new(), default).Outcome!;
        Assert.Equal(new[] { false, false, false, true }, one.Participates.ToArray());
        Assert.Equal(300 * 0.074826, one.Prices[0], 9);

        var roomy = both with { Leader = both.Leader! with { CapacitySteps = 2 } };
        var all = Exact.Solve(roomy, new(), default).Outcome!;
        Assert.Equal(new[] { true, true }, all.Participates.ToArray());
        Assert.Equal(7.4826, all.Prices[0], 9);
    }

    [Fact]
    public void ReservationPricesThatDifferByRounding_AreOneTieGroup()
    {
        // 0.1 × 3 is not 0.3 in binary; in exact arithmetic both followers are indifferent at one price.
        var market = Market(0, 0.1 * 3, 0.3) with
        {
            MinSteps = 1,
            MaxSteps = 1,
            Participation = Participation.Optional,
            Leader = new() { UnitCost = 0, MaxPrice = 1, CapacitySteps = 1.5 },
        };
        Assert.NotEqual(market.Followers[0].Satisfaction, market.Followers[1].Satisfaction);
        Assert.Equal(new[] { false, false }, Exact.Solve(market, new(), default).Outcome!.Participates.ToArray());
    }

    [Theory]
    [InlineData(15, 20, false)]
    [InlineData(16, 20, false)]
    [InlineData(3, 3, true)]
    public void NoTrade_IsAnAnswer(double cost, double maxPrice, bool unique)
    {
        var market = Market(cost, 200, 200) with { Leader = new() { UnitCost = cost, MaxPrice = maxPrice } };
        var solution = Exact.Solve(market, new(), default);
        var answer = StackelbergPricingMechanism.Door.Describe(market, solution);
        Assert.Equal("noTrade", answer.Status);
        Assert.Equal(cost, answer.Price);
        Assert.Equal(0, answer.Objective);
        Assert.Equal(unique, answer.PriceIsUnique);
        Assert.Equal(0, solution.Bound);
    }

    [Fact]
    public void NoFollowers_IsNoTrade() =>
        Assert.Equal("noTrade", (string)Solving.Json(Solving.Solve("""
            { "kind": "stackelberg-pricing", "quality": { "curvature": -1, "slope": 1 }, "leader": { "unitCost": 1, "maxPrice": 2 }, "followers": [] }
            """))["status"]!);

    [Fact]
    public void NoCapacity_PricesEverybodyOut()
    {
        var market = Market(1, 200, 100) with { Leader = new() { UnitCost = 1, MaxPrice = 20, CapacitySteps = 0 } };
        var outcome = Solve(market);
        Assert.Equal(15, outcome.Prices[0], 12);
        Assert.Equal(new[] { 0.0, 0.0 }, outcome.Steps.ToArray());
        Assert.Equal(Termination.Infeasible, Exact.Solve(market with { Leader = market.Leader! with { MaxPrice = 14 } }, new(), default).Termination);
    }

    [Fact]
    public void RandomMarkets_AgreeWithTheReference()
    {
        for (ulong seed = 0; seed < 2000; seed++)
        {
            var market = StackelbergMarkets.Draw(seed);
            Assert.Empty(market.Problems());
            var (mine, theirs) = (Exact.Solve(market, new(), default), Slow.Solve(market, new(), default));
            Assert.True(mine.Outcome is null == theirs.Outcome is null, $"seed {seed}: {mine.Termination} against {theirs.Termination}");
            if (mine.Outcome is null)
            {
                continue;
            }

            var (profit, reference) = (LeaderProfit.Of(market, mine.Outcome), LeaderProfit.Of(market, theirs.Outcome!));
            Assert.True(Math.Abs(profit - reference) <= 1e-9 * Math.Abs(reference), $"seed {seed}: {profit} against {reference}");
            if (reference > 0)
            {
                // A golden section finds the top of a parabola only to the root of the last bit.
                var nearest = mine.Outcome.OptimalPrices.Min(price => Math.Abs(price - theirs.Outcome!.Prices[0]));
                Assert.True(nearest <= 1e-6 * theirs.Outcome!.Prices[0], $"seed {seed}: {mine.Outcome.Prices[0]} against {theirs.Outcome.Prices[0]}");
            }
        }
    }

    [Fact]
    public void RandomMarkets_KeepEveryPromise()
    {
        var door = StackelbergPricingMechanism.Door;
        for (ulong seed = 0; seed < 3000; seed++)
        {
            var market = StackelbergMarkets.Draw(seed);
            var solution = Exact.Solve(market, new(), default);
            var answer = door.Describe(market, solution);
            if (answer.Objective is { } objective)
            {
                var audit = door.Audit(market, answer, new());
                Assert.True(audit.Holds, $"seed {seed}: {string.Join("; ", audit.Certificates.Where(c => !c.Holds).Select(c => $"{c.Claim} {c.Worst}"))}");
                Assert.True(objective <= solution.Bound, $"seed {seed}: {objective} above {solution.Bound}");
                Assert.True(objective >= solution.Bound * (1 - 2e-9), $"seed {seed}: {objective} far below {solution.Bound}");
            }
        }
    }

    [Fact]
    public void ManyFollowers_AgreeWithTheAuditsOwnSearch()
    {
        foreach (var (participation, rule, seed) in new[]
        {
            (Participation.Mandatory, CapacityRule.Price, 1UL), (Participation.Optional, CapacityRule.Price, 2UL), (Participation.Optional, CapacityRule.Ration, 3UL),
        })
        {
            var rng = Rng.Stream(seed, 2);
            var followers = ImmutableArray.CreateBuilder<Follower>();
            for (var k = 0; k < 20_000; k++)
            {
                followers.Add(new() { Satisfaction = 50 + (500 * rng.NextDouble()), Count = rng.NextDoubleOpen() });
            }

            var market = Market(1) with
            {
                Quality = new() { Intercept = participation == Participation.Optional ? -3 : 0 },
                Followers = followers.ToImmutable(),
                MinSteps = participation == Participation.Optional ? 10 : 0,
                MaxSteps = 180,
                Participation = participation,
                CapacityRule = rule,
                Leader = new() { UnitCost = 1, MaxPrice = 60, CapacitySteps = rule == CapacityRule.Ration ? 500_000 : 900_000 },
            };
            var solution = Exact.Solve(market, new(), default);
            var profit = LeaderProfit.Of(market, solution.Outcome!);
            var highest = new LeaderRegret(market).HighestProfit(profit * 0.999);
            Assert.Equal(1, highest / profit, 10);
        }
    }

    [Fact]
    public void ScalingMoney_ScalesMoney_AndPermutingFollowersPermutesSteps()
    {
        for (ulong seed = 0; seed < 300; seed++)
        {
            var market = StackelbergMarkets.Draw(seed);
            var outcome = Exact.Solve(market, new(), default).Outcome;
            if (outcome is null)
            {
                continue;
            }

            var doubled = market with
            {
                Leader = market.Leader! with { UnitCost = 2 * market.Leader.UnitCost, MaxPrice = 2 * market.Leader.MaxPrice },
                Followers = [.. market.Followers.Reverse().Select(f => f with { Satisfaction = 2 * f.Satisfaction })],
            };
            var other = Exact.Solve(doubled, new(), default).Outcome!;
            Assert.Equal(1, (2 * outcome.Prices[0] + 1e-300) / (other.Prices[0] + 1e-300), 9);
            for (var k = 0; k < market.Followers.Length; k++)
            {
                Assert.True(Math.Abs(outcome.Steps[k] - other.Steps[^(k + 1)]) <= 1e-6 * (1 + outcome.Steps[k]), $"seed {seed}");
            }
        }
    }

    [Fact]
    public void ExtremeNumbers_NeverGiveNonsense()
    {
        foreach (var satisfaction in new[] { 1e-40, 1e30 })
        {
            foreach (var curvature in new[] { -1e-40, -1e30 })
            {
                foreach (var slope in new[] { 1e-40, 1e30 })
                {
                    foreach (var count in new[] { 1e-40, 1e30 })
                    {
                        var market = Market(0) with
                        {
                            Quality = new() { Curvature = curvature, Slope = slope },
                            Leader = new() { UnitCost = 0, MaxPrice = 1e30 },
                            Followers = [new() { Satisfaction = satisfaction, Count = count }, new()],
                        };
                        var answer = StackelbergPricingMechanism.Door.Describe(market, Exact.Solve(market, new(), default));
                        Assert.True(answer.Objective is null || (double.IsFinite(answer.Objective.Value) && answer.Objective >= 0));
                        if (answer.Objective is not null)
                        {
                            var audit = StackelbergPricingMechanism.Door.Audit(market, answer, new());
                            Assert.True(audit.Holds, $"{satisfaction} {curvature} {slope} {count}: {string.Join("; ", audit.Certificates.Where(c => !c.Holds).Select(c => $"{c.Claim} {c.Worst}"))}");
                        }
                    }
                }
            }
        }
    }

    [Fact]
    public void ATailOfTinyMass_IsNotLostInRounding()
    {
        // 1e12 modest users who leave at 7.5, and one with a mass of 1e-6 whose price is 37.5: nothing else is sold above 10.
        var market = Market(10) with
        {
            Leader = new() { UnitCost = 10, MaxPrice = 60 },
            Followers = [new() { Satisfaction = 100, Count = 1e12 }, new() { Satisfaction = 866.6666666666666, Count = 1e-6 }],
        };
        var optional = market with { Leader = market.Leader! with { UnitCost = 7 } };
        Assert.Equal(37.5, Solve(market).Prices[0], 12);
        Assert.Equal(7.25, Solve(optional).Prices[0], 9);
    }

    private static StackelbergPricingOutcome Solve(StackelbergPricingMarket market) => Exact.Solve(market, new(), default).Outcome!;

    private static StackelbergPricingMarket Market(double cost, params double[] satisfactions) => new()
    {
        Quality = StackelbergMarkets.Curve,
        Leader = new() { UnitCost = cost, MaxPrice = 20 },
        Followers = [.. satisfactions.Select(satisfaction => new Follower { Satisfaction = satisfaction })],
    };
}
