using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Menuet.Figures;
using Menuet.Learning.Training;
using Menuet.Mechanisms.LatencyContract;
using Menuet.Mechanisms.QualityContract;

namespace Menuet.Experiments.Papers;

/// <summary>Ye et al., what is learned: the training of both stages, the menus that trained policies name, and Tables III and IV beside what is trained here.</summary>
internal static class YeLearning
{
    internal static readonly Training Quality = new("ye/quality-diffusion-q"), Latency = new("ye/latency-diffusion-q");

    private static readonly Training QualityBaseline = new("ye/quality-ddpg"), LatencyBaseline = new("ye/latency-ddpg");

    /// <summary>The printed learning rates; 1000 updates, of batches that can be filled, are more than the printed thousand episodes of one step allow.</summary>
    private static readonly Training
        QualityPrinted = new("ye/quality-diffusion-q", "algorithm.actorLearningRate=8e-9", "algorithm.criticLearningRate=8e-9", "updates=1000", "evaluation.every=250"),
        LatencyPrinted = new("ye/latency-diffusion-q", "algorithm.actorLearningRate=1e-6", "algorithm.criticLearningRate=1e-6", "updates=1000", "evaluation.every=250");

    private const string MenusRemark = "The paper shows learned contracts in these figures; the exact ones have exhibits of their own. Means over seeds with 95 % intervals.";

    private const string Judged = "Share of the exact optimum on 5000 states that no training saw, constraints judged at a tolerance of 0.001, infeasible menus counted as 0; 95 % intervals over seeds.";

    internal static ImmutableArray<Exhibit> Curves { get; } =
    [
        new("fig5", "Training of the quality contract", "The diffusion policy is above the plain one throughout.", conditions => Compared(conditions, "quality", Quality, QualityBaseline, QualityPrinted)) { Trainings = [Quality, QualityBaseline, QualityPrinted] },
        new("fig8", "Training of the latency contract", "The diffusion policy is above the plain one throughout.", conditions => Compared(conditions, "latency", Latency, LatencyBaseline, LatencyPrinted)) { Trainings = [Latency, LatencyBaseline, LatencyPrinted] },
    ];

    internal static ImmutableArray<Exhibit> Configurations { get; } =
    [
        new("table3", "Networks, printed and trained here", "Layers, activations and units of the design and the evaluation network.", _ => Networks()),
        new("table4", "Hyper-parameters, printed and trained here", "Learning rates, batch, discount, noise, episodes and penalty of both stages.", _ => Parameters()),
    ];

    internal static ImmutableArray<Exhibit> Menus { get; } =
    [
        new("x-quality-learned", "The quality contract that the diffusion policy learned (Fig. 6 and 7)", "", QualityMenus) { Trainings = [Quality] },
        new("x-latency-learned", "The latency contracts that the diffusion policy learned (Fig. 9 and 10)", "", LatencyMenus) { Trainings = [Latency] },
    ];

    internal static ImmutableArray<Claim> Claims { get; } =
    [
        new("ye-diffusion-better-quality", "The diffusion policy outperforms plain deep reinforcement learning on the quality contract.", "Section VI.D, Fig. 5", Judged, ["yeQualityDiffusion", "yeQualityBaseline"], Rules.Largest),
        new("ye-diffusion-better-latency", "The diffusion policy outperforms plain deep reinforcement learning on the latency contract.", "Section VI.D, Fig. 8", Judged, ["yeLatencyDiffusion", "yeLatencyBaseline"], Rules.Largest),
        new(
            "ye-diffusion-feasible", "The learned quality contract satisfies participation and truth-telling.", "Section VI.D, Fig. 6", "Share of 5000 states in which the diffusion policy's menu violates no constraint, and none by more than a thousandth of the money scale.",
            ["yeQualityFeasible", "yeQualityFeasibleNearly"], quantities => quantities[0].Low > 0.95 ? Verdict.Holds : quantities[1].Low > 0.95 ? Verdict.Partly : Verdict.NotSupported,
            "A policy meets a constraint that binds at the optimum with a margin or not at all."),
        new(
            "ye-printed-rates", "The printed learning rates train the policies.", "Section VI.C, Table IV", "Share of the exact optimum after 1000 updates at the printed rates, quality and latency; more than a half counts as trained.",
            ["yeQualityPrinted", "yeLatencyPrinted"], quantities => quantities.Count(share => share.Low > 0.5) switch { 2 => Verdict.Holds, 1 => Verdict.Partly, _ => Verdict.NotSupported },
            "A thousand episodes of one step are a thousand records, of which no batch of a million can be drawn; at 8·10⁻⁹ weights stay where they begin."),
    ];

