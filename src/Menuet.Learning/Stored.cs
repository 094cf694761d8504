using System.Runtime.InteropServices;

namespace Menuet.Learning;

/// <summary>Numbers and positions of random streams in a binary file, little-endian.</summary>
internal static class Stored
{
    internal static void Write(BinaryWriter writer, ReadOnlySpan<float> numbers)
    {
        writer.Write(numbers.Length);
        writer.Write(MemoryMarshal.AsBytes(numbers));
    }

    internal static void Read(BinaryReader reader, Span<float> numbers)
    {
        var length = reader.ReadInt32();
        if (length != numbers.Length)
            throw new InvalidDataException($"{length} numbers are stored where {numbers.Length} are expected");
        reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(numbers));
    }

    internal static void Expect(BinaryReader reader, string name)
    {
        var found = reader.ReadString();
        if (found != name)
            throw new InvalidDataException($"'{found}' is stored where '{name}' is expected");
    }
}
