using System.Collections.Immutable;
using System.Globalization;
using Menuet.Settlement.Ledgers;
using Microsoft.Data.Sqlite;
using Xunit.Abstractions;

namespace Menuet.Settlement.Tests.Ledgers;

/// <summary>What every relational ledger keeps; run on SQLite and on PostgreSQL by the classes below.</summary>
public abstract class SqlLedgerTests(ITestOutputHelper output)
{
    private protected abstract Task<SqlLedger> OpenAsync(int? decimals = null);

    /// <summary>The ledger that is opened, as another process opens it.</summary>
    private protected abstract string Place { get; }

    /// <summary>Runs SQL behind the ledger's back.</summary>
    private protected abstract Task TamperAsync(string sql);

    internal async Task Posting_MovesUnits_AndIsReadBack()
    {
        await using var ledger = await OpenAsync();
        var receipts = await ledger.PostAsync([Postings.Rewards("round-1", ("ann", 5), ("ben", 9)), Postings.Transfer("w", "ann", Entry.Outside, 333)], default);
        Assert.All(receipts, receipt => Assert.False(receipt.WasThere));
        Assert.Equal(1_333_000, await ledger.BalanceAsync("ann", default));
        Assert.Equal(2_750_000, await ledger.BalanceAsync("ben", default));
        Assert.Equal(-4_083_333, await ledger.BalanceAsync(Entry.Platform, default));
        Assert.Equal(0, await ledger.BalanceAsync("nobody", default));
        var history = await ledger.HistoryAsync("ann", default).ToListAsync();
        Assert.Equal(["round-1", "w"], history.Select(h => h.PostingId));
        Assert.Equal(new Entry("ann", 1_333_333, new(0, 5_000_000)), history[0].Entry);
        Assert.Equal(Postings.Menu.Hash, history[0].Menu);
        Assert.Equal(["@outside", "@platform", "ann", "ben"], (await ledger.BalancesAsync(default).ToListAsync()).Select(b => b.Account));
        var verification = await ledger.VerifyAsync(default);
        Assert.True(verification.Holds, string.Join("; ", verification.Faults));
        Assert.Equal((2, 5, 4), (verification.Postings, verification.Entries, verification.Accounts));
    }

    internal async Task SameId_SameContent_IsANoOp_OtherContentAnError()
    {
        await using var ledger = await OpenAsync();
        var posting = Postings.Rewards("r", ("ann", 5), ("ben", 7));
        var other = Postings.Rewards("r", ("ann", 5), ("ben", 10));
        await ledger.PostAsync([posting], default);
        var again = await ledger.PostAsync([posting with { Entries = [.. posting.Entries.Reverse()] }, Postings.Transfer("t", "ann", "cid", 1)], default);
        Assert.Equal([true, false], again.Select(receipt => receipt.WasThere));
        var error = await Assert.ThrowsAsync<InvalidRequestException>(() => ledger.PostAsync([Postings.Transfer("u", "ann", "cid", 1), other], default));
        Assert.Equal("postings[1].id", Assert.Single(error.Problems).Path);
        Assert.Equal(1_333_332, await ledger.BalanceAsync("ann", default));
        Assert.Equal(1, await ledger.BalanceAsync("cid", default));
        Assert.True((await ledger.VerifyAsync(default)).Holds);
    }

    internal async Task Uncovered_NothingIsPosted_EveryShortageIsNamed()
    {
        await using var ledger = await OpenAsync();
        await ledger.PostAsync([Postings.Transfer("f", Entry.Platform, "ann", 10)], default);
        var error = await Assert.ThrowsAsync<InvalidRequestException>(() => ledger.PostAsync(
            [Postings.Transfer("a", "ann", "cid", 11), Postings.Transfer("b", "ben", "cid", 1)], default));
        Assert.Equal(["ann", "ben"], error.Problems.Select(p => p.Path));
        Assert.Equal(0, await ledger.BalanceAsync("cid", default));
        await ledger.PostAsync([Postings.Transfer("in", Entry.Platform, "ben", 1), Postings.Transfer("b", "ben", "cid", 1)], default);
        Assert.Equal(1, await ledger.BalanceAsync("cid", default));
    }

