using System.Collections.Immutable;
using System.Globalization;
using Spectre.Console;

namespace Menuet.Cli.Rendering;

/// <summary>Tables for a terminal and for Markdown.</summary>
internal static class TableText
{
    private const int MostRows = 200;  // that a person reads on a terminal
    private const int EdgeRows = 20;   // of a longer table, at either end

    internal static void WriteText(Terminal terminal, TextWriter output, Table table)
    {
        var console = terminal.Console(output);
        var omitted = table.Rows.Length > MostRows ? table.Rows.Length - (2 * EdgeRows) : 0;
        var shown = Legible(omitted > 0 ? table with { Rows = [.. table.Rows[..EdgeRows], .. table.Rows[^EdgeRows..]] } : table);
        var (cells, wrapsHeadings) = Fitted(shown, console.Profile.Width);
        var grid = new Spectre.Console.Table { Border = TableBorder.Rounded, Title = new TableTitle($"[bold]{Markup.Escape(table.Title)}[/]", Style.Plain) };
        for (var i = 0; i < shown.Columns.Length; i++)
        {
            var column = shown.Columns[i];
            var name = wrapsHeadings ? column.Name.Replace(' ', '\n') : column.Name;
            var heading = $"[bold]{Markup.Escape(name)}[/]{(column.Unit.Length == 0 ? "" : $"\n[dim]{Markup.Escape(column.Unit)}[/]")}";
            var header = new TableColumn(heading);
            grid.AddColumn(IsText(shown, i) ? header.LeftAligned() : header.RightAligned());
        }

        for (var i = 0; i < cells.Length; i++)
        {
            if (omitted > 0 && i == EdgeRows)
            {
                grid.AddRow(shown.Columns.Select(_ => new Markup("[dim]⋮[/]")));
            }

            grid.AddRow(cells[i].Select(cell => new Markup(Styled(cell))));
        }

        if (omitted > 0)
        {
            grid.Caption = new TableTitle(string.Create(CultureInfo.InvariantCulture, $"{omitted:N0} rows between these are in --format csv, json and markdown"), Style.Plain);
        }

        console.Write(grid);
    }

    internal static void WriteMarkdown(TextWriter output, Table table)
    {
        table = Legible(table);
        output.WriteLine($"### {table.Title}\n");
        output.WriteLine($"| {string.Join(" | ", table.Columns.Select(c => c.Unit.Length == 0 ? c.Name : $"{c.Name} [{c.Unit}]"))} |");
        output.WriteLine($"|{string.Concat(table.Columns.Select((_, i) => IsText(table, i) ? " --- |" : " ---: |"))}");
        foreach (var row in table.Rows)
        {
            output.WriteLine($"| {string.Join(" | ", row.Select(cell => Show(cell).Replace("|", "\\|", StringComparison.Ordinal)))} |");
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

    internal static string Number(double number) => Number(number, 7);

    private static string Number(double number, int digits) => !double.IsFinite(number)
        ? double.IsNaN(number) ? "" : number > 0 ? "∞" : "−∞"
        : (number == 0 ? 0 : number).ToString(
            Math.Abs(number) is >= 1e7 or (< 1e-4 and > 0) ? "0." + new string('#', digits - 1) + "E+0" : "G" + digits, CultureInfo.InvariantCulture);

    /// <summary>
    /// The table as a person wants it: without flags that are false throughout, without rounding noise (what is below 1e-12 of its
    /// column's largest number reads 0), with prefixes for large and small units, and without unit words in headings that show the unit.
    /// </summary>
    private static Table Legible(Table table)
    {
        var kept = Enumerable.Range(0, table.Columns.Length)
            .Where(i => table.Rows.IsEmpty || !table.Rows.All(row => row[i] is false)).ToArray();
        var columns = kept.Select(i => table.Columns[i]).ToArray();
        var rows = table.Rows.Select(row => kept.Select(i => row[i]).ToArray()).ToArray();
        for (var i = 0; i < columns.Length; i++)
        {
            var largest = rows.Select(row => row[i] is double number && double.IsFinite(number) ? Math.Abs(number) : 0).DefaultIfEmpty(0).Max();
            var (prefix, factor) = Prefix(columns[i].Unit, largest);
            columns[i] = new(WithoutUnitWords(columns[i]), prefix + columns[i].Unit);
            foreach (var row in rows)
            {
                row[i] = row[i] is double number ? Math.Abs(number) < 1e-12 * largest ? 0.0 : number / factor : row[i];
            }
        }

        return new(table.Title, [.. columns], [.. rows.Select(row => row.ToImmutableArray())]);
    }

    private static (string Prefix, double Factor) Prefix(string unit, double largest) => unit is not ("Hz" or "bit/s")
        ? ("", 1)
        : largest switch
        {
            >= 1e9 => ("G", 1e9),
            >= 1e6 => ("M", 1e6),
            >= 1e3 => ("k", 1e3),
            _ => ("", 1),
        };

    private static string WithoutUnitWords(Column column)
    {
        string[] words = column.Unit switch
        {
            "s" => [" seconds"],
            "Hz" => [" hz"],
            "bit/s" => [" bit per second"],
            _ => [],
        };
        var name = column.Name;
        foreach (var word in words)
        {
            name = name.EndsWith(word, StringComparison.Ordinal) ? name[..^word.Length] : name;
        }

        return name;
    }

    /// <summary>The cells with as many digits, from seven down to four, as let the table stand within the width; headings break first.</summary>
    private static (string[][] Cells, bool WrapsHeadings) Fitted(Table table, int width)
    {
        var cells = Cells(7);
        if (Needed(wraps: false) <= width)
        {
            return (cells, false);
        }

        for (var digits = 6; digits >= 4 && Needed(wraps: true) > width; digits--)
        {
            cells = Cells(digits);
        }

        return (cells, true);

        string[][] Cells(int digits) =>
            [.. table.Rows.Select(row => row.Select(cell => cell is double number ? Number(number, digits) : Show(cell)).ToArray())];

        int Needed(bool wraps)
        {
            var needed = 1;
            for (var i = 0; i < table.Columns.Length; i++)
            {
                var heading = wraps ? table.Columns[i].Name.Split(' ').Max(word => word.Length) : table.Columns[i].Name.Length;
                var longest = cells.Select(row => wraps && IsText(table, i) ? row[i].Split(' ').Max(word => word.Length) : row[i].Length).DefaultIfEmpty(0).Max();
                needed += 3 + Math.Max(Math.Max(heading, table.Columns[i].Unit.Length), longest);
            }

            return needed;
        }
    }

    private static string Styled(string text) => text switch
    {
        "holds" => "[green]holds[/]",
        "FAILS" => "[red]FAILS[/]",
        _ => Markup.Escape(text),
    };

    private static bool IsText(Table table, int column) => table.Rows.Any(row => row[column] is string);
}
