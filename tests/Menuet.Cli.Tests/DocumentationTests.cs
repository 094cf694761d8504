using System.Text;
using System.Text.RegularExpressions;
using Menuet.Tests;

namespace Menuet.Cli.Tests;

/// <summary>
/// What the documentation shows is what the program does: every console block is run, every market is read, every piece of C#
/// stands in the file it names, every link leads somewhere. UPDATE_GOLDENS=1 rewrites the output of console blocks. Times, speeds and the width
/// of vectors may differ; pages that train do so in a folder of their own.
/// </summary>
public sealed partial class DocumentationTests
{
    private static readonly string Root = FindRoot();

    public static TheoryData<string> EveryPage() =>
    [
        .. Directory.EnumerateFiles(Root, "*.md", SearchOption.TopDirectoryOnly)
            .Concat(Directory.EnumerateFiles(Path.Combine(Root, "docs"), "*.md", SearchOption.AllDirectories))
            .Concat(Directory.EnumerateFiles(Path.Combine(Root, "src"), "README.md", SearchOption.AllDirectories))
            .Select(file => Path.GetRelativePath(Root, file).Replace('\\', '/'))
            .Order(StringComparer.Ordinal),
    ];

    [Theory]
    [MemberData(nameof(EveryPage))]
    public void ConsoleBlocks_ShowWhatTheProgramPrints(string page)
    {
        var file = Path.Combine(Root, page);
        var text = File.ReadAllText(file);
        using var own = text.Contains("$ menuet train ", StringComparison.Ordinal) ? new TemporaryFolder() : null;
        var rewritten = ConsoleBlock().Replace(text, match =>
        {
            var command = match.Groups[1].Value;
            var arguments = ProgramPrefix().Replace(command, "");
            if (arguments == command)
            {
                return match.Value;
            }

            var words = Words().Matches(arguments).Select(word => word.Value.Trim('\'')).ToArray();
            var session = InFolder(own?.File("") ?? Root, () => Session.Run(words));
            return $"```console\n$ {command}\n{(session.Output + session.Error).TrimEnd()}\n```";
        });
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDENS") == "1")
        {
            File.WriteAllText(file, rewritten);
            return;
        }

        var (shown, printed) = (Machine().Replace(text, "#"), Machine().Replace(rewritten, "#"));
        Assert.True(shown == printed, $"{page} shows other output than the program prints.\n{Golden.Difference(shown, printed)}");
    }

    [Theory]
    [MemberData(nameof(EveryPage))]
    public void Markets_AreValid(string page)
    {
        foreach (Match match in JsonBlock().Matches(File.ReadAllText(Path.Combine(Root, page))))
        {
            var market = match.Groups[1].Value;
            if (KindKey().Match(market) is { Success: true } kind && Catalog.Kinds.Contains(kind.Groups[1].Value))
            {
                var bytes = Encoding.UTF8.GetBytes(market);
                var problems = Catalog.Find(bytes).Check(bytes);
                Assert.True(problems.IsEmpty, $"a market in {page} is invalid: {string.Join("; ", problems)}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(EveryPage))]
    public void Code_StandsInTheFileItNames(string page)
    {
        var text = File.ReadAllText(Path.Combine(Root, page));
        var blocks = CodeBlock().Matches(text);
        var named = NamedCodeBlock().Matches(text);
        Assert.True(blocks.Count == named.Count, $"{page}: put '<!-- from FILE -->' on the line before each csharp block");
        foreach (Match match in named)
        {
            var source = File.ReadAllText(Path.Combine(Root, match.Groups[1].Value));
            Assert.Contains(Squeezed(match.Groups[2].Value), Squeezed(source), StringComparison.Ordinal);
        }

        static string Squeezed(string code) => Space().Replace(code, " ").Trim();
    }

    [Theory]
    [MemberData(nameof(EveryPage))]
    public void Links_LeadSomewhere(string page)
    {
        foreach (Match match in Link().Matches(File.ReadAllText(Path.Combine(Root, page))))
        {
            var target = match.Groups[1].Value.Split('#')[0];
            if (target.Length > 0 && !target.Contains("://", StringComparison.Ordinal))
            {
                var path = Path.Combine(Root, Path.GetDirectoryName(page)!, target);
                Assert.True(File.Exists(path) || Directory.Exists(path), $"{page} links to {target}, which does not exist");
            }
        }
    }

    [Fact]
    public void EveryKind_HasItsPage_AndStandsInTheReadme()
    {
        var readme = File.ReadAllText(Path.Combine(Root, "README.md"));
        Assert.All(Catalog.Kinds, kind =>
        {
            Assert.True(File.Exists(Path.Combine(Root, "docs", "kinds", kind + ".md")), $"docs/kinds/{kind}.md is missing");
            Assert.Contains($"docs/kinds/{kind}.md", readme, StringComparison.Ordinal);
        });
    }

    private static Session InFolder(string folder, Func<Session> run)
    {
        // Sequential within this class, and no other test reads the current folder.
        var before = Directory.GetCurrentDirectory();
        try
        {
            Directory.SetCurrentDirectory(folder);
            return run();
        }
        finally
        {
            Directory.SetCurrentDirectory(before);
        }
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Menuet.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("Menuet.slnx is nowhere above the tests");
    }

    [GeneratedRegex(@"```console\n\$ ([^\n]*)\n[\s\S]*?\n?```")]
    private static partial Regex ConsoleBlock();

    [GeneratedRegex(@"^(menuet|dotnet run -c Release --project src/Menuet\.Cli --) ")]
    private static partial Regex ProgramPrefix();

    [GeneratedRegex(@"'[^']*'|\S+")]
    private static partial Regex Words();

    [GeneratedRegex(@"\d[\d.,]*(E[-+]\d+)?(?= (s|µs|steps/s|updates/s)\b)|\d+(?=-bit vectors)")]
    private static partial Regex Machine();

    [GeneratedRegex(@"```json\n([\s\S]*?)```")]
    private static partial Regex JsonBlock();

    [GeneratedRegex(@"""kind"":\s*""([^""]+)""")]
    private static partial Regex KindKey();

    [GeneratedRegex(@"```csharp\n")]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"<!-- from (\S+) -->\n```csharp\n([\s\S]*?)```")]
    private static partial Regex NamedCodeBlock();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();
}
