namespace Menuet.Screening;

/// <summary>
/// Truth-telling over all ordered pairs of a menu whose items are worth <c>type × value − payment</c>. Written for audits: solvers
/// must not call it.
/// </summary>
internal static class Incentives
{
    /// <summary>Up to this many types every pair is looked at one by one.</summary>
    internal const int PairByPair = 2000;

    /// <summary>Checks every ordered pair: what type i gets from its own item, less what it would get from item k.</summary>
    /// <param name="inspection">Receives the slacks.</param>
    /// <param name="types">Weight of the value, one per type.</param>
    /// <param name="values">Value of each type's item.</param>
    /// <param name="payments">Payment of each type's item.</param>
    /// <param name="label">Labels an ordered pair (0-based).</param>
    /// <param name="pairByPair">Up to this many types every pair is looked at.</param>
    /// <remarks>
    /// Beyond <paramref name="pairByPair"/> types each type is compared with the best of all items, found on the upper envelope of the
    /// lines <c>x ↦ x value_k − payment_k</c>; the smallest slack over its pairs is then at least the one recorded, which is
    /// negative exactly when some pair is violated. O(n log n).
    /// </remarks>
    internal static void CheckAllPairs(
        Inspection inspection, ReadOnlySpan<double> types, ReadOnlySpan<double> values, ReadOnlySpan<double> payments, Func<int, int, string> label,
        int pairByPair = PairByPair)
    {
        if (types.Length > pairByPair)
        {
            CheckByEnvelope(inspection, types, values, payments, label);
            return;
        }

        for (var i = 0; i < types.Length; i++)
        {
            var own = (types[i] * values[i]) - payments[i];
            for (var k = 0; k < types.Length; k++)
            {
                if (k != i)
                {
                    inspection.Check(own - ((types[i] * values[k]) - payments[k]), i, k, label);
                }
            }
        }
    }

    private static void CheckByEnvelope(
        Inspection inspection, ReadOnlySpan<double> types, ReadOnlySpan<double> values, ReadOnlySpan<double> payments, Func<int, int, string> label)
    {
        var (slopes, costs) = (values.ToArray(), payments.ToArray());
        var hull = UpperEnvelope(slopes, costs);
        var best = 0;
        for (var i = 0; i < types.Length; i++)
        {
            if (i > 0 && types[i] < types[i - 1])
            {
                best = 0;
            }

            best = BestFrom(best, types[i]);
            var own = Worth(types[i], i);
            inspection.Check(own - Math.Max(Worth(types[i], hull[best]), own), i, hull[best], label, types.Length - 1);
        }

        // Along the envelope a type's worth rises and then falls: double the stride while it rises, then halve it.
        int BestFrom(int start, double type)
        {
            var (low, stride) = (start, 1);
            while (low + stride < hull.Count && Worth(type, hull[low + stride - 1]) < Worth(type, hull[low + stride]))
            {
                low += stride;
                stride *= 2;
            }

            var high = Math.Min(hull.Count - 1, low + stride - 1);
            while (low < high)
            {
                var middle = (low + high) / 2;
                (low, high) = Worth(type, hull[middle]) < Worth(type, hull[middle + 1]) ? (middle + 1, high) : (low, middle);
            }

            return low;
        }

        double Worth(double type, int item) => (type * slopes[item]) - costs[item];
    }

    /// <summary>The lines that are somewhere the highest, by rising slope.</summary>
    private static List<int> UpperEnvelope(double[] slopes, double[] costs)
    {
        var lines = new int[slopes.Length];
        var rising = true;
        for (var k = 0; k < lines.Length; k++)
        {
            lines[k] = k;
            rising &= k == 0 || slopes[k] >= slopes[k - 1];
        }

        if (!rising)
        {
            Array.Sort((double[])slopes.Clone(), lines);
        }

        var hull = new List<int>();
        foreach (var line in lines)
        {
            if (hull.Count > 0 && slopes[hull[^1]] == slopes[line])
            {
                if (costs[hull[^1]] <= costs[line])
                {
                    continue;
                }

                hull.RemoveAt(hull.Count - 1);
            }

            while (hull.Count > 1 && Hidden(hull[^2], hull[^1], line))
            {
                hull.RemoveAt(hull.Count - 1);
            }

            hull.Add(line);
        }

        return hull;

        // The middle line is nowhere the highest: it meets the last before the first meets it.
        bool Hidden(int first, int middle, int last) =>
            (costs[last] - costs[first]) * (slopes[middle] - slopes[first]) <= (costs[middle] - costs[first]) * (slopes[last] - slopes[first]);
    }
}
