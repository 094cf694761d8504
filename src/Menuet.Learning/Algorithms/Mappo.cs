using Menuet.Learning.Autodiff;
using Menuet.Learning.Networks;
using Menuet.Learning.Policies;

namespace Menuet.Learning.Algorithms;

/// <summary>What the critic of several agents sees.</summary>
public enum CriticView
{
    /// <summary>The state of the whole environment beside the agent's own observation (MAPPO).</summary>
    Centralised,

    /// <summary>The agent's own observation alone (IPPO).</summary>
    Independent,
}

/// <summary>Hyper-parameters of <see cref="Mappo"/>.</summary>
public sealed record MappoOptions : AlgorithmOptions
{
    /// <summary>The actor that all agents share.</summary>
    public override Architecture Actor { get; init; } = new MlpArchitecture { Hidden = [64, 64] };

    /// <summary>The critic.</summary>
    public override Architecture Critic { get; init; } = new MlpArchitecture { Hidden = [64, 64] };

    /// <summary>How actions are drawn.</summary>
    public PolicyOptions Policy { get; init; } = new();

    /// <summary>What the critic sees.</summary>
    public CriticView View { get; init; } = CriticView.Centralised;

    /// <summary>Steps of all rows in a round.</summary>
    public int Horizon { get; init; } = 25;

    /// <summary>Passes over the samples of a round.</summary>
    public int Epochs { get; init; } = 10;

    /// <summary>Parts of a round that are one step of the optimiser each; few, since agents learn together (Yu et al. 2022, suggestion 3).</summary>
    public int Parts { get; init; } = 1;

    /// <summary>Adam's step size.</summary>
    public float LearningRate { get; init; } = 1e-3f;

    /// <summary>Updates over which step size and entropy weight fall to 0; 0: never.</summary>
    public long AnnealUpdates { get; init; }

    /// <summary>γ.</summary>
    public float Discount { get; init; } = 0.95f;

    /// <summary>λ.</summary>
    public float Decay { get; init; } = 0.95f;

    /// <summary>ε of the clipped objective.</summary>
    public float Clip { get; init; } = 0.2f;

    /// <summary>Bound of the change of a (standardised) value estimate in one round; infinity for none.</summary>
    public float ValueClip { get; init; } = 0.2f;

    /// <summary>Weight of the value loss.</summary>
    public float ValueWeight { get; init; } = 0.5f;

    /// <summary>Error beyond which the value loss grows linearly.</summary>
    public float HuberWidth { get; init; } = 10f;

    /// <summary>Weight of the entropy.</summary>
    public float Entropy { get; init; } = 0.02f;

    /// <summary>Largest norm of the gradient.</summary>
    public float MaxNorm { get; init; } = 10f;

    /// <summary>Whether the critic predicts returns standardised by their running mean and deviation.</summary>
    public bool NormaliseValues { get; init; } = true;

    /// <summary>Rows of a backward pass.</summary>
    public int SliceRows { get; init; } = 256;

    /// <inheritdoc/>
    public override ILearner Start(IEnvironment environment) => new Mappo(environment, this);

    internal override IPolicy BuildPolicy(Parameters parameters, int observationSize, int actionSize, ref Rng rng) =>
        StochasticPolicy.Build(parameters, Actor, Policy, observationSize, actionSize, ref rng);

    internal override int CriticInputs(int observationSize, int actionSize, int stateSize) => observationSize + (View == CriticView.Centralised ? stateSize : 0);

    internal override IEnumerable<Problem> Problems(int rows, int stateSize)
    {
        if (Parts > (long)rows * Horizon)
            yield return Problem.With("parts", Parts, $"is more than a round has samples ({rows} rows × horizon {Horizon})");
        if (View == CriticView.Centralised && stateSize == 0)
            yield return new("view", "this environment describes no state: use \"independent\"", "\"centralised\"");
        foreach (var problem in Policy.Problems())
            yield return problem;
    }
}

