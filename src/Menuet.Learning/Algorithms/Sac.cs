using System.Runtime.Intrinsics;
using Menuet.Learning.Autodiff;
using Menuet.Learning.Networks;
using Menuet.Learning.Policies;

namespace Menuet.Learning.Algorithms;

/// <summary>Hyper-parameters of <see cref="Sac"/>.</summary>
public sealed record SacOptions : AlgorithmOptions
{
    /// <summary>The actor; its network says means and log-deviations.</summary>
    public override Architecture Actor { get; init; } = new MlpArchitecture { Activation = Activation.Relu };

    /// <summary>Each of the two critics.</summary>
    public override Architecture Critic { get; init; } = new MlpArchitecture { Activation = Activation.Relu };

    /// <summary>Environment steps of all rows before each round of updates.</summary>
    public int StepsPerRound { get; init; } = 1;

    /// <summary>Updates in a round.</summary>
    public int UpdatesPerRound { get; init; } = 1;

    /// <summary>Transitions in the replay before updates begin; until then actions are uniform.</summary>
    public int Warmup { get; init; } = 1000;

    /// <summary>Transitions of one update.</summary>
    public int Batch { get; init; } = 256;

    /// <summary>Transitions kept.</summary>
    public int Capacity { get; init; } = 100_000;

    /// <summary>Step size of the actor and the temperature.</summary>
    public float ActorLearningRate { get; init; } = 3e-4f;

    /// <summary>Step size of the critics.</summary>
    public float CriticLearningRate { get; init; } = 1e-3f;

    /// <summary>Updates over which step sizes fall to 0, in a line; 0: never.</summary>
    public long AnnealUpdates { get; init; }

    /// <summary>γ; 0 makes one-step problems of everything and spares the target networks.</summary>
    public float Discount { get; init; } = 0.95f;

    /// <summary>Share by which targets follow.</summary>
    public float TargetShare { get; init; } = 0.005f;

    /// <summary>Temperature at the beginning.</summary>
    public float InitialTemperature { get; init; } = 1f;

    /// <summary>Entropy that the temperature steers to; NaN for minus the size of an action.</summary>
    public float TargetEntropy { get; init; } = float.NaN;

    /// <summary>Whether the temperature is learned; otherwise it stays as it begins.</summary>
    public bool LearnTemperature { get; init; } = true;

    /// <summary>Factor on rewards before learning.</summary>
    public float RewardScale { get; init; } = 1f;

    /// <summary>Whether r is learned as sign(r) ln(1 + |r|) after its factor: terrible rewards drown the rest no longer. For γ = 0 alone.</summary>
    public bool CompressRewards { get; init; }

    /// <summary>Largest norm of the gradients.</summary>
    public float MaxNorm { get; init; } = float.PositiveInfinity;

    /// <summary>Rows of a backward pass.</summary>
    public int SliceRows { get; init; } = 256;

    /// <inheritdoc/>
    public override ILearner Start(IEnvironment environment) => new Sac(environment, this);

    internal override IPolicy BuildPolicy(Parameters parameters, int observationSize, int actionSize, ref Rng rng) =>
        new DirectPolicy(Actor.Build(parameters, observationSize, 2 * actionSize, 0.01f, ref rng), actionSize, squashed: true);

    internal override int CriticInputs(int observationSize, int actionSize, int stateSize) => observationSize + actionSize;

    internal override IEnumerable<Problem> Problems(int rows, int stateSize) => ReplayBuffer.Problems(Capacity, Batch, Warmup, rows, Discount, CompressRewards);
}

/// <summary>Soft actor-critic with two critics and a learned temperature.</summary>
/// <remarks>
/// <para>Source: Haarnoja et al. 2018 (arXiv 1812.05905), Algorithm 1, Eqs. (5), (7), (9), (18). Details:</para>
/// <list type="number">
/// <item>squashed Gaussian, reparametrised; ln σ = −5 + 3.5 (1 + tanh x) stays within [−5, 2] with a gradient everywhere;</item>
/// <item>the density of tanh u by 2 (ln 2 − u − softplus(−2u)), which never overflows;</item>
/// <item>the smaller of two critics in targets and in the actor's loss (Fujimoto et al. 2018); targets follow slowly;</item>
/// <item>temperature: ln α descends −ln α (ln π + H̄) (the form of the published code), H̄ = −|A|;</item>
/// <item>cut-off episodes keep their future value, terminated ones have none (Pardo et al. 2018);</item>
/// <item>uniform actions until the replay holds the warm-up.</item>
/// </list>
/// </remarks>
public sealed class Sac : ILearner
{
    private const string Name = "sac 1";
    private const float HalfLogTwoPi = 0.9189385332f;
    private readonly SacOptions _options;
    private readonly IEnvironment _environment;
    private readonly Parameters _actor = new(), _critic = new(), _target = new(), _temperature = new();
    private readonly INetwork _network, _q1, _q2, _target1, _target2;
    private readonly Matrix _logTemperature;
    private readonly DirectPolicy _policy;
    private readonly Tape _tape = new();
    private readonly ReplayBuffer _replay;
    private readonly EpisodeMeter _meter;
    private readonly int[] _drawn;
    private readonly float[] _observations, _next, _actions, _rewards;
    private readonly Status[] _statuses;
    private readonly float _targetEntropy;
    private Rng _exploration, _drawing;
    private long _steps;
    private float _actorLoss, _criticLoss, _entropy, _norm;

