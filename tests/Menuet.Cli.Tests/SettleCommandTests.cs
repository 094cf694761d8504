using System.Text.Json.Nodes;

namespace Menuet.Cli.Tests;

public sealed class SettleCommandTests : IDisposable
{
    private const string Ids = "id,type,quality\nann,,7\nben,2,5.5\ncid,1,\ndan,,4.999999\n";

    private readonly TemporaryFolder folder = new();

    private string Ledger => $"sqlite:{folder.File("ledger.db")}";

    private string Answer { get; set; } = "";

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Settling_PaysByTheMenu_Once_AndTheLedgerAddsUp()
    {
        var first = Settle(Ids);
        Assert.True(first.ExitCode == 0, first.Error);
        var json = JsonNode.Parse(first.Output)!;
        Assert.Equal("posted", (string)json["status"]!);
        Assert.Equal(["dan"], json["unpaid"]!.AsArray().Select(id => (string)id!));
        Assert.Equal("4199999", (string)json["totalUnits"]!);
        Assert.Equal("alreadyPosted", (string)JsonNode.Parse(Settle(Ids).Output)!["status"]!);
        var balances = Session.Run("ledger", "balance", "--ledger", Ledger, "--format", "csv").Output;
        Assert.Equal("account,balance [money],units\n@platform,-4.199999,-4199999\nann,1.533333,1533333\nben,1.333333,1333333\ncid,1.333333,1333333\n", balances);
        Assert.Equal("account,balance [money],units\nann,1.533333,1533333\n", Session.Run("ledger", "balance", "--ledger", Ledger, "--account", "ann", "--format", "csv").Output);
        var history = Session.Run("ledger", "history", "--ledger", Ledger, "--account", "ben", "--format", "csv").Output.Split('\n');
        Assert.EndsWith(",ben,1.333333,1,5.500000", history[1], StringComparison.Ordinal);
        var verification = Session.Run("ledger", "verify", "--ledger", Ledger);
        Assert.Equal(0, verification.ExitCode);
        Assert.Contains("1 postings, 4 entries, 4 accounts: everything adds up", verification.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void OtherContentUnderTheSameId_IsRefused()
    {
        Assert.Equal(0, Settle(Ids).ExitCode);
        var second = Settle("id,quality\nann,5\n");
        Assert.Equal(2, second.ExitCode);
        Assert.Contains("other content", second.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void DryRun_OpensNoLedger()
    {
        Assert.Equal("dryRun", (string)JsonNode.Parse(Settle(Ids, "--dry-run").Output)!["status"]!);
        Assert.DoesNotContain("ledger.db", folder.Names());
        var missing = Session.Run("ledger", "verify", "--ledger", Ledger);
        Assert.Equal(2, missing.ExitCode);
        Assert.Contains("no such ledger", missing.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryForm_OfTheIdsFile_MeansTheSame()
    {
        string[] forms =
        [
            Ids,
            "# judged in July\nquality , ID,type,file\n7,ann,,a.png\n5.5,ben,2,b.png\n,cid,1,c.png\n4.999999,dan,,d.png\n",
            """[{"id": "ann", "quality": 7}, {"id": "ben", "type": 2, "quality": 5.5, "model": "x"}, {"id": "cid", "type": 1}, {"id": "dan", "quality": "4.999999"}]""",
            "{\"id\":\"ann\",\"quality\":7.0}\n{\"id\":\"ben\",\"type\":2,\"quality\":55e-1}\n\n{\"id\":\"cid\",\"type\":1,\"quality\":null}\n{\"id\":\"dan\",\"quality\":4.999999}\n",
        ];
        Assert.Single(forms.Select(form => (string)JsonNode.Parse(Settle(form, "--dry-run").Output)!["digest"]!).Distinct());
    }

    [Theory]
    [InlineData("id,quality\nann,x\n,5\n@b,5\nc,-1\nc,5\n", "line 2 quality", "line 3 id", "line 4 id", "line 5 quality", "line 6 id")]
    [InlineData("name,quality\nann,5\n", "header")]
    [InlineData("id,quality\n", "ids")]
    [InlineData("", "header")]
    [InlineData("id,type\nann,0\nben,1.5\ncid,\n", "line 2 type", "line 3 type", "line 4 quality")]
    [InlineData("""[{"id": "a"}, 5, {"quality": 5}]""", "$[1]", "$[0].quality", "$[2].id")]
    [InlineData("[1,", "ids")]
    [InlineData("""[{"id": "\ud800", "quality": 5}, {"id": "a", "quality": true}]""", "$[0].id", "$[1].quality")]
    [InlineData("""[{"id": "a", "quality": 5, "quality": 9}]""", "ids")]
    [InlineData("{\"id\":\"a\",\"type\":1}\nx\n", "line 2")]
    public void EveryProblem_OfTheIdsFile_IsSaidAtOnce(string ids, params string[] paths)
    {
        var session = Settle(ids);
        Assert.Equal(2, session.ExitCode);
        Assert.Equal(paths.Order(), JsonNode.Parse(session.Output)!["problems"]!.AsArray().Select(p => (string)p!["path"]!).Order());
        Assert.DoesNotContain("ledger.db", folder.Names());
    }

    [Fact]
    public void Scores_AreJoinedByContent()
    {
        var direct = (string)JsonNode.Parse(Settle("id,quality\nann,7\nben,5.5\n", "--dry-run").Output)!["digest"]!;
        string[] scores = ["content,judge,quality,note\na.png,ssim,7,\nb.png,ssim,5.5,\nc.png,ssim,9,\n", "{\"content\":\"b.png\",\"quality\":5.5}\n{\"content\":\"a.png\",\"quality\":7}\n"];
        Assert.All(scores, text => Assert.Equal(
            direct, (string)JsonNode.Parse(Settle("id,content\nann,a.png\nben,b.png\n", "--dry-run", "--scores", folder.Write("scores", text)).Output)!["digest"]!));
    }

    [Theory]
    [InlineData("id,content\nann,z.png\nben,\ncid,b.png\n", "line 2 content", "line 3 content", "line 4 content")]
    [InlineData("id,content\nann,a.png\nben,a.png\n", "line 3 content")]
    [InlineData("id,content,quality\nann,a.png,7\n", "line 2 quality")]
    [InlineData("id,quality\nann,7\n", "header")]
    public void ScoresThatDoNotFit_AreRefused(string ids, params string[] paths)
    {
        // The judge abstained on b.png.
        var session = Settle(ids, "--scores", folder.Write("scores.csv", "content,quality,note\na.png,7,\nb.png,,no majority\n"));
        Assert.Equal(2, session.ExitCode);
        Assert.Equal(paths, JsonNode.Parse(session.Output)!["problems"]!.AsArray().Select(p => (string)p!["path"]!));
        Assert.DoesNotContain("ledger.db", folder.Names());
    }

    [Theory]
    [InlineData("content,score\na.png,7\n", "scores header")]
    [InlineData("content,quality\na.png,7\na.png,8\n", "scores line 3 content")]
    [InlineData("[{\"quality\":7}]", "scores $[0].content")]
    [InlineData("{\"content\":", "scores line 1")]
    public void MalformedScores_AreRefused(string scores, string path)
    {
        var session = Settle("id,content\nann,a.png\n", "--scores", folder.Write("scores", scores));
        Assert.Equal(path, (string)JsonNode.Parse(session.Output)!["problems"]!.AsArray().Single()!["path"]!);
    }

    [Fact]
    public void WhatIsNoAnswer_OrHasNoMenu_IsRefused()
    {
        var ids = folder.Write("ids.csv", Ids);
        string[] answers =
        [
            """{"kind":"reward-contract-solution","status":"infeasible","reason":"quality-not-monotone"}""",
            """{"kind":"quality-contract-solution","status":"optimal","menu":[]}""",
            """{"kind":"reward-contract-solution","status":"optimal","menu":[{"type":1,"quality":5,"reward":-1},{"type":2,"quality":-6,"reward":1e300},{"type":3,"reward":1}]}""",
        ];
        foreach (var answer in answers)
        {
            var session = Session.Run("settle", folder.Write("bad.json", answer), "--ids", ids, "--ledger", Ledger, "--posting", "p", "--format", "json");
            Assert.Equal(2, session.ExitCode);
            Assert.NotEmpty(JsonNode.Parse(session.Output)!["problems"]!.AsArray());
        }

        var beyond = Settle("id,type\nann,3\n");
        Assert.Equal("ann.type", (string)JsonNode.Parse(beyond.Output)!["problems"]![0]!["path"]!);
    }

    [Fact]
    public void LedgersThatCannotBe_AreRefused()
    {
        Assert.Contains("must be sqlite:PATH", Session.Run("ledger", "verify", "--ledger", "mysql:x").Error, StringComparison.Ordinal);
        var chain = Session.Run("ledger", "verify", "--ledger", "ethereum:nowhere");
        Assert.Equal(2, chain.ExitCode);
        Assert.All(["--ledger", "--from", "--chain"], name => Assert.Contains(name, chain.Error, StringComparison.Ordinal));
        Assert.Equal(2, Session.Run("ledger", "deploy", "--ledger", Ledger).ExitCode);
        Assert.Equal(2, Session.Run("ledger", "verify", "--ledger", Ledger, "--confirmations", "0").ExitCode);
        Assert.Contains("--wait must be from 1", Session.Run("ledger", "verify", "--ledger", Ledger, "--wait", "NaN").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void OptionsThatWouldDoNothing_AreRefused()
    {
        Assert.Contains("merkle is for Ethereum", Settle(Ids, "--distribution", "merkle", "--proofs", folder.File("proofs.jsonl")).Output, StringComparison.Ordinal);
        Assert.Contains("without --distribution merkle", Settle(Ids, "--proofs", folder.File("proofs.jsonl")).Output, StringComparison.Ordinal);
        Assert.Contains("--scores", Settle("id,content\nann,a.png\n").Output, StringComparison.Ordinal);
        Assert.DoesNotContain("ledger.db", folder.Names());
    }

    [Fact]
    public void NobodyEarnedAReward_PostsNothing()
    {
        var session = Settle("id,quality\nann,1\n");
        Assert.Equal(0, session.ExitCode);
        Assert.Equal("nothingToPay", (string)JsonNode.Parse(session.Output)!["status"]!);
    }

    private Session Settle(string ids, params string[] more)
    {
        if (Answer.Length == 0)
        {
            Answer = folder.Write("answer.json", Session.Run("solve", "wen2025/reward-contract", "--format", "json").Output);
        }

        return Session.Run(["settle", Answer, "--ids", folder.Write("ids", ids), "--ledger", Ledger, "--posting", "july", "--format", "json", .. more]);
    }
}
