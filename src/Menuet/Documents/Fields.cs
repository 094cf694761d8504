using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Menuet.Documents;

internal sealed class NumberField<T>(
    string name, string meaning, string unit, bool required, Interval permitted, Func<T, double> get, Setter<T, double> set)
    : Field<T>(name, meaning, unit, required)
{
    internal override string Wanted => permitted.ToString();

    internal override void Read(ref DocumentReader reader, ref T target)
    {
        if (reader.TryNumber(permitted, Unit, out var value))
        {
            set(ref target, value);
        }
    }

    internal override void Write(Utf8JsonWriter writer, in T source)
    {
        writer.WritePropertyName(Encoded);
        JsonNumbers.Write(writer, get(source));
    }

    internal override object? Cell(in T source) => get(source);

    internal override JsonObject Schema(in T defaults, SchemaDirection direction)
    {
        var schema = Described(JsonNumbers.Schema(permitted));
        if (!Required && direction == SchemaDirection.Input)
        {
            schema["default"] = get(defaults);
        }

        return schema;
    }
}

internal sealed class OptionalNumberField<T>(
    string name, string meaning, string unit, Interval permitted, Absent absent, Func<T, double?> get, Setter<T, double?> set)
    : Field<T>(name, meaning, unit, required: false)
{
    internal override string Wanted => $"{permitted}, or null";

    internal override void Read(ref DocumentReader reader, ref T target)
    {
        if (reader.Token == JsonTokenType.Null)
        {
            set(ref target, null);
        }
        else if (reader.TryNumber(permitted, Unit, out var value))
        {
            set(ref target, value);
        }
    }

    internal override void Write(Utf8JsonWriter writer, in T source)
    {
        var value = get(source);
        if (value is null && absent == Absent.Omitted)
        {
            return;
        }

        writer.WritePropertyName(Encoded);
        JsonNumbers.Write(writer, value ?? double.NaN);
    }

    internal override object? Cell(in T source) => get(source);

    internal override JsonObject Schema(in T defaults, SchemaDirection direction)
    {
        var schema = Described(JsonNumbers.Schema(permitted));
        schema["type"] = new JsonArray("number", "null");
        if (direction == SchemaDirection.Input)
        {
            schema["default"] = get(defaults) is { } value ? value : null;
        }

        return schema;
    }
}

internal sealed class WholeField<T>(
    string name, string meaning, string unit, bool required, int min, int max, Func<T, int> get, Setter<T, int> set)
    : Field<T>(name, meaning, unit, required)
{
    internal override string Wanted => string.Create(CultureInfo.InvariantCulture, $"a whole number from {min} to {max}");

    internal override void Read(ref DocumentReader reader, ref T target)
    {
        if (reader.TryWhole(min, max, out var value))
        {
            set(ref target, value);
        }
    }

    internal override void Write(Utf8JsonWriter writer, in T source) => writer.WriteNumber(Encoded, get(source));

    internal override object? Cell(in T source) => get(source);

    internal override JsonObject Schema(in T defaults, SchemaDirection direction)
    {
        var schema = Described(new JsonObject { ["type"] = "integer", ["minimum"] = min, ["maximum"] = max });
        if (!Required && direction == SchemaDirection.Input)
        {
            schema["default"] = get(defaults);
        }

        return schema;
    }
}

internal sealed class OptionalWholeField<T>(
    string name, string meaning, string unit, int min, int max, Absent absent, Func<T, int?> get, Setter<T, int?> set)
    : Field<T>(name, meaning, unit, required: false)
{
    internal override string Wanted => string.Create(CultureInfo.InvariantCulture, $"a whole number from {min} to {max}, or null");

    internal override void Read(ref DocumentReader reader, ref T target)
    {
        if (reader.Token == JsonTokenType.Null)
        {
            set(ref target, null);
        }
        else if (reader.TryWhole(min, max, out var value))
        {
            set(ref target, value);
        }
    }

    internal override void Write(Utf8JsonWriter writer, in T source)
    {
        var value = get(source);
        if (value is { } number)
        {
            writer.WriteNumber(Encoded, number);
        }
        else if (absent == Absent.Null)
        {
            writer.WriteNull(Encoded);
        }
    }

    internal override object? Cell(in T source) => get(source);

    internal override JsonObject Schema(in T defaults, SchemaDirection direction) =>
        Described(new JsonObject { ["type"] = new JsonArray("integer", "null"), ["minimum"] = min, ["maximum"] = max });
}

