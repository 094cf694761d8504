using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Menuet.Generation.Embedded;
using Menuet.Generation.External;
using Menuet.Generation.Judging;

namespace Menuet.Generation;

/// <summary>Which generator, and what decides its images besides their orders. What is null stays the generator's own.</summary>
public sealed record Backend
{
    /// <summary>The name of OpenAI-compatible images endpoints.</summary>
    public const string OpenAiName = "openai";

    /// <summary>The name of the Stable Diffusion web UI.</summary>
    public const string WebUiName = "webui";

    /// <summary>The backends by name.</summary>
    public static readonly ImmutableArray<string> Names = [DigitGenerator.Backend, OpenAiName, WebUiName];

    private const double StandardNoise = 1;
    private const int StandardResamplings = 3;

    /// <summary>One of <see cref="Names"/>.</summary>
    public string Name { get; init; } = DigitGenerator.Backend;

    /// <summary>embedded: η in [0, 1], 0 DDIM and 1 (unless given) DDPM.</summary>
    public double? Noise { get; init; }

    /// <summary>embedded: w in [0, 100] of classifier-free guidance, 0 unless given.</summary>
    public double? Guidance { get; init; }

    /// <summary>embedded: how often each step of inpainting is drawn, from 1 to 100, 3 unless given.</summary>
    public int? Resamplings { get; init; }

    /// <summary>webui: the sampler's name there.</summary>
    public string? Sampler { get; init; }

    /// <summary>Servers: pixels across.</summary>
    public int? Width { get; init; }

    /// <summary>Servers: pixels down.</summary>
    public int? Height { get; init; }

    /// <summary>Whether it is the model that is part of the program; otherwise a server.</summary>
    public bool IsEmbedded => Name == DigitGenerator.Backend;

    /// <summary>The generator.</summary>
    /// <param name="endpoint">Where a server is; null for the embedded generator.</param>
    /// <param name="patience">With a server; null: 90 s a try, three retries, replies of up to 64 MiB.</param>
    /// <param name="requestsPerMinute">With a server; &gt; 0.</param>
    /// <exception cref="InvalidRequestException">A setting belongs to another backend, or there is none of this name.</exception>
    public IImageGenerator Open(RemoteEndpoint? endpoint = null, Patience? patience = null, double requestsPerMinute = double.PositiveInfinity)
    {
        var misplaced = new (string Setting, bool IsMisplaced, string Owner)[]
        {
            ("noise", Noise is not null && !IsEmbedded, "the backend embedded"),
            ("guidance", Guidance is not null && !IsEmbedded, "the backend embedded"),
            ("resamplings", Resamplings is not null && !IsEmbedded, "the backend embedded"),
            ("sampler", Sampler is not null && Name != WebUiName, $"the backend {WebUiName}"),
            ("size", (Width ?? Height) is not null && IsEmbedded, "servers: the embedded generator draws 28 x 28"),
        };
        ImmutableArray<Problem> problems = [.. misplaced.Where(setting => setting.IsMisplaced).Select(setting => new Problem(setting.Setting, $"belongs to {setting.Owner}"))];
        if (!problems.IsEmpty)
        {
            throw new InvalidRequestException(problems);
        }

        return Name switch
        {
            DigitGenerator.Backend => new DigitGenerator(Noise ?? StandardNoise, Guidance ?? 0, Resamplings ?? StandardResamplings),
            OpenAiName => new OpenAiImages(endpoint ?? throw new ArgumentNullException(nameof(endpoint)), patience, requestsPerMinute),
            WebUiName => new WebUi(endpoint ?? throw new ArgumentNullException(nameof(endpoint)), patience, requestsPerMinute),
            _ => throw new InvalidRequestException([new("backend", $"must be one of {string.Join(", ", Names)}", $"\"{Name}\"")]),
        };
    }

    /// <summary>The same order with the settings that every order to this backend has.</summary>
    public ImageOrder Complete(ImageOrder order)
    {
        ArgumentNullException.ThrowIfNull(order);
        return order with { Sampler = Sampler, Width = Width ?? order.Source?.Width, Height = Height ?? order.Source?.Height };
    }

    internal void WriteTo(JsonObject json, bool isInpainting)
    {
        if (IsEmbedded)
        {
            (json["noise"], json["guidance"], json["resamplings"]) = (Noise ?? StandardNoise, Guidance ?? 0, isInpainting ? Resamplings ?? StandardResamplings : 1);
        }
        else
        {
            (json["sampler"], json["width"], json["height"]) = (Sampler, Width, Height);
        }
    }

    /// <summary>Reads what <see cref="Measuring.MeasurementPlan.ToJson"/> wrote of it.</summary>
    /// <exception cref="InvalidOperationException">A value is of another kind.</exception>
    public static Backend Read(JsonObject json)
    {
        ArgumentNullException.ThrowIfNull(json);
        return new()
        {
            Name = (string?)json["backend"] ?? "",
            Noise = (double?)json["noise"],
            Guidance = (double?)json["guidance"],
            Resamplings = (int?)json["resamplings"],
            Sampler = (string?)json["sampler"],
            Width = (int?)json["width"],
            Height = (int?)json["height"],
        };
    }
}
