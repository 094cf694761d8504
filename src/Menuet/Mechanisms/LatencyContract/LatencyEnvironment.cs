using System.Collections.Immutable;
using Menuet.Screening;

namespace Menuet.Mechanisms.LatencyContract;

/// <summary>Latency contracts at play.</summary>
/// <remarks>
/// <para>A draw: θ_1 … θ_J (put in order), uniform numbers that become q, then t_max, b_1, b_2, b_3, δ, η, d, h, κ_1, κ_2, l, s, and M where it varies.</para>
/// <para>Reward: (Σ q_j (p_j − C_j) − w × sum of all violations)/(θ_J t_max), so that 1 is what no contract reaches.</para>
/// <para>Speeds of penalised actions lie in logarithmic boxes: at the pace v an optimum has x = v/(2 b_1 κ_1)^(1/3), y likewise, r = h/√b_3 v^(3/2), and
/// v reaches from the least pace that meets a deadline to what the highest gain pays for. Reductions of projected actions are shares of what the
/// highest type would buy were its gain known; no type of any optimum gets more.</para>
/// <para>Source: Ye et al., Eq. (2), (3), (23) to (26), (28), Algorithm 1.</para>
/// </remarks>
internal sealed class LatencyEnvironment : ContractEnvironment
{
    private const double PrintedPenalty = 200;

    // What a row draws beside its types.
    private const int Deadline = 0, CostPrompt = 1, CostDenoise = 2, CostCommunication = 3, CyclesPerLevel = 4, CyclesPerStep = 5, Bits = 6, Channel = 7,
        CapacitancePrompt = 8, CapacitanceDenoise = 9, Level = 10, Steps = 11, Users = 12, Count = 13;

    private readonly LatencyScenario scenario;
    private readonly int types;
    private readonly UniformRange[] gainRanges, ranges;
    private readonly FeatureScale[] gainScales, scales;
    private readonly (double Success, double Failure)[] success;
    private readonly int leastLevel, leastSteps, stepCount;
    private readonly Box promptBox, denoiseBox, rateBox;

    // One number per row and type, row by row; and Count numbers per row.
    private readonly double[] gains, probabilities, values;

    // What follows from a draw.
    private readonly double[] successes, largest;
    private readonly Delivery[] deliveries;

    internal LatencyEnvironment(LatencyScenario scenario, int rows, ulong firstStream)
        : base(rows, firstStream, (2 * scenario.Types) + 14, (scenario.Action == MenuAction.Projected ? 1 : 4) * scenario.Types)
    {
        (this.scenario, types) = (scenario, scenario.Types);
        var shown = scenario.Scales ?? scenario.Ranges;
        var logarithms = scenario.Features == MenuFeatures.Logarithms;
        gainRanges = [.. Enumerable.Range(0, types).Select(j => scenario.Ranges.Gain(j, types))];
        gainScales = [.. shown.GainsInOrder(types).Select(range => new FeatureScale(range, logarithms))];
        ranges = InOrder(scenario.Ranges);
        scales = [.. InOrder(shown).Select((range, i) => new FeatureScale(range, logarithms && i < Level))];
        (leastLevel, leastSteps) = ((int)ranges[Level].Min, (int)ranges[Steps].Min);
        stepCount = ranges[Steps].Wholes;
        success = new (double, double)[ranges[Level].Wholes * stepCount];
        for (var item = 0; item < success.Length; item++)
        {
            success[item] = scenario.SuccessModel.At(leastLevel + (item / stepCount), leastSteps + (item % stepCount));
        }

        (promptBox, denoiseBox, rateBox) = Boxes(shown);
        double[] Each() => new double[rows * types];
        (gains, probabilities) = (Each(), Each());
        values = new double[rows * Count];
        (successes, largest) = (new double[rows], new double[rows]);
        deliveries = new Delivery[scenario.Action == MenuAction.Projected ? rows : 0];
    }

    /// <summary>θ_J t_max, what the deadline is worth to the highest type, money.</summary>
    internal double Scale(int row) => gains[(row * types) + types - 1] * values[(row * Count) + Deadline];

    protected override ulong Words => ((2 * (ulong)types) + Count + 7) & ~7UL;

