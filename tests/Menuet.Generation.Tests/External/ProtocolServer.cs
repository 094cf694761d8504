using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Menuet.Generation.Embedded;
using Menuet.Generation.Imaging;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Menuet.Generation.Tests.External;

/// <summary>
/// A server on this machine that keeps to the protocols of OpenAI's images and chat APIs (with bearer key) and of the Stable Diffusion web UI (with
/// basic authentication): members, types, status codes, error objects, base64. Members that the real ones would refuse or pass over unread are refused.
/// Behind them draws the embedded generator, so that quality really depends on prompts and steps. A test may step in before any answer.
/// </summary>
public sealed partial class ProtocolServer : IAsyncLifetime
{
    internal const string Key = "sk-that-no-text-may-show";
    internal const string User = "someone:with-a-password";
    internal const string ImageModel = "dall-e-2";
    internal const string ChatModel = "chat-1";

    private static readonly string[] Samplers = ["Euler a", "DDIM"];
    private static readonly string[] Facts = ["", "thick", "slanted", "wide"];

    // Those of the web UI's models for both tasks that this server's tests could need; the real list is longer.
    private static readonly Dictionary<string, Type> WebUiMembers = new()
    {
        ["prompt"] = typeof(string),
        ["negative_prompt"] = typeof(string),
        ["seed"] = typeof(long),
        ["sampler_name"] = typeof(string),
        ["steps"] = typeof(int),
        ["cfg_scale"] = typeof(double),
        ["width"] = typeof(int),
        ["height"] = typeof(int),
        ["batch_size"] = typeof(int),
        ["n_iter"] = typeof(int),
        ["send_images"] = typeof(bool),
        ["save_images"] = typeof(bool),
        ["override_settings"] = typeof(JsonObject),
        ["init_images"] = typeof(JsonArray),
        ["mask"] = typeof(string),
        ["mask_blur"] = typeof(int),
        ["denoising_strength"] = typeof(double),
        ["inpainting_fill"] = typeof(int),
        ["inpaint_full_res"] = typeof(bool),
        ["inpainting_mask_invert"] = typeof(int),
    };

    private readonly WebApplication application;

