using System.Collections.Immutable;

namespace Menuet.Queueing;

/// <summary>
/// A simulation, event by event, of M/M/c stages in tandem under pre-emptive-resume priority: at every moment each stage serves the c tasks
/// that come first in the order (class, arrival at the stage). It shares no formula with the laws it checks.
/// </summary>
/// <remarks>
/// <para>Service is exponential, so a pre-empted task resumes with the same remaining law as it began with, and the next event of the whole network
/// comes after an exponential time of the total rate Λ + Σ_s μ_s min(N_s, c_s): one exponential and one uniform draw an event, no event
/// list. The uniform picks arrival and class, or stage and place among the served; the task leaves its class's line from that place.</para>
/// <para>Estimates: 64 batches of equally many finished tasks after a warm-up; the value is a ratio of sums, its half-width Student's 95 % of the
/// batches' deviations. Batches must be long against the network's memory, which grows like 1/(1 − ρ)²: many tasks near saturation.</para>
/// <para>Same seed, same bits, on every platform. The loop allocates nothing but longer lines when they fill.</para>
/// </remarks>
public sealed class QueueSimulation
{
    /// <summary>How many batches the finished tasks are divided into.</summary>
    public const int Batches = 64;

    private const double Student63 = 1.9983405417721;   // 97.5 % quantile of Student's law with 63 degrees of freedom

    private readonly ServiceStage[] _stages;
    private readonly double[] _arrivalRates;
    private readonly double[] _times;