    /// <inheritdoc/>
    public override void Observe(Span<float> observations)
    {
        var probabilityScale = new FeatureScale(new(0, 1));
        for (var row = 0; row < Rows; row++)
        {
            var target = observations.Slice(row * ObservationSize, ObservationSize);
            for (var j = 0; j < gainScales.Length; j++)
            {
                target[j] = gainScales[j].At(gains[(row * types) + j]);
                target[types + j] = probabilityScale.At(probabilities[(row * types) + j]);
            }

            for (var i = 0; i < scales.Length; i++)
            {
                target[(2 * types) + i] = scales[i].At(values[(row * Count) + i]);
            }

            target[(2 * types) + Count] = 0;   // J, the same in every row
        }
    }

    /// <summary>The menu that an action stands for, types in order of gain.</summary>
    internal LatencyOutcome Menu(int row, ReadOnlySpan<float> action)
    {
        var (speeds, payments) = (new Speeds[types], new double[types]);
        if (scenario.Action == MenuAction.Projected)
        {
            var (reductions, paces) = (new double[types], new double[types]);
            Project(row, action, reductions, paces, payments);
            for (var j = 0; j < types; j++)
            {
                speeds[j] = deliveries[row].Speeds(paces[j]);
            }
        }
        else
        {
            for (var j = 0; j < types; j++)
            {
                (speeds[j], payments[j]) = Decode(row, action, j);
            }
        }

        return new(
            [.. speeds.Select(item => item.Prompt)], [.. speeds.Select(item => item.Denoise)], [.. speeds.Select(item => item.Rate)],
            [.. payments], [.. new bool[types]]);
    }

    /// <summary>Puts a given market in row 0 instead of a draw.</summary>
    /// <param name="market">Its types in order of gain.</param>
    /// <returns>What lies outside the ranges of training.</returns>
    internal List<string> Show(LatencyMarket market)
    {
        var terms = market.Terms;
        var shown = scenario.Scales ?? scenario.Ranges;
        var (limits, gainLimits) = (InOrder(shown), shown.GainsInOrder(types));
        var outside = new List<string>();
        for (var j = 0; j < types; j++)
        {
            (gains[j], probabilities[j]) = (terms.Types[j].Gain, terms.Types[j].Probability);
            ContractAnswer.Check(outside, FormattableString.Invariant($"gain of type {j + 1}"), gains[j], gainLimits[j]);
        }

        double[] given =
        [
            terms.MaxLatencySeconds, terms.CostPrompt, terms.CostDenoise, terms.CostCommunication, terms.CyclesPerLevel, terms.CyclesPerStep, terms.ResultBits,
            terms.ChannelStatus, terms.CapacitancePrompt, terms.CapacitanceDenoise, market.Level, market.Steps, market.Users,
        ];
        string[] names =
        [
            "maxLatencySeconds", "costPrompt", "costDenoise", "costCommunication", "cyclesPerLevel", "cyclesPerStep", "resultBits",
            "channelStatus", "capacitancePrompt", "capacitanceDenoise", "level", "steps", "users",
        ];
        for (var i = 0; i < Count; i++)
        {
            values[i] = given[i];
            ContractAnswer.Check(outside, names[i], given[i], limits[i]);
        }

        Derive(0, scenario.SuccessModel.At(market.Level, market.Steps));
        return outside;
    }

    /// <summary>The market of a row.</summary>
    internal LatencyMarket Market(int row)
    {
        var listed = ImmutableArray.CreateBuilder<LatencyType>(types);
        for (var at = row * types; at < (row + 1) * types; at++)
        {
            listed.Add(new() { Gain = gains[at], Probability = probabilities[at] });
        }

        var drawn = values.AsSpan(row * Count, Count);
        return new()
        {
            Users = drawn[Users],
            Level = (int)drawn[Level],
            Steps = (int)drawn[Steps],
            Terms = new()
            {
                SuccessModel = scenario.SuccessModel,
                MaxLatencySeconds = drawn[Deadline],
                CyclesPerLevel = drawn[CyclesPerLevel],
                CyclesPerStep = drawn[CyclesPerStep],
                ResultBits = drawn[Bits],
                ChannelStatus = drawn[Channel],
                CapacitancePrompt = drawn[CapacitancePrompt],
                CapacitanceDenoise = drawn[CapacitanceDenoise],
                CostPrompt = drawn[CostPrompt],
                CostDenoise = drawn[CostDenoise],
                CostCommunication = drawn[CostCommunication],
                Types = listed.MoveToImmutable(),
            },
        };
    }

