using System.Collections.Immutable;
using System.Globalization;
using Menuet.Documents;

namespace Menuet.Mechanisms.StackelbergPricing;

/// <summary>Whether a follower may stay away.</summary>
public enum Participation
{
    /// <summary>She buys at least her fewest steps, whatever they cost.</summary>
    Mandatory,

    /// <summary>She stays away, with utility 0, when every purchase would leave her below 0.</summary>
    Optional,
}

/// <summary>What a leader with limited capacity does.</summary>
public enum CapacityRule
{
    /// <summary>The price must be high enough that demand fits.</summary>
    Price,

    /// <summary>Demand above capacity is cut for everybody in proportion.</summary>
    Ration,
}

/// <summary>
/// One leader sells diffusion steps to followers, U_k = δ_k q(S_k) − p S_k, and posts the price p that maximises (p − c) Σ n_k S_k(p);
/// or several leaders do, and followers choose among them.
/// </summary>
/// <remarks>Source: Lai et al. 2025, Eqs. (2) to (7).</remarks>
public sealed record StackelbergPricingMarket : IMarket
{
    /// <summary>The quality curve; null when every follower (or every leader) brings its own.</summary>
    public QualityCurve? Quality { get; init; }

    /// <summary>The only leader; null when there are several.</summary>
    public Leader? Leader { get; init; }

    /// <summary>Several leaders; default when there is one.</summary>
    public ImmutableArray<Leader> Leaders { get; init; }

    /// <summary>The followers' choice among several leaders; null when there is one.</summary>
    public LeaderChoice? Choice { get; init; }

    /// <summary>Smin, fewest steps of every follower who does not say otherwise.</summary>
    public double MinSteps { get; init; }

    /// <summary>Smax, most steps of every follower who does not say otherwise; null: no limit.</summary>
    public double? MaxSteps { get; init; }

    /// <summary>Whether followers may stay away.</summary>
    public Participation Participation { get; init; }

    /// <summary>What the leader does when demand exceeds capacity.</summary>
    public CapacityRule CapacityRule { get; init; }

    /// <summary>The followers.</summary>
    public ImmutableArray<Follower> Followers { get; init; } = [];

    internal static Shape<StackelbergPricingMarket> Shape { get; } = new Shape<StackelbergPricingMarket>(
            "Leaders sell diffusion steps at posted prices; followers buy as many as suit them.")
        .Nested("quality", "the quality curve; required unless every follower or every leader brings its own", m => m.Quality, (ref m, v) => m = m with { Quality = v }, QualityCurve.Shape)
        .Nested("leader", "the only leader; or use leaders", m => m.Leader, (ref m, v) => m = m with { Leader = v }, Leader.Shape)
        .List("leaders", "several leaders, instead of leader", m => m.Leaders, (ref m, v) => m = m with { Leaders = v }, Leader.RivalShape, minCount: 1)
        .Nested("choice", "how followers choose among several leaders", m => m.Choice, (ref m, v) => m = m with { Choice = v }, LeaderChoice.Shape)
        .Number("minSteps", "Smin, fewest steps of a follower who does not say otherwise", m => m.MinSteps, (ref m, v) => m = m with { MinSteps = v }, Interval.NonNegative, "steps")
        .OptionalNumber("maxSteps", "Smax, most steps of a follower who does not say otherwise; null: no limit", m => m.MaxSteps, (ref m, v) => m = m with { MaxSteps = v }, Interval.NonNegative, "steps")
        .Choice("participation", "whether followers may stay away", m => m.Participation, (ref m, v) => m = m with { Participation = v })
        .Choice("capacityRule", "price: the price must make demand fit; ration: demand is cut in proportion", m => m.CapacityRule, (ref m, v) => m = m with { CapacityRule = v })
        .List("followers", "the followers", m => m.Followers, (ref m, v) => m = m with { Followers = v }, Follower.Shape, required: true);

    /// <summary>True for the form with several leaders, even if the list has one entry.</summary>
    internal bool HasRivals => Leader is null;

    /// <summary>Smin of a follower.</summary>
    internal double MinStepsOf(in Follower follower) => follower.MinSteps ?? MinSteps;

    /// <summary>Smax of a follower; +∞ when there is none.</summary>
    internal double MaxStepsOf(in Follower follower) => follower.MaxSteps ?? MaxSteps ?? double.PositiveInfinity;

    /// <summary>The curve by which a follower judges the only leader.</summary>
    internal QualityCurve CurveOf(in Follower follower) => follower.Quality ?? Quality!;

    /// <summary>The curve by which a follower judges one of several leaders: the leader's own, else hers, else the market's.</summary>
    internal QualityCurve CurveOf(in Follower follower, Leader leader) => leader.Quality ?? follower.Quality ?? Quality!;

