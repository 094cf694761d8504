using System.Text;
using Menuet.Generation.Embedded;
using Menuet.Generation.Measuring;
using Menuet.Generation.Quality;

namespace Menuet.Generation.Tests.Measuring;

public sealed class DigitMeasurementTests
{
    private static readonly MeasurementPlan Small = new() { Images = 12, StepsMax = 3, ReferenceSteps = 6, Seed = 3 };

    [Fact]
    public void ACell_DependsOnItsPlaceAlone()
    {
        var measurement = new DigitMeasurement(Small, default);
        var before = measurement.Measure(2, 2, default);
        _ = measurement.Measure(4, 1, default);
        var again = new DigitMeasurement(Small, default).Measure(2, 2, default);
        Assert.Equal(before.Cell.ToJson().ToJsonString(), again.Cell.ToJson().ToJsonString());
        Assert.Equal(before.Sample.Pixels, again.Sample.Pixels);
        Assert.NotEqual(before.Cell.Quality, new DigitMeasurement(Small with { Seed = 4 }, default).Measure(2, 2, default).Cell.Quality);
    }

    [Fact]
    public void Scores_AreThoseOfTheDefinitions()
    {
        var plan = Small with { Judge = QualityMeasure.Ssim, Images = 3 };
        var measurement = new DigitMeasurement(plan, default);
        var cell = measurement.Measure(1, 2, default);
        var expected = Enumerable.Range(0, 3).Select(i =>
        {
            using var sampler = new Sampler();
            var ink = new float[Denoiser.Pixels];
            sampler.Draw(measurement.IntentOf(i).Reveal(1).Conditions(), new() { Steps = 2, Noise = 0, Seed = 3 }, (ulong)i, ink, default);
            return StructuralSimilarity.Index(DigitGenerator.Picture(ink), measurement.ReferenceOf(i));
        }).ToArray();
        Assert.Equal(expected, cell.Cell.Scores);
        Assert.Equal(expected.Average(), cell.Cell.Quality, 12);
        var mean = expected.Average();
        Assert.Equal(Math.Sqrt(expected.Sum(e => (e - mean) * (e - mean)) / 2), cell.Cell.Deviation, 12);
        Assert.Equal((1, 2.0 / 3, 0), (cell.Cell.Success(expected.Min()), cell.Cell.Success(expected.Order().ElementAt(1)), cell.Cell.Success(1.1)));
        Assert.Null(cell.Cell.Frechet);
    }

    [Fact]
    public void ReferencesOwnStepsLevelAndNoise_GiveSimilarityOne()
    {
        var plan = Small with { Judge = QualityMeasure.Ssim };
        Assert.All(new DigitMeasurement(plan, default).Measure(4, 6, default).Cell.Scores, score => Assert.Equal(1, score, 9));
    }

    [Fact]
    public void MoreFacts_BringImagesNearerToTheirIntent()
    {
        var measurement = new DigitMeasurement(Small with { Images = 40 }, default);
        var (nothing, name, all) = (measurement.Measure(0, 4, default).Cell.Quality, measurement.Measure(1, 4, default).Cell.Quality, measurement.Measure(4, 4, default).Cell.Quality);
        Assert.True(nothing + 0.15 < name, $"{nothing} {name}");
        Assert.True(name + 0.03 < all, $"{name} {all}");
        Assert.InRange(all, 0.6, 1);
    }

    [Fact]
    public void UnrelatedRealisticDigits_ScoreAboutZero()
    {
        // Level 0 in many steps: digits that have nothing to do with the intent.
        var cell = new DigitMeasurement(Small with { Images = 200, ReferenceSteps = 10 }, default).Measure(0, 10, default).Cell;
        Assert.InRange(cell.Quality, -0.15, 0.45);
        Assert.NotNull(cell.Frechet);
    }

