using Menuet.Numerics;

namespace Menuet.Mechanisms.StackelbergPricing;

/// <summary>The objective.</summary>
internal static class LeaderProfit
{
    /// <summary>(p − c) Σ n_k S_k for one leader; Σ_j (p_j − c_j) min(D_j, R_j) for several.</summary>
    /// <remarks>Source: Lai et al. 2025, Eq. (6).</remarks>
    internal static double Of(StackelbergPricingMarket market, StackelbergPricingOutcome outcome)
    {
        var sum = default(CompensatedSum);
        if (market.HasRivals)
        {
            foreach (var utility in new PriceCompetition(market).Evaluate(outcome.Prices).Utility)
            {
                sum.Add(utility);
            }

            return sum.Value;
        }

        return (outcome.Prices[0] - market.Leader!.UnitCost) * TotalSteps(market, outcome.Steps.AsSpan());
    }

    /// <summary>Σ n_k S_k.</summary>
    internal static double TotalSteps(StackelbergPricingMarket market, ReadOnlySpan<double> steps)
    {
        var sum = default(CompensatedSum);
        var followers = market.Followers.AsSpan();
        for (var k = 0; k < followers.Length; k++)
        {
            sum.Add(followers[k].Count * steps[k]);
        }

        return sum.Value;
    }
}
