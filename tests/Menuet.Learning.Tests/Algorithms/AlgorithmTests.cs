using System.Security.Cryptography;
using Menuet.Learning.Algorithms;
using Menuet.Learning.Autodiff;
using Menuet.Learning.Networks;
using Menuet.Learning.Policies;

namespace Menuet.Learning.Tests.Algorithms;

public sealed class AlgorithmTests
{
    private static readonly MlpArchitecture Small = new() { Hidden = [32, 32] };
    private static readonly MlpArchitecture SmallRelu = new() { Hidden = [32, 32], Activation = Activation.Relu };

    private static readonly Dictionary<string, Func<ulong, ILearner>> Learners = new()
    {
        ["ppo"] = seed => new Ppo(new Docking(24), new()
        {
            Seed = seed,
            Actor = Small,
            Critic = Small,
            Minibatch = 64,
            Horizon = 8,
            Epochs = 2,
            ValueClip = 0.2f,
        }),
        ["moe-ppo"] = seed => new Ppo(new Bandit(64), new()
        {
            Seed = seed,
            Actor = new MixtureArchitecture(),
            Critic = Small,
            Minibatch = 128,
            Epochs = 2,
        }),
        ["grid-ppo"] = seed => new Ppo(new Bandit(64), new()
        {
            Seed = seed,
            Actor = Small,
            Critic = Small,
            Minibatch = 128,
            Epochs = 2,
            Policy = new() { Law = ActionLaw.Grid },
        }),
        ["mappo"] = seed => new Mappo(new Team(32), new() { Seed = seed, Horizon = 4, Epochs = 2 }),
        ["sac"] = seed => new Sac(new Docking(16), new()
        {
            Seed = seed,
            Actor = SmallRelu,
            Critic = SmallRelu,
            Warmup = 64,
            Batch = 64,
            Capacity = 300,
        }),
        ["ddpg"] = seed => new Ddpg(new Docking(16), new()
        {
            Seed = seed,
            Actor = SmallRelu,
            Critic = SmallRelu,
            Warmup = 64,
            Batch = 64,
            Capacity = 300,
            TargetNoise = 0.1f,
            ActorDelay = 2,
        }),
        ["diffusion-q"] = seed => new DiffusionQ(new Bandit(16), new()
        {
            Seed = seed,
            Actor = new DiffusionArchitecture { Hidden = [32] },
            Critic = SmallRelu,
            Warmup = 64,
            Batch = 64,
            Capacity = 300,
        }),
        ["diffusion-q, paper"] = seed => new DiffusionQ(new Bandit(16), new()
        {
            Seed = seed,
            Actor = new DiffusionArchitecture { Hidden = [32] },
            Critic = SmallRelu,
            Warmup = 64,
            Batch = 64,
            Capacity = 300,
            PaperExact = true,
        }),
    };

    public static TheoryData<string> Names => [.. Learners.Keys];

