using Spectre.Console;

namespace Menuet.Cli;

/// <summary>Where commands read and write; tests hand in their own.</summary>
/// <param name="Output">Answers.</param>
/// <param name="Error">Problems and progress.</param>
/// <param name="OpenInput">Opens standard input.</param>
/// <param name="IsInteractive">True when a person watches: colours, the terminal's width, and progress that redraws itself.</param>
internal sealed record Terminal(TextWriter Output, TextWriter Error, Func<Stream> OpenInput, bool IsInteractive)
{
    private const int PlainWidth = 120;

    /// <summary>A console over one of the writers: plain, 120 columns wide, unless a person watches.</summary>
    internal IAnsiConsole Console(TextWriter writer)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = IsInteractive ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = IsInteractive ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
        });
        if (!IsInteractive)
        {
            console.Profile.Width = PlainWidth;
            console.Profile.Capabilities.Unicode = true;
        }

        return console;
    }
}
