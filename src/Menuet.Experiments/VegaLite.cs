using System.Globalization;
using System.Text.Json.Nodes;
using Menuet.Figures;

namespace Menuet.Experiments;

/// <summary>A figure as a Vega-Lite specification with its data inside: the interactive form of what <see cref="SvgWriter"/> draws.</summary>
internal static class VegaLite
{
    internal static JsonObject Of(Figure figure)
    {
        var layers = new JsonArray();
        var heat = figure.Series.Any(series => series is HeatMapSeries);
        foreach (var series in figure.Series)
        {
            foreach (var layer in Layers(figure, series, heat))
            {
                layers.Add(layer);
            }
        }

        return new JsonObject
        {
            ["$schema"] = "https://vega.github.io/schema/vega-lite/v6.json",
            ["description"] = figure.Title,
            ["width"] = "container",
            ["height"] = figure.PlotHeight,
            ["layer"] = layers,
            ["resolve"] = new JsonObject { ["scale"] = new JsonObject { ["color"] = heat ? "independent" : "shared" } },
        };
    }

    private static IEnumerable<JsonObject> Layers(Figure figure, Series series, bool heat)
    {
        switch (series)
        {
            case LineSeries line:
                if (!line.Low.IsDefaultOrEmpty)
                {
                    yield return Layer(
                        new() { ["type"] = "area", ["opacity"] = 0.18 }, Points(line.Name, line.X, line.Y, line.Low, line.High), figure,
                        heat, ("y", Quantitative("low", figure.YAxis)), ("y2", new JsonObject { ["field"] = "high" }));
                }

                yield return Layer(
                    new() { ["type"] = "line", ["point"] = line.Markers, ["strokeDash"] = line.Dashed ? new JsonArray(6, 4) : new JsonArray(1, 0) },
                    Points(line.Name, line.X, line.Y, line.Low, line.High), figure, heat, ("order", Field("order", "quantitative")));
                break;
            case StepSeries step:
                yield return Layer(
                    new() { ["type"] = "line", ["interpolate"] = "step-after" }, Points(step.Name, step.X, step.Y, default, default), figure,
                    heat, ("order", Field("order", "quantitative")));
                break;
            case ScatterSeries scatter:
                if (!scatter.Low.IsDefaultOrEmpty)
                {
                    yield return Layer(
                        new() { ["type"] = "rule" }, Points(scatter.Name, scatter.X, scatter.Y, scatter.Low, scatter.High), figure,
                        heat, ("y", Quantitative("low", figure.YAxis)), ("y2", new JsonObject { ["field"] = "high" }));
                }

                yield return Layer(
                    new() { ["type"] = "point", ["filled"] = true }, Points(scatter.Name, scatter.X, scatter.Y, scatter.Low, scatter.High), figure, heat);
                break;
            case BarSeries bars:
                yield return Bars(figure, bars, "bar");
                if (!bars.Low.IsDefaultOrEmpty)
                {
                    yield return Bars(figure, bars, "rule");
                }

                break;
            case HeatMapSeries map:
                yield return Heat(figure, map);
                break;
            case ReferenceLine reference:
                var across = reference.Direction == ReferenceDirection.Horizontal;
                yield return new JsonObject
                {
                    ["data"] = new JsonObject { ["values"] = new JsonArray(new JsonObject { ["v"] = reference.Value, ["series"] = reference.Name }) },
                    ["mark"] = new JsonObject { ["type"] = "rule", ["strokeDash"] = new JsonArray(4, 4), ["tooltip"] = true },
                    ["encoding"] = new JsonObject
                    {
                        [across ? "y" : "x"] = Quantitative("v", across ? figure.YAxis : figure.XAxis),
                        ["color"] = Colour(),
                    },
                };
                break;
            default:
                throw new InvalidOperationException($"No chart for {series.GetType().Name}.");
        }
    }

    private static JsonObject Layer(JsonObject mark, JsonArray values, Figure figure, bool plain, params (string Channel, JsonObject Definition)[] more)
    {
        mark["tooltip"] = true;
        var encoding = new JsonObject
        {
            ["x"] = Quantitative("x", figure.XAxis),
            ["y"] = Quantitative("y", figure.YAxis),
        };
        if (!plain)
        {
            encoding["color"] = Colour();
        }

        foreach (var (channel, definition) in more)
        {
            encoding[channel] = definition;
        }

        return new JsonObject { ["data"] = new JsonObject { ["values"] = values }, ["mark"] = mark, ["encoding"] = encoding };
    }

