namespace Menuet.Learning;

/// <summary>The last transitions, in a ring; drawn uniformly with replacement. Rewards are kept as they are learned: by their factor, and perhaps compressed.</summary>
internal sealed class ReplayBuffer(int capacity, int observationSize, int actionSize, float rewardScale, bool compressRewards)
{
    private readonly float[] _observations = new float[capacity * observationSize];
    private readonly float[] _next = new float[capacity * observationSize];
    private readonly float[] _actions = new float[capacity * actionSize];
    private readonly float[] _rewards = new float[capacity];
    private readonly float[] _continues = new float[capacity];
    private int _position;

    internal int Count { get; private set; }

    internal ReadOnlySpan<float> Observations => _observations;

    internal ReadOnlySpan<float> Next => _next;

    internal ReadOnlySpan<float> Actions => _actions;

    internal ReadOnlySpan<float> Rewards => _rewards;

    /// <summary>1 where the future counts, 0 after a termination.</summary>
    internal ReadOnlySpan<float> Continues => _continues;

    /// <summary>What does not fit together; paths are those of the algorithm's keys.</summary>
    internal static IEnumerable<Problem> Problems(int capacity, int batch, int warmup, int rows, float discount, bool compressRewards)
    {
        if (batch > capacity)
            yield return Problem.With("batch", batch, $"is more than the replay's capacity of {capacity}");
        if (warmup > capacity)
            yield return Problem.With("warmup", warmup, $"is more than the replay's capacity of {capacity}: no update would ever be made");
        if (rows > capacity)
            yield return Problem.With("capacity", capacity, $"is less than the {rows} rows that are played at once");
        if (compressRewards && discount > 0)
            yield return Problem.With("discount", discount, "must be 0 with compressRewards: sums of compressed rewards order actions otherwise than sums of rewards do");
    }

    internal void Add(ReadOnlySpan<float> observations, ReadOnlySpan<float> actions, ReadOnlySpan<float> rewards, ReadOnlySpan<Status> statuses, ReadOnlySpan<float> next)
    {
        for (var row = 0; row < rewards.Length; row++)
        {
            observations.Slice(row * observationSize, observationSize).CopyTo(_observations.AsSpan(_position * observationSize));
            if (!next.IsEmpty)
                next.Slice(row * observationSize, observationSize).CopyTo(_next.AsSpan(_position * observationSize));
            actions.Slice(row * actionSize, actionSize).CopyTo(_actions.AsSpan(_position * actionSize));
            var reward = rewardScale * rewards[row];
            _rewards[_position] = compressRewards ? MathF.CopySign(MathF.Log(1 + MathF.Abs(reward)), reward) : reward;
            _continues[_position] = statuses[row] == Status.Terminated ? 0 : 1;
            _position = (_position + 1) % capacity;
            Count = Math.Min(Count + 1, capacity);
        }
    }

    internal void Draw(Span<int> rows, ref Rng rng)
    {
        foreach (ref var row in rows)
            row = rng.NextInt(Count);
    }

    internal void Write(BinaryWriter writer)
    {
        writer.Write(capacity);
        writer.Write(Count);
        writer.Write(_position);
        Stored.Write(writer, _observations.AsSpan(0, Count * observationSize));
        Stored.Write(writer, _next.AsSpan(0, Count * observationSize));
        Stored.Write(writer, _actions.AsSpan(0, Count * actionSize));
        Stored.Write(writer, _rewards.AsSpan(0, Count));
        Stored.Write(writer, _continues.AsSpan(0, Count));
    }

    internal void Read(BinaryReader reader)
    {
        var stored = reader.ReadInt32();
        if (stored != capacity)
            throw new InvalidDataException($"the replay has room for {stored} transitions, these options ask for {capacity}");
        Count = reader.ReadInt32();
        _position = reader.ReadInt32();
        if (Count < 0 || Count > capacity || _position < 0 || _position >= capacity)
            throw new InvalidDataException($"a replay of {Count} transitions at {_position} of {capacity}");
        Stored.Read(reader, _observations.AsSpan(0, Count * observationSize));
        Stored.Read(reader, _next.AsSpan(0, Count * observationSize));
        Stored.Read(reader, _actions.AsSpan(0, Count * actionSize));
        Stored.Read(reader, _rewards.AsSpan(0, Count));
        Stored.Read(reader, _continues.AsSpan(0, Count));
    }
}
