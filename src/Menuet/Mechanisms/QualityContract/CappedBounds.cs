namespace Menuet.Mechanisms.QualityContract;

/// <summary>
/// What <see cref="CappedSearch"/> looks up: the worth of a group between two qualities, and Lagrangian bounds on all groups still
/// to come, for several prices of the cap.
/// </summary>
internal sealed class CappedBounds
{
    private const long MostCells = 8_000_000;
    private const int MostPrices = 14;
    private const double Rounding = 4e-16;

    private readonly QualityMarket market;
    private readonly TypeChain chain;
    private readonly ItemGrid grid;
    private readonly IntervalMaxima intervals;
    private readonly double[] quality;
    private readonly double rounding;
    private readonly double[] prices;
    private readonly double[][] within;
    private readonly double[][] fromNothing;
    private readonly double[] left;
    private readonly int[] firstPayable;

    // By price, group and quality: the most that later groups can add, gaps full or least, and when nobody is served yet.
    private readonly double[][][] full;
    private readonly double[][][] least;
    private readonly double[][] nobody;

    internal CappedBounds(QualityMarket market, TypeChain chain, ItemGrid grid, double price)
    {
        (this.market, this.chain, this.grid, quality) = (market, chain, grid, grid.Quality);
        intervals = new(chain, grid);
        rounding = Rounding * chain.Gain[chain.Groups - 1] * quality[^1];
        within = new double[chain.Groups][];
        fromNothing = new double[chain.Groups][];
        left = new double[chain.Groups];
        firstPayable = new int[chain.Groups];
        for (var group = 0; group < chain.Groups; group++)
        {
            Tabulate(group);
        }

        prices = Prices(price);
        full = new double[prices.Length][][];
        least = new double[prices.Length][][];
        nobody = new double[prices.Length][];
        for (var k = 0; k < prices.Length; k++)
        {
            full[k] = new double[chain.Groups][];
            least[k] = new double[chain.Groups][];
            nobody[k] = new double[chain.Groups];
            Sweep(prices[k], full[k], least[k], nobody[k]);
        }
    }

    /// <summary>True when the tables are of a size worth making.</summary>
    internal static bool Fits(TypeChain chain, ItemGrid grid)
    {
        double cells = 2.0 * MostPrices * chain.Groups * grid.Count;
        for (var group = 0; group < chain.Groups; group++)
        {
            cells += chain.FirstMember[group + 1] - chain.FirstMember[group] > 1 ? (double)grid.Count * grid.Count : 0;
        }

        return cells <= MostCells;
    }

    internal bool IsSingle(int group) => chain.FirstMember[group + 1] - chain.FirstMember[group] == 1;

    /// <summary>What a group brings when nobody up to it is served.</summary>
    internal double Left(int group) => left[group];

    /// <summary>The first quality that the group's gain makes worth the smallest payment.</summary>
    internal int FirstPayable(int group) => firstPayable[group];

    /// <summary>
    /// Worth of a group that spans two qualities, beyond its lowest payment: its members' choices between them less their costs, and
    /// the payments of all above for the span.
    /// </summary>
    internal double Within(int group, int low, int high) => within[group][IsSingle(group) ? low : (low * quality.Length) + high];

    /// <summary>Worth of a first served group of which some may be left out, with the payments of all above for its highest quality.</summary>
    internal double FromNothing(int group, int high) => fromNothing[group][high];

    /// <summary>Upper bound on the value of any completion after a group.</summary>
    /// <param name="group">The last group decided.</param>
    /// <param name="state">The highest quality; −1 while nobody is served.</param>
    /// <param name="switched">The group after which gaps are least; −1: they are full so far.</param>
    /// <param name="value">Value so far.</param>
    /// <param name="slack">The cap less the top payment.</param>
    /// <param name="room">By how much that payment may grow, for the switching group's weight a unit.</param>
    internal double Upper(int group, int state, int switched, double value, double slack, double room)
    {
        var upper = double.PositiveInfinity;
        for (var k = 0; k < prices.Length; k++)
        {
            var later = state < 0 ? nobody[k][group] : switched < 0 ? full[k][group][state] : least[k][group][state];
            var growth = switched < 0 ? 0 : Math.Max(0, chain.AtLeast(switched) - prices[k]) * Math.Min(room, Math.Max(0, slack));
            upper = Math.Min(upper, value + (prices[k] * slack) + growth + later);
        }

        return upper + rounding;
    }

    /// <summary>The members' own choices between two qualities; from −1: each from the first payable quality up, or none.</summary>
    internal void Divide(int group, int low, int high, Span<int> choice) => intervals.Divide(group, low, high, firstPayable[group], choice);

