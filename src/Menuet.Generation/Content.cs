using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Unicode;
using Menuet.Generation.Imaging;

namespace Menuet.Generation;

/// <summary>Something made, to be judged: an image or a text.</summary>
/// <param name="Name">What people call it, such as a file name; no judge sees it.</param>
/// <param name="MediaType">image/png, image/jpeg, image/gif, image/webp or text/plain.</param>
/// <param name="Bytes">As it came.</param>
public sealed record Content(string Name, string MediaType, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>The most that is read of one file, in bytes.</summary>
    public const int MaxBytes = 20 << 20;

    /// <summary>The media type of texts.</summary>
    public const string Text = "text/plain";

    /// <summary>True for images.</summary>
    public bool IsImage => MediaType.StartsWith("image/", StringComparison.Ordinal);

    /// <summary>SHA-256 of the bytes, in lower-case hexadecimal digits.</summary>
    public string Hash => Convert.ToHexStringLower(SHA256.HashData(Bytes.Span));

    /// <summary>Tells what a file holds from its first bytes, whatever its name says.</summary>
    /// <param name="name">What to call it.</param>
    /// <param name="bytes">The whole file.</param>
    /// <exception cref="InvalidRequestException">It is empty, too large, or neither an image of a known kind nor a text in UTF-8.</exception>
    public static Content Of(string name, ReadOnlyMemory<byte> bytes)
    {
        var span = bytes.Span;
        if (span.Length is 0 or > MaxBytes)
        {
            throw new InvalidRequestException([new(name, $"has {span.Length} bytes; from 1 to {MaxBytes} are read")]);
        }

        var type = Png.IsPng(span) ? "image/png"
            : span.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]) ? "image/jpeg"
            : span.StartsWith("GIF87a"u8) || span.StartsWith("GIF89a"u8) ? "image/gif"
            : span.Length >= 12 && span.StartsWith("RIFF"u8) && span.Slice(8, 4).SequenceEqual("WEBP"u8) ? "image/webp"
            : Utf8.IsValid(span) && !span.Contains((byte)0) ? Text
            : throw new InvalidRequestException([new(name, "is neither a PNG, JPEG, GIF or WebP image nor a text in UTF-8")]);
        return new(name, type, bytes);
    }

    /// <summary>The pixels of a PNG image.</summary>
    /// <exception cref="InvalidRequestException">It is of another kind, or damaged.</exception>
    public Image ReadImage() => MediaType == "image/png"
        ? Png.Read(Bytes.Span, Name)
        : throw new InvalidRequestException([new(Name, $"holds {MediaType}; only PNG images can be compared pixel by pixel")]);

    /// <summary>The text without what does not show: control, format, private, unassigned and ignorable characters, which can hide words from people.</summary>
    /// <remarks>Source: Unicode Character Database, Default_Ignorable_Code_Point. Among them are variation selectors, in which any bytes can be hidden.</remarks>
    internal string VisibleText()
    {
        var text = new StringBuilder(Bytes.Length);
        for (var rest = Bytes.Span; !rest.IsEmpty;)
        {
            if (Rune.DecodeFromUtf8(rest, out var rune, out var length) == OperationStatus.Done && (rune.Value == '\n' || IsVisible(rune)))
            {
                text.Append(rune.ToString());
            }

            rest = rest[length..];
        }

        return text.ToString();

        static bool IsVisible(Rune rune) => Rune.GetUnicodeCategory(rune) is not (
            System.Globalization.UnicodeCategory.Control or System.Globalization.UnicodeCategory.Format
            or System.Globalization.UnicodeCategory.PrivateUse or System.Globalization.UnicodeCategory.OtherNotAssigned)
            && rune.Value is not (0x034F or 0x115F or 0x1160 or 0x17B4 or 0x17B5 or (>= 0x180B and <= 0x180F) or 0x3164 or (>= 0xFE00 and <= 0xFE0F) or 0xFFA0 or (>= 0xE0000 and <= 0xE0FFF));
    }
}
