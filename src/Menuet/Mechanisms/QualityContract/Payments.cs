using Menuet.Numerics;

namespace Menuet.Mechanisms.QualityContract;

/// <summary>The largest payments that a monotone allocation can ask for.</summary>
internal static class Payments
{
    /// <summary>What is left of an excess over the cap is rounding below this share of what was to be shared out.</summary>
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

        return first >= market.PaymentMin && TryLower(chain, allocation, market, cap, sum.Value - cap, payments);
    }

    /// <summary>Takes the excess over the cap out of the gaps, from the top group down.</summary>
    private static bool TryLower(TypeChain chain, Allocation allocation, QualityMarket market, double cap, double excess, Span<double> payments)
    {
        var rooms = Rooms(chain, allocation, market, payments);
        var left = excess;
        for (var group = chain.Groups - 1; group >= 0; group--)
        {
            rooms[group] = Math.Min(rooms[group], left);
            left -= rooms[group];
        }

        if (left > Rounding * (cap + excess))
        {
            return false;
        }

        var lowered = new CompensatedSum();
        for (var group = 0; group < chain.Groups; group++)
        {
            lowered.Add(rooms[group]);
            for (var member = chain.FirstMember[group]; member < chain.FirstMember[group + 1]; member++)
            {
                if (Pays(allocation, market, member))
                {
                    payments[member] = Math.Max(market.PaymentMin, Math.Min(payments[member] - lowered.Value, cap));
                }
            }
        }

        return true;
    }

    /// <summary>By how much each group's gap may shrink.</summary>
    private static double[] Rooms(TypeChain chain, Allocation allocation, QualityMarket market, ReadOnlySpan<double> payments)
    {
        var rooms = new double[chain.Groups];
        var reached = double.NaN;
        for (var group = 0; group < chain.Groups; group++)
        {
            var (start, end) = (chain.FirstMember[group], chain.FirstMember[group + 1]);
            var (lowest, highest, someUnserved) = Range(allocation, market, start, end);
            if (lowest > highest)
            {
                continue;
            }

            var gainBelow = group > 0 ? chain.Gain[group - 1] : 0;
            if (!double.IsNaN(reached))
            {
                rooms[group] = (chain.Gain[group] - gainBelow) * (lowest - reached);
            }
            else if (!someUnserved)
            {
                // Types left out below, or beside, must not start to envy.
                rooms[group] = Math.Max(0, Math.Min(LowestPayment(allocation, market, payments, start, end) - market.PaymentMin, (chain.Gain[group] - gainBelow) * lowest));
            }

            reached = highest;
        }

        return rooms;
    }

    private static double LowestPayment(Allocation allocation, QualityMarket market, ReadOnlySpan<double> payments, int start, int end)
    {
        var lowest = double.PositiveInfinity;
        for (var member = start; member < end; member++)
        {
            lowest = Pays(allocation, market, member) ? Math.Min(lowest, payments[member]) : lowest;
        }

        return lowest;
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
