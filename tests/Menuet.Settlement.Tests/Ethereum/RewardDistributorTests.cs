using System.Numerics;
using System.Text.Json;
using Menuet.Settlement.Ethereum;
using Menuet.Settlement.Tests.Servers;

namespace Menuet.Settlement.Tests.Ethereum;

/// <summary>The contract on a real EVM: what it does, and what attackers cannot make it do.</summary>
[Collection(SharedNode.Name)]
public sealed class RewardDistributorTests(AnvilServer node)
{
    private static readonly ContractAbi Reenterer = Repository.TestContract("Adversaries.json", "Reenterer");
    private static readonly ContractAbi Refuser = Repository.TestContract("Adversaries.json", "Refuser");
    private static readonly ContractAbi Dust = Repository.TestContract("Adversaries.json", "Dust");
    private static readonly ContractAbi Push = Repository.TestContract("Adversaries.json", "PushDistributor");

    [AnvilFact]
    public async Task Creators_TakeWhatTheyAreCredited_OverSeveralRounds()
    {
        var contract = await OnChain.DistributorAsync(node);
        await contract.DistributeAsync("a", (1, 0), (2, 2));
        await contract.DistributeAsync("b", (1, 1));
        Assert.Equal(5200, await contract.NumberAsync("reserved"));
        var before = await contract.BalanceAsync(node.Accounts[1]);
        var receipt = await contract.SendAsync(1, "withdraw", 0, (BigInteger)1, new object[] { OnChain.Round("a"), OnChain.Round("b") });
        Assert.Equal(2500, await contract.BalanceAsync(node.Accounts[1]) - before + Cost(receipt));
        Assert.Equal(2700, await contract.NumberAsync("reserved"));
        var payment = await contract.ReadAsync("paymentOf", OnChain.Round("a"), (BigInteger)1);
        Assert.Equal<object>([true, true, BigInteger.Zero, (BigInteger)9_000_000, (BigInteger)1000], payment);
    }

    [AnvilFact]
    public async Task OwnersCalls_AreRefusedToEverybodyElse()
    {
        var contract = await OnChain.DistributorAsync(node);
        object[] none = [];
        Assert.Equal("NotOwner", await contract.RefusalAsync(1, "distribute", OnChain.Round("x"), new byte[32], (BigInteger)1000, OnChain.Qualities, OnChain.Rewards, OnChain.Numbers(1), OnChain.Numbers(0), OnChain.Numbers(9_000_000)));
        Assert.Equal("NotOwner", await contract.RefusalAsync(1, "openRound", OnChain.Round("x"), OnChain.Menu.HashBytes(), new byte[32], (BigInteger)1));
        Assert.Equal("NotOwner", await contract.RefusalAsync(1, "openMerkleRound", OnChain.Round("x"), OnChain.Menu.HashBytes(), new byte[32], (BigInteger)1));
        Assert.Equal("NotOwner", await contract.RefusalAsync(1, "credit", OnChain.Round("x"), OnChain.Qualities, OnChain.Rewards, none, none, none));
        Assert.Equal("NotOwner", await contract.RefusalAsync(1, "cancelRound", OnChain.Round("x")));
        Assert.Equal("NotOwner", await contract.RefusalAsync(1, "commitMenu", OnChain.Numbers(1), OnChain.Numbers(1)));
        Assert.Equal("NotOwner", await contract.RefusalAsync(1, "setAddresses", none, none));
        Assert.Equal("NotOwner", await contract.RefusalAsync(1, "setPaused", true));
        Assert.Equal("NotOwner", await contract.RefusalAsync(1, "takeSurplus", Hex.Bytes(node.Accounts[1]), (BigInteger)1));
        Assert.Equal("NotOwner", await contract.RefusalAsync(1, "transferOwnership", Hex.Bytes(node.Accounts[1])));
        Assert.Equal("NotPendingOwner", await contract.RefusalAsync(1, "acceptOwnership"));
        Assert.Equal("NotPayee", await contract.RefusalAsync(0, "moveAddress", (BigInteger)1, Hex.Bytes(node.Accounts[0])));
        Assert.Equal("NotPayee", await contract.RefusalAsync(0, "withdraw", (BigInteger)1, none));
    }

