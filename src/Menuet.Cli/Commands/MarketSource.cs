using System.CommandLine.Parsing;

namespace Menuet.Cli.Commands;

/// <summary>Finds a document: a file, standard input, or a market of the catalogue by its name.</summary>
internal static class MarketSource
{
    /// <summary>A mistyped option would otherwise pass for a file's name.</summary>
    internal static void RefuseOptions(ArgumentResult result)
    {
        foreach (var token in result.Tokens.Where(token => token.Value.Length > 1 && token.Value[0] == '-'))
        {
            var known = (result.Parent as CommandResult)?.Command.Options.Select(option => option.Name) ?? [];
            var nearest = Documents.DocumentText.Nearest(token.Value, known);
            result.AddError($"unknown option '{token.Value}'{(nearest is null ? "" : $"; did you mean '{nearest}'?")}");
        }
    }

    internal static byte[] Read(string name, Terminal terminal)
    {
        if (name == "-")
        {
            using var input = terminal.OpenInput();
            using var bytes = new MemoryStream();
            input.CopyTo(bytes);
            return bytes.ToArray();
        }

        if (File.Exists(name))
        {
            return File.ReadAllBytes(name);
        }

        if (Catalog.Market(name) is { } market)
        {
            return market;
        }

        var nearest = Documents.DocumentText.Nearest(name, Catalog.Markets);
        throw new InvalidRequestException(
            [new(name, $"no such file, and no market of the catalogue has this name{(nearest is null ? "" : $"; did you mean '{nearest}'?")} ('menuet list' shows them)")]);
    }
}