    /// <inheritdoc/>
    protected override void Deal()
    {
        for (var row = 0; row < Rows; row++)
        {
            var rng = Stream(row);
            var first = row * types;
            for (var j = 0; j < gainRanges.Length; j++)
            {
                // In order, should the ranges overlap.
                var gain = gainRanges[j].At(rng.NextDouble());
                var at = first + j;
                for (; at > first && gains[at - 1] > gain; at--)
                {
                    gains[at] = gains[at - 1];
                }

                gains[at] = gain;
            }

            var sum = 0.0;
            for (var at = first; at < first + types; at++)
            {
                sum += probabilities[at] = rng.NextDoubleOpen();
            }

            for (var at = first; at < first + types; at++)
            {
                probabilities[at] /= sum;
            }

            var drawn = values.AsSpan(row * Count, Count);
            for (var i = 0; i < Level; i++)
            {
                drawn[i] = ranges[i].At(rng.NextDouble());
            }

            var (level, steps) = (rng.NextInt(ranges[Level].Wholes), rng.NextInt(stepCount));
            drawn[Level] = leastLevel + level;
            drawn[Steps] = leastSteps + steps;
            drawn[Users] = ranges[Users].Varies ? ranges[Users].At(rng.NextDouble()) : ranges[Users].Min;
            Derive(row, success[(level * stepCount) + steps]);
        }
    }

    /// <inheritdoc/>
    protected override void Reward(ReadOnlySpan<float> actions, Span<float> rewards)
    {
        Span<double> reductions = stackalloc double[types];
        Span<double> work = stackalloc double[types];
        Span<double> payments = stackalloc double[types];
        for (var row = 0; row < Rows; row++)
        {
            var action = actions.Slice(row * ActionSize, ActionSize);
            var earned = scenario.Action == MenuAction.Projected
                ? EarnProjected(row, action, reductions, work, payments)
                : EarnPenalised(row, action, reductions, payments);
            rewards[row] = (float)(earned / Scale(row));
        }
    }

    /// <summary>What follows from a row's draw.</summary>
    private void Derive(int row, (double Success, double Failure) chance)
    {
        successes[row] = chance.Success;
        if (deliveries.Length > 0)
        {
            var drawn = values.AsSpan(row * Count, Count);
            var delivery = deliveries[row] = DeliveryOf(drawn, chance);
            largest[row] = Math.Max(0, delivery.Reduction(delivery.PaceFor(gains[(row * types) + types - 1])));
        }
    }

    private static Delivery DeliveryOf(ReadOnlySpan<double> drawn, (double Success, double Failure) chance) => new(
        new(
            chance.Success, chance.Failure, drawn[Deadline], drawn[CyclesPerLevel] * drawn[Level], drawn[CyclesPerStep] * drawn[Steps], drawn[Bits],
            drawn[Channel], drawn[CapacitancePrompt], drawn[CapacitanceDenoise], drawn[CostPrompt], drawn[CostDenoise], drawn[CostCommunication]),
        1, Attempts.Given);

    /// <summary>Reductions in order, the paces that deliver them, and the largest payments that they can ask for.</summary>
    private void Project(int row, ReadOnlySpan<float> action, Span<double> reductions, Span<double> paces, Span<double> payments)
    {
        ref readonly var delivery = ref deliveries[row];
        for (var j = 0; j < reductions.Length; j++)
        {
            var reduction = Share(action[j]) * largest[row];
            var at = j;
            for (; at > 0 && reductions[at - 1] > reduction; at--)
            {
                reductions[at] = reductions[at - 1];
            }

            reductions[at] = reduction;
        }

        double payment = 0, below = 0;
        for (var j = 0; j < reductions.Length; j++)
        {
            paces[j] = delivery.PaceAtGap(delivery.Ceiling - reductions[j]);

            // What the pace delivers, rounding and all, is what is paid for.
            reductions[j] = Math.Max(below, paces[j] > delivery.LeastPace ? delivery.Reduction(paces[j]) : 0);
            payment += gains[(row * types) + j] * (reductions[j] - below);
            payments[j] = payment;
            below = reductions[j];
        }
    }

    private double EarnProjected(int row, ReadOnlySpan<float> action, Span<double> reductions, Span<double> paces, Span<double> payments)
    {
        Project(row, action, reductions, paces, payments);
        var profit = 0.0;
        for (var j = 0; j < payments.Length; j++)
        {
            profit += probabilities[(row * types) + j] * (payments[j] - deliveries[row].Cost(paces[j]));
        }

        return profit;
    }

