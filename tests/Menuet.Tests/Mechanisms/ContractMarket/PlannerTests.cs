using Menuet.Mechanisms.ContractMarket;

namespace Menuet.Tests.Mechanisms.ContractMarket;

public sealed class PlannerTests
{
    [Fact]
    public void OnTheDefaultMarket_ThePlanAndItsBoundAreAsPublished()
    {
        var market = SmallMarkets.Default;
        var solution = new Planner().Solve(market, new(), default);
        var answer = ContractMarketMechanism.Door.Describe(market, solution);
        Assert.Equal(Termination.Converged, solution.Termination);
        Assert.InRange(answer.Objective!.Value, 2.42894, 2.42895);
        Assert.InRange(solution.Bound, 2.4330, 2.4352);   // 0.26 % above; the bound of empty queues is 2.513
        Assert.Equal(2.4691, answer.SocialWelfare!.Value, 1e-3);
        Assert.True(answer.MinIrSlack > -1e-15 && answer.MinIcSlack > -1e-15);
    }

    [Theory]
    [InlineData(2, 12)]
    [InlineData(3, 5)]
    public void NoDivisionOnAGrid_BeatsThePlan_OrReachesTheBound(int types, int parts)
    {
        var rng = Rng.Stream(71, (ulong)types);
        for (var draw = 0; draw < 5; draw++)
        {
            var market = SmallMarkets.Draw(ref rng, 2, types, LatencyTail.ChernoffPrinted);
            var solution = new Planner().Solve(market, new(MaxIterations: 16), default);
            var total = ContractMarketMechanism.Door.Describe(market, solution).Objective!.Value;
            var best = BestOnGrid(market, parts);
            Assert.True(total >= best - (1e-7 * Math.Abs(best)), $"{total} below {best}, draw {draw}");
            Assert.True(solution.Bound >= Math.Max(total, best), $"bound {solution.Bound} below {Math.Max(total, best)}, draw {draw}");
            Assert.True(solution.Bound <= WelfareBound.Of(new(market)));
        }
    }

    [Fact]
    public void NoMenusAndNoDivision_PassTheBound()
    {
        var rng = Rng.Stream(72, 0);
        for (var draw = 0; draw < 24; draw++)
        {
            var market = SmallMarkets.Draw(ref rng, 2 + rng.NextInt(2), 1 + rng.NextInt(4), SmallMarkets.Tails[draw % 2]);
            var arrays = new MarketArrays(market);
            var bound = new ProfitBound(arrays);
            bound.Refine(0, () => false);
            var most = WelfareRelaxation.Of(arrays, 0, () => false);
            Assert.True(most <= WelfareBound.Of(arrays));
            for (var trial = 0; trial < 200; trial++)
            {
                var shares = DrawShares(ref rng, arrays);
                var (total, welfare) = (0.0, 0.0);
                for (var m = 0; m < arrays.Operators; m++)
                {
                    var demand = arrays.Demand.Select((d, n) => d * shares[m, n]).ToArray();
                    welfare += Welfare(market, m, demand, SmallMarkets.DrawLatencies(ref rng, market));
                    total += SmallMarkets.Profit(market, m, demand, SmallMarkets.DrawLatencies(ref rng, market), new double[arrays.Types]);
                }

                Assert.True(total <= bound.Bound, $"{total} above {bound.Bound}, draw {draw}");
                Assert.True(welfare <= most, $"welfare {welfare} above {most}, draw {draw}");
            }
        }
    }

