using System.Collections.Immutable;
using Menuet.Queueing;
using Menuet.Screening;

namespace Menuet.Mechanisms.ContractMarket;

/// <summary>Judges menus and a matching from the market and the answer's shares, latencies and prices alone, by the laws of the queueing library.</summary>
internal static class OperatorMarketAudit
{
    private const int PairByPair = 200;

    internal static IEnumerable<Problem> AnswerProblems(OperatorMarket market, OperatorMarketAnswer answer)
    {
        (string Key, ImmutableArray<ImmutableArray<double>> Rows, bool Required)[] matrices =
        [
            ("matching", answer.Matching, true), ("latencySeconds", answer.Latencies, true), ("priceUsd", answer.Prices, true),
            ("violationProbability", answer.ViolationProbability, false), ("cumulativeLoadPerSecond", answer.CumulativeLoad, false),
            ("designLoadPerSecond", answer.DesignLoad, false),
        ];
        foreach (var (key, rows, required) in matrices)
        {
            if (rows.IsDefault && !required)
            {
                continue;
            }

            if (rows.IsDefault || rows.Length != market.Operators.Length)
            {
                yield return new($"$.{key}", FormattableString.Invariant($"must have {market.Operators.Length} rows, one per operator"), rows.IsDefault ? null : "[…]");
                continue;
            }

            for (var m = 0; m < rows.Length; m++)
            {
                if (rows[m].Length != market.Types.Length)
                {
                    yield return new($"$.{key}[{m}]", FormattableString.Invariant($"must have {market.Types.Length} entries, one per type"), "[…]");
                }
            }
        }

        if (!answer.Stable.IsDefault && (answer.Stable.Length != market.Operators.Length || answer.Stable.Any(row => row.Length != market.Types.Length)))
        {
            yield return new("$.stable", FormattableString.Invariant($"must have {market.Operators.Length} rows of {market.Types.Length}"), "[…]");
        }

        (string Key, ImmutableArray<double> Values, int Count)[] lists =
        [
            ("operatorUtilityUsdPerSecond", answer.OperatorUtility, market.Operators.Length), ("optOut", answer.OptOut, market.Types.Length),
            ("assignment", answer.Assignment, market.Types.Length),
            ("certificate.userRegretUsd", answer.Certificate?.UserRegret ?? default, market.Types.Length),
            ("certificate.operatorDeviationGain", answer.Certificate?.OperatorDeviationGain ?? default, market.Operators.Length),
        ];
        foreach (var (key, values, count) in lists)
        {
            if (!values.IsDefault && values.Length != count)
            {
                yield return new($"$.{key}", FormattableString.Invariant($"must have {count} entries"), "[…]");
            }
        }

        for (var m = 0; !answer.DesignLoad.IsDefault && m < answer.DesignLoad.Length; m++)
        {
            for (var n = 0; n < answer.DesignLoad[m].Length; n++)
            {
                if (answer.DesignLoad[m][n] < 0)
                {
                    yield return Problem.With($"$.designLoadPerSecond[{m}][{n}]", answer.DesignLoad[m][n], "must be a load: at least 0");
                }
            }
        }

        for (var m = 0; !answer.Matching.IsDefault && m < answer.Matching.Length; m++)
        {
            for (var n = 0; n < answer.Matching[m].Length; n++)
            {
                if (answer.Matching[m][n] is < -1 or > 2)
                {
                    yield return Problem.With($"$.matching[{m}][{n}]", answer.Matching[m][n], "is no share: it must lie between 0 and 1");
                }
            }
        }
    }

