using System.Diagnostics;
using System.Globalization;
using BenchmarkDotNet.Attributes;
using Menuet.Mechanisms.LatencyContract;
using Menuet.Mechanisms.QualityContract;
using Menuet.Mechanisms.RewardContract;
using Menuet.Numerics;
using Menuet.Screening;

namespace Menuet.Benchmarks;

/// <summary>
/// Time of one contract draw: observed, decided at random, rewarded, dealt anew. The baseline is the default reward draw in scalar double precision,
/// written as one would write it first.
/// </summary>
/// <remarks><c>dotnet run -c Release --project bench -- environments</c> measures processor time instead, which other work on the machine disturbs less.</remarks>
public class EnvironmentBenchmarks
{
    private const int Rows = 4096;

    private readonly float[] observations = new float[Rows * 32];
    private readonly float[] actions = new float[Rows * 8];
    private readonly float[] rewards = new float[Rows];
    private readonly Status[] statuses = new Status[Rows];
    private readonly IEnvironment reward = Started(new RewardScenario());
    private readonly IEnvironment rewardRatios = Started(new RewardScenario { Features = RewardFeatures.Ratios });
    private readonly IEnvironment rewardProjected = Started(new RewardScenario { Action = RewardAction.Projected });
    private readonly IEnvironment rewardFive = Started(new RewardScenario { Types = 5 });
    private readonly IEnvironment quality = Started(new QualityScenario());
    private readonly IEnvironment qualityProjected = Started(new QualityScenario { Action = MenuAction.Projected });
    private readonly IEnvironment latency = Started(new LatencyScenario());
    private readonly IEnvironment latencyProjected = Started(new LatencyScenario { Action = MenuAction.Projected });
    private ulong episode;

    public EnvironmentBenchmarks()
    {
        var rng = Rng.Stream(1, 0);
        foreach (ref var action in actions.AsSpan())
        {
            action = (float)((2 * rng.NextDouble()) - 1);
        }
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Rows, Description = "reward, one draw after another in scalar code")]
    public float Scalar()
    {
        episode++;
        for (var row = 0; row < Rows; row++)
        {
            var rng = Rng.Stream(1, (ulong)row, episode * 8);
            var cost = 1 + (2 * rng.NextDouble());
            var (low, high) = (5 + (5 * rng.NextDouble()), 10 + (5 * rng.NextDouble()));
            var first = BetaDistribution.Cumulative(0.5, 1 + rng.NextDouble(), 1 + rng.NextDouble());
            double q1 = 1 + rng.NextInt(9), q2 = 2 + rng.NextInt(9);
            var second = (low + high) / 2;
            var (r1, r2) = (3 * (actions[2 * row] + 1.0), 3 * (actions[(2 * row) + 1] + 1.0));
            var (u1, u2) = ((low * r1) - (cost * q1), (second * r2) - (cost * q2));
            var holds = u1 >= 0 && u2 >= 0 && u1 >= (low * r2) - (cost * q2) && u2 >= (second * r1) - (cost * q1);
            rewards[row] = holds ? (float)((first * ((20 * Math.Log(q1 + 1)) - r1)) + ((1 - first) * ((20 * Math.Log(q2 + 1)) - r2))) : 0;
            var seen = observations.AsSpan(row * 9, 9);
            seen[0] = (float)((q1 - 5) / 4);
            seen[1] = (float)((q2 - 6) / 4);
            seen[2] = 0;
            seen[3] = (float)(cost - 2);
            seen[4] = 0;
            seen[5] = (float)((2 * first) - 1);
            seen[6] = (float)(1 - (2 * first));
            seen[7] = (float)((low - 7.5) / 2.5);
            seen[8] = (float)((second - 10) / 2.5);
        }

        return rewards[0];
    }

    [Benchmark(OperationsPerInvoke = Rows, Description = "reward")]
    public float Reward() => Turn(reward);

    [Benchmark(OperationsPerInvoke = Rows, Description = "reward, ratios seen")]
    public float RewardRatios() => Turn(rewardRatios);

    [Benchmark(OperationsPerInvoke = Rows, Description = "reward, projected")]
    public float RewardProjected() => Turn(rewardProjected);

    [Benchmark(OperationsPerInvoke = Rows, Description = "reward, five types")]
    public float RewardFive() => Turn(rewardFive);

    [Benchmark(OperationsPerInvoke = Rows, Description = "quality, penalised")]
    public float Quality() => Turn(quality);

    [Benchmark(OperationsPerInvoke = Rows, Description = "quality, projected")]
    public float QualityProjected() => Turn(qualityProjected);

    [Benchmark(OperationsPerInvoke = Rows, Description = "latency, penalised")]
    public float Latency() => Turn(latency);

    [Benchmark(OperationsPerInvoke = Rows, Description = "latency, projected")]
    public float LatencyProjected() => Turn(latencyProjected);

    /// <summary>Draws per second of processor time, all in turn and several times over; the best of each counts.</summary>
    internal static int Run()
    {
        var subject = new EnvironmentBenchmarks();
        (string Name, Func<float> Turn)[] measured =
        [
            ("baseline: reward, one draw after another in scalar code", subject.Scalar),
            ("reward", subject.Reward),
            ("reward, ratios seen", subject.RewardRatios),
            ("reward, projected", subject.RewardProjected),
            ("reward, five types", subject.RewardFive),
            ("quality, penalised", subject.Quality),
            ("quality, projected", subject.QualityProjected),
            ("latency, penalised", subject.Latency),
            ("latency, projected", subject.LatencyProjected),
        ];
        var best = new double[measured.Length];
        best.AsSpan().Fill(double.PositiveInfinity);
        using var process = Process.GetCurrentProcess();
        for (var round = 0; round < 10; round++)
        {
            for (var i = 0; i < measured.Length; i++)
            {
                // The clock of processor time ticks every 10 ms.
                var (start, turns) = (Spent(), 0);
                for (; Spent() - start < 0.15; turns += 8)
                {
                    for (var turn = 0; turn < 8; turn++)
                    {
                        measured[i].Turn();
                    }
                }

                best[i] = Math.Min(best[i], (Spent() - start) / turns / Rows);
            }
        }

        Console.WriteLine("| draw | ns | million a second | times the baseline |");
        Console.WriteLine("| --- | ---: | ---: | ---: |");
        for (var i = 0; i < measured.Length; i++)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {measured[i].Name} | {best[i] * 1e9:F0} | {1e-6 / best[i]:F1} | {best[0] / best[i]:F1} |"));
        }

        return 0;

        double Spent()
        {
            process.Refresh();
            return process.TotalProcessorTime.TotalSeconds;
        }
    }

    private float Turn(IEnvironment environment)
    {
        environment.Observe(observations.AsSpan(0, Rows * environment.ObservationSize));
        environment.Advance(actions.AsSpan(0, Rows * environment.ActionSize), rewards, statuses);
        environment.Restart();
        return rewards[0];
    }

    private static IEnvironment Started(IScenario scenario)
    {
        var environment = scenario.Start(Rows);
        environment.Reset(1);
        return environment;
    }
}
