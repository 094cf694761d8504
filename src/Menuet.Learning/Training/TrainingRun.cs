using System.Diagnostics;
using System.Runtime.Intrinsics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Menuet.Documents;

namespace Menuet.Learning.Training;

/// <summary>What a training shows while it goes on.</summary>
/// <param name="Share">Of the budget, in [0, 1].</param>
/// <param name="Progress">The last round.</param>
/// <param name="Evaluation">The latest; null before the first.</param>
/// <param name="IsEvaluated">Whether it is of this round.</param>
/// <param name="Seconds">Of training so far, evaluations left out.</param>
/// <param name="StepsPerSecond">In this process so far.</param>
/// <param name="UpdatesPerSecond">In this process so far.</param>
/// <param name="IsStuck">Whether nearly all actions have been at their bounds for a while.</param>
public sealed record TrainingStatus(
    double Share, Progress Progress, Evaluation? Evaluation, bool IsEvaluated, double Seconds, double StepsPerSecond, double UpdatesPerSecond, bool IsStuck);

/// <summary>What a training came to.</summary>
/// <param name="IsFinished">False: it was stopped; it can be continued.</param>
/// <param name="Evaluation">At the end; null when it was stopped.</param>
/// <param name="Steps">Environment steps.</param>
/// <param name="Updates">Steps of the optimiser.</param>
/// <param name="Seconds">Of training, evaluations left out, over all its processes.</param>
/// <param name="TrainReward">Mean reward of a row and step over all of training, in the environment's unit.</param>
/// <param name="FinalReward">The same over the last tenth of it.</param>
public sealed record TrainingResult(
    bool IsFinished, Evaluation? Evaluation, long Steps, long Updates, double Seconds, double TrainReward, double FinalReward);

/// <summary>One training of one seed in one folder: log, checkpoints, and in the end a policy file.</summary>
/// <remarks>
/// <para>Files: <c>experiment.json</c>, <c>log.csv</c>, an event file for TensorBoard, <c>checkpoint.bin</c>, <c>policy.json</c>, <c>summary.json</c>.</para>
/// <para>Guarantee: continued from any checkpoint, however the process ended, weights, policy file and log (but for its times) are bit for bit those of a
/// training that was never stopped.</para>
/// </remarks>
public sealed class TrainingRun : IDisposable
{
    /// <summary>The policy's file in a run's folder.</summary>
    public const string PolicyName = "policy.json";

    /// <summary>The result's file in a run's folder.</summary>
    public const string SummaryName = "summary.json";

    /// <summary>The experiment's file in a run's folder.</summary>
    public const string ExperimentName = "experiment.json";

    private const string CheckpointName = "checkpoint.bin";
    private const string Magic = "menuet run 1";
    private const int StuckRounds = 20;
    private readonly Experiment _experiment;
    private readonly int _seed;
    private readonly string _folder;
    private readonly ILearner _learner;
    private readonly ProgressMean _mean = new();
    private readonly RunLog _log;
    private long _steps, _updates;
    private double _seconds;
    private Evaluation? _evaluation;
    private int _saturated;

    /// <summary>A training, from its beginning or from its last checkpoint.</summary>
    /// <param name="experiment">What is trained.</param>
    /// <param name="seed">≥ 0.</param>
    /// <param name="folder">Made when it is not there.</param>
    /// <param name="resume">Whether it goes on from the checkpoint in the folder, if there is one.</param>
    /// <exception cref="InvalidRequestException">Options that do not fit; a checkpoint of another experiment or seed, or one that is damaged.</exception>
    public TrainingRun(Experiment experiment, int seed, string folder, bool resume)
    {
        ArgumentNullException.ThrowIfNull(experiment);
        ArgumentOutOfRangeException.ThrowIfNegative(seed);
        (_experiment, _seed, _folder) = (experiment, seed, folder);
        _learner = experiment.Start((ulong)seed);
        Directory.CreateDirectory(folder);
        var checkpoint = Path.Combine(folder, CheckpointName);
        (long, long) lengths = (0, 0);
        IsResumed = resume && File.Exists(checkpoint);
        if (IsResumed)
            try
            {
                Checkpoint.Load(checkpoint, reader => lengths = Read(reader));
            }
            catch (Exception error) when (error is InvalidDataException or IOException or ArgumentException)
            {
                throw new InvalidRequestException([new(checkpoint, $"cannot be continued from: {error.Message}; train anew with --force")], Experiment.Kind);
            }
        else
            foreach (var name in new[] { CheckpointName, PolicyName, SummaryName })
                File.Delete(Path.Combine(folder, name));
        Checkpoint.Save(Path.Combine(folder, ExperimentName), writer => writer.Write(experiment.Write()));
        _log = new(folder, lengths);
    }

