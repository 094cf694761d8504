using System.Globalization;
using System.Text;
using Menuet.Generation.Embedded;
using Menuet.Generation.External;
using Menuet.Generation.Judging;
using Menuet.Generation.Measuring;
using Menuet.Generation.Quality;
using Menuet.Generation.Tests.Quality;

namespace Menuet.Generation.Tests.Measuring;

public sealed class MeasurementTests
{
    private static readonly MeasurementPlan Small = new() { Images = 12, StepsMax = 3, ReferenceSteps = 6, Seed = 3 };

    [Fact]
    public async Task ACell_DependsOnItsPlaceAlone()
    {
        var measurement = await Begin(Small);
        var before = await measurement.MeasureAsync(2, 2, default);
        _ = await measurement.MeasureAsync(4, 1, default);
        var again = await (await Begin(Small, concurrency: 1)).MeasureAsync(2, 2, default);
        Assert.Equal(before.Cell.ToJson().ToJsonString(), again.Cell.ToJson().ToJsonString());
        Assert.Equal(before.Sample.Pixels, again.Sample.Pixels);
        Assert.NotEqual(before.Cell.Quality, (await Measured(Small with { Seed = 4 }, 2, 2)).Cell.Quality);
    }

    [Fact]
    public async Task Scores_AreThoseOfTheDefinitions()
    {
        var plan = Small with { Judge = QualityMeasure.Ssim, Images = 3 };
        var measurement = await Begin(plan);
        var cell = await measurement.MeasureAsync(1, 2, default);
        var expected = Enumerable.Range(0, 3).Select(i =>
        {
            using var sampler = new Sampler();
            var ink = new float[Denoiser.Pixels];
            sampler.Draw(DigitPrompt.Read(measurement.PromptOf(i, 1)).Digit.Conditions(), new() { Steps = 2, Noise = 0, Seed = 3 }, (ulong)i, ink, default);
            return StructuralSimilarity.Index(DigitGenerator.Picture(ink), measurement.ReferenceOf(i)!);
        }).ToArray();
        Assert.Equal(expected, cell.Cell.Scores);
        Assert.Equal(expected.Average(), cell.Cell.Quality, 12);
        var mean = expected.Average();
        Assert.Equal(Math.Sqrt(expected.Sum(e => (e - mean) * (e - mean)) / 2), cell.Cell.Deviation, 12);
        Assert.Equal((1, 2.0 / 3, 0), (cell.Cell.Success(expected.Min()), cell.Cell.Success(expected.Order().ElementAt(1)), cell.Cell.Success(1.1)));
        Assert.Null(cell.Cell.Frechet);
    }

    [Fact]
    public async Task ReferencesOwnStepsLevelAndNoise_GiveSimilarityOne()
    {
        var plan = Small with { Judge = QualityMeasure.Ssim };
        Assert.All((await Measured(plan, 4, 6)).Cell.Scores, score => Assert.Equal(1, score, 9));
    }

    [Fact]
    public async Task MoreFacts_BringImagesNearerToTheirIntent()
    {
        var measurement = await Begin(Small with { Images = 40 });
        var (nothing, name, all) = ((await measurement.MeasureAsync(0, 4, default)).Cell.Quality, (await measurement.MeasureAsync(1, 4, default)).Cell.Quality, (await measurement.MeasureAsync(4, 4, default)).Cell.Quality);
        Assert.True(nothing + 0.15 < name, $"{nothing} {name}");
        Assert.True(name + 0.03 < all, $"{name} {all}");
        Assert.InRange(all, 0.6, 1);
    }

    [Fact]
    public async Task UnrelatedRealisticDigits_ScoreAboutZero()
    {
        // Level 0 in many steps: digits that have nothing to do with the intent.
        var cell = (await Measured(Small with { Images = 200, ReferenceSteps = 10 }, 0, 10)).Cell;
        Assert.InRange(cell.Quality, -0.15, 0.45);
        Assert.NotNull(cell.Frechet);
    }

