using System.Collections.Immutable;
using System.Globalization;
using Menuet.Documents;
using Menuet.Figures;
using Spectre.Console;

namespace Menuet.Cli.Rendering;

/// <summary>A report in every format.</summary>
internal static class ReportText
{
    internal static void Write(
        Terminal terminal, TextWriter output, Report report, Comparison? comparison, string format, bool single, Report? optimum = null)
    {
        switch (format)
        {
            case "json":
                JsonText.Write(output, single, report.WriteJson);
                break;
            case "csv":
                WriteTables(report.Tables, output, (writer, table) => TableCsv.Write(table, writer));
                break;
            case "markdown":
                WriteMarkdown(output, report, comparison, optimum);
                break;
            default:
                WriteText(terminal, output, report, comparison, optimum);
                break;
        }
    }

    private static void WriteText(Terminal terminal, TextWriter output, Report report, Comparison? comparison, Report? optimum)
    {
        var console = terminal.Console(output);
        console.Write(new Rule($"[bold]{Markup.Escape(report.Name ?? Catalog.Find(report.Kind).Title)}[/]") { Justification = Justify.Left });
        foreach (var line in new[] { report.Description, report.Source is null ? null : "Source: " + report.Source })
        {
            if (line is not null)
            {
                console.Write(new Markup(Markup.Escape(line) + "\n"));
            }
        }

        output.WriteLine();
        foreach (var table in report.Tables)
        {
            TableText.WriteText(terminal, output, table);
            output.WriteLine();
        }

        foreach (var (name, value) in Facts(report, optimum))
        {
            console.Write(new Markup($"[bold]{name,-10}[/] {Markup.Escape(value)}\n"));
        }

        if (report.Audit is not null)
        {
            output.WriteLine();
            TableText.WriteText(terminal, output, Certificates(report));
            WriteViolations(output, report.Audit, "  ");
        }

        if (comparison is not null)
        {
            output.WriteLine();
            ComparisonText.WriteText(terminal, output, Catalog.Find(report.Kind), comparison);
        }
    }

    private static void WriteMarkdown(TextWriter output, Report report, Comparison? comparison, Report? optimum)
    {
        output.WriteLine($"## {report.Name ?? Catalog.Find(report.Kind).Title}\n");
        if (report.Description is not null)
        {
            output.WriteLine(report.Description + "\n");
        }

        if (report.Source is not null)
        {
            output.WriteLine($"Source: {report.Source}\n");
        }

        WriteTables(report.Tables, output, TableText.WriteMarkdown);
        output.WriteLine();
        foreach (var (name, value) in Facts(report, optimum))
        {
            output.WriteLine($"- **{name}** {value}");
        }

        if (report.Audit is not null)
        {
            output.WriteLine();
            TableText.WriteMarkdown(output, Certificates(report));
            WriteViolations(output, report.Audit, "- ");
        }

        if (comparison is not null)
        {
            output.WriteLine();
            TableText.WriteMarkdown(output, ComparisonText.AsTable(Catalog.Find(report.Kind), comparison, withMeaning: true));
        }
    }

    private static void WriteTables(ImmutableArray<Table> tables, TextWriter output, Action<TextWriter, Table> write)
    {
        for (var i = 0; i < tables.Length; i++)
        {
            if (i > 0)
            {
                output.WriteLine();
            }

            write(output, tables[i]);
        }
    }

    private static IEnumerable<(string Name, string Value)> Facts(Report report, Report? optimum)
    {
        yield return ("Status", report.Solver.Name == "answer" ? $"\"{report.Status}\" by its own account" : report.Status);
        if (report.Objective is { } objective)
        {
            yield return ("Objective", $"{TableText.Number(objective)} {Catalog.Find(report.Kind).ObjectiveUnit}".TrimEnd());
        }

        if (optimum?.Objective is { } best)
        {
            var share = report.Objective is { } mine && best != 0 ? $"; this answer has {(mine / best).ToString("P3", CultureInfo.InvariantCulture)} of it" : "";
            yield return ("Optimum", $"{TableText.Number(best)} by {optimum.Solver.Name}{share}");
        }

        var run = report.Solver;
        if (run.Name != "answer")
        {
            var bound = run.Bound is { } proven ? $"; bound {TableText.Number(proven)}, gap {(run.Gap ?? 0).ToString("P3", CultureInfo.InvariantCulture)}" : "";
            yield return ("Solver", $"{run.Name}: {Meaning(run.Termination)}{bound}");
        }

        if (run.Note.Length > 0)
        {
            yield return ("Note", run.Note);
        }
    }

    private static string Meaning(Termination termination) => termination switch
    {
        Termination.Optimal => "proven optimal",
        Termination.Converged => "converged, no claim of global optimality",
        Termination.Candidate => "a candidate without any claim; read the certificates",
        Termination.Infeasible => "proven to have no solution",
        Termination.LimitReached => "stopped at its limit; the best so far is shown",
        _ => "arithmetic failed",
    };

    private static Table Certificates(Report report) => new(
        report.Audit!.Holds ? "Certificates: all hold" : "Certificates: some fail",
        [new("claim"), new("verdict"), new("promised"), new("worst slack"), new("at"), new("checked"), new("defined in")],
        [
            .. report.Audit.Certificates.Select(certificate => (ImmutableArray<object?>)
            [
                DocumentText.Words(DocumentText.CamelCase(certificate.Claim.ToString())),
                certificate.Holds ? "holds" : "FAILS",
                report.Promises.Contains(certificate.Claim) ? "yes" : "no",
                certificate.Checked == 0 ? null : WithoutNoise(certificate),
                certificate.Worst.Constraint,
                certificate.Checked.ToString(CultureInfo.InvariantCulture) + (certificate.Evidence == Evidence.Sampled ? " sampled" : ""),
                certificate.Source,
            ]),
        ]);

    // A binding constraint is met to rounding; a thousandth of the tolerance separates noise from slack.
    private static double WithoutNoise(Certificate certificate) =>
        Math.Abs(certificate.Worst.Value) < certificate.Tolerance / 1000 ? 0 : certificate.Worst.Value;

    private static void WriteViolations(TextWriter output, Audit audit, string indent)
    {
        foreach (var certificate in audit.Certificates.Where(certificate => !certificate.Holds))
        {
            var shown = certificate.Violations.Take(5).Select(slack => $"{slack.Constraint} by {TableText.Number(-slack.Value)}");
            output.WriteLine($"{indent}{DocumentText.Words(DocumentText.CamelCase(certificate.Claim.ToString()))} is violated: {string.Join(", ", shown)}{(certificate.Violations.Length > 5 ? ", …" : "")}");
        }
    }
}
