using Menuet.Learning.Algorithms;
using Menuet.Learning.Networks;
using Menuet.Mechanisms.DoubleAuction;
using Menuet.Mechanisms.StackelbergPricing;

namespace Menuet.Learning.Tests.Environments;

/// <summary>Seconds of training in the two games: learners and environments fit together and learn.</summary>
public sealed class GameTrainingTests
{
    private static readonly MlpArchitecture Small = new() { Hidden = [32, 32] };

    [Fact]
    public void Pricing_ReachesTheEquilibrium()
    {
        var scenario = new StackelbergPricingScenario();
        var ppo = new Ppo(scenario.Start(32), new()
        {
            Actor = Small,
            Critic = Small,
            Horizon = 16,
            Minibatch = 128,
            LearningRate = 1e-3f,
            AnnealUpdates = 1200,
            Discount = 0,
        });
        var before = scenario.Evaluate(ppo.Policy, 4, 99, default).Score.ShareOfOptimum;
        for (var round = 0; round < 30; round++)
        {
            ppo.Iterate();
        }

        var after = scenario.Evaluate(ppo.Policy, 4, 99, default).Score.ShareOfOptimum;
        Assert.InRange(after, 0.99, 1 + 1e-9);
        Assert.True(after > before, $"{before} before, {after} after");
    }

    [Fact]
    public void AuctionAsATeam_Improves()
    {
        var scenario = new DoubleAuctionScenario { Vehicles = 16, SellersPerStation = 4, Slots = 10, Action = BidAction.Shade };
        var (before, after) = Train(scenario, CriticView.Centralised);
        Assert.True(after.Score.MeanReward > before.Score.MeanReward + 0.05, $"{before.Score.MeanReward} before, {after.Score.MeanReward} after");
        Assert.True(after.Score.MeanReward < after.OptimumReward);
    }

    /// <summary>With her own utility truthful bidding is dominant, so the learned bids come nearer to the truth and their regret falls.</summary>
    [Fact]
    public void AuctionForOneself_ComesNearerToTheTruth()
    {
        var scenario = new DoubleAuctionScenario { Vehicles = 16, SellersPerStation = 4, Slots = 10, Reward = AgentReward.Own, RewardScale = 10 };
        var (before, after) = Train(scenario, CriticView.Independent);
        Assert.True(Mean(after, "regret") < 0.5 * Mean(before, "regret"), $"regret {Mean(before, "regret")} before, {Mean(after, "regret")} after");
    }

    private static (Evaluation Before, Evaluation After) Train(DoubleAuctionScenario scenario, CriticView view)
    {
        var learner = new Mappo(scenario.Start(16), new()
        {
            Actor = Small,
            Critic = Small,
            View = view,
            Horizon = 10,
            Parts = 4,
            Epochs = 4,
            LearningRate = 3e-3f,
            Discount = 0,
            Entropy = 0,
        });
        var before = scenario.Evaluate(learner.Policy, 8, 99, default);
        for (var round = 0; round < 40; round++)
        {
            learner.Iterate();
        }

        return (before, scenario.Evaluate(learner.Policy, 8, 99, default));
    }

    private static double Mean(Evaluation evaluation, string name) => evaluation.Measures.First(measure => measure.Name == name).Mean;
}
