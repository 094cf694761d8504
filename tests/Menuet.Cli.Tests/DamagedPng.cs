using System.Buffers.Binary;
using Menuet.Generation.Imaging;

namespace Menuet.Cli.Tests;

/// <summary>Files that are not what they should be.</summary>
internal static class DamagedPng
{
    private const int HeaderStart = 8;
    private const int HeaderEnd = 33;

    /// <summary>A file whose header says something else than its pixels, the checksum being right.</summary>
    internal static byte[] WithHeader(uint width, uint height, byte bits = 8, byte colour = 0, byte interlaced = 0)
    {
        var file = Good();
        var header = file.AsSpan(HeaderStart + 4, 17);
        BinaryPrimitives.WriteUInt32BigEndian(header[4..], width);
        BinaryPrimitives.WriteUInt32BigEndian(header[8..], height);
        (header[12], header[13], header[16]) = (bits, colour, interlaced);
        BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(HeaderEnd - 4), Checksum(header));
        return file;
    }

    internal static byte[] Good() => Png.Write(new(28, 28, 1, [.. Enumerable.Range(0, 784).Select(p => (byte)(p * 7))]));

    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var sum = uint.MaxValue;
        foreach (var b in bytes)
        {
            sum ^= b;
            for (var bit = 0; bit < 8; bit++)
                sum = (sum & 1) == 0 ? sum >> 1 : 0xEDB88320 ^ (sum >> 1);
        }

        return ~sum;
    }
}
