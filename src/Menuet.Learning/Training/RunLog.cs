using System.Globalization;
using System.Text;

namespace Menuet.Learning.Training;

/// <summary>One row of the log.</summary>
/// <param name="Updates">Updates so far.</param>
/// <param name="Steps">Environment steps so far.</param>
/// <param name="Means">Of <see cref="ProgressMean.Names"/> since the last row.</param>
/// <param name="Evaluation">Null in rows without one.</param>
/// <param name="Seconds">Of training so far, evaluations left out; differs from run to run.</param>
/// <param name="StepsPerSecond">Since the last row; differs from run to run.</param>
internal sealed record RunRow(long Updates, long Steps, double[] Means, Evaluation? Evaluation, double Seconds, double StepsPerSecond);

/// <summary>What training showed, as CSV and for TensorBoard.</summary>
internal sealed class RunLog : IDisposable
{
    internal const string Name = "log.csv";
    private static readonly string Header =
        $"updates,steps,{string.Join(',', ProgressMean.Names)},evaluationReward,shareOfOptimum,shareOfReachable,feasibleShare,worstViolation,seconds,stepsPerSecond\n";

    private readonly FileStream _csv;
    private readonly EventFile _events;

    /// <param name="folder">Where both files lie.</param>
    /// <param name="lengths">Bytes of each that belong to the checkpoint; what was written after it is cut off.</param>
    internal RunLog(string folder, (long Csv, long Events) lengths)
    {
        _csv = new(Path.Combine(folder, Name), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        _csv.SetLength(Math.Min(lengths.Csv, _csv.Length));
        _csv.Position = _csv.Length;
        if (_csv.Length == 0)
            _csv.Write(Encoding.UTF8.GetBytes(Header));
        _events = new(Path.Combine(folder, EventFile.Name), lengths.Events);
        Flush();
    }

    internal (long Csv, long Events) Lengths => (_csv.Length, _events.Length);

    internal void Write(RunRow row)
    {
        var score = row.Evaluation?.Score;
        double?[] judged =
        [
            score?.MeanReward, score?.ShareOfOptimum, score?.ShareOfReachable, score?.FeasibleShare, row.Evaluation?.WorstViolation, row.Seconds, row.StepsPerSecond,
        ];
        var line = new StringBuilder();
        line.Append(CultureInfo.InvariantCulture, $"{row.Updates},{row.Steps}");
        foreach (var value in row.Means.Select(mean => (double?)mean).Concat(judged))
            line.Append(',').Append(value is { } number && double.IsFinite(number) ? number.ToString("R", CultureInfo.InvariantCulture) : "");
        _csv.Write(Encoding.UTF8.GetBytes(line.Append('\n').ToString()));
        var scalars = ProgressMean.Names.Zip(row.Means).Select(pair => ($"train/{pair.First}", pair.Second)).Append(("train/stepsPerSecond", row.StepsPerSecond)).ToList();
        if (score is not null)
            scalars.AddRange(
            [
                ("evaluation/meanReward", score.MeanReward), ("evaluation/shareOfOptimum", score.ShareOfOptimum), ("evaluation/shareOfReachable", score.ShareOfReachable),
                ("evaluation/feasibleShare", score.FeasibleShare), ("evaluation/optimumReward", row.Evaluation!.OptimumReward),
                ("evaluation/worstViolation", row.Evaluation.WorstViolation),
            ]);
        _events.Write(row.Steps, scalars);
        Flush();
    }

    /// <summary>To the operating system, or to the disk before a checkpoint counts on it.</summary>
    internal void Flush(bool toDisk = false)
    {
        _csv.Flush(toDisk);
        _events.Flush(toDisk);
    }

    public void Dispose()
    {
        _csv.Dispose();
        _events.Dispose();
    }
}
