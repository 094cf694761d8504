using System.Collections.Immutable;

namespace Menuet;

/// <summary>Several schemes on one market, each as a share of a reference.</summary>
/// <param name="Reference">Name of the scheme whose objective is 100 %.</param>
/// <param name="Measures">What is shown of each scheme beside its objective, with units.</param>
/// <param name="Schemes">At least the reference.</param>
public sealed record Comparison(string Reference, ImmutableArray<Column> Measures, ImmutableArray<Scheme> Schemes)
{
    /// <summary>The scheme's objective over the reference's; NaN when the reference is 0 or the scheme has no outcome.</summary>
    public double ShareOf(Scheme scheme)
    {
        ArgumentNullException.ThrowIfNull(scheme);
        var reference = Schemes.First(candidate => candidate.Name == Reference).Objective;
        return reference is { } whole && whole != 0 && scheme.Objective is { } part ? part / whole : double.NaN;
    }
}

/// <summary>One scheme's result.</summary>
/// <param name="Name">camelCase and stable, as in JSON: <c>completeInformation</c>.</param>
/// <param name="Meaning">What the scheme is, in a sentence.</param>
/// <param name="Objective">The designer's objective; null when the scheme has no outcome.</param>
/// <param name="Values">One per measure; null where it has no meaning.</param>
/// <param name="Note">What a reader must know, such as a broken constraint; may be empty.</param>
public sealed record Scheme(string Name, string Meaning, double? Objective, ImmutableArray<double?> Values, string Note = "");
