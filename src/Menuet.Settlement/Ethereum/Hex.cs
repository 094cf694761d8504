using System.Buffers;
using System.Globalization;
using System.Numerics;

namespace Menuet.Settlement.Ethereum;

/// <summary>Hexadecimal as Ethereum's JSON-RPC writes it: with 0x, bytes in pairs, quantities without leading zeros.</summary>
/// <remarks>Source: Ethereum JSON-RPC specification, "Hex value encoding".</remarks>
internal static class Hex
{
    internal static SearchValues<char> Digits { get; } = SearchValues.Create("0123456789abcdefABCDEF");

    internal static string Of(ReadOnlySpan<byte> bytes) => "0x" + Convert.ToHexStringLower(bytes);

    /// <exception cref="FormatException">Not 0x and pairs of hexadecimal digits.</exception>
    internal static byte[] Bytes(string text) => text.StartsWith("0x", StringComparison.Ordinal)
        ? Convert.FromHexString(text.AsSpan(2))
        : throw new FormatException("does not begin with 0x");

    internal static string Quantity(BigInteger value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        var digits = value.ToString("x", CultureInfo.InvariantCulture).TrimStart('0');
        return "0x" + (digits.Length == 0 ? "0" : digits);
    }

    /// <exception cref="FormatException">Not 0x and 1 to 64 hexadecimal digits.</exception>
    internal static BigInteger Quantity(string text) =>
        text.StartsWith("0x", StringComparison.Ordinal) && text.Length is > 2 and <= 66 && text.AsSpan(2).IndexOfAnyExcept(Digits) < 0
            ? BigInteger.Parse("0" + text[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)
            : throw new FormatException("is no hexadecimal quantity");
}
