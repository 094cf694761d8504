using System.Collections.Immutable;

namespace Menuet.Mechanisms.RewardContract;

/// <summary>The schemes that a reward contract is compared with.</summary>
internal static class RewardSchemes
{
    private const double LargestRandomReward = 6;
    private const int RandomDraws = 10_000;

    internal static Comparison Compare(RewardMarket market, SolveOptions options, CancellationToken cancellation)
    {
        var types = market.ResolvedTypes();
        var exact = new ClosedForm();
        var contract = exact.Solve(market, options, cancellation);
        var schemes = ImmutableArray.CreateBuilder<Scheme>();
        schemes.Add(contract.Outcome is { Pooled: false } outcome
            ? Judged(market, types, "contract", "the exact menu of rewards", outcome.Qualities, outcome.Rewards)
            : new("contract", "the exact menu of rewards", null, [null, null, null], contract.Reason));

        var falling = contract.Outcome is { Pooled: true } || contract.Reason == "quality-not-monotone";
        if (falling && exact.Solve(market with { OnNonMonotone = NonMonotone.Pool }, options, cancellation).Outcome is { } pooled)
        {
            schemes.Add(Judged(market, types, "pooled", "the menu for the nearest monotone qualities", pooled.Qualities, pooled.Rewards));
        }

        schemes.Add(CompleteInformation(market, types));
        schemes.Add(Uniform(market, types));
        if (market.QualityMode == QualityMode.Given)
        {
            schemes.Add(AveragePaper(market, types));
            schemes.Add(Random(market, types, options, cancellation));
        }

        var reference = schemes[0].Objective is null && schemes[1].Name == "pooled" ? "pooled" : "contract";
        return new(reference, [new("expected reward", "money"), new("expected creator utility", "money"), new("worst IC slack", "money")], schemes.ToImmutable());
    }

    /// <summary>Types known: every creator is held to its cost.</summary>
    internal static Scheme CompleteInformation(RewardMarket market, ImmutableArray<RewardType> types)
    {
        var qualities = types.Select(type => market.QualityMode == QualityMode.Given
            ? type.Quality!.Value
            : Best(market, market.RewardWeight * type.Reputation)).ToImmutableArray();
        return qualities.Any(quality => quality < market.QualityThreshold)
            ? new("completeInformation", "types known: every creator is held to its cost", null, [null, null, null], "a quality lies below the threshold")
            : Judged(market, types, "completeInformation", "types known: every creator is held to its cost", qualities,
                [.. qualities.Zip(types, (quality, type) => market.UnitCost * quality / (market.RewardWeight * type.Reputation))]);
    }

    /// <summary>One item for all: the mean quality (or the best single one) for what the lowest reputation asks.</summary>
    internal static Scheme Uniform(RewardMarket market, ImmutableArray<RewardType> types)
    {
        var lowest = market.RewardWeight * types.Min(type => type.Reputation);
        var quality = market.QualityMode == QualityMode.Given
            ? types.Sum(type => type.Probability * type.Quality!.Value)
            : Best(market, lowest);
        const string Meaning = "one item for all: the mean quality for what the lowest reputation asks";
        return quality < market.QualityThreshold
            ? new("uniform", Meaning, null, [null, null, null], "the mean quality lies below the threshold")
            : Judged(market, types, "uniform", Meaning, [.. types.Select(_ => quality)], [.. types.Select(_ => market.UnitCost * quality / lowest)]);
    }

    /// <summary>The paper's baseline: one reward while qualities stay different; worth nothing unless they are all equal.</summary>
    internal static Scheme AveragePaper(RewardMarket market, ImmutableArray<RewardType> types)
    {
        const string Meaning = "the paper's Average: one reward for different qualities, worth 0 where incentives break";
        var quality = types[0].Quality!.Value;
        if (types.Any(type => type.Quality != quality) || quality < market.QualityThreshold)
        {
            return new("averagePaper", Meaning, 0, [null, null, null], "one reward for different qualities is not incentive compatible");
        }

        var reward = market.UnitCost * quality / (market.RewardWeight * types.Min(type => type.Reputation));
        return Judged(market, types, "averagePaper", Meaning, [.. types.Select(_ => quality)], [.. types.Select(_ => reward)]);
    }

    /// <summary>The paper's baseline: independent uniform rewards, worth nothing where a constraint breaks; a seeded simulation.</summary>
    private static Scheme Random(RewardMarket market, ImmutableArray<RewardType> types, SolveOptions options, CancellationToken cancellation)
    {
        const int PairsPerRun = 20_000_000;
        var draws = Math.Clamp(PairsPerRun / Math.Max(1, types.Length), 1, RandomDraws);
        var rng = Rng.Stream(options.Seed, 0);
        var rewards = new double[types.Length];
        double sum = 0;
        var feasible = 0;
        for (var draw = 0; draw < draws; draw++)
        {
            cancellation.ThrowIfCancellationRequested();
            for (var k = 0; k < rewards.Length; k++)
            {
                rewards[k] = LargestRandomReward * rng.NextDouble();
            }

            if (Feasible(market, types, rewards))
            {
                feasible++;
                sum += RewardContractMechanism.Objective(market, types, [.. types.Select(type => type.Quality!.Value)], [.. rewards]);
            }
        }

        return new(
            "random",
            FormattableString.Invariant($"rewards drawn uniformly from [0, {LargestRandomReward}], worth 0 where infeasible; mean of a simulation"),
            sum / draws,
            [null, null, null],
            FormattableString.Invariant($"{(double)feasible / draws:P2} of {draws} simulated draws feasible, seed {options.Seed}"));
    }

    private static bool Feasible(RewardMarket market, ImmutableArray<RewardType> types, double[] rewards)
    {
        for (var i = 0; i < rewards.Length; i++)
        {
            var weight = market.RewardWeight * types[i].Reputation;
            var own = (weight * rewards[i]) - (market.UnitCost * types[i].Quality!.Value);
            if (own < 0 || types[i].Quality!.Value < market.QualityThreshold)
            {
                return false;
            }

            for (var k = 0; k < rewards.Length; k++)
            {
                if (own < (weight * rewards[k]) - (market.UnitCost * types[k].Quality!.Value))
                {
                    return false;
                }
            }
        }

        return true;
    }

    /// <summary>The quality worth most when a unit of it costs κ / weight in reward.</summary>
    private static double Best(RewardMarket market, double weight) => Math.Min(
        Math.Max(market.QualityThreshold, market.QualityThreshold - 1 + (market.UtilityCoefficient * weight / market.UnitCost)),
        market.QualityMax ?? double.PositiveInfinity);

    private static Scheme Judged(
        RewardMarket market, ImmutableArray<RewardType> types, string name, string meaning, ImmutableArray<double> qualities, ImmutableArray<double> rewards)
    {
        double paid = 0, gained = 0;
        for (var k = 0; k < types.Length; k++)
        {
            paid += types[k].Probability * rewards[k];
            gained += types[k].Probability * RewardContractMechanism.CreatorUtility(market, types[k].Reputation, qualities[k], rewards[k]);
        }

        var slack = RewardContractMechanism.WorstPairSlack(market, types, qualities, rewards);
        return new(name, meaning, RewardContractMechanism.Objective(market, types, qualities, rewards), [paid, gained, slack]);
    }
}
