using System.Runtime.CompilerServices;

namespace Menuet.Mechanisms.StackelbergPricing;

/// <summary>
/// How many steps one follower wants at each price: S(p) = clamp((δβ − p) b, Smin, Smax) with b = 1/(2 δ |α|), and nothing above her
/// reservation price.
/// </summary>
/// <remarks>
/// Source: Lai et al. 2025, Eq. (11). Deviates: the bounds of Eq. (5) are applied, without which steps turn negative above the choke
/// price δβ; a follower may stay away when the market says so.
/// </remarks>
internal readonly struct Demand
{
    private readonly double satisfaction;
    private readonly double slope;

    /// <param name="satisfaction">δ &gt; 0.</param>
    /// <param name="curve">α &lt; 0, β &gt; 0, γ.</param>
    /// <param name="min">Smin ≥ 0.</param>
    /// <param name="max">Smax ≥ Smin; +∞ when there is none.</param>
    /// <param name="participation">Whether she may stay away.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Demand(double satisfaction, QualityCurve curve, double min, double max, Participation participation)
    {
        this.satisfaction = satisfaction;
        slope = curve.Slope;
        UtilityOfNothing = satisfaction * curve.Intercept;
        Min = min;
        Max = max;
        PerPrice = 0.5 / (satisfaction * -curve.Curvature);
        MaxUntil = satisfaction * (slope + 2 * curve.Curvature * max);
        MinFrom = satisfaction * (slope + 2 * curve.Curvature * min);
        Reservation = participation == Participation.Mandatory
            ? double.PositiveInfinity
            : ReservationPrice(satisfaction, curve, min, max);
    }

    /// <summary>Smin.</summary>
    internal double Min { get; }

    /// <summary>Smax, or +∞.</summary>
    internal double Max { get; }

    /// <summary>b, steps lost per unit of price between the kinks.</summary>
    internal double PerPrice { get; }

    /// <summary>The kink up to which she wants Smax; −∞ when there is no Smax.</summary>
    internal double MaxUntil { get; }

    /// <summary>The kink from which she wants Smin.</summary>
    internal double MinFrom { get; }

    /// <summary>The highest price at which she takes part.</summary>
    internal double Reservation { get; }

    /// <summary>δγ, the utility of taking part with no steps.</summary>
    internal double UtilityOfNothing { get; }

    /// <summary>The steps she wants when she takes part.</summary>
    internal double StepsAt(double price) =>
        price <= MaxUntil ? Max : price >= MinFrom ? Min : Math.Clamp(PerPrice * Above(price), Min, Max);

    /// <summary>δ q(S) − p S, for the cancellation's sake as S (δβ − p − S/(2b)) + δγ.</summary>
    internal double UtilityOf(double steps, double price) => steps * (Above(price) - steps / (2 * PerPrice)) + UtilityOfNothing;

    /// <summary>δβ − p with one rounding: how far the choke price lies above a price.</summary>
    internal double Above(double price) => Math.FusedMultiplyAdd(satisfaction, slope, -price);

    /// <remarks>
    /// Her best utility falls with the price at the rate of her steps, so one price divides buying from staying away. It is the largest
    /// δ q(S)/S, which an unbounded follower reaches at S = √(γ/α).
    /// </remarks>
    private static double ReservationPrice(double satisfaction, QualityCurve curve, double min, double max)
    {
        var tangent = curve.Intercept < 0 ? Math.Sqrt(curve.Intercept / curve.Curvature) : 0;
        if (tangent <= min && min == 0)
        {
            return double.PositiveInfinity;
        }

        if (max == 0)
        {
            return double.NegativeInfinity;
        }

        if (tangent > min && tangent < max)
        {
            return satisfaction * (curve.Slope + 2 * curve.Curvature * tangent);
        }

        var steps = tangent <= min ? min : max;
        return satisfaction * (curve.Curvature * steps + curve.Slope + curve.Intercept / steps);
    }
}