    /// <summary>Learned numbers for each of several categories: means over seeds.</summary>
    private static BarSeries Bars<T>(string name, ImmutableArray<string> categories, ImmutableArray<T> answers, Func<T, int, double> value) => Learned.Bars(
        name, categories, [.. categories.Select((_, i) => Learned.Mean("", "", "", answers.Select(answer => YeMarkets.Clean(value(answer, i)))))]);

    private static Findings Compared(Conditions conditions, string stage, Training diffusion, Training baseline, Training printed)
    {
        var name = char.ToUpperInvariant(stage[0]) + stage[1..];
        (string Name, ImmutableArray<FinishedTraining> Runs)[] lines =
            [("diffusion-Q", conditions.Trained(diffusion)), ("DDPG", conditions.Trained(baseline)), ("diffusion-Q, printed learning rates", conditions.Trained(printed))];
        var (best, reference) = (lines.Take(2).MaxBy(line => line.Runs.Average(run => run.Evaluation.Score.ShareOfOptimum)), lines[0].Runs[0]);
        return new()
        {
            Figures =
            [
                new(
                    $"Test reward over training: {best.Name} ends highest", Learned.Steps, new("Test reward", "money"),
                    [
                        .. lines.Select(line => Learned.Curve(line.Name, line.Runs, point => point.TestReward)), new ReferenceLine("exact optimum", ReferenceDirection.Horizontal, reference.Evaluation.OptimumReward),
                        new ReferenceLine("random", ReferenceDirection.Horizontal, Learned.Measured(reference, "random")),
                    ],
                    FormattableString.Invariant($"Means over {conditions.Seeds} seeds with 95 % intervals; an infeasible menu counts as 0.")),
                new(
                    "Reward in training, violations counted", Learned.Steps, new("Reward in training"), [.. lines.Select(line => Learned.Curve(line.Name, line.Runs, point => point.TrainReward))],
                    "In the environment's unit: objective and violations over what the highest type would pay for the best."),
            ],
            Tables = [Learned.Table("At the end", "money", lines), Learned.Shares("By the tolerance that constraints are judged at", lines)],
            Quantities =
            [
                Learned.Mean($"ye{name}Diffusion", $"share of the optimum of diffusion-Q, {stage} contract", "", lines[0].Runs, run => run.Evaluation.Score.ShareOfOptimum),
                Learned.Mean($"ye{name}Baseline", $"share of the optimum of DDPG, {stage} contract", "", lines[1].Runs, run => run.Evaluation.Score.ShareOfOptimum),
                Learned.Mean($"ye{name}Printed", $"share of the optimum at the printed learning rates, {stage} contract", "", lines[2].Runs, run => run.Evaluation.Score.ShareOfOptimum),
                Learned.Mean($"ye{name}Feasible", $"share of states with a feasible menu of diffusion-Q, {stage} contract", "", lines[0].Runs, run => run.Evaluation.Tolerances[0].FeasibleShare),
                Learned.Mean($"ye{name}FeasibleNearly", $"the same within a thousandth, {stage} contract", "", lines[0].Runs, run => run.Evaluation.Score.FeasibleShare),
            ],
            Remark = stage == "latency"
                ? "About a sixth of the exact optima are negative, because every type must be served; an infeasible menu counts as 0 and beats them, so shares of the optimum can pass 1."
                : "The printed reward adds a constant for each violated constraint and has no bound on payments; here violations cost in proportion.",
        };
    }

