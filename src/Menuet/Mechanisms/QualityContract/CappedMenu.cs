using System.Diagnostics;
using Menuet.Numerics;

namespace Menuet.Mechanisms.QualityContract;

/// <summary>
/// The best menu when the largest payment binds: a Lagrangian bound over the price ν of the cap, the menus met on the way, and for
/// small markets an exact search (<see cref="CappedSearch"/>).
/// </summary>
/// <remarks>
/// The top payment is <c>p_top = Σ λ_g (A_g − A_{g−1})</c> with λ_g in [θ_{g−1}, θ_g]. Pricing its excess over the cap at ν leaves
/// the monotone programme with weights <c>(q_g + q_{g+1} + … − ν) λ_g</c>, each at the better end of its interval. Every ν ≥ 0 gives
/// an upper bound; the smallest of these convex, piecewise linear bounds is found by intersecting its pieces. Where that bound is
/// met the menu is optimal; otherwise it is reported as feasible, with the bound. The gap shrinks as types grow many.
/// </remarks>
internal sealed class CappedMenu
{
    private const int MaxPrices = 60;
    private const double Closed = 1e-11;

    private readonly QualityMarket market;
    private readonly TypeChain chain;
    private readonly ItemGrid grid;
    private readonly double cap;
    private readonly SolveOptions options;
    private readonly CancellationToken cancellation;
    private readonly MonotoneProgramme programme;
    private readonly double[] entry;
    private readonly double[] exit;
    private readonly int[] choice;
    private readonly double[] payments;
    private readonly long start = Stopwatch.GetTimestamp();
    private Allocation? best;
    private double bestValue = double.NegativeInfinity;
    private int prices;

    internal CappedMenu(QualityMarket market, TypeChain chain, ItemGrid grid, SolveOptions options, CancellationToken cancellation)
    {
        (this.market, this.chain, this.grid, this.options, this.cancellation) = (market, chain, grid, options, cancellation);
        cap = market.PaymentMax!.Value;
        programme = new(chain, grid, market.AllowExclusion, market.PaymentMin);
        entry = new double[chain.Groups];
        exit = new double[chain.Groups];
        choice = new int[chain.Members];
        payments = new double[chain.Members];
    }

    private bool OutOfTime => options.TimeLimit is { } limit && Stopwatch.GetElapsedTime(start) > limit;

    /// <param name="uncapped">The optimum without the cap, a first candidate.</param>
    internal Solution<QualityOutcome> Solve(Allocation uncapped)
    {
        Consider(uncapped);
        if (SingleItem.Best(market, chain, cancellation) is { } single)
        {
            Consider(single);
        }

        var (bound, price) = SmallestBound();
        var exhausted = false;
        if (!Met(bound) && CappedBounds.Fits(chain, grid))
        {
            var search = new CappedSearch(market, chain, new(market, chain, grid, price), grid.Quality, () => OutOfTime, cancellation);
            exhausted = search.Run(bestValue, qualities => Consider(Allocation.Of(chain, grid, qualities)) ? bestValue : double.NegativeInfinity);
            bound = Math.Min(bound, Math.Max(bestValue, search.Bound));
        }

        if (best is null || !Payments.TryFill(chain, best, market, cap, payments))
        {
            return new(Termination.NumericalTrouble, null, Note: "payments under the cap could not be computed; rescale the market", Reason: "payments");
        }

        var optimal = ExactSolver.Finish(market, chain, best, payments, FormattableString.Invariant($"the largest payment binds; {prices} prices of the cap"));
        return optimal.Outcome is null ? optimal
            : exhausted || Met(bound) ? optimal with { Iterations = prices, Note = optimal.Note + (exhausted ? ", then exact search" : ", bound met") }
            : optimal with
            {
                Termination = Termination.LimitReached,
                Bound = market.Users * bound,
                Iterations = prices,
                Note = optimal.Note + "; not proven optimal, see the bound",
            };
    }

    private bool Met(double bound) => bound - bestValue <= Closed * Math.Abs(bestValue);