    private void Tabulate(int group)
    {
        var (first, count) = (chain.FirstMember[group], quality.Length);
        var gain = chain.Gain[group];
        while (firstPayable[group] < count && gain * quality[firstPayable[group]] < market.PaymentMin)
        {
            firstPayable[group]++;
        }

        for (var member = first; member < chain.FirstMember[group + 1]; member++)
        {
            left[group] += grid.FreeWorth(chain, member);
        }

        if (IsSingle(group))
        {
            within[group] = new double[count];
            for (var t = 0; t < count; t++)
            {
                var item = grid.Cheapest(chain, t, first);
                within[group][t] = -chain.MemberProbability[first] * chain.Cost(first, grid.Levels[item], grid.Steps[item]);
            }

            fromNothing[group] = [];
            return;
        }

        within[group] = new double[count * count];
        for (var low = 0; low < count; low++)
        {
            var row = within[group].AsSpan(low * count, count);
            intervals.FillFrom(group, low, row);
            for (var high = low; high < count; high++)
            {
                row[high] += (chain.Above[group] * gain * (quality[high] - quality[low])) - (chain.Probability[group] * gain * quality[low]);
            }
        }

        fromNothing[group] = new double[count];
        intervals.FillFromNothing(group, firstPayable[group], fromNothing[group]);
        for (var t = 0; t < count; t++)
        {
            fromNothing[group][t] += chain.Above[group] * gain * quality[t];
        }
    }

    /// <summary>Prices near the one that bounds the whole: multiples of it, and weights of groups, where gaps turn from full to least.</summary>
    private double[] Prices(double price)
    {
        var chosen = new SortedSet<double>(new[] { 0, 0.5, 0.8, 0.95, 1, 1.05, 1.25, 2 }.Select(share => share * price));
        foreach (var weight in Enumerable.Range(0, chain.Groups).Select(chain.AtLeast).OrderBy(weight => Math.Abs(weight - price)).Take(MostPrices - chosen.Count))
        {
            chosen.Add(weight);
        }

        return [.. chosen];
    }

    /// <summary>From the top group down, the most that the groups above each can add at a price of the cap.</summary>
    private void Sweep(double price, double[][] full, double[][] least, double[] nobody)
    {
        var count = quality.Length;
        full[^1] = new double[count];
        least[^1] = new double[count];
        var (fullFrom, leastFrom) = (new double[count], new double[count]);
        for (var group = chain.Groups - 1; group > 0; group--)
        {
            var (gain, below) = (chain.Gain[group], chain.Gain[group - 1]);
            var weight = chain.AtLeast(group) - price;
            Start(group, price, full[group], fullFrom);
            Start(group, price, least[group], leastFrom);
            full[group - 1] = Raised(fullFrom, weight * (weight > 0 ? gain : below));
            least[group - 1] = Raised(leastFrom, weight * below);
            nobody[group - 1] = left[group] + nobody[group];
            for (var t = firstPayable[group]; t < count; t++)
            {
                var payment = weight > 0 ? gain * quality[t] : Math.Max(market.PaymentMin, below * quality[t]);
                nobody[group - 1] = Math.Max(nobody[group - 1], (weight * payment) + fullFrom[t]);
                if (!IsSingle(group))
                {
                    nobody[group - 1] = Math.Max(nobody[group - 1], fromNothing[group][t] - (price * gain * quality[t]) + full[group][t]);
                }
            }
        }
    }

    /// <summary>results[t]: the group starts at quality t, ends at the best one from there, and the rest follows.</summary>
    private void Start(int group, double price, double[] later, double[] results)
    {
        for (var low = 0; low < results.Length; low++)
        {
            results[low] = double.NegativeInfinity;
            for (var high = low; high < (IsSingle(group) ? low + 1 : results.Length); high++)
            {
                var span = price * chain.Gain[group] * (quality[high] - quality[low]);
                results[low] = Math.Max(results[low], Within(group, low, high) - span + later[high]);
            }
        }
    }

    /// <summary>result[t] = max over t' ≥ t of weight (a_t' − a_t) + from[t'].</summary>
    private double[] Raised(double[] from, double weight)
    {
        var result = new double[from.Length];
        var most = double.NegativeInfinity;
        for (var t = result.Length - 1; t >= 0; t--)
        {
            most = Math.Max(most, (weight * quality[t]) + from[t]);
            result[t] = most - (weight * quality[t]);
        }

        return result;
    }
}
