using System.Collections.Immutable;
using Menuet.Mechanisms.LatencyContract;
using Menuet.Mechanisms.QualityContract;

namespace Menuet.Mechanisms.TwoStageContract;

/// <summary>Solves stage 1, then a latency contract for the buyers of each of its items.</summary>
/// <remarks>
/// Guarantee: each stage is optimal given the one before, when its solver's answer is; that is the paper's order of play, in which
/// stage 1 does not look ahead. The bound is the sum of the stages' bounds, and only stated when stage 1 is proven optimal: another
/// item there is another market here.
/// Types that bought the same item on the same terms share one second stage.
/// Source: Ye et al., Sec. III.A.
/// </remarks>
internal sealed class Stagewise(
    string name, string summary, ISolver<QualityMarket, QualityOutcome> first, ISolver<LatencyMarket, LatencyOutcome> second)
    : ISolver<TwoStageMarket, TwoStageOutcome>
{
    public string Name => name;

    public string Summary => summary;

    public ImmutableArray<Claim> Promises(TwoStageMarket market) =>
        [.. first.Promises(market.Quality).Intersect(second.Promises(market.SecondStage(0, 0, 0)))];

    public Solution<TwoStageOutcome> Solve(TwoStageMarket market, SolveOptions options, CancellationToken cancellation)
    {
        var quality = Labelled("quality", () => first.Solve(market.Quality, options, cancellation));
        if (quality.Outcome is not { } items)
        {
            return new(quality.Termination, null, Iterations: quality.Iterations, Note: "stage 1: " + quality.Note, Reason: "quality: " + quality.Reason);
        }

        var solved = new Dictionary<(int Level, int Steps, LatencyTerms Terms), Solution<LatencyOutcome>>();
        var stages = ImmutableArray.CreateBuilder<Solution<LatencyOutcome>?>(items.Levels.Length);
        var (termination, bound, iterations) = (quality.Termination, quality.Bound, quality.Iterations);
        for (var i = 0; i < items.Levels.Length; i++)
        {
            if (items.Excluded[i])
            {
                stages.Add(null);
                continue;
            }

            // One user's market serves them all: neither menu nor feasibility depends on how many there are.
            var market2 = market.SecondStage(i, items.Levels[i], items.Steps[i]);
            var key = (market2.Level, market2.Steps, market2.Terms);
            if (!solved.TryGetValue(key, out var latency))
            {
                latency = Labelled(FormattableString.Invariant($"latency[{(market.Latency.Length == 1 ? 0 : i)}]"), () => second.Solve(market2 with { Users = 1 }, options, cancellation));
                solved.Add(key, latency);
                iterations += latency.Iterations;
            }

            if (latency.Outcome is null)
            {
                return new(
                    latency.Termination, null, Iterations: iterations,
                    Note: FormattableString.Invariant($"stage 2 of type {i + 1} (level {market2.Level}, {market2.Steps} steps): {latency.Note}"),
                    Reason: FormattableString.Invariant($"latency of type {i + 1}: {latency.Reason}"));
            }

            stages.Add(latency);
            bound += market2.Users * latency.Bound;
            termination = termination == Termination.Optimal ? latency.Termination : termination;
        }

        var proven = quality.Termination is Termination.Optimal or Termination.Converged;
        return double.IsFinite(bound) || !proven
            ? new(termination, new(quality, stages.MoveToImmutable()), proven ? bound : double.NaN, iterations, quality.Note)
            : new(Termination.NumericalTrouble, null, Iterations: iterations, Note: "the objective overflows", Reason: "overflow");
    }

    /// <summary>Lets a stage's solver refuse its market under the path where that market stands.</summary>
    private static Solution<TOutcome> Labelled<TOutcome>(string part, Func<Solution<TOutcome>> solve)
        where TOutcome : class
    {
        try
        {
            return solve();
        }
        catch (InvalidRequestException error)
        {
            throw new InvalidRequestException(
                [.. error.Problems.Select(problem => problem.Path.StartsWith('$') ? problem with { Path = $"$.{part}{problem.Path[1..]}" } : problem)], error.Kind);
        }
    }
}
