using System.Collections.Immutable;
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
            case [var from, var end, "sql", var place]:
                {
                    await using ILedger ledger = place.StartsWith("Host=", StringComparison.Ordinal)
                        ? await PostgresLedger.OpenAsync(place, null, default)
                        : await SqliteLedger.OpenAsync(place, null, default);
                    await RunAsync(from, end, i => ledger.PostAsync([Postings.Rewards(Name(i), ("ann", 5), ("ben", 7), ("cid", 9))], default));
                    return 0;
                }

            case [var from, var end, "ethereum", var batch, var node, var owner, var contract, var journal, var firstBlock, .. var payees]:
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
                        BatchSize = int.Parse(batch, CultureInfo.InvariantCulture),
                        Poll = TimeSpan.FromMilliseconds(5),
                        Patience = TimeSpan.FromSeconds(60),
                    };
                    var addresses = payees.Select((address, i) => (i, address)).ToDictionary(p => (p.i + 1).ToString(CultureInfo.InvariantCulture), p => p.address);
                    await using var ledger = await EthereumLedger.OpenAsync(options, addresses, default);
                    await RunAsync(from, end, i => ledger.PostAsync([Bench.Posting(Name(i), [.. payees.Select((_, k) => (k + 1, 5 + k))])], default));
                    return 0;
                }

            default:
                await Console.Error.WriteLineAsync("run by the tests");
                return 2;
        }
    }

    internal static string Name(int i) => string.Create(CultureInfo.InvariantCulture, $"p{i}");

    /// <summary>Says when it is ready, when it begins a posting, and when one is done, and whether that had been there.</summary>
    private static async Task RunAsync(string from, string end, Func<int, Task<ImmutableArray<Receipt>>> post)
    {
        await Console.Out.WriteLineAsync("ready");
        for (var i = int.Parse(from, CultureInfo.InvariantCulture); i < int.Parse(end, CultureInfo.InvariantCulture); i++)
        {
            await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"begin {i}"));
            var receipt = (await post(i))[0];
            await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{(receipt.WasThere ? "found" : "posted")} {i}"));
        }
    }
}
