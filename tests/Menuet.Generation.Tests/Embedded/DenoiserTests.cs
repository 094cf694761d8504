using Menuet.Generation.Embedded;
using Menuet.Numerics;

namespace Menuet.Generation.Tests.Embedded;

public sealed class DenoiserTests
{
    internal static TensorFile Vectors { get; } = new(File.ReadAllBytes(Path.Combine(Path.GetDirectoryName(Generation.Tests.Quality.NodeFactAttribute.Folder)!, "Embedded", "digits.vectors")), bytes: 4);

    [Fact]
    public void Predictions_AgreeWithPyTorch()
    {
        using var denoiser = new Denoiser();
        var worst = 0.0;
        for (var i = 0; i < 16; i++)
        {
            var v = Predicted(denoiser, i);
            for (var p = 0; p < Denoiser.Pixels; p++)
                worst = Math.Max(worst, Math.Abs(v[p] - Vectors["predicted"][(i * Denoiser.Pixels) + p]));
        }

        Assert.True(worst < 1e-5, $"differs by {worst}");
    }

    [Fact]
    public void RegistersOfAnyWidth_GiveTheSameBits()
    {
        var random = Rng.Stream(1, 1);
        float[] Draw(int count)
        {
            var values = new float[count];
            for (var i = 0; i < count; i++)
                values[i] = (float)random.NextNormal();
            return values;
        }

        foreach (var (width, inputs, outputs, taps) in new[] { (14, 5, 32, 3), (28, 16, 16, 1), (7, 20, 48, 3) })
        {
            var (input, weights, bias) = (Draw((width + taps - 1) * (width + taps - 1) * inputs), Draw(taps * taps * inputs * outputs), Draw(outputs));
            var results = new[] { Run<Lanes16>(), Run<Lanes8>(), Run<Lanes4>() };
            Assert.Equal(results[0], results[1]);
            Assert.Equal(results[0], results[2]);
            for (var sample = 0; sample < 50; sample++)
            {
                var (y, x, o) = (random.NextInt(width), random.NextInt(width), random.NextInt(outputs));
                double sum = bias[o];
                for (var dy = 0; dy < taps; dy++)
                {
                    for (var dx = 0; dx < taps; dx++)
                    {
                        for (var i = 0; i < inputs; i++)
                            sum += (double)weights[(((((dy * taps) + dx) * inputs) + i) * outputs) + o] * input[((((y + dy) * (width + taps - 1)) + x + dx) * inputs) + i];
                    }
                }

                Assert.Equal(sum, results[0][(((y * width) + x) * outputs) + o], 1e-3);
            }

            unsafe float[] Run<T>() where T : struct, ILanes<T>
            {
                var result = new float[width * width * outputs];
                fixed (float* a = input, b = weights, c = bias, d = result)
                    Convolution.Run<T>(a, inputs, width, taps, b, c, d, outputs);
                return result;
            }
        }
    }

    [Fact]
    public void Predictions_CostNoMemory_AndRepeatBitForBit()
    {
        using var denoiser = new Denoiser();
        var first = Predicted(denoiser, 3);
        Predicted(denoiser, 9);
        Assert.Equal(first, Predicted(denoiser, 3));
        var noisy = Vectors["noisy"].AsSpan(0, Denoiser.Pixels);
        var conditions = Vectors["conditions"].AsSpan(0, Denoiser.Conditions);
        var v = new float[Denoiser.Pixels];
        denoiser.Predict(noisy, 0.5f, conditions, v);
        var before = GC.GetAllocatedBytesForCurrentThread();
        denoiser.Predict(noisy, 0.5f, conditions, v);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void TheClassifier_AgreesWithPyTorch_AndKnowsItsDigits()
    {
        var classifier = new DigitClassifier();
        var (features, scores) = (new float[64], new float[10]);
        var right = 0;
        for (var i = 0; i < 16; i++)
        {
            var image = Vectors["images"].AsSpan(i * Denoiser.Pixels, Denoiser.Pixels).ToArray().Select(ink => (ink * 2) - 1).ToArray();
            classifier.Run(image, features, scores);
            for (var f = 0; f < 64; f++)
                Assert.Equal(Vectors["features"][(i * 64) + f], features[f], 1e-4f);
            for (var c = 0; c < 10; c++)
                Assert.Equal(Vectors["scores"][(i * 10) + c], scores[c], 1e-3f);
            right += scores.AsSpan().IndexOf(scores.Max()) == (int)Vectors["classes"][i] ? 1 : 0;
        }

        Assert.True(right >= 15, $"{right} of 16");
    }

    [Fact]
    public void TheFile_SaysWhereItsNumbersComeFrom()
    {
        Assert.Contains("CC BY-SA 3.0", TensorFile.Weights.Header.GetProperty("data").GetString(), StringComparison.Ordinal);
        Assert.Equal("tools/train_digits.py", TensorFile.Weights.Header.GetProperty("trainedBy").GetString());
    }

    private static float[] Predicted(Denoiser denoiser, int i)
    {
        var v = new float[Denoiser.Pixels];
        denoiser.Predict(
            Vectors["noisy"].AsSpan(i * Denoiser.Pixels, Denoiser.Pixels), Vectors["times"][i], Vectors["conditions"].AsSpan(i * Denoiser.Conditions, Denoiser.Conditions), v);
        return v;
    }
}
