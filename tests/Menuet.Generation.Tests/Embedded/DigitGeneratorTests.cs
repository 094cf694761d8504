using Menuet.Generation.Embedded;
using Menuet.Generation.Imaging;
using Menuet.Generation.Quality;

namespace Menuet.Generation.Tests.Embedded;

public sealed class DigitGeneratorTests
{
    private static readonly Sampling Quick = new() { Steps = 8 };

    [Fact]
    public void TheDigitAskedFor_IsDrawn()
    {
        var right = 0;
        for (var digit = 0; digit < 10; digit++)
            right += Drawn.Of(new() { Class = digit }, 3, Quick with { Seed = 5 }).Count(image => Recognised(image) == digit);
        Assert.InRange(right, 26, 30);
    }

    [Fact]
    public void Traits_AreObeyed()
    {
        double Mean(Digit digit, Func<Image, double> measure) => Drawn.Of(digit, 8, Quick).Average(measure);
        Assert.True(Mean(new() { Class = 3, Thickness = 1.5 }, InkOf) > 1.5 * Mean(new() { Class = 3, Thickness = -1.5 }, InkOf));
        Assert.True(Mean(new() { Class = 1, Slant = 1.5 }, SlantOf) > Mean(new() { Class = 1, Slant = -1.5 }, SlantOf) + 0.5);
        Assert.True(Mean(new() { Class = 0, Width = 1.5 }, WidthOf) > 1.3 * Mean(new() { Class = 0, Width = -1.5 }, WidthOf));
    }

    [Fact]
    public void AnImage_DependsOnSeedAndPlaceAlone()
    {
        var digit = new Digit { Class = 4 };
        var many = Drawn.Of(digit, 6, Quick with { Steps = 3, Noise = 0.5 });
        var few = Drawn.Of(digit, 2, Quick with { Steps = 3, Noise = 0.5 });
        Assert.Equal(many[1].Pixels, few[1].Pixels);
        Assert.NotEqual(many[1].Pixels.ToArray(), many[0].Pixels.ToArray());
        using var sampler = new Sampler();
        var ink = new float[Denoiser.Pixels];
        for (ulong i = 0; i < 6; i++)
        {
            sampler.Draw(digit.Conditions(), Quick with { Steps = 3, Noise = 0.5 }, i, ink, default);
            Assert.Equal(many[(int)i].Pixels, DigitGenerator.Picture(ink).Pixels);
        }

        Assert.NotEqual(few[1].Pixels.ToArray(), Drawn.Of(digit, 2, Quick with { Steps = 3, Noise = 0.5, Seed = 1 })[1].Pixels.ToArray());
    }

    [Fact]
    public void WithoutNoise_OnlyTheFirstNoiseIsDrawn_AndOneStepIsTheSameEitherWay()
    {
        var digit = new Digit { Class = 2 };
        Assert.Equal(Drawn.Of(digit, 1, new() { Steps = 1, Noise = 0 })[0].Pixels, Drawn.Of(digit, 1, new() { Steps = 1, Noise = 1 })[0].Pixels);
        Assert.NotEqual(Drawn.Of(digit, 1, new() { Steps = 4, Noise = 0 })[0].Pixels.ToArray(), Drawn.Of(digit, 1, new() { Steps = 4, Noise = 1 })[0].Pixels.ToArray());
    }

    [Fact]
    public void GuidanceOfZero_IsNoGuidance_AndMoreOfIt_MakesDigitsPlainer()
    {
        double Sure(double guidance) => Enumerable.Range(0, 10).Average(digit => Drawn.Of(new() { Class = digit }, 2, Quick with { Guidance = guidance, Seed = 2 })
            .Average(image => Probability(image, digit)));
        Assert.True(Sure(1) >= Sure(0) - 0.01);
    }

    [Fact]
    public void Inpainting_KeepsWhatIsKnown_AndFillsTheRestToFit()
    {
        var scores = new List<double>();
        for (var digit = 0; digit < 6; digit++)
        {
            var image = Drawn.Of(new() { Class = digit }, 1, Quick with { Seed = 9 })[0];
            var mask = LowerHalf();
            var drawn = Drawn.Inpainted(image, mask, new() { Class = digit }, new() { Steps = 6, Seed = 3 });
            for (var p = 0; p < 14 * 28; p++)
                Assert.Equal(image.Pixels[p], drawn.Pixels[p]);
            var empty = new Image(28, 28, 1, [.. image.Pixels[..(14 * 28)].ToArray(), .. Enumerable.Repeat((byte)255, 14 * 28)]);
            scores.Add(StructuralSimilarity.Index(drawn, image) - StructuralSimilarity.Index(empty, image));
        }

        Assert.True(scores.Average() > 0.03, string.Join(' ', scores));
    }

