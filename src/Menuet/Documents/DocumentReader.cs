using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Menuet.Documents;

/// <summary>
/// Walks a JSON document once, token by token, and notes every problem with its path. Reading goes on after a problem; only
/// broken syntax ends it.
/// </summary>
internal ref struct DocumentReader
{
    internal const int MaxDepth = 64;

    private readonly ReadOnlySpan<byte> text;
    private readonly List<Problem> problems;
    private readonly List<string>? ignored;
    private readonly List<(string? Name, int Index)> path;
    private Utf8JsonReader json;

    /// <param name="text">The whole document.</param>
    /// <param name="problems">Receives what is wrong.</param>
    /// <param name="ignored">Receives the paths of unknown keys instead of a problem each; null: unknown keys are problems.</param>
    internal DocumentReader(ReadOnlySpan<byte> text, List<Problem> problems, List<string>? ignored)
    {
        this.text = text;
        this.problems = problems;
        this.ignored = ignored;
        path = [];
        json = new(text, new JsonReaderOptions
        {
            CommentHandling = JsonCommentHandling.Skip,
            AllowTrailingCommas = true,
            MaxDepth = MaxDepth,
        });
    }

    internal readonly JsonTokenType Token => json.TokenType;

    internal readonly int ProblemCount => problems.Count;

    internal void Next() => json.Read();

    /// <summary>Skips the value of the key that the reader stands on.</summary>
    internal void SkipValue(string name)
    {
        Enter(name);
        json.Read();
        json.Skip();
        Leave();
    }

    internal void Enter(string name) => path.Add((name, 0));

    /// <summary>Goes to the next entry of an array and enters its path; false at the array's end.</summary>
    internal bool NextElement(int index)
    {
        path.Add((null, index));
        json.Read();
        if (json.TokenType != JsonTokenType.EndArray)
        {
            return true;
        }

        Leave();
        return false;
    }

    internal void Leave() => path.RemoveAt(path.Count - 1);

    internal readonly bool NameIs(ReadOnlySpan<byte> name) =>
        json.ValueIsEscaped ? json.ValueTextEquals(name) : json.ValueSpan.SequenceEqual(name);

    internal readonly string Text() => json.GetString() ?? "";

    /// <summary>The text that a key of the object has, on which the reader stands and stays; null when there is no such key or it is no text.</summary>
    internal readonly string? Ahead(string name)
    {
        var copy = json;
        for (copy.Read(); copy.TokenType != JsonTokenType.EndObject; copy.Read())
        {
            var found = copy.ValueTextEquals(name);
            copy.Read();
            if (found)
            {
                return copy.TokenType == JsonTokenType.String ? copy.GetString() : null;
            }

            copy.Skip();
        }

        return null;
    }

    /// <summary>Skips the value that the reader stands on and returns its bytes.</summary>
    internal ReadOnlySpan<byte> Skipped()
    {
        var start = (int)json.TokenStartIndex;
        json.Skip();
        return text[start..(int)json.BytesConsumed];
    }

    /// <summary>The current path, with one more step when given.</summary>
    internal readonly string Path(string? name = null)
    {
        var result = new StringBuilder("$");
        foreach (var (step, index) in path)
        {
            if (step is null)
            {
                result.Append(CultureInfo.InvariantCulture, $"[{index}]");
            }
            else
            {
                result.Append(DocumentText.PathStep(step));
            }
        }

        return name is null ? result.ToString() : result + DocumentText.PathStep(name);
    }

    internal readonly void Note(string message, string? value = null) => problems.Add(new(Path(), message, value));

    internal readonly void NoteMissing(string name, string message) => problems.Add(new(Path(name), message));

    internal readonly void NoteUnknown(string name, IEnumerable<string> known)
    {
        if (ignored is not null)
        {
            ignored.Add(Path(name));
            return;
        }

        var nearest = DocumentText.Nearest(name, known);
        problems.Add(new(
            Path(name),
            nearest is null
                ? $"unknown key; known here: {string.Join(", ", known)}"
                : $"unknown key; did you mean '{nearest}'?",
            null));
    }

    internal readonly void NoteRepeated(string name) =>
        problems.Add(new(Path(name), "the key appears more than once; keep one"));

    /// <summary>Notes a value of the wrong type and skips it.</summary>
    internal void Mistyped(string wanted)
    {
        var value = CurrentValue();
        Note($"must be {wanted}, not {Describe(json.TokenType)}", value);
        json.Skip();
    }

    /// <summary>Reads a number; false, with a problem noted, when it is none or not permitted.</summary>
    internal bool TryNumber(Interval permitted, string unit, out double value)
    {
        value = 0;
        if (json.TokenType != JsonTokenType.Number)
        {
            Mistyped(permitted.ToString());
            return false;
        }

        if (json.TryGetDouble(out value) && permitted.Contains(value))
        {
            return true;
        }

        Note($"must be {permitted}{(unit.Length == 0 ? "" : $" [{unit}]")}", CurrentValue());
        return false;
    }

    /// <summary>Reads a whole number, also when written as 3.0 or 3e0.</summary>
    internal bool TryWhole(int min, int max, out int value)
    {
        value = 0;
        var wanted = string.Create(CultureInfo.InvariantCulture, $"a whole number from {min} to {max}");
        if (json.TokenType != JsonTokenType.Number)
        {
            Mistyped(wanted);
            return false;
        }

        if (json.TryGetDouble(out var number) && number == Math.Floor(number) && number >= min && number <= max)
        {
            value = (int)number;
            return true;
        }

        Note($"must be {wanted}", CurrentValue());
        return false;
    }

    /// <summary>The current scalar as it stands in the document, shortened; what a container is called otherwise.</summary>
    internal readonly string? CurrentValue()
    {
        switch (json.TokenType)
        {
            case JsonTokenType.StartObject:
                return "{…}";
            case JsonTokenType.StartArray:
                return "[…]";
            case JsonTokenType.String:
                var content = json.GetString() ?? "";
                return "\"" + (content.Length > 60 ? content[..60] + "…" : content) + "\"";
            default:
                var raw = json.HasValueSequence ? json.ValueSequence.ToArray() : json.ValueSpan;
                return Encoding.UTF8.GetString(raw.Length > 60 ? raw[..60] : raw);
        }
    }

    /// <summary>Notes broken syntax at the current path.</summary>
    internal readonly void NoteSyntax(JsonException error)
    {
        var line = (error.LineNumber ?? 0) + 1;
        var column = (error.BytePositionInLine ?? 0) + 1;
        var message = text.IsEmpty || IsBlank(text)
            ? "the document is empty; see 'menuet example KIND' for one to start from"
            : string.Create(CultureInfo.InvariantCulture, $"not valid JSON at line {line}, column {column}: {Reason(error)}");
        problems.Add(new(Path(), message, Excerpt(line, column)));
    }

    private readonly string? Excerpt(long line, long column)
    {
        var rest = text;
        for (var i = 1; i < line; i++)
        {
            var end = rest.IndexOf((byte)'\n');
            if (end < 0)
            {
                return null;
            }

            rest = rest[(end + 1)..];
        }

        if (column - 1 >= rest.Length)
        {
            return null;
        }

        rest = rest[(int)(column - 1)..];
        var stop = rest.IndexOfAny((byte)'\n', (byte)'\r');
        rest = stop >= 0 ? rest[..stop] : rest;
        var excerpt = Encoding.UTF8.GetString(rest.Length > 24 ? rest[..24] : rest);
        return excerpt.Length == 0 ? null : excerpt;
    }

    private static bool IsBlank(ReadOnlySpan<byte> text) => text.IndexOfAnyExcept(" \t\r\n"u8) < 0;

    private static string Reason(JsonException error)
    {
        var message = error.Message;
        var position = message.IndexOf(" LineNumber", StringComparison.Ordinal);
        return position > 0 ? message[..position].TrimEnd('.') : message;
    }

    private static string Describe(JsonTokenType token) => token switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => "a text",
        JsonTokenType.Number => "a number",
        JsonTokenType.True or JsonTokenType.False => "true or false",
        JsonTokenType.Null => "null",
        _ => "nothing",
    };
}
