using System.Text;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using Menuet.Tests;

namespace Menuet.Cli.Tests;

public sealed class CommandTests
{
    private const string Market = "wen2025/reward-contract";

    [Theory]
    [InlineData("")]
    [InlineData("solve")]
    [InlineData("audit")]
    [InlineData("compare")]
    [InlineData("sweep")]
    [InlineData("measure")]
    [InlineData("market")]
    [InlineData("fit")]
    [InlineData("train")]
    [InlineData("evaluate")]
    [InlineData("export")]
    [InlineData("reproduce")]
    [InlineData("draw")]
    [InlineData("generate")]
    [InlineData("inpaint")]
    [InlineData("judge")]
    [InlineData("settle")]
    [InlineData("ledger")]
    [InlineData("list")]
    [InlineData("schema")]
    [InlineData("example")]
    [InlineData("completions")]
    public void Help_OfEveryCommand(string command)
    {
        var session = Session.Run(command.Length == 0 ? ["--help"] : [command, "--help"]);
        Assert.Equal(0, session.ExitCode);
        Golden.Matches(session.Output.ReplaceLineEndings("\n"), $"Help/{(command.Length == 0 ? "menuet" : command)}.txt");
    }

    [Fact]
    public void List_ShowsEveryKindSolverAndMarket()
    {
        var session = Session.Run("list");
        Golden.Matches(session.Output, "list.txt");
        var json = JsonNode.Parse(Session.Run("list", "--format", "json").Output)!;
        Assert.Equal(Catalog.Kinds, json["kinds"]!.AsArray().Select(kind => (string)kind!["kind"]!));
        Assert.Equal(Catalog.Markets, json["catalog"]!.AsArray().Select(market => (string)market!["market"]!));
    }

    [Fact]
    public void Example_OfEveryKind_Solves()
    {
        foreach (var kind in Catalog.Kinds)
        {
            var example = Session.Run("example", kind);
            Assert.Equal(0, example.ExitCode);
            Assert.Equal(0, Session.RunWithInput(example.Output, "solve", "-").ExitCode);
        }
    }

    [Fact]
    public void Schema_OfEveryKind_IsJson()
    {
        foreach (var kind in Catalog.Kinds)
        {
            foreach (var args in new string[][] { ["schema", kind], ["schema", kind, "--answer"] })
            {
                var schema = JsonNode.Parse(Session.Run(args).Output)!;
                Assert.Equal("https://json-schema.org/draft/2020-12/schema", (string)schema["$schema"]!);
                Assert.Equal("object", (string)schema["type"]!);
            }
        }
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    public void Completions_AskTheProgram(string shell)
    {
        Assert.Contains("[suggest:", Session.Run("completions", shell).Output, StringComparison.Ordinal);
        Assert.Contains("solve", Session.Run("[suggest:8]", "menuet s").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Compare_InEveryFormat()
    {
        Golden.Matches(Session.Run("compare", Market).Output, "compare.txt");
        var json = JsonNode.Parse(Session.Run("compare", Market, "--format", "json").Output)!;
        Assert.Equal("contract", (string)json["reference"]!);
        Assert.Equal(1, (double)json["schemes"]![0]!["shareOfReference"]!);
        Assert.StartsWith("scheme,objective [money],", Session.Run("compare", Market, "--format", "csv").Output, StringComparison.Ordinal);
        Assert.StartsWith("### ", Session.Run("compare", Market, "--format", "markdown").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Audit_CatchesABrokenAnswer_AndShowsTheOptimum()
    {
        using var folder = new TemporaryFolder();
        var answer = JsonNode.Parse(Session.Run("solve", Market, "--format", "json").Output)!;
        var good = Session.Run("audit", Market, folder.Write("good.json", answer.ToJsonString()));
        Assert.Equal(0, good.ExitCode);
        answer["menu"]![0]!["reward"] = 1.0;
        var bad = Session.Run("audit", Market, folder.Write("bad.json", answer.ToJsonString()));
        Assert.Equal(4, bad.ExitCode);
        Golden.Matches(bad.Output, "audit-broken.txt");
    }

    [Fact]
    public void Audit_RefusesWhatIsNoAnswer()
    {
        using var folder = new TemporaryFolder();
        var session = Session.Run("audit", Market, folder.Write("answer.json", "{ \"menu\": 3 }"), "--format", "json");
        Assert.Equal(2, session.ExitCode);
        Assert.Equal("invalid", (string)JsonNode.Parse(session.Output)!["status"]!);
    }

    [Fact]
    public void Sweep_OfOneParameter_WritesCsvAndAChart()
    {
        using var folder = new TemporaryFolder();
        var session = Session.Run("sweep", Market, "--set", "unitCost=1..3:5", "--measure", "objective", "--measure", "menu[1].reward", "--out", folder.File("s"));
        Assert.Equal(0, session.ExitCode);
        Assert.Equal(["s.csv", "s.svg"], folder.Names());
        var lines = File.ReadAllLines(folder.File("s.csv"));
        Assert.Equal("unitCost,status,objective,menu[1].reward", lines[0]);
        Assert.Equal(6, lines.Length);
        Assert.StartsWith("2,optimal,35.943362", lines[3], StringComparison.Ordinal);
        Assert.NotNull(XDocument.Load(folder.File("s.svg")).Root);
    }

    [Fact]
    public void Sweep_OfTwoParameters_WritesAHeatMap()
    {
        using var folder = new TemporaryFolder();
        var session = Session.Run("sweep", Market, "--set", "unitCost=0.1..10:3:log", "--set", "qualities[*]=5,7", "--schemes", "--out", folder.File("s"));
        Assert.Equal(0, session.ExitCode);
        Assert.Equal(7, File.ReadAllLines(folder.File("s.csv")).Length);
        Assert.Contains("completeInformation", File.ReadAllText(folder.File("s.csv"), Encoding.UTF8), StringComparison.Ordinal);
        Assert.NotNull(XDocument.Load(folder.File("s.svg")).Root);
    }

    [Fact]
    public void Draw_GivesTheSameMarketForASeed_AndItSolves_WithItsTrace()
    {
        using var folder = new TemporaryFolder();
        var market = folder.File("market.json");
        Assert.Equal(0, Session.Run("draw", "contract-market", "--operators", "2", "--types", "3", "--seed", "4", "--out", market).ExitCode);
        Assert.Equal(File.ReadAllText(market), Session.Run("draw", "contract-market", "--operators", "2", "--types", "3", "--seed", "4").Output);
        var session = Session.Run("solve", market, "--tail", "exact", "--menu-solver", "paper-local", "--trace", folder.File("trace"), "--format", "json");
        Assert.Equal(0, session.ExitCode);
        Assert.Equal("exact", (string)JsonNode.Parse(session.Output)!["tail"]!);
        Assert.Equal(["market.json", "trace-1.svg", "trace-2.svg", "trace-3.svg", "trace.csv"], folder.Names());
        Assert.Equal(51, File.ReadAllLines(folder.File("trace.csv")).Length);
        Assert.Equal(2, Session.Run("solve", Market, "--tail", "exact").ExitCode);
        Assert.Equal(2, Session.Run("draw", "contract-market", "--operators", "0").ExitCode);
    }

    [Fact]
    public void Sweep_IntoInvalidMarkets_WritesNothing()
    {
        using var folder = new TemporaryFolder();
        var session = Session.Run("sweep", Market, "--set", "unitCost=-1..1:3", "--out", folder.File("s"));
        Assert.Equal(2, session.ExitCode);
        Assert.Contains("at unitCost=-1", session.Error, StringComparison.Ordinal);
        Assert.Empty(folder.Names());
    }
}
