using System.Collections.Immutable;
using Menuet.Learning.Autodiff;
using Menuet.Learning.Onnx;

namespace Menuet.Learning.Networks;

/// <summary>Fully connected layers.</summary>
public sealed record MlpArchitecture : Architecture
{
    /// <summary>Units of the hidden layers; empty for a linear map.</summary>
    public ImmutableArray<int> Hidden { get; init; } = [256, 256];

    /// <summary>Of the hidden layers.</summary>
    public Activation Activation { get; init; } = Activation.Tanh;

    /// <summary>Of all weights; hidden layers have gain √2.</summary>
    public Initialisation Initialisation { get; init; } = Initialisation.Orthogonal;

    /// <inheritdoc/>
    public override INetwork Build(Parameters parameters, int inputs, int outputs, float outputGain, ref Rng rng) =>
        new Mlp(parameters, inputs, outputs, this, outputGain, ref rng);
}

/// <summary>Fully connected layers: h ← act(h W + b), the last one without function.</summary>
internal sealed class Mlp : INetwork, IExportable
{
    private readonly Linear[] _layers;
    private readonly Activation _activation;

    internal Mlp(Parameters parameters, int inputs, int outputs, MlpArchitecture architecture, float outputGain, ref Rng rng)
    {
        (Inputs, Outputs, _activation) = (inputs, outputs, architecture.Activation);
        _layers = new Linear[architecture.Hidden.Length + 1];
        var width = inputs;
        for (var i = 0; i < _layers.Length; i++)
        {
            var last = i == _layers.Length - 1;
            var next = last ? outputs : architecture.Hidden[i];
            _layers[i] = new(parameters, width, next, last ? outputGain : MathF.Sqrt(2f), architecture.Initialisation, ref rng);
            width = next;
        }
    }

    public int Inputs { get; }

    public int Outputs { get; }

    internal IReadOnlyList<Linear> Layers => _layers;

    public Value Forward(Value inputs)
    {
        var h = inputs;
        for (var i = 0; i < _layers.Length; i++)
            h = _layers[i].Forward(h, i < _layers.Length - 1 ? _activation : Activation.None);
        return h;
    }

    public string Export(OnnxGraph graph, string input)
    {
        var h = input;
        for (var i = 0; i < _layers.Length; i++)
            h = _layers[i].Export(graph, h, i < _layers.Length - 1 ? _activation : Activation.None);
        return h;
    }
}
