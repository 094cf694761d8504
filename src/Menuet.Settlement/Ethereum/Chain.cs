using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace Menuet.Settlement.Ethereum;

/// <summary>What a node knows, in our types.</summary>
internal sealed class Chain(JsonRpc node)
{
    // No chain has such numbers; nodes that say so would have us overflow.
    private const long Most = 1L << 53;

    private static readonly long LatestTime = DateTimeOffset.MaxValue.ToUnixTimeSeconds();

    internal async Task<long> IdAsync(CancellationToken cancellation) =>
        Small(await node.ReadAsync("eth_chainId", cancellation), "chain id");

    internal async Task<long> HeadAsync(CancellationToken cancellation) =>
        Small(await node.ReadAsync("eth_blockNumber", cancellation), "block number");

    /// <param name="account">0x….</param>
    /// <param name="tag"><c>latest</c>: mined; <c>pending</c>: also what waits; or a block's number.</param>
    /// <param name="cancellation">Stops waiting.</param>
    internal async Task<long> NonceAsync(string account, string tag, CancellationToken cancellation) =>
        Small(await AtAsync("eth_getTransactionCount", account, tag, cancellation), "nonce");

    internal async Task<BigInteger> BalanceAsync(string account, CancellationToken cancellation) =>
        JsonRpc.Quantity(await node.ReadAsync("eth_getBalance", cancellation, account, "latest"), "balance");

    internal async Task<bool> HasCodeAsync(string account, CancellationToken cancellation) =>
        JsonRpc.Bytes(await node.ReadAsync("eth_getCode", cancellation, account, "latest"), "code").Length > 0;

    /// <summary>The base fee of the newest block, wei.</summary>
    internal async Task<BigInteger> BaseFeeAsync(CancellationToken cancellation) =>
        JsonRpc.Quantity(JsonRpc.Member(await node.ReadAsync("eth_getBlockByNumber", cancellation, "latest", false), "baseFeePerGas"), "base fee");

    internal async Task<DateTimeOffset> TimeAsync(long block, CancellationToken cancellation) => DateTimeOffset.FromUnixTimeSeconds(
        Small(JsonRpc.Member(await node.ReadAsync("eth_getBlockByNumber", cancellation, Hex.Quantity(block), false), "timestamp"), "time", LatestTime));

    /// <exception cref="RpcException">The call reverts.</exception>
    internal async Task<byte[]> CallAsync(Transaction call, long? block, CancellationToken cancellation) => JsonRpc.Bytes(
        await AtAsync("eth_call", call.Members(), block is { } number ? Hex.Quantity(number) : "latest", cancellation), "result of a call");

    /// <exception cref="RpcException">The transaction would revert.</exception>
    internal async Task<long> EstimateAsync(Transaction transaction, CancellationToken cancellation) =>
        Small(await node.ReadAsync("eth_estimateGas", cancellation, transaction.Members(), "latest"), "gas");

    /// <summary>What became of a transaction; null when it is in no block.</summary>
    internal async Task<TransactionReceipt?> ReceiptAsync(string hash, CancellationToken cancellation)
    {
        var receipt = await node.ReadAsync("eth_getTransactionReceipt", cancellation, hash);
        if (receipt.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return new(
            !JsonRpc.Quantity(JsonRpc.Member(receipt, "status"), "status").IsZero,
            Small(JsonRpc.Member(receipt, "blockNumber"), "block number"),
            Small(JsonRpc.Member(receipt, "gasUsed"), "gas"),
            receipt.TryGetProperty("contractAddress", out var created) && created.ValueKind != JsonValueKind.Null ? Hex.Of(JsonRpc.Bytes(created, "contract's address", 20)) : null);
    }

    /// <summary>Events of a contract in a range of blocks, oldest first.</summary>
    internal async Task<ImmutableArray<Log>> LogsAsync(string contract, long from, long to, ImmutableArray<object?> topics, CancellationToken cancellation)
    {
        var answer = await node.ReadAsync("eth_getLogs", cancellation, new Dictionary<string, object?>
        {
            ["address"] = contract,
            ["fromBlock"] = Hex.Quantity(from),
            ["toBlock"] = Hex.Quantity(to),
            ["topics"] = topics.IsDefaultOrEmpty ? null : topics.AsEnumerable(),
        });
        if (answer.ValueKind != JsonValueKind.Array)
        {
            throw new UnreachableException("the node sent no list of events");
        }

        return [.. answer.EnumerateArray().Select(log => new Log(
            Topics(log),
            JsonRpc.Bytes(JsonRpc.Member(log, "data"), "data"),
            Small(JsonRpc.Member(log, "blockNumber"), "block number"),
            JsonRpc.Text(JsonRpc.Member(log, "transactionHash"), "transaction hash")))];
    }

    /// <summary>Reads the state at a block. A numbered one may be gone by a reorganisation, or not have reached the node behind an address yet.</summary>
    private async Task<JsonElement> AtAsync(string method, object about, string block, CancellationToken cancellation)
    {
        try
        {
            return await node.ReadAsync(method, cancellation, about, block);
        }
        catch (RpcException error) when (block.StartsWith("0x", StringComparison.Ordinal) && error.Revert is null && !error.NodeMessage.Contains("revert", StringComparison.OrdinalIgnoreCase))
        {
            throw new UnreachableException($"the node does not say what holds at block {block}: {error.NodeMessage}", error);
        }
    }

    private static ImmutableArray<byte[]> Topics(JsonElement log)
    {
        var topics = JsonRpc.Member(log, "topics");
        return topics.ValueKind == JsonValueKind.Array
            ? [.. topics.EnumerateArray().Select(topic => JsonRpc.Bytes(topic, "topic", 32))]
            : throw new UnreachableException("the node sent no list of topics");
    }

    private static long Small(JsonElement element, string what, long most = Most) => JsonRpc.Quantity(element, what) is var value && value <= most
        ? (long)value
        : throw new UnreachableException(string.Create(CultureInfo.InvariantCulture, $"the node sent {value} as {what}"));
}

/// <summary>What became of a transaction.</summary>
internal sealed record TransactionReceipt(bool Succeeded, long Block, long GasUsed, string? Contract);

/// <summary>An event as it stands in a block.</summary>
internal sealed record Log(ImmutableArray<byte[]> Topics, byte[] Data, long Block, string Transaction);

/// <summary>A transaction, or a call, as nodes and signers take it (EIP-1559). What is null is left to them.</summary>
internal sealed record Transaction(string From, string? To, string Data, BigInteger Value)
{
    internal long? Nonce { get; init; }

    internal long? Gas { get; init; }

    internal long? ChainId { get; init; }

    internal BigInteger? MaxFee { get; init; }

    internal BigInteger? PriorityFee { get; init; }

    internal Dictionary<string, object?> Members() => new()
    {
        ["from"] = From,
        ["to"] = To,
        // Nodes and signers read one name or the other.
        ["data"] = Data,
        ["input"] = Data,
        ["value"] = Value,
        ["gas"] = Gas is { } gas ? (BigInteger)gas : null,
        ["nonce"] = Nonce is { } nonce ? (BigInteger)nonce : null,
        ["chainId"] = ChainId is { } chain ? (BigInteger)chain : null,
        ["type"] = MaxFee is null ? null : "0x2",
        ["maxFeePerGas"] = MaxFee is { } fee ? fee : null,
        ["maxPriorityFeePerGas"] = PriorityFee is { } priority ? priority : null,
    };
}
