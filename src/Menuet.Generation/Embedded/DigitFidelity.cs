using Menuet.Generation.Imaging;
using Menuet.Generation.Quality;

namespace Menuet.Generation.Embedded;

/// <summary>How far a set of drawn digits is from real ones: the Fréchet distance in the 64 features of a small classifier.</summary>
/// <remarks>
/// Source: Heusel et al. 2017, with this classifier in place of Inception: distances compare with each other, not with published ones. A small
/// set looks worse than it is; compare sets of one size.
/// </remarks>
public static class DigitFidelity
{
    /// <summary>The least images whose covariance says anything.</summary>
    public const int Fewest = 65;

    /// <summary>The distance to the 9,000 training digits; ≥ 0, smaller is better.</summary>
    /// <param name="images">At least <see cref="Fewest"/>, black on white, of 28 x 28 pixels.</param>
    public static double Distance(IReadOnlyList<Image> images)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentOutOfRangeException.ThrowIfLessThan(images.Count, Fewest, nameof(images));
        const int Size = DigitClassifier.Features;
        var classifier = new DigitClassifier();
        var (features, scores) = (new float[Size], new float[10]);
        var all = new double[images.Count][];
        var mean = new double[Size];
        for (var i = 0; i < images.Count; i++)
        {
            if ((images[i].Width, images[i].Height) != (Denoiser.Width, Denoiser.Width))
            {
                throw new InvalidRequestException([new($"image {i + 1}", $"is {images[i].Width} x {images[i].Height}; digits are 28 x 28")]);
            }

            classifier.Run(DigitGenerator.Ink(images[i]), features, scores);
            all[i] = Array.ConvertAll(features, feature => (double)feature);
            for (var f = 0; f < Size; f++)
                mean[f] += all[i][f] / images.Count;
        }

        var covariance = new double[Size, Size];
        foreach (var one in all)
        {
            for (var f = 0; f < Size; f++)
            {
                for (var g = 0; g < Size; g++)
                    covariance[f, g] += (one[f] - mean[f]) * (one[g] - mean[g]) / (images.Count - 1);
            }
        }

        var known = new double[Size, Size];
        Buffer.BlockCopy(Array.ConvertAll(TensorFile.Features["covariance"], value => (double)value), 0, known, 0, Size * Size * sizeof(double));
        return FrechetDistance.Of(Array.ConvertAll(TensorFile.Features["mean"], value => (double)value), known, mean, covariance);
    }
}
