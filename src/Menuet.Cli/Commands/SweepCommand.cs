using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Menuet.Documents;
using Menuet.Figures;

namespace Menuet.Cli.Commands;

/// <summary><c>menuet sweep MARKET --set PATH=a..b:n</c>: the answer along one or two parameters, as CSV and a figure.</summary>
internal static partial class SweepCommand
{
    private const int MostPoints = 100_000;

    internal static Command Create(Terminal terminal)
    {
        var market = new Argument<string>("market") { HelpName = "market", Description = "The market's file, '-', or its name in the catalogue" };
        var set = new Option<string[]>("--set")
        {
            Description = "PATH=a..b:n (n equal steps), PATH=a..b:n:log (equal ratios), or PATH=v,v,…; PATH such as types[0].gain or types[*].gain; once or twice",
            Required = true,
            Arity = ArgumentArity.OneOrMore,
        };
        var measure = new Option<string[]>("--measure")
        {
            Description = "A number of the answer to record, such as objective or menu[1].payment; repeatable; the first is drawn in heat maps",
            DefaultValueFactory = _ => ["objective"],
        };
        var schemes = new Option<bool>("--schemes") { Description = "Also records the objective of every comparison scheme" };
        var solver = new Option<string?>("--solver") { Description = "The solver's name; default: the exact one" };
        var output = new Option<string>("--out") { Description = "Path of the results, without ending: .csv and .svg are added", DefaultValueFactory = _ => "sweep" };
        var seed = new Option<ulong>("--seed") { Description = "Seed of everything random", DefaultValueFactory = _ => 0 };
        var command = new Command("sweep", "Solves along one or two parameters; writes CSV and an SVG chart or heat map.")
        {
            market, set, measure, schemes, solver, output, seed,
        };
        command.SetAction((parsed, cancellation) => Task.FromResult(Run(
            terminal, parsed.GetRequiredValue(market), parsed.GetRequiredValue(set), parsed.GetRequiredValue(measure), parsed.GetValue(schemes),
            parsed.GetValue(solver), parsed.GetRequiredValue(output), new SolveOptions(Seed: parsed.GetValue(seed)), cancellation)));
        return command;
    }

    private static int Run(
        Terminal terminal, string marketName, string[] sets, string[] measures, bool withSchemes, string? solver, string output,
        SolveOptions options, CancellationToken cancellation)
    {
        var bytes = MarketSource.Read(marketName, terminal);
        var mechanism = Catalog.Find(bytes);
        if (mechanism.Check(bytes) is { IsEmpty: false } problems)
        {
            throw new InvalidRequestException(problems, mechanism.Kind);
        }

        var parameters = Parameters(sets, measures);
        var points = Points(mechanism, bytes, parameters);
        var title = JsonNode.Parse(bytes, documentOptions: JsonEdit.Lenient)!["name"]?.GetValue<string>() ?? mechanism.Title;
        var names = measures.Distinct().ToList();
        var rows = new List<Row>();
        var exitCode = 0;
        var promises = true;
        try
        {
            foreach (var (at, market) in points)
            {
                cancellation.ThrowIfCancellationRequested();
                var report = mechanism.Solve(market, solver, options, cancellation);
                promises &= report.Audit is null || report.PromisesHold;
                var answer = AnswerOf(report);
                var values = measures.Distinct().ToDictionary(measure => measure, measure => JsonEdit.Number(answer, JsonEdit.Steps(measure)));
                if (withSchemes)
                {
                    foreach (var scheme in mechanism.Compare(market, options, cancellation).Schemes)
                    {
                        if (!names.Contains(scheme.Name))
                        {
                            names.Add(scheme.Name);
                        }

                        values[scheme.Name] = scheme.Objective ?? double.NaN;
                    }
                }

                rows.Add(new(at, report.Status, values));
                if (terminal.IsInteractive)
                {
                    terminal.Error.Write($"\r{rows.Count}/{points.Count}");
                }
            }
        }
        catch (OperationCanceledException) when (rows.Count > 0)
        {
            terminal.Error.WriteLine($"menuet: stopped after {rows.Count} of {points.Count} points; these are written");
            exitCode = ExitCode.NoOutcome;
        }

        if (terminal.IsInteractive)
        {
            terminal.Error.WriteLine();
        }

        var figure = Figure(title, parameters, names, rows);
        OutputFile.Write(output + ".csv", Csv(parameters, names, rows));
        using var svg = new StringWriter();
        SvgWriter.Write(figure, svg);
        OutputFile.Write(output + ".svg", svg.ToString());
        terminal.Output.WriteLine($"{rows.Count} points: {output}.csv, {output}.svg");
        return exitCode != 0 ? exitCode : promises ? 0 : 4;
    }

