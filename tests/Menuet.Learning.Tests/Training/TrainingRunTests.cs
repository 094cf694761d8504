using System.Text;
using Menuet.Learning.Training;

namespace Menuet.Learning.Tests.Training;

public sealed class TrainingRunTests
{
    private const string Ppo = """
        { "kind": "training", "name": "toy", "environment": { "kind": "bandit" }, "environments": 32,
          "algorithm": { "name": "ppo", "horizon": 4, "minibatch": 64, "epochs": 2 }, "actor": { "network": "mixture" }, "critic": { "network": "mlp", "hidden": [8] },
          "updates": 80, "evaluation": { "every": 24, "draws": 50, "finalDraws": 60 }, "checkpoint": { "every": 12 }, "log": { "every": 8 } }
        """;

    private const string Sac = """
        { "environment": { "kind": "bandit" }, "environments": 8,
          "algorithm": { "name": "sac", "warmup": 64, "batch": 32, "capacity": 500, "discount": 0 }, "actor": { "network": "mlp", "hidden": [8] },
          "critic": { "network": "mlp", "hidden": [8] }, "steps": 500, "checkpoint": { "every": 10 }, "log": { "every": 7 } }
        """;

    private const string Mappo = """
        { "environment": { "kind": "team" }, "environments": 8, "algorithm": { "name": "mappo", "horizon": 3, "epochs": 2 },
          "actor": { "network": "mlp", "hidden": [8] }, "critic": { "network": "mlp", "hidden": [8] }, "updates": 30, "log": { "every": 0 } }
        """;

    private const string DiffusionQ = """
        { "environment": { "kind": "bandit" }, "environments": 8,
          "algorithm": { "name": "diffusion-q", "warmup": 32, "batch": 32, "capacity": 300 }, "actor": { "network": "diffusion", "hidden": [8], "timeSize": 4 },
          "critic": { "network": "mlp", "hidden": [8] }, "updates": 30, "checkpoint": { "every": 10 } }
        """;

    public static TheoryData<string> Experiments => [Ppo, Sac, Mappo, DiffusionQ];

    [Theory]
    [MemberData(nameof(Experiments))]
    public void StoppedAndContinued_GivesTheSameBytes_AsNeverStopped(string json)
    {
        using var folder = new TemporaryFolder();
        var experiment = ToyScenarios.Read(json);
        Train(experiment, folder.Under("whole"));
        foreach (var stop in new[] { 3, 4, 6 })
        {
            var rounds = 0;
            using var cancellation = new CancellationTokenSource();
            using (var run = new TrainingRun(experiment, 5, folder.Under("parts"), resume: stop > 3))
            {
                Assert.Equal(stop > 3, run.IsResumed);
                var result = run.Run(_ => { if (++rounds == stop) cancellation.Cancel(); }, cancellation.Token);
                Assert.False(result.IsFinished);
                Assert.Null(result.Evaluation);
            }
            Assert.True(TrainedPolicy.Read(folder.Under("parts/policy.json"), ToyScenarios.Doors).EvaluationJson.IsEmpty);
        }
        Train(experiment, folder.Under("parts"), resume: true);
        AssertSame(folder.Under("whole"), folder.Under("parts"));
    }

    [Fact]
    public void KilledAtAnyMoment_ContinuesFromTheLastCheckpoint_AndCutsTheLogBack()
    {
        using var folder = new TemporaryFolder();
        var experiment = ToyScenarios.Read(Ppo);
        Train(experiment, folder.Under("whole"));
        var (rounds, copied) = (0, folder.Under("killed"));
        using (var run = new TrainingRun(experiment, 5, folder.Under("run"), resume: false))
            run.Run(
                _ =>
                {
                    if (++rounds == 11)   // after a row that no checkpoint knows of: what a killed process leaves behind
                    {
                        Directory.CreateDirectory(copied);
                        foreach (var file in Directory.EnumerateFiles(folder.Under("run")))
                            File.WriteAllBytes(Path.Combine(copied, Path.GetFileName(file)), ReadShared(file));
                    }
                },
                CancellationToken.None);
        File.AppendAllText(Path.Combine(copied, "log.csv"), "half a li");
        File.WriteAllText(Path.Combine(copied, "checkpoint.bin.new"), "half a file");
        Train(experiment, copied, resume: true);
        AssertSame(folder.Under("whole"), copied);
    }

    [Fact]
    public void TwoRuns_AreEqual_AndSeedsDiffer()
    {
        using var folder = new TemporaryFolder();
        var experiment = ToyScenarios.Read(Ppo);
        var first = Train(experiment, folder.Under("a"));
        Train(experiment, folder.Under("b"));
        AssertSame(folder.Under("a"), folder.Under("b"));
        Train(experiment, folder.Under("c"), seed: 6);
        Assert.NotEqual(File.ReadAllBytes(folder.Under("a/policy.json")), File.ReadAllBytes(folder.Under("c/policy.json")));
        Assert.True(first.IsFinished);
        Assert.Equal(80, first.Updates);
        Assert.NotEqual(first.FinalReward, first.TrainReward);
    }

