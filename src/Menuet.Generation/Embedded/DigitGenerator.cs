using System.Collections.Immutable;
using Menuet.Generation.Imaging;

namespace Menuet.Generation.Embedded;

/// <summary>Draws digits of 28 x 28 pixels, black on white, by a diffusion model that is part of the program: offline, seeded, the same bits on any number of threads.</summary>
public static class DigitGenerator
{
    /// <summary>Pixels across and down.</summary>
    public const int Width = Denoiser.Width;

    /// <summary>Draws images; image i depends on the seed and i alone.</summary>
    /// <param name="digit">What is wanted.</param>
    /// <param name="count">How many, ≥ 1.</param>
    /// <param name="sampling">How.</param>
    /// <param name="cancellation">Ends the work early.</param>
    public static ImmutableArray<Image> Draw(Digit digit, int count, Sampling sampling, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(digit);
        var conditions = digit.Conditions();
        return Many(count, sampling, (sampler, i, image) => sampler.Draw(conditions, sampling, (ulong)i, image, cancellation), cancellation);
    }

    /// <summary>Draws images that each want something else; image i depends on the seed, its stream and its wish alone.</summary>
    internal static ImmutableArray<Image> DrawEach(IReadOnlyList<Digit> digits, Func<int, ulong> stream, Sampling sampling, CancellationToken cancellation)
    {
        var conditions = digits.Select(digit => digit.Conditions()).ToArray();
        return Many(digits.Count, sampling, (sampler, i, image) => sampler.Draw(conditions[i], sampling, stream(i), image, cancellation), cancellation);
    }

    /// <summary>Draws anew what one mask leaves open in each of several images.</summary>
    internal static ImmutableArray<Image> InpaintEach(
        IReadOnlyList<Image> images, bool[] open, IReadOnlyList<Digit> digits, Func<int, ulong> stream, Sampling sampling, CancellationToken cancellation)
    {
        var conditions = digits.Select(digit => digit.Conditions()).ToArray();
        return Many(
            digits.Count, sampling, (sampler, i, result) => sampler.Inpaint(Ink(images[i]), open, conditions[i], sampling, stream(i), result, cancellation), cancellation);
    }

    /// <summary>Draws what a mask leaves open, so that it fits the rest (RePaint). What is known stays to the bit.</summary>
    /// <param name="image">28 x 28 pixels; read by luma.</param>
    /// <param name="mask">28 x 28 pixels: drawn anew where it is lighter than middle grey.</param>
    /// <param name="digit">What is wanted.</param>
    /// <param name="count">How many, ≥ 1.</param>
    /// <param name="sampling">How.</param>
    /// <param name="cancellation">Ends the work early.</param>
    /// <exception cref="InvalidRequestException">A size differs from 28 x 28, or the mask leaves nothing open.</exception>
    public static ImmutableArray<Image> Inpaint(Image image, Image mask, Digit digit, int count, Sampling sampling, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(mask);
        ArgumentNullException.ThrowIfNull(digit);
        var problems = new (string Name, Image Image)[] { ("image", image), ("mask", mask) }.Where(input => (input.Image.Width, input.Image.Height) != (Width, Width))
            .Select(input => new Problem(input.Name, $"is {input.Image.Width} x {input.Image.Height}; the embedded generator draws {Width} x {Width}")).ToImmutableArray();
        if (!problems.IsEmpty)
        {
            throw new InvalidRequestException(problems);
        }

        var known = Ink(image);
        var open = Open(mask);
        var conditions = digit.Conditions();
        return Many(count, sampling, (sampler, i, result) => sampler.Inpaint(known, open, conditions, sampling, (ulong)i, result, cancellation), cancellation);
    }

    /// <summary>Where a mask of 28 x 28 pixels is lighter than middle grey.</summary>
    /// <exception cref="InvalidRequestException">Nowhere.</exception>
    internal static bool[] Open(Image mask)
    {
        var open = Array.ConvertAll(Ink(mask), ink => ink < 0);
        return open.Contains(true) ? open
            : throw new InvalidRequestException([new("mask", "is black throughout: there is nothing to draw; white marks what is drawn anew")]);
    }

    private static ImmutableArray<Image> Many(int count, Sampling sampling, Action<Sampler, int, float[]> draw, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(sampling);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        sampling.Require();
        var images = new Image[count];
        Parallel.For(
            0,
            count,
            new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = Environment.ProcessorCount },
            () => new Sampler(),
            (i, _, sampler) =>
            {
                var ink = new float[Denoiser.Pixels];
                draw(sampler, i, ink);
                images[i] = Picture(ink);
                return sampler;
            },
            sampler => sampler.Dispose());
        return [.. images];
    }

    /// <summary>From −1 (paper) to 1 (ink), out of luma from 255 (white) to 0 (black).</summary>
    internal static float[] Ink(Image image)
    {
        var ink = new float[image.Width * image.Height];
        var line = new double[image.Width];
        for (var y = 0; y < image.Height; y++)
        {
            image.CopyLuma(y, line);
            for (var x = 0; x < image.Width; x++)
                ink[(y * image.Width) + x] = (float)(1 - (line[x] * 2 / 255));
        }

        return ink;
    }

    internal static Image Picture(ReadOnlySpan<float> ink)
    {
        var pixels = new byte[ink.Length];
        for (var p = 0; p < pixels.Length; p++)
            pixels[p] = (byte)Math.Round(Math.Clamp((1 - ink[p]) * 127.5, 0, 255), MidpointRounding.AwayFromZero);
        return new(Width, Width, 1, pixels);
    }
}