    /// <summary>Whether a folder holds a training already.</summary>
    public static bool Exists(string folder) =>
        new[] { CheckpointName, PolicyName, RunLog.Name }.Any(name => File.Exists(Path.Combine(folder, name)));

    /// <summary>Whether it goes on from a checkpoint.</summary>
    public bool IsResumed { get; }

    /// <summary>Updates so far.</summary>
    public long Updates => _updates;

    /// <summary>The policy's file.</summary>
    public string PolicyPath => Path.Combine(_folder, PolicyName);

    /// <summary>The vector width that the kernels use on this machine; results do not depend on it.</summary>
    public static string Kernel => Vector512.IsHardwareAccelerated ? "512-bit vectors" : Vector256.IsHardwareAccelerated ? "256-bit vectors"
        : Vector128.IsHardwareAccelerated ? "128-bit vectors" : "no vectors";

    private double Share => Math.Max((double)_steps / (_experiment.Steps ?? long.MaxValue), (double)_updates / (_experiment.Updates ?? long.MaxValue));

    /// <summary>Trains to the end, or until cancelled: then the round is finished and everything saved.</summary>
    /// <param name="watch">Told after every round.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="DivergenceException">A reward, loss or gradient is not finite; the last checkpoint stays.</exception>
    public TrainingResult Run(Action<TrainingStatus> watch, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(watch);
        var (clock, before, row) = (new Stopwatch(), (Steps: _steps, Updates: _updates), (Steps: _steps, _seconds));
        while (Share < 1 && !cancellation.IsCancellationRequested)
        {
            clock.Start();
            var progress = _learner.Iterate();
            var old = _updates;
            (_steps, _updates) = (progress.Steps, progress.Updates);
            _mean.Add(progress, last: Share > 0.9);
            _saturated = progress.SaturatedShare >= 0.95f ? _saturated + 1 : 0;
            clock.Stop();
            var evaluates = Passed(old, _experiment.Evaluation.Every) && Share < 1;
            if (evaluates)
                _evaluation = _experiment.Scenario.Evaluate(
                    _learner.Policy, _experiment.Evaluation.Draws, (ulong)_experiment.Evaluation.Seed, CancellationToken.None);
            clock.Start();
            var seconds = _seconds + clock.Elapsed.TotalSeconds;
            if (evaluates || _experiment.LogEvery == 0 || Passed(old, _experiment.LogEvery))
            {
                _log.Write(new(_updates, _steps, _mean.Take(), evaluates ? _evaluation : null, seconds, (_steps - row.Steps) / (seconds - row._seconds)));
                row = (_steps, seconds);
            }
            if (Passed(old, _experiment.CheckpointEvery) && Share < 1)
                Save(seconds);
            clock.Stop();
            var elapsed = clock.Elapsed.TotalSeconds;
            watch(new(
                Math.Min(1, Share), progress, _evaluation, evaluates, seconds, (_steps - before.Steps) / elapsed, (_updates - before.Updates) / elapsed,
                _saturated >= StuckRounds));
        }
        _seconds += clock.Elapsed.TotalSeconds;
        Save(_seconds);
        var finished = Share >= 1;
        Evaluation? final = null;
        if (finished)
            try
            {
                final = _experiment.Scenario.Evaluate(_learner.Policy, _experiment.Evaluation.FinalDraws, (ulong)_experiment.Evaluation.Seed, cancellation);
                _log.Write(new(_updates, _steps, _mean.Take(), final, _seconds, (_steps - row.Steps) / (_seconds - row._seconds)));
            }
            catch (OperationCanceledException)
            {
                finished = false;
            }
        var result = new TrainingResult(finished, final, _steps, _updates, _seconds, _mean.TrainReward, _mean.FinalReward);
        TrainedPolicy.Of(_experiment, _seed, _learner, _steps, _updates, final).Write(PolicyPath);
        Checkpoint.Save(Path.Combine(_folder, SummaryName), writer => writer.Write(Summary(result)));
        return result;
    }

