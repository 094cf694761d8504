using System.Collections.Immutable;
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Menuet.Cli.Measuring;
using Menuet.Generation.Imaging;
using Menuet.Generation.Judging;
using Menuet.Generation.Measuring;

namespace Menuet.Cli.Commands;

/// <summary><c>menuet measure --out DIR</c>: the quality of a generator over prompt levels and denoising steps.</summary>
internal static class MeasureCommand
{
    private const int MostCells = 10_000;
    private const int MostPrompts = 10_000;
    private const string StandardSteps = "1..15";

    internal static Command Create(Terminal terminal)
    {
        var options = new Choices();
        var command = new Command("measure", "Measures a generator's quality over prompt levels and steps: CSV for 'menuet fit', figures, samples.");
        options.AddTo(command);
        command.SetAction((parsed, cancellation) => Task.Run(() => RunAsync(terminal, parsed, options, cancellation), CancellationToken.None));
        return command;
    }

    private static async Task<int> RunAsync(Terminal terminal, ParseResult parsed, Choices options, CancellationToken cancellation)
    {
        var (plan, rubric) = (options.Plan(parsed, terminal), JudgeCommand.Rubric(parsed.GetValue(options.Rubric), terminal));
        using var engine = options.Backend.Open(parsed, plan.Backend, plan.LevelMax);
        if (!engine.Generator.TakesSteps && parsed.GetResult(options.Steps) is not { Implicit: false })
        {
            plan = plan with { StepsMin = 1, StepsMax = 1 };
        }

        var threshold = parsed.GetValue(options.Threshold);
        ImmutableArray<Problem> problems =
        [
            .. plan.Problems(engine.Generator, engine.Optimiser), .. ReachOf(plan.Judge, rubric, threshold),
            .. plan.Cells.Length > MostCells ? [new Problem("--steps", $"with these levels there are {plan.Cells.Length} cells; at most {MostCells} are measured in one folder")] : ImmutableArray<Problem>.Empty,
            .. plan.Judge == QualityMeasure.Frechet && threshold is not null ? [new Problem("--threshold", "is for single images; frechet judges whole cells")] : ImmutableArray<Problem>.Empty,
            .. plan.Judge != QualityMeasure.OpenAi && (parsed.GetValue(options.Rubric) is not null || parsed.GetResult(options.Votes) is { Implicit: false })
                ? [new Problem("--rubric", "and --votes belong to --judge openai")] : ImmutableArray<Problem>.Empty,
            .. !plan.Backend.IsEmbedded && parsed.GetResult(options.Images) is not { Implicit: false }
                ? [new Problem("--images", string.Create(CultureInfo.InvariantCulture, $"must be given with a server: each of the {plan.Cells.Length} cells orders so many images"))] : ImmutableArray<Problem>.Empty,
        ];
        if (!problems.IsEmpty)
        {
            throw new InvalidRequestException(problems);
        }

        var setup = new MeasurementSetup(plan, engine, rubric, parsed.GetValue(options.Votes));
        var folder = MeasurementFolder.Begin(parsed.GetRequiredValue(options.Output), setup, threshold, parsed.GetValue(options.Resume));
        var cells = plan.Cells;
        var missing = cells.Where(at => folder.Find(at.Level, at.Steps) is null).ToArray();
        try
        {
            if (missing.Length > 0)
            {
                await MeasureCellsAsync(terminal, setup, folder, missing, cancellation);
            }
        }
        catch (Exception stopped) when (stopped is OperationCanceledException or InvalidRequestException)
        {
            terminal.Error.WriteLine($"{(terminal.IsInteractive ? "\n" : "")}menuet: stopped with {folder.Cells(plan).Length} of {cells.Length} cells; the same command with --resume goes on");
            if (stopped is InvalidRequestException)
            {
                throw;
            }

            return ExitCode.NoOutcome;
        }

        Finish(terminal, folder, plan, parsed.GetRequiredValue(options.Output));
        return 0;
    }

    /// <summary>A threshold that no image can reach is a mistake.</summary>
    internal static ImmutableArray<Problem> ReachOf(QualityMeasure judge, Rubric rubric, double? threshold)
    {
        var most = judge == QualityMeasure.OpenAi ? rubric.ScaleMax : 1;
        return threshold > most ? [new("--threshold", FormattableString.Invariant($"can never be reached: the judge {judge.ToString().ToLowerInvariant()} gives at most {most}"), FormattableString.Invariant($"{threshold}"))] : [];
    }

