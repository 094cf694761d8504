using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using Menuet.Settlement.Ethereum;

namespace Menuet.Settlement.Ledgers;

/// <summary>A menu as it is posted and committed to, in whole numbers: deliver at least the item's quality, get its reward.</summary>
/// <param name="Items">1 to 1000, in the answer's order.</param>
public sealed record PostedMenu(ImmutableArray<PostedItem> Items)
{
    /// <summary>Qualities and evaluations are whole millionths of a quality point.</summary>
    public const int QualityDecimals = 6;

    private const int Most = 1000;

    /// <summary>
    /// What the platform commits to: Keccak-256 of the ABI encoding of (uint256[] qualities, uint256[] rewards), with 0x.
    /// The contract computes the same.
    /// </summary>
    public string Hash => Hex.Of(HashBytes());

    internal byte[] HashBytes() => Keccak.Hash(Abi.Encode(
        ["uint256[]", "uint256[]"],
        Items.Select(item => (object)(BigInteger)item.Quality).ToArray(),
        Items.Select(item => (object)(BigInteger)item.Reward).ToArray()));

    /// <summary>The best item that an evaluation earns: of those whose quality it reaches, the one with the largest reward, the first among equals; null when none.</summary>
    public int? Earned(long evaluation)
    {
        int? best = null;
        for (var i = 0; i < Items.Length; i++)
        {
            if (Items[i].Quality <= evaluation && (best is null || Items[i].Reward > Items[best.Value].Reward))
            {
                best = i;
            }
        }

        return best;
    }

    internal IEnumerable<Problem> Problems()
    {
        if (Items.IsDefaultOrEmpty || Items.Length > Most)
        {
            yield return new("items", $"must be 1 to {Most} items");
            yield break;
        }

        for (var i = 0; i < Items.Length; i++)
        {
            if (Items[i].Quality < 0 || Items[i].Reward < 0)
            {
                yield return new(
                    string.Create(CultureInfo.InvariantCulture, $"items[{i}]"), "has a quality and a reward of at least 0",
                    string.Create(CultureInfo.InvariantCulture, $"({Items[i].Quality}, {Items[i].Reward})"));
            }
        }
    }

    internal string Text() => string.Join(';', Items.Select(item => string.Create(CultureInfo.InvariantCulture, $"{item.Quality}:{item.Reward}")));

    /// <summary>Reads what <see cref="Text"/> wrote.</summary>
    internal static PostedMenu Parse(string text) => new([.. text.Split(';').Select(item =>
    {
        var colon = item.IndexOf(':', StringComparison.Ordinal);
        return new PostedItem(
            long.Parse(item.AsSpan(0, colon), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture),
            Int128.Parse(item.AsSpan(colon + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture));
    })]);
}

/// <summary>One item of a posted menu.</summary>
/// <param name="Quality">The least evaluation, in millionths of a quality point; ≥ 0.</param>
/// <param name="Reward">In the ledger's units; ≥ 0.</param>
public readonly record struct PostedItem(long Quality, Int128 Reward);
