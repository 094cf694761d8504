using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Menuet.Generation.Imaging;
using Menuet.Generation.Judging;

namespace Menuet.Generation.External;

/// <summary>The API of the Stable Diffusion web UI: sdapi/v1/txt2img, and img2img with a mask for inpainting; steps, seed and sampler are obeyed.</summary>
public sealed class WebUi : IImageGenerator
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
    public string Name => Backend.WebUiName;

    /// <inheritdoc/>
    public bool TakesSteps => true;

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    /// <inheritdoc/>
    public async Task<GeneratedImage> GenerateAsync(ImageOrder order, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(order);
        order.Require(this, needsPrompt: true);
        var request = new JsonObject
        {
            ["prompt"] = order.Prompt,
            ["width"] = order.Width ?? order.Source?.Width ?? RemoteClient.StandardSide,
            ["height"] = order.Height ?? order.Source?.Height ?? RemoteClient.StandardSide,
            ["steps"] = order.Steps ?? 20,
            ["seed"] = SeedOf(order),
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
            // Draw the mask alone, from pure noise, at the image's own size, and keep the rest as it is up to the mask's edge.
            (request["denoising_strength"], sent["denoising_strength"]) = (1.0, 1.0);
            (request["inpainting_fill"], sent["inpainting_fill"]) = (2, 2);
            (request["inpaint_full_res"], sent["inpaint_full_res"]) = (false, false);
            (request["mask_blur"], sent["mask_blur"]) = (0, 0);
        }

        var body = sent.ToJsonString();
        var start = Stopwatch.GetTimestamp();
        var (answer, tries) = await client.PostAsync(
            order.Source is null ? "/sdapi/v1/txt2img" : "/sdapi/v1/img2img", () => new StringContent(body, Encoding.UTF8, "application/json"), cancellation);
        using (answer)
        {
            var image = RemoteClient.Single(answer.RootElement, "images");
            var content = client.ReadImage(RemoteClient.Text(image));
            return new(content, GenerationRecord.Of(Name, (endpoint.Address, endpoint.Model), request, content, tries, Stopwatch.GetElapsedTime(start), new()
            {
                ["info"] = RemoteClient.Text(answer.RootElement, "info") is { } info ? endpoint.Hidden(info) : null,
            }));
        }
    }

    /// <summary>As the web UI's own batches: one more for each image. Seeds and indices beyond its 32 bits are drawn from both. −1 asks for a seed of its own.</summary>
    private static long SeedOf(ImageOrder order)
    {
        const ulong Most = uint.MaxValue;
        if (order.Seed is not { } seed)
        {
            return -1;
        }

        return seed < Most && order.Index < Most - seed ? (long)(seed + order.Index) : (long)(Rng.Stream(seed, order.Index).NextUInt64() % Most);
    }
}
