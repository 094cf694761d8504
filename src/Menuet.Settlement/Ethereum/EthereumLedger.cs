using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using Menuet.Settlement.Ledgers;

namespace Menuet.Settlement.Ethereum;

/// <summary>
/// The ledger on Ethereum: a posting of rewards is a round of the distributor. It is posted when the state
/// <see cref="EthereumOptions.Confirmations"/> blocks deep shows the whole round.
/// </summary>
/// <remarks>
/// Units are wei, at most 2^80 − 1 a round. House accounts are the chain's: <c>@platform</c> is the contract's free money, <c>@round:…</c>
/// what a round has covered and not credited, <c>@outside</c> everything beyond the contract.
/// </remarks>
public sealed class EthereumLedger : ILedger
{
    private const int Reorganisations = 3;

    private static readonly Int128 Most = (Int128.One << 80) - 1;

    private readonly Distributor distributor;
    private readonly ImmutableDictionary<string, string> addresses;

    private EthereumLedger(Distributor distributor, ImmutableDictionary<string, string> addresses)
    {
        this.distributor = distributor;
        this.addresses = addresses;
    }

    /// <inheritdoc/>
    public int Decimals => distributor.Options.Decimals;

    /// <summary>Opens the ledger of a deployed contract.</summary>
    /// <param name="options">Where it is.</param>
    /// <param name="addresses">Where each account is paid; only those to be credited are needed, and those the chain knows already are not.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="InvalidRequestException">The chain is another one, there is no contract, an address is none.</exception>
    public static async Task<EthereumLedger> OpenAsync(EthereumOptions options, IReadOnlyDictionary<string, string> addresses, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(addresses);
        var wrong = addresses.Where(pair => !Distributor.IsAddress(pair.Value)).OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .Select(pair => new Problem($"{pair.Key}.address", "must be an address: 0x and 40 hexadecimal digits, checksummed when of both cases", $"\"{pair.Value}\""))
            .ToImmutableArray();
        if (options.Contract is null)
        {
            wrong = wrong.Add(new("--contract", "is needed: the address that 'menuet ledger deploy' printed"));
        }

        return wrong.IsEmpty
            ? new(await Distributor.OpenAsync(options, cancellation), addresses.ToImmutableDictionary(pair => pair.Key, pair => Distributor.Lower(pair.Value), StringComparer.Ordinal))
            : throw new InvalidRequestException(wrong);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => distributor.DisposeAsync();

    /// <inheritdoc/>
    /// <exception cref="RevertedException">The contract refused, such as <c>Insolvent</c> or <c>MenuUnknown</c>.</exception>
    /// <exception cref="PendingException">Time ran out; the same call made again goes on.</exception>
    public async Task<ImmutableArray<Receipt>> PostAsync(ImmutableArray<Posting> postings, CancellationToken cancellation)
    {
        var rounds = await PrepareAsync(postings, cancellation);
        var receipts = ImmutableArray.CreateBuilder<Receipt>(postings.Length);
        foreach (var round in rounds)
        {
            receipts.Add(await PostThroughReorganisationsAsync(round, cancellation));
        }

        return receipts.MoveToImmutable();
    }

    /// <summary>What the payees of a Merkle round need to claim, in the posting's order.</summary>
    public async Task<ImmutableArray<MerkleProof>> ProofsAsync(Posting posting, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(posting);
        var round = (await PrepareAsync([posting], cancellation))[0];
        return [.. round.Credits.Select((credit, i) => new MerkleProof(
            credit.Account, Hex.Of(credit.Payee), credit.Judged.Item, credit.Judged.Evaluation, credit.Units, [.. round.Tree.Proof(i).Select(sibling => Hex.Of(sibling))]))];
    }

    /// <inheritdoc/>
    public async Task<Int128> BalanceAsync(string account, CancellationToken cancellation) =>
        (await BookAsync(cancellation)).Balances.GetValueOrDefault(ChainBook.NameOf(account));

    /// <inheritdoc/>
    public async IAsyncEnumerable<AccountBalance> BalancesAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (var (name, units) in (await BookAsync(cancellation)).Balances.Where(pair => !ChainBook.IsSpent(pair.Key, pair.Value)).OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            yield return new(name, units);
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<PostedEntry> HistoryAsync(
        string? account, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        var wanted = account is null ? null : ChainBook.NameOf(account);
        foreach (var entry in (await BookAsync(cancellation)).Entries.Where(entry => wanted is null || entry.Entry.Account == wanted))
        {
            yield return entry;
        }
    }

    /// <inheritdoc/>
    public async Task<Verification> VerifyAsync(CancellationToken cancellation)
    {
        // One block for all reads, so that they belong together.
        var head = await distributor.Chain.HeadAsync(cancellation);
        var book = await ChainBook.ReadAsync(distributor, head, cancellation);
        return await book.VerifyAsync(cancellation);
    }

    private async Task<ChainBook> BookAsync(CancellationToken cancellation) =>
        await ChainBook.ReadAsync(distributor, await distributor.Chain.HeadAsync(cancellation), cancellation);

    /// <summary>The rounds that postings mean, with every problem that can be known before sending.</summary>
    private async Task<ImmutableArray<PlannedRound>> PrepareAsync(ImmutableArray<Posting> postings, CancellationToken cancellation)
    {
        var problems = new List<Problem>();
        for (var i = 0; i < postings.Length; i++)
        {
            var path = string.Create(CultureInfo.InvariantCulture, $"postings[{i}]");
            problems.AddRange(PostingProblems(postings[i]).Select(problem => problem with { Path = $"{path}.{problem.Path}" }));
        }

        if (postings.Select(posting => posting.Id).Distinct(StringComparer.Ordinal).Count() != postings.Length)
        {
            problems.Add(new("postings", "must have different ids"));
        }

        if (problems.Count > 0)
        {
            throw new InvalidRequestException([.. problems]);
        }

        var payees = await PayeesAsync([.. postings.SelectMany(posting => posting.Entries).Where(entry => entry.Units > 0).Select(entry => entry.Account).Distinct(StringComparer.Ordinal)], cancellation);
        return [.. postings.Select(posting => new PlannedRound(posting, payees))];
    }

    private IEnumerable<Problem> PostingProblems(Posting posting)
    {
        foreach (var problem in posting.Problems())
        {
            yield return problem;
        }

        if (posting.Decimals != Decimals)
        {
            yield return new("decimals", $"the ledger counts in units of 10^-{Decimals}", posting.Decimals.ToString(CultureInfo.InvariantCulture));
        }

        if (posting.Menu is null)
        {
            yield return new("menu", "is needed: on chain only rewards of a committed menu are posted");
        }

        foreach (var entry in posting.Entries.IsDefault ? [] : posting.Entries)
        {
            if (entry.Units < 0 && entry.Account != Entry.Platform)
            {
                yield return new("entries", $"only {Entry.Platform} pays on chain", $"\"{entry.Account}\"");
            }

            if (entry.Units < -Most)
            {
                yield return new("entries", $"a round holds at most {Most} units", entry.Units.ToString(CultureInfo.InvariantCulture));
            }

            if (entry.Units > 0 && Entry.IsHouse(entry.Account))
            {
                yield return new("entries", "house accounts are not credited on chain", $"\"{entry.Account}\"");
            }
        }

        var ids = posting.Entries.IsDefault ? [] : posting.Entries.Where(entry => entry.Units > 0).Select(entry => Distributor.IdOf(entry.Account)).ToArray();
        if (ids.Distinct().Count() != ids.Length)
        {
            yield return new("entries", "two accounts have one number on chain");
        }
    }

    private async Task<Dictionary<string, byte[]>> PayeesAsync(ImmutableArray<string> accounts, CancellationToken cancellation)
    {
        var payees = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        var problems = new List<Problem>();
        foreach (var part in accounts.Chunk(500))
        {
            var known = (object[])(await distributor.ReadAsync("addressesOf", null, cancellation, part.Select(account => (object)Distributor.IdOf(account)).ToArray()))[0];
            for (var i = 0; i < part.Length; i++)
            {
                var standing = (byte[])known[i];
                var isSet = standing.AsSpan().ContainsAnyExcept((byte)0);
                var asked = addresses.TryGetValue(part[i], out var text) ? Hex.Bytes(text) : null;
                if (!isSet && asked is null)
                {
                    problems.Add(new($"{part[i]}.address", "is needed: the chain does not know where to pay this id"));
                }
                else if (isSet && asked is not null && !standing.AsSpan().SequenceEqual(asked))
                {
                    problems.Add(new($"{part[i]}.address", $"the chain pays this id at {Distributor.Checksummed(Hex.Of(standing))}, and only its holder can change that", $"\"{text}\""));
                }
                else
                {
                    payees[part[i]] = isSet ? standing : asked!;
                }
            }
        }

        return problems.Count == 0 ? payees : throw new InvalidRequestException([.. problems]);
    }

    /// <summary>A reorganisation can undo what a later part builds on, which the contract then refuses: everything is looked at again.</summary>
    private async Task<Receipt> PostThroughReorganisationsAsync(PlannedRound round, CancellationToken cancellation)
    {
        for (var left = Reorganisations; ; left--)
        {
            try
            {
                return await PostAsync(round, cancellation);
            }
            catch (RevertedException error) when (left > 0 && error.Error is ("RoundNotIn" or "NoAddress"))
            {
                await Task.Delay(distributor.Options.Poll, cancellation);
            }
        }
    }

    private async Task<Receipt> PostAsync(PlannedRound round, CancellationToken cancellation)
    {
        var standing = await distributor.RoundAsync(round.Name, null, cancellation);
        CheckConflict(round, standing);
        var wasThere = standing.State is RoundState.Open or RoundState.Merkle;
        var contract = Distributor.Contract;
        if (distributor.Options.Distribution == Distribution.Merkle)
        {
            await distributor.RunAsync(
                $"{round.Key}:root", contract.Call("openMerkleRound", round.Name, round.Menu.HashBytes(), round.Tree.Root, round.Total),
                async (block, stop) => await StateAsync(round, block, stop) == RoundState.Merkle, cancellation);
        }
        else
        {
            await SetAddressesAsync(round, cancellation);
            await CreditAsync(round, cancellation);
        }

        var proof = await TransactionAsync(round, cancellation);
        return new(round.Posting.Id, wasThere, proof ?? Hex.Of(round.Name));
    }

    private async Task SetAddressesAsync(PlannedRound round, CancellationToken cancellation)
    {
        var parts = round.Credits.Chunk(distributor.Options.BatchSize).Select(async part =>
        {
            var ids = part.Select(credit => (object)credit.Id).ToArray();
            var key = $"{round.Key}:addresses:{Hex.Of(Keccak.Hash(Abi.Encode(["uint256[]"], [ids])))}";
            await distributor.AdvanceAsync(key, Distributor.Contract.Call("setAddresses", ids, part.Select(credit => (object)credit.Payee).ToArray()), async (block, stop) =>
                ((object[])(await distributor.ReadAsync("addressesOf", block, stop, ids))[0]).All(address => ((byte[])address).AsSpan().ContainsAnyExcept((byte)0)), cancellation);
        });
        await Task.WhenAll(parts);
    }

    private async Task CreditAsync(PlannedRound round, CancellationToken cancellation)
    {
        var contract = Distributor.Contract;
        var (qualities, rewards) = (Distributor.Qualities(round.Menu), Distributor.Rewards(round.Menu));
        var parts = round.Credits.Chunk(distributor.Options.BatchSize).ToArray();
        if (parts.Length == 1)
        {
            await distributor.RunAsync(
                $"{round.Key}:distribute",
                contract.Call("distribute", round.Name, round.Tree.Root, round.Total, qualities, rewards, Ids(parts[0]), Items(parts[0]), Evaluations(parts[0])),
                async (block, stop) => await StateAsync(round, block, stop) == RoundState.Open, cancellation);
            return;
        }

        await distributor.AdvanceAsync(
            $"{round.Key}:open", contract.Call("openRound", round.Name, round.Menu.HashBytes(), round.Tree.Root, round.Total),
            async (block, stop) => await StateAsync(round, block, stop) != RoundState.None, cancellation);
        await Task.WhenAll(parts.Select((part, i) => distributor.AdvanceAsync(
            string.Create(CultureInfo.InvariantCulture, $"{round.Key}:credit:{i}of{parts.Length}"),
            contract.Call("credit", round.Name, qualities, rewards, Ids(part), Items(part), Evaluations(part)),
            async (block, stop) => ((object[])(await distributor.ReadAsync("creditedOf", block, stop, round.Name, Ids(part)))[0]).All(credited => (bool)credited), cancellation)));

        // The whole round, deep enough; a part that a reorganisation undid is sent again by this call made again.
        foreach (var (part, i) in parts.Select((part, i) => (part, i)))
        {
            await distributor.RunAsync(
                string.Create(CultureInfo.InvariantCulture, $"{round.Key}:credit:{i}of{parts.Length}"),
                contract.Call("credit", round.Name, qualities, rewards, Ids(part), Items(part), Evaluations(part)),
                async (block, stop) => ((object[])(await distributor.ReadAsync("creditedOf", block, stop, round.Name, Ids(part)))[0]).All(credited => (bool)credited), cancellation);
        }
    }

    private async Task<RoundState> StateAsync(PlannedRound round, long block, CancellationToken cancellation)
    {
        var standing = await distributor.RoundAsync(round.Name, block, cancellation);
        CheckConflict(round, standing);
        return standing.State;
    }

    private static void CheckConflict(PlannedRound round, ChainRound standing)
    {
        if (standing.State == RoundState.None)
        {
            return;
        }

        if (standing.State == RoundState.Cancelled)
        {
            throw new InvalidRequestException([new("--posting", "was posted and cancelled; its name stays used. Use a new id", $"\"{round.Posting.Id}\"")]);
        }

        if (!standing.Content.AsSpan().SequenceEqual(round.Tree.Root) || standing.Total != round.Total || !standing.Menu.AsSpan().SequenceEqual(round.Menu.HashBytes()))
        {
            throw new InvalidRequestException([new(
                "--posting", "was posted before with other content; nothing was posted. Use a new id, or look at what stands with 'menuet ledger history'", $"\"{round.Posting.Id}\"")]);
        }
    }

    /// <summary>The transaction that opened a round.</summary>
    private async Task<string?> TransactionAsync(PlannedRound round, CancellationToken cancellation)
    {
        try
        {
            var head = await distributor.Chain.HeadAsync(cancellation);
            var logs = await ChainBook.LogsAsync(
                distributor, distributor.Options.FirstBlock, head, [Distributor.Contract.Topic("RoundOpened"), Hex.Of(round.Name)], cancellation);
            return logs.Select(log => log.Transaction).FirstOrDefault();
        }
        catch (EthereumException)
        {
            // The posting stands whether or not its transaction can be named.
            return null;
        }
    }

    private static object[] Ids(Credit[] part) => [.. part.Select(credit => (object)credit.Id)];

    private static object[] Items(Credit[] part) => [.. part.Select(credit => (object)(BigInteger)credit.Judged.Item)];

    private static object[] Evaluations(Credit[] part) => [.. part.Select(credit => (object)(BigInteger)credit.Judged.Evaluation)];

    private sealed record Credit(string Account, BigInteger Id, byte[] Payee, Judgement Judged, Int128 Units);

    /// <summary>A posting as a round: credits by account, and the tree over them whose root the chain keeps.</summary>
    private sealed record PlannedRound
    {
        internal PlannedRound(Posting posting, Dictionary<string, byte[]> payees)
        {
            Posting = posting;
            Menu = posting.Menu!;
            Name = Distributor.RoundOf(posting.Id);
            Credits = [.. posting.Entries.Where(entry => entry.Units > 0).OrderBy(entry => entry.Account, StringComparer.Ordinal)
                .Select(entry => new Credit(entry.Account, Distributor.IdOf(entry.Account), payees[entry.Account], entry.Judgement!.Value, entry.Units))];
            Total = Credits.Aggregate(BigInteger.Zero, (sum, credit) => sum + credit.Units);
            Tree = new([.. Credits.Select(Leaf)]);
            Key = $"round:{posting.Id}:{Hex.Of(Tree.Root)}";
        }

        internal Posting Posting { get; }

        internal PostedMenu Menu { get; }

        internal byte[] Name { get; }

        internal ImmutableArray<Credit> Credits { get; }

        internal BigInteger Total { get; }

        internal MerkleTree Tree { get; }

        /// <summary>Names this content of this posting in the journal.</summary>
        internal string Key { get; }

        private byte[] Leaf(Credit credit) => Keccak.Hash(Keccak.Hash(Abi.Encode(
            ["bytes32", "uint256", "address", "uint256", "uint256", "uint256"],
            Name, credit.Id, credit.Payee, (BigInteger)credit.Judged.Item, (BigInteger)credit.Judged.Evaluation, (BigInteger)credit.Units)));
    }
}