    private static string State(ILearner learner)
    {
        var stream = new MemoryStream();
        learner.Write(new(stream));
        return Convert.ToHexString(SHA256.HashData(stream.ToArray()));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void SameSeed_SameBits_AndAnotherSeedOthers(string name)
    {
        var (one, two, other) = (Learners[name](7), Learners[name](7), Learners[name](8));
        for (var i = 0; i < 8; i++)
        {
            Assert.Equal(one.Iterate(), two.Iterate());
            other.Iterate();
        }
        Assert.Equal(State(one), State(two));
        Assert.NotEqual(State(one), State(other));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Resume_ContinuesWithTheSameBits(string name)
    {
        var (whole, first) = (Learners[name](7), Learners[name](7));
        for (var i = 0; i < 30; i++)
            whole.Iterate();
        for (var i = 0; i < 13; i++)
            first.Iterate();
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            Checkpoint.Save(path, first);
            var second = Learners[name](7);
            second.Iterate();   // whatever it did before must not matter
            Checkpoint.Load(path, second);
            Assert.Equal(State(first), State(second));
            for (var i = 13; i < 30; i++)
                second.Iterate();
            Assert.Equal(State(whole), State(second));
            File.WriteAllBytes(path, File.ReadAllBytes(path)[..1000]);
            Assert.Throws<InvalidDataException>(() => Checkpoint.Load(path, second));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Iterate_AllocatesNothingAfterTheFirstRounds(string name)
    {
        var learner = Learners[name](3);
        for (var i = 0; i < 10; i++)
            learner.Iterate();
        // A collection that another test causes may move the count once; what a round allocates would show in every round.
        var least = long.MaxValue;
        for (var i = 0; i < 5; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            learner.Iterate();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        Assert.Equal(0, least);
    }

    [Fact]
    public void Checkpoint_OfAnotherAlgorithm_IsRefused()
    {
        var stream = new MemoryStream();
        Learners["sac"](1).Write(new(stream));
        stream.Position = 0;
        Assert.Throws<InvalidDataException>(() => Learners["ddpg"](1).Read(new(stream)));
    }

    /// <summary>The weights after some updates, on every processor with fused arithmetic, at every register width.</summary>
    [Fact]
    public void Bits_AreThoseOfEveryMachine()
    {
        var learner = (Ppo)Learners["ppo"](7);
        for (var i = 0; i < 8; i++)
            learner.Iterate();
        var bytes = System.Runtime.InteropServices.MemoryMarshal.AsBytes(learner.Parameters.Values).ToArray();
        Assert.Equal("49FF7C73087CEBA7", Convert.ToHexString(SHA256.HashData(bytes))[..16]);
    }

    [Fact]
    public void Advantages_MatchAHandCalculation()
    {
        // Two rows, three steps. Row 0 terminates at step 1; row 1 is cut off at step 0 with value 4 after it.
        var rollout = new Rollout(2, 3, 1, 1);
        float[] rewards = [1, 2, 3, 4, 5, 6], values = [10, 20, 30, 40, 50, 60], next = [30, 4, 0, 60, 7, 8];
        rewards.CopyTo(rollout.Rewards, 0);
        values.CopyTo(rollout.Values, 0);
        next.CopyTo(rollout.NextValues, 0);
        rollout.Statuses[2] = Status.Terminated;
        rollout.Statuses[1] = Status.Truncated;
        rollout.Judge(0.5f, 0.5f);
        // δ: row 0: 1 + 15 − 10 = 6, 3 − 30 = −27, 5 + 3.5 − 50 = −41.5; row 1: 2 + 2 − 20 = −16, 4 + 30 − 40 = −6, 6 + 4 − 60 = −50.
        Assert.Equal([6 - 27 / 4f, -16, -27, -6 - 50 / 4f, -41.5f, -50], rollout.Advantages);
        Assert.Equal([6 - 27 / 4f + 10, 4, 3, -6 - 50 / 4f + 40, 8.5f, 10], rollout.Returns);
    }

    [Fact]
    public void PpoGradient_MatchesAHandWrittenOne_OverTheWholeBlock()
    {
        const int h = 5;
        var network = new MlpArchitecture { Hidden = [h] };
        var ppo = new Ppo(new Docking(16), new()
        {
            Actor = network,
            Critic = network,
            Minibatch = 60,
            Horizon = 8,
            Epochs = 1,
            ValueClip = 0.05f,
            Entropy = 0.03f,
            SliceRows = 16,
            LearningRate = 0.05f,
            MaxNorm = 100f,
        });
        for (var i = 0; i < 3; i++)
            ppo.Iterate();   // ratios away from 1, values that have moved
        var samples = Enumerable.Range(0, 60).Select(i => 2 * i).ToArray();
        ppo.Gradient(samples);
        var tape = ppo.Parameters.Gradients.ToArray();

        // In double precision, by hand. Layout: actor W1, b1, W2, b2, ln σ, critic W1, b1, W2, b2, each padded to 16.
        var w = ppo.Parameters.Values.ToArray();
        var expected = new double[w.Length];
        var r = ppo.Samples;
        var mean = samples.Average(i => (double)r.Advantages[i]);
        var deviation = Math.Sqrt(samples.Sum(i => Math.Pow(r.Advantages[i] - mean, 2)) / (samples.Length - 1)) + 1e-8;
        var n = samples.Length;
        var clipped = 0;
        foreach (var i in samples)
        {
            double x = r.Observations[i], a = (r.Advantages[i] - mean) / deviation;
            (double Output, double[] Hidden) Run(int at)
            {
                var hidden = Enumerable.Range(0, h).Select(j => Math.Tanh(x * w[at + j] + w[at + 16 + j])).ToArray();
                return (hidden.Select((v, j) => v * w[at + 32 + j]).Sum() + w[at + 48], hidden);
            }
            void Back(int at, double g, double[] hidden)
            {
                expected[at + 48] += g;
                for (var j = 0; j < h; j++)
                {
                    expected[at + 32 + j] += g * hidden[j];
                    var d = g * w[at + 32 + j] * (1 - hidden[j] * hidden[j]);
                    expected[at + 16 + j] += d;
                    expected[at + j] += d * x;
                }
            }
            var (mu, actorHidden) = Run(0);
            var log = w[64];
            var z = (r.Samples[i] - mu) * Math.Exp(-log);
            var ratio = Math.Exp(-0.5 * z * z - log - 0.5 * Math.Log(2 * Math.PI) - r.LogProbabilities[i]);
            var held = Math.Clamp(ratio, 0.8, 1.2);
            var active = ratio * a <= held * a || held == ratio;
            clipped += active ? 0 : 1;
            var slope = active ? -a * ratio / n : 0;   // d loss/d ln π
            Back(0, slope * z * Math.Exp(-log), actorHidden);
            expected[64] += slope * (z * z - 1) - 0.03 / n;
            var (value, criticHidden) = Run(80);
            var before = (double)r.Values[i];
            var inside = before + Math.Clamp(value - before, -0.05, 0.05);
            var (free, bound) = (Math.Pow(value - r.Returns[i], 2), Math.Pow(inside - r.Returns[i], 2));
            var dv = free >= bound ? value - r.Returns[i] : Math.Abs(value - before) <= 0.05 ? inside - r.Returns[i] : 0;
            Back(80, 0.5 * dv / n, criticHidden);
        }
        Assert.True(clipped > 0, "no ratio was clipped: the test would not see the clipping");
        var scale = expected.Max(Math.Abs);
        for (var i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - tape[i]) <= 2e-5 * scale, $"entry {i}: by hand {expected[i]}, tape {tape[i]} (scale {scale})");
    }

    private static void Train(ILearner learner, int rounds)
    {
        for (var i = 0; i < rounds; i++)
            learner.Iterate();
    }

    public static TheoryData<string> Actors => ["mlp", "mixture", "transformer", "encoder-decoder", "diffusion", "tiny", "squashed", "grid"];

    [Theory]
    [MemberData(nameof(Actors))]
    public void Ppo_ReachesTheOptimumOfTheBandit_WithEveryActor(string name)
    {
        Architecture actor = name switch
        {
            "mixture" => new MixtureArchitecture { Selected = 2 },
            "transformer" => new TransformerArchitecture { Tokens = 2, Width = 16, Heads = 2, Layers = 1, FeedForward = 32 },
            "encoder-decoder" => new TransformerArchitecture { Tokens = 2, Width = 16, Heads = 2, Layers = 1, DecoderLayers = 1, FeedForward = 32 },
            "diffusion" => new DiffusionArchitecture { Hidden = [32, 32] },
            "tiny" => new TinyArchitecture { Hidden = [32, 32], FirstUpdate = 100, LastUpdate = 400, Every = 20 },
            _ => Small,
        };
        var law = name == "squashed" ? ActionLaw.SquashedGaussian : name == "grid" ? ActionLaw.Grid : ActionLaw.ClampedGaussian;
        var ppo = new Ppo(new Bandit(256), new()
        {
            Actor = actor,
            Critic = Small,
            Policy = new() { Law = law, InitialLogDeviation = -1f },
            Horizon = 2,
            Epochs = 6,
            Minibatch = 128,
            LearningRate = 3e-3f,
            AnnealUpdates = 1200,
        });
        Train(ppo, 50);
        Assert.InRange(Play.MeanReward(new Bandit(500), ppo.Policy, 1), 0.99, 1);
    }

    [Fact]
    public void Ppo_DocksInOneStep()
    {
        var ppo = new Ppo(new Docking(64), new()
        {
            Actor = Small,
            Critic = Small,
            Horizon = 12,
            Minibatch = 128,
            Epochs = 6,
            LearningRate = 3e-3f,
            AnnealUpdates = 1440,
        });
        Train(ppo, 40);
        Assert.InRange(Play.MeanReward(new Docking(200), ppo.Policy, 6), -0.003, 0);
    }

    [Theory]
    [InlineData(CriticView.Centralised)]
    [InlineData(CriticView.Independent)]
    public void Mappo_ReachesTheTeamOptimum(CriticView view)
    {
        var mappo = new Mappo(new Team(128), new()
        {
            View = view,
            Horizon = 2,
            Epochs = 6,
            Parts = 2,
            LearningRate = 3e-3f,
            Entropy = 0f,
            AnnealUpdates = 960,
        });
        Train(mappo, 80);
        Assert.InRange(Play.MeanReward(new Team(500), mappo.Policy, 1), 0.99, 1);
    }

    [Fact]
    public void Sac_ReachesTheOptimumOfTheBandit_AndLowersItsTemperature()
    {
        var sac = new Sac(new Bandit(32), new()
        {
            Actor = SmallRelu,
            Critic = SmallRelu,
            Discount = 0,
            Batch = 128,
            Warmup = 500,
            ActorLearningRate = 3e-3f,
            CriticLearningRate = 3e-3f,
            InitialTemperature = 0.2f,
        });
        Train(sac, 900);
        Assert.InRange(sac.Iterate().Temperature, 0, 0.1);
        Assert.InRange(Play.MeanReward(new Bandit(500), sac.Policy, 1), 0.985, 1);
    }

    [Fact]
    public void Sac_Docks()
    {
        var sac = new Sac(new Docking(16), new()
        {
            Actor = SmallRelu,
            Critic = SmallRelu,
            Discount = 0.8f,
            TargetShare = 0.02f,
            Batch = 128,
            Warmup = 500,
            ActorLearningRate = 3e-3f,
            CriticLearningRate = 3e-3f,
            InitialTemperature = 0.1f,
        });
        Train(sac, 1200);
        Assert.InRange(Play.MeanReward(new Docking(200), sac.Policy, 6), -0.006, 0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Ddpg_ReachesTheOptimumOfTheBandit_WithEitherActor(bool diffusion)
    {
        var ddpg = new Ddpg(new Bandit(32), new()
        {
            Actor = diffusion ? new DiffusionArchitecture { Hidden = [32, 32] } : SmallRelu,
            Critic = SmallRelu,
            Discount = 0,
            Batch = 128,
            Warmup = 500,
            ActorLearningRate = 1e-3f,
            CriticLearningRate = 3e-3f,
        });
        Train(ddpg, 900);
        Assert.InRange(Play.MeanReward(new Bandit(500), ddpg.Policy, 1), 0.985, 1);
    }

    [Fact]
    public void Ddpg_Docks()
    {
        var ddpg = new Ddpg(new Docking(16), new()
        {
            Actor = SmallRelu,
            Critic = SmallRelu,
            Discount = 0.8f,
            TargetShare = 0.02f,
            Batch = 128,
            Warmup = 500,
            ActorDelay = 2,
            TargetNoise = 0.1f,
            ActorLearningRate = 1e-3f,
            CriticLearningRate = 3e-3f,
        });
        Train(ddpg, 1200);
        Assert.InRange(Play.MeanReward(new Docking(200), ddpg.Policy, 6), -0.006, 0);
    }

    [Theory]
    [InlineData(Prediction.Action, false)]
    [InlineData(Prediction.Noise, false)]
    [InlineData(Prediction.Action, true)]
    public void DiffusionQ_ReachesTheOptimumOfTheBandit(Prediction prediction, bool mlp)
    {
        var learner = new DiffusionQ(new Bandit(32), new()
        {
            Actor = mlp ? SmallRelu : new DiffusionArchitecture { Hidden = [32, 32], Prediction = prediction },
            Critic = new MlpArchitecture { Hidden = [32, 32], Activation = Activation.Mish },
            Batch = 128,
            Warmup = 500,
            ExplorationNoise = 0.1f,
            ActorLearningRate = 1e-3f,
            CriticLearningRate = 3e-3f,
        });
        Train(learner, 900);
        Assert.InRange(Play.MeanReward(new Bandit(500), learner.Policy, 1), 0.98, 1);
    }

    public static TheoryData<string> OffPolicyNames => ["sac", "ddpg", "diffusion-q"];

    /// <summary>A learner of one-step games from a replay, by its name.</summary>
    private static ILearner OffPolicy(
        string name, IEnvironment environment, int warmup, int batch, float actorRate = 3e-4f, float criticRate = 1e-3f, long anneal = 0, bool compress = false,
        float rewardScale = 1, float boundWeight = 0, float finalNoise = 0) => name switch
        {
            "sac" => new Sac(environment, new()
            {
                Actor = SmallRelu,
                Critic = SmallRelu,
                Discount = 0,
                Warmup = warmup,
                Batch = batch,
                ActorLearningRate = actorRate,
                CriticLearningRate = criticRate,
                AnnealUpdates = anneal,
                CompressRewards = compress,
                RewardScale = rewardScale,
                InitialTemperature = 0.1f,
                TargetEntropy = -5,
            }),
            "ddpg" => new Ddpg(environment, new()
            {
                Actor = SmallRelu,
                Critic = SmallRelu,
                Discount = 0,
                Warmup = warmup,
                Batch = batch,
                ActorLearningRate = actorRate,
                CriticLearningRate = criticRate,
                AnnealUpdates = anneal,
                CompressRewards = compress,
                RewardScale = rewardScale,
                BoundWeight = boundWeight,
                FinalExplorationNoise = finalNoise,
            }),
            _ => new DiffusionQ(environment, new()
            {
                Actor = SmallRelu,
                Critic = SmallRelu,
                Warmup = warmup,
                Batch = batch,
                ActorLearningRate = actorRate,
                CriticLearningRate = criticRate,
                ExplorationNoise = 0.1f,
                AnnealUpdates = anneal,
                CompressRewards = compress,
                RewardScale = rewardScale,
                BoundWeight = boundWeight,
                FinalExplorationNoise = finalNoise,
            }),
        };

    [Theory]
    [MemberData(nameof(OffPolicyNames))]
    public void Annealing_LeavesTheWeightsWhereTheyAreAtItsEnd(string name)
    {
        var learner = OffPolicy(name, new Bandit(64), warmup: 64, batch: 64, anneal: 20);
        Train(learner, 15);
        var before = learner.PolicyWeights.ToArray();
        Train(learner, 5);
        var end = learner.PolicyWeights.ToArray();
        Assert.NotEqual(before, end);
        Train(learner, 5);
        Assert.Equal(end, learner.PolicyWeights.ToArray());
    }

    /// <summary>A policy that hardly moves loses the variance of its noise, for either action.</summary>
    [Theory]
    [InlineData("ddpg")]
    [InlineData("diffusion-q")]
    public void FinalExplorationNoise_StaysWhenTheAnnealingIsDone(string name)
    {
        double Reward(float noise)
        {
            var learner = OffPolicy(name, new Bandit(64), warmup: 64, batch: 64, actorRate: 1e-9f, anneal: 20, finalNoise: noise);
            Train(learner, 20);
            return Enumerable.Range(0, 100).Average(_ => learner.Iterate().MeanReward);
        }

        Assert.InRange(Reward(0) - Reward(0.2f), 2 * 0.9 * 0.04, 2 * 1.1 * 0.04);
    }

    /// <summary>Far from the best action the bandit's rewards are ten thousand times worse than they are good near it.</summary>
    [Theory]
    [MemberData(nameof(OffPolicyNames))]
    public void CompressedRewards_SurviveTerribleOnes(string name)
    {
        var learner = OffPolicy(
            name, new Bandit(32, cliff: 1e4f), warmup: 500, batch: 128, actorRate: 1e-3f, criticRate: 3e-3f, anneal: 1500, compress: true);
        Train(learner, 1500);
        Assert.InRange(Play.MeanReward(new Bandit(500), learner.Policy, 1), 0.94, 1);
    }

    [Theory]
    [InlineData("ddpg")]
    [InlineData("diffusion-q")]
    public void BoundWeight_KeepsActionsBeforeTheirBounds(string name)
    {
        var environment = new Bandit(32, target: 5);
        ILearner Start(float weight) => OffPolicy(name, environment, warmup: 200, batch: 64, actorRate: 1e-3f, rewardScale: 0.1f, boundWeight: weight);

        double Largest(ILearner learner)
        {
            Train(learner, 600);
            var (observations, actions) = (new float[2 * environment.Rows], new float[2 * environment.Rows]);
            environment.Observe(observations);
            learner.Policy.Act(observations, actions, environment.Rows);
            return actions.Max();
        }

        Assert.InRange(Largest(Start(0)), 0.99, 1);
        Assert.InRange(Largest(Start(10)), 0.9, 0.96);
    }

    [Fact]
    public void OptionsThatDoNotFit_AreRefused()
    {
        Assert.Throws<ArgumentException>(() => new Ppo(new Bandit(4), new() { Horizon = 1 }));
        Assert.Throws<ArgumentException>(() => new Mappo(new Bandit(4), new()));
        Assert.Throws<ArgumentException>(() => new Sac(new Bandit(4), new() { Capacity = 10 }));
    }

    [Fact]
    public void RewardThatIsNotFinite_StopsTheTraining()
    {
        var learner = new Ppo(new Spoiled(), new() { Actor = Small, Critic = Small, Minibatch = 2, Horizon = 2 });
        Assert.Throws<DivergenceException>(() => learner.Iterate());
    }

    private sealed class Spoiled() : ToyEnvironment(2, 1, 1, 1, 0)
    {
        protected override Memory<float> State => default;

        public override void Observe(Span<float> observations) => observations.Clear();

        public override void Advance(ReadOnlySpan<float> actions, Span<float> rewards, Span<Status> statuses)
        {
            rewards.Fill(float.NaN);
            statuses.Clear();
        }

        protected override void Start(int environment, ref Rng rng)
        {
        }
    }
}
