using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Menuet.Tests.Core;

/// <summary>Solves, judges and reads back documents the way the command line does.</summary>
internal static class Solving
{
    internal static Report Solve(string market, string? solver = null, SolveOptions? options = null)
    {
        var bytes = Encoding.UTF8.GetBytes(market);
        return Catalog.Find(bytes).Solve(bytes, solver, options ?? new(), CancellationToken.None);
    }

    internal static Report Judge(string market, JsonNode answer)
    {
        var bytes = Encoding.UTF8.GetBytes(market);
        return Catalog.Find(bytes).Judge(bytes, Encoding.UTF8.GetBytes(answer.ToJsonString()), new());
    }

    internal static JsonObject Json(Report report)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            report.WriteJson(writer);
        }

        return JsonNode.Parse(stream.ToArray())!.AsObject();
    }

    internal static string CatalogMarket(string name) =>
        Encoding.UTF8.GetString(Catalog.Market(name) ?? throw new ArgumentException($"no market '{name}' in the catalogue"));

    /// <summary>Every problem of a document, as "path: message".</summary>
    internal static string[] Problems(string market)
    {
        try
        {
            Solve(market);
            return [];
        }
        catch (InvalidRequestException error)
        {
            return [.. error.Problems.Select(problem => $"{problem.Path}: {problem.Message}")];
        }
    }

    internal static Certificate Certificate(Report report, Claim claim) =>
        report.Audit!.Certificates.Single(certificate => certificate.Claim == claim);
}
