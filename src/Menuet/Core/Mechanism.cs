using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Menuet.Documents;

namespace Menuet;

/// <summary>A room's door without its types, as the command line, server and experiments see it.</summary>
public interface IMechanism
{
    /// <summary>The <c>kind</c> of its market documents.</summary>
    string Kind { get; }

    /// <summary>What it is, in a few words.</summary>
    string Title { get; }

    /// <summary>The publication it comes from.</summary>
    string Source { get; }

    /// <summary>The unit of the objective; empty for a pure number.</summary>
    string ObjectiveUnit { get; }

    /// <summary>The solvers, in order of preference.</summary>
    ImmutableArray<SolverDescription> Solvers { get; }

    /// <summary>Reads a market, solves and audits it.</summary>
    /// <param name="market">UTF-8 JSON of this kind.</param>
    /// <param name="solver">A solver's name; null: the first.</param>
    /// <param name="options">Tolerance, limits, seed.</param>
    /// <param name="cancellation">Ends the solver early.</param>
    /// <exception cref="InvalidRequestException">The document or the name is invalid; all problems at once.</exception>
    Report Solve(ReadOnlyMemory<byte> market, string? solver, SolveOptions options, CancellationToken cancellation);

    /// <summary>Audits an answer from anywhere, by what the preferred solver would promise.</summary>
    /// <exception cref="InvalidRequestException">A document is invalid; paths of the answer start with <c>answer</c>.</exception>
    Report Judge(ReadOnlyMemory<byte> market, ReadOnlyMemory<byte> answer, SolveOptions options);

    /// <summary>Lets a policy answer a market, and audits it like any other answer.</summary>
    /// <param name="market">UTF-8 JSON of this kind.</param>
    /// <param name="scenario">What the policy was trained on.</param>
    /// <param name="policy">Decides.</param>
    /// <param name="name">How the report names it.</param>
    /// <param name="options">Tolerance.</param>
    /// <exception cref="InvalidRequestException">The document is invalid, or the policy was trained on another kind or cannot see this market.</exception>
    Report Solve(ReadOnlyMemory<byte> market, IScenario scenario, IPolicy policy, string name, SolveOptions options);

    /// <summary>How it is played; null: it is not.</summary>
    IEnvironmentDoor? Environment { get; }

    /// <summary>All schemes on one market.</summary>
    /// <exception cref="InvalidRequestException">The document is invalid; all problems at once.</exception>
    Comparison Compare(ReadOnlyMemory<byte> market, SolveOptions options, CancellationToken cancellation);

    /// <summary>Every problem of a market document; empty when it is valid.</summary>
    ImmutableArray<Problem> Check(ReadOnlyMemory<byte> market);

    /// <summary>JSON Schema (2020-12) of the market's document.</summary>
    JsonObject MarketSchema();

    /// <summary>JSON Schema (2020-12) of the answer's document.</summary>
    JsonObject AnswerSchema();
}

/// <summary>A solver, for lists.</summary>
/// <param name="Name">As in files and commands.</param>
/// <param name="Summary">The method and its guarantee.</param>
public sealed record SolverDescription(string Name, string Summary);

