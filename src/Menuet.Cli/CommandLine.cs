using System.CommandLine;
using Menuet.Cli.Commands;
using Menuet.Cli.Rendering;
using Menuet.Learning;

namespace Menuet.Cli;

/// <summary>The command <c>menuet</c>.</summary>
internal static class CommandLine
{
    /// <summary>Runs one command line. Never throws.</summary>
    /// <returns>0 done; 1 a fault of ours; 2 invalid input; 3 no outcome; 4 a promised certificate fails.</returns>
    internal static int Run(string[] args, Terminal terminal, CancellationToken cancellation)
    {
        try
        {
            var parsed = Root(terminal).Parse(args);
            if (parsed.Errors.Count > 0)
            {
                foreach (var error in parsed.Errors)
                {
                    terminal.Error.WriteLine($"menuet: {error.Message}");
                }

                terminal.Error.WriteLine($"See 'menuet {string.Concat(parsed.CommandResult.Command is RootCommand ? "" : parsed.CommandResult.Command.Name + " ")}--help'.");
                return ExitCode.InvalidInput;
            }

            // Signals are the program's own business: work that is asked to stop takes the time that it needs to save what it has.
            var configuration = new InvocationConfiguration
            {
                Output = terminal.Output,
                Error = terminal.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            };
            return parsed.InvokeAsync(configuration, cancellation).GetAwaiter().GetResult();
        }
        catch (InvalidRequestException error)
        {
            ProblemText.Write(terminal, error.Problems);
            return ExitCode.InvalidInput;
        }
        catch (OperationCanceledException)
        {
            terminal.Error.WriteLine("menuet: stopped before there was an outcome");
            return ExitCode.NoOutcome;
        }
        catch (DivergenceException error)
        {
            terminal.Error.WriteLine($"menuet: training diverged: {error.Message}");
            return ExitCode.NoOutcome;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            terminal.Error.WriteLine($"menuet: {error.Message}");
            return ExitCode.InvalidInput;
        }
#pragma warning disable CA1031 // The last line of defence: a person gets a sentence, not a stack trace.
        catch (Exception error)
#pragma warning restore CA1031
        {
            terminal.Error.WriteLine($"menuet: a fault of Menuet itself, please report it: {error.GetType().Name}: {error.Message}");
            if (Environment.GetEnvironmentVariable("MENUET_TRACE") is { Length: > 0 })
            {
                terminal.Error.WriteLine(error.StackTrace);
            }

            return ExitCode.Fault;
        }
    }

    internal static RootCommand Root(Terminal terminal)
    {
        var root = new RootCommand("Designs, checks, compares and learns incentive mechanisms for markets in AI-generated content.");
        root.Subcommands.Add(SolveCommand.Create(terminal));
        root.Subcommands.Add(AuditCommand.Create(terminal));
        root.Subcommands.Add(CompareCommand.Create(terminal));
        root.Subcommands.Add(SweepCommand.Create(terminal));
        root.Subcommands.Add(MeasureCommand.Create(terminal));
        root.Subcommands.Add(FitCommand.Create(terminal));
        root.Subcommands.Add(MarketCommand.Create(terminal));
        root.Subcommands.Add(TrainCommand.Create(terminal));
        root.Subcommands.Add(EvaluateCommand.Create(terminal));
        root.Subcommands.Add(ExportCommand.Create(terminal));
        root.Subcommands.Add(DrawCommand.Create(terminal));
        root.Subcommands.Add(GenerateCommand.Create(terminal));
        root.Subcommands.Add(GenerateCommand.CreateInpaint(terminal));
        root.Subcommands.Add(JudgeCommand.Create(terminal));
        root.Subcommands.Add(SettleCommand.Create(terminal));
        root.Subcommands.Add(LedgerCommand.Create(terminal));
        root.Subcommands.Add(ListCommand.Create(terminal));
        root.Subcommands.Add(SchemaCommand.Create(terminal));
        root.Subcommands.Add(ExampleCommand.Create(terminal));
        root.Subcommands.Add(ReproduceCommand.Create(terminal));
        root.Subcommands.Add(CompletionsCommand.Create(terminal));
        return root;
    }
}

/// <summary>What the process says when it ends.</summary>
internal static class ExitCode
{
    internal const int Fault = 1;
    internal const int InvalidInput = 2;
    internal const int NoOutcome = 3;
    internal const int Disproved = 4;
}
