using System.Collections.Immutable;
using Menuet.Mechanisms.DoubleAuction;

namespace Menuet.Experiments.Papers;

/// <summary>Fan et al. 2023: vehicles that bid for content at roadside units.</summary>
internal static class Fan
{
    internal static Paper Paper { get; } = new(
        "fan",
        "Fan et al. 2023: A Learning-based Incentive Mechanism for Mobile AIGC Service in Decentralized Internet of Vehicles",
        """
        @misc{fan2023,
          author        = {Fan, Jiani and Xu, Minrui and Liu, Ziyao and Ye, Huanyi and Gu, Chaojie and Niyato, Dusit and Lam, Kwok-Yan},
          title         = {A Learning-based Incentive Mechanism for Mobile {AIGC} Service in Decentralized {Internet of Vehicles}},
          year          = {2023},
          eprint        = {2403.20151},
          archivePrefix = {arXiv}
        }
        """,
        [
            new("fig2", "Reward against the number of vehicles", "The second-price auction starts highest and falls steeply, random bids alike; the double auction is stable.", Reward) { Trainings = [FanLearning.Team] },
            new("fig3", "Social welfare against the number of vehicles", "The second-price auction is highest; the double auction fluctuates.", Welfare) { Trainings = [FanLearning.Team] },
            new("fig4", "Budget cost against the number of vehicles", "It grows with the vehicles for the second-price auction; zero for the double auction.", Budget) { Trainings = [FanLearning.Team] },
            new("fig5", "Transmission latency against the number of vehicles", "The double auction is lowest, because it trades least.", Latency) { Trainings = [FanLearning.Team] },
            .. FanLearning.Exhibits,
            new("x-truth", "What a single bidder, and what all together, gain by bids other than the truth", "", Truth),
        ],
        [
            new(
                "fan-second-price-best-at-20", "With few vehicles the second-price auction has the best reward.", "Section IV, Fig. 2",
                "At 20 vehicles, reward of the sequential second price less the better one of McAfee and random bids; with the preset paperFigures and with the default.",
                ["fanSecondPriceLeadPaper", "fanSecondPriceLeadDefault"],
                Both, "Only with eq. (1) as printed, which counts sellers' costs as a gain; with gains from trade it is behind."),
            new(
                "fan-second-price-declines", "The second-price auction's reward declines steeply as vehicles become more.", "Section IV, Fig. 2",
                "Change of the reward from 20 to 80 vehicles, preset paperFigures: sequential second price, and VCG.",
                ["fanSequentialRewardChange", "fanVcgRewardChange"], quantities => Split(quantities[0].High < 0, quantities[1].High < 0),
                "The text does not define a second-price auction of two sides. Sellers in sequence run an imbalance that grows; VCG does not."),
            new(
                "fan-random-declines", "Random bids have a trajectory like that of the second-price auction.", "Section IV, Fig. 2",
                "Change of the reward of random bids from 20 to 80 vehicles, preset paperFigures.", ["fanRandomRewardChange"], Rules.Below(0), "It rises: more vehicles, more gains."),
            new(
                "fan-double-auction-stable", "The double auction performs stably under all numbers of vehicles.", "Section IV, Fig. 2",
                "Smallest gain in reward of truthful McAfee by 20 more vehicles, default preset.", ["fanLeastRewardRise"], Rules.Above(0)),
            new(
                "fan-ten-percent", "Learned bids improve the double auction's reward by up to 10 %.", "Section IV",
                "Largest gain of MAPPO over truthful McAfee over numbers of vehicles, and its ceiling for any bids, the team optimum over truthful McAfee. A gain above 9 %: holds; above 0: in part; a ceiling below 10 % would exclude it.",
                ["fanLearnedGain", "fanLargestCeiling"],
                quantities => quantities[1].High < 0.1 ? Verdict.CannotHold : quantities[0].Low > 0.09 ? Verdict.Holds : quantities[0].Low > 0 ? Verdict.Partly : Verdict.NotSupported,
                "The ceiling is reached by bids that see all values and asks and are not truthful; the agents see their own value and the asks of their unit."),
            new(
                "fan-second-price-welfare", "The second-price auction has the highest social welfare, thanks to honest bids.", "Section IV, Fig. 3",
                "Smallest lead over truthful McAfee and random bids: VCG in gains from trade; the sequential reading in gains from trade; the same in eq. (1) as printed.",
                ["fanVcgWelfareLead", "fanSequentialWelfareLead", "fanSequentialPaperLead"],
                quantities => quantities.All(quantity => quantity.Low > 0) ? Verdict.Holds : quantities.Any(quantity => quantity.Low > 0) ? Verdict.Partly : Verdict.NotSupported,
                "VCG trades efficiently by definition. In sequence, high values meet expensive sellers: less is gained, though eq. (1) counts it as more."),
            new(
                "fan-double-auction-fluctuates", "The double auction's welfare fluctuates with the number of vehicles.", "Section IV, Fig. 3",
                "Smallest gain in welfare of truthful McAfee by 20 more vehicles; a fluctuation would make it negative.", ["fanLeastWelfareRise"], Rules.Below(0), "It grows at every step."),
            new(
                "fan-eq1-is-welfare", "Maximising eq. (1) maximises social welfare.", "Eqs. (1), (3a)",
                "Gains from trade of the exact optimum of the reward with eq. (1), less those of truthful bids, at 40 vehicles.", ["fanPaperOptimumGains"],
                quantities => quantities[0].High < 0 ? Verdict.CannotHold : quantities[0].Low >= 0 ? Verdict.Holds : Verdict.Partly,
                "Eq. (1) adds sellers' costs where it should subtract them, so its optimum uses every expensive seller."),
            new(
                "fan-zero-budget", "The double auction's budget cost is always zero.", "Section IV, Fig. 4", "Surplus per slot of truthful McAfee at 20, 40, 60, 80 vehicles.",
                ["fanSurplus20", "fanSurplus40", "fanSurplus60", "fanSurplus80"],
                quantities => quantities.Any(quantity => quantity.Low > 0) ? Verdict.CannotHold : Verdict.Holds,
                "Whenever a trade is given up, buyers pay more than sellers receive: the rule's surplus, by its definition."),
            new(
                "fan-second-price-budget-grows", "The number of vehicles affects the second-price auction's budget cost significantly.", "Section IV, Fig. 4",
                "Growth of the unsigned balance from 20 to 80 vehicles, as a share of that at 20: sequential, VCG; significant: by more than a half.",
                ["fanSequentialImbalanceGrowth", "fanVcgImbalanceGrowth"], quantities => Split(quantities[0].Low > 0.5, quantities[1].Low > 0.5),
                "Computation has no place in eq. (4); the growth comes from prices in sequence."),
            new(
                "fan-lowest-budget", "The double auction has the lowest budget cost.", "Section IV, Figs. 4 and 5",
                "Smallest difference in unsigned balance over numbers of vehicles: sequential second price, VCG, random bids, each less truthful McAfee.",
                ["fanSequentialBudgetExcess", "fanVcgBudgetExcess", "fanRandomBudgetExcess"], Share, "Random bids leave less, since they trade less."),
            new(
                "fan-lowest-latency", "The double auction has the lowest transmission latency.", "Section IV, Fig. 5",
                "Smallest difference over numbers of vehicles: sequential second price, VCG, random bids, each less truthful McAfee.",
                ["fanSequentialLatencyExcess", "fanVcgLatencyExcess", "fanRandomLatencyExcess"], Share, "Random bids below the values trade still less, so their latency is lower."),
            new(
                "fan-fewer-trades", "The double auction accommodates fewer transactions than the others.", "Section IV, Fig. 5",
                "Smallest difference in trades over numbers of vehicles: sequential second price, VCG, random bids, each less truthful McAfee.",
                ["fanSequentialTradesExcess", "fanVcgTradesExcess", "fanRandomTradesExcess"], Share),
            new(
                "fan-truthful-learning", "The learning-based mechanism is truthful, as McAfee's double auction is.", "Section III-B",
                "Largest gain of one bidder by a misreport, all slots audited; gain of all together over truth under the common reward, at 40 vehicles.", ["fanMisreportGain", "fanTeamGain"],
                quantities => quantities[0].High > 1e-9 ? Verdict.NotSupported : quantities[1].Low > 0 ? Verdict.Partly : Verdict.Holds,
                "The rule is truthful for a bidder who wants her own utility. Agents who share eq. (6) gain by other bids, and are trained to."),
            .. FanLearning.Claims,
        ]);

