using Menuet.Learning.Autodiff;
using Menuet.Learning.Networks;
using Menuet.Learning.Onnx;

namespace Menuet.Learning.Policies;

/// <summary>How a policy draws actions from what its network says.</summary>
public enum ActionLaw
{
    /// <summary>Gaussian around the output; the environment clamps, the log-probability is that of the unclamped draw.</summary>
    ClampedGaussian,

    /// <summary>tanh of a Gaussian draw, with the density of the result.</summary>
    SquashedGaussian,

    /// <summary>One of equally spaced values in [-1, 1] for every number of the action, by softmax.</summary>
    Grid,
}

/// <summary>The shape of a policy.</summary>
public sealed record PolicyOptions
{
    /// <summary>The law of the actions.</summary>
    public ActionLaw Law { get; init; } = ActionLaw.ClampedGaussian;

    /// <summary>ln σ at the beginning; σ is one parameter for each number of the action. Not for grids.</summary>
    public float InitialLogDeviation { get; init; } = -0.5f;

    /// <summary>Bound below of ln σ in [-10, 2]: exploration that a policy keeps however sure it gets; what falls there stays there. Below -10 draws and their mean lose each other in single precision.</summary>
    public float LowestLogDeviation { get; init; } = -10f;

    /// <summary>Values of a grid, ≥ 2.</summary>
    public int GridSize { get; init; } = 21;

    internal IEnumerable<Problem> Problems()
    {
        if (Law != ActionLaw.Grid && InitialLogDeviation < LowestLogDeviation)
            yield return Problem.With("initialLogDeviation", InitialLogDeviation, $"is below lowestLogDeviation, {LowestLogDeviation}, where deviations stay for ever: raise the one or lower the other");
    }
}

/// <summary>A policy that explores and whose log-probabilities have gradients.</summary>
/// <remarks>What it draws is kept as a <em>sample</em>: the number before clamping or tanh, or the index on the grid; the action is a function of it.</remarks>
internal abstract class StochasticPolicy(INetwork network, int actionSize) : IPolicy, IExportable
{
    /// <summary>Rows in one pass of the network while acting: small enough for the cache.</summary>
    internal const int Slice = 256;

    /// <summary>ln √(2π).</summary>
    protected const float HalfLogTwoPi = 0.9189385332f;

    private readonly Tape _tape = new();

    public int ObservationSize => Network.Inputs;

    public int ActionSize { get; } = actionSize;

    internal INetwork Network { get; } = network;

    internal static StochasticPolicy Build(
        Parameters parameters, Architecture architecture, PolicyOptions options, int observationSize, int actionSize, ref Rng rng)
    {
        if (options.Law == ActionLaw.Grid)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(options.GridSize, 2);
            return new GridPolicy(architecture.Build(parameters, observationSize, actionSize * options.GridSize, 0.01f, ref rng), actionSize, options.GridSize);
        }
        var network = architecture.Build(parameters, observationSize, actionSize, 0.01f, ref rng);
        var deviation = parameters.Add(1, actionSize);
        deviation.Values.Fill(options.InitialLogDeviation);
        return new GaussianPolicy(network, deviation, options.LowestLogDeviation, options.Law == ActionLaw.SquashedGaussian);
    }

    /// <summary>Draws for many rows. Zero allocation after the first call.</summary>
    internal void Explore(
        ReadOnlySpan<float> observations, int rows, ref Rng rng, Span<float> samples, Span<float> actions, Span<float> logProbabilities)
    {
        DivergenceException.Require(observations[..(rows * ObservationSize)], "observation");
        for (var first = 0; first < rows; first += Slice)
        {
            var count = Math.Min(Slice, rows - first);
            _tape.Reset();
            using (_tape.Freeze())
            {
                var output = Network.Forward(_tape.Input(observations.Slice(first * ObservationSize, count * ObservationSize), count, ObservationSize));
                Draw(output, ref rng, samples.Slice(first * ActionSize, count * ActionSize), actions.Slice(first * ActionSize, count * ActionSize));
                var sample = _tape.Input(samples.Slice(first * ActionSize, count * ActionSize), count, ActionSize);
                LogProbability(output, sample).Data.CopyTo(logProbabilities.Slice(first, count));
            }
        }
    }

    public void Act(ReadOnlySpan<float> observations, Span<float> actions, int rows)
    {
        DivergenceException.Require(observations[..(rows * ObservationSize)], "observation");
        for (var first = 0; first < rows; first += Slice)
        {
            var count = Math.Min(Slice, rows - first);
            _tape.Reset();
            using (_tape.Freeze())
            {
                var output = Network.Forward(_tape.Input(observations.Slice(first * ObservationSize, count * ObservationSize), count, ObservationSize));
                Decide(output, actions.Slice(first * ActionSize, count * ActionSize));
            }
        }
    }

    public string Export(OnnxGraph graph, string input) => Decide(graph, graph.Network(Network, input));

    /// <summary>ln π(sample | output), rows × 1.</summary>
    internal abstract Value LogProbability(Value output, Value samples);

    /// <summary>The entropy of the law, rows × 1 (of the Gaussian before tanh, which alone has a closed form).</summary>
    internal abstract Value Entropy(Value output);

    /// <summary>Draws samples and the actions that belong to them.</summary>
    protected abstract void Draw(Value output, ref Rng rng, Span<float> samples, Span<float> actions);

    /// <summary>The action without exploration.</summary>
    protected abstract void Decide(Value output, Span<float> actions);

    /// <summary>The same as nodes of a graph.</summary>
    protected abstract string Decide(OnnxGraph graph, string output);
}
