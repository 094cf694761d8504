using Menuet.Learning.Autodiff;
using Menuet.Learning.Onnx;

namespace Menuet.Learning.Networks;

/// <summary>x W + b and a function of it; the bias begins at 0.</summary>
internal sealed class Linear
{
    internal Linear(Parameters parameters, int inputs, int outputs, float gain, Initialisation initialisation, ref Rng rng)
    {
        Weight = parameters.Add(inputs, outputs);
        Bias = parameters.Add(1, outputs);
        Networks.Weights.Fill(Weight, initialisation, gain, ref rng);
    }

    internal Matrix Weight { get; }

    internal Matrix Bias { get; }

    internal Value Forward(Value x, Activation activation = Activation.None) => x.Dense(x.Tape.Use(Weight), x.Tape.Use(Bias), activation);

    internal string Export(OnnxGraph graph, string x, Activation activation = Activation.None)
    {
        var y = graph.Node("Gemm", [x, graph.Constant(Weight.Values, Weight.Rows, Weight.Columns), graph.Constant(Bias.Values, Bias.Columns)]);
        return activation switch
        {
            Activation.None => y,
            Activation.Tanh => graph.Node("Tanh", [y]),
            Activation.Relu => graph.Node("Relu", [y]),
            Activation.Mish => graph.Node("Mul", [y, graph.Node("Tanh", [graph.Node("Softplus", [y])])]),
            _ => throw new ArgumentOutOfRangeException(nameof(activation), activation, null),
        };
    }
}
