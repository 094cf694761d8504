using System.Globalization;
using Menuet.Figures;

namespace Menuet.Tests.Figures;

public class ThemeTests
{
    [Fact]
    public void SeriesColours_StandOutFromThePaper()
    {
        Assert.Equal(Theme.Light.Length, Theme.Dark.Length);
        Assert.All(Theme.Light, c => Assert.True(Contrast(c, Theme.LightPaper) >= 3, c));
        Assert.All(Theme.Dark, c => Assert.True(Contrast(c, Theme.DarkPaper) >= 3, c));
    }

    [Theory]
    [InlineData("protanopia", 0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998)]
    [InlineData("deuteranopia", 0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820, 0.042940, 0.968881)]
    [InlineData("tritanopia", 1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.303900)]
    public void ColourScale_WithColourBlindness_StillRises(string vision, params double[] m)
    {
        // Machado, Oliveira and Fernandes 2009, severity 1.0.
        var seen = ColourScale.Colours.Select(Linear).Select(c => new[]
        {
            (m[0] * c[0]) + (m[1] * c[1]) + (m[2] * c[2]), (m[3] * c[0]) + (m[4] * c[1]) + (m[5] * c[2]), (m[6] * c[0]) + (m[7] * c[1]) + (m[8] * c[2]),
        }).Select(c => Lab([.. c.Select(v => Math.Clamp(v, 0, 1))])).ToArray();
        for (var i = 8; i < seen.Length; i++)
            Assert.True(seen[i][0] > seen[i - 8][0], $"{vision}: step {i} is no lighter");
    }

    [Fact]
    public void ColourScale_EqualSteps_LookEqual()
    {
        var colours = ColourScale.Colours.Select(c => Lab(Linear(c))).ToArray();
        var steps = Enumerable.Range(0, 15).Select(i => Distance(colours[17 * i], colours[17 * (i + 1)])).ToArray();
        Assert.All(steps, s => Assert.InRange(s / steps.Average(), 0.9, 1.1));
        Assert.Equal(ColourScale.Count, ColourScale.Colours.Distinct().Count());
    }

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(0, 0)]
    [InlineData(0.5, 128)]
    [InlineData(1, 255)]
    [InlineData(2, 255)]
    public void ColourScale_Index_StaysInside(double share, int index) => Assert.Equal(index, ColourScale.Index(share));

    private static double Contrast(string one, string other)
    {
        static double Luminance(string colour) => Linear(colour) switch { var c => (0.2126 * c[0]) + (0.7152 * c[1]) + (0.0722 * c[2]) };
        var (a, b) = (Luminance(one), Luminance(other));
        return (Math.Max(a, b) + 0.05) / (Math.Min(a, b) + 0.05);
    }

    private static double[] Linear(string colour) =>
    [
        .. new[] { 1, 3, 5 }.Select(i => int.Parse(colour.AsSpan(i, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture) / 255.0)
            .Select(v => v <= 0.04045 ? v / 12.92 : Math.Pow((v + 0.055) / 1.055, 2.4)),
    ];

    private static double[] Lab(double[] c)
    {
        var l = Math.Cbrt((0.4122214708 * c[0]) + (0.5363325363 * c[1]) + (0.0514459929 * c[2]));
        var m = Math.Cbrt((0.2119034982 * c[0]) + (0.6806995451 * c[1]) + (0.1073969566 * c[2]));
        var s = Math.Cbrt((0.0883024619 * c[0]) + (0.2817188376 * c[1]) + (0.6299787005 * c[2]));
        return
        [
            (0.2104542553 * l) + (0.7936177850 * m) - (0.0040720468 * s), (1.9779984951 * l) - (2.4285922050 * m) + (0.4505937099 * s),
            (0.0259040371 * l) + (0.7827717662 * m) - (0.8086757660 * s),
        ];
    }

    private static double Distance(double[] a, double[] b) => Math.Sqrt(a.Zip(b).Sum(p => (p.First - p.Second) * (p.First - p.Second)));
}
