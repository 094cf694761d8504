namespace Menuet.Learning.Training;

/// <summary>Means over rounds of what training showed, and of its reward over all of it and its last tenth.</summary>
internal sealed class ProgressMean
{
    /// <summary>As in the log and in TensorBoard.</summary>
    internal static readonly string[] Names =
    [
        "meanReward", "meanReturn", "actorLoss", "criticLoss", "entropy", "divergence", "clippedShare", "gradientNorm", "temperature", "saturatedShare",
    ];

    private readonly double[] _sums = new double[Names.Length];
    private readonly int[] _counts = new int[Names.Length];
    private double _rewards, _lastRewards;
    private long _rounds, _lastRounds;

    internal int Rounds { get; private set; }

    internal double TrainReward => _rewards / _rounds;

    internal double FinalReward => _lastRewards / _lastRounds;

    /// <param name="progress">One round.</param>
    /// <param name="last">Whether it ended in the last tenth of the training.</param>
    internal void Add(in Progress progress, bool last)
    {
        ReadOnlySpan<float> values =
        [
            progress.MeanReward, progress.MeanReturn, progress.ActorLoss, progress.CriticLoss, progress.Entropy, progress.Divergence, progress.ClippedShare,
            progress.GradientNorm, progress.Temperature, progress.SaturatedShare,
        ];
        for (var i = 0; i < values.Length; i++)
            if (float.IsFinite(values[i]))
            {
                _sums[i] += values[i];
                _counts[i]++;
            }
        Rounds++;
        _rewards += progress.MeanReward;
        _rounds++;
        if (!last)
        {
            (_lastRewards, _lastRounds) = (0, 0);
            return;
        }
        _lastRewards += progress.MeanReward;
        _lastRounds++;
    }

    /// <summary>The means since the last time this was asked; NaN for what there is none of.</summary>
    internal double[] Take()
    {
        var means = new double[Names.Length];
        for (var i = 0; i < means.Length; i++)
            means[i] = _sums[i] / _counts[i];
        Array.Clear(_sums);
        Array.Clear(_counts);
        Rounds = 0;
        return means;
    }

    internal void Write(BinaryWriter writer)
    {
        foreach (var sum in _sums)
            writer.Write(sum);
        foreach (var count in _counts)
            writer.Write(count);
        writer.Write(_rewards);
        writer.Write(_lastRewards);
        writer.Write(_rounds);
        writer.Write(_lastRounds);
        writer.Write(Rounds);
    }

    internal void Read(BinaryReader reader)
    {
        foreach (ref var sum in _sums.AsSpan())
            sum = reader.ReadDouble();
        foreach (ref var count in _counts.AsSpan())
            count = reader.ReadInt32();
        _rewards = reader.ReadDouble();
        _lastRewards = reader.ReadDouble();
        _rounds = reader.ReadInt64();
        _lastRounds = reader.ReadInt64();
        Rounds = reader.ReadInt32();
    }
}
