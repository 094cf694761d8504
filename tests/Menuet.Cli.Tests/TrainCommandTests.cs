using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Menuet.Learning.Training;

namespace Menuet.Cli.Tests;

/// <summary>Trained once for all tests that need a policy.</summary>
public sealed class TrainedRun : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public TrainedRun()
    {
        Experiment = folder.Write("pricing.json", TrainCommandTests.Pricing);
        var session = Session.Run("train", Experiment, "--out", folder.File("run"));
        (Output, ExitCode) = (session.Output + session.Error, session.ExitCode);
    }

    internal string Experiment { get; }

    internal string Output { get; }

    internal int ExitCode { get; }

    internal string Run(string name) => Path.Combine(folder.File("run"), name);

    public void Dispose() => folder.Dispose();
}

public sealed class TrainCommandTests(TrainedRun trained) : IClassFixture<TrainedRun>
{
    internal const string Pricing = """
        {
          "kind": "training", "name": "Small pricing", "environment": { "kind": "stackelberg-pricing", "rounds": 10 }, "environments": 16,
          "algorithm": { "name": "ppo", "horizon": 16, "minibatch": 128, "epochs": 5, "learningRate": 0.003 },
          "actor": { "network": "mixture" }, "critic": { "network": "mlp", "hidden": [16] },
          "updates": 200, "evaluation": { "every": 100, "draws": 8, "finalDraws": 16 }, "checkpoint": { "every": 20 }, "log": { "every": 20 }
        }
        """;

    private const string Market = "lai2025/stackelberg-pricing";

