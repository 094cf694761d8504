using System.Globalization;
using System.Text.Json.Nodes;
using Menuet.Cli.Rendering;
using Menuet.Generation.External;

namespace Menuet.Cli.Commands;

/// <summary>Images from a server, with a record beside each; the server and its key come from the environment alone.</summary>
internal static class ExternalGeneration
{
    internal const string ImagePrefix = "MENUET_IMAGE";
    internal const string PromptPrefix = "MENUET_PROMPT";

    /// <summary>Optimises the prompt in as many rounds as the level says, orders the image, and writes it as the server sent it.</summary>
    /// <returns>When all is written.</returns>
    internal static async Task RunAsync(Terminal terminal, string backend, ImageOrder order, int level, string output, CancellationToken cancellation)
    {
        var endpoint = RemoteEndpoint.FromEnvironment(ImagePrefix, needsModel: backend == "openai", Environment.GetEnvironmentVariable);
        string[] prompts = [order.Prompt];
        if (level > 0)
        {
            using var rewriter = new PromptRewriter(RemoteEndpoint.FromEnvironment(PromptPrefix, needsModel: true, Environment.GetEnvironmentVariable));
            prompts = [.. await rewriter.RewriteAsync(order.Prompt, level, cancellation)];
        }

        using var openAi = backend == "openai" ? new OpenAiImages(endpoint) : null;
        using var webUi = backend == "openai" ? null : new WebUi(endpoint);
        var generator = (IImageGenerator?)openAi ?? webUi!;
        var made = await generator.GenerateAsync(order with { Prompt = prompts[^1] }, cancellation);
        OutputFile.Write(output, made.Content.Bytes.ToArray());
        var record = made.Record;
        record["promptOptimisation"] = new JsonObject { ["kind"] = "language-model", ["level"] = level, ["prompts"] = new JsonArray([.. prompts.Select(prompt => (JsonNode)prompt)]) };
        OutputFile.Write(output + ".json", record.ToJsonString(JsonText.IndentedNodes) + "\n");
        terminal.Output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"Written: {output} ({made.Content.MediaType}, {made.Content.Bytes.Length} bytes, {(double)record["seconds"]!:G3} s), {output}.json"));
    }
}
