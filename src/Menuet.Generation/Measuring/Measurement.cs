using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using Menuet.Generation.Embedded;
using Menuet.Generation.Imaging;
using Menuet.Generation.Judging;
using Menuet.Generation.Quality;

namespace Menuet.Generation.Measuring;

/// <summary>Measures the quality of a generator: intents, their references, and the images of one cell after another.</summary>
/// <remarks>
/// Image i has an intent: the plan's prompt, or a digit of uniform class with normal traits cut at ±2. The prompt optimiser makes a prompt of it for
/// each level. Where a judge compares, image i has a reference: the source whose part is taken away, or an image drawn from the prompt of the
/// unabridged intent (with a language model, of the largest level) in <see cref="MeasurementPlan.ReferenceSteps"/> steps. Text scored by SSIM starts from the
/// reference's own first noise, since two drawings of one intent do not coincide pixel by pixel; otherwise noises are independent. With the embedded
/// generator cells depend on the plan and their place alone: not on their order, on one another, or on threads.
/// Source: Ye et al., Sec. VI.A and Fig. 2 (quality over level and steps, averaged over images); Lai et al. 2025, Fig. 1 (SSIM over steps).
/// </remarks>
public sealed class Measurement
{
    private const ulong IntentStreams = 1UL << 40;
    private const ulong ReferenceStreams = 1UL << 41;
    private const int AttemptShift = 20;
    private const int Groups = 10;
    private const int LargestSample = 112;
    private const int FewestScores = 2;

    /// <summary>2 tr Σ of real digits' features: the mean squared distance of two of them.</summary>
    private static readonly double Scale = 2 * Enumerable.Range(0, DigitClassifier.Features).Sum(f => (double)TensorFile.Features["covariance"][(f * DigitClassifier.Features) + f]);

    private readonly MeasurementPlan plan;
    private readonly IImageGenerator generator;
    private readonly IJudge? judge;
    private readonly int concurrency;
    private readonly ConcurrentBag<DigitClassifier> classifiers = [];
    private readonly ImmutableArray<Digit> digits = [];
    private readonly ImmutableArray<string>[] prompts;
    private readonly Image?[] references;
    private readonly float[]?[] referenceFeatures;

    private Measurement(MeasurementPlan plan, IImageGenerator generator, IJudge? judge, int concurrency)
    {
        (this.plan, this.generator, this.judge, this.concurrency) = (plan, generator, judge, concurrency);
        if (plan.Prompts.IsEmpty)
        {
            digits = [.. Enumerable.Range(0, plan.Images).Select(i => Intent(plan.Seed, i))];
        }

        prompts = new ImmutableArray<string>[plan.Images];
        references = new Image?[plan.Images];
        referenceFeatures = new float[plan.Images][];
    }

    private bool Compares => plan.Judge is QualityMeasure.Ssim or QualityMeasure.Fidelity;

    /// <summary>Optimises the prompts and draws the references; the latter takes as long as a cell of that many steps.</summary>
    /// <param name="plan">What to measure.</param>
    /// <param name="generator">Whose quality.</param>
    /// <param name="optimiser">What prompt levels mean.</param>
    /// <param name="judge">For <see cref="QualityMeasure.OpenAi"/>; otherwise null.</param>
    /// <param name="concurrency">How many images are on their way at a time, ≥ 1.</param>
    /// <param name="cancellation">Ends the work early.</param>
    /// <exception cref="InvalidRequestException">The plan cannot be measured, or a server fails.</exception>
    public static async Task<Measurement> BeginAsync(
        MeasurementPlan plan, IImageGenerator generator, IPromptOptimiser optimiser, IJudge? judge, int concurrency, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(generator);
        ArgumentNullException.ThrowIfNull(optimiser);
        ArgumentOutOfRangeException.ThrowIfLessThan(concurrency, 1);
        if (plan.Problems(generator, optimiser) is { IsEmpty: false } problems)
        {
            throw new InvalidRequestException(problems);
        }

        if (plan.Judge == QualityMeasure.OpenAi != (judge is not null))
        {
            throw new ArgumentException("a judge belongs to plans that are judged by a model, and to no other", nameof(judge));
        }

        var measurement = new Measurement(plan, generator, judge, concurrency);
        await measurement.PrepareAsync(optimiser, cancellation);
        return measurement;
    }

    /// <summary>What image i is to show, in words: the prompt of level l.</summary>
    public string PromptOf(int image, int level) => prompts[image][level];

    /// <summary>What image i is compared with; null where nothing is compared.</summary>
    public Image? ReferenceOf(int image) => references[image];

