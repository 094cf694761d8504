using System.Diagnostics;
using Menuet.Numerics;

namespace Menuet.Mechanisms.StackelbergPricing;

/// <summary>
/// Several leaders with logit followers: share_kj = exp(V_kj/μ) / (outside + Σ_i exp(V_ki/μ)), D_j = Σ n_k share_kj S_kj,
/// profit_j = (p_j − c_j) min(D_j, R_j). Best responses from all p = c rise, from all p = pmax fall, to the extremal equilibria.
/// </summary>
/// <remarks>
/// <para>With one type of follower, log profit has increasing differences in any two prices, so pure equilibria exist, form a lattice, and
/// the two runs find its ends (Milgrom and Roberts 1990, Theorem 5): when the ends agree the equilibrium is unique. With several types
/// there is no theorem; the audit's bound on every leader's gain is then the only proof.</para>
/// <para>All in logarithms, so that a leader whom nearly nobody chooses still has a best response.</para>
/// </remarks>
internal sealed class PriceCompetition
{
    /// <summary>Two equilibria whose prices differ by less than this, relative to 1 + price, are one.</summary>
    internal const double SamePrices = 1e-9;

    private const double Settled = 1e-13;
    private const double NearlySettled = 1e-10;
    private const double TiedProfit = 1e-12;
    private const int EvenPoints = 24;
    private const int HalvingPoints = 50;
    private const int KinkPoints = 32;

    private readonly StackelbergPricingMarket market;
    private readonly int leaders;
    private readonly int types;
    private readonly double[] sizes;
    private readonly Demand[] demands;
    private readonly double scale;
    private readonly double outside;

    private readonly double[] values;
    private readonly double[] rest;
    private readonly double[] logShares;
    private readonly double[] otherShares;
    private readonly double[] wanted;
    private readonly double[][] grids;

    /// <param name="market">A valid market with several leaders.</param>
    internal PriceCompetition(StackelbergPricingMarket market)
    {
        this.market = market;
        leaders = market.Leaders.Length;
        scale = market.Choice!.Scale;
        outside = market.Choice.OutsideOption ? market.Choice.OutsideUtility / scale : double.NegativeInfinity;
        var merged = Merge(market);
        types = merged.Count;
        sizes = new double[types];
        demands = new Demand[types * leaders];
        var t = 0;
        foreach (var (type, size) in merged)
        {
            sizes[t] = size.Value;
            for (var j = 0; j < leaders; j++)
            {
                var curve = market.Leaders[j].Quality ?? type.Curve!;
                demands[t * leaders + j] = new(type.Satisfaction, curve, type.Min, type.Max, Participation.Mandatory);
            }

            t++;
        }

        values = new double[types * leaders];
        rest = new double[types];
        logShares = new double[types];
        otherShares = new double[types];
        wanted = new double[types];
        grids = [.. Enumerable.Range(0, leaders).Select(Grid)];
    }

    /// <summary>What one set of prices leads to.</summary>
    /// <param name="Demand">D_j.</param>
    /// <param name="Sold">min(D_j, R_j).</param>
    /// <param name="Utility">(p_j − c_j) min(D_j, R_j).</param>
    /// <param name="Share">Mass that chooses leader j over all mass.</param>
    /// <param name="OutsideShare">Mass that chooses nobody over all mass.</param>
    /// <param name="FollowersUtility">Σ n_k μ log(outside + Σ_j exp(V_kj/μ)), the expected utility but for a constant.</param>
    internal sealed record Result(
        double[] Demand, double[] Sold, double[] Utility, double?[] Share, double? OutsideShare, double FollowersUtility);

    /// <summary>True when all followers are of one type, so that the two runs prove what they find.</summary>
    internal static bool IsSupermodular(StackelbergPricingMarket market) => Merge(market).Count <= 1;

    internal Solution<StackelbergPricingOutcome> Settle(SolveOptions options, CancellationToken cancellation)
    {
        var rising = Run([.. market.Leaders.Select(leader => leader.UnitCost)], highest: false, options, cancellation);
        var falling = Run([.. market.Leaders.Select(leader => leader.MaxPrice)], highest: true, options, cancellation);
        if (rising.Prices.Concat(falling.Prices).Any(double.IsNaN) || !Evaluate(rising.Prices).Utility.All(double.IsFinite))
        {
            return new(Termination.NumericalTrouble, null, Reason: "overflow", Note: "profits are beyond the largest number; use larger units");
        }

        var outcome = new StackelbergPricingOutcome
        {
            Prices = [.. rising.Prices],
            HighestPrices = [.. falling.Prices],
            RoseToRest = rising.Settled,
            FellToRest = falling.Settled,
            Rounds = rising.Rounds + falling.Rounds,
        };
        var note = !rising.Settled ? "best responses from cost did not settle; the prices are the last ones"
            : !falling.Settled ? "best responses from the highest prices did not settle; their last prices bound every equilibrium from above only if followers are alike"
            : types > 1 ? "followers differ, so that both runs agree is evidence of a unique equilibrium, not proof" : "";
        return new(rising.Settled ? Termination.Converged : Termination.LimitReached, outcome, double.NaN, outcome.Rounds, note);
    }

