using System.Text.Json;
using System.Text.Json.Nodes;

namespace Menuet.Documents;

/// <summary>Objects of which a document holds one; the value of one key, the tag, says which.</summary>
/// <param name="tag">The key, camelCase.</param>
/// <param name="meaning">What it chooses.</param>
public sealed class Alternatives<TBase>(string tag, string meaning)
    where TBase : class
{
    private readonly List<Alternative> alternatives = [];

    private delegate TBase Reading(ref DocumentReader reader);

    /// <summary>The names, in the order they were added.</summary>
    public IEnumerable<string> Names => alternatives.Select(alternative => alternative.Name);

    internal string Wanted => $"an object whose {tag} is one of {Known}";

    private string Known => string.Join(", ", Names.Select(name => $"\"{name}\""));

    /// <summary>One more.</summary>
    /// <param name="name">The tag's value.</param>
    /// <param name="shape">The object's other keys.</param>
    public Alternatives<TBase> Add<T>(string name, Shape<T> shape)
        where T : class, TBase, new()
    {
        alternatives.Add(new(
            name,
            value => value is T,
            (ref reader) => shape.Read(ref reader, tag: tag),
            (writer, value) => shape.WriteFields(writer, (T)value),
            shape.Schema));
        return this;
    }

    /// <summary>The tag's value for an object.</summary>
    public string NameOf(TBase value) => Of(value).Name;

    /// <summary>The object that the reader stands on; null, with a problem noted, when its tag is missing or unknown.</summary>
    internal TBase? Read(ref DocumentReader reader)
    {
        if (reader.Token != JsonTokenType.StartObject)
        {
            reader.Mistyped(Wanted);
            return null;
        }

        var name = reader.Ahead(tag);
        if (alternatives.Find(alternative => alternative.Name == name) is { } found)
        {
            return found.Read(ref reader);
        }

        if (name is null)
        {
            reader.NoteMissing(tag, $"is required: one of {Known}, {meaning}");
        }
        else
        {
            var nearest = DocumentText.Nearest(name, Names);
            reader.Enter(tag);
            reader.Note($"must be one of {Known}{(nearest is null ? "" : $"; did you mean \"{nearest}\"?")}", $"\"{name}\"");
            reader.Leave();
        }

        reader.Skipped();
        return null;
    }

    internal void Write(Utf8JsonWriter writer, TBase value)
    {
        var alternative = Of(value);
        writer.WriteStartObject();
        writer.WriteString(tag, alternative.Name);
        alternative.Write(writer, value);
        writer.WriteEndObject();
    }

    internal JsonObject Schema(SchemaDirection direction) => new()
    {
        ["type"] = "object",
        ["oneOf"] = new JsonArray([.. alternatives.Select(alternative =>
        {
            var schema = alternative.Schema(direction);
            schema["properties"]!.AsObject().Insert(0, tag, new JsonObject { ["const"] = alternative.Name, ["description"] = meaning });
            if (schema["required"] is not JsonArray required)
            {
                schema["required"] = required = [];
            }

            required.Insert(0, (JsonNode)tag);
            return (JsonNode)schema;
        })]),
    };

    private Alternative Of(TBase value) =>
        alternatives.Find(alternative => alternative.Is(value)) ?? throw new ArgumentException($"no name for a {value.GetType().Name}", nameof(value));

    private sealed record Alternative(
        string Name, Func<TBase, bool> Is, Reading Read, Action<Utf8JsonWriter, TBase> Write, Func<SchemaDirection, JsonObject> Schema);
}

internal sealed class AlternativesField<T, TBase>(
    string name, string meaning, bool required, Alternatives<TBase> alternatives, Func<T, TBase?> get, Setter<T, TBase?> set)
    : Field<T>(name, meaning, "", required)
    where TBase : class
{
    internal override string Wanted => alternatives.Wanted;

    internal override void Read(ref DocumentReader reader, ref T target)
    {
        if (alternatives.Read(ref reader) is { } value)
        {
            set(ref target, value);
        }
    }

    internal override void Write(Utf8JsonWriter writer, in T source)
    {
        if (get(source) is { } value)
        {
            writer.WritePropertyName(Encoded);
            alternatives.Write(writer, value);
        }
    }

    internal override JsonObject Schema(in T defaults, SchemaDirection direction) => Described(alternatives.Schema(direction));
}
