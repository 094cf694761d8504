using System.Collections.Immutable;

namespace Menuet.Mechanisms.LatencyContract;

/// <summary>Faster delivery for those who gain by it. Source: Ye et al., Problem 2.</summary>
public static class LatencyContractMechanism
{
    /// <summary>The door.</summary>
    public static Mechanism<LatencyMarket, LatencyOutcome, LatencyAnswer> Door { get; } = new()
    {
        Kind = "latency-contract",
        Title = "Latency contract for one group of users",
        Source = "Ye et al.",
        MarketShape = LatencyMarket.Shape,
        AnswerShape = LatencyAnswer.Shape,
        SolverList = [new Isotonic(), new LatencyReference()],
        Describe = Describe,
        Audit = LatencyAudit.Check,
        Graded = Graded,
        AnswerProblems = LatencyAudit.AnswerProblems,
        Tables = static (_, answer) => [MenuTable("Menu", answer)],
        Schemes = LatencySchemes.Compare,
        Environment = new EnvironmentDoor<LatencyScenario>(
            "sees gains, costs, work and deadline of a draw, decides speeds and payment per type, earns the provider's profit less violations",
            LatencyScenario.Shape),
    };

    /// <summary>The provider's expected profit from the group, M Σ q_j (p_j − C_j), money (Eq. 24).</summary>
    internal static double Objective(LatencyMarket market, LatencyOutcome outcome)
    {
        var sum = 0.0;
        for (var j = 0; j < market.Terms.Types.Length; j++)
        {
            var type = market.Terms.Types[j];
            if (type.Probability > 0 && !outcome.Excluded[j])
            {
                sum += type.Probability * (outcome.Payments[j] - Deliver(market, outcome, j).Cost);
            }
        }

        return market.Users * sum;
    }

    /// <summary>The same answer with the objective that its decisions amount to.</summary>
    internal static LatencyAnswer Graded(LatencyMarket market, LatencyAnswer answer) => answer with
    {
        Objective = Objective(market, new(
            [.. answer.Menu.Select(item => item.CpuPromptHz)], [.. answer.Menu.Select(item => item.CpuDenoiseHz)],
            [.. answer.Menu.Select(item => item.RateBitPerSecond)], [.. answer.Menu.Select(item => item.Payment)],
            [.. answer.Menu.Select(item => item.Excluded)])),
    };

    /// <summary>The menu, with units.</summary>
    internal static Table MenuTable(string title, LatencyAnswer answer) => LatencyItem.Shape.Tabulate(
        title, answer.Menu, "type", "gain", "probability", "excluded", "cpuPromptHz", "cpuDenoiseHz", "rateBitPerSecond", "latencySeconds",
        "expectedLatencyReductionSeconds", "payment", "providerCost", "userUtility");

    /// <summary>The public answer, with everything that follows from the decisions.</summary>
    internal static LatencyAnswer Describe(LatencyMarket market, Solution<LatencyOutcome> solution)
    {
        if (solution.Outcome is not { } outcome)
        {
            return new() { Status = solution.Termination == Termination.Infeasible ? "infeasible" : "numericalTrouble", Reason = solution.Reason };
        }

        var types = market.Terms.Types;
        var menu = ImmutableArray.CreateBuilder<LatencyItem>(types.Length);
        var reductions = new double[types.Length];
        var worst = double.PositiveInfinity;
        for (var j = 0; j < types.Length; j++)
        {
            var item = new LatencyItem { Type = j + 1, Gain = types[j].Gain, Probability = types[j].Probability, Excluded = true, LatencySeconds = 0, ExpectedLatencyReductionSeconds = 0, ProviderCost = 0, UserUtility = 0 };
            if (!outcome.Excluded[j])
            {
                var (latency, reduction, cost) = Deliver(market, outcome, j);
                reductions[j] = reduction;
                item = item with
                {
                    Excluded = false,
                    CpuPromptHz = outcome.CpuPromptHz[j],
                    CpuDenoiseHz = outcome.CpuDenoiseHz[j],
                    RateBitPerSecond = outcome.RateBitPerSecond[j],
                    LatencySeconds = latency,
                    ExpectedLatencyReductionSeconds = reduction,
                    Payment = outcome.Payments[j],
                    ProviderCost = cost,
                    UserUtility = (types[j].Gain * reduction) - outcome.Payments[j],
                };
            }

            worst = Math.Min(worst, item.UserUtility!.Value);
            menu.Add(item);
        }

        var objective = Objective(market, outcome);
        return new()
        {
            Status = solution.Termination == Termination.Optimal ? "optimal" : "feasible",
            Objective = objective,
            ObjectiveUpperBound = solution.Termination != Termination.Optimal && double.IsFinite(solution.Bound) ? solution.Bound : null,
            PrincipalUtilityPerUser = market.Users > 0 ? objective / market.Users : Objective(market with { Users = 1 }, outcome),
            Menu = menu.MoveToImmutable(),
            IrSlackMin = worst,
            IcSlackMin = WorstPairSlack(types, reductions, outcome.Payments),
        };
    }

    /// <summary>τ, E and C of a served type, from its speeds (Eq. 2, 3, 23).</summary>
    internal static (double Latency, double Reduction, double Cost) Deliver(LatencyMarket market, LatencyOutcome outcome, int type)
    {
        var terms = market.Terms;
        var values = terms.For(terms.Types[type], market.Level, market.Steps);
        var (worth, repeats) = terms.Attempts == Attempts.UntilSuccess
            ? (1.0, 1 / values.Success)
            : (values.Success * Math.Pow(values.Failure, terms.Attempt - 1), terms.Attempt);
        var (prompt, denoise, rate) = (outcome.CpuPromptHz[type], outcome.CpuDenoiseHz[type], outcome.RateBitPerSecond[type]);
        var latency = Delay(values.PromptCycles, prompt) + Delay(values.DenoiseCycles, denoise) + Delay(values.ResultBits, rate);
        var cost = (values.CostPrompt * values.CapacitancePrompt * values.PromptCycles * prompt * prompt)
            + (values.CostDenoise * values.CapacitanceDenoise * values.DenoiseCycles * denoise * denoise)
            + (values.CostCommunication / values.ChannelStatus / values.ChannelStatus * values.ResultBits * rate);
        return (latency, worth * (values.MaxLatencySeconds - (repeats * latency)), repeats * cost);

        static double Delay(double work, double speed) => work > 0 ? work / speed : 0;
    }

    /// <summary>The smallest truth-telling slack, over all ordered pairs up to 2000 types, else over neighbours in gain; 0 for one type.</summary>
    private static double WorstPairSlack(ImmutableArray<LatencyType> types, double[] reductions, ImmutableArray<double> payments)
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
            var order = Enumerable.Range(0, types.Length).ToArray();
            Array.Sort([.. types.Select(type => type.Gain)], order);
            for (var k = 1; k < order.Length; k++)
            {
                worst = Math.Min(worst, Math.Min(Slack(order[k], order[k - 1]), Slack(order[k - 1], order[k])));
            }
        }

        return double.IsPositiveInfinity(worst) ? 0 : worst;

        double Slack(int i, int k) => (types[i].Gain * reductions[i]) - payments[i] - ((types[i].Gain * reductions[k]) - payments[k]);
    }
}
