using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using FsCheck;
using FsCheck.Fluent;
using Menuet.Figures;

namespace Menuet.Tests.Figures;

public class SvgWriterTests
{
    private static readonly XNamespace Space = "http://www.w3.org/2000/svg";

    public static TheoryData<string> Names => [.. SampleFigures.All.Select(s => s.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Render_Sample_IsGolden(string name) =>
        Golden.Matches(Svg.Render(SampleFigures.All.Single(s => s.Name == name).Figure), $"Figures/{name}.svg");

    [Theory]
    [MemberData(nameof(Names))]
    public void Render_Sample_IsWellFormedAndNamed(string name)
    {
        var figure = SampleFigures.All.Single(s => s.Name == name).Figure;
        var root = XDocument.Parse(Svg.Render(figure)).Root!;
        Assert.Equal("img", root.Attribute("role")!.Value);
        var ids = root.Attribute("aria-labelledby")!.Value.Split(' ');
        Assert.Equal([root.Element(Space + "title")!.Attribute("id")!.Value, root.Element(Space + "desc")!.Attribute("id")!.Value], ids);
        Assert.Equal(figure.Title.Replace('\u0001', '\ufffd'), root.Element(Space + "title")!.Value);
        Assert.Contains("prefers-color-scheme:dark", root.Element(Space + "style")!.Value, StringComparison.Ordinal);
        var defined = root.Descendants().Attributes("id").Select(a => a.Value).ToHashSet();
        var used = Regex.Matches(root.ToString(), @"(?:url\(#|href=""#)([^)""]+)").Select(m => m.Groups[1].Value);
        Assert.All(used, id => Assert.Contains(id, defined));
    }

    [Fact]
    public void Render_RandomFigure_IsFiniteWellFormedAndInsideThePlot() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(1500), Prop.ForAll(RandomFigures.Any, figure =>
        {
            var text = Svg.Render(figure);
            var root = XDocument.Parse(text).Root!;
            var plot = root.Descendants(Space + "clipPath").Single().Element(Space + "rect")!;
            var (left, top) = (Number(plot, "x"), Number(plot, "y"));
            var (right, bottom) = (left + Number(plot, "width"), top + Number(plot, "height"));
            Assert.True(right - left > 20, "no room is left for the plot");
            var data = root.Elements(Space + "g").Single(g => (string?)g.Attribute("class") == "data");
            foreach (var (x, y) in Points(data))
            {
                Assert.InRange(x, left - 3.011, right + 3.011);
                Assert.InRange(y, top - 0.011, bottom + 0.011);
            }
            foreach (var number in Coordinates(root))
                Assert.True(double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && Math.Abs(value) < 1e5, number);
        }));

    [Fact]
    public void Render_RandomFigureWithFixedEnds_IsFiniteAndWellFormed() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(1000), Prop.ForAll(RandomFigures.Cut, figure =>
            Assert.All(Coordinates(XDocument.Parse(Svg.Render(figure)).Root!),
                number => Assert.True(double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && Math.Abs(value) < 1e5, number))));

