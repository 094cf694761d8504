using System.CommandLine;
using System.Globalization;

namespace Menuet.Cli.Commands;

/// <summary>Options that several commands have.</summary>
internal sealed class SharedOptions
{
    internal static readonly string[] Formats = ["text", "json", "csv", "markdown"];

    internal Option<string> Format { get; } = FormatOption();

    internal Option<double> Tolerance { get; } = new("--tolerance")
    {
        Description = "Permitted violation of a constraint, relative to 1 + the largest payment (0 to 1)",
        DefaultValueFactory = _ => 1e-9,
        CustomParser = result => Number(result, 0, 1),
    };

    internal Option<ulong> Seed { get; } = new("--seed") { Description = "Seed of everything random", DefaultValueFactory = _ => 0 };

    internal Option<int> MaxIterations { get; } = new("--max-iterations")
    {
        Description = "Limit of iterative solvers",
        DefaultValueFactory = _ => 10_000,
    };

    internal Option<double?> TimeLimit { get; } = new("--time-limit")
    {
        Description = "Seconds after which a solver returns the best it has",
        CustomParser = result => Number(result, 1e-3, 1e9),
    };

    internal void AddTo(Command command)
    {
        command.Options.Add(Format);
        command.Options.Add(Tolerance);
        command.Options.Add(Seed);
        command.Options.Add(MaxIterations);
        command.Options.Add(TimeLimit);
        MaxIterations.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out var count) && count < 1)
            {
                result.AddError($"--max-iterations must be at least 1, not {count}");
            }
        });
    }

    internal SolveOptions Read(ParseResult parsed) => new(
        parsed.GetValue(Tolerance),
        parsed.GetValue(MaxIterations),
        parsed.GetValue(Seed),
        parsed.GetValue(TimeLimit) is { } seconds ? TimeSpan.FromSeconds(seconds) : null);

    internal static Option<string> FormatOption(params string[] formats)
    {
        var permitted = formats.Length == 0 ? Formats : formats;
        var option = new Option<string>("--format")
        {
            Description = $"How the result is written: {string.Join(", ", permitted)}",
            DefaultValueFactory = _ => permitted[0],
        };
        option.AcceptOnlyFromAmong(permitted);
        return option;
    }

    private static double Number(System.CommandLine.Parsing.ArgumentResult result, double min, double max)
    {
        var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max)
        {
            return value;
        }

        result.AddError(string.Create(CultureInfo.InvariantCulture, $"'{text}' must be a number from {min} to {max}"));
        return 0;
    }
}
