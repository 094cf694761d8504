using System.Text;
using System.Text.Json.Nodes;
using Menuet.Learning.Training;

namespace Menuet.Learning.Tests.Training;

/// <summary>The tables of options in the documentation are those of the schema; UPDATE_GOLDENS=1 rewrites them.</summary>
public sealed class AlgorithmPagesTests
{
    public static TheoryData<string, string, string> Pages => new()
    {
        { "ppo", "algorithm", "ppo" },
        { "mappo", "algorithm", "mappo" },
        { "sac", "algorithm", "sac" },
        { "ddpg", "algorithm", "ddpg" },
        { "diffusion-q", "algorithm", "diffusion-q" },
        { "networks", "actor", "mlp" },
        { "networks", "actor", "mixture" },
        { "networks", "actor", "transformer" },
        { "networks", "actor", "diffusion" },
        { "networks", "actor", "tiny" },
    };

    [Theory]
    [MemberData(nameof(Pages))]
    public void TheTable_IsThatOfTheSchema(string page, string key, string name)
    {
        var file = Path.Combine(Root(), "docs", "algorithms", page + ".md");
        var text = File.ReadAllText(file);
        var (begin, end) = ($"<!-- options of {name} -->\n", "<!-- end -->");
        var start = text.IndexOf(begin, StringComparison.Ordinal) + begin.Length;
        Assert.True(start >= begin.Length, $"{page}.md has no '{begin.Trim()}'");
        var stop = text.IndexOf(end, start, StringComparison.Ordinal);
        var expected = Table(key, name);
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDENS") == "1")
            File.WriteAllText(file, text[..start] + expected + text[stop..]);
        else
            Assert.Equal(expected, text[start..stop]);
    }

    private static string Table(string key, string name)
    {
        var choices = JsonNode.Parse(Experiment.Schema().ToJsonString())!["properties"]![key]!["oneOf"]!.AsArray();
        var tag = key == "algorithm" ? "name" : "network";
        var schema = choices.Single(choice => (string)choice!["properties"]![tag]!["const"]! == name)!;
        var table = new StringBuilder("| key | default | permitted | meaning |\n| --- | --- | --- | --- |\n");
        foreach (var (option, property) in schema["properties"]!.AsObject().Where(pair => pair.Key != tag))
            table.Append($"| `{option}` | {property!["default"]?.ToJsonString().Replace(",", ", ", StringComparison.Ordinal) ?? "null"} | {Permitted(property)} | {property["description"]} |\n");
        return table.ToString();
    }

    private static string Permitted(JsonNode property)
    {
        if (property["enum"] is JsonArray names)
            return string.Join(", ", names.Select(item => $"`{item}`"));
        if (property["items"] is { } items)
            return $"{property["minItems"] ?? 0} to {property["maxItems"]} numbers from {items["minimum"]} to {items["maximum"]}";
        if ((property["type"] as JsonValue)?.GetValue<string>() == "boolean")
            return "true, false";
        var least = property["exclusiveMinimum"] is { } above ? $"> {above}" : $"≥ {Bound(property["minimum"]!)}";
        var most = (double)property["maximum"]! >= 1e9 ? "" : $", ≤ {property["maximum"]}";
        return property["type"] is JsonArray ? $"{least}{most}, or null" : least + most;
    }

    private static string Bound(JsonNode number) => (double)number <= -1e9 ? "any" : number.ToJsonString();

    private static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Menuet.slnx")))
                return folder.FullName;
        throw new InvalidOperationException("Menuet.slnx is nowhere above the tests");
    }
}
