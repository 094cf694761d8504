using System.Collections.Immutable;
using Menuet.Screening;

namespace Menuet.Mechanisms.LatencyContract;

/// <summary>Judges learned menus by what the deadline is worth to the highest type.</summary>
internal sealed class LatencyExaminer(LatencyScenario scenario, LatencyEnvironment environment) : ContractExaminer(environment)
{
    private readonly Isotonic solver = new();
    private readonly double[] gains = new double[scenario.Types];
    private readonly double[] reductions = new double[scenario.Types];
    private LatencyMarket market = new();
    private int row;

    internal override ImmutableArray<(string Name, string Meaning)> References { get; } =
    [
        ("completeInformation", "types known: every user is held to its utility without contract"),
        ("uniform", "one latency reduction for one price"),
    ];

    internal override void Take(int row)
    {
        this.row = row;
        market = environment.Market(row);
        for (var j = 0; j < gains.Length; j++)
        {
            gains[j] = market.Terms.Types[j].Gain;
        }
    }

    internal override (double Optimum, bool Exists) Solve() => (solver.Solve(market, new(), default).Bound, true);

    internal override Judgement Judge(ReadOnlySpan<float> action)
    {
        var menu = environment.Menu(row, action);
        for (var j = 0; j < reductions.Length; j++)
        {
            reductions[j] = LatencyContractMechanism.Deliver(market, menu, j).Reduction;
        }

        return Judgement.Of(LatencyContractMechanism.Objective(market, menu), gains, reductions, menu.Payments.AsSpan(), environment.Scale(row));
    }

    /// <summary>Different gains leave room between the payments for different reductions; equal ones ask for equal utilities.</summary>
    internal override bool IsReachable(double tolerance)
    {
        for (var j = 1; j < gains.Length; j++)
        {
            if (scenario.Action == MenuAction.Penalised && tolerance == 0 && gains[j] == gains[j - 1])
            {
                return false;
            }
        }

        return true;
    }

    internal override void Refer(Span<double> objectives)
    {
        objectives[0] = LatencySchemes.CompleteInformation(market).Bound;
        objectives[1] = LatencySchemes.Uniform(market, default).Bound;
    }
}
