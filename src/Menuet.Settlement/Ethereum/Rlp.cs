using System.Numerics;

namespace Menuet.Settlement.Ethereum;

/// <summary>Recursive length prefix, reading only: to see what an external signer signed.</summary>
/// <remarks>Source: Ethereum yellow paper, appendix B; EIP-2718 and EIP-1559 for the envelope.</remarks>
internal static class Rlp
{
    /// <summary>Problems where a signed transaction is not the one that was asked for; empty when it is.</summary>
    internal static IEnumerable<string> Differences(byte[] raw, Transaction asked)
    {
        List<byte[]> fields;
        try
        {
            fields = raw is [0x02, ..] ? List(raw.AsSpan(1)) : throw new FormatException();
        }
        catch (FormatException)
        {
            return ["it is no transaction of type 2"];
        }

        if (fields.Count != 12)
        {
            return ["it has not the fields of a transaction of type 2"];
        }

        return Compare();

        IEnumerable<string> Compare()
        {
            (string Name, byte[] Field, byte[] Wanted)[] pairs =
            [
                ("chain id", fields[0], Number(asked.ChainId!.Value)), ("nonce", fields[1], Number(asked.Nonce!.Value)),
                ("priority fee", fields[2], Number(asked.PriorityFee!.Value)), ("fee", fields[3], Number(asked.MaxFee!.Value)), ("gas", fields[4], Number(asked.Gas!.Value)),
                ("recipient", fields[5], asked.To is null ? [] : Hex.Bytes(asked.To)), ("value", fields[6], Number(asked.Value)), ("data", fields[7], Hex.Bytes(asked.Data)),
            ];
            return pairs.Where(pair => !pair.Field.AsSpan().SequenceEqual(pair.Wanted)).Select(pair => $"another {pair.Name}");
        }
    }

    private static byte[] Number(BigInteger value) => value.IsZero ? [] : value.ToByteArray(isUnsigned: true, isBigEndian: true);

    /// <summary>The entries of a list; an entry that is itself a list comes as its payload.</summary>
    private static List<byte[]> List(ReadOnlySpan<byte> data)
    {
        var (start, length, isList) = Header(data);
        if (!isList || start + length != data.Length)
        {
            throw new FormatException();
        }

        var entries = new List<byte[]>();
        for (var rest = data[start..]; rest.Length > 0;)
        {
            var (offset, size, _) = Header(rest);
            entries.Add(rest.Slice(offset, size).ToArray());
            rest = rest[(offset + size)..];
        }

        return entries;
    }

    private static (int Start, int Length, bool IsList) Header(ReadOnlySpan<byte> data)
    {
        if (data.IsEmpty)
        {
            throw new FormatException();
        }

        var first = data[0];
        var (start, length, isList) = first switch
        {
            < 0x80 => (0, 1, false),
            < 0xb8 => (1, first - 0x80, false),
            < 0xc0 => (first - 0xb6, Long(data, first - 0xb7), false),
            < 0xf8 => (1, first - 0xc0, true),
            _ => (first - 0xf6, Long(data, first - 0xf7), true),
        };
        return length <= data.Length - start ? (start, length, isList) : throw new FormatException();
    }

    private static int Long(ReadOnlySpan<byte> data, int bytes) =>
        bytes <= 4 && data.Length > bytes && new BigInteger(data.Slice(1, bytes), isUnsigned: true, isBigEndian: true) is var length && length <= data.Length
            ? (int)length
            : throw new FormatException();
}
