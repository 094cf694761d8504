using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Menuet.Cli.Commands;
using Menuet.Cli.Rendering;
using Menuet.Generation;
using Menuet.Generation.Imaging;
using Menuet.Generation.Judging;

namespace Menuet.Cli.Measuring;

/// <summary>Keeps every image in a folder as it comes, its record beside it. What was paid for is never asked for twice.</summary>
/// <param name="inner">Makes what is not there.</param>
/// <param name="folder">Files are named by the orders' labels.</param>
/// <param name="isReused">Whether an image that is there answers an equal order.</param>
/// <param name="isDecoded">Whether only images count that can be decoded here, since they will be compared pixel by pixel.</param>
internal sealed class KeptImages(IImageGenerator inner, string folder, bool isReused, bool isDecoded = false) : IImageGenerator
{
    private const string OrderKey = "order";

    private static readonly Dictionary<string, string> Endings = new() { ["image/png"] = "png", ["image/jpeg"] = "jpg", ["image/gif"] = "gif", ["image/webp"] = "webp" };

    public string Name => inner.Name;

    public bool TakesSteps => inner.TakesSteps;

    public void Dispose() => inner.Dispose();

    public async Task<GeneratedImage> GenerateAsync(ImageOrder order, CancellationToken cancellation)
    {
        var (hash, recordFile) = (Hash(order), Path.Combine(folder, order.Label + ".json"));
        if (isReused && Find(order, hash, recordFile) is { } found)
        {
            return found;
        }

        var made = await inner.GenerateAsync(order, cancellation);
        OutputFile.Write(ImageFile(order, made.Content.MediaType), made.Content.Bytes.ToArray());
        // The record comes last: an image that has one is whole.
        made.Record[OrderKey] = hash;
        OutputFile.Write(recordFile, made.Record.ToJsonString(JsonText.IndentedNodes) + "\n");
        return made;
    }

    private static string Hash(ImageOrder order)
    {
        static string Of(Image? image) => image is null ? "" : Convert.ToHexStringLower(SHA256.HashData(Png.Write(image)));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(new JsonArray(
            order.Prompt, order.Width, order.Height, order.Steps, order.Seed, order.Index, order.Sampler, Of(order.Source), Of(order.Mask)).ToJsonString())));
    }

    private GeneratedImage? Find(ImageOrder order, string hash, string recordFile)
    {
        try
        {
            if (!File.Exists(recordFile) || JsonNode.Parse(File.ReadAllBytes(recordFile)) is not JsonObject record || (string?)record[OrderKey] != hash)
            {
                return null;
            }

            var content = Content.Of(order.Label, File.ReadAllBytes(ImageFile(order, (string?)record["mediaType"] ?? "")));
            var made = new GeneratedImage(content, record);
            _ = isDecoded ? content.ReadImage() : null;
            return content.Hash == (string?)record["sha256"] && double.IsFinite(made.Seconds) ? made : null;
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException or FormatException or NullReferenceException or IOException or InvalidRequestException)
        {
            return null;
        }
    }

    private string ImageFile(ImageOrder order, string mediaType) =>
        Path.Combine(folder, $"{order.Label}.{Endings.GetValueOrDefault(mediaType, "bin")}");
}

/// <summary>Keeps what a language model made of each prompt, so that a resumed measurement goes on with the same words.</summary>
/// <param name="inner">Rewrites what is not there.</param>
/// <param name="file">One line of JSON for each prompt.</param>
internal sealed class KeptPrompts(IPromptOptimiser inner, string file) : IPromptOptimiser
{
    private readonly ConcurrentDictionary<string, Lazy<Task<ImmutableArray<string>>>> known = Read(file);
    private readonly Lock writing = new();

    public string Name => inner.Name;

    public string Meaning => inner.Meaning;

    public int MostLevel => inner.MostLevel;

    public int UnchangedLevel => inner.UnchangedLevel;

    public void Dispose() => inner.Dispose();

    public async Task<ImmutableArray<string>> OptimiseAsync(string prompt, int level, CancellationToken cancellation)
    {
        if (level == inner.UnchangedLevel)
        {
            return await inner.OptimiseAsync(prompt, level, cancellation);
        }

        // Images that share a prompt share its rounds, also while they are being asked for.
        var rounds = await known.GetOrAdd(prompt, _ => new(() => AskAsync(prompt, level, cancellation))).Value;
        return rounds.Length > level ? rounds[..(level + 1)] : await AskAsync(prompt, level, cancellation);
    }

    private static ConcurrentDictionary<string, Lazy<Task<ImmutableArray<string>>>> Read(string file)
    {
        var known = new ConcurrentDictionary<string, Lazy<Task<ImmutableArray<string>>>>();
        foreach (var line in File.Exists(file) ? File.ReadLines(file) : [])
        {
            try
            {
                ImmutableArray<string> rounds = [.. JsonNode.Parse(line)!.AsArray().Select(round => (string)round!)];
                known[rounds[0]] = new(Task.FromResult(rounds));
            }
            catch (Exception broken) when (broken is JsonException or InvalidOperationException or NullReferenceException or IndexOutOfRangeException)
            {
                // A line that was cut short is asked for again.
            }
        }

        return known;
    }

    private async Task<ImmutableArray<string>> AskAsync(string prompt, int level, CancellationToken cancellation)
    {
        var rounds = await inner.OptimiseAsync(prompt, level, cancellation);
        lock (writing)
            OutputFile.Append(file, new JsonArray([.. rounds.Select(round => (JsonNode)round)]).ToJsonString() + "\n");
        return rounds;
    }
}

/// <summary>Keeps every judgement with all that is needed to replay it; content that has a score is not judged again.</summary>
/// <param name="inner">Judges what is not there.</param>
/// <param name="file">As <c>menuet judge --record</c> writes it.</param>
internal sealed class KeptJudgements(IJudge inner, string file) : IJudge, IDisposable
{
    private readonly ConcurrentDictionary<string, Judgement> known = Read(file);
    private readonly Lock writing = new();

    public string Name => inner.Name;

    public string Scale => inner.Scale;

    public void Dispose() => (inner as IDisposable)?.Dispose();

    public async Task<Judgement> JudgeAsync(Content content, CancellationToken cancellation)
    {
        if (known.TryGetValue(content.Hash, out var found))
        {
            return found;
        }

        var judgement = await inner.JudgeAsync(content, cancellation);
        lock (writing)
            OutputFile.Append(file, JudgementRecord.Write(judgement, TimeProvider.System.GetUtcNow()) + "\n");
        return judgement.Score is null ? judgement : known.GetOrAdd(content.Hash, judgement);
    }

    private static ConcurrentDictionary<string, Judgement> Read(string file)
    {
        var known = new ConcurrentDictionary<string, Judgement>();
        foreach (var line in File.Exists(file) ? File.ReadLines(file) : [])
        {
            try
            {
                if (JudgementRecord.Read(Encoding.UTF8.GetBytes(line)) is { Score: not null } judgement)
                {
                    known[judgement.Content.Sha256] = judgement;
                }
            }
            catch (InvalidRequestException)
            {
                // A line that was cut short is judged again.
            }
        }

        return known;
    }
}
