using System.Collections.Immutable;

namespace Menuet.Learning.Training;

/// <summary>The experiments that ship with Menuet, filed by publication.</summary>
public static class ShippedExperiments
{
    private const string Prefix = "experiments/";

    /// <summary>Their names, such as <c>wen2025/reward-ppo</c>, in alphabetical order.</summary>
    public static ImmutableArray<string> Names { get; } = Catalog.Shipped(typeof(ShippedExperiments).Assembly, Prefix);

    /// <summary>An experiment's UTF-8 JSON; null when there is none of that name.</summary>
    public static byte[]? Find(string name) => Catalog.Shipped(typeof(ShippedExperiments).Assembly, Prefix, name);
}
