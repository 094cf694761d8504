using System.Collections.Immutable;

namespace Menuet.Fitting;

/// <summary>
/// A curve that is linear in most of its parameters: q = Σ_j c_j φ_j(l, s; θ). For fixed θ the c are a linear regression, which leaves a search
/// over the few θ alone; they are logarithms, so that what must be positive is.
/// </summary>
/// <remarks>Source: Golub and Pereyra 1973, "The differentiation of pseudo-inverses and nonlinear least squares problems" (variable projection).</remarks>
internal abstract class SeparableCurve
{
    internal abstract ImmutableArray<(string Name, string Unit)> Parameters { get; }

    /// <summary>Number of functions φ.</summary>
    internal abstract int Linear { get; }

    /// <summary>Where each θ is searched; at either end the curve no longer depends on it.</summary>
    internal abstract ImmutableArray<(double Low, double High)> Limits { get; }

    /// <summary>φ_j at a point.</summary>
    internal abstract void Basis(double level, double steps, ReadOnlySpan<double> theta, Span<double> basis);

    /// <summary>∂φ_j/∂θ_k at a point.</summary>
    internal abstract void BasisSlope(double level, double steps, ReadOnlySpan<double> theta, int k, Span<double> slope);

    /// <summary>The published parameters.</summary>
    internal abstract double[] Assemble(ReadOnlySpan<double> theta, ReadOnlySpan<double> coefficients);

    internal abstract double Value(double level, double steps, ReadOnlySpan<double> parameters);

    /// <summary>∂q/∂parameter at a point.</summary>
    internal abstract void Gradient(double level, double steps, ReadOnlySpan<double> parameters, Span<double> gradient);

    internal static SeparableCurve Of(CurveModel model, ImmutableArray<QualityPoint> points) => model switch
    {
        CurveModel.LogLinear => new LogLinearCurve(points),
        CurveModel.Quadratic => new QuadraticCurve(),
        CurveModel.Exponential => new ExponentialCurve(points),
        _ => throw new ArgumentOutOfRangeException(nameof(model), model, "no such model"),
    };

    private protected static (double, double) Logarithms(double low, double high) => (Math.Log(low), Math.Log(high));
}

/// <summary>ρ1 ln(ρ2 l + 1) − ρ3 l + ρ4 ln(ρ5 s + 1) − ρ6 s; θ = (ln ρ2, ln ρ5).</summary>
internal sealed class LogLinearCurve(ImmutableArray<QualityPoint> points) : SeparableCurve
{
    internal override ImmutableArray<(string, string)> Parameters { get; } =
        [("rho1", "quality"), ("rho2", "1/level"), ("rho3", "quality/level"), ("rho4", "quality"), ("rho5", "1/step"), ("rho6", "quality/step")];

    internal override int Linear => 4;

    // Below 1e-4 the logarithm is a straight line, above 1e12 a constant plus ln l or ln s, to within what data can tell.
    internal override ImmutableArray<(double, double)> Limits { get; } =
    [
        Logarithms(1e-4 / points.Max(p => p.Level), 1e12 / points.Max(p => p.Level)),
        Logarithms(1e-4 / points.Max(p => p.Steps), 1e12 / points.Max(p => p.Steps)),
    ];

    internal override void Basis(double level, double steps, ReadOnlySpan<double> theta, Span<double> basis)
    {
        basis[0] = LogOnePlus(Math.Exp(theta[0]) * level);
        basis[1] = -level;
        basis[2] = LogOnePlus(Math.Exp(theta[1]) * steps);
        basis[3] = -steps;
    }

    internal override void BasisSlope(double level, double steps, ReadOnlySpan<double> theta, int k, Span<double> slope)
    {
        slope.Clear();
        var product = Math.Exp(theta[k]) * (k == 0 ? level : steps);
        slope[2 * k] = product / (1 + product);
    }

    internal override double[] Assemble(ReadOnlySpan<double> theta, ReadOnlySpan<double> c) =>
        [c[0], Math.Exp(theta[0]), c[1], c[2], Math.Exp(theta[1]), c[3]];

    internal override double Value(double level, double steps, ReadOnlySpan<double> rho) =>
        (rho[0] * LogOnePlus(rho[1] * level)) - (rho[2] * level) + (rho[3] * LogOnePlus(rho[4] * steps)) - (rho[5] * steps);

