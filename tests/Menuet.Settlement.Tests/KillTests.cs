using System.Diagnostics;
using System.Globalization;
using Menuet.Settlement.Ethereum;
using Menuet.Settlement.Ledgers;
using Menuet.Settlement.Tests.Ethereum;
using Menuet.Settlement.Tests.Servers;

namespace Menuet.Settlement.Tests;

/// <summary>A process that settles is killed at random moments, between intent and confirmation too; what is run again pays nothing twice and loses nothing.</summary>
[Collection(SharedNode.Name)]
public sealed class KillTests(AnvilServer node) : IDisposable
{
    // MENUET_KILLS=200 for a long run by hand; each ledger gets so many.
    private static readonly int Kills = int.TryParse(Environment.GetEnvironmentVariable("MENUET_KILLS"), CultureInfo.InvariantCulture, out var count) ? count : 5;

    // So many postings are done between two kills, about; the last run, unharmed, does the rest.
    private const int PostingsPerKill = 8;

    // How many postings that it reported a restarted worker makes again.
    private const int Repeated = 3;

    private readonly Bench bench = new(node);

    public void Dispose() => bench.Dispose();

    [Fact]
    public async Task Sqlite_LosesNothing_AndPaysOnce()
    {
        var path = bench.File("ledger.db");
        var postings = Kills * PostingsPerKill;
        await KillAsync(400, postings, "sql", path);
        await using var ledger = await SqliteLedger.OpenAsync(path, null, default);
        await CheckAsync(ledger, postings, 1_333_333);
    }

    [AnvilFact]
    public async Task Ethereum_LosesNothing_AndPaysOnce()
    {
        // Blocks come by themselves, so that kills fall between sending and mining too.
        var options = await bench.DeployedAsync();
        var postings = Kills * 2;
        await node.Rpc.SendAsync("evm_setAutomine", default, false);
        using var mining = new CancellationTokenSource();
        var miner = MineAsync(mining.Token);
        try
        {
            await KillAsync(
                1200, postings, "ethereum", node.Address.ToString(), node.Accounts[0], options.Contract!, bench.File("worker.db"),
                options.FirstBlock.ToString(CultureInfo.InvariantCulture), node.Accounts[1], node.Accounts[2], node.Accounts[3]);
        }
        finally
        {
            await mining.CancelAsync();
            await miner;
            await node.Rpc.SendAsync("evm_setAutomine", default, true);
        }

        await using var ledger = await EthereumLedger.OpenAsync(options, bench.Addresses(), default);
        await CheckAsync(ledger, postings, 1000, "1");
        Assert.All(await bench.CountAsync(options, "Credited"), pair => Assert.Equal(1, pair.Value));
        Assert.Equal(postings, (await bench.CountAsync(options, "RoundOpened")).Count);
    }

    private static async Task CheckAsync(ILedger ledger, int postings, Int128 reward, string first = "ann")
    {
        Assert.Equal(postings * reward, await ledger.BalanceAsync(first, default));
        var verification = await ledger.VerifyAsync(default);
        Assert.True(verification.Holds, string.Join("; ", verification.Faults));
        Assert.Equal(postings, verification.Postings);
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

    /// <summary>
    /// Runs the worker and kills it at a random moment after it is ready, again and again; each time it goes on a few postings before
    /// the last that it reported. At the end it does all of them, from the first, and is let be.
    /// </summary>
    private static async Task KillAsync(int longest, int postings, params string[] arguments)
    {
        var random = new Random(20);
        var reported = 0;
        for (var i = 0; i < Kills; i++)
        {
            using var worker = Start(Math.Max(0, reported - Repeated), postings, arguments);
            var (ready, last) = Watch(worker);
            await Task.WhenAny(ready, worker.WaitForExitAsync());
            await Task.Delay(random.Next(longest));
            worker.Kill();
            await worker.WaitForExitAsync();
            reported = Math.Max(reported, await last);
        }

        using var unharmed = Start(0, postings, arguments);
        var error = unharmed.StandardError.ReadToEndAsync();
        var (_, done) = Watch(unharmed);
        await unharmed.WaitForExitAsync();
        await done;
        Assert.True(unharmed.ExitCode == 0, await error);
    }

    private static Process Start(int from, int postings, string[] arguments) => Process.Start(new ProcessStartInfo(
        Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet", [typeof(Worker).Assembly.Location, from.ToString(CultureInfo.InvariantCulture), postings.ToString(CultureInfo.InvariantCulture), .. arguments])
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;

    /// <summary>When the worker is ready, and which posting it reported last when it is gone.</summary>
    private static (Task Ready, Task<int> Last) Watch(Process worker)
    {
        var ready = new TaskCompletionSource();
        return (ready.Task, Task.Run(async () =>
        {
            var last = 0;
            while (await worker.StandardOutput.ReadLineAsync() is { } line)
            {
                if (line == "ready")
                {
                    ready.TrySetResult();
                }
                else
                {
                    last = int.TryParse(line.AsSpan(1), CultureInfo.InvariantCulture, out var posting) ? posting : last;
                }
            }

            ready.TrySetResult();
            return last;
        }));
    }
}
