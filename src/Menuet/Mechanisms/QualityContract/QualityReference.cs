using System.Collections.Immutable;

namespace Menuet.Mechanisms.QualityContract;

/// <summary>
/// For tests and small markets: tries every assignment of items to types; payments as longest shortest-path potentials through
/// every participation and truth-telling constraint, one by one.
/// </summary>
/// <remarks>
/// Shares no code with the other solvers and uses none of their theorems: it neither sorts types or items nor assumes that
/// qualities rise, and it pays whatever the constraints permit. <c>(items + 1)^types</c> assignments, hence at most
/// <see cref="Limit"/> of them.
/// </remarks>
internal sealed class QualityReference : ISolver<QualityMarket, QualityOutcome>
{
    internal const double Limit = 5e6;
    private const double Rounding = 2e-15;

    public string Name => "reference";

    public string Summary => "Tries every assignment of items to types, with payments from all constraints; at most 5 million assignments.";

    public ImmutableArray<Claim> Promises(QualityMarket market) =>
        [Claim.IndividualRationality, Claim.IncentiveCompatibility, Claim.Monotonicity, Claim.Feasibility, Claim.Consistency];

    public Solution<QualityOutcome> Solve(QualityMarket market, SolveOptions options, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(market);
        var items = Items(market);
        var count = market.Types.Length;
        var assignments = Math.Pow(items.Count, count);
        if (assignments > Limit)
        {
            throw new InvalidRequestException(
                [Problem.With("$.types", assignments, FormattableString.Invariant($"the reference solver tries at most {Limit} assignments of items to types; this is how many there are; use --solver exact"))]);
        }

        var taken = new int[count];
        var payments = new double[count];
        var (bestValue, bestTaken, bestPayments) = (double.NegativeInfinity, Array.Empty<int>(), Array.Empty<double>());
        for (long assignment = 0; items.Count > 0; assignment++)
        {
            if ((assignment & 0xFFFF) == 0)
            {
                cancellation.ThrowIfCancellationRequested();
            }

            if (TryPay(market, items, taken, payments))
            {
                var value = 0.0;
                for (var i = 0; i < count; i++)
                {
                    value += market.Types[i].Probability * (payments[i] - Cost(market.Types[i], items[taken[i]]));
                }

                if (value > bestValue)
                {
                    (bestValue, bestTaken, bestPayments) = (value, [.. taken], [.. payments]);
                }
            }

            if (!Next(taken, items.Count))
            {
                break;
            }
        }

        return bestTaken.Length == 0
            ? new(Termination.Infeasible, null, Note: "no assignment of items to types has feasible payments", Reason: "no-sellable-item")
            : new(
                Termination.Optimal,
                new(
                    [.. bestTaken.Select(k => items[k].Level)], [.. bestTaken.Select(k => items[k].Steps)],
                    [.. bestPayments], [.. bestTaken.Select(k => items[k].Excluded)]),
                market.Users * bestValue,
                (long)assignments);
    }

    private static List<(int Level, int Steps, double Quality, bool Excluded)> Items(QualityMarket market)
    {
        var items = new List<(int, int, double, bool)>();
        for (var level = market.LevelMin; ; level++)
        {
            for (var steps = market.StepsMin; ; steps++)
            {
                items.Add((level, steps, market.Quality(level, steps), false));
                if (steps == market.StepsMax)
                {
                    break;
                }
            }

            if (level == market.LevelMax)
            {
                break;
            }
        }

        if (market.AllowExclusion)
        {
            items.Add((0, 0, 0, true));
        }

        return items;
    }

    /// <summary>The largest payments that keep every constraint; false when there are none within the bounds.</summary>
    private static bool TryPay(QualityMarket market, List<(int Level, int Steps, double Quality, bool Excluded)> items, int[] taken, double[] payments)
    {
        var count = taken.Length;
        for (var i = 0; i < count; i++)
        {
            payments[i] = items[taken[i]].Excluded
                ? 0
                : Math.Min(market.Types[i].Gain * items[taken[i]].Quality, market.PaymentMax ?? double.PositiveInfinity);
        }

        // Bellman and Ford: p_i ≤ p_k + θ_i (A_i − A_k) for all pairs, until nothing falls; a cycle that never settles has no payments.
        for (var round = 0; round <= count; round++)
        {
            var fell = false;
            for (var i = 0; i < count; i++)
            {
                for (var k = 0; k < count; k++)
                {
                    var gain = market.Types[i].Gain * (items[taken[i]].Quality - items[taken[k]].Quality);
                    var most = payments[k] + gain;
                    var rounding = Rounding * (Math.Abs(payments[k]) + Math.Abs(gain));
                    if (most < payments[i] - rounding)
                    {
                        if (items[taken[i]].Excluded || round == count)
                        {
                            return false;
                        }

                        payments[i] = most;
                        fell = true;
                    }
                }
            }

            if (!fell)
            {
                break;
            }
        }

        for (var i = 0; i < count; i++)
        {
            if (!items[taken[i]].Excluded && !(payments[i] >= market.PaymentMin))
            {
                return false;
            }
        }

        return true;
    }

    private static double Cost(in QualityType type, in (int Level, int Steps, double Quality, bool Excluded) item) =>
        item.Excluded ? 0 : (type.CostPerLevel * item.Level) + (type.CostPerStep * item.Steps);

    /// <summary>Counts on, in base <paramref name="radix"/>; false after the last.</summary>
    private static bool Next(int[] digits, int radix)
    {
        for (var i = 0; i < digits.Length; i++)
        {
            if (++digits[i] < radix)
            {
                return true;
            }

            digits[i] = 0;
        }

        return false;
    }
}
