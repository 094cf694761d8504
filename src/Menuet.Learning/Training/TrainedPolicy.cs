using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Menuet.Documents;
using Menuet.Learning.Autodiff;
using Menuet.Learning.Onnx;

namespace Menuet.Learning.Training;

/// <summary>
/// A policy with all that made it, as one file: weights, the whole experiment (architecture, scenario, hyper-parameters), seed, version, evaluation.
/// </summary>
/// <remarks>
/// The file is a JSON document of kind <c>policy</c>; the weights are little-endian single-precision numbers in base64. Its last key is the SHA-256 of all
/// bytes before that key, so that a file which is cut, or was changed, is refused. Files of equal runs are equal, byte for byte.
/// </remarks>
public sealed class TrainedPolicy : IPolicy
{
    private const string Kind = "policy";
    private static readonly byte[] ChecksumKey = Encoding.UTF8.GetBytes(",\n  \"checksum\": \"");
    private readonly Parameters _parameters = new();
    private readonly ReadOnlyMemory<byte> _experimentBytes, _evaluationBytes;

    private TrainedPolicy(
        Experiment experiment, ReadOnlyMemory<byte> experimentBytes, ReadOnlyMemory<byte> evaluation, int seed, long steps, long updates, string version,
        ReadOnlySpan<float> weights)
    {
        (Experiment, _experimentBytes, _evaluationBytes, Seed, Steps, Updates, Version) =
            (experiment, experimentBytes, evaluation, seed, steps, updates, version);
        var sizes = experiment.Scenario.Start(1);
        var rng = default(Rng);
        Policy = experiment.Algorithm.BuildPolicy(_parameters, sizes.ObservationSize, sizes.ActionSize, ref rng);
        if (weights.Length != _parameters.Length)
            throw new InvalidDataException($"{weights.Length} weights where this architecture has {_parameters.Length}");
        weights.CopyTo(_parameters.Values);
    }

    /// <summary>What it was trained by.</summary>
    public Experiment Experiment { get; }

    /// <summary>The training's seed.</summary>
    public int Seed { get; }

    /// <summary>Environment steps of the training.</summary>
    public long Steps { get; }

    /// <summary>Updates of the training.</summary>
    public long Updates { get; }

    /// <summary>The version of Menuet that trained it.</summary>
    public string Version { get; }

    /// <summary>The evaluation at the end of the training as UTF-8 JSON; empty when the training was stopped.</summary>
    public ReadOnlyMemory<byte> EvaluationJson => _evaluationBytes;

    /// <inheritdoc/>
    public int ObservationSize => Policy.ObservationSize;

    /// <inheritdoc/>
    public int ActionSize => Policy.ActionSize;

    internal IPolicy Policy { get; }

    internal Span<float> Weights => _parameters.Values;

    /// <inheritdoc/>
    public void Act(ReadOnlySpan<float> observations, Span<float> actions, int rows) => Policy.Act(observations, actions, rows);

    /// <summary>The policy of a learner as it is now.</summary>
    internal static TrainedPolicy Of(Experiment experiment, int seed, ILearner learner, long steps, long updates, Evaluation? evaluation)
    {
        var json = Array.Empty<byte>();
        if (evaluation is not null)
        {
            using var stream = new MemoryStream();
            using (var writer = new Utf8JsonWriter(stream, TrainingDocument.Style))
            {
                writer.WriteStartObject();
                EvaluationText.WriteFields(evaluation, writer, times: false);
                writer.WriteEndObject();
            }
            json = stream.ToArray();
        }
        return new(experiment, experiment.Write(), json, seed, steps, updates, MenuetVersion, learner.PolicyWeights);
    }

    /// <summary>Reads a policy file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidRequestException">It is no policy file, is cut short, was changed, or is of a kind that this version does not play.</exception>
    public static TrainedPolicy Read(string path) => Read(path, Experiment.CatalogDoors);

