using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;
using Menuet.Figures;
using Menuet.Mechanisms.ContractMarket;

namespace Menuet.Experiments.Papers;

/// <summary>The markets of Zhan et al. and the methods that are compared on them.</summary>
internal static class ZhanMarkets
{
    /// <summary>Composed as Table I tells, with the local menus that reproduce it.</summary>
    internal static OperatorMarket Calibrated { get; } = ContractMarketMechanism.Door.Read(Catalog.Market("zhan/table-1"));

    /// <summary>The paper's method and benchmarks with its local menus, then ours.</summary>
    internal static ImmutableArray<Method> Methods { get; } =
    [
        new("msmc", "msmc", MenuSolver.PaperLocal),
        new("CT", "ct", MenuSolver.PaperLocal),
        new("MC", "mc", MenuSolver.PaperLocal),
        new("GSMC", "gsmc", MenuSolver.PaperLocal),
        new("msmc, best menus (ours)", "msmc", MenuSolver.Global),
        new("quota-matching (ours)", "quota-matching", MenuSolver.Global),
    ];

    /// <summary>Users drawn by the Dirichlet law; sensitivities from 8e-4 evenly down to 1e-4.</summary>
    /// <param name="seed">Which draw; the same for all numbers of users.</param>
    /// <param name="users">In all.</param>
    /// <param name="types">N.</param>
    /// <param name="concentration">α, each parameter being α/N.</param>
    internal static OperatorMarket Composed(int seed, double users = 150, int types = 8, double concentration = 10)
    {
        var drawn = ContractMarketDraw.Draw(1, types, concentration, (ulong)seed);
        return Calibrated with { Types = drawn.Types, Population = drawn.Population! with { Total = users } };
    }

    /// <summary>The composition of Table I with another number of users.</summary>
    internal static OperatorMarket WithUsers(double users)
    {
        var all = Calibrated.Types.Sum(type => type.Users!.Value);
        return Calibrated with { Types = [.. Calibrated.Types.Select(type => type with { Users = type.Users * users / all })] };
    }

    internal static OperatorMarket WithRefund(OperatorMarket market, double factor) =>
        market with { Economics = market.Economics with { Refund = factor * Calibrated.Economics.Refund } };

    internal static OperatorMarket WithViolationCost(OperatorMarket market, double factor) =>
        market with { Economics = market.Economics with { ViolationCost = factor * Calibrated.Economics.ViolationCost } };

    internal static OperatorMarket WithZeta(OperatorMarket market, double zeta) => market with { Algorithm = market.Algorithm with { Zeta = zeta } };

    internal static OperatorMarket WithMenus(OperatorMarket market, MenuSolver menus) => market with { Algorithm = market.Algorithm with { MenuSolver = menus } };

    /// <summary>The largest move of a share in every iteration of msmc on the composition of Table I.</summary>
    internal static ImmutableArray<double> Moves(int iterations, double initialTemperature, CancellationToken cancellation)
    {
        var document = JsonNode.Parse(Catalog.Market("zhan/table-1"))!;
        (document["algorithm"]!["maxIterations"], document["algorithm"]!["initialTemperatureUsd"]) = (iterations, initialTemperature);
        var trace = ContractMarketMechanism.Trace(Encoding.UTF8.GetBytes(document.ToJsonString()), new(), cancellation);
        return [.. trace.Table.Rows.Select(row => (double)row[2]!)];
    }

    internal static (Solution<MarketOutcome> Solution, OperatorMarketAnswer Answer) Solve(
        this Conditions conditions, OperatorMarket market, string solver, SolveOptions options)
    {
        var door = conditions.InUse(ContractMarketMechanism.Door);
        var solution = door.SolverList.Single(one => one.Name == solver).Solve(market, options, conditions.Cancellation);
        return (solution, door.Describe(market, solution));
    }

    internal static OperatorMarketAnswer Solve(this Conditions conditions, OperatorMarket market, Method method) =>
        conditions.Solve(WithMenus(market, method.Menus), method.Solver, new()).Answer;
}