    [Fact]
    public void Train_LearnsThePrice_AndWritesItsFiles()
    {
        Assert.True(trained.ExitCode == 0, trained.Output);
        Assert.Equal(
            ["checkpoint.bin", "events.out.tfevents.0.menuet", "experiment.json", "log.csv", "policy.json", "summary.json"],
            Directory.GetFiles(trained.Run("")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        var summary = JsonNode.Parse(File.ReadAllText(trained.Run("summary.json")))!;
        Assert.True((double)summary["evaluation"]!["shareOfOptimum"]! > 0.98, trained.Output);
        Assert.Equal(200, (int)summary["updates"]!);
        Assert.Contains("  updates 100 (50 %)", trained.Output, StringComparison.Ordinal);
        Assert.Contains("steps/s", trained.Output, StringComparison.Ordinal);
        Assert.Equal(12, File.ReadAllLines(trained.Run("log.csv")).Length);
    }

    [Fact]
    public void TheWrittenExperiment_IsTheSameExperiment_WithEveryOption()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(0, Session.Run("train", trained.Run("experiment.json"), "--out", folder.File("again")).ExitCode);
        Assert.Equal(File.ReadAllText(trained.Run("policy.json")), File.ReadAllText(Path.Combine(folder.File("again"), "policy.json")));
        Assert.Equal(0.95, (double)JsonNode.Parse(File.ReadAllText(trained.Run("experiment.json")))!["algorithm"]!["decay"]!);
    }

    [Fact]
    public void Solve_ByAPolicy_IsACandidate_AuditedLikeAny()
    {
        var session = Session.Run("solve", Market, "--solver", "policy:" + trained.Run("policy.json"), "--format", "json");
        var answer = JsonNode.Parse(session.Output)!;
        Assert.Equal("candidate", (string)answer["solver"]!["termination"]!);
        Assert.NotEmpty(answer["audit"]!["certificates"]!.AsArray());
        Assert.Contains(session.ExitCode, new[] { 0, 4 });
        Assert.Equal(2, Session.Run("solve", "wen2025/reward-contract", "--solver", "policy:" + trained.Run("policy.json")).ExitCode);
    }

    [Fact]
    public void Evaluate_HasTheDocumentedKeys_AndTheSameNumbersForASeed()
    {
        var session = Session.Run("evaluate", trained.Run("policy.json"), "--draws", "12", "--seed", "7", "--format", "json");
        Assert.Equal(0, session.ExitCode);
        var json = JsonNode.Parse(session.Output)!.AsObject();
        foreach (var key in new[] { "shareOfOptimum", "shareOfReachable", "feasibleShare", "meanReward", "standardDeviation", "optimumReward", "worstViolation" })
        {
            Assert.True(double.IsFinite((double)json[key]!), key);
        }

        foreach (var key in new[] { "tolerance", "shareOfOptimum", "shareOfReachable", "feasibleShare", "meanReward", "standardDeviation" })
        {
            Assert.All(json["tolerances"]!.AsArray(), score => Assert.True(score!.AsObject().ContainsKey(key), key));
        }

        Assert.Equal((12, 7), ((int)json["draws"]!, (int)json["seed"]!));
        var again = JsonNode.Parse(Session.Run("evaluate", trained.Run("policy.json"), "--draws", "12", "--seed", "7", "--format", "json").Output)!.AsObject();
        foreach (var both in new[] { json, again })
        {
            both.Remove("inferenceSeconds");
            both.Remove("exactSeconds");
        }

        Assert.True(JsonNode.DeepEquals(json, again));
        foreach (var format in new[] { "text", "markdown", "csv" })
        {
            var text = Session.Run("evaluate", trained.Run("policy.json"), "--draws", "4", "--format", format);
            Assert.Equal(0, text.ExitCode);
            Assert.Contains("share of", text.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Evaluate_Elsewhere_ShowsHowFarItCarries()
    {
        var elsewhere = Session.Run("evaluate", trained.Run("policy.json"), "--draws", "8", "--set", "environment.unitCost=6", "--format", "json");
        Assert.Equal(0, elsewhere.ExitCode);
        var json = JsonNode.Parse(elsewhere.Output)!;
        Assert.True((double)json["shareOfOptimum"]! < (double)JsonNode.Parse(File.ReadAllText(trained.Run("summary.json")))!["evaluation"]!["shareOfOptimum"]!);
        Assert.Equal("environment.unitCost=6", (string)json["set"]![0]!);
        foreach (var wrong in new[] { "environment.followers=3", "environment.unitCost=-1", "environment.unitCst=1", "algorithm.clip=0.3", "environment.unitCost" })
        {
            var session = Session.Run("evaluate", trained.Run("policy.json"), "--set", wrong);
            Assert.Equal(2, session.ExitCode);
            Assert.NotEqual("", session.Error);
        }
    }

    [Fact]
    public void AMenu_IsLearned_Judged_Carried_AndAnswersAMarket()
    {
        using var folder = new TemporaryFolder();
        var trained = Session.Run(
            "train", "wen2025/reward-projected-moe-ppo", "--set", "updates=640", "--set", "algorithm.annealUpdates=640",
            "--set", "evaluation.finalDraws=500", "--out", folder.File("run"));
        Assert.True(trained.ExitCode == 0, trained.Error);
        var policy = Path.Combine(folder.File("run"), "policy.json");
        var here = JsonNode.Parse(Session.Run("evaluate", policy, "--draws", "500", "--format", "json").Output)!;
        Assert.True((double)here["shareOfReachable"]! > 0.97, here.ToJsonString());
        Assert.Equal((double)here["measures"]!["solvableShare"]!["mean"]!, (double)here["feasibleShare"]!, 12);
        // Elsewhere the policy sees the draws through the scales of its training.
        var there = JsonNode.Parse(Session.Run("evaluate", policy, "--draws", "500", "--format", "json", "--set", "environment.ranges.unitCost=[3,4]").Output)!;
        Assert.True((double)there["optimumReward"]! < (double)here["optimumReward"]!);
        var solved = JsonNode.Parse(Session.Run("solve", "wen2025/reward-contract", "--solver", "policy:" + policy, "--format", "json").Output)!;
        Assert.Equal(("candidate", "candidate"), ((string)solved["solver"]!["termination"]!, (string)solved["status"]!));
        Assert.True((bool)solved["audit"]!["holds"]!, solved.ToJsonString());
    }

    [Fact]
    public void Export_WritesAModel()
    {
        using var folder = new TemporaryFolder();
        var session = Session.Run("export", trained.Run("policy.json"), "--onnx", folder.File("p.onnx"));
        Assert.Equal(0, session.ExitCode);
        Assert.Contains("observations [rows, 12] to actions [rows, 1]", session.Output, StringComparison.Ordinal);
        Assert.True(new FileInfo(folder.File("p.onnx")).Length > 500);
    }

    [Theory]
    [InlineData("evaluate", "{0}")]
    [InlineData("export", "{0}", "--onnx", "{0}.onnx")]
    [InlineData("solve", Market, "--solver", "policy:{0}")]
    public void ACutPolicy_IsRefusedWithASentence(params string[] args)
    {
        using var folder = new TemporaryFolder();
        var cut = folder.Write("policy.json", File.ReadAllText(trained.Run("policy.json"))[..^40]);
        var session = Session.Run([.. args.Select(arg => arg.Replace("{0}", cut, StringComparison.Ordinal))]);
        Assert.Equal(2, session.ExitCode);
        Assert.Contains("is cut short or was changed", session.Error, StringComparison.Ordinal);
        Assert.Equal(["policy.json"], folder.Names());
    }

    [Fact]
    public void AMalformedExperiment_IsAnsweredWithEveryProblem_AndNothingIsWritten()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write(
            "e.json",
            """
            { "kind": "training", "environment": { "kind": "stackelberg-pricing", "rouns": 3 }, "algorithm": { "name": "ppo", "clip": -1 },
              "actor": { "network": "mlpp" }, "updates": "many" }
            """);
        var session = Session.Run("train", file, "--out", folder.File("run"));
        Assert.Equal(2, session.ExitCode);
        foreach (var path in new[] { "$.environment.rouns", "$.algorithm.clip", "$.actor.network", "$.updates" })
        {
            Assert.Contains(path, session.Error, StringComparison.Ordinal);
        }

        Assert.False(Directory.Exists(folder.File("run")));
    }

    [Fact]
    public void Set_ChangesOptions_AndRefusesWhatIsNone()
    {
        using var folder = new TemporaryFolder();
        string[] small = ["train", trained.Experiment, "--set", "updates=10", "--set", "evaluation.finalDraws=2"];
        var session = Session.Run([.. small, "--set", "actor={\"network\":\"transformer\",\"width\":8,\"heads\":2}", "--set", "algorithm.law=grid", "--out", folder.File("run")]);
        Assert.True(session.ExitCode == 0, session.Error);
        var written = JsonNode.Parse(File.ReadAllText(Path.Combine(folder.File("run"), "experiment.json")))!;
        Assert.Equal("transformer", (string)written["actor"]!["network"]!);
        Assert.Equal("grid", (string)written["algorithm"]!["law"]!);
        foreach (var wrong in new[] { "algorithm.clp=1", "algorithm", "=3", "updates[0]=1", "actor.experts=0" })
        {
            Assert.Equal(2, Session.Run([.. small, "--set", wrong, "--out", folder.File("wrong")]).ExitCode);
        }
    }

    [Fact]
    public void AFolderThatHoldsARun_IsNotOverwrittenUnasked()
    {
        using var folder = new TemporaryFolder();
        string[] small = ["train", trained.Experiment, "--set", "updates=10", "--set", "evaluation.finalDraws=2", "--out", folder.File("run")];
        Assert.Equal(0, Session.Run(small).ExitCode);
        var refused = Session.Run(small);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("--resume", refused.Error, StringComparison.Ordinal);
        Assert.Equal(0, Session.Run([.. small, "--resume"]).ExitCode);
        Assert.Equal(0, Session.Run([.. small, "--force"]).ExitCode);
        Assert.Equal(2, Session.Run([.. small, "--resume", "--seed", "3"]).ExitCode);
    }

    [Fact]
    public void Interrupted_StopsWithCheckpointAndPolicy_AndContinuesToTheSameBits()
    {
        using var folder = new TemporaryFolder();
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        using var output = new StringWriter();
        using var error = new StringWriter();
        var terminal = new Terminal(output, error, () => Stream.Null, IsInteractive: false);
        Assert.Equal(3, CommandLine.Run(["train", trained.Experiment, "--out", folder.File("run")], terminal, stop.Token));
        Assert.Contains("--resume", error.ToString(), StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(folder.File("run"), "policy.json")));
        Assert.Equal(0, Session.Run("train", trained.Experiment, "--out", folder.File("run"), "--resume").ExitCode);
        Assert.Equal(File.ReadAllText(trained.Run("policy.json")), File.ReadAllText(Path.Combine(folder.File("run"), "policy.json")));
    }

    [Fact]
    public void KilledOutright_ContinuesToTheSameBits()
    {
        using var folder = new TemporaryFolder();
        var run = folder.File("run");
        using (var process = StartLong(run))
        {
            process.Kill();
            process.WaitForExit();
        }

        Assert.False(File.Exists(Path.Combine(run, "policy.json")));
        // To a budget past where it was killed, and the same without ever being stopped.
        var budget = $"updates={Updates(run) + 200}";
        var resumed = Session.Run("train", trained.Experiment, "--out", run, "--set", budget, "--resume");
        Assert.True(resumed.ExitCode == 0, resumed.Error);
        Assert.Contains("continued from the checkpoint", resumed.Output, StringComparison.Ordinal);
        Assert.Equal(0, Session.Run("train", trained.Experiment, "--out", folder.File("whole"), "--set", budget).ExitCode);
        Assert.Equal(File.ReadAllText(Path.Combine(folder.File("whole"), "policy.json")), File.ReadAllText(Path.Combine(run, "policy.json")));
        Assert.Equal(WithoutTimes(Path.Combine(folder.File("whole"), "log.csv")), WithoutTimes(Path.Combine(run, "log.csv")));

        static int Updates(string run) =>
            int.Parse(ReadShared(Path.Combine(run, "log.csv")).TrimEnd().Split('\n')[^1].Split(',')[0], System.Globalization.CultureInfo.InvariantCulture);
    }

    [Fact]
    public void Seeds_AreProcesses_WithOneTableAtTheEnd()
    {
        using var folder = new TemporaryFolder();
        var session = Session.Run(
            "train", trained.Experiment, "--seeds", "0..2", "--parallel", "2", "--out", folder.File("runs"), "--set", "updates=40", "--set", "evaluation.finalDraws=4");
        Assert.True(session.ExitCode == 0, session.Error);
        var lines = File.ReadAllLines(Path.Combine(folder.File("runs"), "seeds.csv"));
        Assert.StartsWith("seed,share of optimum,share of reachable,feasible share,mean reward", lines[0], StringComparison.Ordinal);
        Assert.Equal(["0", "1", "2", "mean", "deviation", "95 % ±"], lines.Skip(1).Select(line => line.Split(',')[0]));
        var shares = lines.Skip(1).Select(line => double.Parse(line.Split(',')[1], System.Globalization.CultureInfo.InvariantCulture)).ToArray();
        Assert.Equal(shares.Take(3).Average(), shares[3], 12);
        Assert.Equal(4.303 * shares[4] / Math.Sqrt(3), shares[5], 12);
        Assert.Contains("seed 2: share of optimum", session.Output, StringComparison.Ordinal);
        // The same as by itself.
        Assert.Equal(0, Session.Run("train", trained.Experiment, "--seed", "1", "--out", folder.File("one"), "--set", "updates=40", "--set", "evaluation.finalDraws=4").ExitCode);
        Assert.Equal(File.ReadAllText(Path.Combine(folder.File("one"), "policy.json")), File.ReadAllText(Path.Combine(folder.File("runs"), "seed-1", "policy.json")));
        foreach (var wrong in new[] { "2..1", "a", "1,1", "-1..2", "0..5000" })
        {
            Assert.Equal(2, Session.Run("train", trained.Experiment, "--seeds", wrong, "--out", folder.File("x")).ExitCode);
        }
    }

    [Fact]
    public void WhereAPersonWatches_GaugesAreDrawn()
    {
        using var folder = new TemporaryFolder();
        using var output = new StringWriter();
        using var error = new StringWriter();
        var terminal = new Terminal(output, error, () => Stream.Null, IsInteractive: true);
        Assert.Equal(0, CommandLine.Run(["train", trained.Experiment, "--out", folder.File("run"), "--set", "updates=20"], terminal, CancellationToken.None));
        Assert.Contains("━━━", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("saturated", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void List_ShowsTheExperimentsThatShip_AndTheSchemaIsOne()
    {
        var list = Session.Run("train", "--list").Output;
        Assert.All(ShippedExperiments.Names, name => Assert.Contains(name, list, StringComparison.Ordinal));
        Assert.Equal("training", (string)JsonNode.Parse(Session.Run("schema", "training").Output)!["properties"]!["kind"]!["const"]!);
        Assert.Equal(2, Session.Run("train").ExitCode);
        Assert.Equal(2, Session.Run("train", "lai2025/pricing-pp").ExitCode);
        Assert.Contains("did you mean 'lai2025/pricing-ppo'?", Session.Run("train", "lai2025/pricing-pp").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void AskedToEnd_SavesFirst_AndSaysSo()
    {
        using var folder = new TemporaryFolder();
        var run = folder.File("run");
        using var process = StartLong(run);
        using (var kill = Process.Start("kill", ["-TERM", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
        {
            kill.WaitForExit();
        }

        Assert.True(process.WaitForExit(TimeSpan.FromSeconds(60)));
        Assert.Equal(3, process.ExitCode);
        Assert.True(TrainedPolicy.Read(Path.Combine(run, "policy.json")).Updates > 0);
        Assert.False((bool)JsonNode.Parse(File.ReadAllText(Path.Combine(run, "summary.json")))!["finished"]!);
    }

    /// <summary>A process that trains for so long that it cannot end by itself; returned when it has saved a checkpoint and logged beyond it.</summary>
    private Process StartLong(string run)
    {
        var request = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in new[] { typeof(CommandLine).Assembly.Location, "train", trained.Experiment, "--out", run, "--set", "updates=1000000" })
        {
            request.ArgumentList.Add(argument);
        }

        var process = Process.Start(request)!;
        var (log, checkpoint) = (Path.Combine(run, "log.csv"), Path.Combine(run, "checkpoint.bin"));
        var waited = Stopwatch.StartNew();
        while (!process.HasExited && waited.Elapsed < TimeSpan.FromSeconds(60) && !(File.Exists(checkpoint) && ReadShared(log).Count(letter => letter == '\n') > 3))
        {
            Thread.Sleep(5);
        }

        Assert.False(process.HasExited, process.HasExited ? process.StandardError.ReadToEnd() : "");
        return process;
    }

    private static string WithoutTimes(string log) => string.Join('\n', File.ReadAllLines(log).Select(line => string.Join(',', line.Split(',')[..^2])));

    private static string ReadShared(string file)
    {
        using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete), Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
