using System.Text.Json;
using Menuet.Settlement.Ethereum;

namespace Menuet.Settlement.Tests;

/// <summary>What tests read from the repository.</summary>
internal static class Repository
{
    internal static string Root { get; } = FindRoot();

    /// <summary>A contract that only tests deploy.</summary>
    internal static ContractAbi TestContract(string artifact, string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Root, "contracts", "test", artifact)));
        return new(document.RootElement, name);
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Menuet.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("Menuet.slnx is nowhere above the tests");
    }
}