    /// <summary>A new training.</summary>
    public Sac(IEnvironment environment, SacOptions options)
    {
        ArgumentNullException.ThrowIfNull(environment);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Batch < 1 || options.Capacity < options.Batch || options.Capacity < environment.Rows)
            throw new ArgumentException($"a batch of {options.Batch} and {environment.Rows} rows from a replay of {options.Capacity}", nameof(options));
        (_environment, _options) = (environment, options);
        var (observations, actions) = (environment.ObservationSize, environment.ActionSize);
        var weights = Rng.Stream(options.Seed, 1);
        _exploration = Rng.Stream(options.Seed, 2);
        _drawing = Rng.Stream(options.Seed, 3);
        _network = options.Actor.Build(_actor, observations, 2 * actions, 0.01f, ref weights);
        _q1 = options.Critic.Build(_critic, observations + actions, 1, 1f, ref weights);
        _q2 = options.Critic.Build(_critic, observations + actions, 1, 1f, ref weights);
        var unused = default(Rng);
        _target1 = options.Critic.Build(_target, observations + actions, 1, 1f, ref unused);
        _target2 = options.Critic.Build(_target, observations + actions, 1, 1f, ref unused);
        _target.CopyFrom(_critic);
        _logTemperature = _temperature.Add(1, 1);
        _logTemperature.Values[0] = Simd.Log(Vector512.Create(options.InitialTemperature))[0];
        _targetEntropy = float.IsNaN(options.TargetEntropy) ? -actions : options.TargetEntropy;
        _policy = new(_network, actions, squashed: true);
        _replay = new(options.Capacity, observations, actions, options.RewardScale, options.CompressRewards);
        _meter = new(environment.Rows);
        _drawn = new int[options.Batch];
        (_observations, _next) = (new float[environment.Rows * observations], new float[environment.Rows * observations]);
        (_actions, _rewards, _statuses) = (new float[environment.Rows * actions], new float[environment.Rows], new Status[environment.Rows]);
        environment.Reset(options.Seed);
    }

    /// <inheritdoc/>
    public IPolicy Policy => _policy;

    /// <inheritdoc/>
    public ReadOnlySpan<float> PolicyWeights => _actor.Values;

    /// <summary>The actor's parameters.</summary>
    public Parameters ActorParameters => _actor;

    /// <summary>Both critics' parameters.</summary>
    public Parameters CriticParameters => _critic;

    private float Temperature => Simd.Exp(Vector512.Create(_logTemperature.Values[0]))[0];

    private float Remaining => _options.AnnealUpdates == 0 ? 1 : Math.Max(0f, 1 - (float)_critic.Steps / _options.AnnealUpdates);

    /// <inheritdoc/>
    public Progress Iterate()
    {
        _meter.Clear();
        for (var step = 0; step < _options.StepsPerRound; step++)
            Play();
        (_actorLoss, _criticLoss, _entropy, _norm) = (0, 0, 0, 0);
        var updates = _replay.Count >= Math.Max(_options.Warmup, _options.Batch) ? _options.UpdatesPerRound : 0;
        for (var update = 0; update < updates; update++)
        {
            _replay.Draw(_drawn, ref _drawing);
            UpdateCritics();
            UpdateActor();
            if (_options.Discount > 0)
                _target.Follow(_critic, _options.TargetShare);
        }
        var n = (float)updates;
        return new(
            _steps, _actor.Steps, _meter.MeanReward, _meter.MeanReturn, _actorLoss / n, _criticLoss / n, _entropy / n, float.NaN, float.NaN, _norm / n,
            Temperature, _meter.SaturatedShare);
    }

    /// <summary>One step of play, into the replay.</summary>
    internal void Play()
    {
        _environment.Observe(_observations);
        if (_replay.Count < _options.Warmup)
            foreach (ref var action in _actions.AsSpan())
                action = (float)(2 * _exploration.NextDouble() - 1);
        else
            Explore();
        _environment.Advance(_actions, _rewards, _statuses);
        _meter.Add(_actions, _rewards, _statuses);
        if (_options.Discount > 0)
            _environment.Observe(_next);
        _replay.Add(_observations, _actions, _rewards, _statuses, _options.Discount > 0 ? _next : default);
        _environment.Restart();
        _steps += _environment.Rows;
    }

    private void Explore()
    {
        var (size, width) = (_environment.ObservationSize, _environment.ActionSize);
        DivergenceException.Require(_observations, "observation");
        for (var first = 0; first < _environment.Rows; first += StochasticPolicy.Slice)
        {
            var count = Math.Min(StochasticPolicy.Slice, _environment.Rows - first);
            _tape.Reset();
            using (_tape.Freeze())
                Sample(_tape.Input(_observations.AsSpan(first * size, count * size), count, size), out _).Data.CopyTo(_actions.AsSpan(first * width));
        }
    }

    /// <summary>Actions tanh u, u ~ N(μ, σ²), and ln π of them, rows × 1.</summary>
    private Value Sample(Value observations, out Value logProbability)
    {
        var width = _environment.ActionSize;
        var output = _network.Forward(observations);
        var mean = output.Part(0, width);
        var log = output.Part(width, width).Tanh().Affine(3.5f, -1.5f);
        var noise = _tape.Noise(observations.Rows, width, ref _exploration);
        var u = mean + log.Exp() * noise;
        var density = -0.5f * noise.Square() - log - GaussianPolicy.LogSlope(u);
        logProbability = density.RowSums() - HalfLogTwoPi * width;
        return u.Tanh();
    }

    private void UpdateCritics()
    {
        _critic.ClearGradients();
        for (var first = 0; first < _drawn.Length; first += _options.SliceRows)
        {
            var rows = _drawn.AsSpan(first, Math.Min(_options.SliceRows, _drawn.Length - first));
            var share = (float)rows.Length / _drawn.Length;
            _tape.Reset();
            var target = Input(_replay.Rewards, rows, 1);
            if (_options.Discount > 0)
                using (_tape.Freeze())
                {
                    var next = Input(_replay.Next, rows, _environment.ObservationSize);
                    var pair = next.Beside(Sample(next, out var log));
                    var future = _target1.Forward(pair).Minimum(_target2.Forward(pair)) - Temperature * log;
                    target += _options.Discount * (Input(_replay.Continues, rows, 1) * future);
                }
            var played = Input(_replay.Observations, rows, _environment.ObservationSize).Beside(Input(_replay.Actions, rows, _environment.ActionSize));
            var loss = (_q1.Forward(played) - target).Square().Mean() + (_q2.Forward(played) - target).Square().Mean();
            _criticLoss += share * loss.Item;
            _tape.Backward(share * loss);
        }
        _critic.Descend(new(_options.CriticLearningRate * Remaining, _options.MaxNorm));
    }

    private void UpdateActor()
    {
        _actor.ClearGradients();
        var slice = _network.MixesRows ? _drawn.Length : _options.SliceRows;
        var entropy = 0f;
        for (var first = 0; first < _drawn.Length; first += slice)
        {
            var rows = _drawn.AsSpan(first, Math.Min(slice, _drawn.Length - first));
            var share = (float)rows.Length / _drawn.Length;
            _tape.Reset();
            var observations = Input(_replay.Observations, rows, _environment.ObservationSize);
            var action = Sample(observations, out var log);
            Value value;
            using (_tape.Freeze())
            {
                var pair = observations.Beside(action);
                value = _q1.Forward(pair).Minimum(_q2.Forward(pair));
            }
            var loss = (Temperature * log - value).Mean();
            if (_tape.TryAuxiliary(out var auxiliary))
                loss += auxiliary;
            _actorLoss += share * loss.Item;
            entropy -= share * log.Mean().Item;
            _tape.Backward(share * loss);
        }
        _norm += _actor.Descend(new(_options.ActorLearningRate * Remaining, _options.MaxNorm));
        _network.AfterUpdate(_actor.Steps);
        _entropy += entropy;
        if (!_options.LearnTemperature)
            return;
        // d/d(ln α) of −ln α (ln π + H̄), averaged.
        _logTemperature.Gradients[0] = entropy - _targetEntropy;
        _temperature.Descend(new(_options.ActorLearningRate * Remaining));
    }

    private Value Input(ReadOnlySpan<float> buffer, ReadOnlySpan<int> rows, int width)
    {
        var value = _tape.Input(rows.Length, width, out var data);
        Minibatches.Gather(buffer, rows, width, data);
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
        _target.Write(writer, moments: false);
        _temperature.Write(writer);
        writer.Write(_exploration.Index);
        writer.Write(_drawing.Index);
        writer.Write(_steps);
        _replay.Write(writer);
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
        _target.Read(reader);
        _temperature.Read(reader);
        _exploration = Rng.Stream(seed, 2, reader.ReadUInt64());
        _drawing = Rng.Stream(seed, 3, reader.ReadUInt64());
        _steps = reader.ReadInt64();
        _replay.Read(reader);
        _meter.Read(reader);
        _environment.Read(reader);
    }
}
