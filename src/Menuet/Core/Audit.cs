using System.Collections.Immutable;

namespace Menuet;

/// <summary>What is claimed of an outcome.</summary>
public enum Claim
{
    /// <summary>Nobody does better by staying away.</summary>
    IndividualRationality,

    /// <summary>Nobody does better by taking what is meant for another type; all ordered pairs.</summary>
    IncentiveCompatibility,

    /// <summary>Higher types get no less.</summary>
    Monotonicity,

    /// <summary>Every decision lies within its bounds.</summary>
    Feasibility,

    /// <summary>What the answer reports (utilities, totals, objective) follows from its decisions.</summary>
    Consistency,

    /// <summary>The mechanism takes in at least what it pays out.</summary>
    BudgetBalance,

    /// <summary>Followers answer the posted price as well as they can.</summary>
    FollowerBestResponse,

    /// <summary>No leader gains by another price.</summary>
    LeaderBestResponse,

    /// <summary>What is sold does not exceed what there is.</summary>
    Capacity,

    /// <summary>No participant gains by a misreport.</summary>
    Truthfulness,

    /// <summary>The share of the efficient welfare that the mechanism promises.</summary>
    Efficiency,

    /// <summary>Who serves whom is as the market asks: by rank, or with the least total latency.</summary>
    Matching,

    /// <summary>Nobody who trades loses by the true values; unlike individual rationality this also depends on what participants report.</summary>
    ExPostRationality,

    /// <summary>No user prefers another operator.</summary>
    SelectionEquilibrium,

    /// <summary>Every queue's load is below its capacity.</summary>
    QueueStability,
}

/// <summary>Whether every case was checked, or a seeded sample of them.</summary>
public enum Evidence
{
    /// <summary>Every case was checked, one by one or by a bound that covers them all.</summary>
    Exhaustive,

    /// <summary>A seeded sample of the cases was checked.</summary>
    Sampled,
}

/// <summary>How much room one constraint leaves; negative is violation. The label is the paper's, 1-based: "IC(2→3)".</summary>
/// <param name="Constraint">The constraint's label.</param>
/// <param name="Value">Its slack, in the constraint's own unit.</param>
public readonly record struct Slack(string Constraint, double Value);

/// <summary>One claim, checked from market and answer alone.</summary>
/// <param name="Claim">What is claimed.</param>
/// <param name="Evidence">Exhaustive, or sampled.</param>
/// <param name="Worst">The smallest slack; its constraint is empty when nothing had to be checked.</param>
/// <param name="Checked">How many constraints were checked.</param>
/// <param name="Tolerance">Permitted violation, in the constraint's own unit.</param>
/// <param name="Source">Where the constraint is defined: "Wen et al. 2025, Eq. (4)".</param>
/// <param name="Violations">The violated constraints, worst first, at most <see cref="Inspection.KeptViolations"/> of them.</param>
public sealed record Certificate(
    Claim Claim, Evidence Evidence, Slack Worst, long Checked, double Tolerance, string Source, ImmutableArray<Slack> Violations)
{
    /// <summary>True when every slack is at least minus the tolerance; false for NaN, as it should be.</summary>
    public bool Holds => Worst.Value >= -Tolerance;
}

/// <summary>Every certificate of one answer.</summary>
/// <param name="Certificates">One per claim, in the room's order.</param>
public sealed record Audit(ImmutableArray<Certificate> Certificates)
{
    /// <summary>True when every certificate holds.</summary>
    public bool Holds => Certificates.All(certificate => certificate.Holds);
}

/// <summary>Gathers the slacks of one claim without allocating for those that hold.</summary>
/// <param name="claim">What is being checked.</param>
/// <param name="tolerance">Permitted violation, in the constraint's own unit; ≥ 0.</param>
/// <param name="source">Where the constraint is defined.</param>
/// <param name="evidence">Exhaustive unless said otherwise.</param>
public sealed class Inspection(Claim claim, double tolerance, string source, Evidence evidence = Evidence.Exhaustive)
{
    /// <summary>How many violations a certificate keeps.</summary>
    public const int KeptViolations = 20;

    private readonly List<(double Slack, string Label)> violations = [];
    private double worst = double.PositiveInfinity;
    private string worstLabel = "";
    private int worstFirst = -1;
    private int worstSecond = -1;
    private Func<int, int, string>? worstName;
    private long count;

    /// <summary>Checks one constraint with a label of its own.</summary>
    public void Check(double slack, string label)
    {
        if (IsWorse(slack))
        {
            (worst, worstLabel, worstName) = (slack, label, null);
        }

        if (!(slack >= -tolerance))
        {
            Keep(slack, label);
        }

        count++;
    }

    /// <summary>Checks one of a family of constraints; the label is made only when it is needed.</summary>
    /// <param name="slack">The slack; NaN counts as the worst violation.</param>
    /// <param name="first">0-based index handed to <paramref name="name"/>.</param>
    /// <param name="second">0-based index handed to <paramref name="name"/>.</param>
    /// <param name="name">Makes the label, 1-based.</param>
    /// <param name="covers">How many constraints this one stands for, as the best of many deviations does.</param>
    public void Check(double slack, int first, int second, Func<int, int, string> name, long covers = 1)
    {
        if (IsWorse(slack))
        {
            (worst, worstFirst, worstSecond, worstName) = (slack, first, second, name);
        }

        if (!(slack >= -tolerance))
        {
            Keep(slack, name(first, second));
        }

        count += covers;
    }

    /// <summary>The certificate of what was checked; it holds with infinite slack when nothing was.</summary>
    public Certificate Conclude()
    {
        var label = worstName is null ? worstLabel : worstName(worstFirst, worstSecond);
        return new(claim, evidence, new(label, worst), count, tolerance, source,
            [.. violations.OrderBy(v => v.Slack).Select(v => new Slack(v.Label, v.Slack))]);
    }

    private bool IsWorse(double slack) => !double.IsNaN(worst) && !(slack >= worst);

    private void Keep(double slack, string label)
    {
        if (violations.Count < KeptViolations)
        {
            violations.Add((slack, label));
            return;
        }

        var mildest = 0;
        for (var i = 1; i < violations.Count; i++)
        {
            if (violations[i].Slack > violations[mildest].Slack)
            {
                mildest = i;
            }
        }

        if (!(slack >= violations[mildest].Slack))
        {
            violations[mildest] = (slack, label);
        }
    }
}
