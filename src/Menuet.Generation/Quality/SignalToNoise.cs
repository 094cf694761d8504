using Menuet.Generation.Imaging;

namespace Menuet.Generation.Quality;

/// <summary>The peak signal-to-noise ratio of an image against a reference.</summary>
public static class SignalToNoise
{
    /// <summary>10 log₁₀(255² / MSE) over the luma of all pixels, in decibels; +∞ for equal images.</summary>
    /// <param name="image">Any image.</param>
    /// <param name="reference">Of the same width and height.</param>
    /// <exception cref="InvalidRequestException">The sizes differ.</exception>
    public static double PeakRatio(Image image, Image reference)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(reference);
        RequireSameSize(image, reference);
        var (x, y) = (new double[image.Width], new double[image.Width]);
        var total = 0.0;
        for (var row = 0; row < image.Height; row++)
        {
            image.CopyLuma(row, x);
            reference.CopyLuma(row, y);
            var sum = 0.0;
            for (var i = 0; i < x.Length; i++)
                sum += (x[i] - y[i]) * (x[i] - y[i]);
            total += sum;
        }

        return total == 0 ? double.PositiveInfinity : 10 * Math.Log10(255.0 * 255 * image.Width * image.Height / total);
    }

    internal static void RequireSameSize(Image image, Image reference)
    {
        if (image.Width != reference.Width || image.Height != reference.Height)
        {
            throw new InvalidRequestException([new("image", $"is {image.Width} x {image.Height} and its reference {reference.Width} x {reference.Height}; they must be of one size")]);
        }
    }
}
