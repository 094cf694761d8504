using System.Collections.Immutable;

namespace Menuet.Experiments.Papers;

/// <summary>Every publication, one line each.</summary>
public static class Library
{
    private static readonly Lazy<ImmutableArray<Paper>> Papers = new(() => [Ye.Paper, Lai2025.Paper, Fan.Paper, Wen2025.Paper, Zhan.Paper]);

    /// <summary>In the order of their problems. Made at the first use: the papers read their markets.</summary>
    public static ImmutableArray<Paper> All => Papers.Value;

    /// <summary>Ids of <see cref="All"/>, without making them.</summary>
    public static ImmutableArray<string> Ids { get; } = ["ye", "lai2025", "fan", "wen2025", "zhan"];

    /// <summary>The publication of an id.</summary>
    /// <exception cref="InvalidRequestException">There is none.</exception>
    public static ImmutableArray<Paper> Find(string id) => id == "all"
        ? All
        : All.Where(paper => paper.Id == id).ToImmutableArray() is { IsEmpty: false } found
            ? found
            : throw new InvalidRequestException([new("paper", $"must be all or one of {string.Join(", ", Ids)}", $"\"{id}\"")]);
}
