using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Menuet.Figures;

/// <summary>One figure on its way to the page: lays out the text, then draws frame and series.</summary>
internal sealed partial class Drawing
{
    private const double Margin = 16;
    private const double TitleSize = 17;
    private const double LabelSize = 13;
    private const double TickSize = 11.5;
    private const double CaptionSize = 12;
    private const double LegendRow = 20;
    private const double SwatchWidth = 26;
    private const double BarWidth = 14;

    // Stands for the figure's own id until the content is known; escaped text never holds this character.
    private const char IdMark = '\u0001';

    private readonly Figure figure;
    private readonly StringBuilder svg = new();
    private readonly HeatMapSeries? map;
    private readonly ImmutableArray<string> categories;
    private readonly ImmutableArray<(Series Series, int Style)> styled;
    private readonly Scale x;
    private readonly Scale y;
    private readonly Scale colour;
    private readonly Ticks xTicks;
    private readonly Ticks yTicks;
    private readonly Ticks colourTicks;
    private readonly ImmutableArray<string> title;
    private readonly ImmutableArray<string> notes;
    private readonly ImmutableArray<ImmutableArray<LegendEntry>> legend;
    private readonly CategoryLabels? categoryLabels;
    private readonly double left;
    private readonly double right;
    private readonly double top;
    private readonly double bottom;
    private readonly double height;

    internal Drawing(Figure figure)
    {
        this.figure = figure;
        map = figure.Series.OfType<HeatMapSeries>().FirstOrDefault();
        categories = figure.Series.OfType<BarSeries>().FirstOrDefault()?.Categories ?? default;
        styled = Style(figure.Series);

        var textWidth = figure.Width - (2 * Margin);
        title = Lettering.Wrap(figure.Title, TitleSize * 1.05, textWidth);
        notes = [.. Lettering.Wrap(figure.Caption, CaptionSize, textWidth), .. Omissions(textWidth)];
        legend = LayLegend(textWidth);
        top = Margin + (22 * title.Length) + (LegendRow * legend.Length) + (legend.Length > 0 ? 4 : 0) + 8;
        bottom = top + figure.PlotHeight;

        var yData = Scale.Fit(YValues(), figure.YAxis, map is null ? 0.05 : 0, fromZero: !categories.IsDefault, nearZero: map is null);
        y = yData with { From = bottom, To = top };
        yTicks = Ticks.Of(y, Math.Clamp(figure.PlotHeight / 48, 2, 14), figure.YAxis.Unit);
        left = Margin + (yTicks.Title(figure.YAxis).Length > 0 ? 22 : 0) + WidestLabel(yTicks) + 8;

        right = figure.Width - 20;
        colour = default;
        colourTicks = new Ticks([], [], [], 0);
        if (map is not null)
        {
            colour = Scale.Fit(map.Values, map.ValueAxis, 0) with { From = bottom, To = top };
            colourTicks = Ticks.Of(colour, Math.Clamp(figure.PlotHeight / 48, 2, 14), map.ValueAxis.Unit);
            right = figure.Width - Margin - (colourTicks.Title(map.ValueAxis).Length > 0 ? 20 : 0) - WidestLabel(colourTicks) - 8 - BarWidth - 14;
        }

        var xData = categories.IsDefault
            ? Scale.Fit(XValues(), figure.XAxis, map is null ? 0.025 : 0)
            : new Scale(AxisScale.Linear, 0, categories.Length);
        xTicks = new Ticks([], [], [], 0);
        var below = 22.0;
        if (categories.IsDefault)
        {
            for (var pass = 0; pass < 2; pass++)
            {
                x = xData with { From = left, To = right };
                xTicks = RoomyTicks();
                if (xTicks.Major.Length > 0)
                {
                    var end = x.Map(xTicks.Major[^1]) + (Lettering.Width(xTicks.Labels[^1], TickSize) / 2);
                    right = Math.Min(right, figure.Width - 4 - Math.Max(0, end - right));
                }
            }
        }
        else
        {
            categoryLabels = CategoryLabels.Lay(categories, left, right, TickSize, Margin);
            left = categoryLabels.Left;
            below = categoryLabels.Height;
        }
        x = xData with { From = left, To = right };

        var captionTop = bottom + below + (xTicks.Title(figure.XAxis).Length > 0 ? 24 : 4);
        height = captionTop + (notes.Length > 0 ? 6 + (16 * notes.Length) : 0) + 12;
    }

