using System.Collections.Immutable;
using Menuet.Documents;

namespace Menuet.Mechanisms.ContractMarket;

/// <summary>Operators compete for users with menus of latency agreements; each serves its tasks in three queues under priorities.</summary>
/// <remarks>Source: Zhan et al., Secs. III and IV.</remarks>
public sealed record OperatorMarket : IMarket
{
    /// <summary>What one task is.</summary>
    public ServiceTask Task { get; init; } = new();

    /// <summary>The operators; at least one.</summary>
    public ImmutableArray<ServiceOperator> Operators { get; init; } = [];

    /// <summary>The types of users, most sensitive first; at least one.</summary>
    public ImmutableArray<UserType> Types { get; init; } = [];

    /// <summary>How many users there are of each type, as shares of a total, where the types do not say; null otherwise.</summary>
    public UserPopulation? Population { get; init; }

    /// <summary>Money.</summary>
    public MarketEconomics Economics { get; init; } = new();

    /// <summary>The latencies that may be agreed.</summary>
    public LatencyRange Latency { get; init; } = new();

    /// <summary>How the methods proceed.</summary>
    public MarketAlgorithm Algorithm { get; init; } = new();

    internal static Shape<OperatorMarket> Shape { get; } = new Shape<OperatorMarket>(
            "Operators compete for users with menus of latency agreements, served by three queues in tandem (Zhan et al.).")
        .Nested("task", "what one task is", m => m.Task, (ref m, v) => m = m with { Task = v ?? new() }, ServiceTask.Shape, required: true)
        .List("operators", "the operators", m => m.Operators, (ref m, v) => m = m with { Operators = v }, ServiceOperator.Shape, required: true, minCount: 1)
        .List("types", "the types of users, in order of latencySensitivityUsdPerSecond, largest first, which is their priority", m => m.Types, (ref m, v) => m = m with { Types = v }, UserType.Shape, required: true, minCount: 1)
        .Nested("population", "the number of users and the share of each type, instead of users in types", m => m.Population, (ref m, v) => m = m with { Population = v }, UserPopulation.Shape)
        .Nested("economics", "money", m => m.Economics, (ref m, v) => m = m with { Economics = v ?? new() }, MarketEconomics.Shape, required: true)
        .Nested("latency", "the latencies that may be agreed", m => m.Latency, (ref m, v) => m = m with { Latency = v ?? new() }, LatencyRange.Shape, required: true)
        .Nested("algorithm", "how the methods proceed", m => m.Algorithm, (ref m, v) => m = m with { Algorithm = v ?? new() }, MarketAlgorithm.Shape);

    /// <inheritdoc/>
    public IEnumerable<Problem> Problems()
    {
        for (var n = 1; n < Types.Length; n++)
        {
            if (Types[n].LatencySensitivity > Types[n - 1].LatencySensitivity)
            {
                yield return Problem.With(
                    $"$.types[{n}].latencySensitivityUsdPerSecond", Types[n].LatencySensitivity,
                    $"must be at most the one before it, {DocumentText.Number(Types[n - 1].LatencySensitivity)}: the order of the types is their priority");
            }
        }

        for (var n = 0; n < Types.Length; n++)
        {
            if (Types[n].Users is null == Population is null)
            {
                yield return new($"$.types[{n}].users", Population is null ? "is required: a number, how many users there are" : "goes without population; give one of the two");
            }
        }

        if (Population is { } population && population.Shares.Length != Types.Length)
        {
            yield return new("$.population.shares", FormattableString.Invariant($"must have {Types.Length} entries, one per type"), "[…]");
        }

        if (!(Latency.Max > Latency.Min))
        {
            yield return Problem.With("$.latency.maxSeconds", Latency.Max, $"must be above minSeconds, {DocumentText.Number(Latency.Min)}");
        }

        if (Algorithm.FinalTemperature > Algorithm.InitialTemperature)
        {
            yield return Problem.With(
                "$.algorithm.finalTemperatureUsd", Algorithm.FinalTemperature,
                $"must be at most initialTemperatureUsd, {DocumentText.Number(Algorithm.InitialTemperature)}");
        }
    }

    /// <summary>|I_n|, how many users type n has.</summary>
    internal double Users(int type) => Population is { } population ? population.Total * population.Shares[type] : Types[type].Users!.Value;
}

/// <summary>What one task is, and how often each user has one.</summary>
public sealed record ServiceTask
{
    /// <summary>d_i, megabits to send up; &gt; 0.</summary>
    public double InputMegabits { get; init; }

