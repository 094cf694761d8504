using Microsoft.EntityFrameworkCore;

namespace Menuet.Settlement.Ledgers;

/// <summary>The tables of a relational ledger; the same for every database. Their SQL is in the folder Schema.</summary>
internal sealed class LedgerContext(DbContextOptions<LedgerContext> options) : DbContext(options)
{
    internal DbSet<AccountRow> Accounts => Set<AccountRow>();

    internal DbSet<MenuRow> Menus => Set<MenuRow>();

    internal DbSet<PostingRow> Postings => Set<PostingRow>();

    internal DbSet<EntryRow> Entries => Set<EntryRow>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<AccountRow>(table =>
        {
            table.ToTable("accounts").HasKey(row => row.Name);
            table.Property(row => row.Name).HasColumnName("name");
            table.Property(row => row.Balance).HasColumnName("balance");
        });
        modelBuilder.Entity<MenuRow>(table =>
        {
            table.ToTable("menus").HasKey(row => row.Hash);
            table.Property(row => row.Hash).HasColumnName("hash");
            table.Property(row => row.Items).HasColumnName("items");
        });
        modelBuilder.Entity<PostingRow>(table =>
        {
            table.ToTable("postings").HasKey(row => row.Sequence);
            table.Property(row => row.Sequence).HasColumnName("sequence");
            table.Property(row => row.Id).HasColumnName("id");
            table.Property(row => row.Digest).HasColumnName("digest");
            table.Property(row => row.Menu).HasColumnName("menu");
            table.Property(row => row.PostedAt).HasColumnName("posted_at");
        });
        modelBuilder.Entity<EntryRow>(table =>
        {
            table.ToTable("entries").HasKey(row => new { row.Posting, row.Account });
            table.Property(row => row.Posting).HasColumnName("posting");
            table.Property(row => row.Account).HasColumnName("account");
            table.Property(row => row.Units).HasColumnName("units");
            table.Property(row => row.Item).HasColumnName("item");
            table.Property(row => row.Evaluation).HasColumnName("evaluation");
        });
    }
}

internal sealed class AccountRow
{
    public string Name { get; set; } = "";

    public long Balance { get; set; }
}

internal sealed class MenuRow
{
    public string Hash { get; set; } = "";

    public string Items { get; set; } = "";
}

internal sealed class PostingRow
{
    public long Sequence { get; set; }

    public string Id { get; set; } = "";

    public string Digest { get; set; } = "";

    public string? Menu { get; set; }

    /// <summary>Milliseconds since 1970, UTC.</summary>
    public long PostedAt { get; set; }
}

internal sealed class EntryRow
{
    public long Posting { get; set; }

    public string Account { get; set; } = "";

    public long Units { get; set; }

    public int? Item { get; set; }

    public long? Evaluation { get; set; }

    internal Entry Entry() => new(Account, Units, Item is { } item && Evaluation is { } evaluation ? new(item, evaluation) : null);
}
