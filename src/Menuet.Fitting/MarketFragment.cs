using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Menuet.Fitting;

/// <summary>What to paste into a market document to use a fitted curve.</summary>
/// <param name="Members">The members of the document, numbers in full.</param>
/// <param name="Where">The kinds of market that read them, and anything to note.</param>
public sealed record MarketFragment(JsonObject Members, string Where)
{
    private const int LongestTable = 10_000;

    /// <summary>
    /// Log-linear: <c>"qualityModel": {"rho": [...]}</c>. Quadratic: <c>"quality": {"curvature": ..., "slope": ..., "intercept": ...}</c>.
    /// Exponential: <c>"qualityModel": {"table": [[...]]}</c> over the integer steps of the data with the bounds that belong to it.
    /// </summary>
    public static MarketFragment Of(FittedCurve curve)
    {
        ArgumentNullException.ThrowIfNull(curve);
        double Value(int i) => curve.Parameters[i].Value;
        return curve.Model switch
        {
            CurveModel.LogLinear => new MarketFragment(
                new JsonObject { ["qualityModel"] = new JsonObject { ["rho"] = Numbers([.. curve.Parameters.Select(p => p.Value)]) } },
                "quality contracts (and, as \"successModel\", the rho of latency contracts)"),
            CurveModel.Quadratic => new MarketFragment(
                new JsonObject { ["quality"] = new JsonObject { ["curvature"] = Value(0), ["slope"] = Value(1), ["intercept"] = Value(2) } },
                Value(0) < 0 ? "Stackelberg pricing" : "Stackelberg pricing, which refuses it: the curvature is not below zero"),
            _ => Table(curve),
        };
    }

    /// <summary>The members as text, without the braces around them: ready to paste.</summary>
    public string ToPaste() => string.Join(",\n", Members.Select(m => $"\"{m.Key}\": {m.Value!.ToJsonString()}"));

    private static MarketFragment Table(FittedCurve curve)
    {
        var (first, last) = (Math.Ceiling(curve.Points.Min(p => p.Steps)), Math.Floor(curve.Points.Max(p => p.Steps)));
        if (!(first <= last))
            return new MarketFragment([], "no market reads this curve, and there is no whole number of steps in the data to tabulate it at");
        var end = Math.Min(last, first + LongestTable - 1);
        var row = Enumerable.Range(0, (int)(end - first) + 1).Select(i => curve.Evaluate(0, first + i)).ToImmutableArray();
        var members = new JsonObject
        {
            ["qualityModel"] = new JsonObject { ["table"] = new JsonArray(Numbers(row)) },
            ["levelMin"] = 0L,
            ["levelMax"] = 0L,
            ["stepsMin"] = (long)first,
            ["stepsMax"] = (long)end,
        };
        var cut = end < last ? $"; only its first {LongestTable} steps are tabulated" : "";
        return new MarketFragment(members, "quality contracts; no market reads the exponential itself, so it is tabulated over the whole steps " +
            $"of the data, one row for the only level{cut}");
    }

    private static JsonArray Numbers(ImmutableArray<double> values) => [.. values.Select(v => (JsonNode)JsonValue.Create(v))];
}
