using Menuet.Numerics;
using Menuet.Screening;

namespace Menuet.Mechanisms.QualityContract;

/// <summary>Judges a menu from the market and the menu's items and payments alone.</summary>
internal static class QualityAudit
{
    private const double Rounding = 1e-14;

    internal static IEnumerable<Problem> AnswerProblems(QualityMarket market, QualityAnswer answer)
    {
        if (answer.Menu.IsDefault || answer.Menu.Length != market.Types.Length)
        {
            yield return new(
                "$.menu", FormattableString.Invariant($"must have {market.Types.Length} items, one per type of the market, in its order"),
                answer.Menu.IsDefault ? null : FormattableString.Invariant($"{answer.Menu.Length} items"));
        }
    }

    internal static Audit Check(QualityMarket market, QualityAnswer answer, SolveOptions options)
    {
        var count = market.Types.Length;
        var gains = new double[count];
        var qualities = new double[count];
        var payments = new double[count];
        var (largestPayment, largestValue) = (0.0, 0.0);
        for (var i = 0; i < count; i++)
        {
            gains[i] = market.Types[i].Gain;
            qualities[i] = Delivered(market, answer.Menu[i]);
            payments[i] = answer.Menu[i].Payment;
            largestPayment = Math.Max(largestPayment, Math.Abs(payments[i]));
            largestValue = Math.Max(largestValue, Math.Abs(gains[i] * qualities[i]));
        }

        // Beside the permitted violation, what rounding θ A alone may cost.
        var tolerance = (options.Tolerance * (1 + largestPayment)) + (Rounding * (double.IsFinite(largestValue) ? largestValue : 0));
        var participation = new Inspection(Claim.IndividualRationality, tolerance, "Ye et al., Eq. (7)");
        for (var i = 0; i < count; i++)
        {
            participation.Check((gains[i] * qualities[i]) - payments[i], i, i, static (i, _) => $"IR({i + 1})");
        }

        var truth = new Inspection(Claim.IncentiveCompatibility, tolerance, "Ye et al., Eq. (8), with the own gain on both sides");
        Incentives.CheckAllPairs(truth, gains, qualities, payments, static (i, k) => $"IC({i + 1}→{k + 1})");
        var (rational, compatible) = (participation.Conclude(), truth.Conclude());
        return new(
        [
            rational,
            compatible,
            Monotonicity(gains, qualities, options.Tolerance),
            Feasibility(market, answer, options.Tolerance * (1 + largestPayment)),
            Consistency(market, answer, qualities, rational.Worst.Value, compatible.Worst.Value, largestPayment + largestValue, options.Tolerance),
        ]);
    }

    /// <summary>What an item delivers; NaN for an item that does not exist.</summary>
    private static double Delivered(QualityMarket market, in QualityItem item)
    {
        if (item.Excluded)
        {
            return 0;
        }

        var (table, rho) = (market.QualityModel.Table, market.QualityModel.Rho);
        var (row, column) = ((long)item.Level - market.LevelMin, (long)item.Steps - market.StepsMin);
        if (table.IsDefault)
        {
            return (rho[0] * Math.Log(1 + (rho[1] * item.Level))) - (rho[2] * item.Level)
                + ((rho[3] * Math.Log(1 + (rho[4] * item.Steps))) - (rho[5] * item.Steps));
        }

        return row >= 0 && row < table.Length && column >= 0 && column < table[(int)row].Length ? table[(int)row][(int)column] : double.NaN;
    }

    private static Certificate Monotonicity(double[] gains, double[] qualities, double tolerance)
    {
        var scale = 1.0;
        var order = new int[gains.Length];
        for (var i = 0; i < order.Length; i++)
        {
            order[i] = i;
            scale = Math.Max(scale, double.IsFinite(qualities[i]) ? Math.Abs(qualities[i]) : 1);
        }

        var inspection = new Inspection(Claim.Monotonicity, tolerance * scale, "Ye et al., Problem 1: implied by incentive compatibility");
        Array.Sort([.. gains], order);
        var (best, next) = (-1, -1);
        for (var k = 0; k < order.Length; k++)
        {
            if (k > 0 && gains[order[k]] != gains[order[k - 1]])
            {
                best = next;
            }

            if (best >= 0)
            {
                inspection.Check(qualities[order[k]] - qualities[best], best, order[k], static (i, j) => $"A({i + 1}) ≤ A({j + 1})");
            }

            next = next < 0 || !(qualities[order[k]] <= qualities[next]) ? order[k] : next;
        }

        return inspection.Conclude();
    }