    internal static Audit Check(OperatorMarket market, OperatorMarketAnswer answer, SolveOptions options)
    {
        var play = new PostedPlay(market, answer);
        var largest = 0.0;
        foreach (var row in answer.Prices)
        {
            foreach (var price in row)
            {
                largest = Math.Max(largest, Math.Abs(price));
            }
        }

        var tolerance = options.Tolerance * (1 + largest);
        play.Settle();
        var (realisedIr, realisedIc) = Incentive(market, play, tolerance, "at the loads that result");
        var (designIr, designIc) = (realisedIr, realisedIc);
        if (answer.DesignLoad.IsDefault)
        {
            designIr = realisedIr with { Source = Source(20, "at the loads the menus are for, which are those that result") };
            designIc = realisedIc with { Source = Source(19, "at the loads the menus are for, which are those that result") };
        }
        else
        {
            var design = new PostedPlay(market, answer);
            design.SettleAt(answer.DesignLoad);
            (designIr, designIc) = Incentive(market, design, tolerance, "at the loads the menus are for");
        }

        return new(
        [
            designIr, designIc, realisedIr, realisedIc, Monotonicity(market, answer, options.Tolerance * market.Latency.Max),
            Feasibility(market, answer, options.Tolerance), Stability(play), Selection(market, play, tolerance),
            DeviationSearch.Check(market, answer, options), Efficiency(market, play, options.Tolerance),
            Consistency(market, answer, play, realisedIr.Worst.Value, realisedIc.Worst.Value, options.Tolerance),
        ]);
    }

    private static string Source(int equation, string where) => FormattableString.Invariant($"Zhan et al., Eq. ({equation}), {where}");

    private static (Certificate Ir, Certificate Ic) Incentive(OperatorMarket market, PostedPlay play, double tolerance, string where)
    {
        var participation = new Inspection(Claim.IndividualRationality, tolerance, Source(20, where));
        var truth = new Inspection(Claim.IncentiveCompatibility, tolerance, Source(19, where));
        var types = market.Types.Length;
        var beta = new double[types];
        var speed = new double[types];
        var net = new double[types];
        for (var m = 0; m < market.Operators.Length; m++)
        {
            for (var n = 0; n < types; n++)
            {
                participation.Check(play.Utility(m, n), m, n, static (i, k) => $"IR(op{i + 1}, type{k + 1})");
                beta[n] = market.Types[n].LatencySensitivity;
                speed[n] = -play.Latencies[m][n];
                net[n] = play.Prices[m][n] - (market.Economics.Refund * play.Probabilities[m][n]);
            }

            var first = m + 1;
            Incentives.CheckAllPairs(truth, beta, speed, net, (i, k) => $"IC(op{first}: {i + 1}→{k + 1})", PairByPair);
        }

        return (participation.Conclude(), truth.Conclude());
    }

    private static Certificate Monotonicity(OperatorMarket market, OperatorMarketAnswer answer, double tolerance)
    {
        var inspection = new Inspection(Claim.Monotonicity, tolerance, "Zhan et al., Eq. (26b)");
        for (var m = 0; m < market.Operators.Length; m++)
        {
            var longest = double.NegativeInfinity;   // over all types that are more sensitive
            for (var start = 0; start < market.Types.Length;)
            {
                var end = start;
                for (; end < market.Types.Length && market.Types[end].LatencySensitivity == market.Types[start].LatencySensitivity; end++)
                {
                    if (start > 0)
                    {
                        inspection.Check(answer.Latencies[m][end] - longest, m, end, static (i, k) => $"L(op{i + 1}, type{k + 1}) ≥ all before");
                    }
                }

                for (; start < end; start++)
                {
                    longest = Math.Max(longest, answer.Latencies[m][start]);
                }
            }
        }

        return inspection.Conclude();
    }

    private static Certificate Feasibility(OperatorMarket market, OperatorMarketAnswer answer, double tolerance)
    {
        var inspection = new Inspection(Claim.Feasibility, tolerance, "Zhan et al., Eq. (30d): users are conserved; latencies within their bounds, as shares of the longest");
        for (var n = 0; n < market.Types.Length; n++)
        {
            var sum = 0.0;
            for (var m = 0; m < market.Operators.Length; m++)
            {
                sum += answer.Matching[m][n];
                inspection.Check(answer.Matching[m][n], m, n, static (i, k) => $"z(op{i + 1}, type{k + 1}) ≥ 0");
                var latency = answer.Latencies[m][n];
                inspection.Check(
                    Math.Min(latency - market.Latency.Min, market.Latency.Max - latency) / market.Latency.Max, m, n,
                    static (i, k) => $"L(op{i + 1}, type{k + 1}) within bounds");
            }

            inspection.Check(1 - sum, n, n, static (k, _) => $"Σ z(type{k + 1}) ≤ 1");
            if (!answer.Assignment.IsDefault)
            {
                var place = answer.Assignment[n];
                var fits = place == Math.Floor(place) && place >= 0 && place <= market.Operators.Length;
                for (var m = 0; fits && m < market.Operators.Length; m++)
                {
                    fits = Math.Abs(answer.Matching[m][n] - (place == m + 1 ? 1 : 0)) <= tolerance;
                }

                inspection.Check(fits ? 0 : -1, n, n, static (k, _) => $"assignment(type{k + 1}) is the matching");
            }
        }

        return inspection.Conclude();
    }

