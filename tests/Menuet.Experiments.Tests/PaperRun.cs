using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Menuet.Experiments.Tests;

/// <summary>A paper's quick run, made once for all tests of a class.</summary>
internal sealed class PaperRun : IDisposable
{
    private readonly string folder = Path.Combine(Path.GetTempPath(), "menuet-" + Path.GetRandomFileName());
    private readonly JsonArray claims;

    internal PaperRun(Paper paper)
    {
        Summary = Reproduction.Run(new([paper], folder, true, 2), _ => { }, default);
        claims = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, paper.Id, "claims.json")))!["claims"]!.AsArray();
        Quantities = paper.Exhibits
            .Where(exhibit => Directory.Exists(Path.Combine(folder, paper.Id, exhibit.Id)))
            .SelectMany(exhibit => JsonNode.Parse(File.ReadAllText(Path.Combine(folder, paper.Id, exhibit.Id, "exhibit.json")))!["quantities"]!.AsArray())
            .ToDictionary(quantity => (string)quantity!["name"]!, quantity => (double)quantity!["value"]!);
    }

    internal ReproductionSummary Summary { get; }

    internal Dictionary<string, double> Quantities { get; }

    internal IEnumerable<string> Verdicts => claims.Select(claim => (string)claim!["verdict"]!);

    internal string VerdictOf(string id) => (string)claims.Single(claim => (string)claim!["id"]! == id)!["verdict"]!;

    /// <summary>The verdict that a claim's rule gives to exact numbers.</summary>
    internal static string Judge(Paper paper, string id, double[] values)
    {
        var claim = paper.Claims.Single(claim => claim.Id == id);
        Assert.Equal(claim.Quantities.Length, values.Length);
        var quantities = claim.Quantities.Zip(values, (name, value) => Quantity.Exact(name, "", "", value)).ToImmutableArray();
        return new JudgedClaim(claim, quantities, claim.Judge(quantities)).Words;
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
