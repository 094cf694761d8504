using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Menuet.Tests.Core;

namespace Menuet.Tests.Documents;

/// <summary>Whatever is done to a market's document, the answer is an answer or a list of problems with paths.</summary>
public sealed class MalformedDocumentTests
{
    // A contract market's audit searches the operators' deviations, which takes most of a second: later ones are read only.
    private const int SolvedContractMarkets = 15;
    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    private int contractMarkets;

    public static TheoryData<string> OneMarketPerKind() =>
        [.. Catalog.Kinds.Select(kind => Catalog.Markets.Where(name => Catalog.Find(Catalog.Market(name)).Kind == kind).MinBy(name => Catalog.Market(name)!.Length)!)];

    [Theory]
    [MemberData(nameof(OneMarketPerKind))]
    public void EveryPlaceBroken_InEveryWay(string market)
    {
        var text = Encoding.UTF8.GetString(Catalog.Market(market)!);
        var places = new List<string>();
        Collect(JsonNode.Parse(text, documentOptions: Lenient)!, [], places);
        string[] replacements = ["null", "\"text\"", "-1", "1e308", "-1e-320", "1e999", "NaN", "[]", "{}", "[[[[1]]]]", "true", "0.5", "3.7e9"];
        foreach (var place in places)
        {
            var number = IsNumber(text, place);
            foreach (var replacement in replacements)
            {
                var outcome = Try(Replace(text, place, replacement));
                var mustFail = replacement is "NaN" or "1e308" or "1e999" || (number && replacement is "\"text\"" or "[]" or "{}" or "true");
                Assert.True(outcome is not null || !mustFail, $"{place} = {replacement} was accepted");
            }

            Try(Remove(text, place));
        }
    }

