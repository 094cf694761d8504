using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Menuet.Generation.Judging;

namespace Menuet.Generation.External;

/// <summary>Sends requests one after another at a limited rate, tries again what may mend itself, and reads bounded JSON.</summary>
internal sealed class RemoteClient : IDisposable
{
    /// <summary>Pixels across and down where an order says nothing.</summary>
    internal const int StandardSide = 512;

    private const int LongestQuote = 200;

    private readonly RemoteEndpoint endpoint;
    private readonly Patience patience;
    private readonly TimeSpan interval;
    private readonly HttpClient http;
    private readonly SemaphoreSlim gate = new(1, 1);
    private DateTimeOffset next = DateTimeOffset.MinValue;

    /// <param name="endpoint">Where.</param>
    /// <param name="authorization">Null: none.</param>
    /// <param name="patience">Times, tries and the largest reply.</param>
    /// <param name="requestsPerMinute">&gt; 0; infinity for no limit.</param>
    internal RemoteClient(RemoteEndpoint endpoint, AuthenticationHeaderValue? authorization, Patience patience, double requestsPerMinute)
    {
        if (!(requestsPerMinute > 0))
        {
            throw new ArgumentOutOfRangeException(nameof(requestsPerMinute), requestsPerMinute, "must be above 0");
        }

        (this.endpoint, this.patience) = (endpoint, patience);
        interval = TimeSpan.FromMinutes(Math.Min(60, 1 / requestsPerMinute));
        http = new(new BoundedHandler(patience)) { Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.Authorization = authorization;
    }

    public void Dispose()
    {
        http.Dispose();
        gate.Dispose();
    }

    /// <summary>Posts until there is an answer of status 200.</summary>
    /// <param name="path">Below the endpoint's address.</param>
    /// <param name="body">Makes the body anew for each try.</param>
    /// <param name="cancellation">Ends the work early.</param>
    /// <returns>The answer and the number of tries. The caller disposes the document.</returns>
    /// <exception cref="InvalidRequestException">The server refused, was not reached, or sent no JSON object; the key is in no message.</exception>
    internal async Task<(JsonDocument Answer, int Tries)> PostAsync(string path, Func<HttpContent> body, CancellationToken cancellation)
    {
        var address = new Uri(endpoint.Address.AbsoluteUri.TrimEnd('/') + path);
        for (var attempt = 1; ; attempt++)
        {
            await TurnAsync(cancellation);
            string problem;
            TimeSpan asked = default;
            try
            {
                using var content = body();
                using var response = await http.PostAsync(address, content, cancellation);
                if (response.StatusCode == HttpStatusCode.OK)
                {
                    return (Parse(await response.Content.ReadAsByteArrayAsync(cancellation)), attempt);
                }

                problem = endpoint.Hidden($"the server answered {(int)response.StatusCode}{Said(await response.Content.ReadAsByteArrayAsync(cancellation))}");
                asked = response.Headers.RetryAfter is { } after ? after.Delta ?? (after.Date - DateTimeOffset.UtcNow) ?? default : default;
                if ((int)response.StatusCode is not (408 or 429 or >= 500) || asked > patience.LongestDelay)
                {
                    throw Refused(problem);
                }
            }
            catch (Exception error) when (error is HttpRequestException or IOException && !cancellation.IsCancellationRequested)
            {
                problem = Quoted(error.Message);
            }
            catch (OversizeException error)
            {
                throw Refused(error.Message);
            }

            if (attempt > patience.Retries)
            {
                throw Refused(string.Create(CultureInfo.InvariantCulture, $"{problem} ({attempt} tries)"));
            }

            var delay = patience.FirstDelay * Math.Pow(2, attempt - 1);
            delay = delay < patience.LongestDelay ? delay : patience.LongestDelay;
            await Task.Delay(asked > delay ? asked : delay, cancellation);
        }
    }

    internal InvalidRequestException Refused(string problem) => new([new(endpoint.Address.ToString(), problem)]);

    /// <summary>A string member; null when there is none, or one that is no valid Unicode.</summary>
    internal static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? Text(value) : null;

    /// <summary>A string; null when it is something else, or no valid Unicode.</summary>
    internal static string? Text(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair.
            return null;
        }
    }

    /// <summary>The only entry of an array member that has exactly one; undefined otherwise.</summary>
    internal static JsonElement Single(JsonElement element, string name) =>
        element.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array && list.GetArrayLength() == 1 ? list[0] : default;

    /// <summary>An image out of base64, with or without a data URL's head.</summary>
    internal Content ReadImage(string? base64)
    {
        if (base64 is null)
        {
            throw Refused("the answer holds no image in base64");
        }

        var comma = base64.StartsWith("data:", StringComparison.Ordinal) ? base64.IndexOf(',', StringComparison.Ordinal) + 1 : 0;
        var bytes = new byte[base64.Length];
        if (!Convert.TryFromBase64Chars(base64.AsSpan(comma), bytes, out var length))
        {
            throw Refused("the image in the answer is no base64");
        }

        Content content;
        try
        {
            content = Content.Of("image", bytes.AsMemory(0, length));
        }
        catch (InvalidRequestException error)
        {
            throw Refused($"the image in the answer {error.Problems[0].Message}");
        }

        return content.IsImage ? content : throw Refused("the answer holds a text in place of an image");
    }

    private async Task TurnAsync(CancellationToken cancellation)
    {
        await gate.WaitAsync(cancellation);
        try
        {
            var wait = next - DateTimeOffset.UtcNow;
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, cancellation);
            }

            next = DateTimeOffset.UtcNow + interval;
        }
        finally
        {
            gate.Release();
        }
    }

    private JsonDocument Parse(byte[] body)
    {
        try
        {
            var document = JsonDocument.Parse(body);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document;
            }

            document.Dispose();
        }
        catch (JsonException)
        {
        }

        throw Refused("the answer is no JSON object; it may have been cut short");
    }

    private static string Said(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var root = document.RootElement;
            var said = root.ValueKind == JsonValueKind.Object && root.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.Object
                ? Text(error, "message")
                : Text(root, "detail") is { Length: > 0 } detail ? detail
                : root.ValueKind == JsonValueKind.Object && root.TryGetProperty("detail", out var faults) && faults.ValueKind == JsonValueKind.Array && faults.GetArrayLength() > 0
                    ? Text(faults[0], "msg") : Text(root, "errors");
            return string.IsNullOrEmpty(said) ? "" : $": {Quoted(said)}";
        }
        catch (JsonException)
        {
            return "";
        }
    }

    private static string Quoted(string text)
    {
        var line = new string([.. text.Select(c => char.IsControl(c) ? ' ' : c)]);
        return line.Length <= LongestQuote ? line : line[..LongestQuote] + "…";
    }
}
