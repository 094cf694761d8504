using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Menuet.Generation.Imaging;
using Menuet.Generation.Judging;

namespace Menuet.Generation.External;

/// <summary>Any OpenAI-compatible images endpoint: images/generations, and images/edits for inpainting. Images are taken as base64 alone: addresses in answers are not followed.</summary>
public sealed class OpenAiImages : IImageGenerator
{
    private readonly RemoteEndpoint endpoint;
    private readonly RemoteClient client;

    /// <summary>Nothing is sent before the first order.</summary>
    /// <param name="endpoint">Where.</param>
    /// <param name="patience">Null: 90 s a try, three retries, replies of up to 64 MiB.</param>
    /// <param name="requestsPerMinute">&gt; 0.</param>
    public OpenAiImages(RemoteEndpoint endpoint, Patience? patience = null, double requestsPerMinute = double.PositiveInfinity)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        this.endpoint = endpoint;
        client = new(
            endpoint, endpoint.Key.Length > 0 ? new AuthenticationHeaderValue("Bearer", endpoint.Key) : null, patience ?? new() { LargestReply = 1 << 26 }, requestsPerMinute);
    }

    /// <inheritdoc/>
    public string Name => Backend.OpenAiName;

    /// <inheritdoc/>
    public bool TakesSteps => false;

    // These always answer in base64 and refuse to be asked for it.
    private bool AnswersInBase64 => endpoint.Model.StartsWith("gpt-image", StringComparison.Ordinal);

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    /// <inheritdoc/>
    public async Task<GeneratedImage> GenerateAsync(ImageOrder order, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(order);
        order.Require(this, needsPrompt: true);
        var (width, height) = (order.Width ?? order.Source?.Width ?? RemoteClient.StandardSide, order.Height ?? order.Source?.Height ?? RemoteClient.StandardSide);
        var request = new JsonObject { ["model"] = endpoint.Model, ["prompt"] = order.Prompt, ["n"] = 1, ["size"] = string.Create(CultureInfo.InvariantCulture, $"{width}x{height}") };
        if (!AnswersInBase64)
        {
            request["response_format"] = "b64_json";
        }

        var start = Stopwatch.GetTimestamp();
        var (answer, tries) = order.Source is null
            ? await client.PostAsync("/images/generations", () => new StringContent(request.ToJsonString(), Encoding.UTF8, "application/json"), cancellation)
            : await client.PostAsync("/images/edits", () => Form(request, order.Source, order.Mask!), cancellation);
        using (answer)
        {
            var data = RemoteClient.Single(answer.RootElement, "data");
            var content = client.ReadImage(RemoteClient.Text(data, "b64_json"));
            return new(content, GenerationRecord.Of(Name, (endpoint.Address, endpoint.Model), request, content, tries, Stopwatch.GetElapsedTime(start), new()
            {
                ["revisedPrompt"] = RemoteClient.Text(data, "revised_prompt") is { } revised ? endpoint.Hidden(revised) : null,
                ["created"] = answer.RootElement.TryGetProperty("created", out var created) && created.ValueKind == System.Text.Json.JsonValueKind.Number && created.TryGetInt64(out var time)
                    ? time : null,
            }));
        }
    }

    private static MultipartFormDataContent Form(JsonObject request, Image source, Image mask)
    {
        var form = new MultipartFormDataContent();
        foreach (var (name, value) in request)
            form.Add(new StringContent(value!.ToString()), name);
        form.Add(Picture(Png.Write(source)), "image", "image.png");
        form.Add(Picture(Png.Write(Transparent(mask))), "mask", "mask.png");
        return form;
    }

    private static ByteArrayContent Picture(byte[] png) => new(png) { Headers = { ContentType = new("image/png") } };

    /// <summary>This protocol draws anew where the mask is transparent.</summary>
    private static Image Transparent(Image mask)
    {
        var pixels = new byte[mask.Width * mask.Height * 4];
        var line = new double[mask.Width];
        for (var y = 0; y < mask.Height; y++)
        {
            mask.CopyLuma(y, line);
            for (var x = 0; x < mask.Width; x++)
                pixels[(((y * mask.Width) + x) * 4) + 3] = (byte)(line[x] > Image.MiddleGrey ? 0 : 255);
        }

        return new(mask.Width, mask.Height, 4, pixels);
    }
}
