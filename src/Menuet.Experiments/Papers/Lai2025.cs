using System.Collections.Immutable;
using Menuet.Figures;
using Menuet.Mechanisms.StackelbergPricing;

namespace Menuet.Experiments.Papers;

/// <summary>Lai et al. 2025: Stackelberg pricing of diffusion steps.</summary>
internal static class Lai2025
{
    private static readonly StackelbergPricingMarket Default = Market("lai2025/stackelberg-pricing");

    internal static Paper Paper { get; } = new(
        "lai2025",
        "Lai et al. 2025: Optimizing AIGC Services Using Learning-Based Stackelberg Game in Vehicular Metaverses",
        """
        @article{lai2025,
          author  = {Lai, Bingkun and Luo, Xiaofeng and Kang, Jiawen and Gao, Xiaozheng and Yang, Zuyuan and Niyato, Dusit and Mao, Shiwen},
          title   = {Optimizing {AIGC} Services Using Learning-Based {Stackelberg} Game in Vehicular Metaverses},
          journal = {IEEE Transactions on Vehicular Technology},
          year    = {2025},
          doi     = {10.1109/TVT.2025.3544227}
        }
        """,
        [
            new("fig2b", "Price against the unit cost of a step", "The price rises with the cost; learned prices lie close to the equilibrium.", PriceOverCost),
            new("fig2c", "Provider's utility against the number of users", "Utility rises with the number of users.", UtilityOverUsers),
            new("fig2d", "Provider's utility against the unit cost of a step", "Utility falls as the cost rises.", UtilityOverCost),
            new("x-capacity", "What a limited capacity changes", "", Capacity),
            new("x-oligopoly", "Competing providers", "", Oligopoly),
        ],
        [
            new(
                "lai-price-rises-with-cost", "The equilibrium price rises with the unit cost.", "Section VI, Fig. 2(b)", "Least slope of the exact price between neighbouring costs from 1 to 5.",
                ["laiLeastPriceSlope"], Rules.Above(0), "Exactly one half wherever no bound is active."),
            new(
                "lai-utility-falls-with-cost", "The provider's utility falls as the unit cost rises.", "Section VI, Fig. 2(d)", "Largest slope of the exact utility between neighbouring costs from 1 to 5.",
                ["laiLargestUtilitySlope"], Rules.Below(0)),
            new(
                "lai-utility-rises-with-users", "The provider's utility rises with the number of users.", "Section VI, Fig. 2(c)", "Least gain of the exact utility by one more user, from 2 to 6 users.",
                ["laiLeastGainByUser"], Rules.Above(0), "Exactly linear while capacity does not bind: the price does not depend on how many users there are."),
            new(
                "lai-unique-equilibrium", "The Stackelberg equilibrium is unique.", "Theorem 2", "Number of best prices in the catalogue's market lai2025/two-optima, which satisfies the theorem's assumptions on the users.",
                ["laiBestPrices"], quantities => quantities[0].Value > 1 ? Verdict.CannotHold : Verdict.Holds,
                "Users who buy nothing at high prices make the provider's utility lose its concavity; two prices can be equally good."),
        ]);

    private static Findings PriceOverCost(Conditions conditions)
    {
        var costs = Grid(1, 5, conditions.Of(17, 81));
        var prices = costs.Select(cost => Solve(WithCost(cost)).Price!.Value).ToImmutableArray();
        return new()
        {
            Figures =
            [
                new(
                    "The exact price rises by half of the cost", new("Unit cost of a diffusion step", "money"), new("Price of a diffusion step", "money"),
                    [new LineSeries("Stackelberg equilibrium (exact)", costs, prices)], "Catalogue market lai2025/stackelberg-pricing with other costs; no chance enters."),
            ],
            Quantities = [Quantity.Exact("laiLeastPriceSlope", "least slope of the exact price over the cost", "", Slopes(costs, prices).Min())],
        };
    }

    private static Findings UtilityOverCost(Conditions conditions)
    {
        var costs = Grid(1, 5, conditions.Of(17, 81));
        var utilities = costs.Select(cost => Solve(WithCost(cost)).LeaderUtility!.Value).ToImmutableArray();
        return new()
        {
            Figures =
            [
                new(
                    "The exact utility falls as the cost rises", new("Unit cost of a diffusion step", "money"), new("Provider's utility", "money"),
                    [new LineSeries("Stackelberg equilibrium (exact)", costs, utilities)], "Catalogue market lai2025/stackelberg-pricing with other costs; no chance enters."),
            ],
            Quantities = [Quantity.Exact("laiLargestUtilitySlope", "largest slope of the exact utility over the cost", "", Slopes(costs, utilities).Max())],
        };
    }

