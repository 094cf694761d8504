namespace Menuet.Mechanisms.ContractMarket;

/// <summary>Who serves how much of each type, kept within what there is, and moves that raise the operators' total.</summary>
/// <remarks>
/// <para>A type that an operator does not serve yet costs it more than it brings until there is enough of it, because a menu has no good item for nobody: derivatives alone
/// never bring a type to a new operator. A move therefore tries amounts of every size, from all to a two-thousandth of what one operator (or nobody) has of a type,
/// to another (or to nobody), and refines the best by golden section.</para>
/// <para>Every accepted move raises the total.</para>
/// </remarks>
internal sealed class LoadPlan
{
    private static readonly double[] Parts = [1, 0.75, 0.5, 0.25, 0.1, 0.03, 0.005, 0.0005];

    private readonly MarketArrays market;
    private readonly OperatorProfit oracle;
    private readonly double[] first;
    private readonly double[] second;

    internal LoadPlan(MarketArrays market, OperatorProfit oracle)
    {
        this.market = market;
        this.oracle = oracle;
        Demand = new double[market.Operators * market.Types];
        Free = new double[market.Types];
        Profits = new double[market.Operators];
        first = new double[market.Types];
        second = new double[market.Types];
    }

    /// <summary>d, tasks per second, [m × N + n].</summary>
    internal double[] Demand { get; }

    /// <summary>What nobody serves of each type.</summary>
    internal double[] Free { get; }

    /// <summary>π_m.</summary>
    internal double[] Profits { get; }

    /// <summary>Σ π_m, USD per second.</summary>
    internal double Total => Profits.Sum();

    /// <summary>How many menus were designed.</summary>
    internal long Evaluations { get; private set; }

    /// <summary>Begins at shares z, [m × N + n]; scaled down where a type's sum exceeds 1.</summary>
    internal void Start(ReadOnlySpan<double> shares)
    {
        var types = market.Types;
        for (var n = 0; n < types; n++)
        {
            var sum = 0.0;
            for (var m = 0; m < market.Operators; m++)
            {
                sum += Math.Max(0, shares[(m * types) + n]);
            }

            var scale = market.Demand[n] / Math.Max(1, sum);
            var left = market.Demand[n];
            for (var m = 0; m < market.Operators; m++)
            {
                var amount = Math.Min(left, Math.Max(0, shares[(m * types) + n]) * scale);
                Demand[(m * types) + n] = amount;
                left -= amount;
            }

            Free[n] = left;
        }

        for (var m = 0; m < market.Operators; m++)
        {
            Profits[m] = Value(m, Row(m));
        }
    }

    internal Span<double> Row(int m) => Demand.AsSpan(m * market.Types, market.Types);

    /// <summary>Sweeps over all moves until a sweep gains less than a part of the total.</summary>
    /// <param name="precision">That part.</param>
    /// <param name="whole">Whether all or nothing moves.</param>
    /// <param name="stop">Asked between moves.</param>
    internal void Climb(double precision, bool whole, Func<bool> stop)
    {
        double before;
        do
        {
            before = Total;
            for (var n = 0; n < market.Types; n++)
            {
                for (var from = -1; from < market.Operators; from++)
                {
                    for (var to = -1; to < market.Operators && Amount(from, n) > 0 && market.Demand[n] > 0; to++)
                    {
                        if (stop())
                        {
                            return;
                        }

                        if (from != to)
                        {
                            Transfer(n, from, to, whole);
                        }
                    }
                }
            }
        }
        while (Total > before + (precision * Math.Abs(before)));
    }

    /// <summary>z, [m × N + n].</summary>
    internal double[] Shares()
    {
        var shares = new double[Demand.Length];
        for (var cell = 0; cell < shares.Length; cell++)
        {
            var all = market.Demand[cell % market.Types];
            shares[cell] = all > 0 ? Math.Min(1, Demand[cell] / all) : 0;
        }

        return shares;
    }

    private double Amount(int m, int n) => m < 0 ? Free[n] : Demand[(m * market.Types) + n];

    /// <summary>The best part of what one side has of a type goes to the other; −1 is nobody.</summary>
    private void Transfer(int n, int from, int to, bool whole)
    {
        var available = Amount(from, n);
        if (!(available > 0))
        {
            return;
        }

        // Whole, then smaller and smaller parts: the gain need not be concave in the amount.
        var now = Profit(from) + Profit(to);
        var (best, least, place) = (0.0, now, -1);
        for (var i = 0; i < (whole ? 1 : Parts.Length); i++)
        {
            var value = After(n, from, to, available * Parts[i]);
            if (value > least)
            {
                (best, least, place) = (available * Parts[i], value, i);
            }
        }

        if (place < 0)
        {
            return;
        }

        if (whole)
        {
            Move(n, from, to, best);
            return;
        }

        const double Golden = 0.6180339887498949;
        var high = available * (place > 0 ? Parts[place - 1] : 1);
        var low = available * (place + 1 < Parts.Length ? Parts[place + 1] : 0);
        var (left, right) = (high - (Golden * (high - low)), low + (Golden * (high - low)));
        var (atLeft, atRight) = (After(n, from, to, left), After(n, from, to, right));
        for (var i = 0; i < 10; i++)
        {
            if (atLeft > least)
            {
                (best, least) = (left, atLeft);
            }

            if (atRight > least)
            {
                (best, least) = (right, atRight);
            }

            if (atLeft >= atRight)
            {
                (high, right, atRight) = (right, left, atLeft);
                left = high - (Golden * (high - low));
                atLeft = After(n, from, to, left);
            }
            else
            {
                (low, left, atLeft) = (left, right, atRight);
                right = low + (Golden * (high - low));
                atRight = After(n, from, to, right);
            }
        }

        if (least > now + (1e-13 * Math.Abs(now)))
        {
            Move(n, from, to, best);
        }
    }

    private double Profit(int m) => m < 0 ? 0 : Profits[m];

    private double After(int n, int from, int to, double amount)
    {
        var sum = 0.0;
        if (from >= 0)
        {
            Row(from).CopyTo(first);
            first[n] = Math.Max(0, first[n] - amount);
            sum += Value(from, first);
        }

        if (to >= 0)
        {
            Row(to).CopyTo(second);
            second[n] += amount;
            sum += Value(to, second);
        }

        return sum;
    }

    private void Move(int n, int from, int to, double amount)
    {
        if (from < 0)
        {
            Free[n] = Math.Max(0, Free[n] - amount);
        }
        else
        {
            Row(from)[n] = Math.Max(0, Row(from)[n] - amount);
            Profits[from] = Value(from, Row(from));
        }

        if (to < 0)
        {
            Free[n] += amount;
        }
        else
        {
            Row(to)[n] += amount;
            Profits[to] = Value(to, Row(to));
        }
    }

    private double Value(int m, ReadOnlySpan<double> demand)
    {
        Evaluations++;
        return oracle.Value(m, demand);
    }
}
