using Menuet.Mechanisms.ContractMarket;
using Menuet.Queueing;

namespace Menuet.Tests.Mechanisms.ContractMarket;

/// <summary>Menus of one operator against references that share no code with them.</summary>
public sealed class MenuTests
{
    /// <summary>Against p by the library's public laws.</summary>
    [Fact]
    public void Probabilities_AndLoads_AreThoseOfTheQueueingLibrary()
    {
        for (ulong seed = 0; seed < 300; seed++)
        {
            var market = OperatorMarkets.Draw(seed);
            var (_, answer) = OperatorMarkets.Solve(market, "ct");
            for (var m = 0; m < market.Operators.Length; m++)
            {
                for (var n = 0; n < market.Types.Length; n++)
                {
                    var load = Enumerable.Range(0, n + 1).Sum(j => answer.Matching[m][j] * market.Users(j) * 24);
                    Assert.Equal(load, answer.CumulativeLoad[m][n], 1e-9 * (1 + load));
                    Assert.Equal(Late(market, m, load, answer.Latencies[m][n]), answer.ViolationProbability[m][n], 1e-10);
                }
            }
        }
    }

    [Fact]
    public void EveryType_HasItsBestLatency()
    {
        // No menu need rise here, so each latency is compared with 2000 others.
        for (ulong seed = 0; seed < 250; seed++)
        {
            var market = OperatorMarkets.Draw(seed, operators: 1);
            var arrays = new MarketArrays(market);
            if (arrays.Types > 1 || arrays.Demand[0] == 0)
            {
                market = market with { Types = [market.Types[0] with { Users = 1 + (market.Types[0].Users ?? 0) }] };
                arrays = new(market);
            }

            market = market with { Algorithm = market.Algorithm with { MenuSolver = MenuSolver.Global } };
            var state = Menu(market, MenuSolver.Global);
            var chosen = Loss(market, state.Latencies);
            for (var i = 0; i <= 2000; i++)
            {
                var other = market.Latency.Min + ((market.Latency.Max - market.Latency.Min) * i / 2000);
                Assert.True(chosen <= Loss(market, [other]) + (1e-10 * (1 + Math.Abs(chosen))), $"seed {seed}: {state.Latencies[0]} loses to {other}");
            }
        }
    }

    [Fact]
    public void FourHundredMenus_AgreeWithExhaustiveMonotoneProgramming()
    {
        var better = 0;
        for (ulong seed = 0; seed < 400; seed++)
        {
            var market = OperatorMarkets.Draw(seed, operators: 1);
            var pooled = Menu(market, MenuSolver.Global);
            var exact = Menu(market, MenuSolver.Exact);
            var grid = Exhaustive(market);
            var size = Math.Abs(grid) + new MarketArrays(market).Demand.Sum() * market.Economics.ViolationCost;
            var (pooledLoss, exactLoss) = (Loss(market, pooled.Latencies), Loss(market, exact.Latencies));
            Assert.True(exactLoss <= grid + (1e-9 * size), $"seed {seed}: programme {exactLoss}, grid {grid}");
            Assert.True(exactLoss <= pooledLoss + (1e-9 * size), $"seed {seed}: programme {exactLoss}, pooling {pooledLoss}");
            Assert.True(pooledLoss <= exactLoss + (0.03 * size), $"seed {seed}: pooling loses {pooledLoss - exactLoss}");
            better += pooledLoss > exactLoss + (1e-6 * size) ? 1 : 0;
        }

        Assert.InRange(better, 0, 40);   // pooling is exact but for the clamp
    }

    [Theory]
    [InlineData(LatencyTail.ChernoffPrinted, 40)]
    [InlineData(LatencyTail.ChernoffOptimal, 6)]
    [InlineData(LatencyTail.Exact, 6)]
    public void ManyTypes_AgreeWithTheProgramme(LatencyTail tail, int markets)
    {
        for (ulong seed = 0; seed < (ulong)markets; seed++)
        {
            var market = ContractMarketDraw.Draw(1, 65 + (int)seed, new[] { 3.0, 100, 1e5 }[seed % 3], seed);
            var capacity = new MarketArrays(market).Capacity[0] / 24;
            market = market with
            {
                Population = market.Population! with { Total = capacity * new[] { 0.3, 0.6, 0.9, 1.3 }[seed % 4] },
                Algorithm = market.Algorithm with { Tail = tail },
            };
            var (many, exact) = (Loss(market, Menu(market, MenuSolver.Global).Latencies), Loss(market, Menu(market, MenuSolver.Exact).Latencies));
            Assert.InRange(many, exact - (1e-9 * Math.Abs(exact)), exact + (2e-9 * Math.Abs(exact)));
        }
    }

