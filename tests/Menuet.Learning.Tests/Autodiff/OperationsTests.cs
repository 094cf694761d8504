using Menuet.Learning.Autodiff;
using static Menuet.Learning.Tests.Autodiff.Differences;

namespace Menuet.Learning.Tests.Autodiff;

public sealed class OperationsTests
{
    public static TheoryData<string> Unaries => [.. Unary.Keys];

    private static readonly Dictionary<string, (Func<Value, Value> Function, Func<float, float> Domain)> Unary = new()
    {
        ["exp"] = (x => x.Exp(), x => x),
        ["log"] = (x => x.Log(), x => 0.5f + MathF.Abs(x)),
        ["tanh"] = (x => x.Tanh(), x => x),
        ["relu"] = (x => x.Relu(), Away),
        ["mish"] = (x => x.Mish(), x => 2 * x),
        ["sigmoid"] = (x => x.Sigmoid(), x => x),
        ["softplus"] = (x => x.Softplus(), x => x),
        ["square"] = (x => x.Square(), x => x),
        ["affine"] = (x => 3f - 2f * x, x => x),
        ["clamp"] = (x => x.Clamp(-1.5f, 0f), x => Away(x) is < -1.4f and > -1.6f ? -1f : Away(x)),
        ["softmax"] = (x => x.Softmax(), x => x),
        ["log-softmax"] = (x => x.LogSoftmax(), x => x),
        ["row sums"] = (x => x.RowSums(), x => x),
        ["mean"] = (x => x.Mean(), x => x),
        ["total"] = (x => x.Total(), x => x),
        ["column means"] = (x => x.ColumnMeans(), x => x),
        ["group means"] = (x => x.GroupMeans(3), x => x),
        ["group row"] = (x => x.GroupRow(3, 1), x => x),
        ["part"] = (x => x.Part(2, 17), x => x),
        ["reshape"] = (x => x.Reshape(x.Columns, x.Rows).Tanh(), x => x),
        ["twice"] = (x => x * x.Tanh() + x, x => x),
    };

    private static float Away(float x) => MathF.Abs(x) < 0.1f ? x + 0.3f : x;

    [Theory]
    [MemberData(nameof(Unaries))]
    public void Gradient_OfOneArgument_AgreesWithDifferences(string name)
    {
        var (function, domain) = Unary[name];
        foreach (var (rows, columns) in new[] { (6, 19), (3, 32) })
            Check(x => function(x[0]), 3e-4, (Array.ConvertAll(Draw(rows * columns, 3), x => domain(x)), rows, columns));
    }

    [Theory]
    [InlineData("sum")]
    [InlineData("difference")]
    [InlineData("product")]
    [InlineData("quotient")]
    [InlineData("minimum")]
    [InlineData("maximum")]
    [InlineData("beside")]
    public void Gradient_OfTwoArguments_AgreesWithDifferences(string name)
    {
        var x = Draw(35, 1);
        var y = Draw(35, 2);
        for (var i = 0; i < 35; i++)
            y[i] = name == "quotient" ? MathF.Abs(y[i]) + 1 : MathF.Abs(x[i] - y[i]) < 0.1f ? y[i] + 0.5f : y[i];
        Check(
            v => name switch
            {
                "sum" => v[0] + v[1],
                "difference" => v[0] - v[1],
                "product" => v[0] * v[1],
                "quotient" => v[0] / v[1],
                "minimum" => v[0].Minimum(v[1]),
                "maximum" => v[0].Maximum(v[1]),
                _ => v[0].Beside(v[1]),
            },
            3e-4, (x, 5, 7), (y, 5, 7));
    }

    [Theory]
    [InlineData(Activation.None, 5, 9, 33)]
    [InlineData(Activation.Tanh, 9, 4, 32)]
    [InlineData(Activation.Mish, 3, 20, 7)]
    [InlineData(Activation.Relu, 7, 6, 16)]
    [InlineData(Activation.Tanh, 20, 17, 2)]
    [InlineData(Activation.None, 1, 5, 1)]
    public void Gradient_OfDense_AgreesWithDifferences(Activation activation, int rows, int inputs, int outputs)
    {
        var bias = Draw(outputs, 3);
        if (activation == Activation.Relu)
            bias = Array.ConvertAll(bias, v => v < 0 ? -9f : 9f);   // away from the kink
        Check(v => v[0].Dense(v[1], v[2], activation), 3e-4,
            (Draw(rows * inputs, 1), rows, inputs), (Draw(inputs * outputs, 2, 0.5f), inputs, outputs), (bias, 1, outputs));
    }

