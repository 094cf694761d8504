using System.Collections.Immutable;
using Menuet.Figures;
using Menuet.Learning.Training;

namespace Menuet.Experiments.Papers;

/// <summary>Wen et al. 2025, what is learned: the learners of Table 2 and the settings of Fig. 6.</summary>
internal static class Wen2025Learning
{
    /// <summary>Three experts, one selected, weight 0.01, learning rate 0.001: what a setting shares with it needs no training of its own.</summary>
    private const string Settings = "wen2025/reward-moe-ppo-settings";

    private const string Trained = "Trained as docs/training.md says, the same draws for all; 10,000 test states that no training saw, judged at a tolerance of 0.001.";

    private const string ShapedRemark = "Test reward is Eq. (14): 0 where infeasible. In training, infeasible rewards cost ten times their violation instead, without which hardly any learner finds the feasible strip; "
        + "so train rewards are lower than Eq. (14)'s.";

    private static readonly Axis TestReward = new("Test reward", "money"), TrainReward = new("Reward in training, violations counted", "money");

    /// <summary>The learners of Table 2: what is printed there as test, train and final reward and as total and convergence time in hours.</summary>
    internal static readonly ImmutableArray<(string Id, string Name, Training Training, ImmutableArray<string> Printed)> Learners =
    [
        ("Moe", "MoE-PPO", new("wen2025/reward-moe-ppo"), ["21.75 ± 16.30", "21.77 ± 13.87", "28.93 ± 10.34", "0.4256", "0.1586"]),
        ("Ppo", "PPO", new("wen2025/reward-ppo"), ["20.63 ± 16.16", "21.20 ± 14.57", "28.61 ± 10.28", "0.2747", "0.1606"]),
        ("Transformer", "transformer-PPO", new("wen2025/reward-transformer-ppo"), ["18.56 ± 15.07", "18.57 ± 13.91", "18.91 ± 8.66", "0.6325", "0.3478"]),
        ("Tiny", "tiny-PPO", new("wen2025/reward-tiny-ppo"), ["−1.38 ± 1.65", "−1.42 ± 0.57", "0.53 ± 1.69", "0.3936", "0.3936+"]),
        ("Sac", "SAC", new("wen2025/reward-sac"), ["−0.95 ± 1.95", "−0.69 ± 0.61", "2.77 ± 1.98", "1.5308", "0.1633"]),
        ("Diffusion", "diffusion-Q (GDM)", new("wen2025/reward-diffusion-q"), ["4.64 ± 2.46", "4.65 ± 0.99", "4.43 ± 2.27", "4.2114", "0.1353"]),
    ];

    /// <summary>Premiums over the least truthful rewards instead of rewards: ours.</summary>
    private static readonly Training Projected = new("wen2025/reward-projected-moe-ppo");

    internal static ImmutableArray<Training> All { get; } = [.. Learners.Select(learner => learner.Training), Projected];

    internal static ImmutableArray<Exhibit> Exhibits { get; } =
    [
        new("fig5b", "MoE-PPO and other on-policy learners", "MoE-PPO is highest and converges before PPO; transformer-PPO is behind, tiny-PPO learns nothing.", conditions => Compared(conditions, 0, 1, 2, 3)) { Trainings = OfLearners(0, 1, 2, 3) },
        new("fig5c", "MoE-PPO and off-policy learners", "MoE-PPO is far above SAC and the diffusion model.", conditions => Compared(conditions, 0, 4, 5)) { Trainings = OfLearners(0, 4, 5) },
        Setting("fig6a", "The number of experts", "Training converges for all numbers but five.", "Experts", "experts", [2, 3, 4, 5], experts => experts == 3 ? [] : [FormattableString.Invariant($"actor.experts={experts}")]),
        Setting("fig6b", "The number of selected experts of four", "More selected experts are better; all four converge slowly.", "Selected", "selected", [1, 2, 3, 4], selected => selected == 1 ? ["actor.experts=4"] : ["actor.experts=4", FormattableString.Invariant($"actor.selected={selected}")]),
        Setting("fig6c", "The weight of the auxiliary loss", "0.01 is best.", "Balance", "weight", [0, 0.001, 0.01, 0.1], weight => weight == 0.01 ? [] : [FormattableString.Invariant($"actor.balanceWeight={weight}")]),
        Setting("fig6d", "The learning rate", "0.001 is best.", "Rate", "rate", [0.0001, 0.0003, 0.001, 0.003], rate => rate == 0.001 ? [] : [FormattableString.Invariant($"algorithm.learningRate={rate}")]),
    ];

