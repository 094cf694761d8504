using System.Collections.Immutable;

namespace Menuet.Mechanisms.QueueTail;

/// <summary>
/// The same by first principles: Erlang C from the stationary distribution, the tail as the survival of a chain of phases whose transition matrix is squared,
/// the best exponent by halving. Shares no code with <see cref="TandemLaws"/>.
/// </summary>
/// <remarks>Refuses classes and more than 10,000 servers. Absolute accuracy 1e-11.</remarks>
internal sealed class TandemReference : ISolver<QueueTailMarket, QueueTailAnswer>
{
    private const int MostServers = 10_000;

    public string Name => "reference";

    public string Summary => "First principles: phase chain by repeated squaring, exponents by halving; one stream, at most 10,000 servers a stage.";

    public ImmutableArray<Claim> Promises(QueueTailMarket market) => [Claim.Feasibility, Claim.Consistency];

    public Solution<QueueTailAnswer> Solve(QueueTailMarket market, SolveOptions options, CancellationToken cancellation)
    {
        if (!market.Classes.IsDefault)
        {
            throw new InvalidRequestException([new("$.classes", "solver reference knows one stream; use arrivalRatePerSecond, or the solver exact", "[…]")], "queue-tail");
        }

        for (var s = 0; s < market.Stages.Length; s++)
        {
            if (market.Stages[s].Servers > MostServers)
            {
                throw new InvalidRequestException(
                    [Problem.With($"$.stages[{s}].servers", market.Stages[s].Servers, $"solver reference takes at most {MostServers}; use the solver exact")], "queue-tail");
            }
        }

        var chain = new PhaseChain(market, market.ArrivalRate!.Value);
        var eta = chain.Stable ? market.Zeta * chain.Spare.Zip(market.Stages, (spare, stage) => spare / stage.Servers).Min() : 0;
        var rows = ImmutableArray.CreateBuilder<QueueTailRow>();
        foreach (var time in market.Times)
        {
            var best = chain.Stable ? chain.BestExponent(time) : 0;
            rows.Add(new QueueTailRow
            {
                Time = time,
                Exact = chain.Tail(time),
                LogChernoffPrinted = chain.Stable ? chain.Cumulant(eta) - (eta * time) : 0,
                ChernoffPrinted = chain.Stable ? Math.Min(1, Math.Exp(chain.Cumulant(eta) - (eta * time))) : 1,
                EtaPrinted = eta,
                ChernoffOptimal = chain.Stable ? Math.Min(1, Math.Exp(chain.Cumulant(best) - (best * time))) : 1,
                EtaOptimal = best,
            });
        }

        var answer = new QueueTailAnswer
        {
            Status = "computed",
            Objective = rows[0].Exact,
            Stable = chain.Stable,
            ErlangC = [.. chain.Waiting],
            Mean = chain.Stable ? chain.Mean : null,
            Rows = rows.ToImmutable(),
        };
        return rows.All(row => double.IsFinite(row.Exact!.Value) && double.IsFinite(row.LogChernoffPrinted!.Value) && double.IsFinite(row.ChernoffOptimal!.Value))
            ? new(Termination.Optimal, answer, answer.Objective!.Value, rows.Count)
            : new(Termination.NumericalTrouble, null, Note: "the numbers of this tandem overflow", Reason: "overflow");
    }
}

/// <summary>A tandem as a chain of phases, waiting and in service, one pair a stage; for reference and audit.</summary>
internal sealed class PhaseChain
{
    private readonly double[] rates;   // leaving each phase: r_1, μ_1, r_2, μ_2, …

    internal PhaseChain(QueueTailMarket market, double load)
    {
        Waiting = [.. market.Stages.Select(stage => Busy(stage.Servers, load / stage.ServiceRate))];
        Spare = [.. market.Stages.Select(stage => (stage.Servers * stage.ServiceRate) - load)];
        Stable = Spare.All(spare => spare > 0);
        rates = [.. market.Stages.SelectMany((stage, s) => new[] { Spare[s], stage.ServiceRate })];
        Mean = market.Stages.Select((stage, s) => (1 / stage.ServiceRate) + (Waiting[s] / Spare[s])).Sum();
    }

    internal double[] Waiting { get; }

    internal double[] Spare { get; }

    internal bool Stable { get; }

    internal double Mean { get; }

    /// <summary>What rounding can add up to in <see cref="Tail"/>: squaring doubles it, log₂ of the fastest rate times.</summary>
    internal double Error(double time) => Math.Min(1, 1e-15 * (1 + (rates.Max(Math.Abs) * time)));

