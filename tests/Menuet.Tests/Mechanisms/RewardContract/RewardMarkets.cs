using System.Collections.Immutable;
using Menuet.Mechanisms.RewardContract;

namespace Menuet.Tests.Mechanisms.RewardContract;

/// <summary>Random reward markets with every edge case of the kind.</summary>
internal static class RewardMarkets
{
    internal static RewardMarket Draw(ulong seed)
    {
        var rng = Rng.Stream(seed, 0);
        var count = 1 + rng.NextInt(6);
        var scale = new[] { 1.0, 1e6, 1e-9 }[rng.NextInt(3)];
        var designed = rng.NextInt(3) == 0;
        var monotone = rng.NextInt(3) > 0;
        var weights = new double[count];
        for (var k = 0; k < count; k++)
        {
            weights[k] = rng.NextInt(5) == 0 ? 0 : rng.NextDoubleOpen();
        }

        if (weights.Sum() == 0)
        {
            weights[rng.NextInt(count)] = 1;
        }

        var sum = weights.Sum();
        var reputations = new double[count];
        for (var k = 0; k < count; k++)
        {
            reputations[k] = k > 0 && rng.NextInt(4) == 0 ? reputations[rng.NextInt(k)] : scale * (1 + (9 * rng.NextDouble()));
        }

        var qualities = new double[count];
        for (var k = 0; k < count; k++)
        {
            qualities[k] = rng.NextInt(2) == 0 ? 1 + rng.NextInt(4) : 1 + (8 * rng.NextDouble());
        }

        if (monotone)
        {
            Array.Sort(reputations);
            Array.Sort(qualities);
        }

        var types = ImmutableArray.CreateBuilder<RewardType>();
        for (var k = 0; k < count; k++)
        {
            types.Add(new RewardType { Reputation = reputations[k], Probability = weights[k] / sum, Quality = qualities[k] });
        }

        return new RewardMarket
        {
            RewardWeight = 0.5 + rng.NextDouble(),
            UnitCost = scale * (0.5 + rng.NextDouble()),
            UtilityCoefficient = 20 * rng.NextDoubleOpen(),
            QualityThreshold = rng.NextInt(3) == 0 ? 2 * rng.NextDouble() : 0,
            QualityMode = designed ? QualityMode.Designed : QualityMode.Given,
            QualityMax = designed && rng.NextInt(2) == 0 ? 2 + (8 * rng.NextDouble()) : null,
            OnNonMonotone = rng.NextInt(2) == 0 ? NonMonotone.Pool : NonMonotone.Infeasible,
            Types = types.ToImmutable(),
        };
    }
}
