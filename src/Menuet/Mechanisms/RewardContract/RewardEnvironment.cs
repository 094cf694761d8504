using System.Collections.Immutable;
using System.Numerics;
using Menuet.Numerics;
using Menuet.Screening;

namespace Menuet.Mechanisms.RewardContract;

/// <summary>Reward contracts at play, stored number by number over all rows so that a register holds several rows.</summary>
/// <remarks>
/// <para>A draw: κ, reputations lo and hi, shapes α and β, Q_1 … Q_K, then I, η and f where they vary. Types are φ_k = lo + (k−1)/K (hi − lo) with
/// δ_k = B(k/K) − B((k−1)/K); the beta distribution is tabulated as a polynomial in (α, β) where one is near enough, 1e-10.</para>
/// <para>Incentives are judged in rewards: with c_k = κ/(f φ_k), type k asks R_k ≥ c_k Q_k and R_k − R_j ≥ c_k (Q_k − Q_j) for every j.</para>
/// <para>Source: Wen et al. 2025, Eq. (6), (10) to (14).</para>
/// </remarks>
internal sealed class RewardEnvironment : ContractEnvironment
{
    private readonly RewardScenario scenario;
    private readonly int types, stride;
    private readonly UniformRange[] qualityRanges;
    private readonly ChebyshevSurface?[] cumulative;

    // One number per row.
    private readonly double[] cost, low, high, alpha, beta, threshold, coefficient, weight, worth, solvable, earned, lower, upper;

    // One number per type and row, type by type.
    private readonly double[] reputation, probability, quality, unit, decoded;

    // What is observed, feature by feature, and how each is scaled.
    private readonly float[] features;
    private readonly (double[] Source, int Offset, FeatureScale Scale)[] columns;
    private readonly double[] ratios;

    internal RewardEnvironment(RewardScenario scenario, int rows, ulong firstStream)
        : base(rows, firstStream, ObservationSizeOf(scenario), scenario.Types)
    {
        (this.scenario, types) = (scenario, scenario.Types);
        var lanes = 2 * Vector<double>.Count;   // two vectors of doubles make one of floats
        stride = (rows + lanes - 1) / lanes * lanes;
        var ranges = scenario.Ranges;
        qualityRanges = [.. Enumerable.Range(0, types).Select(k => ranges.Quality(k, types))];
        cumulative = new ChebyshevSurface?[types];
        for (var k = 1; k < types; k++)
        {
            var place = (double)k / types;
            cumulative[k] = ChebyshevSurface.Fit(
                (a, b) => BetaDistribution.Cumulative(place, a, b), ranges.Alpha.Min, ranges.Alpha.Max, ranges.Beta.Min, ranges.Beta.Max, 1e-10);
        }

        double[] Row() => new double[stride];
        (cost, low, high, alpha, beta, threshold, coefficient, weight) = (Row(), Row(), Row(), Row(), Row(), Row(), Row(), Row());
        (worth, solvable, earned, lower, upper) = (Row(), Row(), Row(), Row(), Row());
        double[] Types() => new double[types * stride];
        (reputation, probability, quality, unit, decoded) = (Types(), Types(), Types(), Types(), Types());
        ratios = scenario.Features == RewardFeatures.Ratios ? new double[types * types * stride] : [];
        columns = Columns();
        features = new float[columns.Length * stride];

        // Rows beyond the last are computed too, and must not be slow or loud.
        cost.AsSpan().Fill(1);
        low.AsSpan().Fill(1);
        high.AsSpan().Fill(1);
        alpha.AsSpan().Fill(ranges.Alpha.Min);
        beta.AsSpan().Fill(ranges.Beta.Min);
        weight.AsSpan().Fill(1);
        coefficient.AsSpan().Fill(1);
        quality.AsSpan().Fill(1);
    }

    /// <summary>Rounded up to what the generator makes at once.</summary>
    protected override ulong Words => ((ulong)types + 15) & ~7UL;