/// <summary>A method as a line of a figure.</summary>
/// <param name="Name">In the legend.</param>
/// <param name="Solver">The door's name of it.</param>
/// <param name="Menus">How operators design.</param>
internal sealed record Method(string Name, string Solver, MenuSolver Menus);

/// <summary>All methods over one parameter and many compositions.</summary>
/// <param name="points">The parameter's values.</param>
/// <param name="compositions">Draws, seeds 0, 1, ….</param>
/// <param name="make">The market of a value and a seed.</param>
internal sealed class ZhanSweep(ImmutableArray<double> points, int compositions, Func<double, int, OperatorMarket> make)
{
    // [method][point][composition]; the methods first, the bound last.
    private readonly double[][][] utilities = Empty(points.Length, compositions);
    private readonly double[][][] welfares = Empty(points.Length, compositions);

    private static int Bound => ZhanMarkets.Methods.Length;

    internal ImmutableArray<double> Points => points;

    internal static ZhanSweep Run(
        Conditions conditions, ImmutableArray<double> points, Func<double, int, OperatorMarket> make)
    {
        var sweep = new ZhanSweep(points, conditions.Of(16, 60) * conditions.Seeds, make);
        sweep.Fill(conditions);
        return sweep;
    }

    /// <summary>Operators' total utility by composition.</summary>
    internal double[] Utility(string method, double point) => utilities[IndexOf(method)][points.IndexOf(point)];

    /// <summary>Welfare by composition.</summary>
    internal double[] Welfare(string method, double point) => welfares[IndexOf(method)][points.IndexOf(point)];

    /// <summary>What welfare cannot exceed, nor the operators' utility where users have at least nothing, by composition.</summary>
    internal double[] Most(double point) => welfares[Bound][points.IndexOf(point)];

    /// <summary>The better one of CT and MC, by composition.</summary>
    internal double[] Best(double point) => Best(Utility, point);

    /// <summary>The better one of CT and MC by one of the two measures.</summary>
    internal static double[] Best(Func<string, double, double[]> measure, double point) => [.. measure("CT", point).Zip(measure("MC", point), Math.Max)];

    /// <summary>The share of compositions and of the given points in which something is the case; where it always or never is, 3/n bounds the interval.</summary>
    internal Quantity Share(string name, string meaning, ReadOnlySpan<double> at, Func<double, int, bool> isSo)
    {
        var samples = new double[compositions];
        foreach (var point in at)
        {
            for (var draw = 0; draw < compositions; draw++)
            {
                samples[draw] += isSo(point, draw) ? 1.0 / at.Length : 0;
            }
        }

        var mean = Quantity.Mean(name, meaning, "", samples);
        var rare = 3.0 / compositions;
        return mean with
        {
            Low = mean.Value >= 1 - 1e-12 ? Math.Max(0, 1 - rare) : Math.Max(0, mean.Low),
            High = mean.Value == 0 ? Math.Min(1, rare) : Math.Min(1, mean.High),
        };
    }

    /// <summary>Whether one number is above another by at least a share of it; a loss is beaten by anything above it.</summary>
    internal static bool Beats(double number, double other, double by) => number > other && (other <= 0 || number >= other * (1 + by));