    [Fact]
    public void Inpainting_IsScoredAgainstTheImageItself_AndAnyMaskWillDo()
    {
        var plan = Small with { Task = MeasuredTask.Inpaint, Judge = QualityMeasure.Ssim, Images = 4, Resamplings = 1 };
        var half = new DigitMeasurement(plan, default).Measure(4, 2, default).Cell;
        var pixels = new byte[784];
        pixels[300] = 255;
        var dot = new DigitMeasurement(plan with { Mask = new(28, 28, 1, pixels) }, default).Measure(4, 2, default).Cell;
        Assert.All(dot.Scores, score => Assert.InRange(score, 0.9, 1));
        Assert.True(half.Quality < dot.Quality);
        Assert.NotEqual(plan.ToJson().ToJsonString(), (plan with { Mask = new(28, 28, 1, pixels) }).ToJson().ToJsonString());
        Assert.Throws<InvalidRequestException>(() => new DigitMeasurement(plan with { Mask = new(28, 28, 1, new byte[784]) }, default));
        Assert.Throws<InvalidRequestException>(() => new DigitMeasurement(plan with { Mask = new(27, 28, 1, new byte[756]) }, default));
    }

    [Fact]
    public void Delivery_EndsWithTheFirstSuccess_OrWithPatience()
    {
        var measurement = new DigitMeasurement(Small, default);
        var easy = measurement.Deliver(1, 4, 2, -100, 5, default);
        Assert.Equal((1, true, easy.Quality), (easy.Attempts, easy.Succeeded, easy.FirstQuality));
        var hard = measurement.Deliver(1, 4, 2, 1.5, 3, default);
        Assert.Equal((3, false, easy.FirstQuality), (hard.Attempts, hard.Succeeded, hard.FirstQuality));
        var between = measurement.Deliver(1, 0, 2, Math.Max(hard.Quality, hard.FirstQuality), 3, default);
        Assert.Equal(between.Succeeded, between.Quality >= Math.Max(hard.Quality, hard.FirstQuality));
    }

    [Fact]
    public void FrechetFidelity_RisesWithSteps_AndItsPseudoValuesAverageToTheLessBiasedDistance()
    {
        var plan = Small with { Judge = QualityMeasure.Frechet, Images = 120 };
        var measurement = new DigitMeasurement(plan, default);
        var (few, more) = (measurement.Measure(1, 1, default).Cell, measurement.Measure(1, 5, default).Cell);
        Assert.Equal((10, 10), (few.Scores.Length, more.Scores.Length));
        Assert.True(few.Quality + 0.1 < more.Quality, $"{few.Quality} {more.Quality}");
        Assert.True(few.Frechet > 3 * more.Frechet);
        Assert.ThrowsAny<ArgumentException>(() => new DigitMeasurement(plan with { Images = 79 }, default));
        Assert.Throws<InvalidRequestException>(() => measurement.Deliver(0, 1, 1, 0.5, 1, default));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"level\":1,\"steps\":2,\"confidence\":0.5,\"frechet\":null,\"scores\":[1]}")]
    [InlineData("{\"level\":1,\"steps\":2,\"confidence\":0.5,\"frechet\":null,\"scores\":[1,\"x\"]}")]
    [InlineData("{\"level\":1,\"steps\":2,\"confidence\":0.5,\"frechet\":null,\"scores\":[1,2")]
    [InlineData("{\"level\":1,\"steps\":2,\"confidence\":1e999,\"frechet\":null,\"scores\":[1,2]}")]
    public void DamagedCells_AreNoCells(string json) => Assert.Null(MeasuredCell.Read(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void ACell_ComesBackToTheBit()
    {
        var cell = new MeasuredCell(2, 7, [0.1, 1.0 / 3, -2e-9], 0.7, 12.5);
        var back = MeasuredCell.Read(Encoding.UTF8.GetBytes(cell.ToJson().ToJsonString()))!;
        Assert.Equal(cell.Scores.AsEnumerable(), back.Scores);
        Assert.Equal(cell with { Scores = [] }, back with { Scores = [] });
    }

    [Fact]
    public void PlansOutOfRange_AreRefused()
    {
        foreach (var plan in new[] { Small with { Images = 1 }, Small with { LevelMax = 5 }, Small with { StepsMin = 0 }, Small with { StepsMin = 9 }, Small with { Noise = double.NaN }, Small with { ReferenceSteps = 0 } })
            Assert.ThrowsAny<ArgumentException>(() => new DigitMeasurement(plan, default));
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
}
