using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json;
using Menuet.Documents;
using Menuet.Experiments.Report;

namespace Menuet.Experiments;

/// <summary>Makes exhibits, judges claims and writes the report. What is finished is kept, exhibit by exhibit.</summary>
public static class Reproduction
{
    /// <summary>Seeds when nobody says how many.</summary>
    public static int DefaultSeeds(bool quick) => quick ? 2 : 5;

    /// <summary>Runs: first what needs no training beside the trainings, each a cell of its own, then what shows them.</summary>
    /// <param name="request">What is made, where and how.</param>
    /// <param name="watch">Told the state of an exhibit or a training; from any thread.</param>
    /// <param name="cancellation">Ends the run; the report is written of what is finished.</param>
    public static ReproductionSummary Run(ReproductionRequest request, Action<CellState> watch, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(watch);
        ArgumentOutOfRangeException.ThrowIfLessThan(request.Seeds, 1, nameof(request));
        var (papers, output, quick, seeds) = (request.Papers, request.Output, request.Quick, request.Seeds);
        Directory.CreateDirectory(output);
        var begin = Stopwatch.GetTimestamp();
        var store = new TrainingStore(output, quick, seeds);
        var done = new ConcurrentDictionary<(string, string), ExhibitFolder>();
        var failures = new ConcurrentBag<string>();
        var (work, unchanged) = (new List<(Paper Paper, Exhibit Exhibit)>(), new List<(Paper Paper, Exhibit Exhibit)>());
        foreach (var (paper, exhibit) in papers.SelectMany(paper => paper.Exhibits.Select(exhibit => (paper, exhibit))))
        {
            // What is not asked for is shown where it is finished.
            var asked = request.Asks(exhibit);
            if ((request.Resume || !asked) && ExhibitFolder.Read(FolderOf(paper, exhibit), Build, quick, seeds) is { } kept)
            {
                done[(paper.Id, exhibit.Id)] = kept;
                if (asked)
                {
                    unchanged.Add((paper, exhibit));
                }
            }
            else if (asked)
            {
                work.Add((paper, exhibit));
            }
        }

        // A training belongs to every exhibit that shows it.
        var trainings = work.SelectMany(item => item.Exhibit.Trainings).DistinctBy(training => training.Id)
            .SelectMany(training => Enumerable.Range(0, seeds).Select(seed => (Training: training, Seed: seed))).ToArray();
        var total = unchanged.Count + work.Count + trainings.Length;
        foreach (var (paper, exhibit) in unchanged)
        {
            watch(new(paper.Id, exhibit.Id, 1, "kept", total));
        }

        var reached = false;
        try
        {
            Parallelly(work.Where(item => item.Exhibit.Trainings.IsEmpty).Select(Making).Concat(trainings.Select(Training)));
            Parallelly(work.Where(item => !item.Exhibit.Trainings.IsEmpty).Select(Making));
            reached = true;
        }
        catch (OperationCanceledException)
        {
            // What is finished is reported below.
        }

        var finished = papers.Select(paper => new PaperResult(
            paper,
            [.. paper.Exhibits.Where(exhibit => done.ContainsKey((paper.Id, exhibit.Id))).Select(exhibit => done[(paper.Id, exhibit.Id)])],
            quick)).ToImmutableArray();
        foreach (var result in finished)
        {
            Directory.CreateDirectory(Path.Combine(output, result.Paper.Id));
            File.WriteAllText(Path.Combine(output, result.Paper.Id, "claims.json"), ClaimsDocument.Of(result));
        }

        var about = new ReportConditions(quick, seeds, request.Command, Build, Stopwatch.GetElapsedTime(begin));
        File.WriteAllText(Path.Combine(output, "index.html"), HtmlReport.Of(finished, about, output));
        File.WriteAllText(Path.Combine(output, "report.md"), MarkdownReport.Of(finished, about));
        File.WriteAllText(Path.Combine(output, "papers.bib"), string.Join("\n\n", papers.Select(paper => paper.Citation)) + "\n");
        return new(
            reached, papers.Sum(paper => paper.Exhibits.Count(request.Asks)), papers.Sum(paper => paper.Exhibits.Count(exhibit => request.Asks(exhibit) && done.ContainsKey((paper.Id, exhibit.Id)))),
            [.. failures.Order(StringComparer.Ordinal)],
            [.. finished.SelectMany(result => result.Claims).GroupBy(claim => claim.Verdict).OrderBy(group => group.Key).Select(group => (group.Key, group.Count()))]);

        string FolderOf(Paper paper, Exhibit exhibit) => Path.Combine(output, paper.Id, exhibit.Id);

        // One by one, not in ranges: what comes first is begun first.
        void Parallelly(IEnumerable<Action> cells) => Parallel.ForEach(
            Partitioner.Create(cells, EnumerablePartitionerOptions.NoBuffering),
            new() { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellation }, cell => cell());

        Action Making((Paper Paper, Exhibit Exhibit) item) => () => Cell(item.Paper.Id, item.Exhibit.Id, progress =>
        {
            var (paper, exhibit) = item;
            var conditions = new Conditions(quick, seeds, store.Of, progress, cancellation) { Mechanisms = request.Mechanisms };
            var start = Stopwatch.GetTimestamp();
            var findings = exhibit.Make(conditions);
            Directory.CreateDirectory(Path.Combine(output, paper.Id));
            done[(paper.Id, exhibit.Id)] = ExhibitFolder.Write(FolderOf(paper, exhibit), paper, exhibit, findings, conditions, Build, Stopwatch.GetElapsedTime(start));
            return "done";
        });

        Action Training((Training Training, int Seed) item) => () => Cell(
            "training", FormattableString.Invariant($"{item.Training.Id} seed {item.Seed}"),
            progress => store.Make(item.Training, item.Seed, request.Resume, progress, cancellation) ? "kept" : "done");

        void Cell(string group, string name, Func<Action<double>, string> make)
        {
            watch(new(group, name, 0, "", total));
            try
            {
                watch(new(group, name, 1, make(share => watch(new(group, name, share, "", total))), total));
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                failures.Add($"{group} {name}: {error.GetType().Name}: {error.Message}");
                watch(new(group, name, 1, "failed", total));
            }
        }
    }

