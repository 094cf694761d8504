using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using System.Text;
using Menuet.Cli.Measuring;
using Menuet.Cli.Rendering;
using Menuet.Fitting;

namespace Menuet.Cli.Commands;

/// <summary><c>menuet market from-measurement DIR --kind K</c>: a ready market around a measured curve.</summary>
internal static class MarketCommand
{
    private static readonly string[] Kinds = ["quality-contract", "two-stage-contract", "stackelberg-pricing"];

    internal static Command Create(Terminal terminal) =>
        new("market", "Makes markets, and keeps their contracts, from measured quality.") { FromMeasurement(terminal), ExecuteCommand.Create(terminal) };

    private static Command FromMeasurement(Terminal terminal)
    {
        var defaults = new MarketAssumptions();
        var folder = new Argument<string>("folder") { HelpName = "folder", Description = "Of a finished measurement" };
        var kind = new Option<string>("--kind") { Description = $"Kind of market: {string.Join(", ", Kinds)}", Required = true };
        kind.AcceptOnlyFromAmong(Kinds);
        var curve = new Option<string>("--curve") { Description = "best: the family of the least AICc that the kind can read; measured: the means themselves (quality contracts)", DefaultValueFactory = _ => "best" };
        curve.AcceptOnlyFromAmong("best", "measured");
        var level = new Option<int?>("--level") { Description = "Prompt level that Stackelberg pricing sells steps at; without it the largest measured" };
        var gains = List("--gains", "Gains of the types in money per quality point", defaults.Gains);
        var satisfactions = List("--satisfactions", "Satisfactions of the followers in money per quality", defaults.Satisfactions);
        var users = NumberOptions.Number("--users", "Number of users", defaults.Users, 1e-9, 1e9);
        var costPerLevel = NumberOptions.Number("--cost-per-level", "Money per prompt level", defaults.CostPerLevel, 0, 1e9);
        var costPerStep = NumberOptions.Number("--cost-per-step", "Money per denoising step", defaults.CostPerStep, 0, 1e9);
        var unitCost = NumberOptions.Number("--unit-cost", "What a step costs the leader of Stackelberg pricing", defaults.UnitCost, 0, 1e9);
        var output = new Option<string?>("--out") { Description = "Writes the market to this file instead of standard output" };
        var command = new Command("from-measurement", "Writes a market around the curve of a measurement; gains and costs are assumptions to be changed.")
        {
            folder, kind, curve, level, gains, satisfactions, users, costPerLevel, costPerStep, unitCost, output,
        };
        command.SetAction(parsed => Write(
            terminal, parsed.GetRequiredValue(folder), parsed.GetRequiredValue(kind), parsed.GetValue(curve) == "measured", parsed.GetValue(level),
            new()
            {
                Users = parsed.GetValue(users),
                Gains = Numbers(parsed.GetRequiredValue(gains))!.Value,
                CostPerLevel = parsed.GetValue(costPerLevel),
                CostPerStep = parsed.GetValue(costPerStep),
                Satisfactions = Numbers(parsed.GetRequiredValue(satisfactions))!.Value,
                UnitCost = parsed.GetValue(unitCost),
            },
            parsed.GetValue(output)));
        return command;
    }

