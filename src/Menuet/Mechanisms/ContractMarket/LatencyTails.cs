using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Menuet.Queueing;

namespace Menuet.Mechanisms.ContractMarket;

/// <summary>
/// The probability p_{m,n}(L) that a task of class n with operator m is later than L, at given cumulative loads: always the law of the classes 1..n
/// together, as the paper has it. Loading a row and evaluating allocate nothing.
/// </summary>
/// <remarks>
/// <para>Unstable cells (some r ≤ 0) have p = 1 at every L.</para>
/// <para>Source: Zhan et al., Eqs. (3) to (12). Deviates: see <see cref="ChernoffBound"/> and <see cref="SojournLaw"/>.</para>
/// </remarks>
internal sealed class LatencyTails
{
    private readonly MarketArrays market;
    private readonly LatencyTail kind;
    private readonly double[] loads;             // one row, padded
    private readonly double[][] waiting;         // [stage][cell]: C
    private readonly double[][] spare;           // [stage][cell]: r
    private readonly bool[] stable;
    private readonly SojournLaw[] laws;          // exact

    /// <summary>Room for every operator and type of a market, all unloaded.</summary>
    internal LatencyTails(MarketArrays market)
    {
        this.market = market;
        kind = market.Algorithm.Tail;
        Stride = (market.Types + ErlangRow.Lanes - 1) / ErlangRow.Lanes * ErlangRow.Lanes;
        loads = new double[Stride];
        var cells = market.Operators * Stride;
        waiting = [new double[cells], new double[cells], new double[cells]];
        spare = [new double[cells], new double[cells], new double[cells]];
        stable = new bool[cells];
        LogAmplitude = kind == LatencyTail.ChernoffPrinted ? new double[cells] : [];
        Exponent = kind == LatencyTail.Exact ? [] : new double[cells];
        laws = kind == LatencyTail.Exact ? new SojournLaw[cells] : [];
    }

    /// <summary>Cells of one operator, a multiple of eight; the cell of (m, n) is m × Stride + n.</summary>
    internal int Stride { get; }

    /// <summary>ln A of the printed bound, per cell; 0 where unstable. Empty for the other tails.</summary>
    internal double[] LogAmplitude { get; }

    /// <summary>η of the printed bound, per cell; 0 where unstable. For the optimal bound a starting point only.</summary>
    internal double[] Exponent { get; }

    /// <summary>Sets the laws of one operator.</summary>
    /// <param name="m">The operator.</param>
    /// <param name="cumulative">λ_{m,n}, tasks per second, length N, nondecreasing.</param>
    internal void Load(int m, ReadOnlySpan<double> cumulative)
    {
        cumulative.CopyTo(loads);
        loads.AsSpan(cumulative.Length).Fill(cumulative[^1]);
        var row = m * Stride;
        for (var s = 0; s < MarketArrays.StageCount; s++)
        {
            ErlangRow.Fill(market.Stages[(MarketArrays.StageCount * m) + s], loads, waiting[s].AsSpan(row, Stride), spare[s].AsSpan(row, Stride));
        }

        if (kind == LatencyTail.ChernoffPrinted)
        {
            LoadPrinted(m, row);
            return;
        }

        for (var cell = row; cell < row + market.Types; cell++)
        {
            stable[cell] = spare[0][cell] > 0 && spare[1][cell] > 0 && spare[2][cell] > 0;
        }

        if (kind == LatencyTail.Exact)
        {
            Span<StageLaw> stages = stackalloc StageLaw[MarketArrays.StageCount];
            for (var n = 0; n < market.Types; n++)
            {
                for (var s = 0; s < stages.Length; s++)
                {
                    stages[s] = new(market.Stages[(MarketArrays.StageCount * m) + s], loads[n]);
                }

                laws[row + n] = new(stages);
            }
        }
    }

    /// <summary>Whether every stage of (m, n) has spare rate.</summary>
    internal bool IsStable(int cell) => kind == LatencyTail.ChernoffPrinted ? Exponent[cell] > 0 : stable[cell];

