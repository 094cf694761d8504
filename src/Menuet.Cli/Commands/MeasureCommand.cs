using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Menuet.Cli.Measuring;
using Menuet.Generation.Measuring;

namespace Menuet.Cli.Commands;

/// <summary><c>menuet measure --out DIR</c>: the quality of the embedded generator over prompt levels and denoising steps.</summary>
internal static class MeasureCommand
{
    private const int MostCells = 10_000;

    internal static Command Create(Terminal terminal)
    {
        var backend = new Option<string>("--backend") { Description = "embedded: digits of 28 x 28 pixels", DefaultValueFactory = _ => "embedded" };
        backend.AcceptOnlyFromAmong("embedded");
        var task = new Option<string>("--task") { Description = "text: digits from their description; inpaint: the masked part of digits", DefaultValueFactory = _ => "text" };
        task.AcceptOnlyFromAmong("text", "inpaint");
        var judge = new Option<string>("--judge") { Description = "fidelity: nearness to the reference in a classifier's features; ssim: structural similarity to it; frechet: of all images of a cell, nearness to real digits", DefaultValueFactory = _ => "fidelity" };
        judge.AcceptOnlyFromAmong("fidelity", "ssim", "frechet");
        var levels = Range("--levels", "Prompt levels, a..b: how many facts of the intent the model is told", "0..4", 0, 4);
        var steps = Range("--steps", "Denoising steps, a..b", "1..15", 1, 1000);
        var images = NumberOptions.Whole("--images", "Images in each cell", 200, 2, 10_000);
        var threshold = new Option<double?>("--threshold") { Description = "The quality A at which an image counts as a success" };
        threshold.Validators.Add(result => NumberOptions.Check(result, text => NumberOptions.IsWithin(text, -1e6, 1e6), "--threshold must be a number from -1e6 to 1e6"));
        var noise = NumberOptions.Number("--noise", "0: DDIM, deterministic after the first noise; 1: DDPM", 0, 0, 1);
        var guidance = NumberOptions.Number("--guidance", "Weight of classifier-free guidance; above 0 each step costs twice", 0, 0, 100);
        var resamplings = NumberOptions.Whole("--resamplings", "How often each step of inpainting is drawn", 3, 1, 100);
        var referenceSteps = NumberOptions.Whole("--reference-steps", "Steps that the references are drawn in", 50, 1, 1000);
        var mask = new Option<string?>("--mask") { Description = "For inpainting, a PNG image of 28 x 28 pixels, light where it is drawn anew; without it the lower half" };
        var seed = new Option<ulong>("--seed") { Description = "Another seed, other intents and noises", DefaultValueFactory = _ => 0 };
        var resume = new Option<bool>("--resume") { Description = "Goes on with what the folder holds of the same measurement" };
        var output = new Option<string>("--out") { Description = "The folder to write", Required = true };
        var command = new Command("measure", "Measures a generator's quality over prompt levels and steps: CSV for 'menuet fit', figures, samples.")
        {
            backend, task, judge, levels, steps, images, threshold, noise, guidance, resamplings, referenceSteps, mask, seed, resume, output,
        };
        command.SetAction((parsed, cancellation) => Task.Run(
            () =>
            {
                var (levelRange, stepRange) = (Parse(parsed.GetRequiredValue(levels))!.Value, Parse(parsed.GetRequiredValue(steps))!.Value);
                var plan = new MeasurementPlan
                {
                    Task = Enum.Parse<MeasuredTask>(parsed.GetRequiredValue(task), ignoreCase: true),
                    Judge = Enum.Parse<QualityMeasure>(parsed.GetRequiredValue(judge), ignoreCase: true),
                    LevelMin = levelRange.First,
                    LevelMax = levelRange.Last,
                    StepsMin = stepRange.First,
                    StepsMax = stepRange.Last,
                    Images = parsed.GetValue(images),
                    Noise = parsed.GetValue(noise),
                    Guidance = parsed.GetValue(guidance),
                    Resamplings = parsed.GetValue(resamplings),
                    ReferenceSteps = parsed.GetValue(referenceSteps),
                    Mask = parsed.GetValue(mask) is { } file ? ContentSource.Read(file, terminal).ReadImage() : null,
                    Seed = parsed.GetValue(seed),
                };
                if (plan.Mask is not null && plan.Task == MeasuredTask.Text)
                {
                    throw new InvalidRequestException([new("--mask", "belongs to --task inpaint")]);
                }

                if (plan.Judge == QualityMeasure.Frechet && (plan.Images < MeasurementPlan.FewestForFrechet || parsed.GetValue(threshold) is not null))
                {
                    throw new InvalidRequestException([new("--judge", $"frechet judges whole cells: it needs --images of at least {MeasurementPlan.FewestForFrechet}, and no --threshold, which is for single images")]);
                }

                return Run(terminal, plan, parsed.GetValue(threshold), parsed.GetValue(resume), parsed.GetRequiredValue(output), cancellation);
            },
            CancellationToken.None));
        return command;
    }

