using System.Collections.Immutable;
using Menuet.Figures;
using Menuet.Learning.Training;
using Menuet.Mechanisms.StackelbergPricing;

namespace Menuet.Experiments.Papers;

/// <summary>Lai et al. 2025, what is learned: prices of PPO with an MLP and with a transformer, beside the equilibrium, greedy and random prices.</summary>
internal static class Lai2025Learning
{
    internal static readonly ImmutableArray<double> Costs = [1, 2, 3, 4, 5], Users = [2, 3, 4, 5, 6];

    private static readonly ImmutableArray<(string Id, string Name, string File)> Learners = [("Transformer", "transformer-PPO", "transformer-ppo"), ("Ppo", "PPO", "ppo")];

    /// <summary>The game of Fig. 2(a): followers never change.</summary>
    internal static readonly ImmutableArray<Training> Fixed = [.. Learners.Select(learner => new Training($"lai2025/pricing-{learner.File}"))];

    /// <summary>Of Fig. 2(b) and 2(d): the cost is drawn for each episode and seen, so one policy prices at every cost.</summary>
    internal static readonly ImmutableArray<Training> AtCosts = [.. Learners.Select(learner => new Training($"lai2025/pricing-costs-{learner.File}"))];

    private static readonly ImmutableArray<Training> Random = [.. Learners.Select(learner => new Training($"lai2025/pricing-random-{learner.File}"))];

    private static readonly Axis Utility = new("Provider's utility", "money");

    internal static ImmutableArray<Exhibit> Exhibits { get; } =
    [
        new("x-history", "What the history is worth where followers differ", "", History) { Trainings = Random },
    ];

    internal static ImmutableArray<Claim> Claims { get; } =
    [
        new(
            "lai-learned-equilibrium", "Transformer-PPO converges to the Stackelberg equilibrium.", "Section VI, Fig. 2(a)", "Share of the equilibrium's utility that the trained policy earns, 95 % interval over seeds: above 99 %, in part above 95 %.", ["laiTransformerShare"],
            quantities => quantities[0].Low > 0.99 ? Verdict.Holds : quantities[0].Low > 0.95 ? Verdict.Partly : Verdict.NotSupported),
        new(
            "lai-transformer-highest", "Transformer-PPO achieves a higher utility than PPO, greedy and random prices.", "Section VI, Fig. 2(a)", "Utility of a round after training, 95 % intervals over seeds; greedy: the best price so far, one in ten drawn evenly.",
            ["laiTransformerUtility", "laiPpoUtility", "laiGreedyUtility", "laiRandomUtility"], Rules.Largest, "One price is best in this game, whatever the history: no network can do better than another that finds it."),
        new(
            "lai-transformer-faster", "Transformer-PPO converges faster than PPO.", "Section VI, Fig. 2(a)", "Environment steps until the reward of training has made 95 % of its rise, 95 % intervals over seeds.", ["laiTransformerConvergence", "laiPpoConvergence"], Rules.Smallest),
        new(
            "lai-starts-below-greedy", "At the beginning the learned prices earn less than greedy ones.", "Section VI, Fig. 2(a)", "Utility of a round in the first hundredth of training less that of greedy prices, 95 % interval over seeds.", ["laiFirstLessGreedy"], Rules.Below(0)),
        new(
            "lai-both-beat-baselines", "Both learners earn more than greedy and random prices at every cost.", "Section VI, Fig. 2(d)", "Least lead over random prices at costs 1 to 5, and over greedy ones at cost 1, of both learners; 95 % intervals over seeds.",
            ["laiTransformerLeadRandom", "laiPpoLeadRandom", "laiTransformerLeadGreedy", "laiPpoLeadGreedy"],
            quantities => quantities.All(lead => lead.Low > 0) ? Verdict.Holds : quantities.Any(lead => lead.Low > 0) ? Verdict.Partly : Verdict.NotSupported),
        new(
            "lai-learned-prices-near", "Learned prices and utilities stay close to the equilibrium as the cost changes.", "Section VI, Fig. 2(b) and 2(d)", "Largest relative distance from the exact price over costs 1 to 5, and of the utility, of transformer-PPO; close: below 5 %.",
            ["laiTransformerPriceDistance", "laiTransformerUtilityLoss"], quantities => quantities.Count(distance => distance.High < 0.05) switch { 2 => Verdict.Holds, 1 => Verdict.Partly, _ => Verdict.NotSupported }),
        new(
            "lai-learned-users", "Transformer-PPO still reaches the optimum when more users join.", "Section VI, Fig. 2(c)", "Least share of the equilibrium's utility over 2 to 6 users, a training for each; above 99 %, in part above 95 %.", ["laiTransformerUsersShare"],
            quantities => quantities[0].Low > 0.99 ? Verdict.Holds : quantities[0].Low > 0.95 ? Verdict.Partly : Verdict.NotSupported),
        new(
            "lai-transformer-sequence", "A transformer is better than other networks at learning from the sequence of states.", "Section V.A", "Share of the optimum where followers are drawn for each episode and only the history tells them apart, transformer-PPO against PPO; 95 % intervals over seeds.",
            ["laiTransformerHistory", "laiPpoHistory"], Rules.Largest, "The published game has nothing to learn from its history; this one has: x-history."),
    ];

