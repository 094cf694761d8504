using System.Collections.Immutable;

namespace Menuet.Mechanisms.LatencyContract;

/// <summary>The schemes that a latency contract is compared with.</summary>
internal static class LatencySchemes
{
    internal static readonly ImmutableArray<Column> Measures =
        [new("expected payment", "money"), new("expected user utility", "money"), new("expected latency reduction", "s"), new("share of users served")];

    internal static Comparison Compare(LatencyMarket market, SolveOptions options, CancellationToken cancellation)
    {
        var exact = new Isotonic();
        var withoutPrompt = market with { Level = 0 };
        return new("contract", Measures,
        [
            Judged(market, "contract", "the exact menu", exact.Solve(market, options, cancellation)),
            Judged(market, "completeInformation", "types known: every user is held to its utility without contract", CompleteInformation(market)),
            Judged(market, "uniform", "one latency reduction for one price", Uniform(market, cancellation)),
            Judged(withoutPrompt, "noPromptOptimisation", "the exact menu at level 0 and the same steps", exact.Solve(withoutPrompt, options, cancellation)),
        ]);
    }

    internal static Scheme Judged(LatencyMarket market, string name, string meaning, Solution<LatencyOutcome> solution)
    {
        var answer = LatencyContractMechanism.Describe(market, solution);
        if (answer.Objective is null)
        {
            return new(name, meaning, null, [null, null, null, null], solution.Note);
        }

        double paid = 0, gained = 0, reduced = 0, served = 0;
        foreach (var item in answer.Menu)
        {
            var probability = item.Probability!.Value;
            paid += probability * item.Payment;
            gained += probability * item.UserUtility!.Value;
            reduced += probability * item.ExpectedLatencyReductionSeconds!.Value;
            served += item.Excluded ? 0 : probability;
        }

        return new(name, meaning, answer.Objective, [paid, gained, reduced, served]);
    }

    /// <summary>Each type its own best reduction for all it is worth; nobody is served at a loss who need not be.</summary>
    internal static Solution<LatencyOutcome> CompleteInformation(LatencyMarket market)
    {
        var terms = market.Terms;
        var menu = new MenuBuilder(terms.Types.Length);
        var profit = 0.0;
        for (var j = 0; j < terms.Types.Length; j++)
        {
            var type = terms.Types[j];
            var delivery = new Delivery(terms.For(type, market.Level, market.Steps), terms.Attempt, terms.Attempts);
            var pace = delivery.PaceFor(type.Gain);
            var payment = pace > delivery.LeastPace ? type.Gain * delivery.Reduction(pace) : 0;
            var margin = payment - delivery.Cost(pace);
            if (terms.AllowExclusion && !(margin >= 0))
            {
                continue;
            }

            menu.Serve(null, j, j + 1, delivery.Speeds(pace), payment);
            profit += type.Probability > 0 ? type.Probability * margin : 0;
        }

        return Finish(market, menu, profit);
    }

    /// <summary>One reduction for what it is worth to the lowest type served; each type is served at its own cheapest cost.</summary>
    /// <remarks>
    /// The types above a threshold θ buy, at price θ E: θ Q(≥ θ) E − Σ q_j C_j(E), concave in E, so its best E is the root of
    /// θ Q(≥ θ) = Σ q_j C_j′(E). With exclusion every threshold is tried, and nobody.
    /// </remarks>
    internal static Solution<LatencyOutcome> Uniform(LatencyMarket market, CancellationToken cancellation)
    {
        var terms = market.Terms;
        var order = Enumerable.Range(0, terms.Types.Length).OrderByDescending(j => terms.Types[j].Gain).ToArray();
        var deliveries = order.Select(j => new Delivery(terms.For(terms.Types[j], market.Level, market.Steps), terms.Attempt, terms.Attempts)).ToArray();
        var probabilities = order.Select(j => terms.Types[j].Probability).ToArray();
        var (bestProfit, bestReduction, bestCount) = (terms.AllowExclusion ? 0 : double.NegativeInfinity, 0.0, 0);
        for (var count = 1; count <= order.Length; count++)
        {
            var gain = terms.Types[order[count - 1]].Gain;
            var threshold = count == order.Length || terms.Types[order[count]].Gain < gain;
            if (!threshold || (!terms.AllowExclusion && count < order.Length))
            {
                continue;
            }

            cancellation.ThrowIfCancellationRequested();
            var reduction = BestReduction(deliveries.AsSpan(0, count), probabilities.AsSpan(0, count), gain);
            double profit = 0;
            for (var k = 0; k < count; k++)
            {
                profit += probabilities[k] > 0 ? probabilities[k] * ((gain * reduction) - deliveries[k].Cost(deliveries[k].PaceAtGap(deliveries[k].Ceiling - reduction))) : 0;
            }

            if (profit > bestProfit)
            {
                (bestProfit, bestReduction, bestCount) = (profit, reduction, count);
            }
        }

        var menu = new MenuBuilder(order.Length);
        for (var k = 0; k < bestCount; k++)
        {
            var speeds = deliveries[k].Speeds(deliveries[k].PaceAtGap(deliveries[k].Ceiling - bestReduction));
            menu.Serve(order, k, k + 1, speeds, terms.Types[order[bestCount - 1]].Gain * bestReduction);
        }

        return Finish(market, menu, bestProfit);
    }

    /// <summary>The root of θ Q = Σ q C′(E) by bisection; 0 where the right side starts above.</summary>
    private static double BestReduction(ReadOnlySpan<Delivery> deliveries, ReadOnlySpan<double> probabilities, double gain)
    {
        double low = 0, high = double.PositiveInfinity;
        foreach (ref readonly var delivery in deliveries)
        {
            high = Math.Min(high, delivery.Ceiling);
        }

        for (var i = 0; i < 200; i++)
        {
            var middle = 0.5 * (low + high);
            if (!(middle > low && middle < high))
            {
                break;
            }

            double excess = 0;
            for (var k = 0; k < deliveries.Length; k++)
            {
                if (probabilities[k] > 0)
                {
                    excess += probabilities[k] * (gain - deliveries[k].MarginalCost(deliveries[k].PaceAtGap(deliveries[k].Ceiling - middle)).Value);
                }
            }

            (low, high) = excess > 0 ? (middle, high) : (low, middle);
        }

        return low;
    }

    private static Solution<LatencyOutcome> Finish(LatencyMarket market, MenuBuilder menu, double profit) =>
        double.IsFinite(profit * market.Users) && menu.IsFinite
            ? new(Termination.Optimal, menu.Outcome(), market.Users * profit)
            : new(Termination.NumericalTrouble, null, Note: "a speed or a cost overflows", Reason: "overflow");
}
