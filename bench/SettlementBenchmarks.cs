using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Menuet.Settlement;
using Menuet.Settlement.Ethereum;
using Menuet.Settlement.Ledgers;

namespace Menuet.Benchmarks;

/// <summary>Postings a second by ledger, and payouts a second and gas by way of paying. Ratios are against the first line of each table.</summary>
/// <remarks>
/// <c>dotnet run -c Release --project bench -- settlement [sqlite|postgres|ethereum]</c>. PostgreSQL is measured where MENUET_POSTGRES holds the
/// connection string of an empty database, Ethereum where MENUET_ETHEREUM holds the address of an anvil that mines each transaction at once.
/// </remarks>
internal static class SettlementBenchmarks
{
    private static readonly PostedMenu Menu = new([new(5_000_000, 1000), new(6_000_000, 1500)]);

    internal static async Task<int> RunAsync(string part)
    {
        if (part is "" or "sqlite")
        {
            var folder = Directory.CreateTempSubdirectory("menuet-bench-");
            await using (var ledger = await SqliteLedger.OpenAsync(Path.Combine(folder.FullName, "ledger.db"), null, default))
            {
                await LedgerAsync("SQLite", ledger);
            }

            folder.Delete(recursive: true);
        }

        if (part is "" or "postgres" && Environment.GetEnvironmentVariable("MENUET_POSTGRES") is { } connection)
        {
            await using var ledger = await PostgresLedger.OpenAsync(connection, null, default);
            await LedgerAsync("PostgreSQL", ledger);
        }

        if (part is "" or "ethereum" && Environment.GetEnvironmentVariable("MENUET_ETHEREUM") is { } node)
        {
            await ChainAsync(new(node));
        }

        return 0;
    }

    private static async Task LedgerAsync(string name, SqlLedger ledger)
    {
        Console.WriteLine($"| {name} | postings/s | ratio |\n| --- | ---: | ---: |");
        await ledger.PostAsync([Transfer("warm", 0)], default);
        var single = await RateAsync(100, async i => await ledger.PostAsync([Transfer("s", i)], default));
        Print("one a call, one caller", single, single);
        var four = await RateAsync(4, w => RateAsync(50, i => ledger.PostAsync([Transfer("f", (w * 1000) + i)], default))) * 50;
        Print("one a call, four callers", four, single);
        var hundred = 100 * await RateAsync(10, i => ledger.PostAsync([.. Enumerable.Range(0, 100).Select(k => Transfer("h", (i * 100) + k))], default));
        Print("a hundred a call", hundred, single);
        var thousand = 1000 * await RateAsync(3, i => ledger.PostAsync([.. Enumerable.Range(0, 1000).Select(k => Transfer("t", (i * 1000) + k))], default));
        Print("a thousand a call", thousand, single);
        var round = 200 * await RateAsync(10, i => ledger.PostAsync([Round(i)], default));
        Print("payouts of rounds of 200, one posting each", round, single);

        // Callers all at once when there are few; else one after another.
        static async Task<double> RateAsync(int count, Func<int, Task> run)
        {
            var watch = Stopwatch.StartNew();
            if (count <= 4)
            {
                await Task.WhenAll(Enumerable.Range(0, count).Select(i => Task.Run(() => run(i))));
            }
            else
            {
                for (var i = 0; i < count; i++)
                {
                    await run(i);
                }
            }

            return count / watch.Elapsed.TotalSeconds;
        }

        static void Print(string what, double rate, double baseline) =>
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {what} | {rate:0} | {rate / baseline:0.0} |"));

        static Posting Transfer(string group, int i) =>
            new(string.Create(CultureInfo.InvariantCulture, $"{group}{i}"), SettlementDefaults.Decimals, [new(Entry.Platform, -1), new(string.Create(CultureInfo.InvariantCulture, $"a{i % 100}"), 1)]);

        static Posting Round(int i) => new(
            string.Create(CultureInfo.InvariantCulture, $"round{i}"), SettlementDefaults.Decimals,
            [new(Entry.Platform, -200_000), .. Enumerable.Range(0, 200).Select(k => new Entry(string.Create(CultureInfo.InvariantCulture, $"b{k}"), 1000, new(0, 5_000_000)))], Menu);
    }

