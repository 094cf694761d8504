using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Menuet.Numerics;

namespace Menuet.Mechanisms.StackelbergPricing;

/// <summary>
/// The best price of one leader, exactly. Between neighbouring kinks of the followers' demand, total demand is a line and profit a
/// parabola, so each stretch has one best price in closed form; demand jumps, downwards, only at reservation prices.
/// </summary>
/// <remarks>
/// <para>Kinks are first counted into buckets by price. Demand never rises with the price, so (upper end − c) times demand at the lower
/// end bounds the profit within a bucket; only the few buckets that can still win are sorted. Time O(K log K) at worst and O(K) as a
/// rule; sums are compensated, so prices far out in the tail of demand are as exact as the rest.</para>
/// <para>Source: backward induction on Lai et al. 2025, Eqs. (5) to (7). Deviates: their Theorem 2 differentiates the profit as if nobody
/// met a bound; with bounds it has kinks and several peaks.</para>
/// </remarks>
internal sealed class LeaderOptimum
{
    /// <summary>Relative slack within which two prices, or demand and capacity, are the same number but for rounding.</summary>
    internal const double Rounding = 1e-13;

    private const double CapacityRounding = 1e-12;
    private const double DemandRounding = 1e-15;
    private const int EventsPerBucket = 16;
    private const int MaxBuckets = 1 << 13;

    private readonly StackelbergPricingMarket market;
    private readonly double cost;
    private readonly double maxPrice;
    private readonly double capacity;
    private readonly bool rations;
    private readonly double tieTolerance;

    private readonly List<Peak> peaks = [];
    private double best;
    private double lowestFeasible = double.NaN;
    private double lowSincePeak;
    private double lowestKink;
    private double bucketsPerPrice;

    /// <param name="market">A valid market with one leader.</param>
    /// <param name="tieTolerance">Peaks within this share of the best profit count as equally good.</param>
    internal LeaderOptimum(StackelbergPricingMarket market, double tieTolerance)
    {
        this.market = market;
        this.tieTolerance = tieTolerance;
        var leader = market.Leader!;
        cost = leader.UnitCost;
        maxPrice = leader.MaxPrice;
        capacity = leader.CapacitySteps ?? double.PositiveInfinity;
        rations = market.CapacityRule == CapacityRule.Ration;
    }

    /// <summary>Stretches of the profit that were looked at.</summary>
    internal long Stretches { get; private set; }

    /// <summary>The best profit as the sweep found it; an upper bound on every price's profit, up to rounding.</summary>
    internal double Best => best;

    /// <summary>Finds the best price.</summary>
    /// <returns>Null when no price makes demand fit the capacity.</returns>
    internal StackelbergPricingOutcome? Find(CancellationToken cancellation)
    {
        var (start, buckets) = Prepare();
        cancellation.ThrowIfCancellationRequested();
        Sweep(start, buckets, null);
        cancellation.ThrowIfCancellationRequested();
        var details = Collect(buckets);
        cancellation.ThrowIfCancellationRequested();
        Sweep(start, buckets, details);
        return Conclude();
    }

    /// <summary>Demand just above one price as a line: Steps − PerPrice (p − c); exactly 0 when nobody wants anything.</summary>
    private struct Line
    {
        internal CompensatedSum Steps;
        internal CompensatedSum PerPrice;
        internal long Buyers;

        internal readonly bool IsEmpty => Buyers == 0;

        internal readonly double At(double margin) => Buyers == 0 ? 0 : Math.Max(0, Steps.Value - PerPrice.Value * margin);

        internal void Add(in Line other)
        {
            Steps.Add(other.Steps);
            PerPrice.Add(other.PerPrice);
            Buyers += other.Buyers;
        }
    }

    /// <summary>The kinks of a range of prices, and what they do to the line.</summary>
    private struct Bucket
    {
        internal double First;
        internal double Last;
        internal int Count;
        internal double Bound;
        internal Line Change;
    }

    private enum Kink
    {
        LeavesMax,
        ReachesMin,
        StaysAway,
    }

    /// <param name="Price">The best price of one stretch.</param>
    /// <param name="Profit">Its profit.</param>
    /// <param name="LowBefore">The lowest profit between the previous peak and this one.</param>
    /// <param name="TiedStayAway">Whether followers whose reservation price this is stay away, because they would not fit.</param>
    private readonly record struct Peak(double Price, double Profit, double LowBefore, bool TiedStayAway);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Demand DemandOf(in Follower follower) => new(
        follower.Satisfaction, market.CurveOf(follower), market.MinStepsOf(follower), market.MaxStepsOf(follower), market.Participation);

