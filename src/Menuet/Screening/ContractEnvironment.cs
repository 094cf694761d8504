using System.Numerics;
using System.Runtime.CompilerServices;

namespace Menuet.Screening;

/// <summary>
/// Contracts as a contextual bandit: every row is dealt a market, one action makes its menu, the episode ends. Draws are a function of
/// (seed, row, episode) alone.
/// </summary>
/// <param name="rows">Markets at play, ≥ 1.</param>
/// <param name="firstStream">Generator stream of row 0; <see cref="Training"/> or <see cref="Unseen"/>, plus a row to begin at.</param>
/// <param name="observationSize">Numbers a row observes.</param>
/// <param name="actionSize">Numbers a row decides.</param>
internal abstract class ContractEnvironment(int rows, ulong firstStream, int observationSize, int actionSize) : IEnvironment
{
    /// <summary>Streams of training; learners use the first few streams of the same seed for themselves.</summary>
    internal const ulong Training = 1UL << 32;

    /// <summary>Streams of evaluation, which no training touches.</summary>
    internal const ulong Unseen = 1UL << 63;

    private readonly RngBatch batch = new();
    private ulong seed;
    private ulong episode;
    private bool ended;

    /// <inheritdoc/>
    public int Rows => rows;

    /// <inheritdoc/>
    public int Agents => 1;

    /// <inheritdoc/>
    public int ObservationSize => observationSize;

    /// <inheritdoc/>
    public int ActionSize => actionSize;

    /// <inheritdoc/>
    public int StateSize => 0;

    /// <summary>64-bit words that a draw may use; a multiple of 8, which is what the generator makes at once.</summary>
    protected abstract ulong Words { get; }

    /// <inheritdoc/>
    public void Reset(ulong seed)
    {
        (this.seed, episode, ended) = (seed, 0, false);
        Deal();
    }

    /// <inheritdoc/>
    public abstract void Observe(Span<float> observations);

    /// <summary>Nothing: <see cref="StateSize"/> is 0, a row sees its whole market.</summary>
    public void Describe(Span<float> states)
    {
    }

    /// <inheritdoc/>
    public void Advance(ReadOnlySpan<float> actions, Span<float> rewards, Span<Status> statuses)
    {
        Reward(actions, rewards);
        statuses[..rows].Fill(Status.Terminated);
        ended = true;
    }

    /// <inheritdoc/>
    public void Restart()
    {
        if (ended)
        {
            episode++;
            ended = false;
            Deal();
        }
    }

    /// <inheritdoc/>
    public void Write(BinaryWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Write(seed);
        writer.Write(episode);
        writer.Write(ended);
    }

    /// <inheritdoc/>
    public void Read(BinaryReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        (seed, episode, ended) = (reader.ReadUInt64(), reader.ReadUInt64(), reader.ReadBoolean());
        Deal();
    }

    /// <summary>Draws the market of every row, each from <see cref="Stream"/>.</summary>
    protected abstract void Deal();

    /// <summary>What every row's action earns.</summary>
    protected abstract void Reward(ReadOnlySpan<float> actions, Span<float> rewards);

    /// <summary>The random numbers of a row's present episode; asked for row by row from 0 on.</summary>
    protected RngBatch.Reader Stream(int row)
    {
        if (row % RngBatch.Streams == 0)
        {
            batch.Begin(seed, firstStream + (ulong)row, episode * Words);
        }

        return batch.Stream(row % RngBatch.Streams);
    }

    /// <summary>Draws gains, put in order should their ranges overlap, then probabilities: uniform numbers divided by their sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected static void DrawTypes(ref RngBatch.Reader rng, ReadOnlySpan<UniformRange> ranges, Span<double> gains, Span<double> probabilities)
    {
        for (var i = 0; i < gains.Length; i++)
        {
            var gain = ranges[i].At(rng.NextDouble());
            var at = i;
            for (; at > 0 && gains[at - 1] > gain; at--)
            {
                gains[at] = gains[at - 1];
            }

            gains[at] = gain;
        }

        var sum = 0.0;
        foreach (ref var probability in probabilities)
        {
            sum += probability = rng.NextDoubleOpen();
        }

        foreach (ref var probability in probabilities)
        {
            probability /= sum;
        }
    }

    /// <summary>From [-1, 1] to [0, 1]; what lies outside is clamped.</summary>
    protected static double Share(float action) => (Math.Clamp(action, -1f, 1f) + 1.0) * 0.5;
}

/// <summary>From a range to [-1, 1], 0 where nothing varies; held within [-10, 10] far outside, so that any market can be shown.</summary>
internal readonly struct FeatureScale
{
    private const double Farthest = 10;
    private const double Least = 1e-300;   // below it, and for what has no logarithm, the farthest will do
    private readonly double middle, perHalf;
    private readonly bool logarithm;

    internal FeatureScale(UniformRange range, bool logarithm = false)
    {
        this.logarithm = logarithm && range.Varies;
        var (min, max) = this.logarithm ? (Math.Log(range.Min), Math.Log(range.Max)) : (range.Min, range.Max);
        (middle, perHalf) = ((min + max) / 2, range.Varies ? 2 / (max - min) : 0);
    }

    internal float At(double value) => (float)Math.Clamp(((logarithm ? Math.Log(Math.Max(value, Least)) : value) - middle) * perHalf, -Farthest, Farthest);

    /// <summary>The same for many; both spans of one length, a multiple of two vectors.</summary>
    internal void At(ReadOnlySpan<double> source, Span<float> target)
    {
        if (perHalf == 0)
        {
            target.Clear();
            return;
        }

        for (var i = 0; i < target.Length; i += 2 * Vector<double>.Count)
        {
            Vector.Narrow(One(source[i..]), One(source[(i + Vector<double>.Count)..])).CopyTo(target[i..]);
        }
    }

    private Vector<double> One(ReadOnlySpan<double> values)
    {
        var value = new Vector<double>(values);
        value = ((logarithm ? Vector.Log(Vector.Max(value, new Vector<double>(Least))) : value) - new Vector<double>(middle)) * perHalf;
        return Vector.Min(Vector.Max(value, new Vector<double>(-Farthest)), new Vector<double>(Farthest));
    }
}
