using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Menuet.Mechanisms.StackelbergPricing;

/// <summary>A pricing policy plays one given market.</summary>
internal static class PricingPlay
{
    /// <summary>Two prices within this share of [c, pmax] are the same: finer than that a policy's single precision does not tell.</summary>
    private const double Settled = 1e-6;

    internal static Solution<StackelbergPricingOutcome> Answer(StackelbergPricingScenario scenario, StackelbergPricingMarket market, IPolicy policy)
    {
        CheckVisible(scenario, market);
        var leader = market.Leader!;
        var width = leader.MaxPrice - leader.UnitCost;
        var demands = Demands(market);
        var capacity = leader.CapacitySteps ?? double.PositiveInfinity;
        var steps = new double[demands.Length];
        var history = new float[policy.ObservationSize];
        var token = scenario.TokenSize;
        var random = Rng.Stream(0, PlayStream.Of(PlayStream.Baseline, 0, 0));
        for (var i = 0; i < scenario.History; i++)
        {
            Remember(leader.UnitCost + width * random.NextDouble());
        }

        var action = new float[1];
        var (price, before, rounds) = (double.NaN, double.NaN, 0);
        while (rounds < scenario.Rounds && !(Math.Abs(price - before) <= Settled * width))
        {
            policy.Act(history, action, 1);
            before = price;
            price = leader.UnitCost + width * (Math.Clamp(action[0], -1f, 1f) + 1.0) / 2;
            Remember(price);
            rounds++;
        }

        var wanted = Respond(price);
        Serve(market.CapacityRule == CapacityRule.Ration ? capacity : double.PositiveInfinity, wanted);
        return new(
            Termination.Candidate,
            new()
            {
                Prices = [price],
                Steps = ImmutableCollectionsMarshal.AsImmutableArray(steps),
                Participates = [.. demands.Select(demand => demand.Reservation >= price)],
            },
            Iterations: rounds,
            Note: Math.Abs(price - before) <= Settled * width
                ? FormattableString.Invariant($"the policy's price settled after {rounds} rounds")
                : FormattableString.Invariant($"the policy's price of round {rounds}; it had not settled"));

        double Respond(double at)
        {
            var sum = 0.0;
            for (var k = 0; k < demands.Length; k++)
            {
                steps[k] = demands[k].Reservation >= at ? demands[k].StepsAt(at) : 0;
                sum += market.Followers[k].Count * steps[k];
            }

            return sum;
        }

        void Serve(double most, double sum)
        {
            for (var k = 0; k < steps.Length && sum > most; k++)
            {
                steps[k] *= most / sum;
            }
        }

        void Remember(double at)
        {
            Serve(capacity, Respond(at));
            history.AsSpan(token).CopyTo(history);
            var last = history.AsSpan(history.Length - token);
            last[0] = (float)(width > 0 ? (at - leader.UnitCost) / width : 0);
            for (var k = 0; k < steps.Length; k++)
            {
                last[1 + k] = (float)(steps[k] / StackelbergPricingScenario.MostStepsOf(market.CurveOf(market.Followers[k])));
            }

            if (scenario.MaxUnitCost is { } highest)
            {
                last[^1] = (float)(highest > scenario.UnitCost ? (leader.UnitCost - scenario.UnitCost) / (highest - scenario.UnitCost) : 0);
            }
        }
    }

    private static Demand[] Demands(StackelbergPricingMarket market) =>
    [
        .. market.Followers.Select(follower => new Demand(
            follower.Satisfaction, market.CurveOf(follower), market.MinStepsOf(follower), market.MaxStepsOf(follower), market.Participation)),
    ];

    private static void CheckVisible(StackelbergPricingScenario scenario, StackelbergPricingMarket market)
    {
        var problems = ImmutableArray.CreateBuilder<Problem>();
        if (market.HasRivals)
        {
            problems.Add(new("$.leaders", "the policy prices for one leader alone; give leader, or solve with backward-induction"));
        }

        if (market.Followers.Length != scenario.Followers)
        {
            problems.Add(new(
                "$.followers",
                FormattableString.Invariant($"the policy sees {scenario.Followers} followers, the market has {market.Followers.Length}; train one with followers = {market.Followers.Length}")));
        }

        if (problems.Count > 0)
        {
            throw new InvalidRequestException(problems.ToImmutable(), StackelbergPricingMechanism.Kind);
        }
    }
}