    private static Verdict Both(ImmutableArray<Quantity> quantities) => Split(quantities[0].Low > 0, quantities[1].Low > 0);

    private static Verdict Split(bool one, bool other) => one && other ? Verdict.Holds : one || other ? Verdict.Partly : Verdict.NotSupported;

    private static Verdict Share(ImmutableArray<Quantity> quantities) =>
        quantities.All(quantity => quantity.Low > 0) ? Verdict.Holds : quantities.Any(quantity => quantity.Low > 0) ? Verdict.Partly : Verdict.NotSupported;

    private static Findings Reward(Conditions conditions)
    {
        var plain = FanTraffic.Play(AuctionPreset.Default, conditions, 0, 0.5);
        var paper = FanTraffic.Play(AuctionPreset.PaperFigures, conditions, 0.5);
        var learned = FanLearning.Play(conditions);
        return new()
        {
            Figures =
            [
                paper.Figure("Fig. 2 by the preset paperFigures: eq. (1) as printed, budget coefficient 5", new("Reward", "money per slot"), "reward", withOptimum: false),
                plain.Figure("Fig. 2 by the default: gains from trade, budget coefficient 1", new("Reward", "money per slot"), "reward", learned: learned),
                paper.Figure("The preset paperFigures with its exact optimum", new("Reward", "money per slot"), "reward"),
            ],
            Tables = [paper.Table("All measures, preset paperFigures"), plain.Table("All measures, default")],
            Quantities =
            [
                Lead("fanSecondPriceLeadPaper", paper), Lead("fanSecondPriceLeadDefault", plain),
                Change("fanSequentialRewardChange", "sequential second price", "sequentialSecondPrice"), Change("fanVcgRewardChange", "VCG", "vcg"),
                Change("fanRandomRewardChange", "random bids", "random"),
                plain.Least("fanLeastRewardRise", "smallest gain in reward of truthful McAfee by 20 more vehicles", "money per slot", 1, (v, e) => Rise(plain, "reward", v, e)),
                Ceiling(),
                FanLearning.Largest(
                    "fanLearnedGain", "largest gain of MAPPO over truthful McAfee over numbers of vehicles", "",
                    v => learned.Of("reward", v).Select(reward => (reward / plain.Of("reward", "truthful", (int)FanTraffic.Vehicles[v]).Average()) - 1)),
            ],
            Remark = "One policy, trained with 40 vehicles for the reward of the default preset, bids for every number of them and sees the asks of its unit; for the preset paperFigures none was trained. What the text leaves open is filled as docs/reproduction-fan.md says.",
        };

        Quantity Lead(string name, FanTraffic played) => played.Mean(
            name, "reward of the sequential second price less the better one of truthful McAfee and random bids, 20 vehicles", "money per slot",
            e => played.Of("reward", "sequentialSecondPrice", 20)[e] - Math.Max(played.Of("reward", "truthful", 20)[e], played.Of("reward", "random", 20)[e]));

        Quantity Change(string name, string what, string scheme) => paper.Mean(
            name, $"change of the reward from 20 to 80 vehicles, {what}, preset paperFigures", "money per slot",
            e => paper.Of("reward", scheme, 80)[e] - paper.Of("reward", scheme, 20)[e]);

        Quantity Ceiling() => FanTraffic.Vehicles.Select(v => plain.Mean(
            "fanLargestCeiling", FormattableString.Invariant($"team optimum over truthful McAfee, less 1, {v} vehicles"), "",
            e => (plain.Of("reward", "teamOptimum", (int)v)[e] / plain.Of("reward", "truthful", (int)v)[e]) - 1)).MaxBy(quantity => quantity.Value)!;
    }

