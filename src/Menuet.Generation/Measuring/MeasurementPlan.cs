using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Menuet.Generation.Embedded;
using Menuet.Generation.Imaging;

namespace Menuet.Generation.Measuring;

/// <summary>What is drawn to measure quality.</summary>
public enum MeasuredTask
{
    /// <summary>Images from words.</summary>
    Text,

    /// <summary>The masked part of images, so that it fits the rest.</summary>
    Inpaint,
}

/// <summary>How images are scored; more is better.</summary>
public enum QualityMeasure
{
    /// <summary>Structural similarity to the reference, in [−1, 1].</summary>
    Ssim,

    /// <summary>1 − |f − f'|² / (2 tr Σ): f, f' the features of image and reference, Σ the covariance of real digits; 1 for equal features, 0 on average for two unrelated real digits.</summary>
    Fidelity,

    /// <summary>
    /// 1 − d / (2 tr Σ): d the Fréchet distance between the cell's images and real digits. It belongs to the set, not to an image: the scores are
    /// ten pseudo-values of the jackknife over groups, whose mean is corrected for the bias of small sets.
    /// </summary>
    Frechet,

    /// <summary>The rating of a large multimodal model, on its rubric's scale.</summary>
    OpenAi,
}

/// <summary>What to measure: the quality of a generator over prompt levels and denoising steps.</summary>
public sealed record MeasurementPlan
{
    /// <summary>The least images whose Fréchet distance can be judged with a tenth of them left out.</summary>
    public const int FewestForFrechet = 80;

    /// <summary>Which generator, and its settings.</summary>
    public Backend Backend { get; init; } = new() { Noise = 0 };

    /// <summary>What is drawn.</summary>
    public MeasuredTask Task { get; init; }

    /// <summary>How it is scored.</summary>
    public QualityMeasure Judge { get; init; } = QualityMeasure.Fidelity;

    /// <summary>Smallest prompt level, from 0.</summary>
    public int LevelMin { get; init; }

    /// <summary>Largest prompt level, up to what the prompt optimiser knows: 4 for the embedded one, 20 for a language model.</summary>
    public int LevelMax { get; init; } = 4;

    /// <summary>Fewest denoising steps, from 1. A backend without steps is measured at 1 step alone.</summary>
    public int StepsMin { get; init; } = 1;

    /// <summary>Most denoising steps, up to 1000.</summary>
    public int StepsMax { get; init; } = 15;

    /// <summary>Images in each cell, from 2 to 10,000; image i has the same intent in all cells.</summary>
    public int Images { get; init; } = 200;

    /// <summary>Steps of the references, from 1 to 1000.</summary>
    public int ReferenceSteps { get; init; } = 50;

    /// <summary>Intents in words: image i has prompt i, beginning again after the last. Empty: digits drawn by the seed.</summary>
    public ImmutableArray<string> Prompts { get; init; } = [];

    /// <summary>For inpainting, the images whose part is taken away: image i has source i, beginning again after the last. Empty: digits drawn by the embedded generator.</summary>
    public ImmutableArray<Image> Sources { get; init; } = [];

    /// <summary>For inpainting, of the sources' size, light where it is drawn anew; null: the lower half.</summary>
    public Image? Mask { get; init; }

    /// <summary>Another seed, other intents and noises.</summary>
    public ulong Seed { get; init; }

    /// <summary>All cells, level by level, fewest steps first.</summary>
    public ImmutableArray<(int Level, int Steps)> Cells =>
    [
        .. Enumerable.Range(LevelMin, LevelMax - LevelMin + 1).SelectMany(level => Enumerable.Range(StepsMin, StepsMax - StepsMin + 1).Select(steps => (level, steps))),
    ];

    /// <summary>The mask of an inpainting task.</summary>
    /// <param name="width">Of the source.</param>
    /// <param name="height">Of the source.</param>
    public Image MaskOf(int width, int height) =>
        Mask ?? new(width, height, 1, [.. Enumerable.Range(0, width * height).Select(p => p / width >= height / 2 ? byte.MaxValue : byte.MinValue)]);

