using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using Menuet.Settlement.Ledgers;

namespace Menuet.Settlement.Ethereum;

/// <summary>The reward distributor on a chain: deploys it, calls it, reads it.</summary>
public sealed class Distributor : IAsyncDisposable
{
    private readonly JsonRpc node;
    private readonly JsonRpc? signer;
    private readonly Journal journal;
    private readonly Sender sender;

    private Distributor(EthereumOptions options, JsonRpc node, JsonRpc? signer, Journal journal)
    {
        Options = options;
        this.node = node;
        this.signer = signer;
        this.journal = journal;
        Chain = new(node);
        sender = new(Chain, node, signer, journal, Contract, options);
    }

    /// <summary>One unit, a wei, is 10^−Decimals money.</summary>
    public int Decimals => Options.Decimals;

    internal EthereumOptions Options { get; }

    internal Chain Chain { get; }

    internal static ContractAbi Contract => ContractAbi.RewardDistributor;

    private string Address => Options.Contract ?? throw new InvalidRequestException([new("--contract", "is needed: the address that 'menuet ledger deploy' printed")]);

    /// <summary>Connects, and makes sure that the node is on the chain that is meant and that the contract is there.</summary>
    /// <exception cref="InvalidRequestException">Every problem at once.</exception>
    /// <exception cref="EthereumException">The node cannot be reached.</exception>
    public static async Task<Distributor> OpenAsync(EthereumOptions options, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(options);
        var problems = Problems(options).ToImmutableArray();
        if (!problems.IsEmpty)
        {
            throw new InvalidRequestException(problems);
        }

        options = options with { From = Lower(options.From), Contract = options.Contract is { } contract ? Lower(contract) : null };
        var opened = new Distributor(
            options, new(options.Node, options.RequestTimeout, options.RetryPause), options.Signer is { } signer ? new(signer, options.RequestTimeout, options.RetryPause) : null,
            new Journal(options.JournalPath));
        try
        {
            await opened.CheckChainAsync(cancellation);
            if (options.Contract is { } address && !await opened.Chain.HasCodeAsync(address, cancellation))
            {
                throw new InvalidRequestException([new("--contract", "there is no contract at this address on this chain", $"\"{address}\"")]);
            }

            return opened;
        }
        catch
        {
            await opened.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        sender.Dispose();
        node.Dispose();
        signer?.Dispose();
        await journal.DisposeAsync();
    }

    /// <summary>Puts a new contract on the chain, owned by the sending account.</summary>
    /// <returns>Its address.</returns>
    public async Task<string> DeployAsync(CancellationToken cancellation)
    {
        var (_, receipt) = await sender.RunAsync(new(OnceKey("deploy"), null, Contract.Bytecode, 0, null), cancellation);
        return receipt?.Contract is { } address ? Checksummed(address) : throw new EthereumException("the contract was deployed, but the node does not say where");
    }

    /// <summary>Sends money to the contract, to cover rounds.</summary>
    /// <returns>The transaction's hash.</returns>
    public async Task<string> DepositAsync(Int128 wei, CancellationToken cancellation) =>
        (await sender.RunAsync(new(OnceKey("deposit"), Address, [], wei, null), cancellation)).Hash ?? "";

    /// <summary>Commits to a menu, in public; a menu committed to before is left as it is.</summary>
    public Task CommitAsync(PostedMenu menu, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(menu);
        return sender.RunAsync(
            new("commit:" + menu.Hash, Address, Contract.Call("commitMenu", Qualities(menu), Rewards(menu)), 0, async (block, stop) =>
                !((BigInteger)(await ReadAsync("menuBlock", block, stop, menu.HashBytes()))[0]).IsZero), cancellation);
    }

    /// <summary>The holder of an id takes its rewards of rounds, those taken before left out; the sending account must be the holder.</summary>
    /// <param name="account">The id, as in the postings.</param>
    /// <param name="postings">The rounds' posting ids.</param>
    /// <param name="cancellation">Stops waiting.</param>
    public async Task WithdrawAsync(string account, ImmutableArray<string> postings, CancellationToken cancellation)
    {
        var id = IdOf(account);
        var rounds = postings.Distinct(StringComparer.Ordinal).Select(RoundOf).ToArray();
        async Task<bool> IsTakenAsync(byte[] round, long? block, CancellationToken stop) => (bool)(await ReadAsync("paymentOf", block, stop, round, id))[1];

        // One round that was taken before would have the contract refuse all of them.
        var open = new List<byte[]>();
        foreach (var round in rounds)
        {
            if (!await IsTakenAsync(round, null, cancellation))
            {
                open.Add(round);
            }
        }

        var asked = open.Count == 0 ? rounds : [.. open];
        await sender.RunAsync(
            new($"withdraw:{account}:{Hex.Of(Keccak.Hash(asked.SelectMany(round => round).ToArray()))}", Address, Contract.Call("withdraw", id, asked), 0, async (block, stop) =>
            {
                foreach (var round in rounds)
                {
                    if (!await IsTakenAsync(round, block, stop))
                    {
                        return false;
                    }
                }

                return true;
            }), cancellation);
    }

    /// <summary>The payee of a Merkle round takes its reward; the sending account must be the payee.</summary>
    /// <exception cref="InvalidRequestException">The proof is malformed, or another account's.</exception>
    /// <exception cref="RevertedException">The contract refused, such as <c>WrongProof</c>.</exception>
    public Task ClaimAsync(string postingId, MerkleProof proof, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(proof);
        if (ProofProblems(proof).ToImmutableArray() is { IsEmpty: false } problems)
        {
            throw new InvalidRequestException(problems);
        }

        var (round, id) = (RoundOf(postingId), IdOf(proof.Account));
        return sender.RunAsync(
            new($"claim:{postingId}:{proof.Account}", Address, Contract.Call(
                "claim", round, id, (BigInteger)proof.Item, (BigInteger)proof.Evaluation, (BigInteger)proof.Units, proof.Siblings.Select(Hex.Bytes).ToArray<object>()), 0,
                async (block, stop) => (bool)(await ReadAsync("paymentOf", block, stop, round, id))[1]), cancellation);
    }

    private IEnumerable<Problem> ProofProblems(MerkleProof proof)
    {
        if (!IsAddress(proof.Address))
        {
            yield return new("proof.address", "must be an address: 0x and 40 hexadecimal digits", $"\"{proof.Address}\"");
        }
        else if (Lower(proof.Address) != Options.From)
        {
            yield return new("--from", $"only {Checksummed(proof.Address)} can claim this reward", $"\"{Options.From}\"");
        }

        if (proof.Item < 0 || proof.Evaluation < 0 || proof.Units <= 0)
        {
            yield return new("proof", "must have an item and an evaluation of at least 0, and more than 0 units");
        }

        for (var i = 0; i < proof.Siblings.Length; i++)
        {
            if (proof.Siblings[i] is not { Length: 66 } sibling || !sibling.StartsWith("0x", StringComparison.Ordinal) || sibling.AsSpan(2).IndexOfAnyExcept(Hex.Digits) >= 0)
            {
                yield return new(string.Create(CultureInfo.InvariantCulture, $"proof.proof[{i}]"), "must be a hash: 0x and 64 hexadecimal digits", $"\"{proof.Siblings[i]}\"");
            }
        }
    }

    /// <summary>Undoes a round from which nothing was withdrawn.</summary>
    public Task CancelAsync(string postingId, CancellationToken cancellation) => sender.RunAsync(
        new("cancel:" + postingId, Address, Contract.Call("cancelRound", RoundOf(postingId)), 0, async (block, stop) =>
            (await RoundAsync(RoundOf(postingId), block, stop)).State == RoundState.Cancelled), cancellation);

    /// <summary>A posting's name on chain: Keccak-256 of its id in UTF-8.</summary>
    internal static byte[] RoundOf(string postingId) => Keccak.Hash(postingId);

    /// <summary>An account's number on chain: a whole number without leading zeros is itself, any other name its Keccak-256.</summary>
    internal static BigInteger IdOf(string account)
    {
        if (account.StartsWith("0x", StringComparison.Ordinal) && account.Length == 66 && account.AsSpan(2).IndexOfAnyExcept(Hex.Digits) < 0)
        {
            return Hex.Quantity(account);
        }

        return account.Length is > 0 and < 78 && account.All(char.IsAsciiDigit) && (account[0] != '0' || account.Length == 1)
            ? BigInteger.Parse(account, NumberStyles.None, CultureInfo.InvariantCulture)
            : new BigInteger(Keccak.Hash(account), isUnsigned: true, isBigEndian: true);
    }

    internal static string AccountOf(BigInteger id) => id < BigInteger.Pow(10, 30)
        ? id.ToString(CultureInfo.InvariantCulture)
        : "0x" + id.ToString("x64", CultureInfo.InvariantCulture)[^64..];

    internal static object[] Qualities(PostedMenu menu) => [.. menu.Items.Select(item => (object)(BigInteger)item.Quality)];

    internal static object[] Rewards(PostedMenu menu) => [.. menu.Items.Select(item => (object)(BigInteger)item.Reward)];

    /// <summary>Calls a function that only reads.</summary>
    internal async Task<ImmutableArray<object>> ReadAsync(string function, long? block, CancellationToken cancellation, params ImmutableArray<object> arguments)
    {
        try
        {
            return Contract.Returned(
                function, await Chain.CallAsync(new(Options.From, Address, Hex.Of(Contract.Call(function, arguments)), 0), block, cancellation));
        }
        catch (RpcException error) when (error.Revert is { Length: >= 4 })
        {
            throw Contract.Error(error.Revert, error.NodeMessage);
        }
    }

    internal async Task<ChainRound> RoundAsync(byte[] round, long? block, CancellationToken cancellation)
    {
        var values = await ReadAsync("roundOf", block, cancellation, round);
        return new((RoundState)(int)(BigInteger)values[0], (byte[])values[1], (byte[])values[2], (BigInteger)values[3], (BigInteger)values[4], (BigInteger)values[5]);
    }

    /// <summary>Brings about what several calls of the contract do, and waits until it is final.</summary>
    internal Task BringAboutAsync(
        string key, Func<long, CancellationToken, Task<bool>> done, Func<CancellationToken, Task> send, CancellationToken cancellation) =>
        sender.BringAboutAsync(key, done, send, cancellation);

    /// <summary>Brings one call about, until the newest block shows it.</summary>
    internal Task AdvanceAsync(string key, byte[] data, Func<long, CancellationToken, Task<bool>> done, CancellationToken cancellation) =>
        sender.AdvanceAsync(new(key, Address, data, 0, done), cancellation);

    private async Task CheckChainAsync(CancellationToken cancellation)
    {
        var found = await Chain.IdAsync(cancellation);
        if (found != Options.ChainId)
        {
            throw new InvalidRequestException([new(
                "--chain", string.Create(CultureInfo.InvariantCulture, $"the node is on chain {found}; nothing was sent"), Options.ChainId.ToString(CultureInfo.InvariantCulture))]);
        }
    }

    private static IEnumerable<Problem> Problems(EthereumOptions options)
    {
        foreach (var (name, address) in new[] { ("--ledger", options.Node), ("--signer", options.Signer) })
        {
            if (address is { IsAbsoluteUri: false } or { Scheme: not ("http" or "https") } or { UserInfo.Length: > 0 })
            {
                yield return new(name, "must be an http or https address without a user or a password");
            }
        }

        foreach (var (name, account) in new[] { ("--from", options.From), ("--contract", options.Contract) })
        {
            if (account is not null && !IsAddress(account))
            {
                yield return new(name, "must be an address: 0x and 40 hexadecimal digits; where letters have both cases their checksum must be right (EIP-55)", $"\"{account}\"");
            }
        }

        foreach (var (name, value, min, max) in new (string, long, long, long)[]
        {
            ("--chain", options.ChainId, 1, long.MaxValue), ("--confirmations", options.Confirmations, 1, 100), ("--decimals", options.Decimals, 0, 18),
            ("--batch", options.BatchSize, 1, 1000), ("--first-block", options.FirstBlock, 0, long.MaxValue),
        })
        {
            if (value < min || value > max)
            {
                yield return new(name, string.Create(CultureInfo.InvariantCulture, $"must be a whole number from {min} to {max}"), value.ToString(CultureInfo.InvariantCulture));
            }
        }
    }

    /// <summary>True for 0x and 40 hexadecimal digits, with the checksum of EIP-55 when both cases occur.</summary>
    internal static bool IsAddress(string text)
    {
        if (text.Length != 42 || !text.StartsWith("0x", StringComparison.Ordinal) || text.AsSpan(2).IndexOfAnyExcept(Hex.Digits) >= 0)
        {
            return false;
        }

        var digits = text[2..];
        return digits == Lower(digits) || !digits.Any(char.IsAsciiLetterLower) || text == Checksummed(text);
    }

    /// <summary>The address with the checksum of EIP-55: a letter is upper case where the hash of the lower-case address has a digit of 8 or more.</summary>
    internal static string Checksummed(string address)
    {
        var digits = Lower(address[2..]);
        var hash = Hex.Of(Keccak.Hash(digits))[2..];
        return "0x" + string.Concat(digits.Select((c, i) => hash[i] >= '8' ? char.ToUpperInvariant(c) : c));
    }

    internal static string Lower(string address) => string.Concat(address.Select(char.ToLowerInvariant));

    // A deployment or a deposit is a new one each time that it is asked for.
    private static string OnceKey(string verb) => $"{verb}:{Guid.NewGuid():N}";
}

/// <summary>What a payee needs to claim its reward of a Merkle round.</summary>
/// <param name="Account">The id.</param>
/// <param name="Address">The payee, the only one who can claim.</param>
/// <param name="Item">The menu's item, 0-based.</param>
/// <param name="Evaluation">Millionths of a quality point.</param>
/// <param name="Units">Wei.</param>
/// <param name="Siblings">From the leaf to the root: 0x and 64 hexadecimal digits each.</param>
public sealed record MerkleProof(string Account, string Address, int Item, long Evaluation, Int128 Units, ImmutableArray<string> Siblings);

internal enum RoundState
{
    None,
    Filling,
    Open,
    Merkle,
    Cancelled,
}

internal sealed record ChainRound(RoundState State, byte[] Menu, byte[] Content, BigInteger Total, BigInteger Credited, BigInteger Withdrawn);
