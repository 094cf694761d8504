using System.Text;
using System.Text.Json.Nodes;
using Menuet.Learning.Training;

namespace Menuet.Learning.Tests.Training;

public sealed class TrainedPolicyTests
{
    private static readonly string[] Actors =
    [
        """ "algorithm": { "name": "ppo", "horizon": 2, "minibatch": 8, "law": "grid" }, "actor": { "network": "mlp", "hidden": [4] } """,
        """ "algorithm": { "name": "ppo", "horizon": 2, "minibatch": 8, "law": "squashedGaussian" }, "actor": { "network": "mixture", "hidden": [3] } """,
        """ "algorithm": { "name": "sac", "warmup": 8, "batch": 8 }, "actor": { "network": "transformer", "tokens": 2, "width": 8, "heads": 2, "feedForward": 8 } """,
        """ "algorithm": { "name": "ddpg", "warmup": 8, "batch": 8 }, "actor": { "network": "tiny", "hidden": [8], "firstUpdate": 1, "lastUpdate": 4, "every": 1 } """,
        """ "algorithm": { "name": "diffusion-q", "warmup": 8, "batch": 8 }, "actor": { "network": "diffusion", "hidden": [4] } """,
    ];

    public static TheoryData<string> EveryActor => [.. Actors];

    [Theory]
    [MemberData(nameof(EveryActor))]
    public void AFile_ActsAsTheLearnerDid(string actor)
    {
        using var folder = new TemporaryFolder();
        var experiment = ToyScenarios.Read($$"""
            { "environment": { "kind": "bandit", "bonus": 0.25 }, "environments": 8, "critic": { "network": "mlp", "hidden": [4] }, "updates": 6, {{actor}} }
            """);
        var learner = experiment.Start(3);
        for (var i = 0; i < 6; i++)
            learner.Iterate();
        TrainedPolicy.Of(experiment, 3, learner, 48, 6, null).Write(folder.Under("p.json"));
        var policy = TrainedPolicy.Read(folder.Under("p.json"), ToyScenarios.Doors);
        Assert.Equal((3, 48, 6, 0.25), (policy.Seed, policy.Steps, policy.Updates, ((BanditScenario)policy.Experiment.Scenario).Bonus));
        Assert.Equal(Actions(learner.Policy), Actions(policy));
        Assert.Equal(File.ReadAllBytes(folder.Under("p.json")), policy.Bytes());
    }

    [Fact]
    public void AFile_ThatIsCutOrChanged_IsRefused()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Under("p.json");
        var bytes = Policy().Bytes();
        for (var length = 0; length < bytes.Length; length += Math.Max(1, bytes.Length / 97))
        {
            File.WriteAllBytes(path, bytes[..length]);
            Refused(length < 20 ? "not a policy file" : "cut short or was changed");
        }
        File.WriteAllBytes(path, bytes[..^1]);
        Refused("cut short or was changed");
        for (var at = 25; at < bytes.Length; at += 41)
        {
            var changed = (byte[])bytes.Clone();
            changed[at] ^= 1;
            File.WriteAllBytes(path, changed);
            Assert.Throws<InvalidRequestException>(() => TrainedPolicy.Read(path, ToyScenarios.Doors));
        }
        foreach (var foreign in new[] { "", "{}", "PK\u0003\u0004", "{ \"kind\": \"reward-contract\" }", "{\n  \"kind\": \"policy\"\n}\n" })
        {
            File.WriteAllText(path, foreign);
            Assert.Throws<InvalidRequestException>(() => TrainedPolicy.Read(path, ToyScenarios.Doors));
        }
        File.Delete(path);
        Refused("no such file");

        void Refused(string message) =>
            Assert.Contains(message, Assert.Throws<InvalidRequestException>(() => TrainedPolicy.Read(path, ToyScenarios.Doors)).Message, StringComparison.Ordinal);
    }

    /// <summary>Whole, with a right checksum, and yet impossible: who writes such a file by hand gets a sentence, never a crash.</summary>
    [Theory]
    [InlineData("weights", "\"AAAA\"")]
    [InlineData("weights", "\"not base64!\"")]
    [InlineData("weights", "\"\"")]
    [InlineData("seed", "-1")]
    [InlineData("experiment", "{ \"environment\": { \"kind\": \"chess\" } }")]
    public void AFile_ThatIsWholeButWrong_IsRefused(string key, string value)
    {
        using var folder = new TemporaryFolder();
        var node = JsonNode.Parse(Policy().Bytes())!.AsObject();
        node.Remove("checksum");
        node[key] = JsonNode.Parse(value);
        var body = node.ToJsonString(new() { WriteIndented = true })[..^2];
        var checksum = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(body)));
        File.WriteAllText(folder.Under("p.json"), $"{body},\n  \"checksum\": \"sha256:{checksum}\"\n}}\n");
        var error = Assert.Throws<InvalidRequestException>(() => TrainedPolicy.Read(folder.Under("p.json"), ToyScenarios.Doors));
        Assert.DoesNotContain("cut short", error.Message, StringComparison.Ordinal);
    }

    internal static TrainedPolicy Policy(string actor = """ "algorithm": { "name": "ppo", "horizon": 2, "minibatch": 8 }, "actor": { "network": "mixture" } """)
    {
        var experiment = ToyScenarios.Read($$"""
            { "environment": { "kind": "bandit" }, "environments": 8, "critic": { "network": "mlp", "hidden": [4] }, "updates": 6, {{actor}} }
            """);
        var learner = experiment.Start(3);
        for (var i = 0; i < 3; i++)
            learner.Iterate();
        return TrainedPolicy.Of(experiment, 3, learner, 48, 6, null);
    }

    internal static float[] Actions(IPolicy policy)
    {
        var actions = new float[300 * policy.ActionSize];
        policy.Act(Observations(300, policy.ObservationSize), actions, 300);
        return actions;
    }

    internal static float[] Observations(int rows, int size)
    {
        var rng = Rng.Stream(11, 1);
        var observations = new float[rows * size];
        foreach (ref var x in observations.AsSpan())
            x = (float)(2 * rng.NextDouble() - 1);
        return observations;
    }
}