    /// <summary>τ, floating-point operations of inference; &gt; 0.</summary>
    public double ComputeFlop { get; init; }

    /// <summary>d_o, megabits to send down; &gt; 0.</summary>
    public double OutputMegabits { get; init; }

    /// <summary>δ, tasks per second of one user; &gt; 0.</summary>
    public double RatePerUser { get; init; }

    internal static Shape<ServiceTask> Shape { get; } = new Shape<ServiceTask>("What one task is, and how often each user has one.")
        .Number("inputMegabits", "d_i, what a task sends up", t => t.InputMegabits, (ref t, v) => t = t with { InputMegabits = v }, Interval.Positive, "Mb", required: true)
        .Number("computeFlop", "τ, a task's floating-point operations", t => t.ComputeFlop, (ref t, v) => t = t with { ComputeFlop = v }, Interval.Positive, "FLOP", required: true)
        .Number("outputMegabits", "d_o, what a task sends down", t => t.OutputMegabits, (ref t, v) => t = t with { OutputMegabits = v }, Interval.Positive, "Mb", required: true)
        .Number("tasksPerUserPerSecond", "δ, tasks per second of one user", t => t.RatePerUser, (ref t, v) => t = t with { RatePerUser = v }, Interval.Positive, "1/s", required: true);
}

/// <summary>One operator.</summary>
public sealed record ServiceOperator
{
    /// <summary>The largest number of channels or instances.</summary>
    internal const int MostServers = 100_000;

    /// <summary>A name for reports; null: op1, op2, …</summary>
    public string? Name { get; init; }

    /// <summary>c of the uplink; ≥ 1.</summary>
    public int UplinkChannels { get; init; } = 1;

    /// <summary>c of inference; ≥ 1.</summary>
    public int GpuInstances { get; init; } = 1;

    /// <summary>c of the downlink; ≥ 1.</summary>
    public int DownlinkChannels { get; init; } = 1;

    /// <summary>D of one uplink channel, Mb/s; &gt; 0.</summary>
    public double UplinkRate { get; init; }

    /// <summary>D of one GPU instance, FLOP/s; &gt; 0.</summary>
    public double GpuRate { get; init; }

    /// <summary>D of one downlink channel, Mb/s; &gt; 0.</summary>
    public double DownlinkRate { get; init; }

    /// <summary>q, quality of service; ≥ 0.</summary>
    public double Quality { get; init; }

    /// <summary>ϱ ε φ, USD per task; ≥ 0.</summary>
    public double ExecutionCost { get; init; }

    internal static Shape<ServiceOperator> Shape { get; } = new Shape<ServiceOperator>("One operator: three queues, quality and cost.")
        .Text("name", "a name for reports", o => o.Name, (ref o, v) => o = o with { Name = v })
        .Whole("uplinkChannels", "c of the uplink", o => o.UplinkChannels, (ref o, v) => o = o with { UplinkChannels = v }, 1, MostServers, required: true)
        .Whole("gpuInstances", "c of inference", o => o.GpuInstances, (ref o, v) => o = o with { GpuInstances = v }, 1, MostServers, required: true)
        .Whole("downlinkChannels", "c of the downlink", o => o.DownlinkChannels, (ref o, v) => o = o with { DownlinkChannels = v }, 1, MostServers, required: true)
        .Number("uplinkMegabitsPerSecondPerChannel", "D, rate of one uplink channel", o => o.UplinkRate, (ref o, v) => o = o with { UplinkRate = v }, Interval.Positive, "Mb/s", required: true)
        .Number("gpuFlopPerSecondPerInstance", "D, rate of one GPU instance", o => o.GpuRate, (ref o, v) => o = o with { GpuRate = v }, Interval.Positive, "FLOP/s", required: true)
        .Number("downlinkMegabitsPerSecondPerChannel", "D, rate of one downlink channel", o => o.DownlinkRate, (ref o, v) => o = o with { DownlinkRate = v }, Interval.Positive, "Mb/s", required: true)
        .Number("serviceQuality", "q, quality of service", o => o.Quality, (ref o, v) => o = o with { Quality = v }, Interval.NonNegative, required: true)
        .Number("executionCostUsdPerTask", "ϱ ε φ, cost of running a task", o => o.ExecutionCost, (ref o, v) => o = o with { ExecutionCost = v }, Interval.NonNegative, "USD", required: true);
}

