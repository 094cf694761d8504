using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Menuet.Documents;

/// <summary>
/// The JSON object of a type, said once: from it a document is read strictly (every problem at once, with its path), written,
/// described as JSON Schema, and tabulated with units. A type with a document has a static member <c>Shape</c>.
/// </summary>
/// <remarks>
/// The runtime's serialiser stops at the first problem and names .NET types in its messages, hence this small layer over its
/// tokeniser and writer. Reading is one pass and allocates only what it returns.
/// </remarks>
/// <typeparam name="T">An immutable record or record struct; <c>new T()</c> has the defaults.</typeparam>
/// <param name="meaning">What the object is, in a sentence, for the schema.</param>
public sealed class Shape<T>(string meaning)
    where T : new()
{
    private readonly List<Field<T>> fields = [];

    internal string Meaning { get; } = meaning;

    internal IReadOnlyList<Field<T>> Fields => fields;

    /// <summary>A number.</summary>
    /// <param name="name">The key, camelCase.</param>
    /// <param name="meaning">What it is, with the paper's symbol.</param>
    /// <param name="get">Takes it out.</param>
    /// <param name="set">Puts it in.</param>
    /// <param name="permitted">The permitted numbers; default: any.</param>
    /// <param name="unit">Its unit; empty for pure numbers.</param>
    /// <param name="required">True: a document without it is invalid. False: the default of <c>new T()</c> holds.</param>
    public Shape<T> Number(
        string name, string meaning, Func<T, double> get, Setter<T, double> set,
        Interval? permitted = null, string unit = "", bool required = false) =>
        Add(new NumberField<T>(name, meaning, unit, required, permitted ?? Interval.Any, get, set));

    /// <summary>A number that may be null or absent.</summary>
    public Shape<T> OptionalNumber(
        string name, string meaning, Func<T, double?> get, Setter<T, double?> set,
        Interval? permitted = null, string unit = "", Absent absent = Absent.Null) =>
        Add(new OptionalNumberField<T>(name, meaning, unit, permitted ?? Interval.Any, absent, get, set));

    /// <summary>A whole number within [min, max].</summary>
    public Shape<T> Whole(
        string name, string meaning, Func<T, int> get, Setter<T, int> set,
        int min, int max, string unit = "", bool required = false) =>
        Add(new WholeField<T>(name, meaning, unit, required, min, max, get, set));

    /// <summary>A whole number within [min, max] that may be null or absent.</summary>
    public Shape<T> OptionalWhole(
        string name, string meaning, Func<T, int?> get, Setter<T, int?> set,
        int min, int max, string unit = "", Absent absent = Absent.Null) =>
        Add(new OptionalWholeField<T>(name, meaning, unit, min, max, absent, get, set));

    /// <summary>true or false.</summary>
    public Shape<T> Flag(string name, string meaning, Func<T, bool> get, Setter<T, bool> set, bool required = false) =>
        Add(new FlagField<T>(name, meaning, required, get, set));

    /// <summary>true or false, or null when it is not known or has no meaning.</summary>
    public Shape<T> OptionalFlag(string name, string meaning, Func<T, bool?> get, Setter<T, bool?> set, Absent absent = Absent.Null) =>
        Add(new OptionalFlagField<T>(name, meaning, absent, get, set));

    /// <summary>A text; null or absent when not required.</summary>
    public Shape<T> Text(
        string name, string meaning, Func<T, string?> get, Setter<T, string?> set, bool required = false, Absent absent = Absent.Omitted) =>
        Add(new TextField<T>(name, meaning, required, absent, get, set));

    /// <summary>One of an enumeration's names, in camelCase.</summary>
    /// <param name="name">The key, camelCase.</param>
    /// <param name="meaning">What it chooses.</param>
    /// <param name="get">Takes it out.</param>
    /// <param name="set">Puts it in.</param>
    /// <param name="required">True: a document without it is invalid. False: the default of <c>new T()</c> holds.</param>
    /// <param name="kebab">True: the names are spelled in kebab-case, as names of methods are.</param>
    public Shape<T> Choice<TEnum>(
        string name, string meaning, Func<T, TEnum> get, Setter<T, TEnum> set, bool required = false, bool kebab = false)
        where TEnum : struct, Enum =>
        Add(new ChoiceField<T, TEnum>(name, meaning, required, new(kebab ? DocumentText.KebabCase : DocumentText.CamelCase), get, set));

    /// <summary>One of an enumeration's names, in camelCase; null or absent when unknown.</summary>
    public Shape<T> OptionalChoice<TEnum>(
        string name, string meaning, Func<T, TEnum?> get, Setter<T, TEnum?> set, Absent absent = Absent.Omitted)
        where TEnum : struct, Enum =>
        Add(new OptionalChoiceField<T, TEnum>(name, meaning, absent, new(DocumentText.CamelCase), get, set));

    /// <summary>A list of numbers; <c>default</c> when absent.</summary>
    public Shape<T> Numbers(
        string name, string meaning, Func<T, ImmutableArray<double>> get, Setter<T, ImmutableArray<double>> set,
        Interval? permitted = null, string unit = "", bool required = false, int minCount = 0, int maxCount = int.MaxValue,
        Absent absent = Absent.Omitted) =>
        Add(new NumbersField<T>(name, meaning, unit, required, permitted ?? Interval.Any, minCount, maxCount, absent, get, set));

    /// <summary>A list of whole numbers, each within [min, max]; <c>default</c> when absent.</summary>
    public Shape<T> Wholes(
        string name, string meaning, Func<T, ImmutableArray<int>> get, Setter<T, ImmutableArray<int>> set,
        int min, int max, int minCount = 0, int maxCount = int.MaxValue) =>
        Add(new WholesField<T>(name, meaning, min, max, minCount, maxCount, get, set));

    /// <summary>A list of lists of numbers; <c>default</c> when absent. Equal lengths are for <see cref="IMarket.Problems"/> to check.</summary>
    public Shape<T> Matrix(
        string name, string meaning, Func<T, ImmutableArray<ImmutableArray<double>>> get, Setter<T, ImmutableArray<ImmutableArray<double>>> set,
        Interval? permitted = null, string unit = "", bool required = false, Absent absent = Absent.Omitted) =>
        Add(new MatrixField<T>(name, meaning, unit, required, permitted ?? Interval.Any, absent, get, set));

    /// <summary>A list of lists of true or false; <c>default</c> when absent.</summary>
    public Shape<T> FlagMatrix(
        string name, string meaning, Func<T, ImmutableArray<ImmutableArray<bool>>> get, Setter<T, ImmutableArray<ImmutableArray<bool>>> set,
        Absent absent = Absent.Omitted) =>
        Add(new FlagMatrixField<T>(name, meaning, absent, get, set));

    /// <summary>A list of texts; <c>default</c> when absent.</summary>
    public Shape<T> Texts(
        string name, string meaning, Func<T, ImmutableArray<string>> get, Setter<T, ImmutableArray<string>> set,
        bool required = false, Absent absent = Absent.Omitted) =>
        Add(new TextsField<T>(name, meaning, required, absent, get, set));

    /// <summary>An object inside; null when absent.</summary>
    public Shape<T> Nested<TChild>(
        string name, string meaning, Func<T, TChild?> get, Setter<T, TChild?> set, Shape<TChild> shape,
        bool required = false, Absent absent = Absent.Omitted)
        where TChild : class, new() =>
        Add(new ObjectField<T, TChild>(name, meaning, required, absent, shape, get, set));

    /// <summary>One of several objects inside, said which by the value of one of its keys; the default of <c>new T()</c> when absent.</summary>
    public Shape<T> OneOf<TBase>(
        string name, string meaning, Func<T, TBase?> get, Setter<T, TBase?> set, Alternatives<TBase> alternatives, bool required = false)
        where TBase : class =>
        Add(new AlternativesField<T, TBase>(name, meaning, required, alternatives, get, set));

    /// <summary>An object inside that others know how to read: kept as its UTF-8 bytes; empty when absent.</summary>
    /// <param name="name">The key, camelCase.</param>
    /// <param name="meaning">What it is.</param>
    /// <param name="get">Takes it out; valid JSON.</param>
    /// <param name="set">Puts it in.</param>
    /// <param name="schema">Its JSON Schema.</param>
    /// <param name="required">True: a document without it is invalid.</param>
    public Shape<T> Inner(
        string name, string meaning, Func<T, ReadOnlyMemory<byte>> get, Setter<T, ReadOnlyMemory<byte>> set, Func<JsonObject> schema, bool required = false) =>
        Add(new InnerField<T>(name, meaning, required, schema, get, set));

    /// <summary>A list of objects; <c>default</c> when absent.</summary>
    public Shape<T> List<TChild>(
        string name, string meaning, Func<T, ImmutableArray<TChild>> get, Setter<T, ImmutableArray<TChild>> set, Shape<TChild> shape,
        bool required = false, int minCount = 0, Absent absent = Absent.Omitted)
        where TChild : new() =>
        Add(new ListField<T, TChild>(name, meaning, required, minCount, absent, shape, get, set));

    /// <summary>A list of objects, each of which may be null; <c>default</c> when absent.</summary>
    public Shape<T> ListOfOptional<TChild>(
        string name, string meaning, Func<T, ImmutableArray<TChild?>> get, Setter<T, ImmutableArray<TChild?>> set, Shape<TChild> shape,
        bool required = false, Absent absent = Absent.Omitted)
        where TChild : class, new() =>
        Add(new OptionalListField<T, TChild>(name, meaning, required, absent, shape, get, set));

    /// <summary>All keys of another shape, standing in this same object.</summary>
    public Shape<T> Include<TChild>(Func<T, TChild> get, Setter<T, TChild> set, Shape<TChild> shape)
        where TChild : new()
    {
        ArgumentNullException.ThrowIfNull(shape);
        foreach (var field in shape.Fields)
        {
            Add(new IncludedField<T, TChild>(field, get, set));
        }

        return this;
    }

    /// <summary>All keys of another shape, standing in this same object; none of them when it is null.</summary>
    public Shape<T> IncludeOptional<TChild>(Func<T, TChild?> get, Setter<T, TChild?> set, Shape<TChild> shape)
        where TChild : class, new()
    {
        ArgumentNullException.ThrowIfNull(shape);
        foreach (var field in shape.Fields)
        {
            Add(new OptionalIncludedField<T, TChild>(field, get, set));
        }

        return this;
    }

    /// <summary>A table of the named keys, with their units.</summary>
    /// <param name="title">The table's title.</param>
    /// <param name="rows">One per row.</param>
    /// <param name="names">The keys, in the order of the columns.</param>
    public Table Tabulate(string title, IEnumerable<T> rows, params ReadOnlySpan<string> names)
    {
        ArgumentNullException.ThrowIfNull(rows);
        var chosen = new Field<T>[names.Length];
        for (var i = 0; i < names.Length; i++)
        {
            var name = names[i];
            chosen[i] = fields.Find(field => field.Name == name) ?? throw new ArgumentException($"no key '{name}'", nameof(names));
        }

        return new(
            title,
            [.. chosen.Select(field => new Column(DocumentText.Words(field.Name), field.Unit))],
            [.. rows.Select(row => chosen.Select(field => field.Cell(row)).ToImmutableArray())]);
    }

    /// <summary>Reads the object that the reader stands on; problems are noted in the reader.</summary>
    /// <param name="reader">Stands on the value.</param>
    /// <param name="header">Takes the keys that stand at the top of every document; null: this is not the top.</param>
    /// <param name="tag">A key whose value has been read before, as it said which object this is; null: none.</param>
    internal T Read(ref DocumentReader reader, Header? header = null, string? tag = null)
    {
        var result = new T();
        if (reader.Token != JsonTokenType.StartObject)
        {
            reader.Mistyped("an object");
            return result;
        }

        UInt128 seen = 0;
        var expected = 0;
        var tagged = false;
        for (reader.Next(); reader.Token != JsonTokenType.EndObject; reader.Next())
        {
            var index = Find(in reader, expected);
            if (index < 0)
            {
                var name = reader.Text();
                if (name == tag)
                {
                    if (tagged)
                    {
                        reader.NoteRepeated(name);
                    }

                    tagged = true;
                    reader.SkipValue(name);
                }
                else if (header is null || !header.TryRead(name, ref reader))
                {
                    reader.NoteUnknown(name, header is null ? fields.Select(f => f.Name) : fields.Select(f => f.Name).Concat(Header.Keys));
                    reader.SkipValue(name);
                }

                continue;
            }

            var field = fields[index];
            if ((seen >> index & 1) != 0)
            {
                reader.NoteRepeated(field.Name);
                reader.SkipValue(field.Name);
                continue;
            }

            seen |= UInt128.One << index;
            reader.Enter(field.Name);
            reader.Next();
            field.Read(ref reader, ref result);
            reader.Leave();
            expected = index + 1;
        }

        for (var i = 0; i < fields.Count; i++)
        {
            if (fields[i].Required && (seen >> i & 1) == 0)
            {
                reader.NoteMissing(fields[i].Name, $"is required: {fields[i].Wanted}, {fields[i].Meaning}");
            }
        }

        return result;
    }

    /// <summary>Writes the keys, without the braces.</summary>
    internal void WriteFields(Utf8JsonWriter writer, in T source)
    {
        foreach (var field in fields)
        {
            field.Write(writer, source);
        }
    }

    internal void Write(Utf8JsonWriter writer, in T source)
    {
        writer.WriteStartObject();
        WriteFields(writer, source);
        writer.WriteEndObject();
    }

    internal JsonObject Schema(SchemaDirection direction)
    {
        var defaults = new T();
        var properties = new JsonObject();
        var required = new JsonArray();
        foreach (var field in fields)
        {
            properties[field.Name] = field.Schema(defaults, direction);
            if (field.Required)
            {
                required.Add((JsonNode)field.Name);
            }
        }

        var schema = new JsonObject { ["type"] = "object" };
        if (Meaning.Length > 0)
        {
            schema["description"] = Meaning;
        }

        schema["properties"] = properties;
        if (required.Count > 0)
        {
            schema["required"] = required;
        }

        schema["additionalProperties"] = direction == SchemaDirection.Output;
        return schema;
    }

    private int Find(in DocumentReader reader, int expected)
    {
        if (expected < fields.Count && reader.NameIs(fields[expected].Utf8Name))
        {
            return expected;
        }

        for (var i = 0; i < fields.Count; i++)
        {
            if (reader.NameIs(fields[i].Utf8Name))
            {
                return i;
            }
        }

        return -1;
    }

    private Shape<T> Add(Field<T> field)
    {
        if (fields.Exists(other => other.Name == field.Name) || fields.Count == 128)
        {
            throw new ArgumentException($"the key '{field.Name}' is declared twice, or is one too many");
        }

        fields.Add(field);
        return this;
    }
}