    [AnvilFact]
    public async Task Ownership_ChangesInTwoSteps()
    {
        var contract = await OnChain.DistributorAsync(node);
        await contract.SendAsync(0, "transferOwnership", 0, Hex.Bytes(node.Accounts[1]));
        await contract.SendAsync(0, "setPaused", 0, false);
        await contract.SendAsync(1, "acceptOwnership", 0);
        Assert.Equal("NotOwner", await contract.RefusalAsync(0, "setPaused", true));
        await contract.SendAsync(1, "setPaused", 0, true);
        Assert.Equal(Hex.Bytes(node.Accounts[1]), (byte[])(await contract.ReadAsync("owner"))[0]);
    }

    [AnvilFact]
    public async Task Replays_OfRoundsCreditsWithdrawalsAndClaims_AreRefused()
    {
        var contract = await OnChain.DistributorAsync(node);
        await contract.DistributeAsync("a", (1, 0));
        Assert.Equal("RoundExists", (await Assert.ThrowsAsync<RevertedException>(() => contract.DistributeAsync("a", (2, 0)))).Error);
        Assert.Equal("AlreadyCredited", (await Assert.ThrowsAsync<RevertedException>(() => contract.DistributeAsync("b", (1, 0), (1, 0)))).Error);
        Assert.Equal("AlreadyPaid", await contract.RefusalAsync(1, "withdraw", (BigInteger)1, new object[] { OnChain.Round("a"), OnChain.Round("a") }));
        await contract.SendAsync(1, "withdraw", 0, (BigInteger)1, new object[] { OnChain.Round("a") });
        Assert.Equal("AlreadyPaid", await contract.RefusalAsync(1, "withdraw", (BigInteger)1, new object[] { OnChain.Round("a") }));
        Assert.Equal("NotCredited", await contract.RefusalAsync(2, "withdraw", (BigInteger)2, new object[] { OnChain.Round("a") }));
        Assert.Equal("RoundNotIn", await contract.RefusalAsync(1, "withdraw", (BigInteger)1, new object[] { OnChain.Round("never") }));
        Assert.Equal("RoundNotIn", await contract.RefusalAsync(0, "credit", OnChain.Round("a"), OnChain.Qualities, OnChain.Rewards, OnChain.Numbers(2), OnChain.Numbers(0), OnChain.Numbers(5_000_000)));
    }

    [AnvilFact]
    public async Task Reentrancy_PaysOnce()
    {
        var contract = await OnChain.DistributorAsync(node);
        var attacker = await OnChain.DeployAsync(node, Reenterer, 0, contract.Address);
        await contract.SendAsync(0, "setAddresses", 0, OnChain.Numbers(77), new object[] { Hex.Bytes(attacker.Address) });
        await contract.DistributeAsync("a", (77, 0), (1, 0));
        await contract.DistributeAsync("b", (77, 2));
        await attacker.SendAsync(3, "attack", 0, (BigInteger)77, new object[] { OnChain.Round("a") }, new object[] { OnChain.Round("b") });
        Assert.Equal(1, await attacker.NumberAsync("attempts"));
        Assert.Equal(0, await attacker.NumberAsync("successes"));
        Assert.Equal(1000, await contract.BalanceAsync(attacker.Address));
        Assert.Equal(3700, await contract.NumberAsync("reserved"));
    }