    [Fact]
    public void ALongerBudget_GoesOn_AndIsWhatItWouldHaveBeen()
    {
        using var folder = new TemporaryFolder();
        Train(ToyScenarios.Read(Ppo.Replace("\"updates\": 80", "\"updates\": 40", StringComparison.Ordinal)), folder.Under("a"));
        Train(ToyScenarios.Read(Ppo), folder.Under("a"), resume: true);
        Train(ToyScenarios.Read(Ppo), folder.Under("b"));
        Assert.Equal(File.ReadAllBytes(folder.Under("b/policy.json")), File.ReadAllBytes(folder.Under("a/policy.json")));
    }

    [Fact]
    public void ACheckpoint_OfAnotherExperimentOrSeed_OrACutOne_IsRefused()
    {
        using var folder = new TemporaryFolder();
        Train(ToyScenarios.Read(Ppo), folder.Path);
        var other = ToyScenarios.Read(Ppo.Replace("\"horizon\": 4", "\"horizon\": 8, \"clip\": 0.1", StringComparison.Ordinal));
        var error = Assert.Throws<InvalidRequestException>(() => new TrainingRun(other, 6, folder.Path, resume: true));
        Assert.Equal(["$.algorithm.horizon", "$.algorithm.clip", "--seed"], error.Problems.Select(problem => problem.Path));
        var bytes = File.ReadAllBytes(folder.Under("checkpoint.bin"));
        foreach (var length in new[] { 0, 5, 200, bytes.Length / 2, bytes.Length - 1 })
        {
            File.WriteAllBytes(folder.Under("checkpoint.bin"), bytes[..length]);
            Assert.Contains("cannot be continued from", Assert.Throws<InvalidRequestException>(
                () => new TrainingRun(ToyScenarios.Read(Ppo), 5, folder.Path, resume: true)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Status_TellsOfActionsAtTheirBounds()
    {
        using var folder = new TemporaryFolder();
        // A learning rate that throws the means far outside the bounds.
        var json = Ppo.Replace("\"epochs\": 2", "\"epochs\": 2, \"learningRate\": 1, \"initialLogDeviation\": -5", StringComparison.Ordinal)
            .Replace("\"updates\": 80", "\"updates\": 400", StringComparison.Ordinal);
        var stuck = false;
        using var run = new TrainingRun(ToyScenarios.Read(json), 1, folder.Path, resume: false);
        run.Run(status => stuck |= status.IsStuck, CancellationToken.None);
        Assert.True(stuck);
    }

    [Fact]
    public void Log_HasARowForEveryInterval_AndEvaluationsBesideThem()
    {
        using var folder = new TemporaryFolder();
        Train(ToyScenarios.Read(Ppo), folder.Path);
        var lines = File.ReadAllLines(folder.Under("log.csv"));
        var header = lines[0].Split(',');
        Assert.Equal("updates,steps,meanReward,meanReturn,actorLoss", string.Join(',', header.Take(5)));
        var rows = lines.Skip(1).Select(line => line.Split(',')).ToArray();
        Assert.All(rows, row => Assert.Equal(header.Length, row.Length));
        Assert.Equal(["8", "16", "24", "32", "40", "48", "56", "64", "72", "80", "80"], rows.Select(row => row[0]));
        var share = Array.IndexOf(header, "shareOfOptimum");
        Assert.Equal([3, 6, 9, 11], Enumerable.Range(1, rows.Length).Where(i => rows[i - 1][share].Length > 0));
    }

    private static TrainingResult Train(Experiment experiment, string folder, int seed = 5, bool resume = false)
    {
        using var run = new TrainingRun(experiment, seed, folder, resume);
        return run.Run(_ => { }, CancellationToken.None);
    }

    private static void AssertSame(string expected, string actual)
    {
        Assert.Equal(File.ReadAllText(Path.Combine(expected, "policy.json")), File.ReadAllText(Path.Combine(actual, "policy.json")));
        Assert.Equal(WithoutTimes(expected), WithoutTimes(actual));
        Assert.Equal(EventFileTests.Scalars(Path.Combine(expected, EventFile.Name)), EventFileTests.Scalars(Path.Combine(actual, EventFile.Name)));
    }

    private static string WithoutTimes(string folder)
    {
        var text = new StringBuilder();
        foreach (var line in File.ReadLines(Path.Combine(folder, "log.csv")))
            text.Append(string.Join(',', line.Split(',')[..^2])).Append('\n');
        return text.ToString();
    }

    private static byte[] ReadShared(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
