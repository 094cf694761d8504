using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Menuet.Figures;

internal sealed partial class Drawing
{
    // Marks by style: disc, square, triangle, diamond, inverted triangle, plus.
    private static readonly ImmutableArray<string> Shapes =
    [
        "M-3.6 0A3.6 3.6 0 1 1 3.6 0A3.6 3.6 0 1 1 -3.6 0Z", "M-3.2 -3.2H3.2V3.2H-3.2Z", "M0 -4.4L4 3H-4Z",
        "M0 -4.6L4.6 0L0 4.6L-4.6 0Z", "M0 4.4L4 -3H-4Z", "M-1.3 -4.2H1.3V-1.3H4.2V1.3H1.3V4.2H-1.3V1.3H-4.2V-1.3H-1.3Z",
    ];

    private static readonly ImmutableArray<string> CurveDashes = ["", "7 3", "2 3", "9 3 2 3"];
    private static readonly ImmutableArray<string> ReferenceDashes = ["6 4", "2 3", "10 3 2 3", "1 4"];

    // On a heat map every curve is white with a dark edge, which stands out from all its colours.
    private const string OnMap = "#ffffff";
    private const string OnMapEdge = "#111111";

    private static bool Marked(Series series) => series is LineSeries or ScatterSeries;

    private void DrawSeries()
    {
        if (map is not null)
            DrawHeatMap(map);
        foreach (var (series, style) in styled)
        {
            if (series is LineSeries line)
                DrawBand(line, style);
        }
        var bars = figure.Series.OfType<BarSeries>().Count();
        foreach (var (series, style) in styled)
        {
            if (series is BarSeries bar)
                DrawBars(bar, style, bars);
        }
        foreach (var (series, style) in styled)
        {
            if (series is ReferenceLine reference)
                DrawReference(reference, style);
        }
        foreach (var (series, style) in styled)
        {
            switch (series)
            {
                case LineSeries s: DrawLine(s, style); break;
                case StepSeries s: DrawSteps(s, style); break;
                case ScatterSeries s: DrawScatter(s, style); break;
                default: break;
            }
        }
    }

    private void DrawLine(LineSeries series, int style)
    {
        Add($"<g class=\"c{style % Theme.Light.Length}\">");
        var path = new StringBuilder();
        var lonely = new List<(double X, double Y)>();
        foreach (var run in Runs(series.X, series.Y))
        {
            if (run.Count == 1)
                lonely.Add(run[0]);
            else
                AppendPath(path, run);
        }
        Stroke(path.ToString(), Dash(style, series.Dashed), 2);
        if (series.Markers)
            Marks(Runs(series.X, series.Y).SelectMany(r => r), style);
        else
            Marks(lonely, style);
        Add("</g>");
    }

    private void DrawSteps(StepSeries series, int style)
    {
        Add($"<g class=\"c{style % Theme.Light.Length}\">");
        var path = new StringBuilder();
        var pen = series.Before is { } before && !double.IsNaN(y.Map(before));
        if (pen)
            path.Append(CultureInfo.InvariantCulture, $"M{N(left)} {N(y.Map(series.Before!.Value))}");
        for (var i = 0; i < series.X.Length; i++)
        {
            var (px, py) = (x.Map(series.X[i]), y.Map(series.Y[i]));
            if (pen && !double.IsNaN(px))
                path.Append(CultureInfo.InvariantCulture, $"H{N(px)}");
            if (double.IsNaN(px) || double.IsNaN(py))
                pen = false;
            else
                path.Append(CultureInfo.InvariantCulture, $"{(pen ? "V" : $"M{N(px)} ")}{N(py)}");
            pen = !double.IsNaN(px) && !double.IsNaN(py);
        }
        if (pen && (series.Before is not null || series.X.Length == 1))
            path.Append(CultureInfo.InvariantCulture, $"H{N(right)}");
        Stroke(path.ToString(), Dash(style, false), 2);
        Add("</g>");
    }

    private void DrawScatter(ScatterSeries series, int style)
    {
        Add($"<g class=\"c{style % Theme.Light.Length}\">");
        var whiskers = new StringBuilder();
        for (var i = 0; i < series.X.Length && !series.Low.IsDefaultOrEmpty; i++)
            AppendWhisker(whiskers, x.Map(series.X[i]), y.Map(series.Low[i]), y.Map(series.High[i]));
        Stroke(whiskers.ToString(), "", 1.2);
        Marks(Runs(series.X, series.Y).SelectMany(r => r), style);
        Add("</g>");
    }