    private static int Run(Terminal terminal, MeasurementPlan plan, double? threshold, bool resume, string output, CancellationToken cancellation)
    {
        var cells = plan.Cells;
        if (cells.Length > MostCells)
        {
            throw new InvalidRequestException([new("--steps", $"with these levels there are {cells.Length} cells; at most {MostCells} are measured in one folder")]);
        }

        var folder = MeasurementFolder.Begin(output, plan, threshold, resume);
        var missing = cells.Where(at => folder.Find(at.Level, at.Steps) is null).ToArray();
        try
        {
            if (missing.Length > 0)
            {
                MeasureCells(terminal, plan, folder, missing, cells.Length, cancellation);
            }
        }
        catch (OperationCanceledException)
        {
            terminal.Error.WriteLine($"menuet: stopped with {folder.Cells(plan).Length} of {cells.Length} cells; the same command with --resume goes on");
            return ExitCode.NoOutcome;
        }

        var measured = folder.Cells(plan);
        var files = folder.Finish(measured);
        var (best, worst) = (measured.MaxBy(cell => cell.Quality)!, measured.MinBy(cell => cell.Quality)!);
        terminal.Output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{measured.Length} cells of {plan.Images} images; {folder.Quality} from {worst.Quality:G4} (level {worst.Level}, {worst.Steps} steps) to {best.Quality:G4} (level {best.Level}, {best.Steps} steps)"));
        terminal.Output.WriteLine($"Written: {string.Join(", ", files.Select(file => Path.Combine(output, file).Replace('\\', '/')))}");
        return 0;
    }

    private static void MeasureCells(
        Terminal terminal, MeasurementPlan plan, MeasurementFolder folder, (int Level, int Steps)[] missing, int all, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
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
        var measurement = new DigitMeasurement(plan, cancellation);
        done += plan.ReferenceSteps;
        for (var i = 0; i < missing.Length; i++)
        {
            Report(i);
            folder.Keep(measurement.Measure(missing[i].Level, missing[i].Steps, cancellation));
            done += missing[i].Steps;
        }

        Report(missing.Length);
        if (terminal.IsInteractive)
        {
            terminal.Error.WriteLine();
        }
    }

    private static Option<string> Range(string name, string description, string standard, int min, int max)
    {
        var option = new Option<string>(name) { Description = $"{description} ({min} to {max})", DefaultValueFactory = _ => standard };
        option.Validators.Add(result => NumberOptions.Check(
            result, text => Parse(text) is { } range && range.First >= min && range.Last <= max, $"{name} must be a..b with whole numbers from {min} to {max}, a at most b"));
        return option;
    }

    private static (int First, int Last)? Parse(string text)
    {
        var parts = text.Split("..");
        return parts.Length is 1 or 2 && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            && int.TryParse(parts[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var last) && first <= last ? (first, last) : null;
    }
}