internal sealed class FlagField<T>(string name, string meaning, bool required, Func<T, bool> get, Setter<T, bool> set)
    : Field<T>(name, meaning, "", required)
{
    internal override string Wanted => "true or false";

    internal override void Read(ref DocumentReader reader, ref T target)
    {
        if (reader.Token is JsonTokenType.True or JsonTokenType.False)
        {
            set(ref target, reader.Token == JsonTokenType.True);
        }
        else
        {
            reader.Mistyped(Wanted);
        }
    }

    internal override void Write(Utf8JsonWriter writer, in T source) => writer.WriteBoolean(Encoded, get(source));

    internal override object? Cell(in T source) => get(source);

    internal override JsonObject Schema(in T defaults, SchemaDirection direction)
    {
        var schema = Described(new JsonObject { ["type"] = "boolean" });
        if (!Required && direction == SchemaDirection.Input)
        {
            schema["default"] = get(defaults);
        }

        return schema;
    }
}

internal sealed class OptionalFlagField<T>(string name, string meaning, Absent absent, Func<T, bool?> get, Setter<T, bool?> set)
    : Field<T>(name, meaning, "", required: false)
{
    internal override string Wanted => "true, false or null";

    internal override void Read(ref DocumentReader reader, ref T target)
    {
        if (reader.Token is JsonTokenType.True or JsonTokenType.False)
        {
            set(ref target, reader.Token == JsonTokenType.True);
        }
        else if (reader.Token != JsonTokenType.Null)
        {
            reader.Mistyped(Wanted);
        }
    }

    internal override void Write(Utf8JsonWriter writer, in T source)
    {
        if (get(source) is { } flag)
        {
            writer.WriteBoolean(Encoded, flag);
        }
        else if (absent == Absent.Null)
        {
            writer.WriteNull(Encoded);
        }
    }

    internal override object? Cell(in T source) => get(source);

    internal override JsonObject Schema(in T defaults, SchemaDirection direction) =>
        Described(new JsonObject { ["type"] = new JsonArray("boolean", "null") });
}

internal sealed class TextField<T>(
    string name, string meaning, bool required, Absent absent, Func<T, string?> get, Setter<T, string?> set)
    : Field<T>(name, meaning, "", required)
{
    internal override string Wanted => "a text";

    internal override void Read(ref DocumentReader reader, ref T target)
    {
        if (reader.Token == JsonTokenType.String)
        {
            set(ref target, reader.Text());
        }
        else if (reader.Token == JsonTokenType.Null && !Required)
        {
            set(ref target, null);
        }
        else
        {
            reader.Mistyped(Wanted);
        }
    }

    internal override void Write(Utf8JsonWriter writer, in T source)
    {
        if (get(source) is { } text)
        {
            writer.WriteString(Encoded, text);
        }
        else if (absent == Absent.Null)
        {
            writer.WriteNull(Encoded);
        }
    }

    internal override object? Cell(in T source) => get(source);

    internal override JsonObject Schema(in T defaults, SchemaDirection direction) => Described(new JsonObject
    {
        ["type"] = Required ? "string" : new JsonArray("string", "null"),
    });
}

internal sealed class ChoiceField<T, TEnum>(
    string name, string meaning, bool required, Choices<TEnum> choices, Func<T, TEnum> get, Setter<T, TEnum> set)
    : Field<T>(name, meaning, "", required)
    where TEnum : struct, Enum
{
    internal override string Wanted => choices.Wanted;

    internal override void Read(ref DocumentReader reader, ref T target)
    {
        if (choices.TryRead(ref reader, out var value))
        {
            set(ref target, value);
        }
    }

    internal override void Write(Utf8JsonWriter writer, in T source) => writer.WriteString(Encoded, choices.NameOf(get(source)));

    internal override object? Cell(in T source) => choices.NameOf(get(source));

    internal override JsonObject Schema(in T defaults, SchemaDirection direction)
    {
        var schema = Described(new JsonObject { ["enum"] = choices.Schema() });
        if (!Required && direction == SchemaDirection.Input)
        {
            schema["default"] = choices.NameOf(get(defaults));
        }

        return schema;
    }
}

