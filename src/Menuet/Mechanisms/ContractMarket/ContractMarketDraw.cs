using System.Collections.Immutable;
using System.Text.Json;

namespace Menuet.Mechanisms.ContractMarket;

/// <summary>Random markets of any size like the paper's, by a documented generator: a seed means the same market everywhere and for ever.</summary>
/// <remarks>
/// <para>Operator m, stream (seed, 1), three integers each: 12 + {0..12} GPU instances g, 2g + {0..4} uplink channels, 8g + {0..16} downlink channels; rates, quality and
/// cost are those of the calibrated default. Users: 50 per operator. Types: β evenly from 8e-4 down to 1e-4 USD/s.</para>
/// <para>Shares: Dirichlet with every parameter a/N (concentration a), as normalised gamma draws of shape a/N from stream (seed, 2): each ln U / shape + ln G, G of shape + 1
/// by Marsaglia and Tsang 2000 (normal, then uniform, until accepted), U uniform after it. Kept as logarithms until they are divided by the largest, so small shapes
/// do not vanish together. Logarithm and exponential are those of <see cref="PortableMath"/>.</para>
/// <para>Source: Zhan et al., Sec. VI-A. Deviates: the paper says α = 10 without saying which; a/N is the reading under which its numbers are plausible.</para>
/// </remarks>
public static class ContractMarketDraw
{
    /// <summary>The largest number of operators or types.</summary>
    public const int Most = 10_000;

    /// <summary>A random market.</summary>
    /// <param name="operators">M, from 1 to <see cref="Most"/>.</param>
    /// <param name="types">N, from 1 to <see cref="Most"/>.</param>
    /// <param name="concentration">a of the Dirichlet law, in [1e-3, 1e9]: small, few types have most users; large, all have as many.</param>
    /// <param name="seed">Which one.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number out of its range.</exception>
    public static OperatorMarket Draw(int operators, int types, double concentration, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(operators, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(operators, Most);
        ArgumentOutOfRangeException.ThrowIfLessThan(types, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(types, Most);
        if (!(concentration is >= 1e-3 and <= 1e9))
        {
            throw new ArgumentOutOfRangeException(nameof(concentration), concentration, "A concentration lies in [1e-3, 1e9].");
        }

        var rng = Rng.Stream(seed, 1);
        var drawn = ImmutableArray.CreateBuilder<ServiceOperator>(operators);
        for (var m = 0; m < operators; m++)
        {
            var instances = 12 + rng.NextInt(13);
            drawn.Add(new ServiceOperator
            {
                UplinkChannels = (2 * instances) + rng.NextInt(5),
                GpuInstances = instances,
                DownlinkChannels = (8 * instances) + rng.NextInt(17),
                UplinkRate = 36,
                GpuRate = 4.14e13,
                DownlinkRate = 54,
                Quality = 1.5,
                ExecutionCost = 8e-6,
            });
        }

        var sensitivities = Enumerable.Range(0, types).Select(n => new UserType
        {
            LatencySensitivity = types == 1 ? 8e-4 : ((8e-4 * (types - 1 - n)) + (1e-4 * n)) / (types - 1),
        });
        return new OperatorMarket
        {
            Task = new() { InputMegabits = 0.18, ComputeFlop = 3.6e11, OutputMegabits = 0.27, RatePerUser = 24 },
            Operators = drawn.MoveToImmutable(),
            Types = [.. sensitivities],
            Population = new() { Total = 50.0 * operators, Shares = Dirichlet(types, concentration / types, seed) },
            Economics = new() { QualitySensitivity = 5e-4, Refund = 1.2e-4, ViolationCost = 1.2e-3 },
            Latency = new() { Min = 0.01, Max = 0.3 },
        };
    }

    /// <summary>The document of a random market, UTF-8 JSON.</summary>
    /// <inheritdoc cref="Draw"/>
    public static byte[] Document(int operators, int types, double concentration, ulong seed)
    {
        var market = Draw(operators, types, concentration, seed);
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new() { Indented = operators * types <= 1000 }))
        {
            writer.WriteStartObject();
            writer.WriteString("kind", "contract-market");
            writer.WriteString("name", FormattableString.Invariant($"Drawn contract market, {operators} x {types}"));
            writer.WriteString("description", FormattableString.Invariant($"Operators like those of the calibrated default, users composed by a Dirichlet law of concentration {concentration}."));
            writer.WriteString(
                "source", FormattableString.Invariant($"menuet draw contract-market --operators {operators} --types {types} --dirichlet {concentration} --seed {seed}; after Zhan et al., Sec. VI-A"));
            OperatorMarket.Shape.WriteFields(writer, market);
            writer.WriteEndObject();
        }

        return stream.ToArray();
    }

    private static ImmutableArray<double> Dirichlet(int count, double shape, ulong seed)
    {
        var rng = Rng.Stream(seed, 2);
        var logarithms = new double[count];
        for (var n = 0; n < count; n++)
        {
            var gamma = LogGammaDraw(ref rng, shape + 1);
            logarithms[n] = gamma + (PortableMath.Log(rng.NextDoubleOpen()) / shape);
        }

        var largest = logarithms.Max();
        var sum = 0.0;
        for (var n = 0; n < count; n++)
        {
            var below = logarithms[n] - largest;
            logarithms[n] = below < -600 ? 0 : PortableMath.Exp(below);
            sum += logarithms[n];
        }

        return [.. logarithms.Select(part => part / sum)];
    }

    /// <summary>ln of a gamma draw of shape ≥ 1 and scale 1.</summary>
    private static double LogGammaDraw(ref Rng rng, double shape)
    {
        var d = shape - (1.0 / 3);
        var c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            var x = rng.NextNormal();
            var root = 1 + (c * x);
            var u = rng.NextDoubleOpen();
            if (root <= 0)
            {
                continue;
            }

            var log = 3 * PortableMath.Log(root);
            var v = root * root * root;
            if (PortableMath.Log(u) < (0.5 * x * x) + d - (d * v) + (d * log))
            {
                return PortableMath.Log(d) + log;
            }
        }
    }
}
