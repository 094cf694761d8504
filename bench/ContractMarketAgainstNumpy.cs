using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Menuet.Mechanisms.ContractMarket;

namespace Menuet.Benchmarks;

/// <summary>Mixed stable matching beside the same loops in vectorised numpy, in turns, so that both see the same machine.</summary>
/// <remarks><c>dotnet run -c Release --project bench -- numpy [python]</c>, with a Python that has numpy (Debian: python3-numpy).</remarks>
internal static class ContractMarketAgainstNumpy
{
    private const int Rounds = 5;

    internal static int Run(string python)
    {
        var script = Path.Combine(AppContext.BaseDirectory, "contract_market_numpy.py");
        Console.WriteLine("| market | iterations | Menuet | numpy | numpy / Menuet | objectives agree to |");
        Console.WriteLine("| --- | ---: | ---: | ---: | ---: | ---: |");
        foreach (var (name, document, repetitions, iterations) in Cases())
        {
            var market = ContractMarketMechanism.Door.Read(document);
            market = market with { Algorithm = market.Algorithm with { MaxIterations = iterations } };
            var file = Path.GetTempFileName();
            File.WriteAllBytes(file, document);
            var (own, other, ratios, objective, theirs) = (new List<double>(), new List<double>(), new List<double>(), 0.0, 0.0);
            Solve(market, repetitions, out _);
            for (var round = 0; round < Rounds; round++)
            {
                own.Add(Solve(market, repetitions, out objective));
                (var time, theirs) = Numpy(python, script, file, iterations);
                other.Add(time);
                ratios.Add(time / own[^1]);
            }

            File.Delete(file);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {name} | {iterations} | {Text(Median(own))} | {Text(Median(other))} | {Median(ratios):F0} | {Math.Abs(objective - theirs) / Math.Abs(objective):0.0e0} |"));
        }

        return 0;
    }

    /// <summary>Iterations of the drawn markets are few, because ironing is slow in Python.</summary>
    private static IEnumerable<(string Name, byte[] Document, int Repetitions, int Iterations)> Cases()
    {
        yield return ("zhan/contract-market, 3 x 8", Catalog.Market("zhan/contract-market")!, 200, 50);
        yield return ("zhan/drawn-12x20", Catalog.Market("zhan/drawn-12x20")!, 20, 50);
        yield return ("drawn, 100 x 100", ContractMarketDraw.Document(100, 100, 10, 1), 20, 2);
    }

    private static double Solve(OperatorMarket market, int repetitions, out double objective)
    {
        objective = 0;
        var times = new List<double>();
        for (var i = 0; i < repetitions; i++)
        {
            var begin = Stopwatch.GetTimestamp();
            var solution = new MixedStableMatching().Solve(market, new(), default);
            times.Add(Stopwatch.GetElapsedTime(begin).TotalSeconds);
            objective = ContractMarketMechanism.Door.Describe(market, solution).Objective ?? double.NaN;
        }

        return Median(times);
    }

    private static (double Time, double Objective) Numpy(string python, string script, string file, int iterations)
    {
        using var process = Process.Start(new ProcessStartInfo(python, [script, file, "3", iterations.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardOutput = true,
            Environment = { ["OMP_NUM_THREADS"] = "1", ["OPENBLAS_NUM_THREADS"] = "1" },
        })!;
        using var result = JsonDocument.Parse(process.StandardOutput.ReadToEnd());
        process.WaitForExit();
        return (result.RootElement.GetProperty("median").GetDouble(), result.RootElement.GetProperty("operatorUtility").GetDouble());
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static string Text(double seconds) => seconds < 1
        ? string.Create(CultureInfo.InvariantCulture, $"{1e3 * seconds:G3} ms")
        : string.Create(CultureInfo.InvariantCulture, $"{seconds:G3} s");
}