    [Fact]
    public void ABetterIncumbent_CutsTheBox_ButNoBetterDemand()
    {
        var rng = Rng.Stream(73, 0);
        var (cut, reached) = (0, 0);
        for (var draw = 0; draw < 60; draw++)
        {
            var market = SmallMarkets.Draw(ref rng, 1, 1 + rng.NextInt(4), SmallMarkets.Tails[draw % 3]);
            var arrays = new MarketArrays(market);
            var all = arrays.Demand.Sum();
            if (all == 0)
            {
                continue;
            }

            const int Cells = 12;
            var step = all / Cells;
            var most = arrays.Demand.Select(d => (int)Math.Ceiling((d / step) - 1e-12)).ToArray();
            var box = new LoadBox(0, most.Sum(), new int[most.Length], most);
            var relaxation = new OperatorRelaxation(arrays, 0, step, box);
            var prices = arrays.Demand.Select(_ => 8e-4 * rng.NextDouble()).ToArray();
            var demand = new double[arrays.Types];
            var bound = relaxation.Solve(prices, demand);
            Assert.True(bound >= 0 && demand.Sum() <= all + (arrays.Types * step));
            var threshold = bound * rng.NextDouble();
            var kept = relaxation.Tighten(prices, threshold)!;
            cut += kept.HighestTotal < box.HighestTotal || kept.LowestTotal > 0 ? 1 : 0;
            for (var trial = 0; trial < 300; trial++)
            {
                var shares = DrawShares(ref rng, arrays);
                for (var n = 0; n < demand.Length; n++)
                {
                    demand[n] = arrays.Demand[n] * shares[0, n];
                }

                var profit = SmallMarkets.Profit(market, 0, demand, SmallMarkets.DrawLatencies(ref rng, market), prices);
                Assert.True(profit <= bound + 1e-12, $"{profit} above {bound}, draw {draw}");
                if (profit >= threshold && profit > 0)
                {
                    reached++;
                    Assert.InRange(demand.Sum(), (kept.LowestTotal * step) - 1e-9, (kept.HighestTotal * step) + 1e-9);
                    for (var n = 0; n < demand.Length; n++)
                    {
                        Assert.InRange(demand[n], (kept.Least[n] * step) - 1e-9, (kept.Most[n] * step) + 1e-9);
                    }
                }
            }

            // Each half of a grid step finer, the bound is no higher.
            var finer = new OperatorRelaxation(arrays, 0, 0.5 * step, box.Halved()).Solve(prices, demand);
            Assert.True(finer <= bound + 1e-12);
        }

        Assert.True(cut > 5 && reached > 20, $"{cut} boxes cut, {reached} demands above the threshold");
    }

    [Fact]
    public void OptimisticLateness_IsBelowEveryLatencyAtEveryHigherLoad()
    {
        var rng = Rng.Stream(74, 0);
        var closest = double.PositiveInfinity;
        for (var draw = 0; draw < 90; draw++)
        {
            var market = SmallMarkets.Draw(ref rng, 1, 1, SmallMarkets.Tails[draw % 3]);
            var arrays = new MarketArrays(market);
            var capacity = arrays.Capacity[0];
            var load = 1.1 * capacity * rng.NextDouble();
            var lateness = new OptimisticLateness(arrays, 0, load, 1e-4 / arrays.Spread);
            for (var trial = 0; trial < 60; trial++)
            {
                var stake = Math.Exp((6 * rng.NextDouble()) - 3);
                var kappa = stake * Math.Exp((12 * rng.NextDouble()) - 6);
                var least = lateness.Least(kappa, stake);
                var latency = market.Latency.Min + ((market.Latency.Max - market.Latency.Min) * rng.NextDouble());
                var higher = load + (rng.NextInt(2) * (capacity - load) * rng.NextDouble());
                var cost = (kappa * latency) + (stake * SmallMarkets.Late(market, 0, Math.Max(load, higher), latency));
                Assert.True(least <= cost * (1 + 1e-12), $"{least} above {cost}");
                closest = Math.Min(closest, (cost - least) / cost);
            }
        }

        Assert.True(closest < 0.01, $"never closer than {closest}: loose");
    }

