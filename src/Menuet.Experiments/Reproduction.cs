using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json;
using Menuet.Experiments.Report;

namespace Menuet.Experiments;

/// <summary>Makes exhibits, judges claims and writes the report. What is finished is kept, exhibit by exhibit.</summary>
public static class Reproduction
{
    /// <summary>Seeds when nobody says how many.</summary>
    public static int DefaultSeeds(bool quick) => quick ? 2 : 5;

    /// <summary>Runs.</summary>
    /// <param name="papers">Which publications.</param>
    /// <param name="output">Folder; made when it is not there.</param>
    /// <param name="quick">Fewer points, draws and seeds.</param>
    /// <param name="seeds">At least 1.</param>
    /// <param name="resume">Keeps exhibits of the same build and conditions that are finished already.</param>
    /// <param name="watch">Told the state of an exhibit; from any thread.</param>
    /// <param name="cancellation">Ends the run; the report is written of what is finished.</param>
    public static ReproductionSummary Run(
        ImmutableArray<Paper> papers, string output, bool quick, int seeds, bool resume, Action<ExhibitState> watch, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(seeds, 1);
        ArgumentNullException.ThrowIfNull(watch);
        Directory.CreateDirectory(output);
        var begin = Stopwatch.GetTimestamp();
        var work = papers.SelectMany(paper => paper.Exhibits.Select(exhibit => (Paper: paper, Exhibit: exhibit))).ToArray();
        var done = new ConcurrentDictionary<(string, string), ExhibitFolder>();
        var failures = new ConcurrentBag<string>();
        var reached = false;
        try
        {
            Parallel.ForEach(work, new() { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellation }, item =>
            {
                var (paper, exhibit) = item;
                var conditions = new Conditions(quick, seeds, share => watch(new(paper.Id, exhibit.Id, share, "")), cancellation);
                var folder = Path.Combine(output, paper.Id, exhibit.Id);
                if (resume && ExhibitFolder.Read(folder, Build, conditions) is { } kept)
                {
                    done[(paper.Id, exhibit.Id)] = kept;
                    watch(new(paper.Id, exhibit.Id, 1, "kept"));
                    return;
                }

                watch(new(paper.Id, exhibit.Id, 0, ""));
                var start = Stopwatch.GetTimestamp();
                try
                {
                    var findings = exhibit.Make(conditions);
                    Directory.CreateDirectory(Path.Combine(output, paper.Id));
                    done[(paper.Id, exhibit.Id)] = ExhibitFolder.Write(folder, paper, exhibit, findings, conditions, Build, Stopwatch.GetElapsedTime(start));
                    watch(new(paper.Id, exhibit.Id, 1, "done"));
                }
                catch (Exception error) when (error is not OperationCanceledException)
                {
                    failures.Add($"{paper.Id} {exhibit.Id}: {error.GetType().Name}: {error.Message}");
                    watch(new(paper.Id, exhibit.Id, 1, "failed"));
                }
            });
            reached = true;
        }
        catch (OperationCanceledException)
        {
            // What is finished is reported below.
        }

        var finished = papers.Select(paper => new PaperResult(
            paper,
            [.. paper.Exhibits.Where(exhibit => done.ContainsKey((paper.Id, exhibit.Id))).Select(exhibit => done[(paper.Id, exhibit.Id)])])).ToImmutableArray();
        foreach (var result in finished)
        {
            Directory.CreateDirectory(Path.Combine(output, result.Paper.Id));
            File.WriteAllText(Path.Combine(output, result.Paper.Id, "claims.json"), ClaimsDocument.Of(result));
        }

        var about = new ReportConditions(quick, seeds, Build, Stopwatch.GetElapsedTime(begin));
        File.WriteAllText(Path.Combine(output, "index.html"), HtmlReport.Of(finished, about, output));
        File.WriteAllText(Path.Combine(output, "report.md"), MarkdownReport.Of(finished, about));
        File.WriteAllText(Path.Combine(output, "papers.bib"), string.Join("\n\n", papers.Select(paper => paper.Citation)) + "\n");
        return new(
            reached, work.Length, done.Count, [.. failures.Order(StringComparer.Ordinal)],
            [.. finished.SelectMany(result => result.Claims).GroupBy(claim => claim.Verdict).OrderBy(group => group.Key).Select(group => (group.Key, group.Count()))]);
    }

    /// <summary>Version and identity of the code: exhibits of another build are never kept.</summary>
    internal static string Build { get; } = MakeBuild();

    private static string MakeBuild()
    {
        var modules = new[] { typeof(Reproduction), typeof(Learning.ILearner), typeof(Catalog) }.Select(type => type.Module.ModuleVersionId.ToString("N")[..8]);
        return $"{typeof(Reproduction).Assembly.GetName().Version?.ToString(3)}+{string.Join('.', modules)}";
    }
}

/// <summary>How far an exhibit is.</summary>
/// <param name="Paper">Its paper.</param>
/// <param name="Exhibit">Its id.</param>
/// <param name="Share">Done, in [0, 1].</param>
/// <param name="Outcome">Empty while it is made; then done, kept or failed.</param>
public readonly record struct ExhibitState(string Paper, string Exhibit, double Share, string Outcome);

/// <summary>What a run came to.</summary>
/// <param name="Completed">False when it was cancelled.</param>
/// <param name="Exhibits">Asked for.</param>
/// <param name="Finished">Made or kept.</param>
/// <param name="Failures">Exhibit and reason.</param>
/// <param name="Verdicts">How many claims have each.</param>
public sealed record ReproductionSummary(
    bool Completed, int Exhibits, int Finished, ImmutableArray<string> Failures, ImmutableArray<(Verdict Verdict, int Count)> Verdicts);

/// <summary>A paper with what was finished of it.</summary>
internal sealed record PaperResult(Paper Paper, ImmutableArray<ExhibitFolder> Exhibits)
{
    /// <summary>Every claim, judged; untested where a quantity is missing.</summary>
    internal ImmutableArray<JudgedClaim> Claims { get; } = Judge(Paper, Exhibits);

    private static ImmutableArray<JudgedClaim> Judge(Paper paper, ImmutableArray<ExhibitFolder> exhibits)
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
                return new JudgedClaim(claim, quantities, quantities.Length == claim.Quantities.Length ? claim.Judge(quantities) : Verdict.Untested);
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
                    Number("value", quantity.Value);
                    Number("low", quantity.Low);
                    Number("high", quantity.High);
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

            void Number(string name, double value)
            {
                if (double.IsFinite(value))
                {
                    writer.WriteNumber(name, value);
                }
                else
                {
                    writer.WriteNull(name);
                }
            }
        }

        return System.Text.Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }
}
