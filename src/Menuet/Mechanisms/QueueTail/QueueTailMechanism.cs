using System.Collections.Immutable;

namespace Menuet.Mechanisms.QueueTail;

/// <summary>The latency law of a tandem of queues, by every formula side by side. Source: Zhan et al., Sec. III-B.</summary>
public static class QueueTailMechanism
{
    /// <summary>The door.</summary>
    public static Mechanism<QueueTailMarket, QueueTailAnswer, QueueTailAnswer> Door { get; } = new()
    {
        Kind = "queue-tail",
        Title = "Latency tail of queues in tandem",
        Source = "Zhan et al.",
        MarketShape = QueueTailMarket.Shape,
        AnswerShape = QueueTailAnswer.Shape,
        SolverList = [new TandemLaws(), new TandemReference()],
        Describe = static (_, solution) => solution.Outcome ?? new() { Status = "numericalTrouble" },
        Audit = QueueTailAudit.Check,
        Graded = static (_, answer) => answer with { Objective = answer.Rows[0].Exact },
        AnswerProblems = QueueTailAudit.AnswerProblems,
        Tables = Tables,
        Schemes = Compare,
    };

    private static ImmutableArray<Table> Tables(QueueTailMarket market, QueueTailAnswer answer)
    {
        var tables = ImmutableArray.Create(QueueTailRow.Shape.Tabulate(
            "Probability of a task later than t", answer.Rows, "timeSeconds", "exact", "chernoffOptimal", "chernoffPrinted", "etaOptimal", "etaPrinted"));
        if (market.Classes.IsDefault || answer.Rows.IsEmpty)
        {
            return tables;
        }

        var rows = ImmutableArray.CreateBuilder<ImmutableArray<object?>>();
        foreach (var row in answer.Rows)
        {
            for (var n = 0; n < market.Classes.Length; n++)
            {
                rows.Add(
                [
                    row.Time, n + 1, At(row.Priority, n), At(row.Aggregate, n), At(row.Simulated, n), At(row.SimulatedHalfWidth, n),
                ]);
            }
        }

        var title = answer.SimulatedTasks is { } tasks
            ? FormattableString.Invariant($"By class of priority, beside a simulation of {tasks:N0} tasks")
            : "By class of priority";
        return tables.Add(new(
            title,
            [
                new("time", "s"), new("class"), new(answer.PriorityLaw == "exact" ? "own law" : "own law (approximate)"), new("paper's law (first come, first served up to it)"),
                new("simulated"), new("± (95 %)"),
            ],
            rows.ToImmutable()));

        static object? At(ImmutableArray<double> values, int n) => values.IsDefault ? null : values[n];
    }

    /// <summary>The laws at the first time, as shares of the exact one.</summary>
    private static Comparison Compare(QueueTailMarket market, SolveOptions options, CancellationToken cancellation)
    {
        var answer = new TandemLaws().Solve(market with { SimulatedTasks = 0 }, options, cancellation).Outcome;
        var schemes = ImmutableArray.CreateBuilder<Scheme>();
        if (answer is null)
        {
            return new("exact", [], [new("exact", "the exact law", null, [], "numerical trouble")]);
        }

        var row = answer.Rows[0];
        schemes.Add(new("exact", "the exact tail at the first time, first come, first served", row.Exact, []));
        schemes.Add(new("chernoffOptimal", "Chernoff's bound with the best exponent", row.ChernoffOptimal, []));
        schemes.Add(new("chernoffPrinted", "Chernoff's bound with the paper's exponent", row.ChernoffPrinted, []));
        if (!row.Priority.IsDefault)
        {
            schemes.Add(new("lowestClass", "the law of the lowest class under priorities", row.Priority[^1], [], answer.PriorityLaw == "exact" ? "" : "approximation: independent sojourns"));
            schemes.Add(new("highestClass", "the law of the highest class under priorities", row.Priority[0], [], answer.PriorityLaw == "exact" ? "" : "approximation: independent sojourns"));
        }

        return new("exact", [], schemes.ToImmutable());
    }
}
