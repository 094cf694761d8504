using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Menuet.Cli.Commands;
using Menuet.Cli.Rendering;
using Menuet.Figures;
using Menuet.Generation;
using Menuet.Generation.Embedded;
using Menuet.Generation.Imaging;
using Menuet.Generation.Judging;
using Menuet.Generation.Measuring;

namespace Menuet.Cli.Measuring;

/// <summary>
/// A folder that holds a measurement: its plan with mask and sources, one file for each finished cell, and what is made of them when all are there; with
/// servers also every image, prompt and judgement as it came. With the embedded generator everything but the files with seconds depends on the plan
/// alone, so a measurement that was stopped and resumed ends in the same bytes.
/// </summary>
internal sealed class MeasurementFolder
{
    internal const string PlanFile = "measurement.json";
    internal const string TableFile = "measurements.csv";
    private const string LatencyFile = "latency.csv";
    private const string ThresholdKey = "threshold";
    private const string MaskFile = "mask.png";
    private const string Standard = "lower half";

    private readonly string folder;

    private MeasurementFolder(string folder, JsonObject plan)
    {
        this.folder = folder;
        Plan = plan;
    }

    /// <summary>What was measured, and the threshold.</summary>
    internal JsonObject Plan { get; }

    /// <summary>The quality that an image must reach to count as a success; null when none was given.</summary>
    internal double? Threshold => (double?)Plan[ThresholdKey];

    /// <summary>What the numbers are.</summary>
    internal string Quality => (string?)Plan["judge"] switch { "ssim" => "SSIM", "frechet" => "Fréchet fidelity", "openai" => "rating", _ => "fidelity" };

    /// <summary>Begins a measurement, or goes on with one of the same plan; the threshold may differ, since scores are kept.</summary>
    /// <exception cref="InvalidRequestException">The folder holds another measurement, or one that was not to be resumed.</exception>
    internal static MeasurementFolder Begin(string folder, MeasurementSetup setup, double? threshold, bool resume)
    {
        var wanted = setup.ToJson();
        var file = Path.Combine(folder, PlanFile);
        if (File.Exists(file))
        {
            if (!resume)
            {
                throw new InvalidRequestException([new(folder, "holds a measurement; --resume goes on with it, or give another folder")]);
            }

            var found = Parse(file);
            ImmutableArray<Problem> problems =
            [
                .. wanted.Select(member => member.Key).Where(key => wanted[key]?.ToJsonString() != found[key]?.ToJsonString())
                    .Select(key => new Problem(file, $"{key} differs: this measurement has {found[key]?.ToJsonString() ?? "none"}, asked is {wanted[key]?.ToJsonString() ?? "none"}")),
            ];
            if (!problems.IsEmpty)
            {
                throw new InvalidRequestException(problems);
            }
        }

        wanted[ThresholdKey] = threshold;
        var begun = new MeasurementFolder(folder, wanted);
        begun.KeepInputs(setup.Plan);
        OutputFile.Write(file, wanted.ToJsonString(JsonText.IndentedNodes) + "\n");
        return begun;
    }

    /// <summary>A measurement that is there.</summary>
    /// <exception cref="InvalidRequestException">There is none.</exception>
    internal static MeasurementFolder Open(string folder)
    {
        var file = Path.Combine(folder, PlanFile);
        return File.Exists(file) ? new(folder, Parse(file))
            : throw new InvalidRequestException([new(folder, $"holds no measurement ({PlanFile} is missing); 'menuet measure --out {folder}' makes one")]);
    }

