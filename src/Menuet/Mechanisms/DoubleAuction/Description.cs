using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Menuet.Mechanisms.DoubleAuction;

/// <summary>From decisions to the public answer.</summary>
internal static class Description
{
    internal static DoubleAuctionAnswer Of(DoubleAuctionMarket market, Solution<DoubleAuctionOutcome> solution)
    {
        if (solution.Outcome is not { } outcome)
        {
            return new() { Status = "numericalTrouble" };
        }

        var locals = market.Locals;
        var scores = new Scores[locals.Length];
        var cleared = ImmutableArray.CreateBuilder<ClearedMarket>(locals.Length);
        for (var i = 0; i < locals.Length; i++)
        {
            var book = Book.Of(locals[i]);
            scores[i] = Scores.Of(outcome.Markets[i], book);
            cleared.Add(Of(outcome.Markets[i], book, scores[i]) with { Id = market.HasSeveral ? locals[i].NameOf(i) : null });
        }

        var (welfare, balance, latency) = Scores.Totals(market, scores);
        var reward = Scores.Objective(market, scores);
        return new()
        {
            Status = "cleared",
            Objective = reward,
            Mechanism = outcome.Mechanism,
            Market = market.HasSeveral ? null : cleared[0],
            Markets = market.HasSeveral ? cleared.MoveToImmutable() : default,
            Totals = new() { SocialWelfare = welfare, BudgetBalance = balance, TotalLatencySeconds = latency, Reward = reward },
        };
    }

    private static ClearedMarket Of(Clearing clearing, Book book, in Scores scores)
    {
        var pairs = LatencyMatching.Pairs(clearing, book);
        var hasUnits = book.BuyerOf is not null;
        var result = new ClearedMarket
        {
            EfficientTrades = clearing.EfficientTrades,
            Trades = clearing.Buyers.Length,
            PricingRule = clearing.Rule,
            BuyerPrice = Known(clearing.BuyerPrice),
            SellerPrice = Known(clearing.SellerPrice),
            Pairs = Name(pairs, clearing, book),
            PlayedBids = Changed(clearing.PlayedBids, book.Bids),
            PlayedAsks = Changed(clearing.PlayedAsks, book.Asks),
            GainsFromTrade = scores.Gains,
            OptimalGainsFromTrade = FirstBest.Gains(book),
            PaperWelfare = scores.PaperWelfare,
            BuyersSurplus = scores.BuyersSurplus,
            SellersSurplus = scores.SellersSurplus,
            BudgetBalance = scores.BudgetBalance,
            TotalLatencySeconds = Known(scores.LatencySeconds),
        };
        return hasUnits
            ? result with { Buyers = BuyerShares(clearing, book), Sellers = SellerShares(clearing, book) }
            : result with
            {
                WinningBuyers = ImmutableCollectionsMarshal.AsImmutableArray(Array.ConvertAll(pairs, pair => book.Market.BuyerId(pair.Buyer))),
                WinningSellers = ImmutableCollectionsMarshal.AsImmutableArray(Array.ConvertAll(
                    Ranking.Of(book.As(clearing).Asks, clearing.Sellers.AsSpan(), descending: false), book.Market.SellerId)),
            };
    }

    private static ImmutableArray<TradedPair> Name((int Buyer, int Seller)[] pairs, Clearing clearing, Book book)
    {
        var knowsLatency = book.Market.KnowsLatency;
        var differ = !clearing.Payments.IsDefault && book.BuyerOf is null;
        return ImmutableCollectionsMarshal.AsImmutableArray(Array.ConvertAll(pairs, pair =>
        {
            var (buyer, seller) = (book.Buyer(pair.Buyer), book.Seller(pair.Seller));
            return new TradedPair
            {
                Buyer = book.Market.BuyerId(buyer),
                Seller = book.Market.SellerId(seller),
                LatencySeconds = knowsLatency ? book.LatencySeconds(buyer, seller) : null,
                Payment = differ ? clearing.Payments[buyer] : null,
                Revenue = differ ? clearing.Receipts[seller] : null,
            };
        }));
    }

    private static ImmutableArray<BuyerShare> BuyerShares(Clearing clearing, Book book)
    {
        var shares = new BuyerShare[book.BuyerCount];
        var quantities = new int[shares.Length];
        foreach (var unit in clearing.Buyers)
        {
            quantities[book.Buyer(unit)]++;
        }

        for (var i = 0; i < shares.Length; i++)
        {
            shares[i] = new() { Id = book.Market.BuyerId(i), Quantity = quantities[i], Payment = Amount(clearing.Payments, i, quantities[i], clearing.BuyerPrice) };
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(shares);
    }

    private static ImmutableArray<SellerShare> SellerShares(Clearing clearing, Book book)
    {
        var shares = new SellerShare[book.SellerCount];
        var quantities = new int[shares.Length];
        foreach (var unit in clearing.Sellers)
        {
            quantities[book.Seller(unit)]++;
        }

        for (var j = 0; j < shares.Length; j++)
        {
            shares[j] = new() { Id = book.Market.SellerId(j), Quantity = quantities[j], Revenue = Amount(clearing.Receipts, j, quantities[j], clearing.SellerPrice) };
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(shares);
    }

    private static double Amount(ImmutableArray<double> amounts, int participant, int quantity, double price) =>
        !amounts.IsDefault ? amounts[participant] : quantity == 0 ? 0 : quantity * price;

    private static ImmutableArray<double> Changed(ImmutableArray<double> played, double[] own) =>
        played.IsDefault || played.AsSpan().SequenceEqual(own) ? default : played;

    private static double? Known(double value) => double.IsNaN(value) ? null : value;
}
