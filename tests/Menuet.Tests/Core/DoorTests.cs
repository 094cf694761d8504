using System.Text;
using System.Text.Json.Nodes;

namespace Menuet.Tests.Core;

/// <summary>What every mechanism, solver and catalogue market owes: a new room inherits all of it.</summary>
public sealed class DoorTests
{
    // Solvers and comparisons of contract markets that search for seconds; these two markets stand for the others.
    private static readonly string[] SlowSolvers = ["planner", "equilibrium"];
    private static readonly string[] SearchedMarkets = ["zhan/contract-market", "zhan/one-operator"];

    public static TheoryData<string, string> EverySolver()
    {
        var data = new TheoryData<string, string>();
        foreach (var market in Catalog.Markets)
        {
            foreach (var solver in Catalog.Find(Catalog.Market(market)).Solvers.Where(s => !SlowSolvers.Contains(s.Name) || SearchedMarkets.Contains(market)))
            {
                data.Add(market, solver.Name);
            }
        }

        return data;
    }

    public static TheoryData<string> EveryMarket() => [.. Catalog.Markets];

    public static TheoryData<string> EveryComparison() =>
        [.. Catalog.Markets.Where(name => Catalog.Find(Catalog.Market(name)).Kind != "contract-market" || SearchedMarkets.Contains(name))];

    [Theory]
    [MemberData(nameof(EverySolver))]
    public void EverySolver_KeepsItsPromises_AndItsBound_OnEveryMarket(string market, string solver)
    {
        var text = Solving.CatalogMarket(market);
        Report report;
        try
        {
            report = Solving.Solve(text, solver);
        }
        catch (InvalidRequestException error)
        {
            // A solver may refuse a market outside its stated limits, but the default one never may.
            Assert.NotEqual(Catalog.Find(Encoding.UTF8.GetBytes(text)).Solvers[0].Name, solver);
            Assert.NotEmpty(error.Problems);
            return;
        }

        if (report.Audit is null)
        {
            Assert.Equal(3, report.ExitCode);
            return;
        }

        var broken = report.Audit.Certificates.Where(c => !c.Holds && report.Promises.Contains(c.Claim));
        Assert.True(report.PromisesHold, string.Join("; ", broken.Select(c => $"{c.Claim}: {c.Worst}")));
        Assert.True(double.IsFinite(report.Objective!.Value));
        if (report.Solver.Bound is { } bound)
        {
            Assert.True(report.Objective <= bound + (1e-9 * (1 + Math.Abs(bound))), $"objective {report.Objective} above its bound {bound}");
        }
    }

    [Theory]
    [MemberData(nameof(EveryMarket))]
    public void AnAnswer_SurvivesItsOwnDocument(string market)
    {
        var text = Solving.CatalogMarket(market);
        var report = Solving.Solve(text);
        if (report.Audit is null)
        {
            return;
        }

        var judged = Solving.Judge(text, Solving.Json(report));
        Assert.Equal(0, judged.ExitCode);
        Assert.Equal(report.Objective, judged.Objective);
        Assert.Equal(
            report.Audit.Certificates.Select(c => (c.Claim, c.Worst, c.Checked)),
            judged.Audit!.Certificates.Select(c => (c.Claim, c.Worst, c.Checked)));
    }

    [Theory]
    [MemberData(nameof(EveryMarket))]
    public void TheSameMarket_GivesTheSameBits(string market)
    {
        var text = Solving.CatalogMarket(market);
        Assert.Equal(WithoutTime(Solving.Solve(text)), WithoutTime(Solving.Solve(text)));

        static string WithoutTime(Report report)
        {
            var json = Solving.Json(report);
            json["solver"]!.AsObject().Remove("elapsedSeconds");
            return json.ToJsonString();
        }
    }

    [Theory]
    [MemberData(nameof(EveryMarket))]
    public void EveryMarket_SaysWhatItIs(string market)
    {
        var json = JsonNode.Parse(Solving.CatalogMarket(market), documentOptions: new() { CommentHandling = System.Text.Json.JsonCommentHandling.Skip, AllowTrailingCommas = true })!;
        foreach (var key in new[] { "name", "description", "source" })
        {
            Assert.False(string.IsNullOrWhiteSpace((string?)json[key]), $"{market} has no {key}");
        }
    }

    [Theory]
    [MemberData(nameof(EveryMarket))]
    public void EveryKeyOfAMarketAndItsAnswer_StandsInTheSchema(string market)
    {
        var text = Solving.CatalogMarket(market);
        var door = Catalog.Find(Encoding.UTF8.GetBytes(text));
        Covered(JsonNode.Parse(text, documentOptions: new() { CommentHandling = System.Text.Json.JsonCommentHandling.Skip, AllowTrailingCommas = true })!, door.MarketSchema(), "$");
        Covered(Solving.Json(Solving.Solve(text)), door.AnswerSchema(), "$");

        static void Covered(JsonNode? value, JsonNode schema, string path)
        {
            if (value is JsonObject parent)
            {
                foreach (var (key, child) in parent)
                {
                    Assert.True(schema["properties"] is JsonObject properties && properties.ContainsKey(key), $"the schema lacks {path}.{key}");
                    Covered(child, schema["properties"]![key]!, $"{path}.{key}");
                }
            }
            else if (value is JsonArray items)
            {
                foreach (var item in items)
                {
                    Covered(item, schema["items"]!, path + "[]");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(EveryComparison))]
    public void ComparisonHasItsReference(string market)
    {
        var bytes = Catalog.Market(market)!;
        var comparison = Catalog.Find(bytes).Compare(bytes, new(), CancellationToken.None);
        Assert.Contains(comparison.Schemes, scheme => scheme.Name == comparison.Reference);
        Assert.All(comparison.Schemes, scheme => Assert.Equal(comparison.Measures.Length, scheme.Values.Length));
        Assert.Equal(comparison.Schemes.Length, comparison.Schemes.Select(scheme => scheme.Name).Distinct().Count());
    }

    [Fact]
    public void EveryKind_HasThreeMarkets()
    {
        var kinds = Catalog.Markets.CountBy(name => Catalog.Find(Catalog.Market(name)).Kind).ToDictionary();
        Assert.All(Catalog.Kinds, kind => Assert.True(kinds.GetValueOrDefault(kind) >= 3, $"{kind} has fewer than three markets in the catalogue"));
    }
}