    [Fact]
    public void Cancelled_ItReturnsItsBest_AndBeforeItBegins_ItThrows()
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(() => new Planner().Solve(SmallMarkets.Default, new(), cancelled.Token));
        var solution = new Planner().Solve(SmallMarkets.Default, new(TimeLimit: TimeSpan.FromMilliseconds(30)), default);
        Assert.Equal(Termination.LimitReached, solution.Termination);
        Assert.True(ContractMarketMechanism.Door.Describe(SmallMarkets.Default, solution).Objective <= solution.Bound);
    }

    [Fact]
    public void WithoutUsers_OrWithoutGain_NobodyIsServed()
    {
        var market = SmallMarkets.Default;
        var empty = market with { Types = [.. market.Types.Select(type => type with { Users = 0 })] };
        var poor = market with { Economics = market.Economics with { QualitySensitivity = 0 } };
        foreach (var one in new[] { empty, poor })
        {
            var solution = new Planner().Solve(one, new(MaxIterations: 4), default);
            var answer = ContractMarketMechanism.Door.Describe(one, solution);
            Assert.Equal(0, answer.Objective!.Value, 1e-12);
            Assert.True(solution.Bound >= 0);
        }
    }

    /// <summary>Σ d_n (α₁q − cost − β_n L_n − g p_n): prices cancel.</summary>
    private static double Welfare(OperatorMarket market, int m, double[] demand, double[] latencies)
    {
        var (sum, load) = (0.0, 0.0);
        for (var n = 0; n < demand.Length; n++)
        {
            load += demand[n];
            var spread = market.Economics.ViolationCost - market.Economics.Refund;
            sum += demand[n] * ((market.Economics.QualitySensitivity * market.Operators[m].Quality) - market.Operators[m].ExecutionCost
                - (market.Types[n].LatencySensitivity * latencies[n]) - (spread * SmallMarkets.Late(market, m, load, latencies[n])));
        }

        return sum;
    }

    private static double[,] DrawShares(ref Rng rng, MarketArrays market)
    {
        var shares = new double[market.Operators, market.Types];
        for (var n = 0; n < market.Types; n++)
        {
            var sum = rng.NextInt(2) * rng.NextExponential();
            for (var m = 0; m < market.Operators; m++)
            {
                sum += shares[m, n] = rng.NextInt(4) == 0 ? 0 : rng.NextExponential();
            }

            for (var m = 0; m < market.Operators && sum > 0; m++)
            {
                shares[m, n] /= sum;
            }
        }

        return shares;
    }

    /// <summary>The best total over shares in whole parts and latencies on a grid of 25.</summary>
    private static double BestOnGrid(OperatorMarket market, int parts)
    {
        var types = market.Types.Length;
        var demand = market.Types.Select(type => type.Users!.Value * market.Task.RatePerUser).ToArray();
        var known = market.Operators.Select((_, m) => new Dictionary<int, double>()).ToArray();
        return Divide(0, 0, 0);

        double Divide(int n, int first, int second)
        {
            if (n == types)
            {
                return Earned(0, first) + Earned(1, second);
            }

            var best = double.NegativeInfinity;
            for (var i = 0; i <= parts; i++)
            {
                for (var j = 0; i + j <= parts; j++)
                {
                    best = Math.Max(best, Divide(n + 1, (first * (parts + 1)) + i, (second * (parts + 1)) + j));
                }
            }

            return best;
        }

        double Earned(int m, int code)
        {
            if (known[m].TryGetValue(code, out var value))
            {
                return value;
            }

            var own = new double[types];
            var rest = code;
            for (var n = types - 1; n >= 0; n--)
            {
                own[n] = demand[n] * (rest % (parts + 1)) / parts;
                rest /= parts + 1;
            }

            return known[m][code] = BestMenu(market, m, own);
        }
    }

    /// <summary>The best nondecreasing latencies on a grid, by enumeration.</summary>
    private static double BestMenu(OperatorMarket market, int m, double[] demand)
    {
        const int Cells = 24;
        var types = demand.Length;
        var late = new double[types, Cells + 1];
        var load = 0.0;
        for (var n = 0; n < types; n++)
        {
            load += demand[n];
            for (var i = 0; i <= Cells; i++)
            {
                late[n, i] = demand[n] > 0 ? SmallMarkets.Late(market, m, load, At(i)) : 0;
            }
        }

        var best = double.NegativeInfinity;
        Choose(0, 0, 0, 0);
        return best;

        void Choose(int n, int least, double net, double sum)
        {
            if (n == types)
            {
                best = Math.Max(best, sum);
                return;
            }

            for (var i = least; i <= Cells; i++)
            {
                var price = n == 0
                    ? (market.Economics.QualitySensitivity * market.Operators[m].Quality) - (market.Types[0].LatencySensitivity * At(i))
                    : net - (market.Types[n].LatencySensitivity * (At(i) - At(least)));
                var margin = price - ((market.Economics.ViolationCost - market.Economics.Refund) * late[n, i]) - market.Operators[m].ExecutionCost;
                Choose(n + 1, i, price, sum + (demand[n] * margin));
            }
        }

        double At(int i) => market.Latency.Min + ((market.Latency.Max - market.Latency.Min) * i * i / (Cells * Cells));
    }
}