    [Fact]
    public void Gradient_OfRepetitions_AgreesWithDifferences()
    {
        Check(v => v[0].ExpandRows(5), 1e-4, (Draw(7, 1), 1, 7));
        Check(v => v[0].Cycle(9), 1e-4, (Draw(3 * 18, 1), 3, 18));
        Check(v => v[0].ExpandColumns(19), 1e-4, (Draw(4, 1), 4, 1));
    }

    [Fact]
    public void Gradient_OfPick_AgreesWithDifferences() =>
        Check(v => v[0].LogSoftmax().Pick(v[0].Tape.Input([2, 0, 4], 3, 1)), 3e-4, (Draw(15, 1), 3, 5));

    [Fact]
    public void Gradient_OfLargest_AgreesWithDifferences()
    {
        var x = new float[4 * 7];
        for (var i = 0; i < x.Length; i++)
            x[i] = 0.3f * (i * 3 % 7);   // no ties near
        Check(v => v[0].Softmax().Largest(2), 3e-4, (x, 4, 7));
    }

    [Fact]
    public void Largest_BreaksTiesByIndex_AndSumsToOne()
    {
        var w = new Tape().Input([0.2f, 0.3f, 0.3f, 0.2f], 1, 4).Largest(3).Data.ToArray();
        Assert.Equal([0.25f, 0.375f, 0.375f, 0f], w);
    }

    [Fact]
    public void Gradient_OfMix_AgreesWithDifferences()
    {
        Check(v => v[0].Mix(v[1]), 3e-4, (Draw(5 * 3, 1), 5, 3), (Draw(5 * 6, 2), 5, 6));
        Check(v => v[0].Mix(v[1]), 3e-4, (Draw(2 * 2, 1), 2, 2), (Draw(2 * 40, 2), 2, 40));
    }

    [Theory]
    [InlineData(7)]
    [InlineData(32)]
    [InlineData(35)]
    public void Gradient_OfLayerNorm_AgreesWithDifferences(int columns) =>
        Check(v => v[0].LayerNorm(v[1], v[2]), 5e-4, (Draw(4 * columns, 1), 4, columns), (Draw(columns, 2), 1, columns), (Draw(columns, 3), 1, columns));

    [Theory]
    [InlineData(8, 2, 3, 3, false)]
    [InlineData(8, 2, 4, 4, true)]
    [InlineData(16, 1, 2, 5, false)]
    [InlineData(34, 2, 1, 18, false)]
    public void Gradient_OfAttention_AgreesWithDifferences(int width, int heads, int queries, int keys, bool causal)
    {
        const int sequences = 2;
        Check(
            v => Attention.Attend(v[0], 1, v[1], 0, width, width, heads, queries, keys, causal), 5e-4,
            (Draw(sequences * queries * (width + 1), 1), sequences * queries, width + 1), (Draw(sequences * keys * 2 * width, 2), sequences * keys, 2 * width));
    }

    [Fact]
    public void Gradient_OfSelfAttention_AgreesWithDifferences() =>
        Check(v => Attention.Attend(v[0], 0, v[0], 8, 16, 8, 2, 3, 3, false), 5e-4, (Draw(6 * 24, 1), 6, 24));

    [Fact]
    public void SoftmaxOfHugeLogits_IsFinite()
    {
        var tape = new Tape();
        var p = tape.Input([1e30f, -1e30f, 0f], 1, 3).Softmax().Data;
        Assert.Equal(1f, p[0], 1e-6f);
        Assert.InRange(p[1], 1e-18f, 1e-17f);
    }

    [Fact]
    public void MismatchedShapes_AreRefused()
    {
        var tape = new Tape();
        var x = tape.Constant(1, 2, 3);
        Assert.Throws<ArgumentException>(() => x + tape.Constant(1, 3, 2));
        Assert.Throws<ArgumentException>(() => x.Dense(tape.Constant(1, 2, 2), tape.Constant(0, 1, 2)));
        Assert.Throws<ArgumentException>(() => x.Reshape(4, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => x.Part(2, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => x.Pick(tape.Input([0, 3], 2, 1)));
        Assert.Throws<ArgumentException>(() => tape.Backward(x));
        Assert.Throws<InvalidOperationException>(() => tape.Backward(x.Mean()));
    }
}
