using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Menuet.Numerics;

namespace Menuet.Mechanisms.DoubleAuction;

/// <summary>
/// The margin of efficient trade: K = largest k with b_k ≥ s_k (bids descending, asks ascending), and the values on both sides of it.
/// </summary>
/// <param name="Trades">K; 0 when no bid reaches an ask.</param>
/// <param name="Bid">b_K; NaN when K = 0.</param>
/// <param name="Ask">s_K; NaN when K = 0.</param>
/// <param name="NextBid">b_{K+1}; NaN when there is none.</param>
/// <param name="NextAsk">s_{K+1}; NaN when there is none.</param>
internal readonly record struct Margin(int Trades, double Bid, double Ask, double NextBid, double NextAsk)
{
    /// <summary>Finds the margin in expected time O(V + M), without sorting.</summary>
    /// <param name="bids">Finite, in any order.</param>
    /// <param name="asks">Finite, in any order.</param>
    /// <remarks>
    /// <para>At a price p at most min(#{b ≥ p}, #{s ≤ p}) pairs can trade, and K is the largest of these numbers. It is reached at h, the
    /// M-th highest of all V + M values together: #{b ≥ h} ≥ #{s &lt; h} and #{b &gt; h} &lt; #{s ≤ h} by counting, so neither a lower nor
    /// a higher price does better. One selection and one pass over the values therefore suffice.</para>
    /// <para>Source: Wurman, Walsh and Wellman 1998, "Flexible double auctions for electronic commerce" (the Mth-price rule).</para>
    /// </remarks>
    internal static Margin Find(ReadOnlySpan<double> bids, ReadOnlySpan<double> asks)
    {
        var price = bids.IsEmpty ? double.PositiveInfinity
            : asks.IsEmpty ? double.PositiveInfinity
            : OrderStatistic.Smallest(bids, asks, bids.Length);
        var demand = Side.Split(bids, price, sign: 1);
        var supply = Side.Split(asks, asks.IsEmpty || !bids.IsEmpty ? price : double.NegativeInfinity, sign: -1);
        var trades = Math.Min(demand.Reaching, supply.Reaching);
        var (bid, nextBid) = demand.Around(trades);
        var (ask, nextAsk) = supply.Around(trades);
        return new(trades, bid, ask, nextBid, nextAsk);
    }

    /// <summary>One side of the market split at a price. Asks are negated, so that higher is better on both sides.</summary>
    /// <param name="Sign">1 for bids, −1 for asks.</param>
    /// <param name="Price">The price, in the side's sign.</param>
    /// <param name="Reaching">How many are at least as good as the price.</param>
    /// <param name="Better">How many are better than the price.</param>
    /// <param name="LastReaching">The worst that reaches the price.</param>
    /// <param name="LastBetter">The worst that is better.</param>
    /// <param name="FirstBeyond">The best that does not reach it.</param>
    private readonly record struct Side(
        double Sign, double Price, int Reaching, int Better, double LastReaching, double LastBetter, double FirstBeyond)
    {
        internal static Side Split(ReadOnlySpan<double> values, double price, double sign)
        {
            var vectors = MemoryMarshal.Cast<double, Vector256<double>>(values);
            var (prices, signs) = (Vector256.Create(price * sign), Vector256.Create(sign));
            var (high, low) = (Vector256.Create(double.PositiveInfinity), Vector256.Create(double.NegativeInfinity));
            var (reaching, better) = (Vector256<long>.Zero, Vector256<long>.Zero);
            var (lastReaching, lastBetter, firstBeyond) = (high, high, low);
            foreach (ref readonly var vector in vectors)
            {
                var signed = vector * signs;
                var reaches = Vector256.GreaterThanOrEqual(signed, prices);
                var isBetter = Vector256.GreaterThan(signed, prices);
                reaching -= reaches.AsInt64();
                better -= isBetter.AsInt64();
                lastReaching = Vector256.MinNative(lastReaching, Vector256.ConditionalSelect(reaches, signed, high));
                lastBetter = Vector256.MinNative(lastBetter, Vector256.ConditionalSelect(isBetter, signed, high));
                firstBeyond = Vector256.MaxNative(firstBeyond, Vector256.ConditionalSelect(reaches, low, signed));
            }

            var side = new Side(
                sign, price * sign, (int)Vector256.Sum(reaching), (int)Vector256.Sum(better), Least(lastReaching), Least(lastBetter), -Least(-firstBeyond));
            foreach (var value in values[(vectors.Length * Vector256<double>.Count)..])
            {
                side = side.With(value * sign);
            }

            return side;
        }

        /// <summary>The value of rank <paramref name="trades"/> on this side and the one after it; NaN where there is none.</summary>
        /// <remarks>If more reach the price than trade, all from some rank on are tied at it.</remarks>
        internal (double Last, double Next) Around(int trades)
        {
            var (last, next) = Reaching == trades ? (LastReaching, FirstBeyond) : Better == trades ? (LastBetter, Price) : (Price, Price);
            return (Finite(last), Finite(next));
        }

        private Side With(double signed) => signed >= Price
            ? this with
            {
                Reaching = Reaching + 1,
                Better = Better + (signed > Price ? 1 : 0),
                LastReaching = Math.Min(LastReaching, signed),
                LastBetter = signed > Price ? Math.Min(LastBetter, signed) : LastBetter,
            }
            : this with { FirstBeyond = Math.Max(FirstBeyond, signed) };

        private double Finite(double signed) => double.IsFinite(signed) ? signed * Sign : double.NaN;

        private static double Least(Vector256<double> vector) =>
            Math.Min(Math.Min(vector[0], vector[1]), Math.Min(vector[2], vector[3]));
    }
}