    internal static Training AtUsers(int learner, double users) => users == 2 ? Fixed[learner] : Fixed[learner] with { Changes = [FormattableString.Invariant($"environment.followers={users}")] };

    internal static ImmutableArray<Training> AllUsers { get; } = [.. Learners.SelectMany((_, i) => Users.Select(users => AtUsers(i, users)))];

    internal static Findings Convergence(Conditions conditions)
    {
        var lines = Learners.Select((learner, i) => (learner.Name, Runs: conditions.Trained(Fixed[i]))).ToArray();
        var evaluation = lines[0].Runs[0].Evaluation;
        var (greedy, random) = (Learned.Measured(lines[0].Runs[0], "greedyReward"), Learned.Measured(lines[0].Runs[0], "randomReward"));
        return new()
        {
            Figures =
            [
                new(
                    "Both learners approach the equilibrium", Learned.Steps, Utility,
                    [
                        .. lines.Select(line => Learned.Curve(line.Name, line.Runs, point => point.TrainReward * UnitOf(line.Runs[0]))),
                        new ReferenceLine("Stackelberg equilibrium (exact)", ReferenceDirection.Horizontal, evaluation.OptimumReward), new ReferenceLine("greedy", ReferenceDirection.Horizontal, greedy),
                        new ReferenceLine("random", ReferenceDirection.Horizontal, random),
                    ],
                    FormattableString.Invariant($"Utility of a round in training, exploration included; means over {conditions.Seeds} seeds with 95 % intervals.")),
                new(
                    "Without exploration", Learned.Steps, Utility,
                    [.. lines.Select(line => Learned.Curve(line.Name, line.Runs, point => point.TestReward)), new ReferenceLine("Stackelberg equilibrium (exact)", ReferenceDirection.Horizontal, evaluation.OptimumReward)],
                    FormattableString.Invariant($"Evaluations; means over {conditions.Seeds} seeds with 95 % intervals.")),
            ],
            Tables = [Learned.Table("At the end", "money per round", lines)],
            Quantities =
            [
                .. lines.SelectMany((line, i) => new[]
                {
                    Learned.Mean($"lai{Learners[i].Id}Share", $"share of the equilibrium's utility, {line.Name}", "", line.Runs, run => run.Evaluation.Score.ShareOfOptimum),
                    Learned.Mean($"lai{Learners[i].Id}Utility", $"utility of a round, {line.Name}", "money", line.Runs, run => run.Evaluation.Score.MeanReward),
                    Learned.Mean($"lai{Learners[i].Id}Convergence", $"environment steps until {line.Name} has converged", "steps", line.Runs, run => Learned.Convergence(run).Steps),
                    Learned.Mean($"lai{Learners[i].Id}LeadGreedy", $"utility of {line.Name} less that of greedy prices", "money", line.Runs, run => run.Evaluation.Score.MeanReward - greedy),
                }),
                Quantity.Exact("laiGreedyUtility", "utility of a round, greedy prices", "money", greedy),
                Quantity.Exact("laiRandomUtility", "utility of a round, random prices", "money", random),
                Learned.Mean("laiFirstLessGreedy", "first utility of transformer-PPO less that of greedy prices", "money", lines[0].Runs, run => (run.Log.First(point => double.IsFinite(point.TrainReward)).TrainReward * UnitOf(run)) - greedy),
            ],
            Remark = "Followers respond at once and never change, so a constant price is best and the history tells nothing. Greedy plays the best price so far and draws one in ten evenly; the paper does not say.",
        };
    }

