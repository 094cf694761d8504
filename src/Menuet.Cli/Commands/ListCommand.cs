using System.CommandLine;
using System.Text.Json;
using Menuet.Cli.Rendering;

namespace Menuet.Cli.Commands;

/// <summary><c>menuet list</c>: kinds, solvers and the catalogue.</summary>
internal static class ListCommand
{
    internal static Command Create(Terminal terminal)
    {
        var format = SharedOptions.FormatOption("text", "json");
        var command = new Command("list", "Lists the kinds of market, their solvers, and the catalogue.") { format };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(format) == "json")
            {
                WriteJson(terminal.Output);
            }
            else
            {
                Write(terminal);
            }
        });
        return command;
    }

    private static void Write(Terminal terminal)
    {
        var kinds = new Table(
            "Kinds of market", [new("kind"), new("what it is"), new("source")],
            [.. Catalog.Mechanisms.Select(m => (System.Collections.Immutable.ImmutableArray<object?>)[m.Kind, m.Title, m.Source])]);
        var solvers = new Table(
            "Solvers (the first of each kind is the default)", [new("kind"), new("solver"), new("method and guarantee")],
            [.. Catalog.Mechanisms.SelectMany(m => m.Solvers.Select(s => (System.Collections.Immutable.ImmutableArray<object?>)[m.Kind, s.Name, s.Summary]))]);
        var markets = new Table(
            "Catalogue (solve takes these names)", [new("market"), new("name")],
            [.. Catalog.Markets.Select(name => (System.Collections.Immutable.ImmutableArray<object?>)[name, Title(name)])]);
        foreach (var table in new[] { kinds, solvers, markets })
        {
            TableText.WriteText(terminal, terminal.Output, table);
            terminal.Output.WriteLine();
        }
    }

    private static void WriteJson(TextWriter output)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, JsonText.Indented))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("kinds");
            foreach (var mechanism in Catalog.Mechanisms)
            {
                writer.WriteStartObject();
                writer.WriteString("kind", mechanism.Kind);
                writer.WriteString("title", mechanism.Title);
                writer.WriteString("source", mechanism.Source);
                writer.WriteStartArray("solvers");
                foreach (var solver in mechanism.Solvers)
                {
                    writer.WriteStartObject();
                    writer.WriteString("name", solver.Name);
                    writer.WriteString("summary", solver.Summary);
                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteStartArray("catalog");
            foreach (var name in Catalog.Markets)
            {
                writer.WriteStartObject();
                writer.WriteString("market", name);
                writer.WriteString("name", Title(name));
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        output.WriteLine(JsonText.Utf8(stream));
    }

    private static string? Title(string name)
    {
        using var document = JsonDocument.Parse(Catalog.Market(name)!, new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
        return document.RootElement.TryGetProperty("name", out var title) ? title.GetString() : null;
    }
}