    private static int ObservationSizeOf(RewardScenario scenario)
    {
        var scales = scenario.Scales ?? scenario.Ranges;
        return (3 * scenario.Types) + 3 + (scales.RewardWeight.Varies ? 1 : 0) + (scales.UtilityCoefficient.Varies ? 1 : 0)
            + (scenario.Features == RewardFeatures.Ratios ? scenario.Types * scenario.Types : 0);
    }

    /// <inheritdoc/>
    public override void Observe(Span<float> observations)
    {
        var size = ObservationSize;
        for (var column = 0; column < size; column++)
        {
            var source = features.AsSpan(column * stride, Rows);
            for (int row = 0, to = column; row < source.Length; row++, to += size)
            {
                observations[to] = source[row];
            }
        }
    }

    /// <summary>The rewards that an action stands for, money.</summary>
    /// <param name="row">Whose market.</param>
    /// <param name="action">K numbers; what lies outside [-1, 1] is clamped.</param>
    /// <param name="rewards">Filled; K numbers, in order of reputation.</param>
    internal void Decode(int row, ReadOnlySpan<float> action, Span<double> rewards)
    {
        for (var k = 0; k < types; k++)
        {
            rewards[k] = Decode(action[k]);
        }

        if (scenario.Action == RewardAction.Projected)
        {
            // The first share is a premium out of R_max, the others say where in its window each step lies.
            rewards[0] = (unit[row] * quality[row]) + (rewards[0] * scenario.RewardMax);
            for (var k = 1; k < types; k++)
            {
                var (here, below) = ((k * stride) + row, ((k - 1) * stride) + row);
                rewards[k] = rewards[k - 1] + ((quality[here] - quality[below]) * (unit[here] + (rewards[k] * (unit[below] - unit[here]))));
            }
        }
    }

    /// <summary>Puts a given market in row 0 instead of a draw.</summary>
    /// <param name="market">κ, f, η, I.</param>
    /// <param name="given">Its types, in order of reputation.</param>
    /// <returns>What lies outside the ranges of training.</returns>
    internal List<string> Show(RewardMarket market, ImmutableArray<RewardType> given)
    {
        (cost[0], weight[0], coefficient[0], threshold[0]) = (market.UnitCost, market.RewardWeight, market.UtilityCoefficient, market.QualityThreshold);
        for (var k = 0; k < types; k++)
        {
            (reputation[k * stride], probability[k * stride], quality[k * stride]) = (given[k].Reputation, given[k].Probability, given[k].Quality!.Value);
        }

        Derive();
        var scales = scenario.Scales ?? scenario.Ranges;
        var outside = new List<string>();
        ContractAnswer.Check(outside, "unitCost", market.UnitCost, scales.UnitCost);
        ContractAnswer.Check(outside, "rewardWeight", market.RewardWeight, scales.RewardWeight);
        ContractAnswer.Check(outside, "utilityCoefficient", market.UtilityCoefficient, scales.UtilityCoefficient);
        ContractAnswer.Check(outside, "qualityThreshold", market.QualityThreshold, scales.QualityThreshold);
        for (var k = 0; k < types; k++)
        {
            ContractAnswer.Check(outside, FormattableString.Invariant($"reputation of type {k + 1}"), given[k].Reputation, Reputations(k, scales));
            ContractAnswer.Check(outside, FormattableString.Invariant($"quality of type {k + 1}"), given[k].Quality!.Value, scales.Quality(k, types));
        }

        return outside;
    }

    /// <summary>The market of a row, types listed.</summary>
    internal RewardMarket Market(int row)
    {
        var listed = ImmutableArray.CreateBuilder<RewardType>(types);
        for (var k = 0; k < types; k++)
        {
            var at = (k * stride) + row;
            listed.Add(new RewardType { Reputation = reputation[at], Probability = probability[at], Quality = quality[at] });
        }

        return new()
        {
            UnitCost = cost[row],
            RewardWeight = weight[row],
            UtilityCoefficient = coefficient[row],
            QualityThreshold = threshold[row],
            Types = listed.MoveToImmutable(),
        };
    }

