using Menuet.Documents;
using Menuet.Learning.Algorithms;
using Menuet.Learning.Policies;

namespace Menuet.Learning.Training;

/// <summary>Every hyper-parameter of every algorithm by its name in documents.</summary>
internal static class AlgorithmShapes
{
    private const int Many = 1_000_000_000;
    private static readonly Interval Rate = new(0, 1, ExcludesMin: true);

    private static Shape<PolicyOptions> Policy { get; } = new Shape<PolicyOptions>("how actions are drawn")
        .Choice("law", "law of the actions: a Gaussian that the environment clamps, one squashed by tanh, or a choice on a grid", o => o.Law, (ref o, v) => o = o with { Law = v })
        .Single("initialLogDeviation", "ln σ at the beginning, one for each number of the action; not for grids", o => o.InitialLogDeviation, (ref o, v) => o = o with { InitialLogDeviation = v }, new(-10, 2))
        .Single("lowestLogDeviation", "bound below of ln σ: exploration that a policy keeps however sure it gets; not for grids", o => o.LowestLogDeviation, (ref o, v) => o = o with { LowestLogDeviation = v }, new(-10, 2))
        .Whole("gridSize", "values of a grid in [-1, 1]", o => o.GridSize, (ref o, v) => o = o with { GridSize = v }, 2, 10_000);

    private static Shape<PpoOptions> Ppo { get; } = new Shape<PpoOptions>("proximal policy optimisation (Schulman et al. 2017); with a mixture actor MoE-PPO")
        .Include(o => o.Policy, (ref o, v) => o = o with { Policy = v }, Policy)
        .Whole("horizon", "steps of all rows in a round", o => o.Horizon, (ref o, v) => o = o with { Horizon = v }, 1, Many)
        .Whole("epochs", "passes over the samples of a round", o => o.Epochs, (ref o, v) => o = o with { Epochs = v }, 1, 1000)
        .Whole("minibatch", "samples of one step of the optimiser; a smaller rest is left out", o => o.Minibatch, (ref o, v) => o = o with { Minibatch = v }, 2, Many)
        .Single("learningRate", "Adam's step size", o => o.LearningRate, (ref o, v) => o = o with { LearningRate = v }, Rate)
        .Whole("annealUpdates", "updates over which the step size falls to 0 and the weight of the entropy to finalEntropy; 0: never", o => (int)o.AnnealUpdates, (ref o, v) => o = o with { AnnealUpdates = v }, 0, Many)
        .Single("discount", "γ", o => o.Discount, (ref o, v) => o = o with { Discount = v }, Interval.Share)
        .Single("decay", "λ of the generalised advantages", o => o.Decay, (ref o, v) => o = o with { Decay = v }, Interval.Share)
        .Single("clip", "ε of the clipped objective", o => o.Clip, (ref o, v) => o = o with { Clip = v }, Interval.Positive)
        .OptionalSingle("valueClip", "bound of the change of a value estimate in one round; null: none", o => o.ValueClip, (ref o, v) => o = o with { ValueClip = v }, Interval.Positive, float.PositiveInfinity)
        .Single("valueWeight", "weight of half the squared value error", o => o.ValueWeight, (ref o, v) => o = o with { ValueWeight = v }, Interval.NonNegative)
        .Single("entropy", "weight of the entropy", o => o.Entropy, (ref o, v) => o = o with { Entropy = v }, Interval.NonNegative)
        .Single("finalEntropy", "its weight at the end of the annealing", o => o.FinalEntropy, (ref o, v) => o = o with { FinalEntropy = v }, Interval.NonNegative)
        .OptionalSingle("maxNorm", "largest norm of the gradients; null: unbounded", o => o.MaxNorm, (ref o, v) => o = o with { MaxNorm = v }, Interval.Positive, float.PositiveInfinity)
        .Single("weightDecay", "decoupled weight decay", o => o.WeightDecay, (ref o, v) => o = o with { WeightDecay = v }, Interval.NonNegative)
        .Flag("normaliseAdvantages", "whether advantages are standardised in each minibatch", o => o.NormaliseAdvantages, (ref o, v) => o = o with { NormaliseAdvantages = v })
        .OptionalSingle("targetDivergence", "estimated divergence at which the rest of a round is left out; null: never", o => o.TargetDivergence, (ref o, v) => o = o with { TargetDivergence = v }, Interval.Positive, float.PositiveInfinity)
        .Single("rewardScale", "factor on rewards before learning", o => o.RewardScale, (ref o, v) => o = o with { RewardScale = v }, Interval.Positive)
        .Whole("sliceRows", "rows of a backward pass; larger batches are cut so that they stay in cache; part of the bits of a result", o => o.SliceRows, (ref o, v) => o = o with { SliceRows = v }, 16, Many);