    [AnvilFact]
    public async Task RefusingPayee_BlocksNobody_AndCanMoveItsReward_WhereThePapersPushFails()
    {
        var contract = await OnChain.DistributorAsync(node);
        var refuser = await OnChain.DeployAsync(node, Refuser, 0, contract.Address);
        await contract.SendAsync(0, "setAddresses", 0, OnChain.Numbers(77), new object[] { Hex.Bytes(refuser.Address) });
        await contract.DistributeAsync("a", (77, 0), (1, 0));
        var failed = await Assert.ThrowsAsync<RevertedException>(() => refuser.SendAsync(0, "withdraw", 0, (BigInteger)77, new object[] { OnChain.Round("a") }));
        Assert.Contains("unknown error", failed.Message, StringComparison.Ordinal);
        await contract.SendAsync(1, "withdraw", 0, (BigInteger)1, new object[] { OnChain.Round("a") });
        await refuser.SendAsync(0, "move", 0, (BigInteger)77, Hex.Bytes(node.Accounts[8]));
        await contract.SendAsync(8, "withdraw", 0, (BigInteger)77, new object[] { OnChain.Round("a") });
        Assert.Equal(0, await contract.NumberAsync("reserved"));

        var push = await OnChain.DeployAsync(node, Push);
        await push.SendAsync(0, "", 10_000);
        await push.SendAsync(0, "setAddresses", 0, OnChain.Numbers(1, 77), new object[] { Hex.Bytes(node.Accounts[1]), Hex.Bytes(refuser.Address) });
        await Assert.ThrowsAsync<RevertedException>(() => push.SendAsync(0, "distributeAll", 0, OnChain.Numbers(1, 77), OnChain.Numbers(5, 5), OnChain.Numbers(10, 10)));
        Assert.False((bool)(await push.ReadAsync("paid", (BigInteger)1))[0]);
    }

    [AnvilFact]
    public async Task OwnerCannotRedirectAReward()
    {
        var contract = await OnChain.DistributorAsync(node);
        await contract.DistributeAsync("a", (1, 0));
        Assert.Equal("AddressAlreadySet", await contract.RefusalAsync(0, "setAddresses", OnChain.Numbers(1), new object[] { Hex.Bytes(node.Accounts[0]) }));
        await contract.SendAsync(0, "setAddresses", 0, OnChain.Numbers(1), new object[] { Hex.Bytes(node.Accounts[1]) });
        Assert.Equal("Insolvent", await contract.RefusalAsync(0, "takeSurplus", Hex.Bytes(node.Accounts[0]), (BigInteger)999_001));
        await contract.SendAsync(0, "takeSurplus", 0, Hex.Bytes(node.Accounts[9]), (BigInteger)999_000);
        await contract.SendAsync(1, "withdraw", 0, (BigInteger)1, new object[] { OnChain.Round("a") });
        Assert.Equal(0, await contract.BalanceAsync(contract.Address));
    }

