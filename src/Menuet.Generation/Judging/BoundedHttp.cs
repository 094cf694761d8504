using System.ClientModel.Primitives;
using System.Globalization;
using System.Net;

namespace Menuet.Generation.Judging;

/// <summary>How patient a judge is with a server.</summary>
public sealed record Patience
{
    /// <summary>For one try, the whole reply included.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>Tries after the first: of requests that time out, break, or are answered by 408, 429 or 5xx.</summary>
    public int Retries { get; init; } = 3;

    /// <summary>Before the first retry; doubled before each further one. A longer Retry-After of the server holds.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest delay; a server that asks for more is given up.</summary>
    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The largest reply that is read, in bytes.</summary>
    public int LargestReply { get; init; } = 1 << 20;
}

/// <summary>Reads whole replies within a time and a size; redirects are not followed, since they would carry the key elsewhere.</summary>
internal sealed class BoundedHandler(Patience patience) : DelegatingHandler(Socket())
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(patience.Timeout);
        HttpResponseMessage? response = null;
        try
        {
            response = await base.SendAsync(request, limit.Token);
            var body = await ReadAsync(response.Content, limit.Token);
            var whole = new ByteArrayContent(body);
            foreach (var header in response.Content.Headers.Where(h => h.Key.Equals("Content-Type", StringComparison.OrdinalIgnoreCase)))
                whole.Headers.TryAddWithoutValidation(header.Key, header.Value);
            response.Content.Dispose();
            response.Content = whole;
            return response;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            response?.Dispose();
            throw new HttpRequestException(string.Create(CultureInfo.InvariantCulture, $"no whole reply within {patience.Timeout.TotalSeconds:0.###} s"));
        }
        catch
        {
            response?.Dispose();
            throw;
        }
    }

    private static SocketsHttpHandler Socket() => new() { AllowAutoRedirect = false, UseCookies = false, AutomaticDecompression = DecompressionMethods.All };

    private async Task<byte[]> ReadAsync(HttpContent content, CancellationToken cancellation)
    {
        await using var stream = await content.ReadAsStreamAsync(cancellation);
        using var body = new MemoryStream();
        var buffer = new byte[16384];
        for (int count; (count = await stream.ReadAsync(buffer, cancellation)) > 0;)
        {
            body.Write(buffer, 0, count);
            if (body.Length > patience.LargestReply)
            {
                throw new OversizeException($"the reply is larger than {patience.LargestReply} bytes");
            }
        }

        return body.ToArray();
    }
}

/// <summary>A reply that is too large; asking again would not help.</summary>
internal sealed class OversizeException(string message) : Exception(message);

/// <summary>Retries with delays that double, honour Retry-After, and end.</summary>
internal sealed class BoundedRetries(Patience patience) : ClientRetryPolicy(patience.Retries)
{
    protected override bool ShouldRetry(PipelineMessage message, Exception? exception) =>
        base.ShouldRetry(message, exception) && !IsHopeless(message, exception);

    protected override async ValueTask<bool> ShouldRetryAsync(PipelineMessage message, Exception? exception) =>
        await base.ShouldRetryAsync(message, exception) && !IsHopeless(message, exception);

    protected override TimeSpan GetNextDelay(PipelineMessage message, int tryCount)
    {
        var delay = patience.FirstDelay * Math.Pow(2, Math.Max(0, tryCount - 1));
        var asked = Asked(message.Response);
        return asked > delay ? asked : delay < patience.LongestDelay ? delay : patience.LongestDelay;
    }

    private bool IsHopeless(PipelineMessage message, Exception? exception) => message.CancellationToken.IsCancellationRequested
        || exception is OversizeException || exception?.InnerException is OversizeException || Asked(message.Response) > patience.LongestDelay;

    private static TimeSpan Asked(PipelineResponse? response)
    {
        if (response is null || !response.Headers.TryGetValue("Retry-After", out var value))
        {
            return TimeSpan.Zero;
        }

        if (double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds))
        {
            return seconds is >= 0 and < 1e6 ? TimeSpan.FromSeconds(seconds) : seconds > 0 ? TimeSpan.FromDays(12) : TimeSpan.Zero;
        }

        return DateTimeOffset.TryParse(value, CultureInfo.InvariantCulture, out var time) && time > DateTimeOffset.UtcNow ? time - DateTimeOffset.UtcNow : TimeSpan.Zero;
    }
}
