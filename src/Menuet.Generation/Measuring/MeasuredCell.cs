using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Menuet.Generation.Imaging;

namespace Menuet.Generation.Measuring;

/// <summary>What was measured at one prompt level and number of steps.</summary>
/// <param name="Level">l.</param>
/// <param name="Steps">s.</param>
/// <param name="Scores">The quality of each image; for the Fréchet distance ten pseudo-values.</param>
/// <param name="Confidence">Mean probability that the classifier gives the class of the intent; not a quality, see docs/measured-curves.md. Null where intents are no digits.</param>
/// <param name="Frechet">Fréchet distance of the cell's images to real digits; null with fewer than 65 images, or where they are no digits.</param>
public sealed record MeasuredCell(int Level, int Steps, ImmutableArray<double> Scores, double? Confidence, double? Frechet)
{
    // Fits divide by the variance; a cell whose images all score alike would have infinite weight.
    private const double LeastDeviation = 1e-9;

    /// <summary>Images about which the judge abstained; no score, no success.</summary>
    public int Abstained { get; init; }

    /// <summary>Mean score.</summary>
    public double Quality => Scores.Average();

    /// <summary>Standard deviation of one image's score, √(Σ (q − q̄)² / (n − 1)); at least 1e-9.</summary>
    public double Deviation
    {
        get
        {
            var mean = Quality;
            return Math.Max(LeastDeviation, Math.Sqrt(Scores.Sum(score => (score - mean) * (score - mean)) / (Scores.Length - 1)));
        }
    }

    /// <summary>Share of the images whose score is at least the threshold; images without a score count as failures.</summary>
    public double Success(double threshold) => (double)Scores.Count(score => score >= threshold) / (Scores.Length + Abstained);

    /// <summary>The cell as JSON; every number to its last bit.</summary>
    public JsonObject ToJson() => new()
    {
        ["level"] = Level,
        ["steps"] = Steps,
        ["confidence"] = Confidence,
        ["frechet"] = Frechet,
        ["abstained"] = Abstained,
        ["scores"] = new JsonArray([.. Scores.Select(score => (JsonNode)JsonValue.Create(score))]),
    };

    /// <summary>Reads what <see cref="ToJson"/> wrote; null when it is anything else.</summary>
    public static MeasuredCell? Read(ReadOnlySpan<byte> json)
    {
        try
        {
            var node = JsonNode.Parse(json)!;
            ImmutableArray<double> scores = [.. node["scores"]!.AsArray().Select(score => (double)score!)];
            var cell = new MeasuredCell((int)node["level"]!, (int)node["steps"]!, scores, (double?)node["confidence"], (double?)node["frechet"])
            {
                Abstained = (int)node["abstained"]!,
            };
            return scores.Length > 1 && scores.All(double.IsFinite) && double.IsFinite(cell.Confidence ?? 0) && double.IsFinite(cell.Frechet ?? 0) && cell.Abstained >= 0 ? cell : null;
        }
        catch (Exception broken) when (broken is System.Text.Json.JsonException or InvalidOperationException or FormatException or NullReferenceException or OverflowException)
        {
            return null;
        }
    }
}

/// <summary>A cell, and what is seen of it besides its scores.</summary>
/// <param name="Cell">The scores.</param>
/// <param name="Sample">Its first image, grey and at most 112 pixels across; middle grey throughout where it is of a kind that is not decoded here.</param>
/// <param name="SecondsPerImage">Wall-clock time of one image, from order to answer, on average; depends on the machine or the server and on what else it does.</param>
public sealed record CellSample(MeasuredCell Cell, Image Sample, double SecondsPerImage);
