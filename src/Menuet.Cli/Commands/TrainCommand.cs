using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using Menuet.Cli.Rendering;
using Menuet.Learning.Training;

namespace Menuet.Cli.Commands;

/// <summary><c>menuet train EXPERIMENT</c>: a policy from one document, for one seed or several.</summary>
internal static partial class TrainCommand
{
    private const int MostSeeds = 1000;

    internal static Command Create(Terminal terminal)
    {
        var name = new Argument<string?>("experiment")
        {
            HelpName = "experiment",
            Description = "The experiment's file, or the name of one that ships",
            Arity = ArgumentArity.ZeroOrOne,
        };
        name.Validators.Add(MarketSource.RefuseOptions);
        name.CompletionSources.Add(_ => ShippedExperiments.Names.Select(item => new System.CommandLine.Completions.CompletionItem(item)));
        var list = new Option<bool>("--list") { Description = "Lists the experiments that ship" };
        var output = new Option<string?>("--out") { Description = "Folder of the run, or with --seeds of all runs. Default: runs/NAME/seed-S" };
        var seed = new Option<int>("--seed") { Description = "Seed of everything random, 0 or more", DefaultValueFactory = _ => 0 };
        var seeds = new Option<string?>("--seeds") { Description = "Several seeds, each a process of its own: 0..9, or 0,1,2" };
        var parallel = new Option<int>("--parallel") { Description = "Processes at once, with --seeds. Default: one a processor", DefaultValueFactory = _ => Environment.ProcessorCount };
        var resume = new Option<bool>("--resume") { Description = "Goes on from the last checkpoint: the result is that of a training which was never stopped" };
        var force = new Option<bool>("--force") { Description = "Begins anew in a folder that holds a run" };
        var set = new Option<string[]>("--set") { Description = "PATH=VALUE sets an option of the experiment, such as algorithm.learningRate=0.001 or actor={\"network\":\"mlp\"}; repeatable" };
        var untilInputEnds = new Option<bool>("--until-input-ends") { Hidden = true };
        foreach (var option in new[] { seed, parallel })
        {
            var least = option == seed ? 0 : 1;
            option.Validators.Add(result =>
            {
                if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out var number) && number < least)
                {
                    result.AddError($"{option.Name} must be at least {least}, not {number}");
                }
            });
        }

        var command = new Command("train", "Trains a policy from one configuration file; writes log, checkpoints and a policy file.")
        {
            name, list, output, seed, seeds, parallel, resume, force, set, untilInputEnds,
        };
        command.SetAction((parsed, cancellation) => Task.Run(() =>
        {
            if (parsed.GetValue(list))
            {
                List(terminal);
                return 0;
            }

            var experimentName = parsed.GetValue(name) ?? throw new InvalidRequestException([new("experiment", "is required: a file, or a name that 'menuet train --list' shows")]);
            var changes = parsed.GetValue(set) ?? [];
            var experiment = ExperimentSource.Read(experimentName, changes);
            var folder = parsed.GetValue(output);
            var stem = Path.Combine("runs", ShippedExperiments.Names.Contains(experimentName) ? experimentName : Path.GetFileNameWithoutExtension(experimentName));
            var (resumes, forces) = (parsed.GetValue(resume), parsed.GetValue(force));
            if (parsed.GetValue(seeds) is { } text)
            {
                return new SeedRuns(terminal, experimentName, changes, folder ?? stem, resumes, forces)
                    .Run(experiment, Seeds(text), parsed.GetValue(parallel), cancellation);
            }

            var own = parsed.GetValue(seed);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            if (parsed.GetValue(untilInputEnds))
            {
                StopWithInput(terminal, stop);
            }

            return Run(terminal, experiment, own, folder ?? Path.Combine(stem, $"seed-{own}"), resumes, forces, stop.Token);
        }));
        return command;
    }

    /// <summary>A folder that holds a run is neither overwritten nor continued unasked.</summary>
    internal static void Refuse(IEnumerable<string> folders)
    {
        var taken = folders.Where(TrainingRun.Exists).Select(folder => new Problem(folder, "holds a run: --resume continues it, --force begins anew, --out names another folder")).ToImmutableArray();
        if (!taken.IsEmpty)
        {
            throw new InvalidRequestException(taken);
        }
    }

    private static int Run(Terminal terminal, Experiment experiment, int seed, string folder, bool resume, bool force, CancellationToken cancellation)
    {
        if (!resume && !force)
        {
            Refuse([folder]);
        }

        using var run = new TrainingRun(experiment, seed, folder, resume);
        var text = new TrainingText(terminal, experiment);
        text.Begin(run, seed, folder);
        var result = text.Watch(watch => run.Run(watch, cancellation));
        text.End(run, result);
        return result.IsFinished ? 0 : ExitCode.NoOutcome;
    }

    /// <summary>Who started this process holds its input open for as long as it wants it to go on, and closes it also by dying.</summary>
    private static void StopWithInput(Terminal terminal, CancellationTokenSource stop)
    {
        var thread = new Thread(() =>
        {
            using var input = terminal.OpenInput();
            while (input.ReadByte() >= 0)
            {
            }

            try
            {
                stop.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // The training ended before its input did.
            }
        })
        {
            IsBackground = true,
        };
        thread.Start();
    }

    private static int[] Seeds(string text)
    {
        var seeds = RangeForm().Match(text) is { Success: true } range
            && int.TryParse(range.Groups[1].Value, CultureInfo.InvariantCulture, out var from) && int.TryParse(range.Groups[2].Value, CultureInfo.InvariantCulture, out var to)
            && to >= from && to - from < MostSeeds
                ? Enumerable.Range(from, to - from + 1).ToArray()
                : text.Split(',').Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var one) ? one : -1).ToArray();
        return seeds.Min() >= 0 && seeds.Distinct().Count() == seeds.Length && seeds.Length <= MostSeeds
            ? seeds
            : throw new InvalidRequestException([new("--seeds", $"must be a..b or a,b,… without repetition, 0 or more, at most {MostSeeds} of them", $"\"{text}\"")]);
    }

    private static void List(Terminal terminal)
    {
        var rows = ShippedExperiments.Names.Select(name =>
        {
            var experiment = Experiment.Read(ShippedExperiments.Find(name));
            return (ImmutableArray<object?>)[name, experiment.EnvironmentKind, experiment.Name];
        });
        TableText.WriteText(terminal, terminal.Output, new("Experiments (train takes these names)", [new("experiment"), new("environment"), new("name")], [.. rows]));
    }

    [GeneratedRegex(@"^(\d{1,10})\.\.(\d{1,10})$")]
    private static partial Regex RangeForm();
}
