using System.Data;
using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace Menuet.Settlement.Ledgers;

/// <summary>The ledger in PostgreSQL, for several machines; the same model as the embedded one.</summary>
public sealed class PostgresLedger : SqlLedger
{
    // Any number of ours: processes that prepare the same database take turns by it.
    private const long PreparationLock = 0x4D656E756574;

    private readonly NpgsqlDataSource source;

    private PostgresLedger(DbContextOptions<LedgerContext> options, NpgsqlDataSource source, TimeProvider clock)
        : base(options, clock) => this.source = source;

    private protected override string SchemaName => "postgres";

    /// <summary>Opens the ledger of a database, and makes its tables when they are not there.</summary>
    /// <param name="connection">Npgsql's connection string, such as <c>Host=localhost;Database=menuet;Username=menuet</c>.</param>
    /// <param name="decimals">One unit is 10^−decimals money, 0 to 18; null: as the ledger has it, 6 for a new one.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <param name="clock">Dates postings; null: the system's.</param>
    /// <exception cref="InvalidRequestException">The database cannot be reached, counts in other units, or is of a newer version.</exception>
    public static async Task<PostgresLedger> OpenAsync(string connection, int? decimals, CancellationToken cancellation, TimeProvider? clock = null)
    {
        NpgsqlDataSource source;
        try
        {
            source = NpgsqlDataSource.Create(connection);
        }
        catch (ArgumentException error)
        {
            // Without the text itself, which may hold a password.
            throw new InvalidRequestException([new("--ledger", $"the connection string cannot be read: {error.Message}")]);
        }

        var ledger = new PostgresLedger(new DbContextOptionsBuilder<LedgerContext>().UseNpgsql(source).Options, source, clock ?? TimeProvider.System);
        try
        {
            await ledger.PrepareAsync(decimals, cancellation);
            return ledger;
        }
        catch (Exception error) when (error is NpgsqlException or InvalidOperationException { InnerException: NpgsqlException })
        {
            await ledger.DisposeAsync();
            throw new InvalidRequestException([new("--ledger", $"cannot be opened as a ledger: {(error.InnerException ?? error).Message}")]);
        }
        catch
        {
            await ledger.DisposeAsync();
            throw;
        }
    }

    private protected override FormattableString InsertMenus(string json) => $"""
        INSERT INTO menus (hash, items) SELECT hash, items FROM jsonb_to_recordset({json}::jsonb) AS row (hash text, items text)
        ON CONFLICT (hash) DO NOTHING
        """;

    private protected override FormattableString InsertPostings(string json) => $"""
        INSERT INTO postings (id, digest, menu, posted_at)
        SELECT id, digest, menu, at FROM jsonb_to_recordset({json}::jsonb) AS row (id text, digest text, menu text, at bigint)
        ON CONFLICT (id) DO NOTHING RETURNING id AS "Value"
        """;

    private protected override FormattableString InsertAccounts(string json) => $"""
        INSERT INTO accounts (name, balance) SELECT name, 0 FROM jsonb_to_recordset({json}::jsonb) AS row (name text)
        ON CONFLICT (name) DO NOTHING
        """;

    private protected override FormattableString UpdateBalances(string json) => $"""
        WITH change AS (SELECT name, units FROM jsonb_to_recordset({json}::jsonb) AS row (name text, units bigint)),
        held AS MATERIALIZED (SELECT accounts.name FROM accounts WHERE name IN (SELECT name FROM change) ORDER BY accounts.name FOR UPDATE)
        UPDATE accounts SET balance = balance + change.units FROM change JOIN held ON held.name = change.name WHERE accounts.name = change.name
        """;

    private protected override FormattableString InsertEntries(string json) => $"""
        INSERT INTO entries (posting, account, units, item, evaluation)
        SELECT postings.sequence, account, units, item, evaluation
        FROM jsonb_to_recordset({json}::jsonb) AS row (id text, account text, units bigint, item integer, evaluation bigint)
        JOIN postings ON postings.id = row.id
        """;

    private protected override bool IsUncovered(DbException error) => error is PostgresException
    {
        SqlState: PostgresErrorCodes.CheckViolation or PostgresErrorCodes.NumericValueOutOfRange
    };

    private protected override bool IsDeadlock(DbException error) => error is PostgresException
    {
        SqlState: PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure
    };

    private protected override Task AloneAsync(LedgerContext context, CancellationToken cancellation) =>
        context.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({PreparationLock})", cancellation);

    private protected override Task<IDbContextTransaction> BeginSnapshotAsync(LedgerContext context, CancellationToken cancellation) =>
        context.Database.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellation);

    private protected override ValueTask CloseAsync() => source.DisposeAsync();
}
