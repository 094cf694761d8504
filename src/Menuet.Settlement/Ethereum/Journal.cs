using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace Menuet.Settlement.Ethereum;

/// <summary>
/// What was intended, on disk before it is sent: an intent owns its nonce, so that however often it is sent after a crash, the chain
/// takes it once. Processes that share the file share the account's nonces.
/// </summary>
internal sealed class Journal : IAsyncDisposable
{
    private readonly PooledDbContextFactory<JournalContext> contexts;
    private readonly string path;
    private readonly string connection;
    private readonly Lazy<Task> ready;

    /// <param name="path">The file; made when something is first looked up in it, so that who only reads a chain needs none.</param>
    internal Journal(string path)
    {
        this.path = path;
        connection = new SqliteConnectionStringBuilder { DataSource = path, ForeignKeys = true, DefaultTimeout = 60 }.ToString();
        contexts = new(new DbContextOptionsBuilder<JournalContext>().UseSqlite(connection).Options);
        ready = new(PrepareAsync);
    }

    public ValueTask DisposeAsync()
    {
        using var pool = new SqliteConnection(connection);
        SqliteConnection.ClearPool(pool);
        return ValueTask.CompletedTask;
    }

    /// <summary>The live intent of a key; null when there is none.</summary>
    internal async Task<Intent?> FindAsync(long chain, string sender, string key, CancellationToken cancellation)
    {
        await using var context = await ContextAsync();
        var row = await context.Intents.AsNoTracking()
            .SingleOrDefaultAsync(i => i.Chain == chain && i.Sender == sender && i.Key == key && i.State == Intent.Live, cancellation);
        return row is null ? null : await WithAttemptsAsync(context, row, cancellation);
    }

    /// <summary>Every live intent of an account, by nonce.</summary>
    internal async Task<ImmutableArray<Intent>> LiveAsync(long chain, string sender, CancellationToken cancellation)
    {
        await using var context = await ContextAsync();
        var rows = await context.Intents.AsNoTracking()
            .Where(i => i.Chain == chain && i.Sender == sender && i.State == Intent.Live).OrderBy(i => i.Nonce).ToListAsync(cancellation);
        var intents = ImmutableArray.CreateBuilder<Intent>();
        foreach (var row in rows)
        {
            intents.Add(await WithAttemptsAsync(context, row, cancellation));
        }

        return intents.ToImmutable();
    }

    /// <summary>Writes down an intent with the next free nonce; or returns the live one of the same key.</summary>
    /// <param name="intent">What to do; its nonce is not read.</param>
    /// <param name="next">The account's next nonce, as the chain has it.</param>
    /// <param name="cancellation">Stops waiting.</param>
    internal async Task<Intent> IntendAsync(IntentRow intent, long next, CancellationToken cancellation)
    {
        await using var context = await ContextAsync();

        // The transaction may write from its beginning, hence no other process allots a nonce meanwhile.
        await using var transaction = await context.Database.BeginTransactionAsync(cancellation);
        var live = await context.Intents.Where(i => i.Chain == intent.Chain && i.Sender == intent.Sender && i.State == Intent.Live).ToListAsync(cancellation);
        if (live.Find(i => i.Key == intent.Key) is { } standing)
        {
            return await WithAttemptsAsync(context, standing, cancellation);
        }

        intent.Nonce = live.Select(i => i.Nonce + 1).Append(next).Max();
        context.Intents.Add(intent);
        await context.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return new(intent, []);
    }

    /// <summary>Writes down that an intent is about to be sent on these terms.</summary>
    internal async Task<AttemptRow> AttemptAsync(Intent intent, BigInteger maxFee, BigInteger priorityFee, string? hash, string? raw, CancellationToken cancellation)
    {
        var row = new AttemptRow
        {
            Intent = intent.Row.Number,
            Hash = hash,
            Raw = raw,
            MaxFee = maxFee.ToString(CultureInfo.InvariantCulture),
            PriorityFee = priorityFee.ToString(CultureInfo.InvariantCulture),
            MadeAt = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(),
        };
        await using var context = await ContextAsync();
        context.Attempts.Add(row);
        await context.SaveChangesAsync(cancellation);
        return row;
    }

    /// <summary>Adds the hash that the node gave an attempt.</summary>
    internal async Task NoteHashAsync(AttemptRow attempt, string hash, CancellationToken cancellation)
    {
        attempt.Hash = hash;
        await using var context = await ContextAsync();
        await context.Attempts.Where(a => a.Number == attempt.Number).ExecuteUpdateAsync(set => set.SetProperty(a => a.Hash, hash), cancellation);
    }

    internal async Task CloseAsync(Intent intent, string state, CancellationToken cancellation)
    {
        await using var context = await ContextAsync();
        await context.Intents.Where(i => i.Number == intent.Row.Number && i.State == Intent.Live)
            .ExecuteUpdateAsync(set => set.SetProperty(i => i.State, state), cancellation);
    }

