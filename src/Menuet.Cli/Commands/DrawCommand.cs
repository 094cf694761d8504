using System.CommandLine;
using System.Globalization;
using System.Text;
using Menuet.Mechanisms.ContractMarket;

namespace Menuet.Cli.Commands;

/// <summary><c>menuet draw contract-market</c>: a random market of any size from a documented generator.</summary>
internal static class DrawCommand
{
    internal static Command Create(Terminal terminal)
    {
        var operators = Count("--operators", "M, how many operators", 3);
        var types = Count("--types", "N, how many types of users", 8);
        var dirichlet = new Option<double>("--dirichlet")
        {
            Description = "Concentration of the users over the types, from 1e-3 (few types have most users) to 1e9 (all alike)",
            DefaultValueFactory = _ => 10,
        };
        dirichlet.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && double.TryParse(result.Tokens[0].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value is not (>= 1e-3 and <= 1e9))
            {
                result.AddError($"--dirichlet must be a number from 1e-3 to 1e9, not {result.Tokens[0].Value}");
            }
        });
        var seed = new Option<ulong>("--seed") { Description = "Which market: a seed means the same one everywhere", DefaultValueFactory = _ => 0 };
        var output = new Option<string?>("--out") { Description = "Writes the market to this file instead of standard output" };
        var market = new Command("contract-market", "Competing operators with random capacities; random shares of users over the types.") { operators, types, dirichlet, seed, output };
        market.SetAction(parsed =>
        {
            var document = Encoding.UTF8.GetString(ContractMarketDraw.Document(
                parsed.GetValue(operators), parsed.GetValue(types), parsed.GetValue(dirichlet), parsed.GetValue(seed)));
            if (parsed.GetValue(output) is { } file)
            {
                OutputFile.Write(file, document);
            }
            else
            {
                terminal.Output.Write(document);
            }
        });
        return new Command("draw", "Draws a random market.") { market };
    }

    private static Option<int> Count(string name, string description, int standard)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => standard };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out var count) && count is < 1 or > ContractMarketDraw.Most)
            {
                result.AddError($"{name} must be a whole number from 1 to {ContractMarketDraw.Most}, not {count}");
            }
        });
        return option;
    }
}
