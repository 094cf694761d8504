using System.Text.Json.Nodes;

namespace Menuet.Generation.External;

/// <summary>What is written down of a generated image.</summary>
internal static class GenerationRecord
{
    private const int MostKept = 4096;

    internal static JsonObject Of(string backend, RemoteEndpoint endpoint, JsonObject request, Content content, int tries, TimeSpan time, JsonObject response)
    {
        foreach (var name in response.Where(member => member.Value is null).Select(member => member.Key).ToArray())
            response.Remove(name);
        foreach (var (name, text) in response.Where(member => member.Value is JsonValue value && value.TryGetValue<string>(out var text) && text.Length > MostKept).Select(m => (m.Key, (string)m.Value!)).ToArray())
            response[name] = text[..MostKept];
        return new()
        {
            ["backend"] = backend,
            ["endpoint"] = endpoint.Address.ToString(),
            ["model"] = endpoint.Model,
            ["request"] = request,
            ["mediaType"] = content.MediaType,
            ["sha256"] = content.Hash,
            ["tries"] = tries,
            ["seconds"] = Math.Round(time.TotalSeconds, 3),
            ["response"] = response,
        };
    }
}
