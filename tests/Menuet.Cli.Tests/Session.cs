using System.Text;

namespace Menuet.Cli.Tests;

/// <summary>Runs the command line in this process and keeps what it said.</summary>
internal sealed record Session(int ExitCode, string Output, string Error)
{
    internal static Session Run(params string[] args) => RunWithInput("", args);

    internal static Session RunWithInput(string input, params string[] args)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var terminal = new Terminal(output, error, () => new MemoryStream(Encoding.UTF8.GetBytes(input)), IsInteractive: false);
        var exitCode = CommandLine.Run(args, terminal, CancellationToken.None);
        return new(exitCode, output.ToString(), error.ToString());
    }
}