    [Fact]
    public async Task BadOrders_AreRefused()
    {
        using var generator = new DigitGenerator();
        var (image, light) = (new Image(28, 28, 1, new byte[784]), LowerHalf());
        async Task<string[]> Paths(ImageOrder order) => [.. (await Assert.ThrowsAsync<InvalidRequestException>(() => generator.GenerateAsync(order, default))).Problems.Select(problem => problem.Path)];
        Assert.Equal(["image", "mask"], await Paths(new("seven") { Source = new(4, 4, 1, new byte[16]), Mask = new(4, 4, 1, [.. Enumerable.Repeat((byte)255, 16)]) }));
        Assert.Equal(["mask"], await Paths(new("seven") { Source = image, Mask = new(27, 28, 1, new byte[756]) }));
        Assert.Equal(["mask"], await Paths(new("seven") { Source = image, Mask = image }));
        Assert.Equal(["mask"], await Paths(new("seven") { Source = image }));
        Assert.Equal(["steps"], await Paths(new("seven") { Steps = 0 }));
        Assert.Equal(["steps"], await Paths(new("seven") { Steps = 1001 }));
        Assert.Equal(["size"], await Paths(new("seven") { Width = 29 }));
        Assert.Equal(["sampler"], await Paths(new("seven") { Sampler = "Euler a" }));
        Assert.Equal(["prompt"], await Paths(new("purple haze")));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DigitGenerator(guidance: double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DigitGenerator(noise: 1.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DigitGenerator(resamplings: 0));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => generator.GenerateAsync(new("seven") { Source = image, Mask = light }, new(canceled: true)));
    }

    [Fact]
    public async Task OddPrompts_AreDrawn_AndWhatIsPassedOver_IsSaidBriefly()
    {
        using var generator = new DigitGenerator();
        async Task<GeneratedImage> Draw(string prompt) => await generator.GenerateAsync(new(prompt) { Steps = 1 }, default);
        Assert.Empty((await Draw("")).Notes);
        var long10 = string.Join(' ', Enumerable.Range(0, 1500).Select(i => $"word{i}")) + " seven";
        Assert.True(long10.Length > 10_000);
        var note = Assert.Single((await Draw(long10)).Notes);
        Assert.Contains("'word7' and 1492 more", note, StringComparison.Ordinal);
        Assert.InRange(note.Length, 20, 400);
        Assert.Contains("'семь', '７', '🦊'", Assert.Single((await Draw("семь ７ 🦊 digit")).Notes), StringComparison.Ordinal);
        Assert.InRange((await Assert.ThrowsAsync<InvalidRequestException>(() => Draw(new('x', 10_240)))).Message.Length, 20, 400);
        Assert.DoesNotContain('\u001b', (await Assert.ThrowsAsync<InvalidRequestException>(() => Draw("\u001b[31mred"))).Message);
        // All white: nothing is known, everything is drawn.
        var white = new Image(28, 28, 1, [.. Enumerable.Repeat((byte)255, 784)]);
        var free = await generator.GenerateAsync(new("seven") { Source = white, Mask = white, Steps = 2 }, default);
        Assert.Contains(free.Content.ReadImage().Pixels.ToArray(), pixel => pixel < 128);
    }

    [Fact]
    public async Task ARecord_HoldsWhatMakesTheImageAgain()
    {
        using var generator = new DigitGenerator(noise: 0.5, guidance: 1);
        var made = await generator.GenerateAsync(new("a thick seven") { Steps = 3, Seed = ulong.MaxValue, Index = 5 }, default);
        var request = made.Record["request"]!;
        Assert.Equal(("embedded", made.Content.Hash, 1), ((string)made.Record["backend"]!, (string)made.Record["sha256"]!, (int)made.Record["tries"]!));
        Assert.InRange(made.Seconds, 0, 60);
        using var again = new DigitGenerator((double)request["noise"]!, (double)request["guidance"]!);
        var copy = await again.GenerateAsync(
            new((string)request["prompt"]!) { Steps = (int)request["steps"]!, Seed = (ulong)request["seed"]!, Index = (ulong)request["index"]! }, default);
        Assert.Equal(made.Content.Bytes.ToArray(), copy.Content.Bytes.ToArray());
    }

    [Fact]
    public void MoreSteps_ComeCloserToRealDigits()
    {
        double Distance(int steps) => DigitFidelity.Distance(
            [.. Enumerable.Range(0, 10).SelectMany(digit => Drawn.Of(new() { Class = digit }, 8, new() { Steps = steps, Noise = 0, Seed = (ulong)digit }))]);
        var (one, six) = (Distance(1), Distance(6));
        Assert.True(six < 0.6 * one, $"{one} after one step, {six} after six");
    }

