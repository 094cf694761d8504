using System.Text;
using Menuet.Mechanisms.ContractMarket;
using Menuet.Queueing;

namespace Menuet.Tests.Mechanisms.ContractMarket;

/// <summary>Small markets at random, and what menus earn in them by the model's equations alone.</summary>
internal static class SmallMarkets
{
    internal static readonly LatencyTail[] Tails = [LatencyTail.ChernoffPrinted, LatencyTail.ChernoffOptimal, LatencyTail.Exact];

    internal static OperatorMarket Default =>
        ContractMarketMechanism.Door.ReadMarket(Encoding.UTF8.GetBytes(Core.Solving.CatalogMarket("zhan/contract-market"))).Market;

    /// <summary>From idle to crowded; equal sensitivities and types without users included.</summary>
    internal static OperatorMarket Draw(ref Rng rng, int operators, int types, LatencyTail tail)
    {
        var sensitivities = new double[types];
        for (var n = 0; n < types; n++)
        {
            sensitivities[n] = n > 0 && rng.NextInt(6) == 0 ? sensitivities[n - 1] : 1e-4 + (9e-4 * rng.NextDouble());
        }

        Array.Sort(sensitivities);
        Array.Reverse(sensitivities);
        var list = new UserType[types];
        for (var n = 0; n < types; n++)
        {
            list[n] = new() { LatencySensitivity = sensitivities[n], Users = rng.NextInt(8) == 0 ? 0 : 1 + (20 * rng.NextDouble()) };
        }

        var sellers = new ServiceOperator[operators];
        for (var m = 0; m < operators; m++)
        {
            sellers[m] = new()
            {
                UplinkChannels = 1 + rng.NextInt(12),
                GpuInstances = 1 + rng.NextInt(8),
                DownlinkChannels = 1 + rng.NextInt(12),
                UplinkRate = 18 + (36 * rng.NextDouble()),
                GpuRate = 4.14e13,
                DownlinkRate = 54,
                Quality = 0.8 + rng.NextDouble(),
                ExecutionCost = 8e-6,
            };
        }

        return Default with
        {
            Operators = [.. sellers],
            Types = [.. list],
            Economics = new() { QualitySensitivity = 5e-4, Refund = 1.2e-4, ViolationCost = rng.NextInt(4) == 0 ? 4e-4 : 1.2e-3, OutsideOption = 0 },
            Algorithm = Default.Algorithm with { Tail = tail },
        };
    }

    /// <summary>p of an operator's class at a load.</summary>
    internal static double Late(OperatorMarket market, int m, double load, double latency)
    {
        var one = market.Operators[m];
        Span<StageLaw> laws =
        [
            new(new(one.UplinkChannels, one.UplinkRate / market.Task.InputMegabits), load),
            new(new(one.GpuInstances, one.GpuRate / market.Task.ComputeFlop), load),
            new(new(one.DownlinkChannels, one.DownlinkRate / market.Task.OutputMegabits), load),
        ];
        return market.Algorithm.Tail switch
        {
            LatencyTail.ChernoffPrinted => ChernoffBound.Printed(laws, market.Algorithm.Zeta).Value(latency),
            LatencyTail.ChernoffOptimal => ChernoffBound.Optimal(laws, latency).Value(latency),
            _ => new SojournLaw(laws).Tail(latency),
        };
    }

    /// <summary>Σ d_n (R_n − C̄ p_n − cost) with prices of Eq. (25), type by type; <paramref name="charge"/> is lost on every task of a type besides.</summary>
    internal static double Profit(OperatorMarket market, int m, ReadOnlySpan<double> demand, ReadOnlySpan<double> latencies, ReadOnlySpan<double> charge)
    {
        var worth = market.Economics.QualitySensitivity * market.Operators[m].Quality;
        var (sum, load, net) = (0.0, 0.0, 0.0);
        for (var n = 0; n < demand.Length; n++)
        {
            load += demand[n];
            net = n == 0
                ? worth - (market.Types[0].LatencySensitivity * latencies[0])
                : net - (market.Types[n].LatencySensitivity * (latencies[n] - latencies[n - 1]));
            var late = Late(market, m, load, latencies[n]);
            sum += demand[n] * (net + (market.Economics.Refund * late) - (market.Economics.ViolationCost * late) - market.Operators[m].ExecutionCost - charge[n]);
        }

        return sum;
    }

    /// <summary>Nondecreasing latencies at random, often equal or at an end.</summary>
    internal static double[] DrawLatencies(ref Rng rng, OperatorMarket market)
    {
        var latencies = new double[market.Types.Length];
        for (var n = 0; n < latencies.Length; n++)
        {
            var place = rng.NextInt(5) == 0 ? rng.NextInt(2) : rng.NextDouble();
            latencies[n] = market.Latency.Min + ((market.Latency.Max - market.Latency.Min) * place * place);
        }

        Array.Sort(latencies);
        return latencies;
    }
}
