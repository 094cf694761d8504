using Menuet.Generation.Imaging;

namespace Menuet.Generation;

/// <summary>An image that is wanted of a generator.</summary>
/// <param name="Prompt">In words. The embedded generator draws any digit where it says nothing; servers need some words.</param>
public sealed record ImageOrder(string Prompt)
{
    private const int LargestSide = 8192;
    private const int MostSteps = 1000;

    /// <summary>Pixels across; null: the generator's own, 512 for servers.</summary>
    public int? Width { get; init; }

    /// <summary>Pixels down; null: the generator's own, 512 for servers.</summary>
    public int? Height { get; init; }

    /// <summary>Denoising steps, from 1 to 1000; null: the generator's own. Generators that hide their steps refuse it.</summary>
    public int? Steps { get; init; }

    /// <summary>Null: the generator's own; of the embedded one 0.</summary>
    public ulong? Seed { get; init; }

    /// <summary>Which image of the seed: another index, another image. Nothing without a seed.</summary>
    public ulong Index { get; init; }

    /// <summary>The sampler's name at the server; null: its own.</summary>
    public string? Sampler { get; init; }

    /// <summary>For inpainting, the image to change; null: a new one.</summary>
    public Image? Source { get; init; }

    /// <summary>For inpainting, of the source's size, drawn anew where it is lighter than middle grey.</summary>
    public Image? Mask { get; init; }

    /// <summary>What to call the image where many are kept; it changes nothing about it.</summary>
    public string Label { get; init; } = "image";

    /// <summary>Refuses what no generator could make, or this one cannot.</summary>
    /// <param name="generator">Which.</param>
    /// <param name="needsPrompt">Whether a prompt without words is refused.</param>
    internal void Require(IImageGenerator generator, bool needsPrompt)
    {
        var problems = new List<Problem>();
        if (needsPrompt && string.IsNullOrWhiteSpace(Prompt))
        {
            problems.Add(new("prompt", "is empty"));
        }

        if (Width is < 1 or > LargestSide || Height is < 1 or > LargestSide)
        {
            problems.Add(new("size", $"must be from 1 x 1 to {LargestSide} x {LargestSide}, not {Width} x {Height}"));
        }

        if (!generator.TakesSteps && (Steps is not null || Seed is not null || Sampler is not null))
        {
            problems.Add(new("steps", $"the backend {generator.Name} takes neither steps nor seed nor sampler"));
        }

        if (Steps is < 1 or > MostSteps)
        {
            problems.Add(new("steps", $"must be from 1 to {MostSteps}", $"{Steps}"));
        }

        if (Source is null != Mask is null)
        {
            problems.Add(new("mask", "inpainting needs an image and a mask"));
        }
        else if (Source is not null && (Source.Width, Source.Height) != (Mask!.Width, Mask.Height))
        {
            problems.Add(new("mask", $"is {Mask.Width} x {Mask.Height} and its image {Source.Width} x {Source.Height}; they must be of one size"));
        }
        else if (Mask is not null && !Mask.IsLightAnywhere())
        {
            problems.Add(new("mask", "is black throughout: there is nothing to draw; white marks what is drawn anew"));
        }

        if (problems.Count > 0)
        {
            throw new InvalidRequestException([.. problems]);
        }
    }
}
