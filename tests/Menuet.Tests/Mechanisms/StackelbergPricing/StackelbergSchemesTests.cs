using System.Text;
using Menuet.Mechanisms.StackelbergPricing;
using Menuet.Tests.Core;

namespace Menuet.Tests.Mechanisms.StackelbergPricing;

public sealed class StackelbergSchemesTests
{
    [Fact]
    public void DefaultMarket_HasThePublishedBaselines()
    {
        var comparison = Compare("stackelberg-pricing");
        Assert.Equal(1408.0460, Objective(comparison, "equilibrium"), 4);
        Assert.Equal(691.7, Objective(comparison, "randomPrice"), 1);
        Assert.Equal(1408.0460, Objective(comparison, "closedFormUnclamped"), 4);
        Assert.Equal(0, Objective(comparison, "marginalCost"));
        // Twice the monopoly profit: the parabola's whole triangle.
        Assert.Equal(2 * 1408.0460, Objective(comparison, "firstDegree"), 3);
        Assert.InRange(Objective(comparison, "greedySimulated"), 691, 1408.05);
    }

    [Fact]
    public void RandomPrice_IsTheIntegralOfTheProfit()
    {
        for (ulong seed = 0; seed < 60; seed++)
        {
            var market = StackelbergMarkets.Draw(seed) with { CapacityRule = CapacityRule.Ration };
            var (low, high) = (market.Leader!.UnitCost, market.Leader.MaxPrice);
            var regret = new LeaderRegret(market);
            const int cells = 4000;
            var sum = Enumerable.Range(0, cells).Sum(i => regret.ProfitAt(low + ((high - low) * (i + 0.5) / cells))!.Value) / cells;
            var exact = Door.Schemes(market, new(), default).Schemes.Single(s => s.Name == "randomPrice").Objective!.Value;
            Assert.True(Math.Abs(exact - sum) <= 2e-3 * Math.Abs(exact) + 1e-300, $"seed {seed}: {exact} against {sum}");
        }
    }

    [Fact]
    public void NoOnePrice_BeatsTheEquilibrium_AndNothingBeatsFullInformation()
    {
        for (ulong seed = 0; seed < 300; seed++)
        {
            var market = StackelbergMarkets.Draw(seed) with { CapacityRule = CapacityRule.Ration };
            var comparison = Door.Schemes(market, new(), default);
            var equilibrium = Objective(comparison, "equilibrium");
            Assert.All(
                comparison.Schemes.Where(s => s.Name != "firstDegree"),
                s => Assert.True(s.Objective <= equilibrium * (1 + 1e-9), $"seed {seed}: {s.Name} {s.Objective} above {equilibrium}"));
        }
    }

    [Fact]
    public void SeveralLeaders_EarnMoreTogether()
    {
        var comparison = Compare("oligopoly-3");
        Assert.True(Objective(comparison, "collusion") > Objective(comparison, "equilibrium"));
        Assert.Equal(0, Objective(comparison, "marginalCost"));
    }

    private static Mechanism<StackelbergPricingMarket, StackelbergPricingOutcome, StackelbergPricingAnswer> Door => StackelbergPricingMechanism.Door;

    private static Comparison Compare(string name) => Door.Compare(Encoding.UTF8.GetBytes(Solving.CatalogMarket($"lai2025/{name}")), new(), CancellationToken.None);

    private static double Objective(Comparison comparison, string scheme) => comparison.Schemes.Single(s => s.Name == scheme).Objective!.Value;
}