internal sealed class OptionalChoiceField<T, TEnum>(
    string name, string meaning, Absent absent, Choices<TEnum> choices, Func<T, TEnum?> get, Setter<T, TEnum?> set)
    : Field<T>(name, meaning, "", required: false)
    where TEnum : struct, Enum
{
    internal override string Wanted => choices.Wanted + ", or null";

    internal override void Read(ref DocumentReader reader, ref T target)
    {
        if (reader.Token == JsonTokenType.Null)
        {
            set(ref target, null);
        }
        else if (choices.TryRead(ref reader, out var value))
        {
            set(ref target, value);
        }
    }

    internal override void Write(Utf8JsonWriter writer, in T source)
    {
        if (get(source) is { } value)
        {
            writer.WriteString(Encoded, choices.NameOf(value));
        }
        else if (absent == Absent.Null)
        {
            writer.WriteNull(Encoded);
        }
    }

    internal override object? Cell(in T source) => get(source) is { } value ? choices.NameOf(value) : null;

    internal override JsonObject Schema(in T defaults, SchemaDirection direction)
    {
        var names = choices.Schema();
        names.Add((JsonNode?)null);
        return Described(new JsonObject { ["enum"] = names });
    }
}

/// <summary>An enumeration's values and their names in documents.</summary>
/// <param name="spelling">From the name in code to the name in documents.</param>
internal sealed class Choices<TEnum>(Func<string, string> spelling)
    where TEnum : struct, Enum
{
    private static readonly TEnum[] Values = Enum.GetValues<TEnum>();
    private readonly string[] names = [.. Enum.GetNames<TEnum>().Select(spelling)];

    internal string Wanted => "one of " + string.Join(", ", names.Select(n => $"\"{n}\""));

    /// <summary>False, with a problem noted, when the value is no text or not one of the names.</summary>
    internal bool TryRead(ref DocumentReader reader, out TEnum value)
    {
        value = default;
        if (reader.Token != JsonTokenType.String)
        {
            reader.Mistyped(Wanted);
            return false;
        }

        var text = reader.Text();
        var index = Array.IndexOf(names, text);
        if (index < 0)
        {
            var nearest = DocumentText.Nearest(text, names);
            reader.Note($"must be {Wanted}{(nearest is null ? "" : $"; did you mean \"{nearest}\"?")}", reader.CurrentValue());
            return false;
        }

        value = Values[index];
        return true;
    }

    internal string NameOf(TEnum value) => names[Array.IndexOf(Values, value)];

    internal JsonArray Schema() => new([.. names.Select(n => (JsonNode)n)]);
}

internal sealed class NumbersField<T>(
    string name, string meaning, string unit, bool required, Interval permitted, int minCount, int maxCount, Absent absent,
    Func<T, ImmutableArray<double>> get, Setter<T, ImmutableArray<double>> set)
    : Field<T>(name, meaning, unit, required)
{
    internal override string Wanted => $"an array of numbers, each {permitted}";

    internal override void Read(ref DocumentReader reader, ref T target)
    {
        if (reader.Token == JsonTokenType.Null && !Required)
        {
            return;
        }

        if (JsonNumbers.ReadList(ref reader, permitted, Unit, Wanted) is { } values)
        {
            Counts.Check(ref reader, values.Length, minCount, maxCount);
            set(ref target, values);
        }
    }

    internal override void Write(Utf8JsonWriter writer, in T source)
    {
        var values = get(source);
        if (Counts.WriteAbsent(writer, Encoded, values.IsDefault, absent))
        {
            return;
        }

        writer.WritePropertyName(Encoded);
        JsonNumbers.WriteList(writer, values);
    }

    internal override object? Cell(in T source) =>
        get(source) is { IsDefault: false } values ? string.Join(' ', values.Select(DocumentText.Number)) : null;

    internal override JsonObject Schema(in T defaults, SchemaDirection direction) =>
        Described(Counts.Schema(JsonNumbers.Schema(permitted), minCount, maxCount, Required));
}

