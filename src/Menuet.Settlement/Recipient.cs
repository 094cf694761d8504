using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using CsvHelper;
using Menuet.Settlement.Ledgers;

namespace Menuet.Settlement;

/// <summary>A creator to be paid: what it chose, what its content was judged, where its money goes.</summary>
/// <param name="Id">The account.</param>
/// <param name="Type">The item of the menu that it chose, counted from 1; null: whichever its evaluation earns.</param>
/// <param name="Evaluation">The judged quality, millionths of a quality point; null: what its type delivers.</param>
/// <param name="Address">Where a chain pays it; null: the chain knows, or there is none.</param>
public sealed record Recipient(string Id, int? Type, long? Evaluation, string? Address)
{
    private static readonly string[] Keys = ["id", "type", "quality", "address"];

    /// <summary>Reads a file of recipients: CSV with a header, a JSON array of objects, or one JSON object a line.</summary>
    /// <param name="text">UTF-8.</param>
    /// <returns>At least one; other columns and keys than id, type, quality and address are passed over.</returns>
    /// <exception cref="InvalidRequestException">Every problem at once, by line or by JSONPath.</exception>
    public static ImmutableArray<Recipient> Read(ReadOnlySpan<byte> text)
    {
        string content;
        try
        {
            content = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(text).TrimStart('\ufeff');
        }
        catch (DecoderFallbackException)
        {
            throw new InvalidRequestException([new("ids", "is not UTF-8; save the file as UTF-8")]);
        }

        var problems = new List<Problem>();
        var start = content.AsSpan().TrimStart();
        var rows = start is ['[', ..] ? Array(content, problems) : start is ['{', ..] ? Lines(content, problems) : Csv(content, problems);
        var recipients = rows.Select(row => Recipient.Parse(row, problems)).ToImmutableArray();
        foreach (var group in recipients.Zip(rows).Where(pair => pair.First.Id.Length > 0).GroupBy(pair => pair.First.Id, StringComparer.Ordinal).Where(group => group.Count() > 1))
        {
            problems.Add(new(group.Last().Second.Path("id"), $"stands in the file {group.Count()} times; give one line per id", $"\"{group.Key}\""));
        }

        if (recipients.IsEmpty && problems.Count == 0)
        {
            problems.Add(new("ids", "the file names nobody"));
        }

        return problems.Count == 0 ? recipients : throw new InvalidRequestException([.. problems]);
    }

    private static Recipient Parse(Row row, List<Problem> problems)
    {
        var id = row.Get("id") ?? "";
        if (id.Length is 0 or > 200 || id.Any(char.IsControl) || id != id.Trim() || id[0] == '@')
        {
            problems.Add(new(row.Path("id"), "is required: a text of 1 to 200 characters that does not begin with @", Shown(row.Get("id"))));
        }

        int? type = null;
        if (row.Get("type") is { } chosen)
        {
            if (int.TryParse(chosen, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1)
            {
                type = number;
            }
            else
            {
                problems.Add(new(row.Path("type"), "must be a whole number from 1, the item of the menu that was chosen", Shown(chosen)));
            }
        }

        long? evaluation = null;
        if (row.Get("quality") is { } judged)
        {
            try
            {
                var units = Units.Of(judged, PostedMenu.QualityDecimals);
                evaluation = units >= 0 && units <= long.MaxValue ? (long)units : throw new OverflowException();
            }
            catch (Exception error) when (error is FormatException or OverflowException)
            {
                problems.Add(new(row.Path("quality"), "must be a number from 0 to 9e12, the judged quality", Shown(judged)));
            }
        }

        if (row.Get("type") is null && row.Get("quality") is null)
        {
            problems.Add(new(row.Path("quality"), "give a type, a quality, or both"));
        }

        return new(id, type, evaluation, row.Get("address"));
    }

    private static List<Row> Csv(string content, List<Problem> problems)
    {
        var rows = new List<Row>();
        using var csv = CsvReader.FromText(content, new CsvReaderOptions
        {
            Separator = ',',
            CommentPrefix = '#',
            TrimWhitespace = true,
            SkipEmptyLines = true,
            TrackLineNumbers = true,
            FieldCountMismatch = CsvFieldCountHandling.Skip,
            OnMalformedRecord = bad => problems.Add(new(
                string.Create(CultureInfo.InvariantCulture, $"line {bad.LineNumber}"),
                bad.Reason == CsvMalformedReason.FieldCountMismatch ? "the row has not as many fields as the header" : "a quote is out of place", bad.RawRecord)),
        });
        csv.ReadHeader();
        var names = csv.Headers.Select(name => name.Trim().ToLowerInvariant()).ToArray();
        foreach (var repeated in Keys.Where(key => names.Count(name => name == key) > 1))
        {
            problems.Add(new("header", $"the column {repeated} stands there more than once"));
        }

        if (!names.Contains("id") || !(names.Contains("type") || names.Contains("quality")))
        {
            problems.Add(new("header", $"needs the column id, and type or quality; found: {string.Join(", ", names)}"));
            return [];
        }

        while (csv.Read())
        {
            var values = Keys.Select(key => System.Array.IndexOf(names, key)).Select(column => column < 0 ? "" : csv.GetString(column)).ToArray();
            rows.Add(new(string.Create(CultureInfo.InvariantCulture, $"line {csv.LineNumber} "), [.. values.Select(value => value.Length == 0 ? null : value)]));
        }

        return rows;
    }

    private static List<Row> Array(string content, List<Problem> problems)
    {
        try
        {
            using var document = JsonDocument.Parse(content, new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
            return [.. document.RootElement.EnumerateArray().Select((element, i) => Object(element, string.Create(CultureInfo.InvariantCulture, $"$[{i}]."), problems))];
        }
        catch (JsonException error)
        {
            problems.Add(new("ids", $"is no valid JSON: {error.Message}"));
            return [];
        }
    }

    private static List<Row> Lines(string content, List<Problem> problems)
    {
        var rows = new List<Row>();
        var number = 0;
        foreach (var line in content.Split('\n'))
        {
            number++;
            if (line.AsSpan().Trim().IsEmpty)
            {
                continue;
            }

            var path = string.Create(CultureInfo.InvariantCulture, $"line {number} ");
            try
            {
                using var document = JsonDocument.Parse(line);
                rows.Add(Object(document.RootElement, path, problems));
            }
            catch (JsonException error)
            {
                problems.Add(new(path.TrimEnd(), $"is no valid JSON: {error.Message}"));
            }
        }

        return rows;
    }

    private static Row Object(JsonElement element, string path, List<Problem> problems)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            problems.Add(new(path.TrimEnd('.', ' '), "must be an object with id, and type or quality"));
            return new(path, ["?", "1", null, null]);
        }

        return new(path, [.. Keys.Select(key => element.TryGetProperty(key, out var value)
            ? value.ValueKind switch
            {
                JsonValueKind.Null => null,
                JsonValueKind.String => value.GetString(),
                _ => value.GetRawText(),
            }
            : null)]);
    }

    private static string? Shown(string? value) => value is null ? null : $"\"{value}\"";

    /// <summary>One line's texts, in the order of <see cref="Keys"/>.</summary>
    private sealed record Row(string Place, string?[] Values)
    {
        internal string? Get(string key) => Values[System.Array.IndexOf(Keys, key)];

        internal string Path(string key) => Place + key;
    }
}
