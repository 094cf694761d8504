namespace Menuet.Mechanisms.LatencyContract;

/// <summary>x, y and r of one item.</summary>
internal readonly record struct Speeds(double Prompt, double Denoise, double Rate);

/// <summary>
/// How one type's content is delivered at least cost. Where μ is the price of a second of latency, the pace v = μ^(1/3) says it all:
/// x = X v, y = Y v, r = R v^(3/2), one attempt takes τ = α/v + β/v^(3/2) and the provider pays C = n (α v²/2 + β v^(3/2)).
/// </summary>
/// <remarks>
/// n attempts are paid for and their success is worth z: E = z (D − n τ), with z = ζ(1−ζ)^(g−1) and n = g for the g-th attempt, or
/// z = 1 and n = 1/ζ until success. In the three delays δl/x, ηs/y, d/r the reduction E is linear and the cost convex, so C is a
/// convex function of E with C′(E) = μ/z.
/// Source: Ye et al., Eq. (2), (3), (21), (23). Deviates: the paper calls the problem non-convex.
/// </remarks>
internal readonly struct Delivery
{
    private readonly double alpha;
    private readonly double beta;
    private readonly double promptScale;
    private readonly double denoiseScale;
    private readonly double rateScale;

    internal Delivery(in LatencyParameters type, int attempt, Attempts attempts)
    {
        (Worth, Repeats) = attempts == Attempts.UntilSuccess
            ? (1.0, 1 / type.Success)
            : (type.Success * Math.Pow(type.Failure, attempt - 1), attempt);
        Deadline = type.MaxLatencySeconds;
        var prompt = Math.Cbrt(2 * type.CostPrompt * type.CapacitancePrompt);
        var denoise = Math.Cbrt(2 * type.CostDenoise * type.CapacitanceDenoise);
        var rate = Math.Sqrt(type.CostCommunication) / type.ChannelStatus;
        (promptScale, denoiseScale, rateScale) = (type.PromptCycles > 0 ? 1 / prompt : 0, type.DenoiseCycles > 0 ? 1 / denoise : 0, 1 / rate);
        alpha = (prompt * type.PromptCycles) + (denoise * type.DenoiseCycles);
        beta = rate * type.ResultBits;
        LeastPace = PaceWithin(Deadline / Repeats);
        for (var ulp = 0; ulp < 8 && Reduction(LeastPace) < 0; ulp++)
        {
            LeastPace = Math.BitIncrement(LeastPace);
        }
    }

    /// <summary>z, what a success at once would be worth per second; in [0, 1].</summary>
    internal double Worth { get; }

    /// <summary>n, attempts paid for.</summary>
    internal double Repeats { get; }

    /// <summary>D, t_max, seconds.</summary>
    internal double Deadline { get; }

    /// <summary>The pace that just meets the deadline, where E = 0 (rounded up, so that E never falls below 0).</summary>
    internal double LeastPace { get; }

    /// <summary>z D: every reduction lies below.</summary>
    internal double Ceiling => Worth * Deadline;

    /// <summary>The pace where a second of reduction costs as much at the margin as it is worth; no less than <see cref="LeastPace"/>.</summary>
    /// <param name="value">Marginal value of E, money per second; may be negative.</param>
    internal double PaceFor(double value) => value > 0 ? Math.Max(Math.Cbrt(Worth * value), LeastPace) : LeastPace;

    /// <summary>The pace that delivers a reduction which lies below the ceiling by a gap: T = (z D − E)/(z n).</summary>
    /// <param name="gap">z D − E, seconds; in (0, z D].</param>
    internal double PaceAtGap(double gap) => gap >= Ceiling ? LeastPace : PaceWithin(gap / (Worth * Repeats));

    /// <summary>n τ z, by how much E lies below its ceiling, seconds.</summary>
    internal double Gap(double pace) => Worth * (Repeats * Latency(pace));

    /// <summary>τ, seconds.</summary>
    internal double Latency(double pace)
    {
        var root = Math.Sqrt(pace);
        return ((alpha * root) + beta) / (pace * root);
    }

    /// <summary>E, seconds.</summary>
    internal double Reduction(double pace) => Worth * (Deadline - (Repeats * Latency(pace)));

    /// <summary>C, money; +∞ where it overflows.</summary>
    internal double Cost(double pace)
    {
        var cost = Repeats * ((0.5 * alpha * pace * pace) + (beta * pace * Math.Sqrt(pace)));
        return double.IsNaN(cost) ? double.PositiveInfinity : cost;
    }

    /// <summary>C′(E), money per second, and how fast it falls as the gap widens: (μ/z, −dμ/dgap/z).</summary>
    internal (double Value, double Fall) MarginalCost(double pace)
    {
        var value = pace * pace * pace / Worth;
        var steepness = ((2 * alpha) + (3 * beta / Math.Sqrt(pace))) / pace;
        return (value, 6 * value / (steepness * Worth * Repeats));
    }

    /// <summary>x, y, r.</summary>
    internal Speeds Speeds(double pace) => new(promptScale * pace, denoiseScale * pace, rateScale * pace * Math.Sqrt(pace));

    /// <summary>Everything at a pace, with one square root; E = 0 at the least pace.</summary>
    internal (double Reduction, double Cost, Speeds Speeds) At(double pace)
    {
        var root = Math.Sqrt(pace);
        var power = pace * root;
        var reduction = pace > LeastPace ? Worth * (Deadline - (Repeats * (((alpha * root) + beta) / power))) : 0;
        var cost = Repeats * ((0.5 * alpha * pace * pace) + (beta * power));
        return (reduction, double.IsNaN(cost) ? double.PositiveInfinity : cost, new(promptScale * pace, denoiseScale * pace, rateScale * power));
    }

    /// <summary>The pace at which one attempt takes the given time: u² with u the positive root of u³ − (α/T) u − β/T.</summary>
    /// <remarks>
    /// The sum of the two roots that leave one term out lies at or right of the root, by 52 % at most, where the cubic is convex
    /// and increasing: Newton's iteration falls to the root without ever passing it. Convergence is quadratic, so after a step of
    /// 1e-9 the next would be lost in rounding.
    /// </remarks>
    private double PaceWithin(double seconds)
    {
        if (!(seconds > 0))
        {
            return double.PositiveInfinity;
        }

        double linear = alpha / seconds, constant = beta / seconds;
        var root = Math.Sqrt(linear) + Math.Cbrt(constant);
        for (var i = 0; i < 60; i++)
        {
            var square = root * root;
            var step = ((root * (square - linear)) - constant) / ((3 * square) - linear);
            root -= step;
            if (!(step > 1e-9 * root))
            {
                break;
            }
        }

        return root * root;
    }
}