    internal Result Evaluate(IReadOnlyList<double> prices)
    {
        var (demand, share) = (new CompensatedSum[leaders], new CompensatedSum[leaders]);
        var (nobody, all, utility) = (default(CompensatedSum), default(CompensatedSum), default(CompensatedSum));
        for (var t = 0; t < types; t++)
        {
            var values = new double[leaders];
            for (var j = 0; j < leaders; j++)
            {
                values[j] = ValueOf(t, j, prices[j]);
            }

            var total = LogSum(values, outside);
            for (var j = 0; j < leaders; j++)
            {
                var mass = sizes[t] * Math.Exp(values[j] - total);
                share[j].Add(mass);
                demand[j].Add(mass * demands[t * leaders + j].StepsAt(prices[j]));
            }

            nobody.Add(sizes[t] * Math.Exp(outside - total));
            all.Add(sizes[t]);
            utility.Add(sizes[t] * scale * total);
        }

        var result = new Result(
            [.. demand.Select(d => d.Value)], new double[leaders], new double[leaders],
            [.. share.Select(s => types == 0 ? null : (double?)(s.Value / all.Value))], types == 0 ? null : nobody.Value / all.Value, utility.Value);
        for (var j = 0; j < leaders; j++)
        {
            result.Sold[j] = Math.Min(result.Demand[j], market.Leaders[j].CapacitySteps ?? double.PositiveInfinity);
            result.Utility[j] = (prices[j] - market.Leaders[j].UnitCost) * result.Sold[j];
        }

        return result;
    }

    private static Dictionary<FollowerType, CompensatedSum> Merge(StackelbergPricingMarket market)
    {
        var merged = new Dictionary<FollowerType, CompensatedSum>();
        foreach (ref readonly var follower in market.Followers.AsSpan())
        {
            var type = new FollowerType(
                follower.Satisfaction, market.MinStepsOf(follower), market.MaxStepsOf(follower), follower.Quality ?? market.Quality);
            merged.TryGetValue(type, out var size);
            size.Add(follower.Count);
            merged[type] = size;
        }

        return merged;
    }

    private (double[] Prices, bool Settled, long Rounds) Run(
        double[] prices, bool highest, SolveOptions options, CancellationToken cancellation)
    {
        for (var t = 0; t < types; t++)
        {
            for (var j = 0; j < leaders; j++)
            {
                values[t * leaders + j] = ValueOf(t, j, prices[j]);
            }
        }

        var start = Stopwatch.GetTimestamp();
        var (smallest, stale) = (double.PositiveInfinity, 0);
        for (var round = 1; round <= options.MaxIterations; round++)
        {
            var change = 0.0;
            for (var j = 0; j < leaders; j++)
            {
                cancellation.ThrowIfCancellationRequested();
                var price = BestResponse(j, highest);
                change = Math.Max(change, Math.Abs(price - prices[j]) / Math.Max(Math.Abs(price), double.MinValue));
                prices[j] = price;
                for (var t = 0; t < types; t++)
                {
                    values[t * leaders + j] = ValueOf(t, j, price);
                }
            }

            // Rounding may keep the last bits moving for ever.
            stale = change < smallest ? 0 : stale + 1;
            smallest = Math.Min(smallest, change);
            if (change <= Settled || (change <= NearlySettled && stale >= 3))
            {
                return (prices, true, round);
            }

            if (options.TimeLimit is { } limit && Stopwatch.GetElapsedTime(start) > limit)
            {
                return (prices, false, round);
            }
        }

        return (prices, false, options.MaxIterations);
    }

    /// <summary>The price that is best for leader j against the others' prices; the lowest or highest one when several are.</summary>
    private double BestResponse(int j, bool highest)
    {
        for (var t = 0; t < types; t++)
        {
            rest[t] = LogSumWithout(t, j);
        }

        var grid = grids[j];
        var best = (Price: highest ? grid[^1] : grid[0], LogProfit: double.NegativeInfinity);
        var left = (Price: grid[0], Elasticity: At(j, grid[0]).Elasticity);
        for (var i = 1; i < grid.Length; i++)
        {
            var right = (Price: grid[i], At(j, grid[i]).Elasticity);
            if (left.Elasticity > 0 && right.Elasticity <= 0)
            {
                Consider(Root(j, left, right));
            }

            left = right;
        }

        if (left.Elasticity > 0)
        {
            Consider(left.Price);
        }

        return best.Price;

        void Consider(double price)
        {
            var profit = At(j, price).LogProfit;
            if (profit > best.LogProfit + TiedProfit || (highest && profit > best.LogProfit - TiedProfit && profit > double.NegativeInfinity))
            {
                best = (price, profit);
            }
        }
    }