    /// <summary>Prices and utilities of trained policies at each cost, and what claims are judged by.</summary>
    internal static (ImmutableArray<LineSeries> Prices, ImmutableArray<LineSeries> Utilities, ImmutableArray<Quantity> OfPrices, ImmutableArray<Quantity> OfUtilities) OverCosts(
        Conditions conditions, Func<double, StackelbergPricingMarket> market, Func<double, double> randomUtility)
    {
        var (prices, utilities) = (ImmutableArray.CreateBuilder<LineSeries>(), ImmutableArray.CreateBuilder<LineSeries>());
        var (ofPrices, ofUtilities) = (ImmutableArray.CreateBuilder<Quantity>(), ImmutableArray.CreateBuilder<Quantity>());
        var exact = Costs.Select(cost => conditions.Solve(market(cost))).ToArray();
        for (var i = 0; i < Learners.Length; i++)
        {
            var (id, name, runs) = (Learners[i].Id, Learners[i].Name, conditions.Trained(AtCosts[i]));
            var answers = runs.Select(run => Costs.Select(cost => StackelbergPricingMechanism.Door.Describe(
                market(cost), ((StackelbergPricingScenario)run.Experiment.Scenario).Answer(market(cost), run.Policy()))).ToArray()).ToArray();
            prices.Add(Learned.Line(name, Costs, [.. Costs.Select((_, c) => Learned.Mean("", "", "", answers.Select(answer => answer[c].Price!.Value)))]));
            utilities.Add(Learned.Line(name, Costs, [.. Costs.Select((_, c) => Learned.Mean("", "", "", answers.Select(answer => answer[c].LeaderUtility!.Value)))]));
            ofPrices.Add(Learned.Mean($"lai{id}PriceDistance", $"largest relative distance from the exact price over costs, {name}", "", answers.Select(answer => answer.Zip(exact, (one, best) => Math.Abs((one.Price!.Value / best.Price!.Value) - 1)).Max())));
            ofUtilities.Add(Learned.Mean($"lai{id}UtilityLoss", $"largest relative loss of utility over costs, {name}", "", answers.Select(answer => answer.Zip(exact, (one, best) => 1 - (one.LeaderUtility!.Value / best.LeaderUtility!.Value)).Max())));
            ofUtilities.Add(Learned.Mean($"lai{id}LeadRandom", $"least lead of utility over random prices over costs, {name}", "money", answers.Select(answer => answer.Select((one, c) => one.LeaderUtility!.Value - randomUtility(Costs[c])).Min())));
        }

        return (prices.ToImmutable(), utilities.ToImmutable(), ofPrices.ToImmutable(), ofUtilities.ToImmutable());
    }

    /// <summary>Utilities of policies trained for each number of users.</summary>
    internal static (ImmutableArray<LineSeries> Utilities, ImmutableArray<Quantity> Quantities) OverUsers(Conditions conditions)
    {
        var (lines, quantities) = (ImmutableArray.CreateBuilder<LineSeries>(), ImmutableArray.CreateBuilder<Quantity>());
        for (var i = 0; i < Learners.Length; i++)
        {
            var trained = Users.Select(users => conditions.Trained(AtUsers(i, users))).ToArray();
            lines.Add(Learned.Line(Learners[i].Name, Users, [.. trained.Select(runs => Learned.Mean("", "", "", runs, run => run.Evaluation.Score.MeanReward))]));
            quantities.Add(Learned.Mean(
                $"lai{Learners[i].Id}UsersShare", $"least share of the equilibrium's utility over numbers of users, {Learners[i].Name}", "",
                Enumerable.Range(0, conditions.Seeds).Select(seed => trained.Min(runs => runs[seed].Evaluation.Score.ShareOfOptimum))));
        }

        return (lines.ToImmutable(), quantities.ToImmutable());
    }

    private static Findings History(Conditions conditions)
    {
        var lines = Learners.Select((learner, i) => (learner.Name, Runs: conditions.Trained(Random[i]))).ToArray();
        var evaluation = lines[0].Runs[0].Evaluation;
        return new()
        {
            Figures =
            [
                new(
                    "Only a policy that reads the history can pass the best constant price", Learned.Steps, Utility,
                    [
                        .. lines.Select(line => Learned.Curve(line.Name, line.Runs, point => point.TestReward)), new ReferenceLine("exact optimum, satisfactions known", ReferenceDirection.Horizontal, evaluation.OptimumReward),
                        new ReferenceLine("best constant price", ReferenceDirection.Horizontal, Learned.Measured(lines[0].Runs[0], "blindReward")),
                        new ReferenceLine("greedy", ReferenceDirection.Horizontal, Learned.Measured(lines[0].Runs[0], "greedyReward")),
                    ],
                    FormattableString.Invariant($"Evaluations; means over {conditions.Seeds} seeds with 95 % intervals.")),
            ],
            Tables = [Learned.Table("At the end", "money per round", lines)],
            Quantities =
            [
                .. lines.SelectMany((line, i) => new[]
                {
                    Learned.Mean($"lai{Learners[i].Id}History", $"share of the optimum with random followers, {line.Name}", "", line.Runs, run => run.Evaluation.Score.ShareOfOptimum),
                    Learned.Mean($"lai{Learners[i].Id}HistoryGain", $"share of the way from the best constant price to the optimum, {line.Name}", "", line.Runs, run => Learned.Measured(run, "historyGain")),
                }),
            ],
            Remark = "Satisfactions are drawn for each episode, with a mean of 200 and a variation of 0.3. The published game draws none, so nothing in it can show what a transformer is good for.",
        };
    }

    /// <summary>(K (δβ − c)²)/(8 δ |α|), the unit of training's rewards.</summary>
    private static double UnitOf(FinishedTraining run)
    {
        var scenario = (StackelbergPricingScenario)run.Experiment.Scenario;
        var margin = (scenario.Satisfaction * scenario.Quality.Slope) - scenario.UnitCost;
        return scenario.Followers * margin * margin / (8 * scenario.Satisfaction * -scenario.Quality.Curvature);
    }
}