    [Theory]
    [MemberData(nameof(OneMarketPerKind))]
    public void EveryTruncation_IsRefused(string market)
    {
        var bytes = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(Catalog.Market(market)!).TrimEnd());
        for (var length = 0; length < bytes.Length; length += Math.Max(1, bytes.Length / 400))
        {
            Assert.NotNull(Try(bytes[..length]));
        }
    }

    [Theory]
    [MemberData(nameof(OneMarketPerKind))]
    public void FlippedBytes_NeverCrash(string market)
    {
        var original = Catalog.Market(market)!;
        var rng = Rng.Stream(11, 0);
        for (var trial = 0; trial < 1000; trial++)
        {
            var bytes = original.ToArray();
            for (var flips = 1 + rng.NextInt(3); flips > 0; flips--)
            {
                bytes[rng.NextInt(bytes.Length)] = (byte)rng.NextInt(256);
            }

            Try(bytes);
        }
    }

    [Theory]
    [MemberData(nameof(OneMarketPerKind))]
    public void EveryKeyRepeated_IsRefused(string market)
    {
        var json = JsonNode.Parse(Catalog.Market(market)!, documentOptions: Lenient)!.AsObject();
        foreach (var (key, value) in json)
        {
            var text = json.ToJsonString();
            var doubled = text[..^1] + $",\"{key}\":{value?.ToJsonString() ?? "null"}}}";
            var problems = Try(Encoding.UTF8.GetBytes(doubled));
            Assert.NotNull(problems);
            Assert.Contains(problems, problem => problem.Path.EndsWith(key, StringComparison.Ordinal) || problem.Path.EndsWith($"['{key}']", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("", "$")]
    [InlineData("   \n", "$")]
    [InlineData("[]", "$")]
    [InlineData("3", "$")]
    [InlineData("null", "$")]
    [InlineData("{}", "$.kind")]
    [InlineData("{\"kind\": 3}", "$.kind")]
    [InlineData("{\"kind\": \"reward-contrct\"}", "$.kind")]
    [InlineData("{\"kind\": \"reward-contract\", \"kind\": \"reward-contract\"}", "$.kind")]
    [InlineData("{\"kind\": \"reward-contract\", \"schemaVersion\": 2}", "$.schemaVersion")]
    [InlineData("{\"kind\": \"reward-contract\", \"name\": 2}", "$.name")]
    [InlineData("{\"kind\": \"reward-contract\", \"name\": \"\\ud800\"}", "$.name")]
    [InlineData("{\"kind\": \"reward-contract\"} trailing", "$")]
    [InlineData("{\"kind\": \"reward-contract\", \"odd key\": 1}", "$['odd key']")]
    public void TheTopOfADocument_IsCheckedStrictly(string text, string path)
    {
        var problems = Try(Encoding.UTF8.GetBytes(text));
        Assert.NotNull(problems);
        Assert.Contains(problems, problem => problem.Path == path);
    }

    [Fact]
    public void DeepNesting_IsRefused()
    {
        var deep = "{\"kind\":\"reward-contract\",\"types\":" + new string('[', 100_000);
        Assert.NotNull(Try(Encoding.UTF8.GetBytes(deep)));
        Assert.NotNull(Try(Encoding.UTF8.GetBytes("{\"types\":" + new string('[', 100) + new string(']', 100) + ",\"kind\":\"reward-contract\"}")));
    }

    [Fact]
    public void NotUtf8_IsRefusedWithItsPosition()
    {
        var problems = Try([(byte)'{', 0xFF, (byte)'}']);
        Assert.Contains("byte 1", Assert.Single(problems!).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AByteOrderMarkCommentsAndTrailingCommas_AreFine()
    {
        var text = "\uFEFF" + Encoding.UTF8.GetString(Catalog.Market("wen2025/reward-equal-ratings")!).Replace("}\n  ]", "}, // last\n  ]", StringComparison.Ordinal);
        Assert.Contains("// last", text, StringComparison.Ordinal);
        Assert.Null(Try(Encoding.UTF8.GetBytes(text)));
    }

    [Fact]
    public void AllProblemsAreReportedAtOnce()
    {
        const string Text = """
            { "kind": "reward-contract", "unitCst": 2, "utilityCoefficient": -20, "qualityMode": "gven",
              "types": [ { "reputation": 0, "probability": 0.5, "quality": "5" }, { "probability": 2, "quality": 6 } ] }
            """;
        Assert.Equal(
            ["$.unitCst", "$.utilityCoefficient", "$.qualityMode", "$.types[0].reputation", "$.types[0].quality", "$.types[1].probability", "$.types[1].reputation", "$.unitCost"],
            Try(Encoding.UTF8.GetBytes(Text))!.Select(problem => problem.Path));
    }

    /// <summary>Solves; the problems when refused, null when answered. Anything else fails the test.</summary>
    private Problem[]? Try(byte[] market)
    {
        try
        {
            var door = Catalog.Find(market);
            if (door.Kind == "contract-market" && door.Check(market).IsEmpty && ++contractMarkets > SolvedContractMarkets)
            {
                return null;
            }

            var report = door.Solve(market, null, new(TimeLimit: TimeSpan.FromSeconds(2)), CancellationToken.None);
            Assert.True(report.Objective is null || double.IsFinite(report.Objective.Value), "an objective that is not finite");
            Assert.True(report.ExitCode is 0 or 3, $"exit code {report.ExitCode} for {Encoding.UTF8.GetString(market)}");
            Solving.Json(report);
            return null;
        }
        catch (InvalidRequestException error)
        {
            Assert.NotEmpty(error.Problems);
            Assert.All(error.Problems, problem => Assert.StartsWith("$", problem.Path, StringComparison.Ordinal));
            return [.. error.Problems];
        }
    }

    private static void Collect(JsonNode node, List<string> path, List<string> places)
    {
        IEnumerable<(string Step, JsonNode? Child)> children = node switch
        {
            JsonObject parent => parent.Select(pair => (pair.Key, pair.Value)),
            // The first and the last entry stand for all.
            JsonArray array => array.Select((child, i) => ($"{i}", child)).Where((_, i) => i == 0 || i == array.Count - 1),
            _ => [],
        };
        foreach (var (step, child) in children)
        {
            path.Add(step);
            places.Add(string.Join('/', path));
            if (child is not null)
            {
                Collect(child, path, places);
            }

            path.RemoveAt(path.Count - 1);
        }
    }

    private static bool IsNumber(string text, string place)
    {
        var node = JsonNode.Parse(text, documentOptions: Lenient);
        foreach (var step in place.Split('/'))
        {
            node = node is JsonArray array ? array[int.Parse(step, System.Globalization.CultureInfo.InvariantCulture)] : node![step];
        }

        return node?.GetValueKind() == JsonValueKind.Number;
    }

    private static byte[] Replace(string text, string place, string replacement)
    {
        const string Mark = "\"\\u0001\"";
        var root = JsonNode.Parse(text, documentOptions: Lenient)!;
        var (parent, step) = Parent(root, place);
        if (parent is JsonArray array)
        {
            array[int.Parse(step, System.Globalization.CultureInfo.InvariantCulture)] = "\u0001";
        }
        else
        {
            parent[step] = "\u0001";
        }

        return Encoding.UTF8.GetBytes(root.ToJsonString().Replace(Mark, replacement, StringComparison.Ordinal));
    }

    private static byte[] Remove(string text, string place)
    {
        var root = JsonNode.Parse(text, documentOptions: Lenient)!;
        var (parent, step) = Parent(root, place);
        if (parent is JsonArray array)
        {
            array.RemoveAt(int.Parse(step, System.Globalization.CultureInfo.InvariantCulture));
        }
        else
        {
            parent.AsObject().Remove(step);
        }

        return Encoding.UTF8.GetBytes(root.ToJsonString());
    }

    private static (JsonNode Parent, string Step) Parent(JsonNode root, string place)
    {
        var steps = place.Split('/');
        var node = root;
        foreach (var step in steps[..^1])
        {
            node = node is JsonArray array ? array[int.Parse(step, System.Globalization.CultureInfo.InvariantCulture)]! : node[step]!;
        }

        return (node, steps[^1]);
    }
}
