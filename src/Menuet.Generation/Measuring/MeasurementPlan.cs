using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Menuet.Generation.Embedded;
using Menuet.Generation.Imaging;

namespace Menuet.Generation.Measuring;

/// <summary>What is drawn to measure quality.</summary>
public enum MeasuredTask
{
    /// <summary>Digits from their description.</summary>
    Text,

    /// <summary>The masked part of digits, so that it fits the rest.</summary>
    Inpaint,
}

/// <summary>How images are scored; 1 is best.</summary>
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
}

/// <summary>What to measure on the embedded generator: quality over prompt levels and denoising steps.</summary>
public sealed record MeasurementPlan
{
    /// <summary>The least images whose Fréchet distance can be judged with a tenth of them left out.</summary>
    public const int FewestForFrechet = 80;

    /// <summary>What is drawn.</summary>
    public MeasuredTask Task { get; init; }

    /// <summary>How it is scored.</summary>
    public QualityMeasure Judge { get; init; } = QualityMeasure.Fidelity;

    /// <summary>Smallest prompt level: how many facts of its intent the model is told, from 0.</summary>
    public int LevelMin { get; init; }

    /// <summary>Largest prompt level, up to 4.</summary>
    public int LevelMax { get; init; } = 4;

    /// <summary>Fewest denoising steps, from 1.</summary>
    public int StepsMin { get; init; } = 1;

    /// <summary>Most denoising steps, up to 1000.</summary>
    public int StepsMax { get; init; } = 15;

    /// <summary>Images in each cell, from 2 to 10,000; image i has the same intent in all cells.</summary>
    public int Images { get; init; } = 200;

    /// <summary>η in [0, 1]: 0 DDIM, 1 DDPM.</summary>
    public double Noise { get; init; }

    /// <summary>w in [0, 100] of classifier-free guidance.</summary>
    public double Guidance { get; init; }

    /// <summary>Resamplings of inpainting, from 1 to 100.</summary>
    public int Resamplings { get; init; } = 3;

    /// <summary>Steps of the references, from 1 to 1000.</summary>
    public int ReferenceSteps { get; init; } = 50;

    /// <summary>For inpainting, 28 x 28 pixels, light where it is drawn anew; null: the lower half.</summary>
    public Image? Mask { get; init; }

    /// <summary>Another seed, other intents and noises.</summary>
    public ulong Seed { get; init; }

    /// <summary>All cells, level by level, fewest steps first.</summary>
    public ImmutableArray<(int Level, int Steps)> Cells =>
    [
        .. Enumerable.Range(LevelMin, LevelMax - LevelMin + 1).SelectMany(level => Enumerable.Range(StepsMin, StepsMax - StepsMin + 1).Select(steps => (level, steps))),
    ];

    /// <summary>Everything that decides the scores, as JSON: equal plans have equal scores.</summary>
    public JsonObject ToJson() => new()
    {
        ["backend"] = "embedded",
        ["promptOptimisation"] = "embedded: level l reveals l facts of the intent, in the order class, slant, thickness, width",
        ["task"] = Task.ToString().ToLowerInvariant(),
        ["judge"] = Judge.ToString().ToLowerInvariant(),
        ["levelMin"] = LevelMin,
        ["levelMax"] = LevelMax,
        ["stepsMin"] = StepsMin,
        ["stepsMax"] = StepsMax,
        ["images"] = Images,
        ["noise"] = Noise,
        ["guidance"] = Guidance,
        ["resamplings"] = Task == MeasuredTask.Inpaint ? Resamplings : 1,
        ["referenceSteps"] = ReferenceSteps,
        ["mask"] = Task != MeasuredTask.Inpaint ? null : Mask is null ? "lower half" : Convert.ToHexStringLower(SHA256.HashData(Png.Write(Mask))),
        ["seed"] = Seed,
    };

    internal Sampling Sampling(int steps) => new() { Steps = steps, Noise = Noise, Guidance = Guidance, Resamplings = Resamplings, Seed = Seed };

    internal void Require()
    {
        static void Within(int value, int low, int high, string name)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, low, name);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, high, name);
        }

        Within(LevelMin, 0, 4, nameof(LevelMin));
        Within(LevelMax, LevelMin, 4, nameof(LevelMax));
        Within(StepsMin, 1, 1000, nameof(StepsMin));
        Within(StepsMax, StepsMin, 1000, nameof(StepsMax));
        Within(Images, Judge == QualityMeasure.Frechet ? FewestForFrechet : 2, 10_000, nameof(Images));
        Sampling(ReferenceSteps).Require();
    }
}
