using System.Text.Json.Nodes;

namespace Menuet.Cli.Tests;

public sealed class SolveCommandTests
{
    private const string Market = "wen2025/reward-contract";
    private const string Invalid = """{ "kind": "reward-contract", "unitCst": 3, "utilityCoefficient": -1, "types": [] }""";

    public static TheoryData<string> EveryMarket() => [.. Catalog.Markets];

    [Theory]
    [MemberData(nameof(EveryMarket))]
    public void TextReport_OfEveryCatalogueMarket(string market)
    {
        var session = Session.Run("solve", market);
        Assert.True(session.ExitCode is 0 or 3, session.Error);
        Menuet.Tests.Golden.Matches(session.Output, $"Reports/{market}.txt");
    }

    [Fact]
    public void LongMenu_IsShownAtBothEnds_AndWholeAsCsv()
    {
        var types = string.Join(",", Enumerable.Range(0, 400).Select(k => FormattableString.Invariant($$"""{"reputation":{{5 + (k / 100.0)}},"probability":0.0025,"quality":{{k}}}""")));
        var market = $$"""{ "kind": "reward-contract", "unitCost": 2, "utilityCoefficient": 20, "types": [{{types}}] }""";
        var text = Session.RunWithInput(market, "solve", "-").Output;
        Assert.Contains("360 rows between these", text, StringComparison.Ordinal);
        var shown = text.Split('\n').Select(line => line.Split('│')).Where(cells => cells.Length > 2 && int.TryParse(cells[1], out _)).Select(cells => int.Parse(cells[1], null));
        Assert.Equal([.. Enumerable.Range(1, 20), .. Enumerable.Range(381, 20)], shown);
        Assert.Equal(401, Session.RunWithInput(market, "solve", "-", "--format", "csv").Output.TrimEnd().Split('\n').Length);
    }

    [Fact]
    public void Markdown_IsWhatTheDocumentationShows()
    {
        var session = Session.Run("solve", Market, "--format", "markdown");
        Assert.Equal(0, session.ExitCode);
        Menuet.Tests.Golden.Matches(session.Output, "Reports/reward-contract.md");
    }

    [Fact]
    public void Csv_IsTheMenuToTheLastBit()
    {
        var session = Session.Run("solve", Market, "--format", "csv");
        var lines = session.Output.TrimEnd().Split('\n');
        Assert.Equal("type,reputation,probability,quality [quality points],reward [money],user utility [money],platform utility [money]", lines[0]);
        Assert.Equal(3, lines.Length);
        Assert.Contains("1.3333333333333333", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Json_OfOneFile_IsOneDocument()
    {
        var answer = JsonNode.Parse(Session.Run("solve", Market, "--format", "json").Output)!;
        Assert.Equal("reward-contract-solution", (string)answer["kind"]!);
        Assert.True((bool)answer["audit"]!["holds"]!);
        Assert.Equal("closed-form", (string)answer["solver"]!["name"]!);
    }

    [Fact]
    public void SeveralFiles_AreOneDocumentALine_AndTheLargestExitCode()
    {
        using var folder = new TemporaryFolder();
        var broken = folder.Write("broken.json", Invalid);
        var session = Session.Run("solve", Market, broken, Market, "--format", "json");
        Assert.Equal(2, session.ExitCode);
        var lines = session.Output.TrimEnd('\n').Split('\n').Select(line => JsonNode.Parse(line)!).ToArray();
        Assert.Equal(["optimal", "invalid", "optimal"], lines.Select(line => (string)line["status"]!));
        Assert.Equal(
            ["$.unitCst", "$.utilityCoefficient", "$.unitCost"],
            lines[1]["problems"]!.AsArray().Select(problem => (string)problem!["path"]!));
        Assert.Equal(-1, (int)lines[1]["problems"]![1]!["value"]!);
    }

    [Fact]
    public void StandardInput_IsAMarket()
    {
        var market = System.Text.Encoding.UTF8.GetString(Catalog.Market(Market)!);
        Assert.Equal(0, Session.RunWithInput(market, "solve", "-").ExitCode);
    }

    [Fact]
    public void InvalidInput_IsExplained_AndNothingIsWritten()
    {
        using var folder = new TemporaryFolder();
        var session = Session.Run("solve", folder.Write("market.json", Invalid), "--out", folder.File("answer.txt"));
        Assert.Equal(2, session.ExitCode);
        Assert.Equal("", session.Output);
        Assert.Contains("$.unitCst: unknown key; did you mean 'unitCost'?", session.Error, StringComparison.Ordinal);
        Assert.Contains("$.utilityCoefficient: must be a number > 0", session.Error, StringComparison.Ordinal);
        Assert.Contains("found -1", session.Error, StringComparison.Ordinal);
        Assert.Equal(["market.json"], folder.Names());
    }

    [Fact]
    public void Out_WritesTheFileWhole()
    {
        using var folder = new TemporaryFolder();
        var session = Session.Run("solve", Market, "--format", "json", "--out", folder.File("deep/answer.json"));
        Assert.Equal(0, session.ExitCode);
        Assert.Equal("", session.Output);
        Assert.NotNull(JsonNode.Parse(File.ReadAllText(folder.File("deep/answer.json"))));
    }

    [Fact]
    public void NoOutcome_IsExitCodeThree()
    {
        var session = Session.RunWithInput(
            """
            { "kind": "reward-contract", "unitCost": 2, "utilityCoefficient": 20,
              "types": [ { "reputation": 7, "probability": 0.5, "quality": 6 }, { "reputation": 9, "probability": 0.5, "quality": 2 } ] }
            """,
            "solve", "-", "--format", "json");
        Assert.Equal(3, session.ExitCode);
        Assert.Equal("quality-not-monotone", (string)JsonNode.Parse(session.Output)!["reason"]!);
    }

    [Theory]
    [InlineData("solve", "nowhere.json")]
    [InlineData("solve", "wen2025/reward-contract", "--solver", "closed-from")]
    [InlineData("solve", "wen2025/reward-contract", "--frmat", "json")]
    [InlineData("solve", "wen2025/reward-contract", "--format", "xml")]
    [InlineData("solve", "wen2025/reward-contract", "--tolerance", "NaN")]
    [InlineData("solve", "wen2025/reward-contract", "--seed", "-1")]
    [InlineData("solve")]
    [InlineData("schema", "reward")]
    [InlineData("sweep", "wen2025/reward-contract", "--set", "unitCost=1..1:3")]
    [InlineData("sweep", "wen2025/reward-contract", "--set", "nosuch[0].thing=1..2:3")]
    [InlineData("sweep", "wen2025/reward-contract", "--set", "nosuch=1..2:3")]
    public void WrongRequests_AreExitCodeTwo_WithASentence(params string[] args)
    {
        var session = Session.Run(args);
        Assert.Equal(2, session.ExitCode);
        Assert.NotEqual("", session.Error);
        Assert.DoesNotContain("   at ", session.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void AMistypedSolver_IsAnsweredWithTheNearest() =>
        Assert.Contains("did you mean 'closed-form'?", Session.Run("solve", Market, "--solver", "closed-from").Error, StringComparison.Ordinal);
}
