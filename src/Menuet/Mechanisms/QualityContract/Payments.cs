using Menuet.Numerics;

namespace Menuet.Mechanisms.QualityContract;

/// <summary>The largest payments that a monotone allocation can ask for.</summary>
internal static class Payments
{
    /// <summary>A payment that falls short of its least by this share of the cap is rounding.</summary>
    private const double Rounding = 2e-15;

    /// <summary>
    /// Fills the payments <c>p_1 = θ_1 A_1, p_i = p_{i−1} + θ_i (A_i − A_{i−1})</c>, lowered where a largest payment asks for it.
    /// </summary>
    /// <param name="chain">The types.</param>
    /// <param name="allocation">Qualities nondecreasing between groups; unserved members only below all paying ones, or beside the first.</param>
    /// <param name="market">The smallest payment, and whether exclusion is permitted.</param>
    /// <param name="paymentMax">The largest payment; null: none.</param>
    /// <param name="payments">One per member; 0 for those not served.</param>
    /// <returns>False when no payments within the bounds are individually rational and incentive compatible.</returns>
    /// <remarks>
    /// Feasible payments are closed under the componentwise maximum. Their largest element binds participation of the first served
    /// type and every downward truth-telling constraint. Under an active cap, gap i may shrink from <c>θ_i (A_i − A_{i−1})</c> to
    /// <c>θ_{i−1} (A_i − A_{i−1})</c> at a loss of <c>q_i + q_{i+1} + …</c> per unit, least at the top, so gaps shrink from the top.
    /// </remarks>
    internal static bool TryFill(TypeChain chain, Allocation allocation, QualityMarket market, double? paymentMax, Span<double> payments)
    {
        payments.Clear();
        var sum = new CompensatedSum();
        var reached = 0.0;
        var first = double.NaN;
        for (var group = 0; group < chain.Groups; group++)
        {
            var (start, end) = (chain.FirstMember[group], chain.FirstMember[group + 1]);
            var (lowest, highest, _) = Range(allocation, market, start, end);
            if (lowest > highest)
            {
                continue;
            }

            sum.Add(chain.Gain[group] * (lowest - reached));
            var bottom = sum.Value;
            first = double.IsNaN(first) ? bottom : first;
            for (var member = start; member < end; member++)
            {
                if (Pays(allocation, market, member))
                {
                    payments[member] = bottom + (chain.Gain[group] * (allocation.Quality[member] - lowest));
                }
            }

            sum.Add(chain.Gain[group] * (highest - lowest));
            reached = highest;
        }

        if (double.IsNaN(first) || paymentMax is not { } cap || sum.Value <= cap)
        {
            return !(first < market.PaymentMin);
        }

        return first >= market.PaymentMin && TryLower(chain, allocation, market, cap, payments);
    }

    /// <summary>From the cap at the top downwards: least gaps, until the payment below fits under a full one.</summary>
    /// <remarks>Everything is subtracted from the cap, so that payments far above it cost no digits.</remarks>
    private static bool TryLower(TypeChain chain, Allocation allocation, QualityMarket market, double cap, Span<double> payments)
    {
        var (reached, payment) = (double.NaN, cap);
        for (var group = chain.Groups - 1; group >= 0; group--)
        {
            var (start, end) = (chain.FirstMember[group], chain.FirstMember[group + 1]);
            var (lowest, highest, someUnserved) = Range(allocation, market, start, end);
            if (lowest > highest)
            {
                // Nobody here pays, so nobody below does: the group above was the first, and must not be envied from here.
                return payment >= Math.Max(market.PaymentMin, chain.Gain[group] * reached) - (Rounding * cap);
            }

            var full = HighestPayment(allocation, market, payments, start, end);
            payment -= double.IsNaN(reached) ? 0 : chain.Gain[group] * (reached - highest);
            if (payment >= full)
            {
                return true;
            }

            payment -= chain.Gain[group] * (highest - lowest);
            for (var member = start; member < end; member++)
            {
                if (Pays(allocation, market, member))
                {
                    var lowered = payment + (chain.Gain[group] * (allocation.Quality[member] - lowest));
                    payments[member] = Math.Clamp(lowered, market.PaymentMin, cap);
                }
            }

            if (someUnserved)
            {
                return payment >= (chain.Gain[group] * lowest) - (Rounding * cap);
            }

            reached = lowest;
        }

        return payment >= market.PaymentMin - (Rounding * cap);
    }

    private static double HighestPayment(Allocation allocation, QualityMarket market, ReadOnlySpan<double> payments, int start, int end)
    {
        var highest = double.NegativeInfinity;
        for (var member = start; member < end; member++)
        {
            highest = Pays(allocation, market, member) ? Math.Max(highest, payments[member]) : highest;
        }

        return highest;
    }

    /// <summary>The range of qualities of a group's paying members, empty (∞, −∞) without any, and whether some do not pay.</summary>
    private static (double Lowest, double Highest, bool SomeUnserved) Range(Allocation allocation, QualityMarket market, int start, int end)
    {
        var (lowest, highest, someUnserved) = (double.PositiveInfinity, double.NegativeInfinity, false);
        for (var member = start; member < end; member++)
        {
            if (Pays(allocation, market, member))
            {
                lowest = Math.Min(lowest, allocation.Quality[member]);
                highest = Math.Max(highest, allocation.Quality[member]);
            }
            else
            {
                someUnserved = true;
            }
        }

        return (lowest, highest, someUnserved);
    }

    /// <summary>With exclusion an item of quality 0 goes for nothing, like no item.</summary>
    private static bool Pays(Allocation allocation, QualityMarket market, int member) =>
        allocation.Served[member] && (allocation.Quality[member] > 0 || !market.AllowExclusion);
}