    internal async Task Beyond64Bits_IsRefused()
    {
        await using var ledger = await OpenAsync();
        var error = await Assert.ThrowsAsync<InvalidRequestException>(() => ledger.PostAsync(
            [Postings.Transfer("x", Entry.Platform, "ann", (Int128)long.MaxValue + 1), Postings.Transfer("y", "", "b", 0)], default));
        Assert.True(error.Problems.Length >= 4);
        await ledger.PostAsync([Postings.Transfer("x", Entry.Platform, "ann", long.MaxValue)], default);
        var overflow = await Assert.ThrowsAsync<InvalidRequestException>(() => ledger.PostAsync([Postings.Transfer("z", "@other", "ann", 1)], default));
        Assert.Equal("ann", Assert.Single(overflow.Problems).Path);
        Assert.Equal(long.MaxValue, await ledger.BalanceAsync("ann", default));
        Assert.True((await ledger.VerifyAsync(default)).Holds);
    }

    internal async Task Decimals_AreFixedWhenTheLedgerIsMade()
    {
        await using (var ledger = await OpenAsync(decimals: 2))
        {
            Assert.Equal(2, ledger.Decimals);
            var error = await Assert.ThrowsAsync<InvalidRequestException>(() => ledger.PostAsync([Postings.Transfer("t", Entry.Platform, "b", 1)], default));
            Assert.Equal("postings[0].decimals", Assert.Single(error.Problems).Path);
        }

        await using (var again = await OpenAsync())
        {
            Assert.Equal(2, again.Decimals);
        }

        await Assert.ThrowsAsync<InvalidRequestException>(() => OpenAsync(decimals: 6));
    }

    internal async Task ManyWriters_KeepEveryUnit()
    {
        await using var first = await OpenAsync();
        await using var second = await OpenAsync();
        await first.PostAsync([.. Enumerable.Range(0, 8).Select(i => Postings.Transfer($"fund{i}", Entry.Platform, $"p{i}", 1000))], default);
        var work = Enumerable.Range(0, 8).Select(w => Task.Run(async () =>
        {
            var random = new Random(w);
            for (var i = 0; i < 12; i++)
            {
                // Each id is posted by two workers, with the same content: by one of them it stands.
                var postings = Enumerable.Range(0, 3).Select(k =>
                {
                    var seed = (w / 2 * 100) + (i * 3) + k;
                    return Postings.Transfer($"t{seed}", $"p{seed % 8}", $"p{((seed * 5) + 3) % 8}", 1 + (seed % 4));
                }).Where(p => p.Entries[0].Account != p.Entries[1].Account).OrderBy(_ => random.Next()).ToImmutableArray();
                await (w % 2 == 0 ? first : second).PostAsync(postings, default);
            }
        }));
        await Task.WhenAll(work);
        var verification = await first.VerifyAsync(default);
        Assert.True(verification.Holds, string.Join("; ", verification.Faults));
        var total = (await first.BalancesAsync(default).ToListAsync()).Where(b => b.Account != Entry.Platform).Aggregate(Int128.Zero, (sum, b) => sum + b.Units);
        Assert.Equal(8000, total);
        var ids = (await first.HistoryAsync(null, default).ToListAsync()).Select(h => h.PostingId).Distinct().Count();
        Assert.Equal(verification.Postings, ids);
    }

    internal async Task Kills_LoseNothing_AndPayOnce()
    {
        await using var ledger = await OpenAsync();
        await Kills.CheckAsync(ledger, await Kills.RunAsync(output, 200, _ => ["sql", Place]), "ann", 1_333_333);
    }