    /// <summary>Version and identity of the code: exhibits of another build are never kept.</summary>
    internal static string Build { get; } = MakeBuild();

    private static string MakeBuild()
    {
        var modules = new[] { typeof(Reproduction), typeof(Learning.ILearner), typeof(Catalog) }.Select(type => type.Module.ModuleVersionId.ToString("N")[..8]);
        return $"{typeof(Reproduction).Assembly.GetName().Version?.ToString(3)}+{string.Join('.', modules)}";
    }
}

/// <summary>What is to be made again.</summary>
/// <param name="Papers">Which publications.</param>
/// <param name="Output">Folder; made when it is not there.</param>
/// <param name="Quick">Fewer points, draws and seeds, trainings cut short.</param>
/// <param name="Seeds">At least 1.</param>
public sealed record ReproductionRequest(ImmutableArray<Paper> Papers, string Output, bool Quick, int Seeds)
{
    /// <summary>Keeps exhibits of the same build and conditions that are finished, and finished trainings of the same experiment; goes on with unfinished ones.</summary>
    public bool Resume { get; init; }

    /// <summary>Ids of the exhibits that are made; the others are only shown, where they are finished. Empty: all.</summary>
    public ImmutableArray<string> Only { get; init; } = [];

    /// <summary>As <see cref="Conditions.Mechanisms"/>.</summary>
    internal ImmutableArray<IMechanism> Mechanisms { get; init; } = Catalog.Mechanisms;

    /// <summary>What makes all of it again.</summary>
    internal string Command => FormattableString.Invariant(
        $"menuet reproduce {(Papers.Length == 1 ? Papers[0].Id : "all")}{(Quick ? " --quick" : "")} --seeds {Seeds}");

    internal bool Asks(Exhibit exhibit) => Only.IsEmpty || Only.Contains(exhibit.Id);
}

