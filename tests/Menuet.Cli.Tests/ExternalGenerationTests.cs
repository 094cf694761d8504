using System.Text.Json.Nodes;
using Menuet.Generation.Imaging;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Menuet.Cli.Tests;

public sealed class ExternalGenerationTests
{
    private static readonly string[] Variables = ["MENUET_IMAGE_ENDPOINT", "MENUET_IMAGE_MODEL", "MENUET_IMAGE_KEY", "MENUET_PROMPT_ENDPOINT", "MENUET_PROMPT_MODEL"];

    [Fact]
    public async Task Prompts_AreRewritten_ImagesOrdered_AndEverythingRecorded()
    {
        var png = Png.Write(new(4, 4, 1, new byte[16]));
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        await using var server = builder.Build();
        server.MapPost("/sdapi/v1/{task}", (string task) => Results.Json(new { images = new[] { Convert.ToBase64String(png) }, info = task }));
        server.MapPost("/chat/completions", () => Results.Json(new { choices = new[] { new { message = new { content = "a fox at dusk" } } } }));
        await server.StartAsync();
        using var folder = new TemporaryFolder();
        var output = folder.File("fox.png");
        var none = Session.Run("generate", "a fox", "--backend", "webui", "--out", output);
        Assert.Equal(2, none.ExitCode);
        Assert.Contains("MENUET_IMAGE_ENDPOINT: is not set", none.Error, StringComparison.Ordinal);
        try
        {
            foreach (var variable in Variables)
                Environment.SetEnvironmentVariable(variable, variable.EndsWith("ENDPOINT", StringComparison.Ordinal) ? server.Urls.Single() : "secret");
            var session = Session.Run("generate", "a fox", "--backend", "webui", "--level", "1", "--steps", "9", "--seed", "4", "--out", output);
            Assert.True(session.ExitCode == 0, session.Error);
            Assert.Equal(png, File.ReadAllBytes(output));
            var record = JsonNode.Parse(File.ReadAllText(output + ".json"))!;
            Assert.Equal(("a fox at dusk", 9, 4, "txt2img"), ((string)record["request"]!["prompt"]!, (int)record["request"]!["steps"]!, (int)record["request"]!["seed"]!, (string)record["response"]!["info"]!));
            Assert.Equal(["a fox", "a fox at dusk"], record["promptOptimisation"]!["prompts"]!.AsArray().Select(prompt => (string)prompt!));
            Assert.Equal(0, Session.Run("inpaint", output, "--mask", output, "--prompt", "a fox", "--backend", "webui", "--out", folder.File("again.png")).ExitCode);
            Assert.Equal("img2img", (string)JsonNode.Parse(File.ReadAllText(folder.File("again.png.json")))!["response"]!["info"]!);
            Assert.Equal(2, Session.Run("generate", "a fox", "--backend", "openai", "--steps", "9", "--out", output).ExitCode);
            Assert.Equal(2, Session.Run("generate", "a fox", "--backend", "webui", "--count", "2", "--out", output).ExitCode);
        }
        finally
        {
            foreach (var variable in Variables)
                Environment.SetEnvironmentVariable(variable, null);
        }
    }
}