    /// <summary>Draws and scores the images of one cell.</summary>
    /// <param name="level">l, within the plan's.</param>
    /// <param name="steps">s, from 1 to 1000.</param>
    /// <param name="cancellation">Ends the work early.</param>
    /// <exception cref="InvalidRequestException">A server fails, or the judge abstained from nearly every image.</exception>
    public async Task<CellSample> MeasureAsync(int level, int steps, CancellationToken cancellation)
    {
        var drawn = new Drawn[plan.Images];
        await EachAsync(
            async (i, token) =>
            {
                var label = string.Create(CultureInfo.InvariantCulture, $"level-{level}-steps-{steps:D4}-image-{i + 1:D4}");
                drawn[i] = await DrawAsync(Order(i, prompts[i][level], steps, (ulong)i, label), i, token);
            },
            cancellation);
        ImmutableArray<double> scores = [.. drawn.Select(image => image.Score).OfType<double>()];
        if (scores.Length < FewestScores)
        {
            throw new InvalidRequestException([new("judge", $"gave {scores.Length} scores for the {plan.Images} images of level {level} and {steps} steps; at least {FewestScores} are needed")]);
        }

        var (digitLike, confidence) = (plan.Backend.IsEmbedded, digits.IsEmpty ? null : (double?)drawn.Aggregate(0.0, (sum, image) => sum + (image.Confidence / drawn.Length)));
        double? frechet = digitLike && drawn.Length >= DigitFidelity.Fewest ? DigitFidelity.Distance([.. drawn.Select(image => image.Image!)]) : null;
        if (plan.Judge == QualityMeasure.Frechet)
        {
            scores = PseudoValues([.. drawn.Select(image => image.Image!)], frechet!.Value);
        }

        return new(new(level, steps, scores, confidence, frechet) { Abstained = drawn.Count(image => image.Score is null) }, Sample(drawn[0].Image), drawn.Average(image => image.Seconds));
    }

    /// <summary>Keeps a contract: draws an image of its level and steps until its quality is good enough, or patience ends.</summary>
    /// <param name="image">Whose intent, from 0 to Images − 1.</param>
    /// <param name="level">l, within the plan's.</param>
    /// <param name="steps">s, from 1 to 1000.</param>
    /// <param name="threshold">The quality to reach.</param>
    /// <param name="mostAttempts">≥ 1.</param>
    /// <param name="cancellation">Ends the work early.</param>
    /// <remarks>Source: Ye et al., Sec. III.A, step 4. The noises are none of those that the cells were measured with.</remarks>
    /// <exception cref="InvalidRequestException">A server fails, or quality belongs to whole cells.</exception>
    public async Task<Delivery> DeliverAsync(int image, int level, int steps, double threshold, int mostAttempts, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(mostAttempts, 1);
        if (plan.Judge == QualityMeasure.Frechet)
        {
            throw new InvalidRequestException([new("judge", "the Fréchet distance belongs to many images; a single one cannot reach a threshold of it")]);
        }

        var (first, total) = ((double?)null, 0.0);
        for (var attempt = 1; ; attempt++)
        {
            var label = string.Create(CultureInfo.InvariantCulture, $"user-{image + 1:D4}-level-{level}-steps-{steps:D4}-attempt-{attempt:D4}");
            var drawn = await DrawAsync(Order(image, prompts[image][level], steps, ((ulong)attempt << AttemptShift) + (ulong)image, label), image, cancellation);
            total += drawn.Seconds;
            first = attempt == 1 ? drawn.Score : first;
            var succeeded = drawn.Score >= threshold;
            if (succeeded || attempt == mostAttempts)
            {
                return new(attempt, first, drawn.Score, succeeded, total, Sample(drawn.Image));
            }
        }
    }

    private async Task PrepareAsync(IPromptOptimiser optimiser, CancellationToken cancellation)
    {
        if (plan.Task == MeasuredTask.Inpaint && !plan.Sources.IsEmpty)
        {
            for (var i = 0; i < references.Length; i++)
                references[i] = plan.Sources[i % plan.Sources.Length];
        }

        // The embedded generator's references are deterministic and without guidance, however the cells are drawn.
        using var plain = plan.Backend.IsEmbedded ? new DigitGenerator(noise: 0) : null;
        await EachAsync(
            async (i, token) =>
            {
                var intent = digits.IsEmpty ? plan.Prompts[i % plan.Prompts.Length] : digits[i].ToPrompt();
                prompts[i] = await optimiser.OptimiseAsync(intent, plan.LevelMax, token);
                if (references[i] is null && (Compares || plan.Task == MeasuredTask.Inpaint))
                {
                    references[i] = await ReferenceAsync(plain ?? generator, i, optimiser.UnchangedLevel > plan.LevelMax ? intent : prompts[i][plan.LevelMax], token);
                }

                if (plan.Judge == QualityMeasure.Fidelity)
                {
                    referenceFeatures[i] = Classified(references[i]!).Features;
                }
            },
            cancellation);
    }

    private async Task<Image> ReferenceAsync(IImageGenerator source, int i, string prompt, CancellationToken cancellation)
    {
        var offset = plan is { Task: MeasuredTask.Text, Judge: QualityMeasure.Ssim } ? 0 : ReferenceStreams;
        var label = string.Create(CultureInfo.InvariantCulture, $"reference-{i + 1:D4}");
        var order = Complete(new(prompt) { Label = label }, plan.ReferenceSteps, offset + (ulong)i);
        return (await source.GenerateAsync(order, cancellation)).Content.ReadImage();
    }

