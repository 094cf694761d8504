using System.Collections.Immutable;
using Menuet.Numerics;

namespace Menuet.Mechanisms.DoubleAuction;

/// <summary>Who serves whom among the winners.</summary>
internal static class LatencyMatching
{
    /// <summary>The pairs with the least total latency; exact.</summary>
    /// <param name="clearing">Winners, already chosen: the matching changes neither them nor prices, and so no incentive to bid.</param>
    /// <param name="book">Knows every latency.</param>
    /// <param name="cancellation">Looked at once per winner.</param>
    /// <returns>The clearing with partners, and a proven lower bound on the total latency of any matching, seconds.</returns>
    internal static (Clearing Clearing, double Bound) Assign(Clearing clearing, Book book, CancellationToken cancellation)
    {
        var count = clearing.Buyers.Length;
        var assignment = new Assignment(count, count);
        var row = new double[count];
        for (var i = 0; i < count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            for (var j = 0; j < count; j++)
            {
                row[j] = book.LatencySeconds(book.Buyer(clearing.Buyers[i]), book.Seller(clearing.Sellers[j]));
            }

            assignment.Add(row);
        }

        var partners = ImmutableArray.CreateBuilder<int>(count);
        foreach (var column in assignment.ColumnOf)
        {
            partners.Add(clearing.Sellers[column]);
        }

        return (clearing with { Partners = partners.MoveToImmutable() }, assignment.Bound);
    }

    /// <summary>The traded pairs of units, highest played bid first.</summary>
    internal static (int Buyer, int Seller)[] Pairs(Clearing clearing, Book book)
    {
        book = book.As(clearing);
        var buyers = Ranking.Of(book.Bids, clearing.Buyers.AsSpan(), descending: true);
        var pairs = new (int Buyer, int Seller)[buyers.Length];
        var sellers = clearing.Partners.IsDefault ? Ranking.Of(book.Asks, clearing.Sellers.AsSpan(), descending: false) : null;
        for (var i = 0; i < pairs.Length; i++)
        {
            pairs[i] = (buyers[i], sellers is not null ? sellers[i] : clearing.Partners[clearing.Buyers.BinarySearch(buyers[i])]);
        }

        return pairs;
    }
}
