using Menuet.Learning.Autodiff;
using Menuet.Learning.Networks;
using Menuet.Learning.Tests.Autodiff;

namespace Menuet.Learning.Tests.Networks;

public sealed class NetworkTests
{
    private const int Inputs = 12, Outputs = 3;

    private static readonly Dictionary<string, Architecture> All = new()
    {
        ["linear"] = new MlpArchitecture { Hidden = [] },
        ["mlp tanh"] = new MlpArchitecture { Hidden = [20, 16] },
        ["mlp mish xavier"] = new MlpArchitecture { Hidden = [16], Activation = Activation.Mish, Initialisation = Initialisation.Xavier },
        ["mixture, all linear experts"] = new MixtureArchitecture { Experts = 3, Selected = 3 },
        ["mixture, one linear expert"] = new MixtureArchitecture { Experts = 4, Selected = 1, BalanceWeight = 0.1f },
        ["mixture, mlp experts"] = new MixtureArchitecture { Experts = 3, Selected = 2, Hidden = [10], Balance = BalanceLoss.BatchEntropy, BalanceWeight = 0.1f },
        ["mixture, paper loss"] = new MixtureArchitecture { Experts = 3, Selected = 2, Balance = BalanceLoss.Paper, BalanceWeight = 0.1f },
        ["transformer"] = new TransformerArchitecture { Tokens = 4, Width = 16, Heads = 2, Layers = 2, FeedForward = 20 },
        ["transformer, sines"] = new TransformerArchitecture { Tokens = 3, Width = 12, Heads = 3, Layers = 1, FeedForward = 8, LearnedPositions = false },
        ["encoder-decoder"] = new TransformerArchitecture { Tokens = 4, Width = 16, Heads = 2, Layers = 1, DecoderLayers = 2, FeedForward = 20 },
        ["diffusion"] = new DiffusionArchitecture { DenoisingSteps = 3, Hidden = [16, 16] },
        ["diffusion, mish"] = new DiffusionArchitecture { DenoisingSteps = 5, Hidden = [16, 16], Activation = Activation.Mish },
        ["tiny"] = new TinyArchitecture { Hidden = [16, 12] },
    };

    public static TheoryData<string> Names => [.. All.Keys];

