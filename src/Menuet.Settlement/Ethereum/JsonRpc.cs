using System.Buffers;
using System.Collections.Immutable;
using System.Net.Http.Headers;
using System.Numerics;
using System.Text.Json;

namespace Menuet.Settlement.Ethereum;

/// <summary>JSON-RPC 2.0 over HTTP. Believes nothing: whatever is not the answer that was asked for is an exception with words.</summary>
internal sealed class JsonRpc(Uri address, TimeSpan timeout, TimeSpan pause) : IDisposable
{
    private const int Tries = 5;
    private const int LongestAnswer = 64 << 20;
    private const int LongestWords = 300;

    private readonly HttpClient http = new(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(2) })
    {
        Timeout = timeout,
        MaxResponseContentBufferSize = LongestAnswer,
    };

    // Paths and queries of providers hold keys, which no message may show.
    private readonly string place = $"{address.Scheme}://{address.Authority}";

    private long id;

    public void Dispose() => http.Dispose();

    /// <summary>A request that changes nothing: made again, with growing pauses, while the node cannot be reached or understood.</summary>
    internal async Task<JsonElement> ReadAsync(string method, CancellationToken cancellation, params ImmutableArray<object> parameters)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await SendAsync(method, cancellation, parameters);
            }
            catch (UnreachableException error) when (attempt < Tries && !error.IsTooLong)
            {
                await Task.Delay(pause * (1 << attempt), cancellation);
            }
        }
    }

    /// <summary>A request made once.</summary>
    /// <exception cref="UnreachableException">It may or may not have taken effect.</exception>
    /// <exception cref="RpcException">The node refused.</exception>
    internal async Task<JsonElement> SendAsync(string method, CancellationToken cancellation, params ImmutableArray<object> parameters)
    {
        var request = Interlocked.Increment(ref id);
        using var content = new ReadOnlyMemoryContent(Request(request, method, parameters));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        byte[] bytes;
        try
        {
            using var response = await http.PostAsync(address, content, cancellation);
            bytes = await response.Content.ReadAsByteArrayAsync(cancellation);
            if (!response.IsSuccessStatusCode && (bytes.Length == 0 || bytes[0] != '{'))
            {
                throw new UnreachableException($"{place} answered {method} with HTTP status {(int)response.StatusCode}");
            }
        }
        catch (HttpRequestException error) when (error.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            throw new UnreachableException($"{place} answered {method} with more than {LongestAnswer >> 20} MiB", error) { IsTooLong = true };
        }
        catch (HttpRequestException error)
        {
            throw new UnreachableException($"{place} cannot be reached: {error.Message}", error);
        }
        catch (TaskCanceledException error) when (!cancellation.IsCancellationRequested)
        {
            throw new UnreachableException($"{place} did not answer {method} within {timeout.TotalSeconds:0.#} s", error);
        }

        return Result(bytes, request, method);
    }

    /// <summary>Reads a quantity, such as a block's number.</summary>
    internal static BigInteger Quantity(JsonElement element, string what)
    {
        try
        {
            return Hex.Quantity(Text(element, what));
        }
        catch (FormatException)
        {
            throw new UnreachableException($"the node sent no quantity as {what}");
        }
    }

    internal static byte[] Bytes(JsonElement element, string what, int? size = null)
    {
        try
        {
            var bytes = Hex.Bytes(Text(element, what));
            return size is null || bytes.Length == size ? bytes : throw new FormatException();
        }
        catch (FormatException)
        {
            throw new UnreachableException($"the node sent no bytes as {what}");
        }
    }

    internal static string Text(JsonElement element, string what) =>
        element.ValueKind == JsonValueKind.String ? element.GetString()! : throw new UnreachableException($"the node sent no text as {what}");

    internal static JsonElement Member(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var member) ? member : throw new UnreachableException($"the node sent no {name}");

    /// <summary>Somebody else's words, fit to be shown: not too many, and nothing that a terminal obeys.</summary>
    internal static string Words(string text)
    {
        var shown = string.Concat(text.Take(LongestWords).Select(c => char.IsControl(c) ? ' ' : c));
        return text.Length > LongestWords ? shown + "…" : shown;
    }

    private static byte[] Request(long id, string method, ImmutableArray<object> parameters)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("jsonrpc", "2.0");
        json.WriteNumber("id", id);
        json.WriteString("method", method);
        json.WriteStartArray("params");
        foreach (var parameter in parameters)
        {
            Value(json, parameter);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static void Value(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case null:
                json.WriteNullValue();
                break;
            case string text:
                json.WriteStringValue(text);
                break;
            case bool flag:
                json.WriteBooleanValue(flag);
                break;
            case BigInteger number:
                json.WriteStringValue(Hex.Quantity(number));
                break;
            case byte[] bytes:
                json.WriteStringValue(Hex.Of(bytes));
                break;
            case IReadOnlyDictionary<string, object?> members:
                json.WriteStartObject();
                foreach (var (name, member) in members)
                {
                    if (member is not null)
                    {
                        json.WritePropertyName(name);
                        Value(json, member);
                    }
                }

                json.WriteEndObject();
                break;
            case IEnumerable<object?> entries:
                json.WriteStartArray();
                foreach (var entry in entries)
                {
                    Value(json, entry);
                }

                json.WriteEndArray();
                break;
            default:
                throw new ArgumentException($"{value.GetType().Name} has no JSON here");
        }
    }

    private JsonElement Result(byte[] bytes, long request, string method)
    {
        JsonElement answer;
        try
        {
            using var document = JsonDocument.Parse(bytes);
            answer = document.RootElement.Clone();
        }
        catch (JsonException error)
        {
            throw new UnreachableException($"{place} answered {method} with something that is no JSON", error);
        }

        if (answer.ValueKind != JsonValueKind.Object)
        {
            throw new UnreachableException($"{place} answered {method} with something that is no JSON-RPC");
        }

        if (answer.TryGetProperty("error", out var refusal) && refusal.ValueKind == JsonValueKind.Object)
        {
            throw Refusal(refusal);
        }

        if (!answer.TryGetProperty("id", out var answered) || answered.ValueKind != JsonValueKind.Number || !answered.TryGetInt64(out var number) || number != request)
        {
            throw new UnreachableException($"{place} answered another request than {method}");
        }

        return answer.TryGetProperty("result", out var result) ? result : throw new UnreachableException($"{place} answered {method} without a result");
    }

    private static RpcException Refusal(JsonElement error)
    {
        var code = error.TryGetProperty("code", out var number) && number.ValueKind == JsonValueKind.Number && number.TryGetInt32(out var value) ? value : 0;
        var message = error.TryGetProperty("message", out var text) && text.ValueKind == JsonValueKind.String ? Words(text.GetString()!) : "no reason given";
        byte[]? data = null;
        if (error.TryGetProperty("data", out var revert))
        {
            // Some nodes nest it once more.
            revert = revert.ValueKind == JsonValueKind.Object && revert.TryGetProperty("data", out var inner) ? inner : revert;
            if (revert.ValueKind == JsonValueKind.String)
            {
                try
                {
                    data = Hex.Bytes(revert.GetString()!);
                }
                catch (FormatException)
                {
                    message = $"{message}; {Words(revert.GetString()!)}";
                }
            }
        }

        return new(code, message, data);
    }
}
