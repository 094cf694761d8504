using System.Globalization;
using System.Text.Json.Nodes;
using Menuet.Settlement.Tests.Servers;

namespace Menuet.Cli.Tests;

/// <summary>Settling on a chain by the command line alone.</summary>
public sealed class ChainCommandTests(AnvilServer node) : IClassFixture<AnvilServer>, IDisposable
{
    private readonly TemporaryFolder folder = new();

    private string contract = "";

    public void Dispose() => folder.Dispose();

    [AnvilFact]
    public void MerkleRewards_AreClaimedOnce_ByTheirPayeesAlone()
    {
        var (answer, proofs) = (Opened(), folder.File("proofs.jsonl"));
        var settled = Chain(0, "settle", answer, "--ids", Ids(), "--posting", "july", "--distribution", "merkle", "--proofs", proofs, "--format", "json");
        Assert.True(settled.ExitCode == 0, settled.Output + settled.Error);
        Assert.Equal(["1", "2", "3"], File.ReadAllLines(proofs).Select(line => (string)JsonNode.Parse(line)!["id"]!).Order());

        var another = Chain(1, "ledger", "claim", "2", proofs);
        Assert.Equal(2, another.ExitCode);
        Assert.Contains($"only {node.Accounts[2]} can claim this reward", another.Error, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("has no proof in the file", Chain(1, "ledger", "claim", "4", proofs).Error, StringComparison.Ordinal);

        // Somebody who writes its own address or another sum into a line has no proof of it.
        string Forged(string from, string to) => folder.Write("forged.jsonl", string.Join('\n', File.ReadAllLines(proofs).Select(line => line.Replace(from, to, StringComparison.Ordinal))));
        Assert.Contains("WrongProof", Refused(1, "2", Forged(node.Accounts[2].ToLowerInvariant(), node.Accounts[1].ToLowerInvariant())), StringComparison.Ordinal);
        Assert.Contains("WrongProof", Refused(2, "2", Forged("\"units\":\"1533333333333333", "\"units\":\"2533333333333333")), StringComparison.Ordinal);
        Assert.Contains("WrongProof", Refused(2, "2", Forged("\"item\":1", "\"item\":0")), StringComparison.Ordinal);
        Assert.Contains("proof.proof[0]", Refused(2, "2", Forged("\"proof\":[\"0x", "\"proof\":[\"0xz")), StringComparison.Ordinal);
        Assert.Contains("proofs line 2", Refused(2, "2", Forged("\"units\":\"1533", "\"units\":\"x1533")), StringComparison.Ordinal);
        Assert.Contains("proofs line 1", Refused(2, "2", folder.Write("text.jsonl", "no proofs\n")), StringComparison.Ordinal);
        Assert.Contains("RoundNotIn", Refused(2, "2", Forged("\"posting\":\"july\"", "\"posting\":\"june\"")), StringComparison.Ordinal);

        var before = Balance("2");
        for (var times = 0; times < 2; times++)
        {
            // With a journal of its own each time, as from another machine.
            var claimed = Chain(2, "ledger", "claim", "2", proofs, "--journal", folder.File(string.Create(CultureInfo.InvariantCulture, $"journal-{times}.db")));
            Assert.Equal(0, claimed.ExitCode);
            Assert.Equal("Claimed by 2: july\n", claimed.Output);
        }

        var paid = Chain(0, "ledger", "history", "--account", "2", "--format", "csv").Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["1.533333333333333200", "-1.533333333333333200"], paid.Skip(1).Select(line => line.Split(',')[3]));
        Assert.Equal("0.000000000000000000", before);
        Assert.Equal("0.000000000000000000", Balance("2"));
        Assert.Contains("RoundStarted", Chain(0, "ledger", "cancel", "july").Error, StringComparison.Ordinal);
        Assert.Equal(0, Chain(0, "ledger", "verify").ExitCode);

        // The posting run again is the same posting, and writes the same proofs; credited instead, it is refused.
        var again = Chain(0, "settle", answer, "--ids", Ids(), "--posting", "july", "--distribution", "merkle", "--proofs", folder.File("again.jsonl"), "--format", "json");
        Assert.Equal("alreadyPosted", (string)JsonNode.Parse(again.Output)!["status"]!);
        Assert.Equal(File.ReadAllText(proofs), File.ReadAllText(folder.File("again.jsonl")));
        Assert.Contains("distributed by merkle", Chain(0, "settle", answer, "--ids", Ids(), "--posting", "july").Error, StringComparison.Ordinal);

        // A payee's lines of several files are claimed together.
        Assert.Equal(0, Chain(0, "settle", answer, "--ids", Ids(), "--posting", "august", "--distribution", "merkle", "--proofs", folder.File("august.jsonl")).ExitCode);
        var both = folder.Write("both.jsonl", File.ReadAllText(proofs) + "\n" + File.ReadAllText(folder.File("august.jsonl")));
        Assert.Equal("Claimed by 3: july, august\n", Chain(3, "ledger", "claim", "3", both).Output);
    }

