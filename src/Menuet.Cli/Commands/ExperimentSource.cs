using System.Text.Json;
using System.Text.Json.Nodes;
using Menuet.Documents;
using Menuet.Learning.Training;

namespace Menuet.Cli.Commands;

/// <summary>Finds an experiment, a file or one that ships, and changes some of its options.</summary>
internal static class ExperimentSource
{
    /// <exception cref="InvalidRequestException">There is none, or it is invalid with its changes; all problems at once.</exception>
    internal static Experiment Read(string name, string[] changes)
    {
        var document = File.Exists(name) ? File.ReadAllBytes(name) : ShippedExperiments.Find(name);
        if (document is null)
        {
            var nearest = DocumentText.Nearest(name, ShippedExperiments.Names);
            throw new InvalidRequestException(
                [new(name, $"no such file, and no experiment that ships has this name{(nearest is null ? "" : $"; did you mean '{nearest}'?")} ('menuet train --list' shows them)")]);
        }

        return Experiment.Read(Changed(document, changes, ""));
    }

    /// <summary>A document with some options set: PATH=VALUE, the value as JSON or, where that is none, as a text.</summary>
    /// <param name="document">UTF-8 JSON.</param>
    /// <param name="changes">What is set.</param>
    /// <param name="within">What every path must begin with.</param>
    internal static byte[] Changed(byte[] document, string[] changes, string within)
    {
        if (changes.Length == 0)
        {
            return document;
        }

        JsonNode root;
        try
        {
            root = JsonNode.Parse(document, documentOptions: JsonEdit.Lenient)!;
        }
        catch (JsonException)
        {
            return document;   // whoever reads it says what is wrong, and where
        }

        var problems = new List<Problem>();
        foreach (var change in changes)
        {
            var equals = change.IndexOf('=', StringComparison.Ordinal);
            var steps = equals > 0 ? JsonEdit.Steps(change[..equals]) : null;
            if (steps is null || !change.StartsWith(within, StringComparison.Ordinal) || !Set(root, steps, Value(change[(equals + 1)..])))
            {
                problems.Add(new("--set", $"must be PATH=VALUE with a path such as {(within.Length == 0 ? "algorithm.learningRate" : within + "users")} into the experiment", $"\"{change}\""));
            }
        }

        return problems.Count == 0 ? JsonSerializer.SerializeToUtf8Bytes(root) : throw new InvalidRequestException([.. problems]);
    }

    private static bool Set(JsonNode root, string[] steps, JsonNode? value)
    {
        var node = root;
        foreach (var step in steps[..^1])
        {
            if (node is JsonObject parent && step[0] != '[' && !parent.ContainsKey(step))
            {
                parent[step] = new JsonObject();
            }

            node = node is JsonObject found && step[0] != '[' ? found[step] : null;
        }

        if (node is not JsonObject last || steps[^1][0] == '[')
        {
            return false;
        }

        last[steps[^1]] = value;
        return true;
    }

    private static JsonNode? Value(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return JsonValue.Create(text);
        }
    }
}