    [Fact]
    public void Prices_AreTheLargestThatBothConstraintsPermit()
    {
        // With latencies fixed, R − R̄p is bounded by IR(1) and by IC of every pair: the longest path from nothing, by relaxation.
        for (ulong seed = 0; seed < 400; seed++)
        {
            var market = OperatorMarkets.Draw(seed, operators: 1);
            var state = Menu(market, MenuSolver.Global);
            var types = market.Types.Length;
            var worth = market.Economics.QualitySensitivity * market.Operators[0].Quality;
            var net = Enumerable.Range(0, types).Select(n => worth - (market.Types[n].LatencySensitivity * state.Latencies[n])).ToArray();   // IR of each type
            for (var round = 0; round < types; round++)
            {
                for (var n = 0; n < types; n++)
                {
                    for (var k = 0; k < types; k++)
                    {
                        net[n] = Math.Min(net[n], net[k] + (market.Types[n].LatencySensitivity * (state.Latencies[k] - state.Latencies[n])));
                    }
                }
            }

            for (var n = 0; n < types; n++)
            {
                var price = net[n] + (market.Economics.Refund * state.Probabilities[n]);
                Assert.Equal(price, state.Prices[n], 1e-12 * (worth + Math.Abs(price)));
            }
        }
    }

    [Fact]
    public void SolverMenu_KnowsItsGap()
    {
        for (ulong seed = 0; seed < 150; seed++)
        {
            var market = OperatorMarkets.Draw(seed, operators: 1);
            var (solution, answer) = OperatorMarkets.Solve(market, "menu");
            Assert.True(answer.Objective <= solution.Bound);
            if (solution.Termination == Termination.Optimal)
            {
                Assert.Equal(solution.Bound, answer.Objective!.Value, 1e-9 * (1e-9 + Math.Abs(solution.Bound)));
            }

            Assert.All(answer.Matching[0], share => Assert.Equal(1, share));
        }

        Assert.Throws<InvalidRequestException>(() => OperatorMarkets.Solve(OperatorMarkets.Default(), "menu"));
    }

    [Theory]
    [InlineData(LatencyTail.ChernoffPrinted)]
    [InlineData(LatencyTail.ChernoffOptimal)]
    [InlineData(LatencyTail.Exact)]
    public void StationaryPoints_HaveTheSlopeAskedFor_AndNoneLiesBeyond(LatencyTail tail)
    {
        var rng = Rng.Stream(3, 0);
        for (ulong seed = 0; seed < 400; seed++)
        {
            var market = OperatorMarkets.Draw(seed, operators: 1);
            var arrays = new MarketArrays(market with { Algorithm = market.Algorithm with { Tail = tail } });
            var tails = new LatencyTails(arrays);
            var loads = new double[arrays.Types];
            arrays.Accumulate(Enumerable.Repeat(0.7, arrays.Types).ToArray(), loads);
            tails.Load(0, loads);
            var cell = rng.NextInt(arrays.Types);
            if (!tails.IsStable(cell))
            {
                Assert.Equal(1, tails.Probability(cell, 0.1));
                continue;
            }

            var rate = Math.Exp((8 * rng.NextDouble()) - 3);
            var at = tails.Stationary(cell, rate);
            var from = double.IsNaN(at) ? 0 : at;
            if (!double.IsNaN(at))
            {
                tails.Probability(cell, at * (1 + 1e-12), out var slope);
                Assert.Equal(rate, slope, 1e-6 * rate);
            }

            for (var i = 1; i < 400; i++)
            {
                tails.Probability(cell, from + (i * 0.002), out var beyond);
                Assert.True(beyond < rate * (1 + 1e-9), $"seed {seed}: slope {beyond} beyond {at}, rate {rate}");
            }
        }
    }