    private static void Write(Terminal terminal, string name, string kind, bool measured, int? level, MarketAssumptions assumptions, string? output)
    {
        var folder = MeasurementFolder.Open(name);
        var csv = folder.Table();
        if (measured && kind != "quality-contract")
        {
            throw new InvalidRequestException([new("--curve", "measured means are read by quality contracts only", $"\"{kind}\"")]);
        }

        if (kind == "stackelberg-pricing")
        {
            csv = AtLevel(csv, level);
        }

        // Measured means need no family; a grid too small for any fit is sold as it is.
        var choice = measured ? null : CurveChoice.Of(csv);
        FittedCurve Family(CurveModel model) => choice!.Ranked.FirstOrDefault(curve => curve.Model == model)
            ?? throw new InvalidRequestException(choice.LeftOut.First(one => one.Model == model).Problems);
        var used = kind switch { _ when measured => null, "stackelberg-pricing" => Family(CurveModel.Quadratic), "two-stage-contract" => Family(CurveModel.LogLinear), _ => choice!.Best };
        var points = used?.Points ?? Points(folder);
        var market = kind switch
        {
            _ when used is null => MeasuredMarket.QualityContract(points, assumptions),
            "stackelberg-pricing" => MeasuredMarket.StackelbergPricing(used, assumptions),
            "two-stage-contract" => MeasuredMarket.TwoStageContract(used, Success(folder, used), assumptions),
            _ => MeasuredMarket.QualityContract(used, assumptions),
        };
        market["name"] = $"Measured {folder.Quality} of the {((string?)folder.Plan["backend"] is "embedded" ? "embedded generator" : $"backend {folder.Plan["backend"]}")}";
        market["description"] = string.Create(
            CultureInfo.InvariantCulture,
            $"{(used is null ? "Measured means" : $"{CurveModels.Name(used.Model)} curve, R² {used.RSquared:F3}")} over {points.Length} cells. Gains and costs are assumptions.");
        market["source"] = $"menuet measure, {folder.Plan["task"]}, {folder.Plan["images"]} images a cell, seed {folder.Plan["seed"]}";
        var text = market.ToJsonString(JsonText.IndentedNodes) + "\n";
        if (Catalog.Find(Encoding.UTF8.GetBytes(text)).Check(Encoding.UTF8.GetBytes(text)) is { IsEmpty: false } problems)
        {
            throw new InvalidRequestException(problems, kind);
        }

        if (output is null)
        {
            terminal.Output.Write(text);
            return;
        }

        OutputFile.Write(output, text);
        if (choice is not null)
        {
            FitCommand.WriteChoice(terminal, choice);
        }

        if (choice is not null && used is not null && used != choice.Best)
        {
            terminal.Output.WriteLine($"This kind of market reads the {CurveModels.Name(used.Model)} curve, which is not the best here: {CurveModels.Name(choice.Best.Model)} is.");
        }

        terminal.Output.WriteLine($"Written: {output}; 'menuet solve {output}' designs its mechanism");
    }

    private static ImmutableArray<QualityPoint> Points(MeasurementFolder folder) =>
        [.. folder.Cells(folder.ReadPlan()).Select(cell => new QualityPoint(cell.Level, cell.Steps, cell.Quality))];

    private static SuccessFit Success(MeasurementFolder folder, FittedCurve curve)
    {
        if (folder.Threshold is not { } threshold)
        {
            throw new InvalidRequestException([new("measurement.json", "has no threshold, so nothing is known of success; run its command again with --resume and --threshold A")]);
        }

        return SuccessFit.Of([.. folder.Cells(folder.ReadPlan()).Select(cell => (curve.Evaluate(cell.Level, cell.Steps), cell.Success(threshold), (double)cell.Scores.Length))]);
    }

    /// <summary>The rows of one level, the header kept.</summary>
    private static string AtLevel(string csv, int? level)
    {
        var lines = csv.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        int? LevelOf(string line) => int.TryParse(line.Split(',')[0], CultureInfo.InvariantCulture, out var value) ? value : null;
        var wanted = level ?? lines.Max(LevelOf);
        return string.Join('\n', lines.Where((line, i) => i == 0 || LevelOf(line) == wanted));
    }

    private static Option<string> List(string name, string description, ImmutableArray<double> standard)
    {
        var option = new Option<string>(name)
        {
            Description = $"{description}, separated by commas",
            DefaultValueFactory = _ => string.Join(',', standard.Select(value => value.ToString(CultureInfo.InvariantCulture))),
        };
        option.Validators.Add(result => NumberOptions.Check(result, text => Numbers(text) is not null, $"{name} must be positive numbers separated by commas, at most 1000"));
        return option;
    }

    private static ImmutableArray<double>? Numbers(string text)
    {
        var parts = text.Split(',');
        return parts.Length <= 1000 && parts.All(part => NumberOptions.IsWithin(part, 1e-9, 1e9))
            ? [.. parts.Select(part => double.Parse(part, NumberStyles.Float, CultureInfo.InvariantCulture))] : null;
    }
}
