using System.Collections.Immutable;
using Menuet.Queueing;

namespace Menuet.Mechanisms.QueueTail;

/// <summary>Judges reported probabilities: order and bounds by themselves, values by the phase chain, which shares no code with the exact solver.</summary>
internal static class QueueTailAudit
{
    internal static IEnumerable<Problem> AnswerProblems(QueueTailMarket market, QueueTailAnswer answer)
    {
        if (answer.Rows.IsDefault || answer.Rows.Length != market.Times.Length)
        {
            yield return new("$.rows", FormattableString.Invariant($"must have {market.Times.Length} entries, one per time"), "[…]");
            yield break;
        }

        if (!answer.ErlangC.IsDefault && answer.ErlangC.Length != market.Stages.Length)
        {
            yield return new("$.erlangC", FormattableString.Invariant($"must have {market.Stages.Length} entries, one per stage"), "[…]");
        }

        var classes = market.Classes.IsDefault ? 0 : market.Classes.Length;
        for (var i = 0; i < answer.Rows.Length; i++)
        {
            (string Key, ImmutableArray<double> Values)[] lists =
            [
                ("priorityClass", answer.Rows[i].Priority), ("aggregate", answer.Rows[i].Aggregate), ("simulated", answer.Rows[i].Simulated),
                ("simulatedHalfWidth", answer.Rows[i].SimulatedHalfWidth),
            ];
            foreach (var (key, values) in lists)
            {
                if (!values.IsDefault && values.Length != classes)
                {
                    yield return new($"$.rows[{i}].{key}", FormattableString.Invariant($"must have {classes} entries, one per class"), "[…]");
                }
            }
        }
    }

    internal static Audit Check(QueueTailMarket market, QueueTailAnswer answer, SolveOptions options)
    {
        var chain = new PhaseChain(market, market.TotalRate);
        return new([Stability(market, chain), Feasibility(answer, options.Tolerance), Consistency(market, answer, chain, options.Tolerance)]);
    }

    private static Certificate Stability(QueueTailMarket market, PhaseChain chain)
    {
        var inspection = new Inspection(Claim.QueueStability, 0, "Zhan et al., Eq. (5): r = cμ − λ > 0, as a share of cμ");
        for (var s = 0; s < chain.Spare.Length; s++)
        {
            var spare = chain.Spare[s] / (market.Stages[s].Servers * market.Stages[s].ServiceRate);
            inspection.Check(spare > 0 ? spare : Math.Min(spare, -double.Epsilon), s, s, static (i, _) => $"stage {i + 1}");
        }

        return inspection.Conclude();
    }

    private static Certificate Feasibility(QueueTailAnswer answer, double tolerance)
    {
        var inspection = new Inspection(Claim.Feasibility, tolerance, "probabilities lie in [0, 1], fall with time, and exact ≤ best Chernoff bound ≤ printed bound");
        for (var i = 0; i < answer.Rows.Length; i++)
        {
            var row = answer.Rows[i];
            Within(row.Exact, i, "exact");
            Within(row.ChernoffOptimal, i, "chernoffOptimal");
            Within(row.ChernoffPrinted, i, "chernoffPrinted");
            Below(row.Exact, row.ChernoffOptimal, i, "exact ≤ chernoffOptimal");
            Below(row.ChernoffOptimal, row.ChernoffPrinted, i, "chernoffOptimal ≤ chernoffPrinted");
            foreach (var list in new[] { row.Priority, row.Aggregate, row.Simulated })
            {
                foreach (var value in list.IsDefault ? [] : list)
                {
                    Within(value, i, "class");
                }
            }

            if (i > 0)
            {
                Below(row.Exact, answer.Rows[i - 1].Exact, i, "exact falls");
                Below(row.ChernoffOptimal, answer.Rows[i - 1].ChernoffOptimal, i, "chernoffOptimal falls");
                Below(row.ChernoffPrinted, answer.Rows[i - 1].ChernoffPrinted, i, "chernoffPrinted falls");
            }
        }

        return inspection.Conclude();

        void Within(double? value, int i, string name)
        {
            if (value is { } number)
            {
                inspection.Check(Math.Min(number, 1 - number), i, 0, (k, _) => $"{name} in row {k + 1}");
            }
        }

        void Below(double? lower, double? upper, int i, string name)
        {
            if (lower is { } low && upper is { } high)
            {
                inspection.Check(high - low, i, 0, (k, _) => $"{name} in row {k + 1}");
            }
        }
    }

