namespace Menuet.Mechanisms.LatencyContract;

/// <summary>
/// Minimises cost − revenue over delays and utilities for one set of served types, with a logarithmic barrier on every constraint.
/// </summary>
/// <remarks>
/// Variables: for every served type and every piece of work W &gt; 0 the share f of the deadline that it takes, so that its delay is
/// t = f D / n; for every distinct θ the utility U in units of the largest θ z D. E = z D (1 − Σ f) and θ E − U = p are linear,
/// the costs K/t² (computing) and K/t (sending) convex.
/// </remarks>
internal sealed class LatencyBarrier
{
    private readonly LatencyMarket market;
    private readonly bool[] served;
    private readonly int[] types;
    private readonly double[] ceilings;
    private readonly double money;

    private readonly List<Work> works = [];
    private readonly int[] utilityOf;
    private readonly List<Constraint> constraints = [];
    private readonly double[] point;
    private readonly double[] linear;

    /// <param name="market">Everything given.</param>
    /// <param name="served">Which types are served.</param>
    internal LatencyBarrier(LatencyMarket market, bool[] served)
    {
        (this.market, this.served) = (market, served);
        var terms = market.Terms;
        types = [.. Enumerable.Range(0, served.Length).Where(j => served[j])];
        ceilings = new double[types.Length];
        var thetas = types.Select(j => terms.Types[j].Gain).Distinct().Order().ToList();
        for (var a = 0; a < types.Length; a++)
        {
            AddWorks(a);
        }

        money = types.Select((j, a) => terms.Types[j].Gain * ceilings[a]).Max();

        // A peer of equal θ without a contract has utility 0, and so has the group then.
        var outside = Enumerable.Range(0, served.Length).Where(j => !served[j]).Select(j => terms.Types[j].Gain).ToArray();
        var fixedGroups = outside.Contains(thetas[0]) ? 1 : 0;
        utilityOf = [.. types.Select(j => thetas.IndexOf(terms.Types[j].Gain) < fixedGroups ? -1 : works.Count + thetas.IndexOf(terms.Types[j].Gain) - fixedGroups)];
        var size = works.Count + thetas.Count - fixedGroups;
        point = new double[size];
        linear = new double[size];
        Start(thetas, outside.Where(gain => gain < thetas[0]).DefaultIfEmpty(0).Max(), fixedGroups);
        for (var a = 0; a < types.Length; a++)
        {
            AddConstraints(a, outside);
            var type = terms.Types[types[a]];
            AddReduction(linear, a, -type.Probability * type.Gain / money);
            AddUtility(linear, a, type.Probability);
        }
    }

    /// <summary>Newton steps taken.</summary>
    internal int Iterations { get; private set; }

    /// <summary>Expected profit per user, money.</summary>
    internal double Profit { get; private set; }

    /// <summary>How far the profit may lie below the best, money.</summary>
    internal double Gap { get; private set; }

    /// <summary>Follows the central path to its end; false when arithmetic breaks down.</summary>
    internal bool Descend()
    {
        const double Accuracy = 1e-12;
        var turnover = 0.0;
        for (var a = 0; a < types.Length; a++)
        {
            turnover += market.Terms.Types[types[a]].Probability * market.Terms.Types[types[a]].Gain * ceilings[a] / money;
        }

        turnover += works.Sum(w => w.Weight / Math.Pow(point[w.Index], w.Power));
        if (!double.IsFinite(turnover) || !(money > 0))
        {
            return false;
        }

        for (var weight = turnover; ; weight /= 6)
        {
            if (!Centre(weight))
            {
                return false;
            }

            var spent = works.Sum(w => w.Weight / Math.Pow(point[w.Index], w.Power));
            var earned = 0.0;
            for (var a = 0; a < types.Length; a++)
            {
                earned += market.Terms.Types[types[a]].Probability * Payment(a) / money;
            }

            if (constraints.Count * weight <= Accuracy * (spent + earned))
            {
                Profit = (earned - spent) * money;
                Gap = constraints.Count * weight * money;
                return double.IsFinite(Profit);
            }
        }
    }

    /// <summary>The decisions at the present point.</summary>
    internal LatencyOutcome Outcome()
    {
        var count = served.Length;
        double[] prompt = new double[count], denoise = new double[count], rate = new double[count], payments = new double[count];
        foreach (var work in works)
        {
            var speed = work.Amount / (point[work.Index] * work.Unit);
            (work.Kind switch { 0 => prompt, 1 => denoise, _ => rate })[types[work.Owner]] = speed;
        }

        for (var a = 0; a < types.Length; a++)
        {
            payments[types[a]] = Payment(a);
        }

        return new([.. prompt], [.. denoise], [.. rate], [.. payments], [.. served.Select(s => !s)]);
    }

    private double Payment(int a) =>
        (market.Terms.Types[types[a]].Gain * Reduction(a)) - (utilityOf[a] < 0 ? 0 : point[utilityOf[a]] * money);

