using System.Collections.Immutable;
using Menuet.Numerics;

namespace Menuet.Mechanisms.QualityContract;

/// <summary>The schemes that a quality contract is compared with.</summary>
internal static class QualitySchemes
{
    internal static Comparison Compare(QualityMarket market, SolveOptions options, CancellationToken cancellation)
    {
        var solver = QualityContractMechanism.Door.SolverList[0];
        var contract = solver.Solve(market, options, cancellation);
        return new(
            "contract",
            [new("expected payment", "money"), new("expected user utility", "money"), new("expected quality", "points"), new("share served")],
            [
                Judged(
                    market, "contract", "the best menu when gains are private", contract.Outcome,
                    contract.Termination == Termination.LimitReached ? "best found; see the solver's bound" : contract.Reason),
                Judged(
                    market, "completeInformation", "gains known: every type its own best item at all that it is worth", CompleteInformation(market),
                    "a type cannot be served within the payment bounds"),
                Judged(
                    market, "uniform", market.AllowExclusion ? "one item and payment, taken by those who gain" : "one item and payment for all",
                    Uniform(market, cancellation), "no item is worth the smallest payment to everybody"),
                NoPromptOptimisation(market, solver, options, cancellation),
            ]);
    }

    /// <summary>Participation alone: each type its best item at <c>min(θ A, paymentMax)</c>.</summary>
    internal static QualityOutcome? CompleteInformation(QualityMarket market)
    {
        var count = market.Types.Length;
        var (levels, steps, payments, excluded) = (new int[count], new int[count], new double[count], new bool[count]);
        for (var i = 0; i < count; i++)
        {
            var type = market.Types[i];
            var best = market.AllowExclusion ? 0 : double.NegativeInfinity;
            excluded[i] = true;
            foreach (var (level, step, quality) in Items(market))
            {
                var payment = Math.Min(type.Gain * quality, market.PaymentMax ?? double.PositiveInfinity);
                var profit = payment - Cost(type, level, step);
                if (payment >= market.PaymentMin && profit > best)
                {
                    (best, levels[i], steps[i], payments[i], excluded[i]) = (profit, level, step, payment, false);
                }
            }

            if (excluded[i] && !market.AllowExclusion)
            {
                return null;
            }
        }

        return new([.. levels], [.. steps], [.. payments], [.. excluded]);
    }

    /// <summary>
    /// One item at one payment: what the lowest type would pay, or with exclusion what any type would. Types that gain take it;
    /// types that are indifferent take it where the provider profits.
    /// </summary>
    internal static QualityOutcome? Uniform(QualityMarket market, CancellationToken cancellation)
    {
        var types = market.Types;
        var order = Enumerable.Range(0, types.Length).OrderBy(i => types[i].Gain).ToArray();
        var above = CostsAtLeast(types, order);
        var best = market.AllowExclusion ? 0 : double.NegativeInfinity;
        (int Level, int Steps, double Payment, double Quality)? chosen = null;
        var cap = market.PaymentMax ?? double.PositiveInfinity;
        foreach (var (level, step, quality) in Items(market))
        {
            cancellation.ThrowIfCancellationRequested();
            for (var start = 0; start < order.Length;)
            {
                var gain = types[order[start]].Gain;
                var end = start + 1;
                while (end < order.Length && types[order[end]].Gain == gain)
                {
                    end++;
                }

                var payment = Math.Min(gain * quality, cap);
                if (payment >= market.PaymentMin)
                {
                    // Those above gain; the group itself is indifferent unless the cap leaves it something.
                    var mayLeave = market.AllowExclusion && payment == gain * quality;
                    var profit = Profit(above, mayLeave ? end : start, payment, level, step);
                    for (var k = start; mayLeave && k < end; k++)
                    {
                        var type = types[order[k]];
                        profit += type.Probability * Math.Max(0, payment - Cost(type, level, step));
                    }

                    if (profit > best)
                    {
                        (best, chosen) = (profit, (level, step, payment, quality));
                    }
                }

                if (!market.AllowExclusion || payment < gain * quality)
                {
                    break;
                }

                start = end;
            }
        }

        if (chosen is not { } item)
        {
            return market.AllowExclusion
                ? new([.. types.Select(_ => 0)], [.. types.Select(_ => 0)], [.. types.Select(_ => 0.0)], [.. types.Select(_ => true)])
                : null;
        }

        bool[] takes = [.. types.Select(type => !market.AllowExclusion || type.Gain * item.Quality > item.Payment
            || (type.Gain * item.Quality == item.Payment && item.Payment > Cost(type, item.Level, item.Steps)))];
        return new(
            [.. takes.Select(t => t ? item.Level : 0)], [.. takes.Select(t => t ? item.Steps : 0)],
            [.. takes.Select(t => t ? item.Payment : 0)], [.. takes.Select(t => !t)]);
    }

