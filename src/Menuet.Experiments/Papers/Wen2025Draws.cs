using System.Collections.Immutable;
using Menuet.Mechanisms.RewardContract;

namespace Menuet.Experiments.Papers;

/// <summary>Random states of Wen et al. 2025, Section 5.1.2, and what each scheme makes of them.</summary>
/// <remarks>Calibrated where the paper gives nothing: η = 20, ratings of the low type 1 to 9, of the high type 2 to 10; the two ranges of reputation, printed swapped, are put right.</remarks>
internal sealed class Wen2025Draws
{
    /// <summary>Largest reward of the random scheme; the paper's is unknown.</summary>
    internal const double LargestReward = 6;

    /// <summary>Largest reward at which utility that ignores constraints averages what Table 2 prints for Random.</summary>
    internal const double PrintedReward = 91.6;

    private const int Audited = 500;

    private Wen2025Draws(ImmutableArray<State> states, int seeds) => (States, Seeds) = (states, seeds);

    /// <summary>All seeds' states, seed by seed.</summary>
    internal ImmutableArray<State> States { get; }

    internal int Seeds { get; }

    internal static Wen2025Draws Of(Conditions conditions)
    {
        var each = conditions.Of(3_000, 100_000);
        var states = ImmutableArray.CreateBuilder<State>(each * conditions.Seeds);
        for (var seed = 0; seed < conditions.Seeds; seed++)
        {
            var rng = Rng.Stream((ulong)seed, 1);
            for (var i = 0; i < each; i++)
            {
                conditions.Cancellation.ThrowIfCancellationRequested();
                states.Add(Play(conditions, Market(ref rng), audit: i < Audited, ref rng));
            }

            conditions.Progress((seed + 1.0) / conditions.Seeds);
        }

        return new(states.MoveToImmutable(), conditions.Seeds);
    }

    /// <summary>A state with whole ratings.</summary>
    private static RewardMarket Market(ref Rng rng) => new()
    {
        UnitCost = Uniform(ref rng, 1, 3),
        UtilityCoefficient = 20,
        TypeModel = new()
        {
            ReputationMin = Uniform(ref rng, 5, 10),
            ReputationMax = Uniform(ref rng, 10, 15),
            Count = 2,
            Alpha = Uniform(ref rng, 1, 2),
            Beta = Uniform(ref rng, 1, 2),
        },
        Qualities = [1 + rng.NextInt(9), 2 + rng.NextInt(9)],
    };

    /// <summary>The mean over states with its interval.</summary>
    internal Quantity Mean(string name, string meaning, string unit, Func<State, double> value) => Quantity.Mean(name, meaning, unit, [.. States.Select(value)]);

    /// <summary>A statistic of each seed's states, averaged over seeds.</summary>
    internal Quantity BySeed(string name, string meaning, string unit, Func<State[], double> statistic) =>
        Quantity.Mean(name, meaning, unit, [.. States.Chunk(States.Length / Seeds).Select(statistic)]);

    /// <summary>The mean over those states that have a feasible contract.</summary>
    internal Quantity FeasibleMean(string name, string meaning, Func<State, double> value) =>
        Quantity.Mean(name, meaning, "money", [.. States.Where(state => state.Feasible).Select(value)]);

    internal static double Deviation(IEnumerable<double> values)
    {
        var list = values.ToArray();
        var mean = list.Average();
        return Math.Sqrt(list.Sum(value => (value - mean) * (value - mean)) / (list.Length - 1));
    }

    internal static double Uniform(ref Rng rng, double from, double to) => from + ((to - from) * rng.NextDouble());

