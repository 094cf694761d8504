using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Menuet.Documents;

namespace Menuet;

/// <summary>What a person or a program gets back: the answer, how it was found, and what is certified of it.</summary>
public sealed class Report
{
    private readonly Action<Utf8JsonWriter> writeAnswer;
    private readonly Lazy<ImmutableArray<Table>> tables;

    internal Report(
        string kind, string? name, string? description, string? source, string status, double? objective, SolverRun solver, Audit? audit,
        ImmutableArray<Claim> promises, Func<ImmutableArray<Table>> tables, Action<Utf8JsonWriter> writeAnswer)
    {
        Kind = kind;
        Name = name;
        Description = description;
        Source = source;
        Status = status;
        Objective = objective;
        Solver = solver;
        Audit = audit;
        Promises = promises;
        this.tables = new(tables);
        this.writeAnswer = writeAnswer;
    }

    /// <summary>The market's kind.</summary>
    public string Kind { get; }

    /// <summary>The market's name; null when it has none.</summary>
    public string? Name { get; }

    /// <summary>What the market shows; null when it does not say.</summary>
    public string? Description { get; }

    /// <summary>Where the market's numbers come from; null when it does not say.</summary>
    public string? Source { get; }

    /// <summary>The answer's status word.</summary>
    public string Status { get; }

    /// <summary>The designer's objective; null exactly when there is no outcome.</summary>
    public double? Objective { get; }

    /// <summary>How the answer was found.</summary>
    public SolverRun Solver { get; }

    /// <summary>The certificates; null exactly when there is no outcome.</summary>
    public Audit? Audit { get; }

    /// <summary>The claims that the solver promises on this market.</summary>
    public ImmutableArray<Claim> Promises { get; }

    /// <summary>The answer for people; made when first asked for.</summary>
    public ImmutableArray<Table> Tables => tables.Value;

    /// <summary>True when there is an outcome and every promised certificate holds.</summary>
    public bool PromisesHold => Audit is not null && Audit.Certificates.All(c => c.Holds || !Promises.Contains(c.Claim));

    /// <summary>0: answered and every promised certificate holds; 3: no outcome; 4: a promised certificate fails.</summary>
    public int ExitCode => Audit is null ? 3 : PromisesHold ? 0 : 4;

    /// <summary>Writes the public answer document.</summary>
    public void WriteJson(Utf8JsonWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStartObject();
        writer.WriteString("kind", Kind + "-solution");
        writeAnswer(writer);
        writer.WritePropertyName("solver");
        Solver.WriteJson(writer);
        writer.WritePropertyName("audit");
        WriteAudit(writer);
        writer.WriteEndObject();
    }

    internal static JsonObject SolverSchema() => new()
    {
        ["type"] = "object",
        ["properties"] = new JsonObject
        {
            ["name"] = new JsonObject { ["type"] = "string" },
            ["termination"] = new JsonObject { ["enum"] = Names<Termination>() },
            ["bound"] = new JsonObject { ["type"] = new JsonArray("number", "null"), ["description"] = "proven bound on the objective" },
            ["gap"] = new JsonObject { ["type"] = new JsonArray("number", "null"), ["description"] = "relative distance of objective and bound" },
            ["iterations"] = new JsonObject { ["type"] = "integer" },
            ["elapsedSeconds"] = new JsonObject { ["type"] = "number" },
            ["note"] = new JsonObject { ["type"] = "string" },
        },
    };

    internal static JsonObject AuditSchema() => new()
    {
        ["type"] = new JsonArray("object", "null"),
        ["properties"] = new JsonObject
        {
            ["holds"] = new JsonObject { ["type"] = "boolean" },
            ["certificates"] = new JsonObject
            {
                ["type"] = "array",
                ["items"] = new JsonObject
                {
                    ["type"] = "object",
                    ["properties"] = new JsonObject
                    {
                        ["claim"] = new JsonObject { ["enum"] = Names<Claim>() },
                        ["evidence"] = new JsonObject { ["enum"] = Names<Evidence>() },
                        ["holds"] = new JsonObject { ["type"] = "boolean" },
                        ["worst"] = new JsonObject
                        {
                            ["type"] = new JsonArray("object", "null"),
                            ["properties"] = new JsonObject
                            {
                                ["constraint"] = new JsonObject { ["type"] = "string" },
                                ["slack"] = new JsonObject { ["type"] = new JsonArray("number", "null") },
                            },
                        },
                        ["tolerance"] = new JsonObject { ["type"] = "number" },
                        ["checked"] = new JsonObject { ["type"] = "integer" },
                        ["source"] = new JsonObject { ["type"] = "string" },
                        ["promised"] = new JsonObject { ["type"] = "boolean" },
                    },
                },
            },
        },
    };

    private static JsonArray Names<TEnum>()
        where TEnum : struct, Enum =>
        new([.. Enum.GetNames<TEnum>().Select(name => (JsonNode)DocumentText.CamelCase(name))]);

    private void WriteAudit(Utf8JsonWriter writer)
    {
        if (Audit is null)
        {
            writer.WriteNullValue();
            return;
        }

        writer.WriteStartObject();
        writer.WriteBoolean("holds", Audit.Holds);
        writer.WriteStartArray("certificates");
        foreach (var certificate in Audit.Certificates)
        {
            writer.WriteStartObject();
            writer.WriteString("claim", DocumentText.CamelCase(certificate.Claim.ToString()));
            writer.WriteString("evidence", DocumentText.CamelCase(certificate.Evidence.ToString()));
            writer.WriteBoolean("holds", certificate.Holds);
            writer.WritePropertyName("worst");
            if (certificate.Checked == 0)
            {
                writer.WriteNullValue();
            }
            else
            {
                writer.WriteStartObject();
                writer.WriteString("constraint", certificate.Worst.Constraint);
                writer.WritePropertyName("slack");
                JsonNumbers.Write(writer, certificate.Worst.Value);
                writer.WriteEndObject();
            }

            writer.WriteNumber("tolerance", certificate.Tolerance);
            writer.WriteNumber("checked", certificate.Checked);
            writer.WriteString("source", certificate.Source);
            writer.WriteBoolean("promised", Promises.Contains(certificate.Claim));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}

/// <summary>How an answer was found.</summary>
/// <param name="Name">The solver's name; <c>answer</c> when it came from elsewhere.</param>
/// <param name="Termination">Why the solver stopped.</param>
/// <param name="Bound">Proven upper bound on the objective; null when none is known.</param>
/// <param name="Gap">Relative distance of objective and bound; null when either is missing.</param>
/// <param name="Iterations">The solver's own count.</param>
/// <param name="Elapsed">The solver's wall time, reading and audit excluded.</param>
/// <param name="Note">A sentence for people; may be empty.</param>
public sealed record SolverRun(
    string Name, Termination Termination, double? Bound, double? Gap, long Iterations, TimeSpan Elapsed, string Note)
{
    internal void WriteJson(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("name", Name);
        writer.WriteString("termination", DocumentText.CamelCase(Termination.ToString()));
        writer.WritePropertyName("bound");
        JsonNumbers.Write(writer, Bound ?? double.NaN);
        writer.WritePropertyName("gap");
        JsonNumbers.Write(writer, Gap ?? double.NaN);
        writer.WriteNumber("iterations", Iterations);
        writer.WriteNumber("elapsedSeconds", Elapsed.TotalSeconds);
        writer.WriteString("note", Note);
        writer.WriteEndObject();
    }
}
