using System.Collections.Immutable;

namespace Menuet.Settlement.Ledgers;

/// <summary>Adds a ledger up again from its rows: trusts neither balances nor digests.</summary>
internal sealed class Recount(int decimals, Dictionary<string, string> menus)
{
    private const int MostFaults = 100;

    private readonly Dictionary<string, Int128> sums = new(StringComparer.Ordinal);
    private readonly ImmutableArray<string>.Builder faults = ImmutableArray.CreateBuilder<string>();
    private readonly List<Entry> entries = [];
    private PostingRow? current;
    private long postings;
    private long added;

    /// <summary>Takes the next entry; entries of one posting come together. A posting without entries comes once, with null.</summary>
    internal void Add(PostingRow posting, EntryRow? entry)
    {
        if (current?.Sequence != posting.Sequence)
        {
            Close();
            current = posting;
        }

        if (entry is not null)
        {
            entries.Add(entry.Entry());
            sums[entry.Account] = sums.GetValueOrDefault(entry.Account) + entry.Units;
        }
    }

    internal Verification Compare(IEnumerable<AccountRow> balances, long standing)
    {
        Close();
        if (standing != added)
        {
            Note($"{standing - added} entries belong to no posting");
        }

        var accounts = 0L;
        foreach (var row in balances)
        {
            accounts++;
            sums.Remove(row.Name, out var sum);
            if (sum != row.Balance)
            {
                Note($"account {row.Name}: the entries add up to {sum} units, its balance says {row.Balance}");
            }

            if (row.Balance < 0 && !Entry.IsHouse(row.Name))
            {
                Note($"account {row.Name}: {row.Balance} units, below zero");
            }
        }

        foreach (var (account, sum) in sums)
        {
            Note($"account {account}: has entries of {sum} units but no balance");
        }

        return new(postings, added, accounts, faults.ToImmutable());
    }

    private void Close()
    {
        if (current is null)
        {
            return;
        }

        postings++;
        added += entries.Count;
        var menu = Menu(current);
        if (menu is not null || current.Menu is null)
        {
            var posting = new Posting(current.Id, decimals, [.. entries], menu);
            foreach (var problem in posting.Problems())
            {
                Note($"posting {current.Id}: {problem.Path}: {problem.Message}{(problem.Value is null ? "" : $"; found {problem.Value}")}");
            }

            if (posting.Digest() != current.Digest)
            {
                Note($"posting {current.Id}: its entries are not those that its digest names");
            }
        }

        entries.Clear();
        current = null;
    }

    private PostedMenu? Menu(PostingRow posting)
    {
        if (posting.Menu is null)
        {
            return null;
        }

        try
        {
            if (menus.TryGetValue(posting.Menu, out var items) && PostedMenu.Parse(items) is var menu && menu.Hash == posting.Menu)
            {
                return menu;
            }
        }
        catch (Exception error) when (error is FormatException or OverflowException or ArgumentException)
        {
            // Falls through: such a menu is not the one that the hash names.
        }

        Note($"posting {posting.Id}: the menu that stands is not the one with hash {posting.Menu}");
        return null;
    }

    private void Note(string fault)
    {
        if (faults.Count < MostFaults && !faults.Contains(fault))
        {
            faults.Add(fault);
        }
    }
}