    /// <inheritdoc/>
    protected override void Deal()
    {
        var ranges = scenario.Ranges;
        for (var row = 0; row < Rows; row++)
        {
            var rng = Stream(row);
            cost[row] = ranges.UnitCost.At(rng.NextDouble());
            low[row] = ranges.ReputationMin.At(rng.NextDouble());
            high[row] = ranges.ReputationMax.At(rng.NextDouble());
            alpha[row] = ranges.Alpha.At(rng.NextDouble());
            beta[row] = ranges.Beta.At(rng.NextDouble());
            for (var k = 0; k < qualityRanges.Length; k++)
            {
                ref readonly var range = ref qualityRanges[k];
                quality[(k * stride) + row] = ranges.WholeQualities ? range.Min + rng.NextInt(range.Wholes) : range.At(rng.NextDouble());
            }

            threshold[row] = ranges.QualityThreshold.Varies ? ranges.QualityThreshold.At(rng.NextDouble()) : ranges.QualityThreshold.Min;
            coefficient[row] = ranges.UtilityCoefficient.Varies ? ranges.UtilityCoefficient.At(rng.NextDouble()) : ranges.UtilityCoefficient.Min;
            weight[row] = ranges.RewardWeight.Varies ? ranges.RewardWeight.At(rng.NextDouble()) : ranges.RewardWeight.Min;
        }

        MakeTypes();
        Derive();
    }

    /// <inheritdoc/>
    protected override void Reward(ReadOnlySpan<float> actions, Span<float> rewards)
    {
        // From rows of actions to types of rows.
        for (var k = 0; k < types; k++)
        {
            var target = decoded.AsSpan(k * stride, Rows);
            for (int row = 0, from = k; row < target.Length; row++, from += types)
            {
                target[row] = actions[from];
            }
        }

        Decode(decoded);
        if (scenario.Action == RewardAction.Projected)
        {
            Project();
            EarnProjected();
        }
        else
        {
            EarnJudged();
        }

        for (var row = 0; row < rewards.Length; row++)
        {
            rewards[row] = (float)earned[row];
        }
    }

    /// <summary>φ and δ from lo, hi, α and β.</summary>
    private void MakeTypes()
    {
        var below = lower.AsSpan();
        var above = upper.AsSpan();
        below.Clear();
        for (var k = 0; k < types; k++)
        {
            var share = (double)k / types;
            var phi = reputation.AsSpan(k * stride, stride);
            for (var row = 0; row < stride; row += Vector<double>.Count)
            {
                var from = new Vector<double>(low, row);
                Vector.FusedMultiplyAdd(new Vector<double>(share), new Vector<double>(high, row) - from, from).CopyTo(phi[row..]);
            }

            if (k + 1 == types)
            {
                above.Fill(1);
            }
            else if (cumulative[k + 1] is { } surface)
            {
                surface.At(alpha, beta, above);
            }
            else
            {
                for (var row = 0; row < Rows; row++)
                {
                    above[row] = BetaDistribution.Cumulative((k + 1.0) / types, alpha[row], beta[row]);
                }
            }

            var mass = probability.AsSpan(k * stride, stride);
            for (var row = 0; row < stride; row += Vector<double>.Count)
            {
                var end = new Vector<double>(above[row..]);
                Vector.Max(end - new Vector<double>(below[row..]), Vector<double>.Zero).CopyTo(mass[row..]);
                end.CopyTo(below[row..]);
            }
        }
    }