    private static async Task ChainAsync(Uri address)
    {
        using var rpc = new JsonRpc(address, TimeSpan.FromSeconds(60), TimeSpan.FromMilliseconds(50));
        var chain = new OnChain(rpc, (await rpc.SendAsync("eth_accounts", default)).EnumerateArray().First().GetString()!);
        await rpc.SendAsync("anvil_setBalance", default, chain.Owner, BigInteger.Pow(10, 26));
        Console.WriteLine("| way | payouts/s | gas a payout, platform | gas a payout, payee |\n| --- | ---: | ---: | ---: |");
        using var document = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(Root(), "contracts", "test", "Adversaries.json")));
        var push = new ContractAbi(document.RootElement, "PushDistributor");
        var pusher = await chain.DeployAsync(push);
        await chain.SendAsync(pusher, [], 1_000_000);
        await chain.SendAsync(pusher, push.Call("setAddresses", Ids(0, 200), OnChain.Payees(0, 200)), 0);
        await OnChain.MeasureAsync("push, one transaction each (the paper's way)", 100, 0, () =>
            chain.EachAsync(Enumerable.Range(0, 100).Select(i => (pusher, push.Call("distribute", (BigInteger)i, (BigInteger)5, (BigInteger)1000)))));
        await OnChain.MeasureAsync("push, 100 a transaction", 100, 0, () => chain.EachAsync(
            [(pusher, push.Call("distributeAll", Ids(100, 100), Same(100, 5), Same(100, 1000)))]));

        var abi = ContractAbi.RewardDistributor;
        var distributor = await chain.DeployAsync(abi);
        await chain.SendAsync(distributor, [], 1_000_000_000);
        object[][] menu = [Distributor.Qualities(Menu), Distributor.Rewards(Menu)];
        await chain.SendAsync(distributor, abi.Call("commitMenu", menu[0], menu[1]), 0);
        await chain.SendAsync(distributor, abi.Call("setAddresses", Ids(0, 200), OnChain.Payees(0, 200)), 0);
        var withdrawal = 0L;
        foreach (var size in new[] { 1, 10, 50, 100, 200 })
        {
            var rounds = Math.Max(2, 200 / size);
            var calls = Enumerable.Range(0, rounds).Select(r => (distributor, abi.Call(
                "distribute", Keccak.Hash($"{size}/{r}"), new byte[32], (BigInteger)(1000 * size), menu[0], menu[1], Ids(0, size), Same(size, 0), Same(size, 5_000_000)))).ToArray();
            if (withdrawal == 0)
            {
                // One payee of one round, measured on rounds of their own.
                await chain.SendAsync(distributor, abi.Call(
                    "distribute", Keccak.Hash("w"), new byte[32], (BigInteger)2000, menu[0], menu[1], Ids(0, 2), Same(2, 0), Same(2, 5_000_000)), 0);
                await chain.AsAsync(0, distributor, abi.Call("withdraw", BigInteger.Zero, new object[] { Keccak.Hash("w") }));
                withdrawal = await chain.AsAsync(1, distributor, abi.Call("withdraw", BigInteger.One, new object[] { Keccak.Hash("w") }));
            }

            await OnChain.MeasureAsync(string.Create(CultureInfo.InvariantCulture, $"credit, {size} a transaction, withdrawn singly"), rounds * size, withdrawal, () => chain.EachAsync(calls));
        }

        var leaves = Enumerable.Range(0, 400).Select(i => Keccak.Hash(Keccak.Hash(Abi.Encode(
            ["bytes32", "uint256", "address", "uint256", "uint256", "uint256"], Keccak.Hash("m"), (BigInteger)i, OnChain.Payees(i, 1)[0], BigInteger.Zero, (BigInteger)5_000_000, (BigInteger)1000)))).ToImmutableArray();
        var tree = new MerkleTree(leaves);
        var root = abi.Call("openMerkleRound", Keccak.Hash("m"), Menu.HashBytes(), tree.Root, (BigInteger)400_000);
        var claims = new List<long>();
        await OnChain.MeasureAsync("Merkle, 400 under one root, claimed singly", 400, () => claims.Sum() / claims.Count, async () =>
        {
            var gas = await chain.EachAsync([(distributor, root)]);
            return gas;
        }, async () =>
        {
            foreach (var i in new[] { 0, 1, 2, 300, 399 })
            {
                claims.Add(await chain.AsAsync(i, distributor, abi.Call(
                    "claim", Keccak.Hash("m"), (BigInteger)i, BigInteger.Zero, (BigInteger)5_000_000, (BigInteger)1000, tree.Proof(i).ToArray<object>())));
            }
        });
    }

    private static object[] Ids(int first, int count) => [.. Enumerable.Range(first, count).Select(i => (object)(BigInteger)i)];

    private static object[] Same(int count, long value) => [.. Enumerable.Repeat((object)(BigInteger)value, count)];

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Menuet.slnx")))
        {
            folder = folder.Parent!;
        }

        return folder.FullName;
    }

    /// <summary>A node with an account of money, called as directly as can be: what is measured is the way of paying.</summary>
    private sealed class OnChain(JsonRpc rpc, string owner)
    {
        internal string Owner => owner;

        internal static object[] Payees(int first, int count) => [.. Enumerable.Range(first, count).Select(i => (object)Keccak.Hash($"payee {i} of {Environment.ProcessId}")[..20])];

        internal async Task<string> DeployAsync(ContractAbi abi) => (await SendAsync(null, abi.Bytecode, 0)).GetProperty("contractAddress").GetString()!;

        internal Task<JsonElement> SendAsync(string? to, byte[] data, BigInteger value) => SendAsync(owner, to, data, value);

        /// <summary>A payee calls; the gas it pays.</summary>
        internal async Task<long> AsAsync(int payee, string to, byte[] data)
        {
            var account = Hex.Of((byte[])Payees(payee, 1)[0]);
            await rpc.SendAsync("anvil_impersonateAccount", default, account);
            await rpc.SendAsync("anvil_setBalance", default, account, BigInteger.Pow(10, 20));
            return Gas(await SendAsync(account, to, data, 0));
        }

        /// <summary>One after another, each awaited; the gas of all.</summary>
        internal async Task<long> EachAsync(IEnumerable<(string To, byte[] Data)> calls)
        {
            var gas = 0L;
            foreach (var (to, data) in calls)
            {
                gas += Gas(await SendAsync(owner, to, data, 0));
            }

            return gas;
        }

        internal static Task MeasureAsync(string way, int payouts, long payeeGas, Func<Task<long>> run) => MeasureAsync(way, payouts, () => payeeGas, run, () => Task.CompletedTask);

        internal static async Task MeasureAsync(string way, int payouts, Func<long> payeeGas, Func<Task<long>> run, Func<Task> after)
        {
            var watch = Stopwatch.StartNew();
            var gas = await run();
            var seconds = watch.Elapsed.TotalSeconds;
            await after();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {way} | {payouts / seconds:0} | {gas / payouts} | {payeeGas()} |"));
        }

        private static long Gas(JsonElement receipt) => (long)Hex.Quantity(receipt.GetProperty("gasUsed").GetString()!);

        private async Task<JsonElement> SendAsync(string from, string? to, byte[] data, BigInteger value)
        {
            var hash = (await rpc.SendAsync("eth_sendTransaction", default, new Transaction(from, to, Hex.Of(data), value) { Gas = 16_000_000 }.Members())).GetString()!;
            while (true)
            {
                var receipt = await rpc.SendAsync("eth_getTransactionReceipt", default, hash);
                if (receipt.ValueKind == JsonValueKind.Object)
                {
                    return receipt.GetProperty("status").GetString() == "0x1" ? receipt : throw new InvalidOperationException("a measured transaction was refused");
                }

                await Task.Delay(1);
            }
        }
    }
}
