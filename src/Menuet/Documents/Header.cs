using System.Text.Json;
using System.Text.Json.Nodes;

namespace Menuet.Documents;

/// <summary>The keys that stand at the top of every document.</summary>
internal sealed class Header
{
    internal static readonly string[] Keys = ["kind", "schemaVersion", "$schema", "name", "description", "source"];

    private readonly HashSet<string> seen = [];

    internal string? Kind { get; private set; }

    internal string? Name { get; private set; }

    internal string? Description { get; private set; }

    internal string? Source { get; private set; }

    /// <summary>Reads the value of a header key; false when the name is none.</summary>
    internal bool TryRead(string name, ref DocumentReader reader)
    {
        if (Array.IndexOf(Keys, name) < 0)
        {
            return false;
        }

        if (!seen.Add(name))
        {
            reader.NoteRepeated(name);
            reader.SkipValue(name);
            return true;
        }

        reader.Enter(name);
        reader.Next();
        if (name == "schemaVersion")
        {
            reader.TryWhole(1, 1, out _);
        }
        else if (reader.Token != JsonTokenType.String)
        {
            reader.Mistyped("a text");
        }
        else
        {
            var text = reader.Text();
            switch (name)
            {
                case "kind": Kind = text; break;
                case "name": Name = text; break;
                case "description": Description = text; break;
                case "source": Source = text; break;
                default: break;
            }
        }

        reader.Leave();
        return true;
    }

    /// <summary>Adds the header's keys to a document's schema.</summary>
    internal static void AddTo(JsonObject schema, string kind)
    {
        var properties = schema["properties"]!.AsObject();
        properties.Insert(0, "kind", new JsonObject { ["const"] = kind, ["description"] = "what this document is" });
        properties.Insert(1, "schemaVersion", new JsonObject { ["const"] = 1, ["default"] = 1, ["description"] = "version of the document's form" });
        properties.Insert(2, "$schema", Text("where the JSON Schema of this document lies"));
        properties.Insert(3, "name", Text("a name for reports"));
        properties.Insert(4, "description", Text("what the market shows"));
        properties.Insert(5, "source", Text("where its numbers come from"));
        if (schema["required"] is not JsonArray required)
        {
            schema["required"] = required = [];
        }

        required.Insert(0, (JsonNode)"kind");
    }

    private static JsonObject Text(string description) => new() { ["type"] = "string", ["description"] = description };
}
