using System.Collections.Immutable;

namespace Menuet.Mechanisms.StackelbergPricing;

/// <summary>
/// Solves the followers' stage in closed form and then the leaders': one leader by the exact best price (<see cref="LeaderOptimum"/>),
/// several by best responses from the lowest and from the highest prices (<see cref="PriceCompetition"/>).
/// </summary>
internal sealed class BackwardInduction : ISolver<StackelbergPricingMarket, StackelbergPricingOutcome>
{
    /// <summary>Peaks of one leader's profit within this share of the highest count as equally good.</summary>
    private const double LargestTie = 1e-9;
    private const double SmallestTie = 1e-13;

    public string Name => "backward-induction";

    public string Summary =>
        "one leader: every best price, exactly, from the parabolas between the followers' kinks; several: best responses from the lowest and the "
        + "highest prices to the extremal equilibria, with a proven bound on what a deviation gains";

    public ImmutableArray<Claim> Promises(StackelbergPricingMarket market) =>
        !market.HasRivals
            ? [Claim.FollowerBestResponse, Claim.LeaderBestResponse, Claim.Capacity, Claim.Feasibility, Claim.Consistency]
            : PriceCompetition.IsSupermodular(market)
                ? [Claim.LeaderBestResponse, Claim.Capacity, Claim.Feasibility, Claim.Consistency]
                : [Claim.Capacity, Claim.Feasibility, Claim.Consistency];

    public Solution<StackelbergPricingOutcome> Solve(
        StackelbergPricingMarket market, SolveOptions options, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(market);
        ArgumentNullException.ThrowIfNull(options);
        return market.HasRivals
            ? new PriceCompetition(market).Settle(options, cancellation)
            : Price(market, options, cancellation);
    }

    private static Solution<StackelbergPricingOutcome> Price(
        StackelbergPricingMarket market, SolveOptions options, CancellationToken cancellation)
    {
        var optimum = new LeaderOptimum(market, Math.Clamp(options.Tolerance, SmallestTie, LargestTie));
        var outcome = optimum.Find(cancellation);
        if (outcome is null)
        {
            return new(
                Termination.Infeasible, null, Iterations: optimum.Stretches, Reason: "demand-exceeds-capacity",
                Note: "followers want more than the capacity even at the highest price; raise capacitySteps or maxPrice, let followers stay away, or ration");
        }

        var profit = LeaderProfit.Of(market, outcome);
        return double.IsFinite(profit)
            ? new(Termination.Optimal, outcome, Math.Max(profit, optimum.Best), optimum.Stretches)
            : new(Termination.NumericalTrouble, null, Reason: "overflow", Note: "the profit is beyond the largest number; use larger units");
    }
}