    /// <summary>The plan as it was written, with the mask and the sources that are kept beside it.</summary>
    /// <exception cref="InvalidRequestException">A value is missing or of another kind, or a kept image is another than was measured with.</exception>
    internal MeasurementPlan ReadPlan()
    {
        var file = Path.Combine(folder, PlanFile);
        try
        {
            var plan = new MeasurementPlan
            {
                Backend = Backend.Read(Plan),
                Task = Enum.Parse<MeasuredTask>((string)Plan["task"]!, ignoreCase: true),
                Judge = Enum.Parse<QualityMeasure>((string)Plan["judge"]!, ignoreCase: true),
                LevelMin = (int)Plan["levelMin"]!,
                LevelMax = (int)Plan["levelMax"]!,
                StepsMin = (int)Plan["stepsMin"]!,
                StepsMax = (int)Plan["stepsMax"]!,
                Images = (int)Plan["images"]!,
                ReferenceSteps = (int)Plan["referenceSteps"]!,
                Prompts = [.. Plan["prompts"]!.AsArray().Select(prompt => (string)prompt!)],
                Sources = [.. Enumerable.Range(1, Plan["sources"]!.AsArray().Count).Select(i => Kept(SourceFile(i)))],
                Mask = (string?)Plan["mask"] is null or Standard ? null : Kept(Path.Combine(folder, MaskFile)),
                Seed = (ulong)Plan["seed"]!,
            };
            var again = plan.ToJson();
            ImmutableArray<Problem> problems =
                [.. again.Where(member => member.Value?.ToJsonString() != Plan[member.Key]?.ToJsonString()).Select(member => new Problem(file, $"{member.Key} is not what was measured with"))];
            return problems.IsEmpty ? plan : throw new InvalidRequestException(problems);
        }
        catch (Exception broken) when (broken is ArgumentException or InvalidOperationException or FormatException or OverflowException or NullReferenceException)
        {
            throw new InvalidRequestException([new(file, $"is no plan of a measurement: {broken.Message}")]);
        }
    }

    /// <summary>The prompts and references of a plan. What servers draw and write is kept as it comes.</summary>
    /// <param name="setup">The plan, and who carries it out.</param>
    /// <param name="judge">From <see cref="Judge"/>.</param>
    /// <param name="cancellation">Ends the work early.</param>
    /// <param name="images">The folder in this one for the images of servers.</param>
    internal Task<Measurement> MeasureAsync(MeasurementSetup setup, IJudge? judge, CancellationToken cancellation, string images = "images")
    {
        var (plan, engine) = (setup.Plan, setup.Engine);
        // The embedded generator draws the same again in less time than a disk takes.
        return plan.Backend.IsEmbedded
            ? Measurement.BeginAsync(plan, engine.Generator, engine.Optimiser, judge, engine.Concurrency, cancellation)
            : Measurement.BeginAsync(
                plan, new KeptImages(engine.Generator, Path.Combine(folder, images), isReused: true, isDecoded: plan.Judge != QualityMeasure.OpenAi), new KeptPrompts(engine.Optimiser, Path.Combine(folder, "prompts.jsonl")),
                judge, engine.Concurrency, cancellation);
    }

    /// <summary>The judge of a plan that is judged by a model, its judgements kept; otherwise null.</summary>
    internal KeptJudgements? Judge(MeasurementSetup setup) =>
        setup.OpenJudge() is { } judge ? new(judge, Path.Combine(folder, "judgements.jsonl")) : null;

    /// <summary>The table of a finished measurement.</summary>
    /// <exception cref="InvalidRequestException">The measurement is not finished.</exception>
    internal string Table()
    {
        var file = Path.Combine(folder, TableFile);
        return File.Exists(file) ? File.ReadAllText(file)
            : throw new InvalidRequestException([new(folder, $"is not finished ({TableFile} is missing); run its 'menuet measure' again with --resume")]);
    }

    /// <summary>Measured cells in the order of the plan; cells whose file is missing or damaged are left out.</summary>
    internal ImmutableArray<MeasuredCell> Cells(MeasurementPlan plan) =>
        [.. plan.Cells.Select(at => Find(at.Level, at.Steps)).OfType<MeasuredCell>()];

    /// <summary>One cell; null while it is not measured.</summary>
    internal MeasuredCell? Find(int level, int steps)
    {
        var file = CellFile(level, steps, "json");
        var cell = File.Exists(file) ? MeasuredCell.Read(File.ReadAllBytes(file)) : null;
        return cell is not null && (cell.Level, cell.Steps) == (level, steps) && Sample(level, steps) is not null ? cell : null;
    }

    /// <summary>Keeps a cell. Its scores come last: a cell that has them is whole.</summary>
    internal void Keep(CellSample sample)
    {
        var (level, steps) = (sample.Cell.Level, sample.Cell.Steps);
        OutputFile.Write(CellFile(level, steps, "png"), Png.Write(sample.Sample));
        OutputFile.Write(CellFile(level, steps, "seconds"), sample.SecondsPerImage.ToString("R", CultureInfo.InvariantCulture) + "\n");
        OutputFile.Write(CellFile(level, steps, "json"), sample.Cell.ToJson().ToJsonString() + "\n");
    }

