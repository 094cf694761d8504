using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using Menuet.Settlement.Ledgers;

namespace Menuet.Settlement.Ethereum;

/// <summary>The contract's events as double entry, and what they add up to.</summary>
internal sealed class ChainBook
{
    private const string RoundPrefix = "@round:";
    private const long BlocksOfOneQuery = 50_000;

    // More than there is, and so little that no sum of it overflows.
    private static readonly BigInteger Most = BigInteger.One << 96;

    private readonly Distributor distributor;
    private readonly long head;
    private readonly Dictionary<string, (BigInteger Quality, BigInteger Reward)[]> menus = new(StringComparer.Ordinal);
    private readonly Dictionary<string, RoundSums> rounds = new(StringComparer.Ordinal);
    private readonly Dictionary<long, DateTimeOffset> times = [];
    private readonly ImmutableArray<PostedEntry>.Builder entries = ImmutableArray.CreateBuilder<PostedEntry>();
    private readonly ImmutableArray<string>.Builder faults = ImmutableArray.CreateBuilder<string>();
    private readonly Dictionary<string, Int128> balances = new(StringComparer.Ordinal);

    private ChainBook(Distributor distributor, long head)
    {
        this.distributor = distributor;
        this.head = head;
    }

    internal IReadOnlyList<PostedEntry> Entries => entries;

    internal IReadOnlyDictionary<string, Int128> Balances => balances;

    internal static async Task<ChainBook> ReadAsync(Distributor distributor, long head, CancellationToken cancellation)
    {
        var book = new ChainBook(distributor, head);
        foreach (var log in await LogsAsync(distributor, distributor.Options.FirstBlock, head, [], cancellation))
        {
            if (Distributor.Contract.Event(log.Topics, log.Data) is { } happened)
            {
                if (!book.times.ContainsKey(log.Block))
                {
                    book.times[log.Block] = await distributor.Chain.TimeAsync(log.Block, cancellation);
                }

                book.Note(log, happened.Name, happened.Arguments);
            }
        }

        return book;
    }

    internal static async Task<ImmutableArray<Log>> LogsAsync(Distributor distributor, long first, long last, ImmutableArray<object?> topics, CancellationToken cancellation)
    {
        var logs = ImmutableArray.CreateBuilder<Log>();
        var blocks = BlocksOfOneQuery;
        for (var from = first; from <= last;)
        {
            var to = Math.Min(last, from + blocks - 1);
            try
            {
                logs.AddRange(await distributor.Chain.LogsAsync(distributor.Options.Contract!, from, to, topics, cancellation));
                from = to + 1;
            }
            catch (EthereumException error) when (to > from && error is RpcException or UnreachableException { IsTooLong: true })
            {
                // Every provider has limits of its own on how much one query may find.
                blocks = (to - from + 1) / 2;
            }
        }

        return logs.ToImmutable();
    }

    /// <summary>The name under which this book keeps an account.</summary>
    internal static string NameOf(string account) => Entry.IsHouse(account) ? account : Distributor.AccountOf(Distributor.IdOf(account));

    /// <summary>True for a round that has nothing left to credit: every round ends so.</summary>
    internal static bool IsSpent(string account, Int128 units) => units == 0 && account.StartsWith(RoundPrefix, StringComparison.Ordinal);

    /// <summary>Adds the events up against what the contract says of itself at the same block.</summary>
    internal async Task<Verification> VerifyAsync(CancellationToken cancellation)
    {
        var reserved = (BigInteger)(await distributor.ReadAsync("reserved", head, cancellation))[0];
        var free = (BigInteger)(await distributor.ReadAsync("free", head, cancellation))[0];
        var owed = balances.Where(pair => pair.Key is not (Entry.Platform or Entry.Outside)).Aggregate(BigInteger.Zero, (sum, pair) => sum + pair.Value);
        Compare("what creators and rounds own", owed, "the contract's reserve", reserved);
        if (balances.GetValueOrDefault(Entry.Platform) > free)
        {
            faults.Add(string.Create(CultureInfo.InvariantCulture, $"the events leave {balances.GetValueOrDefault(Entry.Platform)} wei free, the contract has {free}"));
        }

        foreach (var (name, sums) in rounds)
        {
            var standing = await distributor.RoundAsync(Hex.Bytes(name), head, cancellation);
            Compare($"round {name}: total of the events", sums.Total, "the contract's", standing.Total);
            Compare($"round {name}: credits of the events", sums.Credited, "the contract's", standing.Credited);
            Compare($"round {name}: withdrawals of the events", sums.Withdrawn, "the contract's", standing.Withdrawn);
            if (sums.IsCancelled != (standing.State == RoundState.Cancelled))
            {
                faults.Add($"round {name}: events and contract differ on whether it was cancelled");
            }
        }

        foreach (var (account, units) in balances)
        {
            if (units < 0 && account != Entry.Outside)
            {
                faults.Add(string.Create(CultureInfo.InvariantCulture, $"account {account}: {units} wei, below zero"));
            }
        }

        return new(rounds.Count, entries.Count, balances.Count, faults.ToImmutable());
    }

    private void Compare(string what, BigInteger added, string whose, BigInteger standing)
    {
        if (added != standing)
        {
            faults.Add(string.Create(CultureInfo.InvariantCulture, $"{what} {added} wei, {whose} {standing} wei"));
        }
    }

