using System.Collections.Immutable;
using Menuet.Numerics;

namespace Menuet.Mechanisms.DoubleAuction;

/// <summary>An answer from anywhere, read back as decisions.</summary>
internal static class GivenAnswer
{
    /// <summary>The same answer with its objective computed from its decisions.</summary>
    internal static DoubleAuctionAnswer Graded(DoubleAuctionMarket market, DoubleAuctionAnswer answer)
    {
        var locals = market.Locals;
        var scores = new Scores[locals.Length];
        for (var i = 0; i < scores.Length; i++)
        {
            var book = Book.Of(locals[i]);
            scores[i] = Score(market.HasSeveral ? answer.Markets[i] : answer.Market!, book);
        }

        return answer with { Objective = Scores.Objective(market, scores) };
    }

    private static Scores Score(ClearedMarket answer, Book book)
    {
        var buyers = Index(book.BuyerCount, book.Market.BuyerId);
        var sellers = Index(book.SellerCount, book.Market.SellerId);
        var clearing = book.BuyerOf is null
            ? new Clearing
            {
                Buyers = [.. answer.WinningBuyers.Select(id => buyers[id]).Order()],
                Sellers = [.. answer.WinningSellers.Select(id => sellers[id]).Order()],
            }
            : new Clearing
            {
                Buyers = FirstUnits(book.BuyerOf, answer.Buyers.ToDictionary(share => buyers[share.Id], share => share.Quantity)),
                Sellers = FirstUnits(book.SellerOf!, answer.Sellers.ToDictionary(share => sellers[share.Id], share => share.Quantity)),
            };
        clearing = clearing with
        {
            BuyerPrice = answer.BuyerPrice ?? double.NaN,
            SellerPrice = answer.SellerPrice ?? double.NaN,
            PlayedBids = answer.PlayedBids,
            PlayedAsks = answer.PlayedAsks,
            Payments = answer.BuyerPrice is not null ? default
                : Amounts(book.BuyerCount, book.BuyerOf is null
                    ? Listed(answer.Pairs, pair => pair.Payment, pair => buyers[pair.Buyer])
                    : answer.Buyers.Select(share => (buyers[share.Id], share.Payment))),
            Receipts = answer.SellerPrice is not null ? default
                : Amounts(book.SellerCount, book.SellerOf is null
                    ? Listed(answer.Pairs, pair => pair.Revenue, pair => sellers[pair.Seller])
                    : answer.Sellers.Select(share => (sellers[share.Id], share.Revenue))),
        };
        if (!book.Market.KnowsLatency || (answer.Pairs.IsDefault && clearing.Buyers.Length == clearing.Sellers.Length))
        {
            return Scores.Of(clearing, book);
        }

        var latency = new CompensatedSum();
        foreach (var pair in answer.Pairs.IsDefault ? [] : answer.Pairs)
        {
            latency.Add(book.LatencySeconds(buyers[pair.Buyer], sellers[pair.Seller]));
        }

        return Scores.Of(clearing, book, latency.Value);
    }

    private static ImmutableArray<int> FirstUnits(int[] ownerOf, Dictionary<int, int> quantities)
    {
        var units = ImmutableArray.CreateBuilder<int>();
        for (var unit = 0; unit < ownerOf.Length; unit++)
        {
            if (quantities.GetValueOrDefault(ownerOf[unit]) is > 0 and var left)
            {
                quantities[ownerOf[unit]] = left - 1;
                units.Add(unit);
            }
        }

        return units.ToImmutable();
    }

    private static IEnumerable<(int Participant, double Amount)> Listed(
        ImmutableArray<TradedPair> pairs, Func<TradedPair, double?> amount, Func<TradedPair, int> participant) =>
        pairs.IsDefault ? [] : pairs.Select(pair => (participant(pair), amount(pair) ?? double.NaN));

    private static ImmutableArray<double> Amounts(int count, IEnumerable<(int Participant, double Amount)> listed)
    {
        var amounts = new double[count];
        foreach (var (participant, amount) in listed)
        {
            amounts[participant] += amount;
        }

        return [.. amounts];
    }

    private static Dictionary<string, int> Index(int count, Func<int, string> name)
    {
        var index = new Dictionary<string, int>(count, StringComparer.Ordinal);
        for (var i = 0; i < count; i++)
        {
            index[name(i)] = i;
        }

        return index;
    }
}