    private static JsonNode AnswerOf(Report report)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            report.WriteJson(writer);
        }

        return JsonNode.Parse(stream.GetBuffer().AsSpan(0, (int)stream.Length))!;
    }

    private static ImmutableArray<Parameter> Parameters(string[] sets, string[] measures)
    {
        var problems = new List<Problem>();
        if (sets.Length > 2)
        {
            problems.Add(new("--set", "one or two parameters can be swept", $"{sets.Length}"));
        }

        foreach (var measure in measures.Where(measure => JsonEdit.Steps(measure) is null))
        {
            problems.Add(new("--measure", "must be a path into the answer, such as objective or menu[0].payment", $"\"{measure}\""));
        }

        var parameters = ImmutableArray.CreateBuilder<Parameter>();
        foreach (var set in sets)
        {
            var equals = set.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0 && JsonEdit.Steps(set[..equals]) is { } steps && Values(set[(equals + 1)..]) is { } values)
            {
                parameters.Add(new(set[..equals], steps, values, set.EndsWith(":log", StringComparison.Ordinal)));
            }
            else
            {
                problems.Add(new(
                    "--set",
                    $"must be PATH=a..b:n with n from 2 to {MostPoints}, PATH=a..b:n:log with a, b > 0, or PATH=u,v,… without repetition; PATH such as types[0].gain",
                    $"\"{set}\""));
            }
        }

        if (problems.Count == 0 && parameters.Aggregate(1L, (product, parameter) => product * parameter.Values.Length) > MostPoints)
        {
            problems.Add(new("--set", $"at most {MostPoints} points can be swept in one call"));
        }

        return problems.Count == 0 ? parameters.ToImmutable() : throw new InvalidRequestException([.. problems]);
    }

    private static double[]? Values(string text)
    {
        if (RangeForm().Match(text) is { Success: true } match)
        {
            var (from, to) = (Number(match.Groups[1].Value), Number(match.Groups[2].Value));
            var logarithmic = match.Groups[4].Success;
            if (!int.TryParse(match.Groups[3].Value, CultureInfo.InvariantCulture, out var count) || count is < 2 or > MostPoints
                || !double.IsFinite(from) || !double.IsFinite(to) || from == to || (logarithmic && (from <= 0 || to <= 0)))
            {
                return null;
            }

            var values = new double[count];
            for (var i = 0; i < count; i++)
            {
                var part = (double)i / (count - 1);
                values[i] = i == count - 1 ? to : logarithmic ? from * Math.Pow(to / from, part) : from + ((to - from) * part);
            }

            return values;
        }

        var list = text.Split(',').Select(Number).ToArray();
        return list.All(double.IsFinite) && list.Distinct().Count() == list.Length ? list : null;
    }

    private static double Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : double.NaN;

    /// <summary>All markets of the sweep; every problem of every one of them at once.</summary>
    private static List<(double[] At, byte[] Market)> Points(IMechanism mechanism, byte[] bytes, ImmutableArray<Parameter> parameters)
    {
        var points = new List<(double[], byte[])>();
        var problems = new List<Problem>();
        var first = parameters[0];
        var second = parameters.Length > 1 ? parameters[1] : null;
        foreach (var x in first.Values)
        {
            foreach (var y in second?.Values ?? [double.NaN])
            {
                var market = JsonNode.Parse(bytes, documentOptions: JsonEdit.Lenient)!;
                foreach (var (parameter, value) in new[] { (first, x), (second, y) })
                {
                    if (parameter is not null && !JsonEdit.Set(market, parameter.Steps, value))
                    {
                        throw new InvalidRequestException([new("--set", "names no place in this market", $"\"{parameter.Path}\"")]);
                    }
                }

                var changed = JsonSerializer.SerializeToUtf8Bytes(market);
                problems.AddRange(mechanism.Check(changed).Select(problem => problem with
                {
                    Message = $"at {first.Path}={DocumentText.Number(x)}{(second is null ? "" : $", {second.Path}={DocumentText.Number(y)}")}: {problem.Message}",
                }));
                points.Add((second is null ? [x] : [x, y], changed));
            }
        }

        return problems.Count == 0 ? points : throw new InvalidRequestException([.. problems], mechanism.Kind);
    }

    private static string Csv(ImmutableArray<Parameter> parameters, List<string> names, List<Row> rows)
    {
        using var text = new StringWriter();
        TableCsv.Write(new(
            "", [.. parameters.Select(p => new Column(p.Path)), new("status"), .. names.Select(name => new Column(name))],
            [.. rows.Select(row => (ImmutableArray<object?>)[.. row.At.Cast<object?>(), row.Status, .. names.Select(name => (object?)row.Value(name))])]), text);
        return text.ToString();
    }

    private static Figure Figure(
        string title, ImmutableArray<Parameter> parameters, List<string> names, List<Row> rows)
    {
        var xAxis = new Axis(parameters[0].Path, Scale: parameters[0].Logarithmic ? AxisScale.Logarithmic : AxisScale.Linear);
        if (parameters.Length == 1)
        {
            var ordered = rows.OrderBy(row => row.At[0]).ToList();
            return new(title, xAxis, new(names.Count == 1 ? names[0] : "value"),
            [
                .. names.Select(name => new LineSeries(name, [.. ordered.Select(row => row.At[0])], [.. ordered.Select(row => row.Value(name))])
                {
                    Markers = ordered.Count <= 40,
                }),
            ]);
        }

        var (xs, ys) = (parameters[0].Values.Order().ToImmutableArray(), parameters[1].Values.Order().ToImmutableArray());
        var cells = rows.ToDictionary(row => (row.At[0], row.At[1]), row => row.Value(names[0]));
        var values = ys.SelectMany(y => xs.Select(x => cells.GetValueOrDefault((x, y), double.NaN))).ToImmutableArray();
        var yAxis = new Axis(parameters[1].Path, Scale: parameters[1].Logarithmic ? AxisScale.Logarithmic : AxisScale.Linear);
        return new(title, xAxis, yAxis, [new HeatMapSeries(names[0], xs, ys, values, new Axis(names[0]))]);
    }

    [GeneratedRegex(@"^([^.,:]+(?:\.[^.,:]+)?)\.\.([^,:]+):(\d{1,9})(:log)?$")]
    private static partial Regex RangeForm();

    private sealed record Row(double[] At, string Status, Dictionary<string, double> Values)
    {
        internal double Value(string name) => Values.GetValueOrDefault(name, double.NaN);
    }

    private sealed record Parameter(string Path, string[] Steps, double[] Values, bool Logarithmic);
}