    /// <summary>Everything of the plan that decides the scores, as JSON; models of servers are not in it.</summary>
    public JsonObject ToJson()
    {
        var json = new JsonObject
        {
            ["backend"] = Backend.Name,
            ["task"] = Task.ToString().ToLowerInvariant(),
            ["judge"] = Judge.ToString().ToLowerInvariant(),
            ["levelMin"] = LevelMin,
            ["levelMax"] = LevelMax,
            ["stepsMin"] = StepsMin,
            ["stepsMax"] = StepsMax,
            ["images"] = Images,
            ["referenceSteps"] = ReferenceSteps,
            ["mask"] = Task != MeasuredTask.Inpaint ? null : Mask is null ? "lower half" : Hash(Mask),
            ["seed"] = Seed,
            ["prompts"] = new JsonArray([.. Prompts.Select(prompt => (JsonNode)prompt)]),
            ["sources"] = new JsonArray([.. Sources.Select(source => (JsonNode)Hash(source))]),
        };
        Backend.WriteTo(json, Task == MeasuredTask.Inpaint);
        return json;
    }

    /// <summary>Why this cannot be measured, every reason; empty when it can.</summary>
    /// <param name="generator">Whose quality.</param>
    /// <param name="optimiser">What its levels mean.</param>
    public ImmutableArray<Problem> Problems(IImageGenerator generator, IPromptOptimiser optimiser)
    {
        ArgumentNullException.ThrowIfNull(generator);
        ArgumentNullException.ThrowIfNull(optimiser);
        var problems = ImmutableArray.CreateBuilder<Problem>();
        void Within(int value, int low, int high, string name)
        {
            if (value < low || value > high)
            {
                problems.Add(new(name, $"must be from {low} to {high}", $"{value}"));
            }
        }

        Within(LevelMin, 0, optimiser.MostLevel, "levels");
        Within(LevelMax, LevelMin, optimiser.MostLevel, "levels");
        Within(StepsMin, 1, 1000, "steps");
        Within(StepsMax, StepsMin, 1000, "steps");
        Within(Images, Judge == QualityMeasure.Frechet ? FewestForFrechet : 2, 10_000, "images");
        Within(ReferenceSteps, 1, 1000, "referenceSteps");
        if (!generator.TakesSteps && StepsMax != 1)
        {
            problems.Add(new("steps", $"the backend {generator.Name} takes no steps: measure its levels at 1 step, which is a name and no number of steps"));
        }

        if (!generator.TakesSteps && Task == MeasuredTask.Text && Judge == QualityMeasure.Ssim)
        {
            problems.Add(new("judge", $"the backend {generator.Name} takes no seed, and two images from different noise do not coincide pixel by pixel; judge by openai, or measure inpainting"));
        }

        if (!Backend.IsEmbedded && Judge == QualityMeasure.Frechet)
        {
            problems.Add(new("judge", "frechet is the distance to real digits, which the embedded generator alone draws"));
        }

        if (!Backend.IsEmbedded && Prompts.IsEmpty)
        {
            problems.Add(new("prompts", "are needed: a server draws what it is told, one prompt a line"));
        }

        if (!Backend.IsEmbedded && Task == MeasuredTask.Inpaint && Sources.IsEmpty)
        {
            problems.Add(new("sources", "are needed: the images whose part is drawn anew"));
        }

        if (Task == MeasuredTask.Text && (Mask is not null || !Sources.IsEmpty))
        {
            problems.Add(new("task", "masks and sources belong to inpainting"));
        }

        foreach (var source in Sources.Where(source => Mask is not null && (Mask.Width, Mask.Height) != (source.Width, source.Height)).Take(1))
            problems.Add(new("mask", $"is {Mask!.Width} x {Mask.Height} and a source {source.Width} x {source.Height}; they must be of one size"));
        if (Mask is not null && !Mask.IsLightAnywhere())
        {
            problems.Add(new("mask", "is black throughout: there is nothing to draw; white marks what is drawn anew"));
        }

        if (Backend.IsEmbedded && Task == MeasuredTask.Inpaint && Sources.Append(Mask).OfType<Image>().FirstOrDefault(image => (image.Width, image.Height) != (DigitGenerator.Width, DigitGenerator.Width)) is { } other)
        {
            problems.Add(new("mask", $"or a source is {other.Width} x {other.Height}; the embedded generator draws {DigitGenerator.Width} x {DigitGenerator.Width}"));
        }

        return problems.ToImmutable();
    }

    private static string Hash(Image image) => Convert.ToHexStringLower(SHA256.HashData(Png.Write(image)));
}
