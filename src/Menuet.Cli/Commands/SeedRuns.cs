using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Menuet.Cli.Rendering;
using Menuet.Figures;
using Menuet.Learning.Training;

namespace Menuet.Cli.Commands;

/// <summary>One training for each of several seeds, side by side as processes, and what they came to together.</summary>
internal sealed class SeedRuns(Terminal terminal, string experimentName, string[] changes, string folder, bool resume, bool force)
{
    private static readonly (string Key, string Heading)[] Measures =
    [
        ("evaluation.shareOfOptimum", "share of optimum"), ("evaluation.shareOfReachable", "share of reachable"), ("evaluation.feasibleShare", "feasible share"),
        ("evaluation.meanReward", "mean reward"), ("evaluation.worstViolation", "worst violation"), ("trainReward", "train reward"), ("finalReward", "final reward"),
        ("steps", "steps"), ("updates", "updates"), ("seconds", "seconds"),
    ];

    /// <summary>Two-sided 95 % quantiles of Student's t by degrees of freedom; 1.96 beyond.</summary>
    private static readonly double[] Student =
    [
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
        2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
    ];

    internal int Run(Experiment experiment, int[] seeds, int parallel, CancellationToken cancellation)
    {
        if (!resume && !force)
        {
            TrainCommand.Refuse(seeds.Select(FolderOf));
        }

        terminal.Output.WriteLine($"{experiment.Name}: {seeds.Length} seeds, {Math.Min(parallel, seeds.Length)} at once, into {folder}");
        using var room = new SemaphoreSlim(parallel);
        var exits = Task.WhenAll(seeds.Select(seed => RunOne(seed, room, cancellation))).GetAwaiter().GetResult();
        var finished = seeds.Where((_, i) => exits[i] == 0).ToArray();
        if (finished.Length > 0)
        {
            var table = Summary(experiment.Name, finished);
            terminal.Output.WriteLine();
            TableText.WriteText(terminal, terminal.Output, table);
            using var csv = new StringWriter();
            TableCsv.Write(table, csv);
            OutputFile.Write(Path.Combine(folder, "seeds.csv"), csv.ToString());
            terminal.Output.WriteLine($"Written: {Path.Combine(folder, "seeds.csv")}");
        }

        return exits.Max();
    }

    private string FolderOf(int seed) => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"seed-{seed}"));

    private async Task<int> RunOne(int seed, SemaphoreSlim room, CancellationToken cancellation)
    {
        try
        {
            await room.WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return ExitCode.NoOutcome;
        }

        try
        {
            using var process = Process.Start(Request(seed))!;
            // The child stops when its input ends, be it closed here or because this process died.
            using var stop = cancellation.Register(process.StandardInput.Close);
            var (output, error) = (process.StandardOutput.ReadToEndAsync(CancellationToken.None), process.StandardError.ReadToEndAsync(CancellationToken.None));
            await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
            await output.ConfigureAwait(false);
            var trouble = await error.ConfigureAwait(false);
            lock (room)
            {
                terminal.Output.WriteLine(Line(seed, process.ExitCode));
                if (process.ExitCode is not (0 or ExitCode.NoOutcome) || trouble.Length > 0)
                {
                    terminal.Error.Write(trouble);
                }
            }

            return process.ExitCode;
        }
        finally
        {
            room.Release();
        }
    }

    private string Line(int seed, int exitCode)
    {
        if (exitCode != 0)
        {
            return $"  seed {seed}: {(exitCode == ExitCode.NoOutcome ? "stopped; --resume continues it" : $"failed with exit code {exitCode}")}";
        }

        var summary = Read(seed);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"  seed {seed}: share of optimum {Number(summary, "evaluation.shareOfOptimum"):F4}, feasible {Number(summary, "evaluation.feasibleShare"):F4}, {Number(summary, "seconds"):F0} s");
    }

    private ProcessStartInfo Request(int seed)
    {
        // From a test or 'dotnet Menuet.Cli.dll' the process is not the program itself.
        var (own, assembly) = (Environment.ProcessPath ?? "", typeof(SeedRuns).Assembly.Location);
        var hosted = Path.GetFileNameWithoutExtension(own) is "dotnet" or "testhost" || Path.GetFileName(own).StartsWith("testhost.", StringComparison.Ordinal);
        var request = new ProcessStartInfo(hosted ? (Path.GetFileNameWithoutExtension(own) == "dotnet" ? own : "dotnet") : own)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string[] arguments =
        [
            .. hosted ? [assembly] : Array.Empty<string>(), "train", experimentName, "--seed", string.Create(CultureInfo.InvariantCulture, $"{seed}"),
            "--out", FolderOf(seed), "--until-input-ends", .. resume ? ["--resume"] : Array.Empty<string>(), .. force ? ["--force"] : Array.Empty<string>(),
            .. changes.SelectMany(change => new[] { "--set", change }),
        ];
        foreach (var argument in arguments)
        {
            request.ArgumentList.Add(argument);
        }

        return request;
    }

    private JsonNode Read(int seed) => JsonNode.Parse(File.ReadAllBytes(Path.Combine(FolderOf(seed), TrainingRun.SummaryName)))!;

    private static double Number(JsonNode summary, string path) => JsonEdit.Number(summary, JsonEdit.Steps(path));

    private Table Summary(string name, int[] seeds)
    {
        var values = seeds.Select(Read).Select(summary => Measures.Select(measure => Number(summary, measure.Key)).ToArray()).ToArray();
        var rows = seeds.Zip(values).Select(pair => Row(pair.First.ToString(CultureInfo.InvariantCulture), pair.Second)).ToList();
        var columns = Enumerable.Range(0, Measures.Length).Select(i => values.Select(row => row[i]).ToArray()).ToArray();
        var mean = columns.Select(column => column.Average()).ToArray();
        rows.Add(Row("mean", mean));
        if (seeds.Length > 1)
        {
            var deviation = columns.Select((column, i) => Math.Sqrt(column.Sum(x => (x - mean[i]) * (x - mean[i])) / (seeds.Length - 1))).ToArray();
            var quantile = seeds.Length - 2 < Student.Length ? Student[seeds.Length - 2] : 1.96;
            rows.Add(Row("deviation", deviation));
            rows.Add(Row("95 % ±", [.. deviation.Select(d => quantile * d / Math.Sqrt(seeds.Length))]));
        }

        return new($"{name}: {seeds.Length} seeds", [new("seed"), .. Measures.Select(measure => new Column(measure.Heading))], [.. rows]);

        static ImmutableArray<object?> Row(string heading, double[] values) => [heading, .. values.Select(value => (object?)value)];
    }
}
