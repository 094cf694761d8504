using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;

namespace Menuet.Settlement.Ethereum;

/// <summary>A node, a signer or the chain did not do what was asked. The message says what a person may do.</summary>
public class EthereumException : IOException
{
    /// <summary>Says what happened.</summary>
    public EthereumException(string message)
        : base(message)
    {
    }

    /// <summary>Says what happened, and what caused it.</summary>
    public EthereumException(string message, Exception inner)
        : base(message, inner)
    {
    }
}

/// <summary>The node answered a request with an error.</summary>
/// <param name="code">The JSON-RPC code.</param>
/// <param name="message">The node's words.</param>
/// <param name="data">What a reverted call returned; null when the node says nothing.</param>
internal sealed class RpcException(int code, string message, byte[]? data) : EthereumException($"the node refused: {message} (code {code.ToString(CultureInfo.InvariantCulture)})")
{
    internal string NodeMessage { get; } = message;

    internal byte[]? Revert { get; } = data;
}

/// <summary>The node cannot be reached, or what it sends cannot be understood; whether a request took effect is unknown.</summary>
internal sealed class UnreachableException(string message, Exception? inner = null) : EthereumException(message, inner ?? new IOException(message))
{
    /// <summary>True when the answer is longer than anything that is asked for: asking for less may help.</summary>
    internal bool IsTooLong { get; init; }
}

/// <summary>The contract refused, and nothing changed.</summary>
/// <param name="error">The name of its error, such as <c>AlreadyPaid</c>.</param>
/// <param name="arguments">What the error carries.</param>
public sealed class RevertedException(string error, ImmutableArray<object> arguments)
    : EthereumException($"the contract refused: {error}({string.Join(", ", arguments.Select(Show))})")
{
    /// <summary>The name of the contract's error, such as <c>AlreadyPaid</c>.</summary>
    public string Error { get; } = error;

    /// <summary>What the error carries: whole numbers, addresses and hashes as bytes, texts.</summary>
    public ImmutableArray<object> Arguments { get; } = arguments;

    private static string Show(object value) => value switch
    {
        byte[] bytes => JsonRpc.Words(Hex.Of(bytes)),
        BigInteger number => number.ToString(CultureInfo.InvariantCulture),
        _ => JsonRpc.Words(value.ToString() ?? ""),
    };
}

/// <summary>Time ran out before a posting was final. What was sent may still be mined; the same call made again goes on from there.</summary>
public sealed class PendingException(string message) : EthereumException(message);
