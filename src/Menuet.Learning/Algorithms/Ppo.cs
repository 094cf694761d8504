using Menuet.Learning.Autodiff;
using Menuet.Learning.Networks;
using Menuet.Learning.Policies;

namespace Menuet.Learning.Algorithms;

/// <summary>Hyper-parameters of <see cref="Ppo"/>.</summary>
public sealed record PpoOptions : AlgorithmOptions
{
    /// <summary>The actor; one line swaps MLP, mixture, transformer, diffusion or tiny network.</summary>
    public override Architecture Actor { get; init; } = new MlpArchitecture();

    /// <summary>The critic.</summary>
    public override Architecture Critic { get; init; } = new MlpArchitecture();

    /// <summary>How actions are drawn.</summary>
    public PolicyOptions Policy { get; init; } = new();

    /// <summary>Steps of all rows in a round, ≥ 1.</summary>
    public int Horizon { get; init; } = 8;

    /// <summary>Passes over the samples of a round, ≥ 1.</summary>
    public int Epochs { get; init; } = 10;

    /// <summary>Samples of one step of the optimiser, ≥ 2; a smaller rest is left out.</summary>
    public int Minibatch { get; init; } = 512;

    /// <summary>Adam's step size, > 0.</summary>
    public float LearningRate { get; init; } = 3e-4f;

    /// <summary>Updates over which the step size falls to 0 and the entropy's weight to <see cref="FinalEntropy"/>; 0: never.</summary>
    public long AnnealUpdates { get; init; }

    /// <summary>γ, in [0, 1].</summary>
    public float Discount { get; init; } = 0.95f;

    /// <summary>λ of the advantages, in [0, 1].</summary>
    public float Decay { get; init; } = 0.95f;

    /// <summary>ε of the clipped objective, > 0.</summary>
    public float Clip { get; init; } = 0.2f;

    /// <summary>Bound of the change of a value estimate in one round; infinity for none.</summary>
    public float ValueClip { get; init; } = float.PositiveInfinity;

    /// <summary>Weight of half the squared value error.</summary>
    public float ValueWeight { get; init; } = 0.5f;

    /// <summary>Weight of the entropy.</summary>
    public float Entropy { get; init; }

    /// <summary>Its weight at the end of the annealing.</summary>
    public float FinalEntropy { get; init; }

    /// <summary>Largest norm of the gradient.</summary>
    public float MaxNorm { get; init; } = 0.5f;

    /// <summary>Decoupled weight decay.</summary>
    public float WeightDecay { get; init; }

    /// <summary>Whether advantages are standardised in each minibatch.</summary>
    public bool NormaliseAdvantages { get; init; } = true;

    /// <summary>Estimated divergence at which a round's remaining minibatches are left out; infinity for never.</summary>
    public float TargetDivergence { get; init; } = float.PositiveInfinity;

    /// <summary>Factor on rewards before learning, > 0.</summary>
    public float RewardScale { get; init; } = 1f;

    /// <summary>Rows of a backward pass: larger minibatches are cut so that they stay in cache. Part of the result's bits.</summary>
    public int SliceRows { get; init; } = 256;

    /// <inheritdoc/>
    public override ILearner Start(IEnvironment environment) => new Ppo(environment, this);

    internal override IPolicy BuildPolicy(Parameters parameters, int observationSize, int actionSize, ref Rng rng) =>
        StochasticPolicy.Build(parameters, Actor, Policy, observationSize, actionSize, ref rng);

    internal override int CriticInputs(int observationSize, int actionSize, int stateSize) => observationSize;

    internal override IEnumerable<Problem> Problems(int rows, int stateSize)
    {
        if (Minibatch > (long)rows * Horizon)
            yield return Problem.With("minibatch", Minibatch, $"is more than a round has samples ({rows} rows × horizon {Horizon}): lower it, or raise environments or horizon");
        foreach (var problem in Policy.Problems())
            yield return problem;
    }
}

