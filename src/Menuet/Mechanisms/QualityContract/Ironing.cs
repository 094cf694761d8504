namespace Menuet.Mechanisms.QualityContract;

/// <summary>
/// Common costs: pools virtual values until they rise, then gives each pool the vertex of the upper concave hull of
/// (quality, −cost) that its virtual value selects. O(N log N + I).
/// </summary>
/// <remarks>
/// Exact on any finite grid: for nondecreasing a, <c>Σ q_i w_i a_i ≤ Σ q_i w̄_i a_i</c> with equality when a is constant on the
/// pools, and <c>w a − c(a)</c> has increasing differences, so the pools' maximisers rise by themselves. Values are kept as
/// numerator and probability apart, as a probability may be 0. Source: ironing after Myerson 1981; Ye et al., Problem 1.
/// </remarks>
internal static class Ironing
{
    /// <summary>The best quality of every group, an index into the grid or −1 for no item; larger qualities on ties.</summary>
    /// <param name="chain">Types of common costs.</param>
    /// <param name="grid">The items.</param>
    /// <param name="exclusion">True: no item is permitted as well.</param>
    internal static int[] Solve(TypeChain chain, ItemGrid grid, bool exclusion)
    {
        var (numerators, probabilities, ends) = Pool(chain);
        var (vertices, costs) = Hull(chain, grid, exclusion);
        var choice = new int[chain.Groups];
        var (group, vertex) = (0, 0);
        for (var pool = 0; pool < numerators.Length; pool++)
        {
            while (vertex + 1 < vertices.Length
                && numerators[pool] * (QualityAt(grid, vertices[vertex + 1]) - QualityAt(grid, vertices[vertex]))
                    >= probabilities[pool] * (costs[vertex + 1] - costs[vertex]))
            {
                vertex++;
            }

            choice.AsSpan(group, ends[pool] - group).Fill(vertices[vertex]);
            group = ends[pool];
        }

        return choice;
    }

    /// <summary>Pools of adjacent groups with rising <c>numerator / probability</c>; each ends before group <c>Ends</c>.</summary>
    private static (double[] Numerators, double[] Probabilities, int[] Ends) Pool(TypeChain chain)
    {
        var numerators = new double[chain.Groups];
        var probabilities = new double[chain.Groups];
        var ends = new int[chain.Groups];
        var count = 0;
        for (var group = 0; group < chain.Groups; group++)
        {
            var probability = chain.Probability[group];
            var step = group + 1 < chain.Groups ? chain.Gain[group + 1] - chain.Gain[group] : 0;
            var numerator = (probability * chain.Gain[group]) - (chain.Above[group] * step);
            while (count > 0 && Falls(numerators[count - 1], probabilities[count - 1], numerator, probability))
            {
                count--;
                numerator += numerators[count];
                probability += probabilities[count];
            }

            (numerators[count], probabilities[count], ends[count]) = (numerator, probability, group + 1);
            count++;
        }

        return (numerators[..count], probabilities[..count], ends[..count]);
    }

    /// <summary>True when the value falls from one pool to the next. A pool without weight or value joins the one below.</summary>
    private static bool Falls(double numerator, double probability, double nextNumerator, double nextProbability) =>
        (nextProbability == 0 && nextNumerator >= 0) || numerator * nextProbability > nextNumerator * probability;

    private static (int[] Vertices, double[] Costs) Hull(TypeChain chain, ItemGrid grid, bool exclusion)
    {
        var vertices = new int[grid.Count + 1];
        var costs = new double[grid.Count + 1];
        var count = 0;
        if (exclusion)
        {
            var free = grid.FreeItem(chain, 0);
            (vertices[0], costs[0]) = (-1, free is { } item ? chain.Cost(0, item.Level, item.Steps) : 0);
            count = 1;
        }

        for (var k = 0; k < grid.Count; k++)
        {
            var cheapest = grid.Cheapest(chain, k, 0);
            var cost = chain.Cost(0, grid.Levels[cheapest], grid.Steps[cheapest]);
            while (count > 1 && Below(
                QualityAt(grid, vertices[count - 1]) - QualityAt(grid, vertices[count - 2]), costs[count - 1] - costs[count - 2],
                grid.Quality[k] - QualityAt(grid, vertices[count - 1]), cost - costs[count - 1]))
            {
                count--;
            }

            (vertices[count], costs[count]) = (k, cost);
            count++;
        }

        return (vertices[..count], costs[..count]);
    }

    /// <summary>True when marginal cost does not rise at the middle of three points, which is then no vertex.</summary>
    private static bool Below(double width, double rise, double nextWidth, double nextRise) => rise * nextWidth >= nextRise * width;

    private static double QualityAt(ItemGrid grid, int vertex) => vertex < 0 ? 0 : grid.Quality[vertex];
}
