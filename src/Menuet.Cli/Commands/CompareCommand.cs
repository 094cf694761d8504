using System.CommandLine;
using Menuet.Cli.Rendering;

namespace Menuet.Cli.Commands;

/// <summary><c>menuet compare MARKET</c>: all schemes on one market.</summary>
internal static class CompareCommand
{
    internal static Command Create(Terminal terminal)
    {
        var market = new Argument<string>("market") { HelpName = "market", Description = "The market's file, '-', or its name in the catalogue" };
        var shared = new SharedOptions();
        var command = new Command("compare", "Puts the mechanism beside its baselines and bounds, with shares of the optimum.") { market };
        shared.AddTo(command);
        command.SetAction((parsed, cancellation) => Task.FromResult(Run(
            terminal, parsed.GetRequiredValue(market), parsed.GetRequiredValue(shared.Format), shared.Read(parsed), cancellation)));
        return command;
    }

    private static int Run(Terminal terminal, string name, string format, SolveOptions options, CancellationToken cancellation)
    {
        try
        {
            var market = MarketSource.Read(name, terminal);
            var mechanism = Catalog.Find(market);
            ComparisonText.Write(terminal, mechanism, mechanism.Compare(market, options, cancellation), format);
            return 0;
        }
        catch (InvalidRequestException error) when (format == "json")
        {
            ProblemText.WriteJson(terminal.Output, error, single: true);
            return ExitCode.InvalidInput;
        }
    }
}
