namespace Menuet.Learning.Tests;

/// <summary>Small games with known optima. A draw depends on seed, environment and episode alone.</summary>
internal abstract class ToyEnvironment(int environments, int agents, int observationSize, int actionSize, int stateSize) : IEnvironment
{
    private readonly long[] _episodes = new long[environments];
    private readonly bool[] _ended = new bool[environments];
    private ulong _seed;

    public int Rows => environments * agents;

    public int Agents => agents;

    public int ObservationSize => observationSize;

    public int ActionSize => actionSize;

    public int StateSize => stateSize;

    protected int Environments => environments;

    public void Reset(ulong seed)
    {
        _seed = seed;
        Array.Clear(_episodes);
        for (var e = 0; e < environments; e++)
            Begin(e);
    }

    public void Restart()
    {
        for (var e = 0; e < environments; e++)
        {
            if (!_ended[e])
                continue;
            _ended[e] = false;
            _episodes[e]++;
            Begin(e);
        }
    }

    public abstract void Observe(Span<float> observations);

    public virtual void Describe(Span<float> states) => states.Clear();

    public abstract void Advance(ReadOnlySpan<float> actions, Span<float> rewards, Span<Status> statuses);

    protected abstract void Start(int environment, ref Rng rng);

    protected abstract Memory<float> State { get; }

    protected void End(int environment) => _ended[environment] = true;

    public virtual void Write(BinaryWriter writer)
    {
        writer.Write(_seed);
        foreach (var episode in _episodes)
            writer.Write(episode);
        Stored.Write(writer, State.Span);
    }

    public virtual void Read(BinaryReader reader)
    {
        _seed = reader.ReadUInt64();
        for (var e = 0; e < environments; e++)
            _episodes[e] = reader.ReadInt64();
        Stored.Read(reader, State.Span);
    }

    private void Begin(int environment)
    {
        var rng = Rng.Stream(_seed + 1000, (ulong)environment, 64 * (ulong)_episodes[environment]);
        Start(environment, ref rng);
    }
}

/// <summary>One step: reward 1 − Σ (a − a*)², a* = (0.5 x₀ − 0.3 x₁, 0.4 x₁ + 0.2) + target; the optimum is 1 where the target is 0.</summary>
/// <param name="rows">Played at once.</param>
/// <param name="cliff">Factor on what the reward has below 1/2.</param>
/// <param name="target">What is added to the best action; far outside it pulls to the bounds.</param>
internal sealed class Bandit(int rows, float cliff = 1, float target = 0) : ToyEnvironment(rows, 1, 2, 2, 0)
{
    private readonly float[] _x = new float[2 * rows];

    protected override Memory<float> State => _x;

    internal static (float, float) Best(float x0, float x1) => (0.5f * x0 - 0.3f * x1, 0.4f * x1 + 0.2f);

    public override void Observe(Span<float> observations) => _x.CopyTo(observations);

    public override void Advance(ReadOnlySpan<float> actions, Span<float> rewards, Span<Status> statuses)
    {
        for (var i = 0; i < Rows; i++)
        {
            var (a, b) = Best(_x[2 * i], _x[2 * i + 1]);
            var (d, e) = (Math.Clamp(actions[2 * i], -1, 1) - a - target, Math.Clamp(actions[2 * i + 1], -1, 1) - b - target);
            var reward = 1 - d * d - e * e;
            rewards[i] = reward < 0.5f ? 0.5f + cliff * (reward - 0.5f) : reward;
            statuses[i] = Status.Terminated;
            End(i);
        }
    }

    protected override void Start(int environment, ref Rng rng)
    {
        _x[2 * environment] = (float)(2 * rng.NextDouble() - 1);
        _x[2 * environment + 1] = (float)(2 * rng.NextDouble() - 1);
    }
}

/// <summary>Cut off after 6 steps: p ← p + a/2, reward −p²; p within ±1/2 at first, so the best return is 0.</summary>
internal sealed class Docking(int rows) : ToyEnvironment(rows, 1, 1, 1, 0)
{
    private const int Length = 6;
    private readonly float[] _state = new float[2 * rows];

    protected override Memory<float> State => _state;

    public override void Observe(Span<float> observations)
    {
        for (var i = 0; i < Rows; i++)
            observations[i] = _state[2 * i];
    }

    public override void Advance(ReadOnlySpan<float> actions, Span<float> rewards, Span<Status> statuses)
    {
        for (var i = 0; i < Rows; i++)
        {
            ref var p = ref _state[2 * i];
            p += Math.Clamp(actions[i], -1, 1) / 2;
            rewards[i] = -p * p;
            statuses[i] = ++_state[2 * i + 1] == Length ? Status.Truncated : Status.Running;
            if (statuses[i] != Status.Running)
                End(i);
        }
    }

    protected override void Start(int environment, ref Rng rng)
    {
        _state[2 * environment] = (float)(rng.NextDouble() - 0.5);
        _state[2 * environment + 1] = 0;
    }
}

/// <summary>Two agents, one step, common reward 1 − (a₁ − t₁)² − (a₂ − t₂)² − (a₁ + a₂ − t₁ − t₂)²; agent i sees tᵢ alone. The optimum is 1.</summary>
internal sealed class Team(int environments) : ToyEnvironment(environments, 2, 2, 1, 2)
{
    private readonly float[] _t = new float[2 * environments];

    protected override Memory<float> State => _t;

    public override void Observe(Span<float> observations)
    {
        for (var i = 0; i < Rows; i++)
            (observations[2 * i], observations[2 * i + 1]) = (_t[i], i % 2);
    }

    public override void Describe(Span<float> states) => _t.CopyTo(states);

    public override void Advance(ReadOnlySpan<float> actions, Span<float> rewards, Span<Status> statuses)
    {
        for (var e = 0; e < Environments; e++)
        {
            var d1 = Math.Clamp(actions[2 * e], -1, 1) - _t[2 * e];
            var d2 = Math.Clamp(actions[2 * e + 1], -1, 1) - _t[2 * e + 1];
            rewards[2 * e] = rewards[2 * e + 1] = 1 - d1 * d1 - d2 * d2 - (d1 + d2) * (d1 + d2);
            statuses[2 * e] = statuses[2 * e + 1] = Status.Terminated;
            End(e);
        }
    }

    protected override void Start(int environment, ref Rng rng)
    {
        _t[2 * environment] = (float)(1.6 * rng.NextDouble() - 0.8);
        _t[2 * environment + 1] = (float)(1.6 * rng.NextDouble() - 0.8);
    }
}

internal static class Play
{
    /// <summary>Mean reward a row and step of a policy without exploration, on draws of its own.</summary>
    internal static double MeanReward(IEnvironment environment, IPolicy policy, int steps, ulong seed = 99)
    {
        environment.Reset(seed);
        var observations = new float[environment.Rows * environment.ObservationSize];
        var actions = new float[environment.Rows * environment.ActionSize];
        var rewards = new float[environment.Rows];
        var statuses = new Status[environment.Rows];
        var sum = 0.0;
        for (var step = 0; step < steps; step++)
        {
            environment.Observe(observations);
            policy.Act(observations, actions, environment.Rows);
            environment.Advance(actions, rewards, statuses);
            sum += rewards.Sum(r => (double)r);
            environment.Restart();
        }
        return sum / steps / environment.Rows;
    }
}
