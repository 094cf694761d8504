using System.Collections.Immutable;
using System.Diagnostics;
using Menuet.Generation.Embedded;
using Menuet.Generation.Imaging;
using Menuet.Generation.Quality;

namespace Menuet.Generation.Measuring;

/// <summary>Measures the quality of the embedded generator: intents, their references, and the images of one cell after another.</summary>
/// <remarks>
/// Image i has an intent: class uniform, traits normal and cut at ±2. Its reference is drawn from the whole intent by DDIM in
/// <see cref="MeasurementPlan.ReferenceSteps"/> steps. Text scored by SSIM starts from the reference's own first noise, since two drawings of one
/// intent do not coincide pixel by pixel; otherwise noises are independent. Inpainting's reference is the image whose part is taken away.
/// Cells depend on the plan and their place alone: not on their order, on one another, or on threads.
/// Source: Ye et al., Sec. VI.A and Fig. 2 (quality over level and steps, averaged over images); Lai et al. 2025, Fig. 1 (SSIM over steps).
/// </remarks>
public sealed class DigitMeasurement
{
    private const ulong IntentStreams = 1UL << 40;
    private const ulong ReferenceStreams = 1UL << 41;

    private const int Groups = 10;

    private readonly MeasurementPlan plan;
    private readonly ImmutableArray<Digit> intents;
    private readonly ImmutableArray<Image> references;
    private readonly float[][] referenceFeatures;
    private readonly bool[] open = [];
    private readonly double scale;

    /// <summary>Draws the references; this takes as long as a cell of that many steps.</summary>
    /// <param name="plan">What to measure.</param>
    /// <param name="cancellation">Ends the work early.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value of the plan is out of its range.</exception>
    /// <exception cref="InvalidRequestException">The mask is not 28 x 28 pixels, or black throughout.</exception>
    public DigitMeasurement(MeasurementPlan plan, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(plan);
        plan.Require();
        this.plan = plan;
        if (plan.Task == MeasuredTask.Inpaint)
        {
            open = Open(plan.Mask);
        }

        intents = [.. Enumerable.Range(0, plan.Images).Select(i => Intent(plan.Seed, i))];
        var offset = plan is { Task: MeasuredTask.Text, Judge: QualityMeasure.Ssim } ? 0 : ReferenceStreams;
        var sampling = new Sampling { Steps = plan.ReferenceSteps, Noise = 0, Seed = plan.Seed };
        references = DigitGenerator.DrawEach(intents, i => offset + (ulong)i, sampling, cancellation);
        var classifier = new DigitClassifier();
        referenceFeatures = [.. references.Select(image => Features(classifier, image, out _))];
        var covariance = TensorFile.Features["covariance"];
        for (var f = 0; f < DigitClassifier.Features; f++)
            scale += 2 * (double)covariance[(f * DigitClassifier.Features) + f];
    }

    /// <summary>What image i is to show.</summary>
    public Digit IntentOf(int image) => intents[image];

    /// <summary>What image i is compared with.</summary>
    public Image ReferenceOf(int image) => references[image];

    /// <summary>Draws and scores the images of one cell.</summary>
    /// <param name="level">l, from 0 to 4.</param>
    /// <param name="steps">s, from 1 to 1000.</param>
    /// <param name="cancellation">Ends the work early.</param>
    public CellSample Measure(int level, int steps, CancellationToken cancellation)
    {
        var told = intents.Select(intent => intent.Reveal(level)).ToArray();
        var (images, seconds) = Draw(told, references, i => (ulong)i, steps, cancellation);
        var classifier = new DigitClassifier();
        var scores = new double[images.Length];
        double confidence = 0;
        for (var i = 0; i < scores.Length; i++)
        {
            scores[i] = Score(classifier, images[i], i, out var probability);
            confidence += probability / scores.Length;
        }

        double? frechet = images.Length >= DigitFidelity.Fewest ? DigitFidelity.Distance(images) : null;
        return new(new(level, steps, plan.Judge == QualityMeasure.Frechet ? PseudoValues(images, frechet!.Value) : [.. scores], confidence, frechet), images[0], seconds);
    }

