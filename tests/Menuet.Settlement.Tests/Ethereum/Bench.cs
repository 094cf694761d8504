using System.Globalization;
using Menuet.Settlement.Ethereum;
using Menuet.Settlement.Ledgers;
using Menuet.Settlement.Tests.Servers;

namespace Menuet.Settlement.Tests.Ethereum;

/// <summary>What tests of settling on chain need: options, a deployed contract with money, creators who are the node's accounts.</summary>
internal sealed class Bench(AnvilServer node) : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("menuet-chain-");

    internal static Int128 Deposit => 1_000_000;

    internal EthereumOptions Options => new()
    {
        Node = node.Address,
        ChainId = AnvilServer.ChainId,
        From = node.Accounts[0],
        JournalPath = File("journal.db"),
        Confirmations = 1,
        Poll = TimeSpan.FromMilliseconds(5),
        Patience = TimeSpan.FromSeconds(30),
        RequestTimeout = TimeSpan.FromSeconds(5),
        RetryPause = TimeSpan.FromMilliseconds(2),
    };

    public void Dispose() => folder.Delete(recursive: true);

    internal string File(string name) => Path.Combine(folder.FullName, name);

    /// <summary>Rewards by <see cref="OnChain.Menu"/>; creators are numbers, evaluations whole points.</summary>
    internal static Posting Posting(string id, params (int Creator, int Points)[] evaluations)
    {
        var credits = evaluations.Select(e =>
        {
            var item = OnChain.Menu.Earned(e.Points * 1_000_000L)!.Value;
            return new Entry(e.Creator.ToString(CultureInfo.InvariantCulture), OnChain.Menu.Items[item].Reward, new(item, e.Points * 1_000_000L));
        }).ToArray();
        return new(id, 18, [new(Entry.Platform, -credits.Aggregate(Int128.Zero, (sum, e) => sum + e.Units)), .. credits], OnChain.Menu);
    }

    internal Dictionary<string, string> Addresses(params int[] creators) =>
        creators.ToDictionary(i => i.ToString(CultureInfo.InvariantCulture), i => node.Accounts[i], StringComparer.Ordinal);

    /// <summary>Options with a new contract that is committed to the menu and holds the deposit.</summary>
    internal async Task<EthereumOptions> DeployedAsync(Int128? deposit = null)
    {
        var options = Options;
        await using (var deployer = await Distributor.OpenAsync(options, default))
        {
            options = options with { Contract = await deployer.DeployAsync(default) };
        }

        await using var distributor = await Distributor.OpenAsync(options, default);
        await distributor.DepositAsync(deposit ?? Deposit, default);
        await distributor.CommitAsync(OnChain.Menu, default);
        return options with { FirstBlock = Math.Max(0, await distributor.Chain.HeadAsync(default) - 20) };
    }

    internal async Task WithdrawAsync(EthereumOptions options, int creator, params string[] postings)
    {
        await using var payee = await Distributor.OpenAsync(options with { From = node.Accounts[creator] }, default);
        await payee.WithdrawAsync(creator.ToString(CultureInfo.InvariantCulture), [.. postings], default);
    }

    internal async Task<ChainRound> RoundAsync(EthereumOptions options, string posting)
    {
        await using var reader = await Distributor.OpenAsync(options with { Node = node.Address, JournalPath = File("reader.db") }, default);
        return await reader.RoundAsync(Distributor.RoundOf(posting), null, default);
    }

    internal static async Task UntilAsync(Func<Task<bool>> condition)
    {
        for (var deadline = Environment.TickCount64 + 15_000; !await condition();)
        {
            Assert.True(Environment.TickCount64 < deadline, "it never came");
            await Task.Delay(10);
        }
    }

    /// <summary>How many transactions of an account wait.</summary>
    internal async Task<long> PendingAsync(string account)
    {
        var pending = await node.Rpc.SendAsync("eth_getTransactionCount", default, account, "pending");
        var latest = await node.Rpc.SendAsync("eth_getTransactionCount", default, account, "latest");
        return (long)(Hex.Quantity(pending.GetString()!) - Hex.Quantity(latest.GetString()!));
    }

    /// <summary>How often an id was credited and paid, and how often a round was opened, by the events alone.</summary>
    internal async Task<Dictionary<string, int>> CountAsync(EthereumOptions options, string name)
    {
        await using var reader = await Distributor.OpenAsync(options with { Node = node.Address, JournalPath = File("reader.db") }, default);
        var logs = await reader.Chain.LogsAsync(options.Contract!, options.FirstBlock, await reader.Chain.HeadAsync(default), [ContractAbi.RewardDistributor.Topic(name)], default);
        return logs.GroupBy(log => string.Join('/', log.Topics.Skip(1).Select(topic => Hex.Of(topic)))).ToDictionary(group => group.Key, group => group.Count());
    }
}
