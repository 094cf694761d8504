using System.Collections.Immutable;
using System.Data.Common;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;

namespace Menuet.Settlement.Ledgers;

/// <summary>
/// A ledger in a relational database. A call of <see cref="PostAsync"/> is one transaction of a handful of statements, whatever the
/// number of postings; a posting's id is a unique key, and that an account must be covered is a constraint of its row, so neither a
/// race nor a crash can pay twice, lose an entry, or overdraw.
/// </summary>
/// <remarks>Amounts are 64-bit: ±9.2e18 units an entry and a balance; beyond it a posting is refused.</remarks>
public abstract class SqlLedger : ILedger
{
    private const int Tries = 10;
    private const int LatestVersion = 1;

    private readonly PooledDbContextFactory<LedgerContext> contexts;
    private readonly TimeProvider clock;

    private protected SqlLedger(DbContextOptions<LedgerContext> options, TimeProvider clock)
    {
        contexts = new(options);
        this.clock = clock;
    }

    /// <inheritdoc/>
    public int Decimals { get; private set; }

    /// <inheritdoc/>
    public async Task<ImmutableArray<Receipt>> PostAsync(ImmutableArray<Posting> postings, CancellationToken cancellation)
    {
        Check(postings);
        var digests = postings.Select(posting => posting.Digest()).ToImmutableArray();
        for (var left = Tries; ; left--)
        {
            try
            {
                return await PostOnceAsync(postings, digests, cancellation);
            }
            catch (DbException error) when (IsDeadlock(error) && left > 1)
            {
                // The database undid this transaction in favour of another; nothing of it stands, so it may be made again.
            }
            catch (DbException error) when (IsUncovered(error))
            {
                await ExplainUncoveredAsync(postings, cancellation);
                if (left <= 1)
                {
                    throw;
                }
            }
        }
    }