/// <summary>One type of users.</summary>
public readonly record struct UserType
{
    /// <summary>A name for reports; null: type1, type2, …</summary>
    public string? Name { get; init; }

    /// <summary>β, USD per second of agreed latency and task; ≥ 0.</summary>
    public double LatencySensitivity { get; init; }

    /// <summary>|I|, how many users; ≥ 0, not necessarily whole; null where the population says.</summary>
    public double? Users { get; init; }

    internal static Shape<UserType> Shape { get; } = new Shape<UserType>("One type of users.")
        .Text("name", "a name for reports", t => t.Name, (ref t, v) => t = t with { Name = v })
        .Number("latencySensitivityUsdPerSecond", "β, what a second of agreed latency costs a task's user", t => t.LatencySensitivity, (ref t, v) => t = t with { LatencySensitivity = v }, Interval.NonNegative, "USD/s", required: true)
        .OptionalNumber("users", "how many users; required without population", t => t.Users, (ref t, v) => t = t with { Users = v }, Interval.NonNegative);
}

/// <summary>Users as shares of a total.</summary>
public sealed record UserPopulation
{
    /// <summary>How many users in all; ≥ 0.</summary>
    public double Total { get; init; }

    /// <summary>The share of each type; each in [0, 1].</summary>
    public ImmutableArray<double> Shares { get; init; } = [];

    internal static Shape<UserPopulation> Shape { get; } = new Shape<UserPopulation>("Users as shares of a total.")
        .Number("total", "how many users in all", t => t.Total, (ref t, v) => t = t with { Total = v }, Interval.NonNegative, required: true)
        .Numbers("shares", "the share of each type", t => t.Shares, (ref t, v) => t = t with { Shares = v }, Interval.Share, required: true);
}

/// <summary>Money, in USD per task unless said otherwise.</summary>
public sealed record MarketEconomics
{
    /// <summary>α_1, USD per point of quality; ≥ 0.</summary>
    public double QualitySensitivity { get; init; }

    /// <summary>R̄, what a user gets back when the agreed latency is exceeded; ≥ 0.</summary>
    public double Refund { get; init; }

    /// <summary>C̄, what the operator loses then, the refund included; ≥ 0.</summary>
    public double ViolationCost { get; init; }

    /// <summary>u_0, what a user has who chooses no operator.</summary>
    public double OutsideOption { get; init; }

    internal static Shape<MarketEconomics> Shape { get; } = new Shape<MarketEconomics>("Money.")
        .Number("qualitySensitivityUsd", "α, what a point of quality is worth to the user of a task", t => t.QualitySensitivity, (ref t, v) => t = t with { QualitySensitivity = v }, Interval.NonNegative, "USD", required: true)
        .Number("refundUsdPerViolation", "R̄, what a user gets back for a task later than agreed", t => t.Refund, (ref t, v) => t = t with { Refund = v }, Interval.NonNegative, "USD", required: true)
        .Number("violationCostUsd", "C̄, what the operator loses by such a task, the refund included", t => t.ViolationCost, (ref t, v) => t = t with { ViolationCost = v }, Interval.NonNegative, "USD", required: true)
        .Number("outsideOptionUsd", "u₀, what a task is worth to its user without any operator", t => t.OutsideOption, (ref t, v) => t = t with { OutsideOption = v }, unit: "USD");
}

/// <summary>The latencies that may be agreed.</summary>
public sealed record LatencyRange
{
    /// <summary>L_min, seconds; ≥ 0.</summary>
    public double Min { get; init; }

    /// <summary>L_max, seconds; above <see cref="Min"/>.</summary>
    public double Max { get; init; }

    internal static Shape<LatencyRange> Shape { get; } = new Shape<LatencyRange>("The latencies that may be agreed.")
        .Number("minSeconds", "the shortest", t => t.Min, (ref t, v) => t = t with { Min = v }, Interval.NonNegative, "s", required: true)
        .Number("maxSeconds", "the longest", t => t.Max, (ref t, v) => t = t with { Max = v }, Interval.Positive, "s", required: true);
}

/// <summary>The law by which the probability of a late task is computed, always that of the aggregate of classes 1..n.</summary>
public enum LatencyTail
{
    /// <summary>Chernoff's bound with the paper's exponent.</summary>
    ChernoffPrinted,

    /// <summary>Chernoff's bound with the best exponent at every latency.</summary>
    ChernoffOptimal,

