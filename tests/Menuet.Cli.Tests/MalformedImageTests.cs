using Menuet.Generation.Imaging;

namespace Menuet.Cli.Tests;

/// <summary>Every command that reads images says what is wrong with them, in a sentence.</summary>
public sealed class MalformedImageTests
{
    public static TheoryData<string, string> Kinds() => new()
    {
        { "truncated", "is truncated" },
        { "cut between chunks", "is truncated" },
        { "wrong checksum", "checksum of its part IDAT is wrong" },
        { "16 bits", "16 bits a channel" },
        { "interlaced", "is interlaced" },
        { "bomb", "claims 60000 x 60000 pixels" },
        { "fewer pixels", "has fewer pixels than its header says" },
        { "more pixels", "has more pixels than its header says" },
        { "palette without colours", "a colour that its palette (PLTE) does not have" },
        { "no width", "claims 0 x 28 pixels" },
        { "jpeg", "holds image/jpeg; only PNG images" },
        { "gif", "holds image/gif; only PNG images" },
        { "text", "holds text/plain; only PNG images" },
        { "empty", "has 0 bytes" },
        { "noise", "is neither a PNG" },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void EveryCommand_RefusesThem(string kind, string words)
    {
        using var folder = new TemporaryFolder();
        var (good, bad) = (folder.File("good.png"), folder.File("bad.png"));
        File.WriteAllBytes(good, DamagedPng.Good());
        File.WriteAllBytes(bad, Bytes(kind));
        Directory.CreateDirectory(folder.File("sources"));
        File.Copy(bad, Path.Combine(folder.File("sources"), "bad.png"));
        foreach (var arguments in (string[][])[
            ["judge", bad, "--judge", "ssim", "--reference", good],
            ["judge", good, "--judge", "psnr", "--reference", bad],
            ["inpaint", bad, "--mask", good, "--steps", "1", "--out", folder.File("x.png")],
            ["inpaint", good, "--mask", bad, "--steps", "1", "--out", folder.File("x.png")],
            ["measure", "--task", "inpaint", "--mask", bad, "--out", folder.File("x")],
            ["measure", "--task", "inpaint", "--sources", folder.File("sources"), "--out", folder.File("x")],
        ])
        {
            var session = Session.Run(arguments);
            Assert.True(session.ExitCode == 2, $"{arguments[0]}: {session.ExitCode} {session.Error}");
            Assert.Contains(words, session.Error, StringComparison.Ordinal);
            Assert.Contains("bad.png", session.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", session.Error, StringComparison.Ordinal);
            Assert.InRange(session.Error.Length, 10, 1000);
        }

        Assert.False(File.Exists(folder.File("x.png")) || Directory.Exists(folder.File("x")));
    }

    [Fact]
    public void OddMasks_AreRefusedOrObeyed()
    {
        using var folder = new TemporaryFolder();
        string Picture(string name, int width, int height, byte value)
        {
            File.WriteAllBytes(folder.File(name), Png.Write(new(width, height, 1, [.. Enumerable.Repeat(value, width * height)])));
            return folder.File(name);
        }

        var image = Picture("image.png", 28, 28, 255);
        void Refused(string words, string mask, string command = "inpaint")
        {
            string[] arguments = command == "inpaint" ? ["inpaint", image, "--mask", mask, "--steps", "1", "--out", folder.File("x.png")]
                : ["measure", "--task", "inpaint", "--mask", mask, "--steps", "1", "--images", "2", "--out", folder.File("x")];
            var session = Session.Run(arguments);
            Assert.Equal(2, session.ExitCode);
            Assert.Contains(words, session.Error, StringComparison.Ordinal);
            Assert.False(File.Exists(folder.File("x.png")) || Directory.Exists(folder.File("x")));
        }

        Refused("must be of one size", Picture("small.png", 27, 28, 255));
        Refused("draws 28 x 28", folder.File("small.png"), "measure");
        Refused("is black throughout", Picture("black.png", 28, 28, 0));
        Refused("is black throughout", folder.File("black.png"), "measure");
        var white = Picture("white.png", 28, 28, 255);
        Assert.Equal(0, Session.Run("inpaint", image, "--mask", white, "--prompt", "seven", "--steps", "2", "--out", folder.File("all.png")).ExitCode);
        Assert.Equal(0, Session.Run("measure", "--task", "inpaint", "--mask", white, "--levels", "4", "--steps", "1", "--images", "2", "--reference-steps", "1", "--out", folder.File("m")).ExitCode);
        // The mask is kept: contracts can be kept with it.
        Assert.Equal(File.ReadAllBytes(white), File.ReadAllBytes(Path.Combine(folder.File("m"), "mask.png")));
    }

    [Theory]
    [InlineData("1.5")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("-1e7")]
    [InlineData("1,5")]
    [InlineData("")]
    public void OddThresholds_AreRefused(string threshold)
    {
        using var folder = new TemporaryFolder();
        var session = Session.Run("measure", "--judge", "ssim", "--levels", "4", "--steps", "1", "--images", "2", "--threshold", threshold, "--out", folder.File("x"));
        Assert.Equal(2, session.ExitCode);
        Assert.Contains("threshold", session.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("x")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a seven, slant=0.5")]
    [InlineData("\u202Eseven")]
    [InlineData("семь digit 七")]
    public void OddPrompts_AreDrawn(string prompt)
    {
        using var folder = new TemporaryFolder();
        var session = Session.Run("generate", prompt, "--steps", "1", "--out", folder.File("a.png"));
        Assert.Equal(prompt.StartsWith('\u202E') ? 2 : 0, session.ExitCode);
        Assert.DoesNotContain("fault of Menuet", session.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void ALongPrompt_IsAnsweredBriefly()
    {
        using var folder = new TemporaryFolder();
        var words = string.Join(' ', Enumerable.Range(0, 1300).Select(i => $"word{i}"));
        Assert.True(words.Length > 10_240);
        var refused = Session.Run("generate", words, "--out", folder.File("a.png"));
        Assert.Equal(2, refused.ExitCode);
        Assert.InRange(refused.Error.Length, 20, 800);
        var drawn = Session.Run("generate", words + " seven", "--steps", "1", "--out", folder.File("a.png"));
        Assert.Equal(0, drawn.ExitCode);
        Assert.InRange(drawn.Output.Length + drawn.Error.Length, 20, 1500);
    }

    private static byte[] Bytes(string kind)
    {
        var good = DamagedPng.Good();
        switch (kind)
        {
            case "truncated":
                return good[..^20];
            case "cut between chunks":
                return good[..33];
            case "wrong checksum":
                good[60] ^= 1;
                return good;
            case "16 bits":
                return DamagedPng.WithHeader(28, 28, bits: 16);
            case "interlaced":
                return DamagedPng.WithHeader(28, 28, interlaced: 1);
            case "bomb":
                return DamagedPng.WithHeader(60_000, 60_000);
            case "fewer pixels":
                return DamagedPng.WithHeader(28, 29);
            case "more pixels":
                return DamagedPng.WithHeader(28, 27);
            case "palette without colours":
                return DamagedPng.WithHeader(28, 28, colour: 3);
            case "no width":
                return DamagedPng.WithHeader(0, 28);
            case "jpeg":
                return [0xFF, 0xD8, 0xFF, 0xE0, 0, 16, 74, 70, 73, 70];
            case "gif":
                return [.. "GIF89a"u8, 1, 0, 1, 0];
            case "text":
                return "a picture of a fox"u8.ToArray();
            case "empty":
                return [];
            default:
                return [0, 1, 2, 0xFE, 0xFF, 3];
        }
    }
}
