using System.Globalization;
using Menuet.Settlement.Ethereum;
using Menuet.Settlement.Ledgers;
using Menuet.Settlement.Tests.Ethereum;
using Menuet.Settlement.Tests.Ledgers;

namespace Menuet.Settlement.Tests;

/// <summary>The process that the kill tests kill: settles postings one after another, as 'menuet settle' run again and again would.</summary>
internal static class Worker
{
    internal static async Task<int> Main(string[] args)
    {
        switch (args)
        {
            case [var from, var count, "sql", var path]:
                {
                    await using ILedger ledger = path.StartsWith("Host=", StringComparison.Ordinal)
                        ? await PostgresLedger.OpenAsync(path, null, default)
                        : await SqliteLedger.OpenAsync(path, null, default);
                    await RunAsync(from, count, i => ledger.PostAsync([Postings.Rewards(Name(i), ("ann", 5), ("ben", 7), ("cid", 9))], default));
                    return 0;
                }

            case [var from, var count, "ethereum", var node, var owner, var contract, var journal, var firstBlock, .. var payees]:
                {
                    var options = new EthereumOptions
                    {
                        Node = new(node),
                        ChainId = Servers.AnvilServer.ChainId,
                        From = owner,
                        Contract = contract,
                        JournalPath = journal,
                        Confirmations = 2,
                        FirstBlock = long.Parse(firstBlock, CultureInfo.InvariantCulture),
                        BatchSize = 2,
                        Poll = TimeSpan.FromMilliseconds(5),
                        Patience = TimeSpan.FromSeconds(60),
                    };
                    var addresses = payees.Select((address, i) => (i, address)).ToDictionary(p => (p.i + 1).ToString(CultureInfo.InvariantCulture), p => p.address);
                    await using var ledger = await EthereumLedger.OpenAsync(options, addresses, default);
                    await RunAsync(from, count, i => ledger.PostAsync([Bench.Posting(Name(i), (1, 5), (2, 7), (3, 9))], default));
                    return 0;
                }

            default:
                await Console.Error.WriteLineAsync("run by the tests");
                return 2;
        }
    }

    internal static string Name(int i) => string.Create(CultureInfo.InvariantCulture, $"p{i}");

    private static async Task RunAsync<T>(string from, string count, Func<int, Task<T>> post)
    {
        await Console.Out.WriteLineAsync("ready");
        for (var i = int.Parse(from, CultureInfo.InvariantCulture); i < int.Parse(count, CultureInfo.InvariantCulture); i++)
        {
            await post(i);
            await Console.Out.WriteLineAsync(Name(i));
        }
    }
}
