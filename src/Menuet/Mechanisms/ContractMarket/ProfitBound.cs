namespace Menuet.Mechanisms.ContractMarket;

/// <summary>What the operators' total cannot exceed, whoever serves whom under whatever individually rational and incentive-compatible menus: far tighter than <see cref="WelfareBound"/>.</summary>
/// <remarks>
/// <para>Weak duality over who serves whom (<see cref="TaskPrices"/>), with every operator's problem bounded on a grid (<see cref="OperatorRelaxation"/>). The grid begins coarse; then
/// demands that no assignment better than the incumbent can have are cut off, and what is left is looked at on a grid twice as fine, as long as it fits.</para>
/// <para>Cutting: where operator m has demand d, the bound is at most the dual bound less m's best plus what m has at best with d; demands for which that is below the
/// incumbent belong to no better assignment. So the final bound is max(incumbent, dual bound over what is left).</para>
/// <para>Needs g = C̄ − R̄ &gt; 0. Where g ≥ α₁q − cost no operator serves a class that is always late, and its total stays below its capacity; else the total is all demand.
/// Rounding: every bound is raised by 1e-9 of the sum of the absolute values that enter it, thousands of times what arithmetic can lose.</para>
/// <para>Source: ours.</para>
/// </remarks>
internal sealed class ProfitBound
{
    private const double FirstSize = 4e6;     // terms
    private const double LargestSize = 3.2e7; // 256 MiB
    private const int FirstRounds = 160;
    private const int LaterRounds = 30;
    private const double Margin = 1e-9;

    private readonly MarketArrays market;
    private readonly TaskPrices prices;
    private readonly OperatorRelaxation?[] relaxations;
    private double step;
    private bool begun;
    private LoadBox[] boxes = [];

    /// <summary>Prepares the coarse grid.</summary>
    /// <param name="market">The market.</param>
    internal ProfitBound(MarketArrays market)
    {
        this.market = market;
        relaxations = new OperatorRelaxation?[market.Operators];
        var margin = 0.0;
        for (var m = 0; m < market.Operators; m++)
        {
            margin = Math.Max(margin, market.Worth[m] - market.Cost[m]);
        }

        prices = new(market, 0.8 * margin);
        Bound = WelfareBound.Of(market);
        Applies = market.Spread > 0 && double.IsFinite(Bound) && Bound > 0 && Begin();
    }

    /// <summary>Whether the market is small enough, and the spread positive.</summary>
    internal bool Applies { get; }

    /// <summary>The bound, USD per second.</summary>
    internal double Bound { get; private set; }

    /// <summary>The grid of the last refinement, tasks per second; 0 where the bound is that of empty queues.</summary>
    internal double Step { get; private set; }

    /// <summary>Lowers the bound on the present grid, then cuts and refines it.</summary>
    /// <param name="incumbent">A total that is attained.</param>
    /// <param name="stop">Asked often.</param>
    /// <param name="seen">Sees demands that operators would have at the prices tried, [m × N + n].</param>
    /// <returns>False when there is nothing left to refine.</returns>
    internal bool Refine(double incumbent, Func<bool> stop, Action<double[]>? seen = null)
    {
        if (!Applies || boxes.Sum(box => OperatorRelaxation.Size(market, box)) > LargestSize)
        {
            return false;
        }

        var isFirst = !begun;
        begun = true;
        for (var m = 0; m < relaxations.Length; m++)
        {
            relaxations[m] = null;   // the old table goes before the new one comes
            relaxations[m] = new(market, m, step, boxes[m]);
            if (stop() && !isFirst)
            {
                return false;
            }
        }

        prices.Lower((m, at, demand) => relaxations[m]!.Solve(at, demand), incumbent, isFirst ? FirstRounds : LaterRounds, stop, seen);
        var safety = Margin * Weight();
        if (!double.IsFinite(prices.Bound))
        {
            return false;
        }

        var lower = Math.Max(incumbent, prices.Bound + safety);
        Step = lower < Bound ? step : Step;
        Bound = Math.Min(Bound, lower);
        for (var m = 0; m < boxes.Length; m++)
        {
            if (relaxations[m]!.Tighten(prices.Best, incumbent - (prices.Bound - prices.Values[m]) - (2 * safety)) is not { } box)
            {
                Bound = incumbent;   // nothing is better
                return false;
            }

            boxes[m] = box.Halved();
            relaxations[m] = null;
            if (stop())
            {
                return false;
            }
        }

        step *= 0.5;
        return true;
    }

    private double Weight()
    {
        var sum = 0.0;
        for (var n = 0; n < market.Types; n++)
        {
            sum += market.Demand[n] * (prices.Best[n] + market.Spread + (market.Sensitivity[n] * market.MaxLatency));
        }

        return sum + prices.Values.Sum(Math.Abs) + (market.Demand.Sum() * Enumerable.Range(0, market.Operators).Max(m => market.Worth[m] + market.Cost[m]));
    }

    /// <summary>The finest grid of 80 to 4 steps that fits; among similar ones that which divides the demands best.</summary>
    private bool Begin()
    {
        var all = market.Demand.Sum();
        if (!(all > 0) || !double.IsFinite(all))
        {
            return false;
        }

        var (found, waste) = (0.0, double.PositiveInfinity);
        for (var cells = 80; cells >= 4; cells--)
        {
            var width = all / cells;
            if ((double)market.Operators * market.Types * cells > FirstSize || Boxes(width).Sum(box => OperatorRelaxation.Size(market, box)) > FirstSize)
            {
                continue;
            }

            var loss = market.Demand.Sum(demand => (Steps(demand, width) * width) - demand) + (0.02 * width);
            if (found > 0 && cells * found < 0.6 * all)
            {
                break;
            }

            if (loss < waste)
            {
                (found, waste) = (width, loss);
            }
        }

        if (found == 0)
        {
            return false;
        }

        step = found;
        boxes = Boxes(found);
        return true;
    }

    private LoadBox[] Boxes(double width)
    {
        var result = new LoadBox[market.Operators];
        for (var m = 0; m < result.Length; m++)
        {
            var most = market.Demand.Select(demand => Steps(demand, width)).ToArray();
            var total = most.Sum();
            if (market.Spread >= market.Worth[m] - market.Cost[m])
            {
                foreach (var stage in market.StagesOf(m))
                {
                    total = (int)Math.Min(total, Math.Ceiling(stage.Servers * stage.ServiceRate / width) + 1);
                }
            }

            result[m] = new(0, total, new int[most.Length], most);
        }

        return result;
    }

    private static int Steps(double demand, double width) => (int)Math.Ceiling((demand / width) - 1e-12);
}
