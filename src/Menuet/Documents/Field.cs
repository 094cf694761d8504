using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Menuet.Documents;

/// <summary>Puts a value into a record or struct.</summary>
public delegate void Setter<T, in TValue>(ref T target, TValue value);

/// <summary>What an absent value looks like in an answer.</summary>
public enum Absent
{
    /// <summary>The key stands with null.</summary>
    Null,

    /// <summary>The key is left out.</summary>
    Omitted,
}

/// <summary>One key of an object: how it reads, writes and is described.</summary>
internal abstract class Field<T>(string name, string meaning, string unit, bool required)
{
    internal string Name { get; } = name;

    internal byte[] Utf8Name { get; } = Encoding.UTF8.GetBytes(name);

    internal JsonEncodedText Encoded { get; } = JsonEncodedText.Encode(name);

    internal string Meaning { get; } = meaning;

    internal string Unit { get; } = unit;

    internal bool Required { get; } = required;

    /// <summary>What the value must be, in words.</summary>
    internal abstract string Wanted { get; }

    internal abstract void Read(ref DocumentReader reader, ref T target);

    internal abstract void Write(Utf8JsonWriter writer, in T source);

    /// <summary>The value for a table's cell; null for containers.</summary>
    internal virtual object? Cell(in T source) => null;

    internal abstract JsonObject Schema(in T defaults, SchemaDirection direction);

    private protected JsonObject Described(JsonObject schema)
    {
        var text = Unit.Length == 0 ? Meaning : $"{Meaning} [{Unit}]";
        if (text.Length > 0)
        {
            schema["description"] = text;
        }

        return schema;
    }
}

/// <summary>Whether a schema describes what we read or what we write.</summary>
internal enum SchemaDirection
{
    Input,
    Output,
}
