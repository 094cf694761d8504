using Menuet.Learning.Autodiff;

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
}