    public ProtocolServer()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        application = builder.Build();
        application.MapPost("/v1/images/generations", http => AnswerAsync(http, GenerationsAsync));
        application.MapPost("/v1/images/edits", http => AnswerAsync(http, EditsAsync));
        application.MapPost("/v1/chat/completions", http => AnswerAsync(http, ChatAsync));
        application.MapPost("/sdapi/v1/txt2img", http => AnswerAsync(http, context => WebUiAsync(context, needsImage: false)));
        application.MapPost("/sdapi/v1/img2img", http => AnswerAsync(http, context => WebUiAsync(context, needsImage: true)));
    }

    internal string Address => application.Urls.Single();

    /// <summary>Steps in: true when it has answered in the server's place. The number counts requests from 1 since it was set.</summary>
    internal Func<HttpContext, int, Task<bool>>? Interference
    {
        get;
        set
        {
            field = value;
            Requests.Clear();
        }
    }

    /// <summary>The paths of what was asked.</summary>
    internal ConcurrentQueue<string> Requests { get; } = [];

    public Task InitializeAsync() => application.StartAsync();

    public Task DisposeAsync() => application.DisposeAsync().AsTask();

    private async Task AnswerAsync(HttpContext http, Func<HttpContext, Task> answer)
    {
        Requests.Enqueue(http.Request.Path);
        if (Interference is null || !await Interference(http, Requests.Count))
        {
            await answer(http);
        }
    }

    private static Task OpenAiErrorAsync(HttpContext http, int status, string message, string? parameter, string? code)
    {
        http.Response.StatusCode = status;
        return http.Response.WriteAsJsonAsync(new { error = new { message, type = "invalid_request_error", param = parameter, code } });
    }

    /// <summary>False, and the answer, where the key is wrong.</summary>
    private static async Task<bool> IsAllowedAsync(HttpContext http)
    {
        var given = http.Request.Headers.Authorization.ToString();
        if (given == $"Bearer {Key}")
        {
            return true;
        }

        await OpenAiErrorAsync(http, 401, $"Incorrect API key provided: {given.Replace("Bearer ", "", StringComparison.Ordinal)}.", null, "invalid_api_key");
        return false;
    }

    private static async Task<JsonObject?> BodyAsync(HttpContext http, string[] known)
    {
        if (!await IsAllowedAsync(http))
        {
            return null;
        }

        if (http.Request.ContentType?.StartsWith("application/json", StringComparison.Ordinal) != true)
        {
            await OpenAiErrorAsync(http, 400, "We could not parse the JSON body of your request.", null, null);
            return null;
        }

        var body = (await JsonNode.ParseAsync(http.Request.Body))!.AsObject();
        if (body.FirstOrDefault(member => !known.Contains(member.Key)).Key is { } unknown)
        {
            await OpenAiErrorAsync(http, 400, $"Unknown parameter: '{unknown}'.", unknown, "unknown_parameter");
            return null;
        }

        return body;
    }

    private static async Task GenerationsAsync(HttpContext http)
    {
        if (await BodyAsync(http, ["model", "prompt", "n", "size", "response_format", "quality", "style", "user"]) is { } body)
        {
            await ImagesAsync(http, (string?)body["model"], (string?)body["prompt"], (string?)body["size"], (string?)body["response_format"], null, null);
        }
    }

    private static async Task EditsAsync(HttpContext http)
    {
        if (!await IsAllowedAsync(http))
        {
            return;
        }

        var form = await http.Request.ReadFormAsync();
        async Task<Image?> Read(string name)
        {
            using var bytes = new MemoryStream();
            await (form.Files[name]?.CopyToAsync(bytes) ?? Task.CompletedTask);
            return form.Files[name] is { ContentType: "image/png" } ? Png.Read(bytes.ToArray(), name) : null;
        }

        var (image, mask) = (await Read("image"), await Read("mask"));
        if (image is null || mask is null || (image.Width, image.Height) != (mask.Width, mask.Height) || mask.Channels != 4)
        {
            await OpenAiErrorAsync(http, 400, "Invalid mask image format - mask size does not match image size.", "mask", null);
            return;
        }

        // Drawn anew where the mask is transparent.
        var open = new Image(mask.Width, mask.Height, 1, [.. Enumerable.Range(0, mask.Width * mask.Height).Select(p => (byte)(255 - mask.Pixels[(4 * p) + 3]))]);
        await ImagesAsync(http, form["model"], form["prompt"], form["size"], form["response_format"], image, open);
    }

    private static async Task ImagesAsync(HttpContext http, string? model, string? prompt, string? size, string? format, Image? source, Image? mask)
    {
        if (model != ImageModel)
        {
            await OpenAiErrorAsync(http, 404, $"The model '{model}' does not exist.", "model", "model_not_found");
        }
        else if (string.IsNullOrEmpty(prompt) || prompt.Length > 1000)
        {
            await OpenAiErrorAsync(http, 400, $"'{prompt?[..Math.Min(40, prompt.Length)]}...' is too long - 'prompt'", "prompt", "string_above_max_length");
        }
        else if (size is not ("256x256" or "512x512" or "1024x1024"))
        {
            await OpenAiErrorAsync(http, 400, $"Invalid value: '{size}'. Supported values are: '256x256', '512x512', and '1024x1024'.", "size", "invalid_value");
        }
        else
        {
            var side = int.Parse(size.Split('x')[0], System.Globalization.CultureInfo.InvariantCulture);
            // No seed: every image is another.
            var picture = await DrawAsync(prompt, 8, (ulong)Random.Shared.NextInt64(), side, side, source, mask);
            await http.Response.WriteAsJsonAsync(format == "b64_json"
                ? new JsonObject { ["created"] = 1_700_000_000, ["data"] = new JsonArray(new JsonObject { ["b64_json"] = Convert.ToBase64String(Png.Write(picture)) }) }
                : new JsonObject { ["created"] = 1_700_000_000, ["data"] = new JsonArray(new JsonObject { ["url"] = "https://images.example/1.png" }) });
        }
    }

    /// <summary>Rewrites prompts, each round by one fact more; rates images by how much ink they have.</summary>
    private static async Task ChatAsync(HttpContext http)
    {
        if (await BodyAsync(http, ["model", "messages", "response_format", "max_completion_tokens", "temperature", "n"]) is not { } body)
        {
            return;
        }

        if ((string?)body["model"] != ChatModel)
        {
            await OpenAiErrorAsync(http, 404, $"The model '{body["model"]}' does not exist.", "model", "model_not_found");
            return;
        }

        var (system, last) = ((string)body["messages"]![0]!["content"]!, body["messages"]!.AsArray()[^1]!);
        var content = body["response_format"] is null ? Rewritten((string)last["content"]!) : Rated(system, last["content"]!.AsArray());
        await http.Response.WriteAsJsonAsync(new
        {
            id = "chatcmpl-1",
            @object = "chat.completion",
            created = 1_700_000_000,
            model = ChatModel + "-2025",
            choices = new[] { new { index = 0, message = new { role = "assistant", content, refusal = (string?)null }, logprobs = (string?)null, finish_reason = "stop" } },
            usage = new { prompt_tokens = 1, completion_tokens = 1, total_tokens = 2 },
        });
    }

    private static string Rewritten(string prompt) => $"{prompt}, {Facts[Math.Min(Facts.Length - 1, prompt.Count(c => c == ',') + 1)]}";

    private static string Rated(string system, JsonArray parts)
    {
        var address = parts.Select(part => (string?)part!["image_url"]?["url"]).OfType<string>().Last();
        var image = Png.Read(Convert.FromBase64String(address[(address.IndexOf(',', StringComparison.Ordinal) + 1)..]));
        var ink = image.Pixels.ToArray().Average(pixel => 255.0 - pixel) / 255;
        var score = Math.Round(Math.Min(10, 40 * ink), 2);
        return new JsonObject
        {
            ["receipt"] = Receipt().Match(system).Groups[1].Value,
            ["observations"] = "ink",
            ["addressesJudge"] = false,
            ["scores"] = new JsonObject { ["clarity"] = score, ["aesthetics"] = score },
        }.ToJsonString();
    }

    private static async Task WebUiAsync(HttpContext http, bool needsImage)
    {
        if (http.Request.Headers.Authorization != "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(User)))
        {
            http.Response.Headers.WWWAuthenticate = "Basic";
            await WebUiErrorAsync(http, 401, "Incorrect username or password");
            return;
        }

        var body = (await JsonNode.ParseAsync(http.Request.Body))!.AsObject();
        foreach (var (name, value) in body)
        {
            if (!WebUiMembers.TryGetValue(name, out var type) || !Fits(value, type))
            {
                http.Response.StatusCode = 422;
                await http.Response.WriteAsJsonAsync(new { detail = new[] { new { loc = new[] { "body", name }, msg = type is null ? "extra fields not permitted" : $"value is not a valid {type.Name}", type = "type_error" } } });
                return;
            }
        }

        if ((string?)body["sampler_name"] is { } sampler && !Samplers.Contains(sampler))
        {
            await WebUiErrorAsync(http, 404, "Sampler not found");
            return;
        }

        if (needsImage && body["init_images"] is not JsonArray { Count: > 0 })
        {
            await WebUiErrorAsync(http, 404, "Init image not found");
            return;
        }

        Image? source = null, mask = null;
        if (needsImage)
        {
            source = Png.Read(Convert.FromBase64String((string)body["init_images"]![0]!));
            mask = Png.Read(Convert.FromBase64String((string)body["mask"]!));
        }

        var (seed, steps) = ((long?)body["seed"] ?? -1, (int?)body["steps"] ?? 50);
        seed = seed < 0 ? Random.Shared.NextInt64(uint.MaxValue) : seed;
        var (width, height) = ((int?)body["width"] ?? 512, (int?)body["height"] ?? 512);
        var picture = await DrawAsync((string?)body["prompt"] ?? "", steps, (ulong)seed, width, height, source, mask);
        // What was sent comes back without the images.
        var parameters = (JsonObject)body.DeepClone();
        (parameters["init_images"], parameters["mask"]) = (null, null);
        await http.Response.WriteAsJsonAsync(new JsonObject
        {
            ["images"] = new JsonArray(Convert.ToBase64String(Png.Write(picture))),
            ["parameters"] = parameters,
            ["info"] = new JsonObject { ["prompt"] = body["prompt"]?.DeepClone(), ["seed"] = seed, ["all_seeds"] = new JsonArray(seed), ["steps"] = steps, ["width"] = width, ["height"] = height }.ToJsonString(),
        });
    }

    private static Task WebUiErrorAsync(HttpContext http, int status, string detail)
    {
        http.Response.StatusCode = status;
        return http.Response.WriteAsJsonAsync(new { error = "HTTPException", detail, body = "", errors = "" });
    }

    private static bool Fits(JsonNode? value, Type type) => value is null || type switch
    {
        _ when type == typeof(string) => value is JsonValue text && text.TryGetValue<string>(out _),
        _ when type == typeof(bool) => value is JsonValue flag && flag.TryGetValue<bool>(out _),
        _ when type == typeof(int) => value is JsonValue whole && whole.TryGetValue<int>(out _),
        _ when type == typeof(long) => value is JsonValue large && large.TryGetValue<long>(out _),
        _ when type == typeof(double) => value is JsonValue number && number.TryGetValue<double>(out _),
        _ => value.GetType() == type,
    };

    /// <summary>A digit, enlarged; with a source only where the mask is light.</summary>
    private static async Task<Image> DrawAsync(string prompt, int steps, ulong seed, int width, int height, Image? source, Image? mask)
    {
        using var generator = new DigitGenerator(noise: 0);
        var digit = (await generator.GenerateAsync(new(DigitPrompt.Read(prompt).IsUnderstood ? prompt : "a digit") { Steps = steps, Seed = seed }, default)).Content.ReadImage();
        return new(width, height, 1, [.. Enumerable.Range(0, width * height).Select(p =>
        {
            var (x, y) = (p % width, p / width);
            return source is not null && mask!.Pixels[((y * mask.Height / height * mask.Width) + (x * mask.Width / width)) * mask.Channels] < 128
                ? source.Pixels[((y * source.Height / height * source.Width) + (x * source.Width / width)) * source.Channels]
                : digit.Pixels[(y * 28 / height * 28) + (x * 28 / width)];
        })]);
    }

    [GeneratedRegex("\"receipt\" is ([0-9a-f]{16})")]
    private static partial Regex Receipt();
}