    private static async Task MeasureCellsAsync(
        Terminal terminal, MeasurementSetup setup, MeasurementFolder folder, (int Level, int Steps)[] missing, CancellationToken cancellation)
    {
        var (clock, plan, all) = (Stopwatch.StartNew(), setup.Plan, setup.Plan.Cells.Length);
        if (!plan.Backend.IsEmbedded)
        {
            terminal.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"menuet: {missing.Length} cells of {plan.Images} images are ordered from {setup.Engine.Generator.Name}; what comes is kept in images/"));
        }

        // The time of a cell grows with its steps; the references count as one cell more.
        var (work, done) = (missing.Sum(at => (double)at.Steps) + plan.ReferenceSteps, 0.0);
        void Report(int count)
        {
            if (terminal.IsInteractive)
            {
                var left = TimeSpan.FromSeconds(Math.Ceiling(clock.Elapsed.TotalSeconds * (work - done) / Math.Max(done, 1)));
                terminal.Error.Write($"\r{all - missing.Length + count}/{all} cells{(done > 0 ? $", about {left:c} left" : "")}   ");
            }
        }

        Report(0);
        using var judge = folder.Judge(setup);
        var measurement = await folder.MeasureAsync(setup, judge, cancellation);
        done += plan.ReferenceSteps;
        for (var i = 0; i < missing.Length; i++)
        {
            Report(i);
            folder.Keep(await measurement.MeasureAsync(missing[i].Level, missing[i].Steps, cancellation));
            done += missing[i].Steps;
        }

        Report(missing.Length);
        if (terminal.IsInteractive)
        {
            terminal.Error.WriteLine();
        }
    }

    private static void Finish(Terminal terminal, MeasurementFolder folder, MeasurementPlan plan, string output)
    {
        var measured = folder.Cells(plan);
        var files = folder.Finish(measured);
        var (best, worst) = (measured.MaxBy(cell => cell.Quality)!, measured.MinBy(cell => cell.Quality)!);
        terminal.Output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{measured.Length} cells of {plan.Images} images; {folder.Quality} from {worst.Quality:G4} (level {worst.Level}, {worst.Steps} steps) to {best.Quality:G4} (level {best.Level}, {best.Steps} steps)"));
        if (measured.Sum(cell => cell.Abstained) is > 0 and var abstained)
        {
            terminal.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"The judge abstained from {abstained} images, which count as failures; judgements.jsonl says why"));
        }

        terminal.Output.WriteLine($"Written: {string.Join(", ", files.Select(file => Path.Combine(output, file).Replace('\\', '/')))}");
    }

    private static (int First, int Last)? Parse(string text)
    {
        var parts = text.Split("..");
        return parts.Length is 1 or 2 && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            && int.TryParse(parts[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var last) && first <= last ? (first, last) : null;
    }

    private sealed class Choices
    {
        private readonly Option<string> task = new("--task") { Description = "text: images from words; inpaint: the masked part of images", DefaultValueFactory = _ => "text" };
        private readonly Option<string> judge = new("--judge")
        {
            Description = "fidelity: nearness to the reference in the features of a classifier of digits; ssim: structural similarity to it; frechet: of all images of a cell, nearness to real digits; "
                + "openai: the large multimodal model at MENUET_JUDGE_ENDPOINT (_MODEL, _KEY)",
            DefaultValueFactory = _ => "fidelity",
        };

        private readonly Option<string> levels = Range("--levels", "Prompt levels, a..b; embedded: how many facts of the intent the model is told, up to 4; servers: rounds of rewriting", "0..4", 0, 20);
        private readonly Option<int> referenceSteps = NumberOptions.Whole("--reference-steps", "Steps that the references are drawn in", 50, 1, 1000);
        private readonly Option<string?> prompts = new("--prompts") { Description = "A text file, one prompt a line: image i has prompt i, beginning again after the last; embedded: digits drawn by the seed unless given" };
        private readonly Option<string?> sources = new("--sources") { Description = "For inpainting, a folder of PNG images in the order of their names: image i has source i; embedded: digits it draws unless given" };
        private readonly Option<string?> mask = new("--mask") { Description = "For inpainting, a PNG image of the sources' size, light where it is drawn anew; without it the lower half" };
        private readonly Option<ulong> seed = new("--seed") { Description = "Another seed, other intents and noises", DefaultValueFactory = _ => 0 };

        internal Choices()
        {
            task.AcceptOnlyFromAmong("text", "inpaint");
            judge.AcceptOnlyFromAmong("fidelity", "ssim", "frechet", "openai");
        }

        internal BackendOptions Backend { get; } = new(standardNoise: 0);

        internal Option<string> Steps { get; } = Range("--steps", "Denoising steps, a..b; an images endpoint has none, and 1 in the tables", StandardSteps, 1, 1000);

        internal Option<int> Images { get; } = NumberOptions.Whole("--images", "Images in each cell; to be given with a server", 200, 2, 10_000);

        internal Option<double?> Threshold { get; } = NumberOptions.OptionalNumber("--threshold", "The quality A at which an image counts as a success", -1e6, 1e6);

        internal Option<string?> Rubric { get; } = new("--rubric") { Description = "For --judge openai, JSON file: task, criteria, scale, examples (docs/judging.md)" };

        internal Option<int> Votes { get; } = NumberOptions.Whole("--votes", "For --judge openai, how often each image is judged; the median counts", 1, 1, 99);

        internal Option<bool> Resume { get; } = new("--resume") { Description = "Goes on with what the folder holds of the same measurement" };

        internal Option<string> Output { get; } = new("--out") { Description = "The folder to write", Required = true };

        internal void AddTo(Command command)
        {
            Backend.AddTo(command, canInpaint: true);
            foreach (var option in (Option[])[task, judge, levels, Steps, Images, Threshold, referenceSteps, prompts, sources, mask, Rubric, Votes, seed, Resume, Output])
                command.Options.Add(option);
        }

        internal MeasurementPlan Plan(ParseResult parsed, Terminal terminal)
        {
            var (levelRange, stepRange) = (Parse(parsed.GetRequiredValue(levels))!.Value, Parse(parsed.GetRequiredValue(Steps))!.Value);
            return new()
            {
                Backend = Backend.Read(parsed),
                Task = Enum.Parse<MeasuredTask>(parsed.GetRequiredValue(task), ignoreCase: true),
                Judge = Enum.Parse<QualityMeasure>(parsed.GetRequiredValue(judge), ignoreCase: true),
                LevelMin = levelRange.First,
                LevelMax = levelRange.Last,
                StepsMin = stepRange.First,
                StepsMax = stepRange.Last,
                Images = parsed.GetValue(Images),
                ReferenceSteps = parsed.GetValue(referenceSteps),
                Prompts = parsed.GetValue(prompts) is { } words ? Lines(words, terminal) : [],
                Sources = parsed.GetValue(sources) is { } images ? Pictures(images, terminal) : [],
                Mask = parsed.GetValue(mask) is { } file ? ContentSource.Read(file, terminal).ReadImage() : null,
                Seed = parsed.GetValue(seed),
            };
        }

        private static ImmutableArray<string> Lines(string file, Terminal terminal)
        {
            var content = ContentSource.Read(file, terminal);
            if (content.IsImage)
            {
                throw new InvalidRequestException([new(file, "is an image; prompts are a text, one a line")]);
            }

            ImmutableArray<string> lines = [.. Encoding.UTF8.GetString(content.Bytes.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];
            return lines.Length is > 0 and <= MostPrompts ? lines : throw new InvalidRequestException([new(file, $"holds {lines.Length} prompts; from 1 to {MostPrompts} are read, one a line")]);
        }

        private static ImmutableArray<Image> Pictures(string folder, Terminal terminal)
        {
            string[] files = Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder, "*.png").Order(StringComparer.Ordinal)] : [];
            return files.Length > 0 ? [.. files.Select(file => ContentSource.Read(file, terminal).ReadImage())]
                : throw new InvalidRequestException([new(folder, "is no folder with PNG images")]);
        }

        private static Option<string> Range(string name, string description, string standard, int min, int max)
        {
            var option = new Option<string>(name) { Description = $"{description} ({min} to {max})", DefaultValueFactory = _ => standard };
            option.Validators.Add(result => NumberOptions.Check(
                result, text => Parse(text) is { } range && range.First >= min && range.Last <= max, $"{name} must be a..b with whole numbers from {min} to {max}, a at most b"));
            return option;
        }
    }
}
