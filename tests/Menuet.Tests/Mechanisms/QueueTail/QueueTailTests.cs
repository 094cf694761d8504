using System.Collections.Immutable;
using Menuet.Mechanisms.QueueTail;
using Menuet.Tests.Core;

namespace Menuet.Tests.Mechanisms.QueueTail;

public sealed class QueueTailTests
{
    [Fact]
    public void RandomTandems_AgreeWithTheReference()
    {
        var (exact, reference) = (new TandemLaws(), new TandemReference());
        for (ulong seed = 0; seed < 2000; seed++)
        {
            var market = Draw(seed);
            var (mine, theirs) = (exact.Solve(market, new(), default).Outcome!, reference.Solve(market, new(), default).Outcome!);
            Assert.Equal(theirs.Stable, mine.Stable);
            for (var i = 0; i < market.Times.Length; i++)
            {
                var (a, b) = (mine.Rows[i], theirs.Rows[i]);
                Assert.Equal(b.Exact!.Value, a.Exact!.Value, 1e-10);
                Assert.Equal(b.ChernoffPrinted!.Value, a.ChernoffPrinted!.Value, 1e-10);
                Assert.Equal(b.ChernoffOptimal!.Value, a.ChernoffOptimal!.Value, 1e-10);
                Assert.Equal(b.EtaPrinted!.Value, a.EtaPrinted!.Value, 1e-9 * (1 + b.EtaPrinted.Value));
                Assert.Equal(b.LogChernoffPrinted!.Value, a.LogChernoffPrinted!.Value, 1e-9 * (1 + Math.Abs(b.LogChernoffPrinted.Value)));
            }

            var audit = QueueTailMechanism.Door.Audit(market, mine, new());
            Assert.True(audit.Certificates.All(c => c.Holds || c.Claim == Claim.QueueStability), $"seed {seed}: {string.Join("; ", audit.Certificates.Select(c => c.Worst))}");
            Assert.Equal(mine.Stable, audit.Certificates.Single(c => c.Claim == Claim.QueueStability).Holds);
        }
    }

    [Fact]
    public void Overload_IsOneEverywhere()
    {
        var answer = Solving.Json(Solving.Solve("""
            { "kind": "queue-tail", "stages": [ { "servers": 2, "serviceRatePerSecond": 10 } ], "arrivalRatePerSecond": 20, "timesSeconds": [0, 1e9] }
            """));
        Assert.False((bool)answer["stable"]!);
        Assert.Equal(1, (double)answer["erlangC"]![0]!);
        foreach (var row in answer["rows"]!.AsArray())
        {
            Assert.Equal(1, (double)row!["exact"]!);
            Assert.Equal(1, (double)row["chernoffPrinted"]!);
            Assert.Equal(0, (double)row["etaPrinted"]!);
            Assert.Equal(0, (double)row["etaOptimal"]!);
        }
    }

    [Fact]
    public void Operator3_IsAsLooseAsThePaperErrorsSay()
    {
        var report = Solving.Solve(Solving.CatalogMarket("zhan/tail-operator-3"));
        Assert.Equal(0, report.ExitCode);
        var row = Solving.Json(report)["rows"]!.AsArray().MinBy(one => Math.Abs((double)one!["exact"]! - 0.01))!;
        Assert.True((double)row["chernoffPrinted"]! > 3 * (double)row["chernoffOptimal"]!);
        Assert.True((double)row["chernoffOptimal"]! > 5 * (double)row["exact"]!);
    }

    [Fact]
    public void LowestClass_BearsTheCongestion_AndSimulationSaysSo()
    {
        var rows = Solving.Json(Solving.Solve(Solving.CatalogMarket("zhan/tail-priorities")))["rows"]!.AsArray();
        var last = rows[^1]!;
        Assert.True((double)last["aggregate"]![7]! < 1e-9);
        Assert.InRange((double)last["priorityClass"]![7]!, 0.0131, 0.0133);   // 2e7 simulated tasks: 0.0126 ± 0.0012
        foreach (var row in rows)
        {
            for (var n = 0; n < 8; n++)
            {
                var gap = Math.Abs((double)row!["simulated"]![n]! - (double)row["priorityClass"]![n]!);
                Assert.True(gap <= (3 * (double)row["simulatedHalfWidth"]![n]!) + 2e-3, $"class {n + 1} at {row["timeSeconds"]}: {gap}");
            }
        }
    }