    /// <summary>1 + (p − c) D′/D, which has the sign of the profit's slope, and log profit, for leader j alone at a price.</summary>
    private (double Elasticity, double LogProfit) At(int j, double price)
    {
        var largest = double.NegativeInfinity;
        for (var t = 0; t < types; t++)
        {
            ref readonly var demand = ref demands[t * leaders + j];
            var steps = demand.StepsAt(price);
            var ahead = demand.UtilityOf(steps, price) / scale - rest[t];
            wanted[t] = steps;
            logShares[t] = -SoftPlus(-ahead);
            otherShares[t] = 1 / (1 + Math.Exp(ahead));
            largest = steps > 0 ? Math.Max(largest, logShares[t]) : largest;
        }

        var (total, slope) = (0.0, 0.0);
        for (var t = 0; t < types; t++)
        {
            var steps = wanted[t];
            if (steps > 0)
            {
                ref readonly var demand = ref demands[t * leaders + j];
                var mass = sizes[t] * Math.Exp(logShares[t] - largest);
                var perPrice = price > demand.MaxUntil && price < demand.MinFrom ? demand.PerPrice : 0;
                total += mass * steps;
                slope += mass * (perPrice + otherShares[t] * steps * (steps / scale));
            }
        }

        var leader = market.Leaders[j];
        var margin = price - leader.UnitCost;
        if (!(total > 0))
        {
            return (-1, double.NegativeInfinity);
        }

        var logDemand = largest + Math.Log(total);
        var logCapacity = Math.Log(leader.CapacitySteps ?? double.PositiveInfinity);
        return logDemand > logCapacity
            ? (1, Math.Log(margin) + logCapacity)
            : (1 - margin * (slope / total), Math.Log(margin) + logDemand);
    }

    /// <summary>Where the elasticity falls through 0, to the last bits.</summary>
    /// <remarks>Source: Oliveira and Takahashi 2020 (ITP): superlinear as a rule, one step more than bisection at worst.</remarks>
    private double Root(int j, (double Price, double Elasticity) left, (double Price, double Elasticity) right)
    {
        var (a, fa, b, fb) = (left.Price, left.Elasticity, right.Price, right.Elasticity);
        var target = Math.BitIncrement(b) - b;
        var truncation = 0.2 / (b - a);
        var reach = target * Math.ScaleB(1, 2 + Math.ILogB((b - a) / target));
        for (; b - a > 2 * target; reach /= 2)
        {
            var middle = a + (b - a) / 2;
            var secant = a + (b - a) * (fa / (fa - fb));
            var towards = Math.Sign(middle - secant);
            var shift = truncation * (b - a) * (b - a);
            var truncated = shift <= Math.Abs(middle - secant) ? secant + towards * shift : middle;
            var radius = Math.Max(0, reach - (b - a) / 2);
            var price = Math.Abs(truncated - middle) <= radius ? truncated : middle - towards * radius;
            price = price > a && price < b ? price : middle;
            if (!(price > a && price < b))
            {
                break;
            }

            var f = At(j, price).Elasticity;
            if (f == 0)
            {
                return price;
            }

            (a, fa, b, fb) = f > 0 ? (price, f, b, fb) : (a, fa, price, f);
        }

        return a;
    }

    /// <summary>Prices between which a best response is looked for: even, ever closer to cost, and the followers' kinks.</summary>
    private double[] Grid(int j)
    {
        var (low, high) = (market.Leaders[j].UnitCost, market.Leaders[j].MaxPrice);
        var points = new SortedSet<double> { low, high };
        for (var i = 1; i < EvenPoints; i++)
        {
            points.Add(low + (high - low) * i / EvenPoints);
        }

        for (var i = 1; i <= HalvingPoints; i++)
        {
            points.Add(low + Math.ScaleB(high - low, -i));
        }

        for (var t = 0; t < Math.Min(types, KinkPoints); t++)
        {
            points.Add(Math.Clamp(demands[t * leaders + j].MaxUntil, low, high));
            points.Add(Math.Clamp(demands[t * leaders + j].MinFrom, low, high));
        }

        return [.. points];
    }

    private double ValueOf(int t, int j, double price)
    {
        ref readonly var demand = ref demands[t * leaders + j];
        return demand.UtilityOf(demand.StepsAt(price), price) / scale;
    }

    private double LogSumWithout(int t, int j)
    {
        var others = values.AsSpan(t * leaders, leaders);
        var largest = outside;
        for (var i = 0; i < leaders; i++)
        {
            largest = i == j ? largest : Math.Max(largest, others[i]);
        }

        if (double.IsNegativeInfinity(largest))
        {
            return largest;
        }

        var sum = Math.Exp(outside - largest);
        for (var i = 0; i < leaders; i++)
        {
            sum += i == j ? 0 : Math.Exp(others[i] - largest);
        }

        return largest + Math.Log(sum);
    }

    private static double LogSum(ReadOnlySpan<double> values, double outside)
    {
        var largest = outside;
        foreach (var value in values)
        {
            largest = Math.Max(largest, value);
        }

        var sum = Math.Exp(outside - largest);
        foreach (var value in values)
        {
            sum += Math.Exp(value - largest);
        }

        return largest + Math.Log(sum);
    }

    /// <summary>log(1 + eˣ) without overflow.</summary>
    private static double SoftPlus(double x) => Math.Max(x, 0) + Math.Log(1 + Math.Exp(-Math.Abs(x)));

    private readonly record struct FollowerType(double Satisfaction, double Min, double Max, QualityCurve? Curve);
}