    /// <summary>Keeps a contract: draws an image of its level and steps until its quality is good enough, or patience ends.</summary>
    /// <param name="image">Whose intent, from 0 to Images − 1.</param>
    /// <param name="level">l, from 0 to 4.</param>
    /// <param name="steps">s, from 1 to 1000.</param>
    /// <param name="threshold">The quality to reach.</param>
    /// <param name="mostAttempts">≥ 1.</param>
    /// <param name="cancellation">Ends the work early.</param>
    /// <remarks>Source: Ye et al., Sec. III.A, step 4. The noises are none of those that the cells were measured with.</remarks>
    public Delivery Deliver(int image, int level, int steps, double threshold, int mostAttempts, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(mostAttempts, 1);
        if (plan.Judge == QualityMeasure.Frechet)
        {
            throw new InvalidRequestException([new("judge", "the Fréchet distance belongs to many images; a single one cannot reach a threshold of it")]);
        }

        var classifier = new DigitClassifier();
        var told = new[] { intents[image].Reveal(level) };
        var (first, total) = (double.NaN, 0.0);
        for (var attempt = 1; ; attempt++)
        {
            var stream = ((ulong)attempt << 20) + (ulong)image;
            var (drawn, seconds) = Draw(told, [references[image]], _ => stream, steps, cancellation);
            total += seconds;
            var quality = Score(classifier, drawn[0], image, out _);
            first = attempt == 1 ? quality : first;
            if (quality >= threshold || attempt == mostAttempts)
            {
                return new(attempt, first, quality, quality >= threshold, total, drawn[0]);
            }
        }
    }

    /// <summary>Of 1 − d / (2 tr Σ), with each tenth of the images left out once: G θ − (G − 1) θ without the group.</summary>
    private ImmutableArray<double> PseudoValues(ImmutableArray<Image> images, double distance)
    {
        var values = ImmutableArray.CreateBuilder<double>();
        for (var group = 0; group < Groups; group++)
        {
            var without = DigitFidelity.Distance([.. images.Where((_, i) => i % Groups != group)]);
            values.Add(1 - (((Groups * distance) - ((Groups - 1) * without)) / scale));
        }

        return values.ToImmutable();
    }

    private static bool[] Open(Image? mask)
    {
        if (mask is not null && (mask.Width, mask.Height) != (DigitGenerator.Width, DigitGenerator.Width))
        {
            throw new InvalidRequestException([new("mask", $"is {mask.Width} x {mask.Height}; the embedded generator draws {DigitGenerator.Width} x {DigitGenerator.Width}")]);
        }

        return mask is null ? [.. Enumerable.Range(0, Denoiser.Pixels).Select(p => p >= Denoiser.Pixels / 2)] : DigitGenerator.Open(mask);
    }

    private static Digit Intent(ulong seed, int image)
    {
        var random = Rng.Stream(seed, IntentStreams + (ulong)image);
        return new() { Class = random.NextInt(10), Slant = Trait(ref random), Thickness = Trait(ref random), Width = Trait(ref random) };

        static double Trait(ref Rng random) => Math.Clamp(random.NextNormal(), -2, 2);
    }

    private static float[] Features(DigitClassifier classifier, Image image, out float[] classes)
    {
        var features = new float[DigitClassifier.Features];
        classes = new float[10];
        classifier.Run(DigitGenerator.Ink(image), features, classes);
        return features;
    }

    private (ImmutableArray<Image> Images, double SecondsPerImage) Draw(
        Digit[] told, IReadOnlyList<Image> known, Func<int, ulong> stream, int steps, CancellationToken cancellation)
    {
        var start = Stopwatch.GetTimestamp();
        var images = plan.Task == MeasuredTask.Text
            ? DigitGenerator.DrawEach(told, stream, plan.Sampling(steps), cancellation)
            : DigitGenerator.InpaintEach(known, open, told, stream, plan.Sampling(steps), cancellation);
        return (images, Stopwatch.GetElapsedTime(start).TotalSeconds * Math.Min(Environment.ProcessorCount, told.Length) / told.Length);
    }

    private double Score(DigitClassifier classifier, Image image, int index, out double confidence)
    {
        var features = Features(classifier, image, out var classes);
        var largest = (double)classes.Max();
        confidence = Math.Exp(classes[intents[index].Class!.Value] - largest) / classes.Sum(score => Math.Exp(score - largest));
        if (plan.Judge == QualityMeasure.Ssim)
        {
            return StructuralSimilarity.Index(image, references[index]);
        }

        var distance = 0.0;
        for (var f = 0; f < features.Length; f++)
        {
            var difference = (double)features[f] - referenceFeatures[index][f];
            distance += difference * difference;
        }

        return 1 - (distance / scale);
    }
}

/// <summary>How a contract was kept.</summary>
/// <param name="Attempts">Images drawn, ≥ 1.</param>
/// <param name="FirstQuality">Quality of the first of them.</param>
/// <param name="Quality">Quality of the last, which is handed over if it succeeded.</param>
/// <param name="Succeeded">Whether the threshold was reached.</param>
/// <param name="Seconds">Wall-clock time of all attempts.</param>
/// <param name="Image">The last.</param>
public sealed record Delivery(int Attempts, double FirstQuality, double Quality, bool Succeeded, double Seconds, Image Image);
