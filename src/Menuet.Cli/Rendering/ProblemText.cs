using System.Collections.Immutable;
using System.Text.Json;

namespace Menuet.Cli.Rendering;

/// <summary>Problems for people and for programs.</summary>
internal static class ProblemText
{
    private const int Shown = 50;

    internal static void Write(Terminal terminal, ImmutableArray<Problem> problems, string? file = null)
    {
        var error = terminal.Error;
        error.WriteLine($"menuet: {(file is null ? "invalid input" : file)}: {problems.Length} {(problems.Length == 1 ? "problem" : "problems")}");
        foreach (var problem in problems.Take(Shown))
        {
            error.WriteLine($"  {problem.Path}: {problem.Message}{(problem.Value is null ? "" : $"; found {problem.Value}")}");
        }

        if (problems.Length > Shown)
        {
            error.WriteLine($"  … and {problems.Length - Shown} more; --format json lists them all");
        }
    }

    internal static void WriteJson(TextWriter output, InvalidRequestException error, bool single) => JsonText.Write(output, single, writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("kind", error.Kind);
        writer.WriteString("status", "invalid");
        writer.WriteStartArray("problems");
        foreach (var problem in error.Problems)
        {
            writer.WriteStartObject();
            writer.WriteString("path", problem.Path);
            writer.WriteString("message", problem.Message);
            writer.WritePropertyName("value");
            WriteValue(writer, problem.Value);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    /// <summary>The value as JSON where it is a JSON scalar, else as a text.</summary>
    private static void WriteValue(Utf8JsonWriter writer, string? value)
    {
        if (value is null)
        {
            writer.WriteNullValue();
            return;
        }

        if (IsFiniteScalar(value))
        {
            writer.WriteRawValue(value);
        }
        else
        {
            writer.WriteStringValue(value);
        }
    }

    private static bool IsFiniteScalar(string value)
    {
        try
        {
            using var document = JsonDocument.Parse(value);
            return document.RootElement.ValueKind switch
            {
                JsonValueKind.Number => document.RootElement.TryGetDouble(out var number) && double.IsFinite(number),
                JsonValueKind.Object or JsonValueKind.Array => false,
                _ => true,
            };
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
