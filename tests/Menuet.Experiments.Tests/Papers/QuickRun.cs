using System.Text.Json.Nodes;
using Menuet.Experiments.Papers;

namespace Menuet.Experiments.Tests.Papers;

/// <summary>One quick run of a publication as it stands on disk: what was measured, and the verdicts.</summary>
internal sealed class QuickRun
{
    /// <param name="paper">Its id.</param>
    /// <param name="only">The exhibits that are made; null: all.</param>
    /// <param name="changed">Takes the place of the mechanism of its kind.</param>
    /// <param name="seeds">Of draws and trainings.</param>
    internal QuickRun(string paper, IEnumerable<string>? only = null, IMechanism? changed = null, int seeds = 2)
    {
        var folder = Directory.CreateTempSubdirectory("menuet-").FullName;
        try
        {
            var request = new ReproductionRequest(Library.Find(paper), folder, true, seeds)
            {
                Only = [.. only ?? []],
                Mechanisms = [.. Catalog.Mechanisms.Select(shipped => shipped.Kind == changed?.Kind ? changed : shipped)],
            };
            Summary = Reproduction.Run(request, _ => { }, default);
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
