using System.Collections.Immutable;
using System.Diagnostics;

namespace Menuet.Screening;

/// <summary>What a menu is worth and how far it breaks its constraints.</summary>
/// <param name="Objective">The designer's objective, money, whether or not the menu is feasible.</param>
/// <param name="Participation">Largest violation of individual rationality, as a share of the money scale; 0 when all hold.</param>
/// <param name="Truth">Largest violation of incentive compatibility, the same way.</param>
internal readonly record struct Judgement(double Objective, double Participation, double Truth)
{
    /// <summary>What arithmetic in double precision may cost where a constraint binds, as a share of the money scale.</summary>
    internal const double Rounding = 1e-11;

    /// <summary>Whether all constraints hold up to a tolerance, a share of the money scale; false for NaN.</summary>
    internal bool Holds(double tolerance) => Participation <= Math.Max(tolerance, Rounding) && Truth <= Math.Max(tolerance, Rounding);

    /// <summary>Judges a menu in which type i values item k at <c>types[i] × values[k] − payments[k]</c>; all ordered pairs, one by one.</summary>
    /// <param name="objective">The designer's.</param>
    /// <param name="types">One per type.</param>
    /// <param name="values">Of each type's item.</param>
    /// <param name="payments">Of each type's item.</param>
    /// <param name="scale">Money that violations are measured by; &gt; 0.</param>
    internal static Judgement Of(
        double objective, ReadOnlySpan<double> types, ReadOnlySpan<double> values, ReadOnlySpan<double> payments, double scale)
    {
        double participation = 0, truth = 0;
        for (var i = 0; i < types.Length; i++)
        {
            var own = (types[i] * values[i]) - payments[i];
            participation = Math.Max(participation, -own);
            for (var k = 0; k < types.Length; k++)
            {
                truth = Math.Max(truth, (types[i] * values[k]) - payments[k] - own);
            }
        }

        return new(objective, participation / scale, truth / scale);
    }
}

/// <summary>One room's side of an evaluation: the market of a draw, its exact optimum, its references, and a judge that shares no code with rewards.</summary>
/// <param name="environment">Deals the draws and decodes actions.</param>
internal abstract class ContractExaminer(ContractEnvironment environment)
{
    /// <summary>Deals the draws.</summary>
    internal ContractEnvironment Environment => environment;

    /// <summary>Names and meanings of what <see cref="Refer"/> computes.</summary>
    internal abstract ImmutableArray<(string Name, string Meaning)> References { get; }

    /// <summary>Turns to the market of a row.</summary>
    internal abstract void Take(int row);

    /// <summary>The exact optimum; 0 and false where no menu is feasible.</summary>
    internal abstract (double Optimum, bool Exists) Solve();

    /// <summary>The menu that an action stands for, judged.</summary>
    internal abstract Judgement Judge(ReadOnlySpan<float> action);

    /// <summary>Whether some feasible set of payments, every constraint loosened by a tolerance, has an interior.</summary>
    internal abstract bool IsReachable(double tolerance);

    /// <summary>The objectives of the reference schemes, money.</summary>
    internal abstract void Refer(Span<double> objectives);
}

/// <summary>Plays draws that no training saw, judges each answer and solves each market beside it.</summary>
internal static class ContractEvaluation
{
    private const int Chunk = 2048;
    private const ulong RandomActions = 1UL << 62;

    private static readonly ImmutableArray<double> StandardTolerances = [0, 1e-3, 1e-2];

    /// <param name="examiner">Makes the examiner of some rows whose first stream is given.</param>
    /// <param name="policy">Decides.</param>
    /// <param name="draws">How many, ≥ 1.</param>
    /// <param name="seed">Of the draws.</param>
    /// <param name="judged">The tolerance that the scenario is judged by.</param>
    /// <param name="cancellation">Ends it early.</param>
    internal static Evaluation Run(
        Func<int, ulong, ContractExaminer> examiner, IPolicy policy, int draws, ulong seed, double judged, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(draws);
        var sums = new Sums([.. StandardTolerances.Append(judged).Distinct().Order()]);
        var random = Rng.Stream(seed, RandomActions);
        TimeSpan inference = default, exact = default;
        for (var first = 0; first < draws; first += Chunk)
        {
            var count = Math.Min(Chunk, draws - first);
            var chunk = examiner(count, ContractEnvironment.Unseen + (ulong)first);
            var environment = chunk.Environment;
            Require(policy, environment);
            environment.Reset(seed);
            var observations = new float[count * environment.ObservationSize];
            var actions = new float[count * environment.ActionSize];
            var drawn = new float[environment.ActionSize];
            environment.Observe(observations);
            if (first == 0)
            {
                policy.Act(observations, actions, count);   // so that compiling is not timed
                chunk.Take(0);
                chunk.Solve();
            }

            var start = Stopwatch.GetTimestamp();
            policy.Act(observations, actions, count);
            inference += Stopwatch.GetElapsedTime(start);
            var references = new double[chunk.References.Length];
            for (var row = 0; row < count; row++)
            {
                cancellation.ThrowIfCancellationRequested();
                chunk.Take(row);
                start = Stopwatch.GetTimestamp();
                var (optimum, exists) = chunk.Solve();
                exact += Stopwatch.GetElapsedTime(start);
                foreach (ref var entry in drawn.AsSpan())
                {
                    entry = (float)((2 * random.NextDouble()) - 1);
                }

                chunk.Refer(references);
                sums.Add(
                    chunk, optimum, exists, chunk.Judge(actions.AsSpan(row * drawn.Length, drawn.Length)), chunk.Judge(drawn), references);
            }
        }

        return sums.Conclude(draws, seed, judged, inference / draws, exact / draws);
    }

