using Menuet.Screening;

namespace Menuet.Mechanisms.LatencyContract;

/// <summary>Judges a menu from the market and the menu's speeds, payments and exclusions alone.</summary>
internal static class LatencyAudit
{
    /// <summary>Rounding of E = z (D − n τ) near 0, in units of z D: a handful of operations, each within 1.1e-16.</summary>
    private const double Rounding = 2e-15;

    internal static IEnumerable<Problem> AnswerProblems(LatencyMarket market, LatencyAnswer answer)
    {
        var count = market.Terms.Types.Length;
        if (answer.Menu.IsDefault || answer.Menu.Length != count)
        {
            yield return new("$.menu", FormattableString.Invariant($"must have {count} items, one per type of the market, in its order"), answer.Menu.IsDefault ? null : "[…]");
        }
    }

    internal static Audit Check(LatencyMarket market, LatencyAnswer answer, SolveOptions options)
    {
        var types = market.Terms.Types;
        var delivered = new Delivered[types.Length];
        var gains = new double[types.Length];
        var reductions = new double[types.Length];
        var payments = new double[types.Length];
        double largestPayment = 0, largestGain = 0, largestCeiling = 0;
        for (var j = 0; j < types.Length; j++)
        {
            delivered[j] = Deliver(market, types[j], answer.Menu[j]);
            (gains[j], reductions[j], payments[j]) = (types[j].Gain, delivered[j].Reduction, answer.Menu[j].Payment);
            largestPayment = Math.Max(largestPayment, Math.Abs(payments[j]));
            largestGain = Math.Max(largestGain, gains[j]);
            largestCeiling = Math.Max(largestCeiling, delivered[j].Ceiling);
        }

        // Every type may value every item, so rounding anywhere in the menu may be worth as much to the highest type.
        var largestValue = largestGain * largestCeiling;
        var money = (options.Tolerance * (1 + largestPayment)) + (Rounding * largestValue);
        var participation = new Inspection(Claim.IndividualRationality, money, "Ye et al., Eq. (25)");
        for (var j = 0; j < types.Length; j++)
        {
            participation.Check((gains[j] * reductions[j]) - payments[j], j, j, static (i, _) => $"IR({i + 1})");
        }

        var truth = new Inspection(Claim.IncentiveCompatibility, money, "Ye et al., Eq. (26) with θ_i on both sides");
        Incentives.CheckAllPairs(truth, gains, reductions, payments, static (i, k) => $"IC({i + 1}→{k + 1})");
        var (individual, incentive) = (participation.Conclude(), truth.Conclude());
        return new(
        [
            individual,
            incentive,
            Monotonicity(gains, delivered, options.Tolerance),
            Feasibility(market, answer, delivered, options.Tolerance),
            Consistency(market, answer, delivered, individual.Worst.Value, incentive.Worst.Value, largestValue + largestPayment, options.Tolerance),
        ]);
    }

    /// <summary>τ, E, z D and C of one item; zeros for an excluded type.</summary>
    private static Delivered Deliver(LatencyMarket market, in LatencyType type, in LatencyItem item)
    {
        var values = market.Terms.For(type, market.Level, market.Steps);
        var attempt = market.Terms.Attempt;
        var untilSuccess = market.Terms.Attempts == Attempts.UntilSuccess;
        var failures = untilSuccess || attempt == 1 ? 1 : Math.Exp((attempt - 1) * Math.Log(values.Failure));
        var worth = untilSuccess ? 1 : values.Success * failures;
        var ceiling = worth * values.MaxLatencySeconds;
        if (item.Excluded)
        {
            return new(0, 0, ceiling, 0, 1);
        }

        // What is not done takes no time and costs nothing, at whatever speed.
        double latency = values.ResultBits / item.RateBitPerSecond;
        var radio = values.CostCommunication * (values.ResultBits / values.ChannelStatus) * (item.RateBitPerSecond / values.ChannelStatus);
        double prompt = 0, denoise = 0;
        if (values.PromptCycles > 0)
        {
            latency += values.PromptCycles / item.CpuPromptHz;
            prompt = values.CostPrompt * (values.CapacitancePrompt * item.CpuPromptHz * item.CpuPromptHz * values.PromptCycles);
        }

        if (values.DenoiseCycles > 0)
        {
            latency += values.DenoiseCycles / item.CpuDenoiseHz;
            denoise = values.CostDenoise * (values.CapacitanceDenoise * item.CpuDenoiseHz * item.CpuDenoiseHz * values.DenoiseCycles);
        }

        var one = prompt + denoise + radio;
        return untilSuccess
            ? new(latency, values.MaxLatencySeconds - (latency / values.Success), ceiling, one / values.Success, 1 - (latency / values.Success / values.MaxLatencySeconds))
            : new(latency, ceiling - (worth * attempt * latency), ceiling, attempt * one, 1 - (attempt * latency / values.MaxLatencySeconds));
    }

