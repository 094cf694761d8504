using System.Collections.Immutable;

namespace Menuet.Settlement.Ledgers;

/// <summary>A book of who owns what, in whole units and double entry.</summary>
public interface ILedger : IAsyncDisposable
{
    /// <summary>One unit is 10^−Decimals money.</summary>
    int Decimals { get; }

    /// <summary>
    /// Posts all or nothing, each id once: an id that stands with the same content is left as it is, so that a call whose end is
    /// unknown may simply be made again.
    /// </summary>
    /// <returns>One receipt per posting, in their order.</returns>
    /// <exception cref="InvalidRequestException">Every problem at once: malformed postings, ids that stand with other content, accounts without cover.</exception>
    Task<ImmutableArray<Receipt>> PostAsync(ImmutableArray<Posting> postings, CancellationToken cancellation);

    /// <summary>What an account owns; 0 for one never heard of.</summary>
    Task<Int128> BalanceAsync(string account, CancellationToken cancellation);

    /// <summary>Every account with its balance, by name in ordinal order.</summary>
    IAsyncEnumerable<AccountBalance> BalancesAsync(CancellationToken cancellation);

    /// <summary>Every entry in the order of posting, of one account or (null) of all.</summary>
    IAsyncEnumerable<PostedEntry> HistoryAsync(string? account, CancellationToken cancellation);

    /// <summary>Adds everything up again from the entries and compares.</summary>
    Task<Verification> VerifyAsync(CancellationToken cancellation);
}

/// <summary>What an account owns.</summary>
public readonly record struct AccountBalance(string Account, Int128 Units);

/// <summary>An entry as it stands.</summary>
/// <param name="PostingId">The posting; for Ethereum its name there.</param>
/// <param name="At">When it was posted.</param>
/// <param name="Entry">The entry.</param>
/// <param name="Menu">The hash of the menu it follows; null for transfers.</param>
/// <param name="Proof">The digest of the posting, or the transaction's hash.</param>
public sealed record PostedEntry(string PostingId, DateTimeOffset At, Entry Entry, string? Menu, string Proof);

/// <summary>What adding up showed.</summary>
/// <param name="Postings">How many were read.</param>
/// <param name="Entries">How many were added.</param>
/// <param name="Accounts">How many balances were compared.</param>
/// <param name="Faults">What does not add up; empty when all does.</param>
public sealed record Verification(long Postings, long Entries, long Accounts, ImmutableArray<string> Faults)
{
    /// <summary>True when nothing is wrong.</summary>
    public bool Holds => Faults.IsEmpty;
}
