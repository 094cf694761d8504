using System.Text.Json.Nodes;
using Menuet.Generation.Imaging;

namespace Menuet.Generation.External;

/// <summary>An image that is wanted of a generator.</summary>
/// <param name="Prompt">In words; not empty.</param>
public sealed record ImageOrder(string Prompt)
{
    /// <summary>Pixels across.</summary>
    public int Width { get; init; } = 512;

    /// <summary>Pixels down.</summary>
    public int Height { get; init; } = 512;

    /// <summary>Denoising steps; null: the server's own. Servers that hide their steps refuse it.</summary>
    public int? Steps { get; init; }

    /// <summary>Null: the server's own.</summary>
    public long? Seed { get; init; }

    /// <summary>The sampler's name at the server; null: its own.</summary>
    public string? Sampler { get; init; }

    /// <summary>For inpainting, the image to change; null: a new one.</summary>
    public Image? Source { get; init; }

    /// <summary>For inpainting, of the source's size, drawn anew where it is lighter than middle grey.</summary>
    public Image? Mask { get; init; }

    internal void Require(bool knowsSteps)
    {
        var problems = new List<Problem>();
        if (string.IsNullOrWhiteSpace(Prompt))
        {
            problems.Add(new("prompt", "is empty"));
        }

        if (Width is < 1 or > 8192 || Height is < 1 or > 8192)
        {
            problems.Add(new("size", $"must be from 1 x 1 to 8192 x 8192, not {Width} x {Height}"));
        }

        if (!knowsSteps && (Steps is not null || Seed is not null || Sampler is not null))
        {
            problems.Add(new("steps", "an OpenAI-compatible images endpoint takes neither steps nor seed nor sampler"));
        }

        if (Steps is < 1 or > 1000)
        {
            problems.Add(new("steps", "must be from 1 to 1000", $"{Steps}"));
        }

        if (Source is null != Mask is null || (Source is not null && (Source.Width, Source.Height) != (Mask!.Width, Mask.Height)))
        {
            problems.Add(new("mask", "inpainting needs an image and a mask of one size"));
        }

        if (problems.Count > 0)
        {
            throw new InvalidRequestException([.. problems]);
        }
    }
}

/// <summary>An image, and how it came to be.</summary>
/// <param name="Content">As the server sent it.</param>
/// <param name="Record">
/// Backend, address, model, the request without images and secrets, the SHA-256 of the image, tries, seconds, and what the server said of it (time, rewritten
/// prompt, seed).
/// </param>
public sealed record GeneratedImage(Content Content, JsonObject Record);

/// <summary>Anything that makes images from words.</summary>
public interface IImageGenerator
{
    /// <summary>The name on the command line and in records.</summary>
    string Name { get; }

    /// <summary>Makes one image.</summary>
    /// <exception cref="InvalidRequestException">The order does not suit the generator, or the server refused, was not reached in time, or sent something else than an image.</exception>
    Task<GeneratedImage> GenerateAsync(ImageOrder order, CancellationToken cancellation);
}
