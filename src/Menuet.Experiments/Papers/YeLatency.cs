using System.Collections.Immutable;
using Menuet.Figures;
using Menuet.Mechanisms.LatencyContract;

namespace Menuet.Experiments.Papers;

/// <summary>Ye et al., second stage: the latency menus of the two groups, and what prompt optimisation adds to them.</summary>
internal static class YeLatency
{
    private static readonly ImmutableArray<string> TypesOfUser = [.. YeMarkets.Types.Select(type => $"user of {type}")];

    internal static Findings Utilities(Conditions conditions)
    {
        var (first, second) = (conditions.Solve(YeMarkets.Group1), conditions.Solve(YeMarkets.Group2));
        return new()
        {
            Figures = [Chart(YeMarkets.Group1, first), Chart(YeMarkets.Group2, second)],
            Quantities =
            [
                Quantity.Exact("yeLatencyOptimum1", "exact optimum of group 1", "money", first.Objective!.Value),
                Quantity.Exact("yeLatencyOptimum2", "exact optimum of group 2", "money", second.Objective!.Value),
                Quantity.Exact("yeLatencyRent1", "utility of the upper type in group 1", "money", first.Menu[1].UserUtility!.Value),
                Quantity.Exact("yeLatencyRent2", "utility of the upper type in group 2", "money", second.Menu[1].UserUtility!.Value),
                Quantity.Exact("yeLatencyLeastSlack", "least slack of participation and truth-telling in both groups", "money", Math.Min(Math.Min(first.IrSlackMin!.Value, first.IcSlackMin!.Value), Math.Min(second.IrSlackMin!.Value, second.IcSlackMin!.Value))),
            ],
            Remark = "Calibrated: costs 90 and 40, cycles per level and step from 4000 cycles/bit. With the printed exponents every speed is almost free (x-latency-draws).",
        };

        static Figure Chart(LatencyMarket market, LatencyAnswer answer) => new(
            FormattableString.Invariant($"Deadline {market.Terms.MaxLatencySeconds:0} s, level {market.Level}, {market.Steps} steps"), new("Latency contract item"), new("Utility of user", "money"),
            [
                .. market.Terms.Types.Select((type, i) => new BarSeries(
                    TypesOfUser[i], [.. YeMarkets.Types.Select(name => $"for {name}")], [.. answer.Menu.Select(item => YeMarkets.Clean((type.Gain * item.ExpectedLatencyReductionSeconds!.Value) - item.Payment))])),
            ],
            "Exact menu.");
    }

    internal static Findings Items(Conditions conditions)
    {
        var items = conditions.Solve(YeMarkets.Group1).Menu.AddRange(conditions.Solve(YeMarkets.Group2).Menu);
        ImmutableArray<string> names = ["(1, 13), type 1", "(1, 13), type 2", "(2, 17), type 1", "(2, 17), type 2"];
        return new()
        {
            Figures =
            [
                Chart("CPU for optimising the prompt", "CPU frequency", "GHz", item => item.CpuPromptHz / 1e9),
                Chart("CPU for denoising", "CPU frequency", "GHz", item => item.CpuDenoiseHz / 1e9),
                Chart("Transmission", "Network transmission rate", "Mbit/s", item => item.RateBitPerSecond / 1e6),
                Chart("Payment", "Reward for ASP", "money", item => item.Payment),
            ],
            Tables =
            [
                new(
                    "Exact latency menus",
                    [new("item"), new("CPU prompt", "GHz"), new("CPU denoising", "GHz"), new("rate", "Mbit/s"), new("latency", "s"), new("expected latency reduction", "s"), new("payment", "money"), new("cost", "money")],
                    [
                        .. items.Select((item, i) => (ImmutableArray<object?>)
                            [names[i], item.CpuPromptHz / 1e9, item.CpuDenoiseHz / 1e9, item.RateBitPerSecond / 1e6, item.LatencySeconds, item.ExpectedLatencyReductionSeconds, item.Payment, item.ProviderCost]),
                    ]),
            ],
            Remark = "Both CPU frequencies coincide because both stages have the same cost per joule and capacitance: each is (θ̂ ζ / (2 b κ))^(1/3), θ̂ the virtual gain, whatever the level, steps and deadline.",
        };

        Figure Chart(string title, string label, string unit, Func<LatencyItem, double> value) => new(
            title, new("Quality contract item and latency type"), new(label, unit),
            [new BarSeries("exact menu", names, [.. items.Select(value)])]);
    }

