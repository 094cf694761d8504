using Menuet.Learning.Autodiff;
using Menuet.Learning.Networks;
using Menuet.Learning.Policies;

namespace Menuet.Learning.Algorithms;

/// <summary>Hyper-parameters of <see cref="DiffusionQ"/>.</summary>
public sealed record DiffusionQOptions : AlgorithmOptions
{
    /// <summary>The actor; a diffusion network unless another is wanted for comparison.</summary>
    public override Architecture Actor { get; init; } = new DiffusionArchitecture();

    /// <summary>Each of the two critics.</summary>
    public override Architecture Critic { get; init; } = new MlpArchitecture { Hidden = [256, 256, 256], Activation = Activation.Mish };

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

    /// <summary>Deviation of the Gaussian noise on actions while playing.</summary>
    public float ExplorationNoise { get; init; } = 0.01f;

    /// <summary>Its deviation when <see cref="AnnealUpdates"/> are done; 0 lets the critics forget what lies beside the policy.</summary>
    public float FinalExplorationNoise { get; init; }

    /// <summary>Step size of the actor.</summary>
    public float ActorLearningRate { get; init; } = 3e-4f;

    /// <summary>Step size of the critics.</summary>
    public float CriticLearningRate { get; init; } = 1e-3f;

    /// <summary>Updates over which step sizes fall to 0 and the exploration noise to its final deviation, in a line; 0: never.</summary>
    public long AnnealUpdates { get; init; }

    /// <summary>Decoupled weight decay of actor and critics.</summary>
    public float WeightDecay { get; init; }

    /// <summary>γ; 0 makes one-step problems of everything and spares the target networks.</summary>
    public float Discount { get; init; }

    /// <summary>Share by which targets follow.</summary>
    public float TargetShare { get; init; } = 0.005f;

    /// <summary>
    /// Runs Algorithm 1 as printed where it can be run at all: the target is r + 0.95 Q'(e, φ') at the same state, with one critic, and the actor
    /// follows one critic. The printed loss without its square has no minimum; the square stays.
    /// </summary>
    public bool PaperExact { get; init; }

    /// <summary>Weight of what the square of an action has above 0.9: a wall before the bounds, where tanh flattens and an actor gets stuck.</summary>
    public float BoundWeight { get; init; }

    /// <summary>Factor on rewards before learning.</summary>
    public float RewardScale { get; init; } = 1f;

    /// <summary>Whether r is learned as sign(r) ln(1 + |r|) after its factor: terrible rewards drown the rest no longer. For γ = 0 alone.</summary>
    public bool CompressRewards { get; init; }

    /// <summary>Largest norm of the gradients.</summary>
    public float MaxNorm { get; init; } = float.PositiveInfinity;

    /// <summary>Rows of a backward pass.</summary>
    public int SliceRows { get; init; } = 256;

    /// <inheritdoc/>
    public override ILearner Start(IEnvironment environment) => new DiffusionQ(environment, this);

    internal override IPolicy BuildPolicy(Parameters parameters, int observationSize, int actionSize, ref Rng rng) =>
        new DirectPolicy(Actor.Build(parameters, observationSize, actionSize, 0.1f, ref rng), actionSize);

    internal override int CriticInputs(int observationSize, int actionSize, int stateSize) => observationSize + actionSize;

    internal override IEnumerable<Problem> Problems(int rows, int stateSize) => ReplayBuffer.Problems(Capacity, Batch, Warmup, rows, Discount, CompressRewards);
}

