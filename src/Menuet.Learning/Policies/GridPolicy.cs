using Menuet.Learning.Autodiff;
using Menuet.Learning.Networks;
using Menuet.Learning.Onnx;

namespace Menuet.Learning.Policies;

/// <summary>Each number of the action is one of n values −1, −1 + 2/(n − 1), …, 1, chosen independently by softmax.</summary>
internal sealed class GridPolicy(INetwork network, int actionSize, int size) : StochasticPolicy(network, actionSize)
{
    internal override Value LogProbability(Value output, Value samples)
    {
        var log = output.Reshape(output.Rows * ActionSize, size).LogSoftmax();
        return log.Pick(samples.Reshape(log.Rows, 1)).Reshape(output.Rows, ActionSize).RowSums();
    }

    internal override Value Entropy(Value output)
    {
        var log = output.Reshape(output.Rows * ActionSize, size).LogSoftmax();
        return -(log.Exp() * log).RowSums().Reshape(output.Rows, ActionSize).RowSums();
    }

    protected override void Draw(Value output, ref Rng rng, Span<float> samples, Span<float> actions)
    {
        var probabilities = output.Reshape(output.Rows * ActionSize, size).Softmax().Data;
        for (var i = 0; i < samples.Length; i++)
        {
            var left = rng.NextDouble();
            var index = 0;
            while (index < size - 1 && (left -= probabilities[i * size + index]) >= 0)
                index++;
            samples[i] = index;
            actions[i] = Point(index);
        }
    }

    protected override void Decide(Value output, Span<float> actions)
    {
        var logits = output.Data;
        for (var i = 0; i < actions.Length; i++)
        {
            var best = 0;
            for (var j = 1; j < size; j++)
                if (logits[i * size + j] > logits[i * size + best])
                    best = j;
            actions[i] = Point(best);
        }
    }

    protected override string Decide(OnnxGraph graph, string output)
    {
        var best = graph.Node("ArgMax", [graph.Reshape(output, -1, ActionSize, size)], ("axis", 2), ("keepdims", 0));
        var index = graph.Node("Cast", [best], ("to", 1));
        return graph.Node("Sub", [graph.Node("Div", [graph.Scaled(index, 2), graph.Number(size - 1)]), graph.Number(1)]);
    }

    private float Point(int index) => 2f * index / (size - 1) - 1f;
}
