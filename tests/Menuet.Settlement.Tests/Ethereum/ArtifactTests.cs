using System.Diagnostics;
using System.Text.Json;
using Menuet.Settlement.Ethereum;
using Menuet.Settlement.Tests.Servers;

namespace Menuet.Settlement.Tests.Ethereum;

/// <summary>The committed artifacts are what the sources compile to.</summary>
public sealed class ArtifactTests
{
    [AnvilFact]
    public async Task Rebuilding_GivesTheCommittedArtifacts()
    {
        var (exitCode, _, error) = await Node.RunAsync("build.mjs", "--check");
        Assert.True(exitCode == 0, error);
    }

    [Theory]
    [InlineData("RewardDistributor.json", "RewardDistributor")]
    [InlineData("test/Adversaries.json", "PushDistributor")]
    public void Selectors_AndTopics_AreTheHashesOfTheirSignatures(string file, string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Repository.Root, "contracts", file)));
        var contract = document.RootElement.GetProperty("contracts").GetProperty(name);
        Assert.All(contract.GetProperty("selectors").EnumerateObject(), pair => Assert.Equal(pair.Value.GetString(), Hex.Of(Abi.Selector(pair.Name))));
        Assert.All(contract.GetProperty("errors").EnumerateObject(), pair => Assert.Equal(pair.Value.GetString(), Hex.Of(Abi.Selector(pair.Name))));
        Assert.All(contract.GetProperty("topics").EnumerateObject(), pair => Assert.Equal(pair.Value.GetString(), Hex.Of(Keccak.Hash(pair.Name))));
        Assert.True(contract.GetProperty("deployedBytecode").GetString()!.Length / 2 <= 24_576, "larger than Ethereum takes");
    }

    /// <summary>Runs a script of the contracts' folder.</summary>
    internal static class Node
    {
        internal static async Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments)
        {
            using var process = Process.Start(new ProcessStartInfo(Missing.Program("node") ?? "node", arguments)
            {
                WorkingDirectory = AnvilServer.Contracts,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            var error = process.StandardError.ReadToEndAsync();
            var output = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            return (process.ExitCode, output, await error);
        }
    }
}