    /// <summary>p(L) in [0, 1].</summary>
    internal double Probability(int cell, double latency) => kind switch
    {
        LatencyTail.ChernoffPrinted => Math.Exp(Math.Min(0, LogAmplitude[cell] - (Exponent[cell] * latency))),
        LatencyTail.ChernoffOptimal => stable[cell] ? Transform(cell).Value(latency, out _) : 1,
        _ => laws[cell].Tail(latency),
    };

    /// <summary>p(L), and −dp/dL ≥ 0 per second (the one-sided derivative to the right at a kink).</summary>
    internal double Probability(int cell, double latency, out double slope)
    {
        if (kind == LatencyTail.Exact)
        {
            laws[cell].Evaluate(latency, out var tail, out slope);
            return tail;
        }

        var exponent = 0.0;
        double value;
        if (kind == LatencyTail.ChernoffPrinted)
        {
            var logarithm = LogAmplitude[cell] - (Exponent[cell] * latency);
            (value, exponent) = logarithm > 0 ? (1, 0) : (Math.Exp(logarithm), Exponent[cell]);
        }
        else
        {
            value = stable[cell] ? Transform(cell).Value(latency, out exponent) : 1;
        }

        slope = exponent * value;
        return value;
    }

    /// <summary>
    /// The largest L with −dp/dL = rate, where κL + g d p(L) has its interior minimum at rate = κ / (g d); NaN where the slope never reaches the rate.
    /// </summary>
    /// <remarks>
    /// The printed slope falls from the kink on, so the root is in closed form. The exact density is log-concave, since that of every stage is:
    /// its weight of e^{−μt} is (1−C) − Cr/(μ−r), which for r &lt; μ is not positive because 1 − C = P(a server is idle) ≤ E[idle servers] = r/μ.
    /// The optimal bound: see <see cref="CumulantTransform.Stationary"/>. So slopes rise once and fall once, and the largest root is the only local minimum inside.
    /// </remarks>
    internal double Stationary(int cell, double rate)
    {
        switch (kind)
        {
            case LatencyTail.ChernoffPrinted:
                var eta = Exponent[cell];
                var latency = (Math.Log(eta / rate) + LogAmplitude[cell]) / eta;
                return latency > LogAmplitude[cell] / eta ? latency : double.NaN;
            case LatencyTail.ChernoffOptimal:
                return stable[cell] ? Transform(cell).Stationary(Math.Log(rate), ref Exponent[cell]) : double.NaN;
            default:
                return stable[cell] ? Stationary(laws[cell], Math.Log(rate)) : double.NaN;
        }
    }

    /// <summary>Below this L descent moves to L_min, above it to the stationary point: the kink, or where the slope first reaches the rate.</summary>
    internal double Watershed(int cell, double rate, double stationary)
    {
        if (kind == LatencyTail.ChernoffPrinted)
        {
            return LogAmplitude[cell] / Exponent[cell];
        }

        double low = 0, high = stationary;
        // The slope exceeds the rate between its two roots: find a point there by ternary steps towards the top, then halve.
        for (var i = 0; i < 200 && low < high; i++)
        {
            var (left, right) = (low + ((high - low) / 3), high - ((high - low) / 3));
            Probability(cell, left, out var slopeLeft);
            Probability(cell, right, out var slopeRight);
            if (Math.Max(slopeLeft, slopeRight) > rate)
            {
                high = slopeLeft > rate ? left : right;
                break;
            }

            (low, high) = slopeLeft < slopeRight ? (left, high) : (low, right);
        }

        low = 0;
        for (var i = 0; i < 60; i++)
        {
            var middle = 0.5 * (low + high);
            Probability(cell, middle, out var slope);
            (low, high) = slope > rate ? (low, middle) : (middle, high);
        }

        return high;
    }

