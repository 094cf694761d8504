using BenchmarkDotNet.Attributes;
using Menuet.Generation.Embedded;
using Menuet.Generation.Imaging;
using Menuet.Generation.Quality;

namespace Menuet.Benchmarks;

/// <summary>One denoising step of one image of 28 x 28 pixels, 27 million multiply-adds. Baseline: its largest convolution by plain loops (5.4 million).</summary>
public class DenoiserBenchmarks
{
    private static readonly Denoiser Network = new();

    private readonly float[] image = new float[Denoiser.Pixels];
    private readonly float[] conditions = new float[Denoiser.Conditions];
    private readonly float[] v = new float[Denoiser.Pixels];
    private readonly float[] input = new float[30 * 30 * 48];
    private readonly float[] weights = new float[9 * 48 * 16];
    private readonly float[] bias = new float[16];
    private readonly float[] output = new float[784 * 16];

    /// <summary>48 channels to 16 over 3 x 3 taps, one multiplication after another.</summary>
    [Benchmark(Baseline = true)]
    public float PlainConvolution()
    {
        for (var y = 0; y < 28; y++)
        {
            for (var x = 0; x < 28; x++)
            {
                for (var o = 0; o < 16; o++)
                {
                    var sum = bias[o];
                    for (var dy = 0; dy < 3; dy++)
                    {
                        for (var k = 0; k < 144; k++)
                            sum += input[((((y + dy) * 30) + x) * 48) + k] * weights[(((dy * 144) + k) * 16) + o];
                    }

                    output[(((y * 28) + x) * 16) + o] = sum;
                }
            }
        }

        return output[0];
    }

    /// <summary>The same convolution in registers.</summary>
    [Benchmark]
    public unsafe float ConvolutionInRegisters()
    {
        fixed (float* from = input, to = output)
            Convolution.Run(from, 48, 28, 3, weights, bias, to, 16);
        return output[0];
    }

    /// <summary>The whole network.</summary>
    [Benchmark]
    public float Step()
    {
        Network.Predict(image, 0.5f, conditions, v);
        return v[0];
    }
}

/// <summary>Structural similarity of two images of 1024 x 1024 pixels. Baseline: reading the luma of both.</summary>
public class SimilarityBenchmarks
{
    private const int Width = 1024;
    private readonly double[] line = new double[Width];
    private Image image = new(1, 1, 1, new byte[1]);
    private Image reference = new(1, 1, 1, new byte[1]);

    /// <summary>Noise against noise.</summary>
    [GlobalSetup]
    public void Draw()
    {
        var random = Rng.Stream(1, 0);
        Image Noise()
        {
            var pixels = new byte[Width * Width];
            for (var i = 0; i < pixels.Length; i++)
                pixels[i] = (byte)random.NextInt(256);
            return new(Width, Width, 1, pixels);
        }

        (image, reference) = (Noise(), Noise());
    }

    /// <summary>Every pixel of both, once.</summary>
    [Benchmark(Baseline = true)]
    public double Luma()
    {
        var sum = 0.0;
        for (var y = 0; y < Width; y++)
        {
            image.CopyLuma(y, line);
            sum += line[y];
            reference.CopyLuma(y, line);
            sum += line[y];
        }

        return sum;
    }

    /// <summary>Eleven taps along and eleven across.</summary>
    [Benchmark]
    public double Similarity() => StructuralSimilarity.Index(image, reference);

    /// <summary>Peak ratio.</summary>
    [Benchmark]
    public double PeakRatio() => SignalToNoise.PeakRatio(image, reference);
}
