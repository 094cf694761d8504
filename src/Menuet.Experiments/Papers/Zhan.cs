using System.Collections.Immutable;

namespace Menuet.Experiments.Papers;

/// <summary>Zhan et al.: operators that compete with latency menus over queues.</summary>
internal static class Zhan
{
    private const string FittedTo = "The composition that the publication does not print is fitted to Table I and these levels.";

    private const string OneDraw = "The text reports one random composition; over many, its percentage is no property of the method.";

    internal static Paper Paper { get; } = new(
        "zhan",
        "Zhan et al.: Matching-with-Contracts for the AI-RAN Market: AIGC-as-a-Service for Teleoperation",
        """
        @misc{zhan2026,
          author        = {Zhan, Zijun and Dong, Yaxian and Doe, Daniel Mawunyo and Hu, Yuqing and Cao, Shaohua and Han, Zhu},
          title         = {Matching-with-Contracts for the {AI-RAN} Market: {AIGC}-as-a-Service for Teleoperation},
          year          = {2026},
          eprint        = {2605.10751},
          archivePrefix = {arXiv}
        }
        """,
        [
            new("fig3", "Menus of the three operators (Fig. 3a to 3c)", "All menus are monotone; operator 1's is the shortest, and suits sensitive users.", ZhanExhibits.Menus),
            new("table1", "Who is matched with whom (Table I)", "Types 1 to 5 are spread evenly over operators, type 8 prefers operator 3; benchmarks assign whole types.", ZhanExhibits.Matching),
            new("fig4ab", "Utility and welfare over market size (Fig. 4a, 4b)", "CT is ahead for few users; msmc from 90 users on.", ZhanExhibits.Users),
            new("fig4cd", "Utility and welfare over the number of types (Fig. 4c, 4d)", "msmc is far ahead for 8 and 12 types; at 10 all benchmarks lose.", ZhanExhibits.Types),
            new("fig5ab", "Utility and welfare over the refund (Fig. 5a, 5b)", "msmc is highest and nearly constant.", ZhanExhibits.Refund),
            new("fig5cd", "Utility and welfare over the violation cost (Fig. 5c, 5d)", "msmc is highest; at one and a half of the cost all benchmarks have negative welfare.", ZhanExhibits.ViolationCost),
            new("fig6ab", "Utility and welfare over the composition (Fig. 6a, 6b)", "Everybody loses at α = 0.1; balanced markets do better.", ZhanExhibits.Composition),
            new("fig6cd", "Utility and welfare over the Chernoff parameter (Fig. 6c, 6d)", "msmc is highest for all ζ.", ZhanExhibits.Zeta),
            new("x-convergence", "Does msmc settle? Iterations and damping", "", ZhanExhibits.Convergence),
            new("x-beyond", "Planner, equilibrium and the proven bound", "", ZhanExhibits.Beyond),
        ],
        [
            new(
                "zhan-menus-monotone", "The menus of all four methods are monotone.", "Section VII-B1, Fig. 3", "Smallest step in agreed latency from one type to the next, all operators and methods.",
                ["zhanLeastMenuStep"], quantities => quantities[0].Low >= 0 ? Verdict.Holds : Verdict.NotSupported),
            new(
                "zhan-operator1-sensitive", "Operator 1, with most resources, has the menu that suits latency-sensitive users best.", "Section VII-B1, Fig. 3",
                "Share of types to which operator 1 promises the shortest latency.", ["zhanOperator1Shortest"], Rules.Always,
                "Not for types 1 and 2, the most sensitive ones: they are promised as little or less elsewhere."),
            new(
                "zhan-table1-shares", "The 24 probabilities of Table I.", "Table I, Ours", "Largest difference to msmc's shares; equal within 0.004.", ["zhanTable1Error"], Rules.Below(0.004), FittedTo),
            new(
                "zhan-table1-first-five", "The first five types choose the three operators with almost the same probability.", "Section VII-B1, Table I",
                "Largest difference between operators in the share of one of these types; almost the same: within 0.03.", ["zhanFirstFiveSpread"], Rules.Below(0.03)),
            new(
                "zhan-table1-opt-out", "A quarter of type 1 opts out, because all its utility is extracted.", "Table I, caption", "Share of type 1 with no operator, within 2 % of 0.25.", ["zhanType1OptOut"], Rules.Equals(0.25, 0.02)),
            new("zhan-table1-ct", "CT assigns types 1 and 2 to operator 1, the others to operator 3.", "Table I, CT", "Share of types with the printed operator.", ["zhanTable1Ct"], Rules.Always),
            new(
                "zhan-table1-mc", "MC assigns all types to operator 1.", "Table I, MC", "Share of types with the printed operator.", ["zhanTable1Mc"], Rules.Always,
                "Which first menus MC users see is not said; with those of an operator that expects everybody they spread."),
            new(
                "zhan-table1-gsmc", "GSMC assigns types to operators 1, 2, 1, 1, 3, 3, 3, 3.", "Table I, GSMC", "Share of types with the printed operator.", ["zhanTable1Gsmc"], Rules.Always,
                "The rule is not described. The printed column puts more load on operator 3 than it can serve; ours respects capacity."),
            new(
                "zhan-30-users", "With 30 users msmc has 5.7 % less utility than CT.", "Section VII-B2, Fig. 4a", "Mean over random compositions of msmc's utility over CT's, less 1; within 35 % of −0.057: holds; negative: partly.",
                ["zhanLead30"], quantities => Rules.Equals(-0.057, 0.35)(quantities) == Verdict.Holds ? Verdict.Holds : quantities[0].High < 0 ? Verdict.Partly : Verdict.NotSupported),
            new(
                "zhan-60-users", "With 60 users the best benchmark is slightly ahead of msmc.", "Section VII-B2, Fig. 4a", "Share of compositions in which CT or MC is ahead; and by how much, slightly being at most 10 %.",
                ["zhanBehind60", "zhanLead60"], quantities => Rules.Always(quantities) is var verdict && verdict == Verdict.Holds && quantities[1].Value < -0.1 ? Verdict.Partly : verdict),
            new(
                "zhan-90-users", "With 90 users msmc has at least 56.8 % more utility than the one-shot benchmarks.", "Abstract; Section VII-B2, Fig. 4a", "Share of random compositions in which it has, over the better one of CT and MC.",
                ["zhanBy568At90"], Rules.Always, OneDraw),
            new(
                "zhan-90-users-all", "With 90 users msmc has at least 56.8 % more utility than every benchmark, GSMC among them.", "Abstract; Section VII-B2, Fig. 4a",
                "Share of compositions in which the bound of empty queues, which no method exceeds, is less than 56.8 % above the best of CT, MC and GSMC with load quotas; share in which msmc is that far ahead.",
                ["zhanExcluded568", "zhanBy568OfAll"], quantities => quantities[0].Low > 0.5 ? Verdict.CannotHold : Rules.Always([quantities[1]]),
                "Deferred acceptance that respects capacity is too close to the bound. The publication's own GSMC, whose rule is not given, overloads an operator."),
            new(
                "zhan-120-users", "With 120 users msmc is 2.0 % ahead of MC.", "Section VII-B2, Fig. 4a", "Share of random compositions in which it is ahead by at most 4 %.", ["zhanClose120"], Rules.Always, OneDraw),
            new(
                "zhan-ahead-when-congested", "When congestion matters msmc is consistently ahead of CT, MC and GSMC.", "Section VIII", "Share of compositions with 90, 120 and 150 users in which msmc's utility is above those of all three; and above CT and MC.",
                ["zhanAheadOfAll", "zhanAheadOfOneShot"],
                Highest, "CT and MC fall behind in most compositions; GSMC with load quotas is ahead in nearly all."),
            new(
                "zhan-types", "With 8 and 12 types msmc has at least 89.6 % more utility than the best benchmark.", "Section VII-B2, Fig. 4c", "Share of compositions in which it has, over CT and MC.", ["zhanBy896"], Rules.Always, OneDraw),
            new(
                "zhan-types-10", "With 10 types all benchmarks lose, msmc earns 2.121.", "Section VII-B2, Fig. 4c", "Share of compositions in which CT and MC lose and msmc earns; and whether 2.121 is within 10 % of its mean.",
                ["zhanLoss10", "zhanUtility10"], quantities =>
                    (Rules.Always(quantities), Rules.Equals(2.121, 0.1)([quantities[1]])) switch
                    {
                        (Verdict.Holds, Verdict.Holds) => Verdict.Holds,
                        (_, Verdict.Holds) => Verdict.Partly,
                        _ => Verdict.NotSupported,
                    },
                OneDraw),
            new(
                "zhan-refund-level", "Between half and one and a half of the refund msmc's utility stays at 2.036 to 2.062.", "Section VII-B3, Fig. 5a", "msmc on the composition of Table I at both ends, each within 1 %.",
                ["zhanRefundUtilityLow", "zhanRefundUtilityHigh"],
                quantities => Rules.Equals(2.036, 0.01)(quantities) == Verdict.Holds && Rules.Equals(2.062, 0.01)([quantities[1]]) == Verdict.Holds ? Verdict.Holds : Verdict.NotSupported, FittedTo),
            new(
                "zhan-refund-welfare", "Welfare rises slightly with the refund.", "Section VII-B3, Fig. 5b", "Smallest gain in msmc's welfare between neighbouring refunds, composition of Table I.", ["zhanRefundWelfareRise"], Rules.Above(0)),
            new(
                "zhan-refund-highest", "At every refund msmc has the highest utility and welfare.", "Section VII-B3, Fig. 5a, 5b", "Share of compositions and refunds in which it is above all three; and above CT and MC.",
                ["zhanRefundAheadOfAll", "zhanRefundAhead"], Highest),
            new(
                "zhan-cost-level", "At one and a half of the violation cost msmc has a utility of 1.922 and a welfare of 2.017.", "Section VII-B3, Fig. 5c, 5d", "msmc on the composition of Table I, each within 1 %.",
                ["zhanDearUtility", "zhanDearWelfare"],
                quantities => Rules.Equals(1.922, 0.01)(quantities) == Verdict.Holds && Rules.Equals(2.017, 0.01)([quantities[1]]) == Verdict.Holds ? Verdict.Holds : Verdict.NotSupported, FittedTo),
            new(
                "zhan-cost-benchmarks", "At one and a half of the violation cost all benchmarks have negative welfare.", "Section VII-B3, Fig. 5d", "Share of CT, MC and GSMC of which it is so on the composition of Table I; and share of random compositions in which it is so of all.",
                ["zhanDearNegative", "zhanDearNegativeDraws"], Rules.Always, "CT collapses there; GSMC, which keeps to its quotas, hardly suffers."),
            new(
                "zhan-alpha-tenth", "At α = 0.1 all methods have negative utility and welfare.", "Section VII-B4, Fig. 6a, 6b", "Share of compositions in which all four have.", ["zhanAllLose"], Rules.Always, OneDraw),
            new(
                "zhan-alpha-balanced", "The more balanced the composition, the better the market performs.", "Section VII-B4, Fig. 6a", "msmc's mean utility at α = 100, 1, 0.1.",
                ["zhanUtilityAlpha100", "zhanUtilityAlpha1", "zhanUtilityAlphaTenth"], Rules.Descending),
            new(
                "zhan-alpha", "At α = 1 and 100 msmc has at least 96.4 % more utility than the best benchmark.", "Section VII-B4, Fig. 6a", "Share of compositions in which it has, over CT and MC.", ["zhanBy964"], Rules.Always, OneDraw),
            new(
                "zhan-zeta-highest", "For every ζ msmc has the highest utility and welfare.", "Section VII-B4, Fig. 6c, 6d", "Share of compositions and ζ in which it is above all three; and above CT and MC.",
                ["zhanZetaAheadOfAll", "zhanZetaAhead"], Highest),
            new(
                "zhan-zeta", "At ζ = 0.7 and 0.85 msmc has at least 208.7 % more utility than the best benchmark.", "Section VII-B4, Fig. 6c", "Share of compositions in which it has, over CT and MC.", ["zhanBy2087"], Rules.Always, OneDraw),
            new(
                "zhan-converges", "The iteration converges before its outcome is used.", "Section VI, Algorithm 1", "Largest move of a share in the last of 50 iterations; converged: below 0.001.", ["zhanLastMove"], Rules.Below(1e-3),
                "The falling temperature keeps moving the shares; at a constant one the map does converge."),
            new(
                "zhan-nash", "The outcome is a mixed Nash equilibrium of operators and users.", "Theorem 1; Section VIII", "Gain of one operator by other prices, users choosing again, that the audit finds: an equilibrium has none.", ["zhanDeviationGain"],
                quantities => quantities[0].Value > 1e-6 ? Verdict.CannotHold : Verdict.Partly, "Each operator designs its menu as if its users could not leave. One doubles its profit by slightly lower prices."),
        ]);

    /// <summary>Shares of cases in which it is ahead of all, and of CT and MC alone.</summary>
    private static Verdict Highest(ImmutableArray<Quantity> quantities) =>
        quantities[0].Value >= 1 - 1e-12 ? Verdict.Holds : quantities[1].Value > 0.5 ? Verdict.Partly : Verdict.NotSupported;
}
