using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using Menuet.Settlement.Ethereum;

namespace Menuet.Settlement.Tests.Servers;

/// <summary>A test that needs an Ethereum node.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class AnvilFactAttribute : FactAttribute
{
    public AnvilFactAttribute() => Skip = Missing.Skip(AnvilServer.Reason);
}

/// <summary>A theory that needs an Ethereum node.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class AnvilTheoryAttribute : TheoryAttribute
{
    public AnvilTheoryAttribute() => Skip = Missing.Skip(AnvilServer.Reason);
}

/// <summary>A local Ethereum node with a real EVM, from npm, on a private port.</summary>
public sealed class AnvilServer : IAsyncLifetime
{
    /// <summary>The chain that every node here pretends to be.</summary>
    internal const long ChainId = 31337;

    // Above the search, which reads it.
    internal static string Contracts { get; } = Path.Combine(Repository.Root, "contracts");

    private static readonly (string? Program, string? Reason) Found = Find();

    private readonly string[] arguments;
    private Process? process;

    /// <summary>A node that mines each transaction at once.</summary>
    public AnvilServer()
        : this([])
    {
    }

    internal AnvilServer(params string[] arguments) => this.arguments = arguments;

    /// <summary>Why there is none; null when there is.</summary>
    internal static string? Reason => Found.Reason;

    internal Uri Address { get; private set; } = new("http://127.0.0.1:1");

    internal JsonRpc Rpc { get; private set; } = null!;

    /// <summary>Accounts with money whose keys the node has.</summary>
    internal ImmutableArray<string> Accounts { get; private set; }

    public async Task InitializeAsync()
    {
        if (Found.Program is null)
        {
            return;
        }

        var port = Missing.FreePort();
        process = Process.Start(new ProcessStartInfo(Found.Program, ["--quiet", "--port", port.ToString(CultureInfo.InvariantCulture), "--gas-limit", "3000000000", "--code-size-limit", "200000", "--order", "fifo", .. arguments]))!;
        Address = new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));
        Rpc = new(Address, TimeSpan.FromSeconds(30), TimeSpan.FromMilliseconds(5));
        for (var tries = 200; ; tries--)
        {
            try
            {
                Accounts = [.. (await Rpc.SendAsync("eth_accounts", default)).EnumerateArray().Select(account => account.GetString()!)];
                return;
            }
            catch (EthereumException) when (tries > 0 && !process.HasExited)
            {
                await Task.Delay(25);
            }
        }
    }

    public Task DisposeAsync()
    {
        Rpc?.Dispose();
        if (process is not null)
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
        }

        return Task.CompletedTask;
    }

    /// <summary>Mines blocks.</summary>
    internal Task MineAsync(int blocks = 1) => Rpc.SendAsync("anvil_mine", default, (BigInteger)blocks);

    /// <summary>Gives an account of ours as many wei as it could ever need.</summary>
    internal Task EnrichAsync(string account) => Rpc.SendAsync("anvil_setBalance", default, account, BigInteger.Pow(10, 26));

    private static (string? Program, string? Reason) Find()
    {
        if (Missing.Program("node", "node.exe") is null)
        {
            return (null, "Node.js is not installed, which compiles and reads the contracts; ./test.sh installs Debian's nodejs when run as root");
        }

        if (Binary() is { } there)
        {
            return (there, null);
        }

        if (Missing.Program("npm") is not { } npm)
        {
            return (null, "npm is not installed, which brings the Ethereum node; ./test.sh installs Debian's npm when run as root");
        }

        using var installing = Process.Start(new ProcessStartInfo(npm, ["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        {
            WorkingDirectory = Contracts,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var error = installing.StandardError.ReadToEndAsync();
        installing.StandardOutput.ReadToEnd();
        installing.WaitForExit();
        return Binary() is { } installed ? (installed, null) : (null, $"npm could not install the Ethereum node: {error.Result}");
    }

    private static string? Binary()
    {
        var system = OperatingSystem.IsWindows() ? "win32" : OperatingSystem.IsMacOS() ? "darwin" : "linux";
        var processor = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "amd64";
        var file = Path.Combine(Contracts, "node_modules", "@foundry-rs", $"anvil-{system}-{processor}", "bin", OperatingSystem.IsWindows() ? "anvil.exe" : "anvil");
        return File.Exists(file) ? file : null;
    }
}

/// <summary>Tests on one node, one after another.</summary>
[CollectionDefinition(Name)]
public sealed class SharedNode : ICollectionFixture<AnvilServer>
{
    public const string Name = "node";
}

/// <summary>Tests of faults, on a node of their own, so that they run beside the others.</summary>
[CollectionDefinition(Name)]
public sealed class FaultyNodes : ICollectionFixture<AnvilServer>
{
    public const string Name = "faults";
}
