using System.Globalization;

namespace Menuet.Documents;

/// <summary>The numbers a key permits.</summary>
/// <param name="Min">Smallest number, or the limit below every permitted one.</param>
/// <param name="Max">Largest number.</param>
/// <param name="ExcludesMin">True when <paramref name="Min"/> itself is not permitted.</param>
/// <remarks>
/// Every number in a document lies within ±1e30, and every number that must be positive is at least 1e-40, so that products
/// of the handful of factors in our formulas can neither overflow nor vanish.
/// </remarks>
public readonly record struct Interval(double Min, double Max, bool ExcludesMin = false)
{
    /// <summary>The largest magnitude in any document.</summary>
    public const double Largest = 1e30;

    /// <summary>The smallest number where a positive one is asked for.</summary>
    public const double SmallestPositive = 1e-40;

    /// <summary>Any number.</summary>
    public static Interval Any { get; } = new(-Largest, Largest);

    /// <summary>Above zero.</summary>
    public static Interval Positive { get; } = new(0, Largest, ExcludesMin: true);

    /// <summary>Zero or more.</summary>
    public static Interval NonNegative { get; } = new(0, Largest);

    /// <summary>Below zero.</summary>
    public static Interval Negative { get; } = new(-Largest, -SmallestPositive);

    /// <summary>Between 0 and 1, both included.</summary>
    public static Interval Share { get; } = new(0, 1);

    /// <summary>True when the number is permitted; false for NaN.</summary>
    public bool Contains(double value) => value <= Max && (ExcludesMin ? value >= Math.Max(Min, SmallestPositive) && value > Min : value >= Min);

    /// <summary>The permitted numbers in words: "a number &gt; 0 and &lt;= 1E+30".</summary>
    public override string ToString()
    {
        var culture = CultureInfo.InvariantCulture;
        if (this == Positive)
        {
            return string.Create(culture, $"a number > 0 (from {SmallestPositive} to {Largest})");
        }

        if (this == Negative)
        {
            return string.Create(culture, $"a number < 0 (from -{Largest} to -{SmallestPositive})");
        }

        return string.Create(culture, $"a number {(ExcludesMin ? ">" : ">=")} {Min} and <= {Max}");
    }
}