    private static Findings Welfare(Conditions conditions)
    {
        var plain = FanTraffic.Play(AuctionPreset.Default, conditions, 0, 0.5);
        var paper = FanTraffic.Play(AuctionPreset.PaperFigures, conditions, 0.5);
        var learned = FanLearning.Play(conditions);
        return new()
        {
            Figures =
            [
                plain.Figure("Fig. 3: gains from trade, values less costs", new("Social welfare", "money per slot"), "gains", learned: learned),
                paper.Figure("Fig. 3 by eq. (1) as printed, values plus costs; the team optimum is that of the preset paperFigures", new("Eq. (1)", "money per slot"), "paperSum"),
                paper.Figure("What the optimum of eq. (1) does to gains from trade", new("Social welfare", "money per slot"), "gains"),
            ],
            Quantities =
            [
                FanLearning.Largest(
                    "fanLearnedWelfareDistance", "largest relative distance of MAPPO's gains from trade from random bids'", "",
                    v => learned.Of("gains", v).Select(gains => Math.Abs((gains / plain.Of("gains", "random", (int)FanTraffic.Vehicles[v]).Average()) - 1))),
                Lead("fanVcgWelfareLead", "VCG, gains from trade", "vcg", "gains"), Lead("fanSequentialWelfareLead", "sequential second price, gains from trade", "sequentialSecondPrice", "gains"),
                Lead("fanSequentialPaperLead", "sequential second price, eq. (1) as printed", "sequentialSecondPrice", "paperSum"),
                plain.Least("fanLeastWelfareRise", "smallest gain in welfare of truthful McAfee by 20 more vehicles", "money per slot", 1, (v, e) => Rise(plain, "gains", v, e)),
                paper.Mean(
                    "fanPaperOptimumGains", "gains from trade of the optimum by eq. (1) less those of truthful bids, 40 vehicles", "money per slot",
                    e => paper.Of("gains", "teamOptimum", 40)[e] - paper.Of("gains", "truthful", 40)[e]),
            ],
        };

        Quantity Lead(string name, string what, string scheme, string measure) => plain.Least(
            name, $"smallest lead over truthful McAfee and random bids: {what}", "money per slot", 0,
            (v, e) => Value(plain, measure, scheme, v, e) - Math.Max(Value(plain, measure, "truthful", v, e), Value(plain, measure, "random", v, e)));
    }