    [AnvilFact]
    public void CreditedRewards_AreWithdrawnOnce_ByTheirPayeesAlone()
    {
        var answer = Opened();
        Assert.Equal(0, Chain(0, "settle", answer, "--ids", Ids(), "--posting", "july", "--batch", "2").ExitCode);
        Assert.Contains("NotPayee", Chain(1, "ledger", "withdraw", "2", "july").Error, StringComparison.Ordinal);
        Assert.Equal("1.533333333333333200", Balance("2"));
        Assert.Equal("Withdrawn by 2: july\n", Chain(2, "ledger", "withdraw", "2", "july").Output);
        Assert.Equal("Withdrawn by 2: july\n", Chain(2, "ledger", "withdraw", "2", "july").Output);
        Assert.Equal("0.000000000000000000", Balance("2"));
        Assert.Contains("RoundNotIn", Chain(2, "ledger", "withdraw", "2", "june").Error, StringComparison.Ordinal);
        Assert.Equal(0, Chain(0, "settle", answer, "--ids", Ids(), "--posting", "august").ExitCode);
        Assert.Equal("1.533333333333333200", Balance("2"));
        Assert.Equal("Withdrawn by 2: july, august\n", Chain(2, "ledger", "withdraw", "2", "july", "august").Output);
        Assert.Equal("0.000000000000000000", Balance("2"));
        Assert.Contains("other content", Chain(0, "settle", answer, "--ids", folder.Write("other", "id,quality\n1,6\n"), "--posting", "july").Error, StringComparison.Ordinal);
        Assert.Contains("Insolvent", Poor(answer), StringComparison.Ordinal);
        var verified = Chain(0, "ledger", "verify", "--journal", folder.File("never.db"));
        Assert.Contains("everything adds up", verified.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("never.db", folder.Names());
        Assert.Contains("cannot be opened as a journal", Chain(2, "ledger", "withdraw", "2", "june", "--journal", answer).Error, StringComparison.Ordinal);
    }

    /// <summary>A contract without money is asked for a round.</summary>
    private string Poor(string answer)
    {
        var rich = contract;
        contract = Chain(0, "ledger", "deploy").Output.Split(' ')[1].Trim();
        Assert.Equal(0, Chain(0, "ledger", "commit", answer).ExitCode);
        var refused = Chain(0, "settle", answer, "--ids", Ids(), "--posting", "july").Error;
        contract = rich;
        return refused;
    }

    /// <summary>Deploys, deposits and commits; returns the answer's file.</summary>
    private string Opened()
    {
        var answer = folder.Write("answer.json", Session.Run("solve", "wen2025/reward-contract", "--format", "json").Output);
        contract = Chain(0, "ledger", "deploy").Output.Split(' ')[1].Trim();
        Assert.Equal(0, Chain(0, "ledger", "deposit", "20").ExitCode);
        Assert.Equal(0, Chain(0, "ledger", "commit", answer).ExitCode);
        return answer;
    }

    private string Ids() => folder.Write("ids.csv", $"id,quality,address\n1,5,{node.Accounts[1]}\n2,6,{node.Accounts[2]}\n3,9,{node.Accounts[3]}\n");

    private string Refused(int account, string id, string proofs)
    {
        var session = Chain(account, "ledger", "claim", id, proofs);
        Assert.Equal(2, session.ExitCode);
        return session.Error;
    }

    private string Balance(string account) => Chain(0, "ledger", "balance", "--account", account, "--format", "csv").Output.Split('\n')[1].Split(',')[1];

    private Session Chain(int account, params string[] command) => Session.Run(
    [
        .. command, "--ledger", "ethereum:" + node.Address, "--chain", AnvilServer.ChainId.ToString(CultureInfo.InvariantCulture), "--confirmations", "1",
        "--from", node.Accounts[account], .. contract.Length > 0 ? new[] { "--contract", contract } : [], .. command.Contains("--journal") ? [] : new[] { "--journal", folder.File("journal.db") },
    ]);
}
