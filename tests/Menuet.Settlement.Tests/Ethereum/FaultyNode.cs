using System.Net;
using System.Text;
using System.Text.Json;
using Menuet.Settlement.Tests.Servers;

namespace Menuet.Settlement.Tests.Ethereum;

/// <summary>What happens to one request.</summary>
/// <param name="Before">Runs before the request is passed on.</param>
/// <param name="Body">Passed on instead of the request.</param>
/// <param name="Drops">True: the node never hears of it.</param>
/// <param name="Answer">Given instead of the node's answer, which is lost; empty closes the connection.</param>
/// <param name="Change">Changes the node's answer.</param>
/// <param name="Status">HTTP status.</param>
/// <param name="Serve">Writes the answer itself.</param>
internal sealed record Fault(
    Func<Task>? Before = null, string? Body = null, bool Drops = false, string? Answer = null, Func<string, string>? Change = null, int Status = 200,
    Func<HttpListenerResponse, Task>? Serve = null);

/// <summary>A proxy before a node that does to requests what networks and bad nodes do.</summary>
internal sealed class FaultyNode : IAsyncDisposable
{
    private readonly HttpListener listener = new();
    private readonly HttpClient node = new();
    private readonly Uri target;
    private readonly Func<string, string, Fault?> faults;
    private readonly Task serving;

    /// <param name="target">The node.</param>
    /// <param name="faults">From the method and the request's text to what happens; null: nothing.</param>
    internal FaultyNode(Uri target, Func<string, string, Fault?> faults)
    {
        this.target = target;
        this.faults = faults;
        Address = new($"http://127.0.0.1:{Missing.FreePort()}/");
        listener.Prefixes.Add(Address.ToString());
        listener.Start();
        serving = ServeAsync();
    }

    internal Uri Address { get; }

    public async ValueTask DisposeAsync()
    {
        listener.Close();   // not stopped before: closing what is stopped binds the port again, which another may have by then
        await serving;
        node.Dispose();
    }

    private async Task ServeAsync()
    {
        while (listener.IsListening)
        {
            try
            {
                _ = AnswerAsync(await listener.GetContextAsync());
            }
            catch (Exception error) when (error is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        try
        {
            using var reader = new StreamReader(context.Request.InputStream);
            var body = await reader.ReadToEndAsync();
            using var request = JsonDocument.Parse(body);
            var fault = faults(request.RootElement.GetProperty("method").GetString()!, body) ?? new();
            if (fault.Before is { } before)
            {
                await before();
            }

            var answer = "";
            if (!fault.Drops)
            {
                using var content = new StringContent(fault.Body ?? body, Encoding.UTF8, "application/json");
                using var response = await node.PostAsync(target, content);
                answer = await response.Content.ReadAsStringAsync();
            }

            if (fault.Serve is { } serve)
            {
                await serve(context.Response);
                context.Response.Abort();
                return;
            }

            answer = fault.Answer ?? (fault.Change is { } change ? change(answer) : answer);
            if (answer.Length == 0)
            {
                context.Response.Abort();
                return;
            }

            context.Response.StatusCode = fault.Status;
            var bytes = Encoding.UTF8.GetBytes(answer);

            // Without it the answer goes out in pieces, each of which waits for the one before to be acknowledged.
            context.Response.ContentLength64 = bytes.Length;
            await context.Response.OutputStream.WriteAsync(bytes);
            context.Response.Close();
        }
        catch (Exception error) when (error is HttpListenerException or IOException or ObjectDisposedException or HttpRequestException)
        {
            // The other side has gone.
        }
    }
}
