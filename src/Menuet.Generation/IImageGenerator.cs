using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Menuet.Generation;

/// <summary>Anything that makes images from words: the embedded model, or a server.</summary>
public interface IImageGenerator : IDisposable
{
    /// <summary>The backend's name on the command line and in records.</summary>
    string Name { get; }

    /// <summary>Whether steps, seed and sampler of an order are obeyed; a generator that hides them refuses orders that name them.</summary>
    bool TakesSteps { get; }

    /// <summary>Makes one image. May be called again before the first is there.</summary>
    /// <exception cref="InvalidRequestException">The order does not suit the generator, or a server refused, was not reached in time, or sent something else than an image.</exception>
    Task<GeneratedImage> GenerateAsync(ImageOrder order, CancellationToken cancellation);
}

/// <summary>An image, and how it came to be.</summary>
/// <param name="Content">As the generator made it.</param>
/// <param name="Record">
/// Backend, address, model, the request without images and secrets, the SHA-256 of the image, tries, seconds, and what the server said of it (time,
/// rewritten prompt, seed).
/// </param>
public sealed record GeneratedImage(Content Content, JsonObject Record)
{
    /// <summary>What its orderer should know, such as words of the prompt that were passed over.</summary>
    public ImmutableArray<string> Notes { get; init; } = [];

    /// <summary>Wall-clock time, all tries included.</summary>
    public double Seconds => (double)Record[GenerationRecord.SecondsKey]!;
}
