using System.Collections.Immutable;
using System.Globalization;
using Menuet.Figures;

namespace Menuet.Generation.Measuring;

/// <summary>Pictures of measured quality.</summary>
public static class MeasurementFigures
{
    private const double Normal95 = 1.96;

    /// <summary>Quality over steps and levels in colours.</summary>
    /// <param name="cells">Of any grid; what is missing is hatched.</param>
    /// <param name="quality">What the colours measure, such as "SSIM".</param>
    public static Figure Map(IReadOnlyList<MeasuredCell> cells, string quality) => Map($"Measured {quality}", cells, new(quality), cell => cell.Quality);

    /// <summary>Share of images that reach a threshold, over steps and levels in colours.</summary>
    public static Figure SuccessMap(IReadOnlyList<MeasuredCell> cells, string quality, double threshold) =>
        Map(string.Create(CultureInfo.InvariantCulture, $"Share of images with {quality} of at least {threshold:G6}"), cells, new("Share") { Minimum = 0, Maximum = 1 }, cell => cell.Success(threshold));

    /// <summary>Quality over steps, a line for each level, with the 95 % confidence interval of the mean.</summary>
    public static Figure Lines(IReadOnlyList<MeasuredCell> cells, string quality)
    {
        ArgumentNullException.ThrowIfNull(cells);
        return new($"Measured {quality} over denoising steps", new("Denoising steps"), new(quality),
        [
            .. cells.GroupBy(cell => cell.Level).OrderBy(group => group.Key).Select(group =>
            {
                var row = group.OrderBy(cell => cell.Steps).ToArray();
                double Margin(MeasuredCell cell) => Normal95 * cell.Deviation / Math.Sqrt(cell.Scores.Length);
                return new LineSeries(
                    string.Create(CultureInfo.InvariantCulture, $"level {group.Key}"), [.. row.Select(cell => (double)cell.Steps)], [.. row.Select(cell => cell.Quality)])
                {
                    Low = [.. row.Select(cell => cell.Quality - Margin(cell))],
                    High = [.. row.Select(cell => cell.Quality + Margin(cell))],
                    Markers = row.Length <= 40,
                };
            }),
        ], string.Create(CultureInfo.InvariantCulture, $"Means of {cells[0].Scores.Length} scores; the bands are 95 % confidence intervals of the means."));
    }

    private static Figure Map(string title, IReadOnlyList<MeasuredCell> cells, Axis values, Func<MeasuredCell, double> value)
    {
        ArgumentNullException.ThrowIfNull(cells);
        ImmutableArray<double> steps = [.. cells.Select(cell => (double)cell.Steps).Distinct().Order()];
        ImmutableArray<double> levels = [.. cells.Select(cell => (double)cell.Level).Distinct().Order()];
        var at = cells.ToDictionary(cell => ((double)cell.Level, (double)cell.Steps), value);
        return new(title, new("Denoising steps"), new("Prompt level"),
            [new HeatMapSeries("", steps, levels, [.. levels.SelectMany(level => steps.Select(step => at.GetValueOrDefault((level, step), double.NaN)))], values)]);
    }
}
