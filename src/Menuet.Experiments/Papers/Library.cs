using System.Collections.Immutable;

namespace Menuet.Experiments.Papers;

/// <summary>Every publication, one line each.</summary>
public static class Library
{
    private static readonly ImmutableArray<(string Id, Lazy<Paper> Paper)> Papers =
    [
        ("ye", new(() => Ye.Paper)), ("lai2025", new(() => Lai2025.Paper)), ("fan", new(() => Fan.Paper)), ("wen2025", new(() => Wen2025.Paper)), ("zhan", new(() => Zhan.Paper)),
    ];

    /// <summary>In the order of their problems. Each is made at its first use: papers read their markets.</summary>
    public static ImmutableArray<Paper> All => [.. Papers.Select(entry => entry.Paper.Value)];

    /// <summary>Ids of <see cref="All"/>, without making them.</summary>
    public static ImmutableArray<string> Ids { get; } = [.. Papers.Select(entry => entry.Id)];

    /// <summary>The publication of an id, or every one; no other is made.</summary>
    /// <exception cref="InvalidRequestException">There is none.</exception>
    public static ImmutableArray<Paper> Find(string id) => id == "all"
        ? All
        : Papers.Where(entry => entry.Id == id).Select(entry => entry.Paper.Value).ToImmutableArray() is { IsEmpty: false } found
            ? found
            : throw new InvalidRequestException([new("paper", $"must be all or one of {string.Join(", ", Ids)}", $"\"{id}\"")]);
}