    private static State Play(Conditions conditions, RewardMarket market, bool audit, ref Rng rng)
    {
        var door = conditions.InUse(RewardContractMechanism.Door);
        var solution = door.SolverList[0].Solve(market, new(), CancellationToken.None);
        var answer = door.Describe(market, solution);
        var pooled = door.Answer(market with { OnNonMonotone = NonMonotone.Pool }, new(), CancellationToken.None);
        var (low, high) = (pooled.Menu[0], pooled.Menu[1]);
        var terms = new Terms(market.UnitCost, market.UtilityCoefficient, low.Reputation!.Value, high.Reputation!.Value, low.Probability!.Value, market.Qualities[0], market.Qualities[1]);
        var mean = (terms.Share * terms.Quality1) + ((1 - terms.Share) * terms.Quality2);
        var uniform = market.UnitCost * mean / terms.Reputation1;
        var (first, second, between) = (rng.NextDouble(), rng.NextDouble(), rng.NextDouble());
        var accepted = terms.Accepts(LargestReward * first, LargestReward * second);

        // A pair that keeps the lowest type in and both truthful; Eq. (7) says that the high type then stays too.
        var kept = (terms.Floor * (1 + first)) + terms.Least + ((terms.Most - terms.Least) * between);
        return new()
        {
            Terms = terms,
            Feasible = answer.Objective is not null,
            Contract = answer.Objective ?? 0,
            Complete = terms.Utility(terms.Floor, market.UnitCost * terms.Quality2 / terms.Reputation2),
            Uniform = (terms with { Quality1 = mean, Quality2 = mean }).Utility(uniform, uniform),
            Pooled = pooled.Objective!.Value,
            Average = terms.Quality1 == terms.Quality2 ? terms.Utility(terms.Floor, terms.Floor) : 0,
            Random = accepted ? terms.Utility(LargestReward * first, LargestReward * second) : 0,
            RandomFeasible = accepted,
            Raw = terms.Utility(PrintedReward * first, PrintedReward * second),
            HighTypeStays = terms.Falls || (terms.Reputation2 * kept) - (terms.UnitCost * terms.Quality2) >= -1e-9,
            Certified = answer.Objective is not { } objective
                ? solution.Termination == Termination.Infeasible
                : solution.Termination == Termination.Optimal && Math.Abs(solution.Bound - objective) <= 1e-9 * (1 + Math.Abs(solution.Bound)) && (!audit || door.Audit(market, answer, new()).Holds),
        };
    }

    /// <summary>A state's numbers, and Problem 3 for two types written out.</summary>
    internal readonly record struct Terms(double UnitCost, double Value, double Reputation1, double Reputation2, double Share, double Quality1, double Quality2)
    {
        internal bool Falls => Quality2 < Quality1;

        /// <summary>The low type's least reward.</summary>
        internal double Floor => UnitCost * Quality1 / Reputation1;

        /// <summary>Truth-telling asks for R2 − R1 between this and <see cref="Most"/>; for falling quality it lies above.</summary>
        internal double Least => UnitCost * (Quality2 - Quality1) / Reputation2;

        internal double Most => UnitCost * (Quality2 - Quality1) / Reputation1;

        internal bool Accepts(double reward1, double reward2) => reward1 >= Floor && reward2 - reward1 >= Least && reward2 - reward1 <= Most;

        internal double Utility(double reward1, double reward2) =>
            (Share * ((Value * Math.Log(Quality1 + 1)) - reward1)) + ((1 - Share) * ((Value * Math.Log(Quality2 + 1)) - reward2));
    }

    /// <summary>One state and what each scheme earns in it, money.</summary>
    internal readonly record struct State
    {
        internal required Terms Terms { get; init; }

        /// <summary>Whether any rewards are incentive compatible.</summary>
        internal required bool Feasible { get; init; }

        /// <summary>The exact contract; 0 where there is none, as in Eq. (14).</summary>
        internal required double Contract { get; init; }

        /// <summary>Types known: every creator is held to its cost.</summary>
        internal required double Complete { get; init; }

        /// <summary>One item for all: the mean quality at the price of the lowest reputation.</summary>
        internal required double Uniform { get; init; }

        /// <summary>The exact contract for the nearest monotone qualities.</summary>
        internal required double Pooled { get; init; }

        /// <summary>The paper's Average: one reward while qualities differ; 0 where that breaks truth-telling.</summary>
        internal required double Average { get; init; }

        /// <summary>Rewards uniform on [0, 6]; 0 where infeasible.</summary>
        internal required double Random { get; init; }

        internal required bool RandomFeasible { get; init; }

        /// <summary>Rewards uniform on [0, 91.6], constraints ignored.</summary>
        internal required double Raw { get; init; }

        /// <summary>Whether random truthful rewards that the low type accepts keep the high type; true where there are none.</summary>
        internal required bool HighTypeStays { get; init; }

        /// <summary>The solver's answer is proven, and passes where it is audited.</summary>
        internal required bool Certified { get; init; }
    }
}