    /// <summary>ln Π G_s(η).</summary>
    internal double Cumulant(double eta)
    {
        var sum = 0.0;
        for (var s = 0; s < Waiting.Length; s++)
        {
            var (r, mu) = (rates[2 * s], rates[(2 * s) + 1]);
            sum += Math.Log((1 - Waiting[s]) + (Waiting[s] == 0 ? 0 : Waiting[s] * r / (r - eta))) + Math.Log(mu / (mu - eta));
        }

        return sum;
    }

    /// <summary>The root of K′(η) = t by halving; 0 where t ≤ E[T].</summary>
    internal double BestExponent(double time)
    {
        if (time <= Mean)
        {
            return 0;
        }

        var (low, high) = (0.0, double.PositiveInfinity);
        for (var s = 0; s < Waiting.Length; s++)
        {
            high = Math.Min(high, Waiting[s] > 0 ? Math.Min(rates[2 * s], rates[(2 * s) + 1]) : rates[(2 * s) + 1]);
        }

        for (var i = 0; i < 200; i++)
        {
            var eta = 0.5 * (low + high);
            var slope = 0.0;
            for (var s = 0; s < Waiting.Length; s++)
            {
                var (r, mu, c) = (rates[2 * s], rates[(2 * s) + 1], Waiting[s]);
                slope += 1 / (mu - eta);
                slope += c == 0 ? 0 : c * r / ((r - eta) * (r - eta)) / ((1 - c) + (c * r / (r - eta)));
            }

            (low, high) = slope < time ? (eta, high) : (low, eta);
        }

        return low;
    }

    /// <summary>P(T &gt; t): what is left in the phases, by the series of exp(Qh) for small h and squaring.</summary>
    internal double Tail(double time)
    {
        if (!Stable || time <= 0)
        {
            return 1;
        }

        var size = rates.Length;
        var fastest = rates.Max();
        if (rates.Min() * time > 800)
        {
            return 0;
        }

        var squarings = Math.Max(0, (int)Math.Ceiling(Math.Log2(fastest * time)));
        var step = time / Math.Pow(2, squarings);
        var transfer = new double[size, size];
        for (var i = 0; i < size; i++)
        {
            transfer[i, i] = 1 - (rates[i] / fastest);
            var stage = i / 2;
            if (i % 2 == 0)
            {
                transfer[i, i + 1] += rates[i] / fastest;   // from waiting into service
            }
            else if (stage + 1 < Waiting.Length)
            {
                transfer[i, 2 * (stage + 1)] += rates[i] / fastest * Waiting[stage + 1];
                transfer[i, (2 * (stage + 1)) + 1] += rates[i] / fastest * (1 - Waiting[stage + 1]);
            }
        }

        // exp(Qh) = e^{−qh} Σ (qh)^k/k! P^k: every term is positive.
        var sum = new double[size, size];
        var power = new double[size, size];
        var scaled = fastest * step;
        var weight = Math.Exp(-scaled);
        for (var i = 0; i < size; i++)
        {
            power[i, i] = 1;
        }

        for (var k = 0; k < 40; k++)
        {
            for (var i = 0; i < size; i++)
            {
                for (var j = 0; j < size; j++)
                {
                    sum[i, j] += weight * power[i, j];
                }
            }

            power = Product(power, transfer);
            weight *= scaled / (k + 1);
        }

        for (var i = 0; i < squarings; i++)
        {
            sum = Product(sum, sum);
        }

        var left = 0.0;
        for (var j = 0; j < size; j++)
        {
            left += (Waiting[0] * sum[0, j]) + ((1 - Waiting[0]) * sum[1, j]);
        }

        return Math.Min(1, left);
    }

    /// <summary>P(all servers busy) of M/M/c from its stationary distribution, summed outwards from the most likely state.</summary>
    private static double Busy(int servers, double load)
    {
        if (load >= servers)
        {
            return 1;
        }

        if (load == 0)
        {
            return 0;
        }

        var mode = (int)load;
        var (below, term) = (mode < servers ? 1.0 : 0.0, 1.0);
        for (var k = mode; k > 0 && term > 1e-30; k--)
        {
            term *= k / load;
            below += term;
        }

        term = 1;
        for (var k = mode + 1; k < servers; k++)
        {
            term *= load / k;
            below += term;
        }

        var full = term * load / servers / (1 - (load / servers));   // servers or more present
        return full / (below + full);
    }

    private static double[,] Product(double[,] a, double[,] b)
    {
        var size = a.GetLength(0);
        var result = new double[size, size];
        for (var i = 0; i < size; i++)
        {
            for (var k = i; k < size; k++)
            {
                for (var j = k; j < size; j++)
                {
                    result[i, j] += a[i, k] * b[k, j];
                }
            }
        }

        return result;
    }
}
