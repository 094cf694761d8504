using System.Collections.Immutable;
using Menuet.Learning.Autodiff;
using Menuet.Learning.Onnx;

namespace Menuet.Learning.Networks;

/// <summary>What a denoising network says.</summary>
public enum Prediction
{
    /// <summary>The clean action itself, through tanh.</summary>
    Action,

    /// <summary>The noise in the action, from which the clean action follows; it is held within [-1, 1].</summary>
    Noise,
}

/// <summary>
/// An actor that denoises its action in K steps from Gaussian noise. Source: Ye et al., Eqs. (11) to (18) and Table III; Ho, Jain and Abbeel 2020, Algorithm 2.
/// </summary>
/// <remarks>
/// Schedule, variance preserving: 1 − β_k = exp(−β_min/K − (2k − 1)(β_max − β_min)/(2K²)), k = 1…K. Deviates: the paper leaves the schedule and what the
/// network predicts open; predicting the action is the default because the bounds then cost no gradient.
/// </remarks>
public sealed record DiffusionArchitecture : Architecture
{
    /// <summary>K, ≥ 1.</summary>
    public int DenoisingSteps { get; init; } = 3;

    /// <summary>Size of the sinusoidal embedding of the step; even.</summary>
    public int TimeSize { get; init; } = 16;

    /// <summary>Hidden units.</summary>
    public ImmutableArray<int> Hidden { get; init; } = [256, 256];

    /// <summary>Of the hidden layers and the embedding: Tanh in Ye et al., Mish in the code family it comes from.</summary>
    public Activation Activation { get; init; } = Activation.Tanh;

    /// <summary>What the network predicts.</summary>
    public Prediction Prediction { get; init; } = Prediction.Action;

    /// <summary>β_min of the schedule.</summary>
    public double BetaMin { get; init; } = 0.1;

    /// <summary>β_max of the schedule.</summary>
    public double BetaMax { get; init; } = 10;

    /// <inheritdoc/>
    public override INetwork Build(Parameters parameters, int inputs, int outputs, float outputGain, ref Rng rng)
    {
        if (DenoisingSteps < 1 || TimeSize < 4 || TimeSize % 2 != 0 || !(BetaMin > 0) || !(BetaMax >= BetaMin))
            throw new ArgumentException($"{DenoisingSteps} denoising steps, time size {TimeSize}, schedule {BetaMin} to {BetaMax}");
        return new Diffusion(parameters, inputs, outputs, this, outputGain, ref rng);
    }
}

/// <summary>The coefficients of one denoising step: x₀ = Signal x − Noise ε, then x ← Clean x₀ + Old x + Deviation z.</summary>
internal readonly record struct DenoisingStep(float Signal, float Noise, float Clean, float Old, float Deviation)
{
    internal static DenoisingStep[] Schedule(int steps, double betaMin, double betaMax)
    {
        var schedule = new DenoisingStep[steps];
        var product = 1.0;
        for (var k = 1; k <= steps; k++)
        {
            var alpha = Math.Exp(-betaMin / steps - 0.5 * (betaMax - betaMin) * (2 * k - 1) / ((double)steps * steps));
            var (beta, before) = (1 - alpha, product);
            product *= alpha;
            schedule[k - 1] = new(
                (float)Math.Sqrt(1 / product), (float)Math.Sqrt(1 / product - 1), (float)(beta * Math.Sqrt(before) / (1 - product)),
                (float)((1 - before) * Math.Sqrt(alpha) / (1 - product)), (float)Math.Sqrt(beta * (1 - before) / (1 - product)));
        }
        return schedule;
    }
}

/// <summary>The denoising chain; the tape carries the gradient through all its steps.</summary>
/// <remarks>The embedding uses the platform's sine and power: same bits on one machine, not promised across platforms.</remarks>
internal sealed class Diffusion : INetwork, IExportable
{
    private readonly DiffusionArchitecture _architecture;
    private readonly DenoisingStep[] _schedule;
    private readonly float[] _times;
    private readonly Linear _timeUp, _timeDown;
    private readonly Mlp _network;

