using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.RegularExpressions;
using Menuet.Experiments.Papers;
using Menuet.Figures;

namespace Menuet.Experiments.Tests;

/// <summary>The report as a browser sees it.</summary>
public sealed partial class BrowserTests
{
    [BrowserFact]
    public void EveryChart_IsDrawn_AndNoScriptFails()
    {
        var folder = Directory.CreateTempSubdirectory("menuet-").FullName;
        try
        {
            var every = new Paper("every", "Every series", "@misc{every}", [new("all", "all", "", _ => new() { Figures = EverySeries() })], []);
            var summary = Reproduction.Run(new([Library.Find("lai2025")[0], every], folder, true, 1), _ => { }, default);
            Assert.Empty(summary.Failures);
            var page = Dump(Path.Combine(folder, "index.html"));
            var charts = int.Parse(Data(page, "charts"), null);
            Assert.True(charts >= 10, page[..Math.Min(page.Length, 400)]);
            Assert.Equal("", Data(page, "failures"));
            Assert.Equal(charts, int.Parse(Data(page, "drawn"), null));
            Assert.DoesNotContain("data-script-error", page, StringComparison.Ordinal);
            Assert.True(MarkGroups().Count(page) >= charts);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static ImmutableArray<Figure> EverySeries()
    {
        ImmutableArray<double> x = [1, 2, 3], y = [2, 1, 4], low = [1, 0.5, 3], high = [3, 2, 5];
        return
        [
            new("line with band", new("x"), new("y", "s"), [new LineSeries("line", x, y) { Low = low, High = high, Markers = true }, new LineSeries("dashed", x, low) { Dashed = true }]),
            new("points", new("x", Scale: AxisScale.Logarithmic), new("y"), [new ScatterSeries("points", x, y) { Low = low, High = high }, new ReferenceLine("at 2", ReferenceDirection.Vertical, 2)]),
            new("steps", new("x"), new("F"), [StepSeries.Ecdf("sample", [3, 1, 2])]),
            new("bars", new("scheme"), new("y"), [new BarSeries("bars", ["a", "b"], [1, 2]) { Low = [0.5, 1.5], High = [1.5, 2.5] }, new BarSeries("more", ["a", "b"], [2, 3]), new ReferenceLine("optimum", ReferenceDirection.Horizontal, 3)]),
            new("heat", new("x"), new("y"), [new HeatMapSeries("map", [1, 2], [1, 2], [1, 2, 3, double.NaN], new("value", "money"))]),
        ];
    }

    private static string Dump(string path)
    {
        using var browser = Process.Start(new ProcessStartInfo(
            BrowserFactAttribute.Browser!,
            ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--virtual-time-budget=20000", "--dump-dom", "file://" + path])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        browser.ErrorDataReceived += (_, _) => { };
        browser.BeginErrorReadLine();
        var page = browser.StandardOutput.ReadToEnd();
        browser.WaitForExit();
        return page;
    }

    private static string Data(string page, string name) =>
        Regex.Match(page, $"<body[^>]*data-{name}=\"([^\"]*)\"") is { Success: true } match ? match.Groups[1].Value : throw new InvalidOperationException($"The page says nothing of {name}.");

    [GeneratedRegex("class=\"mark-group role-frame root\"")]
    private static partial Regex MarkGroups();
}
