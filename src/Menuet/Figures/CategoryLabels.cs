using System.Collections.Immutable;

namespace Menuet.Figures;

/// <summary>Names under bars: on up to three lines where they fit, slanted where not.</summary>
/// <param name="Lines">Per category, its lines.</param>
/// <param name="Slanted">Whether the names run upwards to the right, one line each.</param>
/// <param name="Height">Room below the axis.</param>
/// <param name="Left">Left edge of the plot, moved in when the first slanted name needs it.</param>
internal sealed record CategoryLabels(ImmutableArray<ImmutableArray<string>> Lines, bool Slanted, double Height, double Left)
{
    private const double LongestSlanted = 170;

    internal static CategoryLabels Lay(ImmutableArray<string> names, double left, double right, double size, double margin)
    {
        var band = ((right - left) / Math.Max(1, names.Length)) - 6;
        ImmutableArray<ImmutableArray<string>> wrapped = [.. names.Select(n => Lettering.Wrap(n, size, band))];
        var wordsFit = names.All(n => n.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).All(w => Lettering.Width(w, size) <= band));
        var most = wrapped.Select(w => w.Length).DefaultIfEmpty(1).Max();
        if (wordsFit && most <= 3)
            return new CategoryLabels(wrapped, false, 8 + (14 * Math.Max(1, most)), left);

        ImmutableArray<ImmutableArray<string>> single = [.. names.Select(n => ImmutableArray.Create(Lettering.Shorten(n, size, LongestSlanted)))];
        var longest = single.Max(n => Lettering.Width(n[0], size));
        var (cosine, sine) = (Math.Cos(35 * Math.PI / 180), Math.Sin(35 * Math.PI / 180));
        var first = Lettering.Width(single[0][0], size) * cosine;
        return new CategoryLabels(single, true, 18 + (longest * sine), Math.Max(left, margin + first - (band / 2)));
    }
}
