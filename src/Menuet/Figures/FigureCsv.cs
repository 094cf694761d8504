using System.Collections.Immutable;
using System.Globalization;

namespace Menuet.Figures;

/// <summary>Writes the data of a figure, so that others can draw it their own way.</summary>
public static class FigureCsv
{
    /// <summary>One tidy table: a row per observation.</summary>
    /// <param name="figure">Its columns: series, x, y, then low and high where any series has them, then value where there is a heat map.</param>
    /// <param name="writer">Receives a header and the rows, comma separated, quoted as in RFC 4180, each line ended by LF.</param>
    /// <remarks>
    /// Bars have their category as x. A reference line has only the coordinate that it fixes. Numbers are the shortest that read back as the same
    /// double; NaN and infinity are written as NaN, Infinity and -Infinity; a cell is empty where a series has no such column.
    /// </remarks>
    /// <exception cref="ArgumentException">The figure contradicts itself.</exception>
    public static void Write(Figure figure, TextWriter writer)
    {
        ArgumentNullException.ThrowIfNull(figure);
        ArgumentNullException.ThrowIfNull(writer);
        figure.Check();
        var intervals = figure.Series.Any(s => !Interval(s).Low.IsDefaultOrEmpty);
        var values = figure.Series.Any(s => s is HeatMapSeries);
        writer.Write("series,x,y");
        writer.Write(intervals ? ",low,high" : "");
        writer.Write(values ? ",value\n" : "\n");
        foreach (var series in figure.Series)
        {
            var name = TableCsv.Quote(series.Name);
            var (low, high) = Interval(series);
            void Row(int i, string x, string y, string value = "")
            {
                writer.Write($"{name},{x},{y}");
                if (intervals)
                    writer.Write(low.IsDefaultOrEmpty ? ",," : $",{Number(low[i])},{Number(high[i])}");
                writer.Write(values ? $",{value}\n" : "\n");
            }
            switch (series)
            {
                case LineSeries s: Rows(s.X, s.Y); break;
                case ScatterSeries s: Rows(s.X, s.Y); break;
                case StepSeries s: Rows(s.X, s.Y); break;
                case BarSeries s:
                    for (var i = 0; i < s.Values.Length; i++)
                        Row(i, TableCsv.Quote(s.Categories[i]), Number(s.Values[i]));
                    break;
                case HeatMapSeries s:
                    for (var i = 0; i < s.Values.Length; i++)
                        Row(i, Number(s.X[i % s.X.Length]), Number(s.Y[i / s.X.Length]), Number(s.Values[i]));
                    break;
                case ReferenceLine { Direction: ReferenceDirection.Vertical } s: Row(0, Number(s.Value), ""); break;
                case ReferenceLine s: Row(0, "", Number(s.Value)); break;
                default: throw new InvalidOperationException($"unknown series {series.GetType()}");
            }

            void Rows(ImmutableArray<double> x, ImmutableArray<double> y)
            {
                for (var i = 0; i < x.Length; i++)
                    Row(i, Number(x[i]), Number(y[i]));
            }
        }
    }

    private static (ImmutableArray<double> Low, ImmutableArray<double> High) Interval(Series series) => series switch
    {
        LineSeries s => (s.Low, s.High),
        ScatterSeries s => (s.Low, s.High),
        BarSeries s => (s.Low, s.High),
        _ => default,
    };

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
