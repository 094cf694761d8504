using System.Globalization;
using Menuet.Documents;

namespace Menuet.Learning.Training;

/// <summary>Single-precision options in documents: 3e-4 stands there as 0.0003, not as the double next to the single next to it.</summary>
internal static class SingleFields
{
    internal static Shape<T> Single<T>(this Shape<T> shape, string name, string meaning, Func<T, float> get, Setter<T, float> set, Interval permitted)
        where T : new() =>
        shape.Number(name, meaning, options => Shortest(get(options)), (ref T options, double value) => set(ref options, (float)value), permitted);

    /// <summary>A number that null leaves out; in the options that is a number which is not finite.</summary>
    internal static Shape<T> OptionalSingle<T>(
        this Shape<T> shape, string name, string meaning, Func<T, float> get, Setter<T, float> set, Interval permitted, float absent)
        where T : new() =>
        shape.OptionalNumber(
            name, meaning, options => float.IsFinite(get(options)) ? Shortest(get(options)) : null,
            (ref T options, double? value) => set(ref options, value is { } number ? (float)number : absent), permitted);

    private static double Shortest(float value) => double.Parse(value.ToString("R", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}
