using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Menuet.Settlement.Ledgers;

/// <summary>The embedded ledger: one file, safe for several processes, durable at every commit.</summary>
public sealed class SqliteLedger : SqlLedger
{
    // A statement's primary result code, and the extended one of a value that no longer fits its column.
    private const int Constraint = 19;
    private const int Busy = 5;

    private readonly string connection;

    private SqliteLedger(DbContextOptions<LedgerContext> options, string connection, TimeProvider clock)
        : base(options, clock) => this.connection = connection;

    private protected override string SchemaName => "sqlite";

    /// <summary>Opens the file, and makes it when it is not there.</summary>
    /// <param name="path">The file.</param>
    /// <param name="decimals">One unit is 10^−decimals money, 0 to 18; null: as the ledger has it, 6 for a new one.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <param name="clock">Dates postings; null: the system's.</param>
    /// <exception cref="InvalidRequestException">The file counts in other units, is of a newer version, or is no ledger.</exception>
    public static async Task<SqliteLedger> OpenAsync(string path, int? decimals, CancellationToken cancellation, TimeProvider? clock = null)
    {
        var connection = new SqliteConnectionStringBuilder { DataSource = path, ForeignKeys = true, DefaultTimeout = 60 }.ToString();
        var options = new DbContextOptionsBuilder<LedgerContext>().UseSqlite(connection).Options;
        var ledger = new SqliteLedger(options, connection, clock ?? TimeProvider.System);
        try
        {
            await ledger.UseWriteAheadLogAsync(cancellation);
            await ledger.PrepareAsync(decimals, cancellation);
            return ledger;
        }
        catch (SqliteException error)
        {
            await ledger.DisposeAsync();
            throw new InvalidRequestException([new("--ledger", $"cannot be opened as a ledger: {error.Message}", $"\"{path}\"")]);
        }
        catch
        {
            await ledger.DisposeAsync();
            throw;
        }
    }

    private protected override FormattableString InsertMenus(string json) => $"""
        INSERT INTO menus (hash, items) SELECT value ->> 'hash', value ->> 'items' FROM json_each({json}) WHERE true ON CONFLICT (hash) DO NOTHING
        """;

    private protected override FormattableString InsertPostings(string json) => $"""
        INSERT INTO postings (id, digest, menu, posted_at)
        SELECT value ->> 'id', value ->> 'digest', value ->> 'menu', value ->> 'at' FROM json_each({json}) WHERE true
        ON CONFLICT (id) DO NOTHING RETURNING id AS "Value"
        """;

    private protected override FormattableString InsertAccounts(string json) => $"""
        INSERT INTO accounts (name, balance) SELECT value ->> 'name', 0 FROM json_each({json}) WHERE true ON CONFLICT (name) DO NOTHING
        """;

    private protected override FormattableString UpdateBalances(string json) => $"""
        UPDATE accounts SET balance = balance + change.units
        FROM (SELECT value ->> 'name' AS name, value ->> 'units' AS units FROM json_each({json})) AS change WHERE accounts.name = change.name
        """;

    private protected override FormattableString InsertEntries(string json) => $"""
        INSERT INTO entries (posting, account, units, item, evaluation)
        SELECT postings.sequence, value ->> 'account', value ->> 'units', value ->> 'item', value ->> 'evaluation'
        FROM json_each({json}) JOIN postings ON postings.id = value ->> 'id'
        """;

    private protected override bool IsUncovered(DbException error) => error is SqliteException { SqliteErrorCode: Constraint };

    private protected override bool IsDeadlock(DbException error) => error is SqliteException { SqliteErrorCode: Busy };

    // A transaction that begins here may write at once, hence excludes others.
    private protected override Task AloneAsync(LedgerContext context, CancellationToken cancellation) => Task.CompletedTask;

    private protected override async Task<IDbContextTransaction> BeginSnapshotAsync(LedgerContext context, CancellationToken cancellation)
    {
        await context.Database.OpenConnectionAsync(cancellation);
        var reading = ((SqliteConnection)context.Database.GetDbConnection()).BeginTransaction(deferred: true);
        return (await context.Database.UseTransactionAsync(reading, cancellation))!;
    }

    private protected override ValueTask CloseAsync()
    {
        using var pool = new SqliteConnection(connection);
        SqliteConnection.ClearPool(pool);
        return ValueTask.CompletedTask;
    }

    private async Task UseWriteAheadLogAsync(CancellationToken cancellation)
    {
        await using var file = new SqliteConnection(connection);
        await file.OpenAsync(cancellation);
        await using var command = file.CreateCommand();
        command.CommandText = "PRAGMA journal_mode = WAL";
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