    private static Certificate Monotonicity(double[] gains, Delivered[] delivered, double tolerance)
    {
        var scale = 0.0;
        foreach (var item in delivered)
        {
            scale = Math.Max(scale, item.Ceiling);
        }

        var inspection = new Inspection(Claim.Monotonicity, tolerance * scale, "Ye et al., Problem 2: implied by incentive compatibility");
        var byGain = Enumerable.Range(0, gains.Length).ToArray();
        Array.Sort(gains.ToArray(), byGain);
        var (best, bestType) = (double.NegativeInfinity, -1);
        for (var start = 0; start < byGain.Length;)
        {
            var end = start;
            for (; end < byGain.Length && gains[byGain[end]] == gains[byGain[start]]; end++)
            {
                if (bestType >= 0)
                {
                    inspection.Check(delivered[byGain[end]].Reduction - best, bestType, byGain[end], static (i, k) => $"E({i + 1}) ≤ E({k + 1})");
                }
            }

            for (; start < end; start++)
            {
                if (!(delivered[byGain[start]].Reduction <= best))
                {
                    (best, bestType) = (delivered[byGain[start]].Reduction, byGain[start]);
                }
            }
        }

        return inspection.Conclude();
    }

    /// <summary>Slacks without unit: −1 for a broken yes or no, shares of the deadline for time.</summary>
    private static Certificate Feasibility(LatencyMarket market, LatencyAnswer answer, Delivered[] delivered, double tolerance)
    {
        var inspection = new Inspection(Claim.Feasibility, tolerance, "Ye et al., Problem 2: x, y, r, p ≥ 0 and E ≥ 0");
        for (var j = 0; j < delivered.Length; j++)
        {
            var item = answer.Menu[j];
            if (item.Excluded)
            {
                inspection.Check(market.Terms.AllowExclusion ? 0 : -1, j, j, static (i, _) => $"type {i + 1} is served");
                var nothing = item.CpuPromptHz == 0 && item.CpuDenoiseHz == 0 && item.RateBitPerSecond == 0 && item.Payment == 0;
                inspection.Check(nothing ? 0 : -1, j, j, static (i, _) => $"excluded type {i + 1} gets and pays nothing");
                continue;
            }

            inspection.Check(Sign(item.CpuPromptHz), j, j, static (i, _) => $"x({i + 1}) ≥ 0");
            inspection.Check(Sign(item.CpuDenoiseHz), j, j, static (i, _) => $"y({i + 1}) ≥ 0");
            inspection.Check(Sign(item.RateBitPerSecond), j, j, static (i, _) => $"r({i + 1}) ≥ 0");
            inspection.Check(Sign(item.Payment), j, j, static (i, _) => $"p({i + 1}) ≥ 0");
            inspection.Check(delivered[j].SpareTime, j, j, static (i, _) => $"latency({i + 1}) ≤ deadline");
        }

        return inspection.Conclude();

        static double Sign(double value) => value >= 0 ? 0 : -1;
    }

    private static Certificate Consistency(
        LatencyMarket market, LatencyAnswer answer, Delivered[] delivered, double worstIr, double worstIc, double slackScale, double tolerance)
    {
        // Reported numbers are compared relative to what they are made of, so tolerance here has no unit.
        var inspection = new Inspection(Claim.Consistency, 10 * tolerance, "reported numbers follow from speeds and payments");
        double profit = 0, turnover = 0;
        for (var j = 0; j < delivered.Length; j++)
        {
            var (item, type, fact) = (answer.Menu[j], market.Terms.Types[j], delivered[j]);
            var value = type.Gain * fact.Ceiling;
            if (type.Probability > 0)
            {
                profit += type.Probability * (item.Payment - fact.Cost);
                turnover += type.Probability * (Math.Abs(item.Payment) + fact.Cost);
            }

            Agree(item.Gain, type.Gain, type.Gain, j, static (i, _) => $"gain({i + 1})");
            Agree(item.Probability, type.Probability, 1, j, static (i, _) => $"probability({i + 1})");
            Agree(item.LatencySeconds, fact.Latency, fact.Latency, j, static (i, _) => $"latencySeconds({i + 1})");
            Agree(item.ExpectedLatencyReductionSeconds, fact.Reduction, fact.Ceiling, j, static (i, _) => $"expectedLatencyReductionSeconds({i + 1})");
            Agree(item.ProviderCost, fact.Cost, fact.Cost, j, static (i, _) => $"providerCost({i + 1})");
            Agree(item.UserUtility, (type.Gain * fact.Reduction) - item.Payment, value + Math.Abs(item.Payment), j, static (i, _) => $"userUtility({i + 1})");
            if (item.Type != 0)
            {
                inspection.Check(item.Type == j + 1 ? 0 : -1, j, j, static (i, _) => $"type({i + 1})");
            }
        }

        Agree(answer.Objective, market.Users * profit, market.Users * turnover, 0, static (_, _) => "objective");
        Agree(answer.PrincipalUtilityPerUser, profit, turnover, 0, static (_, _) => "principalUtilityPerUser");
        Agree(answer.IrSlackMin, worstIr, slackScale, 0, static (_, _) => "irSlackMin");
        if (delivered.Length is > 1 and <= Incentives.PairByPair)
        {
            Agree(answer.IcSlackMin, worstIc, slackScale, 0, static (_, _) => "icSlackMin");
        }

        return inspection.Conclude();

        void Agree(double? reported, double derived, double size, int index, Func<int, int, string> name)
        {
            if (reported is { } value)
            {
                inspection.Check(value == derived ? 0 : -Math.Abs(value - derived) / size, index, index, name);
            }
        }
    }

    /// <summary>What an item amounts to.</summary>
    /// <param name="Latency">τ, seconds.</param>
    /// <param name="Reduction">E, seconds.</param>
    /// <param name="Ceiling">z D, seconds.</param>
    /// <param name="Cost">C, money.</param>
    /// <param name="SpareTime">Share of the deadline left over.</param>
    private readonly record struct Delivered(double Latency, double Reduction, double Ceiling, double Cost, double SpareTime);
}
