using System.Globalization;

namespace Menuet.Figures;

/// <summary>Writes a table as CSV, and what every CSV of Menuet is made of: cells and quotes.</summary>
public static class TableCsv
{
    /// <summary>A heading with units in brackets, then the rows; comma separated, quoted as in RFC 4180, each line ended by LF.</summary>
    /// <param name="table">Numbers are written by <see cref="Exact"/>.</param>
    /// <param name="writer">Receives it.</param>
    public static void Write(Table table, TextWriter writer)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(writer);
        Line(table.Columns.Select(column => column.Unit.Length == 0 ? column.Name : $"{column.Name} [{column.Unit}]"));
        foreach (var row in table.Rows)
        {
            Line(row.Select(Exact));
        }

        void Line(IEnumerable<string> cells) => writer.Write(string.Join(',', cells.Select(Quote)) + "\n");
    }

    /// <summary>A cell to the last bit: the shortest number that reads back as the same double; empty for null and NaN; yes or no.</summary>
    public static string Exact(object? cell) => cell switch
    {
        null => "",
        double number => double.IsNaN(number) ? "" : number.ToString("R", CultureInfo.InvariantCulture),
        bool flag => flag ? "yes" : "no",
        IFormattable other => other.ToString(null, CultureInfo.InvariantCulture),
        _ => cell.ToString() ?? "",
    };

    /// <summary>A cell as it stands in a line: in quotes where it must be, or begins or ends with a space.</summary>
    public static string Quote(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.AsSpan().ContainsAny("\",\r\n") || text != text.Trim() ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
    }
}
