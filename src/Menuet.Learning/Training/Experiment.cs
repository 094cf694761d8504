using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Menuet.Documents;
using Menuet.Learning.Algorithms;
using Menuet.Learning.Autodiff;
using Menuet.Learning.Networks;

namespace Menuet.Learning.Training;

/// <summary>Everything that a training is, as one document of kind <c>training</c>: environment, algorithm, networks, budget, evaluation.</summary>
/// <remarks>The same document and seed give the same weights, bit for bit.</remarks>
public sealed record Experiment
{
    /// <summary>The document's kind.</summary>
    public const string Kind = "training";

    internal static readonly IReadOnlyDictionary<string, IEnvironmentDoor> CatalogDoors =
        Catalog.Mechanisms.Where(mechanism => mechanism.Environment is not null).ToDictionary(mechanism => mechanism.Kind, mechanism => mechanism.Environment!);

    /// <summary>A name for reports and folders.</summary>
    public string Name { get; init; } = "training";

    /// <summary>What it shows; null when it does not say.</summary>
    public string? Description { get; init; }

    /// <summary>Where its numbers come from; null when it does not say.</summary>
    public string? Source { get; init; }

    /// <summary>The kind of market that is played.</summary>
    public string EnvironmentKind { get; init; } = "";

    /// <summary>What is played and judged.</summary>
    public IScenario Scenario { get; init; } = null!;

    /// <summary>Markets in play at once, ≥ 1.</summary>
    public int Environments { get; init; } = 256;

    /// <summary>The algorithm with its hyper-parameters and networks; its seed is that of the run.</summary>
    public AlgorithmOptions Algorithm { get; init; } = new PpoOptions();

    /// <summary>Environment steps, summed over rows, after which training ends; null: no such limit.</summary>
    public int? Steps { get; init; }

    /// <summary>Updates after which training ends; null: no such limit.</summary>
    public int? Updates { get; init; }

    /// <summary>When and on what the policy is judged.</summary>
    public EvaluationPlan Evaluation { get; init; } = new();

    /// <summary>Updates between two checkpoints; 0: only at the end.</summary>
    public int CheckpointEvery { get; init; } = 1000;

    /// <summary>Updates between two rows of the log; 0: a row a round.</summary>
    public int LogEvery { get; init; } = 100;

    /// <summary>The environments that its document may name.</summary>
    internal IReadOnlyDictionary<string, IEnvironmentDoor> Doors { get; private init; } = CatalogDoors;

    /// <summary>Reads a document.</summary>
    /// <param name="document">UTF-8 JSON.</param>
    /// <exception cref="InvalidRequestException">The document is invalid; all problems at once.</exception>
    public static Experiment Read(ReadOnlySpan<byte> document) => Read(document, CatalogDoors);

    internal static Experiment Read(ReadOnlySpan<byte> document, IReadOnlyDictionary<string, IEnvironmentDoor> doors)
    {
        var (experiment, problems) = Parse(document, doors);
        problems = problems.IsEmpty ? [.. experiment.Problems()] : problems;
        return problems.IsEmpty ? experiment : throw new InvalidRequestException(problems, Kind);
    }

    /// <summary>Reads a document without asking whether it can be trained: a policy's own, which once could.</summary>
    internal static (Experiment Experiment, ImmutableArray<Problem> Problems) Parse(
        ReadOnlySpan<byte> document, IReadOnlyDictionary<string, IEnvironmentDoor> doors)
    {
        var read = Document.Read(document, TrainingDocument.ShapeOf(doors));
        var (given, problems) = (read.Value, read.Problems.ToList());
        if (read.Header.Kind is { } kind && kind != Kind)
            problems.Add(new("$.kind", $"must be \"{Kind}\"", $"\"{kind}\""));
        var (environmentKind, scenario) = ("", (IScenario?)null);
        if (!given.Environment.IsEmpty)
            try
            {
                environmentKind = Document.Kind(given.Environment.Span, doors.Keys, out var inner) ?? "";
                problems.AddRange(inner.Select(Inside));
                scenario = environmentKind.Length == 0 ? null : doors[environmentKind].Read(given.Environment.Span);
            }
            catch (InvalidRequestException error)
            {
                problems.AddRange(error.Problems.Select(Inside));
            }
        var experiment = new Experiment
        {
            Doors = doors,
            Name = read.Header.Name ?? "training",
            Description = read.Header.Description,
            Source = read.Header.Source,
            EnvironmentKind = environmentKind,
            Scenario = scenario!,
            Environments = given.Environments,
            Algorithm = given.Algorithm with { Actor = given.Actor ?? given.Algorithm.Actor, Critic = given.Critic ?? given.Algorithm.Critic },
            Steps = given.Steps,
            Updates = given.Updates,
            Evaluation = given.Evaluation,
            CheckpointEvery = given.Checkpoint.Every,
            LogEvery = given.Log.Every,
        };
        return (experiment, [.. problems]);

        static Problem Inside(Problem problem) => problem with { Path = "$.environment" + problem.Path[1..] };
    }

