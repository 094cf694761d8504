using System.Collections.Immutable;
using Menuet.Documents;
using Menuet.Mechanisms.LatencyContract;
using Menuet.Mechanisms.QualityContract;

namespace Menuet.Mechanisms.TwoStageContract;

/// <summary>Quality first, speed second: users buy an item of a quality contract, then everyone who bought the same item is offered a latency contract.</summary>
/// <remarks>Source: Ye et al., Sec. III.A, steps 2 to 4.</remarks>
public sealed record TwoStageMarket : IMarket
{
    /// <summary>Stage 1.</summary>
    public QualityMarket Quality { get; init; } = new();

    /// <summary>Stage 2: terms for the buyers of each quality type's item, in the order of the types; or one for all.</summary>
    public ImmutableArray<LatencyTerms> Latency { get; init; } = [];

    internal static Shape<TwoStageMarket> Shape { get; } =
        new Shape<TwoStageMarket>("Users buy quality, then speed: a quality contract and a latency contract for the buyers of each of its items (Ye et al.).")
            .Nested("quality", "stage 1: a quality-contract document without kind", m => m.Quality, (ref m, v) => m = m with { Quality = v ?? new() }, QualityMarket.Shape, required: true)
            .List("latency", "stage 2: latency-contract documents without kind, users, level and steps, one per quality type in the order of quality.types, or one for all", m => m.Latency, (ref m, v) => m = m with { Latency = v }, LatencyTerms.Shape, required: true, minCount: 1);

    /// <inheritdoc/>
    public IEnumerable<Problem> Problems()
    {
        foreach (var problem in Quality.Problems())
        {
            yield return problem with { Path = "$.quality" + problem.Path[1..] };
        }

        if (Latency.Length != 1 && Latency.Length != Quality.Types.Length)
        {
            yield return Problem.With(
                "$.latency", Latency.Length,
                FormattableString.Invariant($"must have {Quality.Types.Length} entries, one per quality type, or a single one for all; this is how many it has"));
        }

        for (var k = 0; k < Latency.Length; k++)
        {
            foreach (var problem in Latency[k].Problems(FormattableString.Invariant($"$.latency[{k}]"), Quality.LevelMax, Quality.StepsMax))
            {
                yield return problem;
            }
        }
    }

    /// <summary>The latency market of those who bought a quality type's item: M q_i users on expectation.</summary>
    internal LatencyMarket SecondStage(int type, int level, int steps) => new()
    {
        Users = Quality.Users * Quality.Types[type].Probability,
        Level = level,
        Steps = steps,
        Terms = Latency[Latency.Length == 1 ? 0 : type],
    };
}
