using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Menuet.Fitting;

/// <summary>What a measurement of quality cannot tell and a market needs.</summary>
public sealed record MarketAssumptions
{
    /// <summary>M, number of users.</summary>
    public double Users { get; init; } = 20;

    /// <summary>θ of each type, money per quality point; types are equally likely.</summary>
    public ImmutableArray<double> Gains { get; init; } = [10, 14];

    /// <summary>Money per prompt level.</summary>
    public double CostPerLevel { get; init; } = 0.3;

    /// <summary>Money per denoising step.</summary>
    public double CostPerStep { get; init; } = 0.1;

    /// <summary>δ of each follower, money per quality.</summary>
    public ImmutableArray<double> Satisfactions { get; init; } = [200, 200];

    /// <summary>c, money per step.</summary>
    public double UnitCost { get; init; } = 1;

    /// <summary>pmax, money per step; null: the price at which nobody would buy a first step.</summary>
    public double? MaxPrice { get; init; }
}

/// <summary>Markets around a measured curve.</summary>
public static class MeasuredMarket
{
    // Per type of the second stage; see docs/measured-curves.md for where they come from.
    private static readonly double[] LatencyGains = [400, 600];

    /// <summary>A quality contract with the curve as its quality model: ρ of the log-linear family; of others a table over steps at the lowest level, since levels do not matter to them.</summary>
    /// <param name="curve">The curve.</param>
    /// <param name="assumptions">The rest.</param>
    public static JsonObject QualityContract(FittedCurve curve, MarketAssumptions assumptions)
    {
        ArgumentNullException.ThrowIfNull(curve);
        var (levelMin, levelMax, stepsMin, stepsMax) = Bounds(curve.Points);
        return curve.Model == CurveModel.LogLinear
            ? QualityContract(new JsonObject { ["rho"] = Numbers(curve.Parameters.Select(p => p.Value)) }, levelMin, levelMax, stepsMin, stepsMax, assumptions)
            : QualityContract(Table([Enumerable.Range(stepsMin, stepsMax - stepsMin + 1).Select(steps => curve.Evaluate(levelMin, steps))]), levelMin, levelMin, stepsMin, stepsMax, assumptions);
    }

    /// <summary>A quality contract with the measured means themselves.</summary>
    /// <param name="points">One for each whole level and number of steps between the smallest and the largest.</param>
    /// <param name="assumptions">The rest.</param>
    /// <exception cref="InvalidRequestException">A cell is missing.</exception>
    public static JsonObject QualityContract(ImmutableArray<QualityPoint> points, MarketAssumptions assumptions)
    {
        var (levelMin, levelMax, stepsMin, stepsMax) = Bounds(points);
        var at = points.ToDictionary(p => (p.Level, p.Steps), p => p.Quality);
        if (at.Count != (levelMax - levelMin + 1) * (stepsMax - stepsMin + 1))
            throw new InvalidRequestException([new Problem("points", "a table needs every level and number of steps between the smallest and the largest")]);
        return QualityContract(
            Table(Enumerable.Range(levelMin, levelMax - levelMin + 1).Select(level => Enumerable.Range(stepsMin, stepsMax - stepsMin + 1).Select(steps => at[(level, steps)]))),
            levelMin, levelMax, stepsMin, stepsMax, assumptions);
    }

    /// <summary>A quality contract and, for the buyers of each item, a latency contract whose success follows the measured shares.</summary>
    /// <param name="curve">Of the log-linear family, which the success model takes.</param>
    /// <param name="success">Success over the curve's quality.</param>
    /// <param name="assumptions">The rest.</param>
    /// <exception cref="InvalidRequestException">The curve is of another family.</exception>
    public static JsonObject TwoStageContract(FittedCurve curve, SuccessFit success, MarketAssumptions assumptions)
    {
        ArgumentNullException.ThrowIfNull(curve);
        ArgumentNullException.ThrowIfNull(success);
        if (curve.Model != CurveModel.LogLinear)
            throw new InvalidRequestException([new Problem("model", $"a two-stage contract needs the log-linear curve for its success model, not the {CurveModels.Name(curve.Model)} one")]);
        var quality = QualityContract(curve, assumptions);
        quality.Remove("kind");
        return new JsonObject
        {
            ["kind"] = "two-stage-contract",
            ["quality"] = quality,
            ["latency"] = new JsonArray(new JsonObject
            {
                ["attempts"] = "untilSuccess",
                ["successModel"] = new JsonObject
                {
                    ["rho"] = Numbers(curve.Parameters.Select(p => p.Value)),
                    ["qualityThreshold"] = success.Threshold,
                    ["qualitySpread"] = success.Spread,
                },
                ["maxLatencySeconds"] = 0.15,
                ["cyclesPerLevel"] = 1e5,
                ["cyclesPerStep"] = 3e6,
                ["resultBits"] = 6272,
                ["channelStatus"] = 4e6,
                ["capacitancePrompt"] = 2.5e-28,
                ["capacitanceDenoise"] = 2.5e-28,
                ["costPrompt"] = 90,
                ["costDenoise"] = 90,
                ["costCommunication"] = 40,
                ["types"] = Types(LatencyGains, _ => []),
            }),
        };
    }

