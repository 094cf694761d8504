using System.CommandLine;
using Menuet.Cli.Rendering;
using Menuet.Learning.Training;

namespace Menuet.Cli.Commands;

/// <summary><c>menuet schema KIND</c>: the JSON Schema of a kind's documents.</summary>
internal static class SchemaCommand
{
    internal static Command Create(Terminal terminal)
    {
        var kind = new Argument<string>("kind") { HelpName = "kind", Description = "A kind of market ('menuet list' shows them), or training: the experiments of 'menuet train'" };
        kind.CompletionSources.Add(_ => Catalog.Kinds.Append(Experiment.Kind).Select(name => new System.CommandLine.Completions.CompletionItem(name)));
        var answer = new Option<bool>("--answer") { Description = "The answer's schema instead of the market's" };
        var command = new Command("schema", "Prints the JSON Schema of a kind's market or answer.") { kind, answer };
        command.SetAction(parsed =>
        {
            var name = parsed.GetRequiredValue(kind);
            var schema = name == Experiment.Kind ? Experiment.Schema() : parsed.GetValue(answer) ? Catalog.Find(name).AnswerSchema() : Catalog.Find(name).MarketSchema();
            terminal.Output.WriteLine(schema.ToJsonString(JsonText.IndentedNodes));
        });
        return command;
    }
}
