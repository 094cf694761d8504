using System.Collections.Immutable;
using Menuet.Queueing;

namespace Menuet.Mechanisms.ContractMarket;

/// <summary>Posted menus and users who choose among them, for the audit: every number from <see cref="StageLaw"/>, <see cref="ChernoffBound"/> and <see cref="SojournLaw"/>.</summary>
internal sealed class PostedPlay
{
    private readonly OperatorMarket market;

    internal PostedPlay(OperatorMarket market, OperatorMarketAnswer answer)
    {
        this.market = market;
        Shares = [.. answer.Matching.Select(row => row.ToArray())];
        Latencies = [.. answer.Latencies.Select(row => row.ToArray())];
        Prices = [.. answer.Prices.Select(row => row.ToArray())];
        Loads = [.. Shares.Select(row => new double[row.Length])];
        Probabilities = [.. Shares.Select(row => new double[row.Length])];
        Stages =
        [
            .. market.Operators.Select(one => new ServiceStage[]
            {
                new(one.UplinkChannels, one.UplinkRate / market.Task.InputMegabits),
                new(one.GpuInstances, one.GpuRate / market.Task.ComputeFlop),
                new(one.DownlinkChannels, one.DownlinkRate / market.Task.OutputMegabits),
            }),
        ];
    }

    /// <summary>[operator][stage].</summary>
    internal ServiceStage[][] Stages { get; }

    /// <summary>[operator][type].</summary>
    internal double[][] Shares { get; }

    internal double[][] Latencies { get; }

    internal double[][] Prices { get; }

    internal double[][] Loads { get; }

    internal double[][] Probabilities { get; }

    /// <summary>Loads that the shares make, and p there.</summary>
    internal void Settle()
    {
        for (var m = 0; m < Shares.Length; m++)
        {
            var load = 0.0;
            for (var n = 0; n < Shares[m].Length; n++)
            {
                load += market.Users(n) * Shares[m][n] * market.Task.RatePerUser;
                Loads[m][n] = Math.Max(0, load);
                Probabilities[m][n] = Probability(m, Loads[m][n], Latencies[m][n]);
            }
        }
    }

    /// <summary>p at given loads.</summary>
    internal void SettleAt(ImmutableArray<ImmutableArray<double>> loads)
    {
        for (var m = 0; m < Shares.Length; m++)
        {
            for (var n = 0; n < Shares[m].Length; n++)
            {
                Loads[m][n] = loads[m][n];
                Probabilities[m][n] = Probability(m, loads[m][n], Latencies[m][n]);
            }
        }
    }

    /// <summary>p of one operator's class at a load.</summary>
    internal double Probability(int m, double load, double latency)
    {
        Span<StageLaw> stages = [new(Stages[m][0], load), new(Stages[m][1], load), new(Stages[m][2], load)];
        return market.Algorithm.Tail switch
        {
            LatencyTail.ChernoffPrinted => ChernoffBound.Printed(stages, market.Algorithm.Zeta).Value(latency),
            LatencyTail.ChernoffOptimal => ChernoffBound.Optimal(stages, latency).Value(latency),
            _ => new SojournLaw(stages).Tail(latency),
        };
    }

    /// <summary>min_s (cμ − λ)/(cμ).</summary>
    internal double Headroom(int m, int n) => Stages[m].Min(stage => 1 - (Loads[m][n] / (stage.Servers * stage.ServiceRate)));

    /// <summary>u of Eq. (27), USD per task.</summary>
    internal double Utility(int m, int n) =>
        (market.Economics.QualitySensitivity * market.Operators[m].Quality) - (market.Types[n].LatencySensitivity * Latencies[m][n])
        - Prices[m][n] + (market.Economics.Refund * Probabilities[m][n]);

    /// <summary>What money the utility is made of.</summary>
    internal double Size(int m, int n) =>
        (market.Economics.QualitySensitivity * market.Operators[m].Quality) + (market.Types[n].LatencySensitivity * Math.Abs(Latencies[m][n]))
        + Math.Abs(Prices[m][n]) + market.Economics.Refund;

    /// <summary>π_m of Eqs. (13) and (14), and the money it is made of, USD per second.</summary>
    internal (double Profit, double Moved) Profit(int m)
    {
        var (profit, moved) = (0.0, 0.0);
        for (var n = 0; n < Shares[m].Length; n++)
        {
            var rate = market.Users(n) * market.Task.RatePerUser * Shares[m][n];
            profit += rate * (Prices[m][n] - (market.Economics.ViolationCost * Probabilities[m][n]) - market.Operators[m].ExecutionCost);
            moved += Math.Abs(rate) * (Math.Abs(Prices[m][n]) + market.Economics.ViolationCost + market.Operators[m].ExecutionCost + Size(m, n));
        }

        return (profit, moved);
    }

    /// <summary>Σ_m z.</summary>
    internal double Served(int n) => Shares.Sum(row => row[n]);

    /// <summary>What the users of a type have together, USD per second.</summary>
    internal double UserUtility(int n)
    {
        var sum = 0.0;
        for (var m = 0; m < Shares.Length; m++)
        {
            sum += Shares[m][n] * Utility(m, n);
        }

        return sum * market.Users(n) * market.Task.RatePerUser;
    }

    /// <summary>Operators and users together, USD per second.</summary>
    internal double Welfare()
    {
        var sum = 0.0;
        for (var m = 0; m < Shares.Length; m++)
        {
            sum += Profit(m).Profit;
        }

        for (var n = 0; n < market.Types.Length; n++)
        {
            sum += UserUtility(n);
        }

        return sum;
    }

    /// <summary>max(u_0, max_m u) − Σ z u − (1 − Σ z) u_0, USD per task.</summary>
    internal double Regret(int n)
    {
        var best = market.Economics.OutsideOption;
        var mean = Math.Max(0, 1 - Served(n)) * best;
        for (var m = 0; m < Shares.Length; m++)
        {
            best = Math.Max(best, Utility(m, n));
            mean += Shares[m][n] * Utility(m, n);
        }

        return best - mean;
    }
}