    /// <summary>The first of two passes finds the range of the kinks, the second counts them into buckets.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private (Line Start, Bucket[] Buckets) Prepare()
    {
        var start = default(Line);
        var (low, high, count) = (double.PositiveInfinity, double.NegativeInfinity, 0L);
        Span<(double Price, Kink Kind)> kinks = stackalloc (double, Kink)[3];
        foreach (ref readonly var follower in market.Followers.AsSpan())
        {
            var demand = DemandOf(follower);
            if (demand.Reservation > cost)
            {
                AddPart(ref start, demand, follower.Count, cost < demand.MaxUntil ? Part.Max : cost < demand.MinFrom ? Part.Line : Part.Min, 1);
            }

            var found = KinksOf(demand, kinks);
            for (var i = 0; i < found; i++)
            {
                low = Math.Min(low, kinks[i].Price);
                high = Math.Max(high, kinks[i].Price);
            }

            count += found;
        }

        lowestKink = low;
        var wanted = (int)Math.Clamp(count / EventsPerBucket, 1, MaxBuckets);
        bucketsPerPrice = wanted / (high - low);
        if (count <= EventsPerBucket * EventsPerBucket || !double.IsFinite(bucketsPerPrice))
        {
            (wanted, bucketsPerPrice) = (1, 0);
        }

        var buckets = new Bucket[wanted];
        foreach (ref readonly var follower in market.Followers.AsSpan())
        {
            var demand = DemandOf(follower);
            var found = KinksOf(demand, kinks);
            for (var i = 0; i < found; i++)
            {
                var (price, kind) = kinks[i];
                ref var bucket = ref buckets[BucketOf(price, wanted)];
                bucket.First = bucket.Count == 0 ? price : Math.Min(bucket.First, price);
                bucket.Last = bucket.Count == 0 ? price : Math.Max(bucket.Last, price);
                bucket.Count++;
                Apply(ref bucket.Change, demand, follower.Count, kind);
            }
        }

        return (start, buckets);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int BucketOf(double price, int count) => (int)Math.Min((price - lowestKink) * bucketsPerPrice, count - 1);

    /// <summary>Where demand changes its form, above c and up to pmax.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int KinksOf(in Demand demand, Span<(double Price, Kink Kind)> kinks)
    {
        var count = 0;
        if (demand.Reservation <= cost)
        {
            return 0;
        }

        if (demand.MaxUntil < demand.MinFrom)
        {
            if (demand.MaxUntil > cost && demand.MaxUntil <= maxPrice && demand.MaxUntil < demand.Reservation)
            {
                kinks[count++] = (demand.MaxUntil, Kink.LeavesMax);
            }

            if (demand.MinFrom > cost && demand.MinFrom <= maxPrice && demand.MinFrom < demand.Reservation)
            {
                kinks[count++] = (demand.MinFrom, Kink.ReachesMin);
            }
        }

        if (demand.Reservation <= maxPrice * (1 + Rounding))
        {
            kinks[count++] = (Math.Min(demand.Reservation, maxPrice), Kink.StaysAway);
        }

        return count;
    }

    private void Apply(ref Line line, in Demand demand, double size, Kink kink)
    {
        switch (kink)
        {
            case Kink.LeavesMax:
                AddPart(ref line, demand, size, Part.Max, -1);
                AddPart(ref line, demand, size, Part.Line, 1);
                break;
            case Kink.ReachesMin:
                AddPart(ref line, demand, size, Part.Line, -1);
                AddPart(ref line, demand, size, Part.Min, 1);
                break;
            default:
                AddPart(ref line, demand, size,
                    demand.Reservation <= demand.MaxUntil ? Part.Max : demand.Reservation <= demand.MinFrom ? Part.Line : Part.Min, -1);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void AddPart(ref Line line, in Demand demand, double size, Part part, int sign)
    {
        if (part == Part.Line)
        {
            var perPrice = size * demand.PerPrice;
            line.Steps.Add(sign * perPrice * demand.Above(cost));
            line.PerPrice.Add(sign * perPrice);
            line.Buyers += sign;
        }
        else if ((part == Part.Max ? demand.Max : demand.Min) is var steps && steps > 0)
        {
            line.Steps.Add(sign * size * steps);
            line.Buyers += sign;
        }
    }

    /// <summary>Goes through all prices once, upwards; buckets without details are passed over, and bounded.</summary>
    private void Sweep(Line line, Bucket[] buckets, Details? details)
    {
        peaks.Clear();
        lowestFeasible = double.NaN;
        lowSincePeak = double.PositiveInfinity;
        var left = cost;
        for (var i = 0; i < buckets.Length; i++)
        {
            ref var bucket = ref buckets[i];
            if (bucket.Count == 0)
            {
                continue;
            }

            Stretch(left, bucket.First, line);
            if (details is not null && details.Offsets[i + 1] > details.Offsets[i])
            {
                left = SweepWithin(ref line, details, details.Offsets[i], details.Offsets[i + 1]);
                continue;
            }

            bucket.Bound = (bucket.Last - cost) * Math.Min(capacity, line.At(bucket.First - cost) + DemandRounding * line.Steps.Value);
            line.Add(bucket.Change);
            left = bucket.Last;
            lowSincePeak = 0;
        }

        Stretch(left, maxPrice, line);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private double SweepWithin(ref Line line, Details details, int from, int to)
    {
        var left = details.Prices[from];
        while (from < to)
        {
            var price = details.Prices[from];
            if (price > left)
            {
                Stretch(left, price, line);
            }

            // Kinks that differ only by rounding are one.
            var before = line.At(price - cost);
            var jumps = false;
            for (var last = price * (1 + Rounding); from < to && details.Prices[from] <= last; from++)
            {
                var (index, kind) = Math.DivRem(details.Kinks[from], 3);
                ref readonly var follower = ref market.Followers.AsSpan()[index];
                Apply(ref line, DemandOf(follower), follower.Count, (Kink)kind);
                jumps |= (Kink)kind == Kink.StaysAway;
                left = details.Prices[from];
            }

            if (jumps && !rations && !Fits(before) && line.At(price - cost) is var after && Fits(after))
            {
                // Those who are indifferent do not all fit, so none of them buys.
                lowestFeasible = double.IsNaN(lowestFeasible) ? price : lowestFeasible;
                Note(price, (price - cost) * after, tiedStayAway: true);
                lowSincePeak = Math.Min(lowSincePeak, (price - cost) * after);
            }
        }

        return left;
    }

    private bool Fits(double demand) => demand <= capacity * (1 + CapacityRounding);

    /// <summary>One stretch of prices without a kink inside.</summary>
    private void Stretch(double left, double right, in Line line)
    {
        Stretches++;
        var (atLeft, atRight) = (line.At(left - cost), line.At(right - cost));
        if (!rations && !Fits(atRight))
        {
            lowSincePeak = 0;
            return;
        }

        var from = left;
        if (!Fits(atLeft))
        {
            from = !Fits(atRight) ? right : Math.Clamp(cost + (line.Steps.Value - capacity) / line.PerPrice.Value, left, right);
        }

        if (double.IsNaN(lowestFeasible))
        {
            lowestFeasible = rations ? left : from;
        }

        // At `from`, or above it, demand fits; below it, profit only rises, because what is sold stays the same.
        var price = line.IsEmpty ? from
            : line.PerPrice.Value > 0 ? Math.Clamp(cost + line.Steps.Value / (2 * line.PerPrice.Value), from, right)
            : right;
        var first = rations ? left : from;
        lowSincePeak = Math.Min(lowSincePeak, (first - cost) * Math.Min(capacity, line.At(first - cost)));
        var end = (right - cost) * Math.Min(capacity, atRight);
        if (Note(price, (price - cost) * Math.Min(capacity, line.At(price - cost)), tiedStayAway: false))
        {
            lowSincePeak = end;
        }
        else
        {
            lowSincePeak = Math.Min(lowSincePeak, end);
        }
    }

    private bool Note(double price, double profit, bool tiedStayAway)
    {
        best = Math.Max(best, profit);
        if (!(profit > 0 && profit >= best * (1 - tieTolerance)))
        {
            return false;
        }

        peaks.Add(new(price, profit, lowSincePeak, tiedStayAway));
        return true;
    }

    /// <summary>The kinks of all buckets that can still win, each bucket's sorted by price.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Details Collect(Bucket[] buckets)
    {
        var offsets = new int[buckets.Length + 1];
        for (var i = 0; i < buckets.Length; i++)
        {
            var open = buckets[i].Count > 0 && buckets[i].Bound >= best * (1 - 2 * tieTolerance);
            offsets[i + 1] = offsets[i] + (open ? buckets[i].Count : 0);
        }

        var details = new Details(offsets, new double[offsets[^1]], new int[offsets[^1]]);
        var next = offsets.AsSpan(0, buckets.Length).ToArray();
        var followers = market.Followers.AsSpan();
        Span<(double Price, Kink Kind)> kinks = stackalloc (double, Kink)[3];
        for (var k = 0; k < followers.Length; k++)
        {
            var found = KinksOf(DemandOf(followers[k]), kinks);
            for (var i = 0; i < found; i++)
            {
                var bucket = BucketOf(kinks[i].Price, buckets.Length);
                if (offsets[bucket + 1] > offsets[bucket])
                {
                    details.Prices[next[bucket]] = kinks[i].Price;
                    details.Kinks[next[bucket]++] = k * 3 + (int)kinks[i].Kind;
                }
            }
        }

        for (var i = 0; i < buckets.Length; i++)
        {
            Array.Sort(details.Prices, details.Kinks, offsets[i], offsets[i + 1] - offsets[i]);
        }

        return details;
    }

    private StackelbergPricingOutcome? Conclude()
    {
        if (double.IsNaN(lowestFeasible))
        {
            return null;
        }

        if (!(best > 0))
        {
            var idle = Settle(lowestFeasible, tiedStayAway: false);
            return idle with { PriceIsUnique = idle.Prices[0] >= maxPrice };
        }

        var winners = Winners();
        var outcome = Settle(winners[0].Price, winners[0].TiedStayAway);
        return outcome with
        {
            OptimalPrices = [outcome.Prices[0], .. winners.Skip(1).Select(peak => peak.Price)],
            PriceIsUnique = winners.Count == 1,
        };
    }

    /// <summary>The peaks that tie with the best, ascending; of those without a real valley between them only the highest.</summary>
    private List<Peak> Winners()
    {
        var threshold = best * (1 - tieTolerance);
        var winners = new List<Peak>();
        var low = 0.0;
        foreach (var peak in peaks)
        {
            low = Math.Min(low, peak.LowBefore);
            if (peak.Profit < threshold)
            {
                low = 0;
                continue;
            }

            if (low < threshold || winners.Count == 0)
            {
                winners.Add(peak);
            }
            else if (peak.Profit > winners[^1].Profit)
            {
                winners[^1] = peak;
            }

            low = double.PositiveInfinity;
        }

        return winners;
    }

    /// <summary>What followers do at a price, each from her own demand.</summary>
    private StackelbergPricingOutcome Settle(double price, bool tiedStayAway)
    {
        var followers = market.Followers.AsSpan();
        var steps = new double[followers.Length];
        var participates = new bool[followers.Length];
        var total = Respond(price, tiedStayAway, steps, participates);
        if (!rations && !Fits(total) && !tiedStayAway)
        {
            // Either those who are indifferent at this price do not fit, or the price is short by a rounding.
            total = Respond(price, true, steps, participates);
            for (var step = Math.BitIncrement(price) - price; !Fits(total) && price < maxPrice; step *= 2)
            {
                price = Math.Min(price + step, maxPrice);
                total = Respond(price, false, steps, participates);
            }
        }

        if (rations && total > capacity)
        {
            var factor = capacity / total;
            for (var k = 0; k < steps.Length; k++)
            {
                steps[k] *= factor;
            }
        }

        return new()
        {
            Prices = [price],
            Steps = ImmutableCollectionsMarshal.AsImmutableArray(steps),
            Participates = ImmutableCollectionsMarshal.AsImmutableArray(participates),
            OptimalPrices = [price],
        };
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private double Respond(double price, bool tiedStayAway, double[] steps, bool[] participates)
    {
        var total = default(CompensatedSum);
        var followers = market.Followers.AsSpan();
        var stayAwayUntil = tiedStayAway ? price * (1 + Rounding) : Math.BitDecrement(price);
        for (var k = 0; k < followers.Length; k++)
        {
            var demand = DemandOf(followers[k]);
            participates[k] = demand.Reservation > stayAwayUntil;
            steps[k] = participates[k] ? demand.StepsAt(price) : 0;
            total.Add(followers[k].Count * steps[k]);
        }

        return total.Value;
    }

    private enum Part
    {
        Max,
        Line,
        Min,
    }

    private sealed record Details(int[] Offsets, double[] Prices, int[] Kinks);
}
