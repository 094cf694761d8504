using Menuet.Numerics;

namespace Menuet.Mechanisms.QualityContract;

/// <summary>The schemes that a quality contract is compared with.</summary>
internal static class QualitySchemes
{
    internal static Comparison Compare(QualityMarket market, SolveOptions options, CancellationToken cancellation)
    {
        var solver = QualityContractMechanism.Door.SolverList[0];
        var contract = solver.Solve(market, options, cancellation);
        cancellation.ThrowIfCancellationRequested();
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
        var items = Items(market);
        var cap = market.PaymentMax ?? double.PositiveInfinity;
        var (levels, steps, payments, excluded) = (new int[count], new int[count], new double[count], new bool[count]);
        for (var i = 0; i < count; i++)
        {
            var type = market.Types[i];
            var best = market.AllowExclusion ? 0 : double.NegativeInfinity;
            excluded[i] = true;
            foreach (var (level, step, quality) in items)
            {
                var payment = Math.Min(type.Gain * quality, cap);
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

    /// <summary>One item at one payment, for all or with exclusion for those who gain.</summary>
    internal static QualityOutcome? Uniform(QualityMarket market, CancellationToken cancellation)
    {
        var chain = TypeChain.Of(market);
        var allocation = SingleItem.Best(market, chain, cancellation) ?? (market.AllowExclusion ? new Allocation(chain.Members) : null);
        var payments = new double[chain.Members];
        return allocation is not null && Payments.TryFill(chain, allocation, market, market.PaymentMax, payments)
            ? allocation.Outcome(chain, payments)
            : null;
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
    private static (int Level, int Steps, double Quality)[] Items(QualityMarket market)
    {
        var items = new List<(int, int, double)>();
        for (var row = 0; row <= market.LevelMax - market.LevelMin; row++)
        {
            for (var column = 0; column <= market.StepsMax - market.StepsMin; column++)
            {
                var (level, steps) = (market.LevelMin + row, market.StepsMin + column);
                var quality = market.Quality(level, steps);
                if (quality >= 0)
                {
                    items.Add((level, steps, quality));
                }
            }
        }

        return [.. items];
    }

    private static double Cost(in QualityType type, int level, int steps) => (type.CostPerLevel * level) + (type.CostPerStep * steps);
}
