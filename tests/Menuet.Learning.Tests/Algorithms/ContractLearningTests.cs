using System.Text;
using Menuet.Learning.Algorithms;
using Menuet.Learning.Autodiff;
using Menuet.Learning.Networks;

namespace Menuet.Learning.Tests.Algorithms;

/// <summary>Every algorithm for one-step problems learns every contract room, from projected actions, in seconds.</summary>
public sealed class ContractLearningTests
{
    private static readonly MlpArchitecture Tanh = new() { Hidden = [32, 32] };
    private static readonly MlpArchitecture Relu = new() { Hidden = [64, 64], Activation = Activation.Relu };

    [Theory]
    [InlineData("reward-contract", "ppo", 0.99)]
    [InlineData("reward-contract", "sac", 0.97)]
    [InlineData("quality-contract", "ppo", 0.95)]
    [InlineData("quality-contract", "ddpg", 0.95)]
    [InlineData("quality-contract", "diffusion-q", 0.93)]
    [InlineData("latency-contract", "ppo", 0.93)]
    [InlineData("latency-contract", "ddpg", 0.93)]
    public void ProjectedActions_AreLearned(string kind, string algorithm, double share)
    {
        var scenario = Catalog.Find(kind).Environment!.Read(Encoding.UTF8.GetBytes("""{"action": "projected"}"""));
        var scale = kind == "reward-contract" ? 0.05f : 1f;
        var (learner, rounds) = Make(algorithm, scenario.Start(256), scale);
        var before = scenario.Evaluate(learner.Policy, 1000, 5, default).Score;
        for (var round = 0; round < rounds; round++)
        {
            learner.Iterate();
        }

        var after = scenario.Evaluate(learner.Policy, 2000, 5, default).Score;
        Assert.True(after.ShareOfReachable >= share, $"{before.ShareOfReachable} became {after.ShareOfReachable}");
        Assert.True(after.ShareOfReachable > before.ShareOfReachable + 0.01, $"{before.ShareOfReachable} became {after.ShareOfReachable}");
    }

    private static (ILearner Learner, int Rounds) Make(string algorithm, IEnvironment environment, float rewardScale) => algorithm switch
    {
        "ppo" => (new Ppo(environment, new()
        {
            Seed = 1,
            Actor = Tanh,
            Critic = Tanh,
            Horizon = 4,
            Epochs = 4,
            Minibatch = 256,
            LearningRate = 2e-3f,
            Discount = 0,
            RewardScale = rewardScale,
        }), 80),
        "sac" => (new Sac(environment, new()
        {
            Seed = 1,
            Actor = Relu,
            Critic = Relu,
            Discount = 0,
            ActorLearningRate = 1e-3f,
            InitialTemperature = 0.02f,
            RewardScale = rewardScale,
        }), 500),
        "ddpg" => (new Ddpg(environment, new()
        {
            Seed = 1,
            Actor = Relu,
            Critic = Relu,
            Discount = 0,
            ActorLearningRate = 1e-3f,
            ExplorationNoise = 0.2f,
            RewardScale = rewardScale,
        }), 800),
        _ => (new DiffusionQ(environment, new()
        {
            Seed = 1,
            Actor = new DiffusionArchitecture { Hidden = [32], DenoisingSteps = 3 },
            Critic = Relu,
            Batch = 128,
            ActorLearningRate = 1e-3f,
            ExplorationNoise = 0.1f,
            RewardScale = rewardScale,
        }), 500),
    };
}
