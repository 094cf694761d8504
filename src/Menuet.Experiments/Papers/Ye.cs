using System.Collections.Immutable;

namespace Menuet.Experiments.Papers;

/// <summary>Ye et al.: a two-stage contract for prompt levels and denoising steps, then for speed.</summary>
internal static class Ye
{
    /// <summary>Smaller amounts of money are rounding.</summary>
    private const double Nothing = 1e-9;

    private const string QualityDraws = "Random states of Section VI.C.";

    internal static Paper Paper { get; } = new(
        "ye",
        "Ye et al.: Optimizing AIGC Services by Prompt Engineering and Edge Computing: A Generative Diffusion Model-Based Contract Theory Approach",
        """
        @unpublished{ye,
          author = {Ye, Dongdong and Cai, Shuting and Du, Hongyang and Kang, Jiawen and Liu, Yinqiu and Yu, Rong and Niyato, Dusit},
          title  = {Optimizing {AIGC} Services by Prompt Engineering and Edge Computing: A Generative Diffusion Model-Based Contract Theory Approach},
          note   = {Manuscript}
        }
        """,
        [
            new("fig2", "Quality over prompt level and denoising steps: data and fit", "Measured quality and the fitted function rise with both and level off.", YeQuality.Fit),
            new("fig3", "Probability that quality exceeds the threshold", "The probability rises with level and steps.", YeQuality.Probability),
            YeLearning.Curves[0],
            new("fig6", "Utility of users by quality contract item", "Each type's utility is largest, and not negative, at its own item.", YeQuality.Utilities),
            new("fig7", "The quality contract: steps, level and payment by type", "All three are larger for the higher type.", YeQuality.Items),
            YeLearning.Curves[1],
            new("fig9", "Utility of users by latency contract item", "In both groups each type's utility is largest at its own item.", YeLatency.Utilities),
            new("fig10", "The latency contract: CPU frequencies, rate and payment", "Values for both types of both groups.", YeLatency.Items),
            new("fig11", "What prompt optimisation adds to the quality contract", "ASP utility, users' utilities and quality are larger with prompt optimisation, quality by 8 % and 2 %.", YeQuality.Prompt),
            new("fig12", "What prompt optimisation adds to the latency contract", "ASP utility, users' utilities and expected latency reduction are larger, the last by 22 % for the upper type.", YeLatency.Prompt),
            .. YeLearning.Configurations,
            .. YeLearning.Menus,
            new("x-schemes", "What simple schemes reach", "", YeQuality.Schemes),
            new("x-exclusion", "The value of leaving low types out", "", YeQuality.Exclusion),
            new("x-quality-draws", "The quality contract over random states", "", YeQuality.Draws),
            new("x-latency-draws", "The latency contract over random states", "", YeLatency.Draws),
        ],
        [
            new(
                "ye-quality-rises-with-steps", "Quality rises with the number of denoising steps.", "Section VI.A, Fig. 2", "Share of one-step increases from 4 to 20 steps that raise the printed curve.",
                ["yeStepsRaise"], Rules.Always, "The fitted curve peaks at 17 steps."),
            new(
                "ye-quality-rises-with-level", "Quality rises with the level of prompt optimisation.", "Section VI.A, Fig. 2", "Share of one-level increases from 0 to 7, the levels of Fig. 4, that raise the printed curve.",
                ["yeLevelRaises", "yeLevelHurts"], Rules.Always, "The fitted curve peaks between levels 2 and 3; from level 6 on prompts hurt."),
            new(
                "ye-three-steps-invalid", "With three denoising steps or fewer most images are invalid.", "Section VI.B", "Share of items with 1 to 3 steps and levels 0 to 7 whose quality on the printed curve is below 5.0.",
                ["yeThreeStepsBelow"], Rules.Above(0.5)),
            new(
                "ye-examples-below-threshold", "Quality is below 4.5 at (5, 3) and (5, 2) and below 5.0 at (7, 1).", "Section VI, Fig. 4", "Share of the three that the printed curve places there, pairs read as (level, steps).",
                ["yeExamplesBelow"], AllOrSome, "The curve gives 4.74, 4.56 and 3.91: single images differ from their mean."),
            new(
                "ye-probability-rises", "The probability of sufficient quality rises with level and steps.", "Section VI.B, Fig. 3", "Share of single increases within levels 0 to 3 and 4 to 20 steps that raise the calibrated probability.",
                ["yeProbabilityRaises"], Rules.Always, "It inherits the curve's peak at 17 steps; the paper's frequencies are only plotted."),
            new(
                "ye-quality-menu-holds", "The quality contract satisfies participation and truth-telling.", "Section VI.D, Fig. 6", QualityDraws + " Share whose exact menu passes an audit of every constraint.",
                ["yeAuditShare"], Rules.Always, "With the user's own gain on both sides of Eq. (8); as printed, the constraint forces all utilities to be equal."),
            new(
                "ye-own-item-only", "A user is best off only with the item meant for its type.", "Section VI.D, Fig. 6", "Least loss of a user who takes the other type's item of the exact menu.",
                ["yeOwnItemMargin"], quantities => quantities[0].Value > Nothing ? Verdict.Holds : Verdict.CannotHold, "At an optimum the upper type is indifferent; otherwise its payment could be raised."),
            new(
                "ye-higher-types-pay-more", "Users of higher types pay more.", "Section VI.D, Fig. 7", QualityDraws + " Share in which the higher type pays no less.", ["yePaymentsRise"], Rules.Always),
            new(
                "ye-higher-types-get-more", "Higher types get more steps and a higher level.", "Section VI.D, Fig. 7", QualityDraws + " Share in which the higher type gets no fewer steps and no lower level.",
                ["yeItemsRise"], Rules.Always, "Only quality must rise; where the types' costs differ, a higher type may get it by fewer steps and better prompts, or the reverse."),
            new(
                "ye-latency-menu-holds", "The latency contract satisfies participation and truth-telling.", "Section VI.D, Fig. 9", "Random states of Section VI.C: share whose exact menu passes an audit of every constraint.",
                ["yeLatencyAuditShare"], Rules.Always),
            new(
                "ye-seventeen-steps", "The contract sells the upper type (2, 17).", "Section VI.D, Fig. 9", "Most steps sold in random states, and the most that any gain and cost within the printed ranges sell.",
                ["yeMostSteps", "yeStepsBound"], quantities => quantities[1].High < 17 ? Verdict.CannotHold : quantities[0].Value >= 17 ? Verdict.Holds : Verdict.NotSupported,
                "The 17th step is worth its least cost of 1 only at a gain of 1755 per point; the printed gains end at 400."),
            new(
                "ye-prompt-asp", "Prompt optimisation raises the ASP's utility from the quality contract.", "Section VI.E, Fig. 11(a)", QualityDraws + " Mean gain of the exact optimum.",
                ["yePromptGain", "yeAspGainShare"], Rules.Above(0), "2.6 % in the default market."),
            new(
                "ye-prompt-users", "Prompt optimisation raises the users' utilities.", "Section VI.E, Fig. 11(b)", "Gain of each type's utility in the exact menus of the default market.",
                ["yeUserGain2", "yeUserGain1"], EveryOrSome, "The lower type keeps nothing in any exact menu, with or without prompts."),
            new(
                "ye-prompt-quality", "Prompt optimisation raises the quality that both types get.", "Section VI.E, Fig. 11(c)", "Relative gain of each type's quality in the exact menus of the default market.",
                ["yeQualityGain1", "yeQualityGain2"], EveryOrSome, "In most random states the lower type gets an item without prompts either way: x-quality-draws."),
            new(
                "ye-quality-gain-8", "Prompt optimisation improves type 1's quality by 8 %.", "Section VI.E", "Gain between exact menus, and the largest gain at equal steps on the printed curve, which also bounds what random states show.",
                ["yeQualityGain1", "yeQualityGainBound", "yeLargestQualityGain"],
                quantities => quantities[2].High > quantities[1].High + Nothing ? Verdict.NotSupported : Rules.AtMostBound(0.08, 0.05)(quantities),
                "The curve adds a part in l to a part in s, so prompts do not change the best number of steps."),
            new(
                "ye-quality-gain-2", "Prompt optimisation improves type 2's quality by 2 %, to that of (2, 17).", "Section VI.E", "Gain between exact menus, and the least gain of (2, 17) over any item without prompts.",
                ["yeQualityGain2", "yeGainAtSeventeen"], quantities => quantities[1].Low > 0.02 * 1.05 ? Verdict.CannotHold : Rules.Equals(0.02, 0.05)(quantities),
                "Without prompts no number of steps gives more than 5.148 points."),
            new(
                "ye-low-type-gains-more", "Prompts improve the lower type's quality more than the higher's.", "Section VI.E", QualityDraws + " Mean relative gains of both types between exact menus.",
                ["yeMeanQualityGain1", "yeMeanQualityGain2"], Rules.Descending, "The lower type's item is distorted downwards, often to one without prompts."),
            new(
                "ye-higher-type-more", "ASP utility, user utility and quality rise with the type of gain per quality.", "Section VI.E, Fig. 11", "Share of the three that are larger for type 2 in the default market.", ["yeHigherTypeMore"], AllOrSome),
            new(
                "ye-latency-gain-22", "Prompt optimisation improves the upper type's expected latency reduction by 22 % at 17 steps.", "Section VI.E, Fig. 12(c)", "Gain between the exact menus for (2, 17) and (0, 17), deadline 4 s.",
                ["yeReductionGain2", "yeSuccessRatio", "yeReductionGainPrinted"], Rules.Equals(0.22, 0.02),
                "By calibration: most of it is the ratio of success probabilities, which the paper only plots; it says little about the contract."),
            new(
                "ye-prompt-latency-asp", "Prompt optimisation raises the ASP's utility from the latency contract.", "Section VI.E, Fig. 12(a)", "Gain of the exact optimum, (2, 17) against (0, 17).",
                ["yeLatencyAspGain", "yeLatencyAspGainShare"], Rules.Above(0)),
            new(
                "ye-prompt-latency-users", "Prompt optimisation raises the users' utilities from the latency contract.", "Section VI.E, Fig. 12(b)", "Gain of each type's utility in the exact menus.",
                ["yeLatencyUserGain2", "yeLatencyUserGain1"], EveryOrSome, "The lower type keeps nothing in any exact menu."),
            new(
                "ye-prompt-latency-reduction", "Prompt optimisation raises every type's expected latency reduction.", "Section VI.E, Fig. 12(c)", "Relative gain of each type's reduction in the exact menus.",
                ["yeReductionGain1", "yeReductionGain2"], EveryOrSome),
            new(
                "ye-faster-type-more", "ASP utility, user utility and latency reduction rise with the type of gain per latency reduction.", "Section VI.E, Fig. 12", "Share of the three that are larger for type 2 of group 2.",
                ["yeFasterTypeMore"], AllOrSome),
            new(
                "ye-quality-problem-hard", "The quality contract is too hard for traditional methods.", "Section IV.B, Problem 1", QualityDraws + " Share solved to a proven optimum that enumeration confirms.",
                ["yeSolvedShare"], Unsolved, "A dynamic programme over distinct qualities is exact."),
            new(
                "ye-latency-problem-not-concave", "Objective and constraints of the latency contract are not concave, so that traditional methods hardly apply.", "Section V.B, Problem 2",
                "Share of pairs of points between which cost is convex and the latency reduction concave in speeds, and linear in delays, where truth-telling is linear too.",
                ["yeConcaveShare", "yeLatencyAuditShare"], Unsolved, "In the three delays the problem is convex: a theorem, which the sample illustrates."),
            .. YeLearning.Claims,
        ]);

    /// <summary>A share of cases: all: holds; some: partly.</summary>
    private static Verdict AllOrSome(ImmutableArray<Quantity> quantities) => quantities[0].Value switch
    {
        >= 1 => Verdict.Holds,
        > 0 => Verdict.Partly,
        _ => Verdict.NotSupported,
    };

    /// <summary>Gains: all positive: holds; some, and none negative: partly.</summary>
    private static Verdict EveryOrSome(ImmutableArray<Quantity> quantities) => quantities.All(gain => gain.Low > Nothing) ? Verdict.Holds
        : quantities.Any(gain => gain.Low > Nothing) && quantities.All(gain => gain.Low >= -Nothing) ? Verdict.Partly
        : Verdict.NotSupported;

    /// <summary>A claim of difficulty, by the shares of cases in which there was none: in all: not supported.</summary>
    private static Verdict Unsolved(ImmutableArray<Quantity> quantities) => quantities.All(share => share.Value >= 1) ? Verdict.NotSupported
        : quantities.Any(share => share.Value > 0.5) ? Verdict.Partly
        : Verdict.Holds;
}
