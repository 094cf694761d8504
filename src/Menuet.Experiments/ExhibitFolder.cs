using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Menuet.Figures;

namespace Menuet.Experiments;

/// <summary>A finished exhibit as it stands on disk: one folder with exhibit.json, and a CSV, an SVG and a Vega-Lite file for each figure.</summary>
internal sealed record ExhibitFolder
{
    private const string FileName = "exhibit.json";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public required string Paper { get; init; }

    public required string Exhibit { get; init; }

    public required string Title { get; init; }

    public required string Printed { get; init; }

    public required string Remark { get; init; }

    /// <summary>The command that makes it, and only it, again.</summary>
    public required string Command { get; init; }

    public required bool Quick { get; init; }

    public required int Seeds { get; init; }

    /// <summary>Version and identity of the code that made it.</summary>
    public required string Build { get; init; }

    public required double Seconds { get; init; }

    /// <summary>Ids of the trainings that it shows.</summary>
    public required ImmutableArray<string> Trainings { get; init; }

    /// <summary>What these took, over all seeds, in whichever run they were made.</summary>
    public required double TrainingSeconds { get; init; }

    public required ImmutableArray<FigureFile> Figures { get; init; }

    public required ImmutableArray<TableText> Tables { get; init; }

    public required ImmutableArray<Quantity> Quantities { get; init; }

    /// <summary>How it was made, in a line: time, and what was trained.</summary>
    internal string Made => Trainings.IsEmpty
        ? FormattableString.Invariant($"{Seconds:0.0} s")
        : FormattableString.Invariant($"{Seconds:0.0} s, and {TrainingSeconds:0} s of training: {string.Join("; ", Trainings)}");

    /// <summary>Reads a finished exhibit; null when there is none, or it is of another build or other conditions.</summary>
    internal static ExhibitFolder? Read(string folder, string build, bool quick, int seeds)
    {
        try
        {
            var found = JsonSerializer.Deserialize<ExhibitFolder>(File.ReadAllBytes(Path.Combine(folder, FileName)), Json);
            return found is not null && found.Build == build && found.Quick == quick && found.Seeds == seeds ? found : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Writes an exhibit; the folder is complete or it is the old one.</summary>
    internal static ExhibitFolder Write(string folder, Paper paper, Exhibit exhibit, Findings findings, Conditions conditions, string build, TimeSpan elapsed)
    {
        var files = ImmutableArray.CreateBuilder<FigureFile>();
        for (var i = 0; i < findings.Figures.Length; i++)
        {
            var figure = findings.Figures[i];
            files.Add(new(findings.Figures.Length == 1 ? "figure" : $"figure-{(char)('a' + i)}", figure.Title, figure.Caption));
        }

        var written = new ExhibitFolder
        {
            Paper = paper.Id,
            Exhibit = exhibit.Id,
            Title = exhibit.Title,
            Printed = exhibit.Printed,
            Remark = conditions.Quick && !exhibit.Trainings.IsEmpty
                ? FormattableString.Invariant($"Quick run: trainings are cut to a fiftieth of their updates, {Training.MostQuickUpdates} at most, so what is learned here says nothing of the learners. {findings.Remark}").TrimEnd()
                : findings.Remark,
            Command = FormattableString.Invariant($"menuet reproduce {paper.Id} --only {exhibit.Id}{(conditions.Quick ? " --quick" : "")} --seeds {conditions.Seeds}"),
            Quick = conditions.Quick,
            Seeds = conditions.Seeds,
            Build = build,
            Seconds = elapsed.TotalSeconds,
            Trainings = [.. exhibit.Trainings.Select(training => training.Id)],
            TrainingSeconds = exhibit.Trainings.Sum(training => conditions.Trained(training).Sum(run => run.Result.Seconds)),
            Figures = files.ToImmutable(),
            Tables = [.. findings.Tables.Select(TableText.Of)],
            Quantities = findings.Quantities,
        };
        var fresh = folder + ".new";
        if (Directory.Exists(fresh))
        {
            Directory.Delete(fresh, recursive: true);
        }

        Directory.CreateDirectory(fresh);
        for (var i = 0; i < files.Count; i++)
        {
            var path = Path.Combine(fresh, files[i].File);
            using (var svg = new StreamWriter(path + ".svg"))
            {
                SvgWriter.Write(findings.Figures[i], svg);
            }

            using (var csv = new StreamWriter(path + ".csv"))
            {
                FigureCsv.Write(findings.Figures[i], csv);
            }

            File.WriteAllText(path + ".vl.json", VegaLite.Of(findings.Figures[i]).ToJsonString());
        }

        for (var i = 0; i < written.Tables.Length; i++)
        {
            using var csv = new StreamWriter(Path.Combine(fresh, written.Tables.Length == 1 ? "table.csv" : $"table-{i + 1}.csv"));
            TableCsv.Write(findings.Tables[i], csv);
        }

        File.WriteAllBytes(Path.Combine(fresh, FileName), JsonSerializer.SerializeToUtf8Bytes(written, Json));
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        Directory.Move(fresh, folder);
        return written;
    }
}

/// <summary>One figure's files, without ending.</summary>
internal sealed record FigureFile(string File, string Title, string Caption);

/// <summary>A table whose cells are written already: numbers to the last bit.</summary>
internal sealed record TableText(string Title, ImmutableArray<Column> Columns, ImmutableArray<ImmutableArray<string>> Rows, ImmutableArray<bool> Numeric)
{
    internal static TableText Of(Table table) => new(
        table.Title,
        table.Columns,
        [.. table.Rows.Select(row => row.Select(TableCsv.Exact).ToImmutableArray())],
        [.. table.Columns.Select((_, i) => table.Rows.All(row => row[i] is not string))]);

    /// <summary>A cell as people read it: five digits.</summary>
    internal string Legible(int row, int column)
    {
        var text = Rows[row][column];
        return Numeric[column] && double.TryParse(text, System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out var number)
            ? number.ToString("G5", System.Globalization.CultureInfo.InvariantCulture)
            : text;
    }
}
