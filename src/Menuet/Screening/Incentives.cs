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
        var lines = new int[values.Length];
        for (var k = 0; k < lines.Length; k++)
        {
            lines[k] = k;
        }

        var (slopes, costs) = (values.ToArray(), payments.ToArray());
        Array.Sort(lines, (a, b) => slopes[a] != slopes[b] ? slopes[a].CompareTo(slopes[b]) : costs[b].CompareTo(costs[a]));
        var hull = new List<int>();
        foreach (var line in lines)
        {
            while (hull.Count > 0 && slopes[hull[^1]] == slopes[line])
            {
                hull.RemoveAt(hull.Count - 1);
            }

            while (hull.Count > 1 && Hidden(hull[^2], hull[^1], line))
            {
                hull.RemoveAt(hull.Count - 1);
            }

            hull.Add(line);
        }

        for (var i = 0; i < types.Length; i++)
        {
            int low = 0, high = hull.Count - 1;
            while (low < high)
            {
                var middle = (low + high) / 2;
                if (Worth(types[i], hull[middle]) < Worth(types[i], hull[middle + 1]))
                {
                    low = middle + 1;
                }
                else
                {
                    high = middle;
                }
            }

            inspection.Check(Worth(types[i], i) - Math.Max(Worth(types[i], hull[low]), Worth(types[i], i)), i, hull[low], label, types.Length - 1);
        }

        double Worth(double type, int item) => (type * slopes[item]) - costs[item];

        // The middle line is nowhere the highest: it meets the last before the first meets it.
        bool Hidden(int first, int middle, int last) =>
            (costs[last] - costs[first]) * (slopes[middle] - slopes[first]) <= (costs[middle] - costs[first]) * (slopes[last] - slopes[first]);
    }
}