    internal static ImmutableArray<Claim> Claims { get; } =
    [
        new(
            "wen-moe-highest-test", "MoE-PPO achieves the highest test reward of all learners.", "Section 5.2, Table 2", Trained + " 95 % intervals over seeds: MoE-PPO against each of the five others.",
            OfEach("Test"), Rules.Largest, "With intervals that overlap the order is not supported; the exact optimum bounds them all."),
        new(
            "wen-moe-highest-train", "MoE-PPO achieves the highest train reward of all learners.", "Section 5.2, Table 2", "Mean reward over all of training; 95 % intervals over seeds, MoE-PPO against each of the five others.", OfEach("Train"), Rules.Largest,
            "It depends on the budget of each learner: a longer training has a higher mean."),
        new(
            "wen-moe-highest-final", "MoE-PPO achieves the highest final reward of all learners.", "Section 5.2, Table 2", "Mean reward over the last tenth of training; 95 % intervals over seeds, MoE-PPO against each of the five others.", OfEach("Final"), Rules.Largest),
        new(
            "wen-moe-faster", "MoE-PPO converges faster than PPO.", "Section 5.2, Table 2", "Environment steps until the reward of training has made 95 % of its rise; 95 % intervals over seeds.", ["wenMoeConvergence", "wenPpoConvergence"], Rules.Smallest),
        new(
            "wen-moe-near-optimal", "MoE-PPO finds near-optimal contracts.", "Sections 4 and 5.3", Trained + " Share of the exact optimum; near: above 95 %; in part: above 90 %.", ["wenMoeShare"],
            quantities => quantities[0].Low > 0.95 ? Verdict.Holds : quantities[0].Low > 0.9 ? Verdict.Partly : Verdict.NotSupported),
        new(
            "wen-off-policy-behind", "The off-policy learners, SAC and the diffusion model, stay far behind MoE-PPO.", "Section 5.2, Fig. 5(c)", Trained + " Far: by more than half of MoE-PPO's test reward, both.", ["wenMoeTest", "wenSacTest", "wenDiffusionTest"],
            quantities => quantities.Skip(1).Count(other => other.High < quantities[0].Low / 2) switch { 2 => Verdict.Holds, 1 => Verdict.Partly, _ => Verdict.NotSupported }),
        new(
            "wen-tiny-fails", "Tiny-PPO and SAC end with negative test rewards.", "Table 2", Trained + " 95 % intervals over seeds.", ["wenTinyTest", "wenSacTest"],
            quantities => quantities.Count(reward => reward.High < 0) switch { 2 => Verdict.Holds, 1 => Verdict.Partly, _ => Verdict.NotSupported }, "By Eq. (14), which gives 0 to infeasible rewards, a negative mean needs contracts that are feasible and lose money."),
        new(
            "wen-diffusion-slowest", "The diffusion model takes the longest to train.", "Table 2", "Seconds of training for each thousand updates, 95 % intervals over seeds: diffusion-Q against each other learner.",
            ["wenDiffusionPace", .. Learners.Where(learner => learner.Id != "Diffusion").Select(learner => $"wen{learner.Id}Pace")], Rules.Largest),
        new(
            "wen-five-experts", "Training fails with five experts, and converges with fewer.", "Section 5.2, Fig. 6(a)", "Share of the optimum on test states: five against two, three and four; 95 % intervals over seeds.", ["wenExperts5", "wenExperts2", "wenExperts3", "wenExperts4"], Rules.Smallest),
        new(
            "wen-more-selected", "While the mixture is sparse, selecting more experts is better.", "Section 5.2, Fig. 6(b)", "Share of the optimum on test states: three of four against two and one; 95 % intervals over seeds.", ["wenSelected3", "wenSelected2", "wenSelected1"], Rules.Largest),
        new(
            "wen-dense-slower", "Selecting all experts slows convergence.", "Section 5.2, Fig. 6(b)", "Environment steps until the reward of training has made 95 % of its rise: all four against one, two and three; 95 % intervals over seeds.",
            ["wenSelected4Steps", "wenSelected1Steps", "wenSelected2Steps", "wenSelected3Steps"], Rules.Largest),
        new(
            "wen-balance-best", "An auxiliary loss of weight 0.01 is best.", "Section 5.2, Fig. 6(c)", "Share of the optimum on test states: 0.01 against 0, 0.001 and 0.1; 95 % intervals over seeds.", ["wenBalance0.01", "wenBalance0", "wenBalance0.001", "wenBalance0.1"], Rules.Largest,
            "With one selected expert the printed loss is 0 whatever the gate does; a load balancing loss stands in for it."),
        new(
            "wen-rate-best", "A learning rate of 0.001 is best.", "Section 5.2, Fig. 6(d)", "Share of the optimum on test states: 0.001 against 0.0001, 0.0003 and 0.003; 95 % intervals over seeds.", ["wenRate0.001", "wenRate0.0001", "wenRate0.0003", "wenRate0.003"], Rules.Largest),
    ];

