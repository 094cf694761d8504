using System.Collections.Immutable;
using Menuet.Mechanisms.LatencyContract;

namespace Menuet.Tests.Mechanisms.LatencyContract;

/// <summary>Random latency markets with every edge case of the kind.</summary>
internal static class LatencyMarkets
{
    internal static LatencyMarket Draw(ulong seed, int maxTypes = 5)
    {
        var rng = Rng.Stream(seed, 1);
        var count = 1 + rng.NextInt(maxTypes);
        var money = new[] { 1.0, 1.0, 1e6, 1e-9 }[rng.NextInt(4)];
        var own = rng.NextInt(2) == 0;
        var exclusion = rng.NextInt(2) == 0;

        // From service that is nearly free to service that never pays.
        var burden = Math.Pow(10, -2 + (4 * rng.NextDouble()));
        var weights = new double[count];
        for (var j = 0; j < count; j++)
        {
            weights[j] = !own && rng.NextInt(5) == 0 ? 0 : rng.NextInt(8) == 0 ? 1e-9 : rng.NextDoubleOpen();
        }

        if (weights.Sum() == 0)
        {
            weights[rng.NextInt(count)] = 1;
        }

        var sum = weights.Sum();
        var gains = new double[count];
        var types = ImmutableArray.CreateBuilder<LatencyType>();
        for (var j = 0; j < count; j++)
        {
            gains[j] = j > 0 && rng.NextInt(3) == 0 ? gains[rng.NextInt(j)] : money * (10 + (40 * rng.NextDouble()));
            types.Add(new LatencyType
            {
                Gain = gains[j],
                Probability = weights[j] / sum,
                Overrides = own ? Overrides(ref rng, money * burden) : null,
            });
        }

        // A product of modest numbers only: where success is all but impossible the reference has no digits left to be right in.
        var success = rng.NextInt(3);
        return new LatencyMarket
        {
            Users = 1 + (20 * rng.NextDouble()),
            Level = rng.NextInt(4),
            Steps = success != 0 && rng.NextInt(5) == 0 ? 0 : 4 + rng.NextInt(17),
            Terms = new()
            {
                Attempt = success == 2 ? 1 : 1 + (rng.NextInt(3) * rng.NextInt(2)),
                Attempts = success == 2 ? Attempts.UntilSuccess : Attempts.Given,
                SuccessModel = success == 0
                    ? new() { Rho = [9.7417, 0.0978, 0.7647, 0.5158, 3497.8463, 0.0307], QualityThreshold = 5, QualitySpread = 0.106 }
                    : null,
                SuccessProbability = success == 0 ? null : 0.3 + (0.69 * rng.NextDouble()),
                MaxLatencySeconds = 1 + (4 * rng.NextDouble()),
                CyclesPerLevel = 3.2e7 * (0.5 + rng.NextDouble()),
                CyclesPerStep = 6.5e7 * (0.5 + rng.NextDouble()),
                ResultBits = 6.5e5 * (0.5 + rng.NextDouble()),
                ChannelStatus = 4e6 * (0.5 + rng.NextDouble()),
                CapacitancePrompt = 2.5e-28 * (0.5 + rng.NextDouble()),
                CapacitanceDenoise = 2.5e-28 * (0.5 + rng.NextDouble()),
                CostPrompt = money * burden * 90 * (0.5 + rng.NextDouble()),
                CostDenoise = money * burden * 90 * (0.5 + rng.NextDouble()),
                CostCommunication = money * burden * 40 * (0.5 + rng.NextDouble()),
                AllowExclusion = exclusion,
                Types = types.ToImmutable(),
            },
        };
    }

    /// <summary>Every number anywhere in its permitted range.</summary>
    internal static LatencyMarket DrawExtreme(ulong seed)
    {
        var rng = Rng.Stream(seed, 2);
        var width = new[] { 3.0, 10, 35 }[rng.NextInt(3)];
        var count = 1 + rng.NextInt(4);
        var types = ImmutableArray.CreateBuilder<LatencyType>();
        for (var j = 0; j < count; j++)
        {
            types.Add(new LatencyType
            {
                Gain = Any(ref rng),
                Probability = 1.0 / count,
                Overrides = rng.NextInt(3) == 0 ? new() { MaxLatencySeconds = Any(ref rng), CostPrompt = Any(ref rng), SuccessProbability = Math.Min(1, Any(ref rng)) } : null,
            });
        }

        return new LatencyMarket
        {
            Users = Any(ref rng),
            Level = rng.NextInt(2) * rng.NextInt(LatencyMarket.LargestWork),
            Steps = rng.NextInt(2) * rng.NextInt(LatencyMarket.LargestWork),
            Terms = new()
            {
                Attempt = 1,
                Attempts = (Attempts)rng.NextInt(2),
                SuccessProbability = Math.Min(1, Any(ref rng)),
                MaxLatencySeconds = Any(ref rng),
                CyclesPerLevel = Any(ref rng),
                CyclesPerStep = Any(ref rng),
                ResultBits = Any(ref rng),
                ChannelStatus = Any(ref rng),
                CapacitancePrompt = Any(ref rng),
                CapacitanceDenoise = Any(ref rng),
                CostPrompt = Any(ref rng),
                CostDenoise = Any(ref rng),
                CostCommunication = Any(ref rng),
                AllowExclusion = rng.NextInt(2) == 0,
                Types = types.ToImmutable(),
            },
        };

        double Any(ref Rng draws) => Math.Clamp(Math.Pow(10, width * ((2 * draws.NextDouble()) - 1)), 1e-40, 1e30);
    }

    /// <summary>The same market with its types in another order: type j of the new one is type order[j] of the old.</summary>
    internal static LatencyMarket Reordered(LatencyMarket market, int[] order) =>
        market with { Terms = market.Terms with { Types = [.. order.Select(j => market.Terms.Types[j])] } };

    private static LatencyOverrides? Overrides(ref Rng rng, double costs)
    {
        if (rng.NextInt(4) == 0)
        {
            return null;
        }

        var own = LatencyOverrides.None;
        own = rng.NextInt(3) == 0 ? own with { MaxLatencySeconds = 0.5 + (5 * rng.NextDouble()) } : own;
        own = rng.NextInt(3) == 0 ? own with { SuccessProbability = 0.2 + (0.75 * rng.NextDouble()) } : own;
        own = rng.NextInt(3) == 0 ? own with { CyclesPerStep = 6.5e7 * 3 * rng.NextDouble() } : own;
        own = rng.NextInt(4) == 0 ? own with { CyclesPerLevel = 0 } : own;
        own = rng.NextInt(3) == 0 ? own with { ResultBits = 6.5e5 * 3 * rng.NextDoubleOpen() } : own;
        own = rng.NextInt(3) == 0 ? own with { ChannelStatus = 1e6 + (6e6 * rng.NextDouble()) } : own;
        own = rng.NextInt(3) == 0 ? own with { CapacitancePrompt = 4e-28 * rng.NextDoubleOpen() } : own;
        own = rng.NextInt(3) == 0 ? own with { CapacitanceDenoise = 4e-28 * rng.NextDoubleOpen() } : own;
        own = rng.NextInt(3) == 0 ? own with { CostPrompt = costs * 200 * rng.NextDoubleOpen() } : own;
        own = rng.NextInt(3) == 0 ? own with { CostDenoise = costs * 200 * rng.NextDoubleOpen() } : own;
        return rng.NextInt(3) == 0 ? own with { CostCommunication = costs * 100 * rng.NextDoubleOpen() } : own;
    }
}