    internal static Findings Prompt(Conditions conditions)
    {
        var (with, without) = (conditions.Solve(YeMarkets.Group2), conditions.Solve(YeMarkets.Group2 with { Level = 0 }));
        var printed = YeMarkets.LatencyMarket("ye/latency-contract-printed");
        var (better, plain) = (with.Menu, without.Menu);
        return new()
        {
            Figures =
            [
                Chart("The provider earns more", "ASP utility", "money", Profit),
                Chart("The upper type keeps more; the lower keeps nothing", "Users' utility", "money", item => YeMarkets.Clean(item.UserUtility!.Value)),
                Chart("Latency falls further below the deadline", "Expected latency reduction", "s", Reduction),
            ],
            Quantities =
            [
                Quantity.Exact("yeLatencyAspGain", "exact optimum with less without prompt optimisation", "money", with.Objective!.Value - without.Objective!.Value),
                Quantity.Exact("yeLatencyAspGainShare", "the same as a share", "", (with.Objective.Value / without.Objective.Value) - 1),
                Quantity.Exact("yeLatencyUserGain1", "utility gained by a user of type 1", "money", better[0].UserUtility!.Value - plain[0].UserUtility!.Value),
                Quantity.Exact("yeLatencyUserGain2", "utility gained by a user of type 2", "money", better[1].UserUtility!.Value - plain[1].UserUtility!.Value),
                Quantity.Exact("yeReductionGain1", "share by which type 1's expected latency reduction rises", "", (Reduction(better[0]) / Reduction(plain[0])) - 1),
                Quantity.Exact("yeReductionGain2", "share by which type 2's expected latency reduction rises", "", (Reduction(better[1]) / Reduction(plain[1])) - 1),
                Quantity.Exact(
                    "yeReductionGainPrinted", "the same for type 2 with the printed cost exponents", "",
                    (Reduction(conditions.Solve(printed).Menu[1]) / Reduction(conditions.Solve(printed with { Level = 0 }).Menu[1])) - 1),
                Quantity.Exact(
                    "yeFasterTypeMore", "share of ASP utility, user utility and reduction that rise with the type", "",
                    new[] { Profit(better[1]) > Profit(better[0]), better[1].UserUtility > better[0].UserUtility + 1e-9, Reduction(better[1]) > Reduction(better[0]) }.Average(rises => rises ? 1 : 0)),
            ],
            Remark = "Both menus are exact, for 17 steps and 4 s. The gain is nearly that of the success probability alone (Fig. 3), which the paper does not print.",
        };

        double Profit(LatencyItem item) => YeMarkets.Group2.Users * item.Probability!.Value * (item.Payment - item.ProviderCost!.Value);

        static double Reduction(LatencyItem item) => item.ExpectedLatencyReductionSeconds!.Value;

        Figure Chart(string title, string label, string unit, Func<LatencyItem, double> value) => new(
            title, new("Type of gain per expected latency reduction"), new(label, unit),
            [
                new BarSeries("without prompt optimisation (0, 17) (exact)", YeMarkets.Types, [.. plain.Select(value)]),
                new BarSeries("with prompt optimisation (2, 17) (exact)", YeMarkets.Types, [.. better.Select(value)]),
            ]);
    }