    /// <summary>What follows from types and costs: c_k, the platform's value of the qualities, whether any menu is feasible, and what is observed.</summary>
    private void Derive()
    {
        for (var row = 0; row < stride; row += Vector<double>.Count)
        {
            var perReputation = new Vector<double>(cost, row) / new Vector<double>(weight, row);
            var least = new Vector<double>(threshold, row);
            var before = least;
            var value = Vector<double>.Zero;
            var rises = Vector<double>.One;
            for (var k = 0; k < types; k++)
            {
                var at = (k * stride) + row;
                var here = new Vector<double>(quality, at);
                (perReputation / new Vector<double>(reputation, at)).CopyTo(unit, at);
                rises = Vector.ConditionalSelect(Vector.GreaterThanOrEqual(here, before), rises, Vector<double>.Zero);
                value = Vector.FusedMultiplyAdd(new Vector<double>(probability, at), Vector.Log(Vector.Max(here - least, Vector<double>.Zero) + Vector<double>.One), value);
                before = here;
            }

            (value * new Vector<double>(coefficient, row)).CopyTo(worth, row);
            rises.CopyTo(solvable, row);
        }

        for (var k = 0; k < types && ratios.Length > 0; k++)
        {
            for (var j = 0; j < types; j++)
            {
                for (var row = 0; row < stride; row += Vector<double>.Count)
                {
                    (new Vector<double>(unit, (k * stride) + row) * new Vector<double>(quality, (j * stride) + row)).CopyTo(ratios, (((k * types) + j) * stride) + row);
                }
            }
        }

        for (var column = 0; column < columns.Length; column++)
        {
            var (source, offset, scale) = columns[column];
            scale.At(source.AsSpan(offset, stride), features.AsSpan(column * stride, stride));
        }
    }

    /// <summary>From [-1, 1] to a reward, or with projected actions to a share.</summary>
    private double Decode(float action)
    {
        var share = Share(action);
        return scenario.Action switch
        {
            RewardAction.Projected => share,
            RewardAction.Discrete => Math.Floor((share * (scenario.GridSize - 1)) + 0.5) / (scenario.GridSize - 1) * scenario.RewardMax,
            _ => share * scenario.RewardMax,
        };
    }

    /// <summary>The same for all rows, in place.</summary>
    private void Decode(Span<double> values)
    {
        var (one, half) = (Vector<double>.One, new Vector<double>(0.5));
        var (steps, largest) = (new Vector<double>(scenario.GridSize - 1), new Vector<double>(scenario.RewardMax));
        for (var i = 0; i < values.Length; i += Vector<double>.Count)
        {
            var share = (Vector.Min(Vector.Max(new Vector<double>(values[i..]), -one), one) + one) * half;
            if (scenario.Action == RewardAction.Discrete)
            {
                share = Vector.Floor((share * steps) + half) / steps;
            }

            (scenario.Action == RewardAction.Projected ? share : share * largest).CopyTo(values[i..]);
        }
    }

    /// <summary>Shares to rewards, in place.</summary>
    private void Project()
    {
        for (var row = 0; row < stride; row += Vector<double>.Count)
        {
            var (below, least) = (new Vector<double>(quality, row), new Vector<double>(unit, row));
            var reward = (least * below) + (new Vector<double>(decoded, row) * scenario.RewardMax);
            reward.CopyTo(decoded, row);
            for (var k = 1; k < types; k++)
            {
                var at = (k * stride) + row;
                var (here, own) = (new Vector<double>(quality, at), new Vector<double>(unit, at));
                reward += (here - below) * (own + (new Vector<double>(decoded, at) * (least - own)));
                reward.CopyTo(decoded, at);
                (below, least) = (here, own);
            }
        }
    }

    /// <summary>Eq. (14) for rewards that are feasible wherever any are.</summary>
    private void EarnProjected()
    {
        for (var row = 0; row < stride; row += Vector<double>.Count)
        {
            (new Vector<double>(solvable, row) * (new Vector<double>(worth, row) - Paid(row))).CopyTo(earned, row);
        }
    }

