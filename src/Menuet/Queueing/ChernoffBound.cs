namespace Menuet.Queueing;

/// <summary>An exponential bound on a tail: P(T &gt; L) ≤ p̃(L) = min(1, A e^{−ηL}), ln A = K(η) = Σ_s ln G_s(η).</summary>
/// <param name="LogAmplitude">ln A ≥ 0.</param>
/// <param name="Exponent">η ≥ 0, per second.</param>
/// <remarks>
/// <para>G_s(η) = [(1−C_s) + C_s r_s/(r_s−η)] μ_s/(μ_s−η) is the moment generating function of the sojourn in stage s, finite below
/// η_max = min_s min(μ_s, r_s) (r_s only where C_s &gt; 0).</para>
/// <para>Under overload ln A = 0 and η = 0: the bound is 1 for every L.</para>
/// <para>Source: Zhan et al., Eqs. (10) to (12); Chernoff 1952.</para>
/// <para>Deviates: (12) prints c_{m,n}, meant c_m. The paper's exponent is one choice among many and far from the best:
/// μ − λ/c = r/c, so with c servers it uses a c-th of the queue's decay. <see cref="Optimal"/> is the best bound of this form.</para>
/// </remarks>
public readonly record struct ChernoffBound(double LogAmplitude, double Exponent)
{
    /// <summary>The latency at which the bound leaves 1: ln A / η, seconds; +∞ under overload.</summary>
    public double Kink => Exponent > 0 ? LogAmplitude / Exponent : double.PositiveInfinity;

    /// <summary>ln A − ηL, not clamped: positive where the bound says nothing.</summary>
    /// <param name="latency">L, seconds.</param>
    public double LogValue(double latency) => LogAmplitude - Exponent * latency;

    /// <summary>p̃(L) = min(1, A e^{−ηL}).</summary>
    /// <param name="latency">L, seconds.</param>
    public double Value(double latency) => Math.Exp(Math.Min(0, LogValue(latency)));

    /// <summary>The paper's exponent, the same for every L: η = ζ min_s (μ_s − λ/c_s).</summary>
    /// <param name="stages">The stages under their loads; at least one.</param>
    /// <param name="zeta">ζ in (0, 1).</param>
    /// <exception cref="ArgumentException">No stage, or ζ out of its range.</exception>
    public static ChernoffBound Printed(ReadOnlySpan<StageLaw> stages, double zeta)
    {
        if (!(zeta is > 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(zeta), zeta, "ζ lies strictly between 0 and 1.");
        if (!IsStable(stages))
            return default;
        var least = double.PositiveInfinity;
        foreach (ref readonly var stage in stages)
            least = Math.Min(least, stage.SpareRate / stage.Servers);
        var eta = zeta * least;
        var logarithm = 0.0;
        foreach (ref readonly var stage in stages)
            logarithm += LogTransform(stage, eta, stage.ServiceRate - eta, stage.SpareRate - eta);
        return new(logarithm, eta);
    }

    /// <summary>The best exponent at one L: η*(L) = argmin_{0 ≤ η &lt; η_max} K(η) − ηL, the root of K′(η) = L; 0 where L ≤ K′(0) = E[T].</summary>
    /// <param name="stages">The stages under their loads; at least one.</param>
    /// <param name="latency">L, seconds; finite.</param>
    /// <returns>The bound that is tightest at L. It is valid at every latency, and −dp̃*/dL = η* p̃* along the envelope.</returns>
    /// <exception cref="ArgumentException">No stage, or a latency that is not finite.</exception>
    /// <remarks>
    /// K is convex, so 1/K′(η) = 1/L has one root; Newton's method for that form, in the distance η_max − η so that no digit is lost near
    /// the pole, inside a bracket, until the step or the bracket is below the last bit.
    /// </remarks>
    public static ChernoffBound Optimal(ReadOnlySpan<StageLaw> stages, double latency)
    {
        if (!double.IsFinite(latency))
            throw new ArgumentOutOfRangeException(nameof(latency), latency, "A latency is a finite number.");
        if (!IsStable(stages))
            return default;
        var pole = double.PositiveInfinity;
        var mean = 0.0;
        foreach (ref readonly var stage in stages)
        {
            pole = Math.Min(pole, stage.WaitingProbability > 0 ? Math.Min(stage.ServiceRate, stage.SpareRate) : stage.ServiceRate);
            mean += stage.Mean;
        }
        if (latency <= mean)
            return default;

        var count = 2 * stages.Length;
        double low = 0, high = pole;              // K′ > L at distance low, ≤ L at distance high
        var gap = Math.Min(0.5 * pole, Math.Sqrt(count) / latency);   // between one pole there (1/L) and all (count/L)
        while (low < gap && gap < high)
        {
            double slope = 0, curvature = 0;
            foreach (ref readonly var stage in stages)
            {
                var served = 1 / (stage.ServiceRate - pole + gap);
                slope += served;
                curvature += served * served;
                var c = stage.WaitingProbability;
                if (c == 0)
                    continue;
                var eta = pole - gap;
                var u = stage.SpareRate - pole + gap;
                var v = u + c * eta;
                var waited = c * stage.SpareRate / (u * v);
                slope += waited;
                curvature += waited * (1 / u + (1 - c) / v);
            }
            if (slope > latency)
                low = gap;
            else
                high = gap;
            var next = gap - slope * (1 - slope / latency) / curvature;
            if (Math.Abs(next - gap) <= 1.2e-16 * gap)
                break;
            gap = next > low && next < high ? next : 0.5 * (low + high);
        }

        var best = pole - gap;
        var logarithm = 0.0;
        foreach (ref readonly var stage in stages)
            logarithm += LogTransform(stage, best, stage.ServiceRate - pole + gap, stage.SpareRate - pole + gap);
        return new(logarithm, best);
    }

    /// <summary>ln G_s(η) = ln(1 + C η / (r − η)) − ln(1 − η/μ), given the two distances.</summary>
    private static double LogTransform(in StageLaw stage, double eta, double toService, double toSpare)
    {
        var waited = stage.WaitingProbability == 0 ? 0 : stage.WaitingProbability * eta / toSpare;
        return LogOnePlus(waited) + LogOnePlus(eta / toService);
    }

    /// <summary>ln(1 + x) for x ≥ 0: Kahan's correction of the rounding of 1 + x.</summary>
    private static double LogOnePlus(double x)
    {
        var sum = 1 + x;
        return sum == 1 ? x : double.IsPositiveInfinity(sum) ? sum : Math.Log(sum) * (x / (sum - 1));
    }

    private static bool IsStable(ReadOnlySpan<StageLaw> stages)
    {
        if (stages.IsEmpty)
            throw new ArgumentException("A tandem has at least one stage.", nameof(stages));
        foreach (ref readonly var stage in stages)
            if (!stage.IsStable)
                return false;
        return true;
    }
}