    private static Shape<MappoOptions> Mappo { get; } = new Shape<MappoOptions>("PPO for several agents with one shared policy (Yu et al. 2022)")
        .Include(o => o.Policy, (ref o, v) => o = o with { Policy = v }, Policy)
        .Choice("view", "what the critic sees: the whole state beside the own observation (MAPPO), or the own observation (IPPO)", o => o.View, (ref o, v) => o = o with { View = v })
        .Whole("horizon", "steps of all rows in a round", o => o.Horizon, (ref o, v) => o = o with { Horizon = v }, 1, Many)
        .Whole("epochs", "passes over the samples of a round", o => o.Epochs, (ref o, v) => o = o with { Epochs = v }, 1, 1000)
        .Whole("parts", "parts of a round that are one step of the optimiser each", o => o.Parts, (ref o, v) => o = o with { Parts = v }, 1, Many)
        .Single("learningRate", "Adam's step size", o => o.LearningRate, (ref o, v) => o = o with { LearningRate = v }, Rate)
        .Whole("annealUpdates", "updates over which step size and weight of the entropy fall to 0; 0: never", o => (int)o.AnnealUpdates, (ref o, v) => o = o with { AnnealUpdates = v }, 0, Many)
        .Single("discount", "γ", o => o.Discount, (ref o, v) => o = o with { Discount = v }, Interval.Share)
        .Single("decay", "λ of the generalised advantages", o => o.Decay, (ref o, v) => o = o with { Decay = v }, Interval.Share)
        .Single("clip", "ε of the clipped objective", o => o.Clip, (ref o, v) => o = o with { Clip = v }, Interval.Positive)
        .OptionalSingle("valueClip", "bound of the change of a standardised value estimate in one round; null: none", o => o.ValueClip, (ref o, v) => o = o with { ValueClip = v }, Interval.Positive, float.PositiveInfinity)
        .Single("valueWeight", "weight of the value loss", o => o.ValueWeight, (ref o, v) => o = o with { ValueWeight = v }, Interval.NonNegative)
        .Single("huberWidth", "error beyond which the value loss grows linearly", o => o.HuberWidth, (ref o, v) => o = o with { HuberWidth = v }, Interval.Positive)
        .Single("entropy", "weight of the entropy", o => o.Entropy, (ref o, v) => o = o with { Entropy = v }, Interval.NonNegative)
        .OptionalSingle("maxNorm", "largest norm of the gradients; null: unbounded", o => o.MaxNorm, (ref o, v) => o = o with { MaxNorm = v }, Interval.Positive, float.PositiveInfinity)
        .Flag("normaliseValues", "whether the critic predicts returns standardised by their running mean and deviation", o => o.NormaliseValues, (ref o, v) => o = o with { NormaliseValues = v })
        .Whole("sliceRows", "rows of a backward pass; larger batches are cut so that they stay in cache; part of the bits of a result", o => o.SliceRows, (ref o, v) => o = o with { SliceRows = v }, 16, Many);

