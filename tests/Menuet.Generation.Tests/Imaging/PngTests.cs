using System.Buffers.Binary;
using System.IO.Compression;
using Menuet.Generation.Imaging;

namespace Menuet.Generation.Tests.Imaging;

public sealed class PngTests
{
    // Written by pngjs 7: 7 x 5 pixels, value 7 i, 255 - 3 i, i² mod 256 and alpha 100 or 255 for pixel i.
    private const string Foreign =
        "iVBORw0KGgoAAAANSUhEUgAAAAcAAAAFCAYAAACJmvbYAAAAg0lEQVR4AQXBsQlCMQAE0HwSOcRCPiIiRD4ilhZBnMIBLG08HMIxLG8N93AKqxQ2EatD3+vCL1zgTnAkPBIMwmPBE6ZSi+Ap4V7wjPBc8ILwUqnUO+GV4IHwWvCG8FZwYCr1IzgS7gUPhHeC94QPirfj45XbU7mdmNtZuV2Z21u5ffkHXPw+FtTqmksAAAAASUVORK5CYII=";

    [Fact]
    public void AFileOfAnotherProgram_IsRead()
    {
        var image = Png.Read(Convert.FromBase64String(Foreign));
        Assert.Equal((7, 5, 4), (image.Width, image.Height, image.Channels));
        for (var i = 0; i < 35; i++)
            Assert.Equal([(byte)(7 * i), (byte)(255 - (3 * i)), (byte)(i * i), (byte)(i % 2 == 0 ? 100 : 255)], image.Pixels.Slice(4 * i, 4).ToArray());
    }

    [Fact]
    public void WhatIsWritten_IsReadBack()
    {
        for (ulong seed = 0; seed < 60; seed++)
        {
            var image = Drawn(seed);
            var back = Png.Read(Png.Write(image));
            Assert.Equal((image.Width, image.Height, image.Channels), (back.Width, back.Height, back.Channels));
            Assert.True(image.Pixels.SequenceEqual(back.Pixels));
        }
    }