    internal static TrainedPolicy Read(string path, IReadOnlyDictionary<string, IEnvironmentDoor> doors)
    {
        if (!File.Exists(path))
            throw Refused("no such file: give the policy.json of a run's folder");
        ReadOnlySpan<byte> file = File.ReadAllBytes(path);
        var end = file.LastIndexOf(ChecksumKey);
        if (!file.StartsWith("{\n  \"kind\": \"policy\""u8))
            throw Refused("is not a policy file: 'menuet train' writes one as policy.json");
        if (end < 0 || !file[(end + ChecksumKey.Length)..].SequenceEqual(Encoding.ASCII.GetBytes($"{Checksum(file[..end])}\"\n}}\n")))
            throw Refused("is cut short or was changed after it was written: its checksum does not fit; copy it again, or train it again");
        var read = Document.Read(file, PolicyDocument.Shape);
        if (!read.Problems.IsEmpty)
            throw new InvalidRequestException([.. read.Problems.Select(problem => problem with { Path = $"{path} {problem.Path}" })], Kind);
        var document = read.Value;
        var (experiment, problems) = Experiment.Parse(document.Experiment.Span, doors);
        if (!problems.IsEmpty)
            throw new InvalidRequestException([.. problems.Select(p => p with { Path = $"{path} $.experiment{p.Path[1..]}" })], Kind);
        try
        {
            var weights = MemoryMarshal.Cast<byte, float>(Convert.FromBase64String(document.Weights));
            DivergenceException.Require(weights, "weight");
            return new(
                experiment, document.Experiment, document.Evaluation, document.Seed, (long)document.Steps, (long)document.Updates, document.MenuetVersion, weights);
        }
        catch (Exception error) when (error is FormatException or InvalidDataException or ArgumentException or DivergenceException)
        {
            throw Refused($"holds weights that do not fit its architecture: {error.Message}");
        }

        InvalidRequestException Refused(string message) => new([new(path, message)], Kind);
    }

    /// <summary>Writes the file: complete or not at all.</summary>
    public void Write(string path) => Checkpoint.Save(path, writer => writer.Write(Bytes()));

    internal byte[] Bytes()
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, TrainingDocument.Style))
        {
            writer.WriteStartObject();
            writer.WriteString("kind", Kind);
            writer.WriteNumber("schemaVersion", 1);
            writer.WriteString("name", Experiment.Name);
            PolicyDocument.Shape.WriteFields(writer, new()
            {
                MenuetVersion = Version,
                Seed = Seed,
                Steps = Steps,
                Updates = Updates,
                Evaluation = _evaluationBytes,
                Experiment = _experimentBytes,
                Weights = Convert.ToBase64String(MemoryMarshal.AsBytes(_parameters.Values)),
            });
            writer.WriteEndObject();
        }
        // The checksum is over everything before its own key, which replaces the last brace.
        var body = stream.GetBuffer().AsSpan(0, (int)stream.Length - "\n}".Length);
        return [.. body, .. ChecksumKey, .. Encoding.ASCII.GetBytes(Checksum(body)), .. "\"\n}\n"u8];
    }

    /// <summary>What the policy does without exploration as an ONNX model: <c>observations</c> [rows, n] to <c>actions</c> [rows, m], within [-1, 1].</summary>
    /// <remarks>Operator set 17. Only the policy: what an action means is the scenario's, whose document stands in the file's notes.</remarks>
    public byte[] ToOnnx()
    {
        var graph = new OnnxGraph();
        var result = ((IExportable)Policy).Export(graph, "observations");
        return graph.Model(
            "observations", ObservationSize, result, "actions", ActionSize,
            [("menuet.experiment", Encoding.UTF8.GetString(_experimentBytes.Span)), ("menuet.seed", Seed.ToString(CultureInfo.InvariantCulture))]);
    }

    private static string Checksum(ReadOnlySpan<byte> bytes) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes));

    internal static string MenuetVersion { get; } =
        typeof(TrainedPolicy).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]
        ?? typeof(TrainedPolicy).Assembly.GetName().Version!.ToString(3);
}

/// <summary>The keys of a policy file.</summary>
internal sealed record PolicyDocument
{
    internal static Shape<PolicyDocument> Shape { get; } = new Shape<PolicyDocument>("a trained policy")
        .Text("menuetVersion", "the version that trained it", d => d.MenuetVersion, (ref d, v) => d = d with { MenuetVersion = v! }, required: true)
        .Whole("seed", "the training's seed", d => d.Seed, (ref d, v) => d = d with { Seed = v }, 0, int.MaxValue, required: true)
        .Number("steps", "environment steps of the training", d => d.Steps, (ref d, v) => d = d with { Steps = v }, Interval.NonNegative, required: true)
        .Number("updates", "updates of the training", d => d.Updates, (ref d, v) => d = d with { Updates = v }, Interval.NonNegative, required: true)
        .Inner("evaluation", "the evaluation at the end; absent when it was stopped", d => d.Evaluation, (ref d, v) => d = d with { Evaluation = v }, () => [])
        .Inner("experiment", "what it was trained by", d => d.Experiment, (ref d, v) => d = d with { Experiment = v }, () => [], required: true)
        .Text("weights", "little-endian single-precision numbers in base64", d => d.Weights, (ref d, v) => d = d with { Weights = v! }, required: true)
        .Text("checksum", "of the bytes before this key", d => null, (ref d, v) => { });

    internal string MenuetVersion { get; init; } = "";

    internal int Seed { get; init; }

    internal double Steps { get; init; }

    internal double Updates { get; init; }

    internal ReadOnlyMemory<byte> Evaluation { get; init; }

    internal ReadOnlyMemory<byte> Experiment { get; init; }

    internal string Weights { get; init; } = "";
}
