using System.Globalization;
using Menuet.Generation;

namespace Menuet.Cli.Commands;

/// <summary>Reads images and texts.</summary>
internal static class ContentSource
{
    /// <summary>A file, or '-' for standard input; a file's size is looked at before anything is read.</summary>
    internal static Content Read(string name, Terminal terminal)
    {
        var problem = name == "-" ? null
            : !File.Exists(name) ? "no such file"
            : new FileInfo(name).Length > Content.MaxBytes ? string.Create(CultureInfo.InvariantCulture, $"is larger than {Content.MaxBytes} bytes") : null;
        return problem is null ? Content.Of(name, MarketSource.Read(name, terminal)) : throw new InvalidRequestException([new(name, problem)]);
    }
}