    internal static Findings Draws(Conditions conditions)
    {
        var each = conditions.Of(150, 4000);
        var door = conditions.InUse(LatencyContractMechanism.Door);
        var found = new List<(double Contract, double Complete, double Uniform, bool Audited)>();
        double concave = 0;
        for (var seed = 0; seed < conditions.Seeds; seed++)
        {
            var rng = Rng.Stream((ulong)seed, 3);
            for (var i = 0; i < each; i++)
            {
                conditions.Cancellation.ThrowIfCancellationRequested();
                var market = YeMarkets.DrawLatency(ref rng);
                var compared = door.Schemes(market, new(), conditions.Cancellation);
                double Objective(string name) => compared.Schemes.Single(scheme => scheme.Name == name).Objective!.Value;
                found.Add((Objective("contract"), Objective("completeInformation"), Objective("uniform"), door.Audit(market, conditions.Solve(market), new()).Holds));
                concave += IsConcaveBetween(market, ref rng) ? 1 : 0;
            }

            conditions.Progress((seed + 1.0) / conditions.Seeds);
        }

        ImmutableArray<Quantity> means =
        [
            Quantity.Mean("yeLatencyMeanContract", "mean exact optimum", "money", [.. found.Select(draw => draw.Contract)]),
            Quantity.Mean("yeLatencyMeanComplete", "mean optimum when types are known", "money", [.. found.Select(draw => draw.Complete)]),
            Quantity.Mean("yeLatencyMeanUniform", "mean optimum of one item for all", "money", [.. found.Select(draw => draw.Uniform)]),
        ];
        ImmutableArray<string> names = ["contract", "types known", "one item for all"];
        return new()
        {
            Figures =
            [
                new(
                    "What private gains cost, and what a menu is worth", new("Scheme"), new("ASP utility, mean over states", "money"),
                    [new BarSeries("exact", names, [.. means.Select(mean => mean.Value)]) { Low = [.. means.Select(mean => mean.Low)], High = [.. means.Select(mean => mean.High)] }]),
            ],
            Tables = [new("Schemes over random states", [new("scheme"), new("mean", "money"), new("low", "money"), new("high", "money")], [.. means.Select((mean, i) => (ImmutableArray<object?>)[names[i], mean.Value, mean.Low, mean.High])])],
            Quantities =
            [
                .. means,
                Exact("yeLatencyAuditShare", "share of states whose menu passes every check", found.Average(draw => draw.Audited ? 1.0 : 0.0)),
                Exact("yeConcaveShare", "share of pairs of speeds between which reduction and minus cost are concave, and in delays linear and concave", concave / found.Count),
            ],
            Remark = "States from Section VI.C with costs of 80 to 100 and 30 to 50, deadlines of 2 to 4 s, gains from 10 on and cycles per level and step from 3000 to 5000 a bit.",
        };

        Quantity Exact(string name, string meaning, double value) => new(name, meaning, "", value, value, value, found.Count);
    }

    /// <summary>Two random points of Problem 2 and the one halfway: in speeds, as printed, and in delays.</summary>
    private static bool IsConcaveBetween(LatencyMarket market, ref Rng rng)
    {
        var terms = market.Terms;
        double[] work = [terms.CyclesPerLevel * market.Level, terms.CyclesPerStep * market.Steps, terms.ResultBits];
        double[] weight = [terms.CostPrompt * terms.CapacitancePrompt, terms.CostDenoise * terms.CapacitanceDenoise, terms.CostCommunication / terms.ChannelStatus / terms.ChannelStatus];
        double[] from = Point(ref rng), to = Point(ref rng);
        double[] middle = [.. from.Zip(to, (a, b) => (a + b) / 2)], harmonic = [.. from.Zip(to, (a, b) => 2 / ((1 / a) + (1 / b)))];
        const double Rounding = 1e-12;
        var (cost, delay) = ((Cost(from) + Cost(to)) / 2, (Delay(from) + Delay(to)) / 2);
        return Cost(middle) <= cost * (1 + Rounding) && Delay(middle) <= delay * (1 + Rounding)
            && Math.Abs(Delay(harmonic) - delay) <= Rounding * delay && Cost(harmonic) <= cost * (1 + Rounding);

        static double[] Point(ref Rng rng) => [YeMarkets.Uniform(ref rng, 1e8, 3e9), YeMarkets.Uniform(ref rng, 1e8, 3e9), YeMarkets.Uniform(ref rng, 2e5, 2e7)];

        double Delay(double[] speed) => (work[0] / speed[0]) + (work[1] / speed[1]) + (work[2] / speed[2]);

        double Cost(double[] speed) => (weight[0] * work[0] * speed[0] * speed[0]) + (weight[1] * work[1] * speed[1] * speed[1]) + (weight[2] * work[2] * speed[2]);
    }
}
