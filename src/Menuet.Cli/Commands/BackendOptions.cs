using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Menuet.Generation;
using Menuet.Generation.Embedded;
using Menuet.Generation.External;
using Menuet.Generation.Judging;

namespace Menuet.Cli.Commands;

/// <summary>Options that say who makes images, and how patient the program is with a server. Addresses, models and keys come from the environment alone.</summary>
internal sealed class BackendOptions
{
    internal const string ImagePrefix = "MENUET_IMAGE";
    internal const string PromptPrefix = "MENUET_PROMPT";

    private readonly Option<string> backend = new("--backend")
    {
        Description = $"embedded: digits of 28 x 28 pixels; openai: an OpenAI-compatible images endpoint; webui: the Stable Diffusion web UI; both at {ImagePrefix}_ENDPOINT (_MODEL, _KEY)",
        DefaultValueFactory = _ => DigitGenerator.Backend,
    };

    private readonly Option<double?> noise;
    private readonly Option<double?> guidance = NumberOptions.OptionalNumber("--guidance", "embedded: weight of classifier-free guidance, 0 unless given; above 0 each step costs twice", 0, 100);
    private readonly Option<int?> resamplings = NumberOptions.OptionalWhole("--resamplings", "embedded: how often each step of inpainting is drawn, going back in between, 3 unless given", 1, 100);
    private readonly Option<string?> sampler = new("--sampler") { Description = "webui: the sampler's name there" };
    private readonly Option<int?> width = NumberOptions.OptionalWhole("--width", "Servers: pixels across, 512 unless given; of inpainting the image's own", 1, 8192);
    private readonly Option<int?> height = NumberOptions.OptionalWhole("--height", "Servers: pixels down, 512 unless given; of inpainting the image's own", 1, 8192);
    private readonly PatienceOptions patience = new();
    private readonly double standardNoise;

    internal BackendOptions(double standardNoise)
    {
        this.standardNoise = standardNoise;
        noise = NumberOptions.OptionalNumber(
            "--noise", string.Create(CultureInfo.InvariantCulture, $"embedded: 0 is DDIM, deterministic after the first noise; 1 DDPM; {standardNoise} unless given"), 0, 1);
        backend.AcceptOnlyFromAmong([.. Backend.Names]);
    }

    internal void AddTo(Command command, bool canInpaint)
    {
        foreach (var option in (Option[])[backend, noise, guidance, .. canInpaint ? [resamplings] : Array.Empty<Option>(), sampler, width, height])
            command.Options.Add(option);
        patience.AddTo(command);
    }

    internal Backend Read(ParseResult parsed)
    {
        var name = parsed.GetRequiredValue(backend);
        return new()
        {
            Name = name,
            Noise = parsed.GetValue(noise) ?? (name == DigitGenerator.Backend ? standardNoise : null),
            Guidance = parsed.GetValue(guidance),
            Resamplings = parsed.GetResult(resamplings) is null ? null : parsed.GetValue(resamplings),
            Sampler = parsed.GetValue(sampler),
            Width = parsed.GetValue(width),
            Height = parsed.GetValue(height),
        };
    }

    internal Engine Open(ParseResult parsed, Backend chosen, int? level) => patience.Open(parsed, chosen, level);
}

/// <summary>How patient the program is with a server, and how hard it presses.</summary>
internal sealed class PatienceOptions
{
    private const int LargestImageReply = 1 << 26;
    private const double LeastRate = 1e-3;

    private readonly Option<double?> timeout = NumberOptions.OptionalNumber("--timeout", "Servers: seconds that a try may take, reply included; 90 unless given", 0.1, 3600);
    private readonly Option<int?> retries = NumberOptions.OptionalWhole("--retries", "Servers: tries after the first, of what may mend itself; 3 unless given", 0, 20);
    private readonly Option<double?> rate = NumberOptions.OptionalNumber("--requests-per-minute", "Servers: at most so many requests are sent; no limit unless given", LeastRate, 1e6);
    private readonly Option<int?> concurrency = NumberOptions.OptionalWhole("--concurrency", "Servers: how many images are on their way at a time; 1 unless given", 1, 64);

    internal void AddTo(Command command)
    {
        foreach (var option in (Option[])[timeout, retries, rate, concurrency])
            command.Options.Add(option);
    }

    /// <summary>How patient to be; replies of images may be large.</summary>
    internal Patience Read(ParseResult parsed)
    {
        var standard = new Patience { LargestReply = LargestImageReply };
        return standard with
        {
            Timeout = parsed.GetValue(timeout) is { } seconds ? TimeSpan.FromSeconds(seconds) : standard.Timeout,
            Retries = parsed.GetValue(retries) ?? standard.Retries,
        };
    }

    /// <summary>Opens a backend and what optimises its prompts.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="backend">Which.</param>
    /// <param name="level">The largest prompt level that will be asked for; null: prompts stay as they are.</param>
    internal Engine Open(ParseResult parsed, Backend backend, int? level)
    {
        ImmutableArray<Problem> problems = backend.IsEmbedded
            ? [.. ((Option[])[timeout, retries, rate, concurrency]).Where(option => parsed.GetResult(option) is { Implicit: false }).Select(option => new Problem(option.Name, "belongs to servers; the embedded generator is none"))]
            : [];
        if (!problems.IsEmpty)
        {
            throw new InvalidRequestException(problems);
        }

        if (backend.IsEmbedded)
        {
            return new(backend.Open(), new FactRevelation(), Environment.ProcessorCount);
        }

        var (patience, perMinute) = (Read(parsed), parsed.GetValue(rate) ?? double.PositiveInfinity);
        var images = RemoteEndpoint.FromEnvironment(BackendOptions.ImagePrefix, needsModel: backend.Name == Backend.OpenAiName, Environment.GetEnvironmentVariable);
        var prompts = level > 0 ? RemoteEndpoint.FromEnvironment(BackendOptions.PromptPrefix, needsModel: true, Environment.GetEnvironmentVariable) : null;
        var forTexts = patience with { LargestReply = new Patience().LargestReply };
        return new(backend.Open(images, patience, perMinute), new PromptRewriter(prompts, forTexts, perMinute), parsed.GetValue(concurrency) ?? 1)
        {
            ImageModel = images.Model,
            PromptModel = prompts?.Model ?? "",
            Patience = forTexts,
        };
    }
}

/// <summary>A generator, what optimises its prompts, and how many images may be on their way at a time.</summary>
internal sealed record Engine(IImageGenerator Generator, IPromptOptimiser Optimiser, int Concurrency) : IDisposable
{
    /// <summary>The model's name at the server of images; empty where it has none.</summary>
    internal string ImageModel { get; init; } = "";

    /// <summary>The model's name at the server of prompts; empty where none is asked.</summary>
    internal string PromptModel { get; init; } = "";

    /// <summary>How patient to be with servers of texts.</summary>
    internal Patience Patience { get; init; } = new();

    public void Dispose()
    {
        Generator.Dispose();
        Optimiser.Dispose();
    }
}
