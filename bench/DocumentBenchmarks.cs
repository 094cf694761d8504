using System.Globalization;
using System.Text;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Menuet.Mechanisms.RewardContract;

namespace Menuet.Benchmarks;

/// <summary>Strict reading of a large market against the bare tokeniser reading the same numbers.</summary>
public class DocumentBenchmarks
{
    private byte[] text = [];

    [Params(100_000)]
    public int Types { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var rng = Rng.Stream(1, 0);
        var market = new StringBuilder("{\"kind\":\"reward-contract\",\"unitCost\":2,\"utilityCoefficient\":20,\"types\":[");
        for (var k = 0; k < Types; k++)
        {
            market.Append(
                CultureInfo.InvariantCulture,
                $"{(k > 0 ? "," : "")}{{\"reputation\":{5 + ((k + rng.NextDouble()) / Types):R},\"probability\":{1.0 / Types:R},\"quality\":{1 + (9.0 * k / Types):R}}}");
        }

        text = Encoding.UTF8.GetBytes(market.Append("]}").ToString());
        Console.WriteLine($"// document of {text.Length} bytes");
    }

    [Benchmark(Baseline = true, Description = "tokeniser alone, numbers read")]
    public double Tokens()
    {
        var reader = new Utf8JsonReader(text);
        var sum = 0.0;
        while (reader.Read())
        {
            sum += reader.TokenType == JsonTokenType.Number ? reader.GetDouble() : 0;
        }

        return sum;
    }

    [Benchmark(Description = "strict reading into a checked market")]
    public object Read() => RewardContractMechanism.Door.ReadMarket(text);

    [Benchmark(Description = "solve: read, solve, audit")]
    public object Solve() => RewardContractMechanism.Door.Solve(text, null, new(), default);
}
