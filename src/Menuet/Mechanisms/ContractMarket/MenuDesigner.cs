using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Menuet.Queueing;

namespace Menuet.Mechanisms.ContractMarket;

/// <summary>The menu of one operator at given loads: latencies that maximise Σ_n d_n (R_n − C̄ p_n − cost), and the prices that recover them.</summary>
/// <remarks>
/// <para>With the prices of Eq. (25) put in, the objective is α₁q D₁ − cost D₁ − Σ_n [κ_n L_n + g d_n p_n(L_n)], D_n = Σ_{j≥n} d_j,
/// κ_n = β_n d_n + (β_n − β_{n+1}) D_{n+1}, g = C̄ − R̄: separable in the latencies, to be nondecreasing in n (Eq. 26).</para>
/// <para>Every type's best latency is L_min or the stationary point of <see cref="LatencyTails.Stationary(int, double)"/> within the bounds: p is clamped at 1 (or concave at
/// short latencies), which makes L_min a second local minimum. Then adjacent violators are pooled. Pooling is exact where every term is
/// convex; here it is exact whenever nothing has to be pooled, and otherwise within the gap that <see cref="MenuProgram"/> shows.</para>
/// <para>Holds scratch space: one designer per thread. Designing allocates nothing.</para>
/// <para>Source: Zhan et al., Eqs. (25), (26), (38). Deviates: the paper's solver finds local minima; see <see cref="MenuSolver.PaperLocal"/>.</para>
/// </remarks>
internal sealed class MenuDesigner
{
    /// <summary>Up to here violators are pooled one by one, as the specification of the method has it.</summary>
    private const int FewTypes = 64;
    private const int ScanCells = 240;

    private readonly MarketArrays market;
    private readonly LatencyTails tails;
    private readonly double[] kappa;        // κ_n, padded
    private readonly double[] stake;        // g d_n, padded
    private readonly double[] latency;      // padded
    private readonly int[] blockStart;
    private readonly double[] blockValue;
    private readonly double[] memberStake;  // members of one block, those with the same law together, padded
    private readonly double[] memberLog;
    private readonly double[] memberExponent;
    private readonly double[] kinks;
    private readonly ActiveSetIroning activeSet;
    private MenuProgram? program;

    internal MenuDesigner(MarketArrays market, LatencyTails tails)
    {
        this.market = market;
        this.tails = tails;
        kappa = new double[tails.Stride];
        stake = new double[tails.Stride];
        latency = new double[tails.Stride];
        blockStart = new int[market.Types];
        blockValue = new double[market.Types];
        memberStake = new double[tails.Stride];
        memberLog = new double[tails.Stride];
        memberExponent = new double[tails.Stride];
        kinks = new double[tails.Stride];
        activeSet = new(market, tails, kappa, stake);
    }

    /// <summary>The latencies of operator m at the loads in the tails.</summary>
    /// <param name="m">The operator; its row of the tails is loaded.</param>
    /// <param name="demand">d_n ≥ 0, tasks per second, length N.</param>
    /// <param name="method">How.</param>
    /// <param name="latencies">Filled, length N; nondecreasing, within the bounds.</param>
    internal void Design(int m, ReadOnlySpan<double> demand, MenuSolver method, Span<double> latencies)
    {
        Weigh(demand);
        if (method == MenuSolver.Exact)
        {
            program ??= new(market, tails);
            program.Solve(m, kappa, stake, latencies);
            return;
        }

        if (method == MenuSolver.Global && market.Types > FewTypes && activeSet.Solve(m, latencies))
        {
            return;
        }

        Relax(m, method);
        Iron(m, latencies);
    }

    /// <summary>Σ_n min_L κ_n L + g d_n p_n(L), which no menu's loss Σ_n κ_n L_n + g d_n p_n(L_n) is below.</summary>
    internal double RelaxedLoss(int m, ReadOnlySpan<double> demand)
    {
        Weigh(demand);
        Relax(m, MenuSolver.Global);
        return Loss(m, latency);
    }

    /// <summary>Σ_n κ_n L_n + g d_n p_n(L_n).</summary>
    internal double Loss(int m, ReadOnlySpan<double> demand, ReadOnlySpan<double> latencies)
    {
        Weigh(demand);
        return Loss(m, latencies);
    }

