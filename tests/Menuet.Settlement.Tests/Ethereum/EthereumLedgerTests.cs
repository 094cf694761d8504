using System.Collections.Immutable;
using System.Numerics;
using Menuet.Settlement.Ethereum;
using Menuet.Settlement.Ledgers;
using Menuet.Settlement.Tests.Servers;

namespace Menuet.Settlement.Tests.Ethereum;

[Collection(SharedNode.Name)]
public sealed class EthereumLedgerTests(AnvilServer node) : IDisposable
{
    private readonly Bench bench = new(node);

    public void Dispose() => bench.Dispose();

    [AnvilFact]
    public async Task Posting_IsFinalOnce_AndVerifies()
    {
        var options = await bench.DeployedAsync();
        await using var ledger = await EthereumLedger.OpenAsync(options, bench.Addresses(1, 2, 3), default);
        var posting = Bench.Posting("round-1", (1, 5), (2, 7), (3, 9));
        var receipt = Assert.Single(await ledger.PostAsync([posting], default));
        Assert.False(receipt.WasThere);
        Assert.True(Assert.Single(await ledger.PostAsync([posting with { Entries = [.. posting.Entries.Reverse()] }], default)).WasThere);
        Assert.Equal(1500, await ledger.BalanceAsync("2", default));
        Assert.Equal(Bench.Deposit - 5200, await ledger.BalanceAsync(Entry.Platform, default));
        await bench.WithdrawAsync(options, 2, "round-1");
        Assert.Equal(0, await ledger.BalanceAsync("2", default));
        var verification = await ledger.VerifyAsync(default);
        Assert.True(verification.Holds, string.Join("; ", verification.Faults));
        var history = await ledger.HistoryAsync("2", default).ToListAsync();
        Assert.Equal([1500, -1500], history.Select(h => h.Entry.Units));
        Assert.Equal(new Judgement(1, 7_000_000), history[0].Entry.Judgement);
    }

    [AnvilFact]
    public async Task OtherContent_UnderTheSameId_IsRefused()
    {
        var options = await bench.DeployedAsync();
        await using var ledger = await EthereumLedger.OpenAsync(options, bench.Addresses(1, 2), default);
        await ledger.PostAsync([Bench.Posting("r", (1, 5))], default);
        var error = await Assert.ThrowsAsync<InvalidRequestException>(() => ledger.PostAsync([Bench.Posting("r", (1, 7))], default));
        Assert.Contains("other content", error.Message, StringComparison.Ordinal);
        await using var distributor = await Distributor.OpenAsync(options, default);
        await distributor.CancelAsync("r", default);
        var cancelled = await Assert.ThrowsAsync<InvalidRequestException>(() => ledger.PostAsync([Bench.Posting("r", (1, 5))], default));
        Assert.Contains("cancelled", cancelled.Message, StringComparison.Ordinal);
        Assert.Equal(0, await ledger.BalanceAsync("1", default));
        Assert.True((await ledger.VerifyAsync(default)).Holds);
    }

    [AnvilFact]
    public async Task ManyPayees_AreCreditedInParts()
    {
        var options = await bench.DeployedAsync() with { BatchSize = 3 };
        await using var ledger = await EthereumLedger.OpenAsync(options, bench.Addresses([.. Enumerable.Range(1, 8)]), default);
        await ledger.PostAsync([Bench.Posting("big", [.. Enumerable.Range(1, 8).Select(i => (i, 5 + (i % 5)))])], default);
        Assert.True((await ledger.VerifyAsync(default)).Holds);
        await bench.WithdrawAsync(options, 8, "big");
        Assert.True((await ledger.PostAsync([Bench.Posting("big", [.. Enumerable.Range(1, 8).Select(i => (i, 5 + (i % 5)))])], default))[0].WasThere);
        Assert.True((await ledger.VerifyAsync(default)).Holds);
    }

    [AnvilFact]
    public async Task MerkleRound_IsClaimedWithItsProofs()
    {
        var options = await bench.DeployedAsync() with { Distribution = Distribution.Merkle };
        await using var ledger = await EthereumLedger.OpenAsync(options, bench.Addresses(1, 2, 3, 4, 5), default);
        var posting = Bench.Posting("m", (1, 5), (2, 7), (3, 9), (4, 9), (5, 5));
        await ledger.PostAsync([posting], default);
        foreach (var proof in await ledger.ProofsAsync(posting, default))
        {
            await using var payee = await Distributor.OpenAsync(options with { From = proof.Address }, default);
            await payee.ClaimAsync("m", proof, default);
        }

        Assert.Equal(Bench.Deposit - 8900, await ledger.BalanceAsync(Entry.Platform, default));
        var verification = await ledger.VerifyAsync(default);
        Assert.True(verification.Holds, string.Join("; ", verification.Faults));
    }

