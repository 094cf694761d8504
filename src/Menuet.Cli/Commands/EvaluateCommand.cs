using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Menuet.Cli.Rendering;
using Menuet.Learning.Training;

namespace Menuet.Cli.Commands;

/// <summary><c>menuet evaluate POLICY</c>: how well a policy does on draws that it never saw, with the exact solver beside it.</summary>
internal static class EvaluateCommand
{
    internal static Command Create(Terminal terminal)
    {
        var file = new Argument<string>("policy") { HelpName = "policy", Description = "The policy's file, such as runs/NAME/seed-0/policy.json" };
        file.Validators.Add(MarketSource.RefuseOptions);
        var draws = new Option<int?>("--draws") { Description = "Markets or episodes to play. Default: the experiment's evaluation.finalDraws" };
        draws.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out var count) && count < 1)
            {
                result.AddError($"--draws must be at least 1, not {count}");
            }
        });
        var seed = new Option<ulong?>("--seed") { Description = "Seed of the draws: the same for every policy. Default: the experiment's evaluation.seed" };
        var set = new Option<string[]>("--set")
        {
            Description = "environment.PATH=VALUE plays another environment than the policy was trained on, as environment.users=100; repeatable",
        };
        var format = SharedOptions.FormatOption();
        var command = new Command("evaluate", "Judges a trained policy on new draws, beside the exact optimum.") { file, draws, seed, set, format };
        command.SetAction((parsed, cancellation) => Task.Run(
            () => Run(
                terminal, parsed.GetRequiredValue(file), parsed.GetValue(draws), parsed.GetValue(seed), parsed.GetValue(set) ?? [], parsed.GetValue(format)!, cancellation),
            CancellationToken.None));
        return command;
    }

    private static int Run(Terminal terminal, string file, int? draws, ulong? seed, string[] changes, string format, CancellationToken cancellation)
    {
        try
        {
            var policy = TrainedPolicy.Read(file);
            var plan = policy.Experiment.Evaluation;
            var evaluation = Scenario(policy, changes).Evaluate(policy, draws ?? plan.FinalDraws, seed ?? (ulong)plan.Seed, cancellation);
            EvaluationTables.Write(terminal, policy, evaluation, changes, format);
            return 0;
        }
        catch (InvalidRequestException error) when (format == "json")
        {
            ProblemText.WriteJson(terminal.Output, error, single: true);
            return ExitCode.InvalidInput;
        }
    }

    private static IScenario Scenario(TrainedPolicy policy, string[] changes)
    {
        if (changes.Length == 0)
        {
            return policy.Experiment.Scenario;
        }

        var scenario = Experiment.Read(ExperimentSource.Changed(WithScales(policy.Experiment.Write()), changes, "environment.")).Scenario;
        var sizes = scenario.Start(1);
        return (sizes.ObservationSize, sizes.ActionSize) == (policy.ObservationSize, policy.ActionSize)
            ? scenario
            : throw new InvalidRequestException(
                [new("--set", $"this environment shows {sizes.ObservationSize} numbers and takes {sizes.ActionSize}, the policy sees {policy.ObservationSize} and decides {policy.ActionSize}")]);
    }

    /// <summary>A policy sees other draws through the scales of its training: an environment that scales by its ranges is told them.</summary>
    private static byte[] WithScales(byte[] experiment)
    {
        var document = JsonNode.Parse(experiment)!;
        var environment = document["environment"]!.AsObject();
        if (environment["ranges"] is not { } ranges || environment.ContainsKey("scales"))
        {
            return experiment;
        }

        environment["scales"] = ranges.DeepClone();
        return JsonSerializer.SerializeToUtf8Bytes(document);
    }
}
