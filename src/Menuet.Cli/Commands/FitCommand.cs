using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Menuet.Cli.Rendering;
using Menuet.Documents;
using Menuet.Figures;
using Menuet.Fitting;

namespace Menuet.Cli.Commands;

/// <summary><c>menuet fit CSV</c>: a quality curve from measurements, ready for a market.</summary>
internal static class FitCommand
{
    internal static Command Create(Terminal terminal)
    {
        var data = new Argument<string>("csv")
        {
            HelpName = "csv",
            Description = "Measurements with the columns steps, quality and, for log-linear, level; optional deviation and count; '-' reads standard input",
        };
        var model = new Option<string?>("--model")
        {
            Description = "log-linear over level and steps (Ye et al. eq. 35), quadratic over steps (Lai et al. eq. 2), exponential c - a exp(-k s); without it the best by AICc",
        };
        model.AcceptOnlyFromAmong([.. CurveModels.Names]);
        var unweighted = new Option<bool>("--unweighted") { Description = "Every row weighs the same, whatever its deviation and count" };
        var output = new Option<string?>("--out")
        {
            Description = "Writes the fit to this JSON file, and beside it the curve and its residuals as SVG",
        };
        var format = SharedOptions.FormatOption("text", "json");
        var command = new Command("fit", "Fits a quality curve by least squares; prints what to paste into a market.") { data, model, unweighted, output, format };
        command.SetAction(parsed => Run(
            terminal, parsed.GetRequiredValue(data), parsed.GetValue(model), !parsed.GetValue(unweighted), parsed.GetValue(output), parsed.GetValue(format)!));
        return command;
    }

    private static int Run(Terminal terminal, string name, string? modelName, bool weighted, string? output, string format)
    {
        CurveChoice choice;
        try
        {
            using var reader = new StreamReader(new MemoryStream(MarketSource.Read(name, terminal)), new UTF8Encoding(false, throwOnInvalidBytes: true));
            choice = modelName is null ? CurveChoice.Of(reader.ReadToEnd(), weighted)
                : CurveModels.TryParse(modelName, out var model) ? new([CurveFit.Fit(model, QualityCsv.Read(reader, model, weighted))], [])
                : throw new ArgumentException(modelName);
        }
        catch (InvalidRequestException error) when (format == "json")
        {
            ProblemText.WriteJson(terminal.Output, error, single: true);
            return ExitCode.InvalidInput;
        }
        catch (DecoderFallbackException)
        {
            throw new InvalidRequestException([new(name, "is not UTF-8; save the file as UTF-8")]);
        }

        var curve = choice.Best;
        var fragment = MarketFragment.Of(curve);
        if (format == "json")
        {
            JsonText.Write(terminal.Output, single: true, writer => WriteJson(writer, modelName is null ? choice : null, curve, fragment));
        }
        else
        {
            if (modelName is null)
            {
                WriteChoice(terminal, choice);
            }

            WriteText(terminal, curve, fragment);
        }

        if (output is not null)
        {
            using var json = new StringWriter();
            JsonText.Write(json, single: true, writer => WriteJson(writer, modelName is null ? choice : null, curve, fragment));
            OutputFile.Write(output, json.ToString());
            var stem = Path.Combine(Path.GetDirectoryName(output) ?? "", Path.GetFileNameWithoutExtension(output));
            OutputFile.Write(stem + ".curve.svg", Svg.Render(FitFigures.Curve(curve)));
            OutputFile.Write(stem + ".residuals.svg", Svg.Render(FitFigures.ResidualsOverSteps(curve)));
            if (format == "text")
            {
                terminal.Output.WriteLine($"\nWritten: {output}, {stem}.curve.svg, {stem}.residuals.svg");
            }
        }

        return curve.Termination is Termination.Optimal or Termination.Converged ? 0 : ExitCode.NoOutcome;
    }

    /// <summary>Which family was taken, and how far behind the others are.</summary>
    internal static void WriteChoice(Terminal terminal, CurveChoice choice)
    {
        TableText.WriteText(terminal, terminal.Output, new(
            "Families by AICc, best first",
            [new("family"), new("AICc"), new("behind"), new("R²"), new("residual standard error")],
            [.. choice.Ranked.Select(curve => (ImmutableArray<object?>)
                [CurveModels.Name(curve.Model), curve.CorrectedAkaike, choice.Behind(curve), curve.RSquared, curve.ResidualStandardError])]));
        foreach (var (model, problems) in choice.LeftOut)
        {
            terminal.Output.WriteLine($"Left out: {CurveModels.Name(model)}: {string.Join("; ", problems.Select(problem => problem.Message))}");
        }
    }

