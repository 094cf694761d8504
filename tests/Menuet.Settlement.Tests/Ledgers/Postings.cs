using Menuet.Settlement.Ledgers;

namespace Menuet.Settlement.Tests.Ledgers;

/// <summary>Postings that tests use.</summary>
internal static class Postings
{
    internal static PostedMenu Menu { get; } = new([new(5_000_000, 1_333_333), new(6_000_000, 1_533_333), new(8_500_000, 2_750_000)]);

    internal static Posting Transfer(string id, string from, string to, Int128 units) =>
        new(id, SettlementDefaults.Decimals, [new(from, -units), new(to, units)]);

    /// <summary>Pays each creator by the item that the evaluation, in whole points, earns.</summary>
    internal static Posting Rewards(string id, params (string Creator, int Points)[] evaluations)
    {
        var credits = evaluations.Select(e =>
        {
            var item = Menu.Earned(e.Points * 1_000_000L)!.Value;
            return new Entry(e.Creator, Menu.Items[item].Reward, new(item, e.Points * 1_000_000L));
        }).ToArray();
        return new(id, SettlementDefaults.Decimals, [new(Entry.Platform, -credits.Aggregate(Int128.Zero, (sum, e) => sum + e.Units)), .. credits], Menu);
    }
}