/// <summary>A diffusion actor that climbs the smaller of two critics through all its denoising steps.</summary>
/// <remarks>
/// <para>Source: Ye et al., Algorithm 1 and Tables III and IV; the family of Wang, Hunt and Zhou 2023 and Du et al. 2024. Details:</para>
/// <list type="number">
/// <item>K denoising steps from Gaussian noise, noise after every step but the last; gradients pass through the whole chain;</item>
/// <item>exploration: what the chain draws, plus Gaussian noise (0.01 in Table IV), held within [-1, 1];</item>
/// <item>corrected target: the reward, for an episode is one step (γ = 0); with γ &gt; 0 the next state's value by the smaller of two target critics
/// (the paper has the same state, one critic, and no square in the loss: <see cref="DiffusionQOptions.PaperExact"/>);</item>
/// <item>the smaller of two critics in the actor's loss (the paper's Eq. (20));</item>
/// <item>targets follow by 0.005; uniform actions until the warm-up is full;</item>
/// <item>learning rates and batch are not those of Table IV, with which hardly any weight moves and no batch ever fills;</item>
/// <item>step sizes may fall to 0 and exploration noise to a final deviation, in a line; rewards of one-step problems may be learned as sign(r) ln(1 + |r|), and a wall keeps actions off their bounds.</item>
/// </list>
/// </remarks>
public sealed class DiffusionQ : ILearner
{
    private const string Name = "diffusion-q 1";
    private const float PaperDiscount = 0.95f;
    private readonly DiffusionQOptions _options;
    private readonly IEnvironment _environment;
    private readonly Parameters _actor = new(), _critic = new(), _targetActor = new(), _targetCritic = new();
    private readonly INetwork _network, _q1, _q2, _target1, _target2;
    private readonly DirectPolicy _policy, _targetPolicy;
    private readonly Tape _tape = new();
    private readonly ReplayBuffer _replay;
    private readonly EpisodeMeter _meter;
    private readonly int[] _drawn;
    private readonly float[] _observations, _next, _actions, _rewards;
    private readonly Status[] _statuses;
    private Rng _exploration, _drawing, _noise;
    private long _steps;
    private float _actorLoss, _criticLoss, _norm;

    /// <summary>A new training.</summary>
    /// <exception cref="ArgumentException">Options that do not fit.</exception>
    public DiffusionQ(IEnvironment environment, DiffusionQOptions options)
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
        _noise = Rng.Stream(options.Seed, 4);
        _network = options.Actor.Build(_actor, observations, actions, 0.1f, ref weights);
        _q1 = options.Critic.Build(_critic, observations + actions, 1, 1f, ref weights);
        _q2 = options.Critic.Build(_critic, observations + actions, 1, 1f, ref weights);
        var unused = default(Rng);
        var targetNetwork = options.Actor.Build(_targetActor, observations, actions, 0.1f, ref unused);
        _target1 = options.Critic.Build(_targetCritic, observations + actions, 1, 1f, ref unused);
        _target2 = options.Critic.Build(_targetCritic, observations + actions, 1, 1f, ref unused);
        _targetActor.CopyFrom(_actor);
        _targetCritic.CopyFrom(_critic);
        (_policy, _targetPolicy) = (new(_network, actions), new(targetNetwork, actions));
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

    private float Noise => _options.FinalExplorationNoise + ((_options.ExplorationNoise - _options.FinalExplorationNoise) * Remaining);

    private float Remaining => _options.AnnealUpdates == 0 ? 1 : Math.Max(0f, 1 - (float)_critic.Steps / _options.AnnealUpdates);

    /// <inheritdoc/>
    public Progress Iterate()
    {
        _meter.Clear();
        for (var step = 0; step < _options.StepsPerRound; step++)
            Play();
        (_actorLoss, _criticLoss, _norm) = (0, 0, 0);
        var updates = _replay.Count >= Math.Max(_options.Warmup, _options.Batch) ? _options.UpdatesPerRound : 0;
        var before = _actor.Steps;
        for (var update = 0; update < updates; update++)
        {
            _replay.Draw(_drawn, ref _drawing);
            UpdateCritics();
            UpdateActor();
            if (_options.PaperExact || _options.Discount > 0)
            {
                _targetActor.Follow(_actor, _options.TargetShare);
                _targetCritic.Follow(_critic, _options.TargetShare);
            }
        }
        var (n, actorUpdates) = ((float)updates, (float)(_actor.Steps - before));
        return new(
            _steps, _critic.Steps, _meter.MeanReward, _meter.MeanReturn, _actorLoss / actorUpdates, _criticLoss / n, float.NaN, float.NaN, float.NaN,
            _norm / actorUpdates, float.NaN, _meter.SaturatedShare);
    }

