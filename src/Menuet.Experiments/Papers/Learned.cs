using System.Collections.Immutable;
using Menuet.Figures;
using Menuet.Learning.Training;

namespace Menuet.Experiments.Papers;

/// <summary>Trainings of several seeds as curves and numbers.</summary>
internal static class Learned
{
    /// <summary>Training is said to have converged when it has made this share of its whole rise.</summary>
    internal const double Converged = 0.95;

    /// <summary>Environment steps on a curve's axis.</summary>
    internal static readonly Axis Steps = new("Environment steps");

    internal static Quantity Mean(string name, string meaning, string unit, ImmutableArray<FinishedTraining> runs, Func<FinishedTraining, double> value) =>
        Mean(name, meaning, unit, runs.Select(value));

    /// <summary>A number of each seed.</summary>
    internal static Quantity Mean(string name, string meaning, string unit, IEnumerable<double> bySeed) => Quantity.Mean(name, meaning, unit, [.. bySeed]) with { IsLearned = true };

    /// <summary>The mean over seeds with its 95 % interval, row by row of the logs that have the value; at the mean of their steps, which differ where rounds end early.</summary>
    internal static LineSeries Curve(string name, ImmutableArray<FinishedTraining> runs, Func<TrainingPoint, double> value)
    {
        var logs = runs.Select(run => run.Log.Where(point => double.IsFinite(value(point))).ToArray()).ToArray();
        var rows = Enumerable.Range(0, logs.Min(log => log.Length)).ToArray();
        return Line(name, [.. rows.Select(row => logs.Average(log => (double)log[row].Steps))], [.. rows.Select(row => Mean("", "", "", logs.Select(log => value(log[row]))))]);
    }

    /// <summary>Means with their intervals; without them where there is one seed.</summary>
    internal static LineSeries Line(string name, ImmutableArray<double> x, ImmutableArray<Quantity> means)
    {
        var line = new LineSeries(name, x, [.. means.Select(mean => mean.Value)]) { Markers = x.Length <= 20 };
        return means.All(mean => double.IsFinite(mean.Low)) ? line with { Low = [.. means.Select(mean => mean.Low)], High = [.. means.Select(mean => mean.High)] } : line;
    }

    /// <summary>One bar for each category; those of learners with their intervals.</summary>
    internal static BarSeries Bars(string name, ImmutableArray<string> categories, ImmutableArray<Quantity> means)
    {
        var bars = new BarSeries(name, categories, [.. means.Select(mean => mean.Value)]);
        return means.All(mean => double.IsFinite(mean.Low)) ? bars with { Low = [.. means.Select(mean => mean.Low)], High = [.. means.Select(mean => mean.High)] } : bars;
    }

    /// <summary>The first row of the log by which the reward of training has made 95 % of its way from the first row to the mean of the last tenth.</summary>
    internal static TrainingPoint Convergence(FinishedTraining run)
    {
        var log = run.Log.Where(point => double.IsFinite(point.TrainReward)).ToArray();
        var (first, last) = (log[0].TrainReward, run.Result.FinalReward);
        return log.FirstOrDefault(point => point.TrainReward - first >= Converged * (last - first), log[^1]);
    }

    /// <summary>A measure of the last evaluation.</summary>
    internal static double Measured(FinishedTraining run, string measure) => run.Evaluation.Measures.Single(one => one.Name == measure).Mean;

    /// <summary>Learners beside one another and the exact solver: rewards, training and decisions.</summary>
    internal static Table Table(string title, string unit, IEnumerable<(string Name, ImmutableArray<FinishedTraining> Runs)> learners)
    {
        var rows = learners.ToArray();
        var evaluation = rows[0].Runs[0].Evaluation;
        return new(
            title,
            [
                new("learner"), new("test reward", unit), new("low", unit), new("high", unit), new("deviation over draws", unit), new("share of optimum"), new("share of reachable"), new("feasible share"),
                new("train reward"), new("final reward"), new("steps"), new("updates"), new("training", "s"), new("converged after", "steps"), new("converged after", "s"), new("decision", "µs"),
            ],
            [
                .. rows.Select(row =>
                {
                    var test = Mean("", "", "", row.Runs, run => run.Evaluation.Score.MeanReward);
                    return (ImmutableArray<object?>)
                    [
                        row.Name, test.Value, Finite(test.Low), Finite(test.High), Average(run => run.Evaluation.Score.StandardDeviation), Average(run => run.Evaluation.Score.ShareOfOptimum),
                        Average(run => run.Evaluation.Score.ShareOfReachable), Average(run => run.Evaluation.Score.FeasibleShare), Average(run => run.Result.TrainReward), Average(run => run.Result.FinalReward),
                        Average(run => run.Result.Steps), Average(run => run.Result.Updates), Average(run => run.Result.Seconds), Average(run => Convergence(run).Steps), Average(run => Convergence(run).Seconds),
                        Average(run => 1e6 * run.Evaluation.InferenceTime.TotalSeconds),
                    ];

                    double Average(Func<FinishedTraining, double> value) => row.Runs.Average(value);
                }),
                ["exact solver", evaluation.OptimumReward, null, null, null, 1.0, null, null, null, null, null, null, null, null, null, 1e6 * evaluation.ExactTime.TotalSeconds],
            ]);
    }

    /// <summary>Shares of learners at every tolerance that they were judged at.</summary>
    internal static Table Shares(string title, IEnumerable<(string Name, ImmutableArray<FinishedTraining> Runs)> learners) => new(
        title, [new("learner"), new("tolerance"), new("share of optimum"), new("low"), new("high"), new("share of reachable"), new("feasible share")],
        [
            .. learners.SelectMany(learner => Enumerable.Range(0, learner.Runs[0].Evaluation.Tolerances.Length).Select(i =>
            {
                var share = Mean("", "", "", learner.Runs, run => run.Evaluation.Tolerances[i].ShareOfOptimum);
                return (ImmutableArray<object?>)
                [
                    learner.Name, learner.Runs[0].Evaluation.Tolerances[i].Tolerance, share.Value, Finite(share.Low), Finite(share.High), learner.Runs.Average(run => run.Evaluation.Tolerances[i].ShareOfReachable),
                    learner.Runs.Average(run => run.Evaluation.Tolerances[i].FeasibleShare),
                ];
            })),
        ]);

    private static double? Finite(double value) => double.IsFinite(value) ? value : null;
}