    /// <summary>What users pay beside the refunds they may expect, W_n = R_n − R̄ p_n: W_1 = α₁q − β₁L₁, W_n = W_{n−1} − β_n (L_n − L_{n−1}) (Eq. 25).</summary>
    /// <param name="m">The operator.</param>
    /// <param name="latencies">L, length N.</param>
    /// <param name="net">Filled with W, length N.</param>
    internal void NetPrices(int m, ReadOnlySpan<double> latencies, Span<double> net)
    {
        var beta = market.Sensitivity;
        net[0] = market.Worth[m] - (beta[0] * latencies[0]);
        for (var n = 1; n < latencies.Length; n++)
        {
            net[n] = net[n - 1] - (beta[n] * (latencies[n] - latencies[n - 1]));
        }
    }

    /// <summary>u_n at the loads the menu is designed for, where refunds cancel: u_1 = 0, u_n = u_{n−1} + (β_{n−1} − β_n) L_{n−1}.</summary>
    internal void Rents(ReadOnlySpan<double> latencies, Span<double> rents)
    {
        var beta = market.Sensitivity;
        var rent = 0.0;
        rents[0] = 0;
        for (var n = 1; n < latencies.Length; n++)
        {
            rent += (beta[n - 1] - beta[n]) * latencies[n - 1];
            rents[n] = rent;
        }
    }

    private void Weigh(ReadOnlySpan<double> demand)
    {
        var beta = market.Sensitivity;
        var (above, next) = (0.0, 0.0);
        for (var n = demand.Length - 1; n >= 0; n--)
        {
            kappa[n] = (beta[n] * demand[n]) + ((beta[n] - next) * above);
            stake[n] = market.Spread * demand[n];
            above += demand[n];
            next = beta[n];
        }
    }

    private double Loss(int m, ReadOnlySpan<double> latencies)
    {
        var row = m * tails.Stride;
        var sum = 0.0;
        for (var n = 0; n < market.Types; n++)
        {
            sum += kappa[n] * latencies[n];
            if (stake[n] != 0)
            {
                sum += stake[n] * tails.Probability(row + n, latencies[n]);
            }
        }

        return sum;
    }

    private void Relax(int m, MenuSolver method)
    {
        if (method == MenuSolver.Global && market.Algorithm.Tail == LatencyTail.ChernoffPrinted)
        {
            RelaxPrinted(m * tails.Stride);
            return;
        }

        var span = market.MaxLatency - market.MinLatency;
        for (var n = 0; n < market.Types; n++)
        {
            var start = market.MinLatency + (market.Types > 1 ? span * n / (market.Types - 1) : 0);
            latency[n] = method == MenuSolver.Global ? Best((m * tails.Stride) + n, n) : Local((m * tails.Stride) + n, n, start);
        }
    }

    private double Best(int cell, int n)
    {
        if (!(stake[n] > 0) || !tails.IsStable(cell))
        {
            return market.MinLatency;
        }

        var inside = kappa[n] > 0 ? tails.Stationary(cell, kappa[n] / stake[n]) : double.PositiveInfinity;
        if (!(inside > market.MinLatency))
        {
            return market.MinLatency;   // no stationary point, or the loss rises from L_min on
        }

        var candidate = Math.Min(inside, market.MaxLatency);
        return Cost(candidate) < Cost(market.MinLatency) ? candidate : market.MinLatency;

        double Cost(double at) => (kappa[n] * at) + (stake[n] * tails.Probability(cell, at));
    }

    private double Local(int cell, int n, double start)
    {
        if (!(stake[n] > 0) || !tails.IsStable(cell))
        {
            return market.MinLatency;
        }

        if (!(kappa[n] > 0))
        {
            return market.MaxLatency;
        }

        var rate = kappa[n] / stake[n];
        var inside = tails.Stationary(cell, rate);
        return inside > 0 && (start >= inside || start > tails.Watershed(cell, rate, inside))
            ? Math.Clamp(inside, market.MinLatency, market.MaxLatency)
            : market.MinLatency;
    }

