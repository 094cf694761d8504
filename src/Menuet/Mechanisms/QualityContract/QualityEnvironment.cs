using System.Collections.Immutable;
using Menuet.Screening;

namespace Menuet.Mechanisms.QualityContract;

/// <summary>Quality contracts at play.</summary>
/// <remarks>
/// <para>A draw: θ_1 … θ_I (put in order), uniform numbers that become q, σ_1 and σ_2 of every type, then M where it varies.</para>
/// <para>Reward: (Σ q_i (p_i − σ_1i l_i − σ_2i s_i) − w × sum of all violations)/(θ_I max A), so that 1 is what no contract reaches.</para>
/// <para>Source: Ye et al., Eq. (6) to (9), (14), Algorithm 1.</para>
/// </remarks>
internal sealed class QualityEnvironment : ContractEnvironment
{
    private const double PrintedPenalty = 300;

    private readonly QualityScenario scenario;
    private readonly int types, columns;
    private readonly double[] table;
    private readonly double best;
    private readonly UniformRange[] gainRanges;
    private readonly FeatureScale[] gainScales;
    private readonly FeatureScale levelScale, stepScale, userScale;

    // One number per row and type, row by row.
    private readonly double[] gains, probabilities, levelCosts, stepCosts;
    private readonly double[] users;

    internal QualityEnvironment(QualityScenario scenario, int rows, ulong firstStream)
        : base(rows, firstStream, (4 * scenario.Types) + 2, (scenario.Action == MenuAction.Projected ? 2 : 3) * scenario.Types)
    {
        (this.scenario, types) = (scenario, scenario.Types);
        var items = scenario.Market([], 1);
        columns = scenario.StepsMax - scenario.StepsMin + 1;
        table = new double[(scenario.LevelMax - scenario.LevelMin + 1) * columns];
        for (var item = 0; item < table.Length; item++)
        {
            table[item] = items.Quality(scenario.LevelMin + (item / columns), scenario.StepsMin + (item % columns));
        }

        best = table.Max();
        var (ranges, scales) = (scenario.Ranges, scenario.Scales ?? scenario.Ranges);
        var logarithms = scenario.Features == MenuFeatures.Logarithms;
        gainRanges = [.. Enumerable.Range(0, types).Select(i => ranges.Gain(i, types))];
        gainScales = [.. scales.GainsInOrder(types).Select(range => new FeatureScale(range, logarithms))];
        (levelScale, stepScale, userScale) = (new(scales.CostPerLevel, logarithms), new(scales.CostPerStep, logarithms), new(scales.Users));
        double[] Each() => new double[rows * types];
        (gains, probabilities, levelCosts, stepCosts) = (Each(), Each(), Each(), Each());
        users = new double[rows];
    }

    /// <summary>θ_I max A, what the best item is worth to the highest type, money.</summary>
    internal double Scale(int row) => gains[(row * types) + types - 1] * best;

    protected override ulong Words => ((4 * (ulong)types) + 8) & ~7UL;

    /// <inheritdoc/>
    public override void Observe(Span<float> observations)
    {
        var probabilityScale = new FeatureScale(new(0, 1));
        for (var row = 0; row < Rows; row++)
        {
            var target = observations.Slice(row * ObservationSize, ObservationSize);
            var first = row * types;
            for (var i = 0; i < gainScales.Length; i++)
            {
                target[i] = probabilityScale.At(probabilities[first + i]);
                target[types + i] = levelScale.At(levelCosts[first + i]);
                target[(2 * types) + i] = stepScale.At(stepCosts[first + i]);
                target[(3 * types) + i] = gainScales[i].At(gains[first + i]);
            }

            target[4 * types] = userScale.At(users[row]);
            target[(4 * types) + 1] = 0;   // I, the same in every row
        }
    }

    /// <summary>The menu that an action stands for, types in order of gain.</summary>
    internal QualityOutcome Menu(int row, ReadOnlySpan<float> action)
    {
        var (items, payments) = (new int[types], new double[types]);
        Decode(row, action, items, payments);
        return new(
            [.. items.Select(item => scenario.LevelMin + (item / columns))], [.. items.Select(item => scenario.StepsMin + (item % columns))],
            [.. payments], [.. new bool[types]]);
    }

    /// <summary>Puts a given market in row 0 instead of a draw.</summary>
    /// <param name="count">M.</param>
    /// <param name="given">Its types, in order of gain.</param>
    /// <returns>What lies outside the ranges of training.</returns>
    internal List<string> Show(double count, ImmutableArray<QualityType> given)
    {
        var scales = scenario.Scales ?? scenario.Ranges;
        var limits = scales.GainsInOrder(types);
        var outside = new List<string>();
        users[0] = count;
        ContractAnswer.Check(outside, "users", count, scales.Users);
        for (var i = 0; i < types; i++)
        {
            (gains[i], probabilities[i], levelCosts[i], stepCosts[i]) = (given[i].Gain, given[i].Probability, given[i].CostPerLevel, given[i].CostPerStep);
            ContractAnswer.Check(outside, FormattableString.Invariant($"gain of type {i + 1}"), given[i].Gain, limits[i]);
            ContractAnswer.Check(outside, FormattableString.Invariant($"costPerLevel of type {i + 1}"), given[i].CostPerLevel, scales.CostPerLevel);
            ContractAnswer.Check(outside, FormattableString.Invariant($"costPerStep of type {i + 1}"), given[i].CostPerStep, scales.CostPerStep);
        }

        return outside;
    }

