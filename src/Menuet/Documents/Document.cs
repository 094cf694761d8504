using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Unicode;

namespace Menuet.Documents;

/// <summary>A document's bytes, read as one shape.</summary>
/// <param name="Value">The value; meaningful only when there are no problems.</param>
/// <param name="Header">The keys that stand at the top of every document.</param>
/// <param name="Ignored">Paths of unknown keys, when these were permitted.</param>
/// <param name="Problems">Everything wrong; empty when all is well.</param>
internal sealed record Document<T>(T Value, Header Header, ImmutableArray<string> Ignored, ImmutableArray<Problem> Problems);

/// <summary>Reads documents.</summary>
internal static class Document
{
    /// <summary>Reads a whole document; problems are returned, never thrown.</summary>
    /// <param name="text">UTF-8, with or without a byte order mark.</param>
    /// <param name="shape">The object expected.</param>
    /// <param name="ignoreUnknown">True: unknown keys are listed in <see cref="Document{T}.Ignored"/>; false: they are problems.</param>
    internal static Document<T> Read<T>(ReadOnlySpan<byte> text, Shape<T> shape, bool ignoreUnknown = false)
        where T : new()
    {
        var problems = new List<Problem>();
        var ignored = ignoreUnknown ? new List<string>() : null;
        var header = new Header();
        var value = new T();
        if (NotUtf8(text) is { } problem)
        {
            problems.Add(problem);
        }
        else
        {
            var reader = new DocumentReader(WithoutMark(text), problems, ignored);
            try
            {
                reader.Next();
                value = shape.Read(ref reader, header);
                reader.Next();
            }
            catch (JsonException error)
            {
                reader.NoteSyntax(error);
            }
            catch (InvalidOperationException)
            {
                reader.Note("holds a text that is not valid Unicode (an unpaired surrogate); write it in plain UTF-8");
            }
        }

        return new(value, header, ignored is null ? [] : [.. ignored], [.. problems]);
    }

    /// <summary>The document's <c>kind</c>, found without reading the rest; null with a problem when there is none.</summary>
    internal static string? Kind(ReadOnlySpan<byte> text, IEnumerable<string> known, out ImmutableArray<Problem> problems)
    {
        var found = new List<Problem>();
        string? kind = null;
        if (NotUtf8(text) is { } problem)
        {
            problems = [problem];
            return null;
        }

        var reader = new DocumentReader(WithoutMark(text), found, null);
        try
        {
            reader.Next();
            if (reader.Token != JsonTokenType.StartObject)
            {
                reader.Mistyped("an object");
            }
            else
            {
                kind = FindKind(ref reader, known);
            }
        }
        catch (JsonException error)
        {
            reader.NoteSyntax(error);
        }
        catch (InvalidOperationException)
        {
            reader.Note("holds a text that is not valid Unicode (an unpaired surrogate); write it in plain UTF-8");
        }

        problems = [.. found];
        return problems.IsEmpty ? kind : null;
    }

    private static string? FindKind(ref DocumentReader reader, IEnumerable<string> known)
    {
        for (reader.Next(); reader.Token != JsonTokenType.EndObject; reader.Next())
        {
            if (!reader.NameIs("kind"u8))
            {
                reader.SkipValue(reader.Text());
                continue;
            }

            reader.Enter("kind");
            reader.Next();
            if (reader.Token != JsonTokenType.String)
            {
                reader.Mistyped("a text");
                return null;
            }

            var kind = reader.Text();
            if (known.Contains(kind))
            {
                return kind;
            }

            var nearest = DocumentText.Nearest(kind, known);
            reader.Note(
                $"unknown kind; {(nearest is null ? "" : $"did you mean \"{nearest}\"? ")}known: {string.Join(", ", known)}", reader.CurrentValue());
            return null;
        }

        reader.NoteMissing("kind", $"is required: one of {string.Join(", ", known)}");
        return null;
    }

    private static ReadOnlySpan<byte> WithoutMark(ReadOnlySpan<byte> text) =>
        text.StartsWith("\uFEFF"u8) ? text["\uFEFF"u8.Length..] : text;

    private static Problem? NotUtf8(ReadOnlySpan<byte> text)
    {
        if (Utf8.IsValid(text))
        {
            return null;
        }

        var position = 0;
        while (position < text.Length && System.Text.Rune.DecodeFromUtf8(text[position..], out _, out var length) == System.Buffers.OperationStatus.Done)
        {
            position += length;
        }

        return new("$", FormattableString.Invariant($"not UTF-8: byte {position} (counted from 0) begins no valid character; save the file as UTF-8"));
    }
}