internal sealed class WholesField<T>(
    string name, string meaning, int min, int max, int minCount, int maxCount, Func<T, ImmutableArray<int>> get, Setter<T, ImmutableArray<int>> set)
    : Field<T>(name, meaning, "", required: false)
{
    internal override string Wanted => string.Create(CultureInfo.InvariantCulture, $"an array of whole numbers from {min} to {max}");

    internal override void Read(ref DocumentReader reader, ref T target)
    {
        if (reader.Token != JsonTokenType.StartArray)
        {
            reader.Mistyped(Wanted);
            return;
        }

        var values = ImmutableArray.CreateBuilder<int>();
        while (reader.NextElement(values.Count))
        {
            reader.TryWhole(min, max, out var value);
            reader.Leave();
            values.Add(value);
        }

        Counts.Check(ref reader, values.Count, minCount, maxCount);
        set(ref target, values.DrainToImmutable());
    }

    internal override void Write(Utf8JsonWriter writer, in T source)
    {
        writer.WriteStartArray(Encoded);
        foreach (var value in get(source))
        {
            writer.WriteNumberValue(value);
        }

        writer.WriteEndArray();
    }

    internal override object? Cell(in T source) => string.Join(' ', get(source));

    internal override JsonObject Schema(in T defaults, SchemaDirection direction)
    {
        var items = new JsonObject { ["type"] = "integer", ["minimum"] = min, ["maximum"] = max };
        var schema = Described(Counts.Schema(items, minCount, maxCount, required: true));
        if (direction == SchemaDirection.Input)
        {
            schema["default"] = new JsonArray([.. get(defaults).Select(value => (JsonNode)value)]);
        }

        return schema;
    }
}

internal sealed class InnerField<T>(
    string name, string meaning, bool required, Func<JsonObject> schema, Func<T, ReadOnlyMemory<byte>> get, Setter<T, ReadOnlyMemory<byte>> set)
    : Field<T>(name, meaning, "", required)
{
    internal override string Wanted => "an object";

    internal override void Read(ref DocumentReader reader, ref T target)
    {
        if (reader.Token != JsonTokenType.StartObject)
        {
            reader.Mistyped(Wanted);
            return;
        }

        set(ref target, reader.Skipped().ToArray());
    }

    internal override void Write(Utf8JsonWriter writer, in T source)
    {
        var document = get(source);
        if (!document.IsEmpty)
        {
            writer.WritePropertyName(Encoded);
            writer.WriteRawValue(document.Span);
        }
    }

    internal override JsonObject Schema(in T defaults, SchemaDirection direction) => Described(schema());
}

internal sealed class MatrixField<T>(
    string name, string meaning, string unit, bool required, Interval permitted, Absent absent,
    Func<T, ImmutableArray<ImmutableArray<double>>> get, Setter<T, ImmutableArray<ImmutableArray<double>>> set)
    : Field<T>(name, meaning, unit, required)
{
    internal override string Wanted => "an array of arrays of numbers";

    internal override void Read(ref DocumentReader reader, ref T target)
    {
        if (reader.Token == JsonTokenType.Null && !Required)
        {
            return;
        }

        if (reader.Token != JsonTokenType.StartArray)
        {
            reader.Mistyped(Wanted);
            return;
        }

        var rows = ImmutableArray.CreateBuilder<ImmutableArray<double>>();
        while (reader.NextElement(rows.Count))
        {
            rows.Add(JsonNumbers.ReadList(ref reader, permitted, Unit, "an array of numbers") ?? []);
            reader.Leave();
        }

        set(ref target, rows.DrainToImmutable());
    }

    internal override void Write(Utf8JsonWriter writer, in T source)
    {
        var rows = get(source);
        if (Counts.WriteAbsent(writer, Encoded, rows.IsDefault, absent))
        {
            return;
        }

        writer.WriteStartArray(Encoded);
        foreach (var row in rows)
        {
            JsonNumbers.WriteList(writer, row);
        }

        writer.WriteEndArray();
    }

    internal override JsonObject Schema(in T defaults, SchemaDirection direction) => Described(Counts.Schema(
        Counts.Schema(JsonNumbers.Schema(permitted), 0, int.MaxValue, required: true), 0, int.MaxValue, Required));
}