    private static async Task<Intent> WithAttemptsAsync(JournalContext context, IntentRow row, CancellationToken cancellation) =>
        new(row, await context.Attempts.AsNoTracking().Where(a => a.Intent == row.Number).OrderBy(a => a.Number).ToListAsync(cancellation));

    /// <exception cref="InvalidRequestException">The file is no journal.</exception>
    private async Task<JournalContext> ContextAsync()
    {
        await ready.Value;
        return contexts.CreateDbContext();
    }

    private async Task PrepareAsync()
    {
        try
        {
            await using (var file = new SqliteConnection(connection))
            {
                await file.OpenAsync();
                await using var command = file.CreateCommand();
                command.CommandText = "PRAGMA journal_mode = WAL";
                await command.ExecuteNonQueryAsync();
            }

            await using var context = contexts.CreateDbContext();
            await using var transaction = await context.Database.BeginTransactionAsync();
            await context.Database.ExecuteSqlRawAsync("CREATE TABLE IF NOT EXISTS journal_version (version INTEGER NOT NULL)");
            if (await context.Database.SqlQuery<int>($"SELECT COUNT(*) AS \"Value\" FROM journal_version").SingleAsync() == 0)
            {
                await context.Database.ExecuteSqlRawAsync(Schema());
                await context.Database.ExecuteSqlAsync($"INSERT INTO journal_version (version) VALUES (1)");
            }

            await transaction.CommitAsync();
        }
        catch (SqliteException error)
        {
            throw new InvalidRequestException([new("--journal", $"cannot be opened as a journal: {error.Message}", $"\"{path}\"")]);
        }
    }

    private static string Schema()
    {
        using var stream = typeof(Journal).Assembly.GetManifestResourceStream("schema/journal-1.sql")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}

/// <summary>An intent and how it was sent so far.</summary>
internal sealed record Intent(IntentRow Row, List<AttemptRow> Attempts)
{
    internal const string Live = "live";
    internal const string Final = "final";
    internal const string Reverted = "reverted";
    internal const string Replaced = "replaced";
}

internal sealed class IntentRow
{
    public long Number { get; set; }

    public long Chain { get; set; }

    public string Sender { get; set; } = "";

    /// <summary>What it is for; one live intent each.</summary>
    public string Key { get; set; } = "";

    /// <summary>Null for a deployment.</summary>
    public string? Recipient { get; set; }

    public string Data { get; set; } = "";

    public string Value { get; set; } = "0";

    public long Gas { get; set; }

    public long Nonce { get; set; }

    public string State { get; set; } = Intent.Live;

    public long MadeAt { get; set; }
}

internal sealed class AttemptRow
{
    public long Number { get; set; }

    public long Intent { get; set; }

    /// <summary>Null until the node said it.</summary>
    public string? Hash { get; set; }

    /// <summary>The signed transaction; null when the node signs.</summary>
    public string? Raw { get; set; }

    public string MaxFee { get; set; } = "";

    public string PriorityFee { get; set; } = "";

    public long MadeAt { get; set; }
}

/// <summary>The journal's tables.</summary>
internal sealed class JournalContext(DbContextOptions<JournalContext> options) : DbContext(options)
{
    internal DbSet<IntentRow> Intents => Set<IntentRow>();

    internal DbSet<AttemptRow> Attempts => Set<AttemptRow>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<IntentRow>(table =>
        {
            table.ToTable("intents").HasKey(row => row.Number);
            table.Property(row => row.Number).HasColumnName("number");
            table.Property(row => row.Chain).HasColumnName("chain");
            table.Property(row => row.Sender).HasColumnName("sender");
            table.Property(row => row.Key).HasColumnName("key");
            table.Property(row => row.Recipient).HasColumnName("recipient");
            table.Property(row => row.Data).HasColumnName("data");
            table.Property(row => row.Value).HasColumnName("value");
            table.Property(row => row.Gas).HasColumnName("gas");
            table.Property(row => row.Nonce).HasColumnName("nonce");
            table.Property(row => row.State).HasColumnName("state");
            table.Property(row => row.MadeAt).HasColumnName("made_at");
        });
        modelBuilder.Entity<AttemptRow>(table =>
        {
            table.ToTable("attempts").HasKey(row => row.Number);
            table.Property(row => row.Number).HasColumnName("number");
            table.Property(row => row.Intent).HasColumnName("intent");
            table.Property(row => row.Hash).HasColumnName("hash");
            table.Property(row => row.Raw).HasColumnName("raw");
            table.Property(row => row.MaxFee).HasColumnName("max_fee");
            table.Property(row => row.PriorityFee).HasColumnName("priority_fee");
            table.Property(row => row.MadeAt).HasColumnName("made_at");
        });
    }
}
