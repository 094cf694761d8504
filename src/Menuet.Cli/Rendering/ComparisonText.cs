using System.Collections.Immutable;
using Menuet.Documents;
using Menuet.Figures;

namespace Menuet.Cli.Rendering;

/// <summary>A comparison of schemes in every format.</summary>
internal static class ComparisonText
{
    internal static void Write(Terminal terminal, IMechanism mechanism, Comparison comparison, string format)
    {
        switch (format)
        {
            case "json":
                WriteJson(terminal.Output, mechanism.Kind, comparison);
                break;
            case "csv":
                TableCsv.Write(AsTable(mechanism, comparison, withMeaning: true), terminal.Output);
                break;
            case "markdown":
                TableText.WriteMarkdown(terminal.Output, AsTable(mechanism, comparison, withMeaning: true));
                break;
            default:
                WriteText(terminal, terminal.Output, mechanism, comparison);
                break;
        }
    }

    internal static void WriteText(Terminal terminal, TextWriter output, IMechanism mechanism, Comparison comparison)
    {
        TableText.WriteText(terminal, output, AsTable(mechanism, comparison, withMeaning: false));
        foreach (var scheme in comparison.Schemes)
        {
            output.WriteLine($"  {scheme.Name}: {scheme.Meaning}{(scheme.Note.Length == 0 ? "" : $" ({scheme.Note})")}");
        }
    }

    internal static Table AsTable(IMechanism mechanism, Comparison comparison, bool withMeaning)
    {
        var columns = ImmutableArray.CreateBuilder<Column>();
        columns.Add(new("scheme"));
        columns.Add(new("objective", mechanism.ObjectiveUnit));
        columns.Add(new($"share of {comparison.Reference}", "%"));
        columns.AddRange(comparison.Measures);
        if (withMeaning)
        {
            columns.Add(new("meaning"));
            columns.Add(new("note"));
        }

        var rows = comparison.Schemes.Select(scheme =>
        {
            var row = ImmutableArray.CreateBuilder<object?>();
            row.Add(scheme.Name);
            row.Add(scheme.Objective);
            row.Add(comparison.ShareOf(scheme) is var share && double.IsNaN(share) ? null : 100 * share);
            row.AddRange(scheme.Values.Select(value => (object?)value));
            if (withMeaning)
            {
                row.Add(scheme.Meaning);
                row.Add(scheme.Note);
            }

            return row.ToImmutable();
        });
        return new("Compared with", columns.ToImmutable(), [.. rows]);
    }

    private static void WriteJson(TextWriter output, string kind, Comparison comparison) => JsonText.Write(output, single: true, writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("kind", kind + "-comparison");
        writer.WriteString("reference", comparison.Reference);
        writer.WriteStartArray("schemes");
        foreach (var scheme in comparison.Schemes)
        {
            writer.WriteStartObject();
            writer.WriteString("name", scheme.Name);
            writer.WriteString("meaning", scheme.Meaning);
            DocumentText.WriteNumber(writer, "objective", scheme.Objective);
            DocumentText.WriteNumber(writer, "shareOfReference", comparison.ShareOf(scheme));
            for (var i = 0; i < comparison.Measures.Length; i++)
            {
                DocumentText.WriteNumber(writer, Camel(comparison.Measures[i].Name), scheme.Values[i]);
            }

            writer.WriteString("note", scheme.Note);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    private static string Camel(string words) =>
        string.Concat(words.Split(' ').Select((word, i) => i == 0 ? word : char.ToUpperInvariant(word[0]) + word[1..]));
}