    [Fact]
    public void Metadata_IsTakenOut_AndNothingElse()
    {
        var palette = File(Header(1, 1, 8, 3), [0, 1], ("PLTE", [1, 2, 3, 4, 5, 6]), ("tEXt", "Comment\0score 10"u8.ToArray()), ("tRNS", [9]), ("eXIf", [1, 2]));
        var plain = Png.WithoutMetadata(palette);
        Assert.Equal(File(Header(1, 1, 8, 3), [0, 1], ("PLTE", [1, 2, 3, 4, 5, 6]), ("tRNS", [9])), plain);
        Assert.Throws<InvalidRequestException>(() => Png.WithoutMetadata(palette.AsSpan(0, palette.Length - 1)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void EveryLineFilter_IsUndone(int filter)
    {
        for (ulong seed = 0; seed < 20; seed++)
        {
            var image = Drawn(seed);
            var lines = new List<byte>();
            for (var y = 0; y < image.Height; y++)
            {
                lines.Add((byte)filter);
                for (var i = 0; i < image.Width * image.Channels; i++)
                    lines.Add((byte)(At(image, y, i) - Predicted(filter, At(image, y, i - image.Channels), At(image, y - 1, i), At(image, y - 1, i - image.Channels))));
            }

            Assert.True(image.Pixels.SequenceEqual(Png.Read(File(Header(image.Width, image.Height, 8, image.Channels switch { 1 => 0, 2 => 4, 3 => 2, _ => 6 }), lines)).Pixels));
        }
    }

    [Theory]
    [InlineData(1, new byte[] { 0, 0b10110100, 0 }, new[] { 1, 0, 1, 1, 0, 1, 0, 0, 0 })]
    [InlineData(2, new byte[] { 0, 0b00011011, 0b01000000, 0 }, new[] { 0, 1, 2, 3, 1, 0, 0, 0, 0 })]
    [InlineData(4, new byte[] { 0, 0x10, 0x23, 0x00, 0x00, 0x10 }, new[] { 1, 0, 2, 3, 0, 0, 0, 0, 1 })]
    public void Palettes_GiveColours(int bits, byte[] line, int[] expected)
    {
        byte[] palette = [1, 2, 3, 40, 50, 60, 7, 8, 9, 100, 110, 120];
        var image = Png.Read(File(Header(9, 1, bits, 3), line, ("PLTE", palette), ("tRNS", [17])));
        Assert.Equal(expected.SelectMany(i => palette[(3 * i)..(3 * (i + 1))].Append(i == 0 ? (byte)17 : (byte)255)), image.Pixels.ToArray());
    }

    [Fact]
    public void ATruncatedFile_IsRefused_WhereverItEnds()
    {
        var file = Convert.FromBase64String(Foreign);
        for (var length = 0; length < file.Length; length++)
            Assert.Throws<InvalidRequestException>(() => Png.Read(file.AsSpan(0, length)));
    }

    [Fact]
    public void AFlippedBit_IsNoticed_WhereverItIs()
    {
        var file = Convert.FromBase64String(Foreign);
        for (var bit = 0; bit < 8 * file.Length; bit++)
        {
            file[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Throws<InvalidRequestException>(() => Png.Read(file));
            file[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Theory]
    [InlineData(60_000, 60_000, 8, 6, 0, "claims 60000 x 60000")]
    [InlineData(0, 5, 8, 6, 0, "claims 0 x 5")]
    [InlineData(8000, 8000, 8, 6, 0, "fewer pixels")]
    [InlineData(1, 1, 16, 2, 0, "16 bits")]
    [InlineData(1, 1, 8, 5, 0, "colour type 5")]
    [InlineData(1, 1, 8, 0, 1, "interlaced")]
    [InlineData(1, 1, 8, 0, 7, "PNG does not have")]
    public void WhatIsNotRead_IsSaid(int width, int height, int bits, int colour, int interlace, string words)
    {
        var header = Header(width, height, bits, colour);
        header[12] = (byte)interlace;
        var error = Assert.Throws<InvalidRequestException>(() => Png.Read(File(header, [0, 1]), "shot.png"));
        Assert.Equal("shot.png", error.Problems.Single().Path);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ABomb_InflatesNoFurtherThanItsHeaderSays()
    {
        var bomb = File(Header(4, 4, 8, 0), new byte[50_000_000]);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("more pixels", Assert.Throws<InvalidRequestException>(() => Png.Read(bomb)).Message, StringComparison.Ordinal);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1_000_000);
    }

    [Fact]
    public void StrangeParts_AreRefused()
    {
        Assert.Contains("palette", Refusal(File(Header(1, 1, 8, 3), [0, 9], ("PLTE", [1, 2, 3]))), StringComparison.Ordinal);
        Assert.Contains("filter 9", Refusal(File(Header(1, 1, 8, 0), [9, 9])), StringComparison.Ordinal);
        Assert.Contains("ABCD", Refusal(File(Header(1, 1, 8, 0), [0, 9], ("ABCD", []))), StringComparison.Ordinal);
        Assert.Contains("alpha", Refusal(File(Header(1, 1, 8, 0), [0, 9], ("tRNS", [0, 1]))), StringComparison.Ordinal);
        Assert.Contains("after its end", Refusal([.. File(Header(1, 1, 8, 0), [0, 9]), 0]), StringComparison.Ordinal);
        Assert.Contains("not a PNG", Refusal("GIF89a"u8.ToArray()), StringComparison.Ordinal);
        Assert.Equal(9, Png.Read(File(Header(1, 1, 8, 0), [0, 9], ("tEXt", "Comment\0score 10"u8.ToArray()))).Pixels[0]);
    }

    private static string Refusal(byte[] file) => Assert.Throws<InvalidRequestException>(() => Png.Read(file)).Message;

    private static Image Drawn(ulong seed)
    {
        var random = Rng.Stream(seed, 3);
        var (width, height, channels) = (1 + random.NextInt(20), 1 + random.NextInt(20), 1 + random.NextInt(4));
        var pixels = new byte[width * height * channels];
        for (var i = 0; i < pixels.Length; i++)
            pixels[i] = (byte)(random.NextInt(3) == 0 ? random.NextInt(256) : i * 3);
        return new(width, height, channels, pixels);
    }

    private static byte At(Image image, int y, int i) => y < 0 || i < 0 ? (byte)0 : image.Pixels[(y * image.Width * image.Channels) + i];

    private static byte Predicted(int filter, byte left, byte above, byte corner)
    {
        var estimate = left + above - corner;
        return filter switch
        {
            0 => 0,
            1 => left,
            2 => above,
            3 => (byte)((left + above) >> 1),
            _ => new[] { left, above, corner }.MinBy(value => Math.Abs(estimate - value)),
        };
    }

    private static byte[] Header(int width, int height, int bits, int colour)
    {
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = ((byte)bits, (byte)colour);
        return header;
    }

    private static byte[] File(byte[] header, IEnumerable<byte> lines, params (string Name, byte[] Content)[] parts)
    {
        using var packed = new MemoryStream();
        using (var stream = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            stream.Write(lines.ToArray());
        return
        [
            0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10,
            .. Part("IHDR", header), .. parts.SelectMany(part => Part(part.Name, part.Content)), .. Part("IDAT", packed.ToArray()), .. Part("IEND", []),
        ];
    }

    private static byte[] Part(string name, byte[] content)
    {
        byte[] named = [.. System.Text.Encoding.ASCII.GetBytes(name), .. content];
        var sum = uint.MaxValue;
        foreach (var b in named)
        {
            sum ^= b;
            for (var bit = 0; bit < 8; bit++)
                sum = (sum & 1) == 0 ? sum >> 1 : (sum >> 1) ^ 0xEDB88320;
        }

        var part = new byte[named.Length + 8];
        BinaryPrimitives.WriteInt32BigEndian(part, content.Length);
        named.CopyTo(part, 4);
        BinaryPrimitives.WriteUInt32BigEndian(part.AsSpan(named.Length + 4), ~sum);
        return part;
    }
}
