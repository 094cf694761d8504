using System.Collections.Immutable;
using Menuet.Documents;

namespace Menuet.Mechanisms.ContractMarket;

/// <summary>The public answer. Matrices are [operator][type], in the market's order.</summary>
public sealed record OperatorMarketAnswer : IAnswer
{
    /// <summary><c>converged</c>, <c>candidate</c> (an outcome without a claim), <c>optimal</c> or <c>numericalTrouble</c>.</summary>
    public string Status { get; init; } = "";

    /// <summary>Σ_m π_m, USD per second; null when there is no outcome.</summary>
    public double? Objective { get; init; }

    /// <summary>The method that found it; null when unknown.</summary>
    public string? Method { get; init; }

    /// <summary>The law of latency that the numbers below are computed by; null when unknown.</summary>
    public string? Tail { get; init; }

    /// <summary>The method's count; null when unknown.</summary>
    public double? Iterations { get; init; }

    /// <summary>Whether the method's stopping rule was met.</summary>
    public bool Converged { get; init; }

    /// <summary>The objective again, under the paper's name.</summary>
    public double? TotalOperatorUtility { get; init; }

    /// <summary>Σ |I| δ z u, USD per second.</summary>
    public double? UserUtility { get; init; }

    /// <summary>Operators and users together, USD per second.</summary>
    public double? SocialWelfare { get; init; }

    /// <summary>π_m, USD per second.</summary>
    public ImmutableArray<double> OperatorUtility { get; init; }

    /// <summary>z, a decision: the share of each type with each operator.</summary>
    public ImmutableArray<ImmutableArray<double>> Matching { get; init; }

    /// <summary>1 − Σ_m z, per type.</summary>
    public ImmutableArray<double> OptOut { get; init; }

    /// <summary>The operator of each type, 1-based, 0: none; <c>default</c> where types are divided.</summary>
    public ImmutableArray<double> Assignment { get; init; }

    /// <summary>L, a decision, seconds.</summary>
    public ImmutableArray<ImmutableArray<double>> Latencies { get; init; }

    /// <summary>R, a decision, USD per task.</summary>
    public ImmutableArray<ImmutableArray<double>> Prices { get; init; }

    /// <summary>p at the loads that the matching makes.</summary>
    public ImmutableArray<ImmutableArray<double>> ViolationProbability { get; init; }

    /// <summary>λ that the matching makes, cumulative, tasks per second.</summary>
    public ImmutableArray<ImmutableArray<double>> CumulativeLoad { get; init; }

    /// <summary>λ the menus were designed for; <c>default</c>: the same.</summary>
    public ImmutableArray<ImmutableArray<double>> DesignLoad { get; init; }

    /// <summary>Whether every stage has spare rate at the load.</summary>
    public ImmutableArray<ImmutableArray<bool>> Stable { get; init; }

    /// <summary>min u over operators and types at the loads that result, USD per task.</summary>
    public double? MinIrSlack { get; init; }

    /// <summary>The smallest truth-telling slack over all operators and ordered pairs, at the loads that result, USD per task; 0 for one type.</summary>
    public double? MinIcSlack { get; init; }

    /// <summary>Bounds and regrets.</summary>
    public MarketCertificate? Certificate { get; init; }