    /// <inheritdoc/>
    public async Task<Int128> BalanceAsync(string account, CancellationToken cancellation)
    {
        await using var context = contexts.CreateDbContext();
        return await context.Accounts.Where(row => row.Name == account).Select(row => row.Balance).SingleOrDefaultAsync(cancellation);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<AccountBalance> BalancesAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var context = contexts.CreateDbContext();
        await foreach (var row in context.Accounts.AsNoTracking().OrderBy(row => row.Name).AsAsyncEnumerable().WithCancellation(cancellation))
        {
            yield return new(row.Name, row.Balance);
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<PostedEntry> HistoryAsync(string? account, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var context = contexts.CreateDbContext();
        var rows =
            from entry in context.Entries.AsNoTracking()
            join posting in context.Postings.AsNoTracking() on entry.Posting equals posting.Sequence
            where account == null || entry.Account == account
            orderby posting.Sequence, entry.Account
            select new { posting, entry };
        await foreach (var row in rows.AsAsyncEnumerable().WithCancellation(cancellation))
        {
            yield return new(
                row.posting.Id, DateTimeOffset.FromUnixTimeMilliseconds(row.posting.PostedAt), row.entry.Entry(), row.posting.Menu, row.posting.Digest);
        }
    }

    /// <inheritdoc/>
    public async Task<Verification> VerifyAsync(CancellationToken cancellation)
    {
        await using var context = contexts.CreateDbContext();
        await using var snapshot = await BeginSnapshotAsync(context, cancellation);
        var menus = await context.Menus.AsNoTracking().ToDictionaryAsync(row => row.Hash, row => row.Items, cancellation);
        var adding = new Recount(Decimals, menus);
        var rows =
            from posting in context.Postings.AsNoTracking()
            join entry in context.Entries.AsNoTracking() on posting.Sequence equals entry.Posting into entries
            from entry in entries.DefaultIfEmpty()
            orderby posting.Sequence
            select new { posting, entry };
        await foreach (var row in rows.AsAsyncEnumerable().WithCancellation(cancellation))
        {
            adding.Add(row.posting, row.entry);
        }

        var balances = await context.Accounts.AsNoTracking().OrderBy(row => row.Name).ToListAsync(cancellation);
        return adding.Compare(balances, await context.Entries.LongCountAsync(cancellation));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Brings the tables to the latest version, and fixes what a unit is worth.</summary>
    private protected async Task PrepareAsync(int? decimals, CancellationToken cancellation)
    {
        if (decimals is < 0 or > 18)
        {
            throw new InvalidRequestException([new("--decimals", "must be a whole number from 0 to 18", decimals.Value.ToString(CultureInfo.InvariantCulture))]);
        }

        await using var context = contexts.CreateDbContext();
        await using var transaction = await context.Database.BeginTransactionAsync(cancellation);
        await AloneAsync(context, cancellation);
        await context.Database.ExecuteSqlRawAsync("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)", cancellation);
        var version = await context.Database.SqlQuery<int>($"SELECT COALESCE(MAX(version), 0) AS \"Value\" FROM schema_version").SingleAsync(cancellation);
        if (version > LatestVersion)
        {
            throw new InvalidRequestException([new("--ledger", $"was made by a newer Menuet (tables of version {version}); this one knows {LatestVersion}")]);
        }

        for (var next = version + 1; next <= LatestVersion; next++)
        {
            await context.Database.ExecuteSqlRawAsync(Schema(next), cancellation);
            await context.Database.ExecuteSqlAsync($"INSERT INTO schema_version (version) VALUES ({next})", cancellation);
        }

        var asked = decimals ?? SettlementDefaults.Decimals;
        if (await context.Database.SqlQuery<int>($"SELECT COUNT(*) AS \"Value\" FROM ledger").SingleAsync(cancellation) == 0)
        {
            await context.Database.ExecuteSqlAsync($"INSERT INTO ledger (one, decimals) VALUES (1, {asked})", cancellation);
        }

        Decimals = await context.Database.SqlQuery<int>($"SELECT decimals AS \"Value\" FROM ledger").SingleAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        if (decimals is { } wanted && wanted != Decimals)
        {
            throw new InvalidRequestException([new(
                "--decimals", $"the ledger counts in units of 10^-{Decimals} since it was made; leave the option out", wanted.ToString(CultureInfo.InvariantCulture))]);
        }
    }

    /// <summary>The statements of one posting call; each takes all its rows as one JSON text.</summary>
    private protected abstract FormattableString InsertMenus(string json);

    private protected abstract FormattableString InsertPostings(string json);

    private protected abstract FormattableString InsertAccounts(string json);

    private protected abstract FormattableString UpdateBalances(string json);

    private protected abstract FormattableString InsertEntries(string json);

    private protected abstract string SchemaName { get; }

    private protected abstract bool IsUncovered(DbException error);

    private protected abstract bool IsDeadlock(DbException error);

    /// <summary>Waits until no other process prepares the same tables.</summary>
    private protected abstract Task AloneAsync(LedgerContext context, CancellationToken cancellation);

    private protected abstract Task<IDbContextTransaction> BeginSnapshotAsync(LedgerContext context, CancellationToken cancellation);

    private protected virtual ValueTask CloseAsync() => ValueTask.CompletedTask;

    private string Schema(int version)
    {
        using var stream = typeof(SqlLedger).Assembly.GetManifestResourceStream($"schema/{SchemaName}-{version}.sql")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private void Check(ImmutableArray<Posting> postings)
    {
        var problems = new List<Problem>();
        var first = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < postings.Length; i++)
        {
            var posting = postings[i];
            var path = string.Create(CultureInfo.InvariantCulture, $"postings[{i}]");
            var found = posting.Problems().ToArray();
            problems.AddRange(found.Select(problem => problem with { Path = $"{path}.{problem.Path}" }));
            if (posting.Decimals != Decimals)
            {
                problems.Add(new(path + ".decimals", $"the ledger counts in units of 10^-{Decimals}", posting.Decimals.ToString(CultureInfo.InvariantCulture)));
            }

            if (found.Length > 0)
            {
                continue;
            }

            for (var k = 0; k < posting.Entries.Length; k++)
            {
                if (posting.Entries[k].Units > long.MaxValue || posting.Entries[k].Units < -long.MaxValue)
                {
                    problems.Add(new(
                        string.Create(CultureInfo.InvariantCulture, $"{path}.entries[{k}].units"), $"this ledger holds at most {long.MaxValue} units; use fewer decimals",
                        posting.Entries[k].Units.ToString(CultureInfo.InvariantCulture)));
                }
            }

            if (!first.TryAdd(posting.Id, posting.Digest()) && first[posting.Id] != posting.Digest())
            {
                problems.Add(new(path + ".id", "stands in this call twice, with different content", $"\"{posting.Id}\""));
            }
        }

        if (problems.Count > 0)
        {
            throw new InvalidRequestException([.. problems]);
        }
    }

    private async Task<ImmutableArray<Receipt>> PostOnceAsync(ImmutableArray<Posting> postings, ImmutableArray<string> digests, CancellationToken cancellation)
    {
        // By id: two calls with the same ids in different orders then wait for one another instead of blocking each other.
        var ordered = postings.Zip(digests).DistinctBy(pair => pair.First.Id).OrderBy(pair => pair.First.Id, StringComparer.Ordinal).ToArray();
        await using var context = contexts.CreateDbContext();
        await using var transaction = await context.Database.BeginTransactionAsync(cancellation);
        var menus = ordered.Where(pair => pair.First.Menu is not null).DistinctBy(pair => pair.First.Menu!.Hash).OrderBy(pair => pair.First.Menu!.Hash, StringComparer.Ordinal).ToArray();
        if (menus.Length > 0)
        {
            await context.Database.ExecuteSqlAsync(
                InsertMenus(Rows(menus, (json, pair) => { json.WriteString("hash", pair.First.Menu!.Hash); json.WriteString("items", pair.First.Menu!.Text()); })), cancellation);
        }

        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        var inserted = (await context.Database.SqlQuery<string>(InsertPostings(Rows(ordered, (json, pair) =>
        {
            json.WriteString("id", pair.First.Id);
            json.WriteString("digest", pair.Second);
            json.WriteString("menu", pair.First.Menu?.Hash);
            json.WriteNumber("at", now);
        }))).ToListAsync(cancellation)).ToHashSet(StringComparer.Ordinal);
        await CheckRepeatedAsync(context, postings, digests, inserted, cancellation);
        var fresh = ordered.Where(pair => inserted.Contains(pair.First.Id)).Select(pair => pair.First).ToArray();
        if (fresh.Length > 0)
        {
            await WriteEntriesAsync(context, fresh, cancellation);
            await transaction.CommitAsync(cancellation);
        }

        return [.. postings.Zip(digests, (posting, digest) => new Receipt(posting.Id, !inserted.Contains(posting.Id), digest))];
    }

    private static async Task CheckRepeatedAsync(
        LedgerContext context, ImmutableArray<Posting> postings, ImmutableArray<string> digests, HashSet<string> inserted, CancellationToken cancellation)
    {
        var repeated = postings.Select(posting => posting.Id).Where(id => !inserted.Contains(id)).Distinct(StringComparer.Ordinal).ToArray();
        if (repeated.Length == 0)
        {
            return;
        }

        var standing = await context.Postings.AsNoTracking().Where(row => repeated.Contains(row.Id))
            .ToDictionaryAsync(row => row.Id, row => row.Digest, StringComparer.Ordinal, cancellation);
        var problems = Enumerable.Range(0, postings.Length)
            .Where(i => standing.TryGetValue(postings[i].Id, out var digest) && digest != digests[i])
            .Select(i => new Problem(
                string.Create(CultureInfo.InvariantCulture, $"postings[{i}].id"),
                "was posted before with other content; nothing was posted. Use a new id, or look at what stands with 'menuet ledger history'", $"\"{postings[i].Id}\""))
            .ToImmutableArray();
        if (!problems.IsEmpty)
        {
            throw new InvalidRequestException(problems);
        }
    }

    private async Task WriteEntriesAsync(LedgerContext context, Posting[] fresh, CancellationToken cancellation)
    {
        var changes = Changes(fresh);
        var json = Rows(changes, (row, change) =>
        {
            row.WriteString("name", change.Account);
            row.WriteNumber("units", (long)change.Units);
        });
        await context.Database.ExecuteSqlAsync(InsertAccounts(json), cancellation);
        await context.Database.ExecuteSqlAsync(UpdateBalances(json), cancellation);
        await context.Database.ExecuteSqlAsync(InsertEntries(Rows(fresh.SelectMany(posting => posting.Entries, (posting, entry) => (posting, entry)), (row, pair) =>
        {
            row.WriteString("id", pair.posting.Id);
            row.WriteString("account", pair.entry.Account);
            row.WriteNumber("units", (long)pair.entry.Units);
            if (pair.entry.Judgement is { } judged)
            {
                row.WriteNumber("item", judged.Item);
                row.WriteNumber("evaluation", judged.Evaluation);
            }
        })), cancellation);
    }

    /// <summary>What each account gains over all postings, by name, so that rows are always locked in one order.</summary>
    private static AccountBalance[] Changes(IEnumerable<Posting> postings)
    {
        var changes = postings.SelectMany(posting => posting.Entries)
            .GroupBy(entry => entry.Account, StringComparer.Ordinal)
            .Select(group => new AccountBalance(group.Key, group.Aggregate(Int128.Zero, (sum, entry) => sum + entry.Units)))
            .OrderBy(change => change.Account, StringComparer.Ordinal).ToArray();
        var beyond = changes.Where(change => change.Units > long.MaxValue || change.Units < -long.MaxValue).ToArray();
        return beyond.Length == 0 ? changes : throw new InvalidRequestException([.. beyond.Select(Beyond)]);
    }

    private static Problem Beyond(AccountBalance change) => new(
        change.Account, $"would move more than {long.MaxValue} units at once; use fewer decimals", change.Units.ToString(CultureInfo.InvariantCulture));

    private async Task ExplainUncoveredAsync(ImmutableArray<Posting> postings, CancellationToken cancellation)
    {
        await using var context = contexts.CreateDbContext();
        var ids = postings.Select(posting => posting.Id).ToArray();
        var standing = await context.Postings.Where(row => ids.Contains(row.Id)).Select(row => row.Id).ToListAsync(cancellation);
        var changes = Changes(postings.DistinctBy(posting => posting.Id).Where(posting => !standing.Contains(posting.Id)));
        var names = changes.Select(change => change.Account).ToArray();
        var balances = await context.Accounts.Where(row => names.Contains(row.Name)).ToDictionaryAsync(row => row.Name, row => (Int128)row.Balance, cancellation);
        var problems = ImmutableArray.CreateBuilder<Problem>();
        foreach (var change in changes)
        {
            var before = balances.GetValueOrDefault(change.Account);
            var after = before + change.Units;
            if (after < 0 && !Entry.IsHouse(change.Account))
            {
                problems.Add(new(change.Account, $"has {before} units and cannot give {-change.Units}; nothing was posted"));
            }
            else if (after > long.MaxValue || after < long.MinValue)
            {
                problems.Add(new(change.Account, $"would own {after} units; this ledger holds at most {long.MaxValue} an account. Use fewer decimals"));
            }
        }

        if (problems.Count > 0)
        {
            throw new InvalidRequestException(problems.ToImmutable());
        }
    }

    private static string Rows<T>(IEnumerable<T> rows, Action<Utf8JsonWriter, T> write)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            foreach (var row in rows)
            {
                json.WriteStartObject();
                write(json, row);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }
}
