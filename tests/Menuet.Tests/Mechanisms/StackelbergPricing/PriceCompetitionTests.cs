using Menuet.Mechanisms.StackelbergPricing;
using Menuet.Tests.Core;

namespace Menuet.Tests.Mechanisms.StackelbergPricing;

public sealed class PriceCompetitionTests
{
    private static readonly BackwardInduction Solver = new();

    [Theory]
    [InlineData(1, 7.5322)]
    [InlineData(2, 1.9885)]
    [InlineData(3, 1.7434)]
    [InlineData(5, 1.6201)]
    [InlineData(8, 1.5672)]
    public void EqualLeaders_PostThePublishedPrice(int leaders, double price)
    {
        var report = Solving.Json(Solving.Solve(Solving.CatalogMarket($"lai2025/oligopoly-{leaders}")));
        Assert.All(report["leaders"]!.AsArray(), leader => Assert.Equal(price, (double)leader!["price"]!, 4));
        Assert.True((bool)report["equilibriumIsUnique"]!);
        Assert.True((double)report["epsilonNash"]! <= 1e-11 * (double)report["objective"]!);
        Assert.Equal("equilibrium", (string)report["status"]!);
    }

    [Fact]
    public void EqualLeaders_SatisfyTheFirstOrderCondition()
    {
        var market = Rivals(3, scale: 100, outside: true);
        var outcome = Solve(market);
        var demand = new Demand(200, StackelbergMarkets.Curve, 0, double.PositiveInfinity, Participation.Mandatory);
        var price = outcome.Prices[1];
        var steps = demand.StepsAt(price);
        var share = new PriceCompetition(market).Evaluate(outcome.Prices).Share[1]!.Value;
        Assert.Equal(steps / (demand.PerPrice + ((1 - share) * steps * steps / 100)), price - 1, 9);
    }

    [Fact]
    public void OneLeaderWithoutOutsideOption_IsTheMonopolist()
    {
        for (ulong seed = 0; seed < 200; seed++)
        {
            var rng = Rng.Stream(seed, 3);
            var single = new StackelbergPricingMarket
            {
                Quality = StackelbergMarkets.Curve,
                Leader = new() { UnitCost = 4 * rng.NextDouble(), MaxPrice = 5 + (20 * rng.NextDouble()), CapacitySteps = rng.NextInt(2) == 0 ? null : 300 * rng.NextDouble() },
                CapacityRule = CapacityRule.Ration,
                Followers = [.. Enumerable.Range(0, 1 + rng.NextInt(4)).Select(_ => new Follower { Satisfaction = 100 + (300 * rng.NextDouble()), MaxSteps = 180 })],
            };
            var alone = single with { Leader = null, Leaders = [single.Leader!], Choice = new() { Scale = 50, OutsideOption = false } };
            var (one, several) = (Solver.Solve(single, new(), default).Outcome!, Solve(alone));
            Assert.True(Math.Abs(one.Prices[0] - several.Prices[0]) <= 1e-7 * one.Prices[0], $"seed {seed}: {one.Prices[0]} against {several.Prices[0]}");
            Assert.Equal(1, LeaderProfit.Of(alone, several) / LeaderProfit.Of(single, one), 9);
        }
    }

    [Theory]
    [InlineData(10)]
    [InlineData(1)]
    [InlineData(0.1)]
    public void WithoutTaste_PriceFallsToCost(double scale)
    {
        var outcome = Solve(Rivals(2, scale, outside: false));
        Assert.InRange(outcome.Prices[0] - 1, 0, 0.011 * scale);
    }

    [Fact]
    public void AlikeFollowers_HaveAProvenEquilibrium()
    {
        var door = StackelbergPricingMechanism.Door;
        for (ulong seed = 0; seed < 150; seed++)
        {
            var market = StackelbergMarkets.DrawRivals(seed, alike: true);
            Assert.Empty(market.Problems());
            Assert.Contains(Claim.LeaderBestResponse, Solver.Promises(market));
            var solution = Solver.Solve(market, new(), default);
            var answer = door.Describe(market, solution);
            Assert.Equal("equilibrium", answer.Status);
            var audit = door.Audit(market, answer, new());
            Assert.True(audit.Holds, $"seed {seed}: {string.Join("; ", audit.Certificates.Where(c => !c.Holds).Select(c => $"{c.Claim} {c.Worst}"))}");
            Assert.All(solution.Outcome!.Prices.Zip(solution.Outcome.HighestPrices), pair => Assert.True(pair.First <= pair.Second * (1 + 1e-12), $"seed {seed}"));
        }
    }

