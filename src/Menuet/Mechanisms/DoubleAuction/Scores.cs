using System.Collections.Immutable;
using Menuet.Numerics;

namespace Menuet.Mechanisms.DoubleAuction;

/// <summary>What one market's clearing amounts to, by the true values and costs; money, and seconds.</summary>
/// <param name="Gains">Σ (u_v − u_m).</param>
/// <param name="PaperWelfare">Σ (u_v + u_m), Fan et al. 2023, Eq. (1) as printed.</param>
/// <param name="BuyersSurplus">Values less payments.</param>
/// <param name="SellersSurplus">Receipts less costs.</param>
/// <param name="BudgetBalance">Payments less receipts, Eq. (4).</param>
/// <param name="LatencySeconds">Eq. (2); NaN when unknown.</param>
internal readonly record struct Scores(
    double Gains, double PaperWelfare, double BuyersSurplus, double SellersSurplus, double BudgetBalance, double LatencySeconds)
{
    internal static Scores Of(Clearing clearing, Book book) => Of(clearing, book, Latency(clearing, book));

    internal static Scores Of(Clearing clearing, Book book, double latencySeconds)
    {
        var values = Total(book.Values, clearing.Buyers);
        var costs = Total(book.Costs, clearing.Sellers);
        var payments = clearing.Payments.IsDefault ? Uniform(clearing.Buyers.Length, clearing.BuyerPrice) : Total(clearing.Payments);
        var receipts = clearing.Receipts.IsDefault ? Uniform(clearing.Sellers.Length, clearing.SellerPrice) : Total(clearing.Receipts);
        return new(values - costs, values + costs, values - payments, receipts - costs, payments - receipts, latencySeconds);
    }

    /// <summary>The designer's objective, Eq. (6): the only place where it is computed.</summary>
    internal static double Objective(DoubleAuctionMarket market, ReadOnlySpan<Scores> markets)
    {
        var (welfare, balance, latency) = Totals(market, markets);
        return market.Reward.Of(welfare, balance, latency);
    }

    /// <summary>Sums over markets; unknown latencies count as 0.</summary>
    internal static (double Welfare, double BudgetBalance, double LatencySeconds) Totals(DoubleAuctionMarket market, ReadOnlySpan<Scores> markets)
    {
        var (welfare, balance, latency) = (new CompensatedSum(), new CompensatedSum(), new CompensatedSum());
        foreach (var scores in markets)
        {
            welfare.Add(market.Reward.Welfare == AuctionWelfare.GainsFromTrade ? scores.Gains : scores.PaperWelfare);
            balance.Add(scores.BudgetBalance);
            latency.Add(double.IsNaN(scores.LatencySeconds) ? 0 : scores.LatencySeconds);
        }

        return (welfare.Value, balance.Value, latency.Value);
    }

    /// <summary>Nothing costs nothing, also where there is no price.</summary>
    private static double Uniform(int trades, double price) => trades == 0 ? 0 : trades * price;

    private static double Latency(Clearing clearing, Book book)
    {
        if (!book.Market.KnowsLatency)
        {
            return double.NaN;
        }

        var sum = new CompensatedSum();
        foreach (var (buyer, seller) in LatencyMatching.Pairs(clearing, book))
        {
            sum.Add(book.LatencySeconds(book.Buyer(buyer), book.Seller(seller)));
        }

        return sum.Value;
    }

    internal static double Total(double[] values, ImmutableArray<int> units)
    {
        var sum = new CompensatedSum();
        foreach (var unit in units)
        {
            sum.Add(values[unit]);
        }

        return sum.Value;
    }

    private static double Total(ImmutableArray<double> amounts)
    {
        var sum = new CompensatedSum();
        foreach (var amount in amounts)
        {
            sum.Add(amount);
        }

        return sum.Value;
    }
}
