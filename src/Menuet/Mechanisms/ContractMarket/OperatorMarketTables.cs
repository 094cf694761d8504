using System.Collections.Immutable;

namespace Menuet.Mechanisms.ContractMarket;

/// <summary>The answer for people.</summary>
internal static class OperatorMarketTables
{
    /// <summary>Beyond this many operators only the table of operators is shown; the document has everything.</summary>
    private const int MostOperators = 8;

    internal static ImmutableArray<Table> Of(OperatorMarket market, OperatorMarketAnswer answer)
    {
        var tables = ImmutableArray.CreateBuilder<Table>();
        tables.Add(Operators(market, answer));
        if (market.Operators.Length > MostOperators)
        {
            return tables.ToImmutable();
        }

        tables.Add(Matching(market, answer));
        for (var m = 0; m < market.Operators.Length; m++)
        {
            tables.Add(Menu(market, answer, m));
        }

        return tables.ToImmutable();
    }

    private static Table Operators(OperatorMarket market, OperatorMarketAnswer answer)
    {
        var rows = ImmutableArray.CreateBuilder<ImmutableArray<object?>>();
        for (var m = 0; m < market.Operators.Length; m++)
        {
            var one = market.Operators[m];
            var load = 0.0;
            for (var n = 0; n < market.Types.Length; n++)
            {
                load += market.Users(n) * market.Task.RatePerUser * answer.Matching[m][n];
            }

            var capacity = Math.Min(
                one.UplinkChannels * one.UplinkRate / market.Task.InputMegabits,
                Math.Min(one.GpuInstances * one.GpuRate / market.Task.ComputeFlop, one.DownlinkChannels * one.DownlinkRate / market.Task.OutputMegabits));
            rows.Add([Name(market, m), answer.OperatorUtility.IsDefault ? null : answer.OperatorUtility[m], load, load / capacity]);
        }

        return new("Operators", [new("operator"), new("utility", "USD/s"), new("load", "1/s"), new("utilisation")], rows.ToImmutable());
    }

    private static Table Matching(OperatorMarket market, OperatorMarketAnswer answer)
    {
        var columns = new List<Column> { new("type"), new("sensitivity", "USD/s"), new("users") };
        columns.AddRange(Enumerable.Range(0, market.Operators.Length).Select(m => new Column(Name(market, m))));
        columns.Add(new("none"));
        var rows = ImmutableArray.CreateBuilder<ImmutableArray<object?>>();
        for (var n = 0; n < market.Types.Length; n++)
        {
            var type = n;
            var shares = answer.Matching.Select(row => row[type]).ToArray();
            rows.Add(
            [
                market.Types[n].Name ?? FormattableString.Invariant($"type{n + 1}"), market.Types[n].LatencySensitivity, market.Users(n),
                .. shares.Select(share => (object?)share), Math.Max(0, 1 - shares.Sum()),
            ]);
        }

        return new("Matching", [.. columns], rows.ToImmutable());
    }

    private static Table Menu(OperatorMarket market, OperatorMarketAnswer answer, int m)
    {
        var rows = ImmutableArray.CreateBuilder<ImmutableArray<object?>>();
        for (var n = 0; n < market.Types.Length; n++)
        {
            rows.Add(
            [
                market.Types[n].Name ?? FormattableString.Invariant($"type{n + 1}"), answer.Latencies[m][n], answer.Prices[m][n],
                answer.ViolationProbability.IsDefault ? null : answer.ViolationProbability[m][n],
                answer.CumulativeLoad.IsDefault ? null : answer.CumulativeLoad[m][n],
            ]);
        }

        return new(
            $"Menu of {Name(market, m)}",
            [new("type"), new("latency", "s"), new("price", "USD"), new("violation probability"), new("cumulative load", "1/s")], rows.ToImmutable());
    }

    private static string Name(OperatorMarket market, int m) => market.Operators[m].Name ?? FormattableString.Invariant($"op{m + 1}");
}
