using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Spectre.Console;

namespace Menuet.Cli.Rendering;

/// <summary>Tables for a terminal, for Markdown and as CSV.</summary>
internal static class TableText
{
    internal static void WriteText(Terminal terminal, TextWriter output, Table table)
    {
        var console = terminal.Console(output);
        var grid = new Spectre.Console.Table { Border = TableBorder.Rounded, Title = new TableTitle($"[bold]{Markup.Escape(table.Title)}[/]") };
        grid.Title!.Style = Style.Plain;
        for (var i = 0; i < table.Columns.Length; i++)
        {
            var column = table.Columns[i];
            var heading = $"[bold]{Markup.Escape(column.Name)}[/]{(column.Unit.Length == 0 ? "" : $"\n[dim]{Markup.Escape(column.Unit)}[/]")}";
            var header = new TableColumn(heading);
            grid.AddColumn(IsText(table, i) ? header.LeftAligned() : header.RightAligned());
        }

        var shown = WithoutNoise(table);
        foreach (var row in shown)
        {
            grid.AddRow(row.Select(cell => new Markup(Styled(Show(cell)))));
        }

        console.Write(grid);
    }

    internal static void WriteMarkdown(TextWriter output, Table table)
    {
        output.WriteLine($"### {table.Title}\n");
        output.WriteLine($"| {string.Join(" | ", table.Columns.Select(c => c.Unit.Length == 0 ? c.Name : $"{c.Name} [{c.Unit}]"))} |");
        output.WriteLine($"|{string.Concat(table.Columns.Select((_, i) => IsText(table, i) ? " --- |" : " ---: |"))}");
        foreach (var row in WithoutNoise(table))
        {
            output.WriteLine($"| {string.Join(" | ", row.Select(cell => Show(cell).Replace("|", "\\|", StringComparison.Ordinal)))} |");
        }
    }

    /// <summary>RFC 4180, numbers to the last bit.</summary>
    internal static void WriteCsv(TextWriter output, Table table)
    {
        output.Write(string.Join(',', table.Columns.Select(c => Quoted(c.Unit.Length == 0 ? c.Name : $"{c.Name} [{c.Unit}]"))) + "\n");
        foreach (var row in table.Rows)
        {
            output.Write(string.Join(',', row.Select(cell => Quoted(Exact(cell)))) + "\n");
        }
    }

    /// <summary>A number as people read it: seven significant digits.</summary>
    internal static string Show(object? cell) => cell switch
    {
        null => "",
        double number => Number(number),
        bool flag => flag ? "yes" : "no",
        IFormattable other => other.ToString(null, CultureInfo.InvariantCulture),
        _ => cell.ToString() ?? "",
    };

    internal static string Number(double number) => double.IsNaN(number)
        ? ""
        : (number == 0 ? 0 : number).ToString(Math.Abs(number) is >= 1e7 or (< 1e-4 and > 0) ? "0.######E+0" : "G7", CultureInfo.InvariantCulture);

    /// <summary>Rows in which what is rounding noise beside the largest number of its column reads 0.</summary>
    private static ImmutableArray<ImmutableArray<object?>> WithoutNoise(Table table)
    {
        var noise = new double[table.Columns.Length];
        foreach (var row in table.Rows)
        {
            for (var i = 0; i < noise.Length; i++)
            {
                noise[i] = row[i] is double number && double.IsFinite(number) ? Math.Max(noise[i], 1e-12 * Math.Abs(number)) : noise[i];
            }
        }

        return [.. table.Rows.Select(row => row.Select((cell, i) => cell is double number && Math.Abs(number) < noise[i] ? 0.0 : cell).ToImmutableArray())];
    }

    private static string Styled(string text) => text switch
    {
        "holds" => "[green]holds[/]",
        "FAILS" => "[red]FAILS[/]",
        _ => Markup.Escape(text),
    };

    private static string Exact(object? cell) => cell is double number
        ? double.IsNaN(number) ? "" : number.ToString("R", CultureInfo.InvariantCulture)
        : Show(cell);

    private static string Quoted(string text) =>
        text.AsSpan().IndexOfAny("\",\r\n") < 0 ? text : new StringBuilder(text).Replace("\"", "\"\"").Insert(0, '"').Append('"').ToString();

    private static bool IsText(Table table, int column) => table.Rows.Any(row => row[column] is string);
}
