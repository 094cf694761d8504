using Menuet.Mechanisms.ContractMarket;

namespace Menuet.Tests.Mechanisms.ContractMarket;

public sealed class EquilibriumTests
{
    [Fact]
    public void OnTheDefaultMarket_NobodyGains_AndWelfareIsNearlyAllThereIs()
    {
        var report = Core.Solving.Solve(Core.Solving.CatalogMarket("zhan/contract-market"), "equilibrium");
        Assert.Equal(Termination.Converged, report.Solver.Termination);
        Assert.Equal(0.11065, report.Objective!.Value, 1e-4);
        Assert.True(Core.Solving.Certificate(report, Claim.LeaderBestResponse).Holds);   // found by a search that shares no code, with prices posted
        Assert.True(report.PromisesHold);

        var play = Equilibrium.Play(new(SmallMarkets.Default), new(), default);
        Assert.All(play.Gains, gain => Assert.InRange(gain, 0, 1e-9));
        Assert.All(play.Bounds, bound => Assert.InRange(bound, 0, 1e-4));
        var state = play.State();
        state.Value();
        Assert.Equal(2.4895, state.OperatorUtility() + state.UserUtility(), 1e-3);
    }

    [Fact]
    public void WithoutCongestion_MarkupsAreThoseOfLogitDemand()
    {
        // One type, queues that never fill: price − cost = τ / (1 − z) (Anderson, de Palma and Thisse 1992), the same for all; who stays away is nobody.
        var market = SmallMarkets.Default;
        var wide = market with
        {
            Operators = [.. market.Operators.Select(one => one with { UplinkChannels = 250, GpuInstances = 250, DownlinkChannels = 250 })],
            Types = [new() { LatencySensitivity = 5e-4, Users = 20 }],
            Algorithm = market.Algorithm with { Tail = LatencyTail.ChernoffOptimal },   // the printed exponent falls with load even in empty queues
        };
        var play = Equilibrium.Play(new(wide), new(), default);
        var state = play.State();
        for (var m = 0; m < 3; m++)
        {
            Assert.Equal(1.0 / 3, state.Shares[m], 1e-6);
            var earned = state.OperatorUtility(m) / (480 * state.Shares[m]);
            Assert.Equal(1.5 * wide.Algorithm.FinalTemperature, earned, 1e-9);
        }
    }

    [Fact]
    public void NoMenuOnAGrid_Gains()
    {
        var rng = Rng.Stream(81, 0);
        for (var draw = 0; draw < 4; draw++)
        {
            var market = SmallMarkets.Draw(ref rng, 2, 2, LatencyTail.ChernoffPrinted);
            var arrays = new MarketArrays(market);
            var play = Equilibrium.Play(arrays, new(), default);
            var state = play.State();
            var utilities = Utilities(market, state);
            for (var m = 0; m < 2; m++)
            {
                var now = state.OperatorUtility(m);
                var best = double.NegativeInfinity;
                for (var i = -40; i <= 40; i++)
                {
                    for (var j = 0; j <= 30; j++)
                    {
                        var v = new double[2];
                        v[0] = utilities[m * 2] + (i * i * i * 5e-9);
                        var slope = market.Latency.Min + ((market.Latency.Max - market.Latency.Min) * j * j / 900);
                        v[1] = v[0] + ((market.Types[0].LatencySensitivity - market.Types[1].LatencySensitivity) * slope);
                        best = Math.Max(best, Earned(market, m, v, utilities, [market.Latency.Min, slope, slope, market.Latency.Max]));
                    }
                }

                var tolerance = play.Gains[m] + (1e-7 * Math.Max(1, Math.Abs(now)));
                Assert.True(best <= now + tolerance, $"{best} above {now}, operator {m}, draw {draw}");
                Assert.True(now <= best + 0.02, $"the grid is too coarse to test anything: {best}, {now}");
            }
        }
    }