internal sealed class FlagMatrixField<T>(
    string name, string meaning, Absent absent,
    Func<T, ImmutableArray<ImmutableArray<bool>>> get, Setter<T, ImmutableArray<ImmutableArray<bool>>> set)
    : Field<T>(name, meaning, "", required: false)
{
    internal override string Wanted => "an array of arrays of true or false";

    internal override void Read(ref DocumentReader reader, ref T target)
    {
        if (reader.Token == JsonTokenType.Null)
        {
            return;
        }

        if (reader.Token != JsonTokenType.StartArray)
        {
            reader.Mistyped(Wanted);
            return;
        }

        var rows = ImmutableArray.CreateBuilder<ImmutableArray<bool>>();
        while (reader.NextElement(rows.Count))
        {
            var row = ImmutableArray.CreateBuilder<bool>();
            if (reader.Token != JsonTokenType.StartArray)
            {
                reader.Mistyped("an array of true or false");
            }
            else
            {
                while (reader.NextElement(row.Count))
                {
                    if (reader.Token is not (JsonTokenType.True or JsonTokenType.False))
                    {
                        reader.Mistyped("true or false");
                    }

                    row.Add(reader.Token == JsonTokenType.True);
                    reader.Leave();
                }
            }

            rows.Add(row.DrainToImmutable());
            reader.Leave();
        }

        set(ref target, rows.DrainToImmutable());
    }

    internal override void Write(Utf8JsonWriter writer, in T source)
    {
        var rows = get(source);
        if (Counts.WriteAbsent(writer, Encoded, rows.IsDefault, absent))
        {
            return;
        }

        writer.WriteStartArray(Encoded);
        foreach (var row in rows)
        {
            writer.WriteStartArray();
            foreach (var flag in row)
            {
                writer.WriteBooleanValue(flag);
            }

            writer.WriteEndArray();
        }

        writer.WriteEndArray();
    }

    internal override JsonObject Schema(in T defaults, SchemaDirection direction) => Described(Counts.Schema(
        Counts.Schema(new JsonObject { ["type"] = "boolean" }, 0, int.MaxValue, required: true), 0, int.MaxValue, Required));
}

internal sealed class TextsField<T>(
    string name, string meaning, bool required, Absent absent, Func<T, ImmutableArray<string>> get, Setter<T, ImmutableArray<string>> set)
    : Field<T>(name, meaning, "", required)
{
    internal override string Wanted => "an array of texts";

    internal override void Read(ref DocumentReader reader, ref T target)
    {
        if (reader.Token == JsonTokenType.Null && !Required)
        {
            return;
        }

        if (reader.Token != JsonTokenType.StartArray)
        {
            reader.Mistyped(Wanted);
            return;
        }

        var texts = ImmutableArray.CreateBuilder<string>();
        while (reader.NextElement(texts.Count))
        {
            if (reader.Token == JsonTokenType.String)
            {
                texts.Add(reader.Text());
            }
            else
            {
                reader.Mistyped("a text");
                texts.Add("");
            }

            reader.Leave();
        }

        set(ref target, texts.DrainToImmutable());
    }

    internal override void Write(Utf8JsonWriter writer, in T source)
    {
        var texts = get(source);
        if (Counts.WriteAbsent(writer, Encoded, texts.IsDefault, absent))
        {
            return;
        }

        writer.WriteStartArray(Encoded);
        foreach (var text in texts)
        {
            writer.WriteStringValue(text);
        }

        writer.WriteEndArray();
    }

    internal override object? Cell(in T source) => get(source) is { IsDefault: false } texts ? string.Join(' ', texts) : null;

    internal override JsonObject Schema(in T defaults, SchemaDirection direction) =>
        Described(Counts.Schema(new JsonObject { ["type"] = "string" }, 0, int.MaxValue, Required));
}

