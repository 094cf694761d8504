using System.Collections.Immutable;
using System.Globalization;
using Menuet.Documents;
using Menuet.Figures;
using Menuet.Learning.Training;

namespace Menuet.Cli.Rendering;

/// <summary>An evaluation in every format.</summary>
internal static class EvaluationTables
{
    internal static void Write(Terminal terminal, TrainedPolicy policy, Evaluation evaluation, string[] changes, string format)
    {
        var output = terminal.Output;
        if (format == "json")
        {
            JsonText.Write(output, single: true, writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("kind", "policy-evaluation");
                writer.WriteString("experiment", policy.Experiment.Name);
                writer.WriteString("environment", policy.Experiment.EnvironmentKind);
                writer.WriteNumber("trainingSeed", policy.Seed);
                writer.WriteStartArray("set");
                foreach (var change in changes)
                {
                    writer.WriteStringValue(change);
                }

                writer.WriteEndArray();
                EvaluationText.WriteFields(evaluation, writer);
                writer.WriteEndObject();
            });
            return;
        }

        var tables = Tables(evaluation);
        if (format == "text")
        {
            output.WriteLine($"{policy.Experiment.Name}: trained with seed {policy.Seed} for {Count(policy.Steps)} steps, {Count(policy.Updates)} updates (Menuet {policy.Version})");
            if (changes.Length > 0)
            {
                output.WriteLine($"played with {string.Join(", ", changes)}");
            }

            WriteText(terminal, evaluation);
            return;
        }

        for (var i = 0; i < tables.Length; i++)
        {
            if (i > 0)
            {
                output.WriteLine();
            }

            if (format == "csv")
            {
                TableCsv.Write(tables[i], output);
            }
            else
            {
                TableText.WriteMarkdown(output, tables[i]);
            }
        }
    }

    internal static void WriteText(Terminal terminal, Evaluation evaluation)
    {
        foreach (var table in Tables(evaluation))
        {
            TableText.WriteText(terminal, terminal.Output, table);
        }

        terminal.Output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"A decision takes the policy {Microseconds(evaluation.InferenceTime)} µs, the exact solver {Microseconds(evaluation.ExactTime)} µs."));
    }

    private static ImmutableArray<Table> Tables(Evaluation evaluation)
    {
        var scores = new Table(
            string.Create(CultureInfo.InvariantCulture, $"{Count(evaluation.Draws)} draws (seed {evaluation.Seed}), judged at tolerance {evaluation.FeasibilityTolerance}"),
            [
                new("tolerance"), new("share of optimum"), new("share of reachable"), new("feasible share"), new("mean reward", evaluation.Unit),
                new("deviation", evaluation.Unit), new("reachable", evaluation.Unit),
            ],
            [
                .. evaluation.Tolerances.Select(score => (ImmutableArray<object?>)
                [
                    score.Tolerance, score.ShareOfOptimum, score.ShareOfReachable, score.FeasibleShare, score.MeanReward, score.StandardDeviation, score.ReachableReward,
                ]),
            ]);
        var measures = new Table(
            "Measures", [new("measure"), new("mean"), new("deviation"), new("unit"), new("meaning")],
            [
                ["optimum reward", evaluation.OptimumReward, null, evaluation.Unit, "of the exact solver on these draws"],
                ["worst violation", evaluation.WorstViolation, null, "", "of any constraint in any solvable draw, as a share of the money scale"],
                .. evaluation.Measures.Select(measure => (ImmutableArray<object?>)
                [
                    DocumentText.Words(measure.Name), measure.Mean, measure.StandardDeviation == 0 ? null : measure.StandardDeviation, measure.Unit, measure.Meaning,
                ]),
            ]);
        return [scores, measures];
    }

    private static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string Microseconds(TimeSpan time) => time.TotalMicroseconds.ToString("G3", CultureInfo.InvariantCulture);
}