    internal static Shape<OperatorMarketAnswer> Shape { get; } = new Shape<OperatorMarketAnswer>("Menus and a matching; matrices are [operator][type].")
        .Text("status", "converged, candidate, optimal or numericalTrouble", a => a.Status, (ref a, v) => a = a with { Status = v ?? "" })
        .OptionalNumber("objective", "total operator utility", a => a.Objective, (ref a, v) => a = a with { Objective = v }, unit: "USD/s", absent: Absent.Omitted)
        .Text("method", "the method that found it", a => a.Method, (ref a, v) => a = a with { Method = v })
        .Text("tail", "the law of latency that everything here is computed by", a => a.Tail, (ref a, v) => a = a with { Tail = v })
        .OptionalNumber("iterations", "the method's count", a => a.Iterations, (ref a, v) => a = a with { Iterations = v }, absent: Absent.Omitted)
        .Flag("converged", "whether the method's stopping rule was met", a => a.Converged, (ref a, v) => a = a with { Converged = v })
        .OptionalNumber("totalOperatorUtilityUsdPerSecond", "Σ π_m", a => a.TotalOperatorUtility, (ref a, v) => a = a with { TotalOperatorUtility = v }, unit: "USD/s", absent: Absent.Omitted)
        .OptionalNumber("userUtilityUsdPerSecond", "Σ |I| δ z u", a => a.UserUtility, (ref a, v) => a = a with { UserUtility = v }, unit: "USD/s", absent: Absent.Omitted)
        .OptionalNumber("socialWelfareUsdPerSecond", "operators and users together", a => a.SocialWelfare, (ref a, v) => a = a with { SocialWelfare = v }, unit: "USD/s", absent: Absent.Omitted)
        .Numbers("operatorUtilityUsdPerSecond", "π_m of each operator", a => a.OperatorUtility, (ref a, v) => a = a with { OperatorUtility = v }, unit: "USD/s")
        .Matrix("matching", "z, the share of each type with each operator", a => a.Matching, (ref a, v) => a = a with { Matching = v })
        .Numbers("optOut", "the share of each type with no operator", a => a.OptOut, (ref a, v) => a = a with { OptOut = v })
        .Numbers("assignment", "the operator of each type, counted from 1, 0: none", a => a.Assignment, (ref a, v) => a = a with { Assignment = v })
        .Matrix("latencySeconds", "L, agreed latency", a => a.Latencies, (ref a, v) => a = a with { Latencies = v }, unit: "s")
        .Matrix("priceUsd", "R, price of a task", a => a.Prices, (ref a, v) => a = a with { Prices = v }, unit: "USD")
        .Matrix("violationProbability", "p, probability that a task is later than agreed", a => a.ViolationProbability, (ref a, v) => a = a with { ViolationProbability = v })
        .Matrix("cumulativeLoadPerSecond", "λ, load of this and all higher classes", a => a.CumulativeLoad, (ref a, v) => a = a with { CumulativeLoad = v }, unit: "1/s")
        .Matrix("designLoadPerSecond", "λ that the menus were designed for, where it is another", a => a.DesignLoad, (ref a, v) => a = a with { DesignLoad = v }, unit: "1/s")
        .FlagMatrix("stable", "whether every queue has spare rate", a => a.Stable, (ref a, v) => a = a with { Stable = v })
        .OptionalNumber("minIrSlackUsd", "the smallest user utility in any menu, at the loads that result", a => a.MinIrSlack, (ref a, v) => a = a with { MinIrSlack = v }, unit: "USD", absent: Absent.Omitted)
        .OptionalNumber("minIcSlackUsd", "the smallest truth-telling slack in any menu, at the loads that result", a => a.MinIcSlack, (ref a, v) => a = a with { MinIcSlack = v }, unit: "USD", absent: Absent.Omitted)
        .Nested("certificate", "bounds and regrets", a => a.Certificate, (ref a, v) => a = a with { Certificate = v }, MarketCertificate.Shape);
}

/// <summary>Bounds and regrets of one answer.</summary>
public sealed record MarketCertificate
{
    /// <summary>What welfare cannot exceed, USD per second; null when unknown.</summary>
    public double? WelfareUpperBound { get; init; }

    /// <summary>Per type: max(u_0, max_m u) less what its users have on average, USD per task.</summary>
    public ImmutableArray<double> UserRegret { get; init; }

    /// <summary>Per operator: the most that a deviation was found to gain, USD per second; <c>default</c> where none was looked for.</summary>
    public ImmutableArray<double> OperatorDeviationGain { get; init; }

    internal static Shape<MarketCertificate> Shape { get; } = new Shape<MarketCertificate>("Bounds and regrets.")
        .OptionalNumber("welfareUpperBound", "what welfare cannot exceed", a => a.WelfareUpperBound, (ref a, v) => a = a with { WelfareUpperBound = v }, unit: "USD/s", absent: Absent.Omitted)
        .Numbers("userRegretUsd", "per type: the best utility within reach less the mean", a => a.UserRegret, (ref a, v) => a = a with { UserRegret = v }, unit: "USD")
        .Numbers("operatorDeviationGain", "per operator: the most that a deviation was found to gain", a => a.OperatorDeviationGain, (ref a, v) => a = a with { OperatorDeviationGain = v }, unit: "USD/s");
}
