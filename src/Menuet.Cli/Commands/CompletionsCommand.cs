using System.CommandLine;

namespace Menuet.Cli.Commands;

/// <summary><c>menuet completions SHELL</c>: a script that lets the shell complete commands, options and names.</summary>
internal static class CompletionsCommand
{
    private const string Bash = """
        # source <(menuet completions bash)
        _menuet() {
          local IFS=$'\n'
          COMPREPLY=($(compgen -W "$(menuet "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _menuet menuet
        """;

    private const string Zsh = """
        # source <(menuet completions zsh)
        _menuet() {
          local -a suggestions
          suggestions=("${(@f)$(menuet "[suggest:$((${#words[*]} + 1))]" "${words[*]}" 2>/dev/null)}")
          compadd -a suggestions
          _files
        }
        compdef _menuet menuet
        """;

    private const string Fish = """
        # menuet completions fish | source
        complete -c menuet -a '(menuet "[suggest:"(commandline -C)"]" (commandline -cp) 2>/dev/null)'
        """;

    internal static Command Create(Terminal terminal)
    {
        var shell = new Argument<string>("shell") { HelpName = "shell", Description = "bash, zsh or fish" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new Command("completions", "Prints a shell's completion script.") { shell };
        command.SetAction(parsed => terminal.Output.WriteLine(parsed.GetRequiredValue(shell) switch
        {
            "bash" => Bash,
            "zsh" => Zsh,
            _ => Fish,
        }));
        return command;
    }
}
