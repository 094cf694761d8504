using System.Runtime.CompilerServices;
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
    private const double Nudge = 1e-6;   // relative step of a difference

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

    /// <summary>How much longer a law takes than the printed bound, roughly; for limits of effort.</summary>
    internal static double Expense(LatencyTail kind) => kind switch
    {
        LatencyTail.ChernoffPrinted => 1,
        LatencyTail.ChernoffOptimal => 4,
        _ => 20,
    };

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

    /// <summary>A latency of operator m on the falling branch of every class's slope, where it is neither huge nor nothing.</summary>
    internal double Reference(int m)
    {
        var row = m * Stride;
        for (var n = market.Types - 1; n >= 0; n--)
        {
            if (IsStable(row + n))
            {
                var scale = kind switch
                {
                    LatencyTail.ChernoffPrinted => LogAmplitude[row + n] / Exponent[row + n],
                    LatencyTail.ChernoffOptimal => 2 * Transform(row + n).Mean,
                    _ => 2 * laws[row + n].Mean,
                };
                return Math.Min(scale, market.MaxLatency);
            }
        }

        return market.MaxLatency;
    }

    /// <summary>Whether L lies where p is 1, or its slope not yet on the falling branch.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="latency">L, seconds.</param>
    /// <param name="curvature">p″ there, from <see cref="Slopes"/>.</param>
    internal bool IsLeftOfKink(int cell, double latency, double curvature) => kind == LatencyTail.ChernoffPrinted
        ? LogAmplitude[cell] > Exponent[cell] * latency && LogAmplitude[cell] < Exponent[cell] * market.MaxLatency
        : stable[cell] && !(curvature > 0);

    /// <summary>p, −p′ and p″ of every class of an operator, each at its own latency. The printed bound is not cut at 1 here; unstable classes have p = 1.</summary>
    /// <param name="m">The operator.</param>
    /// <param name="latencies">L, padded.</param>
    /// <param name="late">p; for the printed bound cut at 1.</param>
    /// <param name="slope">−p′.</param>
    /// <param name="curvature">p″.</param>
    internal void Slopes(int m, double[] latencies, double[] late, double[] slope, double[] curvature)
    {
        var row = m * Stride;
        if (kind == LatencyTail.ChernoffPrinted)
        {
            var longest = Vector512.Create(market.MaxLatency);
            for (var n = 0; n < Stride; n += ErlangRow.Lanes)
            {
                var eta = Lane(Exponent, row + n);
                var log = Lane(LogAmplitude, row + n);
                // Where even the longest latency is left of the kink, p is 1 throughout and pulls at nothing.
                eta = Vector512.ConditionalSelect(Vector512.LessThan(log, eta * longest), eta, Vector512<double>.Zero);
                var value = Vector512.Exp(log - (eta * Lane(latencies, n)));
                Vector512.Min(Vector512<double>.One, value).StoreUnsafe(ref MemoryMarshal.GetArrayDataReference(late), (nuint)n);
                (eta * value).StoreUnsafe(ref MemoryMarshal.GetArrayDataReference(slope), (nuint)n);
                (eta * eta * value).StoreUnsafe(ref MemoryMarshal.GetArrayDataReference(curvature), (nuint)n);
            }

            return;
        }

        if (kind == LatencyTail.ChernoffOptimal)
        {
            for (var n = 0; n < Stride; n += ErlangRow.Lanes)
            {
                BestExponents(m, row + n, Lane(latencies, n), out var value, out var eta, out var rise);
                value.StoreUnsafe(ref MemoryMarshal.GetArrayDataReference(late), (nuint)n);
                (eta * value).StoreUnsafe(ref MemoryMarshal.GetArrayDataReference(slope), (nuint)n);
                (value * ((eta * eta) - rise)).StoreUnsafe(ref MemoryMarshal.GetArrayDataReference(curvature), (nuint)n);
            }

            return;
        }

        for (var n = 0; n < market.Types; n++)
        {
            if (!stable[row + n])
            {
                (late[n], slope[n], curvature[n]) = (1, 0, 0);
                continue;
            }

            laws[row + n].Evaluate(latencies[n], out late[n], out slope[n]);
            laws[row + n].Evaluate(latencies[n] * (1 + Nudge), out _, out var next);
            curvature[n] = (slope[n] - next) / (latencies[n] * Nudge);
        }
    }

    /// <summary><see cref="CumulantTransform.Value(double, out double, out double)"/> of eight cells at once, from the exponents found there last.</summary>
    private void BestExponents(int m, int cell, Vector512<double> latency, out Vector512<double> value, out Vector512<double> eta, out Vector512<double> rise)
    {
        var stages = market.StagesOf(m);
        var first = new StageLanes(stages[0].ServiceRate, Lane(waiting[0], cell), Lane(spare[0], cell));
        var second = new StageLanes(stages[1].ServiceRate, Lane(waiting[1], cell), Lane(spare[1], cell));
        var third = new StageLanes(stages[2].ServiceRate, Lane(waiting[2], cell), Lane(spare[2], cell));
        var pole = Vector512.Min(first.Pole, Vector512.Min(second.Pole, third.Pole));
        // Also false where unstable: there some r is at most 0 and the mean no mean.
        var isOpen = Vector512.GreaterThan(pole, Vector512<double>.Zero) & Vector512.GreaterThan(latency, first.Mean + second.Mean + third.Mean);
        if (isOpen == Vector512<double>.Zero)
        {
            (value, eta, rise) = (Vector512<double>.One, Vector512<double>.Zero, Vector512<double>.Zero);
            return;
        }

        pole = Vector512.ConditionalSelect(isOpen, pole, Vector512<double>.One);
        var last = Lane(Exponent, cell);
        var gap = Vector512.ConditionalSelect(
            Vector512.GreaterThan(last, Vector512<double>.Zero) & Vector512.LessThan(last, pole), pole - last,
            Vector512.Min(pole * 0.5, Vector512.Create(Math.Sqrt(6)) / latency));
        var (low, high) = (Vector512<double>.Zero, pole);
        Vector512<double> slope, curvature;
        for (var step = 0; step < 100; step++)
        {
            (slope, curvature) = (Vector512<double>.Zero, Vector512<double>.Zero);
            first.Add(pole, gap, ref slope, ref curvature);
            second.Add(pole, gap, ref slope, ref curvature);
            third.Add(pole, gap, ref slope, ref curvature);
            var beyond = Vector512.GreaterThan(slope, latency);
            low = Vector512.ConditionalSelect(beyond, gap, low);
            high = Vector512.ConditionalSelect(beyond, high, gap);
            var next = gap - (slope * (Vector512<double>.One - (slope / latency)) / curvature);
            var inside = Vector512.GreaterThan(next, low) & Vector512.LessThan(next, high);
            next = Vector512.ConditionalSelect(inside, next, (low + high) * 0.5);
            var moving = isOpen & Vector512.GreaterThan(Vector512.Abs(next - gap), gap * 1e-6);
            gap = next;
            if (moving == Vector512<double>.Zero)
            {
                break;
            }
        }

        (slope, curvature) = (Vector512<double>.Zero, Vector512<double>.Zero);
        first.Add(pole, gap, ref slope, ref curvature);
        second.Add(pole, gap, ref slope, ref curvature);
        third.Add(pole, gap, ref slope, ref curvature);
        var (above, below) = (Vector512<double>.One, Vector512<double>.One);
        first.Multiply(pole, gap, ref above, ref below);
        second.Multiply(pole, gap, ref above, ref below);
        third.Multiply(pole, gap, ref above, ref below);
        var amplitude = above / below;
        var exponent = pole - gap;
        value = Vector512.ConditionalSelect(
            isOpen, Vector512.Min(Vector512<double>.One, amplitude * Vector512.Exp(Vector512<double>.Zero - (exponent * latency))), Vector512<double>.One);
        eta = Vector512.ConditionalSelect(isOpen, exponent, Vector512<double>.Zero);
        rise = Vector512.ConditionalSelect(isOpen, Vector512<double>.One / curvature, Vector512<double>.Zero);
        Vector512.ConditionalSelect(isOpen, exponent, last).StoreUnsafe(ref MemoryMarshal.GetArrayDataReference(Exponent), (nuint)cell);
    }

    /// <summary>One stage's part of K′, K″ and e^K for eight cells.</summary>
    private readonly struct StageLanes(double rate, Vector512<double> waiting, Vector512<double> spare)
    {
        private readonly Vector512<double> mu = Vector512.Create(rate);

        internal Vector512<double> Pole => Vector512.Min(mu, spare);

        internal Vector512<double> Mean => (Vector512<double>.One / mu) + (waiting / spare);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal void Add(Vector512<double> pole, Vector512<double> gap, ref Vector512<double> slope, ref Vector512<double> curvature)
        {
            var free = mu - pole + gap;
            var u = spare - pole + gap;
            var v = Vector512.FusedMultiplyAdd(waiting, pole - gap, u);
            var joint = u * v;
            var inverse = Vector512<double>.One / (free * joint);
            var served = joint * inverse;
            inverse *= free;
            var waited = waiting * spare * inverse;
            slope += served + waited;
            curvature += (served * served) + (waited * inverse * (v + ((Vector512<double>.One - waiting) * u)));
        }

        /// <summary>Numerator and denominator of G.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal void Multiply(Vector512<double> pole, Vector512<double> gap, ref Vector512<double> above, ref Vector512<double> below)
        {
            var u = spare - pole + gap;
            above *= Vector512.FusedMultiplyAdd(waiting, pole - gap, u) * mu;
            below *= u * (mu - pole + gap);
        }
    }

    private static Vector512<double> Lane(double[] values, int index) => Vector512.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(values), (nuint)index);

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
