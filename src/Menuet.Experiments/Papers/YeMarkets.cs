using System.Collections.Immutable;
using Menuet.Mechanisms.LatencyContract;
using Menuet.Mechanisms.QualityContract;

namespace Menuet.Experiments.Papers;

/// <summary>The markets of Ye et al.: the catalogue's, and random ones from the printed ranges.</summary>
internal static class YeMarkets
{
    /// <summary>Probability that quality passes the threshold is plotted only; this spread makes (2, 17) 22 % better than (0, 17).</summary>
    internal const double Threshold = 5.0, Spread = 0.106;

    internal static ImmutableArray<string> Types { get; } = ["type 1", "type 2"];

    internal static QualityMarket Quality { get; } = QualityMarket("ye/quality-contract");

    /// <summary>(1, 13), 3 s.</summary>
    internal static LatencyMarket Group1 { get; } = LatencyMarket("ye/latency-contract-group-1");

    /// <summary>(2, 17), 4 s.</summary>
    internal static LatencyMarket Group2 { get; } = LatencyMarket("ye/latency-contract-group-2");

    internal static QualityMarket QualityMarket(string name) => QualityContractMechanism.Door.Read(Catalog.Market(name));

    internal static LatencyMarket LatencyMarket(string name) => LatencyContractMechanism.Door.Read(Catalog.Market(name));

    internal static QualityMarket WithoutPrompt(QualityMarket market) => market with { LevelMin = 0, LevelMax = 0 };

    internal static QualityAnswer Solve(this Conditions conditions, QualityMarket market) => conditions.InUse(QualityContractMechanism.Door).Answer(market, new(), CancellationToken.None);

    internal static LatencyAnswer Solve(this Conditions conditions, LatencyMarket market) => conditions.InUse(LatencyContractMechanism.Door).Answer(market, new(), CancellationToken.None);

    /// <summary>A(l, s) of Eq. (35) with the printed ρ, points; also outside the default market's bounds.</summary>
    internal static double A(double level, double steps)
    {
        var rho = Quality.QualityModel.Rho;
        return (rho[0] * Math.Log((rho[1] * level) + 1)) - (rho[2] * level) + (rho[3] * Math.Log((rho[4] * steps) + 1)) - (rho[5] * steps);
    }

    /// <summary>ζ(l, s), the calibrated probability that quality passes the threshold.</summary>
    internal static double Success(int level, int steps) => 1 / (1 + Math.Exp(-(A(level, steps) - Threshold) / Spread));

    /// <summary>A bar of rounding error would draw an axis below 0.</summary>
    internal static double Clean(double money) => Math.Abs(money) < 1e-9 ? 0 : money;

    /// <summary>A state of the quality environment, Section VI.C, probabilities normalised.</summary>
    internal static QualityMarket DrawQuality(ref Rng rng)
    {
        var (low, high) = (Uniform(ref rng, 1, 200), Uniform(ref rng, 200, 400));
        var (first, second) = (rng.NextDoubleOpen(), rng.NextDoubleOpen());
        var share = first / (first + second);
        return Quality with { Types = [Drawn(low, share, ref rng), Drawn(high, 1 - share, ref rng)] };

        static QualityType Drawn(double gain, double probability, ref Rng rng) => new()
        {
            Gain = gain,
            Probability = probability,
            CostPerLevel = Uniform(ref rng, 1, 10),
            CostPerStep = Uniform(ref rng, 1, 10),
        };
    }

    /// <summary>A state of the latency environment, Section VI.C with the exponents and ranges that make sense.</summary>
    internal static LatencyMarket DrawLatency(ref Rng rng)
    {
        var (first, second) = (rng.NextDoubleOpen(), rng.NextDoubleOpen());
        var share = first / (first + second);
        return Group1 with
        {
            Level = rng.NextInt(4),
            Steps = 4 + rng.NextInt(17),
            Terms = Group1.Terms with
            {
                MaxLatencySeconds = Uniform(ref rng, 2, 4),
                CyclesPerLevel = 8000 * Uniform(ref rng, 3000, 5000),
                CyclesPerStep = 16384 * Uniform(ref rng, 3000, 5000),
                ResultBits = Uniform(ref rng, 5e5, 8e5),
                ChannelStatus = Uniform(ref rng, 3e6, 5e6),
                CapacitancePrompt = Uniform(ref rng, 1e-28, 4e-28),
                CapacitanceDenoise = Uniform(ref rng, 1e-28, 4e-28),
                CostPrompt = Uniform(ref rng, 80, 100),
                CostDenoise = Uniform(ref rng, 80, 100),
                CostCommunication = Uniform(ref rng, 30, 50),
                Types =
                [
                    new() { Gain = Uniform(ref rng, 10, 25), Probability = share },
                    new() { Gain = Uniform(ref rng, 25, 50), Probability = 1 - share },
                ],
            },
        };
    }

    internal static double Uniform(ref Rng rng, double from, double to) => from + ((to - from) * rng.NextDouble());
}
