using System.Buffers.Binary;
using System.Numerics;

namespace Menuet.Learning.Training;

/// <summary>Scalars over steps as TensorBoard reads them: records of protocol buffers, each with its length and two masked checksums.</summary>
/// <remarks>
/// Source: TensorFlow, tfrecord format: uint64 length, uint32 masked CRC-32C of the length, the bytes, uint32 masked CRC-32C of the bytes;
/// mask(c) = rotate(c, 15) + 0xa282ead8.
/// </remarks>
internal sealed class EventFile : IDisposable
{
    internal const string Name = "events.out.tfevents.0.menuet";
    private readonly FileStream _stream;

    /// <param name="path">Where it lies.</param>
    /// <param name="length">Bytes that are kept of what is there; 0: a new file.</param>
    internal EventFile(string path, long length)
    {
        _stream = new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        _stream.SetLength(Math.Min(length, _stream.Length));
        _stream.Position = _stream.Length;
        if (_stream.Length == 0)
            Write(new ProtobufMessage().Double(1, Now()).Text(3, "brain.Event:2"));
    }

    internal long Length => _stream.Length;

    /// <summary>One event; what is not finite is left out.</summary>
    internal void Write(long step, IEnumerable<(string Tag, double Value)> scalars)
    {
        var summary = new ProtobufMessage();
        foreach (var (tag, value) in scalars)
            if (double.IsFinite(value))
                summary.Message(1, new ProtobufMessage().Text(1, tag).Single(2, (float)value));
        Write(new ProtobufMessage().Double(1, Now()).Whole(2, step).Message(5, summary));
    }

    internal void Flush(bool toDisk = false) => _stream.Flush(toDisk);

    public void Dispose() => _stream.Dispose();

    /// <summary>CRC-32C (Castagnoli), rotated and offset, so that a checksum of checksums stays one.</summary>
    internal static uint MaskedCrc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes)
            crc = BitOperations.Crc32C(crc, b);
        return BitOperations.RotateRight(~crc, 15) + 0xa282ead8u;
    }

    private static double Now() => (DateTime.UtcNow - DateTime.UnixEpoch).TotalSeconds;

    private void Write(ProtobufMessage message)
    {
        Span<byte> head = stackalloc byte[12], tail = stackalloc byte[4];
        BinaryPrimitives.WriteUInt64LittleEndian(head, (ulong)message.Bytes.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(head[8..], MaskedCrc(head[..8]));
        BinaryPrimitives.WriteUInt32LittleEndian(tail, MaskedCrc(message.Bytes));
        _stream.Write(head);
        _stream.Write(message.Bytes);
        _stream.Write(tail);
    }
}
