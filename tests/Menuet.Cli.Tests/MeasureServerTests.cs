using System.Globalization;
using System.Text.Json.Nodes;
using Menuet.Generation.Imaging;
using Menuet.Generation.Tests.External;
using Microsoft.AspNetCore.Http;

namespace Menuet.Cli.Tests;

/// <summary>Measuring servers: what comes is kept, what fails is said, and what was finished stays usable.</summary>
[Collection(OneServer.Name)]
public sealed class MeasureServerTests(ProtocolServer server) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose()
    {
        server.Interference = null;
        folder.Dispose();
    }

    [Fact]
    public void TheWebUi_IsMeasured_AndAMeasurementThatBrokeOff_EndsInTheSameNumbers()
    {
        using var variables = Variables.WebUi(server);
        server.Interference = null;
        string[] measure =
        [
            "measure", "--backend", "webui", "--judge", "ssim", "--levels", "0..1", "--steps", "1..3", "--images", "4", "--reference-steps", "4", "--threshold", "0.8", "--width", "56",
            "--height", "56", "--prompts", folder.Write("prompts.txt", "a seven\n\na three\n"), "--retries", "0", "--concurrency", "2", "--seed", "9", "--out",
        ];
        var whole = Session.Run([.. measure, folder.File("whole")]);
        Assert.True(whole.ExitCode == 0, whole.Error);
        Assert.Contains("6 cells of 4 images are ordered from webui", whole.Error, StringComparison.Ordinal);
        // Four references and 24 images; two prompts are rewritten once each.
        Assert.Equal((28, 2), (server.Requests.Count(path => path.StartsWith("/sdapi", StringComparison.Ordinal)), server.Requests.Count(path => path.EndsWith("completions", StringComparison.Ordinal))));
        var rows = Rows(folder.File("whole"));
        Assert.Equal(["0,1", "0,2", "0,3", "1,1", "1,2", "1,3"], rows.Select(row => $"{row[0]},{row[1]}"));
        Assert.True(double.Parse(rows[3][2], CultureInfo.InvariantCulture) + 0.05 < double.Parse(rows[5][2], CultureInfo.InvariantCulture), "similarity to the reference's own noise rises with steps");
        Assert.All(rows, row => Assert.Equal(("4", ""), (row[4], row[7])));
        var record = JsonNode.Parse(File.ReadAllText(Path.Combine(folder.File("whole"), "images", "level-1-steps-0003-image-0002.json")))!;
        Assert.Equal(("a three, thick", 3, "webui"), ((string)record["request"]!["prompt"]!, (int)record["request"]!["steps"]!, (string)record["backend"]!));
        Assert.Equal(56, Png.Read(File.ReadAllBytes(Path.Combine(folder.File("whole"), "images", "level-1-steps-0003-image-0002.png"))).Width);
        Assert.All(File.ReadAllLines(Path.Combine(folder.File("whole"), "latency.csv")).Skip(1), line => Assert.True(double.Parse(line.Split(',')[2], CultureInfo.InvariantCulture) > 0));

        // The server dies in the third cell.
        server.Interference = (http, count) => Answered(count > 17, http, 500, "{}");
        var broken = Session.Run([.. measure, folder.File("parts")]);
        Assert.Equal(2, broken.ExitCode);
        Assert.Contains("stopped with 2 of 6 cells; the same command with --resume goes on", broken.Error, StringComparison.Ordinal);
        Assert.Contains("the server answered 500 (1 tries)", broken.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(folder.File("parts"), "measurements.csv")));
        Assert.Equal(2, Session.Run("market", "from-measurement", folder.File("parts"), "--kind", "quality-contract").ExitCode);
        // One image is damaged, one line of prompts cut short.
        File.WriteAllText(Path.Combine(folder.File("parts"), "images", "reference-0001.png"), "no image");
        File.AppendAllText(Path.Combine(folder.File("parts"), "prompts.jsonl"), "[\"a thr");
        server.Interference = null;
        var resumed = Session.Run([.. measure, folder.File("parts"), "--resume"]);
        Assert.True(resumed.ExitCode == 0, resumed.Error);
        Assert.InRange(server.Requests.Count, 14, 17);
        Assert.DoesNotContain("/v1/chat/completions", server.Requests);
        Assert.All(["measurements.csv", "quality.svg", "success.svg", "samples.png"], file =>
            Assert.Equal(File.ReadAllBytes(Path.Combine(folder.File("whole"), file)), File.ReadAllBytes(Path.Combine(folder.File("parts"), file))));

        // Another model at the same address is another measurement.
        Environment.SetEnvironmentVariable("MENUET_PROMPT_MODEL", "chat-2");
        var other = Session.Run([.. measure, folder.File("parts"), "--resume"]);
        Assert.Equal(2, other.ExitCode);
        Assert.Contains("promptModel differs", other.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void AnImagesEndpoint_IsJudgedByAModel_SoldAndExecuted()
    {
        using var variables = Variables.OpenAi(server);
        server.Interference = null;
        var output = folder.File("rated");
        string[] measure =
        [
            "measure", "--backend", "openai", "--judge", "openai", "--levels", "0..2", "--images", "3", "--threshold", "3", "--width", "256", "--height", "256",
            "--prompts", folder.Write("prompts.txt", "a seven\na one\n"), "--requests-per-minute", "100000", "--timeout", "30", "--out", output,
        ];
        var measured = Session.Run(measure);
        Assert.True(measured.ExitCode == 0, measured.Error);
        Assert.Contains("3 cells of 3 images; rating from", measured.Output, StringComparison.Ordinal);
        var rows = Rows(output);
        Assert.Equal(["0,1", "1,1", "2,1"], rows.Select(row => $"{row[0]},{row[1]}"));
        // The first round makes digits thick, and the judge looks at ink.
        Assert.True(double.Parse(rows[0][2], CultureInfo.InvariantCulture) < double.Parse(rows[1][2], CultureInfo.InvariantCulture));
        Assert.Equal(9, File.ReadAllLines(Path.Combine(output, "judgements.jsonl")).Length);
        var replayed = Session.Run("judge", Path.Combine(output, "images", "level-1-steps-0001-image-0002.png"), "--replay", Path.Combine(output, "judgements.jsonl"));
        Assert.Equal(0, replayed.ExitCode);
        Assert.DoesNotContain(ProtocolServer.Key, string.Concat(Directory.EnumerateFiles(output, "*.json*", SearchOption.AllDirectories).Select(File.ReadAllText)), StringComparison.Ordinal);

        var market = folder.File("market.json");
        var made = Session.Run("market", "from-measurement", output, "--kind", "quality-contract", "--curve", "measured", "--cost-per-level", "0.1", "--out", market);
        Assert.True(made.ExitCode == 0, made.Error);
        Assert.Contains("of the backend openai", File.ReadAllText(market), StringComparison.Ordinal);
        var kept = Session.Run("market", "execute", output, "--market", market, "--users", "2", "--attempts", "3", "--sheet", folder.File("sheet.png"), "--concurrency", "2");
        Assert.True(kept.ExitCode == 0, kept.Error);
        Assert.Contains("Contracts kept for 2 users of each type", kept.Output, StringComparison.Ordinal);
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(output, "deliveries"), "user-0001-*.json"));
        // Kept once, kept for good: the same command asks for nothing.
        server.Interference = null;
        Assert.Equal(kept.Output, Session.Run("market", "execute", output, "--market", market, "--users", "2", "--attempts", "3", "--sheet", folder.File("sheet.png")).Output);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public void Inpainting_KeepsMaskAndSources_ForItsContracts()
    {
        using var variables = Variables.WebUi(server);
        server.Interference = null;
        Directory.CreateDirectory(folder.File("sources"));
        var pixels = Enumerable.Range(0, 56 * 56).Select(p => (byte)(p % 56 is > 20 and < 34 ? 20 : 255)).ToArray();
        File.WriteAllBytes(Path.Combine(folder.File("sources"), "one.png"), Png.Write(new(56, 56, 1, pixels)));
        File.WriteAllBytes(folder.File("mask.png"), Png.Write(new(56, 56, 1, [.. Enumerable.Range(0, 56 * 56).Select(p => p / 56 < 20 ? byte.MaxValue : byte.MinValue)])));
        string[] measure =
        [
            "measure", "--backend", "webui", "--task", "inpaint", "--judge", "ssim", "--levels", "0", "--steps", "1..3", "--images", "2", "--threshold", "0.3",
            "--prompts", folder.Write("prompts.txt", "a one"), "--sources", folder.File("sources"), "--mask", folder.File("mask.png"), "--out", folder.File("m"),
        ];
        var measured = Session.Run(measure);
        Assert.True(measured.ExitCode == 0, measured.Error);
        Assert.DoesNotContain("/v1/chat/completions", server.Requests);
        Assert.Equal(File.ReadAllBytes(folder.File("mask.png")), File.ReadAllBytes(Path.Combine(folder.File("m"), "mask.png")));
        var image = Png.Read(File.ReadAllBytes(Path.Combine(folder.File("m"), "images", "level-0-steps-0002-image-0001.png")));
        Assert.Equal(pixels[(20 * 56)..], image.Pixels[(20 * 56)..].ToArray());
        var market = folder.File("market.json");
        Assert.Equal(0, Session.Run("market", "from-measurement", folder.File("m"), "--kind", "quality-contract", "--curve", "measured", "--gains", "50,60", "--out", market).ExitCode);
        var kept = Session.Run("market", "execute", folder.File("m"), "--market", market, "--users", "2", "--attempts", "2");
        Assert.True(kept.ExitCode == 0, kept.Error);
        File.WriteAllBytes(Path.Combine(folder.File("m"), "mask.png"), Png.Write(new(56, 56, 1, [.. Enumerable.Repeat(byte.MaxValue, 56 * 56)])));
        var other = Session.Run("market", "execute", folder.File("m"), "--market", market, "--users", "2");
        Assert.Equal(2, other.ExitCode);
        Assert.Contains("mask is not what was measured with", other.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void CtrlC_KeepsWhatCame_AndConcurrencyIsKept()
    {
        using var variables = Variables.WebUi(server);
        using var stop = new CancellationTokenSource();
        var (running, most) = (0, 0);
        server.Interference = async (http, count) =>
        {
            InterlockedMax(ref most, Interlocked.Increment(ref running));
            if (count == 9)
            {
                await stop.CancelAsync();
            }

            await Task.Delay(30);
            Interlocked.Decrement(ref running);
            return false;
        };
        string[] measure =
        [
            "measure", "--backend", "webui", "--judge", "openai", "--levels", "0", "--steps", "1..3", "--images", "3", "--width", "56", "--height", "56", "--concurrency", "3",
            "--prompts", folder.Write("prompts.txt", "a seven"), "--out", folder.File("m"),
        ];
        using var errors = new StringWriter();
        Assert.Equal(3, CommandLine.Run(measure, new(new StringWriter(), errors, () => new MemoryStream(), IsInteractive: false), stop.Token));
        Assert.Contains("stopped with 1 of 3 cells; the same command with --resume goes on", errors.ToString(), StringComparison.Ordinal);
        Assert.InRange(most, 2, 3);
        var kept = Directory.GetFiles(Path.Combine(folder.File("m"), "images"), "*.json").Length;
        Assert.InRange(kept, 3, 6);
        server.Interference = null;
        Assert.Equal(0, Session.Run([.. measure, "--resume"]).ExitCode);
        Assert.Equal(9 - kept, server.Requests.Count(path => path.StartsWith("/sdapi", StringComparison.Ordinal)));
        Assert.Equal(9, Directory.GetFiles(Path.Combine(folder.File("m"), "images"), "*.json").Length);
    }

    public static TheoryData<string, string> Hostile() => new()
    {
        { "truncated", "may have been cut short" },
        { "wrong types", "holds no image in base64" },
        { "huge", "larger than" },
        { "slow", "no whole reply within 3 s (1 tries)" },
        { "a bomb", "claims 60000 x 60000 pixels" },
        { "half an image", "is truncated" },
        { "jpeg", "only PNG images can be compared" },
        { "gone", "(1 tries)" },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public void HostileAnswers_EndInASentence_AndFinishedCellsStay(string kind, string words)
    {
        using var variables = Variables.WebUi(server);
        // The first cell of two images goes well, and the two references.
        server.Interference = async (http, count) => count > 4 && await Misbehave(http, kind);
        string[] measure =
        [
            "measure", "--backend", "webui", "--judge", "fidelity", "--levels", "0", "--steps", "1..2", "--images", "2", "--reference-steps", "2", "--width", "56", "--height", "56",
            "--prompts", folder.Write("prompts.txt", "a seven"), "--retries", "0", "--timeout", kind == "slow" ? "3" : "30", "--out", folder.File("m"),
        ];
        var session = Session.Run(measure);
        Assert.Equal(2, session.ExitCode);
        Assert.Contains(words, session.Error, StringComparison.Ordinal);
        Assert.Contains("stopped with 1 of 2 cells", session.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("fault of Menuet", session.Error, StringComparison.Ordinal);
        Assert.True(session.Error.Length < 1500, session.Error);
        server.Interference = null;
        Assert.Equal(0, Session.Run([.. measure, "--resume"]).ExitCode);
        Assert.InRange(server.Requests.Count, 1, 2);
        Assert.Equal(2, Rows(folder.File("m")).Length);
    }

    [Fact]
    public void WhatAServerCannotDo_IsSaidBeforeAnythingIsWrittenOrSent()
    {
        server.Interference = null;
        var prompts = folder.Write("prompts.txt", "a seven");
        void Refused(string words, params string[] args)
        {
            var session = Session.Run(["measure", .. args, "--out", folder.File("never")]);
            Assert.Equal(2, session.ExitCode);
            Assert.Contains(words, session.Error, StringComparison.Ordinal);
        }

        Refused("MENUET_IMAGE_ENDPOINT: is not set", "--backend", "webui");
        using (Variables.OpenAi(server))
        {
            Refused("must be given with a server", "--backend", "openai", "--judge", "openai", "--prompts", prompts);
            Refused("takes no steps", "--backend", "openai", "--judge", "openai", "--prompts", prompts, "--images", "2", "--steps", "1..3");
            Refused("takes no seed", "--backend", "openai", "--judge", "ssim", "--prompts", prompts, "--images", "2");
            Refused("prompts: are needed", "--backend", "openai", "--judge", "openai", "--images", "2");
            Refused("sources: are needed", "--backend", "openai", "--task", "inpaint", "--judge", "openai", "--images", "2", "--prompts", prompts);
            Refused("real digits", "--backend", "openai", "--judge", "frechet", "--images", "100", "--prompts", prompts);
            Refused("can never be reached", "--backend", "openai", "--judge", "openai", "--images", "2", "--prompts", prompts, "--threshold", "10.5");
            Refused("belongs to the backend embedded", "--backend", "openai", "--judge", "openai", "--images", "2", "--prompts", prompts, "--noise", "1");
            Refused("holds 0 prompts", "--backend", "openai", "--images", "2", "--prompts", folder.Write("empty.txt", " \n "));
            Refused("no folder with PNG images", "--backend", "openai", "--images", "2", "--task", "inpaint", "--sources", folder.File("none"));
        }

        Refused("can never be reached: the judge ssim gives at most 1", "--judge", "ssim", "--threshold", "1.01");
        Refused("levels", "--levels", "0..5");
        Refused("MENUET_JUDGE_ENDPOINT", "--judge", "openai");
        Refused("belong to --judge openai", "--votes", "3");
        Assert.False(Directory.Exists(folder.File("never")));
        Assert.Empty(server.Requests);
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var known = Volatile.Read(ref most); value > known; known = Volatile.Read(ref most))
            _ = Interlocked.CompareExchange(ref most, value, known);
    }

    private static string[][] Rows(string folder) => [.. File.ReadAllLines(Path.Combine(folder, "measurements.csv")).Skip(1).Select(line => line.Split(','))];

    private static async Task<bool> Answered(bool steps, HttpContext http, int status, string body)
    {
        if (steps)
        {
            http.Response.StatusCode = status;
            await http.Response.WriteAsync(body);
        }

        return steps;
    }

    private static async Task<bool> Misbehave(HttpContext http, string kind)
    {
        static string With(byte[] image) => new JsonObject { ["images"] = new JsonArray(Convert.ToBase64String(image)), ["info"] = "{}" }.ToJsonString();
        var whole = Png.Write(new(56, 56, 1, new byte[56 * 56]));
        switch (kind)
        {
            case "slow":
                await http.Response.WriteAsync("{");
                await http.Response.Body.FlushAsync();
                await Task.Delay(TimeSpan.FromSeconds(20), http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
                return true;
            case "gone":
                http.Abort();
                return true;
            case "huge":
                var megabyte = new string(' ', 1 << 20);
                try
                {
                    for (var i = 0; i < 65; i++)
                        await http.Response.WriteAsync(megabyte, http.RequestAborted);
                }
                catch (OperationCanceledException)
                {
                    // The client has had enough.
                }

                return true;
            case "a bomb":
                return await Answered(true, http, 200, With(DamagedPng.WithHeader(60_000, 60_000)));
            case "half an image":
                return await Answered(true, http, 200, With(whole[..40]));
            case "jpeg":
                return await Answered(true, http, 200, With([0xFF, 0xD8, 0xFF, 0xE0, 0, 16]));
            default:
                return await Answered(true, http, 200, kind == "truncated" ? "{\"images\": [\"iVBORw0KGgo" : "{\"images\": [{\"png\": 3}], \"info\": 7}");
        }
    }
}
