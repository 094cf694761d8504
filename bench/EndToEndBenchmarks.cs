using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Menuet.Mechanisms.LatencyContract;
using Menuet.Mechanisms.QualityContract;
using Menuet.Mechanisms.RewardContract;

namespace Menuet.Benchmarks;

/// <summary>
/// A file of 100,000 types from bytes to a certified answer, phase by phase. Baseline: the bare tokeniser on the same bytes. Goal: reading, at 100 MB/s or
/// more, is the largest part.
/// </summary>
public class EndToEndBenchmarks
{
    private const int Types = 100_000;
    private IPhases phases = null!;

    [Params("quality-contract", "latency-contract", "reward-contract")]
    public string Kind { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        var rng = Rng.Stream(1, 0);
        phases = Kind switch
        {
            "quality-contract" => new Phases<QualityMarket, QualityOutcome, QualityAnswer>(
                QualityContractMechanism.Door, QualityBenchmarkMarkets.Draw(Types, commonCosts: true)),
            "latency-contract" => new Phases<LatencyMarket, LatencyOutcome, LatencyAnswer>(
                LatencyContractMechanism.Door, LatencyBenchmarkMarkets.Draw(Types)),
            _ => new Phases<RewardMarket, RewardOutcome, RewardAnswer>(
                RewardContractMechanism.Door, new RewardMarket
                {
                    UnitCost = 2,
                    UtilityCoefficient = 20,
                    Types =
                    [
                        .. Enumerable.Range(0, Types).Select(k => new RewardType
                        {
                            Reputation = 5 + ((k + rng.NextDouble()) / Types), Probability = 1.0 / Types, Quality = 1 + (9.0 * k / Types),
                        }),
                    ],
                }),
        };
        Console.WriteLine($"// document of {phases.Bytes} bytes");
    }

    [Benchmark(Baseline = true)]
    public double Tokenise() => phases.Tokenise();

    [Benchmark]
    public object Read() => phases.Read();

    [Benchmark]
    public object Solve() => phases.Solve();

    [Benchmark]
    public object Describe() => phases.Describe();

    [Benchmark]
    public object Audit() => phases.Audit();

    [Benchmark]
    public long Write() => phases.Write();

    [Benchmark]
    public object Whole() => phases.Whole();

    private interface IPhases
    {
        int Bytes { get; }

        double Tokenise();

        object Read();

        object Solve();

        object Describe();

        object Audit();

        long Write();

        object Whole();
    }

    private sealed class Phases<TMarket, TOutcome, TAnswer> : IPhases
        where TMarket : class, IMarket, new()
        where TOutcome : class
        where TAnswer : class, IAnswer, new()
    {
        private readonly Mechanism<TMarket, TOutcome, TAnswer> door;
        private readonly byte[] text;
        private readonly TMarket market;
        private readonly Solution<TOutcome> solution;
        private readonly TAnswer answer;
        private readonly Report report;

        internal Phases(Mechanism<TMarket, TOutcome, TAnswer> door, TMarket drawn)
        {
            this.door = door;
            using var stream = new MemoryStream();
            using (var writer = new Utf8JsonWriter(stream))
            {
                writer.WriteStartObject();
                writer.WriteString("kind", door.Kind);
                door.MarketShape.WriteFields(writer, drawn);
                writer.WriteEndObject();
            }

            text = stream.ToArray();
            market = door.ReadMarket(text).Market;
            solution = door.SolverList[0].Solve(market, new(), default);
            answer = door.Describe(market, solution);
            report = door.Solve(text, null, new(), default);
        }

        public int Bytes => text.Length;

        public double Tokenise()
        {
            var reader = new Utf8JsonReader(text);
            var sum = 0.0;
            while (reader.Read())
            {
                sum += reader.TokenType == JsonTokenType.Number ? reader.GetDouble() : 0;
            }

            return sum;
        }

        public object Read() => door.ReadMarket(text);

        public object Solve() => door.SolverList[0].Solve(market, new(), default);

        public object Describe() => door.Describe(market, solution);

        public object Audit() => door.Audit(market, answer, new());

        public long Write()
        {
            using var stream = new MemoryStream();
            using var writer = new Utf8JsonWriter(stream);
            report.WriteJson(writer);
            writer.Flush();
            return stream.Length;
        }

        public object Whole() => door.Solve(text, null, new(), default);
    }
}
