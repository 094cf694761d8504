using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Menuet.Experiments.Report;

/// <summary>report.md: claims first, then every exhibit with its picture, tables and remark.</summary>
internal static class MarkdownReport
{
    internal static string Of(ImmutableArray<PaperResult> papers, ReportConditions conditions)
    {
        var text = new StringBuilder();
        text.Append("# Reproduction\n\n");
        if (conditions.Quick)
        {
            text.Append("**Quick run**: fewer points, draws and seeds than the full run, and trainings cut short; verdicts may differ from it, and claims about learners are untested.\n\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"`{conditions.Command}`: {conditions.Made}.\n\n## Claims\n\n{Verdicts(papers)}\n\n");
        text.Append("| paper | claim | source | measured | verdict |\n| --- | --- | --- | --- | --- |\n");
        foreach (var paper in papers)
        {
            foreach (var claim in paper.Claims)
            {
                text.Append(CultureInfo.InvariantCulture, $"| {paper.Paper.Id} | {Cell(claim.Claim.Statement)} | {Cell(claim.Claim.Source)} | {Cell(Measured(claim))} | {claim.Words} |\n");
            }
        }

        foreach (var paper in papers)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n## {paper.Paper.Title}\n");
            foreach (var exhibit in paper.Exhibits)
            {
                text.Append(CultureInfo.InvariantCulture, $"\n### {exhibit.Exhibit}: {exhibit.Title}\n\n");
                if (exhibit.Printed.Length > 0)
                {
                    text.Append(CultureInfo.InvariantCulture, $"*Printed*: {exhibit.Printed}\n\n");
                }

                foreach (var figure in exhibit.Figures)
                {
                    text.Append(CultureInfo.InvariantCulture, $"![{figure.Title}]({exhibit.Paper}/{exhibit.Exhibit}/{figure.File}.svg)\n\n");
                }

                foreach (var table in exhibit.Tables)
                {
                    text.Append(CultureInfo.InvariantCulture, $"**{table.Title}**\n\n| {string.Join(" | ", table.Columns.Select(Heading))} |\n|{string.Concat(table.Numeric.Select(numeric => numeric ? " ---: |" : " --- |"))}\n");
                    for (var row = 0; row < table.Rows.Length; row++)
                    {
                        text.Append(CultureInfo.InvariantCulture, $"| {string.Join(" | ", table.Columns.Select((_, column) => Cell(table.Legible(row, column))))} |\n");
                    }

                    text.Append('\n');
                }

                if (exhibit.Remark.Length > 0)
                {
                    text.Append(CultureInfo.InvariantCulture, $"{exhibit.Remark}\n\n");
                }

                text.Append(CultureInfo.InvariantCulture, $"`{exhibit.Command}` · {exhibit.Made}\n");
            }
        }

        return text.ToString();
    }

    private static string Verdicts(ImmutableArray<PaperResult> papers) =>
        string.Join(", ", papers.SelectMany(paper => paper.Claims).GroupBy(claim => claim.Words).Select(group => string.Create(CultureInfo.InvariantCulture, $"{group.Count()} {group.Key}")));

    /// <summary>The first quantity of a claim with its interval.</summary>
    internal static string Measured(JudgedClaim claim)
    {
        if (claim.Quantities.IsEmpty)
        {
            return "";
        }

        var quantity = claim.Quantities[0];
        var unit = quantity.Unit.Length == 0 ? "" : " " + quantity.Unit;
        var value = quantity.Value.ToString("G5", CultureInfo.InvariantCulture);
        return quantity.Low == quantity.High
            ? value + unit
            : double.IsFinite(quantity.Low)
                ? string.Create(CultureInfo.InvariantCulture, $"{value}{unit} [{quantity.Low:G4}, {quantity.High:G4}]")
                : string.Create(CultureInfo.InvariantCulture, $"{value}{unit} (one sample)");
    }

    internal static string Heading(Column column) => column.Unit.Length == 0 ? column.Name : $"{column.Name} [{column.Unit}]";

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal).Replace('\n', ' ');
}
