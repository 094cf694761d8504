using System.Text;
using System.Text.Json.Nodes;
using Menuet.Generation.Imaging;

namespace Menuet.Cli.Tests;

public sealed class MeasureCommandTests
{
    private static readonly string[] Small =
        ["measure", "--levels", "1..3", "--steps", "1..4", "--images", "6", "--reference-steps", "5", "--threshold", "0.6", "--seed", "2", "--out"];

    [Fact]
    public void AMeasurement_StoppedAndResumed_EndsInTheSameBytes()
    {
        using var folder = new TemporaryFolder();
        var whole = Session.Run([.. Small, folder.File("whole")]);
        Assert.Equal(0, whole.ExitCode);
        Assert.StartsWith("12 cells of 6 images; fidelity from ", whole.Output, StringComparison.Ordinal);

        using (var stop = new CancellationTokenSource())
        {
            using var progress = new StoppingWriter("5/12", stop);
            var terminal = new Terminal(new StringWriter(), progress, () => new MemoryStream(), IsInteractive: true);
            Assert.Equal(3, CommandLine.Run([.. Small, folder.File("parts")], terminal, stop.Token));
            Assert.Contains("stopped with 5 of 12 cells", progress.ToString(), StringComparison.Ordinal);
            Assert.Contains(" left", progress.ToString(), StringComparison.Ordinal);
        }

        Assert.False(File.Exists(Path.Combine(folder.File("parts"), "measurements.csv")));
        // A cell whose file is damaged is measured anew.
        File.WriteAllText(Path.Combine(folder.File("parts"), "cells", "level-1-steps-0002.json"), "{ \"level\": 1");
        Assert.Equal(0, Session.Run([.. Small, folder.File("parts"), "--resume"]).ExitCode);
        var files = Directory.EnumerateFiles(folder.File("whole"), "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(folder.File("whole"), file)).Order().ToArray();
        Assert.Equal(files, Directory.EnumerateFiles(folder.File("parts"), "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(folder.File("parts"), file)).Order());
        Assert.All(files.Where(file => file != "latency.csv" && !file.EndsWith(".seconds", StringComparison.Ordinal)), file =>
            Assert.Equal(File.ReadAllBytes(Path.Combine(folder.File("whole"), file)), File.ReadAllBytes(Path.Combine(folder.File("parts"), file))));
        Assert.Equal(13, File.ReadAllLines(Path.Combine(folder.File("parts"), "latency.csv")).Length);
        var sheet = Png.Read(File.ReadAllBytes(Path.Combine(folder.File("whole"), "samples.png")));
        Assert.Equal(((4 * 58) + 2, (3 * 58) + 2), (sheet.Width, sheet.Height));
    }

    [Fact]
    public void AFolder_IsNotOverwritten_NorResumedByAnotherPlan_ButTheThresholdMayChange()
    {
        using var folder = new TemporaryFolder();
        string[] tiny = ["measure", "--levels", "4", "--steps", "1..3", "--images", "2", "--reference-steps", "2", "--out", folder.File("m")];
        Assert.Equal(0, Session.Run(tiny).ExitCode);
        var again = Session.Run(tiny);
        Assert.Equal(2, again.ExitCode);
        Assert.Contains("--resume", again.Error, StringComparison.Ordinal);
        var other = Session.Run([.. tiny, "--resume", "--seed", "1"]);
        Assert.Equal(2, other.ExitCode);
        Assert.Contains("seed differs: this measurement has 0, asked is 1", other.Error, StringComparison.Ordinal);
        Assert.Equal(0, Session.Run([.. tiny, "--resume", "--threshold", "-9"]).ExitCode);
        var rows = File.ReadAllLines(Path.Combine(folder.File("m"), "measurements.csv"));
        Assert.StartsWith("level,steps,quality,deviation,count,success,", rows[0], StringComparison.Ordinal);
        Assert.All(rows.Skip(1), row => Assert.Equal("1", row.Split(',')[5]));
        File.WriteAllText(Path.Combine(folder.File("m"), "measurement.json"), "[]");
        Assert.Equal(2, Session.Run([.. tiny, "--resume"]).ExitCode);
    }

    [Fact]
    public void WhatIsMeasured_IsFitted_AndTheBestFamilyNamed()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(0, Session.Run("measure", "--levels", "0..2", "--steps", "1..6", "--images", "10", "--reference-steps", "5", "--out", folder.File("m")).ExitCode);
        var fit = Session.Run("fit", Path.Combine(folder.File("m"), "measurements.csv"), "--format", "json");
        Assert.Equal(0, fit.ExitCode);
        var json = JsonNode.Parse(fit.Output)!;
        var (best, others) = ((double)json["correctedAkaike"]!, json["runnersUp"]!.AsArray());
        Assert.Equal(2, others.Count);
        Assert.All(others, other => Assert.True((double)other!["correctedAkaike"]! >= best));
        Assert.Equal(["exponential", "log-linear", "quadratic"], others.Select(other => (string)other!["model"]!).Append((string)json["model"]!).Order());
    }

    [Theory]
    [InlineData("--levels", "0..5")]
    [InlineData("--levels", "3..1")]
    [InlineData("--steps", "0..3")]
    [InlineData("--steps", "1..1001")]
    [InlineData("--steps", "1...3")]
    [InlineData("--images", "1")]
    [InlineData("--threshold", "NaN")]
    [InlineData("--judge", "confidence")]
    [InlineData("--task", "video")]
    [InlineData("--mask", "docs/none.png")]
    public void OptionsOutOfRange_AreRefused(string option, string value) =>
        Assert.Equal(2, Session.Run("measure", "--out", Path.Combine(Path.GetTempPath(), "menuet-never-written"), option, value).ExitCode);

    /// <summary>Cancels when it reads a word.</summary>
    private sealed class StoppingWriter(string word, CancellationTokenSource stop) : StringWriter
    {
        public override void Write(string? value)
        {
            base.Write(value);
            if (value?.Contains(word, StringComparison.Ordinal) == true)
            {
                stop.Cancel();
            }
        }

        public override Encoding Encoding => Encoding.UTF8;
    }
}
