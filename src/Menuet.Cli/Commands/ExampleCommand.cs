using System.CommandLine;
using System.Text;

namespace Menuet.Cli.Commands;

/// <summary><c>menuet example KIND</c>: a market to start from.</summary>
internal static class ExampleCommand
{
    internal static Command Create(Terminal terminal)
    {
        var name = new Argument<string>("kind") { HelpName = "kind", Description = "A kind of market, or a name from the catalogue" };
        name.CompletionSources.Add(_ => Catalog.Kinds.Concat(Catalog.Markets).Select(item => new System.CommandLine.Completions.CompletionItem(item)));
        var command = new Command("example", "Prints a market of the catalogue to start from.") { name };
        command.SetAction(parsed =>
        {
            var wanted = parsed.GetRequiredValue(name);
            var market = Catalog.Market(wanted) ?? OfKind(Catalog.Find(wanted));
            terminal.Output.Write(Encoding.UTF8.GetString(market));
        });
        return command;
    }

    // The market that bears the kind's name is the paper's default; else the first of the kind.
    private static byte[] OfKind(IMechanism mechanism)
    {
        var candidates = Catalog.Markets.Where(name => Catalog.Find(Catalog.Market(name)).Kind == mechanism.Kind);
        return Catalog.Market(candidates.OrderByDescending(name => name.EndsWith("/" + mechanism.Kind, StringComparison.Ordinal)).First())!;
    }
}
