using System.Diagnostics;
using Menuet.Learning.Autodiff;
using Menuet.Learning.Networks;

namespace Menuet.Learning.Tests.Autodiff;

public sealed class TapeTests
{
    [Fact]
    public void Update_AllocatesNothingAfterTheFirst()
    {
        var (parameters, tape) = (new Parameters(), new Tape());
        var rng = Rng.Stream(1, 1);
        var network = new MlpArchitecture { Hidden = [64, 64], Activation = Activation.Mish }.Build(parameters, 5, 2, 1f, ref rng);
        void Update()
        {
            tape.Reset();
            parameters.ClearGradients();
            tape.Backward(network.Forward(tape.Noise(100, 5, ref rng)).Square().Mean());
            parameters.Descend(new(1e-3f, MaxNorm: 0.5f));
        }
        Update();
        var least = long.MaxValue;
        for (var i = 0; i < 50; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            Update();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        Assert.Equal(0, least);
    }

    [Fact]
    public void Frozen_PassesGradientThroughButNotIntoParameters()
    {
        var (parameters, tape) = (new Parameters(), new Tape());
        var rng = Rng.Stream(1, 1);
        var network = new MlpArchitecture { Hidden = [8] }.Build(parameters, 3, 1, 1f, ref rng);
        var x = tape.Variable([1, 2, 3], 1, 3);
        using (tape.Freeze())
            tape.Backward(network.Forward(x).Total());
        Assert.All(parameters.Gradients.ToArray(), g => Assert.Equal(0f, g));
        Assert.Contains(x.Gradient.ToArray(), g => g != 0);
    }

    [Fact]
    public void Detach_StopsTheGradient()
    {
        var tape = new Tape();
        var x = tape.Variable([3], 1, 1);
        tape.Backward(x.Detach() * x);
        Assert.Equal(3f, x.Gradient[0]);
    }

    [Fact]
    public void Slices_GiveTheSameGradientAsTheWhole()
    {
        var (parameters, tape) = (new Parameters(), new Tape());
        var rng = Rng.Stream(2, 1);
        var network = new MlpArchitecture { Hidden = [32, 32] }.Build(parameters, 4, 1, 1f, ref rng);
        var data = Differences.Draw(300 * 4, 5);
        float[] Gradient(int slice)
        {
            parameters.ClearGradients();
            for (var first = 0; first < 300; first += slice)
            {
                var count = Math.Min(slice, 300 - first);
                tape.Reset();
                tape.Backward(count / 300f * network.Forward(tape.Input(data.AsSpan(first * 4, count * 4), count, 4)).Square().Mean());
            }
            return parameters.Gradients.ToArray();
        }
        var whole = Gradient(300);
        var sliced = Gradient(128);
        var scale = whole.Max(MathF.Abs);
        for (var i = 0; i < whole.Length; i++)
            Assert.Equal(whole[i], sliced[i], 1e-6f * scale);
    }

    [Fact]
    public void UnusedAndSaturatedUnits_LeaveNoDenormals()
    {
        // An expert that is never chosen, gates at the end of their range, saturated units and tiny inputs, for many steps.
        var (parameters, tape) = (new Parameters(), new Tape());
        var rng = Rng.Stream(3, 1);
        var network = new MixtureArchitecture { Experts = 3, Hidden = [16], Activation = Activation.Mish, Balance = BalanceLoss.None }
            .Build(parameters, 4, 2, 1f, ref rng);
        float[] data = [.. Differences.Draw(128, 1).Select((v, i) => i % 3 == 0 ? v * 1e-17f : v * 30)];
        for (var step = 0; step < 3000; step++)
        {
            tape.Reset();
            parameters.ClearGradients();
            var output = network.Forward(tape.Input(data, 32, 4));
            tape.Backward(step < 5 ? output.Square().Mean() : (1e-12f * output).Square().Mean());
            parameters.Descend(new(1e-3f, WeightDecay: 1e-2f));
        }
        Assert.DoesNotContain(parameters.Values.ToArray(), float.IsSubnormal);
        Assert.DoesNotContain(parameters.Gradients.ToArray(), float.IsSubnormal);
        Assert.DoesNotContain(parameters.FirstMoments.ToArray(), float.IsSubnormal);
        Assert.DoesNotContain(parameters.SecondMoments.ToArray(), float.IsSubnormal);
        Assert.DoesNotContain(network.Forward(tape.Input(data, 32, 4)).Data.ToArray(), float.IsSubnormal);
    }

    [Fact]
    public void Adam_FollowsThePublishedRecursion()
    {
        var parameters = new Parameters();
        var matrix = parameters.Add(3, 7);
        var w = Differences.Draw(21, 1).Select(x => (double)x).ToArray();
        for (var i = 0; i < 21; i++)
            matrix.Values[i] = (float)w[i];
        var (m, v) = (new double[21], new double[21]);
        for (var step = 1; step <= 30; step++)
        {
            var g = Differences.Draw(21, (ulong)step);
            g.CopyTo(matrix.Gradients);
            var norm = Math.Sqrt(g.Sum(x => (double)x * x));
            Assert.Equal(norm, parameters.Descend(new(0.01f, MaxNorm: 2f, WeightDecay: 0.1f, Epsilon: 1e-8f)), 1e-4);
            for (var i = 0; i < 21; i++)
            {
                var gradient = g[i] * Math.Min(1, 2 / norm);
                w[i] *= 1 - 0.01 * 0.1;
                m[i] = 0.9 * m[i] + 0.1 * gradient;
                v[i] = 0.999 * v[i] + 0.001 * gradient * gradient;
                w[i] -= 0.01 * (m[i] / (1 - Math.Pow(0.9, step))) / (Math.Sqrt(v[i] / (1 - Math.Pow(0.999, step))) + 1e-8);
                Assert.Equal(w[i], matrix.Values[i], 2e-5);
            }
        }
        Assert.All(parameters.Values[21..].ToArray(), x => Assert.Equal(0f, x));
    }

    [Fact]
    public void NonFiniteGradient_IsRefusedAndChangesNothing()
    {
        var parameters = new Parameters();
        var matrix = parameters.Add(1, 2);
        matrix.Values[0] = 1;
        matrix.Gradients[1] = float.NaN;
        Assert.Throws<DivergenceException>(() => parameters.Descend(new(0.1f)));
        Assert.Equal(1f, matrix.Values[0]);
        Assert.Equal(0, parameters.Steps);
    }

    [Fact]
    public void Follow_MovesAShareOfTheWay()
    {
        var (target, online) = (new Parameters(), new Parameters());
        target.Add(1, 3).Values.Fill(1);
        online.Add(1, 3).Values.Fill(3);
        target.Follow(online, 0.25f);
        Assert.Equal([1.5f, 1.5f, 1.5f], target.Values[..3].ToArray());
        Assert.Throws<ArgumentException>(() => target.CopyFrom(new Parameters()));
    }

    [Fact]
    public void Parameters_SurviveSaving_AndRefuseAnotherLayout()
    {
        static Parameters Make(int columns)
        {
            var parameters = new Parameters();
            Differences.Draw(3 * columns, 1).CopyTo(parameters.Add(3, columns).Values);
            Differences.Draw(3 * columns, 2).CopyTo(parameters.Gradients);
            parameters.Descend(new(0.1f));
            return parameters;
        }
        var (one, other) = (Make(4), new Parameters());
        other.Add(3, 4);
        var stream = new MemoryStream();
        one.Write(new(stream));
        stream.Position = 0;
        other.Read(new(stream));
        Assert.Equal(one.Values.ToArray(), other.Values.ToArray());
        Assert.Equal(one.FirstMoments.ToArray(), other.FirstMoments.ToArray());
        Assert.Equal(one.SecondMoments.ToArray(), other.SecondMoments.ToArray());
        foreach (var block in new[] { one, other })
        {
            Differences.Draw(12, 3).CopyTo(block.Gradients);
            block.Descend(new(0.1f));
        }
        Assert.Equal(one.Values.ToArray(), other.Values.ToArray());
        stream.Position = 0;
        Assert.Throws<InvalidDataException>(() => Make(5).Read(new(stream)));
    }

    [Fact]
    public void Product_ReachesAFairShareOfThePeak()
    {
        // A wide margin: other work shares the machine. Only where 512-bit registers are real.
        if (!System.Runtime.Intrinsics.Vector512.IsHardwareAccelerated)
            return;
        var tape = new Tape();
        var (x, w, b) = (tape.Constant(0.5f, 256, 256), tape.Constant(0.5f, 256, 256), tape.Constant(0f, 1, 256));
        var best = double.PositiveInfinity;
        for (var i = 0; i < 60; i++)
        {
            var start = Stopwatch.GetTimestamp();
            x.Dense(w, b);
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        Assert.InRange(2 * Math.Pow(256, 3) / best / 1e9, 20, 10_000);
    }
}
