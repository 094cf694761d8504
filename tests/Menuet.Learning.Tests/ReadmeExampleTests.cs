using Menuet.Learning.Algorithms;
using Menuet.Learning.Networks;

namespace Menuet.Learning.Tests;

/// <summary>The piece of code that the README shows.</summary>
public sealed class ReadmeExampleTests
{
    [Fact]
    public void TheReadmesExample_TrainsActsAndSaves()
    {
        var folder = Directory.CreateTempSubdirectory("menuet-");
        try
        {
            const int rows = 4;
            var environment = new Bandit(64);
            var path = Path.Combine(folder.FullName, "run.checkpoint");
            var ppo = new Ppo(environment, new() { Actor = new MixtureArchitecture { Experts = 4, Selected = 1 }, Seed = 1 });
            while (ppo.Iterate().Updates < 100) { }

            var observations = new float[rows * environment.ObservationSize];
            var actions = new float[rows * environment.ActionSize];
            ppo.Policy.Act(observations, actions, rows);
            Checkpoint.Save(path, ppo);
            Assert.All(actions, action => Assert.InRange(action, -1f, 1f));
            Assert.True(File.Exists(path));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
