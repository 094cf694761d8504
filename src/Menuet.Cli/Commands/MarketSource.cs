namespace Menuet.Cli.Commands;

/// <summary>Finds a document: a file, standard input, or a market of the catalogue by its name.</summary>
internal static class MarketSource
{
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
