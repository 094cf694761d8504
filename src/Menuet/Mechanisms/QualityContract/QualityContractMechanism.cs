using System.Collections.Immutable;
using Menuet.Numerics;

namespace Menuet.Mechanisms.QualityContract;

/// <summary>Image quality sold by a menu of prompt levels, denoising steps and payments. Source: Ye et al., Problem 1.</summary>
public static class QualityContractMechanism
{
    /// <summary>Up to this many types every ordered pair is looked at; beyond it neighbours in gain, which suffices for menus that rise.</summary>
    private const int PairByPair = 2000;

    /// <summary>The door.</summary>
    public static Mechanism<QualityMarket, QualityOutcome, QualityAnswer> Door { get; } = new()
    {
        Kind = "quality-contract",
        Title = "Quality contract for generated images",
        Source = "Ye et al.",
        MarketShape = QualityMarket.Shape,
        AnswerShape = QualityAnswer.Shape,
        SolverList =
        [
            new ExactSolver("exact", "The optimum by the fastest exact way: ironing, each type's own best, or a dynamic programme; bounded where a payment cap binds on many types.", QualityMethod.Automatic),
            new ExactSolver("dynamic-programme", "The optimum by a dynamic programme over types and qualities, for any costs.", QualityMethod.DynamicProgramme),
            new ExactSolver("ironing", "The optimum by pooling virtual values; types of equal costs only.", QualityMethod.Ironing),
            new QualityReference(),
        ],
        Describe = Describe,
        Audit = QualityAudit.Check,
        Graded = static (market, answer) => answer with { Objective = Objective(market, new([.. answer.Menu.Select(t => t.Level)], [.. answer.Menu.Select(t => t.Steps)], [.. answer.Menu.Select(t => t.Payment)], [.. answer.Menu.Select(t => t.Excluded)])) },
        AnswerProblems = QualityAudit.AnswerProblems,
        Tables = static (_, answer) =>
        [
            QualityItem.Shape.Tabulate(
                "Menu", answer.Menu, "type", "gain", "probability", "excluded", "level", "steps", "quality", "payment", "providerCost", "userUtility"),
        ],
        Schemes = QualitySchemes.Compare,
        Environment = new EnvironmentDoor<QualityScenario>(
            "sees gains, probabilities and costs of a draw, decides level, steps and payment per type, earns the provider's utility less violations",
            QualityScenario.Shape),
    };

    /// <summary>The provider's expected utility, <c>M Σ q_i (p_i − σ_1i l_i − σ_2i s_i)</c>, money (Ye et al., Eq. 6).</summary>
    internal static double Objective(QualityMarket market, QualityOutcome outcome)
    {
        var sum = new CompensatedSum();
        for (var i = 0; i < market.Types.Length; i++)
        {
            var type = market.Types[i];
            sum.Add(type.Probability * (outcome.Payments[i] - Cost(type, outcome.Levels[i], outcome.Steps[i])));
        }

        return market.Users * sum.Value;
    }

    private static double Cost(in QualityType type, int level, int steps) => (type.CostPerLevel * level) + (type.CostPerStep * steps);

    private static QualityAnswer Describe(QualityMarket market, Solution<QualityOutcome> solution)
    {
        if (solution.Outcome is not { } outcome)
        {
            return new() { Status = solution.Termination == Termination.Infeasible ? "infeasible" : "numericalTrouble", Reason = solution.Reason };
        }

        var menu = ImmutableArray.CreateBuilder<QualityItem>(market.Types.Length);
        var worst = double.PositiveInfinity;
        for (var i = 0; i < market.Types.Length; i++)
        {
            var type = market.Types[i];
            var quality = outcome.Excluded[i] ? 0 : market.Quality(outcome.Levels[i], outcome.Steps[i]);
            var utility = (type.Gain * quality) - outcome.Payments[i];
            worst = Math.Min(worst, utility);
            menu.Add(new()
            {
                Type = i + 1,
                Gain = type.Gain,
                Probability = type.Probability,
                Excluded = outcome.Excluded[i],
                Level = outcome.Levels[i],
                Steps = outcome.Steps[i],
                Quality = quality,
                Payment = outcome.Payments[i],
                ProviderCost = Cost(type, outcome.Levels[i], outcome.Steps[i]),
                UserUtility = utility,
            });
        }

        var objective = Objective(market, outcome);
        var items = menu.MoveToImmutable();
        return new()
        {
            Status = solution.Termination switch
            {
                Termination.Optimal => "optimal",
                Termination.LimitReached => "feasible",
                _ => "candidate",
            },
            Objective = objective,
            ObjectiveUpperBound = solution.Termination == Termination.LimitReached && double.IsFinite(solution.Bound) ? solution.Bound : null,
            PrincipalUtilityPerUser = objective / market.Users,
            Menu = items,
            IrSlackMin = worst,
            IcSlackMin = WorstPairSlack(items),
        };
    }

    /// <summary>The smallest <c>θ_i A_i − p_i − (θ_i A_k − p_k)</c>; 0 for one type.</summary>
    private static double WorstPairSlack(ImmutableArray<QualityItem> menu)
    {
        var gains = new double[menu.Length];
        var order = new int[menu.Length];
        for (var i = 0; i < gains.Length; i++)
        {
            (gains[i], order[i]) = (menu[i].Gain!.Value, i);
        }

        Array.Sort(gains, order);
        var neighboursOnly = menu.Length > PairByPair;
        var worst = double.PositiveInfinity;
        for (var i = 0; i < order.Length; i++)
        {
            var (from, to) = neighboursOnly ? (Math.Max(0, i - 1), Math.Min(order.Length - 1, i + 1)) : (0, order.Length - 1);
            for (var k = from; k <= to; k++)
            {
                if (k != i)
                {
                    var other = menu[order[k]];
                    worst = Math.Min(worst, menu[order[i]].UserUtility!.Value - ((gains[i] * other.Quality!.Value) - other.Payment));
                }
            }
        }

        return double.IsPositiveInfinity(worst) ? 0 : worst;
    }
}