    [Fact]
    public void Sheets_LayImagesSideBySide()
    {
        var sheet = Sheet.Of([.. Enumerable.Range(0, 5).Select(i => new Image(3, 2, 1, [.. Enumerable.Repeat((byte)i, 6)]))], 2);
        Assert.Equal((26, 14), (sheet.Width, sheet.Height));
        Assert.Equal([200, 200, 0, 0, 0, 0, 0, 0, 200, 200, 1], sheet.Pixels.Slice(2 * 26, 11).ToArray().Select(b => (int)b));
        Assert.Equal(4, sheet.Pixels[(9 * 26) + 11]);
        Assert.Equal(3, Sheet.Of([new Image(3, 2, 1, new byte[6])]).Width);
        // Colours, alpha on white, and room for the largest.
        var mixed = Sheet.Of([new Image(1, 1, 4, [10, 20, 30, 255]), new Image(2, 1, 1, [7, 8]), new Image(1, 1, 2, [0, 0])], 1, 3);
        Assert.Equal((14, 5, 3), (mixed.Width, mixed.Height, mixed.Channels));
        Assert.Equal([10, 20, 30, 200, 200, 200, 200, 200, 200, 200, 200, 200, 7, 7, 7, 8, 8, 8, 200, 200, 200, 200, 200, 200, 255, 255, 255], mixed.Pixels.Slice((2 * 14 * 3) + 6, 27).ToArray().Select(b => (int)b));
        Assert.Throws<InvalidRequestException>(() => Sheet.Of([.. Enumerable.Repeat(new Image(1000, 1000, 1, new byte[1_000_000]), 80)]));
    }

    [Fact]
    public void Resizing_AveragesAreas()
    {
        var image = new Image(4, 2, 1, [0, 100, 200, 255, 0, 100, 200, 255]);
        Assert.Equal([50, 228], image.Resized(2, 1).Pixels.ToArray().Select(b => (int)b));
        Assert.Equal([0, 0, 100, 100, 200, 200, 255, 255], image.Resized(8, 1).Pixels.ToArray().Select(b => (int)b));
        Assert.Equal([25, 150, 241], image.Resized(3, 2).Pixels[..3].ToArray().Select(b => (int)b));
        Assert.Same(image, image.Resized(4, 2));
        Assert.Equal([255], new Image(1, 1, 4, [9, 9, 9, 0]).Resized(1, 1).Pixels.ToArray().Select(b => (int)b));
    }

    private static Image LowerHalf() => new(28, 28, 1, [.. Enumerable.Range(0, 784).Select(p => p < 14 * 28 ? (byte)0 : (byte)255)]);

    private static float[] Scores(Image image)
    {
        var (features, scores) = (new float[64], new float[10]);
        new DigitClassifier().Run(DigitGenerator.Ink(image), features, scores);
        return scores;
    }

    private static int Recognised(Image image) => Scores(image) is var scores ? Array.IndexOf(scores, scores.Max()) : -1;

    private static double Probability(Image image, int digit) => Scores(image) is var scores ? Math.Exp(scores[digit]) / scores.Sum(score => Math.Exp(score)) : 0;

    private static double InkOf(Image image) => image.Pixels.ToArray().Sum(pixel => 255.0 - pixel);

    private static double SlantOf(Image image)
    {
        var (mass, x, y, xy, yy) = Moments(image);
        return -((xy / mass) - (x / mass * (y / mass))) / ((yy / mass) - (y / mass * (y / mass)));
    }

    private static double WidthOf(Image image)
    {
        var columns = Enumerable.Range(0, 28).Select(x => Enumerable.Range(0, 28).Sum(y => 255.0 - image.Pixels[(y * 28) + x])).ToArray();
        var mean = columns.Select((ink, x) => ink * x).Sum() / columns.Sum();
        return Math.Sqrt(columns.Select((ink, x) => ink * (x - mean) * (x - mean)).Sum() / columns.Sum());
    }

    private static (double Mass, double X, double Y, double XY, double YY) Moments(Image image)
    {
        var m = (Mass: 0.0, X: 0.0, Y: 0.0, XY: 0.0, YY: 0.0);
        for (var p = 0; p < 784; p++)
        {
            var (ink, x, y) = (255.0 - image.Pixels[p], p % 28, p / 28);
            m = (m.Mass + ink, m.X + (ink * x), m.Y + (ink * y), m.XY + (ink * x * y), m.YY + (ink * y * y));
        }

        return m;
    }
}
