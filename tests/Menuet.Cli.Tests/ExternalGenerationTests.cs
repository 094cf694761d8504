using System.Text.Json.Nodes;
using Menuet.Generation.Imaging;
using Menuet.Generation.Tests.External;
using Microsoft.AspNetCore.Http;

namespace Menuet.Cli.Tests;

[Collection(OneServer.Name)]
public sealed class ExternalGenerationTests(ProtocolServer server)
{
    [Fact]
    public void AServersImages_AreOrderedLikeAnyOther_WithRewrittenPromptsAndARecord()
    {
        server.Interference = null;
        using var folder = new TemporaryFolder();
        using var variables = Variables.WebUi(server);
        var output = folder.File("seven.png");
        var session = Session.Run("generate", "a seven", "--backend", "webui", "--level", "1", "--steps", "9", "--seed", "4", "--sampler", "DDIM", "--width", "56", "--height", "84", "--out", output);
        Assert.True(session.ExitCode == 0, session.Error);
        Assert.Contains("seven.png, 56 x 84, 1 image; ", session.Output, StringComparison.Ordinal);
        var image = Png.Read(File.ReadAllBytes(output));
        Assert.Equal((56, 84), (image.Width, image.Height));
        var record = JsonNode.Parse(File.ReadAllText(output + ".json"))!;
        Assert.Equal(
            ("webui", "a seven, thick", 9, 4, "DDIM", 4),
            ((string)record["backend"]!, (string)record["request"]!["prompt"]!, (int)record["request"]!["steps"]!, (int)record["request"]!["seed"]!, (string)record["request"]!["sampler_name"]!,
                (int)JsonNode.Parse((string)record["response"]!["info"]!)!["seed"]!));
        Assert.Equal(["a seven", "a seven, thick"], record["promptOptimisation"]!["prompts"]!.AsArray().Select(prompt => (string)prompt!));
        Assert.DoesNotContain("with-a-password", session.Output + session.Error + record.ToJsonString(), StringComparison.Ordinal);

        File.WriteAllBytes(folder.File("mask.png"), Png.Write(new(56, 84, 1, [.. Enumerable.Range(0, 56 * 84).Select(p => p < 56 * 42 ? (byte)0 : (byte)255)])));
        Assert.Equal(0, Session.Run("inpaint", output, "--mask", folder.File("mask.png"), "--prompt", "a one", "--backend", "webui", "--out", folder.File("again.png")).ExitCode);
        var again = Png.Read(File.ReadAllBytes(folder.File("again.png")));
        Assert.Equal(image.Pixels[..(56 * 42)], again.Pixels[..(56 * 42)]);
        Assert.NotEqual(image.Pixels[(56 * 42)..].ToArray(), again.Pixels[(56 * 42)..].ToArray());
        Assert.Equal("/sdapi/v1/img2img", server.Requests.Last());

        var sheet = Session.Run("generate", "a seven", "--backend", "webui", "--count", "3", "--seed", "4", "--steps", "2", "--width", "56", "--height", "56", "--concurrency", "3", "--out", folder.File("sheet.png"));
        Assert.True(sheet.ExitCode == 0, sheet.Error);
        Assert.Equal(118, Png.Read(File.ReadAllBytes(folder.File("sheet.png"))).Width);
        Assert.Equal(6, Directory.GetFiles(folder.File("sheet-images")).Length);
        Assert.Equal([4, 5, 6], JsonNode.Parse(File.ReadAllText(folder.File("sheet.png.json")))!["images"]!.AsArray().Select(one => (int)one!["request"]!["seed"]!));
    }

