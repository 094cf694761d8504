using System.Collections.Immutable;

namespace Menuet;

/// <summary>Numbers with names and units; how they look is the renderer's business.</summary>
/// <param name="Title">A few words.</param>
/// <param name="Columns">At least one.</param>
/// <param name="Rows">Each as long as <paramref name="Columns"/>; entries are double, int, long, bool, string or null.</param>
public sealed record Table(string Title, ImmutableArray<Column> Columns, ImmutableArray<ImmutableArray<object?>> Rows);

/// <summary>One column of a <see cref="Table"/>.</summary>
/// <param name="Name">The heading.</param>
/// <param name="Unit">The unit; empty for pure numbers and texts.</param>
public sealed record Column(string Name, string Unit = "");
