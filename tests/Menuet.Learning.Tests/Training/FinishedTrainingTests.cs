using System.Text;
using Menuet.Learning.Training;

namespace Menuet.Learning.Tests.Training;

public sealed class FinishedTrainingTests : IDisposable
{
    private const string Document = """
        { "kind": "training", "name": "toy", "environment": { "kind": "bandit" }, "environments": 32,
          "algorithm": { "name": "ppo", "horizon": 4, "minibatch": 64, "epochs": 2 }, "actor": { "network": "mlp", "hidden": [8] }, "critic": { "network": "mlp", "hidden": [8] },
          "updates": 40, "evaluation": { "every": 16, "draws": 50, "finalDraws": 60 }, "checkpoint": { "every": 8 }, "log": { "every": 8 } }
        """;

    private readonly TemporaryFolder folder = new();
    private readonly Experiment experiment = ToyScenarios.Read(Document);

    public void Dispose() => folder.Dispose();

    [Fact]
    public void FinishedRun_IsReadAsItWasReported()
    {
        var result = Train(stopAfter: int.MaxValue);
        var read = FinishedTraining.Read(folder.Under("run"), experiment, 5)!;
        Assert.Equal((result.Steps, result.Updates, result.TrainReward, result.FinalReward, result.Seconds), (read.Result.Steps, read.Result.Updates, read.Result.TrainReward, read.Result.FinalReward, read.Result.Seconds));
        Assert.Equal(result.Evaluation!.Tolerances.AsEnumerable(), read.Evaluation.Tolerances);
        Assert.Equal(result.Evaluation.Measures.AsEnumerable(), read.Evaluation.Measures);
        Assert.Equal(result.Evaluation.InferenceTime, read.Evaluation.InferenceTime);
        Assert.Equal(result.Updates, read.Log[^1].Updates);
        Assert.Equal(result.Evaluation.Score.MeanReward, read.Log[^1].TestReward);
        Assert.True(double.IsNaN(read.Log[0].TestReward));
        Assert.True(double.IsFinite(read.Log[0].TrainReward));
    }

    [Fact]
    public void AnotherNameIsTheSameTraining_AnotherOptionOrSeedIsNot()
    {
        Train(stopAfter: int.MaxValue);
        Assert.NotNull(FinishedTraining.Read(folder.Under("run"), experiment with { Name = "renamed", Description = "in other words" }, 5));
        Assert.Null(FinishedTraining.Read(folder.Under("run"), experiment with { Updates = 41 }, 5));
        Assert.Null(FinishedTraining.Read(folder.Under("run"), experiment, 6));
        Assert.Null(FinishedTraining.Read(folder.Under("elsewhere"), experiment, 5));
    }

    [Fact]
    public void StoppedRun_IsNotFinished_ButCanBeContinued()
    {
        Train(stopAfter: 2);
        Assert.Null(FinishedTraining.Read(folder.Under("run"), experiment, 5));
        Assert.True(FinishedTraining.CanContinue(folder.Under("run"), experiment));
        Assert.False(FinishedTraining.CanContinue(folder.Under("run"), experiment with { Environments = 16 }));
        Assert.False(FinishedTraining.CanContinue(folder.Under("elsewhere"), experiment));
    }

    [Theory]
    [InlineData("policy.json")]
    [InlineData("summary.json")]
    [InlineData("log.csv")]
    public void DamagedFile_IsNoFinishedRun(string name)
    {
        Train(stopAfter: int.MaxValue);
        var path = Path.Combine(folder.Under("run"), name);
        File.WriteAllText(path, File.ReadAllText(path)[..40], Encoding.UTF8);
        Assert.Null(FinishedTraining.Read(folder.Under("run"), experiment, 5));
    }

    private TrainingResult Train(int stopAfter)
    {
        using var stop = new CancellationTokenSource();
        using var run = new TrainingRun(experiment, 5, folder.Under("run"), resume: false);
        var rounds = 0;
        return run.Run(_ => { if (++rounds == stopAfter) stop.Cancel(); }, stop.Token);
    }
}
