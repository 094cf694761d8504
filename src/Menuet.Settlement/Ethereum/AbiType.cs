using System.Collections.Immutable;
using System.Globalization;

namespace Menuet.Settlement.Ethereum;

/// <summary>A type of the contract ABI: what a value may be and how it is laid out.</summary>
/// <param name="Form">What it is.</param>
/// <param name="Size">Bits of a number, bytes of fixed bytes, entries of a fixed array; 0 otherwise.</param>
/// <param name="Element">An array's entries; null otherwise.</param>
/// <remarks>Source: Solidity documentation, "Contract ABI Specification". Left out, because no contract of ours has them: tuples and fixed-point numbers.</remarks>
internal sealed record AbiType(AbiForm Form, int Size = 0, AbiType? Element = null)
{
    /// <summary>True when values stand behind an offset in the tail.</summary>
    internal bool IsDynamic => Form is AbiForm.Bytes or AbiForm.Text or AbiForm.List || (Form == AbiForm.FixedList && Element!.IsDynamic);

    /// <summary>Bytes in the head.</summary>
    internal int HeadSize => IsDynamic || Form != AbiForm.FixedList ? 32 : Size * Element!.HeadSize;

    /// <summary>Reads a name such as <c>uint256[]</c>.</summary>
    /// <exception cref="FormatException">Unknown.</exception>
    internal static AbiType Parse(string name)
    {
        if (name.EndsWith(']'))
        {
            var open = name.LastIndexOf('[');
            var inner = open > 0 ? name[(open + 1)..^1] : throw Unknown(name);
            var element = Parse(name[..open]);
            return inner.Length == 0 ? new(AbiForm.List, 0, element) : new(AbiForm.FixedList, Number(inner, name, 1, 1 << 20), element);
        }

        return name switch
        {
            "address" => new(AbiForm.Address),
            "bool" => new(AbiForm.Flag),
            "bytes" => new(AbiForm.Bytes),
            "string" => new(AbiForm.Text),
            _ when name.StartsWith("uint", StringComparison.Ordinal) => new(AbiForm.Unsigned, Bits(name[4..], name)),
            _ when name.StartsWith("int", StringComparison.Ordinal) => new(AbiForm.Signed, Bits(name[3..], name)),
            _ when name.StartsWith("bytes", StringComparison.Ordinal) => new(AbiForm.FixedBytes, Number(name[5..], name, 1, 32)),
            _ => throw Unknown(name),
        };
    }

    internal static ImmutableArray<AbiType> ParseAll(IEnumerable<string> names) => [.. names.Select(Parse)];

    private static int Bits(string digits, string name) =>
        Number(digits, name, 8, 256) is var bits && bits % 8 == 0 ? bits : throw Unknown(name);

    private static int Number(string digits, string name, int min, int max) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max ? number : throw Unknown(name);

    private static FormatException Unknown(string name) => new($"'{name}' is no ABI type known here");
}

internal enum AbiForm
{
    /// <summary>BigInteger.</summary>
    Unsigned,

    /// <summary>BigInteger.</summary>
    Signed,

    /// <summary>bool.</summary>
    Flag,

    /// <summary>byte[20].</summary>
    Address,

    /// <summary>byte[Size].</summary>
    FixedBytes,

    /// <summary>byte[].</summary>
    Bytes,

    /// <summary>string.</summary>
    Text,

    /// <summary>object[].</summary>
    List,

    /// <summary>object[Size].</summary>
    FixedList,
}