    private void DrawBand(LineSeries series, int style)
    {
        if (series.Low.IsDefaultOrEmpty)
            return;
        var path = new StringBuilder();
        var whiskers = new StringBuilder();
        var run = new List<(double X, double Low, double High)>();
        for (var i = 0; i <= series.X.Length; i++)
        {
            var point = i < series.X.Length ? (X: x.Map(series.X[i]), Low: y.Map(series.Low[i]), High: y.Map(series.High[i])) : (double.NaN, 0, 0);
            if (!double.IsNaN(point.X + point.Low + point.High))
            {
                run.Add(point);
                continue;
            }
            if (run.Count == 1)
                AppendWhisker(whiskers, run[0].X, run[0].Low, run[0].High);
            else if (run.Count > 1)
                AppendPath(path, [.. run.Select(p => (p.X, p.High)), .. run.AsEnumerable().Reverse().Select(p => (p.X, p.Low))], close: true);
            run.Clear();
        }
        Add($"<g class=\"c{style % Theme.Light.Length}\">");
        if (path.Length > 0)
            Add($"<path fill=\"{(map is null ? "currentColor" : OnMap)}\" fill-opacity=\"0.18\" d=\"{path}\"/>");
        Stroke(whiskers.ToString(), "", 1.2);
        Add("</g>");
    }

    private void DrawBars(BarSeries series, int style, int count)
    {
        var band = (right - left) / Math.Max(1, categories.Length);
        var width = 0.76 * band / count;
        var floor = y.Kind == AxisScale.Logarithmic ? bottom : Math.Clamp(y.Map(0), top, bottom);
        var whiskers = new StringBuilder();
        Add($"<g class=\"c{style % Theme.Light.Length}\" fill=\"currentColor\">");
        for (var i = 0; i < series.Values.Length; i++)
        {
            var start = left + (i * band) + (0.12 * band) + (style * width);
            var tip = Math.Clamp(y.Map(series.Values[i]), top, bottom);
            if (double.IsNaN(tip))
                continue;
            var gap = Math.Min(1, 0.1 * width);
            var size = $"width=\"{N(width - (2 * gap))}\" height=\"{N(Math.Abs(tip - floor))}\"";
            Add($"<rect x=\"{N(start + gap)}\" y=\"{N(Math.Min(tip, floor))}\" {size}{Faded(style)}>" +
                $"<title>{E(BarTitle(series, i))}</title></rect>");
            if (!series.Low.IsDefaultOrEmpty)
                AppendWhisker(whiskers, start + (width / 2), y.Map(series.Low[i]), y.Map(series.High[i]));
        }
        Add("</g>");
        if (whiskers.Length > 0)
            Add($"<path class=\"whisker\" stroke-width=\"1.2\" d=\"{whiskers}\"/>");
    }

    private static string BarTitle(BarSeries series, int i)
    {
        var value = series.Values[i].ToString("G6", CultureInfo.InvariantCulture);
        return series.Name.Length > 0 ? $"{series.Name}, {series.Categories[i]}: {value}" : $"{series.Categories[i]}: {value}";
    }

    /// <summary>The second and later rounds through the colours are paler.</summary>
    private static string Faded(int style) =>
        style < Theme.Light.Length ? "" : $" fill-opacity=\"{N(Math.Max(0.3, 1 - (0.4 * (style / Theme.Light.Length))))}\"";

    private void DrawReference(ReferenceLine line, int style)
    {
        var at = line.Direction == ReferenceDirection.Vertical ? x.Map(line.Value) : y.Map(line.Value);
        if (double.IsNaN(at))
            return;
        Add("<g>");
        Stroke(line.Direction == ReferenceDirection.Vertical ? $"M{N(at)} {N(top)}V{N(bottom)}" : $"M{N(left)} {N(at)}H{N(right)}",
            ReferenceDashes[style % ReferenceDashes.Length], 1.5, "whisker");
        Add("</g>");
    }