    [Fact]
    public async Task Inpainting_IsScoredAgainstTheImageItself_AndAnyMaskWillDo()
    {
        var plan = Small with { Task = MeasuredTask.Inpaint, Judge = QualityMeasure.Ssim, Images = 4, Backend = new() { Noise = 0, Resamplings = 1 } };
        var half = (await Measured(plan, 4, 2)).Cell;
        var pixels = new byte[784];
        pixels[300] = 255;
        var dot = (await Measured(plan with { Mask = new(28, 28, 1, pixels) }, 4, 2)).Cell;
        Assert.All(dot.Scores, score => Assert.InRange(score, 0.9, 1));
        Assert.True(half.Quality < dot.Quality);
        Assert.NotEqual(plan.ToJson().ToJsonString(), (plan with { Mask = new(28, 28, 1, pixels) }).ToJson().ToJsonString());
        await Assert.ThrowsAsync<InvalidRequestException>(() => Begin(plan with { Mask = new(28, 28, 1, new byte[784]) }));
        await Assert.ThrowsAsync<InvalidRequestException>(() => Begin(plan with { Mask = new(27, 28, 1, [.. Enumerable.Repeat((byte)255, 756)]) }));
    }

    [Fact]
    public async Task Delivery_EndsWithTheFirstSuccess_OrWithPatience()
    {
        var measurement = await Begin(Small);
        var easy = await measurement.DeliverAsync(1, 4, 2, -100, 5, default);
        Assert.Equal((1, true, easy.Quality), (easy.Attempts, easy.Succeeded, easy.FirstQuality));
        var hard = await measurement.DeliverAsync(1, 4, 2, 1.5, 3, default);
        Assert.Equal((3, false, easy.FirstQuality), (hard.Attempts, hard.Succeeded, hard.FirstQuality));
        var between = await measurement.DeliverAsync(1, 0, 2, Math.Max(hard.Quality!.Value, hard.FirstQuality!.Value), 3, default);
        Assert.Equal(between.Succeeded, between.Quality >= Math.Max(hard.Quality!.Value, hard.FirstQuality!.Value));
    }

