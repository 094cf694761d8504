using System.Collections.Immutable;

namespace Menuet;

/// <summary>A way to an outcome: exact, iterative, or a trained policy.</summary>
/// <typeparam name="TMarket">The market it takes.</typeparam>
/// <typeparam name="TOutcome">The decisions it makes.</typeparam>
public interface ISolver<in TMarket, TOutcome>
    where TMarket : IMarket
    where TOutcome : class
{
    /// <summary>Kebab-case and stable: files and commands name it.</summary>
    string Name { get; }

    /// <summary>One sentence: the method and what it guarantees.</summary>
    string Summary { get; }

    /// <summary>Claims this solver guarantees on this market whenever it returns an outcome.</summary>
    ImmutableArray<Claim> Promises(TMarket market);

    /// <summary>Solves a valid market. Never throws for a hard instance: see <see cref="Termination"/>.</summary>
    /// <exception cref="InvalidRequestException">The market is outside this solver's stated limits.</exception>
    /// <exception cref="OperationCanceledException">Cancelled before there was anything to show.</exception>
    Solution<TOutcome> Solve(TMarket market, SolveOptions options, CancellationToken cancellation);
}

/// <summary>What every solver and audit takes.</summary>
/// <param name="Tolerance">Permitted violation of a constraint, relative to one plus the largest payment; default 1e-9.</param>
/// <param name="MaxIterations">Limit for iterative solvers; default 10,000.</param>
/// <param name="Seed">Seed of everything random; default 0.</param>
/// <param name="TimeLimit">Wall-clock limit after which the best outcome so far is returned; null: none.</param>
public sealed record SolveOptions(
    double Tolerance = 1e-9, int MaxIterations = 10_000, ulong Seed = 0, TimeSpan? TimeLimit = null);

/// <summary>What came back and why it stopped. It carries no objective: a solver does not grade its own work.</summary>
/// <param name="Termination">Why the solver stopped.</param>
/// <param name="Outcome">Null exactly when there is none to show.</param>
/// <param name="Bound">Proven upper bound on the objective; NaN when none is known.</param>
/// <param name="Iterations">The solver's own count of its main loop.</param>
/// <param name="Note">A sentence for people; may be empty.</param>
/// <param name="Reason">Kebab-case code that says why there is no outcome; empty otherwise.</param>
public sealed record Solution<TOutcome>(
    Termination Termination, TOutcome? Outcome, double Bound = double.NaN, long Iterations = 0, string Note = "", string Reason = "")
    where TOutcome : class;

/// <summary>Why a solver stopped.</summary>
public enum Termination
{
    /// <summary>Proven best: by a theorem named in the solver's docs, or by exhausted search.</summary>
    Optimal,

    /// <summary>The stopping rule was met; no claim of global optimality.</summary>
    Converged,

    /// <summary>An answer without any claim, as from a policy, a baseline or a grid; read the audit.</summary>
    Candidate,

    /// <summary>Proven to have no solution.</summary>
    Infeasible,

    /// <summary>Iterations or time ran out; the best outcome so far is kept.</summary>
    LimitReached,

    /// <summary>Arithmetic failed; the note says where.</summary>
    NumericalTrouble,
}