/// <summary>Proximal policy optimisation; with a mixture as its actor it is the MoE-PPO of Wen et al., with a transformer that of Lai et al.</summary>
/// <remarks>
/// <para>Source: Schulman et al. 2017, Eqs. (7) and (9). Details, each a line below:</para>
/// <list type="number">
/// <item>many rows in parallel, a fixed horizon, episodes that go on over rounds (Mnih et al. 2016);</item>
/// <item>generalised advantages; cut-off episodes are bootstrapped with the critic's value of their last observation (Schulman et al. 2016; Pardo et al. 2018);</item>
/// <item>several epochs of shuffled minibatches; advantages standardised in each minibatch (Huang et al. 2022, details 5 to 7);</item>
/// <item>clipped ratio, optional clipped value loss; the gradient's norm clipped over actor and critic together (details 8, 9, 11);</item>
/// <item>entropy of the current policy (Wen et al. Eq. (28) prints the old one, which has no gradient);</item>
/// <item>orthogonal initialisation, gain √2, 0.01 for the policy's output and 1 for the value's (detail 2); Adam's ε is 1e-5 (detail 3);</item>
/// <item>state-independent deviations; log-probability of the unclamped sample (details of continuous actions);</item>
/// <item>divergence estimated by E[(ratio − 1) − ln ratio] (Schulman 2020);</item>
/// <item>−L_clip is minimised, on fresh samples only (Wen et al. Eqs. (28), (29) and Algorithm 1 have the sign and a replay buffer).</item>
/// </list>
/// </remarks>
public sealed class Ppo : ILearner
{
    private const string Name = "ppo 1";
    private readonly PpoOptions _options;
    private readonly IEnvironment _environment;
    private readonly Parameters _parameters = new();
    private readonly StochasticPolicy _policy;
    private readonly INetwork _critic;
    private readonly Tape _tape = new();
    private readonly Rollout _rollout;
    private readonly EpisodeMeter _meter;
    private readonly int[] _order;
    private readonly int _actorLength;
    private readonly float[] _advantages, _observations;
    private Rng _exploration, _shuffling;
    private long _steps;
    private Sums _sums;

    /// <summary>A new training.</summary>
    /// <exception cref="ArgumentException">Options that do not fit, or a minibatch larger than a round.</exception>
    public Ppo(IEnvironment environment, PpoOptions options)
    {
        ArgumentNullException.ThrowIfNull(environment);
        ArgumentNullException.ThrowIfNull(options);
        (_environment, _options) = (environment, options);
        _rollout = new(environment.Rows, options.Horizon, environment.ObservationSize, environment.ActionSize);
        if (options.Minibatch < 2 || options.Minibatch > _rollout.Count)
            throw new ArgumentException($"a minibatch of {options.Minibatch} from {_rollout.Count} samples a round", nameof(options));
        var weights = Rng.Stream(options.Seed, 1);
        _exploration = Rng.Stream(options.Seed, 2);
        _shuffling = Rng.Stream(options.Seed, 3);
        _policy = (StochasticPolicy)options.BuildPolicy(_parameters, environment.ObservationSize, environment.ActionSize, ref weights);
        _actorLength = _parameters.Length;
        _critic = options.Critic.Build(_parameters, environment.ObservationSize, 1, 1f, ref weights);
        _meter = new(environment.Rows);
        _order = new int[_rollout.Count];
        _advantages = new float[options.Minibatch];
        _observations = new float[environment.Rows * environment.ObservationSize];
        environment.Reset(options.Seed);
    }

    /// <inheritdoc/>
    public IPolicy Policy => _policy;

    /// <inheritdoc/>
    public ReadOnlySpan<float> PolicyWeights => _parameters.Values[.._actorLength];

    /// <summary>Actor and critic.</summary>
    public Parameters Parameters => _parameters;

    internal Rollout Samples => _rollout;