    [Fact]
    public void OneStage_ClassesAreExact_AndJointlyTheAggregate()
    {
        var answer = Solving.Json(Solving.Solve(Solving.CatalogMarket("zhan/tail-one-stage-classes")));
        Assert.Equal("exact", (string?)answer["priorityLaw"]);
        foreach (var row in answer["rows"]!.AsArray())
        {
            // The highest class sees nobody else.
            Assert.Equal((double)row!["aggregate"]![0]!, (double)row["priorityClass"]![0]!, 1e-10);
            Assert.Equal((double)row["exact"]!, (double)row["aggregate"]![1]!, 1e-12);
            var gap = Math.Abs((double)row["simulated"]![1]! - (double)row["priorityClass"]![1]!);
            Assert.True(gap <= 3 * (double)row["simulatedHalfWidth"]![1]!);
        }
    }

    [Theory]
    [InlineData("exact")]
    [InlineData("chernoffPrinted")]
    [InlineData("chernoffOptimal")]
    [InlineData("etaPrinted")]
    [InlineData("etaOptimal")]
    [InlineData("lnChernoffPrintedUnclamped")]
    public void Sabotage_IsNamed(string key)
    {
        var text = Solving.CatalogMarket("zhan/tail-operator-3");
        var answer = Solving.Json(Solving.Solve(text));
        Assert.Equal(0, Solving.Judge(text, answer).ExitCode);
        answer["rows"]![4]![key] = (double)answer["rows"]![4]![key]! * 1.01;
        var judged = Solving.Judge(text, answer);
        Assert.Equal(4, judged.ExitCode);
        Assert.False(Solving.Certificate(judged, Claim.Consistency).Holds);
    }

    [Fact]
    public void ABoundBelowTheTail_IsNamed()
    {
        var text = Solving.CatalogMarket("zhan/tail-operator-3");
        var answer = Solving.Json(Solving.Solve(text));
        answer["rows"]![4]!["chernoffOptimal"] = 1e-9;
        Assert.False(Solving.Certificate(Solving.Judge(text, answer), Claim.Feasibility).Holds);
    }

    [Theory]
    [InlineData("""{ "kind": "queue-tail", "stages": [], "arrivalRatePerSecond": 1, "timesSeconds": [1] }""", "$.stages")]
    [InlineData("""{ "kind": "queue-tail", "stages": [{"servers":1,"serviceRatePerSecond":1}], "timesSeconds": [1] }""", "$.arrivalRatePerSecond")]
    [InlineData("""{ "kind": "queue-tail", "stages": [{"servers":1,"serviceRatePerSecond":1}], "arrivalRatePerSecond": 1, "classes": [{"arrivalRatePerSecond":1}], "timesSeconds": [1] }""", "$.arrivalRatePerSecond")]
    [InlineData("""{ "kind": "queue-tail", "stages": [{"servers":1,"serviceRatePerSecond":1}], "arrivalRatePerSecond": 1, "timesSeconds": [2, 1] }""", "$.timesSeconds[1]")]
    [InlineData("""{ "kind": "queue-tail", "stages": [{"servers":1,"serviceRatePerSecond":1}], "classes": [], "timesSeconds": [1] }""", "$.classes")]
    public void MalformedTandems_AreRefusedWithTheirPath(string text, string path) =>
        Assert.StartsWith(path, Assert.Single(Solving.Problems(text)), StringComparison.Ordinal);

    private static QueueTailMarket Draw(ulong seed)
    {
        var rng = Rng.Stream(seed, 9);
        var load = 1000 * rng.NextDouble();
        var stages = ImmutableArray.CreateBuilder<TandemStage>();
        for (var s = 1 + rng.NextInt(3); s > 0; s--)
        {
            // Rates from a short list, so that poles coincide often; now and then not stable.
            var rate = rng.NextInt(2) == 0 ? 100 : 20 + (400 * rng.NextDouble());
            var busy = rng.NextInt(12) == 0 ? 1.05 : 0.2 + (0.79 * rng.NextDouble());
            stages.Add(new TandemStage { Servers = Math.Max(1, (int)Math.Ceiling(load / rate / busy)), ServiceRate = rate });
        }

        if (rng.NextInt(10) == 0)
        {
            load = 0;
        }

        return new QueueTailMarket
        {
            Stages = stages.ToImmutable(),
            ArrivalRate = load,
            Zeta = 0.05 + (0.94 * rng.NextDouble()),
            Times = [0, 0.001, 0.01, 0.05, 0.2, 1],
        };
    }
}