/// <summary>How far an exhibit or a training is.</summary>
/// <param name="Group">Its paper, or <c>training</c>.</param>
/// <param name="Name">The exhibit's id, or the training's with its seed.</param>
/// <param name="Share">Done, in [0, 1].</param>
/// <param name="Outcome">Empty while it is made; then done, kept or failed.</param>
/// <param name="Total">Exhibits and trainings of the run.</param>
public readonly record struct CellState(string Group, string Name, double Share, string Outcome, int Total);

/// <summary>What a run came to.</summary>
/// <param name="Completed">False when it was cancelled.</param>
/// <param name="Exhibits">Asked for.</param>
/// <param name="Finished">Made or kept.</param>
/// <param name="Failures">Exhibit and reason.</param>
/// <param name="Verdicts">How many claims have each.</param>
public sealed record ReproductionSummary(
    bool Completed, int Exhibits, int Finished, ImmutableArray<string> Failures, ImmutableArray<(Verdict Verdict, int Count)> Verdicts);

/// <summary>A paper with what was finished of it.</summary>
internal sealed record PaperResult(Paper Paper, ImmutableArray<ExhibitFolder> Exhibits, bool Quick)
{
    /// <summary>Every claim, judged; untested where a quantity is missing, or is learned and the run was quick.</summary>
    internal ImmutableArray<JudgedClaim> Claims { get; } = Judge(Paper, Exhibits, Quick);

    private static ImmutableArray<JudgedClaim> Judge(Paper paper, ImmutableArray<ExhibitFolder> exhibits, bool quick)
    {
        var found = new Dictionary<string, Quantity>();
        foreach (var quantity in exhibits.SelectMany(exhibit => exhibit.Quantities))
        {
            if (!found.TryAdd(quantity.Name, quantity))
            {
                throw new InvalidOperationException($"Two exhibits of {paper.Id} measure {quantity.Name}.");
            }
        }

        return
        [
            .. paper.Claims.Select(claim =>
            {
                var quantities = claim.Quantities.Where(found.ContainsKey).Select(name => found[name]).ToImmutableArray();
                var verdict = quantities.Length == claim.Quantities.Length ? claim.Judge(quantities) : Verdict.Untested;
                return new JudgedClaim(claim, quantities, quick && quantities.Any(quantity => quantity.IsLearned) ? Verdict.Untested : verdict);
            }),
        ];
    }
}

/// <summary>A claim with what was measured and the verdict.</summary>
internal sealed record JudgedClaim(Claim Claim, ImmutableArray<Quantity> Quantities, Verdict Verdict)
{
    /// <summary>The verdict in words.</summary>
    internal string Words => Verdict switch
    {
        Verdict.Holds => "holds",
        Verdict.Partly => "partly",
        Verdict.NotSupported => "not supported",
        Verdict.CannotHold => "cannot hold",
        _ => "untested",
    };
}

/// <summary>claims.json.</summary>
internal static class ClaimsDocument
{
    internal static string Of(PaperResult result)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new() { Indented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            writer.WriteString("kind", "claims");
            writer.WriteNumber("schemaVersion", 1);
            writer.WriteString("paper", result.Paper.Id);
            writer.WriteStartArray("claims");
            foreach (var judged in result.Claims)
            {
                writer.WriteStartObject();
                writer.WriteString("id", judged.Claim.Id);
                writer.WriteString("statement", judged.Claim.Statement);
                writer.WriteString("source", judged.Claim.Source);
                writer.WriteString("test", judged.Claim.Test);
                writer.WriteStartArray("measured");
                foreach (var quantity in judged.Quantities)
                {
                    writer.WriteStartObject();
                    writer.WriteString("name", quantity.Name);
                    writer.WriteString("meaning", quantity.Meaning);
                    writer.WriteString("unit", quantity.Unit);
                    DocumentText.WriteNumber(writer, "value", quantity.Value);
                    DocumentText.WriteNumber(writer, "low", quantity.Low);
                    DocumentText.WriteNumber(writer, "high", quantity.High);
                    writer.WriteNumber("samples", quantity.Samples);
                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
                writer.WriteString("verdict", judged.Words);
                writer.WriteString("remark", judged.Claim.Remark);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return System.Text.Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }
}
