using System.Diagnostics;
using System.Globalization;
using Menuet.Learning.Training;
using Spectre.Console;

namespace Menuet.Cli.Rendering;

/// <summary>A training as it goes on: gauges that redraw themselves where a person watches, otherwise a line now and then.</summary>
internal sealed class TrainingText(Terminal terminal, Experiment experiment)
{
    private const double SecondsBetweenLines = 60;
    private const double SecondsBetweenFrames = 0.1;
    private const int BarWidth = 30;
    private readonly Stopwatch watch = Stopwatch.StartNew();
    private double last = double.NegativeInfinity;
    private bool warned;

    internal void Begin(TrainingRun run, int seed, string folder)
    {
        terminal.Output.WriteLine($"{experiment.Name}, seed {seed}, into {folder} ({TrainingRun.Kernel})");
        if (run.IsResumed)
        {
            terminal.Output.WriteLine(Invariant($"continued from the checkpoint at update {run.Updates:N0}"));
        }
    }

    internal TrainingResult Watch(Func<Action<TrainingStatus>, TrainingResult> train)
    {
        if (!terminal.IsInteractive)
        {
            last = watch.Elapsed.TotalSeconds;
            return train(WriteLine);
        }

        TrainingResult? result = null;
        terminal.Console(terminal.Output).Live(new Text("")).Start(frame => result = train(status =>
        {
            if (watch.Elapsed.TotalSeconds - last >= SecondsBetweenFrames || status.Share >= 1)
            {
                last = watch.Elapsed.TotalSeconds;
                frame.UpdateTarget(Gauges(status));
            }
        }));
        return result!;
    }

    internal void End(TrainingRun run, TrainingResult result)
    {
        var last = double.IsFinite(result.FinalReward) ? Invariant($", {result.FinalReward:G5} in the last tenth") : "";
        terminal.Output.WriteLine(Invariant(
            $"{(result.IsFinished ? "trained" : "stopped after")} {result.Steps:N0} steps, {result.Updates:N0} updates in {result.Seconds:F1} s; reward {result.TrainReward:G5} over all{last}"));
        if (result.Evaluation is not null)
        {
            EvaluationTables.WriteText(terminal, result.Evaluation);
        }

        terminal.Output.WriteLine($"Written: {run.PolicyPath}");
        if (!result.IsFinished)
        {
            terminal.Error.WriteLine("menuet: stopped; the same command with --resume continues to the same bits");
        }
    }

    private void WriteLine(TrainingStatus status)
    {
        var now = watch.Elapsed.TotalSeconds;
        if (status.IsEvaluated || now - last >= SecondsBetweenLines)
        {
            last = now;
            terminal.Output.WriteLine("  " + string.Join("  ", Facts(status).Select(fact => $"{fact.Name} {fact.Value}")));
        }

        if (status.IsStuck && !warned)
        {
            warned = true;
            terminal.Error.WriteLine("menuet: " + Stuck(status));
        }
    }

    private static IEnumerable<(string Name, string Value)> Facts(TrainingStatus status)
    {
        var progress = status.Progress;
        yield return ("updates", Invariant($"{progress.Updates:N0} ({status.Share:P0})"));
        yield return ("reward", Invariant($"{progress.MeanReward:G5}"));
        if (float.IsFinite(progress.MeanReturn) && progress.MeanReturn != progress.MeanReward)
        {
            yield return ("return", Invariant($"{progress.MeanReturn:G5}"));
        }

        if (status.Evaluation is { } evaluation)
        {
            yield return ("share of optimum", Invariant($"{evaluation.Score.ShareOfOptimum:F4}"));
            yield return ("feasible", Invariant($"{evaluation.Score.FeasibleShare:F4}"));
        }

        yield return ("losses", Invariant($"{progress.ActorLoss:G3}/{progress.CriticLoss:G3}"));
        yield return ("saturated", Invariant($"{progress.SaturatedShare:P0}"));
        yield return ("speed", Invariant($"{status.StepsPerSecond:N0} steps/s, {status.UpdatesPerSecond:N0} updates/s"));
    }

    private static Grid Gauges(TrainingStatus status)
    {
        var grid = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();
        var full = (int)Math.Round(status.Share * BarWidth);
        var left = status.Share > 0 ? TimeSpan.FromSeconds(status.Seconds * (1 - status.Share) / status.Share) : TimeSpan.Zero;
        grid.AddRow(new Markup($"[green]{new string('━', full)}[/][dim]{new string('━', BarWidth - full)}[/]"), new Markup(Invariant($"about {left:h\\:mm\\:ss} left")));
        foreach (var (name, value) in Facts(status))
        {
            grid.AddRow(new Markup($"[bold]{name}[/]"), new Markup(Markup.Escape(value)));
        }

        if (status.IsStuck)
        {
            grid.AddRow(new Markup("[red]stuck?[/]"), new Markup(Markup.Escape(Stuck(status))));
        }

        return grid;
    }

    private static string Stuck(TrainingStatus status) => Invariant(
        $"{status.Progress.SaturatedShare:P0} of all actions have been at their bounds for a while: lower the learning rate, raise the weight of the entropy, scale the rewards, or begin with \"actor\": {{\"network\": \"mlp\"}}");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
