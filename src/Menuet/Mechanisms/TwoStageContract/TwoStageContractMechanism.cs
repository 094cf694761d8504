using System.Collections.Immutable;
using Menuet.Mechanisms.LatencyContract;
using Menuet.Mechanisms.QualityContract;

namespace Menuet.Mechanisms.TwoStageContract;

/// <summary>Quality first, speed second. Source: Ye et al., Sec. III.A.</summary>
public static class TwoStageContractMechanism
{
    /// <summary>The door.</summary>
    public static Mechanism<TwoStageMarket, TwoStageOutcome, TwoStageAnswer> Door { get; } = new()
    {
        Kind = "two-stage-contract",
        Title = "Two-stage contract: quality, then latency",
        Source = "Ye et al.",
        MarketShape = TwoStageMarket.Shape,
        AnswerShape = TwoStageAnswer.Shape,
        SolverList =
        [
            new Stagewise("stagewise", "Both stages by their exact solvers, the second for the buyers of each item of the first.", QualityContractMechanism.Door.SolverList[0], LatencyContractMechanism.Door.SolverList[0]),
            new Stagewise("reference", "Both stages by their reference solvers; small markets.", Reference(QualityContractMechanism.Door), Reference(LatencyContractMechanism.Door)),
        ],
        Describe = Describe,
        Audit = TwoStageAudit.Check,
        Graded = Graded,
        AnswerProblems = TwoStageAudit.AnswerProblems,
        Tables = Tables,
        Schemes = TwoStageSchemes.Compare,
    };

    /// <summary>The provider's expected profit from both stages, money.</summary>
    internal static double Objective(QualityAnswer quality, ImmutableArray<LatencyAnswer?> latency)
    {
        var sum = quality.Objective ?? double.NaN;
        foreach (var stage in latency)
        {
            sum += stage is null ? 0 : stage.Objective ?? double.NaN;
        }

        return sum;
    }

    /// <summary>The public answer, with everything that follows from the decisions.</summary>
    internal static TwoStageAnswer Describe(TwoStageMarket market, Solution<TwoStageOutcome> solution)
    {
        if (solution.Outcome is not { } outcome)
        {
            return new() { Status = solution.Termination == Termination.Infeasible ? "infeasible" : "numericalTrouble", Reason = solution.Reason };
        }

        var quality = QualityContractMechanism.Door.Describe(market.Quality, outcome.Quality);
        var latency = outcome.Latency
            .Select((stage, i) => stage is null ? null : LatencyContractMechanism.Describe(SecondStage(market, quality, i), stage with { Bound = stage.Bound * market.SecondStage(i, 0, 0).Users }))
            .ToImmutableArray();
        var pairs = ImmutableArray.CreateBuilder<TwoStagePair>();
        for (var i = 0; i < latency.Length; i++)
        {
            if (latency[i] is { } stage)
            {
                var bought = quality.Menu[i];
                pairs.AddRange(stage.Menu.Select(item => new TwoStagePair
                {
                    QualityType = i + 1,
                    LatencyType = item.Type,
                    Probability = bought.Probability!.Value * item.Probability!.Value,
                    Level = bought.Level,
                    Steps = bought.Steps,
                    LatencyExcluded = item.Excluded,
                    CpuPromptHz = item.CpuPromptHz,
                    CpuDenoiseHz = item.CpuDenoiseHz,
                    RateBitPerSecond = item.RateBitPerSecond,
                    ExpectedLatencyReductionSeconds = item.ExpectedLatencyReductionSeconds!.Value,
                    QualityPayment = bought.Payment,
                    LatencyPayment = item.Payment,
                    TotalUtility = bought.UserUtility!.Value + item.UserUtility!.Value,
                }));
            }
        }

        return new()
        {
            Status = quality.Status != "optimal" ? quality.Status : solution.Termination == Termination.Optimal ? "optimal" : "feasible",
            Objective = Objective(quality, latency),
            Quality = quality,
            Latency = latency,
            Pairs = pairs.ToImmutable(),
        };
    }

    private static ISolver<TMarket, TOutcome> Reference<TMarket, TOutcome, TAnswer>(Mechanism<TMarket, TOutcome, TAnswer> door)
        where TMarket : class, IMarket, new()
        where TOutcome : class
        where TAnswer : class, IAnswer, new() =>
        door.SolverList.Single(solver => solver.Name == "reference");

    private static LatencyMarket SecondStage(TwoStageMarket market, QualityAnswer quality, int type) =>
        market.SecondStage(type, quality.Menu[type].Level, quality.Menu[type].Steps);

    /// <summary>The same answer with the objectives that its decisions amount to, stage by stage and in sum.</summary>
    private static TwoStageAnswer Graded(TwoStageMarket market, TwoStageAnswer answer)
    {
        var quality = QualityContractMechanism.Door.Graded(market.Quality, answer.Quality!);
        var latency = answer.Latency
            .Select((stage, i) => stage is null ? null : LatencyContractMechanism.Graded(SecondStage(market, quality, i), stage))
            .ToImmutableArray();
        return answer with { Objective = Objective(quality, latency), Quality = quality, Latency = latency };
    }

    private static ImmutableArray<Table> Tables(TwoStageMarket market, TwoStageAnswer answer)
    {
        var tables = ImmutableArray.CreateBuilder<Table>();
        var first = QualityContractMechanism.Door.Tables(market.Quality, answer.Quality!)[0];
        tables.Add(first with { Title = "Stage 1: quality" });
        for (var i = 0; i < answer.Latency.Length; i++)
        {
            if (answer.Latency[i] is { } stage)
            {
                var item = answer.Quality!.Menu[i];
                tables.Add(LatencyContractMechanism.MenuTable(
                    FormattableString.Invariant($"Stage 2: latency for quality type {i + 1}, level {item.Level}, {item.Steps} steps"), stage));
            }
        }

        if (!answer.Pairs.IsDefaultOrEmpty)
        {
            tables.Add(TwoStagePair.Shape.Tabulate(
                "Both stages", answer.Pairs, "qualityType", "latencyType", "probability", "level", "steps", "expectedLatencyReductionSeconds",
                "qualityPayment", "latencyPayment", "totalUtility"));
        }

        return tables.ToImmutable();
    }
}
