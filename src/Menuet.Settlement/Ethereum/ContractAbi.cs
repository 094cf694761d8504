using System.Collections.Immutable;
using System.Text.Json;

namespace Menuet.Settlement.Ethereum;

/// <summary>A compiled contract: how to call it, and how to read its events and errors.</summary>
internal sealed class ContractAbi
{
    // Errors that the language itself raises.
    private static readonly Signature[] BuiltIn = [new("Error", AbiType.ParseAll(["string"]), []), new("Panic", AbiType.ParseAll(["uint256"]), [])];

    private readonly Dictionary<string, Signature> functions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Signature> events = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Signature> errors = new(StringComparer.Ordinal);

    /// <param name="artifact">The JSON that the build script writes.</param>
    /// <param name="name">The contract in it.</param>
    internal ContractAbi(JsonElement artifact, string name)
    {
        var contract = artifact.GetProperty("contracts").GetProperty(name);
        Bytecode = Hex.Bytes(contract.GetProperty("bytecode").GetString()!);
        foreach (var item in contract.GetProperty("abi").EnumerateArray())
        {
            var form = item.GetProperty("type").GetString();
            if (form is not ("function" or "event" or "error"))
            {
                continue;
            }

            var inputs = item.GetProperty("inputs").EnumerateArray().ToArray();
            var signature = new Signature(
                item.GetProperty("name").GetString()!,
                AbiType.ParseAll(inputs.Select(input => input.GetProperty("type").GetString()!)),
                form == "function" ? AbiType.ParseAll(item.GetProperty("outputs").EnumerateArray().Select(output => output.GetProperty("type").GetString()!)) : [])
            {
                Indexed = [.. inputs.Select(input => input.TryGetProperty("indexed", out var indexed) && indexed.GetBoolean())],
                Text = $"{item.GetProperty("name").GetString()}({string.Join(',', inputs.Select(input => input.GetProperty("type").GetString()))})",
            };
            _ = form switch
            {
                "function" => functions.TryAdd(signature.Name, signature),
                "event" => events.TryAdd(Hex.Of(Keccak.Hash(signature.Text)), signature),
                _ => errors.TryAdd(Hex.Of(Abi.Selector(signature.Text)), signature),
            };
        }

        foreach (var signature in BuiltIn)
        {
            errors.TryAdd(Hex.Of(Abi.Selector(signature.Name == "Error" ? "Error(string)" : "Panic(uint256)")), signature);
        }
    }

    /// <summary>The reward distributor, as compiled and committed.</summary>
    internal static ContractAbi RewardDistributor { get; } = Load();

    internal byte[] Bytecode { get; }

    /// <summary>The data of a call.</summary>
    internal byte[] Call(string function, params ImmutableArray<object> arguments)
    {
        var signature = functions[function];
        return [.. Abi.Selector(signature.Text), .. Abi.Encode(signature.Inputs, arguments)];
    }

    /// <summary>What a call returned.</summary>
    internal ImmutableArray<object> Returned(string function, ReadOnlySpan<byte> data)
    {
        try
        {
            return Abi.Decode(functions[function].Outputs, data);
        }
        catch (FormatException error)
        {
            throw new EthereumException($"{function} returned what it does not return: {error.Message}; is this the reward distributor's address?", error);
        }
    }

    /// <summary>The topic that an event's logs begin with.</summary>
    internal string Topic(string name) => events.First(pair => pair.Value.Name == name).Key;

    /// <summary>An event's name and arguments; null for one that is not known.</summary>
    internal (string Name, ImmutableArray<object> Arguments)? Event(ImmutableArray<byte[]> topics, ReadOnlySpan<byte> data)
    {
        if (topics.IsEmpty || !events.TryGetValue(Hex.Of(topics[0]), out var signature) || topics.Length != 1 + signature.Indexed.Count(i => i))
        {
            return null;
        }

        try
        {
            var rest = Abi.Decode([.. signature.Inputs.Where((_, i) => !signature.Indexed[i])], data);
            var (topic, next) = (1, 0);
            return (signature.Name, [.. signature.Inputs.Select((type, i) => signature.Indexed[i] ? Abi.Decode([type], topics[topic++])[0] : rest[next++])]);
        }
        catch (FormatException error)
        {
            throw new UnreachableException($"the node sent a {signature.Name} event that is malformed: {error.Message}", error);
        }
    }

    /// <summary>The contract's error behind a reverted call.</summary>
    internal RevertedException Error(byte[]? data, string otherwise)
    {
        if (data is { Length: >= 4 } && errors.TryGetValue(Hex.Of(data.AsSpan(0, 4)), out var signature))
        {
            try
            {
                return new(signature.Name, Abi.Decode(signature.Inputs, data.AsSpan(4)));
            }
            catch (FormatException)
            {
                return new(signature.Name, []);
            }
        }

        return new(data is { Length: > 0 } ? "unknown error" : otherwise, data is { Length: > 0 } ? [data] : []);
    }

    private static ContractAbi Load()
    {
        using var stream = typeof(ContractAbi).Assembly.GetManifestResourceStream("contracts/RewardDistributor.json")!;
        using var artifact = JsonDocument.Parse(stream);
        return new(artifact.RootElement, "RewardDistributor");
    }

    private sealed record Signature(string Name, ImmutableArray<AbiType> Inputs, ImmutableArray<AbiType> Outputs)
    {
        internal string Text { get; init; } = "";

        internal ImmutableArray<bool> Indexed { get; init; } = [];
    }
}
