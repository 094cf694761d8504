using System.Collections.Immutable;
using Menuet.Screening;

namespace Menuet.Mechanisms.QualityContract;

/// <summary>Judges learned menus by what the best item is worth to the highest type.</summary>
internal sealed class QualityExaminer(QualityScenario scenario, QualityEnvironment environment) : ContractExaminer(environment)
{
    private readonly ISolver<QualityMarket, QualityOutcome> solver = QualityContractMechanism.Door.SolverList[0];
    private readonly double[] gains = new double[scenario.Types];
    private readonly double[] qualities = new double[scenario.Types];
    private QualityMarket market = new();
    private int row;

    internal override ImmutableArray<(string Name, string Meaning)> References { get; } =
    [
        ("completeInformation", "gains known: every type its own best item at all that it is worth"),
        ("uniform", "one item and payment for all"),
    ];

    internal override void Take(int row)
    {
        this.row = row;
        market = environment.Market(row);
        for (var i = 0; i < gains.Length; i++)
        {
            gains[i] = market.Types[i].Gain;
        }
    }

    internal override (double Optimum, bool Exists) Solve() => (solver.Solve(market, new(), default).Bound, true);

    internal override Judgement Judge(ReadOnlySpan<float> action)
    {
        var menu = environment.Menu(row, action);
        for (var i = 0; i < qualities.Length; i++)
        {
            qualities[i] = market.Quality(menu.Levels[i], menu.Steps[i]);
        }

        return Judgement.Of(QualityContractMechanism.Objective(market, menu), gains, qualities, menu.Payments.AsSpan(), environment.Scale(row));
    }

    /// <summary>Different gains leave room between the payments for different qualities; equal ones ask for equal utilities.</summary>
    internal override bool IsReachable(double tolerance)
    {
        for (var i = 1; i < gains.Length; i++)
        {
            if (scenario.Action == MenuAction.Penalised && tolerance == 0 && gains[i] == gains[i - 1])
            {
                return false;
            }
        }

        return true;
    }

    internal override void Refer(Span<double> objectives)
    {
        objectives[0] = QualitySchemes.CompleteInformation(market) is { } known ? QualityContractMechanism.Objective(market, known) : 0;
        objectives[1] = QualitySchemes.Uniform(market, default) is { } single ? QualityContractMechanism.Objective(market, single) : 0;
    }
}
