using System.Collections.Immutable;
using Menuet.Figures;

namespace Menuet.Mechanisms.ContractMarket;

/// <summary>The path of an iteration: what it would have returned if stopped after each step.</summary>
/// <param name="Table">One row per iteration.</param>
/// <param name="Figures">Utility and shares against the iteration.</param>
public sealed record MarketTrace(Table Table, ImmutableArray<Figure> Figures)
{
    private const int MostOperators = 8;

    internal static MarketTrace Of(OperatorMarket market, SolveOptions options, CancellationToken cancellation)
    {
        var arrays = new MarketArrays(market);
        var shown = Math.Min(arrays.Operators, MostOperators);
        var stop = new MarketState(arrays);
        var rows = new List<double[]>();
        MixedStableMatching.Run(arrays, "msmc", options, Watch, cancellation);
        string[] names = [.. Enumerable.Range(0, shown).Select(m => market.Operators[m].Name ?? FormattableString.Invariant($"op{m + 1}"))];
        var columns = new List<Column>
        {
            new("iteration"), new("temperature", "USD"), new("largest move"), new("operator utility", "USD/s"), new("welfare", "USD/s"), new("opted out"),
        };
        columns.AddRange(names.Select(name => new Column($"load of {name}", "1/s")));
        var table = new Table(
            "Iterations of msmc", [.. columns],
            [.. rows.Select(row => row.Select((value, i) => i == 0 ? (object?)(int)value : value).ToImmutableArray())]);
        var iteration = Column(0);
        return new(table,
        [
            new("Utility if msmc stopped here", new("Iteration"), new("Utility", "USD/s"),
                [new LineSeries("operators", iteration, Column(3)), new LineSeries("welfare", iteration, Column(4))]),
            new("Load of the operators", new("Iteration"), new("Load", "tasks/s"),
                [.. names.Select((name, m) => new LineSeries(name, iteration, Column(6 + m)))]),
            new("How far shares still move", new("Iteration"), new("Largest move", "", AxisScale.Logarithmic), [new LineSeries("", iteration, Column(2))]),
        ]);

        ImmutableArray<double> Column(int index) => [.. rows.Select(row => row[index])];

        void Watch(MixedStep step)
        {
            step.State.Shares.CopyTo(stop.Shares, 0);
            stop.Load();
            stop.Design(arrays.Algorithm.DemandFloor, arrays.Algorithm.MenuSolver);
            stop.Post();
            stop.Value();
            var (profit, users) = (stop.OperatorUtility(), stop.UserUtility());
            var (served, all) = (0.0, arrays.Demand.Sum());
            var row = new double[6 + shown];
            for (var m = 0; m < arrays.Operators; m++)
            {
                var load = stop.Loads[((m + 1) * arrays.Types) - 1];
                served += load;
                if (m < shown)
                {
                    row[6 + m] = load;
                }
            }

            (row[0], row[1], row[2], row[3], row[4], row[5]) =
                (step.Iteration, step.Temperature, step.Move, profit, profit + users, all > 0 ? Math.Max(0, 1 - (served / all)) : 0);
            rows.Add(row);
        }
    }
}
