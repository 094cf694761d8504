using Menuet.Mechanisms.LatencyContract;
using Menuet.Mechanisms.QualityContract;

namespace Menuet.Mechanisms.TwoStageContract;

/// <summary>Judges both stages by their own audits, and that they fit together.</summary>
internal static class TwoStageAudit
{
    internal static IEnumerable<Problem> AnswerProblems(TwoStageMarket market, TwoStageAnswer answer)
    {
        if (answer.Quality is not { } quality)
        {
            yield return new("$.quality", "is required: the answer of stage 1");
            yield break;
        }

        var complete = true;
        foreach (var problem in QualityAudit.AnswerProblems(market.Quality, quality))
        {
            complete = false;
            yield return problem with { Path = "$.quality" + problem.Path[1..] };
        }

        if (answer.Latency.IsDefault || answer.Latency.Length != market.Quality.Types.Length)
        {
            yield return new(
                "$.latency", FormattableString.Invariant($"must have {market.Quality.Types.Length} entries, one per quality type: the answer of its stage 2, or null"),
                answer.Latency.IsDefault ? null : "[…]");
            yield break;
        }

        for (var i = 0; complete && i < answer.Latency.Length; i++)
        {
            if (answer.Latency[i] is { } stage)
            {
                foreach (var problem in LatencyAudit.AnswerProblems(SecondStage(market, quality, i), stage))
                {
                    yield return problem with { Path = FormattableString.Invariant($"$.latency[{i}]") + problem.Path[1..] };
                }
            }
        }
    }

    internal static Audit Check(TwoStageMarket market, TwoStageAnswer answer, SolveOptions options)
    {
        var quality = answer.Quality!;
        var parts = new List<Certificate>();
        parts.AddRange(QualityAudit.Check(market.Quality, quality, options).Certificates.Select(c => Relabelled(c, "stage 1: ")));
        for (var i = 0; i < answer.Latency.Length; i++)
        {
            if (answer.Latency[i] is { } stage)
            {
                var label = FormattableString.Invariant($"stage 2, type {i + 1}: ");
                parts.AddRange(LatencyAudit.Check(SecondStage(market, quality, i), stage, options).Certificates.Select(c => Relabelled(c, label)));
            }
        }

        parts.Add(Stages(answer));
        parts.Add(Consistency(market, answer, options.Tolerance));
        return new([.. parts.GroupBy(c => c.Claim).Select(Merged)]);
    }

    private static LatencyMarket SecondStage(TwoStageMarket market, QualityAnswer quality, int type) =>
        market.SecondStage(type, quality.Menu[type].Level, quality.Menu[type].Steps);

    /// <summary>A second stage for exactly those that stage 1 serves.</summary>
    private static Certificate Stages(TwoStageAnswer answer)
    {
        var inspection = new Inspection(Claim.Feasibility, 0, "Ye et al., Sec. III.A");
        for (var i = 0; i < answer.Latency.Length; i++)
        {
            inspection.Check(
                answer.Latency[i] is null == answer.Quality!.Menu[i].Excluded ? 0 : -1, i, i,
                static (i, _) => $"type {i + 1} has a second stage exactly when stage 1 serves it");
        }

        return inspection.Conclude();
    }

    /// <summary>The sum of the stages' own objectives, and every pair of types, follow from the stages' decisions.</summary>
    private static Certificate Consistency(TwoStageMarket market, TwoStageAnswer answer, double tolerance)
    {
        var inspection = new Inspection(Claim.Consistency, 10 * tolerance, "reported numbers follow from the stages");
        if (answer is { Objective: { } total, Quality.Objective: { } first } && answer.Latency.All(stage => stage is null or { Objective: not null }))
        {
            var (sum, size) = (first, Math.Abs(first));
            foreach (var stage in answer.Latency)
            {
                sum += stage?.Objective ?? 0;
                size += Math.Abs(stage?.Objective ?? 0);
            }

            inspection.Check(total == sum ? 0 : -Math.Abs(total - sum) / size, "objective is the sum of the stages'");
        }

        if (!answer.Pairs.IsDefault)
        {
            Pairs(inspection, market, answer);
        }

        return inspection.Conclude();
    }

