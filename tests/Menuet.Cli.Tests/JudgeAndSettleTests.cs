using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Menuet.Settlement.Tests;
using Menuet.Settlement.Tests.Servers;
using Menuet.Tests;

namespace Menuet.Cli.Tests;

/// <summary>The page that goes from images to payments is run as it stands, by the built program against a chain of its own. UPDATE_GOLDENS=1 rewrites what it prints.</summary>
public sealed partial class JudgeAndSettleTests
{
    [AnvilFact]
    public async Task ThePage_RunsAsItStands_AndPrintsWhatItShows()
    {
        var page = Path.Combine(Repository.Root, "docs", "judge-and-settle.md");
        var text = File.ReadAllText(page);
        var match = Blocks().Match(text);
        Assert.True(match.Success, "the page has no block to run, or none that shows what it prints");
        using var folder = new TemporaryFolder();
        var (exitCode, printed) = await RunAsync(folder, match.Groups["script"].Value.Replace("8545", Missing.FreePort().ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal));
        Assert.True(exitCode == 0, printed);
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDENS") == "1")
        {
            File.WriteAllText(page, text[..match.Groups["printed"].Index] + printed + text[(match.Groups["printed"].Index + match.Groups["printed"].Length)..]);
            return;
        }

        var (shown, said) = (Plain(match.Groups["printed"].Value), Plain(printed));
        Assert.True(shown == said, Golden.Difference(shown, said));
    }

    private static async Task<(int ExitCode, string Printed)> RunAsync(TemporaryFolder folder, string script)
    {
        var start = new ProcessStartInfo("bash", ["-s"])
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        start.Environment["TMPDIR"] = folder.File("");
        start.Environment["MENUET"] = typeof(CommandLine).Assembly.Location;
        using var bash = Process.Start(start)!;
        await bash.StandardInput.WriteAsync($$"""
            exec 2>&1
            set -euo pipefail
            trap 'kill $(jobs -p) 2> /dev/null || true' EXIT
            menuet() { dotnet "$MENUET" "$@"; }
            {{script}}
            """);
        bash.StandardInput.Close();
        var printed = await bash.StandardOutput.ReadToEndAsync();
        await bash.WaitForExitAsync();
        return (bash.ExitCode, printed);
    }

    /// <summary>Without hashes, and without the digits that another machine's rounding might change.</summary>
    private static string Plain(string text) => Digits().Replace(Hash().Replace(text.Trim(), "0x…"), "$1");

    [GeneratedRegex(@"<!-- run -->\n```sh\n(?<script>[\s\S]*?)```\n[\s\S]*?```text\n(?<printed>[\s\S]*?)```")]
    private static partial Regex Blocks();

    [GeneratedRegex("0x[0-9a-f]{64}")]
    private static partial Regex Hash();

    [GeneratedRegex(@"(\d\.\d{9})\d+")]
    private static partial Regex Digits();
}