    [AnvilFact]
    public async Task Rounds_NeedCover_ACommittedMenu_AndRewardsThatFollowIt()
    {
        var contract = await OnChain.DistributorAsync(node);
        Task<string> Open(byte[] menu, BigInteger total) => contract.RefusalAsync(0, "openRound", OnChain.Round("x"), menu, new byte[32], total);
        Assert.Equal("Insolvent", await Open(OnChain.Menu.HashBytes(), 1_000_001));
        Assert.Equal("MenuUnknown", await Open(new byte[32], 1));
        Assert.Equal("Empty", await Open(OnChain.Menu.HashBytes(), 0));
        Assert.Equal("AmountTooLarge", await Open(OnChain.Menu.HashBytes(), BigInteger.One << 80));
        Assert.Equal("AmountTooLarge", await Open(OnChain.Menu.HashBytes(), (BigInteger.One << 256) - 1));
        Task<string> Distribute(object[] rewards, long total, long id, long item, BigInteger evaluation) => contract.RefusalAsync(
            0, "distribute", OnChain.Round("x"), new byte[32], (BigInteger)total, OnChain.Qualities, rewards, OnChain.Numbers(id), OnChain.Numbers(item), new object[] { evaluation });
        Assert.Equal("MenuUnknown", await Distribute(OnChain.Numbers(1001, 1500, 2700), 1001, 1, 0, 5_000_000));
        Assert.Equal("EvaluationTooLow", await Distribute(OnChain.Rewards, 1500, 1, 1, 5_999_999));
        Assert.Equal("ItemUnknown", await Distribute(OnChain.Rewards, 1500, 1, 3, 9_000_000));
        Assert.Equal("AmountTooLarge", await Distribute(OnChain.Rewards, 1000, 1, 0, BigInteger.One << 64));
        Assert.Equal("NoAddress", await Distribute(OnChain.Rewards, 1000, 99, 0, 5_000_000));
        Assert.Equal("ExceedsRound", await Distribute(OnChain.Rewards, 999, 1, 0, 5_000_000));
        Assert.Equal("ExceedsRound", await Distribute(OnChain.Rewards, 1001, 1, 0, 5_000_000));
        Assert.Equal("LengthMismatch", await contract.RefusalAsync(0, "commitMenu", OnChain.Numbers(1), OnChain.Numbers()));
        Assert.Equal("MenuAlreadyCommitted", await contract.RefusalAsync(0, "commitMenu", OnChain.Qualities, OnChain.Rewards));
        var huge = new object[] { (BigInteger.One << 256) - 1, (BigInteger.One << 256) - 1 };
        await contract.SendAsync(0, "commitMenu", 0, OnChain.Numbers(0, 0), huge);
        Assert.Equal("AmountTooLarge", await contract.RefusalAsync(
            0, "distribute", OnChain.Round("x"), new byte[32], (BigInteger)5, OnChain.Numbers(0, 0), huge, OnChain.Numbers(1, 2), OnChain.Numbers(0, 1), OnChain.Numbers(0, 0)));
        await contract.SendAsync(0, "commitMenu", 0, OnChain.Numbers(0), OnChain.Numbers(0));
        Assert.Equal("ZeroReward", await contract.RefusalAsync(
            0, "distribute", OnChain.Round("x"), new byte[32], (BigInteger)5, OnChain.Numbers(0), OnChain.Numbers(0), OnChain.Numbers(1), OnChain.Numbers(0), OnChain.Numbers(0)));
        Assert.Equal(0, await contract.NumberAsync("reserved"));
    }

    [AnvilFact]
    public async Task MistakenRound_CanBeCancelledUntilItsFirstWithdrawal()
    {
        var contract = await OnChain.DistributorAsync(node);
        await contract.DistributeAsync("a", (1, 0), (2, 0));
        await contract.DistributeAsync("b", (1, 0), (2, 0));
        await contract.SendAsync(0, "setPaused", 0, true);
        Assert.Equal("IsPaused", await contract.RefusalAsync(1, "withdraw", (BigInteger)1, new object[] { OnChain.Round("a") }));
        await contract.SendAsync(0, "cancelRound", 0, OnChain.Round("a"));
        await contract.SendAsync(0, "setPaused", 0, false);
        Assert.Equal(2000, await contract.NumberAsync("reserved"));
        Assert.Equal("RoundNotIn", await contract.RefusalAsync(1, "withdraw", (BigInteger)1, new object[] { OnChain.Round("a") }));
        Assert.Equal("RoundNotIn", await contract.RefusalAsync(0, "cancelRound", OnChain.Round("a")));
        Assert.Equal("RoundExists", (await Assert.ThrowsAsync<RevertedException>(() => contract.DistributeAsync("a", (1, 0)))).Error);
        await contract.SendAsync(1, "withdraw", 0, (BigInteger)1, new object[] { OnChain.Round("b") });
        Assert.Equal("RoundStarted", await contract.RefusalAsync(0, "cancelRound", OnChain.Round("b")));
    }

    [AnvilFact]
    public async Task Dust_ForcedOnTheContract_ChangesNoAccount()
    {
        var contract = await OnChain.DistributorAsync(node);
        await contract.DistributeAsync("a", (1, 0));
        for (var i = 1; i <= 3; i++)
        {
            await OnChain.DeployAsync(node, Dust, i, contract.Address);
        }

        Assert.Equal(1000, await contract.NumberAsync("reserved"));
        Assert.Equal(999_006, await contract.NumberAsync("free"));
        await contract.SendAsync(1, "withdraw", 0, (BigInteger)1, new object[] { OnChain.Round("a") });
        await contract.SendAsync(0, "takeSurplus", 0, Hex.Bytes(node.Accounts[9]), (BigInteger)999_006);
    }

