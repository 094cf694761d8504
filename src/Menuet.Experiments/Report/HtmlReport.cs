using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text;

namespace Menuet.Experiments.Report;

/// <summary>index.html: one file that needs no network. Claims first, then a page for each paper; charts can be saved as SVG or PNG.</summary>
internal static class HtmlReport
{
    internal static string Of(ImmutableArray<PaperResult> papers, ReportConditions conditions, string folder)
    {
        var html = new StringBuilder();
        html.Append("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        html.Append("<title>Menuet: reproduction</title>\n<style>\n").Append(Asset("report.css")).Append("</style>\n</head>\n<body>\n");
        html.Append("<header><h1>Reproduction</h1>\n");
        html.Append(CultureInfo.InvariantCulture, $"<p><code>{Text(conditions.Command)}</code> · {Text(conditions.Made)}</p>\n");
        if (conditions.Quick)
        {
            html.Append("<p class=\"quick\">Quick run: fewer points, draws and seeds than the full run, and trainings cut short; verdicts may differ from it, and claims about learners are untested.</p>\n");
        }

        html.Append("<nav aria-label=\"Papers\"><a href=\"#claims\">Claims</a>");
        foreach (var paper in papers)
        {
            html.Append(CultureInfo.InvariantCulture, $" <a href=\"#{paper.Paper.Id}\">{Text(paper.Paper.Id)}</a>");
        }

        html.Append("</nav></header>\n<main>\n");
        Claims(html, papers);
        foreach (var paper in papers)
        {
            Paper(html, paper, folder);
        }

        html.Append("</main>\n");
        foreach (var script in new[] { "vega.min.js", "vega-lite.min.js", "vega-embed.min.js", "report.js" })
        {
            html.Append("<script>").Append(Asset(script).Replace("</script", "<\\/script", StringComparison.OrdinalIgnoreCase)).Append("</script>\n");
        }

        return html.Append("</body>\n</html>\n").ToString();
    }

    private static void Claims(StringBuilder html, ImmutableArray<PaperResult> papers)
    {
        html.Append("<section id=\"claims\"><h2>Claims</h2>\n<p>");
        html.AppendJoin(" · ", papers.SelectMany(paper => paper.Claims).GroupBy(claim => claim.Words).Select(group => $"<span class=\"verdict {Class(group.Key)}\">{group.Key}</span> {group.Count()}"));
        html.Append("</p>\n<div class=\"wide\"><table>\n<thead><tr><th scope=\"col\">Paper</th><th scope=\"col\">Claim</th><th scope=\"col\">Source</th><th scope=\"col\">Test</th><th scope=\"col\">Measured</th><th scope=\"col\">Verdict</th></tr></thead>\n<tbody>\n");
        foreach (var paper in papers)
        {
            foreach (var claim in paper.Claims)
            {
                html.Append(
                    CultureInfo.InvariantCulture,
                    $"<tr><td>{Text(paper.Paper.Id)}</td><td>{Text(claim.Claim.Statement)}</td><td>{Text(claim.Claim.Source)}</td><td>{Text(claim.Claim.Test)}</td><td>{Text(MarkdownReport.Measured(claim))}</td><td><span class=\"verdict {Class(claim.Words)}\">{claim.Words}</span>{(claim.Claim.Remark.Length == 0 ? "" : $"<br>{Text(claim.Claim.Remark)}")}</td></tr>\n");
            }
        }

        html.Append("</tbody></table></div></section>\n");
    }

    private static void Paper(StringBuilder html, PaperResult paper, string folder)
    {
        html.Append(CultureInfo.InvariantCulture, $"<section id=\"{paper.Paper.Id}\"><h2>{Text(paper.Paper.Title)}</h2>\n");
        foreach (var exhibit in paper.Exhibits)
        {
            html.Append(CultureInfo.InvariantCulture, $"<article id=\"{paper.Paper.Id}-{exhibit.Exhibit}\"><h3>{Text(exhibit.Exhibit)}: {Text(exhibit.Title)}</h3>\n");
            if (exhibit.Printed.Length > 0)
            {
                html.Append(CultureInfo.InvariantCulture, $"<p><strong>Printed</strong> {Text(exhibit.Printed)}</p>\n");
            }

            foreach (var figure in exhibit.Figures)
            {
                var path = Path.Combine(folder, paper.Paper.Id, exhibit.Exhibit, figure.File);
                html.Append(CultureInfo.InvariantCulture, $"<figure><h4>{Text(figure.Title)}</h4>\n<div class=\"chart\" role=\"img\" aria-label=\"{Text(figure.Title)}\"></div>\n<script type=\"application/json\" class=\"chart-data\">");
                html.Append(File.ReadAllText(path + ".vl.json").Replace("</", "<\\/", StringComparison.Ordinal)).Append("</script>\n");
                html.Append(CultureInfo.InvariantCulture, $"<figcaption>{Text(figure.Caption)} <a href=\"{paper.Paper.Id}/{exhibit.Exhibit}/{figure.File}.csv\">CSV</a> <a href=\"{paper.Paper.Id}/{exhibit.Exhibit}/{figure.File}.svg\">SVG</a></figcaption></figure>\n");
            }

            foreach (var table in exhibit.Tables)
            {
                Table(html, table);
            }

            if (exhibit.Remark.Length > 0)
            {
                html.Append(CultureInfo.InvariantCulture, $"<p>{Text(exhibit.Remark)}</p>\n");
            }

            html.Append(CultureInfo.InvariantCulture, $"<p class=\"made\"><code>{Text(exhibit.Command)}</code> · {Text(exhibit.Made)}</p></article>\n");
        }

        html.Append("</section>\n");
    }

    private static void Table(StringBuilder html, TableText table)
    {
        html.Append(CultureInfo.InvariantCulture, $"<div class=\"wide\"><table><caption>{Text(table.Title)}</caption>\n<thead><tr>");
        foreach (var column in table.Columns)
        {
            html.Append(CultureInfo.InvariantCulture, $"<th scope=\"col\">{Text(MarkdownReport.Heading(column))}</th>");
        }

        html.Append("</tr></thead>\n<tbody>\n");
        for (var row = 0; row < table.Rows.Length; row++)
        {
            html.Append("<tr>");
            for (var column = 0; column < table.Columns.Length; column++)
            {
                html.Append(CultureInfo.InvariantCulture, $"<td{(table.Numeric[column] ? " class=\"number\"" : "")}>{Text(table.Legible(row, column))}</td>");
            }

            html.Append("</tr>\n");
        }

        html.Append("</tbody></table></div>\n");
    }

    private static string Class(string words) => words.Replace(' ', '-');

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    private static string Asset(string name)
    {
        using var stream = typeof(HtmlReport).Assembly.GetManifestResourceStream("assets/" + name)
            ?? throw new InvalidOperationException($"There is no asset {name}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