/// <summary>PPO for several agents with one shared policy, which sees only an agent's own observation, and a critic that may see everything.</summary>
/// <remarks>
/// <para>Source: Yu et al. 2022; for the auction Fan et al., Section IV. Details:</para>
/// <list type="number">
/// <item>parameters shared by all agents; every agent and slot is a sample (Yu et al., Appendix A);</item>
/// <item>centralised critic on [state, own observation], their "agent-specific" state; the independent variant on the observation (de Witt et al. 2020);</item>
/// <item>value targets standardised by a running mean and deviation, with debiasing (Yu et al., suggestion 1); Huber loss; clipped values;</item>
/// <item>few minibatches and epochs (suggestions 3 and 4); advantages standardised over the round;</item>
/// <item>gradient norm clipped for actor and critic apart; Adam's ε 1e-5;</item>
/// <item>generalised advantages, bootstrapped after a cut-off (Schulman et al. 2016; Pardo et al. 2018).</item>
/// </list>
/// </remarks>
public sealed class Mappo : ILearner
{
    private const string Name = "mappo 1";
    private readonly MappoOptions _options;
    private readonly IEnvironment _environment;
    private readonly Parameters _actor = new(), _critic = new();
    private readonly StochasticPolicy _policy;
    private readonly INetwork _value;
    private readonly Tape _tape = new();
    private readonly Rollout _rollout;
    private readonly EpisodeMeter _meter;
    private readonly int _viewSize;
    private readonly int[] _order;
    private readonly float[] _views, _states, _observations, _nextViews;
    private Rng _exploration, _shuffling;
    private long _steps;
    private double _mean, _square, _weight;   // of returns: running, debiased by the weight
    private Sums _sums;

    /// <summary>A new training.</summary>
    /// <exception cref="ArgumentException">Options that do not fit; a centralised critic without a state.</exception>
    public Mappo(IEnvironment environment, MappoOptions options)
    {
        ArgumentNullException.ThrowIfNull(environment);
        ArgumentNullException.ThrowIfNull(options);
        if (options.View == CriticView.Centralised && environment.StateSize == 0)
            throw new ArgumentException("this environment describes no state: use the independent critic", nameof(options));
        (_environment, _options) = (environment, options);
        _rollout = new(environment.Rows, options.Horizon, environment.ObservationSize, environment.ActionSize);
        if (options.Parts < 1 || options.Parts > _rollout.Count)
            throw new ArgumentException($"{options.Parts} parts of {_rollout.Count} samples", nameof(options));
        _viewSize = environment.ObservationSize + (options.View == CriticView.Centralised ? environment.StateSize : 0);
        var weights = Rng.Stream(options.Seed, 1);
        _exploration = Rng.Stream(options.Seed, 2);
        _shuffling = Rng.Stream(options.Seed, 3);
        _policy = (StochasticPolicy)options.BuildPolicy(_actor, environment.ObservationSize, environment.ActionSize, ref weights);
        _value = options.Critic.Build(_critic, _viewSize, 1, 1f, ref weights);
        _meter = new(environment.Rows);
        _order = new int[_rollout.Count];
        _views = new float[_rollout.Count * _viewSize];
        _nextViews = new float[environment.Rows * _viewSize];
        _observations = new float[environment.Rows * environment.ObservationSize];
        _states = new float[environment.Rows / environment.Agents * environment.StateSize];
        environment.Reset(options.Seed);
    }

    /// <inheritdoc/>
    public IPolicy Policy => _policy;

    /// <inheritdoc/>
    public ReadOnlySpan<float> PolicyWeights => _actor.Values;

    /// <summary>The shared actor's parameters.</summary>
    public Parameters ActorParameters => _actor;

    /// <summary>The critic's parameters.</summary>
    public Parameters CriticParameters => _critic;

    /// <inheritdoc/>
    public Progress Iterate()
    {
        Play();
        _rollout.Judge(_options.Discount, _options.Decay);
        Minibatches.Standardise(_rollout.Advantages);
        Follow(_rollout.Returns);
        _sums = default;
        var size = _order.Length / _options.Parts;
        for (var epoch = 0; epoch < _options.Epochs; epoch++)
        {
            Minibatches.Shuffle(_order, ref _shuffling);
            for (var part = 0; part < _options.Parts; part++)
                Update(_order.AsSpan(part * size, size));
        }
        var n = (float)_sums.Updates;
        return new(
            _steps, _actor.Steps, _meter.MeanReward, _meter.MeanReturn, _sums.Actor / n, _sums.Critic / n, _sums.Entropy / n, _sums.Divergence / n,
            _sums.Clipped / n, _sums.Norm / n, _options.Entropy * (1 - Annealed), _meter.SaturatedShare);
    }

