using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Menuet.Settlement.Ethereum;
using Menuet.Settlement.Tests.Servers;

namespace Menuet.Settlement.Tests.Ethereum;

/// <summary>A second implementation, viem from npm, sees on our contract what we see, and claims with our proofs.</summary>
[Collection(SharedNode.Name)]
public sealed class ViemTests(AnvilServer node) : IDisposable
{
    private static readonly int[] Ids = [1, 2, 3, 4];

    private readonly Bench bench = new(node);

    public void Dispose() => bench.Dispose();

    [AnvilFact]
    public async Task EverythingThatCanBeRead_IsTheSame()
    {
        var options = await bench.DeployedAsync();
        var contract = new OnChain(node, ContractAbi.RewardDistributor, options.Contract!);
        await using var ledger = await EthereumLedger.OpenAsync(options, bench.Addresses(Ids), default);
        await ledger.PostAsync([Bench.Posting("seen", (1, 5), (2, 7), (3, 9)), Bench.Posting("mistaken", (1, 5))], default);
        await bench.WithdrawAsync(options, 2, "seen");
        await using (var merkle = await EthereumLedger.OpenAsync(options with { Distribution = Distribution.Merkle }, bench.Addresses(Ids), default))
        {
            var posting = Bench.Posting("tree", (3, 9), (4, 7));
            await merkle.PostAsync([posting], default);
            await ClaimAsync(options, (await merkle.ProofsAsync(posting, default))[1]);
        }

        await contract.SendAsync(0, "cancelRound", 0, OnChain.Round("mistaken"));
        await contract.SendAsync(0, "takeSurplus", 0, Hex.Bytes(node.Accounts[9]), (BigInteger)77);
        await contract.SendAsync(0, "transferOwnership", 0, Hex.Bytes(node.Accounts[7]));
        await contract.SendAsync(0, "setPaused", 0, true);

        string[] postings = ["seen", "mistaken", "tree", "never"];
        var (exitCode, output, error) = await ArtifactTests.Node.RunAsync("test/read.mjs", node.Address.ToString(), options.Contract!, string.Join(',', postings), string.Join(',', Ids));
        Assert.True(exitCode == 0, error);
        using var document = JsonDocument.Parse(output);
        var seen = document.RootElement;
        Assert.Equal(AnvilServer.ChainId.ToString(CultureInfo.InvariantCulture), Text(seen.GetProperty("chainId")));
        Assert.Equal(Text(await contract.BalanceAsync(options.Contract!)), Text(seen.GetProperty("balance")));
        foreach (var name in new[] { "owner", "pendingOwner", "paused", "reserved", "free" })
        {
            Assert.Equal(Text((await contract.ReadAsync(name))[0]), Text(seen.GetProperty(name)));
        }

        var numbers = OnChain.Numbers([.. Ids.Select(id => (long)id)]);
        var payees = (object[])(await contract.ReadAsync("addressesOf", [numbers]))[0];
        Assert.Equal(Text(payees), Text(seen.GetProperty("payees")));
        Assert.Equal($"{OnChain.Menu.Hash} {OnChain.Menu.Hash} {await contract.NumberAsync("menuBlock", OnChain.Menu.HashBytes())}", Text(seen.GetProperty("menus")));
        foreach (var posting in postings)
        {
            var (round, there) = (OnChain.Round(posting), seen.GetProperty("rounds").GetProperty(posting));
            Assert.Equal(Hex.Of(round), Text(there.GetProperty("round")));
            Assert.Equal(Text(await contract.ReadAsync("roundOf", round)), Text(there.GetProperty("sums")));
            Assert.Equal(Text(await contract.ReadAsync("creditedOf", round, numbers)), Text(there.GetProperty("credited")));
            for (var i = 0; i < Ids.Length; i++)
            {
                var payment = await contract.ReadAsync("paymentOf", round, numbers[i]);
                var leaf = await contract.ReadAsync("leaf", round, numbers[i], payees[i], payment[2], payment[3], payment[4]);
                Assert.Equal(
                    Text((object[])[numbers[i], (await contract.ReadAsync("idToAddress", numbers[i]))[0], .. payment, .. leaf]), Text(there.GetProperty("payments")[i]));
            }
        }

        // Nothing that can be read was left out, every event occurred, and each says the same.
        var abi = Abi();
        Assert.Equal(
            abi.Where(item => item.GetProperty("type").GetString() == "function" && item.GetProperty("stateMutability").GetString() is "view" or "pure").Select(Name).Order(StringComparer.Ordinal),
            seen.GetProperty("functions").EnumerateArray().Select(function => function.GetString()));
        await using var reader = await Distributor.OpenAsync(options, default);
        var events = (await reader.Chain.LogsAsync(options.Contract!, 0, await reader.Chain.HeadAsync(default), [], default))
            .Select(log => ContractAbi.RewardDistributor.Event(log.Topics, log.Data)!.Value).Select(happened => $"{happened.Name} {Text(happened.Arguments)}").ToArray();
        Assert.Equal(events, seen.GetProperty("events").EnumerateArray().Select(happened => Text(happened)));
        Assert.Equal(
            abi.Where(item => item.GetProperty("type").GetString() == "event").Select(Name).Order(StringComparer.Ordinal),
            events.Select(text => text.Split(' ')[0]).Distinct().Order(StringComparer.Ordinal));

        // Refusals are decoded alike, and calls encoded alike.
        var refused = await Assert.ThrowsAsync<RevertedException>(() => contract.SendAsync(0, "cancelRound", 0, OnChain.Round("seen")));
        Assert.Equal($"{refused.Error} {Text(refused.Arguments)}", Text(seen.GetProperty("refusal")));
        Assert.Equal(Hex.Of(ContractAbi.RewardDistributor.Call("withdraw", (BigInteger)7, new object[] { OnChain.Round("seen"), OnChain.Round("seen") })), Text(seen.GetProperty("call")));

        // And so the ledger adds up.
        Assert.Equal(["-1500", "1500"], (await ledger.HistoryAsync("4", default).ToListAsync()).Select(entry => entry.Entry.Units.ToString(CultureInfo.InvariantCulture)).Order());
        var verification = await ledger.VerifyAsync(default);
        Assert.True(verification.Holds, string.Join("; ", verification.Faults));
    }