    /// <summary><see cref="Best"/> in closed form, eight types at a time.</summary>
    private void RelaxPrinted(int row)
    {
        var (shortest, longest) = (Vector512.Create(market.MinLatency), Vector512.Create(market.MaxLatency));
        for (var n = 0; n < tails.Stride; n += ErlangRow.Lanes)
        {
            var k = Load(kappa, n);
            var s = Load(stake, n);
            var eta = Load(tails.Exponent, row + n);
            var log = Load(tails.LogAmplitude, row + n);
            var inside = (Vector512.Log(s * eta / k) + log) / eta;
            var candidate = Vector512.Min(longest, Vector512.Max(shortest, inside));
            var better = Vector512.LessThan(
                Vector512.FusedMultiplyAdd(k, candidate, s * Clamped(log - (eta * candidate))),
                Vector512.FusedMultiplyAdd(k, shortest, s * Clamped(log - (eta * shortest))));
            var open = Vector512.GreaterThan(s, Vector512<double>.Zero) & Vector512.GreaterThan(eta, Vector512<double>.Zero);
            Vector512.ConditionalSelect(better & open, candidate, shortest).StoreUnsafe(ref MemoryMarshal.GetArrayDataReference(latency), (nuint)n);
        }
    }

    /// <summary>Pools adjacent violators: a stack of blocks, merged while the block before lies higher.</summary>
    private void Iron(int m, Span<double> latencies)
    {
        const double Slack = 1e-15;
        var blocks = 0;
        for (var n = 0; n < market.Types; n++)
        {
            var value = latency[n];
            var start = n;
            while (blocks > 0 && blockValue[blocks - 1] > value + Slack)
            {
                start = blockStart[--blocks];
                value = Pooled(m, start, n + 1, blockValue[blocks]);
            }

            blockStart[blocks] = start;
            blockValue[blocks++] = value;
        }

        for (var b = 0; b < blocks; b++)
        {
            latencies[blockStart[b]..(b + 1 < blocks ? blockStart[b + 1] : market.Types)].Fill(blockValue[b]);
        }
    }

    /// <summary>The best common latency of the types first … end − 1.</summary>
    private double Pooled(int m, int first, int end, double guess)
    {
        var row = m * tails.Stride;
        var slope = 0.0;
        for (var n = first; n < end; n++)
        {
            slope += kappa[n];
        }

        if (market.Algorithm.Tail == LatencyTail.ChernoffPrinted)
        {
            return PooledPrinted(row, first, end, slope, guess);
        }

        double Cost(double at)
        {
            var sum = slope * at;
            for (var n = first; n < end; n++)
            {
                sum += stake[n] > 0 && tails.IsStable(row + n) ? stake[n] * tails.Probability(row + n, at) : 0;
            }

            return sum;
        }

        var (best, least) = (market.MinLatency, Cost(market.MinLatency));
        var step = (market.MaxLatency - market.MinLatency) / ScanCells;
        var chosen = 0;
        for (var i = 1; i <= ScanCells; i++)
        {
            var at = i == ScanCells ? market.MaxLatency : market.MinLatency + (step * i);
            var cost = Cost(at);
            if (cost < least)
            {
                (best, least, chosen) = (at, cost, i);
            }
        }

        const double Golden = 0.6180339887498949;
        var (low, high) = (Math.Max(market.MinLatency, best - step), Math.Min(market.MaxLatency, best + step));
        var (left, right) = (high - (Golden * (high - low)), low + (Golden * (high - low)));
        var (costLeft, costRight) = (Cost(left), Cost(right));
        for (var i = 0; i < 60; i++)
        {
            if (costLeft <= costRight)
            {
                (high, right, costRight) = (right, left, costLeft);
                left = high - (Golden * (high - low));
                costLeft = Cost(left);
            }
            else
            {
                (low, left, costLeft) = (left, right, costRight);
                right = low + (Golden * (high - low));
                costRight = Cost(right);
            }
        }

        var refined = 0.5 * (low + high);
        return Cost(refined) < least ? refined : best;
    }