    /// <summary>Seconds per image of a cell; NaN when they were not kept.</summary>
    internal double Seconds(int level, int steps)
    {
        var file = CellFile(level, steps, "seconds");
        return File.Exists(file) && double.TryParse(File.ReadAllText(file), NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) ? seconds : double.NaN;
    }

    /// <summary>Tables, figures and the sheet of samples, once every cell is there.</summary>
    /// <returns>The files' names.</returns>
    internal ImmutableArray<string> Finish(ImmutableArray<MeasuredCell> cells)
    {
        var files = ImmutableArray.CreateBuilder<string>();
        void Write(string name, byte[] content)
        {
            OutputFile.Write(Path.Combine(folder, name), content);
            files.Add(name);
        }

        void Draw(string name, Figure figure) => Write(name, Encoding.UTF8.GetBytes(Svg.Render(figure)));
        Write(TableFile, Csv(
            ["level", "steps", "quality", "deviation", "count", "success", "frechet", "confidence"],
            cells.Select(cell => (ImmutableArray<object?>)[cell.Level, cell.Steps, cell.Quality, cell.Deviation, cell.Scores.Length, Threshold is { } a ? cell.Success(a) : null, cell.Frechet, cell.Confidence])));
        Write(LatencyFile, Csv(["level", "steps", "secondsPerImage"], cells.Select(cell => (ImmutableArray<object?>)[cell.Level, cell.Steps, Seconds(cell.Level, cell.Steps)])));
        Draw("quality.svg", MeasurementFigures.Map(cells, Quality));
        Draw("lines.svg", MeasurementFigures.Lines(cells, Quality));
        if (Threshold is { } threshold)
        {
            Draw("success.svg", MeasurementFigures.SuccessMap(cells, Quality, threshold));
        }

        var columns = cells.Select(cell => cell.Steps).Distinct().Count();
        Write("samples.png", Png.Write(Sheet.Of([.. cells.Select(cell => Sample(cell.Level, cell.Steps)!)], scale: 2, columns)));
        return files.ToImmutable();
    }

    private static byte[] Csv(string[] names, IEnumerable<ImmutableArray<object?>> rows)
    {
        using var text = new StringWriter();
        TableCsv.Write(new("", [.. names.Select(name => new Column(name))], [.. rows]), text);
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private void KeepInputs(MeasurementPlan plan)
    {
        if (plan.Task == MeasuredTask.Inpaint)
        {
            var first = plan.Sources.IsEmpty ? (Width: DigitGenerator.Width, Height: DigitGenerator.Width) : (plan.Sources[0].Width, plan.Sources[0].Height);
            OutputFile.Write(Path.Combine(folder, MaskFile), Png.Write(plan.MaskOf(first.Width, first.Height)));
        }

        for (var i = 0; i < plan.Sources.Length; i++)
            OutputFile.Write(SourceFile(i + 1), Png.Write(plan.Sources[i]));
    }

    private static Image Kept(string file) => File.Exists(file) ? Png.Read(File.ReadAllBytes(file), file)
        : throw new InvalidRequestException([new(file, "is missing: the measurement was made with it")]);

    private string SourceFile(int number) => Path.Combine(folder, "sources", string.Create(CultureInfo.InvariantCulture, $"{number:D4}.png"));

    private static JsonObject Parse(string file)
    {
        try
        {
            return JsonNode.Parse(File.ReadAllBytes(file)) as JsonObject ?? throw new InvalidRequestException([new(file, "is no plan of a measurement")]);
        }
        catch (System.Text.Json.JsonException)
        {
            throw new InvalidRequestException([new(file, "is no plan of a measurement")]);
        }
    }

    private string CellFile(int level, int steps, string ending) =>
        Path.Combine(folder, "cells", string.Create(CultureInfo.InvariantCulture, $"level-{level}-steps-{steps:D4}.{ending}"));

    private Image? Sample(int level, int steps)
    {
        var file = CellFile(level, steps, "png");
        try
        {
            return File.Exists(file) ? Png.Read(File.ReadAllBytes(file), file) : null;
        }
        catch (InvalidRequestException)
        {
            return null;
        }
    }
}
