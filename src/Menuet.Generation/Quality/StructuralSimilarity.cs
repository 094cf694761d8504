using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Menuet.Generation.Imaging;

namespace Menuet.Generation.Quality;

/// <summary>What the similarity of Wang et al. leaves open.</summary>
public sealed record SimilarityOptions
{
    /// <summary>Pixels of the window across; odd, from 1 to 255.</summary>
    public int Window { get; init; } = 11;

    /// <summary>Standard deviation of the Gaussian window in pixels; &gt; 0. Infinity weighs all pixels of the window alike.</summary>
    public double Sigma { get; init; } = 1.5;

    /// <summary>K1; C1 = (255 K1)², ≥ 0.</summary>
    public double LuminanceConstant { get; init; } = 0.01;

    /// <summary>K2; C2 = (255 K2)², &gt; 0.</summary>
    public double ContrastConstant { get; init; } = 0.03;
}

/// <summary>The structural similarity index of two images: 1 for equal ones.</summary>
/// <remarks>
/// Source: Wang, Bovik, Sheikh and Simoncelli 2004, "Image quality assessment: from error visibility to structural similarity", Eq. (13) and
/// (17): 11 x 11 Gaussian window of deviation 1.5, K1 = 0.01, K2 = 0.03, mean over the places where the window lies within the image.
/// Colours are compared by luma. Images are not scaled down first.
/// </remarks>
public static class StructuralSimilarity
{
    // x, y, x² + y² and xy: the index needs no more.
    private const int Moments = 4;

    /// <summary>Mean over all windows of (2 μx μy + C1)(2 σxy + C2) / ((μx² + μy² + C1)(σx² + σy² + C2)); in [−1, 1].</summary>
    /// <param name="image">Any image of at least the window's size.</param>
    /// <param name="reference">Of the same width and height.</param>
    /// <param name="options">Null: the values of the paper.</param>
    /// <exception cref="InvalidRequestException">The sizes differ, or are smaller than the window.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public static double Index(Image image, Image reference, SimilarityOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(reference);
        options ??= new();
        var weights = Weights(options);
        SignalToNoise.RequireSameSize(image, reference);
        var (width, height, taps) = (image.Width, image.Height, weights.Length);
        if (Math.Min(width, height) < taps)
        {
            throw new InvalidRequestException([new("image", $"is {width} x {height}; structural similarity needs at least {taps} x {taps} pixels")]);
        }

        // Windows are separable: lines are blurred along themselves as they come, and the last ones are kept to be blurred across.
        var places = width - taps + 1;
        var moments = new double[Moments * width];
        var lines = new double[taps * Moments * places];
        var means = new double[Moments * places];
        var (c1, c2) = (Square(255 * options.LuminanceConstant), Square(255 * options.ContrastConstant));
        double total = 0, lost = 0;
        for (var y = 0; y < height; y++)
        {
            ReadMoments(image, reference, y, moments);
            var line = lines.AsSpan(y % taps * Moments * places, Moments * places);
            for (var moment = 0; moment < Moments; moment++)
                Blur(moments.AsSpan(moment * width, width), weights, line.Slice(moment * places, places));
            if (y < taps - 1)
            {
                continue;
            }

            Array.Clear(means);
            for (var tap = 0; tap < taps; tap++)
                Accumulate(weights[tap], lines.AsSpan((y + 1 + tap) % taps * Moments * places, Moments * places), means);

            // Compensated over lines, so that millions of pixels lose nothing.
            var term = Sum(means, places, c1, c2) - lost;
            var sum = total + term;
            lost = sum - total - term;
            total = sum;
        }

        return total / ((double)places * (height - taps + 1));
    }

    private static double[] Weights(SimilarityOptions options)
    {
        if (options.Window is < 1 or > 255 || options.Window % 2 == 0)
        {
            throw new ArgumentOutOfRangeException(nameof(options), options.Window, "the window must be odd and from 1 to 255 pixels across");
        }

        if (!(options.Sigma > 0) || !(options.LuminanceConstant >= 0) || !(options.ContrastConstant > 0))
        {
            throw new ArgumentOutOfRangeException(nameof(options), "sigma and the contrast constant must be positive, the luminance constant at least 0");
        }

        var weights = new double[options.Window];
        for (var i = 0; i < weights.Length; i++)
            weights[i] = Math.Exp(-0.5 * Square((i - (weights.Length / 2)) / options.Sigma));
        var sum = weights.Sum();
        return [.. weights.Select(weight => weight / sum)];
    }

    private static void ReadMoments(Image image, Image reference, int row, double[] moments)
    {
        var width = image.Width;
        var x = moments.AsSpan(0, width);
        var y = moments.AsSpan(width, width);
        var squares = moments.AsSpan(2 * width, width);
        var product = moments.AsSpan(3 * width, width);
        image.CopyLuma(row, x);
        reference.CopyLuma(row, y);
        for (var i = 0; i < width; i++)
        {
            squares[i] = (x[i] * x[i]) + (y[i] * y[i]);
            product[i] = x[i] * y[i];
        }
    }

    /// <summary>result[i] = Σ_k weights[k] line[i + k].</summary>
    private static void Blur(ReadOnlySpan<double> line, ReadOnlySpan<double> weights, Span<double> result)
    {
        ref var from = ref MemoryMarshal.GetReference(line);
        var i = 0;
        for (; i <= result.Length - Vector<double>.Count; i += Vector<double>.Count)
        {
            var sum = Vector<double>.Zero;
            for (var k = 0; k < weights.Length; k++)
                sum = Vector.FusedMultiplyAdd(new Vector<double>(weights[k]), Vector.LoadUnsafe(ref from, (nuint)(i + k)), sum);
            sum.CopyTo(result[i..]);
        }

        for (; i < result.Length; i++)
        {
            var sum = 0.0;
            for (var k = 0; k < weights.Length; k++)
                sum = Math.FusedMultiplyAdd(weights[k], line[i + k], sum);
            result[i] = sum;
        }
    }

    /// <summary>result += weight × line.</summary>
    private static void Accumulate(double weight, ReadOnlySpan<double> line, Span<double> result)
    {
        var i = 0;
        for (; i <= result.Length - Vector<double>.Count; i += Vector<double>.Count)
            Vector.FusedMultiplyAdd(new Vector<double>(weight), new(line[i..]), new(result[i..])).CopyTo(result[i..]);
        for (; i < result.Length; i++)
            result[i] = Math.FusedMultiplyAdd(weight, line[i], result[i]);
    }

    private static double Sum(ReadOnlySpan<double> means, int places, double c1, double c2)
    {
        var sum = 0.0;
        for (var i = 0; i < places; i++)
            sum += At(means[i], means[places + i], means[(2 * places) + i], means[(3 * places) + i], c1, c2);
        return sum;
    }

    /// <summary>The index of one window from its four moments.</summary>
    private static double At(double x, double y, double squares, double product, double c1, double c2)
    {
        var (means, levels) = (x * y, (x * x) + (y * y));
        return ((2 * means) + c1) * ((2 * (product - means)) + c2) / ((levels + c1) * (squares - levels + c2));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Square(double x) => x * x;
}
