using Menuet.Settlement.Ethereum;
using Menuet.Settlement.Ledgers;
using Menuet.Settlement.Tests.Servers;

namespace Menuet.Settlement.Tests.Ethereum;

/// <summary>A round that stands half posted goes on, whoever goes on with it and in whatever batches; with other content it is refused.</summary>
[Collection(FaultyNodes.Name)]
public sealed class ResumedRoundTests(AnvilServer node) : IDisposable
{
    private const int Payees = 7;

    private static readonly Posting Round = Bench.Posting("half", [.. Enumerable.Range(1, Payees).Select(i => (i, 4 + i))]);

    private readonly Bench bench = new(node);

    public void Dispose() => bench.Dispose();

    [AnvilTheory]
    [InlineData("setAddresses", 1, 3, "same.db")]
    [InlineData("openRound", 0, 100, "same.db")]
    [InlineData("credit", 0, 100, "lost.db")]
    [InlineData("credit", 1, 3, "same.db")]
    [InlineData("credit", 2, 3, "lost.db")]
    public async Task WhateverStopped_GoesOnInOtherBatches(string stoppedAt, int after, int batch, string journal)
    {
        var options = await bench.DeployedAsync() with { BatchSize = 2, JournalPath = bench.File("same.db") };
        await StopAsync(options, stoppedAt, after);
        await using var ledger = await EthereumLedger.OpenAsync(options with { BatchSize = batch, JournalPath = bench.File(journal) }, Addresses(), default);
        await ledger.PostAsync([Round], default);
        await CheckAsync(options, ledger);
        Assert.True((await ledger.PostAsync([Round], default))[0].WasThere);
    }

    [AnvilTheory]
    [InlineData("a.db", "a.db")]
    [InlineData("a.db", "b.db")]
    public async Task TwoAtOnce_InOtherBatches_PostOneRound(string journal, string other)
    {
        var options = await bench.DeployedAsync();
        var work = new[] { (journal, 2), (other, 3), (other, 100) }.Select(async with =>
        {
            await using var ledger = await EthereumLedger.OpenAsync(options with { JournalPath = bench.File(with.Item1), BatchSize = with.Item2 }, Addresses(), default);
            await ledger.PostAsync([Round], default);
        });
        await Task.WhenAll(work);
        await using var witness = await EthereumLedger.OpenAsync(options, Addresses(), default);
        await CheckAsync(options, witness);
    }

    [AnvilFact]
    public async Task OtherContent_InAHalfPostedRound_IsRefused()
    {
        var options = await bench.DeployedAsync() with { BatchSize = 2 };
        await StopAsync(options, "credit", 1);
        await using var ledger = await EthereumLedger.OpenAsync(options with { BatchSize = 5 }, Addresses(), default);
        var other = Bench.Posting("half", [.. Enumerable.Range(1, Payees).Select(i => (i, 5 + i))]);
        Assert.Contains("other content", (await Assert.ThrowsAsync<InvalidRequestException>(() => ledger.PostAsync([other], default))).Message, StringComparison.Ordinal);

        // A round that was opened in this posting's name and filled with something else.
        var copy = await bench.DeployedAsync() with { JournalPath = bench.File("copy.db") };
        await using (var first = await EthereumLedger.OpenAsync(copy, Addresses(), default))
        {
            await first.PostAsync([Round], default);
        }

        var standing = await bench.RoundAsync(copy, "half");
        var second = await bench.DeployedAsync() with { JournalPath = bench.File("second.db") };
        var contract = new OnChain(node, ContractAbi.RewardDistributor, second.Contract!);
        await contract.SendAsync(0, "setAddresses", 0, OnChain.Numbers(2), new object[] { Hex.Bytes(node.Accounts[2]) });
        await contract.SendAsync(0, "openRound", 0, OnChain.Round("half"), OnChain.Menu.HashBytes(), standing.Content, standing.Total);
        await contract.SendAsync(0, "credit", 0, OnChain.Round("half"), OnChain.Qualities, OnChain.Rewards, OnChain.Numbers(2), OnChain.Numbers(2), OnChain.Numbers(9_000_000));
        await using var misled = await EthereumLedger.OpenAsync(second, Addresses(), default);
        Assert.Contains("other content", (await Assert.ThrowsAsync<InvalidRequestException>(() => misled.PostAsync([Round], default))).Message, StringComparison.Ordinal);
    }

    [AnvilTheory]
    [InlineData(Distribution.Credit, Distribution.Merkle)]
    [InlineData(Distribution.Merkle, Distribution.Credit)]
    public async Task OtherDistribution_OfAPostedRound_IsRefusedInWords(Distribution first, Distribution then)
    {
        var options = await bench.DeployedAsync() with { Distribution = first };
        await using var ledger = await EthereumLedger.OpenAsync(options, Addresses(), default);
        await ledger.PostAsync([Round], default);
        await using var again = await EthereumLedger.OpenAsync(options with { Distribution = then }, Addresses(), default);
        var problem = Assert.Single((await Assert.ThrowsAsync<InvalidRequestException>(() => again.PostAsync([Round], default))).Problems);
        Assert.Equal("--distribution", problem.Path);
        Assert.Contains($"by {first.ToString().ToLowerInvariant()}", problem.Message, StringComparison.Ordinal);
    }

    /// <summary>Posts until so many calls of a function went through; the node hears of no later one, and the posting is given up.</summary>
    private async Task StopAsync(EthereumOptions options, string function, int after)
    {
        var selector = Hex.Of(Abi.Selector(Signature(function)));
        var (left, stopped) = (after, 0);
        using var stop = new CancellationTokenSource();
        await using var proxy = new FaultyNode(node.Address, (method, body) =>
        {
            if (method != "eth_sendTransaction" || (Volatile.Read(ref left) >= 0 && (!body.Contains($"\"data\":\"{selector}", StringComparison.Ordinal) || Interlocked.Decrement(ref left) >= 0)))
            {
                return null;
            }

            if (Interlocked.Exchange(ref stopped, 1) == 0)
            {
                stop.CancelAfter(TimeSpan.FromMilliseconds(50));
            }

            return new Fault(Drops: true, Answer: "");
        });
        await using var ledger = await EthereumLedger.OpenAsync(options with { Node = proxy.Address }, Addresses(), default);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ledger.PostAsync([Round], stop.Token));
        var state = (await bench.RoundAsync(options, "half")).State;
        Assert.Equal(function == "credit" ? RoundState.Filling : RoundState.None, state);
    }

    private static string Signature(string function) => function switch
    {
        "setAddresses" => "setAddresses(uint256[],address[])",
        "openRound" => "openRound(bytes32,bytes32,bytes32,uint256)",
        _ => "credit(bytes32,uint256[],uint256[],uint256[],uint256[],uint256[])",
    };

    private async Task CheckAsync(EthereumOptions options, EthereumLedger ledger)
    {
        var credits = await bench.CountAsync(options, "Credited");
        Assert.Equal(Payees, credits.Count);
        Assert.All(credits, pair => Assert.Equal(1, pair.Value));
        foreach (var entry in Round.Entries.Where(entry => entry.Units > 0))
        {
            Assert.Equal(entry.Units, await ledger.BalanceAsync(entry.Account, default));
        }

        var verification = await ledger.VerifyAsync(default);
        Assert.True(verification.Holds, string.Join("; ", verification.Faults));
    }

    private Dictionary<string, string> Addresses() => bench.Addresses([.. Enumerable.Range(1, Payees)]);
}