internal sealed class ObjectField<T, TChild>(
    string name, string meaning, bool required, Absent absent, Shape<TChild> shape, Func<T, TChild?> get, Setter<T, TChild?> set)
    : Field<T>(name, meaning, "", required)
    where TChild : class, new()
{
    internal override string Wanted => "an object";

    internal override void Read(ref DocumentReader reader, ref T target)
    {
        if (reader.Token == JsonTokenType.Null && !Required)
        {
            set(ref target, null);
            return;
        }

        if (reader.Token != JsonTokenType.StartObject)
        {
            reader.Mistyped(Wanted);
            return;
        }

        set(ref target, shape.Read(ref reader));
    }

    internal override void Write(Utf8JsonWriter writer, in T source)
    {
        var child = get(source);
        if (child is not null)
        {
            writer.WritePropertyName(Encoded);
            shape.Write(writer, child);
        }
        else if (absent == Absent.Null)
        {
            writer.WriteNull(Encoded);
        }
    }

    internal override JsonObject Schema(in T defaults, SchemaDirection direction)
    {
        var schema = Described(shape.Schema(direction));
        if (!Required)
        {
            schema["type"] = new JsonArray("object", "null");
        }

        return schema;
    }
}

internal sealed class ListField<T, TChild>(
    string name, string meaning, bool required, int minCount, Absent absent, Shape<TChild> shape,
    Func<T, ImmutableArray<TChild>> get, Setter<T, ImmutableArray<TChild>> set)
    : Field<T>(name, meaning, "", required)
    where TChild : new()
{
    internal override string Wanted => "an array of objects";

    internal override void Read(ref DocumentReader reader, ref T target)
    {
        if (reader.Token == JsonTokenType.Null && !Required)
        {
            return;
        }

        if (reader.Token != JsonTokenType.StartArray)
        {
            reader.Mistyped(Wanted);
            return;
        }

        var items = ImmutableArray.CreateBuilder<TChild>();
        while (reader.NextElement(items.Count))
        {
            items.Add(shape.Read(ref reader));
            reader.Leave();
        }

        Counts.Check(ref reader, items.Count, minCount, int.MaxValue);
        set(ref target, items.DrainToImmutable());
    }

    internal override void Write(Utf8JsonWriter writer, in T source)
    {
        var items = get(source);
        if (Counts.WriteAbsent(writer, Encoded, items.IsDefault, absent))
        {
            return;
        }

        writer.WriteStartArray(Encoded);
        foreach (ref readonly var item in items.AsSpan())
        {
            shape.Write(writer, item);
        }

        writer.WriteEndArray();
    }

    internal override JsonObject Schema(in T defaults, SchemaDirection direction) =>
        Described(Counts.Schema(shape.Schema(direction), minCount, int.MaxValue, Required));
}

internal sealed class OptionalListField<T, TChild>(
    string name, string meaning, bool required, Absent absent, Shape<TChild> shape,
    Func<T, ImmutableArray<TChild?>> get, Setter<T, ImmutableArray<TChild?>> set)
    : Field<T>(name, meaning, "", required)
    where TChild : class, new()
{
    internal override string Wanted => "an array of objects or nulls";

    internal override void Read(ref DocumentReader reader, ref T target)
    {
        if (reader.Token == JsonTokenType.Null && !Required)
        {
            return;
        }

        if (reader.Token != JsonTokenType.StartArray)
        {
            reader.Mistyped(Wanted);
            return;
        }

        var items = ImmutableArray.CreateBuilder<TChild?>();
        while (reader.NextElement(items.Count))
        {
            items.Add(reader.Token == JsonTokenType.Null ? null : shape.Read(ref reader));
            reader.Leave();
        }

        set(ref target, items.DrainToImmutable());
    }

    internal override void Write(Utf8JsonWriter writer, in T source)
    {
        var items = get(source);
        if (Counts.WriteAbsent(writer, Encoded, items.IsDefault, absent))
        {
            return;
        }

        writer.WriteStartArray(Encoded);
        foreach (var item in items)
        {
            if (item is null)
            {
                writer.WriteNullValue();
            }
            else
            {
                shape.Write(writer, item);
            }
        }

        writer.WriteEndArray();
    }

    internal override JsonObject Schema(in T defaults, SchemaDirection direction)
    {
        var item = shape.Schema(direction);
        item["type"] = new JsonArray("object", "null");
        return Described(Counts.Schema(item, 0, int.MaxValue, Required));
    }
}