    /// <summary>The largest L at which the density of a law equals a rate; NaN where it never does.</summary>
    internal static double Stationary(in SojournLaw law, double logRate)
    {
        // ln f is concave, so chords through two points right of the root meet the rate right of it again.
        double reached = 0, right = 2 * law.Mean;
        law.Evaluate(right, out _, out var density);
        while (Math.Log(density) >= logRate)
        {
            (reached, right) = (right, 2 * right);
            if (double.IsInfinity(right))
            {
                return right;
            }

            law.Evaluate(right, out _, out density);
        }

        while (density == 0)
        {
            // Beyond the smallest double there is nothing to see: come back.
            var middle = 0.5 * (reached + right);
            if (!(reached < middle && middle < right))
            {
                return right;
            }

            law.Evaluate(middle, out _, out density);
            if (Math.Log(density) >= logRate)
            {
                (reached, density) = (middle, 0);
            }
            else
            {
                right = middle;
            }
        }

        var value = Math.Log(density);
        var left = right * (1 - 1e-4);
        for (var i = 0; i < 200; i++)
        {
            law.Evaluate(left, out _, out density);
            var next = Math.Log(density);
            if (!(next > value))
            {
                return double.NaN;   // the top lies to the right, below the rate
            }

            if (next >= logRate)
            {
                // Only rounding, or a top between the two points, brings a chord past the root.
                return next == logRate || left >= right * (1 - 1e-12) ? left : Between(law, left, right, logRate);
            }

            var step = (logRate - next) * (right - left) / (next - value);
            (right, value) = (left, next);
            left -= step;
            if (!(left > 0))
            {
                return double.NaN;
            }

            if (step <= 1e-13 * left)
            {
                return left;
            }
        }

        return left;
    }

    private static double Between(in SojournLaw law, double low, double high, double logRate)
    {
        while (true)
        {
            var middle = 0.5 * (low + high);
            if (!(low < middle && middle < high))
            {
                return middle;
            }

            law.Evaluate(middle, out _, out var density);
            (low, high) = Math.Log(density) >= logRate ? (middle, high) : (low, middle);
        }
    }

    private CumulantTransform Transform(int cell)
    {
        var first = MarketArrays.StageCount * (cell / Stride);
        return new(
            market.Stages[first].ServiceRate, waiting[0][cell], spare[0][cell],
            market.Stages[first + 1].ServiceRate, waiting[1][cell], spare[1][cell],
            market.Stages[first + 2].ServiceRate, waiting[2][cell], spare[2][cell]);
    }

    private void LoadPrinted(int m, int row)
    {
        var stages = market.StagesOf(m);
        Span<Vector512<double>> delay = stackalloc Vector512<double>[MarketArrays.StageCount];
        Span<Vector512<double>> rate = stackalloc Vector512<double>[MarketArrays.StageCount];
        for (var cell = row; cell < row + Stride; cell += ErlangRow.Lanes)
        {
            var eta = Vector512.Create(double.PositiveInfinity);
            var isStable = Vector512<double>.AllBitsSet;
            for (var s = 0; s < MarketArrays.StageCount; s++)
            {
                delay[s] = Vector512.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(waiting[s]), (nuint)cell);
                rate[s] = Vector512.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(spare[s]), (nuint)cell);
                isStable &= Vector512.GreaterThan(rate[s], Vector512<double>.Zero);
                eta = Vector512.Min(eta, rate[s] / Vector512.Create((double)stages[s].Servers));
            }

            eta *= market.Algorithm.Zeta;
            var product = Vector512<double>.One;
            for (var s = 0; s < MarketArrays.StageCount; s++)
            {
                var mu = Vector512.Create(stages[s].ServiceRate);
                var ahead = rate[s] - eta;
                product *= Vector512.FusedMultiplyAdd(delay[s], eta, ahead) * mu / (ahead * (mu - eta));
            }

            Vector512.ConditionalSelect(isStable, Vector512.Log(product), Vector512<double>.Zero)
                .StoreUnsafe(ref MemoryMarshal.GetArrayDataReference(LogAmplitude), (nuint)cell);
            Vector512.ConditionalSelect(isStable, eta, Vector512<double>.Zero)
                .StoreUnsafe(ref MemoryMarshal.GetArrayDataReference(Exponent), (nuint)cell);
        }
    }
}
