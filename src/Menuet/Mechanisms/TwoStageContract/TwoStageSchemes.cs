using System.Collections.Immutable;
using Menuet.Mechanisms.LatencyContract;
using Menuet.Mechanisms.QualityContract;

namespace Menuet.Mechanisms.TwoStageContract;

/// <summary>The schemes that a two-stage contract is compared with: the same scheme in both stages, the second on what the first sells.</summary>
internal static class TwoStageSchemes
{
    internal static Comparison Compare(TwoStageMarket market, SolveOptions options, CancellationToken cancellation)
    {
        var exact = TwoStageContractMechanism.Door.SolverList[0];
        var latency = LatencyContractMechanism.Door.SolverList[0];
        return new(
            "contract",
            [new("stage 1", "money"), new("stage 2", "money"), new("expected user utility", "money")],
            [
                Judged(market, "contract", "the exact menus of both stages", exact.Solve(market, options, cancellation)),
                Judged(market, "completeInformation", "types known in both stages", Staged(
                    market, QualitySchemes.CompleteInformation(market.Quality), LatencySchemes.CompleteInformation)),
                Judged(market, "uniform", "one quality item for all, one latency item for each group", Staged(
                    market, QualitySchemes.Uniform(market.Quality, cancellation), stage => LatencySchemes.Uniform(stage, cancellation))),
                NoPromptOptimisation(market, options, latency, cancellation),
            ]);
    }

    /// <summary>Both exact menus where level 0 is all there is; when the curve has no level 0 there is no such scheme.</summary>
    private static Scheme NoPromptOptimisation(
        TwoStageMarket market, SolveOptions options, ISolver<LatencyMarket, LatencyOutcome> latency, CancellationToken cancellation)
    {
        const string Name = "noPromptOptimisation";
        const string Meaning = "the exact menus of both stages when prompts stay as they are, level 0";
        var table = market.Quality.QualityModel.Table;
        if (!table.IsDefault && market.Quality.LevelMin > 0)
        {
            return new(Name, Meaning, null, [null, null, null], "the table has no row for level 0");
        }

        var unoptimised = market with
        {
            Quality = market.Quality with
            {
                LevelMin = 0,
                LevelMax = 0,
                QualityModel = table.IsDefault ? market.Quality.QualityModel : market.Quality.QualityModel with { Table = [table[0]] },
            },
        };
        var quality = QualityContractMechanism.Door.SolverList[0].Solve(unoptimised.Quality, options, cancellation);
        return Judged(unoptimised, Name, Meaning, Staged(unoptimised, quality.Outcome, stage => latency.Solve(stage, options, cancellation)));
    }

    /// <summary>A second stage for what a first one sells; no outcome when either has none.</summary>
    private static Solution<TwoStageOutcome> Staged(
        TwoStageMarket market, QualityOutcome? quality, Func<LatencyMarket, Solution<LatencyOutcome>> second)
    {
        if (quality is null)
        {
            return new(Termination.Infeasible, null, Note: "stage 1 has no such menu");
        }

        var stages = ImmutableArray.CreateBuilder<Solution<LatencyOutcome>?>();
        for (var i = 0; i < quality.Levels.Length; i++)
        {
            var stage = quality.Excluded[i] ? null : second(market.SecondStage(i, quality.Levels[i], quality.Steps[i]));
            if (stage is { Outcome: null })
            {
                return new(stage.Termination, null, Note: FormattableString.Invariant($"stage 2 of type {i + 1}: {stage.Note}"));
            }

            stages.Add(stage);
        }

        return new(Termination.Optimal, new(new(Termination.Optimal, quality), stages.ToImmutable()));
    }

    private static Scheme Judged(TwoStageMarket market, string name, string meaning, Solution<TwoStageOutcome> solution)
    {
        var answer = TwoStageContractMechanism.Describe(market, solution);
        if (answer.Objective is null)
        {
            return new(name, meaning, null, [null, null, null], solution.Note);
        }

        var utility = answer.Quality!.Menu.Sum(item => item.Probability!.Value * item.UserUtility!.Value);
        for (var i = 0; i < answer.Latency.Length; i++)
        {
            utility += answer.Quality.Menu[i].Probability!.Value * (answer.Latency[i]?.Menu.Sum(item => item.Probability!.Value * item.UserUtility!.Value) ?? 0);
        }

        return new(name, meaning, answer.Objective, [answer.Quality.Objective, answer.Objective - answer.Quality.Objective, utility]);
    }
}
