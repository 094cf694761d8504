using System.Collections.Concurrent;
using System.Collections.Immutable;
using Menuet.Learning.Training;

namespace Menuet.Experiments;

/// <summary>
/// The trainings of a run of papers, shared by all exhibits that show them: <c>OUT/training/ID/seed-K</c>, the folders that
/// <c>menuet train EXPERIMENT --out OUT/training/EXPERIMENT --seeds 0..K</c> writes.
/// </summary>
/// <param name="output">OUT. Quick trainings lie apart, so that they never replace full ones.</param>
/// <param name="quick">Whether trainings are cut.</param>
/// <param name="seeds">0, 1, …, seeds − 1.</param>
internal sealed class TrainingStore(string output, bool quick, int seeds)
{
    private readonly string folder = Path.Combine(output, quick ? "training-quick" : "training");
    private readonly ConcurrentDictionary<(string Id, int Seed), FinishedTraining> finished = new();

    /// <summary>Trains, unless it may resume and the folder holds this training, finished by whichever build of this version.</summary>
    /// <returns>Whether it was kept as it was.</returns>
    /// <exception cref="OperationCanceledException">It was stopped; resumed, it goes on from its last checkpoint.</exception>
    internal bool Make(Training training, int seed, bool resume, Action<double> progress, CancellationToken cancellation)
    {
        var (own, experiment) = (FolderOf(training, seed), training.Read(quick));
        if (resume && FinishedTraining.Read(own, experiment, seed) is { } kept)
        {
            finished[(training.Id, seed)] = kept;
            return true;
        }

        using (var run = new TrainingRun(experiment, seed, own, resume && FinishedTraining.CanContinue(own, experiment)))
        {
            run.Run(status => progress(status.Share), cancellation);
        }

        cancellation.ThrowIfCancellationRequested();
        finished[(training.Id, seed)] = FinishedTraining.Read(own, experiment, seed) ?? throw new InvalidOperationException($"{own} does not hold what was trained into it.");
        return false;
    }

    /// <summary>Every seed of a training.</summary>
    /// <exception cref="InvalidOperationException">One of them failed, or the exhibit does not name the training.</exception>
    internal ImmutableArray<FinishedTraining> Of(Training training) =>
    [
        .. Enumerable.Range(0, seeds).Select(seed => finished.TryGetValue((training.Id, seed), out var found)
            ? found
            : throw new InvalidOperationException($"There is no training {training.Id} of seed {seed}.")),
    ];

    private string FolderOf(Training training, int seed) => Path.Combine([folder, .. training.Id.Split('/'), FormattableString.Invariant($"seed-{seed}")]);
}