    /// <summary>A network to be simulated.</summary>
    /// <param name="stages">The stages in the order of travel; at least one.</param>
    /// <param name="arrivalRates">Tasks per second of every class, highest priority first; at least one class, and one positive rate.</param>
    /// <param name="times">The t of P(T &gt; t), seconds, ascending; may be empty.</param>
    /// <exception cref="ArgumentException">A number out of its range, or a network that is overloaded and so has no stationary law to estimate.</exception>
    public QueueSimulation(ReadOnlySpan<ServiceStage> stages, ReadOnlySpan<double> arrivalRates, ReadOnlySpan<double> times)
    {
        var total = 0.0;
        foreach (var rate in arrivalRates)
        {
            if (!(rate >= 0 && double.IsFinite(rate)))
                throw new ArgumentOutOfRangeException(nameof(arrivalRates), rate, "An arrival rate is finite and at least 0.");
            total += rate;
        }
        if (total == 0)
            throw new ArgumentException("Nothing ever arrives.", nameof(arrivalRates));
        if (stages.IsEmpty)
            throw new ArgumentException("A network has at least one stage.", nameof(stages));
        foreach (var stage in stages)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(stage.Servers, nameof(stages));
            if (!(stage.ServiceRate > 0 && double.IsFinite(stage.ServiceRate)))
                throw new ArgumentOutOfRangeException(nameof(stages), stage.ServiceRate, "A service rate is positive and finite.");
            if (total >= stage.Servers * stage.ServiceRate)
                throw new ArgumentException($"{total} tasks/s overload {stage.Servers} servers of {stage.ServiceRate}/s: nothing is stationary.", nameof(stages));
        }
        for (var i = 0; i < times.Length; i++)
            if (!(times[i] >= 0 && (i == 0 || times[i] > times[i - 1])))
                throw new ArgumentException("Times are at least 0 and ascending.", nameof(times));
        _stages = stages.ToArray();
        _arrivalRates = arrivalRates.ToArray();
        _times = times.ToArray();
    }

    /// <summary>Simulates from an empty network.</summary>
    /// <param name="seed">Chooses the stream of random draws.</param>
    /// <param name="tasks">Finished tasks to count; at least one a batch, rounded down to equal batches.</param>
    /// <param name="warmup">Finished tasks to discard before that.</param>
    /// <param name="cancellation">Looked at after every batch.</param>
    /// <exception cref="ArgumentOutOfRangeException">Too few tasks, or a negative warm-up.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public QueueSimulationResult Run(ulong seed, long tasks, long warmup, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(tasks, Batches);
        ArgumentOutOfRangeException.ThrowIfNegative(warmup);
        var network = new Network(_stages, _arrivalRates, _times, seed);
        network.Finish(warmup);
        network.Forget();
        var perBatch = tasks / Batches;
        var counts = new long[Batches][];
        var sums = new double[Batches][];
        var (startEvents, startSeconds) = (network.Events, network.Now);
        for (var b = 0; b < Batches; b++)
        {
            cancellation.ThrowIfCancellationRequested();
            network.Finish(perBatch);
            counts[b] = [.. network.Bins];
            sums[b] = [.. network.Sums];
            network.Forget();
        }
        return Summarise(counts, sums, perBatch * Batches, network.Events - startEvents, network.Now - startSeconds);
    }

    private QueueSimulationResult Summarise(long[][] counts, double[][] sums, long tasks, long events, double seconds)
    {
        var classes = _arrivalRates.Length;
        var bins = _times.Length + 1;
        var weight = new double[Batches];
        var value = new double[Batches];
        return new QueueSimulationResult
        {
            SimulatedTasks = tasks,
            SimulatedEvents = events,
            SimulatedSeconds = seconds,
            Times = [.. _times],
            ClassMeans = [.. Enumerable.Range(0, classes).Select(k => Mean(k, k))],
            ClassTails = [.. Enumerable.Range(0, classes).Select(k => Tails(k, k))],
            AggregateMeans = [.. Enumerable.Range(0, classes).Select(k => Mean(0, k))],
            AggregateTails = [.. Enumerable.Range(0, classes).Select(k => Tails(0, k))],
        };

        SimulatedEstimate Mean(int from, int to)
        {
            for (var b = 0; b < Batches; b++)
            {
                weight[b] = counts[b].AsSpan(from * bins, (to - from + 1) * bins).ToArray().Sum();
                value[b] = sums[b][from..(to + 1)].Sum();
            }
            return Ratio(weight, value);
        }

        ImmutableArray<SimulatedEstimate> Tails(int from, int to)
        {
            var tails = ImmutableArray.CreateBuilder<SimulatedEstimate>(_times.Length);
            for (var i = 0; i < _times.Length; i++)
            {
                for (var b = 0; b < Batches; b++)
                {
                    (weight[b], value[b]) = (0, 0);
                    for (var k = from; k <= to; k++)
                    {
                        for (var bin = 0; bin < bins; bin++)
                        {
                            weight[b] += counts[b][k * bins + bin];
                            value[b] += bin > i ? counts[b][k * bins + bin] : 0;
                        }
                    }
                }
                var estimate = Ratio(weight, value);
                // Never seen, or never missed: 3.69/n is the 97.5 % limit for a probability without a case among n.
                tails.Add(estimate.HalfWidth == 0 ? estimate with { HalfWidth = 3.69 / weight.Sum() } : estimate);
            }
            return tails.MoveToImmutable();
        }
    }

    private static SimulatedEstimate Ratio(double[] weight, double[] value)
    {
        var total = weight.Sum();
        if (total == 0)
            return new(double.NaN, double.PositiveInfinity);
        var ratio = value.Sum() / total;
        var squares = 0.0;
        for (var b = 0; b < Batches; b++)
        {
            var deviation = value[b] - ratio * weight[b];
            squares += deviation * deviation;
        }
        return new(ratio, Student63 * Math.Sqrt(squares * Batches / (Batches - 1)) / total);
    }

    /// <summary>The state of the network: for every stage and class, the tasks present as the times at which they entered the network.</summary>
    private sealed class Network
    {
        private readonly int _classes;
        private readonly double[] _classEnd;     // cumulative arrival rates
        private readonly double[] _serviceRate;
        private readonly int[] _servers;
        private readonly int[] _present;         // per stage
        private readonly Line[] _lines;          // [stage, class]
        private readonly double[] _times;
        private Rng _rng;

        internal Network(ServiceStage[] stages, double[] arrivalRates, double[] times, ulong seed)
        {
            _classes = arrivalRates.Length;
            _classEnd = new double[_classes];
            var sum = 0.0;
            for (var k = 0; k < _classes; k++)
                _classEnd[k] = sum += arrivalRates[k];
            _serviceRate = [.. stages.Select(s => s.ServiceRate)];
            _servers = [.. stages.Select(s => s.Servers)];
            _present = new int[stages.Length];
            _lines = new Line[stages.Length * _classes];
            for (var i = 0; i < _lines.Length; i++)
                _lines[i].Places = new double[256];
            _times = times;
            _rng = Rng.Stream(seed, 0);
            Bins = new long[_classes * (times.Length + 1)];
            Sums = new double[_classes];
        }

        internal double Now { get; private set; }

        internal long Events { get; private set; }

        /// <summary>[class, bin]: finished tasks whose time exceeds the first <c>bin</c> times and no more.</summary>
        internal long[] Bins { get; }

        /// <summary>[class]: total time of the finished tasks.</summary>
        internal double[] Sums { get; }

        internal void Forget()
        {
            Array.Clear(Bins);
            Array.Clear(Sums);
        }

        /// <summary>Runs until that many more tasks have left the last stage.</summary>
        internal void Finish(long tasks)
        {
            var rng = _rng;
            var now = Now;
            var events = Events;
            var arrivals = _classEnd[^1];
            var (present, servers, serviceRate) = (_present, _servers, _serviceRate);
            while (tasks > 0)
            {
                events++;
                var total = arrivals;
                for (var s = 0; s < servers.Length; s++)
                    total += serviceRate[s] * Math.Min(present[s], servers[s]);
                now += rng.NextExponential() / total;
                var rest = rng.NextDouble() * total;
                if (rest < arrivals)
                {
                    var arriving = 0;
                    while (rest >= _classEnd[arriving])
                        arriving++;
                    _lines[arriving].Add(now);
                    present[0]++;
                    continue;
                }
                rest -= arrivals;
                var stage = 0;
                for (; stage < servers.Length - 1; stage++)
                {
                    var busy = serviceRate[stage] * Math.Min(present[stage], servers[stage]);
                    if (rest < busy)
                        break;
                    rest -= busy;
                }
                var served = Math.Min(present[stage], servers[stage]);
                if (served == 0)
                    continue;   // rounding let the sum of parts fall short of the total: no event
                var place = Math.Min((int)(rest / serviceRate[stage]), served - 1);
                var line = stage * _classes;
                while (place >= _lines[line].Count)
                    place -= _lines[line++].Count;
                var entered = _lines[line].RemoveAt(place);
                present[stage]--;
                if (stage < servers.Length - 1)
                {
                    _lines[line + _classes].Add(entered);
                    present[stage + 1]++;
                }
                else
                {
                    Record(line - stage * _classes, now - entered);
                    tasks--;
                }
            }
            (_rng, Now, Events) = (rng, now, events);
        }

        private void Record(int taskClass, double time)
        {
            var bin = 0;
            while (bin < _times.Length && time > _times[bin])
                bin++;
            Bins[taskClass * (_times.Length + 1) + bin]++;
            Sums[taskClass] += time;
        }
    }

    /// <summary>First in, first out, with removal near the front: a ring whose length is a power of two.</summary>
    private struct Line
    {
        internal double[] Places;
        internal int Count;
        private int _first;

        internal void Add(double entered)
        {
            if (Count == Places.Length)
                Grow();
            Places[(_first + Count++) & (Places.Length - 1)] = entered;
        }

        /// <summary>Takes a task out; those before it move one place back, so that the order stays.</summary>
        internal double RemoveAt(int place)
        {
            var places = Places;
            var mask = places.Length - 1;
            var at = (_first + place) & mask;
            var entered = places[at];
            if (at >= place)
                Array.Copy(places, at - place, places, at - place + 1, place);
            else
            {
                for (; place > 0; place--)
                {
                    var before = (at - 1) & mask;
                    places[at & mask] = places[before];
                    at = before;
                }
            }
            _first = (_first + 1) & mask;
            Count--;
            return entered;
        }

        private void Grow()
        {
            var longer = new double[2 * Places.Length];
            for (var i = 0; i < Count; i++)
                longer[i] = Places[(_first + i) & (Places.Length - 1)];
            (Places, _first) = (longer, 0);
        }
    }
}