    private static Certificate Feasibility(QualityMarket market, QualityAnswer answer, double tolerance)
    {
        // A whole level or step outside its bounds must not pass as a rounding of money.
        var whole = Math.Max(1, 2 * tolerance);
        var inspection = new Inspection(Claim.Feasibility, tolerance, "Ye et al., Eq. (9)");
        for (var i = 0; i < answer.Menu.Length; i++)
        {
            var item = answer.Menu[i];
            if (item.Excluded)
            {
                inspection.Check(market.AllowExclusion ? 0 : -whole, i, i, static (i, _) => $"type {i + 1} is served");
                inspection.Check(item.Level == 0 && item.Steps == 0 ? 0 : -whole, i, i, static (i, _) => $"l({i + 1}) = s({i + 1}) = 0 when excluded");
                inspection.Check(-Math.Abs(item.Payment), i, i, static (i, _) => $"p({i + 1}) = 0 when excluded");
                continue;
            }

            inspection.Check(whole * ((double)item.Level - market.LevelMin), i, i, static (i, _) => $"l({i + 1}) ≥ levelMin");
            inspection.Check(whole * ((double)market.LevelMax - item.Level), i, i, static (i, _) => $"l({i + 1}) ≤ levelMax");
            inspection.Check(whole * ((double)item.Steps - market.StepsMin), i, i, static (i, _) => $"s({i + 1}) ≥ stepsMin");
            inspection.Check(whole * ((double)market.StepsMax - item.Steps), i, i, static (i, _) => $"s({i + 1}) ≤ stepsMax");
            inspection.Check(item.Payment - market.PaymentMin, i, i, static (i, _) => $"p({i + 1}) ≥ paymentMin");
            if (market.PaymentMax is { } cap)
            {
                inspection.Check(cap - item.Payment, i, i, static (i, _) => $"p({i + 1}) ≤ paymentMax");
            }
        }

        return inspection.Conclude();
    }

    private static Certificate Consistency(
        QualityMarket market, QualityAnswer answer, double[] qualities, double worstIr, double worstIc, double scale, double tolerance)
    {
        // Reported numbers are compared relative to their own size, so the tolerance here has no unit.
        var inspection = new Inspection(Claim.Consistency, tolerance * 10, "reported numbers follow from items and payments");
        var (sum, size) = (new CompensatedSum(), new CompensatedSum());
        for (var i = 0; i < answer.Menu.Length; i++)
        {
            var (item, type) = (answer.Menu[i], market.Types[i]);
            var (levelCost, stepsCost) = (type.CostPerLevel * item.Level, type.CostPerStep * item.Steps);
            var cost = levelCost + stepsCost;
            var value = type.Gain * qualities[i];
            sum.Add(type.Probability * (item.Payment - cost));
            size.Add(type.Probability * (Math.Abs(item.Payment) + Math.Abs(levelCost) + Math.Abs(stepsCost)));
            Agree(inspection, item.Gain, type.Gain, type.Gain, i, static (i, _) => $"gain({i + 1})");
            Agree(inspection, item.Probability, type.Probability, 1, i, static (i, _) => $"probability({i + 1})");
            Agree(inspection, item.Quality, qualities[i], Math.Max(1, Math.Abs(qualities[i])), i, static (i, _) => $"quality({i + 1})");
            Agree(inspection, item.ProviderCost, cost, Math.Abs(levelCost) + Math.Abs(stepsCost), i, static (i, _) => $"providerCost({i + 1})");
            Agree(inspection, item.UserUtility, value - item.Payment, Math.Abs(value) + Math.Abs(item.Payment), i, static (i, _) => $"userUtility({i + 1})");
            if (item.Type != 0)
            {
                inspection.Check(item.Type == i + 1 ? 0 : -1, i, i, static (i, _) => $"type({i + 1})");
            }
        }

        var objective = market.Users * sum.Value;
        var largest = market.Users * size.Value;
        Agree(inspection, answer.Objective, objective, largest, 0, static (_, _) => "objective");
        Agree(inspection, answer.PrincipalUtilityPerUser, sum.Value, size.Value, 0, static (_, _) => "principalUtilityPerUser");
        if (answer.ObjectiveUpperBound is { } bound)
        {
            inspection.Check((bound - objective) / Math.Max(largest, double.Epsilon), "objectiveUpperBound ≥ objective");
        }

        Agree(inspection, answer.IrSlackMin, worstIr, scale, 0, static (_, _) => "irSlackMin");
        if (answer.IcSlackMin is { } reported && qualities.Length > 1)
        {
            // Beyond that size the certificate compares with the best item, which may be the type's own: it knows the sign of a slack, not its excess.
            var comparable = qualities.Length > Incentives.PairByPair ? Math.Min(0, reported) : reported;
            Agree(inspection, comparable, worstIc, scale, 0, static (_, _) => "icSlackMin");
        }

        return inspection.Conclude();
    }

    private static void Agree(Inspection inspection, double? reported, double derived, double size, int index, Func<int, int, string> name)
    {
        if (reported is { } value)
        {
            var difference = Math.Abs(value - derived);
            inspection.Check(difference == 0 ? 0 : -difference / size, index, index, name);
        }
    }
}