    [AnvilFact]
    public async Task WhatCannotBePosted_IsSaidBeforeAnythingIsSent()
    {
        var options = await bench.DeployedAsync();
        await using var ledger = await EthereumLedger.OpenAsync(options, ImmutableDictionary<string, string>.Empty, default);
        var missing = await Assert.ThrowsAsync<InvalidRequestException>(() => ledger.PostAsync([Bench.Posting("r", (1, 5), (2, 5))], default));
        Assert.Equal(["1.address", "2.address"], missing.Problems.Select(p => p.Path));
        var malformed = await Assert.ThrowsAsync<InvalidRequestException>(() => ledger.PostAsync(
            [new("t", 6, [new("a", -1), new("@b", 1)])], default));
        Assert.True(malformed.Problems.Length >= 4, malformed.Message);
        await using var addressed = await EthereumLedger.OpenAsync(options, bench.Addresses(1, 2), default);
        var poor = Bench.Posting("r", [.. Enumerable.Range(1, 2).Select(i => (i, 9))]);
        await using var distributor = await Distributor.OpenAsync(options, default);
        var other = new PostedMenu([new(1, 77)]);
        var uncommitted = new Posting("u", 18, [new(Entry.Platform, -77), new("1", 77, new(0, 1))], other);
        Assert.Equal("MenuUnknown", (await Assert.ThrowsAsync<RevertedException>(() => addressed.PostAsync([uncommitted], default))).Error);
        var rich = new PostedMenu([new(1, 1 << 30)]);
        await distributor.CommitAsync(rich, default);
        await distributor.CommitAsync(rich, default);
        var insolvent = await Assert.ThrowsAsync<RevertedException>(() => addressed.PostAsync(
            [new("i", 18, [new(Entry.Platform, -(1 << 30)), new("1", 1 << 30, new(0, 1))], rich)], default));
        Assert.Equal("Insolvent", insolvent.Error);
        Assert.Equal((BigInteger)(1 << 30), insolvent.Arguments[0]);
        await addressed.PostAsync([poor], default);
        await using var mistaken = await EthereumLedger.OpenAsync(options, new Dictionary<string, string> { ["1"] = node.Accounts[7] }, default);
        var moved = await Assert.ThrowsAsync<InvalidRequestException>(() => mistaken.PostAsync([Bench.Posting("z", (1, 5))], default));
        Assert.Contains("only its holder can change that", moved.Message, StringComparison.Ordinal);
        var nobody = await Assert.ThrowsAsync<InvalidRequestException>(() => EthereumLedger.OpenAsync(
            options, new Dictionary<string, string> { ["5"] = "0x" + new string('0', 40), ["6"] = options.Contract!, ["7"] = "0x70997970c51812dc3A010C7d01b50e0d17dc79C8" }, default));
        Assert.Equal(["7.address", "5.address", "6.address"], nobody.Problems.Select(p => p.Path));
    }

    [AnvilFact]
    public async Task ExternalSigner_SignsWhatTheNodeOnlySends()
    {
        var options = await bench.DeployedAsync();

        // A second node signs; its own chain stays where it is.
        var signer = new AnvilServer();
        await signer.InitializeAsync();
        try
        {
            await using var ledger = await EthereumLedger.OpenAsync(options with { Signer = signer.Address }, bench.Addresses(1, 2), default);
            await ledger.PostAsync([Bench.Posting("signed", (1, 5), (2, 9))], default);
            Assert.True((await ledger.VerifyAsync(default)).Holds);
            Assert.Equal("0x0", (await signer.Rpc.SendAsync("eth_blockNumber", default)).GetString());
        }
        finally
        {
            await signer.DisposeAsync();
        }
    }

    [AnvilFact]
    public async Task SignerThatSignsSomethingElse_IsNotSent()
    {
        var options = await bench.DeployedAsync();
        await using var proxy = new FaultyNode(node.Address, (method, body) => method == "eth_signTransaction" ? new Fault(Body: body.Replace("\"value\":\"0x0\"", "\"value\":\"0x1\"", StringComparison.Ordinal)) : null);
        await using var ledger = await EthereumLedger.OpenAsync(options with { Signer = proxy.Address }, bench.Addresses(1), default);
        var error = await Assert.ThrowsAsync<EthereumException>(() => ledger.PostAsync([Bench.Posting("forged", (1, 5))], default));
        Assert.Contains("another value", error.Message, StringComparison.Ordinal);
    }

    [AnvilFact]
    public async Task OptionsThatCannotBe_AreAllNamed()
    {
        var error = await Assert.ThrowsAsync<InvalidRequestException>(() => Distributor.OpenAsync(
            new() { Node = new("ftp://x"), ChainId = 0, From = "me", Contract = "0x12", JournalPath = bench.File("j"), Confirmations = 0, Decimals = 19 }, default));
        Assert.Equal(["--ledger", "--from", "--contract", "--chain", "--confirmations", "--decimals"], error.Problems.Select(p => p.Path));
        var options = bench.Options with { Contract = node.Accounts[3] };
        var nothing = await Assert.ThrowsAsync<InvalidRequestException>(() => Distributor.OpenAsync(options, default));
        Assert.Contains("no contract at this address", nothing.Message, StringComparison.Ordinal);
    }

    [AnvilFact]
    public async Task ReorganisedPosting_IsSentAgain()
    {
        var options = await bench.DeployedAsync() with { Confirmations = 6, RaiseAfter = TimeSpan.FromMilliseconds(200), Patience = TimeSpan.FromSeconds(20) };
        await using var ledger = await EthereumLedger.OpenAsync(options, bench.Addresses(1, 2), default);
        await node.MineAsync(3);
        var before = await node.Rpc.SendAsync("evm_snapshot", default);
        var posting = ledger.PostAsync([Bench.Posting("reorg", (1, 5), (2, 9))], default);
        async Task<bool> IsOpenAsync()
        {
            if (posting.IsFaulted)
            {
                await posting;
            }

            return (await bench.RoundAsync(options, "reorg")).State == RoundState.Open;
        }

        await Bench.UntilAsync(IsOpenAsync);

        // The blocks with the addresses and the round vanish with their transactions.
        await node.Rpc.SendAsync("evm_revert", default, before.GetString()!);
        Assert.Equal(RoundState.None, (await bench.RoundAsync(options, "reorg")).State);
        await Bench.UntilAsync(IsOpenAsync);
        Assert.False(posting.IsCompleted);
        await node.MineAsync(6);
        await posting;
        Assert.Equal(1000, await ledger.BalanceAsync("1", default));
        Assert.True((await ledger.VerifyAsync(default)).Holds);
    }
}
