using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Menuet.Generation.Imaging;
using Menuet.Generation.Judging;

namespace Menuet.Generation.External;

/// <summary>The API of the Stable Diffusion web UI: sdapi/v1/txt2img, and img2img with a mask for inpainting; steps, seed and sampler are obeyed.</summary>
public sealed class WebUi : IImageGenerator, IDisposable
{
    private readonly RemoteEndpoint endpoint;
    private readonly RemoteClient client;

    /// <summary>Nothing is sent before the first order.</summary>
    /// <param name="endpoint">Where; the key is USER:PASSWORD, or empty.</param>
    /// <param name="patience">Null: 90 s a try, three retries, replies of up to 64 MiB.</param>
    /// <param name="requestsPerMinute">&gt; 0.</param>
    public WebUi(RemoteEndpoint endpoint, Patience? patience = null, double requestsPerMinute = double.PositiveInfinity)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        this.endpoint = endpoint;
        var authorization = endpoint.Key.Length > 0 ? new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(endpoint.Key))) : null;
        client = new(endpoint, authorization, patience ?? new() { LargestReply = 1 << 26 }, requestsPerMinute);
    }

    /// <inheritdoc/>
    public string Name => "webui";

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    /// <inheritdoc/>
    public async Task<GeneratedImage> GenerateAsync(ImageOrder order, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(order);
        order.Require(knowsSteps: true);
        var request = new JsonObject
        {
            ["prompt"] = order.Prompt,
            ["width"] = order.Width,
            ["height"] = order.Height,
            ["steps"] = order.Steps ?? 20,
            ["seed"] = order.Seed ?? -1,
            ["batch_size"] = 1,
            ["n_iter"] = 1,
            ["send_images"] = true,
            ["save_images"] = false,
        };
        if (order.Sampler is not null)
        {
            request["sampler_name"] = order.Sampler;
        }

        if (endpoint.Model.Length > 0)
        {
            request["override_settings"] = new JsonObject { ["sd_model_checkpoint"] = endpoint.Model };
        }

        var sent = (JsonObject)request.DeepClone();
        if (order.Source is not null)
        {
            sent["init_images"] = new JsonArray(Convert.ToBase64String(Png.Write(order.Source)));
            sent["mask"] = Convert.ToBase64String(Png.Write(order.Mask!));
            // Draw the mask alone, from pure noise, at the image's own size.
            (request["denoising_strength"], sent["denoising_strength"]) = (1.0, 1.0);
            (request["inpainting_fill"], sent["inpainting_fill"]) = (2, 2);
            (request["inpaint_full_res"], sent["inpaint_full_res"]) = (false, false);
        }

        var body = sent.ToJsonString();
        var start = Stopwatch.GetTimestamp();
        var (answer, tries) = await client.PostAsync(
            order.Source is null ? "/sdapi/v1/txt2img" : "/sdapi/v1/img2img", () => new StringContent(body, Encoding.UTF8, "application/json"), cancellation);
        using (answer)
        {
            var image = RemoteClient.Single(answer.RootElement, "images");
            var content = client.ReadImage(image.ValueKind == System.Text.Json.JsonValueKind.String ? image.GetString() : null);
            return new(content, GenerationRecord.Of(Name, endpoint, request, content, tries, Stopwatch.GetElapsedTime(start), new() { ["info"] = RemoteClient.Text(answer.RootElement, "info") }));
        }
    }
}