    private static Shape<SacOptions> Sac { get; } = new Shape<SacOptions>("soft actor-critic with a learned temperature (Haarnoja et al. 2018)")
        .Whole("stepsPerRound", "environment steps of all rows before each round of updates", o => o.StepsPerRound, (ref o, v) => o = o with { StepsPerRound = v }, 1, Many)
        .Whole("updatesPerRound", "updates in a round", o => o.UpdatesPerRound, (ref o, v) => o = o with { UpdatesPerRound = v }, 1, Many)
        .Whole("warmup", "transitions in the replay before updates begin; until then actions are uniform", o => o.Warmup, (ref o, v) => o = o with { Warmup = v }, 0, Many)
        .Whole("batch", "transitions of one update", o => o.Batch, (ref o, v) => o = o with { Batch = v }, 1, Many)
        .Whole("capacity", "transitions kept", o => o.Capacity, (ref o, v) => o = o with { Capacity = v }, 1, Many)
        .Single("actorLearningRate", "step size of the actor", o => o.ActorLearningRate, (ref o, v) => o = o with { ActorLearningRate = v }, Rate)
        .Single("criticLearningRate", "step size of the critics", o => o.CriticLearningRate, (ref o, v) => o = o with { CriticLearningRate = v }, Rate)
        .Whole("annealUpdates", "updates over which step sizes fall to 0 in a line; 0: never", o => (int)o.AnnealUpdates, (ref o, v) => o = o with { AnnealUpdates = v }, 0, Many)
        .Single("discount", "γ; 0 makes one-step problems of everything and spares the targets", o => o.Discount, (ref o, v) => o = o with { Discount = v }, Interval.Share)
        .Single("targetShare", "share by which targets follow", o => o.TargetShare, (ref o, v) => o = o with { TargetShare = v }, Rate)
        .Single("initialTemperature", "temperature at the beginning", o => o.InitialTemperature, (ref o, v) => o = o with { InitialTemperature = v }, Interval.Positive)
        .OptionalSingle("targetEntropy", "entropy that the temperature steers to; null: minus the size of an action", o => o.TargetEntropy, (ref o, v) => o = o with { TargetEntropy = v }, Interval.Any, float.NaN)
        .Flag("learnTemperature", "whether the temperature is learned, by the step size of the actor", o => o.LearnTemperature, (ref o, v) => o = o with { LearnTemperature = v })
        .Single("rewardScale", "factor on rewards before learning", o => o.RewardScale, (ref o, v) => o = o with { RewardScale = v }, Interval.Positive)
        .Flag("compressRewards", "whether a reward r is learned as sign(r) ln(1 + |r|) after its factor, so that a few terrible ones do not drown the rest; for a discount of 0", o => o.CompressRewards, (ref o, v) => o = o with { CompressRewards = v })
        .OptionalSingle("maxNorm", "largest norm of the gradients; null: unbounded", o => o.MaxNorm, (ref o, v) => o = o with { MaxNorm = v }, Interval.Positive, float.PositiveInfinity)
        .Whole("sliceRows", "rows of a backward pass; larger batches are cut so that they stay in cache; part of the bits of a result", o => o.SliceRows, (ref o, v) => o = o with { SliceRows = v }, 16, Many);