    [Fact]
    public void RowOfErlangs_AgreesWithOneByOne()
    {
        var rng = Rng.Stream(4, 0);
        for (var trial = 0; trial < 300; trial++)
        {
            var stage = new ServiceStage(1 + rng.NextInt(trial % 10 == 0 ? 1000 : 250), 1 + (100 * rng.NextDouble()));
            var rates = new double[40];
            for (var i = 0; i < rates.Length; i++)
            {
                rates[i] = i % 7 == 0 ? 0 : 1.2 * stage.Servers * stage.ServiceRate * rng.NextDouble();
            }

            Array.Sort(rates);
            var (waiting, spare) = (new double[40], new double[40]);
            ErlangRow.Fill(stage, rates, waiting, spare);
            for (var i = 0; i < rates.Length; i++)
            {
                var law = new StageLaw(stage, rates[i]);
                Assert.Equal(law.SpareRate, spare[i]);
                Assert.True(Math.Abs(law.WaitingProbability - waiting[i]) <= 1e-24 + (2e-12 * law.WaitingProbability), $"{stage} {rates[i]}: {law.WaitingProbability} {waiting[i]}");
            }
        }
    }

    private static MarketState Menu(OperatorMarket market, MenuSolver method)
    {
        var state = new MarketState(new(market));
        state.LoadEvenly(1);
        state.Design(0, method);
        state.Post();
        return state;
    }

    private static double Late(OperatorMarket market, int m, double load, double latency)
    {
        var one = market.Operators[m];
        StageLaw[] stages =
        [
            new(new(one.UplinkChannels, one.UplinkRate / 0.18), load), new(new(one.GpuInstances, one.GpuRate / 3.6e11), load),
            new(new(one.DownlinkChannels, one.DownlinkRate / 0.27), load),
        ];
        return market.Algorithm.Tail switch
        {
            LatencyTail.ChernoffPrinted => ChernoffBound.Printed(stages, market.Algorithm.Zeta).Value(latency),
            LatencyTail.ChernoffOptimal => ChernoffBound.Optimal(stages, latency).Value(latency),
            _ => new SojournLaw(stages).Tail(latency),
        };
    }

    /// <summary>Minus the profit of Eq. (26) but for what latencies cannot change, from the definition: rents, latency and violations.</summary>
    private static double Loss(OperatorMarket market, double[] latencies)
    {
        var (load, sum, rent) = (0.0, 0.0, 0.0);
        for (var n = 0; n < latencies.Length; n++)
        {
            var demand = market.Users(n) * 24;
            load += demand;
            rent += n == 0 ? 0 : (market.Types[n - 1].LatencySensitivity - market.Types[n].LatencySensitivity) * latencies[n - 1];
            sum += demand * (rent + (market.Types[n].LatencySensitivity * latencies[n])
                + ((market.Economics.ViolationCost - market.Economics.Refund) * Late(market, 0, load, latencies[n])));
        }

        return sum;
    }

    /// <summary>The least loss over nondecreasing latencies on a grid of 121.</summary>
    private static double Exhaustive(OperatorMarket market)
    {
        const int Cells = 120;
        var types = market.Types.Length;
        var above = new double[types + 1];
        for (var n = types - 1; n >= 0; n--)
        {
            above[n] = above[n + 1] + (market.Users(n) * 24);
        }

        var best = new double[Cells + 1];
        var load = 0.0;
        for (var n = 0; n < types; n++)
        {
            load += market.Users(n) * 24;
            var next = n + 1 < types ? market.Types[n + 1].LatencySensitivity : 0;
            var kappa = (market.Types[n].LatencySensitivity * above[n]) - (next * above[n + 1]);
            var running = double.PositiveInfinity;
            for (var i = 0; i <= Cells; i++)
            {
                running = Math.Min(running, best[i]);
                var latency = market.Latency.Min + ((market.Latency.Max - market.Latency.Min) * i / Cells);
                var spread = market.Economics.ViolationCost - market.Economics.Refund;
                best[i] = running + (kappa * latency) + (spread * market.Users(n) * 24 * Late(market, 0, load, latency));
            }
        }

        return best.Min();
    }
}
