using System.Collections.Immutable;
using System.Globalization;

namespace Menuet.Generation.Embedded;

/// <summary>What is wanted of a digit; null where anything will do.</summary>
public sealed record Digit
{
    /// <summary>How far a trait goes, in standard deviations of the training digits.</summary>
    public const double Farthest = 3;

    /// <summary>0 to 9.</summary>
    public int? Class { get; init; }

    /// <summary>Positive leans to the right; in deviations from the mean, within ±3.</summary>
    public double? Slant { get; init; }

    /// <summary>Of the stroke; in deviations from the mean, within ±3.</summary>
    public double? Thickness { get; init; }

    /// <summary>Of the upright shape; in deviations from the mean, within ±3.</summary>
    public double? Width { get; init; }

    /// <summary>The facts in the order in which a prompt of a low level gives them away: class, slant, thickness, width.</summary>
    /// <param name="level">How many of the facts to keep, from 0 to 4.</param>
    public Digit Reveal(int level)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(level);
        return new()
        {
            Class = level > 0 ? Class : null,
            Slant = level > 1 ? Slant : null,
            Thickness = level > 2 ? Thickness : null,
            Width = level > 3 ? Width : null,
        };
    }

    /// <summary>In words that <see cref="DigitPrompt.Read"/> understands to the last bit, such as "a seven, slant=0.37, width=-1.2".</summary>
    public string ToPrompt()
    {
        var facts = new (string Name, double? Value)[] { ("slant", Slant), ("thickness", Thickness), ("width", Width) }.Where(fact => fact.Value is not null)
            .Select(fact => string.Create(CultureInfo.InvariantCulture, $", {fact.Name}={fact.Value:R}"));
        return $"a {(Class is { } digit ? DigitPrompt.NameOf(digit) : "digit")}{string.Concat(facts)}";
    }

    /// <summary>The network's input: class, traits, and which of them are given; zeros elsewhere.</summary>
    internal float[] Conditions()
    {
        var conditions = new float[Denoiser.Conditions];
        if (Class is { } digit)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)digit, 9u, nameof(Class));
            (conditions[digit], conditions[13]) = (1, 1);
        }

        var traits = (ReadOnlySpan<double?>)[Slant, Thickness, Width];
        for (var i = 0; i < traits.Length; i++)
        {
            if (traits[i] is { } trait)
            {
                (conditions[10 + i], conditions[14 + i]) = ((float)Math.Clamp(trait, -Farthest, Farthest), 1);
            }
        }

        return conditions;
    }
}

/// <summary>A prompt in words, understood.</summary>
/// <param name="Digit">What it asks for.</param>
/// <param name="Unknown">Words that mean nothing here, in their order.</param>
public sealed record DigitPrompt(Digit Digit, ImmutableArray<string> Unknown)
{
    private const double Strong = 1.5;
    private const int MostQuoted = 8;
    private const int LongestQuote = 30;
    private static readonly string[] AnyDigit = ["digit", "number", "numeral"];

