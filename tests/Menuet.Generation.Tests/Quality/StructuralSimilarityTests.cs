using System.Diagnostics;
using System.Text.Json;
using Menuet.Generation.Imaging;
using Menuet.Generation.Quality;
using Menuet.Settlement.Tests.Servers;

namespace Menuet.Generation.Tests.Quality;

public sealed class StructuralSimilarityTests
{
    [Fact]
    public void AnImage_IsEqualToItself() => Assert.Equal(1, StructuralSimilarity.Index(Noise(1, 30, 20), Noise(1, 30, 20)), 14);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 255)]
    [InlineData(100, 120)]
    public void ConstantImages_HaveTheLuminanceTermAlone(int x, int y)
    {
        var c1 = 0.01 * 255 * 0.01 * 255;
        var expected = ((2.0 * x * y) + c1) / ((x * x) + (y * y) + c1);
        Assert.Equal(expected, StructuralSimilarity.Index(Constant((byte)x), Constant((byte)y)), 11);
    }

    [Fact]
    public void AnyPair_AgreesWithTheDefinitionWindowByWindow()
    {
        for (ulong seed = 0; seed < 12; seed++)
        {
            var random = Rng.Stream(seed, 1);
            var (width, height) = (11 + random.NextInt(25), 11 + random.NextInt(25));
            var x = Noise(seed, width, height);
            var y = Blend(x, Noise(seed + 100, width, height), random.NextDouble());
            var options = seed % 3 == 0 ? new SimilarityOptions { Window = 7, Sigma = double.PositiveInfinity, LuminanceConstant = 0.02 } : new();
            Assert.Equal(ByDefinition(x, y, options), StructuralSimilarity.Index(x, y, options), 11);
            Assert.Equal(StructuralSimilarity.Index(x, y, options), StructuralSimilarity.Index(y, x, options), 13);
            Assert.InRange(StructuralSimilarity.Index(x, y, options), -1, 1);
        }
    }

    [Fact]
    public void NoisierImages_AreLessAlike()
    {
        var x = Smooth(40, 40);
        var scores = new[] { 0.0, 0.05, 0.2, 0.5, 0.9 }.Select(share => StructuralSimilarity.Index(Blend(x, Noise(9, 40, 40), share), x)).ToArray();
        Assert.Equal(scores.OrderDescending(), scores);
    }

    [Fact]
    public void TransparentPixels_AreLaidOnWhite()
    {
        var clear = new Image(11, 11, 4, [.. Enumerable.Range(0, 121).SelectMany(_ => new byte[] { 10, 20, 30, 0 })]);
        Assert.Equal(1, StructuralSimilarity.Index(clear, Constant(255, 11, 11)), 12);
    }

    [Fact]
    public void BadSizesAndOptions_AreRefused()
    {
        Assert.Contains("11 x 11", Assert.Throws<InvalidRequestException>(() => StructuralSimilarity.Index(Constant(1, 10, 40), Constant(1, 10, 40))).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidRequestException>(() => StructuralSimilarity.Index(Constant(1, 12, 40), Constant(1, 40, 12)));
        Assert.Throws<ArgumentOutOfRangeException>(() => StructuralSimilarity.Index(Constant(1), Constant(1), new() { Window = 10 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => StructuralSimilarity.Index(Constant(1), Constant(1), new() { Sigma = double.NaN }));
        Assert.Throws<ArgumentOutOfRangeException>(() => StructuralSimilarity.Index(Constant(1), Constant(1), new() { ContrastConstant = 0 }));
    }

    [Fact]
    public void LargeImages_CostNoMemoryPerPixel()
    {
        var (x, y) = (Noise(1, 64, 2000), Noise(2, 64, 2000));
        StructuralSimilarity.Index(x, y);
        var before = GC.GetAllocatedBytesForCurrentThread();
        StructuralSimilarity.Index(x, y);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 60_000);
    }

    [NodeFact]
    public void RandomImages_ScoreAsTheIndependentImplementationSays()
    {
        var pairs = Enumerable.Range(0, 20).Select(i =>
        {
            var random = Rng.Stream((ulong)i, 5);
            var x = i % 2 == 0 ? Noise((ulong)i, 20 + i, 40 - i) : Smooth(20 + i, 40 - i);
            return (X: x, Y: Blend(x, Noise((ulong)i + 50, 20 + i, 40 - i), random.NextDouble()));
        }).ToArray();
        var start = new ProcessStartInfo("node", [Path.Combine(NodeFactAttribute.Folder, "ssim.js")]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        using var node = Process.Start(start)!;
        node.StandardInput.Write(JsonSerializer.Serialize(new
        {
            pairs = pairs.Select(p => new { width = p.X.Width, height = p.X.Height, x = p.X.Pixels.ToArray().Select(b => (int)b), y = p.Y.Pixels.ToArray().Select(b => (int)b) }),
        }));
        node.StandardInput.Close();
        var theirs = JsonSerializer.Deserialize<double[]>(node.StandardOutput.ReadToEnd())!;
        Assert.Equal(pairs.Length, theirs.Length);
        Assert.All(pairs.Zip(theirs), pair => Assert.Equal(pair.Second, StructuralSimilarity.Index(pair.First.X, pair.First.Y), 9));
    }

    internal static Image Noise(ulong seed, int width, int height)
    {
        var random = Rng.Stream(seed, 77);
        var pixels = new byte[width * height];
        for (var i = 0; i < pixels.Length; i++)
            pixels[i] = (byte)random.NextInt(256);
        return new(width, height, 1, pixels);
    }

    internal static Image Constant(byte value, int width = 16, int height = 16) => new(width, height, 1, [.. Enumerable.Repeat(value, width * height)]);

    internal static Image Smooth(int width, int height) =>
        new(width, height, 1, [.. Enumerable.Range(0, width * height).Select(i => (byte)(127 + (100 * Math.Sin(i % width * 0.3) * Math.Cos(i / width * 0.2))))]);

    internal static Image Blend(Image x, Image y, double share) =>
        new(x.Width, x.Height, 1, [.. Enumerable.Range(0, x.Pixels.Length).Select(i => (byte)((x.Pixels[i] * (1 - share)) + (y.Pixels[i] * share)))]);

    /// <summary>Eq. (13) over every window by itself: weighted means, centred variances and covariance.</summary>
    private static double ByDefinition(Image x, Image y, SimilarityOptions options)
    {
        var (n, half) = (options.Window, options.Window / 2);
        var weights = new double[n, n];
        var all = 0.0;
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j < n; j++)
                all += weights[i, j] = Math.Exp(-(((i - half) * (i - half)) + ((j - half) * (j - half))) / (2 * options.Sigma * options.Sigma));
        }

        var (c1, c2) = (Math.Pow(255 * options.LuminanceConstant, 2), Math.Pow(255 * options.ContrastConstant, 2));
        var scores = new List<double>();
        for (var top = 0; top + n <= x.Height; top++)
        {
            for (var left = 0; left + n <= x.Width; left++)
            {
                double Mean(Func<double, double, double> f)
                {
                    var sum = 0.0;
                    for (var i = 0; i < n; i++)
                    {
                        for (var j = 0; j < n; j++)
                            sum += weights[i, j] / all * f(x.Pixels[((top + i) * x.Width) + left + j], y.Pixels[((top + i) * x.Width) + left + j]);
                    }

                    return sum;
                }

                var (mx, my) = (Mean((a, _) => a), Mean((_, b) => b));
                var (vx, vy, cxy) = (Mean((a, _) => (a - mx) * (a - mx)), Mean((_, b) => (b - my) * (b - my)), Mean((a, b) => (a - mx) * (b - my)));
                scores.Add(((2 * mx * my) + c1) * ((2 * cxy) + c2) / (((mx * mx) + (my * my) + c1) * (vx + vy + c2)));
            }
        }

        return scores.Average();
    }
}

/// <summary>A fact that needs node and the packages beside this file; without them it is skipped with a reason, but never where CI is set.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NodeFactAttribute : FactAttribute
{
    public NodeFactAttribute()
    {
        var isInstalled = Directory.Exists(Path.Combine(Folder, "node_modules", "ssim.js"));
        Skip = Missing.Skip(isInstalled ? null : "needs node and npm: test.sh installs ssim.js where they are");
    }

    internal static string Folder { get; } = Find();

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Menuet.slnx")))
            {
                return Path.Combine(folder.FullName, "tests", "Menuet.Generation.Tests", "Quality");
            }
        }

        throw new InvalidOperationException("Menuet.slnx is nowhere above the tests");
    }
}
