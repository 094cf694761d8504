using System.Collections.Immutable;
using System.Numerics;
using System.Text.Json;
using Menuet.Settlement.Ethereum;
using Menuet.Settlement.Ledgers;
using Menuet.Settlement.Tests.Servers;

namespace Menuet.Settlement.Tests.Ethereum;

/// <summary>A contract on the tests' node, called without any of the code that settles.</summary>
internal sealed record OnChain(AnvilServer Node, ContractAbi Abi, string Address)
{
    internal static PostedMenu Menu { get; } = new([new(5_000_000, 1000), new(6_000_000, 1500), new(8_500_000, 2700)]);

    internal static object[] Qualities { get; } = Distributor.Qualities(Menu);

    internal static object[] Rewards { get; } = Distributor.Rewards(Menu);

    /// <summary>A distributor that holds a million wei and is committed to <see cref="Menu"/>; ids 1 to 6 are the node's accounts 1 to 6.</summary>
    internal static async Task<OnChain> DistributorAsync(AnvilServer node)
    {
        var contract = await DeployAsync(node, ContractAbi.RewardDistributor);
        await contract.SendAsync(0, "", 1_000_000);
        await contract.SendAsync(0, "commitMenu", 0, Qualities, Rewards);
        await contract.SendAsync(0, "setAddresses", 0, Numbers(1, 2, 3, 4, 5, 6), node.Accounts.Skip(1).Take(6).Select(a => (object)Hex.Bytes(a)).ToArray());
        return contract;
    }

    internal static async Task<OnChain> DeployAsync(AnvilServer node, ContractAbi abi, BigInteger value = default, params string[] addresses)
    {
        var data = abi.Bytecode.Concat(addresses.SelectMany(a => new byte[12].Concat(Hex.Bytes(a)))).ToArray();
        var receipt = await SendAsync(node, abi, new(node.Accounts[0], null, Hex.Of(data), value));
        return new(node, abi, receipt.GetProperty("contractAddress").GetString()!);
    }

    internal static object[] Numbers(params ReadOnlySpan<long> numbers)
    {
        var result = new object[numbers.Length];
        for (var i = 0; i < numbers.Length; i++)
        {
            result[i] = (BigInteger)numbers[i];
        }

        return result;
    }

    internal static byte[] Round(string name) => Keccak.Hash(name);

    /// <summary>Sends from one of the node's accounts, and returns the receipt.</summary>
    /// <exception cref="RevertedException">The contract refused.</exception>
    internal Task<JsonElement> SendAsync(int account, string function, BigInteger value, params object[] arguments) =>
        SendAsync(Node, Abi, new(Node.Accounts[account], Address, function.Length == 0 ? "0x" : Hex.Of(Abi.Call(function, [.. arguments])), value));

    internal async Task<ImmutableArray<object>> ReadAsync(string function, params object[] arguments)
    {
        var result = await Node.Rpc.SendAsync("eth_call", default, new Transaction(Node.Accounts[0], Address, Hex.Of(Abi.Call(function, [.. arguments])), 0).Members(), "latest");
        return Abi.Returned(function, Hex.Bytes(result.GetString()!));
    }

    internal async Task<BigInteger> NumberAsync(string function, params object[] arguments) => (BigInteger)(await ReadAsync(function, arguments))[0];

    internal async Task<string> RefusalAsync(int account, string function, params object[] arguments) =>
        (await Assert.ThrowsAsync<RevertedException>(() => SendAsync(account, function, 0, arguments))).Error;

    /// <summary>Opens and fills a round: ids get the item that they are paired with.</summary>
    internal Task<JsonElement> DistributeAsync(string round, params (long Id, long Item)[] credits) => SendAsync(
        0, "distribute", 0, Round(round), new byte[32], credits.Aggregate(BigInteger.Zero, (sum, c) => sum + (BigInteger)Rewards[(int)c.Item]),
        Qualities, Rewards, credits.Select(c => (object)(BigInteger)c.Id).ToArray(), credits.Select(c => (object)(BigInteger)c.Item).ToArray(),
        credits.Select(_ => (object)(BigInteger)9_000_000).ToArray());

    internal async Task<BigInteger> BalanceAsync(string account) =>
        Hex.Quantity((await Node.Rpc.SendAsync("eth_getBalance", default, account, "latest")).GetString()!);

    private static async Task<JsonElement> SendAsync(AnvilServer node, ContractAbi abi, Transaction transaction)
    {
        try
        {
            // Asked first, a refusal says why; sent, it only fails.
            await node.Rpc.SendAsync("eth_call", default, transaction.Members(), "latest");
            var hash = (await node.Rpc.SendAsync("eth_sendTransaction", default, (transaction with { Gas = 20_000_000 }).Members())).GetString()!;
            while (true)
            {
                var receipt = await node.Rpc.SendAsync("eth_getTransactionReceipt", default, hash);
                if (receipt.ValueKind == JsonValueKind.Object)
                {
                    Assert.Equal("0x1", receipt.GetProperty("status").GetString());
                    return receipt;
                }

                await Task.Delay(1);
            }
        }
        catch (RpcException error) when (error.Revert is not null)
        {
            throw abi.Error(error.Revert, error.NodeMessage);
        }
    }
}
