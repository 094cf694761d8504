using System.Text.Json.Nodes;

namespace Menuet.Generation;

/// <summary>What is written down of a generated image.</summary>
internal static class GenerationRecord
{
    internal const string SecondsKey = "seconds";
    private const int MostKept = 4096;

    /// <param name="backend">The generator's name.</param>
    /// <param name="endpoint">Address and model of a server; null for the embedded generator.</param>
    /// <param name="request">What was asked, without images and secrets.</param>
    /// <param name="content">What came.</param>
    /// <param name="tries">≥ 1.</param>
    /// <param name="time">Of all tries.</param>
    /// <param name="response">What the server said besides; long texts are cut, what is null is left out.</param>
    internal static JsonObject Of(string backend, (Uri Address, string Model)? endpoint, JsonObject request, Content content, int tries, TimeSpan time, JsonObject response)
    {
        var said = new JsonObject();
        foreach (var (name, value) in response)
        {
            if (value is not null)
            {
                said[name] = value is JsonValue text && text.TryGetValue<string>(out var words) && words.Length > MostKept ? words[..MostKept] : value.DeepClone();
            }
        }

        var record = new JsonObject { ["backend"] = backend };
        if (endpoint is var (address, model))
        {
            (record["endpoint"], record["model"]) = (address.ToString(), model);
        }

        record["request"] = request;
        record["mediaType"] = content.MediaType;
        record["sha256"] = content.Hash;
        record["tries"] = tries;
        record[SecondsKey] = Math.Round(time.TotalSeconds, 6);
        record["response"] = said;
        return record;
    }
}
