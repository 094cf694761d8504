using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Menuet.Cli.Commands;

/// <summary>Options that are numbers within bounds.</summary>
internal static class NumberOptions
{
    internal static Option<int> Whole(string name, string description, int standard, int min, int max)
    {
        var option = new Option<int>(name) { Description = $"{description} ({min} to {max})", DefaultValueFactory = _ => standard };
        option.Validators.Add(result => Check(
            result, text => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max, $"{name} must be a whole number from {min} to {max}"));
        return option;
    }

    internal static Option<double> Number(string name, string description, double standard, double min, double max)
    {
        var option = new Option<double>(name) { Description = string.Create(CultureInfo.InvariantCulture, $"{description} ({min} to {max})"), DefaultValueFactory = _ => standard };
        option.Validators.Add(result => Check(result, text => IsWithin(text, min, max), string.Create(CultureInfo.InvariantCulture, $"{name} must be a number from {min} to {max}")));
        return option;
    }

    /// <summary>As <see cref="Whole"/>; null unless given.</summary>
    internal static Option<int?> OptionalWhole(string name, string description, int min, int max)
    {
        var option = new Option<int?>(name) { Description = $"{description} ({min} to {max})" };
        option.Validators.Add(result => Check(
            result, text => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max, $"{name} must be a whole number from {min} to {max}"));
        return option;
    }

    /// <summary>As <see cref="Number"/>; null unless given.</summary>
    internal static Option<double?> OptionalNumber(string name, string description, double min, double max)
    {
        var option = new Option<double?>(name) { Description = string.Create(CultureInfo.InvariantCulture, $"{description} ({min} to {max})") };
        option.Validators.Add(result => Check(result, text => IsWithin(text, min, max), string.Create(CultureInfo.InvariantCulture, $"{name} must be a number from {min} to {max}")));
        return option;
    }

    internal static bool IsWithin(string text, double min, double max) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max;

    internal static void Check(OptionResult result, Func<string, bool> isFine, string message)
    {
        if (result.Tokens.Count == 1 && !isFine(result.Tokens[0].Value))
        {
            result.AddError($"{message}, not '{result.Tokens[0].Value}'");
        }
    }
}
