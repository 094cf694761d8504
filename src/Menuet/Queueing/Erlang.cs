namespace Menuet.Queueing;

/// <summary>Erlang's two formulas for c servers offered a erlangs, to about 1e-14 relative for 1 to 10⁵ servers and any load.</summary>
/// <remarks>
/// <para>Source: Erlang 1917; the recursion x₀ = 1, x_k = 1 + (k/a) x_{k−1}, B = 1/x_c has positive terms only.</para>
/// <para>Below a it forgets: the terms before k₀ = m − 9√m, m = min(a, c), enter the result by a factor Π_{k₀..m} k/m ≤ e^{−81/2}, so that
/// large systems start at k₀. Above a, where rounding errors would add up over thousands of steps, it runs in doubled precision.</para>
/// </remarks>
public static class Erlang
{
    /// <summary>Up to here the plain recursion already has the accuracy promised.</summary>
    private const int FewServers = 256;

    /// <summary>Erlang B, the probability that all servers of a system without waiting room are busy: B = (a^c/c!) / Σ_{k≤c} a^k/k!.</summary>
    /// <param name="servers">c ≥ 1.</param>
    /// <param name="load">a = λ/μ ≥ 0 erlangs; any size, also above c.</param>
    /// <returns>B in [0, 1]; 0 where it is below the smallest double.</returns>
    /// <exception cref="ArgumentOutOfRangeException">No server, or a load that is negative, infinite or not a number.</exception>
    public static double BlockingProbability(int servers, double load)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(servers);
        if (!(load >= 0 && double.IsFinite(load)))
            throw new ArgumentOutOfRangeException(nameof(load), load, "A load is a finite number of erlangs, at least 0.");
        if (load == 0)
            return 0;
        if (servers == 1)
            return load / (1 + load);
        return 1 / (servers <= FewServers ? Plain(servers, load) : Doubled(servers, load));
    }

    /// <summary>Erlang C, the probability that an arrival at M/M/c waits: C = B / (1 − ρ (1 − B)), ρ = a/c.</summary>
    /// <param name="servers">c ≥ 1.</param>
    /// <param name="load">a = λ/μ ≥ 0 erlangs.</param>
    /// <returns>C in [0, 1]; 1 when a ≥ c, where no stationary law exists and every arrival ends up waiting.</returns>
    /// <exception cref="ArgumentOutOfRangeException">No server, or a load that is negative, infinite or not a number.</exception>
    public static double WaitingProbability(int servers, double load)
    {
        var blocking = BlockingProbability(servers, load);
        // 1 − ρ (1 − B) as a sum of positive terms: nothing cancels near saturation.
        return load >= servers ? 1 : servers == 1 ? load : Math.Min(1, blocking / ((servers - load + load * blocking) / servers));
    }

    private static double Plain(int servers, double load)
    {
        var x = 1.0;
        for (var k = 1; k <= servers; k++)
            x = Math.FusedMultiplyAdd(k / load, x, 1);
        return x;
    }

    private static double Doubled(int servers, double load)
    {
        var bulk = Math.Min(load, servers);
        var first = Math.Max(0, (int)(bulk - 9 * Math.Sqrt(bulk)) - 1);
        const double one = 1.0 / (1UL << 63);   // the recursion times 2⁻⁶³, so that no product overflows before the result does
        double high = one, low = 0;
        for (var k = first + 1; k <= servers && double.IsFinite(high); k++)
        {
            var product = k * high;
            var rest = Math.FusedMultiplyAdd(k, high, -product) + k * low;
            var quotient = product / load;
            rest = (Math.FusedMultiplyAdd(-quotient, load, product) + rest) / load;
            high = one + quotient;
            var part = high - one;   // what the sum loses, by the two-sum that needs no order of size
            low = (one - (high - part)) + (quotient - part) + rest;
        }
        return double.IsFinite(high) ? (high + low) / one : high;
    }
}