    internal string ToSvg()
    {
        Definitions();
        Add($"<rect class=\"paper\" width=\"{figure.Width}\" height=\"{N(height)}\" fill=\"{Theme.LightPaper}\"/>");
        Words();
        Grid();
        var clipped = figure.XAxis.Minimum ?? figure.XAxis.Maximum ?? figure.YAxis.Minimum ?? figure.YAxis.Maximum;
        Add($"<g class=\"data\"{(clipped is null ? "" : $" clip-path=\"url(#{IdMark}-clip)\"")}>");
        DrawSeries();
        Add("</g>");
        Frame();
        Legend();
        if (map is not null)
            ColourBar();

        var head = new StringBuilder();
        head.Append("<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"menuet-figure\"");
        head.Append(CultureInfo.InvariantCulture, $" width=\"{figure.Width}\" height=\"{N(height)}\" viewBox=\"0 0 {figure.Width} {N(height)}\"");
        head.Append(CultureInfo.InvariantCulture, $" role=\"img\" aria-labelledby=\"{IdMark}-title {IdMark}-desc\"");
        head.Append(CultureInfo.InvariantCulture, $" font-family=\"{Theme.FontFamily}\" font-size=\"{N(LabelSize)}\">\n");
        head.Append(CultureInfo.InvariantCulture, $"<title id=\"{IdMark}-title\">{E(figure.Title)}</title>\n");
        head.Append(CultureInfo.InvariantCulture, $"<desc id=\"{IdMark}-desc\">{E(Description())}</desc>\n");
        head.Append("<style>\n").Append(Theme.StyleSheet).Append("</style>\n").Append(svg).Append("</svg>\n");
        var text = head.ToString();
        return text.Replace(IdMark.ToString(), $"figure-{Fingerprint(text):x8}", StringComparison.Ordinal);
    }

    /// <summary>Numbers curves and points, bars, and reference lines: each gets its own look, curves and points of one name share theirs.</summary>
    private static ImmutableArray<(Series, int)> Style(ImmutableArray<Series> all)
    {
        var (curves, bars, references) = (0, 0, 0);
        var named = new Dictionary<string, int>();
        int Curve(string name)
        {
            if (name.Length == 0)
                return curves++;
            if (!named.TryGetValue(name, out var style))
                named[name] = style = curves++;
            return style;
        }
        return [.. all.Select(s => (s, s switch { HeatMapSeries => 0, ReferenceLine => references++, BarSeries => bars++, _ => Curve(s.Name) }))];
    }

    private IEnumerable<double> XValues() => figure.Series.SelectMany(series => series switch
    {
        LineSeries s => s.X,
        ScatterSeries s => s.X,
        StepSeries s => s.X,
        HeatMapSeries s => Edges(s.X, figure.XAxis.Scale),
        ReferenceLine { Direction: ReferenceDirection.Vertical } s => [s.Value],
        _ => Enumerable.Empty<double>(),
    });

    private IEnumerable<double> YValues()
    {
        IEnumerable<double> Interval(ImmutableArray<double> low, ImmutableArray<double> high) => low.IsDefaultOrEmpty ? [] : low.Concat(high);
        return figure.Series.SelectMany(series => series switch
        {
            LineSeries s => s.Y.Concat(Interval(s.Low, s.High)),
            ScatterSeries s => s.Y.Concat(Interval(s.Low, s.High)),
            StepSeries s => s.Before is { } before ? s.Y.Append(before) : s.Y,
            BarSeries s => s.Values.Concat(Interval(s.Low, s.High)),
            HeatMapSeries s => Edges(s.Y, figure.YAxis.Scale),
            ReferenceLine { Direction: ReferenceDirection.Horizontal } s => [s.Value],
            _ => Enumerable.Empty<double>(),
        });
    }

    private ImmutableArray<string> Omissions(double width)
    {
        var (missing, cells) = (0, 0);
        bool Shown(double x, double y) => Scale.Drawable(figure.XAxis.Scale, x) && Scale.Drawable(figure.YAxis.Scale, y);
        foreach (var series in figure.Series)
        {
            missing += series switch
            {
                LineSeries s => s.X.Zip(s.Y).Count(p => !Shown(p.First, p.Second)),
                ScatterSeries s => s.X.Zip(s.Y).Count(p => !Shown(p.First, p.Second)),
                StepSeries s => s.X.Zip(s.Y).Count(p => !Shown(p.First, p.Second)),
                BarSeries s => s.Values.Count(v => !Scale.Drawable(figure.YAxis.Scale, v)),
                ReferenceLine s => Scale.Drawable((s.Direction == ReferenceDirection.Vertical ? figure.XAxis : figure.YAxis).Scale, s.Value) ? 0 : 1,
                _ => 0,
            };
            if (series is HeatMapSeries m)
                cells = m.Values.Count(v => !Scale.Drawable(m.ValueAxis.Scale, v));
        }
        var logarithmic = figure.XAxis.Scale == AxisScale.Logarithmic || figure.YAxis.Scale == AxisScale.Logarithmic;
        var reason = logarithmic ? "not finite, or not positive on a logarithmic axis" : "not finite";
        var text = missing == 0 ? "" : $"Not drawn: {missing} {(missing == 1 ? "value that is" : "values that are")} {reason}.";
        if (cells > 0)
            text += $" Hatched: {cells} {(cells == 1 ? "cell" : "cells")} without a value.";
        return Lettering.Wrap(text, CaptionSize, width);
    }

    /// <summary>As many marks as the x axis takes without labels touching.</summary>
    private Ticks RoomyTicks()
    {
        for (var count = (int)Math.Clamp((right - left) / 56, 2, 24); ; count--)
        {
            var ticks = Ticks.Of(x, count, figure.XAxis.Unit);
            var fits = true;
            for (var i = 1; i < ticks.Major.Length; i++)
            {
                var room = x.Map(ticks.Major[i]) - x.Map(ticks.Major[i - 1]);
                fits &= room >= ((Lettering.Width(ticks.Labels[i], TickSize) + Lettering.Width(ticks.Labels[i - 1], TickSize)) / 2) + 6;
            }
            if (fits || count <= 1)
                return ticks;
        }
    }

    private static double WidestLabel(Ticks ticks) => ticks.Labels.Select(l => Lettering.Width(l, TickSize)).DefaultIfEmpty(0).Max();

    private void Words()
    {
        for (var i = 0; i < title.Length; i++)
            Text("ink", Margin, Margin + 15 + (22 * i), title[i], TitleSize, "start", " font-weight=\"600\"");
        var underAxis = height - 18 - (notes.Length > 0 ? 6 + (16 * notes.Length) : 0);
        Text("ink", (left + right) / 2, underAxis, xTicks.Title(figure.XAxis), LabelSize, "middle");
        UprightText(Margin + 9, (top + bottom) / 2, yTicks.Title(figure.YAxis));
        for (var i = 0; i < notes.Length; i++)
            Text("soft", Margin, height - 12 - (16 * (notes.Length - 1 - i)), notes[i], CaptionSize, "start");
    }

    private void Grid()
    {
        if (map is not null)
            return;
        if (categories.IsDefault)
            Lines("fine", xTicks.Minor, v => $"M{N(x.Map(v))} {N(top)}V{N(bottom)}", 1);
        Lines("fine", yTicks.Minor, v => $"M{N(left)} {N(y.Map(v))}H{N(right)}", 1);
        if (categories.IsDefault)
            Lines("grid", xTicks.Major, v => $"M{N(x.Map(v))} {N(top)}V{N(bottom)}", 1);
        Lines("grid", yTicks.Major, v => $"M{N(left)} {N(y.Map(v))}H{N(right)}", 1);
    }

    private void Frame()
    {
        var zero = !categories.IsDefault && y.Kind == AxisScale.Linear && y.Low < 0 ? $"M{N(left)} {N(y.Map(0))}H{N(right)}" : "";
        Add($"<path class=\"axis\" stroke-width=\"1.2\" d=\"M{N(left)} {N(top)}V{N(bottom)}H{N(right)}{zero}\"/>");
        Lines("axis", yTicks.Major, v => $"M{N(left - 5)} {N(y.Map(v))}H{N(left)}", 1);
        for (var i = 0; i < yTicks.Major.Length; i++)
            Text("soft", left - 8, y.Map(yTicks.Major[i]) + 4, yTicks.Labels[i], TickSize, "end");
        if (categoryLabels is not null)
        {
            DrawCategoryLabels(categoryLabels);
            return;
        }
        Lines("axis", xTicks.Major, v => $"M{N(x.Map(v))} {N(bottom)}V{N(bottom + 5)}", 1);
        for (var i = 0; i < xTicks.Major.Length; i++)
            Text("soft", x.Map(xTicks.Major[i]), bottom + 18, xTicks.Labels[i], TickSize, "middle");
    }

    private void DrawCategoryLabels(CategoryLabels labels)
    {
        var band = (right - left) / Math.Max(1, categories.Length);
        for (var i = 0; i < categories.Length; i++)
        {
            var centre = left + ((i + 0.5) * band);
            for (var line = 0; line < labels.Lines[i].Length; line++)
            {
                var (at, baseline) = labels.Slanted ? (centre + 4, bottom + 14) : (centre, bottom + 18 + (14 * line));
                var turn = labels.Slanted ? $" transform=\"rotate(-35 {N(at)} {N(baseline)})\"" : "";
                Text("soft", at, baseline, labels.Lines[i][line], TickSize, labels.Slanted ? "end" : "middle", turn);
            }
        }
    }

    private void ColourBar()
    {
        var edge = right + 14;
        Add($"<rect x=\"{N(edge)}\" y=\"{N(top)}\" width=\"{N(BarWidth)}\" height=\"{N(bottom - top)}\" fill=\"url(#{IdMark}-ramp)\"/>");
        Add($"<path class=\"axis\" stroke-width=\"1\" d=\"M{N(edge)} {N(top)}h{N(BarWidth)}V{N(bottom)}h{N(-BarWidth)}Z\"/>");
        Lines("axis", colourTicks.Major, v => $"M{N(edge + BarWidth)} {N(colour.Map(v))}h4.00", 1);
        for (var i = 0; i < colourTicks.Major.Length; i++)
            Text("soft", edge + BarWidth + 7, colour.Map(colourTicks.Major[i]) + 4, colourTicks.Labels[i], TickSize, "start");
        UprightText(figure.Width - Margin - 2, (top + bottom) / 2, colourTicks.Title(map!.ValueAxis));
    }

    private void Definitions()
    {
        Add("<defs>");
        Add($"<clipPath id=\"{IdMark}-clip\">" +
            $"<rect x=\"{N(left)}\" y=\"{N(top)}\" width=\"{N(right - left)}\" height=\"{N(bottom - top)}\"/></clipPath>");
        for (var shape = 0; shape < Shapes.Length; shape++)
        {
            if (styled.Any(s => Marked(s.Series) && s.Style % Shapes.Length == shape))
                Add($"<path id=\"{IdMark}-mark{shape}\" d=\"{Shapes[shape]}\"/>");
        }
        if (map is not null)
        {
            Add($"<linearGradient id=\"{IdMark}-ramp\" x1=\"0\" y1=\"1\" x2=\"0\" y2=\"0\">");
            for (var i = 0; i <= 32; i++)
                Add($"<stop offset=\"{N(i / 0.32)}%\" stop-color=\"{ColourScale.At(i / 32.0)}\"/>");
            Add("</linearGradient>");
            Add($"<pattern id=\"{IdMark}-hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">");
            Add("<path class=\"axis\" stroke-width=\"1.5\" d=\"M0 0V6\"/></pattern>");
        }
        Add("</defs>");
    }

    private string Description()
    {
        var kinds = figure.Series.Select(s => s switch
        {
            LineSeries => "line chart",
            ScatterSeries => "scatter plot",
            StepSeries => "step chart",
            BarSeries => "bar chart",
            HeatMapSeries => "heat map",
            _ => "reference line",
        }).Distinct();
        var text = new StringBuilder(string.Join(", ", kinds));
        text.Append(CultureInfo.InvariantCulture, $". Horizontal: {Plain(figure.XAxis)}");
        if (categories.IsDefault)
            text.Append(CultureInfo.InvariantCulture, $" from {x.Low:G6} to {x.High:G6}");
        text.Append(CultureInfo.InvariantCulture, $". Vertical: {Plain(figure.YAxis)} from {y.Low:G6} to {y.High:G6}.");
        foreach (var series in figure.Series)
        {
            var values = series switch
            {
                LineSeries s => s.Y,
                ScatterSeries s => s.Y,
                StepSeries s => s.Y,
                BarSeries s => s.Values,
                HeatMapSeries s => s.Values,
                _ => [((ReferenceLine)series).Value],
            };
            var finite = values.Where(double.IsFinite).ToArray();
            var name = series.Name.Length > 0 ? series.Name : "Unnamed";
            text.Append(CultureInfo.InvariantCulture, $" {name}: {values.Length} {(values.Length == 1 ? "value" : "values")}");
            if (finite.Length > 0)
                text.Append(CultureInfo.InvariantCulture, $", {finite.Min():G6} to {finite.Max():G6}");
            text.Append('.');
        }
        if (figure.Caption.Length > 0)
            text.Append(' ').Append(figure.Caption);
        text[0] = char.ToUpperInvariant(text[0]);
        return text.ToString();
    }

    private static string Plain(Axis axis) => axis.Unit.Length > 0 ? $"{axis.Label} [{axis.Unit}]" : axis.Label;

    private void Text(string style, double at, double baseline, string text, double size, string anchor, string more = "")
    {
        if (text.Length > 0)
        {
            Add($"<text class=\"{style}\" x=\"{N(at)}\" y=\"{N(baseline)}\" font-size=\"{N(size)}\" text-anchor=\"{anchor}\"{more}>" +
                $"{E(text)}</text>");
        }
    }

    private void UprightText(double at, double centre, string text) =>
        Text("ink", at, centre, Lettering.Shorten(text, LabelSize, bottom - top + 40), LabelSize, "middle",
            $" transform=\"rotate(-90 {N(at)} {N(centre)})\"");

    private void Lines(string style, ImmutableArray<double> at, Func<double, string> segment, double width)
    {
        if (at.Length > 0)
            Add($"<path class=\"{style}\" stroke-width=\"{N(width)}\" d=\"{string.Concat(at.Select(segment))}\"/>");
    }

    private void Add(string line) => svg.Append(line).Append('\n');

    /// <summary>A coordinate with two decimals.</summary>
    private static string N(double value)
    {
        var text = value.ToString("F2", CultureInfo.InvariantCulture);
        return text == "-0.00" ? "0.00" : text;
    }

    /// <summary>Text as XML content; what XML cannot hold becomes U+FFFD.</summary>
    private static string E(string text)
    {
        var safe = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            switch (rune.Value)
            {
                case '&': safe.Append("&amp;"); break;
                case '<': safe.Append("&lt;"); break;
                case '>': safe.Append("&gt;"); break;
                case '"': safe.Append("&quot;"); break;
                case '\t' or '\n' or '\r': safe.Append(' '); break;
                case < 0x20 or 0xfffe or 0xffff: safe.Append('\ufffd'); break;
                default: safe.Append(rune); break;
            }
        }
        return safe.ToString();
    }

    /// <summary>The 32-bit Fowler-Noll-Vo hash (1a), so that figures embedded in one page do not share ids.</summary>
    private static uint Fingerprint(string text)
    {
        var hash = 2166136261u;
        foreach (var letter in text)
            hash = unchecked((hash ^ letter) * 16777619u);
        return hash;
    }
}