    /// <summary>Writes the document with every option, also those that it left to their defaults.</summary>
    public byte[] Write()
    {
        var environment = JsonNode.Parse(Doors[EnvironmentKind].Write(Scenario))!.AsObject();
        environment.Insert(0, "kind", EnvironmentKind);
        var document = new TrainingDocument
        {
            Environment = JsonSerializer.SerializeToUtf8Bytes(environment),
            Environments = Environments,
            Algorithm = Algorithm,
            Actor = Algorithm.Actor,
            Critic = Algorithm.Critic,
            Steps = Steps,
            Updates = Updates,
            Evaluation = Evaluation,
            Checkpoint = new() { Every = CheckpointEvery },
            Log = new() { Every = LogEvery },
        };
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, TrainingDocument.Style))
        {
            writer.WriteStartObject();
            writer.WriteString("kind", Kind);
            writer.WriteNumber("schemaVersion", 1);
            foreach (var (key, value) in new[] { ("name", Name), ("description", Description), ("source", Source) })
                if (value is not null)
                    writer.WriteString(key, value);
            TrainingDocument.ShapeOf(Doors).WriteFields(writer, document);
            writer.WriteEndObject();
        }
        return stream.ToArray();
    }

    /// <summary>JSON Schema (2020-12) of the document.</summary>
    public static JsonObject Schema()
    {
        var schema = TrainingDocument.ShapeOf(CatalogDoors).Schema(SchemaDirection.Input);
        Header.AddTo(schema, Kind);
        schema.Insert(0, "$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.Insert(1, "title", "A training");
        return schema;
    }

    /// <summary>A new training.</summary>
    /// <param name="seed">Of every draw.</param>
    /// <exception cref="InvalidRequestException">Options that do not fit one another or the environment.</exception>
    public ILearner Start(ulong seed)
    {
        try
        {
            return (Algorithm with { Seed = seed }).Start(Scenario.Start(Environments));
        }
        catch (ArgumentException error)
        {
            throw new InvalidRequestException([new("$.algorithm", error.Message)], Kind);
        }
    }

    /// <summary>What the document's shape cannot say: sizes that do not fit one another or the environment.</summary>
    private IEnumerable<Problem> Problems()
    {
        if (Steps is null && Updates is null)
            yield return new("$.steps", "is required, or $.updates: after how many environment steps or updates training ends");
        var sizes = Scenario.Start(1);
        foreach (var problem in Algorithm.Problems(checked(sizes.Rows * Environments), sizes.StateSize))
            yield return problem with { Path = "$.algorithm." + problem.Path };
        var critic = Algorithm.CriticInputs(sizes.ObservationSize, sizes.ActionSize, sizes.StateSize);
        foreach (var (path, architecture, inputs, outputs) in new[]
        {
            ("$.actor", Algorithm.Actor, sizes.ObservationSize, sizes.ActionSize), ("$.critic", Algorithm.Critic, critic, 1),
        })
            if (Misfit(architecture, inputs, outputs) is { } message)
                yield return new(path, message);
    }

    private static string? Misfit(Architecture architecture, int inputs, int outputs)
    {
        try
        {
            var rng = default(Rng);
            architecture.Build(new Parameters(), inputs, outputs, 1f, ref rng);
            return null;
        }
        catch (ArgumentException error)
        {
            return error.Message;
        }
    }
}

/// <summary>When and on what a policy in training is judged.</summary>
public sealed record EvaluationPlan
{
    internal static Shape<EvaluationPlan> Shape { get; } = new Shape<EvaluationPlan>("when and on what the policy is judged, beside the exact optimum")
        .Whole("every", "updates between two evaluations; 0: only at the end", p => p.Every, (ref p, v) => p = p with { Every = v }, 0, TrainingDocument.Many)
        .Whole("draws", "markets or episodes of such an evaluation", p => p.Draws, (ref p, v) => p = p with { Draws = v }, 1, TrainingDocument.Many)
        .Whole("finalDraws", "markets or episodes of the last evaluation, after training", p => p.FinalDraws, (ref p, v) => p = p with { FinalDraws = v }, 1, TrainingDocument.Many)
        .Whole("seed", "of these draws, which no training sees", p => p.Seed, (ref p, v) => p = p with { Seed = v }, 0, int.MaxValue);