    /// <summary>The exact tail of three M/M/c stages in tandem.</summary>
    Exact,
}

/// <summary>How an operator chooses the latencies of its menu.</summary>
public enum MenuSolver
{
    /// <summary>The best latency of every type in closed form, then ironing.</summary>
    Global,

    /// <summary>The local minimum that descent from a straight line reaches; reproduces the paper.</summary>
    PaperLocal,

    /// <summary>The best nondecreasing latencies, by dynamic programming.</summary>
    Exact,
}

/// <summary>How the methods proceed.</summary>
/// <remarks>The defaults are the paper's where it prints them, and those of the calibration that reproduces its Table I where it does not.</remarks>
public sealed record MarketAlgorithm
{
    /// <summary>The law of latency.</summary>
    public LatencyTail Tail { get; init; }

    /// <summary>ζ, the printed exponent's share of its limit; in (0, 1).</summary>
    public double Zeta { get; init; } = 0.9;

    /// <summary>How menus are designed.</summary>
    public MenuSolver MenuSolver { get; init; }

    /// <summary>ρ, the demand that every menu item is designed for at least, as a share; in [0, 1).</summary>
    public double DemandFloor { get; init; } = 0.05;

    /// <summary>ϑ, the step towards the mixed response; in (0, 1].</summary>
    public double Damping { get; init; } = 0.35;

    /// <summary>K, iterations of msmc; ≥ 1.</summary>
    public int MaxIterations { get; init; } = 50;

    /// <summary>τ of the first iteration, USD; &gt; 0.</summary>
    public double InitialTemperature { get; init; } = 1e-4;

    /// <summary>τ of the last iteration, USD; &gt; 0.</summary>
    public double FinalTemperature { get; init; } = 1e-5;

    /// <summary>χ, the share of its capacity that an operator lets itself be loaded with; in (0, 1].</summary>
    public double CapacityFactor { get; init; } = 0.95;

    /// <summary>v, step of the shadow price, USD; ≥ 0.</summary>
    public double ShadowPriceStep { get; init; } = 1e-5;

    /// <summary>msmc stops when no share moves by more; ≥ 0; 0: never.</summary>
    public double ConvergenceTolerance { get; init; }

    internal static Shape<MarketAlgorithm> Shape { get; } = new Shape<MarketAlgorithm>("How the methods proceed.")
        .Choice("tail", "the law by which the probability of a late task is computed", t => t.Tail, (ref t, v) => t = t with { Tail = v }, kebab: true)
        .Number("zeta", "ζ, the printed exponent's share of its limit", t => t.Zeta, (ref t, v) => t = t with { Zeta = v }, new(0, Math.BitDecrement(1), ExcludesMin: true))
        .Choice("menuSolver", "how an operator chooses its latencies", t => t.MenuSolver, (ref t, v) => t = t with { MenuSolver = v }, kebab: true)
        .Number("demandFloor", "ρ, the share of every type that msmc designs for at least", t => t.DemandFloor, (ref t, v) => t = t with { DemandFloor = v }, new(0, Math.BitDecrement(1)))
        .Number("damping", "ϑ, msmc's step towards the mixed response", t => t.Damping, (ref t, v) => t = t with { Damping = v }, new(0, 1, ExcludesMin: true))
        .Whole("maxIterations", "K, iterations of msmc", t => t.MaxIterations, (ref t, v) => t = t with { MaxIterations = v }, 1, 10_000_000)
        .Number("initialTemperatureUsd", "τ of msmc's first iteration", t => t.InitialTemperature, (ref t, v) => t = t with { InitialTemperature = v }, Interval.Positive, "USD")
        .Number("finalTemperatureUsd", "τ of msmc's last iteration", t => t.FinalTemperature, (ref t, v) => t = t with { FinalTemperature = v }, Interval.Positive, "USD")
        .Number("capacityFactor", "χ, the share of its capacity that an operator lets itself be loaded with", t => t.CapacityFactor, (ref t, v) => t = t with { CapacityFactor = v }, new(0, 1, ExcludesMin: true))
        .Number("shadowPriceStepUsd", "v, step of the shadow price of capacity", t => t.ShadowPriceStep, (ref t, v) => t = t with { ShadowPriceStep = v }, Interval.NonNegative, "USD")
        .Number("convergenceTolerance", "msmc stops when no share moves by more", t => t.ConvergenceTolerance, (ref t, v) => t = t with { ConvergenceTolerance = v }, Interval.NonNegative);
}
