using System.Numerics;
using Menuet.Settlement.Ethereum;
using Menuet.Settlement.Tests.Servers;

namespace Menuet.Settlement.Tests.Ethereum;

/// <summary>
/// Random sequences of calls, valid and not, beside independent books (contracts/test/Invariants.sol): every call succeeds exactly when
/// the books say so; deposited less withdrawn is what is there; every round's reserve is covered; nobody has more than it was owed.
/// </summary>
[Collection(SharedNode.Name)]
public sealed class InvariantTests(AnvilServer node)
{
    // Each sequence is one read-only call. MENUET_SEQUENCES raises the number for a long run by hand.
    private static readonly int Sequences = int.TryParse(Environment.GetEnvironmentVariable("MENUET_SEQUENCES"), out var count) ? count : 1000;
    private const int Steps = 40;
    private const int AtOnce = 4;

    [AnvilFact]
    public async Task RandomSequences_KeepEveryInvariant()
    {
        var harness = await OnChain.DeployAsync(node, Repository.TestContract("Invariants.json", "Invariants"), 1_000_000);
        var succeeded = 0L;
        await Parallel.ForAsync(0, Sequences, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (seed, cancellation) =>
        {
            try
            {
                Interlocked.Add(ref succeeded, (long)await harness.NumberAsync("run", (BigInteger)seed, (BigInteger)Steps));
            }
            catch (RpcException error)
            {
                Assert.Fail($"seed {seed}: {harness.Abi.Error(error.Revert, error.NodeMessage).Message}");
            }
        });
        Assert.True(succeeded > Sequences * Steps / 4, $"only {succeeded} of {Sequences * Steps} calls succeeded: the sequences try nothing");
    }
}