    private double Reduction(int a) => ceilings[a] * (1 - works.Where(w => w.Owner == a).Sum(w => point[w.Index]));

    private void AddWorks(int a)
    {
        var terms = market.Terms;
        var values = terms.For(terms.Types[types[a]], market.Level, market.Steps);
        var (worth, repeats) = terms.Attempts == Attempts.UntilSuccess
            ? (1.0, 1 / values.Success)
            : (values.Success * Math.Pow(values.Failure, terms.Attempt - 1), terms.Attempt);
        ceilings[a] = worth * values.MaxLatencySeconds;
        var unit = values.MaxLatencySeconds / repeats;
        var probability = terms.Types[types[a]].Probability;
        Add(0, values.PromptCycles, 2, values.CostPrompt * values.CapacitancePrompt);
        Add(1, values.DenoiseCycles, 2, values.CostDenoise * values.CapacitanceDenoise);
        Add(2, values.ResultBits, 1, values.CostCommunication / values.ChannelStatus / values.ChannelStatus);

        // b κ W x² and b d r/h² at speed W/t: a coefficient times W^(power+1) / t^power.
        void Add(int kind, double amount, int power, double coefficient)
        {
            if (amount > 0)
            {
                works.Add(new(works.Count, a, kind, amount, unit, power, probability * repeats * coefficient * amount * Math.Pow(amount / unit, power)));
            }
        }
    }

    /// <summary>Strictly feasible: reductions rise in equal steps with θ, and each utility step lies midway between its two limits.</summary>
    private void Start(List<double> thetas, double gainBelow, int fixedGroups)
    {
        for (var w = 0; w < works.Count; w++)
        {
            works[w] = works[w] with { Weight = works[w].Weight / money };
        }

        var smallest = ceilings.Min();
        double Target(int group) => smallest * 0.5 * (group + 1) / (thetas.Count + 1);
        for (var a = 0; a < types.Length; a++)
        {
            var mine = works.Where(w => w.Owner == a).ToArray();
            foreach (var work in mine)
            {
                point[work.Index] = (1 - (Target(thetas.IndexOf(market.Terms.Types[types[a]].Gain)) / ceilings[a])) / mine.Length;
            }
        }

        var utility = fixedGroups == 1 ? 0 : 0.5 * (thetas[0] - gainBelow) * Target(0);
        for (var group = 0; group < thetas.Count; group++)
        {
            utility += group == 0 ? 0 : (thetas[group] - thetas[group - 1]) * 0.5 * (Target(group) + Target(group - 1));
            if (group >= fixedGroups)
            {
                point[works.Count + group - fixedGroups] = utility / money;
            }
        }
    }

    private void AddConstraints(int a, double[] outside)
    {
        var gain = market.Terms.Types[types[a]].Gain;
        foreach (var work in works.Where(w => w.Owner == a))
        {
            Add(row => row[work.Index] = 1, 0);
        }

        // E ≥ 0, U ≥ 0, p ≥ 0.
        Add(row => AddReduction(row, a, 1 / ceilings[a]), 1);
        Add(row =>
        {
            AddReduction(row, a, gain / money);
            AddUtility(row, a, -1);
        }, gain * ceilings[a] / money);
        if (utilityOf[a] >= 0 && Array.IndexOf(utilityOf, utilityOf[a]) == a)
        {
            Add(row => AddUtility(row, a, 1), 0);
        }

        // IC(other → a): the other's own utility, less what it would get from this item.
        for (var b = 0; b < types.Length; b++)
        {
            var other = market.Terms.Types[types[b]].Gain;
            if (other != gain && (b == Array.FindIndex(types, j => market.Terms.Types[j].Gain == other)))
            {
                Add(row =>
                {
                    AddUtility(row, b, 1);
                    AddUtility(row, a, -1);
                    AddReduction(row, a, (gain - other) / money);
                }, (gain - other) * ceilings[a] / money);
            }
        }

        foreach (var other in outside.Where(other => other != gain).Distinct())
        {
            Add(row =>
            {
                AddUtility(row, a, -1);
                AddReduction(row, a, (gain - other) / money);
            }, (gain - other) * ceilings[a] / money);
        }

        void Add(Action<double[]> fill, double constant)
        {
            var row = new double[point.Length];
            fill(row);
            var indices = Enumerable.Range(0, row.Length).Where(i => row[i] != 0).ToArray();
            constraints.Add(new(indices, [.. indices.Select(i => row[i])], constant));
        }
    }

    /// <summary>Adds the part of factor · E that depends on the point; the constant part is factor · z D.</summary>
    private void AddReduction(double[] row, int a, double factor)
    {
        foreach (var work in works.Where(w => w.Owner == a))
        {
            row[work.Index] -= factor * ceilings[a];
        }
    }

    private void AddUtility(double[] row, int a, double factor)
    {
        if (utilityOf[a] >= 0)
        {
            row[utilityOf[a]] += factor;
        }
    }

