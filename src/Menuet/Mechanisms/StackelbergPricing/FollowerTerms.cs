namespace Menuet.Mechanisms.StackelbergPricing;

/// <summary>One follower as the audit sees her: utility first, and what maximises it by comparing the few points that can.</summary>
/// <remarks>Written apart from <see cref="Demand"/>, with the vertex form of the quality curve, so that the two check each other.</remarks>
internal readonly struct FollowerTerms
{
    private readonly double satisfaction;
    private readonly double curvature;
    private readonly double slope;
    private readonly double intercept;
    private readonly bool mayStayAway;

    internal FollowerTerms(StackelbergPricingMarket market, int k)
        : this(market, market.Followers[k], market.Followers[k].Quality ?? market.Quality!)
    {
    }

    internal FollowerTerms(StackelbergPricingMarket market, in Follower follower, QualityCurve curve)
    {
        satisfaction = follower.Satisfaction;
        (curvature, slope, intercept) = (curve.Curvature, curve.Slope, curve.Intercept);
        Min = follower.MinSteps ?? market.MinSteps;
        Max = follower.MaxSteps ?? market.MaxSteps ?? double.PositiveInfinity;
        mayStayAway = market.Participation == Participation.Optional;
    }

    internal double Min { get; }

    internal double Max { get; }

    /// <summary>δ q(S) − p S.</summary>
    internal double Utility(double steps, double price) =>
        steps * (satisfaction * (slope + curvature * steps) - price) + satisfaction * intercept;

    /// <summary>δ q′(S), the price at which S steps are just right; −∞ for endless steps.</summary>
    internal double MarginalValue(double steps) => satisfaction * (slope + 2 * curvature * steps);

    /// <summary>Steps lost per unit of price between the bounds.</summary>
    internal double StepsPerPrice => 1 / (-2 * curvature * satisfaction);

    /// <summary>The steps that maximise her utility when she takes part: the vertex of her parabola, or the bound next to it.</summary>
    internal double Best(double price)
    {
        var vertex = (slope - price / satisfaction) / (-2 * curvature);
        return vertex <= Min ? Min : vertex >= Max ? Max : vertex;
    }

    /// <summary>How much utility some steps lose against the best ones, as a product, so that nothing large cancels.</summary>
    internal double Loss(double steps, double price)
    {
        var best = Best(price);
        return (best - steps) * (satisfaction * (slope + curvature * (best + steps)) - price);
    }

    /// <summary>Her best utility when she takes part.</summary>
    internal double BestUtility(double price) => Utility(Best(price), price);

    /// <summary>How far rounding may move <see cref="BestUtility"/>: some last bits of its largest terms, which may cancel.</summary>
    internal double RoundingAt(double price) =>
        1e-15 * (Best(price) * (satisfaction * slope + price) + Math.Abs(satisfaction * intercept));

    /// <summary>The highest price at which taking part leaves her at 0 or more; +∞ when she cannot stay away or never wants to.</summary>
    /// <remarks>The highest average worth of a step, δ q(S)/S: found at √(γ/α) when γ &lt; 0, because the average rises up to there and falls beyond.</remarks>
    internal double HighestAcceptable
    {
        get
        {
            if (!mayStayAway || (Min == 0 && intercept >= 0))
            {
                return double.PositiveInfinity;
            }

            if (Max == 0)
            {
                return double.NegativeInfinity;
            }

            var steps = Math.Clamp(intercept < 0 ? Math.Sqrt(intercept / curvature) : 0, Min, Max);
            return satisfaction * (slope + curvature * steps + intercept / steps);
        }
    }
}
