using System.Collections.Immutable;
using System.Reflection;
using Menuet.Documents;
using Menuet.Mechanisms.ContractMarket;
using Menuet.Mechanisms.DoubleAuction;
using Menuet.Mechanisms.LatencyContract;
using Menuet.Mechanisms.QualityContract;
using Menuet.Mechanisms.QueueTail;
using Menuet.Mechanisms.RewardContract;
using Menuet.Mechanisms.StackelbergPricing;
using Menuet.Mechanisms.TwoStageContract;

namespace Menuet;

/// <summary>Every mechanism, one line each, and the catalogue of markets filed by publication.</summary>
public static class Catalog
{
    private const string Prefix = "catalog/";

    /// <summary>Every mechanism. A test compares this list with the folders.</summary>
    public static ImmutableArray<IMechanism> Mechanisms { get; } =
    [
        TwoStageContractMechanism.Door,
        QualityContractMechanism.Door,
        LatencyContractMechanism.Door,
        RewardContractMechanism.Door,
        StackelbergPricingMechanism.Door,
        DoubleAuctionMechanism.Door,
        ContractMarketMechanism.Door,
        QueueTailMechanism.Door,
    ];

    /// <summary>The kinds, in the order of <see cref="Mechanisms"/>.</summary>
    public static IEnumerable<string> Kinds => Mechanisms.Select(mechanism => mechanism.Kind);

    /// <summary>Names of the markets that ship with Menuet, such as <c>ye/two-stage-contract</c>, in alphabetical order.</summary>
    public static ImmutableArray<string> Markets { get; } = Shipped(typeof(Catalog).Assembly, Prefix);

    /// <summary>The mechanism that answers a market document.</summary>
    /// <param name="market">UTF-8 JSON.</param>
    /// <exception cref="InvalidRequestException">The document has no known kind, or is no JSON at all.</exception>
    public static IMechanism Find(ReadOnlySpan<byte> market)
    {
        var kind = Document.Kind(market, Kinds, out var problems);
        return kind is null ? throw new InvalidRequestException(problems) : Find(kind);
    }

    /// <summary>The mechanism of a kind.</summary>
    /// <exception cref="InvalidRequestException">The kind is unknown.</exception>
    public static IMechanism Find(string kind)
    {
        if (Mechanisms.FirstOrDefault(mechanism => mechanism.Kind == kind) is { } found)
        {
            return found;
        }

        var nearest = DocumentText.Nearest(kind, Kinds);
        throw new InvalidRequestException(
            [new("kind", $"{(nearest is null ? "" : $"did you mean '{nearest}'? ")}known: {string.Join(", ", Kinds)}", $"\"{kind}\"")]);
    }

    /// <summary>A market of the catalogue, as its UTF-8 JSON; null when there is none of that name.</summary>
    public static byte[]? Market(string name) => Shipped(typeof(Catalog).Assembly, Prefix, name);

    /// <summary>Names of the JSON documents that ship in an assembly below a prefix, in alphabetical order.</summary>
    internal static ImmutableArray<string> Shipped(Assembly assembly, string prefix) =>
    [
        .. assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
            .Select(name => name[prefix.Length..^".json".Length].Replace('\\', '/'))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>One of them, as its UTF-8 JSON; null when there is none of that name.</summary>
    internal static byte[]? Shipped(Assembly assembly, string prefix, string name)
    {
        var resource = assembly.GetManifestResourceNames().FirstOrDefault(candidate => candidate.Replace('\\', '/') == $"{prefix}{name}.json");
        if (resource is null)
        {
            return null;
        }

        using var stream = assembly.GetManifestResourceStream(resource)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