    internal StochasticPolicy Actor => _policy;

    internal INetwork Critic => _critic;

    /// <inheritdoc/>
    public Progress Iterate()
    {
        Play();
        _rollout.Judge(_options.Discount, _options.Decay);
        _sums = default;
        var far = false;
        for (var epoch = 0; epoch < _options.Epochs && !far; epoch++)
        {
            Minibatches.Shuffle(_order, ref _shuffling);
            for (var first = 0; first + _options.Minibatch <= _order.Length && !far; first += _options.Minibatch)
            {
                Update(_order.AsSpan(first, _options.Minibatch));
                far = _sums.LastDivergence > _options.TargetDivergence;
            }
        }
        var n = (float)_sums.Updates;
        return new(
            _steps, _parameters.Steps, _meter.MeanReward, _meter.MeanReturn, _sums.Actor / n, _sums.Critic / n, _sums.Entropy / n, _sums.Divergence / n,
            _sums.Clipped / n, _sums.Norm / n, EntropyWeight, _meter.SaturatedShare);
    }

    /// <summary>One round of play under the present policy.</summary>
    internal void Play()
    {
        var (rows, size) = (_environment.Rows, _environment.ObservationSize);
        _meter.Clear();
        for (var step = 0; step < _options.Horizon; step++)
        {
            var observations = _rollout.At(_rollout.Observations, step, size);
            _environment.Observe(observations);
            var actions = _rollout.At(_rollout.Actions, step, _environment.ActionSize);
            _policy.Explore(
                observations, rows, ref _exploration, _rollout.At(_rollout.Samples, step, _environment.ActionSize), actions,
                _rollout.At(_rollout.LogProbabilities, step));
            Evaluate(observations, _rollout.At(_rollout.Values, step));
            if (step > 0)
                Continue(step - 1, _rollout.At(_rollout.Values, step));
            var rewards = _rollout.At(_rollout.Rewards, step);
            var statuses = _rollout.Statuses.AsSpan(step * rows, rows);
            _environment.Advance(actions, rewards, statuses);
            _meter.Add(actions, rewards, statuses);
            foreach (ref var reward in rewards)
                reward *= _options.RewardScale;
            var next = _rollout.At(_rollout.NextValues, step);
            if (statuses.Contains(Status.Truncated) || (step == _options.Horizon - 1 && statuses.Contains(Status.Running)))
            {
                _environment.Observe(_observations);   // before the restart: what the episodes ended in
                Evaluate(_observations, next);
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

    /// <summary>Where a row goes on, the value of what follows is that of the next step.</summary>
    private void Continue(int step, ReadOnlySpan<float> values)
    {
        var next = _rollout.At(_rollout.NextValues, step);
        for (var row = 0; row < next.Length; row++)
            if (_rollout.Statuses[step * next.Length + row] == Status.Running)
                next[row] = values[row];
    }

    private void Evaluate(ReadOnlySpan<float> observations, Span<float> values)
    {
        var size = _environment.ObservationSize;
        for (var first = 0; first < values.Length; first += StochasticPolicy.Slice)
        {
            var count = Math.Min(StochasticPolicy.Slice, values.Length - first);
            _tape.Reset();
            using (_tape.Freeze())
                _critic.Forward(_tape.Input(observations.Slice(first * size, count * size), count, size)).Data.CopyTo(values.Slice(first, count));
        }
    }

    private float Annealed => _options.AnnealUpdates == 0 ? 0 : Math.Min(1f, (float)_parameters.Steps / _options.AnnealUpdates);

    private float EntropyWeight => _options.Entropy + (_options.FinalEntropy - _options.Entropy) * Annealed;

    /// <summary>One step of the optimiser on some samples of the round.</summary>
    internal void Update(ReadOnlySpan<int> samples)
    {
        Gradient(samples);
        var learningRate = _options.LearningRate * (1 - Annealed);
        _sums.Norm += _parameters.Descend(new(learningRate, _options.MaxNorm, _options.WeightDecay));
        _sums.Updates++;
        _policy.Network.AfterUpdate(_parameters.Steps);
    }

    /// <summary>The gradient of the loss over some samples, slice by slice.</summary>
    internal void Gradient(ReadOnlySpan<int> samples)
    {
        var advantages = _advantages.AsSpan(0, samples.Length);
        Minibatches.Gather(_rollout.Advantages, samples, 1, advantages);
        if (_options.NormaliseAdvantages)
            Minibatches.Standardise(advantages);
        _parameters.ClearGradients();
        var slice = _policy.Network.MixesRows ? samples.Length : Math.Min(_options.SliceRows, samples.Length);
        _sums.LastDivergence = 0;
        for (var first = 0; first < samples.Length; first += slice)
        {
            var count = Math.Min(slice, samples.Length - first);
            _tape.Reset();
            var loss = Loss(samples.Slice(first, count), advantages.Slice(first, count), (float)count / samples.Length);
            _tape.Backward(loss);
        }
        _sums.Divergence += _sums.LastDivergence;
    }

    private Value Loss(ReadOnlySpan<int> samples, ReadOnlySpan<float> advantages, float share)
    {
        var observations = Input(_rollout.Observations, samples, _environment.ObservationSize);
        var drawn = Input(_rollout.Samples, samples, _environment.ActionSize);
        var old = Input(_rollout.LogProbabilities, samples);
        var advantage = _tape.Input(advantages, samples.Length, 1);

        var output = _policy.Network.Forward(observations);
        var logRatio = _policy.LogProbability(output, drawn) - old;
        var ratio = logRatio.Exp();
        var gain = (ratio * advantage).Minimum(ratio.Clamp(1 - _options.Clip, 1 + _options.Clip) * advantage).Mean();
        var entropy = _policy.Entropy(output).Mean();

        var returns = Input(_rollout.Returns, samples);
        var value = _critic.Forward(observations);
        var error = (value - returns).Square();
        if (_options.ValueClip < float.PositiveInfinity)
        {
            var before = Input(_rollout.Values, samples);
            error = error.Maximum((before + (value - before).Clamp(-_options.ValueClip, _options.ValueClip) - returns).Square());
        }
        var valueLoss = 0.5f * error.Mean();

        var loss = _options.ValueWeight * valueLoss - gain - EntropyWeight * entropy;
        if (_tape.TryAuxiliary(out var auxiliary))
            loss += auxiliary;

        _sums.Actor -= share * gain.Item;
        _sums.Critic += share * valueLoss.Item;
        _sums.Entropy += share * entropy.Item;
        var (divergence, clipped) = (0f, 0);
        for (var i = 0; i < samples.Length; i++)
        {
            divergence += ratio.Data[i] - 1 - logRatio.Data[i];
            if (MathF.Abs(ratio.Data[i] - 1) > _options.Clip)
                clipped++;
        }
        _sums.LastDivergence += share * divergence / samples.Length;
        _sums.Clipped += share * clipped / samples.Length;
        return share * loss;
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
        _parameters.Write(writer);
        writer.Write(_exploration.Index);
        writer.Write(_shuffling.Index);
        writer.Write(_steps);
        _meter.Write(writer);
        _environment.Write(writer);
    }

    /// <inheritdoc/>
    public void Read(BinaryReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        Stored.Expect(reader, Name);
        var seed = reader.ReadUInt64();
        _parameters.Read(reader);
        _exploration = Rng.Stream(seed, 2, reader.ReadUInt64());
        _shuffling = Rng.Stream(seed, 3, reader.ReadUInt64());
        _steps = reader.ReadInt64();
        _meter.Read(reader);
        _environment.Read(reader);
    }

    private struct Sums
    {
        internal float Actor, Critic, Entropy, Divergence, LastDivergence, Clipped, Norm;
        internal int Updates;
    }
}