    /// <summary>The market of a row.</summary>
    internal QualityMarket Market(int row)
    {
        var listed = ImmutableArray.CreateBuilder<QualityType>(types);
        for (var at = row * types; at < (row + 1) * types; at++)
        {
            listed.Add(new() { Gain = gains[at], Probability = probabilities[at], CostPerLevel = levelCosts[at], CostPerStep = stepCosts[at] });
        }

        return scenario.Market(listed.MoveToImmutable(), users[row]);
    }

    /// <inheritdoc/>
    protected override void Deal()
    {
        var ranges = scenario.Ranges;
        for (var row = 0; row < Rows; row++)
        {
            var rng = Stream(row);
            var first = row * types;
            DrawTypes(ref rng, gainRanges, gains.AsSpan(first, types), probabilities.AsSpan(first, types));
            for (var at = first; at < first + types; at++)
            {
                levelCosts[at] = ranges.CostPerLevel.At(rng.NextDouble());
                stepCosts[at] = ranges.CostPerStep.At(rng.NextDouble());
            }

            users[row] = ranges.Users.Varies ? ranges.Users.At(rng.NextDouble()) : ranges.Users.Min;
        }
    }

    /// <inheritdoc/>
    protected override void Reward(ReadOnlySpan<float> actions, Span<float> rewards)
    {
        Span<int> items = stackalloc int[types];
        Span<double> payments = stackalloc double[types];
        for (var row = 0; row < Rows; row++)
        {
            Decode(row, actions.Slice(row * ActionSize, ActionSize), items, payments);
            var first = row * types;
            var profit = 0.0;
            for (var i = 0; i < items.Length; i++)
            {
                var (level, step) = Math.DivRem(items[i], columns);
                var cost = (levelCosts[first + i] * (scenario.LevelMin + level)) + (stepCosts[first + i] * (scenario.StepsMin + step));
                profit += probabilities[first + i] * (payments[i] - cost);
            }

            var penalty = scenario.Action == MenuAction.Projected ? 0 : Penalty(row, items, payments);
            rewards[row] = (float)((profit - penalty) / Scale(row));
        }
    }

    /// <summary>What the violated constraints cost per user, money.</summary>
    private double Penalty(int row, ReadOnlySpan<int> items, ReadOnlySpan<double> payments)
    {
        var (sum, count, first) = (0.0, 0, row * types);
        for (var i = 0; i < items.Length; i++)
        {
            var gain = gains[first + i];
            var own = (gain * table[items[i]]) - payments[i];
            var missing = -own;
            if (missing > 0)
            {
                sum += missing;
                count++;
            }

            for (var k = 0; k < items.Length; k++)
            {
                missing = (gain * table[items[k]]) - payments[k] - own;
                if (missing > 0)
                {
                    sum += missing;
                    count++;
                }
            }
        }

        return scenario.PaperPenalty ? PrintedPenalty * count / users[row] : scenario.PenaltyWeight * sum;
    }

    /// <summary>The items, indices into the table, and payments that an action stands for.</summary>
    private void Decode(int row, ReadOnlySpan<float> action, Span<int> items, Span<double> payments)
    {
        var perType = scenario.Action == MenuAction.Projected ? 2 : 3;
        var scale = Scale(row);
        for (var i = 0; i < items.Length; i++)
        {
            var level = (int)((Share(action[perType * i]) * (scenario.LevelMax - scenario.LevelMin)) + 0.5);
            var step = (int)((Share(action[(perType * i) + 1]) * (columns - 1)) + 0.5);
            items[i] = (level * columns) + step;
            payments[i] = perType == 3 ? Share(action[(3 * i) + 2]) * scale : 0;
        }

        if (perType == 2)
        {
            Project(row, items, payments);
        }
    }

    /// <summary>Items in order of quality, and the largest payments that they can ask for: p_i = p_{i−1} + θ_i (A_i − A_{i−1}).</summary>
    private void Project(int row, Span<int> items, Span<double> payments)
    {
        for (var i = 1; i < items.Length; i++)
        {
            var item = items[i];
            var at = i;
            for (; at > 0 && table[items[at - 1]] > table[item]; at--)
            {
                items[at] = items[at - 1];
            }

            items[at] = item;
        }

        double payment = 0, below = 0;
        for (var i = 0; i < items.Length; i++)
        {
            var quality = table[items[i]];
            payment += gains[(row * types) + i] * (quality - below);
            payments[i] = payment;
            below = quality;
        }
    }
}
