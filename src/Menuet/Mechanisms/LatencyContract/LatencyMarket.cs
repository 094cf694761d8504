using Menuet.Documents;

namespace Menuet.Mechanisms.LatencyContract;

/// <summary>
/// Users who bought one item (level, steps) of a quality contract, and whose gain per second of shorter latency is private.
/// </summary>
/// <remarks>Source: Ye et al., Problem 2.</remarks>
public sealed record LatencyMarket : IMarket
{
    /// <summary>The largest level and the largest number of steps of any document.</summary>
    internal const int LargestWork = 1_000_000_000;

    /// <summary>M_i, users in the group; &gt; 0, need not be whole: an expected number.</summary>
    public double Users { get; init; } = 1;

    /// <summary>l, prompt optimisation level that the group bought.</summary>
    public int Level { get; init; }

    /// <summary>s, denoising steps that the group bought.</summary>
    public int Steps { get; init; }

    /// <summary>Everything else.</summary>
    public LatencyTerms Terms { get; init; } = new();

    internal static Shape<LatencyMarket> Shape { get; } =
        new Shape<LatencyMarket>("Users who bought one item of a quality contract choose how fast it is delivered (Ye et al., Problem 2).")
            .Number("users", "M, users in the group", m => m.Users, (ref m, v) => m = m with { Users = v }, Interval.Positive)
            .Whole("level", "l, prompt optimisation level that the group bought", m => m.Level, (ref m, v) => m = m with { Level = v }, 0, LargestWork, required: true)
            .Whole("steps", "s, denoising steps that the group bought", m => m.Steps, (ref m, v) => m = m with { Steps = v }, 0, LargestWork, required: true)
            .Include(m => m.Terms, (ref m, v) => m = m with { Terms = v }, LatencyTerms.Shape);

    /// <inheritdoc/>
    public IEnumerable<Problem> Problems() => Terms.Problems("$", Level, Steps);
}
