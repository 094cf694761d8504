namespace Menuet.Mechanisms.ContractMarket;

/// <summary>
/// K(η) = Σ_s ln G_s(η) of three stages with service rates μ, waiting probabilities C and spare rates r &gt; 0, and Chernoff's bound with the best
/// exponent that follows from it.
/// </summary>
/// <remarks>
/// The same function as <see cref="Queueing.ChernoffBound.Optimal"/>, from numbers that are at hand and without a copy of the stages. Everything is
/// evaluated in the distance from the nearest pole, so that no digit is lost there.
/// </remarks>
internal readonly struct CumulantTransform
{
    private readonly double mu1, c1, r1, mu2, c2, r2, mu3, c3, r3, pole;

    internal CumulantTransform(double mu1, double c1, double r1, double mu2, double c2, double r2, double mu3, double c3, double r3)
    {
        (this.mu1, this.c1, this.r1, this.mu2, this.c2, this.r2, this.mu3, this.c3, this.r3) = (mu1, c1, r1, mu2, c2, r2, mu3, c3, r3);
        pole = Math.Min(Math.Min(Pole(mu1, c1, r1), Pole(mu2, c2, r2)), Pole(mu3, c3, r3));
    }

    /// <summary>E[T].</summary>
    internal double Mean => (1 / mu1) + (c1 / r1) + (1 / mu2) + (c2 / r2) + (1 / mu3) + (c3 / r3);

    /// <summary>min_η exp(K(η) − ηL), at most 1.</summary>
    /// <param name="latency">L, seconds.</param>
    /// <param name="exponent">The best η; 0 where L ≤ E[T].</param>
    internal double Value(double latency, out double exponent) => Value(latency, out exponent, out _);

    /// <summary>min_η exp(K(η) − ηL), at most 1.</summary>
    /// <param name="latency">L, seconds.</param>
    /// <param name="exponent">The best η; 0 where L ≤ E[T].</param>
    /// <param name="rise">dη/dL = 1/K″(η); 0 where L ≤ E[T].</param>
    internal double Value(double latency, out double exponent, out double rise)
    {
        (exponent, rise) = (0, 0);
        if (latency <= Mean)
        {
            return 1;
        }

        double low = 0, high = pole;   // K′ > L at distance low, ≤ L at distance high
        var gap = Math.Min(0.5 * pole, Math.Sqrt(6) / latency);
        var amplitude = 0.0;
        while (low < gap && gap < high)
        {
            Evaluate(gap, out var slope, out var curvature, out amplitude);
            if (slope > latency)
            {
                low = gap;
            }
            else
            {
                high = gap;
            }

            rise = 1 / curvature;
            var next = gap - (slope * (1 - (slope / latency)) / curvature);
            // The value is stationary in η: half of the digits of the exponent give all of the value's.
            if (Math.Abs(next - gap) <= 1e-9 * gap)
            {
                break;
            }

            gap = next > low && next < high ? next : 0.5 * (low + high);
        }

        exponent = pole - gap;
        return Math.Min(1, amplitude * Math.Exp(-exponent * latency));
    }

    /// <summary>The largest L at which −dp/dL = η p equals a rate; NaN where it never does.</summary>
    /// <param name="logRate">Logarithm of the rate.</param>
    /// <param name="exponent">A starting point, and at the end η there; any value will do.</param>
    /// <remarks>
    /// Along the envelope L = K′(η), so h(η) = ln η + K(η) − ηK′(η) is the logarithm of the slope, with h′ = 1/η − ηK″ and h″ = −1/η² − K″ − ηK‴.
    /// K″ and K‴ are positive (1/(μ−η)² rises, and 1/(r−η)² − 1/(r/(1−C)−η)² does), so h is concave: it meets the rate at most twice, Newton's steps from the right
    /// approach the larger root without passing it, and where every tangent stays below the rate there is none.
    /// </remarks>
    internal double Stationary(double logRate, ref double exponent)
    {
        var gap = exponent > 0 && exponent < pole ? pole - exponent : 0.25 * pole;
        double low = 0, high = pole;   // the root lies at a distance between
        while (true)
        {
            Evaluate(gap, out var slope, out var curvature, out var amplitude);
            var eta = pole - gap;
            var excess = Math.Log(eta * amplitude) - (eta * slope) - logRate;
            var rise = (1 / eta) - (eta * curvature);   // h′ at η; against the distance it is −h′
            double next;
            if (rise >= 0)
            {
                // Left of the top: the root is nearer to the pole, or nowhere.
                high = gap;
                if (excess + (rise * (gap - low)) < 0)
                {
                    return double.NaN;
                }

                next = low > 0 ? 0.5 * (low + high) : 0.25 * gap;
            }
            else
            {
                if (excess >= 0)
                {
                    high = gap;
                }
                else
                {
                    low = gap;
                    if (excess + (rise * (gap - high)) < 0)
                    {
                        return double.NaN;
                    }
                }

                // In 1/gap the tail end of h is nearly a line, so the step is taken there.
                var inverse = (1 / gap) - (excess / (rise * gap * gap));
                next = 1 / inverse;
                if (Math.Abs(next - gap) <= 1e-13 * gap)
                {
                    exponent = eta;
                    return slope;
                }
            }

            next = next > low && next < high ? next : low > 0 ? 0.5 * (low + high) : 0.25 * high;
            if (!(next > low && next < high) || next == gap)
            {
                exponent = eta;
                return excess >= -1e-9 ? slope : double.NaN;
            }

            gap = next;
        }
    }

    private static double Pole(double mu, double c, double r) => c > 0 ? Math.Min(mu, r) : mu;

    /// <summary>K′, K″ and e^K at the distance <paramref name="gap"/> from the pole.</summary>
    private void Evaluate(double gap, out double slope, out double curvature, out double amplitude)
    {
        (slope, curvature, amplitude) = (0, 0, 1);
        Add(mu1, c1, r1, gap, ref slope, ref curvature, ref amplitude);
        Add(mu2, c2, r2, gap, ref slope, ref curvature, ref amplitude);
        Add(mu3, c3, r3, gap, ref slope, ref curvature, ref amplitude);
    }

    private void Add(double mu, double c, double r, double gap, ref double slope, ref double curvature, ref double amplitude)
    {
        var served = 1 / (mu - pole + gap);
        slope += served;
        curvature += served * served;
        amplitude *= mu * served;
        if (c > 0)
        {
            var u = r - pole + gap;
            var v = u + (c * (pole - gap));
            var inverse = 1 / (u * v);
            var waited = c * r * inverse;
            slope += waited;
            curvature += waited * inverse * (v + ((1 - c) * u));
            amplitude *= v * v * inverse;
        }
    }
}