    private static Shape<DdpgOptions> Ddpg { get; } = new Shape<DdpgOptions>("deterministic policy gradient with two critics (Lillicrap et al. 2016); with delay and target noise TD3 (Fujimoto et al. 2018)")
        .Whole("stepsPerRound", "environment steps of all rows before each round of updates", o => o.StepsPerRound, (ref o, v) => o = o with { StepsPerRound = v }, 1, Many)
        .Whole("updatesPerRound", "updates in a round", o => o.UpdatesPerRound, (ref o, v) => o = o with { UpdatesPerRound = v }, 1, Many)
        .Whole("warmup", "transitions in the replay before updates begin; until then actions are uniform", o => o.Warmup, (ref o, v) => o = o with { Warmup = v }, 0, Many)
        .Whole("batch", "transitions of one update", o => o.Batch, (ref o, v) => o = o with { Batch = v }, 1, Many)
        .Whole("capacity", "transitions kept", o => o.Capacity, (ref o, v) => o = o with { Capacity = v }, 1, Many)
        .Single("explorationNoise", "deviation of the Gaussian noise on actions while playing", o => o.ExplorationNoise, (ref o, v) => o = o with { ExplorationNoise = v }, Interval.NonNegative)
        .Single("finalExplorationNoise", "what that deviation becomes over annealUpdates; at 0 the critics forget what lies beside the policy", o => o.FinalExplorationNoise, (ref o, v) => o = o with { FinalExplorationNoise = v }, Interval.NonNegative)
        .Single("actorLearningRate", "step size of the actor", o => o.ActorLearningRate, (ref o, v) => o = o with { ActorLearningRate = v }, Rate)
        .Single("criticLearningRate", "step size of the critics", o => o.CriticLearningRate, (ref o, v) => o = o with { CriticLearningRate = v }, Rate)
        .Whole("annealUpdates", "updates over which step sizes fall to 0 and the exploration noise to its final deviation, in a line; 0: never", o => (int)o.AnnealUpdates, (ref o, v) => o = o with { AnnealUpdates = v }, 0, Many)
        .Single("weightDecay", "decoupled weight decay", o => o.WeightDecay, (ref o, v) => o = o with { WeightDecay = v }, Interval.NonNegative)
        .Single("discount", "γ; 0 makes one-step problems of everything and spares the targets", o => o.Discount, (ref o, v) => o = o with { Discount = v }, Interval.Share)
        .Single("targetShare", "share by which targets follow", o => o.TargetShare, (ref o, v) => o = o with { TargetShare = v }, Rate)
        .Whole("actorDelay", "updates of the critics for one of the actor and the targets", o => o.ActorDelay, (ref o, v) => o = o with { ActorDelay = v }, 1, 1000)
        .Single("targetNoise", "deviation of the noise on the actions of the target", o => o.TargetNoise, (ref o, v) => o = o with { TargetNoise = v }, Interval.NonNegative)
        .Single("targetNoiseBound", "bound of that noise", o => o.TargetNoiseBound, (ref o, v) => o = o with { TargetNoiseBound = v }, Interval.NonNegative)
        .Single("boundWeight", "weight, in the loss of the actor, of what the square of an action has above 0.9: keeps it from getting stuck at its bounds", o => o.BoundWeight, (ref o, v) => o = o with { BoundWeight = v }, Interval.NonNegative)
        .Single("rewardScale", "factor on rewards before learning", o => o.RewardScale, (ref o, v) => o = o with { RewardScale = v }, Interval.Positive)
        .Flag("compressRewards", "whether a reward r is learned as sign(r) ln(1 + |r|) after its factor, so that a few terrible ones do not drown the rest; for a discount of 0", o => o.CompressRewards, (ref o, v) => o = o with { CompressRewards = v })
        .OptionalSingle("maxNorm", "largest norm of the gradients; null: unbounded", o => o.MaxNorm, (ref o, v) => o = o with { MaxNorm = v }, Interval.Positive, float.PositiveInfinity)
        .Whole("sliceRows", "rows of a backward pass; larger batches are cut so that they stay in cache; part of the bits of a result", o => o.SliceRows, (ref o, v) => o = o with { SliceRows = v }, 16, Many);

