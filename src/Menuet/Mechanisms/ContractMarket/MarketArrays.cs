using Menuet.Queueing;

namespace Menuet.Mechanisms.ContractMarket;

/// <summary>A market as flat arrays, in tasks per second, seconds and USD per task. Immutable, so that any number of states may share it.</summary>
internal sealed class MarketArrays
{
    /// <summary>Uplink, inference, downlink.</summary>
    internal const int StageCount = 3;

    internal MarketArrays(OperatorMarket market)
    {
        Operators = market.Operators.Length;
        Types = market.Types.Length;
        Stages = new ServiceStage[Operators * StageCount];
        Worth = new double[Operators];
        Cost = new double[Operators];
        Capacity = new double[Operators];
        for (var m = 0; m < Operators; m++)
        {
            var one = market.Operators[m];
            Stages[StageCount * m] = new(one.UplinkChannels, one.UplinkRate / market.Task.InputMegabits);
            Stages[(StageCount * m) + 1] = new(one.GpuInstances, one.GpuRate / market.Task.ComputeFlop);
            Stages[(StageCount * m) + 2] = new(one.DownlinkChannels, one.DownlinkRate / market.Task.OutputMegabits);
            Worth[m] = market.Economics.QualitySensitivity * one.Quality;
            Cost[m] = one.ExecutionCost;
            Capacity[m] = double.PositiveInfinity;
            foreach (var stage in StagesOf(m))
            {
                Capacity[m] = Math.Min(Capacity[m], market.Algorithm.CapacityFactor * stage.Servers * stage.ServiceRate);
            }
        }

        Sensitivity = new double[Types];
        Demand = new double[Types];
        for (var n = 0; n < Types; n++)
        {
            Sensitivity[n] = market.Types[n].LatencySensitivity;
            Demand[n] = market.Users(n) * market.Task.RatePerUser;
        }

        Refund = market.Economics.Refund;
        ViolationCost = market.Economics.ViolationCost;
        Outside = market.Economics.OutsideOption;
        (MinLatency, MaxLatency) = (market.Latency.Min, market.Latency.Max);
        Algorithm = market.Algorithm;
    }

    /// <summary>M.</summary>
    internal int Operators { get; }

    /// <summary>N.</summary>
    internal int Types { get; }

    /// <summary>[3m + s].</summary>
    internal ServiceStage[] Stages { get; }

    /// <summary>α_1 q_m.</summary>
    internal double[] Worth { get; }

    /// <summary>ϱ ε_m φ_m.</summary>
    internal double[] Cost { get; }

    /// <summary>λ̄_m = χ min_s c μ (Eq. 31).</summary>
    internal double[] Capacity { get; }

    /// <summary>β_n.</summary>
    internal double[] Sensitivity { get; }

    /// <summary>|I_n| δ.</summary>
    internal double[] Demand { get; }

    /// <summary>R̄.</summary>
    internal double Refund { get; }

    /// <summary>C̄.</summary>
    internal double ViolationCost { get; }

    /// <summary>g = C̄ − R̄, what a late task costs operator and user together.</summary>
    internal double Spread => ViolationCost - Refund;

    /// <summary>u_0.</summary>
    internal double Outside { get; }

    internal double MinLatency { get; }

    internal double MaxLatency { get; }

    internal MarketAlgorithm Algorithm { get; }

    /// <summary>The three stages of an operator.</summary>
    internal ReadOnlySpan<ServiceStage> StagesOf(int m) => Stages.AsSpan(StageCount * m, StageCount);

    /// <summary>λ_{m,n} = Σ_{j≤n} |I_j| z_{m,j} δ of one operator (Eqs. 3 and 34).</summary>
    /// <param name="shares">z of the operator, length N.</param>
    /// <param name="loads">Filled, length N.</param>
    internal void Accumulate(ReadOnlySpan<double> shares, Span<double> loads)
    {
        var load = 0.0;
        for (var n = 0; n < loads.Length; n++)
        {
            load += Demand[n] * shares[n];
            loads[n] = load;
        }
    }
}