internal sealed class IncludedField<T, TChild>(Field<TChild> inner, Func<T, TChild> get, Setter<T, TChild> set)
    : Field<T>(inner.Name, inner.Meaning, inner.Unit, inner.Required)
    where TChild : new()
{
    internal override string Wanted => inner.Wanted;

    internal override void Read(ref DocumentReader reader, ref T target)
    {
        var child = get(target);
        inner.Read(ref reader, ref child);
        set(ref target, child);
    }

    internal override void Write(Utf8JsonWriter writer, in T source) => inner.Write(writer, get(source));

    internal override object? Cell(in T source) => inner.Cell(get(source));

    internal override JsonObject Schema(in T defaults, SchemaDirection direction) => inner.Schema(get(defaults), direction);
}

internal sealed class OptionalIncludedField<T, TChild>(Field<TChild> inner, Func<T, TChild?> get, Setter<T, TChild?> set)
    : Field<T>(inner.Name, inner.Meaning, inner.Unit, required: false)
    where TChild : class, new()
{
    internal override string Wanted => inner.Wanted;

    internal override void Read(ref DocumentReader reader, ref T target)
    {
        var child = get(target) ?? new TChild();
        inner.Read(ref reader, ref child);
        set(ref target, child);
    }

    internal override void Write(Utf8JsonWriter writer, in T source)
    {
        if (get(source) is { } child)
        {
            inner.Write(writer, child);
        }
    }

    internal override object? Cell(in T source) => get(source) is { } child ? inner.Cell(child) : null;

    internal override JsonObject Schema(in T defaults, SchemaDirection direction) => inner.Schema(get(defaults) ?? new TChild(), direction);
}

/// <summary>Numbers to and from JSON. JSON has no NaN: a number that is not finite is written as null.</summary>
internal static class JsonNumbers
{
    internal static void Write(Utf8JsonWriter writer, double value)
    {
        if (double.IsFinite(value))
        {
            writer.WriteNumberValue(value == 0 ? 0 : value);
        }
        else
        {
            writer.WriteNullValue();
        }
    }

    internal static void WriteList(Utf8JsonWriter writer, ImmutableArray<double> values)
    {
        writer.WriteStartArray();
        foreach (var value in values)
        {
            Write(writer, value);
        }

        writer.WriteEndArray();
    }

    internal static ImmutableArray<double>? ReadList(ref DocumentReader reader, Interval permitted, string unit, string wanted)
    {
        if (reader.Token != JsonTokenType.StartArray)
        {
            reader.Mistyped(wanted);
            return null;
        }

        var values = ImmutableArray.CreateBuilder<double>();
        while (reader.NextElement(values.Count))
        {
            reader.TryNumber(permitted, unit, out var value);
            reader.Leave();
            values.Add(value);
        }

        return values.DrainToImmutable();
    }

    internal static JsonObject Schema(Interval permitted) => new()
    {
        ["type"] = "number",
        [permitted.ExcludesMin ? "exclusiveMinimum" : "minimum"] = permitted.Min,
        ["maximum"] = permitted.Max,
    };
}

/// <summary>How many entries a list may have.</summary>
internal static class Counts
{
    internal static void Check(ref DocumentReader reader, int count, int min, int max)
    {
        if (count < min || count > max)
        {
            var wanted = max == int.MaxValue ? $"at least {min}" : min == max ? $"exactly {min}" : $"{min} to {max}";
            reader.Note($"must have {wanted} entries, has {count}", "[…]");
        }
    }

    internal static bool WriteAbsent(Utf8JsonWriter writer, JsonEncodedText name, bool isAbsent, Absent absent)
    {
        if (isAbsent && absent == Absent.Null)
        {
            writer.WriteNull(name);
        }

        return isAbsent;
    }

    internal static JsonObject Schema(JsonObject items, int min, int max, bool required)
    {
        var schema = new JsonObject { ["type"] = required ? "array" : new JsonArray("array", "null"), ["items"] = items };
        if (min > 0)
        {
            schema["minItems"] = min;
        }

        if (max < int.MaxValue)
        {
            schema["maxItems"] = max;
        }

        return schema;
    }
}