    private static readonly string[] Names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];

    private static readonly HashSet<string> Fillers =
        [.. "a an the digit number numeral and with of please draw handwritten hand-written image picture stroke strokes to in but that is".Split(' ')];

    private static readonly Dictionary<string, double> Amounts = Meanings(
        ("extremely", 2.0), ("very", 1.6), ("rather quite", 0.75), ("somewhat", 0.6), ("slightly little bit", 0.5));

    private static readonly string[] TraitNames = ["slant", "thickness", "width"];

    // Upright digits have no slant, which is a little less than most have.
    private static readonly Dictionary<string, (int Trait, double Value)> Traits = Meanings<(int, double)>(
        ("slanted slanting italic leaning right-leaning", (0, Strong)), ("left-leaning backslanted", (0, -Strong)), ("upright straight", (0, -0.45)),
        ("thick bold heavy fat", (1, Strong)), ("thin light fine", (1, -Strong)), ("wide broad", (2, Strong)), ("narrow slim condensed", (2, -Strong)));

    /// <summary>Every word this vocabulary knows, for people.</summary>
    public static string Vocabulary { get; } = "zero to nine or 0 to 9; slanted, upright, left-leaning; thick, thin; wide, narrow; before these: very, slightly, rather; or slant=0.4, thickness=-1, width=2";

    /// <summary>Whether the prompt speaks of digits at all; one without words does.</summary>
    public bool IsUnderstood { get; private init; } = true;

    /// <summary>The words without a meaning, as many as a person wants to read; empty when there are none.</summary>
    public string Quoted => Unknown.IsEmpty ? "" : string.Join(", ", Unknown.Take(MostQuoted).Select(word => $"'{(word.Length <= LongestQuote ? word : word[..LongestQuote] + "…")}'"))
        + (Unknown.Length <= MostQuoted ? "" : string.Create(CultureInfo.InvariantCulture, $" and {Unknown.Length - MostQuoted} more"));

    /// <summary>
    /// Reads a prompt such as "a thick, slightly slanted seven" or "a seven, slant=0.37" (in deviations from the mean, within ±3). A trait named twice
    /// counts as it is named last.
    /// </summary>
    public static DigitPrompt Read(string prompt)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        var digit = new Digit();
        var unknown = ImmutableArray.CreateBuilder<string>();
        var (amount, namesDigits) = (1.0, false);
        foreach (var word in Words(prompt))
        {
            namesDigits |= AnyDigit.Contains(word);
            if (Amounts.TryGetValue(word, out var factor))
            {
                amount = factor;
            }
            else if (Traits.TryGetValue(word, out var trait))
            {
                digit = With(digit, trait.Trait, trait.Value * amount);
                amount = 1;
            }
            else if (Exact(word) is var (number, value))
            {
                digit = With(digit, number, value);
            }
            else if (Array.IndexOf(Names, word) is >= 0 and var named)
            {
                digit = digit with { Class = named };
            }
            else if (word.Length == 1 && char.IsAsciiDigit(word[0]))
            {
                digit = digit with { Class = word[0] - '0' };
            }
            else if (!Fillers.Contains(word))
            {
                unknown.Add(word);
            }
        }

        return new(digit, unknown.ToImmutable()) { IsUnderstood = namesDigits || unknown.Count == 0 || digit != new Digit() };
    }

    internal static string NameOf(int digit) => Names[digit];

    private static IEnumerable<string> Words(string prompt)
    {
        foreach (var part in prompt.ToLowerInvariant().Split([' ', ',', ';', ':', '!', '?', '"', '\t', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries))
        {
            // Full stops end words, but not those with numbers in them. What does not show must not reach a person's terminal.
            foreach (var word in part.Contains('=', StringComparison.Ordinal) ? [part.TrimEnd('.')] : part.Split('.', StringSplitOptions.RemoveEmptyEntries))
                yield return new([.. word.Select(c => char.IsControl(c) || char.GetUnicodeCategory(c) == UnicodeCategory.Format ? '?' : c)]);
        }
    }

    private static (int Trait, double Value)? Exact(string word)
    {
        var at = word.IndexOf('=', StringComparison.Ordinal);
        return at > 0 && Array.IndexOf(TraitNames, word[..at]) is >= 0 and var trait
            && double.TryParse(word.AsSpan(at + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && Math.Abs(value) <= Digit.Farthest ? (trait, value) : null;
    }

    private static Dictionary<string, T> Meanings<T>(params ReadOnlySpan<(string Words, T Meaning)> entries)
    {
        var meanings = new Dictionary<string, T>();
        foreach (var (words, meaning) in entries)
        {
            foreach (var word in words.Split(' '))
                meanings[word] = meaning;
        }

        return meanings;
    }

    private static Digit With(Digit digit, int trait, double value) => trait switch
    {
        0 => digit with { Slant = value },
        1 => digit with { Thickness = value },
        _ => digit with { Width = value },
    };
}
