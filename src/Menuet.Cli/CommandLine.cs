using System.CommandLine;
using Menuet.Cli.Commands;
using Menuet.Cli.Rendering;
using Menuet.Learning;

namespace Menuet.Cli;

/// <summary>The command <c>menuet</c>.</summary>
internal static class CommandLine
{
    private static readonly (string Name, Func<Terminal, Command> Create)[] Commands =
    [
        ("solve", SolveCommand.Create),
        ("audit", AuditCommand.Create),
        ("compare", CompareCommand.Create),
        ("sweep", SweepCommand.Create),
        ("measure", MeasureCommand.Create),
        ("fit", FitCommand.Create),
        ("market", MarketCommand.Create),
        ("train", TrainCommand.Create),
        ("evaluate", EvaluateCommand.Create),
        ("export", ExportCommand.Create),
        ("draw", DrawCommand.Create),
        ("generate", GenerateCommand.Create),
        ("inpaint", GenerateCommand.CreateInpaint),
        ("judge", JudgeCommand.Create),
        ("settle", SettleCommand.Create),
        ("ledger", LedgerCommand.Create),
        ("list", ListCommand.Create),
        ("schema", SchemaCommand.Create),
        ("example", ExampleCommand.Create),
        ("reproduce", ReproduceCommand.Create),
        ("completions", CompletionsCommand.Create),
    ];

    /// <summary>Runs one command line. Never throws.</summary>
    /// <returns>0 done; 1 a fault of ours; 2 invalid input; 3 no outcome; 4 a promised certificate fails.</returns>
    internal static int Run(string[] args, Terminal terminal, CancellationToken cancellation)
    {
        try
        {
            var parsed = Root(terminal, args).Parse(args);
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

    /// <summary>The command that the first argument names, alone, so that a short command does not wait for the others; all of them when it names none.</summary>
    private static RootCommand Root(Terminal terminal, string[] args)
    {
        var root = new RootCommand("Designs, checks, compares and learns incentive mechanisms for markets in AI-generated content.");
        var named = Array.FindIndex(Commands, command => command.Name == args.FirstOrDefault());
        foreach (var (_, create) in named < 0 ? Commands : [Commands[named]])
        {
            root.Subcommands.Add(create(terminal));
        }

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
