using Menuet.Documents;
using Menuet.Learning.Training;

namespace Menuet.Learning.Tests.Training;

/// <summary>The games of these tests behind doors, as the rooms have theirs.</summary>
internal static class ToyScenarios
{
    internal static IReadOnlyDictionary<string, IEnvironmentDoor> Doors { get; } = new Dictionary<string, IEnvironmentDoor>
    {
        ["bandit"] = new EnvironmentDoor<BanditScenario>("a one-step game", BanditScenario.Shape),
        ["team"] = new EnvironmentDoor<TeamScenario>("two agents", TeamScenario.Shape),
    };

    internal static Experiment Read(string json) => Experiment.Read(System.Text.Encoding.UTF8.GetBytes(json), Doors);

    internal static Evaluation Judge(IEnvironment environment, IPolicy policy, int draws, ulong seed)
    {
        var reward = Play.MeanReward(environment, policy, 1, seed);
        return new()
        {
            Draws = draws,
            Seed = seed,
            Unit = "points",
            OptimumReward = 1,
            FeasibilityTolerance = 0,
            WorstViolation = 0,
            Tolerances = [new(0, reward, 0.1, 1, 1, reward, reward)],
            Measures = [new("regret", "distance from the optimum", "points", 1 - reward, 0)],
            InferenceTime = TimeSpan.FromMicroseconds(1),
            ExactTime = TimeSpan.FromMicroseconds(2),
        };
    }
}

internal sealed record BanditScenario : IScenario
{
    internal static Shape<BanditScenario> Shape { get; } = new Shape<BanditScenario>("")
        .Number("bonus", "added to the reward", s => s.Bonus, (ref s, v) => s = s with { Bonus = v }, Interval.NonNegative);

    public double Bonus { get; init; }

    public IEnvironment Start(int environments) => new Bandit(environments);

    public Evaluation Evaluate(IPolicy policy, int draws, ulong seed, CancellationToken cancellation) =>
        ToyScenarios.Judge(new Bandit(draws), policy, draws, seed);
}

internal sealed record TeamScenario : IScenario
{
    internal static Shape<TeamScenario> Shape { get; } = new("");

    public IEnvironment Start(int environments) => new Team(environments);

    public Evaluation Evaluate(IPolicy policy, int draws, ulong seed, CancellationToken cancellation) =>
        ToyScenarios.Judge(new Team(draws), policy, draws, seed);
}

/// <summary>A folder that goes when the test ends.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("menuet-");

    internal string Path => _folder.FullName;

    internal string Under(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => _folder.Delete(recursive: true);
}