    private static Findings QualityMenus(Conditions conditions)
    {
        var (market, exact) = (YeMarkets.Quality, conditions.Solve(YeMarkets.Quality).Menu);
        ImmutableArray<ImmutableArray<QualityItem>> learned =
            [.. conditions.Trained(Quality).Select(run => QualityContractMechanism.Door.Describe(market, ((QualityScenario)run.Experiment.Scenario).Answer(market, run.Policy())).Menu)];
        return new()
        {
            Figures =
            [
                Utilities("Learned menus: what a user gains by each item", "Quality contract item", learned, [.. market.Types.Select(type => type.Gain)], (item, gain) => (gain * item.Quality!.Value) - item.Payment),
                Chart("Steps by type", "Number of diffusion denoising steps", "", item => item.Steps),
                Chart("Levels by type", "Level of prompt optimization", "", item => item.Level),
                Chart("Payments by type", "Reward for ASP", "money", item => item.Payment),
            ],
            Remark = MenusRemark,
        };

        Figure Chart(string title, string label, string unit, Func<QualityItem, double> value) => new(
            title, new("Type of gain per quality"), new(label, unit),
            [new BarSeries("exact menu", YeMarkets.Types, [.. exact.Select(value)]), Bars("diffusion-Q", YeMarkets.Types, learned, (menu, i) => value(menu[i]))]);
    }

    private static Findings LatencyMenus(Conditions conditions)
    {
        ImmutableArray<LatencyMarket> markets = [YeMarkets.Group1, YeMarkets.Group2];
        ImmutableArray<string> names = ["(1, 13), type 1", "(1, 13), type 2", "(2, 17), type 1", "(2, 17), type 2"];
        ImmutableArray<LatencyItem> exact = [.. markets.SelectMany(market => conditions.Solve(market).Menu)];
        var learned = markets.Select(market => conditions.Trained(Latency).Select(run => LatencyContractMechanism.Door.Describe(
            market, ((LatencyScenario)run.Experiment.Scenario).Answer(market, run.Policy())).Menu).ToImmutableArray()).ToArray();
        ImmutableArray<ImmutableArray<LatencyItem>> both = [.. learned[0].Zip(learned[1], (one, two) => one.AddRange(two))];
        return new()
        {
            Figures =
            [
                .. markets.Select((market, i) => Utilities(
                    FormattableString.Invariant($"Learned menus, deadline {market.Terms.MaxLatencySeconds:0} s, level {market.Level}, {market.Steps} steps"), "Latency contract item", learned[i],
                    [.. market.Terms.Types.Select(type => type.Gain)], (item, gain) => (gain * item.ExpectedLatencyReductionSeconds!.Value) - item.Payment)),
                Chart("CPU for optimising the prompt", "CPU frequency", "GHz", item => item.CpuPromptHz / 1e9),
                Chart("CPU for denoising", "CPU frequency", "GHz", item => item.CpuDenoiseHz / 1e9),
                Chart("Transmission", "Network transmission rate", "Mbit/s", item => item.RateBitPerSecond / 1e6),
                Chart("Payment", "Reward for ASP", "money", item => item.Payment),
            ],
            Remark = MenusRemark,
        };

        Figure Chart(string title, string label, string unit, Func<LatencyItem, double> value) => new(
            title, new("Quality contract item and latency type"), new(label, unit), [new BarSeries("exact menu", names, [.. exact.Select(value)]), Bars("diffusion-Q", names, both, (menu, i) => value(menu[i]))]);
    }

    private static Figure Utilities<T>(string title, string item, ImmutableArray<ImmutableArray<T>> menus, ImmutableArray<double> gains, Func<T, double, double> utility) => new(
        title, new(item), new("Utility of user", "money"),
        [.. gains.Select((gain, i) => Bars($"user of {YeMarkets.Types[i]}", [.. YeMarkets.Types.Select(name => $"for {name}")], menus, (menu, k) => utility(menu[k], gain)))],
        "Menus of diffusion-Q, mean over seeds with 95 % intervals; bars below 0 are users who would rather stay out.");

