using System.Text;
using Menuet.Learning.Training;

namespace Menuet.Learning.Tests.Training;

public sealed class EventFileTests
{
    [Fact]
    public void Records_AreWhatTensorBoardReads()
    {
        using var folder = new TemporaryFolder();
        using (var file = new EventFile(folder.Under("events"), 0))
        {
            file.Write(3, [("a/b", 1.5), ("nothing", double.NaN)]);
            file.Write(300, [("a/b", -2)]);
        }
        var records = Records(File.ReadAllBytes(folder.Under("events")));
        Assert.Equal(3, records.Count);
        Assert.Equal("brain.Event:2", Encoding.UTF8.GetString(Fields(records[0]).Single(field => field.Number == 3).Bytes));
        Assert.Equal(["3 a/b 1.5", "300 a/b -2"], Scalars(folder.Under("events")));
    }

    [Fact]
    public void Checksum_IsThePublishedOne()
    {
        // CRC-32C of "123456789" is 0xE3069283; masked as in the tfrecord format.
        Assert.Equal(0xE3069283u, Crc32C("123456789"u8));
        Assert.Equal(Masked("123456789"u8), EventFile.MaskedCrc("123456789"u8));
    }

    /// <summary>Every scalar of a file, by a reader that shares no code with the writer.</summary>
    internal static List<string> Scalars(string path)
    {
        var scalars = new List<string>();
        foreach (var record in Records(File.ReadAllBytes(path)))
        {
            var fields = Fields(record);
            var step = fields.FirstOrDefault(field => field.Number == 2).Value;
            foreach (var summary in fields.Where(field => field.Number == 5))
                foreach (var value in Fields(summary.Bytes))
                {
                    var parts = Fields(value.Bytes);
                    var number = BitConverter.UInt32BitsToSingle((uint)parts.Single(part => part.Number == 2).Value);
                    var tag = Encoding.UTF8.GetString(parts.Single(part => part.Number == 1).Bytes);
                    if (tag != "train/stepsPerSecond")
                        scalars.Add(FormattableString.Invariant($"{step} {tag} {number}"));
                }
        }
        return scalars;
    }

    private static List<byte[]> Records(byte[] file)
    {
        var records = new List<byte[]>();
        for (var at = 0; at < file.Length;)
        {
            var length = (int)BitConverter.ToUInt64(file, at);
            Assert.Equal(Masked(file.AsSpan(at, 8)), BitConverter.ToUInt32(file, at + 8));
            records.Add(file[(at + 12)..(at + 12 + length)]);
            Assert.Equal(Masked(records[^1]), BitConverter.ToUInt32(file, at + 12 + length));
            at += 16 + length;
        }
        return records;
    }

    private static List<(int Number, ulong Value, byte[] Bytes)> Fields(byte[] message)
    {
        var fields = new List<(int, ulong, byte[])>();
        for (var at = 0; at < message.Length;)
        {
            var key = Varint();
            var number = (int)(key >> 3);
            switch (key & 7)
            {
                case 0:
                    fields.Add((number, Varint(), []));
                    break;
                case 1:
                    fields.Add((number, BitConverter.ToUInt64(message, at), []));
                    at += 8;
                    break;
                case 5:
                    fields.Add((number, BitConverter.ToUInt32(message, at), []));
                    at += 4;
                    break;
                default:
                    var length = (int)Varint();
                    fields.Add((number, 0, message[at..(at + length)]));
                    at += length;
                    break;
            }

            ulong Varint()
            {
                var value = 0ul;
                for (var shift = 0; ; shift += 7)
                {
                    var b = message[at++];
                    value |= (ulong)(b & 0x7f) << shift;
                    if (b < 0x80)
                        return value;
                }
            }
        }
        return fields;
    }

    private static uint Masked(ReadOnlySpan<byte> bytes)
    {
        var crc = Crc32C(bytes);
        return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
    }

    private static uint Crc32C(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes)
        {
            crc ^= b;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78u : crc >> 1;
        }
        return ~crc;
    }
}
