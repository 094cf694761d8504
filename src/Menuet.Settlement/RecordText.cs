using System.Globalization;
using System.Text;
using System.Text.Json;
using CsvHelper;

namespace Menuet.Settlement;

/// <summary>Reads records of named texts from CSV with a header, a JSON array of objects, or one JSON object a line, and says every problem.</summary>
internal static class RecordText
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <param name="text">UTF-8.</param>
    /// <param name="file">What to call the file in problems.</param>
    /// <param name="keys">The columns and members that are read; others are passed over.</param>
    /// <param name="lacking">What a CSV header with these names, in lower case, lacks; null for nothing.</param>
    /// <param name="problems">Takes what is wrong.</param>
    internal static List<Record> Read(ReadOnlySpan<byte> text, string file, string[] keys, Func<string[], string?> lacking, List<Problem> problems)
    {
        string content;
        try
        {
            content = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(text).TrimStart('\ufeff');
        }
        catch (DecoderFallbackException)
        {
            problems.Add(new(file, "is not UTF-8; save the file as UTF-8"));
            return [];
        }

        // The ids file is the one that is always there: its lines need no name before them.
        var prefix = file == "ids" ? "" : file + " ";
        return content.AsSpan().TrimStart() switch
        {
            ['[', ..] => Array(content, file, prefix, keys, problems),
            ['{', ..] => Lines(content, prefix, keys, problems),
            _ => Csv(content, prefix, keys, lacking, problems),
        };
    }

    private static List<Record> Csv(string content, string prefix, string[] keys, Func<string[], string?> lacking, List<Problem> problems)
    {
        var rows = new List<Record>();
        using var csv = CsvReader.FromText(content, new CsvReaderOptions
        {
            Separator = ',',
            CommentPrefix = '#',
            TrimWhitespace = true,
            SkipEmptyLines = true,
            TrackLineNumbers = true,
            FieldCountMismatch = CsvFieldCountHandling.Skip,
            OnMalformedRecord = bad => problems.Add(new(
                string.Create(CultureInfo.InvariantCulture, $"{prefix}line {bad.LineNumber}"),
                bad.Reason == CsvMalformedReason.FieldCountMismatch ? "the row has not as many fields as the header" : "a quote is out of place", bad.RawRecord)),
        });
        csv.ReadHeader();
        var names = csv.Headers.Select(name => name.Trim().ToLowerInvariant()).ToArray();
        foreach (var repeated in keys.Where(key => names.Count(name => name == key) > 1))
        {
            problems.Add(new(prefix + "header", $"the column {repeated} stands there more than once"));
        }

        if (lacking(names) is { } lack)
        {
            problems.Add(new(prefix + "header", $"{lack}; found: {string.Join(", ", names)}"));
            return [];
        }

        while (csv.Read())
        {
            var values = keys.Select(key => System.Array.IndexOf(names, key)).Select(column => column < 0 ? "" : csv.GetString(column)).ToArray();
            rows.Add(new(string.Create(CultureInfo.InvariantCulture, $"{prefix}line {csv.LineNumber} "), keys, [.. values.Select(value => value.Length == 0 ? null : value)]));
        }

        return rows;
    }

    private static List<Record> Array(string content, string file, string prefix, string[] keys, List<Problem> problems)
    {
        try
        {
            using var document = JsonDocument.Parse(content, new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip, AllowDuplicateProperties = false });
            return [.. document.RootElement.EnumerateArray().Select((element, i) => Object(element, string.Create(CultureInfo.InvariantCulture, $"{prefix}$[{i}]."), keys, problems)).OfType<Record>()];
        }
        catch (JsonException error)
        {
            problems.Add(new(file, $"is no valid JSON: {error.Message}"));
            return [];
        }
    }

    private static List<Record> Lines(string content, string prefix, string[] keys, List<Problem> problems)
    {
        var rows = new List<Record>();
        var number = 0;
        foreach (var line in content.Split('\n'))
        {
            number++;
            if (line.AsSpan().Trim().IsEmpty)
            {
                continue;
            }

            var path = string.Create(CultureInfo.InvariantCulture, $"{prefix}line {number} ");
            try
            {
                using var document = JsonDocument.Parse(line, Strict);
                if (Object(document.RootElement, path, keys, problems) is { } row)
                {
                    rows.Add(row);
                }
            }
            catch (JsonException error)
            {
                problems.Add(new(path.TrimEnd(), $"is no valid JSON: {error.Message}"));
            }
        }

        return rows;
    }

    private static Record? Object(JsonElement element, string path, string[] keys, List<Problem> problems)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            problems.Add(new(path.TrimEnd('.', ' '), $"must be an object with members of {string.Join(", ", keys)}"));
            return null;
        }

        var values = new string?[keys.Length];
        for (var i = 0; i < keys.Length; i++)
        {
            if (element.TryGetProperty(keys[i], out var value))
            {
                try
                {
                    values[i] = value.ValueKind switch
                    {
                        JsonValueKind.Null => null,
                        JsonValueKind.String => value.GetString(),
                        _ => value.GetRawText(),
                    };
                }
                catch (InvalidOperationException)
                {
                    problems.Add(new(path + keys[i], "holds half of a surrogate pair, which is no text"));
                    return null;
                }
            }
        }

        return new(path, keys, values);
    }
}

/// <summary>One record's texts; null where there is none.</summary>
internal sealed record Record(string Place, string[] Keys, string?[] Values)
{
    internal string? this[string key] => Values[Array.IndexOf(Keys, key)];

    internal string Path(string key) => Place + key;

    internal Record With(string key, string value)
    {
        var values = (string?[])Values.Clone();
        values[Array.IndexOf(Keys, key)] = value;
        return this with { Values = values };
    }
}