    private ImageOrder Order(int i, string prompt, int steps, ulong index, string label)
    {
        var source = plan.Task == MeasuredTask.Inpaint ? references[i] : null;
        return Complete(new(prompt) { Source = source, Mask = source is null ? null : plan.MaskOf(source.Width, source.Height), Label = label }, steps, index);
    }

    private ImageOrder Complete(ImageOrder order, int steps, ulong index) =>
        plan.Backend.Complete(generator.TakesSteps ? order with { Steps = steps, Seed = plan.Seed, Index = index } : order);

    private async Task<Drawn> DrawAsync(ImageOrder order, int i, CancellationToken cancellation)
    {
        var made = await generator.GenerateAsync(order, cancellation);
        if (plan.Judge == QualityMeasure.OpenAi)
        {
            var judgement = await judge!.JudgeAsync(made.Content, cancellation);
            return new(made.Content.MediaType == "image/png" ? made.Content.ReadImage() : null, judgement.Score, Confidence: 0, made.Seconds);
        }

        var image = made.Content.ReadImage();
        var (features, classes) = digits.IsEmpty && plan.Judge == QualityMeasure.Ssim ? ([], []) : Classified(image);
        var confidence = 0.0;
        if (!digits.IsEmpty)
        {
            var largest = (double)classes.Max();
            confidence = Math.Exp(classes[digits[i].Class!.Value] - largest) / classes.Sum(score => Math.Exp(score - largest));
        }

        return new(image, plan.Judge == QualityMeasure.Ssim ? StructuralSimilarity.Index(image, references[i]!) : plan.Judge == QualityMeasure.Fidelity ? Fidelity(features, i) : 0, confidence, made.Seconds);
    }

    private double Fidelity(float[] features, int i)
    {
        var distance = 0.0;
        for (var f = 0; f < features.Length; f++)
        {
            var difference = (double)features[f] - referenceFeatures[i]![f];
            distance += difference * difference;
        }

        return 1 - (distance / Scale);
    }

    /// <summary>Of 1 − d / (2 tr Σ), with each tenth of the images left out once: G θ − (G − 1) θ without the group.</summary>
    private static ImmutableArray<double> PseudoValues(ImmutableArray<Image> images, double distance)
    {
        var values = ImmutableArray.CreateBuilder<double>();
        for (var group = 0; group < Groups; group++)
        {
            var without = DigitFidelity.Distance([.. images.Where((_, i) => i % Groups != group)]);
            values.Add(1 - (((Groups * distance) - ((Groups - 1) * without)) / Scale));
        }

        return values.ToImmutable();
    }

    private static Digit Intent(ulong seed, int image)
    {
        var random = Rng.Stream(seed, IntentStreams + (ulong)image);
        return new() { Class = random.NextInt(10), Slant = Trait(ref random), Thickness = Trait(ref random), Width = Trait(ref random) };

        static double Trait(ref Rng random) => Math.Clamp(random.NextNormal(), -2, 2);
    }

    /// <summary>Features and class scores; images of another size than a digit's are brought to it first.</summary>
    private (float[] Features, float[] Classes) Classified(Image image)
    {
        var classifier = classifiers.TryTake(out var idle) ? idle : new();
        var (features, classes) = (new float[DigitClassifier.Features], new float[10]);
        classifier.Run(DigitGenerator.Ink(image.Resized(DigitGenerator.Width, DigitGenerator.Width)), features, classes);
        classifiers.Add(classifier);
        return (features, classes);
    }

    private static Image Sample(Image? image)
    {
        if (image is null)
        {
            return new(LargestSample, LargestSample, 1, [.. Enumerable.Repeat((byte)Image.MiddleGrey, LargestSample * LargestSample)]);
        }

        var scale = Math.Min(1, (double)LargestSample / Math.Max(image.Width, image.Height));
        return image.Resized(Math.Max(1, (int)Math.Round(image.Width * scale)), Math.Max(1, (int)Math.Round(image.Height * scale)));
    }

    private Task EachAsync(Func<int, CancellationToken, ValueTask> body, CancellationToken cancellation) => Parallel.ForEachAsync(
        Enumerable.Range(0, plan.Images), new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = concurrency }, body);

    /// <summary>An image and its score; null where the judge abstained. No image where it is of a kind that is not decoded here.</summary>
    private readonly record struct Drawn(Image? Image, double? Score, double Confidence, double Seconds);
}

/// <summary>How a contract was kept.</summary>
/// <param name="Attempts">Images drawn, ≥ 1.</param>
/// <param name="FirstQuality">Quality of the first of them; null where the judge abstained.</param>
/// <param name="Quality">Quality of the last, which is handed over if it succeeded; null where the judge abstained.</param>
/// <param name="Succeeded">Whether the threshold was reached.</param>
/// <param name="Seconds">Wall-clock time of all attempts.</param>
/// <param name="Image">The last, grey and at most 112 pixels across.</param>
public sealed record Delivery(int Attempts, double? FirstQuality, double? Quality, bool Succeeded, double Seconds, Image Image);
