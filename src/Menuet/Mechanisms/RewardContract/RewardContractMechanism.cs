using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Menuet.Mechanisms.RewardContract;

/// <summary>Rewards for content of judged quality. Source: Wen et al. 2025, Problem 3.</summary>
public static class RewardContractMechanism
{
    /// <summary>The door.</summary>
    public static Mechanism<RewardMarket, RewardOutcome, RewardAnswer> Door { get; } = new()
    {
        Kind = "reward-contract",
        Title = "Reward contract for judged content",
        Source = "Wen et al. 2025",
        MarketShape = RewardMarket.Shape,
        AnswerShape = RewardAnswer.Shape,
        SolverList = [new ClosedForm(), new RewardReference()],
        Describe = Describe,
        Audit = RewardAudit.Check,
        Graded = static (market, answer) => answer with { Objective = Objective(market, answer) },
        AnswerProblems = RewardAudit.AnswerProblems,
        Tables = static (_, answer) =>
        [
            RewardItem.Shape.Tabulate("Menu", answer.Menu, "type", "reputation", "probability", "quality", "reward", "userUtility", "platformUtility"),
        ],
        Schemes = RewardSchemes.Compare,
        Environment = new EnvironmentDoor<RewardScenario>(
            "sees costs, qualities and reputations of a draw, decides a reward per type, earns the platform's utility if incentives hold and 0 otherwise",
            RewardScenario.Shape),
    };

    /// <summary>The platform's expected utility, Σ δ_k [η ln(Q_k − I + 1) − R_k], money per creator (Eq. 2 and Problem 3).</summary>
    internal static double Objective(
        RewardMarket market, ImmutableArray<RewardType> types, ImmutableArray<double> qualities, ImmutableArray<double> rewards)
    {
        // Logarithms in blocks: a vector at a time costs a fifth of one at a time, and a million types are mostly logarithms.
        const int Block = 512;
        Span<double> logarithms = stackalloc double[Block];
        var given = types.AsSpan();
        var delivered = qualities.AsSpan();
        var paid = rewards.AsSpan();
        var sum = 0.0;
        for (var start = 0; start < given.Length; start += Block)
        {
            var count = Math.Min(Block, given.Length - start);
            for (var k = 0; k < count; k++)
            {
                logarithms[k] = delivered[start + k] - market.QualityThreshold + 1;
            }

            var vectors = MemoryMarshal.Cast<double, Vector<double>>(logarithms);
            for (var v = 0; v < vectors.Length; v++)
            {
                vectors[v] = Vector.Log(vectors[v]);
            }

            for (var k = 0; k < count; k++)
            {
                var probability = given[start + k].Probability;
                if (probability > 0)
                {
                    sum += probability * ((market.UtilityCoefficient * logarithms[k]) - paid[start + k]);
                }
            }
        }

        return sum;
    }

    private static double Objective(RewardMarket market, RewardAnswer answer)
    {
        var types = market.ResolvedTypes();
        return Objective(
            market, types,
            [.. answer.Menu.Select((item, k) => item.Quality ?? types[k].Quality ?? double.NaN)],
            [.. answer.Menu.Select(item => item.Reward)]);
    }

    /// <summary>f φ R − κ Q, money (Eq. 1).</summary>
    internal static double CreatorUtility(RewardMarket market, double reputation, double quality, double reward) =>
        (market.RewardWeight * reputation * reward) - (market.UnitCost * quality);

    /// <summary>The smallest truth-telling slack, over all ordered pairs up to 2000 types, else over neighbours in reputation; 0 for one type.</summary>
    internal static double WorstPairSlack(
        RewardMarket market, ImmutableArray<RewardType> types, ImmutableArray<double> qualities, ImmutableArray<double> rewards)
    {
        var worst = double.PositiveInfinity;
        if (types.Length <= 2000)
        {
            for (var i = 0; i < types.Length; i++)
            {
                for (var k = 0; k < types.Length; k++)
                {
                    worst = i == k ? worst : Math.Min(worst, Slack(i, k));
                }
            }
        }
        else
        {
            var order = new int[types.Length];
            var reputations = new double[types.Length];
            for (var k = 0; k < order.Length; k++)
            {
                (order[k], reputations[k]) = (k, types[k].Reputation);
            }

            Array.Sort(reputations, order);
            for (var k = 1; k < order.Length; k++)
            {
                worst = Math.Min(worst, Math.Min(Slack(order[k], order[k - 1]), Slack(order[k - 1], order[k])));
            }
        }

        return double.IsPositiveInfinity(worst) ? 0 : worst;

        double Slack(int i, int k) =>
            CreatorUtility(market, types[i].Reputation, qualities[i], rewards[i]) - CreatorUtility(market, types[i].Reputation, qualities[k], rewards[k]);
    }

    private static double PlatformUtility(RewardMarket market, double quality, double reward) =>
        (market.UtilityCoefficient * double.LogP1(quality - market.QualityThreshold)) - reward;

    private static RewardAnswer Describe(RewardMarket market, Solution<RewardOutcome> solution)
    {
        if (solution.Outcome is not { } outcome)
        {
            return solution.Termination == Termination.Infeasible
                ? new() { Status = "infeasible", Reason = solution.Reason, DrlReward = 0 }
                : new() { Status = "numericalTrouble", Reason = solution.Reason };
        }

        var types = market.ResolvedTypes();
        var menu = ImmutableArray.CreateBuilder<RewardItem>(types.Length);
        var worstParticipation = double.PositiveInfinity;
        for (var k = 0; k < types.Length; k++)
        {
            var (quality, reward) = (outcome.Qualities[k], outcome.Rewards[k]);
            var utility = CreatorUtility(market, types[k].Reputation, quality, reward);
            worstParticipation = Math.Min(worstParticipation, utility);
            menu.Add(new RewardItem
            {
                Type = k + 1,
                Reputation = types[k].Reputation,
                Probability = types[k].Probability,
                Quality = quality,
                Reward = reward,
                UserUtility = utility,
                PlatformUtility = PlatformUtility(market, quality, reward),
            });
        }

        return new()
        {
            Status = solution.Termination == Termination.Candidate ? "candidate" : outcome.Pooled ? "pooled" : "optimal",
            Objective = Objective(market, types, outcome.Qualities, outcome.Rewards),
            Menu = menu.MoveToImmutable(),
            IrSlackMin = worstParticipation,
            IcSlackMin = WorstPairSlack(market, types, outcome.Qualities, outcome.Rewards),
        };
    }
}
