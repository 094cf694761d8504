using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Menuet.Documents;

namespace Menuet;

/// <summary>
/// What a policy is trained on and judged by: the markets that are drawn, how an action is read, what is rewarded. A document: every option has a name.
/// </summary>
public interface IScenario
{
    /// <summary>Many markets in play at once.</summary>
    /// <param name="environments">How many, ≥ 1; the environment has this many × agents rows.</param>
    IEnvironment Start(int environments);

    /// <summary>Plays markets that no training saw, and solves each of them exactly beside it.</summary>
    /// <param name="policy">Of this scenario's observation and action sizes.</param>
    /// <param name="draws">Markets (one-step scenarios) or episodes, ≥ 1.</param>
    /// <param name="seed">Of the draws; the same seed draws the same markets for every policy.</param>
    /// <param name="cancellation">Ends the evaluation early.</param>
    Evaluation Evaluate(IPolicy policy, int draws, ulong seed, CancellationToken cancellation);

    /// <summary>Rules between several options; the ranges of single ones are the document's. Empty when all is well.</summary>
    IEnumerable<Problem> Problems() => [];
}

/// <summary>A scenario of one mechanism, that a policy can also answer a given market in.</summary>
public interface IScenario<in TMarket, TOutcome> : IScenario
    where TOutcome : class
{
    /// <summary>What the policy decides for a market; <see cref="Termination.Candidate"/>, whatever it is worth.</summary>
    /// <exception cref="InvalidRequestException">The policy cannot see this market, such as one with another number of types.</exception>
    Solution<TOutcome> Answer(TMarket market, IPolicy policy);
}

/// <summary>How a mechanism is played, without its types.</summary>
public interface IEnvironmentDoor
{
    /// <summary>What is observed, decided and rewarded, in a few words.</summary>
    string Summary { get; }

    /// <summary>JSON Schema (2020-12) of the scenario's document.</summary>
    JsonObject Schema();

    /// <summary>Reads a scenario.</summary>
    /// <param name="scenario">UTF-8 JSON: the options that differ from the defaults.</param>
    /// <exception cref="InvalidRequestException">The document is invalid; all problems at once.</exception>
    IScenario Read(ReadOnlySpan<byte> scenario);

    /// <summary>Writes every option of a scenario that <see cref="Read"/> made.</summary>
    byte[] Write(IScenario scenario);
}

/// <summary>How well a policy did on draws that it never saw.</summary>
public sealed record Evaluation
{
    /// <summary>Markets or episodes played.</summary>
    public required int Draws { get; init; }

    /// <summary>Of the draws.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Unit of the rewards below.</summary>
    public required string Unit { get; init; }

    /// <summary>Mean exact optimum of the draws, in <see cref="Unit"/>.</summary>
    public required double OptimumReward { get; init; }

    /// <summary>The score at each tolerance, smallest tolerance first.</summary>
    public required ImmutableArray<ToleranceScore> Tolerances { get; init; }

    /// <summary>The tolerance that the scenario is judged by, one of <see cref="Tolerances"/>.</summary>
    public required double FeasibilityTolerance { get; init; }

    /// <summary>Largest violation of a constraint in any solvable draw (one for which a feasible answer exists), as a share of the draw's money scale; 0 when all hold.</summary>
    public required double WorstViolation { get; init; }

    /// <summary>What else was measured: violations by kind, welfare, regret, references such as a posted uniform menu.</summary>
    public ImmutableArray<Measure> Measures { get; init; } = [];

    /// <summary>Mean time in which the policy decides one draw when it decides all of them together.</summary>
    public required TimeSpan InferenceTime { get; init; }

    /// <summary>Mean time in which the exact solver decides one draw.</summary>
    public required TimeSpan ExactTime { get; init; }

    /// <summary>The score at <see cref="FeasibilityTolerance"/>.</summary>
    public ToleranceScore Score => Tolerances.First(score => score.Tolerance == FeasibilityTolerance);
}

/// <summary>The score when constraints may be violated by a tolerance.</summary>
/// <param name="Tolerance">Share of the money scale that a constraint may be violated by.</param>
/// <param name="MeanReward">Mean objective, an infeasible answer counted as 0.</param>
/// <param name="StandardDeviation">Of the same over draws.</param>
/// <param name="FeasibleShare">Share of draws with a feasible answer.</param>
/// <param name="ReachableReward">Mean optimum over draws whose feasible set, so widened, has an interior.</param>
/// <param name="ShareOfOptimum">Mean reward over the mean optimum.</param>
/// <param name="ShareOfReachable">Mean reward over the reachable reward.</param>
public sealed record ToleranceScore(
    double Tolerance, double MeanReward, double StandardDeviation, double FeasibleShare, double ReachableReward, double ShareOfOptimum, double ShareOfReachable);

/// <summary>One more thing that was measured.</summary>
/// <param name="Name">camelCase, as in JSON.</param>
/// <param name="Meaning">In a few words.</param>
/// <param name="Unit">Empty for pure numbers.</param>
/// <param name="Mean">Over draws.</param>
/// <param name="StandardDeviation">Over draws; 0 for what is measured once.</param>
public sealed record Measure(string Name, string Meaning, string Unit, double Mean, double StandardDeviation);

/// <summary>How a mechanism is played: data, not a base class.</summary>
/// <param name="summary">What is observed, decided and rewarded.</param>
/// <param name="shape">The scenario's document.</param>
internal sealed class EnvironmentDoor<TScenario>(string summary, Shape<TScenario> shape) : IEnvironmentDoor
    where TScenario : class, IScenario, new()
{
    /// <inheritdoc/>
    public string Summary { get; } = summary;

    /// <inheritdoc/>
    public JsonObject Schema() => shape.Schema(SchemaDirection.Input);

    /// <inheritdoc/>
    public IScenario Read(ReadOnlySpan<byte> scenario)
    {
        var document = Document.Read(scenario, shape);
        var problems = document.Problems.IsEmpty ? [.. document.Value.Problems()] : document.Problems;
        return problems.IsEmpty ? document.Value : throw new InvalidRequestException(problems);
    }

    /// <inheritdoc/>
    public byte[] Write(IScenario scenario)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            shape.Write(writer, (TScenario)scenario);
        }

        return stream.ToArray();
    }
}
