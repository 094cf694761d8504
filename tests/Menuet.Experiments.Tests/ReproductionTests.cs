using System.Text.Json.Nodes;
using Menuet.Experiments.Papers;
using Menuet.Figures;

namespace Menuet.Experiments.Tests;

public sealed class ReproductionTests : IDisposable
{
    private readonly string folder = Path.Combine(Path.GetTempPath(), "menuet-" + Path.GetRandomFileName());
    private int made;

    public void Dispose()
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Run_WritesEveryFileOfAnExhibit()
    {
        var summary = Reproduction.Run(new([Paper()], folder, Quick: true, Seeds: 2), _ => { }, default);
        Assert.True(summary.Completed);
        Assert.Equal((2, 2), (summary.Exhibits, summary.Finished));
        foreach (var file in new[] { "index.html", "report.md", "papers.bib", "p/claims.json", "p/a/exhibit.json", "p/a/figure.svg", "p/a/figure.csv", "p/a/figure.vl.json", "p/a/table.csv" })
        {
            Assert.True(File.Exists(Path.Combine(folder, file)), file);
        }

        Assert.Equal("name,value [s]\n\"one, or two\",0.1\n", File.ReadAllText(Path.Combine(folder, "p/a/table.csv")));
        var claims = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "p/claims.json")))!["claims"]!.AsArray();
        Assert.Equal(["holds", "not supported", "untested"], claims.Select(claim => (string)claim!["verdict"]!));
        Assert.Contains("Quick run", File.ReadAllText(Path.Combine(folder, "report.md")), StringComparison.Ordinal);
    }

    [Fact]
    public void Library_NamesItsPapers() => Assert.Equal(Library.All.Select(paper => paper.Id), Library.Ids);

    [Fact]
    public void Resume_KeepsWhatIsFinished_AndOnlyUnderTheSameConditions()
    {
        Reproduction.Run(new([Paper()], folder, true, 2), _ => { }, default);
        Assert.Equal(2, made);
        Directory.Delete(Path.Combine(folder, "p", "b"), recursive: true);
        Reproduction.Run(new([Paper()], folder, true, 2) { Resume = true }, _ => { }, default);
        Assert.Equal(3, made);
        Reproduction.Run(new([Paper()], folder, true, 3) { Resume = true }, _ => { }, default);
        Assert.Equal(5, made);
        Reproduction.Run(new([Paper()], folder, false, 3) { Resume = true }, _ => { }, default);
        Assert.Equal(7, made);
    }

    [Fact]
    public void FailingExhibit_IsNamed_AndTheOthersAreReported()
    {
        var broken = Paper() with { Exhibits = [.. Paper().Exhibits, new("c", "broken", "", _ => throw new InvalidOperationException("no luck"))] };
        var summary = Reproduction.Run(new([broken], folder, true, 1), _ => { }, default);
        Assert.Equal("p c: InvalidOperationException: no luck", Assert.Single(summary.Failures));
        Assert.Equal(2, summary.Finished);
        Assert.False(Directory.Exists(Path.Combine(folder, "p", "c")));
    }

    [Fact]
    public void Cancellation_LeavesAReportOfWhatIsFinished()
    {
        using var stop = new CancellationTokenSource();
        var paper = Paper() with
        {
            Exhibits =
            [
                Paper().Exhibits[0],
                new("c", "long", "", conditions =>
                {
                    while (!File.Exists(Path.Combine(folder, "p", "a", "exhibit.json")))
                    {
                        Thread.Sleep(5);
                    }

                    stop.Cancel();
                    conditions.Cancellation.ThrowIfCancellationRequested();
                    return new();
                }),
            ],
        };
        var summary = Reproduction.Run(new([paper], folder, true, 1), _ => { }, stop.Token);
        Assert.False(summary.Completed);
        Assert.Equal(1, summary.Finished);
        Assert.True(File.Exists(Path.Combine(folder, "index.html")));
    }

    [Fact]
    public void SameNameMeasuredTwice_IsRefused()
    {
        var twice = Paper() with { Exhibits = [Paper().Exhibits[0], Paper().Exhibits[0] with { Id = "again" }] };
        Assert.Throws<InvalidOperationException>(() => Reproduction.Run(new([twice], folder, true, 1), _ => { }, default));
    }

    [Fact]
    public void TrainedExhibit_SharesItsCells_AndAQuickRunJudgesNothingByIt()
    {
        var summary = Reproduction.Run(new([Learning()], folder, true, 2), _ => { }, default);
        Assert.Empty(summary.Failures);
        var runs = Directory.GetDirectories(Path.Combine(folder, "training-quick/lai2025/pricing-ppo"));
        Assert.Equal(["seed-0", "seed-1"], runs.Select(run => Path.GetFileName(run)).Order());
        Assert.All(["experiment.json", "log.csv", "policy.json", "summary.json"], file => Assert.True(File.Exists(Path.Combine(runs[0], file)), file));
        Assert.True(Directory.Exists(Path.Combine(folder, "training-quick/lai2025/pricing-ppo,environment.followers=3/seed-1")));
        Assert.False(Directory.Exists(Path.Combine(folder, "training")));
        var exhibit = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "l/one/exhibit.json")))!;
        Assert.Equal("menuet reproduce l --only one --quick --seeds 2", (string)exhibit["command"]!);
        Assert.StartsWith("Quick run: trainings are cut to a fiftieth of their updates", (string)exhibit["remark"]!, StringComparison.Ordinal);
        var claim = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "l/claims.json")))!["claims"]![0]!;
        Assert.Equal("untested", (string)claim["verdict"]!);
        Assert.Equal(2, (int)claim["measured"]![0]!["samples"]!);
        Assert.Equal(Verdict.Holds, new PaperResult(Learning(), [ExhibitFolder.Read(Path.Combine(folder, "l/one"), Reproduction.Build, true, 2)!], Quick: false).Claims[0].Verdict);
    }

    [Fact]
    public void Resume_KeepsFinishedTrainings_AndTrainsOthersAnew()
    {
        Reproduction.Run(new([Learning()], folder, true, 1), _ => { }, default);
        var policy = Path.Combine(folder, "training-quick/lai2025/pricing-ppo/seed-0/policy.json");
        var (bytes, time) = (File.ReadAllBytes(policy), File.GetLastWriteTimeUtc(policy));
        Directory.Delete(Path.Combine(folder, "l"), recursive: true);
        File.WriteAllText(Path.Combine(folder, "training-quick/lai2025/pricing-ppo,environment.followers=3/seed-0/policy.json"), "{}");
        var states = Watched(resume: true);
        Assert.Contains("lai2025/pricing-ppo seed 0 kept", states);
        Assert.Contains("lai2025/pricing-ppo,environment.followers=3 seed 0 done", states);
        Assert.Equal(time, File.GetLastWriteTimeUtc(policy));
        Assert.Contains("lai2025/pricing-ppo seed 0 done", Watched(resume: false));
        Assert.Equal(bytes, File.ReadAllBytes(policy));

        List<string> Watched(bool resume)
        {
            var states = new List<string>();
            var gate = new Lock();
            Reproduction.Run(
                new([Learning()], folder, true, 1) { Resume = resume },
                state =>
                {
                    lock (gate)
                    {
                        states.Add($"{state.Name} {state.Outcome}");
                    }
                },
                default);
            return states;
        }
    }

    [Fact]
    public void StoppedTraining_GoesOnFromItsCheckpoint_ToTheSameBytes()
    {
        using var stop = new CancellationTokenSource();
        var stopped = Reproduction.Run(new([Learning()], folder, true, 1), state => { if (state is { Group: "training", Share: > 0.3 and < 1 }) stop.Cancel(); }, stop.Token);
        Assert.False(stopped.Completed);
        Reproduction.Run(new([Learning()], folder, true, 1) { Resume = true }, _ => { }, default);
        var policy = Path.Combine(folder, "training-quick/lai2025/pricing-ppo/seed-0/policy.json");
        var continued = File.ReadAllBytes(policy);
        Reproduction.Run(new([Learning()], folder, true, 1), _ => { }, default);
        Assert.Equal(File.ReadAllBytes(policy), continued);
    }

    [Fact]
    public void FailedTraining_FailsItsExhibitsAlone()
    {
        var paper = Learning() with
        {
            Exhibits = [.. Learning().Exhibits, new("other", "", "", _ => new()) { Trainings = [new("no/such-experiment")] }],
        };
        var summary = Reproduction.Run(new([paper], folder, true, 1), _ => { }, default);
        Assert.Equal(["l other", "training no/such-experiment seed 0"], summary.Failures.Select(failure => failure.Split(':')[0]).Order());
        Assert.Equal(2, summary.Finished);
    }

    [Fact]
    public void Only_MakesOneExhibit_AndShowsTheOthersWhereTheyAreFinished()
    {
        Assert.Equal((1, 1), Counts(Reproduction.Run(new([Paper()], folder, true, 2) { Only = ["b"] }, _ => { }, default)));
        Assert.Equal(1, made);
        Assert.DoesNotContain("### a:", File.ReadAllText(Path.Combine(folder, "report.md")), StringComparison.Ordinal);
        Reproduction.Run(new([Paper()], folder, true, 2) { Only = ["a"] }, _ => { }, default);
        Assert.Equal(2, made);
        Assert.Contains("### b:", File.ReadAllText(Path.Combine(folder, "report.md")), StringComparison.Ordinal);

        static (int, int) Counts(ReproductionSummary summary) => (summary.Exhibits, summary.Finished);
    }

    [Fact]
    public void EveryTrainingOfThePapers_IsAnExperimentThatShips_AndNoTwoAreOne()
    {
        var trainings = Library.All.SelectMany(paper => paper.Exhibits).SelectMany(exhibit => exhibit.Trainings).DistinctBy(training => training.Id).ToArray();
        Assert.NotEmpty(trainings);
        Assert.Equal(trainings.Length, trainings.Select(training => System.Text.Encoding.UTF8.GetString(training.Read(quick: false).Write())).Distinct().Count());
        Assert.All(trainings, training => Assert.True(training.Read(quick: true).Updates < training.Read(quick: false).Updates));
    }

    private static Paper Learning()
    {
        var (two, three) = (new Training("lai2025/pricing-ppo"), new Training("lai2025/pricing-ppo", "environment.followers=3"));
        return new(
            "l", "A paper that learns", "@misc{l}",
            [
                new("one", "one", "", conditions => new()
                {
                    Quantities = [Learned.Mean("share", "share of optimum", "", conditions.Trained(two), run => run.Evaluation.Score.ShareOfOptimum)],
                })
                { Trainings = [two] },
                new("both", "both", "", conditions => new()
                {
                    Figures = [new("Curves", Learned.Steps, new("reward"), [Learned.Curve("two", conditions.Trained(two), point => point.TrainReward), Learned.Curve("three", conditions.Trained(three), point => point.TestReward)])],
                    Tables = [Learned.Table("End", "money", [("two", conditions.Trained(two))]), Learned.Shares("Shares", [("two", conditions.Trained(two))])],
                })
                { Trainings = [two, three] },
            ],
            [new("earns", "It earns.", "Fig. 1", "share", ["share"], quantities => quantities[0].Value > 0 ? Verdict.Holds : Verdict.NotSupported)]);
    }

    private Paper Paper() => new(
        "p", "A paper & its <title>", "@misc{p}",
        [
            new("a", "first", "rises", _ =>
            {
                Interlocked.Increment(ref made);
                return new()
                {
                    Figures = [new("A line", new("x"), new("y", "s"), [new LineSeries("line", [0, 1], [1, 2])])],
                    Tables = [new("A table", [new("name"), new("value", "s")], [["one, or two", 0.1]])],
                    Quantities = [Quantity.Exact("slope", "slope", "", 1)],
                };
            }),
            new("b", "second", "", _ =>
            {
                Interlocked.Increment(ref made);
                return new() { Quantities = [Quantity.Exact("other", "other", "", -1)] };
            }),
        ],
        [
            new("up", "It rises.", "Fig. 1", "slope", ["slope"], Rules.Above(0)),
            new("other-up", "The other rises.", "Fig. 2", "slope", ["other"], Rules.Above(0)),
            new("missing", "Nobody measured it.", "Fig. 3", "none", ["nothing"], Rules.Above(0)),
        ]);
}
