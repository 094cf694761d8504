using System.Collections.Immutable;
using System.Numerics;
using Menuet.Numerics;
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
    private const double LargestShare = 1.25;             // of what a delivery is worth to its type: payments beyond participation remain within reach
    private const double LeastWorth = 1e-150;             // of a second, which buys nothing, and whose roots are still numbers
    private const double RoundedUp = 1 + (1.0 / (1L << 49));

    // What a row draws beside its types.
    private const int Deadline = 0, CostPrompt = 1, CostDenoise = 2, CostCommunication = 3, CyclesPerLevel = 4, CyclesPerStep = 5, Bits = 6, Channel = 7,
        CapacitancePrompt = 8, CapacitanceDenoise = 9, Level = 10, Steps = 11, Users = 12, Count = 13;

    private readonly LatencyScenario scenario;
    private readonly int types, stride;
    private readonly UniformRange[] gainRanges, ranges;
    private readonly FeatureScale[] gainScales, scales;
    private readonly double[] success;
    private readonly int leastLevel, leastSteps, stepCount;
    private readonly Box promptBox, denoiseBox, rateBox;

    // One number per row and type, row by row; and Count numbers per row.
    private readonly double[] gains, probabilities, values;

    // ζ, and what follows where actions are projected, one number per row: 2 b_1 κ_1 and δ l, 2 b_2 κ_2 and η s, t_max and ζ θ_J; from these α and β of
    // a delivery, and its least delay and largest reduction.
    private readonly double[] successes, costPrompt, workPrompt, costDenoise, workDenoise, deadline, worth, alpha, beta, leastDelay, largest;

    // One number per type and row, type by type: shares in order, and the roots of the paces that deliver them.
    private readonly double[] shares, roots;

    internal LatencyEnvironment(LatencyScenario scenario, int rows, ulong firstStream)
        : base(rows, firstStream, (2 * scenario.Types) + 14, (scenario.Action == MenuAction.Projected ? 1 : 4) * scenario.Types)
    {
        (this.scenario, types) = (scenario, scenario.Types);
        var shown = scenario.Scales ?? scenario.Ranges;
        var logarithms = scenario.Features == MenuFeatures.Logarithms;
        gainRanges = [.. Enumerable.Range(0, types).Select(j => scenario.Ranges.Gain(j, types))];
        gainScales = [.. shown.GainsInOrder(types).Select(range => new FeatureScale(range, logarithms))];
        ranges = InOrder(scenario.Ranges);
        scales = [.. InOrder(shown).Select((range, i) => new FeatureScale(range, logarithms && (i < Level || (i is Level or Steps && range.Min > 0))))];
        (leastLevel, leastSteps) = ((int)ranges[Level].Min, (int)ranges[Steps].Min);
        stepCount = ranges[Steps].Wholes;
        success = new double[ranges[Level].Wholes * stepCount];
        for (var item = 0; item < success.Length; item++)
        {
            success[item] = scenario.SuccessModel.At(leastLevel + (item / stepCount), leastSteps + (item % stepCount)).Success;
        }

        (promptBox, denoiseBox, rateBox) = Boxes(shown);
        double[] Each() => new double[rows * types];
        (gains, probabilities) = (Each(), Each());
        values = new double[rows * Count];
        successes = new double[rows];
        stride = scenario.Action == MenuAction.Projected ? (rows + Vector<double>.Count - 1) / Vector<double>.Count * Vector<double>.Count : 0;
        double[] Row() => new double[stride];
        (costPrompt, workPrompt, costDenoise, workDenoise, deadline, worth) = (Row(), Row(), Row(), Row(), Row(), Row());
        (alpha, beta, leastDelay, largest) = (Row(), Row(), Row(), Row());
        (shares, roots) = (new double[types * stride], new double[types * stride]);
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
            Place(row, action);
            Project(row - (row % Vector<double>.Count));
            var delivery = DeliveryOf(values.AsSpan(row * Count, Count), successes[row]);
            double payment = 0, below = 0;
            for (var j = 0; j < types; j++)
            {
                (payments[j], _) = Sell(row, j, ref payment, ref below);
                speeds[j] = delivery.Speeds(roots[(j * stride) + row] * roots[(j * stride) + row]);
            }
        }
        else
        {
            for (var j = 0; j < types; j++)
            {
                (speeds[j], payments[j], _, _) = Decode(row, action, j);
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

        Prepare(0, scenario.SuccessModel.At(market.Level, market.Steps).Success);
        Derive();
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
            DrawTypes(ref rng, gainRanges, gains.AsSpan(row * types, types), probabilities.AsSpan(row * types, types));
            var drawn = values.AsSpan(row * Count, Count);
            for (var i = 0; i < Level; i++)
            {
                drawn[i] = ranges[i].At(rng.NextDouble());
            }

            var (level, steps) = (rng.NextInt(ranges[Level].Wholes), rng.NextInt(stepCount));
            drawn[Level] = leastLevel + level;
            drawn[Steps] = leastSteps + steps;
            drawn[Users] = ranges[Users].Varies ? ranges[Users].At(rng.NextDouble()) : ranges[Users].Min;
            Prepare(row, success[(level * stepCount) + steps]);
        }

        Derive();
    }

    /// <inheritdoc/>
    protected override void Reward(ReadOnlySpan<float> actions, Span<float> rewards)
    {
        if (scenario.Action == MenuAction.Projected)
        {
            EarnProjected(actions, rewards);
            return;
        }

        Span<double> reductions = stackalloc double[types];
        Span<double> payments = stackalloc double[types];
        for (var row = 0; row < Rows; row++)
        {
            var earned = EarnPenalised(row, actions.Slice(row * ActionSize, ActionSize), reductions, payments);
            rewards[row] = (float)(earned / Scale(row));
        }
    }

    /// <summary>Takes from a row's draw what <see cref="Derive"/> needs.</summary>
    private void Prepare(int row, double chance)
    {
        successes[row] = chance;
        if (stride > 0)
        {
            var drawn = values.AsSpan(row * Count, Count);
            (costPrompt[row], workPrompt[row]) = (2 * drawn[CostPrompt] * drawn[CapacitancePrompt], drawn[CyclesPerLevel] * drawn[Level]);
            (costDenoise[row], workDenoise[row]) = (2 * drawn[CostDenoise] * drawn[CapacitanceDenoise], drawn[CyclesPerStep] * drawn[Steps]);
            (deadline[row], worth[row]) = (drawn[Deadline], chance * gains[(row * types) + types - 1]);
            beta[row] = Math.Sqrt(drawn[CostCommunication]) / drawn[Channel] * drawn[Bits];
        }
    }

    /// <summary>What follows from the draws: α, and what the highest type would buy were its gain known, at the pace (ζ θ_J)^(1/3) or not at all.</summary>
    private void Derive()
    {
        for (var row = 0; row < stride; row += Vector<double>.Count)
        {
            var prompt = CubicRoot.Of(Vector<double>.Zero, new(costPrompt, row));
            var denoise = CubicRoot.Of(Vector<double>.Zero, new(costDenoise, row));
            var work = (prompt * new Vector<double>(workPrompt, row)) + (denoise * new Vector<double>(workDenoise, row));
            var (cube, latest) = (Vector.Max(new Vector<double>(worth, row), new(LeastWorth)), new Vector<double>(deadline, row));
            var pace = CubicRoot.Of(Vector<double>.Zero, cube);
            var delay = Vector.Min((work / pace) + (new Vector<double>(beta, row) / Vector.SquareRoot(cube)), latest);
            work.CopyTo(alpha, row);
            delay.CopyTo(leastDelay, row);
            (latest - delay).CopyTo(largest, row);
        }
    }

    private static Delivery DeliveryOf(ReadOnlySpan<double> drawn, double chance) => new(
        new(
            chance, 1 - chance, drawn[Deadline], drawn[CyclesPerLevel] * drawn[Level], drawn[CyclesPerStep] * drawn[Steps], drawn[Bits],
            drawn[Channel], drawn[CapacitancePrompt], drawn[CapacitanceDenoise], drawn[CostPrompt], drawn[CostDenoise], drawn[CostCommunication]),
        1, Attempts.Given);

    /// <summary>Puts a row's action among the shares.</summary>
    private void Place(int row, ReadOnlySpan<float> action)
    {
        for (var j = 0; j < action.Length; j++)
        {
            shares[(j * stride) + row] = Share(action[j]);
        }
    }

    /// <summary>Puts the shares of a register of rows in order, and finds the roots of the paces that deliver them.</summary>
    private void Project(int row)
    {
        for (var j = 1; j < types; j++)
        {
            for (var at = (j * stride) + row; at > row; at -= stride)
            {
                var (one, other) = (new Vector<double>(shares, at - stride), new Vector<double>(shares, at));
                Vector.Min(one, other).CopyTo(shares, at - stride);
                Vector.Max(one, other).CopyTo(shares, at);
            }
        }

        var (work, data) = (new Vector<double>(alpha, row), new Vector<double>(beta, row));
        var (latest, least) = (new Vector<double>(deadline, row), new Vector<double>(leastDelay, row));
        for (var at = row; at < shares.Length; at += stride)
        {
            // τ = α/u² + β/u³, at a pace rounded up so that rounding delays nothing.
            var share = new Vector<double>(shares, at);
            var perSecond = Vector<double>.One / (((Vector<double>.One - share) * latest) + (share * least));
            (CubicRoot.Of(work * perSecond, data * perSecond) * RoundedUp).CopyTo(roots, at);
        }
    }

    /// <summary>What a type pays at most, given what the type below buys and pays, and what its delivery costs.</summary>
    private (double Payment, double Cost) Sell(int row, int type, ref double payment, ref double below)
    {
        var reduction = shares[(type * stride) + row] * successes[row] * largest[row];
        payment += gains[(row * types) + type] * (reduction - below);
        below = reduction;
        var root = roots[(type * stride) + row];
        return (payment, root * root * root * ((0.5 * alpha[row] * root) + beta[row]));
    }

    private void EarnProjected(ReadOnlySpan<float> actions, Span<float> rewards)
    {
        for (var row = 0; row < Rows; row++)
        {
            Place(row, actions.Slice(row * types, types));
        }

        for (var row = 0; row < stride; row += Vector<double>.Count)
        {
            Project(row);
        }

        for (var row = 0; row < Rows; row++)
        {
            double profit = 0, payment = 0, below = 0;
            for (var j = 0; j < types; j++)
            {
                var (paid, cost) = Sell(row, j, ref payment, ref below);
                profit += probabilities[(row * types) + j] * (paid - cost);
            }

            rewards[row] = (float)(profit / Scale(row));
        }
    }

    private double EarnPenalised(int row, ReadOnlySpan<float> action, Span<double> reductions, Span<double> payments)
    {
        var (first, profit) = (row * types, 0.0);
        for (var j = 0; j < payments.Length; j++)
        {
            (_, payments[j], reductions[j], var cost) = Decode(row, action, j);
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

        return profit - (scenario.PaperPenalty ? PrintedPenalty * count / values[(row * Count) + Users] : scenario.PenaltyWeight * sum);
    }

    /// <summary>Speeds, payment, reduction R and cost of one type; a speed without work is 0. The payment's share is of what a delivery is worth to the type.</summary>
    private (Speeds Speeds, double Payment, double Reduction, double Cost) Decode(int row, ReadOnlySpan<float> action, int type)
    {
        var numbers = action.Slice(4 * type, 4);
        var drawn = values.AsSpan(row * Count, Count);
        var (promptWork, denoiseWork) = (drawn[CyclesPerLevel] * drawn[Level], drawn[CyclesPerStep] * drawn[Steps]);
        var speeds = new Speeds(promptWork > 0 ? promptBox.At(Share(numbers[0])) : 0, denoiseWork > 0 ? denoiseBox.At(Share(numbers[1])) : 0, rateBox.At(Share(numbers[2])));
        var latency = (promptWork / Math.Max(speeds.Prompt, double.Epsilon)) + (denoiseWork / Math.Max(speeds.Denoise, double.Epsilon)) + (drawn[Bits] / speeds.Rate);
        var cost = (drawn[CostPrompt] * drawn[CapacitancePrompt] * promptWork * speeds.Prompt * speeds.Prompt)
            + (drawn[CostDenoise] * drawn[CapacitanceDenoise] * denoiseWork * speeds.Denoise * speeds.Denoise)
            + (drawn[CostCommunication] * drawn[Bits] / (drawn[Channel] * drawn[Channel]) * speeds.Rate);
        var saved = drawn[Deadline] - latency;
        var seconds = scenario.PaymentBox == PaymentBox.Delivery ? LargestShare * Math.Max(0, saved) : drawn[Deadline];
        return (speeds, Share(numbers[3]) * gains[(row * types) + type] * successes[row] * seconds, successes[row] * saved, cost);
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
        var slowest = DeliveryOf(easy, 1).LeastPace;
        var fastest = Math.Max(DeliveryOf(hard, 1).LeastPace, Math.Cbrt(shown.GainsInOrder(types)[^1].Max));
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
