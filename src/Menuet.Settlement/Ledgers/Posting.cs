using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Menuet.Settlement.Ledgers;

/// <summary>Entries that happen together or not at all, in double entry: their units sum to zero.</summary>
/// <param name="Id">Makes posting idempotent: an id is posted once. 1 to 200 characters, no control characters.</param>
/// <param name="Decimals">One unit is 10^−<paramref name="Decimals"/> money; must be the ledger's.</param>
/// <param name="Entries">At least two, each account once; the order has no meaning.</param>
/// <param name="Menu">The menu that every credit must follow; null for a transfer.</param>
public sealed record Posting(string Id, int Decimals, ImmutableArray<Entry> Entries, PostedMenu? Menu = null)
{
    internal const int LongestName = 200;

    /// <summary>Names the content: SHA-256, in hexadecimal, of the canonical text, which lists entries by account.</summary>
    public string Digest()
    {
        var text = new StringBuilder("menuet-posting-1\n");
        text.Append(CultureInfo.InvariantCulture, $"{Id}\n{Decimals}\n{(Menu is null ? "-" : Menu.Hash)}\n");
        foreach (var entry in Entries.OrderBy(e => e.Account, StringComparer.Ordinal))
        {
            text.Append(CultureInfo.InvariantCulture, $"{entry.Account}\t{entry.Units}\t{entry.Judgement?.Item}\t{entry.Judgement?.Evaluation}\n");
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    /// <summary>Every way in which this posting is not well formed; empty when it is. Paths are <c>entries[2].units</c> and the like.</summary>
    public IEnumerable<Problem> Problems()
    {
        foreach (var problem in NameProblems("id", Id))
        {
            yield return problem;
        }

        if (Decimals is < 0 or > 18)
        {
            yield return new("decimals", "must be a whole number from 0 to 18", Whole(Decimals));
        }

        if (Entries.IsDefault || Entries.Length < 2)
        {
            yield return new("entries", "must be at least two: what one account gains another one gives");
            yield break;
        }

        var sum = System.Numerics.BigInteger.Zero;
        var accounts = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < Entries.Length; i++)
        {
            var entry = Entries[i];
            sum += entry.Units;
            var path = string.Create(CultureInfo.InvariantCulture, $"entries[{i}]");
            foreach (var problem in NameProblems(path + ".account", entry.Account))
            {
                yield return problem;
            }

            if (!accounts.Add(entry.Account ?? ""))
            {
                yield return new(path + ".account", "stands in this posting twice; add its units into one entry", $"\"{entry.Account}\"");
            }

            if (entry.Units == 0)
            {
                yield return new(path + ".units", "must not be 0; leave the entry out", "0");
            }

            if (MenuProblem(entry) is { } wrong)
            {
                yield return new(path, wrong, Whole(entry.Units));
            }
        }

        if (!sum.IsZero)
        {
            yield return new("entries", "must sum to zero; their sum is given as value", sum.ToString(CultureInfo.InvariantCulture));
        }

        foreach (var problem in Menu?.Problems() ?? [])
        {
            yield return problem with { Path = "menu." + problem.Path };
        }
    }

    private string? MenuProblem(Entry entry)
    {
        if (Menu is null || entry.Units <= 0)
        {
            return entry.Judgement is null ? null : "has a judgement, which only credits of a posting with a menu have";
        }

        if (entry.Judgement is not { } judged)
        {
            return "is a credit of a posting with a menu and must say which item was earned by which evaluation";
        }

        if (judged.Item < 0 || judged.Item >= Menu.Items.Length)
        {
            return string.Create(CultureInfo.InvariantCulture, $"names item {judged.Item}; the menu has items 0 to {Menu.Items.Length - 1}");
        }

        var item = Menu.Items[judged.Item];
        return judged.Evaluation < item.Quality
            ? string.Create(CultureInfo.InvariantCulture, $"has evaluation {judged.Evaluation} but item {judged.Item} asks for quality {item.Quality}")
            : item.Reward != entry.Units
                ? string.Create(CultureInfo.InvariantCulture, $"must be the reward of item {judged.Item}, {item.Reward} units")
                : null;
    }

    private static IEnumerable<Problem> NameProblems(string path, string? name)
    {
        if (string.IsNullOrEmpty(name) || name.Length > LongestName || name.Any(char.IsControl) || name != name.Trim() || !IsUnicode(name))
        {
            yield return new(path, $"must be a text of 1 to {LongestName} characters without control characters or spaces at its ends", $"\"{name}\"");
        }
    }

    private static bool IsUnicode(string name)
    {
        for (var i = 0; i < name.Length; i++)
        {
            if (char.IsSurrogate(name[i]) && (i + 1 == name.Length || !char.IsSurrogatePair(name[i], name[++i])))
            {
                return false;
            }
        }

        return true;
    }

    private static string Whole(Int128 value) => value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>What one account gains (positive) or gives (negative).</summary>
/// <param name="Account">A creator's id, or a house account, whose name begins with @ and which alone may be negative.</param>
/// <param name="Units">Whole units; not 0.</param>
/// <param name="Judgement">What was judged and earned; null for the giving side and for transfers.</param>
public readonly record struct Entry(string Account, Int128 Units, Judgement? Judgement = null)
{
    /// <summary>The house account that rewards are paid from.</summary>
    public const string Platform = "@platform";

    /// <summary>The house account that stands for everything outside: where withdrawn money goes.</summary>
    public const string Outside = "@outside";

    /// <summary>True for accounts that may be negative.</summary>
    public static bool IsHouse(string account) => account is ['@', ..];
}

/// <summary>Which item of the menu an evaluation earned.</summary>
/// <param name="Item">The item, 0-based.</param>
/// <param name="Evaluation">The judged quality, in millionths of a quality point; ≥ the item's quality.</param>
public readonly record struct Judgement(int Item, long Evaluation);

/// <summary>That a posting stands.</summary>
/// <param name="PostingId">The posting.</param>
/// <param name="WasThere">True when it had been posted before, with the same content; then nothing was done.</param>
/// <param name="Proof">The content's digest, or the transactions' hashes.</param>
public sealed record Receipt(string PostingId, bool WasThere, string Proof);