    private static JsonArray Points(
        string name, IReadOnlyList<double> x, IReadOnlyList<double> y, System.Collections.Immutable.ImmutableArray<double> low,
        System.Collections.Immutable.ImmutableArray<double> high)
    {
        var values = new JsonArray();
        for (var i = 0; i < x.Count; i++)
        {
            if (!double.IsFinite(x[i]) || !double.IsFinite(y[i]))
            {
                continue;
            }

            var point = new JsonObject { ["x"] = x[i], ["y"] = y[i], ["series"] = name, ["order"] = i };
            if (!low.IsDefaultOrEmpty && double.IsFinite(low[i]) && double.IsFinite(high[i]))
            {
                point["low"] = low[i];
                point["high"] = high[i];
            }

            values.Add(point);
        }

        return values;
    }

    private static JsonObject Bars(Figure figure, BarSeries bars, string mark)
    {
        var values = new JsonArray();
        for (var i = 0; i < bars.Values.Length; i++)
        {
            if (!double.IsFinite(bars.Values[i]))
            {
                continue;
            }

            var bar = new JsonObject { ["category"] = bars.Categories[i], ["y"] = bars.Values[i], ["series"] = bars.Name };
            if (!bars.Low.IsDefaultOrEmpty)
            {
                bar["low"] = bars.Low[i];
                bar["high"] = bars.High[i];
            }

            values.Add(bar);
        }

        var encoding = new JsonObject
        {
            ["x"] = new JsonObject { ["field"] = "category", ["type"] = "nominal", ["title"] = figure.XAxis.Label, ["sort"] = null, ["axis"] = new JsonObject { ["labelAngle"] = -20 } },
            ["xOffset"] = new JsonObject { ["field"] = "series", ["sort"] = null },
            ["y"] = Quantitative(mark == "bar" ? "y" : "low", figure.YAxis),
            ["color"] = Colour(),
        };
        if (mark == "rule")
        {
            encoding["y2"] = new JsonObject { ["field"] = "high" };
            encoding["color"] = new JsonObject { ["value"] = "#555" };
        }

        return new JsonObject { ["data"] = new JsonObject { ["values"] = values }, ["mark"] = new JsonObject { ["type"] = mark, ["tooltip"] = true }, ["encoding"] = encoding };
    }

    private static JsonObject Heat(Figure figure, HeatMapSeries map)
    {
        var values = new JsonArray();
        for (var i = 0; i < map.Values.Length; i++)
        {
            if (double.IsFinite(map.Values[i]))
            {
                values.Add(new JsonObject { ["x"] = map.X[i % map.X.Length], ["y"] = map.Y[i / map.X.Length], ["value"] = map.Values[i] });
            }
        }

        return new JsonObject
        {
            ["data"] = new JsonObject { ["values"] = values },
            ["mark"] = new JsonObject { ["type"] = "rect", ["tooltip"] = true },
            ["encoding"] = new JsonObject
            {
                ["x"] = new JsonObject { ["field"] = "x", ["type"] = "ordinal", ["title"] = Title(figure.XAxis) },
                ["y"] = new JsonObject { ["field"] = "y", ["type"] = "ordinal", ["sort"] = "descending", ["title"] = Title(figure.YAxis) },
                ["color"] = new JsonObject
                {
                    ["field"] = "value",
                    ["type"] = "quantitative",
                    ["title"] = Title(map.ValueAxis),
                    ["scale"] = new JsonObject { ["scheme"] = "viridis" },
                },
            },
        };
    }

    private static JsonObject Quantitative(string name, Axis axis)
    {
        var scale = new JsonObject { ["zero"] = false };
        if (axis.Scale == AxisScale.Logarithmic)
        {
            scale["type"] = "log";
        }

        if (axis.Minimum is { } low && axis.Maximum is { } high)
        {
            scale["domain"] = new JsonArray(low, high);
        }

        return new JsonObject { ["field"] = name, ["type"] = "quantitative", ["title"] = Title(axis), ["scale"] = scale };
    }

    private static JsonObject Field(string name, string type) => new() { ["field"] = name, ["type"] = type };

    private static JsonObject Colour() => new() { ["field"] = "series", ["type"] = "nominal", ["title"] = null, ["sort"] = null, ["legend"] = new JsonObject { ["symbolOpacity"] = 1 } };

    private static string Title(Axis axis) => axis.Unit.Length == 0 ? axis.Label : string.Create(CultureInfo.InvariantCulture, $"{axis.Label} ({axis.Unit})");
}
