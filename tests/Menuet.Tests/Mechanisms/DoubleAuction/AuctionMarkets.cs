using System.Collections.Immutable;
using Menuet.Mechanisms.DoubleAuction;

namespace Menuet.Tests.Mechanisms.DoubleAuction;

/// <summary>Random small markets with every edge: ties, one side empty, zero gains, scales, several markets, several units, rates.</summary>
internal static class AuctionMarkets
{
    internal static DoubleAuctionMarket Draw(ulong seed)
    {
        var random = Rng.Stream(seed, 77);
        var scale = random.NextInt(8) switch { 0 => 1e6, 1 => 1e-9, _ => 1.0 };
        var grid = random.NextInt(3) switch { 0 => 4, 1 => 10, _ => 0 };
        var hasUnits = random.NextInt(4) == 0;
        var matching = random.NextInt(3) == 0 ? WinnerMatching.MinLatency : WinnerMatching.Rank;
        var market = new DoubleAuctionMarket
        {
            Mechanism = (AuctionMechanism)random.NextInt(hasUnits ? 5 : 6),
            MissingSide = (MissingSide)random.NextInt(3),
            ValueBounds = new() { Min = -scale, Max = 2 * scale },
            Kappa = random.NextInt(4) switch { 0 => 0, 1 => 1, _ => random.NextDouble() },
            Matching = matching,
            Reward = new()
            {
                Welfare = (AuctionWelfare)random.NextInt(2),
                BudgetCoefficient = random.NextInt(6),
                LatencyWeightPerSecond = random.NextInt(3),
            },
        };
        if (random.NextInt(3) > 0)
        {
            var only = Local(ref random, scale, grid, hasUnits, matching);
            return market with { Buyers = only.Buyers, Sellers = only.Sellers, RatesMegabitsPerSecond = only.RatesMegabitsPerSecond };
        }

        var several = ImmutableArray.CreateBuilder<LocalMarket>();
        for (var i = random.NextInt(4); i >= 0; i--)
        {
            several.Add(Local(ref random, scale, grid, hasUnits, matching));
        }

        return market with { Markets = several.ToImmutable() };
    }

    /// <summary>A market of single units from two lists.</summary>
    internal static DoubleAuctionMarket Of(double[] bids, double[] asks, AuctionMechanism mechanism = AuctionMechanism.Mcafee) => new()
    {
        Mechanism = mechanism,
        Buyers = [.. bids.Select(bid => new AuctionBuyer { Bid = bid })],
        Sellers = [.. asks.Select(ask => new AuctionSeller { Ask = ask })],
    };

    private static LocalMarket Local(ref Rng random, double scale, int grid, bool hasUnits, WinnerMatching matching)
    {
        var (buyers, sellers) = (ImmutableArray.CreateBuilder<AuctionBuyer>(), ImmutableArray.CreateBuilder<AuctionSeller>());
        var hasRates = matching == WinnerMatching.MinLatency || random.NextInt(2) == 0;
        var (count, facing) = (random.NextInt(7), random.NextInt(7));
        for (var i = 0; i < count; i++)
        {
            double? size = hasRates ? 33 + (1000 * random.NextDouble()) : null;
            if (hasUnits)
            {
                var units = Units(ref random, scale, grid).OrderDescending();
                buyers.Add(new() { Units = [.. units], ContentKilobytes = size });
                continue;
            }

            var bid = Value(ref random, scale, grid);
            buyers.Add(new() { Bid = bid, Value = random.NextInt(3) == 0 ? Value(ref random, scale, grid) : null, ContentKilobytes = size });
        }

        for (var j = 0; j < facing; j++)
        {
            sellers.Add(hasUnits
                ? new() { Units = [.. Units(ref random, scale, grid).Order()] }
                : new() { Ask = Value(ref random, scale, grid), Cost = random.NextInt(3) == 0 ? Value(ref random, scale, grid) : null });
        }

        var rates = ImmutableArray.CreateBuilder<ImmutableArray<double>>();
        for (var i = 0; i < count; i++)
        {
            var row = new double[facing];
            for (var j = 0; j < facing; j++)
            {
                row[j] = random.NextInt(5) == 0 ? 50 : 5 + (100 * random.NextDouble());
            }

            rates.Add([.. row]);
        }

        return new() { Buyers = buyers.ToImmutable(), Sellers = sellers.ToImmutable(), RatesMegabitsPerSecond = hasRates ? rates.ToImmutable() : default };
    }

    private static double[] Units(ref Rng random, double scale, int grid)
    {
        var units = new double[random.NextInt(4)];
        for (var k = 0; k < units.Length; k++)
        {
            units[k] = Value(ref random, scale, grid);
        }

        return units;
    }

    private static double Value(ref Rng random, double scale, int grid) =>
        scale * (grid > 0 ? (double)random.NextInt(grid + 1) / grid : (1.2 * random.NextDouble()) - 0.1);
}
