using System.Collections.Immutable;

namespace Menuet.Learning.Training;

/// <summary>The experiments that ship with Menuet, filed by publication.</summary>
public static class ShippedExperiments
{
    private const string Prefix = "experiments/";

    /// <summary>Their names, such as <c>wen2025/reward-ppo</c>, in alphabetical order.</summary>
    public static ImmutableArray<string> Names { get; } =
    [
        .. typeof(ShippedExperiments).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(name => name[Prefix.Length..^".json".Length].Replace('\\', '/'))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>An experiment's UTF-8 JSON; null when there is none of that name.</summary>
    public static byte[]? Find(string name)
    {
        var assembly = typeof(ShippedExperiments).Assembly;
        var resource = assembly.GetManifestResourceNames().FirstOrDefault(candidate => candidate.Replace('\\', '/') == $"{Prefix}{name}.json");
        if (resource is null)
            return null;
        using var stream = assembly.GetManifestResourceStream(resource)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
