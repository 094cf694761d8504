using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Menuet.Generation.External;
using Menuet.Generation.Imaging;
using Menuet.Generation.Judging;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Menuet.Generation.Tests.External;

/// <summary>A server on this machine; each test plugs its own behaviour in behind a path of its own.</summary>
public sealed class RemoteServer : IAsyncLifetime
{
    private readonly ConcurrentDictionary<string, Func<HttpContext, string, Task>> services = new();
    private readonly WebApplication application;

    public RemoteServer()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        application = builder.Build();
        application.MapPost("/{service}/{**path}", (string service, string path, HttpContext http) => services[service](http, path));
    }

    public Task InitializeAsync() => application.StartAsync();

    public Task DisposeAsync() => application.DisposeAsync().AsTask();

    internal RemoteEndpoint Serve(Func<HttpContext, string, Task> service, string model = "image-1", string key = ExternalGeneratorTests.Key)
    {
        var path = Guid.NewGuid().ToString("N");
        services[path] = service;
        return new(new($"{application.Urls.Single()}/{path}"), model, key);
    }
}

public sealed class ExternalGeneratorTests(RemoteServer server) : IClassFixture<RemoteServer>
{
    internal const string Key = "key-that-no-text-may-show";

    private static readonly Image Grey = new(8, 8, 1, Enumerable.Repeat((byte)90, 64).ToArray());
    private static readonly string Base64 = Convert.ToBase64String(Png.Write(Grey));
    private static readonly Patience Quick = new() { Timeout = TimeSpan.FromSeconds(2), Retries = 2, FirstDelay = TimeSpan.FromMilliseconds(1), LargestReply = 100_000 };
    private static readonly ImageOrder Fox = new("a fox") { Width = 64, Height = 32 };

