namespace Menuet.Figures;

/// <summary>Draws figures as scalable vector graphics.</summary>
/// <remarks>
/// The output is one self-contained SVG element: text stays text, colours follow the reader's light or dark preference, coordinates have two
/// decimals, lines end in LF. The same figure gives the same bytes on every machine. What cannot be drawn (NaN, infinity, values that are not
/// positive on a logarithmic axis) leaves a gap and is counted in a note below the plot.
/// </remarks>
public static class SvgWriter
{
    /// <summary>Writes a figure.</summary>
    /// <exception cref="ArgumentException">The figure contradicts itself: lengths that differ, kinds that do not share axes.</exception>
    public static void Write(Figure figure, TextWriter writer)
    {
        ArgumentNullException.ThrowIfNull(figure);
        ArgumentNullException.ThrowIfNull(writer);
        figure.Check();
        writer.Write(new Drawing(figure).ToSvg());
    }
}

/// <summary>Figures as SVG text.</summary>
public static class Svg
{
    /// <inheritdoc cref="SvgWriter.Write"/>
    public static string Render(Figure figure)
    {
        using var writer = new StringWriter();
        SvgWriter.Write(figure, writer);
        return writer.ToString();
    }
}