    private async Task ClaimAsync(EthereumOptions options, MerkleProof proof)
    {
        var line = JsonSerializer.Serialize(new
        {
            posting = "tree",
            id = proof.Account,
            address = proof.Address,
            item = proof.Item,
            evaluation = proof.Evaluation,
            units = proof.Units.ToString(CultureInfo.InvariantCulture),
            proof = proof.Siblings,
        });
        var (exitCode, output, error) = await ArtifactTests.Node.RunAsync("test/claim.mjs", node.Address.ToString(), options.Contract!, line);
        Assert.True(exitCode == 0, error);
        Assert.Equal("WrongProof\nsuccess\n", output);
    }

    private static ImmutableArray<JsonElement> Abi()
    {
        using var artifact = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AnvilServer.Contracts, "RewardDistributor.json")));
        return [.. artifact.RootElement.GetProperty("contracts").GetProperty("RewardDistributor").GetProperty("abi").EnumerateArray().Select(item => item.Clone())];
    }

    private static string? Name(JsonElement item) => item.GetProperty("name").GetString();

    /// <summary>One text for a value of either side: numbers in decimal, bytes and addresses in lower-case hexadecimal, lists one after another.</summary>
    private static string Text(object value) => value switch
    {
        byte[] bytes => Hex.Of(bytes),
        BigInteger number => number.ToString(CultureInfo.InvariantCulture),
        bool flag => flag ? "true" : "false",
        ImmutableArray<object> list => string.Join(' ', list.Select(Text)),
        IEnumerable<object> list => string.Join(' ', list.Select(Text)),
        JsonElement { ValueKind: JsonValueKind.Array } list => string.Join(' ', list.EnumerateArray().Select(entry => Text(entry))),
        JsonElement { ValueKind: JsonValueKind.True or JsonValueKind.False } flag => flag.GetBoolean() ? "true" : "false",
        JsonElement text => text.GetString()!,
        _ => value.ToString()!,
    };
}