    [Fact]
    public async Task OpenAi_SpeaksTheProtocol_AndRecordsWhatHappened()
    {
        JsonObject? seen = null;
        using var generator = new OpenAiImages(
            server.Serve(async (http, path) =>
            {
                Assert.Equal(("images/generations", $"Bearer {Key}"), (path, http.Request.Headers.Authorization.ToString()));
                seen = (await JsonNode.ParseAsync(http.Request.Body))!.AsObject();
                await http.Response.WriteAsJsonAsync(new { created = 1_700_000_000, data = new[] { new { b64_json = Base64, revised_prompt = "a red fox" } } });
            }),
            Quick);
        var made = await generator.GenerateAsync(Fox, default);
        Assert.Equal("""{"model":"image-1","prompt":"a fox","n":1,"size":"64x32","response_format":"b64_json"}""", seen!.ToJsonString());
        Assert.Equal(Grey.Pixels, made.Content.ReadImage().Pixels);
        Assert.Equal(("openai", "a red fox", 1, made.Content.Hash), ((string?)made.Record["backend"], (string?)made.Record["response"]!["revisedPrompt"], (int)made.Record["tries"]!, (string?)made.Record["sha256"]));
        Assert.DoesNotContain(Key, made.Record.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenAi_Edits_MakeTheMaskTransparentWhereItIsLight()
    {
        byte[]? mask = null;
        using var generator = new OpenAiImages(
            server.Serve(
                async (http, path) =>
                {
                    var form = await http.Request.ReadFormAsync();
                    using var copy = new MemoryStream();
                    await form.Files["mask"]!.CopyToAsync(copy);
                    mask = copy.ToArray();
                    Assert.Equal(("images/edits", "a fox", "gpt-image-1"), (path, form["prompt"].ToString(), form["model"].ToString()));
                    Assert.False(form.ContainsKey("response_format"));
                    await http.Response.WriteAsJsonAsync(new { data = new[] { new { b64_json = Base64 } } });
                },
                "gpt-image-1"),
            Quick);
        var light = new byte[64];
        light[5] = 255;
        await generator.GenerateAsync(Fox with { Source = Grey, Mask = new(8, 8, 1, light) }, default);
        var alpha = Png.Read(mask).Pixels.ToArray().Where((_, i) => i % 4 == 3).ToArray();
        Assert.Equal(Enumerable.Range(0, 64).Select(i => (byte)(i == 5 ? 0 : 255)), alpha);
    }

    [Fact]
    public async Task WebUi_ObeysStepsSeedSamplerAndMask()
    {
        var seen = new List<(string Path, JsonObject Body)>();
        using var generator = new WebUi(
            server.Serve(
                async (http, path) =>
                {
                    Assert.Equal("Basic " + Convert.ToBase64String("user:pass"u8), http.Request.Headers.Authorization.ToString());
                    seen.Add((path, (await JsonNode.ParseAsync(http.Request.Body))!.AsObject()));
                    await http.Response.WriteAsJsonAsync(new { images = new[] { "data:image/png;base64," + Base64 }, parameters = new { }, info = "{\"seed\": 7}" });
                },
                "", "user:pass"),
            Quick);
        var order = Fox with { Steps = 12, Seed = 7, Sampler = "Euler a" };
        var made = await generator.GenerateAsync(order, default);
        await generator.GenerateAsync(order with { Source = Grey, Mask = new(8, 8, 1, [.. Enumerable.Repeat((byte)200, 64)]) }, default);
        Assert.Equal(["sdapi/v1/txt2img", "sdapi/v1/img2img"], seen.Select(s => s.Path));
        Assert.All(seen, s => Assert.Equal((12, 7, "Euler a", 64, 32), ((int)s.Body["steps"]!, (long)s.Body["seed"]!, (string)s.Body["sampler_name"]!, (int)s.Body["width"]!, (int)s.Body["height"]!)));
        Assert.Equal(Grey.Pixels, Png.Read(Convert.FromBase64String((string)seen[1].Body["init_images"]![0]!)).Pixels);
        Assert.Equal(
            """{"denoising_strength":1,"inpainting_fill":2,"inpaint_full_res":false,"mask_blur":0}""",
            new JsonObject(seen[1].Body.Where(m => m.Key is "denoising_strength" or "inpainting_fill" or "inpaint_full_res" or "mask_blur").Select(m => KeyValuePair.Create(m.Key, m.Value?.DeepClone()))).ToJsonString());
        Assert.Equal(200, Png.Read(Convert.FromBase64String((string)seen[1].Body["mask"]!)).Pixels[0]);
        Assert.Equal("{\"seed\": 7}", (string)made.Record["response"]!["info"]!);
        Assert.Equal(12, (int)made.Record["request"]!["steps"]!);
    }

    [Fact]
    public async Task WhatMendsItself_IsTriedAgain_AndWhatDoesNot_IsNot()
    {
        var calls = 0;
        using var patient = new WebUi(
            server.Serve(async (http, _) =>
            {
                if (++calls < 3)
                {
                    http.Response.StatusCode = calls == 1 ? 503 : 429;
                    return;
                }

                await http.Response.WriteAsJsonAsync(new { images = new[] { Base64 } });
            }),
            Quick);
        Assert.Equal(3, (int)(await patient.GenerateAsync(Fox, default)).Record["tries"]!);

        calls = 0;
        using var refused = new OpenAiImages(
            server.Serve(async (http, _) =>
            {
                calls++;
                http.Response.StatusCode = 401;
                await http.Response.WriteAsJsonAsync(new { error = new { message = "wrong key" } });
            }),
            Quick);
        var error = await Assert.ThrowsAsync<InvalidRequestException>(() => refused.GenerateAsync(Fox, default));
        Assert.Equal(1, calls);
        Assert.Contains("401: wrong key", error.Problems[0].Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Key, error.Problems[0].ToString(), StringComparison.Ordinal);
    }

    public static TheoryData<string, string> Hostile() => new()
    {
        { "truncated", "{\"data\": [{\"b64_json\": \"iVBORw0" },
        { "no object", "[1, 2]" },
        { "wrong types", "{\"data\": {\"b64_json\": 3}, \"images\": 4}" },
        { "no image", "{\"data\": [], \"images\": []}" },
        { "wrong entry", "{\"data\": [7], \"images\": [7], \"choices\": [7]}" },
        { "address", "{\"data\": [{\"url\": \"http://127.0.0.1/secret\"}], \"images\": [null]}" },
        { "no base64", "{\"data\": [{\"b64_json\": \"%%%%\"}], \"images\": [\"%%%%\"]}" },
        { "a text", "{\"data\": [{\"b64_json\": \"aGVsbG8=\"}], \"images\": [\"aGVsbG8=\"]}" },
        { "nothing", "" },
        { "half a surrogate", "{\"data\": [{\"b64_json\": \"\\ud800\"}], \"images\": [\"\\ud800\"], \"choices\": [{\"message\": {\"content\": \"\\ud800\"}}]}" },
        { "deep", string.Concat(Enumerable.Repeat("{\"data\":", 5000)) },
        { "page", "<!DOCTYPE html><title>gateway</title>" },
        { "huge", new string(' ', 200_000) + "{}" },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public async Task HostileAnswers_GiveASentence(string name, string answer)
    {
        var endpoint = server.Serve((http, _) => http.Response.WriteAsync(answer));
        using var openAi = new OpenAiImages(endpoint, Quick);
        using var webUi = new WebUi(endpoint, Quick);
        using var rewriter = new PromptRewriter(endpoint, Quick);
        foreach (var error in new[]
        {
            await Assert.ThrowsAsync<InvalidRequestException>(() => openAi.GenerateAsync(Fox, default)),
            await Assert.ThrowsAsync<InvalidRequestException>(() => webUi.GenerateAsync(Fox, default)),
            await Assert.ThrowsAsync<InvalidRequestException>(() => rewriter.OptimiseAsync("a fox", 1, default)),
        })
        {
            Assert.True(error.Problems is [{ Message.Length: > 10 and < 400 }], name);
        }
    }

    [Fact]
    public async Task WrongTypesBesideAnImage_DoNotMatter_AndAKeyThatIsRepeated_IsHidden()
    {
        using var openAi = new OpenAiImages(
            server.Serve((http, _) => http.Response.WriteAsync($$"""{"created": "yesterday", "data": [{"b64_json": "{{Base64}}", "revised_prompt": "{{Key}}"}]}""")), Quick);
        var made = await openAi.GenerateAsync(Fox, default);
        Assert.Equal("***", (string)made.Record["response"]!["revisedPrompt"]!);
        Assert.Null(made.Record["response"]!["created"]);
        using var refused = new OpenAiImages(
            server.Serve((http, _) =>
            {
                http.Response.StatusCode = 401;
                return http.Response.WriteAsync($$$"""{"error": {"message": "Incorrect API key provided: {{{Key}}}."}}""");
            }),
            Quick);
        Assert.Contains("provided: ***.", (await Assert.ThrowsAsync<InvalidRequestException>(() => refused.GenerateAsync(Fox, default))).Message, StringComparison.Ordinal);
        using var webUi = new WebUi(
            server.Serve((http, _) =>
            {
                http.Response.StatusCode = 422;
                return http.Response.WriteAsync("""{"detail": [{"loc": ["body", "steps"], "msg": "value is not a valid integer", "type": "type_error.integer"}]}""");
            }),
            Quick);
        Assert.Contains("422: value is not a valid integer", (await Assert.ThrowsAsync<InvalidRequestException>(() => webUi.GenerateAsync(Fox, default))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(7UL, 0UL, 7)]
    [InlineData(7UL, 3UL, 10)]
    [InlineData(null, 3UL, -1)]
    public async Task WebUiSeeds_GoUpByOneForEachImage(ulong? seed, ulong index, long expected) => Assert.Equal(expected, await SentSeed(seed, index));

    [Fact]
    public async Task WebUiSeeds_BeyondItsBits_AreDrawnFromBoth()
    {
        var seeds = new HashSet<long>();
        foreach (var index in new[] { 1UL << 41, (1UL << 41) + 1, (1UL << 40) + 5, 4_294_967_290 })
            seeds.Add(await SentSeed(7, index));
        seeds.Add(await SentSeed(ulong.MaxValue, 1));
        Assert.Equal(5, seeds.Count);
        Assert.All(seeds, seed => Assert.InRange(seed, 0, uint.MaxValue - 1L));
    }

    private async Task<long> SentSeed(ulong? seed, ulong index)
    {
        JsonObject? seen = null;
        using var generator = new WebUi(
            server.Serve(async (http, _) =>
            {
                seen = (await JsonNode.ParseAsync(http.Request.Body))!.AsObject();
                await http.Response.WriteAsJsonAsync(new { images = new[] { Base64 } });
            }),
            Quick);
        await generator.GenerateAsync(Fox with { Seed = seed, Index = index }, default);
        return (long)seen!["seed"]!;
    }

    [Fact]
    public async Task SlowServers_AreGivenUp_AndCancellationIsObeyedAtOnce()
    {
        var endpoint = server.Serve(async (http, _) =>
        {
            await http.Response.WriteAsync("{");
            await http.Response.Body.FlushAsync();
            await Task.Delay(TimeSpan.FromSeconds(20), http.RequestAborted);
        });
        using var slow = new WebUi(endpoint, Quick with { Timeout = TimeSpan.FromMilliseconds(100), Retries = 1 });
        var error = await Assert.ThrowsAsync<InvalidRequestException>(() => slow.GenerateAsync(Fox, default));
        Assert.Contains("no whole reply within 0.1 s (2 tries)", error.Problems[0].Message, StringComparison.Ordinal);
        using var stop = new CancellationTokenSource(100);
        using var patient = new WebUi(endpoint, Quick with { Timeout = TimeSpan.FromSeconds(60) });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => patient.GenerateAsync(Fox, stop.Token));
    }

    [Fact]
    public async Task TheRate_IsKept()
    {
        var times = new ConcurrentBag<long>();
        using var generator = new WebUi(
            server.Serve(async (http, _) =>
            {
                times.Add(Environment.TickCount64);
                await http.Response.WriteAsJsonAsync(new { images = new[] { Base64 } });
            }),
            Quick, requestsPerMinute: 60 / 0.15);
        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => generator.GenerateAsync(Fox, default)));
        Assert.True(times.Max() - times.Min() >= 200, $"{times.Max() - times.Min()} ms");
    }

    [Fact]
    public async Task Rewriting_GoesRoundByRound()
    {
        using var rewriter = new PromptRewriter(
            server.Serve(async (http, path) =>
            {
                Assert.Equal("chat/completions", path);
                var request = (await JsonNode.ParseAsync(http.Request.Body))!;
                var prompt = (string)request["messages"]![1]!["content"]!;
                await http.Response.WriteAsJsonAsync(new { choices = new[] { new { message = new { role = "assistant", content = prompt + ", dusk" }, finish_reason = "stop" } } });
            }),
            Quick);
        Assert.Equal(["a fox", "a fox, dusk", "a fox, dusk, dusk"], (await rewriter.OptimiseAsync("a fox", 2, default)).AsEnumerable());
        Assert.Equal(["a fox"], (await rewriter.OptimiseAsync("a fox", 0, default)).AsEnumerable());
    }

    [Fact]
    public async Task OrdersThatDoNotSuit_AreRefusedBeforeAnythingIsSent()
    {
        var endpoint = server.Serve((_, _) => throw new InvalidOperationException("something was sent"));
        using var openAi = new OpenAiImages(endpoint, Quick);
        using var webUi = new WebUi(endpoint, Quick);
        await Assert.ThrowsAsync<InvalidRequestException>(() => openAi.GenerateAsync(Fox with { Steps = 5 }, default));
        foreach (var order in new[] { Fox with { Prompt = " " }, Fox with { Width = 0 }, Fox with { Steps = 0 }, Fox with { Source = Grey }, Fox with { Source = Grey, Mask = Grey }, Fox with { Source = Grey, Mask = new(1, 1, 1, [0]) } })
            await Assert.ThrowsAsync<InvalidRequestException>(() => webUi.GenerateAsync(order, default));
    }

    [Fact]
    public void Endpoints_ComeFromTheEnvironment_AndHideTheirKey()
    {
        var variables = new Dictionary<string, string> { ["X_ENDPOINT"] = "http://localhost:7860", ["X_MODEL"] = "m", ["X_KEY"] = Key };
        var endpoint = RemoteEndpoint.FromEnvironment("X", needsModel: true, variables.GetValueOrDefault);
        Assert.Equal("m at http://localhost:7860/", endpoint.ToString());
        Assert.DoesNotContain(Key, JsonSerializer.Serialize(endpoint), StringComparison.Ordinal);
        var error = Assert.Throws<InvalidRequestException>(() => RemoteEndpoint.FromEnvironment("Y", needsModel: true, variables.GetValueOrDefault));
        Assert.Equal(["Y_ENDPOINT", "Y_MODEL"], error.Problems.Select(p => p.Path));
        variables["X_ENDPOINT"] = "http://user:pass@localhost";
        variables["X_KEY"] = Encoding.UTF8.GetString([65, 10]) + "B";
        Assert.Equal(2, Assert.Throws<InvalidRequestException>(() => RemoteEndpoint.FromEnvironment("X", needsModel: false, variables.GetValueOrDefault)).Problems.Length);
    }
}
