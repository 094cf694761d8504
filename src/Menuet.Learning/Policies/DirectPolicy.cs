using Menuet.Learning.Autodiff;
using Menuet.Learning.Networks;
using Menuet.Learning.Onnx;

namespace Menuet.Learning.Policies;

/// <summary>The action is the network's output itself, through tanh where the network does not bound it, or always when it is the mean of a squashed law.</summary>
internal sealed class DirectPolicy(INetwork network, int actionSize, bool squashed = false) : IPolicy, IExportable
{
    private readonly Tape _tape = new();

    public int ObservationSize => network.Inputs;

    public int ActionSize { get; } = actionSize;

    internal Value Forward(Value observations) => Bound(network.Forward(observations));

    /// <summary>As in training: a generative network draws.</summary>
    internal Value Sample(Value observations, ref Rng rng) => Bound(network.Sample(observations, ref rng));

    public void Act(ReadOnlySpan<float> observations, Span<float> actions, int rows)
    {
        DivergenceException.Require(observations[..(rows * ObservationSize)], "observation");
        for (var first = 0; first < rows; first += StochasticPolicy.Slice)
        {
            var count = Math.Min(StochasticPolicy.Slice, rows - first);
            _tape.Reset();
            using (_tape.Freeze())
                Forward(_tape.Input(observations.Slice(first * ObservationSize, count * ObservationSize), count, ObservationSize))
                    .Data.CopyTo(actions.Slice(first * ActionSize, count * ActionSize));
        }
    }

    /// <summary>Acts as in training, with Gaussian noise of a given deviation, held within [-1, 1].</summary>
    internal void Explore(ReadOnlySpan<float> observations, int rows, float deviation, ref Rng rng, Span<float> actions)
    {
        DivergenceException.Require(observations[..(rows * ObservationSize)], "observation");
        for (var first = 0; first < rows; first += StochasticPolicy.Slice)
        {
            var count = Math.Min(StochasticPolicy.Slice, rows - first);
            _tape.Reset();
            using (_tape.Freeze())
                Sample(_tape.Input(observations.Slice(first * ObservationSize, count * ObservationSize), count, ObservationSize), ref rng)
                    .Data.CopyTo(actions.Slice(first * ActionSize, count * ActionSize));
        }
        foreach (ref var action in actions[..(rows * ActionSize)])
            action = Math.Clamp(action + deviation * (float)rng.NextNormal(), -1f, 1f);
    }

    public string Export(OnnxGraph graph, string input)
    {
        var output = graph.Network(network, input);
        var action = network.Outputs == ActionSize ? output : graph.Part(output, 0, ActionSize);
        return network.Bounded && !squashed ? action : graph.Node("Tanh", [action]);
    }

    // A policy whose network has more outputs than actions (mean and deviation) acts by the first of them.
    private Value Bound(Value output)
    {
        var action = network.Outputs == ActionSize ? output : output.Part(0, ActionSize);
        return network.Bounded && !squashed ? action : action.Tanh();
    }
}