    private void DrawHeatMap(HeatMapSeries series)
    {
        var (columns, rows) = (Positions(Edges(series.X, figure.XAxis.Scale), x), Positions(Edges(series.Y, figure.YAxis.Scale), y));
        Add("<g shape-rendering=\"crispEdges\">");
        for (var i = 0; i < series.Y.Length; i++)
        {
            for (var j = 0; j < series.X.Length;)
            {
                // Neighbours of one colour are one rectangle: large maps stay small files, without seams.
                var shade = Shade(series.Values[(i * series.X.Length) + j]);
                var end = j + 1;
                while (end < series.X.Length && Shade(series.Values[(i * series.X.Length) + end]) == shade)
                    end++;
                var fill = shade < 0 ? $"url(#{IdMark}-hatch)" : ColourScale.Colours[shade];
                var size = $"width=\"{N(columns[end] - columns[j])}\" height=\"{N(rows[i] - rows[i + 1])}\"";
                Add($"<rect x=\"{N(columns[j])}\" y=\"{N(rows[i + 1])}\" {size} fill=\"{fill}\"/>");
                j = end;
            }
        }
        Add("</g>");
    }

    private int Shade(double value)
    {
        var at = colour.Map(value);
        return double.IsNaN(at) ? -1 : ColourScale.Index((bottom - at) / (bottom - top));
    }

    // Rounded to the page's two decimals, so that cells meet exactly.
    private static double[] Positions(IEnumerable<double> edges, Scale scale) => [.. edges.Select(e => Math.Round(scale.Map(e), 2))];

    /// <summary>Cell borders half-way between the centres, in the axis's own measure; n + 1 for n centres.</summary>
    private static double[] Edges(ImmutableArray<double> centres, AxisScale kind)
    {
        var logarithmic = kind == AxisScale.Logarithmic;
        var at = centres.Select(c => logarithmic ? Math.Log10(c) : c).ToArray();
        var n = at.Length;
        var edges = new double[n + 1];
        for (var i = 1; i < n; i++)
            edges[i] = (at[i - 1] / 2) + (at[i] / 2);
        var (first, last) = n > 1 ? (edges[1] - at[0], at[n - 1] - edges[n - 1]) : (0.5, 0.5);
        edges[0] = Math.Clamp(at[0] - first, double.MinValue, double.MaxValue);
        edges[n] = Math.Clamp(at[n - 1] + last, double.MinValue, double.MaxValue);
        return logarithmic ? [.. edges.Select(e => Math.Clamp(Math.Pow(10, e), double.Epsilon, double.MaxValue))] : edges;
    }

    /// <summary>The points between gaps, as page coordinates.</summary>
    private IEnumerable<List<(double X, double Y)>> Runs(ImmutableArray<double> xs, ImmutableArray<double> ys)
    {
        var run = new List<(double X, double Y)>();
        for (var i = 0; i < xs.Length; i++)
        {
            var point = (X: x.Map(xs[i]), Y: y.Map(ys[i]));
            if (!double.IsNaN(point.X) && !double.IsNaN(point.Y))
            {
                run.Add(point);
                continue;
            }
            if (run.Count > 0)
                yield return run;
            run = [];
        }
        if (run.Count > 0)
            yield return run;
    }

    private static void AppendPath(StringBuilder path, List<(double X, double Y)> points, bool close = false)
    {
        var last = "";
        for (var i = 0; i < points.Count; i++)
        {
            var at = $"{N(points[i].X)} {N(points[i].Y)}";
            if (at == last)
                continue;
            path.Append(i == 0 ? 'M' : 'L').Append(at);
            last = at;
        }
        if (close)
            path.Append('Z');
    }

    private static void AppendWhisker(StringBuilder path, double at, double low, double high)
    {
        if (!double.IsNaN(at + low + high))
            path.Append(CultureInfo.InvariantCulture, $"M{N(at - 3)} {N(low)}h6.00M{N(at)} {N(low)}V{N(high)}M{N(at - 3)} {N(high)}h6.00");
    }

    private static string Dash(int style, bool dashed) =>
        dashed ? "6 4" : CurveDashes[style / Theme.Light.Length % CurveDashes.Length];

