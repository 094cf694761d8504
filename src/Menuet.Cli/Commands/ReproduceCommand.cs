using System.Collections.Immutable;
using System.CommandLine;
using Menuet.Experiments;
using Menuet.Experiments.Papers;

namespace Menuet.Cli.Commands;

/// <summary><c>menuet reproduce</c>: figures, tables and claims of the publications, made again.</summary>
internal static class ReproduceCommand
{
    internal static Command Create(Terminal terminal)
    {
        var paper = new Argument<string>("paper")
        {
            Description = $"all, or one of {string.Join(", ", Library.Ids)}",
            DefaultValueFactory = _ => "all",
        };
        var quick = new Option<bool>("--quick") { Description = "Fewer points, draws and seeds; marked wherever it is shown" };
        var output = new Option<string>("--out") { Description = "Folder of the report: index.html, report.md, and a folder for each exhibit", DefaultValueFactory = _ => "reproduction" };
        var seeds = new Option<int?>("--seeds") { Description = "Seeds of everything that is trained or drawn; default 2 with --quick, else 5" };
        var only = new Option<string[]>("--only") { Description = "Makes one exhibit, such as fig2 or table2, and shows the others where they are finished; repeatable" };
        var resume = new Option<bool>("--resume") { Description = "Keeps exhibits that the same build finished under the same conditions, and finished trainings; goes on with unfinished ones" };
        var command = new Command("reproduce", "Makes the figures and tables of the papers again, beside the exact optimum, and judges their claims.") { paper, only, quick, output, seeds, resume };
        command.SetAction((parsed, cancellation) => Task.FromResult(Run(
            terminal, parsed.GetRequiredValue(paper), parsed.GetValue(only) ?? [], parsed.GetValue(quick), parsed.GetRequiredValue(output), parsed.GetValue(seeds), parsed.GetValue(resume), cancellation)));
        return command;
    }

    private static int Run(Terminal terminal, string paper, string[] only, bool quick, string output, int? seeds, bool resume, CancellationToken cancellation)
    {
        var papers = Library.Find(paper);
        var count = seeds ?? Reproduction.DefaultSeeds(quick);
        if (count is < 1 or > 1000)
        {
            throw new InvalidRequestException([new("--seeds", "must be from 1 to 1000", $"{count}")]);
        }

        var known = papers.SelectMany(one => one.Exhibits).Select(exhibit => exhibit.Id).Distinct().ToArray();
        if (only.Where(id => !known.Contains(id)).ToArray() is { Length: > 0 } unknown)
        {
            throw new InvalidRequestException([.. unknown.Select(id => new Problem("--only", $"must be one of {string.Join(", ", known)}", $"\"{id}\""))]);
        }

        var gate = new Lock();
        var finished = 0;
        var request = new ReproductionRequest(papers, output, quick, count) { Resume = resume, Only = [.. only] };
        var summary = Reproduction.Run(request, Watch, cancellation);
        foreach (var failure in summary.Failures)
        {
            terminal.Error.WriteLine($"menuet: {failure}");
        }

        terminal.Output.WriteLine($"{summary.Finished} of {summary.Exhibits} exhibits; claims: {Verdicts(summary.Verdicts)}");
        terminal.Output.WriteLine($"{Path.Combine(output, "index.html")}");
        if (!summary.Completed)
        {
            terminal.Error.WriteLine("menuet: stopped; --resume goes on with what is left");
        }

        return summary.Completed && summary.Failures.IsEmpty ? 0 : ExitCode.NoOutcome;

        void Watch(CellState state)
        {
            if (state.Outcome.Length == 0)
            {
                return;
            }

            lock (gate)
            {
                finished++;
                terminal.Error.WriteLine($"[{finished}/{state.Total}] {state.Group} {state.Name} {state.Outcome}");
            }
        }
    }

    private static string Verdicts(ImmutableArray<(Verdict Verdict, int Count)> verdicts) =>
        verdicts.IsEmpty ? "none" : string.Join(", ", verdicts.Select(pair => $"{pair.Count} {Words(pair.Verdict)}"));

    private static string Words(Verdict verdict) => verdict switch
    {
        Verdict.Holds => "hold",
        Verdict.Partly => "hold in part",
        Verdict.NotSupported => "are not supported",
        Verdict.CannotHold => "cannot hold",
        _ => "are untested",
    };
}
