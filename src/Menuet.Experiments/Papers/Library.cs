using System.Collections.Immutable;

namespace Menuet.Experiments.Papers;

/// <summary>Every publication, one line each.</summary>
public static class Library
{
    /// <summary>In the order of their problems.</summary>
    public static ImmutableArray<Paper> All { get; } = [Ye.Paper, Lai2025.Paper, Wen2025.Paper];

    /// <summary>The publication of an id.</summary>
    /// <exception cref="InvalidRequestException">There is none.</exception>
    public static ImmutableArray<Paper> Find(string id) => id == "all"
        ? All
        : All.Where(paper => paper.Id == id).ToImmutableArray() is { IsEmpty: false } found
            ? found
            : throw new InvalidRequestException([new("paper", $"must be all or one of {string.Join(", ", All.Select(paper => paper.Id))}", $"\"{id}\"")]);
}
