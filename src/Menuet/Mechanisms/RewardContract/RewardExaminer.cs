using System.Collections.Immutable;
using Menuet.Screening;

namespace Menuet.Mechanisms.RewardContract;

/// <summary>
/// Judges learned rewards. Violations are measured in rewards, the money that R_max scales: type i asks for κ Q_k/(f φ_i) to deliver quality k.
/// </summary>
internal sealed class RewardExaminer(RewardScenario scenario, RewardEnvironment environment) : ContractExaminer(environment)
{
    private readonly ClosedForm solver = new();
    private readonly double[] asks = new double[scenario.Types];
    private readonly double[] qualities = new double[scenario.Types];
    private readonly double[] rewards = new double[scenario.Types];
    private readonly double[] payments = new double[scenario.Types];
    private RewardMarket market = new();
    private int row;

    internal override ImmutableArray<(string Name, string Meaning)> References { get; } =
    [
        ("completeInformation", "types known: every creator is held to its cost"),
        ("uniform", "one item for all: the mean quality for what the lowest reputation asks"),
        ("averagePaper", "the paper's Average: one reward for different qualities, worth 0 where incentives break"),
    ];

    internal override void Take(int row)
    {
        this.row = row;
        market = environment.Market(row);
        for (var k = 0; k < qualities.Length; k++)
        {
            (asks[k], qualities[k]) = (-market.UnitCost / (market.RewardWeight * market.Types[k].Reputation), market.Types[k].Quality!.Value);
        }
    }

    internal override (double Optimum, bool Exists) Solve()
    {
        var solution = solver.Solve(market, new(), default);
        return solution.Outcome is null ? (0, false) : (solution.Bound, true);
    }

    internal override Judgement Judge(ReadOnlySpan<float> action)
    {
        environment.Decode(row, action, rewards);
        for (var k = 0; k < rewards.Length; k++)
        {
            payments[k] = -rewards[k];
        }

        var objective = RewardContractMechanism.Objective(market, market.Types, [.. qualities], [.. rewards]);

        // Below the threshold nothing is accepted, and nothing is worth anything.
        return Judgement.Of(double.IsFinite(objective) ? objective : 0, asks, qualities, payments, scenario.RewardMax);
    }

    /// <summary>Projected actions reach every optimum. Others need room: each R_k − R_{k−1} has it where quality and reputation rise, or within twice the tolerance.</summary>
    internal override bool IsReachable(double tolerance)
    {
        if (scenario.Action == RewardAction.Projected)
        {
            return true;
        }

        for (var k = 1; k < qualities.Length; k++)
        {
            var window = (asks[k] - asks[k - 1]) * (qualities[k] - qualities[k - 1]);
            if (!(window + (2 * tolerance * scenario.RewardMax) > 0))
            {
                return false;
            }
        }

        return true;
    }

    internal override void Refer(Span<double> objectives)
    {
        objectives[0] = RewardSchemes.CompleteInformation(market, market.Types).Objective ?? 0;
        objectives[1] = RewardSchemes.Uniform(market, market.Types).Objective ?? 0;
        objectives[2] = RewardSchemes.AveragePaper(market, market.Types).Objective ?? 0;
    }
}
