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
    private const int IdsOfOneCall = 500;

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
        wrong = wrong.AddRange(addresses
            .Where(pair => Distributor.IsAddress(pair.Value) && (pair.Value.AsSpan(2).IndexOfAnyExcept('0') < 0 || (options.Contract is { } own && Distributor.Lower(pair.Value) == Distributor.Lower(own))))
            .OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .Select(pair => new Problem($"{pair.Key}.address", "is nobody's: the zero address, or the contract's own, from which no reward could be taken", $"\"{pair.Value}\"")));
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
    /// <remarks>
    /// A posting is all or nothing to its payees, who withdraw from a whole round only; several postings of one call are posted one after the
    /// other, and one that is refused leaves those before it standing.
    /// </remarks>
    /// <exception cref="RevertedException">The contract refused, such as <c>Insolvent</c> or <c>MenuUnknown</c>.</exception>
    /// <exception cref="PendingException">Time ran out; the same call made again goes on.</exception>
    public async Task<ImmutableArray<Receipt>> PostAsync(ImmutableArray<Posting> postings, CancellationToken cancellation)
    {
        var rounds = await PrepareAsync(postings, cancellation);
        var receipts = ImmutableArray.CreateBuilder<Receipt>(postings.Length);
        foreach (var round in rounds)
        {
            receipts.Add(await PostAsync(round, cancellation));
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
        foreach (var part in accounts.Chunk(IdsOfOneCall))
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

    /// <summary>
    /// Looks at the chain, sends what it does not show yet, and looks again: so a round that another call left half posted, in parts of whatever
    /// size, goes on from where it stands.
    /// </summary>
    private async Task<Receipt> PostAsync(PlannedRound round, CancellationToken cancellation)
    {
        var wanted = distributor.Options.Distribution == Distribution.Merkle ? RoundState.Merkle : RoundState.Open;
        var standing = await distributor.RoundAsync(round.Name, null, cancellation);
        CheckConflict(round, standing);
        await distributor.BringAboutAsync(
            round.Key, async (block, stop) => await StateAsync(round, block, stop) == wanted,
            stop => wanted == RoundState.Merkle ? OpenMerkleAsync(round, stop) : FillAsync(round, stop), cancellation);
        var proof = await TransactionAsync(round, cancellation);
        return new(round.Posting.Id, standing.State == wanted, proof ?? Hex.Of(round.Name));
    }

    private Task OpenMerkleAsync(PlannedRound round, CancellationToken cancellation) => distributor.AdvanceAsync(
        $"{round.Key}:root", Distributor.Contract.Call("openMerkleRound", round.Name, round.Menu.HashBytes(), round.Tree.Root, round.Total),
        async (block, stop) => await StateAsync(round, block, stop) == RoundState.Merkle, cancellation);

    private async Task FillAsync(PlannedRound round, CancellationToken cancellation)
    {
        var size = distributor.Options.BatchSize;
        var named = await SeenAsync(round.Credits, "addressesOf", [], address => ((byte[])address).AsSpan().ContainsAnyExcept((byte)0), null, cancellation);
        await Task.WhenAll(round.Credits.Where(credit => !named.Contains(credit.Id)).Chunk(size).Select(part => NameAsync(round, part, cancellation)));
        var contract = Distributor.Contract;
        var standing = await distributor.RoundAsync(round.Name, null, cancellation);
        if (standing.State == RoundState.None && round.Credits.Length <= size)
        {
            var all = round.Credits.ToArray();
            await distributor.AdvanceAsync(
                $"{round.Key}:distribute",
                contract.Call(
                    "distribute", round.Name, round.Tree.Root, round.Total, Distributor.Qualities(round.Menu), Distributor.Rewards(round.Menu), Ids(all), Items(all), Evaluations(all)),
                async (block, stop) => await StateAsync(round, block, stop) == RoundState.Open, cancellation);
            return;
        }

        if (standing.State == RoundState.None)
        {
            await distributor.AdvanceAsync(
                $"{round.Key}:open", contract.Call("openRound", round.Name, round.Menu.HashBytes(), round.Tree.Root, round.Total),
                async (block, stop) => await StateAsync(round, block, stop) != RoundState.None, cancellation);
        }

        var credited = await SeenAsync(round.Credits, "creditedOf", [round.Name], flag => (bool)flag, null, cancellation);
        if (credited.Count > 0)
        {
            await CheckCreditsAsync(round, cancellation);
        }

        await Task.WhenAll(round.Credits.Where(credit => !credited.Contains(credit.Id)).Chunk(size).Select(part => CreditAsync(round, part, cancellation)));
    }

    private Task NameAsync(PlannedRound round, Credit[] part, CancellationToken cancellation) => distributor.AdvanceAsync(
        $"{round.Key}:addresses:{Fingerprint(part)}", Distributor.Contract.Call("setAddresses", Ids(part), part.Select(credit => (object)credit.Payee).ToArray()),
        async (block, stop) => (await SeenAsync(part, "addressesOf", [], address => ((byte[])address).AsSpan().ContainsAnyExcept((byte)0), block, stop)).Count == part.Length, cancellation);

    private Task CreditAsync(PlannedRound round, Credit[] part, CancellationToken cancellation) => distributor.AdvanceAsync(
        $"{round.Key}:credit:{Fingerprint(part)}",
        Distributor.Contract.Call("credit", round.Name, Distributor.Qualities(round.Menu), Distributor.Rewards(round.Menu), Ids(part), Items(part), Evaluations(part)),
        async (block, stop) => (await SeenAsync(part, "creditedOf", [round.Name], flag => (bool)flag, block, stop)).Count == part.Length, cancellation);

    /// <summary>The ids of credits of which a function that takes many ids says that something holds.</summary>
    private async Task<HashSet<BigInteger>> SeenAsync(
        IReadOnlyList<Credit> credits, string function, ImmutableArray<object> first, Func<object, bool> holds, long? block, CancellationToken cancellation)
    {
        var seen = new HashSet<BigInteger>();
        foreach (var part in credits.Chunk(IdsOfOneCall))
        {
            var answers = (object[])(await distributor.ReadAsync(function, block, cancellation, [.. first, Ids(part)]))[0];
            seen.UnionWith(part.Zip(answers).Where(pair => holds(pair.Second)).Select(pair => pair.First.Id));
        }

        return seen;
    }

    /// <summary>That what stands in a round half filled is what this posting says: its root is only what its opener said.</summary>
    private async Task CheckCreditsAsync(PlannedRound round, CancellationToken cancellation)
    {
        var planned = round.Credits.ToDictionary(credit => credit.Id);
        var head = await distributor.Chain.HeadAsync(cancellation);
        foreach (var log in await ChainBook.LogsAsync(
            distributor, distributor.Options.FirstBlock, head, [Distributor.Contract.Topic("Credited"), Hex.Of(round.Name)], cancellation))
        {
            if (Distributor.Contract.Event(log.Topics, log.Data) is { } happened
                && (!planned.TryGetValue((BigInteger)happened.Arguments[1], out var credit)
                    || (BigInteger)happened.Arguments[2] != credit.Judged.Item || (BigInteger)happened.Arguments[3] != credit.Judged.Evaluation || (BigInteger)happened.Arguments[4] != credit.Units))
            {
                throw OtherContent(round);
            }
        }
    }

    private async Task<RoundState> StateAsync(PlannedRound round, long block, CancellationToken cancellation)
    {
        var standing = await distributor.RoundAsync(round.Name, block, cancellation);
        CheckConflict(round, standing);
        return standing.State;
    }

    private void CheckConflict(PlannedRound round, ChainRound standing)
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
            throw OtherContent(round);
        }

        var (asked, stands) = (distributor.Options.Distribution, standing.State == RoundState.Merkle ? Distribution.Merkle : Distribution.Credit);
        if (asked != stands)
        {
            throw new InvalidRequestException([new(
                "--distribution", $"the posting stands with the same content, distributed by {stands.ToString().ToLowerInvariant()}; ask for that", asked.ToString().ToLowerInvariant())]);
        }
    }

    private static InvalidRequestException OtherContent(PlannedRound round) => new([new(
        "--posting", "was posted before with other content; nothing was posted. Use a new id, or look at what stands with 'menuet ledger history'", $"\"{round.Posting.Id}\"")]);

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

    // Parts of other sizes are other intents.
    private static string Fingerprint(Credit[] part) => Hex.Of(Keccak.Hash(Abi.Encode(["uint256[]"], [Ids(part)])));

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