    private static void Pairs(Inspection inspection, TwoStageMarket market, TwoStageAnswer answer)
    {
        var expected = answer.Latency.Sum(stage => (long)(stage?.Menu.Length ?? 0));
        inspection.Check(answer.Pairs.Length == expected ? 0 : -1, "one pair for every latency type of every quality type served");
        for (var k = 0; k < answer.Pairs.Length; k++)
        {
            var pair = answer.Pairs[k];
            var (i, j) = (pair.QualityType - 1, pair.LatencyType - 1);
            if (i >= answer.Latency.Length || answer.Latency[i] is not { } stage || j >= stage.Menu.Length)
            {
                inspection.Check(-1, k, k, static (k, _) => $"pair {k + 1} exists");
                continue;
            }

            var (bought, item) = (answer.Quality!.Menu[i], stage.Menu[j]);
            var same = pair.Level == bought.Level && pair.Steps == bought.Steps && pair.QualityPayment == bought.Payment
                && pair.LatencyExcluded == item.Excluded && pair.LatencyPayment == item.Payment && pair.CpuPromptHz == item.CpuPromptHz
                && pair.CpuDenoiseHz == item.CpuDenoiseHz && pair.RateBitPerSecond == item.RateBitPerSecond;
            inspection.Check(same ? 0 : -1, i, j, static (i, j) => $"pair ({i + 1}, {j + 1}) repeats both items");
            var probability = market.Quality.Types[i].Probability * market.SecondStage(i, 0, 0).Terms.Types[j].Probability;
            Agree(inspection, pair.Probability, probability, 1, i, j, static (i, j) => $"probability({i + 1}, {j + 1})");
            if (item.ExpectedLatencyReductionSeconds is { } reduction)
            {
                Agree(inspection, pair.ExpectedLatencyReductionSeconds, reduction, Math.Abs(reduction), i, j, static (i, j) => $"expectedLatencyReductionSeconds({i + 1}, {j + 1})");
            }

            if (bought.UserUtility is { } fromQuality && item.UserUtility is { } fromSpeed)
            {
                Agree(inspection, pair.TotalUtility, fromQuality + fromSpeed, Math.Abs(fromQuality) + Math.Abs(fromSpeed), i, j, static (i, j) => $"totalUtility({i + 1}, {j + 1})");
            }
        }
    }

    private static void Agree(Inspection inspection, double reported, double derived, double size, int first, int second, Func<int, int, string> name) =>
        inspection.Check(reported == derived ? 0 : -Math.Abs(reported - derived) / size, first, second, name);

    private static Certificate Relabelled(Certificate certificate, string label) => certificate with
    {
        Worst = Relabelled(certificate.Worst, label),
        Violations = [.. certificate.Violations.Select(slack => Relabelled(slack, label))],
    };

    private static Slack Relabelled(Slack slack, string label) => slack.Constraint.Length == 0 ? slack : slack with { Constraint = label + slack.Constraint };

    /// <summary>
    /// One certificate for a claim in all stages: its worst is the slack that comes nearest to its own stage's tolerance, or passes it
    /// furthest, so it holds exactly when every part does.
    /// </summary>
    private static Certificate Merged(IGrouping<Claim, Certificate> parts)
    {
        var worst = parts.First();
        foreach (var part in parts.Skip(1))
        {
            // A slack that is not a number is the worst there is.
            if (!double.IsNaN(worst.Worst.Value) && !(part.Worst.Value + part.Tolerance >= worst.Worst.Value + worst.Tolerance))
            {
                worst = part;
            }
        }

        return worst with
        {
            Checked = parts.Sum(part => part.Checked),
            Source = parts.Key == Claim.Consistency ? "reported numbers follow from both stages' decisions" : "Ye et al., Problems 1 and 2",
            Violations = [.. parts.SelectMany(part => part.Violations).OrderBy(slack => slack.Value).Take(Inspection.KeptViolations)],
        };
    }
}