/// <summary>A room's door: data, not a base class.</summary>
/// <typeparam name="TMarket">The market.</typeparam>
/// <typeparam name="TOutcome">The decisions that solvers make.</typeparam>
/// <typeparam name="TAnswer">The public answer.</typeparam>
public sealed record Mechanism<TMarket, TOutcome, TAnswer> : IMechanism
    where TMarket : class, IMarket, new()
    where TOutcome : class
    where TAnswer : class, IAnswer, new()
{
    /// <inheritdoc/>
    public required string Kind { get; init; }

    /// <inheritdoc/>
    public required string Title { get; init; }

    /// <inheritdoc/>
    public required string Source { get; init; }

    /// <summary>The market's document.</summary>
    public required Shape<TMarket> MarketShape { get; init; }

    /// <summary>The answer's document, without <c>kind</c>, <c>solver</c> and <c>audit</c>.</summary>
    public required Shape<TAnswer> AnswerShape { get; init; }

    /// <summary>The solvers, in order of preference; the first is exact where exactness exists.</summary>
    public required ImmutableArray<ISolver<TMarket, TOutcome>> SolverList { get; init; }

    /// <summary>From decisions to the public answer, with everything that follows from them. Also when there is no outcome.</summary>
    public required Func<TMarket, Solution<TOutcome>, TAnswer> Describe { get; init; }

    /// <summary>
    /// Judges an answer by its decisions alone: shares no code with solvers or <see cref="Describe"/>, and checks what the answer
    /// reports beside them. Called only for answers with an outcome in which <see cref="AnswerProblems"/> finds none.
    /// </summary>
    public required Func<TMarket, TAnswer, SolveOptions, Audit> Audit { get; init; }

    /// <summary>The same answer with its objective computed from its decisions, for answers from anywhere.</summary>
    public required Func<TMarket, TAnswer, TAnswer> Graded { get; init; }

    /// <summary>Why an answer from anywhere cannot be judged on this market, such as a menu that is too short; paths start at <c>$</c>.</summary>
    public required Func<TMarket, TAnswer, IEnumerable<Problem>> AnswerProblems { get; init; }

    /// <summary>The answer for people.</summary>
    public required Func<TMarket, TAnswer, ImmutableArray<Table>> Tables { get; init; }

    /// <summary>The comparison schemes.</summary>
    public required Func<TMarket, SolveOptions, CancellationToken, Comparison> Schemes { get; init; }

    /// <inheritdoc/>
    public IEnvironmentDoor? Environment { get; init; }

    /// <inheritdoc/>
    public string ObjectiveUnit => AnswerShape.Fields.Single(entry => entry.Name == "objective").Unit;

    /// <inheritdoc/>
    public ImmutableArray<SolverDescription> Solvers => [.. SolverList.Select(solver => new SolverDescription(solver.Name, solver.Summary))];

    /// <inheritdoc/>
    public Report Solve(ReadOnlyMemory<byte> market, string? solver, SolveOptions options, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(options);
        var (parsed, header) = ReadMarket(market.Span);
        var chosen = Choose(solver);
        return Grade(parsed, header, chosen.Name, () => chosen.Solve(parsed, options, cancellation), chosen.Promises(parsed), options);
    }

    /// <inheritdoc/>
    public Report Solve(ReadOnlyMemory<byte> market, IScenario scenario, IPolicy policy, string name, SolveOptions options)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        ArgumentNullException.ThrowIfNull(options);
        var (parsed, header) = ReadMarket(market.Span);
        return scenario is IScenario<TMarket, TOutcome> played
            ? Grade(parsed, header, name, () => played.Answer(parsed, policy), SolverList[0].Promises(parsed), options)
            : throw new InvalidRequestException([new("--solver", "was trained on another kind of market; train one on this kind", $"\"{name}\"")], Kind);
    }

    /// <inheritdoc/>
    public Report Judge(ReadOnlyMemory<byte> market, ReadOnlyMemory<byte> answer, SolveOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var (parsed, header) = ReadMarket(market.Span);
        var (document, problems) = Parse(answer.Span);
        var given = document.Value;
        var hasOutcome = given.Status is not ("infeasible" or "numericalTrouble");
        if (problems.IsEmpty && hasOutcome)
        {
            problems = [.. AnswerProblems(parsed, given)];
        }

        if (!problems.IsEmpty)
        {
            throw new InvalidRequestException([.. problems.Select(problem => problem with { Path = "answer " + problem.Path })], Kind + "-solution");
        }

        var run = new SolverRun("answer", Termination.Candidate, null, null, 0, TimeSpan.Zero, Note(document.Ignored));
        return MakeReport(
            header, hasOutcome ? Graded(parsed, given) : given, run, SolverList[0].Promises(parsed),
            hasOutcome ? Audit(parsed, given, options) : null, () => hasOutcome ? Tables(parsed, given) : []);
    }

    /// <inheritdoc/>
    public Comparison Compare(ReadOnlyMemory<byte> market, SolveOptions options, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Schemes(ReadMarket(market.Span).Market, options, cancellation);
    }

    /// <inheritdoc/>
    public ImmutableArray<Problem> Check(ReadOnlyMemory<byte> market)
    {
        var document = Document.Read(market.Span, MarketShape);
        return document.Problems.IsEmpty ? [.. document.Value.Problems()] : document.Problems;
    }

    /// <inheritdoc/>
    public JsonObject MarketSchema()
    {
        var schema = MarketShape.Schema(SchemaDirection.Input);
        Header.AddTo(schema, Kind);
        schema.Insert(0, "$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.Insert(1, "title", Title);
        return schema;
    }

    /// <inheritdoc/>
    public JsonObject AnswerSchema()
    {
        var schema = AnswerShape.Schema(SchemaDirection.Output);
        schema["properties"]!.AsObject().Insert(0, "kind", new JsonObject { ["const"] = Kind + "-solution" });
        var properties = schema["properties"]!.AsObject();
        properties["solver"] = Report.SolverSchema();
        properties["audit"] = Report.AuditSchema();
        schema.Insert(0, "$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.Insert(1, "title", Title + ": answer");
        return schema;
    }

    /// <summary>Reads an answer from anywhere, of whatever market; keys that are not known are passed over.</summary>
    /// <param name="answer">UTF-8 JSON.</param>
    /// <exception cref="InvalidRequestException">It is no answer of this kind; all problems at once.</exception>
    public TAnswer ReadAnswer(ReadOnlySpan<byte> answer)
    {
        var (document, problems) = Parse(answer);
        return problems.IsEmpty ? document.Value : throw new InvalidRequestException(problems, Kind + "-solution");
    }

    /// <summary>Reads a market.</summary>
    /// <param name="market">UTF-8 JSON of this kind.</param>
    /// <exception cref="InvalidRequestException">The document is invalid; all problems at once.</exception>
    public TMarket Read(ReadOnlySpan<byte> market) => ReadMarket(market).Market;

    /// <summary>Solves a market with the preferred solver and describes the answer, without audit.</summary>
    public TAnswer Answer(TMarket market, SolveOptions options, CancellationToken cancellation) => Describe(market, SolverList[0].Solve(market, options, cancellation));

    /// <summary>Reads a valid market.</summary>
    /// <exception cref="InvalidRequestException">The document is invalid; all problems at once.</exception>
    internal (TMarket Market, Header Header) ReadMarket(ReadOnlySpan<byte> text)
    {
        var document = Document.Read(text, MarketShape);
        var problems = document.Problems.IsEmpty ? [.. document.Value.Problems()] : document.Problems;
        return problems.IsEmpty ? (document.Value, document.Header) : throw new InvalidRequestException(problems, Kind);
    }

    /// <summary>An answer from anywhere, whose keys beyond ours are passed over, and all that is wrong with it by itself.</summary>
    private (Document<TAnswer> Document, ImmutableArray<Problem> Problems) Parse(ReadOnlySpan<byte> answer)
    {
        var document = Document.Read(answer, AnswerShape, ignoreUnknown: true);
        return (document, document.Header.Kind is { } kind && kind != Kind + "-solution"
            ? document.Problems.Add(new("$.kind", $"must be \"{Kind}-solution\", the answer to this market", $"\"{kind}\""))
            : document.Problems);
    }

    private Report Grade(
        TMarket market, Header header, string name, Func<Solution<TOutcome>> solve, ImmutableArray<Claim> promises, SolveOptions options)
    {
        var start = Stopwatch.GetTimestamp();
        var solution = solve();
        var elapsed = Stopwatch.GetElapsedTime(start);
        var answer = Describe(market, solution);
        var run = new SolverRun(
            name, solution.Termination, Known(solution.Bound), Gap(solution.Bound, answer.Objective), solution.Iterations, elapsed, solution.Note);
        var hasOutcome = answer.Objective is not null;
        return MakeReport(
            header, answer, run, promises, hasOutcome ? Audit(market, answer, options) : null, () => hasOutcome ? Tables(market, answer) : []);
    }

    private ISolver<TMarket, TOutcome> Choose(string? name)
    {
        if (name is null)
        {
            return SolverList[0];
        }

        if (SolverList.FirstOrDefault(solver => solver.Name == name) is { } found)
        {
            return found;
        }

        var known = SolverList.Select(solver => solver.Name);
        var nearest = DocumentText.Nearest(name, known);
        throw new InvalidRequestException(
            [new("--solver", $"{(nearest is null ? "" : $"did you mean '{nearest}'? ")}known for {Kind}: {string.Join(", ", known)}", $"\"{name}\"")], Kind);
    }

    private Report MakeReport(
        Header header, TAnswer answer, SolverRun run, ImmutableArray<Claim> promises, Audit? audit, Func<ImmutableArray<Table>> tables) => new(
        Kind, header.Name, header.Description, header.Source, answer.Status, answer.Objective, run, audit, promises, tables,
        writer => AnswerShape.WriteFields(writer, answer));

    // An answer's own account of its solver and audit is no evidence, and is passed over without a word.
    private static string Note(ImmutableArray<string> ignored)
    {
        var unknown = ignored.Where(path => path is not ("$.solver" or "$.audit")).ToArray();
        return unknown.Length == 0 ? "" : $"unknown keys of the answer were not read: {string.Join(", ", unknown.Take(10))}{(unknown.Length > 10 ? ", …" : "")}";
    }

    private static double? Known(double bound) => double.IsFinite(bound) ? bound : null;

    private static double? Gap(double bound, double? objective) =>
        objective is { } value && double.IsFinite(bound) ? Math.Max(0, bound - value) / Math.Max(Math.Abs(bound), double.Epsilon) is var gap && double.IsFinite(gap) ? gap : 0 : null;
}
