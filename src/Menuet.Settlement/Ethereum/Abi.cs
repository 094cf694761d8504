using System.Collections.Immutable;
using System.Numerics;
using System.Text;

namespace Menuet.Settlement.Ethereum;

/// <summary>The contract ABI: encodes arguments, decodes strictly what a node returns.</summary>
/// <remarks>
/// Source: Solidity documentation, "Contract ABI Specification". Decoding trusts nothing: offsets and lengths outside the data, paddings
/// that are not zero and numbers beyond their type are refused; no length is believed before its bytes are seen to be there.
/// </remarks>
internal static class Abi
{
    private const int Word = 32;
    private const int DeepestNesting = 8;

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>The first four bytes of a call: of the hash of <c>name(type,type)</c>.</summary>
    internal static byte[] Selector(string signature) => Keccak.Hash(signature)[..4];

    /// <summary>Encodes values of the named types; see <see cref="AbiForm"/> for what a value of each is.</summary>
    internal static byte[] Encode(ReadOnlySpan<string> types, params ReadOnlySpan<object> values)
    {
        var parsed = new AbiType[types.Length];
        for (var i = 0; i < types.Length; i++)
        {
            parsed[i] = AbiType.Parse(types[i]);
        }

        return Encode([.. parsed], [.. values]);
    }

    internal static byte[] Encode(ImmutableArray<AbiType> types, ImmutableArray<object> values)
    {
        var output = new List<byte>(Word * types.Length);
        Sequence(output, types, values);
        return [.. output];
    }

    /// <summary>Decodes values of the types.</summary>
    /// <exception cref="FormatException">The data is not what the types say.</exception>
    internal static ImmutableArray<object> Decode(ImmutableArray<AbiType> types, ReadOnlySpan<byte> data) => ReadSequence(data, types, 0);

    private static void Sequence(List<byte> output, ImmutableArray<AbiType> types, IReadOnlyList<object> values)
    {
        if (types.Length != values.Count)
        {
            throw new ArgumentException($"{types.Length} types but {values.Count} values");
        }

        var start = output.Count;
        var tail = new List<byte>();
        var head = types.Sum(type => type.HeadSize);
        for (var i = 0; i < types.Length; i++)
        {
            if (types[i].IsDynamic)
            {
                Number(output, head + tail.Count);
                Value(tail, types[i], values[i]);
            }
            else
            {
                Value(output, types[i], values[i]);
            }
        }

        if (output.Count - start != head)
        {
            throw new ArgumentException("a value is not of its type's size");
        }

        output.AddRange(tail);
    }

    private static void Value(List<byte> output, AbiType type, object value)
    {
        switch (type.Form)
        {
            case AbiForm.Unsigned:
                var number = (BigInteger)value;
                Number(output, number.Sign >= 0 && number < BigInteger.One << type.Size ? number : throw OutOfRange(type, number));
                break;
            case AbiForm.Signed:
                var signed = (BigInteger)value;
                var limit = BigInteger.One << (type.Size - 1);
                Number(output, signed < -limit || signed >= limit ? throw OutOfRange(type, signed) : signed.Sign < 0 ? signed + (BigInteger.One << 256) : signed);
                break;
            case AbiForm.Flag:
                Number(output, (bool)value ? 1 : 0);
                break;
            case AbiForm.Address:
                Number(output, new BigInteger(Sized((byte[])value, 20), isUnsigned: true, isBigEndian: true));
                break;
            case AbiForm.FixedBytes:
                Padded(output, Sized((byte[])value, type.Size));
                break;
            case AbiForm.Bytes:
                Number(output, ((byte[])value).Length);
                Padded(output, (byte[])value);
                break;
            case AbiForm.Text:
                var text = StrictUtf8.GetBytes((string)value);
                Number(output, text.Length);
                Padded(output, text);
                break;
            default:
                var entries = (IReadOnlyList<object>)value;
                if (type.Form == AbiForm.List)
                {
                    Number(output, entries.Count);
                }
                else if (entries.Count != type.Size)
                {
                    throw new ArgumentException($"{entries.Count} entries, not {type.Size}");
                }

                Sequence(output, [.. Enumerable.Repeat(type.Element!, entries.Count)], entries);
                break;
        }
    }