    private static (INetwork Network, Parameters Parameters) Make(Architecture architecture)
    {
        var parameters = new Parameters();
        var rng = Rng.Stream(11, 1);
        return (architecture.Build(parameters, Inputs, Outputs, 1f, ref rng), parameters);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Gradient_AgreesWithDifferences_InRandomDirections(string name)
    {
        var (network, parameters) = Make(All[name]);
        var (data, weights) = (Differences.Draw(10 * Inputs, 4), Differences.Draw(10 * Outputs, 5));
        Differences.CheckBlock(
            parameters,
            tape =>
            {
                var rng = Rng.Stream(8, 8);
                var output = network.Sample(tape.Input(data, 10, Inputs), ref rng);
                var loss = (output * tape.Input(weights, 10, Outputs)).Total();
                return tape.TryAuxiliary(out var auxiliary) ? loss + 10f * auxiliary : loss;
            },
            2e-2);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Rows_AreIndependent_AndRepeat(string name)
    {
        var (network, _) = Make(All[name]);
        var tape = new Tape();
        var data = Differences.Draw(40 * Inputs, 4);
        var all = network.Forward(tape.Input(data, 40, Inputs)).Data.ToArray();
        Assert.Equal(all, network.Forward(tape.Input(data, 40, Inputs)).Data.ToArray());
        for (var row = 0; row < 40; row += 13)
            Assert.Equal(
                all.AsSpan(row * Outputs, Outputs).ToArray(), network.Forward(tape.Input(data.AsSpan(row * Inputs, Inputs), 1, Inputs)).Data.ToArray());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void EveryMatrix_HasAGradient_AndGapsHaveNone(string name)
    {
        var (network, parameters) = Make(All[name]);
        var tape = new Tape();
        var rng = Rng.Stream(8, 8);
        var output = network.Sample(tape.Input(Differences.Draw(64 * Inputs, 4), 64, Inputs), ref rng);
        tape.Backward(output.Square().Mean());
        Assert.InRange(parameters.Gradients.ToArray().Count(g => g != 0), parameters.Count * 0.6, parameters.Count);
    }

    [Fact]
    public void Orthogonal_HasOrthonormalRows()
    {
        var (parameters, rng) = (new Parameters(), Rng.Stream(1, 1));
        foreach (var (rows, columns) in new[] { (5, 9), (9, 5) })
        {
            var matrix = parameters.Add(rows, columns);
            Weights.Fill(matrix, Initialisation.Orthogonal, 2f, ref rng);
            var count = Math.Min(rows, columns);
            for (var i = 0; i < count; i++)
                for (var j = 0; j < count; j++)
                {
                    var dot = 0.0;
                    for (var k = 0; k < Math.Max(rows, columns); k++)
                        dot += rows < columns
                            ? matrix.Values[i * columns + k] * matrix.Values[j * columns + k]
                            : matrix.Values[k * columns + i] * matrix.Values[k * columns + j];
                    Assert.Equal(i == j ? 4 : 0, dot, 1e-5);
                }
        }
    }

    [Fact]
    public void LoadBalance_SpreadsACollapsedGate_WhichThePaperLossDoesNot()
    {
        double Busiest(BalanceLoss balance, int selected)
        {
            var parameters = new Parameters();
            var rng = Rng.Stream(5, 1);
            var architecture = new MixtureArchitecture { Experts = 4, Selected = selected, Balance = balance, BalanceWeight = 1f };
            var network = (Mixture)architecture.Build(parameters, 6, 2, 1f, ref rng);
            parameters.Values.Slice(32, 1).Fill(3f);   // the gate's bias: one expert takes everything (after 6 × 4 weights, padded to 32)
            var tape = new Tape();
            for (var step = 0; step < 400; step++)
            {
                tape.Reset();
                parameters.ClearGradients();
                network.Forward(tape.Noise(128, 6, ref rng));
                tape.TryAuxiliary(out var auxiliary);
                tape.Backward(auxiliary);
                parameters.Descend(new(0.02f));
            }
            tape.Reset();
            var gate = network.Gate(tape.Noise(1000, 6, ref rng)).Data.ToArray();
            var chosen = new int[4];
            for (var i = 0; i < 1000; i++)
                chosen[Array.IndexOf(gate, gate.AsSpan(i * 4, 4).ToArray().Max(), i * 4, 4) - i * 4]++;
            return chosen.Max() / 1000.0;
        }
        Assert.InRange(Busiest(BalanceLoss.Load, 1), 0.25, 0.4);
        Assert.InRange(Busiest(BalanceLoss.BatchEntropy, 1), 0.25, 0.6);
        Assert.InRange(Busiest(BalanceLoss.Paper, 2), 0.75, 1);
    }

    [Fact]
    public void PaperLoss_IsZeroForOneExpert_WhateverTheGate()
    {
        var (network, _) = Make(new MixtureArchitecture { Balance = BalanceLoss.Paper, BalanceWeight = 1 });
        var tape = new Tape();
        network.Forward(tape.Input(Differences.Draw(10 * Inputs, 4), 10, Inputs));
        Assert.True(tape.TryAuxiliary(out var auxiliary));
        Assert.Equal(0f, auxiliary.Item);
    }

    [Fact]
    public void Decoder_ReadsTheLastToken_AndTheOrderOfRoundsMatters()
    {
        foreach (var decoder in new[] { 0, 1 })
        {
            var (network, _) = Make(new TransformerArchitecture { Tokens = 4, Width = 16, Heads = 2, DecoderLayers = decoder, LearnedPositions = false });
            var tape = new Tape();
            var data = Differences.Draw(Inputs, 4);
            var swapped = (float[])data.Clone();
            (data.AsSpan(0, 3)).CopyTo(swapped.AsSpan(3));
            (data.AsSpan(3, 3)).CopyTo(swapped.AsSpan(0));
            Assert.NotEqual(network.Forward(tape.Input(data, 1, Inputs)).Data.ToArray(), network.Forward(tape.Input(swapped, 1, Inputs)).Data.ToArray());
        }
    }

    [Fact]
    public void Schedule_PreservesVariance()
    {
        // x_k = √ᾱ x₀ + √(1 − ᾱ) ε inverted exactly, and the posterior of x_{k−1} has the variance that is left.
        var schedule = DenoisingStep.Schedule(5, 0.1, 10);
        var before = 1.0;
        foreach (var step in schedule)
        {
            var product = 1 / ((double)step.Signal * step.Signal);
            Assert.Equal(1 / product - 1, step.Noise * (double)step.Noise, 1e-4 / product);
            // Given x_k and x₀: mean + deviation have second moment ᾱ_{k−1} x₀² + 1 − ᾱ_{k−1}.
            var (clean, old, deviation) = ((double)step.Clean, (double)step.Old, (double)step.Deviation);
            Assert.Equal(Math.Sqrt(before), clean + old * Math.Sqrt(product), 1e-6);
            Assert.Equal(1 - before, old * old * (1 - product) + deviation * deviation, 1e-6);
            before = product;
        }
        Assert.InRange(before, 0, 0.01);   // the chain begins in noise
        Assert.Equal(Math.Exp(-0.1 / 5 - 0.5 * 9.9 / 25), 1 / ((double)schedule[0].Signal * schedule[0].Signal), 1e-6);
    }

    [Fact]
    public void Diffusion_DrawsDiffer_ActionsAreBounded()
    {
        foreach (var prediction in new[] { Prediction.Action, Prediction.Noise })
        {
            var (network, _) = Make(new DiffusionArchitecture { Hidden = [16], Prediction = prediction });
            var tape = new Tape();
            var rng = Rng.Stream(1, 1);
            var x = tape.Input(Differences.Draw(5 * Inputs, 4), 5, Inputs);
            var one = network.Sample(x, ref rng).Data.ToArray();
            Assert.NotEqual(one, network.Sample(x, ref rng).Data.ToArray());
            Assert.All(one, a => Assert.InRange(a, -1f, 1f));
            Assert.True(network.Bounded);
        }
    }

    [Fact]
    public void Pruning_ReachesItsShare_AndTheCompactNetworkIsTheSameFunction()
    {
        var architecture = new TinyArchitecture { Hidden = [32, 16], PrunedShare = 0.75, FirstUpdate = 5, LastUpdate = 50, Every = 5 };
        var (network, parameters) = Make(architecture);
        var tiny = (Tiny)network;
        var tape = new Tape();
        var rng = Rng.Stream(2, 2);
        for (var update = 1; update <= 80; update++)
        {
            tape.Reset();
            parameters.ClearGradients();
            tape.Backward((network.Forward(tape.Noise(64, Inputs, ref rng)) - 0.5f).Square().Mean());
            parameters.Descend(new(1e-3f, WeightDecay: 0.01f));
            network.AfterUpdate(update);
            Assert.Equal(32 - (int)Math.Floor(architecture.ShareAt(update / 5 * 5) * 32 + 1e-9), tiny.Alive(0));
        }
        Assert.Equal((8, 4), (tiny.Alive(0), tiny.Alive(1)));
        var small = new Parameters();
        var compact = tiny.Compact(small);
        Assert.Equal(12 * 8 + 8 + 8 * 4 + 4 + 4 * 3 + 3, small.Count);
        var x = tape.Input(Differences.Draw(20 * Inputs, 4), 20, Inputs);
        var (full, less) = (network.Forward(x).Data.ToArray(), compact.Forward(x).Data.ToArray());
        for (var i = 0; i < full.Length; i++)
            Assert.Equal(full[i], less[i], 1e-6f);
    }

    [Fact]
    public void ArchitecturesThatDoNotFit_AreRefused()
    {
        Assert.Throws<ArgumentException>(() => Make(new MixtureArchitecture { Experts = 3, Selected = 4 }));
        Assert.Throws<ArgumentException>(() => Make(new TransformerArchitecture { Tokens = 5 }));
        Assert.Throws<ArgumentException>(() => Make(new TransformerArchitecture { Width = 10, Heads = 4 }));
        Assert.Throws<ArgumentException>(() => Make(new DiffusionArchitecture { DenoisingSteps = 0 }));
        Assert.Throws<ArgumentException>(() => Make(new TinyArchitecture { PrunedShare = 1 }));
    }
}
