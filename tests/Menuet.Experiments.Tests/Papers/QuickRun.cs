using System.Text.Json.Nodes;
using Menuet.Experiments.Papers;

namespace Menuet.Experiments.Tests.Papers;

/// <summary>One quick run of a publication as it stands on disk: what was measured, and the verdicts.</summary>
internal sealed class QuickRun
{
    internal QuickRun(string paper)
    {
        var folder = Directory.CreateTempSubdirectory("menuet-").FullName;
        try
        {
            Summary = Reproduction.Run(new(Library.Find(paper), folder, true, 2), _ => { }, default);
            foreach (var file in Directory.EnumerateFiles(folder, "exhibit.json", SearchOption.AllDirectories))
            {
                foreach (var quantity in JsonNode.Parse(File.ReadAllText(file))!["quantities"]!.AsArray())
                {
                    Quantities.Add((string)quantity!["name"]!, new("", "", "", Number(quantity["value"]!), Number(quantity["low"]!), Number(quantity["high"]!), (int)quantity["samples"]!));
                }
            }

            Verdicts = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, paper, "claims.json")))!["claims"]!.AsArray()
                .ToDictionary(claim => (string)claim!["id"]!, claim => (string)claim!["verdict"]!);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    internal ReproductionSummary Summary { get; }

    internal Dictionary<string, Quantity> Quantities { get; } = [];

    internal Dictionary<string, string> Verdicts { get; }

    internal double Value(string name) => Quantities[name].Value;

    /// <summary>A number printed elsewhere lies within twice the interval of a mean: 1 in 10,000 honest runs fails, and the seeds are fixed.</summary>
    internal void AssertMean(double expected, string name)
    {
        var mean = Quantities[name];
        Assert.InRange(expected, mean.Value - (mean.High - mean.Low), mean.Value + (mean.High - mean.Low));
    }

    private static double Number(JsonNode node) => node.GetValueKind() == System.Text.Json.JsonValueKind.String
        ? double.Parse((string)node!, System.Globalization.CultureInfo.InvariantCulture)
        : (double)node;
}