    /// <summary>A policy that cannot see or decide what a scenario asks is refused.</summary>
    internal static void Require(IPolicy policy, ContractEnvironment environment)
    {
        ArgumentNullException.ThrowIfNull(policy);
        if (policy.ObservationSize != environment.ObservationSize || policy.ActionSize != environment.ActionSize)
        {
            throw new InvalidRequestException([new("--solver", FormattableString.Invariant(
                $"the policy takes {policy.ObservationSize} numbers and decides {policy.ActionSize}; this scenario shows {environment.ObservationSize} and asks for {environment.ActionSize}: use the scenario that it was trained on"))]);
        }
    }

    /// <summary>Gathers draws.</summary>
    private sealed class Sums(ImmutableArray<double> tolerances)
    {
        private readonly Moments[] rewards = [.. tolerances.Select(_ => new Moments())];
        private readonly Moments[] feasible = [.. tolerances.Select(_ => new Moments())];
        private readonly Moments[] reachable = [.. tolerances.Select(_ => new Moments())];
        private readonly Moments optima = new(), exists = new(), objective = new(), regret = new(), participation = new(), truth = new(),
            random = new(), randomFeasible = new();

        private Moments[] references = [];
        private ImmutableArray<(string Name, string Meaning)> referenceNames = [];

        internal void Add(
            ContractExaminer examiner, double optimum, bool feasibleExists, Judgement judgement, Judgement drawn, ReadOnlySpan<double> objectives)
        {
            if (references.Length == 0)
            {
                referenceNames = examiner.References;
                references = [.. referenceNames.Select(_ => new Moments())];
            }

            optima.Add(optimum);
            exists.Add(feasibleExists ? 1 : 0);
            for (var t = 0; t < tolerances.Length; t++)
            {
                // Where no menu is feasible nothing is earned, whatever the tolerance would let pass.
                var holds = feasibleExists && judgement.Holds(tolerances[t]);
                rewards[t].Add(holds ? judgement.Objective : 0);
                feasible[t].Add(holds ? 1 : 0);
                reachable[t].Add(feasibleExists && examiner.IsReachable(tolerances[t]) ? optimum : 0);
            }

            objective.Add(judgement.Objective);
            regret.Add(optimum - (feasibleExists && judgement.Holds(tolerances[0]) ? judgement.Objective : 0));
            if (feasibleExists)
            {
                // Elsewhere every answer violates something: that says nothing of the policy.
                participation.Add(judgement.Participation);
                truth.Add(judgement.Truth);
            }

            var lucky = feasibleExists && drawn.Holds(0);
            random.Add(lucky ? drawn.Objective : 0);
            randomFeasible.Add(lucky ? 1 : 0);
            for (var r = 0; r < references.Length; r++)
            {
                references[r].Add(objectives[r]);
            }
        }

        internal Evaluation Conclude(int draws, ulong seed, double judged, TimeSpan inference, TimeSpan exact) => new()
        {
            Draws = draws,
            Seed = seed,
            Unit = "money",
            OptimumReward = optima.Mean,
            Tolerances =
            [
                .. tolerances.Select((tolerance, t) => new ToleranceScore(
                    tolerance, rewards[t].Mean, rewards[t].Deviation, feasible[t].Mean, reachable[t].Mean, Share(rewards[t].Mean, optima.Mean),
                    Share(rewards[t].Mean, reachable[t].Mean))),
            ],
            FeasibilityTolerance = judged,
            WorstViolation = Math.Max(participation.Largest, truth.Largest),
            Measures =
            [
                new("worstIndividualRationality", "largest violation of individual rationality in any solvable draw, as a share of the money scale", "", participation.Largest, 0),
                new("worstIncentiveCompatibility", "largest violation of incentive compatibility in any solvable draw, as a share of the money scale", "", truth.Largest, 0),
                new("individualRationality", "largest violation of individual rationality in a solvable draw, as a share of the money scale", "", participation.Mean, participation.Deviation),
                new("incentiveCompatibility", "largest violation of incentive compatibility in a solvable draw, as a share of the money scale", "", truth.Mean, truth.Deviation),
                new("objective", "objective of the policy's menus, feasible or not", "money", objective.Mean, objective.Deviation),
                new("regret", "optimum less the reward at tolerance 0", "money", regret.Mean, regret.Deviation),
                new("optimum", "exact optimum, 0 where no menu is feasible", "money", optima.Mean, optima.Deviation),
                new("solvableShare", "draws for which a feasible menu exists", "", exists.Mean, exists.Deviation),
                .. referenceNames.Select((reference, r) => new Measure(reference.Name, reference.Meaning, "money", references[r].Mean, references[r].Deviation)),
                new("random", "reward of uniformly random actions at tolerance 0", "money", random.Mean, random.Deviation),
                new("randomFeasibleShare", "feasible share of uniformly random actions at tolerance 0", "", randomFeasible.Mean, randomFeasible.Deviation),
            ],
            InferenceTime = inference,
            ExactTime = exact,
        };

        /// <summary>Of nothing, nothing.</summary>
        private static double Share(double reward, double whole) => whole == 0 ? 0 : reward / whole;
    }

    /// <summary>Mean and deviation of numbers that come one by one (Welford 1962).</summary>
    private sealed class Moments
    {
        private long count;
        private double squares;

        internal double Mean { get; private set; }

        /// <summary>Of numbers ≥ 0; 0 of none.</summary>
        internal double Largest { get; private set; }

        internal double Deviation => count > 1 ? Math.Sqrt(squares / (count - 1)) : 0;

        internal void Add(double value)
        {
            count++;
            var step = value - Mean;
            Mean += step / count;
            squares += step * (value - Mean);
            Largest = Math.Max(Largest, value);
        }
    }
}
