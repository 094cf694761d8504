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
        DocumentText.WriteNumber(writer, "feasibilityTolerance", evaluation.FeasibilityTolerance);
        Score(evaluation.Score);
        DocumentText.WriteNumber(writer, "optimumReward", evaluation.OptimumReward);
        DocumentText.WriteNumber(writer, "worstViolation", evaluation.WorstViolation);
        writer.WriteStartArray("tolerances");
        foreach (var score in evaluation.Tolerances)
        {
            writer.WriteStartObject();
            DocumentText.WriteNumber(writer, "tolerance", score.Tolerance);
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
            DocumentText.WriteNumber(writer, "mean", measure.Mean);
            DocumentText.WriteNumber(writer, "standardDeviation", measure.StandardDeviation);
            writer.WriteEndObject();
        }
        writer.WriteEndObject();
        if (!times)
            return;
        DocumentText.WriteNumber(writer, "inferenceSeconds", evaluation.InferenceTime.TotalSeconds);
        DocumentText.WriteNumber(writer, "exactSeconds", evaluation.ExactTime.TotalSeconds);

        void Score(ToleranceScore score)
        {
            DocumentText.WriteNumber(writer, "shareOfOptimum", score.ShareOfOptimum);
            DocumentText.WriteNumber(writer, "shareOfReachable", score.ShareOfReachable);
            DocumentText.WriteNumber(writer, "feasibleShare", score.FeasibleShare);
            DocumentText.WriteNumber(writer, "meanReward", score.MeanReward);
            DocumentText.WriteNumber(writer, "standardDeviation", score.StandardDeviation);
            DocumentText.WriteNumber(writer, "reachableReward", score.ReachableReward);
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
