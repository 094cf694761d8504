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
        var summary = Reproduction.Run([Paper()], folder, quick: true, seeds: 2, resume: false, _ => { }, default);
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
        Reproduction.Run([Paper()], folder, true, 2, resume: false, _ => { }, default);
        Assert.Equal(2, made);
        Directory.Delete(Path.Combine(folder, "p", "b"), recursive: true);
        Reproduction.Run([Paper()], folder, true, 2, resume: true, _ => { }, default);
        Assert.Equal(3, made);
        Reproduction.Run([Paper()], folder, true, 3, resume: true, _ => { }, default);
        Assert.Equal(5, made);
        Reproduction.Run([Paper()], folder, false, 3, resume: true, _ => { }, default);
        Assert.Equal(7, made);
    }

    [Fact]
    public void FailingExhibit_IsNamed_AndTheOthersAreReported()
    {
        var broken = Paper() with { Exhibits = [.. Paper().Exhibits, new("c", "broken", "", _ => throw new InvalidOperationException("no luck"))] };
        var summary = Reproduction.Run([broken], folder, true, 1, false, _ => { }, default);
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
        var summary = Reproduction.Run([paper], folder, true, 1, false, _ => { }, stop.Token);
        Assert.False(summary.Completed);
        Assert.Equal(1, summary.Finished);
        Assert.True(File.Exists(Path.Combine(folder, "index.html")));
    }

    [Fact]
    public void SameNameMeasuredTwice_IsRefused()
    {
        var twice = Paper() with { Exhibits = [Paper().Exhibits[0], Paper().Exhibits[0] with { Id = "again" }] };
        Assert.Throws<InvalidOperationException>(() => Reproduction.Run([twice], folder, true, 1, false, _ => { }, default));
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
