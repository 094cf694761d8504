using System.Collections.Immutable;

namespace Menuet.Experiments;

/// <summary>Rules that turn measured quantities into a verdict; a claim names one instead of writing its own where it can.</summary>
public static class Rules
{
    /// <summary>The number is what is claimed within a relative tolerance: holds; within three times that: partly.</summary>
    public static Func<ImmutableArray<Quantity>, Verdict> Equals(double claimed, double tolerance) => quantities =>
        Within(quantities[0], claimed, tolerance) ? Verdict.Holds : Within(quantities[0], claimed, 3 * tolerance) ? Verdict.Partly : Verdict.NotSupported;

    /// <summary>The interval lies above a number: holds; the estimate alone does: partly.</summary>
    public static Func<ImmutableArray<Quantity>, Verdict> Above(double number) => quantities =>
        quantities[0].Low > number ? Verdict.Holds : quantities[0].Value > number ? Verdict.Partly : Verdict.NotSupported;

    /// <summary>The interval lies below a number: holds; the estimate alone does: partly.</summary>
    public static Func<ImmutableArray<Quantity>, Verdict> Below(double number) => quantities =>
        quantities[0].High < number ? Verdict.Holds : quantities[0].Value < number ? Verdict.Partly : Verdict.NotSupported;

    /// <summary>The first number is what is claimed within a tolerance, unless the second, a proven upper bound on it, is below the claim.</summary>
    public static Func<ImmutableArray<Quantity>, Verdict> AtMostBound(double claimed, double tolerance) => quantities =>
        quantities[1].High < claimed * (1 - tolerance) ? Verdict.CannotHold : Equals(claimed, tolerance)(quantities);

    /// <summary>A share of cases: all, to rounding: holds; more than half: partly.</summary>
    public static Func<ImmutableArray<Quantity>, Verdict> Always { get; } = quantities =>
        quantities[0].Value >= 1 - 1e-12 ? Verdict.Holds : quantities[0].Value > 0.5 ? Verdict.Partly : Verdict.NotSupported;

    /// <summary>Numbers that each fall short of the one before it: holds when every interval lies apart, partly when only the estimates are in order.</summary>
    public static Func<ImmutableArray<Quantity>, Verdict> Descending { get; } = quantities =>
    {
        var pairs = quantities.Zip(quantities.Skip(1)).ToArray();
        return pairs.All(pair => pair.First.Low > pair.Second.High) ? Verdict.Holds
            : pairs.All(pair => pair.First.Value > pair.Second.Value) ? Verdict.Partly : Verdict.NotSupported;
    };

    /// <summary>The first number is larger than each of the others: beyond the intervals of all: holds, of some: partly, of none: not supported.</summary>
    public static Func<ImmutableArray<Quantity>, Verdict> Largest { get; } = quantities => Share(quantities, (first, other) => first.Low > other.High);

    /// <summary>The first number is smaller than each of the others: beyond the intervals of all: holds, of some: partly, of none: not supported.</summary>
    public static Func<ImmutableArray<Quantity>, Verdict> Smallest { get; } = quantities => Share(quantities, (first, other) => first.High < other.Low);

    private static Verdict Share(ImmutableArray<Quantity> quantities, Func<Quantity, Quantity, bool> apart)
    {
        var others = quantities.RemoveAt(0);
        return others.All(other => apart(quantities[0], other)) ? Verdict.Holds : others.Any(other => apart(quantities[0], other)) ? Verdict.Partly : Verdict.NotSupported;
    }

    private static bool Within(Quantity quantity, double claimed, double tolerance)
    {
        var room = tolerance * Math.Abs(claimed);
        return quantity.Value >= claimed - room && quantity.Value <= claimed + room;
    }
}
