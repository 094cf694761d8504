using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Menuet.Learning.Training;

/// <summary>A message in the wire format of protocol buffers: the few kinds of field that event files and ONNX have.</summary>
/// <remarks>Source: Protocol Buffers, "Encoding". A field is a varint key, 8 number + wire type, and its value.</remarks>
internal sealed class ProtobufMessage
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    internal ReadOnlySpan<byte> Bytes => _bytes.WrittenSpan;

    internal ProtobufMessage Whole(int field, long value)
    {
        Varint((ulong)field << 3);
        Varint((ulong)value);
        return this;
    }

    internal ProtobufMessage Single(int field, float value)
    {
        Varint(((ulong)field << 3) | 5);
        Span<byte> buffer = stackalloc byte[4];
        BinaryPrimitives.WriteSingleLittleEndian(buffer, value);
        _bytes.Write(buffer);
        return this;
    }

    internal ProtobufMessage Double(int field, double value)
    {
        Varint(((ulong)field << 3) | 1);
        Span<byte> buffer = stackalloc byte[8];
        BinaryPrimitives.WriteDoubleLittleEndian(buffer, value);
        _bytes.Write(buffer);
        return this;
    }

    internal ProtobufMessage Raw(int field, ReadOnlySpan<byte> value)
    {
        Varint(((ulong)field << 3) | 2);
        Varint((ulong)value.Length);
        _bytes.Write(value);
        return this;
    }

    internal ProtobufMessage Text(int field, string value) => Raw(field, Encoding.UTF8.GetBytes(value));

    internal ProtobufMessage Message(int field, ProtobufMessage value) => Raw(field, value.Bytes);

    private void Varint(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            _bytes.Write([(byte)(value | 0x80)]);
        _bytes.Write([(byte)value]);
    }
}
