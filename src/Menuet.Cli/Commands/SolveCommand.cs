using System.CommandLine;
using Menuet.Cli.Rendering;
using Menuet.Learning.Training;

namespace Menuet.Cli.Commands;

/// <summary><c>menuet solve FILE...</c>: markets to certified answers.</summary>
internal static class SolveCommand
{
    private const string PolicyPrefix = "policy:";

    internal static Command Create(Terminal terminal)
    {
        var files = new Argument<string[]>("market")
        {
            Description = "Market files; '-' reads standard input; a name such as ye/two-stage-contract is looked up in the catalogue",
            Arity = ArgumentArity.OneOrMore,
            HelpName = "market...",
        };
        files.Validators.Add(MarketSource.RefuseOptions);
        files.CompletionSources.Add(_ => Catalog.Markets.Select(name => new System.CommandLine.Completions.CompletionItem(name)));
        var solver = new Option<string?>("--solver") { Description = "The solver's name; 'menuet list' shows them. policy:FILE: a trained policy. Default: the exact one" };
        var output = new Option<string?>("--out") { Description = "Writes the result to this file instead of standard output" };
        var tail = new Option<string?>("--tail") { Description = "Contract markets: the law of latency, instead of the document's algorithm.tail" };
        tail.AcceptOnlyFromAmong("chernoff-printed", "chernoff-optimal", "exact");
        var menuSolver = new Option<string?>("--menu-solver") { Description = "Contract markets: how a menu is designed, instead of the document's algorithm.menuSolver" };
        menuSolver.AcceptOnlyFromAmong("global", "paper-local");
        var trace = new Option<string?>("--trace") { Description = "Contract markets: writes the path of the iteration to this stem, as .csv and -1.svg, -2.svg, …" };
        var shared = new SharedOptions();
        var command = new Command("solve", "Solves markets and audits the answers.") { files, solver, output, tail, menuSolver, trace };
        shared.AddTo(command);
        command.SetAction((parsed, cancellation) => Task.FromResult(Run(
            terminal, parsed.GetRequiredValue(files), parsed.GetValue(solver), parsed.GetValue(output),
            new(parsed.GetValue(tail), parsed.GetValue(menuSolver), parsed.GetValue(trace)), parsed.GetRequiredValue(shared.Format), shared.Read(parsed), cancellation)));
        return command;
    }

    private static int Run(
        Terminal terminal, string[] files, string? solver, string? output, MatchingOptions matching, string format, SolveOptions options, CancellationToken cancellation)
    {
        using var text = new StringWriter();
        var exitCode = 0;
        var invalid = false;
        var policy = solver is not null && solver.StartsWith(PolicyPrefix, StringComparison.Ordinal) ? TrainedPolicy.Read(solver[PolicyPrefix.Length..]) : null;
        foreach (var file in files)
        {
            try
            {
                var market = MarketSource.Read(file, terminal);
                var mechanism = Catalog.Find(market);
                market = matching.Apply(mechanism, market);
                var report = policy is null
                    ? mechanism.Solve(market, solver, options, cancellation)
                    : mechanism.Solve(market, policy.Experiment.Scenario, policy, solver!, options);
                var comparison = format is "text" or "markdown" && report.Audit is not null
                    ? mechanism.Compare(market, options, cancellation)
                    : null;
                ReportText.Write(terminal, text, report, comparison, format, single: files.Length == 1);
                matching.WriteTrace(market, options, cancellation);
                exitCode = Math.Max(exitCode, report.ExitCode);
            }
            catch (InvalidRequestException error)
            {
                invalid = true;
                exitCode = Math.Max(exitCode, ExitCode.InvalidInput);
                if (format == "json")
                {
                    ProblemText.WriteJson(text, error, single: files.Length == 1);
                }
                else
                {
                    ProblemText.Write(terminal, error.Problems, file);
                }
            }
        }

        if (output is null || invalid)
        {
            terminal.Output.Write(text.ToString());
            if (output is not null)
            {
                terminal.Error.WriteLine($"menuet: {output} was not written, because of invalid input");
            }
        }
        else
        {
            OutputFile.Write(output, text.ToString());
        }

        return exitCode;
    }
}