    private static Findings Budget(Conditions conditions)
    {
        var plain = FanTraffic.Play(AuctionPreset.Default, conditions);
        var learned = FanLearning.Play(conditions);
        return new()
        {
            Figures =
            [
                plain.Figure("Fig. 4: budget cost without its sign", new("Budget cost", "money per slot"), "imbalance", learned: learned),
                plain.Figure("Fig. 4 with its sign: payments less receipts, eq. (4)", new("Budget balance", "money per slot"), "balance", learned: learned),
            ],
            Quantities =
            [
                FanLearning.Least(
                    "fanLearnedBudgetOverRandom", "least difference of the unsigned balance over numbers of vehicles, MAPPO less random bids", "money per slot",
                    v => learned.Of("imbalance", v).Select(imbalance => imbalance - plain.Of("imbalance", "random", (int)FanTraffic.Vehicles[v]).Average())),
                .. FanTraffic.Vehicles.Select(v => plain.Mean(
                    FormattableString.Invariant($"fanSurplus{v}"), FormattableString.Invariant($"surplus of truthful McAfee, {v} vehicles"), "money per slot", "balance", "truthful", (int)v)),
                Growth("fanSequentialImbalanceGrowth", "sequential second price", "sequentialSecondPrice"), Growth("fanVcgImbalanceGrowth", "VCG", "vcg"),
                .. Excesses(plain, "Budget", "budget cost without sign", "money per slot", "imbalance"),
            ],
            Remark = "The team optimum has no imbalance: bids can be chosen so that both sides meet at one price.",
        };

        Quantity Growth(string name, string what, string scheme)
        {
            var few = plain.Of("imbalance", scheme, 20).Average();
            return plain.Mean(
                name, $"growth of the unsigned balance from 20 to 80 vehicles over its mean at 20, {what}", "",
                e => (plain.Of("imbalance", scheme, 80)[e] - plain.Of("imbalance", scheme, 20)[e]) / few);
        }
    }

