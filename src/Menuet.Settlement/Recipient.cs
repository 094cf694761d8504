using System.Collections.Immutable;
using System.Globalization;
using Menuet.Settlement.Ledgers;

namespace Menuet.Settlement;

/// <summary>A creator to be paid: what it chose, what its content was judged, where its money goes.</summary>
/// <param name="Id">The account.</param>
/// <param name="Type">The item of the menu that it chose, counted from 1; null: whichever its evaluation earns.</param>
/// <param name="Evaluation">The judged quality, millionths of a quality point; null: what its type delivers.</param>
/// <param name="Address">Where a chain pays it; null: the chain knows, or there is none.</param>
public sealed record Recipient(string Id, int? Type, long? Evaluation, string? Address)
{
    /// <summary>Reads a file of recipients: CSV with a header, a JSON array of objects, or one JSON object a line.</summary>
    /// <param name="text">UTF-8.</param>
    /// <returns>At least one; other columns and keys than id, type, quality and address are passed over.</returns>
    /// <exception cref="InvalidRequestException">Every problem at once, by line or by JSONPath.</exception>
    public static ImmutableArray<Recipient> Read(ReadOnlySpan<byte> text) => From(text, null);

    /// <summary>The same with qualities from a judge's scores, which name what they judge in <c>content</c>, as the recipients do.</summary>
    /// <param name="text">UTF-8; with id and content, and no quality.</param>
    /// <param name="scores">UTF-8, in any of the three forms, with content and quality; what no recipient made is passed over.</param>
    /// <returns>At least one.</returns>
    /// <exception cref="InvalidRequestException">Every problem at once, by line or by JSONPath; one is content without a score.</exception>
    public static ImmutableArray<Recipient> Read(ReadOnlySpan<byte> text, ReadOnlySpan<byte> scores)
    {
        var problems = new List<Problem>();
        var byContent = Scores(scores, problems);
        return problems.Count == 0 ? From(text, byContent) : throw new InvalidRequestException([.. problems]);
    }

    private static ImmutableArray<Recipient> From(ReadOnlySpan<byte> text, Dictionary<string, string?>? scores)
    {
        var problems = new List<Problem>();
        string[] keys = scores is null ? ["id", "type", "quality", "address"] : ["id", "type", "quality", "address", "content"];
        var rows = RecordText.Read(text, "ids", keys, names => names.Contains("id") && (scores is null ? names.Contains("type") || names.Contains("quality") : names.Contains("content"))
            ? null
            : scores is not null ? "needs the columns id and content"
            : names.Contains("content") ? "needs the column id, and type or quality, or the judge's scores of the contents by --scores" : "needs the column id, and type or quality", problems);
        if (scores is not null)
        {
            rows = [.. rows.Select(row => Judged(row, scores, problems))];
            Repeated(rows, "content", "was made by several ids; give one line per content", problems);
        }

        var recipients = rows.Select(row => Parse(row, problems)).ToImmutableArray();
        Repeated(rows, "id", "stands in the file several times; give one line per id", problems);
        if (recipients.IsEmpty && problems.Count == 0)
        {
            problems.Add(new("ids", "the file names nobody"));
        }

        return problems.Count == 0 ? recipients : throw new InvalidRequestException([.. problems]);
    }

    private static Dictionary<string, string?> Scores(ReadOnlySpan<byte> text, List<Problem> problems)
    {
        var rows = RecordText.Read(
            text, "scores", ["content", "quality"], names => names.Contains("content") && names.Contains("quality") ? null : "needs the columns content and quality, as 'menuet judge --out' writes them", problems);
        foreach (var row in rows.Where(row => row["content"] is null))
        {
            problems.Add(new(row.Path("content"), "is required: what was judged"));
        }

        Repeated(rows, "content", "was scored several times; keep one line", problems);
        return rows.Where(row => row["content"] is not null).DistinctBy(row => row["content"], StringComparer.Ordinal).ToDictionary(row => row["content"]!, row => row["quality"], StringComparer.Ordinal);
    }

    private static Record Judged(Record row, Dictionary<string, string?> scores, List<Problem> problems)
    {
        if (row["quality"] is { } quality)
        {
            problems.Add(new(row.Path("quality"), "stands in the scores; leave the column out, or the scores", Shown(quality)));
        }
        else if (row["content"] is not { } content)
        {
            problems.Add(new(row.Path("content"), "is required: which of the scored contents is its"));
        }
        else if (!scores.TryGetValue(content, out quality))
        {
            problems.Add(new(row.Path("content"), $"has no score; the scores are of {string.Join(", ", scores.Keys.Take(3))}{(scores.Count > 3 ? ", …" : "")}", Shown(content)));
        }
        else if (quality is null)
        {
            problems.Add(new(row.Path("content"), "was judged, but the judge abstained; have it judged again, or leave the line out", Shown(content)));
        }
        else
        {
            return row.With("quality", quality);
        }

        // A problem was said already; another about its quality would say nothing new.
        return row.With("quality", "0");
    }

    private static void Repeated(IEnumerable<Record> rows, string key, string message, List<Problem> problems) => problems.AddRange(
        rows.Where(row => row[key] is not null).GroupBy(row => row[key], StringComparer.Ordinal).Where(group => group.Count() > 1)
            .Select(group => new Problem(group.Last().Path(key), message, Shown(group.Key))));

    private static Recipient Parse(Record row, List<Problem> problems)
    {
        var id = row["id"] ?? "";
        if (id.Length is 0 or > 200 || id.Any(char.IsControl) || id != id.Trim() || id[0] == '@')
        {
            problems.Add(new(row.Path("id"), "is required: a text of 1 to 200 characters that does not begin with @", Shown(row["id"])));
        }

        int? type = null;
        if (row["type"] is { } chosen)
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
        if (row["quality"] is { } judged)
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

        if (row["type"] is null && row["quality"] is null)
        {
            problems.Add(new(row.Path("quality"), "give a type, a quality, or both"));
        }

        return new(id, type, evaluation, row["address"]);
    }

    private static string? Shown(string? value) => value is null ? null : $"\"{value}\"";
}
