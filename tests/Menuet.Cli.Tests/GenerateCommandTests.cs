using System.Text.Json.Nodes;
using Menuet.Generation.Imaging;

namespace Menuet.Cli.Tests;

public sealed class GenerateCommandTests
{
    [Fact]
    public void ADigit_IsDrawn_ThenDrawnAnewInPart()
    {
        using var folder = new TemporaryFolder();
        var session = Session.Run("generate", "a thick slanted seven", "--steps", "5", "--seed", "1", "--out", folder.File("seven.png"));
        Assert.Equal(0, session.ExitCode);
        Assert.Contains("28 x 28, 1 image; ", session.Output, StringComparison.Ordinal);
        var seven = Png.Read(File.ReadAllBytes(folder.File("seven.png")));
        Assert.Equal((28, 28), (seven.Width, seven.Height));
        Assert.Contains(seven.Pixels.ToArray(), pixel => pixel < 64);

        var mask = new byte[784];
        mask.AsSpan(392).Fill(255);
        File.WriteAllBytes(folder.File("mask.png"), Png.Write(new(28, 28, 1, mask)));
        var again = Session.Run("inpaint", folder.File("seven.png"), "--mask", folder.File("mask.png"), "--prompt", "seven", "--steps", "2", "--out", folder.File("again.png"));
        Assert.Equal(0, again.ExitCode);
        Assert.Equal(seven.Pixels[..392], Png.Read(File.ReadAllBytes(folder.File("again.png"))).Pixels[..392]);
        Assert.Equal(2, Session.Run("inpaint", folder.File("mask.png"), "--mask", folder.File("none.png"), "--out", folder.File("x.png")).ExitCode);
    }

    [Fact]
    public void Levels_HideFacts_AndSheetsHoldMany()
    {
        using var folder = new TemporaryFolder();
        var session = Session.Run("generate", "a thick slanted seven", "--level", "1", "--steps", "1", "--count", "5", "--scale", "2", "--out", folder.File("sheet.png"));
        Assert.Contains("176 x 118, 5 images; ", session.Output, StringComparison.Ordinal);
        Assert.EndsWith("level 1: a seven\n", session.Output, StringComparison.Ordinal);
        Assert.Equal(5, JsonNode.Parse(File.ReadAllText(folder.File("sheet.png.json")))!["images"]!.AsArray().Count);
        Assert.Contains("level 0: a digit", Session.Run("generate", "seven", "--level", "0", "--steps", "1", "--out", folder.File("any.png")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void UnknownWords_AreReported()
    {
        using var folder = new TemporaryFolder();
        var session = Session.Run("generate", "a purple seven", "--steps", "1", "--out", folder.File("a.png"));
        Assert.Equal(0, session.ExitCode);
        Assert.Contains("passed over: 'purple'", session.Error, StringComparison.Ordinal);
        var refused = Session.Run("generate", "purple haze", "--out", folder.File("b.png"));
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("'purple', 'haze'", refused.Error, StringComparison.Ordinal);
        Assert.Equal(["a.png", "a.png.json"], folder.Names());
    }

    [Theory]
    [InlineData("--steps", "0")]
    [InlineData("--steps", "1001")]
    [InlineData("--level", "5")]
    [InlineData("--noise", "1.5")]
    [InlineData("--noise", "NaN")]
    [InlineData("--guidance", "-1")]
    [InlineData("--count", "0")]
    [InlineData("--backend", "magic")]
    [InlineData("--sampler", "Euler a")]
    [InlineData("--width", "56")]
    [InlineData("--concurrency", "2")]
    public void OptionsOutOfRange_AreRefused(string option, string value) =>
        Assert.Equal(2, Session.Run("generate", "seven", "--out", "never.png", option, value).ExitCode);
}
