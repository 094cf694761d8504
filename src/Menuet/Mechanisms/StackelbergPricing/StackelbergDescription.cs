using System.Collections.Immutable;

namespace Menuet.Mechanisms.StackelbergPricing;

/// <summary>From decisions to the public answer, and to tables for people.</summary>
internal static class StackelbergDescription
{
    private const double Binding = 1e-9;
    private const int MostRows = 100;

    internal static StackelbergPricingAnswer Describe(StackelbergPricingMarket market, Solution<StackelbergPricingOutcome> solution) =>
        solution.Outcome is not { } outcome
            ? new() { Status = solution.Termination == Termination.NumericalTrouble ? "numericalTrouble" : "infeasible", Reason = solution.Reason }
            : market.HasRivals ? DescribeRivals(market, outcome) : DescribeOne(market, outcome);

    internal static ImmutableArray<Table> Tables(StackelbergPricingMarket market, StackelbergPricingAnswer answer) =>
        market.HasRivals ? RivalTables(answer) : OneTables(market, answer);

    /// <summary>The answer with its objective computed from its prices and steps.</summary>
    internal static StackelbergPricingAnswer Graded(StackelbergPricingMarket market, StackelbergPricingAnswer answer) => answer with
    {
        Objective = LeaderProfit.Of(market, market.HasRivals
            ? new() { Prices = [.. answer.Leaders.Select(leader => leader.Price)] }
            : new() { Prices = [answer.Price!.Value], Steps = [.. answer.Followers.Select(follower => follower.Steps)] }),
    };

    private static StackelbergPricingAnswer DescribeOne(StackelbergPricingMarket market, StackelbergPricingOutcome outcome)
    {
        var price = outcome.Prices[0];
        var capacity = market.Leader!.CapacitySteps ?? double.PositiveInfinity;
        var followers = ImmutableArray.CreateBuilder<FollowerAnswer>(market.Followers.Length);
        var wanted = default(Numerics.CompensatedSum);
        for (var k = 0; k < market.Followers.Length; k++)
        {
            var follower = market.Followers[k];
            var demand = new Demand(
                follower.Satisfaction, market.CurveOf(follower), market.MinStepsOf(follower), market.MaxStepsOf(follower), market.Participation);
            var takesPart = outcome.Participates[k];
            wanted.Add(takesPart ? follower.Count * demand.StepsAt(price) : 0);
            followers.Add(new()
            {
                Id = StackelbergPricingMarket.FollowerId(follower, k),
                Steps = outcome.Steps[k],
                Utility = takesPart ? demand.UtilityOf(outcome.Steps[k], price) : 0,
                Participates = takesPart,
            });
        }

        var profit = LeaderProfit.Of(market, outcome);
        var rationed = market.CapacityRule == CapacityRule.Ration && wanted.Value > capacity;
        return new()
        {
            Status = profit <= 0 ? "noTrade" : outcome.OptimalPrices.IsDefault ? "candidate" : "optimal",
            Objective = profit,
            Price = price,
            LeaderUtility = profit,
            TotalSteps = LeaderProfit.TotalSteps(market, outcome.Steps.AsSpan()),
            CapacityBinding = wanted.Value >= capacity * (1 - Binding),
            RationingFactor = rationed ? capacity / wanted.Value : 1,
            PriceIsUnique = outcome.OptimalPrices.IsDefault ? null : outcome.PriceIsUnique,
            OptimalPrices = outcome.OptimalPrices,
            Followers = followers.MoveToImmutable(),
        };
    }

    private static StackelbergPricingAnswer DescribeRivals(StackelbergPricingMarket market, StackelbergPricingOutcome outcome)
    {
        var result = new PriceCompetition(market).Evaluate(outcome.Prices);
        var regret = new RivalRegret(market, outcome.Prices);
        var (epsilon, gap) = (0.0, 0.0);
        for (var j = 0; j < market.Leaders.Length; j++)
        {
            epsilon = Math.Max(epsilon, regret.Of(j).Highest - result.Utility[j]);
            gap = Math.Max(gap, Math.Abs(outcome.HighestPrices[j] - outcome.Prices[j]));
        }

        var agree = gap <= PriceCompetition.SamePrices * (1 + outcome.HighestPrices.Max());
        return new()
        {
            Status = outcome.RoseToRest ? "equilibrium" : "notConverged",
            Objective = LeaderProfit.Of(market, outcome),
            Leaders =
            [
                .. market.Leaders.Select((leader, j) => new LeaderAnswer
                {
                    Id = StackelbergPricingMarket.LeaderId(leader, j),
                    Price = outcome.Prices[j],
                    Utility = result.Utility[j],
                    DemandSteps = result.Demand[j],
                    SoldSteps = result.Sold[j],
                    MarketShare = result.Share[j],
                }),
            ],
            OutsideShare = result.OutsideShare,
            EpsilonNash = epsilon,
            ExtremalPriceGap = gap,
            EquilibriumIsUnique = !outcome.RoseToRest || !outcome.FellToRest ? null
                : !agree ? false
                : PriceCompetition.IsSupermodular(market) ? true : null,
            HighestPrices = outcome.HighestPrices,
            Iterations = outcome.Rounds,
        };
    }

    private static ImmutableArray<Table> OneTables(StackelbergPricingMarket market, StackelbergPricingAnswer answer)
    {
        var shown = answer.Followers.Length > MostRows ? $", the first {MostRows} of {answer.Followers.Length}" : "";
        return
        [
            new(
                "Price",
                [new("price", "money per step"), new("unit cost", "money per step"), new("leader's utility", "money"), new("total steps", "steps"),
                    new("capacity binding"), new("rationing factor"), new("price is unique")],
                [[answer.Price, market.Leader!.UnitCost, answer.LeaderUtility, answer.TotalSteps, answer.CapacityBinding, answer.RationingFactor, answer.PriceIsUnique]]),
            new(
                $"Followers{shown}",
                [new("follower"), new("satisfaction", "money per quality"), new("count"), new("steps", "steps"), new("utility", "money"), new("takes part")],
                [
                    .. answer.Followers.Take(MostRows).Select((f, k) => ImmutableArray.Create<object?>(
                        StackelbergPricingMarket.FollowerId(market.Followers[k], k), market.Followers[k].Satisfaction, market.Followers[k].Count, f.Steps, f.Utility, f.Participates)),
                ]),
        ];
    }

    private static ImmutableArray<Table> RivalTables(StackelbergPricingAnswer answer) =>
    [
        LeaderAnswer.Shape.Tabulate("Leaders", answer.Leaders, "id", "price", "utility", "demandSteps", "soldSteps", "marketShare"),
        new(
            "Equilibrium",
            [new("outside share"), new("epsilon Nash", "money"), new("extremal price gap", "money per step"), new("equilibrium is unique")],
            [[answer.OutsideShare, answer.EpsilonNash, answer.ExtremalPriceGap, answer.EquilibriumIsUnique]]),
    ];
}