    [Fact]
    public async Task FrechetFidelity_RisesWithSteps_AndItsPseudoValuesAverageToTheLessBiasedDistance()
    {
        var plan = Small with { Judge = QualityMeasure.Frechet, Images = 120 };
        var measurement = await Begin(plan);
        var (few, more) = ((await measurement.MeasureAsync(1, 1, default)).Cell, (await measurement.MeasureAsync(1, 5, default)).Cell);
        Assert.Equal((10, 10), (few.Scores.Length, more.Scores.Length));
        Assert.True(few.Quality + 0.1 < more.Quality, $"{few.Quality} {more.Quality}");
        Assert.True(few.Frechet > 3 * more.Frechet);
        await Assert.ThrowsAsync<InvalidRequestException>(() => Begin(plan with { Images = 79 }));
        await Assert.ThrowsAsync<InvalidRequestException>(() => measurement.DeliverAsync(0, 1, 1, 0.5, 1, default));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"level\":1,\"steps\":2,\"confidence\":0.5,\"frechet\":null,\"abstained\":0,\"scores\":[1]}")]
    [InlineData("{\"level\":1,\"steps\":2,\"confidence\":0.5,\"frechet\":null,\"abstained\":0,\"scores\":[1,\"x\"]}")]
    [InlineData("{\"level\":1,\"steps\":2,\"confidence\":0.5,\"frechet\":null,\"abstained\":0,\"scores\":[1,2")]
    [InlineData("{\"level\":1,\"steps\":2,\"confidence\":0.5,\"frechet\":null,\"abstained\":-1,\"scores\":[1,2]}")]
    [InlineData("{\"level\":1,\"steps\":2,\"confidence\":1e999,\"frechet\":null,\"abstained\":0,\"scores\":[1,2]}")]
    public void DamagedCells_AreNoCells(string json) => Assert.Null(MeasuredCell.Read(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void ACell_ComesBackToTheBit()
    {
        var cell = new MeasuredCell(2, 7, [0.1, 1.0 / 3, -2e-9], 0.7, 12.5) { Abstained = 3 };
        var back = MeasuredCell.Read(Encoding.UTF8.GetBytes(cell.ToJson().ToJsonString()))!;
        Assert.Equal(cell.Scores.AsEnumerable(), back.Scores);
        Assert.Equal(cell with { Scores = [] }, back with { Scores = [] });
    }

    [Fact]
    public async Task PlansOutOfRange_AreRefused()
    {
        foreach (var plan in new[] { Small with { Images = 1 }, Small with { LevelMax = 5 }, Small with { StepsMin = 0 }, Small with { StepsMin = 9 }, Small with { ReferenceSteps = 0 } })
            await Assert.ThrowsAsync<InvalidRequestException>(() => Begin(plan));
    }

    [Fact]
    public void Figures_ShowEveryCell()
    {
        MeasuredCell[] cells = [new(0, 1, [0.1, 0.2], 0.5, null), new(0, 2, [0.3, 0.4], 0.5, null), new(2, 1, [0.5, 0.5], 0.5, null)];
        var map = (Figures.HeatMapSeries)MeasurementFigures.Map(cells, "fidelity").Series.Single();
        Assert.Equal([0.0, 2.0], map.Y.AsEnumerable());
        Assert.True(double.IsNaN(map.Values[3]));
        Assert.Equal(0.35, map.Values[1], 12);
        Assert.Equal(2, MeasurementFigures.Lines(cells, "fidelity").Series.Length);
        var success = (Figures.HeatMapSeries)MeasurementFigures.SuccessMap(cells, "fidelity", 0.2).Series.Single();
        Assert.Equal([0.5, 1.0, 1.0], success.Values[..3].AsEnumerable());
        Assert.All(new[] { MeasurementFigures.Map(cells, "a"), MeasurementFigures.Lines(cells, "a") }, figure => Assert.StartsWith("<svg", Figures.Svg.Render(figure), StringComparison.Ordinal));
    }

    [Fact]
    public async Task TheCommittedCurves_AreMeasuredAgain()
    {
        // As 'menuet measure --judge frechet' does: three cells of docs/measured/text-frechet.csv.
        var lines = await File.ReadAllLinesAsync(Path.Combine(NodeFactAttribute.Folder, "..", "..", "..", "docs", "measured", "text-frechet.csv"));
        var measurement = await Begin(new() { Judge = QualityMeasure.Frechet });
        foreach (var (level, steps) in new[] { (0, 1), (1, 2), (4, 1) })
        {
            var row = lines.Single(line => line.StartsWith($"{level},{steps},", StringComparison.Ordinal)).Split(',');
            var cell = (await measurement.MeasureAsync(level, steps, default)).Cell;
            Assert.Equal(double.Parse(row[2], CultureInfo.InvariantCulture), cell.Quality, 1e-6);
            Assert.Equal(double.Parse(row[7], CultureInfo.InvariantCulture), cell.Confidence!.Value, 1e-6);
        }
    }

    [Fact]
    public async Task AModelJudges_AndWhereItAbstains_ThereIsNoSuccess()
    {
        using var generator = new DigitGenerator(noise: 0);
        using var optimiser = new FactRevelation();
        var plan = Small with { Judge = QualityMeasure.OpenAi, Images = 6, Prompts = ["seven", "a thin three"] };
        var asked = 0;
        var judge = new Judge(_ => Interlocked.Increment(ref asked) % 3 == 0 ? null : asked);
        var measurement = await Measurement.BeginAsync(plan, generator, optimiser, judge, 1, default);
        Assert.Equal(("seven", "a three", "a digit"), (measurement.PromptOf(2, 4), measurement.PromptOf(3, 1), measurement.PromptOf(3, 0)));
        var cell = (await measurement.MeasureAsync(1, 1, default)).Cell;
        Assert.Equal([1.0, 2, 4, 5], cell.Scores.AsEnumerable());
        Assert.Equal((2, 2.0 / 6), (cell.Abstained, cell.Success(4)));
        Assert.Null(cell.Confidence);
        // The next answers: 7, 8, none.
        var delivery = await measurement.DeliverAsync(0, 1, 1, 8, 5, default);
        Assert.Equal((2, 7.0, 8.0, true), (delivery.Attempts, delivery.FirstQuality, delivery.Quality, delivery.Succeeded));
        Assert.Equal((1, null, null, false), await measurement.DeliverAsync(0, 1, 1, -5, 1, default) is var none ? (none.Attempts, none.FirstQuality, none.Quality, none.Succeeded) : default);
        var silent = await Measurement.BeginAsync(plan, generator, optimiser, new Judge(_ => null), 1, default);
        Assert.Contains("0 scores", (await Assert.ThrowsAsync<InvalidRequestException>(() => silent.MeasureAsync(1, 1, default))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(() => Measurement.BeginAsync(plan, generator, optimiser, null, 1, default));
    }

    [Fact]
    public void WhatDoesNotSuitABackend_IsSaidAllAtOnce()
    {
        using var images = new Backend { Name = "openai" }.Open(new(new("http://127.0.0.1/"), "m", ""));
        using var rewriter = new PromptRewriter(null);
        var plan = new MeasurementPlan { Backend = new() { Name = "openai" }, Judge = QualityMeasure.Ssim, LevelMax = 21 };
        Assert.Equal(["levels", "steps", "judge", "prompts"], plan.Problems(images, rewriter).Select(problem => problem.Path));
        Assert.Equal(["sources"], (plan with { LevelMax = 20, StepsMax = 1, Task = MeasuredTask.Inpaint, Prompts = ["a"] }).Problems(images, rewriter).Select(problem => problem.Path));
        Assert.Equal(["judge"], (plan with { LevelMax = 20, StepsMax = 1, Judge = QualityMeasure.Frechet, Prompts = ["a"] }).Problems(images, rewriter).Select(problem => problem.Path));
        Assert.Equal(["noise", "resamplings", "sampler"], Assert.Throws<InvalidRequestException>(
            () => new Backend { Name = "openai", Noise = 1, Resamplings = 2, Sampler = "x" }.Open(new(new("http://127.0.0.1/"), "m", ""))).Problems.Select(problem => problem.Path));
        Assert.Equal(["size"], Assert.Throws<InvalidRequestException>(() => new Backend { Width = 64 }.Open()).Problems.Select(problem => problem.Path));
        Assert.Equal(["backend"], Assert.Throws<InvalidRequestException>(() => new Backend { Name = "magic" }.Open()).Problems.Select(problem => problem.Path));
    }

    private static async Task<Measurement> Begin(MeasurementPlan plan, int concurrency = 2)
    {
        // Left to the collector: a measurement draws as long as it is used.
        var generator = plan.Backend.Open();
        return await Measurement.BeginAsync(plan, generator, new FactRevelation(), null, concurrency, default);
    }

    private static async Task<CellSample> Measured(MeasurementPlan plan, int level, int steps) => await (await Begin(plan)).MeasureAsync(level, steps, default);

    private sealed class Judge(Func<Content, double?> score) : IJudge
    {
        public string Name => "test";

        public string Scale => "any";

        public Task<Judgement> JudgeAsync(Content content, CancellationToken cancellation) => Task.FromResult(new Judgement
        {
            Judge = Name,
            Scale = Scale,
            Content = new(content.Name, content.MediaType, content.Hash),
            Score = score(content),
        });
    }
}
