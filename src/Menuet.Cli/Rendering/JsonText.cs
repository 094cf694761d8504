using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Menuet.Cli.Rendering;

/// <summary>How our JSON looks: plain UTF-8 letters; indented alone, one line among several.</summary>
internal static class JsonText
{
    internal static JsonWriterOptions Indented { get; } = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal static JsonWriterOptions OneLine { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal static JsonSerializerOptions IndentedNodes { get; } = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal static string Utf8(MemoryStream stream) => Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);

    internal static void Write(TextWriter output, bool single, Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, single ? Indented : OneLine))
        {
            write(writer);
        }

        output.Write(Utf8(stream));
        output.Write('\n');
    }
}