    /// <summary>
    /// The least of σL + Σ s_j min(1, e^{lnA_j − η_j L}): convex between neighbouring kinks, so the best of all pieces and L_min. The pieces below the highest kink
    /// are looked at only when they could win.
    /// </summary>
    private double PooledPrinted(int row, int first, int end, double slope, double guess)
    {
        int members = 0;
        double lowestKink = double.PositiveInfinity, highestKink = 0;
        for (var n = first; n < end; n++)
        {
            var (s, log, eta) = (stake[n], tails.LogAmplitude[row + n], tails.Exponent[row + n]);
            if (!(s > 0) || eta == 0)
            {
                continue;
            }

            if (members > 0 && memberExponent[members - 1] == eta && memberLog[members - 1] == log)
            {
                memberStake[members - 1] += s;
                continue;
            }

            (memberStake[members], memberLog[members], memberExponent[members]) = (s, log, eta);
            members++;
            var kink = log / eta;
            (lowestKink, highestKink) = (Math.Min(lowestKink, kink), Math.Max(highestKink, kink));
        }

        if (members == 0)
        {
            return market.MinLatency;
        }

        for (var j = members; j % ErlangRow.Lanes != 0; j++)
        {
            (memberStake[j], memberLog[j], memberExponent[j]) = (0, 0, 1);
        }

        var best = market.MinLatency;
        var least = BlockCost(members, slope, best, out _, out _);
        var (low, high) = (Math.Max(highestKink, market.MinLatency), market.MaxLatency);
        if (low < high)
        {
            Consider(Piece(members, slope, low, high, guess));
        }

        low = Math.Max(lowestKink, market.MinLatency);
        high = Math.Min(highestKink, market.MaxLatency);
        if (low < high)
        {
            // Nothing on [low, high] costs less than its left end's line plus its right end's violations.
            var floor = BlockCost(members, slope, high, out _, out _) - (slope * (high - low));
            if (floor < least)
            {
                for (var j = 0; j < members; j++)
                {
                    kinks[j] = memberLog[j] / memberExponent[j];
                }

                kinks.AsSpan(0, members).Sort();
                for (var j = 0; j + 1 < members; j++)
                {
                    var (left, right) = (Math.Max(kinks[j], low), Math.Min(kinks[j + 1], high));
                    if (left < right && BlockCost(members, slope, right, out _, out _) - (slope * (right - left)) < least)
                    {
                        Consider(Piece(members, slope, left, right, guess));
                    }
                }
            }
        }

        return best;

        void Consider(double at)
        {
            var cost = BlockCost(members, slope, at, out _, out _);
            if (cost < least)
            {
                (best, least) = (at, cost);
            }
        }
    }

    /// <summary>The minimum between two neighbouring kinks, where the cost is convex: Newton's method on its slope, which is convex too, inside a bracket.</summary>
    private double Piece(int members, double slope, double low, double high, double guess)
    {
        var at = guess > low && guess < high ? guess : 0.5 * (low + high);
        for (var i = 0; i < 200; i++)
        {
            BlockCost(members, slope, at, out var rise, out var curvature);
            if (rise > 0)
            {
                high = at;
            }
            else
            {
                low = at;
            }

            var next = at - (rise / curvature);
            if (Math.Abs(next - at) <= 1e-15 * at)
            {
                break;
            }

            next = next > low && next < high ? next : 0.5 * (low + high);
            if (!(low < next && next < high))
            {
                break;
            }

            at = next;
        }

        return at;
    }

    private double BlockCost(int members, double slope, double at, out double rise, out double curvature)
    {
        var x = Vector512.Create(at);
        var (sum, first, second) = (Vector512<double>.Zero, Vector512<double>.Zero, Vector512<double>.Zero);
        for (var j = 0; j < members; j += ErlangRow.Lanes)
        {
            var eta = Load(memberExponent, j);
            var exponent = Load(memberLog, j) - (eta * x);
            var value = Load(memberStake, j) * Clamped(exponent);
            sum += value;
            var slide = Vector512.ConditionalSelect(Vector512.LessThan(exponent, Vector512<double>.Zero), eta * value, Vector512<double>.Zero);
            first += slide;
            second = Vector512.FusedMultiplyAdd(eta, slide, second);
        }

        rise = slope - Vector512.Sum(first);
        curvature = Vector512.Sum(second);
        return (slope * at) + Vector512.Sum(sum);
    }

    private static Vector512<double> Clamped(Vector512<double> logarithm) => Vector512.Exp(Vector512.Min(Vector512<double>.Zero, logarithm));

    private static Vector512<double> Load(double[] values, int index) => Vector512.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(values), (nuint)index);
}
