using System.Collections.Immutable;
using Menuet.Queueing;

namespace Menuet.Mechanisms.QueueTail;

/// <summary>Every law of the queueing library at the times asked for, and a simulation beside those of classes.</summary>
/// <remarks>
/// Guarantee: exact to 1e-12 but for the law of a class in a tandem, which is a stated approximation (see <see cref="Queueing.PriorityLaw"/>), and the simulated
/// columns, which are named so. Source: Zhan et al., Eqs. (3) to (12).
/// </remarks>
internal sealed class TandemLaws : ISolver<QueueTailMarket, QueueTailAnswer>
{
    public string Name => "exact";

    public string Summary => "Exact tail, both Chernoff bounds; with classes their own laws, the paper's aggregate law, and a simulation.";

    public ImmutableArray<Claim> Promises(QueueTailMarket market) => [Claim.Feasibility, Claim.Consistency];

    public Solution<QueueTailAnswer> Solve(QueueTailMarket market, SolveOptions options, CancellationToken cancellation)
    {
        var stages = market.Laws(market.TotalRate);
        var law = new SojournLaw(stages);
        var printed = ChernoffBound.Printed(stages, market.Zeta);
        var classes = market.Classes.IsDefault ? [] : market.Classes;
        var own = new PriorityLaw[classes.Length];
        var joint = new SojournLaw[classes.Length];
        var above = 0.0;
        for (var n = 0; n < classes.Length; n++)
        {
            own[n] = new(market.ServiceStages(), above, classes[n].ArrivalRate);
            above += classes[n].ArrivalRate;
            joint[n] = new(market.Laws(above));
        }

        var simulation = Simulate(market, law.IsStable, options.Seed, cancellation);
        var rows = ImmutableArray.CreateBuilder<QueueTailRow>(market.Times.Length);
        for (var i = 0; i < market.Times.Length; i++)
        {
            var time = market.Times[i];
            var optimal = ChernoffBound.Optimal(stages, time);
            var index = i;
            rows.Add(new QueueTailRow
            {
                Time = time,
                Exact = law.Tail(time),
                ChernoffPrinted = printed.Value(time),
                LogChernoffPrinted = printed.LogValue(time),
                EtaPrinted = printed.Exponent,
                ChernoffOptimal = optimal.Value(time),
                EtaOptimal = optimal.Exponent,
                Priority = classes.IsEmpty ? default : [.. own.Select(one => one.Tail(time))],
                Aggregate = classes.IsEmpty ? default : [.. joint.Select(one => one.Tail(time))],
                Simulated = simulation is null ? default : [.. simulation.ClassTails.Select(tails => tails[index].Value)],
                SimulatedHalfWidth = simulation is null ? default : [.. simulation.ClassTails.Select(tails => tails[index].HalfWidth)],
            });
        }

        var answer = new QueueTailAnswer
        {
            Status = "computed",
            Objective = rows[0].Exact,
            Stable = law.IsStable,
            ErlangC = [.. stages.Select(stage => stage.WaitingProbability)],
            Mean = law.IsStable ? law.Mean : null,
            PriorityLaw = classes.IsEmpty ? null : market.Stages.Length == 1 ? "exact" : "approximation",
            SimulatedTasks = simulation?.SimulatedTasks,
            Rows = rows.MoveToImmutable(),
        };
        return answer.Rows.All(row => double.IsFinite(row.Exact!.Value) && double.IsFinite(row.ChernoffOptimal!.Value) && double.IsFinite(row.LogChernoffPrinted!.Value))
            ? new(Termination.Optimal, answer, answer.Objective!.Value, market.Times.Length)
            : new(Termination.NumericalTrouble, null, Note: "the numbers of this tandem overflow", Reason: "overflow");
    }

    private static QueueSimulationResult? Simulate(QueueTailMarket market, bool stable, ulong seed, CancellationToken cancellation)
    {
        if (market.Classes.IsDefault || market.SimulatedTasks == 0 || !stable || market.TotalRate == 0)
        {
            return null;
        }

        double[] rates = [.. market.Classes.Select(one => one.ArrivalRate)];
        return new QueueSimulation(market.ServiceStages(), rates, market.Times.AsSpan()).Run(seed, market.SimulatedTasks, market.SimulatedTasks / 10, cancellation);
    }
}