    private void Stroke(string path, string dash, double width, string? ink = null)
    {
        if (path.Length == 0)
            return;
        var dashes = dash.Length > 0 ? $" stroke-dasharray=\"{dash}\"" : "";
        var common = $"fill=\"none\" stroke-linejoin=\"round\" d=\"{path}\"/>";
        if (map is not null)
        {
            Add($"<path stroke=\"{OnMapEdge}\" stroke-width=\"{N(width + 2)}\" {common}");
            Add($"<path stroke=\"{OnMap}\" stroke-width=\"{N(width)}\"{dashes} {common}");
        }
        else
        {
            Add($"<path {(ink is null ? "stroke=\"currentColor\"" : $"class=\"{ink}\"")} stroke-width=\"{N(width)}\"{dashes} {common}");
        }
    }

    private void Marks(IEnumerable<(double X, double Y)> points, int style)
    {
        var look = map is null ? "class=\"halo\" fill=\"currentColor\" stroke-width=\"0.8\""
            : $"fill=\"{OnMap}\" stroke=\"{OnMapEdge}\" stroke-width=\"1.2\"";
        var any = false;
        foreach (var point in points)
        {
            if (!any)
                Add($"<g {look}>");
            any = true;
            Add($"<use href=\"#{IdMark}-mark{style % Shapes.Length}\" x=\"{N(point.X)}\" y=\"{N(point.Y)}\"/>");
        }
        if (any)
            Add("</g>");
    }

    /// <summary>One name in the legend with everything that bears it.</summary>
    private sealed record LegendEntry(ImmutableArray<(Series Series, int Style)> Members, string Text, double Offset);

    private ImmutableArray<ImmutableArray<LegendEntry>> LayLegend(double width)
    {
        var named = styled.Where(s => s.Series.Name.Length > 0 && s.Series is not HeatMapSeries)
            .GroupBy(s => (s.Series.Name, s.Style, s.Series is ReferenceLine)).ToArray();
        if (named.Length == 0 || (named.Length == 1 && map is null && named[0].First().Series is not ReferenceLine))
            return [];
        var rows = ImmutableArray.CreateBuilder<ImmutableArray<LegendEntry>>();
        var row = ImmutableArray.CreateBuilder<LegendEntry>();
        var offset = 0.0;
        foreach (var group in named)
        {
            var text = Lettering.Shorten(group.Key.Name, CaptionSize, width - SwatchWidth - 6);
            var room = SwatchWidth + 6 + Lettering.Width(text, CaptionSize);
            if (row.Count > 0 && offset + room > width)
            {
                rows.Add(row.ToImmutable());
                row.Clear();
                offset = 0;
            }
            row.Add(new LegendEntry([.. group], text, offset));
            offset += room + 14;
        }
        rows.Add(row.ToImmutable());
        return rows.ToImmutable();
    }

    private void Legend()
    {
        if (legend.Length == 0)
            return;
        Add("<g class=\"legend\">");
        for (var row = 0; row < legend.Length; row++)
        {
            var middle = Margin + (22 * title.Length) + (LegendRow * row) + 10;
            foreach (var entry in legend[row])
            {
                foreach (var (series, style) in entry.Members)
                    Swatch(series, style, Margin + entry.Offset, middle);
                Text("ink", Margin + entry.Offset + SwatchWidth + 6, middle + 4, entry.Text, CaptionSize, "start");
            }
        }
        Add("</g>");
    }

    private void Swatch(Series series, int style, double start, double middle)
    {
        var stroke = $"M{N(start)} {N(middle)}h{N(SwatchWidth)}";
        (double, double)[] centre = [(start + (SwatchWidth / 2), middle)];
        Add($"<g{(series is ReferenceLine ? "" : $" class=\"c{style % Theme.Light.Length}\"")}>");
        switch (series)
        {
            case LineSeries s:
                if (!s.Low.IsDefaultOrEmpty)
                {
                    Add($"<rect x=\"{N(start)}\" y=\"{N(middle - 6)}\" width=\"{N(SwatchWidth)}\" height=\"12.00\" " +
                        "fill=\"currentColor\" fill-opacity=\"0.18\"/>");
                }
                Stroke(stroke, Dash(style, s.Dashed), 2);
                if (s.Markers)
                    Marks(centre, style);
                break;
            case StepSeries:
                Stroke(stroke, Dash(style, false), 2);
                break;
            case ScatterSeries:
                Marks(centre, style);
                break;
            case BarSeries:
                Add($"<rect x=\"{N(start + 12)}\" y=\"{N(middle - 6)}\" width=\"12.00\" height=\"12.00\" fill=\"currentColor\"{Faded(style)}/>");
                break;
            default:
                Stroke(stroke, ReferenceDashes[style % ReferenceDashes.Length], 1.5, "whisker");
                break;
        }
        Add("</g>");
    }
}
