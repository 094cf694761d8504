namespace Menuet.Mechanisms.ContractMarket;

/// <summary>
/// What an operator was found to gain by other prices and latencies while everybody else's menu stays posted and users move: a search, so a gain that it finds is
/// real and none found proves nothing.
/// </summary>
/// <remarks>
/// <para>Users re-equilibrate by damped logit steps at the market's final temperature, with p at the loads they make. Profit before: the users' equilibrium under the
/// menus as posted, so that users who were not at rest do not count as the operator's gain.</para>
/// <para>Deviations: every price lower by s, for s of −1, 1, 2, 4, 8 and 15 final temperatures; and the same with latencies redesigned by a plain scan for the users of that
/// equilibrium. They are tried for all operators in turn until a fixed amount of work is done.</para>
/// <para>Source: Zhan et al., Problem (30). The paper's method does not promise this.</para>
/// </remarks>
internal static class DeviationSearch
{
    private const int Steps = 80;
    private const int LatencyCells = 60;
    private const long Work = 250_000;   // evaluations of p, about 2 µs each

    private static readonly double[] Cuts = [1, 2, 4, -1, 8, 15];

    internal static Certificate Check(OperatorMarket market, OperatorMarketAnswer answer, SolveOptions options)
    {
        var scale = Math.Abs(answer.Prices.SelectMany(row => row).DefaultIfEmpty().Max(Math.Abs)) * market.Task.RatePerUser
            * Enumerable.Range(0, market.Types.Length).Sum(market.Users);
        var inspection = new Inspection(
            Claim.LeaderBestResponse, options.Tolerance * (1 + scale), "Zhan et al., Problem (30): gain of one operator when users re-equilibrate, others' menus posted, USD/s",
            Evidence.Sampled);
        var cells = (long)market.Operators.Length * market.Types.Length;
        var perTrial = cells * Steps;
        var left = Work - perTrial;
        if (left < 0)
        {
            return inspection.Conclude();
        }

        var rest = new PostedPlay(market, answer);
        Move(market, rest);
        var before = Enumerable.Range(0, market.Operators.Length).Select(m => rest.Profit(m).Profit).ToArray();
        foreach (var redesign in new[] { false, true })
        {
            foreach (var cut in Cuts)
            {
                for (var m = 0; m < market.Operators.Length; m++)
                {
                    left -= perTrial + (redesign ? market.Types.Length * LatencyCells : 0);
                    if (left < 0)
                    {
                        return inspection.Conclude();
                    }

                    var discount = cut * market.Algorithm.FinalTemperature;
                    var gain = Gain(market, answer, rest, m, discount, redesign) - before[m];
                    var label = redesign ? "menu redesigned, " : "";
                    inspection.Check(-gain, m, 0, (i, _) => FormattableString.Invariant($"op{i + 1}: {label}prices lower by {discount:G3}"));
                }
            }
        }

        return inspection.Conclude();
    }

    private static double Gain(OperatorMarket market, OperatorMarketAnswer answer, PostedPlay rest, int m, double discount, bool redesign)
    {
        var trial = new PostedPlay(market, answer);
        for (var i = 0; i < trial.Shares.Length; i++)
        {
            rest.Shares[i].CopyTo(trial.Shares[i], 0);
        }

        if (redesign)
        {
            Redesign(market, rest, trial, m);
        }

        for (var n = 0; n < market.Types.Length; n++)
        {
            trial.Prices[m][n] -= discount;
        }

        Move(market, trial);
        return trial.Profit(m).Profit;
    }

    /// <summary>Users' damped logit steps.</summary>
    private static void Move(OperatorMarket market, PostedPlay play)
    {
        var utilities = new double[play.Shares.Length];
        for (var step = 0; step < Steps; step++)
        {
            play.Settle();
            var largest = 0.0;
            for (var n = 0; n < market.Types.Length; n++)
            {
                var best = market.Economics.OutsideOption;
                for (var m = 0; m < utilities.Length; m++)
                {
                    utilities[m] = play.Utility(m, n);
                    best = Math.Max(best, utilities[m]);
                }

                var sum = Math.Exp((market.Economics.OutsideOption - best) / market.Algorithm.FinalTemperature);
                for (var m = 0; m < utilities.Length; m++)
                {
                    utilities[m] = Math.Exp((utilities[m] - best) / market.Algorithm.FinalTemperature);
                    sum += utilities[m];
                }

                for (var m = 0; m < utilities.Length; m++)
                {
                    var change = 0.25 * ((utilities[m] / sum) - play.Shares[m][n]);
                    play.Shares[m][n] += change;
                    largest = Math.Max(largest, Math.Abs(change));
                }
            }

            if (largest < 1e-7)
            {
                break;
            }
        }

        play.Settle();
    }

    /// <summary>Latencies best on a grid for the operator's users at rest, each at least the one before, and prices that leave every type what truth-telling must.</summary>
    private static void Redesign(OperatorMarket market, PostedPlay rest, PostedPlay trial, int m)
    {
        var types = market.Types.Length;
        var spread = market.Economics.ViolationCost - market.Economics.Refund;
        var (above, next) = (0.0, 0.0);
        var slopes = new double[types];
        var demands = new double[types];
        for (var n = types - 1; n >= 0; n--)
        {
            var beta = market.Types[n].LatencySensitivity;
            demands[n] = market.Users(n) * market.Task.RatePerUser * Math.Max(rest.Shares[m][n], market.Algorithm.DemandFloor);
            slopes[n] = (beta * demands[n]) + ((beta - next) * above);
            above += demands[n];
            next = beta;
        }

        var least = market.Latency.Min;
        for (var n = 0; n < types; n++)
        {
            var (best, lowest) = (least, double.PositiveInfinity);
            for (var i = 0; i <= LatencyCells; i++)
            {
                var latency = least + ((market.Latency.Max - least) * i / LatencyCells * i / LatencyCells);
                var loss = (slopes[n] * latency) + (spread * demands[n] * rest.Probability(m, rest.Loads[m][n], latency));
                if (loss < lowest)
                {
                    (best, lowest) = (latency, loss);
                }
            }

            trial.Latencies[m][n] = least = best;
        }

        var net = (market.Economics.QualitySensitivity * market.Operators[m].Quality) - (market.Types[0].LatencySensitivity * trial.Latencies[m][0]);
        for (var n = 0; n < types; n++)
        {
            if (n > 0)
            {
                net -= market.Types[n].LatencySensitivity * (trial.Latencies[m][n] - trial.Latencies[m][n - 1]);
            }

            trial.Prices[m][n] = net + (market.Economics.Refund * rest.Probability(m, rest.Loads[m][n], trial.Latencies[m][n]));
        }
    }
}
