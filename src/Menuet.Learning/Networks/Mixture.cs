using System.Collections.Immutable;
using Menuet.Learning.Autodiff;
using Menuet.Learning.Onnx;

namespace Menuet.Learning.Networks;

/// <summary>What keeps the experts of a mixture busy.</summary>
public enum BalanceLoss
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>
    /// M Σ_e f_e P_e: f_e the share of rows sent to expert e, P_e its mean gate probability; 1 when both are uniform. Source: Fedus et al. 2022, Eq. (4).
    /// </summary>
    Load,

    /// <summary>Minus the entropy of the batch's mean gate, Σ_e P_e ln P_e.</summary>
    BatchEntropy,

    /// <summary>
    /// As printed, −E Σ p' ln p' of the truncated gate. Source: Wen et al. 2025, Eq. (27). Deviates from its own text: minimising it sharpens the gate
    /// instead of balancing it, and with one selected expert it is 0 whatever the gate does.
    /// </summary>
    Paper,
}

/// <summary>A gate that chooses the best few of several experts for each row. Source: Wen et al. 2025, Eqs. (16) to (18); Shazeer et al. 2017.</summary>
public sealed record MixtureArchitecture : Architecture
{
    /// <summary>M, ≥ 2.</summary>
    public int Experts { get; init; } = 4;

    /// <summary>m, 1 to M: how many experts a row uses.</summary>
    public int Selected { get; init; } = 1;

    /// <summary>Hidden units of every expert; empty for the linear experts of the paper.</summary>
    public ImmutableArray<int> Hidden { get; init; } = [];

    /// <summary>Of the experts' hidden layers.</summary>
    public Activation Activation { get; init; } = Activation.Tanh;

    /// <summary>Which auxiliary loss is added.</summary>
    public BalanceLoss Balance { get; init; } = BalanceLoss.Load;

    /// <summary>Weight of the auxiliary loss, ≥ 0.</summary>
    public float BalanceWeight { get; init; } = 0.01f;

    /// <inheritdoc/>
    public override INetwork Build(Parameters parameters, int inputs, int outputs, float outputGain, ref Rng rng)
    {
        if (Experts < 2 || Selected < 1 || Selected > Experts)
            throw new ArgumentException($"{Selected} of {Experts} experts: at least 2 experts, of which 1 to all are selected");
        return new Mixture(parameters, inputs, outputs, this, outputGain, ref rng);
    }
}

/// <summary>y = Σ_e w_e E_e(x), w the truncated and renormalised softmax of a linear gate. The first (or only) layers of all experts are one product.</summary>
internal sealed class Mixture : INetwork, IExportable
{
    private readonly MixtureArchitecture _architecture;
    private readonly Linear _gate;
    private readonly Linear? _shared;   // linear experts, side by side
    private readonly Mlp[] _experts;

    internal Mixture(Parameters parameters, int inputs, int outputs, MixtureArchitecture architecture, float outputGain, ref Rng rng)
    {
        (Inputs, Outputs, _architecture) = (inputs, outputs, architecture);
        _gate = new(parameters, inputs, architecture.Experts, 0.1f, Initialisation.Xavier, ref rng);
        if (architecture.Hidden.IsEmpty)
        {
            _shared = new(parameters, inputs, architecture.Experts * outputs, outputGain, Initialisation.Xavier, ref rng);
            _experts = [];
            return;
        }
        _experts = new Mlp[architecture.Experts];
        var expert = new MlpArchitecture { Hidden = architecture.Hidden, Activation = architecture.Activation };
        for (var e = 0; e < _experts.Length; e++)
            _experts[e] = new(parameters, inputs, outputs, expert, outputGain, ref rng);
    }

    public int Inputs { get; }

    public int Outputs { get; }

    public bool MixesRows => _architecture.Balance != BalanceLoss.None;

    /// <summary>Gate probabilities before truncation, rows × M.</summary>
    internal Value Gate(Value inputs) => _gate.Forward(inputs).Softmax();

    public Value Forward(Value inputs)
    {
        var probabilities = Gate(inputs);
        var weights = probabilities.Largest(_architecture.Selected);
        if (_architecture.Balance != BalanceLoss.None && _architecture.BalanceWeight > 0)
            inputs.Tape.AddAuxiliary(_architecture.BalanceWeight * Balance(probabilities, weights));
        if (_shared is not null)
            return weights.Mix(_shared.Forward(inputs));
        var outputs = _experts[0].Forward(inputs);
        for (var e = 1; e < _experts.Length; e++)
            outputs = outputs.Beside(_experts[e].Forward(inputs));
        return weights.Mix(outputs);
    }

    /// <summary>The probabilities of the chosen experts are renormalised, those of the others are 0.</summary>
    public string Export(OnnxGraph graph, string input)
    {
        var (experts, selected) = (_architecture.Experts, _architecture.Selected);
        var probabilities = graph.Node("Softmax", [_gate.Export(graph, input)], ("axis", 1));
        var chosen = graph.Node("OneHot", [graph.TopPlaces(probabilities, selected), graph.Wholes(experts), graph.Constant([0f, 1f], 2)], ("axis", -1));
        var kept = graph.Node("Mul", [probabilities, graph.Node("ReduceSum", [chosen, graph.Wholes(1)], ("keepdims", 0))]);
        var weights = graph.Node("Div", [kept, graph.Node("ReduceSum", [kept, graph.Wholes(1)], ("keepdims", 1))]);
        var outputs = _shared is not null
            ? _shared.Export(graph, input)
            : graph.Node("Concat", [.. _experts.Select(expert => expert.Export(graph, input))], ("axis", 1));
        var mixed = graph.Node("MatMul", [graph.Reshape(weights, -1, 1, experts), graph.Reshape(outputs, -1, experts, Outputs)]);
        return graph.Reshape(mixed, -1, Outputs);
    }

    private Value Balance(Value probabilities, Value weights)
    {
        var tape = probabilities.Tape;
        if (_architecture.Balance == BalanceLoss.Paper)
            return -1f * (weights * weights.Log()).RowSums().Mean();
        var mean = probabilities.ColumnMeans();
        if (_architecture.Balance == BalanceLoss.BatchEntropy)
            return (mean * mean.Log()).Total();
        var share = tape.Input(1, _architecture.Experts, out var shares);
        shares.Clear();
        var chosen = weights.Data;
        for (var i = 0; i < chosen.Length; i++)
            if (chosen[i] != 0)
                shares[i % _architecture.Experts] += 1f;
        for (var e = 0; e < shares.Length; e++)
            shares[e] *= _architecture.Experts / ((float)weights.Rows * _architecture.Selected);
        return (share * mean).Total();
    }
}