    /// <summary>Updates between two evaluations; 0: only at the end.</summary>
    public int Every { get; init; } = 1000;

    /// <summary>Markets or episodes of such an evaluation.</summary>
    public int Draws { get; init; } = 1000;

    /// <summary>Markets or episodes of the last evaluation.</summary>
    public int FinalDraws { get; init; } = 10_000;

    /// <summary>Of these draws.</summary>
    public int Seed { get; init; } = 1_000_000;
}

/// <summary>The keys of the document.</summary>
internal sealed record TrainingDocument
{
    internal const int Many = 1_000_000_000;

    internal static readonly JsonWriterOptions Style =
        new() { Indented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal ReadOnlyMemory<byte> Environment { get; init; }

    internal int Environments { get; init; } = 256;

    internal AlgorithmOptions Algorithm { get; init; } = new PpoOptions();

    internal Architecture? Actor { get; init; }

    internal Architecture? Critic { get; init; }

    internal int? Steps { get; init; }

    internal int? Updates { get; init; }

    internal EvaluationPlan Evaluation { get; init; } = new();

    internal CheckpointPlan Checkpoint { get; init; } = new();

    internal LogPlan Log { get; init; } = new();

    internal static Shape<TrainingDocument> ShapeOf(IReadOnlyDictionary<string, IEnvironmentDoor> doors) =>
        new Shape<TrainingDocument>("a training: what is played, who learns it, for how long, and how it is judged")
            .Inner(
                "environment", $"what is played: its kind ({string.Join(", ", doors.Keys)}) and the options of that kind's scenario",
                d => d.Environment, (ref d, v) => d = d with { Environment = v }, () => EnvironmentSchema(doors), required: true)
            .Whole("environments", "markets in play at once", d => d.Environments, (ref d, v) => d = d with { Environments = v }, 1, 1_000_000)
            .OneOf("algorithm", "how it learns", d => d.Algorithm, (ref d, v) => d = d with { Algorithm = v! }, AlgorithmShapes.All, required: true)
            .OneOf("actor", "the network that decides; default: the algorithm's", d => d.Actor, (ref d, v) => d = d with { Actor = v }, ArchitectureShapes.All)
            .OneOf("critic", "the network that values, or each of them; default: the algorithm's", d => d.Critic, (ref d, v) => d = d with { Critic = v }, ArchitectureShapes.All)
            .OptionalWhole("steps", "environment steps, summed over rows, after which training ends", d => d.Steps, (ref d, v) => d = d with { Steps = v }, 1, int.MaxValue, absent: Absent.Omitted)
            .OptionalWhole("updates", "updates after which training ends", d => d.Updates, (ref d, v) => d = d with { Updates = v }, 1, int.MaxValue, absent: Absent.Omitted)
            .Nested("evaluation", "when and on what the policy is judged", d => d.Evaluation, (ref d, v) => d = d with { Evaluation = v ?? new() }, EvaluationPlan.Shape)
            .Nested("checkpoint", "when everything is saved to continue from", d => d.Checkpoint, (ref d, v) => d = d with { Checkpoint = v ?? new() }, CheckpointPlan.Shape)
            .Nested("log", "when a row is logged", d => d.Log, (ref d, v) => d = d with { Log = v ?? new() }, LogPlan.Shape);

    private static JsonObject EnvironmentSchema(IReadOnlyDictionary<string, IEnvironmentDoor> doors) => new()
    {
        ["type"] = "object",
        ["oneOf"] = new JsonArray([.. doors.Select(door =>
        {
            var schema = door.Value.Schema();
            Header.AddTo(schema, door.Key);
            return (JsonNode)schema;
        })]),
    };
}

internal sealed record CheckpointPlan
{
    internal static Shape<CheckpointPlan> Shape { get; } = new Shape<CheckpointPlan>("when everything is saved to continue from")
        .Whole("every", "updates between two checkpoints; 0: only at the end", p => p.Every, (ref p, v) => p = p with { Every = v }, 0, TrainingDocument.Many);

    internal int Every { get; init; } = 1000;
}

internal sealed record LogPlan
{
    internal static Shape<LogPlan> Shape { get; } = new Shape<LogPlan>("when a row is logged")
        .Whole("every", "updates between two rows; 0: a row a round", p => p.Every, (ref p, v) => p = p with { Every = v }, 0, TrainingDocument.Many);

    internal int Every { get; init; } = 100;
}
