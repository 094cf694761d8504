using System.Collections.Immutable;
using Menuet.Documents;

namespace Menuet.Screening;

/// <summary>Where a number is drawn from, uniformly: [<paramref name="Min"/>, <paramref name="Max"/>); always Min when both are equal.</summary>
/// <param name="Min">The lower end.</param>
/// <param name="Max">The upper end; ≥ Min.</param>
public readonly record struct UniformRange(double Min, double Max)
{
    /// <summary>Whether there is anything to draw.</summary>
    public bool Varies => Max > Min;

    /// <summary>The number at a place of [0, 1).</summary>
    internal double At(double place) => Min + (place * (Max - Min));

    /// <summary>How many whole numbers lie in it, ends included.</summary>
    internal int Wholes => (int)(Math.Floor(Max) - Math.Ceiling(Min)) + 1;

    internal bool Contains(double value) => value >= Min && value <= Max;

    internal IEnumerable<Problem> Problems(string path, bool whole = false)
    {
        if (!(Max >= Min))
        {
            yield return new(path, "the first number must not exceed the second", $"[{DocumentText.Number(Min)}, {DocumentText.Number(Max)}]");
        }
        else if (whole && (Min != Math.Floor(Min) || Max != Math.Floor(Max)))
        {
            yield return new(path, "must be two whole numbers", $"[{DocumentText.Number(Min)}, {DocumentText.Number(Max)}]");
        }
    }
}

/// <summary>Ranges in documents: pairs of numbers.</summary>
internal static class UniformRangeShape
{
    /// <summary>A range, written as [min, max].</summary>
    internal static Shape<T> Range<T>(
        this Shape<T> shape, string name, string meaning, Func<T, UniformRange> get, Setter<T, UniformRange> set, Interval permitted, string unit = "")
        where T : new() =>
        shape.Numbers(
            name, meaning + "; [min, max], drawn uniformly, equal: fixed", t => [get(t).Min, get(t).Max],
            (ref t, v) => set(ref t, v.Length == 2 ? new(v[0], v[1]) : get(t)), permitted, unit, minCount: 2, maxCount: 2);

    /// <summary>Ranges from pairs; <c>default</c> from <c>default</c>, ends that are no numbers from what is no pair.</summary>
    internal static ImmutableArray<UniformRange> Ranges(ImmutableArray<ImmutableArray<double>> pairs) =>
        pairs.IsDefault ? default : [.. pairs.Select(pair => pair.Length == 2 ? new UniformRange(pair[0], pair[1]) : new(double.NaN, double.NaN))];

    /// <summary>Pairs from ranges.</summary>
    internal static ImmutableArray<ImmutableArray<double>> Pairs(ImmutableArray<UniformRange> ranges) =>
        ranges.IsDefault ? default : [.. ranges.Select(range => ImmutableArray.Create(range.Min, range.Max))];

    /// <summary>The range of one of several types: as listed, or the part of [0, top] that falls to it, the first from a least number on.</summary>
    internal static UniformRange Part(ImmutableArray<UniformRange> listed, int type, int types, double least, double top) =>
        !listed.IsDefault ? listed[type] : new(type == 0 ? Math.Min(least, top / types) : top * type / types, top * (type + 1) / types);

    /// <summary>Where the numbers drawn from several ranges lie once they are in order.</summary>
    internal static UniformRange[] InOrder(IEnumerable<UniformRange> ranges) =>
        [.. ranges.Select(range => range.Min).Order().Zip(ranges.Select(range => range.Max).Order(), (min, max) => new UniformRange(min, max))];

    /// <summary>What is wrong with a list of ranges, one per type.</summary>
    internal static IEnumerable<Problem> Problems(ImmutableArray<UniformRange> ranges, string path, int types, bool whole = false)
    {
        if (ranges.Length != types)
        {
            yield return new(path, FormattableString.Invariant($"must have {types} pairs [min, max], one per type"), FormattableString.Invariant($"{ranges.Length} pairs"));
        }

        for (var k = 0; k < ranges.Length; k++)
        {
            var place = FormattableString.Invariant($"{path}[{k}]");
            foreach (var problem in double.IsNaN(ranges[k].Min) ? [new(place, "must be a pair [min, max]")] : ranges[k].Problems(place, whole))
            {
                yield return problem;
            }
        }
    }
}