    internal Diffusion(Parameters parameters, int inputs, int outputs, DiffusionArchitecture architecture, float outputGain, ref Rng rng)
    {
        (Inputs, Outputs, _architecture) = (inputs, outputs, architecture);
        _schedule = DenoisingStep.Schedule(architecture.DenoisingSteps, architecture.BetaMin, architecture.BetaMax);
        _times = Embed(architecture.DenoisingSteps, architecture.TimeSize);
        _timeUp = new(parameters, architecture.TimeSize, 2 * architecture.TimeSize, 1f, Initialisation.Xavier, ref rng);
        _timeDown = new(parameters, 2 * architecture.TimeSize, architecture.TimeSize, 1f, Initialisation.Xavier, ref rng);
        var layers = new MlpArchitecture { Hidden = architecture.Hidden, Activation = architecture.Activation };
        _network = new(parameters, outputs + architecture.TimeSize + inputs, outputs, layers, outputGain, ref rng);
    }

    public int Inputs { get; }

    public int Outputs { get; }

    public bool Bounded => true;

    /// <summary>The chain from 0, without noise.</summary>
    public Value Forward(Value inputs)
    {
        var rng = default(Rng);
        return Denoise(inputs, inputs.Tape.Constant(0, inputs.Rows, Outputs), false, ref rng);
    }

    /// <summary>The chain from Gaussian noise, with noise after every step but the last.</summary>
    public Value Sample(Value inputs, ref Rng rng) => Denoise(inputs, inputs.Tape.Noise(inputs.Rows, Outputs, ref rng), true, ref rng);

    private Value Denoise(Value inputs, Value x, bool noisy, ref Rng rng)
    {
        var tape = inputs.Tape;
        var times = _timeDown.Forward(_timeUp.Forward(tape.Input(_times, _schedule.Length, _architecture.TimeSize), _architecture.Activation));
        for (var k = _schedule.Length - 1; k >= 0; k--)
        {
            var step = _schedule[k];
            var time = times.GroupRow(_schedule.Length, k).ExpandRows(inputs.Rows);
            var output = _network.Forward(x.Beside(time).Beside(inputs));
            var clean = _architecture.Prediction == Prediction.Action
                ? output.Tanh()
                : (step.Signal * x - step.Noise * output).Clamp(-1f, 1f);
            x = k == 0 ? clean : step.Clean * clean + step.Old * x;   // at k = 0 Clean is 1 and Old 0
            if (noisy && k > 0)
                x += step.Deviation * tape.Noise(inputs.Rows, Outputs, ref rng);
        }
        return x;
    }

    /// <summary>The chain from 0, without noise, all its steps one after the other.</summary>
    public string Export(OnnxGraph graph, string input)
    {
        var table = graph.Constant(_times, _schedule.Length, _architecture.TimeSize);
        var times = _timeDown.Export(graph, _timeUp.Export(graph, table, _architecture.Activation));
        var x = graph.Repeat(graph.Constant(new float[Outputs], 1, Outputs), Outputs, input);
        for (var k = _schedule.Length - 1; k >= 0; k--)
        {
            var step = _schedule[k];
            var time = graph.Repeat(graph.Node("Slice", [times, graph.Wholes(k), graph.Wholes(k + 1), graph.Wholes(0)]), _architecture.TimeSize, input);
            var output = _network.Export(graph, graph.Node("Concat", [x, time, input], ("axis", 1)));
            var clean = _architecture.Prediction == Prediction.Action
                ? graph.Node("Tanh", [output])
                : graph.Clamp(graph.Node("Sub", [graph.Scaled(x, step.Signal), graph.Scaled(output, step.Noise)]));
            x = k == 0 ? clean : graph.Node("Add", [graph.Scaled(clean, step.Clean), graph.Scaled(x, step.Old)]);
        }
        return x;
    }

    /// <summary>[sin, cos](k · 10000^(−i/(half − 1))), k from 0. Source: Ho, Jain and Abbeel 2020, Appendix B.</summary>
    private static float[] Embed(int steps, int size)
    {
        var half = size / 2;
        var table = new float[steps * size];
        for (var k = 0; k < steps; k++)
            for (var i = 0; i < half; i++)
            {
                var angle = k * Math.Pow(10_000, -(double)i / (half - 1));
                table[k * size + i] = (float)Math.Sin(angle);
                table[k * size + half + i] = (float)Math.Cos(angle);
            }
        return table;
    }
}
