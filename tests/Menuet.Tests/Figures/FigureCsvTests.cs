using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Menuet.Figures;

namespace Menuet.Tests.Figures;

public class FigureCsvTests
{
    [Theory]
    [InlineData("lines")]
    [InlineData("bars")]
    [InlineData("heat-map")]
    [InlineData("gaps")]
    public void Write_Sample_IsGolden(string name) => Golden.Matches(Csv(SampleFigures.All.Single(s => s.Name == name).Figure), $"Figures/{name}.csv");

    [Fact]
    public void Write_AwkwardName_IsQuoted()
    {
        var figure = new Figure("t", new Axis("x"), new Axis("y"), [new LineSeries("a \"b\", c\n", [1], [0.1]), new ReferenceLine("r", ReferenceDirection.Vertical, 2)]);
        Assert.Equal("series,x,y\n\"a \"\"b\"\", c\n\",1,0.1\nr,2,\n", Csv(figure));
    }

    [Fact]
    public void Write_RandomFigure_ReadsBackEveryNumberExactly() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(300), Prop.ForAll(RandomFigures.Any, figure =>
        {
            var rows = Parse(Csv(figure));
            Assert.All(rows, r => Assert.Equal(rows[0].Count, r.Count));
            var at = 1;
            foreach (var series in figure.Series)
            {
                var (xs, ys) = series switch
                {
                    LineSeries s => (s.X, s.Y),
                    ScatterSeries s => (s.X, s.Y),
                    StepSeries s => (s.X, s.Y),
                    BarSeries s => (default, s.Values),
                    HeatMapSeries s => (default, s.Values),
                    _ => (default, [((ReferenceLine)series).Value]),
                };
                for (var i = 0; i < ys.Length; i++, at++)
                {
                    Assert.Equal(series.Name, rows[at][0]);
                    var y = series is HeatMapSeries ? rows[at][^1] : rows[at][2].Length > 0 ? rows[at][2] : rows[at][1];
                    Assert.Equal(BitConverter.DoubleToInt64Bits(ys[i]), BitConverter.DoubleToInt64Bits(double.Parse(y, CultureInfo.InvariantCulture)));
                    if (!xs.IsDefault)
                        Assert.Equal(xs[i], double.Parse(rows[at][1], CultureInfo.InvariantCulture));
                }
            }
            Assert.Equal(rows.Count, at);
        }));

    private static string Csv(Figure figure)
    {
        using var writer = new StringWriter();
        FigureCsv.Write(figure, writer);
        return writer.ToString();
    }

    /// <summary>A plain reader of RFC 4180.</summary>
    private static List<List<string>> Parse(string text)
    {
        var rows = new List<List<string>>();
        var row = new List<string>();
        for (var i = 0; i < text.Length; i++)
        {
            var cell = "";
            if (text[i] == '"')
            {
                for (i++; text[i] != '"' || (i + 1 < text.Length && text[i + 1] == '"'); i++)
                {
                    cell += text[i];
                    if (text[i] == '"')
                        i++;
                }
                i++;
            }
            else
            {
                for (; text[i] is not (',' or '\n'); i++)
                    cell += text[i];
            }
            row.Add(cell);
            if (text[i] == '\n')
            {
                rows.Add(row);
                row = [];
            }
        }
        return rows;
    }
}