    private static Shape<DiffusionQOptions> DiffusionQ { get; } = new Shape<DiffusionQOptions>("a diffusion actor that climbs the smaller of two critics (Ye et al., Algorithm 1, corrected)")
        .Whole("stepsPerRound", "environment steps of all rows before each round of updates", o => o.StepsPerRound, (ref o, v) => o = o with { StepsPerRound = v }, 1, Many)
        .Whole("updatesPerRound", "updates in a round", o => o.UpdatesPerRound, (ref o, v) => o = o with { UpdatesPerRound = v }, 1, Many)
        .Whole("warmup", "transitions in the replay before updates begin; until then actions are uniform", o => o.Warmup, (ref o, v) => o = o with { Warmup = v }, 0, Many)
        .Whole("batch", "transitions of one update", o => o.Batch, (ref o, v) => o = o with { Batch = v }, 1, Many)
        .Whole("capacity", "transitions kept", o => o.Capacity, (ref o, v) => o = o with { Capacity = v }, 1, Many)
        .Single("explorationNoise", "deviation of the Gaussian noise on actions while playing", o => o.ExplorationNoise, (ref o, v) => o = o with { ExplorationNoise = v }, Interval.NonNegative)
        .Single("finalExplorationNoise", "what that deviation becomes over annealUpdates; at 0 the critics forget what lies beside the policy", o => o.FinalExplorationNoise, (ref o, v) => o = o with { FinalExplorationNoise = v }, Interval.NonNegative)
        .Single("actorLearningRate", "step size of the actor", o => o.ActorLearningRate, (ref o, v) => o = o with { ActorLearningRate = v }, Rate)
        .Single("criticLearningRate", "step size of the critics", o => o.CriticLearningRate, (ref o, v) => o = o with { CriticLearningRate = v }, Rate)
        .Whole("annealUpdates", "updates over which step sizes fall to 0 and the exploration noise to its final deviation, in a line; 0: never", o => (int)o.AnnealUpdates, (ref o, v) => o = o with { AnnealUpdates = v }, 0, Many)
        .Single("weightDecay", "decoupled weight decay", o => o.WeightDecay, (ref o, v) => o = o with { WeightDecay = v }, Interval.NonNegative)
        .Single("discount", "γ; 0 makes one-step problems of everything and spares the targets", o => o.Discount, (ref o, v) => o = o with { Discount = v }, Interval.Share)
        .Single("targetShare", "share by which targets follow", o => o.TargetShare, (ref o, v) => o = o with { TargetShare = v }, Rate)
        .Flag("paperExact", "runs Algorithm 1 as printed where it can be run at all: one critic, and 0.95 times the future of the same state", o => o.PaperExact, (ref o, v) => o = o with { PaperExact = v })
        .Single("boundWeight", "weight, in the loss of the actor, of what the square of an action has above 0.9: keeps it from getting stuck at its bounds", o => o.BoundWeight, (ref o, v) => o = o with { BoundWeight = v }, Interval.NonNegative)
        .Single("rewardScale", "factor on rewards before learning", o => o.RewardScale, (ref o, v) => o = o with { RewardScale = v }, Interval.Positive)
        .Flag("compressRewards", "whether a reward r is learned as sign(r) ln(1 + |r|) after its factor, so that a few terrible ones do not drown the rest; for a discount of 0", o => o.CompressRewards, (ref o, v) => o = o with { CompressRewards = v })
        .OptionalSingle("maxNorm", "largest norm of the gradients; null: unbounded", o => o.MaxNorm, (ref o, v) => o = o with { MaxNorm = v }, Interval.Positive, float.PositiveInfinity)
        .Whole("sliceRows", "rows of a backward pass; larger batches are cut so that they stay in cache; part of the bits of a result", o => o.SliceRows, (ref o, v) => o = o with { SliceRows = v }, 16, Many);

    /// <summary>By the name of the algorithm.</summary>
    internal static Alternatives<AlgorithmOptions> All { get; } = new Alternatives<AlgorithmOptions>("name", "the algorithm")
        .Add("ppo", Ppo)
        .Add("mappo", Mappo)
        .Add("sac", Sac)
        .Add("ddpg", Ddpg)
        .Add("diffusion-q", DiffusionQ);
}