    /// <summary>Stackelberg pricing of steps with a quadratic curve; nobody buys steps that were not measured.</summary>
    /// <param name="curve">Quadratic.</param>
    /// <param name="assumptions">The rest.</param>
    /// <exception cref="InvalidRequestException">The curve is of another family, or not concave and rising from no steps, which the market needs.</exception>
    public static JsonObject StackelbergPricing(FittedCurve curve, MarketAssumptions assumptions)
    {
        ArgumentNullException.ThrowIfNull(curve);
        ArgumentNullException.ThrowIfNull(assumptions);
        if (curve.Model != CurveModel.Quadratic)
            throw new InvalidRequestException([new Problem("model", $"Stackelberg pricing takes the quadratic curve, not the {CurveModels.Name(curve.Model)} one")]);
        var (curvature, slope, intercept) = (curve.Parameters[0].Value, curve.Parameters[1].Value, curve.Parameters[2].Value);
        if (!(curvature < 0 && slope > 0))
        {
            throw new InvalidRequestException([new Problem("quality", string.Create(
                CultureInfo.InvariantCulture, $"has curvature {curvature:G4} and slope {slope:G4}; Stackelberg pricing needs a curve that is concave and rises from no steps (measure fewer steps, or by another judge)"))]);
        }
        var (_, _, stepsMin, stepsMax) = Bounds(curve.Points);
        var choke = assumptions.Satisfactions.Max() * slope;
        return new JsonObject
        {
            ["kind"] = "stackelberg-pricing",
            ["quality"] = new JsonObject { ["curvature"] = curvature, ["slope"] = slope, ["intercept"] = intercept },
            ["leader"] = new JsonObject { ["unitCost"] = assumptions.UnitCost, ["maxPrice"] = assumptions.MaxPrice ?? Math.Max(choke, assumptions.UnitCost) },
            ["minSteps"] = stepsMin,
            ["maxSteps"] = stepsMax,
            ["followers"] = new JsonArray([.. assumptions.Satisfactions.Select(s => (JsonNode)new JsonObject { ["satisfaction"] = s })]),
        };
    }

    private static JsonObject QualityContract(JsonObject model, int levelMin, int levelMax, int stepsMin, int stepsMax, MarketAssumptions assumptions)
    {
        ArgumentNullException.ThrowIfNull(assumptions);
        return new JsonObject
        {
            ["kind"] = "quality-contract",
            ["users"] = assumptions.Users,
            ["qualityModel"] = model,
            ["levelMin"] = levelMin,
            ["levelMax"] = levelMax,
            ["stepsMin"] = stepsMin,
            ["stepsMax"] = stepsMax,
            ["allowExclusion"] = true,
            ["types"] = Types([.. assumptions.Gains], _ => [new("costPerLevel", assumptions.CostPerLevel), new("costPerStep", assumptions.CostPerStep)]),
        };
    }

    private static JsonArray Types(double[] gains, Func<double, KeyValuePair<string, JsonNode?>[]> rest) =>
        [.. gains.Select(gain => (JsonNode)new JsonObject([new("gain", gain), new("probability", 1.0 / gains.Length), .. rest(gain)]))];

    private static (int LevelMin, int LevelMax, int StepsMin, int StepsMax) Bounds(ImmutableArray<QualityPoint> points)
    {
        if (points.Any(p => p.Level != Math.Floor(p.Level) || p.Steps != Math.Floor(p.Steps) || p.Level > 1e6 || p.Steps > 1e6))
            throw new InvalidRequestException([new Problem("points", "markets need whole levels and steps of at most a million")]);
        return ((int)points.Min(p => p.Level), (int)points.Max(p => p.Level), (int)points.Min(p => p.Steps), (int)points.Max(p => p.Steps));
    }

    private static JsonObject Table(IEnumerable<IEnumerable<double>> rows) => new() { ["table"] = new JsonArray([.. rows.Select(row => (JsonNode)Numbers(row))]) };

    private static JsonArray Numbers(IEnumerable<double> values) => [.. values.Select(v => (JsonNode)JsonValue.Create(v))];
}