    private static void WriteText(Terminal terminal, FittedCurve curve, MarketFragment fragment)
    {
        TableText.WriteText(terminal, terminal.Output, new(
            $"{CurveModels.Name(curve.Model)} curve through {curve.Points.Length} points",
            [new("parameter"), new("value"), new("standard error"), new("unit")],
            [.. curve.Parameters.Select(p => (ImmutableArray<object?>)[p.Name, p.Value, p.StandardError, p.Unit])]));
        var culture = CultureInfo.InvariantCulture;
        terminal.Output.WriteLine(string.Create(
            culture, $"R² {curve.RSquared:G6}, adjusted {curve.AdjustedRSquared:G6}; residual standard error {curve.ResidualStandardError:G6} on {curve.DegreesOfFreedom} degrees of freedom"));
        terminal.Output.WriteLine(string.Create(culture, $"AIC {curve.Akaike:G6}, BIC {curve.Bayesian:G6}; {curve.Reason}"));
        foreach (var warning in curve.Warnings)
        {
            terminal.Output.WriteLine($"Warning: {warning}");
        }

        terminal.Output.WriteLine($"\nFor {fragment.Where}:");
        terminal.Output.WriteLine(fragment.ToPaste());
    }

    private static void WriteJson(Utf8JsonWriter writer, CurveChoice? choice, FittedCurve curve, MarketFragment fragment)
    {
        writer.WriteStartObject();
        writer.WriteString("kind", "quality-fit");
        writer.WriteString("model", CurveModels.Name(curve.Model));
        writer.WriteString("termination", Documents.DocumentText.CamelCase(curve.Termination.ToString()));
        writer.WriteString("reason", curve.Reason);
        writer.WriteStartArray("parameters");
        foreach (var parameter in curve.Parameters)
        {
            writer.WriteStartObject();
            writer.WriteString("name", parameter.Name);
            writer.WriteString("unit", parameter.Unit);
            DocumentText.WriteNumber(writer, "value", parameter.Value);
            DocumentText.WriteNumber(writer, "standardError", parameter.StandardError);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteNumber("points", curve.Points.Length);
        writer.WriteNumber("degreesOfFreedom", curve.DegreesOfFreedom);
        DocumentText.WriteNumber(writer, "rSquared", curve.RSquared);
        DocumentText.WriteNumber(writer, "adjustedRSquared", curve.AdjustedRSquared);
        DocumentText.WriteNumber(writer, "residualStandardError", curve.ResidualStandardError);
        DocumentText.WriteNumber(writer, "rootMeanSquareError", curve.RootMeanSquareError);
        DocumentText.WriteNumber(writer, "akaike", curve.Akaike);
        DocumentText.WriteNumber(writer, "correctedAkaike", curve.CorrectedAkaike);
        DocumentText.WriteNumber(writer, "bayesian", curve.Bayesian);
        DocumentText.WriteNumber(writer, "condition", curve.Condition);
        if (choice is not null)
        {
            writer.WriteString("criterion", "correctedAkaike");
            writer.WriteStartArray("runnersUp");
            foreach (var other in choice.Ranked.Skip(1))
            {
                writer.WriteStartObject();
                writer.WriteString("model", CurveModels.Name(other.Model));
                DocumentText.WriteNumber(writer, "correctedAkaike", other.CorrectedAkaike);
                DocumentText.WriteNumber(writer, "behind", choice.Behind(other));
                DocumentText.WriteNumber(writer, "rSquared", other.RSquared);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }

        writer.WriteStartArray("warnings");
        foreach (var warning in curve.Warnings)
        {
            writer.WriteStringValue(warning);
        }

        writer.WriteEndArray();
        writer.WritePropertyName("market");
        fragment.Members.WriteTo(writer);
        writer.WriteString("marketNote", fragment.Where);
        writer.WriteEndObject();
    }
}