    private void Note(Log log, string name, ImmutableArray<object> arguments)
    {
        switch (name)
        {
            case "Deposited":
                Move(log, "deposit", Entry.Outside, Entry.Platform, Units(arguments[1]));
                break;
            case "SurplusTaken":
                Move(log, "surplus", Entry.Platform, Entry.Outside, Units(arguments[1]));
                break;
            case "MenuCommitted":
                Commit(arguments);
                break;
            case "RoundOpened":
                var opened = new RoundSums(Hex.Of((byte[])arguments[0]), Hex.Of((byte[])arguments[1]), Units(arguments[3]), (bool)arguments[4]);
                rounds[opened.Name] = opened;
                Move(log, opened.Name, Entry.Platform, opened.Account, opened.Total, opened.Menu);
                break;
            case "Credited" when Round(arguments[0]) is { } credited:
                Credit(log, credited, (BigInteger)arguments[1], (BigInteger)arguments[2], (BigInteger)arguments[3], Units(arguments[4]));
                break;
            case "Withdrawn" when Round(arguments[0]) is { } withdrawn:
                Withdraw(log, withdrawn, (BigInteger)arguments[1], Units(arguments[3]));
                break;
            case "RoundCancelled" when Round(arguments[0]) is { } cancelled:
                cancelled.IsCancelled = true;
                foreach (var (account, units) in cancelled.Open)
                {
                    Move(log, cancelled.Name, account, cancelled.Account, units, cancelled.Menu);
                }

                Move(log, cancelled.Name, cancelled.Account, Entry.Platform, cancelled.Total, cancelled.Menu);
                break;
        }
    }

    private void Commit(ImmutableArray<object> arguments)
    {
        var (hash, qualities, rewards) = (Hex.Of((byte[])arguments[0]), (object[])arguments[1], (object[])arguments[2]);
        if (Hex.Of(Keccak.Hash(Abi.Encode(["uint256[]", "uint256[]"], qualities, rewards))) == hash && qualities.Length == rewards.Length)
        {
            menus[hash] = [.. qualities.Zip(rewards, (quality, reward) => ((BigInteger)quality, (BigInteger)reward))];
        }
        else
        {
            faults.Add($"menu {hash}: is not what its hash names");
        }
    }

    private void Credit(Log log, RoundSums round, BigInteger id, BigInteger item, BigInteger evaluation, Int128 units)
    {
        var account = Distributor.AccountOf(id);
        if (!menus.TryGetValue(round.Menu, out var menu) || item >= menu.Length || menu[(int)item] is var promised && (promised.Reward != units || promised.Quality > evaluation))
        {
            faults.Add($"round {round.Name}: the reward of {account} does not follow the menu");
        }

        if (!round.Open.TryAdd(account, units))
        {
            faults.Add($"round {round.Name}: {account} is credited twice");
        }

        round.Credited += units;
        Move(
            log, round.Name, round.Account, account, units, round.Menu,
            new((int)BigInteger.Min(item, int.MaxValue), (long)BigInteger.Min(evaluation, long.MaxValue)));
    }

    private void Withdraw(Log log, RoundSums round, BigInteger id, Int128 units)
    {
        var account = Distributor.AccountOf(id);
        if (!round.Paid.Add(account))
        {
            faults.Add($"round {round.Name}: {account} is paid twice");
        }

        round.Withdrawn += units;
        if (round.IsMerkle)
        {
            Move(log, round.Name, round.Account, account, units, round.Menu);
        }
        else if (round.Open.Remove(account, out var credited) && credited != units)
        {
            faults.Add($"round {round.Name}: {account} is paid another sum than it is credited");
        }

        Move(log, round.Name, account, Entry.Outside, units, round.Menu);
    }

    private RoundSums? Round(object name)
    {
        if (rounds.TryGetValue(Hex.Of((byte[])name), out var round))
        {
            return round;
        }

        faults.Add($"round {Hex.Of((byte[])name)}: has events but was never opened; is the first block right?");
        return null;
    }

    private void Move(Log log, string posting, string from, string to, Int128 units, string? menu = null, Judgement? judged = null)
    {
        if (units == 0)
        {
            return;
        }

        balances[from] = balances.GetValueOrDefault(from) - units;
        balances[to] = balances.GetValueOrDefault(to) + units;
        entries.Add(new(posting, times[log.Block], new(from, -units), menu, log.Transaction));
        entries.Add(new(posting, times[log.Block], new(to, units, judged), menu, log.Transaction));
    }

    private static Int128 Units(object number) => (BigInteger)number is var units && units <= Most
        ? (Int128)units
        : throw new UnreachableException("the node sent an event of more money than there is");

    private sealed class RoundSums(string name, string menu, Int128 total, bool isMerkle)
    {
        internal string Name => name;

        internal string Menu => menu;

        internal Int128 Total => total;

        internal bool IsMerkle => isMerkle;

        internal string Account { get; } = RoundPrefix + name;

        internal Int128 Credited { get; set; }

        internal Int128 Withdrawn { get; set; }

        internal bool IsCancelled { get; set; }

        /// <summary>Credited and not withdrawn.</summary>
        internal Dictionary<string, Int128> Open { get; } = new(StringComparer.Ordinal);

        internal HashSet<string> Paid { get; } = new(StringComparer.Ordinal);
    }
}
