namespace Menuet.Mechanisms.ContractMarket;

/// <summary>An operator's best menu against what the others promise, by pattern search: the largest profit found, without proof that none is larger.</summary>
/// <remarks>
/// <para>Moves: all utilities; those from a type on; those up to a type; that of one type; each up and down, made feasible by pushing the slopes before and behind. What gained is
/// repeated while it gains; steps halve when nothing does.</para>
/// <para>Holds scratch space; one per thread. Source: Hooke and Jeeves 1961.</para>
/// </remarks>
internal sealed class MenuSearch(MarketArrays market, OperatorGame game, Func<bool> stop)
{
    private readonly double[] trial = new double[market.Types];
    private readonly double[] last = new double[market.Types];
    private readonly double[] rivals = new double[market.Types];

    /// <summary>How many menus were evaluated.</summary>
    internal long Evaluations { get; private set; }

    /// <summary>π_m of a menu while the others promise utilities [m × N + n].</summary>
    internal double Profit(int m, ReadOnlySpan<double> menu, ReadOnlySpan<double> utilities)
    {
        game.Rivals(m, utilities, rivals);
        return game.Profit(m, menu, rivals);
    }

    /// <summary>Improves a menu until no move gains, or until told to stop.</summary>
    /// <param name="m">The operator.</param>
    /// <param name="utilities">v of all operators, [m × N + n]; its own are not read.</param>
    /// <param name="menu">Where to begin; where it ended.</param>
    /// <param name="largest">First step in temperatures.</param>
    /// <param name="smallest">Last step in temperatures.</param>
    /// <returns>π_m there.</returns>
    internal double Improve(int m, ReadOnlySpan<double> utilities, Span<double> menu, double largest, double smallest)
    {
        game.Rivals(m, utilities, rivals);
        var temperature = game.Temperature;
        var profit = game.Profit(m, menu, rivals);
        for (var step = largest * temperature; step > smallest * temperature;)
        {
            menu.CopyTo(last);
            var before = profit;
            for (var move = 0; move < 3 * market.Types; move++)
            {
                if (stop())
                {
                    return profit;
                }

                profit = Try(m, menu, move, step, profit, out var better);
                if (!better)
                {
                    profit = Try(m, menu, move, -step, profit, out _);
                }
            }

            if (!(profit > before + (1e-13 * Math.Abs(before))))
            {
                step *= 0.5;
                continue;
            }

            // The same again, further and further, while it gains.
            for (var i = 0; i < 20; i++)
            {
                for (var n = 0; n < trial.Length; n++)
                {
                    trial[n] = menu[n] + (menu[n] - last[n]);
                }

                Repair(trial, 0);
                var next = Evaluate(m, trial);
                if (!(next > profit))
                {
                    break;
                }

                profit = next;
                menu.CopyTo(last);
                trial.CopyTo(menu);
            }
        }

        return profit;
    }

    private double Try(int m, Span<double> menu, int move, double step, double profit, out bool better)
    {
        menu.CopyTo(trial);
        var (n, kind) = (move / 3, move % 3);
        switch (kind)
        {
            case 0:
                Shift(n, step);                 // from type n on
                break;
            case 1:
                trial[0] += step;               // up to type n
                Shift(n + 1, -step);
                break;
            default:
                Shift(n, step);                 // type n alone
                Shift(n + 1, -step);
                break;
        }

        Repair(trial, n);
        var value = Evaluate(m, trial);
        better = value > profit;
        if (better)
        {
            trial.CopyTo(menu);
        }

        return better ? value : profit;
    }

    /// <summary>Utilities from type n on.</summary>
    private void Shift(int n, double step)
    {
        if (n == 0)
        {
            trial[0] += step;
        }
        else if (n < trial.Length)
        {
            var gap = market.Sensitivity[n - 1] - market.Sensitivity[n];
            var range = 0.25 * (market.MaxLatency - market.MinLatency);
            trial[n] += gap > 0 ? Math.Clamp(step / gap, -range, range) : Math.Sign(step) * range * Math.Min(1, Math.Abs(step) / game.Temperature);
        }
    }

    /// <summary>Makes slopes rise and keeps everything within its bounds; those at the place changed prevail.</summary>
    private void Repair(double[] menu, int changed)
    {
        menu[0] = Math.Max(menu[0], game.Floor);
        for (var n = 1; n < menu.Length; n++)
        {
            menu[n] = Math.Clamp(menu[n], market.MinLatency, market.MaxLatency);
        }

        var pivot = Math.Clamp(changed, 1, Math.Max(1, menu.Length - 1));
        for (var n = pivot - 1; n >= 1; n--)
        {
            menu[n] = Math.Min(menu[n], menu[n + 1]);
        }

        for (var n = pivot + 1; n < menu.Length; n++)
        {
            menu[n] = Math.Max(menu[n], menu[n - 1]);
        }
    }

    private double Evaluate(int m, ReadOnlySpan<double> menu)
    {
        Evaluations++;
        return game.Profit(m, menu, rivals);
    }
}
