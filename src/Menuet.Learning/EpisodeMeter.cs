namespace Menuet.Learning;

/// <summary>Adds up rewards, returns and saturation while rows play.</summary>
internal sealed class EpisodeMeter(int rows)
{
    private readonly float[] _returns = new float[rows];
    private double _reward, _return, _saturated;
    private long _steps, _episodes, _entries;

    internal float MeanReward => (float)(_reward / _steps);

    internal float MeanReturn => _episodes == 0 ? float.NaN : (float)(_return / _episodes);

    internal float SaturatedShare => (float)(_saturated / _entries);

    /// <summary>Begins a new round; episodes that are under way go on.</summary>
    internal void Clear() => (_reward, _return, _saturated, _steps, _episodes, _entries) = (0, 0, 0, 0, 0, 0);

    internal void Add(ReadOnlySpan<float> actions, ReadOnlySpan<float> rewards, ReadOnlySpan<Status> statuses)
    {
        DivergenceException.Require(rewards, "reward of the environment");
        for (var i = 0; i < rewards.Length; i++)
        {
            _reward += rewards[i];
            _returns[i] += rewards[i];
            if (statuses[i] == Status.Running)
                continue;
            _return += _returns[i];
            _episodes++;
            _returns[i] = 0;
        }
        _steps += rewards.Length;
        foreach (var action in actions)
            if (MathF.Abs(action) >= 0.99f)
                _saturated++;
        _entries += actions.Length;
    }

    internal void Write(BinaryWriter writer) => Stored.Write(writer, _returns);

    internal void Read(BinaryReader reader) => Stored.Read(reader, _returns);
}
