using System.Collections.Immutable;
using System.Text;

namespace Menuet.Figures;

/// <summary>Room that text takes. Widths are those of Helvetica with a tenth added, since the reader's font is not known.</summary>
internal static class Lettering
{
    // Advance widths of U+0020 to U+007E in thousandths of the font size.
    private static ReadOnlySpan<short> Widths =>
    [
        278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278,
        278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722,
        667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556,
        556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
    ];

    private const string Superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻";

    /// <summary>Width in pixels at a font size in pixels.</summary>
    internal static double Width(string text, double size)
    {
        var total = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            total += rune.Value is >= 0x20 and <= 0x7e ? Widths[rune.Value - 0x20]
                : Superscripts.Contains(rune.ToString(), StringComparison.Ordinal) ? 380
                : rune.Value >= 0x1100 ? 1000 : 600;
        }
        return 1.1 * size * total / 1000;
    }

    /// <summary>Breaks text into lines no wider than given, at spaces where there are any.</summary>
    internal static ImmutableArray<string> Wrap(string text, double size, double width)
    {
        var lines = ImmutableArray.CreateBuilder<string>();
        var line = "";
        foreach (var word in text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            var rest = word;
            if (line.Length > 0 && Width($"{line} {rest}", size) <= width)
            {
                line = $"{line} {rest}";
                continue;
            }
            if (line.Length > 0)
                lines.Add(line);
            while (Width(rest, size) > width && Head(rest, size, width) is var head && head.Length < rest.Length)
            {
                lines.Add(head);
                rest = rest[head.Length..];
            }
            line = rest;
        }
        if (line.Length > 0)
            lines.Add(line);
        return lines.ToImmutable();
    }

    /// <summary>The text itself, or as much as fits with an ellipsis.</summary>
    internal static string Shorten(string text, double size, double width) =>
        Width(text, size) <= width ? text : Head(text, size, width - Width("…", size)) + "…";

    /// <summary>The longest start that fits, at least one character.</summary>
    private static string Head(string text, double size, double width)
    {
        var head = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (head.Length > 0 && Width(head.ToString() + rune, size) > width)
                break;
            head.Append(rune);
        }
        return head.ToString();
    }
}
