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
    private const int Legs = 12;
    private const int LegIterations = 60;
    private const int Sections = 15;
    private const int CoarseGrid = 17;
    private const int FineGrid = 33;
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
        var (stop, count) = (ExitCondition.None, 0);
        void Descend(double[] start)
        {
            var before = projection.Least;
            var (exit, iterations) = Minimise(projection, start);
            if (stop == ExitCondition.None || projection.Least < before)
                (stop, count) = (exit, iterations);
        }
        foreach (var start in StartingPoints(curve, projection))
            Descend(start);
        var (termination, reason) = stop switch
        {
            ExitCondition.ExceedIterations => (Termination.LimitReached, "iteration limit"),
            ExitCondition.InvalidValues => (Termination.NumericalTrouble, "the sum of squares is flat; the best values met are kept"),
            _ => (Termination.Converged, "steps fell below 1e-14 of the parameters' logarithms"),
        };
        return (projection.Best!, termination, reason, count);
    }

    /// <summary>Legs of Levenberg-Marquardt, each with θ measured in units in which it matters as much as the others where the leg begins.</summary>
    private static (ExitCondition, int) Minimise(Projection projection, double[] start)
    {
        var objective = ObjectiveFunction.NonlinearModel(
            (p, _) => projection.Fitted(p), (p, _) => projection.Jacobian(p), projection.Target, projection.Target);
        // Only the length of the step decides: sums of squares of exact data fall to rounding, which no absolute tolerance fits.
        var minimiser = new LevenbergMarquardtMinimizer(gradientTolerance: 0, stepTolerance: 1e-14, functionTolerance: 0, maximumIterations: LegIterations);
        var (from, exit, iterations) = (Vector<double>.Build.DenseOfArray(start), ExitCondition.None, 0);
        for (var leg = 0; leg < Legs; leg++)
        {
            var before = projection.Least;
            var lengths = projection.Jacobian(from).ColumnNorms(2);
            var scales = lengths.Map(l => 1 / Math.Max(l, lengths.Maximum() * 1e-8));
            if (!(lengths.Maximum() > 0))
                return (ExitCondition.InvalidValues, iterations);
            try
            {
                var result = minimiser.FindMinimum(objective, from, scales: scales);
                (exit, iterations) = (result.ReasonForExit, iterations + Math.Max(0, result.Iterations));
            }
            catch (ArgumentException)
            {
                // Where nothing depends on θ its normal equations are singular, and it refuses the step that they give.
                return (ExitCondition.InvalidValues, iterations);
            }
            // The result's own point is the last trial, accepted or not; the projection remembers the best.
            if (exit != ExitCondition.ExceedIterations && projection.Least >= before * (1 - 1e-6))
                break;
            if (projection.Least >= before)
                break;
            from = Vector<double>.Build.DenseOfArray(projection.Best!);
        }
        return (exit, iterations);
    }

    /// <summary>
    /// The lowest valleys of the sum of squares, best first. With two θ their floors may be narrow and bent, so a grid alone misses them: for each
    /// grid value of one θ the other is optimised, both ways round, and the local minima along these two profiles are the starts.
    /// </summary>
    private static double[][] StartingPoints(SeparableCurve curve, Projection projection)
    {
        var limits = curve.Limits;
        var starts = new List<(double[] Theta, double Sum)>();
        for (var k = 0; k < limits.Length; k++)
        {
            var size = limits.Length == 1 ? FineGrid : CoarseGrid;
            var profile = Enumerable.Range(0, size).Select(i => At(limits[k], i, size))
                .Select(value => limits.Length == 1 ? [value] : LowestWith(k, value, limits[1 - k], projection))
                .Select(theta => (Theta: theta, Sum: projection.SumOfSquares(theta))).ToArray();
            starts.AddRange(profile.Where((point, i) =>
                (i == 0 || point.Sum <= profile[i - 1].Sum) && (i == size - 1 || point.Sum <= profile[i + 1].Sum)));
        }
        return [.. starts.OrderBy(s => s.Sum).Take(Starts).Select(s => s.Theta)];
    }

    /// <summary>With θ_k given, the other θ: best grid value, then golden sections between its neighbours.</summary>
    private static double[] LowestWith(int k, double value, (double Low, double High) limits, Projection projection)
    {
        double[] Theta(double other) => k == 0 ? [value, other] : [other, value];
        double Sum(double other) => projection.SumOfSquares(Theta(other));
        var best = Enumerable.Range(0, CoarseGrid).MinBy(i => Sum(At(limits, i, CoarseGrid)));
        var (low, high) = (At(limits, Math.Max(0, best - 1), CoarseGrid), At(limits, Math.Min(CoarseGrid - 1, best + 1), CoarseGrid));
        var golden = (Math.Sqrt(5) - 1) / 2;
        var (left, right) = (high - (golden * (high - low)), low + (golden * (high - low)));
        var (atLeft, atRight) = (Sum(left), Sum(right));
        for (var i = 0; i < Sections; i++)
        {
            if (atLeft <= atRight)
            {
                (high, right, atRight) = (right, left, atLeft);
                left = high - (golden * (high - low));
                atLeft = Sum(left);
            }
            else
            {
                (low, left, atLeft) = (left, right, atRight);
                right = low + (golden * (high - low));
                atRight = Sum(right);
            }
        }
        return Theta(atLeft <= atRight ? left : right);
    }

    private static double At((double Low, double High) limits, int i, int size) => limits.Low + ((limits.High - limits.Low) * i / (size - 1));

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
        double Squares(Func<int, double> deviation) =>
            Enumerable.Range(0, n).Sum(i => weights[i] * (deviation(i) / unit) * (deviation(i) / unit));
        var mean = points.Select((o, i) => weights[i] * o.Quality).Sum() / n;
        var (sum, total) = (Squares(i => residuals[i]), Squares(i => points[i].Quality - mean));
        var sigma = unit * Math.Sqrt(sum / (n - p));
        var squared = 1 - (sum / total);
        var deviance = (n * (Math.Log(2 * Math.PI * sum / n) + 1 + (2 * Math.Log(unit)))) - weights.Sum(Math.Log);

        double[][] jacobian = [.. Enumerable.Range(0, p).Select(_ => new double[n])];
        var gradient = new double[p];
        for (var i = 0; i < n; i++)
        {
            curve.Gradient(points[i].Level, points[i].Steps, values, gradient);
            for (var j = 0; j < p; j++)
                jacobian[j][i] = Math.Sqrt(weights[i]) * gradient[j];
        }
        var regression = new LeastSquares(jacobian);
        // Scaled before it is squared: with tiny qualities its entries alone would overflow.
        double[][] root = [.. regression.InverseRoot().Select(r => r.Select(v => sigma * v).ToArray())];
        var determined = Enumerable.Range(0, p).Select(regression.Determined).ToArray();
        double Covariance(int a, int b) => determined[a] && determined[b] ? root.Sum(r => r[a] * r[b])
            : a == b ? double.PositiveInfinity : double.NaN;
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
            Form = curve,
            Root = [.. root.Select(r => r.ToImmutableArray())],
        };
    }

    private static IEnumerable<string> Warnings(
        CurveModel model, SeparableCurve curve, ImmutableArray<QualityPoint> points, double[] theta,
        ImmutableArray<FittedParameter> parameters, double condition)
    {
        static string Number(double value) => value.ToString("G4", CultureInfo.InvariantCulture);
        for (var k = 0; k < theta.Length; k++)
        {
            var name = model == CurveModel.Exponential ? "k" : k == 0 ? "rho2" : "rho5";
            if (theta[k] <= curve.Limits[k].Low + 1)
                yield return $"{name} fell to the smallest value that the data could tell from zero: they show no bend of this form";
            if (theta[k] >= curve.Limits[k].High - 1)
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
        {
            yield return $"the curvature {Number(parameters[0].Value)} is not below zero: " +
                "pricing markets need a strictly concave curve and refuse this one";
        }
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
        private readonly double[] roots;
        private readonly double[] target;
        private double[]? at;
        private LeastSquares? regression;
        private double[] rest = [];
        private double sum;

        internal Projection(SeparableCurve curve, ImmutableArray<QualityPoint> points)
        {
            (this.curve, this.points) = (curve, points);
            var mean = points.Sum(p => p.Weight / points.Length);
            Weights = [.. points.Select(p => p.Weight / mean)];
            Scale = points.Max(p => Math.Abs(p.Quality));
            roots = [.. Weights.Select(Math.Sqrt)];
            target = [.. points.Select((p, i) => roots[i] * p.Quality / Scale)];
        }

        /// <summary>Weights with mean 1.</summary>
        internal ImmutableArray<double> Weights { get; }

        /// <summary>The largest observation in size.</summary>
        internal double Scale { get; }

        /// <summary>Observations divided by the largest, times the roots of their weights.</summary>
        internal Vector<double> Target => Vector<double>.Build.DenseOfArray(target);

        /// <summary>The best θ met so far.</summary>
        internal double[]? Best { get; private set; }

        /// <summary>Its sum of squares.</summary>
        internal double Least { get; private set; } = double.PositiveInfinity;

        internal double[] Coefficients(double[] theta)
        {
            Move(theta);
            return [.. regression!.Solve(target).Select(c => c * Scale)];
        }

        internal double SumOfSquares(double[] theta)
        {
            Move(theta);
            return sum;
        }

        /// <summary>The fitted values; beyond the limits, where nothing depends on θ any more, residuals grow so that no descent strays there.</summary>
        internal Vector<double> Fitted(Vector<double> theta)
        {
            Move(theta.ToArray());
            var beyond = theta.Select((v, k) => Math.Abs(v - at![k])).Sum();
            var growth = beyond == 0 ? 1 : 1e3 * (1 + Math.Min(beyond, 1e3));
            return Vector<double>.Build.Dense(target.Length, i => target[i] - (growth * rest[i]));
        }

        /// <summary>∂fitted/∂θ by Kaufman: the rejection of (∂Φ/∂θ) c. The gradient of the sum of squares from it is exact.</summary>
        internal Matrix<double> Jacobian(Vector<double> theta)
        {
            Move(theta.ToArray());
            var coefficients = regression!.Solve(target);
            var slope = new double[curve.Linear];
            return Matrix<double>.Build.DenseOfColumnArrays(Enumerable.Range(0, theta.Count).Select(k =>
            {
                var column = new double[points.Length];
                for (var i = 0; i < column.Length; i++)
                {
                    curve.BasisSlope(points[i].Level, points[i].Steps, at, k, slope);
                    column[i] = roots[i] * LeastSquares.Dot(slope, coefficients);
                }
                return regression.Reject(column);
            }));
        }

        private void Move(double[] theta)
        {
            for (var k = 0; k < theta.Length; k++)
                theta[k] = Math.Clamp(theta[k], curve.Limits[k].Low, curve.Limits[k].High);
            if (at is not null && at.AsSpan().SequenceEqual(theta))
                return;
            at = theta;
            double[][] columns = [.. Enumerable.Range(0, curve.Linear).Select(_ => new double[points.Length])];
            Span<double> basis = stackalloc double[curve.Linear];
            for (var i = 0; i < points.Length; i++)
            {
                curve.Basis(points[i].Level, points[i].Steps, theta, basis);
                for (var j = 0; j < basis.Length; j++)
                    columns[j][i] = roots[i] * basis[j];
            }
            regression = new LeastSquares(columns);
            rest = regression.Reject(target);
            sum = LeastSquares.Dot(rest, rest);
            if (sum < Least)
                (Best, Least) = (theta, sum);
        }
    }
}
