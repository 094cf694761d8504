using System.Globalization;
using System.Text.Json.Nodes;
using Menuet.Generation.Imaging;

namespace Menuet.Cli.Tests;

/// <summary>From drawn digits to a market, its mechanism, and contracts kept for real.</summary>
public sealed class MarketCommandTests(MarketCommandTests.Measured measured) : IClassFixture<MarketCommandTests.Measured>
{
    [Fact]
    public void ATwoStageContract_IsMeasuredFittedDesignedAndKept()
    {
        var market = measured.File("two-stage.json");
        var made = Session.Run("market", "from-measurement", measured.Folder, "--kind", "two-stage-contract", "--out", market);
        Assert.Equal(0, made.ExitCode);
        Assert.Contains("Families by AICc", made.Output, StringComparison.Ordinal);
        var solved = Session.Run("solve", market, "--format", "json");
        Assert.Equal(0, solved.ExitCode);
        var answer = JsonNode.Parse(solved.Output)!;
        Assert.Equal("optimal", (string)answer["status"]!);
        Assert.True((double)answer["objective"]! > 0);

        var kept = Session.Run("market", "execute", measured.Folder, "--market", market, "--users", "25", "--sheet", measured.File("sheet.png"));
        Assert.Equal(0, kept.ExitCode);
        var rows = kept.Output.Split('\n').Where(line => line.StartsWith("│ ", StringComparison.Ordinal)).Select(line => line.Split('│', StringSplitOptions.TrimEntries)[1..^1])
            .Where(cells => int.TryParse(cells[0], CultureInfo.InvariantCulture, out _)).Select(cells => cells.Select(cell => double.Parse(cell, CultureInfo.InvariantCulture)).ToArray()).ToArray();
        Assert.True(rows.Length >= 2);
        Assert.All(rows.Where(row => row.Length == 9).Zip(rows.Where(row => row.Length == 7), (quality, effort) => (Quality: quality, Effort: effort)), row =>
        {
            var (predicted, cell, realised, success, first, tries, attempts, delivered) =
                (row.Quality[3], row.Quality[4], row.Quality[5], row.Quality[6], row.Quality[7], row.Quality[8], row.Effort[2], row.Effort[5]);
            Assert.Equal(1 / success, row.Effort[1], 1e-4);
            // Standard errors: 0.2 / √25 of the realised quality, √(p (1 − p) / 25) of the first tries' success.
            Assert.InRange(realised - cell, -0.2, 0.2);
            Assert.InRange(predicted - cell, -0.15, 0.15);
            Assert.InRange(first - success, -0.35, 0.35);
            // Some intents are harder than others: who failed once fails again, so all tries succeed less often than first ones.
            Assert.InRange(tries, 0, first + 1e-9);
            Assert.Equal(delivered / attempts, tries, 1e-4);
            Assert.InRange(attempts, 1, 50);
            Assert.InRange(delivered, 0.5, 1);
        });
        Assert.Equal((25 * 58) + 2, Png.Read(File.ReadAllBytes(measured.File("sheet.png"))).Width);
    }

    [Fact]
    public void QualityContracts_TakeTheBestFamily_OrTheMeansThemselves()
    {
        var fitted = Session.Run("market", "from-measurement", measured.Folder, "--kind", "quality-contract", "--gains", "5,6,7");
        Assert.Equal(0, fitted.ExitCode);
        Assert.Equal(3, JsonNode.Parse(fitted.Output)!["types"]!.AsArray().Count);
        Assert.Equal(0, Session.RunWithInput(fitted.Output, "solve", "-").ExitCode);
        var means = JsonNode.Parse(Session.Run("market", "from-measurement", measured.Folder, "--kind", "quality-contract", "--curve", "measured").Output)!;
        var table = means["qualityModel"]!["table"]!.AsArray();
        var lines = File.ReadAllLines(Path.Combine(measured.Folder, "measurements.csv")).Skip(1).Select(line => line.Split(',')).ToArray();
        Assert.Equal(lines.Select(line => double.Parse(line[2], CultureInfo.InvariantCulture)), table.SelectMany(row => row!.AsArray().Select(cell => (double)cell!)));
        Assert.Equal(0, Session.RunWithInput(means.ToJsonString(), "solve", "-").ExitCode);
    }

