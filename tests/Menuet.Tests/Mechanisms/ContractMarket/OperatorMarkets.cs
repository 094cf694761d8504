using System.Collections.Immutable;
using Menuet.Mechanisms.ContractMarket;

namespace Menuet.Tests.Mechanisms.ContractMarket;

/// <summary>Random contract markets with the edge cases of the kind: equal types, types without users, one type, overload, no refund, free violations, other scales.</summary>
internal static class OperatorMarkets
{
    internal static OperatorMarket Default(LatencyTail tail = LatencyTail.ChernoffPrinted, MenuSolver menus = MenuSolver.Global)
    {
        var market = ContractMarketMechanism.Door.ReadMarket(Catalog.Market("zhan/contract-market")!).Market;
        return market with { Algorithm = market.Algorithm with { Tail = tail, MenuSolver = menus } };
    }

    internal static OperatorMarket Draw(ulong seed, int? operators = null)
    {
        var rng = Rng.Stream(seed, 77);
        var scale = new[] { 1.0, 1e6, 1e-9 }[rng.NextInt(6) % 3 * (rng.NextInt(2))];   // mostly 1
        var types = 1 + rng.NextInt(8);
        var load = new[] { 0.3, 0.7, 1.0, 2.0 }[rng.NextInt(4)];
        var count = operators ?? 1 + rng.NextInt(4);
        var list = ImmutableArray.CreateBuilder<ServiceOperator>();
        for (var m = 0; m < count; m++)
        {
            var instances = 1 + rng.NextInt(24);
            list.Add(new ServiceOperator
            {
                UplinkChannels = 1 + rng.NextInt(2 * instances),
                GpuInstances = instances,
                DownlinkChannels = 1 + rng.NextInt(8 * instances),
                UplinkRate = 20 + (60 * rng.NextDouble()),
                GpuRate = 4.14e13 * (0.5 + rng.NextDouble()),
                DownlinkRate = 20 + (60 * rng.NextDouble()),
                Quality = 1.5 * (0.5 + rng.NextDouble()),
                ExecutionCost = 8e-6 * scale * rng.NextInt(3),
            });
        }

        var betas = new double[types];
        for (var n = 0; n < types; n++)
        {
            betas[n] = n > 0 && rng.NextInt(4) == 0 ? betas[n - 1] : scale * 1e-3 * rng.NextDouble();
        }

        Array.Sort(betas, (a, b) => b.CompareTo(a));
        var capacity = list.Sum(one => one.GpuInstances * one.GpuRate / 3.6e11);
        return new OperatorMarket
        {
            Task = new() { InputMegabits = 0.18, ComputeFlop = 3.6e11, OutputMegabits = 0.27, RatePerUser = 24 },
            Operators = list.ToImmutable(),
            Types =
            [
                .. betas.Select(beta => new UserType
                {
                    LatencySensitivity = beta,
                    Users = rng.NextInt(6) == 0 ? 0 : load * capacity / 24 / types * 2 * rng.NextDouble(),
                }),
            ],
            Economics = new()
            {
                QualitySensitivity = 5e-4 * scale,
                Refund = rng.NextInt(5) == 0 ? 0 : 1.2e-4 * scale,
                ViolationCost = new[] { 1.2e-3, 3e-4, 1e-4, 0 }[rng.NextInt(4)] * scale,
                OutsideOption = rng.NextInt(5) == 0 ? 2e-5 * scale : 0,
            },
            Latency = new() { Min = rng.NextInt(4) == 0 ? 0 : 0.01, Max = 0.05 + (0.3 * rng.NextDouble()) },
            Algorithm = new()
            {
                Tail = (LatencyTail)rng.NextInt(3),
                Zeta = 0.2 + (0.79 * rng.NextDouble()),
                MenuSolver = (MenuSolver)rng.NextInt(3),
                MaxIterations = 1 + rng.NextInt(12),
                InitialTemperature = 1e-4 * scale,
                FinalTemperature = 1e-5 * scale,
                ShadowPriceStep = 1e-5 * scale,
            },
        };
    }

    internal static (Solution<MarketOutcome> Solution, OperatorMarketAnswer Answer) Solve(OperatorMarket market, string solver = "msmc")
    {
        var door = ContractMarketMechanism.Door;
        var solution = door.SolverList.Single(one => one.Name == solver).Solve(market, new(), default);
        return (solution, door.Describe(market, solution));
    }
}
