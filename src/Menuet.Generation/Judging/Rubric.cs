using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Menuet.Documents;

namespace Menuet.Generation.Judging;

/// <summary>What a language model is asked to look at, with examples of how it is done.</summary>
/// <remarks>
/// Source: Wen et al. 2025, Sec. 3.2 and Fig. 2: clarity and aesthetics from 0 to 10, few-shot examples, step-by-step reasoning. Deviates: the
/// paper asks for one rating; here each criterion is rated and the weighted mean computed, so that the parts explain the whole.
/// </remarks>
public sealed record Rubric
{
    /// <summary>What is to be rated, in a sentence or two.</summary>
    public string Task { get; init; } = "Rate the quality of one piece of content, an image or a text, that a user of a content platform made with a generative model.";

    /// <summary>The lowest score.</summary>
    public double ScaleMin { get; init; }

    /// <summary>The highest score; above the lowest.</summary>
    public double ScaleMax { get; init; } = 10;

    /// <summary>Whether the model reasons before it rates.</summary>
    public Reasoning Reasoning { get; init; }

    /// <summary>At least one.</summary>
    public ImmutableArray<Criterion> Criteria { get; init; } =
    [
        new() { Name = "clarity", Meaning = "An image: sharp, without artefacts, its subject recognisable. A text: easy to follow, without errors." },
        new() { Name = "aesthetics", Meaning = "An image: composition, colour, light, overall appeal. A text: style, rhythm, overall appeal." },
    ];

    /// <summary>Rated examples, shown to the model before the content.</summary>
    public ImmutableArray<Example> Examples { get; init; } = [];

    internal static Shape<Rubric> Shape { get; } = new Shape<Rubric>("What a judging language model is asked.")
        .Text("task", "what is to be rated", r => r.Task, (ref r, v) => r = r with { Task = v ?? r.Task })
        .Number("scaleMin", "the lowest score", r => r.ScaleMin, (ref r, v) => r = r with { ScaleMin = v })
        .Number("scaleMax", "the highest score", r => r.ScaleMax, (ref r, v) => r = r with { ScaleMax = v })
        .Choice("reasoning", "stepByStep: reasons are written before the scores; direct: scores alone, faster", r => r.Reasoning, (ref r, v) => r = r with { Reasoning = v })
        .List("criteria", "what is rated", r => r.Criteria, (ref r, v) => r = r with { Criteria = v }, Criterion.Shape)
        .List("examples", "rated examples", r => r.Examples, (ref r, v) => r = r with { Examples = v }, Example.Shape);

    /// <summary>Reads a rubric; what is absent keeps its default.</summary>
    /// <param name="document">UTF-8 JSON.</param>
    /// <param name="open">Gives the content of an example's file by its name.</param>
    /// <exception cref="InvalidRequestException">All problems at once.</exception>
    public static Rubric Read(ReadOnlySpan<byte> document, Func<string, Content> open)
    {
        ArgumentNullException.ThrowIfNull(open);
        var read = Document.Read(document, Shape);
        var problems = read.Problems.IsEmpty ? [.. read.Value.Problems()] : read.Problems;
        return problems.IsEmpty
            ? read.Value with { Examples = [.. read.Value.Examples.Select(example => example with { Content = Opened(example, open) })] }
            : throw new InvalidRequestException(problems);
    }