    [Fact]
    public void AStackelbergPrice_IsMeasuredFittedAndDesigned()
    {
        // Steps are sold by the one measure that rises with them throughout.
        using var folder = new TemporaryFolder();
        Assert.Equal(0, Session.Run("measure", "--judge", "frechet", "--levels", "1", "--steps", "1..6", "--images", "80", "--seed", "3", "--out", folder.File("m")).ExitCode);
        var made = Session.Run("market", "from-measurement", folder.File("m"), "--kind", "stackelberg-pricing", "--level", "1", "--out", folder.File("price.json"));
        Assert.True(made.ExitCode == 0, made.Error);
        Assert.Contains("Families by AICc", made.Output, StringComparison.Ordinal);
        var answer = JsonNode.Parse(Session.Run("solve", folder.File("price.json"), "--format", "json").Output)!;
        Assert.Equal("optimal", (string)answer["status"]!);
        Assert.True((double)answer["objective"]! > 0);
        var refused = Session.Run("market", "execute", folder.File("m"), "--market", folder.File("price.json"));
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("belongs to many images", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void StackelbergPrices_ComeFromARisingCurve_AndAnyOtherIsRefused()
    {
        using var folder = new TemporaryFolder();
        void Write(string rows)
        {
            folder.Write("measurement.json", File.ReadAllText(Path.Combine(measured.Folder, "measurement.json")));
            folder.Write("measurements.csv", "level,steps,quality,deviation,count\n" + rows);
        }

        string Make(params string[] more) =>
            Session.Run(["market", "from-measurement", Path.GetDirectoryName(folder.File("x"))!, "--kind", "stackelberg-pricing", .. more]) is { } session
                ? session.Output + session.Error : "";
        Write(string.Concat(Enumerable.Range(1, 8).Select(s => FormattableString.Invariant($"1,{s},{0.9 - (0.01 * (s - 9) * (s - 9)) + (0.001 * (s % 2))},0.1,50\n2,{s},0.{s}5,0.1,50\n"))));
        var market = Make("--level", "1");
        Assert.Equal(-0.01, (double)JsonNode.Parse(market)!["quality"]!["curvature"]!, 3);
        var solved = Session.RunWithInput(market, "solve", "-", "--format", "json");
        Assert.Equal(0, solved.ExitCode);
        Assert.True((double)JsonNode.Parse(solved.Output)!["objective"]! > 0);
        Write(string.Concat(Enumerable.Range(1, 8).Select(s => FormattableString.Invariant($"1,{s},{0.5 + (0.01 * (s - 9) * (s - 9)) + (0.001 * (s % 2))},0.1,50\n"))));
        Assert.Contains("concave", Make(), StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsMissing_IsNamed()
    {
        using var folder = new TemporaryFolder();
        var none = Session.Run("market", "from-measurement", folder.File("none"), "--kind", "quality-contract");
        Assert.Equal(2, none.ExitCode);
        Assert.Contains("holds no measurement", none.Error, StringComparison.Ordinal);
        folder.Write("measurement.json", "{}");
        var unfinished = Session.Run("market", "from-measurement", Path.GetDirectoryName(folder.File("x"))!, "--kind", "quality-contract");
        Assert.Equal(2, unfinished.ExitCode);
        Assert.Contains("not finished", unfinished.Error, StringComparison.Ordinal);
        Assert.Equal(2, Session.Run("market", "from-measurement", measured.Folder, "--kind", "reward-contract").ExitCode);
        Assert.Equal(2, Session.Run("market", "from-measurement", measured.Folder, "--kind", "quality-contract", "--gains", "1,x").ExitCode);
        Assert.Equal(2, Session.Run("market", "from-measurement", measured.Folder, "--kind", "stackelberg-pricing", "--level", "9").ExitCode);
        Assert.Equal(2, Session.Run("market", "execute", measured.Folder, "--market", "wen2025/reward-contract").ExitCode);
        Assert.Equal(2, Session.Run("market", "execute", measured.Folder, "--market", "ye/quality-contract").ExitCode);
        foreach (var threshold in new[] { "NaN", "1.5", "x" })
            Assert.Equal(2, Session.Run("market", "execute", measured.Folder, "--market", "ye/quality-contract", "--threshold", threshold).ExitCode);
        Assert.Equal(2, Session.Run("market", "execute", measured.Folder, "--market", "ye/quality-contract", "--concurrency", "2").ExitCode);
    }

    public sealed class Measured : IDisposable
    {
        private readonly TemporaryFolder folder = new();

        public Measured() => Assert.Equal(0, Session.Run(
            "measure", "--levels", "0..4", "--steps", "1..5", "--images", "40", "--reference-steps", "8", "--threshold", "0.7", "--seed", "1", "--out", Folder).ExitCode);

        internal string Folder => folder.File("measured");

        public void Dispose() => folder.Dispose();

        internal string File(string name) => folder.File(name);
    }
}