    [Fact]
    public void ImagesThatAreNotDecodedHere_AreWrittenAsTheyCame()
    {
        byte[] jpeg = [0xFF, 0xD8, 0xFF, 0xE0, 0, 16, 74, 70, 73, 70];
        server.Interference = async (http, _) =>
        {
            await http.Response.WriteAsJsonAsync(new { images = new[] { Convert.ToBase64String(jpeg) }, info = "{}" });
            return true;
        };
        using var folder = new TemporaryFolder();
        using var variables = Variables.WebUi(server);
        var one = Session.Run("generate", "a fox", "--backend", "webui", "--scale", "2", "--out", folder.File("fox.jpg"));
        Assert.Equal(0, one.ExitCode);
        Assert.Contains("fox.jpg, image/jpeg of 10 bytes, 1 image", one.Output, StringComparison.Ordinal);
        Assert.Contains("neither sheet nor magnification", one.Error, StringComparison.Ordinal);
        Assert.Equal(jpeg, File.ReadAllBytes(folder.File("fox.jpg")));
        var two = Session.Run("generate", "a fox", "--backend", "webui", "--count", "2", "--out", folder.File("foxes.png"));
        Assert.Equal(0, two.ExitCode);
        Assert.False(File.Exists(folder.File("foxes.png")));
        Assert.Equal(["image-0001.jpg", "image-0001.json", "image-0002.jpg", "image-0002.json"], Directory.GetFiles(folder.File("foxes-images")).Select(Path.GetFileName).Order());
        server.Interference = null;
    }

    [Fact]
    public void AnImagesEndpoint_IsOrderedFromToo_AndItsRefusalsAreSentences()
    {
        server.Interference = null;
        using var folder = new TemporaryFolder();
        string[] generate = ["generate", "a seven", "--backend", "openai", "--width", "256", "--height", "256", "--out", folder.File("seven.png")];
        using (Variables.OpenAi(server))
        {
            Assert.Equal(0, Session.Run(generate).ExitCode);
            Assert.Equal(256, Png.Read(File.ReadAllBytes(folder.File("seven.png"))).Width);
            File.WriteAllBytes(folder.File("mask.png"), Png.Write(new(256, 256, 1, [.. Enumerable.Repeat((byte)255, 65536)])));
            var edited = Session.Run("inpaint", folder.File("seven.png"), "--mask", folder.File("mask.png"), "--prompt", "a one", "--backend", "openai", "--out", folder.File("one.png"));
            Assert.True(edited.ExitCode == 0, edited.Error);
            File.WriteAllBytes(folder.File("small.png"), Png.Write(new(28, 28, 1, [.. Enumerable.Repeat((byte)255, 784)])));
            Refused("takes neither steps", [.. generate, "--steps", "9"]);
            Refused("Supported values are", "generate", "a seven", "--backend", "openai", "--width", "300", "--out", folder.File("x.png"));
            Refused("is too long", "generate", new string('a', 10_240), "--backend", "openai", "--out", folder.File("x.png"));
            Refused("prompt: is empty", "generate", "", "--backend", "openai", "--out", folder.File("x.png"));
            Refused("must be of one size", "inpaint", folder.File("seven.png"), "--mask", folder.File("small.png"), "--prompt", "a one", "--backend", "openai", "--out", folder.File("x.png"));
        }

        using (Variables.OpenAi(server, "sk-another-secret"))
        {
            var refused = Refused("401: Incorrect API key provided: ***", generate);
            Assert.DoesNotContain("sk-another-secret", refused.Error, StringComparison.Ordinal);
        }

        Refused("MENUET_IMAGE_ENDPOINT: is not set", generate);
        Refused("belongs to servers", "generate", "seven", "--timeout", "3", "--out", folder.File("x.png"));
        using (Variables.WebUi(server))
            Refused("404: Sampler not found", "generate", "a seven", "--backend", "webui", "--sampler", "none", "--out", folder.File("x.png"));
        Assert.False(File.Exists(folder.File("x.png")));
    }

    private static Session Refused(string words, params string[] args)
    {
        var session = Session.Run(args);
        Assert.Equal(2, session.ExitCode);
        Assert.Contains(words, session.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", session.Error, StringComparison.Ordinal);
        return session;
    }
}
