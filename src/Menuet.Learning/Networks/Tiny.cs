using System.Collections.Immutable;
using Menuet.Learning.Autodiff;
using Menuet.Learning.Onnx;

namespace Menuet.Learning.Networks;

/// <summary>
/// Fully connected layers that lose whole units while they learn. Source: Kang et al. 2024, tiny multi-agent reinforcement learning by structured pruning; the
/// cubic schedule is that of Zhu and Gupta 2017, Eq. (1).
/// </summary>
/// <remarks>
/// A unit's importance is the norm of its outgoing weights times the norm of its incoming ones; the least important of a layer go first. A unit that is
/// off has only zero weights, hence no gradient, and stays off. Deviates: the number of units kept is prescribed instead of a threshold, so that the size
/// of the result is known beforehand.
/// </remarks>
public sealed record TinyArchitecture : Architecture
{
    /// <summary>Units of the hidden layers at the beginning.</summary>
    public ImmutableArray<int> Hidden { get; init; } = [256, 256];

    /// <summary>Of the hidden layers.</summary>
    public Activation Activation { get; init; } = Activation.Tanh;

    /// <summary>Share of the units of every hidden layer that is gone at the end, in [0, 1).</summary>
    public double PrunedShare { get; init; } = 0.75;

    /// <summary>Update after which pruning begins.</summary>
    public long FirstUpdate { get; init; } = 200;

    /// <summary>Update at which the share is reached; > <see cref="FirstUpdate"/>.</summary>
    public long LastUpdate { get; init; } = 2000;

    /// <summary>Updates between two prunings; ≥ 1.</summary>
    public int Every { get; init; } = 50;

    /// <inheritdoc/>
    public override INetwork Build(Parameters parameters, int inputs, int outputs, float outputGain, ref Rng rng)
    {
        if (!(PrunedShare >= 0 && PrunedShare < 1) || LastUpdate <= FirstUpdate || Every < 1 || Hidden.IsEmpty)
            throw new ArgumentException($"pruning {PrunedShare} of {Hidden.Length} hidden layers from update {FirstUpdate} to {LastUpdate}, every {Every}");
        return new Tiny(parameters, inputs, outputs, this, outputGain, ref rng);
    }

    /// <summary>Share of units gone after some updates: s (1 − (1 − t)³), t from 0 to 1.</summary>
    internal double ShareAt(long updates)
    {
        var t = Math.Clamp((double)(updates - FirstUpdate) / (LastUpdate - FirstUpdate), 0, 1);
        return PrunedShare * (1 - (1 - t) * (1 - t) * (1 - t));
    }
}

/// <summary>An MLP whose units are switched off by schedule.</summary>
internal sealed class Tiny : INetwork, IExportable
{
    private readonly TinyArchitecture _architecture;
    private readonly Parameters _parameters;
    private readonly Mlp _network;

    internal Tiny(Parameters parameters, int inputs, int outputs, TinyArchitecture architecture, float outputGain, ref Rng rng)
    {
        (_architecture, _parameters) = (architecture, parameters);
        _network = new(parameters, inputs, outputs, new() { Hidden = architecture.Hidden, Activation = architecture.Activation }, outputGain, ref rng);
    }

    public int Inputs => _network.Inputs;

    public int Outputs => _network.Outputs;

    public Value Forward(Value inputs) => _network.Forward(inputs);

    /// <summary>Only of the units that are on.</summary>
    public string Export(OnnxGraph graph, string input) => Compact(new()).Export(graph, input);

    public void AfterUpdate(long updates)
    {
        if (updates < _architecture.FirstUpdate || (updates - _architecture.FirstUpdate) % _architecture.Every != 0 && updates != _architecture.LastUpdate)
            return;
        var share = _architecture.ShareAt(updates);
        for (var layer = 0; layer + 1 < _network.Layers.Count; layer++)
        {
            var units = _network.Layers[layer].Weight.Columns;
            var keep = Math.Max(1, units - (int)Math.Floor(share * units + 1e-9));
            for (var alive = Alive(layer); alive > keep; alive--)
                SwitchOff(layer, LeastImportant(layer));
        }
    }

    /// <summary>Units of a hidden layer that are still on.</summary>
    internal int Alive(int layer)
    {
        var count = 0;
        for (var unit = 0; unit < _network.Layers[layer].Weight.Columns; unit++)
            if (IsOn(layer, unit))
                count++;
        return count;
    }

    /// <summary>The same function by a network that has only the units that are on.</summary>
    internal Mlp Compact(Parameters parameters)
    {
        var hidden = Enumerable.Range(0, _network.Layers.Count - 1).Select(Alive).ToImmutableArray();
        var rng = default(Rng);
        var small = new Mlp(parameters, Inputs, Outputs, new() { Hidden = hidden, Activation = _architecture.Activation }, 1f, ref rng);
        var inputs = Enumerable.Range(0, Inputs).ToArray();
        for (var layer = 0; layer < small.Layers.Count; layer++)
        {
            var (from, to) = (_network.Layers[layer], small.Layers[layer]);
            var columns = Enumerable.Range(0, from.Weight.Columns).Where(unit => layer == small.Layers.Count - 1 || IsOn(layer, unit)).ToArray();
            for (var j = 0; j < columns.Length; j++)
            {
                to.Bias.Values[j] = from.Bias.Values[columns[j]];
                for (var i = 0; i < inputs.Length; i++)
                    to.Weight.Values[i * columns.Length + j] = from.Weight.Values[inputs[i] * from.Weight.Columns + columns[j]];
            }
            inputs = columns;
        }
        return small;
    }

    private bool IsOn(int layer, int unit) => Norm(layer, unit, true) > 0 || Norm(layer, unit, false) > 0;

    private int LeastImportant(int layer)
    {
        var (least, smallest) = (-1, double.PositiveInfinity);
        for (var unit = 0; unit < _network.Layers[layer].Weight.Columns; unit++)
        {
            if (!IsOn(layer, unit))
                continue;
            var importance = Norm(layer, unit, true) * Norm(layer, unit, false);
            if (importance < smallest)
                (least, smallest) = (unit, importance);
        }
        return least;
    }

    /// <summary>Squared norm of the weights into a unit (with its bias), or out of it.</summary>
    private double Norm(int layer, int unit, bool incoming)
    {
        var sum = 0.0;
        if (incoming)
        {
            var weight = _network.Layers[layer].Weight;
            for (var i = 0; i < weight.Rows; i++)
                sum += Square(weight.Values[i * weight.Columns + unit]);
            return sum + Square(_network.Layers[layer].Bias.Values[unit]);
        }
        var next = _network.Layers[layer + 1].Weight;
        foreach (var w in next.Values.Slice(unit * next.Columns, next.Columns))
            sum += Square(w);
        return sum;

        static double Square(double x) => x * x;
    }

    private void SwitchOff(int layer, int unit)
    {
        var weight = _network.Layers[layer].Weight;
        for (var i = 0; i < weight.Rows; i++)
            Clear(weight.Offset + i * weight.Columns + unit, 1);
        Clear(_network.Layers[layer].Bias.Offset + unit, 1);
        var next = _network.Layers[layer + 1].Weight;
        Clear(next.Offset + unit * next.Columns, next.Columns);
    }

    private void Clear(int first, int count)
    {
        _parameters.Values.Slice(first, count).Clear();
        _parameters.FirstMoments.Slice(first, count).Clear();
        _parameters.SecondMoments.Slice(first, count).Clear();
    }
}
