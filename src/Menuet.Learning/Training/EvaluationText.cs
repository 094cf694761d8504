using System.Text.Json;
using Menuet.Documents;

namespace Menuet.Learning.Training;

/// <summary>An evaluation as JSON.</summary>
public static class EvaluationText
{
    /// <summary>Writes the keys, without the braces: first the score by which the scenario is judged, then that at every tolerance.</summary>
    /// <param name="evaluation">What was measured.</param>
    /// <param name="writer">Stands in an object.</param>
    /// <param name="times">Whether the two times are written, which differ from run to run.</param>
    public static void WriteFields(Evaluation evaluation, Utf8JsonWriter writer, bool times = true)
    {
        ArgumentNullException.ThrowIfNull(evaluation);
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteNumber("draws", evaluation.Draws);
        writer.WriteNumber("seed", evaluation.Seed);
        writer.WriteString("unit", evaluation.Unit);
        Number("feasibilityTolerance", evaluation.FeasibilityTolerance);
        Score(evaluation.Score);
        Number("optimumReward", evaluation.OptimumReward);
        Number("worstViolation", evaluation.WorstViolation);
        writer.WriteStartArray("tolerances");
        foreach (var score in evaluation.Tolerances)
        {
            writer.WriteStartObject();
            Number("tolerance", score.Tolerance);
            Score(score);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteStartObject("measures");
        foreach (var measure in evaluation.Measures)
        {
            writer.WriteStartObject(measure.Name);
            writer.WriteString("meaning", measure.Meaning);
            writer.WriteString("unit", measure.Unit);
            Number("mean", measure.Mean);
            Number("standardDeviation", measure.StandardDeviation);
            writer.WriteEndObject();
        }
        writer.WriteEndObject();
        if (!times)
            return;
        Number("inferenceSeconds", evaluation.InferenceTime.TotalSeconds);
        Number("exactSeconds", evaluation.ExactTime.TotalSeconds);

        void Score(ToleranceScore score)
        {
            Number("shareOfOptimum", score.ShareOfOptimum);
            Number("shareOfReachable", score.ShareOfReachable);
            Number("feasibleShare", score.FeasibleShare);
            Number("meanReward", score.MeanReward);
            Number("standardDeviation", score.StandardDeviation);
            Number("reachableReward", score.ReachableReward);
        }

        void Number(string name, double value)
        {
            writer.WritePropertyName(name);
            JsonNumbers.Write(writer, value);
        }
    }

    /// <summary>Reads what <see cref="WriteFields"/> wrote with times.</summary>
    /// <exception cref="KeyNotFoundException">A key is missing.</exception>
    internal static Evaluation Read(JsonElement written) => new()
    {
        Draws = written.GetProperty("draws").GetInt32(),
        Seed = written.GetProperty("seed").GetUInt64(),
        Unit = written.GetProperty("unit").GetString()!,
        OptimumReward = Number(written, "optimumReward"),
        FeasibilityTolerance = Number(written, "feasibilityTolerance"),
        WorstViolation = Number(written, "worstViolation"),
        Tolerances =
        [
            .. written.GetProperty("tolerances").EnumerateArray().Select(score => new ToleranceScore(
                Number(score, "tolerance"), Number(score, "meanReward"), Number(score, "standardDeviation"), Number(score, "feasibleShare"),
                Number(score, "reachableReward"), Number(score, "shareOfOptimum"), Number(score, "shareOfReachable"))),
        ],
        Measures =
        [
            .. written.GetProperty("measures").EnumerateObject().Select(measure => new Measure(
                measure.Name, measure.Value.GetProperty("meaning").GetString()!, measure.Value.GetProperty("unit").GetString()!, Number(measure.Value, "mean"),
                Number(measure.Value, "standardDeviation"))),
        ],
        InferenceTime = TimeSpan.FromSeconds(Number(written, "inferenceSeconds")),
        ExactTime = TimeSpan.FromSeconds(Number(written, "exactSeconds")),
    };

    /// <summary>A number; NaN where null was written.</summary>
    internal static double Number(JsonElement parent, string name) => parent.GetProperty(name) is { ValueKind: JsonValueKind.Number } number ? number.GetDouble() : double.NaN;
}