    private void Play()
    {
        var (rows, size) = (_environment.Rows, _environment.ObservationSize);
        _meter.Clear();
        for (var step = 0; step < _options.Horizon; step++)
        {
            var observations = _rollout.At(_rollout.Observations, step, size);
            _environment.Observe(observations);
            var views = _rollout.At(_views, step, _viewSize);
            See(observations, views);
            var actions = _rollout.At(_rollout.Actions, step, _environment.ActionSize);
            _policy.Explore(
                observations, rows, ref _exploration, _rollout.At(_rollout.Samples, step, _environment.ActionSize), actions,
                _rollout.At(_rollout.LogProbabilities, step));
            var values = _rollout.At(_rollout.Values, step);
            Evaluate(views, values);
            if (step > 0)
                for (var row = 0; row < rows; row++)
                    if (_rollout.Statuses[(step - 1) * rows + row] == Status.Running)
                        _rollout.NextValues[(step - 1) * rows + row] = values[row];
            var statuses = _rollout.Statuses.AsSpan(step * rows, rows);
            var rewards = _rollout.At(_rollout.Rewards, step);
            _environment.Advance(actions, rewards, statuses);
            _meter.Add(actions, rewards, statuses);
            var next = _rollout.At(_rollout.NextValues, step);
            if (statuses.Contains(Status.Truncated) || (step == _options.Horizon - 1 && statuses.Contains(Status.Running)))
            {
                _environment.Observe(_observations);
                See(_observations, _nextViews);
                Evaluate(_nextViews, next);
                for (var row = 0; row < rows; row++)
                    if (statuses[row] == Status.Terminated)
                        next[row] = 0;
            }
            else
                next.Clear();
            _environment.Restart();
        }
        _steps += _rollout.Count;
    }

    /// <summary>What the critic sees of each row: the environment's state, then the own observation.</summary>
    private void See(ReadOnlySpan<float> observations, Span<float> views)
    {
        var (size, state) = (_environment.ObservationSize, _viewSize - _environment.ObservationSize);
        if (state > 0)
            _environment.Describe(_states);
        for (var row = 0; row < _environment.Rows; row++)
        {
            var view = views.Slice(row * _viewSize, _viewSize);
            _states.AsSpan(row / _environment.Agents * state, state).CopyTo(view);
            observations.Slice(row * size, size).CopyTo(view[state..]);
        }
    }

    private void Evaluate(ReadOnlySpan<float> views, Span<float> values)
    {
        var (mean, deviation) = Scale;
        for (var first = 0; first < values.Length; first += StochasticPolicy.Slice)
        {
            var count = Math.Min(StochasticPolicy.Slice, values.Length - first);
            _tape.Reset();
            using (_tape.Freeze())
                _value.Forward(_tape.Input(views.Slice(first * _viewSize, count * _viewSize), count, _viewSize))
                    .Affine(deviation, mean).Data.CopyTo(values.Slice(first, count));
        }
    }

    private (float Mean, float Deviation) Scale
    {
        get
        {
            if (!_options.NormaliseValues || _weight == 0)
                return (0, 1);
            var mean = _mean / _weight;
            return ((float)mean, (float)Math.Sqrt(Math.Max(_square / _weight - mean * mean, 1e-4)));
        }
    }

    /// <summary>Running mean and square of the returns, a round counting one part in a hundred once there are many.</summary>
    private void Follow(ReadOnlySpan<float> returns)
    {
        const double keep = 0.99;
        double sum = 0, squares = 0;
        foreach (var r in returns)
            (sum, squares) = (sum + r, squares + (double)r * r);
        _mean = keep * _mean + (1 - keep) * sum / returns.Length;
        _square = keep * _square + (1 - keep) * squares / returns.Length;
        _weight = keep * _weight + (1 - keep);
    }

    private float Annealed => _options.AnnealUpdates == 0 ? 0 : Math.Min(1f, (float)_actor.Steps / _options.AnnealUpdates);

