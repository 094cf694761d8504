using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Menuet.Learning.Tests.Training;
using Menuet.Learning.Training;

namespace Menuet.Learning.Tests.Onnx;

/// <summary>Every actor, exported, acts in ONNX Runtime as it does here.</summary>
public sealed class OnnxTests
{
    private const string Small = "\"horizon\": 2, \"minibatch\": 8";
    private const string Replay = "\"warmup\": 8, \"batch\": 8";

    private static readonly string[] Actors =
    [
        $$""" "algorithm": { "name": "ppo", {{Small}} }, "actor": { "network": "mlp", "hidden": [16, 8] } """,
        $$""" "algorithm": { "name": "ppo", {{Small}}, "law": "squashedGaussian" }, "actor": { "network": "mlp", "hidden": [16], "activation": "relu" } """,
        $$""" "algorithm": { "name": "ppo", {{Small}}, "law": "grid", "gridSize": 11 }, "actor": { "network": "mlp", "hidden": [16], "activation": "mish" } """,
        $$""" "algorithm": { "name": "ppo", {{Small}} }, "actor": { "network": "mixture", "experts": 4, "selected": 1 } """,
        $$""" "algorithm": { "name": "ppo", {{Small}} }, "actor": { "network": "mixture", "experts": 5, "selected": 3, "hidden": [6] } """,
        $$""" "algorithm": { "name": "ppo", {{Small}} }, "actor": { "network": "mixture", "experts": 3, "selected": 3 } """,
        $$""" "algorithm": { "name": "ppo", {{Small}} }, "actor": { "network": "transformer", "tokens": 2, "width": 12, "heads": 3, "feedForward": 10 } """,
        $$"""
          "algorithm": { "name": "sac", {{Replay}} },
          "actor": { "network": "transformer", "tokens": 2, "width": 8, "heads": 2, "feedForward": 8, "layers": 1, "decoderLayers": 2, "learnedPositions": false }
          """,
        $$""" "algorithm": { "name": "sac", {{Replay}} }, "actor": { "network": "mlp", "hidden": [8] } """,
        $$""" "algorithm": { "name": "ddpg", {{Replay}} }, "actor": { "network": "tiny", "hidden": [12, 8], "firstUpdate": 1, "lastUpdate": 3, "every": 1 } """,
        $$""" "algorithm": { "name": "diffusion-q", {{Replay}} }, "actor": { "network": "diffusion", "hidden": [16, 16], "denoisingSteps": 4 } """,
        $$""" "algorithm": { "name": "diffusion-q", {{Replay}} }, "actor": { "network": "diffusion", "hidden": [8], "prediction": "noise", "activation": "mish" } """,
    ];

    [NodeFact]
    public void EveryActor_ActsInOnnxRuntimeAsHere()
    {
        using var folder = new TemporaryFolder();
        var observations = TrainedPolicyTests.Observations(300, 2);
        var input = Convert.ToBase64String(MemoryMarshal.AsBytes<float>(observations));
        var models = new JsonArray();
        var policies = Actors.Select(actor => Trained(actor)).ToArray();
        for (var i = 0; i < policies.Length; i++)
        {
            File.WriteAllBytes(folder.Under($"{i}.onnx"), policies[i].ToOnnx());
            models.Add(new JsonObject { ["path"] = folder.Under($"{i}.onnx"), ["rows"] = 300, ["columns"] = 2, ["input"] = input });
        }
        var answers = Run(new JsonObject { ["models"] = models }.ToJsonString());
        Assert.Equal(policies.Length, answers.Length);
        for (var i = 0; i < policies.Length; i++)
        {
            using var answer = JsonDocument.Parse(answers[i]);
            Assert.Equal([300, 2], answer.RootElement.GetProperty("dims").EnumerateArray().Select(size => size.GetInt32()));
            var actual = MemoryMarshal.Cast<byte, float>(answer.RootElement.GetProperty("data").GetBytesFromBase64()).ToArray();
            var expected = TrainedPolicyTests.Actions(policies[i]);
            Assert.True(expected.Distinct().Count() > 5, $"the policy of {Actors[i]} says nothing");
            for (var j = 0; j < expected.Length; j++)
                Assert.True(MathF.Abs(expected[j] - actual[j]) < 2e-5f, $"{Actors[i]}: action {j} is {expected[j]} here and {actual[j]} there");
        }
    }

    /// <summary>Trained by a large step size, so that its weights are far from where they began and its actions far from one another.</summary>
    private static TrainedPolicy Trained(string actor)
    {
        var experiment = ToyScenarios.Read($$"""
            { "environment": { "kind": "bandit" }, "environments": 8, "critic": { "network": "mlp", "hidden": [4] }, "updates": 6, {{actor}} }
            """);
        var learner = experiment.Start(3);
        for (var i = 0; i < 4; i++)
            learner.Iterate();
        var rng = Rng.Stream(17, 1);
        var policy = TrainedPolicy.Of(experiment, 3, learner, 48, 6, null);
        foreach (ref var weight in policy.Weights)
            weight += weight == 0 ? 0 : 0.3f * (float)rng.NextNormal();
        return policy;
    }

    private static string[] Run(string input)
    {
        var scripts = Scripts();
        if (!Directory.Exists(Path.Combine(scripts, "node_modules", "onnxruntime-node")))
            Start("npm", scripts, "", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock");
        return Start("node", scripts, input, "run.mjs").Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static string Start(string program, string folder, string input, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var error = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {error.Result}");
        return output;
    }

    private static string Scripts()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (folder.EnumerateFiles("*.csproj").Any())
                return Path.Combine(folder.FullName, "Onnx");
        throw new InvalidOperationException($"no project file above {AppContext.BaseDirectory}");
    }
}