    private static Findings UtilityOverUsers(Conditions conditions)
    {
        ImmutableArray<double> users = [2, 3, 4, 5, 6];
        var utilities = users.Select(count => Solve(WithUsers((int)count)).LeaderUtility!.Value).ToImmutableArray();
        var bounded = users.Select(count => Solve(WithUsers((int)count) with { Leader = Default.Leader! with { CapacitySteps = 300 } }).LeaderUtility!.Value).ToImmutableArray();
        return new()
        {
            Figures =
            [
                new(
                    "Utility grows linearly until capacity binds", new("Number of users"), new("Provider's utility", "money"),
                    [
                        new LineSeries("Stackelberg equilibrium (exact)", users, utilities) { Markers = true },
                        new LineSeries("the same with a capacity of 300 steps (exact)", users, bounded) { Markers = true, Dashed = true },
                    ],
                    "All users with satisfaction 200; the capacity line is ours."),
            ],
            Quantities = [Quantity.Exact("laiLeastGainByUser", "least gain of the exact utility by one more user", "money", Slopes(users, utilities).Min())],
        };
    }

    private static Findings Capacity(Conditions conditions)
    {
        var capacities = Grid(40, 240, conditions.Of(21, 101));
        var answers = capacities.Select(capacity => Solve(Default with { Leader = Default.Leader! with { CapacitySteps = capacity } })).ToArray();
        var two = Solve(Market("lai2025/two-optima"));
        return new()
        {
            Figures =
            [
                new(
                    "The price is what sells exactly the capacity, until capacity no longer binds", new("Capacity", "steps"), new("Price of a diffusion step", "money"),
                    [new LineSeries("exact price", capacities, [.. answers.Select(answer => answer.Price!.Value)])]),
                new(
                    "Utility lost to scarcity", new("Capacity", "steps"), new("Provider's utility", "money"),
                    [
                        new LineSeries("exact utility", capacities, [.. answers.Select(answer => answer.LeaderUtility!.Value)]),
                        new ReferenceLine("without a limit", ReferenceDirection.Horizontal, Solve(Default).LeaderUtility!.Value),
                    ]),
            ],
            Quantities = [Quantity.Exact("laiBestPrices", "number of best prices in lai2025/two-optima", "", two.OptimalPrices.Length)],
            Remark = "The publication gives no capacity; these are ours.",
        };
    }

    private static Findings Oligopoly(Conditions conditions)
    {
        int[] counts = [1, 2, 3, 5, 8];
        var rows = counts.Select(count =>
        {
            var answer = Solve(Market($"lai2025/oligopoly-{count}"));
            return (Count: count, Price: answer.Leaders.Average(leader => leader.Price), Utility: answer.Leaders.Sum(leader => leader.Utility ?? double.NaN), Epsilon: answer.EpsilonNash);
        }).ToArray();
        return new()
        {
            Figures =
            [
                new(
                    "Competition lowers the price towards cost", new("Number of providers"), new("Mean price of a diffusion step", "money"),
                    [new LineSeries("logit-Bertrand equilibrium", [.. rows.Select(row => (double)row.Count)], [.. rows.Select(row => row.Price)]) { Markers = true }]),
            ],
            Tables =
            [
                new(
                    "Equilibria of competing providers", [new("providers"), new("mean price", "money"), new("utility of all providers", "money"), new("largest gain by deviating", "money")],
                    [.. rows.Select(row => (ImmutableArray<object?>)[row.Count, row.Price, row.Utility, row.Epsilon])]),
            ],
            Remark = "Several providers are the extension that the publication leaves to future work.",
        };
    }

    private static StackelbergPricingMarket WithCost(double cost) => Default with { Leader = Default.Leader! with { UnitCost = cost } };

    private static StackelbergPricingMarket WithUsers(int count) => Default with { Followers = [.. Enumerable.Repeat(Default.Followers[0], count)] };

    private static StackelbergPricingAnswer Solve(StackelbergPricingMarket market) => StackelbergPricingMechanism.Door.Answer(market, new(), CancellationToken.None);

    private static StackelbergPricingMarket Market(string name) => StackelbergPricingMechanism.Door.Read(Catalog.Market(name));

    private static ImmutableArray<double> Grid(double from, double to, int count) => [.. Enumerable.Range(0, count).Select(i => from + ((to - from) * i / (count - 1)))];

    private static IEnumerable<double> Slopes(ImmutableArray<double> x, ImmutableArray<double> y) => Enumerable.Range(1, x.Length - 1).Select(i => (y[i] - y[i - 1]) / (x[i] - x[i - 1]));
}
