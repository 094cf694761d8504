using System.Collections.Immutable;
using System.Globalization;
using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.Optimization;

namespace Menuet.Fitting;

/// <summary>Fits quality curves to observations by weighted least squares.</summary>
/// <remarks>
/// Linear parameters are eliminated exactly (variable projection); what remains, none, one or two logarithms, is searched on a grid over all
/// magnitudes that data could tell apart, and from its best local minima by Levenberg-Marquardt. A global minimum is not proved, but no starting
/// values are asked for, and scaling quality, level or steps scales the answer. Source: Golub and Pereyra 1973 (variable projection); Kaufman 1975
/// (its Jacobian); Bates and Watts 1988, chapter 2 (standard errors).
/// </remarks>
public static class CurveFit
{
    private const int Starts = 4;
    private const double IllConditioned = 1e5;

    /// <summary>The least squares curve through observations.</summary>
    /// <param name="model">Its form.</param>
    /// <param name="points">More points than parameters; at least three different steps (and levels, where the model has them, two).</param>
    /// <exception cref="InvalidRequestException">The points cannot determine a curve; every problem is named.</exception>
    public static FittedCurve Fit(CurveModel model, ImmutableArray<QualityPoint> points)
    {
        var problems = Problems(model, points);
        if (!problems.IsEmpty)
            throw new InvalidRequestException(problems);
        var curve = SeparableCurve.Of(model, points);
        var projection = new Projection(curve, points);
        var (theta, termination, reason, iterations) = Search(curve, projection);
        var parameters = curve.Assemble(theta, projection.Coefficients(theta));
        return Describe(model, curve, points, projection, theta, parameters, termination, reason, iterations);
    }

    /// <summary>Every reason why the points cannot be fitted; empty when they can.</summary>
    public static ImmutableArray<Problem> Problems(CurveModel model, ImmutableArray<QualityPoint> points)
    {
        var problems = ImmutableArray.CreateBuilder<Problem>();
        for (var i = 0; i < points.Length; i++)
        {
            var place = string.Create(CultureInfo.InvariantCulture, $"points[{i}]");
            void Refuse(bool wrong, string name, double value, string permitted)
            {
                if (wrong)
                    problems.Add(new Problem($"{place}.{name}", $"must be {permitted}", value.ToString("R", CultureInfo.InvariantCulture)));
            }
            Refuse(!(points[i].Level is >= 0 and <= 1e9), "level", points[i].Level, "in [0, 1e9]");
            Refuse(!(points[i].Steps is >= 0 and <= 1e9), "steps", points[i].Steps, "in [0, 1e9]");
            Refuse(!(Math.Abs(points[i].Quality) <= 1e60), "quality", points[i].Quality, "finite and at most 1e60 in size");
            Refuse(!(points[i].Weight is >= 1e-60 and <= 1e60), "weight", points[i].Weight, "in [1e-60, 1e60]");
        }
        return problems.Count > 0 ? problems.ToImmutable() : DesignProblems(model, points);
    }

    /// <summary>Whether valid points are many and different enough.</summary>
    internal static ImmutableArray<Problem> DesignProblems(CurveModel model, ImmutableArray<QualityPoint> points)
    {
        var problems = ImmutableArray.CreateBuilder<Problem>();
        var (parameters, levels) = model == CurveModel.LogLinear ? (6, 2) : (3, 1);
        void Need(int least, int have, string what, string why)
        {
            if (have < least)
                problems.Add(new Problem("points", $"the {CurveModels.Name(model)} curve needs at least {least} {what} ({why}), not {have}"));
        }
        Need(parameters + 1, points.Length, "points", $"one more than its {parameters} parameters");
        Need(3, points.Select(p => p.Steps).Distinct().Count(), "different values of steps", "its shape over steps has three parameters");
        Need(levels, points.Select(p => p.Level).Distinct().Count(), "different values of level", "its shape over level");
        Need(2, points.Select(p => p.Quality).Distinct().Count(), "different values of quality", "a constant has no curve");
        return problems.ToImmutable();
    }

