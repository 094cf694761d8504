using System.CommandLine;
using Menuet.Cli.Rendering;

namespace Menuet.Cli.Commands;

/// <summary><c>menuet audit MARKET ANSWER</c>: certificates for an answer from anywhere.</summary>
internal static class AuditCommand
{
    internal static Command Create(Terminal terminal)
    {
        var market = new Argument<string>("market") { HelpName = "market", Description = "The market's file, or its name in the catalogue" };
        var answer = new Argument<string>("answer") { HelpName = "answer", Description = "The answer's file, in the form that solve writes; '-' reads standard input" };
        var shared = new SharedOptions();
        var command = new Command("audit", "Judges an answer from anywhere: every claim with its worst slack, and the true optimum beside it.") { market, answer };
        shared.AddTo(command);
        command.SetAction((parsed, cancellation) => Task.FromResult(Run(
            terminal, parsed.GetRequiredValue(market), parsed.GetRequiredValue(answer), parsed.GetRequiredValue(shared.Format), shared.Read(parsed), cancellation)));
        return command;
    }

    private static int Run(
        Terminal terminal, string marketName, string answerName, string format, SolveOptions options, CancellationToken cancellation)
    {
        try
        {
            var market = MarketSource.Read(marketName, terminal);
            var answer = MarketSource.Read(answerName, terminal);
            var mechanism = Catalog.Find(market);
            var report = mechanism.Judge(market, answer, options);
            var optimum = format is "text" or "markdown" && report.Audit is not null
                ? mechanism.Solve(market, null, options, cancellation)
                : null;
            ReportText.Write(terminal, terminal.Output, report, null, format, single: true, optimum);
            return report.ExitCode;
        }
        catch (InvalidRequestException error) when (format == "json")
        {
            ProblemText.WriteJson(terminal.Output, error, single: true);
            return ExitCode.InvalidInput;
        }
    }
}
