namespace Menuet.Mechanisms.ContractMarket;

/// <summary>Who serves how much of each type, kept within what there is, and moves that raise the operators' total.</summary>
/// <remarks>
/// <para>A type that an operator does not serve yet costs it more than it brings until there is enough of it: a menu has no good item for nobody. So derivatives alone
/// never bring a type to a new operator. A move therefore looks at whole ranges: some of a type from one operator (or from nobody) to another (or to nobody),
/// and exchanges of two types between two operators; between moves, transfers along derivatives settle the amounts.</para>
/// <para>Every accepted move raises the total, and none is worse than where it began.</para>
/// </remarks>
internal sealed class LoadPlan
{
    private const int Scan = 8;

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

    /// <summary>Sweeps over all moves until none gains.</summary>
    internal void Climb(Func<bool> stop)
    {
        double before;
        do
        {
            before = Total;
            for (var n = 0; n < market.Types && !stop(); n++)
            {
                for (var from = -1; from < market.Operators; from++)
                {
                    for (var to = -1; to < market.Operators; to++)
                    {
                        if (from != to)
                        {
                            Transfer(n, from, to);
                        }
                    }
                }
            }
        }
        while (Total > before + (1e-9 * Math.Abs(before)) && !stop());
    }

    private double Amount(int m, int n) => m < 0 ? Free[n] : Demand[(m * market.Types) + n];

    /// <summary>The best part of what one side has of a type goes to the other; −1 is nobody.</summary>
    private void Transfer(int n, int from, int to)
    {
        var available = Amount(from, n);
        if (!(available > 0))
        {
            return;
        }

        var now = Profit(from) + Profit(to);
        var (best, least) = (0.0, now);
        for (var i = 1; i <= Scan; i++)
        {
            var amount = i == Scan ? available : available * i / Scan;
            var value = After(n, from, to, amount);
            if (value > least)
            {
                (best, least) = (amount, value);
            }
        }

        var width = available / Scan;
        var (low, high) = (Math.Max(0, best - width), Math.Min(available, best + width));
        if (best < available || least > now)
        {
            const double Golden = 0.6180339887498949;
            var (left, right) = (high - (Golden * (high - low)), low + (Golden * (high - low)));
            var (atLeft, atRight) = (After(n, from, to, left), After(n, from, to, right));
            for (var i = 0; i < 12; i++)
            {
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

            var (place, value) = atLeft >= atRight ? (left, atLeft) : (right, atRight);
            if (value > least)
            {
                (best, least) = (place, value);
            }
        }

        if (least > now + (1e-12 * Math.Abs(now)))
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
