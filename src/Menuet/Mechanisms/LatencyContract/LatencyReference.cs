using System.Collections.Immutable;

namespace Menuet.Mechanisms.LatencyContract;

/// <summary>
/// For tests and small markets: an interior-point method on the problem as the paper states it, over every delay and every utility,
/// with every participation and truth-telling constraint.
/// </summary>
/// <remarks>
/// Shares no code with <see cref="Isotonic"/> and uses none of its theorems: no virtual values, no payment formula, no cheapest
/// speeds, no pooling. Its only steps away from the paper are the change of variables to delays, in which the problem is convex,
/// and one utility per distinct θ, which equal types' mutual constraints force. Accuracy: on the central path the objective is
/// within m·ε of the optimum (m constraints, barrier weight ε), and ε falls until that is 1e-12 of the money that moves; the bound
/// reported adds it. Exclusion: every set of served types that is full above its lowest group is solved; any other set makes a type
/// below an excluded one deliver E = 0 at a cost.
/// </remarks>
internal sealed class LatencyReference : ISolver<LatencyMarket, LatencyOutcome>
{
    internal const int Limit = 40;
    private const int LargestSets = 4096;

    public string Name => "reference";

    public string Summary => "Interior-point method on every delay, utility and constraint; at most 40 types.";

    public ImmutableArray<Claim> Promises(LatencyMarket market) =>
        [Claim.IndividualRationality, Claim.IncentiveCompatibility, Claim.Feasibility, Claim.Consistency];

    public Solution<LatencyOutcome> Solve(LatencyMarket market, SolveOptions options, CancellationToken cancellation)
    {
        var count = market.Terms.Types.Length;
        if (count > Limit)
        {
            throw new InvalidRequestException(
                [Problem.With("$.types", count, FormattableString.Invariant($"the reference solver takes at most {Limit} types; use --solver isotonic"))]);
        }

        LatencyOutcome? best = market.Terms.AllowExclusion ? Nobody(count) : null;
        double bestProfit = best is null ? double.NegativeInfinity : 0, bound = bestProfit;
        long iterations = 0;
        foreach (var served in Sets(market))
        {
            cancellation.ThrowIfCancellationRequested();
            var barrier = new LatencyBarrier(market, served);
            if (!barrier.Descend())
            {
                return new(Termination.NumericalTrouble, null, Iterations: iterations, Note: "the barrier method broke down", Reason: "barrier");
            }

            iterations += barrier.Iterations;
            bound = Math.Max(bound, market.Users * (barrier.Profit + barrier.Gap));
            if (barrier.Profit > bestProfit)
            {
                (best, bestProfit) = (barrier.Outcome(), barrier.Profit);
            }
        }

        return new(Termination.Converged, best, bound, iterations);
    }

    private static LatencyOutcome Nobody(int count) => new(
        [.. new double[count]], [.. new double[count]], [.. new double[count]], [.. new double[count]], [.. Enumerable.Repeat(true, count)]);

    /// <summary>The sets of types worth serving, as masks in the market's order.</summary>
    private static List<bool[]> Sets(LatencyMarket market)
    {
        var types = market.Terms.Types;
        if (!market.Terms.AllowExclusion)
        {
            return [[.. types.Select(_ => true)]];
        }

        var sets = new List<bool[]>();
        foreach (var lowest in types.Select(t => t.Gain).Distinct())
        {
            var members = Enumerable.Range(0, types.Length).Where(j => types[j].Gain == lowest).ToArray();
            if (members.Length > 12 || sets.Count > LargestSets)
            {
                throw new InvalidRequestException(
                    [new("$.types", "too many types of equal gain for the reference solver, which tries every subset of them; use --solver isotonic")]);
            }

            for (var subset = 1; subset < 1 << members.Length; subset++)
            {
                var served = types.Select(t => t.Gain > lowest).ToArray();
                for (var m = 0; m < members.Length; m++)
                {
                    served[members[m]] = (subset >> m & 1) != 0;
                }

                if (types.Where((type, j) => served[j]).Any(type => type.Probability > 0))
                {
                    sets.Add(served);
                }
            }
        }

        return sets;
    }
}
