using System.Numerics;

namespace Menuet.Settlement.Ethereum;

/// <summary>How to reach a chain and how to behave there. No key is among it: a node or a signer signs.</summary>
public sealed record EthereumOptions
{
    /// <summary>The node's JSON-RPC address.</summary>
    public required Uri Node { get; init; }

    /// <summary>An external signer's JSON-RPC address, which signs and does not send; null: the node manages the account and signs.</summary>
    public Uri? Signer { get; init; }

    /// <summary>The chain that is meant; the node must be on it.</summary>
    public required long ChainId { get; init; }

    /// <summary>The account that sends: 0x and 40 hexadecimal digits.</summary>
    public required string From { get; init; }

    /// <summary>The contract; null before it is deployed.</summary>
    public string? Contract { get; init; }

    /// <summary>The file that remembers what was intended, made when something first is; the same one for every process that uses the account.</summary>
    public required string JournalPath { get; init; }

    /// <summary>A change is final when the state this many blocks deep, the newest counting as 1, shows it.</summary>
    public int Confirmations { get; init; } = 12;

    /// <summary>The most to pay for a unit of gas, wei.</summary>
    public BigInteger MaxFeePerGas { get; init; } = 100_000_000_000;

    /// <summary>What to offer above the base fee, wei.</summary>
    public BigInteger PriorityFeePerGas { get; init; } = 1_000_000_000;

    /// <summary>One unit of the ledger is one wei; this says what money of the model is worth: 10^Decimals wei.</summary>
    public int Decimals { get; init; } = 18;

    /// <summary>The most payees of one transaction.</summary>
    public int BatchSize { get; init; } = 200;

    /// <summary>How rewards reach the chain.</summary>
    public Distribution Distribution { get; init; }

    /// <summary>The block to read events from: the contract's first, or any before.</summary>
    public long FirstBlock { get; init; }

    /// <summary>How long to wait for one posting to be final.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long to wait before looking again.</summary>
    public TimeSpan Poll { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>After how long a transaction that is not mined is offered a higher fee.</summary>
    public TimeSpan RaiseAfter { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long one request may take.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Half of the first pause before a request that changes nothing is made again; each pause is twice the one before.</summary>
    internal TimeSpan RetryPause { get; init; } = TimeSpan.FromMilliseconds(50);
}

/// <summary>How rewards reach the chain.</summary>
public enum Distribution
{
    /// <summary>Each payee is credited on chain and withdraws.</summary>
    Credit,

    /// <summary>One root for all; each payee claims with a proof. Cheaper for the platform from some hundred payees on.</summary>
    Merkle,
}
