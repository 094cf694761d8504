using System.Collections.Immutable;
using System.Globalization;
using CsvHelper;

namespace Menuet.Fitting;

/// <summary>Reads observations of quality from a comma-separated file.</summary>
public static class QualityCsv
{
    private static readonly string[] Known = ["level", "steps", "quality", "deviation", "count"];

    /// <summary>The observations, ready to be fitted.</summary>
    /// <param name="reader">
    /// A header with the columns steps and quality, for the log-linear curve also level, in any order and case; others are passed over. Optional:
    /// deviation (standard deviation of one measurement, positive) and count (measurements averaged in the row, positive). Decimal points, RFC 4180
    /// quotes; empty lines and lines that begin with # are skipped.
    /// </param>
    /// <param name="model">Decides which columns and how many rows are needed.</param>
    /// <param name="weighted">Whether rows weigh count / deviation² (a missing column counts as 1); otherwise both columns are ignored.</param>
    /// <exception cref="InvalidRequestException">
    /// Every problem at once; paths are "line 7" for a row, counted from 1, "header" for columns and "points" for all rows together.
    /// </exception>
    public static ImmutableArray<QualityPoint> Read(TextReader reader, CurveModel model, bool weighted = true)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var problems = ImmutableArray.CreateBuilder<Problem>();
        var points = ImmutableArray.CreateBuilder<QualityPoint>();
        using var csv = CsvReader.FromText(reader.ReadToEnd().TrimStart('\ufeff'), new CsvReaderOptions
        {
            Separator = ',',
            CommentPrefix = '#',
            TrimWhitespace = true,
            SkipEmptyLines = true,
            TrackLineNumbers = true,
            FieldCountMismatch = CsvFieldCountHandling.Skip,
            OnMalformedRecord = bad => problems.Add(new Problem(Line(bad.LineNumber), bad.Reason == CsvMalformedReason.FieldCountMismatch
                ? "the row has not as many fields as the header (decimals need points, not commas)" : "a quote is out of place", bad.RawRecord)),
        });
        csv.ReadHeader();
        if (csv.Headers.Count == 0)
            throw new InvalidRequestException([new Problem("header", "the file is empty; it needs a header with the columns steps and quality")]);
        var columns = Columns([.. csv.Headers], model, weighted, problems);
        while (csv.Read())
            points.Add(Point(csv, columns, problems));
        if (problems.Count == 0)
            problems.AddRange(CurveFit.DesignProblems(model, points.ToImmutable()));
        return problems.Count == 0 ? points.ToImmutable() : throw new InvalidRequestException(problems.ToImmutable());
    }

    private static string Line(long number) => string.Create(CultureInfo.InvariantCulture, $"line {number}");

    /// <summary>Where each known column stands; -1 for those that are absent or not wanted.</summary>
    private static ImmutableArray<int> Columns(string[] header, CurveModel model, bool weighted, ImmutableArray<Problem>.Builder problems)
    {
        var names = header.Select(h => h.ToLowerInvariant()).ToArray();
        foreach (var name in Known.Where(k => names.Count(n => n == k) > 1))
            problems.Add(new Problem("header", $"the column {name} stands there more than once"));
        var needed = model == CurveModel.LogLinear ? Known.Take(3) : Known.Skip(1).Take(2);
        foreach (var name in needed.Where(k => !names.Contains(k)))
        {
            var hint = header.Length == 1 && header[0].AsSpan().ContainsAny(";\t") ? "; separate columns by commas" : "";
            problems.Add(new Problem("header", $"the column {name} is missing; found: {string.Join(", ", names)}{hint}"));
        }
        return [.. Known.Select((k, i) => weighted || i < 3 ? Array.IndexOf(names, k) : -1)];
    }

    private static QualityPoint Point(CsvReader csv, ImmutableArray<int> columns, ImmutableArray<Problem>.Builder problems)
    {
        double Number(int column, double absent, double low, double high, string permitted)
        {
            if (columns[column] < 0)
                return absent;
            var text = csv.GetString(columns[column]);
            if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= low && value <= high)
                return value;
            problems.Add(new Problem(Line(csv.LineNumber), $"{Known[column]} must be a number {permitted}", text.Length > 0 ? text : null));
            return absent;
        }
        var level = Number(0, 0, 0, 1e9, "in [0, 1e9]");
        var steps = Number(1, 0, 0, 1e9, "in [0, 1e9]");
        var quality = Number(2, 0, -1e60, 1e60, "of at most 1e60 in size");
        var deviation = Number(3, 1, 1e-25, 1e25, "in [1e-25, 1e25], or leave weights aside");
        var count = Number(4, 1, 1e-9, 1e9, "in [1e-9, 1e9], or leave weights aside");
        return new QualityPoint(level, steps, quality, count / (deviation * deviation));
    }
}
