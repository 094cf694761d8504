using System.Collections.Immutable;
using Menuet.Mechanisms.StackelbergPricing;

namespace Menuet.Tests.Mechanisms.StackelbergPricing;

/// <summary>Random pricing markets with every edge case of the kind.</summary>
internal static class StackelbergMarkets
{
    internal static QualityCurve Curve { get; } = new();

    /// <summary>One leader, up to six followers.</summary>
    internal static StackelbergPricingMarket Draw(ulong seed)
    {
        var rng = Rng.Stream(seed, 0);
        var money = new[] { 1.0, 1.0, 1e6, 1e-9 }[rng.NextInt(4)];
        var mass = new[] { 1.0, 1.0, 1e6, 1e-9 }[rng.NextInt(4)];
        var optional = rng.NextInt(2) == 0;
        var shifted = optional && rng.NextInt(3) > 0;
        var ownCurves = rng.NextInt(4) == 0;
        var curve = new QualityCurve { Intercept = shifted ? -8 * rng.NextDouble() : rng.NextInt(4) == 0 ? rng.NextDouble() : 0 };
        var count = rng.NextInt(20) == 0 ? 0 : 1 + rng.NextInt(6);
        var followers = ImmutableArray.CreateBuilder<Follower>();
        for (var k = 0; k < count; k++)
        {
            var ranged = rng.NextInt(3) == 0;
            var min = ranged ? 150 * rng.NextDouble() : (double?)null;
            followers.Add(k > 0 && rng.NextInt(4) == 0
                ? followers[rng.NextInt(k)]
                : new Follower
                {
                    Satisfaction = money * 400 * (0.05 + rng.NextDouble()),
                    Count = rng.NextInt(2) == 0 ? mass : mass * 5 * rng.NextDoubleOpen(),
                    MinSteps = min,
                    MaxSteps = ranged ? min + (rng.NextInt(5) == 0 ? 0 : 100 * rng.NextDouble()) : null,
                    Quality = ownCurves && rng.NextInt(2) == 0
                        ? new() { Curvature = -0.0001 - (0.0002 * rng.NextDouble()), Slope = 0.05 + (0.05 * rng.NextDouble()), Intercept = curve.Intercept * rng.NextDouble() }
                        : null,
                });
        }

        var cost = money * (rng.NextInt(5) == 0 ? 0 : rng.NextInt(8) == 0 ? 60 : 8 * rng.NextDouble());
        return new()
        {
            Quality = curve,
            Leader = new()
            {
                UnitCost = cost,
                MaxPrice = rng.NextInt(20) == 0 ? cost : cost + (money * 40 * rng.NextDouble()),
                CapacitySteps = rng.NextInt(2) == 0 ? null : rng.NextInt(10) == 0 ? 0 : mass * count * 150 * rng.NextDouble(),
            },
            MinSteps = rng.NextInt(4) == 0 ? 20 * rng.NextDouble() : 0,
            MaxSteps = rng.NextInt(4) == 0 ? 170 + (40 * rng.NextDouble()) : null,
            Participation = optional ? Participation.Optional : Participation.Mandatory,
            CapacityRule = rng.NextInt(2) == 0 ? CapacityRule.Price : CapacityRule.Ration,
            Followers = followers.ToImmutable(),
        };
    }

    /// <summary>One to four leaders, up to three follower types.</summary>
    internal static StackelbergPricingMarket DrawRivals(ulong seed, bool alike)
    {
        var rng = Rng.Stream(seed, 1);
        var leaders = ImmutableArray.CreateBuilder<Leader>();
        var count = 1 + rng.NextInt(4);
        for (var j = 0; j < count; j++)
        {
            var cost = 4 * rng.NextDouble();
            leaders.Add(j > 0 && rng.NextInt(3) == 0
                ? leaders[j - 1]
                : new Leader
                {
                    UnitCost = cost,
                    MaxPrice = cost + (20 * rng.NextDouble()),
                    CapacitySteps = rng.NextInt(4) == 0 ? 200 * rng.NextDouble() : null,
                    Quality = rng.NextInt(4) == 0 ? new() { Curvature = -0.00015, Slope = 0.07 + (0.02 * rng.NextDouble()), Intercept = 0.1 } : null,
                });
        }

        var followers = ImmutableArray.CreateBuilder<Follower>();
        var types = alike ? 1 : 1 + rng.NextInt(3);
        for (var k = 0; k < types; k++)
        {
            followers.Add(new() { Satisfaction = 100 + (300 * rng.NextDouble()), Count = 0.5 + (3 * rng.NextDouble()), MaxSteps = rng.NextInt(4) == 0 ? 150 : null });
        }

        return new()
        {
            Quality = Curve,
            Leaders = leaders.ToImmutable(),
            Choice = new() { Scale = 20 + (200 * rng.NextDouble()), OutsideOption = rng.NextInt(3) > 0, OutsideUtility = 300 * rng.NextDouble() },
            Followers = followers.ToImmutable(),
        };
    }
}