    /// <summary>SHA-256 over everything that reaches the model, the examples' contents included.</summary>
    public string Hash()
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            Shape.Write(writer, this);
        }

        foreach (var example in Examples)
            stream.Write(Encoding.ASCII.GetBytes(example.Content!.Hash));
        return Convert.ToHexStringLower(SHA256.HashData(stream.GetBuffer().AsSpan(0, (int)stream.Length)));
    }

    /// <summary>Σ weight × score / Σ weight.</summary>
    internal double Overall(ReadOnlySpan<double> scores)
    {
        double sum = 0, weights = 0;
        for (var i = 0; i < Criteria.Length; i++)
        {
            sum += Criteria[i].Weight * scores[i];
            weights += Criteria[i].Weight;
        }

        return Math.Clamp(sum / weights, ScaleMin, ScaleMax);
    }

    private IEnumerable<Problem> Problems()
    {
        if (!(ScaleMax > ScaleMin))
        {
            yield return Problem.With("$.scaleMax", ScaleMax, $"must be above scaleMin, {DocumentText.Number(ScaleMin)}");
        }

        if (Criteria.IsEmpty)
        {
            yield return new("$.criteria", "needs at least one criterion");
        }

        var seen = new HashSet<string>();
        for (var i = 0; i < Criteria.Length; i++)
        {
            var name = Criteria[i].Name;
            if (name.Length is 0 or > 40 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
            {
                yield return new($"$.criteria[{i}].name", "must be 1 to 40 letters, digits or underscores", JsonSerializer.Serialize(name));
            }
            else if (!seen.Add(name))
            {
                yield return new($"$.criteria[{i}].name", "stands there twice", JsonSerializer.Serialize(name));
            }
        }

        for (var i = 0; i < Examples.Length; i++)
        {
            if (Examples[i].File.Length == 0 == (Examples[i].Text.Length == 0))
            {
                yield return new($"$.examples[{i}]", "needs a file or a text, not both");
            }

            if (Examples[i].Scores.IsDefault || Examples[i].Scores.Length != Criteria.Length || Examples[i].Scores.Any(s => !(s >= ScaleMin && s <= ScaleMax)))
            {
                yield return new($"$.examples[{i}].scores", "needs one score within the scale for each criterion, in their order");
            }
        }
    }

    private static Content Opened(Example example, Func<string, Content> open) =>
        example.File.Length > 0 ? open(example.File) : new("example", Content.Text, Encoding.UTF8.GetBytes(example.Text));
}

/// <summary>Whether a model writes its reasons first.</summary>
public enum Reasoning
{
    /// <summary>Reasons, then scores (Wei et al. 2022).</summary>
    StepByStep,

    /// <summary>Scores alone: the paper's "Please directly output the quality rating".</summary>
    Direct,
}

/// <summary>One thing that is rated.</summary>
public readonly record struct Criterion
{
    /// <summary>A criterion of weight 1.</summary>
    public Criterion()
    {
    }

    /// <summary>Letters, digits, underscores.</summary>
    public string Name { get; init; } = "";

    /// <summary>What the model should look at.</summary>
    public string Meaning { get; init; } = "";

    /// <summary>Its share in the whole; &gt; 0.</summary>
    public double Weight { get; init; } = 1;

    internal static Shape<Criterion> Shape { get; } = new Shape<Criterion>("One thing that is rated.")
        .Text("name", "letters, digits, underscores", c => c.Name, (ref c, v) => c = c with { Name = v ?? "" }, required: true)
        .Text("meaning", "what to look at", c => c.Meaning, (ref c, v) => c = c with { Meaning = v ?? "" }, required: true)
        .Number("weight", "share in the whole", c => c.Weight, (ref c, v) => c = c with { Weight = v }, Interval.Positive);
}

/// <summary>One rated example.</summary>
public readonly record struct Example
{
    /// <summary>An example that says nothing yet.</summary>
    public Example()
    {
    }

    /// <summary>Name of the file that holds it, as seen from the rubric; empty when <see cref="Text"/> is given.</summary>
    public string File { get; init; } = "";

    /// <summary>The example itself; empty when <see cref="File"/> is given.</summary>
    public string Text { get; init; } = "";

    /// <summary>The reasons a good judge would write.</summary>
    public string Reasons { get; init; } = "";

    /// <summary>One for each criterion.</summary>
    public ImmutableArray<double> Scores { get; init; } = [];

    /// <summary>What <see cref="File"/> or <see cref="Text"/> holds.</summary>
    internal Content? Content { get; init; }

    internal static Shape<Example> Shape { get; } = new Shape<Example>("One rated example.")
        .Text("file", "name of the file that holds it, as seen from the rubric", e => e.File, (ref e, v) => e = e with { File = v ?? "" })
        .Text("text", "the example itself, instead of a file", e => e.Text, (ref e, v) => e = e with { Text = v ?? "" })
        .Text("reasons", "the reasons a good judge would write", e => e.Reasons, (ref e, v) => e = e with { Reasons = v ?? "" })
        .Numbers("scores", "one for each criterion, in their order", e => e.Scores, (ref e, v) => e = e with { Scores = v }, required: true);
}