    [Fact]
    public void Render_SameFigureInAnotherCulture_IsTheSameText() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(100), Prop.ForAll(RandomFigures.Any, figure =>
        {
            var before = CultureInfo.CurrentCulture;
            var first = Svg.Render(figure);
            try
            {
                var odd = (CultureInfo)CultureInfo.InvariantCulture.Clone();
                (odd.NumberFormat.NumberDecimalSeparator, odd.NumberFormat.NegativeSign, odd.NumberFormat.NumberGroupSeparator) = (",", "~", "_");
                CultureInfo.CurrentCulture = odd;
                Assert.Equal(first, Svg.Render(figure));
            }
            finally
            {
                CultureInfo.CurrentCulture = before;
            }
        }));

    [Fact]
    public void Render_Gap_BreaksTheLine()
    {
        var text = Svg.Render(new Figure("t", new Axis("x"), new Axis("y"), [new LineSeries("a", [0, 1, 2, 3, 4], [0, 1, double.NaN, 3, 4])]));
        var line = XDocument.Parse(text).Descendants(Space + "path").Single(p => (string?)p.Attribute("stroke") == "currentColor").Attribute("d")!.Value;
        Assert.Equal(2, line.Count(c => c == 'M'));
        Assert.Contains("Not drawn: 1 value that is not finite.", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_PointsOnALine_LieWhereTheAxisSays()
    {
        var axis = new Axis("x") { Minimum = 0, Maximum = 10 };
        var root = XDocument.Parse(Svg.Render(new Figure("t", axis, new Axis("y", "", AxisScale.Logarithmic) { Minimum = 1, Maximum = 100 },
            [new ScatterSeries("a", [0, 5, 10], [1, 10, 100])]))).Root!;
        var plot = root.Descendants(Space + "clipPath").Single().Element(Space + "rect")!;
        var (left, top, width, height) = (Number(plot, "x"), Number(plot, "y"), Number(plot, "width"), Number(plot, "height"));
        var marks = root.Descendants(Space + "use").Select(u => (Number(u, "x"), Number(u, "y"))).ToArray();
        Assert.Equal(3, marks.Length);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(left + (width * i / 2), marks[i].Item1, 0.02);
            Assert.Equal(top + height - (height * i / 2), marks[i].Item2, 0.02);
        }
    }

    [Fact]
    public void Render_HeatMap_ColoursEveryCellByItsValue()
    {
        var figure = new Figure("t", new Axis("x"), new Axis("y"), [new HeatMapSeries("h", [1, 2], [1, 2], [0, 1, double.NaN, 0.5], new Axis("v"))]);
        var fills = XDocument.Parse(Svg.Render(figure)).Descendants(Space + "g").Single(g => (string?)g.Attribute("shape-rendering") == "crispEdges")
            .Elements().Select(r => r.Attribute("fill")!.Value).ToArray();
        Assert.Equal([ColourScale.Colours[0], ColourScale.Colours[^1]], fills[..2]);
        Assert.StartsWith("url(#", fills[2], StringComparison.Ordinal);
        Assert.Equal(ColourScale.At(0.5), fills[3]);
    }

    [Fact]
    public void Render_LegendRows_StayAboveThePlot()
    {
        var root = XDocument.Parse(Svg.Render(SampleFigures.All.Single(s => s.Name == "many").Figure)).Root!;
        var top = Number(root.Descendants(Space + "clipPath").Single().Element(Space + "rect")!, "y");
        var legend = root.Elements(Space + "g").Single(g => (string?)g.Attribute("class") == "legend");
        Assert.Equal(14, legend.Elements(Space + "text").Count());
        Assert.All(legend.Elements(Space + "text"), t => Assert.True(Number(t, "y") < top - 4));
    }

    [Fact]
    public void Render_PointsAndLineOfOneName_ShareColourAndLegendEntry()
    {
        var root = XDocument.Parse(Svg.Render(With(
            new LineSeries("a", [1, 2], [1, 2]), new LineSeries("b", [1, 2], [2, 1]), new ScatterSeries("a", [1, 2], [1, 2])))).Root!;
        var colours = root.Elements(Space + "g").Single(g => (string?)g.Attribute("class") == "data").Elements(Space + "g").Select(g => g.Attribute("class")!.Value);
        Assert.Equal(["c0", "c1", "c0"], colours);
        Assert.Equal(["a", "b"], root.Elements(Space + "g").Single(g => (string?)g.Attribute("class") == "legend").Elements(Space + "text").Select(t => t.Value));
    }

    [Fact]
    public void Render_TwoFiguresOnAPage_ShareNoIds()
    {
        static HashSet<string> Ids(Figure figure) => [.. XDocument.Parse(Svg.Render(figure)).Descendants().Attributes("id").Select(a => a.Value)];
        Assert.Empty(Ids(SampleFigures.All[0].Figure).Intersect(Ids(SampleFigures.All[1].Figure)));
    }

    public static TheoryData<Figure, string> Contradictions => new()
    {
        { With(new LineSeries("a", [1, 2], [1])), "differ in length" },
        { With(new LineSeries("a", [1], [1]) { Low = [1] }), "a low needs a high" },
        { With(new LineSeries("a", [1], [1]) { Low = [1, 2], High = [1, 2] }), "low or high differ in length" },
        { With(new BarSeries("a", ["k"], [1]), new BarSeries("b", ["m"], [1])), "same categories" },
        { With(new BarSeries("a", ["k"], [1]), new LineSeries("b", [1], [1])), "horizontal reference lines only" },
        { With(new HeatMapSeries("a", [2, 1], [1], [0, 0], new Axis("v"))), "strictly increasing" },
        { With(new HeatMapSeries("a", [1, 2], [1], [0], new Axis("v"))), "needs 2 x 1 values" },
        { With(new ReferenceLine("a", ReferenceDirection.Vertical, double.NaN)), "not finite" },
        { With(new StepSeries("a", [2, 1], [0, 0])), "decreases" },
        { With() with { XAxis = new Axis("x") { Minimum = 2, Maximum = 1 } }, "before it begins" },
        { With() with { XAxis = new Axis("x") { Minimum = 1, Maximum = 1 + 1e-15 } }, "too close" },
        { With() with { XAxis = new Axis("x", "", AxisScale.Logarithmic) { Minimum = 0 } }, "not positive" },
        { With() with { Width = 10 }, "width 10" },
    };

    [Theory]
    [MemberData(nameof(Contradictions))]
    public void Render_Contradiction_IsRefusedWithItsReason(Figure figure, string reason)
    {
        var error = Assert.Throws<ArgumentException>(() => Svg.Render(figure));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    private static Figure With(params Series[] series) => new("t", new Axis("x"), new Axis("y"), [.. series]);

    private static double Number(XElement element, string name) => double.Parse(element.Attribute(name)!.Value, CultureInfo.InvariantCulture);

    /// <summary>Every corner of every path, mark and rectangle.</summary>
    private static IEnumerable<(double X, double Y)> Points(XElement data)
    {
        foreach (var mark in data.Descendants(Space + "use"))
            yield return (Number(mark, "x"), Number(mark, "y"));
        foreach (var bar in data.Descendants(Space + "rect"))
        {
            Assert.True(Number(bar, "width") >= 0 && Number(bar, "height") >= 0);
            yield return (Number(bar, "x"), Number(bar, "y"));
            yield return (Number(bar, "x") + Number(bar, "width"), Number(bar, "y") + Number(bar, "height"));
        }
        foreach (var path in data.Descendants(Space + "path"))
        {
            var (x, y) = (0.0, 0.0);
            foreach (Match command in Regex.Matches(path.Attribute("d")!.Value, @"([MLHVhvZ])([-0-9. ]*)"))
            {
                var numbers = command.Groups[2].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(n => double.Parse(n, CultureInfo.InvariantCulture)).ToArray();
                (x, y) = command.Groups[1].Value switch
                {
                    "M" or "L" => (numbers[0], numbers[1]),
                    "H" => (numbers[0], y),
                    "h" => (x + numbers[0], y),
                    "V" => (x, numbers[0]),
                    _ => (x, y),
                };
                yield return (x, y);
            }
        }
    }

    /// <summary>All numbers of all attributes that hold coordinates.</summary>
    private static IEnumerable<string> Coordinates(XElement root) => root.Descendants()
        .SelectMany(e => e.Attributes())
        .Where(a => a.Name.LocalName is "x" or "y" or "d" or "width" or "height" or "stroke-width" or "font-size" or "viewBox")
        .SelectMany(a => Regex.Split(a.Value, "[MLHVAZhv ]").Where(n => n.Length > 0));
}
