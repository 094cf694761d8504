using System.Text.Json;
using System.Text.Json.Nodes;
using Menuet.Figures;
using Menuet.Mechanisms.ContractMarket;

namespace Menuet.Cli.Commands;

/// <summary>What <c>solve</c> may override in a contract market, and the path of its iteration.</summary>
/// <param name="Tail">Instead of <c>algorithm.tail</c>; null: as the document says.</param>
/// <param name="MenuSolver">Instead of <c>algorithm.menuSolver</c>; null: as the document says.</param>
/// <param name="Trace">Stem of the files for the path; null: none.</param>
internal sealed record MatchingOptions(string? Tail, string? MenuSolver, string? Trace)
{
    /// <summary>The market with the overrides in its document.</summary>
    /// <exception cref="InvalidRequestException">The market is of another kind, or its document is invalid.</exception>
    internal byte[] Apply(IMechanism mechanism, byte[] market)
    {
        if (this == new MatchingOptions(null, null, null))
        {
            return market;
        }

        if (mechanism.Kind != ContractMarketMechanism.Door.Kind)
        {
            throw new InvalidRequestException(
                [new("$.kind", $"--tail, --menu-solver and --trace are for {ContractMarketMechanism.Door.Kind}; leave them out", $"\"{mechanism.Kind}\"")], mechanism.Kind);
        }

        var problems = mechanism.Check(market);
        if (!problems.IsEmpty)
        {
            throw new InvalidRequestException(problems, mechanism.Kind);
        }

        var document = JsonNode.Parse(market, documentOptions: JsonEdit.Lenient)!.AsObject();
        var algorithm = document["algorithm"] as JsonObject ?? [];
        document["algorithm"] = algorithm.Parent is null ? algorithm : algorithm.DeepClone();
        foreach (var (key, value) in new[] { ("tail", Tail), ("menuSolver", MenuSolver) })
        {
            if (value is not null)
            {
                document["algorithm"]![key] = value;
            }
        }

        return JsonSerializer.SerializeToUtf8Bytes(document);
    }

    /// <summary>Writes the path of the iteration, if it was asked for.</summary>
    internal void WriteTrace(byte[] market, SolveOptions options, CancellationToken cancellation)
    {
        if (Trace is null)
        {
            return;
        }

        var trace = ContractMarketMechanism.Trace(market, options, cancellation);
        using var csv = new StringWriter();
        TableCsv.Write(trace.Table, csv);
        OutputFile.Write(Trace + ".csv", csv.ToString());
        for (var i = 0; i < trace.Figures.Length; i++)
        {
            OutputFile.Write(FormattableString.Invariant($"{Trace}-{i + 1}.svg"), Svg.Render(trace.Figures[i]));
        }
    }
}
