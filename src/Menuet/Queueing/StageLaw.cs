namespace Menuet.Queueing;

/// <summary>The stationary M/M/c queue with first come, first served: waiting, sojourn time, spare rate.</summary>
/// <remarks>
/// <para>A task waits with probability C (Erlang C), then for an exponential time of rate r = cμ − λ, and is served for an exponential time of rate μ.</para>
/// <para>With r ≤ 0 no stationary law exists: the tail is 1 at every time, the density 0, the mean infinite.</para>
/// <para>Source: Zhan et al., Eqs. (4) to (8); Erlang 1917.</para>
/// </remarks>
public readonly struct StageLaw
{
    /// <summary>The law of a stage under a Poisson stream.</summary>
    /// <param name="stage">Servers ≥ 1; rate positive and finite.</param>
    /// <param name="arrivalRate">λ ≥ 0, tasks per second.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number out of its range.</exception>
    public StageLaw(ServiceStage stage, double arrivalRate)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(stage.Servers, nameof(stage));
        if (!(stage.ServiceRate > 0 && double.IsFinite(stage.ServiceRate)))
            throw new ArgumentOutOfRangeException(nameof(stage), stage.ServiceRate, "A service rate is positive and finite.");
        if (!(arrivalRate >= 0 && double.IsFinite(arrivalRate)))
            throw new ArgumentOutOfRangeException(nameof(arrivalRate), arrivalRate, "An arrival rate is finite and at least 0.");
        Servers = stage.Servers;
        ServiceRate = stage.ServiceRate;
        ArrivalRate = arrivalRate;
        SpareRate = Math.FusedMultiplyAdd(stage.Servers, stage.ServiceRate, -arrivalRate);
        WaitingProbability = SpareRate > 0 ? Erlang.WaitingProbability(stage.Servers, arrivalRate / stage.ServiceRate) : 1;
    }

    /// <summary>c.</summary>
    public int Servers { get; }

    /// <summary>μ, per second and server.</summary>
    public double ServiceRate { get; }

    /// <summary>λ, per second.</summary>
    public double ArrivalRate { get; }

    /// <summary>r = cμ − λ, per second, rounded once; the stage is stable exactly when it is positive.</summary>
    public double SpareRate { get; }

    /// <summary>C, Erlang's second formula; 1 when unstable.</summary>
    public double WaitingProbability { get; }

    /// <summary>Whether a stationary law exists: r &gt; 0. At r = 0 there is none.</summary>
    public bool IsStable => SpareRate > 0;

    /// <summary>E[T] = 1/μ + C/r seconds; +∞ when unstable.</summary>
    public double Mean => IsStable ? 1 / ServiceRate + WaitingProbability / SpareRate : double.PositiveInfinity;

    /// <summary>P(T &gt; t) = (1−C) e^{−μt} + C (μ e^{−rt} − r e^{−μt}) / (μ − r), in a form without cancellation, also at r = μ.</summary>
    /// <param name="time">t in seconds; at or below 0 the tail is 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The time is not a number.</exception>
    public double Tail(double time)
    {
        if (double.IsNaN(time))
            throw new ArgumentOutOfRangeException(nameof(time), time, "A time is a number.");
        if (!IsStable || time <= 0)
            return 1;
        return Math.Min(1, Math.Exp(-ServiceRate * time) + WaitingProbability * ServiceRate * Overlap(time));
    }

    /// <summary>−dP(T &gt; t)/dt = (1−C) μ e^{−μt} + C μ r (e^{−rt} − e^{−μt}) / (μ − r), per second.</summary>
    /// <param name="time">t in seconds; below 0 the density is 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The time is not a number.</exception>
    public double Density(double time)
    {
        if (double.IsNaN(time))
            throw new ArgumentOutOfRangeException(nameof(time), time, "A time is a number.");
        if (!IsStable || time < 0)
            return 0;
        return ServiceRate * ((1 - WaitingProbability) * Math.Exp(-ServiceRate * time) + WaitingProbability * SpareRate * Overlap(time));
    }

    /// <summary>∫₀ᵗ e^{−rs} e^{−μ(t−s)} ds = (e^{−rt} − e^{−μt}) / (μ − r) = t e^{−min(r,μ) t} (1 − e^{−y}) / y, y = |r − μ| t.</summary>
    private double Overlap(double time)
    {
        var slow = Math.Exp(-Math.Min(SpareRate, ServiceRate) * time);
        if (slow == 0)
            return 0;
        var gap = Math.Abs(SpareRate - ServiceRate);
        var y = gap * time;
        if (y > 0.5)
            return slow * (1 - Math.Exp(-y)) / gap;
        var sum = 1.0;   // Σ (−y)^k / (k+1)!, whose 14th term is below 1e-16
        for (var k = 14; k >= 2; k--)
            sum = 1 - y * sum / k;
        return time * slow * sum;
    }
}