    private static Findings Latency(Conditions conditions)
    {
        var plain = FanTraffic.Play(AuctionPreset.Default, conditions);
        var learned = FanLearning.Play(conditions);
        return new()
        {
            Figures =
            [
                plain.Figure("Fig. 5: latency of all trades of a slot", new("Transmission latency", "ms"), "latency", learned: learned),
                plain.Figure("Trades of a slot", new("Trades"), "trades", learned: learned),
            ],
            Tables =
            [
                new(
                    "Latency per trade", [new("vehicles"), new("MAPPO, learned bids", "ms"), .. FanTraffic.Lines.Select(line => new Column(line.Name, "ms"))],
                    [
                        .. FanTraffic.Vehicles.Select((v, i) => (ImmutableArray<object?>)
                        [
                            (int)v, learned.Of("latency", i).Average() / learned.Of("trades", i).Average(), .. FanTraffic.Lines.Select(line => (object?)(plain.Of("latency", line.Scheme, (int)v).Average() / plain.Of("trades", line.Scheme, (int)v).Average())),
                        ]),
                    ]),
            ],
            Quantities =
            [
                .. Excesses(plain, "Latency", "latency", "ms", "latency"), .. Excesses(plain, "Trades", "trades", "", "trades"),
                FanLearning.Largest("fanLearnedLatencyOverRandom", "largest difference of latency over numbers of vehicles, MAPPO less random bids", "ms", v => learned.Of("latency", v).Select(latency => latency - Random("latency", v))),
                FanLearning.Largest(
                    "fanLearnedTradeLatencyOverRandom", "the same of latency per trade, 0 where nothing is traded", "ms",
                    v => learned.Of("latency", v).Zip(learned.Of("trades", v), (latency, trades) => (trades > 0 ? latency / trades : 0) - (Random("latency", v) / Random("trades", v)))),
            ],
        };

        double Random(string measure, int v) => plain.Of(measure, "random", (int)FanTraffic.Vehicles[v]).Average();
    }

    private static Findings Truth(Conditions conditions)
    {
        const int Vehicles = 40;
        var scenario = new DoubleAuctionScenario { Vehicles = Vehicles, Slots = conditions.Of(4, 50) };
        var door = conditions.InUse(DoubleAuctionMechanism.Door);
        var rows = new List<(double Misreport, double Team)>();
        var episodes = 2 * conditions.Seeds;
        for (var episode = 0; episode < episodes; episode++)
        {
            var (worst, team, slots) = (0.0, 0.0, 0);
            foreach (var market in scenario.Markets((ulong)episode))
            {
                conditions.Cancellation.ThrowIfCancellationRequested();
                var answer = door.Answer(market, new(), conditions.Cancellation);
                var certificate = door.Audit(market, answer, new()).Certificates.Single(one => one.Claim == Menuet.Claim.Truthfulness);
                worst = Math.Max(worst, -certificate.Worst.Value);
                var schemes = door.Schemes(market, new(), conditions.Cancellation).Schemes;
                team += schemes.Single(one => one.Name == "teamOptimum").Objective!.Value - schemes.Single(one => one.Name == "truthful").Objective!.Value;
                slots++;
            }

            rows.Add((worst, team / slots));
            conditions.Progress((episode + 1.0) / episodes);
        }

        return new()
        {
            Tables =
            [
                new(
                    "Gains by bids other than the truth, 40 vehicles",
                    [new("episode"), new("largest of a single bidder", "money"), new("of all together, mean", "money per slot")],
                    [.. rows.Select((row, i) => (ImmutableArray<object?>)[i, row.Misreport, row.Team])]),
            ],
            Quantities =
            [
                Quantity.Exact("fanMisreportGain", "largest gain of one bidder by a misreport under McAfee's rule", "money", rows.Max(row => row.Misreport)),
                Quantity.Mean("fanTeamGain", "reward of the team optimum less that of truthful bids", "money per slot", [.. rows.Select(row => row.Team)]),
            ],
        };
    }

    private static IEnumerable<Quantity> Excesses(FanTraffic played, string name, string what, string unit, string measure)
    {
        foreach (var (scheme, prefix, words) in new[] { ("sequentialSecondPrice", "fanSequential", "sequential second price"), ("vcg", "fanVcg", "VCG"), ("random", "fanRandom", "random bids") })
        {
            yield return played.Least(
                $"{prefix}{name}Excess", $"smallest difference in {what} over numbers of vehicles, {words} less truthful McAfee", unit, 0,
                (v, e) => Value(played, measure, scheme, v, e) - Value(played, measure, "truthful", v, e));
        }
    }

    private static double Rise(FanTraffic played, string measure, int v, int episode) => Value(played, measure, "truthful", v, episode) - Value(played, measure, "truthful", v - 1, episode);

    private static double Value(FanTraffic played, string measure, string scheme, int v, int episode) => played.Of(measure, scheme, (int)FanTraffic.Vehicles[v])[episode];
}
