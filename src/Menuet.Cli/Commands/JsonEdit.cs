using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Menuet.Cli.Commands;

/// <summary>Looks up and replaces values in a JSON document by paths such as <c>types[0].gain</c> or <c>types[*].gain</c>.</summary>
internal static partial class JsonEdit
{
    internal static readonly JsonDocumentOptions Lenient = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    /// <summary>The steps of a path; null when it is none.</summary>
    internal static string[]? Steps(string path)
    {
        var text = path.StartsWith("$.", StringComparison.Ordinal) ? path[2..] : path;
        return PathForm().IsMatch(text) ? [.. StepForm().Matches(text).Select(match => match.Value.TrimStart('.'))] : null;
    }

    /// <summary>Sets a value at every place that the path names; false when it names none.</summary>
    internal static bool Set(JsonNode? node, ReadOnlySpan<string> steps, JsonNode value)
    {
        if (node is null)
        {
            return false;
        }

        var step = steps[0];
        var last = steps.Length == 1;
        if (step[0] == '[')
        {
            if (node is not JsonArray array)
            {
                return false;
            }

            if (step == "[*]")
            {
                var found = false;
                for (var i = 0; i < array.Count; i++)
                {
                    found |= SetEntry(array, i, steps, value, last);
                }

                return found;
            }

            return int.TryParse(step.AsSpan(1, step.Length - 2), CultureInfo.InvariantCulture, out var index)
                && index < array.Count && SetEntry(array, index, steps, value, last);
        }

        if (node is not JsonObject parent)
        {
            return false;
        }

        if (last)
        {
            parent[step] = value.DeepClone();
            return true;
        }

        return Set(parent[step], steps[1..], value);
    }

    /// <summary>The number that a path names in an answer; NaN when there is none.</summary>
    internal static double Number(JsonNode? node, ReadOnlySpan<string> steps)
    {
        foreach (var step in steps)
        {
            node = step[0] == '['
                ? node is JsonArray array && int.TryParse(step.AsSpan(1, step.Length - 2), CultureInfo.InvariantCulture, out var index) && index < array.Count
                    ? array[index]
                    : null
                : node is JsonObject parent ? parent[step] : null;
        }

        return node is JsonValue value
            ? value.GetValueKind() switch
            {
                JsonValueKind.Number => value.GetValue<double>(),
                JsonValueKind.True => 1,
                JsonValueKind.False => 0,
                _ => double.NaN,
            }
            : double.NaN;
    }

    private static bool SetEntry(JsonArray array, int index, ReadOnlySpan<string> steps, JsonNode value, bool last)
    {
        if (!last)
        {
            return Set(array[index], steps[1..], value);
        }

        array[index] = value.DeepClone();
        return true;
    }

    [GeneratedRegex(@"^[A-Za-z_]\w*(\[(\d{1,9}|\*)\])*(\.[A-Za-z_]\w*(\[(\d{1,9}|\*)\])*)*$")]
    private static partial Regex PathForm();

    [GeneratedRegex(@"\.?[A-Za-z_]\w*|\[(\d{1,9}|\*)\]")]
    private static partial Regex StepForm();
}
