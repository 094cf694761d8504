using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Menuet.Learning.Training;

/// <summary>One row of a training's log.</summary>
/// <param name="Updates">Steps of the optimiser so far.</param>
/// <param name="Steps">Environment steps so far.</param>
/// <param name="TrainReward">Mean reward of a row and step since the last row of the log, as it was learned from; NaN when there is none.</param>
/// <param name="Seconds">Of training so far, evaluations left out.</param>
/// <param name="TestReward">Mean reward of the evaluation that was made then; NaN in rows without one.</param>
/// <param name="ShareOfOptimum">The same over the exact optimum of its draws.</param>
/// <param name="FeasibleShare">Of its draws.</param>
public readonly record struct TrainingPoint(
    long Updates, long Steps, double TrainReward, double Seconds, double TestReward, double ShareOfOptimum, double FeasibleShare);

/// <summary>A training that came to its end, as its folder tells it.</summary>
/// <param name="Seed">Of the training.</param>
/// <param name="Folder">The run's.</param>
/// <param name="Experiment">What was trained.</param>
/// <param name="Result">What it came to.</param>
/// <param name="Log">Its log, from the beginning.</param>
public sealed record FinishedTraining(int Seed, string Folder, Experiment Experiment, TrainingResult Result, ImmutableArray<TrainingPoint> Log)
{
    private static readonly string[] Words = ["name", "description", "source"];

    /// <summary>The evaluation at the end.</summary>
    public Evaluation Evaluation => Result.Evaluation!;

    /// <summary>What was learned, read anew: a policy acts for one thread at a time.</summary>
    /// <exception cref="InvalidRequestException">The file was changed since.</exception>
    public TrainedPolicy Policy() => TrainedPolicy.Read(Path.Combine(Folder, TrainingRun.PolicyName), Experiment.Doors);

    /// <summary>Reads a folder that <see cref="TrainingRun"/> wrote.</summary>
    /// <param name="folder">The run's.</param>
    /// <param name="experiment">What must have been trained: the same options, whatever the words around them.</param>
    /// <param name="seed">Its seed.</param>
    /// <returns>Null when there is none, it was stopped, a file is damaged, or it is of another experiment, seed or version of Menuet.</returns>
    public static FinishedTraining? Read(string folder, Experiment experiment, int seed)
    {
        ArgumentNullException.ThrowIfNull(experiment);
        try
        {
            var policy = TrainedPolicy.Read(Path.Combine(folder, TrainingRun.PolicyName), experiment.Doors);
            if (policy.Seed != seed || policy.EvaluationJson.IsEmpty || policy.Version != TrainedPolicy.MenuetVersion || !Same(policy.Experiment, experiment))
                return null;
            using var summary = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, TrainingRun.SummaryName)));
            var root = summary.RootElement;
            var result = new TrainingResult(
                root.GetProperty("finished").GetBoolean(), EvaluationText.Read(root.GetProperty("evaluation")), root.GetProperty("steps").GetInt64(),
                root.GetProperty("updates").GetInt64(), EvaluationText.Number(root, "seconds"), EvaluationText.Number(root, "trainReward"),
                EvaluationText.Number(root, "finalReward"));
            return result.IsFinished ? new(seed, folder, experiment, result, Points(Path.Combine(folder, RunLog.Name))) : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or InvalidRequestException or JsonException or KeyNotFoundException or FormatException)
        {
            return null;
        }
    }

    /// <summary>Whether a folder holds a training of this experiment, finished or not, that <see cref="TrainingRun"/> can go on with.</summary>
    public static bool CanContinue(string folder, Experiment experiment)
    {
        ArgumentNullException.ThrowIfNull(experiment);
        try
        {
            return TrainingRun.Exists(folder) && Same(Experiment.Read(File.ReadAllBytes(Path.Combine(folder, TrainingRun.ExperimentName)), experiment.Doors), experiment);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or InvalidRequestException)
        {
            return false;
        }
    }

    private static bool Same(Experiment one, Experiment other) => JsonNode.DeepEquals(WithoutWords(one), WithoutWords(other));

    private static JsonObject WithoutWords(Experiment experiment)
    {
        var node = JsonNode.Parse(experiment.Write())!.AsObject();
        foreach (var word in Words)
            node.Remove(word);
        return node;
    }

    private static ImmutableArray<TrainingPoint> Points(string path)
    {
        var lines = File.ReadAllLines(path);
        var names = lines[0].Split(',');
        var (updates, steps, train, seconds) = (Index("updates"), Index("steps"), Index("meanReward"), Index("seconds"));
        var (test, share, feasible) = (Index("evaluationReward"), Index("shareOfOptimum"), Index("feasibleShare"));
        return
        [
            .. lines.Skip(1).Select(line => line.Split(',')).Select(cells => new TrainingPoint(
                long.Parse(cells[updates], CultureInfo.InvariantCulture), long.Parse(cells[steps], CultureInfo.InvariantCulture), Value(cells[train]), Value(cells[seconds]),
                Value(cells[test]), Value(cells[share]), Value(cells[feasible]))),
        ];

        int Index(string name) => Array.IndexOf(names, name) is >= 0 and var found ? found : throw new FormatException($"{path} has no column {name}");

        static double Value(string cell) => cell.Length == 0 ? double.NaN : double.Parse(cell, CultureInfo.InvariantCulture);
    }
}
