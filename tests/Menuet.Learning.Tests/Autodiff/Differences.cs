using Menuet.Learning.Autodiff;

namespace Menuet.Learning.Tests.Autodiff;

/// <summary>Gradients by differences: the loss Σ w·output is summed in double precision, so only the outputs' own rounding disturbs it.</summary>
internal static class Differences
{
    internal static float[] Draw(int length, ulong stream, float scale = 1f)
    {
        var rng = Rng.Stream(77, stream);
        var numbers = new float[length];
        for (var i = 0; i < length; i++)
            numbers[i] = scale * (float)rng.NextNormal();
        return numbers;
    }

    /// <summary>Every partial derivative of every input, by fourth-order central differences, against the tape's flat gradients.</summary>
    internal static void Check(Func<Value[], Value> function, double tolerance, params (float[] Data, int Rows, int Columns)[] inputs)
    {
        var tape = new Tape();
        var (gradients, weights) = Backward(tape, function, inputs);
        const double h = 0.01;
        for (var input = 0; input < inputs.Length; input++)
        {
            var data = inputs[input].Data;
            var scale = Math.Max(0.1, gradients[input].Max(MathF.Abs));
            for (var i = 0; i < data.Length; i++)
            {
                var kept = data[i];
                double At(double step)
                {
                    data[i] = (float)(kept + step);
                    return Loss(tape, function, inputs, weights);
                }
                // The steps as they are after rounding.
                double one = ((float)(kept + h) - (double)(float)(kept - h)) / 2, two = ((float)(kept + 2 * h) - (double)(float)(kept - 2 * h)) / 2;
                var slope = (4 * (At(h) - At(-h)) / (2 * one) - (At(2 * h) - At(-2 * h)) / (2 * two)) / 3;
                data[i] = kept;
                Assert.True(
                    Math.Abs(slope - gradients[input][i]) <= tolerance * scale,
                    $"input {input}, entry {i}: the tape says {gradients[input][i]}, differences {slope}");
            }
        }
    }

    /// <summary>Derivatives in random directions of a whole parameter block.</summary>
    internal static void CheckBlock(Parameters parameters, Func<Tape, Value> loss, double tolerance, double step = 2e-3, int directions = 4)
    {
        var tape = new Tape();
        parameters.ClearGradients();
        tape.Backward(loss(tape));
        var gradient = parameters.Gradients.ToArray();
        var values = parameters.Values.ToArray();
        for (var d = 0; d < directions; d++)
        {
            var direction = Draw(values.Length, (ulong)(100 + d));
            for (var i = 0; i < values.Length; i++)
                if (gradient[i] == 0)
                    direction[i] = 0;   // gaps between matrices, and units that are off
            var norm = Math.Sqrt(direction.Sum(x => (double)x * x));
            double At(double h)
            {
                for (var i = 0; i < values.Length; i++)
                    parameters.Values[i] = (float)(values[i] + h * direction[i] / norm);
                tape.Reset();
                return loss(tape).Item;
            }
            var exact = gradient.Select((g, i) => g * (double)direction[i] / norm).Sum();
            var slope = (4 * (At(step) - At(-step)) / (2 * step) - (At(2 * step) - At(-2 * step)) / (4 * step)) / 3;
            var size = Math.Sqrt(gradient.Sum(g => (double)g * g)) / Math.Sqrt(values.Length) + Math.Abs(exact);
            Assert.True(Math.Abs(slope - exact) <= tolerance * size, $"direction {d}: the tape says {exact}, differences {slope} (scale {size})");
            values.CopyTo(parameters.Values);
        }
    }

    private static (float[][] Gradients, float[] Weights) Backward(Tape tape, Func<Value[], Value> function, (float[] Data, int Rows, int Columns)[] inputs)
    {
        tape.Reset();
        var values = inputs.Select(x => tape.Variable(x.Data, x.Rows, x.Columns)).ToArray();
        var output = function(values);
        var weights = Draw(output.Rows * output.Columns, 999);
        tape.Backward((output * tape.Input(weights, output.Rows, output.Columns)).Total());
        return (values.Select(x => x.Gradient.ToArray()).ToArray(), weights);
    }

    private static double Loss(Tape tape, Func<Value[], Value> function, (float[] Data, int Rows, int Columns)[] inputs, float[] weights)
    {
        tape.Reset();
        var output = function(inputs.Select(x => tape.Input(x.Data, x.Rows, x.Columns)).ToArray()).Data;
        var sum = 0.0;
        for (var i = 0; i < output.Length; i++)
            sum += (double)output[i] * weights[i];
        return sum;
    }
}
