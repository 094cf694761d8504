using Menuet.Queueing;

namespace Menuet.Mechanisms.ContractMarket;

/// <summary>
/// A lower bound of min_L ρL + p(L) over the permitted latencies, at one load of one operator and every higher one, for every rate ρ ≥ 0.
/// </summary>
/// <remarks>
/// <para>p is replaced by p̲ ≤ p, which rises with load: the exact tail and the best Chernoff bound do so themselves; for the printed bound the best exponent up to the printed
/// one is taken, because a higher load has a smaller printed exponent and a larger K.</para>
/// <para>h(ρ) = min_L ρL + p̲(L) is concave, so that chords between knots lie below it; beyond the last knot ρL_min + [h − ρL_min](last) does, since h(ρ) − ρL_min rises.
/// Knots divide every octave into equal parts, so that the bits of ρ tell its place.</para>
/// </remarks>
internal readonly struct OptimisticLateness
{
    private const int MantissaBits = 52;

    private readonly int shift;
    private readonly long first;
    private readonly double[] intercept;   // of the chord from knot k − 1 to knot k; 0: from ρ = 0; last: beyond the last knot
    private readonly double[] slope;

    /// <summary>Tabulates h.</summary>
    /// <param name="market">The market.</param>
    /// <param name="m">The operator.</param>
    /// <param name="load">λ, tasks per second.</param>
    /// <param name="lowest">Rates are hardly below this; &gt; 0.</param>
    internal OptimisticLateness(MarketArrays market, int m, double load, double lowest)
    {
        var point = new OptimisticTail(market, m, load);
        shift = MantissaBits - (market.Algorithm.Tail == LatencyTail.Exact ? 2 : 4);
        first = BitConverter.DoubleToInt64Bits(lowest) >> shift;
        var highest = lowest;
        foreach (var stage in market.StagesOf(m))
        {
            highest = Math.Max(highest, 2 * stage.ServiceRate);
        }

        var knots = point.IsStable ? (int)Math.Min((BitConverter.DoubleToInt64Bits(highest) >> shift) - first + 1, 1 << 12) : 1;
        intercept = new double[knots + 1];
        slope = new double[knots + 1];
        var (before, value) = (0.0, point.Least(0));
        for (var k = 0; k < knots; k++)
        {
            var at = BitConverter.Int64BitsToDouble((first + k) << shift);
            var next = point.Least(at);
            slope[k] = (next - value) / (at - before);
            intercept[k] = value - (slope[k] * before);
            (before, value) = (at, next);
        }

        slope[knots] = market.MinLatency;
        intercept[knots] = value - (before * market.MinLatency);
    }

    /// <summary>A lower bound of min_L κL + s p(L), exact up to the chords: s (a + b κ/s).</summary>
    /// <param name="kappa">κ ≥ 0.</param>
    /// <param name="stake">s &gt; 0.</param>
    internal double Least(double kappa, double stake)
    {
        var place = (BitConverter.DoubleToInt64Bits(kappa / stake) >> shift) - first + 1;
        var k = (int)Math.Clamp(place, 0, intercept.Length - 1);
        return (stake * intercept[k]) + (kappa * slope[k]);
    }
}

/// <summary>p̲ of one operator at one load: at most p there and at every higher load.</summary>
internal readonly struct OptimisticTail
{
    private readonly MarketArrays market;
    private readonly CumulantTransform transform;
    private readonly SojournLaw law;
    private readonly double limit;       // the printed exponent
    private readonly double amplitude;   // e^K there

    internal OptimisticTail(MarketArrays market, int m, double load)
    {
        this.market = market;
        var stages = market.StagesOf(m);
        Span<StageLaw> laws = [new(stages[0], load), new(stages[1], load), new(stages[2], load)];
        IsStable = laws[0].IsStable && laws[1].IsStable && laws[2].IsStable;
        if (!IsStable)
        {
            return;
        }

        transform = new(
            stages[0].ServiceRate, laws[0].WaitingProbability, laws[0].SpareRate,
            stages[1].ServiceRate, laws[1].WaitingProbability, laws[1].SpareRate,
            stages[2].ServiceRate, laws[2].WaitingProbability, laws[2].SpareRate);
        limit = double.PositiveInfinity;
        amplitude = 1;
        if (market.Algorithm.Tail == LatencyTail.Exact)
        {
            law = new(laws);
        }

        if (market.Algorithm.Tail == LatencyTail.ChernoffPrinted)
        {
            for (var s = 0; s < laws.Length; s++)
            {
                limit = Math.Min(limit, laws[s].SpareRate / stages[s].Servers);
            }

            limit *= market.Algorithm.Zeta;
            foreach (var one in laws)
            {
                var (mu, c, r) = (one.ServiceRate, one.WaitingProbability, one.SpareRate);
                amplitude *= ((r - limit) + (c * limit)) / (r - limit) * (mu / (mu - limit));
            }
        }
    }

    internal bool IsStable { get; }

    /// <summary>min_L ρL + p̲(L); the slope of p̲ rises once and falls once, so the least is at an end or at the last place where it equals −ρ.</summary>
    internal double Least(double rate)
    {
        if (!IsStable)
        {
            return (rate * market.MinLatency) + 1;
        }

        var least = Math.Min(Cost(rate, market.MinLatency), Cost(rate, market.MaxLatency));
        if (!(rate > 0))
        {
            return least;
        }

        var exponent = 0.0;
        least = Math.Min(least, Cost(rate, market.Algorithm.Tail == LatencyTail.Exact
            ? LatencyTails.Stationary(law, Math.Log(rate))
            : transform.Stationary(Math.Log(rate), ref exponent)));
        return market.Algorithm.Tail == LatencyTail.ChernoffPrinted
            ? Math.Min(least, Cost(rate, Math.Log(limit * amplitude / rate) / limit))
            : least;
    }

    private double Cost(double rate, double latency)
    {
        if (double.IsNaN(latency))
        {
            return double.PositiveInfinity;
        }

        var at = Math.Clamp(latency, market.MinLatency, market.MaxLatency);
        return (rate * at) + Probability(at);
    }

    private double Probability(double latency)
    {
        if (market.Algorithm.Tail == LatencyTail.Exact)
        {
            return law.Tail(latency);
        }

        var value = transform.Value(latency, out var exponent);
        return market.Algorithm.Tail == LatencyTail.ChernoffPrinted && exponent > limit
            ? Math.Min(1, amplitude * Math.Exp(-limit * latency))
            : value;
    }
}
