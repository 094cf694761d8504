using Menuet.Generation.Imaging;
using Menuet.Generation.Quality;

namespace Menuet.Generation.Judging;

/// <summary>Compares an image with a reference, pixel by pixel: SSIM or PSNR.</summary>
public sealed class ReferenceJudge : IJudge
{
    private readonly ContentMark mark;
    private readonly Image reference;
    private readonly Func<Image, Image, double> measure;

    private ReferenceJudge(string name, string scale, Content reference, Func<Image, Image, double> measure)
    {
        ArgumentNullException.ThrowIfNull(reference);
        (Name, Scale, mark, this.reference, this.measure) = (name, scale, ContentMark.Of(reference), reference.ReadImage(), measure);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public string Scale { get; }

    /// <summary><see cref="StructuralSimilarity"/> with a reference.</summary>
    /// <exception cref="InvalidRequestException">The reference is no readable PNG image.</exception>
    public static ReferenceJudge Similarity(Content reference, SimilarityOptions? options = null) =>
        new("ssim", "SSIM [-1, 1]", reference, (image, against) => StructuralSimilarity.Index(image, against, options));

    /// <summary><see cref="SignalToNoise"/> with a reference. Equal images have no finite ratio: the judge abstains and says so.</summary>
    /// <exception cref="InvalidRequestException">The reference is no readable PNG image.</exception>
    public static ReferenceJudge PeakRatio(Content reference) => new("psnr", "PSNR [dB]", reference, SignalToNoise.PeakRatio);

    /// <inheritdoc/>
    public Task<Judgement> JudgeAsync(Content content, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(content);
        cancellation.ThrowIfCancellationRequested();
        var score = Measured(content);
        var isFinite = double.IsFinite(score);
        return Task.FromResult(new Judgement
        {
            Judge = Name,
            Scale = Scale,
            Content = ContentMark.Of(content),
            Reference = mark,
            Score = isFinite ? score : null,
            Spread = isFinite ? 0 : null,
            Votes = (isFinite ? 1 : 0, 1),
            Reason = isFinite ? null : "equal to its reference: the ratio is infinite",
        });
    }

    private double Measured(Content content)
    {
        try
        {
            return measure(content.ReadImage(), reference);
        }
        catch (InvalidRequestException error) when (error.Problems is [{ Path: "image" } problem])
        {
            throw new InvalidRequestException([problem with { Path = content.Name }]);
        }
    }
}
