using System.Buffers.Binary;
using System.IO.Compression;

namespace Menuet.Generation.Imaging;

/// <summary>Reads and writes PNG files of 8 bits a channel (and palettes of 1 to 8 bits), not interlaced.</summary>
/// <remarks>Source: W3C, Portable Network Graphics (PNG) Specification, second edition.</remarks>
public static class Png
{
    /// <summary>The largest image that is read: a small file can claim, and inflate to, any size.</summary>
    public const int MaxPixels = 1 << 26;

    private const uint Header = 0x49484452, Palette = 0x504C5445, Data = 0x49444154, End = 0x49454E44, Transparency = 0x74524E53;

    /// <summary>Deflate makes at most 1032 bytes of one.</summary>
    private const long MostInflation = 1032;

    private static readonly uint[] Remainders = MakeRemainders();

    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10];

    /// <summary>True when the bytes begin as every PNG file does.</summary>
    public static bool IsPng(ReadOnlySpan<byte> file) => file.StartsWith(Signature);

    /// <summary>Reads a file; checksums are verified, text and colour profiles passed over.</summary>
    /// <param name="file">The whole file.</param>
    /// <param name="name">What to call it in problems.</param>
    /// <exception cref="InvalidRequestException">It is damaged, larger than <see cref="MaxPixels"/>, or of a form that is not read here.</exception>
    public static Image Read(ReadOnlySpan<byte> file, string name = "image")
    {
        try
        {
            return Decode(file);
        }
        catch (InvalidDataException error)
        {
            throw new InvalidRequestException([new(name, error.Message)]);
        }
    }

    /// <summary>The same file without its comments, profiles and whatever else is not needed for the pixels, which are not packed anew.</summary>
    /// <param name="file">The whole file.</param>
    /// <param name="name">What to call it in problems.</param>
    /// <exception cref="InvalidRequestException">As for <see cref="Read"/>: only what can be read is passed on.</exception>
    public static byte[] WithoutMetadata(ReadOnlySpan<byte> file, string name = "image")
    {
        Read(file, name);
        using var kept = new MemoryStream();
        kept.Write(Signature);
        for (var at = Signature.Length; at < file.Length;)
        {
            var content = Chunk(file, ref at, out var type);
            if (type is Header or Palette or Transparency or Data or End)
            {
                WriteChunk(kept, type, content);
            }
        }

        return kept.ToArray();
    }

    /// <summary>Writes a file without any metadata: grey, grey and alpha, RGB or RGBA as the image has it.</summary>
    public static byte[] Write(Image image)
    {
        ArgumentNullException.ThrowIfNull(image);
        using var file = new MemoryStream();
        file.Write(Signature);
        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, image.Width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], image.Height);
        header[8] = 8;
        header[9] = image.Channels switch { 1 => 0, 2 => 4, 3 => 2, _ => 6 };
        header[10..].Clear();
        WriteChunk(file, Header, header);
        WriteChunk(file, Data, Deflate(image));
        WriteChunk(file, End, []);
        return file.ToArray();
    }

    private static Image Decode(ReadOnlySpan<byte> file)
    {
        if (!IsPng(file))
        {
            throw new InvalidDataException("is not a PNG file; convert it to PNG");
        }

        var at = Signature.Length;
        var first = Chunk(file, ref at, out var type);
        if (type != Header || first.Length != 13)
        {
            throw new InvalidDataException("does not begin with a PNG header (IHDR)");
        }

        var form = Form.Of(first);
        byte[] palette = [], alphas = [];
        using var data = new MemoryStream();
        var ended = false;
        for (uint previous = type; !ended; previous = type)
        {
            var content = Chunk(file, ref at, out type);
            switch (type)
            {
                case Palette when data.Length == 0 && palette.Length == 0 && content.Length is > 0 and <= 768 && content.Length % 3 == 0:
                    palette = content.ToArray();
                    break;
                case Transparency when form.IsIndexed && alphas.Length == 0 && content.Length <= 256:
                    alphas = content.ToArray();
                    break;
                case Transparency:
                    throw new InvalidDataException("has a transparent colour (tRNS); save it with an alpha channel instead");
                case Data when data.Length == 0 || previous == Data:
                    data.Write(content);
                    break;
                case End:
                    ended = true;
                    break;
                case var critical when (critical & 0x20000000) == 0:
                    throw new InvalidDataException($"has a part that is out of place or not known here ({ChunkName(type)})");
            }
        }

        if (at != file.Length)
        {
            throw new InvalidDataException("goes on after its end (IEND)");
        }

        data.Position = 0;
        var lines = Inflate(data, form);
        Unfilter(lines, form);
        return form.IsIndexed ? FromPalette(lines, form, palette, alphas) : new(form.Width, form.Height, form.Channels, Packed(lines, form));
    }

    /// <summary>The content of the next chunk, its checksum verified; <paramref name="at"/> moves behind it.</summary>
    private static ReadOnlySpan<byte> Chunk(ReadOnlySpan<byte> file, ref int at, out uint type)
    {
        var rest = file[at..];
        if (rest.Length < 12 || BinaryPrimitives.ReadUInt32BigEndian(rest) is var length && length > rest.Length - 12)
        {
            throw new InvalidDataException("is truncated");
        }

        var named = rest.Slice(4, 4 + (int)length);
        type = BinaryPrimitives.ReadUInt32BigEndian(named);
        at += 8 + named.Length;
        return Checksum(named) == BinaryPrimitives.ReadUInt32BigEndian(file[(at - 4)..])
            ? named[4..]
            : throw new InvalidDataException($"is damaged: the checksum of its part {ChunkName(type)} is wrong");
    }

    private static string ChunkName(uint type) => string.Concat(Enumerable.Range(0, 4).Select(i => (type >> (24 - (8 * i))) & 255).Select(b => b is > 31 and < 127 ? (char)b : '?'));

    /// <summary>The filtered lines, each behind its filter's number; exactly as many bytes as the header says, and no more are made.</summary>
    private static byte[] Inflate(MemoryStream data, Form form)
    {
        var length = (form.Stride + 1L) * form.Height;
        if (length > data.Length * MostInflation)
        {
            throw new InvalidDataException("has fewer pixels than its header says");
        }

        var lines = new byte[length];
        using var stream = new ZLibStream(data, CompressionMode.Decompress);
        var count = stream.ReadAtLeast(lines, lines.Length, throwOnEndOfStream: false);
        if (count < lines.Length)
        {
            throw new InvalidDataException("has fewer pixels than its header says");
        }

        return stream.ReadByte() < 0 ? lines : throw new InvalidDataException("has more pixels than its header says");
    }

    private static void Unfilter(byte[] lines, Form form)
    {
        var (stride, step) = (form.Stride, form.BytesPerPixel);
        ReadOnlySpan<byte> above = new byte[stride];
        for (var y = 0; y < form.Height; y++)
        {
            var start = y * (stride + 1L);
            var filter = lines[start];
            var line = lines.AsSpan((int)start + 1, stride);
            switch (filter)
            {
                case 0:
                    break;
                case 1:
                    for (var i = step; i < stride; i++)
                        line[i] += line[i - step];
                    break;
                case 2:
                    for (var i = 0; i < stride; i++)
                        line[i] += above[i];
                    break;
                case 3:
                    for (var i = 0; i < stride; i++)
                        line[i] += (byte)(((i < step ? 0 : line[i - step]) + above[i]) / 2);
                    break;
                case 4:
                    for (var i = 0; i < stride; i++)
                        line[i] += i < step ? above[i] : Paeth(line[i - step], above[i], above[i - step]);
                    break;
                default:
                    throw new InvalidDataException($"is damaged: there is no line filter {filter}");
            }

            above = line;
        }
    }

    private static byte Paeth(byte left, byte above, byte corner)
    {
        int toLeft = Math.Abs(above - corner), toAbove = Math.Abs(left - corner), toCorner = Math.Abs(left + above - (2 * corner));
        return toLeft <= toAbove && toLeft <= toCorner ? left : toAbove <= toCorner ? above : corner;
    }

    private static byte[] Packed(byte[] lines, Form form)
    {
        var pixels = new byte[(long)form.Stride * form.Height];
        for (var y = 0; y < form.Height; y++)
            lines.AsSpan((int)(y * (form.Stride + 1L)) + 1, form.Stride).CopyTo(pixels.AsSpan(y * form.Stride));
        return pixels;
    }

    private static Image FromPalette(byte[] lines, Form form, byte[] palette, byte[] alphas)
    {
        var channels = alphas.Length == 0 ? 3 : 4;
        var pixels = new byte[(long)form.Width * form.Height * channels];
        for (var y = 0; y < form.Height; y++)
        {
            var line = lines.AsSpan((int)(y * (form.Stride + 1L)) + 1, form.Stride);
            for (var x = 0; x < form.Width; x++)
            {
                var bit = x * form.Bits;
                var index = (line[bit / 8] >> (8 - form.Bits - (bit % 8))) & ((1 << form.Bits) - 1);
                if ((index * 3) + 3 > palette.Length)
                {
                    throw new InvalidDataException("uses a colour that its palette (PLTE) does not have");
                }

                var pixel = pixels.AsSpan(((y * form.Width) + x) * channels, channels);
                palette.AsSpan(index * 3, 3).CopyTo(pixel);
                if (channels == 4)
                {
                    pixel[3] = index < alphas.Length ? alphas[index] : (byte)255;
                }
            }
        }

        return new(form.Width, form.Height, channels, pixels);
    }

    /// <summary>Each line by the filter whose output, as signed bytes, is smallest in sum; the specification's advice.</summary>
    private static byte[] Deflate(Image image)
    {
        var stride = image.Width * image.Channels;
        var candidates = new byte[5][];
        for (var filter = 0; filter < 5; filter++)
        {
            candidates[filter] = new byte[stride + 1];
            candidates[filter][0] = (byte)filter;
        }

        using var packed = new MemoryStream();
        using (var stream = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            ReadOnlySpan<byte> above = new byte[stride];
            for (var y = 0; y < image.Height; y++)
            {
                var line = image.Pixels.Slice(y * stride, stride);
                for (var i = 0; i < stride; i++)
                {
                    var (left, up, corner) = i < image.Channels ? ((byte)0, above[i], (byte)0) : (line[i - image.Channels], above[i], above[i - image.Channels]);
                    candidates[0][i + 1] = line[i];
                    candidates[1][i + 1] = (byte)(line[i] - left);
                    candidates[2][i + 1] = (byte)(line[i] - up);
                    candidates[3][i + 1] = (byte)(line[i] - ((left + up) / 2));
                    candidates[4][i + 1] = (byte)(line[i] - Paeth(left, up, corner));
                }

                stream.Write(candidates.MinBy(candidate => candidate.Skip(1).Sum(b => Math.Abs((int)(sbyte)b)))!);
                above = line;
            }
        }

        return packed.ToArray();
    }

    private static void WriteChunk(MemoryStream file, uint type, ReadOnlySpan<byte> content)
    {
        Span<byte> word = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(word, content.Length);
        file.Write(word);
        var start = (int)file.Position;
        BinaryPrimitives.WriteUInt32BigEndian(word, type);
        file.Write(word);
        file.Write(content);
        BinaryPrimitives.WriteUInt32BigEndian(word, Checksum(file.GetBuffer().AsSpan(start, content.Length + 4)));
        file.Write(word);
    }

    /// <summary>CRC-32 with the reflected polynomial EDB88320.</summary>
    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var sum = uint.MaxValue;
        foreach (var b in bytes)
            sum = Remainders[(sum ^ b) & 255] ^ (sum >> 8);
        return ~sum;
    }

    private static uint[] MakeRemainders()
    {
        var table = new uint[256];
        for (uint i = 0; i < 256; i++)
        {
            table[i] = i;
            for (var bit = 0; bit < 8; bit++)
                table[i] = (table[i] & 1) == 0 ? table[i] >> 1 : 0xEDB88320 ^ (table[i] >> 1);
        }

        return table;
    }

    /// <summary>What the header says.</summary>
    private readonly record struct Form(int Width, int Height, int Bits, int Channels, bool IsIndexed)
    {
        internal int Stride => (int)((((long)Width * Channels * Bits) + 7) / 8);

        internal int BytesPerPixel => Math.Max(1, Channels * Bits / 8);

        internal static Form Of(ReadOnlySpan<byte> header)
        {
            var (width, height) = (BinaryPrimitives.ReadUInt32BigEndian(header), BinaryPrimitives.ReadUInt32BigEndian(header[4..]));
            if (width == 0 || height == 0 || (ulong)width * height > MaxPixels)
            {
                throw new InvalidDataException($"claims {width} x {height} pixels; from 1 to {MaxPixels} are read");
            }

            var (bits, colour) = (header[8], header[9]);
            var channels = (bits, colour) switch
            {
                (8, 0) or (1 or 2 or 4 or 8, 3) => 1,
                (8, 4) => 2,
                (8, 2) => 3,
                (8, 6) => 4,
                _ => throw new InvalidDataException($"has {bits} bits a channel of colour type {colour}; save it with 8 bits a channel"),
            };
            return (header[10], header[11], header[12]) switch
            {
                (0, 0, 0) => new((int)width, (int)height, bits, channels, colour == 3),
                (0, 0, 1) => throw new InvalidDataException("is interlaced; save it without interlacing"),
                _ => throw new InvalidDataException("uses a compression or a filter that PNG does not have"),
            };
        }
    }
}