    internal static string FollowerId(in Follower follower, int position) =>
        follower.Id ?? string.Create(CultureInfo.InvariantCulture, $"vmu{position + 1}");

    internal static string LeaderId(Leader leader, int position) =>
        leader.Id ?? string.Create(CultureInfo.InvariantCulture, $"asp{position + 1}");

    /// <inheritdoc/>
    public IEnumerable<Problem> Problems()
    {
        var problems = new List<Problem>();
        AddLeaderProblems(problems);
        AddFollowerProblems(problems);
        return problems;
    }

    private void AddLeaderProblems(List<Problem> problems)
    {
        if (Leader is { } only)
        {
            AddTermsProblem(problems, only, "$.leader");
            if (!Leaders.IsDefault)
            {
                problems.Add(new("$.leaders", "excludes leader: give one leader, or a list of leaders"));
            }

            if (Choice is not null)
            {
                problems.Add(new("$.choice", "belongs to several leaders: with one leader there is nothing to choose; remove it, or give leaders"));
            }

            return;
        }

        if (Leaders.IsDefault)
        {
            problems.Add(new("$.leader", "is required: an object with unitCost and maxPrice; or give several leaders in $.leaders"));
            return;
        }

        for (var j = 0; j < Leaders.Length; j++)
        {
            AddTermsProblem(problems, Leaders[j], string.Create(CultureInfo.InvariantCulture, $"$.leaders[{j}]"));
        }

        if (Leaders.Any(leader => leader.Id is not null))
        {
            AddRepeatedIds(problems, "leaders", Leaders.Length, j => LeaderId(Leaders[j], j));
        }

        if (Choice is null)
        {
            problems.Add(new("$.choice", "is required with several leaders: an object with scale"));
        }

        if (Participation == Participation.Optional)
        {
            problems.Add(new(
                "$.participation", "must be \"mandatory\" with several leaders: whether followers may stay away is choice.outsideOption", "\"optional\""));
        }
    }

    private static void AddTermsProblem(List<Problem> problems, Leader leader, string path)
    {
        if (leader.UnitCost > leader.MaxPrice)
        {
            problems.Add(Problem.With(
                path + ".unitCost", leader.UnitCost, $"must be at most maxPrice, which is {DocumentText.Number(leader.MaxPrice)}"));
        }
    }

    private void AddFollowerProblems(List<Problem> problems)
    {
        if (MinSteps > (MaxSteps ?? double.PositiveInfinity))
        {
            problems.Add(Problem.With("$.minSteps", MinSteps, $"must be at most maxSteps, which is {DocumentText.Number(MaxSteps!.Value)}"));
        }

        var leadersBringCurves = !Leaders.IsDefault && Leaders.All(leader => leader.Quality is not null);
        var lacksCurve = false;
        var named = false;
        var followers = Followers.AsSpan();
        for (var k = 0; k < followers.Length; k++)
        {
            ref readonly var follower = ref followers[k];
            named |= follower.Id is not null;
            lacksCurve |= follower.Quality is null;
            var changed = follower.MinSteps is not null || follower.MaxSteps is not null;
            if (changed && MinStepsOf(follower) > MaxStepsOf(follower))
            {
                var key = follower.MinSteps is null ? "maxSteps" : "minSteps";
                problems.Add(Problem.With(
                    string.Create(CultureInfo.InvariantCulture, $"$.followers[{k}].{key}"), follower.MinSteps ?? follower.MaxSteps!.Value,
                    $"leaves no permitted steps: minSteps {DocumentText.Number(MinStepsOf(follower))} is above maxSteps {DocumentText.Number(MaxStepsOf(follower))}"));
            }
        }

        if (Quality is null && !leadersBringCurves && lacksCurve)
        {
            problems.Add(new("$.quality", "is required: an object with curvature and slope; or give every follower (or every one of several leaders) a quality of its own"));
        }

        if (named)
        {
            AddRepeatedIds(problems, "followers", Followers.Length, k => FollowerId(Followers[k], k));
        }
    }

    private static void AddRepeatedIds(List<Problem> problems, string list, int count, Func<int, string> id)
    {
        var first = new Dictionary<string, int>(count, StringComparer.Ordinal);
        for (var i = 0; i < count; i++)
        {
            var name = id(i);
            if (!first.TryAdd(name, i))
            {
                problems.Add(new(
                    string.Create(CultureInfo.InvariantCulture, $"$.{list}[{i}].id"),
                    string.Create(CultureInfo.InvariantCulture, $"is taken by $.{list}[{first[name]}]; ids must be unique"), $"\"{name}\""));
            }
        }
    }
}
