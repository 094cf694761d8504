using System.Buffers.Binary;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Menuet.Generation.Embedded;

/// <summary>Named tensors behind a JSON header: a length of 4 bytes, the header, then every tensor in the header's order, little-endian.</summary>
internal sealed class TensorFile
{
    private readonly Dictionary<string, (int[] Shape, float[] Values)> tensors = [];

    /// <param name="file">The whole file.</param>
    /// <param name="bytes">Of each number: 2 for half precision, 4 for single.</param>
    internal TensorFile(ReadOnlySpan<byte> file, int bytes)
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(file);
        using var header = JsonDocument.Parse(file.Slice(4, length).ToArray());
        Header = header.RootElement.Clone();
        var rest = file[(4 + length)..];
        foreach (var tensor in Header.GetProperty("tensors").EnumerateArray())
        {
            var shape = tensor.GetProperty("shape").EnumerateArray().Select(size => size.GetInt32()).ToArray();
            var values = new float[shape.Aggregate(1, (product, size) => product * size)];
            var data = rest[..(values.Length * bytes)];
            if (bytes == 2)
            {
                var halves = MemoryMarshal.Cast<byte, Half>(data);
                for (var i = 0; i < values.Length; i++)
                    values[i] = (float)halves[i];
            }
            else
            {
                MemoryMarshal.Cast<byte, float>(data).CopyTo(values);
            }

            tensors[tensor.GetProperty("name").GetString()!] = (shape, values);
            rest = rest[data.Length..];
        }
    }

    /// <summary>Where the numbers come from, and under which licence.</summary>
    internal JsonElement Header { get; }

    /// <summary>The weights that this assembly carries.</summary>
    internal static TensorFile Weights { get; } = Resource("digits.weights", bytes: 2);

    /// <summary>The features of the training digits, as this assembly carries them.</summary>
    internal static TensorFile Features { get; } = Resource("digits.features", bytes: 4);

    /// <summary>The numbers of a tensor, its last dimension side by side.</summary>
    internal float[] this[string name] => tensors[name].Values;

    internal int[] Shape(string name) => tensors[name].Shape;

    private static TensorFile Resource(string name, int bytes)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
        using var whole = new MemoryStream();
        stream.CopyTo(whole);
        return new(whole.GetBuffer().AsSpan(0, (int)whole.Length), bytes);
    }
}