    /// <summary>One step of play, into the replay.</summary>
    internal void Play()
    {
        _environment.Observe(_observations);
        if (_replay.Count < _options.Warmup)
            foreach (ref var action in _actions.AsSpan())
                action = (float)(2 * _exploration.NextDouble() - 1);
        else
            _policy.Explore(_observations, _environment.Rows, Noise, ref _exploration, _actions);
        _environment.Advance(_actions, _rewards, _statuses);
        _meter.Add(_actions, _rewards, _statuses);
        if (_options.Discount > 0)
            _environment.Observe(_next);
        _replay.Add(_observations, _actions, _rewards, _statuses, _options.Discount > 0 ? _next : default);
        _environment.Restart();
        _steps += _environment.Rows;
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
            if (_options.PaperExact || _options.Discount > 0)
                using (_tape.Freeze())
                {
                    // As printed the future is that of the same state, with one critic and although the episode is over.
                    var next = Input(_options.PaperExact ? _replay.Observations : _replay.Next, rows, _environment.ObservationSize);
                    var pair = next.Beside(_targetPolicy.Sample(next, ref _noise));
                    target += _options.PaperExact
                        ? PaperDiscount * _target1.Forward(pair)
                        : _options.Discount * (Input(_replay.Continues, rows, 1) * _target1.Forward(pair).Minimum(_target2.Forward(pair)));
                }
            var played = Input(_replay.Observations, rows, _environment.ObservationSize).Beside(Input(_replay.Actions, rows, _environment.ActionSize));
            var loss = (_q1.Forward(played) - target).Square().Mean() + (_q2.Forward(played) - target).Square().Mean();
            _criticLoss += share * loss.Item;
            _tape.Backward(share * loss);
        }
        _critic.Descend(new(_options.CriticLearningRate * Remaining, _options.MaxNorm, _options.WeightDecay));
    }

    private void UpdateActor()
    {
        _actor.ClearGradients();
        var slice = _network.MixesRows ? _drawn.Length : _options.SliceRows;
        for (var first = 0; first < _drawn.Length; first += slice)
        {
            var rows = _drawn.AsSpan(first, Math.Min(slice, _drawn.Length - first));
            var share = (float)rows.Length / _drawn.Length;
            _tape.Reset();
            var observations = Input(_replay.Observations, rows, _environment.ObservationSize);
            var action = _policy.Sample(observations, ref _noise);
            Value value;
            using (_tape.Freeze())
            {
                var pair = observations.Beside(action);
                value = _q1.Forward(pair);
                if (!_options.PaperExact)
                    value = value.Minimum(_q2.Forward(pair));
            }
            var loss = -value.Mean();
            if (_options.BoundWeight > 0)
                loss += _options.BoundWeight * action.Square().Affine(1, -0.9f).Relu().RowSums().Mean();
            if (_tape.TryAuxiliary(out var auxiliary))
                loss += auxiliary;
            _actorLoss += share * loss.Item;
            _tape.Backward(share * loss);
        }
        _norm += _actor.Descend(new(_options.ActorLearningRate * Remaining, _options.MaxNorm, _options.WeightDecay));
        _network.AfterUpdate(_actor.Steps);
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
        _targetActor.Write(writer, moments: false);
        _targetCritic.Write(writer, moments: false);
        writer.Write(_exploration.Index);
        writer.Write(_drawing.Index);
        writer.Write(_noise.Index);
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
        _targetActor.Read(reader);
        _targetCritic.Read(reader);
        _exploration = Rng.Stream(seed, 2, reader.ReadUInt64());
        _drawing = Rng.Stream(seed, 3, reader.ReadUInt64());
        _noise = Rng.Stream(seed, 4, reader.ReadUInt64());
        _steps = reader.ReadInt64();
        _replay.Read(reader);
        _meter.Read(reader);
        _environment.Read(reader);
    }
}