    private static Findings Networks() => new()
    {
        Tables =
        [
            new(
                "Table III", [new("network"), new("layer"), new("activation"), new("units, printed"), new("quality, here"), new("latency, here"), new("remark")],
                [
                    ["design", "embedding of the denoising step", "", 16, Of(Quality, "actor.timeSize"), Of(Latency, "actor.timeSize"), ""],
                    ["design", "two layers on the embedding", "Tanh", "32, 16", "within the embedding", "within the embedding", ""],
                    ["design", "hidden layers", "Tanh", "256, 256", Of(Quality, "actor.hidden"), Of(Latency, "actor.hidden"), $"activation here: {Of(Quality, "actor.activation")}"],
                    ["design", "output", "Tanh", 12, 6, 8, "two types need 6 numbers in the quality stage and 8 in the latency stage, 12 is neither"],
                    ["evaluation", "hidden layers", "Mish", "256, 256, 256", Of(Quality, "critic.hidden"), Of(Latency, "critic.hidden"), $"activation here: {Of(Quality, "critic.activation")}; two networks, the smaller value counts"],
                    ["evaluation", "output", "", 1, 1, 1, ""],
                ]),
        ],
        Remark = "Read from the experiments ye/quality-diffusion-q and ye/latency-diffusion-q, which ship with Menuet.",
    };

    private static Findings Parameters() => new()
    {
        Tables =
        [
            new(
                "Table IV", [new("hyper-parameter"), new("quality, printed"), new("quality, here"), new("latency, printed"), new("latency, here"), new("why")],
                [
                    Row("learning rate of the design network", "8e-9", "algorithm.actorLearningRate", "1e-6", "the printed rates leave weights where they begin: fig5, fig8"),
                    Row("learning rate of the evaluation network", "8e-9", "algorithm.criticLearningRate", "1e-6", "as above"),
                    Row("soft target update", "0.005", "algorithm.targetShare", "0.005", "targets have no part where the discount is 0"),
                    Row("batch size", "1e6", "algorithm.batch", "1e6", "cannot be run: a thousand episodes of one step are a thousand records"),
                    Row("discount factor", "0.95", "algorithm.discount", "0.95", "every episode has one step: there is no future to discount"),
                    Row("denoising steps", "3", "actor.denoisingSteps", "3", ""),
                    Row("capacity of the replay buffer", "1e6", "algorithm.capacity", "1e6", "more than ever is drawn from"),
                    Row("exploration noise", "0.01", "algorithm.explorationNoise", "0.01", ""),
                    Row("episodes", "1000", "updates", "1000", "here: updates of the networks; see the number of steps in fig5 and fig8"),
                    ["steps of an episode", "1", "1", "1", "1", ""],
                    ["penalty of a violated constraint", "−300", $"{Of(Quality, "environment.penaltyWeight")} × violation", "−200", $"{Of(Latency, "environment.penaltyWeight")} × violation", "the printed constant makes violations worthwhile: payments have no bound"],
                ]),
        ],
        Remark = "Read from the experiments ye/quality-diffusion-q and ye/latency-diffusion-q, which ship with Menuet.",
    };

    private static ImmutableArray<object?> Row(string name, string quality, string path, string latency, string why) => [name, quality, Of(Quality, path), latency, Of(Latency, path), why];

    /// <summary>An option of an experiment, as its document says it, defaults included.</summary>
    private static string Of(Training training, string path)
    {
        JsonNode? node = JsonNode.Parse(training.Read(quick: false).Write());
        foreach (var step in path.Split('.'))
        {
            node = node?[step];
        }

        return node is JsonArray list ? string.Join(", ", list.Select(number => number!.ToJsonString())) : node?.ToString() ?? "none";
    }
}
