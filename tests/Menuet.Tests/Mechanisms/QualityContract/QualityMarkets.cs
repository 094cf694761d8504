using System.Collections.Immutable;
using Menuet.Mechanisms.QualityContract;

namespace Menuet.Tests.Mechanisms.QualityContract;

/// <summary>Random quality markets, small enough for the reference, with every edge case of the kind.</summary>
internal static class QualityMarkets
{
    internal static QualityMarket Draw(ulong seed)
    {
        var rng = Rng.Stream(seed, 0);
        var count = 1 + rng.NextInt(5);
        var money = new[] { 1.0, 1e6, 1e-9 }[rng.NextInt(3)];
        var points = new[] { 1.0, 1e6, 1e-9 }[rng.NextInt(3)];
        var items = count switch { 1 => 20, 2 => 20, 3 => 8, 4 => 5, _ => 3 };
        var columns = 1 + rng.NextInt(Math.Min(4, items));
        var rows = Math.Max(1, items / columns);
        var (levelMin, stepsMin) = (rng.NextInt(2), rng.NextInt(3));
        var gains = new double[count];
        for (var i = 0; i < count; i++)
        {
            gains[i] = i > 0 && rng.NextInt(3) == 0 ? gains[rng.NextInt(i)] : money / points * (0.2 + (4 * rng.NextDouble()));
        }

        var typical = gains.Average() * points * 5;
        return new QualityMarket
        {
            Users = 1 + rng.NextInt(20),
            QualityModel = rng.NextInt(4) == 0 ? Curve(ref rng, points) : Table(ref rng, rows, columns, points),
            LevelMin = levelMin,
            LevelMax = levelMin + rows - 1,
            StepsMin = stepsMin,
            StepsMax = stepsMin + columns - 1,
            AllowExclusion = rng.NextInt(2) == 0,
            PaymentMin = rng.NextInt(3) == 0 ? typical * 0.6 * rng.NextDouble() : 0,
            Types = Types(ref rng, gains, typical),
        };
    }

    /// <summary>The same market with a largest payment that binds more often than not.</summary>
    internal static QualityMarket DrawCapped(ulong seed)
    {
        var market = Draw(seed);
        var rng = Rng.Stream(seed, 1);
        var unbounded = new ExactSolver("exact", "", QualityMethod.Automatic).Solve(market, new(), default);
        var top = unbounded.Outcome is { } outcome ? outcome.Payments.Max() : market.PaymentMin;
        return market with { PaymentMax = Math.Max(market.PaymentMin, top * (0.3 + (0.8 * rng.NextDouble()))) };
    }

    /// <summary>Numbers spread evenly over the exponents that documents permit, with and without bounds on payments.</summary>
    internal static QualityMarket DrawExtreme(ulong seed)
    {
        var rng = Rng.Stream(seed, 2);
        var types = new QualityType[1 + rng.NextInt(4)];
        for (var i = 0; i < types.Length; i++)
        {
            types[i] = new()
            {
                Gain = Math.Max(1e-40, Power(ref rng, -39, 30)),
                Probability = rng.NextInt(3) == 0 ? Power(ref rng, -30, 0) : rng.NextDoubleOpen(),
                CostPerLevel = rng.NextInt(3) == 0 ? 0 : Power(ref rng, -39, 30),
                CostPerStep = rng.NextInt(3) == 0 ? 0 : Power(ref rng, -39, 30),
            };
        }

        var sum = types.Sum(type => type.Probability);
        var cells = new double[1 + rng.NextInt(5)];
        for (var i = 0; i < cells.Length; i++)
        {
            cells[i] = Power(ref rng, -30, 30) * (rng.NextInt(5) == 0 ? -1 : 1);
        }

        var least = rng.NextInt(3) == 0 ? Power(ref rng, -30, 30) : 0;
        return new()
        {
            Users = Power(ref rng, -20, 20),
            QualityModel = new() { Table = [[.. cells]] },
            LevelMin = 1,
            LevelMax = 1,
            StepsMin = 1,
            StepsMax = cells.Length,
            AllowExclusion = rng.NextInt(2) == 0,
            PaymentMin = least,
            PaymentMax = rng.NextInt(2) == 0 ? Math.Min(1e30, least + (rng.NextInt(3) == 0 ? 0 : Power(ref rng, -30, 30))) : null,
            Types = [.. types.Select(type => type with { Probability = type.Probability / sum })],
        };
    }

    private static double Power(ref Rng rng, double low, double high) => Math.Pow(10, low + ((high - low) * rng.NextDouble()));

    private static ImmutableArray<QualityType> Types(ref Rng rng, double[] gains, double typical)
    {
        var weights = new double[gains.Length];
        for (var i = 0; i < weights.Length; i++)
        {
            weights[i] = rng.NextInt(5) == 0 ? 0 : rng.NextDoubleOpen();
        }

        if (weights.Sum() == 0)
        {
            weights[rng.NextInt(weights.Length)] = 1;
        }

        var common = rng.NextInt(3) == 0;
        var lowest = rng.NextInt(6) == 0 ? -0.5 : 0;
        var types = ImmutableArray.CreateBuilder<QualityType>();
        for (var i = 0; i < gains.Length; i++)
        {
            var (perLevel, perStep) = (Cost(ref rng, lowest, typical), Cost(ref rng, lowest, typical));
            types.Add(new()
            {
                Gain = gains[i],
                Probability = weights[i] / weights.Sum(),
                CostPerLevel = common && i > 0 ? types[0].CostPerLevel : perLevel,
                CostPerStep = common && i > 0 ? types[0].CostPerStep : perStep,
            });
        }

        return types.ToImmutable();
    }

    private static double Cost(ref Rng rng, double lowest, double typical) => rng.NextInt(6) == 0 ? 0 : typical * (lowest + rng.NextDouble()) / 4;

    private static QualityModel Table(ref Rng rng, int rows, int columns, double points)
    {
        var whole = rng.NextInt(2) == 0;
        var lowest = rng.NextInt(3) == 0 ? -4 : 0;
        var table = ImmutableArray.CreateBuilder<ImmutableArray<double>>();
        for (var row = 0; row < rows; row++)
        {
            var cells = new double[columns];
            for (var column = 0; column < columns; column++)
            {
                cells[column] = points * (lowest + (whole ? rng.NextInt(8) : 8 * rng.NextDouble()));
            }

            table.Add([.. cells]);
        }

        return new() { Table = table.ToImmutable() };
    }

    private static QualityModel Curve(ref Rng rng, double points) => new()
    {
        Rho =
        [
            points * 10 * rng.NextDouble(), rng.NextDouble(), points * 3 * rng.NextDouble(),
            points * rng.NextDouble(), 100 * rng.NextDouble(), points * 0.5 * rng.NextDouble(),
        ],
    };
}