    private static Certificate Stability(PostedPlay play)
    {
        string[] names = ["uplink", "inference", "downlink"];
        var inspection = new Inspection(Claim.QueueStability, 0, "Zhan et al., Eqs. (5) and (31): c μ above λ, as a share of c μ; at equality there is no steady state");
        for (var m = 0; m < play.Loads.Length; m++)
        {
            for (var s = 0; s < names.Length; s++)
            {
                var (stage, load) = (play.Stages[m][s], play.Loads[m].Length == 0 ? 0 : play.Loads[m][^1]);
                var capacity = stage.Servers * stage.ServiceRate;
                var spare = (capacity - load) / capacity;
                inspection.Check(spare > 0 ? spare : Math.Min(spare, -double.Epsilon), m, s, (i, k) => $"{names[k]} of op{i + 1}");
            }
        }

        return inspection.Conclude();
    }

    private static Certificate Selection(OperatorMarket market, PostedPlay play, double tolerance)
    {
        var inspection = new Inspection(Claim.SelectionEquilibrium, tolerance, "Zhan et al., Eq. (28): the best utility within reach less the mean of those chosen, USD per task");
        for (var n = 0; n < market.Types.Length; n++)
        {
            inspection.Check(-play.Regret(n), n, n, static (k, _) => $"regret(type{k + 1})");
        }

        return inspection.Conclude();
    }

    /// <summary>How far welfare is below what it cannot exceed, as a share: a certified gap, not a promise.</summary>
    private static Certificate Efficiency(OperatorMarket market, PostedPlay play, double tolerance)
    {
        var bound = EmptyQueues(market, play);
        var inspection = new Inspection(Claim.Efficiency, tolerance, "welfare over the bound of empty queues, less 1");
        if (bound > 0)
        {
            inspection.Check((play.Welfare() / bound) - 1, "welfare gap");
        }

        return inspection.Conclude();
    }

    /// <summary>
    /// Σ_n |I_n| δ max(0, max_m α₁q − cost − min_L (β L + g p⁰(L))) from cells of latency: within a cell, β L is at least that of its left end and p⁰ at least that
    /// of its right end. p⁰ is the least probability any load can show.
    /// </summary>
    private static double EmptyQueues(OperatorMarket market, PostedPlay play)
    {
        const int Cells = 1000;
        var spread = market.Economics.ViolationCost - market.Economics.Refund;
        var late = new Dictionary<(double, double, double), double[]>();
        var offers = new List<(double Margin, double[] Late)>();
        for (var m = 0; m < market.Operators.Length; m++)
        {
            var stages = play.Stages[m];
            var key = (stages[0].ServiceRate, stages[1].ServiceRate, stages[2].ServiceRate);
            if (!late.TryGetValue(key, out var law))
            {
                late[key] = law = new double[Cells + 1];
                for (var i = 0; i <= Cells; i++)
                {
                    law[i] = LeastProbability(market, stages, At(i));
                }
            }

            var margin = (market.Economics.QualitySensitivity * market.Operators[m].Quality) - market.Operators[m].ExecutionCost;
            var known = offers.FindIndex(offer => offer.Late == law);
            if (known < 0)
            {
                offers.Add((margin, law));
            }
            else
            {
                offers[known] = (Math.Max(offers[known].Margin, margin), law);
            }
        }

        var sum = 0.0;
        for (var n = 0; n < market.Types.Length; n++)
        {
            var beta = market.Types[n].LatencySensitivity;
            var best = 0.0;
            foreach (var (margin, law) in offers)
            {
                var least = double.PositiveInfinity;
                for (var i = 0; i < Cells; i++)
                {
                    least = Math.Min(least, (beta * At(i)) + (spread > 0 ? spread * law[i + 1] : spread));
                }

                best = Math.Max(best, margin - least);
            }

            sum += market.Users(n) * market.Task.RatePerUser * best;
        }

        return sum;

        double At(int i) => market.Latency.Min + ((market.Latency.Max - market.Latency.Min) * i / Cells);
    }