    internal async Task EveryTampering_IsFound(string sql, string fault)
    {
        await using var ledger = await OpenAsync();
        await ledger.PostAsync([Postings.Rewards("r", ("ann", 5), ("ben", 7)), Postings.Transfer("t", "ann", "ben", 3)], default);
        Assert.True((await ledger.VerifyAsync(default)).Holds);
        await TamperAsync(sql);
        var verification = await ledger.VerifyAsync(default);
        Assert.Contains(verification.Faults, f => f.Contains(fault, StringComparison.Ordinal));
    }

    public static TheoryData<string, string> Tamperings() => new()
    {
        { "UPDATE accounts SET balance = balance + 1 WHERE name = 'ann'", "the entries add up to" },
        { "UPDATE entries SET units = units + 1 WHERE account = 'ann' AND item IS NOT NULL", "must sum to zero" },
        { "UPDATE entries SET units = units + CASE account WHEN 'ann' THEN 1 ELSE -1 END WHERE account IN ('ann', 'ben') AND item IS NULL", "its digest names" },
        { "UPDATE entries SET evaluation = 4000000 WHERE account = 'ann' AND item IS NOT NULL", "asks for quality" },
        { "UPDATE entries SET evaluation = 5000001 WHERE account = 'ann' AND item IS NOT NULL", "its digest names" },
        { "UPDATE menus SET items = '5000000:1333333'", "the menu that stands" },
        { "UPDATE menus SET items = 'x'", "the menu that stands" },
        { "UPDATE postings SET id = 'q' WHERE id = 't'", "its digest names" },
        { "DELETE FROM entries WHERE account = 'ben' AND item IS NULL", "at least two" },
        { "INSERT INTO accounts VALUES ('eve', 5)", "account eve" },
    };
}

public sealed class SqliteLedgerTests(ITestOutputHelper output) : SqlLedgerTests(output), IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("menuet-ledger-");

    private protected override string Place => FilePath;

    private string FilePath => Path.Combine(folder.FullName, "ledger.db");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public Task MovesUnits() => Posting_MovesUnits_AndIsReadBack();

    [Fact]
    public Task IsIdempotent() => SameId_SameContent_IsANoOp_OtherContentAnError();

    [Fact]
    public Task NeverOverdraws() => Uncovered_NothingIsPosted_EveryShortageIsNamed();

    [Fact]
    public Task NeverOverflows() => Beyond64Bits_IsRefused();

    [Fact]
    public Task KeepsItsScale() => Decimals_AreFixedWhenTheLedgerIsMade();

    [Fact]
    public Task SurvivesManyWriters() => ManyWriters_KeepEveryUnit();

    [Fact]
    public Task SurvivesKills() => Kills_LoseNothing_AndPayOnce();

    [Theory]
    [MemberData(nameof(Tamperings))]
    public Task Verification_Finds(string sql, string fault) => EveryTampering_IsFound(sql, fault);

    [Fact]
    public async Task NoLedger_IsRefusedInWords()
    {
        await File.WriteAllTextAsync(FilePath, string.Concat(Enumerable.Repeat("not a database ", 100)));
        var error = await Assert.ThrowsAsync<InvalidRequestException>(() => OpenAsync());
        Assert.Contains("cannot be opened as a ledger", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidRequestException>(() => SqliteLedger.OpenAsync(Path.Combine(folder.FullName, "no", "such", "folder"), null, default));
    }

    [Fact]
    public async Task NewerTables_AreRefused()
    {
        await (await OpenAsync()).DisposeAsync();
        await TamperAsync("INSERT INTO schema_version VALUES (99)");
        var error = await Assert.ThrowsAsync<InvalidRequestException>(() => OpenAsync());
        Assert.Contains("newer Menuet", error.Message, StringComparison.Ordinal);
    }

    private protected override async Task<SqlLedger> OpenAsync(int? decimals = null) => await SqliteLedger.OpenAsync(FilePath, decimals, default);

    private protected override async Task TamperAsync(string sql)
    {
        await using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = FilePath, ForeignKeys = false, Pooling = false }.ToString());
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The tests' own statements.
        command.CommandText = string.Create(CultureInfo.InvariantCulture, $"PRAGMA ignore_check_constraints = ON; {sql}");
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }
}
