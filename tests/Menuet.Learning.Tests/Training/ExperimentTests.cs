using System.Text;
using Menuet.Learning.Algorithms;
using Menuet.Learning.Networks;
using Menuet.Learning.Training;

namespace Menuet.Learning.Tests.Training;

public sealed class ExperimentTests
{
    private const string Environment = """ "kind": "training", "environment": { "kind": "bandit" }, "updates": 10 """;

    public static TheoryData<string> Algorithms => ["ppo", "mappo", "sac", "ddpg", "diffusion-q"];

    public static TheoryData<string> Architectures => ["mlp", "mixture", "transformer", "diffusion", "tiny"];

    [Fact]
    public void EveryProblem_IsFoundAtOnce_WithItsPath()
    {
        var error = Assert.Throws<InvalidRequestException>(() => ToyScenarios.Read("""
            {
              "kind": "training", "environment": { "kind": "bandit", "bonus": -1, "bonsu": 2 }, "environments": 0,
              "algorithm": { "name": "ppo", "learningRte": 1, "clip": "high", "epochs": 2.5 },
              "actor": { "network": "mixtur" }, "critic": { "hidden": [4] }, "updates": 10, "evaluation": { "draws": 0 }, "checkpoints": 3
            }
            """));
        Assert.Equal(
            [
                "$.actor.network", "$.algorithm.clip", "$.algorithm.epochs", "$.algorithm.learningRte", "$.checkpoints", "$.critic.network",
                "$.environment.bonsu", "$.environment.bonus", "$.environments", "$.evaluation.draws",
            ],
            error.Problems.Select(problem => problem.Path).Order(StringComparer.Ordinal));
        Assert.Contains("did you mean \"mixture\"", error.Message, StringComparison.Ordinal);
        Assert.Contains("did you mean 'learningRate'", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "kind": "training", "environment": { "kind": "bandit" }, "algorithm": { "name": "ppo" } }""", "$.steps")]
    [InlineData("""{ "kind": "training", "environment": { "kind": "bandt" }, "algorithm": { "name": "ppo" }, "steps": 1 }""", "$.environment.kind")]
    [InlineData("""{ "kind": "training", "environment": { }, "algorithm": { "name": "ppo" }, "steps": 1 }""", "$.environment.kind")]
    [InlineData("""{ "kind": "training", "algorithm": { "name": "ppo" }, "steps": 1 }""", "$.environment")]
    [InlineData("""{ "kind": "trading", "environment": { "kind": "bandit" }, "algorithm": { "name": "ppo" }, "steps": 1 }""", "$.kind")]
    [InlineData("""{ "environment": { "kind": "bandit" }, "environments": 4, "algorithm": { "name": "ppo", "horizon": 2, "minibatch": 9 }, "steps": 1 }""", "$.algorithm.minibatch")]
    [InlineData("""{ "environment": { "kind": "bandit" }, "algorithm": { "name": "mappo" }, "steps": 1 }""", "$.algorithm.view")]
    [InlineData("""{ "environment": { "kind": "bandit" }, "algorithm": { "name": "sac", "warmup": 2000, "capacity": 1000 }, "steps": 1 }""", "$.algorithm.warmup")]
    [InlineData("""{ "environment": { "kind": "bandit" }, "algorithm": { "name": "ppo" }, "actor": { "network": "transformer", "tokens": 3 }, "steps": 1 }""", "$.actor")]
    [InlineData("""{ "environment": { "kind": "bandit" }, "algorithm": { "name": "ppo" }, "critic": { "network": "mixture", "selected": 5 }, "steps": 1 }""", "$.critic")]
    [InlineData("""{ "environment": { "kind": "bandit" }, "algorithm": { "name": "ppo", "name": "sac" }, "steps": 1 }""", "$.algorithm.name")]
    [InlineData("""{ "environment": { "kind": "bandit" }, "algorithm": "ppo", "steps": 1 }""", "$.algorithm")]
    [InlineData("""{ "environment": { "kind": "bandit" }, "algorithm": { "name": "ppo" """, "$.algorithm")]
    public void OneProblem_IsNamedByItsPath(string json, string path)
    {
        var problem = Assert.Single(Assert.Throws<InvalidRequestException>(() => ToyScenarios.Read(json)).Problems);
        Assert.Equal(path, problem.Path);
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Algorithms_HaveTheDefaultsOfTheirOptions_AndReadBackWhatIsWritten(string name)
    {
        var kind = name == "mappo" ? "team" : "bandit";
        var experiment = ToyScenarios.Read($$"""{ "environment": { "kind": "{{kind}}" }, "algorithm": { "name": "{{name}}" }, "updates": 10 }""");
        var expected = name switch
        {
            "ppo" => new PpoOptions(),
            "mappo" => new MappoOptions(),
            "sac" => new SacOptions(),
            "ddpg" => new DdpgOptions(),
            _ => (AlgorithmOptions)new DiffusionQOptions(),
        };
        Assert.Equal(Described(expected), Described(experiment.Algorithm));
        var written = experiment.Write();
        Assert.Equal(Encoding.UTF8.GetString(written), Encoding.UTF8.GetString(Experiment.Read(written, ToyScenarios.Doors).Write()));
    }

    [Theory]
    [MemberData(nameof(Architectures))]
    public void OneLine_SwapsTheActor(string network)
    {
        var tokens = network == "transformer" ? ", \"tokens\": 2" : "";
        var experiment = ToyScenarios.Read($$"""{ {{Environment}}, "algorithm": { "name": "ppo" }, "actor": { "network": "{{network}}"{{tokens}} } }""");
        Assert.Equal(network + "architecture", experiment.Algorithm.Actor.GetType().Name, ignoreCase: true);
        Assert.IsType<MlpArchitecture>(experiment.Algorithm.Critic);
        var written = experiment.Write();
        Assert.Equal(Encoding.UTF8.GetString(written), Encoding.UTF8.GetString(Experiment.Read(written, ToyScenarios.Doors).Write()));
    }

    /// <summary>No option of an algorithm or architecture is hidden: changing the key in a document changes the record, and nothing is left that no key changes.</summary>
    [Fact]
    public void EveryOption_HasAKey()
    {
        var schema = Experiment.Schema();
        Assert.Equal("https://json-schema.org/draft/2020-12/schema", (string)schema["$schema"]!);
        Check("algorithm", "name", [typeof(PpoOptions), typeof(MappoOptions), typeof(SacOptions), typeof(DdpgOptions), typeof(DiffusionQOptions)]);
        Check("actor", "network",
        [
            typeof(MlpArchitecture), typeof(MixtureArchitecture), typeof(TransformerArchitecture), typeof(DiffusionArchitecture), typeof(TinyArchitecture),
        ]);

        void Check(string key, string tag, Type[] types)
        {
            var choices = schema["properties"]![key]!["oneOf"]!.AsArray();
            foreach (var (choice, type) in choices.Zip(types))
            {
                var names = type.GetProperties().Select(property => property.Name).Except(["Seed", "Actor", "Critic", "EqualityContract"])
                    .SelectMany(name => name == "Policy" ? ["Law", "InitialLogDeviation", "LowestLogDeviation", "GridSize"] : new[] { name });
                Assert.Equal(
                    names.Append(tag).Order(StringComparer.OrdinalIgnoreCase), choice!["properties"]!.AsObject().Select(pair => pair.Key).Order(StringComparer.OrdinalIgnoreCase),
                    StringComparer.OrdinalIgnoreCase);
                foreach (var (name, property) in choice["properties"]!.AsObject())
                {
                    Assert.False(string.IsNullOrEmpty((string?)property!["description"]), $"{type.Name}.{name}");
                    Assert.True(name == tag || property.AsObject().ContainsKey("default"), $"{type.Name}.{name} has no default");
                }
            }
        }
    }

    [Fact]
    public void ShippedExperiments_AreValid() => Assert.All(ShippedExperiments.Names, name =>
    {
        var experiment = Experiment.Read(ShippedExperiments.Find(name));
        Assert.NotEqual("training", experiment.Name);
        Assert.False(string.IsNullOrEmpty(experiment.Description), name);
        Assert.False(string.IsNullOrEmpty(experiment.Source), name);
    });

    private static string Described(AlgorithmOptions options) => System.Text.RegularExpressions.Regex.Replace(
        options.ToString(), @"ImmutableArray`1\[[^\]]*\]", string.Join(' ', Hidden(options.Actor)) + "|" + string.Join(' ', Hidden(options.Critic)));

    private static System.Collections.Immutable.ImmutableArray<int> Hidden(Architecture architecture) => architecture switch
    {
        MlpArchitecture mlp => mlp.Hidden,
        DiffusionArchitecture diffusion => diffusion.Hidden,
        _ => [],
    };
}