    [AnvilFact]
    public async Task MerkleClaims_PayTheLeafOnce_AndNothingBeside()
    {
        var contract = await OnChain.DistributorAsync(node);
        var round = OnChain.Round("m");
        (long Id, int Account, long Item, long Reward)[] payees = [(1, 1, 0, 1000), (2, 2, 1, 1500), (300, 3, 2, 2700), (4, 4, 0, 1000), (5, 5, 0, 1000)];
        var leaves = new List<byte[]>();
        foreach (var p in payees)
        {
            leaves.Add((byte[])(await contract.ReadAsync("leaf", round, (BigInteger)p.Id, Hex.Bytes(node.Accounts[p.Account]), (BigInteger)p.Item, (BigInteger)9_000_000, (BigInteger)p.Reward))[0]);
        }

        var tree = new MerkleTree([.. leaves]);
        await contract.SendAsync(0, "openMerkleRound", 0, round, OnChain.Menu.HashBytes(), tree.Root, (BigInteger)8200);
        object[] Claim(int i, long reward) => [round, (BigInteger)payees[i].Id, (BigInteger)payees[i].Item, (BigInteger)9_000_000, (BigInteger)reward, tree.Proof(i).ToArray<object>()];
        Assert.Equal("WrongProof", await contract.RefusalAsync(1, "claim", Claim(0, 1001)));
        Assert.Equal("WrongProof", await contract.RefusalAsync(2, "claim", Claim(0, 1000)));
        Assert.Equal("RoundNotIn", await contract.RefusalAsync(1, "withdraw", (BigInteger)1, new object[] { round }));
        for (var i = 0; i < payees.Length; i++)
        {
            await contract.SendAsync(payees[i].Account, "claim", 0, Claim(i, payees[i].Reward));
            Assert.Equal("AlreadyPaid", await contract.RefusalAsync(payees[i].Account, "claim", Claim(i, payees[i].Reward)));
        }

        // An inner node of the tree passed for a leaf is no leaf.
        Assert.Equal("AlreadyPaid", await contract.RefusalAsync(1, "claim", Claim(0, 1000)));
        Assert.Equal(1000, await contract.NumberAsync("reserved"));
        Assert.Equal("RoundStarted", await contract.RefusalAsync(0, "cancelRound", round));
    }

    [AnvilFact]
    public async Task MerkleRoot_OverMoreThanItsCover_ReachesNoOtherRound()
    {
        var contract = await OnChain.DistributorAsync(node);
        await contract.DistributeAsync("a", (2, 2));
        var round = OnChain.Round("m");
        var leaf = (byte[])(await contract.ReadAsync("leaf", round, (BigInteger)1, Hex.Bytes(node.Accounts[1]), (BigInteger)0, (BigInteger)0, (BigInteger)5000))[0];
        await contract.SendAsync(0, "openMerkleRound", 0, round, OnChain.Menu.HashBytes(), leaf, (BigInteger)10);
        Assert.Equal("ExceedsRound", await contract.RefusalAsync(1, "claim", round, (BigInteger)1, (BigInteger)0, (BigInteger)0, (BigInteger)5000, Array.Empty<object>()));
        Assert.Equal(2710, await contract.NumberAsync("reserved"));
    }

    [AnvilFact]
    public async Task LeavesAndMenus_AreHashedAsTheContractDoes()
    {
        var contract = await OnChain.DistributorAsync(node);
        Assert.Equal(OnChain.Menu.HashBytes(), (byte[])(await contract.ReadAsync("menuHash", OnChain.Qualities, OnChain.Rewards))[0]);
        Assert.NotEqual(0, await contract.NumberAsync("menuBlock", OnChain.Menu.HashBytes()));
    }

    private static BigInteger Cost(JsonElement receipt) =>
        Hex.Quantity(receipt.GetProperty("gasUsed").GetString()!) * Hex.Quantity(receipt.GetProperty("effectiveGasPrice").GetString()!);
}
