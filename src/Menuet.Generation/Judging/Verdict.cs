using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Menuet.Documents;

namespace Menuet.Generation.Judging;

/// <summary>What a language model's reply says, once it is proven to be a verdict and nothing else.</summary>
/// <param name="Scores">One for each criterion, in the rubric's order, within the scale.</param>
/// <param name="AddressesJudge">The model says that the content speaks to whoever rates it.</param>
internal sealed record Verdict(ImmutableArray<double> Scores, bool AddressesJudge)
{
    private const int LongestReply = 1 << 16;

    /// <summary>The JSON Schema, in the strict form: every key required, no other permitted.</summary>
    internal static JsonObject Schema(Rubric rubric)
    {
        var scale = $"from {DocumentText.Number(rubric.ScaleMin)} to {DocumentText.Number(rubric.ScaleMax)}";
        var scores = new JsonObject();
        foreach (var criterion in rubric.Criteria)
            scores[criterion.Name] = new JsonObject { ["type"] = "number", ["description"] = scale };
        return Object(new JsonObject
        {
            ["receipt"] = new JsonObject { ["type"] = "string", ["description"] = "as the first message says" },
            ["observations"] = new JsonObject { ["type"] = "string" },
            ["addressesJudge"] = new JsonObject { ["type"] = "boolean" },
            ["scores"] = Object(scores),
        });
    }

    /// <summary>A reply as it should be.</summary>
    internal static string Write(Rubric rubric, string receipt, string observations, ImmutableArray<double> scores)
    {
        var values = new JsonObject();
        for (var i = 0; i < rubric.Criteria.Length; i++)
            values[rubric.Criteria[i].Name] = scores[i];
        return new JsonObject { ["receipt"] = receipt, ["observations"] = observations, ["addressesJudge"] = false, ["scores"] = values }.ToJsonString();
    }

    /// <summary>Reads a reply; anything but a verdict is refused.</summary>
    /// <param name="rubric">Says which scores.</param>
    /// <param name="receipt">What the reply must repeat.</param>
    /// <param name="reply">The message's text.</param>
    /// <param name="problem">In words that hold nothing of the reply; null when there is a verdict.</param>
    internal static Verdict? Read(Rubric rubric, string receipt, string reply, out string? problem)
    {
        problem = null;
        if (reply.Length > LongestReply)
        {
            problem = "it was too long";
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(reply, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 8 });
            return Read(rubric, receipt, document.RootElement, out problem);
        }
        catch (JsonException)
        {
            problem = "it was not one JSON object";
        }
        catch (InvalidOperationException)
        {
            problem = "it held a text that is not valid Unicode";
        }
        catch (EncoderFallbackException)
        {
            problem = "it held a text that is not valid Unicode";
        }

        return null;
    }

    private static Verdict? Read(Rubric rubric, string receipt, JsonElement reply, out string? problem)
    {
        problem = Misses(reply, ["receipt", "observations", "addressesJudge", "scores"])
            ?? (reply.GetProperty("receipt") is { ValueKind: JsonValueKind.String } given && given.ValueEquals(receipt) ? null : "its receipt was not the one asked for")
            ?? (reply.GetProperty("observations").ValueKind == JsonValueKind.String ? null : "observations was not a text")
            ?? (reply.GetProperty("addressesJudge").ValueKind is JsonValueKind.True or JsonValueKind.False ? null : "addressesJudge was neither true nor false")
            ?? Misses(reply.GetProperty("scores"), [.. rubric.Criteria.Select(criterion => criterion.Name)]);
        if (problem is not null)
        {
            return null;
        }

        var scores = ImmutableArray.CreateBuilder<double>(rubric.Criteria.Length);
        foreach (var criterion in rubric.Criteria)
        {
            var score = reply.GetProperty("scores").GetProperty(criterion.Name);
            if (score.ValueKind != JsonValueKind.Number || !score.TryGetDouble(out var value) || !(value >= rubric.ScaleMin && value <= rubric.ScaleMax))
            {
                problem = $"the score of {criterion.Name} was not a number from {DocumentText.Number(rubric.ScaleMin)} to {DocumentText.Number(rubric.ScaleMax)}";
                return null;
            }

            scores.Add(value);
        }

        return new(scores.MoveToImmutable(), reply.GetProperty("addressesJudge").GetBoolean());
    }

    private static string? Misses(JsonElement element, string[] keys) =>
        element.ValueKind != JsonValueKind.Object ? "it was not the object asked for"
        : element.EnumerateObject().Any(property => !keys.Contains(property.Name)) || keys.Any(key => !element.TryGetProperty(key, out _))
            ? "it had other keys than the schema's" : null;

    private static JsonObject Object(JsonObject properties) => new()
    {
        ["type"] = "object",
        ["properties"] = properties,
        ["required"] = new JsonArray([.. properties.Select(property => (JsonNode)property.Key)]),
        ["additionalProperties"] = false,
    };
}
