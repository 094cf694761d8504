using System.Globalization;
using Menuet.Settlement.Ethereum;
using Menuet.Settlement.Tests.Servers;
using Xunit.Abstractions;

namespace Menuet.Settlement.Tests.Ethereum;

/// <summary>On a node of its own, so that it runs beside other tests.</summary>
public sealed class KillTests(AnvilServer node, ITestOutputHelper output) : IClassFixture<AnvilServer>, IDisposable
{
    private readonly Bench bench = new(node);

    public void Dispose() => bench.Dispose();

    [AnvilFact]
    public async Task Kills_LoseNothing_AndPayOnce()
    {
        // Blocks come by themselves, so that kills fall between sending and mining too. Each run has other batches: rounds half posted go on in them.
        var options = await bench.DeployedAsync(deposit: 1_000_000_000);
        var postings = 0;
        await node.Rpc.SendAsync("evm_setAutomine", default, false);
        using var mining = new CancellationTokenSource();
        var miner = MineAsync(mining.Token);
        try
        {
            postings = await Kills.RunAsync(output, 800, random =>
            [
                "ethereum", random.Next(1, 7).ToString(CultureInfo.InvariantCulture), node.Address.ToString(), node.Accounts[0], options.Contract!, bench.File("worker.db"),
                options.FirstBlock.ToString(CultureInfo.InvariantCulture), .. node.Accounts.Skip(1).Take(5),
            ]);
        }
        finally
        {
            await mining.CancelAsync();
            await miner;
            await node.Rpc.SendAsync("evm_setAutomine", default, true);
        }

        await using var ledger = await EthereumLedger.OpenAsync(options, bench.Addresses(), default);
        await Kills.CheckAsync(ledger, postings, "1", 1000);
        var credits = await bench.CountAsync(options, "Credited");
        Assert.Equal(5 * postings, credits.Count);
        Assert.All(credits, pair => Assert.Equal(1, pair.Value));
        Assert.Equal(postings, (await bench.CountAsync(options, "RoundOpened")).Count);
    }

    private async Task MineAsync(CancellationToken cancellation)
    {
        try
        {
            while (!cancellation.IsCancellationRequested)
            {
                await node.MineAsync();
                await Task.Delay(15, cancellation);
            }
        }
        catch (OperationCanceledException)
        {
            // Enough.
        }
    }
}