    /// <inheritdoc/>
    public void Dispose() => _log.Dispose();

    private bool Passed(long before, int every) => every > 0 && _updates / every > before / every;

    private void Save(double seconds)
    {
        _log.Flush(toDisk: true);
        Checkpoint.Save(Path.Combine(_folder, CheckpointName), writer =>
        {
            writer.Write(Magic);
            var document = _experiment.Write();
            writer.Write(document.Length);
            writer.Write(document);
            writer.Write(_seed);
            writer.Write(_steps);
            writer.Write(_updates);
            writer.Write(seconds);
            writer.Write(_log.Lengths.Csv);
            writer.Write(_log.Lengths.Events);
            _mean.Write(writer);
            _learner.Write(writer);
            writer.Write(Magic);
        });
    }

    private (long, long) Read(BinaryReader reader)
    {
        Stored.Expect(reader, Magic);
        var length = reader.ReadInt32();
        var document = reader.ReadBytes(length);
        if (document.Length < length)
            throw new EndOfStreamException();
        var differences = Differences("$", Fixed(document), Fixed(_experiment.Write())).ToList();
        var seed = reader.ReadInt32();
        if (seed != _seed)
            differences.Add(new("--seed", $"the checkpoint in {_folder} is of seed {seed}", $"{_seed}"));
        if (differences.Count > 0)
            throw new InvalidRequestException([.. differences], Experiment.Kind);
        _steps = reader.ReadInt64();
        _updates = reader.ReadInt64();
        _seconds = reader.ReadDouble();
        var lengths = (reader.ReadInt64(), reader.ReadInt64());
        _mean.Read(reader);
        _learner.Read(reader);
        Stored.Expect(reader, Magic);
        return lengths;
    }

    /// <summary>What must not change when a training goes on: all but its budget and words.</summary>
    private static JsonObject Fixed(byte[] document)
    {
        var node = JsonNode.Parse(document)!.AsObject();
        foreach (var key in new[] { "steps", "updates", "name", "description", "source" })
            node.Remove(key);
        return node;
    }

    private static IEnumerable<Problem> Differences(string path, JsonNode? then, JsonNode? now)
    {
        if (then is JsonObject a && now is JsonObject b)
            return a.Select(pair => pair.Key).Union(b.Select(pair => pair.Key)).SelectMany(key => Differences(path + DocumentText.PathStep(key), a[key], b[key]));
        return JsonNode.DeepEquals(then, now)
            ? []
            : [new(path, $"is {then?.ToJsonString() ?? "absent"} in the checkpoint: continue with the same experiment, or train anew with --force", now?.ToJsonString() ?? "nothing")];
    }

    private byte[] Summary(TrainingResult result)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, TrainingDocument.Style))
        {
            writer.WriteStartObject();
            writer.WriteString("kind", "training-summary");
            writer.WriteString("name", _experiment.Name);
            writer.WriteNumber("seed", _seed);
            writer.WriteBoolean("finished", result.IsFinished);
            writer.WriteNumber("steps", result.Steps);
            writer.WriteNumber("updates", result.Updates);
            DocumentText.WriteNumber(writer, "trainReward", result.TrainReward);
            DocumentText.WriteNumber(writer, "finalReward", result.FinalReward);
            writer.WriteNumber("seconds", result.Seconds);
            writer.WriteString("kernel", Kernel);
            writer.WriteNumber("processors", Environment.ProcessorCount);
            writer.WriteString("menuetVersion", TrainedPolicy.MenuetVersion);
            if (result.Evaluation is not null)
            {
                writer.WriteStartObject("evaluation");
                EvaluationText.WriteFields(result.Evaluation, writer);
                writer.WriteEndObject();
            }
            writer.WriteEndObject();
        }
        return stream.ToArray();
    }
}