    private static (double[] Theta, Termination Termination, string Reason, int Iterations) Search(SeparableCurve curve, Projection projection)
    {
        if (curve.Limits.IsEmpty)
            return ([], Termination.Optimal, "linear in its parameters; solved directly", 0);
        double[]? best = null;
        var (least, stop, count) = (double.PositiveInfinity, ExitCondition.None, 0);
        foreach (var start in StartingPoints(curve, projection))
        {
            var objective = ObjectiveFunction.NonlinearModel((p, _) => projection.Fitted(p), (p, _) => projection.Jacobian(p), projection.Target, projection.Target);
            // Only the length of the step decides: sums of squares of exact data fall to rounding, which no absolute tolerance fits.
            projection.Restart();
            var (exit, iterations) = Minimise(objective, start);
            // The minimiser reports its last trial, accepted or not; the projection remembers the best.
            if (projection.Least >= least)
                continue;
            (best, least, stop, count) = (projection.Best, projection.Least, exit, iterations);
        }
        var (termination, reason) = stop switch
        {
            ExitCondition.ExceedIterations => (Termination.LimitReached, "iteration limit"),
            ExitCondition.InvalidValues => (Termination.NumericalTrouble, "the sum of squares is flat; the best values met are kept"),
            _ => (Termination.Converged, "steps fell below 1e-14 of the parameters' logarithms"),
        };
        return (best!, termination, reason, count);
    }

    private static (ExitCondition, int) Minimise(IObjectiveModel objective, double[] start)
    {
        try
        {
            var result = new LevenbergMarquardtMinimizer(gradientTolerance: 0, stepTolerance: 1e-14, functionTolerance: 0, maximumIterations: 500)
                .FindMinimum(objective, Vector<double>.Build.DenseOfArray(start));
            return (result.ReasonForExit, Math.Max(0, result.Iterations));
        }
        catch (ArgumentException)
        {
            // Where nothing depends on θ its normal equations are singular, and it refuses the step that they give.
            return (ExitCondition.InvalidValues, 0);
        }
    }

