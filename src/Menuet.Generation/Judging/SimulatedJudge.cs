using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Menuet.Generation.Judging;

/// <summary>A stand-in for a judge: a random whole number that the content's bytes and the seed decide, and that says nothing about quality.</summary>
/// <remarks>
/// Source: Wen et al. 2025, Sec. 5.1, the "LMM simulator" of training. Deviates: the paper does not say how it draws; uniform whole numbers on
/// its scale from 0 to 10 are used. The same content gets the same score, as from a consistent judge.
/// </remarks>
public sealed class SimulatedJudge : IJudge
{
    private readonly int lowest;
    private readonly int highest;
    private readonly int votes;
    private readonly ulong seed;

    /// <summary>Makes a judge for one range of whole numbers.</summary>
    /// <param name="lowest">The lowest score, ≥ 0.</param>
    /// <param name="highest">The highest score, at least the lowest.</param>
    /// <param name="votes">k, from 1 to 99; each is drawn independently.</param>
    /// <param name="seed">Another seed, other scores.</param>
    public SimulatedJudge(int lowest = 0, int highest = 10, int votes = 1, ulong seed = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(lowest);
        ArgumentOutOfRangeException.ThrowIfLessThan(highest, lowest);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(highest, 1_000_000);
        ArgumentOutOfRangeException.ThrowIfLessThan(votes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(votes, 99);
        (this.lowest, this.highest, this.votes, this.seed) = (lowest, highest, votes, seed);
    }

    /// <inheritdoc/>
    public string Name => "simulated";

    /// <inheritdoc/>
    public string Scale => $"simulated rating [{lowest}, {highest}]";

    /// <inheritdoc/>
    public Task<Judgement> JudgeAsync(Content content, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(content);
        cancellation.ThrowIfCancellationRequested();
        var random = Rng.Stream(seed, BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(content.Bytes.Span)));
        var scores = new double[votes];
        for (var i = 0; i < votes; i++)
            scores[i] = lowest + random.NextInt(highest - lowest + 1);
        Array.Sort(scores);
        return Task.FromResult(new Judgement
        {
            Judge = Name,
            Scale = Scale,
            Content = ContentMark.Of(content),
            Score = (scores[(votes - 1) / 2] + scores[votes / 2]) / 2,
            Spread = scores[^1] - scores[0],
            Votes = (votes, votes),
            Seed = seed,
        });
    }
}
