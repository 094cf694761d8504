using System.Collections.Immutable;
using System.Globalization;

namespace Menuet.Figures;

/// <summary>Colours and letters. Every rule is written twice: plainly for renderers without CSS variables, then with the variable.</summary>
internal static class Theme
{
    internal const string FontFamily = "system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif";

    /// <summary>Series colours on white: told apart with any colour vision, and at least 3:1 against the paper.</summary>
    internal static readonly ImmutableArray<string> Light = ["#0072b2", "#c8500a", "#00805f", "#a8407f", "#8f6a00", "#4d4d4d"];

    /// <summary>The same hues on dark paper.</summary>
    internal static readonly ImmutableArray<string> Dark = ["#56b4e9", "#f28e4b", "#2ec4a0", "#e391c2", "#e6b422", "#c9d1d9"];

    internal const string LightPaper = "#ffffff";
    internal const string DarkPaper = "#0d1117";

    private static readonly (string Name, string Light, string Dark)[] Inks =
    [
        ("paper", LightPaper, DarkPaper), ("ink", "#1f2328", "#e6edf3"), ("soft", "#59636e", "#9aa4af"),
        ("grid", "#d5dae0", "#30363d"), ("fine", "#edf0f3", "#1c2128"),
    ];

    /// <summary>The style sheet, identical in every figure and confined to figures of this class.</summary>
    internal static string StyleSheet { get; } = Compose();

    private static string Compose()
    {
        static string Declare(IEnumerable<(string Name, string Value)> variables) => string.Concat(variables.Select(v => $"--{v.Name}:{v.Value};"));
        var light = Inks.Select(i => (i.Name, i.Light)).Concat(Light.Select((c, i) => ($"c{i}", c)));
        var dark = Inks.Select(i => (i.Name, i.Dark)).Concat(Dark.Select((c, i) => ($"c{i}", c)));
        string Plain(string name) => light.First(v => v.Item1 == name).Item2;
        string Rule(string selector, string property, string name, string more = "") =>
            $".menuet-figure {selector}{{{property}:{Plain(name)};{property}:var(--{name});{more}}}\n";
        var series = string.Concat(Light.Select((_, i) => Rule($".c{i}", "color", $"c{i}")));
        return $".menuet-figure{{{Declare(light)}}}\n" +
            $"@media (prefers-color-scheme:dark){{.menuet-figure{{{Declare(dark)}}}}}\n" +
            Rule(".paper", "fill", "paper") + Rule(".ink", "fill", "ink") + Rule(".soft", "fill", "soft") +
            Rule(".grid", "stroke", "grid", "fill:none") + Rule(".fine", "stroke", "fine", "fill:none") +
            Rule(".axis", "stroke", "soft", "fill:none") + Rule(".halo", "stroke", "paper") + Rule(".whisker", "stroke", "ink", "fill:none") +
            series;
    }
}

/// <summary>
/// A sequential colour scale: a path through the Oklab space from dark violet over teal to light yellow, walked at constant speed, so that
/// equal differences of value look equally large; lightness rises throughout, so that it reads in grey and with any colour vision.
/// </summary>
/// <remarks>Source: Ottosson 2020, "A perceptual color space for image processing" (the Oklab matrices).</remarks>
internal static class ColourScale
{
    internal const int Count = 256;

    /// <summary>Hexadecimal colours, from the lowest value to the highest.</summary>
    internal static ImmutableArray<string> Colours { get; } = Build();

    /// <param name="share">Position in [0, 1].</param>
    internal static string At(double share) => Colours[Index(share)];

    internal static int Index(double share) => (int)Math.Clamp(share * Count, 0, Count - 1);

    private static (double L, double A, double B) Path(double t)
    {
        var hue = (298 - (193 * t)) * Math.PI / 180;
        var chroma = 0.098 + (0.045 * ((2 * t) - 1) * ((2 * t) - 1));
        return (0.26 + (0.67 * t), chroma * Math.Cos(hue), chroma * Math.Sin(hue));
    }

    private static ImmutableArray<string> Build()
    {
        const int fine = 4096;
        var length = new double[fine + 1];
        for (var i = 1; i <= fine; i++)
        {
            var (from, to) = (Path((i - 1.0) / fine), Path((double)i / fine));
            length[i] = length[i - 1] + Math.Sqrt(Square(to.L - from.L) + Square(to.A - from.A) + Square(to.B - from.B));
        }
        var colours = ImmutableArray.CreateBuilder<string>(Count);
        var at = 0;
        for (var k = 0; k < Count; k++)
        {
            while (at < fine && length[at] < length[fine] * k / (Count - 1))
                at++;
            colours.Add(Hexadecimal(Path((double)at / fine)));
        }
        return colours.MoveToImmutable();
    }

    private static string Hexadecimal((double L, double A, double B) lab)
    {
        var l = Cube(lab.L + (0.3963377774 * lab.A) + (0.2158037573 * lab.B));
        var m = Cube(lab.L - (0.1055613458 * lab.A) - (0.0638541728 * lab.B));
        var s = Cube(lab.L - (0.0894841775 * lab.A) - (1.2914855480 * lab.B));
        var red = Channel((4.0767416621 * l) - (3.3077115913 * m) + (0.2309699292 * s));
        var green = Channel((-1.2684380046 * l) + (2.6097574011 * m) - (0.3413193965 * s));
        var blue = Channel((-0.0041960863 * l) - (0.7034186147 * m) + (1.7076147010 * s));
        return string.Create(CultureInfo.InvariantCulture, $"#{red:x2}{green:x2}{blue:x2}");
    }

    private static int Channel(double linear)
    {
        var value = linear <= 0.0031308 ? 12.92 * linear : (1.055 * Math.Pow(linear, 1 / 2.4)) - 0.055;
        return (int)Math.Round(255 * Math.Clamp(value, 0, 1));
    }

    private static double Square(double x) => x * x;

    private static double Cube(double x) => x * x * x;
}