    /// <summary>The tables of learners, and what claims are judged by.</summary>
    internal static Findings Numbers(Conditions conditions)
    {
        var learners = Learners.Select(learner => (learner.Name, Runs: conditions.Trained(learner.Training))).ToArray();
        (string Name, ImmutableArray<FinishedTraining> Runs)[] all = [.. learners, ("MoE-PPO, projected actions (ours)", conditions.Trained(Projected))];
        var quantities = ImmutableArray.CreateBuilder<Quantity>();
        for (var i = 0; i < learners.Length; i++)
        {
            var (id, (name, runs)) = (Learners[i].Id, learners[i]);
            quantities.AddRange(
                Learned.Mean($"wen{id}Test", $"test reward of {name}", "money", runs, run => run.Evaluation.Score.MeanReward),
                Learned.Mean($"wen{id}Train", $"mean reward over the training of {name}", "money", runs, run => run.Result.TrainReward),
                Learned.Mean($"wen{id}Final", $"mean reward over the last tenth of the training of {name}", "money", runs, run => run.Result.FinalReward),
                Learned.Mean($"wen{id}Share", $"share of the optimum of {name}", "", runs, run => run.Evaluation.Score.ShareOfOptimum),
                Learned.Mean($"wen{id}Convergence", $"environment steps until {name} has converged", "steps", runs, run => Learned.Convergence(run).Steps),
                Learned.Mean($"wen{id}Pace", $"training of {name} for each thousand updates", "s", runs, run => 1000 * run.Result.Seconds / run.Result.Updates));
        }

        var printed = new Table(
            "Learners as printed",
            [new("learner"), new("test reward"), new("train reward"), new("final reward"), new("total time", "h"), new("convergence time", "h")],
            [.. Learners.Select(learner => (ImmutableArray<object?>)[learner.Name, .. learner.Printed])]);
        return new()
        {
            Tables = [Learned.Table("Learners over seeds", "money", all), printed, Learned.Shares("Learners by the tolerance that constraints are judged at", all)],
            Quantities = quantities.ToImmutable(),
            Remark = ShapedRemark + " Converged: 95 % of the rise in training. Times are of one thread, on a machine that may have done other things as well.",
        };
    }

    private static ImmutableArray<Training> OfLearners(params int[] which) => [.. which.Select(i => Learners[i].Training)];

    private static ImmutableArray<string> OfEach(string measure) => [.. Learners.Select(learner => $"wen{learner.Id}{measure}")];

    private static Findings Compared(Conditions conditions, params int[] which)
    {
        var lines = which.Select(i => (Learners[i].Name, Runs: conditions.Trained(Learners[i].Training))).ToArray();
        var exact = new ReferenceLine("exact optimum", ReferenceDirection.Horizontal, lines[0].Runs[0].Evaluation.OptimumReward);
        var axis = which.Contains(4) ? Learned.Steps with { Scale = AxisScale.Logarithmic } : Learned.Steps;
        var best = lines.MaxBy(line => line.Runs.Average(run => run.Evaluation.Score.MeanReward)).Name;
        return new()
        {
            Figures =
            [
                new(
                    $"Test reward over training: {best} ends highest", axis, TestReward, [.. lines.Select(line => Learned.Curve(line.Name, line.Runs, point => point.TestReward)), exact],
                    FormattableString.Invariant($"Means over {conditions.Seeds} seeds with 95 % intervals.")),
                new(
                    "Reward in training", axis, TrainReward, [.. lines.Select(line => Learned.Curve(line.Name, line.Runs, point => point.TrainReward)), exact],
                    FormattableString.Invariant($"Means over {conditions.Seeds} seeds with 95 % intervals; exploration and the price of violations included.")),
            ],
            Tables = [Learned.Table("At the end", "money", lines)],
            Remark = ShapedRemark,
        };
    }

    private static Exhibit Setting(string id, string title, string printed, string prefix, string what, double[] values, Func<double, string[]> changes)
    {
        ImmutableArray<Training> trainings = [.. values.Select(value => new Training(Settings, [.. changes(value)]))];
        return new(id, title, printed, Made) { Trainings = trainings };

        Findings Made(Conditions conditions)
        {
            var lines = values.Select((value, i) => (Name: FormattableString.Invariant($"{what} {value}"), Value: value, Runs: conditions.Trained(trainings[i]))).ToArray();
            return new()
            {
                Figures =
                [
                    new(
                        title + ": reward in training", Learned.Steps, TrainReward,
                        [.. lines.Select(line => Learned.Curve(line.Name, line.Runs, point => point.TrainReward)), new ReferenceLine("exact optimum", ReferenceDirection.Horizontal, lines[0].Runs[0].Evaluation.OptimumReward)],
                        FormattableString.Invariant($"Means over {conditions.Seeds} seeds with 95 % intervals.")),
                ],
                Tables = [Learned.Table("At the end", "money", lines.Select(line => (line.Name, line.Runs)))],
                Quantities =
                [
                    .. lines.Select(line => Learned.Mean(FormattableString.Invariant($"wen{prefix}{line.Value}"), $"share of the optimum, {line.Name}", "", line.Runs, run => run.Evaluation.Score.ShareOfOptimum)),
                    .. lines.Select(line => Learned.Mean(FormattableString.Invariant($"wen{prefix}{line.Value}Steps"), $"environment steps until convergence, {line.Name}", "steps", line.Runs, run => Learned.Convergence(run).Steps)),
                ],
                Remark = "Three experts, one selected, weight 0.01, learning rate 0.001 unless it says otherwise; 8000 updates, a twelfth of those of fig5b. " + ShapedRemark,
            };
        }
    }
}