    /// <summary>The exact contract when prompts stay as they are.</summary>
    private static Scheme NoPromptOptimisation(
        QualityMarket market, ISolver<QualityMarket, QualityOutcome> solver, SolveOptions options, CancellationToken cancellation)
    {
        const string Name = "noPromptOptimisation";
        const string Meaning = "the best menu when prompts stay as they are, level 0";
        var table = market.QualityModel.Table;
        if (!table.IsDefault && market.LevelMin > 0)
        {
            return new(Name, Meaning, null, [null, null, null, null], "the table has no row for level 0");
        }

        var unoptimised = market with
        {
            LevelMin = 0,
            LevelMax = 0,
            QualityModel = table.IsDefault ? market.QualityModel : market.QualityModel with { Table = [table[0]] },
        };
        var solution = solver.Solve(unoptimised, options, cancellation);
        return Judged(
            unoptimised, Name, Meaning, solution.Outcome,
            solution.Termination == Termination.LimitReached ? "best found; see the solver's bound" : solution.Reason);
    }

    private static Scheme Judged(QualityMarket market, string name, string meaning, QualityOutcome? outcome, string note)
    {
        if (outcome is null)
        {
            return new(name, meaning, null, [null, null, null, null], note);
        }

        var (paid, gained, quality, served) = (new CompensatedSum(), new CompensatedSum(), new CompensatedSum(), new CompensatedSum());
        for (var i = 0; i < market.Types.Length; i++)
        {
            if (outcome.Excluded[i])
            {
                continue;
            }

            var type = market.Types[i];
            var delivered = market.Quality(outcome.Levels[i], outcome.Steps[i]);
            paid.Add(market.Users * type.Probability * outcome.Payments[i]);
            gained.Add(market.Users * type.Probability * ((type.Gain * delivered) - outcome.Payments[i]));
            quality.Add(type.Probability * delivered);
            served.Add(type.Probability);
        }

        return new(
            name, meaning, QualityContractMechanism.Objective(market, outcome), [paid.Value, gained.Value, quality.Value, served.Value],
            name is "contract" or "noPromptOptimisation" ? note : "");
    }

    /// <summary>Every item that has a quality of at least 0.</summary>
    private static IEnumerable<(int Level, int Steps, double Quality)> Items(QualityMarket market)
    {
        for (var row = 0; row <= market.LevelMax - market.LevelMin; row++)
        {
            for (var column = 0; column <= market.StepsMax - market.StepsMin; column++)
            {
                var (level, step) = (market.LevelMin + row, market.StepsMin + column);
                var quality = market.Quality(level, step);
                if (quality >= 0)
                {
                    yield return (level, step, quality);
                }
            }
        }
    }

    /// <summary>For every position in the order: Σ q, Σ q σ_1 and Σ q σ_2 from there on; zeros at the end.</summary>
    private static (double Probability, double PerLevel, double PerStep)[] CostsAtLeast(ImmutableArray<QualityType> types, int[] order)
    {
        var sums = new (double, double, double)[order.Length + 1];
        var (probability, perLevel, perStep) = (new CompensatedSum(), new CompensatedSum(), new CompensatedSum());
        for (var k = order.Length - 1; k >= 0; k--)
        {
            var type = types[order[k]];
            probability.Add(type.Probability);
            perLevel.Add(type.Probability * type.CostPerLevel);
            perStep.Add(type.Probability * type.CostPerStep);
            sums[k] = (probability.Value, perLevel.Value, perStep.Value);
        }

        return sums;
    }

    private static double Profit((double Probability, double PerLevel, double PerStep)[] above, int from, double payment, int level, int steps) =>
        (above[from].Probability * payment) - (above[from].PerLevel * level) - (above[from].PerStep * steps);

    private static double Cost(in QualityType type, int level, int steps) => (type.CostPerLevel * level) + (type.CostPerStep * steps);
}