    /// <summary>Newton's method on (cost − revenue)/weight − Σ ln slack.</summary>
    private bool Centre(double weight)
    {
        var size = point.Length;
        var hessian = new double[size, size];
        var gradient = new double[size];
        for (var i = 0; i < 60; i++)
        {
            Iterations++;
            Derivatives(weight, gradient, hessian);
            if (Solve(hessian, gradient) is not { } direction)
            {
                return false;
            }

            var slope = Dot(gradient, direction);
            if (!double.IsFinite(slope))
            {
                return false;
            }

            if (-slope < 1e-18)
            {
                return true;
            }

            // Along a line the function is convex: not to climb too steeply at the far end is descent enough, and unlike a
            // difference of values the slope stays accurate.
            var start = point.ToArray();
            var length = 1.0;
            for (; length > 1e-12; length /= 2)
            {
                for (var k = 0; k < size; k++)
                {
                    point[k] = start[k] + (length * direction[k]);
                }

                if (constraints.TrueForAll(c => c.Slack(point) > 0))
                {
                    Derivatives(weight, gradient, null);
                    if (Dot(gradient, direction) <= -0.5 * slope)
                    {
                        break;
                    }
                }
            }

            if (length <= 1e-12)
            {
                start.CopyTo(point, 0);
                return -slope < 1e-3;
            }
        }

        return true;
    }

    private void Derivatives(double weight, double[] gradient, double[,]? hessian)
    {
        if (hessian is not null)
        {
            Array.Clear(hessian);
        }

        for (var k = 0; k < gradient.Length; k++)
        {
            gradient[k] = linear[k] / weight;
        }

        foreach (var work in works)
        {
            var share = point[work.Index];
            var slope = work.Power * work.Weight / Math.Pow(share, work.Power + 1) / weight;
            gradient[work.Index] -= slope;
            if (hessian is not null)
            {
                hessian[work.Index, work.Index] += (work.Power + 1) * slope / share;
            }
        }

        foreach (var constraint in constraints)
        {
            var slack = constraint.Slack(point);
            var (indices, factors) = (constraint.Indices, constraint.Factors);
            for (var a = 0; a < indices.Length; a++)
            {
                gradient[indices[a]] -= factors[a] / slack;
                if (hessian is not null)
                {
                    for (var b = 0; b < indices.Length; b++)
                    {
                        hessian[indices[a], indices[b]] += factors[a] / slack * (factors[b] / slack);
                    }
                }
            }
        }
    }

    /// <summary>−H⁻¹ g by Cholesky's method on the matrix scaled to a unit diagonal; null when it is not positive definite.</summary>
    private static double[]? Solve(double[,] hessian, double[] gradient)
    {
        var size = gradient.Length;
        var scale = new double[size];
        for (var i = 0; i < size; i++)
        {
            scale[i] = 1 / Math.Sqrt(hessian[i, i]);
        }

        var factor = new double[size, size];
        for (var i = 0; i < size; i++)
        {
            for (var j = 0; j <= i; j++)
            {
                var sum = hessian[i, j] * scale[i] * scale[j];
                for (var k = 0; k < j; k++)
                {
                    sum -= factor[i, k] * factor[j, k];
                }

                if (i == j)
                {
                    // Rounding may eat a pivot of a nearly singular matrix; a floor of that size costs one slow step.
                    factor[i, i] = Math.Sqrt(Math.Max(sum, 1e-16));
                }
                else
                {
                    factor[i, j] = sum / factor[j, j];
                }
            }
        }

        var solution = new double[size];
        for (var i = 0; i < size; i++)
        {
            solution[i] = -gradient[i] * scale[i];
            for (var k = 0; k < i; k++)
            {
                solution[i] -= factor[i, k] * solution[k];
            }

            solution[i] /= factor[i, i];
        }

        for (var i = size - 1; i >= 0; i--)
        {
            for (var k = i + 1; k < size; k++)
            {
                solution[i] -= factor[k, i] * solution[k];
            }

            solution[i] /= factor[i, i];
        }

        for (var i = 0; i < size; i++)
        {
            solution[i] *= scale[i];
            if (!double.IsFinite(solution[i]))
            {
                return null;
            }
        }

        return solution;
    }

    private static double Dot(double[] left, double[] right)
    {
        var sum = 0.0;
        for (var k = 0; k < left.Length; k++)
        {
            sum += left[k] * right[k];
        }

        return sum;
    }

    /// <summary>One piece of work of one type; its expected cost is Weight / f^Power, in units of money.</summary>
    private sealed record Work(int Index, int Owner, int Kind, double Amount, double Unit, int Power, double Weight);

    /// <summary>Σ factor · variable + constant &gt; 0.</summary>
    private sealed record Constraint(int[] Indices, double[] Factors, double Constant)
    {
        internal double Slack(double[] point)
        {
            var sum = Constant;
            for (var k = 0; k < Indices.Length; k++)
            {
                sum += Factors[k] * point[Indices[k]];
            }

            return sum;
        }
    }
}
