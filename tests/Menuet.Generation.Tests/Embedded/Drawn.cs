using System.Collections.Immutable;
using Menuet.Generation.Embedded;
using Menuet.Generation.Imaging;

namespace Menuet.Generation.Tests.Embedded;

/// <summary>Digits, ordered as anybody orders them.</summary>
internal static class Drawn
{
    /// <summary>Images 0 to count − 1 of one wish.</summary>
    internal static ImmutableArray<Image> Of(Digit digit, int count, Sampling sampling) => Of(new ImageOrder(digit.ToPrompt()), count, sampling);

    /// <summary>A part of an image, drawn anew.</summary>
    internal static Image Inpainted(Image image, Image mask, Digit digit, Sampling sampling) =>
        Of(new ImageOrder(digit.ToPrompt()) { Source = image, Mask = mask }, 1, sampling)[0];

    private static ImmutableArray<Image> Of(ImageOrder order, int count, Sampling sampling)
    {
        using var generator = new DigitGenerator(sampling.Noise, sampling.Guidance, sampling.Resamplings);
        var images = Enumerable.Range(0, count).Select(i => generator.GenerateAsync(order with { Steps = sampling.Steps, Seed = sampling.Seed, Index = (ulong)i }, default));
        return [.. Task.WhenAll(images).Result.Select(made => made.Content.ReadImage())];
    }
}