    /// <summary>The two figures, utility and welfare.</summary>
    /// <param name="numbers">"Fig. 4a" and so on.</param>
    /// <param name="axis">The parameter.</param>
    /// <param name="over">"market size" and so on.</param>
    /// <param name="calibrated">The market of Table I with a value; null where its composition has no meaning.</param>
    /// <param name="printed">What the text states of msmc: value, utility, welfare.</param>
    /// <param name="conditions">Those of the exhibit.</param>
    internal ImmutableArray<Figure> Figures(
        (string Utility, string Welfare) numbers, Axis axis, string over, Func<double, OperatorMarket>? calibrated, ImmutableArray<(double X, double Utility, double Welfare)> printed,
        Conditions conditions)
    {
        var exact = calibrated is null ? [] : points.Select(point => conditions.Solve(calibrated(point), ZhanMarkets.Methods[0])).ToArray();
        var caption = FormattableString.Invariant(
            $"Lines: means over {compositions} random compositions, streams of seeds 0 to {compositions - 1}. Bands, of msmc and quota-matching: from the 5th to the 95th percentile of compositions.");
        return
        [
            new($"{numbers.Utility}: total operator utility over {over}", axis, new("Total operator utility", "USD/s"), [.. Series(utilities, answer => answer.TotalOperatorUtility!.Value, point => point.Utility)], caption),
            new($"{numbers.Welfare}: social welfare over {over}", axis, new("Social welfare", "USD/s"), [.. Series(welfares, answer => answer.SocialWelfare!.Value, point => point.Welfare)], caption),
        ];

        IEnumerable<Series> Series(double[][][] values, Func<OperatorMarketAnswer, double> measure, Func<(double X, double Utility, double Welfare), double> stated)
        {
            for (var i = 0; i < values.Length; i++)
            {
                yield return new LineSeries(i == Bound ? "bound of empty queues" : ZhanMarkets.Methods[i].Name, points, [.. values[i].Select(draws => draws.Average())])
                {
                    Low = i is 0 or 5 ? [.. values[i].Select(draws => Percentile(draws, 0.05))] : default,
                    High = i is 0 or 5 ? [.. values[i].Select(draws => Percentile(draws, 0.95))] : default,
                    Markers = i < Bound,
                    Dashed = i == Bound,
                };
            }

            if (exact.Length > 0)
            {
                yield return new LineSeries("msmc, composition of Table I", points, [.. exact.Select(measure)]) { Dashed = true };
            }

            if (!printed.IsEmpty)
            {
                yield return new ScatterSeries("msmc, as the text states", [.. printed.Select(point => point.X)], [.. printed.Select(stated)]);
            }
        }
    }

    /// <summary>Means and percentiles as a table.</summary>
    internal Table Table(string title, Column parameter)
    {
        var rows = ImmutableArray.CreateBuilder<ImmutableArray<object?>>();
        for (var p = 0; p < points.Length; p++)
        {
            for (var i = 0; i < Bound; i++)
            {
                var (utility, welfare) = (utilities[i][p], welfares[i][p]);
                rows.Add([points[p], ZhanMarkets.Methods[i].Name, utility.Average(), Percentile(utility, 0.05), Percentile(utility, 0.95), welfare.Average()]);
            }
        }

        return new(
            title,
            [parameter, new("method"), new("mean utility", "USD/s"), new("5th percentile", "USD/s"), new("95th percentile", "USD/s"), new("mean welfare", "USD/s")],
            rows.ToImmutable());
    }

    private static double[][][] Empty(int points, int compositions) =>
        [.. Enumerable.Range(0, ZhanMarkets.Methods.Length + 1).Select(_ => Enumerable.Range(0, points).Select(_ => new double[compositions]).ToArray())];

    private static double Percentile(double[] values, double share)
    {
        var sorted = values.Order().ToArray();
        var at = share * (sorted.Length - 1);
        var low = (int)at;
        return low + 1 < sorted.Length ? sorted[low] + ((at - low) * (sorted[low + 1] - sorted[low])) : sorted[low];
    }

    private static int IndexOf(string method)
    {
        for (var i = 0; i < ZhanMarkets.Methods.Length; i++)
        {
            if (ZhanMarkets.Methods[i].Name == method)
            {
                return i;
            }
        }

        throw new ArgumentException($"No method is called {method}.", nameof(method));
    }

    private void Fill(Conditions conditions)
    {
        for (var draw = 0; draw < compositions; draw++)
        {
            for (var p = 0; p < points.Length; p++)
            {
                conditions.Cancellation.ThrowIfCancellationRequested();
                var market = make(points[p], draw);
                for (var i = 0; i < Bound; i++)
                {
                    var answer = conditions.Solve(market, ZhanMarkets.Methods[i]);
                    utilities[i][p][draw] = answer.TotalOperatorUtility!.Value;
                    welfares[i][p][draw] = answer.SocialWelfare!.Value;
                    utilities[Bound][p][draw] = welfares[Bound][p][draw] = answer.Certificate!.WelfareUpperBound!.Value;
                }
            }

            conditions.Progress((draw + 1.0) / compositions);
        }
    }
}