    [Fact]
    public void UnequalFollowers_AgreeWithTheReference()
    {
        var reference = new Reference();
        var door = StackelbergPricingMechanism.Door;
        for (ulong seed = 0; seed < 5; seed++)
        {
            var market = StackelbergMarkets.DrawRivals(seed, alike: false);
            var mine = Solve(market);
            var theirs = reference.Solve(market, new(MaxIterations: 200), default).Outcome!;
            if (!mine.RoseToRest || !theirs.RoseToRest)
            {
                continue;
            }

            for (var j = 0; j < mine.Prices.Length; j++)
            {
                Assert.True(Math.Abs(mine.Prices[j] - theirs.Prices[j]) <= 1e-6 * (1 + mine.Prices[j]), $"seed {seed}: {mine.Prices[j]} against {theirs.Prices[j]}");
            }

            Assert.True(door.Audit(market, door.Describe(market, Solver.Solve(market, new(), default)), new()).Holds, $"seed {seed}");
        }
    }

    [Fact]
    public void TheCertificate_BoundsEveryDeviation()
    {
        for (ulong seed = 0; seed < 100; seed++)
        {
            var market = StackelbergMarkets.DrawRivals(seed, alike: false);
            var rng = Rng.Stream(seed, 4);
            var prices = market.Leaders.Select(l => l.UnitCost + ((l.MaxPrice - l.UnitCost) * rng.NextDouble())).ToArray();
            var (regret, competition) = (new RivalRegret(market, prices), new PriceCompetition(market));
            for (var j = 0; j < prices.Length; j++)
            {
                var finding = regret.Of(j);
                Assert.Equal(competition.Evaluate(prices).Utility[j], finding.Profit, 1e-9 * (1 + finding.Profit));
                Assert.InRange(finding.Highest, finding.Reached, (finding.Reached * (1 + 1e-11)) + 1e-12);
                for (var i = 0; i <= 300; i++)
                {
                    var tried = prices.ToArray();
                    tried[j] = market.Leaders[j].UnitCost + ((market.Leaders[j].MaxPrice - market.Leaders[j].UnitCost) * i / 300);
                    Assert.True(competition.Evaluate(tried).Utility[j] <= finding.Highest * (1 + 1e-12), $"seed {seed}, leader {j}");
                }
            }
        }
    }

    [Fact]
    public void DuplicateFollowers_AreOneMass()
    {
        var twice = Rivals(2, 100, true);
        var once = twice with { Followers = [new() { Satisfaction = 200, Count = 2 }] };
        Assert.Equal(Solve(once).Prices.ToArray(), Solve(twice).Prices.ToArray());
    }

    [Fact]
    public void NoFollowers_AndHopelessLeaders_StillHaveAnAnswer()
    {
        var empty = Rivals(2, 100, true) with { Followers = [] };
        Assert.Equal(0, LeaderProfit.Of(empty, Solve(empty)));
        var hopeless = Rivals(2, 100, true) with { Leaders = [new(), new() { UnitCost = 16, MaxPrice = 20 }] };
        var outcome = Solve(hopeless);
        Assert.Equal(16, outcome.Prices[1]);
        Assert.True(StackelbergPricingMechanism.Door.Audit(hopeless, StackelbergPricingMechanism.Door.Describe(hopeless, Solver.Solve(hopeless, new(), default)), new()).Holds);
    }

    private static StackelbergPricingOutcome Solve(StackelbergPricingMarket market) => Solver.Solve(market, new(), default).Outcome!;

    private static StackelbergPricingMarket Rivals(int leaders, double scale, bool outside) => new()
    {
        Quality = StackelbergMarkets.Curve,
        Leaders = [.. Enumerable.Repeat(new Leader(), leaders)],
        Choice = new() { Scale = scale, OutsideOption = outside },
        Followers = [new() { Satisfaction = 200 }, new() { Satisfaction = 200 }],
    };
}
