using Menuet.Generation.Imaging;
using Menuet.Generation.Quality;

namespace Menuet.Generation.Tests.Quality;

public sealed class SignalToNoiseTests
{
    [Theory]
    [InlineData(0, 255, 0)]
    [InlineData(100, 101, 48.1308036086791)]
    [InlineData(10, 110, 8.13080360867911)]
    public void ConstantImages_HaveTheRatioOfTheirDistance(int x, int y, double decibels) =>
        Assert.Equal(decibels, SignalToNoise.PeakRatio(StructuralSimilarityTests.Constant((byte)x), StructuralSimilarityTests.Constant((byte)y)), 12);

    [Fact]
    public void OneWrongPixel_CountsByItsShare()
    {
        var pixels = new byte[100];
        pixels[37] = 255;
        Assert.Equal(20, SignalToNoise.PeakRatio(new(10, 10, 1, pixels), new(10, 10, 1, new byte[100])), 12);
    }

    [Fact]
    public void EqualImages_HaveAnInfiniteRatio() =>
        Assert.Equal(double.PositiveInfinity, SignalToNoise.PeakRatio(StructuralSimilarityTests.Noise(1, 5, 5), StructuralSimilarityTests.Noise(1, 5, 5)));

    [Fact]
    public void Colours_AreComparedByLuma()
    {
        var red = new Image(1, 1, 3, [255, 0, 0]);
        var black = new Image(1, 1, 1, [0]);
        Assert.Equal(-20 * Math.Log10(0.299), SignalToNoise.PeakRatio(red, black), 12);
    }

    [Fact]
    public void DifferentSizes_AreRefused() =>
        Assert.Throws<InvalidRequestException>(() => SignalToNoise.PeakRatio(StructuralSimilarityTests.Constant(1, 4, 5), StructuralSimilarityTests.Constant(1, 5, 4)));
}