    /// <summary>Keeps an allocation if payments exist and it is the best so far.</summary>
    private bool Consider(Allocation allocation)
    {
        if (!Payments.TryFill(chain, allocation, market, cap, payments))
        {
            return false;
        }

        var sum = new CompensatedSum();
        for (var member = 0; member < chain.Members; member++)
        {
            sum.Add(chain.MemberProbability[member] * (payments[member] - chain.Cost(member, allocation.Levels[member], allocation.Steps[member])));
        }

        if (!(sum.Value > bestValue))
        {
            return false;
        }

        (best, bestValue) = (allocation, sum.Value);
        return true;
    }

    /// <summary>The smallest Lagrangian bound and its price; every maximiser met is considered.</summary>
    private (double Bound, double Price) SmallestBound()
    {
        var low = At(0);
        var high = At(1);
        while (high.Slope < 0 && high.Price < 1e9)
        {
            (low, high) = (high, At(high.Price * 4));
        }

        var (bound, price) = low.Value <= high.Value ? (low.Value, low.Price) : (high.Value, high.Price);
        while (prices < MaxPrices && low.Slope < 0 && high.Slope > 0 && !Met(bound) && !OutOfTime)
        {
            var meeting = low.Price + ((high.Value - low.Value + (high.Slope * (low.Price - high.Price))) / (low.Slope - high.Slope));
            var floor = low.Value + (low.Slope * (meeting - low.Price));
            if (!(meeting > low.Price && meeting < high.Price))
            {
                break;
            }

            var middle = At(meeting);
            if (middle.Value < bound)
            {
                (bound, price) = (middle.Value, middle.Price);
            }

            if (middle.Value - floor <= 1e-13 * Math.Abs(middle.Value))
            {
                break;
            }

            (low, high) = middle.Slope < 0 ? (middle, high) : (low, middle);
        }

        return (bound, price);
    }

    /// <summary>The bound at a price, and its slope there: the cap less the top payment of the maximiser.</summary>
    private (double Price, double Value, double Slope) At(double price)
    {
        prices++;
        var top = chain.Groups - 1;
        for (var group = 0; group <= top; group++)
        {
            var below = group > 0 ? chain.Gain[group - 1] : 0;
            entry[group] = Math.Max(0, (price - chain.AtLeast(group)) * (chain.Gain[group] - below));
            exit[group] = group < top
                ? Math.Max(0, (chain.Above[group] - price) * (chain.Gain[group + 1] - chain.Gain[group]))
                : price * chain.Gain[top];
        }

        var value = programme.Solve(entry, exit, choice, cancellation);

        // Above a price of 1 the lowest type, when it must be served, pays the least it may.
        var least = market.AllowExclusion ? 0 : Math.Min(0, chain.AtLeast(0) - price) * market.PaymentMin;
        var slope = cap - TopPayment(price);
        Consider(Allocation.Of(chain, grid, choice));
        return (price, value + least + (price * cap), slope);
    }

    /// <summary>The top payment that the current choice was valued with.</summary>
    private double TopPayment(double price)
    {
        var payment = double.NaN;
        var reached = 0;
        for (var group = 0; group < chain.Groups; group++)
        {
            var (lowest, highest, someNot) = (int.MaxValue, -1, false);
            foreach (var quality in choice.AsSpan(chain.FirstMember[group]..chain.FirstMember[group + 1]))
            {
                lowest = quality >= 0 ? Math.Min(lowest, quality) : lowest;
                highest = Math.Max(highest, quality);
                someNot |= quality < 0;
            }

            if (highest < 0)
            {
                continue;
            }

            var below = group > 0 ? chain.Gain[group - 1] : 0;
            var step = chain.AtLeast(group) > price || someNot ? chain.Gain[group] : below;
            payment = double.IsNaN(payment)
                ? (step == 0 && !market.AllowExclusion ? market.PaymentMin : step * grid.Quality[lowest])
                : payment + (step * (grid.Quality[lowest] - grid.Quality[reached]));
            payment += chain.Gain[group] * (grid.Quality[highest] - grid.Quality[lowest]);
            reached = highest;
        }

        return double.IsNaN(payment) ? 0 : payment;
    }
}