    private static Certificate Consistency(QueueTailMarket market, QueueTailAnswer answer, PhaseChain chain, double tolerance)
    {
        var inspection = new Inspection(Claim.Consistency, tolerance + chain.Error(market.Times[^1]), "Zhan et al., Eqs. (4) to (12), by a chain of phases; absolute differences of probabilities");
        inspection.Check(answer.Stable == chain.Stable ? 0 : -1, "stable");
        for (var s = 0; s < market.Stages.Length && !answer.ErlangC.IsDefault; s++)
        {
            Agree(answer.ErlangC[s], chain.Waiting[s], 1, s, "erlangC of stage");
        }

        if (chain.Stable)
        {
            Agree(answer.Mean, chain.Mean, chain.Mean, 0, "meanSeconds");
        }

        var eta = chain.Stable ? market.Zeta * market.Stages.Select((stage, s) => chain.Spare[s] / stage.Servers).Min() : 0;
        var cumulant = chain.Stable ? chain.Cumulant(eta) : 0;
        for (var i = 0; i < answer.Rows.Length; i++)
        {
            var row = answer.Rows[i];
            var time = market.Times[i];
            Agree(row.Time, time, Math.Max(time, double.Epsilon), i, "time of row");
            Agree(row.Exact, chain.Tail(time), 1, i, "exact in row");
            Agree(row.EtaPrinted, eta, Math.Max(eta, double.Epsilon), i, "etaPrinted in row");
            Agree(row.LogChernoffPrinted, cumulant - (eta * time), 1 + cumulant + (eta * time), i, "lnChernoffPrintedUnclamped in row");
            Agree(row.ChernoffPrinted, Math.Min(1, Math.Exp(cumulant - (eta * time))), 1, i, "chernoffPrinted in row");
            var best = chain.Stable ? chain.BestExponent(time) : 0;
            var bound = best > 0 ? Math.Min(1, Math.Exp(chain.Cumulant(best) - (best * time))) : 1;
            Agree(row.ChernoffOptimal, bound, 1, i, "chernoffOptimal in row");
            if (row.EtaOptimal is { } exponent)
            {
                // Flat at its minimum: the exponent is right when its bound is.
                var reached = exponent <= 0 ? 1 : Math.Min(1, Math.Exp(chain.Cumulant(exponent) - (exponent * time)));
                Agree(reached, bound, 1, i, "etaOptimal in row");
            }

            Classes(row, time, i);
        }

        Agree(answer.Objective, chain.Tail(market.Times[0]), 1, 0, "objective, row");
        return inspection.Conclude();

        void Classes(QueueTailRow row, double time, int i)
        {
            var above = 0.0;
            for (var n = 0; !market.Classes.IsDefault && n < market.Classes.Length; n++)
            {
                var own = market.Classes[n].ArrivalRate;
                if (!row.Priority.IsDefault)
                {
                    // The law of a class has its own reference in the library's tests; here it is only computed again.
                    Agree(row.Priority[n], new PriorityLaw(market.ServiceStages(), above, own).Tail(time), 1, i, "priorityClass in row");
                }

                above += own;
                if (!row.Aggregate.IsDefault)
                {
                    Agree(row.Aggregate[n], new PhaseChain(market, above).Tail(time), 1, i, "aggregate in row");
                }
            }
        }

        void Agree(double? reported, double derived, double size, int index, string name)
        {
            if (reported is { } value)
            {
                inspection.Check(-Math.Abs(value - derived) / size, index, 0, (i, _) => $"{name} {i + 1}");
            }
        }
    }
}