    private void Update(ReadOnlySpan<int> samples)
    {
        _actor.ClearGradients();
        _critic.ClearGradients();
        var slice = _policy.Network.MixesRows ? samples.Length : Math.Min(_options.SliceRows, samples.Length);
        for (var first = 0; first < samples.Length; first += slice)
        {
            var count = Math.Min(slice, samples.Length - first);
            _tape.Reset();
            _tape.Backward(Loss(samples.Slice(first, count), (float)count / samples.Length));
        }
        var options = new AdamOptions(_options.LearningRate * (1 - Annealed), _options.MaxNorm);
        _sums.Norm += _actor.Descend(options);
        _critic.Descend(options);
        _sums.Updates++;
        _policy.Network.AfterUpdate(_actor.Steps);
    }

    private Value Loss(ReadOnlySpan<int> samples, float share)
    {
        var output = _policy.Network.Forward(Input(_rollout.Observations, samples, _environment.ObservationSize));
        var advantage = Input(_rollout.Advantages, samples);
        var logRatio = _policy.LogProbability(output, Input(_rollout.Samples, samples, _environment.ActionSize))
            - Input(_rollout.LogProbabilities, samples);
        var ratio = logRatio.Exp();
        var gain = (ratio * advantage).Minimum(ratio.Clamp(1 - _options.Clip, 1 + _options.Clip) * advantage).Mean();
        var entropy = _policy.Entropy(output).Mean();

        // In the critic's own unit: standardised returns.
        var (mean, deviation) = Scale;
        var returns = Input(_rollout.Returns, samples).Affine(1 / deviation, -mean / deviation);
        var value = _value.Forward(Input(_views, samples, _viewSize));
        var error = Huber(value - returns);
        if (_options.ValueClip < float.PositiveInfinity)
        {
            var before = Input(_rollout.Values, samples).Affine(1 / deviation, -mean / deviation);
            error = error.Maximum(Huber(before + (value - before).Clamp(-_options.ValueClip, _options.ValueClip) - returns));
        }
        var valueLoss = error.Mean();

        var loss = _options.ValueWeight * valueLoss - gain - _options.Entropy * (1 - Annealed) * entropy;
        if (_tape.TryAuxiliary(out var auxiliary))
            loss += auxiliary;
        _sums.Actor -= share * gain.Item;
        _sums.Critic += share * valueLoss.Item;
        _sums.Entropy += share * entropy.Item;
        for (var i = 0; i < samples.Length; i++)
        {
            _sums.Divergence += share * (ratio.Data[i] - 1 - logRatio.Data[i]) / samples.Length;
            if (MathF.Abs(ratio.Data[i] - 1) > _options.Clip)
                _sums.Clipped += share / samples.Length;
        }
        return share * loss;
    }

    /// <summary>e²/2 within the width w, w (|e| − w/2) outside: c (e − c/2) with c = e held within ±w.</summary>
    private Value Huber(Value error)
    {
        var held = error.Clamp(-_options.HuberWidth, _options.HuberWidth);
        return held.Detach() * error - 0.5f * held.Detach().Square();
    }

    private Value Input(float[] buffer, ReadOnlySpan<int> samples, int width = 1)
    {
        var value = _tape.Input(samples.Length, width, out var data);
        Minibatches.Gather(buffer, samples, width, data);
        return value;
    }

    /// <inheritdoc/>
    public void Write(BinaryWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Write(Name);
        writer.Write(_options.Seed);
        _actor.Write(writer);
        _critic.Write(writer);
        writer.Write(_exploration.Index);
        writer.Write(_shuffling.Index);
        writer.Write(_steps);
        writer.Write(_mean);
        writer.Write(_square);
        writer.Write(_weight);
        _meter.Write(writer);
        _environment.Write(writer);
    }

    /// <inheritdoc/>
    public void Read(BinaryReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        Stored.Expect(reader, Name);
        var seed = reader.ReadUInt64();
        _actor.Read(reader);
        _critic.Read(reader);
        _exploration = Rng.Stream(seed, 2, reader.ReadUInt64());
        _shuffling = Rng.Stream(seed, 3, reader.ReadUInt64());
        _steps = reader.ReadInt64();
        _mean = reader.ReadDouble();
        _square = reader.ReadDouble();
        _weight = reader.ReadDouble();
        _meter.Read(reader);
        _environment.Read(reader);
    }

    private struct Sums
    {
        internal float Actor, Critic, Entropy, Divergence, Clipped, Norm;
        internal int Updates;
    }
}