    [Fact]
    public void NoUtilitiesAtAll_PassTheBoundOnDeviations()
    {
        var rng = Rng.Stream(82, 0);
        var closest = double.PositiveInfinity;
        for (var draw = 0; draw < 30; draw++)
        {
            var market = SmallMarkets.Draw(ref rng, 2, 1 + rng.NextInt(4), SmallMarkets.Tails[draw % 2]);
            var arrays = new MarketArrays(market);
            var types = arrays.Types;
            var utilities = new double[2 * types];
            for (var i = 0; i < utilities.Length; i++)
            {
                utilities[i] = 7e-4 * rng.NextDouble();
            }

            var rivals = new double[types];
            new OperatorGame(arrays).Rivals(0, utilities, rivals);
            var bound = DeviationBound.Of(arrays, 0, rivals, arrays.Algorithm.FinalTemperature, 0);
            for (var trial = 0; trial < 300; trial++)
            {
                var v = new double[types];
                var range = new double[2 * types];
                for (var n = 0; n < types; n++)
                {
                    v[n] = utilities[types + n] + (1e-4 * (rng.NextDouble() - 0.5));
                    (range[2 * n], range[(2 * n) + 1]) = (market.Latency.Min, market.Latency.Max);
                }

                var profit = Earned(market, 0, v, utilities, range);
                Assert.True(profit <= bound, $"{profit} above {bound}, draw {draw}");
                closest = bound > 0 ? Math.Min(closest, (bound - profit) / bound) : closest;
            }
        }

        Assert.True(closest < 0.1, $"never closer than {closest}: loose");
    }

    [Fact]
    public void PromisedUtilities_AreWhatUsersGet()
    {
        var rng = Rng.Stream(83, 0);
        for (var draw = 0; draw < 6; draw++)
        {
            var market = SmallMarkets.Draw(ref rng, 2 + rng.NextInt(2), 1 + rng.NextInt(4), SmallMarkets.Tails[draw % 2]);
            var arrays = new MarketArrays(market);
            var state = Equilibrium.Play(arrays, new(MaxIterations: 2), default).State();
            var utilities = Utilities(market, state);
            for (var n = 0; n < arrays.Types; n++)
            {
                var weights = Enumerable.Range(0, arrays.Operators).Select(m => Math.Exp((utilities[(m * arrays.Types) + n]) / 1e-5)).ToArray();
                for (var m = 0; m < arrays.Operators; m++)
                {
                    Assert.Equal(weights[m] / (1 + weights.Sum()), state.Shares[(m * arrays.Types) + n], 1e-7);
                }
            }
        }
    }

    /// <summary>u of Eq. (27) from the outcome's decisions.</summary>
    private static double[] Utilities(OperatorMarket market, MarketState state)
    {
        var types = market.Types.Length;
        var utilities = new double[state.Shares.Length];
        for (var cell = 0; cell < utilities.Length; cell++)
        {
            var (m, n) = (cell / types, cell % types);
            utilities[cell] = (market.Economics.QualitySensitivity * market.Operators[m].Quality) - (market.Types[n].LatencySensitivity * state.Latencies[cell])
                - state.Prices[cell] + (market.Economics.Refund * SmallMarkets.Late(market, m, state.Loads[cell], state.Latencies[cell]));
        }

        return utilities;
    }

    /// <summary>What an operator earns of utilities v when the others keep theirs, with the best latencies of a grid within ranges (low, high per type).</summary>
    private static double Earned(OperatorMarket market, int m, double[] v, double[] utilities, double[] ranges)
    {
        const int Cells = 30;
        var temperature = market.Algorithm.FinalTemperature;
        var types = v.Length;
        var spread = market.Economics.ViolationCost - market.Economics.Refund;
        var (sum, load) = (0.0, 0.0);
        for (var n = 0; n < types; n++)
        {
            var weight = Math.Exp(-v[n] / temperature);
            for (var k = 0; k < utilities.Length / types; k++)
            {
                weight += k == m ? 0 : Math.Exp((utilities[(k * types) + n] - v[n]) / temperature);
            }

            var demand = market.Types[n].Users!.Value * market.Task.RatePerUser / (1 + weight);
            load += demand;
            var least = double.PositiveInfinity;
            for (var i = 0; i <= Cells; i++)
            {
                var latency = ranges[2 * n] + ((ranges[(2 * n) + 1] - ranges[2 * n]) * i * i / (Cells * Cells));
                least = Math.Min(least, (market.Types[n].LatencySensitivity * latency) + (spread * SmallMarkets.Late(market, m, load, latency)));
            }

            sum += demand * ((market.Economics.QualitySensitivity * market.Operators[m].Quality) - market.Operators[m].ExecutionCost - v[n] - least);
        }

        return sum;
    }
}