    /// <summary>The best local minima of the sum of squares on a grid of one point per factor of ten or finer, best first.</summary>
    private static IEnumerable<double[]> StartingPoints(SeparableCurve curve, Projection projection)
    {
        var size = curve.Limits.Length == 1 ? 33 : 17;
        double At(int k, int i) => curve.Limits[k].Low + ((curve.Limits[k].High - curve.Limits[k].Low) * i / (size - 1));
        var rows = curve.Limits.Length == 1 ? 1 : size;
        var values = new double[rows, size];
        double[] Theta(int i, int j) => rows == 1 ? [At(0, j)] : [At(0, i), At(1, j)];
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < size; j++)
                values[i, j] = projection.SumOfSquares(Theta(i, j));
        }
        bool IsLocalMinimum(int i, int j)
        {
            for (var a = Math.Max(0, i - 1); a <= Math.Min(rows - 1, i + 1); a++)
            {
                for (var b = Math.Max(0, j - 1); b <= Math.Min(size - 1, j + 1); b++)
                {
                    if (values[a, b] < values[i, j])
                        return false;
                }
            }
            return true;
        }
        return Enumerable.Range(0, rows).SelectMany(i => Enumerable.Range(0, size).Select(j => (i, j)))
            .Where(c => IsLocalMinimum(c.i, c.j)).OrderBy(c => values[c.i, c.j]).Take(Starts).Select(c => Theta(c.i, c.j));
    }

    private static FittedCurve Describe(
        CurveModel model, SeparableCurve curve, ImmutableArray<QualityPoint> points, Projection projection, double[] theta, double[] values,
        Termination termination, string reason, int iterations)
    {
        var (n, p) = (points.Length, values.Length);
        var weights = projection.Weights;
        ImmutableArray<double> fitted = [.. points.Select(o => curve.Value(o.Level, o.Steps, values))];
        ImmutableArray<double> residuals = [.. points.Select((o, i) => o.Quality - fitted[i])];
        // Sums of squares in units of the largest observation, so that neither tiny nor huge qualities leave the range of doubles.
        var unit = projection.Scale;
        double Squares(Func<int, double> deviation) => Enumerable.Range(0, n).Sum(i => weights[i] * (deviation(i) / unit) * (deviation(i) / unit));
        var mean = points.Select((o, i) => weights[i] * o.Quality).Sum() / n;
        var (sum, total) = (Squares(i => residuals[i]), Squares(i => points[i].Quality - mean));
        var sigma = unit * Math.Sqrt(sum / (n - p));
        var squared = 1 - (sum / total);
        var deviance = (n * (Math.Log(2 * Math.PI * sum / n) + 1 + (2 * Math.Log(unit)))) - weights.Sum(Math.Log);

        var jacobian = Matrix<double>.Build.Dense(n, p);
        var gradient = new double[p];
        for (var i = 0; i < n; i++)
        {
            curve.Gradient(points[i].Level, points[i].Steps, values, gradient);
            for (var j = 0; j < p; j++)
                jacobian[i, j] = Math.Sqrt(weights[i]) * gradient[j];
        }
        var regression = new LeastSquares(jacobian);
        var root = regression.InverseRoot();
        var determined = Enumerable.Range(0, p).Select(regression.Determined).ToArray();
        double Covariance(int a, int b) => determined[a] && determined[b] ? sigma * sigma * root.Sum(r => r[a] * r[b]) : a == b ? double.PositiveInfinity : double.NaN;
        ImmutableArray<FittedParameter> parameters =
            [.. values.Select((v, j) => new FittedParameter(curve.Parameters[j].Name, curve.Parameters[j].Unit, v, Math.Sqrt(Covariance(j, j))))];
        return new FittedCurve
        {
            Model = model,
            Points = points,
            Parameters = parameters,
            Covariance = [.. Enumerable.Range(0, p).Select(a => Enumerable.Range(0, p).Select(b => Covariance(a, b)).ToImmutableArray())],
            Fitted = fitted,
            Residuals = residuals,
            DegreesOfFreedom = n - p,
            ResidualStandardError = sigma,
            RootMeanSquareError = unit * Math.Sqrt(sum / n),
            RSquared = squared,
            AdjustedRSquared = 1 - ((1 - squared) * (n - 1) / (n - p)),
            Akaike = deviance + (2 * (p + 1)),
            Bayesian = deviance + (Math.Log(n) * (p + 1)),
            Condition = regression.Condition,
            Termination = termination,
            Reason = reason,
            Iterations = iterations,
            Warnings = [.. Warnings(model, curve, points, theta, parameters, regression.Condition)],
            InverseRoot = [.. root.Select(r => r.ToImmutableArray())],
        };
    }

    private static IEnumerable<string> Warnings(
        CurveModel model, SeparableCurve curve, ImmutableArray<QualityPoint> points, double[] theta, ImmutableArray<FittedParameter> parameters, double condition)
    {
        static string Number(double value) => value.ToString("G4", CultureInfo.InvariantCulture);
        for (var k = 0; k < theta.Length; k++)
        {
            var name = model == CurveModel.Exponential ? "k" : k == 0 ? "rho2" : "rho5";
            if (theta[k] <= curve.Limits[k].Low + 1e-6)
                yield return $"{name} fell to the smallest value that the data could tell from zero: they show no bend of this form";
            if (theta[k] >= curve.Limits[k].High - 1e-6)
                yield return $"{name} rose to the largest value that the data could tell from infinity: they do not determine it";
        }
        if (condition > IllConditioned)
        {
            yield return $"the parameters compensate one another (condition {Number(condition)}): the curve is good where there are data, " +
                "single parameters carry little meaning";
        }
        foreach (var parameter in parameters)
        {
            if (double.IsInfinity(parameter.StandardError))
                yield return $"the data do not determine {parameter.Name}";
            else if (parameter.StandardError > Math.Abs(parameter.Value) / 2)
                yield return $"{parameter.Name} = {Number(parameter.Value)} is uncertain: its standard error is {Number(parameter.StandardError)}";
        }
        if (model == CurveModel.Quadratic && !(parameters[0].Value < 0))
            yield return $"the curvature {Number(parameters[0].Value)} is not below zero: pricing markets need a strictly concave curve and refuse this one";
        if (model == CurveModel.Exponential && !(parameters[1].Value > 0))
            yield return $"a = {Number(parameters[1].Value)} is not above zero: quality falls with steps and does not saturate upwards";
        if (model != CurveModel.LogLinear && points.Any(o => o.Level != points[0].Level))
            yield return "the levels differ but this curve is over steps alone: all levels were pooled";
    }

    /// <summary>The sum of squares as a function of θ alone, and its derivatives, on standardised observations.</summary>
    private sealed class Projection
    {
        private readonly SeparableCurve curve;
        private readonly ImmutableArray<QualityPoint> points;
        private double[]? at;
        private LeastSquares? regression;
        private Vector<double>? rest;

        internal Projection(SeparableCurve curve, ImmutableArray<QualityPoint> points)
        {
            (this.curve, this.points) = (curve, points);
            var mean = points.Sum(p => p.Weight / points.Length);
            Weights = [.. points.Select(p => p.Weight / mean)];
            Scale = points.Max(p => Math.Abs(p.Quality));
            Target = Vector<double>.Build.Dense(points.Length, i => Math.Sqrt(Weights[i]) * points[i].Quality / Scale);
        }

        /// <summary>Weights with mean 1.</summary>
        internal ImmutableArray<double> Weights { get; }

        /// <summary>The largest observation in size.</summary>
        internal double Scale { get; }

        /// <summary>Observations divided by the largest, times the roots of their weights.</summary>
        internal Vector<double> Target { get; }

        /// <summary>The best θ since the last restart.</summary>
        internal double[]? Best { get; private set; }

        /// <summary>Its sum of squares.</summary>
        internal double Least { get; private set; } = double.PositiveInfinity;

        internal void Restart() => (at, Best, Least) = (null, null, double.PositiveInfinity);

        internal double[] Coefficients(double[] theta)
        {
            Move(theta);
            return [.. regression!.Solve(Target).Select(c => c * Scale)];
        }

        internal double SumOfSquares(double[] theta)
        {
            Move(theta);
            return rest!.DotProduct(rest);
        }

        internal Vector<double> Fitted(Vector<double> theta)
        {
            Move(theta.ToArray());
            return Target - rest!;
        }

        /// <summary>∂fitted/∂θ by Kaufman: the rejection of (∂Φ/∂θ) c. The gradient of the sum of squares from it is exact.</summary>
        internal Matrix<double> Jacobian(Vector<double> theta)
        {
            Move(theta.ToArray());
            var jacobian = Matrix<double>.Build.Dense(points.Length, theta.Count);
            var coefficients = regression!.Solve(Target);
            var slope = new double[curve.Linear];
            for (var k = 0; k < theta.Count; k++)
            {
                // Beyond the limits the curve stays as it is at the limit.
                if (theta[k] < curve.Limits[k].Low || theta[k] > curve.Limits[k].High)
                    continue;
                var column = Vector<double>.Build.Dense(points.Length);
                for (var i = 0; i < points.Length; i++)
                {
                    curve.BasisSlope(points[i].Level, points[i].Steps, at, k, slope);
                    for (var j = 0; j < slope.Length; j++)
                        column[i] += Math.Sqrt(Weights[i]) * slope[j] * coefficients[j];
                }
                jacobian.SetColumn(k, regression.Reject(column));
            }
            return jacobian;
        }

        private void Move(double[] theta)
        {
            for (var k = 0; k < theta.Length; k++)
                theta[k] = Math.Clamp(theta[k], curve.Limits[k].Low, curve.Limits[k].High);
            if (at is not null && at.AsSpan().SequenceEqual(theta))
                return;
            at = theta;
            var matrix = Matrix<double>.Build.Dense(points.Length, curve.Linear);
            var basis = new double[curve.Linear];
            for (var i = 0; i < points.Length; i++)
            {
                curve.Basis(points[i].Level, points[i].Steps, theta, basis);
                for (var j = 0; j < basis.Length; j++)
                    matrix[i, j] = Math.Sqrt(Weights[i]) * basis[j];
            }
            regression = new LeastSquares(matrix);
            rest = regression.Reject(Target);
            var sum = rest.DotProduct(rest);
            if (sum < Least)
                (Best, Least) = (theta, sum);
        }
    }
}