    private double EarnPenalised(int row, ReadOnlySpan<float> action, Span<double> reductions, Span<double> payments)
    {
        var drawn = values.AsSpan(row * Count, Count);
        var (first, profit) = (row * types, 0.0);
        var promptWork = drawn[CyclesPerLevel] * drawn[Level];
        var denoiseWork = drawn[CyclesPerStep] * drawn[Steps];
        var rateCost = drawn[CostCommunication] * drawn[Bits] / (drawn[Channel] * drawn[Channel]);
        for (var j = 0; j < payments.Length; j++)
        {
            (var speeds, payments[j]) = Decode(row, action, j);
            var latency = (promptWork / Math.Max(speeds.Prompt, double.Epsilon)) + (denoiseWork / Math.Max(speeds.Denoise, double.Epsilon)) + (drawn[Bits] / speeds.Rate);
            reductions[j] = successes[row] * (drawn[Deadline] - latency);
            var cost = (drawn[CostPrompt] * drawn[CapacitancePrompt] * promptWork * speeds.Prompt * speeds.Prompt)
                + (drawn[CostDenoise] * drawn[CapacitanceDenoise] * denoiseWork * speeds.Denoise * speeds.Denoise) + (rateCost * speeds.Rate);
            profit += probabilities[first + j] * (payments[j] - cost);
        }

        var (sum, count) = (0.0, 0);
        for (var j = 0; j < payments.Length; j++)
        {
            var gain = gains[first + j];
            var own = (gain * reductions[j]) - payments[j];
            sum += Math.Max(0, -own);
            count += own < 0 ? 1 : 0;
            for (var k = 0; k < payments.Length; k++)
            {
                var missing = (gain * reductions[k]) - payments[k] - own;
                sum += Math.Max(0, missing);
                count += missing > 0 ? 1 : 0;
            }
        }

        return profit - (scenario.PaperPenalty ? PrintedPenalty * count / drawn[Users] : scenario.PenaltyWeight * sum);
    }

    /// <summary>Speeds and payment of one type; a speed without work is 0.</summary>
    private (Speeds Speeds, double Payment) Decode(int row, ReadOnlySpan<float> action, int type)
    {
        var numbers = action.Slice(4 * type, 4);
        var drawn = values.AsSpan(row * Count, Count);
        return (
            new(drawn[Level] > 0 ? promptBox.At(Share(numbers[0])) : 0, drawn[Steps] > 0 ? denoiseBox.At(Share(numbers[1])) : 0, rateBox.At(Share(numbers[2]))),
            Share(numbers[3]) * Scale(row));
    }

    /// <summary>Ranges in the order of a row's numbers.</summary>
    private static UniformRange[] InOrder(LatencyRanges ranges) =>
    [
        ranges.MaxLatencySeconds, ranges.CostPrompt, ranges.CostDenoise, ranges.CostCommunication, ranges.CyclesPerLevel, ranges.CyclesPerStep,
        ranges.ResultBits, ranges.ChannelStatus, ranges.CapacitancePrompt, ranges.CapacitanceDenoise, ranges.Level, ranges.Steps, ranges.Users,
    ];

    /// <summary>The speeds between which every optimum of a draw lies.</summary>
    private (Box Prompt, Box Denoise, Box Rate) Boxes(LatencyRanges shown)
    {
        var limits = InOrder(shown);
        double[] easy = [.. limits.Select((range, i) => i is Deadline or Channel ? range.Max : range.Min)];
        double[] hard = [.. limits.Select((range, i) => i is Deadline or Channel ? range.Min : range.Max)];
        var sure = (1.0, 0.0);
        var slowest = DeliveryOf(easy, sure).LeastPace;
        var fastest = Math.Max(DeliveryOf(hard, sure).LeastPace, Math.Cbrt(shown.GainsInOrder(types)[^1].Max));
        double Prompt(double[] v) => 1 / Math.Cbrt(2 * v[CostPrompt] * v[CapacitancePrompt]);
        double Denoise(double[] v) => 1 / Math.Cbrt(2 * v[CostDenoise] * v[CapacitanceDenoise]);
        double Rate(double[] v) => v[Channel] / Math.Sqrt(v[CostCommunication]);
        return (
            new(slowest * Prompt(hard), fastest * Prompt(easy)),
            new(slowest * Denoise(hard), fastest * Denoise(easy)),
            new(Math.Pow(slowest, 1.5) * Rate(hard), Math.Pow(fastest, 1.5) * Rate(easy)));
    }

    /// <summary>A speed from a share, in equal ratios.</summary>
    private readonly struct Box(double low, double high)
    {
        private readonly double logarithm = Math.Log(low), width = Math.Log(high / low);

        internal double At(double share) => Math.Exp(logarithm + (share * width));
    }
}