    /// <summary>Eq. (14): the platform's utility where every constraint holds, else 0, or minus the weighted violations when shaped.</summary>
    private void EarnJudged()
    {
        var tolerance = new Vector<double>(Math.Max(scenario.Tolerance, 1e-13) * scenario.RewardMax);
        var penalty = new Vector<double>(scenario.Shaped ? -scenario.ShapingWeight : 0);
        for (var row = 0; row < stride; row += Vector<double>.Count)
        {
            var largest = Vector<double>.Zero;
            var sum = Vector<double>.Zero;
            for (var k = 0; k < types; k++)
            {
                var at = (k * stride) + row;
                var (reward, asked, mine) = (new Vector<double>(decoded, at), new Vector<double>(unit, at), new Vector<double>(quality, at));
                var own = reward - (asked * mine);
                var missing = Vector.Max(-own, Vector<double>.Zero);
                largest = Vector.Max(largest, missing);
                sum += missing;
                for (var j = 0; j < types; j++)
                {
                    if (j != k)
                    {
                        var other = (j * stride) + row;
                        missing = Vector.Max(new Vector<double>(decoded, other) - (asked * new Vector<double>(quality, other)) - own, Vector<double>.Zero);
                        largest = Vector.Max(largest, missing);
                        sum += missing;
                    }
                }
            }

            var holds = Vector.LessThanOrEqual(largest, tolerance);
            var result = Vector.ConditionalSelect(holds, new Vector<double>(worth, row) - Paid(row), sum * penalty);

            // Where no menu is feasible nothing is earned whatever is done.
            (result * new Vector<double>(solvable, row)).CopyTo(earned, row);
        }
    }

    /// <summary>Σ δ_k R_k.</summary>
    private Vector<double> Paid(int row)
    {
        var paid = Vector<double>.Zero;
        for (var k = 0; k < types; k++)
        {
            paid = Vector.FusedMultiplyAdd(new Vector<double>(probability, (k * stride) + row), new Vector<double>(decoded, (k * stride) + row), paid);
        }

        return paid;
    }

    /// <summary>The state of Eq. (12), η and f behind it where they vary, then the ratios.</summary>
    private (double[] Source, int Offset, FeatureScale Scale)[] Columns()
    {
        var scales = scenario.Scales ?? scenario.Ranges;
        var logarithms = scenario.Features == RewardFeatures.Logarithms;
        var result = new List<(double[], int, FeatureScale)>();
        for (var k = 0; k < types; k++)
        {
            Add(quality, k, scales.Quality(k, types), logarithms);
        }

        Add(threshold, 0, scales.QualityThreshold, false);
        Add(cost, 0, scales.UnitCost, logarithms);
        Add(cost, 0, default, false);   // K, the same in every row
        for (var k = 0; k < types; k++)
        {
            Add(probability, k, new(0, 1), false);
        }

        for (var k = 0; k < types; k++)
        {
            Add(reputation, k, Reputations(k, scales), logarithms);
        }

        if (scales.UtilityCoefficient.Varies)
        {
            Add(coefficient, 0, scales.UtilityCoefficient, false);
        }

        if (scales.RewardWeight.Varies)
        {
            Add(weight, 0, scales.RewardWeight, logarithms);
        }

        for (var k = 0; k < types && ratios.Length > 0; k++)
        {
            var phi = Reputations(k, scales);
            for (var j = 0; j < types; j++)
            {
                var q = scales.Quality(j, types);
                Add(ratios, (k * types) + j, new(
                    scales.UnitCost.Min * q.Min / (scales.RewardWeight.Max * phi.Max), scales.UnitCost.Max * q.Max / (scales.RewardWeight.Min * phi.Min)), false);
            }
        }

        return [.. result];

        void Add(double[] source, int index, UniformRange range, bool logarithm) => result.Add((source, index * stride, new(range, logarithm)));
    }

    /// <summary>Where φ_k lies.</summary>
    private UniformRange Reputations(int type, RewardRanges ranges)
    {
        var share = (double)type / types;
        return new(
            ranges.ReputationMin.Min + (share * (ranges.ReputationMax.Min - ranges.ReputationMin.Min)),
            ranges.ReputationMin.Max + (share * (ranges.ReputationMax.Max - ranges.ReputationMin.Max)));
    }
}