    internal override void Gradient(double level, double steps, ReadOnlySpan<double> rho, Span<double> gradient)
    {
        gradient[0] = LogOnePlus(rho[1] * level);
        gradient[1] = rho[0] * level / (1 + (rho[1] * level));
        gradient[2] = -level;
        gradient[3] = LogOnePlus(rho[4] * steps);
        gradient[4] = rho[3] * steps / (1 + (rho[4] * steps));
        gradient[5] = -steps;
    }

    /// <summary>ln(1 + x) for x >= 0 without losing small x.</summary>
    private static double LogOnePlus(double x)
    {
        // Kahan: the rounding of 1 + x cancels between logarithm and quotient.
        var sum = 1 + x;
        return sum == 1 ? x : Math.Log(sum) * x / (sum - 1);
    }
}

/// <summary>curvature s² + slope s + intercept; nothing but linear.</summary>
internal sealed class QuadraticCurve : SeparableCurve
{
    internal override ImmutableArray<(string, string)> Parameters { get; } =
        [("curvature", "quality/step²"), ("slope", "quality/step"), ("intercept", "quality")];

    internal override int Linear => 3;

    internal override ImmutableArray<(double, double)> Limits => [];

    internal override void Basis(double level, double steps, ReadOnlySpan<double> theta, Span<double> basis)
    {
        basis[0] = steps * steps;
        basis[1] = steps;
        basis[2] = 1;
    }

    internal override void BasisSlope(double level, double steps, ReadOnlySpan<double> theta, int k, Span<double> slope) =>
        throw new InvalidOperationException("the quadratic has no nonlinear parameter");

    internal override double[] Assemble(ReadOnlySpan<double> theta, ReadOnlySpan<double> c) => c.ToArray();

    internal override double Value(double level, double steps, ReadOnlySpan<double> p) => (((p[0] * steps) + p[1]) * steps) + p[2];

    internal override void Gradient(double level, double steps, ReadOnlySpan<double> parameters, Span<double> gradient) =>
        Basis(level, steps, [], gradient);
}

/// <summary>c − a exp(−k s); θ = ln k. Searched as α + β (1 − exp(−k u)) / k with u = s − s_min, whose two functions stay apart for small k.</summary>
internal sealed class ExponentialCurve : SeparableCurve
{
    private readonly double origin;

    internal ExponentialCurve(ImmutableArray<QualityPoint> points)
    {
        double[] steps = [.. points.Select(p => p.Steps).Distinct().Order()];
        origin = steps[0];
        var range = steps[^1] - origin;
        var gap = steps.Zip(steps.Skip(1)).Min(p => p.Second - p.First);
        // a exp(-k s) must be a product of finite numbers, hence the bound on k s_min.
        var high = Math.Min(50 / gap, origin > 0 ? 600 / origin : double.PositiveInfinity);
        Limits = [Logarithms(1e-4 / range, Math.Max(high, 2e-4 / range))];
    }

    internal override ImmutableArray<(string, string)> Parameters { get; } = [("c", "quality"), ("a", "quality"), ("k", "1/step")];

    internal override int Linear => 2;

    internal override ImmutableArray<(double Low, double High)> Limits { get; }

    internal override void Basis(double level, double steps, ReadOnlySpan<double> theta, Span<double> basis)
    {
        var k = Math.Exp(theta[0]);
        basis[0] = 1;
        basis[1] = Rise(k * (steps - origin)) / k;
    }

    internal override void BasisSlope(double level, double steps, ReadOnlySpan<double> theta, int k, Span<double> slope)
    {
        var rate = Math.Exp(theta[0]);
        var product = rate * (steps - origin);
        slope[0] = 0;
        slope[1] = ((product * Math.Exp(-product)) - Rise(product)) / rate;
    }

    internal override double[] Assemble(ReadOnlySpan<double> theta, ReadOnlySpan<double> coefficients)
    {
        var k = Math.Exp(theta[0]);
        var height = coefficients[1] / k;
        return [coefficients[0] + height, height * Math.Exp(k * origin), k];
    }

    internal override double Value(double level, double steps, ReadOnlySpan<double> p) => p[0] - (p[1] * Math.Exp(-p[2] * steps));

    internal override void Gradient(double level, double steps, ReadOnlySpan<double> p, Span<double> gradient)
    {
        var decay = Math.Exp(-p[2] * steps);
        gradient[0] = 1;
        gradient[1] = -decay;
        gradient[2] = p[1] * steps * decay;
    }

    /// <summary>1 − exp(−x) for x >= 0 without losing small x: 2 tanh(x/2) / (1 + tanh(x/2)).</summary>
    private static double Rise(double x)
    {
        var t = Math.Tanh(x / 2);
        return 2 * t / (1 + t);
    }
}