    private static double LeastProbability(OperatorMarket market, ServiceStage[] stages, double latency)
    {
        if (market.Algorithm.Tail == LatencyTail.Exact)
        {
            return new SojournLaw(stages, 0).Tail(latency);
        }

        Span<StageLaw> empty = [new(stages[0], 0), new(stages[1], 0), new(stages[2], 0)];
        return ChernoffBound.Optimal(empty, latency).Value(latency);
    }

    private static Certificate Consistency(
        OperatorMarket market, OperatorMarketAnswer answer, PostedPlay play, double worstIr, double worstIc, double tolerance)
    {
        // Reported numbers are compared relative to their own size, so tolerance here has no unit.
        var inspection = new Inspection(Claim.Consistency, tolerance * 10, "reported numbers follow from shares, latencies and prices");
        var flow = 0.0;   // what money moves at all, USD per second
        var unit = 0.0;   // what money a task moves, USD
        for (var m = 0; m < market.Operators.Length; m++)
        {
            var (profit, moved) = play.Profit(m);
            flow += moved;
            if (!answer.OperatorUtility.IsDefault)
            {
                Agree(answer.OperatorUtility[m], profit, moved, m, 0, static (i, _) => $"operatorUtility(op{i + 1})");
            }

            for (var n = 0; n < market.Types.Length; n++)
            {
                unit = Math.Max(unit, play.Size(m, n));
                if (!answer.ViolationProbability.IsDefault)
                {
                    Agree(answer.ViolationProbability[m][n], play.Probabilities[m][n], 1, m, n, static (i, k) => $"violationProbability(op{i + 1}, type{k + 1})");
                }

                if (!answer.CumulativeLoad.IsDefault)
                {
                    Agree(answer.CumulativeLoad[m][n], play.Loads[m][n], play.Loads[m][n], m, n, static (i, k) => $"cumulativeLoad(op{i + 1}, type{k + 1})");
                }

                if (!answer.Stable.IsDefault)
                {
                    var close = Math.Abs(play.Headroom(m, n)) <= 1e-12;
                    inspection.Check(close || answer.Stable[m][n] == play.Headroom(m, n) > 0 ? 0 : -1, m, n, static (i, k) => $"stable(op{i + 1}, type{k + 1})");
                }
            }
        }

        var users = 0.0;
        for (var n = 0; n < market.Types.Length; n++)
        {
            users += play.UserUtility(n);
            if (!answer.OptOut.IsDefault)
            {
                Agree(answer.OptOut[n], Math.Max(0, 1 - play.Served(n)), 1, n, n, static (k, _) => $"optOut(type{k + 1})");
            }

            if (answer.Certificate is { UserRegret.IsDefault: false } certificate)
            {
                Agree(certificate.UserRegret[n], play.Regret(n), unit, n, n, static (k, _) => $"userRegret(type{k + 1})");
            }
        }

        var profits = play.Welfare() - users;
        Report(answer.Objective, profits, flow, "objective");
        Report(answer.TotalOperatorUtility, profits, flow, "totalOperatorUtility");
        Report(answer.UserUtility, users, flow, "userUtility");
        Report(answer.SocialWelfare, profits + users, flow, "socialWelfare");
        Report(answer.MinIrSlack, worstIr, unit, "minIrSlack");
        if (market.Types.Length is > 1 and <= PairByPair)
        {
            Report(answer.MinIcSlack, worstIc, unit, "minIcSlack");
        }

        if (answer.Certificate?.WelfareUpperBound is { } bound && worstIr >= 0)
        {
            inspection.Check(Math.Min(0, bound - (profits + users)) / Math.Max(double.Epsilon, flow), "welfareUpperBound is not below welfare");
        }

        return inspection.Conclude();

        void Report(double? reported, double derived, double size, string name)
        {
            if (reported is { } value)
            {
                Agree(value, derived, size, 0, 0, (_, _) => name);
            }
        }

        void Agree(double reported, double derived, double size, int first, int second, Func<int, int, string> name) =>
            inspection.Check(-Math.Abs(reported - derived) / Math.Max(size, 1e-300), first, second, name);
    }
}