    private static ImmutableArray<object> ReadSequence(ReadOnlySpan<byte> data, ImmutableArray<AbiType> types, int depth)
    {
        if (depth > DeepestNesting)
        {
            throw new FormatException("ABI data is nested too deeply");
        }

        var values = ImmutableArray.CreateBuilder<object>(types.Length);
        var position = 0;
        foreach (var type in types)
        {
            var place = type.IsDynamic ? Length(data, position, data.Length) : position;
            values.Add(Read(data[place..], type, depth));
            position += type.HeadSize;
        }

        return values.MoveToImmutable();
    }

    private static object Read(ReadOnlySpan<byte> data, AbiType type, int depth)
    {
        switch (type.Form)
        {
            case AbiForm.Unsigned:
                var number = ReadNumber(data, 0);
                return number < BigInteger.One << type.Size ? number : throw new FormatException($"ABI data has a number beyond {type.Size} bits");
            case AbiForm.Signed:
                var signed = ReadNumber(data, 0);
                signed = signed >= BigInteger.One << 255 ? signed - (BigInteger.One << 256) : signed;
                return signed >= -(BigInteger.One << (type.Size - 1)) && signed < BigInteger.One << (type.Size - 1)
                    ? signed
                    : throw new FormatException($"ABI data has a number beyond {type.Size} bits");
            case AbiForm.Flag:
                var flag = ReadNumber(data, 0);
                return flag.IsOne || (flag.IsZero ? false : throw new FormatException("ABI data has a flag that is neither 0 nor 1"));
            case AbiForm.Address:
                return Slice(data, 0, Word)[..12].ContainsAnyExcept((byte)0)
                    ? throw new FormatException("ABI data has an address of more than 20 bytes")
                    : data[12..Word].ToArray();
            case AbiForm.FixedBytes:
                return Unpadded(data, 0, type.Size);
            case AbiForm.Bytes:
                return Unpadded(data, Word, Length(data, 0, data.Length - Word));
            case AbiForm.Text:
                try
                {
                    return StrictUtf8.GetString(Unpadded(data, Word, Length(data, 0, data.Length - Word)));
                }
                catch (DecoderFallbackException)
                {
                    throw new FormatException("ABI data has a text that is not UTF-8");
                }

            default:
                var isList = type.Form == AbiForm.List;
                var count = isList ? Length(data, 0, (data.Length - Word) / type.Element!.HeadSize) : type.Size;
                return ReadSequence(isList ? data[Word..] : data, [.. Enumerable.Repeat(type.Element!, count)], depth + 1).ToArray();
        }
    }

    private static BigInteger ReadNumber(ReadOnlySpan<byte> data, int at) => new(Slice(data, at, Word), isUnsigned: true, isBigEndian: true);

    private static int Length(ReadOnlySpan<byte> data, int at, int most) =>
        ReadNumber(data, at) is var length && length <= most ? (int)length : throw new FormatException("ABI data has an offset or a length beyond its end");

    private static byte[] Unpadded(ReadOnlySpan<byte> data, int at, int size)
    {
        var whole = Slice(data, at, (size + Word - 1) / Word * Word);
        return whole[size..].ContainsAnyExcept((byte)0) ? throw new FormatException("ABI data has a padding that is not zero") : whole[..size].ToArray();
    }

    private static ReadOnlySpan<byte> Slice(ReadOnlySpan<byte> data, int at, int size) =>
        at >= 0 && size <= data.Length - at ? data.Slice(at, size) : throw new FormatException("ABI data ends too early");

    private static void Number(List<byte> output, BigInteger number)
    {
        Span<byte> word = stackalloc byte[Word];
        word.Clear();
        var size = number.GetByteCount(isUnsigned: true);
        number.TryWriteBytes(word[(Word - size)..], out _, isUnsigned: true, isBigEndian: true);
        output.AddRange(word);
    }

    private static void Padded(List<byte> output, ReadOnlySpan<byte> bytes)
    {
        output.AddRange(bytes);
        output.AddRange(new byte[(Word - (bytes.Length % Word)) % Word]);
    }

    private static byte[] Sized(byte[] bytes, int size) => bytes.Length == size ? bytes : throw new ArgumentException($"{bytes.Length} bytes, not {size}");

    private static ArgumentException OutOfRange(AbiType type, BigInteger value) => new($"{value} does not fit {type.Size} bits");
}
