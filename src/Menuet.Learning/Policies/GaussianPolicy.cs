using Menuet.Learning.Autodiff;
using Menuet.Learning.Networks;
using Menuet.Learning.Onnx;

namespace Menuet.Learning.Policies;

/// <summary>u ~ N(μ(o), σ²), σ free of the observation; the action is u clamped, or tanh u.</summary>
/// <remarks>
/// Source: squashing and its density: Haarnoja et al. 2018 (arXiv 1812.05905), Appendix C; ln(1 − tanh² u) = 2 (ln 2 − u − ln(1 + e^−2u)) never overflows.
/// </remarks>
internal sealed class GaussianPolicy(INetwork network, Matrix logDeviation, float lowest, bool squashed) : StochasticPolicy(network, network.Outputs)
{
    private const float Highest = 2f;   // of ln σ
    private const float LogTwo = 0.6931471806f;

    internal override Value LogProbability(Value output, Value samples)
    {
        var tape = output.Tape;
        var log = tape.Use(logDeviation).Clamp(lowest, Highest);
        var z = (samples - output) * (-log).Exp().ExpandRows(output.Rows);
        var density = -0.5f * z.Square() - log.ExpandRows(output.Rows);
        var sum = density.RowSums() - HalfLogTwoPi * ActionSize;
        return squashed ? sum - LogSlope(samples).RowSums() : sum;
    }

    internal override Value Entropy(Value output) =>
        (output.Tape.Use(logDeviation).Clamp(lowest, Highest).RowSums() + (0.5f + HalfLogTwoPi) * ActionSize).ExpandRows(output.Rows);

    /// <summary>ln d tanh u/du.</summary>
    internal static Value LogSlope(Value u) => 2f * (LogTwo - u - (-2f * u).Softplus());

    protected override void Draw(Value output, ref Rng rng, Span<float> samples, Span<float> actions)
    {
        var tape = output.Tape;
        var noise = tape.Noise(output.Rows, ActionSize, ref rng);
        var u = output + noise * tape.Use(logDeviation).Clamp(lowest, Highest).Exp().ExpandRows(output.Rows);
        u.Data.CopyTo(samples);
        Bound(u).Data.CopyTo(actions);
    }

    protected override void Decide(Value output, Span<float> actions) => Bound(output).Data.CopyTo(actions);

    protected override string Decide(OnnxGraph graph, string output) => squashed ? graph.Node("Tanh", [output]) : graph.Clamp(output);

    private Value Bound(Value u) => squashed ? u.Tanh() : u.Clamp(-1f, 1f);
}
