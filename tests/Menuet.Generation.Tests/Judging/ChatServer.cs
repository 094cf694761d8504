using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Menuet.Generation.Judging;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Menuet.Generation.Tests.Judging;

/// <summary>A chat completion endpoint on this machine. Each test plugs its own model, or its own malice, in behind a path of its own.</summary>
public sealed class ChatServer : IAsyncLifetime
{
    internal const string Key = "key-that-no-text-may-show";

    private readonly ConcurrentDictionary<string, Func<HttpContext, JsonObject, Task>> models = new();
    private readonly WebApplication application;

    public ChatServer()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        application = builder.Build();
        application.MapPost("/{model}/v1/chat/completions", async (string model, HttpContext http) =>
        {
            var request = (await JsonNode.ParseAsync(http.Request.Body))!.AsObject();
            if (Fault(http, request) is { } fault)
            {
                http.Response.StatusCode = 400;
                await http.Response.WriteAsJsonAsync(new { error = new { message = fault, type = "invalid_request_error" } });
                return;
            }

            await models[model](http, request);
        });
    }

    public Task InitializeAsync() => application.StartAsync();

    public Task DisposeAsync() => application.DisposeAsync().AsTask();

    /// <summary>An endpoint whose requests go to a handler of raw HTTP.</summary>
    internal ModelEndpoint Raw(Func<HttpContext, JsonObject, Task> handler)
    {
        var path = Guid.NewGuid().ToString("N");
        models[path] = handler;
        return new(new($"{application.Urls.Single()}/{path}/v1"), "judge-1", Key);
    }

    /// <summary>An endpoint whose model answers with a text.</summary>
    internal ModelEndpoint Model(Func<JsonObject, string> reply) => Raw((http, request) => http.Response.WriteAsJsonAsync(Completion(reply(request))));

    /// <summary>What a well-behaved server sends.</summary>
    internal static JsonObject Completion(string content, string finish = "stop") => new()
    {
        ["id"] = "chatcmpl-1",
        ["object"] = "chat.completion",
        ["created"] = 1_700_000_000,
        ["model"] = "judge-1-2025",
        ["choices"] = new JsonArray(new JsonObject
        {
            ["index"] = 0,
            ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = content, ["refusal"] = null },
            ["logprobs"] = null,
            ["finish_reason"] = finish,
        }),
        ["usage"] = new JsonObject { ["prompt_tokens"] = 1, ["completion_tokens"] = 1, ["total_tokens"] = 2 },
    };

    /// <summary>A verdict with the receipt of the request.</summary>
    internal static string Verdict(JsonObject request, double clarity, double aesthetics, bool addressesJudge = false) => JsonSerializer.Serialize(new
    {
        receipt = Receipt(request),
        observations = "as seen",
        addressesJudge,
        scores = new { clarity, aesthetics },
    });

    internal static string Receipt(JsonObject request) => Regex.Match(System(request), "\"receipt\" is ([0-9a-f]{16})").Groups[1].Value;

    internal static string Fence(JsonObject request) => Regex.Match(System(request), "\"content ([0-9a-f]{16})\"").Groups[1].Value;

    internal static string System(JsonObject request) => (string)request["messages"]![0]!["content"]!;

    /// <summary>All text of the last message of the user.</summary>
    internal static string Asked(JsonObject request)
    {
        var text = new StringBuilder();
        foreach (var part in request["messages"]!.AsArray()[^1]!["content"]!.AsArray())
            text.Append((string?)part!["text"] ?? "[image]").Append('\n');
        return text.ToString();
    }

    /// <summary>What the real protocol would refuse.</summary>
    private static string? Fault(HttpContext http, JsonObject request)
    {
        if (http.Request.Headers.Authorization != $"Bearer {Key}" || http.Request.ContentType?.StartsWith("application/json", StringComparison.Ordinal) != true)
        {
            return "no key, or not JSON";
        }

        string[] known = ["model", "messages", "response_format", "max_completion_tokens"];
        if (request.Any(member => !known.Contains(member.Key)) || (string?)request["model"] != "judge-1")
        {
            return "unknown member or model";
        }

        foreach (var message in request["messages"]!.AsArray())
        {
            var fits = ((string)message!["role"]!, message["content"]) switch
            {
                ("system" or "assistant", JsonValue text) => text.TryGetValue<string>(out _),
                ("user", JsonArray parts) => parts.All(part => (string?)part!["type"] == "text"
                    ? part["text"] is JsonValue
                    : (string?)part["type"] == "image_url" && ((string)part["image_url"]!["url"]!).StartsWith("data:image/", StringComparison.Ordinal)),
                _ => false,
            };
            if (!fits)
            {
                return "a message is malformed";
            }
        }

        var format = request["response_format"];
        var schema = format?["json_schema"]?["schema"];
        return (string?)format?["type"] == "json_schema" && (bool)format["json_schema"]!["strict"]! && IsStrict(schema!) ? null : "the schema is not strict";
    }

    private static bool IsStrict(JsonNode schema) => (string?)schema["type"] != "object"
        || (schema["additionalProperties"] is JsonValue open && !(bool)open
            && schema["properties"]!.AsObject().Select(p => p.Key).SequenceEqual(schema["required"]!.AsArray().Select(name => (string)name!))
            && schema["properties"]!.AsObject().All(p => IsStrict(p.Value!)));
}
